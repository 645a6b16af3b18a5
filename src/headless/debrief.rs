//! What is told after somebody has played a scenario: when they noticed, acted and recovered, what it cost, beside what
//! AWS alone and the engine would have made of the same time.

use std::fmt::Write as _;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::course::Controller;
use super::outcome::{Outcome, Play, minutes};
use crate::drill::Tally;

/// Who plays the par runs.
const PAR: [Controller; 2] = [Controller::TargetTracking, Controller::Engine];

/// What an operator did on the resource that the scenario afflicts, and when; nothing before the trouble counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Marks {
    /// The first why, preview or acknowledgement.
    pub noticed: Option<Timestamp>,
    /// The first change that was confirmed.
    pub acted: Option<Timestamp>,
}

/// A debrief.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Debrief {
    /// Minutes from the trouble until it was noticed; `None`: it was not.
    pub noticed_min: Option<u32>,
    /// Minutes from the trouble until a change was confirmed; `None`: none was.
    pub acted_min: Option<u32>,
    /// What came of it.
    pub yours: Outcome,
    /// What came of it with others in charge, for as long.
    pub par: Vec<Outcome>,
    /// What there was to notice, in the scenario's words.
    pub notice: String,
    /// What resolves it, in the scenario's words.
    pub resolve: String,
}

impl Marks {
    /// Takes a look at a resource, or a change of it.
    pub fn take(&mut self, play: &Play, start: Timestamp, resource: &str, changed: bool, at: Timestamp) {
        let afflicted = play.scenario.afflicted.as_ref();
        let is_it = afflicted.is_none_or(|afflicted| afflicted.resource == resource);
        let trouble = start + SignedDuration::from_secs(play.scenario.trouble().into());
        if !is_it || at < trouble {
            return;
        }
        self.noticed = self.noticed.or(Some(at));
        if changed {
            self.acted = self.acted.or(Some(at));
        }
    }
}

impl Debrief {
    /// The debrief of what was lived since `start`. Plays the par runs.
    pub fn of(play: &Play, lived: &Tally, start: Timestamp, marks: Marks) -> anyhow::Result<Self> {
        let trouble = start + SignedDuration::from_secs(play.scenario.trouble().into());
        let since = |at: Timestamp| (at.duration_since(trouble).as_secs() / 60) as u32;
        let par = PAR.into_iter().map(|controller| play.run(controller)).collect::<anyhow::Result<_>>()?;
        Ok(Self {
            noticed_min: marks.noticed.map(since),
            acted_min: marks.acted.map(since),
            yours: play.outcome(lived, start, None),
            par,
            notice: play.scenario.notice.clone(),
            resolve: play.scenario.resolve.clone(),
        })
    }

    /// A page for a person.
    pub fn text(&self) -> String {
        let mut out = String::new();
        let yours = &self.yours;
        let _ = writeln!(
            out,
            "Debrief: {}, seed {}, {} minutes\n",
            yours.scenario.escape_debug(),
            yours.seed,
            yours.minutes
        );
        let _ = writeln!(out, "| | {} |", self.columns(|outcome| outcome.who().to_owned()));
        let _ = writeln!(out, "| --- | {} |", self.columns(|_| "---:".to_owned()));
        let theirs = |words: String| format!("{words}{}", " | –".repeat(self.par.len()));
        let _ = writeln!(out, "| noticed after | {} |", theirs(minutes(self.noticed_min, "never")));
        let acted = |outcome: &Outcome| match outcome.controller {
            None => minutes(self.acted_min, "never"),
            Some(_) => minutes(outcome.acted_min, "never"),
        };
        let _ = writeln!(out, "| acted after | {} |", self.columns(acted));
        let recovered = |outcome: &Outcome| minutes(outcome.recovered_min, "never");
        let _ = writeln!(out, "| recovered after | {} |", self.columns(recovered));
        let _ = writeln!(out, "| minutes lost | {} |", self.columns(|outcome| outcome.lost_minutes.to_string()));
        let _ = writeln!(out, "| 5XX | {} |", self.columns(|outcome| outcome.figures.failed.to_string()));
        let hours = |outcome: &Outcome| format!("{:.2}", outcome.figures.task_hours);
        let _ = writeln!(out, "| task-hours | {} |", self.columns(hours));
        let _ = writeln!(out, "| reversals | {} |", self.columns(|outcome| outcome.figures.reversals.to_string()));
        let _ = writeln!(out, "| cost | {} |", self.columns(|outcome| format!("${:.2}", outcome.dollars)));
        for (index, check) in yours.checks.iter().enumerate() {
            let found = |outcome: &Outcome| {
                let word = |passes| if passes { "pass" } else { "FAIL" };
                let check = outcome.checks.get(index);
                check.map_or_else(String::new, |check| format!("{}: {}", word(check.passes), check.found))
            };
            let _ = writeln!(out, "| {} | {} |", check.what, self.columns(found));
        }
        for (what, words) in [("To notice", &self.notice), ("To resolve", &self.resolve)] {
            if !words.is_empty() {
                let _ = write!(out, "\n{what}: {}\n", words.escape_debug());
            }
        }
        out
    }

