//! Every size a terminal can have, and more input than anybody types.

use std::time::Duration;

use crate::terminal::{Home, drill};

#[test]
fn it_fits_every_size_it_is_given() {
    let home = Home::new();
    let mut terminal = drill(&home, &["calm"]);
    for size in [(80, 24), (20, 5), (200, 60), (1, 1), (30, 8), (2, 1), (1, 40), (140, 36)] {
        terminal.resize(size);
        terminal.press("?GjkqS2j1?");
        terminal.press("q");
        if size.0 >= 20 {
            terminal.wait_until("a frame of the new size", |screen| screen.contents().contains("4/4"));
        }
    }
    terminal.press("s");
    for size in [(20, 5), (1, 1), (80, 24), (3, 60)] {
        terminal.resize(size);
        terminal.press("+\r9\r");
    }
    terminal.resize((140, 36));
    terminal.wait_for_text("Scale out");
    // One Esc a stage, apart from each other.
    let mut looks = 0;
    terminal.press("\u{1b}");
    while terminal.contents().contains("Scale out") {
        terminal.let_pass(Duration::from_millis(100));
        looks += 1;
        assert!(looks < 100, "the box does not close");
        if looks % 5 == 0 {
            terminal.press("\u{1b}");
        }
    }
    terminal.press("q");
    let left = terminal.wait_for_end();
    assert!(left.unrestored.is_empty(), "{:?}", left.unrestored);
    assert_eq!(left.exit.exit_code(), 0, "{}", left.text);
}

#[test]
fn a_paste_of_100_kb_is_no_key_press() {
    let home = Home::new();
    let mut terminal = drill(&home, &["calm"]);
    let hostile = "Aq\r:quit\r\u{1b}[31m\u{202e}".repeat(6000);
    assert!(hostile.len() > 100_000);
    let paste = format!("\u{1b}[200~{hostile}\u{1b}[201~");
    for (key, shown) in [("", "a paste is no key press"), ("/", "quit"), (":", "quit"), ("A", "To arm")] {
        terminal.press(key);
        terminal.press(&paste);
        terminal.wait_for_text(shown);
        // Esc, and not the start of another key.
        terminal.press("\u{1b}\u{1b}");
        terminal.wait_for_text("Scaling groups");
    }
    assert!(terminal.contents().contains("READ-ONLY"), "{}", terminal.contents());
    assert!(!String::from_utf8_lossy(terminal.raw()).contains('\u{202e}'), "what was pasted went out to the terminal");
    terminal.press("q");
    assert_eq!(terminal.wait_for_end().exit.exit_code(), 0);
}
