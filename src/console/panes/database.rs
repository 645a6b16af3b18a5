//! A primary and its replicas side by side, a column each: are they up, are they behind, how loaded are they, who reads
//! where?
//!
//! Absent on purpose: what a query costs. AWS tells of disks and connections only, and what is a proxy says so.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::Extent;
use crate::console::theme::Meaning;
use crate::console::widgets::charts::{self, Pictured};
use crate::console::widgets::{Phrase, closeup, frame, measure, phrase};
use crate::console::words::{self, Clean};
use crate::console::{Look, Model};
use crate::live::View;
use crate::platform::metric::Unit;
use crate::platform::{Database, GroupId, MetricId, MetricKey, Phase, Source};
use crate::policy::GroupNote;
use crate::policy::group::Known;
use crate::policy::replicas::most_connections;

/// Columns of the labels.
const LABEL: u16 = 16;
/// Columns of an instance, at least and at most.
const INSTANCE: (u16, u16) = (18, 30);
/// What the pane is made of.
const SOURCES: [Source; 3] = [Source::Databases, Source::ReaderName, Source::Metrics];

/// A line of the figures: its label, and what it says of an instance.
type Figure = (&'static str, fn(&Told, &Database) -> Phrase);

/// The lines, what is asked first on top: where there is no room, the last ones go.
const FIGURES: [Figure; 16] = [
    ("status", |_, one| status(one)),
    ("cpu", cpu),
    ("connections", connections),
    ("lag", lag),
    ("replication", |_, one| replication(one)),
    ("reader weight", weight),
    ("read latency", |told, one| told.measured(one, MetricId::ReadLatency)),
    ("write latency", |told, one| told.measured(one, MetricId::WriteLatency)),
    ("reads", |told, one| told.measured(one, MetricId::ReadIops)),
    ("writes", |told, one| told.measured(one, MetricId::WriteIops)),
    ("reads:writes *", split),
    ("conn. share *", connection_share),
    ("free memory", |told, one| told.measured(one, MetricId::FreeableMemory)),
    ("free storage", free_storage),
    ("cpu credits", |told, one| told.measured(one, MetricId::DatabaseCredits)),
    ("class", |_, one| class(one)),
];

/// What the lines are made from.
struct Told<'v> {
    view: &'v View,
    look: &'v Look<'v>,
    primary: &'v Database,
    members: Vec<&'v Database>,
}

impl<'v> Told<'v> {
    fn of(view: &'v View, model: &'v Model, look: &'v Look<'v>) -> Option<(Self, &'v GroupId)> {
        let id = model.shown()?;
        let GroupId::Replicas(primary) = id else { return None };
        let primary = view.platform.databases.get(primary)?.as_ref();
        let (replicas, _) = view.platform.replicas_of(primary);
        let members = std::iter::once(primary).chain(replicas).collect();
        Some((Self { view, look, primary, members }, id))
    }

    fn value(&self, one: &Database, metric: MetricId) -> Option<f64> {
        measure::now_of(&self.view.platform, &MetricKey::database(&one.id, metric), self.look.now)
    }

    /// A metric in its unit; `?` where it is not known.
    fn measured(&self, one: &Database, metric: MetricId) -> Phrase {
        match self.value(one, metric) {
            // A disk answers within a few milliseconds: their tenths matter.
            Some(value) if metric.row().unit == Unit::Seconds && value < 0.01 => {
                words_of(Meaning::Text, &format!("{} ms", words::number(value * 1000.0, 1)))
            }
            Some(value) => words_of(Meaning::Text, &words::value(metric.row().unit, value)),
            None => blind(),
        }
    }

    /// The limit of a metric in the verdict of the group.
    fn limit(&self, one: &Database, metric: MetricId) -> Option<f64> {
        let verdict = self.view.advice.replicas.get(&self.primary.id)?;
        let evidence = verdict.evidence.iter().find(|each| each.metric == metric && each.member == one.id.as_str())?;
        evidence.out.map(|bound| bound.threshold)
    }
}

fn words_of(meaning: Meaning, words: &str) -> Phrase {
    Phrase::new().tell(meaning, format_args!("{words}"))
}

fn blind() -> Phrase {
    Phrase::new().say(Meaning::CannotTell, "?")
}

fn none() -> Phrase {
    Phrase::new().say(Meaning::Muted, "–")
}

/// A value with a mark where it is beyond its limit.
fn beside(words: &str, over: bool) -> Phrase {
    if over { words_of(Meaning::Warning, &format!("▲ {words}")) } else { words_of(Meaning::Strong, words) }
}

fn status(one: &Database) -> Phrase {
    let (glyph, meaning) = match one.status.phase() {
        Phase::Serving => ("✓", Meaning::Ok),
        Phase::Changing | Phase::Arriving | Phase::Leaving => ("»", Meaning::Acting),
        Phase::Away => ("▲", Meaning::Warning),
        Phase::Stopped => ("○", Meaning::Muted),
        Phase::Failed => ("●", Meaning::Critical),
    };
    Phrase::new().tell(meaning, format_args!("{glyph} {}", one.status))
}

