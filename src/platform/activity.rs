//! Scaling activities: what the autoscaler did, and what it refused to do and why.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What became of an activity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    /// AWS's id.
    pub id: String,
    /// When it began.
    pub started: Timestamp,
    /// When it ended, if it has.
    pub ended: Option<Timestamp>,
    /// What became of it.
    pub kind: ActivityKind,
    /// AWS's words, as in "Setting desired count to 6."
    pub description: String,
    /// AWS's words for why.
    pub cause: String,
    /// AWS's message on the outcome.
    pub message: String,
}

impl Activity {
    /// The count that the description names, where it names one.
    pub fn desired(&self) -> Option<u32> {
        let digits = self.description.strip_prefix("Setting desired count to ")?;
        digits.trim_end_matches('.').parse().ok()
    }
}
