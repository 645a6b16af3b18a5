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
mod tests;
