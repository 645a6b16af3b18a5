//! The one table of commands. Key hints, `?`, the palette, keymap files, the README's table and the tests come from it.
//! What it does is in `app::verbs`; here is what it is called and when it can be had.

use std::fmt::Write as _;

use super::keymap::Keymap;
use super::model::{Model, Pane};
use super::panes::{self, PANES};
use crate::live::{Armed, View};
use crate::platform::{GroupId, ServiceId};

/// What a command may lead to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Danger {
    /// It only looks.
    Look,
    /// It leads to a change that can be changed back.
    Change,
    /// It leads to something that cannot be had back.
    Destroy,
}

impl Danger {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Look => "looks",
            Self::Change => "changes",
            Self::Destroy => "destroys",
        }
    }
}

/// Where a key is pressed. Text fields are no layer: in them every character is text, Enter accepts, Esc leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// A pane, with nothing over it.
    Main,
    /// The preview, while its plan can be edited.
    Preview,
    /// Something to read: help, evidence, a description.
    Reader,
    /// The question on the way out.
    Leave,
}

impl Layer {
    /// Every layer.
    pub const ALL: [Self; 4] = [Self::Main, Self::Preview, Self::Reader, Self::Leave];

    /// The layer's name in a keymap file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Main => "main",
            Self::Preview => "preview",
            Self::Reader => "reader",
            Self::Leave => "leave",
        }
    }

    /// Where that is, for a heading.
    pub fn about(self) -> &'static str {
        match self {
            Self::Main => "In a pane",
            Self::Preview => "In the preview",
            Self::Reader => "While reading help, evidence or a description",
            Self::Leave => "When leaving with a change in flight",
        }
    }
}

/// Which command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is described by its row in the table")]
pub enum Verb {
    Show(Pane),
    Scale,
    Accept,
    Undo,
    Floor,
    Ceiling,
    Release,
    SuspendIn,
    SuspendOut,
    SuspendScheduled,
    Resume,
    StopTask,
    Schedule,
    Unschedule,
    AddReplica,
    RemoveReplica,
    Weight,
    AddNode,
    RemoveNode,
    Why,
    Incident,
    Open,
    Back,
    Filter,
    Palette,
    Help,
    Down,
    Up,
    Top,
    Bottom,
    PageDown,
    PageUp,
    Describe,
    Copy,
    Freeze,
    Pause,
    Refresh,
    Sort,
    NextGroup,
    PreviousGroup,
    Fault,
    Theme,
    Arm,
    Disarm,
    Quit,
    More,
    Fewer,
    Hold,
    Next,
    Leave,
}

/// A row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Command {
    /// Which.
    pub verb: Verb,
    /// Its name in the palette and in keymap files.
    pub name: &'static str,
    /// Other names the palette takes.
    pub aliases: &'static [&'static str],
    /// What it does, in a line.
    pub about: &'static str,
    /// The word beside its key in the hint line; `None` keeps it out of there.
    pub hint: Option<&'static str>,
    /// Where it can be pressed.
    pub layers: &'static [Layer],
    /// Its default keys, the same in each of its layers.
    pub keys: &'static [&'static str],
    /// What it may lead to.
    pub danger: Danger,
    needs: Option<Needs>,
}

/// What a command needs; the error says what is missing.
type Needs = fn(&View, &Model) -> Result<(), String>;

impl Command {
    /// Whether it can be had now, and why not.
    pub fn available(&self, view: &View, model: &Model) -> Result<(), String> {
        self.needs.map_or(Ok(()), |needs| needs(view, model))
    }
}

const MAIN: &[Layer] = &[Layer::Main];
const PREVIEW: &[Layer] = &[Layer::Preview];
const MOVING: &[Layer] = &[Layer::Main, Layer::Reader];
const EVERYWHERE: &[Layer] = &[Layer::Main, Layer::Preview, Layer::Reader, Layer::Leave];

const fn look(
    verb: Verb,
    name: &'static str,
    aliases: &'static [&'static str],
    layers: &'static [Layer],
    keys: &'static [&'static str],
    about: &'static str,
) -> Command {
    Command { verb, name, aliases, about, hint: None, layers, keys, danger: Danger::Look, needs: None }
}

impl Command {
    const fn hinted(mut self, word: &'static str) -> Self {
        self.hint = Some(word);
        self
    }

    const fn changes(mut self) -> Self {
        self.danger = Danger::Change;
        self
    }

    const fn destroys(mut self) -> Self {
        self.danger = Danger::Destroy;
        self
    }

    const fn when(mut self, needs: Needs) -> Self {
        self.needs = Some(needs);
        self
    }
}

