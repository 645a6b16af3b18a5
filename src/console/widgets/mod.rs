//! The parts that panes are put together from. A part draws what it is given and knows nothing of panes; what it is
//! given are [`Clean`](super::words::Clean) words and [`Meaning`](super::theme::Meaning)s, so that neither raw text from
//! AWS nor a bare colour can reach a cell.

pub mod activity;
pub mod advice;
pub mod alarms;
pub mod chart;
pub mod charts;
pub mod closeup;
pub mod condition;
pub mod follow;
pub mod frame;
pub mod groups;
pub mod header;
pub mod measure;
pub mod phrase;
pub mod signal;
pub mod sources;
pub mod stack;
pub mod summary;
pub mod table;
pub mod tasks;

pub use condition::Condition;
pub use phrase::Phrase;
pub use summary::Summary;
