//! Which metrics to ask for, and over which span: pure.
//!
//! A metric that is new gets three hours. Afterwards only what can have changed is asked for: the minutes since the last
//! good answer, and the ten before it, which `CloudWatch` may still have been filling in. Nothing is asked twice in the
//! same slot of the cadence. Every span starts and ends on whole minutes, or `CloudWatch` would shift its periods.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::pace;
use crate::platform::series::{minute_of, start_of};
use crate::platform::{MetricKey, Source};

/// How far back a new metric is asked for, in minutes.
pub const FIRST_FILL_MIN: i64 = 180;

/// How many minutes before a good answer are read again, because they may have been incomplete.
pub const REREAD_MIN: i64 = 10;

/// The most metrics in one `GetMetricData`.
pub const MAX_METRICS: usize = 500;

/// One `GetMetricData`: metrics over a common span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// When it was planned.
    pub planned: Timestamp,
    /// The first minute's start.
    pub start: Timestamp,
    /// The last minute's end; that minute is the present one, still being filled in.
    pub end: Timestamp,
    /// The metrics, at most [`MAX_METRICS`].
    pub keys: Vec<MetricKey>,
}

/// Remembers, for each metric, when it was last answered.
#[derive(Debug, Clone, Default)]
pub struct Planner {
    answered: BTreeMap<MetricKey, Timestamp>,
}

impl Planner {
    /// The questions to ask now about these metrics, in their order; those with the shortest span come first, because
    /// they are the ones somebody is looking at.
    pub fn plan<'k>(&self, wanted: impl IntoIterator<Item = &'k MetricKey>, now: Timestamp) -> Vec<Question> {
        let every_s = pace::cadence_s(Source::Metrics);
        self.plan_each(wanted.into_iter().map(|key| (key, every_s)), now)
    }

    /// As [`Planner::plan`], each metric with how many seconds lie between two questions for it.
    pub fn plan_each<'k>(
        &self,
        wanted: impl IntoIterator<Item = (&'k MetricKey, u32)>,
        now: Timestamp,
    ) -> Vec<Question> {
        let present = minute_of(now);
        let mut seen = BTreeSet::new();
        let mut by_start: BTreeMap<i64, Vec<MetricKey>> = BTreeMap::new();
        for (key, every_s) in wanted {
            if !seen.insert(key) {
                continue;
            }
            let start = match self.answered.get(key) {
                None => present - FIRST_FILL_MIN,
                Some(answered) if slot(*answered, every_s) >= slot(now, every_s) => continue,
                // Regular polling starts on one common minute, whatever second each metric was last answered in.
                Some(answered) if minute_of(*answered) >= present - 1 => present - REREAD_MIN,
                Some(answered) => (minute_of(*answered) - REREAD_MIN).max(present - FIRST_FILL_MIN),
            };
            by_start.entry(start).or_default().push(key.clone());
        }
        let question = |start: i64, keys: &[MetricKey]| Question {
            planned: now,
            start: start_of(start),
            end: start_of(present + 1),
            keys: keys.to_vec(),
        };
        let by_start = by_start.iter().rev();
        by_start.flat_map(|(start, keys)| keys.chunks(MAX_METRICS).map(|keys| question(*start, keys))).collect()
    }

    /// Takes note of a good answer. Metrics that came back incomplete are asked for again over the same span.
    pub fn answered(&mut self, question: &Question, incomplete: &[MetricKey]) {
        for key in question.keys.iter().filter(|key| !incomplete.contains(key)) {
            self.answered.insert(key.clone(), question.planned);
        }
    }

    /// Forgets metrics that nobody will want again, so that the memory is bounded by what exists.
    pub fn retain(&mut self, mut exists: impl FnMut(&MetricKey) -> bool) {
        self.answered.retain(|key, _| exists(key));
    }
}

