//! What runs now, by the table of prices: dollars an hour, item by item, and what has no price.
//!
//! An estimate on demand: before discounts, commitments, free tiers, traffic and tax. Absent on purpose: time, which is
//! [`super::today`]'s.

use serde::Serialize;

use crate::platform::spend::Dollars;
use crate::platform::{Cache, Database, Platform, Service, TaskSize};
use crate::policy::prices::{ARCHITECTURE, MONTH_HOURS, Price, Prices};
use jiff::Timestamp;

/// What runs, in dollars an hour.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct RunRate {
    /// What has a price, in the order of the tiers.
    pub items: Vec<RunItem>,
    /// What has none, or is not known: it is in no sum.
    pub unpriced: Vec<Unpriced>,
    /// When the oldest of what it rests on was learnt; `None`: nothing is known to run.
    pub learnt: Option<Timestamp>,
}

/// Something that runs and has a price.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunItem {
    /// The tier: `ecs`, `db`, `storage`, `cache`, `alb`.
    pub tier: &'static str,
    /// Its name, as AWS spells it.
    pub name: String,
    /// What it is, as in "4 tasks of 1 vCPU, 2 GB".
    pub what: String,
    /// For an hour of it.
    pub hourly: Dollars,
    /// Where the price comes from.
    pub origin: String,
}

/// Something that costs money and has no price here.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Unpriced {
    /// Its name.
    pub name: String,
    /// Why there is no price.
    pub why: String,
}

impl RunRate {
    /// Dollars an hour of everything that has a price.
    pub fn hourly(&self) -> Dollars {
        Dollars(self.items.iter().map(|item| item.hourly.0).sum())
    }

    fn price(&mut self, tier: &'static str, name: &str, what: String, hourly: f64, origin: &Price) {
        let name = name.to_owned();
        self.items.push(RunItem { tier, name, what, hourly: Dollars(hourly), origin: origin.origin() });
    }

    fn cannot(&mut self, name: &str, why: impl Into<String>) {
        self.unpriced.push(Unpriced { name: name.to_owned(), why: why.into() });
    }

    fn rests_on(&mut self, learnt: Timestamp) {
        self.learnt = Some(self.learnt.map_or(learnt, |oldest| oldest.min(learnt)));
    }
}

/// What runs now × what it costs.
pub fn run_rate(platform: &Platform, prices: &Prices, now: Timestamp) -> RunRate {
    let mut rate = RunRate::default();
    if platform.listed.is_none() {
        rate.cannot("services", "not listed yet");
    }
    for id in platform.listed.iter().flat_map(|listed| listed.iter()) {
        match platform.services.get(id) {
            None => rate.cannot(&id.to_string(), "not described yet"),
            Some(service) => of_service(&mut rate, platform, service, prices, now),
        }
    }
    for database in platform.databases.values() {
        of_database(&mut rate, database, prices);
    }
    for cache in platform.caches.values() {
        of_cache(&mut rate, cache, prices);
    }
    of_balancers(&mut rate, platform, prices);
    for distribution in platform.distributions.values() {
        rate.cannot(distribution.id.as_str(), "paid for by traffic: the bill tells");
    }
    rate
}

/// Dollars an hour of one task of a size.
pub fn of_task(size: TaskSize, spot: bool, prices: &Prices) -> Option<(f64, &Price)> {
    let (vcpu, gb) = prices.fargate(spot)?;
    let hourly = f64::from(size.cpu_units) / 1024.0 * vcpu.value + f64::from(size.memory_mib) / 1024.0 * gb.value;
    Some((hourly, vcpu))
}

/// Tasks that are paid for: what runs, what starts (Fargate bills from the image's pull on) and what drains (it bills
/// until the task has stopped). Draining targets stand for draining tasks; while they are unknown there are none.
fn billed_tasks(platform: &Platform, service: &Service, now: Timestamp) -> u32 {
    let draining = platform.counts.get(&service.id).map_or(0, |counts| {
        // A task in two target groups drains from both.
        let fresh = counts.draining.values().flatten().filter(|sample| !sample.stale(now));
        fresh.map(|sample| sample.draining).max().unwrap_or(0)
    });
    service.running.0 + service.pending.0 + draining
}

