//! "Service not scaling out": what stands between a service and the tasks that it needs.
//!
//! In the order of how directly each stands in the way: what is switched off or cannot be done, what AWS refuses, what it
//! cannot see, and what only takes its time.

mod refused;
mod switched;
mod waiting;

pub use self::refused::reason_words;
use super::asks::{Ask, ask, given};
use super::case::{Case, unread};
use super::{Cause, Certainty, Diagnosis, Standing, Trouble};
use crate::platform::{Source, TaskCount};

/// What a rule is asked with beside the case: the count that is wanted, where a rule of the policy names one.
type Rule = fn(&Case, Option<TaskCount>) -> Option<Cause>;

/// The rules, and whether each tells something although nothing asks for more.
const RULES: &[(Rule, bool)] = &[
    (switched::suspended, true),
    (switched::not_registered, false),
    (switched::no_policy, false),
    (refused::at_ceiling, false),
    (refused::role, true),
    (refused::quota, false),
    (refused::no_room, false),
    (refused::tasks_fail, false),
    (refused::activity_failed, false),
    (refused::not_scaled, false),
    (switched::alarm_mute, true),
    (waiting::blind, false),
    (waiting::cooldown, false),
    (waiting::alarm_filling, false),
    (waiting::window_filling, false),
    (waiting::starting, false),
];

/// What the rules read. Without one of them a cause may be missing.
const READ: &[(Source, &str)] = &[
    (Source::ScalableTargets, "whether a scalable target is registered, and its limits"),
    (Source::ScalingPolicies, "whether its scaling policies are active"),
    (Source::Activities, "what the autoscaler has done or refused to do"),
    (Source::Metrics, "its metrics"),
    (Source::Alarms, "the alarms that the autoscaler goes by"),
];

pub(super) fn diagnosis(case: &Case) -> Diagnosis {
    let asked = ask(case);
    let wanted = match &asked {
        Ask::More { wanted, .. } => *wanted,
        Ask::Nothing | Ask::Unknown { .. } => None,
    };
    let failing = refused::short_of_tasks(case);
    let all = |latent_only: bool| -> Vec<Cause> {
        let rules = RULES.iter().filter(|(_, latent)| *latent || !latent_only);
        rules.filter_map(|(rule, _)| rule(case, wanted)).collect()
    };
    let (standing, sentence, mut causes) = match &asked {
        Ask::More { words, .. } if given(case, wanted) && !failing => {
            (Standing::No, format!("{words}; {}", case.aws.sentence()), all(true))
        }
        Ask::More { words, .. } => (Standing::Yes, words.clone(), all(false)),
        _ if failing => {
            let words = format!("{} of {} tasks run", case.service.running, case.service.desired);
            (Standing::Yes, words, all(false))
        }
        Ask::Nothing => (Standing::No, "nothing asks for more".to_owned(), all(true)),
        Ask::Unknown { because } => {
            let standing = Standing::CannotTell { because: because.clone() };
            (standing, "whether more is needed cannot be told".to_owned(), all(false))
        }
    };
    if standing != Standing::No {
        causes.extend(unread(case.platform, READ, case.now));
        if !causes.iter().any(|told| told.certainty == Certainty::Yes) && standing == Standing::Yes {
            causes.insert(0, waiting::nobody_acts(case));
        }
    }
    Diagnosis { trouble: Trouble::NotScalingOut, standing, sentence, causes }
}
