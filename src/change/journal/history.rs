//! The journal read back, to be looked at: every change as its lines tell it, and what could not be read.
//!
//! Reading takes no lock, mends nothing and writes nothing: a line that another program is just writing is passed over.
//! Absent on purpose: deciding whether a journal may be written to; [`super::Journal::open`] does.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use jiff::Timestamp;
use serde::Serialize;

use super::line::{ChangeId, Ended, Line, State, Timekeeper, VERSION};
use crate::change::command::command;
use crate::change::kind::Change;
use crate::change::outcome::Outcome;
use crate::change::plan::Plan;
use crate::platform::GroupId;

/// How many changes are kept for a screen.
pub const KEPT: usize = 500;

/// A change, as the lines of the journal tell it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Entry {
    /// Its name in the journal.
    pub id: ChangeId,
    /// When its first line was written.
    pub began: Timestamp,
    /// When its newest line was written.
    pub last: Timestamp,
    /// Whose time that is.
    pub clock: Timekeeper,
    /// What was changed, where, by whom, from which values, and what the policy said.
    pub plan: Plan,
    /// The operator's reason.
    pub reason: Option<String>,
    /// How far it came.
    #[serde(flatten)]
    pub state: State,
    /// AWS's request id, once AWS has accepted it.
    pub request_id: Option<String>,
}

impl Entry {
    fn of(line: Line) -> Self {
        let Line { id, state, at, clock, plan, reason, .. } = line;
        let request_id = request_id(&state);
        Self { id, began: at, last: at, clock, plan, reason, state, request_id }
    }

    fn take(&mut self, line: Line) {
        self.request_id = request_id(&line.state).or(self.request_id.take());
        self.began = self.began.min(line.at);
        self.last = self.last.max(line.at);
        self.reason = line.reason.or(self.reason.take());
        self.plan = line.plan;
        self.state = line.state;
    }

    /// The group that it was about.
    pub fn group(&self) -> GroupId {
        self.plan.change.target()
    }

    /// What was changed: "desired 6 → 8".
    pub fn what(&self) -> String {
        self.plan.brief()
    }

    /// The count before and after, where the desired count itself was set.
    pub fn moved(&self) -> Option<(u32, u32)> {
        let carried = !matches!(self.state, State::Planned)
            && !matches!(self.state, State::Closed { ended: Ended::NotSent | Ended::Failed, .. });
        match self.plan.change {
            Change::Desired { to, .. } if carried => Some((self.plan.from(), to.0)),
            _ => None,
        }
    }

    /// Who: `user/ada`, or the role with its session's name, which tells the person: `sre-oncall/ada`.
    pub fn who(&self) -> &str {
        let arn = &self.plan.identity.arn;
        let resource = arn.splitn(6, ':').nth(5).unwrap_or(arn);
        resource.strip_prefix("assumed-role/").unwrap_or(resource)
    }

    /// The command that does the same, shell-quoted.
    pub fn command(&self) -> String {
        command(&self.plan)
    }

    /// Seconds from its first line to its last.
    pub fn took_s(&self) -> i64 {
        self.last.as_second() - self.began.as_second()
    }

    /// What became of it, in words without a full stop. It may repeat what AWS said.
    pub fn outcome(&self) -> String {
        let because = |why: &Option<String>| why.as_ref().map_or_else(String::new, |why| format!(": {why}"));
        match &self.state {
            State::Planned => "asked for, nothing was sent yet".to_owned(),
            State::Sending => "it may have been sent".to_owned(),
            State::Sent { result: Outcome::Accepted { .. } } => "accepted by AWS".to_owned(),
            State::Sent { result: Outcome::Refused { code, message } } => format!("refused by AWS: {code}: {message}"),
            State::Sent { result: Outcome::Unknown { detail } } => format!("no answer came: {detail}"),
            State::Following { left: Some(left) } => format!("left to itself: {left}"),
            State::Following { left: None } => "being followed".to_owned(),
            State::Closed { ended, why } => {
                let word = match ended {
                    Ended::Steady => "steady",
                    Ended::Partly => "partly",
                    Ended::Failed => "failed",
                    Ended::Overtaken => "overtaken",
                    Ended::NotSent => "not sent",
                };
                format!("{word}{}", because(why))
            }
        }
    }
}

