//! When a scheduled action fires: AWS's `cron(…)`, `rate(…)` and `at(…)`, in a time zone, within a start and an end.
//! Deliberately absent: the letters `L`, `W` and `#` of days.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// A schedule, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    when: When,
    zone: TimeZone,
    /// Not before this second, and what a rate is counted from.
    from: i64,
    /// Not after this second.
    until: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum When {
    /// `cron(minute hour day month weekday year)` with numbers, names, lists, ranges and steps; 1 is Sunday.
    Cron { minutes: Vec<i16>, hours: Vec<i16>, days: Vec<i16>, months: Vec<i16>, weekdays: Vec<i16>, years: Vec<i16> },
    /// `rate(value unit)`: every so many seconds.
    Rate(i64),
    /// `at(yyyy-mm-ddThh:mm:ss)`, a time of the zone.
    At(DateTime),
}

impl Schedule {
    /// Reads a schedule that was put at `created`. `None`: it is not one, or not one that is understood here.
    pub fn parse(text: &str, zone: TimeZone, created: i64, start: Option<i64>, end: Option<i64>) -> Option<Self> {
        let inside = |word: &str| text.strip_prefix(word)?.strip_prefix('(')?.strip_suffix(')');
        let when = if let Some(at) = inside("at") {
            // Seconds are part of the format.
            When::At(at.parse().ok().filter(|_| at.len() == "yyyy-mm-ddThh:mm:ss".len())?)
        } else if let Some(rate) = inside("rate") {
            When::Rate(period(rate)?)
        } else {
            cron(inside("cron")?)?
        };
        // What has no start begins with the next whole minute.
        let from = start.unwrap_or((created + 59).div_euclid(60) * 60);
        Some(Self { when, zone, from, until: end })
    }

    /// Whether it fires in this second.
    pub fn fires(&self, second: i64) -> bool {
        if second < self.from || self.until.is_some_and(|until| second > until) {
            return false;
        }
        let local = || Timestamp::from_second(second).ok().map(|at| self.zone.to_datetime(at));
        match &self.when {
            When::At(at) => local().is_some_and(|local| local == *at),
            When::Rate(period) => second > self.from && (second - self.from) % period == 0,
            When::Cron { minutes, hours, days, months, weekdays, years } => {
                if second.rem_euclid(60) != 0 {
                    return false;
                }
                local().is_some_and(|at| {
                    minutes.contains(&at.minute().into())
                        && hours.contains(&at.hour().into())
                        && days.contains(&at.day().into())
                        && months.contains(&at.month().into())
                        && weekdays.contains(&at.weekday().to_sunday_one_offset().into())
                        && years.contains(&at.year())
                })
            }
        }
    }
}

/// The seconds of `5 minutes`, `1 hour` or `2 days`.
fn period(rate: &str) -> Option<i64> {
    let (value, unit) = rate.trim().split_once(' ')?;
    let value: i64 = value.parse().ok().filter(|value| (1..=100_000).contains(value))?;
    let seconds = match unit.trim() {
        "minute" | "minutes" => 60,
        "hour" | "hours" => 3600,
        "day" | "days" => 86_400,
        _ => return None,
    };
    Some(value * seconds)
}

fn cron(fields: &str) -> Option<When> {
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let [minutes, hours, days, months, weekdays, years] = fields[..] else { return None };
    // One of the two kinds of days has to be left open.
    if !matches!(days, "*" | "?") && !matches!(weekdays, "*" | "?") {
        return None;
    }
    Some(When::Cron {
        minutes: field(minutes, 0, 59, &[])?,
        hours: field(hours, 0, 23, &[])?,
        days: field(days, 1, 31, &[])?,
        months: field(months, 1, 12, MONTHS)?,
        weekdays: field(weekdays, 1, 7, WEEKDAYS)?,
        years: field(years, 1970, 2199, &[])?,
    })
}

