//! Right-sizing by percentiles: the next smaller size, where the busiest hours would still fit into it.
//!
//! Absent on purpose: a larger size – that is advice on load, not on money – and another family or processor, which
//! nobody can promise from here.

use std::fmt::Write as _;

use super::super::hours::percentile;
use super::super::run_rate::{of_task, sized};
use super::{Kind, Look, Opportunity, Saving};
use crate::platform::TaskSize;
use crate::platform::metric::Resource;
use crate::platform::spend::Dollars;
use crate::platform::weeks::Measure;
use crate::policy::prices::MONTH_HOURS;

/// After halving, the busiest hours must stay below this, %: the size is halved, so the share doubles.
const FITS: f64 = 80.0;
/// Which hour counts as busy: 1 in 100 is busier.
const BUSY: f64 = 99.0;

/// Fargate's sizes: CPU units, and the least and most memory with them, MiB (ECS developer guide, "Task CPU and memory").
const FARGATE: [(u32, u32, u32); 5] =
    [(256, 512, 2048), (512, 1024, 4096), (1024, 2048, 8192), (2048, 4096, 16384), (4096, 8192, 30720)];

/// Sizes of instances and nodes, each half of the next.
const LADDER: [&str; 8] = ["micro", "small", "medium", "large", "xlarge", "2xlarge", "4xlarge", "8xlarge"];

/// The size below that fits what was measured: both halved where both fit, else memory alone.
fn smaller(size: TaskSize, cpu: f64, memory: f64) -> Option<TaskSize> {
    let valid = |size: &TaskSize| {
        FARGATE.iter().any(|(cpu, least, most)| {
            size.cpu_units == *cpu
                && (*least..=*most).contains(&size.memory_mib)
                && (size.memory_mib.is_multiple_of(1024) || size.memory_mib == 512)
        })
    };
    let half = TaskSize { cpu_units: size.cpu_units / 2, memory_mib: size.memory_mib / 2 };
    let lean = TaskSize { cpu_units: size.cpu_units, memory_mib: size.memory_mib / 2 };
    let fits = |share: f64| share * 2.0 < FITS;
    let both = Some(half).filter(|half| fits(cpu) && fits(memory) && valid(half));
    both.or(Some(lean).filter(|lean| fits(memory) && valid(lean)))
}

/// Tasks that are larger than their busiest hours need.
pub(super) fn tasks(look: &Look<'_>, found: &mut Vec<Opportunity>) {
    for (id, service) in &look.platform.services {
        let resource = Resource::Service(id.clone());
        let busy = |measure| percentile(look.hours(&resource, measure)?.values().copied(), BUSY);
        let (Some(size), Some(cpu), Some(memory)) =
            (service.task_size, busy(Measure::CpuHighest), busy(Measure::MemoryHighest))
        else {
            continue;
        };
        let Some(to) = smaller(size, cpu, memory).filter(|_| service.launch.contains("FARGATE")) else { continue };
        let prices = &look.policy.prices;
        let (Some((now, _)), Some((then, _))) = (of_task(size, false, prices), of_task(to, false, prices)) else {
            continue;
        };
        let tasks = look.hours(&resource, Measure::Tasks).map_or(f64::from(service.running.0), |hours| {
            hours.values().map(|samples| samples / 60.0).sum::<f64>() / hours.len() as f64
        });
        let mut evidence = format!("in 99 of 100 hours of {} the busiest minute stayed below ", look.span());
        let _ = write!(evidence, "{cpu:.0} % of {} vCPU", f64::from(size.cpu_units) / 1024.0);
        let _ = write!(evidence, " and {memory:.0} % of {} GB", f64::from(size.memory_mib) / 1024.0);
        found.push(Opportunity {
            kind: Kind::RightSizing,
            subject: id.to_string(),
            title: format!("tasks of {} instead of {}", sized(to), sized(size)),
            evidence: vec![evidence, format!("{tasks:.1} tasks ran on average")],
            saving: Saving::About(Dollars((now - then) * tasks * MONTH_HOURS)),
            risk: "the mean of all tasks is measured, one may be busier; target tracking will run more of them while cpu is \
                   near its target"
                .to_owned(),
            change: "a new revision of the task definition, and a deployment; not made from here".to_owned(),
        });
    }
}

/// `db.t3.small` of `db.t3.medium`; `None` for the smallest, and for a size that is not on the ladder.
fn step_down(class: &str) -> Option<String> {
    let (family, size) = class.rsplit_once('.')?;
    let at = LADDER.iter().position(|known| *known == size)?;
    Some(format!("{family}.{}", LADDER.get(at.checked_sub(1)?)?))
}

