//! What a change of replicas does: members, reads, money, time – and what speaks against it.

use jiff::Timestamp;

use super::ReplicasSeen;
use crate::change::kind::Change;
use crate::change::plan::Plan;
use crate::change::preview::Row;
use crate::change::{price, words};
use crate::platform::{Database, DatabaseId, Environment, MetricId, MetricKey, Platform};
use crate::policy::verdict::{Obstacle, Reason};
use crate::policy::{Advice, GroupNote, Policy};

pub(in crate::change) fn title(plan: &Plan) -> String {
    match &plan.change {
        Change::AddReplica { primary, .. } => format!("Add a replica of {primary}"),
        Change::RemoveReplica { replica, .. } => format!("Remove the replica {replica}"),
        Change::Weight { set, .. } => format!("Set the weight of {set}"),
        _ => String::new(),
    }
}

pub(in crate::change) fn rows(plan: &Plan, seen: &ReplicasSeen, platform: &Platform, policy: &Policy) -> Vec<Row> {
    let present = seen.members.len() as u32 + seen.unseen;
    let bounds = (policy.replicas.min, policy.replicas.max);
    let primary = platform.databases.get(&seen.primary.id);
    match &plan.change {
        Change::AddReplica { replica, class, zone, weight, .. } => {
            let after = present + 1;
            let zone = zone.as_deref().unwrap_or("a zone of AWS's choice");
            let mut rows = vec![
                Row::new("replicas", present.to_string(), after.to_string(), room(after, bounds)),
                Row::new("name", "", replica.as_str(), format!("{class}, {zone}")),
            ];
            rows.extend(reads(seen, replica, *weight));
            rows.push(load(seen, platform, present, after));
            if let Some(primary) = primary {
                let new = Database { class: class.clone(), multi_az: false, ..Database::clone(primary) };
                rows.push(price::members("cost", policy.prices.database(&new), present, after));
            }
            rows.push(Row::new(
                "ready",
                "",
                "—",
                "from minutes to hours, by the size of the source; not yet measured here",
            ));
            rows
        }
        Change::RemoveReplica { replica, .. } => {
            let after = present.saturating_sub(1);
            let mut rows = vec![Row::new("replicas", present.to_string(), after.to_string(), room(after, bounds))];
            if let Some(member) = seen.member(replica) {
                rows.push(Row::new(
                    "deleted",
                    replica.as_str(),
                    "gone",
                    format!("{}, {}", member.class, member.status),
                ));
            }
            rows.extend(reads(seen, replica, None));
            rows.push(load(seen, platform, present, after));
            if let Some(going) = platform.databases.get(replica) {
                rows.push(price::members("cost", policy.prices.database(going), present, after));
            }
            rows.push(Row::new(
                "gone",
                "",
                "~5m",
                "reads are taken away, resolvers forget it, connections end; then the delete",
            ));
            rows
        }
        Change::Weight { set, to, .. } => {
            let record = seen.record(set);
            let from = record.map_or(0, |record| record.weight);
            let ttl = record
                .map_or_else(String::new, |record| format!("resolvers follow within {} s and a minute", record.ttl_s));
            let sum: u32 = seen.reader.iter().flat_map(|reader| &reader.records).map(|one| u32::from(one.weight)).sum();
            let share = |weight: u8, of: u32| match of {
                0 => "—".to_owned(),
                of => format!("{:.0} %", f64::from(weight) * 100.0 / f64::from(of)),
            };
            let after = sum - u32::from(from) + u32::from(*to);
            vec![
                Row::new("weight", from.to_string(), to.to_string(), "0–255"),
                Row::new("reads", share(from, sum), format!("~{}", share(*to, after)), ttl),
            ]
        }
        _ => Vec::new(),
    }
}

fn room(to: u32, (least, most): (u32, u32)) -> String {
    if to < least || to > most {
        format!("outside the policy's {least}–{most}")
    } else {
        format!("inside {least}–{most}, room left +{}", most - to)
    }
}

/// What share of the reads an instance is given, before and after.
fn reads(seen: &ReplicasSeen, replica: &DatabaseId, weight: Option<u8>) -> Option<Row> {
    let reader = seen.reader.as_ref()?;
    let sum = |records: &mut dyn Iterator<Item = u8>| records.map(u32::from).sum::<u32>();
    let all = sum(&mut reader.records.iter().map(|record| record.weight));
    let its = sum(&mut seen.pointing(replica).map(|record| record.weight));
    let after = u32::from(weight.unwrap_or(0));
    let share = |part: u32, of: u32| {
        if of == 0 { "—".to_owned() } else { format!("{:.0} %", f64::from(part) * 100.0 / f64::from(of)) }
    };
    Some(Row::new(
        "reads",
        share(its, all),
        format!("~{}", share(after, all - its + after)),
        format!("by weight under {}", reader.name),
    ))
}

