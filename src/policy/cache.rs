//! Section 3 of the spec: the nodes of a cache, or its shards where cluster mode is on.
//!
//! One more when any node's memory or host CPU held for its window; one fewer when every node was low on both for half
//! an hour. Absent on purpose: judging the engine's own CPU, which is shown beside the host's.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::group::{Bounds, GroupNote, GroupVerdict, Judged, Kind, Members, Part, Rule, highest, weigh};
use super::knobs::CachePolicy;
use super::verdict::{Decision, Floor, Obstacle, Reason};
use super::window::{Evidence, after};
use crate::platform::metric::MetricKey;
use crate::platform::{Cache, CacheId, CacheNode, MemberCount, MetricId, NodeRole, Phase, Platform, Source};

/// The verdict on every cache that was described.
pub fn verdicts(platform: &Platform, policy: &CachePolicy, now: Timestamp) -> BTreeMap<CacheId, GroupVerdict> {
    platform.caches.values().map(|cache| (cache.id.clone(), verdict(platform, policy, cache, now))).collect()
}

/// Whether the policy governs a cache.
pub(super) fn governed(policy: &CachePolicy, cache: &Cache) -> bool {
    policy.groups.is_empty() || policy.groups.contains(&cache.id)
}

fn verdict(platform: &Platform, policy: &CachePolicy, cache: &Cache, now: Timestamp) -> GroupVerdict {
    let members = members(cache);
    let (min, max) = (MemberCount(policy.min), MemberCount(policy.max));
    let mut verdict = GroupVerdict {
        at: now,
        decision: Decision::None { reason: Reason::NotManaged },
        members,
        removes: None,
        evidence: Vec::new(),
        floor: Floor { count: min, origin: "the policy's minimum".to_owned() },
        ceiling: max,
        notes: Vec::new(),
        next: None,
    };
    if !governed(policy, cache) {
        return verdict;
    }
    let health = platform.sources.get(&Source::Caches);
    if health.is_none_or(|health| health.stale(now)) {
        let learnt = health.and_then(|health| health.learnt);
        verdict.decision = Decision::CannotTell { reason: Reason::Stale { source: Source::Caches, learnt } };
        return verdict;
    }
    let phase = cache.status.phase();
    if phase == Phase::Leaving {
        verdict.decision = Decision::None { reason: Reason::Stopped };
        return verdict;
    }
    let history = platform.node_counts.get(&cache.id);
    let watched = history.and_then(|history| history.watched_since);
    let watched = watched.filter(|at| now < after(*at, policy.cooldown_s));
    verdict.notes = watched.map(|at| GroupNote::HistoryStarts { at }).into_iter().collect();
    let judged = judge(platform, policy, cache, now);
    if members.present > max {
        verdict.decision = Decision::None { reason: Reason::AboveCeiling };
        verdict.notes.push(GroupNote::AboveCeiling);
    } else {
        let rule = Rule {
            members,
            min,
            max,
            moving: phase.moving() || cache.nodes().any(|node| node.status.phase().moving()),
            changed: cache.nodes().filter_map(|node| node.created).chain(history.and_then(|one| one.changed)).max(),
            settled: history.and_then(|history| history.settled),
            cooldown_s: policy.cooldown_s,
            clear_window_s: policy.scale_in_window_s,
            judged: &judged,
            no_more: (phase == Phase::Failed).then(|| Obstacle::PrimaryNotServing { status: cache.status.0.clone() }),
            no_use: None,
            no_fewer: no_fewer(cache),
            unknown: Vec::new(),
            rebound: rebound(policy, cache, &judged),
            arriving: platform.sources.get(&Source::Metrics).is_none_or(|health| health.arriving(now)),
            now,
        };
        verdict.decision = rule.decide();
        verdict.next = rule.next(&verdict.decision);
    }
    if matches!(verdict.decision, Decision::In { .. }) {
        verdict.removes = removable(cache);
    }
    let memory_asks =
        judged.iter().any(|judged| judged.evidence.metric == MetricId::CacheMemory && judged.evidence.asks());
    if memory_asks && !cache.cluster_mode {
        verdict.notes.push(GroupNote::NoMemory);
    }
    verdict.evidence = judged.into_iter().map(|judged| judged.evidence).collect();
    verdict
}

