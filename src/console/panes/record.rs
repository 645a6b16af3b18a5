//! What the panes of rows look like – alarms, activity, policy, journal –, and that they cost what is visible.

use std::sync::Arc;

use jiff::SignedDuration;
use ratatui::style::Color;

use super::listing::{self, Listing, Note};
use super::pictures::{paint, text};
use super::{Pane, activity};
use crate::change::journal::{Ended, Entry, State, Timekeeper};
use crate::change::{Outcome, Plan};
use crate::console::scene::{self, Scene, ago, id, now, stories};
use crate::console::theme::Depth;
use crate::console::{Keymap, Look, Model, Theme};
use crate::live::View;
use crate::platform::{ActivityKind, Alarm, AlarmState, AlarmTurn, ScalableTarget, Source, SourceState, TaskCount};
use crate::policy::variables::Origins;

const PANES: [Pane; 4] = [Pane::Alarms, Pane::Activity, Pane::Policy, Pane::Journal];

fn alarm(name: &str, state: AlarmState, since: i64) -> Alarm {
    Alarm {
        name: name.to_owned(),
        state,
        since: ago(since),
        reason: "Threshold Crossed: 3 out of the last 3 datapoints were greater than the threshold (70.0).".to_owned(),
        metric: "AWS/ECS CPUUtilization".to_owned(),
        dimensions: vec![("ServiceName".to_owned(), "solosuccess-ai-service".to_owned())],
        threshold: Some(70.0),
        above: true,
        period_s: 60,
        periods: (3, 3),
        actions_enabled: true,
        actions: 1,
        learnt: ago(20),
    }
}

/// The plan of the change that a picture follows.
fn plan() -> Plan {
    let (view, _) = stories::follow().done();
    view.followed.as_ref().unwrap().plan.clone()
}

fn entry(number: i64, state: State) -> Entry {
    let request_id = Some(format!("req-{number}"));
    Entry {
        id: serde_json::from_str(&format!("\"20260414T1{number}\"")).unwrap(),
        began: ago(300 * number),
        last: ago(300 * number - 112),
        clock: Timekeeper::Wall,
        plan: plan(),
        reason: (number % 2 == 0).then(|| "the sale began early".to_owned()),
        state,
        request_id,
    }
}

/// An evening on call with everything that a record holds.
fn evening() -> Scene {
    let mut scene = stories::fire();
    scene.source_live(Source::Alarms);
    let tracking = "TargetTracking-service/solosuccess-production/solosuccess-ai-service-AlarmHigh-1b2c";
    for one in [
        alarm(tracking, AlarmState::Alarm, 240),
        alarm(
            "TargetTracking-service/solosuccess-production/solosuccess-ai-service-AlarmLow-3d4e",
            AlarmState::Ok,
            9_000,
        ),
        Alarm { actions_enabled: false, ..alarm("solosuccess-5xx", AlarmState::InsufficientData, 600) },
    ] {
        scene.platform.alarms.insert(one.name.clone(), Arc::new(one));
    }
    scene.platform.alarm_turns = Arc::new(vec![
        AlarmTurn { alarm: tracking.to_owned(), at: ago(240), from: AlarmState::Ok, to: AlarmState::Alarm },
        AlarmTurn {
            alarm: "solosuccess-5xx".to_owned(),
            at: ago(600),
            from: AlarmState::Ok,
            to: AlarmState::InsufficientData,
        },
    ]);
    let refused = scene::activity(60, 0, ActivityKind::NotScaled(vec!["AlreadyAtMaxCapacity".to_owned()]));
    let list = Arc::make_mut(scene.platform.activities.entry(id("solosuccess-ai-service")).or_default());
    list.insert(0, refused);
    let target =
        ScalableTarget { max: TaskCount(8), ..(*scene.platform.targets[&id("solosuccess-ai-service")]).clone() };
    scene.platform.targets.insert(id("solosuccess-ai-service"), Arc::new(target));
    let steady = State::Closed { ended: Ended::Steady, why: None };
    let overtaken =
        State::Closed { ended: Ended::Overtaken, why: Some("desired is 9, set by AWS's policy".to_owned()) };
    let refused = State::Sent {
        result: Outcome::Refused { code: "AccessDeniedException".to_owned(), message: "not authorized".to_owned() },
    };
    let journal = vec![entry(1, steady), entry(4, overtaken), entry(9, refused)];
    scene.live(move |view| {
        view.journal = Some(Arc::new(journal));
        let lines = [("ecs_max_capacity", 7)].into();
        view.origins = Arc::new(Origins { file: "production.tfvars".to_owned(), lines });
    })
}

impl Scene {
    fn source_live(&mut self, source: Source) {
        let live = self.platform.sources[&Source::Metrics].clone();
        self.platform.sources.insert(source, live);
    }
}

fn opened(scene: Scene, pane: Pane) -> (View, Model) {
    let (view, mut model) = scene.done();
    model.pane = pane;
    model.refresh(&view);
    (view, model)
}

