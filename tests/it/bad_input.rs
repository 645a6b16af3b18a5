//! Everything that can be wrong with what is typed, and what is said of it: one sentence that names the value and the
//! nearest valid one, exit code 2, nothing on the terminal.

use std::process::{Command, Output, Stdio};

use crate::crash::is_told;
use crate::terminal::{Home, PROGRAM, Terminal};
use crate::terminal_listening::{Listening, console};

/// Files that the words below name.
const FILES: &[(&str, &str)] = &[
    ("slip.toml", "name = \"x\"\nsummary = \"x\"\nnosie = 1\n[[users]]\nat = 0\nusers = 1\n"),
    ("theme.toml", "inherits = \"dark\"\n\n[meanings]\n\"severity.critcal\" = \"red\"\n"),
    ("parent.toml", "inherits = \"drak\"\n"),
    ("keys.toml", "[main]\nscael = [\"s\"]\nwhy = [\"entre\"]\n"),
    ("settings.toml", "[environments.production]\nregin = \"eu-west-1\"\n"),
    ("clash.toml", "[main]\nwhy = [\"s\"]\n"),
];

/// A line of words, and what comes out on standard error, from `scaledeck: ` on.
const MISTAKES: &[(&str, &str)] = &[
    (
        "drill spkie",
        r#"no scenario "spkie"; the nearest is "spike", and there are bad-deploy, blind, cache-stampede, calm, connections, crash-loop, expired, high-cost, max-capacity, ramp, replica-lag, scale-down, spike, sustained, throttled, zone-lost"#,
    ),
    ("drill gone.toml", "gone.toml: No such file or directory (os error 2)"),
    ("--profile opz status", "no profile `opz` (--profile); did you mean `ops`?"),
    ("--region us-est-1 status", "no region `us-est-1` (--region); did you mean `us-east-1`?"),
    (
        "--endpoint-url localhost:4566 status",
        "endpoint `localhost:4566` (--endpoint-url) has no scheme; it should look like http://localhost:4566",
    ),
    (
        "--endpoint-url ftp://aws status",
        "endpoint `ftp://aws` (--endpoint-url) has a scheme that is not HTTP; it should look like https://aws",
    ),
    ("drill --theme drak", "no theme is called `drak`; did you mean `dark`?"),
    ("drill --theme gone.toml", "gone.toml: No such file or directory (os error 2)"),
    ("drill --keymap gone.toml", "gone.toml: No such file or directory (os error 2)"),
    ("drill --keymap clash.toml", "clash.toml:2: `s` would mean both `scale` and `why`"),
    ("drill --keymap vmi", "no keymap `vmi`: there are default, vim, emacs, and .toml files"),
    ("--config gone.toml status", "gone.toml: No such file or directory (os error 2)"),
    (
        "--config settings.toml status",
        "settings.toml:2: unknown field `regin`, expected one of `profile`, `region`, `endpoint_url`, `clusters`, \
         `policy`, `mode`; did you mean `region`?",
    ),
    ("drill", "standard input is not a terminal, and the console needs one: scripts call `scaledeck status`"),
    ("", "standard input is not a terminal, and the console needs one: scripts call `scaledeck status`"),
];

/// Lines of words of which only some parts of the sentence are fixed: where, the value, the nearest.
const MISTAKES_IN_PARTS: &[(&str, &[&str])] = &[
    ("drill slip.toml", &["slip.toml, line 3: ", "unknown field `nosie`", "did you mean `noise`?"]),
    ("drill --theme theme.toml", &["theme.toml:4: ", "`severity.critcal`", "`severity.critical`"]),
    ("drill --theme parent.toml", &["parent.toml:1: ", "`drak`", "`dark`"]),
    ("drill --keymap keys.toml", &["keys.toml:2: ", "`scael`", "`scale`", "keys.toml:3: ", "`entre`", "`enter`"]),
    ("dril", &["'dril'", "'drill'"]),
    ("--profil x", &["'--profil'", "'--profile'"]),
    ("drill --sped 2", &["'--sped'", "'--speed'"]),
    ("drill --speed 0", &["'0'", "--speed", "a speed is a number from 0.1 to 600"]),
    ("drill --speed fast", &["'fast'", "--speed", "a speed is a number from 0.1 to 600"]),
    ("drill --seed x", &["'x'", "--seed"]),
    ("drill --listen 127.0.0.1:99999", &["'127.0.0.1:99999'", "--listen"]),
];

