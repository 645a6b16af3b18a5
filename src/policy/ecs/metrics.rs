//! What each metric of the rules says about one service: its windows, its ask, its projection.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::platform::ids::{LoadBalancerId, TargetGroupArn};
use crate::platform::metric::{MetricKey, Resource};
use crate::platform::{MetricId, Platform, Series, Service, TaskCount};
use crate::policy::knobs::EcsPolicy;
use crate::policy::verdict::MetricEvidence;
use crate::policy::window::{Evidence, IN_TOLERATES, MEAN_MINUTES, OUT_TOLERATES, Reported, minutes};

/// A metric's evidence with what the rule needs beside it.
#[derive(Debug, Clone)]
pub(super) struct Judged {
    pub evidence: MetricEvidence,
    /// The highest five-minute mean inside the clear window.
    pub highest: Option<f64>,
    /// Mean of the minutes that the out-window has so far: what it would ask with, if it holds.
    pub recent: Option<f64>,
}

impl Judged {
    /// No point in the newest five evidence minutes.
    pub fn blind(&self) -> bool {
        self.evidence.value.is_none()
    }

    /// Decidedly not clear for its whole window.
    pub fn not_clear(&self) -> bool {
        !self.evidence.clear.full() && !self.evidence.clear.unknown
    }

    /// Where the metric would go when `fewer` of `running` tasks carry its load; `None` without data or tasks.
    pub fn projected(&self, running: TaskCount, fewer: u32) -> Option<f64> {
        project(self.highest?, running, fewer)
    }
}

/// `u · n ÷ (n − k)`; `None` when nothing would be left to carry the load.
pub(super) fn project(value: f64, running: TaskCount, fewer: u32) -> Option<f64> {
    let left = running.0.checked_sub(fewer).filter(|left| *left > 0)?;
    Some(value * f64::from(running.0) / f64::from(left))
}

/// `ceil(running × value / target)`, saturating.
pub(super) fn ask(running: TaskCount, value: f64, target: f64) -> TaskCount {
    TaskCount((f64::from(running.0) * value / target).ceil() as u32)
}

/// How many minutes of a series the rules look at.
pub(super) fn span(policy: &EcsPolicy) -> usize {
    minutes(policy.scale_out_window_s).max(minutes(policy.scale_in_window_s)).max(MEAN_MINUTES)
}

/// The newest evidence minutes of one metric of the rules.
pub(in crate::policy) struct Gathered {
    pub metric: MetricId,
    /// The target group it is of; `None` for a metric of the service itself.
    pub group: Option<TargetGroupArn>,
    pub evidence: Evidence,
}

/// Reads every metric of the rules: CPU, memory, and requests for each target group under an application balancer. A
/// target group that was not described yet is a metric without data; one under no such balancer has none to judge.
pub(in crate::policy) fn gather(
    platform: &Platform,
    service: &Service,
    reported: &BTreeMap<LoadBalancerId, Reported>,
    span: usize,
    now: Timestamp,
) -> Vec<Gathered> {
    let read = |metric, group: Option<&TargetGroupArn>, series: Option<&Series>, reported: Option<&Reported>| {
        let evidence = Evidence::read(series, metric, now, span, reported);
        Gathered { metric, group: group.cloned(), evidence }
    };
    let own = |metric| platform.series.get(&MetricKey::service(&service.id, metric)).map(AsRef::as_ref);
    let mut gathered = vec![
        read(MetricId::ServiceCpu, None, own(MetricId::ServiceCpu), None),
        read(MetricId::ServiceMemory, None, own(MetricId::ServiceMemory), None),
    ];
    let metric = MetricId::RequestsPerTarget;
    for arn in &service.target_groups {
        let Some(group) = platform.target_groups.get(arn) else {
            gathered.push(read(metric, Some(arn), None, None));
            continue;
        };
        for balancer in group.balancers.iter().filter(|balancer| balancer.as_str().starts_with("app/")) {
            let key = MetricKey { resource: Resource::TargetGroup(balancer.clone(), arn.clone()), metric };
            let series = platform.series.get(&key).map(AsRef::as_ref);
            gathered.push(read(metric, Some(arn), series, reported.get(balancer)));
        }
    }
    gathered
}

/// Judges what was gathered.
pub(super) fn judge(policy: &EcsPolicy, running: TaskCount, gathered: Vec<Gathered>) -> Vec<Judged> {
    gathered
        .into_iter()
        .map(|Gathered { metric, group, evidence }| weigh(policy, metric, group, running, &evidence))
        .collect()
}

/// What the balancers of one service reported.
pub(super) fn reported_for(
    platform: &Platform,
    policy: &EcsPolicy,
    service: &Service,
    now: Timestamp,
) -> BTreeMap<LoadBalancerId, Reported> {
    let groups = service.target_groups.iter().filter_map(|arn| platform.target_groups.get(arn));
    groups
        .flat_map(|group| &group.balancers)
        .map(|balancer| (balancer.clone(), Reported::of(platform, balancer, now, span(policy))))
        .collect()
}

fn target(policy: &EcsPolicy, metric: MetricId) -> f64 {
    match metric {
        MetricId::ServiceCpu => policy.cpu_target,
        MetricId::ServiceMemory => policy.memory_target,
        _ => policy.requests_per_target,
    }
}

fn weigh(
    policy: &EcsPolicy,
    metric: MetricId,
    group: Option<TargetGroupArn>,
    running: TaskCount,
    evidence: &Evidence,
) -> Judged {
    let target = target(policy, metric);
    let out = evidence.held(policy.scale_out_window_s, OUT_TOLERATES, |value| value > target);
    let clear = evidence.held(policy.scale_in_window_s, IN_TOLERATES, |value| value < target);
    let value = evidence.mean(MEAN_MINUTES);
    let highest = evidence.highest_mean(minutes(policy.scale_in_window_s));
    Judged {
        recent: evidence.mean(minutes(out.held_s).clamp(1, MEAN_MINUTES)),
        highest,
        evidence: MetricEvidence {
            metric,
            group,
            target,
            value,
            newest: evidence.newest_point(),
            out,
            clear,
            asks: value.filter(|_| out.full()).map(|value| ask(running, value, target)),
            projected_in: highest.and_then(|highest| project(highest, running, 1)),
        },
    }
}
