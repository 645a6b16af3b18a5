//! What no single value shows: a policy whose numbers contradict each other or cannot be meant.

use crate::platform::series::KEPT_MINUTES;
use crate::policy::knobs::Policy;

/// A fault, blamed on the first of its variables that the file sets.
pub(super) struct Fault {
    pub variables: &'static [&'static str],
    pub why: String,
}

/// Every fault of a policy.
pub(super) fn faults(policy: &Policy, given: impl Fn(&str) -> bool) -> Vec<Fault> {
    let ecs = &policy.ecs;
    let mut faults = Vec::new();
    let mut refuse = |is: bool, variables: &'static [&'static str], why: String| {
        if is {
            faults.push(Fault { variables, why });
        }
    };
    let above = |what: &str, min: u32, max: u32| format!("the minimum of {min} {what} is above the maximum of {max}");
    let (min, max) = (ecs.min_capacity.0, ecs.max_capacity.0);
    refuse(min > max, &["ecs_min_capacity", "ecs_max_capacity"], above("tasks", min, max));
    let (min, max) = (policy.replicas.min, policy.replicas.max);
    refuse(min > max, &["rds_min_replicas", "rds_max_replicas"], above("replicas", min, max));
    let (min, max) = (policy.cache.min, policy.cache.max);
    refuse(min > max, &["redis_min_nodes", "redis_max_nodes"], above("nodes", min, max));

    let positive: [(&'static [&'static str], f64); 6] = [
        (&["alarm_ecs_cpu_critical"], policy.alarms.ecs_cpu_critical),
        (&["alarm_ecs_cpu_warning"], policy.alarms.ecs_cpu_warning),
        (&["alarm_alb_5xx_percent"], policy.alarms.alb_5xx_percent),
        (&["ecs_cpu_target"], ecs.cpu_target),
        (&["ecs_memory_target"], ecs.memory_target),
        (&["ecs_requests_per_target"], ecs.requests_per_target),
    ];
    for (variable, target) in positive {
        refuse(target <= 0.0, variable, "must be above 0".to_owned());
    }
    refuse(
        ecs.scale_in_margin <= 0.0 || ecs.scale_in_margin > 1.0,
        &["ecs_scale_in_margin"],
        "a share of the target is above 0 and at most 1".to_owned(),
    );
    refuse(ecs.scale_in_max_step == 0, &["ecs_scale_in_max_step"], "a step takes at least 1 task".to_owned());

    // Alarms replay 45 minutes before their window.
    let longest = (KEPT_MINUTES as u32 - 80) * 60;
    let windows: [(&'static [&'static str], u32); 2] =
        [(&["ecs_scale_out_window_s"], ecs.scale_out_window_s), (&["ecs_scale_in_window_s"], ecs.scale_in_window_s)];
    for (variable, window) in windows {
        let why = format!("a window lasts from 60 to {longest} seconds, of which the history is kept");
        refuse(!(60..=longest).contains(&window), variable, why);
    }
    refuse(ecs.peak_hours_start > 23, &["peak_hours_start"], "a peak starts at 0 to 23 o'clock".to_owned());

    // A floor that a file sets must fit under the ceiling; a default one is cut to it.
    let floors: [(&'static [&'static str], _); 4] = [
        (&["peak_hours_min_capacity"], ecs.peak_hours_min_capacity),
        (&["off_peak_hours_min_capacity"], ecs.off_peak_hours_min_capacity),
        (&["weekend_min_capacity"], ecs.weekend_min_capacity),
        (&["holiday_min_capacity"], ecs.holiday_min_capacity),
    ];
    for (variable, floor) in floors {
        if let Some(floor) = floor.filter(|floor| *floor > ecs.max_capacity && given(variable[0])) {
            refuse(true, variable, above("tasks", floor.0, ecs.max_capacity.0));
        }
    }
    faults
}
