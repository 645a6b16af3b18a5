//! A plan: one change, the values it was made from, and whom it is bound to.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::guard::{self, Forbidden, MOST_TASKS};
use super::observed::Observed;
use super::words;
use crate::platform::{Environment, Identity, Platform, ServiceId, ServiceStatus, Source, SourceState, TaskCount};
use crate::policy::verdict::Direction;
use crate::policy::{Decision, Reason, Verdict};

/// A change, absolute, never a delta: only the named field is ever sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum Change {
    /// `ecs:UpdateService` with `desiredCount`.
    Desired {
        /// The service.
        service: ServiceId,
        /// The new count.
        to: TaskCount,
    },
    /// `application-autoscaling:RegisterScalableTarget` with `MinCapacity`.
    Floor {
        /// The service.
        service: ServiceId,
        /// The new floor.
        to: TaskCount,
    },
}

impl Change {
    /// What it acts on.
    pub fn service(&self) -> &ServiceId {
        match self {
            Self::Desired { service, .. } | Self::Floor { service, .. } => service,
        }
    }

    /// The new count.
    pub fn to(&self) -> TaskCount {
        match self {
            Self::Desired { to, .. } | Self::Floor { to, .. } => *to,
        }
    }

    /// The field that is sent, as a sentence names it.
    pub fn field(&self) -> &'static str {
        match self {
            Self::Desired { .. } => "desired",
            Self::Floor { .. } => "the floor",
        }
    }

    /// The same change to another count.
    #[must_use]
    pub fn with(&self, to: TaskCount) -> Self {
        match self {
            Self::Desired { service, .. } => Self::Desired { service: service.clone(), to },
            Self::Floor { service, .. } => Self::Floor { service: service.clone(), to },
        }
    }
}

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
    /// The service is not in the platform.
    #[error("{service} has not been described, or is gone")]
    NotDescribed {
        /// The service.
        service: ServiceId,
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
    #[error("the scalable targets have not been read{why}: a floor cannot be moved before they are")]
    TargetUnread {
        /// ", denied: …", or empty.
        why: String,
    },
    /// There is none.
    #[error("{service} has no scalable target: there is no floor to move")]
    NoTarget {
        /// The service.
        service: ServiceId,
    },
    /// The value is there already.
    #[error("{what} is {now} already: nothing to do")]
    NothingToDo {
        /// "desired" or "the floor".
        what: &'static str,
        /// The value.
        now: TaskCount,
    },
    /// What was set is no longer in force, so that taking it back would undo somebody else's change.
    #[error("{what} is {now}, not the {set} of this change: undoing it would undo another one")]
    NotOurs {
        /// "desired" or "the floor".
        what: &'static str,
        /// What the change set.
        set: TaskCount,
        /// The value.
        now: TaskCount,
    },
    /// A guard forbids it.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
}

impl Plan {
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

    /// A plan to set the floor of a service's scalable target. AWS moves the count up to a raised floor at once.
    pub fn floor(
        platform: &Platform,
        service: &ServiceId,
        to: TaskCount,
        verdict: Option<&Verdict>,
        environment: &Environment,
        now: Timestamp,
    ) -> Result<Self, Impossible> {
        let change = Change::Floor { service: service.clone(), to };
        Self::make(platform, change, verdict.map(words::sentence), environment, now)
    }

    /// The same plan to another count, from the same observed values.
    pub fn with(&self, to: TaskCount) -> Result<Self, Impossible> {
        let plan = Self { change: self.change.with(to), ..self.clone() };
        plan.checked()
    }

    /// The other way to the same count: the floor instead of the count (a hold), or the count instead of the floor.
    pub fn instead(&self) -> Result<Self, Impossible> {
        let (service, to) = (self.change.service().clone(), self.change.to());
        let change = match self.change {
            Change::Desired { .. } => Change::Floor { service, to },
            Change::Floor { .. } => Change::Desired { service, to },
        };
        Self { change, ..self.clone() }.checked()
    }

    /// The present value of the field that would be sent. A floor without a scalable target reads as 0, but
    /// there is no plan for one.
    pub fn from(&self) -> TaskCount {
        self.observed.value(&self.change).unwrap_or_default()
    }

    /// The desired count that this change leads to: its own, or what a floor lifts the present one to.
    pub fn goal(&self) -> TaskCount {
        match self.change {
            Change::Desired { to, .. } => to,
            Change::Floor { to, .. } => to.max(self.observed.desired),
        }
    }

