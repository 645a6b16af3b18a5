//! What runs and need not: a scale-out that nothing asks for any more, replicas and nodes that hardly work.

use super::super::hours::percentile;
use super::{Kind, Look, Opportunity, Saving};
use crate::platform::metric::Resource;
use crate::platform::spend::Dollars;
use crate::platform::weeks::{Measure, hour_of};
use crate::policy::prices::MONTH_HOURS;
use crate::policy::schedule::floor_at;

/// How many hours in a row more must have run than was needed.
const STUCK_HOURS: i64 = 12;
/// A member that works less than this in its busy hours is idle, %.
const IDLE_CPU: f64 = 10.0;

/// Services that have run above their floor for half a day without an hour that needed it.
pub(super) fn stuck(look: &Look<'_>, found: &mut Vec<Opportunity>) {
    for (id, service) in &look.platform.services {
        let resource = Resource::Service(id.clone());
        let of = |measure| look.platform.weeks.as_deref()?.of(&resource, measure);
        let (Some(tasks), Some(cpu), Some(memory)) =
            (of(Measure::Tasks), of(Measure::CpuHighest), of(Measure::MemoryHighest))
        else {
            continue;
        };
        let floor = floor_at(&look.policy.ecs, look.now).count.0;
        let newest = tasks.keys().next_back().copied().unwrap_or_default();
        let recent = newest + 1 - STUCK_HOURS..=newest;
        if newest + 6 < hour_of(look.now) || service.running.0 <= floor || tasks.range(recent.clone()).count() < 12 {
            continue;
        }
        let needs = |hour: &i64, count: &f64| {
            let asks = |share: Option<&f64>, target: f64| share.map(|share| (count / 60.0 * share / target).ceil());
            let (cpu, memory) = (
                asks(cpu.get(hour), look.policy.ecs.cpu_target),
                asks(memory.get(hour), look.policy.ecs.memory_target),
            );
            Some(cpu?.max(memory?).max(f64::from(floor)))
        };
        let wasted: Option<Vec<(f64, f64)>> =
            tasks.range(recent).map(|(hour, count)| Some((needs(hour, count)?, count / 60.0))).collect();
        let Some(wasted) = wasted.filter(|hours| hours.iter().all(|(need, ran)| *ran >= need + 1.0)) else { continue };
        let spare = wasted.iter().map(|(need, ran)| ran - need).sum::<f64>() / wasted.len() as f64;
        let target = look.platform.targets.get(id);
        let held =
            look.platform.policies.get(id).into_iter().flat_map(|all| all.iter()).find(|one| one.scale_in_disabled);
        let why = match (target, held) {
            (Some(target), _) if target.suspended.scale_in => "scale-in is suspended".to_owned(),
            (_, Some(policy)) => format!("the policy {} may only scale out", policy.name),
            (Some(target), _) if service.running > target.max => "set by hand above the ceiling".to_owned(),
            (Some(target), _) if target.min.0 > floor => {
                format!("AWS's minimum is {}, the policy's floor {floor}", target.min)
            }
            (None, _) => "no scalable target is registered: nobody scales it in".to_owned(),
            _ => "nothing holds it: see why on the overview".to_owned(),
        };
        found.push(Opportunity {
            kind: Kind::StuckScaleOut,
            subject: id.to_string(),
            title: format!("{spare:.0} tasks more than anything asks for, for {STUCK_HOURS} hours and longer"),
            evidence: vec![
                format!("every one of the last {STUCK_HOURS} hours needed at least one task less than ran"),
                why,
            ],
            saving: look.task(service).map_or_else(
                || Saving::Untold("a task has no price".to_owned()),
                |task| Saving::UpTo(Dollars(spare * task * MONTH_HOURS)),
            ),
            risk: "requests per target are not looked at here: the advice on the overview is".to_owned(),
            change: "scale in on the overview, and mend what holds it".to_owned(),
        });
    }
}

/// Replicas and cache nodes above the policy's minimum that hardly work.
pub(super) fn idle(look: &Look<'_>, found: &mut Vec<Opportunity>) {
    let busy = |resource: &Resource, measure| percentile(look.hours(resource, measure)?.values().copied(), 95.0);
    for (id, database) in &look.platform.databases {
        let Some(primary) = database.replica_of.as_ref().and_then(|id| look.platform.databases.get(id)) else {
            continue;
        };
        let more = primary.replicas.len() > look.policy.replicas.min as usize;
        let cpu = busy(&Resource::Database(id.clone()), Measure::CpuHighest).filter(|cpu| *cpu < IDLE_CPU);
        let (Some(cpu), true) = (cpu, more) else { continue };
        let cost =
            look.rate.items.iter().filter(|item| item.name == id.as_str()).map(|item| item.hourly.0).sum::<f64>();
        found.push(Opportunity {
            kind: Kind::IdleMember,
            subject: id.to_string(),
            title: "a read replica that hardly works".to_owned(),
            evidence: vec![format!(
                "its busiest minute stayed below {cpu:.1} % cpu in 95 of 100 hours of {}; the primary has {}, the policy wants {} \
                 at least",
                look.span(),
                primary.replicas.len(),
                look.policy.replicas.min
            )],
            saving: Saving::About(Dollars(cost * MONTH_HOURS)),
            risk: "it may be there to be promoted".to_owned(),
            change: "one replica fewer: its traffic is drained first".to_owned(),
        });
    }
    for (id, cache) in &look.platform.caches {
        let count = if cache.cluster_mode { cache.shards.len() } else { cache.nodes().count() };
        let each = |measure| {
            let all = cache.nodes().map(|node| busy(&Resource::CacheNode(node.id.clone()), measure));
            all.collect::<Option<Vec<f64>>>()?.into_iter().max_by(f64::total_cmp)
        };
        let (Some(cpu), Some(memory)) = (each(Measure::CpuHighest), each(Measure::MemoryHighest)) else { continue };
        let price = look.policy.prices.cache_node(cache);
        if count <= look.policy.cache.min as usize || cpu >= IDLE_CPU || memory >= look.policy.cache.memory_in {
            continue;
        }
        let nodes = cache.nodes().count() as f64 / count as f64;
        found.push(Opportunity {
            kind: Kind::IdleMember,
            subject: id.to_string(),
            title: "one cache node fewer".to_owned(),
            evidence: vec![format!(
                "no node's busiest minute passed {cpu:.1} % cpu or {memory:.1} % memory in 95 of 100 hours of {}; {count} run, \
                 the policy wants {} at least",
                look.span(),
                look.policy.cache.min
            )],
            saving: price.map_or_else(
                || Saving::Untold("its nodes have no price".to_owned()),
                |price| Saving::About(Dollars(price.value * nodes * MONTH_HOURS)),
            ),
            risk: "a node less is a copy less, or with cluster mode the keys of its shard move".to_owned(),
            change: "one node fewer by the cache's own rule".to_owned(),
        });
    }
}
