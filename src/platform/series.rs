//! A metric's history: one value a minute, bounded by age.

use std::collections::VecDeque;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How much history is kept: three hours and a little, which the longest window of the spec and every chart need.
pub const KEPT_MINUTES: usize = 200;

/// Minute values in one unbroken run; a hole is `None`. A value's minute is the *start* of its period, as in CloudWatch.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Series {
    /// Minutes since the epoch of the first slot.
    first: i64,
    /// One slot a minute; NaN is "no datapoint".
    slots: VecDeque<f64>,
}

impl Series {
    /// Writes points over what is there – later readings of a minute replace earlier ones – and drops what is too old.
    /// Values that are not finite are holes: they are never evidence.
    pub fn merge(&mut self, points: impl IntoIterator<Item = (Timestamp, f64)>) {
        for (at, value) in points {
            self.put(minute_of(at), value);
        }
        while self.slots.len() > KEPT_MINUTES {
            self.slots.pop_front();
            self.first += 1;
        }
    }

    fn put(&mut self, minute: i64, value: f64) {
        if self.slots.is_empty() {
            self.first = minute;
        }
        let newest = self.first + self.slots.len() as i64 - 1;
        if minute > newest + KEPT_MINUTES as i64 {
            self.slots.clear();
            self.first = minute;
        } else if minute + (KEPT_MINUTES as i64) <= newest {
            return;
        }
        while minute < self.first {
            self.slots.push_front(f64::NAN);
            self.first -= 1;
        }
        while minute >= self.first + self.slots.len() as i64 {
            self.slots.push_back(f64::NAN);
        }
        let slot = (minute - self.first) as usize;
        self.slots[slot] = if value.is_finite() { value } else { f64::NAN };
    }

    /// The value of the minute that starts at `minute` (minutes since the epoch).
    pub fn at(&self, minute: i64) -> Option<f64> {
        let slot = usize::try_from(minute.checked_sub(self.first)?).ok()?;
        self.slots.get(slot).copied().filter(|value| !value.is_nan())
    }

    /// The values of `span` minutes that end with `newest`, the newest first; NaN is "no datapoint".
    pub fn back_from(&self, newest: i64, span: usize) -> impl Iterator<Item = f64> + '_ {
        let held = self.first..self.first + self.slots.len() as i64;
        // How many minutes of the span are newer than everything here, and how many are here.
        let newer = newest.saturating_sub(held.end - 1).clamp(0, span as i64);
        let from = newest.saturating_add(1).saturating_sub(span as i64).clamp(held.start, held.end);
        let to = newest.saturating_add(1).clamp(from, held.end);
        let known = self.slots.range((from - self.first) as usize..(to - self.first) as usize).rev().copied();
        let missing = std::iter::repeat(f64::NAN);
        missing.clone().take(newer as usize).chain(known).chain(missing).take(span)
    }

    /// The newest minute that has a value, with it.
    pub fn newest(&self) -> Option<(i64, f64)> {
        let back = self.slots.iter().rev().position(|value| !value.is_nan())?;
        let slot = self.slots.len() - 1 - back;
        Some((self.first + slot as i64, self.slots[slot]))
    }

    /// The first minute that has a value.
    pub fn oldest(&self) -> Option<i64> {
        self.slots.iter().position(|value| !value.is_nan()).map(|slot| self.first + slot as i64)
    }

    /// Every present point, oldest first: (minute since the epoch, value).
    pub fn points(&self) -> impl Iterator<Item = (i64, f64)> + '_ {
        self.slots
            .iter()
            .enumerate()
            .filter(|(_, value)| !value.is_nan())
            .map(|(slot, value)| (self.first + slot as i64, *value))
    }

    /// Whether no minute has a value.
    pub fn is_empty(&self) -> bool {
        self.newest().is_none()
    }
}

/// The minute that holds an instant, counted from the epoch.
pub fn minute_of(at: Timestamp) -> i64 {
    at.as_second().div_euclid(60)
}

/// The instant a minute starts.
pub fn start_of(minute: i64) -> Timestamp {
    Timestamp::from_second(minute * 60).unwrap_or(Timestamp::MAX)
}

/// The newest minute that may serve as evidence at `now`: it ended at least 120 s ago, 120 included. CloudWatch's
/// newest minutes are still being filled in (decisions.md, windows, 2).
pub fn evidence_minute(now: Timestamp) -> i64 {
    (now.as_second() - 120).div_euclid(60) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        start_of(minute)
    }

    #[test]
    fn later_readings_overwrite_and_holes_stay_holes() {
        let mut series = Series::default();
        series.merge([(at(10), 1.0), (at(12), 3.0), (at(10), 2.0), (at(13), f64::NAN)]);
        assert_eq!(series.at(10), Some(2.0));
        assert_eq!(series.at(11), None);
        assert_eq!(series.newest(), Some((12, 3.0)));
        assert_eq!(series.oldest(), Some(10));
    }

    #[test]
    fn a_look_back_is_what_each_minute_holds() {
        let mut series = Series::default();
        series.merge([(at(100), 1.0), (at(101), 2.0), (at(103), 4.0)]);
        for newest in 90..115 {
            for span in 0..12 {
                let back: Vec<_> = series.back_from(newest, span).map(|v| Some(v).filter(|v| !v.is_nan())).collect();
                let each: Vec<_> = (0..span).map(|back| series.at(newest - back as i64)).collect();
                assert_eq!(back, each, "{span} minutes from {newest}");
            }
        }
        assert!(Series::default().back_from(7, 3).all(f64::is_nan));
    }

    #[test]
    fn history_is_bounded_in_both_directions() {
        let mut series = Series::default();
        series.merge([(at(1_000), 1.0)]);
        series.merge([(at(1_000 - KEPT_MINUTES as i64), 9.0)]);
        assert_eq!(series.oldest(), Some(1_000));
        series.merge([(at(9_000_000), 2.0)]);
        assert_eq!(series.points().count(), 1);
    }

    #[test]
    fn a_minute_is_evidence_120_seconds_after_its_end() {
        let end_of_minute_5 = Timestamp::from_second(6 * 60).unwrap();
        let at = |s: i64| Timestamp::from_second(end_of_minute_5.as_second() + s).unwrap();
        assert_eq!(evidence_minute(at(119)), 4);
        assert_eq!(evidence_minute(at(120)), 5);
    }
}
