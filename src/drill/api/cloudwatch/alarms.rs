//! CloudWatch's alarms and the turns they took: the autoscaler's and the platform's own. Deliberately absent: composite
//! alarms, and every write – who makes alarms here is the autoscaler and the scenario.

use super::{dimension_values, invalid, key, place};
use crate::drill::api::page::{self, Place};
use crate::drill::wire::{Refusal, Value};
use crate::drill::world::alarms::{Alarm, Turn, Watch};
use crate::drill::world::autoscaling::{Policy, Tracked};
use crate::drill::world::metrics::{Key, Metric, Of};
use crate::drill::world::{Workload, World};

/// Alarms or turns on a page, unless the caller names fewer or more, up to [`LARGEST_PAGE`].
const PAGE: usize = 50;
/// The largest page.
const LARGEST_PAGE: i64 = 100;
/// The states that an alarm has.
const STATES: [&str; 3] = ["OK", "ALARM", "INSUFFICIENT_DATA"];

/// An alarm with what it is about.
struct Entry<'a> {
    alarm: &'a Alarm,
    key: Key,
    statistic: &'a str,
    about: String,
    action: &'a str,
}

/// `DescribeAlarms`
pub(super) fn describe(world: &World, input: &Value) -> Result<Value, Refusal> {
    let names = input.texts("AlarmNames")?;
    let prefix = input.text("AlarmNamePrefix")?;
    let state = input.text("StateValue")?;
    let action = input.text("ActionPrefix")?;
    if prefix.is_some() && !names.is_empty() {
        return Err(invalid("AlarmNamePrefix and AlarmNames cannot be specified together."));
    }
    if names.len() > LARGEST_PAGE as usize {
        return Err(invalid(format!("The collection AlarmNames must not have a size greater than {LARGEST_PAGE}.")));
    }
    if let Some(other) = state.filter(|state| !STATES.contains(state)) {
        return Err(invalid(format!("The value {other} for parameter StateValue is not supported.")));
    }
    let size = page_size(input)?;
    let metric_alarms = is_about_metric_alarms(input)?;
    let meets = |entry: &Entry| {
        metric_alarms
            && (names.is_empty() || names.contains(&entry.alarm.name.as_str()))
            && prefix.is_none_or(|prefix| entry.alarm.name.starts_with(prefix))
            && state.is_none_or(|state| state == entry.alarm.state.as_str())
            && action.is_none_or(|prefix| entry.action.starts_with(prefix))
    };
    let (alarms, next) = page::by_service(world, place("DescribeAlarms", input)?, size, |workload| {
        entries(workload).filter(&meets).map(|entry| alarm_value(&entry)).collect()
    });
    Ok(Value::map([
        ("CompositeAlarms", Vec::new().into()),
        ("MetricAlarms", alarms.into()),
        ("NextToken", next.map(|next| next.write("DescribeAlarms")).into()),
    ]))
}

/// `DescribeAlarmsForMetric`: all at once, as AWS has it.
pub(super) fn for_metric(world: &World, input: &Value) -> Result<Value, Refusal> {
    let wanted = key(input.required_text("Namespace")?, input.required_text("MetricName")?, input)?;
    let statistic = input.text("Statistic")?.or(input.text("ExtendedStatistic")?);
    let fits = matches!(input.int("Period")?, None | Some(60));
    let mut alarms = Vec::new();
    if let Some(wanted) = wanted.filter(|_| fits) {
        for workload in world.workloads() {
            let own = entries(&workload).filter(|entry| entry.key == wanted);
            let own = own.filter(|entry| statistic.is_none_or(|statistic| statistic == entry.statistic));
            alarms.extend(own.map(|entry| alarm_value(&entry)));
        }
    }
    Ok(Value::map([("MetricAlarms", alarms.into())]))
}

/// `DescribeAlarmHistory`: the turns, newest first unless asked otherwise. Other kinds of items there are none.
pub(super) fn history(world: &World, input: &Value) -> Result<Value, Refusal> {
    let name = input.text("AlarmName")?;
    let (from, to) = (input.time("StartDate")?, input.time("EndDate")?);
    let state_updates = match input.text("HistoryItemType")? {
        None | Some("StateUpdate") => true,
        Some("ConfigurationUpdate" | "Action" | "AlarmContributorStateUpdate" | "AlarmContributorAction") => false,
        Some(other) => {
            return Err(invalid(format!("The value {other} for parameter HistoryItemType is not supported.")));
        }
    };
    let ascending = match input.text("ScanBy")? {
        None | Some("TimestampDescending") => false,
        Some("TimestampAscending") => true,
        Some(other) => return Err(invalid(format!("The value {other} for parameter ScanBy is not supported."))),
    };
    let (begin, size) = (place("DescribeAlarmHistory", input)?, page_size(input)?);
    let wanted = state_updates && is_about_metric_alarms(input)?;
    let meets = |turn: &&Turn| {
        wanted
            && name.is_none_or(|name| name == turn.alarm)
            && from.is_none_or(|from| turn.at >= from)
            && to.is_none_or(|to| turn.at <= to)
    };
    let mut turns: Vec<&Turn> = world.turns().filter(meets).collect();
    turns.sort_by_key(|turn| std::cmp::Reverse(turn.at));
    if ascending {
        turns.reverse();
    }
    let (page, next): (&[&Turn], Option<Place>) = page::flat(&turns, begin, size);
    Ok(Value::map([
        ("AlarmHistoryItems", Value::list(page.iter().map(|turn| turn_value(turn)))),
        ("NextToken", next.map(|next| next.write("DescribeAlarmHistory")).into()),
    ]))
}

