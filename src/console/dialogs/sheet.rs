//! A box of lines over the pane. What does not fit goes by weight, and the sheet says whether all that must be read is
//! there: a confirmation rests on it.

use ratatui::buffer::Buffer;
use ratatui::layout::{Margin, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Widget};
use unicode_width::UnicodeWidthStr;

use super::wrap::wrap;
use crate::console::frame::Look;
use crate::console::theme::Meaning;
use crate::console::widgets::{self, Phrase};
use crate::console::words;

/// How much a line matters: the lowest go first when there is no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Air.
    Air,
    /// Nice to have.
    Nice,
    /// Useful.
    Useful,
    /// Nothing is confirmed unless this is on the screen.
    Must,
}

/// A box of lines.
#[derive(Debug, Clone)]
pub struct Sheet {
    title: String,
    /// The width that the lines were made for.
    width: usize,
    rows: Vec<(Weight, Line<'static>)>,
}

/// Columns between the frame and the text, on both sides, and the frame itself.
const EDGES: u16 = 4;
/// Wider lines are not read but followed.
const WIDEST: u16 = 112;
/// Below this, words cannot be told apart from their pieces.
const NARROWEST: u16 = 28;

impl Sheet {
    /// An empty sheet for an area.
    pub fn new(title: impl AsRef<str>, area: Rect) -> Self {
        let width = usize::from(area.width.min(WIDEST).saturating_sub(EDGES));
        Self { title: words::clean(title.as_ref()).into_owned(), width, rows: Vec::new() }
    }

    /// The width that lines have.
    pub fn width(&self) -> usize {
        self.width
    }

    /// A line as it is.
    pub fn line(&mut self, weight: Weight, line: impl Into<Line<'static>>) {
        self.rows.push((weight, line.into()));
    }

    /// A text, wrapped, behind a label that stands in a column of its own.
    pub fn labelled(&mut self, weight: Weight, label: &str, text: &str, look: &Look, meaning: Meaning) {
        let column = LABEL.min(self.width / 2);
        for (n, part) in wrap(&words::clean(text), self.width.saturating_sub(column)).into_iter().enumerate() {
            let label = if n == 0 { label } else { "" };
            self.line(
                weight,
                vec![
                    Span::styled(format!("{label:<column$}"), look.theme.style(Meaning::Muted)),
                    Span::styled(part, look.theme.style(meaning)),
                ],
            );
        }
    }

    /// A text, wrapped.
    pub fn text(&mut self, weight: Weight, text: &str, look: &Look, meaning: Meaning) {
        for part in wrap(&words::clean(text), self.width) {
            self.line(weight, Span::styled(part, look.theme.style(meaning)));
        }
    }

    /// An empty line, where there is room.
    pub fn air(&mut self) {
        self.line(Weight::Air, "");
    }

    /// Whether everything that must be read fits.
    pub fn whole(&self, area: Rect) -> bool {
        let must = self.rows.iter().filter(|(weight, _)| *weight == Weight::Must);
        area.width >= NARROWEST
            && must.clone().count() <= usize::from(area.height.saturating_sub(2))
            && must.into_iter().all(|(_, line)| line.width() <= self.width)
    }

    /// The lines that fit into a height, in order.
    fn fitting(&self, height: usize) -> Vec<&Line<'static>> {
        let mut over = self.rows.len().saturating_sub(height);
        let mut kept = vec![true; self.rows.len()];
        for weight in [Weight::Air, Weight::Nice, Weight::Useful, Weight::Must] {
            for (n, _) in self.rows.iter().enumerate().rev().filter(|(_, (w, _))| *w == weight) {
                if over == 0 {
                    break;
                }
                kept[n] = false;
                over -= 1;
            }
        }
        self.rows.iter().zip(kept).filter(|(_, kept)| *kept).map(|((_, line), _)| line).collect()
    }

    /// Draws it in the middle of an area.
    pub fn draw(&self, look: &Look, area: Rect, buf: &mut Buffer) {
        let lines = self.fitting(usize::from(area.height.saturating_sub(2)));
        let widest = lines.iter().map(|line| line.width()).max().unwrap_or(0).max(self.title.width() + 2);
        let width = (widest as u16).saturating_add(EDGES).min(area.width).min(WIDEST);
        let height = (lines.len() as u16).saturating_add(2).min(area.height);
        let place =
            Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height };
        let inner = frame(&self.title, look, place, buf);
        for (n, line) in lines.into_iter().take(usize::from(inner.height)).enumerate() {
            buf.set_line(inner.x, inner.y + n as u16, line, inner.width);
        }
    }
}

/// Where the text behind a label begins.
const LABEL: usize = 13;

/// Clears a place and draws a frame around it; returns what is inside.
pub fn frame(title: &str, look: &Look, place: Rect, buf: &mut Buffer) -> Rect {
    Clear.render(place, buf);
    let name = Phrase::new().tell(Meaning::Title, format_args!("{title}"));
    widgets::frame::draw(look.theme, &name, true, place, buf);
    place.inner(Margin { horizontal: EDGES / 2, vertical: 1 })
}
