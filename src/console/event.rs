//! Everything that can happen to the console. Closed: whatever is not here cannot change what is on the screen.

use std::sync::Arc;

use super::keys::Key;
use super::model::Wall;
use crate::live::{Command, Notice, View};

/// What can happen.
#[derive(Debug, Clone)]
pub enum Event {
    /// Somebody did something at the terminal, at that time of the wall: the time it was read, not the time it is
    /// handled, so that a key that waited in a queue is judged by when it was pressed.
    Input(Input, Wall),
    /// A newer picture.
    View(Arc<View>),
    /// Something that is told once.
    Notice(Notice),
    /// A second of the wall has passed.
    Tick,
    /// The system asks the program to end.
    Signal(&'static str),
    /// The loop that reads and sends has ended: nothing will come any more.
    LiveEnded,
}

/// What can come from a terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A key.
    Key(Key),
    /// A bracketed paste, as it came.
    Paste(String),
    /// The terminal has another size; the next frame asks for it.
    Resize,
    /// The terminal has gone.
    Closed,
}

/// What the console wants done. Handling an event only ever asks; it never does.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Ask the loop.
    Ask(Command),
    /// Tell whoever watches a drill what the operator does.
    Tell(Deed),
    /// Break something in a drill, or mend it; the words as they were typed.
    Fault(String),
    /// Put a text on the clipboard of whoever holds the terminal.
    Copy(String),
    /// End.
    End(Ended),
}

/// What whoever runs a drill is told. Outside of a drill nobody is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Watched {
    /// What the operator does to a resource.
    Deed(Deed),
    /// What is to be broken, or `off`: the words behind `fault`.
    Fault(String),
}

/// What an operator does to a resource, for whoever watches a drill. Outside of a drill nobody is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deed {
    /// The resource's own name, as in `solosuccess-ai-service`.
    pub resource: String,
    /// Whether a change of it was confirmed; otherwise its evidence or a preview was opened.
    pub changed: bool,
}

/// How a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// On request, with nothing in flight.
    Quit,
    /// On request, with a change in flight that is journalled as left.
    Left,
    /// By a signal, which is named.
    Signalled(&'static str),
    /// The terminal went away.
    Closed,
}
