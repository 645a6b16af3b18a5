//! Application Auto Scaling: limits, policies, schedule, and what the autoscaler did or refused to do.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};

use super::super::poller::{Answer, Ask, Moment};
use super::super::view::View;
use super::super::wants::Wants;
use super::{due, many, one, slowed, subject};
use crate::aws::pace;
use crate::platform::{Activity, ActivityKind, Fact, ServiceId, Source};

/// How often the target of a plan is read while somebody decides on it.
const DECIDING_EVERY: SignedDuration = SignedDuration::from_secs(4);

/// How far back activities are read at first: windows, cooldowns and "what changed" need three hours.
const FIRST_FILL: SignedDuration = SignedDuration::from_hours(3);

/// How far back they are read, and kept, of what is looked at closely: for the usual time of a scale-out.
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// How long before the newest that is known is read again: activities may be listed late.
const OVERLAP: SignedDuration = SignedDuration::from_mins(5);

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
            let many = moment.view.platform.targets.len() > pace::MANY;
            self.all_due = answer.failure.is_none().then(|| due(many, Self::SOURCE, moment.now));
            return slowed(many, Self::SOURCE, answer);
        }
        let deciding: BTreeSet<&ServiceId> = moment.wants.deciding().collect();
        let asked = deciding.into_iter().map(async |id| {
            moment.reader.scalable_target(id).await.map(|target| Fact::ScalableTarget(id.clone(), target))
        });
        many(join_all(asked).await)
    }
}

/// On a large platform read seldom: they change by hand.
#[derive(Default)]
pub(super) struct ScalingPolicies {
    many: bool,
}

impl Ask for ScalingPolicies {
    const SOURCE: Source = Source::ScalingPolicies;

    fn due(&self, _: &Wants, asked: Timestamp) -> Timestamp {
        due(self.many, Self::SOURCE, asked)
    }

    fn subject(&self, _: &View, _: &Wants) -> Option<u64> {
        Some(0)
    }

    async fn ask(&mut self, moment: &Moment<'_>) -> Answer {
        let answer = moment.reader.scaling_policies().await;
        if let Ok(all) = &answer {
            self.many = all.values().map(Vec::len).sum::<usize>() > pace::MANY;
        }
        slowed(self.many, Self::SOURCE, one(answer.map(Fact::ScalingPolicies)))
    }
}

/// On a large platform read seldom: they change by hand.
#[derive(Default)]
pub(super) struct ScheduledActions {
    many: bool,
}

impl Ask for ScheduledActions {
    const SOURCE: Source = Source::ScheduledActions;

    fn due(&self, _: &Wants, asked: Timestamp) -> Timestamp {
        due(self.many, Self::SOURCE, asked)
    }

    fn subject(&self, _: &View, _: &Wants) -> Option<u64> {
        Some(0)
    }

    async fn ask(&mut self, moment: &Moment<'_>) -> Answer {
        let answer = moment.reader.scheduled_actions().await;
        if let Ok(all) = &answer {
            self.many = all.values().map(Vec::len).sum::<usize>() > pace::MANY;
        }
        slowed(self.many, Self::SOURCE, one(answer.map(Fact::ScheduledActions)))
    }
}

/// What the autoscaler did: three hours at first, then what is new since; a day of what is looked at closely, once.
#[derive(Default)]
pub(super) struct Activities {
    known: Known,
    /// When the last good answer was asked for.
    read: Option<Timestamp>,
    /// Services whose last day was read.
    day: BTreeSet<ServiceId>,
}

impl Ask for Activities {
    const SOURCE: Source = Source::Activities;

    fn subject(&self, _: &View, wants: &Wants) -> Option<u64> {
        Some(subject(wants.close().collect::<BTreeSet<_>>()))
    }

    async fn ask(&mut self, moment: &Moment<'_>) -> Answer {
        let first = moment.now - FIRST_FILL;
        let since = self.read.map_or(first, |read| self.known.news_since(read).max(first));
        let mut told = match moment.reader.activities(None, since).await {
            Ok(news) => self.known.learn(news, moment.now - DAY),
            Err(failure) => return one(Err(failure)),
        };
        self.read = Some(moment.now);
        let close: BTreeSet<&ServiceId> = moment.wants.close().filter(|id| !self.day.contains(*id)).collect();
        let mut failure = None;
        for id in close {
            match moment.reader.activities(Some(id), moment.now - DAY).await {
                Ok(day) => {
                    told.extend(self.known.learn(day, moment.now - DAY));
                    self.day.insert(id.clone());
                }
                Err(why) => failure = failure.or(Some(why)),
            }
        }
        Answer { failure, ..one(Ok(Fact::Activities(told))) }
    }
}

