//! Who gets the requests and what becomes of them: the balancer's choice, each task's queue, answers and failures.
//!
//! A task is one worker with exponential service times (M/M/1) while it keeps up; past that a backlog grows up to a
//! bound, and what does not fit is refused.

use super::database::Toll;
use super::ecs::{Flaw, Phase, Task};
use super::elb::{Balancer, Health};
use super::minute::Minute;
use super::{load, names};

/// Requests that a task can answer in a second: 1,350 a minute.
pub(super) const CAPACITY: f64 = 22.5;
/// Seconds of work that a task lets wait before it refuses.
const QUEUE_SECONDS: f64 = 8.0;
/// CPU of a task that does nothing, %.
const IDLE_CPU: f64 = 5.0;
/// Seconds that an answer takes besides the work.
const OVERHEAD: f64 = 0.015;
/// Utilisation beyond which the steady-state law says nothing about a queue that never settles.
const UNSTEADY: f64 = 0.97;
/// The share of answers that are 4XX at any time: wrong links and expired log-ins.
const CLIENT_ERRORS: f64 = 0.006;
/// The share of requests that a task with a flaw in its code answers with 5XX.
const ERRING: f64 = 0.3;
/// The share of refused requests that never got an answer, so that the balancer gave one: 504.
const TIMED_OUT: f64 = 0.15;
/// Memory of a task that does nothing, %.
const IDLE_MEMORY: f64 = 45.0;

/// What became of requests, added up: `arrived = served + failed + queued` at any time.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Totals {
    /// Requests that came.
    pub arrived: f64,
    /// Requests that were answered with 2XX or 4XX.
    pub served: f64,
    /// Requests that were answered with 5XX, by a target or by the balancer.
    pub failed: f64,
    /// Requests that a task has worked on, well or not.
    pub worked: f64,
}

/// What a second of requests is counted into.
pub(super) struct Ledger<'a> {
    /// The minute in progress.
    pub minute: &'a mut Minute,
    /// Everything.
    pub totals: &'a mut Totals,
    /// What each request suffers because of the database.
    pub toll: Toll,
}

impl<'a> Ledger<'a> {
    /// Where no database is in the way.
    pub fn free(minute: &'a mut Minute, totals: &'a mut Totals) -> Self {
        Self { minute, totals, toll: Toll::default() }
    }

    /// Failures by a target.
    fn target_failed(&mut self, count: f64) {
        self.minute.target_5xx += count;
        self.totals.failed += count;
    }

    /// Failures that the balancer answers.
    pub fn balancer_failed(&mut self, count: f64) {
        self.minute.elb_5xx += count;
        self.totals.failed += count;
    }

    /// Answers by a target whose work waited `wait` seconds while it was used by the share `utilisation`.
    fn answered(&mut self, count: f64, wait: f64, utilisation: f64) {
        self.totals.worked += count;
        let failing = count * self.toll.failing;
        if failing > 0.0 {
            self.target_failed(failing);
        }
        let count = count - failing;
        let (floor, mean) = (OVERHEAD + wait + self.toll.seconds, work_seconds(utilisation));
        self.minute.target_4xx += count * CLIENT_ERRORS;
        self.minute.target_2xx += count * (1.0 - CLIENT_ERRORS);
        self.minute.response_seconds += count * (floor + mean);
        self.minute.responses += count;
        self.minute.sketch.add_exponential(count, floor, mean);
        self.totals.served += count;
    }
}

/// The mean time that a request spends in a task without a backlog, seconds.
fn work_seconds(utilisation: f64) -> f64 {
    1.0 / (CAPACITY * (1.0 - utilisation.min(UNSTEADY)))
}

/// Requests in a minute that a task answers with a 95th percentile of `line` seconds, at least 1: `OVERHEAD` and an
/// exponential time whose 95th percentile is ln 20 times its mean.
pub(super) fn comfortable(line: f64) -> f64 {
    let free = 20_f64.ln() / (CAPACITY * (line - OVERHEAD).max(f64::EPSILON));
    (60.0 * CAPACITY * (1.0 - free)).max(1.0)
}

/// CPU of a task that is used by a share of its capacity, %.
pub(super) fn cpu(utilisation: f64) -> f64 {
    (IDLE_CPU + (100.0 - IDLE_CPU) * utilisation).min(100.0)
}

/// Memory of a task, %: a bit more with work and with what waits (both 0–1), wavering slowly.
pub(super) fn memory(utilisation: f64, waiting: f64, seed: u64, second: i64) -> f64 {
    const KIND: u64 = 4;
    let wavering = names::share(seed, KIND, second.div_euclid(60)) - 0.5;
    IDLE_MEMORY + 8.0 * utilisation.min(1.0) + 6.0 * waiting + wavering
}

