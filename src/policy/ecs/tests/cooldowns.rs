//! Cooldowns: their half-open edges, what they follow, what overrides them.

use super::*;
use crate::platform::ServiceEvent;
use crate::policy::{Direction, Note};

fn waits_out(until: Timestamp, wanted: u32) -> Decision {
    let wanted = TaskCount(wanted);
    none(Reason::Cooldown { direction: Direction::Out, until: Some(until), wanted })
}

fn waits_in(until: Option<Timestamp>, wanted: u32) -> Decision {
    none(Reason::Cooldown { direction: Direction::In, until, wanted: TaskCount(wanted) })
}

/// A count that changed at noon, seen by the readings.
fn changed(from: u32, to: u32) -> Scene {
    let mut scene = Scene::idle(from);
    let mut service = scene.service.clone();
    (service.desired, service.running) = (TaskCount(to), TaskCount(to));
    scene.see_counts(noon(), service);
    scene.see_health(noon(), 0);
    scene
}

/// Every evidence minute of an hour at a value, as of the scene's own time.
fn hot(scene: Scene, cpu: f64) -> Scene {
    scene.flat(CPU, cpu).flat(MEMORY, 20.0).flat(REQUESTS, 100.0)
}

#[test]
fn the_out_cooldown_is_the_60_seconds_from_when_the_last_out_began() {
    // 6 × 80 ÷ 70 is 6.86: one more, and the last out was two.
    let scene = |after: i64| hot(changed(4, 6).at(seconds(noon(), after)), 80.0).decision();
    assert_eq!(scene(0), waits_out(seconds(noon(), 60), 7));
    assert_eq!(scene(59), waits_out(seconds(noon(), 60), 7));
    assert_eq!(scene(60), out(7, &[CPU]));
}

#[test]
fn only_a_larger_step_overrides_the_out_cooldown() {
    let scene = |cpu| hot(changed(4, 6).at(seconds(noon(), 30)), cpu).decision();
    assert_eq!(scene(90.0), waits_out(seconds(noon(), 60), 8), "a step of two is not larger than two");
    assert_eq!(scene(100.0), out(9, &[CPU]), "a step of three is");
}

#[test]
fn an_out_to_no_more_than_the_last_one_waits() {
    // AWS went from 8 to 9, somebody set 5 by hand right after.
    let scene = changed(8, 9);
    let mut scene = scene;
    let mut service = scene.service.clone();
    (service.desired, service.running) = (TaskCount(5), TaskCount(5));
    scene.now = seconds(noon(), 20);
    scene.see_counts(scene.now, service);
    let scene = hot(scene, 120.0);
    assert_eq!(scene.decision(), waits_out(seconds(noon(), 60), 9), "5 × 120 ÷ 70 is 8.6");
    assert_eq!(hot(scene, 130.0).decision(), out(10, &[CPU]));
}

#[test]
fn an_in_starts_no_out_cooldown() {
    assert_eq!(hot(changed(7, 6).at(seconds(noon(), 10)), 80.0).decision(), out(7, &[CPU]));
}

#[test]
fn an_act_of_the_autoscaler_starts_the_out_cooldown_before_a_reading_shows_it() {
    let began = seconds(noon(), -20);
    let scene = Scene::idle(6).activity(activity(seconds(noon(), -7200), 5, ActivityKind::Successful));
    let scene = hot(scene.activity(activity(began, 7, ActivityKind::InProgress)), 80.0);
    assert_eq!(scene.decision(), waits_out(seconds(began, 60), 7));
}

#[test]
fn a_reading_and_an_activity_of_the_same_change_count_once_from_when_it_began() {
    let began = seconds(noon(), -15);
    let scene = changed(4, 6).activity(activity(began, 6, ActivityKind::Successful)).at(seconds(noon(), 44));
    assert_eq!(hot(scene.clone(), 80.0).decision(), waits_out(seconds(noon(), 45), 7));
    assert_eq!(hot(scene.at(seconds(noon(), 45)), 80.0).decision(), out(7, &[CPU]));
}

#[test]
fn of_two_outs_the_newer_one_counts() {
    let mut scene = changed(4, 6);
    let mut service = scene.service.clone();
    (service.desired, service.running) = (TaskCount(7), TaskCount(7));
    scene.now = seconds(noon(), 30);
    scene.see_counts(scene.now, service);
    // 7 × 85 ÷ 70 is 8.5: a step of two is larger than the newer one, not than the older.
    assert_eq!(hot(scene, 85.0).decision(), out(9, &[CPU]));
}

#[test]
fn an_activity_and_a_change_to_another_count_are_two() {
    let aws = activity(seconds(noon(), -10), 7, ActivityKind::InProgress);
    let scene = changed(5, 6).activity(aws);
    assert_eq!(hot(scene.clone(), 80.0).decision(), waits_out(seconds(noon(), 60), 7));
    assert_eq!(hot(scene, 90.0).decision(), out(8, &[CPU]), "the change at noon was a step of one");
}

#[test]
fn an_activity_whose_count_before_is_unknown_blocks_nothing() {
    let scene = Scene::idle(6).activity(activity(seconds(noon(), -20), 6, ActivityKind::Successful));
    assert_eq!(hot(scene, 80.0).decision(), out(7, &[CPU]));
}

#[test]
fn what_failed_or_was_not_scaled_starts_no_cooldown() {
    for kind in [
        ActivityKind::Failed,
        ActivityKind::NotScaled(vec!["AlreadyAtMaxCapacity".into()]),
        ActivityKind::Unknown("Sleeping".into()),
    ] {
        let scene = Scene::idle(6).activity(activity(seconds(noon(), -20), 7, kind));
        assert_eq!(hot(scene, 80.0).decision(), out(7, &[CPU]));
    }
}

