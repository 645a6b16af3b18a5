//! ECS's scheduler: starts and stops tasks until as many run as are desired, registers them with the balancer, which
//! checks their health, and writes the events that operators read.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::deployment;
use super::ecs::{EVENTS_SHOWN, Event, Flaw, Phase, Service, Stop, Task};
use super::elb::{Health, Target};
use super::serving::Ledger;
use super::workload::Workload;
use super::{IDENTITY, names};

/// The median of a cold start, seconds from the decision to `RUNNING`.
const COLD_START_MEDIAN: f64 = 60.0;
/// The deviation of its logarithm: one in twenty takes longer than 100 s.
const COLD_START_SPREAD: f64 = 0.31;
/// How much of it is provisioning, and how much pulling the image; the rest is starting the container.
const COLD_START_SHARES: [f64; 2] = [0.25, 0.55];
/// Tasks that are started, or stopped, in a second at most: Fargate's sustained rate.
const TASKS_PER_SECOND: usize = 20;
/// Seconds that a stopped task stays visible.
const STOPPED_SHOWN: i64 = 3600;
/// Seconds after its registration in which a target gets its first check.
const FIRST_CHECK: std::ops::Range<i64> = 5..30;

/// A second of the scheduler.
pub(super) fn step(it: &mut Workload, now: i64) {
    let stopped_unhealthy = check_targets(it, now);
    advance_tasks(it, now);
    replace_unhealthy(it, now, &stopped_unhealthy);
    reconcile(it, now);
    settle(it, now);
}

/// Writes an event.
pub(super) fn event(service: &mut Service, random: &mut ChaCha8Rng, now: i64, message: &str) {
    let message = format!("(service {}) {message}", service.name);
    service.events.push_front(Event { id: names::uuid(random), at: names::time(now), message });
    service.events.truncate(EVENTS_SHOWN);
}

/// A new task in a zone, decided on in second `now`.
pub(super) fn new_task(service: &Service, zone: usize, now: i64, random: &mut ChaCha8Rng) -> Task {
    let seconds = COLD_START_MEDIAN * (COLD_START_SPREAD * normal(random)).exp();
    let [provisioning, pulling] = COLD_START_SHARES.map(|share| (seconds * share).round().max(1.0) as i64);
    let starting = (seconds.round() as i64 - provisioning - pulling).max(1);
    let id = names::hex32(random);
    Task {
        number: service.tasks.last().map_or(0, |task| task.number + 1),
        arn: names::arn("ecs", &format!("task/{}/{id}", service.cluster)),
        id,
        phase: Phase::Provisioning,
        zone,
        ip: names::ip(zone, random),
        created: names::time(now),
        pull_started: None,
        pull_stopped: None,
        started: None,
        stopping: None,
        stopped: None,
        stop: None,
        started_by: service.deployments.first().map(|one| one.id.clone()).unwrap_or_default(),
        task_definition: service.task_definition.clone(),
        until: Some(now + provisioning),
        cold_start: [provisioning, pulling, starting],
        backlog: 0.0,
        flaw: service.flaws.iter().find(|(arn, _)| *arn == service.task_definition).map(|(_, flaw)| *flaw),
    }
}

/// A number about 0 with deviation 1 (Box and Muller).
fn normal(random: &mut ChaCha8Rng) -> f64 {
    let (first, second): (f64, f64) = (random.random(), random.random());
    (-2.0 * (1.0 - first).ln()).sqrt() * (std::f64::consts::TAU * second).cos()
}

/// Checks targets, and lets go of those that have drained. Gives the tasks whose targets have become unhealthy.
fn check_targets(it: &mut Workload, now: i64) -> Vec<String> {
    let mut failed = Vec::new();
    let Some(balancer) = &mut it.balancer else { return failed };
    let check = &balancer.group.health_check;
    balancer.group.targets.retain(|target| !matches!(target.health, Health::Draining { until } if until <= now));
    for target in &mut balancer.group.targets {
        if target.next_check > now || matches!(target.health, Health::Draining { .. }) {
            continue;
        }
        target.next_check = now + i64::from(check.interval_seconds);
        let passes = task_by_number(&it.service, target.number)
            .is_some_and(|index| it.service.tasks[index].flaw != Some(Flaw::Sick));
        target.streak = if passes { target.streak.max(0) + 1 } else { target.streak.min(0) - 1 };
        // A new target needs one passing check; the threshold is for those that were unhealthy.
        let passes_needed = if target.health == Health::Initial { 1 } else { check.healthy_threshold };
        if target.streak >= passes_needed as i32 {
            target.health = Health::Healthy;
        } else if target.streak <= -(check.unhealthy_threshold as i32) && target.health != Health::Unhealthy {
            target.health = Health::Unhealthy;
            failed.push(target.task.clone());
        }
    }
    failed
}

