//! What a change needs before it may be sent, and what is never sent at all.
//!
//! Verdicts are values: `confirm` compares the one that was on the screen with the one that holds now.

use super::plan::{Change, Observed, Plan};
use crate::platform::TaskCount;
use crate::policy::Policy;

/// AWS's quota of tasks of one service: no plan goes beyond it.
pub const MOST_TASKS: TaskCount = TaskCount(5_000);

/// What stage 2 asks for: the strictest that applies (safety.md's table).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tier {
    /// Enter alone.
    Enter,
    /// The new count.
    TypeCount(u32),
    /// The new count, and a reason.
    TypeCountAndReason(u32),
    /// The service's name.
    TypeName(String),
}

impl Tier {
    /// What has to be typed; `None` where Enter alone is enough.
    pub fn typed(&self) -> Option<String> {
        match self {
            Self::Enter => None,
            Self::TypeCount(count) | Self::TypeCountAndReason(count) => Some(count.to_string()),
            Self::TypeName(name) => Some(name.clone()),
        }
    }

    /// Whether a reason has to be given.
    pub fn needs_reason(&self) -> bool {
        matches!(self, Self::TypeCountAndReason(_))
    }

    /// What is asked for, in words: "type 8", "type 12 and give a reason", "type the name: ai-service".
    pub fn asks(&self) -> String {
        match self {
            Self::Enter => "Enter".to_owned(),
            Self::TypeCount(count) => format!("type {count}"),
            Self::TypeCountAndReason(count) => format!("type {count} and give a reason"),
            Self::TypeName(name) => format!("type the name: {name}"),
        }
    }
}

/// What no answer makes possible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Forbidden {
    /// More than AWS runs in one service.
    #[error("{to} is more than the {MOST_TASKS} tasks that one service may have")]
    OverQuota {
        /// The count.
        to: TaskCount,
    },
    /// A floor above the ceiling.
    #[error("a floor of {to} is above the ceiling of {ceiling}: raise the ceiling first")]
    AboveCeiling {
        /// The floor.
        to: TaskCount,
        /// The ceiling.
        ceiling: TaskCount,
    },
}

/// Refuses what must never be sent, whoever asks.
pub fn forbid(change: &Change, observed: &Observed) -> Result<(), Forbidden> {
    let to = change.to();
    if to > MOST_TASKS {
        return Err(Forbidden::OverQuota { to });
    }
    match (change, observed.limits) {
        (Change::Floor { .. }, Some((_, ceiling))) if to > ceiling => Err(Forbidden::AboveCeiling { to, ceiling }),
        _ => Ok(()),
    }
}

/// What a plan asks of the operator: safety.md's table from its last row to its first.
///
/// A floor is judged by how far it moves itself: lowering one removes nothing at once, but it allows the autoscaler to.
pub fn tier(plan: &Plan, policy: &Policy) -> Tier {
    let from = plan.from();
    let to = plan.change.to();
    let small = is_small(from, to);
    if to.0 == 0 || (to < from && !small) {
        Tier::TypeName(plan.change.service().service.as_str().to_owned())
    } else if beyond_limits(plan, policy) {
        Tier::TypeCountAndReason(to.0)
    } else if plan.environment.is_production() || !small {
        Tier::TypeCount(to.0)
    } else {
        Tier::Enter
    }
}

/// At most a quarter of what is there; one task always is.
fn is_small(from: TaskCount, to: TaskCount) -> bool {
    let moved = from.0.abs_diff(to.0);
    moved <= 1 || u64::from(moved) * 4 <= u64::from(from.0)
}

/// Outside the policy's limits – or, for a count, outside those that AWS enforces, which are the policy's as applied.
pub(super) fn beyond_limits(plan: &Plan, policy: &Policy) -> bool {
    let to = plan.change.to();
    let outside = |(floor, ceiling): (TaskCount, TaskCount)| to < floor || to > ceiling;
    let applied = match plan.change {
        Change::Desired { .. } => plan.observed.limits,
        Change::Floor { .. } => None,
    };
    outside((policy.ecs.min_capacity, policy.ecs.max_capacity)) || applied.is_some_and(outside)
}
