//! ECS as the drill answers for it, asked by the SDK's own client: what is described, changed, refused and paged.

use std::collections::BTreeSet;

use aws_sdk_applicationautoscaling::types::{ScalableDimension, ServiceNamespace, SuspendedState};
use aws_sdk_ecs::error::ProvideErrorMetadata;
use aws_sdk_ecs::types::DesiredStatus;

use crate::sdk::Bench;

const CLUSTER: &str = "solosuccess-production";
const SERVICE: &str = "solosuccess-ai-service";
const RESOURCE: &str = "service/solosuccess-production/solosuccess-ai-service";

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
    let ask = ecs.update_service().cluster(CLUSTER).service(SERVICE).desired_count(5).enable_execute_command(true);
    let error = ask.send().await.unwrap_err().into_service_error();
    assert!(error.is_invalid_parameter_exception());
    assert!(error.message().unwrap().contains("enableExecuteCommand"), "{error:?}");
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
