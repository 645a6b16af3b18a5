//! What Application Auto Scaling knows of a service: limits, policies, schedule, suspensions.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ids::TaskCount;
use super::moment::Moment;

/// Which of the three kinds of scaling are suspended on a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Suspended {
    /// Dynamic scale-in.
    pub scale_in: bool,
    /// Dynamic scale-out.
    pub scale_out: bool,
    /// Scheduled actions.
    pub scheduled: bool,
}

impl Suspended {
    /// Whether anything is.
    pub fn any(self) -> bool {
        self.scale_in || self.scale_out || self.scheduled
    }
}

/// A registered scalable target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScalableTarget {
    /// The floor.
    pub min: TaskCount,
    /// The ceiling.
    pub max: TaskCount,
    #[serde(default)]
    /// What is suspended.
    pub suspended: Suspended,
    /// When this was learnt.
    #[schemars(with = "Moment")]
    pub learnt: Timestamp,
}

/// One scaling policy of a target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScalingPolicy {
    /// Its name.
    pub name: String,
    /// `TargetTrackingScaling`, `StepScaling`, `PredictiveScaling`, or a later word.
    pub kind: String,
    /// The metric followed, AWS's word (`ECSServiceAverageCPUUtilization`, …).
    pub metric: String,
    #[serde(default)]
    /// The target value, where the policy tracks one; its unit is the metric's.
    pub target: Option<f64>,
    #[serde(default)]
    /// Seconds between two scale-outs.
    pub out_cooldown_s: Option<u32>,
    #[serde(default)]
    /// Seconds after a finished scale-in before the next.
    pub in_cooldown_s: Option<u32>,
    #[serde(default)]
    /// Whether this policy may only scale out.
    pub scale_in_disabled: bool,
    #[serde(default)]
    /// Names of the CloudWatch alarms AWS made for it.
    pub alarms: Vec<String>,
}

/// A scheduled action of a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScheduledAction {
    /// Its name.
    pub name: String,
    /// `cron(…)`, `rate(…)` or `at(…)`.
    pub schedule: String,
    #[serde(default)]
    /// IANA zone; empty is UTC.
    pub timezone: String,
    #[serde(default)]
    /// The floor it sets.
    pub min: Option<TaskCount>,
    #[serde(default)]
    /// The ceiling it sets.
    pub max: Option<TaskCount>,
}
