//! Every scaling group, and of the selected one the chart, the advice and what changed: is it on fire, where, is it
//! being handled, what can I do?
//!
//! ```text
//!  wide:  groups        │ charts              narrow:  groups
//!         more charts   │                              chart, as there is room
//!         advice                                       advice
//!         activity │ sources that fail, alarms         activity, or sources that fail
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::Extent;
use crate::console::theme::Meaning;
use crate::console::widgets::charts::{self, CHART, CHART_ROWS, Pictured};
use crate::console::widgets::{Phrase, activity, advice, alarms, frame, groups, phrase, sources};
use crate::console::words;
use crate::console::{Look, Model};
use crate::live::View;
use crate::platform::{GroupId, Source};

/// Below this the pane is one column and has no frames.
const GLANCE: (u16, u16) = (80, 18);
/// Columns of the table with its frame, at least.
const TABLE: u16 = 80;
/// From this height on, there is room for more than the table, the advice and a glimpse of the activity.
const TALL: u16 = 24;
/// What the table is made of.
const OF_TABLE: [Source; 5] =
    [Source::Services, Source::ScalableTargets, Source::Metrics, Source::Databases, Source::Caches];
/// Lines that one failure may want.
const FAILURE_LINES: usize = 3;

/// The rooms of the pane; an empty one is not drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Plan {
    framed: bool,
    groups: Rect,
    /// Charts of the selected group.
    charts: Rect,
    /// What a short table leaves: charts of the other groups, or more of the selected one's.
    more: Rect,
    advice: Rect,
    activity: Rect,
    sources: Rect,
    alarms: Rect,
}

/// What wants room.
#[derive(Debug, Clone, Copy)]
struct Needs {
    /// Groups in the table.
    groups: u16,
    /// Columns of a table that shows everything.
    table: u16,
    /// Changes in the last hour.
    changes: u16,
    /// Lines on sources that fail.
    failing: u16,
    /// Lines on alarms.
    alarms: u16,
}

impl Needs {
    fn of(view: &View, model: &Model, failing: usize) -> Self {
        let rows = |count: usize| u16::try_from(count).unwrap_or(u16::MAX);
        Self {
            groups: rows(model.rows().len()),
            table: rows(groups::width(model.summary()) + 2),
            changes: rows(model.summary().changes.len()),
            failing: rows(failing),
            alarms: rows(alarms::rows(view)),
        }
    }
}

fn plan(area: Rect, needs: Needs) -> Plan {
    if area.width < GLANCE.0 || area.height < GLANCE.1 {
        return glance(area, needs.failing);
    }
    let row = |y: u16, height: u16| Rect { y: area.y + y, height, ..area };
    let advice_height = if area.height >= TALL { 6 } else { 5 };
    let table = (area.width >= TABLE + CHART).then(|| needs.table.clamp(TABLE, area.width - CHART));
    let beside = if table.is_some() { needs.alarms } else { 0 };
    let foot = match area.height {
        0..20 => 0,
        height if height < TALL => height.saturating_sub(advice_height + 11).min(4),
        height => needs.changes.max(beside).saturating_add(2).clamp(3, (height / 4).min(14)),
    };
    let alarms = if table.is_some() { 3 } else { 0 };
    // A source that fails needs its frame, whatever else has to go.
    let foot = if needs.failing > 0 {
        foot.max((needs.failing + 2 + alarms).min((area.height / 4).max(5) + alarms))
    } else {
        foot
    };
    let needed = needs.groups.saturating_add(3).max(4);
    let spare = (area.height - advice_height - foot).saturating_sub(needed);
    // Rows that are too few for a chart serve better below.
    let spare = if table.is_none() && spare < CHART_ROWS { spare } else { 0 };
    let (advice_height, foot) = match spare {
        0 => (advice_height, foot),
        _ if foot == 0 => (advice_height + spare, 0),
        _ => (advice_height + spare.min(2), foot + spare.saturating_sub(2)),
    };
    let top = area.height - advice_height - foot;
    let (left, right) = split(row(0, top), table);
    let (groups, rest) = if left.height >= needed.saturating_add(CHART_ROWS) {
        let rest = Rect { y: left.y + needed, height: left.height - needed, ..left };
        (Rect { height: needed, ..left }, rest)
    } else {
        (left, Rect::default())
    };
    let (charts, more) = if right.is_empty() { (rest, right) } else { (right, rest) };
    let foot = row(top + advice_height, foot);
    let (activity, beside) = match needs.failing {
        _ if table.is_some() => split(foot, Some(foot.width / 2)),
        0 => (foot, Rect::default()),
        _ => (Rect::default(), foot),
    };
    let sources = match needs.failing {
        0 => 0,
        // The alarms keep a line, or go.
        failing if table.is_some() && beside.height >= failing + 2 + 3 => failing + 2,
        _ => beside.height,
    };
    let alarms = Rect { y: beside.y + sources, height: beside.height - sources, ..beside };
    let sources = Rect { height: sources, ..beside };
    Plan { framed: true, groups, charts, more, advice: row(top, advice_height), activity, sources, alarms }
}

