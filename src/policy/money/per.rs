//! What a request and a user cost: a complete day's bill by what that day served.
//!
//! Absent on purpose: a division by nothing. A day without requests has no cost per request.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::platform::metric::Resource;
use crate::platform::spend::Dollars;
use crate::platform::weeks::{Measure, Weeks};

/// What one of something costs.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "per", rename_all = "snake_case")]
pub enum Per {
    /// It is known.
    Each {
        /// The day.
        day: Date,
        /// How many there were.
        count: f64,
        /// What one cost.
        cost: Dollars,
    },
    /// There were none on that day.
    None {
        /// The day.
        day: Date,
    },
    /// It cannot be told.
    Unknown {
        /// Why, and what to do about it.
        why: String,
    },
}

impl Per {
    fn unknown(why: impl Into<String>) -> Self {
        Self::Unknown { why: why.into() }
    }

    fn of(day: Date, cost: Dollars, count: f64) -> Self {
        if count > 0.0 { Self::Each { day, count, cost: Dollars(cost.0 / count) } } else { Self::None { day } }
    }
}

/// The day's cost by the requests that the balancers took on it. An hour without a datapoint had no requests
/// (CloudWatch: `RequestCount` is reported where there are some), provided that any hour of the weeks has one.
pub fn request(last: Option<(Date, Dollars)>, weeks: Option<&Weeks>) -> Per {
    let Some((day, cost)) = last else { return Per::unknown("no day of the bill is complete") };
    let Some(weeks) = weeks else { return Per::unknown("hourly requests were not read yet") };
    let balancers = weeks.hours.iter().filter(|(key, hours)| {
        matches!(key.resource, Resource::LoadBalancer(_)) && key.measure == Measure::Requests && !hours.is_empty()
    });
    let balancers: Vec<_> = balancers.map(|(_, hours)| hours).collect();
    let Some(first) = balancers.iter().filter_map(|hours| hours.keys().next()).min() else {
        return Per::unknown("no balancer has reported a request");
    };
    let Some(from) = hour_of_day(day) else { return Per::unknown("no such day") };
    if *first >= from + 24 {
        return Per::unknown(format!("requests are known from after {day} only"));
    }
    Per::of(day, cost, balancers.iter().flat_map(|hours| hours.range(from..from + 24)).map(|(_, count)| count).sum())
}

/// The day's cost by its users, where a metric of users is configured.
pub fn user(last: Option<(Date, Dollars)>, weeks: Option<&Weeks>) -> Per {
    const HOW: &str = "no metric of users is configured: --users-metric NAMESPACE:NAME:STATISTIC";
    let Some(weeks) = weeks else { return Per::unknown("users were not read yet") };
    let Some(users) = &weeks.users else { return Per::unknown(HOW) };
    let Some((day, cost)) = last else { return Per::unknown("no day of the bill is complete") };
    let count = hour_of_day(day).and_then(|hour| users.get(&hour.div_euclid(24)));
    count.map_or_else(
        || Per::unknown(format!("the metric of users has no value for {day}")),
        |count| Per::of(day, cost, *count),
    )
}

/// The first hour of a UTC day, counted from the epoch.
fn hour_of_day(day: Date) -> Option<i64> {
    Some(day.to_zoned_datetime(TimeZone::UTC).ok()?.timestamp().as_second().div_euclid(3600))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::platform::LoadBalancerId;
    use crate::platform::weeks::HourKey;

    fn day() -> Date {
        "2026-03-09".parse().unwrap()
    }

    fn weeks(requests: &[(i64, f64)]) -> Weeks {
        let from = hour_of_day(day()).unwrap();
        let resource = Resource::LoadBalancer(LoadBalancerId::new("app/a/1"));
        let hours = requests.iter().map(|(hour, count)| (from + hour, *count)).collect();
        Weeks { hours: BTreeMap::from([(HourKey { resource, measure: Measure::Requests }, hours)]), ..Weeks::default() }
    }

    #[test]
    fn a_days_cost_by_its_requests() {
        let last = Some((day(), Dollars(12.0)));
        let known = weeks(&[(-1, 9.0), (0, 1_000.0), (23, 3_000.0), (24, 7.0)]);
        let each = Per::Each { day: day(), count: 4_000.0, cost: Dollars(0.003) };
        assert_eq!(request(last, Some(&known)), each);
    }

    #[test]
    fn a_day_without_requests_costs_no_infinity_a_request() {
        let last = Some((day(), Dollars(12.0)));
        assert_eq!(request(last, Some(&weeks(&[(-5, 10.0), (30, 10.0)]))), Per::None { day: day() });
        let told = |per: Per| if let Per::Unknown { why } = per { why } else { panic!("{per:?}") };
        assert_eq!(told(request(last, None)), "hourly requests were not read yet");
        assert_eq!(told(request(last, Some(&weeks(&[])))), "no balancer has reported a request");
        assert_eq!(told(request(last, Some(&weeks(&[(30, 1.0)])))), "requests are known from after 2026-03-09 only");
        assert_eq!(told(request(None, Some(&weeks(&[(1, 1.0)])))), "no day of the bill is complete");
    }

    #[test]
    fn users_need_a_metric_and_otherwise_say_how_to_configure_one() {
        let last = Some((day(), Dollars(12.0)));
        assert!(matches!(user(last, Some(&Weeks::default())), Per::Unknown { why } if why.contains("--users-metric")));
        let index = hour_of_day(day()).unwrap() / 24;
        let with = |users: f64| Weeks { users: Some(BTreeMap::from([(index, users)])), ..Weeks::default() };
        assert_eq!(user(last, Some(&with(48.0))), Per::Each { day: day(), count: 48.0, cost: Dollars(0.25) });
        assert_eq!(user(last, Some(&with(0.0))), Per::None { day: day() });
    }
}
