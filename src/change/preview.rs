//! What a plan would do, in the operator's words and numbers.

use jiff::Timestamp;

use super::guard::{self, Tier};
use super::plan::Plan;
use crate::platform::Platform;
use crate::policy::{Policy, Verdict};

/// A preview: everything the box shows. Plain text; the console lays it out.
#[derive(Debug, Clone, PartialEq)]
pub struct Preview {
    /// "Scale out ai-service".
    pub title: String,
    /// Before → after.
    pub rows: Vec<Row>,
    /// Why the policy agrees, or that it does not.
    pub why: Vec<String>,
    /// What the autoscaler will do next.
    pub next: Vec<String>,
    /// What speaks against it.
    pub warnings: Vec<String>,
    /// The lasting alternative, as in "hold: raise the floor to 8".
    pub instead: Option<String>,
    /// The equivalent `aws` command, shell-quoted.
    pub command: String,
    /// What stage 2 asks for.
    pub tier: Tier,
}

/// One line of a preview.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// "desired", "cpu", "cost", "ready".
    pub label: String,
    /// Now, with its unit; empty where there is none.
    pub before: String,
    /// After, with its unit.
    pub after: String,
    /// The formula, the limit, or where the number comes from.
    pub note: String,
}

/// The preview of a plan.
pub fn preview(
    plan: &Plan,
    platform: &Platform,
    policy: &Policy,
    verdict: Option<&Verdict>,
    expected_ready_s: Option<u32>,
    now: Timestamp,
) -> Preview {
    let _ = (platform, verdict, expected_ready_s, now);
    Preview {
        title: String::new(),
        rows: Vec::new(),
        why: Vec::new(),
        next: Vec::new(),
        warnings: Vec::new(),
        instead: None,
        command: String::new(),
        tier: guard::tier(plan, policy),
    }
}
