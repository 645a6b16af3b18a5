//! The Kubernetes Horizontal Pod Autoscaler, `autoscaling/v2`, with the defaults of its controller.
//!
//! From "Horizontal Pod Autoscaling" of the Kubernetes documentation: "Algorithm details" and "Configurable scaling
//! behavior".

use std::collections::VecDeque;

use super::{Counts, Measured, capacity};

/// `--horizontal-pod-autoscaler-sync-period`, seconds.
pub const SYNC_S: i64 = 15;
/// `--horizontal-pod-autoscaler-tolerance`: no scaling while the ratio of value and target is this near to 1.
pub const TOLERANCE: f64 = 0.1;
/// `scaleDown.stabilizationWindowSeconds`: in only to the highest recommendation of this time. For out it is 0.
pub const STABILIZATION_S: i64 = 300;
/// `periodSeconds` of the default rate policies.
pub const RATE_S: i64 = 15;
/// The default `scaleUp` policies: 100 % or four pods in a period, whichever is more.
pub const UP_PODS: u32 = 4;

/// What the controller remembers from one sync to the next: never more than the stabilisation window holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    /// Recommendations before stabilisation, with their seconds, oldest first.
    recommended: VecDeque<(i64, u32)>,
    /// Pods added, with their seconds, oldest first.
    added: VecDeque<(i64, u32)>,
}

/// The desired count at `now`, in seconds. Changes `state` as a sync does.
///
/// - For each metric `ceil(pods × value ÷ target)`; within the tolerance the count stays. The largest count wins.
/// - "If any of the metrics is unavailable, and the others suggest scaling down, scaling is skipped"; up still goes.
/// - Down only to the highest recommendation of the last five minutes.
/// - Up at most to the double or by four pods in 15 seconds. The default for down, 100 % in 15 seconds, limits nothing.
/// - A count of 0 set by hand switches it off.
pub fn decide(metrics: &[Measured<'_>], counts: Counts, state: &mut State, now: i64) -> u32 {
    let Counts { desired: current, min, max, .. } = counts;
    if current == 0 {
        return 0;
    }
    // A count outside its limits is brought to them without a look at any metric.
    let recommended = if current > max {
        max
    } else if current < min {
        min
    } else {
        match recommend(metrics, current) {
            Some(recommended) => recommended,
            None => return current,
        }
    };
    let to = stabilise(state, recommended, current, now).clamp(min, max);
    let to = to.min(most(state, current, now));
    if to > current {
        state.added.push_back((now, to - current));
    }
    to
}

/// The count that the metrics ask for; `None`: they do not allow an answer.
fn recommend(metrics: &[Measured<'_>], current: u32) -> Option<u32> {
    let asks = metrics.iter().filter_map(|metric| {
        let value = metric.newest()?;
        let near = (value / metric.target - 1.0).abs() <= TOLERANCE;
        Some(if near { current } else { capacity(metric.tasks, value, metric.target) })
    });
    let largest = asks.max()?;
    let complete = metrics.iter().all(|metric| metric.newest().is_some());
    (complete || largest > current).then_some(largest)
}

fn stabilise(state: &mut State, recommended: u32, current: u32, now: i64) -> u32 {
    while state.recommended.front().is_some_and(|(at, _)| now - at > STABILIZATION_S) {
        state.recommended.pop_front();
    }
    state.recommended.push_back((now, recommended));
    if recommended >= current {
        return recommended;
    }
    let highest = state.recommended.iter().map(|(_, count)| *count).max().unwrap_or(recommended);
    highest.min(current)
}

/// The most pods that the rate policies allow.
fn most(state: &mut State, current: u32, now: i64) -> u32 {
    while state.added.front().is_some_and(|(at, _)| now - at >= RATE_S) {
        state.added.pop_front();
    }
    let added: u32 = state.added.iter().map(|(_, pods)| pods).sum();
    let before = current.saturating_sub(added);
    before.saturating_mul(2).max(before.saturating_add(UP_PODS)).max(current)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(desired: u32) -> Counts {
        Counts { desired, running: desired, min: 2, max: 100 }
    }

    fn measured(value: &[Option<f64>; 1], tasks: u32) -> Measured<'_> {
        Measured { values: value, tasks: f64::from(tasks), target: 50.0 }
    }

    fn fresh(value: f64, tasks: u32) -> u32 {
        decide(&[measured(&[Some(value)], tasks)], counts(tasks), &mut State::default(), 0)
    }

    /// The documentation's own example: a value of twice the target doubles the pods, half of it halves them.
    #[test]
    fn the_documented_ratio_and_its_tolerance() {
        assert_eq!(fresh(100.0, 4), 8);
        assert_eq!(fresh(25.0, 8), 4);
        for (value, known) in [(45.0, 10), (54.9, 10), (44.9, 9), (55.1, 12)] {
            assert_eq!(fresh(value, 10), known, "ten pods at {value}");
        }
    }

    #[test]
    fn the_largest_ask_wins_and_an_unavailable_metric_only_stops_the_way_down() {
        let two = |first: Option<f64>, second: Option<f64>| {
            let (first, second) = ([first], [second]);
            decide(&[measured(&first, 4), measured(&second, 4)], counts(4), &mut State::default(), 0)
        };
        assert_eq!(two(Some(100.0), Some(75.0)), 8);
        assert_eq!(two(Some(25.0), Some(37.0)), 3);
        assert_eq!(two(Some(100.0), None), 8);
        assert_eq!(two(Some(25.0), None), 4);
        assert_eq!(two(None, None), 4);
    }

    #[test]
    fn down_goes_to_the_highest_recommendation_of_five_minutes() {
        let mut state = State::default();
        let mut at =
            |value: f64, count: u32, now| decide(&[measured(&[Some(value)], count)], counts(count), &mut state, now);
        assert_eq!(at(50.0, 10, 0), 10);
        assert_eq!(at(30.0, 10, 15), 10, "ten was recommended 15 seconds ago");
        assert_eq!(at(35.0, 10, 300), 10);
        assert_eq!(at(25.0, 10, 301), 7, "what was 300 seconds ago is over");
        assert_eq!(at(25.0, 7, 316), 7);
        assert_eq!(at(25.0, 7, 602), 4);
        assert_eq!(at(100.0, 4, 610), 8, "up waits for nothing");
    }

    #[test]
    fn up_doubles_or_adds_four_in_fifteen_seconds() {
        let mut state = State::default();
        let mut at = |count: u32, now| decide(&[measured(&[Some(5000.0)], count)], counts(count), &mut state, now);
        assert_eq!(at(2, 0), 6, "by four");
        assert_eq!(at(6, 5), 6, "that period has had its four");
        assert_eq!(at(6, 15), 12, "the double");
        assert_eq!(at(12, 30), 24);
    }

    #[test]
    fn limits_hold_and_zero_switches_it_off() {
        assert_eq!(fresh(1.0, 3), 2);
        assert_eq!(fresh(100.0, 99), 100);
        assert_eq!(fresh(50.0, 120), 100);
        assert_eq!(fresh(50.0, 1), 2);
        assert_eq!(fresh(500.0, 0), 0);
    }
}
