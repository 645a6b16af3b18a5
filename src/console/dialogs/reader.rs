//! Something to read, scrolled: help, the evidence behind a verdict, a description of a service.

use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};
use ratatui::text::{Line, Span};

use super::sheet::frame;
use super::wrap::wrap;
use super::{describe, evidence};
use crate::console::commands::{COMMANDS, Danger, Layer};
use crate::console::frame::Look;
use crate::console::model::Model;
use crate::console::panes::listing::Note;
use crate::console::theme::Meaning;
use crate::console::words;
use crate::live::View;
use crate::platform::{GroupId, ServiceId};

/// What is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// Every command and its keys.
    Help,
    /// Why a group does what it does: causes first, then the evidence behind the verdict.
    Why(GroupId),
    /// More about a row, as it was when it was opened.
    Note(Note),
    /// Everything AWS says about a service.
    Describe(ServiceId),
    /// What could be saved, with evidence, risk and change.
    Money,
}

/// A text that is being read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reader {
    subject: Subject,
    top: usize,
    /// The last line that may be the first on the screen.
    last: usize,
    page: usize,
}

impl Reader {
    /// A text, from its beginning.
    pub fn new(subject: Subject) -> Self {
        Self { subject, top: 0, last: 0, page: 1 }
    }

    /// What is read.
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// Scrolls by lines; it stops at both ends.
    pub fn step(&mut self, by: isize) {
        self.top = self.top.saturating_add_signed(by).min(self.last);
    }

    /// A page, less the line that is kept in sight.
    pub fn page_step(&self) -> isize {
        self.page.saturating_sub(1).max(1).try_into().unwrap_or(isize::MAX)
    }

    /// The same text in the room that there is now.
    #[must_use]
    pub fn fitted(&self, view: &View, model: &Model, look: &Look, body: Rect) -> Self {
        let size = room(body);
        let page = usize::from(size.height);
        let last = self.lines(view, model, look, usize::from(size.width)).len().saturating_sub(page);
        Self { subject: self.subject.clone(), top: self.top.min(last), last, page }
    }

    /// Draws it.
    pub fn draw(&self, view: &View, model: &Model, look: &Look, body: Rect, buf: &mut Buffer) {
        let lines = self.lines(view, model, look, usize::from(room(body).width));
        let more = if self.last > 0 { format!(" · {}/{}", self.top + 1, self.last + 1) } else { String::new() };
        let inner = frame(&format!("{}{more}", self.title()), look, body, buf);
        for (n, line) in lines.iter().skip(self.top).take(usize::from(inner.height)).enumerate() {
            buf.set_line(inner.x, inner.y + n as u16, line, inner.width);
        }
    }

    fn title(&self) -> String {
        match &self.subject {
            Subject::Help => "Commands and the keys in force".to_owned(),
            Subject::Why(id) => words::clean(&format!("Why · {id}")).into_owned(),
            Subject::Note(note) => words::clean(&note.title).into_owned(),
            Subject::Describe(id) => words::clean(&format!("{id}")).into_owned(),
            Subject::Money => "What could be saved: nothing is applied from here".to_owned(),
        }
    }

    fn lines(&self, view: &View, model: &Model, look: &Look, width: usize) -> Vec<Line<'static>> {
        match &self.subject {
            Subject::Help => help(view, model, look, width),
            Subject::Why(id) => evidence::lines(id, view, look, width),
            Subject::Note(note) => evidence::note_lines(note, look, width),
            Subject::Describe(id) => describe::lines(id, view, look, width),
            Subject::Money => evidence::savings(view, look, width),
        }
    }
}

/// The room that a reader's text has.
fn room(body: Rect) -> Size {
    Size { width: body.width.saturating_sub(4), height: body.height.saturating_sub(2) }
}

fn styled(text: impl Into<String>, look: &Look, meaning: Meaning) -> Line<'static> {
    Line::from(Span::styled(text.into(), look.theme.style(meaning)))
}

fn help(view: &View, model: &Model, look: &Look, width: usize) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    for layer in Layer::ALL {
        lines.push(styled(layer.about(), look, Meaning::Title));
        for command in COMMANDS.iter().filter(|command| command.layers.contains(&layer)) {
            let keys: Vec<String> = look.keymap.keys(layer, command.verb).map(|key| key.to_string()).collect();
            let why = if layer == Layer::Main { command.available(view, model).err() } else { None };
            let meaning = if why.is_some() { Meaning::Dim } else { Meaning::Text };
            let mark = if command.danger == Danger::Look { " " } else { "*" };
            let about = match why {
                Some(why) => format!("{} (not now: {why})", command.about),
                None => command.about.to_owned(),
            };
            for (n, part) in wrap(&words::clean(&about), width.saturating_sub(28)).into_iter().enumerate() {
                let (keys, name) = if n == 0 { (keys.join(" "), command.name) } else { (String::new(), "") };
                let mark = if n == 0 { mark } else { " " };
                lines.push(Line::from(vec![
                    Span::styled(format!("  {keys:<11} "), look.theme.style(Meaning::Key)),
                    Span::styled(format!("{name:<11}{mark} "), look.theme.style(meaning)),
                    Span::styled(part, look.theme.style(meaning)),
                ]));
            }
        }
        lines.push(Line::default());
    }
    for text in [
        "* may lead to a change: nothing is sent without the preview and its confirmation.",
        "Where text is typed every character is text: Enter accepts, Esc leaves, ctrl-u clears. A paste is text and never presses a key.",
        "ctrl-c leaves from anywhere, as quit does.",
    ] {
        lines.extend(wrap(text, width).into_iter().map(|part| styled(part, look, Meaning::Muted)));
    }
    lines
}
