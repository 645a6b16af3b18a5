//! The spec's sections 1 to 3 and its alarm lists against the engine, one row a sentence, each with its edges.
//!
//! Told in the shortest words: `out 7`, `in 5`, `none`, `cannot tell`; `firing` or not. What an edge means is proven in
//! detail beside each rule; this is the table that lies beside the document.

use jiff::Timestamp;

use super::alerts::{AlertRule, AlertState};
use super::cache::tests as cache;
use super::ecs::tests as ecs;
use super::replicas::tests as db;
use super::schedule::{Zone, floor_at};
use super::verdict::Decision;
use super::{EcsPolicy, Policy, alerts};
use crate::platform::{Environment, MetricId, Platform};

const CPU: MetricId = MetricId::ServiceCpu;
const MEMORY: MetricId = MetricId::ServiceMemory;
const REQUESTS: MetricId = MetricId::RequestsPerTarget;

/// A sentence of the spec, with what is put to the engine, what it says and what it should say.
struct Row {
    says: &'static str,
    cases: Vec<(String, String, &'static str)>,
}

fn row(says: &'static str, cases: Vec<(String, String, &'static str)>) -> Row {
    Row { says, cases }
}

fn case(what: impl Into<String>, got: impl Into<String>, expected: &'static str) -> (String, String, &'static str) {
    (what.into(), got.into(), expected)
}

fn short<N: Copy + std::fmt::Display>(decision: &Decision<N>) -> String {
    match decision {
        Decision::Out { to, .. } => format!("out {to}"),
        Decision::In { to, .. } => format!("in {to}"),
        Decision::None { .. } => "none".to_owned(),
        Decision::CannotTell { .. } => "cannot tell".to_owned(),
    }
}

fn at(time: &str) -> Timestamp {
    time.parse().unwrap()
}

/// Some minutes at a value, those at the places given missing.
fn held(value: f64, minutes: usize, missing: &[usize]) -> Vec<Option<f64>> {
    (0..minutes).map(|back| (!missing.contains(&back)).then_some(value)).collect()
}

/// A window that must be full: just under, at and just over the threshold; a minute short, exact; one missing minute,
/// two.
fn out_edges(
    threshold: f64,
    minutes: usize,
    over: &'static str,
    ask: impl Fn(&[Option<f64>]) -> String,
) -> Vec<(String, String, &'static str)> {
    let (below, above) = (threshold - 0.01, threshold + 0.01);
    vec![
        case("just under", ask(&held(below, minutes, &[])), "none"),
        case("at", ask(&held(threshold, minutes, &[])), "none"),
        case("just over", ask(&held(above, minutes, &[])), over),
        case("a minute short", ask(&held(above, minutes - 1, &[])), "none"),
        case("the newest missing", ask(&held(above, minutes, &[0])), over),
        case("the oldest missing", ask(&held(above, minutes, &[minutes - 1])), over),
        case("two missing", ask(&held(above, minutes, &[1, 3])), "cannot tell"),
    ]
}

/// The same for a window that must be clear; `low` is a value that leaves room for one fewer.
fn in_edges(
    threshold: f64,
    minutes: usize,
    low: f64,
    fewer: &'static str,
    ask: impl Fn(&[Option<f64>]) -> String,
) -> Vec<(String, String, &'static str)> {
    let once = |value: f64, back: usize| {
        let mut values = held(low, minutes + 1, &[]);
        values[back] = Some(value);
        values
    };
    vec![
        case("just under", ask(&once(threshold - 0.01, minutes - 1)), fewer),
        case("at, in the oldest minute", ask(&once(threshold, minutes - 1)), "none"),
        case("at, a minute before the window", ask(&once(threshold, minutes)), fewer),
        case("two missing", ask(&held(low, minutes, &[0, minutes - 1])), fewer),
        case("three missing", ask(&held(low, minutes, &[0, 9, minutes - 1])), "cannot tell"),
    ]
}

fn service(metric: MetricId) -> impl Fn(&[Option<f64>]) -> String {
    move |values| short(&ecs::Scene::steady(6).newest(metric, values).decision())
}

