//! RDS instances as `DescribeDBInstances` tells them, and the reader name that spreads reads over replicas.
//!
//! Replicas are found by following what their primary names, never by a pattern of names. Absent on purpose: Aurora,
//! whose replicas AWS scales itself and by other means.

use std::fmt;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Platform;
use super::ids::DatabaseId;
use super::moment::Moment;

/// What runs in an instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// `postgres`.
    Postgres,
    /// `mysql`.
    Mysql,
    /// `mariadb`.
    Mariadb,
    /// Any other word, Aurora's among them.
    Other(String),
}

impl Engine {
    /// Reads AWS's word.
    pub fn from_word(word: &str) -> Self {
        match word {
            "postgres" => Self::Postgres,
            "mysql" => Self::Mysql,
            "mariadb" => Self::Mariadb,
            other => Self::Other(other.to_owned()),
        }
    }
}

/// AWS's word for an instance's status, as in `available`. AWS adds words; what they mean is asked for with
/// [`InstanceStatus::phase`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct InstanceStatus(pub String);

/// What a status means for scaling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// It answers.
    Serving,
    /// It answers while something about it is being changed.
    Changing,
    /// It does not answer while something about it is being changed.
    Away,
    /// On its way: it will answer.
    Arriving,
    /// On its way out.
    Leaving,
    /// Stopped or stopping, on purpose.
    Stopped,
    /// It failed, or the word is one this version does not know: never counted as answering.
    Failed,
}

impl Phase {
    /// Whether it answers.
    pub fn serves(self) -> bool {
        matches!(self, Self::Serving | Self::Changing)
    }

    /// Whether it is on its way in or out.
    pub fn turning(self) -> bool {
        matches!(self, Self::Arriving | Self::Leaving)
    }

    /// Whether a change is under way.
    pub fn moving(self) -> bool {
        matches!(self, Self::Changing | Self::Away) || self.turning()
    }
}

impl InstanceStatus {
    /// What the word means for scaling.
    pub fn phase(&self) -> Phase {
        match self.0.as_str() {
            "available" | "backing-up" | "storage-optimization" | "storage-initialization" => Phase::Serving,
            word if word.starts_with("configuring-") => Phase::Serving,
            "modifying" | "storage-config-upgrade" | "resetting-master-credentials" | "renaming" => Phase::Changing,
            "rebooting" | "upgrading" | "maintenance" | "moving-to-vpc" | "converting-to-vpc" => Phase::Away,
            "creating" | "starting" => Phase::Arriving,
            "deleting" | "delete-precheck" => Phase::Leaving,
            "stopped" | "stopping" => Phase::Stopped,
            _ => Phase::Failed,
        }
    }
}

impl fmt::Display for InstanceStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// AWS's word for a replica's replication, from `StatusInfos`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Replication {
    /// `replicating`, `replication degraded`, `error`, `stopped`, `terminated`, or a later word.
    pub status: String,
    /// AWS's own judgement.
    pub normal: bool,
    /// AWS's words for what is wrong: hostile text until cleaned.
    pub message: String,
}

/// One RDS instance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// The identifier.
    pub id: DatabaseId,
    /// The instance that it replicates; `None` for a primary.
    #[serde(default)]
    pub replica_of: Option<DatabaseId>,
    /// The instances that replicate it, as it names them. A replica in another region is named by its ARN.
    #[serde(default)]
    pub replicas: Vec<DatabaseId>,
    /// `db.t3.medium`.
    pub class: String,
    /// What runs in it.
    pub engine: Engine,
    /// AWS's status word.
    pub status: InstanceStatus,
    /// When it was created; AWS says so only once it is.
    #[serde(default)]
    #[schemars(with = "Option<Moment>")]
    pub created: Option<Timestamp>,
    /// How its replication fares; `None` for a primary, and while AWS does not tell.
    #[serde(default)]
    pub replication: Option<Replication>,
    /// Days that backups are kept; with 0, AWS refuses to make a replica of it.
    pub backup_days: u32,
    /// Whether AWS refuses to delete it.
    pub deletion_protection: bool,
    /// Whether a standby runs in another zone. Without one, making a replica holds up its disk for about a minute.
    pub multi_az: bool,
    /// Storage in GiB.
    pub storage_gib: u32,
    /// `max_connections` where its parameter group holds a number, not a formula.
    #[serde(default)]
    pub max_connections: Option<u32>,
    /// The host name that clients connect to; AWS gives one only once the instance is created.
    #[serde(default)]
    pub endpoint: Option<String>,
    /// When this was learnt.
    #[schemars(with = "Moment")]
    pub learnt: Timestamp,
}

impl Database {
    /// How many connections the instance's class allows by the engine's default formula: measured values for the
    /// memory that a class leaves to the database. `None` for an engine or class that is not in the table.
    pub fn estimated_max_connections(&self) -> Option<u32> {
        let memory = class_memory_gib(&self.class)?;
        let (_, postgres, mysql) = MAX_CONNECTIONS.iter().find(|(gib, ..)| *gib == memory)?;
        match self.engine {
            Engine::Postgres => Some(*postgres),
            Engine::Mysql | Engine::Mariadb => Some(*mysql),
            Engine::Other(_) => None,
        }
    }

