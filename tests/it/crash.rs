//! The program killed from outside in each state that a change has on the disk, and what the next start makes of it.
//!
//! The judge is the log of the AWS that it talked to, a drill in a process of its own: whatever happened, no change was
//! carried out twice.

use std::time::Duration;

use serde_json::json;

use crate::story_keys::{arm, ask};
use crate::terminal::{Home, Terminal};
use crate::terminal_listening::{Listening, console};

/// The drill runs faster than the console, so that tasks start within a test's patience.
const SPEED: &str = "20";

/// As the line of the followed change says it, with the time it took behind; a notice says it a moment earlier.
const NOT_CARRIED_OUT: &str = "not carried out   ";

/// Armed, on the confirmation of six tasks, with the answer typed: only Enter is missing.
fn about_to_confirm(home: &Home) -> Terminal {
    let mut terminal = console(home);
    arm(&mut terminal);
    ask(&mut terminal, 6);
    terminal
}

/// Presses Enter until it has counted, which the journal tells.
fn confirm(terminal: &mut Terminal, home: &Home) {
    while home.states("journal").is_empty() {
        // Longer than the 300 ms that a plan must have been seen for.
        terminal.let_pass(Duration::from_millis(400));
        terminal.press("\r");
        terminal.wait_while_it_runs("answer to Enter", |screen| {
            screen.contents().contains("too soon") || !home.states("journal").is_empty()
        });
    }
}

/// Waits until the journal says so, and kills.
fn kill_at(mut terminal: Terminal, home: &Home, state: &str) {
    let reached = || home.states("journal").last().is_some_and(|last| last == state);
    terminal.wait_while_it_runs(&format!("line `{state}`"), |_| reached());
    terminal.kill();
}

/// The change was carried out at most once, and not by the second start.
fn assert_writes(aws: &Listening, count: usize) {
    let writes = aws.writes();
    assert_eq!(writes.len(), count, "{writes:?}");
}

/// Starts it again on what was left, waits for its words, and leaves.
/// Whether it was said what was left. Where the first look finds it done, its end is said in the same breath, and stays.
pub fn is_told(screen: &str, left: &str) -> bool {
    screen.contains(left) || screen.contains("steady after")
}

fn start_again(home: &Home, words: &[&str]) {
    let mut terminal = console(home);
    let (first, rest) = words.split_first().unwrap();
    terminal.wait_while_it_runs(first, |screen| is_told(&screen.contents(), first));
    for words in rest {
        terminal.wait_for_text(words);
    }
    terminal.press("q");
    let left = terminal.wait_for_end();
    assert!(left.unrestored.is_empty(), "{:?}", left.unrestored);
    assert_eq!(left.exit.exit_code(), 0);
}

fn last_line(home: &Home) -> serde_json::Value {
    home.journal("journal").pop().unwrap()
}

fn planned_and_killed_nothing_was_sent() {
    let aws = Listening::steady(SPEED);
    let home = aws.home();
    let mut terminal = about_to_confirm(&home);
    aws.fail(&json!({"fault": "hang", "seconds": 60, "service": "ecs"}));
    confirm(&mut terminal, &home);
    kill_at(terminal, &home, "planned");
    aws.mend();
    start_again(&home, &["it was not sent"]);
    assert_writes(&aws, 0);
    let line = last_line(&home);
    assert_eq!((&line["state"], &line["ended"]), (&"closed".into(), &"not_sent".into()), "{line}");
}

fn sending_and_killed_before_it_arrived() {
    let aws = Listening::steady(SPEED);
    let home = aws.home();
    let mut terminal = about_to_confirm(&home);
    aws.fail(&json!({"fault": "hang", "seconds": 60, "operation": "UpdateService"}));
    confirm(&mut terminal, &home);
    kill_at(terminal, &home, "sending");
    aws.mend();
    start_again(&home, &["it may have been sent", NOT_CARRIED_OUT]);
    assert_writes(&aws, 0);
    let line = last_line(&home);
    assert_eq!((&line["state"], &line["ended"]), (&"closed".into(), &"failed".into()), "{line}");
}

fn sending_and_killed_after_it_was_carried_out() {
    let aws = Listening::steady(SPEED);
    let home = aws.home();
    let mut terminal = about_to_confirm(&home);
    aws.fail(&json!({"fault": "lose", "seconds": 60, "operation": "UpdateService"}));
    confirm(&mut terminal, &home);
    terminal.wait_while_it_runs("write", |_| !aws.writes().is_empty());
    kill_at(terminal, &home, "sending");
    aws.mend();
    start_again(&home, &["it may have been sent", "done and steady"]);
    assert_writes(&aws, 1);
    assert_eq!(last_line(&home)["ended"], "steady");
}