fn home() -> Home {
    let home = Home::new();
    for (name, text) in FILES {
        std::fs::write(home.path().join(name), text).unwrap();
    }
    std::fs::create_dir(home.path().join(".aws")).unwrap();
    std::fs::write(home.path().join(".aws/config"), "[profile ops]\nregion = us-east-1\n").unwrap();
    home
}

/// Runs it without a terminal.
fn run(home: &Home, words: &[&str]) -> Output {
    Command::new(PROGRAM)
        .args(words)
        .env_clear()
        .envs(home.env())
        .current_dir(home.path())
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn assert_mistake(words: &str, output: &Output, parts: &[&str]) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{words:?}: {said}");
    assert!(output.stdout.is_empty(), "{words:?} wrote {:?}", String::from_utf8_lossy(&output.stdout));
    assert!(!said.contains('\u{1b}'), "{words:?}: {said:?}");
    for part in parts {
        assert!(said.contains(part), "{words:?}: no {part:?} in:\n{said}");
    }
}

#[test]
fn a_mistake_is_one_sentence_and_exit_code_2() {
    let home = home();
    for (words, sentence) in MISTAKES {
        let output = run(&home, &words.split_whitespace().collect::<Vec<_>>());
        assert_mistake(words, &output, &[]);
        assert_eq!(String::from_utf8_lossy(&output.stderr), format!("scaledeck: {sentence}\n"), "{words:?}");
    }
    for (words, parts) in MISTAKES_IN_PARTS {
        assert_mistake(words, &run(&home, &words.split_whitespace().collect::<Vec<_>>()), parts);
    }
}

#[test]
fn a_variable_is_named_as_where_the_mistake_is() {
    for (name, value, sentence) in [
        ("AWS_PROFILE", "opz", "no profile `opz` (AWS_PROFILE); did you mean `ops`?"),
        ("AWS_REGION", "eu-west-9", "no region `eu-west-9` (AWS_REGION); did you mean `eu-west-1`?"),
        (
            "AWS_ENDPOINT_URL",
            "http://",
            "endpoint `http://` (AWS_ENDPOINT_URL) is not a URL; it should look like http://localhost:5000",
        ),
    ] {
        let mut home = home();
        home.set(name, value);
        let output = run(&home, &["status"]);
        assert_mistake(name, &output, &[]);
        assert_eq!(String::from_utf8_lossy(&output.stderr), format!("scaledeck: {sentence}\n"));
    }
}

/// In a terminal the sentence is all that is written: no alternate screen, no mode that would have to be taken back.
#[test]
fn a_mistake_leaves_the_terminal_untouched() {
    let home = home();
    for words in
        [&["drill", "spkie"][..], &["drill", "--theme", "drak"], &["drill", "--keymap", "keys.toml"], &["dril"]]
    {
        let left = home.start(PROGRAM, words, (120, 40)).wait_for_end();
        assert_eq!(left.exit.exit_code(), 2, "{}", left.text);
        assert!(left.unrestored.is_empty(), "{words:?}: {:?}", left.unrestored);
        assert!(!left.raw.contains(&0x1b), "{words:?} wrote an escape sequence");
    }
}

#[test]
fn a_console_into_a_pipe_is_refused() {
    let home = home();
    let left = home.start("sh", &["-c", &format!("{PROGRAM} drill | cat")], (120, 40)).wait_for_end();
    assert!(left.text.contains("standard output is not a terminal"), "{}", left.text);
    assert!(!left.raw.contains(&0x1b), "{:?}", left.text);
}

