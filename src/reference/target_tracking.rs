//! Application Auto Scaling's target tracking on an ECS service.
//!
//! From "Target tracking scaling policies for Application Auto Scaling" and "Automatically scale your Amazon ECS
//! service". AWS publishes no formula; the proportional one is what its descriptions amount to, and the alarms are those
//! that AWS is seen to create.

use super::{Counts, Measured, capacity};

/// Datapoints above the target, all of as many, that put the high alarm into `ALARM`: three of one minute.
pub const HIGH_MINUTES: usize = 3;
/// Datapoints below [`LOW_SHARE`] of the target, all of as many, that put the low alarm into `ALARM`: fifteen.
pub const LOW_MINUTES: usize = 15;
/// The low alarm's threshold as a share of the target: the documentation says that tasks are removed when the metric is
/// "usually more than 10% lower".
pub const LOW_SHARE: f64 = 0.9;
/// `ScaleOutCooldown` and `ScaleInCooldown` of an ECS service where the policy names none, seconds.
pub const DEFAULT_COOLDOWN_S: i64 = 300;

/// The cooldowns of the policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cooldowns {
    /// `ScaleOutCooldown`, seconds.
    pub out_s: i64,
    /// `ScaleInCooldown`, seconds.
    pub in_s: i64,
}

impl Default for Cooldowns {
    fn default() -> Self {
        Self { out_s: DEFAULT_COOLDOWN_S, in_s: DEFAULT_COOLDOWN_S }
    }
}

/// What the autoscaler remembers from one decision to the next.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct State {
    /// When the last scale-out began, and by how many tasks.
    last_out: Option<(i64, u32)>,
    /// A scale-in is under way.
    scaling_in: bool,
    /// When the last scale-in was fulfilled.
    last_in: Option<i64>,
}

