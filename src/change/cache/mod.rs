//! Changes of a cache: its nodes with cluster mode off, its shards with cluster mode on.

mod rows;
mod seen;
mod sight;
#[cfg(test)]
mod tests;

pub(super) use rows::{next, rows, title, warnings};
pub use seen::CacheSeen;
pub(super) use sight::sight;

use super::guard::{Forbidden, Gravity, is_small};
use super::kind::Change;
use super::plan::Plan;
use super::step::Step;
use crate::platform::{CacheId, MemberCount, Platform};
use crate::policy::Policy;

/// The most nodes of a shard: a primary and five replicas (ElastiCache user guide, "Replication: limits").
const MOST_NODES: u32 = 6;

/// The most shards by AWS's default quota of nodes a cluster.
const MOST_SHARDS: u32 = 90;

/// The change to so many nodes – or shards, where cluster mode is on. `None` when the cache was never described.
pub fn members(platform: &Platform, cache: &CacheId, to: MemberCount) -> Option<Change> {
    let seen = CacheSeen::of(platform, cache)?;
    let cache = cache.clone();
    Some(if seen.cluster_mode { Change::Shards { cache, to } } else { Change::Nodes { cache, to } })
}

/// What must never be sent.
pub(super) fn forbid(change: &Change, seen: &CacheSeen) -> Result<(), Forbidden> {
    let never = |why: String| Err(Forbidden::Never { why });
    if !seen.available {
        return never(format!("{} is {}: AWS changes only what is available", change.target(), seen.status));
    }
    match change {
        Change::Nodes { .. } if seen.cluster_mode => {
            never("cluster mode is on: shards are scaled, not nodes".to_owned())
        }
        Change::Shards { .. } if !seen.cluster_mode => {
            never("cluster mode is off: nodes are scaled, not shards".to_owned())
        }
        Change::Nodes { to, .. } if to.0 == 0 || to.0 > MOST_NODES => {
            never(format!("{to} nodes: a group has a primary and at most {} replicas", MOST_NODES - 1))
        }
        Change::Nodes { to, .. } if to.0 == 1 && (seen.automatic_failover || seen.multi_az) => never(
            "the last replica goes only when automatic fail-over and Multi-AZ are off: switch them off first"
                .to_owned(),
        ),
        Change::Shards { to, .. } if to.0 == 0 || to.0 > MOST_SHARDS => {
            never(format!("{to} shards: a cluster has between 1 and {MOST_SHARDS}"))
        }
        _ => Ok(()),
    }
}

/// How grave a change is.
pub(super) fn gravity(plan: &Plan, policy: &Policy) -> Gravity {
    let (from, to) = (plan.from(), plan.change.count().unwrap_or_default());
    Gravity {
        small: is_small(from, to),
        beyond: to < policy.cache.min || to > policy.cache.max,
        // What goes is deleted.
        grave: to < from,
        ..Gravity::of(to)
    }
}

/// The one call. A shard that goes hands its keys over first; the last ones go.
pub(super) fn steps(plan: &Plan, seen: &CacheSeen) -> Vec<Step> {
    match &plan.change {
        Change::Nodes { cache, to } => {
            let (cache, replicas) = (cache.clone(), MemberCount(to.0.saturating_sub(1)));
            vec![if to.0 > seen.nodes {
                Step::MoreReplicas { cache, to: replicas }
            } else {
                Step::FewerReplicas { cache, to: replicas }
            }]
        }
        Change::Shards { cache, to } => {
            let mut shards = seen.shards.clone();
            shards.sort();
            let removes = shards.split_off((to.0 as usize).min(shards.len()));
            vec![Step::Shards { cache: cache.clone(), to: *to, removes }]
        }
        _ => Vec::new(),
    }
}
