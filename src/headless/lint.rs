//! What there is to know about a policy, and – with a saved platform – where AWS is set up otherwise.

use std::fmt::Write as _;

use serde::Serialize;

use super::snapshot::{Snapshot, SnapshotMistake};
use crate::policy::lint::Severity;
use crate::policy::{Drift, DriftState, Finding, Policy, drift, lint};

/// What `scaledeck lint` prints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Findings about the policy, warnings first.
    pub findings: Vec<Finding>,
    /// Policy against AWS, where a snapshot tells what AWS has.
    pub drift: Vec<Drift>,
}

/// Lints a policy, and holds it against a snapshot where one is given.
pub fn report(policy: &Policy, snapshot: Option<Snapshot>) -> Result<Report, SnapshotMistake> {
    let Some(snapshot) = snapshot else {
        return Ok(Report { findings: lint(policy, None), drift: Vec::new() });
    };
    let at = snapshot.at;
    let platform = snapshot.into_platform()?;
    Ok(Report { findings: lint(policy, Some(&platform)), drift: drift(&platform, policy, at) })
}

impl Report {
    /// How many warnings there are.
    pub fn warnings(&self) -> usize {
        self.findings.iter().filter(|finding| finding.severity == Severity::Warning).count()
    }

    /// How many rows differ.
    pub fn differences(&self) -> usize {
        self.drift.iter().filter(|row| row.state == DriftState::Differs).count()
    }

    /// For people: each finding with why and what to set; then the rows that differ, those that nobody read, and how
    /// many agree.
    pub fn text(&self) -> String {
        let mut out = String::new();
        for finding in &self.findings {
            let [what, why, set] = finding.lines();
            let _ = write!(out, "{}\n  {why}\n  {set}\n", what.escape_debug());
        }
        if self.findings.is_empty() {
            out.push_str("nothing to remark on\n");
        }
        for wanted in [DriftState::Differs, DriftState::Unknown] {
            for row in self.drift.iter().filter(|row| row.state == wanted) {
                let word = if wanted == DriftState::Differs { "differs" } else { "unknown" };
                let _ = writeln!(out, "{word} {}", row.sentence().escape_debug());
            }
        }
        let same = self.drift.iter().filter(|row| row.state == DriftState::Same).count();
        if !self.drift.is_empty() {
            let _ = writeln!(out, "{same} of {} settings in AWS are as the policy says", self.drift.len());
        }
        out
    }
}
