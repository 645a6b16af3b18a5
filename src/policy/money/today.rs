//! What today has cost so far, and what it is heading for: the run rate added up over the time it was watched.
//!
//! What was not watched is assumed, and told apart: before the first look today the first rate is taken to have held;
//! over a gap, the mean of the rates on both sides. Absent on purpose: a clock, and yesterday – that is the bill's.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::platform::spend::Dollars;

/// Looks further apart than this leave a gap between them, in seconds.
const GAP_S: i64 = 300;

/// A day that is being watched. Days are UTC, as AWS bills them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Watch {
    day: Option<Day>,
}

#[derive(Debug, Clone, PartialEq)]
struct Day {
    date: Date,
    /// The instant up to which it is added up, and the rate from then on.
    last: (Timestamp, f64),
    watched: (i64, f64),
    assumed: (i64, f64),
}

/// What today costs, by what ran while this program watched.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Today {
    /// The UTC day.
    pub day: Date,
    /// When it was reckoned.
    pub at: Timestamp,
    /// Spent in the time that was watched.
    pub watched: Dollars,
    /// That time in seconds.
    pub watched_s: i64,
    /// Assumed for the time that was not.
    pub assumed: Dollars,
    /// That time in seconds.
    pub assumed_s: i64,
    /// For the whole day, if what runs now runs on until midnight UTC.
    pub projected: Dollars,
}

impl Today {
    /// Spent so far, the assumed part included.
    pub fn so_far(&self) -> Dollars {
        Dollars(self.watched.0 + self.assumed.0)
    }
}

fn midnight_of(date: Date) -> Timestamp {
    date.to_zoned_datetime(TimeZone::UTC).map_or(Timestamp::MAX, |zoned| zoned.timestamp())
}

fn date_of(at: Timestamp) -> Date {
    at.to_zoned_datetime(TimeZone::UTC).date()
}

impl Watch {
    /// Takes a look: from `now` on the platform runs at `hourly` dollars. A look that is older than the last is
    /// passed over.
    pub fn saw(&mut self, hourly: Dollars, now: Timestamp) {
        let date = date_of(now);
        match &mut self.day {
            Some(day) if now < day.last.0 => {}
            Some(day) if day.date == date => {
                let (from, rate) = day.last;
                add(day, from, now, rate, hourly.0);
                day.last = (now, hourly.0);
            }
            earlier => {
                let midnight = midnight_of(date);
                // Yesterday's last look goes on into today, if it was yesterday's.
                let before = earlier.as_ref().filter(|day| day.date.tomorrow().ok() == Some(date)).map(|day| day.last);
                let mut day = Day { date, last: (now, hourly.0), watched: (0, 0.0), assumed: (0, 0.0) };
                match before {
                    Some((seen, rate)) if seconds(seen, now) <= GAP_S => add(&mut day, midnight, now, rate, hourly.0),
                    _ => {
                        let span = seconds(midnight, now);
                        day.assumed = (span, hourly.0 * span as f64 / 3600.0);
                    }
                }
                self.day = Some(day);
            }
        }
    }

    /// What today costs as of `now`; `None` before the first look of the day.
    pub fn today(&self, now: Timestamp) -> Option<Today> {
        let day = self.day.as_ref().filter(|day| day.date == date_of(now) && day.last.0 <= now)?;
        let mut upto = day.clone();
        let (from, rate) = day.last;
        add(&mut upto, from, now, rate, rate);
        let rest = seconds(now, midnight_of(day.date.tomorrow().ok()?));
        let so_far = upto.watched.1 + upto.assumed.1;
        Some(Today {
            day: day.date,
            at: now,
            watched: Dollars(upto.watched.1),
            watched_s: upto.watched.0,
            assumed: Dollars(upto.assumed.1),
            assumed_s: upto.assumed.0,
            projected: Dollars(so_far + rate * rest as f64 / 3600.0),
        })
    }
}

/// Adds the time between two looks: at the first one's rate, or over a gap assumed at the mean of both.
fn add(day: &mut Day, from: Timestamp, to: Timestamp, rate: f64, after: f64) {
    let span = seconds(from, to);
    if span <= GAP_S {
        day.watched.0 += span;
        day.watched.1 += rate * exact(from, to);
    } else {
        day.assumed.0 += span;
        day.assumed.1 += f64::midpoint(rate, after) * exact(from, to);
    }
}

fn seconds(from: Timestamp, to: Timestamp) -> i64 {
    to.duration_since(from).max(SignedDuration::ZERO).as_secs()
}

fn exact(from: Timestamp, to: Timestamp) -> f64 {
    to.duration_since(from).max(SignedDuration::ZERO).as_secs_f64() / 3600.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(time: &str) -> Timestamp {
        format!("2026-03-10T{time}Z").parse().unwrap()
    }

    /// Looks every five minutes at a rate, from one time until another.
    fn watch(watch: &mut Watch, from: &str, to: &str, rate: f64) {
        let (mut now, end) = (at(from), at(to));
        while now < end {
            watch.saw(Dollars(rate), now);
            now += SignedDuration::from_mins(5);
        }
    }

    fn close(found: Dollars, expected: f64) {
        assert!((found.0 - expected).abs() < 1e-9, "{} is not {expected}", found.0);
    }

    #[test]
    fn a_watched_day_adds_up_and_is_projected_to_midnight() {
        let mut day = Watch::default();
        watch(&mut day, "00:00:00", "06:00:00", 1.0);
        watch(&mut day, "06:00:00", "12:00:00", 3.0);
        day.saw(Dollars(2.0), at("12:00:00"));
        let today = day.today(at("12:00:00")).unwrap();
        close(today.so_far(), 6.0 + 18.0);
        assert_eq!((today.watched_s, today.assumed_s), (12 * 3600, 0));
        close(today.projected, 24.0 + 24.0);
        close(day.today(at("12:03:00")).unwrap().so_far(), 24.1);
    }

    #[test]
    fn what_was_not_watched_is_assumed_and_told_apart() {
        let mut day = Watch::default();
        day.saw(Dollars(2.0), at("06:00:00"));
        let first = day.today(at("06:00:00")).unwrap();
        close(first.assumed, 12.0);
        assert_eq!((first.assumed_s, first.watched_s), (6 * 3600, 0));
        close(first.projected, 48.0);
        day.saw(Dollars(4.0), at("08:00:00"));
        let gap = day.today(at("08:00:00")).unwrap();
        close(gap.assumed, 12.0 + 6.0);
        assert_eq!((gap.assumed_s, gap.watched_s), (8 * 3600, 0));
    }

    #[test]
    fn midnight_begins_a_day_and_time_does_not_run_backwards() {
        let mut day = Watch::default();
        watch(&mut day, "22:00:00", "23:59:59", 6.0);
        let next: Timestamp = "2026-03-11T00:04:00Z".parse().unwrap();
        // The last look was at 23:55; a gap of nine minutes.
        day.saw(Dollars(6.0), at("23:59:00"));
        assert_eq!(day.today(next), None, "nobody has looked today");
        day.saw(Dollars(6.0), next);
        let today = day.today(next).unwrap();
        assert_eq!((today.watched_s, today.assumed_s), (240, 0));
        close(today.watched, 0.4);
        day.saw(Dollars(600.0), "2026-03-11T00:01:00Z".parse().unwrap());
        close(day.today(next).unwrap().projected, 144.0);
    }
}
