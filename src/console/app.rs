//! The console as a state machine: an event and the time go in, a changed model and effects come out. Absent on purpose:
//! the terminal, channels, clocks and waiting – the loop in `run` has those.

mod verbs;

use std::sync::Arc;

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::commands::{self, Layer};
use super::dialogs::palette::Run;
use super::dialogs::preview::Stage;
use super::dialogs::{self, Dialog, Field};
use super::event::{Deed, Effect, Ended, Event, Input};
use super::frame::{self, Look};
use super::keymap::Keymap;
use super::keys::{Key, Named};
use super::model::{Model, Pane, Tone, Wall};
use super::panes::Shows;
use super::theme::Theme;
use super::words;
use crate::change::Refused;
use crate::live::{Command, Notice, View};
use crate::platform::{GroupId, ServiceId};

/// What the console is started with.
#[derive(Debug, Clone)]
pub struct Options {
    /// The theme, fitted to the terminal's colours.
    pub theme: Theme,
    /// The keys.
    pub keymap: Keymap,
    /// A word about this session for the header, as in "drill spike ×6".
    pub title: Option<String>,
    /// Whether this is a drill and nothing is real.
    pub drill: bool,
    /// What there is to say at the start, as about a file that was read.
    pub said: Option<String>,
}

/// The whole state of a session.
#[derive(Debug)]
pub struct App {
    options: Options,
    model: Model,
    view: Arc<View>,
    /// When the screen was frozen: its clock stands still too.
    frozen_at: Option<Timestamp>,
    /// Whether an Enter that counted has not been answered yet.
    asked: bool,
    /// The name of the group of that Enter.
    confirming: Option<String>,
    /// What `live` was last told is on the screen.
    looked: Option<(Vec<ServiceId>, Option<ServiceId>)>,
    /// What `live` was last told is being previewed.
    previewing: Option<GroupId>,
    /// Whether it has to be told again.
    untold: bool,
    effects: Vec<Effect>,
}

impl App {
    /// A session on a first picture, which may be empty.
    pub fn new(options: Options, view: Arc<View>) -> Self {
        let mut app = Self {
            options,
            model: Model::default(),
            view,
            frozen_at: None,
            asked: false,
            confirming: None,
            looked: None,
            previewing: None,
            untold: false,
            effects: Vec::new(),
        };
        app.model.refresh(&app.view);
        if let Some(words) = app.options.said.take() {
            app.model.say(Tone::Plain, words::clean(&words));
        }
        app
    }

    /// What the operator looks at.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Whether the screen stands still: then neither views nor the clock may wake it.
    pub fn frozen(&self) -> bool {
        self.model.frozen
    }

    /// What is to be done now, in order.
    pub fn effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// A command did not fit into the channel: nothing waits for it, so it has not happened. Returns whether that is
    /// said; what was only told about the screen is told again with the next frame.
    pub fn unsent(&mut self, command: &Command) -> bool {
        match command {
            Command::Look { .. } => {
                self.looked = None;
                return false;
            }
            Command::Previewing(_) => {
                self.untold = true;
                return false;
            }
            Command::Confirm(..) => {
                self.asked = false;
                if let Some(Dialog::Preview(preview)) = &mut self.model.dialog {
                    preview.again();
                    preview.refuse("the loop is busy: nothing was sent, Enter once more");
                }
                self.refuse("the loop is busy: nothing was sent");
            }
            Command::Arm | Command::Disarm | Command::Refresh | Command::Pause(_) | Command::Leave => {
                self.refuse("the loop is busy: that was not asked for, press it once more");
            }
        }
        true
    }

    /// Draws the screen as it is.
    pub fn draw(&self, now: Timestamp, area: Rect, buf: &mut Buffer) {
        frame::draw(&self.view, &self.model, &self.look(now), area, buf);
    }

    /// Takes over how much of everything the screen has room for, and tells `live` what is on it, if that has changed.
    /// Before each frame, so that drawing changes nothing.
    pub fn fit(&mut self, now: Timestamp, area: Rect) {
        let body = frame::plan(&self.view, &self.model, area).body;
        self.model.set_page(frame::rows(&self.view, &self.model, body));
        let extent = frame::extent(&self.view, &self.model, &self.look(now), body);
        self.model.set_extent(extent);
        let look = Look { theme: &self.options.theme, keymap: &self.options.keymap, ..self.look(now) };
        if let Some(Dialog::Reader(reader)) = &self.model.dialog {
            let fitted = reader.fitted(&self.view, &self.model, &look, body);
            self.model.dialog = Some(Dialog::Reader(fitted));
        }
        self.tell();
    }

