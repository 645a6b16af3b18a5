//! What can be changed from outside, and how AWS refuses.

use jiff::Timestamp;

use super::autoscaling::{Policy, ScheduledAction, Tracked};
use super::targets::{self, Planned};
use super::workload::Workload;
use super::{IDENTITY, World, autoscaler, names};

/// Policies that a scalable target can have: the quota.
const POLICIES_PER_TARGET: usize = 50;
/// Scheduled actions that a scalable target can have: the quota.
const ACTIONS_PER_TARGET: usize = 200;
/// Seconds of a cooldown that is not given, for ECS.
const DEFAULT_COOLDOWN: u32 = 300;

/// A change that was refused. The message is AWS's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// ECS: `ClusterNotFoundException`
    #[error("Cluster not found.")]
    ClusterNotFound,
    /// ECS: `ServiceNotFoundException`
    #[error("Service not found.")]
    ServiceNotFound,
    /// ECS: `ClientException`
    #[error("{0}")]
    Client(String),
    /// ECS: `InvalidParameterException`
    #[error("{0}")]
    InvalidParameter(String),
    /// Application Auto Scaling: `ObjectNotFoundException`
    #[error("{0}")]
    ObjectNotFound(String),
    /// Application Auto Scaling: `ValidationException`
    #[error("{0}")]
    Validation(String),
    /// Application Auto Scaling: `LimitExceededException`
    #[error("{0}")]
    LimitExceeded(String),
}

/// What `RegisterScalableTarget` carries; what is `None` stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Registration {
    /// `service/<cluster>/<service>`
    pub resource_id: String,
    /// `MinCapacity`
    pub min: Option<i64>,
    /// `MaxCapacity`
    pub max: Option<i64>,
    /// `DynamicScalingInSuspended`
    pub suspend_in: Option<bool>,
    /// `DynamicScalingOutSuspended`
    pub suspend_out: Option<bool>,
    /// `ScheduledScalingSuspended`
    pub suspend_scheduled: Option<bool>,
}

/// What `PutScalingPolicy` carries of a target tracking policy.
#[derive(Debug, Clone, PartialEq)]
pub struct PolicyWish {
    /// `service/<cluster>/<service>`
    pub resource_id: String,
    /// `PolicyName`
    pub name: String,
    /// `PredefinedMetricType`
    pub metric: Tracked,
    /// `ResourceLabel`
    pub resource_label: Option<String>,
    /// `TargetValue`
    pub target: f64,
    /// `ScaleOutCooldown`, seconds.
    pub out_cooldown: Option<u32>,
    /// `ScaleInCooldown`, seconds.
    pub in_cooldown: Option<u32>,
    /// `DisableScaleIn`
    pub disable_scale_in: bool,
}

/// What `PutScheduledAction` carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduleWish {
    /// `service/<cluster>/<service>`
    pub resource_id: String,
    /// `ScheduledActionName`
    pub name: String,
    /// `Schedule`, as in `cron(0 8 * * ? *)`; a new action needs one.
    pub schedule: Option<String>,
    /// `Timezone`
    pub zone: Option<String>,
    /// `StartTime`
    pub start: Option<Timestamp>,
    /// `EndTime`
    pub end: Option<Timestamp>,
    /// `MinCapacity`
    pub min: Option<i64>,
    /// `MaxCapacity`
    pub max: Option<i64>,
}

/// A change that was made, as the trace and a debrief remember it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// When, in the drill's time.
    pub at: Timestamp,
    /// What, in one line.
    pub what: String,
}

