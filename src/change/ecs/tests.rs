//! Every kind of change of a service: what it sends, what it asks, what forbids it, and the way back.

use proptest::prelude::*;

use super::*;
use crate::change::scene::Scene;
use crate::change::step::Step;
use crate::change::{Scaling, Tier, command, guard, preview, undo};
use crate::platform::{Environment, Source, Suspended, TaskId};
use crate::policy::Advice;

fn web() -> Scene {
    Scene::web().limits(4, 10).source(Source::ScheduledActions).scheduled("morning", "cron(0 8 * * ? *)", 4).scheduled(
        "evening",
        "cron(0 22 * * ? *)",
        2,
    )
}

fn ceiling(scene: &Scene, to: u32) -> Change {
    Change::Ceiling { service: scene.id.clone(), to: TaskCount(to) }
}

fn hold(scene: &Scene, to: u32, until: &str) -> Change {
    Change::Hold { service: scene.id.clone(), to: TaskCount(to), until: until.parse().unwrap() }
}

fn suspend(scene: &Scene, scaling: Scaling, suspend: bool) -> Change {
    Change::Suspend { service: scene.id.clone(), scaling, suspend }
}

fn schedule(scene: &Scene, name: &str, schedule: &str, min: Option<u32>, max: Option<u32>) -> Change {
    let action = ScheduledAction {
        name: name.to_owned(),
        schedule: schedule.to_owned(),
        timezone: String::new(),
        min: min.map(TaskCount),
        max: max.map(TaskCount),
    };
    Change::Schedule { service: scene.id.clone(), action }
}

fn tier(scene: &Scene, change: Change) -> Tier {
    guard::tier(&scene.plan(change).unwrap(), &Policy::of_spec(Environment::Production))
}

fn why_not(scene: &Scene, change: Change) -> String {
    scene.plan(change).unwrap_err().to_string()
}

#[test]
fn what_each_kind_asks_for_in_production() {
    let scene = web();
    let name = || Tier::TypeName("web".to_owned());
    let until = "2026-11-03T18:00:00Z";
    let suspended = web().suspended(Suspended { scale_in: true, ..Suspended::default() });
    assert_eq!(tier(&scene, ceiling(&scene, 9)), name(), "a ceiling is lowered by name");
    assert_eq!(tier(&scene, ceiling(&scene, 11)), Tier::TypeCountAndReason(11));
    assert_eq!(tier(&scene, hold(&scene, 8, until)), Tier::TypeCount(8));
    assert_eq!(tier(&scene, suspend(&scene, Scaling::In, true)), name());
    assert_eq!(tier(&suspended, suspend(&scene, Scaling::In, false)), name(), "there is no count to type");
    assert_eq!(tier(&scene, Change::Unschedule { service: scene.id.clone(), name: "evening".to_owned() }), name());
    assert_eq!(tier(&scene, schedule(&scene, "noon", "cron(0 12 * * ? *)", Some(6), None)), name());
}

#[test]
fn each_obstacle_has_its_sentence() {
    let scene = web();
    let at = |text: &str, min, max| schedule(&scene, "noon", text, min, max);
    let noon = "cron(0 12 * * ? *)";
    let mut bare = web();
    bare.platform.targets.clear();
    let unread = Scene::web().limits(4, 10);
    let table = [
        (why_not(&scene, ceiling(&scene, 3)), "a ceiling of 3 is below the floor of 4: lower the floor first"),
        (why_not(&scene, ceiling(&scene, 10)), "the ceiling is 10 already: nothing to do"),
        (
            why_not(&scene, hold(&scene, 11, "2026-11-03T18:00:00Z")),
            "a floor of 11 is above the ceiling of 10: raise the ceiling first",
        ),
        (why_not(&scene, hold(&scene, 3, "2026-11-03T18:00:00Z")), "a hold raises the floor: 3 is not above 4"),
        (
            why_not(&unread, hold(&unread, 8, "2026-11-03T18:00:00Z")),
            "the scheduled actions have not been read: nothing is planned on what is not known",
        ),
        (why_not(&scene, suspend(&scene, Scaling::Out, false)), "scale-out is active already: nothing to do"),
        (
            why_not(&bare, suspend(&scene, Scaling::Out, true)),
            "solosuccess-production/web has no scalable target: scale-out cannot be moved",
        ),
        (why_not(&scene, at(noon, None, None)), "a scheduled action sets a floor, a ceiling, or both"),
        (
            why_not(&scene, at(noon, Some(11), None)),
            "a floor of 11 is above the ceiling of 10: raise the ceiling first",
        ),
        (
            why_not(&scene, at("noon", Some(5), None)),
            "`noon` is no schedule: write cron(0 12 * * ? *), at(2026-11-03T18:00:00) or rate(1 hour)",
        ),
        (
            why_not(&scene, schedule(&scene, "scaledeck-hold-end", noon, Some(5), None)),
            "scaledeck-hold-end belongs to a hold: hold or release instead",
        ),
        (
            why_not(&scene, schedule(&scene, "a/b", noon, Some(5), None)),
            "`a/b` is no name of a scheduled action: 1 to 256 characters without `:`, `/` and `|`",
        ),
        (
            why_not(&scene, Change::Unschedule { service: scene.id.clone(), name: "noon".to_owned() }),
            "scheduled action noon is none already: nothing to do",
        ),
        (
            why_not(&scene, Change::StopTask { service: scene.id.clone(), task: TaskId::new("0123456789abcdef") }),
            "task 01234567 is gone already: nothing to do",
        ),
    ];
    for (told, sentence) in table {
        assert_eq!(told, sentence);
    }
}

