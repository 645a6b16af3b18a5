//! Floors, ceilings and targets of the service: whether there is room for what may come and for what may fail.

use super::Finding;
use crate::platform::TaskCount;
use crate::policy::knobs::{EcsPolicy, Policy};

/// The users of the spec's load tests.
const USERS: u32 = 1000;
/// Requests that one of them makes in a minute, the upper end.
const REQUESTS_PER_USER: u32 = 8;
/// Room is little when the ceiling is less than this many times the highest floor.
const ROOM: f64 = 1.5;
/// Below this share of its target a metric hardly ever falls on a service that is worth its tasks.
const HARDLY: f64 = 0.5;

pub(super) fn findings(policy: &Policy) -> Vec<Finding> {
    let ecs = &policy.ecs;
    let found =
        [room(ecs), users(ecs), alarm(policy), loss_of_a_task(ecs), held_up(ecs), flat_schedule(ecs), no_peak(ecs)];
    floors_above_max(ecs).into_iter().chain(found.into_iter().flatten()).collect()
}

fn floors(policy: &EcsPolicy) -> [(&'static str, Option<TaskCount>); 5] {
    [
        ("peak_hours_min_capacity", policy.peak_hours_min_capacity),
        ("off_peak_hours_min_capacity", policy.off_peak_hours_min_capacity),
        ("weekend_min_capacity", policy.weekend_min_capacity),
        ("holiday_min_capacity", policy.holiday_min_capacity),
        ("ecs_min_capacity", Some(policy.min_capacity)),
    ]
}

fn floors_above_max(policy: &EcsPolicy) -> Vec<Finding> {
    let max = policy.max_capacity;
    let above =
        floors(policy).into_iter().filter_map(|(name, floor)| Some((name, floor.filter(|floor| *floor > max)?)));
    let said = above.map(|(name, floor)| {
        Finding::warning(
            "floor-above-max",
            &[name, "ecs_max_capacity"],
            format!("{name} is {floor}, and the most tasks are {max}"),
            "The floor is cut to the ceiling: in those hours nothing ever scales.",
            format!("Set ecs_max_capacity above {floor}, or {name} to less than {max}."),
        )
    });
    said.collect()
}

fn room(policy: &EcsPolicy) -> Option<Finding> {
    let max = policy.max_capacity;
    let known = floors(policy).into_iter().filter_map(|(name, floor)| Some((floor?, name)));
    let (floor, name) = known.max_by_key(|(floor, _)| *floor).filter(|(floor, _)| *floor <= max)?;
    let least = (f64::from(floor.0) * ROOM).ceil() as u32;
    (max.0 < least).then(|| {
        Finding::warning(
            "no-headroom",
            &["ecs_max_capacity", name],
            format!("the most tasks are {max}, and {name} is {floor}"),
            "There is no room for a spike above what always runs.",
            format!("Set ecs_max_capacity to {least} or more."),
        )
    })
}

fn users(policy: &EcsPolicy) -> Option<Finding> {
    let requests = USERS * REQUESTS_PER_USER;
    let need = (f64::from(requests) / policy.requests_per_target).ceil();
    let max = policy.max_capacity;
    (need > f64::from(max.0)).then(|| {
        Finding::warning(
            "max-below-load-test",
            &["ecs_max_capacity", "ecs_requests_per_target"],
            format!(
                "{USERS} users make up to {requests} requests a minute, which is {need} tasks of {}; the most are {max}",
                policy.requests_per_target
            ),
            "The specification's load test of that many users ends at the ceiling, above its target.",
            format!("Set ecs_max_capacity to {need} or more where that load is expected."),
        )
    })
}

fn alarm(policy: &Policy) -> Option<Finding> {
    let (target, first) = (policy.ecs.cpu_target, policy.alarms.ecs_cpu_warning.min(policy.alarms.ecs_cpu_critical));
    (target >= first).then(|| {
        Finding::warning(
            "target-above-alarm",
            &["ecs_cpu_target", "alarm_ecs_cpu_warning", "alarm_ecs_cpu_critical"],
            format!("ecs_cpu_target is {target}, and the first alarm sounds above {first}"),
            "The alarm sounds before anything scales: somebody is called for what the policy means to happen.",
            format!("Set ecs_cpu_target below {first}; 70 leaves the time that a task takes to start."),
        )
    })
}

/// What the tasks that remain would have to carry when one of the fewest is lost at the target.
fn loss_of_a_task(policy: &EcsPolicy) -> Option<Finding> {
    let n = policy.min_capacity.0;
    let target = policy.cpu_target;
    if target >= 100.0 {
        return None;
    }
    let rest = n.saturating_sub(1);
    let (after, fits) = (target * f64::from(n) / f64::from(rest), (100.0 / (100.0 - target)).ceil());
    (after > 100.0).then(|| {
        let carries = if rest == 0 { "nothing is left".to_owned() } else { format!("the rest needs {after:.0} %") };
        Finding::warning(
            "target-too-high-for-few-tasks",
            &["ecs_min_capacity", "ecs_cpu_target"],
            format!("at the target of {target} % on {n}, {carries} when one task is lost"),
            "A task that dies, or a zone, takes more than the others can carry until a new one serves.",
            format!("Set ecs_min_capacity to {fits} or more where that must hold, or lower ecs_cpu_target."),
        )
    })
}

/// Under which CPU the first task above the fewest is given back.
fn held_up(policy: &EcsPolicy) -> Option<Finding> {
    let n = policy.min_capacity.0 + 1;
    let share = policy.scale_in_margin * f64::from(n - 1) / f64::from(n);
    let under = policy.cpu_target * share;
    (n > 1 && share < HARDLY && policy.max_capacity.0 >= n).then(|| {
        Finding::warning(
            "last-step-in-hardly-ever",
            &["ecs_min_capacity", "ecs_scale_in_margin", "ecs_cpu_target"],
            format!("from {n} tasks to {}, CPU must be under {under:.1} % for the whole window", n - 1),
            "With so few tasks one of them is a large share: the rest has to carry it and stay under the target.",
            "Nothing has to change; expect the second task to stay for long, and its cost with it.".to_owned(),
        )
    })
}

fn flat_schedule(policy: &EcsPolicy) -> Option<Finding> {
    let (peak, off) = (policy.peak_hours_min_capacity?, policy.off_peak_hours_min_capacity?);
    let (peak, off) = (peak.max(policy.min_capacity), off.max(policy.min_capacity));
    (peak == off).then(|| {
        Finding::warning(
            "schedule-without-effect",
            &["peak_hours_min_capacity", "off_peak_hours_min_capacity", "ecs_min_capacity"],
            format!("the fewest tasks are {peak} in peak hours and outside them"),
            "The schedule changes nothing.",
            "Set peak_hours_min_capacity higher, or both to null.".to_owned(),
        )
    })
}

fn no_peak(policy: &EcsPolicy) -> Option<Finding> {
    let (start, end) = (policy.peak_hours_start, policy.peak_hours_end);
    (policy.peak_hours_min_capacity.is_some() && start == end).then(|| {
        Finding::warning(
            "peak-without-hours",
            &["peak_hours_start", "peak_hours_end"],
            format!("the peak starts and ends at {start:02}:00"),
            "No hour lies between them: the floor of the peak is never in force.",
            "Set peak_hours_end to the hour at which the peak is over; 0 to 24 is the whole day.".to_owned(),
        )
    })
}
