//! What the cache is asked, what it has, and what that costs its nodes.
//!
//! Every request looks up a dozen keys on any node of their shard; what is not there is read from the database and
//! written to the primary, which every replica repeats. Popular keys come back first: a shard that holds the share `w`
//! of its working set answers `w^0.3` of what a warm one does. Sessions come with their people and go half an hour after.

use super::super::names;
use super::measure::{NodeMinute, Rates};
use super::{Asked, Group, NodeType, Shard};

/// Keys that a request looks up.
const LOOKUPS: f64 = 12.0;
/// Keys that a request writes whatever it finds: its session.
const WRITES: f64 = 0.5;
/// The share of look-ups that a warm cache answers; the others have expired.
pub(super) const WARM_HITS: f64 = 0.94;
/// How much faster hits come back than keys.
const POPULARITY: f64 = 0.3;
/// Bytes of a key with its value.
const ITEM: f64 = 6.0 * 1024.0;
/// Bytes of a question.
const QUESTION: f64 = 90.0;
const GIB: f64 = (1_u64 << 30) as f64;
/// What is held whoever is there, bytes.
const CATALOGUE: f64 = 1.45 * GIB;
/// What is held of a person, bytes.
const SESSION: f64 = 0.72 * (1 << 20) as f64;
/// The share by which sessions expire in a second: half an hour.
const EXPIRY: f64 = 1.0 / 1800.0;
/// The share of `maxmemory` that holds keys before others are evicted; the rest are buffers.
const USABLE: f64 = 0.97;
/// Seconds of the engine's one thread that a look-up and a write take.
const LOOKUP_SECONDS: f64 = 0.000_15;
const WRITE_SECONDS: f64 = 0.000_2;
/// The share of the engine that a node at rest uses.
const IDLE: f64 = 0.012;
/// vCPUs of a node, of every type here.
const CORES: f64 = 2.0;
/// What the host does besides the engine, as a share of what the engine does.
const HOST: f64 = 0.3;
/// Connections that a task keeps to each node, and those of ElastiCache itself.
const CONNECTIONS: f64 = 10.0;
const OWN_CONNECTIONS: f64 = 4.0;

/// What arrives in a span.
#[derive(Debug, Clone, Copy)]
pub(in crate::drill::world) struct Flow {
    /// Requests that were answered.
    pub requests: f64,
    /// People.
    pub users: f64,
    /// Tasks that run.
    pub tasks: f64,
    /// The share of misses that the database answers, 0–1: the others fill nothing.
    pub reached: f64,
    /// How long it is, seconds.
    pub seconds: f64,
    /// When it began.
    pub at: i64,
}

/// The share of look-ups that a shard answers which holds the share `held` of its working set.
fn hit_share(held: f64) -> f64 {
    WARM_HITS * held.powf(POPULARITY)
}

/// Bytes that are worth holding.
fn working_set(sessions: f64) -> f64 {
    CATALOGUE + sessions * SESSION
}

/// Bytes that a node has for keys.
fn room(node_type: NodeType) -> f64 {
    node_type.memory_gib() * GIB * USABLE
}

/// A shard in a span.
struct Load {
    asked: Asked,
    /// Look-ups that a warm cache would have answered and this one did not.
    lost: f64,
    writes: f64,
    evictions: f64,
    /// Bytes held.
    held: f64,
    seconds: f64,
    tasks: f64,
}

impl Load {
    fn of(flow: Flow, shards: f64, warm: f64, sessions: f64, room: f64, seed: u64) -> Self {
        let wanted = working_set(sessions) / shards;
        let held = warm.min(room / wanted);
        let lookups = flow.requests * LOOKUPS / shards;
        // What is asked for wavers a little from minute to minute.
        let wavering = (names::share(seed, 32, flow.at.div_euclid(60)) - 0.5) * 0.012;
        let hits = lookups * (hit_share(held) * (1.0 + wavering)).min(1.0);
        let misses = lookups - hits;
        Self {
            asked: Asked { lookups, hits, misses },
            lost: lookups * (WARM_HITS - hit_share(held)),
            writes: misses + flow.requests * WRITES / shards,
            // A full shard throws out a key for each that it takes in.
            evictions: if wanted > room && warm >= held { misses } else { 0.0 },
            held: held * wanted,
            seconds: flow.seconds,
            tasks: flow.tasks,
        }
    }

