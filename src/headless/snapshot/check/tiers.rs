//! What cannot be of databases, caches, the edge and alarms.

use std::collections::BTreeSet;
use std::fmt::Display;

use super::super::Snapshot;
use super::{Faults, quoted};

const TWICE: &str = "stands here twice";

/// Refuses names that stand in a list twice.
fn once<T, K: Ord + Display>(faults: &mut Faults, list: &str, field: &str, all: &[T], name: impl Fn(&T) -> &K) {
    let mut seen = BTreeSet::new();
    for (index, one) in all.iter().enumerate() {
        let name = name(one);
        faults.refuse(!seen.insert(name), || format!("{list}[{index}].{field}"), quoted(name), TWICE);
    }
}

/// Everything that cannot be, in the order of the fields.
pub(super) fn faults(faults: &mut Faults, snapshot: &Snapshot) {
    once(faults, "databases", "id", &snapshot.databases, |database| &database.id);
    for (index, database) in snapshot.databases.iter().enumerate() {
        let within = |field: &str| format!("databases[{index}].{field}");
        let own = database.replica_of.as_ref() == Some(&database.id);
        faults.refuse(own, || within("replica_of"), quoted(&database.id), "nothing replicates itself");
        let own = database.replicas.iter().position(|replica| *replica == database.id);
        let at = own.unwrap_or_default();
        let path = || within(&format!("replicas[{at}]"));
        faults.refuse(own.is_some(), path, quoted(&database.id), "nothing replicates itself");
        let none = database.max_connections == Some(0);
        faults.refuse(none, || within("max_connections"), 0, "an instance allows at least one connection");
    }
    for primary in snapshot.replica_counts.keys() {
        let known = snapshot.databases.iter().any(|database| database.id == *primary);
        let path = || format!("replica_counts.{primary}");
        faults.refuse(!known, path, quoted(primary), "no such instance stands in `databases`");
    }
    if let Some(name) = &snapshot.reader_name {
        once(faults, "reader_name.records", "set", &name.records, |record| &record.set);
    }
    once(faults, "caches", "id", &snapshot.caches, |cache| &cache.id);
    for id in snapshot.node_counts.keys() {
        let known = snapshot.caches.iter().any(|cache| cache.id == *id);
        faults.refuse(!known, || format!("node_counts.{id}"), quoted(id), "no such cache stands in `caches`");
    }
    once(faults, "distributions", "id", &snapshot.distributions, |distribution| &distribution.id);
    once(faults, "alarms", "name", &snapshot.alarms, |alarm| &alarm.name);
    for (at, pair) in snapshot.alarm_turns.windows(2).enumerate() {
        let (newer, older) = (pair[0].at, pair[1].at);
        let path = || format!("alarm_turns[{}].at", at + 1);
        faults.refuse(older > newer, path, quoted(&older), "turns stand newest first");
    }
}
