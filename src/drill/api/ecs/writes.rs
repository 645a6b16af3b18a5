//! What can be changed of ECS: a service's count, revision and deployment configuration, a task, a new revision. A field
//! that is not modelled is refused by its name: nothing is passed over in silence.

use super::{cluster, invalid, records, refused, required, service_name};
use crate::drill::wire::{Refusal, Value};
use crate::drill::world::World;
use crate::drill::world::ecs::Breaker;
use crate::drill::world::ecs_write::{DefinitionWish, ServiceWish};

/// The fields of `UpdateService` that are modelled.
const OF_SERVICE: [&str; 6] =
    ["cluster", "service", "desiredCount", "taskDefinition", "forceNewDeployment", "deploymentConfiguration"];

/// `UpdateService`
pub(super) fn update_service(world: &mut World, input: &Value) -> Result<Value, Refusal> {
    let cluster = cluster(world, input)?.to_owned();
    let wanted = required(input, "service")?;
    if let Some(other) = input.names().find(|name| !OF_SERVICE.contains(name)) {
        return Err(invalid(format!("The drill does not model {other} of a service.")));
    }
    let name = service_name(wanted, &cluster).filter(|name| world.workload(name).is_some());
    let Some(name) = name else {
        return Err(Refusal::new("ServiceNotFoundException", "Service not found."));
    };
    let deploying = input.get("deploymentConfiguration").cloned().unwrap_or(Value::Null);
    let breaker = match deploying.get("deploymentCircuitBreaker") {
        None => None,
        Some(breaker) => Some(Breaker {
            enabled: breaker.bool("enable")?.ok_or_else(|| invalid("enable cannot be empty."))?,
            rolls_back: breaker.bool("rollback")?.ok_or_else(|| invalid("rollback cannot be empty."))?,
        }),
    };
    let wish = ServiceWish {
        desired: input.int("desiredCount")?,
        task_definition: input.text("taskDefinition")?.map(str::to_owned),
        force: input.bool("forceNewDeployment")?.unwrap_or(false),
        min_healthy: deploying.int("minimumHealthyPercent")?,
        max_percent: deploying.int("maximumPercent")?,
        breaker,
    };
    let service = world.update_service(&cluster, name, &wish).map_err(|why| refused(&why))?;
    Ok(Value::map([("service", records::service(&service, world.identity(), false))]))
}

/// `StopTask`
pub(super) fn stop_task(world: &mut World, input: &Value) -> Result<Value, Refusal> {
    cluster(world, input)?;
    let wanted = required(input, "task")?.to_owned();
    let (task, service) = world.stop_task(&wanted, input.text("reason")?).map_err(|why| refused(&why))?;
    let Some(workload) = world.workload(&service) else { return Err(refused(&super::Refused::ServiceNotFound)) };
    Ok(Value::map([("task", records::task(&task, &workload, world.identity(), false))]))
}

/// `RegisterTaskDefinition`, with its first container.
pub(super) fn register_task_definition(world: &mut World, input: &Value) -> Result<Value, Refusal> {
    let client = |message: &str| Refusal::new("ClientException", message);
    let family = input.text("family")?.unwrap_or_default();
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
    if family.is_empty() || family.len() > 255 || !family.chars().all(is_word) {
        return Err(client("Family contains invalid characters when it should only contain: [a-zA-Z0-9-_]+"));
    }
    let containers = input.items("containerDefinitions")?;
    let first = containers.first().ok_or_else(|| client("Container list cannot be empty."))?;
    let image = first.text("image")?.ok_or_else(|| client("Container.image should not be null or empty."))?;
    let port = first.items("portMappings")?.first().map(|port| port.int("containerPort")).transpose()?.flatten();
    let size = |field, default: u32| -> Result<u32, Refusal> {
        let Some(text) = input.text(field)? else { return Ok(default) };
        text.parse().map_err(|_| client("Invalid setting for the task's cpu or memory."))
    };
    let wish = DefinitionWish {
        family: family.to_owned(),
        cpu_units: size("cpu", 256)?,
        memory_mib: size("memory", 512)?,
        container: first.text("name")?.unwrap_or(family).to_owned(),
        image: image.to_owned(),
        container_port: port.and_then(|port| u16::try_from(port).ok()),
    };
    let definition = world.register_task_definition(wish);
    Ok(Value::map([("taskDefinition", records::task_definition(&definition, world.identity()))]))
}
