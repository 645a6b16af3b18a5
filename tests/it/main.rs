//! One integration binary: each extra one would link the SDK again.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops here")]

mod contest;
mod documents;
mod drill_aws;
mod drill_faults;
mod drill_listen;
mod house;
mod moto;
mod scene;
mod screens;
mod sdk;
mod spec;
mod story;
mod story_keys;
mod terminal;
mod terminal_leaving;
mod terminal_listening;