fn idle_service(metric: MetricId) -> impl Fn(&[Option<f64>]) -> String {
    move |values| short(&ecs::Scene::idle(6).newest(metric, values).decision())
}

fn staging(tasks: u32, busy: bool) -> String {
    let scene = if busy { ecs::Scene::steady(tasks).flat(CPU, 200.0) } else { ecs::Scene::idle(tasks) };
    let mut scene = scene.limits(1, 3);
    scene.policy = Policy::of_spec(Environment::Staging);
    short(&scene.decision())
}

fn production(tasks: u32, min: u32, time: &str) -> String {
    let scene = ecs::Scene::idle(tasks).limits(min, 10).at(at(time));
    short(&scene.flat(CPU, 10.0).flat(MEMORY, 20.0).flat(REQUESTS, 100.0).decision())
}

fn floor(policy: &EcsPolicy, time: &str) -> String {
    floor_at(policy, at(time)).count.to_string()
}

/// A count that was changed from 4 to 6 so many seconds ago, then at this CPU.
fn after_change(seconds: i64, cpu: f64) -> String {
    let mut scene = ecs::Scene::idle(4);
    let mut service = scene.service.clone();
    (service.desired, service.running) = (crate::platform::TaskCount(6), crate::platform::TaskCount(6));
    scene.see_counts(ecs::noon(), service);
    scene.see_health(ecs::noon(), 0);
    let scene = scene.at(ecs::seconds(ecs::noon(), seconds));
    short(&scene.flat(CPU, cpu).flat(MEMORY, 20.0).flat(REQUESTS, 100.0).decision())
}

