//! A change on its way, followed until it is steady, partly done, failed or overtaken.
//!
//! Pure: each step takes the follow as it was, the platform as it is and the time. What was read before the answer
//! came says nothing about the change and is passed over.

mod sight;

use jiff::Timestamp;

use self::sight::{Complaint, Seen, Sight};
use super::outcome::Outcome;
use super::plan::Plan;
use super::words;
use crate::platform::{Platform, TaskCount};

/// Without any progress for this long, what was reached is all there will be.
const PATIENCE_S: i64 = 15 * 60;

/// Draining targets leave all at once at the end of their delay: on top of the delay, this long is waited for.
const DRAINING_GRACE_S: i64 = 5 * 60;

/// How long a read-back may show the old value before it counts: ECS's answers trail its writes by seconds.
const READ_BACK_S: i64 = 10;

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
    /// Running equals desired, healthy, nothing draining.
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
        Self { stage: Stage::Sending, began: pressed, ended: None, expected_s, marks: Marks::default() }
    }

    /// A change that an earlier run of the program left unfinished: whatever it had heard, it is read back first.
    pub fn resume(began: Timestamp, now: Timestamp) -> Self {
        let follow = Self::begin(began, None);
        follow.answered(&Outcome::Unknown { detail: String::new() }, now)
    }

    /// What the one attempt to send came to.
    #[must_use]
    pub fn answered(&self, outcome: &Outcome, now: Timestamp) -> Self {
        let marks = Marks { answered: Some(now), progressed: Some(now), distance: None };
        let follow = Self { marks, ..self.clone() };
        match outcome {
            Outcome::Accepted { .. } => follow,
            Outcome::Unknown { .. } => Self { stage: Stage::Unknown, ..follow },
            Outcome::Refused { code, message } => follow.over(Stage::Failed { why: format!("{code}: {message}") }, now),
        }
    }

    /// The next step, from the platform as it is now. Nothing happens before [`Follow::answered`] or after the end.
    #[must_use]
    pub fn advance(&self, plan: &Plan, platform: &Platform, now: Timestamp) -> Self {
        let Some(answered) = self.marks.answered.filter(|_| !self.stage.is_over()) else {
            return self.clone();
        };
        match Sight::of(plan, platform, answered) {
            Sight::Nothing => self.unseen(now),
            Sight::Gone(why) => self.over(Stage::Failed { why }, now),
            Sight::Seen(seen) => self.see(plan, &seen, now),
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

    fn see(&self, plan: &Plan, seen: &Seen<'_>, now: Timestamp) -> Self {
        let (before, asked) = (plan.from(), plan.change.to());
        if seen.value != asked {
            if seen.value == before && seen.since_answer_s < READ_BACK_S {
                return self.clone();
            }
            let field = plan.change.field();
            if seen.value == before && self.stage == Stage::Unknown {
                let waited = words::span(seen.since_answer_s as u32);
                let why = format!("not carried out: {field} is still {before}, {waited} after the request");
                return self.over(Stage::Failed { why }, now);
            }
            let by = format!("{field} is {}, not your {asked}: {}", seen.value, seen.culprit(self.began));
            return self.over(Stage::Overtaken { by }, now);
        }
        if seen.steady(plan) {
            return self.over(Stage::Steady, now);
        }
        let near = self.nearer(plan, seen, now);
        match near.given_up(plan, seen, now) {
            Some(end) => near.over(end, now),
            None => near,
        }
    }

    /// Under way, with the progress marked. The first sight is one only if something has moved since the plan.
    fn nearer(&self, plan: &Plan, seen: &Seen<'_>, now: Timestamp) -> Self {
        let distance = seen.distance();
        let (nearest, progress) = match self.marks.distance {
            None => (distance, seen.service.running != plan.observed.running),
            Some(known) => (distance.min(known), distance < known),
        };
        let progressed = if progress { Some(now) } else { self.marks.progressed };
        let marks = Marks { progressed, distance: Some(nearest), ..self.marks };
        let stage = Stage::Under {
            running: seen.service.running,
            pending: seen.service.pending,
            healthy: seen.health.as_ref().map(|health| health.healthy),
            draining: seen.health.as_ref().map_or(0, |health| health.draining),
            wanted: seen.goal,
        };
        Self { stage, marks, ..self.clone() }
    }

    /// How it ended, if AWS has given up or nothing has moved for too long.
    fn given_up(&self, plan: &Plan, seen: &Seen<'_>, now: Timestamp) -> Option<Stage> {
        let stuck = self.stuck_for(now);
        let drains = seen.health.as_ref().filter(|health| health.draining > 0);
        let patience = drains.map_or(PATIENCE_S, |health| PATIENCE_S.max(i64::from(health.delay_s) + DRAINING_GRACE_S));
        let why = match seen.complaint(self.marks.answered?) {
            Some(Complaint::Final(why)) => why,
            Some(Complaint::Tried(why)) if stuck >= PLACEMENT_S => why,
            _ if stuck >= patience => format!("nothing has moved for {}", words::span(stuck as u32)),
            _ => return None,
        };
        let (was, is) = (plan.observed.running, seen.service.running);
        let unhealthy = seen.health.as_ref().filter(|health| health.healthy < is.0);
        let healthy = unhealthy.map_or(String::new(), |health| format!(", {} healthy", health.healthy));
        let reached = format!("{is} running{healthy}, {} wanted", seen.goal);
        Some(if is == was {
            Stage::Failed { why: format!("{why} ({reached})") }
        } else {
            Stage::Partly { why: format!("{reached}: {why}") }
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