/// Lets the requests of a second arrive at the balancer and the tasks work for a second.
pub(super) fn serve(
    tasks: &mut [Task],
    balancer: &Balancer,
    arriving: f64,
    seed: u64,
    second: i64,
    ledger: &mut Ledger<'_>,
) {
    ledger.totals.arrived += arriving;
    ledger.minute.arrived += arriving;
    let open = |wanted: fn(Health) -> bool| balancer.group.targets.iter().filter(move |target| wanted(target.health));
    let healthy = open(|health| health == Health::Healthy).count();
    let unhealthy = open(|health| health == Health::Unhealthy).count();
    ledger.minute.healthy.sample(healthy as f64);
    ledger.minute.unhealthy.sample(unhealthy as f64);
    // With no healthy target the balancer fails open: it tries all that are registered.
    let is_open = |health: Health| match health {
        Health::Healthy => true,
        Health::Initial | Health::Unhealthy => healthy == 0,
        Health::Draining { .. } => false,
    };
    let takers = balancer.group.targets.iter().filter(|target| is_open(target.health)).count();
    let each = if takers == 0 { 0.0 } else { arriving / takers as f64 };
    if takers == 0 {
        ledger.balancer_failed(arriving);
    } else {
        ledger.minute.requests += arriving;
        ledger.minute.per_target += each;
    }
    // Equal tasks without a backlog answer alike: their answers are counted together.
    let mut alike = 0.0;
    let mut targets = balancer.group.targets.iter().peekable();
    for task in tasks.iter_mut().filter(|task| matches!(task.phase, Phase::Running | Phase::Deactivating)) {
        // Both are in the order of the tasks' creation.
        while targets.next_if(|target| target.number < task.number).is_some() {}
        let target = targets.next_if(|target| target.number == task.number);
        let mut coming = if target.is_some_and(|target| is_open(target.health)) { each } else { 0.0 };
        match task.flaw {
            Some(Flaw::Sick) => {
                ledger.target_failed(coming + task.backlog);
                (coming, task.backlog) = (0.0, 0.0);
            }
            Some(Flaw::Errs) => {
                ledger.target_failed(coming * ERRING);
                coming *= 1.0 - ERRING;
            }
            Some(Flaw::Exits) | None => {}
        }
        let waited = task.backlog;
        let answered = (waited + coming).min(CAPACITY);
        let left = waited + coming - answered;
        task.backlog = left.min(QUEUE_SECONDS * CAPACITY);
        let refused = left - task.backlog;
        if refused > 0.0 {
            ledger.balancer_failed(refused * TIMED_OUT);
            ledger.target_failed(refused * (1.0 - TIMED_OUT));
        }
        if waited > 0.0 || task.backlog > 0.0 {
            ledger.answered(answered, waited / CAPACITY, coming / CAPACITY);
        } else if task.flaw.is_some() {
            ledger.answered(answered, 0.0, coming / CAPACITY);
        } else if answered > 0.0 {
            alike += answered;
        }
        if task.phase == Phase::Running {
            ledger.minute.cpu.sample(cpu(answered / CAPACITY));
            let waiting = task.backlog / (QUEUE_SECONDS * CAPACITY);
            ledger.minute.memory.sample(memory(answered / CAPACITY, waiting, seed, second));
        }
    }
    if alike > 0.0 {
        ledger.answered(alike, 0.0, each / CAPACITY);
    }
}

/// Lets a service without a balancer do a second of its own work, which is `cpu` per cent of one task, spread over those
/// that run.
pub(super) fn work(ledger: &mut Ledger<'_>, cpu: f64, running: u32, seed: u64, second: i64) {
    if running > 0 {
        let minute = second.div_euclid(60);
        let wavering = 1.0 + 0.05 * load::waver(seed, minute);
        let each = (cpu * wavering / f64::from(running)).clamp(0.0, 100.0);
        ledger.minute.cpu.sample(each);
        ledger.minute.memory.sample(memory(each / 100.0, 0.0, seed, second));
    }
}

/// A whole minute of `requests` spread over `tasks` that keep up with them.
pub(super) fn steady(requests: f64, tasks: u32, seed: u64, from: i64) -> Minute {
    let mut minute = Minute::default();
    let each = requests / f64::from(tasks);
    let utilisation = each / (60.0 * CAPACITY);
    minute.arrived = requests;
    minute.requests = requests;
    minute.per_target = each;
    Ledger::free(&mut minute, &mut Totals::default()).answered(requests, 0.0, utilisation);
    minute.cpu.sample(cpu(utilisation));
    minute.memory.sample(memory(utilisation, 0.0, seed, from));
    minute.healthy.sample(f64::from(tasks));
    minute.unhealthy.sample(0.0);
    minute.running.sample(f64::from(tasks));
    minute
}
