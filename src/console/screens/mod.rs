//! A person at a terminal that is a buffer: what is on the screen, what is asked for, and what never is.

mod anything;
mod confirming;
mod moving;
mod pictures;
mod reading;
mod table;

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::app::App;
use super::dialogs::Dialog;
use super::dialogs::preview::Stage;
use super::event::{Effect, Ended, Event, Input};
use super::keys::Key;
use super::model::Wall;
use super::scene::{app, now};
use crate::change::{Answer, Plan};
use crate::live::{Command, Notice, View};

/// A person at a terminal: keys go in, frames are flushed, time passes only when it is said.
pub(super) struct Person {
    pub(super) app: App,
    pub(super) area: Rect,
    pub(super) wall: Duration,
    pub(super) asked: Vec<Command>,
    pub(super) copied: Vec<String>,
    pub(super) ended: Option<Ended>,
}

impl Person {
    pub(super) fn at(view: View, width: u16, height: u16) -> Self {
        let mut person = Self {
            app: app(view),
            area: Rect::new(0, 0, width, height),
            wall: Duration::from_secs(1),
            asked: Vec::new(),
            copied: Vec::new(),
            ended: None,
        };
        person.frame();
        person
    }

    pub(super) fn before(view: View) -> Self {
        Self::at(view, 120, 40)
    }

    /// The frame that follows whatever happened.
    pub(super) fn frame(&mut self) -> Buffer {
        let mut buf = Buffer::empty(self.area);
        self.app.fit(now(), self.area);
        self.app.draw(now(), self.area, &mut buf);
        self.app.flushed(now(), self.area, Wall(self.wall));
        for effect in self.app.effects() {
            match effect {
                Effect::Ask(command) => self.asked.push(command),
                Effect::Copy(text) => self.copied.push(text),
                Effect::Tell(_) | Effect::Fault(_) => {}
                Effect::End(how) => self.ended = Some(how),
            }
        }
        buf
    }

    pub(super) fn screen(&mut self) -> String {
        text(&self.frame())
    }

    pub(super) fn wait(&mut self, ms: u64) -> &mut Self {
        self.wall += Duration::from_millis(ms);
        self
    }

    /// Keys that arrive together: one frame after all of them.
    pub(super) fn burst(&mut self, keys: &str) -> &mut Self {
        for key in keys.split_whitespace() {
            let key = key.parse::<Key>().unwrap();
            self.app.handle(Event::Input(Input::Key(key), Wall(self.wall)), now());
        }
        self.frame();
        self
    }

    /// Keys of somebody who looks: a frame and half a second between two of them.
    pub(super) fn press(&mut self, keys: &str) -> &mut Self {
        for key in keys.split_whitespace() {
            self.wait(500).burst(key);
        }
        self
    }

    pub(super) fn paste(&mut self, text: &str) -> &mut Self {
        self.app.handle(Event::Input(Input::Paste(text.to_owned()), Wall(self.wall)), now());
        self.frame();
        self
    }

    pub(super) fn sees(&mut self, view: View) -> &mut Self {
        self.app.handle(Event::View(Arc::new(view)), now());
        self.frame();
        self
    }

    pub(super) fn told(&mut self, notice: Notice) -> &mut Self {
        self.app.handle(Event::Notice(notice), now());
        self.frame();
        self
    }

    pub(super) fn confirmed(&self) -> Vec<(&Plan, &Answer)> {
        let mut confirmed = Vec::new();
        for command in &self.asked {
            if let Command::Confirm(asked) = command {
                confirmed.push((&asked.plan, &asked.answer));
            }
        }
        confirmed
    }

    pub(super) fn stage(&self) -> Option<&Stage> {
        match &self.app.model().dialog {
            Some(Dialog::Preview(preview)) => Some(preview.stage()),
            _ => None,
        }
    }

    pub(super) fn planned(&self) -> Option<u32> {
        match &self.app.model().dialog {
            Some(Dialog::Preview(preview)) => preview.change().count(),
            _ => None,
        }
    }
}

pub(super) fn text(buf: &Buffer) -> String {
    let mut text = String::new();
    for y in buf.area.rows() {
        let line: String = y.columns().map(|cell| buf[(cell.x, cell.y)].symbol()).collect();
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}
