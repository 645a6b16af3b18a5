//! The preview: two stages in one box. The first edits a plan; in the second only text, Enter and Esc do anything.
//!
//! The box holds the very plan that is on the screen, and that value is what Enter hands on. Absent on purpose: deciding
//! what a plan may do (`change` does) and sending it (`live` does).

use jiff::Timestamp;

use super::field::Field;
use super::seen::Seen;
use crate::change::guard::MOST_TASKS;
use crate::change::plan::{Impossible, starting_count};
use crate::change::preview::preview;
use crate::change::{Answer, Asked, Change, Observed, Plan, Preview};
use crate::console::keys::{Key, Named};
use crate::console::model::Wall;
use crate::live::{Armed, Command, View};
use crate::platform::{ServiceId, TaskCount};

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
    /// A box on a service, at the advice's count or one task more. `None` when the service is not known.
    pub fn open(view: &View, service: &ServiceId, now: Timestamp) -> Option<Self> {
        let observed = Observed::of(&view.platform, service)?;
        let to = starting_count(view.advice.services.get(service), &observed, None);
        let change = Change::Desired { service: service.clone(), to };
        let made = make(view, &change, now);
        Some(Self { change, made, stage: Stage::Edit, moved: Vec::new(), note: None, typing: false })
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

    /// Another count, absolute.
    pub fn set(&mut self, to: u32, view: &View, now: Timestamp) {
        self.change = self.change.with(TaskCount(to).min(MOST_TASKS));
        self.typing = false;
        self.remake(view, now);
    }

    /// One more or fewer.
    pub fn step(&mut self, by: i32, view: &View, now: Timestamp) {
        self.set(self.change.to().0.saturating_add_signed(by), view, now);
    }

    /// A digit of the count: the first one begins a new count.
    pub fn digit(&mut self, digit: u32, view: &View, now: Timestamp) {
        let before = if self.typing { self.change.to().0 } else { 0 };
        self.set(before * 10 + digit, view, now);
        self.typing = true;
    }

    /// The floor instead of the count, or back.
    pub fn hold(&mut self, view: &View, now: Timestamp) {
        let (service, to) = (self.change.service().clone(), self.change.to());
        self.change = match self.change {
            Change::Desired { .. } => Change::Floor { service, to },
            Change::Floor { .. } => Change::Desired { service, to },
        };
        self.typing = false;
        self.remake(view, now);
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
        let fresh = Observed::of(&view.platform, self.change.service());
        let what = match (&self.made, &fresh) {
            (Ok(made), Some(fresh)) => made.plan.observed.moved(fresh),
            (Ok(_), None) => vec!["the service is gone".to_owned()],
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

    fn remake(&mut self, view: &View, now: Timestamp) {
        self.made = make(view, &self.change, now);
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
    let plan = plan(view, change, now).map_err(|impossible| impossible.to_string())?;
    let preview = show(view, &plan, now);
    Ok(Made { plan, preview })
}

fn plan(view: &View, change: &Change, now: Timestamp) -> Result<Plan, Impossible> {
    let verdict = view.advice.services.get(change.service());
    match change {
        Change::Desired { service, to } => Plan::desired(&view.platform, service, *to, verdict, &view.environment, now),
        Change::Floor { service, to } => Plan::floor(&view.platform, service, *to, verdict, &view.environment, now),
    }
}

fn show(view: &View, plan: &Plan, now: Timestamp) -> Preview {
    let service = plan.change.service();
    let usual = view.platform.usual_scale_out_s(service);
    preview(plan, &view.platform, &view.policy, view.advice.services.get(service), usual, now)
}