fn look<'a>(theme: &'a Theme, keymap: &'a Keymap) -> Look<'a> {
    Look { theme, keymap, now: now(), title: None, drill: false }
}

fn drawn(view: &View, model: &Model, size: (u16, u16)) -> String {
    let (theme, keymap) = (Theme::builtin("dark").unwrap(), Keymap::default());
    text(&paint(view, model, &look(&theme, &keymap), size))
}

fn picture(scene: Scene, pane: Pane, size: (u16, u16)) -> String {
    let (view, model) = opened(scene, pane);
    drawn(&view, &model, size)
}

#[test]
fn an_evening_at_every_size() {
    for pane in PANES {
        for size in [(80, 24), (120, 40), (200, 60)] {
            let name = format!("record_{}_{}x{}", pane.name(), size.0, size.1);
            insta::assert_snapshot!(name, picture(evening(), pane, size));
        }
    }
}

#[test]
fn the_alarms_tell_state_window_route_and_that_nothing_is_sent() {
    let picture = picture(evening(), Pane::Alarms, (140, 36));
    for words in [
        "scaledeck does not send it",
        "▲ warning  5XX 1.4 % of ",
        "firing for 3m  Slack*",
        "◔ filling  cpu above 80 % for 15m",
        "AWS's own, for target tracking",
        "● ALARM    solosuccess-ai-service AlarmHigh CPUUtilization",
        "? NO DATA  solosuccess-5xx",
        "3 of 3 minutes > 70 actions off  for 10m",
        "OK → ALARM",
    ] {
        assert!(picture.contains(words), "{words} in\n{picture}");
    }
}

#[test]
fn the_time_line_tells_everybody_once_and_in_words() {
    let (view, model) = opened(evening(), Pane::Activity);
    let Listing::Timeline(events) = model.listing() else { panic!("no time line") };
    assert!(events.windows(2).all(|pair| pair[0].at >= pair[1].at), "the newest first");
    let picture = drawn(&view, &model, (160, 40));
    for words in [
        "not scaled: it is at its maximum",
        "alarm fires",
        "desired 6 → 8 by sre-oncall/ada",
        "refused by AWS: AccessDeniedException",
        "because the sale began early",
        "deploy ",
    ] {
        assert!(picture.contains(words), "{words} in\n{picture}");
    }
    let yours = events.iter().filter(|event| event.command.is_some()).count();
    assert_eq!(yours, 3, "each change of the journal once");
    let (_, filtered) = {
        let (view, mut model) = opened(evening(), Pane::Activity);
        model.filter = "worker".to_owned();
        model.refresh(&view);
        (view, model)
    };
    let Listing::Timeline(some) = filtered.listing() else { panic!("no time line") };
    assert!(some.len() < events.len() && some.iter().all(|event| event.of.as_str().contains("worker")), "{some:#?}");
}

#[test]
fn drift_says_policy_and_aws_and_a_knob_says_where_it_comes_from() {
    let (view, mut model) = opened(evening(), Pane::Policy);
    let picture = drawn(&view, &model, (160, 40));
    let drift = "policy says maximum 10, AWS says 8";
    assert!(picture.contains(drift) && picture.contains("≠ differs"), "{picture}");
    let Listing::Policy(rows) = model.listing() else { panic!("no policy") };
    let at = rows.iter().position(|row| super::policy::note(row).is_some_and(|note| note.lines[0].1.contains(drift)));
    let note = super::policy::note(&rows[at.unwrap()]).unwrap();
    let command = note.lines.iter().find(|(label, _)| *label == "command").unwrap();
    assert!(
        command.1.ends_with("--max-capacity 10") && command.1.contains("service/solosuccess-production/"),
        "{command:?}"
    );
    model.filter = "ecs_max_capacity".to_owned();
    model.refresh(&view);
    let knob = drawn(&view, &model, (160, 30));
    assert!(knob.contains("ecs_max_capacity") && knob.contains("production.tfvars:7, as the default"), "{knob}");
}

#[test]
fn the_journal_tells_who_what_why_and_the_end() {
    let picture = picture(evening(), Pane::Journal, (160, 20));
    for words in
        ["desired 6 → 8", "by sre-oncall/ada", "steady after 1m52s", "overtaken: desired is 9", "because the sale"]
    {
        assert!(picture.contains(words), "{words} in\n{picture}");
    }
}

#[test]
fn enter_has_the_evidence_of_every_row_but_heads() {
    for pane in PANES {
        let (view, mut model) = opened(evening(), pane);
        let rows = model.listing().len();
        assert!(rows > 0, "{pane:?}");
        model.set_extent(listing::extent(&model));
        let mut notes: Vec<Note> = Vec::new();
        for _ in 0..rows {
            notes.extend(listing::note(&view, &model, now()));
            model.step(1);
        }
        assert!(!notes.is_empty() && notes.iter().all(|note| note.lines.len() > 1), "{pane:?}");
    }
}

