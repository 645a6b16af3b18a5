//! Databases, caches, the edge and alarms in a snapshot: what a person may write, what is refused, and what comes back.

use serde_json::{Value, json};

use super::*;
use crate::headless::{advise, lint, status};
use crate::policy::{Decision, Policy, Reason};

const NOON: &str = "2026-03-10T12:00:00Z";

fn minutes(value: f64) -> Value {
    let at = |minute: u32| json!([format!("2026-03-10T{:02}:{:02}:00Z", 10 + minute / 60, minute % 60), value]);
    (0..118).map(at).collect()
}

fn series(kind: &str, name: &str, metric: &str, value: f64) -> Value {
    json!({ "resource": { kind: name }, "metric": metric, "points": minutes(value) })
}

/// A primary that is hot with one replica, a cache that is calm, and a distribution, each with its history.
fn by_hand() -> Value {
    let database = |id: &str| {
        json!({
            "id": id, "class": "db.t3.medium", "engine": "postgres", "status": "available",
            "created": "2026-01-01T00:00:00Z", "backup_days": 7, "deletion_protection": false, "multi_az": true,
            "storage_gib": 100, "max_connections": 400, "learnt": NOON
        })
    };
    let (mut primary, mut replica) = (database("db"), database("db-replica-1"));
    primary["replicas"] = json!(["db-replica-1"]);
    replica["replica_of"] = json!("db");
    replica["replication"] = json!({ "status": "replicating", "normal": true, "message": "" });
    let node = |id: &str, role: &str| json!({ "id": id, "role": role, "status": "available" });
    let settled = json!({ "watched_since": "2026-03-10T09:00:00Z", "settled": "2026-03-10T09:00:00Z" });
    let mut all =
        vec![series("database", "db", "write_iops", 50.0), series("distribution", "E1", "edge_requests", 9.0)];
    for (id, cpu) in [("db", 91.0), ("db-replica-1", 55.0)] {
        all.push(series("database", id, "database_cpu", cpu));
        all.push(series("database", id, "database_connections", 200.0));
    }
    all.push(series("database", "db-replica-1", "replica_lag", 0.1));
    for id in ["redis-001", "redis-002"] {
        for (metric, value) in [("cache_cpu", 50.0), ("cache_engine_cpu", 60.0), ("cache_memory", 60.0)] {
            all.push(series("cache_node", id, metric, value));
        }
    }
    json!({
        "schema_version": 2,
        "at": NOON,
        "services": [],
        "databases": [primary, replica],
        "replica_counts": { "db": settled },
        "reader_name": {
            "name": "reader.db", "learnt": NOON,
            "records": [{ "set": "r1", "database": "db-replica-1", "weight": 0, "ttl_s": 5 }]
        },
        "caches": [{
            "id": "redis", "status": "available", "engine": "redis 7.1", "cluster_mode": false,
            "node_type": "cache.t3.medium", "multi_az": true, "automatic_failover": true, "learnt": NOON,
            "shards": [{ "id": "0001", "nodes": [node("redis-001", "primary"), node("redis-002", "replica")] }]
        }],
        "node_counts": { "redis": settled },
        "distributions": [{
            "id": "E1", "price_class": "PriceClass_All", "origins": [], "behaviors": [], "learnt": NOON
        }],
        "alarms": [{
            "name": "cpu", "state": "alarm", "since": NOON, "above": true, "period_s": 60, "periods": [3, 3],
            "actions_enabled": true, "actions": 1, "learnt": NOON
        }],
        "alarm_turns": [{ "alarm": "cpu", "at": NOON, "from": "ok", "to": "alarm" }],
        "spend": { "last_day": null, "today": null, "spike": null, "idle": null },
        "series": all
    })
}

fn read(value: &Value) -> Result<Snapshot, String> {
    Snapshot::read("s.json", &serde_json::to_string_pretty(value).unwrap()).map_err(|mistakes| mistakes.to_string())
}

#[test]
fn every_tier_is_advised_on_with_its_evidence() {
    let answer = advise::on(read(&by_hand()).unwrap(), &Policy::of_spec(Environment::Production), None).unwrap();
    assert_eq!((answer.groups(), answer.untold()), (2, 0));
    let text = answer.text();
    for line in ["db: 1 replica\n  add a replica: 1 → 2\n", "db cpu 91 %", "redis: 2 nodes\n", "db-replica-1"] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    assert!(text.contains("alarm db: "), "{text}");
}

#[test]
fn a_group_that_cannot_be_told_of_counts() {
    let mut blind = by_hand();
    blind["series"] = json!([]);
    let answer = advise::on(read(&blind).unwrap(), &Policy::of_spec(Environment::Production), None).unwrap();
    assert_eq!((answer.groups(), answer.untold()), (2, 2));
    let decision = &answer.advice.caches.values().next().unwrap().decision;
    assert!(matches!(decision, Decision::CannotTell { reason: Reason::Missing { .. } }), "{decision:?}");
}

