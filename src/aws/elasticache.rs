//! ElastiCache: replication groups, and the nodes that are in them.
//!
//! Every replication group of the account and region is read. Absent on purpose: memcached, and single nodes outside a
//! replication group, which cannot be given a replica.

use std::collections::BTreeMap;

use aws_sdk_elasticache::types::{self, AutomaticFailoverStatus, MultiAzStatus};
use jiff::Timestamp;

use super::failure::Failure;
use super::pace::Call;
use super::reader::{Reader, list, pages};
use super::time::timestamp;
use crate::platform::{Cache, CacheId, CacheNode, CacheNodeId, CacheStatus, NodeRole, Shard};

/// The page size of the lists: AWS's largest.
const PAGE: i32 = 100;

/// The word for a node that its group names and that was not described: it is on its way.
const NOT_DESCRIBED: &str = "creating";

impl Reader {
    /// Every replication group there is, by name.
    pub async fn caches(&self) -> Result<Vec<Cache>, Failure> {
        let learnt = self.now();
        let groups = pages(|marker| {
            let page = self.ask(
                Call::DescribeReplicationGroups,
                self.elasticache().describe_replication_groups().max_records(PAGE).set_marker(marker).send(),
            );
            async {
                let page = page.await?;
                Ok((list(page.replication_groups, Call::DescribeReplicationGroups)?, page.marker))
            }
        })
        .await?;
        if groups.is_empty() {
            return Ok(Vec::new());
        }
        let nodes = pages(|marker| {
            let page = self.ask(
                Call::DescribeCacheClusters,
                self.elasticache().describe_cache_clusters().max_records(PAGE).set_marker(marker).send(),
            );
            async {
                let page = page.await?;
                Ok((list(page.cache_clusters, Call::DescribeCacheClusters)?, page.marker))
            }
        })
        .await?;
        let by_id: BTreeMap<&str, &types::CacheCluster> =
            nodes.iter().filter_map(|node| Some((node.cache_cluster_id()?, node))).collect();
        let mut caches: Vec<Cache> = groups.iter().filter_map(|group| cache(group, &by_id, learnt)).collect();
        caches.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(caches)
    }
}

/// A group; `None` for one without a name, which nothing can be said of.
fn cache(
    group: &types::ReplicationGroup,
    nodes: &BTreeMap<&str, &types::CacheCluster>,
    learnt: Timestamp,
) -> Option<Cache> {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let cluster_mode = group.cluster_enabled.unwrap_or(false);
    let mut shards: Vec<Shard> = group.node_groups().iter().map(|shard| self::shard(shard, nodes)).collect();
    if !cluster_mode {
        // A node that is being created is a member before it has a place in the shard.
        let placed = |id: &String| shards.iter().flat_map(|shard| &shard.nodes).any(|node| node.id.as_str() == id);
        let more: Vec<CacheNode> =
            group.member_clusters().iter().filter(|id| !placed(id)).map(|id| node(id, None, nodes)).collect();
        match shards.first_mut() {
            Some(shard) => shard.nodes.extend(more),
            None => shards.push(Shard { id: "0001".to_owned(), nodes: more }),
        }
    }
    for shard in &mut shards {
        shard.nodes.sort_by(|a, b| a.id.rank().cmp(&b.id.rank()));
    }
    shards.sort_by(|a, b| a.id.cmp(&b.id));
    let described = group.member_clusters().iter().find_map(|id| nodes.get(id.as_str()));
    let engine = group.engine().or_else(|| described.and_then(|node| node.engine())).unwrap_or_default();
    let version = described.and_then(|node| node.engine_version());
    Some(Cache {
        id: CacheId::new(group.replication_group_id().filter(|id| !id.is_empty())?),
        status: CacheStatus(text(group.status())),
        engine: version.map_or_else(|| engine.to_owned(), |version| format!("{engine} {version}")),
        cluster_mode,
        node_type: text(group.cache_node_type()),
        multi_az: group.multi_az() == Some(&MultiAzStatus::Enabled),
        automatic_failover: group.automatic_failover() == Some(&AutomaticFailoverStatus::Enabled),
        shards,
        learnt,
    })
}

fn shard(shard: &types::NodeGroup, nodes: &BTreeMap<&str, &types::CacheCluster>) -> Shard {
    let members = shard.node_group_members().iter();
    let members = members.filter_map(|member| Some(node(member.cache_cluster_id()?, member.current_role(), nodes)));
    Shard { id: shard.node_group_id().unwrap_or_default().to_owned(), nodes: members.collect() }
}

fn node(id: &str, role: Option<&str>, nodes: &BTreeMap<&str, &types::CacheCluster>) -> CacheNode {
    let described = nodes.get(id);
    CacheNode {
        id: CacheNodeId::new(id),
        role: match role {
            Some("primary") => NodeRole::Primary,
            Some("replica") => NodeRole::Replica,
            _ => NodeRole::Untold,
        },
        status: CacheStatus(
            described.map_or(NOT_DESCRIBED, |node| node.cache_cluster_status().unwrap_or_default()).to_owned(),
        ),
        created: described.and_then(|node| node.cache_cluster_create_time()).and_then(timestamp),
    }
}

#[cfg(test)]
mod tests {
    use super::super::canned::{self, Asked, Reply, doors, times};
    use super::*;
    use crate::platform::database::Phase;

    fn ok(operation: &str, result: &str) -> Reply {
        let xml = format!("<{operation}Response><{operation}Result>{result}</{operation}Result></{operation}Response>");
        canned::text(200, &xml)
    }

