//! What target tracking decides: pure functions of alarms, counts and cooldowns, as Application Auto Scaling documents
//! them.

use super::autoscaling::{NotScaled, Out, Suspended};

/// A policy with its alarms' states and the newest datapoint.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Ask {
    /// The alarm above the target is in `ALARM`.
    pub high: bool,
    /// The alarm well below the target is in `ALARM`.
    pub low: bool,
    /// The newest final datapoint, if there is one.
    pub value: Option<f64>,
    /// Tasks that ran while it was measured: a datapoint of four tasks says nothing about seven.
    pub measured_on: f64,
    /// The value that is kept.
    pub target: f64,
    /// Whether it takes part in scaling in.
    pub scales_in: bool,
    /// Seconds after a scale-in.
    pub in_cooldown: i64,
}

/// What a decision is made from.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Situation {
    /// The policies.
    pub asks: Vec<Ask>,
    /// The desired count.
    pub desired: u32,
    /// The running count.
    pub running: u32,
    /// The least count.
    pub min: u32,
    /// The greatest count.
    pub max: u32,
    /// What is switched off.
    pub suspended: Suspended,
    /// A deployment is in progress.
    pub deploying: bool,
    /// The last scale-out.
    pub last_out: Option<Out>,
    /// The second in which the last scale-in was fulfilled.
    pub last_in: Option<i64>,
    /// The second it is.
    pub now: i64,
}

/// A decision. `by` is the index of the policy that made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    /// Nothing asks, or a cooldown holds.
    Nothing,
    /// Scale out.
    Out {
        /// To this count.
        to: u32,
        /// The policy.
        by: usize,
    },
    /// Scale in.
    In {
        /// To this count.
        to: u32,
        /// The policy.
        by: usize,
    },
    /// Something asks, and it is declined.
    Declined {
        /// Why.
        reason: NotScaled,
        /// The policy.
        by: usize,
    },
}

/// The count that keeps a metric at its target, when `running` tasks have it at `value`. Rounded up: one and a half
/// tasks to add are two, half a task to remove is none.
pub(super) fn capacity(running: f64, value: f64, target: f64) -> u32 {
    // What is a whole number up to the noise of floating point must not become one more.
    (running * value / target - 1e-9).ceil().max(0.0) as u32
}

/// Decides.
pub(super) fn decide(it: &Situation) -> Decision {
    let largest = |asks: fn(&Ask) -> bool| {
        let wants = it.asks.iter().enumerate().filter(|(_, ask)| asks(ask)).filter_map(|(by, ask)| {
            let value = ask.value?;
            Some((capacity(ask.measured_on, value, ask.target), by))
        });
        // The first of equals.
        wants.reduce(|best, next| if next.0 > best.0 { next } else { best })
    };
    if let Some((want, by)) = largest(|ask| ask.high) {
        return if it.suspended.dynamic_out { Decision::Nothing } else { out(it, want, by) };
    }
    let voters = it.asks.iter().filter(|ask| ask.scales_in);
    let agreed = voters.clone().count() > 0 && voters.clone().all(|ask| ask.low && ask.value.is_some());
    match largest(|ask| ask.scales_in) {
        Some((want, by)) if agreed && !it.suspended.dynamic_in => scale_in(it, want, by),
        _ => Decision::Nothing,
    }
}

fn out(it: &Situation, want: u32, by: usize) -> Decision {
    // A count set by hand below the least one is lifted to it first.
    let to = want.max(it.min).min(it.max);
    if to <= it.desired {
        let reason = if it.desired >= it.max {
            NotScaled::AlreadyAtMaxCapacity { max: it.max }
        } else {
            NotScaled::AlreadyAtDesiredCapacity { current: it.desired }
        };
        return Decision::Declined { reason, by };
    }
    let step = to.saturating_sub(it.running);
    match it.last_out {
        Some(last) if it.now < last.at + last.cooldown && step <= last.step => Decision::Nothing,
        _ => Decision::Out { to, by },
    }
}

