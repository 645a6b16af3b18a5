//! The database behind the service: a primary that is written to, replicas that are read, and the name with weights by
//! which readers find them. Deliberately absent: what any query asks for, fail-over, and the seconds in which a change
//! of class interrupts an instance.

pub mod class;
pub mod dns;
mod engine;
pub mod instance;
pub mod metrics;
mod origin;
mod write;

use std::collections::VecDeque;

use jiff::Timestamp;

use super::metrics::Datum;
use super::minute;
use super::names::{self, Fnv};
use crate::drill::scenario::DatabaseOf;
use dns::{Clients, Zone};
use engine::{Asked, Engine, Replay};
use instance::{Instance, Phase};
use metrics::{Measure, Sample};
pub(in crate::drill) use write::is_identifier;
pub use write::{Modification, Refusal, ReplicaWish};

/// The engine of every instance.
pub const ENGINE: &str = "postgres";
/// Its version.
pub const ENGINE_VERSION: &str = "16.4";
/// Its port.
pub const PORT: u16 = 5432;
/// The name that readers resolve.
pub const READER: &str = "reader.db.solosuccess.internal.";

/// The share of reads that want what was just written, and so go to the primary.
const SESSION: f64 = 0.2;
/// The share of a task's pool that is connected to the primary.
const PRIMARY_POOL: f64 = 0.5;
/// Minutes that are kept, as CloudWatch keeps those of one minute: fifteen days.
const MINUTES_KEPT: usize = 15 * 24 * 60;
/// Events that are kept.
const EVENTS_KEPT: usize = 1000;
/// Seconds that the first backup of a new instance takes.
const BACKING_UP: i64 = 45;

/// What a service asks of its database.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Demand {
    /// Requests that its tasks worked on in a second.
    pub requests: f64,
    /// Tasks that run.
    pub tasks: f64,
    /// Reads in a second that a warm cache would have spared: what those of every request come on top of.
    pub missed: f64,
}

impl Demand {
    /// Reads in a second.
    fn reads(&self, of: &DatabaseOf) -> f64 {
        self.requests * of.reads + self.missed
    }
}

/// What a request suffers because of the database.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Toll {
    /// Seconds that it takes longer.
    pub seconds: f64,
    /// The share of requests that fail, 0–1.
    pub failing: f64,
}

/// What became of reads, added up: `asked = served + failed + waiting` at any time.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Reads {
    /// Reads that were asked for.
    pub asked: f64,
    /// Reads that were answered.
    pub served: f64,
    /// Reads that were not.
    pub failed: f64,
}

/// Something that happened to an instance, as `DescribeEvents` tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// The instance.
    pub instance: String,
    /// Its ARN.
    pub arn: String,
    /// What, in AWS's words.
    pub message: String,
    /// As in `creation`.
    pub category: &'static str,
}

/// A parameter group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterGroup {
    /// Its name.
    pub name: String,
    /// The family of engines that it is for.
    pub family: &'static str,
    /// What it is for.
    pub description: String,
    /// `max_connections`, where somebody set it; else the default's formula.
    pub max_connections: Option<u32>,
}

/// The databases of the account, and the name of their readers.
#[derive(Debug, Clone)]
pub struct Databases {
    /// The instances, in the order in which they were created; the primary is the first.
    pub instances: Vec<Instance>,
    /// The hosted zone of the readers' name.
    pub zone: Zone,
    /// What happened, the newest last.
    pub events: VecDeque<Event>,
    /// The parameter groups.
    pub groups: Vec<ParameterGroup>,
    /// What became of reads.
    pub reads: Reads,
    /// Deleted instances: their metrics stay.
    gone: Vec<Instance>,
    clients: Clients,
    of: DatabaseOf,
    seed: u64,
    /// Instances ever created.
    born: u32,
}

impl Databases {
    /// An instance by its identifier, in whatever case.
    pub fn instance(&self, id: &str) -> Option<&Instance> {
        self.instances.iter().find(|one| one.id.eq_ignore_ascii_case(id))
    }

    /// The replicas of an instance, in the order in which they were created.
    pub fn replicas<'a>(&'a self, of: &'a str) -> impl Iterator<Item = &'a Instance> {
        self.instances.iter().filter(move |one| one.source.as_deref() == Some(of))
    }

    /// Reads that wait for an answer.
    pub fn waiting(&self) -> f64 {
        self.instances.iter().chain(&self.gone).map(|one| one.engine.waiting).sum()
    }

