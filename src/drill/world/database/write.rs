//! What can be done to databases and to their readers' name from outside, and how AWS refuses.

use super::class::Class;
use super::dns::{Change, RecordSet};
use super::engine::Replay;
use super::instance::{Instance, Phase};
use super::{Databases, ENGINE, ENGINE_VERSION};
use crate::drill::world::{IDENTITY, World, load, names};

/// Replicas of one source: the limit of PostgreSQL.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstanceReadReplica.html>
const REPLICAS_PER_SOURCE: usize = 15;
/// Instances of an account in a region: the quota.
const INSTANCES: usize = 40;
/// Tags of a resource: the limit.
const TAGS: usize = 50;
/// Seconds that creating a small replica takes: half of them, and how much longer one in twenty takes. AWS publishes no
/// number; 10–30 minutes is what people plan with.
const CREATING_MEDIAN: f64 = 720.0;
const CREATING_SPREAD: f64 = 0.43;
/// Seconds after which a new class serves.
const MODIFYING: i64 = 420;
/// Kinds of what follows from an instance's seed.
const DELETING: u64 = 51;

/// A change of a database that was refused. The message is AWS's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// `DBInstanceNotFound`
    #[error("{0}")]
    NotFound(String),
    /// `DBInstanceAlreadyExists`
    #[error("DB instance already exists")]
    AlreadyExists,
    /// `InvalidDBInstanceState`
    #[error("{0}")]
    InvalidState(String),
    /// `InstanceQuotaExceeded`
    #[error("{0}")]
    QuotaExceeded(String),
    /// `InvalidParameterValue`
    #[error("{0}")]
    InvalidValue(String),
    /// `InvalidParameterCombination`
    #[error("{0}")]
    InvalidCombination(String),
}

impl Refusal {
    /// No instance of that name.
    pub fn not_found(id: &str) -> Self {
        Self::NotFound(format!("DBInstance {} not found.", id.to_ascii_lowercase()))
    }

    /// What a parameter holds is no identifier.
    pub fn not_an_identifier(parameter: &str) -> Self {
        Self::InvalidValue(format!(
            "The parameter {parameter} is not a valid identifier. Identifiers must begin with a letter; must contain \
             only ASCII letters, digits, and hyphens; and must not end with a hyphen or contain two consecutive hyphens."
        ))
    }
}

/// What `CreateDBInstanceReadReplica` carries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReplicaWish {
    /// `DBInstanceIdentifier`
    pub id: String,
    /// `SourceDBInstanceIdentifier`: an identifier or an ARN.
    pub source: String,
    /// `DBInstanceClass`; the source's if it is not given.
    pub class: Option<String>,
    /// `AvailabilityZone`; RDS chooses if it is not given.
    pub zone: Option<String>,
    /// `MultiAZ`
    pub multi_az: bool,
    /// `DeletionProtection`
    pub deletion_protection: bool,
    /// `MaxAllocatedStorage`, GiB.
    pub max_allocated_gib: Option<u32>,
    /// `Tags`
    pub tags: Vec<(String, String)>,
}

/// What `ModifyDBInstance` carries; what is `None` stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Modification {
    /// `DBInstanceClass`
    pub class: Option<String>,
    /// `ApplyImmediately`: else a class waits for the maintenance window.
    pub now: bool,
    /// `DeletionProtection`
    pub deletion_protection: Option<bool>,
    /// `MaxAllocatedStorage`, GiB.
    pub max_allocated_gib: Option<u32>,
}

/// Whether a text can be an instance's identifier.
pub(in crate::drill) fn is_identifier(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.chars().all(|sign| sign.is_ascii_alphanumeric() || sign == '-')
        && !text.ends_with('-')
        && !text.contains("--")
}

/// How long creating a replica takes, from what its instance follows from.
pub(super) fn creating_seconds(seed: u64) -> i64 {
    (CREATING_MEDIAN * (CREATING_SPREAD * load::waver(seed, 0)).exp()).clamp(300.0, 2700.0) as i64
}

