//! The words that the command line knows, and what each means. Absent on purpose: doing anything about them.

#![expect(clippy::doc_markdown, reason = "the help shows these comments as they stand")]

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::measure::{BacktestArgs, ContestArgs};
use super::paper::{AdviseArgs, LintArgs, WhyArgs};
use super::record::JournalArgs;
use crate::aws::UsersMetric;
use crate::console::keys::Key;

/// A terminal console for people on call for a platform that scales on AWS.
#[derive(Debug, Parser)]
#[command(version, about, disable_help_subcommand = true)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub door: Option<Door>,
    #[command(flatten)]
    pub account: AccountArgs,
    #[command(flatten)]
    pub console: ConsoleArgs,
}

#[derive(Debug, Subcommand)]
pub(super) enum Door {
    /// Practise on an AWS inside the program: the same console without an account or a network.
    #[command(after_help = scenarios())]
    Drill(DrillArgs),
    /// Read everything once, print it with what the policy advises, and end.
    Status(StatusArgs),
    /// Read everything that costs money once, print it with what could be saved, and end.
    Cost(CostArgs),
    /// Advise on a saved platform, and end: 0 when every group has an answer, 3 when one has none.
    Advise(AdviseArgs),
    /// Say why a group of a saved platform does what it does, and end: 0 when every trouble has an answer, 3 when one has
    /// none.
    Why(WhyArgs),
    /// Print the journal of changes, and end: 1 when a part of it could not be read.
    Journal(JournalArgs),
    /// Look for what a policy's numbers do that may not be meant: 0 without warnings, 1 with them or where AWS differs.
    Lint(LintArgs),
    /// Replay a recorded series through every controller, and print what each would have done.
    Backtest(BacktestArgs),
    /// Let every controller through the same loads in the drill, and print one table.
    Contest(ContestArgs),
    /// Print what the console shows at a moment of a drill, as an SVG picture.
    #[command(after_help = scenarios())]
    Picture(PictureArgs),
    /// Print every command of the console with its default keys, as a Markdown table.
    Keys,
    /// Print completions for a shell, or the man page.
    Generate {
        /// What to print.
        what: Generated,
    },
}

/// What is made from the command line's own description.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Generated {
    /// Completions for bash.
    Bash,
    /// Completions for fish.
    Fish,
    /// Completions for zsh.
    Zsh,
    /// The man page, as roff.
    Man,
}

