//! The "Verify" lines of the spec's load tests as predicates with numbers, and the figures that a run is compared by.
//!
//! Everything is judged on what was lived, minute by minute, not on what was published.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::drill::{Lived, Tally};
use crate::policy::Policy;
use crate::policy::schedule::floor_at;

/// A change against the direction of the one before it counts as a reversal within this time.
const REVERSED_WITHIN: SignedDuration = SignedDuration::from_mins(60);
/// "Quick scale-out": capacity for the new load this long after the step.
const CAPACITY_WITHIN_MIN: usize = 6;
/// "Stable performance" after a step: the 95th percentile is back under the line by then, and stays.
const RECOVERED_WITHIN_MIN: usize = 8;
/// The part of a run over which slopes are judged.
const SLOPE_MINUTES: usize = 60;
/// A slope is told from 0 when it is this many standard errors away: 1 in 100 by chance, for an hour of minutes.
const SLOPE_ERRORS: f64 = 2.66;
/// "Cost optimisation": task-hours against the least that keep the line.
const COST_RATIO: f64 = 1.15;
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

/// The spec's load tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LoadTest {
    /// "Smooth scaling, no errors".
    Ramp,
    /// "Quick scale-out, stable performance".
    Spike,
    /// "Stable performance, no memory leaks".
    Sustained,
    /// "Proper scale-in, cost optimization".
    ScaleDown,
}

impl LoadTest {
    /// The test that a built-in scenario is the load of, with how long it is watched.
    pub fn of(scenario: &str) -> Option<(Self, SignedDuration)> {
        Some(match scenario {
            "ramp" => (Self::Ramp, SignedDuration::from_mins(60)),
            "spike" => (Self::Spike, SignedDuration::from_mins(60)),
            "sustained" => (Self::Sustained, SignedDuration::from_mins(120)),
            "scale-down" => (Self::ScaleDown, SignedDuration::from_mins(120)),
            _ => return None,
        })
    }

    /// The predicates of a run whose load stepped at `step`, against a line for the 95th percentile, seconds.
    pub fn judge(self, tally: &Tally, policy: &Policy, step: Timestamp, line: f64) -> Vec<Check> {
        let figures = Figures::of(tally, policy, line);
        match self {
            Self::Ramp => vec![
                check("no 5XX", format!("{}", figures.failed), figures.failed == 0),
                check("at most 1 reversal", format!("{}", figures.reversals), figures.reversals <= 1),
            ],
            Self::Spike => after_step(tally, step, line),
            Self::Sustained => vec![
                flat("p95", "s", &last_hour(tally).filter_map(|minute| minute.p95).collect::<Vec<_>>()),
                flat("memory", "%", &last_hour(tally).filter_map(|minute| minute.memory).collect::<Vec<_>>()),
            ],
            Self::ScaleDown => vec![back_at_floor(tally, policy, step), cost(&figures)],
        }
    }
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

fn after_step(tally: &Tally, step: Timestamp, line: f64) -> Vec<Check> {
    let after: Vec<&Lived> = tally.minutes.iter().filter(|minute| minute.at >= step).collect();
    // The wavering of a single minute does not move the need: the middle one of all minutes is taken.
    let mut needs: Vec<u32> = after.iter().map(|minute| minute.least).collect();
    needs.sort_unstable();
    let need = needs.get(needs.len() / 2).copied().unwrap_or(0);
    let there = after.iter().position(|minute| minute.running >= f64::from(need) - 0.01);
    let last_over = after.iter().rposition(|minute| over(minute, line)).map_or(0, |index| index + 1);
    let recovered = last_over < after.len();
    vec![
        check(
            format!("{need} tasks within {CAPACITY_WITHIN_MIN} minutes of the step"),
            there.map_or("never".to_owned(), |minutes| format!("{minutes} min")),
            there.is_some_and(|minutes| minutes <= CAPACITY_WITHIN_MIN),
        ),
        check(
            format!("p95 back under {:.0} ms within {RECOVERED_WITHIN_MIN} minutes, and staying", line * 1000.0),
            if recovered { format!("{last_over} min") } else { "never".to_owned() },
            recovered && last_over <= RECOVERED_WITHIN_MIN,
        ),
    ]
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

fn cost(figures: &Figures) -> Check {
    let ratio = figures.task_hours / figures.least_task_hours;
    check(format!("task-hours at most {COST_RATIO} × the least"), format!("{ratio:.2} ×"), ratio <= COST_RATIO)
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
        Tally { minutes: (0..120).map(minute).collect(), desired: vec![(at(0), 4)] }
    }

    fn passes(test: LoadTest, tally: &Tally, step: i64) -> Vec<bool> {
        test.judge(tally, &policy(), at(step), LINE).iter().map(|check| check.passes).collect()
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
        assert_eq!(passes(LoadTest::Ramp, &tally, 0), [true, true]);
        tally.minutes[9].failed = 1.0;
        tally.desired = vec![(at(0), 4), (at(5), 6), (at(10), 5), (at(12), 6)];
        assert_eq!(passes(LoadTest::Ramp, &tally, 0), [false, false]);
    }

    #[test]
    fn spike_is_capacity_within_six_minutes_and_performance_within_eight() {
        let run = |capacity: usize, recovered: usize| {
            let mut tally = calm();
            tally.minutes[10..10 + recovered].iter_mut().for_each(|minute| minute.p95 = Some(3.0));
            tally.minutes[10 + capacity..].iter_mut().for_each(|minute| minute.running = 5.0);
            passes(LoadTest::Spike, &tally, 10)
        };
        assert_eq!(run(6, 8), [true, true]);
        assert_eq!(run(7, 9), [false, false]);
        assert_eq!(run(6, 110), [true, false], "never back under it");
        assert_eq!(passes(LoadTest::Spike, &calm(), 10), [false, true], "four tasks are not five");
    }

    #[test]
    fn sustained_is_no_slope_of_answers_or_memory() {
        let mut tally = calm();
        assert_eq!(passes(LoadTest::Sustained, &tally, 0), [true, true]);
        for (index, minute) in tally.minutes.iter_mut().enumerate() {
            minute.memory = minute.memory.map(|memory| memory + 0.05 * index as f64);
        }
        assert_eq!(passes(LoadTest::Sustained, &tally, 0), [true, false], "three points an hour are a leak");
        for (index, minute) in tally.minutes.iter_mut().enumerate() {
            minute.p95 = Some(0.2 + 0.001 * index as f64);
        }
        assert_eq!(passes(LoadTest::Sustained, &tally, 0), [false, false]);
    }

    #[test]
    fn scale_down_is_back_at_the_floor_in_time_at_little_more_than_the_least() {
        let run = |arrived: i64, paid: f64| {
            let mut tally = calm();
            tally.minutes.iter_mut().for_each(|minute| (minute.paid, minute.least) = (paid, 2));
            tally.desired = vec![(at(0), 6), (at(30), 5), (at(arrived), 4)];
            passes(LoadTest::ScaleDown, &tally, 1)
        };
        // 25 minutes, and two steps of 13: 51 minutes after the step.
        assert_eq!(run(52, 4.59), [true, true]);
        assert_eq!(run(53, 4.61), [false, false]);
    }
}
