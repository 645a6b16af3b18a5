//! One run of a drill with one controller in charge: AWS's own autoscaler, the engine through the same loop, SDK and
//! confirmations as the console, or the Kubernetes autoscaler on the same readings.
//!
//! Controllers see what CloudWatch has published, when it has. What they are judged by is the drill's own tally.
//! Absent on purpose: sleeping. It runs on tokio's paused time, which advances only while everything waits.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::aws::{Access, Transport, TransportFault};
use crate::change::{Answer, Asked, Plan, preview};
use crate::clock::Clock;
use crate::drill::scenario::Scenario;
use crate::drill::{Drill, Tally};
use crate::live::{self, Armed, Command, Handle, Notice, Settings, View};
use crate::platform::metric::{MetricKey, Resource};
use crate::platform::series::minute_of;
use crate::platform::{Environment, MetricId, ServiceId, TaskCount};
use crate::policy::Policy;
use crate::policy::schedule::floor_at;
use crate::reference::{Counts, Measured, hpa};

/// Seconds after its end in which a minute is taken for whole by the Kubernetes autoscaler's adapter: by then the
/// drill has published it.
const WHOLE_AFTER_S: i64 = 75;
/// How many minutes the running count is remembered for.
const COUNTS_KEPT: usize = 10;

/// Who is in charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Controller {
    /// The engine: its advice is confirmed at once, one change in flight as in the console.
    Engine,
    /// Application Auto Scaling's target tracking, as the drill lives it.
    TargetTracking,
    /// The Kubernetes Horizontal Pod Autoscaler's algorithm.
    Hpa,
    /// Nobody: the autoscaler is suspended, and only the scheduled limits move.
    Nobody,
}

impl Controller {
    /// Those that control something, in the order of the table.
    pub const ALL: [Self; 3] = [Self::Engine, Self::TargetTracking, Self::Hpa];

    /// Its name in a table.
    pub fn label(self) -> &'static str {
        match self {
            Self::Engine => "scaledeck",
            Self::TargetTracking => "AWS target tracking",
            Self::Hpa => "Kubernetes HPA",
            Self::Nobody => "nobody",
        }
    }
}

/// A run.
#[derive(Debug, Clone)]
pub struct Course {
    /// What happens.
    pub scenario: Scenario,
    /// When the drill begins.
    pub start: Timestamp,
    /// How long it is watched.
    pub lasts: SignedDuration,
    /// The drill's seed.
    pub seed: u64,
    /// The policy of the engine; the other controllers have its targets and limits.
    pub policy: Arc<Policy>,
    /// Where the engine's journal goes.
    pub journal: PathBuf,
    /// What a 95th percentile may be, seconds.
    pub line: f64,
}

/// Hands the SDK's requests to a drill, at the time of the clock.
pub fn transport(drill: Drill, clock: Clock) -> Transport {
    Transport::new(move |request| {
        let (drill, clock) = (drill.clone(), clock.clone());
        async move {
            let answer = drill.answer(request, || clock.now()).await;
            answer.map_err(|dropped| TransportFault::new(dropped.to_string()))
        }
    })
}

impl Course {
    /// Runs it and gives what was lived. Must be called under tokio's paused time, or it takes as long as it lasts.
    pub async fn run(&self, controller: Controller) -> anyhow::Result<Tally> {
        let clock = Clock::paced(self.start, 1.0);
        let drill = Drill::new(&self.scenario, self.seed, self.start);
        let end = self.start + self.lasts;
        match controller {
            Controller::TargetTracking => {}
            Controller::Nobody => self.suspend(&drill, &clock).await?,
            Controller::Engine => {
                self.suspend(&drill, &clock).await?;
                Desk::open(self, &drill, &clock, None).act_on_advice(end).await?;
            }
            Controller::Hpa => {
                self.suspend(&drill, &clock).await?;
                let desk = Desk::open(self, &drill, &clock, Some("another controller is in charge"));
                desk.let_hpa_act(&self.policy, &drill, end).await?;
            }
        }
        drill.live_to(end);
        Ok(drill.tally(self.line))
    }

    /// Takes the drill's autoscaler out of charge; the scheduled limits stay.
    async fn suspend(&self, drill: &Drill, clock: &Clock) -> anyhow::Result<()> {
        let body = json!({
            "ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount",
            "ResourceId": service().resource_id(),
            "SuspendedState": { "DynamicScalingInSuspended": true, "DynamicScalingOutSuspended": true },
        });
        tell(drill, clock, "AnyScaleFrontendService.RegisterScalableTarget", &body).await
    }
}

/// The service that every drill is about.
fn service() -> ServiceId {
    ServiceId::new("solosuccess-production", "solosuccess-ai-service")
}

/// A write from outside of the console.
async fn tell(drill: &Drill, clock: &Clock, target: &str, body: &serde_json::Value) -> anyhow::Result<()> {
    let request = http::Request::post("https://amazonaws.com/")
        .header("content-type", "application/x-amz-json-1.1")
        .header("x-amz-target", target)
        .header("authorization", "AWS4-HMAC-SHA256 Credential=contest")
        .body(Bytes::from(body.to_string()))?;
    let response = drill.answer(request, || clock.now()).await?;
    anyhow::ensure!(response.status().is_success(), "the drill refused {target}: {response:?}");
    Ok(())
}

/// The loop on a drill, and the ends that a console would hold.
struct Desk {
    handle: Handle,
    clock: Clock,
    environment: Environment,
}

