//! Windows, cooldowns, draining: whether a change is seen before the next one is decided.

use super::Finding;
use crate::policy::knobs::{EcsPolicy, Policy};

/// Seconds until a minute's value may serve as evidence, after the minute itself.
const METRIC_DELAY_S: u32 = 120;
/// Seconds from a task's request until it serves, where nothing was measured: image, start and two health checks.
const USUAL_START_S: u32 = 90;
/// The spec's words for its windows: "2 consecutive periods", "5 consecutive periods".
const PERIODS: (u32, u32) = (2, 5);

pub(super) fn findings(policy: &Policy) -> Vec<Finding> {
    let ecs = &policy.ecs;
    [in_before_out(ecs), out_before_its_effect(ecs), draining(policy), periods(ecs)]
        .into_iter()
        .flatten()
        .chain(parts_of_minutes(ecs))
        .collect()
}

fn in_before_out(policy: &EcsPolicy) -> Option<Finding> {
    let (out, inward) = (policy.scale_out_cooldown_s, policy.scale_in_cooldown_s);
    (inward < out).then(|| {
        Finding::warning(
            "in-cooldown-shorter-than-out",
            &["ecs_scale_in_cooldown_s", "ecs_scale_out_cooldown_s"],
            format!("the cooldown after an in is {inward} s, after an out {out} s"),
            "What was just added may be taken away before it has shown what it carries: the count flaps.",
            format!("Set ecs_scale_in_cooldown_s to {} or more.", out.max(300)),
        )
    })
}

fn out_before_its_effect(policy: &EcsPolicy) -> Option<Finding> {
    let seen = METRIC_DELAY_S + USUAL_START_S;
    let out = policy.scale_out_cooldown_s;
    (out < seen).then(|| {
        Finding::remark(
            "out-cooldown-ends-before-effect",
            &["ecs_scale_out_cooldown_s"],
            format!("the cooldown after an out is {out} s; what it adds is seen after about {seen} s"),
            "A second out is decided on a metric that does not show the first one yet. Tasks on their way are counted \
             in, so only a larger need goes through.",
            format!("Leave it for speed, or set ecs_scale_out_cooldown_s to {seen} for calm."),
        )
    })
}

fn draining(policy: &Policy) -> Option<Finding> {
    let (draining, cooldown) = (policy.balancer.draining_s, policy.ecs.scale_in_cooldown_s);
    (draining > cooldown).then(|| {
        Finding::warning(
            "draining-longer-than-in-cooldown",
            &["alb_draining_s", "ecs_scale_in_cooldown_s"],
            format!("a target drains for {draining} s, and the cooldown after an in is {cooldown} s"),
            "AWS counts its cooldown from when it has set the count: it takes the next task while the last one still \
             serves, and the metrics do not show the loss yet.",
            format!("Set ecs_scale_in_cooldown_s to {draining} or more, or alb_draining_s to {cooldown} or less."),
        )
    })
}

fn periods(policy: &EcsPolicy) -> Option<Finding> {
    let (out, inward) = (policy.scale_out_window_s / PERIODS.0, policy.scale_in_window_s / PERIODS.1);
    (out != inward).then(|| {
        Finding::remark(
            "periods-do-not-multiply",
            &["ecs_scale_out_window_s", "ecs_scale_in_window_s"],
            format!(
                "{} periods of the out-window are {out} s each, {} of the in-window {inward} s",
                PERIODS.0, PERIODS.1
            ),
            "One metric has one period, so the two counts of periods cannot both hold. The durations do, on minutes.",
            "Nothing has to change; for one period of 300 s, set ecs_scale_out_window_s to 600 and \
             ecs_scale_in_window_s to 1500."
                .to_owned(),
        )
    })
}

fn parts_of_minutes(policy: &EcsPolicy) -> Vec<Finding> {
    let windows =
        [("ecs_scale_out_window_s", policy.scale_out_window_s), ("ecs_scale_in_window_s", policy.scale_in_window_s)];
    let parted = windows.into_iter().filter(|(_, window)| !window.is_multiple_of(60));
    let said = parted.map(|(variable, window)| {
        let whole = window.div_ceil(60);
        Finding::warning(
            "window-in-parts-of-minutes",
            &[variable],
            format!("{variable} is {window} s"),
            "Metrics come by the minute: a part of a minute counts as a whole one.",
            format!("Set {variable} to {}.", whole * 60),
        )
    });
    said.collect()
}
