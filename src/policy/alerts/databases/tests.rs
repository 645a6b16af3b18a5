//! Known answers on the alarms of databases, each with its edges.

use super::*;
use crate::platform::{DatabaseId, Engine};
use crate::policy::alerts::{AlertState, Severity, alerts};
use crate::policy::replicas::tests::{CONNECTIONS, CPU, DB, LAG, Scene, WRITES, noon, replica};
use crate::policy::window::ago;

fn alert(scene: &Scene, rule: AlertRule, name: &str) -> Alert {
    let subject = Subject::Database(DatabaseId::new(name));
    let all = alerts(&scene.platform, &scene.policy, scene.now);
    let mut found: Vec<_> = all.into_iter().filter(|alert| alert.rule == rule && alert.subject == subject).collect();
    assert_eq!(found.len(), 1, "{rule:?}");
    found.remove(0)
}

fn state(scene: &Scene, rule: AlertRule, name: &str) -> AlertState {
    alert(scene, rule, name).state
}

/// Fires since the end of the newest evidence minute at noon, so many minutes earlier.
fn since(minutes_ago: u32) -> AlertState {
    AlertState::Firing { since: ago(noon(), 120 + 60 * minutes_ago) }
}

#[test]
fn a_primarys_cpu_above_90_for_ten_minutes_is_critical() {
    let rule = AlertRule::RdsCpuCritical;
    assert_eq!((rule.severity(), rule.route()), (Severity::Critical, "PagerDuty + Slack"));
    let hot = |cpu, minutes| state(&Scene::steady(1).held(DB, CPU, cpu, minutes), rule, DB);
    assert_eq!(hot(90.1, 10), since(0));
    assert_eq!(hot(90.1, 9), AlertState::Filling);
    assert_eq!(hot(90.0, 20), AlertState::Clear);
    let holes = |backs: &[usize]| {
        let mut values = [Some(95.0); 10];
        for back in backs {
            values[*back] = None;
        }
        state(&Scene::steady(1).newest(DB, CPU, &values), rule, DB)
    };
    assert_eq!(holes(&[4]), since(0));
    assert_ne!(holes(&[4, 6]), since(0));
    let all = alerts(&Scene::steady(1).held(&replica(1), CPU, 99.0, 30).platform, &Scene::steady(1).policy, noon());
    assert!(all.iter().all(|alert| !matches!(alert.state, AlertState::Firing { .. })), "a replica's cpu is no alarm");
}

#[test]
fn lag_above_5_seconds_for_three_minutes_is_critical() {
    let rule = AlertRule::RdsLagCritical;
    assert_eq!((rule.severity(), rule.route()), (Severity::Critical, "PagerDuty + Slack"));
    let lagging = |lag, minutes| state(&Scene::steady(1).held(&replica(1), LAG, lag, minutes), rule, &replica(1));
    assert_eq!(lagging(5.1, 3), since(0));
    assert_eq!(lagging(5.1, 2), AlertState::Filling);
    assert_eq!(lagging(5.0, 3), AlertState::Clear);
    let hole = Scene::steady(1).newest(&replica(1), LAG, &[Some(9.0), None, Some(9.0), Some(9.0)]);
    assert_ne!(state(&hole, rule, &replica(1)), since(0), "a short window bridges nothing");
}

#[test]
fn minutes_of_broken_replication_and_of_lag_add_up() {
    let mixed = Scene::steady(1).newest(&replica(1), LAG, &[Some(-1.0), Some(6.0), Some(-1.0)]);
    assert_eq!(state(&mixed, AlertRule::RdsLagCritical, &replica(1)), since(0));
    let broken = Scene::steady(1).held(&replica(1), LAG, -1.0, 5).flat(DB, WRITES, 0.0);
    let broken = alert(&broken, AlertRule::RdsLagCritical, &replica(1));
    assert_eq!(broken.state, since(2), "broken is broken, idle or not");
    assert_eq!(broken.sentence(noon()), "replication is broken: firing for 4m");
}

#[test]
fn lag_above_1_second_for_three_minutes_is_a_warning() {
    let rule = AlertRule::RdsLagWarning;
    assert_eq!((rule.severity(), rule.route()), (Severity::Warning, "Slack"));
    let lagging = |lag, minutes| state(&Scene::steady(1).held(&replica(1), LAG, lag, minutes), rule, &replica(1));
    assert_eq!(lagging(1.1, 3), since(0));
    assert_eq!(lagging(1.1, 2), AlertState::Filling);
    assert_eq!(lagging(1.0, 3), AlertState::Clear);
}

