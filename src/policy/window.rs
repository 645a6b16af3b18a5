//! How long a condition has held, on one-minute evidence.
