//! What is switched off, or was never set up.

use super::super::case::{Case, learnt};
use super::super::mend::Mend;
use super::super::{Cause, Proof};
use crate::platform::{AlarmState, MetricId, ScalingPolicy, Source, TaskCount};
use crate::policy::sentence::listed;

/// Dynamic scale-out is suspended.
pub(super) fn suspended(case: &Case, _: Option<TaskCount>) -> Option<Cause> {
    let target = case.target.filter(|target| target.suspended.scale_out)?;
    Some(
        Cause::new("scale_out_suspended", "dynamic scale-out is suspended on its scalable target")
            .proof(Proof::new("DynamicScalingOutSuspended", "true").limit("false").at(target.learnt))
            .mend(Mend::new("resume scale-out").register(
                case.id,
                case.identity(),
                &["--suspended-state", "DynamicScalingOutSuspended=false"],
            )),
    )
}

/// AWS scales nothing that is not registered.
pub(super) fn not_registered(case: &Case, _: Option<TaskCount>) -> Option<Cause> {
    if case.target.is_some() {
        return None;
    }
    let read = learnt(case.platform, Source::ScalableTargets)?;
    Some(
        Cause::new("not_registered", "no scalable target is registered: AWS scales nothing here")
            .proof(Proof::new("scalable target", "none").at(read))
            .mend(
                Mend::new(format!(
                    "register it with the policy's limits, {} to {}",
                    case.policy.ecs.min_capacity, case.policy.ecs.max_capacity
                ))
                .register(
                    case.id,
                    case.identity(),
                    &[
                        "--min-capacity",
                        &case.policy.ecs.min_capacity.to_string(),
                        "--max-capacity",
                        &case.policy.ecs.max_capacity.to_string(),
                    ],
                ),
            ),
    )
}

/// AWS's word for the metric of a rule.
fn predefined(metric: MetricId) -> &'static str {
    match metric {
        MetricId::ServiceCpu => "ECSServiceAverageCPUUtilization",
        MetricId::ServiceMemory => "ECSServiceAverageMemoryUtilization",
        _ => "ALBRequestCountPerTarget",
    }
}

/// Nothing in AWS follows a metric that breaches.
pub(super) fn no_policy(case: &Case, _: Option<TaskCount>) -> Option<Cause> {
    let policies = case.policies?;
    case.target?;
    let breaching: Vec<MetricId> =
        case.verdict.metrics.iter().filter(|metric| metric.out.held_s > 0).map(|metric| metric.metric).collect();
    let tracks = |metric: MetricId| {
        let follows =
            |policy: &ScalingPolicy| policy.kind == "TargetTrackingScaling" && policy.metric == predefined(metric);
        // A policy of another kind may follow anything: its metric is not told.
        policies.iter().any(|policy| follows(policy) || policy.kind != "TargetTrackingScaling")
    };
    let free: Vec<&str> =
        breaching.iter().filter(|metric| !tracks(**metric)).map(|metric| metric.row().label).collect();
    let sentence = match (policies.is_empty(), free.as_slice()) {
        (true, _) => "it has no scaling policy in AWS".to_owned(),
        (false, []) => return None,
        (false, free) => format!("no scaling policy in AWS follows {}", listed(free.iter().copied())),
    };
    let names = policies.iter().map(|policy| Proof::new(policy.name.clone(), policy.metric.clone()));
    Some(
        Cause::new("no_policy", sentence)
            .proof(
                Proof::new("scaling policies", policies.len().to_string())
                    .at(learnt(case.platform, Source::ScalingPolicies)),
            )
            .proofs(names)
            .mend(Mend::new("put the policy's target tracking policies").look(
                "describe-scaling-policies",
                case.id,
                case.identity(),
            )),
    )
}

/// An alarm that target tracking goes by does nothing, or says nothing.
pub(super) fn alarm_mute(case: &Case, _: Option<TaskCount>) -> Option<Cause> {
    let read = learnt(case.platform, Source::Alarms)?;
    let names = case.policies?.iter().flat_map(|policy| &policy.alarms).filter(|name| name.contains("-AlarmHigh-"));
    let mut proofs = Vec::new();
    let mut words = Vec::new();
    for name in names {
        let (what, value, at) = match case.platform.alarms.get(name) {
            None => ("is gone", "not found".to_owned(), read),
            Some(alarm) if !alarm.actions_enabled => ("has its actions switched off", "off".to_owned(), alarm.learnt),
            Some(alarm) if alarm.actions == 0 => ("has no action", "0 actions".to_owned(), alarm.learnt),
            Some(alarm) if alarm.state == AlarmState::InsufficientData => {
                ("has too little data, so that nothing scales", "INSUFFICIENT_DATA".to_owned(), alarm.since)
            }
            Some(_) => continue,
        };
        words.push(what);
        proofs.push(Proof::new(name.clone(), value).at(at));
    }
    words.dedup();
    let which = if proofs.len() == 1 { "an alarm" } else { "each of some alarms" };
    let sentence = format!("{which} that scale-out hangs on {}", listed(words.into_iter()));
    (!proofs.is_empty()).then(|| {
        Cause::new("alarm_mute", sentence).proofs(proofs).mend(
            Mend::new("put its scaling policy again: AWS then makes its alarms anew").look(
                "describe-scaling-policies",
                case.id,
                case.identity(),
            ),
        )
    })
}
