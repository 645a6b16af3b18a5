//! The story by keyboard alone: the real program in a real terminal, from load to a confirmed change to steady.

use crate::terminal::{Home, Terminal, drill};

/// Allows changes, as somebody does who reads the question.
pub fn arm(terminal: &mut Terminal) {
    terminal.press("A");
    terminal.wait_for_text("To arm: type production");
    terminal.press("production");
    terminal.enter_until("ARMED");
}

/// Opens the preview with a count of one's own, goes on to the confirmation, and types what it asks for.
pub fn ask(terminal: &mut Terminal, count: u32) {
    // As many as there are: a change before this one may have been carried out.
    terminal.wait_while_it_runs("the counts", |screen| {
        ["tasks 2/2", "tasks 4/4", "tasks 6/6"].iter().any(|counts| screen.contents().contains(counts))
    });
    terminal.press("s");
    terminal.wait_for_text("0–9 count");
    terminal.press(&count.to_string());
    terminal.wait_for_text(&format!("enter, then type {count} to confirm"));
    terminal.press("\r");
    terminal.wait_for_text("To confirm and send");
    terminal.press(&count.to_string());
}

#[test]
fn from_load_to_steady_at_sixty_times_the_speed() {
    let home = Home::new();
    let mut terminal = drill(&home, &["spike", "--speed", "60"]);
    arm(&mut terminal);
    terminal.wait_for_text("1m of 5m");
    ask(&mut terminal, 8);
    terminal.enter_until("you acting");
    terminal.wait_for_text("done and steady");
    terminal.press("q");
    let left = terminal.wait_for_end();
    assert!(left.unrestored.is_empty(), "{:?}", left.unrestored);
    assert_eq!(left.exit.exit_code(), 0);
    let lines = home.journal("drill-journal");
    assert_eq!(home.states("drill-journal"), ["planned", "sending", "sent", "closed"], "{lines:?}");
    let closed = lines.last().unwrap();
    assert_eq!((&closed["ended"], &closed["clock"]), (&"steady".into(), &"drill".into()), "{closed}");
}

#[test]
fn up_to_the_accepted_change_at_the_speed_of_life() {
    let home = Home::new();
    let mut terminal = drill(&home, &["calm", "--speed", "1"]);
    arm(&mut terminal);
    ask(&mut terminal, 6);
    terminal.enter_until("you acting");
    terminal.wait_while_it_runs("line `sent`", |_| home.states("drill-journal").contains(&"sent".to_owned()));
    let lines = home.journal("drill-journal");
    assert_eq!(home.states("drill-journal"), ["planned", "sending", "sent"], "{lines:?}");
    assert_eq!(lines[2]["result"]["outcome"], "accepted", "{lines:?}");
    assert_eq!(lines[0]["plan"], lines[2]["plan"], "what was shown is what was sent");
}
