//! Deployments: rolling, failing, rolled back; a lost zone; a stopped task; metrics that are missing.

use super::*;
use crate::drill::world::alarms::AlarmState;
use crate::drill::world::ecs::{Breaker, Rollout};
use crate::drill::world::ecs_write::DefinitionWish;

fn deploy(it: &mut World, wish: &ServiceWish) {
    it.update_service(IDENTITY.cluster, names::MAIN_SERVICE, wish).unwrap();
}

fn to_revision(short: &str) -> ServiceWish {
    ServiceWish { task_definition: Some(short.to_owned()), ..ServiceWish::default() }
}

fn messages(it: &World) -> Vec<&str> {
    main_service(it).service.events.iter().map(|event| event.message.as_str()).collect()
}

fn of_revision(it: &World, revision: &str) -> usize {
    let tasks = main_service(it).service.tasks.iter();
    tasks.filter(|task| task.phase == Phase::Running && task.task_definition.ends_with(revision)).count()
}

#[test]
fn a_rolling_deployment_keeps_what_is_healthy_until_the_new_tasks_are() {
    let mut it = world("calm");
    deploy(&mut it, &to_revision("ai-service:41"));
    let one = main_service(&it);
    assert_eq!(one.service.deployments.len(), 2);
    assert!(one.service.deploying() && one.service.deployments[0].rollout == Rollout::InProgress);
    let done = until(&mut it, 900, |it| {
        assert!(main_service(it).healthy() >= 4, "a hundred per cent stay healthy");
        !main_service(it).service.deploying()
    });
    assert!((60..240).contains(&done), "done after {done} s");
    it.advance_to(after(done + 1));
    assert_eq!((of_revision(&it, ":41"), of_revision(&it, ":42")), (4, 0));
    let one = main_service(&it);
    assert_eq!((one.service.deployments.len(), one.service.deployments[0].rollout), (1, Rollout::Completed));
    assert!(messages(&it).iter().any(|message| message.ends_with("deployment completed.")), "{:#?}", messages(&it));
    assert!(one.totals.failed < 1.0, "nobody noticed");
    it.advance_to(after(done + 400));
    assert!(messages(&it)[0].ends_with("has reached a steady state."));
}

#[test]
fn the_percentages_bound_what_runs_meanwhile() {
    let mut it = world("calm");
    let wish = ServiceWish { force: true, min_healthy: Some(50), max_percent: Some(100), ..ServiceWish::default() };
    deploy(&mut it, &wish);
    let mut fewest = u32::MAX;
    for second in 1..900 {
        it.advance_to(after(second));
        let wanted = main_service(&it).service.tasks.iter().filter(|task| task.wanted()).count();
        assert!(wanted <= 4, "at most a hundred per cent");
        fewest = fewest.min(main_service(&it).healthy());
    }
    assert_eq!(fewest, 2, "half of them may go at once");
    assert!(!main_service(&it).service.deploying());
}

#[test]
fn a_crash_loop_trips_the_circuit_breaker_which_goes_back() {
    let mut it = world("crash-loop");
    let tripped = until(&mut it, 600, |it| messages(it).iter().any(|message| message.contains("rolling back to")));
    let one = main_service(&it);
    let failed = messages(&it).iter().any(|message| message.ends_with("deployment failed: tasks failed to start."));
    assert!(failed, "{:#?}", messages(&it));
    assert_eq!(one.service.deployments[0].rollout, Rollout::InProgress);
    assert!(one.service.deployments[0].reason.as_deref().unwrap().contains("rolling back to deploymentId ecs-svc/"));
    let failed = &one.service.deployments[1];
    assert_eq!((failed.primary, failed.rollout, failed.failed_tasks), (false, Rollout::Failed, 3));
    assert!(one.service.task_definition.ends_with("ai-service:42"));
    let gone = one.service.tasks.iter().find(|task| task.task_definition.ends_with(":43")).unwrap();
    assert_eq!(gone.stop.as_ref().unwrap().code, "EssentialContainerExited");
    it.advance_to(after(tripped + 300));
    let one = main_service(&it);
    assert_eq!((one.service.deploying(), one.healthy(), of_revision(&it, ":42")), (false, 4, 4));
    assert!(one.totals.failed < 1.0);
}

#[test]
fn without_roll_back_a_failed_deployment_stays_and_the_old_tasks_go_on() {
    let mut it = world("crash-loop");
    let breaker = Breaker { enabled: true, rolls_back: false };
    deploy(&mut it, &ServiceWish { breaker: Some(breaker), ..ServiceWish::default() });
    it.advance_to(after(900));
    let one = main_service(&it);
    assert_eq!((one.service.deployments[0].rollout, one.service.deployments.len()), (Rollout::Failed, 2));
    assert_eq!((of_revision(&it, ":42"), one.service.pending()), (4, 0));
}

