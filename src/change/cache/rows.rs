//! What a change of a cache does: members, memory, money – and what speaks against it.

use jiff::Timestamp;

use super::CacheSeen;
use crate::change::kind::Change;
use crate::change::plan::Plan;
use crate::change::preview::Row;
use crate::change::{price, words};
use crate::platform::metric::Resource;
use crate::platform::{Cache, CacheId, GroupId, MetricId, MetricKey, Platform, Source};
use crate::policy::{Advice, Policy};

pub(in crate::change) fn title(plan: &Plan) -> String {
    let (from, to) = (plan.from(), plan.change.count().unwrap_or_default());
    let what = if matches!(plan.change, Change::Shards { .. }) { "shards" } else { "nodes" };
    let way = if to > from { "Add" } else { "Remove" };
    format!("{way} {what} of {}", plan.change.target().name())
}

fn cache<'a>(plan: &Plan, platform: &'a Platform) -> Option<&'a Cache> {
    match plan.change.target() {
        GroupId::Cache(id) => platform.caches.get(&id).map(AsRef::as_ref),
        _ => None,
    }
}

pub(in crate::change) fn rows(plan: &Plan, seen: &CacheSeen, platform: &Platform, policy: &Policy) -> Vec<Row> {
    let (from, to) = (plan.from(), plan.change.count().unwrap_or_default());
    let (least, most) = (policy.cache.min, policy.cache.max);
    let note = if to < least || to > most {
        format!("outside the policy's {least}–{most}")
    } else {
        format!("inside {least}–{most}, room left +{}", most - to)
    };
    let shards = matches!(plan.change, Change::Shards { .. });
    let mut rows = vec![Row::new(if shards { "shards" } else { "nodes" }, from.to_string(), to.to_string(), note)];
    let Some(known) = cache(plan, platform) else { return rows };
    rows.push(memory(known, platform, shards, from, to));
    rows.push(cpu(known, platform, from, to));
    // A shard costs its nodes.
    let a_member = if shards && from > 0 { seen.nodes / from } else { 1 };
    let price = policy.prices.cache_node(known).map(|price| (price.value, price));
    rows.push(price::members("cost", price, from * a_member, to * a_member));
    rows.push(Row::new(
        "ready",
        "",
        "—",
        if shards { "keys are moved while it serves; not yet measured here" } else { "not yet measured here" },
    ));
    rows
}

/// The highest value of a metric among the nodes.
fn highest(cache: &Cache, platform: &Platform, metric: MetricId) -> Option<f64> {
    let newest = |node: &crate::platform::CacheNode| {
        let key = MetricKey { resource: Resource::CacheNode(node.id.clone()), metric };
        platform.series.get(&key)?.newest().map(|(_, value)| value)
    };
    cache.nodes().filter_map(newest).reduce(f64::max)
}

fn memory(cache: &Cache, platform: &Platform, shards: bool, from: u32, to: u32) -> Row {
    let Some(now) = highest(cache, platform, MetricId::CacheMemory) else {
        return Row::new("memory", "—", "—", "no data");
    };
    if !shards || to == 0 {
        return Row::new(
            "memory",
            format!("{now:.0} %"),
            format!("{now:.0} %"),
            "a replica adds no memory: every node holds all keys",
        );
    }
    let after = now * f64::from(from) / f64::from(to);
    let note = format!("of the fullest node, if keys spread evenly: {now:.0} × {from} ÷ {to}");
    Row::new("memory", format!("{now:.0} %"), format!("~{after:.0} %"), note)
}

fn cpu(cache: &Cache, platform: &Platform, from: u32, to: u32) -> Row {
    match highest(cache, platform, MetricId::CacheCpu) {
        Some(now) if to > 0 => {
            let after = now * f64::from(from) / f64::from(to);
            let note = format!("of the busiest node, if reads spread evenly: {now:.0} × {from} ÷ {to}");
            Row::new("cpu", format!("{now:.0} %"), format!("~{after:.0} %"), note)
        }
        _ => Row::new("cpu", "—", "—", "no data"),
    }
}

pub(in crate::change) fn next(plan: &Plan) -> Vec<String> {
    let mut next = vec!["no autoscaler acts on this cache: the count stays as it is set".to_owned()];
    if plan.change.count().unwrap_or_default() < plan.from() && matches!(plan.change, Change::Shards { .. }) {
        next.push(
            "AWS moves the keys of the shards that go to the others first, and refuses if they do not fit".to_owned(),
        );
    }
    next.push("a later `terraform apply` sets it back to what its code says".to_owned());
    next
}

pub(in crate::change) fn warnings(
    plan: &Plan,
    seen: &CacheSeen,
    platform: &Platform,
    policy: &Policy,
    advice: &Advice,
    now: Timestamp,
) -> Vec<String> {
    let mut warnings = Vec::new();
    let (from, to) = (plan.from(), plan.change.count().unwrap_or_default());
    let target = plan.change.target();
    if matches!(plan.change, Change::Nodes { .. }) && to == 1 {
        warnings.push("one node is left: when it fails, the cache is empty".to_owned());
    }
    if let Some(known) = cache(plan, platform) {
        let shards = matches!(plan.change, Change::Shards { .. });
        let memory = highest(known, platform, MetricId::CacheMemory).filter(|_| shards && to > 0 && to < from);
        if let Some(after) =
            memory.map(|now| now * f64::from(from) / f64::from(to)).filter(|after| *after >= policy.cache.memory_out)
        {
            warnings.push(format!(
                "memory would go to ~{after:.0} %: keys are thrown out above {:.0} %",
                policy.cache.memory_out
            ));
        }
    }
    let notes = advice.caches.get(&CacheId::new(target.name())).into_iter();
    if to > from {
        warnings.extend(notes.flat_map(|verdict| verdict.notes.iter().map(|note| verdict.note_line(note))));
    }
    if platform.sources.get(&Source::Caches).is_some_and(|health| health.stale(now)) {
        let age = words::span((now.as_second() - seen.read.as_second()).max(0) as u32);
        warnings.push(format!("the cache was read {age} ago; it is read again before anything is sent"));
    }
    warnings
}
