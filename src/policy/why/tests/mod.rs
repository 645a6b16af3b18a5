//! Known answers, a table a trouble: what is read, and the causes that follow in their order.

mod cost;
mod flap;
mod members;
mod out;
mod slow;

use std::sync::Arc;

use jiff::Timestamp;

use super::*;
use crate::platform::{
    AccountId, Activity, ActivityKind, Alarm, AlarmState, Fact, Identity, Region, ScalingPolicy, ServiceEvent, Source,
    SourceState, Spend, TaskCount,
};
use crate::policy::ecs::tests::{Scene, activity, noon, seconds};

/// So many seconds before noon.
fn ago(before: i64) -> Timestamp {
    seconds(noon(), -before)
}

fn ranked(scene: &Scene) -> Ranked {
    with(scene, &[], &[])
}

fn with(scene: &Scene, alerts: &[Alert], moves: &[Move]) -> Ranked {
    let group = GroupId::Service(scene.service.id.clone());
    causes(&scene.platform, &scene.policy, &group, scene.now, Extra { alerts, moves })
}

fn of(ranked: &Ranked, trouble: Trouble) -> &Diagnosis {
    ranked.troubles.iter().find(|diagnosis| diagnosis.trouble == trouble).unwrap()
}

/// The rules that a trouble's causes come from, in their order; what is not certain has a `?`.
fn rules(diagnosis: &Diagnosis) -> Vec<String> {
    assert!(diagnosis.causes.iter().zip(1..).all(|(cause, rank)| cause.rank == rank), "{diagnosis:#?}");
    let mark = |cause: &Cause| if cause.certainty == Certainty::Yes { "" } else { "?" };
    diagnosis.causes.iter().map(|cause| format!("{}{}", cause.rule, mark(cause))).collect()
}

fn cause<'r>(diagnosis: &'r Diagnosis, rule: &str) -> &'r Cause {
    diagnosis.causes.iter().find(|cause| cause.rule == rule).unwrap_or_else(|| panic!("no {rule}: {diagnosis:#?}"))
}

fn cannot_tell(standing: &Standing) -> &str {
    match standing {
        Standing::CannotTell { because } => because,
        other => panic!("{other:?}"),
    }
}

/// Everything that the rules read has just answered, and AWS follows all three metrics as the policy says.
fn set_up(mut scene: Scene) -> Scene {
    let policy = |name: &str, metric: &str, target: f64| ScalingPolicy {
        name: name.to_owned(),
        kind: "TargetTrackingScaling".to_owned(),
        metric: metric.to_owned(),
        target: Some(target),
        out_cooldown_s: Some(60),
        in_cooldown_s: Some(300),
        scale_in_disabled: false,
        alarms: vec![format!("TargetTracking-service/c/s-AlarmHigh-{name}")],
    };
    let policies = vec![
        policy("cpu", "ECSServiceAverageCPUUtilization", 70.0),
        policy("memory", "ECSServiceAverageMemoryUtilization", 80.0),
        policy("requests", "ALBRequestCountPerTarget", 1000.0),
    ];
    let alarms: Vec<Alarm> = policies.iter().map(|policy| alarm(&policy.alarms[0])).collect();
    let id = scene.service.id.clone();
    let now = scene.now;
    scene.read(Source::ScalingPolicies, now, Fact::ScalingPolicies([(id, policies)].into()));
    let activities = scene.platform.activities.iter().map(|(id, list)| (id.clone(), (**list).clone())).collect();
    scene.read(Source::Activities, now, Fact::Activities(activities));
    scene.read(Source::Alarms, now, Fact::Alarms(alarms));
    scene.platform.identity = Some(Arc::new(Identity {
        account: AccountId::new("123456789012"),
        arn: "arn:aws:iam::123456789012:user/ada".to_owned(),
        region: Region::new("us-east-1"),
    }));
    scene.platform.spend = Some(Arc::new(Spend::default()));
    scene.read(Source::Spend, now, Fact::Spend(Spend::default()));
    scene
}

fn alarm(name: &str) -> Alarm {
    Alarm {
        name: name.to_owned(),
        state: AlarmState::Ok,
        since: ago(3600),
        reason: String::new(),
        metric: "AWS/ECS CPUUtilization".to_owned(),
        dimensions: vec![],
        threshold: Some(70.0),
        above: true,
        period_s: 60,
        periods: (3, 3),
        actions_enabled: true,
        actions: 1,
        learnt: noon(),
    }
}

