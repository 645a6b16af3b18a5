//! The preview: two stages in one box. The first edits a plan; in the second only text, Enter and Esc do anything.
//!
//! The box holds the very plan that is on the screen, and that value is what Enter hands on. Absent on purpose: deciding
//! what a plan may do (`change` does) and sending it (`live` does).

use jiff::Timestamp;

use super::field::Field;
use super::seen::Seen;
use crate::change::guard::{MOST_TASKS, Tier};
use crate::change::preview::preview;
use crate::change::{Answer, Asked, Change, Observed, Plan, Preview, ecs, replicas};
use crate::console::keys::{Key, Named};
use crate::console::model::Wall;
use crate::live::{Armed, Command, View};

/// The box.
#[derive(Debug, Clone)]
pub struct PreviewBox {
    /// What is wanted: a plan may be impossible (or need nothing) while it is edited.
    change: Change,
    made: Result<Made, String>,
    stage: Stage,
    /// What has moved since the box opened, a sentence each.
    moved: Vec<String>,
    /// The last thing that was refused, until the next key.
    note: Option<String>,
    /// Whether the count is being typed: the next digit goes on with it.
    typing: bool,
}

/// A plan that can be made, and what it says.
#[derive(Debug, Clone)]
pub struct Made {
    /// The plan.
    pub plan: Plan,
    /// What is shown of it.
    pub preview: Preview,
}

/// How far the operator is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// The plan can be edited.
    Edit,
    /// The plan stands; what the tier asks for is typed.
    Answer(Typed),
    /// Enter counted: the target is read once more. What was typed is kept, in case it moved.
    Asked(Typed),
}

/// What is typed in the second stage.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Typed {
    /// The count or the name.
    pub answer: Field,
    /// The reason.
    pub reason: Field,
    /// Whether the reason is being typed.
    pub on_reason: bool,
    /// Since when this stage of this plan is on the screen.
    pub seen: Seen,
}

impl PreviewBox {
    /// A box on a change, which can be edited in it.
    pub fn open(view: &View, change: Change, now: Timestamp) -> Self {
        let made = make(view, &change, now);
        Self { change, made, stage: Stage::Edit, moved: Vec::new(), note: None, typing: false }
    }

    /// What is wanted.
    pub fn change(&self) -> &Change {
        &self.change
    }

    /// The plan on the screen, or why there is none.
    pub fn made(&self) -> Result<&Made, &str> {
        self.made.as_ref().map_err(String::as_str)
    }

    /// How far the operator is.
    pub fn stage(&self) -> &Stage {
        &self.stage
    }

    /// What has moved since the box opened.
    pub fn moved(&self) -> &[String] {
        &self.moved
    }

    /// What was refused.
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// Another count, absolute; nothing where the change sets none.
    pub fn set(&mut self, to: u32, view: &View, now: Timestamp) {
        self.put(self.change.with(to.min(MOST_TASKS.0)), view, now);
    }

    fn put(&mut self, change: Change, view: &View, now: Timestamp) {
        self.change = change;
        self.typing = false;
        self.made = make(view, &self.change, now);
    }

    /// One more or fewer: another count – or, of replicas, which are made and deleted one by one, the other way.
    pub fn step(&mut self, by: i32, view: &View, now: Timestamp) {
        let other = match (&self.change, by > 0) {
            (Change::RemoveReplica { primary, .. }, true) => replicas::one_more(&view.platform, &view.policy, primary),
            (Change::AddReplica { primary, .. }, false) => replicas::one_fewer(&view.platform, primary),
            (change, _) => change.count().map(|count| change.with(count.saturating_add_signed(by).min(MOST_TASKS.0))),
        };
        match other {
            Some(change) => self.put(change, view, now),
            None => self.refuse("there is no count here to change"),
        }
    }

    /// A digit of the count: the first one begins a new count.
    pub fn digit(&mut self, digit: u32, view: &View, now: Timestamp) {
        let Some(count) = self.change.count() else {
            return self.refuse("there is no count here to change");
        };
        let before = if self.typing { count } else { 0 };
        self.set(before * 10 + digit, view, now);
        self.typing = true;
    }

    /// Held until a time instead of set once, until a later one, and at last the plain count again.
    pub fn hold(&mut self, view: &View, now: Timestamp) {
        match ecs::held_longer(&self.change, now) {
            Some(change) => self.put(change, view, now),
            None => self.refuse("only a service's count can be held"),
        }
    }

    /// Says what was refused.
    pub fn refuse(&mut self, why: impl Into<String>) {
        self.note = Some(why.into());
    }

    /// Any key takes the last note away.
    pub fn touched(&mut self) {
        self.note = None;
    }

    /// On to the second stage, where there is a plan to confirm.
    pub fn next(&mut self) {
        self.typing = false;
        match self.made() {
            Ok(_) => self.stage = Stage::Answer(Typed::default()),
            Err(why) => self.note = Some(why.to_owned()),
        }
    }

    /// Back a stage; `false` when there is none to go back to. What was typed is forgotten.
    pub fn back(&mut self) -> bool {
        let answering = matches!(self.stage, Stage::Answer(_));
        if answering {
            self.stage = Stage::Edit;
        }
        answering
    }

