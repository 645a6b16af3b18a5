//! Clusters, services, deployments, tasks and task definitions as ECS's model writes them.

use crate::drill::wire::Value;
use crate::drill::world::ecs::{Cluster, Definition, Deployment, Phase, Service, Task};
use crate::drill::world::{Identity, Workload};

pub(super) fn cluster(cluster: &Cluster) -> Value {
    Value::map([
        ("clusterArn", cluster.arn.clone().into()),
        ("clusterName", cluster.name.clone().into()),
        ("status", "ACTIVE".into()),
        ("registeredContainerInstancesCount", 0.into()),
        ("runningTasksCount", cluster.running_tasks.into()),
        ("pendingTasksCount", cluster.pending_tasks.into()),
        ("activeServicesCount", cluster.active_services.into()),
        ("statistics", Vec::new().into()),
        ("tags", Vec::new().into()),
        ("settings", Value::list([Value::map([("name", "containerInsights".into()), ("value", "disabled".into())])])),
        ("capacityProviders", Value::list(["FARGATE", "FARGATE_SPOT"])),
        ("defaultCapacityProviderStrategy", Vec::new().into()),
    ])
}

pub(super) fn service(service: &Service, identity: &Identity, tags: bool) -> Value {
    let network = network(service);
    let balancers = service.target_group.iter().map(|group| {
        Value::map([
            ("targetGroupArn", group.clone().into()),
            ("containerName", service.container.clone().into()),
            ("containerPort", i64::from(service.container_port).into()),
        ])
    });
    let deployments = service.deployments.iter().map(|one| deployment(one, service, &network));
    let events = service.events.iter().map(|event| {
        Value::map([
            ("id", event.id.clone().into()),
            ("createdAt", event.at.into()),
            ("message", event.message.clone().into()),
        ])
    });
    let role =
        format!("arn:aws:iam::{}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS", identity.account);
    Value::map([
        ("serviceArn", service.arn.clone().into()),
        ("serviceName", service.name.clone().into()),
        ("clusterArn", service.cluster_arn.clone().into()),
        ("loadBalancers", Value::list(balancers)),
        ("serviceRegistries", Vec::new().into()),
        ("status", "ACTIVE".into()),
        ("desiredCount", service.desired.into()),
        ("runningCount", service.running().into()),
        ("pendingCount", service.pending().into()),
        ("launchType", "FARGATE".into()),
        ("platformVersion", "LATEST".into()),
        ("platformFamily", "Linux".into()),
        ("taskDefinition", service.task_definition.clone().into()),
        (
            "deploymentConfiguration",
            Value::map([
                (
                    "deploymentCircuitBreaker",
                    Value::map([
                        ("enable", service.breaker.enabled.into()),
                        ("rollback", service.breaker.rolls_back.into()),
                    ]),
                ),
                ("maximumPercent", service.percentages.max.into()),
                ("minimumHealthyPercent", service.percentages.min_healthy.into()),
            ]),
        ),
        ("deployments", Value::list(deployments)),
        ("roleArn", role.into()),
        ("events", Value::list(events)),
        ("createdAt", service.created.into()),
        ("placementConstraints", Vec::new().into()),
        ("placementStrategy", Vec::new().into()),
        ("networkConfiguration", network),
        ("healthCheckGracePeriodSeconds", service.health_check_grace_seconds.into()),
        ("schedulingStrategy", "REPLICA".into()),
        ("deploymentController", Value::map([("type", "ECS".into())])),
        ("tags", tags.then(Vec::<Value>::new).into()),
        ("enableECSManagedTags", true.into()),
        ("propagateTags", "NONE".into()),
        ("enableExecuteCommand", false.into()),
    ])
}