    /// Whether this kind of instance has read replicas that one adds and removes by hand.
    pub fn has_plain_replicas(&self) -> bool {
        !matches!(self.engine, Engine::Other(_))
    }
}

/// Memory in GiB, and the default `max_connections` on it of PostgreSQL and of MySQL: `LEAST(m / 9531392, 5000)` and
/// `m / 12582880`, where the operating system and RDS leave less than the nominal memory.
const MAX_CONNECTIONS: [(u32, u32, u32); 9] = [
    (1, 86, 65),
    (2, 197, 149),
    (4, 413, 310),
    (8, 857, 650),
    (16, 1741, 1319),
    (32, 3507, 2656),
    (64, 5000, 5331),
    (128, 5000, 10680),
    (256, 5000, 21379),
];

/// Memory of a class of the families that have been alike for generations: `t2`–`t4g`, `m5` and later, `r5` and later.
fn class_memory_gib(class: &str) -> Option<u32> {
    let (family, size) = class.strip_prefix("db.")?.split_once('.')?;
    let generation: u32 = family.get(1..2)?.parse().ok()?;
    let large = match (family.get(..1)?, generation) {
        ("t", 2..=4) | ("m", 5..) => 8,
        ("r", 5..) => 16,
        _ => return None,
    };
    match (size, family.starts_with('t')) {
        ("micro", true) => Some(1),
        ("small", true) => Some(2),
        ("medium", true) => Some(4),
        ("large", _) => Some(large),
        ("xlarge", _) => Some(2 * large),
        (size, _) => size.strip_suffix("xlarge")?.parse::<u32>().ok()?.checked_mul(2 * large),
    }
}

/// The name that readers resolve: weighted records, one a replica.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReaderName {
    /// As in `reader.db.solosuccess.internal`.
    pub name: String,
    /// Id of the hosted zone that it stands in, as in `Z1D633PJN98FT9`; empty where it was not told.
    #[serde(default)]
    pub zone: String,
    /// Its records.
    pub records: Vec<ReaderRecord>,
    /// When this was learnt.
    #[schemars(with = "Moment")]
    pub learnt: Timestamp,
}

/// One weighted record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReaderRecord {
    /// Route 53's set identifier, unique within the name.
    pub set: String,
    /// The instance that it points at; `None` where the value is no instance's address.
    #[serde(default)]
    pub database: Option<DatabaseId>,
    /// What it answers with: an instance's host name, as a rule.
    #[serde(default)]
    pub value: String,
    /// 0–255; the share of reads is the weight of all weights.
    pub weight: u8,
    /// Seconds that a resolver may keep it.
    pub ttl_s: u32,
}

impl ReaderName {
    /// Whether an instance is given any reads by this name.
    pub fn sends_to(&self, database: &DatabaseId) -> bool {
        self.records.iter().any(|record| record.weight > 0 && record.database.as_ref() == Some(database))
    }
}

impl Platform {
    /// The replicas of an instance in its region, as far as they were described, in the order of their names, and how
    /// many more it names.
    pub fn replicas_of<'a>(&'a self, primary: &'a Database) -> (Vec<&'a Database>, u32) {
        let here = primary.replicas.iter().filter(|id| !id.as_str().starts_with("arn:"));
        let (mut described, mut unseen) = (Vec::new(), 0);
        for id in here {
            match self.databases.get(id) {
                Some(replica) => described.push(replica.as_ref()),
                None => unseen += 1,
            }
        }
        described.sort_by(|a, b| a.id.rank().cmp(&b.id.rank()));
        (described, unseen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_has_its_memory_by_family_and_size() {
        for (class, gib) in [
            ("db.t3.micro", Some(1)),
            ("db.t4g.small", Some(2)),
            ("db.t3.medium", Some(4)),
            ("db.t3.large", Some(8)),
            ("db.m5.large", Some(8)),
            ("db.r6g.large", Some(16)),
            ("db.t3.2xlarge", Some(32)),
            ("db.r5.xlarge", Some(32)),
            ("db.m7g.4xlarge", Some(64)),
            ("db.r5.8xlarge", Some(256)),
            ("db.r4.large", None),
            ("db.m5.micro", None),
            ("db.x1e.xlarge", None),
            ("db.t3", None),
            ("db..large", None),
            ("db.é3.large", None),
            ("db.m5.99999999999xlarge", None),
            ("db.m5.4294967295xlarge", None),
            ("cache.t3.medium", None),
        ] {
            assert_eq!(class_memory_gib(class), gib, "{class}");
        }
    }

    #[test]
    fn words_of_aws_mean_what_they_do_to_reads() {
        for (phase, words) in [
            (Phase::Serving, &["available", "backing-up", "storage-optimization", "configuring-log-exports"][..]),
            (Phase::Changing, &["modifying"]),
            (Phase::Away, &["rebooting", "upgrading"]),
            (Phase::Arriving, &["creating", "starting"]),
            (Phase::Leaving, &["deleting", "delete-precheck"]),
            (Phase::Stopped, &["stopped", "stopping"]),
            (Phase::Failed, &["failed", "storage-full", "incompatible-network", "a later word", ""]),
        ] {
            for word in words {
                assert_eq!(InstanceStatus((*word).to_owned()).phase(), phase, "{word}");
            }
        }
    }
}
