//! The world behind the drill's AWS: people, requests, tasks, balancer, autoscaler, metrics. It moves in whole seconds
//! and only when it is asked to; nothing here does I/O, draws on a clock or knows how AWS's answers are written.

pub mod alarms;
mod autoscaler;
pub mod autoscaling;
pub mod cache;
pub mod database;
mod deployment;
pub mod ecs;
pub mod ecs_write;
pub mod edge;
pub mod elb;
mod load;
pub mod metrics;
mod minute;
pub mod money;
mod names;
mod origin;
mod schedule;
mod scheduler;
mod serving;
mod sketch;
pub mod tally;
mod targets;
mod tracking;
mod workload;
pub mod write;

use std::borrow::Cow;

use jiff::Timestamp;

use super::scenario::Scenario;
use database::{Databases, Demand, Toll};
use metrics::{Datum, Key};
pub use workload::Workload;

/// Who calls, and where the account lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The account's number.
    pub account: &'static str,
    /// The region.
    pub region: &'static str,
    /// The region's zones that are used.
    pub zones: [&'static str; 3],
    /// The caller's ARN.
    pub caller: &'static str,
    /// The caller's `UserId`.
    pub user_id: &'static str,
    /// The one cluster.
    pub cluster: &'static str,
}

/// The account of every drill.
pub const IDENTITY: Identity = Identity {
    account: "123456789012",
    region: "us-east-1",
    zones: ["us-east-1a", "us-east-1b", "us-east-1c"],
    caller: "arn:aws:sts::123456789012:assumed-role/sre-oncall/drill",
    user_id: "AROA5X2KTQJ7EXAMPLE00:drill",
    cluster: "solosuccess-production",
};

/// The world.
#[derive(Debug, Clone)]
pub struct World {
    seed: u64,
    start: i64,
    now: i64,
    scenario: Scenario,
    /// The services that are lived second by second, by name. The others are quiet: they are worked out when read.
    lived: Vec<Workload>,
    /// The databases behind the first service; `None`: the account has none.
    databases: Option<Databases>,
    /// What requests suffer in this second because of them.
    toll: Toll,
    writes: Vec<write::Write>,
    /// Task definitions beside those that services run, in the order of their registration.
    definitions: Vec<ecs::Definition>,
    trace: names::Fnv,
    /// The cache; none in an account without services.
    cache: Option<cache::Group>,
    /// The edge; likewise.
    edge: Option<edge::Edge>,
    ledger: money::Ledger,
}

impl World {
    /// A world at its start, steady since hours. Cheap: what was before the start is worked out when it is read.
    pub fn new(scenario: &Scenario, seed: u64, start: Timestamp) -> Self {
        let start = start.as_second();
        let now = start - start.rem_euclid(60);
        let mut trace = names::Fnv::default();
        trace.add(seed);
        let mut world = Self {
            seed,
            start,
            now,
            scenario: scenario.clone(),
            lived: Vec::new(),
            databases: None,
            toll: Toll::default(),
            writes: Vec::new(),
            definitions: Vec::new(),
            trace,
            cache: None,
            edge: None,
            ledger: money::Ledger::default(),
        };
        if scenario.services > 0 {
            world.databases = Some(Databases::new(&scenario.database, names::mixed(seed, 7, 0), now));
            world.lived.push(origin::main(scenario, seed, start, now));
            world.know_definitions();
            world.cache = Some(cache::Group::new(scenario.cache, seed, now));
            world.edge = Some(edge::Edge::new(&scenario.edge, seed, now));
            world.ledger = world.opened(now);
        }
        world.advance_to_second(start);
        world
    }

