//! Application Auto Scaling, over awsJson.

use super::page::{self, Place};
use crate::drill::wire::{Refusal, Value};
use crate::drill::world::alarms::Alarm;
use crate::drill::world::autoscaling::{Activity, NotScaled, Policy, ScalableTarget, ScheduledAction, Tracked};
use crate::drill::world::write::{PolicyWish, Refusal as Refused, Registration, ScheduleWish};
use crate::drill::world::{Workload, World};

const ECS: &str = "ecs";
const DESIRED_COUNT: &str = "ecs:service:DesiredCount";
/// Items on a page, unless the caller names fewer.
const PAGE: usize = 50;
/// The namespaces AWS knows. All but one are empty here.
const NAMESPACES: &[&str] = &[
    "ecs",
    "elasticmapreduce",
    "ec2",
    "appstream",
    "dynamodb",
    "rds",
    "sagemaker",
    "custom-resource",
    "comprehend",
    "lambda",
    "cassandra",
    "kafka",
    "elasticache",
    "neptune",
    "workspaces",
];

pub(super) fn answer(world: &mut World, operation: &str, input: &Value) -> Result<Value, Refusal> {
    match operation {
        "DescribeScalableTargets" => describe_scalable_targets(world, input),
        "DescribeScalingPolicies" => describe_scaling_policies(world, input),
        "DescribeScheduledActions" => describe_scheduled_actions(world, input),
        "DescribeScalingActivities" => describe_scaling_activities(world, input),
        "RegisterScalableTarget" => register_scalable_target(world, input),
        "PutScalingPolicy" => put_scaling_policy(world, input),
        "DeleteScalingPolicy" => delete_scaling_policy(world, input),
        "PutScheduledAction" => put_scheduled_action(world, input),
        "DeleteScheduledAction" => delete_scheduled_action(world, input),
        _ => Err(Refusal::unknown_operation(operation)),
    }
}

fn describe_scalable_targets(world: &World, input: &Value) -> Result<Value, Refusal> {
    let wanted = input.texts("ResourceIds")?;
    listing(world, input, "DescribeScalableTargets", "ScalableTargets", |workload| {
        let target = &workload.scaling;
        let named = wanted.is_empty() || wanted.contains(&target.resource_id.as_str());
        if named { vec![target_value(target)] } else { Vec::new() }
    })
}

fn describe_scaling_policies(world: &World, input: &Value) -> Result<Value, Refusal> {
    let wanted = input.texts("PolicyNames")?;
    listing(world, input, "DescribeScalingPolicies", "ScalingPolicies", |workload| {
        let target = &workload.scaling;
        target
            .policies
            .iter()
            .filter(|policy| wanted.is_empty() || wanted.contains(&policy.name.as_str()))
            .map(|policy| policy_value(policy, target))
            .collect()
    })
}

/// Only services that are lived have scheduled actions or activities: the others are not worked out.
fn describe_scheduled_actions(world: &World, input: &Value) -> Result<Value, Refusal> {
    let wanted = input.texts("ScheduledActionNames")?;
    let scope = Scope::read(input)?;
    let (place, size) = page_of(input, "DescribeScheduledActions")?;
    let named = |action: &&ScheduledAction| wanted.is_empty() || wanted.contains(&action.name.as_str());
    let found: Vec<_> = world
        .lived()
        .filter(|workload| scope.meets(workload))
        .flat_map(|workload| workload.scaling.scheduled.iter().filter(named).map(|action| (action, &workload.scaling)))
        .collect();
    let (actions, next) = page::flat(&found, place, size);
    Ok(Value::map([
        ("ScheduledActions", Value::list(actions.iter().map(|(action, target)| scheduled_value(action, target)))),
        ("NextToken", next.map(|next| next.write("DescribeScheduledActions")).into()),
    ]))
}

/// Newest first over all resources.
fn describe_scaling_activities(world: &World, input: &Value) -> Result<Value, Refusal> {
    let scope = Scope::read(input)?;
    let (place, size) = page_of(input, "DescribeScalingActivities")?;
    let declined = input.bool("IncludeNotScaledActivities")?.unwrap_or(false);
    let mut found: Vec<(&Activity, &ScalableTarget)> = Vec::new();
    for workload in world.lived().filter(|workload| scope.meets(workload)) {
        let target = &workload.scaling;
        let declined = target.not_scaled.iter().filter(|_| declined);
        found.extend(target.activities.iter().chain(declined).map(|one| (one, target)));
    }
    found.sort_by_key(|(activity, _)| std::cmp::Reverse(activity.started));
    let (activities, next) = page::flat(&found, place, size);
    Ok(Value::map([
        (
            "ScalingActivities",
            Value::list(activities.iter().map(|(activity, target)| activity_value(activity, target))),
        ),
        ("NextToken", next.map(|next| next.write("DescribeScalingActivities")).into()),
    ]))
}

