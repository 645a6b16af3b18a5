//! Every operation of the drill's AWS but ECS's (`drill_ecs`), asked by the SDK's own clients: what it answers parses, and
//! what it refuses is the error that the model names.

use aws_sdk_applicationautoscaling::types::{
    ScalableDimension, ScalableTargetAction, ServiceNamespace, SuspendedState,
};
use aws_sdk_cloudwatch::error::ProvideErrorMetadata;
use aws_sdk_cloudwatch::types::{Dimension, Metric, MetricDataQuery, MetricStat, ScanBy, StatusCode};
use aws_smithy_types::DateTime;

use crate::sdk::Bench;

const CLUSTER: &str = "solosuccess-production";
const SERVICE: &str = "solosuccess-ai-service";
const RESOURCE: &str = "service/solosuccess-production/solosuccess-ai-service";

fn time(at: jiff::Timestamp) -> DateTime {
    DateTime::from_secs(at.as_second())
}

#[tokio::test]
async fn sts_names_the_caller() {
    let identity = Bench::new("calm", 1).sts().get_caller_identity().send().await.unwrap();
    assert_eq!(identity.account(), Some("123456789012"));
    assert!(identity.arn().unwrap().contains(":assumed-role/"));
    assert!(identity.user_id().unwrap().contains(':'));
}

#[tokio::test]
async fn the_autoscaler_shows_its_limits_policies_schedule_and_activities() {
    let bench = Bench::new("spike", 1);
    let aas = bench.autoscaling();
    let targets = aas.describe_scalable_targets().service_namespace(ServiceNamespace::Ecs).send().await.unwrap();
    let target = &targets.scalable_targets()[0];
    assert_eq!((target.resource_id(), target.min_capacity(), target.max_capacity()), (RESOURCE, 4, 10));
    let policies = aas
        .describe_scaling_policies()
        .service_namespace(ServiceNamespace::Ecs)
        .resource_id(RESOURCE)
        .send()
        .await
        .unwrap();
    assert_eq!(policies.scaling_policies().len(), 3);
    for policy in policies.scaling_policies() {
        let tracking = policy.target_tracking_scaling_policy_configuration().unwrap();
        assert_eq!((tracking.scale_out_cooldown(), tracking.scale_in_cooldown()), (Some(60), Some(300)));
        assert_eq!(policy.alarms().len(), 2);
    }
    let actions = aas.describe_scheduled_actions().service_namespace(ServiceNamespace::Ecs).send().await.unwrap();
    assert_eq!(actions.scheduled_actions().len(), 2);

    bench.pass(1200);
    let ask = aas.describe_scaling_activities().service_namespace(ServiceNamespace::Ecs);
    let activities = ask.clone().send().await.unwrap();
    let first = activities.scaling_activities().first().expect("the spike makes it scale");
    assert!(first.description().starts_with("Setting desired count to "));
    assert!(first.cause().contains("in state ALARM triggered policy"), "{}", first.cause());
    let one = ask.clone().max_results(1).send().await.unwrap();
    assert_eq!(one.scaling_activities().len(), 1);
    let all = ask.include_not_scaled_activities(true).send().await.unwrap();
    assert!(all.scaling_activities().len() >= activities.scaling_activities().len());
    let newest_first = all.scaling_activities().windows(2).all(|pair| pair[0].start_time() >= pair[1].start_time());
    assert!(newest_first);
}

