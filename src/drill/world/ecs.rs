//! Elastic Container Service: clusters, services, deployments, tasks and what ECS writes about them. Plain data; how
//! tasks come and go is in `scheduler`.

use std::collections::VecDeque;

use jiff::Timestamp;

use crate::drill::scenario::Defect;

/// How many events `DescribeServices` shows of a service.
pub const EVENTS_SHOWN: usize = 100;

/// A cluster, as `DescribeClusters` counts it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cluster {
    /// Its name, as in `solosuccess-production`.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// Services that are not inactive.
    pub active_services: u32,
    /// Tasks that are `RUNNING`.
    pub running_tasks: u32,
    /// Tasks on their way to `RUNNING`.
    pub pending_tasks: u32,
}

/// A service and its tasks.
#[derive(Debug, Clone, PartialEq)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// The cluster's name.
    pub cluster: String,
    /// The cluster's ARN.
    pub cluster_arn: String,
    /// The count that ECS works towards.
    pub desired: u32,
    /// The task definition's ARN, with its revision.
    pub task_definition: String,
    /// CPU units that a task reserves, as in 1024 for one vCPU.
    pub cpu_units: u32,
    /// Memory that a task reserves, MiB.
    pub memory_mib: u32,
    /// The one container of a task.
    pub container: String,
    /// The port that the container listens on.
    pub container_port: u16,
    /// The ARN of the target group that the tasks register in, if they take requests.
    pub target_group: Option<String>,
    /// Seconds in which ECS ignores failing health checks of a new task.
    pub health_check_grace_seconds: u32,
    /// When the service was created.
    pub created: Timestamp,
    /// The subnets of its tasks, one a zone and in the zones' order.
    pub subnets: Vec<String>,
    /// The security group of its tasks.
    pub security_group: String,
    /// Within which it deploys.
    pub percentages: Percentages,
    /// What becomes of a deployment whose tasks fail.
    pub breaker: Breaker,
    /// Deployments, the primary one first.
    pub deployments: Vec<Deployment>,
    /// Events, newest first, at most [`EVENTS_SHOWN`].
    pub events: VecDeque<Event>,
    /// Tasks in the order of their creation; the stopped ones stay for an hour.
    pub tasks: Vec<Task>,
    /// What is wrong with the tasks of a task definition, by its ARN.
    pub(super) flaws: Vec<(String, Flaw)>,
}

/// `minimumHealthyPercent` and `maximumPercent` of the desired count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Percentages {
    /// Healthy tasks that a deployment keeps.
    pub min_healthy: u32,
    /// Tasks that there may be while it lasts.
    pub max: u32,
}

/// `deploymentCircuitBreaker`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Breaker {
    /// It fails a deployment whose tasks fail.
    pub enabled: bool,
    /// And then goes back to the one before.
    pub rolls_back: bool,
}

/// A revision of a task definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// Its ARN, with the revision.
    pub arn: String,
    /// CPU units that a task reserves.
    pub cpu_units: u32,
    /// Memory that a task reserves, MiB.
    pub memory_mib: u32,
    /// The one container of a task.
    pub container: String,
    /// The port that the container listens on.
    pub container_port: u16,
    /// The container's image.
    pub image: String,
    /// When it was registered.
    pub registered: Timestamp,
}

/// What is wrong with a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// It answers no health check, and requests with 5XX.
    Sick,
    /// It passes its health checks, and answers a good part of the requests with 5XX.
    Errs,
    /// Its container exits as soon as it has started.
    Exits,
}

impl From<Defect> for Flaw {
    fn from(defect: Defect) -> Self {
        match defect {
            Defect::Errors => Self::Errs,
            Defect::Unhealthy => Self::Sick,
            Defect::Exits => Self::Exits,
        }
    }
}

impl Service {
    /// Tasks that are `RUNNING`.
    pub fn running(&self) -> u32 {
        self.tasks.iter().filter(|task| task.phase == Phase::Running).count() as u32
    }

    /// Tasks that are paid for: from the pull of their image until they have stopped.
    pub fn paid(&self) -> u32 {
        self.tasks.iter().filter(|task| task.phase > Phase::Provisioning && task.phase < Phase::Stopped).count() as u32
    }

    /// Tasks on their way to `RUNNING`.
    pub fn pending(&self) -> u32 {
        self.tasks.iter().filter(|task| task.phase < Phase::Running).count() as u32
    }

