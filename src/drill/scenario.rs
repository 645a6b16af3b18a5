//! What happens in a drill, told in a small TOML file: how many people come and when, how many services the account
//! has, which calls fail. Data only; `world` lives it.

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::faults::Rule;
use super::wire::Value;

mod database;
mod estate;

pub use database::{DatabaseOf, Storm};
pub use estate::{CacheSetup, ColdAt, EdgeSetup, Left};

/// The scenarios that are built in: name and text.
const BUILT_IN: &[(&str, &str)] = &[
    ("cache-stampede", include_str!("scenarios/cache-stampede.toml")),
    ("calm", include_str!("scenarios/calm.toml")),
    ("connections", include_str!("scenarios/connections.toml")),
    ("high-cost", include_str!("scenarios/high-cost.toml")),
    ("ramp", include_str!("scenarios/ramp.toml")),
    ("replica-lag", include_str!("scenarios/replica-lag.toml")),
    ("scale-down", include_str!("scenarios/scale-down.toml")),
    ("spike", include_str!("scenarios/spike.toml")),
    ("sustained", include_str!("scenarios/sustained.toml")),
];

/// Services that a cluster can have: the quota.
const MOST_SERVICES: u32 = 5000;
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
    /// What somebody on call should notice.
    #[serde(default)]
    pub notice: String,
    /// What resolves it.
    #[serde(default)]
    pub resolve: String,
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

fn one() -> u32 {
    1
}

fn two_percent() -> f64 {
    0.02
}

/// How many people there are from a time on.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Users {
    /// Seconds after the drill's start.
    pub at: u32,
    /// How many people.
    pub users: f64,
    /// How the number gets there from the point before.
    #[serde(default)]
    pub by: Way,
}

/// How a number gets from one point to the next.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Way {
    /// At once.
    #[default]
    Step,
    /// In a straight line from the point before.
    Ramp,
}

/// Running tasks that stop answering health checks, and answer requests with 5XX.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SickAt {
    /// Seconds after the drill's start.
    pub at: u32,
    /// How many tasks, the oldest first.
    pub tasks: u32,
}

/// A fault that begins by itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultAt {
    /// Seconds after the drill's start.
    pub at: u32,
    /// As `/_drill/faults` names it, as in `throttle`.
    pub fault: String,
    /// To which service's calls; missing: to every service's.
    pub service: Option<String>,
    /// To which operation's calls; missing: to every one.
    pub operation: Option<String>,
    /// How many seconds it stays; missing: until it is taken back.
    #[serde(rename = "for")]
    pub lasts: Option<u32>,
    /// How long a hang hangs, or an answer is lost, seconds.
    pub seconds: Option<u32>,
}

impl FaultAt {
    /// The rule, for a drill that starts at `start`. The error is a sentence that names the offending value.
    pub fn rule(&self, start: Timestamp) -> Result<Rule, String> {
        let body = Value::map([
            ("fault", self.fault.clone().into()),
            ("service", self.service.clone().into()),
            ("operation", self.operation.clone().into()),
            ("for", self.lasts.map(i64::from).into()),
            ("seconds", self.seconds.map(i64::from).into()),
        ]);
        Rule::read(&body, start + SignedDuration::from_secs(self.at.into()))
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_scenario_can_be_read_and_is_called_as_its_file() {
        let all: Vec<String> = Scenario::all().into_iter().map(|one| one.name).collect();
        let files: Vec<&str> = BUILT_IN.iter().map(|(name, _)| *name).collect();
        assert_eq!(all, files);
        for scenario in Scenario::all() {
            assert!(scenario.summary.ends_with('.') && !scenario.notice.is_empty() && !scenario.resolve.is_empty());
        }
    }

    #[test]
    fn an_unknown_name_gets_the_nearest() {
        let unknown = Scenario::builtin("spkie").unwrap_err();
        assert_eq!(
            unknown.to_string(),
            "no scenario \"spkie\"; the nearest is \"spike\", and there are cache-stampede, calm, connections, \
             high-cost, ramp, replica-lag, scale-down, spike, sustained"
        );
    }

    #[test]
    fn mistakes_name_the_file_the_line_and_the_value() {
        let head = "name = \"x\"\nsummary = \"x\"\n";
        for (rest, known) in [
            (
                "nosie = 0.1\n",
                "my.toml, line 3: unknown field `nosie`, expected one of `name`, `summary`, `notice`, `resolve`, \
                 `services`, `daily_swing`, `noise`, `users`, `database`, `sick`, `faults`, `cache`, \
                 `cold`, `edge`, `left`; did you mean `noise`?",
            ),
            ("users = []\n", "my.toml, line 3: users is empty; it needs at least the point at = 0"),
            ("[[users]]\nat = 5\nusers = 1\n", "my.toml, line 4: the first point of users is at 5, and must be at 0"),
            ("[[users]]\nat = 0\nusers = -3\n", "my.toml, line 5: users is -3, and must be between 0 and 10000000"),
            (
                "[[users]]\nat = 0\nusers = 1\nby = \"stpe\"\n",
                "my.toml, line 6: unknown variant `stpe`, expected `step` or `ramp`; did you mean `step`?",
            ),
            (
                "services = 20000\n[[users]]\nat = 0\nusers = 1\n",
                "my.toml, line 3: services is 20000, and can be at most 5000",
            ),
            (
                "[[users]]\nat = 0\nusers = 1\n[[faults]]\nat = 9\nfault = \"hung\"\n",
                "my.toml, line 8: no fault \"hung\"; there are hang, throttle, deny, expire, garble, drop and lose",
            ),
        ] {
            let mistake = Scenario::from_toml(&format!("{head}{rest}"), "my.toml").unwrap_err();
            assert_eq!(mistake.to_string(), known);
        }
    }
}
