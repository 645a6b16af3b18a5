//! What to do: plan, preview, guard, confirm, journal.
//!
//! A [`Plan`] is made from what is known, shown as a [`Preview`], and becomes [`Confirmed`] only through [`confirm()`],
//! which compares it with a fresh reading. A journal [`Ticket`] exists only after its line is on the disk. `aws::Writer`
//! takes both by value, so nothing is sent that was not previewed, confirmed, re-read and journalled.
//!
//! Absent on purpose: AWS types, drawing, and – but for the journal's file – I/O.

#![deny(clippy::disallowed_types, clippy::disallowed_methods)]

mod command;
pub mod confirm;
pub mod follow;
pub mod guard;
pub mod hold;
pub mod journal;
mod observed;
pub mod outcome;
mod outlook;
pub mod plan;
pub mod preview;
mod price;
mod projection;
pub mod undo;
mod words;

#[cfg(test)]
mod scene;

pub use command::command;
pub use confirm::{Answer, Asked, Confirmed, Refused, confirm};
pub use follow::{Follow, Stage};
pub use guard::{Forbidden, Tier};
pub use hold::{Hold, NoHold};
pub use journal::{ChangeId, Journal, JournalFault, Ticket, Timekeeper, Unfinished};
pub use observed::Observed;
pub use outcome::Outcome;
pub use plan::{Change, Impossible, Plan, starting_count};
pub use preview::{Preview, preview};
pub use undo::undo;
