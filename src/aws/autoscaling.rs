//! Application Auto Scaling, ECS namespace: limits, policies, schedule, and what the autoscaler did or refused to do.
//!
//! No question names a scalable dimension: AWS refuses one without a resource beside it, and ECS has only one.

use std::collections::BTreeMap;

use aws_sdk_applicationautoscaling::types::{self, ServiceNamespace};
use jiff::Timestamp;

use super::failure::Failure;
use super::pace::Call;
use super::reader::{Reader, list, pages};
use super::time::{timestamp, timestamp_or_epoch};
use crate::platform::{
    Activity, ActivityKind, ScalableTarget, ScalingPolicy, ScheduledAction, ServiceId, Suspended, TaskCount,
};

/// The page size of the lists: AWS's largest.
const PAGE: i32 = 50;

impl Reader {
    /// Every scalable target of ECS services.
    pub async fn scalable_targets(&self) -> Result<BTreeMap<ServiceId, ScalableTarget>, Failure> {
        self.targets(None).await
    }

    /// The scalable target of one service, in one round trip; `None` when none is registered.
    pub async fn scalable_target(&self, id: &ServiceId) -> Result<Option<ScalableTarget>, Failure> {
        Ok(self.targets(Some(vec![id.resource_id()])).await?.remove(id))
    }

    async fn targets(&self, only: Option<Vec<String>>) -> Result<BTreeMap<ServiceId, ScalableTarget>, Failure> {
        let learnt = self.now();
        let targets = pages(|token| {
            let page = self.ask(
                Call::DescribeScalableTargets,
                self.scaling()
                    .describe_scalable_targets()
                    .set_resource_ids(only.clone())
                    .service_namespace(ServiceNamespace::Ecs)
                    .max_results(PAGE)
                    .set_next_token(token)
                    .send(),
            );
            async {
                let page = page.await?;
                Ok((list(page.scalable_targets, Call::DescribeScalableTargets)?, page.next_token))
            }
        })
        .await?;
        let of = |target: types::ScalableTarget| {
            let id = ServiceId::from_resource_id(&target.resource_id)?;
            let (min, max) = (count(target.min_capacity), count(target.max_capacity));
            Some((id, ScalableTarget { min, max, suspended: suspended(target.suspended_state.as_ref()), learnt }))
        };
        Ok(targets.into_iter().filter_map(of).collect())
    }

    /// Every scaling policy of ECS services, by service and name.
    pub async fn scaling_policies(&self) -> Result<BTreeMap<ServiceId, Vec<ScalingPolicy>>, Failure> {
        let policies = pages(|token| {
            let page = self.ask(
                Call::DescribeScalingPolicies,
                self.scaling()
                    .describe_scaling_policies()
                    .service_namespace(ServiceNamespace::Ecs)
                    .max_results(PAGE)
                    .set_next_token(token)
                    .send(),
            );
            async {
                let page = page.await?;
                Ok((list(page.scaling_policies, Call::DescribeScalingPolicies)?, page.next_token))
            }
        })
        .await?;
        let mut by_service =
            by_service(policies.into_iter().map(|p| (ServiceId::from_resource_id(&p.resource_id), policy(p))));
        for list in by_service.values_mut() {
            list.sort_by(|a, b| a.name.cmp(&b.name));
        }
        Ok(by_service)
    }

    /// Every scheduled action of ECS services, by service and name.
    pub async fn scheduled_actions(&self) -> Result<BTreeMap<ServiceId, Vec<ScheduledAction>>, Failure> {
        let actions = pages(|token| {
            let page = self.ask(
                Call::DescribeScheduledActions,
                self.scaling()
                    .describe_scheduled_actions()
                    .service_namespace(ServiceNamespace::Ecs)
                    .max_results(PAGE)
                    .set_next_token(token)
                    .send(),
            );
            async {
                let page = page.await?;
                Ok((list(page.scheduled_actions, Call::DescribeScheduledActions)?, page.next_token))
            }
        })
        .await?;
        let mut by_service = by_service(
            actions.into_iter().map(|action| (ServiceId::from_resource_id(&action.resource_id), scheduled(action))),
        );
        for list in by_service.values_mut() {
            list.sort_by(|a, b| a.name.cmp(&b.name));
        }
        Ok(by_service)
    }

