//! The cache's metrics: what CloudWatch can be asked of a node, and a minute of it. ElastiCache publishes one sample a
//! minute, zeros too, with the node's id alone and with `CacheNodeId` 0001.

use super::super::metrics::{Datum, Key, Metric, Of};
use super::super::{minute, names};
use super::{Flow, Group, Node};

/// Minutes that are kept: CloudWatch keeps those of one minute for fifteen days.
const MINUTES_KEPT: usize = 15 * 24 * 60;
/// The number of a node's one cache node.
const NODE_NUMBER: &str = "0001";
/// The share of its batches after which a minute's one sample is there.
const SAMPLED: f64 = 0.4;

/// A metric in `AWS/ElastiCache`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CacheMetric {
    /// `CPUUtilization`, % of the host.
    Cpu,
    /// `EngineCPUUtilization`, % of the engine's thread.
    EngineCpu,
    /// `DatabaseMemoryUsagePercentage`, % of `maxmemory`.
    Memory,
    /// `BytesUsedForCache`
    BytesUsed,
    /// `CurrItems`
    Items,
    /// `CacheHits`
    Hits,
    /// `CacheMisses`
    Misses,
    /// `CacheHitRate`, %.
    HitRate,
    /// `Evictions`
    Evictions,
    /// `NetworkBytesIn`
    BytesIn,
    /// `NetworkBytesOut`
    BytesOut,
    /// `CurrConnections`
    Connections,
    /// `ReplicationLag`, seconds; of replicas only.
    Lag,
}

impl CacheMetric {
    /// Every metric that is published.
    pub const ALL: [Self; 13] = [
        Self::Cpu,
        Self::EngineCpu,
        Self::Memory,
        Self::BytesUsed,
        Self::Items,
        Self::Hits,
        Self::Misses,
        Self::HitRate,
        Self::Evictions,
        Self::BytesIn,
        Self::BytesOut,
        Self::Connections,
        Self::Lag,
    ];
    /// The namespace.
    pub const NAMESPACE: &'static str = "AWS/ElastiCache";

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cpu => "CPUUtilization",
            Self::EngineCpu => "EngineCPUUtilization",
            Self::Memory => "DatabaseMemoryUsagePercentage",
            Self::BytesUsed => "BytesUsedForCache",
            Self::Items => "CurrItems",
            Self::Hits => "CacheHits",
            Self::Misses => "CacheMisses",
            Self::HitRate => "CacheHitRate",
            Self::Evictions => "Evictions",
            Self::BytesIn => "NetworkBytesIn",
            Self::BytesOut => "NetworkBytesOut",
            Self::Connections => "CurrConnections",
            Self::Lag => "ReplicationLag",
        }
    }

    /// Its unit, in CloudWatch's words.
    pub fn unit(self) -> &'static str {
        match self {
            Self::Cpu | Self::EngineCpu | Self::Memory | Self::HitRate => "Percent",
            Self::BytesUsed | Self::BytesIn | Self::BytesOut => "Bytes",
            Self::Lag => "Seconds",
            Self::Items | Self::Hits | Self::Misses | Self::Evictions | Self::Connections => "Count",
        }
    }

    /// The key that a request names, if it is one of these.
    pub(in crate::drill::world) fn key(namespace: &str, name: &str, dimensions: &[(String, String)]) -> Option<Key> {
        let metric = Self::ALL.into_iter().find(|one| namespace == Self::NAMESPACE && one.name() == name)?;
        let value = |wanted: &str| dimensions.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
        let numbered = match (dimensions.len(), value("CacheNodeId")) {
            (1, None) => false,
            (2, Some(NODE_NUMBER)) => true,
            _ => return None,
        };
        let node = value("CacheClusterId")?.to_owned();
        Some(Key { metric: Metric::Cache(metric), of: Of::CacheNode { node, numbered } })
    }

    /// The dimensions of a node.
    pub(in crate::drill::world) fn dimensions(node: &str, numbered: bool) -> Vec<(&'static str, &str)> {
        let mut dimensions = vec![("CacheClusterId", node)];
        if numbered {
            dimensions.push(("CacheNodeId", NODE_NUMBER));
        }
        dimensions
    }
}

/// What a node does in a span.
pub(super) struct Rates {
    pub hits: f64,
    pub misses: f64,
    pub evictions: f64,
    pub bytes_in: f64,
    pub bytes_out: f64,
    /// %
    pub engine: f64,
    /// %
    pub cpu: f64,
    /// %
    pub memory: f64,
    /// Bytes.
    pub used: f64,
    pub items: f64,
    pub connections: f64,
    /// Seconds; `None`: it follows nobody.
    pub lag: Option<f64>,
}

