//! What a person may write, what is refused, and how that is told.

use crate::platform::metric::CATALOGUE;
use serde_json::{Value, json};

use super::*;
use crate::policy::{Decision, Policy, Reason, advise};

const NOON: &str = "2026-03-10T12:00:00Z";

fn activity(started: &str) -> Value {
    json!({ "id": "a", "started": started, "kind": "successful", "description": "Setting desired count to 4." })
}

/// The least that a person has to write for a verdict, a field a line.
fn by_hand() -> Value {
    let minutes = |value: f64| {
        let at = |minute: u32| json!([format!("2026-03-10T{:02}:{:02}:00Z", 11 + minute / 60, minute % 60), value]);
        (0..57).map(at).collect::<Vec<_>>()
    };
    json!({
        "schema_version": 2,
        "at": "2026-03-10T12:00:00Z",
        "services": [{
            "id": "c/s",
            "service": {
                "id": "c/s",
                "status": "active",
                "desired": 5,
                "running": 5,
                "pending": 0,
                "target_groups": ["tg"],
                "learnt": "2026-03-10T12:00:00Z"
            },
            "target": { "min": 2, "max": 10, "learnt": "2026-03-10T12:00:00Z" },
            "counts": { "settled": "2026-03-10T11:00:00Z", "cadence_s": 60 }
        }],
        "target_groups": [{
            "arn": "tg",
            "name": "tg",
            "balancers": ["app/b/1"],
            "interval_s": 30,
            "timeout_s": 5,
            "healthy_threshold": 2,
            "unhealthy_threshold": 3,
            "path": "/health",
            "learnt": "2026-03-10T12:00:00Z"
        }],
        "series": [
            { "resource": { "service": "c/s" }, "metric": "service_cpu", "points": minutes(84.0) },
            { "resource": { "service": "c/s" }, "metric": "service_memory", "points": minutes(50.0) },
            {
                "resource": { "target_group": ["app/b/1", "tg"] },
                "metric": "requests_per_target",
                "points": minutes(400.0)
            }
        ]
    })
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap()
}

/// The snapshot with one value replaced, or added.
fn with(path: &str, value: Value) -> String {
    let mut snapshot = by_hand();
    let (parent, last) = path.rsplit_once('/').unwrap();
    let parent = snapshot.pointer_mut(parent).unwrap();
    match parent {
        Value::Array(items) => items[last.parse::<usize>().unwrap()] = value,
        other => other[last] = value,
    }
    pretty(&snapshot)
}

fn told(text: &str) -> String {
    Snapshot::read("s.json", text).unwrap_err().to_string()
}

#[test]
fn what_a_person_wrote_is_judged() {
    let snapshot = Snapshot::read("s.json", &pretty(&by_hand())).unwrap();
    let (at, policy) = (snapshot.at, Policy::of_spec(snapshot.environment()));
    let platform = snapshot.into_platform().unwrap();
    let verdict = &advise(&platform, &policy, at).services[&ServiceId::new("c", "s")];
    assert!(matches!(verdict.decision, Decision::Out { to, .. } if to.0 == 6), "{verdict:#?}");
}

#[test]
fn without_what_was_seen_of_the_count_nothing_is_taken_away() {
    let mut quiet = by_hand();
    quiet["services"][0].as_object_mut().unwrap().remove("counts");
    for series in 0..3 {
        for point in quiet["series"][series]["points"].as_array_mut().unwrap() {
            point[1] = json!(5.0);
        }
    }
    let snapshot = Snapshot::read("s.json", &pretty(&quiet)).unwrap();
    let (at, policy) = (snapshot.at, Policy::of_spec(snapshot.environment()));
    let verdict = &advise(&snapshot.into_platform().unwrap(), &policy, at).services[&ServiceId::new("c", "s")];
    assert!(verdict.decision.to().is_none(), "{verdict:#?}");
    assert!(!matches!(verdict.decision.reason(), Reason::Stale { source: Source::Services, .. }));
}

