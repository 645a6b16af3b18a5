//! Journals written, torn, damaged, locked and taken up again.

use super::*;
use crate::change::confirm::{Answer, Asked, confirm};
use crate::change::guard;
use crate::change::scene::Scene;
use crate::platform::Environment;
use crate::policy::Policy;

fn cleared(to: u32) -> Cleared {
    let scene = Scene::web().limits(4, 10);
    let policy = Policy::of_spec(Environment::Production);
    let plan = scene.desired(to);
    let shown = guard::tier(&plan, &policy);
    let answer = Answer { typed: shown.typed().unwrap_or_default(), reason: Some("queue grows".to_owned()) };
    let asked = Asked { plan, shown, answer, pressed: scene.now };
    let confirmed = confirm(asked, &scene.platform, &policy, &Environment::Production, scene.now).unwrap();
    confirmed.clear(0, None, &scene.platform, &Environment::Production, scene.now).unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn noon() -> Timestamp {
    at("2026-11-03T12:00:00Z")
}

fn open(folder: &Path) -> (Journal, Vec<Unfinished>) {
    Journal::open(folder, Timekeeper::Wall).unwrap()
}

fn states(folder: &Path, month: &str) -> Vec<State> {
    let (lines, tail) = line::parse(&fs::read(folder.join(month)).unwrap()).unwrap();
    assert_eq!(tail, Tail::Whole);
    lines.into_iter().map(|line| line.state).collect()
}

#[test]
fn a_change_is_written_down_step_by_step_under_one_name() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, unfinished) = open(dir.path());
    assert!(unfinished.is_empty());
    let cleared = cleared(8);
    let id = journal.planned(cleared.plan(), None, noon()).unwrap();
    let ticket = journal.ticket(&cleared, noon()).unwrap();
    assert_eq!((ticket.id(), ticket.step()), (&id, cleared.step()));
    let accepted = Outcome::Accepted { request_id: Some("r-1".to_owned()) };
    journal.sent(&id, &accepted, noon()).unwrap();
    journal.following(&id, None, noon()).unwrap();
    journal.closed(&id, &Stage::Steady, noon()).unwrap();
    assert_eq!(
        states(dir.path(), "2026-11.jsonl"),
        [
            State::Planned,
            State::Sending,
            State::Sent { result: accepted },
            State::Following { left: None },
            State::Closed { ended: Ended::Steady, why: None },
        ]
    );
    assert!(open(dir.path()).1.is_empty(), "a closed change is not unfinished");
    assert!(matches!(journal.following(&id, None, noon()), Err(JournalFault::NoSuchChange { .. })));
}

#[test]
fn the_line_of_a_ticket() {
    let dir = tempfile::tempdir().unwrap();
    open(dir.path()).0.ticket(&cleared(8), noon()).unwrap();
    let line = fs::read_to_string(dir.path().join("2026-11.jsonl")).unwrap();
    let (line, run) = line.trim_end().split_once(",\"run\":").unwrap();
    assert!(run.starts_with("\"run-") && run.ends_with("\"}"), "{run}");
    insta::assert_snapshot!(line);
}

#[test]
fn what_an_earlier_run_left_is_reported_and_can_be_closed() {
    let dir = tempfile::tempdir().unwrap();
    let mut first = open(dir.path()).0;
    let ids: Vec<_> = [7, 8, 9].map(|to| first.ticket(&cleared(to), noon()).unwrap().id().clone()).into();
    first.closed(&ids[1], &Stage::Steady, noon()).unwrap();
    first.sent(&ids[2], &Outcome::Unknown { detail: "timed out".to_owned() }, noon()).unwrap();
    drop(first);

    let (mut second, unfinished) = open(dir.path());
    let told: Vec<_> = unfinished.iter().map(ToString::to_string).collect();
    let service = "solosuccess-production/web";
    assert_eq!(
        told,
        [
            format!("desired 6 → 7 of {service} at 12:00:00Z: it may have been sent; read it back"),
            format!("desired 6 → 9 of {service} at 12:00:00Z: no answer came; read it back"),
        ]
    );
    assert!(unfinished.iter().all(Unfinished::may_be_sent));
    for left in unfinished {
        assert_eq!(left.line.plan.change.target().name(), "web");
        second.closed(&left.line.id, &Stage::Failed { why: "not carried out".to_owned() }, noon()).unwrap();
    }
    assert!(open(dir.path()).1.is_empty());
}

