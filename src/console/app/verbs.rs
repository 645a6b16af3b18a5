//! What each command does.

use jiff::Timestamp;

use super::App;
use crate::console::changes;
use crate::console::commands::{self, Verb, in_flight};
use crate::console::dialogs::palette::Run;
use crate::console::dialogs::preview::{PreviewBox, Stage};
use crate::console::dialogs::{Arm, Dialog, Field, Palette, Reader, Subject};
use crate::console::event::{Effect, Ended};
use crate::console::model::{Pane, Sort, Tone};
use crate::console::panes::activity::incident;
use crate::console::panes::listing;
use crate::console::theme::Theme;
use crate::console::words;
use crate::live::{Command, View};
use crate::platform::{GroupId, ServiceId};

impl App {
    /// Runs a command, if it can be had now; says why not otherwise.
    pub(super) fn run(&mut self, run: &Run, now: Timestamp) {
        if let Err(why) = commands::row(run.verb).available(&self.view, &self.model) {
            return match &mut self.model.dialog {
                Some(Dialog::Preview(preview)) => preview.refuse(why),
                _ => self.refuse(words::clean(&why)),
            };
        }
        match run.verb {
            Verb::Show(pane) => {
                self.model.open(pane, &self.view.platform);
                // A pane that makes its own rows makes them now.
                self.model.refresh(&self.view);
            }
            Verb::Open => self.open(now),
            Verb::Incident => self.incident(),
            Verb::NextGroup => self.model.turn(1, &self.view.platform),
            Verb::PreviousGroup => self.model.turn(-1, &self.view.platform),
            Verb::Scale
            | Verb::Accept
            | Verb::Undo
            | Verb::Floor
            | Verb::Ceiling
            | Verb::Release
            | Verb::SuspendIn
            | Verb::SuspendOut
            | Verb::SuspendScheduled
            | Verb::Resume
            | Verb::StopTask
            | Verb::Schedule
            | Verb::Unschedule
            | Verb::AddReplica
            | Verb::RemoveReplica
            | Verb::Weight
            | Verb::AddNode
            | Verb::RemoveNode => self.preview(run, now),
            Verb::Why => {
                if let Some(group) = self.model.selected.clone() {
                    self.tell_deed(group.name(), false);
                    self.model.dialog = Some(Dialog::Reader(Reader::new(Subject::Why(group))));
                }
            }
            Verb::Describe => self.read(Subject::Describe),
            Verb::Help => self.model.dialog = Some(Dialog::Reader(Reader::new(Subject::Help))),
            Verb::Palette => self.model.dialog = Some(Dialog::Palette(Palette::default())),
            Verb::Filter => {
                let before = self.model.filter.clone();
                self.model.dialog = Some(Dialog::Filter { field: Field::with(&before), before });
            }
            Verb::Back => self.back(),
            Verb::Down => self.step(1),
            Verb::Up => self.step(-1),
            Verb::Top => self.step(isize::MIN),
            Verb::Bottom => self.step(isize::MAX),
            Verb::PageDown => self.step(self.page_step()),
            Verb::PageUp => self.step(-self.page_step()),
            Verb::Copy => self.copy(),
            Verb::Freeze => self.freeze(now),
            Verb::Pause => self.ask(Command::Pause(!self.view.paused)),
            Verb::Refresh => {
                self.ask(Command::Refresh);
                self.model.say(Tone::Plain, "asking everything again");
            }
            Verb::Sort => {
                self.model.sort = match self.model.sort {
                    Sort::Name => Sort::Attention,
                    Sort::Attention => Sort::Name,
                };
                self.model.refresh(&self.view);
                let order = self.model.sort.name();
                self.model.say(Tone::Plain, format!("ordered by {order}"));
            }
            Verb::Fault => self.fault(run.argument.as_deref()),
            Verb::Theme => self.theme(run.argument.as_deref()),
            Verb::Arm => {
                let back = match self.model.dialog.take() {
                    Some(Dialog::Preview(preview)) => Some(preview),
                    _ => None,
                };
                self.model.dialog = Some(Dialog::Arm(Box::new(Arm::new(self.view.environment.to_string(), back))));
            }
            Verb::Disarm => self.ask(Command::Disarm),
            Verb::More => self.plan(|preview, view| preview.step(1, view, now)),
            Verb::Fewer => self.plan(|preview, view| preview.step(-1, view, now)),
            Verb::Hold => self.plan(|preview, view| preview.hold(view, now)),
            Verb::Next => self.plan(|preview, _| preview.next()),
            Verb::Leave => self.end(Ended::Left),
            // As in a pager: what is being read is closed, not the program.
            Verb::Quit if matches!(self.model.dialog, Some(Dialog::Reader(_))) => self.back(),
            Verb::Quit => self.quit(),
        }
    }

    fn plan(&mut self, edit: impl FnOnce(&mut PreviewBox, &View)) {
        if let Some(Dialog::Preview(preview)) = &mut self.model.dialog {
            edit(preview, &self.view);
        }
    }

    fn preview(&mut self, run: &Run, now: Timestamp) {
        self.thaw();
        let Some(group) = self.model.selected.clone() else { return };
        match changes::of(run.verb, run.argument.as_deref(), &group, &self.view, now) {
            Ok(change) => {
                self.tell_deed(group.name(), false);
                let preview = PreviewBox::open(&self.view, change, now);
                self.model.dialog = Some(Dialog::Preview(Box::new(preview)));
            }
            Err(why) => self.refuse(words::clean(&why)),
        }
    }

