//! "Excessive scaling activity".

use super::*;
use crate::platform::{CountChange, CountHistory, Rollout};
use crate::policy::ecs::tests::{CPU, deployment};
use crate::policy::why::flap::median_and_scale;
use crate::policy::why::moves::{Sign, signs};

fn diagnosis(scene: &Scene, moves: &[Move]) -> Diagnosis {
    of(&with(scene, &[], moves), Trouble::ScalingTooMuch).clone()
}

/// AWS has set these counts so many minutes ago.
fn counts(scene: Scene, minutes: &[(i64, u32)]) -> Scene {
    minutes.iter().fold(scene, |scene, (before, to)| scene.activity(done(before * 60, *to)))
}

/// Up and down again, four times in half an hour.
fn flapping(tasks: u32) -> Scene {
    let up = tasks + 1;
    counts(set_up(Scene::steady(tasks)), &[(40, tasks), (29, up), (22, tasks), (15, up), (8, tasks)])
}

fn moved(before_m: i64, from: u32, to: u32) -> Move {
    Move { at: ago(before_m * 60), from, to, by: Mover::Autoscaler }
}

#[test]
fn signs_are_found_in_the_order_of_their_weight() {
    let find = |moves: &[Move]| signs(moves, noon(), 300, 1500, 300);
    let reversals = |count, minutes: u32| Sign::Reversals { count, within_s: minutes * 60 };
    assert_eq!(find(&[]), []);
    assert_eq!(find(&[moved(20, 4, 6), moved(15, 6, 8)]), [], "one way is no flapping");
    assert_eq!(find(&[moved(40, 4, 6), moved(5, 6, 4)]), [], "a day's hill is no flapping");
    let three = [moved(28, 4, 6), moved(17, 6, 4), moved(3, 4, 6)];
    assert_eq!(find(&three), [reversals(2, 30)]);
    let hour = [moved(58, 4, 6), moved(44, 6, 4), moved(33, 4, 6), moved(12, 6, 4)];
    assert_eq!(find(&hour), [reversals(3, 60)]);
    let quick = [moved(12, 4, 6), moved(4, 6, 4)];
    assert_eq!(find(&quick), [Sign::ThereAndBack { a: 4, b: 6, took_s: 480, at: ago(240) }]);
    let day = [moved(700, 4, 6), moved(692, 6, 4), moved(400, 4, 6), moved(392, 6, 4)];
    assert_eq!(find(&day), [Sign::TakenBack { reversed: 2, of: 4 }]);
    let swing: Vec<_> = (0..3).flat_map(|n| [moved(130 - 30 * n, 4, 5), moved(120 - 30 * n, 5, 4)]).collect();
    let cycle = Sign::Cycle { period_s: 1800, expected_s: 1800 };
    assert!(find(&swing).contains(&cycle), "{:?}", find(&swing));
}

#[test]
fn a_count_that_goes_back_and_forth_is_a_trouble_with_its_makers() {
    let diagnosis = diagnosis(&flapping(4), &[]);
    assert_eq!(diagnosis.line(), "scaling too much: yes – the count turned 3 times in 30m");
    assert_eq!(rules(&diagnosis)[0], "cooldown_short");
    let short = cause(&diagnosis, "cooldown_short");
    assert_eq!(short.sentence, "what was added at 11:31:00 was taken away after 7m");
    assert_eq!(short.mends[0].variable, Some("ecs_scale_in_cooldown_s"));
}

#[test]
fn few_tasks_tell_below_which_value_one_may_go() {
    let diagnosis = diagnosis(&flapping(3), &[]);
    let few = cause(&diagnosis, "few_tasks");
    assert_eq!(few.sentence, "with 4 tasks at most, one fewer moves every metric by 1/4 and more");
    assert_eq!(few.evidence[0].line(), "cpu: 65 %, against below 52.5 % for 3 tasks, at 11:57:00");
}

#[test]
fn two_hands_on_one_count_are_named() {
    let scene = set_up(Scene::steady(6)).activity(done(2400, 4)).activity(done(900, 6));
    let by_hand = |before: i64, from, to| Move { at: ago(before), from, to, by: Mover::Operator };
    let diagnosis = diagnosis(&scene, &[by_hand(600, 6, 4), by_hand(1300, 6, 4)]);
    assert_eq!(diagnosis.standing, Standing::Yes, "{diagnosis:#?}");
    let hands = cause(&diagnosis, "two_hands");
    assert_eq!(hands.sentence, "two pull at it: AWS's policy adds, an operator takes away");
    assert!(hands.evidence.iter().any(|proof| proof.line() == "an operator: 6 → 4, at 11:50:00"), "{hands:#?}");
}

