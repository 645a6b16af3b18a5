//! What holds on any data.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::*;

/// Regressions are kept as known answers beside the rest, not as seeds.
fn config() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) }
}

const METRICS: [MetricId; 3] = [CPU, MEMORY, REQUESTS];

fn minutes(around: f64) -> impl Strategy<Value = Vec<Option<f64>>> {
    let value = prop_oneof![
        4 => (0.0..1.3_f64).prop_map(move |share| share * around),
        1 => Just(around),
        1 => (0.0..0.5_f64).prop_map(move |share| share * around),
    ];
    // Runs, so that windows fill; a present minute in nineteen of twenty.
    vec((value, 1_usize..20), 8..16).prop_flat_map(|runs| {
        let flat: Vec<f64> = runs.into_iter().flat_map(|(value, times)| std::iter::repeat_n(value, times)).collect();
        flat.into_iter().map(|value| option::weighted(0.95, Just(value))).collect::<Vec<_>>()
    })
}

/// A service somewhere between stopped and far above its ceiling, on any data, at any hour.
fn scene() -> impl Strategy<Value = Scene> {
    let counts = (0_u32..14, 0_u32..14, 0_u32..3, 0_usize..2);
    let limits = (0_u32..6, 1_u32..14);
    (counts, limits, minutes(70.0), minutes(80.0), minutes(1000.0), 0_i64..100_000, 0_i64..900).prop_map(
        |((desired, running, pending, draining), (min, max), cpu, memory, requests, later, since)| {
            let mut scene = Scene::steady(running);
            scene.targets(min.min(max), max);
            scene.now = seconds(scene.now, later);
            let mut service = scene.service.clone();
            // A third of the scenes is at rest.
            let rests = desired % 3 == 0;
            service.desired = TaskCount(if rests { running } else { desired });
            service.pending = TaskCount(if rests { 0 } else { pending });
            scene.see_counts(seconds(scene.now, -since), service.clone());
            scene.see_health(seconds(scene.now, -since), 0);
            scene.see_counts(scene.now, service);
            scene.see_health(scene.now, if rests { 0 } else { draining });
            scene.minutes(CPU, &cpu).minutes(MEMORY, &memory).minutes(REQUESTS, &requests)
        },
    )
}

/// A scene whose service is at rest, long after the last change, on data that is mostly calm.
fn calm() -> impl Strategy<Value = Scene> {
    let calm = |around: f64| {
        vec(option::weighted(0.97, 0.0..0.6_f64), 60)
            .prop_map(move |shares| shares.into_iter().map(|share| share.map(|s| s * around)).collect::<Vec<_>>())
    };
    (1_u32..11, calm(70.0), calm(80.0), calm(1000.0)).prop_map(|(tasks, cpu, memory, requests)| {
        Scene::steady(tasks).minutes(CPU, &cpu).minutes(MEMORY, &memory).minutes(REQUESTS, &requests)
    })
}

fn wanted(scene: &Scene) -> u32 {
    let decision = scene.decision();
    decision.to().map_or(scene.service.desired.0, |to| to.0)
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn the_result_is_always_inside_the_limits(scene in scene()) {
        let verdict = scene.verdict();
        prop_assert!(verdict.floor.count <= verdict.ceiling);
        match verdict.decision {
            Decision::Out { to, .. } => prop_assert!(to > scene.service.desired && to <= verdict.ceiling),
            Decision::In { to, .. } => {
                prop_assert!(to >= verdict.floor.count && to >= TaskCount(1));
                prop_assert_eq!(to.0 + 1, scene.service.desired.0);
            }
            _ => {}
        }
    }

    #[test]
    fn more_load_never_asks_for_less(scene in prop_oneof![scene(), calm()], which in 0_usize..3, factor in 1.0..3.0_f64) {
        let key = key(METRICS[which], &scene.service.id);
        let mut hotter = scene.clone();
        let mut series = Series::default();
        series.merge(scene.platform.series[&key].points().map(|(minute, value)| (start_of(minute), value * factor)));
        hotter.platform.series.insert(key, Arc::new(series));
        prop_assert!(wanted(&hotter) >= wanted(&scene), "{:?} → {:?}", scene.decision(), hotter.decision());
    }

    #[test]
    fn without_one_metric_nothing_is_ever_taken_away(scene in calm(), which in 0_usize..3) {
        prop_assert!(!is_in(&scene.gone(METRICS[which]).decision()));
    }

    #[test]
    fn three_missing_minutes_in_the_window_never_take_anything_away(
        scene in calm(),
        which in 0_usize..3,
        backs in proptest::sample::subsequence((0..25).collect::<Vec<i64>>(), 3..25),
    ) {
        let newest = evidence_minute(scene.now);
        let key = key(METRICS[which], &scene.service.id);
        let mut holed = scene.clone();
        let kept = scene.platform.series[&key].points().filter(|(minute, _)| !backs.contains(&(newest - minute)));
        let mut series = Series::default();
        series.merge(kept.map(|(minute, value)| (start_of(minute), value)));
        holed.platform.series.insert(key, Arc::new(series));
        prop_assert!(!is_in(&holed.decision()));
    }

    #[test]
    fn minutes_newer_than_evidence_change_nothing(scene in scene(), value in 0.0..2000.0_f64, ahead in 1_i64..4) {
        let mut ahead_of = scene.clone();
        for metric in METRICS {
            let series = ahead_of.platform.series.get_mut(&key(metric, &scene.service.id)).unwrap();
            Arc::make_mut(series).merge([(start_of(evidence_minute(scene.now) + ahead), value)]);
        }
        prop_assert_eq!(ahead_of.verdict(), scene.verdict());
    }

    #[test]
    fn no_in_within_300_seconds_after_a_change_has_finished(scene in calm(), from in 1_u32..11, since in 0_i64..300) {
        let mut changed = scene;
        let mut service = changed.service.clone();
        prop_assume!(service.desired.0 != from);
        let after = service.clone();
        changed.platform.counts.clear();
        changed.platform.sources.remove(&Source::Services);
        changed.platform.sources.remove(&Source::TargetHealth);
        changed.platform.services.clear();
        (service.desired, service.running) = (TaskCount(from), TaskCount(from));
        changed.see_counts(seconds(changed.now, -since - 1), service);
        changed.see_counts(seconds(changed.now, -since), after.clone());
        changed.see_health(seconds(changed.now, -since), 0);
        changed.see_counts(changed.now, after);
        changed.see_health(changed.now, 0);
        prop_assert!(!is_in(&changed.decision()));
    }

    #[test]
    fn no_number_makes_it_panic(values in vec(any::<f64>(), 60), target in any::<f64>(), tasks in any::<u32>()) {
        let minutes: Vec<_> = values.into_iter().map(Some).collect();
        let mut scene = Scene::steady(4);
        scene.policy.ecs.cpu_target = target;
        let mut service = scene.service.clone();
        (service.desired, service.running) = (TaskCount(tasks), TaskCount(tasks));
        scene.see_counts(scene.now, service);
        let verdict = scene.minutes(CPU, &minutes).minutes(REQUESTS, &minutes).verdict();
        prop_assert!(!verdict.sentence().is_empty());
        prop_assert!(!verdict.evidence_lines().is_empty());
    }
}

#[test]
fn calm_scenes_do_scale_in_so_that_the_properties_above_say_something() {
    let decision = Scene::idle(6).decision();
    assert!(is_in(&decision));
}