    /// The revision that it runs.
    pub fn definition(&self) -> Definition {
        let short = self.task_definition.rsplit('/').next().unwrap_or_default();
        let identity = &super::IDENTITY;
        Definition {
            arn: self.task_definition.clone(),
            cpu_units: self.cpu_units,
            memory_mib: self.memory_mib,
            container: self.container.clone(),
            container_port: self.container_port,
            image: format!("{}.dkr.ecr.{}.amazonaws.com/{short}", identity.account, identity.region),
            registered: self.created,
        }
    }

    /// Whether a deployment is in progress; Application Auto Scaling then scales nothing in.
    pub fn deploying(&self) -> bool {
        self.deployments.len() > 1 || self.deployments.iter().any(|one| one.rollout == Rollout::InProgress)
    }
}

/// A deployment of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployment {
    /// As in `ecs-svc/1234567890123456789`; the tasks' `startedBy`.
    pub id: String,
    /// Whether it is the `PRIMARY` one; otherwise `ACTIVE`.
    pub primary: bool,
    /// The task definition's ARN.
    pub task_definition: String,
    /// When it was created.
    pub created: Timestamp,
    /// When it was last changed.
    pub updated: Timestamp,
    /// How far it is.
    pub rollout: Rollout,
    /// `rolloutStateReason`, where it is not just the state in words.
    pub reason: Option<String>,
    /// Tasks of it that failed to start.
    pub failed_tasks: u32,
}

/// How far a deployment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rollout {
    /// `COMPLETED`
    Completed,
    /// `IN_PROGRESS`
    InProgress,
    /// `FAILED`
    Failed,
}

impl Rollout {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "COMPLETED",
            Self::InProgress => "IN_PROGRESS",
            Self::Failed => "FAILED",
        }
    }
}

/// An event of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// A UUID.
    pub id: String,
    /// When it was written.
    pub at: Timestamp,
    /// As in `(service solosuccess-ai-service) has reached a steady state.`
    pub message: String,
}

/// A task.
#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    /// 32 hexadecimal digits, the last part of the ARN.
    pub id: String,
    /// Its ARN.
    pub arn: String,
    /// `lastStatus`
    pub phase: Phase,
    /// The index of its zone in `Identity::zones`.
    pub zone: usize,
    /// Its private address.
    pub ip: String,
    /// When ECS decided to run it.
    pub created: Timestamp,
    /// When the image pull began, if it has.
    pub pull_started: Option<Timestamp>,
    /// When the image pull ended, if it has.
    pub pull_stopped: Option<Timestamp>,
    /// When it became `RUNNING`, if it has.
    pub started: Option<Timestamp>,
    /// When ECS decided to stop it, if it has: `desiredStatus` is then `STOPPED`.
    pub stopping: Option<Timestamp>,
    /// When it became `STOPPED`, if it has.
    pub stopped: Option<Timestamp>,
    /// Why it was stopped, if it was.
    pub stop: Option<Stop>,
    /// The deployment that started it.
    pub started_by: String,
    /// The task definition's ARN.
    pub task_definition: String,
    /// Its place in the order of creation.
    pub(super) number: u64,
    /// The second in which the present phase ends; `None` while it lasts.
    pub(super) until: Option<i64>,
    /// Seconds of the three phases before `RUNNING`, in order; drawn when the task was created.
    pub(super) cold_start: [i64; 3],
    /// Requests that wait in the task.
    pub(super) backlog: f64,
    /// What is wrong with it, if something is.
    pub(super) flaw: Option<Flaw>,
}

impl Task {
    /// `desiredStatus`: whether ECS wants it to run.
    pub fn wanted(&self) -> bool {
        self.stopping.is_none()
    }
}

/// A task's `lastStatus`, in the order of its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Capacity and network are being prepared.
    Provisioning,
    /// The image is being pulled.
    Pending,
    /// The container starts.
    Activating,
    /// It runs, and takes requests once its target is healthy.
    Running,
    /// Its target is draining.
    Deactivating,
    /// The container was told to stop.
    Stopping,
    /// Its network interface is being removed.
    Deprovisioning,
    /// It is gone; shown for an hour.
    Stopped,
}

impl Phase {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Provisioning => "PROVISIONING",
            Self::Pending => "PENDING",
            Self::Activating => "ACTIVATING",
            Self::Running => "RUNNING",
            Self::Deactivating => "DEACTIVATING",
            Self::Stopping => "STOPPING",
            Self::Deprovisioning => "DEPROVISIONING",
            Self::Stopped => "STOPPED",
        }
    }
}

/// Why a task was stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stop {
    /// `stopCode`, as in `ServiceSchedulerInitiated`.
    pub code: &'static str,
    /// `stoppedReason`, as in `Scaling activity initiated by (deployment ecs-svc/…)`.
    pub reason: String,
    /// What the container returned, or will.
    pub exit: i64,
}
