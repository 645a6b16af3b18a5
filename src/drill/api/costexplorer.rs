//! Cost Explorer, over awsJson 1.1: what was spent, by day or month, by service and usage type; what the month will
//! come to; days that stand out; commitments, of which this account has none. Every answer is charged, as AWS charges it.
//! Deliberately absent: tags, cost categories, hourly granularity, and recommendations.

mod filter;

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::page::{self, Place};
use crate::drill::wire::{Name, Refusal, Value};
use crate::drill::world::World;
use crate::drill::world::money::{Line, Usage};

/// Periods on a page.
const PAGE: usize = 40;
/// Metrics that money is told in; without discounts they are one.
const COSTS: [&str; 5] = ["AmortizedCost", "BlendedCost", "NetAmortizedCost", "NetUnblendedCost", "UnblendedCost"];
const AMOUNT: &str = "UsageQuantity";
/// What results can be grouped by.
const KEYS: [&str; 4] = ["SERVICE", "USAGE_TYPE", "REGION", "LINKED_ACCOUNT"];
/// Days whose sums may still change.
const ESTIMATED_DAYS: i64 = 2;
/// Days that a forecast goes by.
const FORECAST_FROM: i64 = 14;
const DAY: i64 = 86_400;

pub(super) fn answer(world: &mut World, operation: &str, input: &Value) -> Result<Value, Refusal> {
    let answered = match operation {
        "GetCostAndUsage" => cost_and_usage(world, input),
        "GetCostForecast" => forecast(world, input),
        "GetAnomalies" => anomalies(world, input),
        "GetSavingsPlansCoverage" => savings_plans_coverage(world, input),
        "GetSavingsPlansUtilization" => Err(unavailable()),
        "GetReservationCoverage" => reservation_coverage(world, input),
        "GetReservationUtilization" => reservation_utilization(world, input),
        _ => return Err(Refusal::unknown_operation(operation)),
    };
    world.charge(Line::CostExplorer, 1);
    answered
}

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new("ValidationException", message)
}

fn unavailable() -> Refusal {
    Refusal::new(
        "DataUnavailableException",
        "Data is not available. Please try to adjust the time period. If just enabled Cost Explorer, data might not be \
         ingested yet",
    )
}

fn bad_token() -> Refusal {
    Refusal::new("InvalidNextTokenException", "The pagination token is invalid. Try again without a pagination token.")
}

/// The day that begins in a second.
fn day_of(midnight: i64) -> Date {
    Timestamp::from_second(midnight).map_or(Date::ZERO, |at| at.to_zoned_datetime(TimeZone::UTC).date())
}

fn midnight_of(day: Date) -> i64 {
    day.to_zoned_datetime(TimeZone::UTC).map_or(0, |at| at.timestamp().as_second())
}

fn today(world: &World) -> i64 {
    world.now().as_second().div_euclid(DAY) * DAY
}

fn interval(start: Date, end: Date) -> Value {
    Value::map([("Start", start.to_string().into()), ("End", end.to_string().into())])
}

fn money(dollars: f64) -> Value {
    Value::map([("Amount", written(dollars)), ("Unit", "USD".into())])
}

/// Amounts are texts with ten decimals at most.
fn written(amount: f64) -> Value {
    let text = format!("{amount:.10}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned().into()
}

/// The period that a request names: `[start, end)`.
fn period(input: &Value, field: &'static str) -> Result<(Date, Date), Refusal> {
    let period = input.get(field).ok_or_else(|| invalid(format!("{field} is required")))?;
    let day = |field: &'static str| -> Result<Date, Refusal> {
        let text = period.required_text(field)?;
        text.parse().map_err(|_| invalid(format!("{field} time {text} is invalid. Valid format is: yyyy-MM-dd.")))
    };
    let (start, end) = (day("Start")?, day("End")?);
    if start >= end {
        return Err(invalid("Start date (and hour) should be before end date (and hour)"));
    }
    Ok((start, end))
}

/// The spans of a period by day or month, each cut off at the period's ends.
fn spans((start, end): (Date, Date), granularity: &str) -> Result<Vec<(Date, Date)>, Refusal> {
    let next = |day: Date| match granularity {
        "MONTHLY" => day.last_of_month().saturating_add(1.day()),
        _ => day.saturating_add(1.day()),
    };
    match granularity {
        "DAILY" | "MONTHLY" => {}
        "HOURLY" => return Err(invalid("Hourly granularity is not enabled for this account.")),
        other => return Err(invalid(format!("Invalid granularity: {other}"))),
    }
    let mut spans = Vec::new();
    let mut from = start;
    while from < end {
        let to = next(from).min(end);
        spans.push((from, to));
        from = to;
    }
    Ok(spans)
}

/// What Cost Explorer knows of the days of a span.
fn known(world: &World, (from, to): (Date, Date)) -> Usage {
    let mut usage = Usage::default();
    let last = today(world);
    let (mut midnight, to) = (midnight_of(from), midnight_of(to));
    while midnight < to && midnight <= last {
        usage.add_all(&world.known_on(midnight), 1.0);
        midnight += DAY;
    }
    usage
}

