//! The calls that a change of a service comes to, in an order that a crash between any two of them cannot hurt.

use super::ServiceSeen;
use crate::change::hold::{self, Hold};
use crate::change::kind::{Change, Scaling};
use crate::change::plan::Plan;
use crate::change::sequence::Next;
use crate::change::step::Step;
use crate::platform::{Platform, ScheduledAction, Suspended};

pub(in crate::change) fn steps(plan: &Plan, seen: &ServiceSeen) -> Vec<Step> {
    let one = |step: Step| vec![step];
    match plan.change.clone() {
        Change::Desired { service, to } => one(Step::Desired { service, to }),
        Change::Floor { service, to } => one(Step::Floor { service, to }),
        Change::Ceiling { service, to } => one(Step::Ceiling { service, to }),
        Change::Hold { service, to, until } => {
            let Ok(hold) = Hold::of(seen, to, until, plan.made) else { return Vec::new() };
            // The end goes first: a console that dies between two calls leaves a floor that comes back, or one that
            // never went up.
            let mut steps: Vec<Step> = hold
                .adds
                .iter()
                .rev()
                .map(|added| Step::PutSchedule { service: service.clone(), action: added.action() })
                .collect();
            let drops = hold.removes.into_iter();
            steps.extend(drops.map(|name| Step::DropSchedule { service: service.clone(), name }));
            if seen.limits.is_some_and(|(floor, _)| floor != to) {
                steps.push(Step::Floor { service, to });
            }
            steps
        }
        Change::Release { service, to } => {
            // The end goes last: whatever is left behind before it, it brings the floor back.
            let (ends, others): (Vec<_>, Vec<_>) = ours(seen).partition(|action| hold::is_end(&action.name));
            let drop =
                |action: &ScheduledAction| Step::DropSchedule { service: service.clone(), name: action.name.clone() };
            let mut steps: Vec<Step> = others.into_iter().map(drop).collect();
            if seen.limits.is_some_and(|(floor, _)| floor != to) {
                steps.push(Step::Floor { service: service.clone(), to });
            }
            steps.extend(ends.into_iter().map(drop));
            steps
        }
        Change::Suspend { service, scaling, suspend } => {
            one(Step::Suspended { service, to: switched(seen.suspended, scaling, suspend) })
        }
        Change::StopTask { service, task } => one(Step::StopTask { service, task }),
        Change::Schedule { service, action } => one(Step::PutSchedule { service, action }),
        Change::Unschedule { service, name } => one(Step::DropSchedule { service, name }),
        _ => Vec::new(),
    }
}

fn ours(seen: &ServiceSeen) -> impl Iterator<Item = &ScheduledAction> {
    seen.schedule.iter().flatten().filter(|action| hold::is_ours(&action.name))
}

fn switched(now: Suspended, scaling: Scaling, suspend: bool) -> Suspended {
    match scaling {
        Scaling::In => Suspended { scale_in: suspend, ..now },
        Scaling::Out => Suspended { scale_out: suspend, ..now },
        Scaling::Scheduled => Suspended { scheduled: suspend, ..now },
    }
}

/// A step as it can be sent: what a sequence's later step rests on must not have moved since it was confirmed.
pub(in crate::change) fn complete(
    plan: &Plan,
    seen: &ServiceSeen,
    step: Step,
    later: bool,
    platform: &Platform,
) -> Next {
    let Step::Floor { service, .. } = &step else { return Next::Send(step) };
    let limits = platform.targets.get(service).map(|target| (target.min, target.max));
    if later && limits != seen.limits {
        let was = seen.limits.map_or_else(String::new, |(floor, ceiling)| format!("{floor}–{ceiling}"));
        let is = limits.map_or_else(|| "gone".to_owned(), |(floor, ceiling)| format!("{floor}–{ceiling}"));
        return Next::Never(format!("the limits were {was} and are {is}: {} is not set", plan.change.field()));
    }
    Next::Send(step)
}
