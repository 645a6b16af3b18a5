//! What metrics may be asked for under a budget, and how often: pure.
//!
//! CloudWatch charges for each metric in each question. At the cap of `--budget` polling slows down and then goes blind
//! in a stated order – the edge, then what no rule reads, then what rules read of what is not open, then the open
//! service – and what is lost is told. A change that is previewed or followed is never rationed: whoever waits for it
//! must see it.

use crate::aws::meter::DOLLARS_PER_METRIC;

/// How often the metrics of a change under way are asked for, whatever the budget; in seconds.
pub(super) const DECIDING_EVERY_S: u32 = 20;

/// How many metrics of each kind there are to ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Load {
    /// Of the edge.
    pub edge: usize,
    /// That no rule reads, of what is not looked at closely.
    pub shown: usize,
    /// That a rule reads, of what is not looked at closely.
    pub rules: usize,
    /// Of what is looked at closely.
    pub close: usize,
}

/// Seconds between two questions for a metric of each kind; `None`: it is not asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ration {
    pub edge_s: Option<u32>,
    pub shown_s: Option<u32>,
    pub rules_s: Option<u32>,
    pub close_s: Option<u32>,
    /// What the budget has cost, in words; `None` while everything is asked for as often as without one.
    pub lost: Option<String>,
}

/// The order: edge, shown, rules, close. Each step asks for less than the one before. Up to two minutes nothing is lost
/// but freshness for the rules: every minute is still read, and windows bridge one that is late.
const STEPS: [[Option<u32>; 4]; 8] = [
    [Some(60), Some(60), Some(60), Some(20)],
    [Some(60), Some(60), Some(60), Some(60)],
    [Some(300), Some(60), Some(60), Some(60)],
    [Some(300), Some(300), Some(60), Some(60)],
    [None, None, Some(60), Some(60)],
    [None, None, Some(120), Some(60)],
    [None, None, None, Some(120)],
    [None, None, None, None],
];

const NAMES: [&str; 4] =
    ["metrics of the edge", "metrics that no rule reads", "metrics that rules read", "metrics of what is open"];

impl Load {
    fn counts(self) -> [usize; 4] {
        [self.edge, self.shown, self.rules, self.close]
    }

    /// US dollars an hour at these spans.
    fn cost(self, every_s: [Option<u32>; 4]) -> f64 {
        let hourly = |(count, every): (usize, Option<u32>)| every.map_or(0.0, |s| count as f64 * 3600.0 / f64::from(s));
        self.counts().into_iter().zip(every_s).map(hourly).sum::<f64>() * DOLLARS_PER_METRIC
    }
}

/// The first step that costs no more than the budget, in US dollars an hour.
pub(super) fn ration(load: Load, budget: Option<f64>) -> Ration {
    let fits = |step: &&[Option<u32>; 4]| budget.is_none_or(|budget| load.cost(**step) <= budget);
    let step = STEPS.iter().find(fits).unwrap_or(&STEPS[STEPS.len() - 1]);
    let [edge_s, shown_s, rules_s, close_s] = *step;
    Ration { edge_s, shown_s, rules_s, close_s, lost: budget.and_then(|budget| lost(load, *step, budget)) }
}

fn lost(load: Load, step: [Option<u32>; 4], budget: f64) -> Option<String> {
    let kinds = load.counts().into_iter().zip(NAMES).zip(step.into_iter().zip(STEPS[0]));
    let changed: Vec<_> = kinds.filter(|((count, _), (now, usual))| *count > 0 && now != usual).collect();
    let blind: Vec<&str> = changed.iter().filter(|(_, (now, _))| now.is_none()).map(|((_, name), _)| *name).collect();
    let slow: Vec<String> =
        changed.iter().filter_map(|((_, name), (now, _))| now.map(|s| format!("{name} every {s}s"))).collect();
    let blind = (!blind.is_empty()).then(|| format!("blind to {}", blind.join(", ")));
    let told: Vec<String> = blind.into_iter().chain(slow).collect();
    (!told.is_empty()).then(|| format!("at the budget of ${budget}/h: {}", told.join("; ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOAD: Load = Load { edge: 6, shown: 100, rules: 40, close: 15 };

    #[test]
    fn without_a_budget_nothing_is_lost() {
        let ration = ration(LOAD, None);
        assert_eq!((ration.edge_s, ration.close_s, ration.lost), (Some(60), Some(20), None));
    }

    #[test]
    fn each_step_costs_less_than_the_one_before_and_the_last_nothing() {
        let costs = STEPS.map(|step| LOAD.cost(step));
        assert!(costs.windows(2).all(|pair| pair[1] < pair[0]), "{costs:?}");
        assert!(costs[STEPS.len() - 1].abs() < f64::EPSILON);
        assert!((LOAD.cost(STEPS[1]) - 161.0 * 60.0 * 0.000_01).abs() < 1e-12);
    }

    #[test]
    fn what_is_lost_at_a_cap_is_the_stated_order() {
        let lost = |budget| ration(LOAD, Some(budget)).lost;
        for (budget, words) in [
            (1.0, None),
            (0.097, Some("metrics of what is open every 60s")),
            (0.094, Some("metrics of the edge every 300s; metrics of what is open every 60s")),
            (
                0.05,
                Some(
                    "metrics of the edge every 300s; metrics that no rule reads every 300s; metrics of what is open every 60s",
                ),
            ),
            (
                0.034,
                Some("blind to metrics of the edge, metrics that no rule reads; metrics of what is open every 60s"),
            ),
            (
                0.03,
                Some(
                    "blind to metrics of the edge, metrics that no rule reads; metrics that rules read every 120s; \
                     metrics of what is open every 60s",
                ),
            ),
            (
                0.005,
                Some(
                    "blind to metrics of the edge, metrics that no rule reads, metrics that rules read; \
                     metrics of what is open every 120s",
                ),
            ),
            (
                0.0,
                Some(
                    "blind to metrics of the edge, metrics that no rule reads, metrics that rules read, \
                     metrics of what is open",
                ),
            ),
        ] {
            let words = words.map(|words| format!("at the budget of ${budget}/h: {words}"));
            assert_eq!(lost(budget), words, "{budget}");
        }
    }

    #[test]
    fn what_there_is_none_of_is_not_lost() {
        let only_close = Load { close: 10, ..Load::default() };
        assert_eq!(ration(only_close, Some(0.02)).lost, None);
        let lost = ration(only_close, Some(0.006)).lost.unwrap();
        assert_eq!(lost, "at the budget of $0.006/h: metrics of what is open every 60s");
    }
}
