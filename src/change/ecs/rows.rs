//! What a change of a service does to its numbers, before and after.

use super::ServiceSeen;
use super::projection::Projection;
use crate::change::hold;
use crate::change::kind::{Change, Scaling, Value};
use crate::change::plan::Plan;
use crate::change::preview::Row;
use crate::change::{price, words};
use crate::platform::{Database, MetricId, MetricKey, Platform, Service, ServiceId, Source, TaskCount};
use crate::policy::Policy;

pub(in crate::change) fn title(plan: &Plan, id: &ServiceId) -> String {
    let name = &id.service;
    let (from, to) = (plan.from(), plan.change.count().unwrap_or_default());
    let moved = |what: &str| format!("{} the {what} of {name}", if to > from { "Raise" } else { "Lower" });
    match &plan.change {
        Change::Desired { .. } if to == 0 => format!("Stop {name}"),
        Change::Desired { .. } if to > from => format!("Scale out {name}"),
        Change::Desired { .. } => format!("Scale in {name}"),
        Change::Floor { .. } => moved("floor"),
        Change::Ceiling { .. } => moved("ceiling"),
        Change::Hold { .. } => format!("Hold {name} at {to}"),
        Change::Release { .. } => format!("Release the hold of {name}"),
        Change::Suspend { scaling, suspend, .. } => {
            format!("{} {} of {name}", if *suspend { "Suspend" } else { "Resume" }, scaling.name())
        }
        Change::StopTask { .. } => format!("Stop a task of {name}"),
        Change::Schedule { .. } => format!("Schedule {name}"),
        Change::Unschedule { .. } => format!("Take a scheduled action of {name} away"),
        _ => String::new(),
    }
}

pub(in crate::change) fn rows(
    plan: &Plan,
    (id, seen): (&ServiceId, &ServiceSeen),
    platform: &Platform,
    policy: &Policy,
    projections: &[Projection],
    expected_ready_s: Option<u32>,
) -> Vec<Row> {
    let (desired, goal) = (seen.desired, plan.goal());
    let mut rows = own(plan, id, seen, platform);
    if goal == desired {
        return rows;
    }
    rows.extend(projections.iter().map(|p| Row::new(p.label(), p.before(), p.after(), p.note())));
    rows.extend(connections(seen, goal, platform));
    if let Some(service) = platform.services.get(id) {
        let (before, after, note) = price::row(service, desired, goal, &policy.prices);
        rows.push(Row::new("cost", before, after, note));
        rows.push(if goal > desired { ready(expected_ready_s) } else { drained(service, platform) });
    }
    rows
}

