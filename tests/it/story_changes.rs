//! Every kind of change, through the real SDK and read back through AWS's own API: confirmed, sent, followed, taken back.

use std::time::Duration;

use jiff::SignedDuration;
use scaledeck::change::{Change, Plan, Scaling, Stage, replicas, undo};
use scaledeck::live::{Armed, Command, Notice, View};
use scaledeck::platform::{DatabaseId, GroupId, ScheduledAction, Source, TaskCount};
use serde_json::{Value, json};

use crate::scene::{Scene, service};

/// Making a replica takes its time.
const LONG: Duration = Duration::from_hours(2);

const PRIMARY: &str = "production-solosuccess-db";

/// What AWS itself answers.
async fn aws(scene: &Scene, target: &str, body: Value) -> Value {
    let host = if target.starts_with("AnyScale") { "application-autoscaling" } else { "ecs" };
    let request = http::Request::post(format!("https://{host}.us-east-1.amazonaws.com/"))
        .header("content-type", "application/x-amz-json-1.1")
        .header("x-amz-target", target)
        .header("authorization", "AWS4-HMAC-SHA256 Credential=somebody/else")
        .body(bytes::Bytes::from(body.to_string()))
        .unwrap();
    let response = scene.drill.answer(request, || scene.clock.now()).await.unwrap();
    assert_eq!(response.status(), 200, "{response:?}");
    serde_json::from_slice(response.body()).unwrap()
}

async fn target(scene: &Scene) -> Value {
    let body = json!({ "ServiceNamespace": "ecs", "ResourceIds": [service().resource_id()] });
    aws(scene, "AnyScaleFrontendService.DescribeScalableTargets", body).await["ScalableTargets"][0].clone()
}

/// Every scheduled action by name: its schedule and the floor that it sets.
async fn schedule(scene: &Scene) -> Vec<(String, String, Value)> {
    let body = json!({ "ServiceNamespace": "ecs", "ResourceId": service().resource_id() });
    let answer = aws(scene, "AnyScaleFrontendService.DescribeScheduledActions", body).await;
    let actions = answer["ScheduledActions"].as_array().cloned().unwrap_or_default();
    let text = |action: &Value, key: &str| action[key].as_str().unwrap_or_default().to_owned();
    let mut all: Vec<_> = actions
        .iter()
        .map(|action| {
            let floor = action["ScalableTargetAction"]["MinCapacity"].clone();
            (text(action, "ScheduledActionName"), text(action, "Schedule"), floor)
        })
        .collect();
    all.sort_by(|one, other| one.0.cmp(&other.0));
    all
}

/// A calm day, armed, with limits, schedule and tasks known.
async fn calm() -> Scene {
    let mut scene = Scene::open("calm");
    scene.arrive().await;
    scene.arm().await;
    scene.until("all of it", known).await;
    scene
}

fn known(view: &View) -> bool {
    let read = |source| view.platform.sources.get(&source).is_some_and(|health| health.learnt.is_some());
    view.platform.targets.contains_key(&service())
        && view.platform.tasks.contains_key(&service())
        && read(Source::ScheduledActions)
}

/// Confirms a change and waits for its end, which is to be steady.
async fn carried(scene: &mut Scene, change: Change) -> Plan {
    let view = scene.until("nothing in flight", |view| {
        view.followed.as_ref().is_none_or(|followed| followed.follow.stage.is_over())
    });
    let view = view.await;
    let plan = Plan::of(&view.platform, change, &view.advice, &view.environment, scene.clock.now()).unwrap();
    confirmed(scene, plan).await
}

async fn confirmed(scene: &mut Scene, plan: Plan) -> Plan {
    if !matches!(scene.handle.views.borrow().armed, Armed::Until(_)) {
        scene.arm().await;
    }
    let view = scene.handle.views.borrow().clone();
    scene.confirm(plan.clone(), &view).await;
    loop {
        match scene.notice().await {
            Notice::Accepted => break,
            Notice::Said(_) => {}
            // The closing line of the change before is not on the disk yet.
            Notice::Refused(why) if why.to_string().contains("press Enter again") => {
                scene.confirm(plan.clone(), &view).await;
            }
            Notice::Refused(why) => panic!("{why}"),
        }
    }
    let brief = plan.brief();
    let is = |view: &View| {
        let followed = view.followed.as_ref().filter(|followed| followed.plan.change == plan.change);
        followed.is_some_and(|followed| followed.follow.stage.is_over())
    };
    let view = scene.within(LONG, &format!("the end of {brief}"), is).await;
    let followed = view.followed.as_ref().unwrap();
    assert_eq!(followed.follow.stage, Stage::Steady, "{brief}");
    followed.plan.clone()
}

