//! The real program in a real terminal: what a person sees, and what is left behind when it ends.
//!
//! A reader thread and a waiting thread feed one channel, so that every wait is for something to happen, with a
//! deadline. Nothing sleeps.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{ChildKiller, CommandBuilder, ExitStatus, MasterPty, PtySize, SlavePty, native_pty_system};

pub const PROGRAM: &str = env!("CARGO_BIN_EXE_scaledeck");

/// How long anything may take on a busy machine before a test gives up.
pub const PATIENCE: Duration = Duration::from_secs(30);

enum Happened {
    Wrote(Vec<u8>),
    Exited(ExitStatus),
    Closed,
}

/// Where programs run, one after another: a home of their own, no credentials, no colours wished away.
pub struct Home {
    folder: tempfile::TempDir,
    env: Vec<(String, String)>,
}

impl Home {
    /// A new one.
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), env: Vec::new() }
    }

    /// Sets a variable for the programs that are started from now on.
    pub fn set(&mut self, name: &str, value: &str) {
        self.env.push((name.to_owned(), value.to_owned()));
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The whole environment.
    pub fn env(&self) -> Vec<(String, String)> {
        let own = [
            ("PATH", std::env::var("PATH").unwrap_or_default()),
            ("TERM", "xterm-256color".to_owned()),
            ("HOME", self.path().display().to_string()),
            ("XDG_STATE_HOME", self.path().join("state").display().to_string()),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        ];
        own.into_iter().map(|(name, value)| (name.to_owned(), value)).chain(self.env.iter().cloned()).collect()
    }

    /// Starts a program in a terminal.
    pub fn start(&self, program: &str, args: &[&str], (columns, rows): (u16, u16)) -> Terminal {
        let mut command = CommandBuilder::new(program);
        command.args(args);
        command.env_clear();
        for (name, value) in self.env() {
            command.env(name, value);
        }
        command.cwd(self.path());
        let size = PtySize { rows, cols: columns, ..PtySize::default() };
        let pair = native_pty_system().openpty(size).unwrap();
        let before = settings(&*pair.master);
        let mut child = pair.slave.spawn_command(command).unwrap();
        let (tell, happened) = channel();
        read_into(pair.master.try_clone_reader().unwrap(), tell.clone());
        let (pid, killer) = (child.process_id().unwrap(), child.clone_killer());
        thread::spawn(move || tell.send(Happened::Exited(child.wait().unwrap())));
        Terminal {
            screen: vt100::Parser::new(cells(rows), cells(columns), 0),
            raw: Vec::new(),
            keys: pair.master.take_writer().unwrap(),
            master: pair.master,
            slave: Some(pair.slave),
            happened,
            killer,
            pid,
            end: None,
            before,
        }
    }

    /// The lines of a journal in the state folder, `journal` or `drill-journal`, in the order they were written.
    pub fn journal(&self, name: &str) -> Vec<serde_json::Value> {
        let mut files: Vec<_> = std::fs::read_dir(self.path().join("state/scaledeck").join(name))
            .map(|entries| entries.map(|entry| entry.unwrap().path()).collect())
            .unwrap_or_default();
        files.retain(|file| file.extension().is_some_and(|extension| extension == "jsonl"));
        files.sort();
        let text: String = files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect();
        // A line that is just being written has no end yet.
        text.split_inclusive('\n')
            .filter(|line| line.ends_with('\n'))
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// The states that a journal's lines tell, in order.
    pub fn states(&self, name: &str) -> Vec<String> {
        self.journal(name).iter().map(|line| line["state"].as_str().unwrap().to_owned()).collect()
    }
}

/// A program in a terminal of its own.
pub struct Terminal {
    screen: vt100::Parser,
    /// Every byte the program wrote.
    raw: Vec<u8>,
    master: Box<dyn MasterPty + Send>,
    /// Held so that the terminal's settings can still be read when the program has ended.
    slave: Option<Box<dyn SlavePty + Send>>,
    keys: Box<dyn Write + Send>,
    happened: Receiver<Happened>,
    killer: Box<dyn ChildKiller + Send + Sync>,
    pid: u32,
    /// How it ended, and the terminal's settings then.
    end: Option<(ExitStatus, String)>,
    /// The terminal's settings before the program started.
    before: String,
}

/// What is left behind.
pub struct Left {
    pub exit: ExitStatus,
    /// Settings, screen, cursor, paste and mouse modes that are not as they were, in words.
    pub unrestored: Vec<&'static str>,
    /// What stands on the screen.
    pub text: String,
    /// Every byte that was written.
    pub raw: Vec<u8>,
}

impl Terminal {
    /// Presses keys, given as the bytes a terminal sends.
    pub fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// Gives the terminal another size, and wipes it: what is seen afterwards was drawn afterwards.
    pub fn resize(&mut self, (columns, rows): (u16, u16)) {
        self.master.resize(PtySize { rows, cols: columns, ..PtySize::default() }).unwrap();
        self.screen.set_size(cells(rows), cells(columns));
        self.screen.process(b"\x1b[2J");
    }

    /// Sends a signal by its name, as in `TERM`.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("sh").args(["-c", &format!("kill -{name} {}", self.pid)]).status().unwrap();
        assert!(sent.success(), "no process {} to send SIG{name} to", self.pid);
    }

    /// Waits until the screen shows what is wanted.
    pub fn wait_until(&mut self, wanted: &str, shows: impl Fn(&vt100::Screen) -> bool) {
        let deadline = deadline();
        while !shows(self.screen.screen()) {
            let goes_on = self.take_next(deadline, wanted);
            assert!(goes_on, "ended before {wanted}:\n{}", self.screen.screen().contents());
        }
    }

    /// Waits until a text stands on the screen.
    pub fn wait_for_text(&mut self, text: &str) {
        self.wait_until(&format!("showing `{text}`"), |screen| screen.contents().contains(text));
    }

    /// Waits until one of some texts stands on the screen, and says which.
    pub fn wait_for_any<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        let found = |screen: &vt100::Screen| {
            let contents = screen.contents();
            texts.iter().copied().find(|text| contents.contains(text))
        };
        self.wait_until(&format!("showing any of {texts:?}"), |screen| found(screen).is_some());
        found(self.screen.screen()).unwrap()
    }

    /// Waits until something outside is so – a line on the disk, a write in a log – while the program goes on.
    pub fn wait_while_it_runs(&mut self, wanted: &str, mut is: impl FnMut(&vt100::Screen) -> bool) {
        let deadline = deadline();
        while !is(self.screen.screen()) {
            assert!(now() < deadline, "no {wanted} within {PATIENCE:?}; on the screen:\n{}", self.contents());
            self.let_pass(Duration::from_millis(10));
        }
    }

    /// Takes in what happens for a while: the time a person looks.
    pub fn let_pass(&mut self, span: Duration) {
        let until = now() + span;
        while let Ok(next) = self.happened.recv_timeout(until.saturating_duration_since(now())) {
            self.take(next);
        }
    }

    /// Presses Enter as somebody who has read what is on the screen, until it has counted.
    pub fn enter_until(&mut self, wanted: &str) {
        loop {
            // Longer than the 300 ms that a plan must have been seen for.
            self.let_pass(Duration::from_millis(400));
            self.press("\r");
            if self.wait_for_any(&[wanted, "too soon", "it moved"]) == wanted {
                return;
            }
        }
    }

    /// What stands on the screen.
    pub fn contents(&self) -> String {
        self.screen.screen().contents()
    }

    /// Every byte the program has written so far.
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// Ends the program as a power cut would.
    pub fn kill(self) {
        self.signal("KILL");
        self.wait_for_end();
    }

    /// Waits until the program has ended, and tells what it left behind.
    pub fn wait_for_end(mut self) -> Left {
        let deadline = deadline();
        while self.take_next(deadline, "its end") {}
        let (exit, after) = self.end.take().unwrap();
        let screen = self.screen.screen();
        let (opened, closed) = (b"\x1b[?2026h".as_slice(), b"\x1b[?2026l".as_slice());
        let last = |mark: &[u8]| self.raw.windows(mark.len()).rposition(|bytes| bytes == mark);
        let checks = [
            (after != self.before, "settings"),
            (screen.alternate_screen(), "alternate screen"),
            (screen.hide_cursor(), "cursor"),
            (screen.bracketed_paste(), "bracketed paste"),
            (screen.mouse_protocol_mode() != vt100::MouseProtocolMode::None, "mouse"),
            (last(opened) > last(closed), "synchronized update"),
        ];
        let unrestored = checks.into_iter().filter(|(wrong, _)| *wrong).map(|(_, what)| what).collect();
        Left { exit, unrestored, text: screen.contents(), raw: self.raw }
    }

    /// Takes the next thing that happens; `false` when the program has ended and all that it wrote was read.
    fn take_next(&mut self, deadline: Instant, wanted: &str) -> bool {
        let left = deadline.saturating_duration_since(now());
        let Ok(next) = self.happened.recv_timeout(left) else {
            let _ = self.killer.kill();
            panic!("no {wanted} within {PATIENCE:?}; on the screen:\n{}", self.screen.screen().contents());
        };
        self.take(next)
    }

    fn take(&mut self, next: Happened) -> bool {
        match next {
            Happened::Wrote(bytes) => {
                self.screen.process(&bytes);
                self.raw.extend(bytes);
            }
            Happened::Exited(status) => {
                self.end = Some((status, settings(&*self.master)));
                self.slave = None;
            }
            Happened::Closed => return false,
        }
        true
    }
}

