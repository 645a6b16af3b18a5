//! Small platforms for this room's tests.

use std::collections::VecDeque;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::kind::Change;
use super::plan::{Impossible, Plan};
use crate::platform::MetricId;
use crate::platform::{
    AccountId, Activity, ActivityKind, CountChange, CountHistory, Deployment, Environment, Identity, LoadBalancerId,
    Platform, Region, Rollout, ScalableTarget, ScalingPolicy, ScheduledAction, Service, ServiceEvent, ServiceId,
    ServiceStatus, Source, SourceHealth, SourceState, Suspended, TargetGroup, TargetGroupArn, TargetHealth,
    TargetState, TaskCount, TaskSize,
};
use crate::policy::verdict::{Counts, Floor, WindowEvidence};
use crate::policy::{Advice, Decision, MetricEvidence, Verdict};

/// A platform of one service, six of six running, everything read just now.
#[derive(Debug, Clone)]
pub(super) struct Scene {
    pub(super) platform: Platform,
    pub(super) id: ServiceId,
    pub(super) now: Timestamp,
}

impl Scene {
    pub(super) fn new(id: ServiceId) -> Self {
        let now: Timestamp = "2026-11-03T14:32:07Z".parse().unwrap();
        let identity = Identity {
            account: AccountId::new("123456789012"),
            arn: "arn:aws:sts::123456789012:assumed-role/sre-oncall/ada".to_owned(),
            region: Region::new("us-east-1"),
        };
        let service = Service {
            id: id.clone(),
            status: ServiceStatus::Active,
            desired: TaskCount(6),
            running: TaskCount(6),
            pending: TaskCount(0),
            deployments: vec![Deployment {
                id: "ecs-svc/1".to_owned(),
                primary: true,
                rollout: Rollout::Completed,
                reason: String::new(),
                task_definition: "web:42".to_owned(),
                desired: TaskCount(6),
                pending: TaskCount(0),
                running: TaskCount(6),
                failed: TaskCount(0),
                created: now,
                updated: now,
            }],
            events: Vec::new(),
            task_definition: "web:42".to_owned(),
            task_size: Some(TaskSize { cpu_units: 1024, memory_mib: 2048 }),
            launch: "FARGATE".to_owned(),
            target_groups: Vec::new(),
            learnt: now,
        };
        let mut scene = Self { platform: Platform::default(), id: id.clone(), now };
        scene.platform.identity = Some(Arc::new(identity));
        scene.platform.services.insert(id, Arc::new(service));
        scene.source(Source::Services).source(Source::ScalableTargets)
    }

    /// `solosuccess-production/web`.
    pub(super) fn web() -> Self {
        Self::new(ServiceId::new("solosuccess-production", "web"))
    }

    /// The source has answered just now.
    pub(super) fn source(mut self, source: Source) -> Self {
        let health = SourceHealth {
            state: SourceState::Live,
            learnt: Some(self.now),
            since: self.now,
            cadence_s: 10,
            failures: 0,
        };
        self.platform.sources.insert(source, Arc::new(health));
        self
    }

    pub(super) fn service(mut self, edit: impl FnOnce(&mut Service)) -> Self {
        edit(Arc::make_mut(self.platform.services.get_mut(&self.id).unwrap()));
        self
    }

    pub(super) fn counts(self, desired: u32, running: u32, pending: u32) -> Self {
        self.service(|service| {
            service.desired = TaskCount(desired);
            service.running = TaskCount(running);
            service.pending = TaskCount(pending);
        })
    }

    pub(super) fn limits(mut self, min: u32, max: u32) -> Self {
        let suspended = self.platform.targets.get(&self.id).map(|target| target.suspended).unwrap_or_default();
        let target = ScalableTarget { min: TaskCount(min), max: TaskCount(max), suspended, learnt: self.now };
        self.platform.targets.insert(self.id.clone(), Arc::new(target));
        self
    }

    pub(super) fn suspended(mut self, suspended: Suspended) -> Self {
        Arc::make_mut(self.platform.targets.get_mut(&self.id).unwrap()).suspended = suspended;
        self
    }

    /// A target-tracking policy on CPU at 70 %.
    pub(super) fn tracked(mut self) -> Self {
        let policy = ScalingPolicy {
            name: "cpu".to_owned(),
            kind: "TargetTrackingScaling".to_owned(),
            metric: "ECSServiceAverageCPUUtilization".to_owned(),
            target: Some(70.0),
            out_cooldown_s: Some(60),
            in_cooldown_s: Some(300),
            scale_in_disabled: false,
            alarms: Vec::new(),
        };
        self.platform.policies.insert(self.id.clone(), Arc::new(vec![policy]));
        self
    }