/// Every command, in the order of help and hints: the panes, then what can be done in them.
pub const COMMANDS: &[Command] = &ALL;

const ALL: [Command; PANES.len() + VERBS.len()] = {
    let mut all = [VERBS[0]; PANES.len() + VERBS.len()];
    let mut at = 0;
    while at < all.len() {
        all[at] = if at < PANES.len() { show(&PANES[at]) } else { VERBS[at - PANES.len()] };
        at += 1;
    }
    all
};

const fn show(pane: &'static panes::Row) -> Command {
    look(Verb::Show(pane.pane), pane.name, pane.aliases, MAIN, pane.keys, pane.about).hinted(pane.name)
}

#[rustfmt::skip]
const VERBS: &[Command] = &[
    look(Verb::Scale, "scale", &["desired"], MAIN, &["s"], "Preview another count for the selected group").hinted("scale").changes().when(plannable),
    look(Verb::Accept, "advice", &["accept"], MAIN, &["a"], "Preview what the advice asks for").hinted("advice").changes().when(advised),
    look(Verb::Undo, "undo", &[], MAIN, &["u"], "Preview the way back from the last change of the selected group").hinted("undo").changes().when(undoable),
    look(Verb::Why, "why", &["evidence"], MAIN, &["w"], "Why it does what it does: causes, evidence, what mends them").hinted("why").when(selected),
    look(Verb::Incident, "incident", &["summary", "postmortem"], MAIN, &["y"], "Copy the incident as Markdown: signals, what happened, outcomes, commands").when(in_the_record),
    look(Verb::Open, "open", &[], MAIN, &["enter"], "Into the selected group, or the row under the cursor").when(openable),
    look(Verb::More, "more", &[], PREVIEW, &["+", "="], "One task more").hinted("one more").changes(),
    look(Verb::Fewer, "fewer", &[], PREVIEW, &["-"], "One task fewer").hinted("one fewer").changes(),
    look(Verb::Hold, "hold", &[], PREVIEW, &["h"], "Hold the count until a time, a later one, and back to the plain count").hinted("hold").changes(),
    look(Verb::Next, "next", &[], PREVIEW, &["enter"], "On to the confirmation; digits set the count").hinted("confirm").changes(),
    look(Verb::Filter, "filter", &["search"], MAIN, &["/"], "Show only groups with a text in their name, or of a tier").hinted("filter"),
    look(Verb::Palette, "palette", &["run"], MAIN, &[":"], "Run a command by its name").hinted("run"),
    look(Verb::Help, "help", &["keys"], MAIN, &["?"], "Every command and the keys in force").hinted("help"),
    look(Verb::Back, "back", &[], EVERYWHERE, &["esc"], "Close what is open, clear the filter, back to the overview").hinted("back"),
    look(Verb::Down, "down", &[], MOVING, &["j", "down"], "Down a row"),
    look(Verb::Up, "up", &[], MOVING, &["k", "up"], "Up a row"),
    look(Verb::Top, "top", &[], MOVING, &["g", "home"], "To the first row"),
    look(Verb::Bottom, "bottom", &[], MOVING, &["G", "end"], "To the last row"),
    look(Verb::PageDown, "page-down", &[], MOVING, &["pgdn", "ctrl-f"], "Down a page"),
    look(Verb::PageUp, "page-up", &[], MOVING, &["pgup"], "Up a page"),
    look(Verb::NextGroup, "next-group", &[], MAIN, &["tab"], "The next group that this pane can show"),
    look(Verb::PreviousGroup, "previous-group", &[], MAIN, &["backtab"], "The group before it"),
    look(Verb::Describe, "describe", &["events"], MAIN, &["d"], "Everything AWS says about the selected service").when(known),
    look(Verb::Copy, "copy", &["yank"], &[Layer::Main, Layer::Preview], &["c"], "Copy, shell-quoted: the selected group's name, or the preview's aws command").when(selected),
    look(Verb::Freeze, "freeze", &["thaw"], MAIN, &["f"], "Stop the screen, not the polling; again to go on"),
    look(Verb::Floor, "floor", &["min"], MAIN, &[], "Move a service's floor: `floor 4`").changes().when(on_service),
    look(Verb::Ceiling, "ceiling", &["max"], MAIN, &[], "Move a service's ceiling: `ceiling 12`").changes().when(on_service),
    look(Verb::Release, "release", &["unhold"], MAIN, &[], "End a hold now: the floor that the schedule says").changes().when(on_service),
    look(Verb::SuspendIn, "suspend-in", &[], MAIN, &[], "Suspend scale-in of a service, and nothing else").changes().when(on_service),
    look(Verb::SuspendOut, "suspend-out", &[], MAIN, &[], "Suspend scale-out of a service, and nothing else").changes().when(on_service),
    look(Verb::SuspendScheduled, "suspend-scheduled", &[], MAIN, &[], "Suspend a service's scheduled actions, and nothing else").changes().when(on_service),
    look(Verb::Resume, "resume", &[], MAIN, &[], "Resume what is suspended: `resume in`, `resume out`, `resume scheduled`").changes().when(on_service),
    look(Verb::StopTask, "stop-task", &[], MAIN, &[], "Stop one task of a service: `stop-task 0123abcd`").destroys().when(on_service),
    look(Verb::Schedule, "schedule", &[], MAIN, &[], "Put a scheduled action: `schedule noon cron(0 12 * * ? *) min=6`").changes().when(on_service),
    look(Verb::Unschedule, "unschedule", &[], MAIN, &[], "Delete a scheduled action: `unschedule noon`").destroys().when(on_service),
    look(Verb::AddReplica, "add-replica", &[], MAIN, &[], "Make a read replica, in a zone: `add-replica us-east-1b`").changes().when(on_replicas),
    look(Verb::RemoveReplica, "remove-replica", &[], MAIN, &[], "Drain and delete the newest read replica, or a named one").destroys().when(on_replicas),
    look(Verb::Weight, "weight", &[], MAIN, &[], "Set the weight of a reader record: `weight db-replica-1 10`").changes().when(on_replicas),
    look(Verb::AddNode, "add-node", &["add-shard"], MAIN, &[], "One node more of a cache, or one shard with cluster mode on").changes().when(on_cache),
    look(Verb::RemoveNode, "remove-node", &["remove-shard"], MAIN, &[], "One node fewer of a cache, or one shard").destroys().when(on_cache),
    look(Verb::Pause, "pause", &[], MAIN, &["P"], "Stop the polling; again to go on").when(pausable),
    look(Verb::Refresh, "refresh", &["reload"], MAIN, &["ctrl-r"], "Ask AWS everything again now"),
    look(Verb::Sort, "sort", &["order"], MAIN, &["S"], "Order by name, or by who needs attention"),
    look(Verb::Fault, "fault", &[], MAIN, &[], "In a drill, break something for a while: `fault throttle 60`, and mend it: `fault off`"),
    look(Verb::Theme, "theme", &["colours", "colors"], MAIN, &[], "The next theme; in the palette, `theme NAME`"),
    look(Verb::Arm, "arm", &["write"], &[Layer::Main, Layer::Preview], &["A"], "Allow changes in this account and region for fifteen minutes; asks for the environment's name").changes().when(armable),
    look(Verb::Disarm, "disarm", &["read-only", "readonly"], MAIN, &["R"], "Forbid changes again").when(armed),
    look(Verb::Leave, "leave", &[], &[Layer::Leave], &["l"], "Leave; the change is journalled as left, and the next start looks").hinted("leave"),
    look(Verb::Quit, "quit", &["q", "q!", "exit"], &[Layer::Main, Layer::Reader], &["q", "ctrl-c"], "Leave scaledeck, or what is being read; asks once while a change is in flight"),
];

