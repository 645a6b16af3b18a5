//! What happens in a drill, told in a small TOML file: how many people come and when, what breaks, what there is to
//! notice and what resolves it. Data only; `world` lives it.

mod database;
mod estate;
mod events;
mod outcome;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use serde::Deserialize;

pub use database::{DatabaseOf, Storm};
pub use estate::{CacheSetup, ColdAt, EdgeSetup, Left};
pub use events::{BlindAt, Defect, DeployAt, FaultAt, SickAt, Users, Way, ZoneAt};
pub use outcome::{Afflicted, Recovered, Verify};

use super::world::IDENTITY;

/// The scenarios that are built in: name and text.
const BUILT_IN: &[(&str, &str)] = &[
    ("bad-deploy", include_str!("scenarios/bad-deploy.toml")),
    ("blind", include_str!("scenarios/blind.toml")),
    ("cache-stampede", include_str!("scenarios/cache-stampede.toml")),
    ("calm", include_str!("scenarios/calm.toml")),
    ("connections", include_str!("scenarios/connections.toml")),
    ("crash-loop", include_str!("scenarios/crash-loop.toml")),
    ("expired", include_str!("scenarios/expired.toml")),
    ("high-cost", include_str!("scenarios/high-cost.toml")),
    ("max-capacity", include_str!("scenarios/max-capacity.toml")),
    ("ramp", include_str!("scenarios/ramp.toml")),
    ("replica-lag", include_str!("scenarios/replica-lag.toml")),
    ("scale-down", include_str!("scenarios/scale-down.toml")),
    ("spike", include_str!("scenarios/spike.toml")),
    ("sustained", include_str!("scenarios/sustained.toml")),
    ("throttled", include_str!("scenarios/throttled.toml")),
    ("zone-lost", include_str!("scenarios/zone-lost.toml")),
];

/// Services that a cluster can have: the quota.
const MOST_SERVICES: u32 = 5000;
/// Seconds that a scenario can last: a day.
const LONGEST: u32 = 86_400;
/// People beyond whom the numbers mean nothing.
const MOST_USERS: f64 = 10_000_000.0;

/// A scenario.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Its name, as on the command line.
    pub name: String,
    /// One sentence for `--help`.
    pub summary: String,
    /// How many seconds it lasts where somebody plays it to its end.
    #[serde(default = "an_hour")]
    pub length: u32,
    /// What somebody on call should notice, in words.
    #[serde(default)]
    pub notice: String,
    /// What resolves it, in words.
    #[serde(default)]
    pub resolve: String,
    /// Where the trouble shows; missing: there is none, or only the load.
    pub afflicted: Option<Afflicted>,
    /// What counts as recovered.
    #[serde(default)]
    pub recovered: Recovered,
    /// What a run is judged by.
    #[serde(default)]
    pub verify: Verify,
    /// How many services the account has: the first is `solosuccess-ai-service`, the others are quiet. 0 is an
    /// account with an empty cluster.
    #[serde(default = "one")]
    pub services: u32,
    /// How far the number of people falls from the afternoon to the night, 0–1; 0 is the same all day.
    #[serde(default)]
    pub daily_swing: f64,
    /// How much the number of people wavers from minute to minute, as a share; about 0.02.
    #[serde(default = "two_percent")]
    pub noise: f64,
    /// How many people there are, in order of time; the first is at 0 and holds before the start too.
    pub users: Vec<Users>,
    /// The database behind the first service.
    #[serde(default)]
    pub database: DatabaseOf,
    /// Tasks that fall sick.
    #[serde(default)]
    pub sick: Vec<SickAt>,
    /// Zones that are lost.
    #[serde(default)]
    pub zones: Vec<ZoneAt>,
    /// Deployments by somebody else.
    #[serde(default)]
    pub deploys: Vec<DeployAt>,
    /// Metrics that are missing.
    #[serde(default)]
    pub blind: Vec<BlindAt>,
    /// Calls that fail.
    #[serde(default)]
    pub faults: Vec<FaultAt>,
    /// The cache.
    #[serde(default)]
    pub cache: CacheSetup,
    /// When the cache loses everything.
    #[serde(default)]
    pub cold: Vec<ColdAt>,
    /// The distribution in front of the balancer.
    #[serde(default)]
    pub edge: EdgeSetup,
    /// What somebody left behind.
    pub left: Option<Left>,
}

