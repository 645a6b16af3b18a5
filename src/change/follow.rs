//! A change on its way, followed until it is steady, partly done, failed or overtaken.
//!
//! Pure: each step takes the follow as it was, the platform as it is and the time. What was read before the answer
//! came says nothing about the change and is passed over.

mod sight;

use jiff::Timestamp;

pub(super) use self::sight::{Complaint, Seen, Sight};
use super::outcome::Outcome;
use super::plan::Plan;
use super::sequence::Next;
use super::words;
use crate::platform::{Platform, TaskCount};

/// Without any progress for this long, what was reached is all there will be.
pub(super) const PATIENCE_S: i64 = 15 * 60;

/// How long a step of several may show no sign of itself before it counts as not carried out.
const STEP_READ_BACK_S: i64 = 60;

/// How long ECS may stand still after it said that it cannot start tasks; it goes on trying, and often succeeds.
const PLACEMENT_S: i64 = 60;

/// How far a change is.
#[derive(Debug, Clone, PartialEq)]
pub struct Follow {
    /// The stage.
    pub stage: Stage,
    /// When Enter was pressed.
    pub began: Timestamp,
    /// When it ended; `None` while it is under way.
    pub ended: Option<Timestamp>,
    /// Seconds it is expected to take, from changes seen here; `None` when there were none.
    pub expected_s: Option<u32>,
    /// The step that is being sent, or was sent last, counted from 0.
    pub step: usize,
    /// What the following itself has to remember.
    pub marks: Marks,
}

/// What is remembered from one step to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Marks {
    /// When the answer came, or stayed away. Only what was asked for since counts.
    pub answered: Option<Timestamp>,
    /// When it last came closer to what was asked for.
    pub progressed: Option<Timestamp>,
    /// How close it has come: tasks and targets that are not yet as asked for.
    pub distance: Option<u32>,
}

/// A stage of a change.
#[derive(Debug, Clone, PartialEq)]
pub enum Stage {
    /// The request is out.
    Sending,
    /// No answer came back: reading back before anything is said.
    Unknown,
    /// Accepted; tasks start, register and become healthy – or drain and stop.
    Under {
        /// Tasks running.
        running: TaskCount,
        /// Tasks on their way.
        pending: TaskCount,
        /// Healthy targets, where a target group is known.
        healthy: Option<u32>,
        /// Targets draining.
        draining: u32,
        /// The count asked for.
        wanted: TaskCount,
    },
    /// Accepted so far; what the next step or the end waits for.
    Waiting {
        /// Steps that were accepted.
        step: usize,
        /// Of so many.
        of: usize,
        /// What is waited for, in words.
        what: String,
    },
    /// As asked for, healthy, nothing draining.
    Steady,
    /// Ended with less than was asked for.
    Partly {
        /// What was reached, and AWS's reason.
        why: String,
    },
    /// Not carried out.
    Failed {
        /// AWS's own reason.
        why: String,
    },
    /// Somebody else has set another value since.
    Overtaken {
        /// The value, and by whom where AWS tells.
        by: String,
    },
}

impl Stage {
    /// Whether nothing more will happen.
    pub fn is_over(&self) -> bool {
        matches!(self, Self::Steady | Self::Partly { .. } | Self::Failed { .. } | Self::Overtaken { .. })
    }
}

impl Follow {
    /// A change whose request goes out now. `pressed` is when Enter was; `expected_s` what such changes took here.
    pub fn begin(pressed: Timestamp, expected_s: Option<u32>) -> Self {
        Self { stage: Stage::Sending, began: pressed, ended: None, expected_s, step: 0, marks: Marks::default() }
    }

    /// A change that an earlier run of the program left unfinished after it had sent a step: whatever it had heard, that
    /// is read back first.
    pub fn resume(began: Timestamp, step: usize, now: Timestamp) -> Self {
        let follow = Self { step, ..Self::begin(began, None) };
        follow.answered(&Outcome::Unknown { detail: String::new() }, now)
    }

    /// Where nobody will send what comes next, because the run that confirmed it has ended: what there is of it.
    #[must_use]
    pub fn left_half_done(&self, now: Timestamp) -> Self {
        match &self.stage {
            Stage::Waiting { step, of, .. } if step < of => {
                let why = format!("{step} of {of} steps were carried out; what is left is a change of its own");
                self.over(Stage::Partly { why }, now)
            }
            _ => self.clone(),
        }
    }

    /// The next step goes out now.
    #[must_use]
    pub fn sending(&self, step: usize) -> Self {
        Self { stage: Stage::Sending, step, marks: Marks::default(), ..self.clone() }
    }

    /// What the one attempt to send came to.
    #[must_use]
    pub fn answered(&self, outcome: &Outcome, now: Timestamp) -> Self {
        let marks = Marks { answered: Some(now), progressed: Some(now), distance: None };
        let follow = Self { marks, ..self.clone() };
        match outcome {
            Outcome::Accepted { .. } => follow,
            Outcome::Unknown { .. } => Self { stage: Stage::Unknown, ..follow },
            Outcome::Refused { code, message } => follow.stopped(format!("{code}: {message}"), now),
        }
    }

    /// It goes no further: failed where nothing had been carried out before, else partly.
    #[must_use]
    pub fn stopped(&self, why: String, now: Timestamp) -> Self {
        let done = if self.step == 0 {
            Stage::Failed { why }
        } else {
            Stage::Partly { why: format!("after {} steps: {why}", self.step) }
        };
        self.over(done, now)
    }

