//! Nodes and shards: what is sent, what is asked, what is never done, and how far it is.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::change::scene::Scene;
use crate::change::{Follow, Outcome, Stage, Tier, guard, preview, undo};
use crate::platform::{Cache, CacheNode, CacheNodeId, CacheStatus, Environment, NodeRole, Shard, Source};
use crate::policy::Advice;

/// A cache of so many shards of so many nodes, read at the scene's time.
fn redis(mut scene: Scene, shards: u32, nodes: u32, cluster_mode: bool, status: &str) -> Scene {
    let node = |shard: u32, n: u32| CacheNode {
        id: CacheNodeId::new(format!("redis-{shard:04}-{n:03}")),
        role: if n == 1 { NodeRole::Primary } else { NodeRole::Replica },
        status: CacheStatus("available".to_owned()),
        created: None,
    };
    let shard = |s: u32| Shard { id: format!("{s:04}"), nodes: (1..=nodes).map(|n| node(s, n)).collect() };
    let cache = Cache {
        id: id(),
        status: CacheStatus(status.to_owned()),
        engine: "redis 7.1".to_owned(),
        cluster_mode,
        node_type: "cache.t3.medium".to_owned(),
        multi_az: true,
        automatic_failover: true,
        shards: (1..=shards).map(shard).collect(),
        learnt: scene.now,
    };
    scene.platform.caches.insert(id(), Arc::new(cache));
    scene.source(Source::Caches)
}

fn id() -> CacheId {
    CacheId::new("redis")
}

fn nodes(n: u32) -> Scene {
    redis(Scene::web(), 1, n, false, "available")
}

fn to(scene: &Scene, count: u32) -> Change {
    members(&scene.platform, &id(), MemberCount(count)).unwrap()
}

#[test]
fn replicas_are_counted_without_the_primary_and_the_last_shards_go() {
    let scene = nodes(2);
    let steps = |scene: &Scene, count| scene.plan(to(scene, count)).unwrap().steps();
    assert_eq!(steps(&scene, 3), [Step::MoreReplicas { cache: id(), to: MemberCount(2) }]);
    assert_eq!(steps(&nodes(3), 2), [Step::FewerReplicas { cache: id(), to: MemberCount(1) }]);
    let sharded = redis(Scene::web(), 3, 2, true, "available");
    let removes = vec!["0003".to_owned()];
    assert_eq!(steps(&sharded, 2), [Step::Shards { cache: id(), to: MemberCount(2), removes }]);
    assert_eq!(steps(&sharded, 4), [Step::Shards { cache: id(), to: MemberCount(4), removes: Vec::new() }]);
}

#[test]
fn what_is_never_done_has_its_sentence() {
    let why = |scene: &Scene, change: Change| scene.plan(change).unwrap_err().to_string();
    let modifying = redis(Scene::web(), 1, 2, false, "modifying");
    let two = nodes(2);
    let table = [
        (why(&modifying, to(&two, 3)), "redis is modifying: AWS changes only what is available"),
        (
            why(&two, to(&two, 1)),
            "the last replica goes only when automatic fail-over and Multi-AZ are off: switch them off first",
        ),
        (why(&two, to(&two, 7)), "7 nodes: a group has a primary and at most 5 replicas"),
        (
            why(&two, Change::Shards { cache: id(), to: MemberCount(2) }),
            "cluster mode is off: nodes are scaled, not shards",
        ),
        (why(&two, to(&two, 2)), "nodes is 2 already: nothing to do"),
    ];
    for (told, sentence) in table {
        assert_eq!(told, sentence);
    }
}

#[test]
fn what_is_asked_in_production() {
    let policy = Policy::of_spec(Environment::Production);
    let tier = |scene: &Scene, count| guard::tier(&scene.plan(to(scene, count)).unwrap(), &policy);
    assert_eq!(tier(&nodes(2), 3), Tier::TypeCount(3));
    assert_eq!(tier(&nodes(3), 2), Tier::TypeName("redis".to_owned()), "what goes is deleted");
    let sharded = redis(Scene::web(), 6, 2, true, "available");
    assert_eq!(tier(&sharded, 7), Tier::TypeCountAndReason(7));
}

#[test]
fn it_is_followed_while_it_is_modified_and_ends_when_every_node_serves() {
    let scene = nodes(2);
    let plan = scene.plan(to(&scene, 3)).unwrap();
    let follow = Follow::begin(scene.now, None).answered(&Outcome::Accepted { request_id: None }, scene.now);
    let step = |follow: &Follow, then: &Scene| follow.advance(&plan, &then.platform, then.now);
    let modifying = redis(scene.clone().later(200), 1, 2, false, "modifying");
    let follow = step(&follow, &modifying);
    assert!(
        matches!(follow.stage, Stage::Waiting { .. }),
        "an old count says nothing while it is modified: {follow:?}"
    );
    let done = redis(scene.clone().later(600), 1, 3, false, "available");
    assert_eq!(step(&follow, &done).stage, Stage::Steady);
    let undone = redis(scene.later(600), 1, 2, false, "available");
    assert!(matches!(step(&follow, &undone).stage, Stage::Overtaken { .. }));
    let back = undo(&plan, &done.platform, &Advice::default(), &Environment::Production, done.now).unwrap();
    assert_eq!(back.change, to(&nodes(2), 2));
}

#[test]
fn each_kind_in_its_preview() {
    let policy = Policy::of_spec(Environment::Production);
    let shown: Vec<String> = [(nodes(2), 3), (redis(Scene::web(), 3, 2, true, "available"), 2)]
        .into_iter()
        .map(|(scene, count)| {
            let plan = scene.plan(to(&scene, count)).unwrap();
            let preview = preview(&plan, &scene.platform, &policy, &Advice::default(), None, scene.now);
            crate::change::preview::tests::text(&preview)
        })
        .collect();
    insta::assert_snapshot!(shown.join("\n\n"));
}

proptest! {
    #[test]
    fn a_plan_of_nodes_is_one_absolute_call_inside_awss_limits(now in 1..7_u32, count in 0..20_u32) {
        let scene = nodes(now);
        let Ok(plan) = scene.plan(to(&scene, count)) else { return Ok(()) };
        prop_assert!((2..=6).contains(&count) && count != now);
        let replicas = MemberCount(count - 1);
        let expected = if count > now {
            Step::MoreReplicas { cache: id(), to: replicas }
        } else {
            Step::FewerReplicas { cache: id(), to: replicas }
        };
        prop_assert_eq!(plan.steps(), [expected]);
    }
}
