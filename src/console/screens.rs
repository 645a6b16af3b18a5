//! Key sequences over a terminal that is a buffer: what is on the screen, what is asked for, and what never is.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::app::App;
use super::commands::{COMMANDS, Layer, Verb, command_table_markdown, row};
use super::dialogs::Dialog;
use super::dialogs::preview::Stage;
use super::event::{Effect, Ended, Event, Input};
use super::keys::Key;
use super::model::{Pane, Wall};
use super::scene::{app, armed, empty, id, now, three, with_desired};
use crate::change::{Answer, Change, Follow, Plan, Refused};
use crate::live::{Armed, Command, Followed, Notice, View};
use crate::platform::{Environment, TaskCount};

/// A person at a terminal: keys go in, frames are flushed, time passes only when it is said.
struct Person {
    app: App,
    area: Rect,
    wall: Duration,
    asked: Vec<Command>,
    copied: Vec<String>,
    ended: Option<Ended>,
}

impl Person {
    fn at(view: View, width: u16, height: u16) -> Self {
        let mut person = Self {
            app: app(view),
            area: Rect::new(0, 0, width, height),
            wall: Duration::from_secs(1),
            asked: Vec::new(),
            copied: Vec::new(),
            ended: None,
        };
        person.frame();
        person
    }

    fn before(view: View) -> Self {
        Self::at(view, 120, 40)
    }

    /// The frame that follows whatever happened.
    fn frame(&mut self) -> Buffer {
        let mut buf = Buffer::empty(self.area);
        self.app.fit(now(), self.area);
        self.app.draw(now(), self.area, &mut buf);
        self.app.flushed(now(), self.area, Wall(self.wall));
        for effect in self.app.effects() {
            match effect {
                Effect::Ask(command) => self.asked.push(command),
                Effect::Copy(text) => self.copied.push(text),
                Effect::End(how) => self.ended = Some(how),
            }
        }
        buf
    }

    fn screen(&mut self) -> String {
        text(&self.frame())
    }

    fn wait(&mut self, ms: u64) -> &mut Self {
        self.wall += Duration::from_millis(ms);
        self
    }

    /// Keys that arrive together: one frame after all of them.
    fn burst(&mut self, keys: &str) -> &mut Self {
        for key in keys.split_whitespace() {
            let key = key.parse::<Key>().unwrap();
            self.app.handle(Event::Input(Input::Key(key), Wall(self.wall)), now());
        }
        self.frame();
        self
    }

    /// Keys of somebody who looks: a frame and half a second between two of them.
    fn press(&mut self, keys: &str) -> &mut Self {
        for key in keys.split_whitespace() {
            self.wait(500).burst(key);
        }
        self
    }

    fn paste(&mut self, text: &str) -> &mut Self {
        self.app.handle(Event::Input(Input::Paste(text.to_owned()), Wall(self.wall)), now());
        self.frame();
        self
    }

    fn sees(&mut self, view: View) -> &mut Self {
        self.app.handle(Event::View(Arc::new(view)), now());
        self.frame();
        self
    }

    fn told(&mut self, notice: Notice) -> &mut Self {
        self.app.handle(Event::Notice(notice), now());
        self.frame();
        self
    }

    fn confirmed(&self) -> Vec<(&Plan, &Answer)> {
        let mut confirmed = Vec::new();
        for command in &self.asked {
            if let Command::Confirm(plan, answer) = command {
                confirmed.push((&**plan, answer));
            }
        }
        confirmed
    }

    fn stage(&self) -> Option<&Stage> {
        match &self.app.model().dialog {
            Some(Dialog::Preview(preview)) => Some(preview.stage()),
            _ => None,
        }
    }

    fn planned(&self) -> Option<u32> {
        match &self.app.model().dialog {
            Some(Dialog::Preview(preview)) => Some(preview.change().to().0),
            _ => None,
        }
    }
}

