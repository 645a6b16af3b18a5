//! Plans that were answered, against platforms that have moved since – or have not.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::change::scene::Scene;
use crate::platform::{Region, ServiceStatus, Suspended, TaskCount};
use crate::policy::Advice;

fn policy() -> Policy {
    Policy::of_spec(Environment::Production)
}

fn answer(typed: &str) -> Answer {
    Answer { typed: typed.to_owned(), reason: None }
}

fn asked(plan: Plan, answer: Answer, pressed: Timestamp) -> Asked {
    Asked { shown: guard::tier(&plan, &policy()), plan, answer, pressed }
}

/// Enter on 6 → 8, five seconds after the box was drawn, and the fresh reading a second later.
fn press(typed: &str, fresh: impl FnOnce(Scene) -> Scene) -> Result<Confirmed, Refused> {
    let shown = Scene::web().limits(4, 10);
    let pressed = shown.clone().later(5).now;
    let fresh = fresh(shown.clone().later(6));
    let asked = asked(shown.desired(8), answer(typed), pressed);
    confirm(asked, &fresh.platform, &policy(), &Environment::Production, fresh.now)
}

fn moved(refused: Result<Confirmed, Refused>) -> (Plan, Vec<String>) {
    match refused {
        Err(Refused::Moved { plan, what }) => (*plan, what),
        other => panic!("{other:?}"),
    }
}