fn page_size(input: &Value) -> Result<usize, Refusal> {
    match input.int("MaxRecords")? {
        None => Ok(PAGE),
        Some(size @ 1..=LARGEST_PAGE) => Ok(size as usize),
        Some(other) => Err(invalid(format!("MaxRecords must be between 1 and {LARGEST_PAGE}, and is {other}."))),
    }
}

fn is_about_metric_alarms(input: &Value) -> Result<bool, Refusal> {
    let kinds = input.texts("AlarmTypes")?;
    Ok(kinds.is_empty() || kinds.contains(&"MetricAlarm"))
}

/// The alarms of a service, by name: capital letters come first.
fn entries(workload: &Workload) -> impl Iterator<Item = Entry<'_>> {
    let policies = workload.scaling.policies.iter().flat_map(|policy| {
        let (key, statistic) = tracked(policy, workload);
        [&policy.high, &policy.low].map(|alarm| Entry {
            alarm,
            key: key.clone(),
            statistic,
            about: format!("DO NOT EDIT OR DELETE. For TargetTrackingScaling policy {}.", policy.arn),
            action: &policy.arn,
        })
    });
    let own = workload.watches.iter().map(|watch: &Watch| Entry {
        alarm: &watch.alarm,
        key: watch.key.clone(),
        statistic: watch.statistic,
        about: watch.about.to_owned(),
        action: &watch.topic,
    });
    policies.chain(own)
}

/// The metric that a policy tracks.
fn tracked(policy: &Policy, workload: &Workload) -> (Key, &'static str) {
    let (metric, statistic) = match policy.metric {
        Tracked::Cpu => (Metric::Cpu, "Average"),
        Tracked::Memory => (Metric::Memory, "Average"),
        Tracked::RequestsPerTarget => (Metric::RequestsPerTarget, "Sum"),
    };
    let of = match (policy.metric, &workload.balancer) {
        (Tracked::RequestsPerTarget, Some(balancer)) => {
            Of::TargetGroup { balancer: balancer.dimension.clone(), group: balancer.group.dimension.clone() }
        }
        _ => Of::Service { cluster: workload.service.cluster.clone(), service: workload.service.name.clone() },
    };
    (Key { metric, of }, statistic)
}

fn alarm_value(entry: &Entry) -> Value {
    let alarm = entry.alarm;
    let comparison = if alarm.above { "GreaterThanThreshold" } else { "LessThanThreshold" };
    let extended = entry.statistic.starts_with('p');
    let statistic = |wanted: bool| -> Value { (extended == wanted).then(|| entry.statistic.to_owned()).into() };
    Value::map([
        ("AlarmName", alarm.name.clone().into()),
        ("AlarmArn", alarm.arn.clone().into()),
        ("AlarmDescription", entry.about.clone().into()),
        ("AlarmConfigurationUpdatedTimestamp", alarm.configured.into()),
        ("ActionsEnabled", true.into()),
        ("OKActions", Vec::new().into()),
        ("AlarmActions", Value::list([entry.action.to_owned()])),
        ("InsufficientDataActions", Vec::new().into()),
        ("StateValue", alarm.state.as_str().into()),
        ("StateReason", alarm.reason.clone().into()),
        ("StateUpdatedTimestamp", alarm.since.into()),
        ("MetricName", entry.key.metric.name().into()),
        ("Namespace", entry.key.metric.namespace().into()),
        ("Statistic", statistic(false)),
        ("ExtendedStatistic", statistic(true)),
        ("Dimensions", dimension_values(&entry.key)),
        ("Period", 60.into()),
        ("EvaluationPeriods", alarm.periods.into()),
        ("DatapointsToAlarm", alarm.breaches.into()),
        ("Threshold", alarm.threshold.into()),
        ("ComparisonOperator", comparison.into()),
        ("TreatMissingData", alarm.missing.as_str().into()),
        ("StateTransitionedTimestamp", alarm.since.into()),
    ])
}

fn turn_value(turn: &Turn) -> Value {
    let ((before, because), (after, reason)) = (&turn.from, &turn.to);
    let data = serde_json::json!({
        "version": "1.0",
        "oldState": { "stateValue": before.as_str(), "stateReason": because },
        "newState": {
            "stateValue": after.as_str(),
            "stateReason": reason,
            "stateReasonData": {
                "version": "1.0", "queryDate": turn.at.to_string(), "period": 60,
                "recentDatapoints": turn.datapoints, "threshold": turn.threshold,
            },
        },
    });
    Value::map([
        ("AlarmName", turn.alarm.clone().into()),
        ("AlarmType", "MetricAlarm".into()),
        ("Timestamp", turn.at.into()),
        ("HistoryItemType", "StateUpdate".into()),
        ("HistorySummary", format!("Alarm updated from {} to {}", before.as_str(), after.as_str()).into()),
        ("HistoryData", data.to_string().into()),
    ])
}
