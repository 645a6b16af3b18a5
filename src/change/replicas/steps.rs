//! The order in which a replica comes and goes: created, available, caught up, weight – and weight gone, out of every
//! resolver's memory, connections gone, deleted.

use jiff::{SignedDuration, Timestamp};

use super::{ReplicasSeen, USUAL_WEIGHT};
use crate::change::kind::Change;
use crate::change::plan::Plan;
use crate::change::sequence::Next;
use crate::change::step::Step;
use crate::platform::series::evidence_minute;
use crate::platform::{Database, DatabaseId, Engine, MetricId, MetricKey, Phase, Platform, ReaderRecord};

/// Seconds that a resolver may keep a new record, where no other record tells.
const USUAL_TTL_S: u32 = 60;

/// Lag below which a replica has caught up: the spec's alert, seconds.
const CAUGHT_UP_S: f64 = 1.0;

/// An idle PostgreSQL reports up to this much lag, seconds (RDS user guide, "Monitoring read replication").
const IDLE_LAG_S: f64 = 300.0;

/// Writes a second below which a primary is idle.
const IDLE_WRITES: f64 = 1.0;

/// Connections that are nobody's: RDS's own agents keep one or two open.
const AGENTS: f64 = 2.0;

/// Seconds until every name server of Route 53 knows a change (Route 53 developer guide: "within 60 seconds under
/// normal conditions").
const IN_SYNC_S: i64 = 60;

/// Minutes that a metric may be missing before it tells nothing.
const FRESH_MIN: i64 = 5;

/// The longest time from Enter to a delete: after that it is confirmed anew (safety.md, "Sequences").
const DELETE_WITHIN: SignedDuration = SignedDuration::from_mins(15);