#[test]
fn what_was_only_planned_was_not_sent() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = open(dir.path()).0;
    let id = journal.planned(cleared(8).plan(), None, noon()).unwrap();
    drop(journal);
    let (mut journal, unfinished) = open(dir.path());
    assert!(!unfinished[0].may_be_sent());
    journal.not_sent(&id, "desired was 6, is 7", noon()).unwrap();
    assert!(open(dir.path()).1.is_empty());
}

#[test]
fn names_differ_even_within_a_second_and_between_programs() {
    let dir = tempfile::tempdir().unwrap();
    let (mut one, mut other) = (open(dir.path()).0, open(dir.path()).0);
    let first = one.ticket(&cleared(8), noon()).unwrap();
    let second = other.ticket(&cleared(8), noon()).unwrap();
    assert_ne!(first.id(), second.id());
}

#[test]
fn a_month_has_a_file_of_its_own_and_a_change_goes_on_in_the_next() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = open(dir.path()).0;
    let ticket = journal.ticket(&cleared(8), at("2026-11-30T23:59:59Z")).unwrap();
    journal.closed(ticket.id(), &Stage::Steady, at("2026-12-01T00:01:49Z")).unwrap();
    assert_eq!(states(dir.path(), "2026-11.jsonl"), [State::Sending]);
    assert_eq!(states(dir.path(), "2026-12.jsonl"), [State::Closed { ended: Ended::Steady, why: None }]);
    assert!(open(dir.path()).1.is_empty());
}

#[test]
fn a_drills_changes_are_marked_and_are_not_the_walls() {
    let dir = tempfile::tempdir().unwrap();
    let mut drill = Journal::open(dir.path(), Timekeeper::Drill).unwrap().0;
    drill.ticket(&cleared(8), noon()).unwrap();
    drop(drill);
    assert!(fs::read_to_string(dir.path().join("2026-11.jsonl")).unwrap().contains(r#""clock":"drill""#));
    assert!(open(dir.path()).1.is_empty());
    assert_eq!(Journal::open(dir.path(), Timekeeper::Drill).unwrap().1.len(), 1);
}

#[test]
fn wherever_a_crash_cuts_the_last_line_the_rest_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("2026-11.jsonl");
    let mut journal = open(dir.path()).0;
    journal.ticket(&cleared(7), noon()).unwrap();
    let kept = fs::read(&path).unwrap();
    journal.ticket(&cleared(8), noon()).unwrap();
    let whole = fs::read(&path).unwrap();
    drop(journal);
    let cuts = (kept.len() + 1..whole.len()).step_by(31).chain([whole.len() - 2, whole.len() - 1]);
    for cut in cuts {
        fs::write(&path, &whole[..cut]).unwrap();
        let (journal, unfinished) = open(dir.path());
        assert_eq!(journal.notes().len(), 1, "cut at {cut}");
        if cut == whole.len() - 1 {
            assert_eq!((unfinished.len(), fs::read(&path).unwrap()), (2, whole.clone()));
        } else {
            assert_eq!((unfinished.len(), fs::read(&path).unwrap()), (1, kept.clone()), "cut at {cut}");
            let aside = dir.path().join("2026-11.jsonl.torn");
            assert_eq!(fs::read(&aside).unwrap(), [&whole[kept.len()..cut], b"\n"].concat());
            fs::remove_file(aside).unwrap();
        }
    }
}

#[test]
fn another_programs_crash_is_mended_before_the_next_line() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("2026-11.jsonl");
    let mut journal = open(dir.path()).0;
    fs::write(&path, b"{\"version\":1,\"id\":\"20").unwrap();
    journal.ticket(&cleared(8), noon()).unwrap();
    assert_eq!(states(dir.path(), "2026-11.jsonl"), [State::Sending]);
    assert_eq!(journal.notes().len(), 1);
}

#[test]
fn damage_in_the_middle_refuses_and_says_where_and_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("2026-11.jsonl");
    let mut journal = open(dir.path()).0;
    for to in [7, 8, 9] {
        journal.ticket(&cleared(to), noon()).unwrap();
    }
    let good = fs::read_to_string(&path).unwrap();
    let second = good.lines().nth(1).unwrap();
    for damage in ["", "{\"version\":1}", "\0\0\0\0", &second[10..]] {
        let bad = good.replacen(second, damage, 1);
        fs::write(&path, &bad).unwrap();
        let fault = Journal::open(dir.path(), Timekeeper::Wall).unwrap_err();
        assert!(matches!(&fault, JournalFault::Damaged { line: 2, .. }), "{damage:?}: {fault}");
        let told = fault.to_string();
        assert!(told.contains("2026-11.jsonl, line 2") && told.contains("--journal DIR"), "{told}");
        assert_eq!(fs::read_to_string(&path).unwrap(), bad, "what is damaged is left as it is");
    }
}

