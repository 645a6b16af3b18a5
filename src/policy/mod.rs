//! What should be: the pure engine. [`advise`] takes the platform as it is, the policy and the time, and says for each
//! scaling group what should happen and why, to the digit.
//!
//! Absent on purpose: I/O, clocks, async, AWS types, randomness. Missing or stale data is "cannot tell", never "fine".

#![deny(clippy::disallowed_types, clippy::disallowed_methods)]

pub mod alerts;
pub mod ecs;
pub mod knobs;
pub mod schedule;
pub mod sentence;
pub mod variables;
pub mod verdict;
pub mod window;

pub use alerts::{Alert, AlertRule, AlertState, Severity, alerts};
pub use ecs::{advise, advise_one};
pub use knobs::{EcsPolicy, Policy};
pub use verdict::{
    Advice, Counts, Decision, Direction, Floor, MetricEvidence, Next, Note, Reason, Verdict, WindowEvidence,
};
