//! What an answer costs. Measured, not tested, in a debug build: `cargo test --release -- --ignored --nocapture speed`.

use std::time::Duration;

use aws_sdk_applicationautoscaling::types::ServiceNamespace;
use aws_sdk_cloudwatch::types::{Dimension, Metric, MetricDataQuery, MetricStat};
use aws_smithy_types::DateTime;

use crate::sdk::Bench;

const CLUSTER: &str = "solosuccess-production";

/// Prints and returns the 99th percentile.
fn p99(what: &str, mut spent: Vec<Duration>) -> Duration {
    spent.sort();
    let at = |share: f64| spent[((spent.len() - 1) as f64 * share).round() as usize];
    println!("{what}: p50 {:?}, p99 {:?}, n {}", at(0.5), at(0.99), spent.len());
    at(0.99)
}

#[tokio::test]
#[ignore = "measures; only a release build says anything"]
async fn speed_of_answers() {
    const CALL: Duration = Duration::from_micros(200);
    const PAGE: Duration = Duration::from_millis(5);
    let mut slow = Vec::new();
    for services in [1, 1000] {
        let bench = Bench::new("calm", services);
        let (ecs, aas, elb) = (bench.ecs(), bench.autoscaling(), bench.elb());
        let names: Vec<String> = ecs.list_services().cluster(CLUSTER).send().await.unwrap().service_arns().to_vec();
        let group = elb.describe_target_groups().send().await.unwrap().target_groups()[0].target_group_arn.clone();
        let tasks = ecs.list_tasks().cluster(CLUSTER).service_name(&names[0]).send().await.unwrap();
        let mut worst = Duration::ZERO;
        macro_rules! measure {
            ($what:literal, $times:expr, $call:expr) => {{
                bench.spent();
                for _ in 0..$times {
                    bench.pass(1);
                    $call.send().await.unwrap();
                }
                p99(&format!("{services} services, {}", $what), bench.spent())
            }};
        }
        worst = worst.max(measure!("GetCallerIdentity", 300, bench.sts().get_caller_identity()));
        worst = worst.max(measure!("ListServices", 300, ecs.list_services().cluster(CLUSTER).max_results(100)));
        worst = worst.max(measure!(
            "DescribeServices",
            300,
            ecs.describe_services().cluster(CLUSTER).set_services(Some(names.clone()))
        ));
        worst = worst.max(measure!(
            "DescribeTasks",
            300,
            ecs.describe_tasks().cluster(CLUSTER).set_tasks(Some(tasks.task_arns().to_vec()))
        ));
        worst = worst.max(measure!("ListTasks", 300, ecs.list_tasks().cluster(CLUSTER)));
        let ecs_targets = || aas.describe_scalable_targets().service_namespace(ServiceNamespace::Ecs);
        worst = worst.max(measure!("DescribeScalableTargets", 300, ecs_targets()));
        let policies = || aas.describe_scaling_policies().service_namespace(ServiceNamespace::Ecs);
        worst = worst.max(measure!("DescribeScalingPolicies", 300, policies()));
        let schedule = || aas.describe_scheduled_actions().service_namespace(ServiceNamespace::Ecs);
        let schedule = measure!("DescribeScheduledActions", 300, schedule());
        let activities = || aas.describe_scaling_activities().service_namespace(ServiceNamespace::Ecs);
        let activities = measure!("DescribeScalingActivities", 300, activities());
        let resource = "service/solosuccess-production/solosuccess-ai-service";
        let own = || aas.describe_scaling_activities().service_namespace(ServiceNamespace::Ecs).resource_id(resource);
        worst = worst.max(measure!("DescribeScalingActivities of one", 300, own()));
        worst = worst.max(measure!(
            "DescribeTargetHealth",
            300,
            elb.describe_target_health().set_target_group_arn(group.clone())
        ));
        worst = worst.max(measure!("DescribeAlarms", 300, bench.cloudwatch().describe_alarms()));
        if services == 1 {
            worst = worst.max(schedule).max(activities);
        }

        let query = |index: usize| {
            let name = if index.is_multiple_of(2) { "CPUUtilization" } else { "MemoryUtilization" };
            let service = names[index / 2 % names.len()].rsplit('/').next().unwrap();
            let dimension = |name: &str, value: &str| Dimension::builder().name(name).value(value).build();
            let metric = Metric::builder()
                .namespace("AWS/ECS")
                .metric_name(name)
                .dimensions(dimension("ClusterName", CLUSTER))
                .dimensions(dimension("ServiceName", service));
            let stat = MetricStat::builder().metric(metric.build()).period(60).stat("Average").build();
            MetricDataQuery::builder().id(format!("m{index}")).metric_stat(stat).build()
        };
        let mut pages = Vec::new();
        for minutes in [10, 180] {
            let data = || {
                let now = bench.now();
                bench
                    .cloudwatch()
                    .get_metric_data()
                    .start_time(DateTime::from_secs(now.as_second() - minutes * 60))
                    .end_time(DateTime::from_secs(now.as_second()))
                    .set_metric_data_queries(Some((0..500).map(query).collect()))
            };
            pages.push(measure!("GetMetricData of 500", 20, data()));
            println!("  ({minutes} minutes each)");
        }
        slow.extend((worst > CALL).then(|| format!("{services} services: a call takes {worst:?}")));
        slow.extend(
            (pages[0] > PAGE).then(|| format!("{services} services: ten minutes of 500 metrics take {:?}", pages[0])),
        );
    }
    assert!(slow.is_empty(), "{slow:#?}");
}
