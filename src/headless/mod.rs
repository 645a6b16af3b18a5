//! What scripts call.
