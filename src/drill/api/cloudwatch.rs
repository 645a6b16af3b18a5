//! CloudWatch: metric data; the alarms are in `alarms`. Older clients ask over awsQuery or awsJson, newer ones over
//! CBOR; nothing here knows which. Deliberately absent: metric math, and periods shorter than a minute.

mod alarms;

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::page::{self, Place};
use crate::drill::wire::{Refusal, Value};
use crate::drill::world::World;
use crate::drill::world::metrics::{Datum, Key};
use crate::drill::world::money::Line;

/// Queries in one `GetMetricData`.
const MAX_QUERIES: usize = 500;
/// Points in one answer of `GetMetricData`, and what it gives unless the caller names fewer.
const MAX_POINTS: i64 = 100_800;
/// Points in one answer of `GetMetricStatistics`.
const MAX_STATISTICS_POINTS: i64 = 1440;
/// Metrics on a page of `ListMetrics`.
const METRICS_PAGE: usize = 500;

pub(super) fn answer(world: &mut World, operation: &str, input: &Value) -> Result<Value, Refusal> {
    match operation {
        "GetMetricData" => {
            let answered = get_metric_data(world, input)?;
            // Every page costs all of its metrics.
            world.charge(Line::Metrics, input.items("MetricDataQueries")?.len() as u32);
            Ok(answered)
        }
        "GetMetricStatistics" => get_metric_statistics(world, input),
        "ListMetrics" => list_metrics(world, input),
        "DescribeAlarms" => alarms::describe(world, input),
        "DescribeAlarmsForMetric" => alarms::for_metric(world, input),
        "DescribeAlarmHistory" => alarms::history(world, input),
        _ => Err(Refusal::unknown_operation(operation)),
    }
}

/// One query of a `GetMetricData`.
struct Query<'a> {
    id: &'a str,
    label: &'a str,
    /// `None`: nothing is published under that name.
    key: Option<Key>,
    period: i64,
    statistic: &'a str,
    returned: bool,
}

impl<'a> Query<'a> {
    fn read(query: &'a Value) -> Result<Self, Refusal> {
        let id = query.required_text("Id")?;
        if !is_id(id) {
            return Err(invalid(format!(
                "The value {id} for parameter Id must begin with a lower case letter and hold only letters, digits and \
                 underscores."
            )));
        }
        if query.get("Expression").is_some() {
            return Err(invalid(format!("The drill evaluates no metric math, as in query {id}.")));
        }
        let stat = query
            .get("MetricStat")
            .ok_or_else(|| invalid(format!("Query {id} has neither MetricStat nor Expression.")))?;
        let metric = stat.get("Metric").ok_or_else(|| invalid(format!("Query {id} has no Metric.")))?;
        let name = metric.required_text("MetricName")?;
        let statistic = stat.required_text("Stat")?;
        if !is_statistic(statistic) {
            return Err(invalid(format!("The value {statistic} for parameter Stat is not supported.")));
        }
        Ok(Self {
            id,
            label: query.text("Label")?.unwrap_or(name),
            key: key(metric.required_text("Namespace")?, name, metric)?,
            period: period(stat)?,
            statistic,
            returned: query.bool("ReturnData")?.unwrap_or(true),
        })
    }
}