fn of_service(rate: &mut RunRate, platform: &Platform, service: &Service, prices: &Prices, now: Timestamp) {
    let name = service.id.to_string();
    let tasks = billed_tasks(platform, service, now);
    if tasks == 0 {
        rate.rests_on(service.learnt);
        return;
    }
    if !service.launch.contains("FARGATE") {
        return rate.cannot(&name, "not on Fargate: a task has no price of its own");
    }
    let Some(size) = service.task_size else { return rate.cannot(&name, "the size of its tasks is not known yet") };
    let share = spot_share(platform, service);
    let (on_demand, spot) = (of_task(size, false, prices), of_task(size, true, prices));
    let (Some((each, price)), Some((on_spot, _))) = (on_demand, spot) else {
        return rate.cannot(&name, format!("no price for Fargate, {ARCHITECTURE}"));
    };
    let hourly = f64::from(tasks) * (each * (1.0 - share) + on_spot * share);
    let on = if share > 0.0 { format!(", {:.0} % on Spot", share * 100.0) } else { String::new() };
    rate.price("ecs", &name, format!("{tasks} tasks of {}{on}", sized(size)), hourly, price);
    rate.rests_on(service.learnt);
}

/// A task's size in words: "1 vCPU, 2 GB".
pub fn sized(size: TaskSize) -> String {
    format!("{} vCPU, {} GB", f64::from(size.cpu_units) / 1024.0, f64::from(size.memory_mib) / 1024.0)
}

/// The share of a service's tasks on Spot: counted where its tasks were read, else by the weights of its strategy.
pub fn spot_share(platform: &Platform, service: &Service) -> f64 {
    if !service.launch.contains("FARGATE_SPOT") {
        return 0.0;
    }
    let told = platform.tasks.get(&service.id).into_iter().flat_map(|tasks| tasks.iter());
    let running: Vec<bool> = told
        .filter(|task| task.stopped.is_none() && !task.capacity_provider.is_empty())
        .map(|task| task.capacity_provider == "FARGATE_SPOT")
        .collect();
    if !running.is_empty() {
        return running.iter().filter(|spot| **spot).count() as f64 / running.len() as f64;
    }
    let mut weights = (0.0, 0.0);
    for part in service.launch.split('+') {
        let mut words = part.split_whitespace();
        let (provider, weight) = (words.next(), words.next().and_then(|weight| weight.parse::<f64>().ok()));
        match provider {
            Some("FARGATE_SPOT") => weights.0 += weight.unwrap_or(1.0),
            Some(_) => weights.1 += weight.unwrap_or(1.0),
            None => {}
        }
    }
    let (spot, all) = (weights.0, weights.0 + weights.1);
    if all > 0.0 { spot / all } else { 0.0 }
}

fn of_database(rate: &mut RunRate, database: &Database, prices: &Prices) {
    let name = database.id.as_str();
    let phase = database.status.phase();
    let zones = if database.multi_az { ", Multi-AZ" } else { "" };
    // Billing begins when the instance is available, and a stopped one pays for its storage alone (RDS user guide,
    // "On-Demand DB instances").
    if phase.serves() || phase == crate::platform::Phase::Away {
        match prices.database(database) {
            Some((hourly, price)) => rate.price("db", name, format!("{}{zones}", database.class), hourly, price),
            None => rate.cannot(name, format!("no price for {}{zones}", database.class)),
        }
    }
    rate.rests_on(database.learnt);
    if database.storage_gib == 0 {
        return;
    }
    let standby = if database.multi_az { 2.0 } else { 1.0 };
    match prices.get("rds-storage.gp3") {
        Some(price) => {
            let hourly = f64::from(database.storage_gib) * standby * price.value / MONTH_HOURS;
            rate.price("storage", name, format!("{} GiB{zones}, as gp3", database.storage_gib), hourly, price);
        }
        None => rate.cannot(name, "no price for its storage"),
    }
}

fn of_cache(rate: &mut RunRate, cache: &Cache, prices: &Prices) {
    let nodes = cache.nodes().filter(|node| node.status.phase() != crate::platform::Phase::Arriving).count();
    match prices.cache_node(cache) {
        Some(price) => {
            let what = format!("{nodes} × {}", cache.node_type);
            rate.price("cache", cache.id.as_str(), what, nodes as f64 * price.value, price);
        }
        None => rate.cannot(cache.id.as_str(), format!("no price for {} of {}", cache.node_type, cache.engine)),
    }
    rate.rests_on(cache.learnt);
}

fn of_balancers(rate: &mut RunRate, platform: &Platform, prices: &Prices) {
    let groups = platform.target_groups.values();
    let balancers: std::collections::BTreeSet<_> = groups.flat_map(|group| &group.balancers).collect();
    for balancer in balancers.into_iter().filter(|balancer| balancer.as_str().starts_with("app/")) {
        match prices.get("alb.hour") {
            Some(price) => rate.price("alb", balancer.as_str(), "the balancer's hour".to_owned(), price.value, price),
            None => rate.cannot(balancer.as_str(), "no price for a balancer"),
        }
        rate.cannot(balancer.as_str(), "its capacity units (LCU) are not measured: the bill tells");
    }
}
