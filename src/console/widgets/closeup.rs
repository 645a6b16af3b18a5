//! A group from close by: how a pane shares its room between figures, advice and charts, and what it says when there are
//! no figures.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::charts::{self, CHART, CHART_ROWS, Pictured};
use super::{Condition, Phrase, advice, frame, phrase, sources};
use crate::console::Look;
use crate::console::theme::Meaning;
use crate::console::words::{self, Clean};
use crate::live::View;
use crate::platform::{GroupId, Source, SourceState};

/// Rows of the advice with its frame, at least.
const ADVICE: u16 = 5;
/// From this width on, charts stand beside the figures.
const WIDE: u16 = 120;

/// The rooms of a pane; an empty one is not drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Plan {
    /// The figures, with their frame.
    pub figures: Rect,
    /// The advice, with its frame.
    pub advice: Rect,
    /// Charts.
    pub charts: Rect,
}

/// Shares the room: figures want so many columns and rows, their frame among them.
pub fn plan(area: Rect, wanted: (u16, u16), advised: bool) -> Plan {
    let least = if advised { ADVICE.min(area.height / 4) } else { 0 };
    let least = if least < 3 { 0 } else { least };
    if area.width >= WIDE {
        let width = wanted.0.clamp(area.width / 3, (area.width - CHART).min(area.width * 2 / 3));
        let height = wanted.1.min(area.height - least);
        let left = Rect { width, ..area };
        let charts = Rect { x: area.x + width, width: area.width - width, ..area };
        let rest = Rect { y: left.y + height, height: left.height - height, ..left };
        if advised {
            return Plan { figures: Rect { height, ..left }, advice: rest, charts };
        }
        return Plan { figures: left, advice: Rect::default(), charts };
    }
    let height = wanted.1.min(area.height - least);
    let spare = area.height - least - height;
    // Rows that are too few for a chart serve the others better.
    let charts = if spare >= CHART_ROWS { spare } else { 0 };
    let more = spare - charts;
    let (height, least) = if advised { (height, least + more) } else { (height + more, least) };
    let row = |y: u16, height: u16| Rect { y: area.y + y, height, ..area };
    Plan { figures: row(0, height), advice: row(height, least), charts: row(height + least, charts) }
}

/// The name on a frame: the group, its condition, and what of its sources is old or fails.
pub fn name(view: &View, id: &GroupId, told: &[Source], look: &Look) -> Phrase {
    let name = Phrase::new()
        .tell(Meaning::Title, format_args!("{} {} ", id.tier(), id.name()))
        .then(Condition::of(view, id).phrase(look.now));
    remarks(view, told, look).into_iter().fold(name, Phrase::then)
}

/// What of these sources is older than twice its cadence, or fails: how old each is.
pub fn remarks(view: &View, told: &[Source], look: &Look) -> Vec<Phrase> {
    let remark = |source: &Source| {
        let health = view.platform.sources.get(source)?;
        let old = health.stale(look.now) && health.learnt.is_some();
        if !(old || health.state.fails()) {
            return None;
        }
        let line = Phrase::new().say(Meaning::Muted, " · ");
        Some(match health.age_s(look.now) {
            Some(age) => line.tell(Meaning::CannotTell, format_args!("{source} {} old", words::age(age))),
            None => line.tell(Meaning::CannotTell, format_args!("{source} never answered")),
        })
    };
    told.iter().filter_map(remark).collect()
}

/// Why those of these sources that fail do, on the lower edge of a frame: no figure has to go for it.
pub fn failures(view: &View, told: &[Source], look: &Look, framed: Rect, buf: &mut Buffer) {
    let failing = told.iter().filter_map(|source| {
        let state = &view.platform.sources.get(source)?.state;
        let line = Phrase::new().tell(Meaning::Warning, format_args!(" ▲ {source} "));
        Some(match state {
            SourceState::Denied { action } => line.tell(Meaning::Warning, format_args!("denied: {action} ")),
            state if state.fails() => line.tell(Meaning::Warning, format_args!("{} ", sources::word(state))),
            _ => return None,
        })
    });
    let line = failing.fold(Phrase::new(), Phrase::then);
    if line.is_empty() || framed.width < 4 || framed.height < 3 {
        return;
    }
    let edge = Rect { x: framed.x + 1, y: framed.bottom() - 1, width: framed.width - 2, height: 1 };
    line.draw(look.theme, edge, buf);
}

/// Whether any of these sources is older than twice its cadence.
pub fn stale(view: &View, told: &[Source], look: &Look) -> bool {
    told.iter().any(|source| view.platform.sources.get(source).is_some_and(|health| health.stale(look.now)))
}

/// A pane that has nothing to show: what is being waited for, what is not allowed, or that there is none.
pub fn nothing(
    view: &View,
    source: Source,
    title: &'static str,
    none: &'static str,
    look: &Look,
    area: Rect,
    buf: &mut Buffer,
) {
    let inside = frame::draw(look.theme, &Phrase::new().say(Meaning::Title, title), true, area, buf);
    let inside = Rect { x: inside.x + 1.min(inside.width), width: inside.width.saturating_sub(1), ..inside };
    let health = view.platform.sources.get(&source);
    let failure = health.and_then(|health| sources::line(source, health, look.now));
    let line = match (failure, health) {
        (Some(failure), _) => failure,
        (None, Some(health)) if health.learnt.is_some() => Phrase::new().say(Meaning::Muted, none),
        (None, Some(_)) => Phrase::new().tell(Meaning::Muted, format_args!("… reading the {source}")),
        (None, None) => Phrase::new().tell(Meaning::CannotTell, format_args!("? the {source} are not read")),
    };
    for (at, line) in line.wrapped(inside.width, usize::from(inside.height.max(1))).iter().enumerate() {
        line.draw(look.theme, phrase::line(inside, at), buf);
    }
}

/// Draws the advice on the group, where it has a room.
pub fn advise(view: &View, id: &GroupId, look: &Look, room: Rect, buf: &mut Buffer) {
    if !room.is_empty() {
        advice::draw(look, view, id, false, true, room, buf);
    }
}

/// Draws as many of the charts as there is room for, in rows and columns, the first ones first.
pub fn chart(pictured: &[Pictured], marks: &[(jiff::Timestamp, Clean)], look: &Look, room: Rect, buf: &mut Buffer) {
    if room.is_empty() || pictured.is_empty() {
        return;
    }
    let across = (room.width / CHART).max(1);
    for (one, room) in pictured.iter().zip(charts::shelves(room, pictured.len(), across)) {
        charts::draw(one, marks, look, room, buf);
    }
}
