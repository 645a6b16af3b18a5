//! The contest: every controller through the same loads, judged by the same figures, in one table.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::course::{Controller, Course};
use super::demand::Recorded;
use super::verify::{self, Check, Figures};
use crate::drill::DEFAULT_START;
use crate::drill::scenario::{Scenario, Users, Way};
use crate::policy::Policy;

/// The scenarios of the spec's load tests, in its order.
const LOAD_TESTS: [&str; 4] = ["ramp", "spike", "sustained", "scale-down"];
/// What the 95th percentile of answers may be, seconds.
pub const LINE: f64 = 0.5;
/// The version of the JSON: it counts up when a field changes its meaning or goes away.
const SCHEMA_VERSION: u32 = 1;

/// What is run.
#[derive(Debug, Clone)]
pub struct Contest {
    /// The policy.
    pub policy: Arc<Policy>,
    /// The drill's seed.
    pub seed: u64,
    /// Recorded demand beside the load tests.
    pub recorded: Vec<Demand>,
}

/// A recorded series as demand.
#[derive(Debug, Clone)]
pub struct Demand {
    /// What it is called in the table.
    pub name: String,
    /// The series; only its shape counts.
    pub series: Recorded,
    /// How many people its highest value within the time stands for.
    pub peak_users: f64,
    /// How much of it is lived, from its start on.
    pub hours: u32,
}

/// The whole table.
#[derive(Debug, Serialize)]
pub struct Report {
    schema_version: u32,
    seed: u64,
    /// The line for the 95th percentile, seconds.
    line_s: f64,
    /// In order of load, then of controller.
    rows: Vec<Row>,
}

/// One run.
#[derive(Debug, Serialize)]
struct Row {
    load: String,
    hours: f64,
    controller: Controller,
    figures: Figures,
    /// The desired count at the start, and each change of it.
    desired: Vec<(Timestamp, u32)>,
    checks: Vec<Check>,
}

/// A load.
struct Load {
    scenario: Scenario,
    start: Timestamp,
    lasts: SignedDuration,
}

impl Contest {
    /// Runs everything. `journal` is a folder for the engine's journals, one for each run.
    pub fn run(&self, journal: &Path) -> anyhow::Result<Report> {
        let mut rows = Vec::new();
        for load in self.loads()? {
            rows.extend(self.run_all(&load, journal)?);
        }
        Ok(Report { schema_version: SCHEMA_VERSION, seed: self.seed, line_s: LINE, rows })
    }

    fn loads(&self) -> anyhow::Result<Vec<Load>> {
        let mut loads = Vec::new();
        for name in LOAD_TESTS {
            let scenario = Scenario::builtin(name)?;
            let lasts = SignedDuration::from_secs(scenario.length.into());
            loads.push(Load { scenario, start: DEFAULT_START, lasts });
        }
        loads.extend(self.recorded.iter().map(Demand::load));
        Ok(loads)
    }

    /// Every controller on one load, each on a thread of its own.
    fn run_all(&self, load: &Load, journal: &Path) -> anyhow::Result<Vec<Row>> {
        std::thread::scope(|scope| {
            let runs = Controller::ALL.map(|controller| scope.spawn(move || self.run_one(load, controller, journal)));
            let rows = runs.into_iter().map(|run| run.join().map_err(|_| anyhow::anyhow!("a run has panicked"))?);
            rows.collect()
        })
    }

    fn run_one(&self, load: &Load, controller: Controller, journal: &Path) -> anyhow::Result<Row> {
        let course = Course {
            scenario: load.scenario.clone(),
            start: load.start,
            lasts: load.lasts,
            seed: self.seed,
            policy: Arc::clone(&self.policy),
            journal: journal.join(format!("{}-{}", load.scenario.name, controller.label())),
            line: LINE,
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build()?;
        let tally = runtime.block_on(course.run(controller))?;
        Ok(Row {
            load: load.scenario.name.clone(),
            hours: load.lasts.as_secs_f64() / 3600.0,
            controller,
            figures: Figures::of(&tally, &self.policy, LINE),
            checks: verify::judge(&load.scenario, load.start, &tally, &self.policy, LINE),
            desired: tally.desired,
        })
    }
}

impl Demand {
    fn load(&self) -> Load {
        let points = self.series.points();
        let start = points.first().map_or(DEFAULT_START, |(at, _)| *at);
        let start = start - SignedDuration::from_secs(start.as_second().rem_euclid(60));
        let within = points.iter().map(|(at, value)| (at.as_second() - start.as_second(), *value));
        let within: Vec<_> = within.take_while(|(at, _)| *at <= i64::from(self.hours) * 3600).collect();
        let peak = within.iter().map(|(_, value)| *value).fold(f64::MIN_POSITIVE, f64::max);
        let mut users: Vec<Users> = within
            .iter()
            .map(|(at, value)| Users { at: *at as u32, users: value / peak * self.peak_users, by: Way::Ramp })
            .collect();
        if let Some(first) = users.first_mut() {
            first.at = 0;
        }
        let lasts = users.last().map_or(0, |last| last.at).max(60);
        let scenario = Scenario::of_users(&self.name, users);
        Load { scenario, start, lasts: SignedDuration::from_secs(lasts.into()) }
    }
}

impl Report {
    /// The table as Markdown, with the checks of the load tests under it.
    pub fn text(&self) -> String {
        let mut out = String::new();
        let line = self.line_s * 1000.0;
        let _ = writeln!(
            out,
            "| load | controller | min. p95 > {line:.0} ms | 5XX | task-hours | of the least | changes | reversals |\n\
             | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |"
        );
        for row in &self.rows {
            let figures = &row.figures;
            let _ = writeln!(
                out,
                "| {}, {:.0} h | {} | {} | {} | {:.2} | {:.2} × | {} | {} |",
                row.load.escape_debug(),
                row.hours,
                row.controller.label(),
                figures.minutes_over,
                figures.failed,
                figures.task_hours,
                figures.task_hours / figures.least_task_hours,
                figures.changes,
                figures.reversals,
            );
        }
        let _ = writeln!(out, "\n| load test | verify | {} |", Controller::ALL.map(Controller::label).join(" | "));
        let _ = writeln!(out, "| --- | --- | {} |", Controller::ALL.map(|_| "---").join(" | "));
        for load in self.rows.chunk_by(|a, b| a.load == b.load) {
            let checks = load.first().map_or(&[][..], |row| &row.checks);
            for (index, check) in checks.iter().enumerate() {
                let found = load.iter().filter_map(|row| row.checks.get(index));
                let found: Vec<_> = found.map(|check| format!("{}: {}", word(check.passes), check.found)).collect();
                let _ = writeln!(out, "| {} | {} | {} |", load[0].load, check.what, found.join(" | "));
            }
        }
        out
    }
}

fn word(passes: bool) -> &'static str {
    if passes { "pass" } else { "FAIL" }
}
