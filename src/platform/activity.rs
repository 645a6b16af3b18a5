//! Scaling activities: what the autoscaler did, and what it refused to do and why.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::moment::Moment;
use super::{Platform, ServiceId};

/// What became of an activity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActivityKind {
    /// Accepted, not begun.
    Pending,
    /// Under way.
    InProgress,
    /// Done.
    Successful,
    /// Replaced by a later one.
    Overridden,
    /// Could not be done in time.
    Unfulfilled,
    /// Failed, with AWS's message.
    Failed,
    /// Nothing was scaled; AWS's reason codes, as in `AlreadyAtMaxCapacity`.
    NotScaled(Vec<String>),
    /// A word this version does not know.
    Unknown(String),
}

/// One scaling activity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Activity {
    /// AWS's id.
    pub id: String,
    /// When it began.
    #[schemars(with = "Moment")]
    pub started: Timestamp,
    #[serde(default)]
    /// When it ended, if it has.
    #[schemars(with = "Option<Moment>")]
    pub ended: Option<Timestamp>,
    /// What became of it.
    pub kind: ActivityKind,
    /// AWS's words, as in "Setting desired count to 6."
    pub description: String,
    #[serde(default)]
    /// AWS's words for why.
    pub cause: String,
    #[serde(default)]
    /// AWS's message on the outcome.
    pub message: String,
}

/// How many finished scale-outs the usual time is taken from.
const USUAL_OF: usize = 9;

impl Platform {
    /// Seconds a scale-out of this service usually takes: the median of the newest finished ones that AWS's activities
    /// tell of; `None` while there are none.
    pub fn usual_scale_out_s(&self, service: &ServiceId) -> Option<u32> {
        let done: Vec<&Activity> =
            self.activities.get(service)?.iter().filter(|a| a.kind == ActivityKind::Successful).collect();
        let mut took: Vec<u32> = done
            .windows(2)
            .filter(|pair| pair[0].desired() > pair[1].desired())
            .filter_map(|pair| u32::try_from(pair[0].ended?.as_second() - pair[0].started.as_second()).ok())
            .take(USUAL_OF)
            .collect();
        took.sort_unstable();
        took.get(took.len() / 2).copied()
    }
}

impl Activity {
    /// The count that the description names, where it names one.
    pub fn desired(&self) -> Option<u32> {
        let digits = self.description.strip_prefix("Setting desired count to ")?;
        digits.trim_end_matches('.').parse().ok()
    }
}
