//! Money, pure: what runs by the table of prices, what was billed, what it served, what stands out, what could be saved.
//!
//! [`judge`] makes one value of it all; the pane, the alarms and `scaledeck cost` show that. Absent on purpose: I/O, a
//! clock, and any way to change something: an opportunity names the change that would realise it, and no more.

pub mod billed;
pub mod hours;
pub mod idle;
pub mod impact;
pub mod per;
pub mod run_rate;
pub mod savings;
pub mod spike;
pub mod today;
pub mod words;

use jiff::Timestamp;
use serde::Serialize;

pub use billed::Billed;
pub use impact::Impact;
pub use per::Per;
pub use run_rate::RunRate;
pub use savings::Opportunity;
pub use today::{Today, Watch};

use crate::platform::bill::{Anomaly, Coverage, Part};
use crate::platform::spend::{DayCost, Dollars, Idle, Projection, Spend};
use crate::platform::{Platform, SourceState, source::Source};
use crate::policy::Policy;

/// The version of the JSON that [`Money`] is written as. It counts up when a field changes its meaning or goes.
pub const SCHEMA_VERSION: u32 = 1;

/// Everything there is to say about money.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Money {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// When it was judged.
    pub at: Timestamp,
    /// What runs now.
    pub run_rate: RunRate,
    /// What today has cost and is heading for; an estimate on demand.
    pub today: Option<Today>,
    /// What was billed; `None` until Cost Explorer has answered.
    pub billed: Option<Billed>,
    /// Why there is no bill, or why it is not fresh.
    pub bill_trouble: Option<String>,
    /// The budget of a day; `None`: none is set.
    pub budget: Option<Dollars>,
    /// What a request costs.
    pub per_request: Per,
    /// What a user costs.
    pub per_user: Per,
    /// What scaling has cost today.
    pub impact: Impact,
    /// What Cost Explorer's own detector found; `None` until it was asked.
    pub anomalies: Option<Part<Vec<Anomaly>>>,
    /// Savings Plans.
    pub savings_plans: Option<Part<Coverage>>,
    /// Reservations.
    pub reservations: Option<Part<Coverage>>,
    /// What is hardly used; `None` while there is not a week to judge by.
    pub idle: Option<Vec<Idle>>,
    /// What could be saved, the largest saving first.
    pub opportunities: Vec<Opportunity>,
    /// When the hourly metrics were asked for.
    pub weeks_learnt: Option<Timestamp>,
}

/// Judges the money. `watch` is what was seen of today.
pub fn judge(platform: &Platform, policy: &Policy, watch: &Watch, now: Timestamp) -> Money {
    let rate = run_rate::run_rate(platform, &policy.prices, now);
    let bill = platform.bill.as_deref();
    let weeks = platform.weeks.as_deref();
    let billed = bill.map(billed::billed);
    let last = billed.as_ref().and_then(|billed| billed.last);
    let idle = idle::idle(platform, weeks, &rate);
    let opportunities = savings::opportunities(platform, policy, &rate, now);
    Money {
        schema_version: SCHEMA_VERSION,
        at: now,
        today: watch.today(now).filter(|_| rate.learnt.is_some()),
        bill_trouble: trouble(platform, now),
        budget: policy.alarms.daily_budget_usd.map(Dollars),
        per_request: per::request(last, weeks),
        per_user: per::user(last, weeks),
        impact: impact::impact(platform, policy, now),
        anomalies: bill.map(|bill| bill.anomalies.clone()),
        savings_plans: bill.map(|bill| bill.savings_plans.clone()),
        reservations: bill.map(|bill| bill.reservations.clone()),
        weeks_learnt: weeks.map(|weeks| weeks.learnt),
        run_rate: rate,
        billed,
        idle,
        opportunities,
    }
}

/// Why the bill is missing or old, in a sentence; `None` while it is fresh.
fn trouble(platform: &Platform, now: Timestamp) -> Option<String> {
    let Some(health) = platform.sources.get(&Source::Spend) else {
        return platform.bill.is_none().then(|| "Cost Explorer is not asked".to_owned());
    };
    match &health.state {
        SourceState::Live if health.stale(now) => Some("Cost Explorer has not answered for half a day".to_owned()),
        SourceState::Live => None,
        SourceState::Waiting => Some("Cost Explorer is not asked".to_owned()),
        state => Some(format!("Cost Explorer: {state}")),
    }
}

impl Money {
    /// What the alarms judge.
    pub fn spend(&self) -> Spend {
        let billed = self.billed.as_ref();
        Spend {
            last_day: billed
                .and_then(|billed| billed.last.map(|(day, cost)| DayCost { day, cost, learnt: billed.learnt })),
            today: self.today.as_ref().map(|today| Projection { cost: today.projected, at: today.at }),
            spike: billed.and_then(|billed| billed.spike.clone()),
            idle: self.idle.clone(),
        }
    }
}

#[cfg(test)]
pub(crate) mod scene;
#[cfg(test)]
mod tests;
