//! Sections 2 and 3: read replicas and the cache.

use super::alarms::db_alarm;
use super::{Row, case, in_edges, out_edges, row, short};
use crate::platform::Environment;
use crate::policy::alerts::AlertRule;
use crate::policy::cache::tests as cache;
use crate::policy::replicas::tests as db;
use crate::policy::{Policy, ReplicaPolicy};

/// Newest minutes of a metric in, the verdict out.
type Ask = Box<dyn Fn(&[Option<f64>]) -> String>;

pub(super) fn section_2() -> Vec<Row> {
    let primary =
        |metric| move |values: &[Option<f64>]| short(&db::Scene::steady(2).newest(db::DB, metric, values).decision());
    let of_replica = |metric| {
        move |values: &[Option<f64>]| short(&db::Scene::steady(2).newest(&db::replica(2), metric, values).decision())
    };
    let idle = |metric| {
        move |values: &[Option<f64>]| short(&db::Scene::idle(2).newest(&db::replica(1), metric, values).decision())
    };
    // 400 connections are the most: 320 are 80 %, 160 are 40 %.
    let percent = |ask: Ask| {
        move |values: &[Option<f64>]| {
            ask(&values.iter().map(|value| value.map(|share| share * 4.0)).collect::<Vec<_>>())
        }
    };
    let staging = |scene: db::Scene| {
        let mut scene = scene;
        scene.policy.replicas = ReplicaPolicy {
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

pub(super) fn section_3() -> Vec<Row> {
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