    pub(super) fn scheduled(mut self, name: &str, cron: &str, min: u32) -> Self {
        let action = ScheduledAction {
            name: name.to_owned(),
            schedule: cron.to_owned(),
            timezone: String::new(),
            min: Some(TaskCount(min)),
            max: None,
        };
        let actions = self.platform.schedules.entry(self.id.clone()).or_default();
        Arc::make_mut(actions).push(action);
        self
    }

    /// Behind a target group with so many targets healthy and draining.
    pub(super) fn targets(mut self, healthy: usize, draining: usize) -> Self {
        let arn = TargetGroupArn::new("arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/web/1");
        let target = |state| TargetHealth {
            target: "10.0.0.1:80".to_owned(),
            zone: "us-east-1a".to_owned(),
            state,
            reason: String::new(),
        };
        let mut targets = vec![target(TargetState::Healthy); healthy];
        targets.extend(vec![target(TargetState::Draining); draining]);
        let group = TargetGroup {
            arn: arn.clone(),
            name: "web".to_owned(),
            balancers: vec![LoadBalancerId::new("app/web/1")],
            interval_s: 30,
            timeout_s: 5,
            healthy_threshold: 2,
            unhealthy_threshold: 3,
            path: "/health".to_owned(),
            draining_s: Some(300),
            targets: Some(targets),
            learnt: self.now,
        };
        self.platform.target_groups.insert(arn.clone(), Arc::new(group));
        self.service(|service| service.target_groups = vec![arn])
    }

    pub(super) fn event(self, message: &str) -> Self {
        let event = ServiceEvent { id: "e".to_owned(), at: self.now, message: message.to_owned() };
        self.service(|service| service.events.insert(0, event))
    }

    pub(super) fn activity(mut self, count: u32, cause: &str) -> Self {
        let activity = Activity {
            id: "a".to_owned(),
            started: self.now,
            ended: None,
            kind: ActivityKind::InProgress,
            description: format!("Setting desired count to {count}."),
            cause: cause.to_owned(),
            message: String::new(),
        };
        self.platform.activities.insert(self.id.clone(), Arc::new(vec![activity]));
        self
    }

    pub(super) fn went(mut self, from: u32, to: u32) -> Self {
        let change = CountChange { seen: self.now, from: TaskCount(from), to: TaskCount(to) };
        let history = CountHistory { changes: VecDeque::from([change]), ..CountHistory::default() };
        self.platform.counts.insert(self.id.clone(), Arc::new(history));
        self
    }

    /// Time passes, and everything is read again.
    pub(super) fn later(mut self, seconds: i64) -> Self {
        self = self.unread(seconds);
        let now = self.now;
        for health in self.platform.sources.values_mut() {
            Arc::make_mut(health).learnt = Some(now);
        }
        for target in self.platform.targets.values_mut() {
            Arc::make_mut(target).learnt = now;
        }
        for group in self.platform.target_groups.values_mut() {
            Arc::make_mut(group).learnt = now;
        }
        self.service(|service| service.learnt = now)
    }

    /// Time passes, and nothing is read.
    pub(super) fn unread(mut self, seconds: i64) -> Self {
        self.now = self.now.checked_add(SignedDuration::from_secs(seconds)).unwrap();
        self
    }

    pub(super) fn desired(&self, to: u32) -> Plan {
        Plan::desired(&self.platform, &self.id, TaskCount(to), None, &Environment::Production, self.now).unwrap()
    }

    pub(super) fn floor(&self, to: u32) -> Plan {
        self.plan(Change::Floor { service: self.id.clone(), to: TaskCount(to) }).unwrap()
    }

    pub(super) fn plan(&self, change: Change) -> Result<Plan, Impossible> {
        Plan::of(&self.platform, change, &Advice::default(), &Environment::Production, self.now)
    }

    /// A verdict with CPU at `cpu` % whose out-window holds `held_s` of 300 s.
    pub(super) fn verdict(&self, decision: Decision, cpu: f64, held_s: u32) -> Verdict {
        let window = |held_s, need_s| WindowEvidence { held_s, need_s, bridged: 0, unknown: false };
        let metric = |metric, target, value, held_s| MetricEvidence {
            metric,
            group: None,
            target,
            value: Some(value),
            newest: Some(self.now),
            out: window(held_s, 300),
            clear: window(0, 1500),
            asks: None,
            projected_in: None,
        };
        Verdict {
            at: self.now,
            decision,
            counts: Counts { desired: TaskCount(6), running: TaskCount(6), pending: TaskCount(0), draining: Some(0) },
            metrics: vec![
                metric(MetricId::ServiceCpu, 70.0, cpu, held_s),
                metric(MetricId::ServiceMemory, 80.0, 61.0, 0),
                metric(MetricId::RequestsPerTarget, 1000.0, 1240.0, held_s),
            ],
            floor: Floor { count: TaskCount(4), origin: "peak hours 08:00–22:00 UTC".to_owned() },
            ceiling: TaskCount(10),
            notes: Vec::new(),
            next: None,
        }
    }
}