/// The fault stays on over the second start: whoever sent again would be dropped, or write again.
fn sent_without_an_answer(fault: &str, writes: usize, words: &str) {
    let aws = Listening::steady(SPEED);
    let home = aws.home();
    let mut terminal = about_to_confirm(&home);
    aws.fail(&json!({"fault": fault, "operation": "UpdateService"}));
    confirm(&mut terminal, &home);
    kill_at(terminal, &home, "sent");
    assert_eq!(last_line(&home)["result"]["outcome"], "unknown", "{fault}");
    start_again(&home, &["no answer came; read it back", words]);
    assert_writes(&aws, writes);
}

fn sent_and_the_answer_lost_it_is_read_back() {
    sent_without_an_answer("lose", 1, "done and steady");
}

fn sent_and_the_request_lost_it_is_read_back() {
    sent_without_an_answer("drop", 0, NOT_CARRIED_OUT);
}

fn sent_and_killed_it_is_followed_to_the_end() {
    let aws = Listening::steady(SPEED);
    let home = aws.home();
    let mut terminal = about_to_confirm(&home);
    confirm(&mut terminal, &home);
    kill_at(terminal, &home, "sent");
    start_again(&home, &["its end was not seen", "done and steady"]);
    assert_writes(&aws, 1);
    assert_eq!(last_line(&home)["ended"], "steady");
}

fn following_left_and_killed_it_is_followed_to_the_end() {
    // Slow enough that the second start finds it under way, even on a busy machine.
    let aws = Listening::steady("5");
    let home = aws.home();
    let mut terminal = about_to_confirm(&home);
    confirm(&mut terminal, &home);
    terminal.wait_while_it_runs("line `sent`", |_| home.states("journal").contains(&"sent".to_owned()));
    terminal.signal("TERM");
    terminal.wait_for_end();
    assert_eq!(last_line(&home)["left"], "the console was left");
    let mut terminal = console(&home);
    terminal.wait_while_it_runs("what was left", |screen| is_told(&screen.contents(), "its end was not seen"));
    kill_at(terminal, &home, "following");
    start_again(&home, &["its end was not seen", "done and steady"]);
    assert_writes(&aws, 1);
    assert_eq!(last_line(&home)["ended"], "steady");
}

fn closed_and_killed_nothing_is_taken_up() {
    let aws = Listening::steady(SPEED);
    let home = aws.home();
    let mut terminal = about_to_confirm(&home);
    confirm(&mut terminal, &home);
    terminal.wait_for_text("done and steady");
    kill_at(terminal, &home, "closed");
    let lines = home.journal("journal").len();
    let mut terminal = console(&home);
    assert!(!terminal.contents().contains("its end was not seen"), "{}", terminal.contents());
    // Nothing is asked on the way out: nothing is in flight.
    terminal.press("q");
    terminal.wait_for_end();
    assert_writes(&aws, 1);
    assert_eq!(home.journal("journal").len(), lines, "the second start wrote into the journal");
}

/// Every story: what it tells, and how it goes.
const STORIES: [(&str, fn()); 8] = [
    ("planned and killed nothing was sent", planned_and_killed_nothing_was_sent),
    ("sending and killed before it arrived", sending_and_killed_before_it_arrived),
    ("sending and killed after it was carried out", sending_and_killed_after_it_was_carried_out),
    ("sent and the answer lost it is read back", sent_and_the_answer_lost_it_is_read_back),
    ("sent and the request lost it is read back", sent_and_the_request_lost_it_is_read_back),
    ("sent and killed it is followed to the end", sent_and_killed_it_is_followed_to_the_end),
    ("following left and killed it is followed to the end", following_left_and_killed_it_is_followed_to_the_end),
    ("closed and killed nothing is taken up", closed_and_killed_nothing_is_taken_up),
];

/// All of them at once, because each mostly waits for tasks to start and for what is asked every few seconds.
#[test]
fn whenever_it_is_killed_no_change_is_sent_twice_and_the_next_start_says_what_is_true() {
    std::thread::scope(|scope| {
        for (tells, story) in STORIES {
            std::thread::Builder::new().name(tells.to_owned()).spawn_scoped(scope, story).unwrap();
        }
    });
}
