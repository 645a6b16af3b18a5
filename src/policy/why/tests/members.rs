//! The four troubles of replicas and nodes.

use super::*;
use crate::platform::{CacheId, DatabaseId};
use crate::policy::cache::tests::{self as caches, CACHE};
use crate::policy::replicas::scene::{self as databases, CONNECTIONS, DB};

fn of_replicas(scene: &databases::Scene, moves: &[Move]) -> Ranked {
    let group = GroupId::Replicas(DatabaseId::new(DB));
    causes(&scene.platform, &scene.policy, &group, scene.now, Extra { alerts: &[], moves })
}

fn of_cache(scene: &caches::Scene) -> Ranked {
    causes(&scene.platform, &scene.policy, &GroupId::Cache(CacheId::new(CACHE)), scene.now, Extra::default())
}

fn hot(replicas: u32) -> databases::Scene {
    databases::Scene::steady(replicas).flat(DB, databases::CPU, 85.0)
}

#[test]
fn aws_adds_no_replica_by_itself() {
    let ranked = of_replicas(&hot(2), &[]);
    let diagnosis = of(&ranked, Trouble::NotScalingOut);
    assert_eq!(diagnosis.standing, Standing::Yes, "{diagnosis:#?}");
    assert_eq!(rules(diagnosis), ["nobody_acts"]);
    let evidence = diagnosis.causes[0].evidence[0].line();
    assert!(evidence.contains("85 % > 70 %") && evidence.contains("held 10m of 10m"), "{evidence}");
}

#[test]
fn what_stands_in_a_replicas_way_is_the_cause() {
    let cases: Vec<(&str, databases::Scene)> = vec![
        ("at_ceiling", hot(5)),
        ("blocked", hot(2).with(DB, |database| database.backup_days = 0)),
        ("starting", hot(2).status(&databases::replica(2), "creating")),
        ("window_filling", databases::Scene::steady(2).held(DB, CONNECTIONS, 390.0, 4)),
    ];
    for (rule, scene) in cases {
        let ranked = of_replicas(&scene, &[]);
        let diagnosis = of(&ranked, Trouble::NotScalingOut);
        assert_eq!((diagnosis.standing.word(), rules(diagnosis)[0].as_str()), ("yes", rule), "{diagnosis:#?}");
        assert!(!diagnosis.causes[0].mends.is_empty());
    }
}

#[test]
fn what_is_missing_cannot_be_told() {
    let scene = databases::Scene::steady(2).gone(DB, databases::CPU);
    let ranked = of_replicas(&scene, &[]);
    let diagnosis = of(&ranked, Trouble::NotScalingOut);
    assert!(cannot_tell(&diagnosis.standing).contains("cpu is missing"), "{diagnosis:#?}");
}

#[test]
fn idle_replicas_are_money_and_a_larger_source_is_told() {
    let scene = databases::Scene::idle(3).with(DB, |database| database.class = "db.r6g.xlarge".to_owned());
    let ranked = of_replicas(&scene, &[]);
    let diagnosis = of(&ranked, Trouble::HighCost);
    assert_eq!(diagnosis.standing, Standing::Yes, "{diagnosis:#?}");
    assert_eq!(diagnosis.causes[0].line(), "1 2 would do: AWS takes no replica away by itself");
    let ranked = of_replicas(&hot(2).with(DB, |database| database.class = "db.r6g.xlarge".to_owned()), &[]);
    let class = cause(of(&ranked, Trouble::HighCost), "other_class");
    assert_eq!(class.sentence, "its source is db.r6g.xlarge, the policy makes replicas of db.t3.medium");
}

#[test]
fn a_replica_on_its_way_keeps_the_load_waiting() {
    let scene = hot(2).status(&databases::replica(2), "creating").with(DB, |database| database.multi_az = false);
    let ranked = of_replicas(&scene, &[]);
    let diagnosis = of(&ranked, Trouble::SlowWhileScaling);
    assert_eq!((diagnosis.standing.word(), rules(diagnosis)[0].as_str()), ("yes", "behind"), "{diagnosis:#?}");
    let proofs: Vec<_> = diagnosis.causes[0].evidence.iter().map(Proof::line).collect();
    assert!(proofs.iter().any(|line| line.contains("replica-2: creating")), "{proofs:#?}");
}

#[test]
fn replicas_that_come_and_go_are_flapping_where_somebody_tells() {
    let swing = |minutes: i64, from, to| Move { at: ago(minutes * 60), from, to, by: Mover::Operator };
    let moves = [swing(25, 1, 2), swing(15, 2, 1), swing(5, 1, 2)];
    let told = of_replicas(&databases::Scene::steady(2), &moves);
    assert_eq!(of(&told, Trouble::ScalingTooMuch).standing, Standing::Yes);
    let calm = of_replicas(&databases::Scene::steady(2), &[]);
    assert_eq!(of(&calm, Trouble::ScalingTooMuch).standing, Standing::No);
}

#[test]
fn a_cache_tells_what_one_more_node_does_not_cure() {
    let ranked = of_cache(&caches::Scene::steady(3).all(20.0, 90.0));
    let diagnosis = of(&ranked, Trouble::NotScalingOut);
    assert_eq!(rules(diagnosis), ["nobody_acts", "would_not_help"], "{diagnosis:#?}");
    assert_eq!(diagnosis.causes[1].sentence, "a replica adds no memory: every node holds all keys");
    let idle = of_cache(&caches::Scene::idle(3));
    assert_eq!(rules(of(&idle, Trouble::HighCost))[0], "stuck_scale_out");
    let floor = of_cache(&caches::Scene::idle(2));
    assert_eq!(rules(of(&floor, Trouble::HighCost))[0], "oversized?");
}
