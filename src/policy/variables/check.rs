//! What no single value shows: a policy whose numbers contradict each other or cannot be meant.

use crate::platform::series::KEPT_MINUTES;
use crate::policy::knobs::Policy;

/// How much of the edge network CloudFront sells.
const PRICE_CLASSES: &[&str] = &["PriceClass_All", "PriceClass_200", "PriceClass_100"];

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

    let (replicas, cache, alarms) = (&policy.replicas, &policy.cache, &policy.alarms);
    let positive: [(&'static [&'static str], f64); 22] = [
        (&["rds_cpu_out"], replicas.cpu_out),
        (&["rds_cpu_in"], replicas.cpu_in),
        (&["rds_connections_out"], replicas.connections_out),
        (&["rds_connections_in"], replicas.connections_in),
        (&["rds_lag_out_s"], replicas.lag_out_s),
        (&["redis_memory_out"], cache.memory_out),
        (&["redis_memory_in"], cache.memory_in),
        (&["redis_cpu_out"], cache.cpu_out),
        (&["redis_cpu_in"], cache.cpu_in),
        (&["alarm_rds_cpu_critical"], alarms.rds_cpu_critical),
        (&["alarm_rds_lag_critical_s"], alarms.rds_lag_critical_s),
        (&["alarm_rds_lag_warning_s"], alarms.rds_lag_warning_s),
        (&["alarm_rds_idle_lag_s"], alarms.rds_idle_lag_s),
        (&["alarm_rds_connections_percent"], alarms.rds_connections_percent),
        (&["alarm_cache_hit_percent"], alarms.cache_hit_percent),
        (&["daily_budget_usd"], alarms.daily_budget_usd.unwrap_or(1.0)),
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
    refuse(alarms.budget_percent < 0.0, &["alarm_budget_percent"], "must not be negative".to_owned());
    for (variable, margin) in
        [(&["ecs_scale_in_margin"], ecs.scale_in_margin), (&["redis_scale_in_margin"], cache.scale_in_margin)]
    {
        let why = "a share of the target is above 0 and at most 1".to_owned();
        refuse(margin <= 0.0 || margin > 1.0, variable, why);
    }
    // A group that lets go above where it asks for more would never rest.
    let bands: [(&'static [&'static str], f64, f64); 4] = [
        (&["rds_cpu_in", "rds_cpu_out"], replicas.cpu_in, replicas.cpu_out),
        (&["rds_connections_in", "rds_connections_out"], replicas.connections_in, replicas.connections_out),
        (&["redis_memory_in", "redis_memory_out"], cache.memory_in, cache.memory_out),
        (&["redis_cpu_in", "redis_cpu_out"], cache.cpu_in, cache.cpu_out),
    ];
    for (variables, below, above) in bands {
        let why = format!("removes below {below}, above {above} where it adds");
        refuse(below > above, variables, why);
    }
    refuse(ecs.scale_in_max_step == 0, &["ecs_scale_in_max_step"], "a step takes at least 1 task".to_owned());

    // Alarms replay 45 minutes before their window.
    let longest = (KEPT_MINUTES as u32 - 80) * 60;
    let windows: [(&'static [&'static str], u32); 14] = [
        (&["ecs_scale_out_window_s"], ecs.scale_out_window_s),
        (&["ecs_scale_in_window_s"], ecs.scale_in_window_s),
        (&["rds_scale_out_window_s"], replicas.scale_out_window_s),
        (&["rds_lag_window_s"], replicas.lag_window_s),
        (&["rds_scale_in_window_s"], replicas.scale_in_window_s),
        (&["redis_scale_out_window_s"], cache.scale_out_window_s),
        (&["redis_scale_in_window_s"], cache.scale_in_window_s),
        (&["alarm_ecs_cpu_critical_window_s"], alarms.ecs_cpu_critical_window_s),
        (&["alarm_ecs_cpu_warning_window_s"], alarms.ecs_cpu_warning_window_s),
        (&["alarm_rds_cpu_critical_window_s"], alarms.rds_cpu_critical_window_s),
        (&["alarm_rds_lag_window_s"], alarms.rds_lag_window_s),
        (&["alarm_rds_connections_window_s"], alarms.rds_connections_window_s),
        (&["alarm_cache_hit_window_s"], alarms.cache_hit_window_s),
        (&["alarm_alb_5xx_window_s"], alarms.alb_5xx_window_s),
    ];
    for (variable, window) in windows {
        let why = format!("a window lasts from 60 to {longest} seconds, of which the history is kept");
        refuse(!(60..=longest).contains(&window), variable, why);
    }
    // What asked is remembered for as long as an in-window lasts, and each such window is itself looked back through.
    let kept = KEPT_MINUTES as u32 * 60 - 1200;
    let both: [(&'static [&'static str], u32); 2] = [
        (
            &["rds_scale_in_window_s", "rds_scale_out_window_s"],
            replicas.scale_in_window_s.saturating_add(replicas.scale_out_window_s.max(replicas.lag_window_s)),
        ),
        (
            &["redis_scale_in_window_s", "redis_scale_out_window_s"],
            cache.scale_in_window_s.saturating_add(cache.scale_out_window_s),
        ),
    ];
    for (variables, together) in both {
        let why = format!("the windows of both directions last at most {kept} seconds together");
        refuse(together > kept, variables, why);
    }
    refuse(ecs.peak_hours_start > 23, &["peak_hours_start"], "a peak starts at 0 to 23 o'clock".to_owned());

    let balancer = &policy.balancer;
    let ranges: [(&'static [&'static str], u32, std::ops::RangeInclusive<u32>); 4] = [
        (&["alb_health_check_interval_s"], balancer.interval_s, 5..=300),
        (&["alb_healthy_threshold"], balancer.healthy_threshold, 2..=10),
        (&["alb_unhealthy_threshold"], balancer.unhealthy_threshold, 2..=10),
        (&["alb_draining_s"], balancer.draining_s, 0..=3600),
    ];
    for (variable, value, range) in ranges {
        let why = format!("the balancer takes {} to {}", range.start(), range.end());
        refuse(!range.contains(&value), variable, why);
    }
    refuse(
        !(2..=120).contains(&balancer.timeout_s),
        &["alb_health_check_timeout_s"],
        "the balancer takes 2 to 120".to_owned(),
    );
    refuse(
        balancer.interval_s >= 5 && balancer.timeout_s >= balancer.interval_s,
        &["alb_health_check_timeout_s", "alb_health_check_interval_s"],
        format!("a check must end before the next one begins, within {} seconds", balancer.interval_s),
    );
    refuse(!balancer.path.starts_with('/'), &["alb_health_check_path"], "a path begins with /".to_owned());
    refuse(
        !PRICE_CLASSES.contains(&policy.edge.price_class.as_str()),
        &["cdn_price_class"],
        "CloudFront has PriceClass_All, PriceClass_200 and PriceClass_100".to_owned(),
    );

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