fn request_id(state: &State) -> Option<String> {
    match state {
        State::Sent { result: Outcome::Accepted { request_id } } => request_id.clone(),
        _ => None,
    }
}

/// What a journal tells.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct History {
    /// Every change, the newest first.
    pub entries: Vec<Entry>,
    /// What could not be read, a sentence each.
    pub damage: Vec<String>,
}

/// Changes under construction: lines in, entries out.
#[derive(Debug, Default)]
pub(super) struct Told(BTreeMap<ChangeId, Entry>);

impl Told {
    pub(super) fn take(&mut self, line: Line) {
        match self.0.get_mut(&line.id) {
            Some(entry) => entry.take(line),
            None => {
                self.0.insert(line.id.clone(), Entry::of(line));
            }
        }
        while self.0.len() > KEPT {
            self.0.pop_first();
        }
    }

    /// The newest first.
    pub(super) fn entries(&self) -> Vec<Entry> {
        newest_first(self.0.values().cloned().collect())
    }
}

fn newest_first(mut entries: Vec<Entry>) -> Vec<Entry> {
    entries.sort_by(|a, b| b.began.cmp(&a.began).then_with(|| b.id.cmp(&a.id)));
    entries
}

/// Reads the journal in a folder: changes that have a line at or after `since`. A folder that is not there is empty.
///
/// A torn last line is told of and passed over; so is every line that cannot be read, by file and number.
pub fn history(folder: &Path, since: Option<Timestamp>) -> io::Result<History> {
    let months = match super::disk::months(folder) {
        Ok(months) => months,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(History::default()),
        Err(error) => return Err(error),
    };
    let mut found: BTreeMap<ChangeId, Entry> = BTreeMap::new();
    let mut damage = Vec::new();
    for path in months {
        let bytes = fs::read(&path)?;
        for (index, text) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
            let place = || format!("{}, line {}", path.display(), index + 1);
            match read(text) {
                Ok(line) => match found.get_mut(&line.id) {
                    Some(entry) => entry.take(line),
                    None => {
                        found.insert(line.id.clone(), Entry::of(line));
                    }
                },
                Err(_) if !text.ends_with(b"\n") => {
                    damage.push(format!("{} was cut short, perhaps by a crash: it is passed over", place()));
                }
                Err(why) => damage.push(format!("{} cannot be read ({why}): it is passed over", place())),
            }
        }
    }
    let entries = found.into_values().filter(|entry| since.is_none_or(|since| entry.last >= since)).collect();
    Ok(History { entries: newest_first(entries), damage })
}

