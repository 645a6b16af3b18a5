//! ElastiCache, over awsQuery: the replication group, its nodes, what is changed of them and what happened. Deliberately
//! absent: memcached, serverless caches, snapshots, users, parameter groups, and creating or deleting a group.

use jiff::SignedDuration;

use super::page::{self, Place};
use crate::drill::wire::{Refusal, Value};
use crate::drill::world::World;
use crate::drill::world::cache::{CacheRefusal, Group, GroupWish, Node, ReplicaWish, Shard, ShardWish};

/// Records on a page, unless the caller names fewer.
const PAGE: i64 = 100;
/// Minutes of events that are told, unless the caller names others; and how far back there are any.
const EVENT_MINUTES: i64 = 60;
const EVENT_MINUTES_KEPT: i64 = 14 * 24 * 60;
const PORT: i64 = 6379;
const ENGINE: &str = "redis";
const ENGINE_VERSION: &str = "7.1.0";
/// The one node of a Redis cache cluster.
const NODE: &str = "0001";

/// What `ModifyReplicationGroup` may carry.
const CHANGED: [&str; 7] = [
    "Action",
    "Version",
    "ReplicationGroupId",
    "MultiAZEnabled",
    "AutomaticFailoverEnabled",
    "CacheNodeType",
    "ApplyImmediately",
];

pub(super) fn answer(world: &mut World, operation: &str, input: &Value) -> Result<Value, Refusal> {
    match operation {
        "DescribeReplicationGroups" => describe_groups(world, input),
        "DescribeCacheClusters" => describe_clusters(world, input),
        "DescribeEvents" => describe_events(world, input),
        "IncreaseReplicaCount" => {
            world.increase_replicas(&replica_wish(input)?)?;
            changed(world)
        }
        "DecreaseReplicaCount" => {
            world.decrease_replicas(&replica_wish(input)?)?;
            changed(world)
        }
        "ModifyReplicationGroup" => {
            if let Some(other) = input.names().find(|name| !CHANGED.contains(name)) {
                return Err(CacheRefusal::Value(format!("The drill does not change {other}.")).into());
            }
            let wish = GroupWish {
                group: input.required_text("ReplicationGroupId")?.to_owned(),
                multi_az: input.bool("MultiAZEnabled")?,
                automatic_failover: input.bool("AutomaticFailoverEnabled")?,
                node_type: input.text("CacheNodeType")?.map(str::to_owned),
                at_once: input.bool("ApplyImmediately")?.unwrap_or(false),
            };
            world.modify_cache(&wish)?;
            changed(world)
        }
        "ModifyReplicationGroupShardConfiguration" => {
            let wish = ShardWish {
                group: input.required_text("ReplicationGroupId")?.to_owned(),
                count: input.int("NodeGroupCount")?.ok_or_else(|| required("NodeGroupCount"))?,
                remove: named(input, "NodeGroupsToRemove", "NodeGroupToRemove")?,
                retain: named(input, "NodeGroupsToRetain", "NodeGroupToRetain")?,
                at_once: input.bool("ApplyImmediately")?.unwrap_or(false),
            };
            world.reshard_cache(&wish)?;
            changed(world)
        }
        _ => Err(Refusal::unknown_operation(operation)),
    }
}

impl From<CacheRefusal> for Refusal {
    fn from(refusal: CacheRefusal) -> Self {
        let message = refusal.to_string();
        match refusal {
            CacheRefusal::NoGroup(_) => {
                Self::with_query("ReplicationGroupNotFoundFault", "ReplicationGroupNotFoundFault", message).status(404)
            }
            CacheRefusal::NoShard(_) => {
                Self::with_query("NodeGroupNotFoundFault", "NodeGroupNotFoundFault", message).status(404)
            }
            CacheRefusal::NotAvailable => {
                Self::with_query("InvalidReplicationGroupStateFault", "InvalidReplicationGroupState", message)
            }
            CacheRefusal::NodeNotAvailable(_) => {
                Self::with_query("InvalidCacheClusterStateFault", "InvalidCacheClusterState", message)
            }
            CacheRefusal::NoOperation => Self::new("NoOperationFault", message),
            CacheRefusal::Value(_) => {
                Self::with_query("InvalidParameterValueException", "InvalidParameterValue", message)
            }
            CacheRefusal::Combination(_) => {
                Self::with_query("InvalidParameterCombinationException", "InvalidParameterCombination", message)
            }
        }
    }
}

fn required(field: &str) -> Refusal {
    Refusal::with_query("InvalidParameterValueException", "InvalidParameterValue", format!("{field} is required."))
}

fn named(input: &Value, field: &'static str, member: &'static str) -> Result<Vec<String>, Refusal> {
    let members = input.members(field, member)?;
    Ok(members.into_iter().filter_map(Value::as_text).map(str::to_owned).collect())
}