/// The desired count at `now`, in seconds, and the memory for the next call. One call a minute, one policy a metric.
///
/// - Out if any policy's high alarm asks, to the largest count; "in only if all of the policies agree", to the largest.
/// - Reckoned from the tasks that run, not from those that are desired, "to prevent runaway scaling".
/// - Missing datapoints are `INSUFFICIENT_DATA`: no scaling on them, in either direction.
/// - Within the out-cooldown only a larger scale-out goes through. The in-cooldown runs from when a scale-in is
///   complete; a scale-out ends it at once.
/// - A count outside the limits stays until an alarm of the opposite direction: one below the minimum is lifted to it
///   first, one above the maximum brought to it first.
pub fn decide(metrics: &[Measured<'_>], counts: Counts, cooldowns: Cooldowns, state: State, now: i64) -> (u32, State) {
    let mut state = state;
    if state.scaling_in && counts.running == counts.desired {
        (state.scaling_in, state.last_in) = (false, Some(now));
    }
    let want = |metric: &Measured<'_>| metric.newest().map(|value| capacity(metric.tasks, value, metric.target));
    if let Some(want) = metrics.iter().filter(|metric| high(metric)).filter_map(want).max() {
        let to = want.max(counts.min).min(counts.max);
        let step = to.saturating_sub(counts.running);
        let cooling = state.last_out.is_some_and(|(at, last)| now < at + cooldowns.out_s && step <= last);
        if to <= counts.desired || cooling {
            return (counts.desired, state);
        }
        return (to, State { last_out: Some((now, step)), scaling_in: false, last_in: None });
    }
    let agreed = !metrics.is_empty() && metrics.iter().all(low);
    let cooling = state.last_in.is_some_and(|at| now < at + cooldowns.in_s);
    if !agreed || cooling || counts.desired <= counts.min {
        return (counts.desired, state);
    }
    let want = metrics.iter().filter_map(want).max().unwrap_or(counts.desired);
    let to = if counts.desired > counts.max { counts.max } else { want.max(counts.min) };
    if to >= counts.desired.min(counts.running) {
        return (counts.desired, state);
    }
    (to, State { scaling_in: true, ..state })
}

fn high(metric: &Measured<'_>) -> bool {
    held(metric, HIGH_MINUTES, |value| value > metric.target)
}

fn low(metric: &Measured<'_>) -> bool {
    held(metric, LOW_MINUTES, |value| value < LOW_SHARE * metric.target)
}

/// Whether the newest `minutes` are all there and all breach.
fn held(metric: &Measured<'_>, minutes: usize, breaches: impl Fn(f64) -> bool) -> bool {
    let newest = metric.values.len().checked_sub(minutes).map(|from| &metric.values[from..]);
    newest.is_some_and(|newest| newest.iter().all(|value| value.is_some_and(&breaches)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPEC: Cooldowns = Cooldowns { out_s: 60, in_s: 300 };

    fn counts(desired: u32, running: u32) -> Counts {
        Counts { desired, running, min: 2, max: 10 }
    }

    fn measured(values: &[Option<f64>], tasks: u32) -> Measured<'_> {
        Measured { values, tasks: f64::from(tasks), target: 70.0 }
    }

    fn one(values: &[Option<f64>], tasks: u32) -> u32 {
        decide(&[measured(values, tasks)], counts(tasks, tasks), SPEC, State::default(), 0).0
    }

    #[test]
    fn out_after_three_minutes_above_and_in_after_fifteen_well_below() {
        let (calm, hot, idle) = (Some(65.0), Some(100.0), Some(30.0));
        assert_eq!(one(&[calm, hot, hot], 4), 4, "two minutes are not three");
        assert_eq!(one(&[hot, hot], 4), 4);
        assert_eq!(one(&[calm, hot, hot, hot], 4), 6, "4 × 100 ÷ 70, rounded up");
        assert_eq!(one(&[Some(70.0); 15], 4), 4, "at the target is not above");
        assert_eq!(one(&[idle; 14], 4), 4);
        assert_eq!(one(&[idle; 15], 4), 2, "4 × 30 ÷ 70, rounded up");
        assert_eq!(one(&[Some(63.0); 15], 10), 10, "at 0.9 of the target is not below");
        assert_eq!(one(&[Some(62.9); 15], 10), 9);
        assert_eq!(one(&[Some(62.0); 15], 3), 3, "half a task is not removed");
    }

    #[test]
    fn missing_datapoints_scale_nothing() {
        let (hot, idle) = (Some(100.0), Some(10.0));
        assert_eq!(one(&[hot, None, hot], 4), 4);
        assert_eq!(one(&[hot, hot, hot, None], 4), 4);
        let mut quiet = [idle; 15];
        quiet[3] = None;
        assert_eq!(one(&quiet, 4), 4);
        assert_eq!(one(&[], 4), 4);
        assert_eq!(decide(&[], counts(4, 4), SPEC, State::default(), 0).0, 4, "no policy, no scaling");
    }

    #[test]
    fn any_policy_scales_out_and_all_must_agree_to_scale_in() {
        let (idle, busy, hot) = ([Some(10.0); 15], [Some(66.0); 15], [Some(140.0); 15]);
        let both = |first: &[Option<f64>], second: &[Option<f64>]| {
            decide(&[measured(first, 4), measured(second, 4)], counts(4, 4), SPEC, State::default(), 0).0
        };
        assert_eq!(both(&idle, &hot), 8);
        assert_eq!(both(&[Some(100.0); 3], &hot), 8, "the largest count wins");
        assert_eq!(both(&idle, &busy), 4);
        assert_eq!(both(&idle, &[Some(50.0); 15]), 3, "in to the largest count");
    }

    #[test]
    fn limits_hold_and_a_count_outside_them_waits_for_the_opposite_alarm() {
        let from = |desired: u32, value: f64| one(&[Some(value); 15], desired);
        assert_eq!(from(9, 100.0), 10);
        assert_eq!(from(10, 100.0), 10);
        assert_eq!(from(3, 1.0), 2);
        assert_eq!(from(12, 100.0), 12);
        assert_eq!(from(12, 10.0), 10, "to the maximum first");
        assert_eq!(from(1, 10.0), 1);
        assert_eq!(from(1, 80.0), 2);
    }

    #[test]
    fn only_a_larger_scale_out_goes_through_the_out_cooldown() {
        let ask = |want: f64| [Some(70.0 * want); 3];
        let first = ask(6.0);
        let (to, state) = decide(&[measured(&first, 1)], counts(4, 4), SPEC, State::default(), 1000);
        assert_eq!(to, 6);
        for (now, running, want, known) in [(1059, 6, 8.0, 6), (1060, 6, 8.0, 8), (1030, 6, 9.0, 9), (1030, 4, 7.0, 7)]
        {
            let values = ask(want);
            let (to, _) = decide(&[measured(&values, 1)], counts(6, running), SPEC, state, now);
            assert_eq!(to, known, "{want} wanted at {now} with {running} running");
        }
    }

    #[test]
    fn the_in_cooldown_runs_from_the_end_of_a_scale_in_and_an_out_ends_it() {
        let (idle, hot) = ([Some(45.0); 15], [Some(100.0); 15]);
        let step = |values: &[Option<f64>], counts, state, now| {
            decide(&[Measured { tasks: 8.0, ..measured(values, 8) }], counts, SPEC, state, now)
        };
        let (to, state) = step(&idle, counts(8, 8), State::default(), 0);
        assert_eq!(to, 6);
        let (to, state) = step(&[Some(20.0); 15], counts(6, 8), state, 60);
        assert_eq!(to, 3, "not complete: no cooldown yet, and still well below");
        let (to, state) = step(&[Some(10.0); 15], counts(3, 3), state, 120);
        assert_eq!(to, 3, "complete: the cooldown begins");
        assert_eq!(step(&[Some(10.0); 15], counts(3, 3), state, 419).0, 3);
        assert_eq!(step(&[Some(10.0); 15], counts(3, 3), state, 420).0, 2);
        let (to, state) = step(&hot, counts(3, 3), state, 130);
        assert_eq!(to, 10, "an out waits for no scale-in's cooldown");
        assert_eq!(step(&[Some(10.0); 15], counts(10, 10), state, 200).0, 2, "and ended it");
    }

    #[test]
    fn what_is_on_its_way_counts_and_is_not_taken_back() {
        let hot = [Some(100.0); 15];
        assert_eq!(decide(&[measured(&hot, 4)], counts(6, 4), SPEC, State::default(), 0).0, 6);
        let idle = [Some(60.0); 15];
        assert_eq!(decide(&[measured(&idle, 4)], counts(8, 4), SPEC, State::default(), 0).0, 8);
    }
}
