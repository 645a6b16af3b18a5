//! The record of every change: JSON lines, a file a month, on the disk before anything is sent.

/// The journal of one user.
#[derive(Debug)]
pub struct Journal {
    _private: (),
}

/// Proof that the line of a change is on the disk. Taken by value by the one call it stands for.
#[derive(Debug)]
pub struct Ticket {
    _private: (),
}
