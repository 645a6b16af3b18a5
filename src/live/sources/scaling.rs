//! Application Auto Scaling: limits, policies, schedule, and what the autoscaler did or refused to do.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};

use super::super::poller::{Answer, Ask, Moment};
use super::super::view::View;
use super::super::wants::Wants;
use super::{many, one, subject};
use crate::aws::pace;
use crate::platform::{Fact, ServiceId, Source};

/// How often the target of a plan is read while somebody decides on it.
const DECIDING_EVERY: SignedDuration = SignedDuration::from_secs(4);

/// How far back activities are read: windows, cooldowns and "what changed" need three hours, the usual time of a
/// scale-out some more of them.
const ACTIVITIES_FOR: SignedDuration = SignedDuration::from_hours(24);

/// Limits and suspensions: all of them now and then, those that a plan rests on every few seconds.
#[derive(Default)]
pub(super) struct ScalableTargets {
    /// When all of them are due.
    all_due: Option<Timestamp>,
}

impl Ask for ScalableTargets {
    const SOURCE: Source = Source::ScalableTargets;

    fn subject(&self, _: &View, wants: &Wants) -> Option<u64> {
        Some(subject((&wants.previewing, &wants.following)))
    }

    fn due(&self, wants: &Wants, asked: Timestamp) -> Timestamp {
        let all = self.all_due.unwrap_or(asked);
        if wants.deciding().next().is_some() { all.min(asked + DECIDING_EVERY) } else { all }
    }

    async fn ask(&mut self, moment: &Moment<'_>) -> Answer {
        if self.all_due.is_none_or(|due| due <= moment.now) {
            let answer = one(moment.reader.scalable_targets().await.map(Fact::ScalableTargets));
            self.all_due = answer.failure.is_none().then(|| pace::due(Self::SOURCE, moment.now));
            return answer;
        }
        let deciding: BTreeSet<&ServiceId> = moment.wants.deciding().collect();
        let asked = deciding.into_iter().map(async |id| {
            moment.reader.scalable_target(id).await.map(|target| Fact::ScalableTarget(id.clone(), target))
        });
        many(join_all(asked).await)
    }
}

pub(super) struct ScalingPolicies;

impl Ask for ScalingPolicies {
    const SOURCE: Source = Source::ScalingPolicies;

    fn subject(&self, _: &View, _: &Wants) -> Option<u64> {
        Some(0)
    }

    async fn ask(&mut self, moment: &Moment<'_>) -> Answer {
        one(moment.reader.scaling_policies().await.map(Fact::ScalingPolicies))
    }
}

pub(super) struct ScheduledActions;

impl Ask for ScheduledActions {
    const SOURCE: Source = Source::ScheduledActions;

    fn subject(&self, _: &View, _: &Wants) -> Option<u64> {
        Some(0)
    }

    async fn ask(&mut self, moment: &Moment<'_>) -> Answer {
        one(moment.reader.scheduled_actions().await.map(Fact::ScheduledActions))
    }
}

pub(super) struct Activities;

impl Ask for Activities {
    const SOURCE: Source = Source::Activities;

    fn subject(&self, _: &View, wants: &Wants) -> Option<u64> {
        Some(subject(&wants.following))
    }

    async fn ask(&mut self, moment: &Moment<'_>) -> Answer {
        one(moment.reader.activities(None, moment.now - ACTIVITIES_FOR).await.map(Fact::Activities))
    }
}
