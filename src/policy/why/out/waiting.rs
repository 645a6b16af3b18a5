//! What only takes its time, and what cannot be seen.

use super::super::case::{Case, metric_proof};
use super::super::mend::Mend;
use super::super::{Cause, Proof};
use crate::platform::{Activity, ActivityKind, TaskCount};
use crate::policy::ecs::ALARM_MINUTES;
use crate::policy::sentence::{amount, clock, listed, many, span};
use crate::policy::verdict::{Decision, Direction, Reason};
use crate::policy::window::after;

/// What AWS takes for a cooldown of an ECS service that a policy leaves open, seconds.
const AWS_COOLDOWN_S: u32 = 300;

/// Metrics are missing: AWS's own alarms have too little data then, and nothing scales in either direction.
pub(super) fn blind(case: &Case, _: Option<TaskCount>) -> Option<Cause> {
    let missing: Vec<_> = case.verdict.metrics.iter().filter(|metric| metric.value.is_none()).collect();
    if missing.is_empty() {
        return None;
    }
    let names = listed(missing.iter().map(|metric| metric.metric.row().label));
    let verb = if missing.len() == 1 { "has" } else { "have" };
    let proofs = missing.iter().map(|metric| metric_proof(metric));
    Some(
        Cause::new("blind", format!("{names} {verb} no data: without it AWS's alarm does not act"))
            .proofs(proofs)
            .mend(Mend::new("see whether its tasks run and CloudWatch gets their metrics")),
    )
}

/// A cooldown, the policy's or AWS's.
pub(super) fn cooldown(case: &Case, _: Option<TaskCount>) -> Option<Cause> {
    if let Decision::None { reason: Reason::Cooldown { direction: Direction::Out, until, wanted } } =
        &case.verdict.decision
    {
        let ends = until.map_or("not begun to end".to_owned(), |until| format!("until {}", clock(until)));
        return Some(
            Cause::new("cooldown", format!("scale out to {wanted} waits for the cooldown"))
                .proof(
                    Proof::new("scale-out cooldown", ends).limit(format!("{} s", case.policy.ecs.scale_out_cooldown_s)),
                )
                .mend(
                    Mend::new("wait, or set the count now; shorten the cooldown").variable("ecs_scale_out_cooldown_s"),
                ),
        );
    }
    let last = case.activities.iter().find(|activity| {
        activity.desired().is_some() && matches!(activity.kind, ActivityKind::Successful | ActivityKind::InProgress)
    })?;
    let longest = case.policies?.iter().map(|policy| policy.out_cooldown_s.unwrap_or(AWS_COOLDOWN_S)).max()?;
    let began = last.ended.unwrap_or(last.started);
    let until = after(began, longest);
    if case.now >= until || !scaled_out(case, last) {
        return None;
    }
    let ours = case.policy.ecs.scale_out_cooldown_s;
    let proof = Proof::new("AWS's scale-out cooldown", format!("{longest} s"));
    let mend = Mend::new(format!("wait until {}; or set the count now", clock(until)));
    Some(
        Cause::new("cooldown", "AWS is in its scale-out cooldown: only a larger step overrides it")
            .proof(proof.limit(format!("{ours} s in the policy")).at(began))
            .mend(mend.variable("ecs_scale_out_cooldown_s")),
    )
}

fn scaled_out(case: &Case, activity: &Activity) -> bool {
    let older = case.activities.iter().filter(|older| older.started < activity.started).find_map(Activity::desired);
    older.is_some_and(|before| activity.desired().is_some_and(|to| to > before))
}

/// AWS's own alarm wants three minutes above its target.
pub(super) fn alarm_filling(case: &Case, _: Option<TaskCount>) -> Option<Cause> {
    let alarm = case.aws.alarms.first().filter(|alarm| alarm.minutes > 0 && alarm.minutes < ALARM_MINUTES)?;
    let label = alarm.metric.row().label;
    Some(
        Cause::new("alarm_filling", format!("AWS's {label} alarm has {} of {ALARM_MINUTES} minutes", alarm.minutes))
            .proof(
                Proof::new(label, format!("above {} for {}m", amount(alarm.metric, alarm.target), alarm.minutes))
                    .limit(format!("{ALARM_MINUTES}m")),
            )
            .mend(Mend::new("wait, or set the count now")),
    )
}

/// The policy's window has not filled.
pub(super) fn window_filling(case: &Case, _: Option<TaskCount>) -> Option<Cause> {
    let filling = case.verdict.metrics.iter().filter(|metric| metric.out.held_s > 0 && !metric.out.full());
    let nearest = filling.max_by_key(|metric| metric.out.held_s)?;
    let label = nearest.metric.row().label;
    let left = i64::from(nearest.out.need_s - nearest.out.held_s);
    Some(
        Cause::new(
            "window_filling",
            format!(
                "{label} is above its target for {}: the policy asks in {} if it holds",
                nearest.out.words(),
                span(left)
            ),
        )
        .proof(metric_proof(nearest))
        .mend(Mend::new("wait, or set the count now; shorten the window").variable("ecs_scale_out_window_s")),
    )
}

/// What was asked for is on its way.
pub(super) fn starting(case: &Case, _: Option<TaskCount>) -> Option<Cause> {
    let pending = case.service.pending;
    if pending == TaskCount(0) {
        return None;
    }
    let usual = case.platform.usual_scale_out_s(case.id);
    let takes = usual.map_or_else(String::new, |usual| format!(", usually {} in all", span(i64::from(usual))));
    Some(
        Cause::new("starting", format!("{} starting{takes}", many(pending.0, "task")))
            .proof(Proof::new("pending", pending.to_string()).at(case.service.learnt))
            .mend(
                Mend::new("wait; to be ready sooner, raise the floor ahead of the load")
                    .variable("peak_hours_min_capacity"),
            ),
    )
}

/// Nothing was found that stands in the way: nobody has acted.
pub(super) fn nobody_acts(case: &Case) -> Cause {
    Cause::new("nobody_acts", format!("nothing that was read stands in the way; {}", case.aws.sentence()))
        .proofs(case.metric_proofs())
        .mend(Mend::new("set the count now, with its preview"))
}