fn members(cache: &Cache) -> Members {
    let phases: Vec<Phase> = if cache.cluster_mode {
        cache.shards.iter().map(|shard| together(shard.nodes.iter().map(|node| node.status.phase()))).collect()
    } else {
        cache.nodes().map(|node| node.status.phase()).collect()
    };
    let count = |is: fn(Phase) -> bool| phases.iter().filter(|phase| is(**phase)).count() as u32;
    let leaving = count(|phase| phase == Phase::Leaving);
    Members {
        kind: if cache.cluster_mode { Kind::Shard } else { Kind::Node },
        present: MemberCount(phases.len() as u32 - leaving),
        serving: MemberCount(count(Phase::serves)),
        arriving: MemberCount(count(|phase| phase == Phase::Arriving)),
        leaving,
        failed: MemberCount(count(|phase| matches!(phase, Phase::Failed | Phase::Stopped))),
    }
}

/// A shard's phase is that of its best node: it serves while any node of it does. One without nodes has failed.
fn together(nodes: impl Iterator<Item = Phase>) -> Phase {
    let best_first = [Phase::Serving, Phase::Changing, Phase::Away, Phase::Arriving, Phase::Leaving, Phase::Stopped];
    let rank = |phase: &Phase| best_first.iter().position(|known| known == phase).unwrap_or(best_first.len());
    nodes.min_by_key(rank).unwrap_or(Phase::Failed)
}

/// Every node, in the order of their names.
fn nodes(cache: &Cache) -> Vec<&CacheNode> {
    let mut nodes: Vec<_> = cache.nodes().collect();
    nodes.sort_by(|a, b| a.id.rank().cmp(&b.id.rank()));
    nodes
}

/// Judges memory, host CPU and – for show – the engine's CPU of every node that answers.
fn judge(platform: &Platform, policy: &CachePolicy, cache: &Cache, now: Timestamp) -> Vec<Judged> {
    let bounds = |out, clear| Bounds {
        out,
        out_window_s: policy.scale_out_window_s,
        clear,
        clear_window_s: policy.scale_in_window_s,
    };
    let rules = [
        (MetricId::CacheMemory, bounds(Some(policy.memory_out), Some(policy.memory_in))),
        (MetricId::CacheCpu, bounds(Some(policy.cpu_out), Some(policy.cpu_in))),
        (MetricId::CacheEngineCpu, bounds(None, None)),
    ];
    let mut judged = Vec::new();
    for node in nodes(cache).into_iter().filter(|node| node.status.phase().serves()) {
        for (metric, bounds) in &rules {
            let series = platform.series.get(&MetricKey::cache_node(&node.id, *metric));
            let evidence = Evidence::read(series.map(AsRef::as_ref), *metric, now, bounds.span(), || None);
            judged.push(weigh((node.id.as_str(), part(node), *metric), None, &evidence, bounds));
        }
    }
    judged
}

fn part(node: &CacheNode) -> Part {
    match node.role {
        NodeRole::Primary => Part::Primary,
        NodeRole::Replica => Part::Replica,
        NodeRole::Untold => Part::Node,
    }
}

/// The member that would go: the newest replica, or with cluster mode on the shard with the greatest number.
fn removable(cache: &Cache) -> Option<String> {
    if cache.cluster_mode {
        return cache.shards.iter().map(|shard| &shard.id).max().cloned();
    }
    let replicas = cache.nodes().filter(|node| node.role == NodeRole::Replica && node.status.phase().serves());
    replicas.max_by_key(|node| (node.created, node.id.rank())).map(|node| node.id.to_string())
}

/// What stands in the way of one fewer.
fn no_fewer(cache: &Cache) -> Option<Obstacle> {
    let failed = nodes(cache).into_iter().find(|node| matches!(node.status.phase(), Phase::Failed | Phase::Stopped));
    if let Some(failed) = failed {
        let (member, status) = (failed.id.to_string(), failed.status.0.clone());
        return Some(Obstacle::MemberNotServing { member, status });
    }
    if removable(cache).is_none() {
        return Some(Obstacle::NothingDeletable);
    }
    let to_one = !cache.cluster_mode && members(cache).present.0 <= 2;
    (to_one && (cache.multi_az || cache.automatic_failover)).then_some(Obstacle::FailOver)
}

/// Where the fullest node's memory would go if one shard fewer held the keys, when that is too near to asking again.
fn rebound(policy: &CachePolicy, cache: &Cache, judged: &[Judged]) -> Option<(MetricId, f64)> {
    let shards = members(cache).present.0;
    if !cache.cluster_mode || shards < 2 {
        return None;
    }
    let projected = highest(judged, MetricId::CacheMemory)? * f64::from(shards) / f64::from(shards - 1);
    (projected >= policy.memory_out * policy.scale_in_margin).then_some((MetricId::CacheMemory, projected))
}

#[cfg(test)]
pub(super) mod tests;
