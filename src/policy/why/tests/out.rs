//! "Service not scaling out".

use super::*;
use crate::platform::{Deployment, Rollout, Suspended};
use crate::policy::ecs::tests::{CPU, MEMORY, REQUESTS, deployment};

/// Six tasks whose CPU asks for eight, with everything read and nothing in the way.
fn hot() -> Scene {
    set_up(Scene::steady(6).flat(CPU, 90.0))
}

fn diagnosis(scene: &Scene) -> Diagnosis {
    of(&ranked(scene), Trouble::NotScalingOut).clone()
}

fn suspended(mut scene: Scene) -> Scene {
    let target = Arc::make_mut(scene.platform.targets.get_mut(&scene.service.id).unwrap());
    target.suspended = Suspended { scale_out: true, ..Suspended::default() };
    scene
}

fn failed(message: &str) -> Activity {
    Activity { message: message.to_owned(), ..activity(ago(300), 8, ActivityKind::Failed) }
}

fn starting(scene: Scene, events: Vec<ServiceEvent>) -> Scene {
    scene.with(|service| {
        service.desired = TaskCount(8);
        service.running = TaskCount(6);
        service.events = events;
    })
}

fn without_policy(mut scene: Scene, names: &[&str]) -> Scene {
    let policies = Arc::make_mut(scene.platform.policies.get_mut(&scene.service.id).unwrap());
    policies.retain(|policy| !names.contains(&policy.name.as_str()));
    scene
}

fn with_alarm(mut scene: Scene, change: impl FnOnce(&mut Alarm)) -> Scene {
    let alarm = scene.platform.alarms.values_mut().next().unwrap();
    change(Arc::make_mut(alarm));
    scene
}

