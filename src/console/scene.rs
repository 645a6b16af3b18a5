//! Small pictures for this room's tests.

use std::sync::Arc;

use jiff::Timestamp;

use super::app::{App, Options};
use super::keymap::Keymap;
use super::theme::{Depth, Theme};
use crate::live::{Armed, Meter, View};
use crate::platform::{
    AccountId, Deployment, Environment, Identity, MetricId, Platform, Region, Rollout, ScalableTarget, Service,
    ServiceEvent, ServiceId, ServiceStatus, Suspended, TaskCount, TaskSize,
};
use crate::policy::verdict::{Counts, Floor};
use crate::policy::{Advice, Decision, MetricEvidence, Policy, Reason, Verdict, WindowEvidence};

/// 14:32:07 of a quiet afternoon.
pub(super) fn now() -> Timestamp {
    "2026-11-03T14:32:07Z".parse().unwrap()
}

/// A service of the production cluster.
pub(super) fn id(name: &str) -> ServiceId {
    ServiceId::new("solosuccess-production", name)
}

/// Nothing is known yet.
pub(super) fn empty() -> View {
    View {
        generation: 0,
        at: now(),
        platform: Arc::default(),
        advice: Arc::default(),
        policy: Arc::new(Policy::of_spec(Environment::Production)),
        environment: Environment::Production,
        armed: Armed::ReadOnly,
        followed: None,
        paused: false,
        meter: Meter::default(),
    }
}

/// Three services of six tasks in production, between 4 and 10; the first is advised to go to 8.
pub(super) fn three() -> View {
    let mut view = empty();
    let mut platform = Platform {
        identity: Some(Arc::new(Identity {
            account: AccountId::new("123456789012"),
            arn: "arn:aws:sts::123456789012:assumed-role/sre-oncall/ada".to_owned(),
            region: Region::new("us-east-1"),
        })),
        ..Platform::default()
    };
    let ids = ["ai-service", "api", "worker"].map(id);
    platform.listed = Some(Arc::new(ids.to_vec()));
    for id in &ids {
        platform.services.insert(id.clone(), Arc::new(service(id, 6)));
        let target =
            ScalableTarget { min: TaskCount(4), max: TaskCount(10), suspended: Suspended::default(), learnt: now() };
        platform.targets.insert(id.clone(), Arc::new(target));
    }
    view.platform = Arc::new(platform);
    let mut advice = Advice::default();
    advice.services.insert(ids[0].clone(), verdict());
    view.advice = Arc::new(advice);
    view.generation = 1;
    view
}

/// The same, and changes may be sent.
pub(super) fn armed() -> View {
    View { armed: Armed::Until("2026-11-03T14:43:47Z".parse().unwrap()), ..three() }
}

/// The same picture after the first service's desired count has become another.
pub(super) fn with_desired(view: &View, desired: u32) -> View {
    let mut platform = (*view.platform).clone();
    platform.services.insert(id("ai-service"), Arc::new(service(&id("ai-service"), desired)));
    View { platform: Arc::new(platform), generation: view.generation + 1, ..view.clone() }
}

/// A session on a picture.
pub(super) fn app(view: View) -> App {
    let options = Options {
        theme: Theme::builtin("dark").unwrap().at(Depth::None),
        keymap: Keymap::default(),
        title: None,
        drill: false,
        said: None,
    };
    App::new(options, Arc::new(view))
}

fn service(id: &ServiceId, count: u32) -> Service {
    let deployment = Deployment {
        id: "ecs-svc/1".to_owned(),
        primary: true,
        rollout: Rollout::Completed,
        reason: "ECS deployment ecs-svc/1 completed.".to_owned(),
        task_definition: "ai-service:42".to_owned(),
        desired: TaskCount(count),
        pending: TaskCount(0),
        running: TaskCount(count),
        failed: TaskCount(0),
        created: now(),
        updated: now(),
    };
    let event =
        ServiceEvent { id: "1".to_owned(), at: now(), message: "has reached a \u{1b}[31msteady state.".to_owned() };
    Service {
        id: id.clone(),
        status: ServiceStatus::Active,
        desired: TaskCount(count),
        running: TaskCount(count),
        pending: TaskCount(0),
        deployments: vec![deployment],
        events: vec![event],
        task_definition: "ai-service:42".to_owned(),
        task_size: Some(TaskSize { cpu_units: 1024, memory_mib: 2048 }),
        launch: "FARGATE".to_owned(),
        target_groups: Vec::new(),
        learnt: now(),
    }
}

fn verdict() -> Verdict {
    let window = |held_s, need_s| WindowEvidence { held_s, need_s, bridged: 0, unknown: false };
    let cpu = MetricEvidence {
        metric: MetricId::ServiceCpu,
        group: None,
        target: 70.0,
        value: Some(82.0),
        newest: Some("2026-11-03T14:29:00Z".parse().unwrap()),
        out: window(300, 300),
        clear: window(0, 1500),
        asks: Some(TaskCount(8)),
        projected_in: None,
    };
    Verdict {
        at: now(),
        decision: Decision::Out { to: TaskCount(8), reason: Reason::Breached { metrics: vec![MetricId::ServiceCpu] } },
        counts: Counts { desired: TaskCount(6), running: TaskCount(6), pending: TaskCount(0), draining: Some(0) },
        metrics: vec![cpu],
        floor: Floor { count: TaskCount(4), origin: "peak hours 08:00–22:00 UTC".to_owned() },
        ceiling: TaskCount(10),
        notes: Vec::new(),
        next: None,
    }
}