    fn read(&mut self, subject: impl FnOnce(ServiceId) -> Subject) {
        if let Some(service) = self.service() {
            self.model.dialog = Some(Dialog::Reader(Reader::new(subject(service))));
        }
    }

    /// The service under the cursor.
    fn service(&self) -> Option<ServiceId> {
        self.model.selected.as_ref().and_then(GroupId::service).cloned()
    }

    /// Into the row under the cursor of a pane of rows, among money into the evidence, or into the group under the cursor.
    fn open(&mut self, now: Timestamp) {
        if self.model.pane == Pane::Cost {
            self.model.dialog = Some(Dialog::Reader(Reader::new(Subject::Money)));
        } else if let Some(note) = listing::note(&self.view, &self.model, now) {
            self.model.dialog = Some(Dialog::Reader(Reader::new(Subject::Note(note))));
        } else if !self.model.listing().is_empty() {
            self.refuse("there is nothing more to say on this row");
        } else if let Some(pane) = self.model.selected.as_ref().map(Pane::of) {
            self.model.open(pane, &self.view.platform);
        }
    }

    fn step(&mut self, by: isize) {
        match &mut self.model.dialog {
            Some(Dialog::Reader(reader)) => reader.step(by),
            _ => self.model.step(by),
        }
    }

    fn page_step(&self) -> isize {
        match &self.model.dialog {
            Some(Dialog::Reader(reader)) => reader.page_step(),
            _ => self.model.page_step(),
        }
    }

    /// Closes what is open; then clears the filter; then goes back to the overview.
    pub(super) fn back(&mut self) {
        match self.model.dialog.take() {
            Some(Dialog::Preview(mut preview)) => {
                let asked = matches!(preview.stage(), Stage::Asked(_));
                if preview.back() {
                    self.model.dialog = Some(Dialog::Preview(preview));
                } else if asked {
                    self.refuse("the box is closed, but Enter had counted: the change may still go out");
                }
            }
            Some(Dialog::Arm(arm)) => self.model.dialog = arm.back.map(Dialog::Preview),
            Some(_) => {}
            None if !self.model.filter.is_empty() => {
                self.model.filter.clear();
                self.model.refresh(&self.view);
            }
            None => self.model.open(Pane::Overview, &self.view.platform),
        }
    }

    pub(super) fn filtered(&mut self) {
        if let Some(Dialog::Filter { field, .. }) = &self.model.dialog {
            self.model.filter = field.text().trim().to_owned();
            self.model.refresh(&self.view);
        }
    }

    fn copy(&mut self) {
        let text = match &self.model.dialog {
            Some(Dialog::Preview(preview)) => preview.made().ok().map(|made| made.preview.command.clone()),
            _ => self.model.selected.as_ref().map(|id| words::clean(id.name()).into_owned()),
        };
        let Some(text) = text else { return self.refuse("there is nothing to copy") };
        // `change` has quoted its command already; a name is quoted here. Neither may hold a control character.
        let quoted = match &self.model.dialog {
            Some(Dialog::Preview(_)) => words::clean(&text).into_owned(),
            _ => shlex::try_quote(&text).map_or_else(|_| String::new(), std::borrow::Cow::into_owned),
        };
        self.model.say(Tone::Plain, format!("copied: {quoted}"));
        self.effects.push(Effect::Copy(quoted));
    }

    /// Copies the incident as Markdown.
    fn incident(&mut self) {
        let needle = self.model.filter.to_lowercase();
        let text = incident::markdown(&self.view, needle.trim());
        let lines = text.lines().count();
        self.model.say(Tone::Plain, format!("copied the incident as Markdown: {lines} lines"));
        self.effects.push(Effect::Copy(text));
    }

    fn freeze(&mut self, now: Timestamp) {
        if self.model.frozen {
            self.thaw();
        } else {
            self.model.frozen = true;
            self.frozen_at = Some(now);
        }
    }

    fn thaw(&mut self) {
        self.model.frozen = false;
        self.frozen_at = None;
    }

    fn fault(&mut self, words: Option<&str>) {
        match words {
            _ if !self.options.drill => self.refuse("only a drill can be broken on purpose"),
            None => self.refuse("say what: `fault throttle 60`, or `fault off`"),
            Some(words) => self.effects.push(Effect::Fault(words.to_owned())),
        }
    }

    fn theme(&mut self, name: Option<&str>) {
        let now = Theme::BUILTIN.iter().position(|name| *name == self.options.theme.name());
        let next = Theme::BUILTIN[now.map_or(0, |at| (at + 1) % Theme::BUILTIN.len())];
        match Theme::builtin(name.unwrap_or(next)) {
            Ok(theme) => {
                self.options.theme = theme.at(self.options.theme.depth());
                let name = self.options.theme.name().to_owned();
                self.model.say(Tone::Plain, format!("theme {name}"));
            }
            Err(e) => self.refuse(words::clean(&e.to_string())),
        }
    }

    pub(super) fn quit(&mut self) {
        let moving = self.asked || in_flight(&self.view);
        match self.model.dialog {
            Some(Dialog::Leave) => self.end(Ended::Left),
            _ if moving => self.model.dialog = Some(Dialog::Leave),
            _ => self.end(Ended::Quit),
        }
    }
}
