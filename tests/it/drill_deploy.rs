//! Deployments, stopped tasks and schedules on a drill, asked by the SDK's own clients.

use aws_sdk_applicationautoscaling::types::{ScalableDimension, ScalableTargetAction, ServiceNamespace};
use aws_sdk_ecs::types::{
    ContainerDefinition, DeploymentConfiguration, DeploymentRolloutState, DesiredStatus, TaskStopCode,
};
use aws_smithy_types::DateTime;

use crate::sdk::Bench;

const CLUSTER: &str = "solosuccess-production";
const SERVICE: &str = "solosuccess-ai-service";
const RESOURCE: &str = "service/solosuccess-production/solosuccess-ai-service";

#[tokio::test]
async fn a_new_revision_rolls_out_and_the_old_deployment_is_active_meanwhile() {
    let bench = Bench::new("calm", 1);
    let ecs = bench.ecs();
    let container = ContainerDefinition::builder().name("ai-service").image("ai-service:new").build();
    let registered = ecs.register_task_definition().family("ai-service").cpu("1024").memory("2048");
    let registered = registered.container_definitions(container).send().await.unwrap();
    let arn = registered.task_definition().unwrap().task_definition_arn().unwrap().to_owned();
    assert!(arn.ends_with(":task-definition/ai-service:43"));
    let changed = ecs.update_service().cluster(CLUSTER).service(SERVICE).task_definition(&arn).send().await.unwrap();
    let states = |service: &aws_sdk_ecs::types::Service| -> Vec<(String, Option<DeploymentRolloutState>)> {
        let deployments = service.deployments().iter();
        deployments.map(|one| (one.status().unwrap().to_owned(), one.rollout_state().cloned())).collect()
    };
    let (primary, active) = ("PRIMARY".to_owned(), "ACTIVE".to_owned());
    assert_eq!(
        states(changed.service().unwrap()),
        [
            (primary.clone(), Some(DeploymentRolloutState::InProgress)),
            (active, Some(DeploymentRolloutState::Completed))
        ]
    );
    bench.pass(400);
    let services = ecs.describe_services().cluster(CLUSTER).services(SERVICE).send().await.unwrap();
    let service = &services.services()[0];
    assert_eq!(states(service), [(primary, Some(DeploymentRolloutState::Completed))]);
    assert_eq!((service.running_count(), service.task_definition()), (4, Some(arn.as_str())));

    let bounds = DeploymentConfiguration::builder().minimum_healthy_percent(100).maximum_percent(100).build();
    let ask = ecs.update_service().cluster(CLUSTER).service(SERVICE).deployment_configuration(bounds);
    assert!(ask.send().await.unwrap_err().into_service_error().is_invalid_parameter_exception());
    let unknown = ecs.update_service().cluster(CLUSTER).service(SERVICE).task_definition("ai-service:99").send().await;
    assert!(unknown.unwrap_err().into_service_error().is_client_exception());
}

#[tokio::test]
async fn a_stopped_task_is_listed_for_an_hour_with_its_reason() {
    let bench = Bench::new("calm", 1);
    let ecs = bench.ecs();
    let running = ecs.list_tasks().cluster(CLUSTER).service_name(SERVICE).send().await.unwrap();
    let task = running.task_arns()[0].clone();
    let stopped = ecs.stop_task().cluster(CLUSTER).task(&task).reason("tried by hand").send().await.unwrap();
    assert_eq!(stopped.task().unwrap().stopped_reason(), Some("tried by hand"));
    bench.pass(400);
    let listed = ecs.list_tasks().cluster(CLUSTER).desired_status(DesiredStatus::Stopped).send().await.unwrap();
    assert_eq!(listed.task_arns(), std::slice::from_ref(&task));
    let tasks = ecs.describe_tasks().cluster(CLUSTER).tasks(&task).send().await.unwrap();
    let gone = &tasks.tasks()[0];
    assert_eq!((gone.last_status(), gone.stop_code()), (Some("STOPPED"), Some(&TaskStopCode::UserInitiated)));
    assert!(gone.stopped_at().is_some());
    bench.pass(3700);
    let listed = ecs.list_tasks().cluster(CLUSTER).desired_status(DesiredStatus::Stopped).send().await.unwrap();
    assert!(listed.task_arns().is_empty());
    let unknown = ecs.stop_task().cluster(CLUSTER).task("gone").send().await.unwrap_err().into_service_error();
    assert!(unknown.is_invalid_parameter_exception());
}

#[tokio::test]
async fn a_schedule_has_a_zone_a_start_and_an_end_and_fires() {
    let bench = Bench::new("calm", 1);
    let aas = bench.autoscaling();
    let put = || {
        aas.put_scheduled_action()
            .service_namespace(ServiceNamespace::Ecs)
            .resource_id(RESOURCE)
            .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
            .scheduled_action_name("lunch")
    };
    let six = ScalableTargetAction::builder().min_capacity(6).build();
    // 14:10 UTC is 15:10 in Berlin, in November.
    let at_ten_past = put().schedule("cron(10 15 * * ? *)").timezone("Europe/Berlin").scalable_target_action(six);
    let end = DateTime::from_secs(bench.now().as_second() + 7200);
    at_ten_past.end_time(end).send().await.unwrap();
    let listed = aas.describe_scheduled_actions().service_namespace(ServiceNamespace::Ecs);
    let listed = listed.scheduled_action_names("lunch").send().await.unwrap();
    let action = &listed.scheduled_actions()[0];
    assert_eq!((action.timezone(), action.end_time()), (Some("Europe/Berlin"), Some(&end)));
    bench.pass(605);
    let targets = aas.describe_scalable_targets().service_namespace(ServiceNamespace::Ecs).send().await.unwrap();
    assert_eq!(targets.scalable_targets()[0].min_capacity(), 6);

    let change = put().schedule("rate(10 minutes)").send().await;
    assert!(change.is_ok(), "what is not sent of an action that there is stays: {change:?}");
    for (wrong, what) in [
        (put().schedule("cron(10 15 * *)"), "four fields"),
        (put().schedule("rate(0 minutes)"), "no rate"),
        (put().timezone("Europe/Atlantis"), "no such zone"),
        (put().start_time(end).end_time(DateTime::from_secs(0)), "the end before the start"),
        (put().scheduled_action_name("new").schedule("rate(1 day)"), "neither minimum nor maximum"),
    ] {
        let error = wrong.send().await.unwrap_err().into_service_error();
        assert!(error.is_validation_exception(), "{what}: {error:?}");
    }
}
