//! The words for people on causes, made from the same values as the JSON.

use super::{Cause, Certainty, Diagnosis, Mend, Proof, Standing, Trouble};
use crate::policy::sentence::clock;

impl Trouble {
    /// The trouble as a heading.
    pub fn name(self) -> &'static str {
        match self {
            Self::NotScalingOut => "not scaling out",
            Self::SlowWhileScaling => "slow while scaling",
            Self::ScalingTooMuch => "scaling too much",
            Self::HighCost => "high cost",
        }
    }
}

impl Standing {
    /// In a word or two: "yes", "no", "cannot tell".
    pub fn word(&self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::CannotTell { .. } => "cannot tell",
        }
    }
}

impl Diagnosis {
    /// The heading's own line: "not scaling out: yes – cpu 82 % > 70 % held 5m of 5m, asks 8".
    pub fn line(&self) -> String {
        let (name, word) = (self.trouble.name(), self.standing.word());
        match &self.standing {
            Standing::CannotTell { because } if *because != self.sentence => {
                format!("{name}: {word}, because {because} – {}", self.sentence)
            }
            _ => format!("{name}: {word} – {}", self.sentence),
        }
    }
}

impl Cause {
    /// The cause with its rank: "1 at the ceiling of 10: 13 wanted"; what is not certain says why.
    pub fn line(&self) -> String {
        match &self.certainty {
            Certainty::Yes => format!("{} {}", self.rank, self.sentence),
            Certainty::CannotTell { because } => {
                format!("{} cannot tell: {}, because {because}", self.rank, self.sentence)
            }
        }
    }
}

impl Proof {
    /// "desired 10, limit 10, at 12:00:00".
    pub fn line(&self) -> String {
        let limit = self.limit.as_ref().map_or_else(String::new, |limit| format!(", against {limit}"));
        let at = self.at.map_or_else(String::new, |at| format!(", at {}", clock(at)));
        format!("{}: {}{limit}{at}", self.what, self.value)
    }
}

impl Mend {
    /// "raise the maximum to 13" and the variable in brackets; the command is not in it.
    pub fn line(&self) -> String {
        match self.variable {
            Some(variable) => format!("{} ({variable})", self.what),
            None => self.what.clone(),
        }
    }
}
