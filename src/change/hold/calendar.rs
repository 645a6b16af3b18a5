//! When a scheduled action fires: AWS's `cron(…)` and `at(…)`, read far enough to know the next days.
//!
//! Absent on purpose: `rate(…)`, whose beginning AWS does not tell, and the `L`, `W` and `#` of `cron(…)`. What is not
//! understood is an error, never "does not fire".

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::platform::ScheduledAction;
use crate::policy::schedule::Zone;

/// A schedule that can be followed.
#[derive(Debug, Clone)]
pub(super) struct Calendar {
    fires: Fires,
    zone: TimeZone,
}

#[derive(Debug, Clone)]
enum Fires {
    /// Once.
    At(Timestamp),
    /// Minutes, hours, days of the month, months, days of the week (Sunday is 1), years.
    Cron([Field; 6]),
}

/// The values that a field admits; `None` is all of them.
type Field = Option<Vec<u32>>;

const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

impl Calendar {
    /// The calendar of an action; `None` when it is not understood.
    pub(super) fn of(action: &ScheduledAction) -> Option<Self> {
        let name = if action.timezone.is_empty() { "UTC" } else { action.timezone.as_str() };
        let zone = Zone::named(name).ok()?.rules().clone();
        let inside = |word: &str| action.schedule.strip_prefix(word)?.strip_prefix('(')?.strip_suffix(')');
        let fires = if let Some(at) = inside("at") {
            let at: DateTime = at.parse().ok()?;
            Fires::At(zone.to_timestamp(at).ok()?)
        } else {
            Fires::Cron(cron(inside("cron")?)?)
        };
        Some(Self { fires, zone })
    }

    /// Every firing after `from` and not after `to`, in order. The work grows with the span, a quarter of an hour at a time.
    pub(super) fn between(&self, from: Timestamp, to: Timestamp) -> Vec<Timestamp> {
        match &self.fires {
            Fires::At(at) => Some(*at).filter(|at| *at > from && *at <= to).into_iter().collect(),
            Fires::Cron(fields) => {
                let minutes = from.as_second().div_euclid(60) + 1..=to.as_second().div_euclid(60);
                let mut firings = Vec::new();
                let mut minute = minutes.start().to_owned();
                while minutes.contains(&minute) {
                    let Ok(at) = Timestamp::from_second(minute * 60) else { break };
                    // Days and hours turn on quarters of an hour in every zone there is.
                    let quarter = minute.div_euclid(15) * 15 + 15;
                    if !self.matches(fields, at, 1) {
                        minute = quarter;
                        continue;
                    }
                    let inside = (minute..quarter).filter(|minute| minutes.contains(minute));
                    let ats = inside.filter_map(|minute| Timestamp::from_second(minute * 60).ok());
                    firings.extend(ats.filter(|at| self.matches(fields, *at, 0)));
                    minute = quarter;
                }
                firings
            }
        }
    }

    /// When it fires, if it fires once.
    pub(super) fn once(&self) -> Option<Timestamp> {
        match self.fires {
            Fires::At(at) => Some(at),
            Fires::Cron(_) => None,
        }
    }

    /// Whether an instant is one of the fields', those before the given one aside.
    fn matches(&self, fields: &[Field; 6], at: Timestamp, first: usize) -> bool {
        let local = self.zone.to_datetime(at);
        let date = local.date();
        let values = [
            i32::from(local.minute()),
            i32::from(local.hour()),
            i32::from(date.day()),
            i32::from(date.month()),
            i32::from(date.weekday().to_sunday_one_offset()),
            i32::from(date.year()),
        ];
        fields.iter().zip(values).skip(first).all(|(field, value)| {
            field.as_ref().is_none_or(|admitted| u32::try_from(value).is_ok_and(|value| admitted.contains(&value)))
        })
    }
}

fn cron(text: &str) -> Option<[Field; 6]> {
    let words: Vec<_> = text.split_whitespace().collect();
    let [minutes, hours, days, months, weekdays, years] = words.as_slice() else { return None };
    Some([
        field(minutes, 0, 59, &[])?,
        field(hours, 0, 23, &[])?,
        field(days, 1, 31, &[])?,
        field(months, 1, 12, &MONTHS)?,
        field(weekdays, 1, 7, &WEEKDAYS)?,
        field(years, 1970, 2199, &[])?,
    ])
}