#[tokio::test]
async fn a_raised_floor_moves_the_count_and_the_rest_stays() {
    let bench = Bench::new("calm", 1);
    let aas = bench.autoscaling();
    let register = || {
        aas.register_scalable_target()
            .service_namespace(ServiceNamespace::Ecs)
            .resource_id(RESOURCE)
            .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
    };
    let arn = register().min_capacity(6).send().await.unwrap();
    assert!(arn.scalable_target_arn().is_some());
    let held = SuspendedState::builder().dynamic_scaling_in_suspended(true).build();
    register().suspended_state(held).send().await.unwrap();
    let targets = aas.describe_scalable_targets().service_namespace(ServiceNamespace::Ecs).send().await.unwrap();
    let target = &targets.scalable_targets()[0];
    assert_eq!((target.min_capacity(), target.max_capacity()), (6, 10));
    assert_eq!(target.suspended_state().unwrap().dynamic_scaling_in_suspended(), Some(true));
    let services = bench.ecs().describe_services().cluster(CLUSTER).services(SERVICE).send().await.unwrap();
    assert_eq!(services.services()[0].desired_count(), 6);

    let put = aas
        .put_scheduled_action()
        .service_namespace(ServiceNamespace::Ecs)
        .resource_id(RESOURCE)
        .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
        .scheduled_action_name("hold-ends")
        .schedule("at(2026-11-24T15:00:00)")
        .scalable_target_action(ScalableTargetAction::builder().min_capacity(4).build());
    put.send().await.unwrap();
    let actions = || aas.describe_scheduled_actions().service_namespace(ServiceNamespace::Ecs);
    let found = actions().scheduled_action_names("hold-ends").send().await.unwrap();
    assert_eq!(found.scheduled_actions()[0].scalable_target_action().unwrap().min_capacity(), Some(4));
    let delete = || {
        aas.delete_scheduled_action()
            .service_namespace(ServiceNamespace::Ecs)
            .resource_id(RESOURCE)
            .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
            .scheduled_action_name("hold-ends")
    };
    delete().send().await.unwrap();
    assert!(delete().send().await.unwrap_err().into_service_error().is_object_not_found_exception());
}

#[tokio::test]
async fn the_autoscaler_refuses_as_its_model_says() {
    let bench = Bench::new("calm", 1);
    let aas = bench.autoscaling();
    let ask = aas.describe_scalable_targets().service_namespace(ServiceNamespace::from("lunar"));
    let error = ask.send().await.unwrap_err().into_service_error();
    assert!(error.is_validation_exception());
    assert!(error.message().unwrap().contains("enum value set: [ecs, "), "{error:?}");
    let other = aas.describe_scalable_targets().service_namespace(ServiceNamespace::Dynamodb).send().await.unwrap();
    assert!(other.scalable_targets().is_empty());
    let activities = || aas.describe_scaling_activities().service_namespace(ServiceNamespace::Ecs);
    let error = activities().max_results(51).send().await.unwrap_err().into_service_error();
    assert!(error.is_validation_exception());
    let error = activities().next_token("00").send().await.unwrap_err().into_service_error();
    assert!(error.is_invalid_next_token_exception());
    assert!(activities().resource_id("service/x/y").send().await.unwrap().scaling_activities().is_empty());
    let register = aas
        .register_scalable_target()
        .service_namespace(ServiceNamespace::Ecs)
        .resource_id(RESOURCE)
        .scalable_dimension(ScalableDimension::EcsServiceDesiredCount);
    let error = register.clone().min_capacity(11).send().await.unwrap_err().into_service_error();
    assert!(error.is_validation_exception(), "a floor above the ceiling");
}

#[tokio::test]
async fn the_balancer_its_group_and_its_targets() {
    let bench = Bench::new("calm", 3);
    let elb = bench.elb();
    let balancers = elb.describe_load_balancers().send().await.unwrap();
    let balancer = &balancers.load_balancers()[0];
    assert!(balancer.created_time().is_some());
    assert_eq!(balancer.availability_zones().len(), 3);
    let arn = balancer.load_balancer_arn().unwrap();
    let groups = elb.describe_target_groups().load_balancer_arn(arn).send().await.unwrap();
    let group = &groups.target_groups()[0];
    assert_eq!(group.health_check_path(), Some("/health"));
    assert_eq!((group.health_check_interval_seconds(), group.unhealthy_threshold_count()), (Some(30), Some(3)));
    assert_eq!(group.load_balancer_arns(), [arn]);
    let name = group.target_group_name().unwrap();
    let by_name = elb.describe_target_groups().names(name).page_size(1).send().await.unwrap();
    assert_eq!(by_name.target_groups().len(), 1);
    let group = group.target_group_arn().unwrap();
    let health = elb.describe_target_health().target_group_arn(group).send().await.unwrap();
    assert_eq!(health.target_health_descriptions().len(), 4);
    let state = health.target_health_descriptions()[0].target_health().unwrap().state().unwrap();
    assert_eq!(state.as_str(), "healthy");
    let attributes = elb.describe_target_group_attributes().target_group_arn(group).send().await.unwrap();
    let draining = attributes.attributes().iter().find(|one| one.key() == Some("deregistration_delay.timeout_seconds"));
    assert_eq!(draining.unwrap().value(), Some("300"));

    let error = elb.describe_target_groups().names("gone").send().await.unwrap_err().into_service_error();
    assert!(error.is_target_group_not_found_exception(), "{error:?}");
    let error = elb.describe_load_balancers().names("gone").send().await.unwrap_err().into_service_error();
    assert!(error.is_load_balancer_not_found_exception(), "{error:?}");
    let error = elb.describe_target_health().target_group_arn("x").send().await.unwrap_err().into_service_error();
    assert_eq!(error.code(), Some("ValidationError"));
    let gone = format!("{}0", &group[..group.len() - 1]);
    let gone = if gone == group { format!("{}1", &group[..group.len() - 1]) } else { gone };
    let error = elb.describe_target_group_attributes().target_group_arn(gone).send().await.unwrap_err();
    assert!(error.into_service_error().is_target_group_not_found_exception());
}

