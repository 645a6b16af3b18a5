//! Every scaling group, and of the selected one the chart, the advice and what changed: is it on fire, where, is it
//! being handled, what can I do?
//!
//! ```text
//!  wide:  groups        │ charts              narrow:  groups
//!         more charts   │                              chart, as there is room
//!         advice                                       advice
//!         activity │ sources that fail, alarms         activity, or sources that fail
//! ```

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::console::theme::Meaning;
use crate::console::widgets::chart::Chart;
use crate::console::widgets::{Phrase, activity, advice, alarms, frame, groups, phrase, sources, summary};
use crate::console::words::{self, Clean};
use crate::console::{Look, Model};
use crate::live::View;
use crate::platform::{MetricId, Service, ServiceId, Source};
use crate::policy::Verdict;

/// Below this the pane is one column and has no frames.
const GLANCE: (u16, u16) = (80, 18);
/// Columns of the table with its frame, at least.
const TABLE: u16 = 80;
/// A chart narrower than this tells nothing.
const CHART: u16 = 40;
/// Rows of a chart with its frame, at least.
const CHART_ROWS: u16 = 8;
/// From this height on, there is room for more than the table, the advice and a glimpse of the activity.
const TALL: u16 = 24;
/// Lines that one failure may want.
const FAILURE_LINES: usize = 3;
/// Minutes a chart shows.
const MINUTES: u16 = 60;

/// The rooms of the pane; an empty one is not drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Plan {
    framed: bool,
    groups: Rect,
    /// Charts of the selected service.
    charts: Rect,
    /// What a short table leaves: charts of the other services, or more of the selected one's.
    more: Rect,
    advice: Rect,
    activity: Rect,
    sources: Rect,
    alarms: Rect,
}

