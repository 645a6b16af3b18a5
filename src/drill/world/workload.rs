//! A service with everything that belongs to it: its tasks, its balancer, its scalable target, its people and its
//! metrics. One second of its life is [`Workload::step`]; how it was before is in `origin`.

use std::borrow::Cow;
use std::collections::VecDeque;

use rand_chacha::ChaCha8Rng;

use super::alarms::{Turn, Watch};
use super::autoscaling::ScalableTarget;
use super::database::Toll;
use super::ecs::{Flaw, Phase, Service, Task};
use super::elb::{Balancer, Health};
use super::load::{self, Load};
use super::metrics::{Datum, Key, Metric, Of};
use super::minute::{Minute, published};
use super::names::Fnv;
use super::serving::{self, Ledger, Totals};
use super::{IDENTITY, autoscaler, deployment, names, origin, scheduler};
use crate::drill::scenario::Scenario;

/// Minutes that are kept: CloudWatch keeps those of one minute for fifteen days.
const MINUTES_KEPT: i64 = 15 * 24 * 60;

/// A service with everything that belongs to it.
#[derive(Debug, Clone)]
pub struct Workload {
    /// The service and its tasks.
    pub service: Service,
    /// The balancer before it, if it takes requests.
    pub balancer: Option<Balancer>,
    /// The scalable target of its desired count.
    pub scaling: ScalableTarget,
    /// The platform's own alarms on it, by name.
    pub watches: Vec<Watch>,
    /// The turns that its alarms took, newest first; kept for thirty days.
    pub turns: VecDeque<Turn>,
    pub(super) load: Load,
    /// What everything that wavers by itself follows from.
    pub(super) seed: u64,
    /// The start of the first minute that was lived; `None`: none was, everything is worked out.
    pub(super) since: Option<i64>,
    /// The minute in progress.
    pub(super) minute: Minute,
    /// Finished minutes that were lived, from `since` on or the last fifteen days of them.
    pub(super) minutes: VecDeque<Minute>,
    /// The desired count in the first second that was lived, and from each in which it changed.
    pub(super) wished: Vec<(i64, u32)>,
    /// Everything since it was lived.
    pub(super) totals: Totals,
    /// The zone in which nothing can be started.
    pub(super) lost_zone: Option<usize>,
    /// Nothing is under way.
    pub(super) settled: bool,
    /// The activity in progress is a policy's scale-in.
    pub(super) scaling_in: bool,
    pub(super) random: ChaCha8Rng,
}

impl Workload {
    /// Lives one second: the one that ends at `now`. Requests suffer `toll` because of the database.
    pub(super) fn step(&mut self, scenario: &Scenario, start: i64, now: i64, toll: Toll) {
        let second = now - 1;
        if self.load == Load::People {
            self.meet(scenario, start, second - start);
        }
        scheduler::step(self, second);
        let mut ledger = Ledger { minute: &mut self.minute, totals: &mut self.totals, toll };
        match (self.load, &self.balancer) {
            (Load::People, Some(balancer)) => {
                let arriving = load::requests_in_second(scenario, self.seed, start, second);
                serving::serve(&mut self.service.tasks, balancer, arriving, self.seed, second, &mut ledger);
            }
            (Load::Work { cpu }, _) => {
                let running = self.service.running();
                serving::work(&mut ledger, cpu * f64::from(origin::QUIET_TASKS), running, self.seed, second);
            }
            (Load::People, None) => {}
        }
        self.minute.running.sample(self.service.running().into());
        self.minute.paid.sample(self.service.paid().into());
        if now.rem_euclid(60) == 0 {
            self.minutes.push_back(std::mem::take(&mut self.minute));
            self.since = self.since.or(Some(now - 60));
            if self.minutes.len() as i64 > MINUTES_KEPT {
                self.minutes.pop_front();
                self.since = self.since.map(|since| since + 60);
            }
        }
        autoscaler::step(self, scenario, start, now);
        self.note_desired(now);
    }