const MONTHS: &[&str] = &["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: &[&str] = &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// The values that a field of a cron expression allows, in order.
fn field(text: &str, low: i16, high: i16, names: &[&str]) -> Option<Vec<i16>> {
    let number = |word: &str| -> Option<i16> {
        let value = match names.iter().position(|name| name.eq_ignore_ascii_case(word)) {
            Some(index) => low + index as i16,
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

    fn parse(text: &str, zone: &str) -> Option<Schedule> {
        Schedule::parse(text, TimeZone::get(zone).unwrap(), 1_795_478_000, None, None)
    }

    fn second(at: &str) -> i64 {
        at.parse::<Timestamp>().unwrap().as_second()
    }

    #[test]
    fn fires_when_aws_would() {
        for (schedule, zone, at, fires) in [
            ("cron(0 8 * * ? *)", "UTC", "2026-11-24T08:00:00Z", true),
            ("cron(0 8 * * ? *)", "UTC", "2026-11-24T08:00:01Z", false),
            ("cron(0 8 * * ? *)", "UTC", "2026-11-24T09:00:00Z", false),
            ("cron(0 8 * * ? *)", "Europe/Berlin", "2026-11-24T07:00:00Z", true),
            ("cron(0 8 * * ? *)", "Europe/Berlin", "2027-07-01T06:00:00Z", true),
            ("cron(0 8 * * ? *)", "Europe/Berlin", "2027-07-01T07:00:00Z", false),
            ("cron(0/15 8-9 ? * MON-FRI *)", "UTC", "2026-11-24T09:45:00Z", true),
            ("cron(0/15 8-9 ? * MON-FRI *)", "UTC", "2026-11-24T09:50:00Z", false),
            ("cron(0/15 8-9 ? * MON-FRI *)", "UTC", "2026-11-29T09:45:00Z", false),
            ("cron(0 8 1,15 * ? 2027)", "UTC", "2027-03-15T08:00:00Z", true),
            ("cron(0 8 1,15 * ? 2027)", "UTC", "2028-03-15T08:00:00Z", false),
            ("at(2026-11-24T14:30:10)", "UTC", "2026-11-24T14:30:10Z", true),
            ("at(2026-11-24T14:30:00)", "UTC", "2026-11-25T14:30:00Z", false),
            ("at(2026-11-24T14:30:00)", "Asia/Tokyo", "2026-11-24T05:30:00Z", true),
        ] {
            assert_eq!(parse(schedule, zone).unwrap().fires(second(at)), fires, "{schedule} at {at} in {zone}");
        }
    }

    #[test]
    fn rates_count_from_the_start_and_ends_are_kept() {
        let (start, end) = (second("2026-11-24T14:00:00Z"), second("2026-11-24T16:00:00Z"));
        let schedule =
            |text: &str, start| Schedule::parse(text, TimeZone::UTC, 1_795_528_770, start, Some(end)).unwrap();
        let fired = |schedule: &Schedule| -> Vec<i64> {
            (start - 3600..=end + 7200).filter(|second| schedule.fires(*second)).map(|at| (at - start) / 60).collect()
        };
        assert_eq!(fired(&schedule("rate(50 minutes)", Some(start))), [50, 100]);
        assert_eq!(fired(&schedule("rate(1 hour)", None)), [60, 120], "from the next whole minute");
        assert_eq!(fired(&schedule("cron(30 * * * ? *)", Some(start))), [30, 90]);
    }

    #[test]
    fn an_hour_that_there_is_not_fires_nothing_and_one_there_is_twice_fires_twice() {
        let schedule = parse("cron(30 2 * * ? *)", "Europe/Berlin").unwrap();
        let on = |day: &str| {
            let from = second(&format!("{day}T00:00:00Z"));
            (0..48).filter(|half| schedule.fires(from + half * 1800)).count()
        };
        assert_eq!((on("2027-03-28"), on("2027-03-29"), on("2027-10-31")), (0, 1, 2));
    }

    #[test]
    fn refuses_what_it_does_not_understand() {
        for wrong in [
            "",
            "cron(0 8 * * ?)",
            "cron(61 8 * * ? *)",
            "cron(0 8 * * ? 1900)",
            "cron(0 8 1 * MON *)",
            "rate(0 days)",
            "rate(1 fortnight)",
            "rate(day)",
            "at(noon)",
            "at(2026-11-24)",
        ] {
            assert_eq!(parse(wrong, "UTC"), None, "{wrong}");
        }
    }
}
