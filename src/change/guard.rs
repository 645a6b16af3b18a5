//! What a change needs before it may be sent, and what is never sent at all.
//!
//! Verdicts are values: `confirm` compares the one that was on the screen with the one that holds now.

use super::kind::Change;
use super::observed::Observed;
use super::plan::Plan;
use super::{cache, ecs, replicas};
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
    /// The name of what is changed, or of what goes.
    TypeName(String),
    /// Nothing: no answer makes it possible.
    Never(String),
}

impl Tier {
    /// What has to be typed; `None` where Enter alone is enough.
    pub fn typed(&self) -> Option<String> {
        match self {
            Self::Enter | Self::Never(_) => None,
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
            Self::Never(why) => format!("this is not done: {why}"),
        }
    }
}

/// What no answer makes possible.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
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
    /// A ceiling below the floor.
    #[error("a ceiling of {to} is below the floor of {floor}: lower the floor first")]
    UnderFloor {
        /// The ceiling.
        to: TaskCount,
        /// The floor.
        floor: TaskCount,
    },
    /// A scheduled action that belongs to a hold.
    #[error("{name} belongs to a hold: hold or release instead")]
    Ours {
        /// Its name.
        name: String,
    },
    /// A name that AWS does not take.
    #[error("`{name}` is no name of a scheduled action: 1 to 256 characters without `:`, `/` and `|`")]
    BadName {
        /// The name.
        name: String,
    },
    /// A schedule that AWS does not take, or that nobody here can follow.
    #[error("`{schedule}` is no schedule: write cron(0 12 * * ? *), at(2026-11-03T18:00:00) or rate(1 hour)")]
    BadSchedule {
        /// The schedule.
        schedule: String,
    },
    /// A scheduled action that would do nothing.
    #[error("a scheduled action sets a floor, a ceiling, or both")]
    SetsNothing,
    /// Anything else that AWS or this program never does, in a sentence.
    #[error("{why}")]
    Never {
        /// Why.
        why: String,
    },
}

/// Refuses what must never be sent, whoever asks.
pub fn forbid(change: &Change, observed: &Observed) -> Result<(), Forbidden> {
    match observed {
        Observed::Service(seen) => ecs::forbid(change, seen),
        Observed::Replicas(seen) => replicas::forbid(change, seen),
        Observed::Cache(seen) => cache::forbid(change, seen),
    }
}

/// How grave a change is: what its tier says of it, from which the table follows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Gravity {
    /// At most a quarter of what is there, or one.
    pub(super) small: bool,
    /// Outside the policy's limits, or those that AWS enforces.
    pub(super) beyond: bool,
    /// It takes away a lot, deletes, suspends, or lowers a ceiling.
    pub(super) grave: bool,
    /// The count that can be typed; `None` where there is none, so that it is the name.
    pub(super) count: Option<u32>,
    /// Why no answer is enough.
    pub(super) never: Option<String>,
}

impl Gravity {
    /// A change to a count, neither small nor anything else yet.
    pub(super) fn of(count: u32) -> Self {
        Self { count: Some(count), ..Self::default() }
    }
}

fn gravity(plan: &Plan, policy: &Policy) -> Gravity {
    match &plan.observed {
        Observed::Service(seen) => ecs::gravity(plan, seen, policy),
        Observed::Replicas(seen) => replicas::gravity(plan, seen, policy),
        Observed::Cache(_) => cache::gravity(plan, policy),
    }
}

/// What a plan asks of the operator: safety.md's table from its last row to its first.
pub fn tier(plan: &Plan, policy: &Policy) -> Tier {
    let Gravity { small, beyond, grave, count, never } = gravity(plan, policy);
    let name = || Tier::TypeName(plan.change.name());
    if let Some(why) = never {
        return Tier::Never(why);
    }
    match count {
        _ if grave => name(),
        Some(count) if beyond => Tier::TypeCountAndReason(count),
        Some(count) if plan.environment.is_production() || !small => Tier::TypeCount(count),
        // What has no count to be typed asks for the name wherever Enter alone would not be enough.
        None if beyond || plan.environment.is_production() => name(),
        Some(_) | None => Tier::Enter,
    }
}

/// At most a quarter of what is there; one always is.
pub(super) fn is_small(from: u32, to: u32) -> bool {
    let moved = from.abs_diff(to);
    moved <= 1 || u64::from(moved) * 4 <= u64::from(from)
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
        assert_eq!(forbid(&floor(11), &observed), Err(above.clone()));
        assert_eq!(above.to_string(), "a floor of 11 is above the ceiling of 10: raise the ceiling first");
    }
}
