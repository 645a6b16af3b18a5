//! The kinds of changes: one variant a kind, each with absolute values, and the value that each sets.
//!
//! Absent on purpose: deltas, and anything that the platform says. What a kind means in its tier – what it rests on, what
//! it sends, what forbids it – stands in that tier's folder.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::words;
use crate::platform::{CacheId, DatabaseId, GroupId, MemberCount, ScheduledAction, ServiceId, TaskCount, TaskId};

/// A change, absolute, never a delta: only what is named is ever sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum Change {
    /// A service's desired count.
    Desired {
        /// The service.
        service: ServiceId,
        /// The new count.
        to: TaskCount,
    },
    /// The floor of a service's scalable target.
    Floor {
        /// The service.
        service: ServiceId,
        /// The new floor.
        to: TaskCount,
    },
    /// The ceiling of a service's scalable target.
    Ceiling {
        /// The service.
        service: ServiceId,
        /// The new ceiling.
        to: TaskCount,
    },
    /// The floor raised until a time; a scheduled action in AWS itself brings it back.
    Hold {
        /// The service.
        service: ServiceId,
        /// The floor that is held.
        to: TaskCount,
        /// The end.
        until: Timestamp,
    },
    /// The end of a hold, now: the floor that the schedule says, and none of our scheduled actions.
    Release {
        /// The service.
        service: ServiceId,
        /// The floor.
        to: TaskCount,
    },
    /// One kind of scaling suspended, or resumed.
    Suspend {
        /// The service.
        service: ServiceId,
        /// Which kind.
        scaling: Scaling,
        /// Whether it is to be suspended.
        suspend: bool,
    },
    /// One task stopped. ECS starts another in its place.
    StopTask {
        /// The service.
        service: ServiceId,
        /// The task.
        task: TaskId,
    },
    /// A scheduled action, new or in place of the one of that name.
    Schedule {
        /// The service.
        service: ServiceId,
        /// The action.
        action: ScheduledAction,
    },
    /// A scheduled action taken away.
    Unschedule {
        /// The service.
        service: ServiceId,
        /// Its name.
        name: String,
    },
    /// A read replica made, and given its share of the reads once it has caught up.
    AddReplica {
        /// The instance that it follows.
        primary: DatabaseId,
        /// Its identifier.
        replica: DatabaseId,
        /// Its class, as in `db.t3.medium`.
        class: String,
        /// Its zone; AWS chooses where none is named.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        zone: Option<String>,
        /// Its weight under the reader name; `None` where there is no reader name, so that nothing is sent there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        weight: Option<u8>,
    },
    /// A read replica drained and deleted.
    RemoveReplica {
        /// The instance that it follows.
        primary: DatabaseId,
        /// Its identifier.
        replica: DatabaseId,
    },
    /// The weight of a record under the reader name.
    Weight {
        /// The instance whose replicas it spreads reads over.
        primary: DatabaseId,
        /// Route 53's set identifier.
        set: String,
        /// The new weight.
        to: u8,
    },
    /// The nodes of a cache with cluster mode off, its primary among them.
    Nodes {
        /// The cache.
        cache: CacheId,
        /// The new count.
        to: MemberCount,
    },
    /// The shards of a cache with cluster mode on.
    Shards {
        /// The cache.
        cache: CacheId,
        /// The new count.
        to: MemberCount,
    },
}

/// What can be suspended, each apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scaling {
    /// Dynamic scale-in.
    In,
    /// Dynamic scale-out.
    Out,
    /// Scheduled actions.
    Scheduled,
}

impl Scaling {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::In, Self::Out, Self::Scheduled];

    /// As a sentence names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::In => "scale-in",
            Self::Out => "scale-out",
            Self::Scheduled => "scheduled scaling",
        }
    }
}

