//! CloudWatch's alarms on a drill: the autoscaler's and the platform's own, their turns, and their pages.

use aws_sdk_cloudwatch::error::ProvideErrorMetadata;
use aws_sdk_cloudwatch::types::{Dimension, HistoryItemType, ScanBy, StateValue, Statistic};

use crate::sdk::Bench;

const CLUSTER: &str = "solosuccess-production";
const SERVICE: &str = "solosuccess-ai-service";

#[tokio::test]
async fn the_specs_prefix_finds_the_platforms_own_alarms_and_misses_the_autoscalers() {
    let bench = Bench::new("spike", 2);
    let cloudwatch = bench.cloudwatch();
    let own = || cloudwatch.describe_alarms().alarm_name_prefix(SERVICE);
    let alarms = own().send().await.unwrap().metric_alarms().to_vec();
    let names: Vec<&str> = alarms.iter().map(|alarm| alarm.alarm_name().unwrap()).collect();
    assert!(names.is_sorted() && names.iter().all(|name| name.starts_with(SERVICE)), "{names:?}");
    assert_eq!(alarms.len(), 6);
    let cpu = alarms.iter().find(|alarm| alarm.alarm_name() == Some("solosuccess-ai-service-cpu-critical")).unwrap();
    assert_eq!(
        (cpu.threshold(), cpu.evaluation_periods(), cpu.datapoints_to_alarm()),
        (Some(90.0), Some(10), Some(10))
    );
    assert_eq!(cpu.state_value(), Some(&StateValue::Ok));
    assert!(cpu.alarm_actions()[0].ends_with(":solosuccess-critical"));
    let slow = alarms.iter().find(|alarm| alarm.alarm_name().unwrap().ends_with("latency-high")).unwrap();
    assert_eq!((slow.statistic(), slow.extended_statistic()), (None, Some("p95")));
    assert!(alarms.iter().all(|alarm| alarm.state_value() == Some(&StateValue::Ok)), "nothing is wrong yet");

    bench.pass(600);
    let firing = own().state_value(StateValue::Alarm).send().await.unwrap();
    let firing: Vec<&str> = firing.metric_alarms().iter().map(|alarm| alarm.alarm_name().unwrap()).collect();
    assert_eq!(firing, ["solosuccess-ai-service-5xx-high", "solosuccess-ai-service-latency-high"]);
    let both = own().alarm_names("x").send().await.unwrap_err().into_service_error();
    assert_eq!(both.code(), Some("ValidationError"), "{both:?}");
}

#[tokio::test]
async fn a_policys_alarm_names_its_metric_its_action_and_why() {
    let bench = Bench::new("spike", 1);
    bench.pass(600);
    let cloudwatch = bench.cloudwatch();
    let firing = cloudwatch.describe_alarms().state_value(StateValue::Alarm).action_prefix("arn:aws:autoscaling:");
    let firing = firing.send().await.unwrap();
    let high = firing.metric_alarms().iter().find(|alarm| alarm.alarm_name().unwrap().contains("-AlarmHigh-")).unwrap();
    assert!(high.alarm_actions()[0].contains(":scalingPolicy:"), "{high:?}");
    assert!(high.state_reason().unwrap().starts_with("Threshold Crossed: 3 out of the last 3 datapoints ["));
    assert!(high.state_updated_timestamp().unwrap().secs() > bench.now().as_second() - 600);
    assert!(high.dimensions().iter().any(|dimension| dimension.name().is_some()));

    let mut ask = cloudwatch.describe_alarms_for_metric().namespace("AWS/ECS").metric_name("CPUUtilization");
    for (name, value) in [("ClusterName", CLUSTER), ("ServiceName", SERVICE)] {
        ask = ask.dimensions(Dimension::builder().name(name).value(value).build());
    }
    let of_cpu = ask.clone().send().await.unwrap();
    assert_eq!(of_cpu.metric_alarms().len(), 4, "two of the policy, two of the spec");
    assert!(ask.statistic(Statistic::Maximum).send().await.unwrap().metric_alarms().is_empty());
}

#[tokio::test]
async fn turns_are_told_newest_first_and_page() {
    let bench = Bench::new("spike", 1);
    bench.pass(3000);
    let cloudwatch = bench.cloudwatch();
    let name = "solosuccess-ai-service-latency-high";
    let of_one = cloudwatch.describe_alarm_history().alarm_name(name).history_item_type(HistoryItemType::StateUpdate);
    let turns = of_one.clone().send().await.unwrap();
    let summaries: Vec<&str> = turns.alarm_history_items().iter().map(|item| item.history_summary().unwrap()).collect();
    assert_eq!(
        summaries,
        [
            "Alarm updated from ALARM to OK",
            "Alarm updated from OK to ALARM",
            "Alarm updated from INSUFFICIENT_DATA to OK"
        ]
    );
    let data: serde_json::Value = serde_json::from_str(turns.alarm_history_items()[1].history_data().unwrap()).unwrap();
    assert_eq!(data["newState"]["stateValue"], "ALARM");
    assert!(data["newState"]["stateReasonData"]["recentDatapoints"].as_array().unwrap().len() == 5);
    let oldest = of_one.scan_by(ScanBy::TimestampAscending).max_records(1).send().await.unwrap();
    assert_eq!(oldest.alarm_history_items()[0].history_summary(), Some(summaries[2]));

    let (mut seen, mut token) = (0, None);
    loop {
        let page = cloudwatch.describe_alarm_history().max_records(5).set_next_token(token).send().await.unwrap();
        assert!(page.alarm_history_items().len() <= 5);
        seen += page.alarm_history_items().len();
        token = page.next_token().map(str::to_owned);
        if token.is_none() {
            break;
        }
    }
    let all = cloudwatch.describe_alarm_history().max_records(100).send().await.unwrap();
    assert_eq!(seen, all.alarm_history_items().len());
    let actions = cloudwatch.describe_alarm_history().history_item_type(HistoryItemType::Action).send().await.unwrap();
    assert!(actions.alarm_history_items().is_empty());
}

#[tokio::test]
async fn alarms_page_by_a_hundred_at_most() {
    let bench = Bench::new("calm", 101);
    let cloudwatch = bench.cloudwatch();
    let (mut seen, mut pages, mut token) = (std::collections::BTreeSet::new(), 0, None);
    loop {
        let page = cloudwatch.describe_alarms().max_records(100).set_next_token(token).send().await.unwrap();
        seen.extend(page.metric_alarms().iter().map(|alarm| alarm.alarm_name().unwrap().to_owned()));
        pages += 1;
        token = page.next_token().map(str::to_owned);
        if token.is_none() {
            break;
        }
    }
    assert_eq!((seen.len(), pages), (6 + 6 + 100 * 4, 5));
    let error = cloudwatch.describe_alarms().max_records(101).send().await.unwrap_err().into_service_error();
    assert_eq!(error.code(), Some("ValidationError"));
}
