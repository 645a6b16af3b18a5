//! The alarm lists.

use jiff::Timestamp;

use super::{Row, case, row};
use crate::platform::{MetricId, Platform};
use crate::policy::Policy;
use crate::policy::alerts::{Alert, AlertRule, AlertState, alerts};
use crate::policy::cache::tests as cache;
use crate::policy::ecs::tests as ecs;
use crate::policy::replicas::tests as db;

const CPU: MetricId = MetricId::ServiceCpu;

fn firing(platform: &Platform, policy: &Policy, now: Timestamp, rule: AlertRule) -> String {
    let fires = |alert: &Alert| alert.rule == rule && matches!(alert.state, AlertState::Firing { .. });
    let any = alerts(platform, policy, now).iter().any(fires);
    if any { "firing" } else { "not firing" }.to_owned()
}

pub(super) fn db_alarm(scene: &db::Scene, rule: AlertRule) -> String {
    firing(&scene.platform, &scene.policy, scene.now, rule)
}

/// Over a threshold: at, just over, a minute short, exact.
fn alarm_edges(
    threshold: f64,
    minutes: usize,
    ask: impl Fn(f64, usize) -> String,
) -> Vec<(String, String, &'static str)> {
    vec![
        case("just under", ask(threshold - 0.01, minutes), "not firing"),
        case("at", ask(threshold, minutes), "not firing"),
        case("just over", ask(threshold + 0.01, minutes), "firing"),
        case("a minute short", ask(threshold + 0.01, minutes - 1), "not firing"),
    ]
}

pub(super) fn alarm_lists() -> Vec<Row> {
    let service = |rule| {
        move |cpu: f64, minutes: usize| {
            let scene = ecs::Scene::steady(6).newest(CPU, &vec![Some(cpu); minutes]);
            firing(&scene.platform, &scene.policy, scene.now, rule)
        }
    };
    let healthy = |count: f64, minutes: usize| {
        let scene = ecs::Scene::steady(6).flat(MetricId::HealthyHosts, 6.0);
        let scene = scene.newest(MetricId::HealthyHosts, &vec![Some(count); minutes]);
        firing(&scene.platform, &scene.policy, scene.now, AlertRule::AllTasksUnhealthy)
    };
    let primary_cpu =
        |cpu, minutes| db_alarm(&db::Scene::steady(1).held(db::DB, db::CPU, cpu, minutes), AlertRule::RdsCpuCritical);
    let lag = |lag, minutes| {
        db_alarm(&db::Scene::steady(1).held(&db::replica(1), db::LAG, lag, minutes), AlertRule::RdsLagCritical)
    };
    let connections = |share: f64, minutes| {
        db_alarm(&db::Scene::steady(1).held(db::DB, db::CONNECTIONS, share * 4.0, minutes), AlertRule::RdsConnections)
    };
    let hits = |hits: f64| {
        let scene = cache::Scene::steady(2).flat(&cache::node(1), MetricId::CacheHits, hits);
        let scene = scene.flat(&cache::node(2), MetricId::CacheMisses, 100.0 - hits);
        firing(&scene.platform, &scene.policy, scene.now, AlertRule::CacheHitRate)
    };
    let errors = |errors: f64| {
        let scene = ecs::Scene::steady(6).flat(MetricId::Requests, 1000.0).flat(MetricId::Target5xx, errors);
        firing(&scene.platform, &scene.policy, scene.now, AlertRule::Alb5xx)
    };
    vec![
        row("ECS service CPU > 90% for 10 minutes", alarm_edges(90.0, 10, service(AlertRule::EcsCpuCritical))),
        row("RDS primary CPU > 90% for 10 minutes", alarm_edges(90.0, 10, primary_cpu)),
        row(
            "All ECS tasks unhealthy",
            vec![
                case("none healthy for 3 minutes", healthy(0.0, 3), "firing"),
                case("none healthy for 2 minutes", healthy(0.0, 2), "not firing"),
                case("one healthy", healthy(1.0, 3), "not firing"),
            ],
        ),
        row("RDS replica lag > 5 seconds", alarm_edges(5.0, 3, lag)),
        row("ECS service CPU > 80% for 15 minutes", alarm_edges(80.0, 15, service(AlertRule::EcsCpuWarning))),
        row("RDS connections > 80% of max", alarm_edges(80.0, 3, connections)),
        row(
            "Cache hit rate < 70%",
            vec![
                case("just over", hits(70.01), "not firing"),
                case("at", hits(70.0), "not firing"),
                case("just under", hits(69.99), "firing"),
            ],
        ),
        row(
            "ALB 5XX errors > 1% of requests",
            vec![case("at", errors(10.0), "not firing"), case("just over", errors(10.01), "firing")],
        ),
    ]
}