    /// The frame that was just drawn has been flushed to the terminal, at that time.
    pub fn flushed(&mut self, now: Timestamp, area: Rect, at: Wall) {
        let body = frame::plan(&self.view, &self.model, area).body;
        let look = self.look(now);
        let whole = self.model.dialog.as_ref().is_some_and(|d| dialogs::draw::whole(d, &self.view, &look, body));
        match &mut self.model.dialog {
            Some(Dialog::Preview(preview)) => preview.flushed(whole, at),
            Some(Dialog::Arm(arm)) => arm.seen.flushed(whole, at),
            _ => {}
        }
    }

    /// Takes an event. `now` is the time on the clock that data is learnt on.
    pub fn handle(&mut self, event: Event, now: Timestamp) {
        match event {
            Event::Input(Input::Key(key), at) => self.key(key, at, now),
            Event::Input(Input::Paste(text), _) => self.paste(&text),
            Event::Input(Input::Resize, _) | Event::Tick => {}
            Event::Input(Input::Closed, _) => self.end(Ended::Closed),
            Event::Signal(name) => self.end(Ended::Signalled(name)),
            Event::View(view) => self.view(view, now),
            Event::Notice(notice) => self.notice(notice, now),
            Event::LiveEnded => self.refuse("the loop that reads AWS has ended: what is shown grows old"),
        }
    }

    /// The dialog and the foot without what lies below them.
    #[cfg(test)]
    pub(super) fn over_nothing(&self, now: Timestamp, area: Rect) -> Buffer {
        let mut buf = Buffer::empty(area);
        frame::draw_over(
            &self.view,
            &self.model,
            &self.look(now),
            frame::plan(&self.view, &self.model, area),
            &mut buf,
        );
        buf
    }

