//! What a plan of read replicas rests on.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::change::kind::{Change, Value};
use crate::platform::{Database, DatabaseId, InstanceStatus, Phase, Platform, ReaderRecord};

/// The values of a primary and its replicas that a plan rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplicasSeen {
    /// The primary.
    pub primary: InstanceSeen,
    /// Days that its backups are kept.
    pub backup_days: u32,
    /// Whether it has a standby.
    pub multi_az: bool,
    /// Whether its engine has replicas that are made by hand.
    pub plain: bool,
    /// Its replicas, in the order of their names.
    pub members: Vec<InstanceSeen>,
    /// Replicas that it names and nobody has described.
    pub unseen: u32,
    /// The reader name, where one points at any of these.
    pub reader: Option<ReaderSeen>,
    /// When they were read.
    pub read: Timestamp,
}

/// An instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceSeen {
    /// The identifier.
    pub id: DatabaseId,
    /// `db.t3.medium`.
    pub class: String,
    /// AWS's word.
    pub status: InstanceStatus,
    /// When it was created.
    pub created: Option<Timestamp>,
    /// How many instances replicate it.
    pub sources: u32,
    /// Whether AWS refuses to delete it.
    pub protected: bool,
    /// Its address; none before it is created.
    pub endpoint: Option<String>,
}

/// The name that spreads reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReaderSeen {
    /// Id of the hosted zone.
    pub zone: String,
    /// The name.
    pub name: String,
    /// Its records.
    pub records: Vec<ReaderRecord>,
}

impl InstanceSeen {
    fn of(database: &Database) -> Self {
        Self {
            id: database.id.clone(),
            class: database.class.clone(),
            status: database.status.clone(),
            created: database.created,
            sources: database.replicas.len() as u32,
            protected: database.deletion_protection,
            endpoint: database.endpoint.clone(),
        }
    }
}

impl ReplicasSeen {
    /// What the platform knows of a primary; `None` when it was never described.
    pub fn of(platform: &Platform, primary: &DatabaseId) -> Option<Self> {
        let known = platform.databases.get(primary)?;
        let (replicas, unseen) = platform.replicas_of(known);
        let ours = |id: &DatabaseId| id == primary || replicas.iter().any(|replica| replica.id == *id);
        let reader = platform
            .reader_name
            .as_ref()
            .filter(|reader| reader.records.iter().any(|record| record.database.as_ref().is_some_and(ours)));
        Some(Self {
            primary: InstanceSeen::of(known),
            backup_days: known.backup_days,
            multi_az: known.multi_az,
            plain: known.has_plain_replicas(),
            members: replicas.iter().map(|replica| InstanceSeen::of(replica)).collect(),
            unseen,
            reader: reader.map(|reader| ReaderSeen {
                zone: reader.zone.clone(),
                name: reader.name.clone(),
                records: reader.records.clone(),
            }),
            read: known.learnt,
        })
    }

    /// A replica by its identifier.
    pub fn member(&self, id: &DatabaseId) -> Option<&InstanceSeen> {
        self.members.iter().find(|member| member.id == *id)
    }

    /// A record by its set identifier.
    pub fn record(&self, set: &str) -> Option<&ReaderRecord> {
        self.reader.as_ref()?.records.iter().find(|record| record.set == set)
    }

    /// Records that send reads to an instance, whatever their weight.
    pub fn pointing(&self, id: &DatabaseId) -> impl Iterator<Item = &ReaderRecord> {
        let records = self.reader.iter().flat_map(|reader| &reader.records);
        records.filter(move |record| record.database.as_ref() == Some(id))
    }

    /// Replicas that answer, or will.
    pub fn usable(&self) -> u32 {
        let counts = |phase: Phase| !matches!(phase, Phase::Leaving | Phase::Failed | Phase::Stopped);
        self.members.iter().filter(|member| counts(member.status.phase())).count() as u32
    }

    /// The newest replica that may go: never a source, never one that is protected.
    pub fn newest(&self) -> Option<&InstanceSeen> {
        let may = |member: &&InstanceSeen| {
            member.sources == 0 && !member.protected && member.status.phase() != Phase::Leaving
        };
        self.members.iter().filter(may).max_by_key(|member| (member.created, member.id.rank()))
    }

    /// The present value of what a change sets.
    pub fn value(&self, change: &Change) -> Option<Value> {
        let there = |id: &DatabaseId| self.member(id).is_some_and(|member| member.status.phase() != Phase::Leaving);
        match change {
            Change::AddReplica { replica, .. } | Change::RemoveReplica { replica, .. } => {
                Some(Value::There(there(replica)))
            }
            Change::Weight { set, .. } => self.record(set).map(|record| Value::Count(u32::from(record.weight))),
            _ => None,
        }
    }

    /// What has moved, a sentence each. Backups, and whatever else does not keep an instance from answering, has not.
    pub fn moved(&self, fresh: &Self) -> Vec<String> {
        let mut what = Vec::new();
        let turned = |was: &InstanceSeen, is: &InstanceSeen| {
            (was.status.phase().serves() != is.status.phase().serves())
                .then(|| format!("{} was {}, is {}", is.id, was.status, is.status))
        };
        what.extend(turned(&self.primary, &fresh.primary));
        for member in &fresh.members {
            match self.member(&member.id) {
                None => what.push(format!("replica {} is there now: {}", member.id, member.status)),
                Some(was) => {
                    what.extend(turned(was, member));
                    if was.sources != member.sources {
                        what.push(format!("{} has {} replicas of its own now", member.id, member.sources));
                    }
                }
            }
        }
        let gone = self.members.iter().filter(|member| fresh.member(&member.id).is_none());
        what.extend(gone.map(|member| format!("replica {} is gone", member.id)));
        if self.reader != fresh.reader {
            what.extend(self.redirected(fresh));
        }
        what
    }

    fn redirected(&self, fresh: &Self) -> Vec<String> {
        let mut what = Vec::new();
        for record in fresh.reader.iter().flat_map(|reader| &reader.records) {
            match self.record(&record.set) {
                None => what.push(format!("the reader name has a record {} now", record.set)),
                Some(was) if was != record => {
                    what.push(format!("the weight of {} was {}, is {}", record.set, was.weight, record.weight));
                }
                Some(_) => {}
            }
        }
        let records = self.reader.iter().flat_map(|reader| &reader.records);
        let gone = records.filter(|record| fresh.record(&record.set).is_none());
        what.extend(gone.map(|record| format!("the record {} is gone", record.set)));
        what
    }
}
