//! Section 2 of the spec: read replicas of a database that AWS does not scale.
//!
//! One more when the primary's CPU, any instance's connections or any replica's lag held for its window; one fewer when
//! every replica and every instance's connections were low for half an hour and nothing asked in that time. Absent on
//! purpose: Aurora, and the order in which a replica is put into and taken out of the reader name, which is a plan's.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::group::{Bounds, GroupNote, GroupVerdict, Judged, Kind, Known, Members, Part, Rule, Share, weigh};
use super::knobs::ReplicaPolicy;
use super::verdict::{Decision, Floor, Obstacle, Reason};
use super::window::{Evidence, MEAN_MINUTES, after};
use crate::platform::metric::MetricKey;
use crate::platform::{Database, DatabaseId, Engine, MemberCount, MetricId, Phase, Platform, Source};

/// Writes a second to the primary's disk, below which PostgreSQL's lag is taken for idleness.
const IDLE_WRITES: f64 = 1.0;

/// The verdict on the replicas of every primary that was described.
pub fn verdicts(platform: &Platform, policy: &ReplicaPolicy, now: Timestamp) -> BTreeMap<DatabaseId, GroupVerdict> {
    let primaries = platform.databases.values().filter(|database| database.replica_of.is_none());
    primaries.map(|primary| (primary.id.clone(), verdict(platform, policy, primary, now))).collect()
}

/// A primary and its replicas as they were described.
pub(super) struct Group<'a> {
    pub primary: &'a Database,
    pub replicas: Vec<&'a Database>,
    /// Replicas that the primary names and nobody has described: on their way in or out.
    pub unseen: u32,
}

impl<'a> Group<'a> {
    pub fn of(platform: &'a Platform, primary: &'a Database) -> Self {
        let (replicas, unseen) = platform.replicas_of(primary);
        Self { primary, replicas, unseen }
    }

    /// The replicas that answer.
    pub fn serving(&self) -> impl Iterator<Item = &'a Database> + '_ {
        self.replicas.iter().copied().filter(|replica| replica.status.phase().serves())
    }

    /// Whether the policy governs it: named there, or – where none is named – of a kind that has such replicas and with
    /// at least one.
    pub fn governed(&self, policy: &ReplicaPolicy) -> bool {
        let named = policy.primaries.contains(&self.primary.id);
        let any = policy.primaries.is_empty() && !(self.replicas.is_empty() && self.unseen == 0);
        self.primary.has_plain_replicas() && (named || any)
    }

    fn members(&self) -> Members {
        let count = |is: fn(Phase) -> bool| {
            MemberCount(self.replicas.iter().filter(|replica| is(replica.status.phase())).count() as u32)
        };
        let leaving = count(|phase| phase == Phase::Leaving).0;
        Members {
            kind: Kind::Replica,
            present: MemberCount(self.replicas.len() as u32 - leaving + self.unseen),
            serving: count(Phase::serves),
            arriving: MemberCount(count(|phase| phase == Phase::Arriving).0 + self.unseen),
            leaving,
            failed: count(|phase| matches!(phase, Phase::Failed | Phase::Stopped)),
        }
    }

    /// The newest replica that may be deleted: never one that is a source itself, nor a protected one.
    fn deletable(&self) -> Option<&'a Database> {
        let mut may: Vec<_> =
            self.serving().filter(|replica| replica.replicas.is_empty() && !replica.deletion_protection).collect();
        may.sort_by_key(|replica| (replica.created, replica.id.rank()));
        may.pop()
    }

    /// Whether PostgreSQL's primary was idle in the five minutes that end so many minutes before the newest: what a
    /// replica reports as lag in that minute is none. Judged minute by minute, so that the first writes after a quiet
    /// night do not turn its lag into a breach. Without data it was not idle.
    pub fn idle(&self, writes: &Evidence, back: usize) -> bool {
        let mean = writes.mean_until(back, MEAN_MINUTES);
        self.primary.engine == Engine::Postgres && mean.is_some_and(|mean| mean < IDLE_WRITES)
    }
}

/// The evidence minutes of an instance's metric.
pub(super) fn read(platform: &Platform, id: &DatabaseId, metric: MetricId, now: Timestamp, span: usize) -> Evidence {
    let series = platform.series.get(&MetricKey::database(id, metric));
    Evidence::read(series.map(AsRef::as_ref), metric, now, span, || None)
}

/// The most connections that an instance takes: the policy's word, else its parameter group's number, else an estimate
/// by its class. `None` where even that cannot be made.
pub fn most_connections(policy: &ReplicaPolicy, database: &Database) -> Option<Share> {
    let share = |known| move |max| Share { max, known };
    let told = policy.max_connections.get(&database.id).copied().map(share(Known::Policy));
    let share = told
        .or_else(|| database.max_connections.map(share(Known::Parameter)))
        .or_else(|| database.estimated_max_connections().map(share(Known::Estimated)));
    share.filter(|share| share.max > 0)
}

