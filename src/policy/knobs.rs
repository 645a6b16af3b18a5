//! Every knob of the policy; its default is the spec's number.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::prices::Prices;
use super::schedule::Zone;
use crate::platform::{CacheId, DatabaseId, Environment, TaskCount};

/// The whole policy of one environment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    /// The environment it was written for.
    pub environment: Environment,
    /// Section 1 of the spec.
    pub ecs: EcsPolicy,
    /// Section 2 of the spec.
    pub replicas: ReplicaPolicy,
    /// Section 3 of the spec.
    pub cache: CachePolicy,
    /// The alarms of the spec.
    pub alarms: AlarmPolicy,
    /// Section 4 of the spec.
    pub balancer: BalancerPolicy,
    /// Section 5 of the spec.
    pub edge: EdgePolicy,
    /// What things cost: the embedded list, or a user's prices over it. No variable: a file of its own.
    #[serde(skip)]
    pub prices: Arc<Prices>,
}

/// The alarms of the spec.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlarmPolicy {
    /// `alarm_ecs_cpu_critical`, %.
    pub ecs_cpu_critical: f64,
    /// `alarm_ecs_cpu_critical_window_s`.
    pub ecs_cpu_critical_window_s: u32,
    /// `alarm_ecs_cpu_warning`, %.
    pub ecs_cpu_warning: f64,
    /// `alarm_ecs_cpu_warning_window_s`.
    pub ecs_cpu_warning_window_s: u32,
    /// `alarm_unhealthy_window_s`: how long no target is healthy.
    pub unhealthy_window_s: u32,
    /// `alarm_alb_5xx_percent` of requests.
    pub alb_5xx_percent: f64,
    /// `alarm_alb_5xx_window_s`.
    pub alb_5xx_window_s: u32,
    /// `alarm_alb_5xx_min_requests` in the window; with fewer a share says nothing.
    pub alb_5xx_min_requests: u32,
    /// `alarm_rds_cpu_critical`, % of the primary.
    pub rds_cpu_critical: f64,
    /// `alarm_rds_cpu_critical_window_s`.
    pub rds_cpu_critical_window_s: u32,
    /// `alarm_rds_lag_critical_s`, seconds.
    pub rds_lag_critical_s: f64,
    /// `alarm_rds_lag_warning_s`, seconds.
    pub rds_lag_warning_s: f64,
    /// `alarm_rds_idle_lag_s`: up to this, lag of an idle PostgreSQL is none, seconds.
    pub rds_idle_lag_s: f64,
    /// `alarm_rds_lag_window_s`.
    pub rds_lag_window_s: u32,
    /// `alarm_rds_connections_percent` of the most that an instance takes.
    pub rds_connections_percent: f64,
    /// `alarm_rds_connections_window_s`.
    pub rds_connections_window_s: u32,
    /// `alarm_cache_hit_percent`: a warning below this hit rate.
    pub cache_hit_percent: f64,
    /// `alarm_cache_hit_window_s`.
    pub cache_hit_window_s: u32,
    /// `alarm_cache_hit_min_lookups` in the window; with fewer a rate says nothing.
    pub cache_hit_min_lookups: u32,
    /// `daily_budget_usd`; `None`: no budget, no alarm.
    pub daily_budget_usd: Option<f64>,
    /// `alarm_budget_percent`: a warning when a day costs more than the budget by more than this.
    pub budget_percent: f64,
    /// `alarm_clear_window_s`: how long an alarm must not fire before it is over.
    pub clear_window_s: u32,
}

