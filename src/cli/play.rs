//! The doors of a drill that need no terminal: a scenario played to its end at full speed, and the list of them.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::words::{AccountArgs, DrillArgs, InCharge};
use super::{Unanswered, paper, print};
use crate::drill::Drill;
use crate::drill::scenario::Scenario;
use crate::headless::contest::LINE;
use crate::headless::course::Controller;
use crate::headless::debrief::{Debrief, Marks};
use crate::headless::outcome::Play;
use crate::platform::Environment;
use crate::policy::Policy;

/// Minutes after the trouble before which there is nothing to debrief.
const WORTH_A_WORD: i64 = 2;
/// What the shell is told when something that a scenario verifies does not pass.
const FAILED: u8 = 1;

/// The scenarios, a line each: name, minutes, summary.
pub(super) fn list() -> String {
    let line = |one: Scenario| format!("  {:<15}{:>4} min  {}\n", one.name, one.length / 60, one.summary);
    Scenario::all().into_iter().map(line).collect()
}

/// `scaledeck drill --list`.
pub(super) fn print_list(as_json: bool) -> anyhow::Result<()> {
    if !as_json {
        return print(&list());
    }
    let rows: Vec<_> = Scenario::all()
        .into_iter()
        .map(|one| json!({ "name": one.name, "minutes": one.length / 60, "summary": one.summary }))
        .collect();
    print(&(serde_json::to_string_pretty(&rows)? + "\n"))
}

/// A scenario that somebody plays.
pub(super) struct Played {
    play: Play,
    start: Timestamp,
    marks: Marks,
}

impl Played {
    /// It begins now.
    pub(super) fn new(scenario: &Scenario, seed: u64, policy: Arc<Policy>, start: Timestamp) -> Self {
        let play =
            Play { scenario: scenario.clone(), seed, policy, journal: PathBuf::new(), lasts: SignedDuration::ZERO };
        Self { play, start, marks: Marks::default() }
    }

    /// Takes what was done to a resource.
    pub(super) fn take(&mut self, resource: &str, changed: bool, at: Timestamp) {
        self.marks.take(&self.play, self.start, resource, changed, at);
    }

    /// What to say when it is over, at `end` or when the scenario has ended; empty before the trouble has shown itself.
    pub(super) fn debrief(mut self, drill: &Drill, end: Timestamp) -> anyhow::Result<String> {
        let trouble = i64::from(self.play.scenario.trouble());
        drill.live_to(end);
        let lived = drill.tally(LINE);
        if (lived.minutes.len() as i64) < trouble / 60 + WORTH_A_WORD {
            return Ok(String::new());
        }
        let journal = tempfile::tempdir()?;
        journal.path().clone_into(&mut self.play.journal);
        self.play.lasts = SignedDuration::from_mins(lived.minutes.len() as i64);
        Ok(Debrief::of(&self.play, &lived, self.start, self.marks)?.text())
    }
}

/// `scaledeck drill --headless`.
pub(super) fn headless(scenario: Scenario, account: &AccountArgs, args: &DrillArgs) -> anyhow::Result<()> {
    let policy = paper::policy(account, &Environment::Production)?;
    policy.tell();
    // The journal is a passing one: what came of it must not depend on what was done here before.
    let journal = tempfile::tempdir()?;
    let play = Play {
        lasts: SignedDuration::from_secs(scenario.length.into()),
        scenario,
        seed: args.world.seed,
        policy: Arc::new(policy.policy),
        journal: journal.path().to_owned(),
    };
    let outcome = play.run(match args.controller {
        InCharge::Nobody => Controller::Nobody,
        InCharge::Aws => Controller::TargetTracking,
        InCharge::Engine => Controller::Engine,
        InCharge::Hpa => Controller::Hpa,
    })?;
    print(&if args.json { serde_json::to_string_pretty(&outcome)? + "\n" } else { outcome.text() })?;
    if outcome.passes {
        return Ok(());
    }
    let failed = outcome.checks.iter().filter(|check| !check.passes).count();
    Err(Unanswered::new(FAILED, format!("{failed} of {} checks failed", outcome.checks.len())).into())
}
