//! A change on its way, followed until it is steady, partly done, failed or overtaken.

use jiff::Timestamp;

use crate::platform::TaskCount;

/// How far a change is.
#[derive(Debug, Clone, PartialEq)]
pub struct Follow {
    /// The stage.
    pub stage: Stage,
    /// When Enter was pressed.
    pub began: Timestamp,
    /// When it ended; `None` while it is under way.
    pub ended: Option<Timestamp>,
    /// Seconds it is expected to take, from changes seen here; `None` when there were none.
    pub expected_s: Option<u32>,
}

/// A stage of a change.
#[derive(Debug, Clone, PartialEq)]
pub enum Stage {
    /// The request is out.
    Sending,
    /// No answer came back: reading back before anything is said.
    Unknown,
    /// Accepted; tasks start, register and become healthy – or drain and stop.
    Under {
        /// Tasks running.
        running: TaskCount,
        /// Tasks on their way.
        pending: TaskCount,
        /// Healthy targets, where a target group is known.
        healthy: Option<u32>,
        /// Targets draining.
        draining: u32,
        /// The count asked for.
        wanted: TaskCount,
    },
    /// Running equals desired, healthy, nothing draining.
    Steady,
    /// Ended with less than was asked for.
    Partly {
        /// What was reached, and AWS's reason.
        why: String,
    },
    /// Not carried out.
    Failed {
        /// AWS's own reason.
        why: String,
    },
    /// Somebody else has set another value since.
    Overtaken {
        /// The value, and by whom where AWS tells.
        by: String,
    },
}

impl Stage {
    /// Whether nothing more will happen.
    pub fn is_over(&self) -> bool {
        matches!(self, Self::Steady | Self::Partly { .. } | Self::Failed { .. } | Self::Overtaken { .. })
    }
}
