//! What the platform costs: the last day that is complete, what today is heading for, and what stands out.
//!
//! US dollars, since that is what AWS bills in. Absent on purpose: prices, and judging a spike or an idle resource: both
//! come in as verdicts of those who look at a month of days and at weeks of metrics.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// An amount of US dollars.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Dollars(pub f64);

/// What is known of the money.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Spend {
    /// The last UTC day that Cost Explorer has in full; `None` until it was asked.
    pub last_day: Option<DayCost>,
    /// What today will have cost if what runs now runs on; `None` until it can be told.
    pub today: Option<Projection>,
    /// A day that cost unusually much, by the verdict of who compares days.
    pub spike: Option<Spike>,
    /// Resources that are paid for and hardly used; `None` until somebody has looked.
    pub idle: Option<Vec<Idle>>,
}

/// What a day has cost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DayCost {
    /// The UTC day.
    pub day: Date,
    /// What it has cost.
    pub cost: Dollars,
    /// When Cost Explorer was asked: it changes three times a day at most.
    pub learnt: Timestamp,
}

/// What today is heading for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Projection {
    /// For the whole UTC day, from what runs and the table of prices.
    pub cost: Dollars,
    /// The moment whose running resources it was made from.
    pub at: Timestamp,
}

/// A day that cost unusually much.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Spike {
    /// The UTC day.
    pub day: Date,
    /// What it has cost.
    pub cost: Dollars,
    /// What was to be expected.
    pub expected: Dollars,
}

/// A resource that is paid for and hardly used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Idle {
    /// Its name.
    pub resource: String,
    /// Why it is thought so, as in "cpu below 5 % for 14 days".
    pub why: String,
    /// What it costs a day.
    pub cost: Dollars,
    /// When that was found.
    pub since: Timestamp,
}
