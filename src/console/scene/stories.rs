//! What happens in the pictures: quiet afternoons, fires, and nights on which nothing answers.

use std::collections::VecDeque;
use std::sync::Arc;

use super::{Scene, activity, ago, deployment, event, evidence, id, task};
use crate::change::{Change, Follow, Observed, Plan, ServiceSeen, Stage};
use crate::live::{Armed, Followed, Meter, View};
use crate::platform::{
    AccountId, ActivityKind, CountChange, CountHistory, Environment, Identity, MetricId, Region, Rollout, Source,
    SourceState, Suspended, TargetState, TaskCount,
};
use crate::policy::verdict::Next;
use crate::policy::{Decision, Reason};

/// Nothing is known yet.
pub(crate) fn empty() -> View {
    let view = Scene::empty().view;
    View { generation: 0, meter: Meter::default(), ..view }
}

/// Three services of six tasks in production, between 4 and 10; the first is advised to go to 8.
pub(crate) fn three() -> View {
    let scene = ["ai-service", "api", "worker"].into_iter().fold(Scene::empty(), |scene, name| {
        let scene = scene.service(name, 6, (4, 10), if name == "ai-service" { 82.0 } else { 48.0 });
        scene.change(name, |service| service.events = vec![event(90, "has reached a \u{1b}[31msteady state.")])
    });
    let reason = || Reason::Breached { metrics: vec![MetricId::ServiceCpu] };
    let scene = scene.judged("ai-service", |verdict| {
        verdict.decision = Decision::Out { to: TaskCount(8), reason: reason() };
        verdict.metrics[0].asks = Some(TaskCount(8));
        verdict.metrics[0].projected_in = None;
    });
    scene.done().0
}

/// The same, and changes may be sent.
pub(crate) fn armed() -> View {
    View { armed: Armed::Until(ago(-700)), ..three() }
}

/// The same picture after the first service's count has become another.
pub(crate) fn with_desired(view: &View, count: u32) -> View {
    let mut platform = (*view.platform).clone();
    let service = platform.services.get_mut(&id("ai-service")).map(Arc::make_mut).unwrap();
    (service.desired, service.running) = (TaskCount(count), TaskCount(count));
    (service.deployments[0].desired, service.deployments[0].running) = (TaskCount(count), TaskCount(count));
    View { platform: Arc::new(platform), generation: view.generation + 1, ..view.clone() }
}

