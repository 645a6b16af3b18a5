//! What one poll of one source learnt, and how it changes the platform.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::members::Look;
use super::{
    Activity, Alarm, AlarmTurn, Bill, Cache, CacheId, Database, DatabaseId, Distribution, DrainSample, Identity,
    MemberHistory, MetricKey, Phase, Platform, ReaderName, ScalableTarget, ScalingPolicy, ScheduledAction, Series,
    Service, ServiceId, Source, SourceHealth, SourceState, Spend, TargetGroup, TargetGroupArn, TargetHealth,
    TargetState, Task, Weeks,
};

/// What one poll of one source learnt.
#[derive(Debug, Clone)]
pub struct Reading {
    /// The source.
    pub source: Source,
    /// When the question was asked: an answer asked earlier than what is known is dropped.
    pub asked: Timestamp,
    /// Seconds until the source is asked again, for judging staleness.
    pub cadence_s: u32,
    /// What was learnt.
    pub fact: Fact,
}

/// What can be learnt.
#[derive(Debug, Clone)]
pub enum Fact {
    /// The caller.
    Identity(Identity),
    /// Every service there is; what is not in it is gone.
    ServiceList(Vec<ServiceId>),
    /// Services as described. Those asked for but gone are in `missing`.
    Services {
        /// Described.
        found: Vec<Service>,
        /// Asked for, and no longer there.
        missing: Vec<ServiceId>,
    },
    /// Tasks of one service.
    Tasks(ServiceId, Vec<Task>),
    /// Every scalable target of the ECS namespace.
    ScalableTargets(BTreeMap<ServiceId, ScalableTarget>),
    /// The scalable target of one service; `None` when none is registered.
    ScalableTarget(ServiceId, Option<ScalableTarget>),
    /// Policies by service.
    ScalingPolicies(BTreeMap<ServiceId, Vec<ScalingPolicy>>),
    /// Scheduled actions by service.
    ScheduledActions(BTreeMap<ServiceId, Vec<ScheduledAction>>),
    /// Activities by service, newest first.
    Activities(BTreeMap<ServiceId, Vec<Activity>>),
    /// Target groups; known target health is kept.
    TargetGroups(Vec<TargetGroup>),
    /// The health of one group's targets.
    TargetHealth(TargetGroupArn, Vec<TargetHealth>),
    /// Points by metric, to be merged.
    Metrics(Vec<(MetricKey, Vec<(Timestamp, f64)>)>),
    /// Every database there is; what is not in it is gone.
    Databases(Vec<Database>),
    /// The name that readers resolve; `None` when there is none.
    ReaderName(Option<ReaderName>),
    /// Every cache there is; what is not in it is gone.
    Caches(Vec<Cache>),
    /// Every distribution there is.
    Distributions(Vec<Distribution>),
    /// Every alarm of CloudWatch's in the account and region.
    Alarms(Vec<Alarm>),
    /// How alarms turned lately, newest first.
    AlarmTurns(Vec<AlarmTurn>),
    /// What AWS has billed.
    Bill(Bill),
    /// Weeks of hourly values.
    Weeks(Weeks),
    /// What the platform costs.
    Spend(Spend),
    /// Nothing: the source failed – or, waiting, is not asked any more, and so does not fail any more.
    Failed(SourceState),
}

impl Platform {
    /// Applies a reading. Returns whether anything an operator could see has changed.
    ///
    /// A reading asked for before the one already applied is dropped: a slow old answer never replaces a newer one.
    pub fn apply(&mut self, reading: Reading, now: Timestamp) -> bool {
        let Reading { source, asked, cadence_s, fact } = reading;
        let before = self.sources.get(&source);
        if let Fact::Failed(state) = fact {
            let health = SourceHealth {
                since: before.filter(|b| b.state == state).map_or(now, |b| b.since),
                learnt: before.and_then(|b| b.learnt),
                failures: match state {
                    SourceState::Waiting | SourceState::Capped { .. } => 0,
                    _ => before.map_or(0, |b| b.failures).saturating_add(1),
                },
                state,
                cadence_s,
            };
            self.sources.insert(source, Arc::new(health));
            return true;
        }
        if before.and_then(|b| b.learnt).is_some_and(|learnt| asked < learnt) {
            return false;
        }
        let health = SourceHealth {
            state: SourceState::Live,
            learnt: Some(asked),
            since: before.filter(|b| b.state == SourceState::Live).map_or(now, |b| b.since),
            cadence_s,
            failures: 0,
        };
        self.sources.insert(source, Arc::new(health));
        self.take(fact, asked, cadence_s);
        true
    }

