//! What is missing, stale or still arriving is "cannot tell", never "fine".

use super::*;

#[test]
fn no_point_of_any_metric_in_the_newest_five_minutes_cannot_tell() {
    let blind = |scene: Scene| {
        let gone = [None; 5];
        scene.newest(CPU, &gone).newest(MEMORY, &gone).newest(REQUESTS, &gone)
    };
    let all = [CPU, MEMORY, REQUESTS];
    assert_eq!(blind(Scene::steady(6)).decision(), missing(&all, false));
    assert_eq!(blind(Scene::steady(10)).decision(), missing(&all, false), "at the ceiling too");
    let before = Scene::steady(10).newest(CPU, &[Some(75.0); 6]);
    assert_eq!(blind(before).decision(), missing(&all, false), "although an old minute keeps the tasks");
}

#[test]
fn a_missing_metric_cannot_tell_when_it_could_ask_out() {
    assert_eq!(Scene::steady(6).gone(CPU).decision(), missing(&[CPU], false));
}

#[test]
fn a_missing_metric_is_none_when_it_could_not_change_the_answer() {
    // At the ceiling nothing can ask out, and another metric keeps the tasks.
    let scene = Scene::steady(10).gone(CPU).newest(MEMORY, &[Some(80.0)]);
    assert_eq!(scene.decision(), none(Reason::Steady));
    // At the ceiling, and a deployment keeps the tasks.
    let deploying = |service: &mut Service| service.deployments = vec![deployment(Rollout::InProgress)];
    assert_eq!(Scene::idle(10).gone(CPU).with(deploying).decision(), none(Reason::Deploying));
    // Idle, one old minute contradicts a breach but three missing ones leave the clear window open: at the floor.
    let mut minutes = vec![Some(10.0); 30];
    minutes[10..13].fill(None);
    assert_eq!(Scene::idle(4).newest(CPU, &minutes).decision(), none(Reason::AtFloor));
}

#[test]
fn one_minute_that_is_not_above_decides_the_out_window() {
    let minutes = [None, None, None, None, Some(60.0)];
    assert_eq!(
        Scene::steady(6).newest(CPU, &minutes).decision(),
        none(Reason::WouldRebound { metric: REQUESTS, projected: 1080.0 })
    );
}

#[test]
fn missing_data_inside_a_cooldown_counts_only_if_it_could_override_it() {
    // The last out went from 4 to 6; only a step of three or more overrides its cooldown.
    let mut scene = Scene::steady(4);
    let mut service = scene.service.clone();
    (service.desired, service.running) = (TaskCount(6), TaskCount(6));
    scene.now = seconds(noon(), 30);
    scene.see_counts(scene.now, service);
    scene.see_health(scene.now, 0);
    let scene = scene.gone(CPU);
    assert_eq!(scene.decision(), missing(&[CPU], false), "it could ask for 9");
    let tight = scene.limits(4, 8);
    let expected = none(Reason::WouldRebound { metric: REQUESTS, projected: 1080.0 });
    assert_eq!(tight.decision(), expected, "8 would be a step of two");
}

#[test]
fn requests_missing_are_zero_while_the_balancer_reports_anything_else() {
    let scene = Scene::idle(6).gone(REQUESTS).flat(MetricId::HealthyHosts, 6.0);
    let verdict = scene.verdict();
    assert_eq!(verdict.decision, inward(5));
    assert_eq!(verdict.metrics[2].value, Some(0.0));
    let mut hosts = vec![Some(6.0); 30];
    hosts[3..6].fill(None);
    assert_eq!(scene.minutes(MetricId::HealthyHosts, &hosts).decision(), missing(&[REQUESTS], false));
}

#[test]
fn requests_missing_are_zero_while_the_balancer_itself_or_a_sibling_group_reports() {
    let sibling = TargetGroupArn::new("arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/zz/9");
    for resource in [Resource::LoadBalancer(balancer()), Resource::TargetGroup(balancer(), sibling.clone())] {
        let mut scene = Scene::idle(6).flat(MetricId::Elb5xx, 0.0);
        let series = scene.platform.series.remove(&key(MetricId::Elb5xx, &scene.service.id)).unwrap();
        scene = scene.gone(REQUESTS);
        scene.platform.series.insert(MetricKey { resource, metric: MetricId::Elb5xx }, series);
        assert_eq!(scene.decision(), inward(5));
    }
    let elsewhere = Resource::LoadBalancer(LoadBalancerId::new("app/public/2"));
    let mut scene = Scene::idle(6).flat(MetricId::Elb5xx, 0.0);
    let series = scene.platform.series.remove(&key(MetricId::Elb5xx, &scene.service.id)).unwrap();
    scene = scene.gone(REQUESTS);
    scene.platform.series.insert(MetricKey { resource: elsewhere, metric: MetricId::Elb5xx }, series);
    assert_eq!(scene.decision(), missing(&[REQUESTS], false));
}

