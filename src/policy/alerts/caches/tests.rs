//! Known answers on the alarm of a cache.

use super::*;
use crate::platform::CacheId;
use crate::policy::alerts::{AlertState, Severity, alerts};
use crate::policy::cache::tests::{CACHE, CPU, MEMORY, Scene, node};
use crate::policy::replicas::tests::noon;
use crate::policy::window::ago;

const HITS: MetricId = MetricId::CacheHits;
const MISSES: MetricId = MetricId::CacheMisses;

fn alert(scene: &Scene, rule: AlertRule) -> Alert {
    let all = alerts(&scene.platform, &scene.policy, scene.now);
    let mut found: Vec<_> = all.into_iter().filter(|alert| alert.rule == rule).collect();
    assert_eq!(found.len(), 1, "{rule:?}");
    found.remove(0)
}

/// Two nodes; the first one's hits and misses a minute.
fn lookups(hits: f64, misses: f64) -> Scene {
    Scene::steady(2).flat(&node(1), HITS, hits).flat(&node(1), MISSES, misses)
}

fn fires(scene: &Scene) -> bool {
    matches!(alert(scene, AlertRule::CacheHitRate).state, AlertState::Firing { .. })
}

#[test]
fn a_hit_rate_below_70_over_five_minutes_is_a_warning() {
    let rule = AlertRule::CacheHitRate;
    assert_eq!((rule.severity(), rule.route()), (Severity::Warning, "Slack"));
    assert!(!fires(&lookups(70.0, 30.0)), "at the threshold is not below it");
    assert!(fires(&lookups(69.9, 30.1)));
    let fewer = lookups(100.0, 0.0).newest(1, MISSES, &[Some(100.0); 2]).newest(1, HITS, &[Some(0.0); 2]);
    let two = alert(&fewer, rule);
    assert_eq!(two.state, AlertState::Firing { since: ago(noon(), 120) }, "300 of 500");
    assert_eq!(two.evidence, AlertEvidence::Lookups { hits: 300.0, lookups: 500.0, threshold: 70.0 });
}

#[test]
fn the_rate_is_over_all_nodes() {
    let both = |hits| lookups(0.0, 30.0).flat(&node(2), HITS, hits);
    assert!(fires(&both(69.0)));
    assert!(!fires(&both(70.0)));
}

#[test]
fn with_fewer_than_100_look_ups_the_rate_says_nothing() {
    assert!(!fires(&lookups(0.0, 19.8)), "99 in five minutes");
    assert!(fires(&lookups(0.0, 20.0)));
    let idle = alert(&Scene::steady(2), AlertRule::CacheHitRate);
    assert_eq!(
        (idle.state, idle.blind),
        (AlertState::Clear, false),
        "hits that are missing while cpu reports are none"
    );
    assert_eq!(idle.sentence(noon()), "no look-ups in the window: clear");
    let mut no_least = Scene::steady(2);
    no_least.policy.alarms.cache_hit_min_lookups = 0;
    assert!(!fires(&no_least), "no look-ups have no rate");
}

#[test]
fn a_cache_that_stops_reporting_keeps_its_alarm_and_is_blind() {
    let mut scene = lookups(0.0, 100.0);
    for number in [1, 2] {
        for metric in [HITS, MISSES, CPU, MEMORY, MetricId::CacheEngineCpu] {
            scene = scene.newest(number, metric, &[None; 6]);
        }
    }
    let rate = alert(&scene, AlertRule::CacheHitRate);
    assert!(rate.blind && matches!(rate.state, AlertState::Firing { .. }));
    let blind = alert(&scene, AlertRule::Blind);
    assert_eq!(blind.subject, Subject::Cache(CacheId::new(CACHE)));
    assert_eq!(blind.state, AlertState::Firing { since: ago(noon(), 180) });
    let mut other = scene;
    other.policy.cache.groups = vec![CacheId::new("another")];
    assert_eq!(alerts(&other.platform, &other.policy, other.now), []);
}
