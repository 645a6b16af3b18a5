//! What people look at and press.
//!
//! One loop over a closed set of events owns the [`Model`]; [`draw`] is a pure function of the view, the model and the
//! look. Absent on purpose: awaiting AWS, and deciding policy.

pub mod dialogs;
pub mod frame;
pub mod keymap;
pub mod model;
pub mod panes;
pub mod theme;
pub mod widgets;
pub mod words;

pub use frame::{Look, draw};
pub use keymap::Keymap;
pub use model::{Model, Pane, Sort, Status, Tone, Wall};
pub use theme::Theme;
