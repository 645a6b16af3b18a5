//! Trouble with AWS as it is seen in a terminal: calls that hang, are throttled, denied, refused as expired, answered
//! with rubbish or dropped. Keys paint at once, panes say what is wrong, and it mends itself without a restart.

use std::time::Duration;

use serde_json::json;

use crate::terminal::{Terminal, now};
use crate::terminal_listening::{Listening, console};

const ASK_AGAIN: &str = "\u{12}";

/// A key, and what it shows: within a tenth of a second, whatever AWS does. It is measured properly elsewhere.
fn paints_at_once(terminal: &mut Terminal, key: &str, text: &str) {
    let pressed = now();
    terminal.press(key);
    terminal.wait_for_text(text);
    let took = now().duration_since(pressed);
    assert!(took < Duration::from_millis(100), "{key:?} took {took:?}");
}

fn walk_about(terminal: &mut Terminal) {
    for (key, text) in [("?", "Every command"), ("\u{1b}", "Scaling groups"), ("2", "Tasks"), ("1", "Scaling groups")] {
        paints_at_once(terminal, key, text);
    }
}

/// Nothing fails any more: everything that is asked again answers.
fn mends(aws: &Listening, mut terminal: Terminal, words: &str) {
    aws.mend();
    terminal.press(ASK_AGAIN);
    terminal.wait_until(&format!("an end of `{words}`"), |screen| !screen.contents().contains(words));
    terminal.press("q");
    assert!(terminal.wait_for_end().unrestored.is_empty());
}

#[test]
fn every_call_hangs() {
    let aws = Listening::start("calm", "1");
    let mut terminal = console(&aws.home());
    aws.fail(&json!({"fault": "hang", "seconds": 10}));
    terminal.press(ASK_AGAIN);
    walk_about(&mut terminal);
    terminal.wait_for_text("timed out");
    // What is known stays, with its age.
    for words in ["solosuccess-ai-service", "sources fail"] {
        terminal.wait_for_text(words);
    }
    walk_about(&mut terminal);
    mends(&aws, terminal, "timed out");
}

#[test]
fn each_trouble_is_named_where_it_is_and_mends_itself() {
    let aws = Listening::start("calm", "1");
    for (fault, words) in [
        (json!({"fault": "throttle"}), "throttled: backing off"),
        (json!({"fault": "garble"}), "faulty"),
        (json!({"fault": "drop"}), "unreachable"),
    ] {
        let mut terminal = console(&aws.home());
        aws.fail(&fault);
        terminal.press(ASK_AGAIN);
        terminal.wait_for_text(words);
        assert!(terminal.contents().contains("solosuccess-ai-service"), "{}", terminal.contents());
        mends(&aws, terminal, words);
    }
}

#[test]
fn what_is_denied_is_named_once_and_the_rest_goes_on() {
    let aws = Listening::start("calm", "1");
    aws.fail(&json!({"fault": "deny", "operation": "DescribeScalingActivities"}));
    let mut terminal = console(&aws.home());
    let action = "application-autoscaling:DescribeScalingActivities";
    terminal.wait_for_text(action);
    assert_eq!(terminal.contents().matches(action).count(), 1, "{}", terminal.contents());
    terminal.wait_for_text("✓ steady");
    mends(&aws, terminal, action);
}

#[test]
fn an_expired_session_shows_the_command_that_mends_it() {
    let aws = Listening::start("calm", "1");
    let mut terminal = console(&aws.home());
    aws.fail(&json!({"fault": "expire"}));
    terminal.press(ASK_AGAIN);
    for words in ["credentials have expired – mend:", "in the environment or the default profile"] {
        terminal.wait_for_text(words);
    }
    mends(&aws, terminal, "have expired");
}
