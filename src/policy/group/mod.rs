//! Groups that scale by ones: read replicas, cache nodes, cache shards.
//!
//! What such a verdict says and rests on. The rule is the same for all of them, `rule`; what feeds it is theirs:
//! `replicas`, `cache`.

#[cfg(test)]
mod properties;
mod rule;
mod weigh;
mod words;

use jiff::Timestamp;
use serde::Serialize;

pub(super) use self::rule::{Rule, highest};
pub(super) use self::weigh::{Bounds, Judged, weigh};
use super::verdict::{Decision, Floor, Next, WindowEvidence};
use crate::platform::{MemberCount, MetricId, Source};

/// A verdict on a group that scales by ones.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GroupVerdict {
    /// When it was given.
    pub at: Timestamp,
    /// What should happen; a step is always one.
    pub decision: Decision<MemberCount>,
    /// The counts that it was given on.
    pub members: Members,
    /// The member that an in takes away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub removes: Option<String>,
    /// One entry a metric of a member. Empty where no rule looked at a metric: the group is not managed, or stopped.
    pub evidence: Vec<MemberEvidence>,
    /// The least that the policy wants, and where that comes from.
    pub floor: Floor<MemberCount>,
    /// The most that it wants.
    pub ceiling: MemberCount,
    /// Remarks that do not change the decision.
    pub notes: Vec<GroupNote>,
    /// When the verdict would change if everything held, and to what.
    pub next: Option<Next>,
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Read replicas of a database.
    Replica,
    /// Nodes of a cache with cluster mode off, the primary among them.
    Node,
    /// Shards of a cache with cluster mode on.
    Shard,
}

/// The counts of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Members {
    /// What is counted.
    pub kind: Kind,
    /// All but those that are being deleted: what counts towards the most.
    pub present: MemberCount,
    /// Those that answer.
    pub serving: MemberCount,
    /// Those on their way.
    pub arriving: MemberCount,
    /// Those that are being deleted.
    pub leaving: u32,
    /// Those that have failed or are stopped: they do not count towards the least.
    pub failed: MemberCount,
}

impl Members {
    /// What counts towards the least: those that answer, will answer, or will answer again.
    pub fn usable(self) -> MemberCount {
        MemberCount(self.present.0.saturating_sub(self.failed.0))
    }
}

/// A member's part in its group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Takes writes.
    Primary,
    /// Follows the primary.
    Replica,
    /// Not told, or of no matter.
    Node,
}

/// What a metric of a member says.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MemberEvidence {
    /// The member's name.
    pub member: String,
    /// Its part.
    pub part: Part,
    /// The metric.
    pub metric: MetricId,
    /// For connections: what the value is a share of. `None` for every other metric, and while the most is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub share_of: Option<Share>,
    /// Mean of the five newest evidence minutes that are present, in the metric's unit; for connections, % of the most.
    pub value: Option<f64>,
    /// The newest evidence minute that is present.
    pub newest: Option<Timestamp>,
    /// The rule that asks for one more above a threshold; `None` where the metric asks for nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub out: Option<Bound>,
    /// The rule that lets one go below a threshold; `None` where the metric does not matter for that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clear: Option<Bound>,
    /// When the last minute ended of the last full out-window, if that was in the time of the clear-window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked: Option<Timestamp>,
}

impl MemberEvidence {
    /// Whether it asks for one more.
    pub fn asks(&self) -> bool {
        self.out.is_some_and(|bound| bound.window.full())
    }
}

/// A threshold, and for how long it has been passed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Bound {
    /// The threshold; same unit as the value.
    pub threshold: f64,
    /// Its window.
    pub window: WindowEvidence,
}

/// The most connections an instance takes, and how that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Share {
    /// The most.
    pub max: u32,
    /// How it is known.
    pub known: Known,
}

/// How a maximum is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Known {
    /// The policy says so.
    Policy,
    /// The instance's parameter group holds the number.
    Parameter,
    /// From the instance's class and the engine's default formula.
    Estimated,
}

/// A remark.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "note", rename_all = "snake_case")]
pub enum GroupNote {
    /// More than the ceiling, set by hand.
    AboveCeiling,
    /// What changed before this time is not known.
    HistoryStarts {
        /// The first reading.
        at: Timestamp,
    },
    /// A replica adds no memory: every node holds all keys.
    NoMemory,
    /// A replica seldom cures lag.
    LagStays,
    /// PostgreSQL reports lag while nothing is written.
    IdleLag {
        /// The replica.
        member: String,
        /// What it reports, seconds.
        lag_s: f64,
    },
    /// A replica answers, but the reader name sends it nothing.
    NoReads {
        /// The replica.
        member: String,
    },
    /// The primary has no standby: making a replica holds up its disk for about a minute.
    DiskPause,
    /// A new replica would be of another class than its source.
    OtherClass {
        /// The policy's class.
        replica: String,
        /// The source's.
        source: String,
    },
    /// A source that the verdict uses is older than twice its cadence; the decision stands on what it last said.
    Stale {
        /// The source.
        source: Source,
        /// When it was learnt.
        learnt: Option<Timestamp>,
    },
}
