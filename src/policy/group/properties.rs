//! What holds for groups that scale by ones, on any data.

use std::sync::Arc;

use jiff::Timestamp;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::{GroupVerdict, Kind};
use crate::platform::metric::MetricKey;
use crate::platform::series::{evidence_minute, start_of};
use crate::platform::{InstanceStatus, MemberCount, MetricId, Platform, Series, Source};
use crate::policy::cache::tests as caches;
use crate::policy::replicas::tests as replicas;
use crate::policy::replicas::tests::{CONNECTIONS, CPU, DB, LAG, WRITES, replica};
use crate::policy::verdict::Decision;
use crate::policy::window::ago;

/// Regressions are kept as known answers beside the rest, not as seeds.
fn config() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(96) }
}

type Minutes = Vec<Option<f64>>;

/// Runs, so that windows fill; a present minute in nineteen of twenty.
fn minutes(around: f64) -> impl Strategy<Value = Minutes> {
    let value = prop_oneof![
        3 => (0.0..1.3_f64).prop_map(move |share| share * around),
        1 => Just(around),
        3 => (0.0..0.5_f64).prop_map(move |share| share * around),
    ];
    vec((value, 1_usize..40), 3..8).prop_flat_map(|runs| {
        let flat: Vec<f64> = runs.into_iter().flat_map(|(value, times)| std::iter::repeat_n(value, times)).collect();
        flat.into_iter().map(|value| option::weighted(0.95, Just(value))).collect::<Vec<_>>()
    })
}

/// Low everywhere, with hardly a minute missing.
fn calm(below: f64) -> impl Strategy<Value = Minutes> {
    vec(option::weighted(0.99, 0.0..below), 60)
}

fn words() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        8 => Just("available"),
        3 => select(vec!["creating", "deleting", "modifying", "rebooting", "failed", "stopped", "a later word"]),
    ]
}

/// The metrics of the primary and of up to seven replicas.
fn series(
    cpu: impl Strategy<Value = Minutes>,
    connections: impl Strategy<Value = Minutes>,
    lag: impl Strategy<Value = Minutes>,
) -> impl Strategy<Value = Vec<(Minutes, Minutes, Minutes)>> {
    vec((cpu, connections, lag), 8)
}

fn filled(scene: replicas::Scene, series: &[(Minutes, Minutes, Minutes)]) -> replicas::Scene {
    let count = scene.databases.len() - 1;
    series.iter().take(count + 1).enumerate().fold(scene, |scene, (number, (cpu, connections, lag))| {
        let name = if number == 0 { DB.to_owned() } else { replica(number as u32) };
        let scene = scene.minutes(&name, CPU, cpu).minutes(&name, CONNECTIONS, connections);
        if number == 0 { scene } else { scene.minutes(&name, LAG, lag) }
    })
}

/// Any database with any replicas, on any data.
fn scene() -> impl Strategy<Value = replicas::Scene> {
    let data = series(minutes(70.0), minutes(320.0), minutes(1.5));
    (0_u32..8, vec(words(), 8), 0_u32..4, 0_u32..7, data, 0_u32..4000, 0_u32..4000).prop_map(
        |(count, words, min, max, data, settled, created)| {
            let mut scene = replicas::Scene::steady(count);
            (scene.policy.replicas.min, scene.policy.replicas.max) = (min.min(max), max);
            for (database, word) in scene.databases.iter_mut().zip(words).rev().take(count as usize) {
                database.status = InstanceStatus(word.to_owned());
                database.created = Some(ago(scene.now, created));
            }
            restart(&mut scene, settled);
            filled(scene, &data)
        },
    )
}

/// At rest since hours, on data that is mostly low.
fn quiet() -> impl Strategy<Value = replicas::Scene> {
    (2_u32..6, series(calm(39.9), calm(159.0), calm(0.9)))
        .prop_map(|(count, data)| filled(replicas::Scene::steady(count), &data))
}

/// Forgets what was seen; the databases are read then, and again now.
fn restart(scene: &mut replicas::Scene, seconds_ago: u32) {
    scene.platform.replica_counts.clear();
    scene.platform.sources.remove(&Source::Databases);
    scene.read(ago(scene.now, seconds_ago));
    scene.read(scene.now);
}

