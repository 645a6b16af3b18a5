//! What a scenario asks to verify, judged, and the figures that a run is compared by. The spec's "Verify" lines are in the
//! files of its load tests.
//!
//! Everything is judged on what was lived, minute by minute, not on what was published.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::drill::scenario::{Recovered, Scenario};
use crate::drill::{Lived, Tally};
use crate::policy::Policy;
use crate::policy::schedule::floor_at;

/// A change against the direction of the one before it counts as a reversal within this time.
const REVERSED_WITHIN: SignedDuration = SignedDuration::from_mins(60);
/// The part of a run over which slopes are judged.
const SLOPE_MINUTES: usize = 60;
/// A slope is told from 0 when it is this many standard errors away: 1 in 100 by chance, for an hour of minutes.
const SLOPE_ERRORS: f64 = 2.66;
/// Seconds that a target drains before its task goes.
const DRAINING_S: u32 = 300;
/// Seconds by which a controller may see and send each step late: metrics are evidence after 120 s, polling adds some.
const LATE_S: u32 = 180;

/// What a run is compared by.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Figures {
    /// Minutes in which the 95th percentile was over the line, or nobody got an answer.
    pub minutes_over: u32,
    /// Answers 5XX.
    pub failed: u64,
    /// Hours that tasks were paid for.
    pub task_hours: f64,
    /// The same for the fewest tasks that would have kept the line in every minute, within the limits.
    pub least_task_hours: f64,
    /// Changes of the desired count.
    pub changes: u32,
    /// Those against the direction of the one before, within an hour of it.
    pub reversals: u32,
}

/// A predicate with what was measured.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Check {
    /// What is asked for.
    pub what: String,
    /// What was found.
    pub found: String,
    /// Whether it holds.
    pub passes: bool,
}

/// The predicates of a run, in the order in which a scenario's file names them, against a line for the 95th percentile,
/// seconds. The run's `start` is the drill's.
pub fn judge(scenario: &Scenario, start: Timestamp, tally: &Tally, policy: &Policy, line: f64) -> Vec<Check> {
    let asked = &scenario.verify;
    let figures = Figures::of(tally, policy, line);
    let trouble = start + SignedDuration::from_secs(scenario.trouble().into());
    let mut checks = Vec::new();
    if let Some(most) = asked.failed {
        let what = if most == 0 { "no 5XX".to_owned() } else { format!("at most {most} 5XX") };
        checks.push(check(what, figures.failed.to_string(), figures.failed <= most));
    }
    if let Some(most) = asked.failed_percent {
        let arrived: f64 = tally.minutes.iter().map(answered).sum();
        let share = if arrived > 0.0 { figures.failed as f64 / arrived * 100.0 } else { 0.0 };
        checks.push(check(format!("5XX at most {most} % of requests"), format!("{share:.1} %"), share <= most));
    }
    if let Some(most) = asked.minutes_over {
        let what = format!("at most {most} minutes with p95 over {:.0} ms", line * 1000.0);
        checks.push(check(what, figures.minutes_over.to_string(), figures.minutes_over <= most));
    }
    if let Some(most) = asked.reversals {
        let what = format!("at most {most} reversal{}", if most == 1 { "" } else { "s" });
        checks.push(check(what, figures.reversals.to_string(), figures.reversals <= most));
    }
    if let Some(within) = asked.capacity_within {
        checks.push(capacity(tally, trouble, within));
    }
    if let Some(within) = asked.p95_within {
        checks.push(p95_back(tally, trouble, within, line));
    }
    if let Some(within) = asked.recovered_within {
        let took = recovered(&scenario.recovered, tally, trouble);
        let found = took.map_or("never".to_owned(), |minutes| format!("{minutes} min"));
        checks.push(check(
            format!("recovered within {within} minutes"),
            found,
            took.is_some_and(|took| took <= within),
        ));
    }
    if asked.flat {
        checks.push(flat("p95", "s", &last_hour(tally).filter_map(|minute| minute.p95).collect::<Vec<_>>()));
        checks.push(flat("memory", "%", &last_hour(tally).filter_map(|minute| minute.memory).collect::<Vec<_>>()));
    }
    if asked.back_at_floor {
        checks.push(back_at_floor(tally, policy, trouble));
    }
    if let Some(most) = asked.cost_ratio {
        checks.push(cost(&figures, most));
    }
    checks
}