fn done(before: i64, to: u32) -> Activity {
    Activity { ended: Some(ago(before - 60)), ..activity(ago(before), to, ActivityKind::Successful) }
}

fn refusal(before: i64, reason: &str) -> Activity {
    activity(ago(before), 0, ActivityKind::NotScaled(vec![reason.to_owned()]))
}

fn event(before: i64, message: &str) -> ServiceEvent {
    ServiceEvent { id: format!("{before}"), at: ago(before), message: message.to_owned() }
}

fn denied(mut scene: Scene, source: Source, action: &str) -> Scene {
    let now = scene.now;
    scene.read(source, now, Fact::Failed(SourceState::Denied { action: action.to_owned() }));
    scene
}

#[test]
fn a_calm_service_has_no_trouble_and_no_cause() {
    let ranked = ranked(&set_up(Scene::steady(6)));
    for diagnosis in &ranked.troubles {
        assert_eq!((diagnosis.standing.word(), diagnosis.causes.len()), ("no", 0), "{diagnosis:#?}");
    }
    assert_eq!(of(&ranked, Trouble::NotScalingOut).line(), "not scaling out: no – nothing asks for more");
    assert_eq!(
        of(&ranked, Trouble::ScalingTooMuch).line(),
        "scaling too much: no – the count did not move in the last hour"
    );
}

#[test]
fn what_was_never_described_cannot_be_told() {
    let mut platform = Platform::default();
    let policy = Policy::of_spec(crate::platform::Environment::Production);
    let groups = [
        GroupId::Service(crate::platform::ServiceId::new("c", "s")),
        GroupId::Replicas(crate::platform::DatabaseId::new("db")),
        GroupId::Cache(crate::platform::CacheId::new("redis")),
    ];
    for group in &groups {
        let ranked = causes(&platform, &policy, group, noon(), Extra::default());
        let told: Vec<_> = ranked.troubles.iter().map(|one| cannot_tell(&one.standing)).collect();
        assert!(told.len() == 4 && told.iter().all(|because| because.ends_with("not read yet")), "{told:?}");
    }
    let denied = Fact::Failed(SourceState::Denied { action: "ecs:DescribeServices".to_owned() });
    let reading = crate::platform::Reading { source: Source::Services, asked: noon(), cadence_s: 30, fact: denied };
    platform.apply(reading, noon());
    let ranked = causes(&platform, &policy, &groups[0], noon(), Extra::default());
    assert_eq!(cannot_tell(&ranked.troubles[0].standing), "services: denied: ecs:DescribeServices");
}

#[test]
fn troubles_that_are_there_come_first_and_the_json_tells_all_of_it() {
    let scene = set_up(Scene::steady(10).flat(crate::policy::ecs::tests::CPU, 90.0));
    let ranked = ranked(&scene);
    assert_eq!(ranked.troubles[0].trouble, Trouble::NotScalingOut);
    let json = serde_json::to_value(&ranked).unwrap();
    assert_eq!(json["schema_version"], 1);
    assert_eq!(json["group"]["service"], "solosuccess-production/solosuccess-ai-service");
    let cause = &json["troubles"][0]["causes"][0];
    assert_eq!((&cause["rule"], &cause["rank"], &cause["certain"]), (&"at_ceiling".into(), &1.into(), &"yes".into()));
    assert_eq!(cause["evidence"][0]["limit"], "10");
    assert_eq!(cause["mends"][0]["variable"], "ecs_max_capacity");
    assert_eq!(json["troubles"][0]["standing"], "yes");
}

#[test]
fn a_hostile_name_is_no_command() {
    let mend = |service: &str| {
        let id = crate::platform::ServiceId::new("prod", service);
        Mend::new("x").register(&id, None, &["--max-capacity", "3"]).command
    };
    assert_eq!(
        mend("we b").unwrap(),
        "aws application-autoscaling register-scalable-target --service-namespace ecs --resource-id 'service/prod/we b' \
         --scalable-dimension ecs:service:DesiredCount --max-capacity 3"
    );
    assert_eq!(mend("a\u{1b}[201~\nrm -rf ~"), None);
    let quoted = mend("$(reboot)").unwrap();
    assert!(shlex::split(&quoted).unwrap().contains(&"service/prod/$(reboot)".to_owned()), "{quoted}");
}