/// Moves tasks whose phase has ended to the next one.
fn advance_tasks(it: &mut Workload, now: i64) {
    let mut registered = 0;
    let mut failed = Vec::new();
    for task in &mut it.service.tasks {
        if task.until.is_none_or(|until| now < until) {
            continue;
        }
        let at = Some(names::time(now));
        if task.phase == Phase::Activating && task.flaw == Some(Flaw::Exits) {
            (task.stopping, task.started) = (at, at);
            task.stop = Some(Why::Exited.stop());
            (task.phase, task.until) = (Phase::Deprovisioning, Some(now + it.random.random_range(8..20)));
            failed.push(task.started_by.clone());
            continue;
        }
        (task.phase, task.until) = match task.phase {
            Phase::Provisioning => {
                task.pull_started = at;
                (Phase::Pending, Some(now + task.cold_start[1]))
            }
            Phase::Pending => {
                task.pull_stopped = at;
                (Phase::Activating, Some(now + task.cold_start[2]))
            }
            Phase::Activating => {
                task.started = at;
                if let Some(balancer) = &mut it.balancer {
                    registered += 1;
                    let targets = &mut balancer.group.targets;
                    let place = targets.partition_point(|target| target.number < task.number);
                    let target = Target {
                        ip: task.ip.clone(),
                        port: balancer.group.port,
                        zone: task.zone,
                        task: task.id.clone(),
                        number: task.number,
                        health: Health::Initial,
                        next_check: now + it.random.random_range(FIRST_CHECK),
                        streak: 0,
                    };
                    targets.insert(place, target);
                }
                (Phase::Running, None)
            }
            Phase::Running | Phase::Deactivating => {
                // What a task has not answered when it is told to stop, the balancer answers: 502.
                Ledger::free(&mut it.minute, &mut it.totals).balancer_failed(task.backlog);
                task.backlog = 0.0;
                (Phase::Stopping, Some(now + it.random.random_range(3..10)))
            }
            Phase::Stopping => (Phase::Deprovisioning, Some(now + it.random.random_range(8..20))),
            Phase::Deprovisioning => {
                task.stopped = at;
                (Phase::Stopped, Some(now + STOPPED_SHOWN))
            }
            Phase::Stopped => (Phase::Stopped, task.until),
        };
    }
    it.service.tasks.retain(|task| task.phase != Phase::Stopped || task.until.is_some_and(|until| now < until));
    for deployment in failed {
        deployment::count_failure(it, &deployment, now);
    }
    if registered > 0
        && let Some(group) = it.service.target_group.clone()
    {
        let message = format!("registered {registered} targets in (target-group {group})");
        event(&mut it.service, &mut it.random, now, &message);
    }
}

/// Stops the tasks whose targets have become unhealthy; new ones take their place.
fn replace_unhealthy(it: &mut Workload, now: i64, failed: &[String]) {
    let Some(group) = it.service.target_group.clone() else { return };
    for id in failed {
        if let Some(index) = it.service.tasks.iter().position(|task| task.id == *id && task.wanted()) {
            let message = format!("(port {}) is unhealthy in (target-group {group})", it.service.container_port);
            event(&mut it.service, &mut it.random, now, &message);
            let deployment = it.service.tasks[index].started_by.clone();
            stop(it, &[index], now, &Why::Unhealthy(group.clone()));
            deployment::count_failure(it, &deployment, now);
        }
    }
}

/// Starts or stops tasks until as many are wanted as are desired.
fn reconcile(it: &mut Workload, now: i64) {
    if it.service.deployments.len() > 1 {
        deployment::roll(it, now);
        return;
    }
    let desired = it.service.desired as usize;
    let mut crowds = crowds(&it.service);
    let wanted: usize = crowds.iter().sum();
    if wanted < desired {
        start(it, desired - wanted, now);
    } else if wanted > desired {
        let mut going: Vec<usize> = Vec::new();
        for _ in 0..(wanted - desired).min(TASKS_PER_SECOND) {
            // What does not run yet goes first; then the newest of the fullest zone.
            let left =
                it.service.tasks.iter().enumerate().filter(|(index, task)| task.wanted() && !going.contains(index));
            let next = left.max_by_key(|(index, task)| (task.phase != Phase::Running, crowds[task.zone], *index));
            if let Some((index, task)) = next {
                crowds[task.zone] -= 1;
                going.push(index);
            }
        }
        let deployment = it.service.deployments.first().map(|one| one.id.clone()).unwrap_or_default();
        stop(it, &going, now, &Why::Scaling(deployment));
    }
}

