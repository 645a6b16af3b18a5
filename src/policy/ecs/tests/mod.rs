//! Known answers, one test a sentence of the spec or of the readings of it, on a small scene.

mod cooldowns;
mod inward;
mod limits;
mod outward;
mod properties;
mod unknown;
mod words;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::advise_one;
use crate::platform::ids::{LoadBalancerId, TargetGroupArn};
use crate::platform::metric::{MetricKey, Resource};
use crate::platform::series::{evidence_minute, start_of};
use crate::platform::{
    Activity, ActivityKind, Deployment, Environment, Fact, MetricId, Platform, Reading, Rollout, ScalableTarget,
    Series, Service, ServiceId, ServiceStatus, Source, Suspended, TargetGroup, TargetHealth, TargetState, TaskCount,
};
use crate::policy::{Decision, Policy, Reason, Verdict, advise};

pub(in crate::policy) const CPU: MetricId = MetricId::ServiceCpu;
pub(in crate::policy) const MEMORY: MetricId = MetricId::ServiceMemory;
pub(in crate::policy) const REQUESTS: MetricId = MetricId::RequestsPerTarget;

/// Minutes of history that a flat series gets.
const FLAT_MINUTES: i64 = 60;

/// A service of production at noon UTC on a Tuesday, watched for an hour in which nothing moved.
#[derive(Debug, Clone)]
pub(in crate::policy) struct Scene {
    pub platform: Platform,
    pub policy: Policy,
    pub now: Timestamp,
    pub service: Service,
}

pub(in crate::policy) fn noon() -> Timestamp {
    "2026-03-10T12:00:00Z".parse().unwrap()
}

pub(in crate::policy) fn seconds(at: Timestamp, seconds: i64) -> Timestamp {
    at.checked_add(SignedDuration::from_secs(seconds)).unwrap()
}

pub(in crate::policy) fn group() -> TargetGroupArn {
    TargetGroupArn::new("arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/ai/1")
}

pub(in crate::policy) fn balancer() -> LoadBalancerId {
    LoadBalancerId::new("app/public/1")
}

pub(in crate::policy) fn key(metric: MetricId, service: &ServiceId) -> MetricKey {
    if metric == CPU || metric == MEMORY {
        MetricKey::service(service, metric)
    } else {
        MetricKey { resource: Resource::TargetGroup(balancer(), group()), metric }
    }
}

impl Scene {
    /// So many tasks run, and every metric sits in the middle: nothing asks out, nothing has room for an in.
    pub fn steady(tasks: u32) -> Self {
        let now = noon();
        let service = Service {
            id: ServiceId::new("solosuccess-production", "solosuccess-ai-service"),
            status: ServiceStatus::Active,
            desired: TaskCount(tasks),
            running: TaskCount(tasks),
            pending: TaskCount(0),
            deployments: vec![deployment(Rollout::Completed)],
            events: vec![],
            task_definition: "ai-service:42".into(),
            task_size: None,
            launch: "FARGATE".into(),
            target_groups: vec![group()],
            learnt: now,
        };
        let policy = Policy::of_spec(Environment::Production);
        let mut scene = Self { platform: Platform::default(), policy, now, service };
        let early = seconds(now, -3600);
        scene.read(Source::TargetGroups, early, Fact::TargetGroups(vec![target_group()]));
        scene.targets(4, 10);
        scene.read(Source::Activities, early, Fact::Activities(BTreeMap::new()));
        scene.read(Source::Metrics, early, Fact::Metrics(vec![]));
        let service = scene.service.clone();
        scene.see_counts(early, service.clone());
        scene.see_health(early, 0);
        scene.see_counts(now, service);
        scene.see_health(now, 0);
        scene.read(Source::Metrics, now, Fact::Metrics(vec![]));
        scene.flat(CPU, 65.0).flat(MEMORY, 70.0).flat(REQUESTS, 900.0)
    }

    /// So many tasks run, and every metric has room for many fewer.
    pub fn idle(tasks: u32) -> Self {
        Self::steady(tasks).flat(CPU, 10.0).flat(MEMORY, 20.0).flat(REQUESTS, 100.0)
    }

    pub fn read(&mut self, source: Source, asked: Timestamp, fact: Fact) {
        self.platform.apply(Reading { source, asked, cadence_s: 30, fact }, asked);
    }

    pub fn see_counts(&mut self, at: Timestamp, mut service: Service) {
        service.learnt = at;
        self.service = service.clone();
        self.read(Source::Services, at, Fact::Services { found: vec![service], missing: vec![] });
    }

    pub fn see_health(&mut self, at: Timestamp, draining: usize) {
        let target =
            |state| TargetHealth { target: "10.0.0.1:80".into(), zone: "a".into(), state, reason: String::new() };
        let healthy = self.service.running.0 as usize;
        let mut targets = vec![target(TargetState::Healthy); healthy];
        targets.extend(vec![target(TargetState::Draining); draining]);
        self.read(Source::TargetHealth, at, Fact::TargetHealth(group(), targets));
    }