fn an_hour() -> u32 {
    3600
}

fn one() -> u32 {
    1
}

fn two_percent() -> f64 {
    0.02
}

/// A name that no built-in scenario has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no scenario {given:?}; the nearest is {nearest:?}, and there are {}", known.join(", "))]
pub struct UnknownScenario {
    /// The name that was given.
    pub given: String,
    /// The nearest one that there is.
    pub nearest: &'static str,
    /// All that there are.
    pub known: Vec<&'static str>,
}

/// A scenario file that cannot be used, in one sentence that names the file, the line, the value and the nearest one
/// that would do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{origin}{}: {problem}", line.map(|line| format!(", line {line}")).unwrap_or_default())]
pub struct ScenarioMistake {
    /// The file, or where else the text comes from.
    pub origin: String,
    /// The line, counted from 1, where the mistake is in one.
    pub line: Option<usize>,
    /// What is wrong.
    pub problem: String,
}

impl Scenario {
    /// Every built-in scenario, in the order of their names.
    pub fn all() -> Vec<Self> {
        BUILT_IN.iter().filter_map(|(name, text)| Self::from_toml(text, name).ok()).collect()
    }

    /// A built-in scenario by its name.
    pub fn builtin(name: &str) -> Result<Self, UnknownScenario> {
        let found = Self::all().into_iter().find(|scenario| scenario.name == name);
        found.ok_or_else(|| {
            let known: Vec<&'static str> = BUILT_IN.iter().map(|(name, _)| *name).collect();
            let nearest = nearest(name, &known);
            UnknownScenario { given: name.to_owned(), nearest, known }
        })
    }

    /// A scenario in which nothing happens but that people come and go.
    pub fn of_users(name: &str, users: Vec<Users>) -> Self {
        Self {
            name: name.to_owned(),
            summary: "People come and go.".to_owned(),
            length: an_hour(),
            notice: String::new(),
            resolve: String::new(),
            afflicted: None,
            recovered: Recovered::default(),
            verify: Verify::default(),
            services: one(),
            daily_swing: 0.0,
            noise: two_percent(),
            users,
            database: DatabaseOf::default(),
            sick: Vec::new(),
            zones: Vec::new(),
            deploys: Vec::new(),
            blind: Vec::new(),
            faults: Vec::new(),
            cache: CacheSetup::default(),
            cold: Vec::new(),
            edge: EdgeSetup::default(),
            left: None,
        }
    }

    /// Seconds after the start in which the trouble begins, or the load reaches what it stays at.
    pub fn trouble(&self) -> u32 {
        let of_load = || self.users.last().map_or(0, |last| last.at);
        self.afflicted.as_ref().map_or_else(of_load, |afflicted| afflicted.from)
    }

    /// Whether nothing is published of a minute that begins so many seconds after the start, in a namespace.
    pub(in crate::drill) fn is_blind(&self, namespace: &str, passed: i64) -> bool {
        self.blind.iter().any(|blind| blind.hides(namespace, passed))
    }

    /// Reads a scenario. `origin` is the file's name, for the message.
    pub fn from_toml(text: &str, origin: &str) -> Result<Self, ScenarioMistake> {
        let mistake = |line, problem| ScenarioMistake { origin: origin.to_owned(), line, problem };
        let line_at = |offset: usize| 1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count();
        let scenario: Self = toml::from_str(text)
            .map_err(|error| mistake(error.span().map(|span| line_at(span.start)), sentence(error.message())))?;
        scenario.check().map_err(|(needle, problem)| {
            let line = text.lines().position(|line| line.contains(&needle)).map(|index| index + 1);
            mistake(line, problem)
        })?;
        Ok(scenario)
    }

