//! CloudWatch: the values of metrics, those of CloudFront apart because they are published in another region.
//!
//! Asked for is everything that a rule reads of databases and caches, and everything of the services that are looked at;
//! how often is what the budget allows.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::super::poller::{Answer, Ask, Moment};
use super::super::ration::{DECIDING_EVERY_S, Load, Ration, ration};
use super::super::view::View;
use super::super::wants::Wants;
use super::{many, subject};
use crate::aws::{self, Failure, Planner, Question, Reader, pace};
use crate::platform::{Fact, MetricKey, Platform, Source, SourceState};

/// Up to so many services on the screen are read as often as one that is open.
const FEW: usize = 5;

/// What there is to ask for, by kind.
struct Wanted {
    edge: BTreeSet<MetricKey>,
    shown: BTreeSet<MetricKey>,
    rules: BTreeSet<MetricKey>,
    close: BTreeSet<MetricKey>,
    /// Of changes under way: never rationed.
    deciding: BTreeSet<MetricKey>,
}

impl Wanted {
    fn of(view: &View, wants: &Wants) -> Self {
        let platform = &*view.platform;
        let deciding: BTreeSet<MetricKey> = wants.deciding().flat_map(|id| platform.metrics_of(id)).collect();
        let few = wants.visible.iter().filter(|_| wants.visible.len() <= FEW);
        let close: BTreeSet<MetricKey> = wants
            .close()
            .chain(few)
            .flat_map(|id| platform.metrics_of(id))
            .filter(|key| !deciding.contains(key))
            .collect();
        let services = wants.visible.iter().flat_map(|id| platform.metrics_of(id));
        let databases = platform.databases.values().flat_map(|one| Platform::metrics_of_database(one));
        let nodes = platform.caches.values().flat_map(|one| Platform::metrics_of_cache(one));
        let rest = services.chain(databases).chain(nodes);
        let (rules, shown) = rest
            .filter(|key| !deciding.contains(key) && !close.contains(key))
            .partition(|key: &MetricKey| key.metric.decides());
        let enabled = platform.distributions.values().filter(|one| one.enabled);
        let edge = enabled.flat_map(|one| Platform::metrics_of_distribution(one)).collect();
        Self { edge, shown, rules, close, deciding }
    }

    fn ration(&self, budget: Option<f64>) -> Ration {
        let Self { edge, shown, rules, close, .. } = self;
        ration(Load { edge: edge.len(), shown: shown.len(), rules: rules.len(), close: close.len() }, budget)
    }

    /// The metrics of the region, each with how many seconds lie between two questions for it.
    fn regional(&self, ration: &Ration) -> BTreeMap<&MetricKey, u32> {
        let kinds = [
            (&self.deciding, Some(DECIDING_EVERY_S)),
            (&self.close, ration.close_s),
            (&self.rules, ration.rules_s),
            (&self.shown, ration.shown_s),
        ];
        let asked = kinds.into_iter().filter_map(|(keys, every_s)| Some((keys, every_s?)));
        asked.flat_map(|(keys, every_s)| keys.iter().map(move |key| (key, every_s))).collect()
    }
}

/// The metrics of the region.
pub(super) struct Metrics {
    planner: Planner,
    budget: Option<f64>,
    /// Seconds until the most urgent of them is due again.
    every_s: u32,
}

impl Metrics {
    pub(super) fn new(budget: Option<f64>) -> Self {
        Self { planner: Planner::default(), budget, every_s: pace::cadence_s(Source::Metrics) }
    }
}

impl Ask for Metrics {
    const SOURCE: Source = Source::Metrics;

    fn subject(&self, view: &View, wants: &Wants) -> Option<u64> {
        let Wanted { shown, rules, close, deciding, .. } = Wanted::of(view, wants);
        let nothing = [&shown, &rules, &close, &deciding].iter().all(|keys| keys.is_empty());
        (!nothing).then(|| subject((shown, rules, close, deciding)))
    }

    fn due(&self, _: &Wants, asked: Timestamp) -> Timestamp {
        pace::next_slot(asked, self.every_s)
    }

    async fn ask(&mut self, moment: &Moment<'_>) -> Answer {
        let wanted = Wanted::of(moment.view, moment.wants);
        let ration = wanted.ration(self.budget);
        let keys = wanted.regional(&ration);
        self.planner.retain(|key| moment.view.platform.series.contains_key(key) || keys.contains_key(key));
        self.every_s = keys.values().copied().min().unwrap_or_else(|| pace::cadence_s(Self::SOURCE));
        let questions = self.planner.plan_each(keys.iter().map(|(key, every_s)| (*key, *every_s)), moment.now);
        told(ask(&mut self.planner, questions, Where::Region(moment.reader)).await, ration, self.every_s)
    }
}

/// The metrics of the edge.
pub(super) struct EdgeMetrics {
    planner: Planner,
    budget: Option<f64>,
    every_s: u32,
}

impl EdgeMetrics {
    pub(super) fn new(budget: Option<f64>) -> Self {
        Self { planner: Planner::default(), budget, every_s: pace::cadence_s(Source::EdgeMetrics) }
    }
}

impl Ask for EdgeMetrics {
    const SOURCE: Source = Source::EdgeMetrics;

    fn subject(&self, view: &View, wants: &Wants) -> Option<u64> {
        let edge = Wanted::of(view, wants).edge;
        (!edge.is_empty()).then(|| subject(edge))
    }

    fn due(&self, _: &Wants, asked: Timestamp) -> Timestamp {
        pace::next_slot(asked, self.every_s)
    }

    async fn ask(&mut self, moment: &Moment<'_>) -> Answer {
        let wanted = Wanted::of(moment.view, moment.wants);
        let ration = wanted.ration(self.budget);
        self.planner.retain(|key| wanted.edge.contains(key));
        self.every_s = ration.edge_s.unwrap_or_else(|| pace::cadence_s(Self::SOURCE));
        let keys = wanted.edge.iter().filter_map(|key| Some((key, ration.edge_s?)));
        let questions = self.planner.plan_each(keys, moment.now);
        told(ask(&mut self.planner, questions, Where::Edge(moment.reader)).await, ration, self.every_s)
    }
}

/// Where metrics are published.
enum Where<'r> {
    Region(&'r Reader),
    Edge(&'r Reader),
}

impl Where<'_> {
    async fn metrics(&self, question: &Question) -> Result<aws::Answer, Failure> {
        match self {
            Self::Region(reader) => reader.metrics(question).await,
            Self::Edge(reader) => reader.edge_metrics(question).await,
        }
    }
}

/// Asks one question after the other; the first failure ends it.
async fn ask(planner: &mut Planner, questions: Vec<Question>, from: Where<'_>) -> Answer {
    let mut answers = Vec::with_capacity(questions.len());
    for question in questions {
        let answer = from.metrics(&question).await;
        answers.push(answer.map(|answer| {
            planner.answered(&question, &answer.incomplete);
            Fact::Metrics(answer.points)
        }));
        if answers.last().is_some_and(Result::is_err) {
            break;
        }
    }
    many(answers)
}

/// An answer with what the budget has cost beside it.
fn told(answer: Answer, ration: Ration, every_s: u32) -> Answer {
    let missing = ration.lost.map(|detail| SourceState::Capped { detail });
    Answer { missing, cadence_s: Some(every_s), ..answer }
}