    pub fn targets(&mut self, min: u32, max: u32) {
        let target = ScalableTarget {
            min: TaskCount(min),
            max: TaskCount(max),
            suspended: Suspended::default(),
            learnt: self.now,
        };
        let targets = BTreeMap::from([(self.service.id.clone(), target)]);
        self.read(Source::ScalableTargets, self.now, Fact::ScalableTargets(targets));
    }

    pub fn limits(mut self, min: u32, max: u32) -> Self {
        self.targets(min, max);
        self
    }

    /// Changes the service as the newest reading shows it, without a change of the count in the history.
    pub fn with(mut self, change: impl FnOnce(&mut Service)) -> Self {
        change(&mut self.service);
        self.platform.services.insert(self.service.id.clone(), Arc::new(self.service.clone()));
        self
    }

    pub fn activity(mut self, activity: Activity) -> Self {
        let list = Arc::make_mut(self.platform.activities.entry(self.service.id.clone()).or_default());
        list.insert(0, activity);
        self
    }

    /// One value for an hour, in place of what was there.
    pub fn flat(self, metric: MetricId, value: f64) -> Self {
        self.minutes(metric, &vec![Some(value); FLAT_MINUTES as usize])
    }

    /// Nothing at all of a metric.
    pub fn gone(self, metric: MetricId) -> Self {
        self.minutes(metric, &[])
    }

    /// Values of the evidence minutes, newest first, in place of what was there.
    pub fn minutes(mut self, metric: MetricId, newest_first: &[Option<f64>]) -> Self {
        let newest = evidence_minute(self.now);
        let mut series = Series::default();
        let points = newest_first.iter().enumerate();
        series.merge(points.filter_map(|(back, value)| Some((start_of(newest - back as i64), (*value)?))));
        self.platform.series.insert(key(metric, &self.service.id), Arc::new(series));
        self
    }

    /// The first values of a metric, newest first, over what is there; `None` takes a minute away.
    pub fn newest(self, metric: MetricId, newest_first: &[Option<f64>]) -> Self {
        let newest = evidence_minute(self.now);
        let known = self.platform.series.get(&key(metric, &self.service.id)).cloned().unwrap_or_default();
        let mut values: Vec<_> = (0..FLAT_MINUTES).map(|back| known.at(newest - back)).collect();
        values[..newest_first.len()].copy_from_slice(newest_first);
        self.minutes(metric, &values)
    }

    pub fn verdict(&self) -> Verdict {
        let one = advise_one(&self.platform, &self.policy, &self.service.id, self.now).unwrap();
        let all = advise(&self.platform, &self.policy, self.now);
        assert_eq!(all.services[&self.service.id], one, "one service and all services must agree");
        one
    }

    pub fn decision(&self) -> Decision {
        self.verdict().decision
    }

    /// At a later time, with the counts, targets and limits read again then.
    pub fn at(mut self, now: Timestamp) -> Self {
        self.now = now;
        let service = self.service.clone();
        self.see_counts(now, service);
        self.see_health(now, 0);
        let target = &self.platform.targets[&self.service.id];
        let (min, max) = (target.min.0, target.max.0);
        self.limits(min, max)
    }
}

pub(in crate::policy) fn deployment(rollout: Rollout) -> Deployment {
    Deployment {
        id: "ecs-svc/1".into(),
        primary: true,
        rollout,
        reason: String::new(),
        task_definition: "ai-service:42".into(),
        desired: TaskCount(6),
        pending: TaskCount(0),
        running: TaskCount(6),
        failed: TaskCount(0),
        created: seconds(noon(), -86_400),
        updated: seconds(noon(), -86_400),
    }
}

pub(in crate::policy) fn target_group() -> TargetGroup {
    TargetGroup {
        arn: group(),
        name: "ai".into(),
        balancers: vec![balancer()],
        interval_s: 30,
        timeout_s: 5,
        healthy_threshold: 2,
        unhealthy_threshold: 3,
        path: "/health".into(),
        draining_s: Some(300),
        targets: None,
        learnt: noon(),
    }
}

/// The autoscaler set the count, by a cpu alarm.
pub(in crate::policy) fn activity(started: Timestamp, to: u32, kind: ActivityKind) -> Activity {
    Activity {
        id: format!("{started}"),
        started,
        ended: None,
        kind,
        description: format!("Setting desired count to {to}."),
        cause: String::new(),
        message: String::new(),
    }
}

pub(in crate::policy) fn out(to: u32, metrics: &[MetricId]) -> Decision {
    Decision::Out { to: TaskCount(to), reason: Reason::Breached { metrics: metrics.to_vec() } }
}

pub(in crate::policy) fn to_floor(floor: u32) -> Decision {
    Decision::Out { to: TaskCount(floor), reason: Reason::BelowFloor { floor: TaskCount(floor) } }
}

pub(in crate::policy) fn inward(to: u32) -> Decision {
    Decision::In { to: TaskCount(to), reason: Reason::Clear }
}

pub(in crate::policy) fn none(reason: Reason) -> Decision {
    Decision::None { reason }
}

pub(in crate::policy) fn missing(metrics: &[MetricId], arriving: bool) -> Decision {
    Decision::CannotTell { reason: Reason::Missing { metrics: metrics.to_vec(), arriving } }
}

pub(in crate::policy) fn is_in(decision: &Decision) -> bool {
    matches!(decision, Decision::In { .. })
}
