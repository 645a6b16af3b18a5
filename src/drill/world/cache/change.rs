//! What can be changed of the cache, how long it takes, and how ElastiCache refuses.
//!
//! A group is `available` again a little before the last of its nodes is: who changes it in between is told that a node
//! is not, as by AWS. Deliberately absent: maintenance windows, placing replicas by zone, and every setting that no
//! scaling touches.

use rand::Rng;

use super::super::{World, names};
use super::{Group, Node, NodeType, Shard, Status};

/// Replicas that a primary can have.
const MOST_REPLICAS: u32 = 5;
/// Shards that a group can have.
const MOST_SHARDS: u32 = 90;
/// How long a node takes to be created and filled, seconds.
const CREATED_IN: std::ops::Range<i64> = 270..540;
/// How long a node takes to go, seconds.
const DELETED_IN: std::ops::Range<i64> = 100..220;
/// How long a setting takes, seconds.
const SET_IN: std::ops::Range<i64> = 40..90;
/// How long another node type takes, seconds.
const REPLACED_IN: std::ops::Range<i64> = 600..960;
/// How long before its last node a group is available again, seconds.
const EARLIER: i64 = 25;

/// A change that was refused. The message is AWS's where its words are known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CacheRefusal {
    /// `ReplicationGroupNotFoundFault`
    #[error("Replication group {0} not found.")]
    NoGroup(String),
    /// `NodeGroupNotFoundFault`
    #[error("Node group {0} not found.")]
    NoShard(String),
    /// `InvalidReplicationGroupState`
    #[error("Replication group must be in available state to modify.")]
    NotAvailable,
    /// `InvalidCacheClusterState`
    #[error("Cache cluster {0} is not in available state.")]
    NodeNotAvailable(String),
    /// `NoOperationFault`
    #[error("Requested new replica count already matches current number of replicas.")]
    NoOperation,
    /// `InvalidParameterValue`
    #[error("{0}")]
    Value(String),
    /// `InvalidParameterCombination`
    #[error("{0}")]
    Combination(String),
}

/// What `IncreaseReplicaCount` and `DecreaseReplicaCount` carry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReplicaWish {
    /// `ReplicationGroupId`
    pub group: String,
    /// `NewReplicaCount`: replicas of each shard.
    pub count: Option<i64>,
    /// `ReplicaConfiguration`: shard and replicas.
    pub shards: Vec<(String, i64)>,
    /// `ReplicasToRemove`; decreasing only.
    pub remove: Vec<String>,
    /// `ApplyImmediately`
    pub at_once: bool,
}

/// What `ModifyReplicationGroup` carries; what is `None` stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GroupWish {
    /// `ReplicationGroupId`
    pub group: String,
    /// `MultiAZEnabled`
    pub multi_az: Option<bool>,
    /// `AutomaticFailoverEnabled`
    pub automatic_failover: Option<bool>,
    /// `CacheNodeType`
    pub node_type: Option<String>,
    /// `ApplyImmediately`
    pub at_once: bool,
}

/// What `ModifyReplicationGroupShardConfiguration` carries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ShardWish {
    /// `ReplicationGroupId`
    pub group: String,
    /// `NodeGroupCount`
    pub count: i64,
    /// `NodeGroupsToRemove`
    pub remove: Vec<String>,
    /// `NodeGroupsToRetain`
    pub retain: Vec<String>,
    /// `ApplyImmediately`
    pub at_once: bool,
}

impl World {
    /// `IncreaseReplicaCount`
    pub fn increase_replicas(&mut self, wish: &ReplicaWish) -> Result<(), CacheRefusal> {
        let now = self.now;
        self.group_mut(&wish.group, wish.at_once)?.increase(wish, now)?;
        self.wrote(format!("elasticache IncreaseReplicaCount {wish:?}"));
        Ok(())
    }

    /// `DecreaseReplicaCount`
    pub fn decrease_replicas(&mut self, wish: &ReplicaWish) -> Result<(), CacheRefusal> {
        let now = self.now;
        self.group_mut(&wish.group, wish.at_once)?.decrease(wish, now)?;
        self.wrote(format!("elasticache DecreaseReplicaCount {wish:?}"));
        Ok(())
    }

    /// `ModifyReplicationGroup`
    pub fn modify_cache(&mut self, wish: &GroupWish) -> Result<(), CacheRefusal> {
        let now = self.now;
        self.group_mut(&wish.group, wish.at_once)?.modify(wish, now)?;
        self.wrote(format!("elasticache ModifyReplicationGroup {wish:?}"));
        Ok(())
    }

    /// `ModifyReplicationGroupShardConfiguration`
    pub fn reshard_cache(&mut self, wish: &ShardWish) -> Result<(), CacheRefusal> {
        let now = self.now;
        self.group_mut(&wish.group, wish.at_once)?.reshard(wish, now)?;
        self.wrote(format!("elasticache ModifyReplicationGroupShardConfiguration {wish:?}"));
        Ok(())
    }

