//! ECS: which services there are, how they fare, and their tasks.

use std::collections::BTreeMap;

use aws_sdk_ecs::types;
use jiff::Timestamp;

use super::failure::Failure;
use super::pace::Call;
use super::reader::{Reader, list, pages};
use super::time::{timestamp, timestamp_or_epoch};
use crate::platform::{
    ClusterName, Deployment, Rollout, Service, ServiceEvent, ServiceId, ServiceName, ServiceStatus, TargetGroupArn,
    Task, TaskCount, TaskId, TaskSize,
};

/// The most services that one `DescribeServices` takes.
pub const SERVICES_PER_CALL: usize = 10;

/// The page size of the lists, and the most tasks that one `DescribeTasks` takes.
const PAGE: i32 = 100;

impl Reader {
    /// Every service of these clusters – names or ARNs – or of all clusters when none is given, in order.
    pub async fn service_list(&self, clusters: &[String]) -> Result<Vec<ServiceId>, Failure> {
        let clusters = if clusters.is_empty() { self.clusters().await? } else { clusters.to_vec() };
        let mut services = Vec::new();
        for cluster in clusters {
            let arns = pages(|token| {
                let page = self.ask(
                    Call::ListServices,
                    self.ecs().list_services().cluster(&cluster).max_results(PAGE).set_next_token(token).send(),
                );
                async {
                    let page = page.await?;
                    Ok((list(page.service_arns, Call::ListServices)?, page.next_token))
                }
            })
            .await?;
            services.extend(arns.iter().map(|arn| ServiceId::new(last_part(&cluster), last_part(arn))));
        }
        services.sort();
        services.dedup();
        Ok(services)
    }

    async fn clusters(&self) -> Result<Vec<String>, Failure> {
        pages(|token| {
            let page =
                self.ask(Call::ListClusters, self.ecs().list_clusters().max_results(PAGE).set_next_token(token).send());
            async {
                let page = page.await?;
                Ok((list(page.cluster_arns, Call::ListClusters)?, page.next_token))
            }
        })
        .await
    }

    /// Describes services of one cluster, at most [`SERVICES_PER_CALL`] (AWS refuses more). Those asked for that do not
    /// exist come back apart.
    pub async fn services(
        &self,
        cluster: &ClusterName,
        names: &[ServiceName],
    ) -> Result<(Vec<Service>, Vec<ServiceId>), Failure> {
        if names.is_empty() {
            return Ok((Vec::new(), Vec::new()));
        }
        let wanted = names.iter().map(|name| name.as_str().to_owned()).collect();
        let question = self.ecs().describe_services().cluster(cluster.as_str()).set_services(Some(wanted)).send();
        let asked = self.now();
        let answer = self.ask(Call::DescribeServices, question).await?;
        let mut missing = Vec::new();
        for failure in answer.failures.unwrap_or_default() {
            match failure.reason.as_deref() {
                Some("MISSING") => {
                    missing
                        .push(ServiceId::new(cluster.as_str(), last_part(failure.arn.as_deref().unwrap_or_default())));
                }
                reason => {
                    return Err(Failure::faulty(format!("ecs:DescribeServices: {}", reason.unwrap_or("no reason"))));
                }
            }
        }
        let found = answer.services.unwrap_or_default().into_iter();
        let found: Vec<Service> = found.map(|service| self.service(cluster, service, asked)).collect();
        let accounted = |name: &&ServiceName| {
            found.iter().map(|service| &service.id).chain(&missing).any(|id| id.service == **name)
        };
        match names.iter().find(|name| !accounted(name)) {
            None => Ok((found, missing)),
            Some(name) => Err(Failure::faulty(format!("ecs:DescribeServices answered without a word on {name}"))),
        }
    }

    fn service(&self, cluster: &ClusterName, service: types::Service, learnt: Timestamp) -> Service {
        let id = ServiceId::new(cluster.as_str(), service.service_name.unwrap_or_default());
        let task_definition = last_part(service.task_definition.as_deref().unwrap_or_default()).to_owned();
        let strategy = service.capacity_provider_strategy.unwrap_or_default();
        let mut deployments: Vec<Deployment> =
            service.deployments.unwrap_or_default().into_iter().map(deployment).collect();
        deployments.sort_by_key(|deployment| !deployment.primary);
        let mut target_groups: Vec<TargetGroupArn> = service
            .load_balancers
            .unwrap_or_default()
            .iter()
            .filter_map(|balancer| balancer.target_group_arn.as_ref().map(TargetGroupArn::new))
            .collect();
        target_groups.dedup();
        Service {
            status: status(service.status.as_deref().unwrap_or_default()),
            desired: count(service.desired_count),
            running: count(service.running_count),
            pending: count(service.pending_count),
            deployments,
            events: service.events.unwrap_or_default().into_iter().map(event).collect(),
            task_size: self.known_size(&id, &task_definition),
            task_definition,
            launch: launch(&strategy, service.launch_type.as_ref().map(types::LaunchType::as_str)),
            target_groups,
            learnt,
            id,
        }
    }

