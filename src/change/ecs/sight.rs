//! How far a change of a service is: tasks on their way, targets healthy or draining – or, where no task moves, the value.

use jiff::Timestamp;

use super::ServiceSeen;
use crate::change::follow::{Complaint, PATIENCE_S, Seen, Sight, Stage};
use crate::change::kind::{Change, Value};
use crate::change::plan::Plan;
use crate::platform::{Activity, ActivityKind, Platform, Rollout, Service, ServiceId, Source, TargetState, TaskCount};

/// Draining targets leave all at once at the end of their delay: on top of the delay, this long is waited for.
const DRAINING_GRACE_S: i64 = 5 * 60;

/// How long a read-back may show the old value before it counts: ECS's answers trail its writes by seconds.
const READ_BACK_S: i64 = 10;

/// The same for tasks, which are told to stop and go on for a moment.
const TASK_READ_BACK_S: i64 = 60;

pub(in crate::change) fn sight(
    plan: &Plan,
    (id, observed): (&ServiceId, &ServiceSeen),
    platform: &Platform,
    answered: Timestamp,
    began: Timestamp,
) -> Sight {
    let Some(service) = platform.services.get(id) else {
        // A console that has just started does not know it yet. Only a list that was read since says that it is gone.
        let read = learnt(platform, Source::ServiceList);
        let listed = platform.listed.as_ref().is_none_or(|listed| listed.contains(id));
        if listed || read < Some(answered) {
            return Sight::Nothing;
        }
        return Sight::Gone("the service is no longer there".to_owned());
    };
    if service.learnt < answered {
        return Sight::Nothing;
    }
    let read = match read(&plan.change, id, platform, service, answered) {
        Ok(read) => read,
        Err(sight) => return sight,
    };
    let value = ServiceSeen::of(platform, id, &plan.change).and_then(|seen| seen.value(&plan.change));
    let goal = match plan.change {
        Change::Desired { to, .. } => to,
        Change::Floor { to, .. } | Change::Hold { to, .. } | Change::Release { to, .. } => to.max(service.desired),
        Change::Ceiling { to, .. } => to.min(service.desired),
        _ => service.desired,
    };
    let moves =
        plan.goal() != observed.desired || matches!(plan.change, Change::StopTask { .. } | Change::Desired { .. });
    let health = Health::of(service, platform, answered);
    let serving = health.as_ref().is_none_or(|health| health.fresh && health.draining == 0 && health.healthy >= goal.0);
    let arrived = service.desired == goal && service.running == goal && service.pending.0 == 0;
    let activities = platform.activities.get(id).map_or(&[][..], |list| list.as_slice());
    let seen = Seen {
        settling: false,
        since_answer_s: read.as_second() - answered.as_second(),
        read_back_s: if matches!(plan.change, Change::StopTask { .. }) { TASK_READ_BACK_S } else { READ_BACK_S },
        steady: !moves || (arrived && serving && !unread(service, platform)),
        stage: Stage::Under {
            running: service.running,
            pending: service.pending,
            healthy: health.as_ref().map(|health| health.healthy),
            draining: health.as_ref().map_or(0, |health| health.draining),
            wanted: goal,
        },
        distance: distance(service, goal, health.as_ref()),
        begun: service.running != observed.running,
        patience_s: health
            .as_ref()
            .filter(|health| health.draining > 0)
            .map_or(PATIENCE_S, |health| PATIENCE_S.max(i64::from(health.delay_s) + DRAINING_GRACE_S)),
        complaint: complaint(service, goal, activities, answered),
        reached: reached(service, goal, health.as_ref()),
        culprit: culprit(value.as_ref(), activities, began),
        value,
    };
    Sight::Seen(Box::new(seen))
}

/// When what the change sets was read since the answer; else what is to be said meanwhile.
fn read(
    change: &Change,
    id: &ServiceId,
    platform: &Platform,
    service: &Service,
    answered: Timestamp,
) -> Result<Timestamp, Sight> {
    let since = |source| learnt(platform, source).filter(|read| *read >= answered).ok_or(Sight::Nothing);
    match change {
        Change::Desired { .. } => Ok(service.learnt),
        Change::StopTask { .. } => since(Source::Tasks),
        Change::Schedule { .. } | Change::Unschedule { .. } => since(Source::ScheduledActions),
        _ => {
            let read = match platform.targets.get(id) {
                Some(target) if target.learnt < answered => return Err(Sight::Nothing),
                Some(target) => target.learnt,
                None if learnt(platform, Source::ScalableTargets) < Some(answered) => return Err(Sight::Nothing),
                None => return Err(Sight::Gone("the scalable target is no longer registered".to_owned())),
            };
            match change {
                Change::Hold { .. } | Change::Release { .. } => Ok(since(Source::ScheduledActions)?.min(read)),
                _ => Ok(read),
            }
        }
    }
}

