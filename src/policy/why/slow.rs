//! "Performance degradation during scaling": answers slow or failing while capacity moves, and what makes them so.

use super::case::{Case, unread};
use super::mend::Mend;
use super::{Cause, Diagnosis, Proof, Standing, Trouble};
use crate::platform::{MetricId, Source, TargetState, TaskCount};
use crate::policy::alerts::{Alert, AlertRule, AlertState, Subject};
use crate::policy::ecs::Acting;
use crate::policy::sentence::{amount, amount_beside, clock, many, span};
use crate::policy::verdict::{Decision, Direction, Reason};
use crate::policy::window::{MEAN_MINUTES, ago};

/// The 95th percentile of response times above which answers are slow, seconds: the service level that load tests are
/// judged by.
pub const SLO_S: f64 = 0.5;
/// A change this long ago still shows in response times, seconds.
const JUST_S: u32 = 10 * 60;
/// Less draining than this cuts off what a request may take, seconds: the idle time-out of a balancer by default.
const SHORT_DRAINING_S: u32 = 60;

const RULES: &[fn(&Case) -> Option<Cause>] =
    &[behind, cooldown, cold_start, not_healthy, deployment, draining, no_room_left, downstream];

pub(super) fn diagnosis(case: &Case) -> Diagnosis {
    let scaling = scaling(case);
    let slow = slow(case);
    let errors = errors(case);
    let (standing, sentence) = match (&scaling, slow, errors) {
        (Some(why), Slow::Yes(words), _) => (Standing::Yes, format!("{words} while {why}")),
        (Some(why), _, Some(alert)) => (Standing::Yes, format!("{} while {why}", alert.what())),
        (Some(why), Slow::Unknown, None) => {
            let because = "response times were not read".to_owned();
            (Standing::CannotTell { because }, format!("{why}; how fast answers are cannot be told"))
        }
        (Some(why), Slow::No(words), None) => (Standing::No, format!("{why}, and {words}")),
        (None, Slow::Yes(words), _) => (Standing::No, format!("{words}, but nothing scales")),
        (None, Slow::No(_) | Slow::Unknown, _) => (Standing::No, "nothing scales".to_owned()),
    };
    let mut causes = Vec::new();
    if standing != Standing::No {
        causes.extend(RULES.iter().filter_map(|rule| rule(case)));
        if causes.is_empty() && standing == Standing::Yes {
            let proofs = match slow_proofs(case) {
                proofs if proofs.is_empty() => vec![Proof::new("response time", "no data")],
                proofs => proofs,
            };
            causes.push(Cause::new("unexplained", "none of the known makers of slow scaling was found").proofs(proofs));
        }
        let read = [(Source::TargetHealth, "whether its targets are healthy"), (Source::Metrics, "its response times")];
        causes.extend(unread(case.platform, &read, case.now));
    }
    Diagnosis { trouble: Trouble::SlowWhileScaling, standing, sentence, causes }
}

/// What is moving, in words; `None`: nothing.
fn scaling(case: &Case) -> Option<String> {
    let service = case.service;
    if service.deploying() {
        return Some("a deployment runs".to_owned());
    }
    if service.running < service.desired || service.pending > TaskCount(0) {
        return Some(format!("{} of {} tasks run", service.running, service.desired));
    }
    if let Some(draining) = case.verdict.counts.draining.filter(|draining| *draining > 0) {
        return Some(format!("{} drain", many(draining, "target")));
    }
    if let Some(Acting::Setting { .. } | Acting::Moved { .. }) = case.aws.acting {
        return Some("AWS moves the count".to_owned());
    }
    let moves = super::moves::of_service(case);
    let last = moves.last().filter(|last| last.at >= ago(case.now, JUST_S))?;
    Some(format!("the count moved {} → {} at {}", last.from, last.to, clock(last.at)))
}

enum Slow {
    Yes(String),
    No(String),
    Unknown,
}

fn slow(case: &Case) -> Slow {
    let means = case.group_evidence(MetricId::ResponseP95, MEAN_MINUTES);
    let worst = means.iter().filter_map(|(_, evidence)| evidence.mean(MEAN_MINUTES)).reduce(f64::max);
    let metric = MetricId::ResponseP95;
    match worst {
        Some(value) => {
            let (value_words, limit) = (beside_slo(value), amount(metric, SLO_S));
            if value > SLO_S {
                Slow::Yes(format!("p95 is {value_words}, above {limit}"))
            } else {
                Slow::No(format!("p95 is {value_words}, within {limit}"))
            }
        }
        None => Slow::Unknown,
    }
}

