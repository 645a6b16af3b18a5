//! The record of every change: JSON lines, a file a month, on the disk before anything is sent.
//!
//! A line is appended under a lock and flushed to the disk – with the folder, when the file is new – before the call
//! that wrote it returns. Every call here blocks on the disk: from async code, call it on a blocking thread.
//!
//! Absent on purpose: secrets. A line holds what was changed, by whom and why.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::confirm::Confirmed;
use super::follow::Stage;
use super::outcome::Outcome;
use super::plan::{Change, Plan};
use crate::clock::Clock;

/// The version that this program writes, and the newest that it reads.
const VERSION: u32 = 1;

/// How often, and how far apart, the lock is tried before another program is said to hold it.
const LOCK_TRIES: u32 = 40;
const LOCK_PAUSE: Duration = Duration::from_millis(50);

/// A change's name in the journal: when its first line was written, and where in the file. Unique among all
/// programs that write to one folder, because lines are placed under the lock.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChangeId(String);

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

impl From<&Clock> for Timekeeper {
    fn from(clock: &Clock) -> Self {
        if clock.is_drill() { Self::Drill } else { Self::Wall }
    }
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
    /// It was refused on our side of the wire.
    NotSent,
}

/// One line of the journal.
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
}

/// A change whose last line is not that it is closed.
#[derive(Debug, Clone, PartialEq)]
pub struct Unfinished {
    /// Its last line.
    pub line: Line,
}

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
    #[error("{}, line {line}, is of version {version}: it was written by a newer scaledeck", file.display())]
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
    /// A later line for a change that this journal does not know.
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
    open: BTreeMap<ChangeId, Entry>,
    notes: Vec<String>,
    lock_tries: u32,
}

