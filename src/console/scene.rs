//! Pictures of a platform, built by hand, for this room's tests. What happens in them is in [`stories`].

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::app::{App, Options};
use super::keymap::Keymap;
use super::model::Model;
use super::theme::{Depth, Theme};
use crate::live::{Armed, Meter, View};
use crate::platform::metric::Resource;
use crate::platform::{
    AccountId, Activity, ActivityKind, CountHistory, Deployment, Environment, GroupId, Identity, LoadBalancerId,
    MetricId, MetricKey, Platform, Region, Rollout, ScalableTarget, ScalingPolicy, Service, ServiceEvent, ServiceId,
    ServiceStatus, Source, SourceHealth, SourceState, Suspended, TargetGroup, TargetGroupArn, TargetHealth,
    TargetState, Task, TaskCount, TaskId, TaskSize,
};
use crate::policy::verdict::{Counts, Floor};
use crate::policy::{Advice, Decision, MetricEvidence, Policy, Reason, Verdict, WindowEvidence, alerts};

pub(crate) mod stories;
pub(crate) mod tiers;

pub(crate) use stories::{armed, empty, three, with_desired};

const CLUSTER: &str = "solosuccess-production";

pub(crate) fn now() -> Timestamp {
    "2026-04-14T14:32:07Z".parse().unwrap()
}

pub(crate) fn ago(seconds: i64) -> Timestamp {
    now() - SignedDuration::from_secs(seconds)
}

pub(crate) fn id(name: &str) -> ServiceId {
    ServiceId::new(CLUSTER, name)
}

/// A service as a group.
pub(crate) fn group(name: &str) -> GroupId {
    GroupId::Service(id(name))
}

fn group_arn(name: &str) -> TargetGroupArn {
    TargetGroupArn::new(format!("arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/{name}/1"))
}

fn balancer() -> LoadBalancerId {
    LoadBalancerId::new("app/solosuccess/50dc6c495c0c9188")
}

/// A platform under construction.
pub(crate) struct Scene {
    pub platform: Platform,
    pub advice: Advice,
    pub view: View,
}

impl Scene {
    /// Production with every source live and no service.
    pub fn empty() -> Self {
        let mut platform = Platform::default();
        for source in Source::ALL {
            let health = SourceHealth {
                state: SourceState::Live,
                learnt: Some(ago(3)),
                since: ago(4_000),
                cadence_s: 10,
                failures: 0,
            };
            platform.sources.insert(source, Arc::new(health));
        }
        platform.identity = Some(Arc::new(Identity {
            account: AccountId::new("123456789012"),
            arn: "arn:aws:sts::123456789012:assumed-role/sre-oncall/ada".to_owned(),
            region: Region::new("us-east-1"),
        }));
        let view = View {
            generation: 1,
            at: now(),
            platform: Arc::default(),
            advice: Arc::default(),
            alerts: Arc::default(),
            money: None,
            policy: Arc::new(Policy::of_spec(Environment::Production)),
            origins: Arc::default(),
            environment: Environment::Production,
            armed: Armed::ReadOnly,
            followed: None,
            done: Arc::default(),
            journal: Some(Arc::default()),
            paused: false,
            meter: Meter { calls_per_minute: 41, throttled: 0, dollars_per_hour: 0.02, ..Meter::default() },
        };
        Self { platform, advice: Advice::default(), view }
    }

