//! The ledger: what the account uses by the second, added up by the hour and priced when it is read.
//!
//! Quantities are kept, not dollars, so that billed time is exactly the time that was lived. Before the drill's day they
//! follow from `history`. Reading the account costs money too, as it does: a call is charged when it is answered, which
//! is why the ledger is no part of the trace.

pub mod history;
pub mod prices;

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::cache::NodeType;
use super::ecs::Service;
use super::{World, names, origin};
pub use history::Spike;
pub use prices::Line;

pub(super) const HOUR: i64 = 3600;
pub(super) const DAY: i64 = 24 * HOUR;
/// How often Cost Explorer learns what was spent: AWS says up to three times a day.
const REFRESHED_EVERY: i64 = 8 * HOUR;
/// Objects, GB.
const OBJECTS_GB: f64 = 500.0;
/// vCPUs and GB of a quiet service's task.
const QUIET_TASK: (f64, f64) = (1.0, 2.0);
/// LCUs for each request a second: 4 kB each make 0.0144 GB an hour, the largest of the four dimensions at this traffic.
const LCU_EACH: f64 = 0.0144;

/// What was used: for each line the seconds of its unit, or for counted lines how many.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Usage([f64; Line::COUNT]);

impl Default for Usage {
    fn default() -> Self {
        Self([0.0; Line::COUNT])
    }
}

impl Usage {
    /// Adds to a line.
    pub(super) fn add(&mut self, line: Line, amount: f64) {
        self.0[line as usize] += amount;
    }

    /// Adds all of another, `times` over.
    pub fn add_all(&mut self, other: &Self, times: f64) {
        for (own, its) in self.0.iter_mut().zip(&other.0) {
            *own += its * times;
        }
    }

    /// Seconds of a line's unit, or how many.
    pub fn raw(&self, line: Line) -> f64 {
        self.0[line as usize]
    }

    /// How much of a line's unit was used.
    pub fn quantity(&self, line: Line) -> f64 {
        self.raw(line) / line.price().seconds
    }

    /// What a line costs, US dollars.
    pub fn cost(&self, line: Line) -> f64 {
        self.quantity(line) * line.price().dollars
    }

    /// What everything costs, US dollars.
    pub fn total(&self) -> f64 {
        Line::ALL.into_iter().map(|line| self.cost(line)).sum()
    }
}

/// What was used since the midnight before the drill began.
#[derive(Debug, Clone, Default)]
pub(super) struct Ledger {
    /// By the hour since the epoch.
    hours: BTreeMap<i64, Usage>,
    /// The last second's.
    last: Usage,
    /// All that was lived, and charged since.
    lived: Usage,
    /// What a second used before the drill whatever the load: databases, nodes, balancer, objects.
    standing: Usage,
}

impl Ledger {
    /// The ledger in the second in which a drill's life begins: the hours before it were at rest.
    fn new(history: &history::History<'_>, now: i64) -> Self {
        let midnight = now - now.rem_euclid(DAY);
        let last = history.second(now - now.rem_euclid(HOUR));
        let mut ledger = Self { standing: history.standing, last, ..Self::default() };
        for hour in midnight.div_euclid(HOUR)..=now.div_euclid(HOUR) {
            let lasted = (now - hour * HOUR).min(HOUR) as f64 / HOUR as f64;
            let mut usage = Usage::default();
            usage.add_all(&history.hour(hour), lasted);
            ledger.hours.insert(hour, usage);
        }
        ledger
    }

    /// Books a second that ends at `now`.
    fn book(&mut self, second: Usage, now: i64) {
        self.hours.entry((now - 1).div_euclid(HOUR)).or_default().add_all(&second, 1.0);
        self.lived.add_all(&second, 1.0);
        self.last = second;
    }

    fn charge(&mut self, line: Line, count: f64, now: i64) {
        self.lived.add(line, count);
        self.hours.entry(now.div_euclid(HOUR)).or_default().add(line, count);
    }

    fn between(&self, from: i64, to: i64) -> Usage {
        let mut sum = Usage::default();
        self.hours.range(from..to.max(from)).for_each(|(_, hour)| sum.add_all(hour, 1.0));
        sum
    }
}

