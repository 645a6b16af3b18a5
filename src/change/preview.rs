//! What a plan would do, in the operator's words and numbers.

use jiff::Timestamp;

use super::command::command;
use super::guard::{self, Tier};
use super::kind::Change;
use super::observed::Observed;
use super::plan::Plan;
use super::{cache, ecs, replicas, words};
use crate::platform::{GroupId, Platform};
use crate::policy::{Advice, Decision, Policy, Reason, Verdict};

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
    /// The steps, where there are several, in their order.
    pub steps: Vec<String>,
    /// The other way to the same count, as in "hold: raise the floor to 8 until 18:00Z"; [`ecs::held_longer`] has it.
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

impl Row {
    pub(super) fn new(
        label: &str,
        before: impl Into<String>,
        after: impl Into<String>,
        note: impl Into<String>,
    ) -> Self {
        Self { label: label.to_owned(), before: before.into(), after: after.into(), note: note.into() }
    }
}

/// The preview of a plan. `expected_ready_s` is the median, in seconds, of the finished scale-outs seen here.
///
/// Names are as AWS spells them, hostile characters and all; only [`Preview::command`] is made safe to paste.
pub fn preview(
    plan: &Plan,
    platform: &Platform,
    policy: &Policy,
    advice: &Advice,
    expected_ready_s: Option<u32>,
    now: Timestamp,
) -> Preview {
    let target = plan.change.target();
    let verdict = target.service().and_then(|id| advice.services.get(id));
    let (title, rows, mut next, warnings) = match (&plan.observed, &target) {
        (Observed::Service(seen), GroupId::Service(id)) => {
            let projections = ecs::projection::of(plan, (id, seen), platform, policy, verdict, now);
            (
                ecs::title(plan, id),
                ecs::rows(plan, (id, seen), platform, policy, &projections, expected_ready_s),
                ecs::outlook::next(plan, id, seen, platform),
                ecs::outlook::warnings(plan, (id, seen), platform, policy, verdict, &projections, now),
            )
        }
        (Observed::Replicas(seen), _) => (
            replicas::title(plan),
            replicas::rows(plan, seen, platform, policy),
            replicas::next(plan, seen),
            replicas::warnings(plan, seen, platform, policy, advice, now),
        ),
        (Observed::Cache(seen), _) => (
            cache::title(plan),
            cache::rows(plan, seen, platform, policy),
            cache::next(plan),
            cache::warnings(plan, seen, platform, policy, advice, now),
        ),
        // Lines of the journal are made by hand at worst: what they say together is nothing.
        (Observed::Service(_), _) => (String::new(), Vec::new(), Vec::new(), Vec::new()),
    };
    let ahead = ahead(advice, &target);
    let mut why = why(plan, advice, &target);
    // It begins with "next" itself, and is no reason for the change: it is told beside what AWS does by itself.
    why.retain(|line| Some(line) != ahead.as_ref());
    next.extend(ahead.map(|line| format!("by the policy, {}", line.strip_prefix("next ").unwrap_or(&line))));
    let steps = plan.steps();
    let steps = if steps.len() > 1 { steps.iter().map(super::Step::what).collect() } else { Vec::new() };
    Preview {
        title,
        rows,
        why,
        next,
        warnings,
        steps,
        instead: instead(plan, platform, now),
        command: command(plan),
        tier: guard::tier(plan, policy),
    }
}

/// What the policy itself would change, and when.
fn ahead(advice: &Advice, target: &GroupId) -> Option<String> {
    match target {
        GroupId::Service(id) => advice.services.get(id)?.next_line(),
        GroupId::Replicas(id) => advice.replicas.get(id)?.next_line(),
        GroupId::Cache(id) => advice.caches.get(id)?.next_line(),
    }
}

fn why(plan: &Plan, advice: &Advice, target: &GroupId) -> Vec<String> {
    let group = match target {
        GroupId::Service(id) => return of_service(plan, advice.services.get(id)),
        GroupId::Replicas(id) => advice.replicas.get(id),
        GroupId::Cache(id) => advice.caches.get(id),
    };
    let Some(verdict) = group else { return vec!["the policy has not judged this group yet".to_owned()] };
    std::iter::once(verdict.sentence()).chain(verdict.evidence_lines()).collect()
}

fn of_service(plan: &Plan, verdict: Option<&Verdict>) -> Vec<String> {
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

fn instead(plan: &Plan, platform: &Platform, now: Timestamp) -> Option<String> {
    let other = ecs::held_longer(&plan.change, now)?;
    Some(match &other {
        Change::Hold { to, until, .. } => {
            let held = Plan::make(platform, other.clone(), None, &plan.environment, now).ok()?;
            let seen = held.observed.service()?;
            let back = ecs::hold_of(&held, seen)?.adds.last()?.floor;
            let until = words::until(*until);
            format!("hold: raise the floor to {to} until {until}; AWS itself returns it to {back}")
        }
        _ => format!("set desired to {} once; the autoscaler may change it again", other.count()?),
    })
}

#[cfg(test)]
pub(super) mod tests {
    use std::fmt::Write;

    use super::*;
    use crate::change::scene::Scene;
    use crate::platform::{Environment, MetricId, Source, Suspended, TaskCount};
    use crate::policy::Next;

    /// The box as text, every part of it.
    pub(in crate::change) fn text(preview: &Preview) -> String {
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
        for (n, step) in preview.steps.iter().enumerate() {
            writeln!(text, "  {:<9}{}. {step}", "step", n + 1).unwrap();
        }
        let instead = preview.instead.as_deref().unwrap_or("—");
        write!(text, "  instead  {instead}\n  $ {}\n  {}", preview.command, preview.tier.asks()).unwrap();
        text
    }

    fn shown(scene: &Scene, plan: &Plan, verdict: Option<&Verdict>) -> String {
        let policy = Policy::of_spec(Environment::Production);
        let mut advice = Advice::default();
        advice.services.extend(verdict.map(|verdict| (scene.id.clone(), verdict.clone())));
        text(&preview(plan, &scene.platform, &policy, &advice, Some(110), scene.now))
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
    fn what_the_policy_does_later_is_told_once_and_below_next() {
        let scene = web();
        let mut verdict = scene.verdict(breached(), 82.0, 300);
        verdict.next = Some(Next { at: scene.now, what: "the floor falls to 2".to_owned() });
        let mut advice = Advice::default();
        advice.services.insert(scene.id.clone(), verdict);
        let policy = Policy::of_spec(Environment::Production);
        let preview = preview(&scene.desired(8), &scene.platform, &policy, &advice, None, scene.now);
        let tells = |lines: &[String]| lines.iter().filter(|line| line.contains("the floor falls to 2")).count();
        assert_eq!((tells(&preview.why), tells(&preview.next)), (0, 1), "{preview:#?}");
        let last = preview.next.last().unwrap();
        assert!(last.starts_with("by the policy, ") && !last.contains("next"), "{last}");
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
        let preview = preview(&scene.desired(8), &scene.platform, &policy, &Advice::default(), None, scene.now);
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
