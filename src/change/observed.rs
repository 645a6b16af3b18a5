//! The values that a plan rests on, and which of them have moved.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::plan::Change;
use crate::platform::{Platform, ServiceId, Suspended, TaskCount};

/// The values of the target that a plan rests on. Two equal ones mean that nothing has moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observed {
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
}

impl Observed {
    /// What the platform knows of a service; `None` when it was never described.
    pub fn of(platform: &Platform, service: &ServiceId) -> Option<Self> {
        let known = platform.services.get(service)?;
        let target = platform.targets.get(service);
        Some(Self {
            desired: known.desired,
            running: known.running,
            limits: target.map(|t| (t.min, t.max)),
            suspended: target.map(|t| t.suspended).unwrap_or_default(),
            deploying: known.deploying(),
            read: known.learnt,
        })
    }

    /// The present value of the field that a change sends; `None` for a floor where no target is registered.
    pub fn value(&self, change: &Change) -> Option<TaskCount> {
        match change {
            Change::Desired { .. } => Some(self.desired),
            Change::Floor { .. } => self.limits.map(|(floor, _)| floor),
        }
    }

    /// What has moved between two readings among the values that a plan rests on, a sentence each.
    ///
    /// Running tasks come and go by themselves and are not among them; neither is when it was read.
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
        let switches = [
            ("scale-in", self.suspended.scale_in, fresh.suspended.scale_in),
            ("scale-out", self.suspended.scale_out, fresh.suspended.scale_out),
            ("scheduled scaling", self.suspended.scheduled, fresh.suspended.scheduled),
        ];
        for (name, was, is) in switches {
            if was != is {
                what.push(format!("{name} is {} now", if is { "suspended" } else { "no longer suspended" }));
            }
        }
        if self.deploying != fresh.deploying {
            let now = if fresh.deploying { "a deployment has begun" } else { "the deployment has ended" };
            what.push(now.to_owned());
        }
        what
    }
}
