//! What scripts and cron jobs call: the same loop without a terminal.
//!
//! Absent on purpose: terminal drawing.

pub mod advise;
pub mod backtest;
pub mod contest;
pub mod cost;
pub mod course;
pub mod debrief;
pub mod demand;
pub mod journal;
pub mod lint;
pub mod outcome;
mod plant;
pub mod snapshot;
pub mod status;
pub mod verify;
pub mod why;
