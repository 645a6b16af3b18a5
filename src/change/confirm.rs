//! From a plan that was seen to a change that may be sent.

use std::fmt;

use jiff::Timestamp;

use super::guard::{self, Tier};
use super::kind::Change;
use super::observed::Observed;
use super::plan::{Impossible, Plan};
use super::sequence::Next;
use super::step::Step;
use crate::platform::{Environment, Identity, Platform, Source};
use crate::policy::Policy;

/// What the operator typed in stage 2.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answer {
    /// The count or the name, as the tier asks.
    pub typed: String,
    /// The reason, where the tier asks for one.
    pub reason: Option<String>,
}

/// Enter on a plan: what was on the screen, and what was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The plan that was shown.
    pub plan: Plan,
    /// What the box asked for: [`super::Preview::tier`] as it was shown.
    pub shown: Tier,
    /// What was typed.
    pub answer: Answer,
    /// When Enter was pressed, on the loop's clock: what was asked of AWS before that is not fresh.
    pub pressed: Timestamp,
}

/// Why a plan was not confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// The target moved. The box shows the new plan, keeps what was typed, and asks for one more Enter.
    Moved {
        /// The plan, made again from the fresh reading.
        plan: Box<Plan>,
        /// What moved, a sentence each: "desired was 6, is 7".
        what: Vec<String>,
    },
    /// What was typed is not what the tier asks for.
    Mistyped {
        /// What is asked for, in words.
        expected: String,
    },
    /// A guard forbids it.
    Guarded {
        /// The guard's sentence.
        why: String,
    },
    /// It cannot be sent now: read-only, identity changed, target gone, journal damaged, another change in flight.
    Impossible {
        /// What, and what to do.
        why: String,
    },
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Moved { what, .. } => write!(f, "the target has moved: {}", what.join("; ")),
            Self::Mistyped { expected } => write!(f, "not confirmed: {expected}"),
            Self::Guarded { why } | Self::Impossible { why } => f.write_str(why),
        }
    }
}

/// A plan that was seen, answered and compared with a fresh reading. Only [`confirm`] makes one.
///
/// ```compile_fail,E0451
/// fn forge(plan: scaledeck::change::Plan) -> scaledeck::change::Confirmed {
///     scaledeck::change::Confirmed { plan, reason: None }
/// }
/// ```
#[derive(Debug)]
pub struct Confirmed {
    plan: Plan,
    reason: Option<String>,
}

impl Confirmed {
    /// The plan, exactly as it was shown.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The reason that was given, if one was.
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    /// Clears one step of it, counted from 0, from what was just read: the only way to a [`Cleared`]. The first step
    /// rests on what was compared with the plan a moment ago; each later one on its own fresh reading.
    pub fn clear(
        &self,
        number: usize,
        before: Option<(Timestamp, Timestamp)>,
        fresh: &Platform,
        environment: &Environment,
        now: Timestamp,
    ) -> Result<Cleared, NotCleared> {
        if let Err(moved) = same_place(&self.plan, fresh, environment) {
            return Err(NotCleared::Never(moved.to_string()));
        }
        match self.plan.next(number, before, fresh, now) {
            Next::Send(step) => Ok(Cleared { plan: self.plan.clone(), reason: self.reason.clone(), number, step }),
            Next::Wait(what) => Err(NotCleared::Wait(what)),
            Next::Never(why) => Err(NotCleared::Never(why)),
        }
    }
}

/// Why a step is not cleared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotCleared {
    /// Not yet.
    Wait(String),
    /// Not any more.
    Never(String),
}

/// One step of a confirmed change that may be sent now. Only [`Confirmed::clear`] makes one.
///
/// ```compile_fail,E0451
/// fn forge(plan: scaledeck::change::Plan, step: scaledeck::change::Step) -> scaledeck::change::Cleared {
///     scaledeck::change::Cleared { plan, reason: None, number: 0, step }
/// }
/// ```
#[derive(Debug)]
pub struct Cleared {
    plan: Plan,
    reason: Option<String>,
    number: usize,
    step: Step,
}

impl Cleared {
    /// The plan that it belongs to.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The reason that was given for the whole change, if one was.
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    /// Which of the plan's steps it is, counted from 0.
    pub fn number(&self) -> usize {
        self.number
    }

    /// What is sent.
    pub fn step(&self) -> &Step {
        &self.step
    }
}

