//! The names and settings in AWS's two profile files, as far as they are needed before the SDK is asked: to catch a
//! mistyped profile at once, and to say what mends expired credentials.
//!
//! Secrets are not kept. What the SDK does with the files is its own business.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// Where settings come from, so that tests need no process environment.
pub(super) type Env<'e> = &'e dyn Fn(&str) -> Option<String>;

/// The process's environment; an empty variable counts as unset, as it does for the SDK.
pub(super) fn process_env(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// What the files say: settings by profile, secrets left out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Profiles(BTreeMap<String, BTreeMap<String, String>>);

/// The settings that are kept; no secret is among them.
const KEPT: [&str; 5] = ["region", "sso_session", "sso_start_url", "source_profile", "credential_process"];

impl Profiles {
    /// Reads `~/.aws/config` and `~/.aws/credentials`, or the files that the environment names. A file that cannot be
    /// read is an empty one.
    pub fn read(env: Env<'_>) -> Self {
        let mut profiles = Self::default();
        for (variable, file, prefixed) in
            [("AWS_CONFIG_FILE", "config", true), ("AWS_SHARED_CREDENTIALS_FILE", "credentials", false)]
        {
            let home = || env("HOME").or_else(|| env("USERPROFILE")).map(PathBuf::from);
            let path = env(variable).map(PathBuf::from).or_else(|| Some(home()?.join(".aws").join(file)));
            if let Some(text) = path.and_then(|path| std::fs::read_to_string(path).ok()) {
                profiles.take(&text, prefixed);
            }
        }
        profiles
    }

    /// Takes in one file. In the config file a profile is `[profile name]` (or `[default]`); in the credentials file it
    /// is `[name]`.
    fn take(&mut self, text: &str, prefixed: bool) {
        let mut current: Option<&mut BTreeMap<String, String>> = None;
        for line in text.lines() {
            let line = line.trim();
            if line.is_empty() || line.starts_with(['#', ';']) {
                continue;
            }
            if let Some(section) = line.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
                let section = section.trim();
                let name = match section.strip_prefix("profile ") {
                    Some(name) if prefixed => Some(name.trim().trim_matches(['"', '\''])),
                    _ if prefixed => (section == "default").then_some(section),
                    _ => Some(section),
                };
                current = name.map(|name| self.0.entry(name.to_owned()).or_default());
            } else if let (Some(settings), Some((key, value))) = (current.as_mut(), line.split_once('=')) {
                let key = key.trim();
                if KEPT.contains(&key) {
                    settings.insert(key.to_owned(), value.trim().to_owned());
                }
            }
        }
    }

    /// Every profile, by name.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Whether a profile exists.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The region a profile sets.
    pub fn region(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.get("region").map(String::as_str)
    }

    /// The profile, itself or one it takes its credentials from, that logs in through SSO.
    fn sso(&self, name: &str) -> Option<String> {
        let mut name = name;
        for _ in 0..=self.0.len() {
            let settings = self.0.get(name)?;
            if settings.contains_key("sso_session") || settings.contains_key("sso_start_url") {
                return Some(name.to_owned());
            }
            name = settings.get("source_profile")?;
        }
        None
    }
}

/// What to do about credentials, in the words of the way they were found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Mend {
    /// A profile logs in through SSO.
    Sso(String),
    /// A named profile of another kind.
    Profile(String),
    /// The default chain.
    Chain,
    /// A drill needs no credentials.
    Drill,
}

impl Mend {
    /// The way to mend what a profile, or the default chain, provides.
    pub fn of(profile: Option<&str>, profiles: &Profiles) -> Self {
        match (profiles.sso(profile.unwrap_or("default")), profile) {
            (Some(sso), _) => Self::Sso(sso),
            (None, Some(profile)) => Self::Profile(profile.to_owned()),
            (None, None) => Self::Chain,
        }
    }

    #[cfg(test)]
    pub fn profile(name: &str, sso: bool) -> Self {
        if sso { Self::Sso(name.to_owned()) } else { Self::Profile(name.to_owned()) }
    }

    /// Whether the credentials come from an SSO login, which only a person can renew.
    pub fn is_sso(&self) -> bool {
        matches!(self, Self::Sso(_))
    }

    /// What to do when they have expired.
    pub fn expired(&self) -> String {
        match self {
            Self::Sso(profile) if profile == "default" => "aws sso login".to_owned(),
            Self::Sso(profile) => format!("aws sso login --profile {}", quoted(profile)),
            Self::Profile(profile) => format!("renew the credentials of profile {}", quoted(profile)),
            Self::Chain => "renew the credentials in the environment or the default profile".to_owned(),
            Self::Drill => "restart the drill".to_owned(),
        }
    }

    /// What to do when there are none.
    pub fn missing(&self) -> String {
        match self {
            Self::Sso(_) => self.expired(),
            Self::Profile(profile) => format!("profile {} provides none: run aws configure", quoted(profile)),
            Self::Chain => "give --profile, set AWS_PROFILE, or run aws configure".to_owned(),
            Self::Drill => "restart the drill".to_owned(),
        }
    }

    /// What to do when AWS does not accept them.
    pub fn not_accepted(&self, code: &str) -> String {
        format!("AWS does not accept them ({code}): {}", self.expired())
    }
}

/// A profile's name as a shell takes it: what is copied must not run.
fn quoted(name: &str) -> String {
    let name = super::failure::clean(name);
    shlex::try_quote(&name).map_or_else(|_| String::new(), std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = "\
# comment
[default]
region = eu-west-1
[profile ops]
sso_session = corp
region=us-east-1
[profile \"deep\"]
source_profile = ops
[profile loop]
source_profile = loop
[sso-session corp]
sso_start_url = https://x
[services x]
";

    fn profiles() -> Profiles {
        let mut profiles = Profiles::default();
        profiles.take(CONFIG, true);
        profiles.take("[keys]\naws_secret_access_key = hush\n", false);
        profiles
    }

    #[test]
    fn names_and_regions_are_read_and_secrets_are_not() {
        let profiles = profiles();
        assert_eq!(profiles.names().collect::<Vec<_>>(), ["deep", "default", "keys", "loop", "ops"]);
        assert_eq!(profiles.region("ops"), Some("us-east-1"));
        assert_eq!(profiles.region("keys"), None);
        assert!(!format!("{profiles:?}").contains("hush"));
    }

    #[test]
    fn the_mend_names_the_profile_that_logs_in() {
        let profiles = profiles();
        let table = [
            (Some("ops"), "aws sso login --profile ops"),
            (Some("deep"), "aws sso login --profile ops"),
            (Some("loop"), "renew the credentials of profile loop"),
            (Some("a b;rm"), "renew the credentials of profile 'a b;rm'"),
            (None, "renew the credentials in the environment or the default profile"),
        ];
        for (profile, mend) in table {
            assert_eq!(Mend::of(profile, &profiles).expired(), mend);
        }
    }
}