/// Paths, values, and what is told; `#` stands for the line, which is looked up by the text beside it.
#[test]
fn what_cannot_be_is_refused_with_path_line_and_value() {
    let cases = [
        ("/schema_version", json!(1), "schema_version = 1: this program reads version 2"),
        (
            "/services/0/service/desired",
            json!(-1),
            "services[0].service.desired: invalid value: integer `-1`, expected u32",
        ),
        (
            "/services/0/service/desired",
            json!(2.5),
            "services[0].service.desired: invalid type: floating point `2.5`, expected u32",
        ),
        ("/services/0/id", json!("alone"), "services[0].id: `alone` is not <cluster>/<service>"),
        ("/services/0/service/id", json!("c/other"), "services[0].service.id = \"c/other\": filed under \"c/s\""),
        ("/services/0/target/min", json!(11), "services[0].target.min = 11: the minimum is above the maximum of 10"),
        (
            "/services/0/counts/cadence_s",
            json!(0),
            "services[0].counts.cadence_s = 0: say every how many seconds the counts were read",
        ),
        ("/services/0/service/learnt", json!("noon"), "services[0].service.learnt: "),
        (
            "/series/0/points/3/1",
            json!(-0.5),
            "series[0].points[3][1] = -0.5: nothing that is counted or measured here is ever negative",
        ),
        ("/series/0/points/3/1", json!(10_000.5), "series[0].points[3][1] = 10000.5: more than 10000 % cannot be"),
        ("/series/0/points/3/1", json!("NaN"), "series[0].points[3][1]: invalid type: string \"NaN\", expected f64"),
        ("/series/0/points/3/1", json!(null), "series[0].points[3][1]: invalid type: null, expected f64"),
        (
            "/series/0/points/3/0",
            json!("2026-03-10T11:02:59Z"),
            "series[0].points[3][0] = \"2026-03-10T11:02:59Z\": a second value for one minute",
        ),
        (
            "/series/0/points/3/0",
            json!("2026-03-10T10:02:00Z"),
            "series[0].points[3][0] = \"2026-03-10T10:02:00Z\": points stand oldest first",
        ),
        ("/series/0/metric", json!("cpu"), "series[0].metric: unknown variant `cpu`, expected one of "),
        ("/series/0/metric", json!("requests"), "series[0].metric = \"requests\": not a metric of such a resource"),
        (
            "/series/0/resource/service",
            json!("c/t"),
            "series[0].resource.service = \"c/t\": no such service stands in `services`",
        ),
        (
            "/series/2/resource/target_group/1",
            json!("gt"),
            "series[2].resource.target_group[1] = \"gt\": no such group stands in `target_groups`",
        ),
        (
            "/sources",
            json!({ "services": { "state": { "kind": "live" }, "learnt": null, "since": NOON, "cadence_s": 0, "failures": 0 } }),
            "sources.services.cadence_s = 0: nothing is read every 0 seconds",
        ),
        (
            "/services/0/policies",
            json!([{ "name": "p", "kind": "k", "metric": "m", "target": 0.0 }]),
            "services[0].policies[0].target = 0: a target is above 0",
        ),
        (
            "/services/0/schedules",
            json!([{ "name": "n", "schedule": "s", "min": 4, "max": 3 }]),
            "services[0].schedules[0].min = 4: the minimum is above the maximum of 3",
        ),
        (
            "/services/0/activities",
            json!([activity("2026-03-10T11:00:00Z"), activity("2026-03-10T11:00:01Z")]),
            "services[0].activities[1].started = \"2026-03-10T11:00:01Z\": activities stand newest first",
        ),
        (
            "/services/0/counts/changes",
            json!([{ "seen": NOON, "from": 4, "to": 5 }, { "seen": "2026-03-10T11:59:59Z", "from": 5, "to": 6 }]),
            "services[0].counts.changes[1].seen = \"2026-03-10T11:59:59Z\": changes stand oldest first",
        ),
        (
            "/series/0/resource",
            json!({ "load_balancer": "app/c/1" }),
            "series[0].metric = \"service_cpu\": not a metric of such a resource",
        ),
        (
            "/services/0/service/desird",
            json!(3),
            "services[0].service.desird: unknown field `desird`, expected one of ",
        ),
        ("/sevices", json!([]), "sevices: unknown field `sevices`, expected one of "),
    ];
    for (path, value, expected) in cases {
        let text = with(path, value.clone());
        let told = told(&text);
        let first = told.lines().next().unwrap();
        let (place, what) = first.split_once(": ").unwrap();
        assert!(what.starts_with(expected), "{path}: {first}");
        let line: usize = place.strip_prefix("s.json:").unwrap().parse().unwrap();
        let key = path.rsplit('/').next().unwrap();
        let at = text.lines().nth(line - 1).unwrap();
        let inner = expected.split(' ').next().unwrap().trim_end_matches(':').rsplit('.').next().unwrap();
        let there = at.contains(key) || at.contains(inner) || at.contains(&value.to_string());
        assert!(there, "{path} is told at line {line}, which is {at}");
    }
}

#[test]
fn numbers_that_json_cannot_hold_are_refused() {
    for (number, why) in [("1e999", "number out of range"), ("NaN", "expected value"), ("-Infinity", "invalid number")]
    {
        let text = with("/series/0/points/3/1", json!(12.345)).replacen("12.345", number, 1);
        let told = told(&text);
        assert!(told.contains("series[0].points[3][1]: ") && told.contains(why), "{told}");
    }
}

