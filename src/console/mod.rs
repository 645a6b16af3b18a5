//! What people look at and press.
//!
//! One loop over a closed set of events owns the [`Model`]; [`draw`] is a pure function of the view, the model and the
//! look. Absent on purpose: awaiting AWS, and deciding policy.

pub mod app;
mod changes;
pub mod commands;
pub mod dialogs;
pub mod event;
mod foot;
pub mod frame;
pub mod keymap;
pub mod keys;
pub mod model;
pub mod panes;
pub mod picture;
mod run;
#[cfg(test)]
mod scene;
#[cfg(test)]
mod screens;
pub mod terminal;
pub mod theme;
pub mod widgets;
pub mod words;

pub use app::{App, Options};
pub use commands::command_table_markdown;
pub use event::{Deed, Effect, Ended, Event, Input, Watched};
pub use frame::{Look, draw};
pub use keymap::Keymap;
pub use model::{Model, Pane, Sort, Status, Tone, Wall};
pub use run::{run, run_watched};
pub use theme::Theme;
