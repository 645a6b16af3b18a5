//! The private zone in which readers find their database: its records, how a change spreads, and which answers the
//! clients go by. Deliberately absent: health checks, aliases, and every routing policy but weights.

use std::collections::BTreeMap;
use std::collections::VecDeque;

use super::super::names;

/// Seconds after which a connection is renewed, so that its client asks the name again.
const RENEWED: f64 = 60.0;
/// How many of a mean time pass until one in twenty is left.
const MOST: f64 = 3.0;
/// Changes that are remembered.
const CHANGES_KEPT: usize = 1000;

/// A hosted zone.
#[derive(Debug, Clone, PartialEq)]
pub struct Zone {
    /// As in `Z0123456789ABCDEFGHIJ`.
    pub id: String,
    /// Its name, with the dot at its end.
    pub name: String,
    /// What it is for.
    pub comment: String,
    /// Its records, in Route 53's order.
    pub records: Vec<RecordSet>,
    /// Changes, the oldest first.
    pub changes: VecDeque<Change>,
    /// What the name servers answer by now.
    served: Vec<RecordSet>,
    /// Changes ever made.
    count: u64,
    seed: u64,
}

/// A record set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordSet {
    /// Its name, with the dot at its end, in lower case.
    pub name: String,
    /// As in `CNAME`.
    pub kind: String,
    /// The identifier of one of several with the same name and type.
    pub set_identifier: Option<String>,
    /// Its weight among those, 0–255.
    pub weight: Option<u8>,
    /// Seconds that an answer may be kept.
    pub ttl: u32,
    /// Its values.
    pub values: Vec<String>,
}

impl RecordSet {
    /// What tells it from every other in its zone.
    pub fn key(&self) -> (&str, &str, Option<&str>) {
        (&self.name, &self.kind, self.set_identifier.as_deref())
    }

    /// Route 53's order: by the name's labels from the right, then by type and identifier.
    pub fn order(&self) -> (Vec<&str>, &str, Option<&str>) {
        (reversed(&self.name), &self.kind, self.set_identifier.as_deref())
    }
}

/// The labels of a name from the right.
pub fn reversed(name: &str) -> Vec<&str> {
    name.trim_end_matches('.').rsplit('.').collect()
}

/// A change of a zone.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// As in `C0123456789ABCDEFGHIJ`.
    pub id: String,
    /// The comment that came with it.
    pub comment: Option<String>,
    /// The second in which it was submitted.
    pub at: i64,
    /// The second in which every name server has it.
    pub in_sync: i64,
    /// The records after it, until they are served.
    after: Option<Vec<RecordSet>>,
}

impl Zone {
    /// A zone with records that are served since long.
    pub fn new(id: String, name: &str, comment: &str, mut records: Vec<RecordSet>, seed: u64) -> Self {
        records.sort_by(|a, b| a.order().cmp(&b.order()));
        Self {
            id,
            name: name.to_owned(),
            comment: comment.to_owned(),
            served: records.clone(),
            records,
            changes: VecDeque::new(),
            count: 0,
            seed,
        }
    }

    /// Replaces the records. It takes 30–60 s until every name server answers by them.
    pub fn change(&mut self, mut records: Vec<RecordSet>, comment: Option<String>, now: i64) -> &Change {
        const DELAY: u64 = 31;
        records.sort_by(|a, b| a.order().cmp(&b.order()));
        self.count += 1;
        let count = self.count as i64;
        // Changes are served in the order in which they were made.
        let before = self.changes.back().map_or(0, |change| change.in_sync);
        let in_sync = before.max(now + 30 + (names::mixed(self.seed, DELAY, count) % 31) as i64);
        let id = format!("C0{}", names::capitals(self.seed, DELAY + 1, count, 19));
        self.changes.push_back(Change { id, comment, at: now, in_sync, after: Some(records.clone()) });
        self.records = records;
        if self.changes.len() > CHANGES_KEPT {
            self.changes.pop_front();
        }
        &self.changes[self.changes.len() - 1]
    }

    /// Serves what is in sync by a second.
    pub fn step(&mut self, now: i64) {
        for change in self.changes.iter_mut().filter(|change| change.in_sync <= now) {
            if let Some(after) = change.after.take() {
                self.served = after;
            }
        }
    }

    /// Where a name's answers point, each with its share (0–1), and how long they are kept, seconds. Values are without
    /// the dot at their end.
    pub fn answers(&self, name: &str) -> (Vec<(&str, f64)>, u32) {
        let own: Vec<&RecordSet> = self.served.iter().filter(|one| one.name == name && one.kind == "CNAME").collect();
        let total: f64 = own.iter().map(|one| f64::from(one.weight.unwrap_or(1))).sum();
        // When every weight is 0, Route 53 treats them as equal.
        let share = |one: &RecordSet| match total {
            total if total > 0.0 => f64::from(one.weight.unwrap_or(1)) / total,
            _ => 1.0 / own.len() as f64,
        };
        let ttl = own.first().map_or(60, |one| one.ttl);
        let answers = own.iter().map(|one| (address(one), share(one)));
        (answers.collect(), ttl)
    }
}

