//! From a plan that was seen to a change that may be sent.

use super::plan::Plan;

/// What the operator typed in stage 2.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answer {
    /// The count or the name, as the tier asks.
    pub typed: String,
    /// The reason, where the tier asks for one.
    pub reason: Option<String>,
}

/// Why a plan was not confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// The target moved. The box shows the new plan, keeps what was typed, and asks for one more Enter.
    Moved {
        /// The plan, made again from the fresh reading.
        plan: Box<Plan>,
        /// What moved, a sentence each: "desired was 6, is 7".
        what: Vec<String>,
    },
    /// What was typed is not what the tier asks for.
    Mistyped {
        /// What is asked for, in words.
        expected: String,
    },
    /// A guard forbids it.
    Guarded {
        /// The guard's sentence.
        why: String,
    },
    /// It cannot be sent now: read-only, identity changed, target gone, journal damaged, another change in flight.
    Impossible {
        /// What, and what to do.
        why: String,
    },
}

/// A plan that was seen, answered and compared with a fresh reading. Only [`confirm`] makes one.
#[derive(Debug)]
pub struct Confirmed {
    plan: Plan,
    reason: Option<String>,
}

impl Confirmed {
    /// What was confirmed.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }
}
