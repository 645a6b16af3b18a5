//! The table of scaling groups: where they stand, how far they may go, what drives them, who is on it.
//!
//! Only the rows that are asked for are made: a thousand groups cost what thirty do.

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::condition::{Condition, Severity};
use super::{Phrase, Summary, phrase, signal};
use crate::console::theme::{Meaning, Theme};
use crate::console::words::{self, Clean};
use crate::live::View;
use crate::platform::{GroupId, Service, ServiceId, Source, TaskCount};
use crate::policy::GroupVerdict;

/// Columns of the name, at least, and of the others with a blank after each.
const TIER: usize = 6;
const NAME: usize = 12;
const GOOD_NAME: usize = 17;
const LONGEST_NAME: usize = 40;
const NOW: usize = 9;
const LIMITS: usize = 8;
const ROOM: usize = 5;
const SIGNAL: usize = 24;
const STATE: usize = 15;

/// Which columns there is room for.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each column is there or not, by itself")]
struct Columns {
    tier: bool,
    name: usize,
    limits: bool,
    room: bool,
    signal: bool,
}

impl Columns {
    /// The columns for a table this wide whose longest visible name has so many columns, and which shows groups of one
    /// tier or of several.
    fn of(width: usize, longest: usize, tiers: bool) -> Self {
        let fixed = 2 + NOW + STATE;
        let name = (longest + 1).clamp(NAME, LONGEST_NAME);
        let mut columns = Self { tier: tiers, name, limits: true, room: true, signal: true };
        let needed = |c: &Self| {
            let optional = [(c.tier, TIER), (c.limits, LIMITS), (c.room, ROOM), (c.signal, SIGNAL)];
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
        if needed(&columns) > width {
            columns.tier = false;
            columns.name = name;
        }
        shrink(&mut columns, NAME);
        let spare = width.saturating_sub(needed(&columns));
        columns.name = (columns.name + spare).min(LONGEST_NAME).min(width.saturating_sub(2));
        columns
    }
}

/// Columns of a table that shows everything, the longest name among it. It does not go with what is in the rows: a table
/// that did would move what stands beside it.
pub fn width(summary: &Summary) -> usize {
    let tier = if summary.tiers > 1 { TIER } else { 0 };
    2 + tier + (summary.longest + 1).clamp(NAME, LONGEST_NAME) + NOW + LIMITS + ROOM + SIGNAL + STATE
}

/// Draws the head and one line a group; `ids` are the visible ones, in order. Names say their
/// cluster, and rows their tier, where there are several.
#[expect(clippy::too_many_arguments, reason = "what to draw, how, and where: nothing of it belongs together")]
pub fn draw(
    theme: &Theme,
    view: &View,
    ids: &[GroupId],
    selected: Option<&GroupId>,
    summary: &Summary,
    now: Timestamp,
    room: Rect,
    buf: &mut Buffer,
) {
    let shown = ids.iter().take(usize::from(room.height.saturating_sub(1)));
    let longest = shown.map(|id| name(id, summary.clusters).width()).max().unwrap_or(0);
    let columns = Columns::of(usize::from(room.width), longest, summary.tiers > 1);
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
        line(view, id, here, summary, columns, now).draw(theme, row, buf);
    }
}

