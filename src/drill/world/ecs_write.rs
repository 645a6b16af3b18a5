//! What can be changed of ECS from outside: a service's count, revision and deployment, a task, a new revision.

use super::ecs::{Breaker, Definition, Percentages, Service, Task};
use super::scheduler::{self, Why};
use super::write::Refusal;
use super::{IDENTITY, World, deployment, names};

/// Tasks that a service can have: the quota.
const TASKS_PER_SERVICE: u32 = 5000;

/// What `UpdateService` carries; what is missing stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServiceWish {
    /// `desiredCount`
    pub desired: Option<i64>,
    /// `taskDefinition`: a family, a family and revision, or an ARN.
    pub task_definition: Option<String>,
    /// `forceNewDeployment`
    pub force: bool,
    /// `deploymentConfiguration.minimumHealthyPercent`
    pub min_healthy: Option<i64>,
    /// `deploymentConfiguration.maximumPercent`
    pub max_percent: Option<i64>,
    /// `deploymentConfiguration.deploymentCircuitBreaker`
    pub breaker: Option<Breaker>,
}

impl ServiceWish {
    /// A desired count, and nothing else.
    pub fn count(count: i64) -> Self {
        Self { desired: Some(count), ..Self::default() }
    }
}

/// What `RegisterTaskDefinition` carries of what is modelled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DefinitionWish {
    /// `family`
    pub family: String,
    /// `cpu`, units.
    pub cpu_units: u32,
    /// `memory`, MiB.
    pub memory_mib: u32,
    /// The first container's `name`.
    pub container: String,
    /// The first container's `image`.
    pub image: String,
    /// The first container's first `containerPort`.
    pub container_port: Option<u16>,
}

impl World {
    /// `UpdateService`: the service as it is then. A count alone starts no deployment; another revision, or force, does.
    pub fn update_service(&mut self, cluster: &str, service: &str, wish: &ServiceWish) -> Result<Service, Refusal> {
        if cluster != IDENTITY.cluster {
            return Err(Refusal::ClusterNotFound);
        }
        let desired = wish.desired.map(count).transpose()?;
        let definition = match &wish.task_definition {
            None => None,
            Some(name) => Some(
                self.definition(name)
                    .ok_or_else(|| Refusal::Client("Unable to describe task definition.".to_owned()))?,
            ),
        };
        let now = self.now;
        let it = self.lived_mut(service).ok_or(Refusal::ServiceNotFound)?;
        let percentages = Percentages {
            min_healthy: percent(wish.min_healthy, it.service.percentages.min_healthy)?,
            max: percent(wish.max_percent, it.service.percentages.max)?,
        };
        if percentages.max <= 100 && percentages.min_healthy >= 100 {
            return Err(Refusal::InvalidParameter(
                "The deployment configuration leaves no room: minimumHealthyPercent 100 needs maximumPercent over 100."
                    .to_owned(),
            ));
        }
        it.service.desired = desired.unwrap_or(it.service.desired);
        it.service.percentages = percentages;
        it.service.breaker = wish.breaker.unwrap_or(it.service.breaker);
        let is_new = definition.as_ref().is_some_and(|one| one.arn != it.service.task_definition);
        if is_new || wish.force {
            let arn = definition.as_ref().map_or_else(|| it.service.task_definition.clone(), |one| one.arn.clone());
            deployment::begin(it, &arn, now);
        }
        if let Some(definition) = definition {
            (it.service.cpu_units, it.service.memory_mib) = (definition.cpu_units, definition.memory_mib);
        }
        let after = it.service.clone();
        self.wrote(match &wish.desired {
            Some(count) if *wish == ServiceWish::count(*count) => {
                format!("ecs UpdateService {service} desiredCount={count}")
            }
            _ => format!("ecs UpdateService {service} {wish:?}"),
        });
        Ok(after)
    }

