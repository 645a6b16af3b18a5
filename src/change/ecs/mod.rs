//! Changes of a service: its count, its limits, what is suspended, its schedule, one of its tasks.

pub(super) mod outlook;
pub(super) mod projection;
mod rows;
mod seen;
mod sight;
mod steps;
#[cfg(test)]
mod tests;

pub(super) use rows::{rows, title};
pub use seen::ServiceSeen;
pub(super) use sight::sight;
pub(super) use steps::{complete, steps};

use super::guard::{Forbidden, Gravity, MOST_TASKS, is_small};
use super::hold::{self, Hold};
use super::kind::Change;
use super::plan::{Impossible, Plan};
use crate::platform::{Platform, ScheduledAction, ServiceId, ServiceStatus, Source, SourceState, TaskCount};
use crate::policy::Policy;

/// What stands in the way of any change of the service.
pub(super) fn obstacle(platform: &Platform, id: &ServiceId, change: &Change, seen: &ServiceSeen) -> Option<Impossible> {
    let status = &platform.services.get(id)?.status;
    if *status != ServiceStatus::Active {
        return Some(Impossible::NotActive { service: id.clone(), status: status_word(status).to_owned() });
    }
    let target = !matches!(change, Change::Desired { .. } | Change::StopTask { .. });
    if target && seen.limits.is_none() {
        return Some(no_target(platform, id, change));
    }
    let scheduled = matches!(
        change,
        Change::Hold { .. } | Change::Release { .. } | Change::Schedule { .. } | Change::Unschedule { .. }
    );
    (scheduled && seen.schedule.is_none()).then(|| Impossible::Unread {
        what: "the scheduled actions".to_owned(),
        why: denied(platform, Source::ScheduledActions),
    })
}

fn no_target(platform: &Platform, service: &ServiceId, change: &Change) -> Impossible {
    let health = platform.sources.get(&Source::ScalableTargets);
    if health.is_some_and(|health| health.learnt.is_some()) {
        return Impossible::NoTarget { service: service.clone(), what: change.field() };
    }
    Impossible::TargetUnread { what: change.field(), why: denied(platform, Source::ScalableTargets) }
}

/// " (denied: …)" where a source is denied.
fn denied(platform: &Platform, source: Source) -> String {
    match platform.sources.get(&source).map(|health| &health.state) {
        Some(SourceState::Denied { action }) => format!(" (denied: {action})"),
        _ => String::new(),
    }
}

fn status_word(status: &ServiceStatus) -> &str {
    match status {
        ServiceStatus::Active => "active",
        ServiceStatus::Draining => "draining",
        ServiceStatus::Inactive => "inactive",
        ServiceStatus::Unknown(word) => word,
    }
}

/// What must never be sent.
pub(super) fn forbid(change: &Change, seen: &ServiceSeen) -> Result<(), Forbidden> {
    if let Some(to) = change.count().map(TaskCount).filter(|to| *to > MOST_TASKS) {
        return Err(Forbidden::OverQuota { to });
    }
    match (change, seen.limits) {
        (Change::Floor { to, .. } | Change::Hold { to, .. } | Change::Release { to, .. }, Some((_, ceiling)))
            if *to > ceiling =>
        {
            Err(Forbidden::AboveCeiling { to: *to, ceiling })
        }
        (Change::Ceiling { to, .. }, Some((floor, _))) if *to < floor => Err(Forbidden::UnderFloor { to: *to, floor }),
        (Change::Schedule { action, .. }, Some(limits)) => sound(action, limits),
        (Change::Unschedule { name, .. }, _) if hold::is_ours(name) => Err(Forbidden::Ours { name: name.clone() }),
        _ => Ok(()),
    }
}

/// Whether a scheduled action is one that AWS would take and that does what it says.
fn sound(action: &ScheduledAction, limits: (TaskCount, TaskCount)) -> Result<(), Forbidden> {
    let name = &action.name;
    let odd = |c: char| c.is_control() || matches!(c, ':' | '/' | '|');
    if name.is_empty() || name.len() > 256 || name.trim() != name || name.contains(odd) {
        return Err(Forbidden::BadName { name: name.clone() });
    }
    if hold::is_ours(name) {
        return Err(Forbidden::Ours { name: name.clone() });
    }
    if !hold::is_schedule(action) {
        return Err(Forbidden::BadSchedule { schedule: action.schedule.clone() });
    }
    // What it does not name is what it finds when it fires: today's is the best guess.
    let (floor, ceiling) = (action.min.unwrap_or(limits.0), action.max.unwrap_or(limits.1));
    match (action.min, action.max) {
        (None, None) => Err(Forbidden::SetsNothing),
        _ if floor > ceiling => Err(Forbidden::AboveCeiling { to: floor, ceiling }),
        _ if ceiling > MOST_TASKS => Err(Forbidden::OverQuota { to: ceiling }),
        _ => Ok(()),
    }
}

/// How grave a change is.
pub(super) fn gravity(plan: &Plan, seen: &ServiceSeen, policy: &Policy) -> Gravity {
    let outside = |to: TaskCount, (floor, ceiling): (TaskCount, TaskCount)| to < floor || to > ceiling;
    let ours = (policy.ecs.min_capacity, policy.ecs.max_capacity);
    let from = plan.from();
    let moves = |to: TaskCount| is_small(from, to.0);
    match &plan.change {
        Change::Desired { to, .. } => Gravity {
            small: moves(*to),
            beyond: outside(*to, ours) || seen.limits.is_some_and(|limits| outside(*to, limits)),
            // A scale-in of more than a quarter, or to nothing.
            grave: to.0 == 0 || (to.0 < from && !moves(*to)),
            ..Gravity::of(to.0)
        },
        // A floor is judged by how far it moves itself: lowering one removes nothing at once, but allows it.
        Change::Floor { to, .. } | Change::Release { to, .. } => Gravity {
            small: moves(*to),
            beyond: outside(*to, ours),
            grave: to.0 == 0 || (to.0 < from && !moves(*to)),
            ..Gravity::of(to.0)
        },
        Change::Hold { to, .. } => Gravity { small: moves(*to), beyond: outside(*to, ours), ..Gravity::of(to.0) },
        Change::Ceiling { to, .. } => Gravity {
            small: moves(*to),
            beyond: *to > policy.ecs.max_capacity,
            grave: to.0 < from,
            ..Gravity::of(to.0)
        },
        Change::Suspend { suspend, .. } => Gravity { grave: *suspend, ..Gravity::default() },
        Change::Schedule { action, .. } => Gravity {
            beyond: action.min.into_iter().chain(action.max).any(|to| outside(to, ours)),
            ..Gravity::default()
        },
        _ => Gravity { grave: true, ..Gravity::default() },
    }
}

/// The hold that a plan of one comes to; `None` for another kind.
pub(super) fn hold_of(plan: &Plan, seen: &ServiceSeen) -> Option<Hold> {
    match plan.change {
        Change::Hold { to, until, .. } => Hold::of(seen, to, until, plan.made).ok(),
        _ => None,
    }
}

/// The next form of a count that an operator may want: held until the nearest time on offer, until the one after it, and
/// at last the plain count again. `None` for a change that is no count.
pub fn held_longer(change: &Change, now: jiff::Timestamp) -> Option<Change> {
    let ends = hold::ends(now);
    match change.clone() {
        Change::Desired { service, to } => ends.first().map(|until| Change::Hold { service, to, until: *until }),
        Change::Hold { service, to, until } => Some(match ends.into_iter().find(|end| *end > until) {
            Some(until) => Change::Hold { service, to, until },
            None => Change::Desired { service, to },
        }),
        _ => None,
    }
}
