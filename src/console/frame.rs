//! The screen's plan: which room the header, the pane, the status line and the hints get.
//!
//! ```text
//!  header     who, where, armed?, the stack in a line
//!  body       the pane; a dialog lies over it
//!  status     the last word said
//!  hints      keys in force
//! ```
//!
//! Drawing is a pure function of what it is given: no I/O, no awaiting, no mutation.

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::keymap::Keymap;
use super::model::Model;
use super::panes::{self, Extent, Shows};
use super::theme::Theme;
use super::{dialogs, foot, widgets};
use crate::live::View;

/// How things look, and when: everything a pane needs beside the view and the model.
#[derive(Debug, Clone, Copy)]
pub struct Look<'a> {
    /// Colours by meaning, already brought down to what the terminal can show.
    pub theme: &'a Theme,
    /// The keys in force, for hints.
    pub keymap: &'a Keymap,
    /// The time that ages are counted from, on the clock that the data was learnt on.
    pub now: Timestamp,
    /// A word about this session, as in "drill spike ×6".
    pub title: Option<&'a str>,
    /// Whether this is a drill and nothing here is real.
    pub drill: bool,
}

/// The rectangles of a screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// The header lines.
    pub header: Rect,
    /// The pane.
    pub body: Rect,
    /// The status line.
    pub status: Rect,
    /// The key hints.
    pub hints: Rect,
}

/// Draws the whole screen.
pub fn draw(view: &View, model: &Model, look: &Look, area: Rect, buf: &mut Buffer) {
    let plan = plan(view, model, area);
    widgets::header::draw(view, model, look, plan.header, buf);
    (model.pane.row().draw)(view, model, look, plan.body, buf);
    draw_over(view, model, look, plan, buf);
}

/// Draws the dialog over the body, and the foot, which speaks of the dialog.
pub(super) fn draw_over(view: &View, model: &Model, look: &Look, plan: Plan, buf: &mut Buffer) {
    if let Some(dialog) = &model.dialog {
        dialogs::draw::draw(dialog, view, model, look, plan.body, buf);
    }
    foot::status(view, model, look, plan.status, buf);
    foot::hints(view, model, look, plan.hints, buf);
}

/// How many groups are looked at: those that the overview's list has room for – behind a pane that shows none, they are
/// what its header tells of –, or the one service from close by.
pub fn rows(view: &View, model: &Model, body: Rect) -> u16 {
    match model.pane.row().shows {
        Shows::Service => 1,
        Shows::Groups | Shows::Replicas | Shows::Cache | Shows::Nothing => panes::overview::rows(view, model, body),
    }
}

/// How far the pane scrolls.
pub fn extent(view: &View, model: &Model, look: &Look, body: Rect) -> Extent {
    (model.pane.row().measure)(view, model, look, body)
}

/// Divides the screen. What is too small for everything keeps the body.
pub fn plan(view: &View, model: &Model, area: Rect) -> Plan {
    let header = if area.height >= 6 {
        widgets::header::height(view, model, area.width).min(area.height / 3)
    } else {
        u16::from(area.height >= 3)
    };
    let foot = match area.height {
        0..=3 => 0,
        4..=7 => 1,
        _ => 2,
    };
    let body = area.height - header - foot;
    let row = |y: u16, height: u16| Rect { x: area.x, y: area.y + y, width: area.width, height };
    Plan {
        header: row(0, header),
        body: row(header, body),
        status: row(header + body, foot.min(1)),
        hints: row(header + body + foot.min(1), foot.saturating_sub(1)),
    }
}
