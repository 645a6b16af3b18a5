//! The days that a question is about, and the spans that they are answered in.

use jiff::civil::{Date, Time};
use jiff::tz::Offset;
use jiff::{Timestamp, ToSpan};

use super::{DAY, invalid};
use crate::drill::wire::{Refusal, Value};
use crate::drill::world::World;

/// Days of fourteen months, which is how far back Cost Explorer goes unless more was switched on.
const OLDEST: i64 = 14 * 30;

/// How long each span is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Granularity {
    /// `DAILY`
    Daily,
    /// `MONTHLY`
    Monthly,
}

impl Granularity {
    /// Reads one. Hours have to be switched on, and cost extra.
    pub fn read(word: &str) -> Result<Self, Refusal> {
        match word {
            "DAILY" => Ok(Self::Daily),
            "MONTHLY" => Ok(Self::Monthly),
            "HOURLY" => Err(invalid("Hourly granularity is not enabled for this account.")),
            other => Err(invalid(format!("Granularity should be either 'MONTHLY' or 'DAILY', and is {other:?}"))),
        }
    }
}

/// Days, from a midnight to another that is no longer part of them; seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Period {
    pub from: i64,
    pub to: i64,
}

impl Period {
    /// The `TimePeriod` of a request.
    pub fn read(input: &Value) -> Result<Self, Refusal> {
        let period = input.get("TimePeriod").ok_or_else(|| invalid("TimePeriod is required"))?;
        let (from, to) = (day(period.required_text("Start")?)?, day(period.required_text("End")?)?);
        if from >= to {
            return Err(invalid("Start date (and hour) should be before end date (and hour)"));
        }
        Ok(Self { from, to })
    }

    /// Refuses what no bill can be about.
    pub fn past(self, world: &World) -> Result<(), Refusal> {
        let now = world.now().as_second();
        if self.from < now - OLDEST * DAY {
            return Err(invalid("You haven't enabled historical data beyond 14 months"));
        }
        if self.to > month_after(now) {
            return Err(invalid("end date past the beginning of next month"));
        }
        Ok(())
    }

    /// The spans of a granularity; the first and the last month may be parts of one.
    pub fn spans(self, granularity: Granularity) -> Vec<Self> {
        let mut spans = Vec::new();
        let mut from = self.from;
        while from < self.to {
            let next = match granularity {
                Granularity::Daily => from + DAY,
                Granularity::Monthly => month_after(from),
            };
            spans.push(Self { from, to: next.min(self.to) });
            from = next;
        }
        spans
    }

    /// The midnights of its days.
    pub fn days(self) -> impl Iterator<Item = i64> {
        (self.from..self.to).step_by(DAY as usize)
    }

    /// A `DateInterval`.
    pub fn value(self) -> Value {
        Value::map([("Start", date(self.from).to_string().into()), ("End", date(self.to).to_string().into())])
    }
}

/// The midnight of a day, as in `2026-11-24`.
pub(super) fn day(text: &str) -> Result<i64, Refusal> {
    let date: Date = text
        .parse()
        .ok()
        .filter(|_| text.len() == 10)
        .ok_or_else(|| invalid(format!("Invalid date {text:?}: dates are written as yyyy-MM-dd")))?;
    midnight(date).ok_or_else(|| invalid(format!("Invalid date {text:?}")))
}

fn midnight(date: Date) -> Option<i64> {
    Offset::UTC.to_timestamp(date.to_datetime(Time::midnight())).ok().map(Timestamp::as_second)
}

/// The day of a second.
pub(super) fn date(second: i64) -> Date {
    Offset::UTC.to_datetime(Timestamp::from_second(second).unwrap_or(Timestamp::MAX)).date()
}

/// The midnight at which the month after that of a second begins.
fn month_after(second: i64) -> i64 {
    let first = date(second).first_of_month();
    first.checked_add(1.month()).ok().and_then(midnight).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_cut_at_their_beginnings() {
        let period = Period { from: day("2026-09-15").unwrap(), to: day("2026-11-02").unwrap() };
        let months: Vec<(String, String)> = period
            .spans(Granularity::Monthly)
            .into_iter()
            .map(|span| (date(span.from).to_string(), date(span.to).to_string()))
            .collect();
        let known = [("2026-09-15", "2026-10-01"), ("2026-10-01", "2026-11-01"), ("2026-11-01", "2026-11-02")];
        assert_eq!(months, known.map(|(from, to)| (from.to_owned(), to.to_owned())));
        assert_eq!(period.spans(Granularity::Daily).len(), 48);
        assert_eq!(period.days().count(), 48);
    }

    #[test]
    fn what_is_no_day_is_refused() {
        for text in ["", "2026-13-01", "2026-11-24T00:00:00Z", "24.11.2026", "2026-1-1"] {
            assert!(day(text).is_err(), "{text}");
        }
        assert!(Granularity::read("HOURLY").is_err());
    }
}