fn query(id: &str, name: &str, stat: &str, period: i32) -> MetricDataQuery {
    let dimension = |name: &str, value: &str| Dimension::builder().name(name).value(value).build();
    let metric = Metric::builder()
        .namespace("AWS/ECS")
        .metric_name(name)
        .dimensions(dimension("ServiceName", SERVICE))
        .dimensions(dimension("ClusterName", CLUSTER));
    let stat = MetricStat::builder().metric(metric.build()).period(period).stat(stat).build();
    MetricDataQuery::builder().id(id).metric_stat(stat).build()
}

#[tokio::test]
async fn metric_data_in_either_direction_and_any_period() {
    let bench = Bench::new("calm", 1);
    let now = bench.now();
    let ask = bench
        .cloudwatch()
        .get_metric_data()
        .start_time(time(now - jiff::SignedDuration::from_mins(60)))
        .end_time(time(now))
        .metric_data_queries(query("cpu", "CPUUtilization", "Average", 60))
        .metric_data_queries(query("top", "MemoryUtilization", "Maximum", 300))
        .metric_data_queries(query("none", "Nothing", "Sum", 60));
    let newest = ask.clone().send().await.unwrap();
    let oldest = ask.scan_by(ScanBy::TimestampAscending).send().await.unwrap();
    let [down, top, none] = newest.metric_data_results() else { panic!("{newest:?}") };
    let up = &oldest.metric_data_results()[0];
    assert_eq!(down.status_code(), Some(&StatusCode::Complete));
    assert!(down.timestamps().len() >= 58, "{}", down.timestamps().len());
    assert_eq!(down.timestamps().iter().rev().collect::<Vec<_>>(), up.timestamps().iter().collect::<Vec<_>>());
    assert_eq!(up.timestamps()[0], time(now - jiff::SignedDuration::from_mins(60)), "the start is in");
    assert!(down.timestamps()[0].secs() < now.as_second(), "the end is not");
    assert!(down.values().iter().all(|cpu| (1.0..60.0).contains(cpu)));
    assert_eq!(top.timestamps().len(), 12);
    assert!(top.timestamps().iter().all(|at| at.secs() % 300 == 0));
    assert!(none.values().is_empty());
    assert_eq!(none.status_code(), Some(&StatusCode::Complete));
}

#[tokio::test]
async fn metric_data_pages_hold_every_point_once() {
    let bench = Bench::new("calm", 1);
    let now = bench.now();
    let ask = |most: Option<i32>, token: Option<String>, scan: ScanBy| {
        bench
            .cloudwatch()
            .get_metric_data()
            .start_time(time(now - jiff::SignedDuration::from_mins(30)))
            .end_time(time(now))
            .metric_data_queries(query("a", "CPUUtilization", "Average", 60))
            .metric_data_queries(query("b", "MemoryUtilization", "p90", 60))
            .metric_data_queries(query("c", "CPUUtilization", "SampleCount", 60))
            .scan_by(scan)
            .set_max_datapoints(most)
            .set_next_token(token)
            .send()
    };
    for scan in [ScanBy::TimestampDescending, ScanBy::TimestampAscending] {
        let whole = ask(None, None, scan.clone()).await.unwrap();
        let whole: Vec<_> = whole
            .metric_data_results()
            .iter()
            .flat_map(|one| one.timestamps().iter().map(|at| (one.id().unwrap().to_owned(), at.secs())))
            .collect();
        for most in [1, 7, 29, 30, 31, 60, 100] {
            let (mut seen, mut token) = (Vec::new(), None);
            loop {
                let page = ask(Some(most), token, scan.clone()).await.unwrap();
                let mut on_page = 0;
                for one in page.metric_data_results() {
                    on_page += one.values().len();
                    seen.extend(one.timestamps().iter().map(|at| (one.id().unwrap().to_owned(), at.secs())));
                }
                assert!(on_page <= most as usize);
                token = page.next_token().map(str::to_owned);
                if token.is_none() {
                    break;
                }
            }
            assert_eq!(seen, whole, "{most} a page, {scan:?}");
        }
    }
}

