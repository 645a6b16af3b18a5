//! Elastic Load Balancing: target groups, and the health of what is registered in them.

use std::collections::BTreeSet;

use futures_util::future::join_all;

use super::super::poller::{Answer, Ask, Moment};
use super::super::view::View;
use super::super::wants::Wants;
use super::{CALLS_AT_ONCE, many, one, subject};
use crate::aws::SERVICES_PER_CALL;
use crate::platform::{Fact, Platform, Source, TargetGroupArn};

pub(super) struct TargetGroups;

impl TargetGroups {
    fn arns(platform: &Platform) -> BTreeSet<&TargetGroupArn> {
        platform.services.values().flat_map(|service| &service.target_groups).collect()
    }
}

impl Ask for TargetGroups {
    const SOURCE: Source = Source::TargetGroups;

    fn subject(&self, view: &View, _: &Wants) -> Option<u64> {
        let arns = Self::arns(&view.platform);
        (!arns.is_empty()).then(|| subject(arns))
    }

    async fn ask(&mut self, moment: &Moment<'_>) -> Answer {
        let arns: Vec<TargetGroupArn> = Self::arns(&moment.view.platform).into_iter().cloned().collect();
        one(moment.reader.target_groups(&arns).await.map(Fact::TargetGroups))
    }
}

/// Health of the targets of what is looked at closely, and of the selected rows' first screen.
pub(super) struct TargetHealth;

impl TargetHealth {
    fn arns(view: &View, wants: &Wants) -> BTreeSet<TargetGroupArn> {
        wants
            .close()
            .chain(wants.visible.iter().take(SERVICES_PER_CALL))
            .filter_map(|id| view.platform.services.get(id))
            .flat_map(|service| service.target_groups.iter().cloned())
            .filter(|arn| view.platform.target_groups.contains_key(arn))
            .collect()
    }
}

impl Ask for TargetHealth {
    const SOURCE: Source = Source::TargetHealth;

    fn subject(&self, view: &View, wants: &Wants) -> Option<u64> {
        let arns = Self::arns(view, wants);
        (!arns.is_empty()).then(|| subject(arns))
    }

    async fn ask(&mut self, moment: &Moment<'_>) -> Answer {
        let arns: Vec<TargetGroupArn> = Self::arns(moment.view, moment.wants).into_iter().collect();
        let mut answers = Vec::new();
        for arns in arns.chunks(CALLS_AT_ONCE) {
            let asked = arns.iter().map(async |arn| {
                moment.reader.target_health(arn).await.map(|health| Fact::TargetHealth(arn.clone(), health))
            });
            answers.extend(join_all(asked).await);
        }
        many(answers)
    }
}
