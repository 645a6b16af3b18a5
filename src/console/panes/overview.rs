//! Every scaling group, and of the selected one the chart, the advice and what changed: is it on fire, where, is it
//! being handled, what can I do?
//!
//! ```text
//!  wide:  groups        │ charts              narrow:  groups
//!         other charts  │                              chart, as there is room
//!         advice                                       advice
//!         activity │ sources that fail                 activity, or sources that fail
//! ```

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::console::theme::Meaning;
use crate::console::widgets::chart::Chart;
use crate::console::widgets::condition::Condition;
use crate::console::widgets::{Phrase, activity, advice, frame, groups, phrase, sources, summary};
use crate::console::words::{self, Clean};
use crate::console::{Look, Model};
use crate::live::View;
use crate::platform::{MetricId, Service, ServiceId, Source, SourceState};

/// Below this the pane is one column and has no frames.
const GLANCE: (u16, u16) = (80, 18);
/// Columns of the table: with everything, with most of it, with what cannot be missed.
const TABLE: [u16; 3] = [94, 84, 80];
/// A chart narrower than this tells nothing.
const CHART: u16 = 40;
/// Rows of a chart with its frame, at least.
const CHART_ROWS: u16 = 8;
/// From this height on, there is room for more than the table, the advice and a glimpse of the activity.
const TALL: u16 = 24;
/// Minutes a chart shows.
const MINUTES: u16 = 60;

/// The rooms of the pane; an empty one is not drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Plan {
    framed: bool,
    groups: Rect,
    /// Charts of the selected service.
    charts: Rect,
    /// What a short table leaves: charts of the other services.
    others: Rect,
    advice: Rect,
    activity: Rect,
    sources: Rect,
}

