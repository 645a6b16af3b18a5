//! The cache: one replication group in front of the database, its shards and nodes, and what is happening to them.
//! Plain data and its life; what the nodes are asked is in `traffic`, what can be changed in `change`.

mod change;
pub mod measure;
mod traffic;

use std::collections::VecDeque;

use jiff::Timestamp;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::{IDENTITY, names};
use crate::drill::scenario::CacheSetup;
pub use change::{CacheRefusal, GroupWish, ReplicaWish, ShardWish};
use measure::NodeMinute;
pub(super) use traffic::Flow;

/// The id of the one replication group.
pub const GROUP: &str = "production-solosuccess-redis";
/// The slots that keys are spread over.
const SLOTS: u32 = 16_384;
const DAY: i64 = 86_400;
/// How long events are kept: ElastiCache keeps them for fourteen days.
const EVENTS_KEPT: i64 = 14 * DAY;
/// The domain of the nodes' names.
const DOMAIN: &str = "x7kq2m.use1.cache.amazonaws.com";

/// A replication group.
#[derive(Debug, Clone)]
pub struct Group {
    /// Its id.
    pub id: String,
    /// Its ARN.
    pub arn: String,
    /// What a node is.
    pub node_type: NodeType,
    /// What is happening to it.
    pub status: Status,
    /// Whether keys are spread over shards.
    pub cluster_mode: bool,
    /// Whether replicas stand in other zones than their primary.
    pub multi_az: bool,
    /// Whether a replica takes over by itself.
    pub automatic_failover: bool,
    /// The automatic fail-over that a change under way leads to.
    pub failover_coming: Option<bool>,
    /// The node type that a change under way leads to.
    pub type_coming: Option<NodeType>,
    /// When it was created.
    pub created: Timestamp,
    /// Its shards, by id.
    pub shards: Vec<Shard>,
    /// What happened, newest first.
    pub events: VecDeque<Event>,
    /// The second in which the change under way is done.
    until: Option<i64>,
    /// The Multi-AZ setting that a change under way leads to.
    multi_az_coming: Option<bool>,
    /// People whose sessions are held.
    sessions: f64,
    totals: Asked,
    /// As it was before the drill.
    setup: CacheSetup,
    seed: u64,
    random: ChaCha8Rng,
}

/// A shard: a part of the keys, on a primary and its replicas.
#[derive(Debug, Clone)]
pub struct Shard {
    /// As in `0001`.
    pub id: String,
    /// Its nodes, the primary first.
    pub nodes: Vec<Node>,
    /// The share (0–1) of its working set that it holds.
    warm: f64,
    /// The number of the next node.
    next: u32,
}

/// A node, which ElastiCache calls a cache cluster.
#[derive(Debug, Clone)]
pub struct Node {
    /// As in `production-solosuccess-redis-001`; the value of its metrics' dimension.
    pub id: String,
    /// What is happening to it.
    pub status: Status,
    /// The index of its zone in `Identity::zones`.
    pub zone: usize,
    /// Whether it takes writes.
    pub primary: bool,
    /// When it was asked for.
    pub created: Timestamp,
    /// The second in which what is happening to it is done.
    until: Option<i64>,
    /// The start of the first minute that was lived.
    since: Option<i64>,
    minute: NodeMinute,
    minutes: VecDeque<NodeMinute>,
}

/// What is happening to a group or a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// `available`
    Available,
    /// `modifying`
    Modifying,
    /// `creating`
    Creating,
    /// `deleting`
    Deleting,
}

impl Status {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Available => "available",
            Self::Modifying => "modifying",
            Self::Creating => "creating",
            Self::Deleting => "deleting",
        }
    }
}

/// A kind of node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeType {
    /// `cache.t3.small`
    T3Small,
    /// `cache.t3.medium`
    T3Medium,
    /// `cache.m7g.large`
    M7gLarge,
    /// `cache.r7g.large`
    R7gLarge,
}

impl NodeType {
    /// The types that a node can have here.
    pub const ALL: [Self; 4] = [Self::T3Small, Self::T3Medium, Self::M7gLarge, Self::R7gLarge];

    /// The name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::T3Small => "cache.t3.small",
            Self::T3Medium => "cache.t3.medium",
            Self::M7gLarge => "cache.m7g.large",
            Self::R7gLarge => "cache.r7g.large",
        }
    }

    /// `maxmemory`, GiB: "Redis OSS node-type specific parameters" in ElastiCache's guide.
    fn memory_gib(self) -> f64 {
        match self {
            Self::T3Small => 1.37,
            Self::T3Medium => 3.09,
            Self::M7gLarge => 6.38,
            Self::R7gLarge => 13.07,
        }
    }
}

/// What happened to a group or a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The id of the group or the node.
    pub source: String,
    /// Whether that is a group.
    pub of_group: bool,
    /// When.
    pub at: Timestamp,
    /// In ElastiCache's words.
    pub message: String,
}

/// Look-ups: `lookups = hits + misses` at any time.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Asked {
    /// Keys that were asked for.
    pub lookups: f64,
    /// Those that were there.
    pub hits: f64,
    /// Those that were not: each is a read of the database.
    pub misses: f64,
}

