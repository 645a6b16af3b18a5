//! The record of every change: JSON lines, a file a month, on the disk before anything is sent.
//!
//! A line is appended under a lock and flushed to the disk – with the folder, when the file is new – before the call
//! that wrote it returns. Every call here blocks on the disk: from async code, make it on a blocking thread.
//!
//! Absent on purpose: secrets. A line holds what was changed, by whom and why.

mod disk;
mod line;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

pub use line::{ChangeId, Ended, Line, State, Timekeeper, Unfinished};

use self::line::{Bad, Tail, Why};
use super::confirm::Confirmed;
use super::follow::Stage;
use super::outcome::Outcome;
use super::plan::{Change, Plan};

/// How often the lock is tried, over two seconds, before another program is said to hold it.
const LOCK_TRIES: u32 = 40;

/// Why nothing can be written, and so nothing be sent.
#[derive(Debug, thiserror::Error)]
pub enum JournalFault {
    /// A line before the last one cannot be read.
    #[error("{}, line {line}, is damaged ({why}): name another folder with --journal DIR, and keep this one", file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What the parser said.
        why: String,
    },
    /// A later version of this program has written it.
    #[error("{}, line {line}, is of version {version}, from a newer scaledeck: name another folder with --journal DIR", file.display())]
    Newer {
        /// The file.
        file: PathBuf,
        /// Counted from 1.
        line: usize,
        /// The version.
        version: u64,
    },
    /// The folder or a file in it cannot be written.
    #[error("{} cannot be written ({error}): name another folder with --journal DIR", path.display())]
    Unwritable {
        /// The folder or the file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// Another program has held the lock for two seconds.
    #[error("{} is held by another program: see whether another scaledeck is stuck", lock.display())]
    Locked {
        /// The lock file.
        lock: PathBuf,
    },
    /// A later line for a change that this journal does not know, or knows to be closed.
    #[error("no change {id} is open in this journal")]
    NoSuchChange {
        /// The name.
        id: ChangeId,
    },
}

/// The journal of one user, in one folder.
#[derive(Debug)]
pub struct Journal {
    folder: PathBuf,
    clock: Timekeeper,
    /// The last line of each change that is not closed.
    open: BTreeMap<ChangeId, Line>,
    notes: Vec<String>,
    lock_tries: u32,
}

/// Proof that the line of a change is on the disk. Taken by value by the one call it stands for.
///
/// ```compile_fail,E0451
/// fn forge(id: scaledeck::change::ChangeId, change: scaledeck::change::Change) -> scaledeck::change::Ticket {
///     scaledeck::change::Ticket { id, change }
/// }
/// ```
#[derive(Debug)]
pub struct Ticket {
    id: ChangeId,
    change: Change,
}

impl Ticket {
    /// The change's name in the journal.
    pub fn id(&self) -> &ChangeId {
        &self.id
    }

    /// The change that this ticket stands for, and no other.
    pub fn change(&self) -> &Change {
        &self.change
    }
}

impl Journal {
    /// Opens the journal in `folder`, making the folder if need be, and says which changes an earlier run left
    /// unfinished. Changes of the other clock – a drill's, outside a drill – are none of ours.
    ///
    /// A torn last line is set aside, with a note in [`Journal::notes`]. Damage anywhere else is a fault, so that no
    /// change is sent until the operator names a good folder.
    pub fn open(folder: &Path, clock: Timekeeper) -> Result<(Self, Vec<Unfinished>), JournalFault> {
        disk::make_folder(folder).map_err(unwritable(folder))?;
        let _lock = disk::lock(folder, LOCK_TRIES)?;
        let mut journal =
            Self { folder: folder.to_owned(), clock, open: BTreeMap::new(), notes: Vec::new(), lock_tries: LOCK_TRIES };
        for file in disk::months(folder).map_err(unwritable(folder))? {
            for line in journal.read(&file)? {
                if line.clock == clock {
                    journal.open.insert(line.id.clone(), line);
                }
            }
        }
        journal.open.retain(|_, line| !matches!(line.state, State::Closed { .. }));
        let unfinished = journal.open.values().map(|line| Unfinished { line: line.clone() }).collect();
        Ok((journal, unfinished))
    }

