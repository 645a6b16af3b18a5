//! Which key means which command, by layer.

/// The keys in force.
#[derive(Debug, Clone, Default)]
pub struct Keymap {}
