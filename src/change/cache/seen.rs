//! What a plan of a cache rests on.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::change::kind::{Change, Value};
use crate::platform::{CacheId, Platform};

/// The values of a cache that a plan rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of AWS's own")]
pub struct CacheSeen {
    /// Nodes of all shards.
    pub nodes: u32,
    /// Ids of the shards.
    pub shards: Vec<String>,
    /// Whether keys are spread over shards.
    pub cluster_mode: bool,
    /// Whether replicas stand in other zones.
    pub multi_az: bool,
    /// Whether a replica takes over by itself.
    pub automatic_failover: bool,
    /// AWS's word.
    pub status: String,
    /// Whether AWS takes changes of it.
    pub available: bool,
    /// When it was read.
    pub read: Timestamp,
}

impl CacheSeen {
    /// What the platform knows of a cache; `None` when it was never described.
    pub fn of(platform: &Platform, cache: &CacheId) -> Option<Self> {
        let known = platform.caches.get(cache)?;
        Some(Self {
            nodes: known.nodes().count() as u32,
            shards: known.shards.iter().map(|shard| shard.id.clone()).collect(),
            cluster_mode: known.cluster_mode,
            multi_az: known.multi_az,
            automatic_failover: known.automatic_failover,
            status: known.status.0.clone(),
            available: known.status.0 == "available",
            read: known.learnt,
        })
    }

    /// The present value of what a change sets.
    pub fn value(&self, change: &Change) -> Option<Value> {
        match change {
            Change::Nodes { .. } => Some(Value::Count(self.nodes)),
            Change::Shards { .. } => Some(Value::Count(self.shards.len() as u32)),
            _ => None,
        }
    }

    /// What has moved, a sentence each.
    pub fn moved(&self, fresh: &Self) -> Vec<String> {
        let mut what = Vec::new();
        if self.nodes != fresh.nodes {
            what.push(format!("there were {} nodes, there are {}", self.nodes, fresh.nodes));
        }
        if self.shards != fresh.shards {
            what.push(format!("there were {} shards, there are {}", self.shards.len(), fresh.shards.len()));
        }
        if self.available != fresh.available {
            what.push(format!("it was {}, is {}", self.status, fresh.status));
        }
        for (name, was, is) in [
            ("automatic fail-over", self.automatic_failover, fresh.automatic_failover),
            ("Multi-AZ", self.multi_az, fresh.multi_az),
        ] {
            if was != is {
                what.push(format!("{name} is {} now", if is { "on" } else { "off" }));
            }
        }
        what
    }
}
