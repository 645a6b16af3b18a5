//! Charts of a group: which metrics are worth one, whose they are, where its capacity changed, and how they share a room.

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::chart::Chart;
use super::signal::{self, Signal};
use super::{Phrase, activity, frame};
use crate::console::Look;
use crate::console::theme::Meaning;
use crate::console::words::{self, Clean};
use crate::live::View;
use crate::platform::{GroupId, MetricId, Series, ServiceId};
use crate::policy::Verdict;

/// A chart narrower than this tells nothing.
pub const CHART: u16 = 40;
/// Rows of a chart with its frame, at least.
pub const CHART_ROWS: u16 = 8;
/// Minutes a chart shows.
pub const MINUTES: u16 = 60;

/// What a chart shows.
#[derive(Debug, Clone)]
pub struct Pictured<'v> {
    /// The metric.
    pub metric: MetricId,
    /// Its history.
    pub series: Option<&'v Series>,
    /// A limit in the metric's unit, with its name.
    pub threshold: Option<(f64, &'static str)>,
    /// Whose it is.
    pub whose: Clean,
}

/// The charts of a group, the one that matters most first.
pub fn of<'v>(view: &'v View, id: &'v GroupId) -> Vec<Pictured<'v>> {
    let GroupId::Service(service) = id else { return of_members(signal::of(view, id)) };
    let Some(described) = view.platform.services.get(service) else { return Vec::new() };
    let verdict = view.advice.services.get(service);
    let pictured = |metric: MetricId| {
        let evidence = verdict.and_then(|verdict| verdict.metrics.iter().find(|evidence| evidence.metric == metric));
        let group = evidence.and_then(|evidence| evidence.group.as_ref());
        Pictured {
            metric,
            series: signal::of_metric(&view.platform, described, metric, group),
            threshold: evidence.map(|evidence| (evidence.target, "target")),
            whose: Clean::new(service.service.as_str()),
        }
    };
    metrics(view, service).into_iter().map(pictured).collect()
}

/// Each metric once, of the member where it is most urgent, and then of the others.
fn of_members(signals: Vec<Signal<'_>>) -> Vec<Pictured<'_>> {
    let mut seen = Vec::new();
    let (first, others): (Vec<_>, Vec<_>) = signals.into_iter().partition(|signal| {
        let new = !seen.contains(&signal.metric);
        seen.push(signal.metric);
        new
    });
    let pictured = first.into_iter().chain(others).map(|signal| Pictured {
        metric: signal.metric,
        series: signal.series,
        threshold: signal.threshold,
        whose: signal.member.map_or_else(Clean::default, Clean::new),
    });
    pictured.collect()
}

/// The metrics of a service worth a chart: those that drive the verdict, then what users feel, then the others of its
/// rules.
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

/// Where a group's capacity changed in the time of a chart, newest first: what its activity tells, or when its members
/// were created.
pub fn markers(view: &View, id: &GroupId) -> Vec<(Timestamp, Clean)> {
    let horizon = i64::from(MINUTES) * 60;
    let created = |times: &mut dyn Iterator<Item = Timestamp>| -> Vec<(Timestamp, Clean)> {
        times.filter(|at| view.at.as_second() - at.as_second() <= horizon).map(|at| (at, "↑+1".into())).collect()
    };
    let mut markers: Vec<(Timestamp, Clean)> = match id {
        GroupId::Service(id) => {
            let changes = activity::changes_of(view, id, horizon);
            changes.iter().filter_map(|entry| Some((entry.at, entry.what.mark()?))).collect()
        }
        GroupId::Replicas(id) => view.platform.databases.get(id).map_or_else(Vec::new, |primary| {
            created(&mut view.platform.replicas_of(primary).0.into_iter().filter_map(|replica| replica.created))
        }),
        GroupId::Cache(id) => view
            .platform
            .caches
            .get(id)
            .map_or_else(Vec::new, |cache| created(&mut cache.nodes().filter_map(|node| node.created))),
    };
    markers.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    markers
}

/// Draws one with its frame.
pub fn draw(pictured: &Pictured, markers: &[(Timestamp, Clean)], look: &Look, room: Rect, buf: &mut Buffer) {
    let Pictured { metric, series, threshold, ref whose } = *pictured;
    let chart = Chart { metric, series, threshold, markers, now: look.now, minutes: MINUTES, cursor: None };
    // The value is what is looked for; then whose it is, then how the axes are to be read.
    let columns = usize::from(room.width.saturating_sub(6));
    let mut name = Phrase::new().tell(Meaning::Title, format_args!("{} ", metric.row().label)).then(chart.reading());
    let whose = whose.clone().fit_end(columns.saturating_sub(name.width() + 3));
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

/// A room cut into at most `wanted` places that are high enough for a chart each, up to `across` of them in a row.
pub fn shelves(room: Rect, wanted: usize, across: u16) -> impl Iterator<Item = Rect> {
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
