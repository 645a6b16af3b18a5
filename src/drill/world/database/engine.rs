//! How one instance works: queries take processor time, replicas replay what the primary wrote, connections take
//! memory, and what is asked beyond it all waits or fails. Numbers in, numbers out; nothing here knows names.

use std::collections::VecDeque;

use super::class::Class;
use super::metrics::{Measure, Sample};
use crate::drill::world::{load, names};

/// Processor seconds of a read.
const READ_CPU: f64 = 0.004;
/// Processor seconds of a write where it is made.
const WRITE_CPU: f64 = 0.003;
/// Processor seconds of a write where it is replayed.
const REPLAY_CPU: f64 = 0.0015;
/// The share of its processors that an instance uses for itself.
const IDLE: f64 = 0.03;
/// Processor seconds a second that a connection takes by being there.
const CONNECTION_CPU: f64 = 0.000_1;
/// Memory of a connection, bytes.
const CONNECTION_MEMORY: f64 = 4.5 * 1_048_576.0;
/// The share of its memory that an instance without connections could free.
const FREEABLE: f64 = 0.45;
/// Memory that is never given up, bytes.
const LEAST_FREEABLE: f64 = 60.0 * 1_048_576.0;
/// Seconds of reads that wait before more are refused: what a pool waits for a connection.
const QUEUE_SECONDS: f64 = 10.0;
/// Utilisation beyond which the steady-state law says nothing.
const UNSTEADY: f64 = 0.97;
/// Utilisation up to which nobody notices that a database is there.
const UNNOTICED: f64 = 0.7;
/// Writes that one process replays in a second on an instance that does nothing else. PostgreSQL has one such process.
const REPLAYED_PER_SECOND: f64 = 150.0;
/// Seconds until a replica that comes from a snapshot has its blocks: until then its storage reads them one by one.
const WARMING: f64 = 300.0;
/// Connections that are kept for the superuser and for RDS itself.
const RESERVED: u32 = 5;
/// Connections that RDS itself holds.
const OWN_CONNECTIONS: f64 = 2.0;
/// Storage operations of a gp3 volume in a second.
const IOPS: f64 = 3000.0;
/// PostgreSQL without writes switches its log every five minutes; a replica's lag is the age of the last commit.
const IDLE_LAG: i64 = 300;
/// Writes that a replica may be behind: six hours of seconds.
const MOST_BEHIND: usize = 6 * 3600;

/// What is asked of an instance in a second.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Asked {
    /// Reads.
    pub reads: f64,
    /// Writes, on the primary.
    pub writes: f64,
    /// Connections that the clients want to hold.
    pub connections: f64,
}

/// What became of it.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Done {
    /// Reads that were answered.
    pub reads: f64,
    /// Reads that got no connection, or waited too long.
    pub reads_failed: f64,
    /// Writes that were made.
    pub writes: f64,
    /// Writes that failed.
    pub writes_failed: f64,
    /// Seconds that a read took beyond what nobody notices.
    pub noticed: f64,
}

/// How an instance replicates.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Replay {
    /// The writes that are not replayed yet, by the second in which they were made.
    behind: VecDeque<(i64, f64)>,
    /// Since when the blocks come from the snapshot; `None`: it is warm.
    pub warming_since: Option<i64>,
    /// The last second in which the primary wrote.
    last_write: i64,
    /// Nothing is replayed.
    pub broken: bool,
}

impl Replay {
    /// One that has replayed everything by a second.
    pub fn caught_up(second: i64) -> Self {
        Self { behind: VecDeque::new(), warming_since: None, last_write: second, broken: false }
    }

    /// Notes what the primary wrote in a second.
    pub fn note(&mut self, second: i64, writes: f64) {
        if writes > 0.0 {
            self.last_write = second;
            self.behind.push_back((second, writes));
        }
        while self.behind.len() > MOST_BEHIND {
            self.behind.pop_front();
        }
    }

    /// Replays up to `most` writes, and tells how many those were.
    fn advance(&mut self, most: f64) -> f64 {
        if self.broken {
            return 0.0;
        }
        let mut left = most;
        while let Some((_, writes)) = self.behind.front_mut() {
            if *writes > left {
                *writes -= left;
                return most;
            }
            left -= *writes;
            self.behind.pop_front();
        }
        most - left
    }

    /// `ReplicaLag` in a second, seconds.
    pub fn lag(&self, second: i64, seed: u64) -> f64 {
        const KIND: u64 = 21;
        if self.broken {
            return -1.0;
        }
        let idle = second - self.last_write;
        match self.behind.front() {
            Some((oldest, _)) => (second - oldest) as f64 + 1.0,
            None if idle > 1 => (idle % IDLE_LAG) as f64,
            None => 0.02 + 0.1 * names::share(seed, KIND, second),
        }
    }
}

