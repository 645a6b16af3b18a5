//! What to do: plan, preview, guard, confirm, journal.
//!
//! A [`Plan`] is made from what is known, shown as a [`Preview`], and becomes [`Confirmed`] only through [`confirm()`],
//! which compares it with a fresh reading. A change is one call to AWS or several in an order: each [`Step`] is
//! [`Cleared`] from a reading of its own, and a journal [`Ticket`] exists only after its line is on the disk. `aws::Writer`
//! takes both by value, so nothing is sent that was not previewed, confirmed, re-read and journalled.
//!
//! What a kind of change means stands in the folder of its tier: `ecs`, `replicas`, `cache`. Absent on purpose: AWS
//! types, drawing, and – but for the journal's file – I/O.

#![deny(clippy::disallowed_types, clippy::disallowed_methods)]

pub mod cache;
mod command;
pub mod confirm;
pub mod ecs;
pub mod follow;
pub mod guard;
pub mod hold;
pub mod journal;
pub mod kind;
mod observed;
pub mod outcome;
pub mod plan;
pub mod preview;
mod price;
pub mod replicas;
mod sequence;
pub mod step;
pub mod undo;
mod words;

#[cfg(test)]
mod scene;

pub use command::command;
pub use confirm::{Answer, Asked, Cleared, Confirmed, NotCleared, Refused, confirm};
pub use ecs::ServiceSeen;
pub use follow::{Follow, Stage};
pub use guard::{Forbidden, Tier};
pub use hold::{Hold, NoHold};
pub use journal::{ChangeId, Journal, JournalFault, Ticket, Timekeeper, Unfinished};
pub use kind::{Change, Scaling, Value};
pub use observed::Observed;
pub use outcome::Outcome;
pub use plan::{Impossible, Plan, starting_count};
pub use preview::{Preview, preview};
pub use sequence::Next;
pub use step::Step;
pub use undo::undo;
