//! Which change a command means for the group under the cursor, with what was typed behind its name.
//!
//! Absent on purpose: whether it may be done. The preview says that, and what it would do.

use jiff::Timestamp;

use super::commands::Verb;
use crate::change::{Change, Scaling, ServiceSeen, cache, hold, replicas, starting_count, undo};
use crate::live::View;
use crate::platform::{CacheId, DatabaseId, GroupId, MemberCount, ScheduledAction, ServiceId, TaskCount, TaskId};
use crate::policy::Decision;

/// The change that a command begins with; the error says what is missing, in a sentence for the status line.
pub fn of(verb: Verb, argument: Option<&str>, group: &GroupId, view: &View, now: Timestamp) -> Result<Change, String> {
    if verb == Verb::Undo {
        let done = view.done.get(group).ok_or_else(|| format!("no change of {} is known here", group.name()))?;
        let back = undo(done, &view.platform, &view.advice, &view.environment, now);
        return back.map(|plan| plan.change).map_err(|why| why.to_string());
    }
    match group {
        GroupId::Service(id) => of_service(verb, argument, id, view, now),
        GroupId::Replicas(id) => of_replicas(verb, argument, id, view),
        GroupId::Cache(id) => of_cache(verb, argument, id, view),
    }
}

fn number(argument: &str) -> Result<u32, String> {
    argument.parse().map_err(|_| format!("`{argument}` is no count"))
}

fn of_service(
    verb: Verb,
    argument: Option<&str>,
    id: &ServiceId,
    view: &View,
    now: Timestamp,
) -> Result<Change, String> {
    let service = id.clone();
    let seen = ServiceSeen::counts(&view.platform, id).ok_or("the service has not been described yet")?;
    let verdict = view.advice.services.get(id);
    let limits = || seen.limits.ok_or_else(|| format!("no scalable target of {} is known", id.service));
    let count = |otherwise: u32| argument.map_or(Ok(otherwise), number).map(TaskCount);
    let suspend = |scaling| Ok(Change::Suspend { service: service.clone(), scaling, suspend: true });
    match verb {
        Verb::Scale => Ok(Change::Desired { to: count(starting_count(verdict, seen.desired, None).0)?, service }),
        Verb::Accept => match verdict.and_then(|verdict| verdict.decision.to()) {
            Some(to) => Ok(Change::Desired { service, to }),
            None => Err("the advice asks for no change here".to_owned()),
        },
        Verb::Floor => Ok(Change::Floor { to: count(limits()?.0.0 + 1)?, service }),
        Verb::Ceiling => Ok(Change::Ceiling { to: count(limits()?.1.0 + 1)?, service }),
        Verb::Release => {
            let actions = view.platform.schedules.get(id).ok_or("no hold of this service is known")?;
            let to = hold::floor_without(actions, now).ok_or("no hold of this service is known")?;
            Ok(Change::Release { service, to })
        }
        Verb::SuspendIn => suspend(Scaling::In),
        Verb::SuspendOut => suspend(Scaling::Out),
        Verb::SuspendScheduled => suspend(Scaling::Scheduled),
        Verb::Resume => resumed(argument, &seen).map(|scaling| Change::Suspend { service, scaling, suspend: false }),
        Verb::StopTask => task(argument, id, view).map(|task| Change::StopTask { service, task }),
        Verb::Schedule => argument
            .ok_or_else(|| SCHEDULE.to_owned())
            .and_then(scheduled)
            .map(|action| Change::Schedule { service, action }),
        Verb::Unschedule => {
            let name = argument.ok_or("which one? `unschedule NAME`")?.to_owned();
            Ok(Change::Unschedule { service, name })
        }
        _ => Err(format!("{} is an ECS service", id.service)),
    }
}

/// What is to be resumed: what was named, or the only one that is suspended.
fn resumed(argument: Option<&str>, seen: &ServiceSeen) -> Result<Scaling, String> {
    if let Some(word) = argument {
        return match word {
            "in" | "scale-in" => Ok(Scaling::In),
            "out" | "scale-out" => Ok(Scaling::Out),
            "scheduled" => Ok(Scaling::Scheduled),
            other => Err(format!("`{other}` cannot be resumed: `in`, `out` or `scheduled`")),
        };
    }
    let suspended: Vec<Scaling> = Scaling::ALL.into_iter().filter(|scaling| seen.is_suspended(*scaling)).collect();
    match suspended[..] {
        [] => Err("nothing is suspended".to_owned()),
        [one] => Ok(one),
        _ => Err("more than one is suspended: `resume in`, `resume out` or `resume scheduled`".to_owned()),
    }
}

/// The task whose id begins like this; without one, the only unhealthy one.
fn task(argument: Option<&str>, id: &ServiceId, view: &View) -> Result<TaskId, String> {
    let tasks = view.platform.tasks.get(id).ok_or("its tasks are not known: open the service first")?;
    let fits = tasks.iter().filter(|task| match argument {
        Some(start) => task.id.as_str().starts_with(start),
        None => task.health == "UNHEALTHY",
    });
    let found: Vec<&TaskId> = fits.map(|task| &task.id).collect();
    match (&found[..], argument) {
        ([one], _) => Ok((*one).clone()),
        ([], Some(start)) => Err(format!("no task begins with {start}")),
        ([], None) => Err("which one? `stop-task ID`, or the beginning of it".to_owned()),
        (_, _) => Err("more than one fits: write more of its id".to_owned()),
    }
}