/// What a record points to, without the dot at its end.
fn address(record: &RecordSet) -> &str {
    record.values.first().map_or("", |value| value.trim_end_matches('.'))
}

/// Which databases the clients are connected to: where a name pointed when each of them last asked.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Clients(BTreeMap<String, f64>);

impl Clients {
    /// The share (0–1) of clients that are connected to an address.
    pub fn share(&self, address: &str) -> f64 {
        self.0.get(address).copied().unwrap_or(0.0)
    }

    /// Lets a second pass: connections are renewed one after the other, to where the name points then. Whoever holds
    /// an address that does not answer asks again as soon as the answer may be forgotten.
    pub fn step(&mut self, zone: &Zone, name: &str, answering: impl Fn(&str) -> bool) {
        let (answers, ttl) = zone.answers(name);
        let mut wanted: BTreeMap<&str, f64> = BTreeMap::new();
        for (address, share) in answers {
            *wanted.entry(address).or_default() += share;
        }
        if wanted.is_empty() {
            // The name is gone: nobody who asks gets an address.
            wanted.insert("", 1.0);
        }
        if self.0.is_empty() {
            self.0 = wanted.iter().map(|(address, share)| ((*address).to_owned(), *share)).collect();
            return;
        }
        let ttl = f64::from(ttl.max(1));
        let (slow, quick) = (MOST / (ttl + RENEWED), MOST / ttl);
        let mut freed = 0.0;
        for (address, share) in &mut self.0 {
            let rate = if answering(address) { slow } else { quick };
            let leaving = *share * (1.0 - (-rate).exp());
            *share -= leaving;
            freed += leaving;
        }
        for (address, share) in &wanted {
            *self.0.entry((*address).to_owned()).or_default() += freed * share;
        }
        self.0.retain(|address, share| *share > 1e-6 || wanted.contains_key(address.as_str()));
        let sum: f64 = self.0.values().sum();
        self.0.values_mut().for_each(|share| *share /= sum);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weighted(id: &str, weight: u8) -> RecordSet {
        RecordSet {
            name: "r.x.".to_owned(),
            kind: "CNAME".to_owned(),
            set_identifier: Some(id.to_owned()),
            weight: Some(weight),
            ttl: 30,
            values: vec![format!("{id}.db.")],
        }
    }

    fn zone(records: Vec<RecordSet>) -> Zone {
        Zone::new("Z1".to_owned(), "x.", "", records, 7)
    }

    #[test]
    fn weights_are_shares_and_all_zero_is_equal() {
        for (weights, shares) in [([50, 150], [0.25, 0.75]), ([0, 10], [0.0, 1.0]), ([0, 0], [0.5, 0.5])] {
            let zone = zone(vec![weighted("a", weights[0]), weighted("b", weights[1])]);
            let (answers, ttl) = zone.answers("r.x.");
            assert_eq!((answers, ttl), (vec![("a.db", shares[0]), ("b.db", shares[1])], 30));
        }
    }

    #[test]
    fn a_change_is_served_after_half_a_minute_to_a_minute_and_in_order() {
        let mut zone = zone(vec![weighted("a", 100)]);
        let first = zone.change(vec![weighted("a", 100), weighted("b", 100)], None, 1000).in_sync;
        let second = zone.change(vec![weighted("b", 100)], None, 1001).in_sync;
        assert!((1030..=1060).contains(&first) && second >= first);
        assert_eq!(zone.records.len(), 1, "the API tells the newest");
        zone.step(first - 1);
        assert_eq!(zone.answers("r.x.").0.len(), 1);
        assert_eq!(zone.answers("r.x.").0[0].0, "a.db");
        zone.step(second);
        assert_eq!(zone.answers("r.x.").0, [("b.db", 1.0)]);
    }

    #[test]
    fn clients_follow_within_the_ttl_and_their_connections_life() {
        let mut zone = zone(vec![weighted("a", 100)]);
        let mut clients = Clients::default();
        clients.step(&zone, "r.x.", |_| true);
        assert!((clients.share("a.db") - 1.0).abs() < 1e-9);
        let at = zone.change(vec![weighted("a", 100), weighted("b", 100)], None, 0).in_sync;
        zone.step(at);
        for _ in 0..90 {
            clients.step(&zone, "r.x.", |_| true);
        }
        assert!((0.46..0.5).contains(&clients.share("b.db")), "{clients:?}");
        let at = zone.change(vec![weighted("b", 100)], None, at).in_sync;
        zone.step(at);
        for _ in 0..30 {
            clients.step(&zone, "r.x.", |address| address != "a.db");
        }
        assert!(clients.share("a.db") < 0.05, "who is refused asks again: {clients:?}");
        assert!((clients.share("a.db") + clients.share("b.db") - 1.0).abs() < 1e-9);
    }
}
