//! The metric catalogue: one row a metric. The planner asks for what is in this table, policy reads it by name, panes
//! label with it; adding a metric is adding a row.

mod catalogue;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use catalogue::CATALOGUE;

use super::ids::{CacheNodeId, DatabaseId, DistributionId, LoadBalancerId, ServiceId, TargetGroupArn};
use super::{Cache, Database, Distribution, Platform};

/// A metric of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MetricId {
    /// CPU of a service's tasks, % of what they reserve.
    ServiceCpu,
    /// Memory of a service's tasks, % of what they reserve.
    ServiceMemory,
    /// Requests per target and minute.
    RequestsPerTarget,
    /// Requests of a target group per minute.
    Requests,
    /// 95th percentile of the targets' response time, seconds.
    ResponseP95,
    /// Median of the targets' response time, seconds.
    ResponseP50,
    /// 99th percentile of the targets' response time, seconds.
    ResponseP99,
    /// 5XX answers by targets per minute.
    Target5xx,
    /// 4XX answers by targets per minute.
    Target4xx,
    /// 5XX answers by the balancer itself per minute.
    Elb5xx,
    /// Healthy targets, the minute's minimum.
    HealthyHosts,
    /// Unhealthy targets, the minute's maximum.
    UnhealthyHosts,
    /// CPU of a database instance, %.
    DatabaseCpu,
    /// Connections to a database instance.
    DatabaseConnections,
    /// Mean time of a read from disk, seconds.
    ReadLatency,
    /// Mean time of a write to disk, seconds.
    WriteLatency,
    /// Reads from disk a second.
    ReadIops,
    /// Writes to disk a second.
    WriteIops,
    /// How far a replica is behind, seconds. Below 0 replication does not run; the mean stays below 0 in a minute that
    /// was partly so.
    ReplicaLag,
    /// Memory that is left to an instance, bytes.
    FreeableMemory,
    /// CPU of a cache node's host, %.
    CacheCpu,
    /// CPU of the one thread that the engine answers on, %.
    CacheEngineCpu,
    /// Memory in use on a node, % of what it may use.
    CacheMemory,
    /// Look-ups that found their key, per minute.
    CacheHits,
    /// Look-ups that did not, per minute.
    CacheMisses,
    /// Keys thrown out to make room, per minute.
    Evictions,
    /// Bytes that a node received in a minute.
    CacheBytesIn,
    /// Bytes that a node sent in a minute.
    CacheBytesOut,
    /// CPU credits that a burstable instance has left.
    DatabaseCredits,
    /// Storage that an instance has left, bytes.
    FreeStorage,
    /// Connections to a cache node.
    CacheConnections,
    /// Requests at the edge per minute.
    EdgeRequests,
    /// Look-ups at the edge that found their object, %. CloudFront publishes it only with a monitoring subscription.
    EdgeHitRate,
    /// 4XX answers at the edge, % of requests.
    Edge4xxRate,
    /// 5XX answers at the edge, % of requests.
    Edge5xxRate,
    /// Mean time from asking the origin to its last byte, milliseconds. Only with a monitoring subscription.
    OriginLatency,
    /// Bytes that viewers downloaded in a minute.
    EdgeBytes,
}

/// What a missing minute means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// A count: zero, as long as another metric of the same resource reported that minute.
    Zero,
    /// A gauge: unknown.
    Unknown,
}

/// Which dimensions name the resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dimensions {
    /// `ClusterName`, `ServiceName`.
    Service,
    /// `TargetGroup`, `LoadBalancer`.
    TargetGroup,
    /// `LoadBalancer`.
    LoadBalancer,
    /// `DBInstanceIdentifier`.
    Database,
    /// `CacheClusterId`.
    CacheNode,
    /// `DistributionId`, and `Region` = `Global`. CloudFront's metrics are in us-east-1 only.
    Distribution,
}

/// A unit, for axes and labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// 0–100.
    Percent,
    /// A count in a minute.
    PerMinute,
    /// Seconds.
    Seconds,
    /// Thousandths of a second.
    Milliseconds,
    /// A count at a time.
    Count,
    /// Bytes, at a time or in a minute.
    Bytes,
    /// A rate a second.
    PerSecond,
}

