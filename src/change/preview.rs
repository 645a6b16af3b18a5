//! What a plan would do, in the operator's words and numbers.

use super::guard::Tier;

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
