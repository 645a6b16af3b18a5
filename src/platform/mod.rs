//! What is: the platform as plain data, and the only way it changes – by applying a [`Reading`].
//!
//! Absent on purpose: I/O, clocks, async and AWS types. Times come in as values.

pub mod activity;
pub mod alarm;
pub mod balancer;
pub mod bill;
pub mod cache;
pub mod database;
pub mod distribution;
pub mod group;
pub mod history;
pub mod identity;
pub mod ids;
pub mod members;
pub mod metric;
pub mod moment;
pub mod reading;
pub mod scaling;
pub mod series;
pub mod service;
pub mod source;
pub mod spend;
pub mod weeks;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use activity::{Activity, ActivityKind};
pub use alarm::{Alarm, AlarmState, AlarmTurn};
pub use balancer::{TargetGroup, TargetHealth, TargetState};
pub use bill::Bill;
pub use cache::{Cache, CacheNode, CacheStatus, NodeRole, Shard};
pub use database::{Database, Engine, InstanceStatus, Phase, ReaderName, ReaderRecord, Replication};
pub use distribution::Distribution;
pub use group::GroupId;
pub use history::{CountChange, CountHistory, DrainSample};
pub use identity::{Environment, Identity};
pub use ids::{
    AccountId, CacheId, CacheNodeId, ClusterName, DatabaseId, DistributionId, LoadBalancerId, MemberCount, Region,
    ServiceId, ServiceName, TargetGroupArn, TaskCount, TaskId,
};
pub use members::MemberHistory;
pub use metric::{MetricId, MetricKey};
pub use reading::{Fact, Reading};
pub use scaling::{ScalableTarget, ScalingPolicy, ScheduledAction, Suspended};
pub use series::Series;
pub use service::{Deployment, Rollout, Service, ServiceEvent, ServiceStatus, Task, TaskSize};
pub use source::{Source, SourceHealth, SourceState};
pub use spend::Spend;
pub use weeks::Weeks;

/// Everything known about the platform, each part with the time it was learnt.
///
/// Cloning is cheap: every resource is behind an [`Arc`], and a reading replaces only what it speaks of.
#[derive(Debug, Clone, Default)]
pub struct Platform {
    /// Who we are to AWS; `None` until STS has answered.
    pub identity: Option<Arc<Identity>>,
    /// Every service that the listing names, in order, described or not; `None` until the listing has answered.
    pub listed: Option<Arc<Vec<ServiceId>>>,
    /// Services by cluster and name, as described.
    pub services: BTreeMap<ServiceId, Arc<Service>>,
    /// Application Auto Scaling's scalable target of a service, where one is registered.
    pub targets: BTreeMap<ServiceId, Arc<ScalableTarget>>,
    /// Scaling policies of a service.
    pub policies: BTreeMap<ServiceId, Arc<Vec<ScalingPolicy>>>,
    /// Scheduled actions of a service.
    pub schedules: BTreeMap<ServiceId, Arc<Vec<ScheduledAction>>>,
    /// Scaling activities, newest first, those refused (not scaled) among them.
    pub activities: BTreeMap<ServiceId, Arc<Vec<Activity>>>,
    /// Tasks of the services that are open on a screen.
    pub tasks: BTreeMap<ServiceId, Arc<Vec<Task>>>,
    /// Target groups with the health of their targets.
    pub target_groups: BTreeMap<TargetGroupArn, Arc<TargetGroup>>,
    /// Databases, primaries and replicas alike.
    pub databases: BTreeMap<DatabaseId, Arc<Database>>,
    /// What was seen of a primary's replicas while this program watched.
    pub replica_counts: BTreeMap<DatabaseId, Arc<MemberHistory>>,
    /// The name that readers resolve; `None` until it was read, or where there is none.
    pub reader_name: Option<Arc<ReaderName>>,
    /// Caches.
    pub caches: BTreeMap<CacheId, Arc<Cache>>,
    /// What was seen of a cache's nodes or shards while this program watched.
    pub node_counts: BTreeMap<CacheId, Arc<MemberHistory>>,
    /// Distributions.
    pub distributions: BTreeMap<DistributionId, Arc<Distribution>>,
    /// CloudWatch's own alarms by name.
    pub alarms: BTreeMap<String, Arc<Alarm>>,
    /// How those alarms turned lately, newest first.
    pub alarm_turns: Arc<Vec<AlarmTurn>>,
    /// What AWS has billed; `None` until Cost Explorer has answered.
    pub bill: Option<Arc<Bill>>,
    /// Weeks of hourly values; `None` until they were read.
    pub weeks: Option<Arc<Weeks>>,
    /// What the platform costs, as judged from the bill, the weeks and what runs; `None` until it was.
    pub spend: Option<Arc<Spend>>,
    /// Metric history.
    pub series: BTreeMap<MetricKey, Arc<Series>>,
    /// What was seen of a service's count while this program watched.
    pub counts: BTreeMap<ServiceId, Arc<CountHistory>>,
    /// How each source fares.
    pub sources: BTreeMap<Source, Arc<SourceHealth>>,
}