fn is_in(verdict: &GroupVerdict) -> bool {
    matches!(verdict.decision, Decision::In { .. })
}

fn inside(verdict: &GroupVerdict) -> Result<(), TestCaseError> {
    let present = verdict.members.present.0;
    match verdict.decision {
        Decision::Out { to, .. } => {
            prop_assert_eq!(to.0, present + 1);
            prop_assert!(to <= verdict.ceiling);
            prop_assert_eq!(verdict.members.leaving, 0);
            prop_assert_eq!(verdict.members.arriving, MemberCount(0));
        }
        Decision::In { to, .. } => {
            prop_assert_eq!(to.0 + 1, present);
            prop_assert!(to >= verdict.floor.count);
            prop_assert!(verdict.members.kind == Kind::Replica || to >= MemberCount(1));
            prop_assert_eq!(verdict.members.serving.0, present, "nothing moves and nothing has failed");
            prop_assert!(verdict.removes.is_some());
        }
        _ => prop_assert!(verdict.removes.is_none()),
    }
    prop_assert!(!verdict.sentence().is_empty());
    Ok(())
}

/// Takes the minutes at these places away from a series.
fn holed(platform: &mut Platform, key: MetricKey, now: Timestamp, backs: &[i64]) {
    let newest = evidence_minute(now);
    let mut series = Series::default();
    let kept = platform.series[&key].points().filter(|(minute, _)| !backs.contains(&(newest - minute)));
    series.merge(kept.map(|(minute, value)| (start_of(minute), value)));
    platform.series.insert(key, Arc::new(series));
}

fn three_or_more() -> impl Strategy<Value = Vec<i64>> {
    proptest::sample::subsequence((0..30).collect::<Vec<i64>>(), 3..30)
}

