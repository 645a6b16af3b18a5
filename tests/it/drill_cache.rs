//! The drill's cache and edge, asked by the SDK's own clients.

use aws_sdk_elasticache::error::ProvideErrorMetadata as _;
use aws_sdk_elasticache::types::ReplicationGroup;
use scaledeck::drill::world::cache::GROUP;

use crate::sdk::Bench;

async fn group(bench: &Bench) -> ReplicationGroup {
    let answer = bench.elasticache().describe_replication_groups().replication_group_id(GROUP).send().await.unwrap();
    answer.replication_groups()[0].clone()
}

async fn statuses(bench: &Bench) -> Vec<(String, String)> {
    let answer = bench.elasticache().describe_cache_clusters().send().await.unwrap();
    let one = |node: &aws_sdk_elasticache::types::CacheCluster| {
        (node.cache_cluster_id().unwrap().to_owned(), node.cache_cluster_status().unwrap().to_owned())
    };
    answer.cache_clusters().iter().map(one).collect()
}

async fn increase(bench: &Bench, count: i32) -> Result<(), String> {
    let asked = bench.elasticache().increase_replica_count().replication_group_id(GROUP).new_replica_count(count);
    let answer = asked.apply_immediately(true).send().await;
    answer.map(|_| ()).map_err(|refused| refused.code().unwrap_or_default().to_owned())
}