#[tokio::test]
async fn cloudwatch_refuses_what_cloudwatch_refuses() {
    let bench = Bench::new("calm", 1);
    let now = bench.now();
    let ask = || {
        bench
            .cloudwatch()
            .get_metric_data()
            .start_time(time(now - jiff::SignedDuration::from_mins(5)))
            .end_time(time(now))
    };
    let many: Vec<_> = (0..501).map(|n| query(&format!("m{n}"), "CPUUtilization", "Sum", 60)).collect();
    let good = || query("a", "CPUUtilization", "Average", 60);
    let cases = [
        ask().set_metric_data_queries(Some(many)),
        ask().set_metric_data_queries(Some(vec![])),
        ask().metric_data_queries(query("Upper", "CPUUtilization", "Sum", 60)),
        ask().metric_data_queries(good()).metric_data_queries(good()),
        ask().metric_data_queries(query("a", "CPUUtilization", "Mean", 60)),
        ask().metric_data_queries(query("a", "CPUUtilization", "Sum", 61)),
        ask().metric_data_queries(MetricDataQuery::builder().id("e").expression("SUM(METRICS())").build()),
        ask().metric_data_queries(good()).max_datapoints(0),
        ask().metric_data_queries(good()).start_time(time(now)),
    ];
    for (index, case) in cases.into_iter().enumerate() {
        let error = case.send().await.unwrap_err().into_service_error();
        assert_eq!(error.code(), Some("ValidationError"), "case {index}: {error:?}");
    }
    let error = ask().metric_data_queries(good()).next_token("00").send().await.unwrap_err().into_service_error();
    assert!(error.is_invalid_next_token(), "{error:?}");
    let error = bench.cloudwatch().list_dashboards().send().await.unwrap_err().into_service_error();
    assert_eq!(error.code(), Some("InvalidAction"));
}

#[tokio::test]
async fn statistics_metrics_and_alarms() {
    let bench = Bench::new("spike", 2);
    bench.pass(420);
    let now = bench.now();
    let cloudwatch = bench.cloudwatch();
    let metrics = cloudwatch.list_metrics().namespace("AWS/ECS").metric_name("CPUUtilization").send().await.unwrap();
    assert_eq!(metrics.metrics().len(), 2);
    let mut ask = cloudwatch
        .get_metric_statistics()
        .namespace("AWS/ECS")
        .metric_name("CPUUtilization")
        .start_time(time(now - jiff::SignedDuration::from_mins(10)))
        .end_time(time(now))
        .period(60)
        .statistics(aws_sdk_cloudwatch::types::Statistic::Maximum)
        .extended_statistics("p50");
    for (name, value) in [("ClusterName", CLUSTER), ("ServiceName", SERVICE)] {
        ask = ask.dimensions(Dimension::builder().name(name).value(value).build());
    }
    let statistics = ask.send().await.unwrap();
    let point = &statistics.datapoints()[0];
    assert!(point.maximum().is_some() && point.average().is_none());
    assert!(point.extended_statistics().unwrap().contains_key("p50"));

    let prefix = format!("TargetTracking-{RESOURCE}-");
    let alarms = cloudwatch.describe_alarms().alarm_name_prefix(&prefix).send().await.unwrap();
    assert_eq!(alarms.metric_alarms().len(), 6);
    let firing =
        cloudwatch.describe_alarms().state_value(aws_sdk_cloudwatch::types::StateValue::Alarm).send().await.unwrap();
    assert!(firing.metric_alarms().iter().any(|alarm| alarm.alarm_name().unwrap().contains("-AlarmHigh-")));
    assert!(firing.metric_alarms()[0].threshold().is_some());
}
