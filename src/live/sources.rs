//! The questions, one a source, in the order of a cold start.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};

use super::poller::{Answer, Ask, Ends, Moment, poll};
use super::view::View;
use super::wants::Wants;
use crate::aws::{Failure, Planner, Reader, SERVICES_PER_CALL, pace};
use crate::platform::{ClusterName, Fact, MetricKey, Platform, ServiceId, ServiceName, Source, TargetGroupArn};

/// Calls that one source has out at a time: the first fill of a thousand services is a hundred calls.
const CALLS_AT_ONCE: usize = 4;

/// Never described services that one round asks for: a thousand take a few rounds, and the visible ones come first.
const FIRST_FILL_AT_ONCE: usize = 160;

/// How often the target of a plan is read while somebody decides on it.
const DECIDING_EVERY: SignedDuration = SignedDuration::from_secs(4);

/// Every service is read at least this often, in rounds of the services source.
const COLD_ROUNDS: usize = 20;

/// How far back activities are read: windows, cooldowns and "what changed" need three hours, the usual time of a
/// scale-out some more of them.
const ACTIVITIES_FOR: SignedDuration = SignedDuration::from_hours(24);

/// Starts every source's poller.
pub(super) fn start(ends: &Ends, clusters: Vec<String>) {
    tokio::spawn(poll(Identity, ends.clone()));
    tokio::spawn(poll(ServiceList { clusters }, ends.clone()));
    tokio::spawn(poll(Services::default(), ends.clone()));
    tokio::spawn(poll(ScalableTargets::default(), ends.clone()));
    tokio::spawn(poll(Metrics::default(), ends.clone()));
    tokio::spawn(poll(Activities, ends.clone()));
    tokio::spawn(poll(TargetGroups, ends.clone()));
    tokio::spawn(poll(TargetHealth, ends.clone()));
    tokio::spawn(poll(ScalingPolicies, ends.clone()));
    tokio::spawn(poll(ScheduledActions, ends.clone()));
    tokio::spawn(poll(Tasks, ends.clone()));
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

struct Identity;

impl Ask for Identity {
    const SOURCE: Source = Source::Identity;

    fn subject(&self, _: &View, _: &Wants) -> Option<u64> {
        Some(0)
    }

    async fn ask(&mut self, moment: &Moment<'_>) -> Answer {
        one(moment.reader.identity().await.map(Fact::Identity))
    }
}

struct ServiceList {
    clusters: Vec<String>,
}

impl Ask for ServiceList {
    const SOURCE: Source = Source::ServiceList;

    fn subject(&self, _: &View, _: &Wants) -> Option<u64> {
        Some(0)
    }

    async fn ask(&mut self, moment: &Moment<'_>) -> Answer {
        one(moment.reader.service_list(&self.clusters).await.map(Fact::ServiceList))
    }
}

/// Counts. What is hot is asked each time; the rest goes round.
#[derive(Default)]
struct Services {
    /// Where the round of the cold ones stands.
    next: Option<ServiceId>,
    /// What was hot the last time: what no longer is is read once more, so that it is known to be read seldom now.
    hot: BTreeSet<ServiceId>,
}

impl Services {
    /// The cold ones to ask now: those never described, and the next share of the rest.
    fn cold(&mut self, listed: &[ServiceId], platform: &Platform, hot: &BTreeSet<&ServiceId>) -> Vec<ServiceId> {
        let unknown = listed.iter().filter(|id| !platform.services.contains_key(*id));
        let mut chosen: BTreeSet<&ServiceId> = unknown.take(FIRST_FILL_AT_ONCE).collect();
        let share = listed.len().div_ceil(COLD_ROUNDS);
        let from = self.next.as_ref().map_or(0, |next| listed.partition_point(|id| id < next));
        chosen.extend(listed.iter().cycle().skip(from).take(share));
        self.next = listed.get((from + share) % listed.len().max(1)).cloned();
        chosen.extend(self.hot.iter().filter(|id| listed.binary_search(id).is_ok()));
        let cold = chosen.into_iter().filter(|id| !hot.contains(id)).cloned().collect();
        self.hot = hot.iter().copied().cloned().collect();
        cold
    }
}

impl Ask for Services {
    const SOURCE: Source = Source::Services;

    fn subject(&self, view: &View, wants: &Wants) -> Option<u64> {
        let listed = view.platform.listed.as_ref()?;
        let unknown = listed.iter().any(|id| !view.platform.services.contains_key(id));
        Some(subject((
            Arc::as_ptr(listed),
            unknown.then_some(view.platform.services.len()),
            &wants.visible,
            &wants.open,
        )))
    }

    async fn ask(&mut self, moment: &Moment<'_>) -> Answer {
        let Some(listed) = moment.view.platform.listed.as_deref() else { return Answer::default() };
        let hot = moment.wants.hot();
        let warm = listed.iter().filter(|id| hot.contains(id)).cloned();
        let mut answer = many(describe(moment.reader, warm).await);
        if answer.failure.is_none() {
            let cold = many(describe(moment.reader, self.cold(listed, &moment.view.platform, &hot).into_iter()).await);
            let round_s = COLD_ROUNDS as u32 * pace::cadence_s(Self::SOURCE);
            answer.cold = cold.facts.into_iter().map(|fact| (fact, round_s)).collect();
            answer.failure = cold.failure;
        }
        answer
    }
}

/// Describes services, as many a call and as many calls at a time as AWS likes. The first failure ends it.
async fn describe(reader: &Reader, ids: impl Iterator<Item = ServiceId>) -> Vec<Result<Fact, Failure>> {
    let mut by_cluster: BTreeMap<ClusterName, Vec<ServiceName>> = BTreeMap::new();
    for id in ids {
        by_cluster.entry(id.cluster).or_default().push(id.service);
    }
    let calls: Vec<(&ClusterName, &[ServiceName])> = by_cluster
        .iter()
        .flat_map(|(cluster, names)| names.chunks(SERVICES_PER_CALL).map(move |chunk| (cluster, chunk)))
        .collect();
    let mut answers = Vec::with_capacity(calls.len());
    for calls in calls.chunks(CALLS_AT_ONCE) {
        let asked = join_all(calls.iter().map(|(cluster, names)| reader.services(cluster, names))).await;
        answers.extend(asked.into_iter().map(|a| a.map(|(found, missing)| Fact::Services { found, missing })));
        if answers.iter().any(Result::is_err) {
            break;
        }
    }
    answers
}

/// Limits and suspensions: all of them now and then, those that a plan rests on every few seconds.
#[derive(Default)]
struct ScalableTargets {
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

struct ScalingPolicies;

impl Ask for ScalingPolicies {
    const SOURCE: Source = Source::ScalingPolicies;

    fn subject(&self, _: &View, _: &Wants) -> Option<u64> {
        Some(0)
    }

    async fn ask(&mut self, moment: &Moment<'_>) -> Answer {
        one(moment.reader.scaling_policies().await.map(Fact::ScalingPolicies))
    }
}

struct ScheduledActions;

impl Ask for ScheduledActions {
    const SOURCE: Source = Source::ScheduledActions;

    fn subject(&self, _: &View, _: &Wants) -> Option<u64> {
        Some(0)
    }

    async fn ask(&mut self, moment: &Moment<'_>) -> Answer {
        one(moment.reader.scheduled_actions().await.map(Fact::ScheduledActions))
    }
}

struct Activities;

impl Ask for Activities {
    const SOURCE: Source = Source::Activities;

    fn subject(&self, _: &View, wants: &Wants) -> Option<u64> {
        Some(subject(&wants.following))
    }

    async fn ask(&mut self, moment: &Moment<'_>) -> Answer {
        one(moment.reader.activities(None, moment.now - ACTIVITIES_FOR).await.map(Fact::Activities))
    }
}

struct TargetGroups;

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
struct TargetHealth;

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

/// Tasks of what is looked at closely: their states, and the size that a preview's cost is reckoned from.
struct Tasks;

impl Ask for Tasks {
    const SOURCE: Source = Source::Tasks;

    fn subject(&self, _: &View, wants: &Wants) -> Option<u64> {
        let close: BTreeSet<&ServiceId> = wants.close().collect();
        (!close.is_empty()).then(|| subject(close))
    }

    async fn ask(&mut self, moment: &Moment<'_>) -> Answer {
        let close: BTreeSet<&ServiceId> = moment.wants.close().collect();
        let asked =
            close.into_iter().map(async |id| moment.reader.tasks(id).await.map(|tasks| Fact::Tasks(id.clone(), tasks)));
        many(join_all(asked).await)
    }
}

#[derive(Default)]
struct Metrics {
    planner: Planner,
}

impl Metrics {
    fn wanted(view: &View, wants: &Wants) -> BTreeSet<MetricKey> {
        wants.hot().into_iter().flat_map(|id| view.platform.metrics_of(id)).collect()
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