#[test]
fn an_impossible_value_is_missing_never_zero() {
    assert_eq!(Scene::idle(6).flat(CPU, -1.0).decision(), missing(&[CPU], false));
    assert_eq!(Scene::idle(6).flat(REQUESTS, -5.0).decision(), missing(&[REQUESTS], false));
}

#[test]
fn gauges_missing_are_unknown_whatever_else_reports() {
    assert_eq!(Scene::idle(6).gone(CPU).flat(MetricId::HealthyHosts, 6.0).decision(), missing(&[CPU], false));
}

#[test]
fn a_stale_service_reading_cannot_tell() {
    let scene = Scene { now: seconds(noon(), 60), ..Scene::idle(6) };
    assert_eq!(scene.decision(), inward(5), "twice its cadence is not older than that");
    let scene = Scene { now: seconds(noon(), 61), ..scene };
    let reason = Reason::Stale { source: Source::Services, learnt: Some(noon()) };
    assert_eq!(scene.decision(), Decision::CannotTell { reason: reason.clone() });
    let below = Scene { now: seconds(noon(), 61), ..Scene::idle(2) };
    let cannot_tell = Decision::CannotTell { reason };
    assert_eq!(below.decision(), cannot_tell, "nor does a floor act on counts from then");
    let stopped = Scene { now: seconds(noon(), 61), ..Scene::idle(0) };
    assert_eq!(stopped.decision(), cannot_tell, "nor is it known to be stopped still");
}

#[test]
fn a_service_that_no_reading_brought_is_stale() {
    let mut scene = Scene::idle(6);
    scene.platform.counts.clear();
    scene.platform.sources.remove(&Source::Services);
    let reason = Reason::Stale { source: Source::Services, learnt: Some(noon()) };
    assert_eq!(scene.decision(), Decision::CannotTell { reason });
}

#[test]
fn unknown_draining_vetoes_in_and_not_out() {
    let mut scene = Scene::idle(6);
    scene.now = seconds(noon(), 61);
    let service = scene.service.clone();
    scene.see_counts(scene.now, service);
    let reason = Reason::Stale { source: Source::TargetHealth, learnt: Some(noon()) };
    assert_eq!(scene.decision(), Decision::CannotTell { reason });
    assert_eq!(scene.newest(CPU, &[Some(82.0); 5]).decision(), out(8, &[CPU]));
}

#[test]
fn draining_that_was_never_read_is_missing_data_not_a_change_under_way() {
    let mut scene = Scene::idle(6);
    scene.platform.counts.clear();
    let service = scene.service.clone();
    scene.see_counts(scene.now, service);
    let reason = Reason::Stale { source: Source::TargetHealth, learnt: None };
    assert_eq!(scene.decision(), Decision::CannotTell { reason });
}

#[test]
fn history_that_is_still_arriving_says_so() {
    let mut scene = Scene::steady(6).gone(CPU).gone(MEMORY).gone(REQUESTS);
    scene.platform.sources.remove(&Source::Metrics);
    assert_eq!(scene.decision(), missing(&[CPU, MEMORY, REQUESTS], true));
    scene.read(Source::Metrics, seconds(noon(), -59), Fact::Metrics(vec![]));
    assert_eq!(scene.decision(), missing(&[CPU, MEMORY, REQUESTS], true), "the first answer held other services");
    scene.now = seconds(noon(), 1);
    assert_eq!(scene.decision(), missing(&[CPU, MEMORY, REQUESTS], false));
}

#[test]
fn a_history_that_does_not_reach_back_far_enough_cannot_tell() {
    let short = |minutes: usize| vec![Some(10.0); minutes];
    assert_eq!(Scene::idle(6).minutes(CPU, &short(22)).decision(), missing(&[CPU], false));
    assert_eq!(Scene::idle(6).minutes(CPU, &short(23)).decision(), inward(5), "two missing ones are bridged");
    assert_eq!(Scene::steady(6).minutes(CPU, &[Some(82.0); 3]).decision(), missing(&[CPU], false));
    assert_eq!(Scene::steady(6).minutes(CPU, &[Some(82.0); 4]).decision(), out(8, &[CPU]));
}

#[test]
fn a_target_group_that_was_not_described_yet_is_a_missing_metric() {
    let mut scene = Scene::idle(6);
    scene.platform.target_groups.clear();
    assert_eq!(scene.decision(), missing(&[REQUESTS], false));
    scene.platform.sources.remove(&Source::TargetGroups);
    assert_eq!(scene.decision(), missing(&[REQUESTS], true));
}