    fn columns(&self, cell: impl Fn(&Outcome) -> String) -> String {
        std::iter::once(&self.yours).chain(&self.par).map(cell).collect::<Vec<_>>().join(" | ")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::drill::scenario::Scenario;
    use crate::drill::{DEFAULT_START, Drill};
    use crate::headless::contest::LINE;
    use crate::platform::Environment;
    use crate::policy::Policy;

    fn play(journal: &std::path::Path, minutes: i64) -> Play {
        Play {
            scenario: Scenario::builtin("spike").unwrap(),
            seed: 1,
            policy: Arc::new(Policy::of_spec(Environment::Production)),
            journal: journal.to_owned(),
            lasts: SignedDuration::from_mins(minutes),
        }
    }

    fn after(seconds: i64) -> Timestamp {
        DEFAULT_START + SignedDuration::from_secs(seconds)
    }

    #[test]
    fn only_what_is_done_to_the_afflicted_after_the_trouble_counts_and_only_the_first() {
        let mut play = play(std::path::Path::new("unused"), 10);
        play.scenario = Scenario::builtin("bad-deploy").unwrap();
        let mut marks = Marks::default();
        for (seconds, resource, changed) in [
            (179, "solosuccess-ai-service", true),
            (200, "another", true),
            (240, "solosuccess-ai-service", false),
            (300, "solosuccess-ai-service", true),
            (400, "solosuccess-ai-service", true),
        ] {
            marks.take(&play, DEFAULT_START, resource, changed, after(seconds));
        }
        assert_eq!(marks, Marks { noticed: Some(after(240)), acted: Some(after(300)) });
    }

    #[test]
    fn a_debrief_stands_beside_its_par_runs() {
        let journal = tempfile::tempdir().unwrap();
        let play = play(journal.path(), 20);
        let drill = Drill::new(&play.scenario, 1, DEFAULT_START);
        drill.live_to(after(20 * 60));
        let marks = Marks { noticed: Some(after(150)), acted: None };
        let debrief = Debrief::of(&play, &drill.tally(LINE), DEFAULT_START, marks).unwrap();
        assert_eq!((debrief.noticed_min, debrief.acted_min), (Some(1), None));
        let aws = &debrief.par[0];
        assert_eq!((aws.controller, aws.minutes), (Some(Controller::TargetTracking), 20));
        assert_eq!(aws.figures, debrief.yours.figures, "nobody acted, so it is AWS's own run");
        assert!((aws.dollars - debrief.yours.dollars).abs() < 0.01 && aws.dollars > 0.0);
        let text = debrief.text();
        assert!(text.contains("| noticed after | 1 min | – | – |"), "{text}");
        assert!(text.contains("| | you | AWS target tracking | scaledeck |"), "{text}");
        assert!(text.contains("To resolve: Eight tasks"), "{text}");
    }
}
