//! A plan: one change, the values it was made from, and whom it is bound to.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::guard::{self, Forbidden, MOST_TASKS};
use super::kind::{Change, Value};
use super::observed::Observed;
use super::{ecs, replicas, words};
use crate::platform::{Environment, GroupId, Identity, Platform, ServiceId, TaskCount};
use crate::policy::verdict::Direction;
use crate::policy::{Advice, Decision, Reason, Verdict};

/// A change with everything it was made from. Frozen: what is shown is what is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// What is to happen.
    pub change: Change,
    /// What it was made from.
    pub observed: Observed,
    /// Whom it is bound to: account, role and region.
    pub identity: Identity,
    /// Where.
    pub environment: Environment,
    /// When it was made.
    pub made: Timestamp,
    /// The policy's sentence at the time.
    pub advice: Option<String>,
}

/// Why there is no plan. Each says, in a sentence for the operator, what is in the way.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Impossible {
    /// STS has not answered.
    #[error("AWS has not told yet who we are: nothing can be bound to this account")]
    IdentityUnknown,
    /// The target is not in the platform.
    #[error("{target} has not been described, or is gone")]
    NotDescribed {
        /// The target.
        target: GroupId,
    },
    /// What the change is about is not there.
    #[error("{what}")]
    NoSuch {
        /// What, in a sentence.
        what: String,
    },
    /// What the plan rests on was not read.
    #[error("{what} have not been read{why}: nothing is planned on what is not known")]
    Unread {
        /// What.
        what: String,
        /// " (denied: …)", or empty.
        why: String,
    },
    /// The service is being deleted, is deleted, or is in a state this version does not know.
    #[error("{service} is {status}, not active")]
    NotActive {
        /// The service.
        service: ServiceId,
        /// AWS's word.
        status: String,
    },
    /// Whether a scalable target exists is not known.
    #[error("the scalable targets have not been read{why}: {what} cannot be moved before they are")]
    TargetUnread {
        /// "the floor", …
        what: String,
        /// ", denied: …", or empty.
        why: String,
    },
    /// There is none.
    #[error("{service} has no scalable target: {what} cannot be moved")]
    NoTarget {
        /// The service.
        service: ServiceId,
        /// "the floor", …
        what: String,
    },
    /// The value is there already.
    #[error("{what} is {now} already: nothing to do")]
    NothingToDo {
        /// "desired", "the floor", …
        what: String,
        /// The value.
        now: Box<Value>,
    },
    /// What was set is no longer in force, so that taking it back would undo somebody else's change.
    #[error("{what} is {now}, not the {set} of this change: undoing it would undo another one")]
    NotOurs {
        /// "desired", "the floor", …
        what: String,
        /// What the change set.
        set: Box<Value>,
        /// The value.
        now: Box<Value>,
    },
    /// There is no way back.
    #[error("{why}")]
    NoWayBack {
        /// Why.
        why: String,
    },
    /// There is no such hold.
    #[error(transparent)]
    NoHold(#[from] super::hold::NoHold),
    /// A guard forbids it.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
}

impl Plan {
    /// A plan of a change, made from what `platform` knows at `now`.
    ///
    /// `advice` is what the policy says; its sentence is written down with the plan and decides nothing.
    pub fn of(
        platform: &Platform,
        change: Change,
        advice: &Advice,
        environment: &Environment,
        now: Timestamp,
    ) -> Result<Self, Impossible> {
        let advice = words::advised(advice, &change.target());
        Self::make(platform, change, advice, environment, now)
    }

    /// A plan to set a service's desired count, made from what `platform` knows at `now`.
    ///
    /// `verdict` is what the policy says of the service; it is written down with the plan and decides nothing.
    pub fn desired(
        platform: &Platform,
        service: &ServiceId,
        to: TaskCount,
        verdict: Option<&Verdict>,
        environment: &Environment,
        now: Timestamp,
    ) -> Result<Self, Impossible> {
        let change = Change::Desired { service: service.clone(), to };
        Self::make(platform, change, verdict.map(words::sentence), environment, now)
    }

    /// The present value of what would be set; `None` where there is nothing that has one.
    pub fn before(&self) -> Option<Value> {
        self.observed.value(&self.change)
    }

    /// The present count of what would be set; 0 where that is no count.
    pub fn from(&self) -> u32 {
        match self.before() {
            Some(Value::Count(count) | Value::Held(count, _)) => count,
            _ => 0,
        }
    }

    /// The desired count that a service comes to by this change: its own, or what limits move the present one to. 0
    /// where the target is no service.
    pub fn goal(&self) -> TaskCount {
        let desired = self.observed.service().map(|seen| seen.desired).unwrap_or_default();
        match self.change {
            Change::Desired { to, .. } => to,
            Change::Floor { to, .. } | Change::Hold { to, .. } | Change::Release { to, .. } => to.max(desired),
            Change::Ceiling { to, .. } => to.min(desired),
            _ => desired,
        }
    }