/// What a change sets: two equal ones are the same state of the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// So many.
    Count(u32),
    /// A floor, and until when a hold of ours keeps it.
    Held(u32, Option<Timestamp>),
    /// Whether it is suspended.
    Suspended(bool),
    /// Whether it is there.
    There(bool),
    /// The scheduled action of a name; `None` where there is none.
    Scheduled(Option<ScheduledAction>),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) | Self::Held(count, None) => count.fmt(f),
            Self::Held(count, Some(until)) => write!(f, "{count} until {}", words::until(*until)),
            Self::Suspended(true) => f.write_str("suspended"),
            Self::Suspended(false) => f.write_str("active"),
            Self::There(true) => f.write_str("there"),
            Self::There(false) => f.write_str("gone"),
            Self::Scheduled(None) => f.write_str("none"),
            Self::Scheduled(Some(action)) => f.write_str(&words::scheduled(action)),
        }
    }
}

impl Change {
    /// What it acts on.
    pub fn target(&self) -> GroupId {
        match self {
            Self::Desired { service, .. }
            | Self::Floor { service, .. }
            | Self::Ceiling { service, .. }
            | Self::Hold { service, .. }
            | Self::Release { service, .. }
            | Self::Suspend { service, .. }
            | Self::StopTask { service, .. }
            | Self::Schedule { service, .. }
            | Self::Unschedule { service, .. } => GroupId::Service(service.clone()),
            Self::AddReplica { primary, .. } | Self::RemoveReplica { primary, .. } | Self::Weight { primary, .. } => {
                GroupId::Replicas(primary.clone())
            }
            Self::Nodes { cache, .. } | Self::Shards { cache, .. } => GroupId::Cache(cache.clone()),
        }
    }

    /// The count that it sets, where it sets one that can be edited.
    pub fn count(&self) -> Option<u32> {
        match self {
            Self::Desired { to, .. }
            | Self::Floor { to, .. }
            | Self::Ceiling { to, .. }
            | Self::Hold { to, .. }
            | Self::Release { to, .. } => Some(to.0),
            Self::Weight { to, .. } => Some(u32::from(*to)),
            Self::Nodes { to, .. } | Self::Shards { to, .. } => Some(to.0),
            Self::Suspend { .. }
            | Self::StopTask { .. }
            | Self::Schedule { .. }
            | Self::Unschedule { .. }
            | Self::AddReplica { .. }
            | Self::RemoveReplica { .. } => None,
        }
    }

    /// The same change to another count; itself where it sets none.
    #[must_use]
    pub fn with(&self, count: u32) -> Self {
        let mut change = self.clone();
        match &mut change {
            Self::Desired { to, .. }
            | Self::Floor { to, .. }
            | Self::Ceiling { to, .. }
            | Self::Hold { to, .. }
            | Self::Release { to, .. } => *to = TaskCount(count),
            Self::Weight { to, .. } => *to = u8::try_from(count).unwrap_or(u8::MAX),
            Self::Nodes { to, .. } | Self::Shards { to, .. } => *to = MemberCount(count),
            Self::Suspend { .. }
            | Self::StopTask { .. }
            | Self::Schedule { .. }
            | Self::Unschedule { .. }
            | Self::AddReplica { .. }
            | Self::RemoveReplica { .. } => {}
        }
        change
    }

    /// What is set, as a sentence names it.
    pub fn field(&self) -> String {
        match self {
            Self::Desired { .. } => "desired".to_owned(),
            Self::Floor { .. } | Self::Hold { .. } | Self::Release { .. } => "the floor".to_owned(),
            Self::Ceiling { .. } => "the ceiling".to_owned(),
            Self::Suspend { scaling, .. } => scaling.name().to_owned(),
            Self::StopTask { task, .. } => format!("task {}", words::short(task.as_str())),
            Self::Schedule { action: ScheduledAction { name, .. }, .. } | Self::Unschedule { name, .. } => {
                format!("scheduled action {name}")
            }
            Self::AddReplica { replica, .. } | Self::RemoveReplica { replica, .. } => format!("replica {replica}"),
            Self::Weight { set, .. } => format!("the weight of {set}"),
            Self::Nodes { .. } => "nodes".to_owned(),
            Self::Shards { .. } => "shards".to_owned(),
        }
    }

