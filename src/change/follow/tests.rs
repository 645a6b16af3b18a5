//! Stories of changes, told by sequences of platforms.

use std::sync::Arc;

use super::*;
use crate::change::scene::Scene;
use crate::platform::{Rollout, Source};

/// 6 → 8 behind six healthy targets: accepted at the scene's time.
fn accepted() -> (Scene, Plan, Follow) {
    let scene = Scene::web().limits(4, 10).targets(6, 0);
    let plan = scene.desired(8);
    let follow = Follow::begin(scene.now, Some(110));
    let accepted = follow.answered(&Outcome::Accepted { request_id: None }, scene.now);
    (scene, plan, accepted)
}

fn unanswered() -> (Scene, Plan, Follow) {
    let (scene, plan, _) = accepted();
    let follow = Follow::begin(scene.now, None);
    let unknown = follow.answered(&Outcome::Unknown { detail: "timed out".to_owned() }, scene.now);
    assert_eq!(unknown.stage, Stage::Unknown);
    (scene, plan, unknown)
}

fn step(follow: &Follow, plan: &Plan, scene: &Scene) -> Follow {
    follow.advance(plan, &scene.platform, scene.now)
}

fn under(running: u32, pending: u32, healthy: u32, draining: u32, wanted: u32) -> Stage {
    Stage::Under {
        running: TaskCount(running),
        pending: TaskCount(pending),
        healthy: Some(healthy),
        draining,
        wanted: TaskCount(wanted),
    }
}

#[test]
fn a_scale_out_from_the_request_to_steady() {
    let (scene, plan, mut follow) = accepted();
    assert_eq!(follow.stage, Stage::Sending);
    let story = [
        (scene.clone().counts(8, 6, 0).later(5), under(6, 0, 6, 0, 8)),
        (scene.clone().counts(8, 6, 2).later(20), under(6, 2, 6, 0, 8)),
        (scene.clone().counts(8, 8, 0).later(60), under(8, 0, 6, 0, 8)),
        (scene.clone().counts(8, 8, 0).targets(7, 0).later(80), under(8, 0, 7, 0, 8)),
        (scene.clone().counts(8, 8, 0).targets(8, 0).later(112), Stage::Steady),
    ];
    for (then, stage) in story {
        follow = step(&follow, &plan, &then);
        assert_eq!(follow.stage, stage);
    }
    let done = scene.later(112).now;
    assert_eq!((follow.began, follow.ended), (plan.made, Some(done)));
    let later = Scene::web().limits(4, 10).counts(2, 2, 0).later(500);
    assert_eq!(step(&follow, &plan, &later), follow, "what has ended stays as it ended");
}

#[test]
fn a_scale_in_is_steady_only_when_nothing_drains() {
    let scene = Scene::web().limits(4, 10).targets(6, 0);
    let plan = scene.desired(5);
    let follow = Follow::begin(scene.now, None).answered(&Outcome::Accepted { request_id: None }, scene.now);
    let draining = scene.clone().counts(5, 6, 0).targets(5, 1).later(30);
    let follow = step(&follow, &plan, &draining);
    assert_eq!(follow.stage, under(6, 0, 5, 1, 5));
    let stopped = scene.counts(5, 5, 0).targets(5, 0).later(330);
    assert_eq!(step(&follow, &plan, &stopped).stage, Stage::Steady);
}

#[test]
fn nothing_is_said_from_readings_older_than_the_answer() {
    let (scene, plan, follow) = accepted();
    let done = scene.counts(8, 8, 0).targets(8, 0);
    let mut old = done.clone().unread(30);
    Arc::make_mut(old.platform.services.get_mut(&old.id).unwrap()).learnt =
        plan.made - jiff::SignedDuration::from_secs(1);
    assert_eq!(step(&follow, &plan, &old).stage, Stage::Sending);
    let mut half = done.later(30);
    for group in half.platform.target_groups.values_mut() {
        Arc::make_mut(group).learnt = plan.made - jiff::SignedDuration::from_secs(1);
    }
    assert_eq!(step(&follow, &plan, &half).stage, under(8, 0, 8, 0, 8), "health from before is no health");
}