    /// How many members the group comes to: tasks, replicas, nodes or shards.
    pub fn comes_to(&self) -> u32 {
        let present = self.observed.replicas().map_or(0, |seen| seen.members.len() as u32 + seen.unseen);
        match self.change {
            Change::AddReplica { .. } => present + 1,
            Change::RemoveReplica { .. } => present.saturating_sub(1),
            Change::Weight { .. } => present,
            Change::Nodes { to, .. } | Change::Shards { to, .. } => to.0,
            _ => self.goal().0,
        }
    }

    /// The change in a line: "desired 6 → 8", "replica prod-db-replica-2 there → gone".
    pub fn brief(&self) -> String {
        let before = self.before().map_or_else(|| "—".to_owned(), |value| value.to_string());
        format!("{} {before} → {}", self.change.field(), self.change.sets())
    }

    pub(super) fn make(
        platform: &Platform,
        change: Change,
        advice: Option<String>,
        environment: &Environment,
        now: Timestamp,
    ) -> Result<Self, Impossible> {
        let identity = platform.identity.as_deref().ok_or(Impossible::IdentityUnknown)?.clone();
        let target = change.target();
        let Some(observed) = Observed::of(platform, &change) else {
            return Err(Impossible::NotDescribed { target });
        };
        let obstacle = match (&observed, &target) {
            (Observed::Service(seen), GroupId::Service(id)) => ecs::obstacle(platform, id, &change, seen),
            (Observed::Replicas(seen), _) => replicas::obstacle(seen, &change),
            _ => None,
        };
        if let Some(obstacle) = obstacle {
            return Err(obstacle);
        }
        let plan = Self { change, observed, identity, environment: environment.clone(), made: now, advice };
        plan.checked(now)
    }

    fn checked(self, now: Timestamp) -> Result<Self, Impossible> {
        guard::forbid(&self.change, &self.observed)?;
        if let (Change::Hold { to, until, .. }, Observed::Service(seen)) = (&self.change, &self.observed) {
            super::hold::Hold::of(seen, *to, *until, now)?;
        }
        match self.before() {
            Some(value) if value == self.change.sets() => {
                Err(Impossible::NothingToDo { what: self.change.field(), now: Box::new(value) })
            }
            _ if self.steps().is_empty() => {
                Err(Impossible::NoSuch { what: format!("there is no {} to change", self.change.field()) })
            }
            _ => Ok(self),
        }
    }
}

