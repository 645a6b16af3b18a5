//! The floor that is in force at a time, and when it changes next.
//!
//! Half-open hours of a day in an IANA zone, so that a day with 23 or 25 hours needs no special case: what counts is the
//! hour a clock on the wall of that zone shows. Absent on purpose: AWS's own scheduled actions, which are what is, not
//! what should be.

use std::fmt;

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

/// The policy's floor at a time.
///
/// A holiday's floor goes before a weekend's, and that before the hours of the day. The policy's minimum holds under
/// all of them.
pub fn floor_at(policy: &EcsPolicy, at: Timestamp) -> Floor {
    let local = at.to_zoned_datetime(policy.schedule_timezone.0.clone());
    let (date, hour) = (local.date(), local.hour().cast_unsigned());
    let scheduled = if policy.holidays.contains(&date) && policy.holiday_min_capacity.is_some() {
        policy.holiday_min_capacity.map(|count| (count, format!("holiday {date}")))
    } else if weekend(date) && policy.weekend_min_capacity.is_some() {
        policy.weekend_min_capacity.map(|count| (count, format!("weekend, {}", policy.schedule_timezone)))
    } else if peak(policy, hour) {
        policy.peak_hours_min_capacity.map(|count| (count, format!("peak hours {}", hours(policy))))
    } else {
        policy.off_peak_hours_min_capacity.map(|count| (count, format!("outside peak hours {}", hours(policy))))
    };
    match scheduled {
        Some((count, origin)) if count >= policy.min_capacity => Floor { count, origin },
        _ => Floor { count: policy.min_capacity, origin: "the policy's minimum".to_owned() },
    }
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
    let present = floor_at(policy, now).count;
    let mut day = now.to_zoned_datetime(policy.schedule_timezone.0.clone()).date();
    for _ in 0..=DAYS_AHEAD {
        let mut edges = [0, policy.peak_hours_start, policy.peak_hours_end];
        edges.sort_unstable();
        for hour in edges {
            let floor = instant(policy, day, hour).filter(|at| *at > now).map(|at| (at, floor_at(policy, at)));
            if let Some((at, floor)) = floor.filter(|(_, floor)| floor.count != present) {
                return Some((at, floor));
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

fn hours(policy: &EcsPolicy) -> String {
    format!("{:02}:00–{:02}:00 {}", policy.peak_hours_start, policy.peak_hours_end, policy.schedule_timezone)
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
