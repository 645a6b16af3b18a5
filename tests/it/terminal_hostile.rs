//! Text from AWS that wants to be more than text: escape sequences, a reversed reading order and a hundred kilobytes, in
//! a name and in an event. It reaches the screen as visible signs, and the terminal as nothing else.

use std::net::SocketAddr;

use bytes::Bytes;
use scaledeck::clock::Clock;
use scaledeck::drill::scenario::Scenario;
use scaledeck::drill::{Drill, listen};
use serde_json::Value;

use crate::terminal::{PROGRAM, Terminal};
use crate::terminal_listening::home_at;

const NAME: &str = "solosuccess-ai-service";
const HOSTILE: &str = "ai\u{1b}]0;owned\u{7}\u{1b}[31mred\u{202e}live\u{9b}2J\u{1b}[?1049l";

/// An AWS on which the service has the hostile name, and its events are long and hostile.
fn serve() -> SocketAddr {
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let clock = Clock::system();
            let drill = Drill::new(&Scenario::builtin("calm").unwrap(), 7, clock.now());
            let listener = listen::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
            tell.send(listener.local_addr().unwrap()).unwrap();
            let answer = move |request: http::Request<Bytes>| {
                let (drill, clock) = (drill.clone(), clock.clone());
                async move {
                    let request = request.map(|body| renamed(&body, HOSTILE, NAME, ""));
                    let response = drill.answer(request, || clock.now()).await?;
                    Ok(response.map(|body| renamed(&body, NAME, HOSTILE, &HOSTILE.repeat(2500))))
                }
            };
            listen::serve(listener, answer, std::future::pending()).await;
        });
    });
    told.recv().unwrap()
}

/// JSON with one text put for another, and with something added to every message; other bodies as they are.
fn renamed(body: &Bytes, from: &str, to: &str, more: &str) -> Bytes {
    let Ok(mut value) = serde_json::from_slice(body) else { return body.clone() };
    rename(&mut value, from, to, more);
    serde_json::to_vec(&value).unwrap().into()
}

fn rename(value: &mut Value, from: &str, to: &str, more: &str) {
    match value {
        Value::String(text) => *text = text.replace(from, to),
        Value::Array(list) => list.iter_mut().for_each(|value| rename(value, from, to, more)),
        Value::Object(fields) => {
            for (name, value) in fields {
                rename(value, from, to, more);
                if let (true, Value::String(text)) = (name == "message", value) {
                    text.push_str(more);
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn assert_clean(terminal: &Terminal) {
    let written = String::from_utf8_lossy(terminal.raw());
    for hostile in ["\u{1b}]0;", "owned\u{7}", "\u{1b}[31mred", "\u{202e}", "\u{9b}", "\u{1b}[?1049l"] {
        assert!(!written.contains(hostile), "{hostile:?} went out to the terminal");
    }
}

#[test]
fn hostile_text_is_shown_and_does_nothing() {
    let home = home_at(&format!("http://{}", serve()));
    let mut terminal = home.start(PROGRAM, &[], (120, 40));
    terminal.wait_for_text("ai␛]0;owned␇␛[31mred");
    // The tasks, all that AWS says of the service, the evidence, a preview, the filter, a copy.
    for (keys, shown) in [("2", "Tasks"), ("d", "Events"), ("qw", "esc back"), ("qs", "0–9 count")] {
        terminal.press(keys);
        terminal.wait_for_text(shown);
    }
    terminal.press("c");
    terminal.wait_for_text("copied: ");
    terminal.wait_for_text("␛");
    assert_clean(&terminal);
    terminal.press("\u{1b}");
    terminal.wait_until("the box closed", |screen| !screen.contents().contains("0–9 count"));
    terminal.press("q");
    let left = terminal.wait_for_end();
    assert!(left.unrestored.is_empty(), "{:?}", left.unrestored);
    assert_eq!(left.exit.exit_code(), 0);
}
