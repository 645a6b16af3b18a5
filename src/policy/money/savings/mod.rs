//! What could be saved: each with its evidence, what it might save, its risk, and the change that would realise it.
//!
//! Nothing is applied from here. Absent on purpose: a saving that nobody can reckon – it is `Untold`, with the reason,
//! and never a guess.

mod committed;
mod floors;
mod members;
mod sizes;
mod spot;
mod storage;

use jiff::Timestamp;
use serde::Serialize;

use super::hours::Span;
use super::run_rate::{RunRate, of_task};
use crate::platform::metric::Resource;
use crate::platform::spend::Dollars;
use crate::platform::weeks::{Hours, Measure, Weeks};
use crate::platform::{Bill, Platform, Service};
use crate::policy::Policy;

/// Something that could be saved.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Opportunity {
    /// Which strategy of the spec's.
    pub kind: Kind,
    /// What it is about, as AWS spells it.
    pub subject: String,
    /// What to do, in a few words.
    pub title: String,
    /// What it rests on, a sentence each.
    pub evidence: Vec<String>,
    /// What it might save.
    pub saving: Saving,
    /// What speaks against it.
    pub risk: String,
    /// The change that would realise it.
    pub change: String,
}

/// A strategy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// More runs than anything asks for.
    StuckScaleOut,
    /// A replica or node that hardly works.
    IdleMember,
    /// A smaller size does.
    RightSizing,
    /// What AWS's Compute Optimizer says, or why it says nothing.
    ComputeOptimizer,
    /// A lower floor in the night, at weekends, on holidays.
    Schedule,
    /// Spot for what may be interrupted.
    Spot,
    /// A commitment to what always runs.
    Reserved,
    /// Storage.
    Storage,
    /// Old data.
    OldData,
}

/// What might be saved.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Saving {
    /// About this much a month.
    About(Dollars),
    /// Up to this much a month.
    UpTo(Dollars),
    /// It cannot be told, and why.
    Untold(String),
}

impl Saving {
    /// Dollars a month, where they can be told.
    pub fn monthly(&self) -> Option<Dollars> {
        match self {
            Self::About(dollars) | Self::UpTo(dollars) => Some(*dollars),
            Self::Untold(_) => None,
        }
    }
}

/// What opportunities are looked for in.
struct Look<'a> {
    platform: &'a Platform,
    policy: &'a Policy,
    rate: &'a RunRate,
    weeks: Option<(&'a Weeks, Span)>,
    bill: Option<&'a Bill>,
    now: Timestamp,
}

impl Look<'_> {
    /// Hours of a measure, if there is a week of them.
    fn hours(&self, resource: &Resource, measure: Measure) -> Option<&Hours> {
        self.weeks?.0.of(resource, measure).filter(|hours| hours.len() >= Span::LEAST)
    }

    /// The span of the weeks in words.
    fn span(&self) -> String {
        self.weeks.map(|(_, span)| span.to_string()).unwrap_or_default()
    }

    /// Dollars an hour of one task of a service, on demand.
    fn task(&self, service: &Service) -> Option<f64> {
        let size = service.task_size.filter(|_| service.launch.contains("FARGATE"))?;
        of_task(size, false, &self.policy.prices).map(|(hourly, _)| hourly)
    }
}

/// Everything that could be saved, the largest saving first, what cannot be told last.
pub fn opportunities(platform: &Platform, policy: &Policy, rate: &RunRate, now: Timestamp) -> Vec<Opportunity> {
    let weeks = platform.weeks.as_deref().and_then(|weeks| Some((weeks, Span::of(weeks)?)));
    let look = Look { platform, policy, rate, weeks, bill: platform.bill.as_deref(), now };
    let mut found = Vec::new();
    members::stuck(&look, &mut found);
    members::idle(&look, &mut found);
    sizes::tasks(&look, &mut found);
    sizes::databases(&look, &mut found);
    sizes::nodes(&look, &mut found);
    sizes::optimizer(&look, &mut found);
    floors::floors(&look, &mut found);
    spot::spot(&look, &mut found);
    committed::committed(&look, &mut found);
    storage::storage(&look, &mut found);
    found.sort_by(|a, b| {
        let dollars = |one: &Opportunity| one.saving.monthly().map_or(f64::NEG_INFINITY, |dollars| dollars.0);
        dollars(b).total_cmp(&dollars(a)).then(a.kind.cmp(&b.kind)).then_with(|| a.subject.cmp(&b.subject))
    });
    found
}

#[cfg(test)]
mod tests;
