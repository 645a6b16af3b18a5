//! The commands that the spec gives to whoever verifies or debugs scaling, by the AWS CLI against a drill.

use serde_json::{Value, json};

use crate::drill_rds_clients::Served;

const SERVICE: &str = "service/solosuccess-production/solosuccess-ai-service";

fn items<'v>(answer: &'v Value, field: &str) -> &'v Vec<Value> {
    answer[field].as_array().unwrap_or_else(|| panic!("no {field} in {answer}"))
}

#[tokio::test]
async fn the_specs_commands_are_answered() {
    let Some(drill) = Served::start("spike").await else { return };
    drill.bench.pass(900);
    let counts = drill
        .cli(&[
            "ecs",
            "describe-services",
            "--cluster",
            "solosuccess-production",
            "--services",
            "solosuccess-ai-service",
            "--query",
            "services[0].[desiredCount,runningCount]",
        ])
        .await;
    let [desired, running] = [0, 1].map(|at| counts[at].as_i64().unwrap());
    assert!(desired > 4 && running > 4, "the autoscaler has acted on the spike: {counts}");

    let autoscaling = ["application-autoscaling", "--service-namespace", "ecs"];
    let ask = |operation: &'static str, more: &[&'static str]| {
        [&[autoscaling[0], operation], &autoscaling[1..], more].concat()
    };
    let activities = drill.cli(&ask("describe-scaling-activities", &["--resource-id", SERVICE])).await;
    let told = &items(&activities, "ScalingActivities")[0];
    assert!(told["Description"].as_str().unwrap().starts_with("Setting desired count to "), "{told}");
    let few = drill.cli(&ask("describe-scaling-activities", &["--max-results", "20"])).await;
    assert!(!items(&few, "ScalingActivities").is_empty());
    let targets = drill.cli(&ask("describe-scalable-targets", &[])).await;
    assert_eq!(items(&targets, "ScalableTargets")[0]["ResourceId"], json!(SERVICE));
    let policies = drill.cli(&ask("describe-scaling-policies", &["--resource-id", SERVICE])).await;
    assert_eq!(items(&policies, "ScalingPolicies").len(), 3);

    let alarms = drill.cli(&["cloudwatch", "describe-alarms", "--alarm-name-prefix", "solosuccess-ai-service"]).await;
    let names: Vec<&str> =
        items(&alarms, "MetricAlarms").iter().map(|alarm| alarm["AlarmName"].as_str().unwrap()).collect();
    assert!(names.contains(&"solosuccess-ai-service-cpu-high"), "{names:?}");
    assert!(names.iter().all(|name| name.starts_with("solosuccess-ai-service")), "{names:?}");
}
