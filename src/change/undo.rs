//! Taking a change back: the inverse plan, through the same door as any other.

use jiff::Timestamp;

use super::observed::Observed;
use super::plan::{Change, Impossible, Plan};
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::scene::Scene;
    use crate::platform::TaskCount;

    fn back(done: &Plan, scene: &Scene) -> Result<Plan, Impossible> {
        undo(done, &scene.platform, None, &Environment::Production, scene.now)
    }

    #[test]
    fn a_count_and_a_floor_go_back_to_where_they_were() {
        let before = Scene::web().limits(4, 10);
        let plan = back(&before.desired(8), &before.clone().counts(8, 8, 0).later(200)).unwrap();
        assert_eq!((plan.from(), plan.change.to()), (TaskCount(8), TaskCount(6)));
        let plan = back(&before.floor(8), &before.clone().limits(8, 10).later(200)).unwrap();
        assert_eq!((plan.from(), plan.change.to()), (TaskCount(8), TaskCount(4)));
    }

    #[test]
    fn what_somebody_else_has_set_since_is_not_undone() {
        let before = Scene::web().limits(4, 10);
        let refused = back(&before.desired(8), &before.clone().counts(9, 9, 0)).unwrap_err();
        assert_eq!(refused.to_string(), "desired is 9, not the 8 of this change: undoing it would undo another one");
    }
}