/// One column without frames: what asks for somebody first.
fn glance(area: Rect, failing: u16) -> Plan {
    let row = |y: u16, height: u16| Rect { y: area.y + y, height, ..area };
    let advice = (area.height / 3).min(3);
    let sources = failing.min(area.height.saturating_sub(advice) / 3);
    let groups = area.height - advice - sources;
    Plan {
        groups: row(0, groups),
        advice: row(groups, advice),
        sources: row(groups + advice, sources),
        ..Plan::default()
    }
}

/// Two rooms side by side, the first this wide; without a width the second is empty.
fn split(room: Rect, first: Option<u16>) -> (Rect, Rect) {
    let Some(width) = first else { return (room, Rect::default()) };
    (Rect { width, ..room }, Rect { x: room.x + width, width: room.width - width, ..room })
}

/// How many groups the table has room for in a body of this size. Failing sources may take some of it away for as long
/// as they fail; the table then scrolls with the cursor.
pub fn rows(view: &View, model: &Model, body: Rect) -> u16 {
    let plan = plan(body, Needs { groups: u16::MAX, ..Needs::of(view, model, 0) });
    plan.groups.height.saturating_sub(if plan.framed { 3 } else { 1 })
}

/// Its list moves with the cursor: nothing else scrolls.
pub fn measure(_: &View, _: &Model, _: &Look, _: Rect) -> Extent {
    Extent::default()
}

/// Draws the pane.
pub fn draw(view: &View, model: &Model, look: &Look, area: Rect, buf: &mut Buffer) {
    let area = area.intersection(buf.area);
    if area.is_empty() {
        return;
    }
    let failures = sources::lines(view, look.now);
    if model.known() == 0 {
        draw_nothing(view, look, area, buf);
        return;
    }
    let plan = plan(area, Needs::of(view, model, lines_of(&failures, area.width)));
    let framed = plan.framed;
    draw_groups(view, model, look, framed, plan.groups, buf);
    draw_charts(view, model, look, plan.charts, plan.more, buf);
    draw_advice(view, model, look, framed, !plan.alarms.is_empty(), plan.advice, buf);
    if !plan.alarms.is_empty() {
        alarms::draw(look.theme, view, look.now, plan.alarms, buf);
    }
    if !plan.activity.is_empty() {
        let summary = model.summary();
        activity::draw(look.theme, &summary.changes, summary.changed, plan.activity, buf);
    }
    if !plan.sources.is_empty() {
        let name = Phrase::new().say(Meaning::Warning, "Sources that do not answer");
        let inside = if framed { frame::draw(look.theme, &name, false, plan.sources, buf) } else { plan.sources };
        draw_failures(&failures, look, inside, buf);
    }
}

/// How many lines the failures want in a pane of this width.
fn lines_of(failures: &[Phrase], width: u16) -> usize {
    let room = if width >= TABLE + CHART { width / 2 } else { width };
    failures.iter().map(|failure| failure.wrapped(room.saturating_sub(2), FAILURE_LINES).len()).sum()
}

/// Each failure over as many lines as there are to spare: what is missing or what mends it stands at its end.
fn draw_failures(failures: &[Phrase], look: &Look, room: Rect, buf: &mut Buffer) {
    let mut at = 0;
    for (n, failure) in failures.iter().enumerate() {
        let spare = usize::from(room.height).saturating_sub(at + failures.len() - n - 1);
        for line in failure.wrapped(room.width, spare.max(1)) {
            line.draw(look.theme, phrase::line(room, at), buf);
            at += 1;
        }
    }
}

/// The screen of a start that has nothing to show yet, or cannot: what is being waited for, and what would mend it.
fn draw_nothing(view: &View, look: &Look, room: Rect, buf: &mut Buffer) {
    let name = Phrase::new().say(Meaning::Title, "Scaling groups");
    let inside = frame::draw(look.theme, &name, true, room, buf);
    let indent = 1.min(inside.width);
    let inside = Rect { x: inside.x + indent, width: inside.width - indent, ..inside };
    let help = sources::help(view, look.now);
    let lines = if help.is_empty() { vec![empty(view)] } else { help };
    for (at, line) in lines.iter().enumerate() {
        line.draw(look.theme, phrase::line(inside, at), buf);
    }
}