#[test]
fn scale_in_waits_for_a_deployment_and_says_so() {
    let mut it = world("calm");
    deploy(&mut it, &ServiceWish { desired: Some(8), ..to_revision("ai-service:41") });
    until(&mut it, 900, |it| main_service(it).service.running() >= 8 && main_service(it).service.deploying());
    let over = until(&mut it, 900, |it| !main_service(it).service.deploying());
    assert_eq!(main_service(&it).service.desired, 8, "nothing is taken back meanwhile");
    until(&mut it, over + 400, |it| main_service(it).service.desired < 8);
}

#[test]
fn a_bad_revision_answers_5xx_until_somebody_goes_back() {
    let mut it = world("bad-deploy");
    it.advance_to(after(900));
    assert_eq!((of_revision(&it, ":43"), main_service(&it).healthy()), (4, 4), "its health checks pass");
    let share = |it: &World, from, to| {
        let sum = |metric| series(it, metric, "Sum", from, to).iter().sum::<f64>();
        sum(Metric::Target5xx) / sum(Metric::Requests)
    };
    assert!((0.28..0.32).contains(&share(&it, 600, 780)), "{}", share(&it, 600, 780));
    assert!(it.definition("ai-service").unwrap().arn.ends_with(":43"));
    deploy(&mut it, &to_revision("ai-service:42"));
    it.advance_to(after(1500));
    assert!(series(&it, Metric::Target5xx, "Sum", 1260, 1380).is_empty());
}

#[test]
fn a_lost_zone_is_made_up_for_in_the_others() {
    let mut it = world("zone-lost");
    it.advance_to(after(119));
    let in_zone = |it: &World| {
        let tasks = main_service(it).service.tasks.iter();
        tasks.filter(|task| task.wanted() && task.zone == 0).count()
    };
    assert_eq!(in_zone(&it), 2);
    let well = until(&mut it, 900, |it| in_zone(it) == 0 && main_service(it).healthy() >= 4);
    assert!((180..480).contains(&well), "well after {well} s");
    it.advance_to(after(1319));
    assert_eq!(in_zone(&it), 0, "nothing starts where nothing can");
    it.advance_to(after(1322));
    let now = main_service(&it).service.desired;
    set_desired(&mut it, i64::from(now) + 2);
    it.advance_to(after(1324));
    assert!(in_zone(&it) > 0, "it is back, and the emptiest");
}

#[test]
fn a_stopped_task_tells_who_asked_and_is_replaced() {
    let mut it = world("calm");
    let id = main_service(&it).service.tasks[1].id.clone();
    let (task, service) = it.stop_task(&id, Some("too slow")).unwrap();
    let stop = task.stop.unwrap();
    assert_eq!((stop.code, stop.reason.as_str(), service.as_str()), ("UserInitiated", "too slow", names::MAIN_SERVICE));
    it.advance_to(after(400));
    assert_eq!(main_service(&it).healthy(), 4);
    let unknown = it.stop_task("0123", None);
    assert!(matches!(unknown, Err(Refusal::InvalidParameter(message)) if message.contains("not found")));
}

#[test]
fn a_registered_revision_is_one_more_than_the_newest() {
    let mut it = world("calm");
    let wish = DefinitionWish {
        family: "ai-service".to_owned(),
        cpu_units: 2048,
        memory_mib: 4096,
        container: "ai-service".to_owned(),
        image: "image".to_owned(),
        container_port: None,
    };
    assert!(it.register_task_definition(wish.clone()).arn.ends_with("task-definition/ai-service:43"));
    assert!(it.register_task_definition(DefinitionWish { family: "new".to_owned(), ..wish }).arn.ends_with("/new:1"));
    assert!(it.definition("ai-service").unwrap().arn.ends_with(":43"));
    assert_eq!(it.definition("ai-service:44"), None);
    deploy(&mut it, &to_revision("ai-service:43"));
    assert_eq!(main_service(&it).service.cpu_units, 2048);
    let refused = it.update_service(IDENTITY.cluster, names::MAIN_SERVICE, &to_revision("ai-service:50"));
    assert!(matches!(refused, Err(Refusal::Client(_))));
}

#[test]
fn missing_metrics_blind_alarms_and_the_autoscaler() {
    let mut it = world("blind");
    it.advance_to(after(900));
    assert_eq!(series(&it, Metric::Cpu, "Average", 60, 720), [0.0; 0]);
    let one = main_service(&it);
    assert!(one.scaling.policies.iter().all(|policy| policy.high.state != AlarmState::Alarm));
    let cpu = &one.scaling.policies[0].high;
    assert_eq!((cpu.state, cpu.reason.starts_with("Insufficient Data")), (AlarmState::InsufficientData, true));
    assert_eq!(one.service.desired, 4, "though four tasks do not carry a thousand people");
    it.advance_to(after(1500));
    assert!(main_service(&it).service.desired >= 7, "it sees again, and acts");
}