/// A response time, with as many decimals as it takes to tell it from the limit.
fn beside_slo(value: f64) -> String {
    let metric = MetricId::ResponseP95;
    let words = amount(metric, value);
    if words == amount(metric, SLO_S) { amount_beside(metric, value, SLO_S) } else { words }
}

fn slow_proofs(case: &Case) -> Vec<Proof> {
    let metric = MetricId::ResponseP95;
    let each = case.group_evidence(metric, MEAN_MINUTES).into_iter().filter_map(|(group, evidence)| {
        let value = evidence.mean(MEAN_MINUTES)?;
        let proof = Proof::new(format!("p95 of {}", group.name), beside_slo(value));
        Some(proof.limit(amount(metric, SLO_S)).at(evidence.newest_point()))
    });
    each.collect()
}

/// The alarm on the share of 5XX of a balancer in front of it, where it fires.
fn errors<'a>(case: &Case<'a>) -> Option<&'a Alert> {
    let behind = |alert: &&Alert| match &alert.subject {
        Subject::Balancer(balancer) => case.groups().any(|group| group.balancers.contains(balancer)),
        _ => false,
    };
    let fires = |alert: &&Alert| matches!(alert.state, AlertState::Firing { .. }) && alert.rule == AlertRule::Alb5xx;
    case.extra.alerts.iter().filter(fires).find(behind)
}

/// More is asked for than runs: the load came faster than the tasks.
fn behind(case: &Case) -> Option<Cause> {
    let running = case.service.running;
    let asks = case.verdict.metrics.iter().filter(|metric| metric.asks.is_some_and(|asks| asks > running));
    let most = asks.max_by_key(|metric| metric.asks)?;
    let wanted = most.asks?;
    Some(
        Cause::new("behind", format!("the load needs {wanted}, {running} run"))
            .proof(super::case::metric_proof(most))
            .proof(Proof::new("running", running.to_string()).limit(wanted.to_string()).at(case.service.learnt))
            .mend(Mend::new(format!("set the count to {wanted} now, with its preview")))
            .mend(Mend::new("scale out sooner: a shorter window, a lower target").variable("ecs_scale_out_window_s")),
    )
}

/// A cooldown holds back what is asked for, or AWS's is longer than the policy's.
fn cooldown(case: &Case) -> Option<Cause> {
    let ours = case.policy.ecs.scale_out_cooldown_s;
    let mend = || Mend::new("reduce the scale-out cooldown").variable("ecs_scale_out_cooldown_s");
    if let Decision::None { reason: Reason::Cooldown { direction: Direction::Out, wanted, .. } } =
        &case.verdict.decision
    {
        let told = Cause::new("cooldown", format!("scale out to {wanted} waits for the cooldown"));
        return Some(told.proof(Proof::new("scale-out cooldown", format!("{ours} s"))).mend(mend()));
    }
    let longer = case.policies?.iter().filter(|policy| policy.kind == "TargetTrackingScaling");
    let proofs: Vec<_> = longer
        .map(|policy| (policy, policy.out_cooldown_s.unwrap_or(300)))
        .filter(|(_, cooldown)| *cooldown > ours)
        .map(|(policy, cooldown)| Proof::new(policy.name.clone(), format!("{cooldown} s")).limit(format!("{ours} s")))
        .collect();
    (!proofs.is_empty()).then(|| {
        let told = Cause::new("cooldown", "AWS's scale-out cooldown is longer than the policy's");
        told.proofs(proofs).mend(mend())
    })
}

/// A task takes longer to carry load than the window that leads to it.
fn cold_start(case: &Case) -> Option<Cause> {
    let window = case.policy.ecs.scale_out_window_s;
    let on_its_way = case.service.running < case.service.desired || case.service.pending > TaskCount(0);
    let Some(usual) = case.platform.usual_scale_out_s(case.id) else {
        let told = Cause::new("cold_start", "how long a task takes to start");
        return on_its_way.then(|| told.unsure("no finished scale-out is known"));
    };
    (usual > window.min(JUST_S)).then(|| {
        Cause::new("cold_start", format!("a scale-out usually takes {} here", span(i64::from(usual))))
            .proof(Proof::new("usual scale-out", format!("{usual} s")).limit(format!("{window} s of its window")))
            .mend(Mend::new("pre-warm: raise the floor ahead of known load").variable("peak_hours_min_capacity"))
            .mend(
                Mend::new("a smaller image, a quicker start, a shorter health check")
                    .variable("alb_health_check_interval_s"),
            )
    })
}

