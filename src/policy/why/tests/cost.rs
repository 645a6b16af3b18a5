//! "High costs".

use jiff::civil::date;

use super::*;
use crate::platform::spend::{DayCost, Dollars, Idle, Spike};
use crate::platform::{Deployment, Rollout, Suspended, TaskSize};
use crate::policy::ecs::tests::{CPU, MEMORY, deployment};

fn diagnosis(scene: &Scene) -> Diagnosis {
    let alerts = crate::policy::alerts(&scene.platform, &scene.policy, scene.now);
    of(&with(scene, &alerts, &[]), Trouble::HighCost).clone()
}

fn suspended(mut scene: Scene, what: Suspended) -> Scene {
    Arc::make_mut(scene.platform.targets.get_mut(&scene.service.id).unwrap()).suspended = what;
    scene
}

fn policies(mut scene: Scene, change: impl Fn(&mut ScalingPolicy)) -> Scene {
    let policies = Arc::make_mut(scene.platform.policies.get_mut(&scene.service.id).unwrap());
    policies.iter_mut().for_each(change);
    scene
}

#[test]
fn what_keeps_tasks_without_need_is_a_trouble() {
    let scale_in = Suspended { scale_in: true, ..Suspended::default() };
    let scheduled = Suspended { scheduled: true, ..Suspended::default() };
    let cases: Vec<(&str, Scene)> = vec![
        ("stuck_scale_out", set_up(Scene::idle(6))),
        ("above_ceiling", set_up(Scene::steady(12))),
        ("scale_in_suspended", suspended(set_up(Scene::steady(6)), scale_in)),
        ("scale_in_suspended", suspended(set_up(Scene::steady(6)), scheduled)),
        ("scale_in_disabled", policies(set_up(Scene::steady(6)), |policy| policy.scale_in_disabled = true)),
        ("floor_above_policy", set_up(Scene::idle(6)).limits(6, 10)),
    ];
    for (rule, scene) in cases {
        let diagnosis = diagnosis(&scene);
        assert_eq!(diagnosis.standing, Standing::Yes, "{rule}: {diagnosis:#?}");
        assert_eq!(rules(&diagnosis)[0], rule, "{diagnosis:#?}");
        let first = &diagnosis.causes[0];
        assert!(!first.evidence.is_empty() && !first.mends.is_empty(), "{first:#?}");
    }
}

#[test]
fn a_stuck_scale_out_tells_each_metric_and_the_last_scale_in() {
    let diagnosis = diagnosis(&set_up(Scene::idle(6)).activity(done(9000, 4)).activity(done(7200, 6)));
    let stuck = cause(&diagnosis, "stuck_scale_out");
    assert_eq!(stuck.line(), "1 5 would carry the load: 6 run since it fell");
    let lines: Vec<_> = stuck.evidence.iter().map(Proof::line).collect();
    assert_eq!(lines[0], "cpu: 10 %, against under 70 % for 25m, at 11:57:00");
    assert_eq!(lines[3], "last scale-in: none is known, since, at 10:00:00");
    assert_eq!(stuck.mends[0].what, "set the count to 5, with its preview");
}

#[test]
fn limits_that_aws_has_otherwise_are_told_with_the_command() {
    let diagnosis = diagnosis(&set_up(Scene::idle(6)).limits(6, 20));
    let floor = cause(&diagnosis, "floor_above_policy");
    assert_eq!(floor.sentence, "AWS keeps at least 6, the policy says 4 (peak hours 08:00–22:00 UTC)");
    assert!(floor.mends[0].command.as_deref().unwrap().contains("--min-capacity 4"));
    let ceiling = cause(&diagnosis, "ceiling_above_policy");
    assert_eq!(ceiling.evidence[0].line(), "maximum in AWS: 20, against 10, at 12:00:00");
}

#[test]
fn one_metric_that_keeps_the_rest_is_named() {
    let diagnosis = diagnosis(&set_up(Scene::idle(6)).flat(MEMORY, 76.0));
    let pinned = cause(&diagnosis, "pinned");
    assert_eq!(pinned.sentence, "memory alone keeps 6 tasks, 91 % on 5");
    assert_eq!(pinned.mends[0].variable, Some("ecs_memory_target"));
    assert_eq!(diagnosis.standing, Standing::No, "needed is needed: {diagnosis:#?}");
}

#[test]
fn what_vetoes_a_scale_in_is_told_beside() {
    let long = Deployment { created: ago(3600), ..deployment(Rollout::InProgress) };
    let deploying = diagnosis(&set_up(Scene::idle(6)).with(|service| service.deployments = vec![long]));
    assert_eq!(cause(&deploying, "deploying").sentence, "a deployment runs for 60m: AWS's scale-in is off meanwhile");
    let blind = diagnosis(&set_up(Scene::idle(6)).gone(CPU));
    assert_eq!(cause(&blind, "blind").sentence, "nothing is taken away while cpu cannot be judged");
}

#[test]
fn a_size_is_never_told_from_an_hour() {
    let scene = set_up(Scene::idle(4)).with(|service| {
        service.task_size = Some(TaskSize { cpu_units: 1024, memory_mib: 2048 });
    });
    let diagnosis = diagnosis(&scene);
    let large = cause(&diagnosis, "oversized");
    assert!(large.line().ends_with("because an hour does not tell a size: Compute Optimizer looks at 14 days"));
    assert_eq!(large.evidence[2].line(), "task size: 1024 CPU units, 2048 MiB");
    assert_eq!(diagnosis.standing, Standing::No);
}

#[test]
fn the_money_itself_speaks() {
    let mut scene = set_up(Scene::steady(6));
    scene.policy.alarms.daily_budget_usd = Some(100.0);
    scene.platform.spend = Some(Arc::new(Spend {
        last_day: Some(DayCost { day: date(2026, 3, 9), cost: Dollars(130.0), learnt: ago(600) }),
        today: None,
        spike: Some(Spike { day: date(2026, 3, 9), cost: Dollars(130.0), expected: Dollars(80.0) }),
        idle: Some(vec![
            Idle {
                resource: "solosuccess-ai-service".to_owned(),
                why: "cpu below 5 % for 14 days".to_owned(),
                cost: Dollars(3.0),
                since: ago(3600),
            },
            Idle { resource: "another".to_owned(), why: "idle".to_owned(), cost: Dollars(1.0), since: ago(3600) },
        ]),
    }));
    let diagnosis = diagnosis(&scene);
    assert_eq!(diagnosis.standing, Standing::Yes);
    let mut found = rules(&diagnosis);
    found.sort();
    assert_eq!(found, ["cost_spike", "over_budget", "underutilized"], "another's idleness is not this one's");
    let budget = cause(&diagnosis, "over_budget");
    assert_eq!(budget.sentence, "the budget is exceeded: 2026-03-09 cost $130.00 of $100.00 (Cost Explorer)");
}

#[test]
fn without_a_bill_it_cannot_be_told() {
    let mut scene = set_up(Scene::steady(6));
    scene.platform.spend = None;
    let scene = denied(scene, Source::Spend, "ce:GetCostAndUsage");
    let diagnosis = diagnosis(&scene);
    assert_eq!(cannot_tell(&diagnosis.standing), "what the account costs was not read");
    assert_eq!(rules(&diagnosis), ["access_denied?"]);
}
