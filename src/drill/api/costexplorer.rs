//! Cost Explorer, over awsJson 1.1: what was spent, what will be, what stood out, and what is committed to, which here is
//! nothing. Deliberately absent: hours, resources, cost categories, and budgets.

mod commitments;
mod filter;
mod outlook;
mod period;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::hash::Hasher;

use super::page::Place;
use crate::drill::wire::{Name, Refusal, Value};
use crate::drill::world::World;
use crate::drill::world::money::{Line, Usage};
use filter::{Attribute, Filter};
use period::{Granularity, Period};

/// Groups on a page; a page ends with a whole period.
const PAGE: usize = 500;
/// Days, today among them, that Cost Explorer still calls estimated.
const ESTIMATED_DAYS: i64 = 2;
const DAY: i64 = 86_400;

pub(super) fn answer(world: &mut World, operation: &str, input: &Value) -> Result<Value, Refusal> {
    let answered = told(world, operation, input)?;
    // Every page is a request that is paid for.
    world.charge(Line::CostExplorer, 1);
    Ok(answered)
}

fn told(world: &World, operation: &str, input: &Value) -> Result<Value, Refusal> {
    match operation {
        "GetCostAndUsage" => cost_and_usage(world, input),
        "GetCostForecast" => outlook::forecast(world, input),
        "GetAnomalies" => outlook::anomalies(world, input),
        "GetSavingsPlansCoverage" => commitments::plans_coverage(world, input),
        "GetSavingsPlansUtilization" => commitments::plans_utilization(world, input),
        "GetReservationCoverage" => commitments::reservation_coverage(world, input),
        "GetReservationUtilization" => commitments::reservation_utilization(world, input),
        _ => Err(Refusal::unknown_operation(operation)),
    }
}

/// Metrics that can be asked for. Nothing is discounted, amortised or blended here, so that all costs are one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Metric {
    Cost,
    Usage,
    Normalized,
}

impl Metric {
    /// Cost Explorer takes both spellings.
    fn read(name: &str) -> Option<Self> {
        match name {
            "UnblendedCost" | "UNBLENDED_COST" | "BlendedCost" | "BLENDED_COST" | "AmortizedCost"
            | "AMORTIZED_COST" | "NetUnblendedCost" | "NET_UNBLENDED_COST" | "NetAmortizedCost"
            | "NET_AMORTIZED_COST" => Some(Self::Cost),
            "UsageQuantity" | "USAGE_QUANTITY" => Some(Self::Usage),
            "NormalizedUsageAmount" | "NORMALIZED_USAGE_AMOUNT" => Some(Self::Normalized),
            _ => None,
        }
    }
}

fn cost_and_usage(world: &World, input: &Value) -> Result<Value, Refusal> {
    let granularity = Granularity::read(input.required_text("Granularity")?)?;
    let period = Period::read(input)?;
    period.past(world)?;
    let metrics = metrics(input)?;
    let groups = Attribute::read_groups(input)?;
    let filter = Filter::read(input.get("Filter"))?;
    if world.first_billed().is_none() {
        return Err(unavailable());
    }
    let place = place(input)?;
    let spans = period.spans(granularity);
    let mut results = Vec::new();
    let mut rows = 0;
    let mut next = None;
    for (index, span) in spans.iter().enumerate().skip(usize::try_from(place.outer).unwrap_or(usize::MAX)) {
        let usage = span.days().fold(Usage::default(), |mut sum, midnight| {
            sum.add_all(&world.known_on(midnight), 1.0);
            sum
        });
        let grouped = grouped(world, &usage, &filter, &groups);
        if rows > 0 && rows + grouped.len() > PAGE {
            next = Some(Place { outer: index as u64, inner: fingerprint(input) });
            break;
        }
        rows += grouped.len().max(1);
        results.push(result(world, span, &metrics, &groups, &grouped));
    }
    let definitions = groups.iter().map(Attribute::definition);
    Ok(Value::map([
        ("NextPageToken", next.map(|next| next.write("GetCostAndUsage")).into()),
        ("GroupDefinitions", (!groups.is_empty()).then(|| Value::list(definitions)).into()),
        ("ResultsByTime", results.into()),
        ("DimensionValueAttributes", Vec::new().into()),
    ]))
}

fn metrics(input: &Value) -> Result<Vec<(&str, Metric)>, Refusal> {
    let names = input.texts("Metrics")?;
    if names.is_empty() {
        return Err(invalid("At least one metric must be specified."));
    }
    let read = |name| {
        let metric = Metric::read(name).ok_or_else(|| invalid(format!("Invalid metric: {name}")))?;
        Ok((name, metric))
    };
    names.into_iter().map(read).collect()
}