/// The row of a command.
pub fn row(verb: Verb) -> &'static Command {
    // The table has a row for every verb, which a test proves; the first row stands in so that this cannot panic.
    COMMANDS.iter().find(|command| command.verb == verb).unwrap_or(&COMMANDS[0])
}

/// The command that a word of the palette means: its name or an alias.
pub fn named(word: &str) -> Option<&'static Command> {
    COMMANDS.iter().find(|command| command.name == word || command.aliases.contains(&word))
}

/// Every name of a command, for the nearest one to a misspelt name.
pub fn names() -> impl Iterator<Item = &'static str> {
    COMMANDS.iter().map(|command| command.name)
}

/// The table as the README shows it, with the default keys.
pub fn command_table_markdown() -> String {
    let keymap = Keymap::default();
    let mut text = String::new();
    for layer in Layer::ALL {
        let _ = write!(text, "### {}\n\n| keys | command | what it does |\n| --- | --- | --- |\n", layer.about());
        for command in COMMANDS.iter().filter(|command| command.layers.contains(&layer)) {
            let keys = keymap.keys(layer, command.verb).map(|key| format!("`{key}`")).collect::<Vec<_>>().join(" ");
            let mark = if command.danger == Danger::Look { "" } else { " *" };
            let _ = writeln!(text, "| {keys} | {}{mark} | {} |", command.name, command.about);
        }
        text.push('\n');
    }
    text.push_str("\\* may lead to a change: nothing is sent without the preview and its confirmation.\n");
    text
}

