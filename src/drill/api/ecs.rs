//! Elastic Container Service, over awsJson: its operations. What their answers are made of is in `records`.

mod records;
mod writes;

use std::collections::BTreeMap;

use super::page::{self, Place};
use crate::drill::wire::{Refusal, Value};
use crate::drill::world::write::Refusal as Refused;
use crate::drill::world::{Identity, Workload, World};

pub(super) fn answer(world: &mut World, operation: &str, input: &Value) -> Result<Value, Refusal> {
    match operation {
        "ListClusters" => list_clusters(world, input),
        "DescribeClusters" => describe_clusters(world, input),
        "ListServices" => list_services(world, input),
        "DescribeServices" => describe_services(world, input),
        "ListTasks" => list_tasks(world, input),
        "DescribeTasks" => describe_tasks(world, input),
        "DescribeTaskDefinition" => describe_task_definition(world, input),
        "RegisterTaskDefinition" => writes::register_task_definition(world, input),
        "StopTask" => writes::stop_task(world, input),
        "UpdateService" => writes::update_service(world, input),
        _ => Err(Refusal::unknown_operation(operation)),
    }
}

fn list_clusters(world: &World, input: &Value) -> Result<Value, Refusal> {
    let (place, size) = page_of(input, "ListClusters", 100)?;
    let arns: Vec<String> = world.clusters().into_iter().map(|cluster| cluster.arn).collect();
    let (arns, next) = page::flat(&arns, place, size);
    Ok(Value::map([
        ("clusterArns", Value::list(arns.iter().cloned())),
        ("nextToken", next.map(|next| next.write("ListClusters")).into()),
    ]))
}

fn describe_clusters(world: &World, input: &Value) -> Result<Value, Refusal> {
    let mut wanted = input.texts("clusters")?;
    if wanted.is_empty() {
        wanted.push("default");
    }
    at_most(&wanted, 100, "clusters")?;
    let known = world.clusters();
    let (mut clusters, mut failures) = (Vec::new(), Vec::new());
    for name in wanted {
        match known.iter().find(|cluster| cluster.name == name || cluster.arn == name) {
            Some(cluster) => clusters.push(records::cluster(cluster)),
            None => failures.push(missing(full_arn(world.identity(), name, "cluster/"))),
        }
    }
    Ok(Value::map([("clusters", clusters.into()), ("failures", failures.into())]))
}

fn list_services(world: &World, input: &Value) -> Result<Value, Refusal> {
    let cluster = cluster(world, input)?;
    let (place, size) = page_of(input, "ListServices", 10)?;
    let fits = matches!(input.text("launchType")?, None | Some("FARGATE"))
        && matches!(input.text("schedulingStrategy")?, None | Some("REPLICA"));
    let names = if fits { world.service_names() } else { Vec::new() };
    let (names, next) = page::flat(&names, place, size);
    let arns = names.iter().map(|name| full_arn(world.identity(), name, &format!("service/{cluster}/")));
    Ok(Value::map([
        ("serviceArns", Value::list(arns)),
        ("nextToken", next.map(|next| next.write("ListServices")).into()),
    ]))
}

fn describe_services(world: &World, input: &Value) -> Result<Value, Refusal> {
    let cluster = cluster(world, input)?;
    let wanted = input.texts("services")?;
    if wanted.is_empty() {
        return Err(invalid("Services cannot be empty."));
    }
    at_most(&wanted, 10, "services")?;
    let tags = input.texts("include")?.contains(&"TAGS");
    let (mut services, mut failures) = (Vec::new(), Vec::new());
    for name in wanted {
        match service_name(name, cluster).and_then(|name| world.workload(name)) {
            Some(workload) => services.push(records::service(&workload.service, world.identity(), tags)),
            None => failures.push(missing(full_arn(world.identity(), name, &format!("service/{cluster}/")))),
        }
    }
    Ok(Value::map([("services", services.into()), ("failures", failures.into())]))
}

fn list_tasks(world: &World, input: &Value) -> Result<Value, Refusal> {
    let cluster = cluster(world, input)?;
    let (place, size) = page_of(input, "ListTasks", 100)?;
    let wanted = match input.text("desiredStatus")? {
        None | Some("RUNNING") => Some(true),
        Some("STOPPED") => Some(false),
        // ECS never wants a task to be pending, so it lists none.
        Some("PENDING") => None,
        Some(other) => return Err(invalid(format!("desiredStatus {other} is not RUNNING, PENDING or STOPPED."))),
    };
    let service = match input.text("serviceName")? {
        None => None,
        Some(name) => Some(
            service_name(name, cluster)
                .filter(|name| world.workload(name).is_some())
                .ok_or_else(|| Refusal::new("ServiceNotFoundException", "Service not found."))?,
        ),
    };
    let family = input.text("family")?;
    let started_by = input.text("startedBy")?;
    let launch = input.text("launchType")?.is_none_or(|kind| kind == "FARGATE");
    let tasks = |workload: &Workload| -> Vec<Value> {
        let own = &workload.service;
        if !launch || family.is_some_and(|family| records::family_of(&own.task_definition) != family) {
            return Vec::new();
        }
        own.tasks
            .iter()
            .filter(|task| wanted == Some(task.wanted()))
            .filter(|task| started_by.is_none_or(|by| task.started_by == by))
            .map(|task| task.arn.clone().into())
            .collect()
    };
    let (arns, next) = match service {
        Some(name) => {
            let all = world.workload(name).map(|workload| tasks(&workload)).unwrap_or_default();
            let (arns, next) = page::flat(&all, place, size);
            (arns.to_vec(), next)
        }
        None => page::by_service(world, place, size, tasks),
    };
    Ok(Value::map([("taskArns", arns.into()), ("nextToken", next.map(|next| next.write("ListTasks")).into())]))
}