/// Minutes from the trouble until the first of the minutes that count as recovered, after the first that was not well;
/// 0: it was well all the time. `None`: it never recovered.
pub fn recovered(asked: &Recovered, tally: &Tally, trouble: Timestamp) -> Option<u32> {
    let well = |minute: &Lived| is_well(asked, minute);
    let after: Vec<bool> = tally.minutes.iter().filter(|minute| minute.at >= trouble).map(well).collect();
    let Some(ill) = after.iter().position(|well| !well) else {
        return (!after.is_empty()).then_some(0);
    };
    let row = after[ill..].windows(asked.minutes as usize).position(|row| row.iter().all(|well| *well));
    row.map(|index| (ill + index) as u32)
}

/// Whether a minute is one of those that count as recovered.
pub fn is_well(asked: &Recovered, minute: &Lived) -> bool {
    let share = if answered(minute) > 0.0 { minute.failed / answered(minute) * 100.0 } else { 0.0 };
    minute.p95.is_some_and(|p95| p95 * 1000.0 <= asked.p95_ms) && share <= asked.failed_percent
}

/// Requests of a minute that got an answer: those that the balancer answers itself reach no target.
fn answered(minute: &Lived) -> f64 {
    minute.requests.max(minute.failed)
}

impl Figures {
    /// The figures of a run, against a line for the 95th percentile, seconds. The policy's limits bound the least.
    pub fn of(tally: &Tally, policy: &Policy, line: f64) -> Self {
        let least = |minute: &Lived| {
            let floor = floor_at(&policy.ecs, minute.at).count.0;
            f64::from(minute.least.max(floor).min(policy.ecs.max_capacity.0))
        };
        let steps = changes(tally);
        let reversals = steps.windows(2).filter(|pair| {
            let ((before, was_out), (at, is_out)) = (pair[0], pair[1]);
            was_out != is_out && at.duration_since(before) <= REVERSED_WITHIN
        });
        Self {
            minutes_over: tally.minutes.iter().filter(|minute| over(minute, line)).count() as u32,
            failed: tally.minutes.iter().map(|minute| minute.failed).sum::<f64>().round() as u64,
            task_hours: tally.minutes.iter().map(|minute| minute.paid).sum::<f64>() / 60.0,
            least_task_hours: tally.minutes.iter().map(least).sum::<f64>() / 60.0,
            reversals: reversals.count() as u32,
            changes: steps.len() as u32,
        }
    }
}

/// When the desired count changed, and whether it rose.
fn changes(tally: &Tally) -> Vec<(Timestamp, bool)> {
    tally.desired.windows(2).map(|pair| (pair[1].0, pair[1].1 > pair[0].1)).collect()
}

fn over(minute: &Lived, line: f64) -> bool {
    minute.p95.map_or(minute.failed > 0.0, |p95| p95 > line)
}

fn check(what: impl Into<String>, found: impl Into<String>, passes: bool) -> Check {
    Check { what: what.into(), found: found.into(), passes }
}

fn capacity(tally: &Tally, trouble: Timestamp, within: u32) -> Check {
    let after: Vec<&Lived> = tally.minutes.iter().filter(|minute| minute.at >= trouble).collect();
    // The wavering of a single minute does not move the need: the middle one of all minutes is taken.
    let mut needs: Vec<u32> = after.iter().map(|minute| minute.least).collect();
    needs.sort_unstable();
    let need = needs.get(needs.len() / 2).copied().unwrap_or(0);
    let there = after.iter().position(|minute| minute.running >= f64::from(need) - 0.01);
    check(
        format!("{need} tasks within {within} minutes of the step"),
        there.map_or("never".to_owned(), |minutes| format!("{minutes} min")),
        there.is_some_and(|minutes| minutes <= within as usize),
    )
}

fn p95_back(tally: &Tally, trouble: Timestamp, within: u32, line: f64) -> Check {
    let after: Vec<&Lived> = tally.minutes.iter().filter(|minute| minute.at >= trouble).collect();
    let last_over = after.iter().rposition(|minute| over(minute, line)).map_or(0, |index| index + 1);
    let recovered = last_over < after.len();
    check(
        format!("p95 back under {:.0} ms within {within} minutes, and staying", line * 1000.0),
        if recovered { format!("{last_over} min") } else { "never".to_owned() },
        recovered && last_over <= within as usize,
    )
}

fn last_hour(tally: &Tally) -> impl Iterator<Item = &Lived> {
    tally.minutes.iter().skip(tally.minutes.len().saturating_sub(SLOPE_MINUTES))
}