/// A minute of a node: counts added up, gauges added up with how many there were.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct NodeMinute {
    hits: f64,
    misses: f64,
    evictions: f64,
    bytes_in: f64,
    bytes_out: f64,
    engine: f64,
    cpu: f64,
    memory: f64,
    used: f64,
    items: f64,
    connections: f64,
    lag: Option<f64>,
    samples: f64,
}

impl NodeMinute {
    /// Takes a span in.
    pub fn add(&mut self, rates: &Rates) {
        self.hits += rates.hits;
        self.misses += rates.misses;
        self.evictions += rates.evictions;
        self.bytes_in += rates.bytes_in;
        self.bytes_out += rates.bytes_out;
        self.engine += rates.engine;
        self.cpu += rates.cpu;
        self.memory += rates.memory;
        self.used += rates.used;
        self.items += rates.items;
        self.connections = self.connections.max(rates.connections);
        self.lag = rates.lag.map(|lag| self.lag.unwrap_or(0.0) + lag);
        self.samples += 1.0;
    }

    /// What CloudWatch has of it. `None`: nothing was sampled.
    fn value(&self, metric: CacheMetric) -> Option<f64> {
        if self.samples == 0.0 {
            return None;
        }
        let mean = |sum: f64| sum / self.samples;
        Some(match metric {
            CacheMetric::Cpu => mean(self.cpu),
            CacheMetric::EngineCpu => mean(self.engine),
            CacheMetric::Memory => mean(self.memory),
            CacheMetric::BytesUsed => mean(self.used).round(),
            CacheMetric::Items => mean(self.items).round(),
            CacheMetric::Hits => self.hits.round(),
            CacheMetric::Misses => self.misses.round(),
            CacheMetric::HitRate => {
                let lookups = self.hits + self.misses;
                if lookups < 0.5 {
                    return None;
                }
                self.hits / lookups * 100.0
            }
            CacheMetric::Evictions => self.evictions.round(),
            CacheMetric::BytesIn => self.bytes_in.round(),
            CacheMetric::BytesOut => self.bytes_out.round(),
            CacheMetric::Connections => self.connections.round(),
            CacheMetric::Lag => mean(self.lag?),
        })
    }
}

impl Node {
    /// Counts a second, and closes the minute that ends with it.
    pub(super) fn note(&mut self, rates: &Rates, now: i64) {
        self.minute.add(rates);
        if now.rem_euclid(60) != 0 {
            return;
        }
        // A gap – a node that was away – is filled with minutes of nothing, so that a minute's place is its time.
        let since = *self.since.get_or_insert(now - 60);
        while since + 60 * (self.minutes.len() as i64) < now - 60 {
            self.minutes.push_back(NodeMinute::default());
        }
        self.minutes.push_back(std::mem::take(&mut self.minute));
        if self.minutes.len() > MINUTES_KEPT {
            self.minutes.pop_front();
            self.since = Some(since + 60);
        }
    }
}

impl Group {
    /// What CloudWatch has of a node for the minutes that begin in `[from, to)`, as of `now`; `flow` gives what arrived
    /// in a minute before the drill.
    pub(in crate::drill::world) fn read(
        &self,
        (node, metric): (&str, CacheMetric),
        (from, to): (i64, i64),
        now: i64,
        flow: impl Fn(i64) -> Flow,
    ) -> Vec<Datum> {
        let Some(node) = self.nodes().find(|one| one.id == node) else { return Vec::new() };
        let oldest = from.max(node.created.as_second()).max(now - MINUTES_KEPT as i64 * 60);
        let old = node.created == self.created;
        let minute = |at: i64| match node.since {
            Some(since) if at >= since => node.minutes.get(((at - since) / 60) as usize).copied(),
            _ => old.then(|| self.at_rest(node.primary, flow(at))),
        };
        let datum = |at: i64| {
            minute::published(self.seed, at, now).filter(|share| *share >= SAMPLED)?;
            let value = minute(at)?.value(metric)?;
            Some(Datum { at: names::time(at), sum: value, min: value, max: value, samples: 1.0, sketch: None })
        };
        ((oldest + 59).div_euclid(60) * 60..to.min(now)).step_by(60).filter_map(datum).collect()
    }

    /// The keys of its nodes' metrics.
    pub(in crate::drill::world) fn keys(&self) -> Vec<Key> {
        let mut keys = Vec::new();
        for node in self.nodes().filter(|node| node.serves()) {
            for metric in CacheMetric::ALL.into_iter().filter(|one| *one != CacheMetric::Lag || !node.primary) {
                for numbered in [false, true] {
                    let of = Of::CacheNode { node: node.id.clone(), numbered };
                    keys.push(Key { metric: Metric::Cache(metric), of });
                }
            }
        }
        keys
    }
}