    /// The group of that id, ready for a change.
    fn group_mut(&mut self, id: &str, at_once: bool) -> Result<&mut Group, CacheRefusal> {
        let none = || CacheRefusal::NoGroup(id.to_owned());
        let group = self.cache.as_mut().filter(|group| group.id == id).ok_or_else(none)?;
        if !at_once {
            return Err(CacheRefusal::Value("ApplyImmediately must be true.".to_owned()));
        }
        if group.status != Status::Available {
            return Err(CacheRefusal::NotAvailable);
        }
        if let Some(node) = group.nodes().find(|node| node.status != Status::Available) {
            return Err(CacheRefusal::NodeNotAvailable(node.id.clone()));
        }
        Ok(group)
    }
}

impl Group {
    fn increase(&mut self, wish: &ReplicaWish, now: i64) -> Result<(), CacheRefusal> {
        let counts = self.wanted(wish)?;
        for (index, count) in &counts {
            let has = self.shards[*index].replicas();
            if *count < has {
                return Err(value(format!("The new replica count {count} must be greater than the current {has}.")));
            }
        }
        for (index, count) in counts {
            for _ in self.shards[index].replicas()..count {
                let done = now + self.random.random_range(CREATED_IN);
                let node = self.shards[index].new_node(self.cluster_mode, names::time(now));
                self.shards[index].nodes.push(Node { until: Some(done), ..node });
            }
        }
        self.begin(now);
        Ok(())
    }

    fn decrease(&mut self, wish: &ReplicaWish, now: i64) -> Result<(), CacheRefusal> {
        let leaving: Vec<String> = if wish.remove.is_empty() {
            let mut leaving = Vec::new();
            for (index, count) in self.wanted(wish)? {
                let shard = &self.shards[index];
                let has = shard.replicas();
                if count > has {
                    return Err(value(format!("The new replica count {count} must be less than the current {has}.")));
                }
                // The newest go first.
                let replicas = shard.nodes.iter().rev().filter(|node| !node.primary);
                leaving.extend(replicas.take((has - count) as usize).map(|node| node.id.clone()));
            }
            leaving
        } else {
            if wish.count.is_some() || !wish.shards.is_empty() {
                return Err(combination("ReplicasToRemove cannot be combined with a replica count."));
            }
            self.removable(&wish.remove)?
        };
        for shard in &self.shards {
            let going = shard.nodes.iter().filter(|node| leaving.contains(&node.id)).count();
            if going > 0 && shard.replicas() as usize == going {
                self.can_be_without_replicas()?;
            }
        }
        for shard in &mut self.shards {
            for node in shard.nodes.iter_mut().filter(|node| leaving.contains(&node.id)) {
                (node.status, node.until) = (Status::Deleting, Some(now + self.random.random_range(DELETED_IN)));
            }
        }
        self.begin(now);
        Ok(())
    }

    /// The named nodes, which all have to be replicas of this group.
    fn removable(&self, named: &[String]) -> Result<Vec<String>, CacheRefusal> {
        for id in named {
            match self.nodes().find(|node| node.id == *id) {
                None => return Err(value(format!("{id} is not a member of replication group {}.", self.id))),
                Some(node) if node.primary => {
                    return Err(value(format!("{id} is the primary and cannot be removed.")));
                }
                Some(_) => {}
            }
        }
        Ok(named.to_vec())
    }

    fn can_be_without_replicas(&self) -> Result<(), CacheRefusal> {
        if self.cluster_mode || !(self.automatic_failover || self.multi_az) {
            return Ok(());
        }
        let sentence = "Must have at least 1 replica when cluster mode is disabled with auto failover enabled.";
        Err(value(sentence))
    }

    /// The replicas that each shard named in a wish is to have, by the shard's place.
    fn wanted(&self, wish: &ReplicaWish) -> Result<Vec<(usize, u32)>, CacheRefusal> {
        let counts: Vec<(usize, i64)> = match (wish.count, wish.shards.is_empty()) {
            (Some(count), true) => (0..self.shards.len()).map(|index| (index, count)).collect(),
            (None, false) => {
                let place = |(id, count): &(String, i64)| {
                    let index = self.shards.iter().position(|shard| shard.id == *id);
                    index.map(|index| (index, *count)).ok_or_else(|| CacheRefusal::NoShard(id.clone()))
                };
                wish.shards.iter().map(place).collect::<Result<_, _>>()?
            }
            _ => return Err(combination("Specify either NewReplicaCount or ReplicaConfiguration.")),
        };
        let mut wanted = Vec::new();
        for (index, count) in counts {
            let count = u32::try_from(count).ok().filter(|count| *count <= MOST_REPLICAS).ok_or_else(|| {
                value(format!("The replica count must be between 0 and {MOST_REPLICAS}, and is {count}."))
            })?;
            wanted.push((index, count));
        }
        if wanted.iter().all(|(index, count)| self.shards[*index].replicas() == *count) {
            return Err(CacheRefusal::NoOperation);
        }
        Ok(wanted)
    }