impl World {
    /// Books the second that has just been lived, in which `arrived` requests reached the balancer.
    pub(super) fn book(&mut self, arrived: f64) {
        let Some(main) = self.lived.first() else { return };
        let mut second = Usage::default();
        for one in &self.lived {
            tasks(&mut second, &one.service, one.service.paid().into());
        }
        let quiet = f64::from(self.scenario.services - self.lived.len() as u32) * f64::from(origin::QUIET_TASKS);
        second.add(Line::FargateCpu, quiet * QUIET_TASK.0);
        second.add(Line::FargateMemory, quiet * QUIET_TASK.1);
        if main.balancer.is_some() {
            second.add(Line::BalancerLcu, arrived * LCU_EACH);
        }
        second.add_all(&self.standing(), 1.0);
        if let Some(edge) = &self.edge {
            let asked = edge.asked(arrived, self.now - 1);
            second.add(Line::EdgeRequests, asked.requests);
            second.add(Line::EdgeBytes, asked.bytes_down);
        }
        self.ledger.book(second, self.now);
    }

    /// What was spent since the drill began, US dollars.
    pub fn spent_in_all(&self) -> f64 {
        self.ledger.lived.total()
    }

    /// What a second uses now whatever the load.
    fn standing(&self) -> Usage {
        let mut second = Usage::default();
        second.add(Line::Balancer, self.balancers().count() as f64);
        second.add(Line::Objects, OBJECTS_GB);
        second.add(Line::HostedZone, 1.0);
        if let Some(cache) = &self.cache {
            second.add(node_line(cache.node_type), cache.paid().into());
        }
        // An instance is paid for from when it is there; a standby is another one.
        for one in self.databases.iter().flat_map(|all| &all.instances).filter(|one| one.created.is_some()) {
            let count = if one.multi_az { 2.0 } else { 1.0 };
            if let Some((line, units)) = prices::database(&one.class) {
                second.add(line, units * count);
            }
            second.add(Line::DatabaseStorage, f64::from(one.allocated_gib) * count);
        }
        second
    }

    /// The ledger in the second in which the life of this world begins.
    pub(super) fn opened(&self, now: i64) -> Ledger {
        Ledger::new(&history::History { standing: self.standing(), ..self.history() }, now)
    }

    /// Charges calls that AWS takes money for.
    pub fn charge(&mut self, line: Line, count: u32) {
        if !self.lived.is_empty() {
            self.ledger.charge(line, count.into(), self.now);
        }
    }

    /// What was used in the UTC day that begins in a second, up to now.
    pub fn spent_on(&self, midnight: i64) -> Usage {
        self.spent(midnight, self.now + HOUR)
    }

    /// The same as Cost Explorer knows it: up to its last refresh.
    pub fn known_on(&self, midnight: i64) -> Usage {
        self.spent(midnight, self.refreshed().as_second())
    }

    /// When Cost Explorer last learnt what was spent.
    pub fn refreshed(&self) -> Timestamp {
        names::time(self.now - self.now.rem_euclid(REFRESHED_EVERY))
    }

    /// What an hour uses if every second of it is like the last.
    pub fn run_rate(&self) -> Usage {
        let mut hour = Usage::default();
        hour.add_all(&self.ledger.last, HOUR as f64);
        hour
    }

    /// The first day that Cost Explorer knows: ninety days before the drill's. `None`: the account is empty.
    pub fn first_billed(&self) -> Option<i64> {
        (!self.lived.is_empty()).then(|| self.history().first_day())
    }

    /// Days that cost unusually much, in order of time.
    pub fn spikes(&self) -> Vec<Spike> {
        if self.lived.is_empty() { Vec::new() } else { vec![self.history().spike()] }
    }

    pub(super) fn history(&self) -> history::History<'_> {
        history::History {
            scenario: &self.scenario,
            seed: self.seed,
            start: self.start,
            edge: self.edge.as_ref(),
            standing: self.ledger.standing,
        }
    }

    fn spent(&self, midnight: i64, until: i64) -> Usage {
        if self.lived.is_empty() {
            return Usage::default();
        }
        let history = self.history();
        if midnight < history.today() {
            return history.day(midnight);
        }
        let (from, to) = (midnight.div_euclid(HOUR), (midnight + DAY).min(until).div_euclid(HOUR));
        self.ledger.between(from, to)
    }
}

/// Counts a second of a service's paid tasks.
fn tasks(second: &mut Usage, service: &Service, paid: f64) {
    second.add(Line::FargateCpu, paid * f64::from(service.cpu_units) / 1024.0);
    second.add(Line::FargateMemory, paid * f64::from(service.memory_mib) / 1024.0);
}

/// The line that a type of cache node is billed on.
pub(super) fn node_line(node_type: NodeType) -> Line {
    match node_type {
        NodeType::T3Small => Line::CacheT3Small,
        NodeType::T3Medium => Line::CacheT3Medium,
        NodeType::M7gLarge => Line::CacheM7gLarge,
        NodeType::R7gLarge => Line::CacheR7gLarge,
    }
}

#[cfg(test)]
mod tests;
