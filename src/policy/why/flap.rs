//! "Excessive scaling activity": whether a count goes back and forth, and what makes it.
//!
//! What is called unusual is unusual by a robust measure of the last hour alone – the distance from the median in median
//! absolute deviations – so that it can be worked out again by hand.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::case::{Case, metric_proof, unread};
use super::mend::Mend;
use super::moves::{Move, Mover, REVERSALS, Sign, of_service, reversals, signs};
use super::{Cause, Diagnosis, Proof, Standing, Trouble};
use crate::platform::metric::MetricKey;
use crate::platform::series::start_of;
use crate::platform::{MetricId, Source};
use crate::policy::sentence::{amount, clock, listed, span};
use crate::policy::window::{Evidence, after, ago};

/// The span that is looked at, seconds.
const HOUR_S: u32 = 60 * 60;
const HOUR_MINUTES: usize = 60;
/// Refusals for anticipated flapping in an hour that are a trouble by themselves.
const ANTICIPATED: usize = 3;
/// A metric that crosses its target so often in an hour lies on it.
const CROSSINGS: usize = 4;
/// With so few tasks, one more or fewer moves every metric by a quarter and more.
const FEW_TASKS: u32 = 4;
/// A minute is unusual so many scaled deviations from the median (Iglewicz and Hoaglin, "How to Detect and Handle
/// Outliers", 1993: 3.5; wider here, because a minute of a few tasks is noisy).
const UNUSUAL: f64 = 5.0;
/// The factor that makes a median absolute deviation comparable to a standard deviation.
const MAD_SCALE: f64 = 1.4826;
/// A deviation below this share of the target is noise whatever its score.
const WORTH: f64 = 0.25;
/// Points that a median needs.
const ENOUGH_POINTS: usize = 30;
/// Days on which the count rose at the same hour, to call it a pattern.
const PATTERN_DAYS: usize = 3;

pub(super) fn diagnosis(case: &Case) -> Diagnosis {
    let moves = of_service(case);
    let policy = &case.policy.ecs;
    let signs =
        signs(&moves, case.now, policy.scale_out_window_s, policy.scale_in_window_s, policy.scale_in_cooldown_s);
    let anticipated = case.recent(HOUR_S).filter(|activity| anticipates(activity)).count();
    let known_since = known_since(case);
    let hour: Vec<Move> = moves.iter().filter(|moved| moved.at >= ago(case.now, HOUR_S)).copied().collect();
    let flaps = !signs.is_empty() || anticipated >= ANTICIPATED;
    let (standing, sentence) = if let Some(sign) = signs.first() {
        (Standing::Yes, words(sign))
    } else if flaps {
        (Standing::Yes, format!("AWS held back {anticipated} times in an hour for fear of flapping"))
    } else if known_since.is_none_or(|since| since > ago(case.now, REVERSALS[0].0)) {
        let because = known_since.map_or("activities not read yet".to_owned(), |since| {
            format!("changes are known since {} only", clock(since))
        });
        (Standing::CannotTell { because }, "whether it goes back and forth cannot be told".to_owned())
    } else {
        let times = match hour.len() {
            0 => "did not move".to_owned(),
            1 => "moved once".to_owned(),
            times => match reversals(&hour) {
                0 => format!("moved {times} times, always one way"),
                turns => format!("moved {times} times and turned {turns} times"),
            },
        };
        (Standing::No, format!("the count {times} in the last hour"))
    };
    let mut causes = Vec::new();
    if flaps {
        let evidence = || {
            let told = signs.iter().map(|sign| Proof::new("sign", words(sign)));
            let newest = hour
                .iter()
                .rev()
                .take(6)
                .map(|moved| Proof::new(moved.by.words(), format!("{} → {}", moved.from, moved.to)).at(moved.at));
            told.chain(newest).collect::<Vec<_>>()
        };
        causes.extend(two_hands(&hour).map(|told| told.proofs(evidence())));
        causes.extend(crossings(case));
        causes.extend(short_cooldown(case, &hour));
        causes.extend(few_tasks(case, &hour));
        causes.extend(unusual(case));
        causes.extend(deployments(case));
        causes.extend(held_back(case, anticipated));
        causes.extend(pattern(case, &moves, known_since));
        if causes.is_empty() {
            causes.push(Cause::new("unexplained", "none of the known makers of flapping was found").proofs(evidence()));
        }
    }
    if standing != Standing::No {
        let read = [(Source::Activities, "what the autoscaler has done"), (Source::Metrics, "its metrics")];
        causes.extend(unread(case.platform, &read, case.now));
    }
    Diagnosis { trouble: Trouble::ScalingTooMuch, standing, sentence, causes }
}

