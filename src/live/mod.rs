//! The loop: readings in, advice out, confirmed changes through.
//!
//! One task owns the [`Platform`]; everyone else reads immutable [`View`]s. Absent on purpose: terminal types.

pub mod view;

pub use view::{Armed, Command, Followed, Handle, Meter, Notice, Settings, View};