fn selection(model: &Model) -> Result<&GroupId, String> {
    model.selected.as_ref().ok_or_else(|| "no group is selected".to_owned())
}

/// The selected group, where it is a service: the other tiers cannot be changed from here yet.
fn service(model: &Model) -> Result<&ServiceId, String> {
    let id = selection(model)?;
    id.service().ok_or_else(|| format!("{} is no ECS service: this can be had for services only", id.name()))
}

fn selected(_: &View, model: &Model) -> Result<(), String> {
    selection(model).map(|_| ())
}

fn known(view: &View, model: &Model) -> Result<(), String> {
    let id = service(model)?;
    described(view, &GroupId::Service(id.clone()))
}

/// Whether the group was described.
fn described(view: &View, id: &GroupId) -> Result<(), String> {
    let known = match id {
        GroupId::Service(id) => view.platform.services.contains_key(id),
        GroupId::Replicas(id) => view.platform.databases.contains_key(id),
        GroupId::Cache(id) => view.platform.caches.contains_key(id),
    };
    let what = if id.service().is_some() { "the service" } else { "the group" };
    if known { Ok(()) } else { Err(format!("{what} has not been described yet")) }
}

fn plannable(view: &View, model: &Model) -> Result<(), String> {
    // What is not on the screen is not changed from here.
    if model.selected.is_some() && model.shown().is_none() {
        return Err(format!("the pane {} shows no group that could be changed", model.pane.name()));
    }
    described(view, selection(model)?)?;
    match view.platform.identity {
        Some(_) => Ok(()),
        None => Err("who we are to AWS is not known yet".to_owned()),
    }
}

fn on_service(view: &View, model: &Model) -> Result<(), String> {
    service(model)?;
    plannable(view, model)
}

fn on_replicas(view: &View, model: &Model) -> Result<(), String> {
    match selection(model)? {
        GroupId::Replicas(_) => plannable(view, model),
        other => Err(format!("{} has no read replicas: select the replicas of a database", other.name())),
    }
}

fn on_cache(view: &View, model: &Model) -> Result<(), String> {
    match selection(model)? {
        GroupId::Cache(_) => plannable(view, model),
        other => Err(format!("{} is no cache: select one", other.name())),
    }
}

fn undoable(view: &View, model: &Model) -> Result<(), String> {
    plannable(view, model)?;
    let id = selection(model)?;
    match view.done.get(id) {
        Some(_) => Ok(()),
        None => Err(format!("no change of {} is known here: there is nothing to take back", id.name())),
    }
}

/// A row under the cursor, or a group.
fn openable(view: &View, model: &Model) -> Result<(), String> {
    if model.listing().is_empty() { selected(view, model) } else { Ok(()) }
}

fn in_the_record(_: &View, model: &Model) -> Result<(), String> {
    match model.pane {
        Pane::Activity | Pane::Journal | Pane::Alarms => Ok(()),
        _ => Err("the incident is copied from the activity, the alarms or the journal".to_owned()),
    }
}

fn advised(view: &View, model: &Model) -> Result<(), String> {
    plannable(view, model)?;
    let asks = match selection(model)? {
        GroupId::Service(id) => view.advice.services.get(id).is_some_and(|verdict| verdict.decision.to().is_some()),
        GroupId::Replicas(id) => view.advice.replicas.get(id).is_some_and(|verdict| verdict.decision.to().is_some()),
        GroupId::Cache(id) => view.advice.caches.get(id).is_some_and(|verdict| verdict.decision.to().is_some()),
    };
    if asks { Ok(()) } else { Err("the advice asks for no change here".to_owned()) }
}

fn pausable(view: &View, _: &Model) -> Result<(), String> {
    if in_flight(view) && !view.paused {
        return Err("a change is being followed: polling goes on until it is over".to_owned());
    }
    Ok(())
}

fn armable(view: &View, _: &Model) -> Result<(), String> {
    match &view.armed {
        Armed::Locked(why) => Err(format!("changes are refused here: {why}")),
        Armed::ReadOnly | Armed::Until(_) if view.platform.identity.is_none() => {
            Err("who we are to AWS is not known yet".to_owned())
        }
        Armed::ReadOnly | Armed::Until(_) => Ok(()),
    }
}

fn armed(view: &View, _: &Model) -> Result<(), String> {
    match view.armed {
        Armed::Until(_) => Ok(()),
        Armed::ReadOnly | Armed::Locked(_) => Err("changes are not allowed anyway".to_owned()),
    }
}

/// Whether a change is on its way.
pub fn in_flight(view: &View) -> bool {
    view.followed.as_ref().is_some_and(|followed| !followed.follow.stage.is_over())
}