/// Connections as a share of the most that the instance takes, %; all missing while the most is not known.
pub(super) fn connections(evidence: &Evidence, share: Option<Share>) -> Evidence {
    let max = share.map_or(f64::NAN, |share| f64::from(share.max));
    evidence.map_back(|_, connections| connections * 100.0 / max)
}

fn verdict(platform: &Platform, policy: &ReplicaPolicy, primary: &Database, now: Timestamp) -> GroupVerdict {
    let group = Group::of(platform, primary);
    let members = group.members();
    let (min, max) = (MemberCount(policy.min), MemberCount(policy.max));
    let mut verdict = GroupVerdict {
        at: now,
        decision: Decision::None { reason: Reason::NotManaged },
        members,
        removes: None,
        evidence: Vec::new(),
        floor: Floor { count: min, origin: "the policy's minimum".to_owned() },
        ceiling: max,
        notes: Vec::new(),
        next: None,
    };
    if !group.governed(policy) {
        return verdict;
    }
    let health = platform.sources.get(&Source::Databases);
    if health.is_none_or(|health| health.stale(now)) {
        let learnt = health.and_then(|health| health.learnt);
        verdict.decision = Decision::CannotTell { reason: Reason::Stale { source: Source::Databases, learnt } };
        return verdict;
    }
    let phase = primary.status.phase();
    if matches!(phase, Phase::Stopped | Phase::Leaving) {
        verdict.decision = Decision::None { reason: Reason::Stopped };
        return verdict;
    }
    let gathered = judge(platform, policy, &group, now);
    verdict.notes = notes(platform, policy, &group, &gathered, now);
    if members.present > max {
        verdict.decision = Decision::None { reason: Reason::AboveCeiling };
        verdict.notes.push(GroupNote::AboveCeiling);
    } else {
        let history = platform.replica_counts.get(&primary.id);
        let rule = Rule {
            members,
            min,
            max,
            moving: members.arriving.0 > 0
                || members.leaving > 0
                || phase.moving()
                || group.replicas.iter().any(|one| one.status.phase().moving()),
            changed: group
                .replicas
                .iter()
                .filter_map(|one| one.created)
                .chain(history.and_then(|one| one.changed))
                .max(),
            settled: history.and_then(|history| history.settled),
            cooldown_s: policy.cooldown_s,
            clear_window_s: policy.scale_in_window_s,
            judged: &gathered.judged,
            no_more: no_more(primary),
            no_use: write_bound(policy, &group, &gathered).then_some(Obstacle::WriteBound),
            no_fewer: no_fewer(&group, &gathered),
            unknown: if gathered.lag_unknown { vec![MetricId::ReplicaLag] } else { Vec::new() },
            rebound: None,
            arriving: platform.sources.get(&Source::Metrics).is_none_or(|health| health.arriving(now)),
            now,
        };
        verdict.decision = rule.decide();
        verdict.next = rule.next(&verdict.decision);
    }
    match &verdict.decision {
        Decision::In { .. } => verdict.removes = group.deletable().map(|replica| replica.id.to_string()),
        Decision::Out { reason, .. } => {
            if matches!(reason, Reason::Breached { metrics } if metrics.contains(&MetricId::ReplicaLag)) {
                verdict.notes.push(GroupNote::LagStays);
            }
            if !primary.multi_az {
                verdict.notes.push(GroupNote::DiskPause);
            }
            if policy.instance_class != primary.class {
                let (replica, source) = (policy.instance_class.clone(), primary.class.clone());
                verdict.notes.push(GroupNote::OtherClass { replica, source });
            }
        }
        _ => {}
    }
    verdict.evidence = gathered.judged.into_iter().map(|judged| judged.evidence).collect();
    verdict
}

/// What the metrics of a group say.
struct Gathered {
    judged: Vec<Judged>,
    /// A serving replica whose replication is broken.
    broken: Option<String>,
    /// Whether a serving replica's lag is unknown.
    lag_unknown: bool,
    /// Serving replicas that report lag because nothing is written, with their lag.
    idle: Vec<(String, f64)>,
}

