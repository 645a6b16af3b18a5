//! Scale-in: the 25-minute window, the projection, and everything that vetoes it.

use super::*;

fn rebound(metric: MetricId, projected: f64) -> Decision {
    none(Reason::WouldRebound { metric, projected })
}

#[test]
fn every_metric_below_its_target_for_25_minutes_scales_in() {
    assert_eq!(Scene::idle(6).decision(), inward(5));
}

#[test]
fn cpu_at_70_within_25_minutes_keeps_the_tasks() {
    for (back, expected) in [(0, none(Reason::Steady)), (24, none(Reason::Steady)), (25, inward(5))] {
        let mut minutes = vec![Some(10.0); 30];
        minutes[back] = Some(70.0);
        let scene = Scene::idle(6).newest(CPU, &minutes);
        // A single minute at the target lifts the five-minute mean to 22 %, far from a rebound.
        assert_eq!(scene.decision(), expected, "{back} minutes ago");
    }
}

#[test]
fn memory_at_80_within_25_minutes_keeps_the_tasks() {
    let mut minutes = vec![Some(20.0); 30];
    minutes[24] = Some(80.0);
    assert_eq!(Scene::idle(6).newest(MEMORY, &minutes).decision(), none(Reason::Steady));
}

#[test]
fn requests_at_1000_within_25_minutes_keep_the_tasks() {
    let mut minutes = vec![Some(100.0); 30];
    minutes[24] = Some(1000.0);
    assert_eq!(Scene::idle(6).newest(REQUESTS, &minutes).decision(), none(Reason::Steady));
}

#[test]
fn two_missing_minutes_are_bridged_wherever_they_lie_and_three_are_not() {
    let holes = |backs: &[usize]| {
        let mut minutes = vec![Some(10.0); 30];
        for back in backs {
            minutes[*back] = None;
        }
        Scene::idle(6).newest(CPU, &minutes).decision()
    };
    for backs in [[0, 1], [0, 24], [23, 24], [7, 15]] {
        assert_eq!(holes(&backs), inward(5), "{backs:?}");
    }
    for backs in [[1, 2, 3], [5, 15, 24], [22, 23, 24]] {
        assert_eq!(holes(&backs), missing(&[CPU], false), "{backs:?}");
    }
    assert_eq!(holes(&[5, 15, 25]), inward(5), "the third is outside the window");
}

#[test]
fn a_metric_without_data_vetoes_in() {
    assert_eq!(Scene::idle(6).gone(MEMORY).decision(), missing(&[MEMORY], false));
}

#[test]
fn the_projection_on_one_task_fewer_must_stay_under_95_percent_of_the_target() {
    // 66.5 ÷ 6 × 5 = 55.41…
    assert_eq!(Scene::idle(6).flat(CPU, 55.4).decision(), inward(5));
    assert_eq!(Scene::idle(6).flat(CPU, 55.5).decision(), rebound(CPU, 66.6));
    // 76 ÷ 6 × 5 = 63.33…
    assert_eq!(Scene::idle(6).flat(MEMORY, 63.3).decision(), inward(5));
    assert_eq!(Scene::idle(6).flat(MEMORY, 65.0).decision(), rebound(MEMORY, 78.0));
    // 950 ÷ 6 × 5 = 791.66…
    assert_eq!(Scene::idle(6).flat(REQUESTS, 791.0).decision(), inward(5));
    assert_eq!(Scene::idle(6).flat(REQUESTS, 800.0).decision(), rebound(REQUESTS, 960.0));
}

#[test]
fn a_projection_of_exactly_95_percent_is_not_under_it() {
    let scene = |cpu| {
        let mut scene = Scene::idle(8).flat(CPU, cpu);
        scene.policy.ecs.cpu_target = 80.0;
        scene.decision()
    };
    assert_eq!(scene(66.5), rebound(CPU, 76.0));
    assert_eq!(scene(66.4), inward(7));
    let by_two = |cpu| {
        let mut scene = Scene::idle(8).flat(CPU, cpu);
        scene.policy.ecs.cpu_target = 80.0;
        scene.policy.ecs.scale_in_max_step = 2;
        scene.decision()
    };
    assert_eq!(by_two(57.0), inward(7), "57 × 8 ÷ 6 is 76");
    assert_eq!(by_two(56.9), inward(6));
}

