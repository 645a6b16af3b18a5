//! Route 53, over restXml: the private zone, its records, and changes of them, all or none. Deliberately absent: making
//! zones, aliases, health checks, and every routing policy but weights.

use jiff::Timestamp;

use crate::drill::wire::{Refusal, Value};
use crate::drill::world::World;
use crate::drill::world::database::dns::{Change, RecordSet, Zone, reversed};

/// Records on a page, and the most that can be asked for.
const RECORDS_PAGE: i64 = 300;
/// Zones on a page, and the most that can be asked for.
const ZONES_PAGE: i64 = 100;
/// The most changes of a batch: the quota of `ResourceRecord` elements.
const MOST_CHANGES: usize = 1000;
/// Record sets with the same name and type: the quota.
const MOST_WEIGHTED: usize = 100;
/// The types that the drill's zone takes.
const KINDS: [&str; 12] = ["A", "AAAA", "CAA", "CNAME", "HTTPS", "MX", "NS", "PTR", "SOA", "SRV", "SVCB", "TXT"];
/// Where a record set holds what the drill does not do.
const UNKNOWN: [&str; 8] = [
    "AliasTarget",
    "Region",
    "Failover",
    "GeoLocation",
    "MultiValueAnswer",
    "HealthCheckId",
    "TrafficPolicyInstanceId",
    "CidrRoutingConfig",
];

pub(super) fn answer(world: &mut World, operation: &str, input: &Value) -> Result<Value, Refusal> {
    match operation {
        "ListHostedZones" => list_zones(world, input),
        "ListHostedZonesByName" => list_zones_by_name(world, input),
        "GetHostedZone" => get_zone(world, input),
        "ListResourceRecordSets" => list_records(world, input),
        "ChangeResourceRecordSets" => change_records(world, input),
        "GetChange" => get_change(world, input),
        _ => Err(Refusal::unknown_operation(operation)),
    }
}

/// An id without the path that it may come with.
fn bare(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}

fn zones(world: &World) -> impl Iterator<Item = &Zone> {
    world.databases().map(|all| &all.zone).into_iter()
}

fn zone<'w>(world: &'w World, input: &Value) -> Result<&'w Zone, Refusal> {
    let id = bare(input.required_text("Id")?);
    zones(world)
        .find(|zone| zone.id == id)
        .ok_or_else(|| Refusal::new("NoSuchHostedZone", format!("No hosted zone found with ID: {id}")).status(404))
}

fn most(input: &Value, page: i64) -> Result<i64, Refusal> {
    match input.int("maxitems")? {
        None => Ok(page),
        Some(most) if most >= 1 => Ok(most.min(page)),
        Some(other) => Err(invalid(format!("The value {other} for maxitems must be at least 1"))),
    }
}

fn list_zones(world: &World, input: &Value) -> Result<Value, Refusal> {
    let most = most(input, ZONES_PAGE)?;
    let marker = input.text("marker")?.filter(|marker| !marker.is_empty());
    if let Some(marker) = marker.filter(|marker| zones(world).all(|zone| zone.id != *marker)) {
        return Err(invalid(format!("The marker {marker} is not valid")));
    }
    Ok(Value::map([
        ("HostedZones", Value::list_of("HostedZone", zones(world).map(zone_value))),
        ("Marker", marker.map(str::to_owned).into()),
        ("IsTruncated", false.into()),
        ("MaxItems", most.to_string().into()),
    ]))
}

fn list_zones_by_name(world: &World, input: &Value) -> Result<Value, Refusal> {
    let most = most(input, ZONES_PAGE)?;
    let from = input.text("dnsname")?.filter(|name| !name.is_empty()).map(dotted);
    let found = zones(world).filter(|zone| from.as_ref().is_none_or(|from| reversed(&zone.name) >= reversed(from)));
    Ok(Value::map([
        ("HostedZones", Value::list_of("HostedZone", found.map(zone_value))),
        ("DNSName", from.clone().into()),
        ("HostedZoneId", input.text("hostedzoneid")?.map(str::to_owned).into()),
        ("IsTruncated", false.into()),
        ("MaxItems", most.to_string().into()),
    ]))
}