fn cost_and_usage(world: &World, input: &Value) -> Result<Value, Refusal> {
    let period = period(input, "TimePeriod")?;
    let granularity = input.required_text("Granularity")?;
    let spans = spans(period, granularity)?;
    let metrics = input.texts("Metrics")?;
    if metrics.is_empty() {
        return Err(invalid("Metrics is required"));
    }
    if let Some(other) = metrics.iter().find(|metric| **metric != AMOUNT && !COSTS.contains(metric)) {
        return Err(invalid(format!("Metric {other} is not supported.")));
    }
    let groups = groups(input)?;
    let lines: Vec<Line> = match input.get("Filter") {
        None => Line::ALL.to_vec(),
        Some(filter) => filter::lines(filter, world.identity())?,
    };
    if world.first_billed().is_none() {
        return Err(unavailable());
    }
    let place = Place::read("GetCostAndUsage", input.text("NextPageToken")?).ok_or_else(bad_token)?;
    let (page, next) = page::flat(&spans, place, PAGE);
    let first_estimated = day_of(today(world) - (ESTIMATED_DAYS - 1) * DAY);
    let results = page.iter().map(|span| {
        let usage = known(world, *span);
        let (total, groups) = if groups.is_empty() {
            (metrics_of(&metrics, &usage, &lines), Vec::new())
        } else {
            (Value::map([]), grouped(&groups, &metrics, &usage, &lines, world))
        };
        Value::map([
            ("TimePeriod", interval(span.0, span.1)),
            ("Total", total),
            ("Groups", Value::list(groups)),
            ("Estimated", (span.1 > first_estimated).into()),
        ])
    });
    let results = Value::list(results);
    let definitions = groups.iter().map(|key| Value::map([("Type", "DIMENSION".into()), ("Key", (*key).into())]));
    Ok(Value::map([
        ("NextPageToken", next.map(|next| next.write("GetCostAndUsage")).into()),
        ("GroupDefinitions", if groups.is_empty() { Value::Null } else { Value::list(definitions) }),
        ("ResultsByTime", results),
        ("DimensionValueAttributes", Value::list(Vec::<Value>::new())),
    ]))
}

/// What results are to be grouped by: two keys at most.
fn groups(input: &Value) -> Result<Vec<&'static str>, Refusal> {
    let items = input.items("GroupBy")?;
    if items.len() > 2 {
        return Err(invalid("The maximum number of groups is 2."));
    }
    let key = |item: &Value| -> Result<&'static str, Refusal> {
        let (kind, key) = (item.required_text("Type")?, item.required_text("Key")?);
        let known = KEYS.into_iter().find(|known| kind == "DIMENSION" && *known == key);
        known.ok_or_else(|| invalid(format!("The drill groups by no {kind} {key}.")))
    };
    items.iter().map(key).collect()
}

/// The metrics of some lines together. A quantity of different units is told without one.
fn metrics_of(metrics: &[&str], usage: &Usage, lines: &[Line]) -> Value {
    let metric = |name: &&str| -> (Name, Value) {
        let value = if *name == AMOUNT {
            let unit = lines.first().map(|line| line.price().unit);
            let one = unit.filter(|unit| lines.iter().all(|line| line.price().unit == *unit));
            let amount = lines.iter().map(|line| usage.quantity(*line)).sum();
            Value::map([("Amount", written(amount)), ("Unit", one.unwrap_or("N/A").into())])
        } else {
            money(lines.iter().map(|line| usage.cost(*line)).sum())
        };
        ((*name).to_owned().into(), value)
    };
    Value::Pairs(metrics.iter().map(metric).collect())
}

