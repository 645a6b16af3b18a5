//! "High costs": what keeps more running than is needed, and what the money itself says.
//!
//! Absent on purpose: prices. Dollars come from what Cost Explorer and the run rate have said.

use super::case::{Case, metric_proof, unread};
use super::mend::Mend;
use super::{Cause, Certainty, Diagnosis, Proof, Standing, Trouble};
use crate::platform::{MetricId, Platform, Source, TaskCount};
use crate::policy::alerts::{Alert, AlertRule, AlertState, Subject};
use crate::policy::schedule::floor_at;
use crate::policy::sentence::{amount, held, share, span};
use crate::policy::verdict::{Decision, Reason};

/// A deployment that runs longer than this keeps scale-in off for more than its own time, seconds.
const LONG_DEPLOYMENT_S: i64 = 30 * 60;
/// A task that never uses more than these shares of what it reserves, at its floor, may be larger than it has to be.
const HARDLY_USED: [(MetricId, f64); 2] = [(MetricId::ServiceCpu, 30.0), (MetricId::ServiceMemory, 40.0)];
/// What Compute Optimizer looks at before it recommends a size, days (AWS documentation, "Amazon ECS service
/// recommendations").
const SIZE_DAYS: u32 = 14;

/// A rule of this trouble.
type Rule = fn(&Case) -> Option<Cause>;

/// The rules, and whether each means that money is wasted.
const RULES: &[(Rule, bool)] = &[
    (stuck, true),
    (above_ceiling, true),
    (suspended, true),
    (in_disabled, true),
    (floor_above_policy, true),
    (pinned, false),
    (deploying, false),
    (ceiling_above_policy, false),
    (blind, false),
    (oversized, false),
];

pub(super) fn diagnosis(case: &Case) -> Diagnosis {
    let found: Vec<(Cause, bool)> = RULES.iter().filter_map(|(rule, wastes)| Some((rule(case)?, *wastes))).collect();
    let wasted = found.iter().find(|(told, wastes)| *wastes && told.certainty == Certainty::Yes);
    let money = money(case.extra.alerts, case.id.service.as_str());
    let first = wasted.map(|(told, _)| told).or(money.first());
    let (standing, sentence) = match first {
        Some(told) => (Standing::Yes, told.sentence.clone()),
        None => without_a_sign(case.platform),
    };
    let no = standing == Standing::No;
    let mut causes: Vec<Cause> = found.into_iter().map(|(told, _)| told).collect();
    // The money tells that there is a trouble; what makes it stands before it.
    causes.extend(money);
    if !no {
        let read = [
            (Source::ScalableTargets, "its limits"),
            (Source::Metrics, "its metrics"),
            (Source::Spend, "what the account costs"),
        ];
        causes.extend(unread(case.platform, &read, case.now));
    }
    Diagnosis { trouble: Trouble::HighCost, standing, sentence, causes }
}

/// Whether costs are high cannot be told before anybody has asked what they are.
pub(super) fn without_a_sign(platform: &Platform) -> (Standing, String) {
    if platform.spend.is_some() {
        return (Standing::No, "nothing is kept without need, and no alarm of money fires".to_owned());
    }
    let because = "what the account costs was not read".to_owned();
    (Standing::CannotTell { because }, "nothing is kept without need, as far as can be seen".to_owned())
}

/// What the money says: a budget, a spike, and what is hardly used where its name is this group's.
pub(super) fn money(alerts: &[Alert], name: &str) -> Vec<Cause> {
    let firing = alerts.iter().filter(|alert| matches!(alert.state, AlertState::Firing { .. }));
    let mut causes = Vec::new();
    for alert in firing {
        let since = match alert.state {
            AlertState::Firing { since } => Some(since),
            _ => None,
        };
        let proof = Proof::new("money", alert.what()).at(since);
        let told = match (alert.rule, &alert.subject) {
            (AlertRule::BudgetLastDay | AlertRule::BudgetToday, _) => {
                Cause::new("over_budget", format!("the budget is exceeded: {}", alert.what()))
                    .mend(Mend::new("see what the costs are made of; set another budget").variable("daily_budget_usd"))
            }
            (AlertRule::CostSpike, _) => Cause::new("cost_spike", format!("a day stands out: {}", alert.what()))
                .mend(Mend::new("compare what ran that day with the day before")),
            (AlertRule::Underutilized, Subject::Resource(resource)) if resource.contains(name) => {
                Cause::new("underutilized", format!("{resource} is {}", alert.what()))
                    .mend(Mend::new("remove it, or give it a smaller size"))
            }
            _ => continue,
        };
        causes.push(told.proof(proof));
    }
    causes
}