fn replica_wish(input: &Value) -> Result<ReplicaWish, Refusal> {
    let mut shards = Vec::new();
    for shard in input.members("ReplicaConfiguration", "ConfigureShard")? {
        if !shard.members("PreferredAvailabilityZones", "PreferredAvailabilityZone")?.is_empty() {
            let message = "The drill places replicas by itself: PreferredAvailabilityZones is not answered.";
            return Err(CacheRefusal::Value(message.to_owned()).into());
        }
        let count = shard.int("NewReplicaCount")?.ok_or_else(|| required("NewReplicaCount"))?;
        shards.push((shard.required_text("NodeGroupId")?.to_owned(), count));
    }
    Ok(ReplicaWish {
        group: input.required_text("ReplicationGroupId")?.to_owned(),
        count: input.int("NewReplicaCount")?,
        shards,
        remove: named(input, "ReplicasToRemove", "member")?,
        at_once: input.bool("ApplyImmediately")?.ok_or_else(|| required("ApplyImmediately"))?,
    })
}

/// The answer to every change: the group as it is now.
fn changed(world: &World) -> Result<Value, Refusal> {
    let group = world.cache().ok_or_else(|| Refusal::from(CacheRefusal::NoGroup(String::new())))?;
    Ok(Value::map([("ReplicationGroup", group_record(group, world))]))
}

/// A page of records that have names of their own, as ElastiCache pages everything.
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
            return Err(CacheRefusal::Value(message).into());
        }
    };
    let marker = input.text("Marker")?.filter(|marker| !marker.is_empty());
    let invalid = || Refusal::from(CacheRefusal::Value("The marker is not valid.".to_owned()));
    let place = Place::read(operation, marker).ok_or_else(invalid)?;
    let (page, next) = page::flat(items, place, size as usize);
    Ok(Value::map([
        ("Marker", next.map(|next| next.write(operation)).into()),
        (field, Value::list_of(member, page.iter().map(value))),
    ]))
}

fn describe_groups(world: &World, input: &Value) -> Result<Value, Refusal> {
    let mut groups: Vec<&Group> = world.cache().into_iter().collect();
    if let Some(id) = input.text("ReplicationGroupId")?.filter(|id| !id.is_empty()) {
        groups.retain(|group| group.id == id);
        if groups.is_empty() {
            return Err(CacheRefusal::NoGroup(id.to_owned()).into());
        }
    }
    let record = |group: &&Group| group_record(group, world);
    paged(input, "DescribeReplicationGroups", "ReplicationGroups", "ReplicationGroup", &groups, record)
}

fn describe_clusters(world: &World, input: &Value) -> Result<Value, Refusal> {
    // Every node here is in the group.
    let alone = input.bool("ShowCacheClustersNotInReplicationGroups")?.unwrap_or(false);
    let mut nodes: Vec<&Node> = world.cache().filter(|_| !alone).into_iter().flat_map(Group::nodes).collect();
    nodes.sort_by(|a, b| a.id.cmp(&b.id));
    if let Some(id) = input.text("CacheClusterId")?.filter(|id| !id.is_empty()) {
        nodes.retain(|node| node.id == id);
        if nodes.is_empty() {
            let message = format!("CacheCluster not found: {id}");
            return Err(Refusal::with_query("CacheClusterNotFoundFault", "CacheClusterNotFound", message).status(404));
        }
    }
    let with_nodes = input.bool("ShowCacheNodeInfo")?.unwrap_or(false);
    let record = |node: &&Node| cluster_record(node, with_nodes, world);
    paged(input, "DescribeCacheClusters", "CacheClusters", "CacheCluster", &nodes, record)
}

fn describe_events(world: &World, input: &Value) -> Result<Value, Refusal> {
    let minutes = input.int("Duration")?.unwrap_or(EVENT_MINUTES).clamp(0, EVENT_MINUTES_KEPT);
    let to = input.time("EndTime")?.unwrap_or_else(|| world.now());
    let from = input.time("StartTime")?.unwrap_or(to - SignedDuration::from_mins(minutes));
    let source = input.text("SourceIdentifier")?.filter(|source| !source.is_empty());
    let of_group = match input.text("SourceType")?.filter(|kind| !kind.is_empty()) {
        None => None,
        Some("replication-group") => Some(true),
        Some("cache-cluster") => Some(false),
        Some(_) => return paged(input, "DescribeEvents", "Events", "Event", &[], |(): &()| Value::Null),
    };
    let events: Vec<_> = world
        .cache()
        .into_iter()
        .flat_map(|group| &group.events)
        .filter(|event| (from..=to).contains(&event.at))
        .filter(|event| source.is_none_or(|source| event.source == source))
        .filter(|event| of_group.is_none_or(|of_group| event.of_group == of_group))
        .collect();
    paged(input, "DescribeEvents", "Events", "Event", &events, |event| {
        let kind = if event.of_group { "replication-group" } else { "cache-cluster" };
        Value::map([
            ("SourceIdentifier", event.source.clone().into()),
            ("SourceType", kind.into()),
            ("Message", event.message.clone().into()),
            ("Date", event.at.into()),
        ])
    })
}

fn endpoint(address: String) -> Value {
    Value::map([("Address", address.into()), ("Port", PORT.into())])
}