fn section_1() -> Vec<Row> {
    let cooldowns = || {
        vec![
            case("59 s after an out began", after_change(59, 80.0), "none"),
            case("60 s after an out began", after_change(60, 80.0), "out 7"),
            case("299 s after a change had finished", after_change(299, 10.0), "none"),
            case("300 s after a change had finished", after_change(300, 10.0), "in 5"),
        ]
    };
    let spec = Policy::of_spec(Environment::Production).ecs;
    let berlin = EcsPolicy { schedule_timezone: Zone::named("Europe/Berlin").unwrap(), ..spec.clone() };
    let day = |time: &str| floor(&spec, &format!("2026-03-10T{time}Z"));
    let five = |metric, value: f64| service(metric)(&held(value, 5, &[]));
    vec![
        row(
            "Target: 70% CPU utilization",
            vec![
                case("70 on 6", five(CPU, 70.0), "none"),
                case("81.6 on 6 is 6.99", five(CPU, 81.6), "out 7"),
                case("81.7 on 6 is 7.003", five(CPU, 81.7), "out 8"),
            ],
        ),
        row(
            "Scale out when CPU > 70% for 2 consecutive periods (5 minutes)",
            out_edges(70.0, 5, "out 7", service(CPU)),
        ),
        row(
            "Scale in when CPU < 70% for 5 consecutive periods (25 minutes)",
            in_edges(70.0, 25, 10.0, "in 5", idle_service(CPU)),
        ),
        row("Cooldown: 60 seconds (scale out), 300 seconds (scale in)", cooldowns()),
        row(
            "Target: 80% memory utilization",
            vec![
                case("80 on 6", five(MEMORY, 80.0), "none"),
                case("93.3 on 6 is 6.998", five(MEMORY, 93.3), "out 7"),
                case("93.4 on 6 is 7.005", five(MEMORY, 93.4), "out 8"),
            ],
        ),
        row(
            "Scale out when memory > 80% for 2 consecutive periods (5 minutes)",
            out_edges(80.0, 5, "out 7", service(MEMORY)),
        ),
        row(
            "Scale in when memory < 80% for 5 consecutive periods (25 minutes)",
            in_edges(80.0, 25, 10.0, "in 5", idle_service(MEMORY)),
        ),
        row(
            "Target: 1000 requests per target",
            vec![
                case("1000 on 6", five(REQUESTS, 1000.0), "none"),
                case("1166 on 6 is 6.996", five(REQUESTS, 1166.0), "out 7"),
                case("1167 on 6 is 7.002", five(REQUESTS, 1167.0), "out 8"),
            ],
        ),
        row(
            "Scales based on ALB request count per target",
            vec![
                case("five minutes", five(REQUESTS, 1001.0), "out 7"),
                case("four minutes", service(REQUESTS)(&held(1001.0, 4, &[])), "none"),
            ],
        ),
        row(
            "Minimum: 2 tasks",
            vec![
                case("1 by night", production(1, 2, "2026-03-10T23:00:00Z"), "out 2"),
                case("2 by night", production(2, 2, "2026-03-10T23:00:00Z"), "none"),
                case("3 by night", production(3, 2, "2026-03-10T23:00:00Z"), "in 2"),
            ],
        ),
        row(
            "Maximum: 10 tasks",
            vec![
                case("9", short(&ecs::Scene::steady(9).flat(CPU, 200.0).decision()), "out 10"),
                case("10", short(&ecs::Scene::steady(10).flat(CPU, 200.0).decision()), "none"),
            ],
        ),
        row(
            "Peak hours minimum: 4 tasks",
            vec![
                case("3 at noon", short(&ecs::Scene::idle(3).decision()), "out 4"),
                case("4 at noon", short(&ecs::Scene::idle(4).decision()), "none"),
                case("5 at noon", short(&ecs::Scene::idle(5).decision()), "in 4"),
            ],
        ),
        row("Minimum: 1 task", vec![case("1", staging(1, false), "none"), case("2", staging(2, false), "in 1")]),
        row("Maximum: 3 tasks", vec![case("2", staging(2, true), "out 3"), case("3", staging(3, true), "none")]),
        row(
            "**Morning Scale-Up (8 AM UTC)**",
            vec![
                case("07:59:59", day("07:59:59"), "2"),
                case("08:00:00", day("08:00:00"), "4"),
                case("Berlin, a day of 23 hours, 07:59:59", floor(&berlin, "2026-03-29T05:59:59Z"), "2"),
                case("Berlin, a day of 23 hours, 08:00:00", floor(&berlin, "2026-03-29T06:00:00Z"), "4"),
                case("Berlin, a day of 25 hours, 07:59:59", floor(&berlin, "2026-10-25T06:59:59Z"), "2"),
                case("Berlin, a day of 25 hours, 08:00:00", floor(&berlin, "2026-10-25T07:00:00Z"), "4"),
            ],
        ),
        row(
            "Increases minimum capacity to 4 tasks",
            vec![
                case("3 tasks in the next morning", production(3, 2, "2026-03-11T07:59:59Z"), "in 2"),
                case("a second later", production(3, 2, "2026-03-11T08:00:00Z"), "out 4"),
            ],
        ),
        row(
            "**Evening Scale-Down (10 PM UTC)**",
            vec![
                case("21:59:59", day("21:59:59"), "4"),
                case("22:00:00", day("22:00:00"), "2"),
                case("Berlin, a day of 23 hours, 22:00:00", floor(&berlin, "2026-03-29T20:00:00Z"), "2"),
                case("Berlin, a day of 25 hours, 21:59:59", floor(&berlin, "2026-10-25T20:59:59Z"), "4"),
                case("Berlin, a day of 25 hours, 22:00:00", floor(&berlin, "2026-10-25T21:00:00Z"), "2"),
            ],
        ),
        row(
            "Reduces minimum capacity to 2 tasks",
            vec![
                case("4 tasks, 21:59:59", production(4, 2, "2026-03-10T21:59:59Z"), "none"),
                case("4 tasks, 22:00:00", production(4, 2, "2026-03-10T22:00:00Z"), "in 3"),
            ],
        ),
    ]
}