fn scale_in(it: &Situation, want: u32, by: usize) -> Decision {
    let declined = |reason| Decision::Declined { reason, by };
    if it.desired <= it.min {
        return declined(NotScaled::AlreadyAtMinCapacity { min: it.min });
    }
    if it.deploying {
        return declined(NotScaled::TargetServicePutResourceAsUnscalable);
    }
    if it.last_in.is_some_and(|at| it.now < at + it.asks[by].in_cooldown) {
        return Decision::Nothing;
    }
    // A count set by hand above the greatest one is brought to it first.
    let to = if it.desired > it.max { it.max } else { want.max(it.min) };
    if to >= it.desired {
        return declined(NotScaled::AutoScalingAnticipatedFlapping);
    }
    // Reckoned from the tasks that run: what is still on its way is not taken back.
    if to >= it.running {
        return Decision::Nothing;
    }
    Decision::In { to, by }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(value: f64, running: u32, target: f64) -> Ask {
        Ask {
            high: value > target,
            low: value < 0.9 * target,
            value: Some(value),
            measured_on: f64::from(running),
            target,
            scales_in: true,
            in_cooldown: 300,
        }
    }

    fn situation(desired: u32, running: u32, asks: &[Ask]) -> Situation {
        Situation {
            asks: asks.to_vec(),
            desired,
            running,
            min: 2,
            max: 10,
            suspended: Suspended::default(),
            deploying: false,
            last_out: None,
            last_in: None,
            now: 1000,
        }
    }

    #[test]
    fn capacity_is_proportional_and_rounds_up() {
        for (running, value, target, known) in [
            (4.0, 100.0, 70.0, 6),
            (4.0, 1750.0, 1000.0, 7),
            (4.0, 70.0, 70.0, 4),
            (10.0, 63.0, 70.0, 9),
            (8.0, 52.5, 70.0, 6),
            (3.0, 35.0, 70.0, 2),
            (2.0, 0.0, 70.0, 0),
        ] {
            assert_eq!(capacity(running, value, target), known, "{running} at {value} for {target}");
        }
    }

    #[test]
    fn any_policy_scales_out_and_the_largest_wins() {
        let it = situation(4, 4, &[ask(100.0, 4, 70.0), ask(46.0, 4, 80.0), ask(1750.0, 4, 1000.0)]);
        assert_eq!(decide(&it), Decision::Out { to: 7, by: 2 });
    }

    #[test]
    fn all_policies_must_agree_to_scale_in() {
        let agreed = situation(8, 8, &[ask(20.0, 8, 70.0), ask(46.0, 8, 80.0), ask(88.0, 8, 1000.0)]);
        assert_eq!(decide(&agreed), Decision::In { to: 5, by: 1 });
        let mut undecided = agreed.clone();
        undecided.asks[1].low = false;
        assert_eq!(decide(&undecided), Decision::Nothing);
        let mut blind = agreed.clone();
        blind.asks[2] = Ask { low: false, value: None, ..blind.asks[2] };
        assert_eq!(decide(&blind), Decision::Nothing);
        let mut unasked = agreed;
        unasked.asks[1].scales_in = false;
        assert_eq!(decide(&unasked), Decision::In { to: 3, by: 0 });
    }

    #[test]
    fn limits_hold_and_say_so() {
        let declined = |reason| Decision::Declined { reason, by: 0 };
        let high = |desired| decide(&situation(desired, desired, &[ask(100.0, desired, 70.0)]));
        let low = |desired| decide(&situation(desired, desired, &[ask(10.0, desired, 70.0)]));
        assert_eq!(high(9), Decision::Out { to: 10, by: 0 });
        assert_eq!(high(10), declined(NotScaled::AlreadyAtMaxCapacity { max: 10 }));
        assert_eq!(low(3), Decision::In { to: 2, by: 0 });
        assert_eq!(low(2), declined(NotScaled::AlreadyAtMinCapacity { min: 2 }));
    }

    #[test]
    fn a_count_outside_the_limits_stays_until_an_opposite_alarm() {
        let declined = |reason| Decision::Declined { reason, by: 0 };
        let at = |desired, value| decide(&situation(desired, desired, &[ask(value, desired, 70.0)]));
        assert_eq!(at(12, 100.0), declined(NotScaled::AlreadyAtMaxCapacity { max: 10 }));
        assert_eq!(at(12, 10.0), Decision::In { to: 10, by: 0 }, "to the greatest count first");
        assert_eq!(at(1, 10.0), declined(NotScaled::AlreadyAtMinCapacity { min: 2 }));
        assert_eq!(at(1, 80.0), Decision::Out { to: 2, by: 0 });
        assert_eq!(at(12, 65.0), Decision::Nothing, "between the alarms");
    }

    #[test]
    fn cooldown_table() {
        // From 4, out to 6 at 1000: a step of 2.
        let last = Out { at: 1000, step: 2, cooldown: 60 };
        for (now, desired, running, want, known) in [
            (1059, 6, 6, 8.0, Decision::Nothing),
            (1060, 6, 6, 8.0, Decision::Out { to: 8, by: 0 }),
            (1030, 6, 6, 9.0, Decision::Out { to: 9, by: 0 }),
            (1030, 6, 4, 7.0, Decision::Out { to: 7, by: 0 }),
        ] {
            let mut it = situation(desired, running, &[ask(100.0 * want, 1, 100.0)]);
            (it.last_out, it.now) = (Some(last), now);
            assert_eq!(decide(&it), known, "at {now} with {running} of {desired} running, {want} wanted");
        }
        let mut it = situation(8, 8, &[ask(20.0, 8, 70.0)]);
        it.last_in = Some(1000);
        for (now, known) in [(1299, Decision::Nothing), (1300, Decision::In { to: 3, by: 0 })] {
            it.now = now;
            assert_eq!(decide(&it), known, "at {now}");
        }
        it.asks[0] = ask(100.0, 8, 70.0);
        it.now = 1001;
        assert_eq!(decide(&it), Decision::Out { to: 10, by: 0 }, "an out waits for no scale-in's cooldown");
    }

    #[test]
    fn what_is_on_its_way_counts_and_is_not_taken_back() {
        let declined = |reason| Decision::Declined { reason, by: 0 };
        let it = situation(6, 4, &[ask(100.0, 4, 70.0)]);
        assert_eq!(decide(&it), declined(NotScaled::AlreadyAtDesiredCapacity { current: 6 }));
        let it = situation(8, 4, &[ask(60.0, 4, 70.0)]);
        assert_eq!(decide(&it), Decision::Nothing);
    }

    #[test]
    fn deployments_and_switches_hold_it() {
        let mut it = situation(8, 8, &[ask(20.0, 8, 70.0)]);
        it.deploying = true;
        assert_eq!(decide(&it), Decision::Declined { reason: NotScaled::TargetServicePutResourceAsUnscalable, by: 0 });
        it.deploying = false;
        it.suspended.dynamic_in = true;
        assert_eq!(decide(&it), Decision::Nothing);
        it.asks[0] = ask(100.0, 8, 70.0);
        assert_eq!(decide(&it), Decision::Out { to: 10, by: 0 });
        it.suspended.dynamic_out = true;
        assert_eq!(decide(&it), Decision::Nothing);
    }

    #[test]
    fn removing_one_that_would_be_needed_again_is_anticipated() {
        let it = situation(3, 3, &[ask(62.0, 3, 70.0)]);
        assert_eq!(decide(&it), Decision::Declined { reason: NotScaled::AutoScalingAnticipatedFlapping, by: 0 });
    }
}