#[test]
fn each_thing_in_the_way_is_the_first_cause() {
    let placed = "(service s) was unable to place a task because no container instance met all of its requirements.";
    let quota = "(service s) was unable to place a task. Reason: You've reached the limit on the number of vCPUs.";
    let cases: Vec<(&str, Scene)> = vec![
        ("scale_out_suspended", suspended(hot())),
        ("no_policy", without_policy(hot(), &["cpu", "memory", "requests"])),
        ("no_policy", without_policy(hot(), &["cpu"])),
        ("at_ceiling", hot().limits(4, 6)),
        ("at_ceiling", set_up(Scene::steady(10).flat(CPU, 90.0)).activity(refusal(60, "AlreadyAtMaxCapacity"))),
        (
            "autoscaler_denied",
            hot().activity(failed("User: x is not authorized to perform: ecs:UpdateService on resource: y")),
        ),
        ("autoscaler_denied", hot().activity(refusal(60, "AutoScalingRoleNotAuthorized"))),
        ("quota", starting(hot(), vec![event(60, quota)])),
        ("quota", hot().activity(failed("LimitExceededException: the quota of tasks is used up"))),
        ("no_room", starting(hot(), vec![event(60, placed)])),
        (
            "tasks_fail",
            starting(hot(), vec![event(60, "(service s) is unable to consistently start tasks successfully.")]),
        ),
        ("activity_failed", hot().activity(failed("Internal failure"))),
        ("not_scaled", hot().activity(refusal(60, "NotReadyToScale"))),
        ("not_scaled", hot().activity(refusal(60, "TargetServicePutResourceAsUnscalable"))),
        ("alarm_mute", with_alarm(hot(), |alarm| alarm.actions_enabled = false)),
        ("alarm_mute", with_alarm(hot(), |alarm| alarm.actions = 0)),
        ("alarm_mute", with_alarm(hot(), |alarm| alarm.state = AlarmState::InsufficientData)),
        ("blind", hot().gone(MEMORY)),
        ("nobody_acts", hot()),
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
fn the_ceiling_tells_value_limit_when_and_what_raises_it() {
    let scene = set_up(Scene::steady(10).flat(CPU, 90.0)).activity(refusal(60, "AlreadyAtMaxCapacity"));
    let diagnosis = diagnosis(&scene);
    let ceiling = cause(&diagnosis, "at_ceiling");
    assert_eq!(ceiling.line(), "1 at the ceiling of 10: 13 wanted");
    let lines: Vec<_> = ceiling.evidence.iter().map(Proof::line).collect();
    assert_eq!(
        lines,
        [
            "desired: 10, against 10, at 12:00:00",
            "maximum in AWS: 10, against 10 in the policy, at 12:00:00",
            "AWS refused to scale: AlreadyAtMaxCapacity, at 11:59:00",
        ]
    );
    let mend = &ceiling.mends[0];
    assert_eq!(mend.line(), "raise the maximum to 13 (ecs_max_capacity)");
    assert_eq!(
        mend.command.as_deref().unwrap(),
        "aws application-autoscaling register-scalable-target --service-namespace ecs --resource-id \
         service/solosuccess-production/solosuccess-ai-service --scalable-dimension ecs:service:DesiredCount \
         --max-capacity 13 --region us-east-1"
    );
}

#[test]
fn iam_is_named_by_its_action() {
    let scene = hot().activity(failed("User: x is not authorized to perform: ecs:UpdateService on resource: y"));
    let diagnosis = diagnosis(&scene);
    let denied = cause(&diagnosis, "autoscaler_denied");
    assert!(denied.mends[0].what.starts_with("allow ecs:UpdateService to "), "{denied:#?}");
    let mended = diagnosis_after(scene);
    assert!(!rules(&mended).contains(&"autoscaler_denied".to_owned()), "a later success proves that it is allowed");
}

fn diagnosis_after(scene: Scene) -> Diagnosis {
    diagnosis(&scene.activity(done(120, 6)))
}

#[test]
fn cooldowns_name_when_they_end() {
    // The policy's: an out of two a moment ago, and again two are asked for.
    let scene = set_up(Scene::steady(6)).flat(CPU, 80.0).activity(done(700, 4)).activity(activity(
        ago(30),
        6,
        ActivityKind::Successful,
    ));
    let ours = diagnosis(&scene);
    assert_eq!(ours.standing, Standing::Yes, "{ours:#?}");
    let cooldown = cause(&ours, "cooldown");
    assert_eq!(cooldown.sentence, "scale out to 7 waits for the cooldown");
    assert_eq!(cooldown.evidence[0].line(), "scale-out cooldown: until 12:00:30, against 60 s");
    // AWS's own, longer than the policy's.
    let mut scene = hot().activity(done(700, 4)).activity(done(400, 6));
    let policies = Arc::make_mut(scene.platform.policies.get_mut(&scene.service.id).unwrap());
    policies[0].out_cooldown_s = Some(600);
    let theirs = diagnosis(&scene);
    let cooldown = cause(&theirs, "cooldown");
    assert_eq!(cooldown.evidence[0].line(), "AWS's scale-out cooldown: 600 s, against 60 s in the policy, at 11:54:20");
}

#[test]
fn windows_that_fill_say_how_long_is_left() {
    let scene = set_up(Scene::steady(6)).newest(CPU, &[Some(90.0), Some(90.0)]);
    let diagnosis = diagnosis(&scene);
    assert_eq!(rules(&diagnosis), ["alarm_filling", "window_filling"]);
    assert_eq!(diagnosis.causes[0].sentence, "AWS's cpu alarm has 2 of 3 minutes");
    let window = &diagnosis.causes[1].sentence;
    assert_eq!(window, "cpu is above its target for 2m of 5m: the policy asks in 3m if it holds");
}

#[test]
fn what_aws_is_doing_already_is_no_trouble() {
    let scene = hot().activity(activity(ago(20), 8, ActivityKind::InProgress));
    let diagnosis = diagnosis(&scene);
    assert_eq!((diagnosis.standing.clone(), diagnosis.causes.len()), (Standing::No, 0), "{diagnosis:#?}");
    assert!(diagnosis.sentence.contains("AWS is acting: setting the count to 8"), "{}", diagnosis.sentence);
    // A step that is too small does not give what is asked for.
    let short = self::diagnosis(&hot().activity(activity(ago(20), 7, ActivityKind::InProgress)));
    assert_eq!(short.standing, Standing::Yes, "{short:#?}");
}

#[test]
fn what_would_stand_in_the_way_is_told_before_it_does() {
    let calm = diagnosis(&suspended(set_up(Scene::steady(6))));
    assert_eq!((calm.standing.clone(), rules(&calm)), (Standing::No, vec!["scale_out_suspended".to_owned()]));
    let command = calm.causes[0].mends[0].command.as_deref().unwrap();
    assert!(command.contains("--suspended-state 'DynamicScalingOutSuspended=false'"), "{command}");
}

#[test]
fn what_may_not_be_read_cannot_be_told_and_names_its_action() {
    let scene = denied(hot(), Source::ScalingPolicies, "application-autoscaling:DescribeScalingPolicies");
    let diagnosis = diagnosis(&scene);
    let told = cause(&diagnosis, "access_denied");
    assert_eq!(
        told.line(),
        "2 cannot tell: this role may not see whether its scaling policies are active, because scaling policies: denied: \
         application-autoscaling:DescribeScalingPolicies"
    );
    assert_eq!(
        told.mends[0].what,
        "allow application-autoscaling:DescribeScalingPolicies to the role that scaledeck runs as"
    );
}

#[test]
fn missing_metrics_and_old_counts_cannot_be_told() {
    let blind = diagnosis(&set_up(Scene::steady(6)).gone(CPU).gone(MEMORY).gone(REQUESTS));
    assert!(cannot_tell(&blind.standing).contains("missing"), "{blind:#?}");
    assert_eq!(rules(&blind), ["blind"]);
    let mut old = set_up(Scene::steady(6));
    old.now = seconds(noon(), 600);
    let old = diagnosis(&old);
    assert_eq!(cannot_tell(&old.standing), "cannot tell: services last read at 12:00:00");
    assert!(rules(&old).contains(&"not_read?".to_owned()), "{old:#?}");
}

#[test]
fn a_service_without_a_target_is_looked_at_by_its_metrics() {
    let unmanaged = |cpu: f64| {
        let mut scene = set_up(Scene::steady(6)).flat(CPU, cpu);
        scene.read(Source::ScalableTargets, scene.now, Fact::ScalableTargets([].into()));
        diagnosis(&scene)
    };
    let hot = unmanaged(90.0);
    assert_eq!((hot.standing.clone(), rules(&hot)[0].as_str()), (Standing::Yes, "not_registered"), "{hot:#?}");
    let command = hot.causes[0].mends[0].command.as_deref().unwrap();
    assert!(command.contains("--min-capacity 2 --max-capacity 10"), "{command}");
    assert_eq!(unmanaged(50.0).standing, Standing::No);
}

#[test]
fn tasks_that_fail_tell_the_deployment_and_what_aws_says() {
    let broken = Deployment {
        failed: TaskCount(4),
        running: TaskCount(3),
        reason: "tasks failed to start.".to_owned(),
        ..deployment(Rollout::InProgress)
    };
    let diagnosis = diagnosis(&starting(hot(), vec![]).with(|service| service.deployments = vec![broken]));
    let fails = cause(&diagnosis, "tasks_fail");
    let lines: Vec<_> = fails.evidence.iter().map(Proof::line).collect();
    assert_eq!(lines[0], "deployment of ai-service:42: 4 tasks failed, at 12:00:00");
    assert_eq!(lines[1], "AWS says: tasks failed to start., at 12:00:00");
    assert!(lines.contains(&"running: 6, against 8, at 12:00:00".to_owned()), "{lines:#?}");
}

#[test]
fn nothing_in_the_way_says_so() {
    let diagnosis = diagnosis(&hot());
    assert_eq!(rules(&diagnosis), ["nobody_acts"]);
    assert!(diagnosis.causes[0].sentence.starts_with("nothing that was read stands in the way; AWS is not acting yet"));
    assert_eq!(diagnosis.causes[0].evidence[0].line(), "cpu: 90 %, against 70 %, at 11:57:00");
}