fn text(buf: &Buffer) -> String {
    let mut text = String::new();
    for y in buf.area.rows() {
        let line: String = y.columns().map(|cell| buf[(cell.x, cell.y)].symbol()).collect();
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

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
fn the_whole_screen_at_three_sizes() {
    for (width, height) in SIZES {
        let mut person = Person::at(armed(), width, height);
        insta::assert_snapshot!(format!("screen_{width}x{height}"), person.screen());
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

#[test]
fn the_cursor_follows_the_resource_through_filter_order_and_refresh() {
    let mut person = Person::before(three());
    person.press("j j");
    assert_eq!(person.app.model().selected, Some(id("worker")));
    person.press("k / a p i enter");
    assert_eq!(person.app.model().rows(), [id("api")]);
    person.press("esc");
    assert_eq!(person.app.model().selected, Some(id("api")));
    let mut view = three();
    let mut platform = (*view.platform).clone();
    platform.listed = Some(Arc::new(["aardvark", "ai-service", "api", "worker"].map(id).to_vec()));
    view.platform = Arc::new(platform);
    person.sees(view);
    assert_eq!(person.app.model().selected, Some(id("api")));
    assert_eq!(person.app.model().row(), Some(2));
}

#[test]
fn a_filter_left_with_esc_is_what_it_was() {
    let mut person = Person::before(three());
    person.press("/ w o r enter / x esc");
    assert_eq!(person.app.model().filter, "wor");
    person.press("esc");
    assert_eq!(person.app.model().filter, "");
}

#[test]
fn what_is_seen_and_open_is_told_once() {
    let mut person = Person::before(three());
    person.press("2 f f 1");
    let looks: Vec<&Command> = person.asked.iter().filter(|c| matches!(c, Command::Look { .. })).collect();
    let all = ["ai-service", "api", "worker"].map(id).to_vec();
    let overview = Command::Look { visible: all, open: None };
    let tasks = Command::Look { visible: vec![id("ai-service")], open: Some(id("ai-service")) };
    assert_eq!(looks, [&overview, &tasks, &overview]);
    person.asked.clear();
    person.frame();
    assert_eq!(person.asked, []);
}

#[test]
fn a_plan_is_edited_answered_and_handed_on_as_it_was_shown() {
    let mut person = Person::before(armed());
    person.press("s");
    assert!(person.asked.contains(&Command::Previewing(Some(id("ai-service")))));
    assert_eq!(person.planned(), Some(8));
    person.press("+ + - 9");
    assert_eq!(person.planned(), Some(9));
    let shown = match &person.app.model().dialog {
        Some(Dialog::Preview(preview)) => preview.made().unwrap().plan.clone(),
        other => panic!("{other:?}"),
    };
    person.press("enter 9 enter");
    let (plan, answer) = person.confirmed()[0];
    assert_eq!((plan, answer.typed.as_str()), (&shown, "9"));
    assert_eq!(plan.change, Change::Desired { service: id("ai-service"), to: TaskCount(9) });
    person.told(Notice::Accepted);
    assert!(person.app.model().dialog.is_none());
    assert_eq!(person.asked.last(), Some(&Command::Previewing(None)));
}

#[test]
fn typed_counts_begin_anew_and_stay_inside_the_quota() {
    let mut person = Person::before(armed());
    person.press("s 1 2");
    assert_eq!(person.planned(), Some(12));
    person.press("+ 3");
    assert_eq!(person.planned(), Some(3));
    person.press("9 9 9 9 9 9 9 9 9");
    assert_eq!(person.planned(), Some(5000));
    person.press("- -");
    assert_eq!(person.planned(), Some(4998));
    person.press("0 - -");
    assert_eq!(person.planned(), Some(0));
}

#[test]
fn a_hold_moves_the_floor_and_back() {
    let mut person = Person::before(armed());
    person.press("a h");
    let change = |person: &Person| match &person.app.model().dialog {
        Some(Dialog::Preview(preview)) => preview.change().clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(change(&person), Change::Floor { service: id("ai-service"), to: TaskCount(8) });
    person.press("h");
    assert_eq!(change(&person), Change::Desired { service: id("ai-service"), to: TaskCount(8) });
}

#[test]
fn letters_of_stage_one_are_text_in_stage_two_and_nothing_leaks() {
    let mut person = Person::before(armed());
    person.press("a enter + - h c A q 5");
    let Some(Stage::Answer(typed)) = person.stage() else { panic!("{:?}", person.stage()) };
    assert_eq!(typed.answer.text(), "+-hcAq5");
    assert_eq!(person.planned(), Some(8), "nothing was edited");
    assert!(person.copied.is_empty());
    person.press("esc");
    assert_eq!(person.stage(), Some(&Stage::Edit));
    person.press("8 enter");
    let Some(Stage::Answer(typed)) = person.stage() else { panic!("{:?}", person.stage()) };
    assert_eq!(typed.answer.text(), "", "neither the digit of stage one nor the old answer is in it");
}

#[test]
fn enter_counts_three_hundred_milliseconds_after_the_plan_was_flushed() {
    for (after, counts) in [(0, false), (299, false), (300, true), (5_000, true)] {
        let mut person = Person::before(armed());
        person.press("a enter").burst("8").wait(after).burst("enter");
        assert_eq!(!person.confirmed().is_empty(), counts, "{after} ms");
    }
}

#[test]
fn keys_that_arrive_together_never_confirm() {
    let mut person = Person::before(armed());
    person.wait(10_000).burst("a enter 8 enter enter enter");
    assert!(person.confirmed().is_empty());
    assert!(matches!(person.stage(), Some(Stage::Answer(_))));
}

#[test]
fn a_key_that_waited_in_a_queue_does_not_confirm() {
    let mut person = Person::before(armed());
    let pressed = person.wall;
    person.press("a enter 8").wait(10_000);
    person.app.handle(Event::Input(Input::Key("enter".parse().unwrap()), Wall(pressed)), now());
    person.frame();
    assert!(person.confirmed().is_empty());
}

#[test]
fn a_held_enter_does_not_confirm() {
    let mut person = Person::before(View { environment: Environment::Staging, ..armed() });
    person.press("s 7");
    for _ in 0..100 {
        person.wait(33).burst("enter");
    }
    assert!(person.confirmed().is_empty());
    person.press("enter");
    assert_eq!(person.confirmed().len(), 1);
}

#[test]
fn a_plan_that_does_not_fit_on_the_screen_is_not_confirmed() {
    for (width, height) in [(20, 5), (80, 8), (1, 1)] {
        let mut person = Person::at(armed(), width, height);
        person.press("a enter 8 enter enter");
        assert!(person.confirmed().is_empty(), "{width}×{height}");
        person.area = Rect::new(0, 0, 100, 40);
        person.app.handle(Event::Input(Input::Resize, Wall(person.wall)), now());
        person.frame();
        person.press("enter");
        assert_eq!(person.confirmed().len(), 1, "seen whole, it can be");
    }
}

#[test]
fn a_paste_is_text_and_never_a_key() {
    let mut person = Person::before(armed());
    person.paste("a\rs\r8\r\u{3}q");
    assert!(person.app.model().dialog.is_none() && person.ended.is_none());
    person.press("a").paste("99\r");
    assert_eq!((person.planned(), person.stage()), (Some(8), Some(&Stage::Edit)));
    person.press("enter").wait(1_000).paste("8\r\n");
    assert!(person.confirmed().is_empty());
    let Some(Stage::Answer(typed)) = person.stage() else { panic!("{:?}", person.stage()) };
    assert_eq!(typed.answer.text(), "8");
    person.press("ctrl-u").paste(&"9".repeat(100_000));
    person.press("enter");
    assert!(person.confirmed().is_empty());
}

#[test]
fn a_wrong_answer_is_not_handed_on() {
    let mut person = Person::before(armed());
    person.press("a enter 7 enter");
    assert!(person.confirmed().is_empty());
    assert!(person.screen().contains("to confirm, type 8"));
}

#[test]
fn beyond_the_limits_a_reason_is_asked_for_too() {
    let mut person = Person::before(armed());
    person.press("s 1 2 enter 1 2 enter");
    assert!(person.confirmed().is_empty());
    person.press("enter");
    assert!(person.screen().contains("a reason is asked for"));
    person.press("s a l e enter");
    let (_, answer) = person.confirmed()[0];
    assert_eq!(answer, &Answer { typed: "12".to_owned(), reason: Some("sale".to_owned()) });
}

#[test]
fn a_moved_target_shows_the_new_plan_keeps_the_text_and_asks_once_more() {
    let mut person = Person::before(armed());
    person.press("a enter 8 enter");
    let mut plan = person.confirmed()[0].0.clone();
    plan.observed.desired = TaskCount(7);
    let what = vec!["desired was 6, is 7".to_owned()];
    person.told(Notice::Refused(Refused::Moved { plan: Box::new(plan.clone()), what }));
    let screen = person.screen();
    assert!(screen.contains("moved: desired was 6, is 7"), "{screen}");
    person.burst("enter");
    assert_eq!(person.confirmed().len(), 1, "the new plan has not been seen for long enough");
    person.press("enter");
    let confirmed = person.confirmed();
    assert_eq!((confirmed[1].0, confirmed[1].1.typed.as_str()), (&plan, "8"));
}

#[test]
fn a_plan_is_made_again_while_it_is_edited_and_stands_still_afterwards() {
    let mut person = Person::before(armed());
    person.press("a").sees(with_desired(&armed(), 7));
    assert!(person.screen().contains("moved: desired was 6, is 7"));
    person.press("enter").sees(with_desired(&armed(), 5));
    person.press("8 enter");
    assert_eq!(person.confirmed()[0].0.observed.desired, TaskCount(7), "what was shown is what is handed on");
}

#[test]
fn a_refusal_goes_back_to_where_it_can_be_mended() {
    let mut person = Person::before(armed());
    person.press("a enter 8 enter");
    person.told(Notice::Refused(Refused::Impossible { why: "another change is in flight".to_owned() }));
    assert_eq!(person.stage(), Some(&Stage::Edit));
    assert!(person.screen().contains("nothing was sent: another change is in flight"));
}

#[test]
fn a_full_channel_is_said_and_nothing_is_lost() {
    let mut person = Person::before(armed());
    person.press("a enter 8 enter");
    let command = person.asked.pop().unwrap();
    assert!(person.app.unsent(&command));
    assert!(person.screen().contains("nothing was sent"));
    person.press("enter");
    assert_eq!(person.asked.last(), Some(&command));
    assert!(!person.app.unsent(&Command::Previewing(None)));
    person.frame();
    assert_eq!(person.asked.last(), Some(&Command::Previewing(Some(id("ai-service")))));
}

#[test]
fn read_only_may_look_but_not_send() {
    let mut person = Person::before(three());
    person.press("a enter 8 enter");
    assert!(person.confirmed().is_empty());
    assert!(person.screen().contains("read-only: press A to arm first"));
    person.press("esc A");
    person.press("p r o d enter");
    assert!(!person.asked.contains(&Command::Arm), "the whole name is asked for");
    person.press("u c t i o n enter");
    assert!(person.asked.contains(&Command::Arm));
    assert_eq!(person.stage(), Some(&Stage::Edit), "back in the preview it was asked from");
}

#[test]
fn where_changes_are_locked_the_reason_is_said() {
    let locked = View { armed: Armed::Locked("--read-only".to_owned()), ..three() };
    let mut person = Person::before(locked);
    person.press("A");
    assert!(person.screen().contains("changes are refused here: --read-only"));
}

#[test]
fn another_account_closes_what_leads_to_a_change() {
    let mut person = Person::before(armed());
    person.press("a enter 8");
    let mut view = armed();
    let mut platform = (*view.platform).clone();
    let mut identity = (**platform.identity.as_ref().unwrap()).clone();
    identity.account = crate::platform::AccountId::new("210987654321");
    platform.identity = Some(Arc::new(identity));
    view.platform = Arc::new(platform);
    person.sees(view).press("enter");
    assert!(person.app.model().dialog.is_none() && person.confirmed().is_empty());
}

#[test]
fn freezing_stops_the_screens_clock_and_a_preview_thaws_it() {
    let mut person = Person::before(armed());
    person.press("f");
    let frozen = person.frame();
    let mut later = Buffer::empty(person.area);
    person.app.draw(now() + jiff::SignedDuration::from_secs(90), person.area, &mut later);
    assert_eq!(frozen, later);
    person.press("s");
    assert!(!person.app.frozen());
}

fn in_flight() -> View {
    let mut person = Person::before(armed());
    person.press("a enter 8 enter");
    let plan = person.confirmed()[0].0.clone();
    View { followed: Some(Arc::new(Followed { plan, follow: Follow::begin(now(), None) })), ..armed() }
}

#[test]
fn leaving_with_a_change_in_flight_asks_once() {
    let mut person = Person::before(three());
    person.press("q");
    assert_eq!(person.ended, Some(Ended::Quit));

    for (keys, ended) in
        [("q", None), ("q esc", None), ("q l", Some(Ended::Left)), ("ctrl-c ctrl-c", Some(Ended::Left)), ("q q", None)]
    {
        let mut person = Person::before(in_flight());
        person.press(keys);
        assert_eq!(person.ended, ended, "{keys}");
        assert_eq!(person.asked.contains(&Command::Leave), ended.is_some(), "{keys}");
    }
}

#[test]
fn polling_is_not_paused_while_a_change_is_followed() {
    let mut person = Person::before(in_flight());
    person.press("P");
    assert!(!person.asked.contains(&Command::Pause(true)));
    assert!(person.screen().contains("a change is being followed"));
}

#[test]
fn copies_are_quoted_and_clean() {
    let mut person = Person::before(armed());
    person.press("c a c");
    assert_eq!(person.copied[0], "ai-service");
    assert!(person.copied[1].starts_with("aws ecs update-service"), "{}", person.copied[1]);

    let evil = id("x; rm -rf ~\u{1b}[2J");
    let mut view = three();
    let mut platform = (*view.platform).clone();
    platform.listed = Some(Arc::new(vec![evil]));
    platform.services.clear();
    view.platform = Arc::new(platform);
    let mut person = Person::before(view);
    person.press("c");
    let words = shlex::split(&person.copied[0]).unwrap();
    assert_eq!(words.len(), 1, "{}", person.copied[0]);
    assert!(!person.copied[0].contains('\u{1b}'));
}

#[test]
fn every_command_of_the_palette_runs_or_says_why_not() {
    for command in COMMANDS.iter().filter(|command| command.layers.contains(&Layer::Main)) {
        for view in [empty(), armed()] {
            let mut person = Person::before(view);
            person.press(":");
            person.paste(command.name);
            person.press("enter");
            let model = person.app.model();
            let done = model.status.is_some() || model.dialog.is_some() || person.ended.is_some() || model.frozen;
            let moved = matches!(
                command.verb,
                Verb::Overview | Verb::Tasks | Verb::Open | Verb::Back | Verb::Disarm | Verb::Pause
            ) || command.layers.contains(&Layer::Reader);
            assert!(done || moved, "{} did nothing and said nothing", command.name);
        }
    }
    let mut person = Person::before(three());
    person.press(": 2 ctrl-u t a s k s enter");
    assert_eq!(person.app.model().pane, Pane::Tasks);
}

#[test]
fn the_table_is_whole() {
    let mut names: Vec<&str> =
        COMMANDS.iter().flat_map(|c| std::iter::once(c.name).chain(c.aliases.iter().copied())).collect();
    names.sort_unstable();
    let all = names.len();
    names.dedup();
    assert_eq!(names.len(), all, "a name means two commands");
    for command in COMMANDS {
        assert_eq!(row(command.verb).name, command.name, "a verb has two rows");
        assert!(!command.layers.is_empty() && command.about.len() > 5, "{}", command.name);
        assert!(command.about.starts_with(char::is_uppercase) && !command.about.ends_with('.'), "{}", command.about);
        assert!(command.name.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{}", command.name);
    }
}

#[test]
fn the_table_for_the_readme() {
    insta::assert_snapshot!(command_table_markdown());
}

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
    Paste(String),
    View(u8),
    Size(u16, u16),
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => proptest::collection::vec(any_key(), 1..4).prop_map(Step::Keys),
        4 => (0_u64..700).prop_map(Step::Wait),
        1 => ".{0,8}".prop_map(Step::Paste),
        1 => (0_u8..4).prop_map(Step::View),
        1 => (0_u16..130, 0_u16..45).prop_map(|(width, height)| Step::Size(width, height)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

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
                            if let Effect::Ask(Command::Confirm(plan, _)) = effect {
                                prop_assert!(standing, "not in stage two");
                                prop_assert_eq!(key.to_string(), "enter");
                                let (shown, at) = shown_at.as_ref().expect("never on the screen");
                                prop_assert_eq!(shown, &**plan);
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
