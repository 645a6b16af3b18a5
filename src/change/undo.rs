//! Taking a change back: the inverse plan, through the same door as any other.

use jiff::Timestamp;

use super::hold;
use super::kind::{Change, Value};
use super::observed::Observed;
use super::plan::{Impossible, Plan};
use crate::platform::{Environment, MemberCount, Platform, TaskCount};
use crate::policy::Advice;

/// The plan that sets back what `plan` was made from, as long as what `plan` set is still in force.
///
/// Undoing is a new decision: it is previewed, confirmed and journalled like any other change, and its tier is its own
/// (taking back a scale-out is a scale-in).
pub fn undo(
    plan: &Plan,
    platform: &Platform,
    advice: &Advice,
    environment: &Environment,
    now: Timestamp,
) -> Result<Plan, Impossible> {
    let set = plan.change.sets();
    match Observed::of(platform, &plan.change).and_then(|observed| observed.value(&plan.change)) {
        Some(value) if value != set => {
            Err(Impossible::NotOurs { what: plan.change.field(), set: Box::new(set), now: Box::new(value) })
        }
        _ => Plan::of(platform, inverse(plan, now)?, advice, environment, now),
    }
}

/// The change to what was there before.
fn inverse(plan: &Plan, now: Timestamp) -> Result<Change, Impossible> {
    let no_way_back = |why: &str| Err(Impossible::NoWayBack { why: why.to_owned() });
    let before = plan.before();
    Ok(match (&plan.change, before) {
        (Change::Hold { service, .. }, Some(Value::Held(floor, None))) => {
            // What the schedule says by now, not what it said then (safety.md, "Hold and the schedule").
            let planned = plan.observed.service().and_then(|seen| seen.schedule.as_deref()).unwrap_or_default();
            let to = hold::floor_by(planned, TaskCount(floor), now);
            Change::Release { service: service.clone(), to }
        }
        (Change::Hold { service, .. } | Change::Release { service, .. }, Some(Value::Held(floor, Some(until)))) => {
            Change::Hold { service: service.clone(), to: TaskCount(floor), until }
        }
        (Change::Release { service, .. }, Some(Value::Held(floor, None))) => {
            Change::Floor { service: service.clone(), to: TaskCount(floor) }
        }
        (Change::Suspend { service, scaling, suspend }, _) => {
            Change::Suspend { service: service.clone(), scaling: *scaling, suspend: !suspend }
        }
        (Change::StopTask { .. }, _) => {
            return no_way_back("a stopped task does not come back: ECS has started another");
        }
        (
            Change::Schedule { service, .. } | Change::Unschedule { service, .. },
            Some(Value::Scheduled(Some(action))),
        ) => Change::Schedule { service: service.clone(), action },
        (Change::Schedule { service, action }, _) => {
            Change::Unschedule { service: service.clone(), name: action.name.clone() }
        }
        (Change::AddReplica { primary, replica, .. }, _) => {
            Change::RemoveReplica { primary: primary.clone(), replica: replica.clone() }
        }
        (Change::RemoveReplica { primary, replica }, _) => {
            let Some(seen) = plan.observed.replicas() else { return no_way_back("what it was is not written down") };
            let class = seen.member(replica).map(|member| member.class.clone()).unwrap_or_default();
            let weight = seen.pointing(replica).map(|record| record.weight).max();
            Change::AddReplica { primary: primary.clone(), replica: replica.clone(), class, zone: None, weight }
        }
        (Change::Nodes { cache, .. }, Some(Value::Count(count))) => {
            Change::Nodes { cache: cache.clone(), to: MemberCount(count) }
        }
        (change, Some(Value::Count(count))) => change.with(count),
        _ => return no_way_back("what was there before is not written down"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::scene::Scene;

    fn back(done: &Plan, scene: &Scene) -> Result<Plan, Impossible> {
        undo(done, &scene.platform, &Advice::default(), &Environment::Production, scene.now)
    }

    #[test]
    fn a_count_and_a_floor_go_back_to_where_they_were() {
        let before = Scene::web().limits(4, 10);
        let plan = back(&before.desired(8), &before.clone().counts(8, 8, 0).later(200)).unwrap();
        assert_eq!((plan.from(), plan.change.count()), (8, Some(6)));
        let plan = back(&before.floor(8), &before.clone().limits(8, 10).later(200)).unwrap();
        assert_eq!((plan.from(), plan.change.count()), (8, Some(4)));
    }

    #[test]
    fn what_somebody_else_has_set_since_is_not_undone() {
        let before = Scene::web().limits(4, 10);
        let refused = back(&before.desired(8), &before.clone().counts(9, 9, 0)).unwrap_err();
        assert_eq!(refused.to_string(), "desired is 9, not the 8 of this change: undoing it would undo another one");
    }
}
