//! For tests: a platform with a bill and weeks of hours, so that each test says only what is unusual about its own.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;
use jiff::{Span, Timestamp};

use crate::platform::bill::{BilledDay, BilledUse, Coverage, Part};
use crate::platform::cache::{Cache, CacheNode, CacheStatus, NodeRole, Shard};
use crate::platform::metric::Resource;
use crate::platform::weeks::{HourKey, KEPT_HOURS, Measure, Weeks, hour_of};
use crate::platform::*;
use crate::policy::Policy;

/// A Tuesday noon.
pub fn now() -> Timestamp {
    "2026-03-10T12:00:00Z".parse().unwrap()
}

pub fn production() -> Policy {
    Policy::of_spec(Environment::Production)
}

pub fn service(running: u32) -> Service {
    Service {
        id: ServiceId::new("prod", "api"),
        status: ServiceStatus::Active,
        desired: TaskCount(running),
        running: TaskCount(running),
        pending: TaskCount(0),
        deployments: vec![],
        events: vec![],
        task_definition: "api:1".into(),
        task_size: Some(TaskSize { cpu_units: 1024, memory_mib: 2048 }),
        launch: "FARGATE".into(),
        target_groups: vec![],
        learnt: now(),
    }
}

pub fn database(id: &str) -> Database {
    Database {
        id: DatabaseId::new(id),
        replica_of: None,
        replicas: vec![],
        class: "db.t3.medium".into(),
        engine: Engine::Postgres,
        status: InstanceStatus("available".into()),
        created: None,
        replication: None,
        backup_days: 7,
        deletion_protection: false,
        multi_az: false,
        storage_gib: 100,
        max_connections: None,
        endpoint: None,
        learnt: now(),
    }
}

pub fn cache(nodes: usize) -> Cache {
    let node = |n| CacheNode {
        id: CacheNodeId::new(format!("redis-00{n}")),
        role: NodeRole::Replica,
        status: CacheStatus("available".into()),
        created: None,
    };
    Cache {
        id: CacheId::new("redis"),
        status: CacheStatus("available".into()),
        engine: "redis 7.1".into(),
        cluster_mode: false,
        node_type: "cache.t3.medium".into(),
        multi_az: true,
        automatic_failover: true,
        shards: vec![Shard { id: "0001".into(), nodes: (1..=nodes).map(node).collect() }],
        learnt: now(),
    }
}

pub fn platform() -> Platform {
    Platform { listed: Some(Arc::new(vec![])), ..Platform::default() }
}

pub fn with_service(mut platform: Platform, service: Service) -> Platform {
    platform.listed = Some(Arc::new(vec![service.id.clone()]));
    platform.services.insert(service.id.clone(), Arc::new(service));
    platform
}

pub fn with_database(mut platform: Platform, database: Database) -> Platform {
    platform.databases.insert(database.id.clone(), Arc::new(database));
    platform
}

/// Two weeks of hours of a measure, by a function of the hours since their start.
pub fn with_hours(mut platform: Platform, resource: &Resource, measure: Measure, of: impl Fn(i64) -> f64) -> Platform {
    let mut weeks = platform.weeks.take().map_or_else(Weeks::default, |weeks| weeks.as_ref().clone());
    let first = hour_of(now()) - KEPT_HOURS;
    let hours: BTreeMap<i64, f64> = (0..KEPT_HOURS).map(|hour| (first + hour, of(hour))).collect();
    weeks.hours.insert(HourKey { resource: resource.clone(), measure }, hours);
    weeks.learnt = now();
    platform.weeks = Some(Arc::new(weeks));
    platform
}

/// Two weeks of a service: tasks, busiest minute of CPU and of memory.
pub fn with_load(platform: Platform, tasks: f64, cpu: f64, memory: f64) -> Platform {
    let resource = Resource::Service(service(1).id);
    let platform = with_hours(platform, &resource, Measure::Tasks, |_| tasks * 60.0);
    let platform = with_hours(platform, &resource, Measure::CpuHighest, |_| cpu);
    with_hours(platform, &resource, Measure::MemoryHighest, |_| memory)
}

/// A bill of 90 days before now and a day that is not over, each usage type at the same cost a day.
pub fn bill(uses: &[(&str, &str, f64)]) -> Bill {
    let first: Date = "2025-12-10".parse().unwrap();
    let days: Vec<Date> = first.series(Span::new().days(1)).take(91).collect();
    Bill {
        uses: uses
            .iter()
            .map(|(service, usage_type, cost)| BilledUse {
                service: (*service).to_owned(),
                usage_type: (*usage_type).to_owned(),
                costs: vec![*cost; days.len()],
                amounts: vec![1.0; days.len()],
            })
            .collect(),
        days: days.into_iter().map(|day| BilledDay { day, estimated: false }).collect(),
        forecast: Part::Untold("not asked".to_owned()),
        anomalies: Part::Known(vec![]),
        savings_plans: Part::Known(Coverage { coverage_percent: Some(0.0), utilization_percent: None }),
        reservations: Part::Known(Coverage { coverage_percent: None, utilization_percent: None }),
        learnt: now(),
    }
}
