//! What a scenario says of the database: how large it is, what a request asks of it, and what happens to it.

use serde::Deserialize;

use crate::drill::world::database::class::Class;

/// Replicas that a scenario can begin with: what one source can have.
const MOST_REPLICAS: u32 = 15;

/// The database behind the first service.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DatabaseOf {
    /// The class of the primary and its replicas.
    pub class: String,
    /// Replicas at the start.
    pub replicas: u32,
    /// Connections that each task holds, half of them to the primary and half to the readers' name.
    pub pool: f64,
    /// Reads that a request makes past the cache.
    pub reads: f64,
    /// Writes that a request makes.
    pub writes: f64,
    /// `max_connections` where somebody set it; missing: the default's formula.
    pub max_connections: Option<u32>,
    /// Writes by something else than the service.
    pub storms: Vec<Storm>,
    /// Seconds after the drill's start at which the newest replica's replication breaks.
    pub breaks: Vec<u32>,
}

impl Default for DatabaseOf {
    fn default() -> Self {
        Self {
            class: "db.t3.medium".to_owned(),
            replicas: 1,
            pool: 20.0,
            reads: 2.0,
            writes: 0.4,
            max_connections: None,
            storms: Vec::new(),
            breaks: Vec::new(),
        }
    }
}

/// Writes by something else than the service: a batch, a migration.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Storm {
    /// Seconds after the drill's start.
    pub at: u32,
    /// How many seconds it lasts.
    #[serde(rename = "for")]
    pub lasts: u32,
    /// Writes in a second.
    pub writes: f64,
}

impl DatabaseOf {
    /// What a type cannot say: the key of the offending value, and what is wrong with it.
    pub(super) fn problem(&self) -> Option<(&'static str, String)> {
        if Class::parse(&self.class).is_none() {
            return Some((
                "class",
                format!("class is {:?}, and must be one as db.t3.medium or db.m6g.large", self.class),
            ));
        }
        if self.replicas > MOST_REPLICAS {
            return Some(("replicas", format!("replicas is {}, and can be at most {MOST_REPLICAS}", self.replicas)));
        }
        let amounts = [("pool", self.pool), ("reads", self.reads), ("writes", self.writes)];
        let storms = self.storms.iter().map(|storm| ("writes", storm.writes));
        for (key, value) in amounts.into_iter().chain(storms) {
            if !(0.0..=10_000.0).contains(&value) {
                return Some((key, format!("{key} is {value}, and must be between 0 and 10000")));
            }
        }
        if self.max_connections.is_some_and(|most| !(6..=262_143).contains(&most)) {
            return Some(("max_connections", "max_connections must be between 6 and 262143".to_owned()));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use crate::drill::scenario::Scenario;

    #[test]
    fn mistakes_in_the_database_name_the_line_and_the_value() {
        for (rest, known) in [
            (
                "class = \"db.t3.mediun\"",
                "x, line 7: class is \"db.t3.mediun\", and must be one as db.t3.medium or db.m6g.large",
            ),
            ("replicas = 16", "x, line 7: replicas is 16, and can be at most 15"),
            ("pool = -1.0", "x, line 7: pool is -1, and must be between 0 and 10000"),
            ("max_connections = 2", "x, line 7: max_connections must be between 6 and 262143"),
            (
                "storms = [{ at = 1, for = 2, writes = 1e9 }]",
                "x, line 7: writes is 1000000000, and must be between 0 and 10000",
            ),
        ] {
            let text = format!("name = \"x\"\nsummary = \"x\"\n[[users]]\nat = 0\nusers = 1\n[database]\n{rest}\n");
            assert_eq!(Scenario::from_toml(&text, "x").unwrap_err().to_string(), known);
        }
    }
}