/// Which account to look at, and what may be done there.
#[derive(Debug, Args)]
#[command(next_help_heading = "Account")]
pub(super) struct AccountArgs {
    /// The profile of ~/.aws/config to use, not in a drill [default: AWS_PROFILE, else default].
    #[arg(long, global = true, value_name = "NAME")]
    pub profile: Option<String>,
    /// The region to look at, not in a drill [default: AWS_REGION, else the profile's].
    #[arg(long, global = true, value_name = "REGION")]
    pub region: Option<String>,
    /// Where to send AWS calls instead of to AWS, not in a drill [default: AWS_ENDPOINT_URL].
    #[arg(long, global = true, value_name = "URL")]
    pub endpoint_url: Option<String>,
    /// The environment's label: it decides the policy's limits, and how much is asked before a change [default: the
    /// policy file's, else production].
    #[arg(long, global = true, value_name = "LABEL", default_value = "", hide_default_value = true)]
    pub environment: String,
    /// The scaling policy, as a .tfvars or .tfvars.json file [default: the specification's numbers].
    #[arg(long, global = true, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// Look at this cluster only; may be given several times [default: all].
    #[arg(long, global = true, value_name = "NAME")]
    pub cluster: Vec<String>,
    /// The journal of changes [default: journal, in a drill drill-journal, in ~/.local/state/scaledeck].
    #[arg(long, global = true, value_name = "DIR")]
    pub journal: Option<PathBuf>,
    /// A .toml file of prices to lay over the list that the program carries.
    #[arg(long, global = true, value_name = "FILE")]
    pub prices: Option<PathBuf>,
    /// Ask Cost Explorer nothing: each page of its answers costs a cent.
    #[arg(long, global = true)]
    pub no_cost_explorer: bool,
    /// The metric that counts users, as in App:ActiveUsers:Maximum, for the cost of one.
    #[arg(long, global = true, value_name = "NAMESPACE:NAME:STATISTIC")]
    pub users_metric: Option<UsersMetric>,
    /// What reading metrics may cost, in US dollars an hour, as in 0.05/h; at the cap metrics are asked for less often, then
    /// not at all, and what is lost is told [default: no cap].
    #[arg(long, global = true, value_name = "DOLLARS/h", value_parser = dollars_per_hour)]
    pub budget: Option<f64>,
    /// Refuse every change, whatever is pressed.
    #[arg(long, global = true)]
    pub read_only: bool,
    /// Who refuses, when it is not the words.
    #[arg(skip)]
    pub read_only_by: Option<String>,
    /// The settings [default: scaledeck.toml here, else in ~/.config/scaledeck, else none].
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// `0.05/h`, or `0.05`.
fn dollars_per_hour(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix("/h").unwrap_or(text).trim_start_matches('$');
    match number.parse::<f64>() {
        Ok(dollars) if dollars.is_finite() && dollars >= 0.0 => Ok(dollars),
        _ => Err("it should look like 0.05/h".to_owned()),
    }
}

/// How the console looks.
#[derive(Debug, Args)]
#[command(next_help_heading = "Console")]
pub(super) struct ConsoleArgs {
    /// A theme: dark, light, high-contrast, colour-blind, mono or a .toml file [default: the one that COLORFGBG asks for, else dark].
    #[arg(long, global = true, value_name = "NAME|FILE")]
    pub theme: Option<String>,
    /// The keys: default, vim, emacs or a .toml file of keys to lay over the default ones.
    #[arg(long, global = true, value_name = "NAME|FILE")]
    pub keymap: Option<String>,
}

/// What happens in a drill.
#[derive(Debug, Args)]
pub(super) struct WorldArgs {
    /// A scenario by name, or a .toml file.
    #[arg(default_value = "spike")]
    pub scenario: String,
    /// What chance draws from: the same seed and the same changes at the same times give the same world.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
}

/// A drill.
#[derive(Debug, Args)]
pub(super) struct DrillArgs {
    /// What happens.
    #[command(flatten)]
    pub world: WorldArgs,
    /// How much faster than life its time runs, from 0.1 to 600 [default: 6; with --listen 1].
    #[arg(long, value_name = "N", value_parser = speed)]
    pub speed: Option<f64>,
    /// Serve the drill's AWS over HTTP instead of opening the console, for the AWS CLI or any SDK.
    #[arg(long, value_name = "ADDRESS:PORT", conflicts_with = "headless")]
    pub listen: Option<SocketAddr>,
    /// Play the scenario to its end at full speed without a terminal, print what came of it, and end: 0 when everything
    /// that it verifies passes, 1 when something does not.
    #[arg(long, conflicts_with = "speed")]
    pub headless: bool,
    /// Who is in charge of the count while nobody sits there.
    #[arg(long, value_enum, default_value = "aws", requires = "headless")]
    pub controller: InCharge,
    /// Print JSON instead of text.
    #[arg(long)]
    pub json: bool,
    /// Print the scenarios with their length, and end.
    #[arg(long, conflicts_with_all = ["headless", "listen"])]
    pub list: bool,
}

/// Who is in charge of the count in a drill that nobody plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum InCharge {
    /// Nobody: the autoscaler is suspended.
    Nobody,
    /// AWS's own target tracking.
    Aws,
    /// The engine, whose advice is confirmed at once.
    Engine,
    /// The Kubernetes Horizontal Pod Autoscaler's algorithm.
    Hpa,
}

/// A picture.
#[derive(Debug, Args)]
pub(super) struct PictureArgs {
    /// What happens.
    #[command(flatten)]
    pub world: WorldArgs,
    /// The moment, in seconds of the drill from its start.
    #[arg(long, value_name = "SECONDS", default_value_t = 240)]
    pub at: u32,
    /// Columns and rows of the screen.
    #[arg(long, value_name = "WIDTHxHEIGHT", default_value = "140x36", value_parser = size)]
    pub size: (u16, u16),
    /// Keys to press before it, a second apart, named as in a keymap file, with spaces between: "a enter".
    #[arg(long, value_name = "KEYS", value_parser = key, value_delimiter = ' ')]
    pub keys: Vec<Key>,
}

/// What to print.
#[derive(Debug, Args)]
pub(super) struct StatusArgs {
    /// Print JSON instead of text.
    #[arg(long)]
    pub json: bool,
}

/// What to print of the money.
#[derive(Debug, Args)]
pub(super) struct CostArgs {
    /// Print JSON instead of text.
    #[arg(long)]
    pub json: bool,
}

/// The scenarios by name, for the help.
fn scenarios() -> String {
    format!("Scenarios:\n{}", super::play::list())
}

fn speed(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(speed) if (0.1..=600.0).contains(&speed) => Ok(speed),
        _ => Err("a speed is a number from 0.1 to 600".to_owned()),
    }
}

fn key(text: &str) -> Result<Key, String> {
    text.parse().map_err(|_| "a key is written as `a`, `A`, `+`, `enter`, `pgdn` or `ctrl-r`".to_owned())
}

fn size(text: &str) -> Result<(u16, u16), String> {
    let sides = text.split_once('x').and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)));
    match sides {
        Some((width @ 1..=400, height @ 1..=200)) => Ok((width, height)),
        _ => Err("a size is columns x rows, as in 140x36, at most 400x200".to_owned()),
    }
}