fn section_2() -> Vec<Row> {
    let primary =
        |metric| move |values: &[Option<f64>]| short(&db::Scene::steady(2).newest(db::DB, metric, values).decision());
    let of_replica = |metric| {
        move |values: &[Option<f64>]| short(&db::Scene::steady(2).newest(&db::replica(2), metric, values).decision())
    };
    let idle = |metric| {
        move |values: &[Option<f64>]| short(&db::Scene::idle(2).newest(&db::replica(1), metric, values).decision())
    };
    // 400 connections are the most: 320 are 80 %, 160 are 40 %.
    let percent = |ask: Box<dyn Fn(&[Option<f64>]) -> String>| {
        move |values: &[Option<f64>]| {
            ask(&values.iter().map(|value| value.map(|share| share * 4.0)).collect::<Vec<_>>())
        }
    };
    let staging = |scene: db::Scene| {
        let mut scene = scene;
        scene.policy.replicas = super::ReplicaPolicy {
            primaries: scene.policy.replicas.primaries.clone(),
            ..Policy::of_spec(Environment::Staging).replicas
        };
        short(&scene.decision())
    };
    let busy = |replicas| db::Scene::steady(replicas).flat(db::DB, db::CONNECTIONS, 390.0);
    let mut connections = out_edges(80.0, 10, "out 3", percent(Box::new(primary(db::CONNECTIONS))));
    connections.extend(out_edges(80.0, 10, "out 3", percent(Box::new(of_replica(db::CONNECTIONS)))));
    vec![
        row("Add replica when primary CPU > 70% for 10 minutes", out_edges(70.0, 10, "out 3", primary(db::CPU))),
        row("Remove replica when all replicas CPU < 40% for 30 minutes", {
            let mut cases = in_edges(40.0, 30, 20.0, "in 1", idle(db::CPU));
            cases.push(case("no replica", staging(db::Scene::idle(0)), "none"));
            cases
        }),
        row("Add replica when connections > 80% of max for 10 minutes", connections),
        row(
            "Remove replica when connections < 40% of max for 30 minutes",
            in_edges(40.0, 30, 20.0, "in 1", percent(Box::new(idle(db::CONNECTIONS)))),
        ),
        row("Alert when lag > 1 second", {
            let fires = |lag, minutes| {
                db_alarm(&db::Scene::steady(1).held(&db::replica(1), db::LAG, lag, minutes), AlertRule::RdsLagWarning)
            };
            vec![
                case("1.0", fires(1.0, 3), "not firing"),
                case("1.01", fires(1.01, 3), "firing"),
                case("a minute short", fires(1.01, 2), "not firing"),
            ]
        }),
        row("Add replica if lag persists > 5 minutes", out_edges(1.0, 5, "out 3", of_replica(db::LAG))),
        row(
            "Minimum: 1 read replica",
            vec![
                case("0", short(&db::Scene::idle(0).decision()), "out 1"),
                case("1", short(&db::Scene::idle(1).decision()), "none"),
                case("2", short(&db::Scene::idle(2).decision()), "in 1"),
            ],
        ),
        row(
            "Maximum: 5 read replicas",
            vec![case("4", short(&busy(4).decision()), "out 5"), case("5", short(&busy(5).decision()), "none")],
        ),
        row(
            "Minimum: 0 read replicas",
            vec![case("0", staging(db::Scene::idle(0)), "none"), case("1", staging(db::Scene::idle(1)), "in 0")],
        ),
        row("Maximum: 1 read replica", vec![case("0", staging(busy(0)), "out 1"), case("1", staging(busy(1)), "none")]),
        row(
            "Calculates required replica count",
            vec![
                case(
                    "one more at a time, whatever the load",
                    short(&busy(2).flat(db::DB, db::CPU, 100.0).decision()),
                    "out 3",
                ),
                case("one change in flight", short(&busy(3).status(&db::replica(3), "creating").decision()), "none"),
            ],
        ),
    ]
}