    /// Who calls, and where the account lives.
    pub fn identity(&self) -> &'static Identity {
        &IDENTITY
    }

    /// The scenario that is lived.
    pub fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    /// When it began.
    pub fn start(&self) -> Timestamp {
        names::time(self.start)
    }

    /// The second that it has reached.
    pub fn now(&self) -> Timestamp {
        names::time(self.now)
    }

    /// Lives on to a time, in whole seconds; a time that has passed does nothing.
    pub fn advance_to(&mut self, at: Timestamp) {
        self.advance_to_second(at.as_second());
    }

    fn advance_to_second(&mut self, second: i64) {
        while self.now < second {
            self.now += 1;
            let (worked, arrived) = (self.worked(), self.arrived());
            for one in &mut self.lived {
                one.step(&self.scenario, self.start, self.now, self.toll);
            }
            let requests = self.worked() - worked;
            let missed = self.live_cache(requests);
            let demand = Demand { requests, tasks: self.tasks(), missed };
            if let Some(databases) = &mut self.databases {
                self.toll = databases.step(demand, self.start, self.now);
                databases.trace(&mut self.trace);
            }
            self.book(self.arrived() - arrived);
            for one in &self.lived {
                one.trace(&mut self.trace);
            }
            if let Some(cache) = &self.cache {
                cache.trace(&mut self.trace);
            }
        }
    }

    /// Requests that tasks have worked on.
    fn worked(&self) -> f64 {
        self.lived.first().map_or(0.0, |one| one.totals.worked)
    }

    /// Tasks that hold connections to the databases.
    fn tasks(&self) -> f64 {
        self.lived.first().map_or(0.0, |one| f64::from(one.service.running()))
    }

    /// The databases behind the first service; `None`: the account has none.
    pub fn databases(&self) -> Option<&Databases> {
        self.databases.as_ref()
    }

    /// Requests that reached the balancer.
    fn arrived(&self) -> f64 {
        self.lived.first().map_or(0.0, |one| one.totals.arrived)
    }

    /// A second of the cache, in which tasks worked on so many requests: the reads that it leaves to the database
    /// beyond those of a warm one.
    fn live_cache(&mut self, requests: f64) -> f64 {
        let (now, at) = (self.now, self.now - 1);
        let users = load::users(&self.scenario, self.start, at);
        let (tasks, reached) = (self.tasks(), 1.0 - self.toll.failing);
        let Some(cache) = &mut self.cache else { return 0.0 };
        if self.scenario.cold.iter().any(|cold| self.start + i64::from(cold.at) == at) {
            cache.empty();
        }
        cache.step(now);
        cache.serve(cache::Flow { requests, users, tasks, reached, seconds: 1.0, at }, now)
    }

    /// What arrived at the cache in a minute before the drill.
    fn flow_at_rest(&self, at: i64) -> cache::Flow {
        let seed = self.lived.first().map_or(self.seed, |main| main.seed);
        cache::Flow {
            requests: load::requests_in_minute(&self.scenario, seed, self.start, at),
            users: load::users(&self.scenario, self.start, at + 30),
            tasks: origin::at_rest(&self.scenario, self.start, at).into(),
            reached: 1.0,
            seconds: 60.0,
            at,
        }
    }

    /// The cache, if the account has one.
    pub fn cache(&self) -> Option<&cache::Group> {
        self.cache.as_ref()
    }

    /// The distribution, if the account has one.
    pub fn edge(&self) -> Option<&edge::Edge> {
        self.edge.as_ref()
    }

    /// A number that two worlds share if they lived the same: the same scenario, seed and writes.
    pub fn trace_hash(&self) -> u64 {
        self.trace.value()
    }

    /// How many people there are now.
    pub fn users(&self) -> f64 {
        load::users(&self.scenario, self.start, self.now)
    }

    /// What was changed from outside, in order.
    pub fn writes(&self) -> &[write::Write] {
        &self.writes
    }

    /// The clusters, by name.
    pub fn clusters(&self) -> Vec<ecs::Cluster> {
        let (mut running, mut pending) = (0, 0);
        for one in &self.lived {
            running += one.service.running();
            pending += one.service.pending();
        }
        let quiet = self.scenario.services - self.lived.len() as u32;
        vec![ecs::Cluster {
            name: IDENTITY.cluster.to_owned(),
            arn: names::cluster_arn(),
            active_services: self.scenario.services,
            running_tasks: running + quiet * origin::QUIET_TASKS,
            pending_tasks: pending,
        }]
    }

    /// The names of the cluster's services, in the order in which AWS lists them here: the first, then by number.
    pub fn service_names(&self) -> Vec<String> {
        (0..self.scenario.services).map(names::service).collect()
    }

    /// A service with its tasks, balancer and scalable target; quiet ones are worked out. `None`: there is none of
    /// that name.
    pub fn workload(&self, service: &str) -> Option<Cow<'_, Workload>> {
        match self.lived.iter().find(|one| one.service.name == service) {
            Some(one) => Some(Cow::Borrowed(one)),
            None => self.quiet(service).map(Cow::Owned),
        }
    }

    /// Every service, in the order of [`Self::service_names`]. Lazy: a quiet one costs only when it is reached.
    pub fn workloads(&self) -> impl Iterator<Item = Cow<'_, Workload>> {
        (0..self.scenario.services).filter_map(|index| self.workload(&names::service(index)))
    }

    /// The services that are lived. The others have neither scheduled actions nor activities nor turns of alarms.
    pub fn lived(&self) -> impl Iterator<Item = &Workload> {
        self.lived.iter()
    }

    /// The balancers, by name.
    pub fn balancers(&self) -> impl Iterator<Item = &elb::Balancer> {
        self.lived.iter().filter_map(|one| one.balancer.as_ref())
    }

    /// The turns that alarms took, in no order: those of quiet services are none.
    pub fn turns(&self) -> impl Iterator<Item = &alarms::Turn> {
        self.lived.iter().flat_map(|one| &one.turns)
    }

    /// What CloudWatch has of a metric: a datum for each minute that begins in `[from, to)` and is published by now,
    /// in order of time.
    pub fn read(&self, key: &Key, from: Timestamp, to: Timestamp) -> Vec<Datum> {
        if !key.is_published() {
            return Vec::new();
        }
        let span = (from.as_second(), to.as_second());
        let shown = |at: i64| !self.scenario.is_blind(key.metric.namespace(), at - self.start);
        if let (metrics::Metric::Database(measure), metrics::Of::Database { instance }) = (key.metric, &key.of) {
            let Some(databases) = &self.databases else { return Vec::new() };
            let mut all = databases.read(instance, measure, span, self.now, |at| self.rest(at));
            all.retain(|datum| shown(datum.at.as_second()));
            return all;
        }
        match (&key.of, key.metric, &self.cache, &self.edge) {
            (metrics::Of::CacheNode { node, .. }, metrics::Metric::Cache(metric), Some(cache), _) => {
                let mut all = cache.read((node, metric), span, self.now, |at| self.flow_at_rest(at));
                all.retain(|datum| shown(datum.at.as_second()));
                return all;
            }
            (metrics::Of::Distribution { id }, metrics::Metric::Edge(metric), _, Some(edge)) if id == edge.id => {
                let Some(main) = self.lived.first() else { return Vec::new() };
                let mut all = edge.read(metric, span, self.now, |at| main.minute_at(&self.scenario, self.start, at));
                all.retain(|datum| shown(datum.at.as_second()));
                return all;
            }
            _ => {}
        }
        let lived = self.lived.iter().find(|one| match &key.of {
            metrics::Of::Service { cluster, service } => {
                *cluster == one.service.cluster && *service == one.service.name
            }
            metrics::Of::Balancer { balancer } => one.balancer.as_ref().is_some_and(|own| own.dimension == *balancer),
            metrics::Of::TargetGroup { balancer, group } => {
                one.balancer.as_ref().is_some_and(|own| own.dimension == *balancer && own.group.dimension == *group)
            }
            metrics::Of::Database { .. } | metrics::Of::CacheNode { .. } | metrics::Of::Distribution { .. } => false,
        });
        if let Some(one) = lived {
            let minute = |at| one.minute_at(&self.scenario, self.start, at);
            return workload::read(one.seed, key.metric, span, self.now, shown, minute);
        }
        let metrics::Of::Service { cluster, service } = &key.of else { return Vec::new() };
        let Some(index) = self.quiet_index(service).filter(|_| cluster == IDENTITY.cluster) else { return Vec::new() };
        let (seed, load) = origin::quiet_load(index, self.seed);
        let minute = |at| Cow::Owned(origin::minute(load, &self.scenario, seed, self.start, at));
        workload::read(seed, key.metric, span, self.now, shown, minute)
    }

    /// The keys of every metric that is published, for `ListMetrics`. Lazy.
    pub fn keys(&self) -> impl Iterator<Item = Key> {
        self.workloads().flat_map(|one| one.keys()).chain(self.keys_apart())
    }

    /// The keys of those that belong to no service.
    pub fn keys_apart(&self) -> impl Iterator<Item = Key> {
        let databases = self.databases.iter().flat_map(Databases::measures).map(|(instance, measure)| Key {
            metric: metrics::Metric::Database(measure),
            of: metrics::Of::Database { instance: instance.to_owned() },
        });
        let cache = self.cache.iter().flat_map(cache::Group::keys);
        databases.chain(cache).chain(self.edge.iter().flat_map(edge::Edge::keys))
    }

    /// What was asked of the databases in a second of a minute before the drill.
    fn rest(&self, at: i64) -> Demand {
        self.lived.first().map_or_else(Demand::default, |main| {
            let minute = main.minute_at(&self.scenario, self.start, at);
            Demand { requests: minute.requests / 60.0, tasks: minute.tasks(), missed: 0.0 }
        })
    }

    /// The number of a quiet service by its name.
    fn quiet_index(&self, service: &str) -> Option<u32> {
        names::service_index(service).filter(|index| *index < self.scenario.services)
    }

    fn quiet(&self, service: &str) -> Option<Workload> {
        Some(origin::quiet(self.quiet_index(service)?, self.seed, self.start))
    }
}

#[cfg(test)]
mod stories;
