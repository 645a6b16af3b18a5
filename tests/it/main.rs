//! One integration binary: each extra one would link the SDK again.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops here")]

mod bad_input;
mod contest;
mod cost;
mod cost_spike;
mod crash;
mod documents;
mod drill_alarms;
mod drill_aws;
mod drill_bill;
mod drill_cache;
mod drill_deploy;
mod drill_ecs;
mod drill_estate;
mod drill_faults;
mod drill_headless;
mod drill_listen;
mod drill_money;
mod drill_rds;
mod drill_rds_clients;
mod drill_speed;
mod house;
mod moto;
mod policy_files;
mod scene;
mod screens;
mod sdk;
mod spec;
mod story;
mod story_changes;
mod story_keys;
mod story_many;
mod story_sources;
mod story_time;
mod terminal;
mod terminal_hostile;
mod terminal_leaving;
mod terminal_listening;
mod terminal_sizes;
mod terminal_trouble;
