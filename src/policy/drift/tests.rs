//! A row a sentence of the spec: at its number, and off it.

use std::sync::Arc;

use super::*;
use crate::platform::distribution::{Behavior, Distribution, Origin, OriginGroup};
use crate::platform::ids::DistributionId;
use crate::platform::{
    Environment, Fact, Reading, ScalableTarget, ScalingPolicy, ScheduledAction, Service, ServiceId, ServiceStatus,
    Suspended, TaskCount,
};

/// Noon UTC on a Tuesday: peak hours.
pub(in crate::policy) fn noon() -> Timestamp {
    "2026-03-10T12:00:00Z".parse().unwrap()
}

pub(in crate::policy) fn id() -> ServiceId {
    ServiceId::new("c", "s")
}

pub(in crate::policy) fn arn() -> TargetGroupArn {
    TargetGroupArn::new("arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/ai/1")
}

fn read_now(platform: &mut Platform, source: Source, fact: Fact) {
    platform.apply(Reading { source, asked: noon(), cadence_s: 60, fact }, noon());
}

fn tracking(metric: &str, target: f64) -> ScalingPolicy {
    ScalingPolicy {
        name: metric.to_owned(),
        kind: "TargetTrackingScaling".to_owned(),
        metric: metric.to_owned(),
        target: Some(target),
        out_cooldown_s: Some(60),
        in_cooldown_s: None,
        scale_in_disabled: false,
        alarms: vec![],
    }
}

fn daily(hour: u8, min: u32) -> ScheduledAction {
    ScheduledAction {
        name: format!("at-{hour}"),
        schedule: format!("cron(0 {hour} * * ? *)"),
        timezone: String::new(),
        min: Some(TaskCount(min)),
        max: None,
    }
}

/// A service and its group as the spec wants them, with nothing else read.
pub(in crate::policy) fn described() -> Platform {
    let mut platform = Platform::default();
    let service = Service {
        id: id(),
        status: ServiceStatus::Active,
        desired: TaskCount(4),
        running: TaskCount(4),
        pending: TaskCount(0),
        deployments: vec![],
        events: vec![],
        task_definition: "ai:1".into(),
        task_size: None,
        launch: "FARGATE".into(),
        target_groups: vec![arn()],
        learnt: noon(),
    };
    platform.services.insert(id(), Arc::new(service));
    platform
}

fn as_the_spec_says() -> Platform {
    let mut platform = described();
    let target =
        ScalableTarget { min: TaskCount(4), max: TaskCount(10), suspended: Suspended::default(), learnt: noon() };
    read_now(&mut platform, Source::ScalableTargets, Fact::ScalableTargets([(id(), target)].into()));
    let policies = vec![
        tracking("ECSServiceAverageCPUUtilization", 70.0),
        tracking("ECSServiceAverageMemoryUtilization", 80.0),
        tracking("ALBRequestCountPerTarget", 1000.0),
    ];
    read_now(&mut platform, Source::ScalingPolicies, Fact::ScalingPolicies([(id(), policies)].into()));
    let actions = vec![daily(8, 4), daily(22, 2)];
    read_now(&mut platform, Source::ScheduledActions, Fact::ScheduledActions([(id(), actions)].into()));
    let group = TargetGroup {
        arn: arn(),
        name: "ai".into(),
        balancers: vec![],
        interval_s: 30,
        timeout_s: 5,
        healthy_threshold: 2,
        unhealthy_threshold: 3,
        path: "/health".into(),
        draining_s: Some(300),
        targets: None,
        learnt: noon(),
    };
    read_now(&mut platform, Source::TargetGroups, Fact::TargetGroups(vec![group]));
    let distribution = Distribution {
        domain: String::new(),
        enabled: true,
        additional_metrics: None,
        id: DistributionId::new("E1"),
        price_class: "PriceClass_All".into(),
        origins: ["alb", "s3"].map(|id| Origin { id: id.into(), shield: Some("us-east-1".into()) }).into(),
        origin_groups: vec![OriginGroup {
            id: "both".into(),
            members: vec!["alb".into(), "s3".into()],
            statuses: vec![502, 503],
        }],
        behaviors: vec![Behavior { path: "*".into(), target: "both".into(), compress: true }],
        learnt: noon(),
    };
    platform.distributions.insert(distribution.id.clone(), Arc::new(distribution));
    platform
}

fn production() -> Policy {
    Policy::of_spec(Environment::Production)
}