#[test]
fn without_a_target_group_running_is_enough() {
    let scene = Scene::web();
    let plan = scene.desired(8);
    let follow = Follow::begin(scene.now, None).answered(&Outcome::Accepted { request_id: None }, scene.now);
    assert_eq!(step(&follow, &plan, &scene.clone().counts(8, 8, 0).later(60)).stage, Stage::Steady);
}

#[test]
fn nothing_moves_before_the_answer() {
    let (scene, plan, _) = accepted();
    let follow = Follow::begin(scene.now, None);
    assert_eq!(step(&follow, &plan, &scene.counts(8, 8, 0).targets(8, 0).later(60)), follow);
}

#[test]
fn what_aws_refuses_has_failed_with_its_words() {
    let (scene, _, _) = accepted();
    let refused = Outcome::Refused { code: "AccessDenied".to_owned(), message: "no ecs:UpdateService".to_owned() };
    let follow = Follow::begin(scene.now, None).answered(&refused, scene.now);
    assert_eq!(follow.stage, Stage::Failed { why: "AccessDenied: no ecs:UpdateService".to_owned() });
    assert_eq!(follow.ended, Some(scene.now));
}

#[test]
fn no_answer_is_read_back_before_anything_is_said() {
    let (scene, plan, unknown) = unanswered();
    let early = step(&unknown, &plan, &scene.clone().later(9));
    assert_eq!(early.stage, Stage::Unknown, "the old value may still be an old answer");
    let why = "not carried out: desired is still 6, 12s after the request".to_owned();
    assert_eq!(step(&early, &plan, &scene.clone().later(12)).stage, Stage::Failed { why });
    assert_eq!(step(&early, &plan, &scene.counts(8, 6, 2).later(12)).stage, under(6, 2, 6, 0, 8));
}

#[test]
fn a_change_of_an_earlier_run_is_read_back_first() {
    let (scene, plan, _) = accepted();
    let follow = Follow::resume(scene.now, 0, scene.clone().later(100).now);
    assert_eq!(follow.stage, Stage::Unknown);
    assert_eq!(step(&follow, &plan, &scene.counts(8, 8, 0).targets(8, 0).later(105)).stage, Stage::Steady);
}

#[test]
fn somebody_elses_value_overtakes_and_is_named_where_aws_tells() {
    let (scene, plan, follow) = accepted();
    let nobody = step(&follow, &plan, &scene.clone().counts(9, 6, 3).later(5));
    let by = "desired is 9, not your 8: AWS does not tell by whom".to_owned();
    assert_eq!(nobody.stage, Stage::Overtaken { by });
    let cause = "monitor alarm TargetTracking-high in state ALARM triggered policy cpu";
    let autoscaler = scene.clone().later(5).counts(9, 6, 3).activity(9, cause);
    let by = format!("desired is 9, not your 8: set by the autoscaler: {cause}");
    assert_eq!(step(&follow, &plan, &autoscaler).stage, Stage::Overtaken { by });

    let begun = step(&follow, &plan, &scene.clone().counts(8, 6, 2).later(5));
    let back = step(&begun, &plan, &scene.later(60));
    let by = "desired is 6, not your 8: AWS does not tell by whom".to_owned();
    assert_eq!(back.stage, Stage::Overtaken { by });
}

#[test]
fn a_read_back_that_trails_the_write_is_waited_for() {
    let (scene, plan, follow) = accepted();
    assert_eq!(step(&follow, &plan, &scene.later(3)).stage, Stage::Sending);
}

#[test]
fn tasks_that_cannot_be_placed_fail_once_ecs_stands_still() {
    let (scene, plan, follow) = accepted();
    let message = "(service web) was unable to place a task. Reason: You've reached the limit on the number of vCPUs";
    let told = scene.clone().counts(8, 6, 0).later(5).event(message);
    let follow = step(&follow, &plan, &told);
    assert_eq!(follow.stage, under(6, 0, 6, 0, 8), "ECS goes on trying");
    let follow = step(&follow, &plan, &told.clone().later(54));
    assert!(!follow.stage.is_over());
    let why = format!("{message} (6 running, 8 wanted)");
    assert_eq!(step(&follow, &plan, &told.clone().later(55)).stage, Stage::Failed { why });

    let one = step(&follow, &plan, &told.later(54).counts(8, 7, 0).targets(7, 0));
    let stuck = scene.counts(8, 7, 0).targets(7, 0).later(5).event(message).later(120);
    let why = format!("7 running, 8 wanted: {message}");
    assert_eq!(step(&one, &plan, &stuck).stage, Stage::Partly { why });
}