impl Desk {
    fn open(course: &Course, drill: &Drill, clock: &Clock, read_only: Option<&str>) -> Self {
        let environment = course.policy.environment.clone();
        let settings = Settings {
            budget: None,
            origins: std::sync::Arc::default(),
            policy: Arc::clone(&course.policy),
            environment: environment.clone(),
            read_only: read_only.map(str::to_owned),
            journal: course.journal.clone(),
            clusters: Vec::new(),
            spending: live::Spending::default(),
        };
        let access = Access { transport: Some(transport(drill.clone(), clock.clone())), ..Access::default() };
        Self { handle: live::start(access, clock.clone(), settings), clock: clock.clone(), environment }
    }

    /// The next view, or `None` when the time is over.
    async fn next(&mut self, end: Timestamp) -> anyhow::Result<Option<Arc<View>>> {
        tokio::select! {
            changed = self.handle.views.changed() => {
                changed?;
                Ok(Some(self.handle.views.borrow_and_update().clone()))
            }
            () = self.clock.sleep_until(end) => Ok(None),
        }
    }

    /// Looks at the service as an operator does, so that it is read hot.
    async fn look(&mut self) -> anyhow::Result<()> {
        Ok(self.handle.commands.send(Command::Look { visible: vec![service()], open: None }).await?)
    }

    async fn leave(mut self) -> anyhow::Result<()> {
        self.handle.commands.send(Command::Leave).await?;
        while self.handle.notices.recv().await.is_some() {}
        Ok(())
    }

    /// Confirms whatever the engine advises, as soon as it does.
    async fn act_on_advice(mut self, end: Timestamp) -> anyhow::Result<()> {
        self.look().await?;
        while let Some(view) = self.next(end).await? {
            while self.handle.notices.try_recv().is_ok() {}
            let Some(to) = view.advice.services.get(&service()).and_then(|verdict| verdict.decision.to()) else {
                continue;
            };
            if view.followed.as_ref().is_some_and(|followed| !followed.follow.stage.is_over()) {
                continue;
            }
            match view.armed {
                Armed::Until(until) if until > view.at => self.confirm(&view, to).await?,
                _ => self.handle.commands.send(Command::Arm).await?,
            }
        }
        self.leave().await
    }

    /// Confirms a change, and waits until it is accepted or refused. A refusal is no end: the next view is judged anew.
    async fn confirm(&mut self, view: &View, to: TaskCount) -> anyhow::Result<()> {
        let verdict = view.advice.services.get(&service());
        let now = self.clock.now();
        let plan = match Plan::desired(&view.platform, &service(), to, verdict, &self.environment, now) {
            Ok(plan) => plan,
            Err(why) => {
                tracing::debug!(%why, "no plan");
                return Ok(());
            }
        };
        let shown = preview(&plan, &view.platform, &view.policy, &view.advice, None, now).tier;
        let reason = shown.needs_reason().then(|| "the contest".to_owned());
        let answer = Answer { typed: shown.typed().unwrap_or_default(), reason };
        let asked = Asked { plan, shown, answer, pressed: now };
        self.handle.commands.send(Command::Confirm(Box::new(asked))).await?;
        while let Some(notice) = self.handle.notices.recv().await {
            match notice {
                Notice::Accepted => break,
                Notice::Refused(why) => {
                    tracing::debug!(%why, "refused");
                    break;
                }
                Notice::Said(_) => {}
            }
        }
        Ok(())
    }

    /// Lets the Kubernetes autoscaler sync every 15 seconds on what was read.
    async fn let_hpa_act(mut self, policy: &Policy, drill: &Drill, end: Timestamp) -> anyhow::Result<()> {
        self.look().await?;
        let mut state = hpa::State::default();
        let mut running = BTreeMap::new();
        while self.clock.now() < end {
            self.clock.sleep(Duration::from_secs(hpa::SYNC_S as u64)).await;
            let (now, view) = (self.clock.now(), self.handle.views.borrow_and_update().clone());
            let Some(known) = view.platform.services.get(&service()) else { continue };
            running.insert(minute_of(now), known.running.0);
            while running.len() > COUNTS_KEPT {
                running.pop_first();
            }
            let counts = Counts {
                desired: known.desired.0,
                running: known.running.0,
                min: floor_at(&policy.ecs, now).count.0,
                max: policy.ecs.max_capacity.0,
            };
            let minute = (now.as_second() - WHOLE_AFTER_S).div_euclid(60) - 1;
            let tasks = running.range(..=minute).next_back().map_or(known.running.0, |(_, tasks)| *tasks);
            let values = measured(&view, minute);
            let metrics = [policy.ecs.cpu_target, policy.ecs.memory_target, policy.ecs.requests_per_target];
            let metrics: Vec<_> = values
                .iter()
                .zip(metrics)
                .map(|(value, target)| Measured { values: std::slice::from_ref(value), tasks: tasks.into(), target })
                .collect();
            let to = hpa::decide(&metrics, counts, &mut state, now.as_second());
            if to != counts.desired {
                let body = json!({
                    "cluster": service().cluster.as_str(), "service": service().service.as_str(), "desiredCount": to,
                });
                tell(drill, &self.clock, "AmazonEC2ContainerServiceV20141113.UpdateService", &body).await?;
                self.handle.commands.send(Command::Refresh).await?;
            }
        }
        self.leave().await
    }
}

/// CPU, memory and requests per target in a minute, as they were read.
fn measured(view: &View, minute: i64) -> [Option<f64>; 3] {
    let platform = &view.platform;
    let at = |key: &MetricKey| platform.series.get(key).and_then(|series| series.at(minute));
    let own = |metric| at(&MetricKey::service(&service(), metric));
    let group = platform.target_groups.values().next();
    let requests = group.and_then(|group| {
        let balancer = group.balancers.first()?.clone();
        let resource = Resource::TargetGroup(balancer, group.arn.clone());
        at(&MetricKey { resource, metric: MetricId::RequestsPerTarget })
    });
    [own(MetricId::ServiceCpu), own(MetricId::ServiceMemory), requests]
}
