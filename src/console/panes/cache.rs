//! One cache, node by node: is it full, is it busy, does it find what it is asked for?

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::Extent;
use crate::console::theme::Meaning;
use crate::console::widgets::charts::{self, Pictured};
use crate::console::widgets::measure::{self, HitRate};
use crate::console::widgets::table::{self, Column, column};
use crate::console::widgets::{Phrase, closeup, frame, phrase};
use crate::console::words::{self, Clean};
use crate::console::{Look, Model};
use crate::live::View;
use crate::platform::metric::Unit;
use crate::platform::{Cache, CacheNode, CacheStatus, GroupId, MetricId, MetricKey, NodeRole, Phase, Shard, Source};

/// What the pane is made of.
const SOURCES: [Source; 2] = [Source::Caches, Source::Metrics];
/// Columns of a node's name, at least.
const NAME: usize = 16;
/// From this width on, names are whole.
const WIDE: u16 = 110;
/// The columns beside the name, what is needed least with the least to keep.
const COLUMNS: [Column; 13] = [
    column(" node", NAME, 0),
    column("shard", 7, 2),
    column("role", 9, 8),
    column("status", 14, 9),
    column("memory", 9, 12),
    column("cpu", 9, 12),
    column("engine", 8, 10),
    column("hit rate", 11, 11),
    column("hits", 11, 4),
    column("misses", 11, 5),
    column("evicted", 10, 7),
    column("in/out a min", 20, 3),
    column("conn.", 7, 6),
];

/// Rows of the figures that are no nodes: the frame, the cache in two lines, the heads.
const FIXED: u16 = 5;

fn of<'v>(view: &'v View, model: &'v Model) -> Option<(&'v Cache, &'v GroupId)> {
    let id = model.shown()?;
    let GroupId::Cache(cache) = id else { return None };
    Some((view.platform.caches.get(cache)?, id))
}

fn rooms(cache: &Cache, area: Rect) -> closeup::Plan {
    let nodes = u16::try_from(cache.nodes().count()).unwrap_or(u16::MAX);
    closeup::plan(area, (100, FIXED.saturating_add(nodes)), true)
}

/// The nodes scroll.
pub fn measure(view: &View, model: &Model, _: &Look, area: Rect) -> Extent {
    let Some((cache, _)) = of(view, model) else { return Extent::default() };
    let page = usize::from(rooms(cache, area).figures.height.saturating_sub(FIXED));
    Extent { lines: cache.nodes().count(), page }
}

/// Draws the pane.
pub fn draw(view: &View, model: &Model, look: &Look, area: Rect, buf: &mut Buffer) {
    let area = area.intersection(buf.area);
    if area.is_empty() {
        return;
    }
    let Some((cache, id)) = of(view, model) else {
        let none = "no ElastiCache replication group in this account and region";
        return closeup::nothing(view, Source::Caches, "Caches", none, look, area, buf);
    };
    let plan = rooms(cache, area);
    draw_figures(view, cache, id, model.scroll(), look, plan.figures, buf);
    closeup::advise(view, id, look, plan.advice, buf);
    closeup::chart(&pictured(view, cache, id), &charts::markers(view, id), look, plan.charts, buf);
}

fn draw_figures(view: &View, cache: &Cache, id: &GroupId, scroll: usize, look: &Look, room: Rect, buf: &mut Buffer) {
    let nodes: Vec<(&Shard, &CacheNode)> =
        cache.shards.iter().flat_map(|shard| shard.nodes.iter().map(move |node| (shard, node))).collect();
    let page = usize::from(room.height.saturating_sub(FIXED));
    let scroll = scroll.min(nodes.len().saturating_sub(page));
    let mut name = closeup::name(view, id, &SOURCES, look);
    if nodes.len() > page && page > 0 {
        let last = (scroll + page).min(nodes.len());
        name = name.tell(Meaning::Muted, format_args!(" · nodes {}–{last} of {}", scroll + 1, nodes.len()));
    }
    let inside = frame::draw(look.theme, &name, true, room, buf);
    for (at, line) in whole(view, cache, look).iter().enumerate() {
        line.draw(look.theme, phrase::line(inside, at), buf);
    }
    let mut columns = COLUMNS;
    let visible = || nodes.iter().skip(scroll).take(page);
    let longest = visible().map(|(_, node)| Clean::new(node.id.as_str()).width() + 3).max().unwrap_or(0);
    // Names differ at their end: a long one may lose its front where there is little room.
    columns[0].width = longest.clamp(NAME, if inside.width >= WIDE { 40 } else { NAME });
    columns[1].keep = if cache.cluster_mode { 9 } else { 0 };
    let mut shown = table::fitting(&columns, usize::from(inside.width));
    if !cache.cluster_mode {
        shown.retain(|at| *at != 1);
    }
    table::head(&columns, &shown).draw(look.theme, phrase::line(inside, 2), buf);
    for (at, (shard, node)) in visible().enumerate() {
        let cells = cells(view, shard, node, columns[0].width, look);
        table::line(&columns, &shown, &cells).draw(look.theme, phrase::line(inside, at + 3), buf);
    }
    closeup::failures(view, &SOURCES, look, room, buf);
    if closeup::stale(view, &[Source::Caches], look) {
        phrase::tint(look.theme.style(Meaning::Dim), inside, buf);
    }
}

