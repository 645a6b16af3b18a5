//! The drill's cache and its edge, asked by the SDK's own clients, and with boto3 where there is one.

use aws_sdk_cloudwatch::types::{Dimension, Metric, MetricDataQuery, MetricStat};
use aws_sdk_elasticache::client::Waiters;
use aws_sdk_elasticache::error::ProvideErrorMetadata as _;
use aws_sdk_elasticache::types::{ConfigureShard, ReplicationGroup, SourceType};
use aws_smithy_types::DateTime;
use serde_json::json;

use crate::drill_rds_clients::Served;
use crate::sdk::Bench;

const GROUP: &str = "production-solosuccess-redis";
const DISTRIBUTION: &str = "E2SOLOAI7XK4QD";

async fn group(bench: &Bench) -> ReplicationGroup {
    let answer = bench.elasticache().describe_replication_groups().replication_group_id(GROUP).send().await.unwrap();
    answer.replication_groups()[0].clone()
}

/// The sum of a metric's newest ten minutes.
async fn sum(bench: &Bench, namespace: &str, name: &str, dimensions: &[(&str, &str)]) -> f64 {
    let dimension = |(name, value): &(&str, &str)| Dimension::builder().name(*name).value(*value).build();
    let metric = Metric::builder()
        .namespace(namespace)
        .metric_name(name)
        .set_dimensions(Some(dimensions.iter().map(dimension).collect()))
        .build();
    let stat = MetricStat::builder().metric(metric).period(60).stat("Sum").build();
    let now = bench.now().as_second();
    let answer = bench
        .cloudwatch()
        .get_metric_data()
        .start_time(DateTime::from_secs(now - 720))
        .end_time(DateTime::from_secs(now - 120))
        .metric_data_queries(MetricDataQuery::builder().id("m").metric_stat(stat).build())
        .send()
        .await
        .unwrap();
    answer.metric_data_results()[0].values().iter().sum()
}

#[tokio::test]
async fn the_group_its_nodes_and_its_events() {
    let bench = Bench::new("calm", 1);
    let redis = bench.elasticache();
    let group = group(&bench).await;
    assert_eq!((group.status(), group.cache_node_type()), (Some("available"), Some("cache.t3.medium")));
    assert_eq!(group.member_clusters(), [format!("{GROUP}-001"), format!("{GROUP}-002")]);
    assert_eq!(group.cluster_enabled(), Some(false));
    let shard = &group.node_groups()[0];
    assert_eq!(shard.node_group_id(), Some("0001"));
    assert!(shard.primary_endpoint().unwrap().address().unwrap().starts_with("master."));
    let roles: Vec<_> = shard.node_group_members().iter().map(|one| one.current_role().unwrap()).collect();
    assert_eq!(roles, ["primary", "replica"]);

    let nodes = redis.describe_cache_clusters().show_cache_node_info(true).send().await.unwrap();
    assert_eq!(nodes.cache_clusters().len(), 2);
    let first = &nodes.cache_clusters()[0];
    assert_eq!((first.cache_cluster_status(), first.engine()), (Some("available"), Some("redis")));
    assert_eq!(first.replication_group_id(), Some(GROUP));
    assert_eq!(first.cache_nodes()[0].cache_node_id(), Some("0001"));
    let plain = redis.describe_cache_clusters().send().await.unwrap();
    assert!(plain.cache_clusters()[0].cache_nodes().is_empty());
    let outside = redis.describe_cache_clusters().show_cache_clusters_not_in_replication_groups(true);
    assert!(outside.send().await.unwrap().cache_clusters().is_empty());
    assert!(redis.describe_events().send().await.unwrap().events().is_empty());
}