    fn member(id: &str, role: &str) -> String {
        let role = if role.is_empty() { String::new() } else { format!("<CurrentRole>{role}</CurrentRole>") };
        format!("<NodeGroupMember><CacheClusterId>{id}</CacheClusterId>{role}</NodeGroupMember>")
    }

    fn shard(id: &str, members: &str) -> String {
        format!("<NodeGroup><NodeGroupId>{id}</NodeGroupId><NodeGroupMembers>{members}</NodeGroupMembers></NodeGroup>")
    }

    fn group(id: &str, rest: &str) -> String {
        format!("<ReplicationGroup><ReplicationGroupId>{id}</ReplicationGroupId>{rest}</ReplicationGroup>")
    }

    fn node(id: &str, status: &str) -> String {
        format!(
            "<CacheCluster><CacheClusterId>{id}</CacheClusterId><CacheClusterStatus>{status}</CacheClusterStatus>\
             <Engine>redis</Engine><EngineVersion>7.1.0</EngineVersion></CacheCluster>"
        )
    }

    fn two_groups(asked: &Asked) -> Reply {
        match (asked.operation.as_str(), asked.text().contains("Marker=more")) {
            ("DescribeReplicationGroups", false) => {
                let shards = shard("0001", &(member("r-001", "primary") + &member("r-010", "replica")));
                let members = ["r-001", "r-010", "r-002"].map(|id| format!("<ClusterId>{id}</ClusterId>")).concat();
                let off = format!(
                    "<Status>modifying</Status><CacheNodeType>cache.t3.medium</CacheNodeType><ClusterEnabled>false\
                     </ClusterEnabled><MultiAZ>enabled</MultiAZ><AutomaticFailover>thinking</AutomaticFailover>\
                     <NodeGroups>{shards}</NodeGroups><MemberClusters>{members}</MemberClusters>"
                );
                let list = format!("<ReplicationGroups>{}</ReplicationGroups>", group("r", &off));
                ok("DescribeReplicationGroups", &format!("{list}<Marker>more</Marker>"))
            }
            ("DescribeReplicationGroups", true) => {
                let shards = shard("0002", &member("c-0002-001", "")) + &shard("0001", &member("c-0001-001", ""));
                let on = format!(
                    "<Status>available</Status><Engine>valkey</Engine><ClusterEnabled>true</ClusterEnabled>\
                     <AutomaticFailover>enabled</AutomaticFailover><NodeGroups>{shards}</NodeGroups>"
                );
                ok("DescribeReplicationGroups", &format!("<ReplicationGroups>{}</ReplicationGroups>", group("c", &on)))
            }
            _ => {
                let nodes = [node("r-001", "available"), node("r-010", "levitating"), node("c-0001-001", "available")];
                ok("DescribeCacheClusters", &format!("<CacheClusters>{}</CacheClusters>", nodes.concat()))
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn groups_of_both_kinds_are_read_with_their_nodes() {
        let (reader, _, log) = doors(two_groups).await;
        let caches = reader.caches().await.unwrap();
        assert_eq!((times(&log, "DescribeReplicationGroups"), times(&log, "DescribeCacheClusters")), (2, 1));
        let [on, off] = &caches[..] else { panic!("{caches:?}") };
        assert_eq!((on.id.as_str(), on.cluster_mode, on.engine.as_str()), ("c", true, "valkey"));
        let shards: Vec<&str> = on.shards.iter().map(|shard| shard.id.as_str()).collect();
        assert_eq!(shards, ["0001", "0002"]);
        assert_eq!(on.shards[0].nodes[0].role, NodeRole::Untold);

        assert_eq!((off.engine.as_str(), off.node_type.as_str()), ("redis 7.1.0", "cache.t3.medium"));
        assert_eq!((off.multi_az, off.automatic_failover), (true, false), "a later word is not `enabled`");
        let nodes: Vec<_> = off.nodes().map(|node| (node.id.as_str(), node.role, node.status.phase())).collect();
        let expected = [
            ("r-001", NodeRole::Primary, Phase::Serving),
            ("r-002", NodeRole::Untold, Phase::Arriving),
            ("r-010", NodeRole::Replica, Phase::Failed),
        ];
        assert_eq!(nodes, expected, "a member without a place is on its way; an unknown word never serves");
    }

    #[tokio::test(start_paused = true)]
    async fn nodes_are_not_asked_for_where_there_is_no_group() {
        let (reader, _, log) = doors(|_| ok("DescribeReplicationGroups", "<ReplicationGroups/>")).await;
        assert_eq!(reader.caches().await.unwrap(), []);
        assert_eq!(times(&log, "DescribeCacheClusters"), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn what_cannot_be_read_is_a_fault_and_ends() {
        for garbage in ["", "<", "null", "<DescribeReplicationGroupsResponse/>"] {
            let (reader, _, _) = doors(move |_| canned::text(200, garbage)).await;
            assert!(matches!(reader.caches().await, Err(Failure::Faulty { .. })), "{garbage}");
        }
        let (reader, _, log) =
            doors(|_| ok("DescribeReplicationGroups", "<ReplicationGroups></ReplicationGroups><Marker>again</Marker>"))
                .await;
        assert!(matches!(reader.caches().await, Err(Failure::Faulty { detail }) if detail.contains("twice")));
        assert_eq!(times(&log, "DescribeReplicationGroups"), 2);
    }
}
