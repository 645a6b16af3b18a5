//! Advice on a saved platform: the engine that the console asks, on a file instead of an account. For tickets, for CI,
//! and for anyone who doubts it.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde::Serialize;

use super::snapshot::{Snapshot, SnapshotMistake};
use super::status::{group_text, verdict_text};
use crate::platform::{Environment, ServiceId};
use crate::policy::alerts::Subject;
use crate::policy::{Advice, Alert, AlertState, Decision, Policy, Severity, advise, alerts};

/// What is advised on a snapshot. As JSON it is what `scaledeck advise --json` prints.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Answer {
    /// The moment it is advised for.
    pub at: Timestamp,
    /// The environment that the policy is for.
    pub environment: String,
    /// The verdicts.
    pub advice: Advice,
    /// The alarms, those that are clear too.
    pub alerts: Vec<Alert>,
    /// Services that are listed and were not described, so that nothing can be said of them.
    pub not_described: Vec<ServiceId>,
    /// What to know about the question itself: a policy for another environment, a moment before the data's.
    pub remarks: Vec<String>,
}

/// Judges a snapshot at a moment, its own where none is given.
pub fn on(snapshot: Snapshot, policy: &Policy, at: Option<Timestamp>) -> Result<Answer, SnapshotMistake> {
    let (taken, environment) = (snapshot.at, snapshot.environment());
    let at = at.unwrap_or(taken);
    let platform = snapshot.into_platform()?;
    let listed = platform.listed.iter().flat_map(|listed| listed.iter());
    let not_described = listed.filter(|id| !platform.services.contains_key(id)).cloned().collect();
    Ok(Answer {
        at,
        environment: policy.environment.to_string(),
        advice: advise(&platform, policy, at),
        alerts: alerts(&platform, policy, at),
        not_described,
        remarks: remarks(&environment, &policy.environment, at, taken),
    })
}

fn remarks(read_as: &Environment, policy: &Environment, at: Timestamp, taken: Timestamp) -> Vec<String> {
    let other = (read_as != policy).then(|| format!("the snapshot is of {read_as}, the policy is for {policy}"));
    let early = (at < taken).then(|| format!("asked for {at:.0}, before the snapshot was taken at {taken:.0}"));
    other.into_iter().chain(early).collect()
}

/// An alarm that is not clear goes by the name of its severity, and with the spec's route.
fn alarm_text(alert: &Alert, at: Timestamp) -> String {
    let subject = match &alert.subject {
        Subject::Service(id) | Subject::Targets(id, _) => id.to_string(),
        Subject::Balancer(id) => id.to_string(),
        Subject::Database(id) => id.to_string(),
        Subject::Cache(id) => id.to_string(),
        Subject::Money => "money".to_owned(),
        Subject::Resource(name) => name.clone(),
    };
    let severity = match alert.rule.severity() {
        Severity::Critical => "critical",
        Severity::Warning => "warning",
    };
    let route = match alert.state {
        AlertState::Firing { .. } => format!(" ({severity}: {})", alert.rule.route()),
        _ => String::new(),
    };
    format!("alarm {subject}: {}{route}", alert.sentence(at))
}

impl Answer {
    /// How many groups have no answer: the data does not allow one, or there is none.
    pub fn untold(&self) -> usize {
        let cannot = self.advice.services.values().filter(|v| matches!(v.decision, Decision::CannotTell { .. }));
        let members = self.advice.replicas.values().chain(self.advice.caches.values());
        let nor = members.filter(|v| matches!(v.decision, Decision::CannotTell { .. }));
        cannot.count() + nor.count() + self.not_described.len()
    }

    /// How many groups there are.
    pub fn groups(&self) -> usize {
        let Advice { services, replicas, caches } = &self.advice;
        services.len() + replicas.len() + caches.len() + self.not_described.len()
    }

    /// For people: each group with its verdict and what it rests on.
    pub fn text(&self) -> String {
        let mut out = format!("{} · at {:.0}\n", self.environment, self.at);
        for remark in &self.remarks {
            let _ = writeln!(out, "note: {remark}");
        }
        for (id, verdict) in &self.advice.services {
            let _ = writeln!(out, "{}: {} running", id.to_string().escape_debug(), verdict.counts.running);
            out.push_str(&verdict_text(verdict));
        }
        let replicas = self.advice.replicas.iter().map(|(id, verdict)| (id.to_string(), verdict));
        let caches = self.advice.caches.iter().map(|(id, verdict)| (id.to_string(), verdict));
        for (id, verdict) in replicas.chain(caches) {
            let (noun, present) = (verdict.members.kind.noun(), verdict.members.present);
            let _ = writeln!(out, "{}: {present} {noun}{}", id.escape_debug(), if present.0 == 1 { "" } else { "s" });
            out.push_str(&group_text(verdict));
        }
        for alert in &self.alerts {
            let _ = writeln!(out, "{}", alarm_text(alert, self.at).escape_debug());
        }
        for id in &self.not_described {
            let _ = writeln!(out, "{}: not described", id.to_string().escape_debug());
        }
        out
    }
}