#[test]
fn a_newer_format_is_not_called_damage() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("2026-11.jsonl"), "{\"version\":3,\"what\":\"ever\"}\n").unwrap();
    let fault = Journal::open(dir.path(), Timekeeper::Wall).unwrap_err();
    assert!(matches!(fault, JournalFault::Newer { line: 1, version: 3, .. }), "{fault}");
}

#[test]
fn a_folder_that_cannot_be_made_is_a_fault_with_the_systems_reason() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    let fault = Journal::open(&file.join("journal"), Timekeeper::Wall).unwrap_err();
    assert!(matches!(&fault, JournalFault::Unwritable { .. }), "{fault}");
}

#[test]
fn no_ticket_while_the_line_cannot_be_written() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = open(dir.path()).0;
    fs::create_dir(dir.path().join("2026-11.jsonl")).unwrap();
    let fault = journal.ticket(&cleared(8), noon()).unwrap_err();
    assert!(matches!(&fault, JournalFault::Unwritable { .. }), "{fault}");
}

#[test]
fn no_ticket_while_another_program_holds_the_lock() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = open(dir.path()).0;
    journal.lock_tries = 1;
    let held = disk::lock(dir.path(), 1).unwrap();
    assert!(matches!(journal.ticket(&cleared(8), noon()), Err(JournalFault::Locked { .. })));
    drop(held);
    journal.ticket(&cleared(8), noon()).unwrap();
}

#[test]
fn what_another_program_still_follows_is_left_to_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut one = open(dir.path()).0;
    let id = one.planned(cleared(8).plan(), None, noon()).unwrap();
    let (other, unfinished) = open(dir.path());
    assert!(unfinished.is_empty(), "{unfinished:?}");
    one.not_sent(&id, "it was given up", noon()).unwrap();
    one.ticket(&cleared(9), noon()).unwrap();
    drop((one, other));
    assert_eq!(open(dir.path()).1.len(), 1, "once it has ended it is taken up");
    let left: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().starts_with("run-")), "{left:?}");
}

#[test]
fn lines_of_the_first_version_are_read() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("2026-11.jsonl");
    fs::write(&path, include_str!("version-1.jsonl")).unwrap();
    let (journal, unfinished) = open(dir.path());
    let told: Vec<_> = unfinished.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        ["the floor 4 → 8 of solosuccess-production/web at 12:00:00Z: it may have been sent; read it back"]
    );
    let done = journal.done().values().next().unwrap();
    assert_eq!((done.brief(), done.steps().len()), ("desired 6 → 8".to_owned(), 1));
}

#[test]
fn each_step_has_a_line_and_they_share_a_name() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = open(dir.path()).0;
    let scene = Scene::web().limits(4, 10).source(crate::platform::Source::ScheduledActions);
    let until = "2026-11-03T18:00:00Z".parse().unwrap();
    let plan = scene
        .plan(crate::change::Change::Hold { service: scene.id.clone(), to: crate::platform::TaskCount(8), until })
        .unwrap();
    let policy = Policy::of_spec(Environment::Production);
    let shown = guard::tier(&plan, &policy);
    let answer = Answer { typed: shown.typed().unwrap_or_default(), reason: None };
    let asked = Asked { plan: plan.clone(), shown, answer, pressed: scene.now };
    let confirmed = confirm(asked, &scene.platform, &policy, &Environment::Production, scene.now).unwrap();
    let id = journal.planned(&plan, None, noon()).unwrap();
    for number in 0..plan.steps().len() {
        let before = (number > 0).then_some((scene.now, scene.now));
        let cleared = confirmed.clear(number, before, &scene.platform, &Environment::Production, scene.now).unwrap();
        let ticket = journal.ticket(&cleared, noon()).unwrap();
        assert_eq!((ticket.id(), ticket.step()), (&id, cleared.step()));
        journal.sent(&id, &Outcome::Accepted { request_id: None }, noon()).unwrap();
    }
    journal.closed(&id, &Stage::Steady, noon()).unwrap();
    let text = fs::read_to_string(dir.path().join("2026-11.jsonl")).unwrap();
    let steps = |step: &str| text.matches(&format!("\"step\":\"{step}\"")).count();
    assert_eq!((steps("put_schedule"), steps("floor")), (2, 3), "{text}");
    assert_eq!(journal.done().len(), 1);
}