/// A row of the catalogue.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// The metric.
    pub id: MetricId,
    /// CloudWatch's namespace.
    pub namespace: &'static str,
    /// CloudWatch's name.
    pub name: &'static str,
    /// The dimensions that name the resource.
    pub dimensions: Dimensions,
    /// The one statistic that is right for it.
    pub statistic: &'static str,
    /// Its unit as scaledeck shows it.
    pub unit: Unit,
    /// What a missing minute means.
    pub missing: Missing,
    /// The label on a screen.
    pub label: &'static str,
}

impl MetricId {
    /// The metric's row. The table is in the enum's order; a test holds it so.
    pub fn row(self) -> &'static Row {
        &CATALOGUE[self as usize]
    }

    /// Whether a rule or an alarm of the policy reads it: it is asked for whether or not somebody looks. A test holds
    /// this against the policy's own words.
    pub fn decides(self) -> bool {
        matches!(
            self,
            Self::ServiceCpu
                | Self::ServiceMemory
                | Self::RequestsPerTarget
                | Self::Requests
                | Self::Target4xx
                | Self::Target5xx
                | Self::Elb5xx
                | Self::HealthyHosts
                | Self::DatabaseCpu
                | Self::DatabaseConnections
                | Self::WriteIops
                | Self::ReplicaLag
                | Self::CacheCpu
                | Self::CacheEngineCpu
                | Self::CacheMemory
                | Self::CacheHits
                | Self::CacheMisses
        )
    }

    /// Whether CloudFront publishes it only with a monitoring subscription.
    pub fn is_additional(self) -> bool {
        matches!(self, Self::EdgeHitRate | Self::OriginLatency)
    }
}

/// The resource a series belongs to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Resource {
    /// A service.
    Service(ServiceId),
    /// A target group under a balancer.
    TargetGroup(LoadBalancerId, TargetGroupArn),
    /// A balancer.
    LoadBalancer(LoadBalancerId),
    /// A database instance.
    Database(DatabaseId),
    /// A cache node.
    CacheNode(CacheNodeId),
    /// A distribution.
    Distribution(DistributionId),
}

impl Resource {
    /// The dimensions that name it.
    pub fn dimensions(&self) -> Dimensions {
        match self {
            Self::Service(_) => Dimensions::Service,
            Self::TargetGroup(..) => Dimensions::TargetGroup,
            Self::LoadBalancer(_) => Dimensions::LoadBalancer,
            Self::Database(_) => Dimensions::Database,
            Self::CacheNode(_) => Dimensions::CacheNode,
            Self::Distribution(_) => Dimensions::Distribution,
        }
    }
}

/// A metric of a resource: what a [`super::Series`] is filed under.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MetricKey {
    /// The resource.
    pub resource: Resource,
    /// The metric.
    pub metric: MetricId,
}

impl MetricKey {
    /// A metric of a service.
    pub fn service(id: &ServiceId, metric: MetricId) -> Self {
        Self { resource: Resource::Service(id.clone()), metric }
    }

    /// A metric of a database instance.
    pub fn database(id: &DatabaseId, metric: MetricId) -> Self {
        Self { resource: Resource::Database(id.clone()), metric }
    }

    /// A metric of a cache node.
    pub fn cache_node(id: &CacheNodeId, metric: MetricId) -> Self {
        Self { resource: Resource::CacheNode(id.clone()), metric }
    }

    /// A metric of a distribution.
    pub fn distribution(id: &DistributionId, metric: MetricId) -> Self {
        Self { resource: Resource::Distribution(id.clone()), metric }
    }
}

