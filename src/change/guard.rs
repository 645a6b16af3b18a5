//! What a change needs before it may be sent, and what is never sent at all.
//!
//! Verdicts are values: `confirm` compares the one that was on the screen with the one that holds now.

use super::observed::Observed;
use super::plan::{Change, Plan};
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::scene::Scene;
    use crate::platform::Environment;

    fn other() -> Environment {
        Environment::from_label("sandbox")
    }

    /// The tier for a count, inside AWS's limits of 0–100 and the policy's of `limits`.
    fn tier_of(environment: &Environment, from: u32, to: u32, limits: (u32, u32)) -> Tier {
        let scene = Scene::web().counts(from, from, 0).limits(0, 100);
        let mut policy = Policy::of_spec(environment.clone());
        (policy.ecs.min_capacity, policy.ecs.max_capacity) = (TaskCount(limits.0), TaskCount(limits.1));
        let plan = Plan { environment: environment.clone(), ..scene.desired(to) };
        tier(&plan, &policy)
    }

    #[test]
    fn the_table_of_tiers() {
        let name = || Tier::TypeName("web".to_owned());
        let (wide, none) = ((0, 100), (50, 40));
        let production = Environment::from_label("");
        let rows = [
            // Not production, inside limits, at most 25 % – or one.
            (other(), 8, 10, wide, Tier::Enter),
            (other(), 8, 6, wide, Tier::Enter),
            (other(), 1, 2, wide, Tier::Enter),
            (other(), 2, 1, wide, Tier::Enter),
            (other(), 0, 1, wide, Tier::Enter),
            (Environment::Staging, 4, 5, wide, Tier::Enter),
            // Not production, inside limits, larger.
            (other(), 8, 11, wide, Tier::TypeCount(11)),
            (other(), 1, 3, wide, Tier::TypeCount(3)),
            // Production, inside limits, any scale-out; a scale-in of at most 25 % – or one.
            (production.clone(), 6, 7, wide, Tier::TypeCount(7)),
            (production.clone(), 6, 60, wide, Tier::TypeCount(60)),
            (production.clone(), 8, 6, wide, Tier::TypeCount(6)),
            (production.clone(), 2, 1, wide, Tier::TypeCount(1)),
            // Beyond policy limits, everywhere.
            (other(), 10, 11, (2, 10), Tier::TypeCountAndReason(11)),
            (other(), 3, 2, (3, 10), Tier::TypeCountAndReason(2)),
            (production.clone(), 10, 11, (2, 10), Tier::TypeCountAndReason(11)),
            (production.clone(), 3, 2, (3, 10), Tier::TypeCountAndReason(2)),
            // Scale-in by more than 25 %, and to zero, everywhere and whatever the limits.
            (other(), 8, 5, wide, name()),
            (other(), 3, 1, wide, name()),
            (other(), 1, 0, wide, name()),
            (production.clone(), 8, 5, wide, name()),
            (production.clone(), 8, 5, none, name()),
            (production, 1, 0, none, name()),
        ];
        for (environment, from, to, limits, expected) in rows {
            let tier = tier_of(&environment, from, to, limits);
            assert_eq!(tier, expected, "{environment} {from} → {to} inside {limits:?}");
        }
    }

    #[test]
    fn what_nobody_has_labelled_is_production() {
        assert_eq!(tier_of(&Environment::from_label(" "), 8, 9, (0, 100)), Tier::TypeCount(9));
    }

    #[test]
    fn a_count_beyond_what_aws_enforces_needs_a_reason_too() {
        let scene = Scene::web().limits(4, 7);
        let policy = Policy::of_spec(Environment::Production);
        assert_eq!(tier(&scene.desired(8), &policy), Tier::TypeCountAndReason(8));
        assert_eq!(tier(&scene.desired(7), &policy), Tier::TypeCount(7));
    }

    #[test]
    fn floors_are_judged_by_how_far_they_move() {
        let scene = Scene::web().limits(4, 12);
        let policy = Policy::of_spec(Environment::Production);
        assert_eq!(tier(&scene.floor(8), &policy), Tier::TypeCount(8));
        assert_eq!(tier(&scene.floor(11), &policy), Tier::TypeCountAndReason(11));
        assert_eq!(tier(&scene.floor(3), &policy), Tier::TypeCount(3));
        assert_eq!(tier(&scene.floor(2), &policy), Tier::TypeName("web".to_owned()));
        assert_eq!(tier(&scene.floor(0), &policy), Tier::TypeName("web".to_owned()));
    }

    #[test]
    fn what_no_answer_makes_possible() {
        let scene = Scene::web().limits(4, 10);
        let observed = scene.desired(8).observed;
        let desired = |to| Change::Desired { service: scene.id.clone(), to: TaskCount(to) };
        let floor = |to| Change::Floor { service: scene.id.clone(), to: TaskCount(to) };
        assert_eq!(forbid(&desired(5_000), &observed), Ok(()));
        assert_eq!(forbid(&desired(5_001), &observed), Err(Forbidden::OverQuota { to: TaskCount(5_001) }));
        assert_eq!(forbid(&floor(10), &observed), Ok(()));
        let above = Forbidden::AboveCeiling { to: TaskCount(11), ceiling: TaskCount(10) };
        assert_eq!(forbid(&floor(11), &observed), Err(above));
        assert_eq!(above.to_string(), "a floor of 11 is above the ceiling of 10: raise the ceiling first");
    }
}