fn draw_groups(view: &View, model: &Model, look: &Look, framed: bool, room: Rect, buf: &mut Buffer) {
    let (shown, known) = (model.rows().len(), model.known());
    let mut name = Phrase::new().say(Meaning::Title, "Scaling groups");
    if let Some(row) = model.row().filter(|_| shown > 1) {
        name = name
            .tell(Meaning::Muted, format_args!(" {} of {}", words::count(row as u64 + 1), words::count(shown as u64)));
    }
    if !model.filter.is_empty() {
        name = name
            .tell(Meaning::Key, format_args!(" /{}", model.filter))
            .tell(Meaning::Muted, format_args!(" hides {}", words::count(known.saturating_sub(shown) as u64)));
    }
    for source in OF_TABLE {
        let health = view.platform.sources.get(&source).filter(|health| health.stale(look.now));
        if let Some(age) = health.and_then(|health| health.age_s(look.now)) {
            name = name.tell(Meaning::CannotTell, format_args!(" · {source} {} old", words::age(age)));
        }
    }
    let inside = if framed { frame::draw(look.theme, &name, true, room, buf) } else { room };
    if shown == 0 {
        let words = Phrase::new().say(Meaning::Muted, " no group passes the filter");
        words.draw(look.theme, phrase::line(inside, 0), buf);
        return;
    }
    let visible = model.window(inside.height.saturating_sub(1));
    groups::draw(
        look.theme,
        view,
        &model.rows()[visible],
        model.selected.as_ref(),
        model.summary(),
        look.now,
        inside,
        buf,
    );
}

/// Why there is no group to show although nothing fails.
fn empty(view: &View) -> Phrase {
    let none = view.platform.listed.as_ref().is_some_and(|listed| listed.is_empty());
    let words = if none { "no ECS service in this account and region" } else { "… reading the services" };
    Phrase::new().say(Meaning::Muted, words)
}

fn draw_advice(view: &View, model: &Model, look: &Look, framed: bool, boxed: bool, room: Rect, buf: &mut Buffer) {
    let Some(id) = &model.selected else { return };
    if framed {
        advice::draw(look, view, id, boxed, false, room, buf);
        return;
    }
    let lines = advice::lines(view, id, look.now, usize::from(room.width), boxed);
    for (at, line) in lines.iter().take(usize::from(room.height)).enumerate() {
        line.draw(look.theme, phrase::line(room, at), buf);
    }
}

/// The selected group's charts, the one that matters most first and largest, as many as there is room for; and in what
/// a short table leaves, one of each other visible group, or else more of the selected one's.
fn draw_charts(view: &View, model: &Model, look: &Look, room: Rect, more: Rect, buf: &mut Buffer) {
    if room.is_empty() {
        return;
    }
    let own = model.selected.as_ref().map_or_else(Vec::new, |id| charts::of(view, id));
    let (Some(selected), false) = (&model.selected, own.is_empty()) else {
        let inside = frame::draw(look.theme, &Phrase::new().say(Meaning::Title, "Chart"), false, room, buf);
        if model.selected.is_some() {
            let words = Phrase::new().say(Meaning::Muted, " nothing is measured here yet");
            words.draw(look.theme, phrase::line(inside, 0), buf);
        }
        return;
    };
    let visible = &model.rows()[model.window(more.height)];
    let others: Vec<(&GroupId, Pictured)> = visible
        .iter()
        .filter(|id| *id != selected)
        .filter_map(|id| Some((id, charts::of(view, id).into_iter().next()?)))
        .take(usize::from(more.height))
        .collect();
    let here = if more.is_empty() || !others.is_empty() { own.len() } else { own.len().div_ceil(2) };
    let rooms: Vec<Rect> = charts::shelves(room, here, 1).collect();
    let marks = charts::markers(view, selected);
    for (pictured, room) in own.iter().zip(&rooms) {
        charts::draw(pictured, &marks, look, *room, buf);
    }
    let across =
        |count: usize| if count > usize::from(more.height / (CHART_ROWS + 1)) { more.width / CHART } else { 1 };
    if others.is_empty() {
        let rest = own.get(rooms.len()..).unwrap_or_default();
        for (pictured, room) in rest.iter().zip(charts::shelves(more, rest.len(), across(rest.len()).max(1))) {
            charts::draw(pictured, &marks, look, room, buf);
        }
    }
    for ((id, pictured), room) in others.iter().zip(charts::shelves(more, others.len(), across(others.len()).max(1))) {
        charts::draw(pictured, &charts::markers(view, id), look, room, buf);
    }
}