fn get_zone(world: &World, input: &Value) -> Result<Value, Refusal> {
    let zone = zone(world, input)?;
    let vpc = Value::map([("VPCRegion", world.identity().region.into()), ("VPCId", "vpc-0a1b2c3d4e5f60718".into())]);
    Ok(Value::map([("HostedZone", zone_value(zone)), ("VPCs", Value::list_of("VPC", [vpc]))]))
}

fn zone_value(zone: &Zone) -> Value {
    Value::map([
        ("Id", format!("/hostedzone/{}", zone.id).into()),
        ("Name", zone.name.clone().into()),
        ("CallerReference", "terraform-20260727090000000000000001".into()),
        ("Config", Value::map([("Comment", zone.comment.clone().into()), ("PrivateZone", true.into())])),
        ("ResourceRecordSetCount", (zone.records.len() as i64).into()),
    ])
}

fn list_records(world: &World, input: &Value) -> Result<Value, Refusal> {
    let zone = zone(world, input)?;
    let most = most(input, RECORDS_PAGE)?;
    let text = |field| -> Result<Option<&str>, Refusal> { Ok(input.text(field)?.filter(|text| !text.is_empty())) };
    let (name, kind, identifier) = (text("name")?.map(dotted), text("type")?, text("identifier")?);
    if kind.is_some() && name.is_none() || identifier.is_some() && kind.is_none() {
        return Err(invalid("A type needs a name, and an identifier needs both, to start from"));
    }
    let start = name.as_ref().map(|name| (reversed(name), kind.unwrap_or(""), identifier));
    let mut rest = zone.records.iter().filter(|one| start.as_ref().is_none_or(|start| one.order() >= *start));
    let page: Vec<Value> = rest.by_ref().take(most as usize).map(record_value).collect();
    let next = rest.next();
    Ok(Value::map([
        ("ResourceRecordSets", Value::list_of("ResourceRecordSet", page)),
        ("IsTruncated", next.is_some().into()),
        ("NextRecordName", next.map(|next| next.name.clone()).into()),
        ("NextRecordType", next.map(|next| next.kind.clone()).into()),
        ("NextRecordIdentifier", next.and_then(|next| next.set_identifier.clone()).into()),
        ("MaxItems", most.to_string().into()),
    ]))
}

fn record_value(one: &RecordSet) -> Value {
    let values = one.values.iter().map(|value| Value::map([("Value", value.clone().into())]));
    Value::map([
        ("Name", one.name.clone().into()),
        ("Type", one.kind.clone().into()),
        ("SetIdentifier", one.set_identifier.clone().into()),
        ("Weight", one.weight.map(u32::from).into()),
        ("TTL", one.ttl.into()),
        ("ResourceRecords", Value::list_of("ResourceRecord", values)),
    ])
}

fn get_change(world: &World, input: &Value) -> Result<Value, Refusal> {
    let id = bare(input.required_text("Id")?);
    let found = zones(world).flat_map(|zone| &zone.changes).find(|change| change.id == id);
    let change = found
        .ok_or_else(|| Refusal::new("NoSuchChange", format!("Could not find resource with ID: {id}")).status(404))?;
    Ok(Value::map([("ChangeInfo", change_value(change, world.now()))]))
}

fn change_value(change: &Change, now: Timestamp) -> Value {
    let status = if change.in_sync <= now.as_second() { "INSYNC" } else { "PENDING" };
    Value::map([
        ("Id", format!("/change/{}", change.id).into()),
        ("Status", status.into()),
        ("SubmittedAt", Timestamp::from_second(change.at).unwrap_or(now).into()),
        ("Comment", change.comment.clone().into()),
    ])
}

