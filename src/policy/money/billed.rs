//! What the bill says in a few numbers: the last complete day, this month against the last, what it went on, the trend.
//!
//! Absent on purpose: what runs now. A day counts as complete 24 hours after it ended: Cost Explorer is that late.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::spike::DAYS;
use crate::platform::Bill;
use crate::platform::spend::{Dollars, Spike};

/// How long after its end a day may still be filled (AWS: "allow 24 hours").
const LATE: SignedDuration = SignedDuration::from_hours(24);

/// The bill in a few numbers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Billed {
    /// When Cost Explorer was asked.
    pub learnt: Timestamp,
    /// The days, oldest first, with what each has cost.
    pub days: Vec<(Date, Dollars)>,
    /// The last complete day; `None` where no day of the bill is.
    pub last: Option<(Date, Dollars)>,
    /// This month so far against the same days of the last one.
    pub month: Option<Month>,
    /// What a forecast adds: the whole month, as Cost Explorer expects it.
    pub month_forecast: Option<Dollars>,
    /// What it went on, the dearest first.
    pub breakdown: Vec<Slice>,
    /// The last seven complete days against the seven before.
    pub trend: Option<Trend>,
    /// A complete day that was unusual: the newest one, if it was.
    pub spike: Option<Spike>,
}

/// This month so far.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Month {
    /// Complete days of this month.
    pub days: usize,
    /// What they have cost.
    pub so_far: Dollars,
    /// What the same days of the last month had cost; `None` where the bill does not reach back.
    pub last_month: Option<Dollars>,
}

/// What one service has cost.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Slice {
    /// The service, in AWS's words.
    pub service: String,
    /// On the last complete day.
    pub day: Dollars,
    /// Of that day's total, %.
    pub percent: f64,
    /// Over the last 30 complete days, or as many as there are.
    pub month: Dollars,
    /// The usage types that made most of those 30 days, at most three.
    pub uses: Vec<(String, Dollars)>,
}

/// A week against the week before.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Trend {
    /// The last seven complete days.
    pub week: Dollars,
    /// The seven before.
    pub before: Dollars,
}

impl Trend {
    /// By how much the week is dearer than the one before, %; `None` where that one cost nothing.
    pub fn percent(&self) -> Option<f64> {
        (self.before.0 > 0.0).then(|| (self.week.0 / self.before.0 - 1.0) * 100.0)
    }
}

/// How many days of a bill are complete: those that ended a day before it was asked for.
pub fn complete(bill: &Bill) -> usize {
    let settled = bill.learnt.checked_sub(LATE).unwrap_or(Timestamp::MIN).to_zoned_datetime(TimeZone::UTC).date();
    bill.days.partition_point(|billed| billed.day < settled)
}

/// The bill in a few numbers.
pub fn billed(bill: &Bill) -> Billed {
    let days: Vec<(Date, Dollars)> = bill.totals().collect();
    let whole = &days[..complete(bill)];
    let last = whole.last().copied();
    let sum = |days: &[(Date, Dollars)]| Dollars(days.iter().map(|(_, cost)| cost.0).sum());
    let trend = whole
        .len()
        .checked_sub(14)
        .map(|from| Trend { week: sum(&whole[from + 7..]), before: sum(&whole[from..from + 7]) });
    let month = last.and_then(|(last, _)| month(whole, last));
    let month_forecast = bill.forecast.known().map(|forecast| {
        // What the forecast does not cover was billed: the days of its month before it begins.
        let within = |day: &Date| *day < forecast.from && (day.year(), day.month()) == month_of(forecast.to);
        let billed: f64 = days.iter().filter(|(day, _)| within(day)).map(|(_, cost)| cost.0).sum();
        Dollars(billed + forecast.cost.0)
    });
    Billed {
        learnt: bill.learnt,
        last,
        month,
        month_forecast,
        breakdown: breakdown(bill, whole.len()),
        trend,
        spike: spike(whole),
        days,
    }
}

/// The year and month that a range ends in whose end is excluded.
fn month_of(end: Date) -> (i16, i8) {
    let last = end.yesterday().unwrap_or(end);
    (last.year(), last.month())
}

fn month(whole: &[(Date, Dollars)], last: Date) -> Option<Month> {
    let of = |first: Date, upto: i8| {
        let days = whole
            .iter()
            .filter(|(day, _)| (day.year(), day.month()) == (first.year(), first.month()) && day.day() <= upto);
        let costs: Vec<f64> = days.map(|(_, cost)| cost.0).collect();
        (costs.len(), Dollars(costs.iter().sum()))
    };
    let first = last.first_of_month();
    let before = first.yesterday().ok()?.first_of_month();
    let (days, so_far) = of(first, last.day());
    let (earlier, last_month) = of(before, last.day());
    // The last month may be shorter than this one has days already.
    let expected = usize::try_from(last.day().min(before.days_in_month())).unwrap_or(usize::MAX);
    Some(Month { days, so_far, last_month: (earlier == expected).then_some(last_month) })
}

fn breakdown(bill: &Bill, complete: usize) -> Vec<Slice> {
    let Some(last) = complete.checked_sub(1) else { return Vec::new() };
    let month = complete.saturating_sub(30)..complete;
    let total = bill.total(last).0;
    let mut slices: std::collections::BTreeMap<&str, Slice> = std::collections::BTreeMap::new();
    for one in &bill.uses {
        let over: f64 = one.costs.get(month.clone()).unwrap_or_default().iter().sum();
        let slice = slices.entry(&one.service).or_insert_with(|| Slice {
            service: one.service.clone(),
            day: Dollars(0.0),
            percent: 0.0,
            month: Dollars(0.0),
            uses: Vec::new(),
        });
        slice.day.0 += one.costs.get(last).copied().unwrap_or(0.0);
        slice.month.0 += over;
        if over > 0.0 {
            slice.uses.push((one.usage_type.clone(), Dollars(over)));
        }
    }
    let mut slices: Vec<Slice> = slices.into_values().collect();
    for slice in &mut slices {
        slice.percent = if total > 0.0 { slice.day.0 / total * 100.0 } else { 0.0 };
        slice.uses.sort_by(|(_, a), (_, b)| b.0.total_cmp(&a.0));
        slice.uses.truncate(3);
    }
    slices.sort_by(|a, b| b.month.0.total_cmp(&a.month.0));
    slices
}

/// The newest complete day, if it cost unusually much.
fn spike(whole: &[(Date, Dollars)]) -> Option<Spike> {
    let costs: Vec<f64> = whole.iter().map(|(_, cost)| cost.0).collect();
    let (day, cost) = *whole.last()?;
    let (expected, over) = DAYS.unusual(&costs, costs.len() - 1)?;
    (over > 0.0).then_some(Spike { day, cost, expected: Dollars(expected.value) })
}
