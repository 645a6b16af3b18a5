//! "Performance degradation during scaling".

use super::*;
use crate::platform::metric::{MetricKey, Resource};
use crate::platform::series::{evidence_minute, start_of};
use crate::platform::{Deployment, MetricId, Rollout, Series, TargetState};
use crate::policy::alerts::{AlertEvidence, AlertRule, AlertState as State, Subject};
use crate::policy::ecs::tests::{CPU, balancer, deployment, group};

fn diagnosis(scene: &Scene) -> Diagnosis {
    of(&ranked(scene), Trouble::SlowWhileScaling).clone()
}

/// The 95th percentile of response times of the last ten minutes, seconds.
fn p95(mut scene: Scene, value: f64) -> Scene {
    let resource = Resource::TargetGroup(balancer(), group());
    let newest = evidence_minute(scene.now);
    let mut series = Series::default();
    series.merge((0..10).map(|back| (start_of(newest - back), value)));
    scene.platform.series.insert(MetricKey { resource, metric: MetricId::ResponseP95 }, Arc::new(series));
    scene
}

/// Two of eight tasks are still on their way.
fn scaling(scene: Scene) -> Scene {
    scene.with(|service| {
        service.desired = TaskCount(8);
        service.pending = TaskCount(2);
    })
}

fn targets(mut scene: Scene, change: impl FnOnce(&mut crate::platform::TargetGroup)) -> Scene {
    change(Arc::make_mut(scene.platform.target_groups.get_mut(&group()).unwrap()));
    scene
}

#[test]
fn slow_and_scaling_together_are_the_trouble() {
    let steady = || set_up(Scene::steady(6));
    for (standing, sentence, scene) in [
        ("no", "nothing scales", p95(steady(), 0.2)),
        ("no", "p95 is 0.9 s, above 0.5 s, but nothing scales", p95(steady(), 0.9)),
        ("no", "6 of 8 tasks run, and p95 is 0.2 s, within 0.5 s", p95(scaling(steady()), 0.2)),
        ("yes", "p95 is 0.9 s, above 0.5 s while 6 of 8 tasks run", p95(scaling(steady()), 0.9)),
        ("cannot tell", "6 of 8 tasks run; how fast answers are cannot be told", scaling(steady())),
    ] {
        let diagnosis = diagnosis(&scene);
        assert_eq!((diagnosis.standing.word(), diagnosis.sentence.as_str()), (standing, sentence));
    }
}

#[test]
fn load_that_came_faster_than_the_tasks_is_told_first() {
    let scene = p95(scaling(set_up(Scene::steady(6)).flat(CPU, 95.0)), 0.9);
    let diagnosis = diagnosis(&scene);
    assert_eq!(rules(&diagnosis)[0], "behind");
    assert_eq!(diagnosis.causes[0].sentence, "the load needs 9, 6 run");
    assert_eq!(diagnosis.causes[0].mends[1].variable, Some("ecs_scale_out_window_s"));
}

#[test]
fn a_start_that_takes_longer_than_its_window_asks_to_be_warmed() {
    let slow_start = |before: i64, to: u32| Activity { ended: Some(ago(before - 420)), ..done(before, to) };
    let scene = set_up(Scene::steady(6)).activity(done(9000, 4)).activity(slow_start(6000, 6));
    let diagnosis = diagnosis(&p95(scaling(scene), 0.9));
    let cold = cause(&diagnosis, "cold_start");
    assert_eq!(cold.sentence, "a scale-out usually takes 7m here");
    assert_eq!(cold.evidence[0].line(), "usual scale-out: 420 s, against 300 s of its window");
    assert!(cold.mends[0].what.starts_with("pre-warm: raise the floor"));
    let unknown = self::diagnosis(&p95(scaling(set_up(Scene::steady(6))), 0.9));
    assert_eq!(rules(&unknown), ["cold_start?"]);
}

#[test]
fn cooldowns_that_are_longer_than_the_policys_are_named() {
    let mut scene = p95(scaling(set_up(Scene::steady(6))), 0.9);
    let policies = Arc::make_mut(scene.platform.policies.get_mut(&scene.service.id).unwrap());
    policies[0].out_cooldown_s = None;
    let diagnosis = diagnosis(&scene);
    let cooldown = cause(&diagnosis, "cooldown");
    assert_eq!(cooldown.evidence[0].line(), "cpu: 300 s, against 60 s");
    assert_eq!(cooldown.mends[0].line(), "reduce the scale-out cooldown (ecs_scale_out_cooldown_s)");
}

#[test]
fn draining_that_cuts_off_is_named_and_unread_draining_cannot_be_told() {
    let mut leaving = set_up(Scene::steady(6));
    leaving.see_health(noon(), 2);
    let leaving = p95(leaving, 0.9);
    let short = diagnosis(&targets(leaving.clone(), |group| group.draining_s = Some(5)));
    assert!(short.sentence.ends_with("while 2 targets drain"), "{short:#?}");
    let cut = cause(&short, "draining_short");
    assert_eq!(cut.evidence[0].line(), "draining of ai: 5 s, against 300 s in the policy, at 12:00:00");
    assert_eq!(cut.mends[0].variable, Some("alb_draining_s"));
    let unread = diagnosis(&targets(leaving.clone(), |group| group.draining_s = None));
    assert_eq!(rules(&unread), ["draining_short?"]);
    assert_eq!(rules(&diagnosis(&leaving)), ["unexplained"], "300 s is enough");
}

#[test]
fn targets_that_do_not_answer_yet_say_why() {
    let scene = targets(p95(scaling(set_up(Scene::steady(6))), 0.9), |group| {
        let target = &mut group.targets.as_mut().unwrap()[0];
        target.state = TargetState::Unhealthy;
        target.reason = "Target.Timeout".to_owned();
    });
    let diagnosis = diagnosis(&scene);
    let unhealthy = cause(&diagnosis, "not_healthy");
    assert!(
        unhealthy.evidence[0].line().starts_with("ai: 0 not checked yet, 1 unhealthy, against 60 s: 2 checks of 30 s")
    );
    assert_eq!(unhealthy.evidence[1].line(), "10.0.0.1:80: Target.Timeout");
}

#[test]
fn errors_of_its_balancer_are_a_trouble_and_a_database_may_be_behind_it() {
    let alert = |rule, subject| Alert {
        rule,
        subject,
        state: State::Firing { since: ago(300) },
        blind: false,
        evidence: AlertEvidence::Errors { balancer: 3.0, targets: 97.0, requests: 1000.0, threshold: 1.0 },
    };
    let alerts = [
        alert(AlertRule::Alb5xx, Subject::Balancer(balancer())),
        alert(AlertRule::RdsCpuCritical, Subject::Database(crate::platform::DatabaseId::new("db"))),
    ];
    let rolling = Deployment { created: ago(300), ..deployment(Rollout::InProgress) };
    let scene = p95(set_up(Scene::steady(6)), 0.2).with(|service| service.deployments = vec![rolling]);
    let ranked = with(&scene, &alerts, &[]);
    let diagnosis = of(&ranked, Trouble::SlowWhileScaling);
    assert_eq!(diagnosis.standing, Standing::Yes);
    assert_eq!(rules(diagnosis), ["deployment", "downstream?"]);
    let elsewhere = [alert(AlertRule::Alb5xx, Subject::Balancer(crate::platform::LoadBalancerId::new("app/x/2")))];
    assert_eq!(of(&with(&scene, &elsewhere, &[]), Trouble::SlowWhileScaling).standing, Standing::No);
}