    fn look(&self, now: Timestamp) -> Look<'_> {
        Look {
            theme: &self.options.theme,
            keymap: &self.options.keymap,
            now: self.frozen_at.unwrap_or(now),
            title: self.options.title.as_deref(),
            drill: self.options.drill,
        }
    }

    /// Tells `live` what is on the screen and what is previewed, if that is not what it was last told.
    fn tell(&mut self) {
        let shown = self.model.shown().and_then(GroupId::service).cloned();
        let visible: Vec<ServiceId> = match self.model.pane.row().shows {
            Shows::Service => shown.iter().cloned().collect(),
            _ => self.model.rows()[self.model.visible()].iter().filter_map(GroupId::service).cloned().collect(),
        };
        let open = shown.filter(|_| self.model.pane == Pane::Tasks);
        if self.looked.as_ref().is_none_or(|told| (&told.0, &told.1) != (&visible, &open)) {
            self.looked = Some((visible.clone(), open.clone()));
            self.ask(Command::Look { visible, open });
        }
        let previewing = self.model.dialog.as_ref().and_then(Dialog::previewing);
        if previewing != self.previewing || self.untold {
            self.untold = false;
            self.previewing.clone_from(&previewing);
            self.ask(Command::Previewing(previewing));
        }
    }

    fn ask(&mut self, command: Command) {
        self.effects.push(Effect::Ask(command));
    }

    /// Tells whoever watches a drill what is done to a resource.
    fn tell_deed(&mut self, resource: &str, changed: bool) {
        if self.options.drill {
            self.effects.push(Effect::Tell(Deed { resource: resource.to_owned(), changed }));
        }
    }

    /// Says a sentence of whoever runs the drill.
    pub(super) fn say(&mut self, sentence: impl Into<String>) {
        let sentence = sentence.into();
        self.model.say(Tone::Plain, words::clean(&sentence));
    }

    fn refuse(&mut self, why: impl Into<String>) {
        self.model.say(Tone::Refused, why);
    }

    fn end(&mut self, how: Ended) {
        self.ask(Command::Leave);
        self.effects.push(Effect::End(how));
    }

    fn view(&mut self, view: Arc<View>, now: Timestamp) {
        let moved_house =
            self.view.platform.identity.is_some() && self.view.platform.identity != view.platform.identity;
        self.view = view;
        self.model.refresh(&self.view);
        match &mut self.model.dialog {
            Some(Dialog::Preview(_) | Dialog::Arm(_)) if moved_house => {
                self.model.dialog = None;
                self.refuse("the account, role or region is another one now: the dialog is closed");
            }
            Some(Dialog::Preview(preview)) => preview.view(&self.view, now),
            Some(Dialog::Arm(arm)) => {
                if let Some(preview) = &mut arm.back {
                    preview.view(&self.view, now);
                }
            }
            // The question has answered itself: nothing is on its way any more.
            Some(Dialog::Leave) if !self.asked && !commands::in_flight(&self.view) => self.model.dialog = None,
            _ => {}
        }
    }

    fn notice(&mut self, notice: Notice, now: Timestamp) {
        match notice {
            Notice::Said(text) => self.model.say(Tone::Plain, words::clean(&text)),
            Notice::Accepted => {
                self.asked = false;
                if let Some(Dialog::Preview(preview)) = &self.model.dialog
                    && matches!(preview.stage(), Stage::Asked(_))
                {
                    self.model.dialog = None;
                }
                // The one whose Enter was accepted: nothing else is asked before it has been answered.
                if let Some(service) = self.confirming.take() {
                    self.tell_deed(&service, true);
                }
                self.model.say(Tone::Plain, "confirmed: it is being carried out and followed");
            }
            Notice::Refused(refused) => {
                self.asked = false;
                self.refused(refused, now);
            }
        }
    }

    fn refused(&mut self, refused: Refused, now: Timestamp) {
        let waiting = match &mut self.model.dialog {
            Some(Dialog::Preview(preview)) if matches!(preview.stage(), Stage::Asked(_)) => Some(preview),
            _ => None,
        };
        match (refused, waiting) {
            (Refused::Moved { plan, what }, Some(preview)) => preview.target_moved(*plan, what, &self.view, now),
            (Refused::Mistyped { expected }, Some(preview)) => {
                preview.again();
                preview.refuse(format!("to confirm, {expected}"));
            }
            (Refused::Guarded { why } | Refused::Impossible { why }, Some(preview)) => {
                preview.edit();
                preview.refuse(format!("nothing was sent: {why}"));
            }
            (Refused::Moved { what, .. }, None) => {
                self.refuse(words::clean(&format!("nothing was sent: {}", what.join(", "))));
            }
            (Refused::Mistyped { expected }, None) => {
                self.refuse(words::clean(&format!("nothing was sent: the answer was not to {expected}")));
            }
            (Refused::Guarded { why } | Refused::Impossible { why }, None) => {
                self.refuse(words::clean(&format!("nothing was sent: {why}")));
            }
        }
    }

    fn paste(&mut self, text: &str) {
        match &mut self.model.dialog {
            Some(Dialog::Filter { field, .. }) => {
                field.paste(text);
                self.filtered();
            }
            Some(Dialog::Palette(palette)) => palette.field.paste(text),
            Some(Dialog::Arm(arm)) => arm.field.paste(text),
            Some(Dialog::Preview(preview)) => preview.paste(text),
            None | Some(Dialog::Reader(_) | Dialog::Leave) => {
                self.refuse("a paste is no key press: nothing was done with it");
            }
        }
    }

    fn key(&mut self, key: Key, at: Wall, now: Timestamp) {
        self.model.status = None;
        if let Some(Dialog::Preview(preview)) = &mut self.model.dialog {
            preview.touched();
        }
        if key == Key::ctrl('c') {
            return self.quit();
        }
        let esc = key == Key::named(Named::Esc);
        match &mut self.model.dialog {
            Some(Dialog::Filter { field, before }) => {
                if esc {
                    *field = Field::with(before);
                } else {
                    field.key(key);
                }
                self.filtered();
                if esc || key == Key::named(Named::Enter) {
                    self.model.dialog = None;
                }
            }
            Some(Dialog::Palette(_) | Dialog::Arm(_)) if esc => self.back(),
            Some(Dialog::Palette(palette)) => {
                if let Some(run) = palette.key(key) {
                    self.model.dialog = None;
                    self.run(&run, now);
                }
            }
            Some(Dialog::Arm(arm)) => {
                if arm.key(key, at) {
                    self.ask(Command::Arm);
                    self.back();
                }
            }
            Some(Dialog::Preview(preview)) if *preview.stage() != Stage::Edit => {
                if esc {
                    self.back();
                } else if self.asked && key == Key::named(Named::Enter) {
                    // An answer that is still to come must not be taken for the answer to this plan.
                    preview.refuse("the last Enter has not been answered yet: nothing else is sent before that");
                } else if let Some(command) = preview.answer(key, at, &self.view) {
                    self.asked = true;
                    self.confirming =
                        self.model.dialog.as_ref().and_then(Dialog::previewing).map(|it| it.name().to_owned());
                    self.ask(command);
                }
            }
            Some(Dialog::Preview(_)) => self.edit(key, now),
            Some(Dialog::Reader(_)) => self.layer(Layer::Reader, key, now),
            Some(Dialog::Leave) => self.layer(Layer::Leave, key, now),
            None => self.layer(Layer::Main, key, now),
        }
    }

    /// A key in the first stage of the preview: digits set the count, the rest are commands.
    fn edit(&mut self, key: Key, now: Timestamp) {
        let digit = key.text().and_then(|c| c.to_digit(10));
        match (&mut self.model.dialog, digit) {
            (Some(Dialog::Preview(preview)), Some(digit)) => preview.digit(digit, &self.view, now),
            _ => self.layer(Layer::Preview, key, now),
        }
    }

    fn layer(&mut self, layer: Layer, key: Key, now: Timestamp) {
        if let Some(verb) = self.options.keymap.verb(layer, key) {
            self.run(&Run { verb, argument: None }, now);
        }
    }
}