fn plan(area: Rect, services: usize, failing: u16) -> Plan {
    if area.width < GLANCE.0 || area.height < GLANCE.1 {
        return glance(area, failing);
    }
    let row = |y: u16, height: u16| Rect { y: area.y + y, height, ..area };
    let advice_height = if area.height >= TALL { 6 } else { 5 };
    let foot = match area.height {
        0..20 => 0,
        height if height < TALL => height.saturating_sub(advice_height + 11).min(4),
        height => (height / 4).clamp(5, 14),
    };
    // A source that fails needs its frame, whatever else has to go.
    let foot = if failing > 0 { foot.max((failing + 2).min(5)) } else { foot };
    let table = TABLE.into_iter().find(|table| area.width >= table + CHART);
    let needed = u16::try_from(services).unwrap_or(u16::MAX).saturating_add(3).max(6);
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
    let (charts, others) = if right.is_empty() { (rest, right) } else { (right, rest) };
    let foot = row(top + advice_height, foot);
    let (activity, sources) = match failing {
        0 => (foot, Rect::default()),
        _ if table.is_some() => split(foot, Some(foot.width / 2)),
        _ => (Rect::default(), foot),
    };
    Plan { framed: true, groups, charts, others, advice: row(top, advice_height), activity, sources }
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
pub fn rows(body: Rect) -> u16 {
    let plan = plan(body, usize::MAX, 0);
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
        draw_nothing(view, look, &failures, area, buf);
        return;
    }
    let plan = plan(area, model.rows().len(), failures.len() as u16);
    let framed = plan.framed;
    draw_groups(view, model, look, framed, plan.groups, buf);
    draw_charts(view, model, look, plan.charts, buf);
    draw_others(view, model, look, plan.others, buf);
    draw_advice(view, model, look, framed, plan.advice, buf);
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
fn draw_nothing(view: &View, look: &Look, failures: &[Phrase], room: Rect, buf: &mut Buffer) {
    let name = Phrase::new().say(Meaning::Title, "Scaling groups");
    let inside = frame::draw(look.theme, &name, true, room, buf);
    empty(view).draw(look.theme, phrase::line(inside, 0), buf);
    let indent = 1.min(inside.width);
    let top = 2.min(inside.height);
    let inside =
        Rect { x: inside.x + indent, width: inside.width - indent, y: inside.y + top, height: inside.height - top };
    draw_failures(failures, look, inside, buf);
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

/// Why there is no service to show.
fn empty(view: &View) -> Phrase {
    let none = view.platform.listed.as_ref().is_some_and(|listed| listed.is_empty());
    let credentials = view
        .platform
        .sources
        .values()
        .any(|health| matches!(health.state, SourceState::Expired { .. } | SourceState::NoCredentials { .. }));
    let words = match (credentials, none) {
        (true, _) => " nothing can be read without credentials",
        (_, true) => " no ECS service in this account and region",
        _ => " … reading the services",
    };
    Phrase::new().say(Meaning::Muted, words)
}

fn draw_advice(view: &View, model: &Model, look: &Look, framed: bool, room: Rect, buf: &mut Buffer) {
    let Some(id) = &model.selected else { return };
    let columns = usize::from(room.width).saturating_sub(if framed { 16 } else { 0 });
    let lines = advice::lines(view, id, look.now, columns);
    if framed {
        let keys = advice::keys(look, &Condition::of(view, id));
        advice::draw(look.theme, &lines, &keys, room, buf);
        return;
    }
    for (at, line) in lines.iter().take(usize::from(room.height)).enumerate() {
        line.draw(look.theme, phrase::line(room, at), buf);
    }
}

/// The selected service's charts, the one that matters most first; as many as there is room for.
fn draw_charts(view: &View, model: &Model, look: &Look, room: Rect, buf: &mut Buffer) {
    if room.is_empty() {
        return;
    }
    let Some(service) = model.selected.as_ref().and_then(|id| view.platform.services.get(id)) else {
        frame::draw(look.theme, &Phrase::new().say(Meaning::Title, "Chart"), false, room, buf);
        return;
    };
    let metrics = metrics(view, &service.id);
    let markers = markers(view, &service.id);
    for (metric, room) in metrics.iter().zip(shelves(room, metrics.len())) {
        draw_chart(view, service, *metric, &markers, look, room, buf);
    }
}

/// A chart of each of the other services that are visible, as many as there is room for.
fn draw_others(view: &View, model: &Model, look: &Look, room: Rect, buf: &mut Buffer) {
    let visible = &model.rows()[model.window(room.height)];
    let others = visible.iter().filter(|id| model.selected.as_ref() != Some(*id));
    let others: Vec<_> =
        others.filter_map(|id| view.platform.services.get(id)).take(usize::from(room.height)).collect();
    for (service, room) in others.iter().zip(shelves(room, others.len())) {
        if let Some(metric) = metrics(view, &service.id).first() {
            draw_chart(view, service, *metric, &markers(view, &service.id), look, room, buf);
        }
    }
}

/// A room cut into shelves that are high enough for a chart each, at most `wanted` of them.
fn shelves(room: Rect, wanted: usize) -> impl Iterator<Item = Rect> {
    let fit = (room.height / (CHART_ROWS + 1)).max(u16::from(room.height >= 3));
    let count = fit.min(u16::try_from(wanted).unwrap_or(u16::MAX));
    (0..count).map(move |at| {
        let edge = |at: u16| room.y + (u32::from(room.height) * u32::from(at) / u32::from(count)) as u16;
        Rect { y: edge(at), height: edge(at + 1) - edge(at), ..room }
    })
}

fn draw_chart(
    view: &View,
    service: &Service,
    metric: MetricId,
    markers: &[(Timestamp, Clean)],
    look: &Look,
    room: Rect,
    buf: &mut Buffer,
) {
    let verdict = view.advice.services.get(&service.id);
    let evidence = verdict.and_then(|verdict| verdict.metrics.iter().find(|evidence| evidence.metric == metric));
    let series = summary::series(view, service, metric);
    let threshold = evidence.map(|evidence| (evidence.target, "target"));
    let chart = Chart { metric, series, threshold, markers, now: look.now, minutes: MINUTES, cursor: None };
    // The value is what is looked for; then the metric, then whose it is, then how the axes are to be read.
    let columns = usize::from(room.width.saturating_sub(6));
    let core = Phrase::new().tell(Meaning::Text, format_args!("{} ", summary::short(metric))).then(chart.reading());
    let whose = Clean::new(service.id.service.as_str()).fit_end(columns.saturating_sub(core.width() + 1));
    let mut name = Phrase::new().say(Meaning::Title, whose).say(Meaning::Text, " ").then(core);
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

/// The metrics worth a chart: the one that drives the verdict, the others of its rules, then what users feel.
fn metrics(view: &View, id: &ServiceId) -> Vec<MetricId> {
    let verdict = view.advice.services.get(id);
    let mut wanted: Vec<MetricId> =
        verdict.and_then(summary::signal).map(|evidence| evidence.metric).into_iter().collect();
    let rules = verdict.into_iter().flat_map(|verdict| verdict.metrics.iter().map(|evidence| evidence.metric));
    let rest = [MetricId::ServiceCpu, MetricId::ResponseP95, MetricId::ServiceMemory, MetricId::RequestsPerTarget];
    for metric in rules.chain(rest) {
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
