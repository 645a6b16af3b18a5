//! What each step sends, byte for byte, and what is made of the answers.

use serde_json::json;

use super::super::canned::{self, Reply, doors};
use super::*;
use crate::platform::{
    CacheId, DatabaseId, MemberCount, ReaderRecord, ScheduledAction, ServiceId, Suspended, TaskCount, TaskId,
};

fn web() -> ServiceId {
    ServiceId::new("prod", "api")
}

fn desired() -> Step {
    Step::Desired { service: web(), to: TaskCount(8) }
}

fn floor() -> Step {
    Step::Floor { service: web(), to: TaskCount(8) }
}

/// Sends a step to an AWS that always answers like this; the outcome, and every request body.
async fn sent(step: &Step, reply: Reply) -> (Outcome, Vec<serde_json::Value>) {
    let (_, writer, log) = doors(move |_| reply.clone()).await;
    let outcome = writer.carry_out(step).await;
    let bodies = log.lock().unwrap().iter().map(canned::Asked::json).collect();
    (outcome, bodies)
}

#[tokio::test(start_paused = true)]
async fn only_the_changed_field_is_sent_absolute_and_once() {
    let (outcome, bodies) = sent(&desired(), canned::json(200, &json!({}))).await;
    assert_eq!(outcome, Outcome::Accepted { request_id: Some("r-1".into()) });
    assert_eq!(bodies, [json!({ "cluster": "prod", "service": "api", "desiredCount": 8 })]);
    let (outcome, bodies) = sent(&floor(), canned::json(200, &json!({}))).await;
    assert!(matches!(outcome, Outcome::Accepted { .. }));
    assert_eq!(
        bodies,
        [json!({ "ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount",
            "ResourceId": "service/prod/api", "MinCapacity": 8 })]
    );
}