fn register_scalable_target(world: &mut World, input: &Value) -> Result<Value, Refusal> {
    let resource_id = target_of(input)?;
    let suspended = input.get("SuspendedState").cloned().unwrap_or(Value::Null);
    let wish = Registration {
        resource_id: resource_id.to_owned(),
        min: input.int("MinCapacity")?,
        max: input.int("MaxCapacity")?,
        suspend_in: suspended.bool("DynamicScalingInSuspended")?,
        suspend_out: suspended.bool("DynamicScalingOutSuspended")?,
        suspend_scheduled: suspended.bool("ScheduledScalingSuspended")?,
    };
    let arn = world.register_scalable_target(&wish).map_err(|why| refused(&why))?;
    Ok(Value::map([("ScalableTargetARN", arn.into())]))
}

fn put_scaling_policy(world: &mut World, input: &Value) -> Result<Value, Refusal> {
    let resource_id = target_of(input)?.to_owned();
    let name = required(input, "PolicyName", "policyName")?.to_owned();
    let tracking = input
        .get("TargetTrackingScalingPolicyConfiguration")
        .filter(|_| matches!(input.text("PolicyType"), Ok(None | Some("TargetTrackingScaling"))))
        .ok_or_else(|| invalid("The drill models target tracking policies only."))?;
    let metric = tracking
        .get("PredefinedMetricSpecification")
        .ok_or_else(|| invalid("The drill models predefined metrics only."))?;
    let kind = metric.required_text("PredefinedMetricType")?;
    let Some(tracked) = Tracked::from_wire(kind) else {
        return Err(invalid(format!("The drill does not model the metric {kind}.")));
    };
    let target = match tracking.get("TargetValue") {
        Some(Value::Float(value)) => *value,
        Some(Value::Int(value)) => *value as f64,
        _ => return Err(invalid("TargetValue must be a number.")),
    };
    let cooldown = |field| -> Result<Option<u32>, Refusal> {
        let seconds = tracking.int(field)?;
        seconds.map(|s| u32::try_from(s).map_err(|_| invalid(format!("{field} must be 0 or more.")))).transpose()
    };
    let wish = PolicyWish {
        resource_id,
        name,
        metric: tracked,
        resource_label: metric.text("ResourceLabel")?.map(str::to_owned),
        target,
        out_cooldown: cooldown("ScaleOutCooldown")?,
        in_cooldown: cooldown("ScaleInCooldown")?,
        disable_scale_in: tracking.bool("DisableScaleIn")?.unwrap_or(false),
    };
    let policy = world.put_scaling_policy(&wish).map_err(|why| refused(&why))?;
    Ok(Value::map([("PolicyARN", policy.arn.clone().into()), ("Alarms", alarms(&policy))]))
}

fn delete_scaling_policy(world: &mut World, input: &Value) -> Result<Value, Refusal> {
    let resource_id = target_of(input)?;
    let name = required(input, "PolicyName", "policyName")?;
    world.delete_scaling_policy(resource_id, name).map_err(|why| refused(&why))?;
    Ok(Value::Map(Vec::new()))
}

fn put_scheduled_action(world: &mut World, input: &Value) -> Result<Value, Refusal> {
    let resource_id = target_of(input)?;
    let name = required(input, "ScheduledActionName", "scheduledActionName")?;
    let action = input.get("ScalableTargetAction").cloned().unwrap_or(Value::Null);
    let wish = ScheduleWish {
        resource_id: resource_id.to_owned(),
        name: name.to_owned(),
        schedule: input.text("Schedule")?.map(str::to_owned),
        zone: input.text("Timezone")?.map(str::to_owned),
        start: input.time("StartTime")?,
        end: input.time("EndTime")?,
        min: action.int("MinCapacity")?,
        max: action.int("MaxCapacity")?,
    };
    world.put_scheduled_action(&wish).map_err(|why| refused(&why))?;
    Ok(Value::Map(Vec::new()))
}

fn delete_scheduled_action(world: &mut World, input: &Value) -> Result<Value, Refusal> {
    let resource_id = target_of(input)?;
    let name = required(input, "ScheduledActionName", "scheduledActionName")?;
    world.delete_scheduled_action(resource_id, name).map_err(|why| refused(&why))?;
    Ok(Value::Map(Vec::new()))
}

