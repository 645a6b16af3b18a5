//! CloudFront: the distributions, and the values of their metrics, which are published in another region.

use std::collections::BTreeSet;

use super::super::poller::{Answer, Ask, Moment};
use super::super::view::View;
use super::super::wants::Wants;
use super::{many, partly, subject};
use crate::aws::Planner;
use crate::platform::{Fact, MetricKey, Platform, Source};

pub(super) struct Distributions;

impl Ask for Distributions {
    const SOURCE: Source = Source::Distributions;

    fn subject(&self, _: &View, _: &Wants) -> Option<u64> {
        Some(0)
    }

    async fn ask(&mut self, moment: &Moment<'_>) -> Answer {
        partly(moment.reader.distributions().await, Fact::Distributions)
    }
}

#[derive(Default)]
pub(super) struct EdgeMetrics {
    planner: Planner,
}

impl EdgeMetrics {
    fn wanted(view: &View) -> BTreeSet<MetricKey> {
        let enabled = view.platform.distributions.values().filter(|one| one.enabled);
        enabled.flat_map(|one| Platform::metrics_of_distribution(one)).collect()
    }
}

impl Ask for EdgeMetrics {
    const SOURCE: Source = Source::EdgeMetrics;

    fn subject(&self, view: &View, _: &Wants) -> Option<u64> {
        let wanted = Self::wanted(view);
        (!wanted.is_empty()).then(|| subject(wanted))
    }

    async fn ask(&mut self, moment: &Moment<'_>) -> Answer {
        let wanted = Self::wanted(moment.view);
        self.planner.retain(|key| wanted.contains(key));
        let mut answers = Vec::new();
        for question in self.planner.plan(&wanted, moment.now) {
            let answer = moment.reader.edge_metrics(&question).await;
            answers.push(answer.map(|answer| {
                self.planner.answered(&question, &answer.incomplete);
                Fact::Metrics(answer.points)
            }));
            if answers.last().is_some_and(Result::is_err) {
                break;
            }
        }
        many(answers)
    }
}
