//! The floor that is in force at a time, and when it changes next.
//!
//! Half-open hours of a day in an IANA zone, so that a day with 23 or 25 hours needs no special case: what counts is the
//! hour a clock on the wall of that zone shows. Absent on purpose: AWS's own scheduled actions, which are what is, not
//! what should be.

use std::fmt::{self, Write as _};

use jiff::Timestamp;
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::knobs::EcsPolicy;
use super::verdict::Floor;
use crate::platform::TaskCount;

/// How far ahead the next change is looked for: a week and a day meets every weekday and, on either side, both ends of
/// a peak.
const DAYS_AHEAD: usize = 8;

/// A time zone, looked up once when a policy is read so that the engine itself never opens a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Zone(TimeZone);

/// A zone that the time zone database does not know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a time zone of the IANA database, as in `UTC` or `Europe/Berlin`")]
pub struct UnknownZone(pub String);

impl Zone {
    /// Coordinated universal time, which needs no database.
    pub const UTC: Self = Self(TimeZone::UTC);

    /// A zone by its IANA name. This is the one place that may read the system's time zone database.
    pub fn named(name: &str) -> Result<Self, UnknownZone> {
        if name == "UTC" {
            return Ok(Self::UTC);
        }
        TimeZone::get(name).map(Self).map_err(|_| UnknownZone(name.to_owned()))
    }

    /// The zone itself.
    pub fn rules(&self) -> &TimeZone {
        &self.0
    }

    /// The IANA name.
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl From<Zone> for String {
    fn from(zone: Zone) -> Self {
        zone.name().to_owned()
    }
}

impl TryFrom<String> for Zone {
    type Error = UnknownZone;

    fn try_from(name: String) -> Result<Self, UnknownZone> {
        Self::named(&name)
    }
}

/// Where a floor comes from.
#[derive(Debug, Clone, Copy)]
enum Origin {
    Holiday(Date),
    Weekend,
    Peak,
    OffPeak,
    Minimum,
}

/// The policy's floor at a time.
///
/// A holiday's floor goes before a weekend's, and that before the hours of the day. The policy's minimum holds under
/// all of them.
pub fn floor_at(policy: &EcsPolicy, at: Timestamp) -> Floor {
    in_words(policy, count_at(policy, at))
}

/// The floor's count and its origin: the words are made only for a floor that is shown.
fn count_at(policy: &EcsPolicy, at: Timestamp) -> (TaskCount, Origin) {
    let local = at.to_zoned_datetime(policy.schedule_timezone.0.clone());
    let (date, hour) = (local.date(), local.hour().cast_unsigned());
    let (scheduled, origin) = if policy.holidays.contains(&date) && policy.holiday_min_capacity.is_some() {
        (policy.holiday_min_capacity, Origin::Holiday(date))
    } else if weekend(date) && policy.weekend_min_capacity.is_some() {
        (policy.weekend_min_capacity, Origin::Weekend)
    } else if peak(policy, hour) {
        (policy.peak_hours_min_capacity, Origin::Peak)
    } else {
        (policy.off_peak_hours_min_capacity, Origin::OffPeak)
    };
    match scheduled {
        Some(count) if count >= policy.min_capacity => (count, origin),
        _ => (policy.min_capacity, Origin::Minimum),
    }
}

fn in_words(policy: &EcsPolicy, (count, origin): (TaskCount, Origin)) -> Floor {
    // In one piece: every verdict carries these words.
    let mut words = String::with_capacity(64);
    let _ = match origin {
        Origin::Holiday(date) => write!(words, "holiday {date}"),
        Origin::Weekend => write!(words, "weekend, {}", policy.schedule_timezone),
        Origin::Peak => write!(words, "peak hours {}", Hours(policy)),
        Origin::OffPeak => write!(words, "outside peak hours {}", Hours(policy)),
        Origin::Minimum => words.write_str("the policy's minimum"),
    };
    Floor { count, origin: words }
}

/// The next time at which the policy's floor is another than now, with the floor from then on. `None` when it does not
/// change within a week.
pub fn next_change(policy: &EcsPolicy, now: Timestamp) -> Option<(Timestamp, Floor)> {
    let scheduled = [
        policy.peak_hours_min_capacity,
        policy.off_peak_hours_min_capacity,
        policy.weekend_min_capacity,
        policy.holiday_min_capacity,
    ];
    if scheduled.iter().all(Option::is_none) {
        return None;
    }
    let (present, _) = count_at(policy, now);
    let mut day = now.to_zoned_datetime(policy.schedule_timezone.0.clone()).date();
    for _ in 0..=DAYS_AHEAD {
        let mut edges = [0, policy.peak_hours_start, policy.peak_hours_end];
        edges.sort_unstable();
        for hour in edges {
            let floor = instant(policy, day, hour).filter(|at| *at > now).map(|at| (at, count_at(policy, at)));
            if let Some((at, floor)) = floor.filter(|(_, (count, _))| *count != present) {
                return Some((at, in_words(policy, floor)));
            }
        }
        day = day.tomorrow().ok()?;
    }
    None
}

/// The first instant of an hour of a day. An hour that the clocks skip begins when they jump; one that they repeat
/// begins the first time.
fn instant(policy: &EcsPolicy, day: Date, hour: u8) -> Option<Timestamp> {
    let (day, hour) = if hour >= 24 { (day.tomorrow().ok()?, 0) } else { (day, hour) };
    let local = day.at(hour.cast_signed(), 0, 0, 0);
    local.to_zoned_datetime(policy.schedule_timezone.0.clone()).ok().map(|zoned| zoned.timestamp())
}

fn peak(policy: &EcsPolicy, hour: u8) -> bool {
    let (start, end) = (policy.peak_hours_start, policy.peak_hours_end);
    if start <= end { (start..end).contains(&hour) } else { hour >= start || hour < end }
}

fn weekend(date: Date) -> bool {
    matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday)
}