/// The slot of a cadence that holds an instant.
fn slot(at: Timestamp, every_s: u32) -> i64 {
    at.as_second().div_euclid(i64::from(every_s.max(1)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::platform::{MetricId, ServiceId};

    /// 2027-01-15T08:00:00Z and so many seconds.
    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    fn keys(n: usize) -> Vec<MetricKey> {
        (0..n).map(|n| MetricKey::service(&ServiceId::new("c", format!("s{n:04}")), MetricId::ServiceCpu)).collect()
    }

    fn minutes(question: &Question) -> i64 {
        minute_of(question.end) - minute_of(question.start)
    }

    #[test]
    fn three_hours_first_then_the_last_ten_minutes() {
        let mut planner = Planner::default();
        let keys = keys(3);
        let first = planner.plan(&keys, at(7));
        assert_eq!(first.len(), 1);
        assert_eq!((first[0].start, first[0].end), (at(-180 * 60), at(60)));
        planner.answered(&first[0], &[]);
        assert_eq!(planner.plan(&keys, at(19)), [], "same slot: nothing can have changed");
        let second = planner.plan(&keys, at(20));
        assert_eq!((second[0].start, second[0].end), (at(-10 * 60), at(60)));
    }

    #[test]
    fn a_metric_that_is_asked_for_seldom_is_not_asked_for_with_the_others() {
        let mut planner = Planner::default();
        let keys = keys(2);
        let each = |planner: &Planner, now| planner.plan_each(keys.iter().zip([20, 60]), at(now));
        let first = each(&planner, 0);
        planner.answered(&first[0], &[]);
        assert_eq!(each(&planner, 20)[0].keys, keys[..1]);
        assert_eq!(each(&planner, 60)[0].keys, keys);
    }

    #[test]
    fn after_a_pause_the_gap_is_closed_and_what_was_unsettled_is_read_again() {
        let mut planner = Planner::default();
        let keys = keys(1);
        planner.answered(&planner.plan(&keys, at(0))[0].clone(), &[]);
        let after_an_hour = planner.plan(&keys, at(3_600));
        assert_eq!(after_an_hour[0].start, at(-10 * 60));
        let after_a_day = planner.plan(&keys, at(86_400));
        assert_eq!(minutes(&after_a_day[0]), FIRST_FILL_MIN + 1);
    }

    #[test]
    fn an_incomplete_metric_is_asked_for_again_over_its_whole_span() {
        let mut planner = Planner::default();
        let keys = keys(2);
        planner.answered(&planner.plan(&keys, at(0))[0].clone(), &keys[1..]);
        let next = planner.plan(&keys, at(20));
        assert_eq!(next.len(), 2);
        assert_eq!((minutes(&next[0]), &next[0].keys[..]), (REREAD_MIN + 1, &keys[..1]));
        assert_eq!((minutes(&next[1]), &next[1].keys[..]), (FIRST_FILL_MIN + 1, &keys[1..]));
    }

    #[test]
    fn batches_hold_five_hundred_and_keep_the_order() {
        for (n, batches) in [(0, 0), (1, 1), (500, 1), (501, 2), (1_001, 3)] {
            let keys = keys(n);
            let plan = Planner::default().plan(&keys, at(0));
            assert_eq!(plan.len(), batches, "{n}");
            let asked: Vec<MetricKey> = plan.into_iter().flat_map(|question| question.keys).collect();
            assert_eq!(asked, keys, "{n}");
        }
    }

    #[test]
    fn what_is_gone_is_forgotten() {
        let mut planner = Planner::default();
        let keys = keys(2);
        planner.answered(&planner.plan(&keys, at(0))[0].clone(), &[]);
        planner.retain(|key| *key == keys[0]);
        assert_eq!(minutes(&planner.plan(&keys[1..], at(20))[0]), FIRST_FILL_MIN + 1);
    }

    proptest! {
        /// Whatever the pauses between polls: spans are aligned, end with the present minute, stay under `CloudWatch`'s
        /// limit of datapoints, and every minute is read once more at least ten minutes after it began.
        #[test]
        fn every_minute_is_read_after_it_settled(pauses in prop::collection::vec(1_i64..4_000, 1..40)) {
            let keys = keys(1);
            let mut planner = Planner::default();
            let mut now = 0;
            let mut last_read: BTreeMap<i64, i64> = BTreeMap::new();
            for pause in pauses {
                for question in planner.plan(&keys, at(now)) {
                    prop_assert_eq!(question.start.as_second() % 60, 0);
                    prop_assert_eq!(question.end, start_of(minute_of(at(now)) + 1));
                    prop_assert!(minutes(&question) as usize * MAX_METRICS < 100_800);
                    for minute in minute_of(question.start)..minute_of(question.end) {
                        last_read.insert(minute, minute_of(at(now)));
                    }
                    planner.answered(&question, &[]);
                }
                now += pause;
            }
            let newest = last_read.values().copied().max().unwrap();
            for (minute, read) in last_read {
                prop_assert!(read - minute >= REREAD_MIN || newest - minute < REREAD_MIN + 1, "minute {minute}: {read}");
            }
        }
    }
}