    fn modify(&mut self, wish: &GroupWish, now: i64) -> Result<(), CacheRefusal> {
        let failover = wish.automatic_failover.unwrap_or(self.automatic_failover);
        let multi_az = wish.multi_az.unwrap_or(self.multi_az);
        let node_type = match &wish.node_type {
            None => self.node_type,
            Some(name) => NodeType::ALL
                .into_iter()
                .find(|one| one.as_str() == name)
                .ok_or_else(|| value(format!("The value {name} for CacheNodeType is not one the group can have.")))?,
        };
        if !failover && self.cluster_mode {
            return Err(combination(
                "Turning off automatic failover for replication group with cluster mode enabled is not supported.",
            ));
        }
        if failover && !self.cluster_mode && self.shards.iter().any(|shard| shard.replicas() == 0) {
            return Err(combination(
                "When using automatic failover, there must be at least 2 cache clusters in the replication group.",
            ));
        }
        if multi_az && !failover {
            return Err(combination("Multi-AZ requires automatic failover to be enabled."));
        }
        if (failover, multi_az, node_type) == (self.automatic_failover, self.multi_az, self.node_type) {
            return Err(combination("No modifications were requested."));
        }
        (self.failover_coming, self.multi_az_coming) = (Some(failover), Some(multi_az));
        self.type_coming = (node_type != self.node_type).then_some(node_type);
        let takes = if self.type_coming.is_some() { REPLACED_IN } else { SET_IN };
        let done = now + self.random.random_range(takes);
        for node in self.shards.iter_mut().flat_map(|shard| &mut shard.nodes) {
            (node.status, node.until) = (Status::Modifying, Some(done));
        }
        (self.status, self.until) = (Status::Modifying, Some(done));
        Ok(())
    }

    fn reshard(&mut self, wish: &ShardWish, now: i64) -> Result<(), CacheRefusal> {
        if !self.cluster_mode {
            return Err(value("The operation requires a replication group with cluster mode enabled."));
        }
        let has = self.shards.len() as u32;
        let count = u32::try_from(wish.count).ok().filter(|count| (1..=MOST_SHARDS).contains(count));
        let count = count.ok_or_else(|| {
            value(format!("NodeGroupCount must be between 1 and {MOST_SHARDS}, and is {}.", wish.count))
        })?;
        if count == has {
            return Err(value(format!("The replication group already has {has} node groups.")));
        }
        if count < has {
            for shard in self.shrinking(wish, has - count)? {
                for node in &mut self.shards[shard].nodes {
                    (node.status, node.until) = (Status::Deleting, Some(now + self.random.random_range(DELETED_IN)));
                }
            }
        } else {
            self.add_shards(count - has, now);
        }
        self.begin(now);
        Ok(())
    }

    fn add_shards(&mut self, more: u32, now: i64) {
        let replicas = self.shards.first().map_or(0, Shard::replicas);
        let last = self.shards.iter().filter_map(|shard| shard.id.parse::<u32>().ok()).max().unwrap_or(0);
        for number in last + 1..=last + more {
            // Its keys are moved to it before it takes over their slots.
            let mut shard = Shard { id: format!("{number:04}"), nodes: Vec::new(), warm: 1.0, next: 1 };
            for _ in 0..=replicas {
                let done = now + self.random.random_range(CREATED_IN);
                let node = shard.new_node(true, names::time(now));
                shard.nodes.push(Node { until: Some(done), ..node });
            }
            self.shards.push(shard);
        }
    }

    /// The places of the shards that go, where `fewer` have to.
    fn shrinking(&self, wish: &ShardWish, fewer: u32) -> Result<Vec<usize>, CacheRefusal> {
        let known = |id: &String| {
            let place = self.shards.iter().position(|shard| shard.id == *id);
            place.ok_or_else(|| CacheRefusal::NoShard(id.clone()))
        };
        let going: Vec<usize> = match (wish.remove.is_empty(), wish.retain.is_empty()) {
            (false, true) => wish.remove.iter().map(known).collect::<Result<_, _>>()?,
            (true, false) => {
                let stay: Vec<usize> = wish.retain.iter().map(known).collect::<Result<_, _>>()?;
                (0..self.shards.len()).filter(|index| !stay.contains(index)).collect()
            }
            _ => return Err(combination("Specify either NodeGroupsToRemove or NodeGroupsToRetain to remove shards.")),
        };
        if going.len() == fewer as usize {
            return Ok(going);
        }
        Err(value(format!("NodeGroupCount leaves {fewer} node groups to remove, and {} are named.", going.len())))
    }

    /// A change of nodes begins: it is done a little before the last node is.
    fn begin(&mut self, now: i64) {
        let last = self.nodes().filter_map(|node| node.until).max().unwrap_or(now);
        (self.status, self.until) = (Status::Modifying, Some((last - EARLIER).max(now + 1)));
        self.note(self.id.clone(), true, format!("Replication group {} is being modified", self.id), now);
    }
}

fn value(sentence: impl Into<String>) -> CacheRefusal {
    CacheRefusal::Value(sentence.into())
}

fn combination(sentence: &str) -> CacheRefusal {
    CacheRefusal::Combination(sentence.to_owned())
}