fn get_metric_data(world: &World, input: &Value) -> Result<Value, Refusal> {
    let queries = input.items("MetricDataQueries")?;
    if queries.is_empty() {
        return Err(invalid("The parameter MetricDataQueries is required."));
    }
    if queries.len() > MAX_QUERIES {
        return Err(invalid(format!(
            "The collection MetricDataQueries must not have a size greater than {MAX_QUERIES}."
        )));
    }
    let queries: Vec<Query> = queries.iter().map(Query::read).collect::<Result<_, _>>()?;
    let ids: BTreeSet<&str> = queries.iter().map(|query| query.id).collect();
    if ids.len() < queries.len() {
        return Err(invalid("The values for parameter id in MetricDataQueries are not unique."));
    }
    let (from, to) = span(input)?;
    let descending = match input.text("ScanBy")? {
        None | Some("TimestampDescending") => true,
        Some("TimestampAscending") => false,
        Some(other) => return Err(invalid(format!("The value {other} for parameter ScanBy is not supported."))),
    };
    let mut room = match input.int("MaxDatapoints")? {
        None => MAX_POINTS,
        Some(most @ 1..=MAX_POINTS) => most,
        Some(other) => {
            return Err(invalid(format!("MaxDatapoints must be between 1 and {MAX_POINTS}, and is {other}.")));
        }
    };
    let begin = place("GetMetricData", input)?;
    let mut results = Vec::new();
    let mut next = None;
    let rest = queries.iter().enumerate().skip(begin.outer as usize);
    for (index, query) in rest.filter(|(_, query)| query.returned) {
        if room == 0 {
            next = Some(Place { outer: index as u64, inner: 0 });
            break;
        }
        let (mut times, mut values) = (Vec::new(), Vec::new());
        let mut points = points(world, query.key.as_ref(), from, to, query.period);
        if descending {
            points.reverse();
        }
        // A page goes on after the instant it ended with, so that minutes that have been published since move nothing.
        let after = (index as u64 == begin.outer && begin.inner > 0).then_some(begin.inner as i64);
        let is_left = |at: i64| after.is_none_or(|after| if descending { at < after } else { at > after });
        for datum in points.iter().filter(|datum| is_left(datum.at.as_second())) {
            if room == 0 {
                break;
            }
            if let Some(value) = datum.statistic(query.statistic) {
                times.push(Value::Time(datum.at));
                values.push(Value::Float(value));
                room -= 1;
            }
        }
        let ended = match times.last() {
            Some(Value::Time(at)) => Some(at.as_second()),
            _ => None,
        };
        let last = points.last().map(|datum| datum.at.as_second());
        let complete = ended == last || ended.is_none();
        if let (false, Some(ended)) = (complete, ended) {
            next = Some(Place { outer: index as u64, inner: ended as u64 });
        }
        results.push(Value::map([
            ("Id", query.id.to_owned().into()),
            ("Label", query.label.to_owned().into()),
            ("Timestamps", times.into()),
            ("Values", values.into()),
            ("StatusCode", if complete { "Complete" } else { "PartialData" }.into()),
        ]));
        if next.is_some() {
            break;
        }
    }
    Ok(Value::map([
        ("MetricDataResults", results.into()),
        ("NextToken", next.map(|next| next.write("GetMetricData")).into()),
        ("Messages", Vec::new().into()),
    ]))
}

fn get_metric_statistics(world: &World, input: &Value) -> Result<Value, Refusal> {
    let name = input.required_text("MetricName")?;
    let key = key(input.required_text("Namespace")?, name, input)?;
    let (from, to) = span(input)?;
    let period = period(input)?;
    let (plain, extended) = (input.texts("Statistics")?, input.texts("ExtendedStatistics")?);
    if plain.is_empty() && extended.is_empty() {
        return Err(Refusal::with_query(
            "MissingRequiredParameterException",
            "MissingParameter",
            "At least one of Statistics and ExtendedStatistics must be specified.",
        ));
    }
    if let Some(other) = plain.iter().chain(&extended).find(|word| !is_statistic(word)) {
        return Err(Refusal::with_query(
            "InvalidParameterValueException",
            "InvalidParameterValue",
            format!("The value {other} for parameter Statistics is not supported."),
        ));
    }
    let asked = (to.as_second() - from.as_second()).div_euclid(period);
    if asked > MAX_STATISTICS_POINTS {
        return Err(Refusal::with_query(
            "InvalidParameterCombinationException",
            "InvalidParameterCombination",
            format!(
                "You have requested up to {asked} datapoints, which exceeds the limit of {MAX_STATISTICS_POINTS}. You \
                 may reduce the datapoints requested by increasing Period, or decreasing the time range."
            ),
        ));
    }
    let unit = key.as_ref().map(|key| key.metric.unit());
    let datapoints = points(world, key.as_ref(), from, to, period).into_iter().map(|datum| {
        let value =
            |word: &'static str| -> Value { plain.contains(&word).then(|| datum.statistic(word)).flatten().into() };
        let percentiles: Vec<_> = extended
            .iter()
            .filter_map(|word| Some(((*word).to_owned().into(), datum.statistic(word)?.into())))
            .collect();
        Value::map([
            ("Timestamp", datum.at.into()),
            ("SampleCount", value("SampleCount")),
            ("Average", value("Average")),
            ("Sum", value("Sum")),
            ("Minimum", value("Minimum")),
            ("Maximum", value("Maximum")),
            ("Unit", unit.into()),
            ("ExtendedStatistics", (!percentiles.is_empty()).then_some(Value::Pairs(percentiles)).into()),
        ])
    });
    Ok(Value::map([("Label", name.to_owned().into()), ("Datapoints", Value::list(datapoints))]))
}