fn grouped(groups: &[&'static str], metrics: &[&str], usage: &Usage, lines: &[Line], world: &World) -> Vec<Value> {
    let mut by_keys: BTreeMap<Vec<&str>, Vec<Line>> = BTreeMap::new();
    for line in lines.iter().filter(|line| usage.raw(**line) > 0.0) {
        let keys = groups.iter().map(|key| filter::value(*line, key, world.identity())).collect();
        by_keys.entry(keys).or_default().push(*line);
    }
    let group = |(keys, lines): (Vec<&str>, Vec<Line>)| {
        let keys = keys.into_iter().map(|key| Value::from(key.to_owned()));
        Value::map([("Keys", Value::list(keys)), ("Metrics", metrics_of(metrics, usage, &lines))])
    };
    by_keys.into_iter().map(group).collect()
}

fn forecast(world: &World, input: &Value) -> Result<Value, Refusal> {
    let (start, end) = period(input, "TimePeriod")?;
    let now = day_of(today(world));
    if start < now {
        return Err(invalid("Start date must be the current date or later."));
    }
    if !input.required_text("Metric")?.ends_with("_COST") {
        return Err(invalid("The drill forecasts costs only."));
    }
    let spans = spans((start, end), input.required_text("Granularity")?)?;
    if world.first_billed().is_none() {
        return Err(unavailable());
    }
    let days = (1..=FORECAST_FROM).map(|ago| world.known_on(today(world) - ago * DAY).total());
    let each = days.sum::<f64>() / FORECAST_FROM as f64;
    let of = |(from, to): (Date, Date)| each * ((midnight_of(to) - midnight_of(from)) / DAY) as f64;
    let results = spans
        .into_iter()
        .map(|span| Value::map([("TimePeriod", interval(span.0, span.1)), ("MeanValue", written(of(span)))]));
    Ok(Value::map([("Total", money(of((start, end)))), ("ForecastResultsByTime", Value::list(results))]))
}

fn anomalies(world: &World, input: &Value) -> Result<Value, Refusal> {
    let range = input.get("DateInterval").ok_or_else(|| invalid("DateInterval is required"))?;
    let day = |field: &'static str| -> Result<Option<Date>, Refusal> {
        let Some(text) = range.text(field)? else { return Ok(None) };
        let at = text.get(..10).and_then(|text| text.parse().ok());
        at.map(Some).ok_or_else(|| invalid(format!("{field} {text} is invalid")))
    };
    let from = day("StartDate")?.ok_or_else(|| invalid("StartDate is required"))?;
    let to = day("EndDate")?.unwrap_or(Date::MAX);
    let account = world.identity().account;
    let found = world.spikes().into_iter().filter(|spike| day_of(spike.to) > from && day_of(spike.from) <= to);
    let told = found.map(|spike| {
        let price = spike.line.price();
        let impact = spike.actual - spike.expected;
        let first = day_of(spike.from);
        Value::map([
            ("AnomalyId", format!("{:08x}-drill", spike.from).into()),
            ("AnomalyStartDate", format!("{first}T00:00:00Z").into()),
            ("AnomalyEndDate", format!("{}T00:00:00Z", day_of(spike.to - DAY)).into()),
            ("DimensionValue", price.service.into()),
            (
                "RootCauses",
                Value::list([Value::map([
                    ("Service", price.service.into()),
                    ("Region", world.identity().region.into()),
                    ("LinkedAccount", account.into()),
                    ("UsageType", price.usage_type.into()),
                ])]),
            ),
            ("AnomalyScore", Value::map([("MaxScore", 0.9.into()), ("CurrentScore", 0.0.into())])),
            (
                "Impact",
                Value::map([
                    ("MaxImpact", spike.worst.into()),
                    ("TotalImpact", impact.into()),
                    ("TotalActualSpend", spike.actual.into()),
                    ("TotalExpectedSpend", spike.expected.into()),
                    ("TotalImpactPercentage", (impact / spike.expected * 100.0).into()),
                ]),
            ),
            ("MonitorArn", format!("arn:aws:ce::{account}:anomalymonitor/services").into()),
        ])
    });
    Ok(Value::map([("Anomalies", Value::list(told))]))
}

fn savings_plans_coverage(world: &World, input: &Value) -> Result<Value, Refusal> {
    let span = period(input, "TimePeriod")?;
    let usage = known(world, span);
    let cost = usage.cost(Line::FargateCpu) + usage.cost(Line::FargateMemory);
    let coverage = Value::map([
        ("SpendCoveredBySavingsPlans", "0".into()),
        ("OnDemandCost", written(cost)),
        ("TotalCost", written(cost)),
        ("CoveragePercentage", "0".into()),
    ]);
    let one =
        Value::map([("Attributes", Value::map([])), ("Coverage", coverage), ("TimePeriod", interval(span.0, span.1))]);
    Ok(Value::map([("SavingsPlansCoverages", Value::list([one]))]))
}

/// Hours of what could be reserved.
fn hours(world: &World, span: (Date, Date)) -> f64 {
    let usage = known(world, span);
    Line::ALL.into_iter().filter(|line| line.price().unit == "Hrs").map(|line| usage.quantity(line)).sum()
}

fn reservation_coverage(world: &World, input: &Value) -> Result<Value, Refusal> {
    let span = period(input, "TimePeriod")?;
    let hours = hours(world, span);
    let coverage = || {
        Value::map([(
            "CoverageHours",
            Value::map([
                ("OnDemandHours", written(hours)),
                ("ReservedHours", "0".into()),
                ("TotalRunningHours", written(hours)),
                ("CoverageHoursPercentage", "0".into()),
            ]),
        )])
    };
    let one = Value::map([
        ("TimePeriod", interval(span.0, span.1)),
        ("Groups", Value::list(Vec::<Value>::new())),
        ("Total", coverage()),
    ]);
    Ok(Value::map([("CoveragesByTime", Value::list([one])), ("Total", coverage())]))
}

fn reservation_utilization(world: &World, input: &Value) -> Result<Value, Refusal> {
    let span = period(input, "TimePeriod")?;
    if world.first_billed().is_none() {
        return Err(unavailable());
    }
    let total = || {
        Value::map([
            ("UtilizationPercentage", "0".into()),
            ("PurchasedHours", "0".into()),
            ("TotalActualHours", "0".into()),
            ("UnusedHours", "0".into()),
        ])
    };
    let one = Value::map([
        ("TimePeriod", interval(span.0, span.1)),
        ("Groups", Value::list(Vec::<Value>::new())),
        ("Total", total()),
    ]);
    Ok(Value::map([("UtilizationsByTime", Value::list([one])), ("Total", total())]))
}
