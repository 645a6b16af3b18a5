//! What each metric of the rules says about one service: its windows, its ask, its projection.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::platform::ids::{LoadBalancerId, TargetGroupArn};
use crate::platform::metric::{MetricKey, Resource};
use crate::platform::series::start_of;
use crate::platform::{CountHistory, MetricId, Platform, Service, TaskCount};
use crate::policy::knobs::EcsPolicy;
use crate::policy::verdict::MetricEvidence;
use crate::policy::window::{Evidence, IN_TOLERATES, MEAN_MINUTES, OUT_TOLERATES, Reported, after, minutes};

/// Tasks that were asked for so long ago are taken to run, where no reading told when they did.
const STARTED_WITHIN_S: u32 = 180;

/// A metric's evidence with what the rule needs beside it.
#[derive(Debug, Clone)]
pub(super) struct Judged {
    pub evidence: MetricEvidence,
    /// The highest five-minute mean inside the clear window.
    pub highest: Option<f64>,
    /// What the minutes that the out-window has so far would ask for, if it holds.
    pub recent: Option<TaskCount>,
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

/// How many tasks carried the load of a minute that was measured.
///
/// A value of four tasks says nothing about seven: after an out, the evidence is still that of the count before for as
/// long as it takes to become evidence, and multiplied by the new count it would ask for nearly twice what is needed.
pub(super) struct Carriers<'a> {
    pub history: Option<&'a CountHistory>,
    pub running: TaskCount,
}

impl Carriers<'_> {
    /// What a metric asks for by its newest `of` minutes; `None` when none of them is present.
    fn ask(&self, evidence: &Evidence, of: usize, target: f64) -> Option<TaskCount> {
        if self.changed_since(start_of(evidence.newest - of as i64 + 1)) {
            let load = evidence.mean_load(of, |minute| self.in_minute(minute).0)?;
            return Some(ask(TaskCount(1), load, target));
        }
        evidence.mean(of).map(|value| ask(self.running, value, target))
    }

    /// Whether the count may have been another than now after `since`.
    fn changed_since(&self, since: Timestamp) -> bool {
        self.history.is_some_and(|history| !history.changes.is_empty() && rested(history).is_none_or(|at| at > since))
    }

    fn in_minute(&self, minute: i64) -> TaskCount {
        let Some(history) = self.history else { return self.running };
        let (start, end) = (start_of(minute), start_of(minute + 1));
        let Some(index) = history.changes.iter().rposition(|change| change.seen < end) else {
            return history.changes.front().map_or(self.running, |change| change.from);
        };
        let (change, is_last) = (history.changes[index], index + 1 == history.changes.len());
        if change.to < change.from {
            // What is taken away stops taking load at once.
            return if is_last { self.running } else { change.to };
        }
        let started = rested(history).filter(|_| is_last).unwrap_or_else(|| after(change.seen, STARTED_WITHIN_S));
        match (start >= started, is_last) {
            (false, _) => change.from,
            (true, true) => self.running,
            (true, false) => change.to,
        }
    }
}

/// When what was asked for last ran, whatever still drains.
fn rested(history: &CountHistory) -> Option<Timestamp> {
    history.settled.into_iter().chain(history.at_rest).min()
}

/// How many minutes of a series the rules look at.
pub(super) fn span(policy: &EcsPolicy) -> usize {
    minutes(policy.scale_out_window_s).max(minutes(policy.scale_in_window_s)).max(MEAN_MINUTES)
}

/// What balancers reported, each worked out at most once for one call, and only where a count is missing.
#[derive(Debug, Default)]
pub(in crate::policy) struct Balancers(BTreeMap<LoadBalancerId, Reported>);

impl Balancers {
    pub fn reported(
        &mut self,
        platform: &Platform,
        balancer: &LoadBalancerId,
        now: Timestamp,
        span: usize,
    ) -> Reported {
        if let Some(known) = self.0.get(balancer) {
            return known.clone();
        }
        let reported = Reported::of(platform, balancer, now, span);
        self.0.insert(balancer.clone(), reported.clone());
        reported
    }
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
    balancers: &mut Balancers,
    span: usize,
    now: Timestamp,
) -> Vec<Gathered> {
    let own = |metric| {
        let series = platform.series.get(&MetricKey::service(&service.id, metric)).map(AsRef::as_ref);
        Gathered { metric, group: None, evidence: Evidence::read(series, metric, now, span, || None) }
    };
    let mut gathered = Vec::with_capacity(2 + service.target_groups.len());
    gathered.extend([own(MetricId::ServiceCpu), own(MetricId::ServiceMemory)]);
    let metric = MetricId::RequestsPerTarget;
    for arn in &service.target_groups {
        let Some(group) = platform.target_groups.get(arn) else {
            let evidence = Evidence::read(None, metric, now, span, || None);
            gathered.push(Gathered { metric, group: Some(arn.clone()), evidence });
            continue;
        };
        for balancer in group.balancers.iter().filter(|balancer| balancer.as_str().starts_with("app/")) {
            let key = MetricKey { resource: Resource::TargetGroup(balancer.clone(), arn.clone()), metric };
            let series = platform.series.get(&key).map(AsRef::as_ref);
            let reported = || Some(balancers.reported(platform, balancer, now, span));
            let evidence = Evidence::read(series, metric, now, span, reported);
            gathered.push(Gathered { metric, group: Some(arn.clone()), evidence });
        }
    }
    gathered
}

/// Judges what was gathered.
pub(super) fn judge(policy: &EcsPolicy, carriers: &Carriers<'_>, gathered: Vec<Gathered>) -> Vec<Judged> {
    gathered
        .into_iter()
        .map(|Gathered { metric, group, evidence }| weigh(policy, metric, group, carriers, &evidence))
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
    carriers: &Carriers<'_>,
    evidence: &Evidence,
) -> Judged {
    let target = target(policy, metric);
    let out = evidence.held(policy.scale_out_window_s, OUT_TOLERATES, |value| value > target);
    let clear = evidence.held(policy.scale_in_window_s, IN_TOLERATES, |value| value < target);
    let value = evidence.mean(MEAN_MINUTES);
    let highest = evidence.highest_mean(minutes(policy.scale_in_window_s));
    Judged {
        recent: carriers.ask(evidence, minutes(out.held_s).clamp(1, MEAN_MINUTES), target),
        highest,
        evidence: MetricEvidence {
            metric,
            group,
            target,
            value,
            newest: evidence.newest_point(),
            out,
            clear,
            asks: out.full().then(|| carriers.ask(evidence, MEAN_MINUTES, target)).flatten(),
            projected_in: highest.and_then(|highest| project(highest, carriers.running, 1)),
        },
    }
}