fn read(text: &[u8]) -> Result<Line, String> {
    let value: serde_json::Value = serde_json::from_slice(text).map_err(|error| error.to_string())?;
    let version = value.get("version").and_then(serde_json::Value::as_u64);
    if let Some(version) = version.filter(|version| *version > u64::from(VERSION)) {
        return Err(format!("version {version}, from a newer scaledeck"));
    }
    serde_json::from_value(value).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::change::follow::Stage;
    use crate::change::journal::Journal;
    use crate::change::scene::Scene;
    use crate::platform::{Environment, ServiceId, TaskCount};

    fn scene() -> Scene {
        Scene::new(ServiceId::new("prod", "web")).limits(2, 10)
    }

    fn plan(scene: &Scene, to: u32) -> Plan {
        Plan::desired(&scene.platform, &scene.id, TaskCount(to), None, &Environment::Production, scene.now).unwrap()
    }

    fn later(scene: &Scene, seconds: i64) -> Timestamp {
        scene.now + SignedDuration::from_secs(seconds)
    }

    #[test]
    fn a_change_is_one_entry_whatever_its_lines() {
        let folder = tempfile::tempdir().unwrap();
        let scene = scene();
        let (mut journal, _) = Journal::open(folder.path(), Timekeeper::Drill).unwrap();
        let id = journal.planned(&plan(&scene, 8), Some("a sale"), scene.now).unwrap();
        journal.sent(&id, &Outcome::Accepted { request_id: Some("r-1".to_owned()) }, later(&scene, 2)).unwrap();
        journal.closed(&id, &Stage::Steady, later(&scene, 112)).unwrap();
        let second = journal.planned(&plan(&scene, 9), None, later(&scene, 300)).unwrap();
        journal.not_sent(&second, "it was refused", later(&scene, 301)).unwrap();
        let history = history(folder.path(), None).unwrap();
        assert_eq!(history.damage, Vec::<String>::new());
        let told: Vec<_> =
            history.entries.iter().map(|entry| (entry.what(), entry.outcome(), entry.took_s())).collect();
        let from = plan(&scene, 8).from();
        assert_eq!(
            told,
            [
                (format!("desired {from} → 9"), "not sent: it was refused".to_owned(), 1),
                (format!("desired {from} → 8"), "steady".to_owned(), 112),
            ]
        );
        let first = &history.entries[1];
        assert_eq!((first.reason.as_deref(), first.request_id.as_deref()), (Some("a sale"), Some("r-1")));
        assert_eq!(
            (first.moved(), history.entries[0].moved()),
            (Some((from, 8)), None),
            "what was not sent moved nothing"
        );
        assert_eq!(journal.entries(), history.entries, "the journal that writes tells the same");
    }

    #[test]
    fn since_leaves_out_what_ended_before_it() {
        let folder = tempfile::tempdir().unwrap();
        let scene = scene();
        let (mut journal, _) = Journal::open(folder.path(), Timekeeper::Wall).unwrap();
        for seconds in [0, 3600] {
            let id = journal.planned(&plan(&scene, 8), None, later(&scene, seconds)).unwrap();
            journal.closed(&id, &Stage::Steady, later(&scene, seconds + 60)).unwrap();
        }
        let count = |since| history(folder.path(), Some(later(&scene, since))).unwrap().entries.len();
        assert_eq!((count(0), count(60), count(61), count(3660), count(3661)), (2, 2, 1, 1, 0));
    }

    #[test]
    fn what_is_torn_or_damaged_is_named_and_the_rest_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let scene = scene();
        let (mut journal, _) = Journal::open(folder.path(), Timekeeper::Wall).unwrap();
        journal.planned(&plan(&scene, 8), None, scene.now).unwrap();
        let file = super::super::disk::months(folder.path()).unwrap().remove(0);
        let whole = fs::read(&file).unwrap();
        let newer = String::from_utf8(whole.clone()).unwrap().replace("\"version\":2", "\"version\":99");
        let bytes = [b"not json\n".as_slice(), &whole, newer.as_bytes(), b"{\"version\":1,\"id\""].concat();
        fs::write(&file, &bytes).unwrap();
        let history = history(folder.path(), None).unwrap();
        assert_eq!(history.entries.len(), 1);
        let ends: Vec<_> = history.damage.iter().map(|words| words.rsplit_once(", line ").unwrap().1).collect();
        assert!(ends[0].starts_with("1 cannot be read ("), "{ends:?}");
        assert_eq!(ends[1], "3 cannot be read (version 99, from a newer scaledeck): it is passed over");
        assert_eq!(ends[2], "4 was cut short, perhaps by a crash: it is passed over");
        assert_eq!(fs::read(&file).unwrap(), bytes, "looking mends nothing");
        assert_eq!(super::history(&folder.path().join("nowhere"), None).unwrap(), History::default());
    }
}
