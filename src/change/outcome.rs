//! What came back from the one attempt to send a change.

use serde::{Deserialize, Serialize};

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// AWS accepted it.
    Accepted {
        /// AWS's request id, for tickets and support cases.
        request_id: Option<String>,
    },
    /// AWS refused it: nothing has changed.
    Refused {
        /// AWS's error code, or the missing IAM action.
        code: String,
        /// AWS's words, cleaned.
        message: String,
    },
    /// No answer came back: it may or may not have been carried out. Read back before saying anything; never resend.
    Unknown {
        /// What broke.
        detail: String,
    },
}
