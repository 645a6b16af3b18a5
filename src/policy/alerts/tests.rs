//! Known answers on the alarms of services and balancers.

use super::*;
use crate::platform::{Environment, Fact, Source, TaskCount};
use crate::policy::ecs::tests::{CPU, MEMORY, REQUESTS, Scene, balancer, group, noon, seconds};

fn alert(scene: &Scene, rule: AlertRule) -> Alert {
    let all = alerts(&scene.platform, &scene.policy, scene.now);
    let mut found: Vec<_> = all.into_iter().filter(|alert| alert.rule == rule).collect();
    assert_eq!(found.len(), 1, "{rule:?}");
    found.remove(0)
}

fn firing(scene: &Scene, rule: AlertRule) -> bool {
    matches!(alert(scene, rule).state, AlertState::Firing { .. })
}

/// The end of the newest evidence minute at noon, so many minutes earlier.
fn ended(minutes_ago: i64) -> Timestamp {
    seconds(noon(), -120 - 60 * minutes_ago)
}

fn hot(cpu: f64, minutes: usize) -> Scene {
    Scene::steady(6).newest(CPU, &vec![Some(cpu); minutes])
}

#[test]
fn cpu_above_90_for_ten_minutes_is_critical() {
    let rule = AlertRule::EcsCpuCritical;
    assert_eq!(rule.severity(), Severity::Critical);
    assert_eq!(alert(&hot(91.0, 9), rule).state, AlertState::Filling);
    assert_eq!(alert(&hot(91.0, 10), rule).state, AlertState::Firing { since: ended(0) });
    assert_eq!(alert(&hot(91.0, 14), rule).state, AlertState::Firing { since: ended(4) });
    assert_eq!(alert(&hot(90.0, 20), rule).state, AlertState::Clear, "at the threshold is not above it");
}

#[test]
fn cpu_above_80_for_fifteen_minutes_is_a_warning() {
    let rule = AlertRule::EcsCpuWarning;
    assert_eq!(rule.severity(), Severity::Warning);
    assert_eq!(alert(&hot(81.0, 14), rule).state, AlertState::Filling);
    assert_eq!(alert(&hot(81.0, 15), rule).state, AlertState::Firing { since: ended(0) });
    assert_eq!(alert(&hot(80.0, 20), rule).state, AlertState::Clear);
}

#[test]
fn a_window_of_ten_minutes_bridges_one_missing_minute_and_not_two() {
    let holes = |backs: &[usize]| {
        let mut minutes = vec![Some(95.0); 10];
        for back in backs {
            minutes[*back] = None;
        }
        alert(&Scene::steady(6).newest(CPU, &minutes), AlertRule::EcsCpuCritical)
    };
    assert_eq!(holes(&[4]).state, AlertState::Firing { since: ended(0) });
    let two = holes(&[4, 6]);
    assert!(!matches!(two.state, AlertState::Firing { .. }));
    assert!(two.blind);
}

#[test]
fn an_alarm_is_over_after_five_evaluated_minutes_that_do_not_fire() {
    let cooled = |minutes: usize| {
        let values: Vec<_> = vec![Some(50.0); minutes].into_iter().chain(vec![Some(95.0); 12]).collect();
        Scene::steady(6).newest(CPU, &values)
    };
    assert!(firing(&cooled(4), AlertRule::EcsCpuCritical));
    assert!(!firing(&cooled(5), AlertRule::EcsCpuCritical));
}

#[test]
fn a_minute_without_data_neither_clears_nor_breaks_the_count() {
    // Fires, two clear minutes, then nothing for twenty: it stays, blind.
    let mut values = vec![None; 20];
    values.extend([Some(50.0); 2]);
    values.extend([Some(95.0); 12]);
    let gone = alert(&Scene::steady(6).newest(CPU, &values), AlertRule::EcsCpuCritical);
    assert_eq!(gone.state, AlertState::Firing { since: ended(24) });
    assert!(gone.blind);
}

fn answers(requests: f64, target_5xx: f64, elb_5xx: Option<f64>) -> Scene {
    let mut scene = Scene::steady(6).flat(MetricId::Requests, requests).flat(MetricId::Target5xx, target_5xx);
    if let Some(elb) = elb_5xx {
        let key = MetricKey { resource: Resource::LoadBalancer(balancer()), metric: MetricId::Elb5xx };
        let flat = scene.clone().flat(MetricId::Elb5xx, elb);
        let own = MetricKey { resource: Resource::TargetGroup(balancer(), group()), metric: MetricId::Elb5xx };
        scene.platform.series.insert(key, flat.platform.series[&own].clone());
    }
    scene
}

#[test]
fn more_than_1_percent_5xx_over_five_minutes_is_a_warning() {
    let rule = AlertRule::Alb5xx;
    assert!(!firing(&answers(1000.0, 10.0, None), rule), "at the threshold is not above it");
    assert!(firing(&answers(1000.0, 11.0, None), rule));
    assert!(firing(&answers(1000.0, 6.0, Some(5.0)), rule), "the balancer's and the targets' add up");
    assert!(!firing(&answers(1000.0, 5.0, Some(5.0)), rule));
}

#[test]
fn with_fewer_than_100_requests_the_share_says_nothing() {
    assert!(!firing(&answers(19.0, 10.0, None), AlertRule::Alb5xx), "95 requests in five minutes");
    assert!(firing(&answers(20.0, 10.0, None), AlertRule::Alb5xx));
}

