//! The real program in a real terminal: what a person sees, and what is left behind when it ends.
//!
//! A reader thread and a waiting thread feed one channel, so that every wait is for something to happen, with a
//! deadline. Nothing sleeps.

use std::io::{IsTerminal, Read, Write};
use std::num::NonZeroU16;
use std::process::Command;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{ChildKiller, CommandBuilder, ExitStatus, MasterPty, PtySize, SlavePty, native_pty_system};

const PROGRAM: &str = env!("CARGO_BIN_EXE_scaledeck");

/// How long anything may take on a busy machine before a test gives up.
const PATIENCE: Duration = Duration::from_secs(30);

enum Happened {
    Wrote(Vec<u8>),
    Exited(ExitStatus),
    Closed,
}

/// A program in a terminal of its own.
struct Terminal {
    screen: vt100::Parser,
    master: Box<dyn MasterPty + Send>,
    /// Held so that the terminal's settings can still be read when the program has ended; let go then, so that the
    /// reader comes to the end of what was written.
    slave: Option<Box<dyn SlavePty + Send>>,
    keys: Box<dyn Write + Send>,
    happened: Receiver<Happened>,
    killer: Box<dyn ChildKiller + Send + Sync>,
    pid: u32,
    /// How it ended, and the terminal's settings then.
    end: Option<(ExitStatus, String)>,
    /// The terminal's settings before the program started.
    before: String,
    _home: tempfile::TempDir,
}

/// What is left behind.
struct Left {
    exit: ExitStatus,
    /// Settings, screen, cursor, paste and mouse modes that are not as they were, in words.
    unrestored: Vec<&'static str>,
    /// What stands on the screen.
    text: String,
}

impl Terminal {
    /// Starts a program with an environment of its own: an empty home, no credentials, no colours wished away.
    fn start(program: &str, args: &[&str], (columns, rows): (u16, u16)) -> Self {
        let home = tempfile::tempdir().unwrap();
        let mut command = CommandBuilder::new(program);
        command.args(args);
        command.env_clear();
        command.env("PATH", std::env::var("PATH").unwrap_or_default());
        command.env("TERM", "xterm-256color");
        command.env("HOME", home.path());
        command.env("AWS_EC2_METADATA_DISABLED", "true");
        command.cwd(home.path());
        let size = PtySize { rows, cols: columns, ..PtySize::default() };
        let pair = native_pty_system().openpty(size).unwrap();
        let before = settings(&*pair.master);
        let mut child = pair.slave.spawn_command(command).unwrap();
        let (tell, happened) = channel();
        read_into(pair.master.try_clone_reader().unwrap(), tell.clone());
        let (pid, killer) = (child.process_id().unwrap(), child.clone_killer());
        thread::spawn(move || tell.send(Happened::Exited(child.wait().unwrap())));
        Self {
            screen: vt100::Parser::new(cells(rows), cells(columns), 0),
            keys: pair.master.take_writer().unwrap(),
            master: pair.master,
            slave: Some(pair.slave),
            happened,
            killer,
            pid,
            end: None,
            before,
            _home: home,
        }
    }

    /// Presses keys, given as the bytes a terminal sends.
    fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// Gives the terminal another size, and wipes it: what is seen afterwards was drawn afterwards.
    fn resize(&mut self, (columns, rows): (u16, u16)) {
        self.master.resize(PtySize { rows, cols: columns, ..PtySize::default() }).unwrap();
        self.screen.set_size(cells(rows), cells(columns));
        self.screen.process(b"\x1b[2J");
    }

    /// Sends a signal by its name, as in `TERM`.
    fn signal(&self, name: &str) {
        let sent = Command::new("sh").args(["-c", &format!("kill -{name} {}", self.pid)]).status().unwrap();
        assert!(sent.success(), "no process {} to send SIG{name} to", self.pid);
    }

    /// Waits until the screen shows what is wanted.
    fn wait_until(&mut self, wanted: &str, shows: impl Fn(&vt100::Screen) -> bool) {
        let deadline = deadline();
        while !shows(self.screen.screen()) {
            let goes_on = self.take_next(deadline, wanted);
            assert!(goes_on, "ended before {wanted}:\n{}", self.screen.screen().contents());
        }
    }

    /// Waits until a text stands on the screen.
    fn wait_for_text(&mut self, text: &str) {
        self.wait_until(&format!("showing `{text}`"), |screen| screen.contents().contains(text));
    }

    /// Waits until the program has ended, and tells what it left behind.
    fn wait_for_end(mut self) -> Left {
        let deadline = deadline();
        while self.take_next(deadline, "its end") {}
        let (exit, after) = self.end.take().unwrap();
        let screen = self.screen.screen();
        let checks = [
            (after != self.before, "settings"),
            (screen.alternate_screen(), "alternate screen"),
            (screen.hide_cursor(), "cursor"),
            (screen.bracketed_paste(), "bracketed paste"),
            (screen.mouse_protocol_mode() != vt100::MouseProtocolMode::None, "mouse"),
        ];
        let unrestored = checks.into_iter().filter(|(wrong, _)| *wrong).map(|(_, what)| what).collect();
        Left { exit, unrestored, text: screen.contents() }
    }