fn check_class(class: &str) -> Result<(), Refusal> {
    match Class::parse(class) {
        Some(_) => Ok(()),
        None if class.starts_with("db.") && class.matches('.').count() == 2 => {
            Err(Refusal::InvalidCombination(format!(
                "RDS does not support creating a DB instance with the following combination: DBInstanceClass={class}, \
             Engine={ENGINE}, EngineVersion={ENGINE_VERSION}, LicenseModel=postgresql-license. For supported \
             combinations of instance class and database engine version, see the documentation."
            )))
        }
        None => Err(Refusal::InvalidValue(format!("Invalid DB Instance class: {class}"))),
    }
}

impl Databases {
    /// The place of an instance by its identifier, in whatever case.
    fn place(&self, id: &str) -> Result<usize, Refusal> {
        let found = self.instances.iter().position(|one| one.id.eq_ignore_ascii_case(id));
        found.ok_or_else(|| Refusal::not_found(id))
    }

    fn create_replica(&mut self, wish: &ReplicaWish, now: i64) -> Result<&Instance, Refusal> {
        if !is_identifier(&wish.id) {
            return Err(Refusal::not_an_identifier("DBInstanceIdentifier"));
        }
        let source_id = wish.source.rsplit(':').next().unwrap_or_default();
        let Some(source) = self.instance(source_id) else {
            return Err(Refusal::NotFound(format!("The source instance could not be found: {}", wish.source)));
        };
        let (source_id, source_group) = (source.id.clone(), source.parameter_group.clone());
        let class = wish.class.clone().unwrap_or_else(|| source.class.clone());
        check_class(&class)?;
        if self.instance(&wish.id).is_some() {
            return Err(Refusal::AlreadyExists);
        }
        if source.backup_days == 0 {
            return Err(Refusal::InvalidState(
                "Automated backups are not enabled for this database instance. To enable automated backups, use \
                 ModifyDBInstance to set the backup retention period to a non-zero value."
                    .to_owned(),
            ));
        }
        if source.phase != Phase::Available {
            return Err(Refusal::InvalidState(format!(
                "Database instance is not in available state: {source_id} is {}.",
                source.phase.as_str()
            )));
        }
        if self.replicas(&source_id).count() >= REPLICAS_PER_SOURCE {
            return Err(Refusal::QuotaExceeded(format!(
                "The source instance {source_id} already has the maximum of {REPLICAS_PER_SOURCE} read replicas."
            )));
        }
        if self.instances.len() >= INSTANCES {
            return Err(Refusal::QuotaExceeded("DB Instance quota exceeded".to_owned()));
        }
        let zone = match &wish.zone {
            None => self.born as usize,
            Some(zone) => IDENTITY
                .zones
                .iter()
                .position(|known| known == zone)
                .ok_or_else(|| Refusal::InvalidValue(format!("Invalid availability zone: {zone}")))?,
        };
        let mut one = self.draft(&wish.id.to_ascii_lowercase(), &class, Some(&source_id), zone, now);
        one.phase = Phase::Creating { until: now + creating_seconds(one.seed) };
        one.parameter_group = source_group;
        one.multi_az = wish.multi_az;
        one.deletion_protection = wish.deletion_protection;
        one.max_allocated_gib = wish.max_allocated_gib.or(one.max_allocated_gib);
        one.tags.clone_from(&wish.tags);
        one.engine.replay = Some(Replay::caught_up(now));
        self.instances.push(one);
        Ok(&self.instances[self.instances.len() - 1])
    }

    fn delete(&mut self, id: &str, skip: bool, snapshot: Option<&str>, now: i64) -> Result<&Instance, Refusal> {
        let index = self.place(id)?;
        let one = &mut self.instances[index];
        let combination = |sentence: &str| Err(Refusal::InvalidCombination(sentence.to_owned()));
        if skip && snapshot.is_some() {
            return combination("FinalDBSnapshotIdentifier can not be specified when SkipFinalSnapshot is true.");
        }
        if one.source.is_some() && snapshot.is_some() {
            return combination("FinalDBSnapshotIdentifier can not be specified when deleting a replica instance");
        }
        if !skip && snapshot.is_none() {
            return combination("FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.");
        }
        if one.deletion_protection {
            return combination(
                "Cannot delete protected DB Instance, please disable deletion protection and try again.",
            );
        }
        if matches!(one.phase, Phase::Deleting { .. }) {
            return Err(Refusal::InvalidState(format!("Instance {} is already being deleted.", one.id)));
        }
        one.phase = Phase::Deleting { until: now + 60 + (names::mixed(one.seed, DELETING, 0) % 91) as i64 };
        self.reads.failed += std::mem::take(&mut one.engine.waiting);
        Ok(&self.instances[index])
    }