impl World {
    /// `RegisterScalableTarget`: the target's ARN. Moves the count inside the limits at once, whatever was sent.
    pub fn register_scalable_target(&mut self, wish: &Registration) -> Result<String, Refusal> {
        let now = self.now;
        let it = self.scaled_mut(&wish.resource_id)?;
        let min = capacity("MinCapacity", wish.min)?.unwrap_or(it.scaling.min);
        let max = capacity("MaxCapacity", wish.max)?.unwrap_or(it.scaling.max);
        if min > max {
            return Err(Refusal::Validation("Minimum capacity cannot be greater than maximum capacity".to_owned()));
        }
        let switch = &mut it.scaling.suspended;
        switch.dynamic_in = wish.suspend_in.unwrap_or(switch.dynamic_in);
        switch.dynamic_out = wish.suspend_out.unwrap_or(switch.dynamic_out);
        switch.scheduled = wish.suspend_scheduled.unwrap_or(switch.scheduled);
        let what = format!(
            "application-autoscaling RegisterScalableTarget {} min={min} max={max} {:?}",
            wish.resource_id, switch
        );
        (it.scaling.min, it.scaling.max) = (min, max);
        autoscaler::move_inside_limits(it, now);
        let arn = it.scaling.arn.clone();
        self.wrote(what);
        Ok(arn)
    }

    /// `PutScalingPolicy` with target tracking: the policy as it is then. Its cooldowns are 300 s unless given.
    pub fn put_scaling_policy(&mut self, wish: &PolicyWish) -> Result<Policy, Refusal> {
        let now = self.now;
        let it = self.scaled_mut(&wish.resource_id)?;
        let same_metric = |one: &&Policy| one.metric == wish.metric && one.name != wish.name;
        if let Some(other) = it.scaling.policies.iter().find(same_metric) {
            return Err(Refusal::Validation(format!(
                "Only one TargetTrackingScaling policy for a given metric specification is allowed; {} has it.",
                other.name
            )));
        }
        if !(wish.target.is_finite() && wish.target > 0.0) {
            return Err(Refusal::Validation("TargetValue must be greater than 0".to_owned()));
        }
        let at = it.scaling.policies.iter().position(|one| one.name == wish.name);
        if at.is_none() && it.scaling.policies.len() >= POLICIES_PER_TARGET {
            return Err(Refusal::LimitExceeded(format!("A target has at most {POLICIES_PER_TARGET} policies.")));
        }
        let service = it.service.name.clone();
        let label = wish.resource_label.clone();
        let mut policy = targets::policy(&service, &wish.name, wish.metric, label, wish.target, now, &mut it.random);
        policy.out_cooldown = wish.out_cooldown.unwrap_or(DEFAULT_COOLDOWN);
        policy.in_cooldown = wish.in_cooldown.unwrap_or(DEFAULT_COOLDOWN);
        policy.disable_scale_in = wish.disable_scale_in;
        match at {
            Some(at) => it.scaling.policies[at] = policy.clone(),
            None => it.scaling.policies.push(policy.clone()),
        }
        it.scaling.policies.sort_by(|a, b| a.name.cmp(&b.name));
        self.wrote(format!("application-autoscaling PutScalingPolicy {wish:?}"));
        Ok(policy)
    }

    /// `DeleteScalingPolicy`
    pub fn delete_scaling_policy(&mut self, resource_id: &str, name: &str) -> Result<(), Refusal> {
        let it = self.scaled_mut(resource_id)?;
        let before = it.scaling.policies.len();
        it.scaling.policies.retain(|one| one.name != name);
        if it.scaling.policies.len() == before {
            return Err(Refusal::ObjectNotFound(format!(
                "No scaling policy found for service namespace: ecs, resource ID: {resource_id}, scalable dimension: ecs:service:DesiredCount, policy name: {name}"
            )));
        }
        self.wrote(format!("application-autoscaling DeleteScalingPolicy {resource_id} {name}"));
        Ok(())
    }