    fn take(&mut self, fact: Fact, asked: Timestamp, cadence_s: u32) {
        match fact {
            Fact::Identity(identity) => self.identity = Some(Arc::new(identity)),
            Fact::ServiceList(mut ids) => {
                ids.sort();
                self.services.retain(|id, _| ids.binary_search(id).is_ok());
                self.counts.retain(|id, _| ids.binary_search(id).is_ok());
                self.listed = Some(Arc::new(ids));
            }
            Fact::Services { found, missing } => {
                for service in found {
                    let newer = self.services.get(&service.id).is_none_or(|known| known.learnt <= service.learnt);
                    if newer {
                        let history = self.counts.entry(service.id.clone()).or_default();
                        Arc::make_mut(history).saw_counts(&service, asked, cadence_s);
                        self.services.insert(service.id.clone(), Arc::new(service));
                    }
                }
                for id in missing {
                    self.services.remove(&id);
                    self.counts.remove(&id);
                }
            }
            Fact::Tasks(id, tasks) => {
                self.tasks.insert(id, Arc::new(tasks));
            }
            Fact::ScalableTargets(targets) => replace(&mut self.targets, targets),
            Fact::ScalableTarget(id, Some(target)) => {
                self.targets.insert(id, Arc::new(target));
            }
            Fact::ScalableTarget(id, None) => {
                self.targets.remove(&id);
            }
            Fact::ScalingPolicies(policies) => replace(&mut self.policies, policies),
            Fact::ScheduledActions(actions) => replace(&mut self.schedules, actions),
            Fact::Activities(activities) => {
                for (id, list) in activities {
                    self.activities.insert(id, Arc::new(list));
                }
            }
            Fact::TargetGroups(groups) => {
                let mut known = std::mem::take(&mut self.target_groups);
                for mut group in groups {
                    if let Some(old) = known.remove(&group.arn) {
                        group.targets = group.targets.or_else(|| old.targets.clone());
                        group.draining_s = group.draining_s.or(old.draining_s);
                    }
                    self.target_groups.insert(group.arn.clone(), Arc::new(group));
                }
            }
            Fact::TargetHealth(arn, targets) => {
                let draining = targets.iter().filter(|target| target.state == TargetState::Draining).count() as u32;
                for history in self.counts.values_mut().filter(|history| history.draining.contains_key(&arn)) {
                    Arc::make_mut(history).saw_draining(&arn, DrainSample { asked, cadence_s, draining });
                }
                if let Some(group) = self.target_groups.get_mut(&arn) {
                    let group = Arc::make_mut(group);
                    group.targets = Some(targets);
                    group.learnt = asked;
                }
            }
            Fact::Metrics(points) => {
                for (key, points) in points {
                    let series = self.series.entry(key).or_insert_with(|| Arc::new(Series::default()));
                    Arc::make_mut(series).merge(points);
                }
            }
            Fact::Databases(databases) => {
                self.databases =
                    databases.into_iter().map(|database| (database.id.clone(), Arc::new(database))).collect();
                self.see_replicas(asked);
            }
            Fact::ReaderName(name) => self.reader_name = name.map(Arc::new),
            Fact::Caches(caches) => {
                self.caches = caches.into_iter().map(|cache| (cache.id.clone(), Arc::new(cache))).collect();
                self.see_nodes(asked);
            }
            Fact::Distributions(distributions) => {
                self.distributions = distributions.into_iter().map(|one| (one.id.clone(), Arc::new(one))).collect();
            }
            Fact::Alarms(alarms) => {
                self.alarms = alarms.into_iter().map(|alarm| (alarm.name.clone(), Arc::new(alarm))).collect();
            }
            Fact::AlarmTurns(turns) => self.alarm_turns = Arc::new(turns),
            Fact::Bill(bill) => self.bill = Some(Arc::new(bill)),
            Fact::Weeks(weeks) => self.weeks = Some(Arc::new(weeks)),
            Fact::Spend(spend) => self.spend = Some(Arc::new(spend)),
            Fact::Failed(_) => {}
        }
    }
}