fn switched(on: bool, coming: Option<bool>) -> &'static str {
    match (on, coming) {
        (_, Some(coming)) if coming != on => {
            if coming {
                "enabling"
            } else {
                "disabling"
            }
        }
        (true, _) => "enabled",
        (false, _) => "disabled",
    }
}

fn group_record(group: &Group, world: &World) -> Value {
    let shards = group.shards.iter().enumerate().map(|(index, shard)| shard_record(group, index, shard, world));
    let members = group.nodes().map(|node| Value::from(node.id.clone()));
    let configuration = if group.cluster_mode { endpoint(group.endpoint()) } else { Value::Null };
    let coming = Value::map([(
        "AutomaticFailoverStatus",
        group
            .failover_coming
            .filter(|coming| *coming != group.automatic_failover)
            .map(|on| if on { "enabled" } else { "disabled" })
            .into(),
    )]);
    Value::map([
        ("ReplicationGroupId", group.id.clone().into()),
        ("Description", "sessions and answers of the platform".into()),
        ("GlobalReplicationGroupInfo", Value::map([])),
        ("Status", group.status.as_str().into()),
        ("PendingModifiedValues", coming),
        ("MemberClusters", Value::list_of("ClusterId", members)),
        ("NodeGroups", Value::list_of("NodeGroup", shards)),
        ("AutomaticFailover", switched(group.automatic_failover, group.failover_coming).into()),
        ("MultiAZ", if group.multi_az { "enabled" } else { "disabled" }.into()),
        ("ConfigurationEndpoint", configuration),
        ("SnapshotRetentionLimit", 1_i64.into()),
        ("SnapshotWindow", "03:30-04:30".into()),
        ("ClusterEnabled", group.cluster_mode.into()),
        ("CacheNodeType", group.node_type.as_str().into()),
        ("AuthTokenEnabled", false.into()),
        ("TransitEncryptionEnabled", true.into()),
        ("AtRestEncryptionEnabled", true.into()),
        ("ARN", group.arn.clone().into()),
        ("ReplicationGroupCreateTime", group.created.into()),
        ("Engine", ENGINE.into()),
    ])
}

fn shard_record(group: &Group, index: usize, shard: &Shard, world: &World) -> Value {
    let off = !group.cluster_mode;
    let members = shard.nodes.iter().map(|node| {
        let role = if node.primary { "primary" } else { "replica" };
        Value::map([
            ("CacheClusterId", node.id.clone().into()),
            ("CacheNodeId", NODE.into()),
            ("ReadEndpoint", if off { endpoint(node.endpoint()) } else { Value::Null }),
            ("PreferredAvailabilityZone", world.identity().zones[node.zone].into()),
            // With cluster mode on AWS does not tell roles.
            ("CurrentRole", off.then_some(role).into()),
        ])
    });
    Value::map([
        ("NodeGroupId", shard.id.clone().into()),
        ("Status", group.status.as_str().into()),
        ("PrimaryEndpoint", if off { endpoint(group.endpoint()) } else { Value::Null }),
        ("ReaderEndpoint", if off { endpoint(group.reader_endpoint()) } else { Value::Null }),
        ("Slots", if off { Value::Null } else { group.slots(index).into() }),
        ("NodeGroupMembers", Value::list_of("NodeGroupMember", members)),
    ])
}

fn cluster_record(node: &Node, with_nodes: bool, world: &World) -> Value {
    let group = world.cache();
    let zone = world.identity().zones[node.zone];
    let nodes = Value::list_of(
        "CacheNode",
        [Value::map([
            ("CacheNodeId", NODE.into()),
            ("CacheNodeStatus", node.status.as_str().into()),
            ("CacheNodeCreateTime", node.created.into()),
            ("Endpoint", endpoint(node.endpoint())),
            ("ParameterGroupStatus", "in-sync".into()),
            ("CustomerAvailabilityZone", zone.into()),
        ])],
    );
    Value::map([
        ("CacheClusterId", node.id.clone().into()),
        ("CacheNodeType", group.map(|group| group.node_type.as_str()).into()),
        ("Engine", ENGINE.into()),
        ("EngineVersion", ENGINE_VERSION.into()),
        ("CacheClusterStatus", node.status.as_str().into()),
        ("NumCacheNodes", 1_i64.into()),
        ("PreferredAvailabilityZone", zone.into()),
        ("CacheClusterCreateTime", node.created.into()),
        ("PreferredMaintenanceWindow", "sun:05:00-sun:06:00".into()),
        ("PendingModifiedValues", Value::map([])),
        ("CacheNodes", if with_nodes { nodes } else { Value::Null }),
        ("AutoMinorVersionUpgrade", true.into()),
        ("ReplicationGroupId", group.map(|group| group.id.clone()).into()),
        ("SnapshotRetentionLimit", 0_i64.into()),
        ("SnapshotWindow", "03:30-04:30".into()),
        ("AuthTokenEnabled", false.into()),
        ("TransitEncryptionEnabled", true.into()),
        ("AtRestEncryptionEnabled", true.into()),
        ("ARN", node.arn().into()),
    ])
}
