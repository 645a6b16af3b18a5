//! RDS, over awsQuery: instances, their parameters, what happened to them, their tags. Deliberately absent: creating an
//! instance that is no replica, promotion, snapshots, maintenance.

mod parameters;
mod records;

use jiff::SignedDuration;

use super::page::{self, Place};
use crate::drill::wire::{Refusal, Value};
use crate::drill::world::World;
use crate::drill::world::database::{
    self, Databases, ENGINE, Modification, ReplicaWish, instance::Instance, is_identifier,
};

/// Records on a page, unless the caller names fewer.
const PAGE: i64 = 100;
/// Minutes of events that are told, unless the caller names others; and how far back there are any.
const EVENT_MINUTES: i64 = 60;
const EVENT_MINUTES_KEPT: i64 = 14 * 24 * 60;

pub(super) fn answer(world: &mut World, operation: &str, input: &Value) -> Result<Value, Refusal> {
    match operation {
        "DescribeDBInstances" => describe_instances(world, input),
        "CreateDBInstanceReadReplica" => create_replica(world, input),
        "DeleteDBInstance" => delete_instance(world, input),
        "ModifyDBInstance" => modify_instance(world, input),
        "DescribeDBParameters" => parameters::describe(world, input),
        "DescribeDBParameterGroups" => parameters::describe_groups(world, input),
        "DescribeEvents" => describe_events(world, input),
        "ListTagsForResource" => list_tags(world, input),
        "AddTagsToResource" => {
            let tags = tags(input)?;
            Ok(world.tag_instance(input.required_text("ResourceName")?, &tags, &[]).map(|()| nothing())?)
        }
        "RemoveTagsFromResource" => {
            let keys = input.texts("TagKeys")?;
            Ok(world.tag_instance(input.required_text("ResourceName")?, &[], &keys).map(|()| nothing())?)
        }
        _ => Err(Refusal::unknown_operation(operation)),
    }
}

impl From<database::Refusal> for Refusal {
    fn from(refusal: database::Refusal) -> Self {
        let message = refusal.to_string();
        match refusal {
            database::Refusal::NotFound(_) => {
                Self::with_query("DBInstanceNotFoundFault", "DBInstanceNotFound", message).status(404)
            }
            database::Refusal::AlreadyExists => {
                Self::with_query("DBInstanceAlreadyExistsFault", "DBInstanceAlreadyExists", message)
            }
            database::Refusal::InvalidState(_) => {
                Self::with_query("InvalidDBInstanceStateFault", "InvalidDBInstanceState", message)
            }
            database::Refusal::QuotaExceeded(_) => {
                Self::with_query("InstanceQuotaExceededFault", "InstanceQuotaExceeded", message)
            }
            database::Refusal::InvalidValue(_) => Self::new("InvalidParameterValue", message),
            database::Refusal::InvalidCombination(_) => Self::new("InvalidParameterCombination", message),
        }
    }
}

fn nothing() -> Value {
    Value::Map(Vec::new())
}

/// A page of records that have names of their own, as RDS pages everything.
fn paged<T>(
    input: &Value,
    operation: &str,
    field: &'static str,
    member: &'static str,
    items: &[T],
    value: impl Fn(&T) -> Value,
) -> Result<Value, Refusal> {
    let size = match input.int("MaxRecords")? {
        None => PAGE,
        Some(size @ 20..=PAGE) => size,
        Some(other) => {
            let message = format!("Invalid value {other} for MaxRecords. Must be between 20 and {PAGE}");
            return Err(Refusal::new("InvalidParameterValue", message));
        }
    };
    let marker = input.text("Marker")?.filter(|marker| !marker.is_empty());
    let place = Place::read(operation, marker)
        .ok_or_else(|| Refusal::new("InvalidParameterValue", "The marker is not valid."))?;
    let (page, next) = page::flat(items, place, size as usize);
    Ok(Value::map([
        ("Marker", next.map(|next| next.write(operation)).into()),
        (field, Value::list_of(member, page.iter().map(value))),
    ]))
}

/// An identifier that may be an ARN.
fn identifier(text: &str) -> &str {
    match text.strip_prefix("arn:") {
        Some(rest) => rest.rsplit(':').next().unwrap_or(rest),
        None => text,
    }
}

fn describe_instances(world: &World, input: &Value) -> Result<Value, Refusal> {
    let mut found: Vec<&Instance> = world.databases().map_or_else(Vec::new, |all| all.instances.iter().collect());
    found.sort_by(|a, b| a.id.cmp(&b.id));
    for filter in input.members("Filters", "Filter")? {
        let name = filter.required_text("Name")?;
        let values = filter.members("Values", "Value")?;
        let values: Vec<&str> = values.into_iter().filter_map(Value::as_text).collect();
        match name {
            "db-instance-id" => {
                // Wildcards are no part of an identifier, and are refused as AWS refuses them.
                if values.iter().any(|value| !is_identifier(identifier(value))) {
                    return Err(database::Refusal::not_an_identifier("Filter: db-instance-id").into());
                }
                found.retain(|one| values.iter().any(|value| identifier(value).eq_ignore_ascii_case(&one.id)));
            }
            "dbi-resource-id" => found.retain(|one| values.contains(&one.resource_id.as_str())),
            "engine" => found.retain(|_| values.contains(&ENGINE)),
            // None of these instances belongs to a cluster or a directory.
            "db-cluster-id" | "domain" => found.clear(),
            other => {
                return Err(Refusal::new("InvalidParameterValue", format!("Unrecognized filter name: {other}")));
            }
        }
    }
    if let Some(id) = input.text("DBInstanceIdentifier")?.filter(|id| !id.is_empty()) {
        found.retain(|one| one.id.eq_ignore_ascii_case(identifier(id)));
        if found.is_empty() {
            return Err(database::Refusal::not_found(identifier(id)).into());
        }
    }
    paged(input, "DescribeDBInstances", "DBInstances", "DBInstance", &found, |one| records::instance(one, world))
}

