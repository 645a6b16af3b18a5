//! What lies over the pane and takes the keys. At most one.

/// A dialog.
#[derive(Debug, Clone)]
pub enum Dialog {}