/// Every metric has been clear for its whole window and what is left would carry the load: yet nobody takes away.
fn stuck(case: &Case) -> Option<Cause> {
    let Decision::In { to, .. } = case.verdict.decision else { return None };
    let clear = case.verdict.metrics.iter().map(|metric| {
        metric_proof(metric).limit(format!(
            "under {} for {}",
            amount(metric.metric, metric.target),
            held(metric.clear.need_s)
        ))
    });
    Some(
        Cause::new("stuck_scale_out", format!("{to} would carry the load: {} run since it fell", case.service.desired))
            .proofs(clear)
            .proofs(last_in(case))
            .mend(Mend::new(format!("set the count to {to}, with its preview")))
            .mend(Mend::new("see what AWS says of its scale-ins").look(
                "describe-scaling-activities",
                case.id,
                case.identity(),
            )),
    )
}

/// The newest scale-in, or that there was none.
fn last_in(case: &Case) -> Option<Proof> {
    let moves = super::moves::of_service(case);
    let last = moves.iter().rev().find(|moved| moved.to < moved.from);
    let oldest = moves.first()?.at;
    Some(match last {
        Some(last) => Proof::new("last scale-in", format!("{} → {}", last.from, last.to)).at(last.at),
        None => Proof::new("last scale-in", "none is known, since").at(oldest),
    })
}

fn above_ceiling(case: &Case) -> Option<Cause> {
    let (desired, ceiling) = (case.service.desired, case.verdict.ceiling);
    if desired <= ceiling || matches!(case.verdict.decision, Decision::None { reason: Reason::NotManaged }) {
        return None;
    }
    Some(
        Cause::new("above_ceiling", format!("{desired} run by hand above the ceiling of {ceiling}: AWS leaves them"))
            .proof(Proof::new("desired", desired.to_string()).limit(ceiling.to_string()).at(case.service.learnt))
            .mend(Mend::new(format!("set the count to {ceiling}, with its preview"))),
    )
}

fn suspended(case: &Case) -> Option<Cause> {
    let target = case.target.filter(|target| target.suspended.scale_in || target.suspended.scheduled)?;
    let (what, word) = if target.suspended.scale_in {
        ("dynamic scale-in is", "DynamicScalingInSuspended")
    } else {
        ("scheduled actions are", "ScheduledScalingSuspended")
    };
    Some(
        Cause::new("scale_in_suspended", format!("{what} suspended: what was added stays"))
            .proof(Proof::new(word, "true").limit("false").at(target.learnt))
            .mend(Mend::new("resume it").register(
                case.id,
                case.identity(),
                &["--suspended-state", &format!("{word}=false")],
            )),
    )
}

fn in_disabled(case: &Case) -> Option<Cause> {
    let policies = case.policies?;
    let tracking = || policies.iter().filter(|policy| policy.kind == "TargetTrackingScaling");
    if tracking().next().is_none() || !tracking().all(|policy| policy.scale_in_disabled) {
        return None;
    }
    let proofs = tracking().map(|policy| Proof::new(policy.name.clone(), "DisableScaleIn true").limit("false"));
    Some(Cause::new("scale_in_disabled", "every scaling policy in AWS may only scale out").proofs(proofs).mend(
        Mend::new("put its scaling policies with DisableScaleIn false").look(
            "describe-scaling-policies",
            case.id,
            case.identity(),
        ),
    ))
}

/// AWS's floor keeps more than the policy wants, while nothing needs it.
fn floor_above_policy(case: &Case) -> Option<Cause> {
    let target = case.target?;
    let floor = floor_at(&case.policy.ecs, case.now);
    let needless = case.service.desired <= target.min
        && !case.verdict.metrics.is_empty()
        && case.verdict.metrics.iter().all(|metric| metric.clear.full());
    if target.min <= floor.count || !needless {
        return None;
    }
    Some(
        Cause::new(
            "floor_above_policy",
            format!("AWS keeps at least {}, the policy says {} ({})", target.min, floor.count, floor.origin),
        )
        .proof(Proof::new("minimum in AWS", target.min.to_string()).limit(floor.count.to_string()).at(target.learnt))
        .proofs(case.metric_proofs())
        .mend(Mend::new(format!("lower the minimum to {}", floor.count)).register(
            case.id,
            case.identity(),
            &["--min-capacity", &floor.count.to_string()],
        )),
    )
}

