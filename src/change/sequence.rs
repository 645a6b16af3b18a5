//! The steps of a change, one after the other: what is sent next, what it waits for, and whether a step shows.
//!
//! Absent on purpose: resuming a sequence that an earlier run of the program began. What is left of it is a new change.

use jiff::{SignedDuration, Timestamp};

use super::cache;
use super::ecs;
use super::observed::Observed;
use super::plan::Plan;
use super::replicas;
use super::step::Step;
use crate::platform::{GroupId, Platform, Source};

/// The longest wait before a step: making a replica of a large source takes hours, but then somebody should look.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(2);

/// What comes next.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// This can be sent.
    Send(Step),
    /// Not yet, in words.
    Wait(String),
    /// Not any more, in words.
    Never(String),
}

impl Plan {
    /// Every step, in order, as far as it is known before the first. Empty only for a plan that nobody could make.
    pub fn steps(&self) -> Vec<Step> {
        match &self.observed {
            Observed::Service(seen) => ecs::steps(self, seen),
            Observed::Replicas(seen) => replicas::steps(self, seen),
            Observed::Cache(seen) => cache::steps(self, seen),
        }
    }

    /// The step of a number, counted from 0, as it can be sent now. `before` is when Enter was pressed and when the step
    /// before it was answered; `None` for the first.
    pub fn next(
        &self,
        number: usize,
        before: Option<(Timestamp, Timestamp)>,
        platform: &Platform,
        now: Timestamp,
    ) -> Next {
        let Some(step) = self.steps().into_iter().nth(number) else {
            return Next::Never("there is no such step".to_owned());
        };
        let next = match &self.observed {
            Observed::Replicas(_) => replicas::complete(self, step, before, platform, now),
            Observed::Service(seen) => ecs::complete(self, seen, step, before.is_some(), platform),
            Observed::Cache(_) => Next::Send(step),
        };
        match (next, before) {
            (Next::Wait(what), Some((_, answered))) if now.duration_since(answered) > LONGEST_WAIT => {
                Next::Never(format!("two hours later, still: {what}"))
            }
            (next, _) => next,
        }
    }
}

impl Step {
    /// Whether the platform shows that it was carried out, from what was asked for since `answered`; `None` while
    /// nothing was.
    pub(super) fn shows(&self, group: &GroupId, platform: &Platform, answered: Timestamp) -> Option<bool> {
        let read = |source| platform.sources.get(&source).and_then(|health| health.learnt) >= Some(answered);
        let service = group.service();
        let target = || service.and_then(|id| platform.targets.get(id));
        let actions = || service.and_then(|id| platform.schedules.get(id));
        let records = || platform.reader_name.iter().flat_map(|reader| &reader.records);
        match self {
            Self::Floor { to, .. } => read(Source::ScalableTargets).then(|| target().is_some_and(|t| t.min == *to)),
            Self::PutSchedule { action, .. } => read(Source::ScheduledActions)
                .then(|| actions().is_some_and(|actions| actions.iter().any(|known| known == action))),
            Self::DropSchedule { name, .. } => read(Source::ScheduledActions)
                .then(|| actions().is_none_or(|actions| actions.iter().all(|known| known.name != *name))),
            Self::CreateReplica { replica, .. } => {
                read(Source::Databases).then(|| platform.databases.contains_key(replica))
            }
            Self::PutRecord { record, .. } => read(Source::ReaderName)
                .then(|| records().any(|known| known.set == record.set && known.weight == record.weight)),
            Self::DropRecord { record, .. } => {
                read(Source::ReaderName).then(|| records().all(|known| known.set != record.set))
            }
            // The rest end their change: what they set is looked at there.
            _ => None,
        }
    }
}