/// The page that is asked for. A token of another question is refused, as AWS refuses it.
fn place(input: &Value) -> Result<Place, Refusal> {
    let token = input.text("NextPageToken")?;
    let place = Place::read("GetCostAndUsage", token).ok_or_else(|| {
        Refusal::new(
            "InvalidNextTokenException",
            "The pagination token is invalid. Try again without a pagination token.",
        )
    })?;
    if token.is_some() && place.inner != fingerprint(input) {
        let message = "Your request parameters changed between pages. Try again with the old parameters or without a pagination token.";
        return Err(Refusal::new("RequestChangedException", message));
    }
    Ok(place)
}

/// A number that two questions share if they ask the same, whichever page of it.
fn fingerprint(input: &Value) -> u64 {
    let mut hasher = Fnv(0xcbf2_9ce4_8422_2325);
    for name in input.names().filter(|name| *name != "NextPageToken") {
        hasher.write(format!("{name}={:?};", input.get(name)).as_bytes());
    }
    hasher.finish()
}

/// FNV-1a: the same in every release, unlike the standard hasher.
struct Fnv(u64);

impl Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}

/// An amount that lines were added up to.
#[derive(Debug, Clone, Copy, Default)]
struct Amount {
    cost: f64,
    quantity: f64,
    /// `None`: of several.
    unit: Option<&'static str>,
}

/// The lines that pass a filter, by the values of the attributes that they are grouped by.
fn grouped(world: &World, usage: &Usage, filter: &Filter, groups: &[Attribute]) -> BTreeMap<Vec<String>, Amount> {
    let mut sums: BTreeMap<Vec<String>, Amount> = BTreeMap::new();
    for line in Line::ALL.into_iter().filter(|line| usage.raw(*line) > 0.0 && filter.passes(world, *line)) {
        let key = groups.iter().map(|group| group.value(world, line).into_owned()).collect();
        let unit = Some(line.price().unit);
        let sum = sums.entry(key).or_insert(Amount { unit, ..Amount::default() });
        sum.cost += usage.cost(line);
        sum.quantity += usage.quantity(line);
        sum.unit = sum.unit.filter(|own| Some(*own) == unit);
    }
    sums
}

fn result(
    world: &World,
    span: &Period,
    metrics: &[(&str, Metric)],
    groups: &[Attribute],
    sums: &BTreeMap<Vec<String>, Amount>,
) -> Value {
    let today = world.now().as_second().div_euclid(DAY) * DAY;
    let whole = sums.values().fold(Amount::default(), |whole, sum| Amount {
        cost: whole.cost + sum.cost,
        quantity: whole.quantity + sum.quantity,
        unit: None,
    });
    let groups_value = sums.iter().map(|(keys, sum)| {
        Value::map([("Keys", Value::list(keys.iter().cloned())), ("Metrics", amounts(metrics, *sum))])
    });
    // With groups there is no total.
    let (total, listed) = if groups.is_empty() {
        (amounts(metrics, whole), Vec::new().into())
    } else {
        (Value::Map(Vec::new()), Value::list(groups_value))
    };
    Value::map([
        ("TimePeriod", span.value()),
        ("Total", total),
        ("Groups", listed),
        ("Estimated", (span.to > today - (ESTIMATED_DAYS - 1) * DAY).into()),
    ])
}

fn amounts(metrics: &[(&str, Metric)], sum: Amount) -> Value {
    let one = |(name, metric): &(&str, Metric)| -> (Name, Value) {
        let (amount, unit) = match metric {
            Metric::Cost => (sum.cost, "USD"),
            Metric::Usage => (sum.quantity, sum.unit.unwrap_or("N/A")),
            Metric::Normalized => (0.0, "N/A"),
        };
        (Cow::Owned((*name).to_owned()), amount_value(amount, unit))
    };
    Value::Map(metrics.iter().map(one).collect())
}

fn amount_value(amount: f64, unit: &'static str) -> Value {
    Value::map([("Amount", decimal(amount).into()), ("Unit", unit.into())])
}

/// An amount as text, as Cost Explorer writes every number.
fn decimal(amount: f64) -> String {
    format!("{amount:.10}")
}

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new("ValidationException", message)
}

fn unavailable() -> Refusal {
    Refusal::new(
        "DataUnavailableException",
        "Data is not available. Please try to adjust the time period. If just enabled Cost Explorer, data might not be ingested yet",
    )
}