fn cache() -> impl Strategy<Value = caches::Scene> {
    let data = vec((minutes(70.0), minutes(75.0)), 14);
    (any::<bool>(), 1_u32..8, 0_u32..4, 0_u32..8, data, 0_u32..4000, vec(words(), 14)).prop_map(
        |(cluster, count, min, max, data, settled, words)| {
            let scene = if cluster { caches::Scene::shards(count, 50.0) } else { caches::Scene::steady(count) };
            let nodes = scene.cache.nodes().count();
            let mut scene = (1..=nodes).fold(scene, |scene, number| scene.status(number, words[number - 1]));
            (scene.policy.cache.min, scene.policy.cache.max) = (min.min(max), max);
            scene.platform.node_counts.clear();
            scene.platform.sources.remove(&Source::Caches);
            scene.read(ago(scene.now, settled));
            scene.read(scene.now);
            (1..=nodes).fold(scene, |scene, number| {
                let (cpu, memory) = &data[number - 1];
                let name = caches::node(number as u32);
                scene.minutes(&name, caches::CPU, cpu).minutes(&name, caches::MEMORY, memory)
            })
        },
    )
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn replicas_stay_inside_their_limits(scene in prop_oneof![scene(), quiet()]) {
        inside(&scene.verdict())?;
    }

    #[test]
    fn nodes_and_shards_stay_inside_their_limits(scene in cache()) {
        inside(&scene.verdict())?;
    }

    #[test]
    fn without_one_metric_no_replica_is_taken_away(
        scene in quiet(),
        which in 0_u32..2,
        metric in select(vec![CPU, CONNECTIONS, LAG]),
    ) {
        let name = if which == 0 && metric != LAG { DB.to_owned() } else { replica(1) };
        prop_assert!(!is_in(&scene.gone(&name, metric).verdict()));
    }

    #[test]
    fn three_missing_minutes_never_take_a_replica_away(
        scene in quiet(),
        metric in select(vec![CPU, CONNECTIONS]),
        backs in three_or_more(),
    ) {
        let mut scene = scene;
        let id = crate::platform::DatabaseId::new(replica(2));
        holed(&mut scene.platform, MetricKey::database(&id, metric), scene.now, &backs);
        prop_assert!(!is_in(&scene.verdict()));
    }

    #[test]
    fn three_missing_minutes_never_take_a_node_away(
        metric in select(vec![caches::CPU, caches::MEMORY]),
        backs in three_or_more(),
        shards in any::<bool>(),
    ) {
        let mut scene = if shards { caches::Scene::shards(4, 20.0) } else { caches::Scene::idle(4) };
        let id = crate::platform::CacheNodeId::new(caches::node(2));
        prop_assert!(is_in(&scene.verdict()));
        holed(&mut scene.platform, MetricKey::cache_node(&id, metric), scene.now, &backs);
        prop_assert!(!is_in(&scene.verdict()));
    }

    #[test]
    fn no_replica_goes_within_thirty_minutes_after_a_change_has_finished(scene in quiet(), since in 0_u32..1800) {
        let mut changed = scene;
        let after = changed.databases.clone();
        changed.databases.last_mut().unwrap().status = InstanceStatus("creating".to_owned());
        restart(&mut changed, since + 60);
        changed.databases = after;
        changed.platform.sources.remove(&Source::Databases);
        changed.read(ago(changed.now, since));
        changed.read(changed.now);
        prop_assert!(!is_in(&changed.verdict()));
    }

    #[test]
    fn the_order_of_instances_changes_nothing(scene in prop_oneof![scene(), quiet()], turn in 1_usize..8) {
        let mut turned = scene.clone();
        turned.databases.reverse();
        let primary = turned.databases.last_mut().unwrap();
        let by = turn % primary.replicas.len().max(1);
        primary.replicas.rotate_left(by);
        turned.read(turned.now);
        prop_assert_eq!(turned.verdict(), scene.verdict());
    }

    #[test]
    fn the_order_of_nodes_changes_nothing(scene in cache()) {
        let mut turned = scene.clone();
        turned.cache.shards.reverse();
        turned.cache.shards.iter_mut().for_each(|shard| shard.nodes.reverse());
        turned.read(turned.now);
        prop_assert_eq!(turned.verdict(), scene.verdict());
    }

    #[test]
    fn no_number_makes_it_panic(values in vec(any::<f64>(), 60), threshold in any::<f64>(), window in 0_u32..9000, max in any::<u32>()) {
        let minutes: Vec<_> = values.into_iter().map(Some).collect();
        let mut scene = replicas::Scene::steady(2);
        let policy = &mut scene.policy.replicas;
        (policy.cpu_out, policy.cpu_in, policy.lag_out_s) = (threshold, threshold, threshold);
        (policy.scale_out_window_s, policy.scale_in_window_s, policy.lag_window_s) = (window, window, window);
        (policy.cooldown_s, policy.max) = (max, max);
        let scene = scene.with(DB, |primary| primary.max_connections = Some(max));
        let data = vec![(minutes.clone(), minutes.clone(), minutes.clone()); 8];
        let scene = filled(scene, &data).minutes(DB, WRITES, &minutes);
        let verdict = scene.verdict();
        prop_assert!(!verdict.sentence().is_empty() && !verdict.evidence_lines().is_empty());
        let mut cache = caches::Scene::shards(2, 50.0);
        (cache.policy.cache.memory_out, cache.policy.cache.min) = (threshold, 0);
        cache.policy.cache.scale_in_window_s = window;
        let cache = cache.minutes(&caches::node(1), caches::MEMORY, &minutes).minutes(&caches::node(2), caches::CPU, &minutes);
        prop_assert!(!cache.verdict().evidence_lines().is_empty());
        let mut all = cache.platform.clone();
        all.databases = scene.platform.databases.clone();
        all.series.extend(scene.platform.series.clone());
        let hits = MetricKey::cache_node(&crate::platform::CacheNodeId::new(caches::node(1)), MetricId::CacheHits);
        all.series.insert(hits, all.series[&MetricKey::database(&crate::platform::DatabaseId::new(DB), WRITES)].clone());
        for alert in crate::policy::alerts(&all, &scene.policy, scene.now) {
            prop_assert!(!alert.sentence(scene.now).is_empty());
        }
    }
}

#[test]
fn quiet_scenes_do_scale_in_so_that_the_properties_above_say_something() {
    assert!(is_in(&replicas::Scene::idle(3).verdict()));
}