    pub(super) fn make(
        platform: &Platform,
        change: Change,
        advice: Option<String>,
        environment: &Environment,
        now: Timestamp,
    ) -> Result<Self, Impossible> {
        let identity = platform.identity.as_deref().ok_or(Impossible::IdentityUnknown)?.clone();
        let service = change.service();
        let gone = || Impossible::NotDescribed { service: service.clone() };
        let known = platform.services.get(service).ok_or_else(gone)?;
        if known.status != ServiceStatus::Active {
            let status = status_word(&known.status).to_owned();
            return Err(Impossible::NotActive { service: service.clone(), status });
        }
        let observed = Observed::of(platform, service).ok_or_else(gone)?;
        if matches!(change, Change::Floor { .. }) && observed.limits.is_none() {
            return Err(no_target(platform, service));
        }
        Self { change, observed, identity, environment: environment.clone(), made: now, advice }.checked()
    }

    fn checked(self) -> Result<Self, Impossible> {
        guard::forbid(&self.change, &self.observed)?;
        match self.observed.value(&self.change) {
            None => Err(Impossible::NoTarget { service: self.change.service().clone() }),
            Some(now) if now == self.change.to() => Err(Impossible::NothingToDo { what: self.change.field(), now }),
            Some(_) => Ok(self),
        }
    }
}

fn no_target(platform: &Platform, service: &ServiceId) -> Impossible {
    let health = platform.sources.get(&Source::ScalableTargets);
    if health.is_some_and(|health| health.learnt.is_some()) {
        return Impossible::NoTarget { service: service.clone() };
    }
    let why = match health.map(|health| &health.state) {
        Some(SourceState::Denied { action }) => format!(" (denied: {action})"),
        _ => String::new(),
    };
    Impossible::TargetUnread { why }
}

fn status_word(status: &ServiceStatus) -> &str {
    match status {
        ServiceStatus::Active => "active",
        ServiceStatus::Draining => "draining",
        ServiceStatus::Inactive => "inactive",
        ServiceStatus::Unknown(word) => word,
    }
}

/// The count that an opened preview starts from: what the policy asks for in that direction, even while a cooldown
/// holds it back; else one task more or fewer. `None` is the key that names no direction: the advice's, else one more.
pub fn starting_count(verdict: Option<&Verdict>, observed: &Observed, toward: Option<Direction>) -> TaskCount {
    let now = observed.desired;
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
    use crate::platform::Suspended;

    fn desired(scene: &Scene, to: u32) -> Result<Plan, Impossible> {
        Plan::desired(&scene.platform, &scene.id, TaskCount(to), None, &Environment::Production, scene.now)
    }

    fn floor(scene: &Scene, to: u32) -> Result<Plan, Impossible> {
        Plan::floor(&scene.platform, &scene.id, TaskCount(to), None, &Environment::Production, scene.now)
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
            (floor(&bare, 8), "solosuccess-production/web has no scalable target: there is no floor to move"),
            (
                floor(&denied, 8),
                "the scalable targets have not been read (denied: application-autoscaling:DescribeScalableTargets): \
                 a floor cannot be moved before they are",
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
        assert_eq!(desired(&scene, 8).unwrap().observed.limits, None);
    }

    #[test]
    fn the_other_way_to_the_same_count() {
        let scene = Scene::web().limits(4, 10);
        let hold = scene.desired(8).instead().unwrap();
        assert_eq!(hold.change, scene.floor(8).change);
        assert_eq!((hold.from(), hold.goal()), (TaskCount(4), TaskCount(8)));
        assert_eq!(hold.instead().unwrap().change, scene.desired(8).change);
        assert!(matches!(scene.desired(11).instead(), Err(Impossible::Forbidden(_))));
        assert!(matches!(scene.desired(4).instead(), Err(Impossible::NothingToDo { .. })));
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
        let observed = scene.desired(8).observed;
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
            assert_eq!(starting_count(verdict, &observed, toward), TaskCount(expected), "{verdict:?} {toward:?}");
        }
        let stopped = Scene::web().counts(0, 0, 0).desired(1).observed;
        assert_eq!(starting_count(None, &stopped, Some(Direction::In)), TaskCount(0));
    }

    proptest! {
        #[test]
        fn no_plan_leaves_what_aws_allows(
            now in 0..6_000_u32,
            min in 0..6_000_u32,
            max in 0..6_000_u32,
            to in any::<u32>(),
            again in 0..7_000_u32,
            lift in any::<bool>(),
        ) {
            let scene = Scene::web().counts(now, now, 0).limits(min, max);
            let first = if lift { floor(&scene, to.min(7_000)) } else { desired(&scene, to.min(7_000)) };
            prop_assert!(desired(&scene, to).is_err() || to <= 5_000);
            let Ok(first) = first else { return Ok(()) };
            for plan in [Some(first.clone()), first.with(TaskCount(again)).ok(), first.instead().ok()].into_iter().flatten() {
                prop_assert!(plan.change.to() <= MOST_TASKS);
                prop_assert_ne!(plan.change.to(), plan.from());
                if matches!(plan.change, Change::Floor { .. }) {
                    prop_assert!(plan.change.to().0 <= max);
                }
            }
            prop_assert!(starting_count(None, &first.observed, None) <= MOST_TASKS);
        }
    }
}
