//! Elastic Load Balancing: the balancer, its target group and the targets' health. Plain data; who gets the requests
//! is in `serving`.

use jiff::Timestamp;

/// An Application Load Balancer with one listener and one target group.
#[derive(Debug, Clone, PartialEq)]
pub struct Balancer {
    /// Its name.
    pub name: String,
    /// Its ARN, ending in `loadbalancer/app/<name>/<16 hex>`.
    pub arn: String,
    /// `app/<name>/<16 hex>`: the value of the metrics' dimension `LoadBalancer`.
    pub dimension: String,
    /// Its public name.
    pub dns_name: String,
    /// The hosted zone of its public name.
    pub hosted_zone: String,
    /// The VPC.
    pub vpc: String,
    /// Its subnets, one a zone and in the zones' order.
    pub subnets: Vec<String>,
    /// Its security group.
    pub security_group: String,
    /// When it was created.
    pub created: Timestamp,
    /// The ARN of its HTTPS listener.
    pub listener_arn: String,
    /// Its target group.
    pub group: TargetGroup,
}

/// A target group of IP addresses.
#[derive(Debug, Clone, PartialEq)]
pub struct TargetGroup {
    /// Its name.
    pub name: String,
    /// Its ARN, ending in `targetgroup/<name>/<16 hex>`.
    pub arn: String,
    /// `targetgroup/<name>/<16 hex>`: the value of the metrics' dimension `TargetGroup`.
    pub dimension: String,
    /// The targets' port.
    pub port: u16,
    /// How targets are checked.
    pub health_check: HealthCheck,
    /// Seconds that a deregistered target may finish its requests: `deregistration_delay.timeout_seconds`.
    pub draining_seconds: u32,
    /// Targets in the order in which their tasks were created.
    pub targets: Vec<Target>,
}

/// How targets are checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthCheck {
    /// As in `/health`.
    pub path: String,
    /// Seconds between checks.
    pub interval_seconds: u32,
    /// Seconds after which a check has failed.
    pub timeout_seconds: u32,
    /// Checks in a row that make an unhealthy target healthy. A new target needs one.
    pub healthy_threshold: u32,
    /// Checks in a row that make a healthy target unhealthy.
    pub unhealthy_threshold: u32,
}

/// A registered target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The address of the task.
    pub ip: String,
    /// Its port.
    pub port: u16,
    /// The index of its zone in `Identity::zones`.
    pub zone: usize,
    /// The id of the task behind it.
    pub task: String,
    /// Its health.
    pub health: Health,
    /// The place of its task in the order of creation.
    pub(super) number: u64,
    /// The second of its next health check.
    pub(super) next_check: i64,
    /// Checks passed in a row, or failed in a row if it is negative.
    pub(super) streak: i32,
}

/// A target's health.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// Registered, not yet checked.
    Initial,
    /// It takes requests.
    Healthy,
    /// It failed its checks.
    Unhealthy,
    /// Deregistered; it finishes what it has until the second given.
    Draining {
        /// The second, since 1970, in which it is gone.
        until: i64,
    },
}

impl Health {
    /// `TargetHealth.State` on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Initial => "initial",
            Self::Healthy => "healthy",
            Self::Unhealthy => "unhealthy",
            Self::Draining { .. } => "draining",
        }
    }

    /// `TargetHealth.Reason` and `TargetHealth.Description` on the wire; a healthy target has neither.
    pub fn reason(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Initial => Some(("Elb.InitialHealthChecking", "Initial health checks in progress")),
            Self::Healthy => None,
            Self::Unhealthy => Some(("Target.Timeout", "Request timed out")),
            Self::Draining { .. } => Some(("Target.DeregistrationInProgress", "Target deregistration is in progress")),
        }
    }
}