    /// What was noticed and mended when the journal was opened or written, a sentence each.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Writes down that Enter was pressed on a plan, before it is read again: a trace of what was refused.
    /// [`Journal::ticket`] goes on under the same name.
    pub fn planned(&mut self, plan: &Plan, reason: Option<&str>, now: Timestamp) -> Result<ChangeId, JournalFault> {
        self.append(None, plan, reason.map(str::to_owned), State::Planned, now)
    }

    /// Puts the line of a confirmed change on the disk. The ticket exists only after that.
    pub fn ticket(&mut self, confirmed: &Confirmed, now: Timestamp) -> Result<Ticket, JournalFault> {
        let plan = confirmed.plan();
        let planned = |line: &&Line| line.state == State::Planned && line.plan == *plan;
        let id = self.open.values().find(planned).map(|line| line.id.clone());
        let reason = confirmed.reason().map(str::to_owned);
        let id = self.append(id, plan, reason, State::Sending, now)?;
        Ok(Ticket { id, change: plan.change.clone() })
    }

    /// Writes down what the one attempt came to.
    pub fn sent(&mut self, id: &ChangeId, result: &Outcome, now: Timestamp) -> Result<(), JournalFault> {
        self.go_on(id, State::Sent { result: result.clone() }, now)
    }

    /// Writes down that the change is being followed – or, with a reason, that it was left to itself.
    pub fn following(&mut self, id: &ChangeId, left: Option<&str>, now: Timestamp) -> Result<(), JournalFault> {
        self.go_on(id, State::Following { left: left.map(str::to_owned) }, now)
    }

    /// Writes down how a change ended; a stage that is not an end is written as being followed.
    pub fn closed(&mut self, id: &ChangeId, stage: &Stage, now: Timestamp) -> Result<(), JournalFault> {
        let (ended, why) = match stage {
            Stage::Sending | Stage::Unknown | Stage::Under { .. } => return self.following(id, None, now),
            Stage::Steady => (Ended::Steady, None),
            Stage::Partly { why } => (Ended::Partly, Some(why)),
            Stage::Failed { why } => (Ended::Failed, Some(why)),
            Stage::Overtaken { by } => (Ended::Overtaken, Some(by)),
        };
        self.go_on(id, State::Closed { ended, why: why.cloned() }, now)
    }

    /// Writes down that a change was given up before anything was sent.
    pub fn not_sent(&mut self, id: &ChangeId, why: &str, now: Timestamp) -> Result<(), JournalFault> {
        self.go_on(id, State::Closed { ended: Ended::NotSent, why: Some(why.to_owned()) }, now)
    }

    fn go_on(&mut self, id: &ChangeId, state: State, now: Timestamp) -> Result<(), JournalFault> {
        let Some(Line { plan, reason, .. }) = self.open.get(id).cloned() else {
            return Err(JournalFault::NoSuchChange { id: id.clone() });
        };
        self.append(Some(id.clone()), &plan, reason, state, now).map(drop)
    }

    /// Appends a line. Without a name, the line's own place makes one.
    fn append(
        &mut self,
        id: Option<ChangeId>,
        plan: &Plan,
        reason: Option<String>,
        state: State,
        now: Timestamp,
    ) -> Result<ChangeId, JournalFault> {
        let _lock = disk::lock(&self.folder, self.lock_tries)?;
        let path = self.folder.join(now.strftime("%Y-%m.jsonl").to_string());
        if disk::is_torn(&path).map_err(unwritable(&path))? {
            self.read(&path)?;
        }
        let line = disk::append(&path, |place| {
            let id = id.unwrap_or_else(|| ChangeId::new(now, place));
            let line = Line { reason, ..Line::new(id, state, now, self.clock, plan.clone()) };
            let mut bytes = serde_json::to_vec(&line)?;
            bytes.push(b'\n');
            Ok((bytes, line))
        })
        .map_err(unwritable(&path))?;
        let id = line.id.clone();
        if matches!(line.state, State::Closed { .. }) {
            self.open.remove(&id);
        } else {
            self.open.insert(id.clone(), line);
        }
        Ok(id)
    }