fn cpu(told: &Told, one: &Database) -> Phrase {
    let Some(value) = told.value(one, MetricId::DatabaseCpu) else { return blind() };
    let over = told.limit(one, MetricId::DatabaseCpu).is_some_and(|limit| value > limit);
    beside(&words::value(Unit::Percent, value), over)
}

/// Connections, of how many, and how that is known.
fn connections(told: &Told, one: &Database) -> Phrase {
    let Some(value) = told.value(one, MetricId::DatabaseConnections) else { return blind() };
    let count = words::number(value, 0);
    let Some(share) = most_connections(&told.view.policy.replicas, one) else {
        return words_of(Meaning::Strong, &count).say(Meaning::CannotTell, " of ?");
    };
    let known = match share.known {
        Known::Policy => " pol.",
        Known::Parameter => "",
        Known::Estimated => " est.",
    };
    let used = value * 100.0 / f64::from(share.max);
    let over = used > told.view.policy.replicas.connections_out;
    beside(&format!("{count}/{}", share.max), over)
        .tell(Meaning::Muted, format_args!("{known} {} %", words::number(used, 0)))
}

/// How far behind. Below 0 replication does not run; idle lag of PostgreSQL is none.
fn lag(told: &Told, one: &Database) -> Phrase {
    if one.replica_of.is_none() {
        return none();
    }
    let Some(value) = told.value(one, MetricId::ReplicaLag) else { return blind() };
    if value < 0.0 {
        return Phrase::new().say(Meaning::Critical, "● broken");
    }
    let words = words::value(Unit::Seconds, value);
    let notes = told.view.advice.replicas.get(&told.primary.id).map_or(&[][..], |verdict| &verdict.notes);
    let idle = notes.iter().any(|note| matches!(note, GroupNote::IdleLag { member, .. } if member == one.id.as_str()));
    if idle {
        return Phrase::new().tell(Meaning::Muted, format_args!("idle {words}"));
    }
    beside(&words, told.limit(one, MetricId::ReplicaLag).is_some_and(|limit| value > limit))
}

fn replication(one: &Database) -> Phrase {
    match (&one.replica_of, &one.replication) {
        (None, _) => none(),
        (Some(_), None) => blind(),
        (Some(_), Some(replication)) if replication.normal => {
            Phrase::new().tell(Meaning::Ok, format_args!("✓ {}", replication.status))
        }
        (Some(_), Some(replication)) => {
            Phrase::new().tell(Meaning::Critical, format_args!("● {} {}", replication.status, replication.message))
        }
    }
}

/// The weight of an instance in the reader name, and its share of the reads that are resolved through it.
fn weight(told: &Told, one: &Database) -> Phrase {
    let Some(reader) = &told.view.platform.reader_name else { return blind() };
    let all: u32 = reader.records.iter().map(|record| u32::from(record.weight)).sum();
    let records = reader.records.iter().filter(|record| record.database.as_ref() == Some(&one.id));
    let Some(own) = records.map(|record| u32::from(record.weight)).reduce(|sum, weight| sum + weight) else {
        let serves = one.replica_of.is_some() && one.status.phase().serves();
        return if serves { Phrase::new().say(Meaning::Warning, "▲ no record") } else { none() };
    };
    if own == 0 {
        return Phrase::new().say(Meaning::Muted, "0, no reads");
    }
    let share = f64::from(own) * 100.0 / f64::from(all);
    words_of(Meaning::Text, &own.to_string()).tell(Meaning::Muted, format_args!(" {} %", words::number(share, 0)))
}

fn split(told: &Told, one: &Database) -> Phrase {
    match (told.value(one, MetricId::ReadIops), told.value(one, MetricId::WriteIops)) {
        (Some(reads), Some(writes)) if reads + writes > 0.0 => {
            let reads = reads * 100.0 / (reads + writes);
            words_of(
                Meaning::Text,
                &format!("{} : {}", words::number(reads, 0), words::number(100.0 - reads.round(), 0)),
            )
        }
        (Some(_), Some(_)) => Phrase::new().say(Meaning::Muted, "no traffic"),
        _ => blind(),
    }
}

/// Its share of the connections of the whole group.
fn connection_share(told: &Told, one: &Database) -> Phrase {
    let all: Option<f64> =
        told.members.iter().map(|each| told.value(each, MetricId::DatabaseConnections)).sum::<Option<f64>>();
    match (told.value(one, MetricId::DatabaseConnections), all) {
        (Some(own), Some(all)) if all > 0.0 => words_of(Meaning::Text, &words::value(Unit::Percent, own * 100.0 / all)),
        (Some(_), Some(_)) => none(),
        _ => blind(),
    }
}

fn free_storage(told: &Told, one: &Database) -> Phrase {
    told.measured(one, MetricId::FreeStorage).tell(Meaning::Muted, format_args!(" of {} GiB", one.storage_gib))
}

fn class(one: &Database) -> Phrase {
    let zones = if one.multi_az { ", Multi-AZ" } else { "" };
    Phrase::new().tell(Meaning::Muted, format_args!("{}{zones}", one.class))
}