/// Takes the last change back.
async fn undone(scene: &mut Scene) {
    let view = scene.until("it in the record", |view| !view.done.is_empty()).await;
    let done = &view.done[&service().into()];
    let back = undo(done, &view.platform, &view.advice, &view.environment, scene.clock.now()).unwrap();
    confirmed(scene, back).await;
}

#[tokio::test(start_paused = true)]
async fn a_ceiling_goes_up_and_back_by_the_name() {
    let mut scene = calm().await;
    carried(&mut scene, Change::Ceiling { service: service(), to: TaskCount(12) }).await;
    assert_eq!(target(&scene).await["MaxCapacity"], 12);
    undone(&mut scene).await;
    let after = target(&scene).await;
    assert_eq!((&after["MinCapacity"], &after["MaxCapacity"]), (&json!(4), &json!(10)));
}

#[tokio::test(start_paused = true)]
async fn each_kind_of_scaling_is_suspended_apart_and_resumed() {
    let mut scene = calm().await;
    let words = ["DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended"];
    for (scaling, word) in Scaling::ALL.into_iter().zip(words) {
        carried(&mut scene, Change::Suspend { service: service(), scaling, suspend: true }).await;
        let state = target(&scene).await["SuspendedState"].clone();
        for other in words {
            assert_eq!(state[other], other == word, "{state}");
        }
        undone(&mut scene).await;
        assert_eq!(target(&scene).await["SuspendedState"][word], false);
    }
}

#[tokio::test(start_paused = true)]
async fn a_stopped_task_is_followed_until_another_one_serves() {
    let mut scene = calm().await;
    let view = scene.until("tasks", known).await;
    let task = view.platform.tasks[&service()].first().unwrap().id.clone();
    let done = carried(&mut scene, Change::StopTask { service: service(), task: task.clone() }).await;
    let body = json!({ "cluster": service().cluster.as_str(), "serviceName": service().service.as_str() });
    let arns = aws(&scene, "AmazonEC2ContainerServiceV20141113.ListTasks", body).await["taskArns"].to_string();
    assert!(!arns.contains(task.as_str()), "{arns}");
    assert_eq!(arns.matches("arn:aws:ecs").count(), 4, "{arns}");
    let view = scene.handle.views.borrow().clone();
    let back = undo(&done, &view.platform, &view.advice, &view.environment, scene.clock.now()).unwrap_err();
    assert_eq!(back.to_string(), "a stopped task does not come back: ECS has started another");
}

#[tokio::test(start_paused = true)]
async fn a_scheduled_action_comes_changes_and_goes() {
    let mut scene = calm().await;
    let before = schedule(&scene).await;
    let action = |min| ScheduledAction {
        name: "noon".to_owned(),
        schedule: "cron(0 12 * * ? *)".to_owned(),
        timezone: String::new(),
        min: Some(TaskCount(min)),
        max: None,
    };
    carried(&mut scene, Change::Schedule { service: service(), action: action(5) }).await;
    carried(&mut scene, Change::Schedule { service: service(), action: action(6) }).await;
    let noon = ("noon".to_owned(), "cron(0 12 * * ? *)".to_owned(), json!(6));
    assert!(schedule(&scene).await.contains(&noon));
    carried(&mut scene, Change::Unschedule { service: service(), name: "noon".to_owned() }).await;
    assert_eq!(schedule(&scene).await, before);
    undone(&mut scene).await;
    assert!(schedule(&scene).await.contains(&noon), "what was taken away is put back as it was");
}

#[tokio::test(start_paused = true)]
async fn a_hold_raises_the_floor_and_aws_itself_brings_it_back() {
    let mut scene = calm().await;
    let before = schedule(&scene).await;
    let now = scene.clock.now().as_second().div_euclid(60) * 60;
    let until = jiff::Timestamp::from_second(now).unwrap() + SignedDuration::from_mins(15);
    let hold = Change::Hold { service: service(), to: TaskCount(6), until };
    let plan = carried(&mut scene, hold).await;
    assert_eq!(plan.steps().len(), 2, "the end, then the floor");
    assert_eq!(target(&scene).await["MinCapacity"], 6);
    let end = until.strftime("at(%Y-%m-%dT%H:%M:%S)").to_string();
    assert!(schedule(&scene).await.contains(&("scaledeck-hold-end".to_owned(), end, json!(4))));

    // Nobody does anything: the floor is back, and the action that fired once is gone.
    let gone = |view: &View| view.platform.targets[&service()].min == TaskCount(4);
    let deadline = until + SignedDuration::from_mins(2);
    scene.until("the floor of the schedule", gone).await;
    let seen = scene.clock.now();
    assert!(seen >= until && seen < deadline, "{seen} is not just after {until}");
    let left = schedule(&scene).await;
    assert!(left.len() <= before.len() + 1, "{left:?}");
    let lines = scene.leave().await;
    assert_eq!(lines.matches("\"state\":\"sending\"").count(), 2, "a ticket a step: {lines}");
}

