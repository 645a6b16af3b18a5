//! Weeks of hourly values: what sizes, floors and baselines are judged by, where three hours of minutes say nothing.
//!
//! Absent on purpose: any judgement. A hole stays a hole.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::metric::{MetricId, MetricKey, Resource};

/// How many hours are asked for: two weeks, so that a weekday is seen twice and a weekend is not the only one.
pub const KEPT_HOURS: i64 = 14 * 24;

/// What is measured hour by hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Measure {
    /// Mean CPU, %.
    Cpu,
    /// The highest minute's CPU, %.
    CpuHighest,
    /// Mean memory, %.
    Memory,
    /// The highest minute's memory, %.
    MemoryHighest,
    /// Tasks, on average: a service sends one sample of its CPU a task and minute.
    Tasks,
    /// Most connections.
    Connections,
    /// Requests.
    Requests,
}

impl Measure {
    /// The metric of a resource that it is taken from, and `CloudWatch`'s statistic; `None` where there is none.
    pub fn question(self, resource: &Resource) -> Option<(MetricId, &'static str)> {
        match (resource, self) {
            (Resource::Service(_), Self::Cpu) => Some((MetricId::ServiceCpu, "Average")),
            (Resource::Service(_), Self::CpuHighest) => Some((MetricId::ServiceCpu, "Maximum")),
            (Resource::Service(_), Self::Tasks) => Some((MetricId::ServiceCpu, "SampleCount")),
            (Resource::Service(_), Self::Memory) => Some((MetricId::ServiceMemory, "Average")),
            (Resource::Service(_), Self::MemoryHighest) => Some((MetricId::ServiceMemory, "Maximum")),
            (Resource::Database(_), Self::Cpu) => Some((MetricId::DatabaseCpu, "Average")),
            (Resource::Database(_), Self::CpuHighest) => Some((MetricId::DatabaseCpu, "Maximum")),
            (Resource::Database(_), Self::Connections) => Some((MetricId::DatabaseConnections, "Maximum")),
            (Resource::CacheNode(_), Self::Cpu) => Some((MetricId::CacheCpu, "Average")),
            (Resource::CacheNode(_), Self::CpuHighest) => Some((MetricId::CacheCpu, "Maximum")),
            (Resource::CacheNode(_), Self::Memory) => Some((MetricId::CacheMemory, "Average")),
            (Resource::CacheNode(_), Self::MemoryHighest) => Some((MetricId::CacheMemory, "Maximum")),
            (Resource::LoadBalancer(_), Self::Requests) => Some((MetricId::Requests, "Sum")),
            _ => None,
        }
    }

    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Cpu,
        Self::CpuHighest,
        Self::Memory,
        Self::MemoryHighest,
        Self::Tasks,
        Self::Connections,
        Self::Requests,
    ];
}

/// What an hourly series is of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct HourKey {
    /// The resource.
    pub resource: Resource,
    /// What is measured.
    pub measure: Measure,
}

impl HourKey {
    /// Every measure that a resource has.
    pub fn of(resource: &Resource) -> impl Iterator<Item = Self> + '_ {
        let measured = Measure::ALL.into_iter().filter(|measure| measure.question(resource).is_some());
        measured.map(|measure| Self { resource: resource.clone(), measure })
    }

    /// The metric that it is taken from, and the statistic.
    pub fn question(&self) -> Option<(MetricKey, &'static str)> {
        let (metric, statistic) = self.measure.question(&self.resource)?;
        Some((MetricKey { resource: self.resource.clone(), metric }, statistic))
    }
}

/// Hourly values in order; an hour without one is not among them.
pub type Hours = BTreeMap<i64, f64>;

/// Weeks of hourly values.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Weeks {
    /// By resource and measure; the key within is the hour since the epoch.
    pub hours: BTreeMap<HourKey, Hours>,
    /// The configured metric of users, by UTC day since the epoch; `None` where none is configured.
    pub users: Option<BTreeMap<i64, f64>>,
    /// When they were asked for.
    pub learnt: Timestamp,
}

impl Weeks {
    /// The hours of a measure of a resource; empty where there are none.
    pub fn of(&self, resource: &Resource, measure: Measure) -> Option<&Hours> {
        self.hours.get(&HourKey { resource: resource.clone(), measure }).filter(|hours| !hours.is_empty())
    }
}

/// The hour that holds an instant, counted from the epoch.
pub fn hour_of(at: Timestamp) -> i64 {
    at.as_second().div_euclid(3600)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::{DatabaseId, LoadBalancerId, ServiceId};

    #[test]
    fn a_resource_is_asked_for_what_it_has() {
        let measures = |resource: Resource| HourKey::of(&resource).map(|key| key.measure).collect::<Vec<_>>();
        assert_eq!(measures(Resource::LoadBalancer(LoadBalancerId::new("app/a/1"))), [Measure::Requests]);
        assert_eq!(measures(Resource::Service(ServiceId::new("c", "s"))).len(), 5);
        assert_eq!(
            measures(Resource::Database(DatabaseId::new("db"))),
            [Measure::Cpu, Measure::CpuHighest, Measure::Connections]
        );
    }
}
