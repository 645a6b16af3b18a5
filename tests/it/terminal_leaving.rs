//! Whatever ends it, the terminal is as it was, and a change in flight is in the journal.

use std::io::Read;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;

use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use scaledeck::aws::{Access, Transport};
use scaledeck::clock::Clock;
use scaledeck::console::theme::Theme;
use scaledeck::console::{self, Keymap, Options};
use scaledeck::drill;
use scaledeck::live::{self, Settings};
use scaledeck::platform::Environment;
use scaledeck::policy::Policy;

use crate::story_keys::{arm, ask};
use crate::terminal::{Home, PATIENCE, PROGRAM, Terminal, drill};

/// A way to end it: its name, how it is done, the exit code.
type Way = (&'static str, fn(&mut Terminal), u32);

const WAYS: [Way; 4] = [
    ("q", |terminal| terminal.press("q"), 0),
    ("ctrl-c", |terminal| terminal.press("\u{3}"), 0),
    ("SIGTERM", |terminal| terminal.signal("TERM"), 143),
    ("SIGHUP", |terminal| terminal.signal("HUP"), 129),
];

#[test]
fn the_terminal_is_restored_however_it_ends() {
    for (how, end, code) in WAYS {
        let home = Home::new();
        let mut terminal = drill(&home, &["calm"]);
        end(&mut terminal);
        let left = terminal.wait_for_end();
        assert!(left.unrestored.is_empty(), "{how}: {:?}", left.unrestored);
        assert_eq!(left.exit.exit_code(), code, "{how}: {:?}", left.exit);
    }
}

/// A change on its way in a drill.
fn in_flight(home: &Home) -> Terminal {
    let mut terminal = drill(home, &["calm", "--speed", "1"]);
    arm(&mut terminal);
    ask(&mut terminal, 6);
    terminal.enter_until("you acting");
    terminal.wait_while_it_runs("line `sent`", |_| home.states("drill-journal").contains(&"sent".to_owned()));
    terminal
}

#[test]
fn leaving_with_a_change_in_flight_is_asked_once() {
    for key in ["q", "\u{3}"] {
        let home = Home::new();
        let mut terminal = in_flight(&home);
        terminal.press(key);
        terminal.wait_for_text("A change is on its way");
        terminal.press("\u{1b}");
        terminal.wait_until("the question gone", |screen| !screen.contents().contains("A change is on its way"));
        terminal.press(key);
        terminal.wait_for_text("A change is on its way");
        terminal.press("l");
        let left = terminal.wait_for_end();
        assert!(left.unrestored.is_empty(), "{:?}", left.unrestored);
        assert_eq!(left.exit.exit_code(), 0);
        assert!(left.text.contains("the next start looks at it"), "{}", left.text);
        assert_left(&home);
    }
}

#[test]
fn a_signal_with_a_change_in_flight_is_not_asked_about() {
    for (name, code) in [("TERM", 143), ("HUP", 129)] {
        let home = Home::new();
        let terminal = in_flight(&home);
        terminal.signal(name);
        let left = terminal.wait_for_end();
        assert!(left.unrestored.is_empty(), "{name}: {:?}", left.unrestored);
        assert_eq!(left.exit.exit_code(), code, "{name}");
        assert_left(&home);
    }
}

fn assert_left(home: &Home) {
    let lines = home.journal("drill-journal");
    assert_eq!(home.states("drill-journal"), ["planned", "sending", "sent", "following"], "{lines:?}");
    assert_eq!(lines.last().unwrap()["left"], "the console was left");
}

/// A window that is closed, or a connection that breaks: there is nothing left to restore, and nobody to tell.
#[test]
fn it_ends_when_its_terminal_goes_away() {
    let home = Home::new();
    let pair = native_pty_system().openpty(PtySize::default()).unwrap();
    let mut command = CommandBuilder::new(PROGRAM);
    command.args(["drill", "calm"]);
    command.env_clear();
    for (name, value) in home.env() {
        command.env(name, value);
    }
    let mut child = pair.slave.spawn_command(command).unwrap();
    drop(pair.slave);
    let mut reader = pair.master.try_clone_reader().unwrap();
    let mut seen = Vec::new();
    while !seen.ends_with(b"\x1b[?2026l") {
        let mut byte = [0];
        reader.read_exact(&mut byte).unwrap();
        seen.extend(byte);
    }
    drop(reader);
    drop(pair.master);
    let mut killer = child.clone_killer();
    let (tell, ended) = channel();
    thread::spawn(move || tell.send(child.wait().unwrap()));
    let Ok(exit) = ended.recv_timeout(PATIENCE) else {
        killer.kill().unwrap();
        panic!("it goes on without its terminal");
    };
    // By the signal, by the end of its input, or because a frame could not be written: whichever is met first.
    assert!([129, 0, 1].contains(&exit.exit_code()), "{exit:?}");
}

/// A part of the program that panics: the loop runs on a transport that does.
#[test]
fn a_panic_gives_the_terminal_back_before_it_is_reported() {
    let home = Home::new();
    let itself = std::env::current_exe().unwrap();
    let args = ["--exact", "terminal_leaving::a_console_whose_transport_panics", "--ignored", "--nocapture"];
    let left = home.start(itself.to_str().unwrap(), &args, (120, 40)).wait_for_end();
    assert!(left.unrestored.is_empty(), "{:?}", left.unrestored);
    assert!(!left.exit.success(), "{:?}", left.exit);
    for words in ["a transport that panics", "the report is above"] {
        assert!(left.text.contains(words), "no `{words}` in:\n{}", left.text);
    }
}

/// Not a test by itself: the program that the test above runs in a terminal.
#[test]
#[ignore = "panics on purpose, in a terminal"]
fn a_console_whose_transport_panics() -> ExitCode {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let journal = tempfile::tempdir().unwrap();
    let ended = runtime.block_on(async {
        let clock = Clock::paced(drill::DEFAULT_START, 1.0);
        let transport = Transport::new(|_| async { panic!("a transport that panics") });
        let access = Access { transport: Some(transport), ..Access::default() };
        let settings = Settings {
            budget: None,
            origins: std::sync::Arc::default(),
            policy: Arc::new(Policy::of_spec(Environment::Production)),
            environment: Environment::Production,
            read_only: None,
            journal: journal.path().to_owned(),
            clusters: Vec::new(),
            spending: live::Spending::default(),
        };
        let handle = live::start(access, clock.clone(), settings);
        let options = Options {
            theme: Theme::builtin("dark").unwrap(),
            keymap: Keymap::default(),
            title: None,
            drill: true,
            said: None,
        };
        console::run(options, handle, clock).await
    });
    println!("{:#}", ended.unwrap_err());
    ExitCode::FAILURE
}
