//! A service's condition in one word: is it on fire, and is somebody on it? Three different words for that: *advised*
//! (nobody acts), *AWS acting*, *you acting*.
//!
//! Absent on purpose: thresholds. What counts as a breach is the policy's business; here its verdict is put into words.

use jiff::Timestamp;

use super::Phrase;
use crate::console::theme::Meaning;
use crate::console::words;
use crate::live::View;
use crate::platform::{Activity, ActivityKind, Rollout, Service, ServiceId, TargetState, TaskCount};
use crate::policy::verdict::Direction;
use crate::policy::{Decision, Reason, Verdict};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Severity {
    /// Nothing to see.
    #[default]
    Fine,
    /// The data does not allow an answer, and that is never "fine".
    Blind,
    /// Not yet on fire.
    Warning,
    /// On fire.
    Critical,
}

/// Who does what about it.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// Nothing asks, nothing moves.
    Steady,
    /// A breach is under way, not held for its window yet.
    Filling {
        /// Seconds held.
        held_s: u32,
        /// Seconds needed.
        need_s: u32,
    },
    /// The policy advises a change and nobody acts.
    Advised {
        /// Whether it is an out.
        out: bool,
        /// To this many.
        to: TaskCount,
    },
    /// The autoscaler is acting.
    AwsActing {
        /// To this many, where its words name it.
        to: Option<TaskCount>,
    },
    /// A change of yours is on its way.
    YouActing {
        /// To this many.
        to: TaskCount,
    },
    /// The count is on its way, and it is not known who set it.
    Moving {
        /// To this many.
        to: TaskCount,
    },
    /// Wanted, but a cooldown runs.
    Cooling {
        /// The count that is wanted.
        wanted: TaskCount,
        /// When it ends, where that is known.
        until: Option<Timestamp>,
    },
    /// Wanted, but the ceiling is in the way.
    AtCeiling {
        /// The count that is wanted.
        wanted: TaskCount,
    },
    /// A deployment runs.
    Deploying,
    /// The data does not allow an answer.
    CannotTell {
        /// Whether history is still arriving after a start.
        arriving: bool,
    },
    /// Desired is 0.
    Stopped,
    /// No scalable target.
    NotManaged,
    /// Not described or not judged yet.
    Unread,
}

impl Condition {
    /// The condition of a service.
    pub fn of(view: &View, id: &ServiceId) -> Self {
        if let Some(to) = yours(view, id) {
            return Self::YouActing { to };
        }
        let Some(service) = view.platform.services.get(id) else { return Self::Unread };
        let acting = view.platform.activities.get(id).and_then(|list| list.iter().find(|a| under_way(a)));
        if let Some(activity) = acting {
            return Self::AwsActing { to: activity.desired().map(TaskCount) };
        }
        let Some(verdict) = view.advice.services.get(id) else { return Self::Unread };
        match (&verdict.decision, verdict.decision.reason()) {
            (Decision::Out { to, .. }, _) => Self::Advised { out: true, to: *to },
            (Decision::In { to, .. }, _) => Self::Advised { out: false, to: *to },
            (Decision::CannotTell { .. }, reason) => {
                Self::CannotTell { arriving: matches!(reason, Reason::Missing { arriving: true, .. }) }
            }
            (_, Reason::Cooldown { wanted, until, .. }) => Self::Cooling { wanted: *wanted, until: *until },
            (_, Reason::AtCeiling { wanted }) => Self::AtCeiling { wanted: *wanted },
            (_, Reason::Stopped) => Self::Stopped,
            (_, Reason::Deploying) => Self::Deploying,
            (_, Reason::NotManaged) => Self::NotManaged,
            _ if service.running != service.desired => Self::Moving { to: service.desired },
            (_, Reason::Filling { held_s, need_s, .. }) => Self::Filling { held_s: *held_s, need_s: *need_s },
            _ if service.deploying() => Self::Deploying,
            _ => Self::Steady,
        }
    }