/// What a description is asked about.
struct Scope<'a> {
    /// Anything at all: only one namespace is not empty.
    ecs: bool,
    resource_id: Option<&'a str>,
}

impl<'a> Scope<'a> {
    fn read(input: &'a Value) -> Result<Self, Refusal> {
        let namespace = namespace(input)?;
        let resource_id = input.text("ResourceId")?;
        if dimension(input)?.is_some() && resource_id.is_none() && input.get("ResourceIds").is_none() {
            return Err(invalid("A scalable dimension needs a resource ID beside it."));
        }
        Ok(Self { ecs: namespace == ECS, resource_id })
    }

    fn meets(&self, workload: &Workload) -> bool {
        self.ecs && self.resource_id.is_none_or(|id| id == workload.scaling.resource_id)
    }

    fn workloads<'w>(&'w self, world: &'w World) -> impl Iterator<Item = std::borrow::Cow<'w, Workload>> {
        // One resource is found by its name: the others need not be worked out.
        let one = self.resource_id.and_then(|id| id.rsplit('/').next()).and_then(|name| world.workload(name));
        let all = (self.ecs && self.resource_id.is_none()).then(|| world.workloads());
        one.into_iter().chain(all.into_iter().flatten()).filter(|workload| self.meets(workload))
    }
}

fn listing(
    world: &World,
    input: &Value,
    operation: &str,
    field: &'static str,
    items: impl Fn(&Workload) -> Vec<Value>,
) -> Result<Value, Refusal> {
    let scope = Scope::read(input)?;
    let (place, size) = page_of(input, operation)?;
    let (page, next) = if scope.resource_id.is_some() || !scope.ecs {
        let all: Vec<Value> = scope.workloads(world).flat_map(|workload| items(&workload)).collect();
        let (page, next) = page::flat(&all, place, size);
        (page.to_vec(), next)
    } else {
        page::by_service(world, place, size, items)
    };
    Ok(Value::map([(field, page.into()), ("NextToken", next.map(|next| next.write(operation)).into())]))
}

fn page_of(input: &Value, operation: &str) -> Result<(Place, usize), Refusal> {
    let size = match input.int("MaxResults")? {
        None => PAGE,
        Some(size @ 1..=50) => size as usize,
        Some(other) => return Err(invalid(format!("MaxResults must be between 1 and 50, and is {other}"))),
    };
    let place = Place::read(operation, input.text("NextToken")?)
        .ok_or_else(|| Refusal::new("InvalidNextTokenException", "The next token is not valid."))?;
    Ok((place, size))
}

/// The resource a change is about, once the fields that have to be beside it are right.
fn target_of(input: &Value) -> Result<&str, Refusal> {
    let namespace = namespace(input)?;
    let resource_id = required(input, "ResourceId", "resourceId")?;
    if dimension(input)?.is_none() {
        return Err(null("scalableDimension"));
    }
    if namespace != ECS {
        return Err(invalid(format!(
            "Unsupported service namespace, resource type or scalable dimension: {namespace}"
        )));
    }
    Ok(resource_id)
}

fn namespace(input: &Value) -> Result<&str, Refusal> {
    let namespace = required(input, "ServiceNamespace", "serviceNamespace")?;
    if NAMESPACES.contains(&namespace) {
        return Ok(namespace);
    }
    Err(unlisted(namespace, "serviceNamespace", NAMESPACES))
}

fn dimension(input: &Value) -> Result<Option<&str>, Refusal> {
    match input.text("ScalableDimension")? {
        Some(other) if other != DESIRED_COUNT => Err(unlisted(other, "scalableDimension", &[DESIRED_COUNT])),
        dimension => Ok(dimension),
    }
}

fn required<'a>(input: &'a Value, field: &'static str, name: &str) -> Result<&'a str, Refusal> {
    input.text(field)?.ok_or_else(|| null(name))
}

fn null(field: &str) -> Refusal {
    invalid(format!(
        "1 validation error detected: Value null at '{field}' failed to satisfy constraint: Member must not be null"
    ))
}

fn unlisted(value: &str, field: &str, known: &[&str]) -> Refusal {
    invalid(format!(
        "1 validation error detected: Value '{value}' at '{field}' failed to satisfy constraint: Member must satisfy \
         enum value set: [{}]",
        known.join(", ")
    ))
}

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new("ValidationException", message)
}

fn refused(why: &Refused) -> Refusal {
    let code = match why {
        Refused::ObjectNotFound(_) => "ObjectNotFoundException",
        Refused::LimitExceeded(_) => "LimitExceededException",
        _ => "ValidationException",
    };
    Refusal::new(code, why.to_string())
}