pub(in crate::change) fn steps(plan: &Plan, seen: &ReplicasSeen) -> Vec<Step> {
    match &plan.change {
        Change::AddReplica { primary, replica, class, zone, weight } => {
            let (source, replica) = (primary.clone(), replica.clone());
            let create =
                Step::CreateReplica { source, replica: replica.clone(), class: class.clone(), zone: zone.clone() };
            let record = seen.reader.as_ref().zip(*weight).map(|(reader, weight)| {
                let ttl_s = reader.records.iter().map(|record| record.ttl_s).max().unwrap_or(USUAL_TTL_S);
                // Its address is known only once it is there: the step is completed then.
                let record = ReaderRecord {
                    set: replica.to_string(),
                    database: Some(replica),
                    value: String::new(),
                    weight,
                    ttl_s,
                };
                Step::PutRecord { zone: reader.zone.clone(), name: reader.name.clone(), record }
            });
            std::iter::once(create).chain(record).collect()
        }
        Change::RemoveReplica { replica, .. } => {
            let mut steps = undirect(seen, replica);
            steps.push(Step::DeleteReplica { replica: replica.clone() });
            steps
        }
        Change::Weight { set, to, .. } => match (&seen.reader, seen.record(set)) {
            (Some(reader), Some(record)) => vec![Step::PutRecord {
                zone: reader.zone.clone(),
                name: reader.name.clone(),
                record: ReaderRecord { weight: *to, ..record.clone() },
            }],
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// What takes the reads away from a replica. The last record of the name is pointed at the primary instead of going:
/// a name without records is a name that fails.
fn undirect(seen: &ReplicasSeen, replica: &DatabaseId) -> Vec<Step> {
    let Some(reader) = &seen.reader else { return Vec::new() };
    let elsewhere = |record: &&ReaderRecord| record.database.as_ref() != Some(replica) && record.weight > 0;
    let others = reader.records.iter().any(|record| elsewhere(&record));
    let (zone, name) = (&reader.zone, &reader.name);
    let mut steps = Vec::new();
    for (n, record) in seen.pointing(replica).enumerate() {
        let (zone, name, record) = (zone.clone(), name.clone(), record.clone());
        let endpoint = seen.primary.endpoint.clone();
        steps.push(match endpoint.filter(|_| n == 0 && !others) {
            Some(value) => {
                let weight = if record.weight > 0 { record.weight } else { USUAL_WEIGHT };
                let database = Some(seen.primary.id.clone());
                Step::PutRecord { zone, name, record: ReaderRecord { database, value, weight, ..record } }
            }
            None => Step::DropRecord { zone, name, record },
        });
    }
    steps
}

/// A step as it can be sent now – or what it waits for, or why it will not be sent any more. `answered` is when the step
/// before it was, `began` when Enter was pressed; both `None` for a first step.
pub(in crate::change) fn complete(
    plan: &Plan,
    step: Step,
    before: Option<(Timestamp, Timestamp)>,
    platform: &Platform,
    now: Timestamp,
) -> Next {
    match (&plan.change, step) {
        (Change::AddReplica { primary, .. }, Step::PutRecord { zone, name, record }) => {
            let Some(replica) = record.database.clone() else { return Next::Never("a record of nobody".to_owned()) };
            match caught_up(platform, primary, &replica, now) {
                Ok(value) => Next::Send(Step::PutRecord { zone, name, record: ReaderRecord { value, ..record } }),
                Err(wait) => *wait,
            }
        }
        (Change::RemoveReplica { primary, replica }, Step::DeleteReplica { .. }) => {
            match deletable(plan, primary, replica, before, platform, now) {
                None => Next::Send(Step::DeleteReplica { replica: replica.clone() }),
                Some(not_yet) => not_yet,
            }
        }
        (_, step) => Next::Send(step),
    }
}

/// The address of a new replica that answers and has caught up.
fn caught_up(
    platform: &Platform,
    primary: &DatabaseId,
    replica: &DatabaseId,
    now: Timestamp,
) -> Result<String, Box<Next>> {
    let Some(known) = platform.databases.get(replica) else {
        return Err(Box::new(Next::Wait(format!("{replica} is not described yet"))));
    };
    match known.status.phase() {
        phase if phase.serves() => {}
        Phase::Failed | Phase::Stopped | Phase::Leaving => {
            return Err(Box::new(Next::Never(format!("{replica} is {}: it is given no reads", known.status))));
        }
        _ => return Err(Box::new(Next::Wait(format!("{replica} is {}", known.status)))),
    }
    let Some(address) = known.endpoint.clone() else {
        return Err(Box::new(Next::Wait(format!("{replica} has no address yet"))));
    };
    let lag = newest(platform, replica, MetricId::ReplicaLag, now);
    let idle = platform.databases.get(primary).is_some_and(|primary| is_idle(platform, primary, now));
    match lag {
        None => Err(Box::new(Next::Wait(format!("the lag of {replica} is not known yet")))),
        Some(lag) if lag < 0.0 => Err(Box::new(Next::Wait(format!("the replication of {replica} is broken")))),
        Some(lag) if lag <= CAUGHT_UP_S || (idle && lag <= IDLE_LAG_S) => Ok(address),
        Some(lag) => Err(Box::new(Next::Wait(format!("{replica} is {lag:.0} s behind")))),
    }
}

fn is_idle(platform: &Platform, primary: &Database, now: Timestamp) -> bool {
    let writes = newest(platform, &primary.id, MetricId::WriteIops, now);
    primary.engine == Engine::Postgres && writes.is_some_and(|writes| writes < IDLE_WRITES)
}

/// Why a replica is not deleted now; `None` when it is.
fn deletable(
    plan: &Plan,
    primary: &DatabaseId,
    replica: &DatabaseId,
    before: Option<(Timestamp, Timestamp)>,
    platform: &Platform,
    now: Timestamp,
) -> Option<Next> {
    let never = |why: String| Some(Next::Never(why));
    let Some(seen) = ReplicasSeen::of(platform, primary) else {
        return never(format!("{primary} is no longer there"));
    };
    let Some(member) = seen.member(replica) else {
        return never(format!("{primary} has no replica {replica} any more"));
    };
    if member.sources > 0 || member.protected {
        return never(format!("{replica} has become a source, or is protected: it is not deleted"));
    }
    let planned = plan.observed.replicas().map_or(0, ReplicasSeen::usable);
    if seen.usable() < planned {
        return never(format!(
            "{planned} replicas were usable and {} are: one fewer is not what was confirmed",
            seen.usable()
        ));
    }
    if seen.pointing(replica).next().is_some() {
        return Some(Next::Wait(format!("the reader name still points at {replica}")));
    }
    match before {
        Some((began, _)) if now.duration_since(began) > DELETE_WITHIN => {
            return never(format!(
                "{replica} gets no reads any more; fifteen minutes after Enter its delete is confirmed anew"
            ));
        }
        Some((_, answered)) => {
            let planned = plan.observed.replicas();
            let ttl = planned.and_then(|seen| seen.pointing(replica).map(|record| record.ttl_s).max());
            let since = now.as_second() - answered.as_second();
            let left = IN_SYNC_S + i64::from(ttl.unwrap_or_default()) - since;
            if left > 0 {
                return Some(Next::Wait(format!("resolvers forget the record in {left} s")));
            }
        }
        // Without a reader name nobody can tell whose connections these are, and nothing here can take them away.
        None if seen.reader.is_none() => return None,
        None => {}
    }
    match newest(platform, replica, MetricId::DatabaseConnections, now) {
        Some(connections) if connections <= AGENTS => None,
        Some(connections) => Some(Next::Wait(format!("{replica} has {connections:.0} connections"))),
        None => Some(Next::Wait(format!("the connections of {replica} are not known"))),
    }
}

/// The newest minute of a metric that is not too old to tell; of those that ended, not only the evidence's.
fn newest(platform: &Platform, id: &DatabaseId, metric: MetricId, now: Timestamp) -> Option<f64> {
    let series = platform.series.get(&MetricKey::database(id, metric))?;
    let minute = evidence_minute(now);
    (0..FRESH_MIN).find_map(|back| series.at(minute - back))
}