fn rows(platform: &Platform) -> Vec<Drift> {
    drift(platform, &production(), noon())
}

/// The sentences of the rows that are in a state.
fn said(platform: &Platform, state: DriftState) -> Vec<String> {
    rows(platform).iter().filter(|row| row.state == state).map(Drift::sentence).collect()
}

fn differs(platform: &Platform) -> Vec<String> {
    said(platform, DriftState::Differs)
}

fn group(change: impl FnOnce(&mut TargetGroup)) -> Vec<String> {
    let mut platform = as_the_spec_says();
    change(Arc::make_mut(platform.target_groups.get_mut(&arn()).unwrap()));
    differs(&platform)
}

fn edge(change: impl FnOnce(&mut Distribution)) -> Vec<String> {
    let mut platform = as_the_spec_says();
    change(Arc::make_mut(platform.distributions.get_mut(&DistributionId::new("E1")).unwrap()));
    differs(&platform)
}

#[test]
fn a_platform_as_the_spec_says_differs_in_nothing_but_the_cooldown_that_aws_fills_in() {
    let platform = as_the_spec_says();
    assert_eq!(differs(&platform), Vec::<String>::new(), "AWS's own in-cooldown is 300 s, as the spec's");
    assert_eq!(said(&platform, DriftState::Unknown), Vec::<String>::new());
    assert_eq!(rows(&platform).len(), 2 + 9 + 2 + 6 + 4);
}

#[test]
fn every_row_names_a_variable_of_the_policy() {
    for row in rows(&as_the_spec_says()) {
        assert!(crate::policy::variables::all().any(|variable| variable.name == row.variable), "{row:?}");
    }
}

#[test]
fn health_checks_are_every_30_seconds() {
    assert_eq!(group(|group| group.interval_s = 10), ["ai: health check interval is 10 s, the policy says 30 s"]);
}

#[test]
fn a_health_check_may_take_5_seconds() {
    assert_eq!(group(|group| group.timeout_s = 6), ["ai: health check timeout is 6 s, the policy says 5 s"]);
}

#[test]
fn two_successes_make_a_target_healthy() {
    assert_eq!(group(|group| group.healthy_threshold = 5), ["ai: healthy threshold is 5, the policy says 2"]);
}

#[test]
fn three_failures_make_it_unhealthy() {
    assert_eq!(group(|group| group.unhealthy_threshold = 2), ["ai: unhealthy threshold is 2, the policy says 3"]);
}

#[test]
fn health_checks_ask_at_health() {
    assert_eq!(group(|group| group.path = "/".into()), ["ai: health check path is /, the policy says /health"]);
}

#[test]
fn draining_takes_300_seconds_and_is_unknown_until_read() {
    assert_eq!(group(|group| group.draining_s = Some(30)), ["ai: draining is 30 s, the policy says 300 s"]);
    let mut platform = as_the_spec_says();
    Arc::make_mut(platform.target_groups.get_mut(&arn()).unwrap()).draining_s = None;
    assert_eq!(said(&platform, DriftState::Unknown), ["ai: draining is not known, the policy says 300 s"]);
}

#[test]
fn a_group_that_no_service_uses_is_nobodys() {
    let mut platform = as_the_spec_says();
    let mut other = (*platform.target_groups[&arn()]).clone();
    other.arn = TargetGroupArn::new("other");
    other.interval_s = 10;
    platform.target_groups.insert(other.arn.clone(), Arc::new(other));
    assert_eq!(differs(&platform), Vec::<String>::new());
}

#[test]
fn every_origin_has_a_shield() {
    let one = edge(|distribution| distribution.origins[1].shield = None);
    assert_eq!(one, ["E1: origin shield is on, but off for s3, the policy says on"]);
    let none = edge(|distribution| distribution.origins.iter_mut().for_each(|origin| origin.shield = None));
    assert_eq!(none, ["E1: origin shield is off, the policy says on"]);
}

#[test]
fn text_is_compressed_on_every_path() {
    let off = edge(|distribution| distribution.behaviors[0].compress = false);
    assert_eq!(off, ["E1: compression is off, the policy says on"]);
}

#[test]
fn all_edge_locations_serve() {
    let some = edge(|distribution| distribution.price_class = "PriceClass_100".into());
    assert_eq!(some, ["E1: price class is PriceClass_100, the policy says PriceClass_All"]);
}

