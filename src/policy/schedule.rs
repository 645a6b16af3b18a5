//! The floor that is in force at a time.