    /// A service with its limits, a target group of healthy targets and a steady verdict.
    pub fn service(mut self, name: &str, desired: u32, limits: (u32, u32), cpu: f64) -> Self {
        let id = id(name);
        let arn = group_arn(name);
        let service = Service {
            id: id.clone(),
            status: ServiceStatus::Active,
            desired: TaskCount(desired),
            running: TaskCount(desired),
            pending: TaskCount(0),
            deployments: vec![deployment("42", desired, Rollout::Completed, ago(9_000))],
            events: vec![event(90, "has reached a steady state.")],
            task_definition: format!("{name}:42"),
            task_size: Some(TaskSize { cpu_units: 1024, memory_mib: 2048 }),
            launch: "FARGATE".to_owned(),
            target_groups: vec![arn.clone()],
            learnt: ago(3),
        };
        let healthy = |n| TargetHealth {
            target: format!("10.0.0.{n}:8080"),
            zone: "us-east-1a".to_owned(),
            state: TargetState::Healthy,
            reason: String::new(),
        };
        let group = TargetGroup {
            arn: arn.clone(),
            name: format!("{name}-tg"),
            balancers: vec![balancer()],
            interval_s: 30,
            timeout_s: 5,
            healthy_threshold: 2,
            unhealthy_threshold: 3,
            path: "/health".to_owned(),
            draining_s: Some(300),
            targets: Some((0..desired).map(healthy).collect()),
            learnt: ago(5),
        };
        let (min, max) = (TaskCount(limits.0), TaskCount(limits.1));
        let target = ScalableTarget { min, max, suspended: Suspended::default(), learnt: ago(20) };
        self.platform.target_groups.insert(arn, Arc::new(group));
        self.platform.targets.insert(id.clone(), Arc::new(target));
        let mut history = CountHistory::default();
        history.saw_counts(&service, ago(3), 10);
        self.platform.counts.insert(id.clone(), Arc::new(history));
        self.platform.services.insert(id.clone(), Arc::new(service));
        let policy = ScalingPolicy {
            name: "cpu-target-tracking".to_owned(),
            kind: "TargetTrackingScaling".to_owned(),
            metric: "ECSServiceAverageCPUUtilization".to_owned(),
            target: Some(70.0),
            out_cooldown_s: Some(60),
            in_cooldown_s: Some(300),
            scale_in_disabled: false,
            alarms: Vec::new(),
        };
        self.platform.policies.insert(id.clone(), Arc::new(vec![policy]));
        let metrics = vec![
            evidence(MetricId::ServiceCpu, 70.0, Some(cpu)),
            evidence(MetricId::ServiceMemory, 80.0, Some(61.0)),
            evidence(MetricId::RequestsPerTarget, 1_000.0, Some(640.0)),
        ];
        let verdict = verdict(Decision::None { reason: Reason::Steady }, metrics, max);
        self.advice.services.insert(id, verdict);
        self.wave(name, MetricId::ServiceCpu, |minute| cpu + 6.0 * (f64::from(minute) / 9.0).sin())
            .wave(name, MetricId::ServiceMemory, |_| 61.0)
            .wave(name, MetricId::RequestsPerTarget, |minute| 640.0 + f64::from(minute % 7) * 12.0)
            .wave(name, MetricId::Requests, |_| 2_480.0)
            .wave(name, MetricId::Target5xx, |minute| if minute < 8 { 34.0 } else { 1.0 })
            .wave(name, MetricId::HealthyHosts, |_| f64::from(desired))
            .wave(name, MetricId::ResponseP95, |minute| 0.31 + f64::from(minute % 5) * 0.004)
    }

    /// Two hours of a metric; `value` is given how many minutes ago it was.
    pub fn wave(mut self, name: &str, metric: MetricId, value: impl Fn(u16) -> f64) -> Self {
        let resource = match metric {
            MetricId::ServiceCpu | MetricId::ServiceMemory => Resource::Service(id(name)),
            _ => Resource::TargetGroup(balancer(), group_arn(name)),
        };
        let series = self.platform.series.entry(MetricKey { resource, metric }).or_default();
        let points = (0..120).map(|minute| (ago(60 * i64::from(minute)), value(minute)));
        Arc::make_mut(series).merge(points);
        self
    }

    pub fn change(mut self, name: &str, change: impl FnOnce(&mut Service)) -> Self {
        change(Arc::make_mut(self.platform.services.get_mut(&id(name)).unwrap()));
        self
    }

    pub fn judged(mut self, name: &str, change: impl FnOnce(&mut Verdict)) -> Self {
        change(self.advice.services.get_mut(&id(name)).unwrap());
        self
    }

    pub fn activities(mut self, name: &str, activities: Vec<Activity>) -> Self {
        self.platform.activities.insert(id(name), Arc::new(activities));
        self
    }

    pub fn source(mut self, source: Source, state: SourceState, learnt: Option<Timestamp>) -> Self {
        let health = SourceHealth { state, learnt, since: ago(60), cadence_s: 10, failures: 3 };
        self.platform.sources.insert(source, Arc::new(health));
        self
    }

    pub fn live(mut self, change: impl FnOnce(&mut View)) -> Self {
        change(&mut self.view);
        self
    }

