//! What a pane of rows lists – alarms, the time line, the policy – made once a view and not once a frame, and how such
//! rows are drawn: a cursor, what is around it, and nothing else.

use std::ops::Range;

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Extent, Pane, activity, alarms, policy};
use crate::console::frame::Look;
use crate::console::model::Model;
use crate::console::theme::Meaning;
use crate::console::widgets::{Phrase, frame, phrase, sources};
use crate::console::words;
use crate::live::View;
use crate::platform::Source;

/// The rows of the pane that is open.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Listing {
    /// The open pane makes none.
    #[default]
    Nothing,
    /// Of the alarms.
    Alarms(Vec<alarms::Row>),
    /// Of the time line, the newest first.
    Timeline(Vec<activity::Event>),
    /// Of the policy.
    Policy(Vec<policy::Row>),
    /// Of the journal: where in the view's list each stands.
    Journal(Vec<usize>),
}

impl Listing {
    /// The rows of a pane under a filter, in small letters.
    pub fn of(pane: Pane, view: &View, needle: &str) -> Self {
        match pane {
            Pane::Alarms => Self::Alarms(alarms::rows(view, needle)),
            Pane::Activity => Self::Timeline(activity::events(view, needle)),
            Pane::Policy => Self::Policy(policy::rows(view, needle)),
            Pane::Journal => Self::Journal(super::journal::rows(view, needle)),
            _ => Self::Nothing,
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Nothing => 0,
            Self::Alarms(rows) => rows.len(),
            Self::Timeline(rows) => rows.len(),
            Self::Policy(rows) => rows.len(),
            Self::Journal(rows) => rows.len(),
        }
    }
}

/// More about a row: what Enter opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// What it is about.
    pub title: String,
    /// Labels and texts, not cleaned yet: the reader does that. An empty label stands for a text of its own.
    pub lines: Vec<(&'static str, String)>,
}

/// What Enter opens on the row under the cursor; `None` where there is nothing more to say.
pub fn note(view: &View, model: &Model, now: Timestamp) -> Option<Note> {
    let at = model.scroll();
    match model.listing() {
        Listing::Nothing => None,
        Listing::Alarms(rows) => alarms::note(view, rows.get(at)?, now),
        Listing::Timeline(rows) => Some(activity::note(rows.get(at)?)),
        Listing::Policy(rows) => policy::note(rows.get(at)?),
        Listing::Journal(rows) => view.journal.as_ref()?.get(*rows.get(at)?).map(super::journal::note),
    }
}

/// How far a pane of rows scrolls: its cursor goes from the first to the last.
pub fn extent(model: &Model) -> Extent {
    Extent { lines: model.listing().len(), page: 1 }
}

/// The rows around a cursor that there is room for.
pub fn window(cursor: usize, rows: usize, height: usize) -> Range<usize> {
    let height = height.min(rows);
    let top = cursor.saturating_sub(height / 2).min(rows - height);
    top..top + height
}

/// What is wrong with a source that a pane rests on, or that it has not answered yet.
pub fn trouble(view: &View, source: Source, now: Timestamp) -> Option<Phrase> {
    let Some(health) = view.platform.sources.get(&source) else {
        return Some(Phrase::new().tell(Meaning::CannotTell, format_args!(" … {source} not read yet")));
    };
    if let Some(line) = sources::line(source, health, now) {
        return Some(Phrase::new().say(Meaning::Text, " ").then(line));
    }
    match health.age_s(now) {
        None => Some(Phrase::new().tell(Meaning::CannotTell, format_args!(" … reading {source}"))),
        Some(age) if health.stale(now) => {
            Some(Phrase::new().tell(Meaning::CannotTell, format_args!(" ? {source} {} old", words::age(age))))
        }
        Some(_) => None,
    }
}

/// What stands above the rows.
#[derive(Debug)]
pub struct Head {
    /// The frame's name.
    pub name: Phrase,
    /// Remarks, a line each: what fails or is old.
    pub remarks: Vec<Phrase>,
    /// What is said instead of rows.
    pub empty: &'static str,
}

/// Draws rows in a frame: remarks first, then the rows around the cursor. `row` gives what stands left and right.
pub fn draw(
    look: &Look,
    head: Head,
    model: &Model,
    area: Rect,
    buf: &mut Buffer,
    row: impl Fn(usize) -> (Phrase, Phrase),
) {
    let area = area.intersection(buf.area);
    if area.is_empty() {
        return;
    }
    let Head { mut name, remarks, empty } = head;
    let (cursor, rows) = (model.scroll(), model.listing().len());
    if rows > 0 {
        let (at, of) = (words::count(cursor as u64 + 1), words::count(rows as u64));
        name = name.tell(Meaning::Muted, format_args!(" · {at} of {of}"));
    }
    if !model.filter.is_empty() {
        name = name.tell(Meaning::Key, format_args!(" /{}", model.filter));
    }
    let inside = frame::draw(look.theme, &name, true, area, buf);
    let remarks = &remarks[..remarks.len().min(usize::from(inside.height) / 2)];
    for (at, remark) in remarks.iter().enumerate() {
        remark.draw(look.theme, phrase::line(inside, at), buf);
    }
    let height = usize::from(inside.height) - remarks.len();
    if rows == 0 {
        Phrase::new().say(Meaning::Muted, " ").say(Meaning::Muted, empty).draw(
            look.theme,
            phrase::line(inside, remarks.len()),
            buf,
        );
        return;
    }
    for (line, at) in window(cursor, rows, height).enumerate() {
        let room = phrase::line(inside, remarks.len() + line);
        let (left, right) = row(at);
        let mark = if at == cursor { "▸" } else { " " };
        let taken =
            if right.width() + 24 > usize::from(room.width) { 0 } else { right.draw_right(look.theme, room, buf) };
        let left = Phrase::new().say(Meaning::Key, mark).then(left);
        left.draw(look.theme, Rect { width: room.width - taken, ..room }, buf);
        if at == cursor {
            phrase::tint(look.theme.style(Meaning::Selected), room, buf);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_holds_the_cursor_and_never_more_than_there_is() {
        assert_eq!(window(0, 0, 10), 0..0);
        assert_eq!(window(0, 1, 10), 0..1);
        assert_eq!(window(0, 5_000, 10), 0..10);
        assert_eq!(window(2_500, 5_000, 10), 2_495..2_505);
        assert_eq!(window(4_999, 5_000, 10), 4_990..5_000);
        assert_eq!(window(3, 5_000, 0), 3..3);
    }
}
