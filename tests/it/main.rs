//! One integration binary: each extra one would link the SDK again.

mod house;
mod moto;
mod spec;
mod terminal;
