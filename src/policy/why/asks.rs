//! Whether a service needs more than it has, and who is already giving it.

use super::case::Case;
use crate::platform::metric::MetricKey;
use crate::platform::{MetricId, TaskCount};
use crate::policy::ecs::Acting;
use crate::policy::sentence::{amount, amount_beside};
use crate::policy::verdict::{Decision, Direction, Reason};
use crate::policy::window::{Evidence, MEAN_MINUTES};

/// Whether more is needed.
pub(super) enum Ask {
    /// It is; in words, with the count that is wanted where a rule names one.
    More { words: String, wanted: Option<TaskCount> },
    /// It is not.
    Nothing,
    /// The data does not allow an answer.
    Unknown { because: String },
}

pub(super) fn ask(case: &Case) -> Ask {
    let verdict = &case.verdict;
    let more = |words: String, wanted: Option<TaskCount>| Ask::More { words, wanted };
    match &verdict.decision {
        Decision::Out { to, .. } => return more(verdict.sentence(), Some(*to)),
        Decision::None {
            reason:
                Reason::AtCeiling { wanted }
                | Reason::Blocked { wanted, .. }
                | Reason::Cooldown { direction: Direction::Out, wanted, .. },
        } => {
            return more(verdict.sentence(), Some(*wanted));
        }
        Decision::None { reason: Reason::Filling { .. } } => return more(verdict.sentence(), None),
        Decision::None { reason: Reason::Stopped } => return Ask::Nothing,
        Decision::None { reason: Reason::NotManaged } => return unmanaged(case),
        Decision::None { .. } | Decision::In { .. } | Decision::CannotTell { .. } => {}
    }
    let above = verdict.most_urgent_first().into_iter().find(|evidence| evidence.out.held_s > 0);
    if let Some(evidence) = above {
        return more(verdict.metric_said(evidence).to_string(), evidence.asks);
    }
    match &verdict.decision {
        Decision::CannotTell { .. } => Ask::Unknown { because: verdict.sentence() },
        _ => Ask::Nothing,
    }
}

/// Of a service without a scalable target no rule looks at a metric: here its CPU and memory are.
fn unmanaged(case: &Case) -> Ask {
    let targets =
        [(MetricId::ServiceCpu, case.policy.ecs.cpu_target), (MetricId::ServiceMemory, case.policy.ecs.memory_target)];
    let mut seen = false;
    for (metric, target) in targets {
        let series = case.platform.series.get(&MetricKey::service(case.id, metric)).map(AsRef::as_ref);
        let Some(value) = Evidence::read(series, metric, case.now, MEAN_MINUTES, || None).mean(MEAN_MINUTES) else {
            continue;
        };
        seen = true;
        if value > target {
            let (label, limit) = (metric.row().label, amount(metric, target));
            let words = format!("{label} {} > {limit}", amount_beside(metric, value, target));
            return Ask::More { words, wanted: None };
        }
    }
    if seen { Ask::Nothing } else { Ask::Unknown { because: "it is not managed, and has no metrics".to_owned() } }
}

/// Whether AWS is giving, or has just given, at least what is wanted.
pub(super) fn given(case: &Case, wanted: Option<TaskCount>) -> bool {
    let enough = |to: &Option<TaskCount>| match (to, wanted) {
        (Some(to), Some(wanted)) => *to >= wanted,
        (Some(to), None) => *to >= case.service.desired,
        (None, _) => true,
    };
    match &case.aws.acting {
        Some(Acting::Setting { to, .. }) => enough(to),
        // What was given is counted in the desired count by now; more that is wanted has not been given.
        Some(Acting::Moved { to, .. }) => enough(to) && wanted.is_none_or(|wanted| case.service.desired >= wanted),
        None => false,
    }
}
