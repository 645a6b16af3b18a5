//! Replicas and cache nodes: what their classes can do.

use super::Finding;
use crate::policy::knobs::Policy;

/// The CPU above which a node is added, %.
const CACHE_CPU_OUT: f64 = 70.0;
/// The one thread that serves commands is full at this much of its core, as AWS advises, %.
const ENGINE_FULL: f64 = 90.0;

pub(super) fn findings(policy: &Policy) -> Vec<Finding> {
    let burstable = [
        ("rds_replica_instance_class", policy.replicas.instance_class.as_str()),
        ("redis_node_type", policy.cache.node_type.as_str()),
    ];
    cache_cpu(policy).into_iter().chain(burstable.into_iter().filter_map(credits)).chain(one_node(policy)).collect()
}

/// vCPUs of a cache node, where the size tells that they are few.
fn few_cores(node_type: &str) -> Option<u32> {
    let mut parts = node_type.strip_prefix("cache.")?.split('.');
    let (family, size) = (parts.next()?, parts.next()?);
    match (family, size) {
        ("t2", "micro" | "small") => Some(1),
        (_, "micro" | "small" | "medium" | "large") => Some(2),
        _ => None,
    }
}

fn cache_cpu(policy: &Policy) -> Option<Finding> {
    let node = &policy.cache.node_type;
    let cores = few_cores(node).filter(|cores| *cores > 1)?;
    let reaches = ENGINE_FULL / f64::from(cores);
    (CACHE_CPU_OUT > reaches).then(|| {
        Finding::warning(
            "cache-cpu-out-of-reach",
            &["redis_node_type"],
            format!("a node is added above {CACHE_CPU_OUT} % of the CPU of a {node}, which has {cores} cores"),
            &format!(
                "Commands run on one thread, which alone drives such a node to about {reaches} %: it is full long \
                 before the rule sees it."
            ),
            "Choose a redis_node_type with four cores or more, where the engine's own CPU is the measure.".to_owned(),
        )
    })
}

fn credits((variable, class): (&'static str, &str)) -> Option<Finding> {
    let family = class.split('.').nth(1)?;
    let size = family.strip_prefix('t')?;
    size.starts_with(|digit: char| digit.is_ascii_digit()).then(|| {
        Finding::remark(
            "burstable-class",
            &[variable],
            format!("{variable} is {class}, whose full speed lasts as long as its CPU credits"),
            "Under a load that stays, it slows down or costs extra, and the rules see a CPU that says nothing of it.",
            format!("Watch CPUCreditBalance, or set {variable} to a class of the m or r families for a steady load."),
        )
    })
}

fn one_node(policy: &Policy) -> Option<Finding> {
    (policy.cache.min < 2).then(|| {
        Finding::warning(
            "cache-without-stand-in",
            &["redis_min_nodes"],
            format!("the fewest cache nodes are {}", policy.cache.min),
            "With one node nothing takes over when it fails, and AWS asks that automatic fail-over be off to go there.",
            "Set redis_min_nodes to 2 where the cache must stay.".to_owned(),
        )
    })
}