#[expect(clippy::disallowed_methods, reason = "a test's patience is the wall's")]
pub fn now() -> Instant {
    Instant::now()
}

fn deadline() -> Instant {
    now() + PATIENCE
}

fn cells(count: u16) -> NonZeroU16 {
    NonZeroU16::new(count).unwrap()
}

fn settings(master: &dyn MasterPty) -> String {
    format!("{:?}", master.get_termios().unwrap())
}

fn read_into(mut from: Box<dyn Read + Send>, tell: Sender<Happened>) {
    thread::spawn(move || {
        let mut buffer = [0; 8192];
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            if tell.send(Happened::Wrote(buffer[..count].to_vec())).is_err() {
                return;
            }
        }
        let _ = tell.send(Happened::Closed);
    });
}

/// The harness must see a terminal that was left in a mess, or the other tests here prove nothing.
#[test]
fn a_mess_is_seen() {
    let mess = "stty raw -echo; printf '\\033[?1049h\\033[?25l\\033[?2004h\\033[?1000h\\033[?2026h'; read line; exit 3";
    let home = Home::new();
    let mut terminal = home.start("sh", &["-c", mess], (80, 24));
    terminal.wait_until("the alternate screen", vt100::Screen::alternate_screen);
    terminal.press("\n");
    let left = terminal.wait_for_end();
    assert_eq!(left.exit.exit_code(), 3);
    assert_eq!(
        left.unrestored,
        ["settings", "alternate screen", "cursor", "bracketed paste", "mouse", "synchronized update"]
    );
}