#[tokio::test]
async fn replicas_come_and_go_and_a_waiter_sees_it() {
    let bench = Bench::new("calm", 1);
    let redis = bench.elasticache();
    let grown = redis.increase_replica_count().replication_group_id(GROUP).new_replica_count(2);
    let grown = grown.apply_immediately(true).send().await.unwrap();
    assert_eq!(grown.replication_group().unwrap().status(), Some("modifying"));
    let new = format!("{GROUP}-003");
    let node = || redis.describe_cache_clusters().cache_cluster_id(&new).show_cache_node_info(true).send();
    assert_eq!(node().await.unwrap().cache_clusters()[0].cache_cluster_status(), Some("creating"));
    let again = redis.increase_replica_count().replication_group_id(GROUP).new_replica_count(3);
    let refused = again.apply_immediately(true).send().await.unwrap_err().into_service_error();
    assert!(refused.is_invalid_replication_group_state_fault(), "{refused:?}");

    bench.pass(600);
    let waited = redis.wait_until_replication_group_available().replication_group_id(GROUP);
    waited.wait(std::time::Duration::from_mins(1)).await.unwrap();
    assert_eq!(node().await.unwrap().cache_clusters()[0].cache_cluster_status(), Some("available"));
    let events = redis.describe_events().source_type(SourceType::CacheCluster).duration(30).send().await.unwrap();
    assert_eq!(events.events()[0].source_identifier(), Some(new.as_str()));

    let shard = ConfigureShard::builder().node_group_id("0001").new_replica_count(1).build();
    let shrunk = redis.decrease_replica_count().replication_group_id(GROUP).replica_configuration(shard);
    shrunk.apply_immediately(true).send().await.unwrap();
    assert_eq!(node().await.unwrap().cache_clusters()[0].cache_cluster_status(), Some("deleting"));
    bench.pass(300);
    let gone = node().await.unwrap_err().into_service_error();
    assert!(gone.is_cache_cluster_not_found_fault(), "{gone:?}");
    assert_eq!(group(&bench).await.member_clusters().len(), 2);
}

#[tokio::test]
async fn refusals_are_those_of_the_model() {
    let bench = Bench::new("calm", 1);
    let redis = bench.elasticache();
    let increase = |count| {
        redis.increase_replica_count().replication_group_id(GROUP).new_replica_count(count).apply_immediately(true)
    };
    let decrease = |count| {
        redis.decrease_replica_count().replication_group_id(GROUP).new_replica_count(count).apply_immediately(true)
    };
    let codes = [
        increase(1).send().await.unwrap_err().code().map(str::to_owned),
        increase(6).send().await.unwrap_err().code().map(str::to_owned),
        increase(2).replication_group_id("other").send().await.unwrap_err().code().map(str::to_owned),
        increase(2).apply_immediately(false).send().await.unwrap_err().code().map(str::to_owned),
        decrease(0).send().await.unwrap_err().code().map(str::to_owned),
        decrease(0).replicas_to_remove(format!("{GROUP}-002")).send().await.unwrap_err().code().map(str::to_owned),
        redis.describe_cache_clusters().max_records(19).send().await.unwrap_err().code().map(str::to_owned),
        redis.describe_cache_clusters().marker("zz").send().await.unwrap_err().code().map(str::to_owned),
    ];
    let known = [
        "NoOperationFault",
        "InvalidParameterValue",
        "ReplicationGroupNotFoundFault",
        "InvalidParameterValue",
        "InvalidParameterValue",
        "InvalidParameterCombination",
        "InvalidParameterValue",
        "InvalidParameterValue",
    ];
    assert_eq!(codes, known.map(|code| Some(code.to_owned())));
    let last = decrease(0).send().await.unwrap_err();
    assert_eq!(
        last.message(),
        Some("Must have at least 1 replica when cluster mode is disabled with auto failover enabled.")
    );
}

