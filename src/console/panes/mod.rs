//! What fills the body of the screen, a file a pane. A pane is a function of the view, the model and the look.

pub mod overview;
pub mod tasks;

#[cfg(test)]
mod pictures;
