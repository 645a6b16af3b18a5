//! Scale-out: thresholds, the five-minute window, the proportional ask, several metrics.

use super::*;

fn full(value: f64) -> Vec<Option<f64>> {
    vec![Some(value); 5]
}

fn filling(metric: MetricId, minutes: u32) -> Decision {
    none(Reason::Filling { metric, held_s: minutes * 60, need_s: 300 })
}

#[test]
fn cpu_above_70_for_five_minutes_scales_out() {
    let scene = Scene::steady(6).newest(CPU, &full(82.0));
    assert_eq!(scene.decision(), out(8, &[CPU]));
}

#[test]
fn memory_above_80_for_five_minutes_scales_out() {
    let scene = Scene::steady(6).newest(MEMORY, &full(95.0));
    assert_eq!(scene.decision(), out(8, &[MEMORY]));
}

#[test]
fn requests_above_1000_per_target_and_minute_for_five_minutes_scale_out() {
    let scene = Scene::steady(6).newest(REQUESTS, &full(1240.0));
    assert_eq!(scene.decision(), out(8, &[REQUESTS]));
}

#[test]
fn at_the_target_is_neither_above_nor_below() {
    for (metric, target) in [(CPU, 70.0), (MEMORY, 80.0), (REQUESTS, 1000.0)] {
        let verdict = Scene::idle(6).newest(metric, &full(target)).verdict();
        assert_eq!(verdict.decision, none(Reason::Steady), "{metric:?}");
        let evidence = verdict.metrics.iter().find(|evidence| evidence.metric == metric).unwrap();
        assert_eq!((evidence.out.held_s, evidence.clear.held_s), (0, 0), "{metric:?}");
    }
}

#[test]
fn just_above_the_target_asks_for_one_more() {
    for (metric, above) in [(CPU, 70.01), (MEMORY, 80.01), (REQUESTS, 1000.1)] {
        assert_eq!(Scene::steady(6).newest(metric, &full(above)).decision(), out(7, &[metric]));
    }
}

#[test]
fn four_minutes_above_are_filling_and_five_fire() {
    for minutes in 1..5 {
        let scene = Scene::steady(6).newest(CPU, &full(82.0)[..minutes]);
        assert_eq!(scene.decision(), filling(CPU, minutes as u32));
    }
}

#[test]
fn one_minute_that_is_not_above_empties_the_window() {
    for below in 0..5 {
        let mut minutes = full(82.0);
        minutes[below] = Some(70.0);
        let expected = if below == 0 { none(Reason::Steady) } else { filling(CPU, below as u32) };
        assert_eq!(Scene::steady(6).newest(CPU, &minutes).decision(), expected, "{below} minutes ago");
    }
}

#[test]
fn one_missing_minute_is_bridged_wherever_it_lies_and_two_are_not() {
    for first in 0..5 {
        let mut minutes = full(82.0);
        minutes[first] = None;
        let verdict = Scene::steady(6).newest(CPU, &minutes).verdict();
        assert_eq!(verdict.decision, out(8, &[CPU]), "{first} minutes ago");
        assert_eq!(verdict.metrics[0].out.bridged, 1);
        for second in (0..5).filter(|second| *second != first) {
            let mut minutes = minutes.clone();
            minutes[second] = None;
            let decision = Scene::steady(6).newest(CPU, &minutes).decision();
            assert_eq!(decision, missing(&[CPU], false), "{first} and {second} minutes ago");
        }
    }
}

#[test]
fn a_minute_becomes_evidence_120_seconds_after_its_end() {
    let scene = Scene::steady(6).newest(CPU, &full(82.0)[..4]);
    let mut ahead = scene.clone();
    let newest = evidence_minute(scene.now);
    let series = ahead.platform.series.get_mut(&key(CPU, &scene.service.id)).unwrap();
    Arc::make_mut(series).merge([(start_of(newest + 1), 82.0)]);
    assert_eq!(ahead.decision(), filling(CPU, 4), "the fifth minute is not evidence yet");
    assert_eq!(ahead.clone().at(seconds(scene.now, 59)).decision(), filling(CPU, 4), "119 s after its end");
    assert_eq!(ahead.at(seconds(scene.now, 60)).decision(), out(8, &[CPU]), "120 s after its end");
}

#[test]
fn capacity_is_proportional_to_running_times_value_over_target() {
    for (running, cpu, asks) in [(4, 71.0, 5), (4, 87.5, 5), (4, 87.6, 6), (5, 98.0, 7), (6, 105.0, 9), (2, 100.0, 3)] {
        let mut scene = Scene::steady(running).newest(CPU, &full(cpu)).limits(2, 10);
        scene.policy.ecs.peak_hours_min_capacity = None;
        assert_eq!(scene.decision(), out(asks, &[CPU]), "{running} tasks at {cpu} %");
    }
}

