//! What the account used before the drill: ninety days in which people rested at weekends, and one on which somebody
//! left ten tasks running. A closed form of the hour, so that any day can be worked out alone.

use super::super::edge::Edge;
use super::super::{load, names, origin};
use super::{DAY, HOUR, LCU_EACH, Line, QUIET_TASK, Usage};
use crate::drill::scenario::Scenario;

/// Days before the drill's own that Cost Explorer knows.
const DAYS: i64 = 90;
/// How many days before the drill's own the spike began, and how many it lasted.
const SPIKE_BEGAN: i64 = 19;
const SPIKE_DAYS: i64 = 2;
/// How much more tasks there were on them.
const SPIKE: f64 = 2.6;
/// The share of a weekday's tasks and requests that a day of the weekend has.
const WEEKEND_TASKS: f64 = 0.8;
const WEEKEND_REQUESTS: f64 = 0.6;
/// By how much a day differs from its like, as a share both ways.
const WAVERING: f64 = 0.025;
/// Metrics that somebody's dashboards ask for in an hour, and requests to Cost Explorer in a day.
const METRICS: f64 = 2400.0;
const COST_REQUESTS: f64 = 8.0;

/// What is needed to work out an hour.
pub(in crate::drill::world) struct History<'w> {
    pub scenario: &'w Scenario,
    pub seed: u64,
    pub start: i64,
    pub edge: Option<&'w Edge>,
    /// What a second uses whatever the load.
    pub standing: Usage,
}

/// Days that cost unusually much.
#[derive(Debug, Clone, PartialEq)]
pub struct Spike {
    /// The first day's midnight, a second.
    pub from: i64,
    /// The midnight after the last day.
    pub to: i64,
    /// The line that they were spent on.
    pub line: Line,
    /// What the service has cost on them, US dollars.
    pub actual: f64,
    /// What was to be expected.
    pub expected: f64,
    /// The most that one day cost beyond what was to be expected.
    pub worst: f64,
}

impl History<'_> {
    /// The midnight before the drill.
    pub fn today(&self) -> i64 {
        self.start - self.start.rem_euclid(DAY)
    }

    /// The first day's midnight.
    pub fn first_day(&self) -> i64 {
        self.today() - DAYS * DAY
    }

    /// A day before the drill's own, by its midnight; nothing before the first.
    pub fn day(&self, midnight: i64) -> Usage {
        let mut day = Usage::default();
        if midnight >= self.first_day() {
            for hour in midnight.div_euclid(HOUR)..(midnight + DAY).div_euclid(HOUR) {
                day.add_all(&self.hour(hour), 1.0);
            }
        }
        day
    }

    /// An hour that was not lived, by its number since the epoch.
    pub fn hour(&self, hour: i64) -> Usage {
        self.hour_with(hour, true)
    }

    /// The spike.
    pub fn spike(&self) -> Spike {
        let from = self.today() - SPIKE_BEGAN * DAY;
        let to = from + SPIKE_DAYS * DAY;
        let cost = |midnight: i64, spikes: bool| {
            let hours = midnight.div_euclid(HOUR)..(midnight + DAY).div_euclid(HOUR);
            let cost = |hour| {
                let usage = self.hour_with(hour, spikes);
                usage.cost(Line::FargateCpu) + usage.cost(Line::FargateMemory)
            };
            hours.map(cost).sum::<f64>()
        };
        let days: Vec<(f64, f64)> =
            (from..to).step_by(DAY as usize).map(|midnight| (cost(midnight, true), cost(midnight, false))).collect();
        Spike {
            from,
            to,
            line: Line::FargateCpu,
            actual: days.iter().map(|(actual, _)| actual).sum(),
            expected: days.iter().map(|(_, expected)| expected).sum(),
            worst: days.iter().map(|(actual, expected)| actual - expected).fold(0.0, f64::max),
        }
    }

    fn hour_with(&self, hour: i64, spikes: bool) -> Usage {
        let mut usage = Usage::default();
        usage.add_all(&self.second_with(hour * HOUR, spikes), HOUR as f64);
        usage.add(Line::Metrics, METRICS);
        usage.add(Line::CostExplorer, COST_REQUESTS / 24.0);
        usage
    }

    /// A second of an hour that was not lived, by when the hour began; without the calls that somebody made.
    pub fn second(&self, hour: i64) -> Usage {
        self.second_with(hour, true)
    }

    fn second_with(&self, second: i64, spikes: bool) -> Usage {
        let day = second.div_euclid(DAY);
        let ago = self.today().div_euclid(DAY) - day;
        let (mut tasks_share, mut requests_share) = (1.0, 1.0);
        if ago > 0 {
            let wavering = 1.0 + WAVERING * (2.0 * names::share(self.seed, 51, day) - 1.0);
            // The epoch was a Thursday.
            let weekend = matches!((day + 4).rem_euclid(7), 0 | 6);
            tasks_share = wavering * if weekend { WEEKEND_TASKS } else { 1.0 };
            requests_share = wavering * if weekend { WEEKEND_REQUESTS } else { 1.0 };
        }
        if spikes && (SPIKE_BEGAN - SPIKE_DAYS + 1..=SPIKE_BEGAN).contains(&ago) {
            tasks_share *= SPIKE;
        }
        let halves = [second, second + HOUR / 2].map(|at| f64::from(origin::at_rest(self.scenario, self.start, at)));
        let main = f64::midpoint(halves[0], halves[1]) * tasks_share;
        let quiet = f64::from(self.scenario.services.saturating_sub(1)) * f64::from(origin::QUIET_TASKS);
        let users = load::users(self.scenario, self.start, (second + HOUR / 2).min(self.start));
        let requests = users * load::REQUESTS_PER_USER_MINUTE / 60.0 * requests_share;
        let mut each = Usage::default();
        // The main service's tasks are of the same size as the quiet ones'.
        each.add(Line::FargateCpu, (main + quiet) * QUIET_TASK.0);
        each.add(Line::FargateMemory, (main + quiet) * QUIET_TASK.1);
        each.add_all(&self.standing, 1.0);
        each.add(Line::BalancerLcu, requests * LCU_EACH);
        if let Some(edge) = self.edge {
            let asked = edge.asked(requests, second);
            each.add(Line::EdgeRequests, asked.requests);
            each.add(Line::EdgeBytes, asked.bytes_down);
        }
        each
    }
}
