//! Where AWS is set up otherwise than the policy says: limits, scaling policies and schedules, health checks and
//! draining, the distribution. A row a number, those that agree too.
//!
//! What was not read is unknown, never the same. Absent on purpose: what to do about it.

mod edge;
mod scaling;
#[cfg(test)]
pub(in crate::policy) mod tests;

use std::collections::BTreeMap;
use std::fmt::Display;

use jiff::Timestamp;
use serde::Serialize;

use super::knobs::{BalancerPolicy, EdgePolicy, Policy};
use crate::platform::{Distribution, Platform, Source, TargetGroup, TargetGroupArn};

/// One row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Drift {
    /// Whose: a service as `<cluster>/<service>`, a target group by its name, a distribution by its id; empty where
    /// nothing of the kind is known.
    pub of: String,
    /// What, as in "health check interval".
    pub what: &'static str,
    /// The variable of the policy that says it.
    pub variable: &'static str,
    /// What the policy says, with its unit.
    pub policy: String,
    /// What AWS says, with its unit; `None` when that is not known.
    pub aws: Option<String>,
    /// Whether they agree.
    pub state: DriftState,
}

/// Whether policy and AWS agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DriftState {
    /// They do.
    Same,
    /// They do not.
    Differs,
    /// AWS's side was not read.
    Unknown,
}

impl Drift {
    /// A row of two values that are shown alike when they are alike.
    fn row(of: &str, what: &'static str, variable: &'static str, policy: &str, aws: Option<String>) -> Self {
        let state = match &aws {
            None => DriftState::Unknown,
            Some(aws) if aws == policy => DriftState::Same,
            Some(_) => DriftState::Differs,
        };
        Self { of: of.to_owned(), what, variable, policy: policy.to_owned(), aws, state }
    }

    /// In words: "solosuccess-ai: health check interval is 10 s, the policy says 30 s".
    pub fn sentence(&self) -> String {
        let Self { of, what, policy, .. } = self;
        let of = if of.is_empty() { String::new() } else { format!("{of}: ") };
        match (&self.aws, self.state) {
            (Some(aws), DriftState::Differs) => format!("{of}{what} is {aws}, the policy says {policy}"),
            (Some(aws), _) => format!("{of}{what} is {aws}, as the policy says"),
            (None, _) => format!("{of}{what} is not known, the policy says {policy}"),
        }
    }
}

/// Every row, in the order of the spec: each service, each target group, each distribution. `now` decides which floor is
/// in force.
pub fn drift(platform: &Platform, policy: &Policy, now: Timestamp) -> Vec<Drift> {
    let mut rows = scaling::rows(platform, policy, now);
    rows.extend(balancing(platform, policy));
    rows.extend(edge::rows(platform, &policy.edge));
    rows
}

/// The target groups that a service registers with; groups of others are nobody's business here.
fn balancing(platform: &Platform, policy: &Policy) -> Vec<Drift> {
    let used = platform.services.values().flat_map(|service| &service.target_groups);
    let groups: BTreeMap<&TargetGroupArn, Option<&TargetGroup>> =
        used.map(|arn| (arn, platform.target_groups.get(arn).map(AsRef::as_ref))).collect();
    groups.into_iter().flat_map(|(arn, group)| of_group(arn, group, &policy.balancer)).collect()
}

/// The rows of one target group.
pub fn of_target_group(group: &TargetGroup, policy: &BalancerPolicy) -> [Drift; 6] {
    of_group(&group.arn, Some(group), policy)
}

/// The rows of one distribution.
pub fn of_distribution(distribution: &Distribution, policy: &EdgePolicy) -> [Drift; 4] {
    edge::of_distribution(distribution.id.as_str(), Some(distribution), policy)
}

fn of_group(arn: &TargetGroupArn, group: Option<&TargetGroup>, policy: &BalancerPolicy) -> [Drift; 6] {
    let of = group.map_or_else(|| arn.to_string(), |group| group.name.clone());
    let seconds = |read: fn(&TargetGroup) -> u32| group.map(|group| unit(read(group), "s"));
    let count = |read: fn(&TargetGroup) -> u32| group.map(|group| read(group).to_string());
    let row = |what, variable, policy: String, aws| Drift::row(&of, what, variable, &policy, aws);
    [
        row(
            "health check interval",
            "alb_health_check_interval_s",
            unit(policy.interval_s, "s"),
            seconds(|group| group.interval_s),
        ),
        row(
            "health check timeout",
            "alb_health_check_timeout_s",
            unit(policy.timeout_s, "s"),
            seconds(|group| group.timeout_s),
        ),
        row(
            "healthy threshold",
            "alb_healthy_threshold",
            policy.healthy_threshold.to_string(),
            count(|group| group.healthy_threshold),
        ),
        row(
            "unhealthy threshold",
            "alb_unhealthy_threshold",
            policy.unhealthy_threshold.to_string(),
            count(|group| group.unhealthy_threshold),
        ),
        row("health check path", "alb_health_check_path", policy.path.clone(), group.map(|group| group.path.clone())),
        row(
            "draining",
            "alb_draining_s",
            unit(policy.draining_s, "s"),
            group.and_then(|group| group.draining_s).map(|seconds| unit(seconds, "s")),
        ),
    ]
}

fn unit(value: impl Display, unit: &str) -> String {
    format!("{value} {unit}")
}

/// Whether a source has ever answered.
fn read(platform: &Platform, source: Source) -> bool {
    platform.sources.get(&source).is_some_and(|health| health.learnt.is_some())
}