#[test]
fn a_complaint_that_was_overcome_is_forgotten() {
    let (scene, plan, follow) = accepted();
    let told = scene.counts(8, 6, 0).later(5).event("was unable to place a task");
    let follow = step(&follow, &plan, &told);
    let placed = told.counts(8, 8, 0);
    let follow = step(&follow, &plan, &placed.clone().later(20));
    assert_eq!(step(&follow, &plan, &placed.later(300)).stage, under(8, 0, 6, 0, 8), "health takes its time");
}

#[test]
fn an_event_from_before_is_not_this_changes() {
    let (scene, plan, follow) = accepted();
    let mut old = scene.event("was unable to place a task").counts(8, 6, 2);
    Arc::make_mut(old.platform.services.get_mut(&old.id).unwrap()).events[0].at =
        plan.made - jiff::SignedDuration::from_secs(1);
    let follow = step(&follow, &plan, &old.clone().later(5));
    assert!(!step(&follow, &plan, &old.later(300)).stage.is_over());
}

#[test]
fn a_deployment_that_failed_ends_it_at_once() {
    let (scene, plan, follow) = accepted();
    let failed = scene.counts(8, 6, 0).later(30).service(|service| {
        service.deployments[0].rollout = Rollout::Failed;
        service.deployments[0].reason = "circuit breaker".to_owned();
        service.deployments[0].updated = service.learnt;
    });
    let why = "the deployment failed: circuit breaker (6 running, 8 wanted)".to_owned();
    assert_eq!(step(&follow, &plan, &failed).stage, Stage::Failed { why });
}

#[test]
fn a_quarter_of_an_hour_without_progress_is_the_end() {
    let (scene, plan, follow) = accepted();
    let seven = scene.clone().counts(8, 7, 1).targets(7, 0);
    let mut follow = step(&follow, &plan, &seven.clone().later(60));
    // A task that starts and dies again and again comes no nearer.
    for second in (90..960).step_by(30) {
        let scene = if second % 60 == 0 { seven.clone() } else { scene.clone().counts(8, 6, 2) };
        follow = step(&follow, &plan, &scene.later(second));
        assert!(!follow.stage.is_over(), "{second}");
    }
    let why = "7 running, 8 wanted: nothing has moved for 15m".to_owned();
    assert_eq!(step(&follow, &plan, &seven.later(960)).stage, Stage::Partly { why });
}

#[test]
fn targets_that_never_become_healthy_are_named() {
    let (scene, plan, follow) = accepted();
    let sick = scene.counts(8, 8, 0);
    let follow = step(&follow, &plan, &sick.clone().later(60));
    let why = "8 running, 6 healthy, 8 wanted: nothing has moved for 15m".to_owned();
    assert_eq!(step(&follow, &plan, &sick.later(960)).stage, Stage::Partly { why });
}

#[test]
fn draining_is_waited_for_as_long_as_it_may_take() {
    let scene = Scene::web().targets(6, 0);
    let plan = scene.desired(5);
    let follow = Follow::begin(scene.now, None).answered(&Outcome::Accepted { request_id: None }, scene.now);
    let mut draining = scene.counts(5, 6, 0).targets(5, 1);
    for group in draining.platform.target_groups.values_mut() {
        Arc::make_mut(group).draining_s = Some(3600);
    }
    let follow = step(&follow, &plan, &draining.clone().later(10));
    assert!(!step(&follow, &plan, &draining.later(3600)).stage.is_over());
}

#[test]
fn nothing_read_for_a_quarter_of_an_hour_is_not_called_failed() {
    let (scene, plan, follow) = accepted();
    let mut blind = scene.unread(900);
    Arc::make_mut(blind.platform.services.get_mut(&blind.id).unwrap()).learnt =
        plan.made - jiff::SignedDuration::from_secs(1);
    let why = "nothing could be read for 15m: what was reached is not known".to_owned();
    assert_eq!(step(&follow, &plan, &blind).stage, Stage::Partly { why });
}