#[test]
fn a_second_origin_stands_in() {
    for change in [
        (|distribution: &mut Distribution| distribution.behaviors[0].target = "alb".into()) as fn(&mut Distribution),
        |distribution| distribution.origin_groups[0].members.truncate(1),
        |distribution| distribution.origin_groups[0].statuses.clear(),
    ] {
        assert_eq!(edge(change), ["E1: fail-over is off, the policy says on"]);
    }
}

#[test]
fn what_was_not_read_is_unknown_and_never_the_same() {
    let rows = rows(&described());
    assert!(rows.iter().all(|row| row.state == DriftState::Unknown && row.aws.is_none()), "{rows:#?}");
    assert_eq!(rows.len(), 2 + 9 + 2 + 6 + 4);
    assert!(rows.iter().any(|row| row.sentence() == "price class is not known, the policy says PriceClass_All"));
}

#[test]
fn the_floor_is_that_of_the_hour() {
    let platform = as_the_spec_says();
    let night = "2026-03-10T03:00:00Z".parse().unwrap();
    let rows = drift(&platform, &production(), night);
    let minimum = rows.iter().find(|row| row.what == "minimum now").unwrap();
    assert_eq!(minimum.sentence(), "c/s: minimum now is 4, the policy says 2");
    assert_eq!(minimum.state, DriftState::Differs);
}

#[test]
fn a_service_without_a_target_policy_or_schedule_says_so_once_each() {
    let mut platform = as_the_spec_says();
    platform.targets.clear();
    platform.policies.clear();
    platform.schedules.clear();
    assert_eq!(
        differs(&platform),
        [
            "c/s: minimum now is not registered, the policy says 4",
            "c/s: maximum is not registered, the policy says 10",
            "c/s: cpu target is not tracked, the policy says 70 %",
            "c/s: memory target is not tracked, the policy says 80 %",
            "c/s: requests per target is not tracked, the policy says 1000 a minute",
            "c/s: morning floor is not set at 08:00 UTC, the policy says 4 at 08:00 UTC",
            "c/s: evening floor is not set at 22:00 UTC, the policy says 2 at 22:00 UTC",
        ]
    );
}

#[test]
fn targets_and_cooldowns_of_the_scaling_policies_are_compared() {
    let mut platform = as_the_spec_says();
    let policies = Arc::make_mut(platform.policies.get_mut(&id()).unwrap());
    policies[0].target = Some(60.0);
    policies[0].out_cooldown_s = None;
    policies[1].scale_in_disabled = true;
    assert_eq!(
        differs(&platform),
        [
            "c/s: cpu target is 60 %, the policy says 70 %",
            "c/s: cpu scale-out cooldown is 300 s, the policy says 60 s",
            "c/s: memory scale-in cooldown is off, the policy says 300 s",
        ]
    );
}

#[test]
fn a_schedule_is_compared_by_hour_zone_and_floor() {
    type Case = (fn(&mut ScheduledAction), &'static str);
    let cases: [Case; 4] = [
        (|action| action.min = Some(TaskCount(3)), "3 at 08:00 UTC"),
        (|action| action.schedule = "cron(0 9 * * ? *)".into(), "not set at 08:00 UTC"),
        (|action| action.schedule = "cron(0 8 ? * MON-FRI *)".into(), "not set at 08:00 UTC"),
        (|action| action.timezone = "Europe/Berlin".into(), "not set at 08:00 UTC"),
    ];
    for (change, aws) in cases {
        let mut platform = as_the_spec_says();
        change(&mut Arc::make_mut(platform.schedules.get_mut(&id()).unwrap())[0]);
        assert_eq!(differs(&platform), [format!("c/s: morning floor is {aws}, the policy says 4 at 08:00 UTC")]);
    }
    let mut platform = as_the_spec_says();
    Arc::make_mut(platform.schedules.get_mut(&id()).unwrap())[0].timezone = "Etc/UTC".into();
    assert_eq!(differs(&platform), Vec::<String>::new());
}

#[test]
fn staging_has_no_schedule_to_compare() {
    let rows = drift(&as_the_spec_says(), &Policy::of_spec(Environment::Staging), noon());
    assert!(rows.iter().all(|row| row.what != "morning floor" && row.what != "evening floor"));
}

#[test]
fn rows_are_json_from_the_same_value() {
    let json = serde_json::to_value(rows(&as_the_spec_says()).remove(0)).unwrap();
    let expected = serde_json::json!({
        "of": "c/s", "what": "minimum now", "variable": "peak_hours_min_capacity",
        "policy": "4", "aws": "4", "state": "same"
    });
    assert_eq!(json, expected);
}
