//! The alarm of a cache: its hit rate over all nodes.

use jiff::Timestamp;

use super::{Alert, AlertEvidence, AlertRule, Subject, blind, replay};
use crate::platform::metric::MetricKey;
use crate::platform::series::evidence_minute;
use crate::platform::{Cache, MetricId, Platform, Source};
use crate::policy::cache::governed;
use crate::policy::knobs::{AlarmPolicy, Policy};
use crate::policy::window::{Evidence, Reported, minutes};

/// Adds the alarms of every cache that the policy governs.
pub(super) fn alerts(platform: &Platform, policy: &Policy, span: usize, now: Timestamp, alerts: &mut Vec<Alert>) {
    let arriving = platform.sources.get(&Source::Metrics).is_none_or(|health| health.arriving(now));
    for cache in platform.caches.values().filter(|cache| governed(&policy.cache, cache)) {
        let nodes = read(platform, cache, span, now);
        alerts.push(hit_rate(&policy.alarms, cache, &nodes, now));
        // While history arrives after a start, its absence says nothing.
        if !arriving {
            let present = |back: usize| nodes.iter().any(|node| node.reported.back(back));
            alerts.push(blind(&policy.alarms, Subject::Cache(cache.id.clone()), now, present));
        }
    }
}

struct Node {
    reported: Reported,
    hits: Evidence,
    misses: Evidence,
}

fn read(platform: &Platform, cache: &Cache, span: usize, now: Timestamp) -> Vec<Node> {
    let of = |node: &crate::platform::CacheNode| {
        let reported = Reported::of_node(platform, &node.id, now, span);
        let read = |metric| {
            let series = platform.series.get(&MetricKey::cache_node(&node.id, metric));
            Evidence::read(series.map(AsRef::as_ref), metric, now, span, || Some(reported.clone()))
        };
        Node { hits: read(MetricId::CacheHits), misses: read(MetricId::CacheMisses), reported }
    };
    cache.nodes().map(of).collect()
}

/// Σhits ÷ Σ(hits + misses) over the window and all nodes; with few look-ups the rate says nothing. Nodes of which some
/// report in a minute are judged by those; a minute in which none does cannot be.
fn hit_rate(alarms: &AlarmPolicy, cache: &Cache, nodes: &[Node], now: Timestamp) -> Alert {
    let need = minutes(alarms.cache_hit_window_s).max(1);
    let counted = |back: usize| {
        let over = |evidence: &Evidence| -> f64 { (back..back + need).filter_map(|back| evidence.back(back)).sum() };
        let hits: f64 = nodes.iter().map(|node| over(&node.hits)).sum();
        let misses: f64 = nodes.iter().map(|node| over(&node.misses)).sum();
        (hits, hits + misses)
    };
    let evaluate = |back: usize| {
        if !(back..back + need).all(|back| nodes.iter().any(|node| node.reported.back(back))) {
            return None;
        }
        let (hits, lookups) = counted(back);
        let enough = lookups >= f64::from(alarms.cache_hit_min_lookups);
        Some(enough && hits * 100.0 < alarms.cache_hit_percent * lookups)
    };
    let (state, blind) = replay(alarms, evidence_minute(now), evaluate);
    let (hits, lookups) = counted(0);
    let evidence = AlertEvidence::Lookups { hits, lookups, threshold: alarms.cache_hit_percent };
    Alert { rule: AlertRule::CacheHitRate, subject: Subject::Cache(cache.id.clone()), state, blind, evidence }
}

#[cfg(test)]
mod tests;
