//! Section 1 of the spec as AWS has it: the scalable target, the target tracking policies, the scheduled actions.

use std::ops::RangeInclusive;

use jiff::Timestamp;

use super::{Drift, read, unit};
use crate::platform::{Platform, ScalingPolicy, ScheduledAction, ServiceId, Source, TaskCount};
use crate::policy::knobs::{EcsPolicy, Policy};
use crate::policy::schedule::floor_at;

/// What AWS takes for a cooldown of an ECS service that a policy leaves open.
const AWS_COOLDOWN_S: u32 = 300;

/// A variable, AWS's word for its metric, the names of its rows, and its unit.
type Tracked = (&'static str, &'static str, [&'static str; 3], &'static str);

const TRACKED: [Tracked; 3] = [
    (
        "ecs_cpu_target",
        "ECSServiceAverageCPUUtilization",
        ["cpu target", "cpu scale-out cooldown", "cpu scale-in cooldown"],
        "%",
    ),
    (
        "ecs_memory_target",
        "ECSServiceAverageMemoryUtilization",
        ["memory target", "memory scale-out cooldown", "memory scale-in cooldown"],
        "%",
    ),
    (
        "ecs_requests_per_target",
        "ALBRequestCountPerTarget",
        ["requests per target", "requests scale-out cooldown", "requests scale-in cooldown"],
        "a minute",
    ),
];

pub(super) fn rows(platform: &Platform, policy: &Policy, now: Timestamp) -> Vec<Drift> {
    let ecs = &policy.ecs;
    let each = platform.services.keys().flat_map(|id| {
        let mut rows = limits(platform, ecs, id, now);
        rows.extend(policies(platform, ecs, id));
        rows.extend(schedule(platform, ecs, id));
        rows
    });
    each.collect()
}

fn limits(platform: &Platform, policy: &EcsPolicy, id: &ServiceId, now: Timestamp) -> Vec<Drift> {
    let known = read(platform, Source::ScalableTargets);
    let target = platform.targets.get(id);
    let floor = floor_at(policy, now);
    // Which of the floors is in force is the variable to look at.
    let floors = [
        (policy.peak_hours_min_capacity, "peak_hours_min_capacity"),
        (policy.off_peak_hours_min_capacity, "off_peak_hours_min_capacity"),
    ];
    let named = floors.iter().find(|(count, _)| *count == Some(floor.count) && floor.count > policy.min_capacity);
    let variable = named.map_or("ecs_min_capacity", |(_, variable)| variable);
    let said = |count: Option<TaskCount>| match (count, known) {
        (Some(count), _) => Some(count.to_string()),
        (None, true) => Some("not registered".to_owned()),
        (None, false) => None,
    };
    let of = id.to_string();
    vec![
        Drift::row(&of, "minimum now", variable, &floor.count.to_string(), said(target.map(|target| target.min))),
        Drift::row(
            &of,
            "maximum",
            "ecs_max_capacity",
            &policy.max_capacity.to_string(),
            said(target.map(|target| target.max)),
        ),
    ]
}

fn policies(platform: &Platform, policy: &EcsPolicy, id: &ServiceId) -> Vec<Drift> {
    let known = read(platform, Source::ScalingPolicies);
    let registered = platform.policies.get(id).map_or(&[][..], |policies| policies.as_slice());
    let of = id.to_string();
    let mut rows = Vec::new();
    for (variable, metric, [target, out, inward], per) in TRACKED {
        let wanted = match variable {
            "ecs_cpu_target" => policy.cpu_target,
            "ecs_memory_target" => policy.memory_target,
            _ => policy.requests_per_target,
        };
        let tracking = registered.iter().find(|one| one.kind == "TargetTrackingScaling" && one.metric == metric);
        let said = |what: &dyn Fn(&ScalingPolicy) -> String| match (tracking, known) {
            (Some(one), _) => Some(what(one)),
            (None, true) => Some("not tracked".to_owned()),
            (None, false) => None,
        };
        let value = |one: &ScalingPolicy| one.target.map_or("not set".to_owned(), |target| unit(target, per));
        rows.push(Drift::row(&of, target, variable, &unit(wanted, per), said(&value)));
        if tracking.is_none() && known {
            // One row says that there is no such policy.
            continue;
        }
        let cooldown = |seconds: Option<u32>| unit(seconds.unwrap_or(AWS_COOLDOWN_S), "s");
        let (out_s, in_s) = (policy.scale_out_cooldown_s, policy.scale_in_cooldown_s);
        let aws = said(&|one| cooldown(one.out_cooldown_s));
        rows.push(Drift::row(&of, out, "ecs_scale_out_cooldown_s", &unit(out_s, "s"), aws));
        let aws = said(&|one| if one.scale_in_disabled { "off".to_owned() } else { cooldown(one.in_cooldown_s) });
        rows.push(Drift::row(&of, inward, "ecs_scale_in_cooldown_s", &unit(in_s, "s"), aws));
    }
    rows
}

/// The floor's two changes of a day. Other actions – a hold's end, a sale – are not the policy's to judge.
fn schedule(platform: &Platform, policy: &EcsPolicy, id: &ServiceId) -> Vec<Drift> {
    let (Some(peak), Some(off_peak)) = (policy.peak_hours_min_capacity, policy.off_peak_hours_min_capacity) else {
        return Vec::new();
    };
    let known = read(platform, Source::ScheduledActions);
    let actions = platform.schedules.get(id).map_or(&[][..], |actions| actions.as_slice());
    let zone = policy.schedule_timezone.name();
    let changes = [
        ("morning floor", "peak_hours_min_capacity", policy.peak_hours_start, peak),
        ("evening floor", "off_peak_hours_min_capacity", policy.peak_hours_end % 24, off_peak),
    ];
    let row = |(what, variable, hour, floor): (&'static str, &'static str, u8, TaskCount)| {
        let at = |count: TaskCount| format!("{count} at {hour:02}:00 {zone}");
        let set = actions.iter().find(|action| daily_at(action, zone) == Some((hour, 0)) && action.min.is_some());
        let aws = match (set.and_then(|action| action.min), known) {
            (Some(count), _) => Some(at(count)),
            (None, true) => Some(format!("not set at {hour:02}:00 {zone}")),
            (None, false) => None,
        };
        Drift::row(&id.to_string(), what, variable, &at(floor), aws)
    };
    changes.into_iter().map(row).collect()
}

/// Hour and minute of an action that runs every day in a zone.
fn daily_at(action: &ScheduledAction, zone: &str) -> Option<(u8, u8)> {
    let theirs = if action.timezone.is_empty() { "UTC" } else { &action.timezone };
    let fields = action.schedule.trim().strip_prefix("cron(")?.strip_suffix(')')?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let [minute, hour, days @ ..] = fields.as_slice() else { return None };
    let every_day = days.len() == 4 && days.iter().all(|field| matches!(*field, "*" | "?"));
    let number = |field: &str, range: RangeInclusive<u8>| field.parse().ok().filter(|value| range.contains(value));
    let alike = |name: &str| matches!(name, "UTC" | "Etc/UTC" | "Etc/GMT" | "GMT");
    let same_zone = theirs == zone || (alike(theirs) && alike(zone));
    (every_day && same_zone).then_some(())?;
    Some((number(hour, 0..=23)?, number(minute, 0..=59)?))
}
