//! What scales as one: what an operator selects, and what a change and a verdict are about.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ids::{CacheId, DatabaseId, ServiceId};

/// A scaling group, in the order of the overview.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GroupId {
    /// The tasks of an ECS service.
    Service(ServiceId),
    /// The read replicas of a primary, which is named.
    Replicas(DatabaseId),
    /// The nodes of a cache, or its shards with cluster mode on.
    Cache(CacheId),
}

impl GroupId {
    /// The tier in a word, for a column: `ecs`, `db`, `cache`.
    pub fn tier(&self) -> &'static str {
        match self {
            Self::Service(_) => "ecs",
            Self::Replicas(_) => "db",
            Self::Cache(_) => "cache",
        }
    }

    /// The name without the tier: a service's own, the primary's, the replication group's. Hostile characters and all.
    pub fn name(&self) -> &str {
        match self {
            Self::Service(id) => id.service.as_str(),
            Self::Replicas(id) => id.as_str(),
            Self::Cache(id) => id.as_str(),
        }
    }

    /// The service, where it is one.
    pub fn service(&self) -> Option<&ServiceId> {
        match self {
            Self::Service(id) => Some(id),
            Self::Replicas(_) | Self::Cache(_) => None,
        }
    }
}

impl fmt::Display for GroupId {
    /// `<cluster>/<service>`, or the bare name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Service(id) => id.fmt(f),
            Self::Replicas(id) => id.fmt(f),
            Self::Cache(id) => id.fmt(f),
        }
    }
}

impl From<ServiceId> for GroupId {
    fn from(id: ServiceId) -> Self {
        Self::Service(id)
    }
}
