//! The tiers beside the services, built by hand: databases, caches, distributions, target health.

use std::sync::Arc;

use super::{Scene, ago, balancer, group_arn, now};
use crate::platform::distribution::{Behavior, Origin, OriginGroup};
use crate::platform::metric::Resource;
use crate::platform::{
    Cache, CacheId, CacheNode, CacheNodeId, CacheStatus, Database, DatabaseId, Distribution, DistributionId, Engine,
    InstanceStatus, MetricId, MetricKey, NodeRole, ReaderName, ReaderRecord, Replication, Shard, Source, SourceHealth,
    SourceState, TargetHealth, TargetState,
};

impl Scene {
    fn answers(mut self, source: Source) -> Self {
        self.platform.sources.entry(source).or_insert_with(|| {
            let (state, learnt) = (SourceState::Live, Some(ago(4)));
            Arc::new(SourceHealth { state, learnt, since: ago(4_000), cadence_s: 15, failures: 0 })
        });
        self
    }

    /// A primary on `db.t3.medium`, calm.
    pub fn primary(mut self, name: &str) -> Self {
        let database = Database {
            id: DatabaseId::new(name),
            replica_of: None,
            replicas: Vec::new(),
            class: "db.t3.medium".to_owned(),
            engine: Engine::Postgres,
            status: InstanceStatus("available".to_owned()),
            created: Some(ago(9_000_000)),
            replication: None,
            backup_days: 7,
            deletion_protection: true,
            multi_az: true,
            storage_gib: 100,
            max_connections: None,
            endpoint: Some(format!("{name}.abc.us-east-1.rds.amazonaws.com")),
            learnt: ago(4),
        };
        self.platform.databases.insert(database.id.clone(), Arc::new(database));
        self.answers(Source::Databases)
            .db(name, MetricId::DatabaseCpu, |minute| 48.0 + 3.0 * (f64::from(minute) / 6.0).sin())
            .db(name, MetricId::DatabaseConnections, |_| 120.0)
            .db(name, MetricId::ReadLatency, |_| 0.0012)
            .db(name, MetricId::WriteLatency, |_| 0.0031)
            .db(name, MetricId::ReadIops, |_| 420.0)
            .db(name, MetricId::WriteIops, |_| 180.0)
            .db(name, MetricId::FreeableMemory, |_| 1.6e9)
    }

    /// A replica of it, a twentieth of a second behind.
    pub fn replica(mut self, primary: &str, name: &str) -> Self {
        let source = self.platform.databases.get_mut(&DatabaseId::new(primary)).map(Arc::make_mut).unwrap();
        source.replicas.push(DatabaseId::new(name));
        let replica = Database {
            id: DatabaseId::new(name),
            replica_of: Some(source.id.clone()),
            replicas: Vec::new(),
            created: Some(ago(8_000_000)),
            deletion_protection: false,
            replication: Some(Replication { status: "replicating".to_owned(), normal: true, message: String::new() }),
            ..source.clone()
        };
        self.platform.databases.insert(replica.id.clone(), Arc::new(replica));
        self.db(name, MetricId::DatabaseCpu, |_| 31.0)
            .db(name, MetricId::DatabaseConnections, |_| 60.0)
            .db(name, MetricId::ReadLatency, |_| 0.0009)
            .db(name, MetricId::WriteLatency, |_| 0.0024)
            .db(name, MetricId::ReadIops, |_| 650.0)
            .db(name, MetricId::WriteIops, |_| 175.0)
            .db(name, MetricId::ReplicaLag, |minute| 0.4 + f64::from(minute % 3) * 0.05)
    }

    pub fn instance(mut self, name: &str, change: impl FnOnce(&mut Database)) -> Self {
        change(Arc::make_mut(self.platform.databases.get_mut(&DatabaseId::new(name)).unwrap()));
        self
    }

    /// The name that readers resolve, with a weight for each of these instances.
    pub fn reader(mut self, weights: &[(&str, u8)]) -> Self {
        let record = |(name, weight): &(&str, u8)| ReaderRecord {
            set: (*name).to_owned(),
            database: Some(DatabaseId::new(name)),
            weight: *weight,
            ttl_s: 5,
            value: format!("{name}.abc.us-east-1.rds.amazonaws.com"),
        };
        let name = "reader.db.solosuccess.internal".to_owned();
        let records = weights.iter().map(record).collect();
        self.platform.reader_name =
            Some(Arc::new(ReaderName { name, zone: "Z1D633PJN98FT9".to_owned(), records, learnt: ago(20) }));
        self.answers(Source::ReaderName)
    }

    /// Two hours of a metric of an instance; `value` is given how many minutes ago it was.
    pub fn db(self, name: &str, metric: MetricId, value: impl Fn(u16) -> f64) -> Self {
        self.measure(MetricKey::database(&DatabaseId::new(name), metric), value)
    }

    /// The same of a cache node.
    pub fn node(self, name: &str, metric: MetricId, value: impl Fn(u16) -> f64) -> Self {
        self.measure(MetricKey::cache_node(&CacheNodeId::new(name), metric), value)
    }

    /// The same of a distribution.
    pub fn edge(self, name: &str, metric: MetricId, value: impl Fn(u16) -> f64) -> Self {
        self.measure(MetricKey::distribution(&DistributionId::new(name), metric), value)
    }

