//! The questions, one a source, a file a tier. Adding a source is adding a file and a line in [`start`].

mod alarms;
mod balancers;
mod caches;
mod databases;
mod edge;
mod identity;
mod metrics;
mod scaling;
mod services;
mod spend;
mod tasks;

use std::hash::{DefaultHasher, Hash, Hasher};

use jiff::{SignedDuration, Timestamp};

use super::poller::{Answer, Ends, poll};
use super::view::Spending;
use crate::aws::{Failure, Partly, pace};
use crate::platform::{Fact, Source};

/// Calls that one source has out at a time: the first fill of a thousand services is a hundred calls.
const CALLS_AT_ONCE: usize = 4;

/// Starts every source's poller, in the order of a cold start. The budget is what metrics may cost, in US dollars an
/// hour.
pub(super) fn start(ends: &Ends, clusters: Vec<String>, spending: Spending, budget: Option<f64>) {
    tokio::spawn(poll(identity::Identity, ends.clone()));
    tokio::spawn(poll(services::ServiceList { clusters }, ends.clone()));
    tokio::spawn(poll(services::Services::default(), ends.clone()));
    tokio::spawn(poll(scaling::ScalableTargets::default(), ends.clone()));
    tokio::spawn(poll(databases::Databases::default(), ends.clone()));
    tokio::spawn(poll(caches::Caches::default(), ends.clone()));
    tokio::spawn(poll(metrics::Metrics::new(budget), ends.clone()));
    tokio::spawn(poll(scaling::Activities::default(), ends.clone()));
    tokio::spawn(poll(balancers::TargetGroups::default(), ends.clone()));
    tokio::spawn(poll(balancers::TargetHealth::default(), ends.clone()));
    tokio::spawn(poll(scaling::ScalingPolicies::default(), ends.clone()));
    tokio::spawn(poll(scaling::ScheduledActions::default(), ends.clone()));
    tokio::spawn(poll(tasks::Tasks, ends.clone()));
    tokio::spawn(poll(databases::ReaderName::default(), ends.clone()));
    tokio::spawn(poll(alarms::Alarms, ends.clone()));
    tokio::spawn(poll(spend::Spend::new(spending.explorer, spending.folder), ends.clone()));
    tokio::spawn(poll(spend::Sizes, ends.clone()));
    tokio::spawn(poll(spend::Weeks { users: spending.users }, ends.clone()));
    tokio::spawn(poll(edge::Distributions, ends.clone()));
    tokio::spawn(poll(metrics::EdgeMetrics::new(budget), ends.clone()));
}

/// What a question is about, in short.
fn subject(of: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

fn one(answer: Result<Fact, Failure>) -> Answer {
    many(vec![answer])
}

/// When a source is due again: seldom where what it tells is much and changes by hand.
fn due(many: bool, source: Source, asked: Timestamp) -> Timestamp {
    let slow = SignedDuration::from_secs(i64::from(pace::slow(source)));
    if many { asked + slow } else { pace::due(source, asked) }
}

/// An answer that says so.
fn slowed(many: bool, source: Source, answer: Answer) -> Answer {
    Answer { cadence_s: many.then(|| pace::slow(source)), ..answer }
}

/// What was learnt, and what is missing beside it.
fn partly<T>(answer: Result<Partly<T>, Failure>, fact: impl FnOnce(T) -> Fact) -> Answer {
    match answer {
        Ok(Partly { known, missing }) => {
            let missing = missing.map(|failure| failure.into_state(Timestamp::UNIX_EPOCH));
            Answer { missing, ..one(Ok(fact(known))) }
        }
        Err(failure) => one(Err(failure)),
    }
}

/// Keeps what was learnt beside the first failure.
fn many(answers: Vec<Result<Fact, Failure>>) -> Answer {
    let mut all = Answer::default();
    for answer in answers {
        match answer {
            Ok(fact) => all.facts.push(fact),
            Err(failure) => all.failure = all.failure.or(Some(failure)),
        }
    }
    all
}
