//! What a plan would do, in the operator's words and numbers.

use jiff::Timestamp;

use super::command::command;
use super::guard::{self, Tier};
use super::outlook;
use super::plan::{Change, Plan};
use super::projection::{self, Projection};
use super::{price, words};
use crate::platform::{Platform, Service, Source, TaskCount};
use crate::policy::{Decision, Policy, Prices, Reason, Verdict};

/// A preview: everything the box shows. Plain text; the console lays it out.
#[derive(Debug, Clone, PartialEq)]
pub struct Preview {
    /// "Scale out ai-service".
    pub title: String,
    /// Before → after.
    pub rows: Vec<Row>,
    /// Why the policy agrees, or that it does not.
    pub why: Vec<String>,
    /// What the autoscaler will do next.
    pub next: Vec<String>,
    /// What speaks against it.
    pub warnings: Vec<String>,
    /// The other way to the same count, as in "hold: raise the floor to 8"; [`Plan::instead`] makes its plan.
    pub instead: Option<String>,
    /// The equivalent `aws` command, shell-quoted.
    pub command: String,
    /// What stage 2 asks for.
    pub tier: Tier,
}

/// One line of a preview.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// "desired", "cpu", "cost", "ready".
    pub label: String,
    /// Now, with its unit; empty where there is none.
    pub before: String,
    /// After, with its unit.
    pub after: String,
    /// The formula, the limit, or where the number comes from.
    pub note: String,
}

/// The preview of a plan. `expected_ready_s` is the median, in seconds, of the finished scale-outs seen here.
///
/// Names are as AWS spells them, hostile characters and all; only [`Preview::command`] is made safe to paste.
pub fn preview(
    plan: &Plan,
    platform: &Platform,
    policy: &Policy,
    verdict: Option<&Verdict>,
    expected_ready_s: Option<u32>,
    now: Timestamp,
) -> Preview {
    let projections = projection::of(plan, platform, policy, verdict, now);
    Preview {
        title: title(plan),
        rows: rows(plan, platform, &projections, expected_ready_s, &policy.prices),
        why: why(plan, verdict),
        next: outlook::next(plan, platform),
        warnings: outlook::warnings(plan, platform, policy, verdict, &projections, now),
        instead: instead(plan),
        command: command(plan),
        tier: guard::tier(plan, policy),
    }
}

fn title(plan: &Plan) -> String {
    let name = &plan.change.service().service;
    let (from, to) = (plan.from(), plan.change.to());
    match plan.change {
        Change::Desired { .. } if to.0 == 0 => format!("Stop {name}"),
        Change::Desired { .. } if to > from => format!("Scale out {name}"),
        Change::Desired { .. } => format!("Scale in {name}"),
        Change::Floor { .. } if to > from => format!("Raise the floor of {name}"),
        Change::Floor { .. } => format!("Lower the floor of {name}"),
    }
}

fn rows(
    plan: &Plan,
    platform: &Platform,
    projections: &[Projection],
    expected_ready_s: Option<u32>,
    prices: &Prices,
) -> Vec<Row> {
    let row =
        |label: &str, before: String, after: String, note: String| Row { label: label.to_owned(), before, after, note };
    let (desired, goal) = (plan.observed.desired, plan.goal());
    let mut rows = Vec::new();
    let counts = |note| row("desired", desired.to_string(), goal.to_string(), note);
    match plan.change {
        Change::Desired { to, .. } => rows.push(counts(limits_note(plan, platform, to))),
        Change::Floor { to, .. } => {
            let ceiling = plan.observed.limits.map_or(String::new(), |(_, ceiling)| format!("ceiling {ceiling}"));
            rows.push(row("floor", plan.from().to_string(), to.to_string(), ceiling));
            let stays =
                if goal == desired { "moving the floor moves no task" } else { "AWS moves it to the floor at once" };
            rows.push(counts(stays.to_owned()));
        }
    }
    if goal == desired {
        return rows;
    }
    rows.extend(projections.iter().map(|p| row(p.label(), p.before(), p.after(), p.note())));
    if let Some(service) = platform.services.get(plan.change.service()) {
        let (before, after, note) = price::row(service, desired, goal, prices);
        rows.push(row("cost", before, after, note));
        let (label, after, note) = if goal > desired { ready(expected_ready_s) } else { drained(service, platform) };
        rows.push(row(label, String::new(), after, note));
    }
    rows
}

