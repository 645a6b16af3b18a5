//! What comes after a change: what the autoscaler, the schedule and Terraform will do, and what speaks against it.

use jiff::{SignedDuration, Timestamp};

use super::projection::Projection;
use super::{ServiceSeen, hold_of};
use crate::change::kind::{Change, Scaling};
use crate::change::plan::Plan;
use crate::change::words;
use crate::platform::{Platform, ScalingPolicy, ServiceId, Source, TaskCount};
use crate::policy::{Decision, Policy, Verdict};

/// The share of its target under which an ECS target-tracking policy's low alarm lies, and how long it waits there.
/// Neither is documented nor can be set; both are what AWS's alarms show.
const LOW_ALARM: f64 = 0.9;
const LOW_ALARM_MIN: u32 = 15;

/// How long the high alarm waits.
const HIGH_ALARM_MIN: u32 = 3;

/// For how long AWS's words about missing room count.
const LATELY: SignedDuration = SignedDuration::from_hours(1);

/// A change of direction within this many seconds is called fighting.
const FIGHTING_S: i64 = 300;

/// What will happen next, by itself.
pub(in crate::change) fn next(plan: &Plan, id: &ServiceId, seen: &ServiceSeen, platform: &Platform) -> Vec<String> {
    let mut next = match &plan.change {
        Change::Desired { to, .. } => after_count(*to, id, seen, platform),
        Change::Floor { to, .. } | Change::Release { to, .. } => after_floor(*to, seen),
        Change::Ceiling { to, .. } => after_ceiling(*to, seen),
        Change::Hold { to, .. } => after_hold(plan, *to, seen),
        Change::Suspend { scaling, suspend, .. } => vec![after_switch(*scaling, *suspend).to_owned()],
        Change::StopTask { .. } => {
            vec![format!("ECS starts another task in its place: desired stays {}", seen.desired)]
        }
        Change::Schedule { .. } | Change::Unschedule { .. } => {
            vec!["nothing moves now; what it sets is set when it fires".to_owned()]
        }
        _ => Vec::new(),
    };
    next.extend(suspensions(seen));
    next.extend(scheduled(plan, id, seen, platform));
    let code = match plan.change {
        Change::Floor { .. } | Change::Release { .. } | Change::Hold { .. } => "the floor",
        Change::Ceiling { .. } => "the ceiling",
        Change::Suspend { .. } => "what is suspended",
        Change::Schedule { .. } | Change::Unschedule { .. } => "the schedule",
        _ => return next,
    };
    next.push(format!("a later `terraform apply` sets {code} back to what its code says"));
    next
}

fn after_ceiling(to: TaskCount, seen: &ServiceSeen) -> Vec<String> {
    vec![match seen.limits {
        _ if to < seen.desired => {
            format!("AWS moves desired from {} to {to} at once, and never scales out above it", seen.desired)
        }
        Some((_, ceiling)) if to < ceiling => {
            format!("nothing moves now; the autoscaler no longer scales out above {to}")
        }
        _ => format!("nothing moves now; the autoscaler may scale out to {to}"),
    }]
}

fn after_hold(plan: &Plan, to: TaskCount, seen: &ServiceSeen) -> Vec<String> {
    let mut next = after_floor(to, seen);
    for added in hold_of(plan, seen).into_iter().flat_map(|hold| hold.adds) {
        next.push(format!("{}: AWS sets the floor to {} – {}", words::until(added.at), added.floor, added.why));
    }
    next
}

fn after_switch(scaling: Scaling, suspend: bool) -> &'static str {
    match (scaling, suspend) {
        (Scaling::In, true) => {
            "the autoscaler takes nothing away until somebody resumes it: this has no end of its own"
        }
        (Scaling::Out, true) => "the autoscaler adds nothing until somebody resumes it: this has no end of its own",
        (Scaling::Scheduled, true) => {
            "no scheduled action fires until somebody resumes it, and those missed are not made up for"
        }
        (Scaling::In, false) => "the autoscaler may take tasks away again",
        (Scaling::Out, false) => "the autoscaler may add tasks again",
        (Scaling::Scheduled, false) => "scheduled actions fire again from their next time on",
    }
}

fn after_count(to: TaskCount, id: &ServiceId, seen: &ServiceSeen, platform: &Platform) -> Vec<String> {
    let Some((floor, ceiling)) = seen.limits else {
        return vec![if answered(platform, Source::ScalableTargets) {
            "no autoscaler acts on this service: the count stays as it is set".to_owned()
        } else {
            "whether an autoscaler acts on this service is not known".to_owned()
        }];
    };
    let mut next = Vec::new();
    if to > ceiling {
        next.push(format!(
            "{to} is above the ceiling: it stays, silently, until the next scale-in alarm brings it to {ceiling}"
        ));
    } else if to < floor {
        next.push(format!(
            "{to} is below the floor: it stays, silently, until the next scale-out alarm lifts it to {floor}"
        ));
    } else {
        next.extend(tracking(to, id, seen, platform));
    }
    if seen.deploying {
        next.push("a deployment runs: the autoscaler does not scale in until it ends".to_owned());
    }
    next
}

