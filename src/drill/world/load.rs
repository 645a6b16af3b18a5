//! How many people there are, and how many requests they make. A closed form of the second: nothing is drawn, so any
//! minute of the past can be worked out alone and in any order.

use super::names;
use crate::drill::scenario::{Scenario, Way};

/// Requests of a person in a minute.
pub(super) const REQUESTS_PER_USER_MINUTE: f64 = 7.0;
/// The hour of the day with the most people.
const BUSIEST_HOUR: f64 = 14.0;

/// Where a service's load comes from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Load {
    /// The scenario's people.
    People,
    /// Work of its own, which keeps the tasks it has at rest at this CPU.
    Work {
        /// CPU, %.
        cpu: f64,
    },
}

/// People in a second, without their wavering.
pub(super) fn users(scenario: &Scenario, start: i64, second: i64) -> f64 {
    let passed = (second - start) as f64;
    let mut users = scenario.users.first().map_or(0.0, |point| point.users);
    for pair in scenario.users.windows(2) {
        let [before, point] = pair else { continue };
        let (from, to) = (f64::from(before.at), f64::from(point.at));
        if passed >= to {
            users = point.users;
        } else if point.by == Way::Ramp && passed > from {
            users = before.users + (point.users - before.users) * (passed - from) / (to - from);
        }
    }
    users * daily(scenario, second) / daily(scenario, start)
}

/// The day's shape: 1 at the busiest hour, `1 − daily_swing` twelve hours from it.
fn daily(scenario: &Scenario, second: i64) -> f64 {
    let hour = second.rem_euclid(86_400) as f64 / 3600.0;
    let phase = (hour - BUSIEST_HOUR) / 24.0 * std::f64::consts::TAU;
    1.0 - scenario.daily_swing * (1.0 - phase.cos()) / 2.0
}

/// Requests in a second: people, wavering slowly from minute to minute and quickly from second to second.
pub(super) fn requests_in_second(scenario: &Scenario, seed: u64, start: i64, second: i64) -> f64 {
    let minute = second.div_euclid(60);
    let within = second.rem_euclid(60) as f64 / 60.0;
    let slow = waver(seed, minute) * (1.0 - within) + waver(seed, minute + 1) * within;
    let quick = names::share(seed, QUICK, second) - 0.5;
    let wavering = 1.0 + scenario.noise * (slow + quick);
    (users(scenario, start, second) * REQUESTS_PER_USER_MINUTE / 60.0 * wavering).max(0.0)
}

/// Requests in a whole minute before the start, to within what the quick wavering adds.
pub(super) fn requests_in_minute(scenario: &Scenario, seed: u64, start: i64, from: i64) -> f64 {
    let minute = from.div_euclid(60);
    let wavering = 1.0 + scenario.noise * (waver(seed, minute) + waver(seed, minute + 1)) / 2.0;
    (users(scenario, start, from + 30) * REQUESTS_PER_USER_MINUTE * wavering).max(0.0)
}

/// The kinds of numbers that are mixed from a seed.
const SLOW: u64 = 1;
const QUICK: u64 = 2;

/// A number about 0 with deviation 1, for a minute: four uniform ones added up.
pub(super) fn waver(seed: u64, minute: i64) -> f64 {
    let sum: f64 = (0..4).map(|part| names::share(seed, SLOW, minute * 4 + part)).sum();
    (sum - 2.0) * 3.0_f64.sqrt()
}
