//! What things cost by the list: an embedded, dated table, and a user's own prices laid over it.
//!
//! A price that is not in the table is "no price", never 0. Absent on purpose: what runs (that is `money`), discounts
//! that are somebody's own, and any way to ask AWS: a list that nobody dated is not evidence.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, LazyLock};

use jiff::civil::Date;
use serde::Serialize;
use toml::de::{DeTable, DeValue};

use crate::platform::database::Engine;
use crate::platform::{Cache, Database};

/// Hours of a month, as AWS's own calculator counts them.
pub const MONTH_HOURS: f64 = 730.0;

const EMBEDDED: &str = include_str!("prices.toml");

/// One price, with where it comes from.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Price {
    /// In US dollars per unit; for a commitment, the share of the on-demand price that it takes off.
    pub value: f64,
    /// The unit: `vCPU-hour`, `GB-month`, `share`, …
    pub unit: &'static str,
    /// The day of the list.
    pub as_of: Date,
    /// The region that it holds for.
    pub region: String,
    /// Where it was read.
    pub source: String,
}

/// A table of prices, in US dollars.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Prices {
    rows: BTreeMap<String, Price>,
}

impl Default for Prices {
    fn default() -> Self {
        Self::embedded().as_ref().clone()
    }
}

/// What kinds of prices there are: how the name begins, and the unit that it must have.
const KINDS: [(&str, &str); 15] = [
    ("fargate.*.vcpu", "vCPU-hour"),
    ("fargate.*.gb", "GB-hour"),
    ("fargate-spot.*.vcpu", "vCPU-hour"),
    ("fargate-spot.*.gb", "GB-hour"),
    ("rds.*", "instance-hour"),
    ("rds-multi-az.*", "instance-hour"),
    ("rds-storage.*", "GB-month"),
    ("ebs.*", "GB-month"),
    ("s3.*", "GB-month"),
    ("elasticache.*", "node-hour"),
    ("alb.hour", "hour"),
    ("alb.lcu", "LCU-hour"),
    ("cloudwatch.metric", "metric"),
    ("cost-explorer.page", "page"),
    ("commitment.*", "share"),
];

/// Something in a file of prices that cannot be meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {what}")]
pub struct PriceMistake {
    /// The file.
    pub file: String,
    /// The line, counted from one.
    pub line: usize,
    /// What is wrong with which value, and what would be right.
    pub what: String,
}

/// The processor of a task. Its architecture is in the task definition, which is not read: x86 is assumed and said.
pub const ARCHITECTURE: &str = "x86";

impl Prices {
    /// The list that the program carries.
    ///
    /// # Panics
    /// Never: a test reads it.
    pub fn embedded() -> &'static Arc<Self> {
        static TABLE: LazyLock<Arc<Prices>> = LazyLock::new(|| {
            let empty = Prices { rows: BTreeMap::new() };
            Arc::new(empty.with("prices.toml", EMBEDDED).unwrap_or_else(|wrong| unreachable!("{wrong:?}")))
        });
        &TABLE
    }

    /// This table with a file's prices laid over it; `file` is what mistakes are reported under.
    ///
    /// # Errors
    /// Every mistake in it: a name that is no price, a wrong unit, a price that is negative or no number, a currency
    /// other than US dollars, a header without its date, region or source.
    pub fn with(&self, file: &str, text: &str) -> Result<Self, Vec<PriceMistake>> {
        let mut reader = Reader { file, text, mistakes: Vec::new(), known: &self.rows };
        let rows = reader.read();
        if !reader.mistakes.is_empty() {
            reader.mistakes.sort_by_key(|mistake| mistake.line);
            return Err(reader.mistakes);
        }
        let mut all = self.rows.clone();
        all.extend(rows);
        Ok(Self { rows: all })
    }

    /// A price by its name in the table; `None` is "no price".
    pub fn get(&self, name: &str) -> Option<&Price> {
        self.rows.get(name)
    }

    /// Every name with its price.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Price)> {
        self.rows.iter().map(|(name, price)| (name.as_str(), price))
    }

    /// Fargate's prices of a vCPU and of a GB of memory for an hour, on demand or on Spot.
    pub fn fargate(&self, spot: bool) -> Option<(&Price, &Price)> {
        let market = if spot { "fargate-spot" } else { "fargate" };
        let of = |what: &str| self.get(&format!("{market}.{ARCHITECTURE}.{what}"));
        Some((of("vcpu")?, of("gb")?))
    }

    /// US dollars an hour of an instance, its standby included; `None` where there is no price.
    ///
    /// Multi-AZ with one standby costs twice the Single-AZ price (RDS user guide, "Multi-AZ DB instances": compute is
    /// billed for both) unless the table has a row of its own.
    pub fn database(&self, database: &Database) -> Option<(f64, &Price)> {
        let engine = match &database.engine {
            Engine::Postgres => "postgres",
            Engine::Mysql => "mysql",
            Engine::Mariadb => "mariadb",
            Engine::Other(word) => word,
        };
        let single = self.get(&format!("rds.{engine}.{}", database.class));
        if !database.multi_az {
            return single.map(|price| (price.value, price));
        }
        let own = self.get(&format!("rds-multi-az.{engine}.{}", database.class));
        own.map(|price| (price.value, price)).or(single.map(|price| (2.0 * price.value, price)))
    }

    /// US dollars an hour of one node of a cache.
    pub fn cache_node(&self, cache: &Cache) -> Option<&Price> {
        let engine = cache.engine.split_whitespace().next().unwrap_or_default();
        self.get(&format!("elasticache.{engine}.{}", cache.node_type))
    }

    /// What a commitment of so many years takes off a service's on-demand price, as a share.
    pub fn commitment(&self, service: &str, years: u8) -> Option<&Price> {
        self.get(&format!("commitment.{service}.{years}-year"))
    }
}

