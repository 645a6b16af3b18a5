//! `scaledeck.toml`: which environments there are, how each is reached and what may be done there.
//!
//! It fills in what the command line leaves open, so that every door goes by one set of words. Absent on purpose: AWS,
//! the policy itself (it is a file of its own), and drills, which have no account.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use directories::ProjectDirs;
use serde::Deserialize;

use super::Mistake;
use super::words::{AccountArgs, ConsoleArgs};
use crate::platform::Environment;

/// The file's name, wherever it lies.
const NAME: &str = "scaledeck.toml";

/// Settings as they stand in the file.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Config {
    /// The environment that is opened when none is named.
    #[serde(default)]
    default: Option<String>,
    #[serde(default)]
    console: ConsoleTable,
    #[serde(default)]
    environments: BTreeMap<String, EnvironmentTable>,
    /// The file, as it was named; its folder is where the files in it are looked for.
    #[serde(skip)]
    file: PathBuf,
}

/// How the console looks.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ConsoleTable {
    #[serde(default)]
    theme: Option<String>,
    #[serde(default)]
    keymap: Option<String>,
}

/// One environment.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct EnvironmentTable {
    #[serde(default)]
    profile: Option<String>,
    #[serde(default)]
    region: Option<String>,
    #[serde(default)]
    endpoint_url: Option<String>,
    #[serde(default)]
    clusters: Vec<String>,
    #[serde(default)]
    policy: Option<PathBuf>,
    #[serde(default)]
    mode: Mode,
}

/// What may be done in an environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Mode {
    /// Nothing.
    ReadOnly,
    /// What is confirmed.
    #[default]
    Confirm,
}

impl Config {
    /// The file that `named` names, else the nearest one there is; `None` without one.
    pub(super) fn find(named: Option<&Path>) -> Result<Option<Self>, Mistake> {
        if let Some(path) = named {
            let text = fs::read_to_string(path).map_err(|fault| Mistake(format!("{}: {fault}", path.display())))?;
            return Self::parse(&text, path).map(Some);
        }
        let users = ProjectDirs::from("", "", "scaledeck").map(|places| places.config_dir().join(NAME));
        for path in [Some(PathBuf::from(NAME)), users].into_iter().flatten() {
            match fs::read_to_string(&path) {
                Ok(text) => return Self::parse(&text, &path).map(Some),
                Err(fault) if fault.kind() == ErrorKind::NotFound => {}
                // A file that is there and cannot be read may be the one that says "read-only".
                Err(fault) => return Err(Mistake(format!("{}: {fault}", path.display()))),
            }
        }
        Ok(None)
    }

    fn parse(text: &str, path: &Path) -> Result<Self, Mistake> {
        let file = path.display();
        let line = |offset: usize| 1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count();
        let mut config: Self = toml::from_str(text).map_err(|error| {
            let line = error.span().map(|span| format!(":{}", line(span.start))).unwrap_or_default();
            Mistake(format!("{file}{line}: {}", sentence(error.message())))
        })?;
        path.clone_into(&mut config.file);
        if let Some(default) = &config.default {
            config.table(default)?;
        }
        Ok(config)
    }

    /// The table of an environment's label; the two words for production are one.
    fn table(&self, label: &str) -> Result<(&str, &EnvironmentTable), Mistake> {
        let asked = Environment::from_label(label);
        let found = self.environments.iter().find(|(name, _)| Environment::from_label(name) == asked);
        found.map(|(name, table)| (name.as_str(), table)).ok_or_else(|| {
            let known: Vec<&str> = self.environments.keys().map(String::as_str).collect();
            let there = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            let nearest = nearest(label, &known).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            Mistake(format!("{}: no environment `{label}`, there are: {there}{nearest}", self.file.display()))
        })
    }

    /// Fills in what the words leave open about the console.
    pub(super) fn dress(&self, console: &mut ConsoleArgs) {
        let beside = |name: &String| if super::is_toml(name) { self.beside(name) } else { name.clone() };
        console.theme = console.theme.take().or_else(|| self.console.theme.as_ref().map(beside));
        console.keymap = console.keymap.take().or_else(|| self.console.keymap.as_ref().map(beside));
    }

    /// Fills in what the words leave open about the account. Without an environment by that name the words stand alone –
    /// unless one was asked for and the file knows others: then a slip must not open the wrong account.
    pub(super) fn fill(&self, account: &mut AccountArgs) -> Result<(), Mistake> {
        let asked = account.environment.trim();
        let label = if asked.is_empty() { self.default.as_deref() } else { Some(asked) };
        let Some(label) = label.filter(|_| !self.environments.is_empty()) else { return Ok(()) };
        let (name, table) = self.table(label)?;
        account.environment = name.to_owned();
        account.profile = account.profile.take().or_else(|| table.profile.clone());
        account.region = account.region.take().or_else(|| table.region.clone());
        account.endpoint_url = account.endpoint_url.take().or_else(|| table.endpoint_url.clone());
        if account.cluster.is_empty() {
            account.cluster.clone_from(&table.clusters);
        }
        let beside = |policy: &PathBuf| PathBuf::from(self.beside(policy));
        account.policy = account.policy.take().or_else(|| table.policy.as_ref().map(beside));
        if table.mode == Mode::ReadOnly && !account.read_only {
            account.read_only = true;
            account.read_only_by = Some(format!("{} says so for {name}", self.file.display()));
        }
        Ok(())
    }