#[test]
fn a_raised_floor_is_read_back_and_then_the_count_moves_up_to_it() {
    let scene = Scene::web().limits(4, 10).targets(6, 0);
    let plan = scene.floor(8);
    let mut follow = Follow::begin(scene.now, None).answered(&Outcome::Accepted { request_id: None }, scene.now);
    let story = [
        (scene.clone().later(3), Stage::Sending),
        (scene.clone().limits(8, 10).later(5), under(6, 0, 6, 0, 8)),
        (scene.clone().limits(8, 10).counts(8, 6, 2).later(20), under(6, 2, 6, 0, 8)),
        (scene.clone().limits(8, 10).counts(8, 8, 0).targets(8, 0).later(90), Stage::Steady),
    ];
    for (then, stage) in story {
        follow = step(&follow, &plan, &then);
        assert_eq!(follow.stage, stage);
    }
}

#[test]
fn a_lowered_floor_is_done_when_it_is_read_back() {
    let scene = Scene::web().limits(4, 10).targets(6, 0);
    let plan = scene.floor(3);
    let follow = Follow::begin(scene.now, None).answered(&Outcome::Accepted { request_id: None }, scene.now);
    let busy = scene.limits(3, 10).counts(6, 5, 1).later(5);
    assert_eq!(step(&follow, &plan, &busy).stage, Stage::Steady);
}

#[test]
fn a_floor_that_somebody_else_set_or_took_away() {
    let scene = Scene::web().limits(4, 10);
    let plan = scene.floor(8);
    let follow = Follow::begin(scene.now, None).answered(&Outcome::Accepted { request_id: None }, scene.now);
    let other = step(&follow, &plan, &scene.clone().limits(2, 10).later(5));
    let by = "the floor is 2, not your 8: AWS does not tell by whom".to_owned();
    assert_eq!(other.stage, Stage::Overtaken { by });
    let mut gone = scene.later(5);
    gone.platform.targets.clear();
    let why = "the scalable target is no longer registered".to_owned();
    assert_eq!(step(&follow, &plan, &gone).stage, Stage::Failed { why });
}

#[test]
fn a_service_that_was_not_read_yet_is_not_gone() {
    let scene = Scene::web();
    let plan = scene.desired(8);
    let resumed = Follow::resume(scene.now, 0, scene.now);
    let mut unread = scene.clone().later(1);
    unread.platform.services.clear();
    assert_eq!(step(&resumed, &plan, &unread).stage, Stage::Unknown, "nothing is listed yet");
    unread.platform.listed = Some(Arc::new(vec![scene.id.clone()]));
    let unread = unread.source(Source::ServiceList);
    assert_eq!(step(&resumed, &plan, &unread).stage, Stage::Unknown, "it is listed and not described yet");
    let mut gone = unread;
    gone.platform.listed = Some(Arc::default());
    let why = "the service is no longer there".to_owned();
    assert_eq!(step(&resumed, &plan, &gone).stage, Stage::Failed { why });
    let old = Follow::resume(scene.now, 0, gone.now + jiff::SignedDuration::from_secs(1));
    assert_eq!(step(&old, &plan, &gone).stage, Stage::Unknown, "the list is older than the answer");
}

#[test]
fn targets_that_were_not_read_yet_are_not_healthy() {
    let (scene, plan, follow) = accepted();
    let mut unread = scene.counts(8, 8, 0).later(5);
    unread.platform.target_groups.clear();
    assert!(!step(&follow, &plan, &unread).stage.is_over(), "a group is named and not known");
    unread.platform.sources.insert(
        Source::TargetGroups,
        Arc::new(crate::platform::SourceHealth {
            state: crate::platform::SourceState::Denied {
                action: "elasticloadbalancing:DescribeTargetGroups".to_owned(),
            },
            learnt: None,
            since: unread.now,
            cadence_s: 60,
            failures: 1,
        }),
    );
    assert_eq!(step(&follow, &plan, &unread).stage, Stage::Steady, "who may not read them goes by the counts");
}
