//! Target groups and the health of what is registered in them.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ids::{LoadBalancerId, TargetGroupArn};
use super::moment::Moment;

/// A target's state as `DescribeTargetHealth` gives it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TargetState {
    /// Registered, first checks under way.
    Initial,
    /// Serving.
    Healthy,
    /// Failing its checks.
    Unhealthy,
    /// Deregistered, finishing its requests.
    Draining,
    /// In no zone or listener that uses it.
    Unused,
    /// Checks are off, or a word this version does not know: never counted as healthy.
    Unknown(String),
}

/// One registered target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetHealth {
    /// Address and port.
    pub target: String,
    /// The zone.
    pub zone: String,
    /// Its state.
    pub state: TargetState,
    /// AWS's reason code, as in `Target.Timeout`; empty when healthy.
    pub reason: String,
}

/// A target group: its checks, its draining, its targets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetGroup {
    /// The ARN.
    pub arn: TargetGroupArn,
    /// The group's name.
    pub name: String,
    /// The balancers it hangs under.
    pub balancers: Vec<LoadBalancerId>,
    /// Seconds between two checks.
    pub interval_s: u32,
    /// Seconds a check may take.
    pub timeout_s: u32,
    /// Successes until healthy.
    pub healthy_threshold: u32,
    /// Failures until unhealthy.
    pub unhealthy_threshold: u32,
    /// Where the check asks.
    pub path: String,
    #[serde(default)]
    /// Deregistration delay in seconds; `None` until the attributes were read.
    pub draining_s: Option<u32>,
    #[serde(default)]
    /// The targets; `None` until `DescribeTargetHealth` has answered.
    pub targets: Option<Vec<TargetHealth>>,
    /// When this was learnt.
    #[schemars(with = "Moment")]
    pub learnt: Timestamp,
}

impl TargetGroup {
    /// How many targets are in a state; `None` while their health is unknown.
    pub fn count(&self, state: &TargetState) -> Option<usize> {
        self.targets.as_ref().map(|targets| targets.iter().filter(|t| t.state == *state).count())
    }
}
