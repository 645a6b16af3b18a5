//! What the platform shows of a change, from readings that were asked for since the answer came: the same for every tier.

use jiff::Timestamp;

use super::Stage;
use crate::change::kind::Value;
use crate::change::observed::Observed;
use crate::change::plan::Plan;
use crate::change::{cache, ecs, replicas};
use crate::platform::{GroupId, Platform};

/// What the platform shows of a change.
pub(in crate::change) enum Sight {
    /// Nothing that was asked for since the answer.
    Nothing,
    /// The target is not there any more.
    Gone(String),
    /// This.
    Seen(Box<Seen>),
}

/// Fresh readings of the target.
pub(in crate::change) struct Seen {
    /// What was set, as it is now.
    pub(in crate::change) value: Option<Value>,
    /// Whether it is being carried out, so that an old value says nothing.
    pub(in crate::change) settling: bool,
    /// From the answer to the reading, seconds.
    pub(in crate::change) since_answer_s: i64,
    /// How long a reading may show the old value before it counts, seconds.
    pub(in crate::change) read_back_s: i64,
    /// Whether nothing more will happen.
    pub(in crate::change) steady: bool,
    /// How far it is.
    pub(in crate::change) stage: Stage,
    /// What is not yet as asked for, counted.
    pub(in crate::change) distance: u32,
    /// Whether anything has moved since the plan.
    pub(in crate::change) begun: bool,
    /// How long nothing may move, seconds.
    pub(in crate::change) patience_s: i64,
    /// What AWS says against it.
    pub(in crate::change) complaint: Option<Complaint>,
    /// What was reached, in words.
    pub(in crate::change) reached: String,
    /// Who has set another value, in words.
    pub(in crate::change) culprit: String,
}

/// What AWS says against it.
pub(in crate::change) enum Complaint {
    /// It has given up.
    Final(String),
    /// It could not, and tries again.
    Tried(String),
}

impl Sight {
    pub(super) fn of(plan: &Plan, platform: &Platform, answered: Timestamp, began: Timestamp) -> Self {
        match (plan.change.target(), &plan.observed) {
            (GroupId::Service(id), Observed::Service(seen)) => ecs::sight(plan, (&id, seen), platform, answered, began),
            (GroupId::Replicas(id), _) => replicas::sight(plan, &id, platform, answered),
            (GroupId::Cache(id), _) => cache::sight(plan, &id, platform, answered),
            (GroupId::Service(_), _) => Self::Nothing,
        }
    }
}