    /// What one of `serving` nodes that `replicas` of them follow does.
    fn rates(&self, primary: bool, serving: f64, replicas: f64, node_type: NodeType) -> Rates {
        let reads = self.asked.lookups / serving;
        let busy = (reads * LOOKUP_SECONDS + self.writes * WRITE_SECONDS) / self.seconds;
        let engine = (IDLE + busy).min(1.0);
        let repeated = if primary { self.writes * ITEM * replicas } else { 0.0 };
        Rates {
            hits: self.asked.hits / serving,
            misses: self.asked.misses / serving,
            evictions: self.evictions,
            bytes_in: self.writes * ITEM + reads * QUESTION,
            bytes_out: self.asked.hits / serving * ITEM + repeated,
            engine: engine * 100.0,
            cpu: (2.5 + engine * 100.0 * (1.0 + HOST) / CORES).min(100.0),
            memory: (self.held / (node_type.memory_gib() * GIB) * 100.0 + 2.0).min(100.0),
            used: self.held,
            items: self.held / ITEM,
            connections: OWN_CONNECTIONS + CONNECTIONS * self.tasks,
            lag: if primary { None } else { Some(0.001 + 0.02 * (engine - IDLE)) },
        }
    }
}

impl Group {
    /// Lets a second's requests ask: the reads that are left to the database beyond those of a warm cache, which belong
    /// to what every request costs it.
    pub(in crate::drill::world) fn serve(&mut self, flow: Flow, now: i64) -> f64 {
        self.sessions = flow.users.max(self.sessions - self.sessions * EXPIRY);
        let (shards, room) = (self.serving_shards(), room(self.node_type));
        let (mut second, mut lost) = (Asked::default(), 0.0);
        for shard in &mut self.shards {
            if shard.is_leaving() {
                continue;
            }
            let load = Load::of(flow, shards, shard.warm, self.sessions, room, self.seed);
            second.lookups += load.asked.lookups;
            second.hits += load.asked.hits;
            second.misses += load.asked.misses;
            lost += load.lost;
            shard.note(&load, self.node_type, now);
            // What a warm cache would have had fills it; the other misses have expired and take their own places again.
            let wanted = working_set(self.sessions) / shards;
            shard.warm = (shard.warm + load.lost * flow.reached * ITEM / wanted).min(1.0);
            if shard.warm > 0.9999 {
                shard.warm = 1.0;
            }
        }
        self.totals.lookups += second.lookups;
        self.totals.hits += second.hits;
        self.totals.misses += second.misses;
        lost
    }

    /// A minute of a node that was not lived, in which everything was at rest.
    pub(super) fn at_rest(&self, primary: bool, flow: Flow) -> NodeMinute {
        let (shards, replicas) = (f64::from(self.setup.shards.max(1)), f64::from(self.setup.replicas));
        let load = Load::of(flow, shards, 1.0, flow.users, room(NodeType::T3Medium), self.seed);
        let rates = load.rates(primary, replicas + 1.0, replicas, NodeType::T3Medium);
        let mut minute = NodeMinute::default();
        minute.add(&rates);
        minute
    }

    fn serving_shards(&self) -> f64 {
        (self.shards.iter().filter(|shard| !shard.is_leaving()).count() as f64).max(1.0)
    }
}

impl Shard {
    pub(super) fn is_leaving(&self) -> bool {
        self.nodes.iter().all(|node| !node.serves())
    }

    /// Counts a second of the shard into its nodes' minutes.
    fn note(&mut self, load: &Load, node_type: NodeType, now: i64) {
        let serving = self.nodes.iter().filter(|node| node.serves()).count() as f64;
        let replicas = (serving - 1.0).max(0.0);
        for node in self.nodes.iter_mut().filter(|node| node.serves()) {
            let rates = load.rates(node.primary, serving, replicas, node_type);
            node.note(&rates, now);
        }
    }
}