fn deployment(deployment: &Deployment, service: &Service, network: &Value) -> Value {
    let own = || service.tasks.iter().filter(|task| task.started_by == deployment.id);
    let running = own().filter(|task| task.phase == Phase::Running).count() as i64;
    let pending = own().filter(|task| task.phase < Phase::Running).count() as i64;
    let wanted = own().filter(|task| task.wanted()).count() as i64;
    let desired = if deployment.primary { i64::from(service.desired) } else { wanted };
    let word = deployment.rollout.as_str().to_lowercase().replace('_', " ");
    let in_words = format!("ECS deployment {} {word}.", deployment.id);
    Value::map([
        ("id", deployment.id.clone().into()),
        ("status", if deployment.primary { "PRIMARY" } else { "ACTIVE" }.into()),
        ("taskDefinition", deployment.task_definition.clone().into()),
        ("desiredCount", desired.into()),
        ("pendingCount", pending.into()),
        ("runningCount", running.into()),
        ("failedTasks", deployment.failed_tasks.into()),
        ("createdAt", deployment.created.into()),
        ("updatedAt", deployment.updated.into()),
        ("launchType", "FARGATE".into()),
        ("platformVersion", "1.4.0".into()),
        ("platformFamily", "Linux".into()),
        ("networkConfiguration", network.clone()),
        ("rolloutState", deployment.rollout.as_str().into()),
        ("rolloutStateReason", deployment.reason.clone().unwrap_or(in_words).into()),
    ])
}

fn network(service: &Service) -> Value {
    Value::map([(
        "awsvpcConfiguration",
        Value::map([
            ("subnets", Value::list(service.subnets.iter().cloned())),
            ("securityGroups", Value::list([service.security_group.clone()])),
            ("assignPublicIp", "DISABLED".into()),
        ]),
    )])
}

pub(super) fn task(task: &Task, workload: &Workload, identity: &Identity, tags: bool) -> Value {
    let service = &workload.service;
    let detail = |name: &'static str, value: String| Value::map([("name", name.into()), ("value", value.into())]);
    let interface = format!("eni-0{}", task.id.get(..16).unwrap_or(&task.id));
    // An attachment's id is a UUID; the task's own digits make one that stays.
    let attachment = {
        let digits = |from: usize, to: usize| task.id.get(from..to).unwrap_or_default();
        format!("{}-{}-{}-{}-{}", digits(0, 8), digits(8, 12), digits(12, 16), digits(16, 20), digits(20, 32))
    };
    let subnet = service.subnets.get(task.zone).cloned().unwrap_or_default();
    let attached = match task.phase {
        Phase::Provisioning => "ATTACHING",
        Phase::Deprovisioning => "DETACHING",
        Phase::Stopped => "DELETED",
        _ => "ATTACHED",
    };
    let network = Value::map([
        ("id", attachment.clone().into()),
        ("type", "ElasticNetworkInterface".into()),
        ("status", attached.into()),
        (
            "details",
            Value::list([
                detail("subnetId", subnet),
                detail("networkInterfaceId", interface),
                detail("privateIPv4Address", task.ip.clone()),
            ]),
        ),
    ]);
    let exited = task.phase >= Phase::Deprovisioning && task.started.is_some();
    let exit = task.stop.as_ref().filter(|_| exited).map(|stop| stop.exit);
    let container = Value::map([
        ("containerArn", task.arn.replacen(":task/", ":container/", 1).into()),
        ("taskArn", task.arn.clone().into()),
        ("name", service.container.clone().into()),
        ("image", image(&task.task_definition, identity).into()),
        (
            "lastStatus",
            match task.phase {
                Phase::Provisioning | Phase::Pending | Phase::Activating => "PENDING",
                Phase::Running | Phase::Deactivating | Phase::Stopping => "RUNNING",
                Phase::Deprovisioning | Phase::Stopped => "STOPPED",
            }
            .into(),
        ),
        ("exitCode", exit.into()),
        (
            "networkInterfaces",
            Value::list([Value::map([
                ("attachmentId", attachment.into()),
                ("privateIpv4Address", task.ip.clone().into()),
            ])]),
        ),
        ("healthStatus", "UNKNOWN".into()),
        ("cpu", "0".into()),
    ]);
    Value::map([
        ("attachments", Value::list([network])),
        (
            "attributes",
            Value::list([Value::map([("name", "ecs.cpu-architecture".into()), ("value", "x86_64".into())])]),
        ),
        ("availabilityZone", identity.zones.get(task.zone).copied().into()),
        ("clusterArn", service.cluster_arn.clone().into()),
        ("connectivity", task.started.map(|_| "CONNECTED").into()),
        ("connectivityAt", task.started.into()),
        ("containers", Value::list([container])),
        ("cpu", service.cpu_units.to_string().into()),
        ("memory", service.memory_mib.to_string().into()),
        ("createdAt", task.created.into()),
        ("desiredStatus", if task.wanted() { "RUNNING" } else { "STOPPED" }.into()),
        ("enableExecuteCommand", false.into()),
        ("group", format!("service:{}", service.name).into()),
        ("healthStatus", "UNKNOWN".into()),
        ("lastStatus", task.phase.as_str().into()),
        ("launchType", "FARGATE".into()),
        ("overrides", Value::map([("containerOverrides", Vec::new().into())])),
        ("platformVersion", "1.4.0".into()),
        ("platformFamily", "Linux".into()),
        ("pullStartedAt", task.pull_started.into()),
        ("pullStoppedAt", task.pull_stopped.into()),
        ("startedAt", task.started.into()),
        ("startedBy", task.started_by.clone().into()),
        ("stopCode", task.stop.as_ref().map(|stop| stop.code).into()),
        ("stoppedReason", task.stop.as_ref().map(|stop| stop.reason.clone()).into()),
        ("stoppingAt", task.stopping.into()),
        ("stoppedAt", task.stopped.into()),
        ("tags", tags.then(Vec::<Value>::new).into()),
        ("taskArn", task.arn.clone().into()),
        ("taskDefinitionArn", task.task_definition.clone().into()),
        ("version", (task.phase as i64 + 1).into()),
        ("ephemeralStorage", Value::map([("sizeInGiB", 20.into())])),
    ])
}