fn limits_note(plan: &Plan, platform: &Platform, to: TaskCount) -> String {
    match plan.observed.limits {
        Some((floor, ceiling)) if to < floor || to > ceiling => format!("outside {floor}–{ceiling}"),
        Some((floor, ceiling)) => format!("inside {floor}–{ceiling}, room left +{}", ceiling.0 - to.0),
        None if platform.sources.get(&Source::ScalableTargets).is_some_and(|health| health.learnt.is_some()) => {
            "no scalable target: nothing bounds it".to_owned()
        }
        None => "its limits are not known".to_owned(),
    }
}

fn ready(expected_s: Option<u32>) -> (&'static str, String, String) {
    match expected_s {
        Some(seconds) => {
            ("ready", format!("~{}", words::span(seconds)), "median of the scale-outs seen here".to_owned())
        }
        None => ("ready", "—".to_owned(), "not yet measured here".to_owned()),
    }
}

/// A task that is taken away serves on until its target has drained.
fn drained(service: &Service, platform: &Platform) -> (&'static str, String, String) {
    let groups = service.target_groups.iter().filter_map(|arn| platform.target_groups.get(arn));
    match groups.filter_map(|group| group.draining_s).max() {
        Some(seconds) => {
            ("gone", format!("~{}", words::span(seconds)), "targets finish their requests first".to_owned())
        }
        None => ("gone", "—".to_owned(), "draining time not known".to_owned()),
    }
}

fn why(plan: &Plan, verdict: Option<&Verdict>) -> Vec<String> {
    let Some(verdict) = verdict else {
        return vec!["the policy has not judged this service yet".to_owned()];
    };
    let mut why = words::why(verdict);
    match &verdict.decision {
        Decision::Out { to, .. } | Decision::In { to, .. } if *to != plan.goal() => {
            why.push(format!("the policy's count is {to}"));
        }
        Decision::CannotTell { .. } => why.insert(0, verdict.sentence()),
        Decision::None { reason: Reason::Filling { .. } } => {
            why.insert(0, format!("before the rule fires: {}", verdict.sentence()));
        }
        Decision::None { .. } => why.insert(0, format!("the policy does not ask for it: {}", verdict.sentence())),
        Decision::Out { .. } | Decision::In { .. } => {}
    }
    why
}