/// Judges CPU, connections and lag of every instance that answers, the primary first.
fn judge(platform: &Platform, policy: &ReplicaPolicy, group: &Group, now: Timestamp) -> Gathered {
    let cpu = |out, clear| Bounds {
        out,
        out_window_s: policy.scale_out_window_s,
        clear,
        clear_window_s: policy.scale_in_window_s,
    };
    let connected = cpu(Some(policy.connections_out), Some(policy.connections_in));
    let lag = Bounds {
        out: Some(policy.lag_out_s),
        out_window_s: policy.lag_window_s,
        clear: None,
        clear_window_s: policy.scale_in_window_s,
    };
    let span = connected.span().max(lag.span()) + MEAN_MINUTES;
    let read = |id: &DatabaseId, metric| read(platform, id, metric, now, span);
    let writes = read(&group.primary.id, MetricId::WriteIops);
    let mut gathered = Gathered { judged: Vec::new(), broken: None, lag_unknown: false, idle: Vec::new() };
    let instances = group.primary.status.phase().serves().then_some((group.primary, Part::Primary));
    for (database, part) in instances.into_iter().chain(group.serving().map(|replica| (replica, Part::Replica))) {
        let name = database.id.as_str();
        let bounds = match part {
            Part::Primary => cpu(Some(policy.cpu_out), None),
            _ => cpu(None, Some(policy.cpu_in)),
        };
        let evidence = read(&database.id, MetricId::DatabaseCpu);
        gathered.judged.push(weigh((name, part, MetricId::DatabaseCpu), None, &evidence, &bounds));
        let share = most_connections(policy, database);
        let evidence = connections(&read(&database.id, MetricId::DatabaseConnections), share);
        gathered.judged.push(weigh((name, part, MetricId::DatabaseConnections), share, &evidence, &connected));
        if part == Part::Primary {
            continue;
        }
        let evidence = read(&database.id, MetricId::ReplicaLag);
        let idle = |back| group.idle(&writes, back);
        let busy = evidence.map_back(|back, lag| if idle(back) { lag.min(0.0) } else { lag });
        let mut judged = weigh((name, part, MetricId::ReplicaLag), None, &busy, &lag);
        judged.evidence.value = evidence.mean(MEAN_MINUTES);
        gathered.judged.push(judged);
        let newest: Vec<f64> = (0..MEAN_MINUTES).filter_map(|back| evidence.back(back)).collect();
        let stopped = database.replication.as_ref().is_some_and(|replication| !replication.normal);
        if stopped || newest.iter().any(|lag| *lag < 0.0) {
            gathered.broken.get_or_insert_with(|| name.to_owned());
        }
        gathered.lag_unknown |= newest.is_empty();
        let mean = evidence.mean(MEAN_MINUTES).filter(|mean| *mean > policy.lag_out_s && idle(0));
        gathered.idle.extend(mean.map(|mean| (name.to_owned(), mean)));
    }
    gathered
}

/// What AWS would refuse.
fn no_more(primary: &Database) -> Option<Obstacle> {
    if !primary.status.phase().serves() {
        return Some(Obstacle::PrimaryNotServing { status: primary.status.to_string() });
    }
    (primary.backup_days == 0).then_some(Obstacle::NoBackups)
}

/// Only the primary's CPU asks, more replicas serve than the policy's minimum, and each of them has been below the
/// in-threshold for as long as the primary was above its own.
fn write_bound(policy: &ReplicaPolicy, group: &Group, gathered: &Gathered) -> bool {
    let asks = |metric| gathered.judged.iter().any(|judged| judged.evidence.metric == metric && judged.evidence.asks());
    let only_cpu = !asks(MetricId::DatabaseConnections) && !asks(MetricId::ReplicaLag);
    let added = group.serving().count() > policy.min as usize;
    let idle =
        |judged: &Judged| judged.evidence.clear.is_some_and(|bound| bound.window.held_s >= policy.scale_out_window_s);
    let mut replicas = gathered
        .judged
        .iter()
        .filter(|judged| judged.evidence.part == Part::Replica && judged.evidence.metric == MetricId::DatabaseCpu);
    !policy.add_although_write_bound && added && only_cpu && replicas.all(idle)
}

/// What stands in the way of one fewer.
fn no_fewer(group: &Group, gathered: &Gathered) -> Option<Obstacle> {
    let failed = group.replicas.iter().find(|one| matches!(one.status.phase(), Phase::Failed | Phase::Stopped));
    if let Some(failed) = failed {
        let (member, status) = (failed.id.to_string(), failed.status.to_string());
        return Some(Obstacle::MemberNotServing { member, status });
    }
    if let Some(member) = gathered.broken.clone() {
        return Some(Obstacle::ReplicationBroken { member });
    }
    group.deletable().is_none().then_some(Obstacle::NothingDeletable)
}

fn notes(
    platform: &Platform,
    policy: &ReplicaPolicy,
    group: &Group,
    gathered: &Gathered,
    now: Timestamp,
) -> Vec<GroupNote> {
    let idle = gathered.idle.iter().map(|(member, lag_s)| GroupNote::IdleLag { member: member.clone(), lag_s: *lag_s });
    let mut notes: Vec<_> = idle.collect();
    if let Some(reader) = &platform.reader_name {
        let unread = group.serving().filter(|replica| !reader.sends_to(&replica.id));
        notes.extend(unread.map(|replica| GroupNote::NoReads { member: replica.id.to_string() }));
    }
    let watched = platform.replica_counts.get(&group.primary.id).and_then(|history| history.watched_since);
    notes.extend(watched.filter(|at| now < after(*at, policy.cooldown_s)).map(|at| GroupNote::HistoryStarts { at }));
    notes
}

#[cfg(test)]
pub(in crate::policy) mod scene;
#[cfg(test)]
pub(super) mod tests;