/// What target tracking does about a count inside its limits.
fn tracking(to: TaskCount, id: &ServiceId, seen: &ServiceSeen, platform: &Platform) -> Option<String> {
    let from = seen.desired;
    let Some(policies) = platform.policies.get(id) else {
        let read = answered(platform, Source::ScalingPolicies);
        let what = if read {
            "no scaling policy is attached: the count stays as it is set"
        } else {
            "the scaling policies have not been read: what they do next is not known"
        };
        return Some(what.to_owned());
    };
    let tracked = || policies.iter().filter_map(|policy| Some((policy, policy.target?)));
    if tracked().next().is_none() {
        return Some("the attached policies follow no target: what they do next is theirs to say".to_owned());
    }
    if to < from {
        let over: Vec<_> = tracked().map(|(policy, target)| level(policy, target)).collect();
        return (!seen.suspended.scale_out).then(|| {
            format!(
                "target tracking stays on: it scales out again after {HIGH_ALARM_MIN} min over {}",
                over.join(" or ")
            )
        });
    }
    let under: Vec<_> = tracked()
        .filter(|(policy, _)| !policy.scale_in_disabled)
        .map(|(policy, target)| level(policy, target * LOW_ALARM))
        .collect();
    if under.is_empty() {
        return Some("no policy may scale in: the count stays".to_owned());
    }
    (!seen.suspended.scale_in).then(|| {
        format!(
            "target tracking stays on: it may scale in again after {LOW_ALARM_MIN} min under {}",
            under.join(" and ")
        )
    })
}

/// A level of a policy's metric: "63 % cpu", "900 requests/target".
fn level(policy: &ScalingPolicy, value: f64) -> String {
    match policy.metric.as_str() {
        metric if metric.starts_with("ECSServiceAverageCPU") => format!("{value:.0} % cpu"),
        metric if metric.starts_with("ECSServiceAverageMemory") => format!("{value:.0} % memory"),
        "ALBRequestCountPerTarget" => format!("{} requests/target", words::grouped(value)),
        other => format!("{} {other}", words::grouped(value)),
    }
}

fn after_floor(to: TaskCount, seen: &ServiceSeen) -> Vec<String> {
    let (from, desired) = (seen.limits.map(|(floor, _)| floor).unwrap_or_default(), seen.desired);
    if to > desired {
        vec![format!("AWS moves desired from {desired} to {to} at once, and never scales in below it")]
    } else if to > from {
        vec![format!("nothing moves now; the autoscaler no longer scales in below {to}")]
    } else {
        vec![format!("nothing is removed at once; the autoscaler may now scale in down to {to}")]
    }
}

fn suspensions(seen: &ServiceSeen) -> impl Iterator<Item = String> {
    let suspended = seen.suspended;
    [
        (suspended.scale_in, "scale-in is suspended: the autoscaler takes nothing away"),
        (suspended.scale_out, "scale-out is suspended: the autoscaler adds nothing"),
        (suspended.scheduled, "scheduled scaling is suspended"),
    ]
    .into_iter()
    .filter(|(on, _)| *on)
    .map(|(_, what)| what.to_owned())
}

/// Scheduled actions that would move what the plan sets.
fn scheduled(plan: &Plan, id: &ServiceId, seen: &ServiceSeen, platform: &Platform) -> Vec<String> {
    let Some(actions) = platform.schedules.get(id).filter(|_| !seen.suspended.scheduled) else {
        return Vec::new();
    };
    let Some(to) = plan.change.count().map(TaskCount) else { return Vec::new() };
    let mut next = Vec::new();
    for action in actions.iter() {
        let zone = if action.timezone.is_empty() { "UTC" } else { action.timezone.as_str() };
        let when = format!("scheduled action {}, {} {zone}", action.name, action.schedule);
        match (&plan.change, action.min, action.max) {
            (Change::Floor { .. }, Some(min), _) if min != to => next.push(format!("{when}: sets the floor to {min}")),
            (Change::Ceiling { .. }, _, Some(max)) if max != to => {
                next.push(format!("{when}: sets the ceiling to {max}"));
            }
            (Change::Desired { .. }, Some(min), _) if min > to => next.push(format!("{when}: lifts it to {min}")),
            (Change::Desired { .. }, _, Some(max)) if max < to => next.push(format!("{when}: cuts it to {max}")),
            _ => {}
        }
    }
    next
}

fn answered(platform: &Platform, source: Source) -> bool {
    platform.sources.get(&source).is_some_and(|health| health.learnt.is_some())
}

