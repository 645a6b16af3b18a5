//! Whatever is pressed, whenever: nothing panics, and nothing is confirmed but by a ripe Enter on what was shown.

use std::time::Duration;

use proptest::prelude::*;
use ratatui::layout::Rect;

use super::Person;
use crate::change::Plan;
use crate::console::dialogs::Dialog;
use crate::console::dialogs::preview::Stage;
use crate::console::event::{Effect, Event, Input};
use crate::console::keys::Key;
use crate::console::model::Wall;
use crate::console::scene::{armed, empty, now, with_desired};
use crate::live::{Command, Notice, View};
use crate::platform::Environment;

fn any_key() -> impl Strategy<Value = Key> {
    let named = Key::names().map(|name| name.parse::<Key>().unwrap()).collect::<Vec<_>>();
    prop_oneof![
        4 => proptest::sample::select("sahqAPfwdc+-=0189/:?jkgG12lRS".chars().map(Key::char).collect::<Vec<_>>()),
        4 => Just("enter".parse().unwrap()),
        1 => Just("esc".parse().unwrap()),
        1 => proptest::sample::select(named),
        1 => any::<char>().prop_map(Key::char),
        1 => proptest::char::range('a', 'z').prop_map(Key::ctrl),
    ]
}

#[derive(Debug, Clone)]
enum Step {
    Keys(Vec<Key>),
    Wait(u64),
    Accepted,
    Paste(String),
    View(u8),
    Size(u16, u16),
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => proptest::collection::vec(any_key(), 1..4).prop_map(Step::Keys),
        4 => (0_u64..700).prop_map(Step::Wait),
        // The way to a confirmation, which random keys seldom find.
        4 => Just(Step::Keys(["s", "enter"].map(|key| key.parse().unwrap()).to_vec())),
        4 => Just(Step::Keys(vec!["enter".parse().unwrap()])),
        1 => Just(Step::Accepted),
        1 => ".{0,8}".prop_map(Step::Paste),
        1 => (0_u8..4).prop_map(Step::View),
        1 => (0_u16..130, 0_u16..45).prop_map(|(width, height)| Step::Size(width, height)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn whatever_is_pressed_only_a_ripe_enter_in_stage_two_confirms(
        steps in proptest::collection::vec(any_step(), 1..40),
    ) {
        let staging = View { environment: Environment::Staging, ..armed() };
        let mut person = Person::at(staging.clone(), 100, 40);
        let mut shown_at: Option<(Plan, Duration)> = None;
        for step in steps {
            match step {
                Step::Wait(ms) => { person.wait(ms); }
                Step::Accepted => { person.told(Notice::Accepted); }
                Step::Paste(text) => { person.paste(&text); }
                Step::View(0) => { person.sees(empty()); }
                Step::View(n) => { person.sees(with_desired(&staging, u32::from(n) + 4)); }
                Step::Size(width, height) => { person.area = Rect::new(0, 0, width, height); }
                Step::Keys(keys) => {
                    for key in keys {
                        let standing = matches!(person.stage(), Some(Stage::Answer(_)));
                        let before = person.confirmed().len();
                        person.app.handle(Event::Input(Input::Key(key), Wall(person.wall)), now());
                        let sent = person.app.effects();
                        for effect in &sent {
                            if let Effect::Ask(Command::Confirm(asked)) = effect {
                                prop_assert!(standing, "not in stage two");
                                prop_assert_eq!(key.to_string(), "enter");
                                let (shown, at) = shown_at.as_ref().expect("never on the screen");
                                prop_assert_eq!(shown, &asked.plan);
                                prop_assert!(person.wall.saturating_sub(*at) >= Duration::from_millis(300));
                            }
                        }
                        prop_assert_eq!(before, person.confirmed().len());
                    }
                }
            }
            person.frame();
            // What this very screen shows in stage two, and since when.
            let now_shown = match &person.app.model().dialog {
                Some(Dialog::Preview(preview)) if matches!(preview.stage(), Stage::Answer(_)) => {
                    preview.made().ok().map(|made| made.plan.clone())
                }
                _ => None,
            };
            shown_at = match (now_shown, shown_at) {
                (Some(plan), Some((old, at))) if plan == old => Some((old, at)),
                (Some(plan), _) => Some((plan, person.wall)),
                (None, _) => None,
            };
            if person.ended.is_some() {
                break;
            }
        }
    }
}