    /// `StopTask`: the task as it is then. Its service starts another.
    pub fn stop_task(&mut self, task: &str, reason: Option<&str>) -> Result<(Task, String), Refusal> {
        let id = task.rsplit('/').next().unwrap_or(task).to_owned();
        let service = self.workloads().find(|one| one.service.tasks.iter().any(|task| task.id == id));
        let service = service.map(|one| one.service.name.clone());
        let not_found = || Refusal::InvalidParameter("The referenced task was not found.".to_owned());
        let service = service.ok_or_else(not_found)?;
        let now = self.now;
        let it = self.lived_mut(&service).ok_or_else(not_found)?;
        let index = it.service.tasks.iter().position(|task| task.id == id).ok_or_else(not_found)?;
        if it.service.tasks[index].wanted() {
            let why = Why::Asked(reason.unwrap_or("Task stopped by user").to_owned());
            scheduler::stop(it, &[index], now, &why);
        }
        let after = it.service.tasks[index].clone();
        self.wrote(format!("ecs StopTask {id}"));
        Ok((after, service))
    }

    /// `RegisterTaskDefinition`: the revision, which is one more than the newest of its family.
    pub fn register_task_definition(&mut self, wish: DefinitionWish) -> Definition {
        let prefix = names::task_definition(&format!("{}:", wish.family));
        let services = self.workloads().map(|one| one.service.task_definition.clone()).collect::<Vec<_>>();
        let known = self.definitions.iter().map(|one| &one.arn).chain(&services);
        let newest = known.filter_map(|arn| arn.strip_prefix(&prefix)?.parse::<u32>().ok()).max().unwrap_or(0);
        let definition = Definition {
            arn: format!("{prefix}{}", newest + 1),
            cpu_units: wish.cpu_units,
            memory_mib: wish.memory_mib,
            container: wish.container,
            container_port: wish.container_port.unwrap_or(80),
            image: wish.image,
            registered: self.now(),
        };
        self.definitions.push(definition.clone());
        self.wrote(format!("ecs RegisterTaskDefinition {}", definition.arn));
        definition
    }

    /// A task definition by its ARN, by family and revision, or by family alone, which is its newest. `None`: there is
    /// none.
    pub fn definition(&self, name: &str) -> Option<Definition> {
        let short = name.rsplit('/').next().unwrap_or(name);
        if name.starts_with("arn:") && name != names::task_definition(short) {
            return None;
        }
        let is_named = |arn: &str| {
            let own = arn.rsplit('/').next().unwrap_or(arn);
            own == short || own.split_once(':').is_some_and(|(family, _)| family == short)
        };
        let now = self.now();
        let known = self.definitions.iter().filter(|one| one.registered <= now);
        let revision =
            |one: &&Definition| one.arn.rsplit(':').next().and_then(|number| number.parse::<u32>().ok()).unwrap_or(0);
        let registered = known.filter(|one| is_named(&one.arn)).max_by_key(revision).cloned();
        registered.or_else(|| {
            self.workloads().find(|one| is_named(&one.service.task_definition)).map(|one| one.service.definition())
        })
    }

    /// The revisions that the main service runs, ran before, and will be deployed by the scenario.
    pub(super) fn know_definitions(&mut self) {
        let Some(main) = self.lived.first() else { return };
        let own = main.service.definition();
        let revision = |short: &str, registered: i64| Definition {
            arn: names::task_definition(short),
            image: format!("{}.dkr.ecr.{}.amazonaws.com/{short}", IDENTITY.account, IDENTITY.region),
            registered: names::time(registered),
            ..own.clone()
        };
        let before = revision("ai-service:41", self.start - 30 * 86_400);
        let coming = self.scenario.deploys.iter();
        let coming = coming.map(|deploy| revision(&deploy.definition, self.start + i64::from(deploy.at)));
        self.definitions = [before, own.clone()].into_iter().chain(coming).collect();
    }
}

fn count(desired: i64) -> Result<u32, Refusal> {
    u32::try_from(desired)
        .ok()
        .filter(|count| *count <= TASKS_PER_SERVICE)
        .ok_or_else(|| Refusal::InvalidParameter(format!("desiredCount must be between 0 and {TASKS_PER_SERVICE}.")))
}

fn percent(sent: Option<i64>, before: u32) -> Result<u32, Refusal> {
    let Some(sent) = sent else { return Ok(before) };
    u32::try_from(sent).ok().filter(|percent| *percent <= 200).ok_or_else(|| {
        Refusal::InvalidParameter(format!("A percentage of a deployment must be between 0 and 200, and is {sent}."))
    })
}
