//! Elastic Load Balancing: target groups, and the health of what is registered in them.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use jiff::Timestamp;

use super::super::poller::{Answer, Ask, Moment};
use super::super::view::View;
use super::super::wants::Wants;
use super::{CALLS_AT_ONCE, due, many, one, slowed, subject};
use crate::aws::{Failure, Reader, pace};
use crate::platform::{Fact, Platform, ServiceId, Source, TargetGroupArn};

/// Up to so many groups on the screen are all read every time.
const FEW: usize = 10;

/// Their attributes are a call a group: many of them are read seldom.
#[derive(Default)]
pub(super) struct TargetGroups {
    many: bool,
}

impl TargetGroups {
    fn arns(platform: &Platform) -> BTreeSet<&TargetGroupArn> {
        platform.services.values().flat_map(|service| &service.target_groups).collect()
    }
}

impl Ask for TargetGroups {
    const SOURCE: Source = Source::TargetGroups;

    fn due(&self, _: &Wants, asked: Timestamp) -> Timestamp {
        due(self.many, Self::SOURCE, asked)
    }

    fn subject(&self, view: &View, _: &Wants) -> Option<u64> {
        let arns = Self::arns(&view.platform);
        (!arns.is_empty()).then(|| subject(arns))
    }

    async fn ask(&mut self, moment: &Moment<'_>) -> Answer {
        let arns: Vec<TargetGroupArn> = Self::arns(&moment.view.platform).into_iter().cloned().collect();
        self.many = arns.len() > pace::MANY;
        slowed(self.many, Self::SOURCE, one(moment.reader.target_groups(&arns).await.map(Fact::TargetGroups)))
    }
}

/// Health of the targets of what is looked at closely, every time; of what else is on the screen all of it while that is
/// few, and otherwise one group after the other.
#[derive(Default)]
pub(super) struct TargetHealth {
    /// Where the round stands.
    next: usize,
    many: bool,
}

impl TargetHealth {
    fn arns<'a>(view: &View, ids: impl Iterator<Item = &'a ServiceId>) -> BTreeSet<TargetGroupArn> {
        ids.filter_map(|id| view.platform.services.get(id))
            .flat_map(|service| service.target_groups.iter().cloned())
            .filter(|arn| view.platform.target_groups.contains_key(arn))
            .collect()
    }
}

impl Ask for TargetHealth {
    const SOURCE: Source = Source::TargetHealth;

    fn subject(&self, view: &View, wants: &Wants) -> Option<u64> {
        let arns = Self::arns(view, wants.close().chain(&wants.visible));
        (!arns.is_empty()).then(|| subject(arns))
    }

    fn due(&self, _: &Wants, asked: Timestamp) -> Timestamp {
        due(self.many, Self::SOURCE, asked)
    }

    async fn ask(&mut self, moment: &Moment<'_>) -> Answer {
        let mut hot = Self::arns(moment.view, moment.wants.close());
        let rest = Self::arns(moment.view, moment.wants.visible.iter());
        let rest: Vec<TargetGroupArn> = rest.into_iter().filter(|arn| !hot.contains(arn)).collect();
        self.many = rest.len() > FEW;
        let turn = if self.many { rest.get(self.next % rest.len()).cloned() } else { None };
        if self.many {
            self.next = (self.next + 1) % rest.len();
        } else {
            hot.extend(rest.iter().cloned());
        }
        let mut answer = many(health(moment.reader, hot.into_iter().collect()).await);
        if answer.failure.is_none() {
            let cold = many(health(moment.reader, turn.into_iter().collect()).await);
            let round_s = u32::try_from(rest.len()).unwrap_or(u32::MAX).saturating_mul(pace::slow(Self::SOURCE));
            answer.cold = cold.facts.into_iter().map(|fact| (fact, round_s)).collect();
            answer.failure = cold.failure;
        }
        answer
    }
}

async fn health(reader: &Reader, arns: Vec<TargetGroupArn>) -> Vec<Result<Fact, Failure>> {
    let mut answers = Vec::with_capacity(arns.len());
    for arns in arns.chunks(CALLS_AT_ONCE) {
        let asked = arns
            .iter()
            .map(async |arn| reader.target_health(arn).await.map(|health| Fact::TargetHealth(arn.clone(), health)));
        answers.extend(join_all(asked).await);
    }
    answers
}
