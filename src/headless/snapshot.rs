//! A platform as a file: written by `status --json` or by hand, read by `advise` and `lint`. Everything the policy looks
//! at is in it, and what it says is checked before anybody decides on it.
//!
//! `examples/snapshot.schema.json` describes it to other programs; a test keeps it equal to the types. Absent on
//! purpose: opening files.

mod check;
mod lines;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tiers;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::live::View;
use crate::platform::metric::Resource;
use crate::platform::moment::Moment;
use crate::platform::series::start_of;
use crate::platform::{
    Activity, Alarm, AlarmTurn, Cache, CacheId, CountHistory, Database, DatabaseId, Distribution, Environment,
    Identity, MemberHistory, MetricId, MetricKey, Platform, ReaderName, ScalableTarget, ScalingPolicy, ScheduledAction,
    Series, Service, ServiceId, Source, SourceHealth, SourceState, Spend, TargetGroup, Task,
};

pub use check::{Mistakes, SnapshotMistake};

/// The version of the JSON: it counts up when a field changes its meaning or goes away.
pub const SCHEMA_VERSION: u32 = 2;

/// Seconds between two readings of what a snapshot without `sources` says.
const CADENCE_S: u32 = 60;

/// A platform at a moment. Every list but `services` may be left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Snapshot {
    /// The version of this format: 2.
    pub schema_version: u32,
    /// When it was taken; what is advised is advised for this moment unless another is asked for.
    #[schemars(with = "Moment")]
    pub at: Timestamp,
    /// The environment's label; left out or empty, it is production.
    #[serde(default)]
    pub environment: String,
    /// The caller it was read as. The policy does not look at it: leave it out where nobody should see it.
    #[serde(default)]
    pub identity: Option<Identity>,
    /// Whether the list of services was read: then `services` is all there are.
    #[serde(default = "yes")]
    pub listed: bool,
    /// How each source fares, by its name. Left out, everything here was just read.
    #[serde(default)]
    pub sources: Option<BTreeMap<Source, SourceHealth>>,
    /// The services, each once.
    pub services: Vec<ServiceSnapshot>,
    /// The target groups, each once.
    #[serde(default)]
    pub target_groups: Vec<TargetGroup>,
    /// RDS instances, primaries and replicas alike, each once.
    #[serde(default)]
    pub databases: Vec<Database>,
    /// What was seen of each primary's replicas, by the primary. Without it nobody knows whether the last change has
    /// finished, and no replica is ever taken away.
    #[serde(default)]
    pub replica_counts: BTreeMap<DatabaseId, MemberHistory>,
    /// The name that readers resolve; `null` where there is none, or it was not read.
    #[serde(default)]
    pub reader_name: Option<ReaderName>,
    /// ElastiCache replication groups, each once.
    #[serde(default)]
    pub caches: Vec<Cache>,
    /// What was seen of each cache's nodes or shards, by the cache. Without it none is ever taken away.
    #[serde(default)]
    pub node_counts: BTreeMap<CacheId, MemberHistory>,
    /// CloudFront's distributions, each once.
    #[serde(default)]
    pub distributions: Vec<Distribution>,
    /// CloudWatch's own alarms, each once.
    #[serde(default)]
    pub alarms: Vec<Alarm>,
    /// How those alarms turned lately, newest first.
    #[serde(default)]
    pub alarm_turns: Vec<AlarmTurn>,
    /// What the platform costs; `null` where nobody has asked.
    #[serde(default)]
    #[schemars(with = "Option<serde_json::Value>")]
    pub spend: Option<Spend>,
    /// The history of metrics, each metric of a resource once.
    #[serde(default)]
    pub series: Vec<SeriesSnapshot>,
    /// What reading it cost: calls in the last minute by API, throttled answers, and dollars an hour. It is not read.
    #[serde(default)]
    pub polling: serde_json::Value,
    /// What was advised when it was written. It is not read: whoever reads the rest judges anew.
    #[serde(default)]
    pub advice: serde_json::Value,
}

/// One service with all that is known about it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceSnapshot {
    /// `<cluster>/<service>`.
    pub id: ServiceId,
    /// The service as described; `null` when it is listed and was not described.
    #[serde(default)]
    pub service: Option<Service>,
    /// Its scalable target, where one is registered.
    #[serde(default)]
    pub target: Option<ScalableTarget>,
    /// Its scaling policies in AWS; `null` when they were not read.
    #[serde(default)]
    pub policies: Option<Vec<ScalingPolicy>>,
    /// Its scheduled actions in AWS; `null` when they were not read.
    #[serde(default)]
    pub schedules: Option<Vec<ScheduledAction>>,
    /// Its scaling activities, newest first; `null` when they were not read.
    #[serde(default)]
    pub activities: Option<Vec<Activity>>,
    /// Its tasks; `null` when they were not read.
    #[serde(default)]
    pub tasks: Option<Vec<Task>>,
    /// What was seen of its count. Without it nobody knows whether the last change has finished, and nothing is ever
    /// taken away.
    #[serde(default)]
    pub counts: Option<CountHistory>,
}

