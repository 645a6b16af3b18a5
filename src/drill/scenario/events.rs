//! What happens in a scenario, and when: people, sick tasks, lost zones, deployments, missing metrics, failing calls. All
//! times are seconds after the drill's start.

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use crate::drill::faults::Rule;
use crate::drill::wire::Value;

/// How many people there are from a time on.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Users {
    /// Seconds after the drill's start.
    pub at: u32,
    /// How many people.
    pub users: f64,
    /// How the number gets there from the point before.
    #[serde(default)]
    pub by: Way,
}

/// How a number gets from one point to the next.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Way {
    /// At once.
    #[default]
    Step,
    /// In a straight line from the point before.
    Ramp,
}

/// Running tasks that stop answering health checks, and answer requests with 5XX.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SickAt {
    /// Seconds after the drill's start.
    pub at: u32,
    /// How many tasks, the oldest first.
    pub tasks: u32,
}

/// A zone that is lost: its tasks stop answering, and nothing starts in it until it is back.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ZoneAt {
    /// Seconds after the drill's start.
    pub at: u32,
    /// As in `us-east-1a`.
    pub zone: String,
    /// Seconds until it is back.
    #[serde(rename = "for")]
    pub lasts: u32,
}

/// A deployment by somebody else.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeployAt {
    /// Seconds after the drill's start.
    pub at: u32,
    /// The family and revision, as in `ai-service:43`.
    pub definition: String,
    /// What is wrong with its tasks; missing: nothing.
    pub flaw: Option<Defect>,
}

/// What is wrong with a revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Defect {
    /// It answers three requests in ten with 5XX, and passes its health checks.
    Errors,
    /// It fails its health checks.
    Unhealthy,
    /// Its container exits as soon as it has started.
    Exits,
}

/// Metrics that are not published.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlindAt {
    /// Seconds after the drill's start.
    pub at: u32,
    /// How many seconds nothing is published.
    #[serde(rename = "for")]
    pub lasts: u32,
    /// Whose metrics, as in `AWS/ECS`; missing: everybody's.
    pub namespace: Option<String>,
}

impl BlindAt {
    /// Whether a minute that begins so many seconds after the start is missing from a namespace.
    pub(in crate::drill) fn hides(&self, namespace: &str, passed: i64) -> bool {
        let from = i64::from(self.at);
        (from..from + i64::from(self.lasts)).contains(&passed)
            && self.namespace.as_deref().is_none_or(|own| own == namespace)
    }
}

/// A fault that begins by itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultAt {
    /// Seconds after the drill's start.
    pub at: u32,
    /// As `/_drill/faults` names it, as in `throttle`.
    pub fault: String,
    /// To which service's calls; missing: to every service's.
    pub service: Option<String>,
    /// To which operation's calls; missing: to every one.
    pub operation: Option<String>,
    /// How many seconds it stays; missing: until it is taken back.
    #[serde(rename = "for")]
    pub lasts: Option<u32>,
    /// How long a hang hangs, or an answer is lost, seconds.
    pub seconds: Option<u32>,
}

impl FaultAt {
    /// The rule, for a drill that starts at `start`. The error is a sentence that names the offending value.
    pub fn rule(&self, start: Timestamp) -> Result<Rule, String> {
        let body = Value::map([
            ("fault", self.fault.clone().into()),
            ("service", self.service.clone().into()),
            ("operation", self.operation.clone().into()),
            ("for", self.lasts.map(i64::from).into()),
            ("seconds", self.seconds.map(i64::from).into()),
        ]);
        Rule::read(&body, start + SignedDuration::from_secs(self.at.into()))
    }
}
