//! What the engine says: a decision and everything it rests on. The sentence for people and the JSON for machines are
//! made from the same value.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use super::group::GroupVerdict;
use crate::platform::{CacheId, DatabaseId, MetricId, ServiceId, Source, TargetGroupArn, TaskCount};

/// The version of the JSON that an [`Advice`] is written as. It counts up when a field changes its meaning or goes.
pub const SCHEMA_VERSION: u32 = 1;

/// The verdicts on every scaling group. As JSON it opens with `schema_version`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Advice {
    /// By service, every one that was described.
    pub services: BTreeMap<ServiceId, Verdict>,
    /// On the read replicas of each primary database that was described.
    pub replicas: BTreeMap<DatabaseId, GroupVerdict>,
    /// On the nodes or shards of each cache that was described.
    pub caches: BTreeMap<CacheId, GroupVerdict>,
}

impl Serialize for Advice {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut advice = serializer.serialize_struct("Advice", 4)?;
        advice.serialize_field("schema_version", &SCHEMA_VERSION)?;
        advice.serialize_field("services", &self.services)?;
        advice.serialize_field("replicas", &self.replicas)?;
        advice.serialize_field("caches", &self.caches)?;
        advice.end()
    }
}

/// A verdict on one group.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Verdict {
    /// When it was given.
    pub at: Timestamp,
    /// What should happen.
    pub decision: Decision,
    /// The counts that it was given on.
    pub counts: Counts,
    /// One entry a metric of the rules; requests per target have one a target group. Empty where no rule looked at a
    /// metric: the group is not managed, or stopped.
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

/// The counts of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// What the scheduler is asked to run.
    pub desired: TaskCount,
    /// What runs.
    pub running: TaskCount,
    /// What is on its way.
    pub pending: TaskCount,
    /// Targets that drain; `None` while that is unknown or stale.
    pub draining: Option<u32>,
}

/// What should happen.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "decision", rename_all = "snake_case")]
pub enum Decision<N = TaskCount> {
    /// Scale out.
    Out {
        /// To this many.
        to: N,
        /// Why.
        reason: Reason<N>,
    },
    /// Scale in.
    In {
        /// To this many.
        to: N,
        /// Why.
        reason: Reason<N>,
    },
    /// Nothing, for this reason.
    None {
        /// Why.
        reason: Reason<N>,
    },
    /// The data does not allow an answer.
    CannotTell {
        /// Why.
        reason: Reason<N>,
    },
}

impl<N: Copy> Decision<N> {
    /// The reason it carries.
    pub fn reason(&self) -> &Reason<N> {
        match self {
            Self::Out { reason, .. }
            | Self::In { reason, .. }
            | Self::None { reason }
            | Self::CannotTell { reason } => reason,
        }
    }

    /// The count it asks for, where it asks for one.
    pub fn to(&self) -> Option<N> {
        match self {
            Self::Out { to, .. } | Self::In { to, .. } => Some(*to),
            Self::None { .. } | Self::CannotTell { .. } => None,
        }
    }
}

/// Why a decision is what it is. Every non-action has one, as AWS's own not-scaled reasons do.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Reason<N = TaskCount> {
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
        floor: N,
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
        wanted: N,
    },
    /// Capacity on its way already covers the need, or something still starts or drains.
    InFlight {
        /// Tasks starting; members on their way.
        starting: N,
        /// Targets draining; members being deleted.
        draining: u32,
    },
    /// A deployment runs: the autoscaler itself does not scale in meanwhile.
    Deploying,
    /// More is wanted than the ceiling allows.
    AtCeiling {
        /// The count that is wanted.
        wanted: N,
    },
    /// At the floor: nothing to take away.
    AtFloor,
    /// The last task or shard is never taken away by a rule: with none there is no metric that could bring it back.
    LastTask,
    /// Fewer tasks would push a metric back over its target.
    WouldRebound {
        /// The metric.
        metric: MetricId,
        /// Where it would go.
        projected: f64,
    },
    /// Set by hand above the ceiling: AWS leaves it until an opposite alarm.
    AboveCeiling,
    /// Desired is 0, or the service, database or cache is stopped or being deleted: on purpose.
    Stopped,
    /// The policy does not govern it: no scalable target is registered, or it is of another kind than the policy names.
    NotManaged,
    /// A rule that asks for more held its whole window not long ago: too soon to take anything away.
    AskedLately {
        /// The metric that asked.
        metric: MetricId,
        /// When the last of its minutes is old enough.
        until: Timestamp,
    },
    /// A step that would follow cannot be made, or would not help.
    Blocked {
        /// What stands in its way.
        by: Obstacle,
        /// The count that is wanted.
        wanted: N,
    },
    /// Data is missing or still arriving, and could change the answer.
    Missing {
        /// The metrics that are missing.
        metrics: Vec<MetricId>,
        /// Whether history is still arriving after a start, as opposed to gone.
        arriving: bool,
    },
    /// What the rule rests on was never read, or is older than twice its cadence.
    Stale {
        /// The source.
        source: Source,
        /// When the data was learnt; `None`: never.
        learnt: Option<Timestamp>,
    },
}

/// What stands in the way of a step of a group that scales by ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "obstacle", rename_all = "snake_case")]
pub enum Obstacle {
    /// The primary is hot while every replica idles: its load is writes, which each further replica only repeats.
    WriteBound,
    /// The primary does not answer; AWS's word for its status.
    PrimaryNotServing {
        /// The word.
        status: String,
    },
    /// The primary keeps no backups: AWS makes no replica of it.
    NoBackups,
    /// A member has failed or is stopped; until it is mended or gone nothing is taken away.
    MemberNotServing {
        /// Its name.
        member: String,
        /// AWS's word for its status.
        status: String,
    },
    /// A replica's replication is broken.
    ReplicationBroken {
        /// Its name.
        member: String,
    },
    /// No member may be deleted: each is a source itself, or protected.
    NothingDeletable,
    /// Without a replica, Multi-AZ and automatic fail-over must be off.
    FailOver,
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
    /// The target group it is of; `None` for a metric of the service itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<TargetGroupArn>,
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
    /// Where it would go on one task fewer, from the highest five-minute mean in the clear window. `None` without data,
    /// and on one task: nothing would carry the load.
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
pub struct Floor<N = TaskCount> {
    /// The count.
    pub count: N,
    /// Where it comes from, as in "peak hours 08:00–22:00 UTC" or "AWS's minimum; the policy's floor is 2".
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
    /// A source that the verdict uses is older than twice its cadence; the decision stands on what it last said.
    Stale {
        /// The source.
        source: Source,
        /// When it was learnt.
        learnt: Option<Timestamp>,
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