    fn beside(&self, name: impl AsRef<Path>) -> String {
        self.file.parent().map_or_else(|| name.as_ref().to_owned(), |folder| folder.join(&name)).display().to_string()
    }
}

/// The parser's message as one sentence; where it lists what would do, the nearest of that comes last.
fn sentence(message: &str) -> String {
    let message = message.replace('\n', "; ");
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    match quoted.split_first() {
        Some((given, known)) if message.contains("expected") && known.len() > 1 => match nearest(given, known) {
            Some(near) => format!("{message}; did you mean `{near}`?"),
            None => message,
        },
        _ => message,
    }
}

/// The word of `known` that is most like `given`, if one is near enough to be meant.
fn nearest<'n>(given: &str, known: &[&'n str]) -> Option<&'n str> {
    let near = |word: &&&str| strsim::jaro_winkler(given, word);
    known.iter().max_by(|a, b| near(a).total_cmp(&near(b))).filter(|word| near(word) > 0.6).copied()
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::words::Cli;

    const EXAMPLE: &str = include_str!("../../examples/scaledeck.toml");

    fn config(text: &str) -> Result<Config, Mistake> {
        Config::parse(text, Path::new("conf/scaledeck.toml"))
    }

    fn filled(text: &str, words: &[&str]) -> Result<AccountArgs, Mistake> {
        let mut account = Cli::parse_from(std::iter::once(&"scaledeck").chain(words)).account;
        config(text)?.fill(&mut account)?;
        Ok(account)
    }

    #[test]
    fn the_example_says_everything_that_can_be_said() {
        let config = config(EXAMPLE).unwrap();
        let ConsoleTable { theme, keymap } = &config.console;
        assert!(theme.is_some() && keymap.is_some() && config.default.is_some());
        let EnvironmentTable { profile, region, endpoint_url, clusters, policy, mode } =
            &config.environments["production"];
        assert!(profile.is_some() && region.is_some() && policy.is_some() && !clusters.is_empty());
        assert_eq!((endpoint_url, mode), (&None, &Mode::Confirm), "an endpoint is for tests and proxies");
        assert_eq!(config.environments["staging"].mode, Mode::ReadOnly);
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
        for table in config.environments.values() {
            let policy = root.join(table.policy.as_ref().unwrap());
            assert!(policy.exists(), "{}", policy.display());
        }
    }

    #[test]
    fn the_words_come_before_the_file() {
        let account = filled(EXAMPLE, &[]).unwrap();
        assert_eq!(account.environment, "production");
        assert_eq!(account.profile.as_deref(), Some("solosuccess-production"));
        assert_eq!(account.policy.as_deref(), Some(Path::new("conf/policies/production.tfvars")));
        assert!(!account.read_only);
        let account = filled(EXAMPLE, &["--environment", "prod", "--profile", "mine", "--cluster", "other"]).unwrap();
        assert_eq!((account.profile.as_deref(), account.cluster), (Some("mine"), vec!["other".to_owned()]));
        let account = filled(EXAMPLE, &["--environment", "staging"]).unwrap();
        assert!(account.read_only);
        assert_eq!(account.read_only_by.as_deref(), Some("conf/scaledeck.toml says so for staging"));
        let account = filled("", &["--environment", "qa"]).unwrap();
        assert_eq!((account.environment.as_str(), account.profile), ("qa", None));
    }

    #[test]
    fn a_mistake_names_the_line_the_value_and_the_nearest() {
        for (text, expected) in [
            (
                "[environments.production]\nprofil = \"x\"\n",
                "conf/scaledeck.toml:2: unknown field `profil`, expected one of `profile`, `region`, `endpoint_url`, \
                 `clusters`, `policy`, `mode`; did you mean `profile`?",
            ),
            (
                "[environments.production]\nmode = \"readonly\"\n",
                "conf/scaledeck.toml:2: unknown variant `readonly`, expected `read-only` or `confirm`; did you mean \
                 `read-only`?",
            ),
            (
                "default = \"prodution\"\n[environments.production]\n",
                "conf/scaledeck.toml: no environment `prodution`, there are: production; did you mean `production`?",
            ),
            ("default = 1\n", "conf/scaledeck.toml:1: invalid type: integer `1`, expected a string"),
        ] {
            assert_eq!(config(text).unwrap_err().to_string(), expected);
        }
        assert_eq!(
            filled(EXAMPLE, &["--environment", "stagin"]).unwrap_err().to_string(),
            "conf/scaledeck.toml: no environment `stagin`, there are: production, staging; did you mean `staging`?"
        );
    }
}
