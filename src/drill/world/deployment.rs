//! Rolling deployments as ECS documents them: a new deployment becomes the primary one, its tasks start while the old ones
//! still run, within the service's percentages; the circuit breaker counts its failures and rolls back. Deliberately
//! absent: blue/green, alarms that stop a deployment, and the pauses that ECS makes between failing starts.

use super::ecs::{Deployment, Phase, Rollout, Task};
use super::elb::Health;
use super::names;
use super::scheduler::{self, Why, event};
use super::workload::Workload;

/// Failures that trip the circuit breaker: half of the desired count, within these bounds.
const FAILURES: std::ops::RangeInclusive<u32> = 3..=200;

/// Begins a deployment of a task definition; those that were under way go on as old ones.
pub(super) fn begin(it: &mut Workload, task_definition: &str, now: i64) {
    let id = names::deployment(&mut it.random);
    for old in &mut it.service.deployments {
        if std::mem::take(&mut old.primary) {
            old.updated = names::time(now);
        }
    }
    it.service.deployments.insert(
        0,
        Deployment {
            id,
            primary: true,
            task_definition: task_definition.to_owned(),
            created: names::time(now),
            updated: names::time(now),
            rollout: Rollout::InProgress,
            reason: None,
            failed_tasks: 0,
        },
    );
    task_definition.clone_into(&mut it.service.task_definition);
    it.settled = false;
}

/// A second of a deployment: starts what it may, stops what it need not keep, and notes when it is done.
pub(super) fn roll(it: &mut Workload, now: i64) {
    let Some(primary) = it.service.deployments.first() else { return };
    let (id, failed) = (primary.id.clone(), primary.rollout == Rollout::Failed);
    let desired = it.service.desired as usize;
    let bounds = it.service.percentages;
    let least = (desired * bounds.min_healthy as usize).div_ceil(100);
    let most = desired * bounds.max as usize / 100;
    let fit = fit_tasks(it);
    let (mut new, mut new_fit) = (Vec::new(), 0);
    let (mut old_fit, mut old_unfit) = (Vec::new(), Vec::new());
    for (index, task) in it.service.tasks.iter().enumerate().filter(|(_, task)| task.wanted()) {
        if task.started_by == id {
            new.push(index);
            new_fit += usize::from(fit[index]);
        } else if fit[index] {
            old_fit.push(index);
        } else {
            old_unfit.push(index);
        }
    }
    if new_fit >= desired && old_fit.is_empty() && old_unfit.is_empty() && !failed {
        complete(it, now);
        return;
    }
    let together = new.len() + old_fit.len() + old_unfit.len();
    let missing = if failed { 0 } else { desired.saturating_sub(new.len()).min(most.saturating_sub(together)) };
    // With a failed deployment that stays the primary one the old tasks go on.
    let spare = if failed { 0 } else { (new_fit + old_fit.len()).saturating_sub(least) };
    let mut going = if failed { Vec::new() } else { old_unfit };
    going.extend(old_fit.into_iter().take(spare));
    going.extend(new.into_iter().skip(desired));
    if !going.is_empty() {
        scheduler::stop(it, &going, now, &Why::Scaling(id));
    }
    scheduler::start(it, missing, now);
}

/// Which tasks carry the service: those that run, and whose target, where there is a balancer, is healthy.
fn fit_tasks(it: &Workload) -> Vec<bool> {
    let healthy = |task: &Task| {
        it.balancer.as_ref().is_none_or(|balancer| {
            let target = balancer.group.targets.iter().find(|target| target.number == task.number);
            target.is_some_and(|target| target.health == Health::Healthy)
        })
    };
    it.service.tasks.iter().map(|task| task.phase == Phase::Running && healthy(task)).collect()
}

fn complete(it: &mut Workload, now: i64) {
    let Some(primary) = it.service.deployments.first_mut() else { return };
    (primary.rollout, primary.updated) = (Rollout::Completed, names::time(now));
    // What was a roll-back is a deployment like any other once it is done.
    primary.reason = None;
    let message = format!("(deployment {}) deployment completed.", primary.id);
    it.service.deployments.truncate(1);
    event(&mut it.service, &mut it.random, now, &message);
}

/// Counts a task of a deployment that failed to start or to become healthy; the circuit breaker may trip.
pub(super) fn count_failure(it: &mut Workload, deployment: &str, now: i64) {
    let threshold = it.service.desired.div_ceil(2).clamp(*FAILURES.start(), *FAILURES.end());
    let breaker = it.service.breaker;
    let Some(primary) = it.service.deployments.first_mut() else { return };
    if primary.id != deployment || primary.rollout != Rollout::InProgress {
        return;
    }
    primary.failed_tasks += 1;
    if breaker.enabled && primary.failed_tasks >= threshold {
        trip(it, now);
    }
}

/// The circuit breaker fails the primary deployment, and rolls back to the one before if it may.
fn trip(it: &mut Workload, now: i64) {
    let at = names::time(now);
    let Some(failed) = it.service.deployments.first_mut() else { return };
    (failed.rollout, failed.updated) = (Rollout::Failed, at);
    failed.reason = Some("ECS deployment circuit breaker: tasks failed to start.".to_owned());
    let message = format!("(deployment {}) deployment failed: tasks failed to start.", failed.id);
    event(&mut it.service, &mut it.random, now, &message);
    let before = it.service.deployments.iter().skip(1).position(|one| one.rollout == Rollout::Completed);
    let Some(before) = before.filter(|_| it.service.breaker.rolls_back) else { return };
    let mut before = it.service.deployments.remove(before + 1);
    it.service.deployments[0].primary = false;
    (before.primary, before.rollout, before.updated) = (true, Rollout::InProgress, at);
    before.reason = Some(format!("ECS deployment circuit breaker: rolling back to deploymentId {}.", before.id));
    it.service.task_definition.clone_from(&before.task_definition);
    let message = format!("rolling back to (deployment {}).", before.id);
    it.service.deployments.insert(0, before);
    event(&mut it.service, &mut it.random, now, &message);
}
