//! The words: sentences, evidence lines, JSON, and what AWS itself is doing.

use insta::assert_snapshot;

use super::*;
use crate::platform::ScalingPolicy;
use crate::policy::ecs::{AlarmView, AutoscalerView, autoscaler_view};
use crate::policy::sentence::Role;

fn told(scene: &Scene) -> String {
    let verdict = scene.verdict();
    std::iter::once(verdict.sentence()).chain(verdict.evidence_lines()).collect::<Vec<_>>().join("\n")
}

#[test]
fn an_out_tells_every_metric_and_its_window() {
    let scene = Scene::steady(6).newest(CPU, &[Some(82.0); 5]).newest(REQUESTS, &[Some(1240.0); 5]);
    assert_snapshot!(told(&scene), @"
    scale out 6 → 8
    cpu 82 % > 70 % held 5m of 5m, asks 8
    memory 70 % is content, ~84 % on 5
    requests 1,240/target > 1,000/target held 5m of 5m, asks 8
    floor 4 (peak hours 08:00–22:00 UTC), ceiling 10
    next 12:01:00: no longer asks if the next minute is not above the target
    ");
}

#[test]
fn a_filling_window_tells_when_it_fires() {
    let scene = Scene::steady(6).newest(CPU, &[Some(82.0), None, Some(82.0)]);
    assert_snapshot!(told(&scene), @"
    cpu above 70 % for 3m of 5m, fires in ~2m if it holds
    cpu 74 %, above 70 % for 3m of 5m (1m of it without data)
    memory 70 % is content, ~84 % on 5
    requests 900/target is content, ~1,080/target on 5
    floor 4 (peak hours 08:00–22:00 UTC), ceiling 10
    next 12:02:00: scales out to 8 if cpu stays above its target
    ");
}

#[test]
fn a_value_just_above_its_target_never_reads_as_equal() {
    let scene = Scene::steady(6).newest(CPU, &[Some(70.04); 5]);
    assert_snapshot!(scene.verdict().evidence_lines()[0], @"cpu 70.04 % > 70 % held 5m of 5m, asks 7");
}

#[test]
fn a_breach_that_begins_is_not_hidden_behind_its_mean() {
    let scene = Scene::steady(6).newest(CPU, &[Some(82.0)]);
    let verdict = scene.verdict();
    assert_eq!(verdict.metric_said(&verdict.metrics[0]).to_string(), "cpu above 70 % for 1m of 5m, mean still 68 %");
}

#[test]
fn the_most_urgent_metric_comes_first() {
    let order = |scene: &Scene| -> Vec<_> {
        scene.verdict().most_urgent_first().into_iter().map(|evidence| evidence.metric).collect()
    };
    assert_eq!(order(&Scene::steady(6)), [CPU, REQUESTS, MEMORY], "by what they have of their targets");
    assert_eq!(order(&Scene::steady(6).newest(MEMORY, &[Some(81.0)])), [MEMORY, CPU, REQUESTS], "a breach that begins");
    let asks = Scene::steady(6).newest(MEMORY, &[Some(81.0)]).newest(REQUESTS, &[Some(1240.0); 5]);
    assert_eq!(order(&asks), [REQUESTS, MEMORY, CPU], "what asks");
    assert_eq!(order(&Scene::idle(6).newest(MEMORY, &[None; 5]))[0], MEMORY, "what is missing");
}

#[test]
fn pieces_say_the_sentence_and_know_their_parts() {
    let scene = Scene::steady(6).newest(CPU, &[Some(82.0); 5]);
    let verdict = scene.verdict();
    let said = verdict.metric_said(&verdict.metrics[0]);
    let of =
        |role| said.pieces().iter().filter(|(r, _)| *r == role).map(|(_, words)| words.as_str()).collect::<String>();
    assert_eq!((of(Role::Over), of(Role::Ask)), ("82 % > 70 %".to_owned(), "8".to_owned()));
    assert_eq!(verdict.metrics[0].beside(70.04).to_string(), "cpu 70.04 % >70");
    assert_eq!(verdict.metrics[2].beside(1240.0).to_string(), "requests 1,240 >1,000");
    assert_eq!(verdict.metrics[1].absent().to_string(), "memory blind");
}

#[test]
fn an_in_tells_what_remains() {
    assert_snapshot!(told(&Scene::idle(6)), @"
    scale in 6 → 5
    cpu 10 % is content, ~12 % on 5
    memory 20 % is content, ~24 % on 5
    requests 100/target is content, ~120/target on 5
    floor 4 (peak hours 08:00–22:00 UTC), ceiling 10
    next 12:01:00: no longer asks if a metric reaches its target in the next minute
    ");
}

#[test]
fn a_rebound_tells_where_the_metric_would_go() {
    assert_snapshot!(told(&Scene::steady(6)), @"
    steady: cpu would go to 78 % on 5, over 70 %
    cpu 65 % is content, ~78 % on 5
    memory 70 % is content, ~84 % on 5
    requests 900/target is content, ~1,080/target on 5
    floor 4 (peak hours 08:00–22:00 UTC), ceiling 10
    next 22:00:00: the floor falls to 2 (outside peak hours 08:00–22:00 UTC)
    ");
}

#[test]
fn a_rebound_below_the_target_reads_as_near_it() {
    let scene = Scene::idle(6).flat(CPU, 57.0);
    assert_snapshot!(scene.verdict().sentence(), @"steady: cpu would go to 68 % on 5, too near 70 %");
}

#[test]
fn missing_data_tells_which_and_since_when() {
    let gone = [None; 5];
    let scene = Scene::steady(6).newest(CPU, &gone).newest(MEMORY, &[Some(85.0), None, Some(85.0), None, Some(85.0)]);
    assert_snapshot!(told(&scene), @"
    cannot tell: cpu and memory are missing
    cpu is blind: no data since 11:53:00
    memory 85 % is blind: too many minutes are missing to tell whether it is above 80 %
    requests 900/target is content, ~1,080/target on 5
    floor 4 (peak hours 08:00–22:00 UTC), ceiling 10
    next 22:00:00: the floor falls to 2 (outside peak hours 08:00–22:00 UTC)
    ");
}

#[test]
fn every_other_reason_has_its_sentence() {
    let mut cooling = Scene::idle(7);
    let mut service = cooling.service.clone();
    (service.desired, service.running) = (TaskCount(6), TaskCount(6));
    cooling.see_counts(noon(), service);
    let starting = |service: &mut Service| (service.desired, service.pending) = (TaskCount(8), TaskCount(2));
    let deploying = |service: &mut Service| service.deployments = vec![deployment(Rollout::InProgress)];
    let mut unmanaged = Scene::steady(6);
    unmanaged.platform.targets.clear();
    let mut arriving = Scene::steady(6).gone(CPU).gone(MEMORY);
    arriving.platform.sources.remove(&Source::Metrics);
    let mut draining = Scene::idle(6);
    draining.see_health(noon(), 1);
    let open = activity(seconds(noon(), -600), 6, ActivityKind::InProgress);
    let scenes = vec![
        Scene::steady(3),
        cooling,
        Scene::idle(6).activity(open),
        Scene::steady(6).with(starting),
        draining,
        Scene::steady(6).with(deploying),
        Scene::steady(10).newest(CPU, &[Some(200.0); 5]),
        Scene::idle(4),
        Scene::steady(12),
        Scene::steady(0),
        unmanaged,
        arriving,
        Scene::idle(6).newest(CPU, &[Some(70.0)]),
        Scene { now: seconds(noon(), 300), ..Scene::idle(6) },
    ];
    let sentences: Vec<_> = scenes.iter().map(|scene| scene.verdict().sentence()).collect();
    assert_snapshot!(sentences.join("\n"), @"
    scale out 3 → 4: below the floor of 4 (peak hours 08:00–22:00 UTC)
    scale in 6 → 5 waits: cooldown until 12:05:00
    scale in 6 → 5 waits: the last change has not finished
    2 tasks starting
    1 target draining
    a deployment runs: scale-in is off
    at the ceiling of 10: 29 wanted
    at the floor of 4 (peak hours 08:00–22:00 UTC)
    12 is above the ceiling of 10, set by hand
    stopped on purpose
    not managed: no scalable target is registered
    cannot tell: history of cpu and memory is arriving
    steady
    cannot tell: services last read at 12:00:00
    ");
}

#[test]
fn notes_are_told() {
    let mut scene = Scene::idle(12).limits(2, 8);
    let mut target = ScalableTarget::clone(&scene.platform.targets[&scene.service.id]);
    target.suspended.scale_in = true;
    scene.platform.targets.insert(scene.service.id.clone(), Arc::new(target));
    scene.platform.counts.clear();
    let service = scene.service.clone();
    scene.see_counts(noon(), service);
    let notes: Vec<_> = scene.verdict().evidence_lines().split_off(4);
    assert_snapshot!(notes.join("\n"), @"
    limits differ: policy 4–10, AWS 2–8
    suspended in AWS: scale-in
    changes by hand before 12:00:00 are not known
    above max, set by hand: AWS leaves it until an opposite alarm; on offer: 8
    next 22:00:00: the floor falls to 2 (outside peak hours 08:00–22:00 UTC)
    ");
}

#[test]
fn the_json_opens_with_its_version_and_carries_the_same_values() {
    let scene = Scene::steady(6).newest(CPU, &[Some(82.0); 5]);
    let advice = advise(&scene.platform, &scene.policy, scene.now);
    let text = serde_json::to_string(&advice).unwrap();
    assert!(text.starts_with(r#"{"schema_version":1,"#), "{text}");
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let verdict = &json["services"]["solosuccess-production/solosuccess-ai-service"];
    assert_snapshot!(verdict["decision"], @r#"{"decision":"out","reason":{"metrics":["service_cpu"],"reason":"breached"},"to":8}"#);
    assert_snapshot!(verdict["metrics"][0], @r#"{"asks":8,"clear":{"bridged":0,"held_s":0,"need_s":1500,"unknown":false},"metric":"service_cpu","newest":"2026-03-10T11:57:00Z","out":{"bridged":0,"held_s":300,"need_s":300,"unknown":false},"projected_in":98.4,"target":70.0,"value":82.0}"#);
    assert_snapshot!(verdict["next"], @r#"{"at":"2026-03-10T12:01:00Z","what":"no longer asks if the next minute is not above the target"}"#);
}

fn tracking(metric: &str, target: f64) -> ScalingPolicy {
    ScalingPolicy {
        name: metric.to_owned(),
        kind: "TargetTrackingScaling".into(),
        metric: metric.to_owned(),
        target: Some(target),
        out_cooldown_s: Some(60),
        in_cooldown_s: Some(300),
        scale_in_disabled: false,
        alarms: vec![],
    }
}

fn view(scene: &Scene) -> AutoscalerView {
    autoscaler_view(&scene.platform, &scene.service.id, scene.now).unwrap()
}

fn tracked(scene: Scene) -> Scene {
    let mut scene = scene;
    let policies = vec![
        tracking("ECSServiceAverageCPUUtilization", 70.0),
        tracking("ECSServiceAverageMemoryUtilization", 80.0),
        tracking("ALBRequestCountPerTarget", 1000.0),
        tracking("SomethingOfOurOwn", 1.0),
    ];
    scene.platform.policies.insert(scene.service.id.clone(), Arc::new(policies));
    scene
}

#[test]
fn the_autoscalers_alarm_counts_up_to_three_minutes_in_a_row() {
    for (minutes, expected) in [
        (vec![Some(60.0)], 0),
        (vec![Some(82.0)], 1),
        (vec![Some(82.0); 2], 2),
        (vec![Some(82.0); 7], 3),
        (vec![Some(82.0), None, Some(82.0)], 1),
        (vec![Some(70.0); 3], 0),
        (vec![None, Some(82.0), Some(82.0)], 0),
    ] {
        let scene = tracked(Scene::steady(6).newest(CPU, &minutes));
        let alarms = view(&scene).alarms;
        let cpu = alarms.iter().find(|alarm| alarm.metric == CPU).unwrap();
        assert_eq!(*cpu, AlarmView { metric: CPU, target: 70.0, minutes: expected }, "{minutes:?}");
        assert_eq!(alarms.len(), 3, "a metric that is not in the catalogue has no view");
    }
}

#[test]
fn the_autoscaler_sees_complete_minutes_before_they_are_evidence() {
    let mut scene = tracked(Scene::steady(6).newest(CPU, &[Some(82.0)]));
    let newest = evidence_minute(scene.now);
    let series = scene.platform.series.get_mut(&key(CPU, &scene.service.id)).unwrap();
    Arc::make_mut(series).merge([(1, 82.0), (2, 82.0), (3, 10.0)].map(|(ahead, cpu)| (start_of(newest + ahead), cpu)));
    assert_eq!(view(&scene).alarms[0].minutes, 3, "the minute that has just begun does not count");
    assert_eq!(view(&scene).sentence(), "AWS is not acting yet: its cpu alarm has 3 of 3 minutes");
}

#[test]
fn what_the_autoscaler_does_is_told() {
    let scene = tracked(Scene::steady(6).newest(CPU, &[Some(82.0); 2]));
    let open = activity(seconds(noon(), -20), 8, ActivityKind::InProgress);
    let done = |ago: i64| activity(seconds(noon(), -ago), 8, ActivityKind::Successful);
    let mut suspended = scene.clone();
    let mut target = ScalableTarget::clone(&suspended.platform.targets[&suspended.service.id]);
    target.suspended.scale_out = true;
    suspended.platform.targets.insert(suspended.service.id.clone(), Arc::new(target));
    let scenes = [
        Scene::steady(6),
        suspended,
        scene.clone().activity(open),
        scene.clone().activity(done(300)),
        scene.clone().activity(done(301)),
        scene,
    ];
    let sentences: Vec<_> = scenes.iter().map(|scene| view(scene).sentence()).collect();
    assert_snapshot!(sentences.join("\n"), @"
    AWS is not acting: it has no policy on a metric known here
    AWS will not act: its scale-out is suspended
    AWS is acting: setting the count to 8 since 11:59:40
    AWS has acted: moved the count to 8 at 11:55:00
    AWS is not acting: its cpu alarm has 2 of 3 minutes
    AWS is not acting: its cpu alarm has 2 of 3 minutes
    ");
}
