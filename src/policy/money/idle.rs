//! Resources that are paid for and hardly used, by two weeks of hours.
//!
//! Hardly used is: in 95 of 100 hours the highest minute stays under a tenth of the CPU, and what else is measured is
//! as quiet. With less than seven days of hours nothing is called idle. Absent on purpose: what to do about it, which
//! is [`super::savings`]'s.

use jiff::Timestamp;

use super::hours::{Span, percentile};
use super::run_rate::RunRate;
use crate::platform::metric::Resource;
use crate::platform::spend::{Dollars, Idle};
use crate::platform::weeks::{Measure, Weeks};
use crate::platform::{Platform, TaskCount};

/// The CPU below which a resource hardly works, %.
const CPU: f64 = 10.0;
/// The most connections of a database that nobody uses: what monitoring holds open.
const CONNECTIONS: f64 = 5.0;

/// What is hardly used; `None` while there is not a week of hours to judge by.
pub fn idle(platform: &Platform, weeks: Option<&Weeks>, rate: &RunRate) -> Option<Vec<Idle>> {
    let weeks = weeks?;
    let span = Span::of(weeks)?;
    let since: Timestamp = weeks.learnt;
    let quiet = |resource: &Resource, measure| {
        let hours = weeks.of(resource, measure).filter(|hours| hours.len() >= Span::LEAST)?;
        percentile(hours.values().copied(), 95.0)
    };
    let cost = |name: &str| {
        let hourly: f64 = rate.items.iter().filter(|item| item.name == name).map(|item| item.hourly.0).sum();
        Dollars(hourly * 24.0)
    };
    let mut found = Vec::new();
    for (id, service) in platform.services.iter().filter(|(_, service)| service.running > TaskCount(0)) {
        let cpu = quiet(&Resource::Service(id.clone()), Measure::CpuHighest);
        if let Some(cpu) = cpu.filter(|cpu| *cpu < CPU) {
            let why = format!("cpu at most {cpu:.1} % in 95 of 100 hours of {span}, {} tasks", service.running);
            found.push(Idle { resource: id.to_string(), why, cost: cost(&id.to_string()), since });
        }
    }
    for (id, database) in &platform.databases {
        let resource = Resource::Database(id.clone());
        let (cpu, most) = (quiet(&resource, Measure::CpuHighest), quiet(&resource, Measure::Connections));
        if let (Some(cpu), Some(most)) = (cpu, most)
            && cpu < CPU
            && most <= CONNECTIONS
            && database.status.phase().serves()
        {
            let why = format!("cpu at most {cpu:.1} % and {most:.0} connections in 95 of 100 hours of {span}");
            found.push(Idle { resource: id.to_string(), why, cost: cost(id.as_str()), since });
        }
    }
    for cache in platform.caches.values() {
        let each = |measure| {
            let worst = cache.nodes().map(|node| quiet(&Resource::CacheNode(node.id.clone()), measure));
            worst.collect::<Option<Vec<f64>>>().and_then(|all| all.into_iter().max_by(f64::total_cmp))
        };
        if let (Some(cpu), Some(memory)) = (each(Measure::CpuHighest), each(Measure::MemoryHighest))
            && cpu < CPU
            && memory < CPU
        {
            let why = format!("cpu at most {cpu:.1} % and memory {memory:.1} % in 95 of 100 hours of {span}");
            found.push(Idle { resource: cache.id.to_string(), why, cost: cost(cache.id.as_str()), since });
        }
    }
    Some(found)
}