/// What is repeated on every line of a change.
#[derive(Debug, Clone)]
struct Entry {
    plan: Plan,
    reason: Option<String>,
    planned: bool,
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
        Self::open_with(folder, clock, LOCK_TRIES)
    }

    fn open_with(folder: &Path, clock: Timekeeper, lock_tries: u32) -> Result<(Self, Vec<Unfinished>), JournalFault> {
        make_folder(folder).map_err(unwritable(folder))?;
        let mut journal =
            Self { folder: folder.to_owned(), clock, open: BTreeMap::new(), notes: Vec::new(), lock_tries };
        let _lock = journal.lock()?;
        let mut last = BTreeMap::new();
        for file in months(folder).map_err(unwritable(folder))? {
            for line in journal.read(&file)? {
                if line.clock == clock {
                    last.insert(line.id.clone(), line);
                }
            }
        }
        last.retain(|_, line| !matches!(line.state, State::Closed { .. }));
        for (id, line) in &last {
            journal
                .open
                .insert(id.clone(), Entry { plan: line.plan.clone(), reason: line.reason.clone(), planned: false });
        }
        let unfinished = last.into_values().map(|line| Unfinished { line }).collect();
        Ok((journal, unfinished))
    }

    /// What was noticed and mended when the journal was opened or written, a sentence each.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Writes down that Enter was pressed on a plan, before it is read again: a trace of what was refused.
    /// [`Journal::ticket`] goes on under the same name.
    pub fn planned(&mut self, plan: &Plan, reason: Option<&str>, now: Timestamp) -> Result<ChangeId, JournalFault> {
        let entry = Entry { plan: plan.clone(), reason: reason.map(str::to_owned), planned: true };
        self.begin(entry, State::Planned, now)
    }

    /// Puts the line of a confirmed change on the disk. The ticket exists only after that.
    pub fn ticket(&mut self, confirmed: &Confirmed, now: Timestamp) -> Result<Ticket, JournalFault> {
        let plan = confirmed.plan();
        let entry = Entry { plan: plan.clone(), reason: confirmed.reason().map(str::to_owned), planned: false };
        let known = self.open.iter().find(|(_, open)| open.planned && open.plan == *plan).map(|(id, _)| id.clone());
        let id = match known {
            Some(id) => {
                self.open.insert(id.clone(), entry);
                self.step(&id, State::Sending, now)?;
                id
            }
            None => self.begin(entry, State::Sending, now)?,
        };
        Ok(Ticket { id, change: plan.change.clone() })
    }

    /// Writes down what the one attempt came to.
    pub fn sent(&mut self, id: &ChangeId, result: &Outcome, now: Timestamp) -> Result<(), JournalFault> {
        self.step(id, State::Sent { result: result.clone() }, now)
    }

    /// Writes down that the change is being followed – or, with a reason, that it was left to itself.
    pub fn following(&mut self, id: &ChangeId, left: Option<&str>, now: Timestamp) -> Result<(), JournalFault> {
        self.step(id, State::Following { left: left.map(str::to_owned) }, now)
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
        self.step(id, State::Closed { ended, why: why.cloned() }, now)?;
        self.open.remove(id);
        Ok(())
    }

    /// Writes down that a change was given up before anything was sent.
    pub fn not_sent(&mut self, id: &ChangeId, why: &str, now: Timestamp) -> Result<(), JournalFault> {
        self.step(id, State::Closed { ended: Ended::NotSent, why: Some(why.to_owned()) }, now)?;
        self.open.remove(id);
        Ok(())
    }

    fn begin(&mut self, entry: Entry, state: State, now: Timestamp) -> Result<ChangeId, JournalFault> {
        let id = self.append(&entry, None, state, now)?;
        self.open.insert(id.clone(), entry);
        Ok(id)
    }

    fn step(&mut self, id: &ChangeId, state: State, now: Timestamp) -> Result<(), JournalFault> {
        let entry = self.open.get(id).cloned().ok_or_else(|| JournalFault::NoSuchChange { id: id.clone() })?;
        self.append(&entry, Some(id), state, now).map(drop)
    }

    /// Appends a line and flushes it to the disk. Without a name, the line's own place makes one.
    fn append(
        &mut self,
        entry: &Entry,
        id: Option<&ChangeId>,
        state: State,
        now: Timestamp,
    ) -> Result<ChangeId, JournalFault> {
        let _lock = self.lock()?;
        let path = self.folder.join(now.strftime("%Y-%m.jsonl").to_string());
        if self.torn(&path).map_err(unwritable(&path))? {
            self.read(&path)?;
        }
        let written = || -> io::Result<ChangeId> {
            let mut file = ours(OpenOptions::new().append(true).create(true)).open(&path)?;
            let place = file.metadata()?.len();
            let named = || ChangeId(format!("{}-{place}", now.strftime("%Y%m%dT%H%M%SZ")));
            let line = Line {
                version: VERSION,
                id: id.cloned().unwrap_or_else(named),
                state,
                at: now,
                clock: self.clock,
                plan: entry.plan.clone(),
                reason: entry.reason.clone(),
            };
            let mut bytes = serde_json::to_vec(&line)?;
            bytes.push(b'\n');
            if let Err(error) = file.write_all(&bytes).and_then(|()| file.sync_all()) {
                // Half a line would be taken for a crash; if it cannot be taken back, it is mended later as one.
                let _ = file.set_len(place);
                return Err(error);
            }
            if place == 0 {
                sync_folder(&self.folder)?;
            }
            Ok(line.id)
        };
        written().map_err(unwritable(&path))
    }

    /// Every line of a file. A last line that a crash cut short is set aside, or completed if only its end is missing.
    fn read(&mut self, path: &Path) -> Result<Vec<Line>, JournalFault> {
        let bytes = fs::read(path).map_err(unwritable(path))?;
        let mut lines = Vec::new();
        let mut place = 0;
        for (index, text) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
            let number = index + 1;
            let last = place + text.len() == bytes.len();
            let fault = |error: &dyn fmt::Display| JournalFault::Damaged {
                file: path.to_owned(),
                line: number,
                why: error.to_string(),
            };
            match serde_json::from_slice::<serde_json::Value>(text) {
                Ok(value) => {
                    let version = value.get("version").and_then(serde_json::Value::as_u64);
                    if let Some(version) = version.filter(|version| *version > u64::from(VERSION)) {
                        return Err(JournalFault::Newer { file: path.to_owned(), line: number, version });
                    }
                    lines.push(serde_json::from_value(value).map_err(|error| fault(&error))?);
                    if last && !text.ends_with(b"\n") {
                        complete(path).map_err(unwritable(path))?;
                        self.notes.push(format!("{}, line {number}, had no end: it was given one", path.display()));
                    }
                }
                Err(_) if last => {
                    let aside = set_aside(path, place as u64, text).map_err(unwritable(path))?;
                    let note = "was cut short by a crash and is set aside in";
                    self.notes.push(format!("{}, line {number}, {note} {}", path.display(), aside.display()));
                }
                Err(error) => return Err(fault(&error)),
            }
            place += text.len();
        }
        Ok(lines)
    }

    /// Whether a file's last line has no end: another program, or this one, died while writing it.
    fn torn(&self, path: &Path) -> io::Result<bool> {
        let mut file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error),
        };
        if file.metadata()?.len() == 0 {
            return Ok(false);
        }
        file.seek(SeekFrom::End(-1))?;
        let mut byte = [0];
        file.read_exact(&mut byte)?;
        Ok(byte != *b"\n")
    }

    /// The lock of the folder, held until the file is dropped. It is a file of its own, so that it holds over the turn
    /// of a month.
    fn lock(&self) -> Result<File, JournalFault> {
        let path = self.folder.join("lock");
        let file = ours(OpenOptions::new().write(true).create(true)).open(&path).map_err(unwritable(&self.folder))?;
        for attempt in 0..self.lock_tries {
            if attempt > 0 {
                std::thread::sleep(LOCK_PAUSE);
            }
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => return Err(JournalFault::Unwritable { path, error }),
            }
        }
        Err(JournalFault::Locked { lock: path })
    }
}

fn unwritable(path: &Path) -> impl Fn(io::Error) -> JournalFault {
    let path = path.to_owned();
    move |error| JournalFault::Unwritable { path: path.clone(), error }
}

/// The months' files, oldest first.
fn months(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "jsonl") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Gives the last line its end.
fn complete(path: &Path) -> io::Result<()> {
    let mut file = OpenOptions::new().append(true).open(path)?;
    file.write_all(b"\n")?;
    file.sync_all()
}

/// Moves the end of a file, from `place` on, to the file beside it. It is on the disk there before it is cut off here.
fn set_aside(path: &Path, place: u64, text: &[u8]) -> io::Result<PathBuf> {
    let mut aside = path.as_os_str().to_owned();
    aside.push(".torn");
    let aside = PathBuf::from(aside);
    let mut file = ours(OpenOptions::new().append(true).create(true)).open(&aside)?;
    file.write_all(text)?;
    if !text.ends_with(b"\n") {
        file.write_all(b"\n")?;
    }
    file.sync_all()?;
    let torn = OpenOptions::new().write(true).open(path)?;
    torn.set_len(place)?;
    torn.sync_all()?;
    Ok(aside)
}

/// Files that only their owner reads: a journal names accounts and people.
fn ours(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// A new file is safe from a power cut only once its folder is, too. Elsewhere than on Unix a folder cannot be flushed.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}