    /// The same of the balancer itself.
    pub fn balancer(self, metric: MetricId, value: impl Fn(u16) -> f64) -> Self {
        self.measure(MetricKey { resource: Resource::LoadBalancer(balancer()), metric }, value)
    }

    fn measure(mut self, key: MetricKey, value: impl Fn(u16) -> f64) -> Self {
        let series = self.platform.series.entry(key).or_default();
        let points = (0..120).map(|minute| (ago(60 * i64::from(minute)), value(minute)));
        Arc::make_mut(series).merge(points);
        self
    }

    /// A cache with cluster mode off, of so many nodes on `cache.t3.medium`, calm.
    pub fn redis(mut self, name: &str, nodes: usize) -> Self {
        let node = |number: usize| CacheNode {
            id: CacheNodeId::new(format!("{name}-{number:03}")),
            role: if number == 1 { NodeRole::Primary } else { NodeRole::Replica },
            status: CacheStatus("available".to_owned()),
            created: Some(ago(7_000_000)),
        };
        let cache = Cache {
            id: CacheId::new(name),
            status: CacheStatus("available".to_owned()),
            engine: "redis 7.1".to_owned(),
            cluster_mode: false,
            node_type: "cache.t3.medium".to_owned(),
            multi_az: true,
            automatic_failover: true,
            shards: vec![Shard { id: "0001".to_owned(), nodes: (1..=nodes).map(node).collect() }],
            learnt: ago(6),
        };
        let ids: Vec<CacheNodeId> = cache.nodes().map(|node| node.id.clone()).collect();
        self.platform.caches.insert(cache.id.clone(), Arc::new(cache));
        ids.iter().map(CacheNodeId::as_str).fold(self.answers(Source::Caches), |scene, id| {
            scene
                .node(id, MetricId::CacheMemory, |minute| 63.0 - f64::from(minute) / 40.0)
                .node(id, MetricId::CacheCpu, |_| 22.0)
                .node(id, MetricId::CacheEngineCpu, |_| 31.0)
                .node(id, MetricId::CacheHits, |_| 9_100.0)
                .node(id, MetricId::CacheMisses, |_| 900.0)
                .node(id, MetricId::Evictions, |_| 0.0)
                .node(id, MetricId::CacheBytesIn, |_| 2.0e7)
                .node(id, MetricId::CacheBytesOut, |_| 9.0e7)
                .node(id, MetricId::CacheConnections, |_| 48.0)
        })
    }

    pub fn cache(mut self, name: &str, change: impl FnOnce(&mut Cache)) -> Self {
        change(Arc::make_mut(self.platform.caches.get_mut(&CacheId::new(name)).unwrap()));
        self
    }

    /// A distribution as the spec wants it, with a monitoring subscription.
    pub fn distribution(mut self, name: &str) -> Self {
        let origin = |id: &str| Origin { id: id.to_owned(), shield: Some("us-east-1".to_owned()) };
        let distribution = Distribution {
            id: DistributionId::new(name),
            domain: "d111111abcdef8.cloudfront.net".to_owned(),
            enabled: true,
            additional_metrics: Some(true),
            price_class: "PriceClass_All".to_owned(),
            origins: vec![origin("alb"), origin("alb-standby")],
            origin_groups: vec![OriginGroup {
                id: "both".to_owned(),
                members: vec!["alb".to_owned(), "alb-standby".to_owned()],
                statuses: vec![500, 502, 503, 504],
            }],
            behaviors: vec![Behavior { path: "*".to_owned(), target: "both".to_owned(), compress: true }],
            learnt: ago(30),
        };
        self.platform.distributions.insert(distribution.id.clone(), Arc::new(distribution));
        self.answers(Source::Distributions)
            .answers(Source::EdgeMetrics)
            .edge(name, MetricId::EdgeRequests, |minute| 1_900.0 + f64::from(minute % 5) * 20.0)
            .edge(name, MetricId::EdgeHitRate, |_| 94.0)
            .edge(name, MetricId::Edge4xxRate, |_| 0.8)
            .edge(name, MetricId::Edge5xxRate, |_| 0.2)
            .edge(name, MetricId::OriginLatency, |_| 180.0)
            .edge(name, MetricId::EdgeBytes, |_| 4.0e8)
    }

    pub fn cdn(mut self, name: &str, change: impl FnOnce(&mut Distribution)) -> Self {
        change(Arc::make_mut(self.platform.distributions.get_mut(&DistributionId::new(name)).unwrap()));
        self
    }

    /// The targets of a service's group, in these states, with a reason each.
    pub fn targets(mut self, service: &str, targets: &[(TargetState, &str)]) -> Self {
        let group = Arc::make_mut(self.platform.target_groups.get_mut(&group_arn(service)).unwrap());
        let health = |(n, (state, reason)): (usize, &(TargetState, &str))| TargetHealth {
            target: format!("10.0.{}.{n}:8080", n % 3),
            zone: ["us-east-1a", "us-east-1b", "us-east-1c"][n % 3].to_owned(),
            state: state.clone(),
            reason: (*reason).to_owned(),
        };
        group.targets = Some(targets.iter().enumerate().map(health).collect());
        self
    }

    /// What the engine says about the tiers as they are built.
    pub(super) fn judge_tiers(&mut self) {
        self.advice.replicas = crate::policy::replicas::verdicts(&self.platform, &self.view.policy.replicas, now());
        self.advice.caches = crate::policy::cache::verdicts(&self.platform, &self.view.policy.cache, now());
    }
}