/// The replicas' mean CPU, if the same reads are spread over so many.
fn load(seen: &ReplicasSeen, platform: &Platform, now: u32, then: u32) -> Row {
    let values: Vec<f64> = seen
        .members
        .iter()
        .filter_map(|member| platform.series.get(&MetricKey::database(&member.id, MetricId::DatabaseCpu))?.newest())
        .map(|(_, cpu)| cpu)
        .collect();
    if values.is_empty() {
        return Row::new("cpu", "—", "—", if now == 0 { "no replica serves reads now" } else { "no data" });
    }
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    if then == 0 {
        return Row::new("cpu", format!("{mean:.0} %"), "—", "no replica is left: the primary takes the reads");
    }
    let after = mean * f64::from(now) / f64::from(then);
    let note = format!("mean of the replicas, if the reads stay: {mean:.0} × {now} ÷ {then}");
    Row::new("cpu", format!("{mean:.0} %"), format!("~{after:.0} %"), note)
}

pub(in crate::change) fn next(plan: &Plan, seen: &ReplicasSeen) -> Vec<String> {
    let mut next =
        vec!["AWS scales no replicas of this engine by itself: it stays until somebody changes it".to_owned()];
    match &plan.change {
        Change::AddReplica { weight: None, .. } if seen.reader.is_none() => {
            next.push(
                "no reader name points at these instances: who reads from it has to be told its address".to_owned(),
            );
        }
        Change::RemoveReplica { replica, .. } => {
            if seen.pointing(replica).next().is_none() {
                next.push(
                    "no record of the reader name points at it: whoever reads from it by its address loses it"
                        .to_owned(),
                );
            }
            next.push(
                "its data is a copy; what is deleted is not had back, a new one is made from the source".to_owned(),
            );
        }
        _ => {}
    }
    next.push("a later `terraform apply` may make it what its code says".to_owned());
    next
}

pub(in crate::change) fn warnings(
    plan: &Plan,
    seen: &ReplicasSeen,
    platform: &Platform,
    policy: &Policy,
    advice: &Advice,
    now: Timestamp,
) -> Vec<String> {
    let mut warnings = Vec::new();
    let verdict = advice.replicas.get(&seen.primary.id);
    match &plan.change {
        Change::AddReplica { class, .. } => {
            if !seen.multi_az {
                warnings.push(format!(
                    "{} has no standby: its disk is held up for about a minute while the copy is made",
                    seen.primary.id
                ));
            }
            if *class != seen.primary.class {
                warnings.push(format!("its class {class} is not the source's {}", seen.primary.class));
            }
            let bound = verdict
                .map(|verdict| verdict.decision.reason())
                .is_some_and(|reason| matches!(reason, Reason::Blocked { by: Obstacle::WriteBound, .. }));
            if bound {
                warnings.push(
                    "the primary is write-bound: a replica takes reads away, and these are not what fills it"
                        .to_owned(),
                );
            }
            for note in verdict.into_iter().flat_map(|verdict| verdict.notes.iter().map(move |note| (verdict, note))) {
                if matches!(note.1, GroupNote::LagStays | GroupNote::IdleLag { .. }) {
                    warnings.push(note.0.note_line(note.1));
                }
            }
        }
        Change::RemoveReplica { replica, .. } => {
            let newest = seen.newest().map(|newest| newest.id.clone());
            if let Some(newest) = newest.filter(|newest| newest != replica) {
                warnings.push(format!("{newest} is newer: as a rule the newest goes first"));
            }
            let open = platform.series.get(&MetricKey::database(replica, MetricId::DatabaseConnections));
            if let Some((_, open)) = open.and_then(|series| series.newest()) {
                warnings
                    .push(format!("{replica} has {open:.0} connections now; it is deleted only when they are gone"));
            }
            if seen.usable() <= 1 && plan.environment == Environment::Production {
                warnings.push("it is the last replica: the primary takes every read after this".to_owned());
            }
        }
        _ => {}
    }
    let moving = seen.members.iter().find(|member| member.status.phase().moving());
    if let Some(moving) = moving {
        warnings.push(format!("{} is {}: another change is under way", moving.id, moving.status));
    }
    let stale = platform.sources.get(&crate::platform::Source::Databases).is_some_and(|health| health.stale(now));
    if stale {
        let age = words::span((now.as_second() - seen.read.as_second()).max(0) as u32);
        warnings.push(format!("the instances were read {age} ago; they are read again before anything is sent"));
    }
    let _ = policy;
    warnings
}