fn flat(name: &str, unit: &str, values: &[f64]) -> Check {
    let what = format!("no slope of {name} over the last hour");
    match slope(values) {
        Some((slope, error)) => {
            let found = format!("{:+.4} ± {:.4} {unit}/h", slope * 60.0, SLOPE_ERRORS * error * 60.0);
            check(what, found, slope.abs() <= SLOPE_ERRORS * error)
        }
        None => check(what, "too few minutes", false),
    }
}

/// The least-squares slope of values a step apart, and its standard error; `None` for fewer than three.
fn slope(values: &[f64]) -> Option<(f64, f64)> {
    let n = values.len() as f64;
    if values.len() < 3 {
        return None;
    }
    let (mean_x, mean_y) = ((n - 1.0) / 2.0, values.iter().sum::<f64>() / n);
    let off = |index: usize| index as f64 - mean_x;
    let spread: f64 = (0..values.len()).map(|index| off(index).powi(2)).sum();
    let slope = values.iter().enumerate().map(|(index, y)| off(index) * (y - mean_y)).sum::<f64>() / spread;
    let left: f64 = values.iter().enumerate().map(|(index, y)| (y - mean_y - slope * off(index)).powi(2)).sum();
    Some((slope, (left / (n - 2.0) / spread).sqrt()))
}

/// Back at the floor within the window, and a draining and a cooldown for each task that goes.
fn back_at_floor(tally: &Tally, policy: &Policy, step: Timestamp) -> Check {
    let before = tally.desired.iter().rev().find(|(at, _)| *at <= step).or(tally.desired.first());
    let floor = floor_at(&policy.ecs, step).count.0;
    let steps = before.map_or(0, |(_, count)| count.saturating_sub(floor));
    let allowed = policy.ecs.scale_in_window_s + steps * (DRAINING_S + policy.ecs.scale_in_cooldown_s + LATE_S);
    let arrived = tally.desired.iter().find(|(at, count)| *at >= step && *count <= floor);
    let took = arrived.map(|(at, _)| at.duration_since(step).as_secs());
    check(
        format!("desired back at {floor} within {} min", allowed / 60),
        took.map_or("never".to_owned(), |took| format!("{} min", took / 60)),
        took.is_some_and(|took| took <= i64::from(allowed)),
    )
}

