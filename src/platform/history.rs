//! What was seen of a service's count while this program watched: the changes, and since when nothing moves.
//!
//! A manual `UpdateService` does not appear among scaling activities, so cooldowns and chart markers need this too.

use std::collections::VecDeque;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::TaskCount;

/// How many changes of one service are kept.
pub const KEPT_CHANGES: usize = 64;

/// A change of the desired count, seen between two readings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountChange {
    /// When the reading that showed it was asked for.
    pub seen: Timestamp,
    /// Before.
    pub from: TaskCount,
    /// After.
    pub to: TaskCount,
}

/// The count's history as seen from here.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CountHistory {
    /// The first reading: nothing is known from before it.
    pub watched_since: Option<Timestamp>,
    /// Changes of the desired count, oldest first.
    pub changes: VecDeque<CountChange>,
    /// The first reading since the last change with running = desired, nothing pending and nothing draining; `None`
    /// while something still moves.
    pub settled: Option<Timestamp>,
}