#[test]
fn nothing_waiting_denied_and_old_are_told_apart() {
    for pane in PANES {
        let (view, model) = opened(Scene::empty(), pane);
        let nothing = drawn(&view, &model, (100, 20));
        assert!(nothing.lines().count() == 18 || !nothing.is_empty(), "{nothing}");
    }
    let denied = |source, state, learnt| {
        let pane = if source == Source::Alarms { Pane::Alarms } else { Pane::Activity };
        picture(stories::fire().source(source, state, learnt), pane, (120, 30))
    };
    let action = SourceState::Denied { action: "cloudwatch:DescribeAlarms".to_owned() };
    let picture_denied = denied(Source::Alarms, action, None);
    assert!(picture_denied.contains("cloudwatch:DescribeAlarms"), "{picture_denied}");
    let waiting = denied(Source::Alarms, SourceState::Waiting, None);
    assert!(waiting.contains("alarms"), "{waiting}");
    let old = denied(Source::Activities, SourceState::Live, Some(ago(300)));
    assert!(old.contains("activities 5m old"), "{old}");
    let (view, model) = opened(stories::fire().live(|view| view.journal = None), Pane::Journal);
    assert!(drawn(&view, &model, (120, 20)).contains("the journal was not read yet"));
}

#[test]
fn hostile_text_is_drawn_and_does_nothing() {
    let mut scene = evening();
    let name = "evil\u{1b}[2J\u{202e}`name";
    scene.platform.alarms.insert(name.to_owned(), Arc::new(alarm(name, AlarmState::Alarm, 10)));
    let turn = AlarmTurn {
        alarm: name.to_owned(),
        at: ago(10),
        from: AlarmState::Ok,
        to: AlarmState::Unknown("\u{7}".to_owned()),
    };
    scene.platform.alarm_turns = Arc::new(vec![turn]);
    for pane in PANES {
        let mut copy =
            Scene { platform: scene.platform.clone(), advice: scene.advice.clone(), view: scene.view.clone() };
        copy.view.journal = scene.view.journal.clone();
        let (view, model) = opened(copy, pane);
        let picture = drawn(&view, &model, (120, 40));
        let bad = picture.chars().find(|c| (c.is_control() && *c != '\n') || *c == '\u{202e}');
        assert_eq!(bad, None, "{picture}");
        let markdown = activity::incident::markdown(&view, "");
        assert!(!markdown.contains(['\u{1b}', '\u{202e}', '\u{7}']), "{markdown}");
        assert!(markdown.contains("`` evil␛[2J⟨202E⟩`name ``"), "{markdown}");
    }
}

#[test]
fn nothing_is_said_by_colour_alone() {
    let theme = Theme::builtin("dark").unwrap().at(Depth::None);
    let keymap = Keymap::default();
    for pane in PANES {
        let (view, model) = opened(evening(), pane);
        let buf = paint(&view, &model, &look(&theme, &keymap), (120, 30));
        assert!(buf.content().iter().all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset), "{pane:?}");
        assert!(text(&buf).contains('▸'), "the cursor is a sign, too");
    }
}

#[test]
fn five_thousand_rows_show_a_window_around_the_cursor() {
    let mut scene = evening();
    for n in 0..5_000 {
        let one = alarm(&format!("alarm-{n:04}"), AlarmState::Ok, 60);
        scene.platform.alarms.insert(one.name.clone(), Arc::new(one));
    }
    let (view, mut model) = opened(scene, Pane::Alarms);
    model.set_extent(listing::extent(&model));
    model.step(isize::MAX);
    let end = drawn(&view, &model, (100, 24));
    assert!(end.contains("5,0"), "{end}");
    model.step(-3);
    let near = drawn(&view, &model, (100, 24));
    assert!(near.contains("alarm-4999"), "{near}");
    model.step(isize::MIN);
    assert!(drawn(&view, &model, (100, 24)).contains("▸The policy's alarms"));
    let many = evening().live(|view| {
        let entry = view.journal.as_ref().unwrap()[0].clone();
        view.journal = Some(Arc::new(vec![entry; 5_000]));
    });
    let picture = picture(many, Pane::Journal, (100, 24));
    assert!(picture.contains("1 of 5,000"), "{picture}");
    assert!(picture.lines().count() <= 24);
}

#[test]
fn the_incident_tells_signals_time_line_outcomes_and_commands() {
    let (view, _) = evening().done();
    insta::assert_snapshot!("incident", activity::incident::markdown(&view, ""));
    let one = activity::incident::markdown(&view, "worker");
    assert!(one.len() < activity::incident::markdown(&view, "").len());
}

#[test]
fn events_older_than_three_hours_are_history() {
    let old = ago(activity::BACK_S + 60);
    let scene = evening().live(move |view| {
        let mut entry = view.journal.as_ref().unwrap()[0].clone();
        (entry.began, entry.last) = (old, old + SignedDuration::from_secs(9));
        view.journal = Some(Arc::new(vec![entry]));
    });
    let (_, model) = opened(scene, Pane::Activity);
    let Listing::Timeline(events) = model.listing() else { panic!("no time line") };
    assert!(events.iter().all(|event| event.command.is_none()), "{events:#?}");
}
