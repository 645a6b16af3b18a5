//! Taking a change back: the inverse plan, through the same door as any other.

use jiff::Timestamp;

use super::plan::{Change, Impossible, Observed, Plan};
use crate::platform::{Environment, Platform};
use crate::policy::Verdict;

/// The plan that sets back what `plan` was made from, as long as what `plan` set is still in force.
///
/// Undoing is a new decision: it is previewed, confirmed and journalled like any other change, and its tier is its own
/// (taking back a scale-out is a scale-in).
pub fn undo(
    plan: &Plan,
    platform: &Platform,
    verdict: Option<&Verdict>,
    environment: &Environment,
    now: Timestamp,
) -> Result<Plan, Impossible> {
    let service = plan.change.service();
    let set = plan.change.to();
    let present = Observed::of(platform, service).and_then(|observed| observed.value(&plan.change));
    match present {
        Some(value) if value != set => Err(Impossible::NotOurs { what: plan.change.field(), set, now: value }),
        _ => match &plan.change {
            Change::Desired { .. } => Plan::desired(platform, service, plan.from(), verdict, environment, now),
            Change::Floor { .. } => Plan::floor(platform, service, plan.from(), verdict, environment, now),
        },
    }
}