#[tokio::test]
async fn nodes_are_paged_and_fail_over_can_be_switched_off() {
    use scaledeck::drill::scenario::{CacheSetup, Scenario};
    let cache = CacheSetup { shards: 30, replicas: 2, multi_az: true };
    let bench = Bench::of(&Scenario { cache, ..Scenario::builtin("calm").unwrap() });
    let redis = bench.elasticache();
    let mut pages = redis.describe_cache_clusters().max_records(40).into_paginator().send();
    let (mut ids, mut sizes) = (std::collections::BTreeSet::new(), Vec::new());
    while let Some(page) = pages.next().await {
        let page = page.unwrap();
        sizes.push(page.cache_clusters().len());
        ids.extend(page.cache_clusters().iter().map(|one| one.cache_cluster_id().unwrap().to_owned()));
    }
    assert_eq!((sizes, ids.len()), (vec![40, 40, 10], 90));
    let many = group(&bench).await;
    assert_eq!((many.cluster_enabled(), many.node_groups().len()), (Some(true), 30));
    assert!(many.node_groups()[0].node_group_members()[0].current_role().is_none(), "told with cluster mode off only");
    assert!(many.configuration_endpoint().is_some());
    let resharded = redis.modify_replication_group_shard_configuration().replication_group_id(GROUP);
    resharded.node_group_count(31).apply_immediately(true).send().await.unwrap();
    bench.pass(700);
    assert_eq!(group(&bench).await.node_groups().len(), 31);

    let bench = Bench::new("calm", 1);
    let off = bench.elasticache().modify_replication_group().replication_group_id(GROUP).multi_az_enabled(false);
    let off = off.automatic_failover_enabled(false).apply_immediately(true).send().await.unwrap();
    let off = off.replication_group().unwrap().clone();
    assert_eq!(off.automatic_failover().unwrap().as_str(), "disabling");
    bench.pass(120);
    assert_eq!(group(&bench).await.multi_az().unwrap().as_str(), "disabled");
}

#[tokio::test]
async fn look_ups_and_the_edge_are_conserved_in_the_metrics() {
    let bench = Bench::new("sustained", 1);
    bench.pass(1200);
    let mut lookups = 0.0;
    for number in ["001", "002"] {
        let node = format!("{GROUP}-{number}");
        for name in ["CacheHits", "CacheMisses"] {
            let alone = sum(&bench, "AWS/ElastiCache", name, &[("CacheClusterId", &node)]).await;
            let numbered = [("CacheClusterId", node.as_str()), ("CacheNodeId", "0001")];
            assert!((sum(&bench, "AWS/ElastiCache", name, &numbered).await - alone).abs() < 1e-9);
            lookups += alone;
        }
    }
    let elb = bench.elb().describe_load_balancers().send().await.unwrap();
    let arn = elb.load_balancers()[0].load_balancer_arn().unwrap().to_owned();
    let balancer = arn.split_once("loadbalancer/").unwrap().1;
    let requests = sum(&bench, "AWS/ApplicationELB", "RequestCount", &[("LoadBalancer", balancer)]).await;
    assert!((lookups / requests / 12.0 - 1.0).abs() < 0.001, "{lookups} look-ups of {requests} requests");

    let at = [("DistributionId", DISTRIBUTION), ("Region", "Global")];
    let edge = sum(&bench, "AWS/CloudFront", "Requests", &at).await;
    let hits = sum(&bench, "AWS/CloudFront", "CacheHitRate", &at).await / 10.0 / 100.0;
    assert!((edge * (1.0 - hits) / requests - 1.0).abs() < 0.001, "{edge} × (1 − {hits}) and {requests}");

    let listed = bench.cloudwatch().list_metrics().namespace("AWS/ElastiCache").send().await.unwrap();
    assert_eq!(listed.metrics().len(), 2 * (12 + 13));
    assert_eq!(bench.cloudwatch().list_metrics().namespace("AWS/CloudFront").send().await.unwrap().metrics().len(), 14);
}