fn instead(plan: &Plan) -> Option<String> {
    let other = plan.instead().ok()?;
    let to = other.change.to();
    Some(match other.change {
        Change::Floor { .. } if to > other.from() => {
            format!("hold: raise the floor to {to}; the autoscaler keeps at least that until the floor is lowered")
        }
        Change::Floor { .. } => format!("lower the floor to {to}; the autoscaler may then scale in to it by itself"),
        Change::Desired { .. } => format!("set desired to {to} once; the autoscaler may change it again"),
    })
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;
    use crate::change::scene::Scene;
    use crate::platform::{Environment, MetricId, Suspended};

    /// The box as text, every part of it.
    fn text(preview: &Preview) -> String {
        let mut text = format!("{}\n", preview.title);
        for Row { label, before, after, note } in &preview.rows {
            writeln!(text, "  {label:<9}{before:>11} → {after:<11} {note}").unwrap();
        }
        let parts = [("why", &preview.why), ("next", &preview.next), ("warning", &preview.warnings)];
        for (name, lines) in parts {
            for line in lines {
                writeln!(text, "  {name:<9}{line}").unwrap();
            }
        }
        let instead = preview.instead.as_deref().unwrap_or("—");
        write!(text, "  instead  {instead}\n  $ {}\n  {}", preview.command, preview.tier.asks()).unwrap();
        text
    }

    fn shown(scene: &Scene, plan: &Plan, verdict: Option<&Verdict>) -> String {
        let policy = Policy::of_spec(Environment::Production);
        text(&preview(plan, &scene.platform, &policy, verdict, Some(110), scene.now))
    }

    fn web() -> Scene {
        Scene::web().limits(4, 10).tracked().targets(6, 0)
    }

    fn breached() -> Decision {
        let metrics = vec![MetricId::ServiceCpu, MetricId::RequestsPerTarget];
        Decision::Out { to: TaskCount(8), reason: Reason::Breached { metrics } }
    }

    #[test]
    fn a_scale_out_as_advised() {
        let scene = web();
        let verdict = scene.verdict(breached(), 82.0, 300);
        insta::assert_snapshot!(shown(&scene, &scene.desired(8), Some(&verdict)));
    }

    #[test]
    fn before_the_rule_fires() {
        let scene = web();
        let reason = Reason::Filling { metric: MetricId::ServiceCpu, held_s: 180, need_s: 300 };
        let verdict = scene.verdict(Decision::None { reason }, 82.0, 180);
        insta::assert_snapshot!(shown(&scene, &scene.desired(7), Some(&verdict)));
    }

    #[test]
    fn a_scale_in_against_everything() {
        let suspended = Suspended { scale_out: true, ..Suspended::default() };
        let scene = web().suspended(suspended).scheduled("morning", "cron(0 8 * * ? *)", 4).went(4, 6).unread(60);
        let mut verdict = scene.verdict(breached(), 82.0, 300);
        verdict.metrics[1].value = None;
        insta::assert_snapshot!(shown(&scene, &scene.desired(3), Some(&verdict)));
    }

    #[test]
    fn a_count_above_the_ceiling_while_a_deployment_runs() {
        let scene = web().counts(6, 5, 1).service(|service| {
            service.launch = "FARGATE 1 + FARGATE_SPOT 3".to_owned();
            service.deployments[0].rollout = crate::platform::Rollout::InProgress;
        });
        let verdict = scene.verdict(breached(), 95.0, 300);
        insta::assert_snapshot!(shown(&scene, &scene.desired(12), Some(&verdict)));
    }

    #[test]
    fn a_floor_that_moves_the_count() {
        let scene = web().scheduled("evening", "cron(0 22 * * ? *)", 2);
        let verdict = scene.verdict(breached(), 82.0, 300);
        insta::assert_snapshot!(shown(&scene, &scene.floor(8), Some(&verdict)));
    }

    #[test]
    fn a_floor_that_moves_nothing() {
        let scene = web();
        let verdict = scene.verdict(Decision::None { reason: Reason::Steady }, 50.0, 0);
        insta::assert_snapshot!(shown(&scene, &scene.floor(3), Some(&verdict)));
    }

    #[test]
    fn what_is_not_known_is_said() {
        let mut scene = Scene::web().service(|service| service.task_size = None);
        scene.platform.sources.remove(&Source::ScalableTargets);
        let policy = Policy::of_spec(Environment::Production);
        let preview = preview(&scene.desired(8), &scene.platform, &policy, None, None, scene.now);
        insta::assert_snapshot!(text(&preview));
    }

    #[test]
    fn stopping_a_service_nothing_governs() {
        let scene = Scene::web().service(|service| service.launch = "EC2".to_owned());
        let reason = Reason::NotManaged;
        let verdict = scene.verdict(Decision::None { reason }, 12.0, 0);
        insta::assert_snapshot!(shown(&scene, &scene.desired(0), Some(&verdict)));
    }
}
