//! The doors of a drill that need no terminal: a scenario played to its end at full speed, and the list of them.

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt as _;
use http::{Method, Request, Uri};
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

/// `:fault` in the console: `throttle 60` breaks something for so many seconds of the drill, `off` mends everything. The
/// sentence to say, of what is or of what is wrong with the words.
pub(super) fn fault(drill: &Drill, words: &str, now: Timestamp) -> String {
    let mut parts = words.split_whitespace();
    let (name, seconds) = (parts.next().unwrap_or_default(), parts.next());
    let (method, body) = match (name, seconds.map(str::parse::<u32>)) {
        ("off", _) => (Method::DELETE, String::new()),
        (_, Some(Err(_))) => return format!("{} is no number of seconds", seconds.unwrap_or_default()),
        (name, None) => (Method::POST, json!({ "fault": name }).to_string()),
        (name, Some(Ok(seconds))) => (Method::POST, json!({ "fault": name, "for": seconds }).to_string()),
    };
    let mut request = Request::new(Bytes::from(body));
    *request.method_mut() = method;
    *request.uri_mut() = Uri::from_static("http://drill/_drill/faults");
    // The drill's own routes wait for nothing.
    let answer = drill.answer(request, || now).now_or_never().and_then(Result::ok);
    let answer = answer.and_then(|answer| serde_json::from_slice::<serde_json::Value>(answer.body()).ok());
    match answer.as_ref().map(|answer| (answer["error"].as_str(), answer["faults"].as_array().map_or(0, Vec::len))) {
        Some((Some(problem), _)) => problem.to_owned(),
        Some((None, 0)) => "nothing is broken any more".to_owned(),
        Some((None, count)) => format!("broken: {name} – {count} in all, `fault off` mends them"),
        None => "the drill did not answer".to_owned(),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drill::DEFAULT_START;

    #[test]
    fn faults_are_switched_on_and_off_by_words() {
        let drill = Drill::new(&Scenario::builtin("calm").unwrap(), 1, DEFAULT_START);
        let said = |words: &str| fault(&drill, words, DEFAULT_START);
        assert_eq!(said("throttle 60"), "broken: throttle – 1 in all, `fault off` mends them");
        assert_eq!(said("hang"), "broken: hang – 2 in all, `fault off` mends them");
        assert_eq!(said("off"), "nothing is broken any more");
        assert_eq!(said("throttle soon"), "soon is no number of seconds");
        assert!(said("sleep").starts_with("no fault \"sleep\"; there are hang"), "{}", said("sleep"));
    }
}
