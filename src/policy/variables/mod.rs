//! The policy as the platform's own Terraform variables: `production.tfvars` and `.tfvars.json`, read and written.
//!
//! One row a variable: the spec's by its exact name, and one for every other number. Defaults depend on `environment`,
//! wherever in the file it stands. A file that holds the platform's other variables too is fine: those are passed over
//! and named. Absent on purpose: reading files; whoever has the text hands it in with the name to show.

mod check;
mod read;
mod value;

use value::Knob;
pub use value::Value;

pub use read::{Mistake, Origins, PolicyFile, read, read_json, read_tfvars, write_back};

use super::knobs::Policy;

/// One variable.
#[derive(Clone, Copy)]
pub struct Variable {
    /// Its name in Terraform.
    pub name: &'static str,
    /// What it is, with its unit; in the words of the spec where that has some.
    pub about: &'static str,
    get: fn(&Policy) -> Value,
    set: fn(&mut Policy, &Value) -> Result<(), String>,
}

impl Variable {
    /// Its value in a policy.
    pub fn get(&self, policy: &Policy) -> Value {
        (self.get)(policy)
    }
}

macro_rules! variable {
    ($name:literal, $($path:ident).+, $about:literal) => {
        Variable {
            name: $name,
            about: $about,
            get: |policy| policy.$($path).+.show(),
            set: |policy, value| {
                policy.$($path).+ = Knob::read(value)?;
                Ok(())
            },
        }
    };
}

/// The name of the variable on which the defaults of all others depend.
const ENVIRONMENT: &str = "environment";

/// A heading of an annotated file, and the variables under it.
type Section = (&'static str, &'static [Variable]);