fn cost(figures: &Figures, most: f64) -> Check {
    let ratio = figures.task_hours / figures.least_task_hours;
    check(format!("task-hours at most {most} × the least"), format!("{ratio:.2} ×"), ratio <= most)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::Environment;

    const LINE: f64 = 0.5;

    fn at(minute: i64) -> Timestamp {
        "2026-03-10T12:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_mins(minute)
    }

    fn policy() -> Policy {
        Policy::of_spec(Environment::Production)
    }

    /// Two hours of four tasks that need five, quick and without a failure.
    fn calm() -> Tally {
        let minute = |index| Lived {
            at: at(index),
            requests: 400.0,
            failed: 0.0,
            p95: Some(0.2 + 0.01 * (index % 2) as f64),
            memory: Some(50.0 - 0.5 * (index % 2) as f64),
            running: 4.0,
            paid: 4.0,
            least: 5,
        };
        Tally { minutes: (0..120).map(minute).collect(), desired: vec![(at(0), 4)], dollars: 0.0 }
    }

    /// What a built-in scenario asks of a run whose load stepped in a minute.
    fn passes(name: &str, tally: &Tally, step: i64) -> Vec<bool> {
        let scenario = Scenario::builtin(name).unwrap();
        let start = at(step) - SignedDuration::from_secs(scenario.trouble().into());
        judge(&scenario, start, tally, &policy(), LINE).iter().map(|check| check.passes).collect()
    }

    #[test]
    fn figures_count_what_was_lived() {
        let mut tally = calm();
        tally.minutes[3].p95 = Some(0.51);
        tally.minutes[4].p95 = Some(LINE);
        (tally.minutes[5].p95, tally.minutes[5].failed) = (None, 12.4);
        tally.minutes[6].p95 = None;
        tally.desired = vec![(at(0), 4), (at(5), 6), (at(10), 5), (at(12), 4), (at(72), 6), (at(200), 5)];
        let figures = Figures::of(&tally, &policy(), LINE);
        assert_eq!((figures.minutes_over, figures.failed), (2, 12), "at the line is not over it");
        assert!((figures.task_hours - 8.0).abs() < 1e-9 && (figures.least_task_hours - 10.0).abs() < 1e-9);
        assert_eq!((figures.changes, figures.reversals), (5, 2), "after more than an hour it is another story");
    }

    #[test]
    fn the_least_lies_within_the_limits() {
        let mut tally = calm();
        tally.minutes.iter_mut().for_each(|minute| minute.least = 1);
        assert!((Figures::of(&tally, &policy(), LINE).least_task_hours - 8.0).abs() < 1e-9, "the floor of the peak");
        tally.minutes.iter_mut().for_each(|minute| minute.least = 30);
        assert!((Figures::of(&tally, &policy(), LINE).least_task_hours - 20.0).abs() < 1e-9);
    }

    #[test]
    fn ramp_is_smooth_scaling_without_errors() {
        let mut tally = calm();
        assert_eq!(passes("ramp", &tally, 0), [true, true]);
        tally.minutes[9].failed = 1.0;
        tally.desired = vec![(at(0), 4), (at(5), 6), (at(10), 5), (at(12), 6)];
        assert_eq!(passes("ramp", &tally, 0), [false, false]);
    }

    #[test]
    fn spike_is_capacity_within_six_minutes_and_performance_within_eight() {
        let run = |capacity: usize, recovered: usize| {
            let mut tally = calm();
            tally.minutes[10..10 + recovered].iter_mut().for_each(|minute| minute.p95 = Some(3.0));
            tally.minutes[10 + capacity..].iter_mut().for_each(|minute| minute.running = 5.0);
            passes("spike", &tally, 10)
        };
        assert_eq!(run(6, 8), [true, true]);
        assert_eq!(run(7, 9), [false, false]);
        assert_eq!(run(6, 110), [true, false], "never back under it");
        assert_eq!(passes("spike", &calm(), 10), [false, true], "four tasks are not five");
    }

    #[test]
    fn sustained_is_no_slope_of_answers_or_memory() {
        let mut tally = calm();
        assert_eq!(passes("sustained", &tally, 0), [true, true]);
        for (index, minute) in tally.minutes.iter_mut().enumerate() {
            minute.memory = minute.memory.map(|memory| memory + 0.05 * index as f64);
        }
        assert_eq!(passes("sustained", &tally, 0), [true, false], "three points an hour are a leak");
        for (index, minute) in tally.minutes.iter_mut().enumerate() {
            minute.p95 = Some(0.2 + 0.001 * index as f64);
        }
        assert_eq!(passes("sustained", &tally, 0), [false, false]);
    }

    #[test]
    fn scale_down_is_back_at_the_floor_in_time_at_little_more_than_the_least() {
        let run = |arrived: i64, paid: f64| {
            let mut tally = calm();
            tally.minutes.iter_mut().for_each(|minute| (minute.paid, minute.least) = (paid, 2));
            tally.desired = vec![(at(0), 6), (at(30), 5), (at(arrived), 4)];
            passes("scale-down", &tally, 1)
        };
        // 25 minutes, and two steps of 13: 51 minutes after the step.
        assert_eq!(run(52, 4.59), [true, true]);
        assert_eq!(run(53, 4.61), [false, false]);
    }

    #[test]
    fn recovered_is_so_many_minutes_in_a_row_after_the_first_that_was_not_well() {
        let asked = Recovered::default();
        let run = |ill: &[usize]| {
            let mut tally = calm();
            for index in ill {
                tally.minutes[*index].failed = 5.0;
            }
            recovered(&asked, &tally, at(10))
        };
        assert_eq!(run(&[]), Some(0));
        assert_eq!(run(&[3]), Some(0), "what was before the trouble is another story");
        assert_eq!(run(&[12, 13, 14]), Some(5));
        assert_eq!(run(&[12, 16, 20]), Some(11), "three well minutes are not five");
        assert_eq!(run(&[12, 117]), Some(3));
        assert_eq!(run(&[117]), None, "two minutes were not enough to tell");
        let mut slow = calm();
        slow.minutes[11].p95 = Some(0.6);
        slow.minutes[12].failed = 4.0;
        assert_eq!(recovered(&asked, &slow, at(10)), Some(2), "one in a hundred may fail");
    }

    #[test]
    fn an_outage_without_a_target_is_all_failed() {
        let mut tally = calm();
        tally.minutes.iter_mut().for_each(|minute| (minute.requests, minute.failed) = (0.0, 400.0));
        let scenario = Scenario::builtin("bad-deploy").unwrap();
        let checks = judge(&scenario, at(0), &tally, &policy(), LINE);
        let share = checks.iter().find(|check| check.what.starts_with("5XX at most")).unwrap();
        assert_eq!((share.found.as_str(), share.passes), ("100.0 %", false));
    }
}
