//! What scripts and cron jobs call: the same loop without a terminal.
//!
//! Absent on purpose: terminal drawing.

pub mod backtest;
pub mod contest;
pub mod course;
pub mod demand;
mod plant;
pub mod status;
pub mod verify;