/// Compares a plan that was answered with what was read since, and lets it through only if nothing that it rests on
/// has moved, every guard says what it said on the screen, and the answer is the one that was asked for.
///
/// Advice is not compared: an operator may act before a rule fires, and after it has stopped to.
pub fn confirm(
    asked: Asked,
    fresh: &Platform,
    policy: &Policy,
    environment: &Environment,
    now: Timestamp,
) -> Result<Confirmed, Refused> {
    let Asked { plan, shown, answer, pressed } = asked;
    same_place(&plan, fresh, environment)?;
    read_since(&plan, fresh, pressed)?;

    let again = Plan::make(fresh, plan.change.clone(), plan.advice.clone(), environment, now).map_err(refusal)?;
    let mut what = plan.observed.moved(&again.observed);
    let tier = guard::tier(&again, policy);
    if let Tier::Never(why) = &tier {
        return Err(Refused::Guarded { why: why.clone() });
    }
    if tier != shown {
        what.push(format!("what is asked was: {} – is: {}", shown.asks(), tier.asks()));
    }
    if !what.is_empty() {
        return Err(Refused::Moved { plan: Box::new(again), what });
    }

    let reason = answer.reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty());
    let typed = tier.typed().is_none_or(|expected| answer.typed.trim() == expected);
    if !typed || (tier.needs_reason() && reason.is_none()) {
        return Err(Refused::Mistyped { expected: tier.asks() });
    }
    Ok(Confirmed { reason: reason.map(str::to_owned), plan })
}

fn refusal(impossible: Impossible) -> Refused {
    match impossible {
        Impossible::Forbidden(forbidden) => Refused::Guarded { why: forbidden.to_string() },
        other => Refused::Impossible { why: other.to_string() },
    }
}

fn impossible(why: impl Into<String>) -> Refused {
    Refused::Impossible { why: why.into() }
}

/// Whether we are still who and where we were when the plan was made.
fn same_place(plan: &Plan, fresh: &Platform, environment: &Environment) -> Result<(), Refused> {
    let Some(identity) = fresh.identity.as_deref() else {
        return Err(refusal(Impossible::IdentityUnknown));
    };
    let bound = &plan.identity;
    if identity.account != bound.account {
        return Err(impossible(format!("the account is {} now, the plan is for {}", identity.account, bound.account)));
    }
    if identity.region != bound.region {
        return Err(impossible(format!("the region is {} now, the plan is for {}", identity.region, bound.region)));
    }
    if role(identity) != role(bound) {
        return Err(impossible(format!("we are {} now, the plan was made as {}", role(identity), role(bound))));
    }
    if *environment != plan.environment {
        return Err(impossible(format!("the environment is {environment} now, the plan is for {}", plan.environment)));
    }
    Ok(())
}

/// The caller without its session: a refresh of the credentials of a role may bring another session name.
fn role(identity: &Identity) -> &str {
    let arn = identity.arn.as_str();
    let session = arn.contains(":assumed-role/").then(|| arn.rfind('/')).flatten();
    session.map_or(arn, |end| &arn[..end])
}

/// Whether what the plan rests on was asked for at or after Enter. An answer that is older proves nothing.
///
/// What was never readable (a role that may not ask for limits) does not forbid a count: the plan was made and shown
/// without it.
fn read_since(plan: &Plan, fresh: &Platform, pressed: Timestamp) -> Result<(), Refused> {
    let target = plan.change.target();
    let read = match Observed::of(fresh, &plan.change) {
        Some(observed) => observed.read(),
        // That it is gone is said by the plan that cannot be made again.
        None => return Ok(()),
    };
    if read < pressed {
        return Err(impossible(format!("{target} has not been read again since Enter: press Enter once more")));
    }
    for (source, what) in rests_on(plan) {
        let read = fresh.sources.get(source).and_then(|health| health.learnt);
        if read.is_some_and(|read| read < pressed) {
            return Err(impossible(format!(
                "{what} of {target} have not been read again since Enter: press it once more"
            )));
        }
    }
    Ok(())
}

/// The sources that a plan rests on beside the target itself.
fn rests_on(plan: &Plan) -> &'static [(Source, &'static str)] {
    const LIMITS: (Source, &str) = (Source::ScalableTargets, "the limits");
    match plan.change {
        Change::Hold { .. } | Change::Release { .. } | Change::Schedule { .. } | Change::Unschedule { .. } => {
            &[LIMITS, (Source::ScheduledActions, "the scheduled actions")]
        }
        Change::StopTask { .. } => &[LIMITS, (Source::Tasks, "the tasks")],
        Change::Desired { .. } | Change::Floor { .. } | Change::Ceiling { .. } | Change::Suspend { .. } => &[LIMITS],
        Change::AddReplica { .. } | Change::RemoveReplica { .. } | Change::Weight { .. } => {
            &[(Source::ReaderName, "the reader records")]
        }
        Change::Nodes { .. } | Change::Shards { .. } => &[],
    }
}

#[cfg(test)]
mod tests {
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
}