    /// The tasks of a service: all that run or are on their way, and one page of those that stopped within the last
    /// hour or so. Newest first.
    pub async fn tasks(&self, id: &ServiceId) -> Result<Vec<Task>, Failure> {
        let cluster = id.cluster.as_str();
        let page = |status: types::DesiredStatus, token| {
            self.ecs()
                .list_tasks()
                .cluster(cluster)
                .service_name(id.service.as_str())
                .desired_status(status)
                .set_next_token(token)
                .send()
        };
        let mut arns = pages(|token| {
            let page = self.ask(Call::ListTasks, page(types::DesiredStatus::Running, token));
            async {
                let page = page.await?;
                Ok((list(page.task_arns, Call::ListTasks)?, page.next_token))
            }
        })
        .await?;
        let stopped = self.ask(Call::ListTasks, page(types::DesiredStatus::Stopped, None)).await?;
        arns.extend(list(stopped.task_arns, Call::ListTasks)?);

        let mut tasks = Vec::with_capacity(arns.len());
        let mut sizes = BTreeMap::new();
        for arns in arns.chunks(PAGE as usize) {
            let question = self.ecs().describe_tasks().cluster(cluster).set_tasks(Some(arns.to_vec())).send();
            // Failures in the answer are tasks that went between the two questions.
            let answer = self.ask(Call::DescribeTasks, question).await?;
            for described in list(answer.tasks, Call::DescribeTasks)? {
                let size = size(&described);
                let task = task(described);
                sizes.extend(size.map(|size| (task.task_definition.clone(), size)));
                tasks.push(task);
            }
        }
        self.learn_sizes(id, sizes);
        tasks.sort_by(|a, b| b.created.cmp(&a.created).then_with(|| a.id.cmp(&b.id)));
        Ok(tasks)
    }
}

