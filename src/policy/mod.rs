//! What should be: the pure engine. [`advise`] takes the platform as it is, the policy and the time, and says for each
//! scaling group what should happen and why, to the digit.
//!
//! Absent on purpose: I/O, clocks, async, AWS types, randomness. Missing or stale data is "cannot tell", never "fine".

#![deny(clippy::disallowed_types, clippy::disallowed_methods)]

pub mod ecs;
pub mod knobs;
pub mod schedule;
pub mod verdict;
pub mod window;

pub use knobs::Policy;
pub use verdict::{Advice, Decision, MetricEvidence, Note, Reason, Verdict, WindowEvidence};