fn head(columns: Columns) -> Phrase {
    let heads = [
        (columns.tier, "tier", TIER),
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

/// A group's name; a service's with its cluster, where there are several.
pub fn name(id: &GroupId, cluster: bool) -> Clean {
    if cluster { Clean::of(format_args!("{id}")) } else { Clean::new(id.name()) }
}

/// What a row says of a group's counts and limits.
struct Standing {
    count: (Meaning, Clean),
    limits: Option<(u32, u32)>,
    desired: u32,
    /// The source that told, where it is too old, with the age of what it told.
    old: Option<String>,
}

fn line(view: &View, id: &GroupId, here: bool, summary: &Summary, columns: Columns, now: Timestamp) -> Phrase {
    let trouble = summary.trouble(id);
    let condition = Condition::of(view, id);
    let pointer = if here { "▸ " } else { "  " };
    let name = name(id, summary.clusters).fit_end(columns.name.saturating_sub(1)).left(columns.name);
    let weight = match trouble {
        Some((Severity::Critical, _)) => Meaning::Critical,
        _ if here => Meaning::Strong,
        _ => Meaning::Text,
    };
    let start = Phrase::new().say(Meaning::Title, pointer);
    let tier = Clean::from(id.tier()).left(TIER);
    let start = if columns.tier { start.say(Meaning::Muted, tier) } else { start }.say(weight, name);
    let Some(standing) = standing(view, id, now) else { return start.then(condition.phrase(now)) };
    let mut line = start.say(standing.count.0, standing.count.1.left(NOW));
    if columns.limits {
        let words = standing.limits.map_or_else(|| "–".into(), |(min, max)| Clean::of(format_args!("{min}–{max}")));
        line = line.say(Meaning::Muted, words.left(LIMITS));
    }
    if columns.room {
        line = line.then(headroom(standing.desired, standing.limits.map(|(_, max)| max)));
    }
    if columns.signal {
        let signals = signal::of(view, id);
        let signal = signals.first().map_or_else(|| Phrase::new().say(Meaning::Muted, "–"), |one| one.phrase(now));
        let signal = signal.cell(SIGNAL);
        let old = view.platform.sources.get(&Source::Metrics).is_some_and(|health| health.stale(now));
        line = line.then(if old { signal.all(Meaning::Dim) } else { signal });
    }
    if let Some(age) = standing.old {
        return line.all(Meaning::Dim).tell(Meaning::CannotTell, format_args!("? old {age}"));
    }
    line.then(state(trouble, &condition, now))
}

/// The counts of a group; `None` while it has not been described.
fn standing(view: &View, id: &GroupId, now: Timestamp) -> Option<Standing> {
    match id {
        GroupId::Service(id) => of_service(view, id, now),
        GroupId::Replicas(id) => Some(of_members(view, Source::Databases, view.advice.replicas.get(id)?, now)),
        GroupId::Cache(id) => Some(of_members(view, Source::Caches, view.advice.caches.get(id)?, now)),
    }
}

fn of_service(view: &View, id: &ServiceId, now: Timestamp) -> Option<Standing> {
    let service = view.platform.services.get(id)?;
    let history = view.platform.counts.get(id);
    let old = history.is_some_and(|history| history.stale(service.learnt, now));
    Some(Standing {
        count: (count_meaning(service), count(service)),
        limits: view.platform.targets.get(id).map(|target| (target.min.0, target.max.0)),
        desired: service.desired.0,
        old: old.then(|| words::age_at(service.learnt, now)),
    })
}

/// AWS knows no limits of replicas and nodes: they are the policy's.
fn of_members(view: &View, source: Source, verdict: &GroupVerdict, now: Timestamp) -> Standing {
    let (members, present) = (verdict.members, verdict.members.present.0);
    let whole = members.serving == members.present;
    let arriving = members.arriving.0;
    let count = match (whole, arriving) {
        (true, _) => Clean::of(format_args!("{present}")),
        (false, 0) => Clean::of(format_args!("{}/{present}", members.serving)),
        (false, _) => Clean::of(format_args!("{}/{present} +{arriving}", members.serving)),
    };
    let health = view.platform.sources.get(&source).filter(|health| health.stale(now));
    Standing {
        count: (if whole { Meaning::Strong } else { Meaning::Warning }, count),
        limits: Some((verdict.floor.count.0, verdict.ceiling.0)),
        desired: present,
        old: health.and_then(|health| health.age_s(now)).map(words::age),
    }
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
fn headroom(desired: u32, max: Option<u32>) -> Phrase {
    let (meaning, words): (Meaning, Clean) = match max {
        None => (Meaning::Muted, "–".into()),
        Some(max) if max > desired => (Meaning::Text, Clean::of(format_args!("+{}", max - desired))),
        Some(max) if max == desired => (Meaning::Warning, "none".into()),
        Some(max) => (Meaning::Warning, Clean::of(format_args!("-{}", desired - max))),
    };
    Phrase::new().say(meaning, words.left(ROOM))
}
