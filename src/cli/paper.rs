//! Doors that need no account: advice on a saved platform, and a policy held against its own numbers. And the policy
//! that every door goes by: a file's, or the specification's.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use jiff::Timestamp;

use super::{AccountArgs, Mistake, Unanswered, print};
use crate::headless;
use crate::headless::snapshot::Snapshot;
use crate::platform::Environment;
use crate::policy::Policy;
use crate::policy::variables::{self, Origins};

/// What the shell is told when a group has no answer.
const UNTOLD: u8 = 3;
/// What the shell is told when there are warnings, or settings that differ.
const WARNINGS: u8 = 1;

/// A saved platform.
#[derive(Debug, Args)]
pub struct AdviseArgs {
    /// The file, as `scaledeck status --json` writes it or examples/snapshot.schema.json describes it.
    pub snapshot: PathBuf,
    /// The moment to advise for, as in 2026-03-10T14:05:00Z [default: when the snapshot was taken].
    #[arg(long, value_name = "RFC3339")]
    pub at: Option<Timestamp>,
    /// As JSON.
    #[arg(long)]
    pub json: bool,
}

/// A group of a saved platform.
#[derive(Debug, Args)]
pub struct WhyArgs {
    /// The file, as `scaledeck status --json` writes it.
    pub snapshot: PathBuf,
    /// The group: <cluster>/<service>, or a service's, a primary database's or a cache's own name.
    pub resource: String,
    /// The moment to say it for, as in 2026-03-10T14:05:00Z [default: when the snapshot was taken].
    #[arg(long, value_name = "RFC3339")]
    pub at: Option<Timestamp>,
    /// As JSON.
    #[arg(long)]
    pub json: bool,
}

/// A policy, and perhaps a saved platform.
#[derive(Debug, Args)]
pub struct LintArgs {
    /// Hold the policy against this file too, as `scaledeck status --json` writes it.
    pub snapshot: Option<PathBuf>,
    /// As JSON.
    #[arg(long)]
    pub json: bool,
}

/// The policy in force.
pub(super) struct InForce {
    pub policy: Policy,
    /// Where its values come from.
    pub origins: Origins,
    /// What was passed over in its file, in a sentence; `None`: nothing.
    pub passed_over: Option<String>,
}

/// The policy that the command line names; `otherwise` is the environment where neither the words nor the file tell one.
pub(super) fn policy(account: &AccountArgs, otherwise: &Environment) -> Result<InForce, Mistake> {
    let label = account.environment.trim();
    let asked = (!label.is_empty()).then(|| Environment::from_label(label));
    let Some(path) = &account.policy else {
        let mut policy = Policy::of_spec(asked.unwrap_or_else(|| otherwise.clone()));
        lay_prices(account, &mut policy)?;
        return Ok(InForce { policy, origins: Origins::default(), passed_over: None });
    };
    let (file, text) = contents(path)?;
    let mut read = variables::read(&file, &text, asked.as_ref())
        .map_err(|mistakes| Mistake(mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))?;
    let passed_over = (!read.ignored.is_empty())
        .then(|| format!("{file}: passed over what is not the policy's: {}", read.ignored.join(", ")));
    lay_prices(account, &mut read.policy)?;
    Ok(InForce { policy: read.policy, origins: read.origins, passed_over })
}

/// Lays the user's prices over the list, where there are some.
fn lay_prices(account: &AccountArgs, policy: &mut Policy) -> Result<(), Mistake> {
    let Some(path) = &account.prices else { return Ok(()) };
    let (file, text) = contents(path)?;
    let prices = policy.prices.with(&file, &text);
    let prices =
        prices.map_err(|mistakes| Mistake(mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))?;
    policy.prices = Arc::new(prices);
    Ok(())
}

/// A file's name to show, and its text.
fn contents(path: &Path) -> Result<(String, String), Mistake> {
    let file = path.display().to_string();
    let text = fs::read_to_string(path).map_err(|fault| Mistake(format!("{file}: {fault}")))?;
    Ok((file, text))
}

fn snapshot(path: &Path) -> Result<Snapshot, Mistake> {
    let (file, text) = contents(path)?;
    Snapshot::read(&file, &text).map_err(|mistakes| Mistake(mistakes.to_string()))
}

/// `scaledeck advise`.
pub(super) fn advise(account: &AccountArgs, args: &AdviseArgs) -> anyhow::Result<()> {
    let snapshot = snapshot(&args.snapshot)?;
    let in_force = policy(account, &snapshot.environment())?;
    in_force.tell();
    let answer = headless::advise::on(snapshot, &in_force.policy, args.at)?;
    print(&if args.json { serde_json::to_string_pretty(&answer)? + "\n" } else { answer.text() })?;
    match answer.untold() {
        0 => Ok(()),
        untold => Err(Unanswered::new(UNTOLD, format!("{untold} of {} groups have no answer", answer.groups())).into()),
    }
}

/// `scaledeck why`.
pub(super) fn why(account: &AccountArgs, args: &WhyArgs) -> anyhow::Result<()> {
    let snapshot = snapshot(&args.snapshot)?;
    let in_force = policy(account, &snapshot.environment())?;
    in_force.tell();
    let ranked = headless::why::on(snapshot, &in_force.policy, &args.resource, args.at)
        .map_err(|fault| Mistake(fault.to_string()))?;
    print(&if args.json { serde_json::to_string_pretty(&ranked)? + "\n" } else { headless::why::text(&ranked) })?;
    match headless::why::untold(&ranked) {
        0 => Ok(()),
        untold => {
            let words = format!("{untold} of {} troubles cannot be told", ranked.troubles.len());
            Err(Unanswered::new(UNTOLD, words).into())
        }
    }
}

/// `scaledeck lint`.
pub(super) fn lint(account: &AccountArgs, args: &LintArgs) -> anyhow::Result<()> {
    let snapshot = args.snapshot.as_deref().map(snapshot).transpose()?;
    let otherwise = snapshot.as_ref().map_or(Environment::Production, Snapshot::environment);
    let in_force = policy(account, &otherwise)?;
    in_force.tell();
    let report = headless::lint::report(&in_force.policy, snapshot)?;
    print(&if args.json { serde_json::to_string_pretty(&report)? + "\n" } else { report.text() })?;
    match (report.warnings(), report.differences()) {
        (0, 0) => Ok(()),
        (warnings, differences) => {
            let words = format!("{warnings} warnings, {differences} settings that differ");
            Err(Unanswered::new(WARNINGS, words).into())
        }
    }
}

impl InForce {
    /// Says on standard error what was passed over: a script's output stays what was asked for.
    pub(super) fn tell(&self) {
        if let Some(words) = &self.passed_over {
            super::warn(words);
        }
    }
}
