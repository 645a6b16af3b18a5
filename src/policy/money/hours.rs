//! How much of two weeks is known, and the percentile of what is.

use std::fmt;

use crate::platform::weeks::Weeks;

/// From the first to the last hour that anything is known of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first hour since the epoch.
    pub first: i64,
    /// The last one.
    pub last: i64,
}

impl Span {
    /// A week of hours, less a day for holes: with fewer nothing is said about sizes and floors.
    pub const LEAST: usize = 6 * 24;

    /// The span of the weeks; `None` where it is shorter than a week.
    pub fn of(weeks: &Weeks) -> Option<Self> {
        let hours = || weeks.hours.values().flat_map(|hours| hours.keys().copied());
        let span = Self { first: hours().min()?, last: hours().max()? };
        (span.hours() >= 7 * 24 - 1).then_some(span)
    }

    /// Hours in it, both ends included.
    pub fn hours(self) -> i64 {
        self.last - self.first + 1
    }
}

impl fmt::Display for Span {
    /// "14 days".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} days", (self.hours() + 12) / 24)
    }
}

/// The nearest-rank percentile: the smallest value that so many of a hundred do not exceed; `None` of nothing.
pub fn percentile(values: impl Iterator<Item = f64>, percent: f64) -> Option<f64> {
    let mut values: Vec<f64> = values.filter(|value| value.is_finite()).collect();
    values.sort_by(f64::total_cmp);
    let rank = (percent / 100.0 * values.len() as f64).ceil().max(1.0) as usize;
    values.get(rank - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::spend::Dollars;

    #[test]
    fn percentiles_by_nearest_rank() {
        let of = |percent| percentile([15.0, 20.0, 35.0, 40.0, 50.0].into_iter(), percent).map(Dollars);
        let expected = [15.0, 20.0, 20.0, 35.0, 50.0].map(|value| Some(Dollars(value)));
        assert_eq!([5.0, 30.0, 40.0, 50.0, 100.0].map(of), expected);
        assert_eq!(percentile(std::iter::empty(), 50.0), None);
    }
}
