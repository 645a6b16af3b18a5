//! What will be spent, from what was, and what stood out.
//!
//! A day to come costs what the middle ones of the last four of its weekday did. Deliberately absent: any model that
//! learns; a spike three weeks ago does not move a middle.

use super::filter::Filter;
use super::period::{Granularity, Period, date, day};
use super::{DAY, Metric, amount_value, decimal, invalid};
use crate::drill::api::page::{self, Place};
use crate::drill::wire::{Refusal, Value};
use crate::drill::world::World;
use crate::drill::world::money::{Line, Spike};

/// Days that a forecast may reach: three months by the day, eighteen by the month.
const DAYS_DAILY: i64 = 93;
const DAYS_MONTHLY: i64 = 18 * 31;
/// Weeks that it looks back on.
const WEEKS: i64 = 4;
/// By how much a day differs from its like, as a share: one standard deviation.
const DEVIATION: f64 = 0.03;
/// Anomalies that are kept, days.
const KEPT: i64 = 90;
/// Anomalies on a page.
const PAGE: i64 = 100;

pub(super) fn forecast(world: &World, input: &Value) -> Result<Value, Refusal> {
    let granularity = Granularity::read(input.required_text("Granularity")?)?;
    let period = Period::read(input)?;
    let today = world.now().as_second().div_euclid(DAY) * DAY;
    if period.from < today {
        return Err(invalid("Start date should be equal to or after the current date"));
    }
    let most = if granularity == Granularity::Daily { DAYS_DAILY } else { DAYS_MONTHLY };
    if period.to > today + most * DAY {
        return Err(invalid(format!("A forecast of this granularity reaches {most} days at most")));
    }
    if Metric::read(input.required_text("Metric")?) != Some(Metric::Cost) {
        return Err(invalid("The drill forecasts costs only"));
    }
    let level = match input.int("PredictionIntervalLevel")? {
        None => 80,
        Some(level @ 51..=99) => level,
        Some(other) => {
            return Err(invalid(format!("PredictionIntervalLevel must be between 51 and 99, and is {other}")));
        }
    };
    let filter = Filter::read(input.get("Filter"))?;
    if world.first_billed().is_none() {
        let message = "Insufficient amount of historical data to generate forecast.";
        return Err(Refusal::new("DataUnavailableException", message));
    }
    // The normal's quantile, by the logistic that is nearest to it.
    let share = f64::midpoint(1.0, level as f64 / 100.0);
    let width = (share / (1.0 - share)).ln() / 1.702 * DEVIATION;
    let mut total = 0.0;
    let spans: Vec<Value> = period
        .spans(granularity)
        .into_iter()
        .map(|span| {
            let mean: f64 = span.days().map(|midnight| usual(world, &filter, midnight, today)).sum();
            total += mean;
            Value::map([
                ("TimePeriod", span.value()),
                ("MeanValue", decimal(mean).into()),
                ("PredictionIntervalLowerBound", decimal(mean * (1.0 - width)).into()),
                ("PredictionIntervalUpperBound", decimal(mean * (1.0 + width)).into()),
            ])
        })
        .collect();
    Ok(Value::map([("Total", amount_value(total, "USD")), ("ForecastResultsByTime", spans.into())]))
}

/// What a day to come usually costs, US dollars.
fn usual(world: &World, filter: &Filter, midnight: i64, today: i64) -> f64 {
    let week = 7 * DAY;
    let newest = today - week + (midnight - today).rem_euclid(week);
    let mut costs: Vec<f64> = (0..WEEKS)
        .map(|weeks| {
            let usage = world.known_on(newest - weeks * week);
            Line::ALL.into_iter().filter(|line| filter.passes(world, *line)).map(|line| usage.cost(line)).sum()
        })
        .collect();
    costs.sort_by(f64::total_cmp);
    let middle = costs.len() / 2;
    f64::midpoint(costs[middle - 1], costs[middle])
}