#[tokio::test(start_paused = true)]
async fn whatever_leaves_a_doubt_is_unknown_after_one_attempt() {
    let error = |status, code: &str| canned::json(status, &json!({ "__type": code, "message": "m" }));
    let doubtful = [
        Reply::Hang,
        Reply::Broken,
        error(500, "ServerException"),
        error(503, "ServiceUnavailable"),
        canned::text(408, ""),
        canned::text(502, "<html>bad gateway</html>"),
        canned::text(200, "{ not json"),
    ];
    for step in [desired(), floor()] {
        for reply in &doubtful {
            let (outcome, bodies) = sent(&step, reply.clone()).await;
            assert!(matches!(outcome, Outcome::Unknown { .. }), "{reply:?}: {outcome:?}");
            assert_eq!(bodies.len(), 1, "{reply:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_sent_is_on_the_meter() {
    let (reader, writer, _) = doors(|_| canned::json(200, &json!({}))).await;
    writer.carry_out(&desired()).await;
    assert_eq!(reader.meter().calls[&Call::UpdateService].made, 1);
}

#[tokio::test(start_paused = true)]
async fn the_time_out_is_ten_seconds() {
    let began = tokio::time::Instant::now();
    let (outcome, _) = sent(&desired(), Reply::Hang).await;
    assert_eq!(began.elapsed(), Duration::from_secs(10));
    assert_eq!(outcome, Outcome::Unknown { detail: "no answer within 10 s".into() });
}

#[tokio::test(start_paused = true)]
async fn a_refusal_keeps_awss_words_and_names_the_missing_action() {
    let table = [
        ("ServiceNotActiveException", "Service was not ACTIVE.", "ServiceNotActiveException"),
        ("ThrottlingException", "Rate exceeded", "ThrottlingException"),
        (
            "AccessDeniedException",
            "x is not authorized to perform: ecs:UpdateService on resource: y",
            "ecs:UpdateService",
        ),
        ("AccessDeniedException", "no", "ecs:UpdateService"),
    ];
    for (code, message, told) in table {
        let (outcome, bodies) =
            sent(&desired(), canned::json(400, &json!({ "__type": code, "message": message }))).await;
        assert_eq!(outcome, Outcome::Refused { code: told.into(), message: message.into() });
        assert_eq!(bodies.len(), 1, "{code} is not tried again");
    }
}

/// What a step sends: the operation and the body.
async fn asked(step: &Step, reply: Reply) -> (Outcome, String, String) {
    let (_, writer, log) = doors(move |_| reply.clone()).await;
    let outcome = writer.carry_out(step).await;
    let log = log.lock().unwrap();
    assert_eq!(log.len(), 1, "one attempt");
    (outcome, log[0].operation.clone(), log[0].text())
}

fn target(more: &serde_json::Value) -> serde_json::Value {
    let mut body = json!({ "ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount",
        "ResourceId": "service/prod/api" });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

#[tokio::test(start_paused = true)]
async fn every_call_about_a_service_names_one_thing() {
    let action = ScheduledAction {
        name: "noon".into(),
        schedule: "cron(0 12 * * ? *)".into(),
        timezone: String::new(),
        min: Some(TaskCount(6)),
        max: None,
    };
    let suspended = Suspended { scale_in: true, ..Suspended::default() };
    let table = [
        (Step::Ceiling { service: web(), to: TaskCount(12) }, target(&json!({ "MaxCapacity": 12 }))),
        (
            Step::Suspended { service: web(), to: suspended },
            target(&json!({ "SuspendedState": { "DynamicScalingInSuspended": true,
                "DynamicScalingOutSuspended": false, "ScheduledScalingSuspended": false } })),
        ),
        (
            Step::PutSchedule { service: web(), action: action.clone() },
            target(&json!({ "ScheduledActionName": "noon", "Schedule": "cron(0 12 * * ? *)",
                "ScalableTargetAction": { "MinCapacity": 6 } })),
        ),
        (
            Step::PutSchedule {
                service: web(),
                action: ScheduledAction {
                    timezone: "Europe/Berlin".into(),
                    min: None,
                    max: Some(TaskCount(9)),
                    ..action
                },
            },
            target(&json!({ "ScheduledActionName": "noon", "Schedule": "cron(0 12 * * ? *)",
                "Timezone": "Europe/Berlin", "ScalableTargetAction": { "MaxCapacity": 9 } })),
        ),
        (Step::DropSchedule { service: web(), name: "noon".into() }, target(&json!({ "ScheduledActionName": "noon" }))),
        (
            Step::StopTask { service: web(), task: TaskId::new("0123abcd") },
            json!({ "cluster": "prod", "task": "0123abcd", "reason": "stopped by an operator of scaledeck" }),
        ),
    ];
    for (step, expected) in table {
        let (outcome, bodies) = sent(&step, canned::json(200, &json!({}))).await;
        assert!(matches!(outcome, Outcome::Accepted { .. }), "{step:?}: {outcome:?}");
        assert_eq!(bodies, [expected], "{step:?}");
    }
}

fn form(text: &str) -> Vec<&str> {
    let mut pairs: Vec<_> = text.split('&').filter(|pair| !pair.starts_with("Version=")).collect();
    pairs.sort_unstable();
    pairs
}

#[tokio::test(start_paused = true)]
async fn replicas_are_made_and_deleted_by_name() {
    let answer =
        |call: &str| canned::text(200, &format!("<{call}Response><{call}Result/><ResponseMetadata/></{call}Response>"));
    let create = Step::CreateReplica {
        source: DatabaseId::new("db"),
        replica: DatabaseId::new("db-replica-2"),
        class: "db.t3.medium".into(),
        zone: Some("us-east-1b".into()),
    };
    let (outcome, _, body) = asked(&create, answer("CreateDBInstanceReadReplica")).await;
    assert!(matches!(outcome, Outcome::Accepted { .. }), "{outcome:?}");
    assert_eq!(
        form(&body),
        [
            "Action=CreateDBInstanceReadReplica",
            "AvailabilityZone=us-east-1b",
            "DBInstanceClass=db.t3.medium",
            "DBInstanceIdentifier=db-replica-2",
            "SourceDBInstanceIdentifier=db",
        ]
    );
    let delete = Step::DeleteReplica { replica: DatabaseId::new("db-replica-2") };
    let (outcome, _, body) = asked(&delete, answer("DeleteDBInstance")).await;
    assert!(matches!(outcome, Outcome::Accepted { .. }), "{outcome:?}");
    assert_eq!(form(&body), ["Action=DeleteDBInstance", "DBInstanceIdentifier=db-replica-2", "SkipFinalSnapshot=true"]);
}

#[tokio::test(start_paused = true)]
async fn a_record_is_sent_whole() {
    let answer = canned::text(
        200,
        "<ChangeResourceRecordSetsResponse><ChangeInfo><Id>/change/C1</Id><Status>PENDING</Status>\
         <SubmittedAt>2026-11-03T14:32:07Z</SubmittedAt></ChangeInfo></ChangeResourceRecordSetsResponse>",
    );
    let record = ReaderRecord {
        set: "db-replica-2".into(),
        database: Some(DatabaseId::new("db-replica-2")),
        value: "db-replica-2.x.us-east-1.rds.amazonaws.com".into(),
        weight: 10,
        ttl_s: 30,
    };
    let (zone, name) = ("Z1".to_owned(), "reader.db.internal".to_owned());
    let set = "<ResourceRecordSet><Name>reader.db.internal</Name><Type>CNAME</Type>\
         <SetIdentifier>db-replica-2</SetIdentifier><Weight>10</Weight><TTL>30</TTL><ResourceRecords>\
         <ResourceRecord><Value>db-replica-2.x.us-east-1.rds.amazonaws.com</Value></ResourceRecord>\
         </ResourceRecords></ResourceRecordSet>";
    let put = Step::PutRecord { zone: zone.clone(), name: name.clone(), record: record.clone() };
    let drop = Step::DropRecord { zone, name, record };
    for (step, action) in [(put, "UPSERT"), (drop, "DELETE")] {
        let (outcome, _, body) = asked(&step, answer.clone()).await;
        assert!(matches!(outcome, Outcome::Accepted { .. }), "{outcome:?}");
        assert!(
            body.contains(&format!("<Changes><Change><Action>{action}</Action>{set}</Change></Changes>")),
            "{body}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn nodes_and_shards_are_absolute_counts() {
    let answer =
        |call: &str| canned::text(200, &format!("<{call}Response><{call}Result/><ResponseMetadata/></{call}Response>"));
    let cache = || CacheId::new("redis");
    let shards = |to, removes: &[&str]| Step::Shards {
        cache: cache(),
        to: MemberCount(to),
        removes: removes.iter().map(ToString::to_string).collect(),
    };
    let reshard = "ModifyReplicationGroupShardConfiguration";
    let table = [
        (Step::MoreReplicas { cache: cache(), to: MemberCount(2) }, "IncreaseReplicaCount", vec!["NewReplicaCount=2"]),
        (Step::FewerReplicas { cache: cache(), to: MemberCount(1) }, "DecreaseReplicaCount", vec!["NewReplicaCount=1"]),
        (shards(3, &[]), reshard, vec!["NodeGroupCount=3"]),
        (shards(2, &["0003"]), reshard, vec!["NodeGroupCount=2", "NodeGroupsToRemove.NodeGroupToRemove.1=0003"]),
    ];
    for (step, call, counts) in table {
        let (outcome, operation, body) = asked(&step, answer(call)).await;
        assert!(matches!(outcome, Outcome::Accepted { .. }), "{outcome:?}");
        let action = format!("Action={call}");
        let mut expected = vec![action.as_str(), "ApplyImmediately=true", "ReplicationGroupId=redis"];
        expected.extend(counts);
        expected.sort_unstable();
        assert_eq!((operation.as_str(), form(&body)), (call, expected), "{step:?}");
    }
}