#[test]
fn a_balancer_that_answers_everything_itself_still_alarms() {
    let scene = answers(0.0, 0.0, Some(500.0));
    let alert = alert(&scene, AlertRule::Alb5xx);
    assert!(matches!(alert.state, AlertState::Firing { .. }));
    let expected = AlertEvidence::Errors { balancer: 2500.0, targets: 0.0, requests: 2500.0, threshold: 1.0 };
    assert_eq!(alert.evidence, expected);
}

#[test]
fn a_balancer_that_stops_reporting_keeps_its_alarm_and_says_blind() {
    let mut scene = answers(1000.0, 11.0, None);
    for metric in [MetricId::Requests, MetricId::Target5xx, REQUESTS] {
        scene = scene.newest(metric, &[None; 10]);
    }
    let alert = alert(&scene, AlertRule::Alb5xx);
    assert!(matches!(alert.state, AlertState::Firing { .. }));
    assert!(alert.blind);
}

#[test]
fn no_healthy_target_for_three_minutes_is_critical() {
    let rule = AlertRule::AllTasksUnhealthy;
    assert_eq!(rule.severity(), Severity::Critical);
    let healthy = |newest: &[Option<f64>]| {
        Scene::steady(6).flat(MetricId::HealthyHosts, 6.0).newest(MetricId::HealthyHosts, newest)
    };
    assert_eq!(alert(&healthy(&[Some(0.0); 2]), rule).state, AlertState::Filling);
    assert_eq!(alert(&healthy(&[Some(0.0); 3]), rule).state, AlertState::Firing { since: ended(0) });
    assert_eq!(alert(&healthy(&[Some(1.0); 3]), rule).state, AlertState::Clear);
}

#[test]
fn healthy_targets_are_sampled_where_the_metric_is_missing() {
    let rule = AlertRule::AllTasksUnhealthy;
    let seen = alert(&Scene::steady(6), rule);
    assert_eq!(seen.evidence, AlertEvidence::Healthy { count: Some(6), sampled: true });
    assert_eq!((seen.state, seen.blind), (AlertState::Clear, false));
    let mut none = Scene::steady(6);
    none.service.running = TaskCount(0);
    none.see_health(noon(), 0);
    assert!(firing(&none, rule));
    let mut unknown = Scene::steady(6);
    unknown.now = seconds(noon(), 61);
    let alert = alert(&unknown, rule);
    assert_eq!((alert.state, alert.blind), (AlertState::Unknown, true), "both are missing: never clear");
}

#[test]
fn no_point_of_any_metric_in_five_minutes_is_blind() {
    let gone = |minutes: usize| {
        let gone = vec![None; minutes];
        Scene::steady(6).newest(CPU, &gone).newest(MEMORY, &gone).newest(REQUESTS, &gone)
    };
    assert!(!firing(&gone(4), AlertRule::Blind));
    assert_eq!(alert(&gone(5), AlertRule::Blind).state, AlertState::Firing { since: ended(0) });
    let mut arriving = gone(60);
    arriving.platform.sources.remove(&Source::Metrics);
    let all = alerts(&arriving.platform, &arriving.policy, arriving.now);
    assert!(all.iter().all(|alert| alert.rule != AlertRule::Blind), "history that arrives is not gone");
}

#[test]
fn a_stopped_service_has_no_alarms() {
    let scene = Scene::steady(0).gone(CPU).gone(MEMORY);
    let all = alerts(&scene.platform, &scene.policy, scene.now);
    let subjects: Vec<_> = all.into_iter().map(|alert| alert.subject).collect();
    assert_eq!(subjects, [Subject::Balancer(balancer())], "only its balancer has one");
}

#[test]
fn the_worst_come_first() {
    let scene = hot(95.0, 20).flat(MetricId::HealthyHosts, 0.0);
    let all = alerts(&scene.platform, &scene.policy, scene.now);
    let rules: Vec<_> = all.iter().map(|alert| alert.rule).collect();
    let expected = [
        AlertRule::EcsCpuCritical,
        AlertRule::AllTasksUnhealthy,
        AlertRule::EcsCpuWarning,
        AlertRule::Alb5xx,
        AlertRule::Blind,
    ];
    assert_eq!(rules, expected);
}

#[test]
fn alarms_are_told_in_words() {
    let scene = hot(95.0, 12).flat(MetricId::HealthyHosts, 0.0);
    let all = alerts(&scene.platform, &scene.policy, scene.now);
    let told: Vec<_> = all.iter().map(|alert| alert.sentence(scene.now)).collect();
    insta::assert_snapshot!(told.join("\n"), @"
    cpu above 90 % for 10m: firing for 4m
    no healthy target, so the balancer sends requests to all of them: firing for 46m or longer
    cpu above 80 % for 15m: 12m of 15m
    5XX 0 % of 0 requests (balancer 0, targets 0), limit 1 %: clear
    no metric has data for 5m: clear
    ");
    let scene = answers(1000.0, 8.0, Some(6.0));
    insta::assert_snapshot!(alert(&scene, AlertRule::Alb5xx).sentence(scene.now), @"5XX 1.4 % of 5,000 requests (balancer 30, targets 40), limit 1 %: firing for 46m or longer");
}

#[test]
fn a_group_that_no_application_balancer_uses_has_no_health_alarm() {
    let mut scene = Scene::steady(6);
    let mut alone = crate::policy::ecs::tests::target_group();
    alone.balancers.clear();
    scene.read(Source::TargetGroups, scene.now, Fact::TargetGroups(vec![alone]));
    scene.policy = Policy::of_spec(Environment::Production);
    let all = alerts(&scene.platform, &scene.policy, scene.now);
    assert!(all.iter().all(|alert| alert.rule != AlertRule::AllTasksUnhealthy));
}
