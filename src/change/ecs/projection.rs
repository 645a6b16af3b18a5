//! Where each metric would go on another count, if the load stays.

use jiff::Timestamp;

use super::ServiceSeen;
use crate::change::plan::Plan;
use crate::change::words;
use crate::platform::metric::Resource;
use crate::platform::series::evidence_minute;
use crate::platform::{MetricId, MetricKey, Platform, ServiceId, TaskCount};
use crate::policy::{Policy, Verdict};

/// One metric, now and after.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::change) struct Projection {
    pub(in crate::change) metric: MetricId,
    /// The policy's target.
    pub(in crate::change) target: f64,
    /// The present value; `None` when there is no evidence.
    pub(in crate::change) value: Option<f64>,
    /// The tasks that carry the load now.
    carried_by: TaskCount,
    /// The tasks that would.
    goal: TaskCount,
}

/// The metrics of the rules, in their order. Requests only where the service has a target group.
pub(in crate::change) fn of(
    plan: &Plan,
    (id, seen): (&ServiceId, &ServiceSeen),
    platform: &Platform,
    policy: &Policy,
    verdict: Option<&Verdict>,
    now: Timestamp,
) -> Vec<Projection> {
    let balanced = platform.services.get(id).is_some_and(|service| !service.target_groups.is_empty());
    let rules = [
        (MetricId::ServiceCpu, policy.ecs.cpu_target),
        (MetricId::ServiceMemory, policy.ecs.memory_target),
        (MetricId::RequestsPerTarget, policy.ecs.requests_per_target),
    ];
    rules
        .into_iter()
        .filter(|(metric, _)| balanced || *metric != MetricId::RequestsPerTarget)
        .map(|(metric, target)| {
            let judged =
                verdict.into_iter().flat_map(|verdict| &verdict.metrics).filter(|judged| judged.metric == metric);
            // Of several target groups the busiest decides.
            let value = judged.filter_map(|judged| judged.value).reduce(f64::max);
            let value = value.or_else(|| newest(id, platform, metric, now));
            Projection { metric, target, value, carried_by: seen.running, goal: plan.goal() }
        })
        .collect()
}

/// The newest evidence minute, for when no verdict has judged the metric.
fn newest(id: &ServiceId, platform: &Platform, metric: MetricId, now: Timestamp) -> Option<f64> {
    let minute = evidence_minute(now);
    if metric == MetricId::RequestsPerTarget {
        let groups = &platform.services.get(id)?.target_groups;
        let values = platform.series.iter().filter_map(|(key, series)| match &key.resource {
            Resource::TargetGroup(_, arn) if key.metric == metric && groups.contains(arn) => series.at(minute),
            _ => None,
        });
        return values.reduce(f64::max);
    }
    platform.series.get(&MetricKey::service(id, metric))?.at(minute)
}

impl Projection {
    /// Where it would go; `None` when the value or the tasks that carry it are not known, or none is left.
    pub(in crate::change) fn projected(&self) -> Option<f64> {
        let known = self.carried_by.0 > 0 && self.goal.0 > 0;
        self.value.filter(|_| known).map(|value| value * f64::from(self.carried_by.0) / f64::from(self.goal.0))
    }

    pub(in crate::change) fn label(&self) -> &'static str {
        match self.metric {
            MetricId::RequestsPerTarget => "requests",
            other => other.row().label,
        }
    }

    pub(in crate::change) fn before(&self) -> String {
        self.value.map_or_else(|| "—".to_owned(), |value| words::amount(self.metric, value))
    }

    pub(in crate::change) fn after(&self) -> String {
        self.projected().map_or_else(|| "—".to_owned(), |value| format!("~{}", words::amount(self.metric, value)))
    }

    pub(in crate::change) fn note(&self) -> String {
        match self.value {
            None => "no data".to_owned(),
            Some(_) if self.goal.0 == 0 => "no task is left".to_owned(),
            Some(_) if self.carried_by.0 == 0 => "no task runs now".to_owned(),
            Some(value) => {
                format!("if load stays: {} × {} ÷ {}", words::grouped(value), self.carried_by, self.goal)
            }
        }
    }
}