    fn modify(&mut self, id: &str, change: &Modification, now: i64) -> Result<&Instance, Refusal> {
        let index = self.place(id)?;
        if let Some(class) = &change.class {
            check_class(class)?;
        }
        let one = &mut self.instances[index];
        if one.phase != Phase::Available {
            return Err(Refusal::InvalidState(format!(
                "Database instance {} is not in available state: it is {}.",
                one.id,
                one.phase.as_str()
            )));
        }
        if let Some(gib) = change.max_allocated_gib
            && gib <= one.allocated_gib
        {
            return Err(Refusal::InvalidCombination(format!(
                "Max storage size must be greater than storage size, and is {gib} with {} allocated",
                one.allocated_gib
            )));
        }
        one.deletion_protection = change.deletion_protection.unwrap_or(one.deletion_protection);
        one.max_allocated_gib = change.max_allocated_gib.or(one.max_allocated_gib);
        if let Some(class) = change.class.clone().filter(|class| *class != one.class) {
            if change.now {
                one.pending_class = None;
                one.phase = Phase::Modifying { until: now + MODIFYING, class };
            } else {
                one.pending_class = Some(class);
            }
        }
        Ok(&self.instances[index])
    }
}

impl World {
    fn databases_mut(&mut self, id: &str) -> Result<&mut Databases, Refusal> {
        self.databases.as_mut().ok_or_else(|| Refusal::not_found(id))
    }

    /// `CreateDBInstanceReadReplica`: the replica as it is then.
    pub fn create_replica(&mut self, wish: &ReplicaWish) -> Result<Instance, Refusal> {
        let now = self.now;
        let one = self.databases_mut(&wish.source)?.create_replica(wish, now)?.clone();
        self.wrote(format!("rds CreateDBInstanceReadReplica {wish:?}"));
        Ok(one)
    }

    /// `DeleteDBInstance`: the instance as it is then.
    pub fn delete_instance(&mut self, id: &str, skip: bool, snapshot: Option<&str>) -> Result<Instance, Refusal> {
        let now = self.now;
        let one = self.databases_mut(id)?.delete(id, skip, snapshot, now)?.clone();
        self.wrote(format!("rds DeleteDBInstance {}", one.id));
        Ok(one)
    }

    /// `ModifyDBInstance`: the instance as it is then.
    pub fn modify_instance(&mut self, id: &str, change: &Modification) -> Result<Instance, Refusal> {
        let now = self.now;
        let one = self.databases_mut(id)?.modify(id, change, now)?.clone();
        self.wrote(format!("rds ModifyDBInstance {} {change:?}", one.id));
        Ok(one)
    }

    /// `AddTagsToResource` and `RemoveTagsFromResource`: sets some tags and takes others away.
    pub fn tag_instance(&mut self, arn: &str, set: &[(String, String)], unset: &[&str]) -> Result<(), Refusal> {
        let databases = self.databases_mut(arn)?;
        let found = databases.instances.iter_mut().find(|one| one.arn == arn);
        let one = found.ok_or_else(|| Refusal::not_found(arn.rsplit(':').next().unwrap_or(arn)))?;
        let mut tags = one.tags.clone();
        tags.retain(|(key, _)| !unset.contains(&key.as_str()) && !set.iter().any(|(own, _)| own == key));
        tags.extend_from_slice(set);
        if tags.len() > TAGS {
            return Err(Refusal::InvalidValue(format!("A resource can have at most {TAGS} tags.")));
        }
        one.tags = tags;
        self.wrote(format!("rds tags {arn} {set:?} {unset:?}"));
        Ok(())
    }

    /// `ChangeResourceRecordSets` with what the records are to be, all at once: the change. `None`: there are no zones.
    pub fn change_records(&mut self, records: Vec<RecordSet>, comment: Option<String>) -> Option<Change> {
        let now = self.now;
        let change = self.databases.as_mut()?.zone.change(records, comment, now).clone();
        let after: Vec<String> =
            self.databases.iter().flat_map(|one| &one.zone.records).map(|one| format!("{one:?}")).collect();
        self.wrote(format!("route53 ChangeResourceRecordSets {}", after.join(" ")));
        Some(change)
    }
}
