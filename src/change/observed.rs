//! The values that a plan rests on, by tier, and which of them have moved.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::cache::CacheSeen;
use super::ecs::ServiceSeen;
use super::kind::{Change, Value};
use super::replicas::ReplicasSeen;
use crate::platform::{GroupId, Platform};

/// The values of the target that a plan rests on.
///
/// In the journal a tier is told by its fields: lines of the first version know only services.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Observed {
    /// A service.
    Service(ServiceSeen),
    /// A primary and its replicas.
    Replicas(ReplicasSeen),
    /// A cache.
    Cache(CacheSeen),
}

impl Observed {
    /// What the platform knows of what a change acts on; `None` when it was never described.
    pub fn of(platform: &Platform, change: &Change) -> Option<Self> {
        match change.target() {
            GroupId::Service(id) => ServiceSeen::of(platform, &id, change).map(Self::Service),
            GroupId::Replicas(id) => ReplicasSeen::of(platform, &id).map(Self::Replicas),
            GroupId::Cache(id) => CacheSeen::of(platform, &id).map(Self::Cache),
        }
    }

    /// The present value of what a change sets; `None` where there is nothing that could have one.
    pub fn value(&self, change: &Change) -> Option<Value> {
        match self {
            Self::Service(seen) => seen.value(change),
            Self::Replicas(seen) => seen.value(change),
            Self::Cache(seen) => seen.value(change),
        }
    }

    /// When the target was read.
    pub fn read(&self) -> Timestamp {
        match self {
            Self::Service(seen) => seen.read,
            Self::Replicas(seen) => seen.read,
            Self::Cache(seen) => seen.read,
        }
    }

    /// What has moved between two readings among the values that a plan rests on, a sentence each.
    pub fn moved(&self, fresh: &Self) -> Vec<String> {
        match (self, fresh) {
            (Self::Service(seen), Self::Service(fresh)) => seen.moved(fresh),
            (Self::Replicas(seen), Self::Replicas(fresh)) => seen.moved(fresh),
            (Self::Cache(seen), Self::Cache(fresh)) => seen.moved(fresh),
            _ => vec!["the target is of another kind now".to_owned()],
        }
    }

    /// The service's values, where it is one.
    pub fn service(&self) -> Option<&ServiceSeen> {
        match self {
            Self::Service(seen) => Some(seen),
            Self::Replicas(_) | Self::Cache(_) => None,
        }
    }

    /// The replicas' values, where it is a primary.
    pub fn replicas(&self) -> Option<&ReplicasSeen> {
        match self {
            Self::Replicas(seen) => Some(seen),
            Self::Service(_) | Self::Cache(_) => None,
        }
    }
}
