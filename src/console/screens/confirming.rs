//! From a key to a confirmation, and everything that is not one.

use std::sync::Arc;

use ratatui::layout::Rect;

use super::Person;
use crate::change::{Answer, Change, Refused};
use crate::console::dialogs::Dialog;
use crate::console::dialogs::preview::Stage;
use crate::console::event::{Event, Input};
use crate::console::model::Wall;
use crate::console::scene::{armed, id, now, three, with_desired};
use crate::live::{Armed, Command, Notice, View};
use crate::platform::{AccountId, Environment, TaskCount};

#[test]
fn a_plan_is_edited_answered_and_handed_on_as_it_was_shown() {
    let mut person = Person::before(armed());
    person.press("s");
    assert!(person.asked.contains(&Command::Previewing(Some(id("ai-service").into()))));
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
fn a_hold_lasts_until_a_time_a_later_one_and_back() {
    let mut person = Person::before(armed());
    person.press("a h");
    let change = |person: &Person| match &person.app.model().dialog {
        Some(Dialog::Preview(preview)) => preview.change().clone(),
        other => panic!("{other:?}"),
    };
    let held = |until| Change::Hold { service: id("ai-service"), to: TaskCount(8), until };
    let ends = crate::change::hold::ends(now());
    assert_eq!(change(&person), held(ends[0]));
    for end in &ends[1..] {
        person.press("h");
        assert_eq!(change(&person), held(*end));
    }
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
    let crate::change::Observed::Service(seen) = &mut plan.observed else { panic!("{plan:?}") };
    seen.desired = TaskCount(7);
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
    assert_eq!(person.confirmed()[0].0.from(), 7, "what was shown is what is handed on");
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
fn an_answer_to_a_plan_that_was_left_is_not_taken_for_the_next_one() {
    let mut person = Person::before(armed());
    person.press("a enter 8 enter");
    let plan = person.confirmed()[0].0.clone();
    person.press("esc j s enter 7 enter");
    assert_eq!(person.confirmed().len(), 1);
    assert!(person.screen().contains("the last Enter has not been answered yet"));
    let what = vec!["desired was 6, is 7".to_owned()];
    person.told(Notice::Refused(Refused::Moved { plan: Box::new(plan), what }));
    person.press("enter");
    assert_eq!(person.confirmed().len(), 2);
    assert_eq!(person.confirmed()[1].0.change.target(), id("api").into());
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
    assert_eq!(person.asked.last(), Some(&Command::Previewing(Some(id("ai-service").into()))));
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
    identity.account = AccountId::new("210987654321");
    platform.identity = Some(Arc::new(identity));
    view.platform = Arc::new(platform);
    person.sees(view).press("enter");
    assert!(person.app.model().dialog.is_none() && person.confirmed().is_empty());
}
