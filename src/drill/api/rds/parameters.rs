//! Parameter groups and what is in them. Of PostgreSQL's some four hundred parameters these are the ones that decide
//! how much an instance can take, and enough others that a reader has to turn a page.

use super::paged;
use crate::drill::wire::{Refusal, Value};
use crate::drill::world::World;
use crate::drill::world::database::ParameterGroup;

/// A parameter: its name, its default (empty: none), its type, and whether it applies without a restart.
type Row = (&'static str, &'static str, &'static str, bool);

/// RDS's own formula, not evaluated, as `DescribeDBParameters` tells it.
const MAX_CONNECTIONS: &str = "LEAST({DBInstanceClassMemory/9531392},5000)";

/// By name, as RDS lists them.
const PARAMETERS: [Row; 34] = [
    ("application_name", "", "string", true),
    ("autovacuum", "1", "boolean", true),
    ("autovacuum_max_workers", "GREATEST({DBInstanceClassMemory/64371566592},3)", "integer", false),
    ("autovacuum_naptime", "15", "integer", true),
    ("checkpoint_completion_target", "0.9", "float", true),
    ("checkpoint_timeout", "300", "integer", true),
    ("default_statistics_target", "", "integer", true),
    ("effective_cache_size", "{DBInstanceClassMemory/16384}", "integer", true),
    ("hot_standby_feedback", "0", "boolean", true),
    ("idle_in_transaction_session_timeout", "86400000", "integer", true),
    ("lock_timeout", "", "integer", true),
    ("log_min_duration_statement", "", "integer", true),
    ("log_statement", "", "string", true),
    ("maintenance_work_mem", "GREATEST({DBInstanceClassMemory*1024/63963136},65536)", "integer", true),
    ("max_connections", MAX_CONNECTIONS, "integer", false),
    ("max_locks_per_transaction", "64", "integer", false),
    ("max_logical_replication_workers", "", "integer", false),
    ("max_parallel_workers", "GREATEST(${DBInstanceVCPU/2},8)", "integer", true),
    ("max_replication_slots", "20", "integer", false),
    ("max_standby_streaming_delay", "14000", "integer", true),
    ("max_wal_senders", "20", "integer", false),
    ("max_wal_size", "2048", "integer", true),
    ("max_worker_processes", "GREATEST(${DBInstanceVCPU*2},8)", "integer", false),
    ("min_wal_size", "192", "integer", true),
    ("random_page_cost", "", "float", true),
    ("rds.force_ssl", "1", "boolean", true),
    ("rds.logical_replication", "0", "boolean", false),
    ("rds.rds_superuser_reserved_connections", "2", "integer", false),
    ("shared_buffers", "{DBInstanceClassMemory/32768}", "integer", false),
    ("statement_timeout", "", "integer", true),
    ("superuser_reserved_connections", "3", "integer", false),
    ("wal_buffers", "", "integer", false),
    ("wal_keep_size", "2048", "integer", true),
    ("work_mem", "", "integer", true),
];

/// `DescribeDBParameters`
pub(super) fn describe(world: &World, input: &Value) -> Result<Value, Refusal> {
    let name = input.required_text("DBParameterGroupName")?;
    let group = group(world, name)?;
    let source = input.text("Source")?.filter(|source| !source.is_empty());
    let mut asked: Option<Vec<&str>> = None;
    for filter in input.members("Filters", "Filter")? {
        match filter.required_text("Name")? {
            "parameter-name" => {
                let values = filter.members("Values", "Value")?;
                asked.get_or_insert_default().extend(values.into_iter().filter_map(Value::as_text));
            }
            other => return Err(Refusal::new("InvalidParameterValue", format!("Unrecognized filter name: {other}"))),
        }
    }
    let named = |row: &Row| asked.as_ref().is_none_or(|asked| asked.contains(&row.0));
    let all = PARAMETERS.iter().filter(|row| named(row)).map(|row| (row, set(group, row)));
    let wanted: Vec<_> =
        all.filter(|(row, set)| source.is_none_or(|wanted| wanted == source_of(row, set.as_ref()))).collect();
    paged(input, "DescribeDBParameters", "Parameters", "Parameter", &wanted, |(row, set)| {
        let (name, default, kind, dynamic) = *row;
        let value = set.clone().or_else(|| (!default.is_empty()).then(|| (*default).to_owned()));
        Value::map([
            ("ParameterName", (*name).into()),
            ("ParameterValue", value.into()),
            ("Source", source_of(row, set.as_ref()).into()),
            ("ApplyType", if *dynamic { "dynamic" } else { "static" }.into()),
            ("DataType", (*kind).into()),
            ("IsModifiable", true.into()),
            ("ApplyMethod", if *dynamic { "immediate" } else { "pending-reboot" }.into()),
        ])
    })
}

/// `DescribeDBParameterGroups`
pub(super) fn describe_groups(world: &World, input: &Value) -> Result<Value, Refusal> {
    let groups = match input.text("DBParameterGroupName")? {
        Some(name) => vec![group(world, name)?],
        None => world.databases().map_or_else(Vec::new, |all| all.groups.iter().collect()),
    };
    paged(input, "DescribeDBParameterGroups", "DBParameterGroups", "DBParameterGroup", &groups, |group| {
        let identity = world.identity();
        Value::map([
            ("DBParameterGroupName", group.name.clone().into()),
            ("DBParameterGroupFamily", group.family.into()),
            ("Description", group.description.clone().into()),
            (
                "DBParameterGroupArn",
                format!("arn:aws:rds:{}:{}:pg:{}", identity.region, identity.account, group.name).into(),
            ),
        ])
    })
}

fn group<'w>(world: &'w World, name: &str) -> Result<&'w ParameterGroup, Refusal> {
    let found = world.databases().and_then(|all| all.groups.iter().find(|group| group.name == name));
    found.ok_or_else(|| {
        let message = format!("DBParameterGroup not found: {name}");
        Refusal::with_query("DBParameterGroupNotFoundFault", "DBParameterGroupNotFound", message).status(404)
    })
}

/// What somebody set.
fn set(group: &ParameterGroup, row: &Row) -> Option<String> {
    group.max_connections.filter(|_| row.0 == "max_connections").map(|most| most.to_string())
}

fn source_of(row: &Row, set: Option<&String>) -> &'static str {
    match set {
        Some(_) => "user",
        None if row.1.is_empty() => "engine-default",
        None => "system",
    }
}