#[test]
fn tasks_that_ecs_started_before_the_first_reading_are_an_out_unless_it_deploys() {
    let scene = |rollout, message: &str| {
        let mut scene = Scene::steady(6);
        let mut service = scene.service.clone();
        service.deployments = vec![deployment(rollout)];
        service.events = vec![ServiceEvent { id: "e".into(), at: seconds(noon(), -5), message: message.into() }];
        scene.platform.counts.clear();
        scene.see_counts(noon(), service);
        scene.see_health(noon(), 0);
        hot(scene, 80.0).decision()
    };
    let started = "(service ai) has started 2 tasks: (task 1) (task 2).";
    assert_eq!(scene(Rollout::Completed, started), waits_out(seconds(noon(), 55), 7));
    assert_eq!(scene(Rollout::InProgress, started), out(7, &[CPU]));
    assert_eq!(scene(Rollout::Completed, "(service ai) has reached a steady state."), out(7, &[CPU]));
}

#[test]
fn tasks_that_ecs_started_while_the_count_was_watched_replace_others() {
    let mut scene = Scene::steady(6);
    let mut service = scene.service.clone();
    let message = "(service ai) has started 2 tasks: (task 1) (task 2).".to_owned();
    service.events = vec![ServiceEvent { id: "e".into(), at: seconds(noon(), -5), message }];
    scene.see_counts(noon(), service);
    assert_eq!(hot(scene, 80.0).decision(), out(7, &[CPU]));
}

#[test]
fn an_activity_from_before_the_count_came_to_rest_is_over() {
    let old = activity(seconds(noon(), -7200), 6, ActivityKind::Successful);
    assert_eq!(Scene::idle(6).activity(old).decision(), inward(5));
}

#[test]
fn the_in_cooldown_is_the_300_seconds_from_when_any_change_has_finished() {
    for from in [5, 7] {
        let scene = |after: i64| hot(changed(from, 6).at(seconds(noon(), after)), 10.0).decision();
        assert_eq!(scene(299), waits_in(Some(seconds(noon(), 300)), 5), "from {from}");
        assert_eq!(scene(300), inward(5), "from {from}");
    }
}

#[test]
fn the_in_cooldown_starts_when_draining_is_over() {
    let mut scene = Scene::idle(7);
    let mut service = scene.service.clone();
    (service.desired, service.running) = (TaskCount(6), TaskCount(6));
    scene.see_counts(seconds(noon(), 1), service.clone());
    scene.see_health(seconds(noon(), 2), 1);
    scene.now = seconds(noon(), 290);
    scene.see_counts(scene.now, service.clone());
    scene.see_health(scene.now, 1);
    let in_flight = none(Reason::InFlight { starting: TaskCount(0), draining: 1 });
    assert_eq!(hot(scene.clone(), 10.0).decision(), in_flight);
    scene.now = seconds(noon(), 301);
    scene.see_health(scene.now, 0);
    assert_eq!(hot(scene.clone(), 10.0).decision(), waits_in(Some(seconds(noon(), 601)), 5));
}

#[test]
fn an_unfinished_activity_is_still_inside_the_in_cooldown() {
    let open = activity(seconds(noon(), -600), 6, ActivityKind::InProgress);
    assert_eq!(Scene::idle(6).activity(open).decision(), waits_in(None, 5));
}

#[test]
fn a_change_that_the_counts_never_showed_still_cools_down() {
    let mut there_and_back = activity(seconds(noon(), -200), 6, ActivityKind::Successful);
    there_and_back.ended = Some(seconds(noon(), -100));
    assert_eq!(Scene::idle(6).activity(there_and_back).decision(), waits_in(Some(seconds(noon(), 200)), 5));
}

#[test]
fn after_a_start_the_in_cooldown_runs_from_the_first_quiet_reading() {
    let mut scene = Scene::idle(6);
    scene.platform.counts.clear();
    let service = scene.service.clone();
    scene.see_counts(noon(), service);
    scene.see_health(noon(), 0);
    let verdict = scene.verdict();
    assert_eq!(verdict.decision, waits_in(Some(seconds(noon(), 300)), 5));
    assert_eq!(verdict.notes, [Note::HistoryStarts { at: noon() }]);
    let later = hot(scene.at(seconds(noon(), 300)), 10.0).verdict();
    assert_eq!((later.decision, later.notes.len()), (inward(5), 0));
}

#[test]
fn an_out_cancels_the_in_cooldown_and_starts_its_own_when_it_has_finished() {
    let scene = changed(7, 6).at(seconds(noon(), 100));
    assert_eq!(hot(scene.clone(), 82.0).decision(), out(8, &[CPU]), "the in-cooldown stops no out");
    let mut scene = scene;
    let mut service = scene.service.clone();
    service.desired = TaskCount(8);
    scene.see_counts(seconds(noon(), 110), service.clone());
    service.running = TaskCount(8);
    scene.now = seconds(noon(), 310);
    scene.see_counts(scene.now, service);
    scene.see_health(scene.now, 0);
    assert_eq!(hot(scene, 10.0).decision(), waits_in(Some(seconds(noon(), 610)), 7));
}

#[test]
fn a_cooldown_names_when_it_ends() {
    let verdict = hot(changed(4, 6).at(seconds(noon(), 30)), 80.0).verdict();
    let next = verdict.next.unwrap();
    assert_eq!((next.at, next.what.as_str()), (seconds(noon(), 60), "scales out to 7 if that still holds"));
}