#[test]
fn a_replica_of_another_class_is_found_in_a_file() {
    let mut other = by_hand();
    other["databases"][1]["class"] = json!("db.t3.large");
    let report = lint::report(&Policy::of_spec(Environment::Production), Some(read(&other).unwrap())).unwrap();
    let what =
        "warning [replica-class-unlike-its-source] db-replica-1: it is db.t3.large, its source db is db.t3.medium";
    assert!(report.text().contains(what), "{}", report.text());
}

#[test]
fn whatever_is_written_comes_back() {
    let snapshot = read(&by_hand()).unwrap();
    let platform = snapshot.clone().into_platform().unwrap();
    let written = Snapshot::of(&platform, &Environment::Production, snapshot.at);
    assert_eq!(Snapshot::read("s.json", &written.written()).unwrap(), written);
    assert_eq!(written.series.len(), snapshot.series.len());
    assert_eq!((written.databases, written.caches), (snapshot.databases, snapshot.caches));
    assert_eq!((written.reader_name, written.alarms), (snapshot.reader_name, snapshot.alarms));
    assert_eq!((written.replica_counts, written.node_counts), (snapshot.replica_counts, snapshot.node_counts));
    assert_eq!((written.alarm_turns, written.spend), (snapshot.alarm_turns, snapshot.spend));
}

#[test]
fn what_cannot_be_is_refused_with_its_path() {
    let cases = [
        ("/databases/1/id", json!("db"), "databases[1].id = \"db\": stands here twice"),
        ("/databases/0/replica_of", json!("db"), "databases[0].replica_of = \"db\": nothing replicates itself"),
        ("/databases/0/replicas/0", json!("db"), "databases[0].replicas[0] = \"db\": nothing replicates itself"),
        ("/databases/0/max_connections", json!(0), "databases[0].max_connections = 0: an instance allows at least one"),
        ("/databases/0/clas", json!("x"), "databases[0].clas: unknown field `clas`"),
        ("/databases/0/storage_gib", json!(-1), "databases[0].storage_gib: invalid value: integer `-1`"),
        ("/reader_name/records/0/weight", json!(256), "reader_name.records[0].weight: invalid value: integer `256`"),
        ("/replica_counts/other", json!({}), "replica_counts.other = \"other\": no such instance stands in"),
        ("/node_counts/other", json!({}), "node_counts.other = \"other\": no such cache stands in"),
        ("/node_counts/redis/seen", json!(1), "node_counts.redis.seen: unknown field `seen`"),
        ("/caches/0/shards/0/nodes/0/part", json!("x"), "caches[0].shards[0].nodes[0].part: unknown field `part`"),
        ("/alarms/0/threshold", json!("high"), "alarms[0].threshold: invalid type: string \"high\""),
        ("/series/0/resource/database", json!("gone"), "series[0].resource.database = \"gone\": no such instance"),
        ("/series/1/resource/distribution", json!("gone"), "series[1].resource.distribution = \"gone\": no such"),
        ("/series/7/resource/cache_node", json!("gone"), "series[7].resource.cache_node = \"gone\": no such node"),
        ("/series/0/metric", json!("cache_cpu"), "series[0].metric = \"cache_cpu\": not a metric of such a resource"),
    ];
    for (path, value, expected) in cases {
        let mut snapshot = by_hand();
        let (parent, last) = path.rsplit_once('/').unwrap();
        let parent = snapshot.pointer_mut(parent).unwrap();
        match last.parse::<usize>() {
            Ok(index) if parent.is_array() => parent[index] = value,
            _ => parent[last] = value,
        }
        let told = read(&snapshot).unwrap_err();
        assert!(told.contains(expected), "{path}: {told}");
    }
    let mut unsorted = by_hand();
    let later = json!({ "alarm": "cpu", "at": "2026-03-10T12:00:01Z", "from": "ok", "to": "alarm" });
    unsorted["alarm_turns"].as_array_mut().unwrap().push(later);
    assert!(read(&unsorted).unwrap_err().contains("alarm_turns[1].at = \"2026-03-10T12:00:01Z\": turns stand newest"));
}

#[test]
fn status_shows_all_tiers() {
    let snapshot = read(&by_hand()).unwrap();
    let at = snapshot.at;
    let policy = Arc::new(Policy::of_spec(Environment::Production));
    let settings = crate::live::Settings {
        origins: std::sync::Arc::default(),
        policy: policy.clone(),
        environment: Environment::Production,
        read_only: None,
        journal: std::path::PathBuf::new(),
        clusters: Vec::new(),
        spending: crate::live::Spending::default(),
        budget: Some(0.05),
    };
    let platform = snapshot.into_platform().unwrap();
    let advice = crate::policy::advise(&platform, &policy, at);
    let mut view = View { platform: Arc::new(platform), advice: Arc::new(advice), ..View::empty(&settings, at) };
    view.meter.budget = Some(0.05);
    insta::assert_snapshot!(status::text(&view));
}
