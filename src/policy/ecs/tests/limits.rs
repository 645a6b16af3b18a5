//! Floors, ceilings, the schedule, and services that no rule governs.

use super::*;
use crate::policy::Note;

fn at(time: &str) -> Timestamp {
    time.parse().unwrap()
}

#[test]
fn below_the_floor_goes_to_it_at_once() {
    assert_eq!(Scene::steady(3).decision(), to_floor(4));
}

#[test]
fn below_the_floor_needs_no_data_and_no_cooldown_and_no_quiet() {
    let scene = Scene::steady(3).gone(CPU).gone(MEMORY).gone(REQUESTS);
    assert_eq!(scene.decision(), to_floor(4));
    let started = seconds(noon(), -10);
    let scene = scene.activity(activity(started, 3, ActivityKind::Successful));
    let scene = scene.with(|service| service.deployments = vec![deployment(Rollout::InProgress)]);
    assert_eq!(scene.decision(), to_floor(4));
}

#[test]
fn a_larger_ask_goes_beyond_the_floor() {
    let scene = Scene::steady(3).newest(CPU, &[Some(140.0); 5]);
    assert_eq!(scene.decision(), out(6, &[CPU]));
    let small = Scene::steady(3).newest(CPU, &[Some(71.0); 5]);
    assert_eq!(small.decision(), to_floor(4));
}

#[test]
fn the_morning_floor_of_4_holds_from_8_to_22_utc() {
    for (time, expected) in [
        ("2026-03-10T07:59:59Z", false),
        ("2026-03-10T08:00:00Z", true),
        ("2026-03-10T21:59:59Z", true),
        ("2026-03-10T22:00:00Z", false),
    ] {
        let scene = Scene::steady(3).limits(2, 10);
        let scene = if at(time) < scene.now { earlier(3, at(time)) } else { scene.at(at(time)) };
        assert_eq!(scene.decision() == to_floor(4), expected, "{time}");
    }
}

/// A steady scene whose hour of history ends at another time.
fn earlier(tasks: u32, now: Timestamp) -> Scene {
    let scene = Scene::steady(tasks);
    let mut fresh = Scene { platform: Platform::default(), now, ..scene };
    fresh.read(Source::TargetGroups, now, Fact::TargetGroups(vec![target_group()]));
    fresh.read(Source::Metrics, now, Fact::Metrics(vec![]));
    fresh.targets(2, 10);
    let service = fresh.service.clone();
    fresh.see_counts(seconds(now, -3600), service.clone());
    fresh.see_health(seconds(now, -3600), 0);
    fresh.see_counts(now, service);
    fresh.see_health(now, 0);
    fresh.flat(CPU, 10.0).flat(MEMORY, 20.0).flat(REQUESTS, 100.0)
}

#[test]
fn the_evening_change_lowers_the_floor_and_removes_nothing_by_itself() {
    let before = earlier(4, at("2026-03-10T21:59:59Z")).verdict();
    assert_eq!(before.decision, none(Reason::AtFloor));
    let next = before.next.unwrap();
    assert_eq!(next.at, at("2026-03-10T22:00:00Z"));
    assert_eq!(next.what, "the floor falls to 2 (outside peak hours 08:00–22:00 UTC)");
    let busy = earlier(4, at("2026-03-10T22:00:00Z")).flat(CPU, 60.0);
    assert_eq!(busy.decision(), none(Reason::WouldRebound { metric: CPU, projected: 80.0 }));
    assert_eq!(earlier(4, at("2026-03-10T22:00:00Z")).decision(), inward(3), "one step, because the metrics agree");
}

#[test]
fn the_morning_change_is_announced() {
    let verdict = earlier(2, at("2026-03-10T07:59:00Z")).verdict();
    assert_eq!(verdict.decision, none(Reason::AtFloor));
    let next = verdict.next.unwrap();
    assert_eq!(next.at, at("2026-03-10T08:00:00Z"));
    assert_eq!(next.what, "scales out to 4: the floor rises (peak hours 08:00–22:00 UTC)");
}

#[test]
fn staging_has_no_peak_floor() {
    let mut scene = Scene::steady(1).limits(1, 3);
    scene.policy = Policy::of_spec(Environment::Staging);
    assert_eq!(scene.verdict().floor.count, TaskCount(1));
    assert_eq!(scene.decision(), none(Reason::AtFloor));
}

