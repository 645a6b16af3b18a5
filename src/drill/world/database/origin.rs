//! The databases as they were before anybody looked: a primary and its replicas at rest, and the readers' name.

use std::collections::VecDeque;

use super::class::Class;
use super::dns::{Clients, RecordSet, Zone};
use super::engine::{Engine, Replay};
use super::instance::{Instance, Original, Phase};
use super::metrics::Minute;
use super::{Databases, ParameterGroup, READER, Reads};
use crate::drill::scenario::DatabaseOf;
use crate::drill::world::names;

/// The primary.
pub(super) const PRIMARY: &str = "production-solosuccess-db";
/// The parameter group of whoever set nothing.
const DEFAULT_GROUP: &str = "default.postgres16";
/// The parameter group in which something was set.
const OWN_GROUP: &str = "production-solosuccess-postgres16";
const FAMILY: &str = "postgres16";
const ALLOCATED_GIB: u32 = 100;
const MAX_ALLOCATED_GIB: u32 = 500;
const BACKUP_DAYS: u32 = 7;
/// Storage that is free at the start, bytes.
pub(super) const FREE_STORAGE: f64 = 66_571_993_088.0;
/// Seconds that an answer of the readers' name may be kept.
const TTL: u32 = 30;
/// The weight of a replica.
const WEIGHT: u8 = 100;
const DAY: i64 = 86_400;
/// The part of every endpoint that belongs to the account.
const ACCOUNT_DOMAIN: &str = "c9akciq32rwx.us-east-1.rds.amazonaws.com";
/// Kinds of what follows from the seed.
const RESOURCE: u64 = 41;
const ENGINE: u64 = 42;

impl Databases {
    /// The databases of a scenario, at rest in second `now`.
    pub(in crate::drill::world) fn new(of: &DatabaseOf, seed: u64, now: i64) -> Self {
        let mut groups = vec![ParameterGroup {
            name: DEFAULT_GROUP.to_owned(),
            family: FAMILY,
            description: "Default parameter group for postgres16".to_owned(),
            max_connections: None,
        }];
        if of.max_connections.is_some() {
            groups.push(ParameterGroup {
                name: OWN_GROUP.to_owned(),
                family: FAMILY,
                description: "Parameters of solosuccess".to_owned(),
                max_connections: of.max_connections,
            });
        }
        let mut it = Self {
            instances: Vec::new(),
            zone: Zone::new(String::new(), "", "", Vec::new(), seed),
            events: VecDeque::new(),
            groups,
            reads: Reads::default(),
            gone: Vec::new(),
            clients: Clients::default(),
            of: of.clone(),
            seed,
            born: 0,
        };
        let mut primary = it.draft(PRIMARY, &of.class, None, 0, now);
        primary.multi_az = true;
        primary.backup_days = BACKUP_DAYS;
        primary.deletion_protection = true;
        primary.settle(if of.replicas == 0 { 1.0 } else { 0.0 });
        primary.created = Some(names::time(now - 120 * DAY));
        it.instances.push(primary);
        for number in 1..=of.replicas {
            let id = format!("{PRIMARY}-replica-{number}");
            let mut replica = it.draft(&id, &of.class, Some(PRIMARY), number as usize, now);
            replica.settle(1.0 / f64::from(of.replicas));
            replica.created = Some(names::time(now - 90 * DAY + i64::from(number) * 3600));
            it.instances.push(replica);
        }
        it.zone = Zone::new(
            format!("Z0{}", names::capitals(seed, RESOURCE, -1, 19)),
            "solosuccess.internal.",
            "Names inside the VPC",
            it.records(),
            seed,
        );
        it
    }

    /// The zone's records: its own, and one for each replica – or for the primary, where there is none.
    fn records(&self) -> Vec<RecordSet> {
        let own = |kind: &str, ttl, values: Vec<String>| RecordSet {
            name: "solosuccess.internal.".to_owned(),
            kind: kind.to_owned(),
            set_identifier: None,
            weight: None,
            ttl,
            values,
        };
        let servers =
            ["ns-1536.awsdns-00.co.uk.", "ns-0.awsdns-00.com.", "ns-1024.awsdns-00.org.", "ns-512.awsdns-00.net."];
        let authority = format!("{} awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400", servers[0]);
        let reader = |one: &Instance| RecordSet {
            name: READER.to_owned(),
            kind: "CNAME".to_owned(),
            set_identifier: Some(one.id.clone()),
            weight: Some(WEIGHT),
            ttl: TTL,
            values: vec![one.address.clone()],
        };
        let skipped = usize::from(self.instances.len() > 1);
        let mut records = vec![own("NS", 172_800, servers.map(str::to_owned).into()), own("SOA", 900, vec![authority])];
        records.extend(self.instances.iter().skip(skipped).map(reader));
        records
    }

    /// A new instance, as if it had long been there. A replica takes after its source.
    pub(super) fn draft(&mut self, id: &str, class: &str, source: Option<&str>, zone: usize, now: i64) -> Instance {
        let number = i64::from(self.born);
        self.born += 1;
        let seed = names::mixed(self.seed, ENGINE, number);
        let group = self.groups.last().unwrap_or(&self.groups[0]);
        let of = Class::parse(class).unwrap_or(Class { vcpu: 2.0, memory_gib: 4.0, credits: None });
        let connections = group.max_connections.unwrap_or_else(|| of.default_connections());
        let replay = source.map(|_| Replay::caught_up(now));
        Instance {
            id: id.to_owned(),
            arn: names::arn("rds", &format!("db:{id}")),
            resource_id: format!("db-{}", names::capitals(self.seed, RESOURCE, number, 26)),
            class: class.to_owned(),
            phase: Phase::Available,
            created: None,
            source: source.map(str::to_owned),
            zone: zone % 3,
            multi_az: false,
            allocated_gib: ALLOCATED_GIB,
            max_allocated_gib: Some(MAX_ALLOCATED_GIB),
            backup_days: 0,
            deletion_protection: false,
            parameter_group: group.name.clone(),
            pending_class: None,
            tags: vec![("Environment".to_owned(), "production".to_owned())],
            address: format!("{id}.{ACCOUNT_DOMAIN}"),
            original: None,
            seed,
            engine: Engine::new(of, connections, replay, FREE_STORAGE, seed),
            minute: Minute::default(),
            minutes: VecDeque::new(),
            since: None,
        }
    }
}

impl Instance {
    /// Was there before the drill, with this share of the readers.
    fn settle(&mut self, share: f64) {
        let (class, max_connections) = (self.engine.class, self.engine.max_connections);
        self.original = Some(Original { share, replica: self.source.is_some(), class, max_connections });
    }
}
