//! What AWS refuses, and what fails.

use super::super::case::Case;
use super::super::mend::Mend;
use super::super::{Cause, Proof};
use crate::platform::{Activity, ActivityKind, Rollout, ServiceEvent, TaskCount};
use crate::policy::sentence::many;
use crate::policy::window::ago;

/// A refusal or an event older than this tells nothing about now, seconds.
const RECENT_S: u32 = 15 * 60;
/// A failure older than this is history, seconds.
const HOUR_S: u32 = 60 * 60;

/// More is wanted than the ceiling allows, or AWS has said that it is there.
pub(super) fn at_ceiling(case: &Case, wanted: Option<TaskCount>) -> Option<Cause> {
    let ceiling = case.verdict.ceiling;
    let desired = case.service.desired;
    if desired < ceiling {
        return None;
    }
    let refusal = case.refusal(RECENT_S, |reason| reason == "AlreadyAtMaxCapacity");
    let beyond = wanted.map_or_else(String::new, |wanted| format!(": {wanted} wanted"));
    let policy = case.policy.ecs.max_capacity;
    let mut told = Cause::new("at_ceiling", format!("at the ceiling of {ceiling}{beyond}"))
        .proof(Proof::new("desired", desired.to_string()).limit(ceiling.to_string()).at(case.service.learnt));
    if let Some(target) = case.target {
        let proof = Proof::new("maximum in AWS", target.max.to_string()).limit(format!("{policy} in the policy"));
        told = told.proof(proof.at(target.learnt));
    }
    if let Some((activity, reason)) = refusal {
        told = told.proof(Proof::new("AWS refused to scale", reason).at(activity.started));
    }
    let to = wanted.unwrap_or(TaskCount(ceiling.0 + 1));
    let raise = Mend::new(format!("raise the maximum to {to}"));
    let raise = if to > policy { raise.variable("ecs_max_capacity") } else { raise };
    Some(told.mend(raise.register(case.id, case.identity(), &["--max-capacity", &to.to_string()])))
}

/// The autoscaler's own role is not allowed to act.
pub(super) fn role(case: &Case, _: Option<TaskCount>) -> Option<Cause> {
    let denied = |text: &str| {
        let text = text.to_ascii_lowercase();
        text.contains("not authorized") || text.contains("accessdenied") || text.contains("access denied")
    };
    let of = |activity: &&Activity| match &activity.kind {
        ActivityKind::Failed => denied(&activity.message) || denied(&activity.cause),
        ActivityKind::NotScaled(reasons) => reasons.iter().any(|reason| reason.contains("RoleNotAuthorized")),
        _ => false,
    };
    let activity = case.recent(HOUR_S).find(of)?;
    // Whatever succeeded later proves that it is allowed by now.
    if case.recent(HOUR_S).any(|later| later.kind == ActivityKind::Successful && later.started > activity.started) {
        return None;
    }
    let words = said(activity);
    let action = action(&activity.message).unwrap_or_else(|| "ecs:UpdateService".to_owned());
    Some(
        Cause::new("autoscaler_denied", "the role of AWS's autoscaler is not allowed to change the service")
            .proof(Proof::new("activity", words).at(activity.started))
            .mend(Mend::new(format!(
                "allow {action} to AWSServiceRoleForApplicationAutoScaling_ECSService, or to the role that the target names"
            ))),
    )
}

/// The action that IAM's sentence names: "… is not authorized to perform: ecs:UpdateService on resource: …".
fn action(message: &str) -> Option<String> {
    let (_, rest) = message.split_once("to perform: ")?;
    let word = rest.split_whitespace().next()?;
    let named = word.contains(':') && word.chars().all(|c| c.is_ascii_alphanumeric() || c == ':' || c == '-');
    named.then(|| word.to_owned())
}

fn said(activity: &Activity) -> String {
    match &activity.kind {
        ActivityKind::NotScaled(reasons) => reasons.join(", "),
        _ if activity.message.is_empty() => activity.description.clone(),
        _ => activity.message.clone(),
    }
}

/// Fewer tasks run than are wanted, and AWS says that it cannot start them.
pub(super) fn short_of_tasks(case: &Case) -> bool {
    let short = case.service.running < case.service.desired;
    short && (quota(case, None).is_some() || no_room(case, None).is_some() || tasks_fail(case, None).is_some())
}

/// The newest event of the last quarter of an hour that says one of these words.
fn event<'a>(case: &Case<'a>, words: &[&str]) -> Option<&'a ServiceEvent> {
    let since = ago(case.now, RECENT_S);
    let recent = case.service.events.iter().filter(|event| event.at >= since);
    recent
        .max_by_key(|event| {
            let message = event.message.to_ascii_lowercase();
            let says = words.iter().any(|word| message.contains(word));
            (says, event.at)
        })
        .filter(|event| {
            let message = event.message.to_ascii_lowercase();
            words.iter().any(|word| message.contains(word))
        })
}

const QUOTA: &[&str] = &["quota", "limitexceeded", "reached the limit", "you've reached"];
const NO_ROOM: &[&str] = &["unable to place a task", "capacity is unavailable", "insufficient capacity"];
const FAILING: &[&str] = &[
    "unable to consistently start tasks",
    "failed to start",
    "failed to launch",
    "cannotpullcontainer",
    "was unable to start",
];

fn running(case: &Case) -> Proof {
    Proof::new("running", case.service.running.to_string())
        .limit(case.service.desired.to_string())
        .at(case.service.learnt)
}

