//! What AWS has billed, day by day, as Cost Explorer tells it: late by up to a day, and estimated until the month closes.
//!
//! Absent on purpose: what runs now – a bill knows nothing of it – and any judgement of a day.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::spend::Dollars;

/// How many days are asked for: three months to see a trend in, and every weekday a dozen times.
pub const BILLED_DAYS: i64 = 90;

/// What Cost Explorer told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bill {
    /// The days, oldest first, each the one after the last.
    pub days: Vec<BilledDay>,
    /// What was used, each with a value a day of `days`.
    pub uses: Vec<BilledUse>,
    /// What the rest of the month is forecast to cost.
    pub forecast: Part<Forecast>,
    /// What Cost Explorer's own detector found.
    pub anomalies: Part<Vec<Anomaly>>,
    /// Savings Plans of the last 30 days.
    pub savings_plans: Part<Coverage>,
    /// Reservations of the last 30 days.
    pub reservations: Part<Coverage>,
    /// When it was asked for.
    pub learnt: Timestamp,
}

/// A UTC day of a bill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BilledDay {
    /// The day.
    pub day: Date,
    /// AWS still corrects it.
    pub estimated: bool,
}

/// One usage type of one service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BilledUse {
    /// The service, in AWS's words: `Amazon Elastic Container Service`.
    pub service: String,
    /// The usage type: `USE1-Fargate-vCPU-Hours:perCPU`. Outside us-east-1 a region's prefix goes before it.
    pub usage_type: String,
    /// US dollars, unblended, a value a day.
    pub costs: Vec<f64>,
    /// How much was used, in the usage type's own unit, a value a day.
    pub amounts: Vec<f64>,
}

/// A part of the answer that can be missing by itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part<T> {
    /// Told.
    Known(T),
    /// Not told, and why.
    Untold(String),
}

impl<T> Part<T> {
    /// What was told, where it was.
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(known) => Some(known),
            Self::Untold(_) => None,
        }
    }

    /// Why it was not told, where it was not.
    pub fn why_not(&self) -> Option<&str> {
        match self {
            Self::Known(_) => None,
            Self::Untold(why) => Some(why),
        }
    }
}

/// A forecast by Cost Explorer.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Forecast {
    /// From this day on.
    pub from: Date,
    /// Up to this day, which is excluded.
    pub to: Date,
    /// For all of it.
    pub cost: Dollars,
}

/// Something unusual by Cost Explorer's own judgement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Anomaly {
    /// Its first day.
    pub first: Date,
    /// Its last day, where it has ended.
    pub last: Option<Date>,
    /// The service that it is of, in AWS's words.
    pub service: String,
    /// What it has cost beyond what was expected.
    pub impact: Dollars,
}

/// How far commitments reach.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coverage {
    /// Of what could be covered, this share was, %; `None`: nothing could, or AWS does not say.
    pub coverage_percent: Option<f64>,
    /// Of what was committed to, this share was used, %; `None`: nothing is committed to.
    pub utilization_percent: Option<f64>,
}

impl Bill {
    /// What a day has cost in all.
    pub fn total(&self, index: usize) -> Dollars {
        Dollars(self.uses.iter().filter_map(|one| one.costs.get(index)).sum())
    }

    /// Every day with what it has cost, oldest first.
    pub fn totals(&self) -> impl Iterator<Item = (Date, Dollars)> + '_ {
        self.days.iter().enumerate().map(|(index, billed)| (billed.day, self.total(index)))
    }

    /// Why it cannot be what AWS said, if it cannot: what comes from a disk may be anything.
    pub fn fault(&self) -> Option<String> {
        let unbroken = self.days.windows(2).all(|pair| pair[0].day.tomorrow().ok() == Some(pair[1].day));
        if !unbroken {
            return Some("its days are not in one unbroken run".to_owned());
        }
        let whole = |one: &BilledUse| one.costs.len() == self.days.len() && one.amounts.len() == self.days.len();
        let finite = |one: &BilledUse| one.costs.iter().chain(&one.amounts).all(|value| value.is_finite());
        if let Some(one) = self.uses.iter().find(|one| !whole(one) || !finite(one)) {
            return Some(format!("{} has not a number for every day", one.usage_type));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bill(days: &[&str], costs: &[f64]) -> Bill {
        let untold = || "not asked".to_owned();
        Bill {
            days: days.iter().map(|day| BilledDay { day: day.parse().unwrap(), estimated: false }).collect(),
            uses: vec![BilledUse {
                service: "s".into(),
                usage_type: "u".into(),
                costs: costs.to_vec(),
                amounts: costs.to_vec(),
            }],
            forecast: Part::Untold(untold()),
            anomalies: Part::Untold(untold()),
            savings_plans: Part::Untold(untold()),
            reservations: Part::Untold(untold()),
            learnt: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_bill_with_a_hole_or_without_a_number_is_not_one() {
        assert_eq!(bill(&["2026-03-01", "2026-03-02"], &[1.0, 2.0]).fault(), None);
        assert!(bill(&["2026-03-01", "2026-03-03"], &[1.0, 2.0]).fault().is_some());
        assert!(bill(&["2026-03-01", "2026-03-02"], &[1.0]).fault().is_some());
        assert!(bill(&["2026-03-01"], &[f64::NAN]).fault().is_some());
    }
}
