//! What only a look at the platform tells.

use std::collections::BTreeMap;

use super::{Finding, Severity};
use crate::platform::metric::{MetricKey, Resource};
use crate::platform::{Database, MetricId, Platform, Service};
use crate::policy::knobs::Policy;

/// Seconds that a Spot task is given from its notice to its end.
const SPOT_NOTICE_S: u32 = 120;
/// Minutes that a correlation needs.
const ENOUGH_MINUTES: usize = 60;
/// Load that varies less than this share of its mean shows nothing.
const VARIES: f64 = 0.15;
/// Below this the memory does not follow the load.
const FOLLOWS: f64 = 0.3;

pub(super) fn findings(policy: &Policy, platform: &Platform) -> Vec<Finding> {
    let each = platform.services.values().flat_map(|service| {
        let found = [spot(policy, platform, service), memory(platform, service), slow_start(policy, platform, service)];
        found.into_iter().flatten().map(|finding| Finding { of: Some(service.id.to_string()), ..finding })
    });
    each.chain(platform.databases.values().filter_map(|replica| class(platform, replica))).collect()
}

/// A replica that is not of its source's class.
fn class(platform: &Platform, replica: &Database) -> Option<Finding> {
    let source = platform.databases.get(replica.replica_of.as_ref()?)?;
    (source.class != replica.class).then(|| Finding {
        of: Some(replica.id.to_string()),
        ..Finding::warning(
            "replica-class-unlike-its-source",
            &["rds_replica_instance_class"],
            format!("it is {}, its source {} is {}", replica.class, source.id, source.class),
            "AWS recommends one class for both: a replica that is smaller falls behind the writes, one that is larger is \
             paid for and replays no faster.",
            format!("Set rds_replica_instance_class to {}.", source.class),
        )
    })
}

fn spot(policy: &Policy, platform: &Platform, service: &Service) -> Option<Finding> {
    if !service.launch.contains("FARGATE_SPOT") {
        return None;
    }
    let known = service.target_groups.iter().filter_map(|arn| platform.target_groups.get(arn)?.draining_s);
    let draining = known.max().unwrap_or(policy.balancer.draining_s);
    (draining >= SPOT_NOTICE_S).then(|| {
        Finding::warning(
            "spot-with-long-draining",
            &["alb_draining_s"],
            format!("it runs on Spot, and its targets drain for {draining} s"),
            "Spot ends a task 120 s after its notice: requests that take longer to finish are cut off.",
            format!("Set alb_draining_s below {SPOT_NOTICE_S} for this service, 90 as a rule."),
        )
    })
}

/// Whether memory follows the load that each task carries. Where it does not, tasks more or fewer do not change it.
fn memory(platform: &Platform, service: &Service) -> Option<Finding> {
    let memory = platform.series.get(&MetricKey::service(&service.id, MetricId::ServiceMemory))?;
    let load = load_per_task(platform, service);
    let pairs: Vec<(f64, f64)> =
        memory.points().filter_map(|(minute, value)| Some((*load.get(&minute)?, value))).collect();
    let r = correlation(&pairs)?;
    (r < FOLLOWS).then(|| Finding {
        severity: Severity::Warning,
        ..Finding::warning(
            "memory-does-not-follow-load",
            &["ecs_memory_target"],
            format!("over {} minutes its memory did not follow the requests per task (r = {r:.2})", pairs.len()),
            "Memory that stays whatever a task carries is not changed by more tasks or fewer: above its target it only \
             adds tasks, and it may keep every one of them.",
            "Set ecs_memory_target above what a task holds when idle, and look for a leak or a fixed cache.".to_owned(),
        )
    })
}

fn slow_start(policy: &Policy, platform: &Platform, service: &Service) -> Option<Finding> {
    let usual = platform.usual_scale_out_s(&service.id)?;
    let window = policy.ecs.scale_out_window_s;
    (usual > window).then(|| {
        Finding::remark(
            "starts-slower-than-its-window",
            &["ecs_scale_out_cooldown_s", "ecs_cpu_target"],
            format!("a scale-out usually takes {usual} s here, longer than the window of {window} s that leads to it"),
            "From the first minute above the target it takes both until the load is carried.",
            format!(
                "Lower ecs_cpu_target for the time it takes, raise the floor ahead of known load, and set \
                     ecs_scale_out_cooldown_s to {usual} for calm."
            ),
        )
    })
}

/// Requests per target by minute, summed over the groups of a service.
fn load_per_task(platform: &Platform, service: &Service) -> BTreeMap<i64, f64> {
    let groups = service.target_groups.iter().filter_map(|arn| platform.target_groups.get(arn));
    let resources =
        groups.flat_map(|group| group.balancers.iter().map(|id| Resource::TargetGroup(id.clone(), group.arn.clone())));
    let keys = resources.map(|resource| MetricKey { resource, metric: MetricId::RequestsPerTarget });
    let mut load = BTreeMap::new();
    for (minute, value) in keys.filter_map(|key| platform.series.get(&key)).flat_map(|series| series.points()) {
        *load.entry(minute).or_insert(0.0) += value;
    }
    load
}

/// Pearson's r of load and value; `None` where there are too few minutes, or the load hardly varies.
fn correlation(pairs: &[(f64, f64)]) -> Option<f64> {
    let n = pairs.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| pairs.iter().map(of).sum::<f64>() / n;
    let (x, y) = (mean(|pair| pair.0), mean(|pair| pair.1));
    let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
    for pair in pairs {
        let (dx, dy) = (pair.0 - x, pair.1 - y);
        xx += dx * dx;
        yy += dy * dy;
        xy += dx * dy;
    }
    let varies = pairs.len() >= ENOUGH_MINUTES && (xx / n).sqrt() >= VARIES * x && x > 0.0;
    // A value that never moves follows nothing.
    varies.then(|| if yy == 0.0 { 0.0 } else { xy / (xx * yy).sqrt() })
}
