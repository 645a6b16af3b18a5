//! What is on the screen, as text.

use super::{Person, text};
use crate::console::scene::{armed, empty, now, three};

const DIALOGS: [(&str, &str); 8] = [
    ("preview", "s"),
    ("confirming", "a enter 8"),
    ("help", "?"),
    ("palette", ": s c"),
    ("filter", "/ a p"),
    ("why", "w"),
    ("describe", "d"),
    ("arming", "A p r o"),
];

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

#[test]
fn every_screen_says_where_one_is_and_what_can_be_pressed() {
    for (width, height) in SIZES {
        for (name, keys) in DIALOGS {
            let mut person = Person::at(armed(), width, height);
            person.press(keys);
            let screen = person.screen();
            for word in ["PRODUCTION", "us-east-1", "1234-5678-9012", "ARMED"] {
                assert!(screen.lines().next().unwrap().contains(word), "{name} {width}×{height}: {word}\n{screen}");
            }
            assert!(screen.lines().last().unwrap().contains("esc"), "{name} {width}×{height}\n{screen}");
        }
    }
}

/// Dialogs and the foot alone: the pane below them has its own tests.
#[test]
fn dialogs_at_three_sizes() {
    for (width, height) in SIZES {
        for (name, keys) in DIALOGS {
            let mut person = Person::at(if name == "arming" { three() } else { armed() }, width, height);
            person.press(keys);
            insta::assert_snapshot!(
                format!("{name}_{width}x{height}"),
                text(&person.app.over_nothing(now(), person.area))
            );
        }
    }
}

#[test]
fn no_size_is_too_small_or_too_odd() {
    for (width, height) in [(0, 0), (1, 1), (2, 60), (20, 5), (40, 3), (300, 2), (7, 12)] {
        for (_, keys) in DIALOGS {
            for view in [empty(), armed()] {
                Person::at(view, width, height).press(keys).screen();
            }
        }
    }
}

#[test]
fn a_first_frame_needs_no_data() {
    let screen = Person::before(empty()).screen();
    assert!(screen.contains("help"), "{screen}");
}
