//! An ECS service as `DescribeServices` and `DescribeTasks` tell it.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ids::{ServiceId, TargetGroupArn, TaskCount, TaskId};
use super::moment::Moment;

/// `ACTIVE`, `DRAINING`, `INACTIVE`; anything AWS adds later is [`ServiceStatus::Unknown`], never assumed healthy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ServiceStatus {
    /// In use.
    Active,
    /// Being deleted while tasks still run.
    Draining,
    /// Deleted.
    Inactive,
    /// A word this version does not know.
    Unknown(String),
}

/// One ECS service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// Cluster and name.
    pub id: ServiceId,
    /// Life cycle state.
    pub status: ServiceStatus,
    /// What the scheduler is asked to run.
    pub desired: TaskCount,
    /// What runs.
    pub running: TaskCount,
    /// What is on its way.
    pub pending: TaskCount,
    #[serde(default)]
    /// Deployments, PRIMARY first.
    pub deployments: Vec<Deployment>,
    #[serde(default)]
    /// The newest events first, at most 100 (AWS's limit).
    pub events: Vec<ServiceEvent>,
    #[serde(default)]
    /// Family and revision, as in `ai-service:42`.
    pub task_definition: String,
    #[serde(default)]
    /// CPU and memory of one task, from a described task; `None` until one was seen.
    pub task_size: Option<TaskSize>,
    #[serde(default)]
    /// Capacity providers or launch type in words, as in `FARGATE` or `FARGATE 1 + FARGATE_SPOT 3`.
    pub launch: String,
    #[serde(default)]
    /// Target groups that the service registers its tasks with.
    pub target_groups: Vec<TargetGroupArn>,
    /// When this was learnt.
    #[schemars(with = "Moment")]
    pub learnt: Timestamp,
}

impl Service {
    /// A deployment runs while there is more than one, or the PRIMARY is still in progress.
    pub fn deploying(&self) -> bool {
        self.deployments.len() > 1 || self.deployments.first().is_some_and(|d| d.rollout == Rollout::InProgress)
    }
}

/// A deployment's own state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Rollout {
    /// Finished.
    Completed,
    /// Given up, perhaps by the circuit breaker.
    Failed,
    /// Running.
    InProgress,
    /// A word this version does not know, or none (services without rolling updates report none).
    Unknown(String),
}

/// One deployment of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Deployment {
    /// `ecs-svc/…`.
    pub id: String,
    /// Whether it is the PRIMARY one.
    pub primary: bool,
    /// Its state.
    pub rollout: Rollout,
    /// AWS's own words for the state.
    pub reason: String,
    /// Family and revision.
    pub task_definition: String,
    /// Tasks wanted by this deployment.
    pub desired: TaskCount,
    /// Tasks on their way.
    pub pending: TaskCount,
    /// Tasks running.
    pub running: TaskCount,
    /// Tasks that failed to start.
    pub failed: TaskCount,
    /// When it began.
    #[schemars(with = "Moment")]
    pub created: Timestamp,
    /// When AWS last touched it.
    #[schemars(with = "Moment")]
    pub updated: Timestamp,
}

/// A line of the service's own log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceEvent {
    /// AWS's id of the event.
    pub id: String,
    /// When.
    #[schemars(with = "Moment")]
    pub at: Timestamp,
    /// AWS's words: hostile text until cleaned.
    pub message: String,
}

/// The size of one task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TaskSize {
    /// CPU units: 1024 are one vCPU.
    pub cpu_units: u32,
    /// Memory in MiB.
    pub memory_mib: u32,
}

/// One task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Task {
    /// The id.
    pub id: TaskId,
    /// AWS's `lastStatus` word.
    pub status: String,
    /// `HEALTHY`, `UNHEALTHY`, `UNKNOWN`.
    pub health: String,
    /// The zone it runs in.
    pub zone: String,
    /// When it was asked for.
    #[schemars(with = "Option<Moment>")]
    pub created: Option<Timestamp>,
    /// When its containers ran.
    #[schemars(with = "Option<Moment>")]
    pub started: Option<Timestamp>,
    /// When it stopped.
    #[schemars(with = "Option<Moment>")]
    pub stopped: Option<Timestamp>,
    /// AWS's words for why it stopped.
    pub stop_reason: Option<String>,
    /// `FARGATE`, `FARGATE_SPOT`, or empty.
    pub capacity_provider: String,
    /// Family and revision.
    pub task_definition: String,
}