    /// A newer picture. The plan is made again only while it is edited, and only if something it rests on has moved.
    pub fn view(&mut self, view: &View, now: Timestamp) {
        if self.stage != Stage::Edit {
            return;
        }
        let fresh = Observed::of(&view.platform, &self.change);
        let what = match (&self.made, &fresh) {
            (Ok(made), Some(fresh)) => made.plan.observed.moved(fresh),
            (Ok(_), None) => vec!["the target is gone".to_owned()],
            (Err(_), _) => Vec::new(),
        };
        match &mut self.made {
            Ok(made) if what.is_empty() => made.preview = show(view, &made.plan, now),
            _ => self.made = make(view, &self.change, now),
        }
        if !what.is_empty() {
            self.moved = what;
        }
    }

    /// A key of the second stage. What comes back is to be sent; the box then waits for the answer.
    pub fn answer(&mut self, key: Key, at: Wall, view: &View) -> Option<Command> {
        let Stage::Answer(typed) = &mut self.stage else { return None };
        if key != Key::named(Named::Enter) {
            let field = if typed.on_reason { &mut typed.reason } else { &mut typed.answer };
            field.key(key);
            return None;
        }
        let Ok(made) = &self.made else { return None };
        let tier = &made.preview.tier;
        let refused = if !typed.seen.is_shown() {
            Some("the terminal is too small to show all of this plan: nothing unseen is confirmed".to_owned())
        } else if !typed.seen.enter(at) {
            Some("too soon: look at the plan, then Enter once more".to_owned())
        } else if let Some(why) = not_armed(view) {
            Some(why)
        } else if let Tier::Never(why) = tier {
            Some(format!("this is not done: {why}"))
        } else if tier.typed().is_some_and(|expected| expected != typed.answer.text().trim()) {
            Some(format!("to confirm, {}", tier.asks()))
        } else if tier.needs_reason() && !typed.on_reason {
            typed.on_reason = true;
            typed.seen = Seen::default();
            return None;
        } else if tier.needs_reason() && typed.reason.text().trim().is_empty() {
            Some("a reason is asked for: it goes into the journal".to_owned())
        } else {
            None
        };
        if refused.is_some() {
            self.note = refused;
            return None;
        }
        let reason = tier.needs_reason().then(|| typed.reason.text().trim().to_owned());
        let answer = Answer { typed: typed.answer.text().trim().to_owned(), reason };
        let asked = Asked { plan: made.plan.clone(), shown: tier.clone(), answer, pressed: view.at };
        self.stage = Stage::Asked(std::mem::take(typed));
        Some(Command::Confirm(Box::new(asked)))
    }

    /// A paste: text where text is typed, nothing anywhere else.
    pub fn paste(&mut self, text: &str) {
        if let Stage::Answer(typed) = &mut self.stage {
            if typed.on_reason { typed.reason.paste(text) } else { typed.answer.paste(text) }
        }
    }

    /// The target moved between the plan and the last look at it: the new plan, what was typed, and one more Enter.
    pub fn target_moved(&mut self, plan: Plan, what: Vec<String>, view: &View, now: Timestamp) {
        let preview = show(view, &plan, now);
        self.change = plan.change.clone();
        self.made = Ok(Made { plan, preview });
        self.moved = what;
        self.again();
        self.note = Some("it moved: this is the plan now, Enter once more to confirm it".to_owned());
    }

    /// It was not sent, and can be tried again with what was typed.
    pub fn again(&mut self) {
        if let Stage::Asked(typed) = &mut self.stage {
            self.stage = Stage::Answer(Typed { seen: Seen::default(), ..std::mem::take(typed) });
        }
    }

    /// It cannot be sent as it is: back to where it can be edited.
    pub fn edit(&mut self) {
        self.stage = Stage::Edit;
    }

    /// A frame with this box in it has been flushed.
    pub fn flushed(&mut self, whole: bool, at: Wall) {
        if let Stage::Answer(typed) = &mut self.stage {
            typed.seen.flushed(whole, at);
        }
    }
}

/// Why nothing may be sent now; `None` when it may.
pub fn not_armed(view: &View) -> Option<String> {
    match &view.armed {
        Armed::Until(_) => None,
        Armed::ReadOnly => Some("read-only: nothing can be sent before it is armed".to_owned()),
        Armed::Locked(why) => Some(format!("changes are refused here: {why}")),
    }
}

fn make(view: &View, change: &Change, now: Timestamp) -> Result<Made, String> {
    let plan = Plan::of(&view.platform, change.clone(), &view.advice, &view.environment, now);
    let plan = plan.map_err(|impossible| impossible.to_string())?;
    let preview = show(view, &plan, now);
    Ok(Made { plan, preview })
}

fn show(view: &View, plan: &Plan, now: Timestamp) -> Preview {
    let target = plan.change.target();
    let usual = target.service().and_then(|id| view.platform.usual_scale_out_s(id));
    preview(plan, &view.platform, &view.policy, &view.advice, usual, now)
}
