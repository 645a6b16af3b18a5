//! From a plan that was seen to a change that may be sent.

use std::fmt;

use jiff::Timestamp;

use super::guard::{self, Tier};
use super::plan::{Change, Impossible, Plan};
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
    read_since(&plan.change, fresh, pressed)?;

    let again = Plan::make(fresh, plan.change.clone(), plan.advice.clone(), environment, now).map_err(refusal)?;
    let mut what = plan.observed.moved(&again.observed);
    let tier = guard::tier(&again, policy);
    if tier != shown {
        what.push(format!("it takes more than it did, or less: {}, instead of {}", tier.asks(), shown.asks()));
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
/// Limits that were never readable (a role that may not ask for them) do not forbid a count: the plan was made and
/// shown without them.
fn read_since(change: &Change, fresh: &Platform, pressed: Timestamp) -> Result<(), Refused> {
    let service = change.service();
    let counts = fresh.services.get(service).map(|known| known.learnt);
    if counts.is_some_and(|read| read < pressed) {
        return Err(impossible(format!("{service} has not been read again since Enter: press Enter once more")));
    }
    let limits = fresh.sources.get(&Source::ScalableTargets).and_then(|health| health.learnt);
    if limits.is_some_and(|read| read < pressed) {
        return Err(impossible(format!(
            "the limits of {service} have not been read again since Enter: press it once more"
        )));
    }
    Ok(())
}