    /// Whether the step after the last one can be sent, as far as the platform shows.
    pub fn ready(&self, plan: &Plan, platform: &Platform, now: Timestamp) -> bool {
        let between = !self.stage.is_over() && self.stage != Stage::Unknown && self.step + 1 < plan.steps().len();
        let Some(answered) = self.marks.answered.filter(|_| between) else { return false };
        matches!(plan.next(self.step + 1, Some((self.began, answered)), platform, now), Next::Send(_))
    }

    /// The next step, from the platform as it is now. Nothing happens before [`Follow::answered`] or after the end.
    #[must_use]
    pub fn advance(&self, plan: &Plan, platform: &Platform, now: Timestamp) -> Self {
        let Some(answered) = self.marks.answered.filter(|_| !self.stage.is_over()) else {
            return self.clone();
        };
        let steps = plan.steps();
        if self.step + 1 < steps.len() {
            return self.between(plan, &steps[self.step], steps.len(), answered, platform, now);
        }
        match Sight::of(plan, platform, answered, self.began) {
            Sight::Nothing => self.unseen(now),
            Sight::Gone(why) => self.over(Stage::Failed { why }, now),
            Sight::Seen(seen) => self.see(plan, *seen, now),
        }
    }

    /// After a step that is not the last.
    fn between(
        &self,
        plan: &Plan,
        step: &super::Step,
        of: usize,
        answered: Timestamp,
        platform: &Platform,
        now: Timestamp,
    ) -> Self {
        let done = self.step + 1;
        if self.stage == Stage::Unknown {
            return match step.shows(&plan.change.target(), platform, answered) {
                Some(true) => Self {
                    stage: Stage::Waiting { step: done, of, what: "it was carried out".to_owned() },
                    ..self.clone()
                },
                Some(false) if now.as_second() - answered.as_second() >= STEP_READ_BACK_S => {
                    self.stopped(format!("no answer came, and nothing shows that it did: {}", step.what()), now)
                }
                _ => self.unseen(now),
            };
        }
        match plan.next(done, Some((self.began, answered)), platform, now) {
            Next::Never(why) => Self { step: done, ..self.clone() }.stopped(why, now),
            Next::Wait(what) => Self { stage: Stage::Waiting { step: done, of, what }, ..self.clone() },
            Next::Send(next) => Self { stage: Stage::Waiting { step: done, of, what: next.what() }, ..self.clone() },
        }
    }

    /// Nothing has been read since the answer.
    fn unseen(&self, now: Timestamp) -> Self {
        if self.stuck_for(now) < PATIENCE_S {
            return self.clone();
        }
        let why =
            format!("nothing could be read for {}: what was reached is not known", words::span(PATIENCE_S as u32));
        self.over(Stage::Partly { why }, now)
    }

    fn see(&self, plan: &Plan, seen: Seen, now: Timestamp) -> Self {
        let asked = plan.change.sets();
        let before = plan.before();
        if seen.value.as_ref() != Some(&asked) && !seen.settling {
            let still = seen.value == before;
            // Between the steps of a sequence a value is neither what it was nor what it will be.
            if (still || self.step > 0) && seen.since_answer_s < seen.read_back_s {
                return self.clone();
            }
            let field = plan.change.field();
            let value = seen.value.as_ref().map_or_else(|| "not there".to_owned(), ToString::to_string);
            if still && self.stage == Stage::Unknown {
                let waited = words::span(seen.since_answer_s as u32);
                return self
                    .stopped(format!("not carried out: {field} is still {value}, {waited} after the request"), now);
            }
            let by = format!("{field} is {value}, not your {asked}: {}", seen.culprit);
            return self.over(Stage::Overtaken { by }, now);
        }
        if seen.steady {
            return self.over(Stage::Steady, now);
        }
        let near = self.nearer(&seen, now);
        match near.given_up(seen, now) {
            Some(end) => near.over(end, now),
            None => near,
        }
    }

    /// Under way, with the progress marked. The first sight is one only if something has moved since the plan.
    fn nearer(&self, seen: &Seen, now: Timestamp) -> Self {
        let (nearest, progress) = match self.marks.distance {
            None => (seen.distance, seen.begun),
            Some(known) => (seen.distance.min(known), seen.distance < known),
        };
        let progressed = if progress { Some(now) } else { self.marks.progressed };
        let marks = Marks { progressed, distance: Some(nearest), ..self.marks };
        Self { stage: seen.stage.clone(), marks, ..self.clone() }
    }

    /// How it ended, if AWS has given up or nothing has moved for too long.
    fn given_up(&self, seen: Seen, now: Timestamp) -> Option<Stage> {
        let stuck = self.stuck_for(now);
        let why = match seen.complaint {
            Some(Complaint::Final(why)) => why,
            Some(Complaint::Tried(why)) if stuck >= PLACEMENT_S => why,
            _ if stuck >= seen.patience_s => format!("nothing has moved for {}", words::span(stuck as u32)),
            _ => return None,
        };
        let reached = seen.reached;
        Some(if seen.begun || self.step > 0 {
            Stage::Partly { why: format!("{reached}: {why}") }
        } else {
            Stage::Failed { why: format!("{why} ({reached})") }
        })
    }

    fn stuck_for(&self, now: Timestamp) -> i64 {
        self.marks.progressed.map_or(0, |since| now.as_second() - since.as_second())
    }

    fn over(&self, stage: Stage, now: Timestamp) -> Self {
        Self { stage, ended: Some(now), ..self.clone() }
    }
}

#[cfg(test)]
mod tests;