    /// Lives the second that ends at `now`, and tells what requests suffer of it.
    pub(super) fn step(&mut self, demand: Demand, start: i64, now: i64) -> Toll {
        let second = now - 1;
        self.grow_older(start, second);
        self.zone.step(second);
        let instances = &self.instances;
        self.clients.step(&self.zone, READER, |address| instances.iter().any(|one| one.answers_at(address)));

        let (reads, writes) = (demand.reads(&self.of), self.writes(demand, start, second));
        let (mut reads_failed, mut writes_made, mut noticed) = (0.0, 0.0, 0.0);
        let mut reached = 0.0;
        for one in &mut self.instances {
            let share = self.clients.share(&one.address);
            if let Some(replay) = &mut one.engine.replay {
                replay.note(second, writes_made);
            }
            if !one.phase.serves() {
                continue;
            }
            let asked = ask(&self.of, one.id == origin::PRIMARY, share, demand, writes);
            let (done, sample) = one.engine.work(asked, second);
            one.minute.take(&sample);
            self.reads.served += done.reads;
            reads_failed += done.reads_failed;
            reached += asked.reads;
            writes_made += done.writes;
            noticed += done.noticed * if reads > 0.0 { asked.reads / reads } else { 0.0 };
        }
        // What was sent to an address at which nobody answers.
        reads_failed += (reads - reached).max(0.0);
        self.reads.asked += reads;
        self.reads.failed += reads_failed;
        if now.rem_euclid(60) == 0 {
            self.instances.iter_mut().for_each(|one| one.end_minute(now));
        }
        let share = |failed: f64, of: f64| if of > 0.0 { (failed / of).clamp(0.0, 1.0) } else { 0.0 };
        let failing = share(reads_failed, reads).max(share(writes - writes_made, writes));
        // What a request misses in the cache it reads all at once, while it waits for the rest.
        Toll { seconds: noticed * self.of.reads, failing: if failing > 1e-9 { failing } else { 0.0 } }
    }

    /// Writes in a second.
    fn writes(&self, demand: Demand, start: i64, second: i64) -> f64 {
        let passed = second - start;
        let storms = self.of.storms.iter().filter(|storm| {
            let from = i64::from(storm.at);
            (from..from + i64::from(storm.lasts)).contains(&passed)
        });
        demand.requests * self.of.writes + storms.map(|storm| storm.writes).sum::<f64>()
    }

    /// Takes what it is like into a trace.
    pub(super) fn trace(&self, trace: &mut Fnv) {
        trace.add(self.instances.len() as u64);
        trace.add(self.reads.served.to_bits());
        trace.add(self.waiting().to_bits());
    }

    /// Lets phases end and what the scenario has in store happen.
    fn grow_older(&mut self, start: i64, second: i64) {
        if self.of.breaks.iter().any(|at| start + i64::from(*at) == second) {
            self.break_replication(second);
        }
        for index in 0..self.instances.len() {
            let one = &mut self.instances[index];
            let (message, category) = match &one.phase {
                Phase::Creating { until } if *until <= second => {
                    one.phase = Phase::BackingUp { until: second + BACKING_UP };
                    one.created = Some(names::time(second));
                    if let Some(replay) = &mut one.engine.replay {
                        replay.warming_since = Some(second);
                    }
                    ("DB instance created", "creation")
                }
                Phase::BackingUp { until } if *until <= second => {
                    one.phase = Phase::Available;
                    ("Finished DB Instance backup", "backup")
                }
                Phase::Modifying { until, class } if *until <= second => {
                    let class = class.clone();
                    self.become_class(index, class);
                    ("Finished applying modification to DB instance class", "configuration change")
                }
                Phase::Deleting { until } if *until <= second => ("DB instance deleted", "deletion"),
                _ => continue,
            };
            self.event(index, second, message, category);
        }
        if self.instances.iter().any(|one| matches!(one.phase, Phase::Deleting { until } if until <= second)) {
            self.bury(second);
        }
    }

    fn become_class(&mut self, index: usize, name: String) {
        let one = &mut self.instances[index];
        if let Some(class) = class::Class::parse(&name) {
            let group = self.groups.iter().find(|group| group.name == one.parameter_group);
            one.engine.class = class;
            one.engine.max_connections =
                group.and_then(|group| group.max_connections).unwrap_or_else(|| class.default_connections());
        }
        one.class = name;
        one.phase = Phase::Available;
    }

    /// Takes deleted instances out. Replicas that lose their source are promoted: they stand alone from then on.
    fn bury(&mut self, second: i64) {
        let is_dead = |one: &Instance| matches!(one.phase, Phase::Deleting { until } if until <= second);
        let (dead, left) = std::mem::take(&mut self.instances).into_iter().partition(is_dead);
        self.instances = left;
        let dead: Vec<Instance> = dead;
        for index in 0..self.instances.len() {
            let one = &mut self.instances[index];
            if one.source.as_ref().is_some_and(|source| dead.iter().any(|gone| gone.id == *source)) {
                one.source = None;
                one.engine.replay = None;
                self.event(
                    index,
                    second,
                    "Promoted Read Replica instance to a stand-alone database instance.",
                    "notification",
                );
            }
        }
        for mut one in dead {
            self.reads.failed += one.engine.waiting;
            one.engine.waiting = 0.0;
            self.gone.retain(|gone| gone.id != one.id);
            self.gone.push(one);
        }
    }