/// The count that an opened preview starts from: what the policy asks for in that direction, even while a cooldown
/// holds it back; else one task more or fewer. `None` is the key that names no direction: the advice's, else one more.
pub fn starting_count(verdict: Option<&Verdict>, now: TaskCount, toward: Option<Direction>) -> TaskCount {
    let advised = verdict.and_then(|verdict| match &verdict.decision {
        Decision::None { reason: Reason::Cooldown { wanted, .. } } => Some(*wanted),
        decision => decision.to(),
    });
    let fits = |to: &TaskCount| match toward {
        None => *to != now,
        Some(Direction::Out) => *to > now,
        Some(Direction::In) => *to < now,
    };
    let step = match toward {
        Some(Direction::In) => TaskCount(now.0.saturating_sub(1)),
        Some(Direction::Out) | None => TaskCount(now.0.saturating_add(1)),
    };
    advised.filter(fits).unwrap_or(step).min(MOST_TASKS)
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use proptest::prelude::*;

    use super::*;
    use crate::change::scene::Scene;
    use crate::platform::{ServiceStatus, Source, SourceState, Suspended};

    fn desired(scene: &Scene, to: u32) -> Result<Plan, Impossible> {
        Plan::desired(&scene.platform, &scene.id, TaskCount(to), None, &Environment::Production, scene.now)
    }

    fn floor(scene: &Scene, to: u32) -> Result<Plan, Impossible> {
        scene.plan(Change::Floor { service: scene.id.clone(), to: TaskCount(to) })
    }

    #[test]
    fn each_obstacle_has_its_sentence() {
        let web = || Scene::web().limits(4, 10);
        let mut nobody = web();
        nobody.platform.identity = None;
        let mut absent = web();
        absent.platform.services.clear();
        let mut bare = web();
        bare.platform.targets.clear();
        let mut denied = bare.clone();
        let health = denied.platform.sources.get_mut(&Source::ScalableTargets).unwrap();
        let health = std::sync::Arc::make_mut(health);
        health.learnt = None;
        health.state = SourceState::Denied { action: "application-autoscaling:DescribeScalableTargets".to_owned() };
        let draining = web().service(|service| service.status = ServiceStatus::Draining);
        let odd = web().service(|service| service.status = ServiceStatus::Unknown("PAUSED".to_owned()));
        let table = [
            (desired(&nobody, 8), "AWS has not told yet who we are: nothing can be bound to this account"),
            (desired(&absent, 8), "solosuccess-production/web has not been described, or is gone"),
            (desired(&draining, 8), "solosuccess-production/web is draining, not active"),
            (desired(&odd, 8), "solosuccess-production/web is PAUSED, not active"),
            (desired(&web(), 6), "desired is 6 already: nothing to do"),
            (desired(&web(), 5_001), "5001 is more than the 5000 tasks that one service may have"),
            (floor(&web(), 4), "the floor is 4 already: nothing to do"),
            (floor(&web(), 11), "a floor of 11 is above the ceiling of 10: raise the ceiling first"),
            (floor(&bare, 8), "solosuccess-production/web has no scalable target: the floor cannot be moved"),
            (
                floor(&denied, 8),
                "the scalable targets have not been read (denied: application-autoscaling:DescribeScalableTargets): \
                 the floor cannot be moved before they are",
            ),
        ];
        for (plan, sentence) in table {
            assert_eq!(plan.unwrap_err().to_string(), sentence);
        }
    }

    #[test]
    fn a_count_needs_no_scalable_target() {
        let mut scene = Scene::web();
        scene.platform.targets.clear();
        assert_eq!(desired(&scene, 8).unwrap().observed.service().unwrap().limits, None);
    }

    #[test]
    fn a_floor_below_the_count_moves_no_task() {
        let scene = Scene::web().limits(4, 10);
        assert_eq!(scene.floor(5).goal(), TaskCount(6));
        assert_eq!(scene.floor(2).goal(), TaskCount(6));
    }

    #[test]
    fn only_what_a_plan_rests_on_counts_as_moved() {
        let shown = Scene::web().limits(4, 10);
        let fresh = shown.clone().counts(6, 5, 1).later(5);
        assert_eq!(shown.desired(8).observed.moved(&fresh.desired(8).observed), Vec::<String>::new());
        let suspended = Suspended { scale_in: true, ..Suspended::default() };
        let fresh = shown.clone().counts(7, 7, 0).limits(5, 12).suspended(suspended).service(|service| {
            service.deployments[0].rollout = crate::platform::Rollout::InProgress;
        });
        assert_eq!(
            shown.desired(8).observed.moved(&fresh.desired(8).observed),
            [
                "desired was 6, is 7",
                "the floor was 4, is 5",
                "the ceiling was 10, is 12",
                "scale-in is suspended now",
                "a deployment has begun",
            ]
        );
    }

    #[test]
    fn the_count_a_key_starts_from() {
        let scene = Scene::web().limits(4, 10);

        let out = scene.verdict(Decision::Out { to: TaskCount(9), reason: Reason::Steady }, 90.0, 300);
        let cooling = Reason::Cooldown {
            direction: Direction::Out,
            until: Some(scene.now + SignedDuration::from_secs(30)),
            wanted: TaskCount(8),
        };
        let cooling = scene.verdict(Decision::None { reason: cooling }, 90.0, 300);
        let steady = scene.verdict(Decision::None { reason: Reason::Steady }, 50.0, 0);
        let table = [
            (None, None, 7),
            (None, Some(Direction::Out), 7),
            (None, Some(Direction::In), 5),
            (Some(&out), None, 9),
            (Some(&out), Some(Direction::Out), 9),
            (Some(&out), Some(Direction::In), 5),
            (Some(&cooling), None, 8),
            (Some(&steady), Some(Direction::Out), 7),
        ];
        for (verdict, toward, expected) in table {
            assert_eq!(starting_count(verdict, TaskCount(6), toward), TaskCount(expected), "{verdict:?} {toward:?}");
        }
        assert_eq!(starting_count(None, TaskCount(0), Some(Direction::In)), TaskCount(0));
    }

    proptest! {
        #[test]
        fn no_plan_leaves_what_aws_allows(
            now in 0..6_000_u32,
            min in 0..6_000_u32,
            max in 0..6_000_u32,
            to in any::<u32>(),
            lift in any::<bool>(),
        ) {
            let scene = Scene::web().counts(now, now, 0).limits(min, max);
            let plan = if lift { floor(&scene, to.min(7_000)) } else { desired(&scene, to.min(7_000)) };
            prop_assert!(desired(&scene, to).is_err() || to <= 5_000);
            let Ok(plan) = plan else { return Ok(()) };
            let to = plan.change.count().unwrap();
            prop_assert!(to <= MOST_TASKS.0);
            prop_assert_ne!(to, plan.from());
            if lift {
                prop_assert!(to <= max);
            }
            prop_assert!(starting_count(None, TaskCount(now), None) <= MOST_TASKS);
        }
    }
}