/// One metric keeps what the others would give back.
fn pinned(case: &Case) -> Option<Cause> {
    if case.service.desired <= case.verdict.floor.count {
        return None;
    }
    let (fits, keeps): (Vec<_>, Vec<_>) = case.verdict.metrics.iter().partition(|metric| {
        metric.clear.full()
            && metric.projected_in.is_some_and(|projected| projected < metric.target * case.policy.ecs.scale_in_margin)
    });
    let [keeper] = keeps.as_slice() else { return None };
    if fits.is_empty() || keeper.value.is_none() || keeper.out.held_s > 0 {
        return None;
    }
    let label = keeper.metric.row().label;
    let on_fewer = keeper.projected_in.map_or_else(String::new, |projected| {
        let fewer = case.service.running.0.saturating_sub(1);
        format!(", {} on {fewer}", amount(keeper.metric, projected.round()))
    });
    let variable = if keeper.metric == MetricId::ServiceMemory { "ecs_memory_target" } else { "ecs_cpu_target" };
    Some(
        Cause::new("pinned", format!("{label} alone keeps {} tasks{on_fewer}", case.service.desired))
            .proof(metric_proof(keeper))
            .proofs(fits.iter().map(|metric| metric_proof(metric)))
            .mend(
                Mend::new(format!("see whether {label} follows the load at all: scaledeck lint says"))
                    .variable(variable),
            ),
    )
}

fn deploying(case: &Case) -> Option<Cause> {
    let oldest = case.service.deployments.iter().filter(|_| case.service.deploying()).map(|one| one.created).max()?;
    let lasted = case.now.as_second() - oldest.as_second();
    (lasted > LONG_DEPLOYMENT_S).then(|| {
        Cause::new("deploying", format!("a deployment runs for {}: AWS's scale-in is off meanwhile", span(lasted)))
            .proof(Proof::new("deployments", case.service.deployments.len().to_string()).limit("1").at(oldest))
            .mend(Mend::new("finish the deployment or roll it back"))
    })
}

fn ceiling_above_policy(case: &Case) -> Option<Cause> {
    let target = case.target?;
    let max = case.policy.ecs.max_capacity;
    (target.max > max).then(|| {
        Cause::new("ceiling_above_policy", format!("AWS may go to {}, the policy says {max}", target.max))
            .proof(Proof::new("maximum in AWS", target.max.to_string()).limit(max.to_string()).at(target.learnt))
            .mend(Mend::new(format!("lower the maximum to {max}")).register(
                case.id,
                case.identity(),
                &["--max-capacity", &max.to_string()],
            ))
    })
}

/// What is missing vetoes a scale-in.
fn blind(case: &Case) -> Option<Cause> {
    let above = case.service.desired > case.verdict.floor.count;
    let missing: Vec<_> = case.verdict.metrics.iter().filter(|metric| metric.clear.unknown).collect();
    if !above || missing.is_empty() {
        return None;
    }
    let names = crate::policy::sentence::listed(missing.iter().map(|metric| metric.metric.row().label));
    Some(
        Cause::new("blind", format!("nothing is taken away while {names} cannot be judged"))
            .proofs(missing.iter().map(|metric| metric_proof(metric)))
            .mend(Mend::new("bring the metric back: what is unknown never scales in")),
    )
}

/// At its floor and hardly used: a smaller task might do, which an hour does not prove.
fn oversized(case: &Case) -> Option<Cause> {
    let at_floor = case.service.desired <= case.verdict.floor.count && case.service.desired > TaskCount(0);
    let used = HARDLY_USED.map(|(metric, limit)| {
        let evidence = case.verdict.metrics.iter().find(|evidence| evidence.metric == metric)?;
        let value = evidence.value.filter(|value| *value < limit && evidence.clear.full())?;
        Some(
            Proof::new(metric.row().label, share(value))
                .limit(format!("{} hardly used", share(limit)))
                .at(evidence.newest),
        )
    });
    let [Some(cpu), Some(memory)] = used else { return None };
    if !at_floor {
        return None;
    }
    let mut told =
        Cause::new("oversized", "at its floor it hardly uses what its tasks reserve").proof(cpu).proof(memory);
    if let Some(size) = case.service.task_size {
        let value = format!("{} CPU units, {} MiB", size.cpu_units, size.memory_mib);
        told = told.proof(Proof::new("task size", value));
    }
    let because = format!("an hour does not tell a size: Compute Optimizer looks at {SIZE_DAYS} days");
    Some(told.unsure(because).mend(
        Mend::new("review its task size with Compute Optimizer; or lower the floor").variable("ecs_min_capacity"),
    ))
}
