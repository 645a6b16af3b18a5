//! The journal's folder: its lock, its files, and when what was written is safe from a power cut.

use std::collections::hash_map::RandomState;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::hash::{BuildHasher, Hasher};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::JournalFault;

/// How far apart two attempts at the lock are.
const LOCK_PAUSE: Duration = Duration::from_millis(50);

/// Makes the folder and those above it, readable by their owner alone.
pub(super) fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// The lock of a folder, held until it is dropped.
#[derive(Debug)]
pub(super) struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing alone would not do: a child process that is being started meanwhile shares the open file. What
        // remains locked is told by whoever wants it next.
        let _ = self.0.unlock();
    }
}

/// Locks the folder, by a file of its own, so that the lock holds over the turn of a month.
pub(super) fn lock(folder: &Path, tries: u32) -> Result<Lock, JournalFault> {
    let path = folder.join("lock");
    let file = ours(OpenOptions::new().write(true).create(true))
        .open(&path)
        .map_err(|error| JournalFault::Unwritable { path: folder.to_owned(), error })?;
    for attempt in 0..tries {
        if attempt > 0 {
            std::thread::sleep(LOCK_PAUSE);
        }
        match file.try_lock() {
            Ok(()) => return Ok(Lock(file)),
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => return Err(JournalFault::Unwritable { path, error }),
        }
    }
    Err(JournalFault::Locked { lock: path })
}

/// A run's own lock, held as long as the program lives, so that another one can tell its changes from those of the dead.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) name: String,
    path: PathBuf,
    _held: Lock,
}

impl Drop for Run {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// How a run's lock is called: what begins and ends its name.
const RUN: (&str, &str) = ("run-", ".lock");

/// Makes a name and a lock for this run. Call it under the folder's lock.
pub(super) fn begin_run(folder: &Path) -> Result<Run, JournalFault> {
    let fault = |path: &Path| {
        let path = path.to_owned();
        move |error| JournalFault::Unwritable { path, error }
    };
    let pid = std::process::id();
    loop {
        // Process ids come back, in containers at once: a name that was another's would make the dead live.
        let chance = RandomState::new().build_hasher().finish();
        let name = format!("{}{pid}-{chance:016x}", RUN.0);
        let path = folder.join(format!("{name}{}", RUN.1));
        match ours(OpenOptions::new().write(true).create_new(true)).open(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(fault(&path)(error)),
            Ok(file) => {
                file.lock().map_err(fault(&path))?;
                return Ok(Run { name, path, _held: Lock(file) });
            }
        }
    }
}

/// Whether the run of a name lives. What a dead one has left of its lock is cleared away.
pub(super) fn lives(folder: &Path, name: &str) -> bool {
    // A name is what a line of the journal says: it must not lead out of the folder.
    let sound = name.strip_prefix(RUN.0).is_some_and(|rest| rest.chars().all(|c| c.is_ascii_hexdigit() || c == '-'));
    let path = folder.join(format!("{name}{}", RUN.1));
    let Some(file) = sound.then(|| File::open(&path).ok()).flatten() else { return false };
    match file.try_lock() {
        Ok(()) => {
            let _ = fs::remove_file(&path);
            false
        }
        Err(_) => true,
    }
}

/// The months' files, oldest first.
pub(super) fn months(folder: &Path) -> io::Result<Vec<PathBuf>> {
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

/// Whether a file's last line has no end: whoever wrote it died meanwhile. A file that is not there is whole.
pub(super) fn is_torn(path: &Path) -> io::Result<bool> {
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

/// Appends the bytes that `make` makes for the place they will have, and hands back what came with them once they are
/// on the disk – the folder, too, when the file is new.
pub(super) fn append<T>(path: &Path, make: impl FnOnce(u64) -> io::Result<(Vec<u8>, T)>) -> io::Result<T> {
    let mut file = ours(OpenOptions::new().append(true).create(true)).open(path)?;
    let place = file.metadata()?.len();
    let (bytes, result) = make(place)?;
    if let Err(error) = file.write_all(&bytes).and_then(|()| file.sync_all()) {
        // Half a line would look like a crash. If it cannot be taken back now, it is mended later as one.
        let _ = file.set_len(place);
        return Err(error);
    }
    if let Some(folder) = path.parent().filter(|_| place == 0) {
        sync_folder(folder)?;
    }
    Ok(result)
}

/// Moves the end of a file, from `place` on, to a file beside it, whose path is returned. It is on the disk there
/// before it is cut off here.
pub(super) fn set_aside(path: &Path, place: u64) -> io::Result<PathBuf> {
    let mut torn = Vec::new();
    let mut file = OpenOptions::new().read(true).write(true).open(path)?;
    file.seek(SeekFrom::Start(place))?;
    file.read_to_end(&mut torn)?;
    if !torn.ends_with(b"\n") {
        torn.push(b'\n');
    }
    let mut aside = path.as_os_str().to_owned();
    aside.push(".torn");
    let aside = PathBuf::from(aside);
    append(&aside, |_| Ok((torn, ())))?;
    file.set_len(place)?;
    file.sync_all()?;
    Ok(aside)
}

/// Files that only their owner reads: a journal names accounts and people.
fn ours(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

/// A new file is safe from a power cut only once its folder is. Only on Unix can a folder be flushed.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}
