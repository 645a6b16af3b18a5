//! The doors that measure the engine: the contest and the backtest.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use super::words::AccountArgs;
use super::{Mistake, paper, print};
use crate::headless::backtest::{Backtest, Metric};
use crate::headless::contest::{Contest, Demand};
use crate::headless::demand::Recorded;
use crate::platform::Environment;
use crate::policy::Policy;

/// A contest.
#[derive(Debug, Args)]
pub struct ContestArgs {
    /// Recorded demand, `timestamp,value`, beside the four load tests; only its shape counts.
    #[arg(value_name = "FILE.csv")]
    pub demand: Vec<PathBuf>,
    /// How many people the highest value of a recorded demand stands for.
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub peak_users: u32,
    /// How many hours of a recorded demand are lived, from its start on.
    #[arg(long, value_name = "N", default_value_t = 24)]
    pub hours: u32,
    /// The drill's seed.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// As JSON.
    #[arg(long)]
    pub json: bool,
}

/// A backtest.
#[derive(Debug, Args)]
pub struct BacktestArgs {
    /// The recorded series, `timestamp,value`.
    #[arg(value_name = "FILE.csv")]
    pub series: PathBuf,
    /// What the values are.
    #[arg(long, value_enum, default_value = "cpu")]
    pub metric: Metric,
    /// How many tasks they were recorded with; a broken number scales them.
    #[arg(long, value_name = "N", default_value_t = 4.0, value_parser = tasks)]
    pub tasks: f64,
    /// As JSON.
    #[arg(long)]
    pub json: bool,
}

fn tasks(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(tasks) if (0.001..=1_000_000.0).contains(&tasks) => Ok(tasks),
        _ => Err("a number of tasks is above 0".to_owned()),
    }
}

/// A text file that was named on the command line.
fn text_of(file: &Path) -> Result<String, Mistake> {
    std::fs::read_to_string(file).map_err(|fault| Mistake(format!("{}: {fault}", file.display())))
}

fn policy_of(account: &AccountArgs) -> Result<Policy, Mistake> {
    Ok(paper::policy(account, &Environment::Production)?.policy)
}

pub(super) fn contest(account: &AccountArgs, args: &ContestArgs) -> anyhow::Result<()> {
    let policy = Arc::new(policy_of(account)?);
    let mut recorded = Vec::new();
    for file in &args.demand {
        let series = Recorded::read(&file.display().to_string(), &text_of(file)?);
        recorded.push(Demand {
            name: file.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
            series: series.map_err(|mistake| Mistake(mistake.to_string()))?,
            peak_users: args.peak_users.into(),
            hours: args.hours,
        });
    }
    let journal = std::env::temp_dir().join(format!("scaledeck-contest-{}", std::process::id()));
    let report = Contest { policy, seed: args.seed, recorded }.run(&journal);
    let _ = std::fs::remove_dir_all(&journal);
    let report = report?;
    print(&if args.json { serde_json::to_string_pretty(&report)? + "\n" } else { report.text() })
}

pub(super) fn backtest(account: &AccountArgs, args: &BacktestArgs) -> anyhow::Result<()> {
    let policy = policy_of(account)?;
    let series = Recorded::read(&args.series.display().to_string(), &text_of(&args.series)?);
    let series = series.map_err(|mistake| Mistake(mistake.to_string()))?;
    let report = Backtest { policy, metric: args.metric, recorded_with: args.tasks }.run(&series);
    print(&if args.json { serde_json::to_string_pretty(&report)? + "\n" } else { report.text() })
}