    /// The condition as a glyph and a word, with the meaning that both are drawn in. Short enough for a table.
    pub fn phrase(&self, now: Timestamp) -> Phrase {
        let phrase = Phrase::new();
        match self {
            Self::Steady => phrase.say(Meaning::Ok, "✓ steady"),
            Self::Filling { held_s, need_s } => {
                phrase.tell(Meaning::Warning, format_args!("◔ {}", window(*held_s, *need_s)))
            }
            Self::Advised { out: true, to } => phrase.tell(Meaning::Advice, format_args!("▲ advised {to}")),
            Self::Advised { out: false, to } => phrase.tell(Meaning::Advice, format_args!("▼ advised {to}")),
            Self::AwsActing { to: Some(to) } => phrase.tell(Meaning::Acting, format_args!("» AWS acting {to}")),
            Self::AwsActing { to: None } => phrase.say(Meaning::Acting, "» AWS acting"),
            Self::YouActing { to } => phrase.tell(Meaning::ActingYou, format_args!("» you acting {to}")),
            Self::Moving { to } => phrase.tell(Meaning::Acting, format_args!("» moving to {to}")),
            Self::Cooling { until: Some(until), .. } => {
                let left = words::span(until.as_second() - now.as_second());
                phrase.tell(Meaning::Blocked, format_args!("◷ cooling {left}"))
            }
            Self::Cooling { until: None, .. } => phrase.say(Meaning::Blocked, "◷ cooling down"),
            Self::AtCeiling { wanted } => phrase.tell(Meaning::Critical, format_args!("■ at max, wants {wanted}")),
            Self::Deploying => phrase.say(Meaning::Acting, "⇡ deploying"),
            Self::CannotTell { arriving: true } => phrase.say(Meaning::CannotTell, "? data arriving"),
            Self::CannotTell { arriving: false } => phrase.say(Meaning::CannotTell, "? cannot tell"),
            Self::Stopped => phrase.say(Meaning::Muted, "○ stopped"),
            Self::NotManaged => phrase.say(Meaning::Muted, "– not managed"),
            Self::Unread => phrase.say(Meaning::Muted, "… reading"),
        }
    }
}

/// How far a window has filled: `3m of 5m`.
pub fn window(held_s: u32, need_s: u32) -> String {
    format!("{} of {}", words::span(i64::from(held_s)), words::span(i64::from(need_s)))
}

/// Whether a scaling activity is still being carried out.
pub fn under_way(activity: &Activity) -> bool {
    matches!(activity.kind, ActivityKind::Pending | ActivityKind::InProgress)
}

/// What a change of this console is bringing the service to, while it is under way.
fn yours(view: &View, id: &ServiceId) -> Option<TaskCount> {
    let followed = view.followed.as_deref()?;
    let under_way = !followed.follow.stage.is_over() && followed.plan.change.service() == id;
    under_way.then(|| followed.plan.change.to())
}

/// How bad a service's state is.
///
/// Critical is what serves nobody: nothing runs though something should, no target is healthy, more is wanted than the
/// ceiling allows. A warning is a breach that the policy has judged, a failed deployment, an unhealthy target.
pub fn severity(view: &View, id: &ServiceId) -> Severity {
    let health = view.platform.services.get(id).map_or(Severity::Fine, |service| health(view, service));
    health.max(view.advice.services.get(id).map_or(Severity::Fine, verdict))
}

fn health(view: &View, service: &Service) -> Severity {
    let wanted = service.desired > TaskCount(0);
    if wanted && service.running == TaskCount(0) {
        return Severity::Critical;
    }
    let failed = service.deployments.iter().any(|deployment| deployment.rollout == Rollout::Failed);
    let mut worst = if failed { Severity::Warning } else { Severity::Fine };
    for group in service.target_groups.iter().filter_map(|arn| view.platform.target_groups.get(arn)) {
        let Some(targets) = group.targets.as_deref().filter(|targets| !targets.is_empty()) else { continue };
        let healthy = targets.iter().any(|target| target.state == TargetState::Healthy);
        let unhealthy = targets.iter().any(|target| target.state == TargetState::Unhealthy);
        worst = worst.max(match (healthy, unhealthy) {
            (false, _) if wanted => Severity::Critical,
            (_, true) => Severity::Warning,
            _ => Severity::Fine,
        });
    }
    worst
}

fn verdict(verdict: &Verdict) -> Severity {
    match (&verdict.decision, verdict.decision.reason()) {
        (_, Reason::AtCeiling { .. }) => Severity::Critical,
        (Decision::Out { .. }, _) | (_, Reason::Cooldown { direction: Direction::Out, .. }) => Severity::Warning,
        (Decision::CannotTell { reason: Reason::Missing { arriving: true, .. } }, _) => Severity::Fine,
        (Decision::CannotTell { .. }, _) => Severity::Blind,
        _ => Severity::Fine,
    }
}

impl Severity {
    /// Its glyph, its word and its meaning.
    pub fn mark(self) -> (&'static str, &'static str, Meaning) {
        match self {
            Self::Fine => ("✓", "fine", Meaning::Ok),
            Self::Blind => ("?", "blind", Meaning::CannotTell),
            Self::Warning => ("▲", "warning", Meaning::Warning),
            Self::Critical => ("●", "critical", Meaning::Critical),
        }
    }
}
