//! A recorded series from a file, `timestamp,value`, or the first mistake in it with file, line and value.
//!
//! Absent on purpose: guessing. A series that is out of order or holds what is no number is refused.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// The longest time between two values that is taken for one series, hours: beyond it they are two recordings.
const LONGEST_GAP_H: i64 = 24;

/// What is wrong with a file: `demand.csv:7: "abc" is not a number`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {what}")]
pub struct Mistake {
    /// The name that was given for the file.
    pub file: String,
    /// Counted from 1.
    pub line: usize,
    /// The value and what is wrong with it.
    pub what: String,
}

/// A recorded series: at least two values, in order of time, none negative.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    points: Vec<(Timestamp, f64)>,
}

impl Recorded {
    /// Reads `text`. Times are RFC 3339, or `2014-04-10 00:04:00`, which is UTC; a first line of words is passed over.
    pub fn read(file: &str, text: &str) -> Result<Self, Mistake> {
        let mut points: Vec<(Timestamp, f64)> = Vec::new();
        for (index, row) in text.lines().enumerate() {
            let wrong = |what: String| Mistake { file: file.to_owned(), line: index + 1, what };
            let row = row.trim();
            if row.is_empty() || (index == 0 && !row.starts_with(|c: char| c.is_ascii_digit())) {
                continue;
            }
            let (at, value) = row.split_once(',').ok_or_else(|| wrong(format!("{row:?} is not `timestamp,value`")))?;
            let at = time(at.trim()).ok_or_else(|| {
                wrong(format!("{at:?} is not a time, as in `2026-03-10T12:00:00Z` or `2026-03-10 12:00:00`"))
            })?;
            let value = value.trim();
            let value: f64 = value.parse().map_err(|_| wrong(format!("{value:?} is not a number")))?;
            if !(0.0..=f64::from(u32::MAX)).contains(&value) {
                return Err(wrong(format!("{value} is not a value that a metric can have")));
            }
            if let Some((before, _)) = points.last() {
                if at <= *before {
                    return Err(wrong(format!("{at} does not come after {before}, the time of the row before")));
                }
                if at.duration_since(*before) > SignedDuration::from_hours(LONGEST_GAP_H) {
                    return Err(wrong(format!("{at} comes more than {LONGEST_GAP_H} hours after the row before")));
                }
            }
            points.push((at, value));
        }
        if points.len() < 2 {
            let (line, what) = (text.lines().count(), "a series has at least two rows".to_owned());
            return Err(Mistake { file: file.to_owned(), line, what });
        }
        Ok(Self { points })
    }

    /// The recorded values with their times, in order; never fewer than two.
    pub fn points(&self) -> &[(Timestamp, f64)] {
        &self.points
    }

    /// The greatest value.
    pub fn peak(&self) -> f64 {
        self.points.iter().map(|(_, value)| *value).fold(0.0, f64::max)
    }

    /// One value a minute from the first whole minute to the last value: each on the straight line between its
    /// neighbours.
    pub fn minutes(&self) -> impl Iterator<Item = (i64, f64)> + '_ {
        let second = |index: usize| self.points[index].0.as_second();
        let (first, last) = (second(0), second(self.points.len() - 1));
        let mut left = 0;
        ((first + 59).div_euclid(60)..=last.div_euclid(60)).map(move |minute| {
            let at = minute * 60;
            while left + 2 < self.points.len() && second(left + 1) <= at {
                left += 1;
            }
            let (from, to) = (second(left), second(left + 1));
            // Two times may share a second: the later value then stands.
            let share = if to > from { (at - from) as f64 / (to - from) as f64 } else { 1.0 };
            let (before, after) = (self.points[left].1, self.points[left + 1].1);
            (minute, before + (after - before) * share)
        })
    }
}

fn time(text: &str) -> Option<Timestamp> {
    let civil = || TimeZone::UTC.to_timestamp(text.parse::<DateTime>().ok()?).ok();
    text.parse().ok().or_else(civil)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_has_a_value_for_every_minute_between_its_own() {
        let text = "timestamp,value\n2014-04-10 00:00:30,10\n2014-04-10 00:03:30,40.0\n2014-04-10T00:05:00Z,40\n";
        let recorded = Recorded::read("x.csv", text).unwrap();
        let first = "2014-04-10T00:00:00Z".parse::<Timestamp>().unwrap().as_second() / 60;
        let minutes: Vec<_> = recorded.minutes().map(|(minute, value)| (minute - first, value)).collect();
        assert_eq!(minutes, [(1, 15.0), (2, 25.0), (3, 35.0), (4, 40.0), (5, 40.0)]);
        assert!((recorded.peak() - 40.0).abs() < f64::EPSILON);
    }

    #[test]
    fn mistakes_name_the_file_the_line_and_the_value() {
        for (text, known) in [
            ("timestamp,value\n2014-04-10 00:04:00,abc\n", "x.csv:2: \"abc\" is not a number"),
            (
                "2014-04-10 00:04:00,1\n\n2014-04-10 00:09:00;2\n",
                "x.csv:3: \"2014-04-10 00:09:00;2\" is not `timestamp,value`",
            ),
            (
                "2014-04-31 00:04:00,1\n",
                "x.csv:1: \"2014-04-31 00:04:00\" is not a time, as in `2026-03-10T12:00:00Z` or `2026-03-10 12:00:00`",
            ),
            ("2014-04-10 00:04:00,-3\n", "x.csv:1: -3 is not a value that a metric can have"),
            ("2014-04-10 00:04:00,NaN\n", "x.csv:1: NaN is not a value that a metric can have"),
            (
                "2014-04-10 00:04:00,1\n2014-04-10 00:04:00,2\n",
                "x.csv:2: 2014-04-10T00:04:00Z does not come after 2014-04-10T00:04:00Z, the time of the row before",
            ),
            (
                "2014-04-10 00:04:00,1\n2015-04-10 00:04:00,2\n",
                "x.csv:2: 2015-04-10T00:04:00Z comes more than 24 hours after the row before",
            ),
            ("timestamp,value\n2014-04-10 00:04:00,1\n", "x.csv:2: a series has at least two rows"),
            ("", "x.csv:0: a series has at least two rows"),
        ] {
            assert_eq!(Recorded::read("x.csv", text).unwrap_err().to_string(), known);
        }
    }
}
