//! ECS: which services there are, and their counts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};

use super::super::poller::{Answer, Ask, Moment};
use super::super::view::View;
use super::super::wants::Wants;
use super::{CALLS_AT_ONCE, many, one, subject};
use crate::aws::{Failure, Reader, SERVICES_PER_CALL, pace};
use crate::platform::{ClusterName, Fact, Platform, ServiceId, ServiceName, Source};

/// Never described services that one round asks for: a thousand take a few rounds, and the visible ones come first.
const FIRST_FILL_AT_ONCE: usize = 160;

/// Every service is read at least this often, in rounds of the services source.
const COLD_ROUNDS: usize = 20;

pub(super) struct ServiceList {
    pub clusters: Vec<String>,
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
pub(super) struct Services {
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

    /// With more to describe than one call takes, every five seconds: two hundred services with a screen full of them
    /// are five calls a round.
    fn due(&self, _: &Wants, asked: Timestamp) -> Timestamp {
        let slow = SignedDuration::from_secs(i64::from(pace::slow(Self::SOURCE)));
        if self.hot.len() > SERVICES_PER_CALL { asked + slow } else { pace::due(Self::SOURCE, asked) }
    }

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
