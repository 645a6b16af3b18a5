//! Every operation of the drill's AWS, asked by the SDK's own clients: what it answers parses, and what it refuses is
//! the error that the model names.

use std::collections::BTreeSet;

use aws_sdk_applicationautoscaling::types::{
    ScalableDimension, ScalableTargetAction, ServiceNamespace, SuspendedState,
};
use aws_sdk_cloudwatch::error::ProvideErrorMetadata;
use aws_sdk_cloudwatch::types::{Dimension, Metric, MetricDataQuery, MetricStat, ScanBy, StatusCode};
use aws_sdk_ecs::types::DesiredStatus;
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
async fn ecs_describes_the_story() {
    let bench = Bench::new("calm", 1);
    let ecs = bench.ecs();
    let clusters = ecs.list_clusters().send().await.unwrap();
    assert_eq!(clusters.cluster_arns().len(), 1);
    let described =
        ecs.describe_clusters().clusters(&clusters.cluster_arns()[0]).clusters("nowhere").send().await.unwrap();
    assert_eq!(described.clusters()[0].cluster_name(), Some(CLUSTER));
    assert_eq!(described.failures()[0].reason(), Some("MISSING"));
    assert!(described.failures()[0].arn().unwrap().ends_with(":cluster/nowhere"));

    let services = ecs.describe_services().cluster(CLUSTER).services(SERVICE).services("gone").send().await.unwrap();
    assert_eq!(services.failures()[0].reason(), Some("MISSING"));
    let service = &services.services()[0];
    assert_eq!((service.desired_count(), service.running_count(), service.pending_count()), (4, 4, 0));
    assert_eq!(service.deployments()[0].status(), Some("PRIMARY"));
    assert_eq!(service.deployments()[0].running_count(), 4);
    assert!(!service.load_balancers().is_empty());
    assert!(service.created_at().unwrap().secs() < bench.now().as_second());

    let arns = ecs.list_tasks().cluster(CLUSTER).service_name(SERVICE).send().await.unwrap();
    assert_eq!(arns.task_arns().len(), 4);
    let tasks = ecs
        .describe_tasks()
        .cluster(CLUSTER)
        .set_tasks(Some(arns.task_arns().to_vec()))
        .tasks("0123456789abcdef0123456789abcdef")
        .send()
        .await
        .unwrap();
    assert_eq!((tasks.tasks().len(), tasks.failures().len()), (4, 1));
    let task = &tasks.tasks()[0];
    assert_eq!(task.last_status(), Some("RUNNING"));
    assert_eq!(task.group(), Some("service:solosuccess-ai-service"));
    assert_eq!(task.started_by(), service.deployments()[0].id());
    assert!(task.started_at().unwrap().secs() >= task.created_at().unwrap().secs());

    let named = service.task_definition().unwrap();
    let definition = ecs.describe_task_definition().task_definition(named).send().await.unwrap();
    assert_eq!(definition.task_definition().unwrap().task_definition_arn(), Some(named));
    assert_eq!(definition.task_definition().unwrap().container_definitions().len(), 1);
}