#[test]
fn a_tidy_end_is_seen() {
    let home = Home::new();
    let mut terminal = home.start("sh", &["-c", "stty size; read size; stty size"], (80, 24));
    terminal.wait_for_text("24 80");
    terminal.resize((120, 40));
    terminal.press("\n");
    let left = terminal.wait_for_end();
    assert!(left.exit.success());
    assert!(left.unrestored.is_empty(), "{:?}", left.unrestored);
    assert!(left.text.contains("40 120"), "{}", left.text);
}

#[test]
fn a_signal_is_seen() {
    let home = Home::new();
    let mut terminal = home.start("sh", &["-c", "trap 'exit 7' TERM; echo ready; while :; do read x; done"], (80, 24));
    terminal.wait_for_text("ready");
    terminal.signal("TERM");
    terminal.press("\n");
    assert_eq!(terminal.wait_for_end().exit.exit_code(), 7);
}

/// The drill's account, as the header writes it.
pub const ACCOUNT: &str = "1234-5678-9012";

/// A drill on the screen, ready for keys.
pub fn drill(home: &Home, args: &[&str]) -> Terminal {
    let mut terminal = home.start(PROGRAM, &[&["drill"], args].concat(), (120, 40));
    terminal.wait_for_text("READ-ONLY");
    terminal.wait_for_text(ACCOUNT);
    assert!(terminal.screen.screen().alternate_screen());
    terminal
}
