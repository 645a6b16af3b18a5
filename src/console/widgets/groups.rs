//! The table of scaling groups: where they stand, how far they may go, what drives them, who is on it.
//!
//! Only the rows that are asked for are made: a thousand services cost what thirty do.

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::condition::{self, Condition, Severity};
use super::summary::{self, Heat};
use super::{Phrase, phrase};
use crate::console::theme::{Meaning, Theme};
use crate::console::words::{self, Clean};
use crate::live::View;
use crate::platform::series::evidence_minute;
use crate::platform::{Series, Service, ServiceId, Source, TaskCount};

/// Columns of the name, at least, and of the others with a blank after each.
const NAME: usize = 12;
const GOOD_NAME: usize = 18;
const LONGEST_NAME: usize = 40;
const NOW: usize = 9;
const LIMITS: usize = 8;
const ROOM: usize = 5;
const SIGNAL: usize = 24;
const STATE: usize = 15;
/// Minutes of a mean that trends are told from.
const TREND_MINUTES: i64 = 5;

/// Which columns there is room for.
#[derive(Debug, Clone, Copy)]
struct Columns {
    name: usize,
    limits: bool,
    room: bool,
    signal: bool,
}

impl Columns {
    /// The columns for a table this wide whose longest visible name has so many columns.
    fn of(width: usize, longest: usize) -> Self {
        let fixed = 2 + NOW + STATE;
        let name = (longest + 1).clamp(NAME, LONGEST_NAME);
        let mut columns = Self { name, limits: true, room: true, signal: true };
        let needed = |c: &Self| {
            let optional = [(c.limits, LIMITS), (c.room, ROOM), (c.signal, SIGNAL)];
            fixed + c.name + optional.iter().map(|(shown, width)| if *shown { *width } else { 0 }).sum::<usize>()
        };
        let shrink = |c: &mut Self, least: usize| {
            c.name = c.name.saturating_sub(needed(c).saturating_sub(width)).max(c.name.min(least));
        };
        // What is least missed goes first: the limits can be told from the room, a name from its end.
        if needed(&columns) > width {
            columns.limits = false;
        }
        shrink(&mut columns, GOOD_NAME);
        if needed(&columns) > width {
            columns.room = false;
            columns.name = name;
        }
        shrink(&mut columns, NAME);
        if needed(&columns) > width {
            columns.signal = false;
            columns.name = name;
        }
        shrink(&mut columns, NAME);
        let spare = width.saturating_sub(needed(&columns));
        columns.name = (columns.name + spare).min(LONGEST_NAME).min(width.saturating_sub(2));
        columns
    }
}

/// Columns of a table that shows everything, names of so many columns among it. It does not go with what is in the
/// rows: a table that did would move what stands beside it.
pub fn width(longest: usize) -> usize {
    2 + (longest + 1).clamp(NAME, LONGEST_NAME) + NOW + LIMITS + ROOM + SIGNAL + STATE
}

/// Draws the head and one line a service; `ids` are the visible ones, in order. With `clusters` names say their cluster.
#[expect(clippy::too_many_arguments, reason = "what to draw, how, and where: nothing of it belongs together")]
pub fn draw(
    theme: &Theme,
    view: &View,
    ids: &[ServiceId],
    selected: Option<&ServiceId>,
    clusters: bool,
    now: Timestamp,
    room: Rect,
    buf: &mut Buffer,
) {
    let shown = ids.iter().take(usize::from(room.height.saturating_sub(1)));
    let longest = shown.map(|id| name(id, clusters).width()).max().unwrap_or(0);
    let columns = Columns::of(usize::from(room.width), longest);
    head(columns).draw(theme, phrase::line(room, 0), buf);
    for (at, id) in ids.iter().enumerate() {
        let row = phrase::line(room, at + 1);
        if row.is_empty() {
            break;
        }
        let here = selected == Some(id);
        if here {
            phrase::tint(theme.style(Meaning::Selected), row, buf);
        }
        line(view, id, here, clusters, columns, now).draw(theme, row, buf);
    }
}

fn head(columns: Columns) -> Phrase {
    let heads = [
        (true, "group", columns.name),
        (true, "now", NOW),
        (columns.limits, "min–max", LIMITS),
        (columns.room, "room", ROOM),
        (columns.signal, "signal", SIGNAL),
        (true, "state", STATE),
    ];
    let shown = heads.into_iter().filter(|(shown, ..)| *shown);
    shown.fold(Phrase::new().say(Meaning::Muted, "  "), |line, (_, word, width)| {
        line.say(Meaning::Muted, Clean::from(word).left(width))
    })
}

/// A service's name, with its cluster where there are several.
pub fn name(id: &ServiceId, cluster: bool) -> Clean {
    if cluster { Clean::of(format_args!("{id}")) } else { Clean::new(id.service.as_str()) }
}