/// Databases whose busiest hours fit into the next smaller class.
pub(super) fn databases(look: &Look<'_>, found: &mut Vec<Opportunity>) {
    for (id, database) in &look.platform.databases {
        let resource = Resource::Database(id.clone());
        let busy = |measure| percentile(look.hours(&resource, measure)?.values().copied(), BUSY);
        let (Some(cpu), Some(connections)) = (busy(Measure::CpuHighest), busy(Measure::Connections)) else { continue };
        let Some(class) = step_down(&database.class) else { continue };
        let less = crate::platform::Database { class, ..database.as_ref().clone() };
        let most = less.estimated_max_connections().map(f64::from);
        let fits = cpu * 2.0 < FITS && most.is_some_and(|most| connections < most * 0.8);
        let prices = &look.policy.prices;
        let (Some((now, _)), Some((then, _))) = (prices.database(database), prices.database(&less)) else { continue };
        if !fits || then >= now {
            continue;
        }
        found.push(Opportunity {
            kind: Kind::RightSizing,
            subject: id.to_string(),
            title: format!("{} instead of {}", less.class, database.class),
            evidence: vec![format!(
                "in 99 of 100 hours of {} the busiest minute stayed below {cpu:.0} % cpu and {connections:.0} connections; \
                 the smaller class takes about {:.0}",
                look.span(),
                most.unwrap_or_default()
            )],
            saving: Saving::About(Dollars((now - then) * MONTH_HOURS)),
            risk: "half the memory is half the cache: reads may go to the disk; credits of a t class are fewer".to_owned(),
            change: "modify the instance's class in its window: minutes without it, less with Multi-AZ; not made from here"
                .to_owned(),
        });
    }
}

/// Cache nodes whose busiest hours fit into the next smaller type.
pub(super) fn nodes(look: &Look<'_>, found: &mut Vec<Opportunity>) {
    for (id, cache) in &look.platform.caches {
        let busy = |measure| {
            let each = cache.nodes().map(|node| {
                percentile(look.hours(&Resource::CacheNode(node.id.clone()), measure)?.values().copied(), BUSY)
            });
            each.collect::<Option<Vec<f64>>>()?.into_iter().max_by(f64::total_cmp)
        };
        let (Some(cpu), Some(memory)) = (busy(Measure::CpuHighest), busy(Measure::MemoryHighest)) else { continue };
        let Some(node_type) = step_down(&cache.node_type) else { continue };
        let less = crate::platform::Cache { node_type, ..cache.as_ref().clone() };
        let prices = &look.policy.prices;
        let (Some(now), Some(then)) = (prices.cache_node(cache), prices.cache_node(&less)) else { continue };
        // Memory must stay clear of the rule that adds a node.
        if cpu * 2.0 >= FITS || memory * 2.0 >= look.policy.cache.memory_out || then.value >= now.value {
            continue;
        }
        found.push(Opportunity {
            kind: Kind::RightSizing,
            subject: id.to_string(),
            title: format!("{} instead of {}", less.node_type, cache.node_type),
            evidence: vec![format!(
                "in 99 of 100 hours of {} the busiest minute stayed below {cpu:.0} % cpu and {memory:.0} % memory",
                look.span()
            )],
            saving: Saving::About(Dollars((now.value - then.value) * cache.nodes().count() as f64 * MONTH_HOURS)),
            risk: "part of a node's memory is reserved, so half a node holds less than half the keys".to_owned(),
            change: "modify the replication group's node type: online, with a fail-over; not made from here".to_owned(),
        });
    }
}

/// What AWS's own advisor says: nothing on most services here, and that is said plainly.
pub(super) fn optimizer(look: &Look<'_>, found: &mut Vec<Opportunity>) {
    for id in look.platform.services.keys() {
        let policies = look.platform.policies.get(id).into_iter().flat_map(|list| list.iter());
        let tracked: Vec<&str> = policies.filter(|one| one.target.is_some()).map(|one| one.metric.as_str()).collect();
        let tracks = |word: &str| tracked.iter().any(|metric| metric.contains(word));
        let (title, why) = if tracks("CPU") && tracks("Memory") {
            let why =
                "Compute Optimizer gives no advice on an ECS service whose target tracking follows both CPU and memory";
            ("no advice from Compute Optimizer: sizes are judged here", why)
        } else {
            let why = "Compute Optimizer is not asked by this program; where the account is enrolled, its advice on this \
                       service is in the AWS console";
            ("look into Compute Optimizer too", why)
        };
        found.push(Opportunity {
            kind: Kind::ComputeOptimizer,
            subject: id.to_string(),
            title: title.to_owned(),
            evidence: vec![why.to_owned()],
            saving: Saving::Untold("it is not known what it would say".to_owned()),
            risk: "none: it is a look".to_owned(),
            change: "aws compute-optimizer get-ecs-service-recommendations".to_owned(),
        });
    }
}
