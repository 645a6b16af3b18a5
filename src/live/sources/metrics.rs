//! CloudWatch: the values of metrics.

use std::collections::BTreeSet;

use super::super::poller::{Answer, Ask, Moment};
use super::super::view::View;
use super::super::wants::Wants;
use super::{many, subject};
use crate::aws::Planner;
use crate::platform::{Fact, MetricKey, Platform, Source};

#[derive(Default)]
pub(super) struct Metrics {
    planner: Planner,
}

impl Metrics {
    fn wanted(view: &View, wants: &Wants) -> BTreeSet<MetricKey> {
        let platform = &view.platform;
        let services = wants.hot().into_iter().flat_map(|id| platform.metrics_of(id));
        let databases = platform.databases.values().flat_map(|one| Platform::metrics_of_database(one));
        let nodes = platform.caches.values().flat_map(|one| Platform::metrics_of_cache(one));
        services.chain(databases).chain(nodes).collect()
    }
}

impl Ask for Metrics {
    const SOURCE: Source = Source::Metrics;

    fn subject(&self, view: &View, wants: &Wants) -> Option<u64> {
        let wanted = Self::wanted(view, wants);
        (!wanted.is_empty()).then(|| subject(wanted))
    }

    async fn ask(&mut self, moment: &Moment<'_>) -> Answer {
        let wanted = Self::wanted(moment.view, moment.wants);
        self.planner.retain(|key| moment.view.platform.series.contains_key(key) || wanted.contains(key));
        let mut answers = Vec::new();
        for question in self.planner.plan(&wanted, moment.now) {
            let answer = moment.reader.metrics(&question).await;
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