impl Group {
    /// The group as it has been for months.
    pub(super) fn new(setup: CacheSetup, seed: u64, now: i64) -> Self {
        let seed = names::mixed(seed, 31, 0);
        let created = names::time(now - 120 * DAY);
        let cluster_mode = setup.shards > 0;
        let mut group = Self {
            id: GROUP.to_owned(),
            arn: names::arn("elasticache", &format!("replicationgroup:{GROUP}")),
            node_type: NodeType::T3Medium,
            status: Status::Available,
            cluster_mode,
            multi_az: setup.multi_az,
            automatic_failover: setup.multi_az || cluster_mode,
            failover_coming: None,
            type_coming: None,
            created,
            shards: Vec::new(),
            events: VecDeque::new(),
            until: None,
            multi_az_coming: None,
            sessions: 0.0,
            totals: Asked::default(),
            setup,
            seed,
            random: ChaCha8Rng::seed_from_u64(seed),
        };
        for number in 1..=setup.shards.max(1) {
            let mut shard = Shard { id: format!("{number:04}"), nodes: Vec::new(), warm: 1.0, next: 1 };
            for _ in 0..=setup.replicas {
                let node = shard.new_node(cluster_mode, created);
                shard.nodes.push(Node { status: Status::Available, ..node });
            }
            group.shards.push(shard);
        }
        group
    }

    /// Every node, shard by shard.
    pub fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.shards.iter().flat_map(|shard| &shard.nodes)
    }

    /// The slots of a shard, as in `0-16383`.
    pub fn slots(&self, index: usize) -> String {
        let (count, index) = (self.shards.len() as u32, index as u32);
        format!("{}-{}", SLOTS * index / count, SLOTS * (index + 1) / count - 1)
    }

    /// The name that writes go to, or with cluster mode on everything.
    pub fn endpoint(&self) -> String {
        if self.cluster_mode { format!("clustercfg.{GROUP}.{DOMAIN}") } else { format!("master.{GROUP}.{DOMAIN}") }
    }

    /// The name that reads are spread under, with cluster mode off.
    pub fn reader_endpoint(&self) -> String {
        format!("replica.{GROUP}.{DOMAIN}")
    }

    /// Nodes that are paid for: from when they are there until they are gone.
    pub fn paid(&self) -> u32 {
        self.nodes().filter(|node| node.status != Status::Creating).count() as u32
    }

    /// Everything that was asked since the start.
    pub fn asked(&self) -> Asked {
        self.totals
    }

    /// Loses everything it holds.
    pub(super) fn empty(&mut self) {
        self.shards.iter_mut().for_each(|shard| shard.warm = 0.0);
    }

    /// Takes what it is like into a trace.
    pub(super) fn trace(&self, trace: &mut names::Fnv) {
        trace.add(self.totals.misses.to_bits());
        trace.add(self.nodes().filter(|node| node.status == Status::Available).count() as u64);
    }

    /// What is under way goes on by a second.
    pub(super) fn step(&mut self, now: i64) {
        let mut news = Vec::new();
        for shard in &mut self.shards {
            for node in &mut shard.nodes {
                if node.until.is_none_or(|until| until > now) {
                    continue;
                }
                node.until = None;
                if node.status == Status::Creating {
                    let zone = IDENTITY.zones[node.zone];
                    news.push((node.id.clone(), format!("Added cache node 0001 in availability zone {zone}")));
                }
                if node.status == Status::Deleting {
                    news.push((node.id.clone(), "Cache cluster deleted".to_owned()));
                } else {
                    node.status = Status::Available;
                }
            }
            shard.nodes.retain(|node| node.status != Status::Deleting || node.until.is_some());
        }
        self.shards.retain(|shard| !shard.nodes.is_empty());
        for (source, message) in news {
            self.note(source, false, message, now);
        }
        if self.until.is_some_and(|until| until <= now) {
            self.settle(now);
        }
    }

    /// The change under way is done.
    fn settle(&mut self, now: i64) {
        self.until = None;
        self.status = Status::Available;
        self.node_type = self.type_coming.take().unwrap_or(self.node_type);
        self.multi_az = self.multi_az_coming.take().unwrap_or(self.multi_az);
        self.automatic_failover = self.failover_coming.take().unwrap_or(self.automatic_failover);
        self.note(self.id.clone(), true, format!("Replication group {} is available", self.id), now);
    }

    fn note(&mut self, source: String, of_group: bool, message: String, now: i64) {
        self.events.push_front(Event { source, of_group, at: names::time(now), message });
        let oldest = names::time(now - EVENTS_KEPT);
        self.events.retain(|event| event.at >= oldest);
    }
}

impl Shard {
    /// A node that is being created, in the zone after the last one's.
    fn new_node(&mut self, cluster_mode: bool, created: Timestamp) -> Node {
        let number = self.next;
        self.next += 1;
        let id = if cluster_mode { format!("{GROUP}-{}-{number:03}", self.id) } else { format!("{GROUP}-{number:03}") };
        Node {
            id,
            status: Status::Creating,
            zone: (number as usize - 1) % IDENTITY.zones.len(),
            primary: self.nodes.is_empty(),
            created,
            until: None,
            since: None,
            minute: NodeMinute::default(),
            minutes: VecDeque::new(),
        }
    }

    /// Replicas that stay.
    fn replicas(&self) -> u32 {
        self.nodes.iter().filter(|node| !node.primary && node.status != Status::Deleting).count() as u32
    }
}

impl Node {
    /// Its name.
    pub fn endpoint(&self) -> String {
        format!("{}.{DOMAIN}", self.id)
    }

    /// Its ARN.
    pub fn arn(&self) -> String {
        names::arn("elasticache", &format!("cluster:{}", self.id))
    }

    /// Whether it answers.
    fn serves(&self) -> bool {
        matches!(self.status, Status::Available | Status::Modifying)
    }
}

#[cfg(test)]
mod tests;