fn anticipates(activity: &crate::platform::Activity) -> bool {
    matches!(&activity.kind, crate::platform::ActivityKind::NotScaled(reasons)
        if reasons.iter().any(|reason| reason == "AutoScalingAnticipatedFlapping"))
}

/// Since when a change would be known: from the oldest activity, or from when the count is watched.
fn known_since(case: &Case) -> Option<Timestamp> {
    let watched = case.platform.counts.get(case.id).and_then(|history| history.watched_since);
    let oldest = case.activities.iter().map(|activity| activity.started).min();
    [watched, oldest].into_iter().flatten().min()
}

fn words(sign: &Sign) -> String {
    match sign {
        Sign::Reversals { count, within_s } => {
            format!("the count turned {count} times in {}", span(i64::from(*within_s)))
        }
        Sign::ThereAndBack { a, b, took_s, at } => {
            format!("the count went {a} → {b} → {a} within {}, at {}", span(*took_s), clock(*at))
        }
        Sign::TakenBack { reversed, of } => format!("{reversed} of {of} changes of a day were taken back at once"),
        Sign::Cycle { period_s, expected_s } => format!(
            "the count swings by one task every {}: window and cooldown make {}",
            span(*period_s),
            span(i64::from(*expected_s))
        ),
    }
}

/// Two controllers pull in opposite directions.
fn two_hands(hour: &[Move]) -> Option<Cause> {
    let by = |up: bool| -> BTreeSet<Mover> {
        hour.iter().filter(|moved| (moved.to > moved.from) == up).map(|moved| moved.by).collect()
    };
    let (ups, downs) = (by(true), by(false));
    let (up, down) =
        ups.iter().flat_map(|up| downs.iter().map(move |down| (*up, *down))).find(|(up, down)| up != down)?;
    Some(
        Cause::new("two_hands", format!("two pull at it: {} adds, {} takes away", up.words(), down.words()))
            .mend(Mend::new("let one of them decide: move the floor instead of the count, or suspend the other")),
    )
}