/// A quota of the account is used up.
pub(super) fn quota(case: &Case, _: Option<TaskCount>) -> Option<Cause> {
    let told = event(case, QUOTA).map(|event| (event.message.clone(), event.at));
    let failed = case.recent(RECENT_S).find(|activity| {
        let message = activity.message.to_ascii_lowercase();
        activity.kind == ActivityKind::Failed && QUOTA.iter().any(|word| message.contains(word))
    });
    let (words, at) = told.or_else(|| failed.map(|activity| (activity.message.clone(), activity.started)))?;
    Some(
        Cause::new("quota", "a quota of the account is used up")
            .proof(Proof::new("AWS says", words).at(at))
            .proof(running(case))
            .mend(Mend::new("ask for more of it in Service Quotas, or stop what else uses it")),
    )
}

/// There is no room for another task.
pub(super) fn no_room(case: &Case, _: Option<TaskCount>) -> Option<Cause> {
    let event = event(case, NO_ROOM).filter(|event| !QUOTA.iter().any(|word| event.message.contains(word)))?;
    Some(
        Cause::new("no_room", "AWS has no room for another task")
            .proof(Proof::new("event", event.message.clone()).at(event.at))
            .proof(running(case))
            .mend(Mend::new("add another capacity provider or zone, or a smaller task")),
    )
}

/// Tasks are started and do not stay.
pub(super) fn tasks_fail(case: &Case, _: Option<TaskCount>) -> Option<Cause> {
    let primary = case.service.deployments.iter().find(|deployment| deployment.primary);
    let failing = primary.filter(|primary| {
        (primary.rollout == Rollout::Failed || primary.failed > TaskCount(0)) && primary.running < primary.desired
    });
    let event = event(case, FAILING);
    if failing.is_none() && event.is_none() {
        return None;
    }
    let mut told = Cause::new("tasks_fail", "tasks are started and do not stay");
    if let Some(primary) = failing {
        let value = format!("{} failed", many(primary.failed.0, "task"));
        told = told.proof(Proof::new(format!("deployment of {}", primary.task_definition), value).at(primary.updated));
        if !primary.reason.is_empty() {
            told = told.proof(Proof::new("AWS says", primary.reason.clone()).at(primary.updated));
        }
    }
    if let Some(event) = event {
        told = told.proof(Proof::new("event", event.message.clone()).at(event.at));
    }
    let stopped = case.platform.tasks.get(case.id).into_iter().flat_map(|tasks| tasks.iter());
    let newest = stopped.filter(|task| task.stopped.is_some()).max_by_key(|task| task.stopped);
    if let Some((task, reason)) = newest.and_then(|task| Some((task, task.stop_reason.clone()?))) {
        told = told.proof(Proof::new(format!("task {} stopped", task.id), reason).at(task.stopped));
    }
    Some(
        told.proof(running(case))
            .mend(Mend::new("look at the stop reasons of its tasks; roll back if a deployment brought it")),
    )
}

/// The autoscaler's newest attempt came to nothing.
pub(super) fn activity_failed(case: &Case, _: Option<TaskCount>) -> Option<Cause> {
    let settled = |activity: &&Activity| {
        !matches!(activity.kind, ActivityKind::NotScaled(_) | ActivityKind::Pending | ActivityKind::InProgress)
    };
    let newest = case.recent(HOUR_S).find(settled)?;
    if !matches!(newest.kind, ActivityKind::Failed | ActivityKind::Unfulfilled) || role(case, None).is_some() {
        return None;
    }
    let word = if newest.kind == ActivityKind::Failed { "failed" } else { "was not fulfilled in time" };
    Some(
        Cause::new("activity_failed", format!("the autoscaler's last attempt {word}"))
            .proof(Proof::new(newest.description.clone(), said(newest)).at(newest.started))
            .mend(Mend::new("look at what AWS says of it").look(
                "describe-scaling-activities",
                case.id,
                case.identity(),
            )),
    )
}

/// AWS says why it did not scale; being at a limit has its own rules.
pub(super) fn not_scaled(case: &Case, _: Option<TaskCount>) -> Option<Cause> {
    let own =
        ["AlreadyAtMaxCapacity", "AlreadyAtMinCapacity", "AlreadyAtDesiredCapacity", "AutoScalingRoleNotAuthorized"];
    let (activity, reason) = case.refusal(RECENT_S, |reason| !own.contains(&reason))?;
    let moved = |later: &&Activity| later.started > activity.started && later.desired().is_some();
    if case.recent(RECENT_S).any(|later| moved(&later)) {
        return None;
    }
    let words = reason_words(reason);
    let mend = match reason {
        "NotReadyToScale" | "TargetServicePutResourceAsUnscalable" => {
            "wait: AWS tries again by itself, after a deployment for instance"
        }
        "AutoScalingAnticipatedFlapping" => "look at its targets: AWS expects to take back at once what it would add",
        _ => "look at what AWS says of it",
    };
    Some(
        Cause::new("not_scaled", format!("AWS did not scale: {words}"))
            .proof(Proof::new("not-scaled reason", reason).at(activity.started))
            .mend(Mend::new(mend).look("describe-scaling-activities", case.id, case.identity())),
    )
}

/// A not-scaled reason in words; one that is not known, as it is (AWS documentation, "Scaling activities").
pub fn reason_words(reason: &str) -> String {
    match reason {
        "AutoScalingAnticipatedFlapping" => "it would have to take it back at once (anticipated flapping)",
        "TargetServicePutResourceAsUnscalable" => "the service cannot be scaled for the moment",
        "NotReadyToScale" => "the service is not ready to scale",
        "AutoScalingRoleNotAuthorized" => "its role is not allowed to",
        "AlreadyAtMaxCapacity" => "it is at its maximum",
        "AlreadyAtMinCapacity" => "it is at its minimum",
        "AlreadyAtDesiredCapacity" => "it has what is wanted already",
        other => return other.to_owned(),
    }
    .to_owned()
}