    /// Lets the newest replica's replication stop.
    fn break_replication(&mut self, second: i64) {
        let newest = self.instances.iter().rposition(|one| one.phase.serves() && one.engine.replay.is_some());
        let Some(index) = newest else { return };
        if let Some(replay) = &mut self.instances[index].engine.replay {
            replay.broken = true;
        }
        self.event(index, second, "Replication for the Read Replica encountered an error.", "read replica");
    }

    fn event(&mut self, index: usize, second: i64, message: &str, category: &'static str) {
        let one = &self.instances[index];
        self.events.push_back(Event {
            at: names::time(second),
            instance: one.id.clone(),
            arn: one.arn.clone(),
            message: message.to_owned(),
            category,
        });
        if self.events.len() > EVENTS_KEPT {
            self.events.pop_front();
        }
    }

    /// What CloudWatch has of an instance's metric for the minutes that begin in `[from, to)`, as of `now`; `rest` tells
    /// what was asked of the databases in a second of a minute before the drill.
    pub(super) fn read(
        &self,
        id: &str,
        measure: Measure,
        (from, to): (i64, i64),
        now: i64,
        rest: impl Fn(i64) -> Demand,
    ) -> Vec<Datum> {
        let Some(one) = self.instances.iter().chain(&self.gone).find(|one| one.id == id) else { return Vec::new() };
        let first = (from.max(now - 60 * MINUTES_KEPT as i64) + 59).div_euclid(60) * 60;
        let is_out = |at: &i64| minute::published(one.seed, *at, now).is_some_and(|share| share >= 1.0);
        let value = |at: i64| {
            let value = match one.since {
                Some(since) if at >= since => one.minutes.get(((at - since) / 60) as usize)?.get(measure)?,
                _ => self.before(one, at, rest(at))?.get(measure)?,
            };
            Some(Datum { at: names::time(at), sum: value, min: value, max: value, samples: 1.0, sketch: None })
        };
        (first..to.min(now)).step_by(60).filter(is_out).filter_map(value).collect()
    }

    /// A minute of an instance before the drill, if it was there.
    fn before(&self, one: &Instance, at: i64, demand: Demand) -> Option<Sample> {
        let was = one.original?;
        let writes = demand.requests * self.of.writes;
        let mut replay = Replay::caught_up(if writes > 0.0 { at } else { at - at.rem_euclid(300) });
        replay.note(at, writes);
        let replay = was.replica.then_some(replay);
        let mut engine = Engine::new(was.class, was.max_connections, replay, origin::FREE_STORAGE, one.seed);
        Some(engine.work(ask(&self.of, !was.replica, was.share, demand, writes), at).1)
    }

    /// The instances whose metrics CloudWatch knows, and which of them each has.
    pub(super) fn measures(&self) -> impl Iterator<Item = (&str, Measure)> {
        self.instances.iter().filter(|one| one.created.is_some()).chain(&self.gone).flat_map(|one| {
            let has = |measure: &Measure| match measure {
                Measure::ReplicaLag => one.engine.replay.is_some(),
                Measure::Credits => one.engine.class.credits.is_some(),
                _ => true,
            };
            Measure::ALL.into_iter().filter(has).map(|measure| (one.id.as_str(), measure))
        })
    }
}

/// What is asked of an instance in a second that has a share of the readers.
fn ask(of: &DatabaseOf, primary: bool, share: f64, demand: Demand, writes: f64) -> Asked {
    let reads = demand.reads(of);
    let pools = demand.tasks * of.pool;
    let (mut own_reads, mut connections) = (reads * (1.0 - SESSION) * share, pools * (1.0 - PRIMARY_POOL) * share);
    if primary {
        own_reads += reads * SESSION;
        connections += pools * PRIMARY_POOL;
    }
    Asked { reads: own_reads, writes: if primary { writes } else { 0.0 }, connections }
}

impl Instance {
    fn end_minute(&mut self, now: i64) {
        let minute = std::mem::take(&mut self.minute);
        if self.created.is_none() {
            return;
        }
        self.minutes.push_back(minute.means());
        self.since = self.since.or(Some(now - 60));
        if self.minutes.len() > MINUTES_KEPT {
            self.minutes.pop_front();
            self.since = self.since.map(|since| since + 60);
        }
    }
}

#[cfg(test)]
mod tests;
