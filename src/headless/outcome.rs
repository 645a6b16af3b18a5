//! A scenario played at full speed with somebody in charge, or nobody, and what came of it: as text, or as JSON with a
//! version.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::contest::LINE;
use super::course::{Controller, Course};
use super::verify::{self, Check, Figures};
use crate::drill::scenario::Scenario;
use crate::drill::{DEFAULT_START, Tally};
use crate::policy::Policy;

/// The version of the JSON: it counts up when a field changes its meaning or goes away.
const SCHEMA_VERSION: u32 = 1;

/// A scenario to play.
#[derive(Debug, Clone)]
pub struct Play {
    /// What happens.
    pub scenario: Scenario,
    /// The drill's seed.
    pub seed: u64,
    /// The policy of the engine; the other controllers have its targets and limits.
    pub policy: Arc<Policy>,
    /// A folder for the engine's journals.
    pub journal: PathBuf,
    /// How long it is lived; the scenario's own length, or as long as somebody played it.
    pub lasts: SignedDuration,
}

/// What came of a run. Times are minutes after the trouble began.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Outcome {
    schema_version: u32,
    /// The scenario's name.
    pub scenario: String,
    /// The drill's seed.
    pub seed: u64,
    /// Who was in charge; `None`: a person.
    pub controller: Option<Controller>,
    /// Whole minutes that were lived.
    pub minutes: u32,
    /// Whether every check passes.
    pub passes: bool,
    /// What the scenario asks to verify; empty: nothing.
    pub checks: Vec<Check>,
    /// Minutes that did not count as well: too slow, or too many 5XX.
    pub lost_minutes: u32,
    /// When it had recovered; 0: nothing was lost. `None`: it had not.
    pub recovered_min: Option<u32>,
    /// When the desired count first changed after the trouble. `None`: it did not.
    pub acted_min: Option<u32>,
    /// What it is compared by.
    pub figures: Figures,
    /// What the whole account cost meanwhile at list prices, US dollars.
    pub dollars: f64,
}

impl Play {
    /// Plays it. Nothing is waited for: the time of its own runtime passes only while every task waits.
    pub fn run(&self, controller: Controller) -> anyhow::Result<Outcome> {
        let course = Course {
            scenario: self.scenario.clone(),
            start: DEFAULT_START,
            lasts: self.lasts,
            seed: self.seed,
            policy: Arc::clone(&self.policy),
            journal: self.journal.join(controller.label().replace(' ', "-")),
            line: LINE,
        };
        // A thread of its own, so that it can be called from within another runtime.
        let lived = std::thread::scope(|scope| {
            let run = scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build()?;
                runtime.block_on(course.run(controller))
            });
            run.join().map_err(|_| anyhow::anyhow!("a run has panicked"))?
        })?;
        Ok(self.outcome(&lived, DEFAULT_START, Some(controller)))
    }

    /// What came of a life that began at `start`, with that controller in charge or a person.
    pub fn outcome(&self, lived: &Tally, start: Timestamp, controller: Option<Controller>) -> Outcome {
        let asked = &self.scenario.recovered;
        let trouble = start + SignedDuration::from_secs(self.scenario.trouble().into());
        let checks = verify::judge(&self.scenario, start, lived, &self.policy, LINE);
        // The first is the count that it began with.
        let acted = lived.desired.iter().skip(1).find(|(at, _)| *at >= trouble);
        Outcome {
            schema_version: SCHEMA_VERSION,
            scenario: self.scenario.name.clone(),
            seed: self.seed,
            controller,
            minutes: lived.minutes.len() as u32,
            passes: checks.iter().all(|check| check.passes),
            checks,
            lost_minutes: lived.minutes.iter().filter(|minute| !verify::is_well(asked, minute)).count() as u32,
            recovered_min: verify::recovered(asked, lived, trouble),
            acted_min: acted.map(|(at, _)| (at.duration_since(trouble).as_secs() / 60) as u32),
            figures: Figures::of(lived, &self.policy, LINE),
            dollars: lived.dollars,
        }
    }
}

/// Minutes in words; `None` is the other word.
pub(super) fn minutes(at: Option<u32>, otherwise: &str) -> String {
    at.map_or_else(|| otherwise.to_owned(), |at| format!("{at} min"))
}

impl Outcome {
    /// Who was in charge.
    pub fn who(&self) -> &'static str {
        self.controller.map_or("you", Controller::label)
    }

    /// A few lines for a person.
    pub fn text(&self) -> String {
        let mut out = String::new();
        let name = self.scenario.escape_debug();
        let _ = writeln!(out, "{name}, seed {}, {} minutes, in charge: {}\n", self.seed, self.minutes, self.who());
        for check in &self.checks {
            let word = if check.passes { "pass" } else { "FAIL" };
            let _ = writeln!(out, "  {word}  {}: {}", check.what, check.found);
        }
        if self.checks.is_empty() {
            out.push_str("  nothing to verify: the scenario names no predicate\n");
        }
        let figures = &self.figures;
        let _ = write!(
            out,
            "\n  recovered     {}\n  minutes lost  {}\n  5XX           {}\n  task-hours    {:.2}, {:.2} × the least\n  \
             changes       {}, {} of them reversals\n  cost          ${:.2}\n",
            minutes(self.recovered_min, "never"),
            self.lost_minutes,
            figures.failed,
            figures.task_hours,
            figures.task_hours / figures.least_task_hours,
            figures.changes,
            figures.reversals,
            self.dollars,
        );
        out
    }
}
