//! Each rule with numbers at which it speaks and numbers at which it does not.

use std::sync::Arc;

use super::*;
use crate::platform::ids::LoadBalancerId;
use crate::platform::metric::{MetricKey, Resource};
use crate::platform::series::start_of;
use crate::platform::{Activity, ActivityKind, Environment, MetricId, Series, Service, TargetGroup, TaskCount};
use crate::policy::drift::tests::{arn, described, id, noon};
use crate::policy::replicas::scene::{Scene, replica};
use crate::policy::window::after;

type Change = fn(&mut Policy);

/// Numbers of which nothing is to be said.
fn quiet() -> Policy {
    let mut policy = Policy::of_spec(Environment::Production);
    policy.ecs.min_capacity = TaskCount(4);
    policy.ecs.peak_hours_min_capacity = Some(TaskCount(6));
    policy.ecs.scale_out_cooldown_s = 210;
    policy.ecs.scale_out_window_s = 600;
    policy.replicas.instance_class = "db.r6g.large".to_owned();
    policy.cache.node_type = "cache.r6g.xlarge".to_owned();
    policy
}

fn rules(policy: &Policy) -> Vec<&'static str> {
    lint(policy, None).iter().map(|finding| finding.rule).collect()
}

#[test]
fn of_quiet_numbers_nothing_is_said() {
    assert_eq!(lint(&quiet(), None), []);
}

/// Each rule with numbers that it speaks of, beside quiet ones at which it does not, just short of those.
#[test]
fn each_rule_fires_and_does_not() {
    let cases: [(&str, Change, Change); 18] = [
        ("in-cooldown-shorter-than-out", |p| set_cooldowns(p, 300, 299), |p| set_cooldowns(p, 300, 300)),
        ("out-cooldown-ends-before-effect", |p| p.ecs.scale_out_cooldown_s = 209, |p| p.ecs.scale_out_cooldown_s = 210),
        ("draining-longer-than-in-cooldown", |p| p.balancer.draining_s = 301, |p| p.balancer.draining_s = 300),
        ("periods-do-not-multiply", |p| p.ecs.scale_out_window_s = 300, |p| p.ecs.scale_out_window_s = 600),
        ("window-in-parts-of-minutes", |p| p.ecs.scale_in_window_s = 1502, |p| p.ecs.scale_in_window_s = 1500),
        ("floor-above-max", |p| p.ecs.max_capacity = TaskCount(5), |p| p.ecs.max_capacity = TaskCount(9)),
        ("no-headroom", |p| p.ecs.max_capacity = TaskCount(8), |p| p.ecs.max_capacity = TaskCount(9)),
        ("max-below-load-test", |p| p.ecs.requests_per_target = 799.0, |p| p.ecs.requests_per_target = 800.0),
        ("target-above-alarm", |p| p.ecs.cpu_target = 80.0, |p| p.ecs.cpu_target = 75.0),
        ("target-above-alarm", |p| p.alarms.ecs_cpu_warning = 70.0, |p| p.alarms.ecs_cpu_warning = 71.0),
        ("target-too-high-for-few-tasks", |p| p.ecs.min_capacity = TaskCount(3), |p| p.ecs.min_capacity = TaskCount(4)),
        ("last-step-in-hardly-ever", |p| p.ecs.min_capacity = TaskCount(1), |p| p.ecs.min_capacity = TaskCount(2)),
        ("last-step-in-hardly-ever", |p| p.ecs.scale_in_margin = 0.6, |p| p.ecs.scale_in_margin = 0.7),
        (
            "schedule-without-effect",
            |p| p.ecs.peak_hours_min_capacity = Some(TaskCount(4)),
            |p| p.ecs.peak_hours_min_capacity = None,
        ),
        ("peak-without-hours", |p| p.ecs.peak_hours_end = 8, |p| p.ecs.peak_hours_end = 9),
        (
            "cache-cpu-out-of-reach",
            |p| p.cache.node_type = "cache.r6g.large".to_owned(),
            |p| p.cache.node_type = "cache.t2.small".to_owned(),
        ),
        (
            "burstable-class",
            |p| p.replicas.instance_class = "db.t4g.large".to_owned(),
            |p| p.replicas.instance_class = "db.m6g.large".to_owned(),
        ),
        ("cache-without-stand-in", |p| p.cache.min = 1, |p| p.cache.min = 2),
    ];
    for (rule, fires, does_not) in cases {
        let (mut speaks, mut silent) = (quiet(), quiet());
        fires(&mut speaks);
        does_not(&mut silent);
        assert!(rules(&speaks).contains(&rule), "{rule} does not fire: {:?}", rules(&speaks));
        assert!(!rules(&silent).contains(&rule), "{rule} fires: {:#?}", lint(&silent, None));
    }
}