#[test]
fn a_change_that_two_witnesses_tell_is_one() {
    let mut scene = set_up(Scene::steady(6)).activity(done(3000, 4)).activity(done(900, 6));
    let change = CountChange { seen: ago(880), from: TaskCount(4), to: TaskCount(6) };
    let history = CountHistory { watched_since: Some(ago(7200)), changes: [change].into(), ..CountHistory::default() };
    scene.platform.counts.insert(scene.service.id.clone(), Arc::new(history));
    let diagnosis = diagnosis(&scene, &[]);
    assert_eq!(diagnosis.line(), "scaling too much: no – the count moved once in the last hour");
}

#[test]
fn thresholds_that_the_metric_lies_on_are_named() {
    let wave: Vec<_> = (0..60).map(|minute| Some(if minute % 2 == 0 { 72.0 } else { 68.0 })).collect();
    let diagnosis = diagnosis(&flapping(6).minutes(CPU, &wave), &[]);
    let lies = cause(&diagnosis, "on_its_target");
    assert_eq!(lies.sentence, "cpu lies on its target, crossing up and down");
    assert_eq!(lies.evidence[0].line(), "cpu crossed its target: 59 times in 60m, against 70 %, at 11:57:00");
    assert_eq!(lies.mends[0].variable, Some("ecs_cpu_target"));
}

#[test]
fn a_minute_far_from_the_rest_is_an_anomaly() {
    let mut minutes: Vec<_> = (0..60).map(|minute| Some(40.0 + f64::from(minute % 3))).collect();
    minutes[7] = Some(97.0);
    let odd = diagnosis(&flapping(6).minutes(CPU, &minutes), &[]);
    let unusual = cause(&odd, "unusual_minutes");
    assert_eq!(unusual.evidence[0].line(), "cpu: 97 % in one of 1 such minutes, against median 41 %, at 11:50:00");
    minutes[7] = Some(45.0);
    let calm = diagnosis(&flapping(6).minutes(CPU, &minutes), &[]);
    assert!(!rules(&calm).contains(&"unusual_minutes".to_owned()), "noise is none: {calm:#?}");
    assert_eq!(median_and_scale(vec![1.0; 29]), None, "too few points for a median");
}

#[test]
fn deployments_and_what_aws_holds_back_are_makers_too() {
    let fresh = crate::platform::Deployment { created: ago(1500), ..deployment(Rollout::Completed) };
    let scene = flapping(6).with(|service| service.deployments = vec![fresh]);
    let held = [600, 500, 400]
        .iter()
        .fold(scene, |scene, before| scene.activity(refusal(*before, "AutoScalingAnticipatedFlapping")));
    let diagnosis = diagnosis(&held, &[]);
    assert!(rules(&diagnosis).contains(&"deployments".to_owned()));
    let anticipated = cause(&diagnosis, "anticipated_flapping");
    assert_eq!(anticipated.evidence[0].value, "3 times in 60m");
}

#[test]
fn the_same_hour_of_several_days_asks_for_a_schedule() {
    let day = 24 * 60;
    let mornings = [
        (3 * day + 200, 4),
        (3 * day + 190, 6),
        (2 * day + 200, 4),
        (2 * day + 190, 6),
        (day + 200, 4),
        (day + 190, 6),
    ];
    let scene =
        mornings.iter().fold(set_up(Scene::steady(4)), |scene, (before, to)| scene.activity(done(before * 60, *to)));
    let scene = counts(scene, &[(40, 4), (29, 5), (22, 4), (15, 5), (8, 4)]);
    let known = diagnosis(&scene, &[]);
    let pattern = cause(&known, "same_hour");
    assert_eq!(pattern.evidence[0].line(), "scaled out between 08:00 and 09:00 UTC: on 3 days, against 3 days");
    assert_eq!(pattern.mends[0].variable, Some("peak_hours_min_capacity"));
    let short = diagnosis(&flapping(6), &[]);
    let unsure = cause(&short, "same_hour");
    assert!(unsure.line().ends_with("changes are known since 2026-03-10 only, 3 days are needed"), "{}", unsure.line());
}

#[test]
fn without_activities_and_after_a_start_it_cannot_be_told() {
    let mut scene = set_up(Scene::steady(6));
    scene.platform.activities.clear();
    scene.platform.counts.clear();
    let nothing = diagnosis(&scene, &[]);
    assert_eq!(cannot_tell(&nothing.standing), "activities not read yet");
    let history = CountHistory { watched_since: Some(ago(120)), ..CountHistory::default() };
    scene.platform.counts.insert(scene.service.id.clone(), Arc::new(history));
    let young = diagnosis(&scene, &[]);
    assert_eq!(cannot_tell(&young.standing), "changes are known since 11:58:00 only");
}
