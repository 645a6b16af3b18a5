//! A small database with replicas, for tests.

use std::sync::Arc;

use super::*;
use crate::platform::series::{evidence_minute, start_of};
use crate::platform::{Environment, Fact, InstanceStatus, Reading, Replication, Series};
use crate::policy::window::ago;
use crate::policy::{Policy, advise};

pub(crate) const CPU: MetricId = MetricId::DatabaseCpu;
pub(crate) const CONNECTIONS: MetricId = MetricId::DatabaseConnections;
pub(crate) const LAG: MetricId = MetricId::ReplicaLag;
pub(crate) const WRITES: MetricId = MetricId::WriteIops;
pub(crate) const DB: &str = "production-solosuccess-db";

/// Minutes of history that a flat series gets.
const FLAT_MINUTES: usize = 120;

/// A PostgreSQL primary with replicas, watched for two hours in which nothing moved.
#[derive(Debug, Clone)]
pub(crate) struct Scene {
    pub platform: Platform,
    pub policy: Policy,
    pub now: Timestamp,
    pub databases: Vec<Database>,
}

pub(crate) fn noon() -> Timestamp {
    "2026-03-10T12:00:00Z".parse().unwrap()
}

pub(crate) fn replica(number: u32) -> String {
    format!("{DB}-replica-{number}")
}

fn database(id: &str, replica_of: Option<&str>) -> Database {
    Database {
        id: DatabaseId::new(id),
        replica_of: replica_of.map(DatabaseId::new),
        replicas: vec![],
        class: "db.t3.medium".to_owned(),
        engine: Engine::Postgres,
        status: InstanceStatus("available".to_owned()),
        created: Some(ago(noon(), 86_400)),
        replication: replica_of.map(|_| Replication {
            status: "replicating".to_owned(),
            normal: true,
            message: String::new(),
        }),
        backup_days: 7,
        deletion_protection: false,
        multi_az: true,
        storage_gib: 100,
        max_connections: Some(400),
        endpoint: None,
        learnt: noon(),
    }
}

impl Scene {
    /// So many replicas, and every metric sits in the middle: nothing asks for more, nothing has room for fewer.
    pub fn steady(replicas: u32) -> Self {
        let mut primary = database(DB, None);
        primary.replicas = (1..=replicas).map(|number| DatabaseId::new(replica(number))).collect();
        let mut databases = vec![primary];
        databases.extend((1..=replicas).map(|number| database(&replica(number), Some(DB))));
        let mut policy = Policy::of_spec(Environment::Production);
        policy.replicas.primaries = vec![DatabaseId::new(DB)];
        let mut scene = Self { platform: Platform::default(), policy, now: noon(), databases };
        scene.read(ago(noon(), 7200));
        scene.read(noon());
        for number in 0..=replicas {
            scene = scene.calm(number, 55.0, 200.0);
        }
        scene.flat(DB, WRITES, 50.0)
    }

    /// So many replicas, and every metric has been low for hours.
    pub fn idle(replicas: u32) -> Self {
        (0..=replicas).fold(Self::steady(replicas), |scene, number| scene.calm(number, 20.0, 40.0))
    }

    /// The metrics of the primary (0) or a replica, flat.
    fn calm(self, number: u32, cpu: f64, connections: f64) -> Self {
        let name = if number == 0 { DB.to_owned() } else { replica(number) };
        let scene = self.flat(&name, CPU, cpu).flat(&name, CONNECTIONS, connections);
        if number == 0 { scene } else { scene.flat(&name, LAG, 0.1) }
    }

    /// Reads the databases as they are now.
    pub fn read(&mut self, asked: Timestamp) {
        let read = |source, fact| Reading { source, asked, cadence_s: 30, fact };
        self.platform.apply(read(Source::Databases, Fact::Databases(self.databases.clone())), asked);
        self.platform.apply(read(Source::Metrics, Fact::Metrics(vec![])), asked);
    }

    /// Changes a database as the newest reading shows it, without a change in the history.
    pub fn with(mut self, name: &str, change: impl FnOnce(&mut Database)) -> Self {
        let id = DatabaseId::new(name);
        let database = self.databases.iter_mut().find(|database| database.id == id).unwrap();
        change(database);
        self.platform.databases.insert(id, Arc::new(database.clone()));
        self
    }

    pub fn status(self, name: &str, word: &str) -> Self {
        self.with(name, |database| database.status = InstanceStatus(word.to_owned()))
    }

    pub fn flat(self, name: &str, metric: MetricId, value: f64) -> Self {
        self.minutes(name, metric, &[Some(value); FLAT_MINUTES])
    }

    pub fn gone(self, name: &str, metric: MetricId) -> Self {
        self.minutes(name, metric, &[])
    }

    /// Values of the evidence minutes, newest first, in place of what was there.
    pub fn minutes(mut self, name: &str, metric: MetricId, newest_first: &[Option<f64>]) -> Self {
        let newest = evidence_minute(self.now);
        let mut series = Series::default();
        let points = newest_first.iter().enumerate();
        series.merge(points.filter_map(|(back, value)| Some((start_of(newest - back as i64), (*value)?))));
        self.platform.series.insert(MetricKey::database(&DatabaseId::new(name), metric), Arc::new(series));
        self
    }

    /// The first values of a metric, newest first, over what is there; `None` takes a minute away.
    pub fn newest(self, name: &str, metric: MetricId, newest_first: &[Option<f64>]) -> Self {
        let newest = evidence_minute(self.now);
        let key = MetricKey::database(&DatabaseId::new(name), metric);
        let known = self.platform.series.get(&key).cloned().unwrap_or_default();
        let mut values: Vec<_> = (0..FLAT_MINUTES).map(|back| known.at(newest - back as i64)).collect();
        values[..newest_first.len()].copy_from_slice(newest_first);
        self.minutes(name, metric, &values)
    }

    pub fn held(self, name: &str, metric: MetricId, value: f64, minutes: usize) -> Self {
        self.newest(name, metric, &vec![Some(value); minutes])
    }

    pub fn verdict(&self) -> GroupVerdict {
        advise(&self.platform, &self.policy, self.now).replicas.remove(&DatabaseId::new(DB)).unwrap()
    }

    pub fn decision(&self) -> Decision<MemberCount> {
        self.verdict().decision
    }
}

pub(crate) fn out(to: u32, metrics: &[MetricId]) -> Decision<MemberCount> {
    Decision::Out { to: MemberCount(to), reason: Reason::Breached { metrics: metrics.to_vec() } }
}

pub(crate) fn inward(to: u32) -> Decision<MemberCount> {
    Decision::In { to: MemberCount(to), reason: Reason::Clear }
}

pub(crate) fn none(reason: Reason<MemberCount>) -> Decision<MemberCount> {
    Decision::None { reason }
}

pub(crate) fn missing(metrics: &[MetricId]) -> Decision<MemberCount> {
    Decision::CannotTell { reason: Reason::Missing { metrics: metrics.to_vec(), arriving: false } }
}

pub(crate) fn blocked(by: Obstacle, wanted: u32) -> Decision<MemberCount> {
    none(Reason::Blocked { by, wanted: MemberCount(wanted) })
}