    /// The view, and a model that looks at the first service.
    pub fn done(mut self) -> (View, Model) {
        let ids: Vec<ServiceId> = self.platform.services.keys().cloned().collect();
        self.platform.listed = (!ids.is_empty()).then(|| Arc::new(ids));
        self.judge_tiers();
        self.view.platform = Arc::new(self.platform);
        self.view.advice = Arc::new(self.advice);
        self.view.alerts = Arc::new(alerts(&self.view.platform, &self.view.policy, now()));
        let mut model = Model::default();
        model.refresh(&self.view);
        (self.view, model)
    }
}

pub(crate) fn evidence(metric: MetricId, target: f64, value: Option<f64>) -> MetricEvidence {
    let window = |held_s, need_s| WindowEvidence { held_s, need_s, bridged: 0, unknown: value.is_none() };
    let over = value.is_some_and(|value| value > target);
    MetricEvidence {
        metric,
        group: None,
        target,
        value,
        newest: value.map(|_| ago(180)),
        out: window(if over { 300 } else { 0 }, 300),
        clear: window(if over || value.is_none() { 0 } else { 1_500 }, 1_500),
        asks: None,
        projected_in: value.map(|value| value * 1.2),
    }
}

pub(crate) fn verdict(decision: Decision, metrics: Vec<MetricEvidence>, ceiling: TaskCount) -> Verdict {
    let floor = Floor { count: TaskCount(4), origin: "peak hours 08:00–22:00 UTC".to_owned() };
    let counts = Counts { desired: TaskCount(6), running: TaskCount(6), pending: TaskCount(0), draining: Some(0) };
    Verdict { at: now(), decision, counts, metrics, floor, ceiling, notes: Vec::new(), next: None }
}

pub(crate) fn deployment(revision: &str, count: u32, rollout: Rollout, created: Timestamp) -> Deployment {
    Deployment {
        id: format!("ecs-svc/{revision}"),
        primary: true,
        rollout,
        reason: "ECS deployment ecs-svc in progress.".to_owned(),
        task_definition: format!("ai-service:{revision}"),
        desired: TaskCount(count),
        pending: TaskCount(0),
        running: TaskCount(count),
        failed: TaskCount(0),
        created,
        updated: created,
    }
}

pub(crate) fn event(seconds_ago: i64, message: &str) -> ServiceEvent {
    let message = format!("(service solosuccess-ai-service) {message}");
    ServiceEvent { id: seconds_ago.to_string(), at: ago(seconds_ago), message }
}

pub(crate) fn activity(seconds_ago: i64, to: u32, kind: ActivityKind) -> Activity {
    let ended = (kind == ActivityKind::Successful).then(|| ago(seconds_ago - 112));
    Activity {
        id: seconds_ago.to_string(),
        started: ago(seconds_ago),
        ended,
        kind,
        description: format!("Setting desired count to {to}."),
        cause: "monitor alarm TargetTracking-service/solosuccess-production/ai-service-AlarmHigh-1 in state ALARM \
                triggered policy cpu-target-tracking"
            .to_owned(),
        message: format!("Successfully set desired count to {to}. Waiting for change to be fulfilled by ecs."),
    }
}

pub(crate) fn task(number: u32, status: &str, stop_reason: Option<&str>) -> Task {
    let created = ago(5_000 - i64::from(number) * 600);
    let running = status == "RUNNING" || stop_reason.is_some();
    Task {
        id: TaskId::new(format!("{:08x}c4d94a5b8e7a1f6d0b2c3e4f", 0x5f3a_1c00 + number * 0x0102_0304)),
        status: status.to_owned(),
        health: if status == "RUNNING" { "HEALTHY" } else { "UNKNOWN" }.to_owned(),
        zone: ["us-east-1a", "us-east-1b", "us-east-1c"][number as usize % 3].to_owned(),
        created: Some(created),
        started: running.then(|| created + SignedDuration::from_secs(41)),
        stopped: stop_reason.map(|_| ago(200)),
        stop_reason: stop_reason.map(str::to_owned),
        capacity_provider: "FARGATE".to_owned(),
        task_definition: "ai-service:42".to_owned(),
    }
}

/// A session on a picture.
pub(crate) fn app(view: View) -> App {
    let options = Options {
        theme: Theme::builtin("dark").unwrap().at(Depth::None),
        keymap: Keymap::default(),
        title: None,
        drill: false,
        said: None,
    };
    App::new(options, Arc::new(view))
}