/// The history of one metric of one resource.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SeriesSnapshot {
    /// Whose.
    pub resource: Resource,
    /// Which.
    pub metric: MetricId,
    /// The start of a minute and its value, oldest first; a minute without data is left out.
    #[schemars(with = "Vec<(Moment, f64)>")]
    pub points: Vec<(Timestamp, f64)>,
}

fn yes() -> bool {
    true
}

/// Every resource, in the order of its names.
fn each<K, V: Clone>(of: &BTreeMap<K, Arc<V>>) -> Vec<V> {
    of.values().map(|one| (**one).clone()).collect()
}

fn known<K: Clone + Ord, V: Clone>(of: &BTreeMap<K, Arc<V>>) -> BTreeMap<K, V> {
    of.iter().map(|(id, one)| (id.clone(), (**one).clone())).collect()
}

fn by<K: Ord, V>(all: Vec<V>, id: impl Fn(&V) -> K) -> BTreeMap<K, Arc<V>> {
    all.into_iter().map(|one| (id(&one), Arc::new(one))).collect()
}

impl Snapshot {
    /// What a view shows, with what is advised on it.
    pub fn of_view(view: &View) -> Self {
        let advice = serde_json::to_value(&*view.advice).unwrap_or_default();
        let meter = &view.meter;
        let calls = meter.calls.iter().map(|(call, calls)| (call.action(), (calls.made, calls.throttled)));
        let polling = serde_json::json!({
            "calls_per_minute": meter.calls_per_minute,
            "throttled": meter.throttled,
            "dollars_per_hour": meter.dollars_per_hour,
            "budget": meter.budget,
            "by_api": calls
                .map(|(action, (made, throttled))| {
                    (action, serde_json::json!({ "calls_per_minute": made, "throttled": throttled }))
                })
                .collect::<BTreeMap<_, _>>(),
        });
        Self { polling, advice, ..Self::of(&view.platform, &view.environment, view.at) }
    }

    /// A platform as it was at a moment: the services that are listed or described, and what speaks of them. What the
    /// policy never looks at – limits of services outside the chosen clusters, the history of what is gone, values that
    /// cannot be and count as missing – is left out, so that whatever is written can be read.
    pub fn of(platform: &Platform, environment: &Environment, at: Timestamp) -> Self {
        let listed = platform.listed.iter().flat_map(|listed| listed.iter());
        let ids: BTreeSet<&ServiceId> = listed.chain(platform.services.keys()).collect();
        let mut snapshot = Self {
            schema_version: SCHEMA_VERSION,
            at,
            environment: environment.to_string(),
            identity: platform.identity.as_deref().cloned(),
            listed: platform.listed.is_some(),
            sources: Some(platform.sources.iter().map(|(source, health)| (*source, (**health).clone())).collect()),
            services: ids.into_iter().map(|id| ServiceSnapshot::of(platform, id)).collect(),
            target_groups: each(&platform.target_groups),
            databases: each(&platform.databases),
            replica_counts: known(&platform.replica_counts),
            reader_name: platform.reader_name.as_deref().cloned(),
            caches: each(&platform.caches),
            node_counts: known(&platform.node_counts),
            alarms: each(&platform.alarms),
            alarm_turns: (*platform.alarm_turns).clone(),
            spend: platform.spend.as_deref().cloned(),
            polling: serde_json::Value::Null,
            distributions: each(&platform.distributions),
            series: Vec::new(),
            advice: serde_json::Value::Null,
        };
        let owned = platform.series.iter().filter(|(key, _)| check::has(&snapshot, &key.resource));
        let series = owned.map(|(key, series)| SeriesSnapshot::of(key, series)).collect();
        snapshot.series = series;
        snapshot
    }

    /// Reads the text of a file; `file` is its name, for the message. Everything that cannot be is refused, all of it at
    /// once, but for a text that is no snapshot at all, of which the first fault is told.
    pub fn read(file: &str, text: &str) -> Result<Self, Mistakes> {
        let mut json = serde_json::Deserializer::from_str(text);
        let snapshot: Self =
            serde_path_to_error::deserialize(&mut json).map_err(|fault| Mistakes::of_format(file, text, &fault))?;
        json.end().map_err(|fault| Mistakes::after_the_end(file, &fault))?;
        match check::faults(&snapshot) {
            faults if faults.is_empty() => Ok(snapshot),
            faults => Err(Mistakes::located(file, text, faults)),
        }
    }

