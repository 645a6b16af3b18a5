//! What the engine says: a decision and everything it rests on. The sentence for people and the JSON for machines are
//! made from the same value.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use crate::platform::{MetricId, ServiceId, TaskCount};

/// The verdicts on every scaling group.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Advice {
    /// By service.
    pub services: BTreeMap<ServiceId, Verdict>,
}

/// A verdict on one group.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Verdict {
    /// When it was given.
    pub at: Timestamp,
    /// What should happen.
    pub decision: Decision,
    /// One entry a metric of the rules.
    pub metrics: Vec<MetricEvidence>,
    /// The floor in force and where it comes from.
    pub floor: Floor,
    /// The ceiling in force.
    pub ceiling: TaskCount,
    /// Remarks that do not change the decision.
    pub notes: Vec<Note>,
    /// When the verdict would change if everything held, and to what: "scale out to 8 if cpu holds".
    pub next: Option<Next>,
}

/// What should happen.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "decision", rename_all = "snake_case")]
pub enum Decision {
    /// Scale out.
    Out {
        /// To this many.
        to: TaskCount,
        /// Why.
        reason: Reason,
    },
    /// Scale in.
    In {
        /// To this many.
        to: TaskCount,
        /// Why.
        reason: Reason,
    },
    /// Nothing, for this reason.
    None {
        /// Why.
        reason: Reason,
    },
    /// The data does not allow an answer.
    CannotTell {
        /// Why.
        reason: Reason,
    },
}

impl Decision {
    /// The reason it carries.
    pub fn reason(&self) -> &Reason {
        match self {
            Self::Out { reason, .. }
            | Self::In { reason, .. }
            | Self::None { reason }
            | Self::CannotTell { reason } => reason,
        }
    }

    /// The count it asks for, where it asks for one.
    pub fn to(&self) -> Option<TaskCount> {
        match self {
            Self::Out { to, .. } | Self::In { to, .. } => Some(*to),
            Self::None { .. } | Self::CannotTell { .. } => None,
        }
    }
}

/// Why a decision is what it is. Every non-action has one, as AWS's own not-scaled reasons do.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Reason {
    /// These metrics breached for their whole window and ask for it.
    Breached {
        /// The metrics that ask, the largest ask first.
        metrics: Vec<MetricId>,
    },
    /// Every metric was clear for its whole window, and stays under its target on what remains.
    Clear,
    /// Desired is below the floor in force.
    BelowFloor {
        /// The floor.
        floor: TaskCount,
    },
    /// Nothing asks.
    Steady,
    /// A breach is under way but has not been held for its window.
    Filling {
        /// The metric nearest to firing.
        metric: MetricId,
        /// Seconds held so far.
        held_s: u32,
        /// Seconds needed.
        need_s: u32,
    },
    /// A cooldown blocks the step.
    Cooldown {
        /// Which: out or in.
        direction: Direction,
        /// When it ends; `None` while the change it follows is unfinished.
        until: Option<Timestamp>,
        /// The count that is wanted.
        wanted: TaskCount,
    },
    /// Capacity on its way already covers the need, or something still starts or drains.
    InFlight {
        /// Tasks starting.
        starting: TaskCount,
        /// Targets draining.
        draining: u32,
    },
    /// A deployment runs: the autoscaler itself does not scale in meanwhile.
    Deploying,
    /// More is wanted than the ceiling allows.
    AtCeiling {
        /// The count that is wanted.
        wanted: TaskCount,
    },
    /// At the floor: nothing to take away.
    AtFloor,
    /// Fewer tasks would push a metric back over its target.
    WouldRebound {
        /// The metric.
        metric: MetricId,
        /// Where it would go.
        projected: f64,
    },
    /// Set by hand above the ceiling: AWS leaves it until an opposite alarm.
    AboveCeiling,
    /// Desired is 0: stopped on purpose.
    Stopped,
    /// No scalable target is registered, so the policy does not govern it.
    NotManaged,
    /// Data is missing or still arriving, and could change the answer.
    Missing {
        /// The metrics that are missing.
        metrics: Vec<MetricId>,
        /// Whether history is still arriving after a start, as opposed to gone.
        arriving: bool,
    },
}

/// A direction of scaling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// More.
    Out,
    /// Fewer.
    In,
}

/// What a metric says.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MetricEvidence {
    /// The metric.
    pub metric: MetricId,
    /// The target; same unit as the metric.
    pub target: f64,
    /// Mean of the five newest evidence minutes that are present.
    pub value: Option<f64>,
    /// The newest evidence minute that is present.
    pub newest: Option<Timestamp>,
    /// The out-window.
    pub out: WindowEvidence,
    /// The in-window.
    pub clear: WindowEvidence,
    /// `ceil(running × value / target)`, when the out-window is full.
    pub asks: Option<TaskCount>,
    /// Where it would go on one task fewer, from the highest five-minute mean in the clear window.
    pub projected_in: Option<f64>,
}

/// How far a window has filled.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct WindowEvidence {
    /// Seconds held, never more than needed.
    pub held_s: u32,
    /// Seconds needed.
    pub need_s: u32,
    /// Minutes without data that were bridged.
    pub bridged: u32,
    /// Whether data is too thin to say yes or no.
    pub unknown: bool,
}

impl WindowEvidence {
    /// Whether it is full.
    pub fn full(self) -> bool {
        !self.unknown && self.held_s >= self.need_s
    }
}

/// A floor and its origin.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Floor {
    /// The count.
    pub count: TaskCount,
    /// Where it comes from, as in "peak hours 08:00–22:00 UTC".
    pub origin: String,
}

/// A remark.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "note", rename_all = "snake_case")]
pub enum Note {
    /// Policy and AWS disagree on a limit.
    LimitsDiffer {
        /// Policy's floor and ceiling.
        policy: (TaskCount, TaskCount),
        /// AWS's.
        aws: (TaskCount, TaskCount),
    },
    /// Part of the autoscaler is suspended.
    Suspended {
        /// What, in words.
        what: String,
    },
    /// Set by hand above the ceiling.
    AboveCeiling,
    /// A cooldown's start is not known since before this time.
    HistoryStarts {
        /// The oldest thing known.
        at: Timestamp,
    },
}

/// What would change the verdict, and when.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Next {
    /// When.
    pub at: Timestamp,
    /// In words, as in "scales out to 8 if cpu holds".
    pub what: String,
}