#[test]
fn a_hold_is_sent_in_an_order_that_a_crash_cannot_hurt() {
    let scene = web();
    let plan = scene.plan(hold(&scene, 8, "2026-11-03T23:30:00Z")).unwrap();
    let steps: Vec<String> = plan.steps().iter().map(Step::what).collect();
    assert_eq!(
        steps,
        [
            "put scheduled action scaledeck-hold-end",
            "put scheduled action scaledeck-hold-again-20261103T2201Z",
            "set the floor to 8",
        ]
    );
    assert_eq!(command(&plan).matches(" && ").count(), 2);
}

#[test]
fn a_hold_is_released_with_its_end_last_and_taken_back_to_the_schedule_of_then() {
    let held = web().limits(8, 10).scheduled("scaledeck-hold-end", "at(2026-11-03T23:30:00)", 2).scheduled(
        "scaledeck-hold-again-20261103T2201Z",
        "at(2026-11-03T22:01:00)",
        8,
    );
    let release = held.plan(Change::Release { service: held.id.clone(), to: TaskCount(4) }).unwrap();
    let steps: Vec<String> = release.steps().iter().map(Step::what).collect();
    assert_eq!(
        steps,
        [
            "delete scheduled action scaledeck-hold-again-20261103T2201Z",
            "set the floor to 4",
            "delete scheduled action scaledeck-hold-end",
        ]
    );
    let done = web().plan(hold(&web(), 8, "2026-11-03T23:30:00Z")).unwrap();
    // At eleven at night the schedule says two.
    let night = "2026-11-03T23:00:00Z".parse().unwrap();
    let back = undo(&done, &held.platform, &Advice::default(), &Environment::Production, night).unwrap();
    assert_eq!(back.change, Change::Release { service: held.id.clone(), to: TaskCount(2) });
}

#[test]
fn suspending_one_keeps_what_else_is_suspended() {
    let scene = web().suspended(Suspended { scheduled: true, ..Suspended::default() });
    let plan = scene.plan(suspend(&scene, Scaling::In, true)).unwrap();
    let to = Suspended { scale_in: true, scale_out: false, scheduled: true };
    assert_eq!(plan.steps(), [Step::Suspended { service: scene.id.clone(), to }]);
}

#[test]
fn every_kind_in_its_preview() {
    let scene = web().tracked().targets(6, 0);
    let kinds = [
        ceiling(&scene, 5),
        hold(&scene, 8, "2026-11-03T23:30:00Z"),
        suspend(&scene, Scaling::Scheduled, true),
        schedule(&scene, "noon", "cron(0 12 * * ? *)", Some(6), None),
        Change::Unschedule { service: scene.id.clone(), name: "evening".to_owned() },
    ];
    let policy = Policy::of_spec(Environment::Production);
    let shown: Vec<String> = kinds
        .into_iter()
        .map(|change| {
            let plan = scene.plan(change).unwrap();
            let preview = preview(&plan, &scene.platform, &policy, &Advice::default(), None, scene.now);
            crate::change::preview::tests::text(&preview)
        })
        .collect();
    insta::assert_snapshot!(shown.join("\n\n"));
}

proptest! {
    #[test]
    fn a_hold_ends_first_raises_last_and_never_leaves_its_limits(
        floor in 0..20_u32,
        room in 0..20_u32,
        to in 0..60_u32,
        minutes in 0..11_000_i64,
    ) {
        let scene = web().limits(floor, floor + room);
        let until = scene.now + jiff::SignedDuration::from_mins(minutes);
        let Ok(plan) = scene.plan(Change::Hold { service: scene.id.clone(), to: TaskCount(to), until }) else {
            return Ok(());
        };
        prop_assert!(to > floor && to <= floor + room && until > scene.now);
        let steps = plan.steps();
        let ends = matches!(&steps[0], Step::PutSchedule { action, .. } if action.name == "scaledeck-hold-end");
        prop_assert!(ends, "{:?}", steps);
        prop_assert_eq!(steps.last(), Some(&Step::Floor { service: scene.id.clone(), to: TaskCount(to) }));
    }
}
