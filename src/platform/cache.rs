//! ElastiCache replication groups as `DescribeReplicationGroups` and `DescribeCacheClusters` tell them.
//!
//! Absent on purpose: memcached, and single nodes outside a replication group, which cannot be given a replica.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::database::Phase;
use super::ids::{CacheId, CacheNodeId};
use super::moment::Moment;

/// AWS's word for the status of a group or node, as in `available`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct CacheStatus(pub String);

impl CacheStatus {
    /// What the word means for scaling.
    pub fn phase(&self) -> Phase {
        match self.0.as_str() {
            "available" => Phase::Serving,
            "modifying" | "snapshotting" => Phase::Changing,
            "rebooting cluster nodes" => Phase::Away,
            "creating" => Phase::Arriving,
            "deleting" | "deleted" => Phase::Leaving,
            _ => Phase::Failed,
        }
    }
}

/// A node's part in its shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NodeRole {
    /// Takes writes.
    Primary,
    /// Follows the primary and answers reads.
    Replica,
    /// Not told: AWS tells roles only with cluster mode off.
    Untold,
}

/// One node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CacheNode {
    /// AWS's cache cluster id, which is also its CloudWatch dimension.
    pub id: CacheNodeId,
    /// Its part.
    pub role: NodeRole,
    /// AWS's status word.
    pub status: CacheStatus,
    /// When it was created; `None` until AWS says so.
    #[serde(default)]
    #[schemars(with = "Option<Moment>")]
    pub created: Option<Timestamp>,
}

/// A shard: one part of the keys, on a primary and its replicas.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Shard {
    /// AWS's node group id, as in `0001`.
    pub id: String,
    /// Its nodes.
    pub nodes: Vec<CacheNode>,
}

/// A replication group. With cluster mode off it has one shard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cache {
    /// The replication group's id.
    pub id: CacheId,
    /// AWS's status word.
    pub status: CacheStatus,
    /// `redis` or `valkey`, with its version.
    pub engine: String,
    /// Whether keys are spread over shards.
    pub cluster_mode: bool,
    /// `cache.t3.medium`.
    pub node_type: String,
    /// Whether replicas stand in another zone than their primary.
    pub multi_az: bool,
    /// Whether a replica takes over by itself.
    pub automatic_failover: bool,
    /// Its shards.
    pub shards: Vec<Shard>,
    /// When this was learnt.
    #[schemars(with = "Moment")]
    pub learnt: Timestamp,
}

impl Cache {
    /// Every node of every shard.
    pub fn nodes(&self) -> impl Iterator<Item = &CacheNode> {
        self.shards.iter().flat_map(|shard| &shard.nodes)
    }
}
