//! Application Auto Scaling: scalable targets, policies with their alarms, scheduled actions and activities. Plain data;
//! what they decide is in `tracking`, and who carries it out in `autoscaler`.

use std::collections::VecDeque;

use jiff::Timestamp;

use super::alarms::Alarm;

/// A scalable target: always the desired count of an ECS service here.
#[derive(Debug, Clone, PartialEq)]
pub struct ScalableTarget {
    /// `service/<cluster>/<service>`
    pub resource_id: String,
    /// Its ARN.
    pub arn: String,
    /// The service-linked role.
    pub role_arn: String,
    /// The least count.
    pub min: u32,
    /// The greatest count.
    pub max: u32,
    /// What is switched off.
    pub suspended: Suspended,
    /// When it was registered.
    pub created: Timestamp,
    /// Its policies, by name.
    pub policies: Vec<Policy>,
    /// Its scheduled actions, by name.
    pub scheduled: Vec<ScheduledAction>,
    /// What it did, newest first; kept for six weeks.
    pub activities: VecDeque<Activity>,
    /// What it declined to do, newest first; listed only with `IncludeNotScaledActivities`.
    pub not_scaled: VecDeque<Activity>,
    /// The last scale-out by a policy.
    pub(super) last_out: Option<Out>,
    /// The second in which the last scale-in by a policy was fulfilled.
    pub(super) last_in: Option<i64>,
}

/// A scale-out that a policy made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Out {
    /// The second in which it happened.
    pub at: i64,
    /// The tasks it added to those that ran.
    pub step: u32,
    /// The cooldown of its policy, seconds.
    pub cooldown: i64,
}

/// `SuspendedState`
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Suspended {
    /// `DynamicScalingInSuspended`
    pub dynamic_in: bool,
    /// `DynamicScalingOutSuspended`
    pub dynamic_out: bool,
    /// `ScheduledScalingSuspended`
    pub scheduled: bool,
}

/// A target tracking policy.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// What it tracks.
    pub metric: Tracked,
    /// `app/<lb>/<id>/targetgroup/<tg>/<id>`, for requests per target.
    pub resource_label: Option<String>,
    /// The value it keeps the metric at.
    pub target: f64,
    /// Seconds after a scale-out.
    pub out_cooldown: u32,
    /// Seconds after a scale-in.
    pub in_cooldown: u32,
    /// `DisableScaleIn`
    pub disable_scale_in: bool,
    /// When it was put.
    pub created: Timestamp,
    /// The alarm above the target.
    pub high: Alarm,
    /// The alarm well below the target.
    pub low: Alarm,
}

/// `PredefinedMetricType`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tracked {
    /// `ECSServiceAverageCPUUtilization`
    Cpu,
    /// `ECSServiceAverageMemoryUtilization`
    Memory,
    /// `ALBRequestCountPerTarget`
    RequestsPerTarget,
}

impl Tracked {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cpu => "ECSServiceAverageCPUUtilization",
            Self::Memory => "ECSServiceAverageMemoryUtilization",
            Self::RequestsPerTarget => "ALBRequestCountPerTarget",
        }
    }

    /// The namespace of what it tracks.
    pub(super) fn namespace(self) -> &'static str {
        match self {
            Self::Cpu | Self::Memory => "AWS/ECS",
            Self::RequestsPerTarget => "AWS/ApplicationELB",
        }
    }

    /// The metric for a word on the wire.
    pub fn from_wire(word: &str) -> Option<Self> {
        [Self::Cpu, Self::Memory, Self::RequestsPerTarget].into_iter().find(|metric| metric.as_str() == word)
    }
}

/// A scheduled action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduledAction {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// As it was written, as in `cron(0 8 * * ? *)`.
    pub schedule: String,
    /// `Timezone`, where one was given.
    pub zone: Option<String>,
    /// `StartTime`
    pub start: Option<Timestamp>,
    /// `EndTime`
    pub end: Option<Timestamp>,
    /// The least count it sets, if it does.
    pub min: Option<u32>,
    /// The greatest count it sets, if it does.
    pub max: Option<u32>,
    /// When it was put.
    pub created: Timestamp,
    /// When it fires, understood.
    pub(super) cron: super::schedule::Schedule,
}

/// A scaling activity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    /// A UUID.
    pub id: String,
    /// As in `Setting desired count to 6.`
    pub description: String,
    /// As in `monitor alarm … in state ALARM triggered policy …`
    pub cause: String,
    /// When it began.
    pub started: Timestamp,
    /// When it ended, if it has.
    pub ended: Option<Timestamp>,
    /// What became of it.
    pub status: ActivityStatus,
    /// The message on the outcome.
    pub status_message: String,
    /// Why nothing was scaled; empty where something was.
    pub not_scaled: Vec<NotScaled>,
    /// The count it set, where it set one.
    pub(super) count: Option<u32>,
}

/// `StatusCode`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActivityStatus {
    /// ECS was told and has not finished.
    InProgress,
    /// Done.
    Successful,
    /// A later change came before it was done.
    Overridden,
    /// Nothing was done: the status of what was declined.
    Failed,
}

impl ActivityStatus {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InProgress => "InProgress",
            Self::Successful => "Successful",
            Self::Overridden => "Overridden",
            Self::Failed => "Failed",
        }
    }
}

/// Why nothing was scaled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotScaled {
    /// It is at its greatest count.
    AlreadyAtMaxCapacity {
        /// That count.
        max: u32,
    },
    /// It is at its least count.
    AlreadyAtMinCapacity {
        /// That count.
        min: u32,
    },
    /// It already has the count that would be set.
    AlreadyAtDesiredCapacity {
        /// That count.
        current: u32,
    },
    /// Scaling in would soon be undone.
    AutoScalingAnticipatedFlapping,
    /// The service is not to be scaled now, as during a deployment.
    TargetServicePutResourceAsUnscalable,
}

impl NotScaled {
    /// The code on the wire.
    pub fn code(self) -> &'static str {
        match self {
            Self::AlreadyAtMaxCapacity { .. } => "AlreadyAtMaxCapacity",
            Self::AlreadyAtMinCapacity { .. } => "AlreadyAtMinCapacity",
            Self::AlreadyAtDesiredCapacity { .. } => "AlreadyAtDesiredCapacity",
            Self::AutoScalingAnticipatedFlapping => "AutoScalingAnticipatedFlapping",
            Self::TargetServicePutResourceAsUnscalable => "TargetServicePutResourceAsUnscalable",
        }
    }
}