fn impossible_because(refused: Result<Confirmed, Refused>) -> String {
    match refused {
        Err(Refused::Impossible { why }) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_confirmed_is_what_was_shown() {
    let shown = Scene::web().limits(4, 10).desired(8);
    let confirmed = press(" 8 ", |fresh| fresh).unwrap();
    assert_eq!((confirmed.plan(), confirmed.reason()), (&shown, None));
}

#[test]
fn tasks_that_come_and_go_by_themselves_refuse_nothing() {
    assert!(press("8", |fresh| fresh.counts(6, 4, 2)).is_ok());
}

#[test]
fn a_target_that_moved_brings_the_plan_made_again() {
    let (plan, what) = moved(press("8", |fresh| fresh.counts(7, 7, 0)));
    assert_eq!(what, ["desired was 6, is 7"]);
    assert_eq!((plan.from(), plan.change.count()), (7, Some(8)));
    assert_eq!(moved(press("8", |fresh| fresh.limits(5, 10))).1, ["the floor was 4, is 5"]);
    let suspended = Suspended { scale_out: true, ..Suspended::default() };
    assert_eq!(moved(press("8", |fresh| fresh.suspended(suspended))).1, ["scale-out is suspended now"]);
}

#[test]
fn one_more_enter_confirms_the_plan_made_again() {
    let fresh = Scene::web().limits(4, 10).later(6).counts(7, 7, 0);
    let (plan, _) = moved(press("8", |_| fresh.clone()));
    let again = asked(plan, answer("8"), fresh.now);
    assert!(confirm(again, &fresh.platform, &policy(), &Environment::Production, fresh.now).is_ok());
}

#[test]
fn a_guard_that_asks_for_more_than_it_did_is_shown_first() {
    // Somebody lowers the ceiling to 7: 8 is beyond it now, and needs a reason.
    let (_, what) = moved(press("8", |fresh| fresh.limits(4, 7)));
    assert_eq!(what, ["the ceiling was 10, is 7", "what is asked was: type 8 – is: type 8 and give a reason",]);
}

#[test]
fn a_policy_that_changed_meanwhile_is_a_guard_that_changed() {
    let scene = Scene::web().limits(4, 10);
    let mut stricter = policy();
    stricter.ecs.max_capacity = TaskCount(7);
    let asked = asked(scene.desired(8), answer("8"), scene.now);
    let refused = confirm(asked, &scene.platform, &stricter, &Environment::Production, scene.now);
    assert_eq!(moved(refused).1.len(), 1);
}

#[test]
fn the_answer_has_to_be_the_one_that_was_asked_for() {
    for typed in ["", "6", "08", "8 8", "web", "+8"] {
        let refused = press(typed, |fresh| fresh).unwrap_err();
        assert_eq!(refused, Refused::Mistyped { expected: "type 8".to_owned() }, "{typed:?}");
    }
}

#[test]
fn a_name_or_a_reason_where_they_are_asked_for() {
    let scene = Scene::web().limits(4, 10);
    let try_it = |to, typed: &str, reason: Option<&str>| {
        let answer = Answer { typed: typed.to_owned(), reason: reason.map(str::to_owned) };
        let asked = asked(scene.desired(to), answer, scene.now);
        confirm(asked, &scene.platform, &policy(), &Environment::Production, scene.now)
    };
    assert_eq!(try_it(1, "1", None).unwrap_err(), Refused::Mistyped { expected: "type the name: web".to_owned() });
    assert!(try_it(1, "web", None).is_ok());
    let expected = "type 12 and give a reason".to_owned();
    assert_eq!(try_it(12, "12", None).unwrap_err(), Refused::Mistyped { expected: expected.clone() });
    assert_eq!(try_it(12, "12", Some("  ")).unwrap_err(), Refused::Mistyped { expected });
    assert_eq!(try_it(12, "12", Some(" launch day ")).unwrap().reason(), Some("launch day"));
}

#[test]
fn a_floor_that_the_ceiling_no_longer_allows_is_guarded() {
    let shown = Scene::web().limits(4, 10);
    let fresh = shown.clone().limits(4, 7);
    let asked = asked(shown.floor(8), answer("8"), shown.now);
    let refused = confirm(asked, &fresh.platform, &policy(), &Environment::Production, fresh.now).unwrap_err();
    let why = "a floor of 8 is above the ceiling of 7: raise the ceiling first".to_owned();
    assert_eq!(refused, Refused::Guarded { why });
}

#[test]
fn another_place_than_the_plans_is_refused() {
    let identity = |edit: fn(&mut Identity)| {
        move |mut fresh: Scene| {
            edit(Arc::make_mut(fresh.platform.identity.as_mut().unwrap()));
            fresh
        }
    };
    let account = press("8", identity(|who| who.account = crate::platform::AccountId::new("2")));
    assert_eq!(impossible_because(account), "the account is 2 now, the plan is for 123456789012");
    let region = press("8", identity(|who| who.region = Region::new("eu-west-1")));
    assert_eq!(impossible_because(region), "the region is eu-west-1 now, the plan is for us-east-1");
    let role = press("8", identity(|who| who.arn = "arn:aws:sts::123456789012:assumed-role/admin/ada".to_owned()));
    assert!(impossible_because(role).contains("assumed-role/admin now"));
    let user = press("8", identity(|who| who.arn = "arn:aws:iam::123456789012:user/ada".to_owned()));
    assert!(impossible_because(user).contains("user/ada now"));

    let scene = Scene::web().limits(4, 10);
    let asked = asked(scene.desired(8), answer("8"), scene.now);
    let refused = confirm(asked, &scene.platform, &policy(), &Environment::Staging, scene.now);
    assert_eq!(impossible_because(refused), "the environment is staging now, the plan is for production");
}

#[test]
fn another_session_of_the_same_role_is_the_same_caller() {
    let renewed = press("8", |mut fresh| {
        let who = Arc::make_mut(fresh.platform.identity.as_mut().unwrap());
        who.arn = "arn:aws:sts::123456789012:assumed-role/sre-oncall/renewed".to_owned();
        fresh
    });
    assert!(renewed.is_ok());
}

#[test]
fn what_was_read_before_enter_proves_nothing() {
    let shown = Scene::web().limits(4, 10);
    let stale = |edit: fn(&mut Scene, Timestamp)| {
        let mut fresh = shown.clone().later(6);
        edit(&mut fresh, shown.now);
        let asked = asked(shown.desired(8), answer("8"), shown.clone().later(5).now);
        confirm(asked, &fresh.platform, &policy(), &Environment::Production, fresh.now)
    };
    let counts = stale(|fresh, then| *fresh = fresh.clone().service(|service| service.learnt = then));
    assert!(impossible_because(counts).contains("has not been read again since Enter"));
    let limits = stale(|fresh, then| {
        Arc::make_mut(fresh.platform.sources.get_mut(&Source::ScalableTargets).unwrap()).learnt = Some(then);
    });
    assert!(impossible_because(limits).contains("the limits of solosuccess-production/web have not been read"));
}

#[test]
fn a_role_that_may_not_read_limits_may_still_set_a_count() {
    let mut scene = Scene::web();
    scene.platform.sources.remove(&Source::ScalableTargets);
    let asked = asked(scene.desired(8), answer("8"), scene.now);
    assert!(confirm(asked, &scene.platform, &policy(), &Environment::Production, scene.now).is_ok());
}

#[test]
fn a_service_that_is_gone_or_done_is_impossible() {
    let gone = press("8", |mut fresh| {
        fresh.platform.services.clear();
        fresh
    });
    assert!(impossible_because(gone).contains("is gone"));
    let draining = press("8", |fresh| fresh.service(|service| service.status = ServiceStatus::Draining));
    assert_eq!(impossible_because(draining), "solosuccess-production/web is draining, not active");
    let done = press("8", |fresh| fresh.counts(8, 6, 2));
    assert_eq!(impossible_because(done), "desired is 8 already: nothing to do");
}

fn environments() -> impl Strategy<Value = Environment> {
    prop_oneof![
        Just(Environment::Production),
        Just(Environment::Staging),
        Just(Environment::Other("sandbox".to_owned())),
    ]
}

proptest! {
    #[test]
    fn nothing_moved_and_the_right_answer_always_go_through(
        environment in environments(),
        now in 0..5_100_u32,
        running in 0..5_100_u32,
        to in 0..=5_000_u32,
        limits in proptest::option::of((0..20_u32, 20..6_000_u32)),
        lift in any::<bool>(),
    ) {
        let mut scene = Scene::web().counts(now, running, 0);
        if let Some((min, max)) = limits {
            scene = scene.limits(min, max);
        }
        let service = scene.id.clone();
        let to = TaskCount(to);
        let change = if lift { Change::Floor { service, to } } else { Change::Desired { service, to } };
        let Ok(plan) = Plan::of(&scene.platform, change, &Advice::default(), &environment, scene.now) else {
            return Ok(());
        };
        let policy = Policy::of_spec(environment.clone());
        let shown = guard::tier(&plan, &policy);
        let reason = shown.needs_reason().then(|| "because".to_owned());
        let answer = Answer { typed: shown.typed().unwrap_or_default(), reason };
        let fresh = scene.clone().later(3).counts(now, running / 2, 1);
        let asked = Asked { plan: plan.clone(), shown, answer, pressed: scene.now };
        let confirmed = confirm(asked, &fresh.platform, &policy, &environment, fresh.now);
        prop_assert_eq!(confirmed.unwrap().plan().clone(), plan);
    }
}