pub(super) fn anomalies(world: &World, input: &Value) -> Result<Value, Refusal> {
    let interval = input.get("DateInterval").ok_or_else(|| invalid("DateInterval is required"))?;
    let now = world.now().as_second();
    let from = day(interval.required_text("StartDate")?)?;
    let to = interval.text("EndDate")?.map(day).transpose()?.unwrap_or(now);
    if from > to {
        return Err(invalid("StartDate should be before EndDate"));
    }
    if from < now - (KEPT + 1) * DAY {
        return Err(invalid(format!("Anomalies are kept for {KEPT} days")));
    }
    let size = match input.int("MaxResults")? {
        None => PAGE,
        Some(size @ 1..=PAGE) => size,
        Some(other) => return Err(invalid(format!("MaxResults must be between 1 and {PAGE}, and is {other}"))),
    };
    let place = Place::read("GetAnomalies", input.text("NextPageToken")?)
        .ok_or_else(|| Refusal::new("InvalidNextTokenException", "The pagination token is invalid."))?;
    let monitor = monitor(world);
    // Nobody has said yet what they think of one.
    let asked_otherwise =
        input.text("Feedback")?.is_some() || input.text("MonitorArn")?.is_some_and(|arn| arn != monitor);
    let mut found: Vec<Spike> = if asked_otherwise { Vec::new() } else { world.spikes() };
    found.retain(|spike| spike.from <= to && spike.to > from);
    if let Some(impact) = input.get("TotalImpact") {
        let wanted = Impact::read(impact)?;
        found.retain(|spike| wanted.meets(spike.actual - spike.expected));
    }
    let (page, next) = page::flat(&found, place, size as usize);
    Ok(Value::map([
        ("Anomalies", Value::list(page.iter().map(|spike| anomaly(world, spike, &monitor)))),
        ("NextPageToken", next.map(|next| next.write("GetAnomalies")).into()),
    ]))
}

fn monitor(world: &World) -> String {
    format!("arn:aws:ce::{}:anomalymonitor/6f7d4b1c-2a90-4c35-8f0e-1d5b7a3e9c42", world.identity().account)
}

/// A number's operator in Cost Explorer's words, and what it compares with.
struct Impact {
    operator: String,
    start: f64,
    end: Option<f64>,
}

impl Impact {
    fn read(value: &Value) -> Result<Self, Refusal> {
        const OPERATORS: [&str; 6] =
            ["EQUAL", "GREATER_THAN_OR_EQUAL", "LESS_THAN_OR_EQUAL", "GREATER_THAN", "LESS_THAN", "BETWEEN"];
        let number = |field| match value.get(field) {
            Some(Value::Float(number)) => Some(*number),
            Some(Value::Int(number)) => Some(*number as f64),
            _ => None,
        };
        let operator = value.required_text("NumericOperator")?;
        let start = number("StartValue").ok_or_else(|| invalid("StartValue is required"))?;
        let end = number("EndValue");
        if !OPERATORS.contains(&operator) || (operator == "BETWEEN" && end.is_none()) {
            return Err(invalid(format!("Invalid NumericOperator {operator}")));
        }
        Ok(Self { operator: operator.to_owned(), start, end })
    }

    fn meets(&self, impact: f64) -> bool {
        match self.operator.as_str() {
            "EQUAL" => (impact - self.start).abs() < 0.005,
            "GREATER_THAN_OR_EQUAL" => impact >= self.start,
            "LESS_THAN_OR_EQUAL" => impact <= self.start,
            "GREATER_THAN" => impact > self.start,
            "LESS_THAN" => impact < self.start,
            _ => impact >= self.start && self.end.is_some_and(|end| impact <= end),
        }
    }
}

fn anomaly(world: &World, spike: &Spike, monitor: &str) -> Value {
    let price = spike.line.price();
    let total = spike.actual - spike.expected;
    let identity = world.identity();
    let cause = Value::map([
        ("Service", price.service.into()),
        ("Region", identity.region.into()),
        ("LinkedAccount", identity.account.into()),
        ("LinkedAccountName", "solosuccess".into()),
        ("UsageType", price.usage_type.into()),
        ("Impact", Value::map([("Contribution", total.into())])),
    ]);
    Value::map([
        ("AnomalyId", format!("a1b2c3d4-{}", date(spike.from)).into()),
        ("AnomalyStartDate", format!("{}T00:00:00Z", date(spike.from)).into()),
        ("AnomalyEndDate", format!("{}T00:00:00Z", date(spike.to - DAY)).into()),
        ("DimensionValue", price.service.into()),
        ("RootCauses", Value::list([cause])),
        ("AnomalyScore", Value::map([("MaxScore", 0.93.into()), ("CurrentScore", 0.71.into())])),
        (
            "Impact",
            Value::map([
                ("MaxImpact", spike.worst.into()),
                ("TotalImpact", total.into()),
                ("TotalActualSpend", spike.actual.into()),
                ("TotalExpectedSpend", spike.expected.into()),
                ("TotalImpactPercentage", (total / spike.expected * 100.0).into()),
            ]),
        ),
        ("MonitorArn", monitor.to_owned().into()),
    ])
}