#[tokio::test]
async fn a_changed_count_is_seen_at_once_and_lived() {
    let bench = Bench::new("calm", 1);
    let ecs = bench.ecs();
    // The autoscaler would take the change back.
    let suspended = SuspendedState::builder().dynamic_scaling_in_suspended(true).build();
    let suspend = bench
        .autoscaling()
        .register_scalable_target()
        .service_namespace(ServiceNamespace::Ecs)
        .resource_id(RESOURCE)
        .scalable_dimension(ScalableDimension::EcsServiceDesiredCount);
    suspend.suspended_state(suspended).send().await.unwrap();
    let arn = ecs.list_services().cluster(CLUSTER).send().await.unwrap().service_arns()[0].clone();
    let changed = ecs.update_service().cluster(CLUSTER).service(&arn).desired_count(6).send().await.unwrap();
    assert_eq!(changed.service().unwrap().desired_count(), 6);
    bench.pass(150);
    let services = ecs.describe_services().cluster(CLUSTER).services(&arn).send().await.unwrap();
    assert_eq!(services.services()[0].running_count(), 6);
    assert!(!services.services()[0].events().is_empty());

    ecs.update_service().cluster(CLUSTER).service(SERVICE).desired_count(5).send().await.unwrap();
    bench.pass(30);
    let stopping = ecs.list_tasks().cluster(CLUSTER).desired_status(DesiredStatus::Stopped).send().await.unwrap();
    let task = ecs.describe_tasks().cluster(CLUSTER).tasks(&stopping.task_arns()[0]).send().await.unwrap();
    assert_eq!(task.tasks()[0].desired_status(), Some("STOPPED"));
    assert!(task.tasks()[0].stopped_reason().unwrap().contains("Scaling activity"));
    let (_, log) = bench.control(http::Method::GET, "log", "").await;
    assert_eq!(log["writes"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn ecs_refuses_as_its_model_says() {
    let bench = Bench::new("calm", 1);
    let ecs = bench.ecs();
    let error = ecs.list_services().send().await.unwrap_err().into_service_error();
    assert!(error.is_cluster_not_found_exception(), "no cluster means the one called default: {error:?}");
    let error = ecs.describe_services().cluster(CLUSTER).send().await.unwrap_err().into_service_error();
    assert!(error.is_invalid_parameter_exception(), "{error:?}");
    let eleven: Vec<String> = (0..11).map(|n| format!("s{n}")).collect();
    let ask = ecs.describe_services().cluster(CLUSTER).set_services(Some(eleven));
    assert!(ask.send().await.unwrap_err().into_service_error().is_invalid_parameter_exception());
    let error = ecs.list_tasks().cluster(CLUSTER).service_name("gone").send().await.unwrap_err();
    assert!(error.into_service_error().is_service_not_found_exception());
    let error = ecs.describe_task_definition().task_definition("gone").send().await.unwrap_err();
    assert!(error.into_service_error().is_client_exception());
    let error = ecs.update_service().cluster(CLUSTER).service("gone").desired_count(1).send().await.unwrap_err();
    assert!(error.into_service_error().is_service_not_found_exception());
    let error = ecs.update_service().cluster(CLUSTER).service(SERVICE).desired_count(-1).send().await.unwrap_err();
    assert!(error.into_service_error().is_invalid_parameter_exception());
    let ask = ecs.update_service().cluster(CLUSTER).service(SERVICE).desired_count(5).force_new_deployment(true);
    let error = ask.send().await.unwrap_err().into_service_error();
    assert!(error.is_invalid_parameter_exception());
    assert!(error.message().unwrap().contains("forceNewDeployment"), "{error:?}");
    let error = ecs.list_services().cluster(CLUSTER).next_token("x").send().await.unwrap_err();
    assert!(error.into_service_error().is_invalid_parameter_exception());
    let error = ecs.delete_cluster().cluster(CLUSTER).send().await.unwrap_err().into_service_error();
    assert_eq!(error.code(), Some("UnknownOperationException"));
    let (_, log) = bench.control(http::Method::GET, "log", "").await;
    assert_eq!(log["writes"].as_array().unwrap().len(), 0, "nothing that was refused has happened");
}

#[tokio::test]
async fn services_page_right_at_every_edge() {
    for count in [0, 1, 10, 11, 100, 101, 1000] {
        let bench = Bench::new("calm", count);
        let ecs = bench.ecs();
        for size in [None, Some(100)] {
            let (mut seen, mut token, mut pages) = (BTreeSet::new(), None, 0);
            loop {
                let ask = ecs.list_services().cluster(CLUSTER).set_max_results(size).set_next_token(token);
                let page = ask.send().await.unwrap();
                assert!(page.service_arns().len() <= size.unwrap_or(10) as usize);
                seen.extend(page.service_arns().iter().cloned());
                pages += 1;
                token = page.next_token().map(str::to_owned);
                if token.is_none() {
                    break;
                }
            }
            assert_eq!(seen.len(), count as usize);
            let expected = count.div_ceil(size.unwrap_or(10) as u32).max(1);
            assert_eq!(pages, expected, "{count} services, {size:?} a page");
        }
        let (mut targets, mut token) = (0, None);
        loop {
            let ask = bench.autoscaling().describe_scalable_targets().service_namespace(ServiceNamespace::Ecs);
            let page = ask.set_next_token(token).send().await.unwrap();
            targets += page.scalable_targets().len();
            token = page.next_token().map(str::to_owned);
            if token.is_none() {
                break;
            }
        }
        assert_eq!(targets, count as usize);
        let (mut tasks, mut token) = (BTreeSet::new(), None);
        loop {
            let page = ecs.list_tasks().cluster(CLUSTER).set_next_token(token).send().await.unwrap();
            tasks.extend(page.task_arns().iter().cloned());
            token = page.next_token().map(str::to_owned);
            if token.is_none() {
                break;
            }
        }
        let clusters = ecs.describe_clusters().clusters(CLUSTER).send().await.unwrap();
        assert_eq!(tasks.len(), clusters.clusters()[0].running_tasks_count() as usize, "{count} services");
    }
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
    let specs = cloudwatch.describe_alarms().alarm_name_prefix(SERVICE).send().await.unwrap();
    assert!(specs.metric_alarms().is_empty(), "the spec's prefix misses the autoscaler's alarms, as in AWS");
}