/// An evening on call: one service burns, the policy advises 8, AWS is not acting.
pub(crate) fn fire() -> Scene {
    let scene = Scene::empty()
        .service("solosuccess-ai-service", 6, (4, 10), 82.0)
        .service("solosuccess-api-gateway", 4, (2, 8), 44.0)
        .service("solosuccess-worker", 3, (2, 6), 63.0);
    let mut scene = scene
        .wave("solosuccess-ai-service", MetricId::ServiceCpu, |minute| match minute {
            0..=9 => 83.0 - f64::from(minute) * 0.6,
            10..=24 => 78.0 - f64::from(minute - 10) * 1.9,
            _ => 48.0 + 6.0 * (f64::from(minute) / 7.0).sin(),
        })
        .wave("solosuccess-ai-service", MetricId::RequestsPerTarget, |minute| match minute {
            0 => 420.0,
            1..=14 => 1_250.0 - f64::from(minute) * 6.0,
            _ => 790.0 + 60.0 * (f64::from(minute) / 8.0).cos(),
        })
        .change("solosuccess-ai-service", |service| {
            service.deployments = vec![deployment("42", 6, Rollout::Completed, ago(664))];
            service.events = vec![
                event(150, "has reached a steady state."),
                event(190, "has started 2 tasks: (task 5f3a1c00c4d94a5b) (task 603c1f04c4d94a5b)."),
                event(
                    400,
                    "(port 8080) is unhealthy in (target-group solosuccess-ai-service-tg) due to (reason Request timed out).",
                ),
            ];
        })
        .activities(
            "solosuccess-ai-service",
            vec![activity(297, 6, ActivityKind::Successful), activity(7_000, 4, ActivityKind::Successful)],
        )
        .judged("solosuccess-ai-service", |verdict| {
            verdict.decision =
                Decision::Out { to: TaskCount(8), reason: Reason::Breached { metrics: vec![MetricId::ServiceCpu] } };
            verdict.metrics[0].asks = Some(TaskCount(8));
            verdict.metrics[0].projected_in = None;
            verdict.metrics[2] = evidence(MetricId::RequestsPerTarget, 1_000.0, Some(1_240.0));
            verdict.metrics[2].asks = Some(TaskCount(8));
        })
        .judged("solosuccess-worker", |verdict| {
            verdict.decision =
                Decision::None { reason: Reason::Filling { metric: MetricId::ServiceCpu, held_s: 180, need_s: 300 } };
            verdict.metrics[0] = evidence(MetricId::ServiceCpu, 70.0, Some(74.0));
            verdict.metrics[0].out.held_s = 180;
            verdict.next = Some(Next { at: ago(-120), what: "scales out to 4 if cpu holds".to_owned() });
        });
    let changes = VecDeque::from([CountChange { seen: ago(290), from: TaskCount(4), to: TaskCount(6) }]);
    let history = scene.platform.counts.get_mut(&id("solosuccess-ai-service")).map(Arc::make_mut).unwrap();
    *history = CountHistory { watched_since: Some(ago(10_000)), changes, ..history.clone() };
    let tasks = (0..6).map(|number| task(number, "RUNNING", None));
    let stopped = task(7, "STOPPED", Some("Task failed ELB health checks in (target-group solosuccess-ai-service-tg)"));
    scene.platform.tasks.insert(id("solosuccess-ai-service"), Arc::new(tasks.chain([stopped]).collect()));
    scene
}

/// The same evening with every tier of the platform: a replica is behind, one target fails its checks, one drains.
pub(crate) fn platform() -> Scene {
    let unhealthy = (TargetState::Unhealthy, "Target.Timeout");
    let draining = (TargetState::Draining, "Target.DeregistrationInProgress");
    let healthy = (TargetState::Healthy, "");
    let targets = [healthy.clone(), healthy.clone(), unhealthy, healthy.clone(), healthy.clone(), healthy, draining];
    fire()
        .targets("solosuccess-ai-service", &targets)
        .wave("solosuccess-ai-service", MetricId::UnhealthyHosts, |minute| f64::from(u8::from(minute < 6)))
        .wave("solosuccess-ai-service", MetricId::Target4xx, |_| 12.0)
        .wave("solosuccess-ai-service", MetricId::ResponseP50, |_| 0.12)
        .wave("solosuccess-ai-service", MetricId::ResponseP99, |_| 0.88)
        .balancer(MetricId::Elb5xx, |minute| if minute < 8 { 3.0 } else { 0.0 })
        .primary("production-solosuccess-db")
        .replica("production-solosuccess-db", "production-solosuccess-db-replica-1")
        .replica("production-solosuccess-db", "production-solosuccess-db-replica-2")
        .db("production-solosuccess-db-replica-2", MetricId::ReplicaLag, |minute| {
            if minute < 20 { 6.5 - f64::from(minute) / 20.0 } else { 0.3 }
        })
        .reader(&[("production-solosuccess-db-replica-1", 100), ("production-solosuccess-db-replica-2", 50)])
        .redis("production-solosuccess-redis", 2)
        .distribution("E2QWRUHAPOMQZL")
}