fn line(view: &View, id: &ServiceId, here: bool, cluster: bool, columns: Columns, now: Timestamp) -> Phrase {
    let severity = condition::severity(view, id);
    let condition = Condition::of(view, id);
    let pointer = if here { "▸ " } else { "  " };
    let name = name(id, cluster).fit_end(columns.name.saturating_sub(1)).left(columns.name);
    let weight = match severity {
        Severity::Critical => Meaning::Critical,
        _ if here => Meaning::Strong,
        _ => Meaning::Text,
    };
    let start = Phrase::new().say(Meaning::Title, pointer).say(weight, name);
    let Some(service) = view.platform.services.get(id) else {
        return start.then(condition.phrase(now));
    };
    let mut line = start.say(count_meaning(service), count(service).left(NOW));
    let limits = view.platform.targets.get(id).map(|target| (target.min, target.max));
    if columns.limits {
        let words = limits.map_or_else(|| "–".into(), |(min, max)| Clean::of(format_args!("{min}–{max}")));
        line = line.say(Meaning::Muted, words.left(LIMITS));
    }
    if columns.room {
        line = line.then(headroom(service.desired, limits.map(|(_, max)| max)));
    }
    if columns.signal {
        let signal = signal(view, service, now);
        let old = view.platform.sources.get(&Source::Metrics).is_some_and(|health| health.stale(now));
        line = line.then(if old { signal.all(Meaning::Dim) } else { signal });
    }
    let history = view.platform.counts.get(id);
    if history.is_some_and(|history| history.stale(service.learnt, now)) {
        let age = words::age_at(service.learnt, now);
        return line.all(Meaning::Dim).tell(Meaning::CannotTell, format_args!("? old {age}"));
    }
    line.then(state(condition::trouble(view, id), &condition, now))
}

/// The state's word. Trouble that nobody is on says its own; trouble that somebody is on lends its glyph.
fn state(trouble: Option<(Severity, &'static str)>, condition: &Condition, now: Timestamp) -> Phrase {
    let Some((severity, word)) = trouble else { return condition.phrase(now) };
    let (glyph, _, meaning) = severity.mark();
    let mark = Phrase::new().say(meaning, glyph).say(Meaning::Text, " ");
    match condition {
        Condition::Steady | Condition::NotManaged | Condition::Unread | Condition::Deploying => mark.say(meaning, word),
        _ => mark.tell(condition.mark().1, format_args!("{}", condition.word(now))),
    }
}

fn count(service: &Service) -> Clean {
    let pending = service.pending.0;
    if pending > 0 {
        Clean::of(format_args!("{}/{} +{pending}", service.running, service.desired))
    } else {
        Clean::of(format_args!("{}/{}", service.running, service.desired))
    }
}

fn count_meaning(service: &Service) -> Meaning {
    match (service.running, service.desired) {
        (TaskCount(0), TaskCount(1..)) => Meaning::Critical,
        (running, desired) if running < desired => Meaning::Warning,
        _ => Meaning::Strong,
    }
}

/// How many more the ceiling allows.
fn headroom(desired: TaskCount, max: Option<TaskCount>) -> Phrase {
    let (meaning, words): (Meaning, Clean) = match max {
        None => (Meaning::Muted, "–".into()),
        Some(max) if max > desired => (Meaning::Text, Clean::of(format_args!("+{}", max.0 - desired.0))),
        Some(max) if max == desired => (Meaning::Warning, "none".into()),
        Some(max) => (Meaning::Warning, Clean::of(format_args!("-{}", desired.0 - max.0))),
    };
    Phrase::new().say(meaning, words.left(ROOM))
}

/// The metric that matters most, with its limit and its trend: `cpu 82 % >70 ↗`.
fn signal(view: &View, service: &Service, now: Timestamp) -> Phrase {
    let evidence = view.advice.services.get(&service.id).and_then(summary::signal);
    let Some(evidence) = evidence else { return Phrase::new().say(Meaning::Muted, "–").cell(SIGNAL) };
    let Some(heat) = Heat::of(view, service, evidence) else {
        return Phrase::new().said(&evidence.absent()).cell(SIGNAL);
    };
    let series = summary::series(view, service, evidence.metric, evidence.group.as_ref());
    let trend = series.map_or(' ', |series| trend(series, now));
    Phrase::new().said(&heat.said).tell(Meaning::Text, format_args!(" {trend}")).cell(SIGNAL)
}

/// Rising, falling or level: the newest five minutes against the five before them, by more than a twentieth.
fn trend(series: &Series, now: Timestamp) -> char {
    let newest = evidence_minute(now);
    let mean = |last: i64| {
        let (mut sum, mut count) = (0.0, 0_u32);
        for value in (last - TREND_MINUTES + 1..=last).filter_map(|minute| series.at(minute)) {
            sum += value;
            count += 1;
        }
        (count > 0).then(|| sum / f64::from(count))
    };
    match (mean(newest - TREND_MINUTES), mean(newest)) {
        (Some(before), Some(after)) if after > before * 1.05 => '↗',
        (Some(before), Some(after)) if after < before * 0.95 => '↘',
        (Some(_), Some(_)) => '→',
        _ => ' ',
    }
}
