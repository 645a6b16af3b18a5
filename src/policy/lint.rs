//! What a policy's numbers do that their author may not have meant: the spec's best practices, and the places where AWS
//! makes a number weak. Each finding says why, and what to set.
//!
//! A number that is the spec's own was decided by somebody: it is a remark, calmly made, and never a warning. Absent on
//! purpose: numbers that cannot be meant at all; reading a file refuses those.

mod groups;
mod limits;
mod measured;
#[cfg(test)]
mod tests;
mod timing;

use serde::Serialize;

use super::knobs::Policy;
use super::variables;
use crate::platform::Platform;

/// One thing to know about a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The rule's name, which stays: scripts may filter by it.
    pub rule: &'static str,
    /// Whether to act.
    pub severity: Severity,
    /// Whose it is, where it was measured: a service as `<cluster>/<service>`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// The variables it is about, the first one first to change.
    pub variables: Vec<&'static str>,
    /// What is so.
    pub what: String,
    /// Why that matters.
    pub why: String,
    /// What to set instead.
    pub set: String,
}

/// Whether to act on a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The policy will not do what its numbers say, or hurts.
    Warning,
    /// Worth knowing; the spec's own numbers among them.
    Remark,
}

impl Finding {
    fn warning(rule: &'static str, variables: &[&'static str], what: String, why: &str, set: String) -> Self {
        Self {
            rule,
            severity: Severity::Warning,
            of: None,
            variables: variables.to_vec(),
            what,
            why: why.to_owned(),
            set,
        }
    }

    fn remark(rule: &'static str, variables: &[&'static str], what: String, why: &str, set: String) -> Self {
        Self { severity: Severity::Remark, ..Self::warning(rule, variables, what, why, set) }
    }

    /// The finding in three lines: what, why, and what to set.
    pub fn lines(&self) -> [String; 3] {
        let word = if self.severity == Severity::Warning { "warning" } else { "remark" };
        let of = self.of.as_ref().map_or_else(String::new, |of| format!("{of}: "));
        [format!("{word} [{}] {of}{}", self.rule, self.what), self.why.clone(), self.set.clone()]
    }
}

/// Every finding, warnings first. What has to be measured is looked for where there is a platform.
pub fn lint(policy: &Policy, platform: Option<&Platform>) -> Vec<Finding> {
    let mut findings = timing::findings(policy);
    findings.extend(limits::findings(policy));
    findings.extend(groups::findings(policy));
    let spec = Policy::of_spec(policy.environment.clone());
    for finding in &mut findings {
        if finding.variables.iter().all(|name| same_value(name, policy, &spec)) {
            finding.severity = Severity::Remark;
            finding.why.push_str(" The specification itself says so.");
        }
    }
    if let Some(platform) = platform {
        findings.extend(measured::findings(policy, platform));
    }
    findings.sort_by_key(|finding| finding.severity);
    findings
}

fn same_value(name: &str, a: &Policy, b: &Policy) -> bool {
    variables::all().find(|variable| variable.name == name).is_some_and(|variable| variable.get(a) == variable.get(b))
}
