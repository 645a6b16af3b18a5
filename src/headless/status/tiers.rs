//! Databases, caches and the edge, a line each.

use std::fmt::Write as _;

use super::group_text;
use crate::platform::{AlarmState, Cache, Database, Distribution, Platform};
use crate::policy::Advice;

/// Writes the tiers below and beside the services, each group with its verdict.
pub(super) fn text(out: &mut String, platform: &Platform, advice: &Advice) {
    for database in platform.databases.values().filter(|database| database.replica_of.is_none()) {
        let _ = writeln!(out, "{}", primary(platform, database).escape_debug());
        if let Some(verdict) = advice.replicas.get(&database.id) {
            out.push_str(&group_text(verdict));
        }
    }
    if let Some(name) = &platform.reader_name {
        let weights: Vec<String> =
            name.records.iter().map(|record| format!("{} {}", record.set, record.weight)).collect();
        let _ = writeln!(out, "{}", format!("reader name {}: {}", name.name, weights.join(", ")).escape_debug());
    }
    for cache in platform.caches.values() {
        let _ = writeln!(out, "{}", self::cache(cache).escape_debug());
        if let Some(verdict) = advice.caches.get(&cache.id) {
            out.push_str(&group_text(verdict));
        }
    }
    for distribution in platform.distributions.values() {
        let _ = writeln!(out, "{}", self::distribution(distribution).escape_debug());
    }
    if !platform.alarms.is_empty() {
        let count = |state| platform.alarms.values().filter(|alarm| alarm.state == state).count();
        let ringing = platform.alarms.values().filter(|alarm| alarm.state == AlarmState::Alarm);
        let names: Vec<&str> = ringing.map(|alarm| alarm.name.as_str()).collect();
        let (all, blind) = (platform.alarms.len(), count(AlarmState::InsufficientData));
        let names = if names.is_empty() { String::new() } else { format!(": {}", names.join(", ")) };
        let line =
            format!("CloudWatch alarms: {} of {all} in alarm, {blind} without data{names}", count(AlarmState::Alarm));
        let _ = writeln!(out, "{}", line.escape_debug());
    }
}

fn primary(platform: &Platform, database: &Database) -> String {
    let (replicas, unseen) = platform.replicas_of(database);
    let each: Vec<String> = replicas.iter().map(|replica| format!("{} {}", replica.id, replica.status)).collect();
    let more = if unseen > 0 { format!(", {unseen} not described") } else { String::new() };
    let list = if each.is_empty() { String::new() } else { format!(" ({})", each.join(", ")) };
    let (id, class, status) = (&database.id, &database.class, &database.status);
    let noun = if replicas.len() == 1 { "replica" } else { "replicas" };
    format!("{id}: {class}, {status}, {} {noun}{list}{more}", replicas.len())
}

fn cache(cache: &Cache) -> String {
    let (nodes, shards) = (cache.nodes().count(), cache.shards.len());
    let shape = if cache.cluster_mode { format!("{shards} shards of {nodes} nodes") } else { format!("{nodes} nodes") };
    format!("{}: {}, {}, {}, {shape}", cache.id, cache.engine, cache.node_type, cache.status.0)
}

fn distribution(distribution: &Distribution) -> String {
    let state = if distribution.enabled { "enabled" } else { "disabled" };
    let name = if distribution.domain.is_empty() { String::new() } else { format!(" {}", distribution.domain) };
    let metrics = match distribution.additional_metrics {
        Some(true) => "hit rate published",
        Some(false) => "hit rate not published: it takes a monitoring subscription",
        None => "unknown whether hit rate is published",
    };
    format!("{}{name}: {state}, {}, {metrics}", distribution.id, distribution.price_class)
}