fn learnt(platform: &Platform, source: Source) -> Option<Timestamp> {
    platform.sources.get(&source).and_then(|health| health.learnt)
}

/// Whether a target group that the service names is still to be read; not when the groups cannot be read at all.
fn unread(service: &Service, platform: &Platform) -> bool {
    let fails = platform.sources.get(&Source::TargetGroups).is_some_and(|health| health.failures > 0);
    !fails && service.target_groups.iter().any(|arn| !platform.target_groups.contains_key(arn))
}

/// The health of a service's targets, over all its groups.
struct Health {
    /// The fewest healthy targets of any group.
    healthy: u32,
    /// Draining targets of all groups.
    draining: u32,
    /// The longest deregistration delay.
    delay_s: u32,
    /// Whether every group was read since the answer.
    fresh: bool,
}

impl Health {
    fn of(service: &Service, platform: &Platform, answered: Timestamp) -> Option<Self> {
        let groups = service.target_groups.iter().filter_map(|arn| platform.target_groups.get(arn));
        groups
            .filter_map(|group| {
                Some(Self {
                    healthy: group.count(&TargetState::Healthy)? as u32,
                    draining: group.count(&TargetState::Draining)? as u32,
                    delay_s: group.draining_s.unwrap_or_default(),
                    fresh: group.learnt >= answered,
                })
            })
            .reduce(|one, other| Self {
                healthy: one.healthy.min(other.healthy),
                draining: one.draining + other.draining,
                delay_s: one.delay_s.max(other.delay_s),
                fresh: one.fresh && other.fresh,
            })
    }
}

/// Tasks and targets that are not yet as asked for.
fn distance(service: &Service, goal: TaskCount, health: Option<&Health>) -> u32 {
    let serving = health.map_or(0, |health| goal.0.saturating_sub(health.healthy) + health.draining);
    service.desired.0.abs_diff(goal.0) + service.running.0.abs_diff(goal.0) + serving
}

fn reached(service: &Service, goal: TaskCount, health: Option<&Health>) -> String {
    let is = service.running;
    let unhealthy = health.filter(|health| health.healthy < is.0);
    let healthy = unhealthy.map_or(String::new(), |health| format!(", {} healthy", health.healthy));
    format!("{is} running{healthy}, {goal} wanted")
}

fn culprit(value: Option<&Value>, activities: &[Activity], began: Timestamp) -> String {
    let theirs = |activity: &&Activity| {
        activity.started >= began && activity.desired().map(Value::Count).as_ref() == value && value.is_some()
    };
    match activities.iter().find(theirs) {
        Some(activity) => format!("set by the autoscaler: {}", activity.cause),
        None => "AWS does not tell by whom".to_owned(),
    }
}

/// What AWS says against it. That it cannot start tasks matters only while some are still to be started.
fn complaint(service: &Service, goal: TaskCount, activities: &[Activity], answered: Timestamp) -> Option<Complaint> {
    let primary = service.deployments.iter().find(|deployment| deployment.primary);
    if let Some(failed) = primary.filter(|d| d.rollout == Rollout::Failed && d.updated >= answered) {
        return Some(Complaint::Final(format!("the deployment failed: {}", failed.reason)));
    }
    if service.running.0 + service.pending.0 >= goal.0 {
        return None;
    }
    let refused = activities.iter().find(|a| a.started >= answered && a.kind == ActivityKind::Failed);
    if let Some(activity) = refused {
        return Some(Complaint::Tried(activity.message.clone()));
    }
    let cannot = |message: &str| message.contains("unable to") || message.contains("failed to launch");
    let event = service.events.iter().find(|event| event.at >= answered && cannot(&event.message))?;
    Some(Complaint::Tried(event.message.clone()))
}
