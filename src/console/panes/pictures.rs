//! What the panes look like: pictures in text, at the sizes people have, and never a panic at those nobody has.

mod tiers;

use std::fmt::Write as _;

use proptest::prelude::*;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Color;
use unicode_width::UnicodeWidthStr;

use crate::console::scene::{self, Scene, stories};
use crate::console::theme::{Depth, Meaning};
use crate::console::{Keymap, Look, Model, Pane, Theme, frame, panes, widgets};
use crate::live::{Armed, View};
use crate::platform::{ActivityKind, Environment, MetricId, Source, SourceState, TaskCount};
use crate::policy::{Decision, Reason};

/// Header and pane, without the status line and the hints below.
pub(super) fn paint(view: &View, model: &Model, look: &Look, size: (u16, u16)) -> Buffer {
    let area = Rect::new(0, 0, size.0, size.1);
    let mut buf = Buffer::empty(area);
    let plan = frame::plan(view, model, area);
    widgets::header::draw(view, model, look, plan.header, &mut buf);
    (model.pane.row().draw)(view, model, look, plan.body, &mut buf);
    buf
}

pub(super) fn text(buf: &Buffer) -> String {
    let area = buf.area;
    let mut out = String::new();
    for y in area.top()..area.bottom() {
        let mut line = String::new();
        let mut x = area.left();
        while x < area.right() {
            let symbol = buf[(x, y)].symbol();
            line.push_str(symbol);
            x += (symbol.width() as u16).max(1);
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

fn picture_in(scene: Scene, pane: Pane, size: (u16, u16)) -> String {
    let (view, mut model) = scene.done();
    model.open(pane, &view.platform);
    let (theme, keymap) = (Theme::builtin("dark").unwrap(), Keymap::default());
    let look = Look { theme: &theme, keymap: &keymap, now: scene::now(), title: None, drill: false };
    text(&paint(&view, &model, &look, size))
}

fn picture(scene: Scene, size: (u16, u16)) -> String {
    picture_in(scene, Pane::Overview, size)
}

/// The picture with what each run of cells looks like, where that is not plain.
fn styled(buf: &Buffer) -> String {
    let mut out = String::new();
    for y in buf.area.top()..buf.area.bottom() {
        let mut last = None;
        for x in buf.area.left()..buf.area.right() {
            let cell = &buf[(x, y)];
            let look = (cell.fg, cell.bg, cell.modifier);
            if last.is_some_and(|last| last != look) || (last.is_none() && look != Default::default()) {
                let attributes = look.2.iter_names().map(|(name, _)| name.to_lowercase());
                let words = [color("", look.0), color("on ", look.1)].into_iter().chain(attributes);
                let words: Vec<String> = words.filter(|word| !word.is_empty()).collect();
                write!(out, "‹{}›", words.join(" ")).unwrap();
            }
            last = Some(look);
            out.push_str(cell.symbol());
        }
        out.truncate(out.trim_end().len());
        out.push('\n');
    }
    out
}

fn color(before: &str, color: Color) -> String {
    if color == Color::Reset { String::new() } else { format!("{before}{color}") }
}

const SIZES: [(u16, u16); 4] = [(80, 24), (120, 40), (140, 36), (200, 60)];

#[test]
fn a_fire_at_every_size() {
    for size in SIZES {
        insta::assert_snapshot!(format!("fire_{}x{}", size.0, size.1), picture(stories::fire(), size));
    }
}

#[test]
fn every_tier_at_every_size() {
    for size in SIZES {
        insta::assert_snapshot!(format!("platform_{}x{}", size.0, size.1), picture(stories::platform(), size));
    }
}

#[test]
fn themes_and_depths_say_the_same_in_their_own_inks() {
    for (name, depth) in
        [("dark", Depth::True), ("dark", Depth::Ansi16), ("light", Depth::Ansi256), ("dark", Depth::None)]
    {
        let (view, model) = stories::fire().done();
        let (theme, keymap) = (Theme::builtin(name).unwrap().at(depth), Keymap::default());
        let look = Look { theme: &theme, keymap: &keymap, now: scene::now(), title: None, drill: false };
        let picture = styled(&paint(&view, &model, &look, (80, 20)));
        insta::assert_snapshot!(format!("inks_{name}_{depth:?}").to_lowercase(), picture);
    }
}

#[test]
fn one_service_from_close_by_at_every_size() {
    for size in SIZES {
        let picture = picture_in(stories::fire(), Pane::Tasks, size);
        insta::assert_snapshot!(format!("tasks_{}x{}", size.0, size.1), picture);
    }
}

#[test]
fn a_change_of_ones_own_is_followed() {
    insta::assert_snapshot!(picture(stories::follow(), (140, 36)));
}

#[test]
fn the_autoscaler_acts() {
    let scene = stories::fire()
        .change("solosuccess-ai-service", |service| {
            service.desired = TaskCount(8);
            service.pending = TaskCount(2);
        })
        .activities(
            "solosuccess-ai-service",
            vec![scene::activity(41, 8, ActivityKind::InProgress), scene::activity(297, 6, ActivityKind::Successful)],
        );
    insta::assert_snapshot!(picture(scene, (120, 30)));
}

#[test]
fn sources_that_fail_say_so_in_their_own_place() {
    insta::assert_snapshot!("blind_120x40", picture(stories::blind(), (120, 40)));
    insta::assert_snapshot!("blind_80x24", picture(stories::blind(), (80, 24)));
    insta::assert_snapshot!("blind_tasks_120x40", picture_in(stories::blind(), Pane::Tasks, (120, 40)));
    insta::assert_snapshot!("locked_out_100x30", picture(stories::locked_out(), (100, 30)));
}

#[test]
fn a_thousand_services_are_a_list_with_a_window() {
    insta::assert_snapshot!(picture(stories::thousand(), (100, 30)));
}

#[test]
fn small_terminals_get_a_glance() {
    for size in [(60, 16), (40, 10), (20, 5)] {
        insta::assert_snapshot!(format!("glance_{}x{}", size.0, size.1), picture(stories::fire(), size));
    }
}

#[test]
fn hostile_text_is_drawn_and_does_nothing() {
    let overview = picture(stories::hostile(), (120, 30));
    let tasks = picture_in(stories::hostile(), Pane::Tasks, (120, 30));
    for picture in [&overview, &tasks] {
        let bad = picture.chars().find(|c| (c.is_control() && *c != '\n') || matches!(c, '\u{202e}' | '\u{200b}'));
        assert_eq!(bad, None);
        assert!(picture.contains("ai␛[2J⟨202E⟩"), "{picture}");
    }
    insta::assert_snapshot!("hostile_tasks", tasks);
}

#[test]
fn an_armed_production_looks_different_at_a_glance() {
    let armed = |environment, armed| {
        stories::fire().live(|view| {
            view.environment = environment;
            view.armed = armed;
        })
    };
    let theme = Theme::builtin("dark").unwrap();
    let keymap = Keymap::default();
    let look = Look { theme: &theme, keymap: &keymap, now: scene::now(), title: None, drill: false };
    let first_row = |scene: Scene, look: &Look| {
        let (view, model) = scene.done();
        let buf = paint(&view, &model, look, (80, 24));
        let loud = theme.style(Meaning::ArmedProduction).bg.unwrap();
        let red = (0..80).filter(|x| buf[(*x, 0)].bg == loud).count();
        (red, text(&buf).lines().next().unwrap_or_default().to_owned())
    };
    let until = Armed::Until(scene::ago(-899));
    let (red, line) = first_row(armed(Environment::Production, until.clone()), &look);
    assert_eq!(red, 80, "the whole line is red: {line}");
    assert!(line.contains("PRODUCTION") && line.contains("ARMED 14m") && line.contains("1234-5678-9012"), "{line}");
    let (red, line) = first_row(armed(Environment::Staging, until.clone()), &look);
    assert_eq!(red, 0);
    assert!(line.contains("STAGING") && line.contains("ARMED 14m"), "{line}");
    let (red, line) = first_row(armed(Environment::Production, Armed::ReadOnly), &look);
    assert!(red < 10 && line.contains("READ-ONLY"), "{line}");
    let drill = Look { drill: true, title: Some("DRILL ×60"), ..look };
    let (_, line) = first_row(armed(Environment::Production, until), &drill);
    assert!(line.contains("DRILL") && line.contains("us-east-1") && line.contains("1234-5678-9012"), "{line}");
}

#[test]
fn nothing_is_said_by_colour_alone() {
    let conditions = [
        (stories::fire(), "▲ advised 8"),
        (stories::follow(), "» you acting 8"),
        (stories::blind(), "? cannot tell"),
        (Scene::empty().service("a", 3, (1, 5), 40.0), "✓ steady"),
        (
            Scene::empty().service("a", 5, (1, 5), 90.0).judged("a", |verdict| {
                verdict.decision = Decision::None { reason: Reason::AtCeiling { wanted: TaskCount(7) } };
            }),
            "● max, wants 7",
        ),
        (Scene::empty().service("a", 3, (1, 5), 40.0).change("a", |service| service.running = TaskCount(0)), "● "),
    ];
    let theme = Theme::builtin("dark").unwrap().at(Depth::None);
    let keymap = Keymap::default();
    let look = Look { theme: &theme, keymap: &keymap, now: scene::now(), title: None, drill: false };
    for (scene, wanted) in conditions {
        let (view, model) = scene.done();
        let buf = paint(&view, &model, &look, (120, 30));
        let picture = text(&buf);
        assert!(picture.contains(wanted), "{wanted} in\n{picture}");
        let colours = buf.content().iter().any(|cell| cell.fg != Color::Reset || cell.bg != Color::Reset);
        assert!(!colours, "NO_COLOR has no colour");
    }
}

#[test]
fn no_healthy_target_is_critical() {
    let scene = Scene::empty().service("a", 2, (1, 5), 40.0).wave("a", MetricId::HealthyHosts, |_| 0.0);
    let scene = scene.wave("a", MetricId::Target5xx, |_| 0.0);
    let (_, model) = scene.done();
    assert_eq!((model.summary().critical, model.summary().warning), (1, 0));
}

#[test]
fn old_counts_say_their_age() {
    let scene = Scene::empty()
        .service("a", 2, (1, 5), 40.0)
        .change("a", |service| service.learnt = scene::ago(42))
        .source(Source::Services, SourceState::Throttled { retry_at: scene::ago(-4) }, Some(scene::ago(42)));
    let picture = picture(scene, (120, 30));
    assert!(picture.contains("old 42s"), "{picture}");
    assert!(picture.contains("backing off 4s"), "{picture}");
}

#[test]
fn the_table_has_the_rows_that_it_says() {
    let (view, mut model) = stories::thousand().done();
    let theme = Theme::builtin("dark").unwrap();
    let keymap = Keymap::default();
    let look = Look { theme: &theme, keymap: &keymap, now: scene::now(), title: None, drill: false };
    for size in SIZES.into_iter().chain([(60, 16), (40, 10), (30, 6)]) {
        let area = Rect::new(0, 0, size.0, size.1);
        let body = frame::plan(&view, &model, area).body;
        let rows = panes::overview::rows(&view, &model, body);
        model.set_page(rows);
        let picture = text(&paint(&view, &model, &look, size));
        let shown = picture.lines().filter(|line| line.contains(" 4/4 ")).count();
        assert_eq!(shown, usize::from(rows), "{size:?}\n{picture}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn no_size_panics(width in 0_u16..220, height in 0_u16..70, which in 0_usize..7, tasks: bool) {
        let scenes: [fn() -> Scene; 7] = [
            Scene::empty, stories::fire, stories::follow, stories::blind, stories::locked_out, stories::hostile,
            || stories::fire().wave("solosuccess-ai-service", crate::platform::MetricId::ServiceCpu, |_| f64::NAN),
        ];
        let (view, mut model) = scenes[which]().done();
        model.pane = if tasks { Pane::Tasks } else { Pane::Overview };
        let theme = Theme::builtin("light").unwrap().at(Depth::Ansi16);
        let keymap = Keymap::default();
        let look = Look { theme: &theme, keymap: &keymap, now: scene::now(), title: Some("DRILL"), drill: true };
        paint(&view, &model, &look, (width, height));
    }
}