/// Half way through a change of one's own, in production, armed.
pub(crate) fn follow() -> Scene {
    let scene = fire().change("solosuccess-ai-service", |service| {
        service.desired = TaskCount(8);
        service.pending = TaskCount(1);
        service.running = TaskCount(7);
    });
    let plan = Plan {
        change: Change::Desired { service: id("solosuccess-ai-service"), to: TaskCount(8) },
        observed: Observed::Service(ServiceSeen {
            desired: TaskCount(6),
            running: TaskCount(6),
            limits: Some((TaskCount(4), TaskCount(10))),
            suspended: Suspended::default(),
            deploying: false,
            read: ago(50),
            schedule: None,
            tasks: Vec::new(),
        }),
        identity: Identity::clone(scene.platform.identity.as_ref().unwrap()),
        environment: Environment::Production,
        made: ago(50),
        advice: None,
    };
    let stage = Stage::Under {
        running: TaskCount(7),
        pending: TaskCount(1),
        healthy: Some(6),
        draining: 0,
        wanted: TaskCount(8),
    };
    let mut follow = Follow::begin(ago(46), Some(110));
    follow.stage = stage;
    scene.live(|view| {
        view.followed = Some(Arc::new(Followed { plan, follow }));
        view.armed = Armed::Until(ago(-899));
    })
}

/// The metrics of a service are gone; denied, throttled and silent sources.
pub(crate) fn blind() -> Scene {
    Scene::empty()
        .service("solosuccess-ai-service", 6, (4, 10), 82.0)
        .service("solosuccess-worker", 3, (2, 6), 63.0)
        .judged("solosuccess-ai-service", |verdict| {
            let metrics = vec![MetricId::ServiceCpu, MetricId::ServiceMemory];
            verdict.decision = Decision::CannotTell { reason: Reason::Missing { metrics, arriving: false } };
            verdict.metrics[0] = evidence(MetricId::ServiceCpu, 70.0, None);
            verdict.metrics[1] = evidence(MetricId::ServiceMemory, 80.0, None);
        })
        .source(Source::Tasks, SourceState::Denied { action: "ecs:DescribeTasks".to_owned() }, None)
        .source(Source::Metrics, SourceState::Throttled { retry_at: ago(-4) }, Some(ago(95)))
        .source(Source::TargetHealth, SourceState::TimedOut { after_s: 10 }, Some(ago(70)))
}

/// Nothing can be read.
pub(crate) fn locked_out() -> Scene {
    let mut scene = Scene::empty();
    scene.platform.identity = None;
    let mend = "aws sso login, or AWS_PROFILE".to_owned();
    for source in Source::ALL {
        scene = scene.source(source, SourceState::NoCredentials { mend: mend.clone() }, None);
    }
    scene
}

/// A thousand services, every hundredth of which asks.
pub(crate) fn thousand() -> Scene {
    (0..1_000).fold(Scene::empty(), |scene, number| {
        let name = format!("service-{number:04}");
        let scene = scene.service(&name, 4, (2, 8), 40.0 + f64::from(number % 30));
        if number % 100 != 50 {
            return scene;
        }
        scene.judged(&name, |verdict| {
            verdict.decision =
                Decision::Out { to: TaskCount(6), reason: Reason::Breached { metrics: vec![MetricId::ServiceCpu] } };
            verdict.metrics[0] = evidence(MetricId::ServiceCpu, 70.0, Some(91.0));
        })
    })
}

/// Names and messages that would like to own the terminal.
pub(crate) fn hostile() -> Scene {
    let name = "ai\u{1b}[2J\u{202e}ecivres\u{200b}\n";
    let mut scene = Scene::empty().service(name, 0, (4, 10), 82.0).change(name, |service| {
        service.desired = TaskCount(6);
        service.launch = "\u{9b}31mFARGATE".to_owned();
        service.events = vec![event(30, "was unable to place a task \u{1b}]0;owned\u{7} because \t of \r\n this")];
        service.deployments[0].rollout = Rollout::Failed;
        service.deployments[0].reason = "\u{1b}[31mcircuit breaker".to_owned();
    });
    scene.platform.identity = Some(Arc::new(Identity {
        account: AccountId::new("12345\u{8}6789012"),
        arn: "arn:aws:iam::1:user/\u{1b}c".to_owned(),
        region: Region::new("us\u{7}east"),
    }));
    let mut bad = task(1, "STOPPED", Some("\u{1b}[Hbye"));
    bad.zone = "\u{feff}".to_owned();
    scene.platform.tasks.insert(id(name), Arc::new(vec![bad]));
    scene.source(Source::Metrics, SourceState::Faulty { detail: "\u{1b}[5m".to_owned() }, None)
}