fn set_cooldowns(policy: &mut Policy, out: u32, inward: u32) {
    policy.ecs.scale_out_cooldown_s = out;
    policy.ecs.scale_in_cooldown_s = inward;
}

#[test]
fn every_finding_names_variables_of_the_policy_and_what_to_set() {
    let mut policy = Policy::of_spec(Environment::Staging);
    set_cooldowns(&mut policy, 60, 30);
    policy.ecs.scale_in_window_s = 90;
    policy.ecs.cpu_target = 95.0;
    policy.ecs.off_peak_hours_min_capacity = Some(TaskCount(4));
    for finding in lint(&policy, None) {
        let [what, why, set] = finding.lines();
        assert!(!finding.variables.is_empty(), "{what}");
        for name in &finding.variables {
            assert!(variables::all().any(|variable| variable.name == *name), "{what}: {name}");
        }
        assert!(why.ends_with('.') && set.ends_with('.') && !finding.what.ends_with('.'), "{what}\n{why}\n{set}");
    }
}

/// The spec's own weak numbers, said calmly: a remark each, and no warning.
#[test]
fn the_shipped_policies_have_remarks_and_no_warnings() {
    for (environment, expected) in [
        (
            Environment::Production,
            &[
                "out-cooldown-ends-before-effect",
                "periods-do-not-multiply",
                "target-too-high-for-few-tasks",
                "cache-cpu-out-of-reach",
                "burstable-class",
                "burstable-class",
            ][..],
        ),
        (
            Environment::Staging,
            &[
                "out-cooldown-ends-before-effect",
                "periods-do-not-multiply",
                "max-below-load-test",
                "target-too-high-for-few-tasks",
                "last-step-in-hardly-ever",
                "cache-cpu-out-of-reach",
                "burstable-class",
                "burstable-class",
                "cache-without-stand-in",
            ],
        ),
    ] {
        let findings = lint(&Policy::of_spec(environment.clone()), None);
        assert_eq!(findings.iter().map(|finding| finding.rule).collect::<Vec<_>>(), expected, "{environment}");
        for finding in findings {
            assert_eq!(finding.severity, Severity::Remark, "{finding:#?}");
            assert!(finding.why.contains("The specification itself says so."), "{}", finding.why);
        }
    }
}

#[test]
fn the_shipped_policies_in_words() {
    let text = |environment| {
        let findings = lint(&Policy::of_spec(environment), None);
        findings.iter().map(|finding| finding.lines().join("\n  ") + "\n").collect::<String>()
    };
    insta::assert_snapshot!("production", text(Environment::Production));
    insta::assert_snapshot!("staging", text(Environment::Staging));
}

#[test]
fn the_specs_number_is_a_remark_and_another_of_the_same_kind_a_warning() {
    let mut policy = Policy::of_spec(Environment::Production);
    policy.ecs.cpu_target = 71.0;
    let findings = lint(&policy, None);
    let of = |rule| findings.iter().find(|finding| finding.rule == rule).unwrap();
    assert_eq!(of("target-too-high-for-few-tasks").severity, Severity::Warning);
    assert_eq!(of("cache-cpu-out-of-reach").severity, Severity::Remark);
    assert_eq!(findings[0].severity, Severity::Warning, "warnings come first");
}

fn measured_rules(platform: &Platform, policy: &Policy) -> Vec<&'static str> {
    let findings = lint(policy, Some(platform));
    let whose = |finding: &Finding| finding.of.as_deref().is_some_and(|of| of == "c/s" || of == replica(1));
    assert!(findings.iter().all(whose), "{findings:#?}");
    findings.iter().map(|finding| finding.rule).collect()
}

fn service(platform: &mut Platform) -> &mut Service {
    Arc::make_mut(platform.services.get_mut(&id()).unwrap())
}

fn with_group(platform: &mut Platform, draining_s: Option<u32>) -> LoadBalancerId {
    let balancer = LoadBalancerId::new("app/b/1");
    let group = TargetGroup {
        arn: arn(),
        name: "ai".into(),
        balancers: vec![balancer.clone()],
        interval_s: 30,
        timeout_s: 5,
        healthy_threshold: 2,
        unhealthy_threshold: 3,
        path: "/health".into(),
        draining_s,
        targets: None,
        learnt: noon(),
    };
    platform.target_groups.insert(arn(), Arc::new(group));
    balancer
}