/// A running instance.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Engine {
    /// Its class.
    pub class: Class,
    /// `max_connections`
    pub max_connections: u32,
    /// How it replicates; `None`: it is a source.
    pub replay: Option<Replay>,
    /// Reads that wait.
    pub waiting: f64,
    /// Credits that are left.
    credits: f64,
    /// Storage that is free, bytes.
    free_storage: f64,
    /// How much of the processors was used in the last second, 0–1.
    utilisation: f64,
    seed: u64,
}

impl Engine {
    /// One that has done nothing yet.
    pub fn new(class: Class, max_connections: u32, replay: Option<Replay>, free_storage: f64, seed: u64) -> Self {
        let credits = class.credits.map_or(0.0, |credits| credits.most * 0.8);
        Self { class, max_connections, replay, waiting: 0.0, credits, free_storage, utilisation: 0.0, seed }
    }

    /// Works for a second.
    pub fn work(&mut self, asked: Asked, second: i64) -> (Done, Sample) {
        let capacity = self.class.vcpu;
        let room = f64::from(self.max_connections.saturating_sub(RESERVED));
        let connected = if asked.connections > room { room / asked.connections } else { 1.0 };
        let held = asked.connections * connected + OWN_CONNECTIONS;

        let own = capacity * IDLE + held * CONNECTION_CPU;
        let writes_coming = asked.writes * connected;
        let writes = writes_coming.min((capacity - own).max(0.0) / WRITE_CPU);
        let replayed = self.replay(second);
        let taken = own + writes * WRITE_CPU + replayed * REPLAY_CPU;
        let rate = (capacity - taken).max(0.0) / READ_CPU;
        let coming = self.waiting + asked.reads * connected;
        let reads = coming.min(rate);
        self.waiting = (coming - reads).min(QUEUE_SECONDS * rate);
        let refused = coming - reads - self.waiting;
        self.utilisation = ((taken + reads * READ_CPU) / capacity).min(1.0);

        let waited = if rate > 0.0 { self.waiting / rate } else { QUEUE_SECONDS };
        let noticed = (read_seconds(self.utilisation) - read_seconds(UNNOTICED)).max(0.0) + waited;
        if let Some(credits) = self.class.credits {
            let used = self.utilisation * capacity / 60.0;
            self.credits = (self.credits + credits.per_hour / 3600.0 - used).clamp(0.0, credits.most);
        }
        self.free_storage = (self.free_storage - (writes + replayed) * 600.0).max(0.0);
        let done = Done {
            reads,
            reads_failed: asked.reads * (1.0 - connected) + refused,
            writes,
            writes_failed: asked.writes - writes,
            noticed,
        };
        (done, self.sample(reads, writes, replayed, held, second))
    }

    /// Replays for a second. Reads that keep the processors busy slow it down, and so does a cold storage.
    fn replay(&mut self, second: i64) -> f64 {
        let Some(replay) = &mut self.replay else { return 0.0 };
        let contention = 1.0 - 0.8 * ((self.utilisation - 0.6) / 0.4).clamp(0.0, 1.0);
        let warmth = replay.warming_since.map_or(1.0, |since| ((second - since) as f64 / WARMING).clamp(0.05, 1.0));
        replay.advance(REPLAYED_PER_SECOND * contention * warmth)
    }

    fn sample(&self, reads: f64, writes: f64, replayed: f64, held: f64, second: i64) -> Sample {
        const LATENCY: u64 = 22;
        let (read_iops, write_iops) = (0.2 + 0.25 * reads, 0.3 + 2.2 * writes + 1.6 * replayed);
        let crowding = 1.0 / (1.0 - ((read_iops + write_iops) / IOPS).min(0.95));
        let strain = 1.0 + 3.0 * (self.utilisation - UNNOTICED).max(0.0);
        let wavering = 0.9 + 0.2 * names::share(self.seed, LATENCY, second.div_euclid(60));
        let cpu = 100.0 * self.utilisation + 0.5 * load::waver(self.seed, second.div_euclid(60));
        let mut sample = Sample::default();
        sample.set(Measure::Cpu, cpu.clamp(0.5, 100.0));
        sample.set(Measure::Connections, held.round());
        sample.set(Measure::ReadLatency, 0.000_6 * crowding * strain * wavering);
        sample.set(Measure::WriteLatency, 0.001_2 * crowding * strain * wavering);
        sample.set(Measure::ReadIops, read_iops);
        sample.set(Measure::WriteIops, write_iops);
        let memory = self.class.memory() * FREEABLE - held * CONNECTION_MEMORY;
        sample.set(Measure::FreeableMemory, memory.max(LEAST_FREEABLE));
        sample.set(Measure::FreeStorage, self.free_storage);
        if self.class.credits.is_some() {
            sample.set(Measure::Credits, self.credits);
        }
        if let Some(replay) = &self.replay {
            sample.set(Measure::ReplicaLag, replay.lag(second, self.seed));
        }
        sample
    }
}