    /// What a type cannot say. The error is a piece of the offending line, and what is wrong with it.
    fn check(&self) -> Result<(), (String, String)> {
        let wrong = |needle: &str, problem: String| Err((needle.to_owned(), problem));
        match self.users.first() {
            None => return wrong("users", "users is empty; it needs at least the point at = 0".to_owned()),
            Some(first) if first.at != 0 => {
                return wrong(
                    &format!("at = {}", first.at),
                    format!("the first point of users is at {}, and must be at 0", first.at),
                );
            }
            Some(_) => {}
        }
        for pair in self.users.windows(2) {
            if let [before, point] = pair
                && point.at <= before.at
            {
                let problem = format!("the point of users at {} comes after the one at {}", point.at, before.at);
                return wrong(&format!("at = {}", point.at), problem);
            }
        }
        if let Some(point) = self.users.iter().find(|point| !(0.0..=MOST_USERS).contains(&point.users)) {
            return wrong(
                &format!("users = {}", point.users),
                format!("users is {}, and must be between 0 and {MOST_USERS}", point.users),
            );
        }
        for (key, value) in [("daily_swing", self.daily_swing), ("noise", self.noise)] {
            if !(0.0..=0.9).contains(&value) {
                return wrong(key, format!("{key} is {value}, and must be between 0 and 0.9"));
            }
        }
        if let Some((key, problem)) = self.database.problem() {
            return wrong(key, problem);
        }
        if self.services > MOST_SERVICES {
            return wrong("services", format!("services is {}, and can be at most {MOST_SERVICES}", self.services));
        }
        if !(60..=LONGEST).contains(&self.length) {
            return wrong("length", format!("length is {}, and must be between 60 and {LONGEST}", self.length));
        }
        if let Some(lost) = self.zones.iter().find(|lost| !IDENTITY.zones.contains(&lost.zone.as_str())) {
            let near = nearest(&lost.zone, &IDENTITY.zones);
            let problem =
                format!("no zone {:?}; there are {}; did you mean {near:?}?", lost.zone, IDENTITY.zones.join(", "));
            return wrong(&lost.zone, problem);
        }
        for deploy in &self.deploys {
            let revision = deploy.definition.split_once(':').and_then(|(family, revision)| {
                Some((family, revision.parse::<u32>().ok().filter(|number| *number > 0)?))
            });
            if revision.is_none_or(|(family, _)| family.is_empty()) {
                let problem = format!("{:?} is no family and revision, as in \"ai-service:43\"", deploy.definition);
                return wrong(&deploy.definition, problem);
            }
        }
        estate::check(self.cache, &self.edge, self.left)?;
        for fault in &self.faults {
            // Any start will do: whether a fault can be read does not depend on when it begins.
            if let Err(problem) = fault.rule(Timestamp::UNIX_EPOCH) {
                return wrong(&fault.fault, problem);
            }
        }
        Ok(())
    }
}

/// The word of `known` that is most like `given`.
fn nearest(given: &str, known: &[&'static str]) -> &'static str {
    let distance = |word: &&&'static str| strsim::damerau_levenshtein(&given.to_lowercase(), word);
    known.iter().min_by_key(distance).copied().unwrap_or_default()
}

/// The parser's message as one sentence; where it lists what would do, the nearest of that first.
fn sentence(message: &str) -> String {
    let message = message.replace('\n', "; ");
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    match quoted.split_first() {
        Some((given, known)) if message.contains("expected") && known.len() > 1 => {
            let distance = |word: &&&str| strsim::damerau_levenshtein(given, word);
            let nearest = known.iter().min_by_key(distance).copied().unwrap_or_default();
            format!("{message}; did you mean `{nearest}`?")
        }
        _ => message,
    }
}