    /// `PutScheduledAction`: the action as it is then. What is not sent of one that there is stays, but its start and end.
    pub fn put_scheduled_action(&mut self, wish: &ScheduleWish) -> Result<ScheduledAction, Refusal> {
        let now = self.now;
        let limits = (capacity("MinCapacity", wish.min)?, capacity("MaxCapacity", wish.max)?);
        if let (Some(start), Some(end)) = (wish.start, wish.end)
            && start >= end
        {
            return Err(Refusal::Validation("The start time must be before the end time".to_owned()));
        }
        let it = self.scaled_mut(&wish.resource_id)?;
        let service = it.service.name.clone();
        let before = it.scaling.scheduled.iter().find(|one| one.name == wish.name);
        let schedule = wish.schedule.clone().or_else(|| before.map(|one| one.schedule.clone()));
        let schedule = schedule.ok_or_else(|| Refusal::Validation("Schedule must not be null".to_owned()))?;
        let zone = wish.zone.clone().or_else(|| before.and_then(|one| one.zone.clone()));
        let limits = match before {
            Some(before) if limits == (None, None) => (before.min, before.max),
            _ => limits,
        };
        match limits {
            (None, None) => {
                let message = "A scheduled action needs a minimum or a maximum capacity.".to_owned();
                return Err(Refusal::Validation(message));
            }
            (Some(min), Some(max)) if min > max => {
                return Err(Refusal::Validation("Minimum capacity cannot be greater than maximum capacity".to_owned()));
            }
            _ => {}
        }
        if before.is_none() && it.scaling.scheduled.len() >= ACTIONS_PER_TARGET {
            return Err(Refusal::LimitExceeded(format!(
                "A target has at most {ACTIONS_PER_TARGET} scheduled actions."
            )));
        }
        if let Some(zone) = zone.as_deref().filter(|zone| jiff::tz::TimeZone::get(zone).is_err()) {
            return Err(Refusal::Validation(format!("Invalid timezone: {zone}")));
        }
        let planned = Planned {
            name: &wish.name,
            schedule: &schedule,
            zone: zone.as_deref(),
            start: wish.start,
            end: wish.end,
            limits,
        };
        let action = targets::scheduled(&service, &planned, now, &mut it.random)
            .ok_or_else(|| Refusal::Validation(format!("Invalid schedule expression: {schedule}")))?;
        it.scaling.scheduled.retain(|one| one.name != wish.name);
        it.scaling.scheduled.push(action.clone());
        it.scaling.scheduled.sort_by(|a, b| a.name.cmp(&b.name));
        self.wrote(format!("application-autoscaling PutScheduledAction {wish:?}"));
        Ok(action)
    }

    /// `DeleteScheduledAction`
    pub fn delete_scheduled_action(&mut self, resource_id: &str, name: &str) -> Result<(), Refusal> {
        let it = self.scaled_mut(resource_id)?;
        let before = it.scaling.scheduled.len();
        it.scaling.scheduled.retain(|one| one.name != name);
        if it.scaling.scheduled.len() == before {
            return Err(Refusal::ObjectNotFound(format!(
                "No scheduled action found for service namespace: ecs, resource ID: {resource_id}, scheduled action name: {name}"
            )));
        }
        self.wrote(format!("application-autoscaling DeleteScheduledAction {resource_id} {name}"));
        Ok(())
    }

    pub(super) fn wrote(&mut self, what: String) {
        self.trace.add(self.now as u64);
        self.trace.add_text(&what);
        self.writes.push(Write { at: self.now(), what });
    }

    /// A service to change. A quiet one is lived from now on.
    pub(super) fn lived_mut(&mut self, service: &str) -> Option<&mut Workload> {
        if !self.lived.iter().any(|one| one.service.name == service) {
            let quiet = self.quiet(service)?;
            self.lived.push(quiet);
            self.lived.sort_by_key(|one| names::service_index(&one.service.name));
        }
        self.lived.iter_mut().find(|one| one.service.name == service)
    }

    fn scaled_mut(&mut self, resource_id: &str) -> Result<&mut Workload, Refusal> {
        let service = resource_id.strip_prefix("service/").and_then(|rest| rest.split_once('/'));
        let found = match service {
            Some((cluster, service)) if cluster == IDENTITY.cluster => self.lived_mut(service),
            _ => None,
        };
        found.ok_or_else(|| Refusal::Validation(format!("ECS service doesn't exist: {resource_id}")))
    }
}

/// A capacity that was sent.
fn capacity(field: &str, sent: Option<i64>) -> Result<Option<u32>, Refusal> {
    let Some(sent) = sent else { return Ok(None) };
    match u32::try_from(sent) {
        Ok(count) => Ok(Some(count)),
        Err(_) => Err(Refusal::Validation(format!("{field} must be at least 0, and is {sent}"))),
    }
}