#[test]
fn never_beyond_the_ceiling() {
    let hot = [Some(200.0); 5];
    assert_eq!(Scene::steady(9).newest(CPU, &hot).decision(), out(10, &[CPU]));
    let scene = Scene::steady(10).newest(CPU, &hot);
    assert_eq!(scene.decision(), none(Reason::AtCeiling { wanted: TaskCount(29) }));
}

#[test]
fn the_ask_is_compared_before_it_is_cut_to_the_ceiling() {
    // 11 tasks run of 9 wanted (a deployment); 16 are asked for. Cut to 10 it is still more than desired.
    let scene = Scene::steady(9).with(|service| service.running = TaskCount(11)).newest(CPU, &[Some(100.0); 5]);
    assert_eq!(scene.decision(), out(10, &[CPU]));
}

#[test]
fn a_ceiling_reached_leaves_nothing_for_missing_data_to_change() {
    let scene = Scene::idle(10).flat(REQUESTS, 900.0).gone(MEMORY);
    assert_eq!(scene.decision(), none(Reason::WouldRebound { metric: REQUESTS, projected: 1000.0 }));
}

#[test]
fn above_max_is_left_alone_with_a_note() {
    for scene in [Scene::idle(12), Scene::idle(12).newest(CPU, &[Some(100.0); 5])] {
        let verdict = scene.verdict();
        assert_eq!(verdict.decision, none(Reason::AboveCeiling));
        assert_eq!(verdict.notes, [Note::AboveCeiling]);
    }
}

#[test]
fn desired_0_is_stopped_on_purpose_even_below_the_floor() {
    assert_eq!(Scene::steady(0).decision(), none(Reason::Stopped));
}

#[test]
fn a_service_that_is_being_deleted_is_left_alone() {
    let scene = Scene::steady(2).with(|service| service.status = ServiceStatus::Draining);
    assert_eq!(scene.decision(), none(Reason::Stopped));
}

#[test]
fn no_scalable_target_is_not_managed_once_the_targets_were_read() {
    let mut scene = Scene::steady(6).newest(CPU, &[Some(100.0); 5]);
    scene.platform.targets.clear();
    assert_eq!(scene.decision(), none(Reason::NotManaged));
    scene.platform.sources.remove(&Source::ScalableTargets);
    let reason = Reason::Stale { source: Source::ScalableTargets, learnt: None };
    assert_eq!(scene.decision(), Decision::CannotTell { reason });
}

#[test]
fn the_stricter_limit_is_in_force_and_a_difference_is_noted() {
    let wide = Scene::idle(6).limits(2, 20).verdict();
    assert_eq!((wide.floor.count, wide.ceiling), (TaskCount(4), TaskCount(10)));
    let note = |min, max| {
        let (policy, aws) = ((TaskCount(4), TaskCount(10)), (TaskCount(min), TaskCount(max)));
        Note::LimitsDiffer { policy, aws }
    };
    assert_eq!(wide.notes, [note(2, 20)]);
    let held = Scene::idle(6).limits(6, 8).verdict();
    assert_eq!(held.decision, none(Reason::AtFloor), "a floor that AWS holds is not undercut");
    assert_eq!(held.floor.origin, "AWS's minimum; the policy's floor is 4");
    assert_eq!((held.ceiling, held.notes), (TaskCount(8), vec![note(6, 8)]));
    assert_eq!(Scene::idle(6).verdict().notes, []);
}

#[test]
fn a_floor_above_the_ceiling_is_cut_to_it() {
    let verdict = Scene::steady(2).limits(12, 12).verdict();
    assert_eq!(verdict.decision, to_floor(10));
}

#[test]
fn a_suspension_is_noted_and_changes_nothing() {
    let mut scene = Scene::idle(6);
    let mut target = ScalableTarget::clone(&scene.platform.targets[&scene.service.id]);
    target.suspended = Suspended { scale_in: true, scale_out: false, scheduled: true };
    scene.platform.targets.insert(scene.service.id.clone(), Arc::new(target));
    let verdict = scene.verdict();
    assert_eq!(verdict.decision, inward(5));
    assert_eq!(verdict.notes, [Note::Suspended { what: "scale-in and scheduled actions".into() }]);
}
