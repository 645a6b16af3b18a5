//! A plan: one change, the values it was made from, and whom it is bound to.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::guard::{self, Forbidden, MOST_TASKS};
use super::words;
use crate::platform::{
    Environment, Identity, Platform, ServiceId, ServiceStatus, Source, SourceState, Suspended, TaskCount,
};
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

/// The values of the target that a plan rests on. Two equal ones mean that nothing has moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observed {
    /// Desired count.
    pub desired: TaskCount,
    /// Running count.
    pub running: TaskCount,
    /// Floor and ceiling, where a scalable target is registered.
    pub limits: Option<(TaskCount, TaskCount)>,
    /// What is suspended.
    pub suspended: Suspended,
    /// Whether a deployment runs.
    pub deploying: bool,
    /// When the target was read.
    pub read: Timestamp,
}

impl Observed {
    /// What the platform knows of a service; `None` when it was never described.
    pub fn of(platform: &Platform, service: &ServiceId) -> Option<Self> {
        let known = platform.services.get(service)?;
        let target = platform.targets.get(service);
        Some(Self {
            desired: known.desired,
            running: known.running,
            limits: target.map(|t| (t.min, t.max)),
            suspended: target.map(|t| t.suspended).unwrap_or_default(),
            deploying: known.deploying(),
            read: known.learnt,
        })
    }

    /// The present value of the field that a change sends; `None` for a floor where no target is registered.
    pub fn value(&self, change: &Change) -> Option<TaskCount> {
        match change {
            Change::Desired { .. } => Some(self.desired),
            Change::Floor { .. } => self.limits.map(|(floor, _)| floor),
        }
    }

    /// What has moved between two readings among the values that a plan rests on, a sentence each.
    ///
    /// Running tasks come and go by themselves and are not among them; neither is when it was read.
    pub fn moved(&self, fresh: &Self) -> Vec<String> {
        let mut what = Vec::new();
        if self.desired != fresh.desired {
            what.push(format!("desired was {}, is {}", self.desired, fresh.desired));
        }
        match (self.limits, fresh.limits) {
            (Some((floor, ceiling)), Some((new_floor, new_ceiling))) => {
                if floor != new_floor {
                    what.push(format!("the floor was {floor}, is {new_floor}"));
                }
                if ceiling != new_ceiling {
                    what.push(format!("the ceiling was {ceiling}, is {new_ceiling}"));
                }
            }
            (Some(_), None) => what.push("the scalable target is gone".to_owned()),
            (None, Some((floor, ceiling))) => {
                what.push(format!("a scalable target is there now: {floor}–{ceiling}"));
            }
            (None, None) => {}
        }
        let switches = [
            ("scale-in", self.suspended.scale_in, fresh.suspended.scale_in),
            ("scale-out", self.suspended.scale_out, fresh.suspended.scale_out),
            ("scheduled scaling", self.suspended.scheduled, fresh.suspended.scheduled),
        ];
        for (name, was, is) in switches {
            if was != is {
                what.push(format!("{name} is {} now", if is { "suspended" } else { "no longer suspended" }));
            }
        }
        if self.deploying != fresh.deploying {
            let now = if fresh.deploying { "a deployment has begun" } else { "the deployment has ended" };
            what.push(now.to_owned());
        }
        what
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