async fn decrease(bench: &Bench, count: i32) -> Result<(), String> {
    let asked = bench.elasticache().decrease_replica_count().replication_group_id(GROUP).new_replica_count(count);
    let answer = asked.apply_immediately(true).send().await;
    answer.map(|_| ()).map_err(|refused| refused.code().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn a_group_tells_its_nodes_and_their_parts() {
    let bench = Bench::new("calm", 1);
    let group = group(&bench).await;
    assert_eq!((group.status(), group.cache_node_type()), (Some("available"), Some("cache.t3.medium")));
    assert_eq!(group.cluster_enabled(), Some(false));
    assert_eq!(group.member_clusters().len(), 2);
    let members = group.node_groups()[0].node_group_members();
    let roles: Vec<_> = members.iter().filter_map(|member| member.current_role()).collect();
    assert_eq!(roles, ["primary", "replica"]);
    let answer = bench.elasticache().describe_cache_clusters().show_cache_node_info(true).send().await.unwrap();
    let node = &answer.cache_clusters()[0];
    assert_eq!(node.replication_group_id(), Some(GROUP));
    assert_eq!(node.cache_nodes()[0].cache_node_status(), Some("available"));
    let alone = bench.elasticache().describe_cache_clusters().show_cache_clusters_not_in_replication_groups(true);
    assert_eq!(alone.send().await.unwrap().cache_clusters().len(), 0);
}

#[tokio::test]
async fn a_replica_comes_and_goes_in_minutes_and_nothing_is_changed_in_between() {
    let bench = Bench::new("calm", 1);
    increase(&bench, 2).await.unwrap();
    let creating = statuses(&bench).await.into_iter().filter(|(_, status)| status == "creating").count();
    assert_eq!(creating, 1);
    assert_eq!(group(&bench).await.status(), Some("modifying"));
    assert_eq!(increase(&bench, 3).await.unwrap_err(), "InvalidReplicationGroupState");
    bench.pass(600);
    let now = statuses(&bench).await;
    assert_eq!(now.len(), 3);
    assert!(now.iter().all(|(_, status)| status == "available"), "{now:?}");
    assert_eq!(increase(&bench, 2).await.unwrap_err(), "NoOperationFault");
    assert_eq!(increase(&bench, 6).await.unwrap_err(), "InvalidParameterValue");

    decrease(&bench, 1).await.unwrap();
    bench.pass(400);
    assert_eq!(statuses(&bench).await.len(), 2);
    assert_eq!(decrease(&bench, 0).await.unwrap_err(), "InvalidParameterValue", "there is fail-over to care for");

    let modify = bench.elasticache().modify_replication_group().replication_group_id(GROUP).apply_immediately(true);
    modify.multi_az_enabled(false).automatic_failover_enabled(false).send().await.unwrap();
    bench.pass(120);
    assert_eq!(
        group(&bench).await.automatic_failover().map(aws_sdk_elasticache::types::AutomaticFailoverStatus::as_str),
        Some("disabled")
    );
    decrease(&bench, 0).await.unwrap();
    bench.pass(400);
    assert_eq!(statuses(&bench).await.len(), 1);

    let answer = bench.elasticache().describe_events().duration(60).send().await.unwrap();
    let told: Vec<&str> = answer.events().iter().filter_map(|event| event.message()).collect();
    assert!(told.iter().any(|message| message.starts_with("Added cache node 0001")), "{told:?}");
    assert!(told.contains(&"Cache cluster deleted"), "{told:?}");
}

#[tokio::test]
async fn what_is_not_there_is_refused_in_elasticaches_words() {
    let bench = Bench::new("calm", 1);
    let asked = bench.elasticache().describe_replication_groups().replication_group_id("other");
    assert_eq!(asked.send().await.unwrap_err().code(), Some("ReplicationGroupNotFoundFault"));
    let asked = bench.elasticache().describe_cache_clusters().cache_cluster_id("other");
    assert_eq!(asked.send().await.unwrap_err().code(), Some("CacheClusterNotFound"));
    let asked = bench.elasticache().describe_replication_groups().max_records(7);
    assert_eq!(asked.send().await.unwrap_err().code(), Some("InvalidParameterValue"));
    let bare = Bench::new("calm", 0);
    assert_eq!(bare.elasticache().describe_replication_groups().send().await.unwrap().replication_groups().len(), 0);
}

#[tokio::test]
async fn hits_and_misses_of_the_nodes_are_what_was_looked_up() {
    let bench = Bench::new("calm", 1);
    bench.pass(1800);
    let sum = async |metric: &str, node: &str| {
        let node = aws_sdk_cloudwatch::types::Dimension::builder().name("CacheClusterId").value(node).build();
        let from = aws_smithy_types::DateTime::from_secs(bench.now().as_second() - 1500);
        let to = aws_smithy_types::DateTime::from_secs(bench.now().as_second() - 300);
        let asked = bench
            .cloudwatch()
            .get_metric_statistics()
            .namespace("AWS/ElastiCache")
            .metric_name(metric)
            .dimensions(node)
            .start_time(from)
            .end_time(to)
            .period(60)
            .statistics("Sum".into());
        let points = asked.send().await.unwrap().datapoints.unwrap_or_default();
        (points.len(), points.iter().filter_map(|point| point.sum).sum::<f64>())
    };
    for node in ["production-solosuccess-redis-001", "production-solosuccess-redis-002"] {
        let ((minutes, hits), (_, misses)) = (sum("CacheHits", node).await, sum("CacheMisses", node).await);
        assert_eq!(minutes, 20, "{node}");
        let rate = hits / (hits + misses);
        assert!((0.8..1.0).contains(&rate), "{node}: {rate}");
    }
}

#[tokio::test]
async fn the_distribution_tells_what_the_spec_asks_of_it() {
    let bench = Bench::new("calm", 1);
    let list = bench.cloudfront().list_distributions().send().await.unwrap().distribution_list.unwrap();
    assert_eq!((list.quantity, list.is_truncated), (1, false));
    let one = &list.items()[0];
    assert!(one.enabled());
    assert_eq!(one.price_class().as_str(), "PriceClass_All");
    let origins = one.origins().unwrap().items();
    assert_eq!(origins.len(), 2);
    assert!(
        origins
            .iter()
            .all(|origin| origin.origin_shield().is_some_and(aws_sdk_cloudfront::types::OriginShield::enabled))
    );
    let groups = one.origin_groups().unwrap().items();
    assert_eq!(groups[0].failover_criteria().unwrap().status_codes().unwrap().items(), [500, 502, 503, 504]);
    let behavior = one.default_cache_behavior().unwrap();
    assert_eq!((behavior.target_origin_id(), behavior.compress()), (groups[0].id(), Some(true)));

    let answer = bench.cloudfront().get_distribution().id(one.id()).send().await.unwrap();
    assert!(answer.e_tag().is_some());
    assert_eq!(answer.distribution().unwrap().domain_name(), one.domain_name());
    let config = bench.cloudfront().get_distribution_config().id(one.id()).send().await.unwrap();
    assert_eq!(config.e_tag(), answer.e_tag());
    assert_eq!(config.distribution_config().unwrap().origins().unwrap().items().len(), 2);
    let monitored = bench.cloudfront().get_monitoring_subscription().distribution_id(one.id()).send().await.unwrap();
    assert!(monitored.monitoring_subscription().is_some());
    let other = bench.cloudfront().get_distribution().id("E0").send().await.unwrap_err();
    assert_eq!(other.code(), Some("NoSuchDistribution"));
}