/// Every variable, in the order of the spec.
const SECTIONS: &[Section] = &[
    (
        "Environment",
        &[variable!("environment", environment, "production or staging: the defaults of everything below")],
    ),
    (
        "ECS service",
        &[
            variable!("ecs_min_capacity", ecs.min_capacity, "Fewest tasks, at any hour"),
            variable!("ecs_max_capacity", ecs.max_capacity, "Most tasks"),
            variable!("ecs_cpu_target", ecs.cpu_target, "Scale out above this CPU utilization, in below; %"),
            variable!("ecs_memory_target", ecs.memory_target, "Scale out above this memory utilization, in below; %"),
            variable!(
                "ecs_requests_per_target",
                ecs.requests_per_target,
                "Scale out above this many requests per target and minute, in below"
            ),
            variable!(
                "ecs_scale_out_window_s",
                ecs.scale_out_window_s,
                "How long a metric must stay above its target before an out: 2 periods, 5 minutes; seconds"
            ),
            variable!(
                "ecs_scale_in_window_s",
                ecs.scale_in_window_s,
                "How long every metric must stay below its target before an in: 5 periods, 25 minutes; seconds"
            ),
            variable!(
                "ecs_scale_out_cooldown_s",
                ecs.scale_out_cooldown_s,
                "From the start of an out to the next one that is not larger; seconds"
            ),
            variable!(
                "ecs_scale_in_cooldown_s",
                ecs.scale_in_cooldown_s,
                "From the end of any change, draining included, to the next in; seconds"
            ),
            variable!(
                "ecs_scale_in_margin",
                ecs.scale_in_margin,
                "An in must leave every metric under this share of its target; above 0, at most 1"
            ),
            variable!("ecs_scale_in_max_step", ecs.scale_in_max_step, "Most tasks that one in takes away"),
        ],
    ),
    (
        "Scheduled scaling",
        &[
            variable!(
                "peak_hours_min_capacity",
                ecs.peak_hours_min_capacity,
                "Fewest tasks in peak hours; null: no peak floor"
            ),
            variable!(
                "off_peak_hours_min_capacity",
                ecs.off_peak_hours_min_capacity,
                "Fewest tasks outside them; null: ecs_min_capacity"
            ),
            variable!("peak_hours_start", ecs.peak_hours_start, "First hour of the peak, 0 to 23"),
            variable!("peak_hours_end", ecs.peak_hours_end, "Hour at which the peak is over, 0 to 24"),
            variable!(
                "schedule_timezone",
                ecs.schedule_timezone,
                "IANA zone of these hours, of weekends and of holidays"
            ),
            variable!(
                "weekend_min_capacity",
                ecs.weekend_min_capacity,
                "Fewest tasks on Saturdays and Sundays, all day; null: as on other days"
            ),
            variable!(
                "holiday_min_capacity",
                ecs.holiday_min_capacity,
                "Fewest tasks on a holiday, all day; null: as on other days"
            ),
            variable!("holidays", ecs.holidays, "The holidays, as in [\"2026-12-25\"]"),
        ],
    ),
    (
        "RDS read replicas",
        &[
            variable!("rds_min_replicas", replicas.min, "Fewest read replicas"),
            variable!("rds_max_replicas", replicas.max, "Most read replicas"),
            variable!("rds_replica_instance_class", replicas.instance_class, "Instance class of a new replica"),
            variable!(
                "rds_primaries",
                replicas.primaries,
                "The databases that the policy governs; none named: every one that has a replica"
            ),
            variable!("rds_cpu_out", replicas.cpu_out, "Add a replica above this CPU utilization of the primary; %"),
            variable!("rds_cpu_in", replicas.cpu_in, "Remove one below this CPU utilization of every replica; %"),
            variable!(
                "rds_connections_out",
                replicas.connections_out,
                "Add a replica above this share of the most connections of any instance; %"
            ),
            variable!(
                "rds_connections_in",
                replicas.connections_in,
                "Remove one below this share on every instance; %"
            ),
            variable!(
                "rds_max_connections",
                replicas.max_connections,
                "The most connections of an instance, where the policy knows better than AWS, as in { \"db-1\" = 400 }"
            ),
            variable!("rds_lag_out_s", replicas.lag_out_s, "Add a replica above this lag of any replica; seconds"),
            variable!(
                "rds_scale_out_window_s",
                replicas.scale_out_window_s,
                "How long CPU or connections must stay above: 10 minutes; seconds"
            ),
            variable!("rds_lag_window_s", replicas.lag_window_s, "How long lag must stay above: 5 minutes; seconds"),
            variable!(
                "rds_scale_in_window_s",
                replicas.scale_in_window_s,
                "How long everything must stay below before a replica is removed: 30 minutes; seconds"
            ),
            variable!("rds_cooldown_s", replicas.cooldown_s, "From the end of a change to the next; seconds"),
            variable!(
                "rds_add_although_write_bound",
                replicas.add_although_write_bound,
                "Add a replica although the primary is hot while every replica idles"
            ),
        ],
    ),
    (
        "ElastiCache",
        &[
            variable!("redis_min_nodes", cache.min, "Fewest nodes, the primary included"),
            variable!("redis_max_nodes", cache.max, "Most nodes, the primary included"),
            variable!("redis_node_type", cache.node_type, "Node type of the cache"),
            variable!(
                "redis_groups",
                cache.groups,
                "The replication groups that the policy governs; none named: every one"
            ),
            variable!("redis_memory_out", cache.memory_out, "Add a node above this memory usage of any node; %"),
            variable!("redis_memory_in", cache.memory_in, "Remove one below this memory usage of every node; %"),
            variable!("redis_cpu_out", cache.cpu_out, "Add a node above this CPU utilization of any node; %"),
            variable!("redis_cpu_in", cache.cpu_in, "Remove one below this CPU utilization of every node; %"),
            variable!(
                "redis_scale_out_window_s",
                cache.scale_out_window_s,
                "How long a node must stay above: 10 minutes; seconds"
            ),
            variable!(
                "redis_scale_in_window_s",
                cache.scale_in_window_s,
                "How long every node must stay below: 30 minutes; seconds"
            ),
            variable!("redis_cooldown_s", cache.cooldown_s, "From the end of a change to the next; seconds"),
            variable!(
                "redis_scale_in_margin",
                cache.scale_in_margin,
                "One shard fewer must leave the memory under this share of redis_memory_out; above 0, at most 1"
            ),
        ],
    ),
    (
        "Alarms",
        &[
            variable!("alarm_ecs_cpu_critical", alarms.ecs_cpu_critical, "Critical above this CPU utilization; %"),
            variable!(
                "alarm_ecs_cpu_critical_window_s",
                alarms.ecs_cpu_critical_window_s,
                "For so long: 10 minutes; seconds"
            ),
            variable!("alarm_ecs_cpu_warning", alarms.ecs_cpu_warning, "A warning above this CPU utilization; %"),
            variable!(
                "alarm_ecs_cpu_warning_window_s",
                alarms.ecs_cpu_warning_window_s,
                "For so long: 15 minutes; seconds"
            ),
            variable!(
                "alarm_unhealthy_window_s",
                alarms.unhealthy_window_s,
                "Critical when no task has been healthy for so long; seconds"
            ),
            variable!(
                "alarm_alb_5xx_percent",
                alarms.alb_5xx_percent,
                "A warning when more than this share of requests ends in a 5XX; %"
            ),
            variable!("alarm_alb_5xx_window_s", alarms.alb_5xx_window_s, "The share is taken over so long; seconds"),
            variable!(
                "alarm_alb_5xx_min_requests",
                alarms.alb_5xx_min_requests,
                "With fewer requests than this in the window the share says nothing"
            ),
            variable!(
                "alarm_rds_cpu_critical",
                alarms.rds_cpu_critical,
                "Critical above this CPU utilization of a primary; %"
            ),
            variable!(
                "alarm_rds_cpu_critical_window_s",
                alarms.rds_cpu_critical_window_s,
                "For so long: 10 minutes; seconds"
            ),
            variable!(
                "alarm_rds_lag_critical_s",
                alarms.rds_lag_critical_s,
                "Critical above this lag of a replica, or when it does not replicate; seconds"
            ),
            variable!("alarm_rds_lag_warning_s", alarms.rds_lag_warning_s, "A warning above this lag; seconds"),
            variable!(
                "alarm_rds_idle_lag_s",
                alarms.rds_idle_lag_s,
                "Up to this, the lag that an idle PostgreSQL reports is none; seconds"
            ),
            variable!("alarm_rds_lag_window_s", alarms.rds_lag_window_s, "For so long: 3 minutes; seconds"),
            variable!(
                "alarm_rds_connections_percent",
                alarms.rds_connections_percent,
                "A warning above this share of an instance's most connections; %"
            ),
            variable!(
                "alarm_rds_connections_window_s",
                alarms.rds_connections_window_s,
                "For so long: 3 minutes; seconds"
            ),
            variable!(
                "alarm_cache_hit_percent",
                alarms.cache_hit_percent,
                "A warning below this hit rate of a cache; %"
            ),
            variable!("alarm_cache_hit_window_s", alarms.cache_hit_window_s, "The rate is taken over so long; seconds"),
            variable!(
                "alarm_cache_hit_min_lookups",
                alarms.cache_hit_min_lookups,
                "With fewer look-ups than this in the window the rate says nothing"
            ),
            variable!("daily_budget_usd", alarms.daily_budget_usd, "What a day may cost; null: no budget"),
            variable!(
                "alarm_budget_percent",
                alarms.budget_percent,
                "A warning when a day costs more than the budget by more than this; %"
            ),
            variable!(
                "alarm_clear_window_s",
                alarms.clear_window_s,
                "An alarm is over when it has not fired for so long; seconds"
            ),
        ],
    ),
    (
        "Application Load Balancer",
        &[
            variable!("alb_health_check_interval_s", balancer.interval_s, "Between two health checks; seconds"),
            variable!("alb_health_check_timeout_s", balancer.timeout_s, "How long a health check may take; seconds"),
            variable!("alb_healthy_threshold", balancer.healthy_threshold, "Successes in a row until healthy"),
            variable!("alb_unhealthy_threshold", balancer.unhealthy_threshold, "Failures in a row until unhealthy"),
            variable!("alb_health_check_path", balancer.path, "Where a health check asks"),
            variable!(
                "alb_draining_s",
                balancer.draining_s,
                "How long a target that leaves may finish what it has begun; seconds"
            ),
        ],
    ),
    (
        "CloudFront",
        &[
            variable!("cdn_origin_shield", edge.origin_shield, "Whether every origin has a shield"),
            variable!("cdn_compression", edge.compression, "Whether text is compressed on every path"),
            variable!("cdn_price_class", edge.price_class, "Which edge locations serve: PriceClass_All is all of them"),
            variable!("cdn_failover", edge.failover, "Whether a second origin stands in on every path"),
        ],
    ),
];

/// Every variable, in the order of the spec.
pub fn all() -> impl Iterator<Item = &'static Variable> {
    SECTIONS.iter().flat_map(|(_, variables)| variables.iter())
}

/// A policy as an annotated `.tfvars` file, every variable with what it is.
pub fn annotated(policy: &Policy) -> String {
    let opening = format!(
        "# The scaling policy of {}, as scaledeck reads it. Every variable is optional: what is not\n\
         # here has the specification's value for its environment.\n",
        policy.environment
    );
    let variable =
        |variable: &Variable| format!("\n# {}.\n{} = {}\n", variable.about, variable.name, variable.get(policy));
    let section = |(heading, variables): &Section| {
        std::iter::once(format!("\n# --- {heading} ---\n")).chain(variables.iter().map(variable)).collect::<String>()
    };
    opening + &SECTIONS.iter().map(section).collect::<String>()
}

#[cfg(test)]
mod tests;