    /// Every line of a file, its last one mended if a crash has cut it short.
    fn read(&mut self, path: &Path) -> Result<Vec<Line>, JournalFault> {
        let bytes = fs::read(path).map_err(unwritable(path))?;
        let (lines, tail) = line::parse(&bytes).map_err(|Bad { line, why }| match why {
            Why::Newer(version) => JournalFault::Newer { file: path.to_owned(), line, version },
            Why::Damaged(why) => JournalFault::Damaged { file: path.to_owned(), line, why },
        })?;
        match tail {
            Tail::Whole => {}
            Tail::Unended => {
                disk::append(path, |_| Ok((b"\n".to_vec(), ()))).map_err(unwritable(path))?;
                self.notes.push(format!("the last line of {} had no end: it was given one", path.display()));
            }
            Tail::Torn(place) => {
                let aside = disk::set_aside(path, place as u64).map_err(unwritable(path))?;
                let (path, aside) = (path.display(), aside.display());
                self.notes
                    .push(format!("the last line of {path} was cut short by a crash: it is set aside in {aside}"));
            }
        }
        Ok(lines)
    }
}

fn unwritable(path: &Path) -> impl Fn(io::Error) -> JournalFault {
    let path = path.to_owned();
    move |error| JournalFault::Unwritable { path: path.clone(), error }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::confirm::{Answer, Asked, confirm};
    use crate::change::guard;
    use crate::change::scene::Scene;
    use crate::platform::{Environment, ServiceId};
    use crate::policy::Policy;

    fn confirmed(to: u32) -> Confirmed {
        let scene = Scene::web().limits(4, 10);
        let policy = Policy::of_spec(Environment::Production);
        let plan = scene.desired(to);
        let shown = guard::tier(&plan, &policy);
        let answer = Answer { typed: shown.typed().unwrap_or_default(), reason: Some("queue grows".to_owned()) };
        let asked = Asked { plan, shown, answer, pressed: scene.now };
        confirm(asked, &scene.platform, &policy, &Environment::Production, scene.now).unwrap()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn noon() -> Timestamp {
        at("2026-11-03T12:00:00Z")
    }

    fn open(folder: &Path) -> (Journal, Vec<Unfinished>) {
        Journal::open(folder, Timekeeper::Wall).unwrap()
    }

    fn states(folder: &Path, month: &str) -> Vec<State> {
        let (lines, tail) = line::parse(&fs::read(folder.join(month)).unwrap()).unwrap();
        assert_eq!(tail, Tail::Whole);
        lines.into_iter().map(|line| line.state).collect()
    }

    #[test]
    fn a_change_is_written_down_step_by_step_under_one_name() {
        let dir = tempfile::tempdir().unwrap();
        let (mut journal, unfinished) = open(dir.path());
        assert!(unfinished.is_empty());
        let confirmed = confirmed(8);
        let id = journal.planned(confirmed.plan(), None, noon()).unwrap();
        let ticket = journal.ticket(&confirmed, noon()).unwrap();
        assert_eq!((ticket.id(), ticket.change()), (&id, &confirmed.plan().change));
        let accepted = Outcome::Accepted { request_id: Some("r-1".to_owned()) };
        journal.sent(&id, &accepted, noon()).unwrap();
        journal.following(&id, None, noon()).unwrap();
        journal.closed(&id, &Stage::Steady, noon()).unwrap();
        assert_eq!(
            states(dir.path(), "2026-11.jsonl"),
            [
                State::Planned,
                State::Sending,
                State::Sent { result: accepted },
                State::Following { left: None },
                State::Closed { ended: Ended::Steady, why: None },
            ]
        );
        assert!(open(dir.path()).1.is_empty(), "a closed change is not unfinished");
        assert!(matches!(journal.following(&id, None, noon()), Err(JournalFault::NoSuchChange { .. })));
    }

    #[test]
    fn the_line_of_a_ticket() {
        let dir = tempfile::tempdir().unwrap();
        open(dir.path()).0.ticket(&confirmed(8), noon()).unwrap();
        let line = fs::read_to_string(dir.path().join("2026-11.jsonl")).unwrap();
        insta::assert_snapshot!(line.trim_end());
    }

    #[test]
    fn what_an_earlier_run_left_is_reported_and_can_be_closed() {
        let dir = tempfile::tempdir().unwrap();
        let mut first = open(dir.path()).0;
        let ids: Vec<_> = [7, 8, 9].map(|to| first.ticket(&confirmed(to), noon()).unwrap().id().clone()).into();
        first.closed(&ids[1], &Stage::Steady, noon()).unwrap();
        first.sent(&ids[2], &Outcome::Unknown { detail: "timed out".to_owned() }, noon()).unwrap();
        drop(first);

        let (mut second, unfinished) = open(dir.path());
        let told: Vec<_> = unfinished.iter().map(ToString::to_string).collect();
        let service = "solosuccess-production/web";
        assert_eq!(
            told,
            [
                format!("desired 6 → 7 of {service} at 12:00:00Z: it may have been sent; read it back"),
                format!("desired 6 → 9 of {service} at 12:00:00Z: no answer came; read it back"),
            ]
        );
        assert!(unfinished.iter().all(Unfinished::may_be_sent));
        for left in unfinished {
            assert_eq!(left.line.plan.change.service(), &ServiceId::new("solosuccess-production", "web"));
            second.closed(&left.line.id, &Stage::Failed { why: "not carried out".to_owned() }, noon()).unwrap();
        }
        assert!(open(dir.path()).1.is_empty());
    }

    #[test]
    fn what_was_only_planned_was_not_sent() {
        let dir = tempfile::tempdir().unwrap();
        let mut journal = open(dir.path()).0;
        let id = journal.planned(confirmed(8).plan(), None, noon()).unwrap();
        let (_, unfinished) = open(dir.path());
        assert!(!unfinished[0].may_be_sent());
        journal.not_sent(&id, "desired was 6, is 7", noon()).unwrap();
        assert!(open(dir.path()).1.is_empty());
    }

    #[test]
    fn names_differ_even_within_a_second_and_between_programs() {
        let dir = tempfile::tempdir().unwrap();
        let (mut one, mut other) = (open(dir.path()).0, open(dir.path()).0);
        let first = one.ticket(&confirmed(8), noon()).unwrap();
        let second = other.ticket(&confirmed(8), noon()).unwrap();
        assert_ne!(first.id(), second.id());
    }

    #[test]
    fn a_month_has_a_file_of_its_own_and_a_change_goes_on_in_the_next() {
        let dir = tempfile::tempdir().unwrap();
        let mut journal = open(dir.path()).0;
        let ticket = journal.ticket(&confirmed(8), at("2026-11-30T23:59:59Z")).unwrap();
        journal.closed(ticket.id(), &Stage::Steady, at("2026-12-01T00:01:49Z")).unwrap();
        assert_eq!(states(dir.path(), "2026-11.jsonl"), [State::Sending]);
        assert_eq!(states(dir.path(), "2026-12.jsonl"), [State::Closed { ended: Ended::Steady, why: None }]);
        assert!(open(dir.path()).1.is_empty());
    }

    #[test]
    fn a_drills_changes_are_marked_and_are_not_the_walls() {
        let dir = tempfile::tempdir().unwrap();
        let mut drill = Journal::open(dir.path(), Timekeeper::Drill).unwrap().0;
        drill.ticket(&confirmed(8), noon()).unwrap();
        assert!(fs::read_to_string(dir.path().join("2026-11.jsonl")).unwrap().contains(r#""clock":"drill""#));
        assert!(open(dir.path()).1.is_empty());
        assert_eq!(Journal::open(dir.path(), Timekeeper::Drill).unwrap().1.len(), 1);
    }

    #[test]
    fn wherever_a_crash_cuts_the_last_line_the_rest_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("2026-11.jsonl");
        let mut journal = open(dir.path()).0;
        journal.ticket(&confirmed(7), noon()).unwrap();
        let kept = fs::read(&path).unwrap();
        journal.ticket(&confirmed(8), noon()).unwrap();
        let whole = fs::read(&path).unwrap();
        let cuts = (kept.len() + 1..whole.len()).step_by(31).chain([whole.len() - 2, whole.len() - 1]);
        for cut in cuts {
            fs::write(&path, &whole[..cut]).unwrap();
            let (journal, unfinished) = open(dir.path());
            assert_eq!(journal.notes().len(), 1, "cut at {cut}");
            if cut == whole.len() - 1 {
                assert_eq!((unfinished.len(), fs::read(&path).unwrap()), (2, whole.clone()));
            } else {
                assert_eq!((unfinished.len(), fs::read(&path).unwrap()), (1, kept.clone()), "cut at {cut}");
                let aside = dir.path().join("2026-11.jsonl.torn");
                assert_eq!(fs::read(&aside).unwrap(), [&whole[kept.len()..cut], b"\n"].concat());
                fs::remove_file(aside).unwrap();
            }
        }
    }

    #[test]
    fn another_programs_crash_is_mended_before_the_next_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("2026-11.jsonl");
        let mut journal = open(dir.path()).0;
        fs::write(&path, b"{\"version\":1,\"id\":\"20").unwrap();
        journal.ticket(&confirmed(8), noon()).unwrap();
        assert_eq!(states(dir.path(), "2026-11.jsonl"), [State::Sending]);
        assert_eq!(journal.notes().len(), 1);
    }

    #[test]
    fn damage_in_the_middle_refuses_and_says_where_and_what_to_do() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("2026-11.jsonl");
        let mut journal = open(dir.path()).0;
        for to in [7, 8, 9] {
            journal.ticket(&confirmed(to), noon()).unwrap();
        }
        let good = fs::read_to_string(&path).unwrap();
        let second = good.lines().nth(1).unwrap();
        for damage in ["", "{\"version\":1}", "\0\0\0\0", &second[10..]] {
            let bad = good.replacen(second, damage, 1);
            fs::write(&path, &bad).unwrap();
            let fault = Journal::open(dir.path(), Timekeeper::Wall).unwrap_err();
            assert!(matches!(&fault, JournalFault::Damaged { line: 2, .. }), "{damage:?}: {fault}");
            let told = fault.to_string();
            assert!(told.contains("2026-11.jsonl, line 2") && told.contains("--journal DIR"), "{told}");
            assert_eq!(fs::read_to_string(&path).unwrap(), bad, "what is damaged is left as it is");
        }
    }

    #[test]
    fn a_newer_format_is_not_called_damage() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("2026-11.jsonl"), "{\"version\":2,\"what\":\"ever\"}\n").unwrap();
        let fault = Journal::open(dir.path(), Timekeeper::Wall).unwrap_err();
        assert!(matches!(fault, JournalFault::Newer { line: 1, version: 2, .. }), "{fault}");
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_a_fault_with_the_systems_reason() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, "").unwrap();
        let fault = Journal::open(&file.join("journal"), Timekeeper::Wall).unwrap_err();
        assert!(matches!(&fault, JournalFault::Unwritable { .. }), "{fault}");
    }

    #[test]
    fn no_ticket_while_the_line_cannot_be_written() {
        let dir = tempfile::tempdir().unwrap();
        let mut journal = open(dir.path()).0;
        fs::create_dir(dir.path().join("2026-11.jsonl")).unwrap();
        let fault = journal.ticket(&confirmed(8), noon()).unwrap_err();
        assert!(matches!(&fault, JournalFault::Unwritable { .. }), "{fault}");
    }

    #[test]
    fn no_ticket_while_another_program_holds_the_lock() {
        let dir = tempfile::tempdir().unwrap();
        let mut journal = open(dir.path()).0;
        journal.lock_tries = 1;
        let held = disk::lock(dir.path(), 1).unwrap();
        assert!(matches!(journal.ticket(&confirmed(8), noon()), Err(JournalFault::Locked { .. })));
        drop(held);
        journal.ticket(&confirmed(8), noon()).unwrap();
    }
}