#[tokio::test(start_paused = true)]
async fn a_hold_is_taken_back_to_what_the_schedule_says() {
    let mut scene = calm().await;
    let before = schedule(&scene).await;
    let until = jiff::Timestamp::from_second(scene.clock.now().as_second().div_euclid(60) * 60).unwrap();
    let until = until + SignedDuration::from_hours(3);
    carried(&mut scene, Change::Hold { service: service(), to: TaskCount(7), until }).await;
    undone(&mut scene).await;
    assert_eq!(target(&scene).await["MinCapacity"], 4);
    assert_eq!(schedule(&scene).await, before, "none of ours is left");
}

/// The story of the databases: a calm day with a primary, a replica and a reader name that points at the replica.
async fn databases() -> Scene {
    let mut scene = calm().await;
    let primary = DatabaseId::new(PRIMARY);
    scene.ask(Command::Previewing(Some(GroupId::Replicas(primary)))).await;
    scene
        .until("the reader name", |view| {
            let replica = DatabaseId::new(format!("{PRIMARY}-replica-1"));
            view.platform.reader_name.as_ref().is_some_and(|reader| reader.sends_to(&replica))
        })
        .await;
    scene
}

/// The records of the reader name as AWS tells them: set and weight.
fn records(view: &View) -> Vec<(String, u8)> {
    let reader = view.platform.reader_name.as_ref().unwrap();
    reader.records.iter().map(|record| (record.set.clone(), record.weight)).collect()
}

#[tokio::test(start_paused = true)]
async fn a_replica_is_made_weighed_once_it_has_caught_up_drained_and_deleted() {
    let mut scene = databases().await;
    let primary = DatabaseId::new(PRIMARY);
    let view = scene.handle.views.borrow().clone();
    let before = records(&view);
    let add = replicas::one_more(&view.platform, &view.policy, &primary).unwrap();
    let plan = carried(&mut scene, add.clone()).await;
    assert_eq!(plan.steps().len(), 2, "it is made, then it is weighed");
    let new = DatabaseId::new(format!("{PRIMARY}-replica-2"));
    let view = scene.until("its share of the reads", |view| records(view).len() > before.len()).await;
    assert!(view.platform.databases[&new].status.phase().serves());
    assert!(records(&view).iter().any(|(set, weight)| set == new.as_str() && *weight > 0), "{:?}", records(&view));

    let view = scene.handle.views.borrow().clone();
    let remove = replicas::one_fewer(&view.platform, &primary).unwrap();
    assert_eq!(remove, Change::RemoveReplica { primary, replica: new.clone() }, "the newest goes first");
    carried(&mut scene, remove).await;
    let view = scene.until("it gone", |view| !view.platform.databases.contains_key(&new)).await;
    assert_eq!(records(&view), before);
    let lines = scene.leave().await;
    let at = |what: &str| lines.find(what).unwrap_or_else(|| panic!("no {what} in {lines}"));
    assert!(at("drop_record") < at("delete_replica"), "drained before it is deleted");
}

#[tokio::test(start_paused = true)]
async fn the_weight_of_a_record_moves_and_the_last_one_is_never_zero() {
    let mut scene = databases().await;
    let (primary, set) = (DatabaseId::new(PRIMARY), format!("{PRIMARY}-replica-1"));
    let view = scene.handle.views.borrow().clone();
    let set = records(&view).iter().map(|(set, _)| set.clone()).find(|known| known.contains(&set)).unwrap();
    let weight = |to| Change::Weight { primary: primary.clone(), set: set.clone(), to };
    carried(&mut scene, weight(77)).await;
    let view = scene.until("the weight", |view| records(view).contains(&(set.clone(), 77))).await;
    let others: u32 = records(&view).iter().filter(|(known, _)| *known != set).map(|(_, w)| u32::from(*w)).sum();
    let none = Plan::of(&view.platform, weight(0), &view.advice, &view.environment, scene.clock.now());
    assert_eq!(none.is_err(), others == 0, "{none:?}");
    let back = undo(&view.done[&GroupId::Replicas(primary)], &view.platform, &view.advice, &view.environment, view.at);
    assert!(back.unwrap().brief().starts_with(&format!("the weight of {set} 77 → ")));
}
