//! What scaling cost: the tasks above the floor, by the change that asked for them, today.
//!
//! A change is paid for from when it was asked for until the next one or now. Absent on purpose: what the capacity was
//! worth, and databases and caches: their steps last for days and stand in the run rate.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::run_rate::{of_task, spot_share};
use crate::platform::spend::Dollars;
use crate::platform::{ActivityKind, Platform, ServiceId, TaskCount};
use crate::policy::Policy;
use crate::policy::schedule::floor_at;

/// What the capacity above the floor has cost today.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Impact {
    /// Since midnight UTC, of the services whose price is known.
    pub today: Dollars,
    /// By scaling event, the newest first.
    pub events: Vec<Event>,
    /// Since when the counts are known; `None`: of no service.
    pub since: Option<Timestamp>,
}

/// One change of a count, and what the tasks above the floor have cost since.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Event {
    /// The service.
    pub service: ServiceId,
    /// When.
    pub at: Timestamp,
    /// Before; `None`: not known.
    pub from: Option<TaskCount>,
    /// After.
    pub to: TaskCount,
    /// What the tasks above the floor have cost from it to the next one.
    pub above_floor: Dollars,
}

/// What scaling has cost since midnight UTC.
pub fn impact(platform: &Platform, policy: &Policy, now: Timestamp) -> Impact {
    let mut impact = Impact::default();
    let midnight =
        now.to_zoned_datetime(TimeZone::UTC).date().to_zoned_datetime(TimeZone::UTC).map_or(now, |day| day.timestamp());
    for (id, service) in &platform.services {
        let Some(size) = service.task_size.filter(|_| service.launch.contains("FARGATE")) else { continue };
        let (Some((each, _)), Some((spot, _))) =
            (of_task(size, false, &policy.prices), of_task(size, true, &policy.prices))
        else {
            continue;
        };
        let share = spot_share(platform, service);
        let hourly = each * (1.0 - share) + spot * share;
        let turns = turns(platform, id);
        let known = platform.counts.get(id).and_then(|counts| counts.watched_since);
        let first = turns.first().map(|turn| turn.0).into_iter().chain(known).min();
        impact.since = [impact.since, first.map(|at| at.max(midnight))].into_iter().flatten().min();
        // Without a change the present count has held since the first look.
        if let Some(at) = known.filter(|_| turns.is_empty()) {
            impact.today.0 += above_floor(policy, at.max(midnight), now, service.desired) * hourly;
        }
        for (index, (at, from, to)) in turns.iter().copied().enumerate() {
            let until = turns.get(index + 1).map_or(now, |next| next.0);
            let begin = at.max(midnight);
            if until <= begin {
                continue;
            }
            let cost = above_floor(policy, begin, until, to) * hourly;
            impact.today.0 += cost;
            impact.events.push(Event { service: id.clone(), at, from, to, above_floor: Dollars(cost) });
        }
    }
    impact.events.sort_by_key(|event| std::cmp::Reverse(event.at));
    impact
}

/// Task-hours above the floor in force, minute by minute: the floor moves by the clock.
fn above_floor(policy: &Policy, from: Timestamp, to: Timestamp, count: TaskCount) -> f64 {
    let (mut at, mut hours) = (from, 0.0);
    while at < to {
        let next = Timestamp::from_second((at.as_second().div_euclid(900) + 1) * 900).unwrap_or(to).min(to);
        let above = count.0.saturating_sub(floor_at(&policy.ecs, at).count.0);
        hours += f64::from(above) * next.duration_since(at).as_secs_f64() / 3600.0;
        at = next;
    }
    hours
}

/// The changes of a service's count in order: AWS's activities, and what was seen here. A change that both tell of is
/// one: AWS begins it, a reading sees it soon after.
fn turns(platform: &Platform, id: &ServiceId) -> Vec<(Timestamp, Option<TaskCount>, TaskCount)> {
    let mut turns: BTreeMap<Timestamp, (Option<TaskCount>, TaskCount)> = BTreeMap::new();
    let done = |kind: &ActivityKind| matches!(kind, ActivityKind::Successful | ActivityKind::InProgress);
    for activity in platform.activities.get(id).into_iter().flat_map(|list| list.iter()).filter(|a| done(&a.kind)) {
        if let Some(to) = activity.desired() {
            turns.insert(activity.started, (None, TaskCount(to)));
        }
    }
    for change in platform.counts.get(id).into_iter().flat_map(|counts| &counts.changes) {
        let before = change.seen.checked_sub(jiff::SignedDuration::from_mins(5)).unwrap_or(change.seen);
        let told = turns.range_mut(before..=change.seen).find(|(_, (_, to))| *to == change.to);
        match told {
            Some((_, (from, _))) => *from = Some(change.from),
            None => {
                turns.insert(change.seen, (Some(change.from), change.to));
            }
        }
    }
    let mut before = None;
    let filled = turns.into_iter().map(|(at, (from, to))| {
        let from = from.or(before);
        before = Some(to);
        (at, from, to)
    });
    filled.collect()
}
