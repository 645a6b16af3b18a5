//! The record of every change: JSON lines, a file a month, on the disk before anything is sent.
//!
//! A line is appended under a lock and flushed to the disk – with the folder, when the file is new – before the call
//! that wrote it returns. Every call here blocks on the disk: from async code, make it on a blocking thread.
//!
//! Absent on purpose: secrets. A line holds what was changed, by whom and why.

mod disk;
mod history;
mod line;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

pub use history::{Entry, History, history};
pub use line::{ChangeId, Ended, Line, State, Timekeeper, Unfinished};

use self::history::Told;
use self::line::{Bad, Tail, Why};
use super::confirm::Cleared;
use super::follow::Stage;
use super::outcome::Outcome;
use super::plan::Plan;
use super::step::Step;
use crate::platform::GroupId;

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
    /// This run, by its own lock.
    run: disk::Run,
    /// The last line of each change that is not closed.
    open: BTreeMap<ChangeId, Line>,
    /// The last change of each group that was carried out, at least in part.
    done: BTreeMap<GroupId, Plan>,
    notes: Vec<String>,
    /// The newest changes, for whoever wants to look at them.
    told: Told,
    lock_tries: u32,
}

/// Proof that the line of a change is on the disk. Taken by value by the one call it stands for.
///
/// ```compile_fail,E0451
/// fn forge(id: scaledeck::change::ChangeId, step: scaledeck::change::Step) -> scaledeck::change::Ticket {
///     scaledeck::change::Ticket { id, step }
/// }
/// ```
#[derive(Debug)]
pub struct Ticket {
    id: ChangeId,
    step: Step,
}

impl Ticket {
    /// The change's name in the journal.
    pub fn id(&self) -> &ChangeId {
        &self.id
    }

    /// The call that this ticket stands for, and no other.
    pub fn step(&self) -> &Step {
        &self.step
    }
}

impl Journal {
    /// Opens the journal in `folder`, making the folder if need be, and says which changes an earlier run left
    /// unfinished. Changes of the other clock – a drill's, outside a drill – are none of ours, and neither are those of a
    /// run that still lives: it writes their ends itself.
    ///
    /// A torn last line is set aside, with a note in [`Journal::notes`]. Damage anywhere else is a fault, so that no
    /// change is sent until the operator names a good folder.
    pub fn open(folder: &Path, clock: Timekeeper) -> Result<(Self, Vec<Unfinished>), JournalFault> {
        disk::make_folder(folder).map_err(unwritable(folder))?;
        let _lock = disk::lock(folder, LOCK_TRIES)?;
        let mut journal = Self {
            folder: folder.to_owned(),
            clock,
            run: disk::begin_run(folder)?,
            open: BTreeMap::new(),
            done: BTreeMap::new(),
            notes: Vec::new(),
            told: Told::default(),
            lock_tries: LOCK_TRIES,
        };
        for file in disk::months(folder).map_err(unwritable(folder))? {
            for line in journal.read(&file)? {
                if line.clock == clock {
                    journal.note_done(&line);
                    journal.told.take(line.clone());
                    journal.open.insert(line.id.clone(), line);
                }
            }
        }
        journal.open.retain(|_, line| !matches!(line.state, State::Closed { .. }));
        journal.open.retain(|_, line| !line.run.as_ref().is_some_and(|run| disk::lives(folder, run)));
        let unfinished = journal.open.values().map(|line| Unfinished { line: line.clone() }).collect();
        Ok((journal, unfinished))
    }

    /// What was noticed and mended when the journal was opened or written, a sentence each.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The last change of each group that was carried out, at least in part: what can be taken back.
    pub fn done(&self) -> &BTreeMap<GroupId, Plan> {
        &self.done
    }

    fn note_done(&mut self, line: &Line) {
        if let State::Closed { ended: Ended::Steady | Ended::Partly, .. } = line.state {
            self.done.insert(line.plan.change.target(), line.plan.clone());
        }
    }

    /// The newest changes of this clock, the newest first, as far as their lines have been read or written here.
    pub fn entries(&self) -> Vec<Entry> {
        self.told.entries()
    }

    /// Writes down that Enter was pressed on a plan, before it is read again: a trace of what was refused.
    /// [`Journal::ticket`] goes on under the same name.
    pub fn planned(&mut self, plan: &Plan, reason: Option<&str>, now: Timestamp) -> Result<ChangeId, JournalFault> {
        self.append(None, plan, reason.map(str::to_owned), None, State::Planned, now)
    }

    /// Puts the line of a cleared step on the disk. The ticket exists only after that.
    pub fn ticket(&mut self, cleared: &Cleared, now: Timestamp) -> Result<Ticket, JournalFault> {
        let plan = cleared.plan();
        // What was planned goes on under its name, and so does what has had a step.
        let same = |line: &&Line| line.plan == *plan && (line.state == State::Planned) == (cleared.number() == 0);
        let id = self.open.values().find(same).map(|line| line.id.clone());
        let reason = cleared.reason().map(str::to_owned);
        let step = cleared.step().clone();
        let id = self.append(id, plan, reason, Some(step.clone()), State::Sending, now)?;
        Ok(Ticket { id, step })
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
            Stage::Sending | Stage::Unknown | Stage::Under { .. } | Stage::Waiting { .. } => {
                return self.following(id, None, now);
            }
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
        let Some(Line { plan, reason, step, .. }) = self.open.get(id).cloned() else {
            return Err(JournalFault::NoSuchChange { id: id.clone() });
        };
        self.append(Some(id.clone()), &plan, reason, step, state, now).map(drop)
    }

    /// Appends a line. Without a name, the line's own place makes one.
    fn append(
        &mut self,
        id: Option<ChangeId>,
        plan: &Plan,
        reason: Option<String>,
        step: Option<Step>,
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
            let run = Some(self.run.name.clone());
            let line = Line { reason, step, run, ..Line::new(id, state, now, self.clock, plan.clone()) };
            let mut bytes = serde_json::to_vec(&line)?;
            bytes.push(b'\n');
            Ok((bytes, line))
        })
        .map_err(unwritable(&path))?;
        let id = line.id.clone();
        self.note_done(&line);
        self.told.take(line.clone());
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
mod tests;