/// The rules of the read replicas.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReplicaPolicy {
    /// `rds_min_replicas`.
    pub min: u32,
    /// `rds_max_replicas`.
    pub max: u32,
    /// `rds_replica_instance_class`.
    pub instance_class: String,
    /// `rds_primaries`: the primaries that the policy governs. Empty: every one that has a replica.
    pub primaries: Vec<DatabaseId>,
    /// `rds_cpu_out`: one more above this CPU of the primary, %.
    pub cpu_out: f64,
    /// `rds_cpu_in`: one fewer below this CPU of every replica, %.
    pub cpu_in: f64,
    /// `rds_connections_out`: one more above this share of the most connections of any instance, %.
    pub connections_out: f64,
    /// `rds_connections_in`: one fewer below this share on every instance, %.
    pub connections_in: f64,
    /// `rds_max_connections`: the most connections of an instance, by its identifier, where the policy knows better.
    pub max_connections: BTreeMap<DatabaseId, u32>,
    /// `rds_lag_out_s`: one more above this lag of any replica, seconds.
    pub lag_out_s: f64,
    /// `rds_scale_out_window_s`: for how long, of CPU and connections.
    pub scale_out_window_s: u32,
    /// `rds_lag_window_s`: for how long, of lag.
    pub lag_window_s: u32,
    /// `rds_scale_in_window_s`.
    pub scale_in_window_s: u32,
    /// `rds_cooldown_s`: from the end of a change to the next.
    pub cooldown_s: u32,
    /// `rds_add_although_write_bound`: the operator's override of the write-bound block.
    pub add_although_write_bound: bool,
}

/// The rules of the cache.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CachePolicy {
    /// `redis_min_nodes`.
    pub min: u32,
    /// `redis_max_nodes`.
    pub max: u32,
    /// `redis_node_type`.
    pub node_type: String,
    /// `redis_groups`: the replication groups that the policy governs. Empty: every one.
    pub groups: Vec<CacheId>,
    /// `redis_memory_out`: one more above this memory of any node, %.
    pub memory_out: f64,
    /// `redis_memory_in`: one fewer below this memory of every node, %.
    pub memory_in: f64,
    /// `redis_cpu_out`: one more above this host CPU of any node, %.
    pub cpu_out: f64,
    /// `redis_cpu_in`: one fewer below this host CPU of every node, %.
    pub cpu_in: f64,
    /// `redis_scale_out_window_s`.
    pub scale_out_window_s: u32,
    /// `redis_scale_in_window_s`.
    pub scale_in_window_s: u32,
    /// `redis_cooldown_s`: from the end of a change to the next.
    pub cooldown_s: u32,
    /// `redis_scale_in_margin`: one shard fewer must leave the memory under this share of its threshold.
    pub scale_in_margin: f64,
}

/// How the balancer checks its targets and lets go of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BalancerPolicy {
    /// Seconds between two health checks.
    pub interval_s: u32,
    /// Seconds that a check may take.
    pub timeout_s: u32,
    /// Successes in a row until a target is healthy.
    pub healthy_threshold: u32,
    /// Failures in a row until it is not.
    pub unhealthy_threshold: u32,
    /// Where the check asks.
    pub path: String,
    /// Seconds a target is given to finish what it has begun.
    pub draining_s: u32,
}

/// How the distribution is set up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EdgePolicy {
    /// Whether every origin has a shield.
    pub origin_shield: bool,
    /// Whether text is compressed, whatever its path.
    pub compression: bool,
    /// Which edge locations serve; AWS's word.
    pub price_class: String,
    /// Whether another origin stands in when one fails.
    pub failover: bool,
}

/// The rules of an ECS service. Field names are the spec's Terraform variables less the `ecs_`, or in their style.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EcsPolicy {
    /// `ecs_min_capacity`.
    pub min_capacity: TaskCount,
    /// `ecs_max_capacity`.
    pub max_capacity: TaskCount,
    /// `ecs_cpu_target`, %.
    pub cpu_target: f64,
    /// `ecs_memory_target`, %.
    pub memory_target: f64,
    /// `ecs_requests_per_target`, requests per target and minute.
    pub requests_per_target: f64,
    /// Seconds a breach must hold before an out: the spec's "2 consecutive periods (5 minutes)".
    pub scale_out_window_s: u32,
    /// Seconds it must be clear before an in: "5 consecutive periods (25 minutes)".
    pub scale_in_window_s: u32,
    /// Seconds after an out began.
    pub scale_out_cooldown_s: u32,
    /// Seconds after any change finished.
    pub scale_in_cooldown_s: u32,
    /// An in must leave every metric under this share of its target.
    pub scale_in_margin: f64,
    /// The most tasks taken away by one decision; at least 1.
    pub scale_in_max_step: u32,
    /// `peak_hours_min_capacity`; `None` where the environment has no peak floor.
    pub peak_hours_min_capacity: Option<TaskCount>,
    /// `off_peak_hours_min_capacity`.
    pub off_peak_hours_min_capacity: Option<TaskCount>,
    /// First hour of the peak, 0–23, included.
    pub peak_hours_start: u8,
    /// Hour at which the peak ends, 0–24, excluded. Before the first hour, the peak spans midnight.
    pub peak_hours_end: u8,
    /// Zone of the peak hours, weekends and holidays.
    pub schedule_timezone: Zone,
    /// The floor on Saturdays and Sundays, in place of the hours'; `None`: weekends are like other days.
    pub weekend_min_capacity: Option<TaskCount>,
    /// The floor on a holiday, in place of the hours' and the weekend's; `None`: holidays are like other days.
    pub holiday_min_capacity: Option<TaskCount>,
    /// The holidays.
    pub holidays: Vec<Date>,
}

