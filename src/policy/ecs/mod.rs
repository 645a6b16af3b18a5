//! Section 1 of the spec: an ECS service's count.
//!
//! Out if any metric asks, to the largest ask; in only if all agree, one step at a time; the floor at once. What the
//! rule reads is gathered here, then decided in one place, `rule`.

mod autoscaler;
mod cooldown;
pub(super) mod metrics;
mod rule;
#[cfg(test)]
pub(super) mod tests;

use std::cell::OnceCell;
use std::collections::BTreeMap;

use jiff::Timestamp;

pub use autoscaler::{ALARM_MINUTES, Acting, AlarmView, AutoscalerView, autoscaler_view};

use self::metrics::Balancers;
use self::rule::Rule;
use super::knobs::{EcsPolicy, Policy};
use super::schedule::{floor_at, limits_in_force, next_change};
use super::verdict::{Counts, Decision, Floor, Note, Reason, Verdict};
use super::window::{after, ago};
use crate::platform::{Platform, Service, ServiceId, ServiceStatus, Source, Suspended, TaskCount};

/// What every service of one call shares.
struct Basis {
    now: Timestamp,
    /// The policy's floor.
    scheduled: Floor,
    /// When it changes, and to what; worked out for the first verdict that tells it.
    next_floor: OnceCell<Option<(Timestamp, Floor)>>,
    balancers: Balancers,
}

impl Basis {
    fn new(policy: &EcsPolicy, now: Timestamp) -> Self {
        let scheduled = floor_at(policy, now);
        Self { now, scheduled, next_floor: OnceCell::new(), balancers: Balancers::default() }
    }
}

/// The verdict on every described service.
pub fn verdicts(platform: &Platform, policy: &EcsPolicy, now: Timestamp) -> BTreeMap<ServiceId, Verdict> {
    let mut basis = Basis::new(policy, now);
    let services = platform.services.iter();
    services.map(|(id, service)| (id.clone(), verdict(platform, policy, service, &mut basis))).collect()
}

/// The verdict on one service, equal to the one that [`verdicts`] gives; `None` when the service was never described.
pub fn advise_one(platform: &Platform, policy: &Policy, id: &ServiceId, now: Timestamp) -> Option<Verdict> {
    let service = platform.services.get(id)?;
    Some(verdict(platform, &policy.ecs, service, &mut Basis::new(&policy.ecs, now)))
}

fn verdict(platform: &Platform, policy: &EcsPolicy, service: &Service, basis: &mut Basis) -> Verdict {
    let now = basis.now;
    let target = platform.targets.get(&service.id);
    let (floor, ceiling) = match target {
        Some(target) => limits_in_force(policy, &basis.scheduled, (target.min, target.max)),
        None => (basis.scheduled.clone(), policy.max_capacity),
    };
    let history = platform.counts.get(&service.id);
    let counts = Counts {
        desired: service.desired,
        running: service.running,
        pending: service.pending,
        draining: history.and_then(|history| history.draining_now(now)),
    };
    let mut verdict = Verdict {
        at: now,
        decision: Decision::None { reason: Reason::NotManaged },
        counts,
        metrics: Vec::new(),
        floor,
        ceiling,
        notes: Vec::new(),
        next: None,
    };
    let Some(target) = target else {
        if platform.sources.get(&Source::ScalableTargets).and_then(|health| health.learnt).is_none() {
            let reason = Reason::Stale { source: Source::ScalableTargets, learnt: None };
            verdict.decision = Decision::CannotTell { reason };
        }
        return verdict;
    };
    verdict.notes = notes(platform, policy, service, basis, target.suspended, (target.min, target.max));
    let stale = stale(platform, service, now);
    if !stale && stopped(service) {
        verdict.decision = Decision::None { reason: Reason::Stopped };
        return verdict;
    }
    let gathered = metrics::gather(platform, service, &mut basis.balancers, metrics::span(policy), now);
    let judged = metrics::judge(policy, service.running, gathered);
    let rule = Rule {
        policy,
        counts,
        floor: &verdict.floor,
        ceiling,
        deploying: service.deploying(),
        last_out: cooldown::last_out(platform, service, ago(now, policy.scale_out_cooldown_s)),
        in_cooldown: cooldown::in_cooldown(platform, service, policy.scale_in_cooldown_s, now),
        arriving: arriving(platform, service, now),
        drained_learnt: history.and_then(|history| history.draining.values().flatten().map(|s| s.asked).min()),
        judged: &judged,
        now,
    };
    verdict.decision = if stale {
        let reason = Reason::Stale { source: Source::Services, learnt: Some(service.learnt) };
        Decision::CannotTell { reason }
    } else if service.desired > ceiling {
        Decision::None { reason: Reason::AboveCeiling }
    } else {
        rule.decide()
    };
    if service.desired > ceiling {
        verdict.notes.push(Note::AboveCeiling);
    }
    verdict.next = rule.next(&verdict.decision, || basis.next_floor.get_or_init(|| next_change(policy, now)).as_ref());
    verdict.metrics = judged.into_iter().map(|judged| judged.evidence).collect();
    verdict
}

/// Desired 0, or a service on its way out.
pub(super) fn stopped(service: &Service) -> bool {
    service.desired == TaskCount(0) || matches!(service.status, ServiceStatus::Draining | ServiceStatus::Inactive)
}

/// Older than twice the service's own cadence; where no reading told that, than twice the source's.
fn stale(platform: &Platform, service: &Service, now: Timestamp) -> bool {
    match platform.counts.get(&service.id) {
        Some(history) => history.stale(service.learnt, now),
        None => platform
            .sources
            .get(&Source::Services)
            .is_none_or(|health| now.as_second() - service.learnt.as_second() > 2 * i64::from(health.cadence_s)),
    }
}

/// Whether what is missing may still be on its way: metrics or target groups have not been read at all, or so recently
/// that the rest of their history may be in the next answers.
pub(super) fn arriving(platform: &Platform, service: &Service, now: Timestamp) -> bool {
    let young = |source| platform.sources.get(&source).is_none_or(|health| health.arriving(now));
    young(Source::Metrics) || (!service.target_groups.is_empty() && young(Source::TargetGroups))
}

fn notes(
    platform: &Platform,
    policy: &EcsPolicy,
    service: &Service,
    basis: &Basis,
    suspended: Suspended,
    aws: (TaskCount, TaskCount),
) -> Vec<Note> {
    let mut notes = Vec::new();
    let ours = (basis.scheduled.count, policy.max_capacity);
    if ours != aws {
        notes.push(Note::LimitsDiffer { policy: ours, aws });
    }
    let parts = [
        (suspended.scale_out, "scale-out"),
        (suspended.scale_in, "scale-in"),
        (suspended.scheduled, "scheduled actions"),
    ];
    let parts: Vec<_> = parts.into_iter().filter(|(is, _)| *is).map(|(_, what)| what).collect();
    if !parts.is_empty() {
        notes.push(Note::Suspended { what: parts.join(" and ") });
    }
    if let Some(health) = platform.sources.get(&Source::ScalableTargets).filter(|health| health.stale(basis.now)) {
        notes.push(Note::Stale { source: Source::ScalableTargets, learnt: health.learnt });
    }
    let watched = platform.counts.get(&service.id).and_then(|history| history.watched_since);
    let longest = policy.scale_out_cooldown_s.max(policy.scale_in_cooldown_s);
    if let Some(at) = watched.filter(|at| basis.now < after(*at, longest)) {
        notes.push(Note::HistoryStarts { at });
    }
    notes
}