    /// Lets happen to it what the scenario has in a second after the start.
    fn meet(&mut self, scenario: &Scenario, start: i64, passed: i64) {
        let is_now = |at: u32| i64::from(at) == passed;
        for sick in scenario.sick.iter().filter(|sick| is_now(sick.at)) {
            self.sicken(sick.tasks as usize, |_| true);
        }
        for lost in scenario.zones.iter().filter(|lost| is_now(lost.at)) {
            self.lost_zone = IDENTITY.zones.iter().position(|zone| *zone == lost.zone);
            self.sicken(usize::MAX, |task| IDENTITY.zones[task.zone] == lost.zone);
        }
        if scenario.zones.iter().any(|lost| is_now(lost.at.saturating_add(lost.lasts))) {
            self.lost_zone = None;
        }
        for deploy in scenario.deploys.iter().filter(|deploy| is_now(deploy.at)) {
            let arn = names::task_definition(&deploy.definition);
            if let Some(flaw) = deploy.flaw {
                self.service.flaws.push((arn.clone(), flaw.into()));
            }
            deployment::begin(self, &arn, start + passed);
        }
    }

    /// Lets running tasks fall sick: the oldest first.
    fn sicken(&mut self, count: usize, which: impl Fn(&Task) -> bool) {
        let running = self.service.tasks.iter_mut().filter(|task| task.phase == Phase::Running && task.flaw.is_none());
        running.filter(|task| which(task)).take(count).for_each(|task| task.flaw = Some(Flaw::Sick));
    }

    /// Takes what it is like into a trace.
    pub(super) fn trace(&self, trace: &mut Fnv) {
        trace.add(self.service.desired.into());
        trace.add(self.service.running().into());
        trace.add(self.totals.arrived.to_bits());
        trace.add(self.totals.served.to_bits());
    }

    /// The minute that began in second `at`: as it was lived, or worked out.
    pub(super) fn minute_at(&self, scenario: &Scenario, start: i64, at: i64) -> Cow<'_, Minute> {
        let lived = self.since.filter(|since| at >= *since).map(|since| ((at - since) / 60) as usize);
        match lived.and_then(|index| self.minutes.get(index)) {
            Some(minute) => Cow::Borrowed(minute),
            None => Cow::Owned(origin::minute(self.load, scenario, self.seed, start, at)),
        }
    }

    /// The keys of its metrics.
    pub fn keys(&self) -> Vec<Key> {
        let service = Of::Service { cluster: self.service.cluster.clone(), service: self.service.name.clone() };
        let mut of = vec![service];
        if let Some(own) = &self.balancer {
            let (balancer, group) = (own.dimension.clone(), own.group.dimension.clone());
            of.push(Of::Balancer { balancer: balancer.clone() });
            of.push(Of::TargetGroup { balancer, group });
        }
        let all = of.into_iter().flat_map(|of| Metric::ALL.map(|metric| Key { metric, of: of.clone() }));
        all.filter(Key::is_published).collect()
    }

    /// Requests that wait in its tasks.
    pub fn queued(&self) -> f64 {
        self.service.tasks.iter().map(|task| task.backlog).sum()
    }

    /// Targets that are healthy.
    pub fn healthy(&self) -> u32 {
        let targets = self.balancer.iter().flat_map(|balancer| &balancer.group.targets);
        targets.filter(|target| target.health == Health::Healthy).count() as u32
    }
}

/// What CloudWatch has of a metric for the minutes that begin in `[from, to)`, as of `now`; `shown` tells which are
/// published at all, and `minute` gives each.
pub(super) fn read<'a>(
    seed: u64,
    metric: Metric,
    (from, to): (i64, i64),
    now: i64,
    shown: impl Fn(i64) -> bool,
    minute: impl Fn(i64) -> Cow<'a, Minute>,
) -> Vec<Datum> {
    let first = (from.max(now - MINUTES_KEPT * 60) + 59).div_euclid(60) * 60;
    let published = |at| Some((at, published(seed, at, now)?));
    let minutes = (first..to.min(now)).step_by(60).filter(|at| shown(*at)).filter_map(published);
    minutes.filter_map(|(at, share)| minute(at).datum(at, metric, share)).collect()
}