#[test]
fn everything_that_cannot_be_is_told_at_once() {
    let mut snapshot = by_hand();
    snapshot["services"][0]["target"]["max"] = json!(1);
    snapshot["series"][1]["points"][0][1] = json!(-1.0);
    let twin = snapshot["services"][0].clone();
    snapshot["services"].as_array_mut().unwrap().push(twin);
    let twin = snapshot["series"][0].clone();
    snapshot["series"].as_array_mut().unwrap().push(twin);
    let told = told(&pretty(&snapshot));
    let whats: Vec<_> = told.lines().map(|line| line.split_once(": ").unwrap().1).collect();
    assert_eq!(
        whats,
        [
            "services[0].target.min = 2: the minimum is above the maximum of 1",
            "services[1].id = \"c/s\": stands here twice",
            "services[1].target.min = 2: the minimum is above the maximum of 1",
            "series[1].points[0][1] = -1: nothing that is counted or measured here is ever negative",
            "series[3].metric = \"service_cpu\": this metric of this resource stands here twice",
        ]
    );
}

#[test]
fn a_value_that_was_made_by_hand_is_checked_on_its_way_to_a_platform_too() {
    let mut snapshot = Snapshot::read("s.json", &pretty(&by_hand())).unwrap();
    snapshot.series[0].points[0].1 = f64::INFINITY;
    let mistake = snapshot.into_platform().unwrap_err();
    assert_eq!(mistake.to_string(), "series[0].points[0][1] = inf: not a number");
}

#[test]
fn something_after_the_snapshot_is_refused() {
    let text = pretty(&by_hand()) + "\n{}\n";
    let lines = text.lines().count();
    assert_eq!(told(&text), format!("s.json:{lines}: something follows the snapshot"));
    assert!(told("").starts_with("s.json:1: "), "{}", told(""));
}

#[test]
fn an_unknown_field_within_a_state_is_refused() {
    let health = json!({
        "state": { "kind": "denied", "action": "ecs:X", "who": "me" },
        "learnt": null, "since": "2026-03-10T11:00:00Z", "cadence_s": 5, "failures": 1
    });
    let told = told(&with("/sources", json!({ "services": health })));
    assert!(told.contains("unknown field `who`"), "{told}");
}

#[test]
fn a_balancer_that_no_group_hangs_under_is_refused() {
    let mut snapshot = by_hand();
    snapshot["series"].as_array_mut().unwrap().push(json!({
        "resource": { "load_balancer": "app/c/1" }, "metric": "elb5xx", "points": []
    }));
    let why = "no group of `target_groups` hangs under such a balancer";
    let told = told(&pretty(&snapshot));
    assert!(told.ends_with(&format!("series[3].resource.load_balancer = \"app/c/1\": {why}")), "{told}");
    snapshot["series"][3]["resource"]["load_balancer"] = json!("app/b/1");
    assert!(Snapshot::read("s.json", &pretty(&snapshot)).is_ok());
}

/// What polling may leave behind: limits of other clusters, the history of what is gone, values that cannot be.
#[test]
fn whatever_is_written_can_be_read() {
    let snapshot = Snapshot::read("s.json", &pretty(&by_hand())).unwrap();
    let at = snapshot.at;
    let mut platform = snapshot.clone().into_platform().unwrap();
    let target = platform.targets.values().next().unwrap().clone();
    platform.targets.insert(ServiceId::new("other", "s"), target);
    let gone = MetricKey::service(&ServiceId::new("c", "gone"), MetricId::ServiceCpu);
    let cpu = MetricKey::service(&ServiceId::new("c", "s"), MetricId::ServiceCpu);
    let mut series = (*platform.series[&cpu]).clone();
    series.merge([(at, -1.0), (start_of(crate::platform::series::minute_of(at) + 1), 99_999.0)]);
    platform.series.insert(gone, Arc::new(series.clone()));
    platform.series.insert(cpu, Arc::new(series));
    let started = |at: &str| serde_json::from_value::<Activity>(activity(at)).unwrap();
    let activities = vec![started("2026-03-10T10:00:00Z"), started("2026-03-10T11:00:00Z")];
    platform.activities.insert(ServiceId::new("c", "s"), Arc::new(activities));

    let written = Snapshot::of(&platform, &Environment::Production, at);
    let back = Snapshot::read("s.json", &written.written()).unwrap();
    assert_eq!(back, written);
    assert_eq!((back.services.len(), back.series.len()), (1, 3));
    assert_eq!(back.series, snapshot.series, "what cannot be is left out");
}

#[test]
fn of_all_metrics_only_a_replicas_lag_may_be_negative() {
    for row in CATALOGUE {
        assert_eq!(check::impossible(row.id, -1.0).is_none(), row.id == MetricId::ReplicaLag, "{:?}", row.id);
    }
    assert!(check::impossible(MetricId::ReplicaLag, f64::NAN).is_some());
}