/// How many instances there is room for beside the labels, and how wide each is.
fn columns(members: usize, width: u16) -> (usize, u16) {
    let room = width.saturating_sub(LABEL);
    let fit = usize::from(room / INSTANCE.0).clamp(1, members.max(1));
    (fit, (room / fit as u16).clamp(INSTANCE.0.min(room), INSTANCE.1.max(INSTANCE.0)))
}

fn rooms(told: &Told, area: Rect) -> closeup::Plan {
    let members = u16::try_from(told.members.len()).unwrap_or(u16::MAX);
    let width = LABEL.saturating_add(members.saturating_mul(26)).saturating_add(2);
    closeup::plan(area, (width, FIGURES.len() as u16 + 4), true)
}

/// More replicas than there is room for are gone through; the primary stays.
pub fn measure(view: &View, model: &Model, look: &Look, area: Rect) -> Extent {
    let Some((told, _)) = Told::of(view, model, look) else { return Extent::default() };
    let (fit, _) = columns(told.members.len(), rooms(&told, area).figures.width.saturating_sub(2));
    Extent { lines: told.members.len().saturating_sub(1), page: fit.saturating_sub(1) }
}

/// Draws the pane.
pub fn draw(view: &View, model: &Model, look: &Look, area: Rect, buf: &mut Buffer) {
    let area = area.intersection(buf.area);
    if area.is_empty() {
        return;
    }
    let Some((told, id)) = Told::of(view, model, look) else {
        let none = "no RDS instance with read replicas of its own in this account and region";
        return closeup::nothing(view, Source::Databases, "Databases", none, look, area, buf);
    };
    let plan = rooms(&told, area);
    draw_figures(&told, id, model.scroll(), plan.figures, buf);
    closeup::advise(view, id, look, plan.advice, buf);
    closeup::chart(&pictured(&told, id), &charts::markers(view, id), look, plan.charts, buf);
}

fn draw_figures(told: &Told, id: &GroupId, scroll: usize, room: Rect, buf: &mut Buffer) {
    let look = told.look;
    let inside = frame::draw(look.theme, &closeup::name(told.view, id, &SOURCES, look), true, room, buf);
    let (fit, width) = columns(told.members.len(), inside.width);
    let (primary, replicas) = told.members.split_at(1);
    let scroll = scroll.min(replicas.len().saturating_sub(fit.saturating_sub(1)));
    let shown: Vec<&Database> = primary.iter().chain(replicas.iter().skip(scroll)).copied().take(fit).collect();
    let width = usize::from(width);
    let heads = shown.iter().fold(cell("", Meaning::Muted), |line, one| {
        let role = if one.replica_of.is_none() { "primary" } else { "replica" };
        let name = Clean::new(one.id.as_str()).fit_end(width.saturating_sub(role.len() + 2));
        line.then(
            Phrase::new().say(Meaning::Muted, role).say(Meaning::Text, " ").say(Meaning::Strong, name).cell(width),
        )
    });
    heads.draw(look.theme, phrase::line(inside, 0), buf);
    let lines = usize::from(inside.height.saturating_sub(2)).min(FIGURES.len());
    for (at, (label, figure)) in FIGURES.iter().take(lines).enumerate() {
        let start = cell(label, Meaning::Muted);
        let line = shown.iter().fold(start, |line, one| line.then(figure(told, one).cell(width)));
        line.draw(look.theme, phrase::line(inside, at + 1), buf);
    }
    let hidden = replicas.len().saturating_sub(scroll + fit.saturating_sub(1)) + scroll;
    let mut foot = Phrase::new().say(Meaning::Muted, " * a proxy: disk operations and connections, not queries");
    if hidden > 0 {
        foot = Phrase::new()
            .tell(Meaning::CannotTell, format_args!(" {} not shown: up and down.", words::several(hidden, "replica")))
            .then(foot);
    }
    foot.draw(look.theme, phrase::line(inside, lines + 1), buf);
    closeup::failures(told.view, &SOURCES, look, room, buf);
    if closeup::stale(told.view, &[Source::Databases], look) {
        phrase::tint(look.theme.style(Meaning::Dim), inside, buf);
    }
}

fn cell(label: &'static str, meaning: Meaning) -> Phrase {
    Phrase::new().say(meaning, " ").say(meaning, label).cell(usize::from(LABEL))
}

/// What drives the verdict, then how the queries fare.
fn pictured<'v>(told: &Told<'v>, id: &'v GroupId) -> Vec<Pictured<'v>> {
    let mut all = charts::of(told.view, id);
    for metric in [MetricId::ReadLatency, MetricId::WriteLatency, MetricId::ReadIops, MetricId::WriteIops] {
        let key = MetricKey::database(&told.primary.id, metric);
        all.push(Pictured {
            metric,
            series: told.view.platform.series.get(&key).map(AsRef::as_ref),
            threshold: None,
            whose: Clean::new(told.primary.id.as_str()),
        });
    }
    all
}