    /// Takes the next thing that happens; `false` when the program has ended and all that it wrote was read.
    fn take_next(&mut self, deadline: Instant, wanted: &str) -> bool {
        let left = deadline.saturating_duration_since(now());
        let Ok(next) = self.happened.recv_timeout(left) else {
            let _ = self.killer.kill();
            panic!("no {wanted} within {PATIENCE:?}; on the screen:\n{}", self.screen.screen().contents());
        };
        match next {
            Happened::Wrote(bytes) => self.screen.process(&bytes),
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
fn now() -> Instant {
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
    let mess = "stty raw -echo; printf '\\033[?1049h\\033[?25l\\033[?2004h\\033[?1000h'; read line; exit 3";
    let mut terminal = Terminal::start("sh", &["-c", mess], (80, 24));
    terminal.wait_until("the alternate screen", vt100::Screen::alternate_screen);
    terminal.press("\n");
    let left = terminal.wait_for_end();
    assert_eq!(left.exit.exit_code(), 3);
    assert_eq!(left.unrestored, ["settings", "alternate screen", "cursor", "bracketed paste", "mouse"]);
}

#[test]
fn a_tidy_end_is_seen() {
    let mut terminal = Terminal::start("sh", &["-c", "stty size; read size; stty size"], (80, 24));
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
    let mut terminal =
        Terminal::start("sh", &["-c", "trap 'exit 7' TERM; echo ready; while :; do read x; done"], (80, 24));
    terminal.wait_for_text("ready");
    terminal.signal("TERM");
    terminal.press("\n");
    assert_eq!(terminal.wait_for_end().exit.exit_code(), 7);
}

#[test]
fn a_word_it_does_not_know_ends_with_2_and_says_so() {
    let left = Terminal::start(PROGRAM, &["no-such-door"], (80, 24)).wait_for_end();
    assert_eq!(left.exit.exit_code(), 2, "{}", left.text);
    assert!(left.text.contains("no-such-door"), "{}", left.text);
    assert!(left.unrestored.is_empty(), "{:?}", left.unrestored);
}

/// A drill on the screen, ready for keys.
fn drill() -> Terminal {
    let mut terminal = Terminal::start(PROGRAM, &["drill"], (120, 40));
    terminal.wait_for_text("READ-ONLY");
    assert!(terminal.screen.screen().alternate_screen());
    terminal
}

/// Whatever ends it, the terminal is as it was.
#[test]
fn the_terminal_is_restored_however_it_ends() {
    for (how, end, code) in [
        ("q", (|terminal: &mut Terminal| terminal.press("q")) as fn(&mut Terminal), 0),
        ("ctrl-c", |terminal| terminal.press("\u{3}"), 0),
        ("SIGTERM", |terminal| terminal.signal("TERM"), 143),
        ("SIGHUP", |terminal| terminal.signal("HUP"), 129),
    ] {
        let mut terminal = drill();
        end(&mut terminal);
        let left = terminal.wait_for_end();
        assert!(left.unrestored.is_empty(), "{how}: {:?}", left.unrestored);
        assert_eq!(left.exit.exit_code(), code, "{how}: {:?}", left.exit);
    }
}

#[test]
fn it_fits_every_size_it_is_given() {
    let mut terminal = drill();
    for size in [(80, 24), (200, 60), (30, 8), (140, 36)] {
        terminal.resize(size);
        terminal.wait_until("a frame of the new size", |screen| screen.contents().contains("ai-service"));
    }
    terminal.press("q");
    assert!(terminal.wait_for_end().unrestored.is_empty());
}

/// A panic gives the terminal back first, so that its report can be read.
#[test]
fn the_terminal_is_restored_by_a_panic() {
    let this = std::env::current_exe().unwrap();
    let child = ["--exact", "terminal::panics_while_the_terminal_is_ours", "--ignored", "--nocapture"];
    let mut terminal = Terminal::start(&this.to_string_lossy(), &child, (120, 40));
    terminal.wait_for_text("on purpose");
    let left = terminal.wait_for_end();
    assert!(!left.exit.success());
    assert!(left.unrestored.is_empty(), "{:?}", left.unrestored);
    assert!(left.text.contains("on purpose"), "the report stands on the ordinary screen: {}", left.text);
}

#[test]
#[ignore = "run by `the_terminal_is_restored_by_a_panic`, in a terminal of its own"]
fn panics_while_the_terminal_is_ours() {
    if std::io::stdout().is_terminal() {
        let _ours = scaledeck::console::terminal::Terminal::enter().unwrap();
        panic!("on purpose");
    }
}