impl Platform {
    /// Every metric of the catalogue that speaks of a service: its own, and those of the target groups and balancers
    /// that it is known to serve.
    pub fn metrics_of<'a>(&'a self, id: &'a ServiceId) -> impl Iterator<Item = MetricKey> + 'a {
        let groups = self.services.get(id).into_iter().flat_map(|service| &service.target_groups);
        let pairs = groups
            .filter_map(|arn| self.target_groups.get(arn))
            .flat_map(|group| group.balancers.iter().map(move |balancer| (balancer, &group.arn)));
        let balanced = pairs.flat_map(|(balancer, arn)| {
            [Resource::TargetGroup(balancer.clone(), arn.clone()), Resource::LoadBalancer(balancer.clone())]
        });
        std::iter::once(Resource::Service(id.clone())).chain(balanced).flat_map(all_of)
    }

    /// Every metric of the catalogue that a database instance publishes: lag only while it replicates another, credits
    /// only where its class has them.
    pub fn metrics_of_database(database: &Database) -> impl Iterator<Item = MetricKey> {
        let (replicates, bursts) = (database.replica_of.is_some(), database.class.starts_with("db.t"));
        all_of(Resource::Database(database.id.clone())).filter(move |key| match key.metric {
            MetricId::ReplicaLag => replicates,
            MetricId::DatabaseCredits => bursts,
            _ => true,
        })
    }

    /// Every metric of the catalogue that the nodes of a cache publish.
    pub fn metrics_of_cache(cache: &Cache) -> impl Iterator<Item = MetricKey> {
        cache.nodes().flat_map(|node| all_of(Resource::CacheNode(node.id.clone())))
    }

    /// Every metric of the catalogue that a distribution publishes: the additional ones only where it is known to.
    pub fn metrics_of_distribution(distribution: &Distribution) -> impl Iterator<Item = MetricKey> {
        let additional = distribution.additional_metrics == Some(true);
        let all = all_of(Resource::Distribution(distribution.id.clone()));
        all.filter(move |key| additional || !key.metric.is_additional())
    }
}

/// Every metric of the catalogue with the dimensions of a resource.
fn all_of(resource: Resource) -> impl Iterator<Item = MetricKey> {
    let dimensions = resource.dimensions();
    let rows = CATALOGUE.iter().filter(move |row| row.dimensions == dimensions);
    rows.map(move |row| MetricKey { resource: resource.clone(), metric: row.id })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_enums_order() {
        for (index, row) in CATALOGUE.iter().enumerate() {
            assert_eq!(row.id as usize, index, "{:?}", row.id);
        }
    }

    /// The spec's own lists. Two of its names are no metrics of the services it lists them under: counts come from the
    /// service itself, and response time is the balancer's.
    #[test]
    fn every_metric_that_the_spec_lists_has_a_row_of_its_namespace() {
        let spec = include_str!("../../tests/it/spec.md");
        let list = spec.split_once("### CloudWatch Metrics").unwrap().1.split_once("### CloudWatch Alarms").unwrap().0;
        let (mut namespace, mut found) = ("", 0);
        for line in list.lines() {
            namespace = match line {
                "**ECS Service:**" => "AWS/ECS",
                "**RDS:**" => "AWS/RDS",
                "**ElastiCache:**" => "AWS/ElastiCache",
                "**ALB:**" => "AWS/ApplicationELB",
                _ => namespace,
            };
            let Some(name) = line.strip_prefix("- ") else { continue };
            let names = match (namespace, name) {
                ("AWS/ECS", "DesiredTaskCount" | "RunningTaskCount" | "TargetResponseTime") => vec![],
                (_, "NetworkBytesIn/Out") => vec!["NetworkBytesIn", "NetworkBytesOut"],
                (_, name) => vec![name],
            };
            for name in names {
                let has = CATALOGUE.iter().any(|row| row.namespace == namespace && row.name == name);
                assert!(has, "{namespace} {name}");
                found += 1;
            }
        }
        assert_eq!(found, 19);
    }

    #[test]
    fn counts_are_summed_and_levels_are_not() {
        for row in CATALOGUE {
            let summed = row.statistic == "Sum";
            assert_eq!(summed, row.missing == Missing::Zero, "{}", row.name);
            assert!(!summed || matches!(row.unit, Unit::PerMinute | Unit::Bytes), "{}", row.name);
        }
    }
}