/// What wants room.
#[derive(Debug, Clone, Copy)]
struct Needs {
    /// Services in the table.
    services: u16,
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
            services: rows(model.rows().len()),
            table: rows(groups::width(model.summary().longest) + 2),
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
    let needed = needs.services.saturating_add(3).max(4);
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

/// How many services the table has room for in a body of this size. Failing sources may take some of it away for as long
/// as they fail; the table then scrolls with the cursor.
pub fn rows(view: &View, model: &Model, body: Rect) -> u16 {
    let plan = plan(body, Needs { services: u16::MAX, ..Needs::of(view, model, 0) });
    plan.groups.height.saturating_sub(if plan.framed { 3 } else { 1 })
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
    for source in [Source::Services, Source::ScalableTargets, Source::Metrics] {
        let health = view.platform.sources.get(&source).filter(|health| health.stale(look.now));
        if let Some(age) = health.and_then(|health| health.age_s(look.now)) {
            name = name.tell(Meaning::CannotTell, format_args!(" · {source} {} old", words::age(age)));
        }
    }
    let inside = if framed { frame::draw(look.theme, &name, true, room, buf) } else { room };
    if shown == 0 {
        let words = Phrase::new().say(Meaning::Muted, " no service passes the filter");
        words.draw(look.theme, phrase::line(inside, 0), buf);
        return;
    }
    let visible = model.window(inside.height.saturating_sub(1));
    groups::draw(
        look.theme,
        view,
        &model.rows()[visible],
        model.selected.as_ref(),
        model.summary().clusters,
        look.now,
        inside,
        buf,
    );
}

/// Why there is no service to show although nothing fails.
fn empty(view: &View) -> Phrase {
    let none = view.platform.listed.as_ref().is_some_and(|listed| listed.is_empty());
    let words = if none { "no ECS service in this account and region" } else { "… reading the services" };
    Phrase::new().say(Meaning::Muted, words)
}

fn draw_advice(view: &View, model: &Model, look: &Look, framed: bool, boxed: bool, room: Rect, buf: &mut Buffer) {
    let Some(id) = &model.selected else { return };
    if framed {
        advice::draw(look, view, id, boxed, room, buf);
        return;
    }
    let lines = advice::lines(view, id, look.now, usize::from(room.width), boxed);
    for (at, line) in lines.iter().take(usize::from(room.height)).enumerate() {
        line.draw(look.theme, phrase::line(room, at), buf);
    }
}

/// The selected service's charts, the one that matters most first and largest, as many as there is room for; and in what
/// a short table leaves, one of each other visible service, or else more of the selected one's.
fn draw_charts(view: &View, model: &Model, look: &Look, room: Rect, more: Rect, buf: &mut Buffer) {
    if room.is_empty() {
        return;
    }
    let Some(service) = model.selected.as_ref().and_then(|id| view.platform.services.get(id)) else {
        frame::draw(look.theme, &Phrase::new().say(Meaning::Title, "Chart"), false, room, buf);
        return;
    };
    let own = metrics(view, &service.id);
    let visible = &model.rows()[model.window(more.height)];
    let others: Vec<(&Service, MetricId)> = visible
        .iter()
        .filter(|id| **id != service.id)
        .filter_map(|id| Some((view.platform.services.get(id)?.as_ref(), *metrics(view, id).first()?)))
        .take(usize::from(more.height))
        .collect();
    let here = if more.is_empty() || !others.is_empty() { own.len() } else { own.len().div_ceil(2) };
    let rooms: Vec<Rect> = shelves(room, here, 1).collect();
    let own = own.iter().map(|metric| (service.as_ref(), *metric));
    for ((service, metric), room) in own.clone().zip(&rooms) {
        draw_chart(view, service, metric, look, *room, buf);
    }
    let rest: Vec<(&Service, MetricId)> = if others.is_empty() { own.skip(rooms.len()).collect() } else { others };
    let across = if rest.len() > usize::from(more.height / (CHART_ROWS + 1)) { more.width / CHART } else { 1 };
    for ((service, metric), room) in rest.iter().zip(shelves(more, rest.len(), across.max(1))) {
        draw_chart(view, service, *metric, look, room, buf);
    }
}

/// A room cut into at most `wanted` places that are high enough for a chart each, up to `across` of them in a row.
fn shelves(room: Rect, wanted: usize, across: u16) -> impl Iterator<Item = Rect> {
    let wanted = u16::try_from(wanted).unwrap_or(u16::MAX);
    let fit = (room.height / (CHART_ROWS + 1)).max(u16::from(room.height >= 3));
    let across = across.min(wanted.div_ceil(fit.max(1))).max(1);
    let down = fit.min(wanted.div_ceil(across));
    let edge = |length: u16, at: u16, of: u16| (u32::from(length) * u32::from(at) / u32::from(of)) as u16;
    (0..down * across).map(move |place| {
        let (x, y) = (place % across, place / across);
        let (left, right) = (edge(room.width, x, across), edge(room.width, x + 1, across));
        let (top, bottom) = (edge(room.height, y, down), edge(room.height, y + 1, down));
        Rect { x: room.x + left, y: room.y + top, width: right - left, height: bottom - top }
    })
}

fn draw_chart(view: &View, service: &Service, metric: MetricId, look: &Look, room: Rect, buf: &mut Buffer) {
    let verdict = view.advice.services.get(&service.id);
    let evidence = verdict.and_then(|verdict| verdict.metrics.iter().find(|evidence| evidence.metric == metric));
    let series = summary::series(view, service, metric, evidence.and_then(|evidence| evidence.group.as_ref()));
    let threshold = evidence.map(|evidence| (evidence.target, "target"));
    let markers = markers(view, &service.id);
    let chart = Chart { metric, series, threshold, markers: &markers, now: look.now, minutes: MINUTES, cursor: None };
    // The value is what is looked for; then whose it is, then how the axes are to be read.
    let columns = usize::from(room.width.saturating_sub(6));
    let mut name = Phrase::new().tell(Meaning::Title, format_args!("{} ", metric.row().label)).then(chart.reading());
    let whose = Clean::new(service.id.service.as_str()).fit_end(columns.saturating_sub(name.width() + 3));
    if whose.width() > 3 {
        name = name.say(Meaning::Muted, " · ").say(Meaning::Text, whose);
    }
    let axes = Phrase::new().tell(Meaning::Muted, format_args!(" · {} · {MINUTES} min", unit(metric)));
    if name.width() + axes.width() <= columns {
        name = name.then(axes);
    }
    let inside = frame::draw(look.theme, &name, false, room, buf);
    chart.draw(look.theme, inside, buf);
}

fn unit(metric: MetricId) -> &'static str {
    match metric {
        MetricId::ServiceCpu | MetricId::ServiceMemory => "% of reserved",
        other => words::unit(other.row().unit),
    }
}

/// The metrics worth a chart: those that drive the verdict, then what users feel, then the others of its rules.
fn metrics(view: &View, id: &ServiceId) -> Vec<MetricId> {
    let verdict = view.advice.services.get(id);
    let rules = verdict.map_or_else(Vec::new, Verdict::most_urgent_first);
    let driving = rules.iter().enumerate().take_while(|(at, evidence)| *at == 0 || evidence.out.held_s > 0);
    let rest = [MetricId::ServiceCpu, MetricId::ServiceMemory, MetricId::RequestsPerTarget];
    let mut wanted: Vec<MetricId> = Vec::new();
    let ordered = driving.map(|(_, evidence)| evidence.metric).chain([MetricId::ResponseP95]);
    for metric in ordered.chain(rules.iter().map(|evidence| evidence.metric)).chain(rest) {
        if !wanted.contains(&metric) {
            wanted.push(metric);
        }
    }
    wanted
}

/// Where capacity changed, newest first.
fn markers(view: &View, id: &ServiceId) -> Vec<(Timestamp, Clean)> {
    let changes = activity::changes_of(view, id, i64::from(MINUTES) * 60);
    let mut markers: Vec<(Timestamp, Clean)> =
        changes.iter().filter_map(|entry| Some((entry.at, entry.what.mark()?))).collect();
    markers.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    markers
}