#[test]
fn a_port_that_is_taken_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = run(&home(), &["drill", "--listen", &address]);
    assert_mistake(&address, &output, &[]);
    let said = format!("scaledeck: cannot listen on {address}: Address already in use (os error 98)\n");
    assert_eq!(String::from_utf8_lossy(&output.stderr), said);
}

#[test]
fn without_credentials_it_says_so_and_offers_the_drill() {
    let home = Home::new();
    let output = run(&home, &["status", "--region", "us-east-1"]);
    assert_eq!(output.status.code(), Some(1));
    let all = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    let mut terminal = home.start(PROGRAM, &["--region", "us-east-1"], (120, 40));
    for words in ["no credentials", "--profile", "AWS_PROFILE", "aws configure", "scaledeck drill"] {
        assert!(all.contains(words), "no {words:?} in:\n{all}");
        terminal.wait_for_text(words);
    }
    terminal.press("q");
    assert_eq!(terminal.wait_for_end().exit.exit_code(), 0);
}

/// Tries to change the count; nothing may be sent, and the reason is on the screen.
fn refused(terminal: &mut Terminal, reasons: &[&str]) {
    crate::story_keys::arm(terminal);
    crate::story_keys::ask(terminal, 7);
    terminal.enter_until("nothing was sent");
    for reason in reasons {
        terminal.wait_for_text(reason);
    }
}

#[test]
fn a_journal_that_cannot_be_written_refuses_changes_and_nothing_else() {
    let aws = Listening::steady("1");
    let home = aws.home();
    // A file where the folder should be: not even root can write there.
    std::fs::create_dir_all(home.path().join("state/scaledeck")).unwrap();
    std::fs::write(home.path().join("state/scaledeck/journal"), "").unwrap();
    let mut terminal = console(&home);
    refused(&mut terminal, &["cannot be written", "--journal DIR"]);
    terminal.press("\u{3}");
    terminal.wait_for_end();
    assert!(aws.writes().is_empty(), "{:?}", aws.writes());
}

/// A journal with one whole change in it.
fn with_a_journal(aws: &Listening) -> (Home, std::path::PathBuf) {
    let home = aws.home();
    let mut terminal = console(&home);
    crate::story_keys::arm(&mut terminal);
    crate::story_keys::ask(&mut terminal, 6);
    terminal.enter_until("you acting");
    terminal.wait_while_it_runs("line `sent`", |_| home.states("journal").contains(&"sent".to_owned()));
    terminal.kill();
    let folder = home.path().join("state/scaledeck/journal");
    let file = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let file = file.into_iter().find(|path| path.extension().is_some_and(|extension| extension == "jsonl")).unwrap();
    (home, file)
}

#[test]
fn a_journal_damaged_in_the_middle_refuses_changes_and_a_torn_end_does_not() {
    let aws = Listening::steady("20");
    let (home, file) = with_a_journal(&aws);
    let whole = std::fs::read_to_string(&file).unwrap();

    let (first, rest) = whole.split_once('\n').unwrap();
    std::fs::write(&file, format!("{first}\n{}\n{rest}", &first[..first.len() / 2])).unwrap();
    let mut terminal = console(&home);
    let name = file.file_name().unwrap().to_str().unwrap();
    refused(&mut terminal, &[name, "line 2", "--journal DIR"]);
    terminal.kill();
    assert_eq!(aws.writes().len(), 1, "{:?}", aws.writes());

    std::fs::write(&file, format!("{whole}{}", &first[..first.len() / 2])).unwrap();
    let mut terminal = console(&home);
    terminal.wait_while_it_runs("what was left", |screen| is_told(&screen.contents(), "its end was not seen"));
    terminal.wait_for_text("done and steady");
    terminal.press("q");
    assert_eq!(terminal.wait_for_end().exit.exit_code(), 0);
    assert_eq!(home.states("journal").last().map(String::as_str), Some("closed"));
    assert_eq!(aws.writes().len(), 1, "{:?}", aws.writes());
}