    /// What the autoscaler did and what it refused to do, of one service or of all, begun at `since` or later; newest
    /// first. A service that was asked for is in the answer even when nothing happened.
    pub async fn activities(
        &self,
        of: Option<&ServiceId>,
        since: Timestamp,
    ) -> Result<BTreeMap<ServiceId, Vec<Activity>>, Failure> {
        let activities = pages(|token| {
            let question = self
                .scaling()
                .describe_scaling_activities()
                .service_namespace(ServiceNamespace::Ecs)
                .include_not_scaled_activities(true)
                .max_results(PAGE)
                .set_next_token(token);
            let page = self.ask(
                Call::DescribeScalingActivities,
                match of {
                    Some(id) => question.resource_id(id.resource_id()).send(),
                    None => question.send(),
                },
            );
            async {
                let page = page.await?;
                let mut activities = list(page.scaling_activities, Call::DescribeScalingActivities)?;
                let before = activities.len();
                activities.retain(|activity| timestamp(&activity.start_time).is_none_or(|started| started >= since));
                // AWS lists the newest first, for six weeks back: the first old one ends the walk.
                let next = page.next_token.filter(|_| activities.len() == before);
                Ok((activities, next))
            }
        })
        .await?;
        let mut by_service =
            by_service(activities.into_iter().map(|a| (ServiceId::from_resource_id(&a.resource_id), activity(a))));
        if let Some(id) = of {
            by_service.entry(id.clone()).or_default();
        }
        for list in by_service.values_mut() {
            list.sort_by(|a, b| b.started.cmp(&a.started).then_with(|| a.id.cmp(&b.id)));
        }
        Ok(by_service)
    }
}

/// Gathers by service; what belongs to no service is not ours.
fn by_service<T>(items: impl Iterator<Item = (Option<ServiceId>, T)>) -> BTreeMap<ServiceId, Vec<T>> {
    let mut gathered: BTreeMap<ServiceId, Vec<T>> = BTreeMap::new();
    for (id, item) in items {
        if let Some(id) = id {
            gathered.entry(id).or_default().push(item);
        }
    }
    gathered
}

fn count(n: i32) -> TaskCount {
    TaskCount(u32::try_from(n).unwrap_or(0))
}

fn seconds(n: Option<i32>) -> Option<u32> {
    n.and_then(|n| u32::try_from(n).ok())
}

fn suspended(state: Option<&types::SuspendedState>) -> Suspended {
    let is = |which: fn(&types::SuspendedState) -> Option<bool>| state.and_then(which).unwrap_or(false);
    Suspended {
        scale_in: is(|state| state.dynamic_scaling_in_suspended),
        scale_out: is(|state| state.dynamic_scaling_out_suspended),
        scheduled: is(|state| state.scheduled_scaling_suspended),
    }
}

fn policy(policy: types::ScalingPolicy) -> ScalingPolicy {
    let alarms = policy.alarms.unwrap_or_default().into_iter().map(|alarm| alarm.alarm_name).collect();
    let (name, kind) = (policy.policy_name, policy.policy_type.as_str().to_owned());
    let step_cooldown = policy.step_scaling_policy_configuration.and_then(|step| seconds(step.cooldown));
    let Some(tracking) = policy.target_tracking_scaling_policy_configuration else {
        return ScalingPolicy {
            name,
            kind,
            metric: String::new(),
            target: None,
            out_cooldown_s: step_cooldown,
            in_cooldown_s: step_cooldown,
            scale_in_disabled: false,
            alarms,
        };
    };
    let predefined =
        tracking.predefined_metric_specification.map(|metric| metric.predefined_metric_type.as_str().to_owned());
    let customized = tracking.customized_metric_specification.and_then(|metric| metric.metric_name);
    ScalingPolicy {
        name,
        kind,
        metric: predefined.or(customized).unwrap_or_default(),
        target: Some(tracking.target_value),
        out_cooldown_s: seconds(tracking.scale_out_cooldown),
        in_cooldown_s: seconds(tracking.scale_in_cooldown),
        scale_in_disabled: tracking.disable_scale_in.unwrap_or(false),
        alarms,
    }
}

