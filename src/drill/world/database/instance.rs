//! A database instance: what it is called and made of, and where it stands in its life.

use std::collections::VecDeque;

use jiff::Timestamp;

use super::class::Class;
use super::engine::Engine;
use super::metrics::{Minute, Sample};

/// A database instance.
#[derive(Debug, Clone)]
pub struct Instance {
    /// Its identifier, in lower case.
    pub id: String,
    /// Its ARN.
    pub arn: String,
    /// As in `db-ABCDEFGHIJKLMNOPQRSTUVWXYZ`; it outlives a renaming.
    pub resource_id: String,
    /// Its class, as in `db.t3.medium`.
    pub class: String,
    /// Where it stands in its life.
    pub phase: Phase,
    /// When it was created; `None`: it still is being created.
    pub created: Option<Timestamp>,
    /// The instance that it is a replica of.
    pub source: Option<String>,
    /// The index of its zone in `Identity::zones`.
    pub zone: usize,
    /// Whether a standby in another zone follows it.
    pub multi_az: bool,
    /// Storage that is paid for, GiB.
    pub allocated_gib: u32,
    /// How far the storage may grow by itself, GiB.
    pub max_allocated_gib: Option<u32>,
    /// Days that backups are kept; 0: there are none.
    pub backup_days: u32,
    /// Whether it refuses to be deleted.
    pub deletion_protection: bool,
    /// Its parameter group.
    pub parameter_group: String,
    /// A class that the next maintenance window brings.
    pub pending_class: Option<String>,
    /// Its tags.
    pub tags: Vec<(String, String)>,
    /// The name that it answers to.
    pub(super) address: String,
    /// What it was before the drill; `None`: it was made since.
    pub(super) original: Option<Original>,
    pub(super) seed: u64,
    pub(super) engine: Engine,
    pub(super) minute: Minute,
    pub(super) minutes: VecDeque<Sample>,
    /// The start of the first minute that was lived.
    pub(super) since: Option<i64>,
}

/// What an instance was before the drill, from which its minutes of then are worked out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Original {
    /// The share of the readers that it had, 0–1.
    pub share: f64,
    /// Whether it was a replica.
    pub replica: bool,
    /// Its class.
    pub class: Class,
    /// `max_connections`
    pub max_connections: u32,
}

/// Where an instance stands in its life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Phase {
    /// A snapshot of its source is taken and restored, until a second.
    Creating {
        /// The second.
        until: i64,
    },
    /// It serves, and a first backup is made, until a second.
    BackingUp {
        /// The second.
        until: i64,
    },
    /// It serves.
    Available,
    /// It serves, and becomes another class in a second.
    Modifying {
        /// The second.
        until: i64,
        /// The class.
        class: String,
    },
    /// It no longer serves, and is gone in a second.
    Deleting {
        /// The second.
        until: i64,
    },
}

impl Phase {
    /// `DBInstanceStatus` on the wire.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Creating { .. } => "creating",
            Self::BackingUp { .. } => "backing-up",
            Self::Available => "available",
            Self::Modifying { .. } => "modifying",
            Self::Deleting { .. } => "deleting",
        }
    }

    /// Whether it takes connections.
    pub fn serves(&self) -> bool {
        !matches!(self, Self::Creating { .. } | Self::Deleting { .. })
    }
}

impl Instance {
    /// The name to connect to; `None` while there is none.
    pub fn endpoint(&self) -> Option<&str> {
        self.created.is_some().then_some(self.address.as_str())
    }

    /// Whether what it replays has stopped.
    pub fn replication_broken(&self) -> bool {
        self.engine.replay.as_ref().is_some_and(|replay| replay.broken)
    }

    /// Whether it answers at an address.
    pub(super) fn answers_at(&self, address: &str) -> bool {
        self.phase.serves() && self.address == address
    }
}