fn change_records(world: &mut World, input: &Value) -> Result<Value, Refusal> {
    let zone = zone(world, input)?;
    let batch = input.get("ChangeBatch").ok_or_else(|| invalid("Invalid request: Missing field 'ChangeBatch'"))?;
    let changes = batch.members("Changes", "Change")?;
    if changes.is_empty() || changes.len() > MOST_CHANGES {
        return Err(invalid(format!(
            "Invalid request: a batch holds 1 to {MOST_CHANGES} changes, not {}",
            changes.len()
        )));
    }
    let changes: Vec<(&str, RecordSet)> = changes.into_iter().map(read_change).collect::<Result<_, _>>()?;
    let mut records = zone.records.clone();
    let mut problems = Vec::new();
    for (index, (action, record)) in changes.iter().enumerate() {
        if changes[..index].iter().any(|(_, other)| other.key() == record.key()) {
            problems.push(format!(
                "The request contains an invalid set of changes for a resource record set '{} {}'",
                record.kind, record.name
            ));
        } else if let Err(problem) = apply(&mut records, action, record, zone) {
            problems.push(problem);
        }
    }
    if problems.is_empty() {
        problems = changes
            .iter()
            .filter(|(action, _)| *action != "DELETE")
            .filter_map(|(_, one)| conflict(&records, one, zone))
            .collect();
    }
    if !problems.is_empty() {
        return Err(Refusal::new("InvalidChangeBatch", format!("[{}]", problems.join(", "))));
    }
    let comment = batch.text("Comment")?.map(str::to_owned);
    let now = world.now();
    let change = world.change_records(records, comment).ok_or_else(|| invalid("There is no zone"))?;
    Ok(Value::map([("ChangeInfo", change_value(&change, now))]))
}

/// One change of a batch, as far as it can be judged by itself.
fn read_change(change: &Value) -> Result<(&str, RecordSet), Refusal> {
    let action = change.required_text("Action")?;
    if !["CREATE", "DELETE", "UPSERT"].contains(&action) {
        return Err(invalid(format!(
            "Invalid XML ; cvc-enumeration-valid: Value '{action}' is not facet-valid with respect to enumeration \
             '[CREATE, DELETE, UPSERT]'."
        )));
    }
    let record = change
        .get("ResourceRecordSet")
        .ok_or_else(|| invalid("Invalid request: Missing field 'ResourceRecordSet' in Change"))?;
    let name = dotted(record.required_text("Name")?);
    let kind = record.required_text("Type")?;
    if !KINDS.contains(&kind) {
        return Err(invalid(format!(
            "Invalid XML ; cvc-enumeration-valid: Value '{kind}' is not facet-valid with respect to enumeration \
             '[{}]'.",
            KINDS.join(", ")
        )));
    }
    let set_identifier = record.text("SetIdentifier")?;
    let within = format!(
        "in Change with [Action={action}, Name={name}, Type={kind}, SetIdentifier={}]",
        set_identifier.unwrap_or("null")
    );
    if let Some(field) = UNKNOWN.iter().find(|field| record.get(field).is_some()) {
        return Err(invalid(format!("The drill has no {field} {within}")));
    }
    let weight = match record.int("Weight")? {
        None => None,
        Some(weight) => Some(u8::try_from(weight).map_err(|_| {
            invalid(format!(
                "Invalid XML ; cvc-maxInclusive-valid: Value '{weight}' is not facet-valid with respect to \
                 maxInclusive '255' for type 'RRWeight'."
            ))
        })?),
    };
    match (set_identifier, weight) {
        (Some(_), None) => {
            return Err(invalid(format!(
                "Invalid request: Expected exactly one of [Weight, Region, Failover, GeoLocation, or MultiValueAnswer], \
                 but found none {within}"
            )));
        }
        (None, Some(_)) => return Err(invalid(format!("Invalid request: Missing field 'SetIdentifier' {within}"))),
        (Some(identifier), _) if identifier.is_empty() || identifier.len() > 128 => {
            return Err(invalid(format!("Invalid request: SetIdentifier has 1 to 128 characters {within}")));
        }
        _ => {}
    }
    let ttl = record.int("TTL")?.and_then(|ttl| u32::try_from(ttl).ok());
    let values = record.members("ResourceRecords", "ResourceRecord")?;
    let values: Vec<String> = values
        .into_iter()
        .map(|one| Ok(one.required_text("Value")?.trim().to_owned()))
        .collect::<Result<_, Refusal>>()?;
    let (Some(ttl), false) = (ttl, values.is_empty()) else {
        return Err(invalid(format!(
            "Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or \
             TrafficPolicyInstanceId], but found none {within}"
        )));
    };
    let set_identifier = set_identifier.map(str::to_owned);
    Ok((action, RecordSet { name, kind: kind.to_owned(), set_identifier, weight, ttl, values }))
}