#[tokio::test]
async fn the_distribution_is_as_the_spec_wants_it_and_drifts_as_a_scenario_says() {
    use scaledeck::drill::scenario::{EdgeSetup, Scenario};
    let bench = Bench::new("calm", 1);
    let cloudfront = bench.cloudfront();
    let listed = cloudfront.list_distributions().send().await.unwrap();
    let listed = listed.distribution_list().unwrap();
    assert_eq!((listed.quantity(), listed.is_truncated()), (1, false));
    let summary = &listed.items()[0];
    assert_eq!((summary.id(), summary.price_class().as_str()), (DISTRIBUTION, "PriceClass_All"));
    let whole = cloudfront.get_distribution().id(DISTRIBUTION).send().await.unwrap();
    let read = cloudfront.get_distribution_config().id(DISTRIBUTION).send().await.unwrap();
    assert_eq!((read.e_tag(), whole.e_tag()), (Some("E3QWSOLOAI0001"), Some("E3QWSOLOAI0001")));
    let config = read.distribution_config().unwrap();
    assert_eq!(whole.distribution().unwrap().distribution_config(), Some(config));
    let origins = config.origins().unwrap().items();
    assert_eq!(origins.len(), 2);
    assert!(origins.iter().all(|one| one.origin_shield().unwrap().enabled()));
    let balancer = bench.elb().describe_load_balancers().send().await.unwrap();
    assert_eq!(Some(origins[0].domain_name()), balancer.load_balancers()[0].dns_name());
    let group = &config.origin_groups().unwrap().items()[0];
    assert_eq!(group.failover_criteria().unwrap().status_codes().unwrap().items(), [500, 502, 503, 504]);
    let default = config.default_cache_behavior().unwrap();
    assert_eq!((default.target_origin_id(), default.compress()), (group.id(), Some(true)));
    let watched = cloudfront.get_monitoring_subscription().distribution_id(DISTRIBUTION).send().await.unwrap();
    assert!(watched.monitoring_subscription().is_some_and(|one| one.realtime_metrics_subscription_config().is_some()));
    let tags = cloudfront.list_tags_for_resource().resource(summary.arn()).send().await.unwrap();
    assert_eq!(tags.tags().unwrap().items()[0].value(), Some("production"));
    let none = cloudfront.get_distribution().id("E0").send().await.unwrap_err().into_service_error();
    assert!(none.is_no_such_distribution(), "{none:?}");

    let edge = EdgeSetup {
        shield: false,
        compression: false,
        failover: false,
        monitoring: false,
        price_class: "PriceClass_100".to_owned(),
    };
    let bench = Bench::of(&Scenario { edge, ..Scenario::builtin("calm").unwrap() });
    let cloudfront = bench.cloudfront();
    let read = cloudfront.get_distribution_config().id(DISTRIBUTION).send().await.unwrap();
    let config = read.distribution_config().unwrap();
    assert!(config.origins().unwrap().items().iter().all(|one| !one.origin_shield().unwrap().enabled()));
    assert_eq!(config.origin_groups().unwrap().quantity(), 0);
    assert_eq!(config.default_cache_behavior().unwrap().compress(), Some(false));
    assert_eq!(config.price_class().unwrap().as_str(), "PriceClass_100");
    let unwatched = cloudfront.get_monitoring_subscription().distribution_id(DISTRIBUTION).send().await.unwrap_err();
    assert!(unwatched.into_service_error().is_no_such_monitoring_subscription());
}

#[tokio::test]
async fn boto3_scales_the_cache_and_reads_the_edge() {
    let Some(drill) = Served::start("calm").await else { return };
    let ask = async |what: &str| drill.script("estate.py", &[what]).await;
    assert_eq!(ask("increase").await, json!(["modifying", 3]));
    drill.bench.pass(600);
    assert_eq!(ask("nodes").await, json!({"001": "available", "002": "available", "003": "available"}));
    assert_eq!(ask("decrease").await, json!(["modifying", 3]));
    drill.bench.pass(300);
    assert_eq!(ask("nodes").await, json!({"001": "available", "002": "available"}));
    assert_eq!(
        ask("refusals").await,
        json!([
            ["NoOperationFault", 400],
            ["ReplicationGroupNotFoundFault", 404],
            ["InvalidParameterValue", 400],
            ["CacheClusterNotFound", 404],
            ["NoSuchDistribution", 404],
            ["ValidationException", 400],
        ])
    );
    assert_eq!(ask("edge").await, json!({"shield": [true, true], "compress": true, "etag": "E3QWSOLOAI0001"}));
}