fn scheduled(action: types::ScheduledAction) -> ScheduledAction {
    let sets = action.scalable_target_action;
    ScheduledAction {
        name: action.scheduled_action_name,
        schedule: action.schedule,
        timezone: action.timezone.unwrap_or_default(),
        min: sets.as_ref().and_then(|sets| sets.min_capacity).map(count),
        max: sets.as_ref().and_then(|sets| sets.max_capacity).map(count),
    }
}

fn activity(activity: types::ScalingActivity) -> Activity {
    use types::ScalingActivityStatusCode as Code;
    let refused = activity.not_scaled_reasons.unwrap_or_default();
    let kind = match activity.status_code {
        _ if !refused.is_empty() => ActivityKind::NotScaled(refused.into_iter().map(|reason| reason.code).collect()),
        Code::Pending => ActivityKind::Pending,
        Code::InProgress => ActivityKind::InProgress,
        Code::Successful => ActivityKind::Successful,
        Code::Overridden => ActivityKind::Overridden,
        Code::Unfulfilled => ActivityKind::Unfulfilled,
        Code::Failed => ActivityKind::Failed,
        other => ActivityKind::Unknown(other.as_str().to_owned()),
    };
    Activity {
        id: activity.activity_id,
        started: timestamp_or_epoch(Some(&activity.start_time)),
        ended: activity.end_time.as_ref().and_then(timestamp),
        kind,
        description: activity.description,
        cause: activity.cause,
        message: activity.status_message.unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::canned::{self, doors, times};
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn targets_policies_and_schedules_are_filed_by_service() {
        let (reader, _, log) = doors(|asked| {
            assert_eq!(asked.json()["ServiceNamespace"], "ecs");
            canned::json(200, &match asked.operation.as_str() {
                "DescribeScalableTargets" => json!({ "ScalableTargets": [
                    { "ServiceNamespace": "ecs", "ResourceId": "service/prod/api", "MinCapacity": 4, "MaxCapacity": 10,
                      "ScalableDimension": "ecs:service:DesiredCount", "RoleARN": "r", "CreationTime": 1.0,
                      "SuspendedState": { "DynamicScalingInSuspended": true } },
                    { "ServiceNamespace": "ecs", "ResourceId": "table/odd", "MinCapacity": 1, "MaxCapacity": 1,
                      "ScalableDimension": "ecs:service:DesiredCount", "RoleARN": "r", "CreationTime": 1.0 }
                ]}),
                "DescribeScalingPolicies" => json!({ "ScalingPolicies": [
                    { "PolicyARN": "a", "PolicyName": "steps", "ServiceNamespace": "ecs", "ResourceId": "service/prod/api",
                      "ScalableDimension": "ecs:service:DesiredCount", "PolicyType": "StepScaling", "CreationTime": 1.0,
                      "StepScalingPolicyConfiguration": { "Cooldown": 90 } },
                    { "PolicyARN": "a", "PolicyName": "cpu", "ServiceNamespace": "ecs", "ResourceId": "service/prod/api",
                      "ScalableDimension": "ecs:service:DesiredCount", "PolicyType": "TargetTrackingScaling",
                      "CreationTime": 1.0, "Alarms": [{ "AlarmName": "high", "AlarmARN": "x" }],
                      "TargetTrackingScalingPolicyConfiguration": { "TargetValue": 70.0, "ScaleInCooldown": 300,
                        "PredefinedMetricSpecification": { "PredefinedMetricType": "SomethingNewer" } } }
                ]}),
                _ => json!({ "ScheduledActions": [
                    { "ScheduledActionName": "morning", "ScheduledActionARN": "a", "ServiceNamespace": "ecs",
                      "Schedule": "cron(0 8 * * ? *)", "ResourceId": "service/prod/api", "CreationTime": 1.0,
                      "ScalableTargetAction": { "MinCapacity": 4 } }
                ]}),
            })
        })
        .await;
        let id = ServiceId::new("prod", "api");
        let targets = reader.scalable_targets().await.unwrap();
        assert_eq!(targets.len(), 1);
        assert_eq!(reader.scalable_target(&id).await.unwrap().as_ref(), Some(&targets[&id]));
        assert_eq!(log.lock().unwrap().last().unwrap().json()["ResourceIds"], json!(["service/prod/api"]));
        assert_eq!(reader.scalable_target(&ServiceId::new("prod", "other")).await.unwrap(), None);
        let suspended = Suspended { scale_in: true, ..Suspended::default() };
        assert_eq!(
            (targets[&id].min, targets[&id].max, targets[&id].suspended),
            (TaskCount(4), TaskCount(10), suspended)
        );
        let policies = &reader.scaling_policies().await.unwrap()[&id];
        assert_eq!((policies[0].name.as_str(), policies[0].metric.as_str()), ("cpu", "SomethingNewer"));
        assert_eq!(
            (policies[0].target, policies[0].out_cooldown_s, policies[0].in_cooldown_s),
            (Some(70.0), None, Some(300))
        );
        assert_eq!((policies[1].target, policies[1].out_cooldown_s), (None, Some(90)));
        let schedule = &reader.scheduled_actions().await.unwrap()[&id];
        assert_eq!((schedule[0].min, schedule[0].max), (Some(TaskCount(4)), None));
    }

    #[tokio::test(start_paused = true)]
    async fn activities_are_walked_back_to_since_and_refusals_are_among_them() {
        let (reader, _, log) = doors(|asked| {
            let body = asked.json();
            assert_eq!(body["IncludeNotScaledActivities"], true);
            let from: u64 = body["NextToken"].as_str().map_or(0, |token| token.parse().unwrap());
            let activity = |n: u64| {
                let refused = (n == 1).then(|| json!([{ "Code": "AlreadyAtMaxCapacity", "MaxCapacity": 10 }]));
                json!({ "ActivityId": format!("a{n}"), "ServiceNamespace": "ecs", "ResourceId": "service/prod/api",
                    "ScalableDimension": "ecs:service:DesiredCount", "Description": "Setting desired count to 6.",
                    "Cause": "c", "StartTime": 1_000 - n, "StatusCode": if n == 2 { "Reconsidering" } else { "Successful" },
                    "NotScaledReasons": refused })
            };
            let page: Vec<_> = (from..from + 50).map(activity).collect();
            canned::json(200, &json!({ "ScalingActivities": page, "NextToken": (from + 50).to_string() }))
        })
        .await;
        let id = ServiceId::new("prod", "api");
        let since = Timestamp::from_second(1_000 - 60).unwrap();
        let activities = reader.activities(Some(&id), since).await.unwrap().remove(&id).unwrap();
        assert_eq!((activities.len(), times(&log, "DescribeScalingActivities")), (61, 2));
        assert_eq!(activities[0].desired(), Some(6));
        assert_eq!(activities[1].kind, ActivityKind::NotScaled(vec!["AlreadyAtMaxCapacity".into()]));
        assert_eq!(activities[2].kind, ActivityKind::Unknown("Reconsidering".into()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_service_without_activities_is_in_the_answer() {
        let (reader, _, _) = doors(|_| canned::json(200, &json!({ "ScalingActivities": [] }))).await;
        let id = ServiceId::new("prod", "quiet");
        assert_eq!(reader.activities(Some(&id), Timestamp::UNIX_EPOCH).await.unwrap()[&id], []);
    }
}