fn describe_tasks(world: &World, input: &Value) -> Result<Value, Refusal> {
    let cluster = cluster(world, input)?;
    let wanted = input.texts("tasks")?;
    if wanted.is_empty() {
        return Err(invalid("Tasks cannot be empty."));
    }
    at_most(&wanted, 100, "tasks")?;
    let tags = input.texts("include")?.contains(&"TAGS");
    let arns: Vec<String> =
        wanted.iter().map(|name| full_arn(world.identity(), name, &format!("task/{cluster}/"))).collect();
    let mut found: BTreeMap<&str, Option<Value>> = arns.iter().map(|arn| (arn.as_str(), None)).collect();
    let mut left = found.len();
    for workload in world.workloads() {
        for task in &workload.service.tasks {
            if let Some(place @ None) = found.get_mut(task.arn.as_str()) {
                *place = Some(records::task(task, &workload, world.identity(), tags));
                left -= 1;
            }
        }
        if left == 0 {
            break;
        }
    }
    let (mut tasks, mut failures) = (Vec::new(), Vec::new());
    for arn in &arns {
        match found.get_mut(arn.as_str()).and_then(Option::take) {
            Some(task) => tasks.push(task),
            // Named twice: ECS answers once.
            None if tasks.iter().any(|task: &Value| task.text("taskArn") == Ok(Some(arn.as_str()))) => {}
            None => failures.push(missing(arn.clone())),
        }
    }
    Ok(Value::map([("tasks", tasks.into()), ("failures", failures.into())]))
}

fn describe_task_definition(world: &World, input: &Value) -> Result<Value, Refusal> {
    let wanted = required(input, "taskDefinition")?;
    let Some(definition) = world.definition(wanted) else {
        return Err(Refusal::new("ClientException", "Unable to describe task definition."));
    };
    Ok(Value::map([
        ("taskDefinition", records::task_definition(&definition, world.identity())),
        ("tags", Vec::new().into()),
    ]))
}

fn refused(why: &Refused) -> Refusal {
    let code = match why {
        Refused::ClusterNotFound => "ClusterNotFoundException",
        Refused::ServiceNotFound => "ServiceNotFoundException",
        Refused::Client(_) => "ClientException",
        _ => "InvalidParameterException",
    };
    Refusal::new(code, why.to_string())
}

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new("InvalidParameterException", message)
}

fn required<'a>(input: &'a Value, field: &'static str) -> Result<&'a str, Refusal> {
    input.text(field)?.filter(|text| !text.is_empty()).ok_or_else(|| invalid(format!("{field} cannot be empty.")))
}

fn at_most(wanted: &[&str], most: usize, what: &str) -> Result<(), Refusal> {
    if wanted.len() > most {
        return Err(invalid(format!(
            "At most {most} {what} can be described at once, and {} were named.",
            wanted.len()
        )));
    }
    Ok(())
}

/// Where a page begins and how long it is; `default` is its length where the caller names none.
fn page_of(input: &Value, operation: &str, default: usize) -> Result<(Place, usize), Refusal> {
    let size = match input.int("maxResults")? {
        None => default,
        Some(size @ 1..=100) => size as usize,
        Some(other) => return Err(invalid(format!("maxResults must be between 1 and 100, and is {other}."))),
    };
    let place = Place::read(operation, input.text("nextToken")?).ok_or_else(|| invalid("Invalid token."))?;
    Ok((place, size))
}

/// The name of the cluster a request is about: `default` unless it says so, a name or an ARN.
fn cluster<'w>(world: &'w World, input: &Value) -> Result<&'w str, Refusal> {
    let identity = world.identity();
    let wanted = input.text("cluster")?.unwrap_or("default");
    if wanted == identity.cluster || wanted == full_arn(identity, identity.cluster, "cluster/") {
        return Ok(identity.cluster);
    }
    Err(refused(&Refused::ClusterNotFound))
}

/// The name of a service from a name or an ARN; `None` if the ARN is of another cluster.
fn service_name<'a>(named: &'a str, cluster: &str) -> Option<&'a str> {
    let Some((_, rest)) = named.split_once(":service/") else { return Some(named) };
    match rest.split_once('/') {
        Some((own, name)) => (own == cluster).then_some(name),
        // The short ARN, which names no cluster.
        None => Some(rest),
    }
}

/// The ARN of what may be one already.
fn full_arn(identity: &Identity, name: &str, path: &str) -> String {
    if name.starts_with("arn:") {
        return name.to_owned();
    }
    format!("arn:aws:ecs:{}:{}:{path}{name}", identity.region, identity.account)
}

fn missing(arn: String) -> Value {
    Value::map([("arn", arn.into()), ("reason", "MISSING".into())])
}
