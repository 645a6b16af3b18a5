//! A line under construction: clean words, each with its meaning.

use std::fmt;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use crate::console::theme::{Meaning, Theme};
use crate::console::words::{self, Clean};
use crate::policy::sentence::{Role, Said};

/// Words with meanings, in reading order, that fill one line or part of it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Phrase(Vec<(Meaning, Clean)>);

impl Phrase {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds words of the program, or clean ones.
    #[must_use]
    pub fn say(mut self, meaning: Meaning, words: impl Into<Clean>) -> Self {
        self.0.push((meaning, words.into()));
        self
    }

    /// Adds words made of values of any origin: they are cleaned.
    #[must_use]
    pub fn tell(self, meaning: Meaning, args: fmt::Arguments<'_>) -> Self {
        self.say(meaning, Clean::of(args))
    }

    /// Adds a sentence of the policy's, each piece in the meaning of its part.
    #[must_use]
    pub fn said(self, said: &Said) -> Self {
        said.pieces().iter().fold(self, |line, (role, words)| {
            let meaning = match role {
                Role::Plain => Meaning::Text,
                Role::Over => Meaning::Warning,
                Role::Ask => Meaning::Strong,
                Role::Blind => Meaning::CannotTell,
            };
            line.say(meaning, Clean::new(words))
        })
    }

    /// Adds another phrase.
    #[must_use]
    pub fn then(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// The same words in one meaning, as for a row whose data is old.
    #[must_use]
    pub fn all(mut self, meaning: Meaning) -> Self {
        for (old, _) in &mut self.0 {
            *old = meaning;
        }
        self
    }

    /// Filled or cut to exactly this many columns, the last one blank: a cell of a table.
    #[must_use]
    pub fn cell(self, columns: usize) -> Self {
        let mut room = columns.saturating_sub(1);
        let mut cell = Self::new();
        for (meaning, words) in self.0 {
            let words = words.fit(room);
            room -= words.width();
            cell = cell.say(meaning, words);
        }
        let blanks = columns.saturating_sub(cell.width());
        cell.say(Meaning::Text, Clean::from("").left(blanks))
    }

    /// Columns it fills.
    pub fn width(&self) -> usize {
        self.0.iter().map(|(_, words)| words.width()).sum()
    }

    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        self.width() == 0
    }

    /// The words alone, for text that is wrapped instead of cut.
    pub fn text(&self) -> String {
        self.0.iter().map(|(_, words)| words.as_str()).collect()
    }

    /// Draws it into the first line of a room, cut with `…` where the room ends. Returns the columns it took.
    pub fn draw(&self, theme: &Theme, room: Rect, buf: &mut Buffer) -> u16 {
        let room = room.intersection(buf.area);
        if room.is_empty() {
            return 0;
        }
        let fits = self.width() <= usize::from(room.width);
        let end = room.right() - u16::from(!fits);
        let mut x = room.x;
        let mut last = Style::new();
        for (meaning, words) in &self.0 {
            if x >= end {
                break;
            }
            last = theme.style(*meaning);
            (x, _) = buf.set_stringn(x, room.y, words.as_str(), usize::from(end - x), last);
        }
        if !fits {
            (x, _) = buf.set_stringn(x, room.y, "…", 1, last);
        }
        x - room.x
    }

    /// The same words over several lines of a width, broken at spaces where there are some. At most `most` lines: the
    /// last holds all the rest, to be cut where it is drawn.
    pub fn wrapped(&self, width: u16, most: usize) -> Vec<Self> {
        let width = usize::from(width.max(1));
        let (mut lines, mut line, mut used) = (Vec::new(), Self::new(), 0);
        for (meaning, words) in &self.0 {
            for piece in words.as_str().split_inclusive(' ') {
                let wide = piece.trim_end().width();
                if used > 0 && used + wide > width && lines.len() + 1 < most {
                    lines.push(std::mem::take(&mut line));
                    used = 0;
                }
                line = line.tell(*meaning, format_args!("{piece}"));
                used += piece.width();
            }
        }
        lines.push(line);
        lines
    }

    /// Draws it so that it ends where the room ends. Returns the columns it took.
    pub fn draw_right(&self, theme: &Theme, room: Rect, buf: &mut Buffer) -> u16 {
        let width = self.width().min(usize::from(room.width)) as u16;
        self.draw(theme, Rect { x: room.right() - width, width, ..room }, buf)
    }
}

/// Which part of a list is on the screen, for its name: ` 7` when all of it is, ` 11–20 of 57` otherwise.
pub fn portion(first: usize, page: u16, of: usize) -> Phrase {
    let page = usize::from(page);
    let count = |number: usize| words::count(number as u64);
    if of <= page || page == 0 {
        return Phrase::new().tell(Meaning::Muted, format_args!(" {}", count(of)));
    }
    let last = (first + page).min(of);
    Phrase::new().tell(Meaning::Muted, format_args!(" {}–{} of {}", count(first + 1), count(last), count(of)))
}

/// One line of a room, counted from its top; empty when the room is not that high.
pub fn line(room: Rect, at: usize) -> Rect {
    if at < usize::from(room.height) {
        Rect { y: room.y + at as u16, height: 1, ..room }
    } else {
        Rect { height: 0, ..room }
    }
}

/// Lays a style over a room, keeping its words.
pub fn tint(style: Style, room: Rect, buf: &mut Buffer) {
    buf.set_style(room.intersection(buf.area), style);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(phrase: &Phrase, width: u16) -> String {
        let room = Rect::new(0, 0, width, 1);
        let mut buf = Buffer::empty(room);
        let theme = Theme::builtin("dark").unwrap();
        phrase.draw(&theme, room, &mut buf);
        buf.content().iter().map(ratatui::buffer::Cell::symbol).collect()
    }

    #[test]
    fn what_does_not_fit_ends_in_an_ellipsis() {
        let phrase = Phrase::new().say(Meaning::Text, "desired ").tell(Meaning::Strong, format_args!("{}", 8));
        assert_eq!(phrase.width(), 9);
        assert_eq!(drawn(&phrase, 9), "desired 8");
        assert_eq!(drawn(&phrase, 12), "desired 8   ");
        assert_eq!(drawn(&phrase, 5), "desi…");
        assert_eq!(drawn(&phrase, 8), "desired…");
    }

    #[test]
    fn what_is_wrapped_loses_nothing() {
        let phrase = Phrase::new().say(Meaning::Text, "mend: ").say(Meaning::Key, "aws sso login");
        let lines = |width, most| phrase.wrapped(width, most).iter().map(Phrase::text).collect::<Vec<_>>();
        assert_eq!(lines(40, 9), ["mend: aws sso login"]);
        assert_eq!(lines(10, 9), ["mend: aws ", "sso login"]);
        assert_eq!(lines(3, 9), ["mend: ", "aws ", "sso ", "login"]);
        assert_eq!(lines(10, 1), ["mend: aws sso login"], "the rest is in the last line");
        assert_eq!(lines(0, 0), ["mend: aws sso login"]);
    }

    #[test]
    fn told_values_are_cleaned() {
        let phrase = Phrase::new().tell(Meaning::Text, format_args!("{}!", "\u{1b}[31mred"));
        assert_eq!(drawn(&phrase, 10), "␛[31mred! ");
    }
}
