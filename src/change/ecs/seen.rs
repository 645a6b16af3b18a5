//! What a plan of a service rests on.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::change::hold;
use crate::change::kind::{Change, Scaling, Value};
use crate::change::words;
use crate::platform::{Platform, ScheduledAction, ServiceId, Source, Suspended, TaskCount, TaskId};

/// The values of a service that a plan rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceSeen {
    /// Desired count.
    pub desired: TaskCount,
    /// Running count.
    pub running: TaskCount,
    /// Floor and ceiling, where a scalable target is registered.
    pub limits: Option<(TaskCount, TaskCount)>,
    /// What is suspended.
    pub suspended: Suspended,
    /// Whether a deployment runs.
    pub deploying: bool,
    /// When the target was read.
    pub read: Timestamp,
    /// The scheduled actions, for a plan that rests on them; `None` where it does not, or while they are not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Vec<ScheduledAction>>,
    /// The tasks there are, for a plan that stops one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<TaskId>,
}

impl ServiceSeen {
    /// What the platform knows of a service, as far as a change rests on it; `None` when it was never described.
    pub fn of(platform: &Platform, service: &ServiceId, change: &Change) -> Option<Self> {
        let mut seen = Self::counts(platform, service)?;
        match change {
            Change::Hold { .. } | Change::Release { .. } | Change::Schedule { .. } | Change::Unschedule { .. } => {
                let read = platform.sources.get(&Source::ScheduledActions).is_some_and(|read| read.learnt.is_some());
                let actions = platform.schedules.get(service).map(|actions| actions.as_ref().clone());
                seen.schedule = read.then(|| actions.unwrap_or_default());
            }
            Change::StopTask { .. } => {
                let tasks = platform.tasks.get(service).into_iter().flat_map(|tasks| tasks.iter());
                seen.tasks = tasks.filter(|task| !is_leaving(&task.status)).map(|task| task.id.clone()).collect();
            }
            _ => {}
        }
        Some(seen)
    }

    /// Counts, limits and suspensions alone.
    pub fn counts(platform: &Platform, service: &ServiceId) -> Option<Self> {
        let known = platform.services.get(service)?;
        let target = platform.targets.get(service);
        Some(Self {
            desired: known.desired,
            running: known.running,
            limits: target.map(|t| (t.min, t.max)),
            suspended: target.map(|t| t.suspended).unwrap_or_default(),
            deploying: known.deploying(),
            read: known.learnt,
            schedule: None,
            tasks: Vec::new(),
        })
    }

    /// The present value of what a change sets.
    pub fn value(&self, change: &Change) -> Option<Value> {
        let actions = self.schedule.as_deref().unwrap_or_default();
        let named = |name: &str| actions.iter().find(|action| action.name == name).cloned();
        match change {
            Change::Desired { .. } => Some(Value::Count(self.desired.0)),
            Change::Floor { .. } => self.limits.map(|(floor, _)| Value::Count(floor.0)),
            Change::Ceiling { .. } => self.limits.map(|(_, ceiling)| Value::Count(ceiling.0)),
            Change::Hold { .. } | Change::Release { .. } => {
                self.limits.map(|(floor, _)| Value::Held(floor.0, hold::held_until(actions)))
            }
            Change::Suspend { scaling, .. } => Some(Value::Suspended(self.is_suspended(*scaling))),
            Change::StopTask { task, .. } => Some(Value::There(self.tasks.contains(task))),
            Change::Schedule { action: ScheduledAction { name, .. }, .. } | Change::Unschedule { name, .. } => {
                self.schedule.is_some().then(|| Value::Scheduled(named(name)))
            }
            _ => None,
        }
    }

    /// Whether a kind of scaling is suspended.
    pub fn is_suspended(&self, scaling: Scaling) -> bool {
        match scaling {
            Scaling::In => self.suspended.scale_in,
            Scaling::Out => self.suspended.scale_out,
            Scaling::Scheduled => self.suspended.scheduled,
        }
    }

    /// What has moved, a sentence each.
    ///
    /// Running tasks come and go by themselves and are not among it; neither is when it was read.
    pub fn moved(&self, fresh: &Self) -> Vec<String> {
        let mut what = Vec::new();
        if self.desired != fresh.desired {
            what.push(format!("desired was {}, is {}", self.desired, fresh.desired));
        }
        match (self.limits, fresh.limits) {
            (Some((floor, ceiling)), Some((new_floor, new_ceiling))) => {
                if floor != new_floor {
                    what.push(format!("the floor was {floor}, is {new_floor}"));
                }
                if ceiling != new_ceiling {
                    what.push(format!("the ceiling was {ceiling}, is {new_ceiling}"));
                }
            }
            (Some(_), None) => what.push("the scalable target is gone".to_owned()),
            (None, Some((floor, ceiling))) => {
                what.push(format!("a scalable target is there now: {floor}–{ceiling}"));
            }
            (None, None) => {}
        }
        for scaling in Scaling::ALL {
            let is = fresh.is_suspended(scaling);
            if self.is_suspended(scaling) != is {
                let is = if is { "suspended" } else { "no longer suspended" };
                what.push(format!("{} is {is} now", scaling.name()));
            }
        }
        if self.deploying != fresh.deploying {
            let now = if fresh.deploying { "a deployment has begun" } else { "the deployment has ended" };
            what.push(now.to_owned());
        }
        if let (Some(was), Some(is)) = (&self.schedule, &fresh.schedule) {
            what.extend(rescheduled(was, is));
        }
        what
    }
}

fn rescheduled(was: &[ScheduledAction], is: &[ScheduledAction]) -> Vec<String> {
    let mut what = Vec::new();
    for action in is {
        match was.iter().find(|before| before.name == action.name) {
            None => what.push(format!("scheduled action {} is there now: {}", action.name, words::scheduled(action))),
            Some(before) if before != action => {
                what.push(format!("scheduled action {} is now {}", action.name, words::scheduled(action)));
            }
            Some(_) => {}
        }
    }
    let gone = was.iter().filter(|before| !is.iter().any(|action| action.name == before.name));
    what.extend(gone.map(|before| format!("scheduled action {} is gone", before.name)));
    what
}

/// Whether a task's status is one of those after it was told to stop (ECS developer guide, "Task lifecycle").
pub(super) fn is_leaving(status: &str) -> bool {
    matches!(status, "DEACTIVATING" | "STOPPING" | "DEPROVISIONING" | "STOPPED" | "DELETED")
}