/// The name at the end of an ARN, or the whole text when it has no parts.
fn last_part(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

fn count(n: i32) -> TaskCount {
    TaskCount(u32::try_from(n).unwrap_or(0))
}

fn status(word: &str) -> ServiceStatus {
    match word {
        "ACTIVE" => ServiceStatus::Active,
        "DRAINING" => ServiceStatus::Draining,
        "INACTIVE" => ServiceStatus::Inactive,
        other => ServiceStatus::Unknown(other.to_owned()),
    }
}

fn deployment(deployment: types::Deployment) -> Deployment {
    let created = timestamp_or_epoch(deployment.created_at.as_ref());
    Deployment {
        id: deployment.id.unwrap_or_default(),
        primary: deployment.status.as_deref() == Some("PRIMARY"),
        rollout: match deployment.rollout_state {
            Some(types::DeploymentRolloutState::Completed) => Rollout::Completed,
            Some(types::DeploymentRolloutState::Failed) => Rollout::Failed,
            Some(types::DeploymentRolloutState::InProgress) => Rollout::InProgress,
            other => Rollout::Unknown(other.map(|word| word.as_str().to_owned()).unwrap_or_default()),
        },
        reason: deployment.rollout_state_reason.unwrap_or_default(),
        task_definition: last_part(deployment.task_definition.as_deref().unwrap_or_default()).to_owned(),
        desired: count(deployment.desired_count),
        pending: count(deployment.pending_count),
        running: count(deployment.running_count),
        failed: count(deployment.failed_tasks),
        created,
        updated: deployment.updated_at.as_ref().and_then(timestamp).unwrap_or(created),
    }
}

fn event(event: types::ServiceEvent) -> ServiceEvent {
    ServiceEvent {
        id: event.id.unwrap_or_default(),
        at: timestamp_or_epoch(event.created_at.as_ref()),
        message: event.message.unwrap_or_default(),
    }
}

/// Capacity providers with their weights, the weight left out where there is only one; else the launch type.
fn launch(strategy: &[types::CapacityProviderStrategyItem], launch_type: Option<&str>) -> String {
    match strategy {
        [] => launch_type.unwrap_or_default().to_owned(),
        [only] => only.capacity_provider.clone(),
        items => {
            let words = items.iter().map(|item| format!("{} {}", item.capacity_provider, item.weight));
            words.collect::<Vec<_>>().join(" + ")
        }
    }
}

fn size(task: &types::Task) -> Option<TaskSize> {
    let cpu_units = task.cpu.as_ref()?.parse().ok()?;
    let memory_mib = task.memory.as_ref()?.parse().ok()?;
    Some(TaskSize { cpu_units, memory_mib })
}

fn task(task: types::Task) -> Task {
    let at = |at: Option<&aws_smithy_types::DateTime>| at.and_then(timestamp);
    Task {
        id: TaskId::new(last_part(task.task_arn.as_deref().unwrap_or_default())),
        status: task.last_status.unwrap_or_default(),
        health: task.health_status.map_or("UNKNOWN".to_owned(), |health| health.as_str().to_owned()),
        zone: task.availability_zone.unwrap_or_default(),
        created: at(task.created_at.as_ref()),
        started: at(task.started_at.as_ref()),
        stopped: at(task.stopped_at.as_ref()),
        stop_reason: task.stopped_reason,
        capacity_provider: task.capacity_provider_name.unwrap_or_default(),
        task_definition: last_part(task.task_definition_arn.as_deref().unwrap_or_default()).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::canned::{self, Asked, NOW, Reply, doors, times};
    use super::*;

    fn page(asked: &Asked, total: usize, list: &str, arn: impl Fn(usize) -> String) -> Reply {
        let body = asked.json();
        let size = body["maxResults"].as_u64().unwrap_or(100) as usize;
        let from: usize = body["nextToken"].as_str().map_or(0, |token| token.parse().unwrap());
        let upto = total.min(from + size);
        let arns: Vec<String> = (from..upto).map(arn).collect();
        let next = (upto < total).then(|| upto.to_string());
        canned::json(200, &json!({ list: arns, "nextToken": next }))
    }

    #[tokio::test(start_paused = true)]
    async fn the_service_list_is_whole_at_every_size() {
        for (total, questions) in [(0, 1), (1, 1), (10, 1), (11, 1), (100, 1), (101, 2), (1_000, 10)] {
            let (reader, _, log) = doors(move |asked| match asked.operation.as_str() {
                "ListClusters" => page(asked, 1, "clusterArns", |_| "arn:aws:ecs:us-east-1:1:cluster/prod".into()),
                _ => page(asked, total, "serviceArns", |n| format!("arn:aws:ecs:us-east-1:1:service/prod/s{n:04}")),
            })
            .await;
            let list = reader.service_list(&[]).await.unwrap();
            let whole: Vec<ServiceId> = (0..total).map(|n| ServiceId::new("prod", format!("s{n:04}"))).collect();
            assert_eq!(list, whole);
            assert_eq!(times(&log, "ListServices"), questions, "{total} services");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn given_clusters_limit_the_list_and_many_clusters_are_paged() {
        let answer = |asked: &Asked| match asked.operation.as_str() {
            "ListClusters" => page(asked, 101, "clusterArns", |n| format!("arn:aws:ecs:us-east-1:1:cluster/c{n:03}")),
            _ => page(asked, 1, "serviceArns", |_| "arn:aws:ecs:us-east-1:1:service/old-style-arn".into()),
        };
        let (reader, _, log) = doors(answer).await;
        let list = reader.service_list(&["arn:aws:ecs:us-east-1:1:cluster/a".into(), "b".into()]).await.unwrap();
        assert_eq!(list, [ServiceId::new("a", "old-style-arn"), ServiceId::new("b", "old-style-arn")]);
        assert_eq!(times(&log, "ListClusters"), 0);
        assert_eq!(reader.service_list(&[]).await.unwrap().len(), 101);
        assert_eq!(times(&log, "ListClusters"), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_page_token_that_repeats_is_a_fault() {
        let (reader, _, log) = doors(|_| canned::json(200, &json!({ "serviceArns": ["x"], "nextToken": "t" }))).await;
        let failure = reader.service_list(&["c".into()]).await.unwrap_err();
        assert_eq!(failure.to_string(), "the same page was offered twice");
        assert_eq!(times(&log, "ListServices"), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_described_service_keeps_every_word_and_number() {
        let (reader, _, _) = doors(|_| {
            canned::json(
                200,
                &json!({
                    "services": [{
                        "serviceName": "api", "status": "HIBERNATING", "desiredCount": 6, "runningCount": 5,
                        "pendingCount": 1, "taskDefinition": "arn:aws:ecs:us-east-1:1:task-definition/api:42",
                        "capacityProviderStrategy": [
                            { "capacityProvider": "FARGATE", "weight": 1, "base": 1 },
                            { "capacityProvider": "FARGATE_SPOT", "weight": 3 }
                        ],
                        "loadBalancers": [{ "targetGroupArn": "arn:tg" }, { "loadBalancerName": "classic" }],
                        "deployments": [
                            { "id": "old", "status": "ACTIVE", "createdAt": 1.5 },
                            { "id": "new", "status": "PRIMARY", "rolloutState": "IN_PROGRESS", "createdAt": 10.0 }
                        ],
                        "events": [{ "id": "e", "createdAt": 20.25, "message": "has begun draining" }]
                    }],
                    "failures": [{ "arn": "arn:aws:ecs:us-east-1:1:service/prod/gone", "reason": "MISSING" }]
                }),
            )
        })
        .await;
        let names = [ServiceName::new("api"), ServiceName::new("gone")];
        let (found, missing) = reader.services(&ClusterName::new("prod"), &names).await.unwrap();
        assert_eq!(missing, [ServiceId::new("prod", "gone")]);
        let service = &found[0];
        assert_eq!(service.id, ServiceId::new("prod", "api"));
        assert_eq!(service.status, ServiceStatus::Unknown("HIBERNATING".into()));
        assert_eq!((service.desired, service.running, service.pending), (TaskCount(6), TaskCount(5), TaskCount(1)));
        assert_eq!(service.task_definition, "api:42");
        assert_eq!(service.launch, "FARGATE 1 + FARGATE_SPOT 3");
        assert_eq!(service.target_groups, [TargetGroupArn::new("arn:tg")]);
        assert_eq!(service.deployments[0].id, "new", "the PRIMARY comes first");
        assert_eq!(service.deployments[1].rollout, Rollout::Unknown(String::new()));
        assert!(service.deploying());
        assert_eq!(service.events[0].at.as_millisecond(), 20_250);
        assert_eq!(service.learnt.as_second(), NOW);
    }

    #[tokio::test(start_paused = true)]
    async fn no_names_ask_nothing() {
        let (reader, _, log) = doors(|_| Reply::Broken).await;
        assert_eq!(reader.services(&ClusterName::new("c"), &[]).await.unwrap(), (vec![], vec![]));
        assert!(log.lock().unwrap().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn tasks_are_described_a_hundred_at_a_time_and_tell_their_size() {
        let (reader, _, log) = doors(|asked| match asked.operation.as_str() {
            "ListTasks" if asked.json()["desiredStatus"] == "STOPPED" => {
                page(asked, 1, "taskArns", |_| "t/stopped".into())
            }
            "ListTasks" => page(asked, 150, "taskArns", |n| format!("t/{n:03}")),
            "DescribeTasks" => {
                let task = |arn: &serde_json::Value| {
                    json!({ "taskArn": arn, "cpu": "512", "memory": "1024", "lastStatus": "RUNNING",
                        "taskDefinitionArn": "arn:x/api:7", "createdAt": 5.0 })
                };
                let tasks: Vec<_> = asked.json()["tasks"].as_array().unwrap().iter().map(task).collect();
                canned::json(200, &json!({ "tasks": tasks }))
            }
            _ => canned::json(200, &json!({ "services": [{ "serviceName": "api", "taskDefinition": "api:7" }] })),
        })
        .await;
        let id = ServiceId::new("prod", "api");
        let tasks = reader.tasks(&id).await.unwrap();
        assert_eq!(tasks.len(), 151);
        assert_eq!((tasks[0].health.as_str(), tasks[0].status.as_str()), ("UNKNOWN", "RUNNING"));
        assert_eq!((times(&log, "ListTasks"), times(&log, "DescribeTasks")), (3, 2));
        let (services, _) = reader.services(&id.cluster, std::slice::from_ref(&id.service)).await.unwrap();
        assert_eq!(services[0].task_size, Some(TaskSize { cpu_units: 512, memory_mib: 1_024 }));
    }

    #[tokio::test(start_paused = true)]
    async fn a_field_of_the_wrong_type_fails_its_own_source_only() {
        let (reader, _, _) = doors(|asked| match asked.operation.as_str() {
            "ListTasks" => page(asked, 1, "taskArns", |_| "t/1".into()),
            "DescribeTasks" => canned::json(200, &json!({ "tasks": [{ "taskArn": "t/1", "cpu": 256 }] })),
            _ => canned::json(200, &json!({ "services": [{ "serviceName": "api", "status": "ACTIVE" }] })),
        })
        .await;
        let id = ServiceId::new("prod", "api");
        let failure = reader.tasks(&id).await.unwrap_err();
        assert!(matches!(&failure, Failure::Faulty { detail } if detail.starts_with("ecs:DescribeTasks")), "{failure}");
        assert_eq!(reader.services(&id.cluster, std::slice::from_ref(&id.service)).await.unwrap().0.len(), 1);
    }
}