#[test]
fn idle_lag_warns_beyond_300_seconds_and_is_never_critical() {
    let idle = |lag| Scene::steady(1).flat(DB, WRITES, 0.0).held(&replica(1), LAG, lag, 30);
    for (lag, warns) in [(300.0, false), (300.1, true)] {
        let warning = state(&idle(lag), AlertRule::RdsLagWarning, &replica(1));
        assert_eq!(matches!(warning, AlertState::Firing { .. }), warns, "{lag}");
        assert_eq!(state(&idle(lag), AlertRule::RdsLagCritical, &replica(1)), AlertState::Clear);
    }
    let mysql = idle(250.0).with(DB, |primary| primary.engine = Engine::Mysql);
    assert!(matches!(state(&mysql, AlertRule::RdsLagCritical, &replica(1)), AlertState::Firing { .. }));
    let unknown = idle(250.0).gone(DB, WRITES);
    assert!(matches!(state(&unknown, AlertRule::RdsLagCritical, &replica(1)), AlertState::Firing { .. }));
}

#[test]
fn connections_above_80_percent_of_the_most_for_three_minutes_are_a_warning() {
    let rule = AlertRule::RdsConnections;
    assert_eq!((rule.severity(), rule.route()), (Severity::Warning, "Slack"));
    for name in [DB.to_owned(), replica(1)] {
        let busy =
            |connections, minutes| state(&Scene::steady(1).held(&name, CONNECTIONS, connections, minutes), rule, &name);
        assert_eq!(busy(321.0, 3), since(0));
        assert_eq!(busy(321.0, 2), AlertState::Filling);
        assert_eq!(busy(320.0, 3), AlertState::Clear);
    }
    let unknown = Scene::steady(1).with(DB, |primary| {
        (primary.max_connections, primary.class) = (None, "db.x1e.xlarge".to_owned());
    });
    let unknown = alert(&unknown, rule, DB);
    assert_eq!((unknown.state, unknown.blind), (AlertState::Unknown, true));
}

#[test]
fn an_instance_without_any_metric_for_five_minutes_is_blind() {
    let gone = |minutes: usize| {
        let gone = vec![None; minutes];
        let scene = Scene::steady(1);
        [CPU, CONNECTIONS, LAG].into_iter().fold(scene, |scene, metric| scene.newest(&replica(1), metric, &gone))
    };
    assert_eq!(state(&gone(5), AlertRule::Blind, &replica(1)), since(0));
    assert_eq!(state(&gone(4), AlertRule::Blind, &replica(1)), AlertState::Clear);
    assert_eq!(state(&gone(5), AlertRule::Blind, DB), AlertState::Clear);
    let mut arriving = gone(5);
    arriving.platform.sources.remove(&Source::Metrics);
    let all = alerts(&arriving.platform, &arriving.policy, arriving.now);
    assert!(all.iter().all(|alert| alert.rule != AlertRule::Blind));
}

#[test]
fn only_what_the_policy_governs_and_what_is_up_has_alarms() {
    let none = |scene: Scene| assert_eq!(alerts(&scene.platform, &scene.policy, scene.now), []);
    none(Scene::steady(1).status(DB, "stopped"));
    let mut other = Scene::steady(1);
    other.policy.replicas.primaries = vec![DatabaseId::new("another")];
    none(other);
    let down = Scene::steady(1).status(&replica(1), "creating");
    let all = alerts(&down.platform, &down.policy, down.now);
    assert!(all.iter().all(|alert| alert.subject == Subject::Database(DatabaseId::new(DB))));
}

#[test]
fn alarms_are_told_in_words() {
    let scene = Scene::steady(1).held(DB, CONNECTIONS, 350.0, 20).held(DB, CPU, 95.0, 4);
    let scene = scene.held(&replica(1), LAG, 2.0, 7);
    let told: Vec<_> =
        alerts(&scene.platform, &scene.policy, scene.now).iter().map(|alert| alert.sentence(scene.now)).collect();
    insta::assert_snapshot!(told.join("\n"), @"
    lag above 1 s for 3m: firing for 6m
    connections above 80 % of the most for 3m: firing for 19m
    cpu above 90 % for 10m: 4m of 10m
    lag above 5 s for 3m: clear
    connections above 80 % of the most for 3m: clear
    no metric has data for 5m: clear
    no metric has data for 5m: clear
    ");
}
