//! Writes to ElastiCache: counts of replicas and of shards, at once – AWS knows no later.

use super::super::pace::Call;
use super::{Writer, once, whole};
use crate::change::Outcome;
use crate::platform::{CacheId, MemberCount};

impl Writer {
    pub(super) async fn more_replicas(&self, cache: &CacheId, to: MemberCount) -> Outcome {
        let attempt = self
            .elasticache
            .increase_replica_count()
            .replication_group_id(cache.as_str())
            .new_replica_count(whole(to.0))
            .apply_immediately(true)
            .send();
        once(Call::IncreaseReplicaCount, attempt).await
    }

    pub(super) async fn fewer_replicas(&self, cache: &CacheId, to: MemberCount) -> Outcome {
        let attempt = self
            .elasticache
            .decrease_replica_count()
            .replication_group_id(cache.as_str())
            .new_replica_count(whole(to.0))
            .apply_immediately(true)
            .send();
        once(Call::DecreaseReplicaCount, attempt).await
    }

    pub(super) async fn set_shards(&self, cache: &CacheId, to: MemberCount, removes: &[String]) -> Outcome {
        let attempt = self
            .elasticache
            .modify_replication_group_shard_configuration()
            .replication_group_id(cache.as_str())
            .node_group_count(whole(to.0))
            .set_node_groups_to_remove(Some(removes.to_vec()).filter(|removes| !removes.is_empty()))
            .apply_immediately(true)
            .send();
        once(Call::ModifyReplicationGroupShardConfiguration, attempt).await
    }
}