    /// The value that it sets.
    pub fn sets(&self) -> Value {
        match self {
            Self::Desired { to, .. } | Self::Floor { to, .. } | Self::Ceiling { to, .. } => Value::Count(to.0),
            Self::Hold { to, until, .. } => Value::Held(to.0, Some(*until)),
            Self::Release { to, .. } => Value::Held(to.0, None),
            Self::Suspend { suspend, .. } => Value::Suspended(*suspend),
            Self::StopTask { .. } | Self::RemoveReplica { .. } => Value::There(false),
            Self::Schedule { action, .. } => Value::Scheduled(Some(action.clone())),
            Self::Unschedule { .. } => Value::Scheduled(None),
            Self::AddReplica { .. } => Value::There(true),
            Self::Weight { to, .. } => Value::Count(u32::from(*to)),
            Self::Nodes { to, .. } | Self::Shards { to, .. } => Value::Count(to.0),
        }
    }

    /// What has to be typed where a name is asked for: that of what goes, or of the group.
    pub fn name(&self) -> String {
        match self {
            Self::RemoveReplica { replica, .. } => replica.to_string(),
            other => other.target().name().to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Vec<Change> {
        let service = || ServiceId::new("prod", "web");
        let (primary, replica) = (|| DatabaseId::new("db"), || DatabaseId::new("db-replica-1"));
        let action = ScheduledAction {
            name: "noon".to_owned(),
            schedule: "cron(0 12 * * ? *)".to_owned(),
            timezone: String::new(),
            min: Some(TaskCount(6)),
            max: None,
        };
        vec![
            Change::Desired { service: service(), to: TaskCount(8) },
            Change::Floor { service: service(), to: TaskCount(8) },
            Change::Ceiling { service: service(), to: TaskCount(8) },
            Change::Hold { service: service(), to: TaskCount(8), until: "2026-11-03T18:00:00Z".parse().unwrap() },
            Change::Release { service: service(), to: TaskCount(4) },
            Change::Suspend { service: service(), scaling: Scaling::In, suspend: true },
            Change::StopTask { service: service(), task: TaskId::new("0123456789abcdef") },
            Change::Schedule { service: service(), action },
            Change::Unschedule { service: service(), name: "noon".to_owned() },
            Change::AddReplica {
                primary: primary(),
                replica: replica(),
                class: "db.t3.medium".to_owned(),
                zone: None,
                weight: Some(10),
            },
            Change::RemoveReplica { primary: primary(), replica: replica() },
            Change::Weight { primary: primary(), set: "a".to_owned(), to: 10 },
            Change::Nodes { cache: CacheId::new("redis"), to: MemberCount(3) },
            Change::Shards { cache: CacheId::new("redis"), to: MemberCount(3) },
        ]
    }

    #[test]
    fn every_kind_is_read_back_as_it_was_written() {
        for change in all() {
            let text = serde_json::to_string(&change).unwrap();
            assert_eq!(serde_json::from_str::<Change>(&text).unwrap(), change, "{text}");
        }
    }

    #[test]
    fn a_count_can_be_edited_where_there_is_one_and_nothing_else_moves() {
        for change in all() {
            let edited = change.with(5);
            assert_eq!(edited.count(), change.count().map(|_| 5), "{change:?}");
            assert_eq!((edited.target(), edited.field()), (change.target(), change.field()));
            assert_eq!(edited.count().is_none(), edited == change);
        }
    }

    #[test]
    fn each_kind_in_a_line() {
        let lines: Vec<String> = all().iter().map(|change| format!("{}: {}", change.field(), change.sets())).collect();
        insta::assert_snapshot!(lines.join("\n"));
    }
}
