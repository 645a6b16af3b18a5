//! The story that everything is for, through the real SDK, without a terminal: load, advice, a confirmed change, steady.

use jiff::Timestamp;
use scaledeck::change::{Plan, Refused, Stage};
use scaledeck::drill::Drill;
use scaledeck::live::{Command, Notice};
use scaledeck::platform::{Source, TaskCount};
use scaledeck::policy::Decision;

use crate::scene::{Scene, service};

fn plan_to(scene: &Scene, view: &scaledeck::live::View, to: u32) -> Plan {
    let verdict = view.advice.services.get(&service());
    Plan::desired(&view.platform, &service(), TaskCount(to), verdict, &view.environment, scene.clock.now()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn an_operator_acts_early_and_the_service_is_steady_before_the_rule_would_have_fired() {
    let mut scene = Scene::open("spike");
    let began = scene.clock.now();
    scene.arrive().await;
    scene.arm().await;
    let view = scene
        .until("the load", |view| {
            let evidence = view.advice.services.get(&service()).map(|verdict| verdict.evidence_lines().join("\n"));
            evidence.is_some_and(|lines| lines.contains("1m of 5m"))
        })
        .await;
    let to = 8;
    scene.ask(Command::Previewing(Some(service().into()))).await;
    scene.confirm(plan_to(&scene, &view, to), &view).await;
    assert!(matches!(scene.notice().await, Notice::Accepted), "the confirmation was not accepted");
    let view = scene
        .until("the end", |view| view.followed.as_ref().is_some_and(|followed| followed.follow.stage.is_over()))
        .await;
    let followed = view.followed.as_ref().unwrap();
    assert_eq!(followed.follow.stage, Stage::Steady);
    let known = &view.platform.services[&service()];
    assert_eq!((known.desired, known.running), (TaskCount(to), TaskCount(to)));
    let took = scene.clock.now().duration_since(began);
    assert!(took < jiff::SignedDuration::from_mins(10), "took {took}");
    let lines = scene.leave().await;
    for state in ["planned", "sending", "sent", "closed"] {
        assert!(lines.contains(&format!("\"state\":\"{state}\"")), "no {state} in {lines}");
    }
    assert!(lines.contains("\"clock\":\"drill\""), "{lines}");
}

/// The spec's five-minute window is longer than AWS's three-minute alarm by design: left alone, AWS acts first, some
/// minutes after the step, and the engine then says that the tasks on their way are what it would have asked for.
#[tokio::test(start_paused = true)]
async fn left_alone_aws_acts_first_and_is_seen_to() {
    let mut scene = Scene::open("spike");
    let step = scene.clock.now() + jiff::SignedDuration::from_secs(90);
    scene.arrive().await;
    let view = scene
        .until("more than four", |view| {
            view.platform.services.get(&service()).is_some_and(|known| known.desired > TaskCount(4))
        })
        .await;
    let after = scene.clock.now().duration_since(step);
    assert!((4 * 60..=6 * 60).contains(&after.as_secs()), "AWS acted {after} after the step");
    let decision = &view.advice.services[&service()].decision;
    assert!(!matches!(decision, Decision::Out { .. }), "the five minutes were not over: {decision:?}");
    let acting = scaledeck::policy::ecs::autoscaler_view(&view.platform, &service(), scene.clock.now()).unwrap();
    assert!(acting.acting.is_some(), "{acting:?}");
}

#[tokio::test(start_paused = true)]
async fn a_target_that_moved_is_shown_again_and_nothing_is_sent() {
    let mut scene = Scene::open("calm");
    scene.arrive().await;
    scene.arm().await;
    let view = scene.until("limits", |view| view.platform.targets.contains_key(&service())).await;
    let plan = plan_to(&scene, &view, 6);
    somebody_sets(&scene.drill, scene.clock.now(), 5).await;
    scene.confirm(plan, &view).await;
    let Notice::Refused(Refused::Moved { plan, what }) = scene.notice().await else { panic!("not refused as moved") };
    assert!(what.iter().any(|what| what.contains("desired was 4, is 5")), "{what:?}");
    assert_eq!(plan.from(), 5);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_while_read_only() {
    let mut scene = Scene::open("calm");
    scene.arrive().await;
    let view = scene.until("limits", |view| view.platform.targets.contains_key(&service())).await;
    scene.confirm(plan_to(&scene, &view, 6), &view).await;
    assert!(matches!(scene.notice().await, Notice::Refused(Refused::Impossible { .. })));
    assert!(scene.log().await.is_empty(), "something was written");
}

#[tokio::test(start_paused = true)]
async fn every_source_answers_on_a_calm_day() {
    let spending = scaledeck::live::Spending { explorer: true, ..scaledeck::live::Spending::default() };
    let mut scene = Scene::spending("calm", spending);
    scene.arrive().await;
    let view = scene
        .until("every source", |view| Source::ALL.iter().all(|source| view.platform.sources.contains_key(source)))
        .await;
    for (source, health) in &view.platform.sources {
        assert_eq!(health.failures, 0, "{source}: {}", health.state);
    }
}

/// Another console, or a colleague with the AWS CLI.
pub async fn somebody_sets(drill: &Drill, now: Timestamp, to: u32) {
    let body = serde_json::json!({
        "cluster": service().cluster.as_str(), "service": service().service.as_str(), "desiredCount": to,
    });
    let request = http::Request::post("https://ecs.us-east-1.amazonaws.com/")
        .header("content-type", "application/x-amz-json-1.1")
        .header("x-amz-target", "AmazonEC2ContainerServiceV20141113.UpdateService")
        .header("authorization", "AWS4-HMAC-SHA256 Credential=somebody/else")
        .body(bytes::Bytes::from(body.to_string()))
        .unwrap();
    let response = drill.answer(request, || now).await.unwrap();
    assert_eq!(response.status(), 200, "{response:?}");
}

impl Scene {
    /// The writes that the drill has seen.
    async fn log(&self) -> Vec<serde_json::Value> {
        let log = self.control("log").await;
        log["writes"].as_array().cloned().unwrap_or_else(|| panic!("no writes in {log}"))
    }
}