/// A field: `*`, `?`, or a list of values, ranges and steps, with words for the numbers from `least` on.
fn field(text: &str, least: u32, most: u32, words: &[&str]) -> Option<Field> {
    if text == "*" || text == "?" {
        return Some(None);
    }
    let value = |word: &str| {
        let spelled = (least..).zip(words).find(|(_, known)| known.eq_ignore_ascii_case(word)).map(|(value, _)| value);
        spelled.or_else(|| word.parse().ok()).filter(|value| (least..=most).contains(value))
    };
    let mut admitted = Vec::new();
    for part in text.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, Some(step.parse().ok().filter(|step| *step > 0)?)),
            None => (part, None),
        };
        let (first, end) = match range.split_once('-') {
            Some((first, end)) => (value(first)?, value(end)?),
            None if range == "*" => (least, most),
            None if step.is_some() => (value(range)?, most),
            None => (value(range)?, value(range)?),
        };
        if first > end {
            return None;
        }
        admitted.extend((first..=end).step_by(step.unwrap_or(1)));
    }
    Some(Some(admitted))
}

/// The instant a minute later: what is to hold against a firing is set once that has surely happened.
pub(super) fn minute_after(at: Timestamp) -> Timestamp {
    at.checked_add(SignedDuration::from_mins(1)).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn action(schedule: &str, timezone: &str) -> ScheduledAction {
        ScheduledAction {
            name: "a".to_owned(),
            schedule: schedule.to_owned(),
            timezone: timezone.to_owned(),
            min: None,
            max: None,
        }
    }

    fn fired(schedule: &str, timezone: &str, from: &str, to: &str) -> Vec<String> {
        let calendar = Calendar::of(&action(schedule, timezone)).unwrap();
        calendar.between(from.parse().unwrap(), to.parse().unwrap()).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_firings_of_three_days() {
        let three_days = |schedule, zone| fired(schedule, zone, "2026-11-06T00:00:00Z", "2026-11-09T00:00:00Z");
        let table: [(&str, &str, &[&str]); 8] = [
            ("cron(0 22 * * ? *)", "", &["2026-11-06T22:00:00Z", "2026-11-07T22:00:00Z", "2026-11-08T22:00:00Z"]),
            ("cron(30 8 ? * MON-FRI *)", "", &["2026-11-06T08:30:00Z"]),
            ("cron(0 8 ? * 7,1 2026)", "", &["2026-11-07T08:00:00Z", "2026-11-08T08:00:00Z"]),
            ("cron(0 0/12 7 nov ? *)", "", &["2026-11-07T00:00:00Z", "2026-11-07T12:00:00Z"]),
            ("cron(*/30 5-5 8 * ? *)", "", &["2026-11-08T05:00:00Z", "2026-11-08T05:30:00Z"]),
            ("cron(0 8 7 * ? *)", "Europe/Berlin", &["2026-11-07T07:00:00Z"]),
            ("at(2026-11-07T18:00:00)", "", &["2026-11-07T18:00:00Z"]),
            ("cron(0 8 * * ? 2025)", "", &[]),
        ];
        for (schedule, zone, expected) in table {
            assert_eq!(three_days(schedule, zone), expected, "{schedule} {zone}");
        }
    }

    #[test]
    fn a_span_holds_its_end_and_not_its_beginning() {
        let nightly = |from, to| fired("cron(0 22 * * ? *)", "", from, to).len();
        assert_eq!(nightly("2026-11-06T22:00:00Z", "2026-11-07T21:59:59Z"), 0);
        assert_eq!(nightly("2026-11-06T21:59:59Z", "2026-11-06T22:00:00Z"), 1);
    }

    #[test]
    fn what_is_not_understood_is_said_so() {
        let odd = [
            "rate(5 minutes)",
            "cron(0 8 L * ? *)",
            "cron(0 8 ? * 6#3 *)",
            "cron(0 8 15W * ? *)",
            "cron(0 8 * * ?)",
            "cron(60 8 * * ? *)",
            "cron(0 8/0 * * ? *)",
            "cron(0 9-8 * * ? *)",
            "at(tomorrow)",
            "cron(0 8 * * ? *",
            "",
        ];
        for schedule in odd {
            assert!(Calendar::of(&action(schedule, "")).is_none(), "{schedule}");
        }
        assert!(Calendar::of(&action("cron(0 8 * * ? *)", "Mars/Olympus")).is_none());
    }
}