fn list_metrics(world: &World, input: &Value) -> Result<Value, Refusal> {
    let (namespace, name) = (input.text("Namespace")?, input.text("MetricName")?);
    let mut wanted = Vec::new();
    for filter in input.items("Dimensions")? {
        wanted.push((filter.required_text("Name")?, filter.text("Value")?));
    }
    let meets = |key: &Key| {
        let own = key.dimensions();
        namespace.is_none_or(|namespace| namespace == key.metric.namespace())
            && name.is_none_or(|name| name == key.metric.name())
            && wanted.iter().all(|(name, value)| {
                own.iter().any(|(own, its)| own == name && value.is_none_or(|value| value == *its))
            })
    };
    let begin = place("ListMetrics", input)?;
    let (mut metrics, mut next) = page::by_service(world, begin, METRICS_PAGE, |workload| {
        workload.keys().iter().filter(|key| meets(key)).map(metric_value).collect()
    });
    if next.is_none() {
        // What belongs to no service comes after the last one.
        let last = u64::from(world.scenario().services);
        let skipped = if begin.outer >= last { begin.inner as usize } else { 0 };
        let room = METRICS_PAGE - metrics.len();
        let mut rest = world.keys_apart().filter(meets).skip(skipped);
        metrics.extend(rest.by_ref().take(room).map(|key| metric_value(&key)));
        next = rest.next().map(|_| Place { outer: last, inner: (skipped + room) as u64 });
    }
    Ok(Value::map([("Metrics", metrics.into()), ("NextToken", next.map(|next| next.write("ListMetrics")).into())]))
}

fn place(operation: &str, input: &Value) -> Result<Place, Refusal> {
    Place::read(operation, input.text("NextToken")?)
        .ok_or_else(|| Refusal::new("InvalidNextToken", "The next token is not valid."))
}

/// The metric's minutes in `[from, to)` as data of `period` seconds, in order of time.
fn points(world: &World, key: Option<&Key>, from: Timestamp, to: Timestamp, period: i64) -> Vec<Datum> {
    let Some(key) = key else { return Vec::new() };
    let begin = |at: Timestamp| at.as_second().div_euclid(period) * period;
    let first = Timestamp::from_second(begin(from)).unwrap_or(from);
    let minutes = world.read(key, first, to);
    if period == 60 {
        return minutes;
    }
    let mut merged: Vec<Datum> = Vec::new();
    for mut minute in minutes {
        match merged.last_mut() {
            Some(last) if begin(last.at) == begin(minute.at) => last.merge(&minute),
            _ => {
                // A period is dated by its own beginning, though its first minutes may be missing.
                minute.at = Timestamp::from_second(begin(minute.at)).unwrap_or(minute.at);
                merged.push(minute);
            }
        }
    }
    merged
}

fn key(namespace: &str, name: &str, holder: &Value) -> Result<Option<Key>, Refusal> {
    let mut dimensions = Vec::new();
    for dimension in holder.items("Dimensions")? {
        dimensions.push((dimension.required_text("Name")?.to_owned(), dimension.required_text("Value")?.to_owned()));
    }
    Ok(Key::parse(namespace, name, &dimensions))
}

fn period(holder: &Value) -> Result<i64, Refusal> {
    let period = holder.int("Period")?.ok_or_else(|| invalid("The parameter Period is required."))?;
    if period < 60 || period % 60 != 0 || period > 86_400 {
        return Err(invalid(format!(
            "Period must be a multiple of 60 up to 86400, and is {period}: the drill's metrics are of a minute."
        )));
    }
    Ok(period)
}

fn span(input: &Value) -> Result<(Timestamp, Timestamp), Refusal> {
    let from = input.time("StartTime")?.ok_or_else(|| invalid("The parameter StartTime is required."))?;
    let to = input.time("EndTime")?.ok_or_else(|| invalid("The parameter EndTime is required."))?;
    if from >= to {
        return Err(invalid("The parameter StartTime must be less than the parameter EndTime."));
    }
    if to.duration_since(from) > SignedDuration::from_hours(455 * 24) {
        return Err(invalid("CloudWatch keeps metrics for 455 days."));
    }
    Ok((from, to))
}

fn is_id(id: &str) -> bool {
    id.len() <= 255
        && id.starts_with(|first: char| first.is_ascii_lowercase())
        && id.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}

fn is_statistic(word: &str) -> bool {
    matches!(word, "Average" | "Sum" | "Minimum" | "Maximum" | "SampleCount")
        || word.strip_prefix('p').and_then(|q| q.parse().ok()).is_some_and(|q: f64| q > 0.0 && q < 100.0)
}

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::with_query("ValidationException", "ValidationError", message)
}

fn dimension_values(key: &Key) -> Value {
    Value::list(
        key.dimensions()
            .into_iter()
            .map(|(name, value)| Value::map([("Name", name.into()), ("Value", value.to_owned().into())])),
    )
}

fn metric_value(key: &Key) -> Value {
    Value::map([
        ("Namespace", key.metric.namespace().into()),
        ("MetricName", key.metric.name().into()),
        ("Dimensions", dimension_values(key)),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_statistics() {
        for (id, good) in [("m1", true), ("cpu_Avg9", true), ("M1", false), ("1m", false), ("m-1", false), ("", false)]
        {
            assert_eq!(is_id(id), good, "{id}");
        }
        for (word, good) in
            [("Average", true), ("p95", true), ("p99.9", true), ("p0", false), ("p100", false), ("avg", false)]
        {
            assert_eq!(is_statistic(word), good, "{word}");
        }
    }
}