/// The mean time of a read without a queue, seconds.
fn read_seconds(utilisation: f64) -> f64 {
    READ_CPU / (1.0 - utilisation.min(UNSTEADY))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn engine(replay: Option<Replay>) -> Engine {
        let class = Class::parse("db.t3.medium").unwrap();
        Engine::new(class, class.default_connections(), replay, 6e10, 7)
    }

    /// Lets an instance be asked the same for some seconds, and adds up what became of it.
    fn asked(engine: &mut Engine, asked: Asked, seconds: std::ops::Range<i64>) -> (Done, Sample) {
        let mut sum = Done::default();
        let mut last = Sample::default();
        for second in seconds {
            if let Some(replay) = &mut engine.replay {
                replay.note(second, asked.writes);
            }
            let own = Asked { writes: if engine.replay.is_some() { 0.0 } else { asked.writes }, ..asked };
            let (done, sample) = engine.work(own, second);
            sum.reads += done.reads;
            sum.reads_failed += done.reads_failed;
            sum.writes += done.writes;
            sum.writes_failed += done.writes_failed;
            sum.noticed = done.noticed;
            last = sample;
        }
        (sum, last)
    }

    #[test]
    fn every_read_is_answered_fails_or_waits() {
        for reads in [0.0, 10.0, 400.0, 2000.0] {
            for connections in [40.0, 600.0] {
                let mut engine = engine(None);
                let ask = Asked { reads, writes: 5.0, connections };
                let (done, _) = asked(&mut engine, ask, 0..100);
                let told = done.reads + done.reads_failed + engine.waiting;
                assert!((told - 100.0 * reads).abs() < 1e-6, "{reads} {connections}: {told}");
                assert!((done.writes + done.writes_failed - 500.0).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn under_seventy_percent_nobody_notices_and_saturated_everybody_does() {
        for (reads, noticed) in [(50.0, false), (300.0, false), (470.0, true), (900.0, true)] {
            let ask = Asked { reads, writes: 5.0, connections: 80.0 };
            let (done, sample) = asked(&mut engine(None), ask, 0..60);
            assert_eq!(done.noticed > 0.0, noticed, "{reads}: {done:?}");
            assert_eq!(sample.get(Measure::Cpu).unwrap() > 70.0, noticed, "{reads}");
        }
    }

    #[test]
    fn connections_beyond_the_most_are_refused_with_what_they_ask() {
        let ask = Asked { reads: 100.0, writes: 0.0, connections: 816.0 };
        let (done, sample) = asked(&mut engine(None), ask, 0..10);
        assert!((done.reads_failed - 500.0).abs() < 1e-6, "half of them: {done:?}");
        assert_eq!(sample.get(Measure::Connections), Some(410.0));
        assert!(sample.get(Measure::FreeableMemory).unwrap() < 100e6);
    }

    #[test]
    fn a_replica_follows_until_more_is_written_than_one_process_replays() {
        let mut replica = engine(Some(Replay::caught_up(0)));
        let steady = Asked { reads: 50.0, writes: 40.0, connections: 40.0 };
        let (_, sample) = asked(&mut replica, steady, 0..60);
        assert!(sample.get(Measure::ReplicaLag).unwrap() < 1.0);
        let (_, sample) = asked(&mut replica, Asked { writes: 300.0, ..steady }, 60..360);
        let lag = sample.get(Measure::ReplicaLag).unwrap();
        assert!((140.0..160.0).contains(&lag), "half of five minutes: {lag}");
        let (_, sample) = asked(&mut replica, steady, 360..1000);
        assert!(sample.get(Measure::ReplicaLag).unwrap() < 1.0, "it has caught up");
    }

    #[test]
    fn without_writes_the_lag_is_the_age_of_the_last_commit_and_broken_is_minus_one() {
        let mut replica = engine(Some(Replay::caught_up(0)));
        let (_, sample) = asked(&mut replica, Asked::default(), 0..200);
        assert_eq!(sample.get(Measure::ReplicaLag), Some(199.0));
        let (_, sample) = asked(&mut replica, Asked::default(), 200..311);
        assert_eq!(sample.get(Measure::ReplicaLag), Some(10.0), "a log of nothing is switched every five minutes");
        replica.replay.as_mut().unwrap().broken = true;
        let (_, sample) = asked(&mut replica, Asked::default(), 311..312);
        assert_eq!(sample.get(Measure::ReplicaLag), Some(-1.0));
    }

    #[test]
    fn credits_are_spent_above_the_baseline_and_earned_below() {
        let busy = Asked { reads: 300.0, writes: 0.0, connections: 40.0 };
        let mut engine = engine(None);
        let at = |sample: Sample| sample.get(Measure::Credits).unwrap();
        let (_, first) = asked(&mut engine, busy, 0..1);
        let (_, spent) = asked(&mut engine, busy, 1..3600);
        assert!((at(first) - at(spent) - 52.0).abs() < 5.0, "{} then {}", at(first), at(spent));
        let (_, earned) = asked(&mut engine, Asked::default(), 3600..7200);
        assert!(at(earned) > at(spent));
    }
}