fn create_replica(world: &mut World, input: &Value) -> Result<Value, Refusal> {
    let text = |field| -> Result<Option<String>, Refusal> { Ok(input.text(field)?.map(str::to_owned)) };
    let wish = ReplicaWish {
        id: input.required_text("DBInstanceIdentifier")?.to_owned(),
        source: input.required_text("SourceDBInstanceIdentifier")?.to_owned(),
        class: text("DBInstanceClass")?,
        zone: text("AvailabilityZone")?,
        multi_az: input.bool("MultiAZ")?.unwrap_or(false),
        deletion_protection: input.bool("DeletionProtection")?.unwrap_or(false),
        max_allocated_gib: gib(input)?,
        tags: tags(input)?,
    };
    let created = world.create_replica(&wish)?;
    Ok(Value::map([("DBInstance", records::instance(&created, world))]))
}

fn delete_instance(world: &mut World, input: &Value) -> Result<Value, Refusal> {
    let id = input.required_text("DBInstanceIdentifier")?;
    let skip = input.bool("SkipFinalSnapshot")?.unwrap_or(false);
    let deleted = world.delete_instance(id, skip, input.text("FinalDBSnapshotIdentifier")?)?;
    Ok(Value::map([("DBInstance", records::instance(&deleted, world))]))
}

fn modify_instance(world: &mut World, input: &Value) -> Result<Value, Refusal> {
    let known =
        ["DBInstanceIdentifier", "DBInstanceClass", "ApplyImmediately", "DeletionProtection", "MaxAllocatedStorage"];
    if let Some(other) = input.names().find(|name| !known.contains(name) && *name != "Action" && *name != "Version") {
        return Err(Refusal::new("InvalidParameterCombination", format!("The drill modifies no {other}.")));
    }
    let change = Modification {
        class: input.text("DBInstanceClass")?.map(str::to_owned),
        now: input.bool("ApplyImmediately")?.unwrap_or(false),
        deletion_protection: input.bool("DeletionProtection")?,
        max_allocated_gib: gib(input)?,
    };
    let modified = world.modify_instance(input.required_text("DBInstanceIdentifier")?, &change)?;
    Ok(Value::map([("DBInstance", records::instance(&modified, world))]))
}

fn gib(input: &Value) -> Result<Option<u32>, Refusal> {
    let Some(sent) = input.int("MaxAllocatedStorage")? else { return Ok(None) };
    let gib = u32::try_from(sent).ok();
    gib.map(Some).ok_or_else(|| Refusal::new("InvalidParameterValue", format!("Invalid storage size: {sent}")))
}

fn tags(input: &Value) -> Result<Vec<(String, String)>, Refusal> {
    let pair = |tag: &Value| -> Result<(String, String), Refusal> {
        Ok((tag.required_text("Key")?.to_owned(), tag.text("Value")?.unwrap_or_default().to_owned()))
    };
    input.members("Tags", "Tag")?.into_iter().map(pair).collect()
}

fn list_tags(world: &World, input: &Value) -> Result<Value, Refusal> {
    let arn = input.required_text("ResourceName")?;
    let found = world.databases().and_then(|all| all.instances.iter().find(|one| one.arn == arn));
    let one = found.ok_or_else(|| database::Refusal::not_found(identifier(arn)))?;
    Ok(Value::map([("TagList", records::tags(one))]))
}

fn describe_events(world: &World, input: &Value) -> Result<Value, Refusal> {
    let minutes = input.int("Duration")?.unwrap_or(EVENT_MINUTES).clamp(0, EVENT_MINUTES_KEPT);
    let to = input.time("EndTime")?.unwrap_or_else(|| world.now());
    let from = input.time("StartTime")?.unwrap_or(to - SignedDuration::from_mins(minutes));
    let id = input.text("SourceIdentifier")?;
    let kind = input.text("SourceType")?;
    if id.is_some() && kind.is_none() {
        return Err(Refusal::new("InvalidParameterCombination", "SourceType must be specified with SourceIdentifier."));
    }
    let categories = input.members("EventCategories", "EventCategory")?;
    let events = world.databases().into_iter().flat_map(|all: &Databases| &all.events).filter(|event| {
        (from..=to).contains(&event.at)
            && id.is_none_or(|id| event.instance.eq_ignore_ascii_case(id))
            && kind.is_none_or(|kind| kind == "db-instance")
            && (categories.is_empty() || categories.iter().any(|one| one.as_text() == Some(event.category)))
    });
    let events: Vec<_> = events.collect();
    paged(input, "DescribeEvents", "Events", "Event", &events, |event| {
        Value::map([
            ("SourceIdentifier", event.instance.clone().into()),
            ("SourceType", "db-instance".into()),
            ("Message", event.message.clone().into()),
            ("EventCategories", Value::list_of("EventCategory", [event.category.into()])),
            ("Date", event.at.into()),
            ("SourceArn", event.arn.clone().into()),
        ])
    })
}