/// Applies a change to the records; the error is Route 53's sentence.
fn apply(records: &mut Vec<RecordSet>, action: &str, record: &RecordSet, zone: &Zone) -> Result<(), String> {
    let inside = record.name == zone.name || record.name.ends_with(&format!(".{}", zone.name));
    if !inside {
        return Err(format!("RRSet with DNS name {} is not permitted in zone {}", record.name, zone.name));
    }
    let identifier = record.set_identifier.as_ref().map(|one| format!(", set-identifier='{one}'")).unwrap_or_default();
    let what = format!("resource record set [name='{}', type='{}'{identifier}]", record.name, record.kind);
    let found = records.iter().position(|one| one.key() == record.key());
    match (action, found) {
        ("CREATE", Some(_)) => Err(format!("Tried to create {what} but it already exists")),
        ("DELETE", None) => Err(format!("Tried to delete {what} but it was not found")),
        ("DELETE", Some(place)) if records[place] != *record => {
            Err(format!("Tried to delete {what} but the values provided do not match the current values"))
        }
        ("DELETE", Some(_)) if record.name == zone.name && ["NS", "SOA"].contains(&record.kind.as_str()) => {
            Err(format!(
                "A HostedZone must contain at least one NS record for the zone itself, and exactly one SOA record for the \
             zone itself: {} {}",
                record.kind, record.name
            ))
        }
        ("DELETE", Some(place)) => {
            records.remove(place);
            Ok(())
        }
        (_, Some(place)) => {
            records[place] = record.clone();
            Ok(())
        }
        (_, None) => {
            records.push(record.clone());
            Ok(())
        }
    }
}

/// What stands against a record in the zone as it would be, in Route 53's words.
fn conflict(records: &[RecordSet], record: &RecordSet, zone: &Zone) -> Option<String> {
    let (name, kind) = (&record.name, &record.kind);
    let identifier = record.set_identifier.as_deref().unwrap_or("null");
    let alike = || records.iter().filter(|one| one.name == *name && one.kind == *kind);
    let refused = |because: &str| {
        Some(format!(
            "RRSet with DNS name {name}, type {kind}, SetIdentifier {identifier} cannot be created as {because}"
        ))
    };
    if kind == "CNAME" && *name == zone.name {
        return Some(format!(
            "RRSet of type CNAME with DNS name {name} is not permitted at apex in zone {}",
            zone.name
        ));
    }
    if records.iter().any(|one| one.name == *name && (one.kind == "CNAME") != (kind == "CNAME")) {
        return Some(format!(
            "RRSet of type {kind} with DNS name {name} is not permitted as it conflicts with other records with the \
             same DNS name in zone {}",
            zone.name
        ));
    }
    if alike().any(|one| one.weight.is_some() != record.weight.is_some()) {
        let other = if record.weight.is_some() { "a non-weighted set exists" } else { "other RRSets exist" };
        return refused(&format!("{other} with the same name and type."));
    }
    if alike().any(|one| one.ttl != record.ttl) {
        return refused("weighted sets must contain the same TTL.");
    }
    if record.values.len() > 1 && (kind == "CNAME" || record.weight.is_some()) {
        return refused("it holds more than one value.");
    }
    if alike().count() > MOST_WEIGHTED {
        return refused(&format!("there are {MOST_WEIGHTED} with the same name and type."));
    }
    None
}

/// A name as Route 53 keeps it: in lower case, with a dot at its end.
fn dotted(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    if name.ends_with('.') { name } else { format!("{name}.") }
}

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new("InvalidInput", message)
}