/// What is set itself, and what that does to the count.
fn own(plan: &Plan, id: &ServiceId, seen: &ServiceSeen, platform: &Platform) -> Vec<Row> {
    let (desired, goal) = (seen.desired, plan.goal());
    let before = plan.before().map_or_else(|| "—".to_owned(), |value| value.to_string());
    let after = plan.change.sets().to_string();
    let (floor, ceiling) = seen
        .limits
        .map_or_else(Default::default, |(floor, ceiling)| (format!("floor {floor}"), format!("ceiling {ceiling}")));
    let counts = |what: &str| {
        let stays = if goal == desired {
            format!("moving {what} moves no task")
        } else {
            format!("AWS moves it to {what} at once")
        };
        Row::new("desired", desired.to_string(), goal.to_string(), stays)
    };
    match &plan.change {
        Change::Desired { to, .. } => vec![Row::new("desired", before, after, limits_note(seen, platform, *to))],
        Change::Floor { .. } => vec![Row::new("floor", before, after, ceiling), counts("the floor")],
        Change::Ceiling { .. } => vec![Row::new("ceiling", before, after, floor), counts("the ceiling")],
        Change::Hold { to, until, .. } => {
            let now = plan.from().to_string();
            let held = seen.schedule.as_deref().and_then(hold::held_until);
            let was = held.map_or_else(|| "—".to_owned(), words::until);
            vec![
                Row::new("floor", now, to.to_string(), ceiling),
                Row::new("until", was, words::until(*until), "AWS itself returns it, whether this console runs or not"),
                counts("the floor"),
            ]
        }
        Change::Release { to, .. } => {
            let held = seen.schedule.as_deref().and_then(hold::held_until);
            vec![
                Row::new("floor", plan.from().to_string(), to.to_string(), "what the schedule says now"),
                Row::new("until", held.map_or_else(|| "—".to_owned(), words::until), "ended", ""),
                counts("the floor"),
            ]
        }
        Change::Suspend { scaling, .. } => {
            let others = Scaling::ALL.into_iter().filter(|other| other != scaling && seen.is_suspended(*other));
            let others: Vec<_> = others.map(Scaling::name).collect();
            let note = if others.is_empty() { String::new() } else { format!("suspended too: {}", others.join(", ")) };
            vec![Row::new(scaling.name(), before, after, note)]
        }
        Change::StopTask { task, .. } => {
            let known = platform.tasks.get(id).and_then(|tasks| tasks.iter().find(|known| known.id == *task));
            let note = known.map_or_else(String::new, |task| {
                let market = if task.capacity_provider.is_empty() {
                    String::new()
                } else {
                    format!(", {}", task.capacity_provider)
                };
                format!("{} in {}{market}", task.health.to_lowercase(), task.zone)
            });
            let status = known.map_or_else(|| before.clone(), |task| task.status.to_lowercase());
            vec![
                Row::new("task", words::short(task.as_str()), "stopped", format!("{status}, {note}")),
                Row::new(
                    "running",
                    seen.running.to_string(),
                    seen.running.0.saturating_sub(1).to_string(),
                    "until ECS has started another",
                ),
            ]
        }
        Change::Schedule { action, .. } => {
            let was = match plan.before() {
                Some(Value::Scheduled(Some(was))) => words::scheduled(&was),
                _ => "none".to_owned(),
            };
            vec![Row::new("action", action.name.clone(), words::scheduled(action), format!("now: {was}"))]
        }
        Change::Unschedule { name, .. } => vec![Row::new("action", name.clone(), "gone", before)],
        _ => Vec::new(),
    }
}

fn limits_note(seen: &ServiceSeen, platform: &Platform, to: TaskCount) -> String {
    match seen.limits {
        Some((floor, ceiling)) if to < floor || to > ceiling => format!("outside {floor}–{ceiling}"),
        Some((floor, ceiling)) => format!("inside {floor}–{ceiling}, room left +{}", ceiling.0 - to.0),
        None if platform.sources.get(&Source::ScalableTargets).is_some_and(|health| health.learnt.is_some()) => {
            "no scalable target: nothing bounds it".to_owned()
        }
        None => "its limits are not known".to_owned(),
    }
}

/// What the tasks' pools do to the database, where there is one primary and so no doubt which. An estimate: it takes
/// every connection for one of these tasks'.
fn connections(seen: &ServiceSeen, goal: TaskCount, platform: &Platform) -> Option<Row> {
    let mut primaries = platform.databases.values().filter(|one| one.replica_of.is_none());
    let primary: &Database = primaries.next().filter(|_| primaries.next().is_none())?;
    let most = primary.max_connections.or_else(|| primary.estimated_max_connections()).filter(|most| *most > 0)?;
    let series = platform.series.get(&MetricKey::database(&primary.id, MetricId::DatabaseConnections))?;
    let (_, now) = series.newest()?;
    if seen.running.0 == 0 {
        return None;
    }
    let share = |connections: f64| format!("{:.0} %", connections * 100.0 / f64::from(most));
    let after = now * f64::from(goal.0) / f64::from(seen.running.0);
    let note = format!("of the {most} of {}, est. {:.0} a task", primary.id, now / f64::from(seen.running.0));
    Some(Row::new("connections", share(now), format!("~{}", share(after)), note))
}

fn ready(expected_s: Option<u32>) -> Row {
    match expected_s {
        Some(seconds) => {
            Row::new("ready", "", format!("~{}", words::span(seconds)), "median of the scale-outs seen here")
        }
        None => Row::new("ready", "", "—", "not yet measured here"),
    }
}

/// A task that is taken away serves on until its target has drained.
fn drained(service: &Service, platform: &Platform) -> Row {
    let groups = service.target_groups.iter().filter_map(|arn| platform.target_groups.get(arn));
    match groups.filter_map(|group| group.draining_s).max() {
        Some(seconds) => {
            Row::new("gone", "", format!("~{}", words::span(seconds)), "targets finish their requests first")
        }
        None => Row::new("gone", "", "—", "draining time not known"),
    }
}
