//! A plan: one change, the values it was made from, and whom it is bound to.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::platform::{Environment, Identity, Platform, ServiceId, Suspended, TaskCount};

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
