//! One call to AWS, with everything it sends. A change is one of them, or several in an order that a crash cannot hurt.
//!
//! Absent on purpose: whether it may be sent. A [`Step`] is only sent with the ticket that stands for it.

use serde::{Deserialize, Serialize};

use crate::platform::{
    CacheId, DatabaseId, MemberCount, ReaderRecord, ScheduledAction, ServiceId, Suspended, TaskCount, TaskId,
};

/// One call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum Step {
    /// `ecs:UpdateService` with `desiredCount`.
    Desired {
        /// The service.
        service: ServiceId,
        /// The count.
        to: TaskCount,
    },
    /// `application-autoscaling:RegisterScalableTarget` with `MinCapacity`.
    Floor {
        /// The service.
        service: ServiceId,
        /// The floor.
        to: TaskCount,
    },
    /// `application-autoscaling:RegisterScalableTarget` with `MaxCapacity`.
    Ceiling {
        /// The service.
        service: ServiceId,
        /// The ceiling.
        to: TaskCount,
    },
    /// `application-autoscaling:RegisterScalableTarget` with `SuspendedState`: all three switches, because AWS takes one
    /// that is not named for off.
    Suspended {
        /// The service.
        service: ServiceId,
        /// The switches.
        to: Suspended,
    },
    /// `ecs:StopTask`.
    StopTask {
        /// The service.
        service: ServiceId,
        /// The task.
        task: TaskId,
    },
    /// `application-autoscaling:PutScheduledAction`.
    PutSchedule {
        /// The service.
        service: ServiceId,
        /// The action.
        action: ScheduledAction,
    },
    /// `application-autoscaling:DeleteScheduledAction`.
    DropSchedule {
        /// The service.
        service: ServiceId,
        /// Its name.
        name: String,
    },
    /// `rds:CreateDBInstanceReadReplica`.
    CreateReplica {
        /// The instance that it follows.
        source: DatabaseId,
        /// Its identifier.
        replica: DatabaseId,
        /// Its class.
        class: String,
        /// Its zone; AWS chooses where none is named.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        zone: Option<String>,
    },
    /// `rds:DeleteDBInstance`, without a last snapshot: a replica has none.
    DeleteReplica {
        /// Its identifier.
        replica: DatabaseId,
    },
    /// `route53:ChangeResourceRecordSets` with `UPSERT`.
    PutRecord {
        /// Id of the hosted zone.
        zone: String,
        /// The name.
        name: String,
        /// The record, whole.
        record: ReaderRecord,
    },
    /// `route53:ChangeResourceRecordSets` with `DELETE`: AWS refuses it unless every value is as it stands there.
    DropRecord {
        /// Id of the hosted zone.
        zone: String,
        /// The name.
        name: String,
        /// The record, whole.
        record: ReaderRecord,
    },
    /// `elasticache:IncreaseReplicaCount`.
    MoreReplicas {
        /// The cache.
        cache: CacheId,
        /// Replicas, the primary not among them.
        to: MemberCount,
    },
    /// `elasticache:DecreaseReplicaCount`.
    FewerReplicas {
        /// The cache.
        cache: CacheId,
        /// Replicas, the primary not among them.
        to: MemberCount,
    },
    /// `elasticache:ModifyReplicationGroupShardConfiguration`.
    Shards {
        /// The cache.
        cache: CacheId,
        /// The count.
        to: MemberCount,
        /// Ids of the shards that go; empty for more.
        removes: Vec<String>,
    },
}

impl Step {
    /// What it does, for the line that follows it: "create prod-db-replica-2".
    pub fn what(&self) -> String {
        match self {
            Self::Desired { to, .. } => format!("set desired to {to}"),
            Self::Floor { to, .. } => format!("set the floor to {to}"),
            Self::Ceiling { to, .. } => format!("set the ceiling to {to}"),
            Self::Suspended { .. } => "set what is suspended".to_owned(),
            Self::StopTask { task, .. } => format!("stop task {}", super::words::short(task.as_str())),
            Self::PutSchedule { action, .. } => format!("put scheduled action {}", action.name),
            Self::DropSchedule { name, .. } => format!("delete scheduled action {name}"),
            Self::CreateReplica { replica, .. } => format!("create {replica}"),
            Self::DeleteReplica { replica } => format!("delete {replica}"),
            Self::PutRecord { record, .. } => format!("set the weight of {} to {}", record.set, record.weight),
            Self::DropRecord { record, .. } => format!("remove the record {}", record.set),
            Self::MoreReplicas { to, .. } | Self::FewerReplicas { to, .. } => format!("set the replicas to {to}"),
            Self::Shards { to, .. } => format!("set the shards to {to}"),
        }
    }
}