/// The activities of the last day, as far as they were read, by service and newest first.
#[derive(Default)]
struct Known(BTreeMap<ServiceId, Vec<Activity>>);

impl Known {
    /// From when on something can be new, after an answer that was asked for at `read`: a little before the newest that
    /// is known, and not after one that has not ended yet.
    fn news_since(&self, read: Timestamp) -> Timestamp {
        let all = || self.0.values().flatten();
        let newest = all().map(|activity| activity.started).max().map_or(read, |newest| newest.min(read));
        let open = |activity: &&Activity| matches!(activity.kind, ActivityKind::Pending | ActivityKind::InProgress);
        let unfinished = all().filter(open).map(|activity| activity.started).min();
        unfinished.map_or(newest, |started| started.min(newest)) - OVERLAP
    }

    /// Takes in what was read, forgets what is older than `oldest`, and gives the whole lists of what it speaks of.
    fn learn(
        &mut self,
        news: BTreeMap<ServiceId, Vec<Activity>>,
        oldest: Timestamp,
    ) -> BTreeMap<ServiceId, Vec<Activity>> {
        for (id, news) in &news {
            let list = self.0.entry(id.clone()).or_default();
            list.retain(|old| news.iter().all(|new| new.id != old.id));
            list.extend(news.iter().cloned());
            list.sort_by(|a, b| b.started.cmp(&a.started).then_with(|| a.id.cmp(&b.id)));
        }
        for list in self.0.values_mut() {
            list.retain(|activity| activity.started >= oldest);
        }
        let told = news.into_keys().map(|id| (id.clone(), self.0.get(&id).cloned().unwrap_or_default())).collect();
        self.0.retain(|_, list| !list.is_empty());
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + minute * 60).unwrap()
    }

    fn activity(id: &str, minute: i64, kind: ActivityKind) -> Activity {
        let (id, cause, message) = (id.to_owned(), String::new(), String::new());
        Activity { id, started: at(minute), ended: None, kind, description: String::new(), cause, message }
    }

    fn web(list: Vec<Activity>) -> BTreeMap<ServiceId, Vec<Activity>> {
        BTreeMap::from([(ServiceId::new("c", "web"), list)])
    }

    fn ids(told: &BTreeMap<ServiceId, Vec<Activity>>) -> Vec<&str> {
        told.values().flatten().map(|activity| activity.id.as_str()).collect()
    }

    #[test]
    fn what_is_known_is_not_read_again_and_what_is_under_way_is() {
        let mut known = Known::default();
        assert_eq!(known.news_since(at(0)), at(-5), "nothing is known: since the last answer");
        let list = vec![activity("b", -10, ActivityKind::Successful), activity("a", -20, ActivityKind::Successful)];
        known.learn(web(list), at(-1_440));
        assert_eq!(known.news_since(at(0)), at(-15));
        known.learn(web(vec![activity("d", -2, ActivityKind::Successful)]), at(-1_440));
        known.learn(web(vec![activity("c", -8, ActivityKind::InProgress)]), at(-1_440));
        assert_eq!(known.news_since(at(0)), at(-13));
        known.learn(web(vec![activity("c", -8, ActivityKind::Successful)]), at(-1_440));
        assert_eq!(known.news_since(at(0)), at(-7));
    }

    #[test]
    fn lists_are_whole_newest_first_and_a_day_long() {
        let mut known = Known::default();
        known.learn(web(vec![activity("a", -20, ActivityKind::InProgress)]), at(-1_440));
        let news = vec![activity("b", -10, ActivityKind::Successful), activity("a", -20, ActivityKind::Successful)];
        let told = known.learn(web(news), at(-1_440));
        assert_eq!(ids(&told), ["b", "a"]);
        assert!(told.values().flatten().all(|activity| activity.kind == ActivityKind::Successful));
        let told = known.learn(web(vec![activity("c", -1, ActivityKind::Successful)]), at(-15));
        assert_eq!(ids(&told), ["c", "b"]);
        assert_eq!(known.learn(BTreeMap::new(), at(0)).len(), 0);
        assert!(known.0.is_empty(), "what is gone is forgotten");
    }
}
