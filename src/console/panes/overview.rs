//! Every scaling group, and of the selected one the chart, the advice and what changed: is it on fire, where, is it
//! being handled, what can I do?
//!
//! ```text
//!  wide:  groups │ chart (│ more charts)      narrow:  groups
//!         advice                                       advice
//!         activity │ sources that fail                 chart or activity, as there is room
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
use crate::platform::{MetricId, Service, ServiceId, SourceState};

/// Below this the pane is one column and has no frames.
const GLANCE: (u16, u16) = (80, 18);
/// From this width on, groups and chart stand side by side.
const WIDE: u16 = 118;
/// From this height on, there is room for the activity list beside everything else.
const TALL: u16 = 24;
/// Minutes a chart shows.
const MINUTES: u16 = 60;

/// The rooms of the pane; an empty one is not drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Plan {
    groups: Rect,
    charts: Rect,
    advice: Rect,
    activity: Rect,
    sources: Rect,
}

fn plan(area: Rect, failing: u16) -> Plan {
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
    let top = area.height - advice_height - foot;
    let (groups, charts) = beside(row(0, top), area.width >= WIDE, 54);
    let (activity, sources) = match (foot, failing) {
        (0, _) => (Rect::default(), Rect::default()),
        (_, 0) => (row(top + advice_height, foot), Rect::default()),
        _ if area.width >= WIDE => beside(row(top + advice_height, foot), true, 55),
        _ => (Rect::default(), row(top + advice_height, foot)),
    };
    Plan { groups, charts, advice: row(top, advice_height), activity, sources }
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

/// Two rooms side by side, the first taking this share in percent; not side by side, the second is empty.
fn beside(room: Rect, wide: bool, percent: u16) -> (Rect, Rect) {
    if !wide {
        return (room, Rect::default());
    }
    let first = (u32::from(room.width) * u32::from(percent) / 100) as u16;
    (Rect { width: first, ..room }, Rect { x: room.x + first, width: room.width - first, ..room })
}

/// How many services the table has room for in a body of this size. Failing sources may take some of it away for as long
/// as they fail; the table then scrolls with the cursor.
pub fn rows(body: Rect) -> u16 {
    table_rows(plan(body, 0).groups)
}

fn table_rows(groups: Rect) -> u16 {
    let framed = groups.width >= GLANCE.0 / 2 && groups.height >= 6;
    groups.height.saturating_sub(if framed { 3 } else { 1 })
}

/// Draws the pane.
pub fn draw(view: &View, model: &Model, look: &Look, area: Rect, buf: &mut Buffer) {
    let area = area.intersection(buf.area);
    if area.is_empty() {
        return;
    }
    let failures = sources::lines(view, look.now);
    let plan = plan(area, failures.len() as u16);
    let framed = area.width >= GLANCE.0 && area.height >= GLANCE.1;
    draw_groups(view, model, look, framed, plan.groups, buf);
    draw_charts(view, model, look, plan.charts, buf);
    draw_advice(view, model, look, framed, plan.advice, buf);
    if !plan.activity.is_empty() {
        let summary = model.summary();
        activity::draw(look.theme, &summary.changes, summary.changed, plan.activity, buf);
    }
    if !plan.sources.is_empty() {
        let name = Phrase::new().say(Meaning::Warning, "Sources that do not answer");
        let inside = if framed { frame::draw(look.theme, &name, false, plan.sources, buf) } else { plan.sources };
        for (at, line) in failures.iter().take(usize::from(inside.height)).enumerate() {
            line.draw(look.theme, phrase::line(inside, at), buf);
        }
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
    let inside = if framed { frame::draw(look.theme, &name, true, room, buf) } else { room };
    if shown == 0 {
        let words = match known {
            0 => empty(view),
            _ => Phrase::new().say(Meaning::Muted, " no service passes the filter"),
        };
        words.draw(look.theme, phrase::line(inside, 0), buf);
        return;
    }
    let visible = model.window(inside.height.saturating_sub(1));
    groups::draw(look.theme, view, &model.rows()[visible], model.selected.as_ref(), look.now, inside, buf);
}

/// Why there is no service to show.
fn empty(view: &View) -> Phrase {
    let none = view.platform.listed.as_ref().is_some_and(|listed| listed.is_empty());
    let credentials = view
        .platform
        .sources
        .values()
        .any(|health| matches!(health.state, SourceState::Expired { .. } | SourceState::NoCredentials { .. }));
    let words = match (none, credentials) {
        (true, _) => " no ECS service in this account and region",
        (_, true) => " nothing can be read without credentials",
        _ => " … reading the services",
    };
    Phrase::new().say(Meaning::Muted, words)
}

fn draw_advice(view: &View, model: &Model, look: &Look, framed: bool, room: Rect, buf: &mut Buffer) {
    let Some(id) = &model.selected else { return };
    let lines = advice::lines(view, id, look.now);
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
    let count = usize::from(room.height / 9).clamp(1, metrics.len());
    let markers = markers(view, &service.id);
    let mut y = room.y;
    for (at, metric) in metrics.into_iter().take(count).enumerate() {
        let left = (count - at) as u16;
        let height = (room.bottom() - y) / left;
        draw_chart(view, service, metric, &markers, look, Rect { y, height, ..room }, buf);
        y += height;
    }
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
    let name = Phrase::new()
        .tell(Meaning::Title, format_args!("{} ", service.id.service))
        .tell(Meaning::Text, format_args!("{}, {} ", metric.row().label, unit(metric)))
        .then(chart.reading())
        .tell(Meaning::Muted, format_args!(" · {MINUTES} min"));
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