impl Platform {
    fn see_replicas(&mut self, asked: Timestamp) {
        let looks: BTreeMap<DatabaseId, Look> = self
            .databases
            .values()
            .filter(|database| database.replica_of.is_none())
            .map(|primary| {
                let (replicas, unseen) = self.replicas_of(primary);
                let phases = || replicas.iter().map(|replica| replica.status.phase());
                let turning = unseen > 0 || phases().any(Phase::turning);
                let moving = turning || primary.status.phase().moving() || phases().any(Phase::moving);
                let members = primary.replicas.iter().map(ToString::to_string).collect();
                (primary.id.clone(), Look { members, turning, moving })
            })
            .collect();
        see(&mut self.replica_counts, looks, asked);
    }

    fn see_nodes(&mut self, asked: Timestamp) {
        let looks: BTreeMap<CacheId, Look> = self
            .caches
            .values()
            .map(|cache| {
                let phases = || cache.nodes().map(|node| node.status.phase());
                let turning = phases().any(Phase::turning);
                let moving = turning || cache.status.phase().moving() || phases().any(Phase::moving);
                let members = if cache.cluster_mode {
                    cache.shards.iter().map(|shard| shard.id.clone()).collect()
                } else {
                    cache.nodes().map(|node| node.id.to_string()).collect()
                };
                (cache.id.clone(), Look { members, turning, moving })
            })
            .collect();
        see(&mut self.node_counts, looks, asked);
    }
}

fn see<K: Ord>(histories: &mut BTreeMap<K, Arc<MemberHistory>>, looks: BTreeMap<K, Look>, asked: Timestamp) {
    histories.retain(|id, _| looks.contains_key(id));
    for (id, look) in looks {
        Arc::make_mut(histories.entry(id).or_default()).saw(look, asked);
    }
}

fn replace<V: PartialEq>(known: &mut BTreeMap<ServiceId, Arc<V>>, fresh: BTreeMap<ServiceId, V>) {
    let mut old = std::mem::take(known);
    for (id, value) in fresh {
        let kept = old.remove(&id).filter(|old| **old == value).unwrap_or_else(|| Arc::new(value));
        known.insert(id, kept);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::{AccountId, Region};

    fn identity(account: &str) -> Fact {
        Fact::Identity(Identity { account: AccountId::new(account), arn: "a".into(), region: Region::new("r") })
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn an_older_answer_never_replaces_a_newer_one() {
        let mut platform = Platform::default();
        let reading =
            |asked, account| Reading { source: Source::Identity, asked, cadence_s: 5, fact: identity(account) };
        assert!(platform.apply(reading(at(30), "new"), at(31)));
        assert!(!platform.apply(reading(at(1), "old"), at(32)));
        assert_eq!(platform.identity.unwrap().account.as_str(), "new");
    }

    #[test]
    fn a_failure_keeps_the_data_and_its_age() {
        let mut platform = Platform::default();
        let read = |fact, asked| Reading { source: Source::Identity, asked, cadence_s: 5, fact };
        platform.apply(read(identity("1"), at(10)), at(10));
        platform.apply(read(Fact::Failed(SourceState::Denied { action: "sts:X".into() }), at(20)), at(20));
        assert!(platform.identity.is_some());
        let health = &platform.sources[&Source::Identity];
        assert_eq!(health.learnt, Some(at(10)));
        assert_eq!(health.failures, 1);
        assert!(health.stale(at(21)));
        platform.apply(read(Fact::Failed(SourceState::Waiting), at(30)), at(30));
        assert_eq!(platform.sources[&Source::Identity].failures, 0, "what is not asked does not fail");
    }
}