pub(super) fn task_definition(definition: &Definition, identity: &Identity) -> Value {
    let revision: i64 = definition.arn.rsplit(':').next().and_then(|text| text.parse().ok()).unwrap_or(1);
    let role = |name: &str| format!("arn:aws:iam::{}:role/{name}", identity.account);
    let container = Value::map([
        ("name", definition.container.clone().into()),
        ("image", definition.image.clone().into()),
        ("cpu", 0.into()),
        (
            "portMappings",
            Value::list([Value::map([
                ("containerPort", i64::from(definition.container_port).into()),
                ("hostPort", i64::from(definition.container_port).into()),
                ("protocol", "tcp".into()),
            ])]),
        ),
        ("essential", true.into()),
        ("environment", Vec::new().into()),
        ("mountPoints", Vec::new().into()),
        ("volumesFrom", Vec::new().into()),
    ]);
    Value::map([
        ("taskDefinitionArn", definition.arn.clone().into()),
        ("containerDefinitions", Value::list([container])),
        ("family", family_of(&definition.arn).to_owned().into()),
        ("taskRoleArn", role("solosuccess-task").into()),
        ("executionRoleArn", role("solosuccess-task-execution").into()),
        ("networkMode", "awsvpc".into()),
        ("revision", revision.into()),
        ("volumes", Vec::new().into()),
        ("status", "ACTIVE".into()),
        ("placementConstraints", Vec::new().into()),
        ("compatibilities", Value::list(["EC2", "FARGATE"])),
        ("requiresCompatibilities", Value::list(["FARGATE"])),
        ("cpu", definition.cpu_units.to_string().into()),
        ("memory", definition.memory_mib.to_string().into()),
        ("registeredAt", definition.registered.into()),
        ("registeredBy", role("solosuccess-deploy").into()),
    ])
}

/// The family of a task definition, from its ARN or its short name.
pub(super) fn family_of(task_definition: &str) -> &str {
    let short = task_definition.rsplit('/').next().unwrap_or(task_definition);
    short.split_once(':').map_or(short, |(family, _)| family)
}

fn image(task_definition: &str, identity: &Identity) -> String {
    let short = task_definition.rsplit('/').next().unwrap_or_default();
    format!("{}.dkr.ecr.{}.amazonaws.com/{short}", identity.account, identity.region)
}
