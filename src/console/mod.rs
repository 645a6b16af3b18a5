//! What people look at and press.