impl Price {
    /// Where it comes from, as in "list of 2026-04-15, us-east-1".
    pub fn origin(&self) -> String {
        format!("list of {}, {}", self.as_of, self.region)
    }
}

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} per {} ({})", self.value, self.unit, self.origin())
    }
}

struct Reader<'a> {
    file: &'a str,
    text: &'a str,
    mistakes: Vec<PriceMistake>,
    known: &'a BTreeMap<String, Price>,
}

impl Reader<'_> {
    fn wrong(&mut self, at: usize, what: String) {
        let line = 1 + self.text.bytes().take(at).filter(|byte| *byte == b'\n').count();
        self.mistakes.push(PriceMistake { file: self.file.to_owned(), line, what });
    }

    fn read(&mut self) -> BTreeMap<String, Price> {
        let mut rows = BTreeMap::new();
        let table = match DeTable::parse(self.text) {
            Ok(table) => table.into_inner(),
            Err(error) => {
                self.wrong(error.span().map_or(0, |span| span.start), error.message().to_owned());
                return rows;
            }
        };
        let header = ["currency", "region", "as_of", "source", "prices"];
        for key in table.keys() {
            if !header.contains(&key.get_ref().as_ref()) {
                self.wrong(key.span().start, unknown("key", key.get_ref(), header.into_iter()));
            }
        }
        let mut text = |name: &str, example: &str| {
            let value = table.get(name).map(|value| (value.span().start, value.get_ref().as_str()));
            match value {
                Some((_, Some(text))) => Some(text.to_owned()),
                Some((at, None)) => {
                    self.wrong(at, format!("`{name}` is a text, as in \"{example}\""));
                    None
                }
                None => {
                    self.wrong(0, format!("`{name} = \"{example}\"` is missing: a price without it is no evidence"));
                    None
                }
            }
        };
        let (currency, region) = (text("currency", "USD"), text("region", "us-east-1"));
        let (as_of, source) = (text("as_of", "2026-04-15"), text("source", "AWS's public price lists"));
        if let Some(currency) = currency.filter(|currency| currency != "USD") {
            let at = table.get("currency").map_or(0, |value| value.span().start);
            self.wrong(at, format!("prices in {currency}: everything here is reckoned in USD; convert them first"));
        }
        let date = as_of.and_then(|text| {
            let date = text.parse::<Date>().ok();
            if date.is_none() {
                let at = table.get("as_of").map_or(0, |value| value.span().start);
                self.wrong(at, format!("`{text}` is not a day: write it as 2026-04-15"));
            }
            date
        });
        let Some(prices) = table.get("prices") else {
            self.wrong(0, "there is no `[prices]`".to_owned());
            return rows;
        };
        let Some(prices) = prices.get_ref().as_table() else {
            self.wrong(prices.span().start, "`prices` is a table: write `[prices]` and one price a line".to_owned());
            return rows;
        };
        let (Some(as_of), Some(region), Some(source)) = (date, region, source) else { return rows };
        for (name, value) in prices {
            if let Some((value, unit, own)) = self.row(name.get_ref(), name.span().start, value.get_ref()) {
                let source = own.unwrap_or_else(|| source.clone());
                rows.insert(name.get_ref().to_string(), Price { value, unit, as_of, region: region.clone(), source });
            }
        }
        rows
    }

    /// One price: its value, its unit and a source of its own.
    fn row(&mut self, name: &str, at: usize, row: &DeValue<'_>) -> Option<(f64, &'static str, Option<String>)> {
        let Some(expected) = unit_of(name) else {
            let known: Vec<String> = self.known.keys().cloned().collect();
            self.wrong(at, unknown("price", name, known.iter().map(String::as_str)));
            return None;
        };
        let example = format!("\"{name}\" = {{ value = 0.1, unit = \"{expected}\" }}");
        let Some(row) = row.as_table() else {
            self.wrong(at, format!("a price is written as {example}"));
            return None;
        };
        let fields = ["value", "unit", "source", "currency"];
        for field in row.keys() {
            if !fields.contains(&field.get_ref().as_ref()) {
                self.wrong(field.span().start, unknown("field", field.get_ref(), fields.into_iter()));
            }
        }
        let word = |field: &str| row.get(field).and_then(|value| value.get_ref().as_str()).map(str::to_owned);
        if let Some(currency) = word("currency").filter(|currency| currency != "USD") {
            self.wrong(at, format!("`{name}` is in {currency}, the rest in USD: convert it first"));
            return None;
        }
        match word("unit") {
            Some(unit) if unit == expected => {}
            Some(unit) => {
                self.wrong(at, format!("`{name}` is per {expected}, not per {unit}: {example}"));
                return None;
            }
            None => {
                self.wrong(at, format!("`{name}` has no unit: {example}"));
                return None;
            }
        }
        let value = row.get("value").and_then(|value| match value.get_ref() {
            DeValue::Float(number) => number.as_str().replace('_', "").parse().ok(),
            DeValue::Integer(number) => number.as_str().replace('_', "").parse().ok(),
            _ => None,
        });
        let most = if expected == "share" { 1.0 } else { f64::MAX };
        match value {
            Some(value) if value > 0.0 && value < most => Some((value, expected, word("source"))),
            Some(value) if most > 1.0 => {
                self.wrong(at, format!("`{name}` costs {value}: a price is above 0; leave out what has none"));
                None
            }
            Some(value) => {
                self.wrong(at, format!("`{name}` takes off {value}: a share lies between 0 and 1, as in 0.2"));
                None
            }
            None => {
                self.wrong(at, format!("`{name}` has no value that is a number: {example}"));
                None
            }
        }
    }
}

/// The unit that a price of this name has; `None` for a name that is no price.
fn unit_of(name: &str) -> Option<&'static str> {
    let fits = |kind: &str| match kind.split_once('*') {
        Some((start, end)) => {
            let middle = name.strip_prefix(start).and_then(|rest| rest.strip_suffix(end));
            middle.is_some_and(|middle| !middle.is_empty() && (end.is_empty() || !middle.contains('.')))
        }
        None => name == kind,
    };
    KINDS.iter().find(|(kind, _)| fits(kind)).map(|(_, unit)| *unit)
}

fn unknown<'w>(kind: &str, word: &str, known: impl Iterator<Item = &'w str>) -> String {
    let nearest = known
        .map(|name| (strsim::damerau_levenshtein(word, name), name))
        .filter(|(distance, name)| *distance <= 1 + name.len() / 3)
        .min();
    let hint = nearest.map(|(_, name)| format!("; did you mean `{name}`?")).unwrap_or_default();
    format!("no {kind} is called `{word}`{hint}")
}

#[cfg(test)]
mod tests;
