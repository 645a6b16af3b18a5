//! What scripts and cron jobs call: the same loop without a terminal.
//!
//! Absent on purpose: terminal drawing.

pub mod advise;
pub mod lint;
pub mod snapshot;
pub mod status;