impl Policy {
    /// The spec's numbers for an environment. An environment that is neither production nor staging gets production's.
    pub fn of_spec(environment: Environment) -> Self {
        let staging = environment == Environment::Staging;
        Self {
            environment,
            ecs: EcsPolicy {
                min_capacity: TaskCount(if staging { 1 } else { 2 }),
                max_capacity: TaskCount(if staging { 3 } else { 10 }),
                cpu_target: 70.0,
                memory_target: 80.0,
                requests_per_target: 1000.0,
                scale_out_window_s: 300,
                scale_in_window_s: 1500,
                scale_out_cooldown_s: 60,
                scale_in_cooldown_s: 300,
                scale_in_margin: 0.95,
                scale_in_max_step: 1,
                peak_hours_min_capacity: (!staging).then_some(TaskCount(4)),
                off_peak_hours_min_capacity: (!staging).then_some(TaskCount(2)),
                peak_hours_start: 8,
                peak_hours_end: 22,
                schedule_timezone: Zone::UTC,
                weekend_min_capacity: None,
                holiday_min_capacity: None,
                holidays: Vec::new(),
            },
            replicas: ReplicaPolicy {
                min: u32::from(!staging),
                max: if staging { 1 } else { 5 },
                instance_class: "db.t3.medium".to_owned(),
                primaries: Vec::new(),
                cpu_out: 70.0,
                cpu_in: 40.0,
                connections_out: 80.0,
                connections_in: 40.0,
                max_connections: BTreeMap::new(),
                lag_out_s: 1.0,
                scale_out_window_s: 600,
                lag_window_s: 300,
                scale_in_window_s: 1800,
                cooldown_s: 1800,
                add_although_write_bound: false,
            },
            cache: CachePolicy {
                min: if staging { 1 } else { 2 },
                max: if staging { 2 } else { 6 },
                node_type: "cache.t3.medium".to_owned(),
                groups: Vec::new(),
                memory_out: 75.0,
                memory_in: 40.0,
                cpu_out: 70.0,
                cpu_in: 40.0,
                scale_out_window_s: 600,
                scale_in_window_s: 1800,
                cooldown_s: 1800,
                scale_in_margin: 0.95,
            },
            alarms: AlarmPolicy {
                ecs_cpu_critical: 90.0,
                ecs_cpu_critical_window_s: 600,
                ecs_cpu_warning: 80.0,
                ecs_cpu_warning_window_s: 900,
                unhealthy_window_s: 180,
                alb_5xx_percent: 1.0,
                alb_5xx_window_s: 300,
                alb_5xx_min_requests: 100,
                rds_cpu_critical: 90.0,
                rds_cpu_critical_window_s: 600,
                rds_lag_critical_s: 5.0,
                rds_lag_warning_s: 1.0,
                rds_idle_lag_s: 300.0,
                rds_lag_window_s: 180,
                rds_connections_percent: 80.0,
                rds_connections_window_s: 180,
                cache_hit_percent: 70.0,
                cache_hit_window_s: 300,
                cache_hit_min_lookups: 100,
                daily_budget_usd: None,
                budget_percent: 20.0,
                clear_window_s: 300,
            },
            balancer: BalancerPolicy {
                interval_s: 30,
                timeout_s: 5,
                healthy_threshold: 2,
                unhealthy_threshold: 3,
                path: "/health".to_owned(),
                draining_s: 300,
            },
            edge: EdgePolicy {
                origin_shield: true,
                compression: true,
                price_class: "PriceClass_All".to_owned(),
                failover: true,
            },
            prices: Arc::clone(Prices::embedded()),
        }
    }
}