/// A metric that lies on its target.
fn crossings(case: &Case) -> Option<Cause> {
    let mut found: Vec<(usize, Proof, &'static str)> = Vec::new();
    for metric in &case.verdict.metrics {
        let Some(evidence) = hour_of(case, metric.metric) else { continue };
        let sides: Vec<bool> =
            (0..HOUR_MINUTES).filter_map(|back| evidence.back(back)).map(|value| value > metric.target).collect();
        let count = sides.windows(2).filter(|pair| pair[0] != pair[1]).count();
        if count >= CROSSINGS {
            let label = metric.metric.row().label;
            let proof = Proof::new(format!("{label} crossed its target"), format!("{count} times in 60m"));
            found.push((count, proof.limit(amount(metric.metric, metric.target)).at(metric.newest), label));
        }
    }
    found.sort_by_key(|(count, ..)| std::cmp::Reverse(*count));
    let names = listed(found.iter().map(|(_, _, label)| *label));
    let verb = if found.len() == 1 { "lies on its target" } else { "lie on their targets" };
    let variable = match found.first()?.2 {
        "memory" => "ecs_memory_target",
        "cpu" => "ecs_cpu_target",
        _ => "ecs_requests_per_target",
    };
    Some(
        Cause::new("on_its_target", format!("{names} {verb}, crossing up and down"))
            .proofs(found.into_iter().map(|(_, proof, _)| proof))
            .mend(Mend::new("review the threshold: set it away from where the metric lives").variable(variable)),
    )
}

/// The last hour of a metric of the rules: for requests per target, of the first of its target groups.
fn hour_of(case: &Case, metric: MetricId) -> Option<Evidence> {
    if metric == MetricId::RequestsPerTarget {
        return case.group_evidence(metric, HOUR_MINUTES).into_iter().next().map(|(_, evidence)| evidence);
    }
    let series = case.platform.series.get(&MetricKey::service(case.id, metric))?;
    Some(Evidence::read(Some(series), metric, case.now, HOUR_MINUTES, || None))
}

/// The scale-in cooldown is shorter than what an added task needs to carry load.
fn short_cooldown(case: &Case, hour: &[Move]) -> Option<Cause> {
    let quick = hour.windows(2).find(|pair| pair[0].to > pair[0].from && pair[1].to < pair[1].from)?;
    let took = quick[1].at.as_second() - quick[0].at.as_second();
    let ours = case.policy.ecs.scale_in_cooldown_s;
    let aws = case.policies.and_then(|policies| policies.iter().filter_map(|policy| policy.in_cooldown_s).min());
    let usual = case.platform.usual_scale_out_s(case.id);
    let shortest = aws.unwrap_or(ours).min(ours);
    let long_enough = took > 2 * i64::from(ours) && usual.is_none_or(|usual| shortest >= usual);
    if long_enough {
        return None;
    }
    let mut told = Cause::new(
        "cooldown_short",
        format!("what was added at {} was taken away after {}", clock(quick[0].at), span(took)),
    )
    .proof(Proof::new("scale-in cooldown", format!("{shortest} s")).limit(format!("{ours} s in the policy")));
    if let Some(usual) = usual {
        told = told.proof(Proof::new("a scale-out usually takes", format!("{usual} s")));
    }
    Some(told.mend(Mend::new("lengthen the scale-in cooldown").variable("ecs_scale_in_cooldown_s")))
}

/// One task of few is a large step.
fn few_tasks(case: &Case, hour: &[Move]) -> Option<Cause> {
    let most = hour.iter().map(|moved| moved.from.max(moved.to)).max()?;
    if most > FEW_TASKS {
        return None;
    }
    let safe = case.verdict.metrics.iter().map(|metric| {
        let limit = metric.target * f64::from(most - 1) / f64::from(most);
        metric_proof(metric).limit(format!("below {} for {} tasks", amount(metric.metric, limit), most - 1))
    });
    Some(
        Cause::new(
            "few_tasks",
            format!("with {most} tasks at most, one fewer moves every metric by 1/{most} and more"),
        )
        .proofs(safe)
        .mend(Mend::new("smaller tasks and more of them, or a higher floor").variable("ecs_min_capacity")),
    )
}

/// Minutes far from what the last hour was like.
fn unusual(case: &Case) -> Option<Cause> {
    let mut proofs = Vec::new();
    for metric in &case.verdict.metrics {
        let Some(evidence) = hour_of(case, metric.metric) else { continue };
        let points: Vec<(usize, f64)> =
            (0..HOUR_MINUTES).filter_map(|back| Some((back, evidence.back(back)?))).collect();
        let Some((median, scale)) = median_and_scale(points.iter().map(|(_, value)| *value).collect()) else {
            continue;
        };
        let far = |value: f64| {
            let distance = (value - median).abs();
            distance > UNUSUAL * scale && distance > WORTH * metric.target
        };
        let odd: Vec<_> = points.iter().filter(|(_, value)| far(*value)).collect();
        let worst = odd.iter().max_by(|a, b| (a.1 - median).abs().total_cmp(&(b.1 - median).abs()));
        if let Some((back, value)) = worst {
            let label = metric.metric.row().label;
            let words = format!("{} in one of {} such minutes", amount(metric.metric, *value), odd.len());
            let proof = Proof::new(label, words).limit(format!("median {}", amount(metric.metric, median)));
            proofs.push(proof.at(start_of(evidence.newest - *back as i64)));
        }
    }
    (!proofs.is_empty()).then(|| {
        Cause::new("unusual_minutes", "single minutes lie far from the rest of the hour")
            .proofs(proofs)
            .mend(Mend::new("find what makes them – a job, a crawler, a cold cache – before any knob is turned"))
    })
}

/// The median, and the median absolute deviation scaled; `None` where there are too few points.
pub(super) fn median_and_scale(mut values: Vec<f64>) -> Option<(f64, f64)> {
    if values.len() < ENOUGH_POINTS {
        return None;
    }
    let middle = |values: &mut Vec<f64>| {
        values.sort_by(f64::total_cmp);
        let half = values.len() / 2;
        if values.len().is_multiple_of(2) { f64::midpoint(values[half - 1], values[half]) } else { values[half] }
    };
    let median = middle(&mut values);
    let mut away: Vec<f64> = values.iter().map(|value| (value - median).abs()).collect();
    Some((median, MAD_SCALE * middle(&mut away)))
}

/// Deployments start tasks, whose start is load of its own.
fn deployments(case: &Case) -> Option<Cause> {
    let since = ago(case.now, HOUR_S);
    let recent: Vec<_> = case.service.deployments.iter().filter(|deployment| deployment.created >= since).collect();
    let proofs: Vec<_> = recent
        .iter()
        .map(|deployment| Proof::new("deployment", deployment.task_definition.clone()).at(deployment.created))
        .collect();
    (!proofs.is_empty()).then(|| {
        Cause::new("deployments", "it was deployed meanwhile: tasks that start are load of their own")
            .proofs(proofs)
            .mend(Mend::new("wait until the deployment is over; it should not be judged by its start"))
    })
}

fn held_back(case: &Case, times: usize) -> Option<Cause> {
    let (activity, reason) = case.refusal(HOUR_S, |reason| reason == "AutoScalingAnticipatedFlapping")?;
    Some(
        Cause::new("anticipated_flapping", "AWS itself holds back: what it would do, it would have to undo")
            .proof(
                Proof::new(reason, format!("{times} times in 60m")).limit(ANTICIPATED.to_string()).at(activity.started),
            )
            .mend(Mend::new("set targets that leave room between out and in").variable("ecs_cpu_target")),
    )
}

/// The count rises at the same hour of several days: a schedule would go ahead of it.
fn pattern(case: &Case, moves: &[Move], known_since: Option<Timestamp>) -> Option<Cause> {
    let zone = case.policy.ecs.schedule_timezone.rules().clone();
    let mut days: BTreeMap<i8, BTreeSet<jiff::civil::Date>> = BTreeMap::new();
    for moved in moves.iter().filter(|moved| moved.to > moved.from && moved.by != Mover::Schedule) {
        let local = moved.at.to_zoned_datetime(zone.clone());
        days.entry(local.hour()).or_default().insert(local.date());
    }
    let (hour, on) = days.iter().max_by_key(|(_, on)| on.len())?;
    let zone_name = case.policy.ecs.schedule_timezone.name();
    let mend = Mend::new(format!("consider scheduled scaling: a floor before {hour:02}:00 {zone_name}"));
    let mend = mend.variable("peak_hours_min_capacity");
    if on.len() >= PATTERN_DAYS {
        let proof = Proof::new(
            format!("scaled out between {hour:02}:00 and {:02}:00 {zone_name}", (hour + 1) % 24),
            format!("on {} days", on.len()),
        );
        let told = Cause::new("same_hour", "it scales out at the same hour of several days");
        return Some(told.proof(proof.limit(format!("{PATTERN_DAYS} days"))).mend(mend));
    }
    let since = known_since?;
    if after(since, PATTERN_DAYS as u32 * 24 * HOUR_S) <= case.now {
        return None;
    }
    let known = since.to_zoned_datetime(TimeZone::UTC).date();
    let because = format!("changes are known since {known} only, {PATTERN_DAYS} days are needed");
    let told = Cause::new("same_hour", "whether it scales at the same hour every day");
    Some(told.unsure(because).mend(mend))
}