fn target_value(target: &ScalableTarget) -> Value {
    Value::map([
        ("ServiceNamespace", ECS.into()),
        ("ResourceId", target.resource_id.clone().into()),
        ("ScalableDimension", DESIRED_COUNT.into()),
        ("MinCapacity", target.min.into()),
        ("MaxCapacity", target.max.into()),
        ("RoleARN", target.role_arn.clone().into()),
        ("CreationTime", target.created.into()),
        (
            "SuspendedState",
            Value::map([
                ("DynamicScalingInSuspended", target.suspended.dynamic_in.into()),
                ("DynamicScalingOutSuspended", target.suspended.dynamic_out.into()),
                ("ScheduledScalingSuspended", target.suspended.scheduled.into()),
            ]),
        ),
        ("ScalableTargetARN", target.arn.clone().into()),
    ])
}

fn policy_value(policy: &Policy, target: &ScalableTarget) -> Value {
    let metric = Value::map([
        ("PredefinedMetricType", policy.metric.as_str().into()),
        ("ResourceLabel", policy.resource_label.clone().into()),
    ]);
    Value::map([
        ("PolicyARN", policy.arn.clone().into()),
        ("PolicyName", policy.name.clone().into()),
        ("ServiceNamespace", ECS.into()),
        ("ResourceId", target.resource_id.clone().into()),
        ("ScalableDimension", DESIRED_COUNT.into()),
        ("PolicyType", "TargetTrackingScaling".into()),
        (
            "TargetTrackingScalingPolicyConfiguration",
            Value::map([
                ("TargetValue", policy.target.into()),
                ("PredefinedMetricSpecification", metric),
                ("ScaleOutCooldown", policy.out_cooldown.into()),
                ("ScaleInCooldown", policy.in_cooldown.into()),
                ("DisableScaleIn", policy.disable_scale_in.into()),
            ]),
        ),
        ("Alarms", alarms(policy)),
        ("CreationTime", policy.created.into()),
    ])
}

fn alarms(policy: &Policy) -> Value {
    let alarm =
        |alarm: &Alarm| Value::map([("AlarmName", alarm.name.clone().into()), ("AlarmARN", alarm.arn.clone().into())]);
    Value::list([alarm(&policy.high), alarm(&policy.low)])
}

fn scheduled_value(action: &ScheduledAction, target: &ScalableTarget) -> Value {
    Value::map([
        ("ScheduledActionName", action.name.clone().into()),
        ("ScheduledActionARN", action.arn.clone().into()),
        ("ServiceNamespace", ECS.into()),
        ("Schedule", action.schedule.clone().into()),
        ("Timezone", action.zone.clone().into()),
        ("StartTime", action.start.into()),
        ("EndTime", action.end.into()),
        ("ResourceId", target.resource_id.clone().into()),
        ("ScalableDimension", DESIRED_COUNT.into()),
        ("ScalableTargetAction", Value::map([("MinCapacity", action.min.into()), ("MaxCapacity", action.max.into())])),
        ("CreationTime", action.created.into()),
    ])
}

fn activity_value(activity: &Activity, target: &ScalableTarget) -> Value {
    let reasons =
        (!activity.not_scaled.is_empty()).then(|| Value::list(activity.not_scaled.iter().copied().map(reason_value)));
    Value::map([
        ("ActivityId", activity.id.clone().into()),
        ("ServiceNamespace", ECS.into()),
        ("ResourceId", target.resource_id.clone().into()),
        ("ScalableDimension", DESIRED_COUNT.into()),
        ("Description", activity.description.clone().into()),
        ("Cause", activity.cause.clone().into()),
        ("StartTime", activity.started.into()),
        ("EndTime", activity.ended.into()),
        ("StatusCode", activity.status.as_str().into()),
        ("StatusMessage", activity.status_message.clone().into()),
        ("NotScaledReasons", reasons.into()),
    ])
}

fn reason_value(reason: NotScaled) -> Value {
    let (max, min, current) = match reason {
        NotScaled::AlreadyAtMaxCapacity { max } => (Some(max), None, None),
        NotScaled::AlreadyAtMinCapacity { min } => (None, Some(min), None),
        NotScaled::AlreadyAtDesiredCapacity { current } => (None, None, Some(current)),
        NotScaled::AutoScalingAnticipatedFlapping | NotScaled::TargetServicePutResourceAsUnscalable => {
            (None, None, None)
        }
    };
    Value::map([
        ("Code", reason.code().into()),
        ("MaxCapacity", max.into()),
        ("MinCapacity", min.into()),
        ("CurrentCapacity", current.into()),
    ])
}