    /// The text of a file: pretty JSON, a point of a series a line.
    pub fn written(&self) -> String {
        lines::pretty(self)
    }

    /// Its environment.
    pub fn environment(&self) -> Environment {
        Environment::from_label(&self.environment)
    }

    /// The platform that it describes. The first thing that cannot be is refused with its path and value.
    pub fn into_platform(self) -> Result<Platform, SnapshotMistake> {
        if let Some(mistake) = check::faults(&self).into_iter().next() {
            return Err(mistake);
        }
        let just_read = || {
            let health = SourceHealth {
                state: SourceState::Live,
                learnt: Some(self.at),
                since: Timestamp::MIN,
                cadence_s: CADENCE_S,
                failures: 0,
            };
            Source::ALL.into_iter().map(|source| (source, health.clone())).collect()
        };
        let sources: BTreeMap<Source, SourceHealth> = self.sources.clone().unwrap_or_else(just_read);
        let mut platform = Platform {
            identity: self.identity.map(Arc::new),
            sources: sources.into_iter().map(|(source, health)| (source, Arc::new(health))).collect(),
            target_groups: by(self.target_groups, |group| group.arn.clone()),
            databases: by(self.databases, |database| database.id.clone()),
            replica_counts: self.replica_counts.into_iter().map(|(id, history)| (id, Arc::new(history))).collect(),
            reader_name: self.reader_name.map(Arc::new),
            caches: by(self.caches, |cache| cache.id.clone()),
            node_counts: self.node_counts.into_iter().map(|(id, history)| (id, Arc::new(history))).collect(),
            distributions: by(self.distributions, |distribution| distribution.id.clone()),
            alarms: by(self.alarms, |alarm| alarm.name.clone()),
            alarm_turns: Arc::new(self.alarm_turns),
            spend: self.spend.map(Arc::new),
            ..Platform::default()
        };
        if self.listed {
            let mut ids: Vec<_> = self.services.iter().map(|service| service.id.clone()).collect();
            ids.sort();
            platform.listed = Some(Arc::new(ids));
        }
        for service in self.services {
            service.put_into(&mut platform);
        }
        for SeriesSnapshot { resource, metric, points } in self.series {
            let mut series = Series::default();
            series.merge(points);
            platform.series.insert(MetricKey { resource, metric }, Arc::new(series));
        }
        Ok(platform)
    }
}

impl SeriesSnapshot {
    fn of(key: &MetricKey, series: &Series) -> Self {
        let possible = series.points().filter(|(_, value)| check::impossible(key.metric, *value).is_none());
        Self {
            resource: key.resource.clone(),
            metric: key.metric,
            points: possible.map(|(minute, value)| (start_of(minute), value)).collect(),
        }
    }
}

impl ServiceSnapshot {
    fn of(platform: &Platform, id: &ServiceId) -> Self {
        fn known<V: Clone>(map: &BTreeMap<ServiceId, Arc<V>>, id: &ServiceId) -> Option<V> {
            map.get(id).map(|value| (**value).clone())
        }
        Self {
            id: id.clone(),
            service: known(&platform.services, id),
            target: known(&platform.targets, id),
            policies: known(&platform.policies, id),
            schedules: known(&platform.schedules, id),
            activities: known(&platform.activities, id).map(|mut activities| {
                activities.sort_by_key(|activity| Reverse(activity.started));
                activities
            }),
            tasks: known(&platform.tasks, id),
            counts: known(&platform.counts, id),
        }
    }

    fn put_into(self, platform: &mut Platform) {
        fn put<V>(map: &mut BTreeMap<ServiceId, Arc<V>>, id: &ServiceId, value: Option<V>) {
            if let Some(value) = value {
                map.insert(id.clone(), Arc::new(value));
            }
        }
        let id = self.id;
        put(&mut platform.services, &id, self.service);
        put(&mut platform.targets, &id, self.target);
        put(&mut platform.policies, &id, self.policies);
        put(&mut platform.schedules, &id, self.schedules);
        put(&mut platform.activities, &id, self.activities);
        put(&mut platform.tasks, &id, self.tasks);
        put(&mut platform.counts, &id, self.counts);
    }
}

/// The schema of a snapshot, as `examples/snapshot.schema.json` has it.
pub fn schema() -> String {
    let schema = schemars::schema_for!(Snapshot);
    lines::pretty(&schema)
}
