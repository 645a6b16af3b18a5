//! An AWS inside the binary, speaking AWS's own wire protocols. It imports no other room.

pub mod wire;