/// The cache as a whole in two lines.
fn whole(view: &View, cache: &Cache, look: &Look) -> [Phrase; 2] {
    let rate = measure::hit_rate_of(&view.platform, cache, look.now);
    let mode = if cache.cluster_mode { "cluster mode on" } else { "cluster mode off" };
    let (zones, failover) =
        (if cache.multi_az { "on" } else { "off" }, if cache.automatic_failover { "on" } else { "off" });
    let limit = view.policy.alarms.cache_hit_percent;
    [
        Phrase::new()
            .say(Meaning::Muted, " hit rate ")
            .then(hit_rate(rate, Some(limit)))
            .tell(Meaning::Muted, format_args!(", the alarm is below {} % · ", words::number(limit, 0)))
            .then(status(&cache.status)),
        Phrase::new()
            .tell(Meaning::Muted, format_args!(" {} · {} · {mode}", cache.engine, cache.node_type))
            .tell(Meaning::Muted, format_args!(" · Multi-AZ {zones} · fail-over {failover}")),
    ]
}

/// No look-up at all is no traffic, not 0 %.
fn hit_rate(rate: HitRate, limit: Option<f64>) -> Phrase {
    match rate {
        HitRate::NoTraffic => Phrase::new().say(Meaning::Muted, "no traffic"),
        HitRate::Unknown => Phrase::new().say(Meaning::CannotTell, "?"),
        HitRate::Percent(rate) => {
            let words = words::value(Unit::Percent, rate);
            if limit.is_some_and(|limit| rate < limit) {
                Phrase::new().tell(Meaning::Warning, format_args!("▲ {words}"))
            } else {
                Phrase::new().tell(Meaning::Strong, format_args!("{words}"))
            }
        }
    }
}

fn status(status: &CacheStatus) -> Phrase {
    let (glyph, meaning) = match status.phase() {
        Phase::Serving => ("✓", Meaning::Ok),
        Phase::Changing | Phase::Arriving | Phase::Leaving => ("»", Meaning::Acting),
        Phase::Away => ("▲", Meaning::Warning),
        Phase::Stopped => ("○", Meaning::Muted),
        Phase::Failed => ("●", Meaning::Critical),
    };
    Phrase::new().tell(meaning, format_args!("{glyph} {}", status.0))
}

fn cells(view: &View, shard: &Shard, node: &CacheNode, name: usize, look: &Look) -> [Phrase; 13] {
    let value = |metric| measure::now_of(&view.platform, &MetricKey::cache_node(&node.id, metric), look.now);
    let rate = measure::hit_rate(&view.platform, std::iter::once(&node.id), look.now);
    let silent = rate == HitRate::Unknown;
    // A count that is missing is 0 while the node reports at all.
    let number = |metric: MetricId| match value(metric) {
        Some(value) => Phrase::new().tell(Meaning::Text, format_args!("{}", words::number(value, 0))),
        None if !silent && metric.row().unit == Unit::PerMinute => Phrase::new().say(Meaning::Muted, "0"),
        None => Phrase::new().say(Meaning::CannotTell, "?"),
    };
    let level = |metric: MetricId, limit: Option<f64>| match value(metric) {
        None => Phrase::new().say(Meaning::CannotTell, "?"),
        Some(value) if limit.is_some_and(|limit| value > limit) => {
            Phrase::new().tell(Meaning::Warning, format_args!("▲ {}", words::value(Unit::Percent, value)))
        }
        Some(value) => Phrase::new().tell(Meaning::Strong, format_args!("{}", words::value(Unit::Percent, value))),
    };
    let evicted = match value(MetricId::Evictions) {
        Some(evicted) if evicted > 0.0 => {
            Phrase::new().tell(Meaning::Warning, format_args!("▲ {}/min", words::number(evicted, 0)))
        }
        _ => number(MetricId::Evictions),
    };
    let bytes =
        |metric: MetricId| value(metric).map_or_else(|| "?".to_owned(), |value| words::value(Unit::Bytes, value));
    let role = match node.role {
        NodeRole::Primary => "primary",
        NodeRole::Replica => "replica",
        NodeRole::Untold => "–",
    };
    let policy = &view.policy.cache;
    [
        Phrase::new().say(Meaning::Text, Clean::of(format_args!(" {}", node.id)).fit_end(name.saturating_sub(1))),
        Phrase::new().tell(Meaning::Muted, format_args!("{}", shard.id)),
        Phrase::new().say(Meaning::Muted, role),
        status(&node.status),
        level(MetricId::CacheMemory, Some(policy.memory_out)),
        level(MetricId::CacheCpu, Some(policy.cpu_out)),
        level(MetricId::CacheEngineCpu, None),
        hit_rate(rate, None),
        number(MetricId::CacheHits),
        number(MetricId::CacheMisses),
        evicted,
        Phrase::new().tell(
            Meaning::Text,
            format_args!("{} / {}", bytes(MetricId::CacheBytesIn), bytes(MetricId::CacheBytesOut)),
        ),
        number(MetricId::CacheConnections),
    ]
}

/// What drives the verdict, then what the rules do not judge, of the first node.
fn pictured<'v>(view: &'v View, cache: &'v Cache, id: &'v GroupId) -> Vec<Pictured<'v>> {
    let mut all = charts::of(view, id);
    let Some(node) = cache.nodes().next() else { return all };
    for metric in [MetricId::CacheEngineCpu, MetricId::Evictions, MetricId::CacheHits, MetricId::CacheMisses] {
        all.push(Pictured {
            metric,
            series: view.platform.series.get(&MetricKey::cache_node(&node.id, metric)).map(AsRef::as_ref),
            threshold: None,
            whose: Clean::new(node.id.as_str()),
        });
    }
    all
}
