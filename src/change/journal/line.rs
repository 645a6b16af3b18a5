//! A line of the journal, and how a file of them is read.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::change::outcome::Outcome;
use crate::change::plan::Plan;
use crate::change::step::Step;
use crate::change::words;

/// The version that this program writes, and the newest that it reads. Lines of version 1 know only the count and the
/// floor of a service, name no step and no run; each is a line of version 2 as it stands.
pub(super) const VERSION: u32 = 2;

/// A change's name in the journal: when its first line was written, and where in the file. Unique among all
/// programs that write to one folder, because lines are placed under the lock.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChangeId(String);

impl ChangeId {
    pub(super) fn new(at: Timestamp, place: u64) -> Self {
        Self(format!("{}-{place}", at.strftime("%Y%m%dT%H%M%SZ")))
    }
}

impl fmt::Display for ChangeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whose time the lines carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Timekeeper {
    /// The system's clock.
    Wall,
    /// A drill's: none of it has happened to anybody.
    Drill,
}

/// How far a change is, on the disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    /// Enter was pressed; the target is being read once more. Nothing has been sent.
    Planned,
    /// The ticket's line: from here on it may have been sent.
    Sending,
    /// The one attempt has ended.
    Sent {
        /// How.
        result: Outcome,
    },
    /// It is being watched, or was left to itself.
    Following {
        /// Why nobody watches it any more, if so.
        left: Option<String>,
    },
    /// Nothing more will happen.
    Closed {
        /// How it ended.
        ended: Ended,
        /// AWS's reason, or ours.
        why: Option<String>,
    },
}

/// How a change ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// As asked for.
    Steady,
    /// Short of it.
    Partly,
    /// Not carried out.
    Failed,
    /// Somebody set another value.
    Overtaken,
    /// It was given up before anything went out.
    NotSent,
}

/// One line of the journal. Every line tells the whole change, so that any one of them can be read alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// The format's version.
    pub version: u32,
    /// The change.
    pub id: ChangeId,
    /// How far it is.
    #[serde(flatten)]
    pub state: State,
    /// When, on the clock named below.
    pub at: Timestamp,
    /// Whose time that is.
    pub clock: Timekeeper,
    /// What is changed, where, by whom, from which observed values, and the policy's sentence.
    pub plan: Plan,
    /// The operator's reason.
    pub reason: Option<String>,
    /// The call that the line is about, with everything it sends; none before the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<Step>,
    /// The run of the program that wrote it, by the name of its lock in the journal's folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
}

impl Line {
    pub(super) fn new(id: ChangeId, state: State, at: Timestamp, clock: Timekeeper, plan: Plan) -> Self {
        Self { version: VERSION, id, state, at, clock, plan, reason: None, step: None, run: None }
    }
}

/// A change whose last line is not that it is closed.
#[derive(Debug, Clone, PartialEq)]
pub struct Unfinished {
    /// Its last line.
    pub line: Line,
}

impl Unfinished {
    /// Whether it may have reached AWS: it has to be read back before anything is said of it.
    pub fn may_be_sent(&self) -> bool {
        self.line.state != State::Planned
    }
}

impl fmt::Display for Unfinished {
    /// "desired 6 → 8 of production/web at 14:32:07Z: it may have been sent; read it back".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plan = &self.line.plan;
        write!(f, "{} of {} at {}: ", plan.brief(), plan.change.target(), words::clock(self.line.at))?;
        match &self.line.state {
            State::Planned => f.write_str("it was not sent"),
            State::Sending => f.write_str("it may have been sent; read it back"),
            State::Sent { result: Outcome::Refused { code, .. } } => write!(f, "AWS refused it ({code})"),
            State::Sent { result: Outcome::Unknown { .. } } => f.write_str("no answer came; read it back"),
            State::Sent { result: Outcome::Accepted { .. } } => f.write_str("AWS accepted it; its end was not seen"),
            State::Following { left: Some(left) } => write!(f, "its end was not seen ({left})"),
            State::Following { left: None } => f.write_str("its end was not seen"),
            State::Closed { .. } => f.write_str("it is closed"),
        }
    }
}

/// How a file ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tail {
    /// With a whole line.
    Whole,
    /// With a whole line that lacks only its end-of-line.
    Unended,
    /// With the beginning of a line, from this byte on.
    Torn(usize),
}

/// A line that cannot be read, counted from 1.
#[derive(Debug)]
pub(super) struct Bad {
    pub(super) line: usize,
    pub(super) why: Why,
}

/// Why a line cannot be read.
#[derive(Debug)]
pub(super) enum Why {
    /// Its version.
    Newer(u64),
    /// What the parser said.
    Damaged(String),
}

/// The lines of a file, and how it ends. Only the last line can have been torn by a crash: anything else is damage.
pub(super) fn parse(bytes: &[u8]) -> Result<(Vec<Line>, Tail), Bad> {
    let mut lines = Vec::new();
    let mut tail = Tail::Whole;
    let mut place = 0;
    for (index, text) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let bad = |why| Bad { line: index + 1, why };
        let last = place + text.len() == bytes.len();
        match serde_json::from_slice::<serde_json::Value>(text) {
            Ok(value) => {
                let version = value.get("version").and_then(serde_json::Value::as_u64);
                if let Some(version) = version.filter(|version| *version > u64::from(VERSION)) {
                    return Err(bad(Why::Newer(version)));
                }
                lines.push(serde_json::from_value(value).map_err(|error| bad(Why::Damaged(error.to_string())))?);
                if !text.ends_with(b"\n") {
                    tail = Tail::Unended;
                }
            }
            Err(_) if last => tail = Tail::Torn(place),
            Err(error) => return Err(bad(Why::Damaged(error.to_string()))),
        }
        place += text.len();
    }
    Ok((lines, tail))
}
