//! Why: the spec's four troubles, each with its causes ranked, what they rest on, and what would mend them.
//!
//! Every rule states what was read, its limit and when; where the data does not allow an answer it says what is missing.
//! Absent on purpose: guesses, probabilities, and any word on what nobody has read. Text that AWS said is repeated as it
//! is: clean it before it reaches a terminal.

mod asks;
mod case;
mod cost;
mod flap;
mod members;
mod mend;
mod moves;
mod out;
mod slow;
#[cfg(test)]
mod tests;
mod words;

use jiff::Timestamp;
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use self::case::Case;
pub use self::mend::Mend;
pub use self::moves::{Move, Mover};
pub use self::out::reason_words;
pub use self::slow::SLO_S;
use super::alerts::Alert;
use super::knobs::Policy;
use crate::platform::{GroupId, Platform};

/// The version of the JSON that a [`Ranked`] is written as. It counts up when a field changes its meaning or goes.
pub const SCHEMA_VERSION: u32 = 1;

/// What the platform does not hold and a cause may rest on.
#[derive(Debug, Clone, Copy, Default)]
pub struct Extra<'a> {
    /// The policy's alarms, as [`super::alerts()`] judges them.
    pub alerts: &'a [Alert],
    /// Changes of this group's count that AWS's activities do not tell of: an operator's own. In any order.
    pub moves: &'a [Move],
}

/// One of the spec's troubles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    /// "Service not scaling out".
    NotScalingOut,
    /// "Performance degradation during scaling".
    SlowWhileScaling,
    /// "Excessive scaling activity".
    ScalingTooMuch,
    /// "High costs".
    HighCost,
}

/// Whether a trouble is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "standing", rename_all = "snake_case")]
pub enum Standing {
    /// It is.
    Yes,
    /// It is not.
    No,
    /// The data does not allow an answer.
    CannotTell {
        /// What is missing.
        because: String,
    },
}

/// Whether a cause is certain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "certain", rename_all = "snake_case")]
pub enum Certainty {
    /// What was read says so.
    Yes,
    /// It may be; the data does not allow an answer.
    CannotTell {
        /// What is missing.
        because: String,
    },
}

/// Something that a cause rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Proof {
    /// What was looked at.
    pub what: String,
    /// What it said, with its unit.
    pub value: String,
    /// What it is held against, with its unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<String>,
    /// When that was so, or was learnt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
}

/// A cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cause {
    /// Its place among the causes of its trouble, from 1: what is certain first, then by how directly it stands in the
    /// way.
    pub rank: usize,
    /// The rule's name, which stays: scripts may filter by it.
    pub rule: &'static str,
    /// What is so, in a sentence without a full stop.
    pub sentence: String,
    /// Whether that is certain.
    #[serde(flatten)]
    pub certainty: Certainty,
    /// What it rests on.
    pub evidence: Vec<Proof>,
    /// What would mend it, the first the most direct.
    pub mends: Vec<Mend>,
}

/// A trouble and its causes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnosis {
    /// Which.
    pub trouble: Trouble,
    /// Whether it is there.
    #[serde(flatten)]
    pub standing: Standing,
    /// Why that is said, in a sentence without a full stop.
    pub sentence: String,
    /// Its causes, ranked. Of a trouble that is not there: what would stand in the way if it were.
    pub causes: Vec<Cause>,
}

/// The four troubles of one group. As JSON it opens with `schema_version`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ranked {
    /// The group.
    pub group: GroupId,
    /// The moment that it is said for.
    pub at: Timestamp,
    /// The troubles: those that are there, those that cannot be told, those that are not.
    pub troubles: Vec<Diagnosis>,
}

impl Serialize for Ranked {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut ranked = serializer.serialize_struct("Ranked", 4)?;
        ranked.serialize_field("schema_version", &SCHEMA_VERSION)?;
        ranked.serialize_field("group", &self.group)?;
        ranked.serialize_field("at", &self.at)?;
        ranked.serialize_field("troubles", &self.troubles)?;
        ranked.end()
    }
}

/// Why a group does what it does. A group that was never described has four troubles that cannot be told.
pub fn causes(platform: &Platform, policy: &Policy, group: &GroupId, now: Timestamp, extra: Extra) -> Ranked {
    let mut troubles = match group {
        GroupId::Service(id) => match Case::of(platform, policy, id, now, extra) {
            Some(case) => {
                vec![out::diagnosis(&case), slow::diagnosis(&case), flap::diagnosis(&case), cost::diagnosis(&case)]
            }
            None => members::nothing_known(platform, group),
        },
        GroupId::Replicas(_) | GroupId::Cache(_) => members::diagnoses(platform, policy, group, now, extra),
    };
    for diagnosis in &mut troubles {
        diagnosis.causes.sort_by_key(|cause| cause.certainty != Certainty::Yes);
        for (at, cause) in diagnosis.causes.iter_mut().enumerate() {
            cause.rank = at + 1;
        }
    }
    troubles.sort_by_key(|diagnosis| match diagnosis.standing {
        Standing::Yes => 0,
        Standing::CannotTell { .. } => 1,
        Standing::No => 2,
    });
    Ranked { group: group.clone(), at: now, troubles }
}

impl Proof {
    fn new(what: impl Into<String>, value: impl Into<String>) -> Self {
        Self { what: what.into(), value: value.into(), limit: None, at: None }
    }

    fn limit(self, limit: impl Into<String>) -> Self {
        Self { limit: Some(limit.into()), ..self }
    }

    fn at(self, at: impl Into<Option<Timestamp>>) -> Self {
        Self { at: at.into(), ..self }
    }
}

impl Cause {
    fn new(rule: &'static str, sentence: impl Into<String>) -> Self {
        let sentence = sentence.into();
        Self { rank: 0, rule, sentence, certainty: Certainty::Yes, evidence: Vec::new(), mends: Vec::new() }
    }

    fn unsure(mut self, because: impl Into<String>) -> Self {
        self.certainty = Certainty::CannotTell { because: because.into() };
        self
    }

    fn proof(mut self, proof: Proof) -> Self {
        self.evidence.push(proof);
        self
    }

    fn proofs(mut self, proofs: impl IntoIterator<Item = Proof>) -> Self {
        self.evidence.extend(proofs);
        self
    }

    fn mend(mut self, mend: Mend) -> Self {
        self.mends.push(mend);
        self
    }
}
