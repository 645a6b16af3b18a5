//! What should be: the pure engine. [`advise`] takes the platform as it is, the policy and the time, and says for each
//! scaling group what should happen and why, to the digit.
//!
//! Absent on purpose: I/O, clocks, async, AWS types, randomness. Missing or stale data is "cannot tell", never "fine".

#![deny(clippy::disallowed_types, clippy::disallowed_methods)]

pub mod alerts;
pub mod cache;
#[cfg(test)]
mod conformance;
pub mod drift;
pub mod ecs;
pub mod group;
pub mod knobs;
pub mod lint;
pub mod money;
pub mod prices;
pub mod replicas;
pub mod schedule;
pub mod sentence;
pub mod variables;
pub mod verdict;
pub mod why;
pub mod window;

pub use alerts::{Alert, AlertRule, AlertState, Severity, alerts};
pub use drift::{Drift, DriftState, drift};
pub use ecs::advise_one;
pub use group::{GroupNote, GroupVerdict};
use jiff::Timestamp;
pub use knobs::{CachePolicy, EcsPolicy, Policy, ReplicaPolicy};
pub use lint::{Finding, lint};
pub use prices::Prices;
pub use verdict::{
    Advice, Counts, Decision, Direction, Floor, MetricEvidence, Next, Note, Obstacle, Reason, Verdict, WindowEvidence,
};

use crate::platform::Platform;

/// Says for every scaling group what should happen and why.
pub fn advise(platform: &Platform, policy: &Policy, now: Timestamp) -> Advice {
    Advice {
        services: ecs::verdicts(platform, &policy.ecs, now),
        replicas: replicas::verdicts(platform, &policy.replicas, now),
        caches: cache::verdicts(platform, &policy.cache, now),
    }
}