/// What speaks against it. None of this forbids it.
pub(in crate::change) fn warnings(
    plan: &Plan,
    (id, seen): (&ServiceId, &ServiceSeen),
    platform: &Platform,
    policy: &Policy,
    verdict: Option<&Verdict>,
    projections: &[Projection],
    now: Timestamp,
) -> Vec<String> {
    let mut warnings = Vec::new();
    let (desired, goal) = (seen.desired, plan.goal());
    if goal.0 == 0 && desired.0 > 0 {
        warnings.push("every task is stopped: nothing serves after this".to_owned());
    }
    let (least, most) = (policy.ecs.min_capacity, policy.ecs.max_capacity);
    if let Some(to) = plan.change.count().map(TaskCount) {
        if to < least || to > most {
            warnings.push(format!("{to} is outside the policy's {least}–{most}"));
        }
        let governed = verdict.filter(|_| seen.limits.is_some() && !matches!(plan.change, Change::Ceiling { .. }));
        if let Some(floor) = governed.map(|verdict| &verdict.floor).filter(|floor| to < floor.count) {
            warnings.push(format!("{to} is below the floor of {}: {}", floor.count, floor.origin));
        }
    }
    if matches!(plan.change, Change::StopTask { .. }) && seen.running <= TaskCount(1) {
        warnings.push("it is the only task: nothing serves until another one is healthy".to_owned());
    }
    if matches!(plan.change, Change::Suspend { scaling: Scaling::Scheduled, suspend: true, .. }) {
        warnings.push("a hold of ours would not end while this is suspended".to_owned());
    }
    warnings.extend(against(plan, id, seen, platform, verdict, now));
    warnings.extend(projections.iter().filter_map(|projection| overload(plan, seen, policy, projection)));
    if goal > desired {
        warnings.extend(exhausted(id, platform, now));
    }
    if seen.running != desired {
        let running = seen.running;
        warnings.push(format!("running is {running}, desired {desired}: the last change has not finished"));
    }
    warnings.extend(stale(seen, platform, now));
    warnings
}

/// What AWS has said lately of not finding room for tasks.
fn exhausted(id: &ServiceId, platform: &Platform, now: Timestamp) -> Option<String> {
    let words = ["unable to", "quota", "limit exceeded", "capacity is unavailable", "capacity unavailable"];
    let event = platform.services.get(id)?.events.iter().find(|event| {
        let message = event.message.to_lowercase();
        now.duration_since(event.at) <= LATELY && words.iter().any(|word| message.contains(word))
    })?;
    let age = words::span(now.duration_since(event.at).as_secs().max(0) as u32);
    Some(format!("AWS said {age} ago: {}", event.message))
}

/// Whether it goes against the advice, or against what was done minutes ago.
fn against(
    plan: &Plan,
    id: &ServiceId,
    seen: &ServiceSeen,
    platform: &Platform,
    verdict: Option<&Verdict>,
    now: Timestamp,
) -> Vec<String> {
    let (desired, goal) = (seen.desired, plan.goal());
    let mut against = Vec::new();
    match verdict.map(|verdict| &verdict.decision) {
        Some(Decision::Out { to, .. }) if goal < desired => {
            against.push(format!("this is against the advice: the policy scales out to {to}"));
        }
        Some(Decision::In { to, .. }) if goal > desired => {
            against.push(format!("this is against the advice: the policy scales in to {to}"));
        }
        _ => {}
    }
    let last = platform.counts.get(id).and_then(|history| history.changes.back());
    if let Some(last) = last {
        let age = now.as_second() - last.seen.as_second();
        let opposite = (last.to > last.from && goal < desired) || (last.to < last.from && goal > desired);
        if opposite && (0..FIGHTING_S).contains(&age) {
            let age = words::span(age as u32);
            against.push(format!("it went {}→{} {age} ago: this goes the other way", last.from, last.to));
        }
    }
    against
}

/// What the count would not carry. A scale-in is judged as the policy judges it: with its margin, and blind is not fine.
fn overload(plan: &Plan, seen: &ServiceSeen, policy: &Policy, projection: &Projection) -> Option<String> {
    let (desired, goal) = (seen.desired, plan.goal());
    if goal == desired || goal.0 == 0 {
        return None;
    }
    let Projection { metric, target, .. } = *projection;
    let (label, after) = (projection.label(), projection.after());
    let safe = target * policy.ecs.scale_in_margin;
    match projection.projected() {
        Some(value) if goal < desired && value >= safe => {
            Some(format!("{label} would go to {after}; safe is under {}", words::amount(metric, safe)))
        }
        // A tilde and a rounded number cannot say that 70.3 is over 70.
        Some(value) if goal > desired && value.round() > target => {
            Some(format!("not enough: {label} would still be {after}, its target is {}", words::amount(metric, target)))
        }
        None if goal < desired => Some(format!("{label} is not known: nobody can say whether {goal} carry the load")),
        _ => None,
    }
}

fn stale(seen: &ServiceSeen, platform: &Platform, now: Timestamp) -> Option<String> {
    let stale = platform.sources.get(&Source::Services).is_some_and(|health| health.stale(now));
    let age = now.as_second() - seen.read.as_second();
    stale.then(|| {
        format!("the counts are {} old; they are read again before anything is sent", words::span(age.max(0) as u32))
    })
}