#[test]
fn spot_with_draining_of_two_minutes_and_more() {
    for (launch, draining, fires) in [
        ("FARGATE 1 + FARGATE_SPOT 3", Some(120), true),
        ("FARGATE 1 + FARGATE_SPOT 3", Some(119), false),
        ("FARGATE 1 + FARGATE_SPOT 3", None, true),
        ("FARGATE", Some(300), false),
    ] {
        let mut platform = described();
        service(&mut platform).launch = launch.to_owned();
        with_group(&mut platform, draining);
        let expected: &[&str] = if fires { &["spot-with-long-draining"] } else { &[] };
        assert_eq!(measured_rules(&platform, &quiet()), expected, "{launch}, {draining:?}");
    }
}

#[test]
fn a_replica_of_another_class_than_its_source() {
    for (class, fires) in [("db.t3.medium", false), ("db.t3.large", true)] {
        let scene = Scene::steady(1).with(&replica(1), |replica| replica.class = class.to_owned());
        let expected: &[&str] = if fires { &["replica-class-unlike-its-source"] } else { &[] };
        assert_eq!(measured_rules(&scene.platform, &quiet()), expected, "{class}");
    }
}

/// Minutes of load that swings, and memory made from it.
fn swinging(minutes: i64, load: impl Fn(f64) -> f64, memory: impl Fn(f64) -> f64) -> Platform {
    let mut platform = described();
    let balancer = with_group(&mut platform, Some(300));
    let mut put = |key: MetricKey, value: &dyn Fn(f64) -> f64| {
        let mut series = Series::default();
        series.merge((0..minutes).map(|minute| (start_of(minute), value((minute as f64 / 10.0).sin()))));
        platform.series.insert(key, Arc::new(series));
    };
    let resource = Resource::TargetGroup(balancer, arn());
    put(MetricKey { resource, metric: MetricId::RequestsPerTarget }, &load);
    put(MetricKey::service(&id(), MetricId::ServiceMemory), &memory);
    platform
}

#[test]
fn memory_that_does_not_follow_the_load_of_a_task() {
    let rule: &[&str] = &["memory-does-not-follow-load"];
    let swings = |wave: f64| 600.0 + 300.0 * wave;
    assert_eq!(measured_rules(&swinging(120, swings, |_| 62.0), &quiet()), rule, "it never moves");
    assert_eq!(measured_rules(&swinging(120, swings, |wave| 62.0 - wave), &quiet()), rule, "it goes the other way");
    assert_eq!(measured_rules(&swinging(120, swings, |wave| 62.0 + 9.0 * wave), &quiet()), [""; 0], "it follows");
    assert_eq!(measured_rules(&swinging(59, swings, |_| 62.0), &quiet()), [""; 0], "too few minutes to tell");
    let steady = |wave: f64| 600.0 + 30.0 * wave;
    assert_eq!(measured_rules(&swinging(120, steady, |_| 62.0), &quiet()), [""; 0], "the load hardly varies");
}

#[test]
fn a_scale_out_that_takes_longer_than_its_window() {
    for (took, fires) in [(601, true), (600, false)] {
        let mut platform = described();
        let activity = |id: &str, started, count: u32, took| Activity {
            id: id.to_owned(),
            started,
            ended: Some(after(started, took)),
            kind: ActivityKind::Successful,
            description: format!("Setting desired count to {count}."),
            cause: String::new(),
            message: String::new(),
        };
        let activities = vec![activity("b", after(noon(), 3600), 6, took), activity("a", noon(), 4, 10)];
        platform.activities.insert(id(), Arc::new(activities));
        let expected: &[&str] = if fires { &["starts-slower-than-its-window"] } else { &[] };
        assert_eq!(measured_rules(&platform, &quiet()), expected, "{took}");
    }
}

#[test]
fn a_finding_is_json_from_the_same_value() {
    let mut policy = quiet();
    set_cooldowns(&mut policy, 300, 299);
    policy.balancer.draining_s = 200;
    let json = serde_json::to_value(lint(&policy, None)).unwrap();
    assert_eq!(json[0]["rule"], "in-cooldown-shorter-than-out");
    assert_eq!(json[0]["severity"], "warning");
    assert_eq!(json[0]["variables"], serde_json::json!(["ecs_scale_in_cooldown_s", "ecs_scale_out_cooldown_s"]));
    assert!(json[0].get("of").is_none());
}