#[test]
fn the_projection_uses_the_highest_five_minute_mean_of_the_window() {
    let mut minutes = vec![Some(10.0); 30];
    minutes[20..25].fill(Some(60.0));
    assert_eq!(Scene::idle(6).newest(CPU, &minutes).decision(), rebound(CPU, 72.0));
    let mut outside = vec![Some(10.0); 31];
    outside[25..30].fill(Some(60.0));
    assert_eq!(Scene::idle(6).newest(CPU, &outside).decision(), inward(5), "wholly before the window");
    let mut half = vec![Some(10.0); 31];
    half[23..28].fill(Some(60.0));
    // Wholly inside lies only (10 + 10 + 10 + 60 + 60) ÷ 5 = 30.
    let verdict = Scene::idle(6).newest(CPU, &half).verdict();
    assert_eq!(verdict.metrics[0].projected_in, Some(36.0));
}

#[test]
fn at_most_one_task_goes_by_one_decision_and_the_step_is_a_knob() {
    assert_eq!(Scene::idle(10).decision(), inward(9));
    let mut scene = Scene::idle(10);
    scene.policy.ecs.scale_in_max_step = 3;
    assert_eq!(scene.decision(), inward(7));
    assert_eq!(scene.clone().flat(CPU, 50.0).decision(), inward(8), "50 × 10 ÷ 7 is 71, ÷ 8 is 62.5");
    scene.policy.ecs.scale_in_max_step = 100;
    assert_eq!(scene.decision(), inward(4), "never below the floor");
}

#[test]
fn in_only_while_nothing_starts_or_drains() {
    let starting = |service: &mut Service| service.pending = TaskCount(1);
    let in_flight = |starting, draining| none(Reason::InFlight { starting: TaskCount(starting), draining });
    assert_eq!(Scene::idle(6).with(starting).decision(), in_flight(1, 0));
    assert_eq!(Scene::idle(6).with(|service| service.running = TaskCount(5)).decision(), in_flight(1, 0));
    assert_eq!(Scene::idle(6).with(|service| service.running = TaskCount(7)).decision(), in_flight(0, 0));
    let mut draining = Scene::idle(6);
    draining.see_health(draining.now, 1);
    assert_eq!(draining.decision(), in_flight(0, 1));
}

#[test]
fn a_deployment_vetoes_in_and_is_the_reason() {
    let running = |service: &mut Service| service.deployments = vec![deployment(Rollout::InProgress)];
    assert_eq!(Scene::idle(6).with(running).decision(), none(Reason::Deploying));
    let second = |service: &mut Service| service.deployments.push(deployment(Rollout::Completed));
    assert_eq!(Scene::idle(6).with(second).decision(), none(Reason::Deploying));
}

#[test]
fn a_filling_breach_vetoes_in() {
    let scene = Scene::idle(6).newest(CPU, &[Some(71.0)]);
    assert_eq!(scene.decision(), none(Reason::Filling { metric: CPU, held_s: 60, need_s: 300 }));
}

#[test]
fn the_last_task_stays_whatever_the_limits() {
    let mut scene = Scene::idle(1).limits(0, 10);
    scene.policy.ecs.min_capacity = TaskCount(0);
    scene.policy.ecs.peak_hours_min_capacity = None;
    scene.policy.ecs.off_peak_hours_min_capacity = None;
    assert_eq!(scene.decision(), none(Reason::LastTask));
}

#[test]
fn staging_scales_in_to_one_task() {
    let mut scene = Scene::idle(2).limits(1, 3);
    scene.policy = Policy::of_spec(Environment::Staging);
    assert_eq!(scene.decision(), inward(1));
    scene = Scene { policy: scene.policy, ..Scene::idle(1).limits(1, 3) };
    assert_eq!(scene.decision(), none(Reason::AtFloor));
}

#[test]
fn a_window_that_is_not_clear_yet_names_when_it_is() {
    let mut minutes = vec![Some(10.0); 30];
    minutes[12] = Some(75.0);
    let verdict = Scene::idle(6).newest(CPU, &minutes).verdict();
    assert_eq!(verdict.decision, none(Reason::Steady));
    assert_eq!(verdict.metrics[0].clear.held_s, 12 * 60);
    let next = verdict.next.unwrap();
    assert_eq!(next.at, seconds(noon(), 13 * 60));
    assert_eq!(next.what, "scales in to 5 if every metric stays under its target");
}