/// Wanted tasks by zone.
fn crowds(service: &Service) -> [usize; IDENTITY.zones.len()] {
    let mut crowds = [0; IDENTITY.zones.len()];
    service.tasks.iter().filter(|task| task.wanted()).for_each(|task| crowds[task.zone] += 1);
    crowds
}

/// Starts so many tasks, or as many as a second allows, in the emptiest zones that are there.
pub(super) fn start(it: &mut Workload, count: usize, now: i64) {
    let count = count.min(TASKS_PER_SECOND);
    if count == 0 {
        return;
    }
    let mut crowds = crowds(&it.service);
    let mut list = String::new();
    for _ in 0..count {
        let there = (0..crowds.len()).filter(|zone| it.lost_zone != Some(*zone));
        let zone = there.min_by_key(|zone| crowds[*zone]).unwrap_or(0);
        crowds[zone] += 1;
        let task = new_task(&it.service, zone, now, &mut it.random);
        list = list + " (task " + &task.id + ")";
        it.service.tasks.push(task);
    }
    event(&mut it.service, &mut it.random, now, &format!("has started {count} tasks:{list}."));
    it.settled = false;
}

/// The index of a task by its place in the order of creation.
fn task_by_number(service: &Service, number: u64) -> Option<usize> {
    service.tasks.binary_search_by_key(&number, |task| task.number).ok()
}

/// Why a task is stopped.
pub(super) enum Why {
    /// The count, or a deployment: this one.
    Scaling(String),
    /// Its target in this group has become unhealthy.
    Unhealthy(String),
    /// Its container exited by itself.
    Exited,
    /// Somebody asked for it, in these words.
    Asked(String),
}

impl Why {
    fn stop(&self) -> Stop {
        let (code, reason, exit) = match self {
            Self::Scaling(deployment) => {
                ("ServiceSchedulerInitiated", format!("Scaling activity initiated by (deployment {deployment})"), 0)
            }
            Self::Unhealthy(group) => {
                ("ServiceSchedulerInitiated", format!("Task failed ELB health checks in (target-group {group})"), 143)
            }
            Self::Exited => ("EssentialContainerExited", "Essential container in task exited".to_owned(), 1),
            Self::Asked(reason) => ("UserInitiated", reason.clone(), 0),
        };
        Stop { code, reason, exit }
    }
}

/// Stops tasks: those with a target drain first.
pub(super) fn stop(it: &mut Workload, going: &[usize], now: i64, why: &Why) {
    let (mut list, mut draining) = (String::new(), 0);
    for index in going {
        let task = &mut it.service.tasks[*index];
        list = list + " (task " + &task.id + ")";
        task.stopping = Some(names::time(now));
        task.stop = Some(why.stop());
        let group = it.balancer.as_mut().map(|balancer| &mut balancer.group);
        let registered = group.and_then(|group| {
            let until = now + i64::from(group.draining_seconds);
            group.targets.iter_mut().find(|target| target.number == task.number).map(|target| (target, until))
        });
        (task.phase, task.until) = match registered {
            Some((target, until)) => {
                draining += 1;
                target.health = Health::Draining { until };
                (Phase::Deactivating, Some(until))
            }
            None => (Phase::Stopping, Some(now + 3)),
        };
    }
    // ECS writes of what it decided, not of what somebody asked for.
    if !matches!(why, Why::Asked(_)) {
        let message = format!("has stopped {} running tasks:{list}.", going.len());
        event(&mut it.service, &mut it.random, now, &message);
    }
    if draining > 0
        && let Some(group) = it.service.target_group.clone()
    {
        let deregistered = format!("deregistered {draining} targets in (target-group {group})");
        event(&mut it.service, &mut it.random, now, &deregistered);
        event(&mut it.service, &mut it.random, now, &format!("has begun draining connections on {draining} tasks."));
    }
    it.settled = false;
}

/// Notes that the service has come to rest.
fn settle(it: &mut Workload, now: i64) {
    let targets = it.balancer.iter().flat_map(|balancer| &balancer.group.targets);
    let at_rest = !it.settled
        && !it.service.deploying()
        && it.service.running() == it.service.desired
        && it.service.pending() == 0
        && targets.clone().all(|target| target.health == Health::Healthy);
    if at_rest {
        it.settled = true;
        event(&mut it.service, &mut it.random, now, "has reached a steady state.");
    }
}