#[test]
fn the_value_is_the_mean_of_the_newest_five_minutes_that_are_present() {
    let minutes = [Some(90.0), None, Some(80.0), Some(75.0), Some(75.0)];
    let verdict = Scene::steady(6).newest(CPU, &minutes).verdict();
    assert_eq!(verdict.metrics[0].value, Some(80.0));
    assert_eq!(verdict.decision, out(7, &[CPU]));
}

#[test]
fn out_if_any_metric_asks_and_to_the_largest_ask() {
    let scene = Scene::steady(6).newest(CPU, &full(71.0)).newest(MEMORY, &full(99.0)).newest(REQUESTS, &full(1400.0));
    assert_eq!(scene.decision(), out(9, &[REQUESTS, MEMORY, CPU]));
}

#[test]
fn a_window_that_is_still_filling_does_not_raise_anothers_ask() {
    let scene = Scene::steady(6).newest(CPU, &full(71.0)).newest(REQUESTS, &full(1600.0)[..4]);
    assert_eq!(scene.decision(), out(7, &[CPU]));
}

#[test]
fn each_target_group_is_judged_on_its_own() {
    let mut scene = Scene::steady(6);
    let second = TargetGroupArn::new("arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/admin/2");
    let mut groups = vec![target_group(), target_group()];
    groups[1].arn = second.clone();
    scene.read(Source::TargetGroups, scene.now, Fact::TargetGroups(groups));
    let mut service = scene.service.clone();
    service.target_groups.push(second.clone());
    scene.see_counts(scene.now, service);
    let mut series = Series::default();
    series.merge((0..60).map(|back| (start_of(evidence_minute(scene.now) - back), 1500.0)));
    let resource = Resource::TargetGroup(balancer(), second.clone());
    scene.platform.series.insert(MetricKey { resource, metric: REQUESTS }, Arc::new(series));
    let verdict = scene.verdict();
    assert_eq!(verdict.decision, out(9, &[REQUESTS]));
    assert_eq!(verdict.metrics.last().unwrap().group, Some(second));
}

#[test]
fn a_service_without_an_application_balancer_has_no_request_rule() {
    let mut scene = Scene::idle(6).gone(REQUESTS);
    let mut service = scene.service.clone();
    service.target_groups.clear();
    scene.see_counts(scene.now, service);
    assert_eq!(scene.decision(), inward(5));
    let network = TargetGroup { balancers: vec![LoadBalancerId::new("net/internal/1")], ..target_group() };
    let mut scene = Scene::idle(6).gone(REQUESTS);
    scene.read(Source::TargetGroups, scene.now, Fact::TargetGroups(vec![network]));
    assert_eq!(scene.decision(), inward(5));
}

#[test]
fn tasks_on_their_way_are_credited() {
    let starting = |service: &mut Service| {
        service.desired = TaskCount(8);
        service.pending = TaskCount(2);
    };
    let scene = Scene::steady(6).with(starting);
    let in_flight = none(Reason::InFlight { starting: TaskCount(2), draining: 0 });
    assert_eq!(scene.clone().newest(CPU, &full(93.0)).decision(), in_flight, "6 × 93 ÷ 70 is 7.97");
    assert_eq!(scene.newest(CPU, &full(94.0)).decision(), out(9, &[CPU]), "6 × 94 ÷ 70 is 8.06");
}

#[test]
fn more_running_than_desired_counts_as_present() {
    let scene = Scene::steady(6).with(|service| service.running = TaskCount(7)).newest(CPU, &full(71.0));
    assert_eq!(scene.decision(), out(8, &[CPU]), "7 × 71 ÷ 70 is 7.1");
}

#[test]
fn a_deployment_does_not_stop_an_out() {
    let scene = Scene::steady(6).with(|service| service.deployments = vec![deployment(Rollout::InProgress)]);
    assert_eq!(scene.newest(CPU, &full(82.0)).decision(), out(8, &[CPU]));
}

#[test]
fn memory_that_is_missing_does_not_stop_an_out() {
    assert_eq!(Scene::steady(6).newest(CPU, &full(82.0)).gone(MEMORY).decision(), out(8, &[CPU]));
}

#[test]
fn staging_scales_out_to_three_at_most() {
    let mut scene = Scene::steady(2).limits(1, 3).newest(CPU, &full(100.0));
    scene.policy = Policy::of_spec(Environment::Staging);
    assert_eq!(scene.decision(), out(3, &[CPU]));
    let scene = scene.newest(CPU, &full(300.0));
    assert_eq!(scene.decision(), out(3, &[CPU]), "9 are wanted");
}

#[test]
fn an_out_names_when_its_window_would_break() {
    let next = Scene::steady(6).newest(CPU, &full(82.0)).verdict().next.unwrap();
    assert_eq!(next.at, seconds(noon(), 60));
}

#[test]
fn a_filling_window_names_when_it_fires_and_to_what() {
    let next = Scene::steady(6).newest(CPU, &full(82.0)[..3]).verdict().next.unwrap();
    assert_eq!(next.at, seconds(noon(), 120));
    assert_eq!(next.what, "scales out to 8 if cpu stays above its target");
}