/// How a scheduled action is written.
const SCHEDULE: &str =
    "write `schedule NAME cron(0 12 * * ? *) min=6 max=12`; at(…) and rate(…) do too, zone=Europe/Berlin";

/// `NAME cron(…) min=… max=… zone=…`.
fn scheduled(text: &str) -> Result<ScheduledAction, String> {
    let (name, rest) = text.trim().split_once(' ').ok_or(SCHEDULE)?;
    let end = rest.find(')').ok_or(SCHEDULE)? + 1;
    let (schedule, rest) = rest.split_at(end);
    let mut action = ScheduledAction {
        name: name.to_owned(),
        schedule: schedule.trim().to_owned(),
        timezone: String::new(),
        min: None,
        max: None,
    };
    for word in rest.split_whitespace() {
        match word.split_once('=') {
            Some(("min", count)) => action.min = Some(TaskCount(number(count)?)),
            Some(("max", count)) => action.max = Some(TaskCount(number(count)?)),
            Some(("zone", zone)) => zone.clone_into(&mut action.timezone),
            _ => return Err(SCHEDULE.to_owned()),
        }
    }
    Ok(action)
}

fn of_replicas(verb: Verb, argument: Option<&str>, primary: &DatabaseId, view: &View) -> Result<Change, String> {
    let platform = &view.platform;
    let unknown = || format!("{primary} has not been described yet");
    let more = || replicas::one_more(platform, &view.policy, primary).ok_or_else(unknown);
    let fewer = || {
        replicas::one_fewer(platform, primary).ok_or_else(|| format!("{primary} has no replica that may be deleted"))
    };
    let decision = view.advice.replicas.get(primary).map(|verdict| &verdict.decision);
    match (verb, decision) {
        (Verb::Scale | Verb::Accept, Some(Decision::In { .. })) => fewer(),
        (Verb::Accept, Some(Decision::Out { .. })) | (Verb::Scale, _) => more(),
        (Verb::Accept, _) => Err("the advice asks for no change here".to_owned()),
        (Verb::AddReplica, _) => {
            let mut change = more()?;
            if let Change::AddReplica { zone, .. } = &mut change {
                *zone = argument.map(str::to_owned);
            }
            Ok(change)
        }
        (Verb::RemoveReplica, _) => match argument {
            Some(name) => Ok(Change::RemoveReplica { primary: primary.clone(), replica: DatabaseId::new(name) }),
            None => fewer(),
        },
        (Verb::Weight, _) => {
            let (set, weight) =
                argument.and_then(|argument| argument.split_once(' ')).ok_or("write `weight RECORD 0–255`")?;
            let to = weight.trim().parse().map_err(|_| format!("`{weight}` is no weight: 0 to 255"))?;
            Ok(Change::Weight { primary: primary.clone(), set: set.to_owned(), to })
        }
        _ => Err(format!("{primary} has read replicas, no tasks or nodes")),
    }
}

fn of_cache(verb: Verb, argument: Option<&str>, cache: &CacheId, view: &View) -> Result<Change, String> {
    let unknown = || format!("{cache} has not been described yet");
    let known = view.platform.caches.get(cache).ok_or_else(unknown)?;
    let now = if known.cluster_mode { known.shards.len() } else { known.nodes().count() } as u32;
    let advised = view.advice.caches.get(cache).and_then(|verdict| verdict.decision.to());
    let to = match verb {
        Verb::Accept => advised.ok_or("the advice asks for no change here")?.0,
        Verb::Scale => advised.map_or(now + 1, |to| to.0),
        Verb::AddNode => argument.map_or(Ok(now + 1), number)?,
        Verb::RemoveNode => argument.map_or(Ok(now.saturating_sub(1)), number)?,
        _ => return Err(format!("{cache} is a cache")),
    };
    cache::members(&view.platform, cache, MemberCount(to)).ok_or_else(unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scheduled_action_is_written_in_a_line() {
        let action = scheduled("noon cron(0 12 * * ? *) min=6 max=12 zone=Europe/Berlin").unwrap();
        assert_eq!((action.name.as_str(), action.schedule.as_str()), ("noon", "cron(0 12 * * ? *)"));
        assert_eq!((action.min, action.max), (Some(TaskCount(6)), Some(TaskCount(12))));
        assert_eq!(action.timezone, "Europe/Berlin");
        for bad in ["", "noon", "noon cron(0 12", "noon cron(0 12 * * ? *) 6", "noon at(x) floor=3"] {
            assert_eq!(scheduled(bad).unwrap_err(), SCHEDULE, "{bad:?}");
        }
        assert_eq!(scheduled("noon at(x) min=many").unwrap_err(), "`many` is no count");
    }

    #[test]
    fn what_is_resumed_is_named_or_the_only_one() {
        let mut seen = ServiceSeen {
            desired: TaskCount(6),
            running: TaskCount(6),
            limits: None,
            suspended: crate::platform::Suspended::default(),
            deploying: false,
            read: Timestamp::UNIX_EPOCH,
            schedule: None,
            tasks: Vec::new(),
        };
        assert_eq!(resumed(None, &seen).unwrap_err(), "nothing is suspended");
        seen.suspended.scale_out = true;
        assert_eq!(resumed(None, &seen), Ok(Scaling::Out));
        seen.suspended.scale_in = true;
        assert!(resumed(None, &seen).unwrap_err().contains("more than one"));
        assert_eq!(resumed(Some("scheduled"), &seen), Ok(Scaling::Scheduled));
        assert!(resumed(Some("all"), &seen).is_err());
    }
}
