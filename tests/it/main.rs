//! One integration binary: each extra one would link the SDK again.

mod drill_aws;
mod drill_faults;
mod drill_listen;
mod sdk;
