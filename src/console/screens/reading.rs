//! Reading what happened and why: the panes of rows by keys, the evidence, the incident that is copied.

use super::Person;
use crate::console::dialogs::{Dialog, Subject};
use crate::console::model::Pane;
use crate::console::scene::{group, three};

fn subject(person: &Person) -> Option<&Subject> {
    match &person.app.model().dialog {
        Some(Dialog::Reader(reader)) => Some(reader.subject()),
        _ => None,
    }
}

#[test]
fn enter_reads_the_row_under_the_cursor_and_esc_leads_back() {
    let mut person = Person::before(three());
    person.press("8 j enter");
    assert!(matches!(subject(&person), Some(Subject::Note(note)) if note.title == "Alarm of the policy"));
    let screen = person.screen();
    assert!(screen.contains("scaledeck does not send it"), "{screen}");
    person.press("esc");
    assert_eq!((person.app.model().pane, subject(&person)), (Pane::Alarms, None));
    person.press("g enter");
    assert!(person.screen().contains("there is nothing more to say on this row"), "a head has no evidence");
    person.press("esc enter");
    assert_eq!(person.app.model().pane, Pane::Tasks, "rows of a pane that is left are nobody's");
}

#[test]
fn the_cursor_of_a_pane_of_rows_stops_at_both_ends_and_pages() {
    let mut person = Person::before(three());
    person.press("0 G");
    let last = person.app.model().listing().len() - 1;
    assert_eq!(person.app.model().scroll(), last);
    person.press("j");
    assert_eq!(person.app.model().scroll(), last);
    person.press("g k");
    assert_eq!(person.app.model().scroll(), 0);
    person.press("pgdn");
    assert!(person.app.model().scroll() > 1, "a page is more than a row");
}

#[test]
fn w_tells_causes_first_and_then_the_evidence() {
    let mut person = Person::before(three());
    person.press("w");
    assert_eq!(subject(&person), Some(&Subject::Why(group("ai-service"))));
    let screen = person.screen();
    let (causes, evidence) = (screen.find("not scaling out").unwrap(), screen.find("ai-service  scale out").unwrap());
    assert!(causes < evidence, "{screen}");
}

#[test]
fn y_copies_the_incident_from_the_record_and_nowhere_else() {
    let mut person = Person::before(three());
    person.press("y");
    assert!(person.copied.is_empty() && person.screen().contains("the incident is copied from"));
    person.press("9 y");
    assert_eq!(person.copied.len(), 1);
    assert!(
        person.copied[0].starts_with("# Incident, `production` as of 2026-04-14T14:32:07Z\n"),
        "{:?}",
        person.copied
    );
}

#[test]
fn nothing_is_changed_from_a_pane_of_rows() {
    for pane in ["8", "9", "0", "J"] {
        let mut person = Person::before(crate::console::scene::armed());
        person.press(pane).press("s");
        assert!(person.app.model().dialog.is_none(), "{pane}: what is not on the screen is not changed from here");
    }
}