/// The peak hours in words.
struct Hours<'a>(&'a EcsPolicy);

impl fmt::Display for Hours<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(policy) = self;
        write!(f, "{:02}:00–{:02}:00 {}", policy.peak_hours_start, policy.peak_hours_end, policy.schedule_timezone)
    }
}

/// The floor and the ceiling that are in force: of policy and AWS the stricter, since a count outside either is one that
/// somebody has ruled out. A floor above the ceiling is cut to it.
pub fn limits_in_force(policy: &EcsPolicy, scheduled: &Floor, aws: (TaskCount, TaskCount)) -> (Floor, TaskCount) {
    let ceiling = policy.max_capacity.min(aws.1);
    let mut floor = scheduled.clone();
    if aws.0 > floor.count {
        floor = Floor { count: aws.0, origin: format!("AWS's minimum; the policy's floor is {}", floor.count) };
    }
    if floor.count > ceiling {
        floor = Floor { count: ceiling, origin: format!("{}, cut to the ceiling", floor.origin) };
    }
    (floor, ceiling)
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use proptest::prelude::*;

    use super::*;
    use crate::platform::Environment;
    use crate::policy::Policy;

    fn at(time: &str) -> Timestamp {
        time.parse().unwrap()
    }

    fn production() -> EcsPolicy {
        Policy::of_spec(Environment::Production).ecs
    }

    fn zoned(zone: &str) -> EcsPolicy {
        EcsPolicy { schedule_timezone: Zone::named(zone).unwrap(), ..production() }
    }

    fn count(policy: &EcsPolicy, time: &str) -> u32 {
        floor_at(policy, at(time)).count.0
    }

    #[test]
    fn peak_hours_are_half_open() {
        for (time, floor) in [
            ("2026-03-10T07:59:59.999Z", 2),
            ("2026-03-10T08:00:00Z", 4),
            ("2026-03-10T21:59:59.999Z", 4),
            ("2026-03-10T22:00:00Z", 2),
        ] {
            assert_eq!(count(&production(), time), floor, "{time}");
        }
    }

    #[test]
    fn the_hours_are_those_of_the_zone_on_days_that_change_their_clocks() {
        let berlin = zoned("Europe/Berlin");
        for (time, floor) in [
            // The day of 23 hours: 08:00 is UTC+2.
            ("2026-03-29T05:59:59Z", 2),
            ("2026-03-29T06:00:00Z", 4),
            ("2026-03-29T19:59:59Z", 4),
            ("2026-03-29T20:00:00Z", 2),
            // The day of 25 hours: 08:00 is UTC+1.
            ("2026-10-25T06:59:59Z", 2),
            ("2026-10-25T07:00:00Z", 4),
            ("2026-10-25T21:00:00Z", 2),
        ] {
            assert_eq!(count(&berlin, time), floor, "{time}");
        }
    }

    #[test]
    fn a_peak_may_span_midnight() {
        let night = EcsPolicy { peak_hours_start: 22, peak_hours_end: 6, ..production() };
        for (time, floor) in [("T21:59:59Z", 2), ("T22:00:00Z", 4), ("T05:59:59Z", 4), ("T06:00:00Z", 2)] {
            assert_eq!(count(&night, &format!("2026-03-10{time}")), floor, "{time}");
        }
    }

    #[test]
    fn a_peak_may_end_at_midnight() {
        let late = EcsPolicy { peak_hours_end: 24, ..production() };
        assert_eq!(count(&late, "2026-03-10T23:59:59Z"), 4);
        let (at_midnight, floor) = next_change(&late, at("2026-03-10T12:00:00Z")).unwrap();
        assert_eq!((at_midnight, floor.count), (at("2026-03-11T00:00:00Z"), TaskCount(2)));
    }

    #[test]
    fn a_holiday_goes_before_a_weekend_and_that_before_the_hours() {
        let policy = EcsPolicy {
            min_capacity: TaskCount(1),
            weekend_min_capacity: Some(TaskCount(3)),
            holiday_min_capacity: Some(TaskCount(1)),
            holidays: vec!["2026-12-26".parse().unwrap()],
            ..production()
        };
        // 25 December 2026 is a Friday.
        for (day, floor, origin) in [
            ("2026-12-25", 4, "peak hours 08:00–22:00 UTC"),
            ("2026-12-26", 1, "holiday 2026-12-26"),
            ("2026-12-27", 3, "weekend, UTC"),
            ("2026-12-28", 4, "peak hours 08:00–22:00 UTC"),
        ] {
            let noon = floor_at(&policy, at(&format!("{day}T12:00:00Z")));
            assert_eq!((noon.count.0, noon.origin.as_str()), (floor, origin), "{day}");
        }
        let (changes, floor) = next_change(&policy, at("2026-12-25T23:00:00Z")).unwrap();
        assert_eq!((changes, floor.count), (at("2026-12-26T00:00:00Z"), TaskCount(1)));
    }

    #[test]
    fn the_policys_minimum_holds_under_every_schedule() {
        let policy = EcsPolicy { min_capacity: TaskCount(3), ..production() };
        let night = floor_at(&policy, at("2026-03-10T03:00:00Z"));
        assert_eq!((night.count.0, night.origin.as_str()), (3, "the policy's minimum"));
    }

    #[test]
    fn without_a_schedule_the_floor_never_changes() {
        let staging = Policy::of_spec(Environment::Staging).ecs;
        assert_eq!(count(&staging, "2026-03-10T12:00:00Z"), 1);
        assert_eq!(next_change(&staging, at("2026-03-10T12:00:00Z")), None);
        let flat = EcsPolicy { off_peak_hours_min_capacity: Some(TaskCount(4)), ..production() };
        assert_eq!(next_change(&flat, at("2026-03-10T12:00:00Z")), None);
    }

    #[test]
    fn a_zone_is_read_by_its_name_and_an_unknown_one_is_named() {
        let json = serde_json::to_string(&production()).unwrap();
        assert!(json.contains(r#""schedule_timezone":"UTC""#), "{json}");
        let json = json.replace(r#""UTC""#, r#""Europe/Berln""#);
        let error = serde_json::from_str::<EcsPolicy>(&json).unwrap_err().to_string();
        assert!(error.starts_with("`Europe/Berln` is not a time zone"), "{error}");
        assert_eq!(Zone::named("Europe/Berlin").unwrap().to_string(), "Europe/Berlin");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

        /// Until the next change the floor is what it is now, and from then on another – on any day of a year, clocks
        /// that change included, whole hours or not.
        #[test]
        fn nothing_changes_before_the_next_change(
            minute in 0_i64..366 * 24 * 60,
            start in 0_u8..24,
            end in 0_u8..=24,
            zone in prop::sample::select(vec!["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]),
            weekend in prop::option::of(0_u32..6),
        ) {
            let policy = EcsPolicy {
                peak_hours_start: start,
                peak_hours_end: end,
                weekend_min_capacity: weekend.map(TaskCount),
                ..zoned(zone)
            };
            let now = at("2026-01-01T00:00:30Z").checked_add(SignedDuration::from_mins(minute)).unwrap();
            let present = floor_at(&policy, now).count;
            let change = next_change(&policy, now);
            let until = change.as_ref().map_or_else(
                || now.checked_add(SignedDuration::from_hours(7 * 24)).unwrap(),
                |(at, _)| *at,
            );
            let mut time = now;
            while time < until {
                prop_assert_eq!(floor_at(&policy, time).count, present, "at {}", time);
                time = time.checked_add(SignedDuration::from_mins(10)).unwrap();
            }
            if let Some((at, floor)) = change {
                let just_before = at.checked_sub(SignedDuration::from_secs(1)).unwrap();
                prop_assert_eq!(floor_at(&policy, just_before.max(now)).count, present);
                prop_assert_eq!(floor_at(&policy, at).count, floor.count);
                prop_assert_ne!(floor.count, present);
            }
        }
    }
}
