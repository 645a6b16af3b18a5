//! When a scheduled action fires: the part of AWS's `cron(…)`, `rate(…)` and `at(…)` that is understood here.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A schedule, understood. Times are UTC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Schedule {
    /// `cron(minute hour ? * days *)` with numbers, lists, ranges and steps.
    Cron {
        /// Minutes of the hour.
        minutes: Vec<i8>,
        /// Hours of the day.
        hours: Vec<i8>,
        /// Days of the month.
        days: Vec<i8>,
        /// Months of the year.
        months: Vec<i8>,
        /// Days of the week, 1 is Sunday.
        weekdays: Vec<i8>,
    },
    /// `at(yyyy-mm-ddThh:mm:ss)`, the second since 1970.
    At(i64),
}

impl Schedule {
    /// Reads a schedule. `None`: it is not one, or not one that is understood here.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(at) = text.strip_prefix("at(").and_then(|rest| rest.strip_suffix(')')) {
            let at: jiff::civil::DateTime = at.parse().ok()?;
            return Some(Self::At(TimeZone::UTC.to_timestamp(at).ok()?.as_second()));
        }
        let fields: Vec<&str> = text.strip_prefix("cron(")?.strip_suffix(')')?.split_whitespace().collect();
        let [minutes, hours, days, months, weekdays, "*"] = fields[..] else { return None };
        Some(Self::Cron {
            minutes: field(minutes, 0, 59, &[])?,
            hours: field(hours, 0, 23, &[])?,
            days: field(days, 1, 31, &[])?,
            months: field(months, 1, 12, MONTHS)?,
            weekdays: field(weekdays, 1, 7, WEEKDAYS)?,
        })
    }

    /// Whether it fires in this second.
    pub fn fires(&self, second: i64) -> bool {
        match self {
            Self::At(at) => *at == second,
            Self::Cron { minutes, hours, days, months, weekdays } => {
                if second.rem_euclid(60) != 0 {
                    return false;
                }
                let Ok(at) = Timestamp::from_second(second) else { return false };
                let at = TimeZone::UTC.to_datetime(at);
                minutes.contains(&at.minute())
                    && hours.contains(&at.hour())
                    && days.contains(&at.day())
                    && months.contains(&at.month())
                    && weekdays.contains(&at.weekday().to_sunday_one_offset())
            }
        }
    }
}

const MONTHS: &[&str] = &["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: &[&str] = &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// The values that a field of a cron expression allows, in order.
fn field(text: &str, low: i8, high: i8, names: &[&str]) -> Option<Vec<i8>> {
    let number = |word: &str| -> Option<i8> {
        let value = match names.iter().position(|name| name.eq_ignore_ascii_case(word)) {
            Some(index) => low + index as i8,
            None => word.parse().ok()?,
        };
        (low..=high).contains(&value).then_some(value)
    };
    let mut values = Vec::new();
    for part in text.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, step.parse().ok().filter(|step| *step > 0)?),
            None => (part, 1),
        };
        let (from, to) = match (range, range.split_once('-')) {
            ("*" | "?", _) => (low, high),
            (_, Some((from, to))) => (number(from)?, number(to)?),
            (one, None) if step > 1 => (number(one)?, high),
            (one, None) => (number(one)?, number(one)?),
        };
        values.extend((from..=to).step_by(step));
    }
    values.sort_unstable();
    values.dedup();
    Some(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fires_when_aws_would() {
        for (schedule, at, fires) in [
            ("cron(0 8 * * ? *)", "2026-11-24T08:00:00Z", true),
            ("cron(0 8 * * ? *)", "2026-11-24T08:00:01Z", false),
            ("cron(0 8 * * ? *)", "2026-11-24T09:00:00Z", false),
            ("cron(0/15 8-9 ? * MON-FRI *)", "2026-11-24T09:45:00Z", true),
            ("cron(0/15 8-9 ? * MON-FRI *)", "2026-11-24T09:50:00Z", false),
            ("cron(0/15 8-9 ? * MON-FRI *)", "2026-11-22T09:45:00Z", false),
            ("at(2026-11-24T14:30:00)", "2026-11-24T14:30:00Z", true),
            ("at(2026-11-24T14:30:00)", "2026-11-25T14:30:00Z", false),
        ] {
            let at: Timestamp = at.parse().unwrap();
            assert_eq!(Schedule::parse(schedule).unwrap().fires(at.as_second()), fires, "{schedule} at {at}");
        }
    }

    #[test]
    fn refuses_what_it_does_not_understand() {
        for wrong in ["", "cron(0 8 * * ?)", "cron(61 8 * * ? *)", "cron(0 8 * * ? 2030)", "rate(1 day)", "at(noon)"] {
            assert_eq!(Schedule::parse(wrong), None, "{wrong}");
        }
    }
}