/// Targets that are registered and do not answer yet, or no more.
fn not_healthy(case: &Case) -> Option<Cause> {
    let mut proofs = Vec::new();
    let mut checks = None;
    for group in case.groups() {
        let waiting = group.count(&TargetState::Initial).unwrap_or(0);
        let failing = group.count(&TargetState::Unhealthy).unwrap_or(0);
        if waiting + failing == 0 {
            continue;
        }
        let takes = group.interval_s * group.healthy_threshold;
        checks = Some(takes);
        let value = format!("{waiting} not checked yet, {failing} unhealthy");
        let limit = format!("{takes} s: {} checks of {} s", group.healthy_threshold, group.interval_s);
        proofs.push(Proof::new(group.name.clone(), value).limit(limit).at(group.learnt));
        let reasons = group.targets.iter().flatten().filter(|target| !target.reason.is_empty());
        proofs.extend(reasons.take(3).map(|target| Proof::new(target.target.clone(), target.reason.clone())));
    }
    checks.map(|takes| {
        Cause::new("not_healthy", format!("targets are registered and not healthy: a check takes {takes} s to pass"))
            .proofs(proofs)
            .mend(Mend::new("check more often, or ask for fewer successes").variable("alb_health_check_interval_s"))
    })
}

fn deployment(case: &Case) -> Option<Cause> {
    let running = case.service.deploying().then(|| case.service.deployments.first()).flatten()?;
    Some(
        Cause::new("deployment", format!("{} is being deployed", running.task_definition))
            .proof(
                Proof::new("running", running.running.to_string())
                    .limit(running.desired.to_string())
                    .at(running.created),
            )
            .mend(Mend::new("keep all tasks while deploying: a minimum healthy percent of 100")),
    )
}

/// Targets are let go before they have finished.
fn draining(case: &Case) -> Option<Cause> {
    let leaving = case.verdict.counts.draining.is_none_or(|draining| draining > 0);
    if !leaving {
        return None;
    }
    let wanted = case.policy.balancer.draining_s;
    let mut proofs = Vec::new();
    let mut unknown = false;
    for group in case.groups() {
        match group.draining_s {
            Some(seconds) if seconds < SHORT_DRAINING_S => proofs.push(
                Proof::new(format!("draining of {}", group.name), format!("{seconds} s"))
                    .limit(format!("{wanted} s in the policy"))
                    .at(group.learnt),
            ),
            Some(_) => {}
            None => unknown = true,
        }
    }
    let mend = Mend::new("use connection draining: give targets time to finish").variable("alb_draining_s");
    if !proofs.is_empty() {
        let told = Cause::new("draining_short", "targets that leave are cut off from what they have begun");
        return Some(told.proofs(proofs).mend(mend));
    }
    unknown.then(|| {
        let told = Cause::new("draining_short", "whether targets that leave may finish what they have begun");
        told.unsure("the deregistration delay was not read").mend(mend)
    })
}

/// It is at its ceiling: nothing more will come.
fn no_room_left(case: &Case) -> Option<Cause> {
    let Decision::None { reason: Reason::AtCeiling { wanted } } = case.verdict.decision else { return None };
    let ceiling = case.verdict.ceiling;
    Some(
        Cause::new("at_ceiling", format!("at the ceiling of {ceiling}: {wanted} wanted"))
            .proof(Proof::new("desired", case.service.desired.to_string()).limit(ceiling.to_string()))
            .mend(Mend::new("raise the maximum").variable("ecs_max_capacity")),
    )
}

/// A database or a cache is in trouble at the same time. Whether this service uses it nobody has told.
fn downstream(case: &Case) -> Option<Cause> {
    let firing = case.extra.alerts.iter().filter(|alert| matches!(alert.state, AlertState::Firing { .. }));
    let proofs: Vec<_> = firing
        .filter_map(|alert| match &alert.subject {
            Subject::Database(id) => Some(Proof::new(id.to_string(), alert.sentence(case.now))),
            Subject::Cache(id) => Some(Proof::new(id.to_string(), alert.sentence(case.now))),
            _ => None,
        })
        .collect();
    (!proofs.is_empty()).then(|| {
        Cause::new("downstream", "a database or cache has an alarm at the same time")
            .unsure("which of them this service uses is not known")
            .proofs(proofs)
            .mend(Mend::new("look there before adding tasks: each brings connections"))
    })
}
