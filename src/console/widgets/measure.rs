//! What is measured now: the newest whole minute of a metric, and what is made of several. Absent on purpose: limits.

use jiff::Timestamp;

use super::signal::current;
use crate::platform::metric::Resource;
use crate::platform::series::evidence_minute;
use crate::platform::{Cache, CacheNodeId, MetricId, MetricKey, Platform, Series};

/// Minutes that look-ups are counted over, as the policy's alarm does.
const LOOKUP_MINUTES: i64 = 5;

/// The newest whole minute of a metric, if it is recent.
pub fn now_of(platform: &Platform, key: &MetricKey, now: Timestamp) -> Option<f64> {
    current(platform.series.get(key)?, now)
}

/// The same of any resource.
pub fn of_resource(platform: &Platform, resource: &Resource, metric: MetricId, now: Timestamp) -> Option<f64> {
    now_of(platform, &MetricKey { resource: resource.clone(), metric }, now)
}

/// What became of look-ups.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum HitRate {
    /// None was made although the nodes report: that is no traffic, not 0 %.
    NoTraffic,
    /// Nothing is known.
    Unknown,
    /// So many of a hundred found their key.
    Percent(f64),
}

/// The hit rate of nodes over five whole minutes: Σ hits ÷ Σ (hits + misses).
pub fn hit_rate<'a>(platform: &Platform, nodes: impl Iterator<Item = &'a CacheNodeId>, now: Timestamp) -> HitRate {
    let newest = evidence_minute(now);
    let (mut hits, mut lookups, mut reports) = (0.0, 0.0, false);
    for node in nodes {
        let series = |metric| platform.series.get(&MetricKey::cache_node(node, metric));
        let sum = |series: &Series| {
            (newest - LOOKUP_MINUTES + 1..=newest).filter_map(|minute| series.at(minute)).fold(0.0, |sum, v| sum + v)
        };
        let (found, missed) = (series(MetricId::CacheHits), series(MetricId::CacheMisses));
        let found = found.map_or(0.0, |series| sum(series));
        hits += found;
        lookups += found + missed.map_or(0.0, |series| sum(series));
        reports |= [MetricId::CacheCpu, MetricId::CacheMemory, MetricId::CacheHits]
            .into_iter()
            .any(|metric| series(metric).is_some_and(|series| current(series, now).is_some()));
    }
    match (lookups > 0.0, reports) {
        (true, _) => HitRate::Percent(hits / lookups * 100.0),
        (false, true) => HitRate::NoTraffic,
        (false, false) => HitRate::Unknown,
    }
}

/// The hit rate of a whole cache.
pub fn hit_rate_of(platform: &Platform, cache: &Cache, now: Timestamp) -> HitRate {
    hit_rate(platform, cache.nodes().map(|node| &node.id), now)
}

/// The largest of several measured values.
pub fn largest(values: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    values.flatten().max_by(f64::total_cmp)
}