fn section_3() -> Vec<Row> {
    let node =
        |metric| move |values: &[Option<f64>]| short(&cache::Scene::steady(3).newest(2, metric, values).decision());
    let idle =
        |metric| move |values: &[Option<f64>]| short(&cache::Scene::idle(4).newest(2, metric, values).decision());
    let busy = |nodes| cache::Scene::steady(nodes).held(1, cache::CPU, 90.0, 10);
    let alone = |scene: cache::Scene| {
        short(&scene.staging().with(|cache| (cache.multi_az, cache.automatic_failover) = (false, false)).decision())
    };
    vec![
        row("Add node when memory > 75% for 10 minutes", out_edges(75.0, 10, "out 4", node(cache::MEMORY))),
        row("Remove node when memory < 40% for 30 minutes", in_edges(40.0, 30, 20.0, "in 3", idle(cache::MEMORY))),
        row("Add node when CPU > 70% for 10 minutes", out_edges(70.0, 10, "out 4", node(cache::CPU))),
        row("Remove node when CPU < 40% for 30 minutes", in_edges(40.0, 30, 20.0, "in 3", idle(cache::CPU))),
        row(
            "Minimum: 2 nodes",
            vec![
                case("1", short(&cache::Scene::idle(1).decision()), "out 2"),
                case("2", short(&cache::Scene::idle(2).decision()), "none"),
                case("3", short(&cache::Scene::idle(3).decision()), "in 2"),
            ],
        ),
        row(
            "Maximum: 6 nodes",
            vec![case("5", short(&busy(5).decision()), "out 6"), case("6", short(&busy(6).decision()), "none")],
        ),
        row(
            "Minimum: 1 node",
            vec![case("1", alone(cache::Scene::idle(1)), "none"), case("2", alone(cache::Scene::idle(2)), "in 1")],
        ),
        row("Maximum: 2 nodes", vec![case("1", alone(busy(1)), "out 2"), case("2", alone(busy(2)), "none")]),
    ]
}

fn firing(platform: &Platform, policy: &Policy, now: Timestamp, rule: AlertRule) -> String {
    let fires = |alert: &alerts::Alert| alert.rule == rule && matches!(alert.state, AlertState::Firing { .. });
    let any = alerts::alerts(platform, policy, now).iter().any(fires);
    if any { "firing" } else { "not firing" }.to_owned()
}

fn db_alarm(scene: &db::Scene, rule: AlertRule) -> String {
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

fn alarm_lists() -> Vec<Row> {
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

fn check(rows: Vec<Row>) {
    let mut wrong = Vec::new();
    for row in rows {
        assert!(!row.cases.is_empty(), "{}", row.says);
        for (what, got, expected) in row.cases {
            if got != expected {
                wrong.push(format!("{}: {what}: {got}, not {expected}", row.says));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn section_1_ecs_service() {
    check(section_1());
}

#[test]
fn section_2_read_replicas() {
    check(section_2());
}

#[test]
fn section_3_cache() {
    check(section_3());
}

#[test]
fn the_alarm_lists() {
    check(alarm_lists());
}

/// What the spec says in these sections without a number that could be put to the engine.
const NOT_ASKED: &[&str] = &[
    "Ensures consistent response times under load",
    "Prepares for business hours traffic",
    "Optimizes costs during low-traffic hours",
];

#[test]
fn every_line_of_these_sections_has_its_row_and_every_row_its_line() {
    let spec = include_str!("../../tests/it/spec.md");
    let part = |from: &str, to: &str| {
        let rest = spec.split_once(from).unwrap().1;
        let lines = rest.split_once(to).unwrap().0.lines().map(str::trim);
        lines.filter_map(|line| line.strip_prefix("- ")).map(str::to_owned).collect::<Vec<_>>()
    };
    let mut lines = part("### 1. ECS", "### 4. Application");
    lines.extend(part("### CloudWatch Alarms", "### Dashboards"));
    let rows: Vec<&str> =
        [section_1(), section_2(), section_3(), alarm_lists()].into_iter().flatten().map(|row| row.says).collect();
    let missing: Vec<_> =
        lines.iter().filter(|line| !rows.contains(&line.as_str()) && !NOT_ASKED.contains(&line.as_str())).collect();
    assert!(missing.is_empty(), "{missing:#?}");
    for row in rows {
        assert!(spec.contains(row), "{row}");
    }
}
