//! Savings Plans and reservations. The account has none: everything is on demand, which is what these answers say.

use super::filter::{Attribute, Filter};
use super::period::{Granularity, Period};
use super::{decimal, invalid, unavailable};
use crate::drill::wire::{Refusal, Value};
use crate::drill::world::World;
use crate::drill::world::money::{Line, Usage};

/// What a compute Savings Plan could cover.
const COVERABLE: [Line; 2] = [Line::FargateCpu, Line::FargateMemory];
/// What could be reserved.
const RESERVABLE: [Line; 7] = [
    Line::DatabaseT,
    Line::DatabaseM,
    Line::DatabaseR,
    Line::CacheT3Small,
    Line::CacheT3Medium,
    Line::CacheM7gLarge,
    Line::CacheR7gLarge,
];

/// The spans that are asked for, and which lines.
struct Question {
    spans: Vec<Period>,
    filter: Filter,
}

impl Question {
    fn read(world: &World, input: &Value) -> Result<Self, Refusal> {
        let granularity = Granularity::read(input.text("Granularity")?.unwrap_or("MONTHLY"))?;
        let period = Period::read(input)?;
        period.past(world)?;
        if world.first_billed().is_none() {
            return Err(unavailable());
        }
        Ok(Self { spans: period.spans(granularity), filter: Filter::read(input.get("Filter"))? })
    }

    fn sum(&self, world: &World, span: Period, lines: &[Line], of: fn(&Usage, Line) -> f64) -> f64 {
        let lines = lines.iter().filter(|line| self.filter.passes(world, **line));
        let lines: Vec<Line> = lines.copied().collect();
        span.days()
            .map(|midnight| {
                let usage = world.known_on(midnight);
                lines.iter().map(|line| of(&usage, *line)).sum::<f64>()
            })
            .sum()
    }
}

pub(super) fn plans_coverage(world: &World, input: &Value) -> Result<Value, Refusal> {
    let question = Question::read(world, input)?;
    let groups = Attribute::read_groups(input)?;
    if groups.iter().any(|group| !matches!(group, Attribute::Service | Attribute::Region)) {
        return Err(invalid("Savings Plans coverage is grouped by SERVICE and REGION"));
    }
    let attribute = |group: &Attribute| {
        let name = if *group == Attribute::Service { "SERVICE" } else { "REGION" };
        (name.into(), group.value(world, Line::FargateCpu).into_owned().into())
    };
    let coverage = question.spans.iter().map(|span| {
        let cost = question.sum(world, *span, &COVERABLE, Usage::cost);
        let covered = [
            ("SpendCoveredBySavingsPlans", "0.0000000000".into()),
            ("OnDemandCost", decimal(cost).into()),
            ("TotalCost", decimal(cost).into()),
            ("CoveragePercentage", "0.0".into()),
        ];
        Value::map([
            ("Attributes", Value::Map(groups.iter().map(attribute).collect())),
            ("Coverage", Value::map(covered)),
            ("TimePeriod", span.value()),
        ])
    });
    Ok(Value::map([("SavingsPlansCoverages", Value::list(coverage))]))
}

/// Without a plan there is nothing that could be used.
pub(super) fn plans_utilization(world: &World, input: &Value) -> Result<Value, Refusal> {
    Question::read(world, input)?;
    Err(unavailable())
}

pub(super) fn reservation_coverage(world: &World, input: &Value) -> Result<Value, Refusal> {
    let question = Question::read(world, input)?;
    if !input.items("GroupBy")?.is_empty() {
        return Err(invalid("The drill's reservation coverage is not grouped"));
    }
    let coverage = |hours: f64, cost: f64| {
        Value::map([
            (
                "CoverageHours",
                Value::map([
                    ("OnDemandHours", decimal(hours).into()),
                    ("ReservedHours", "0".into()),
                    ("TotalRunningHours", decimal(hours).into()),
                    ("CoverageHoursPercentage", "0".into()),
                ]),
            ),
            ("CoverageCost", Value::map([("OnDemandCost", decimal(cost).into())])),
        ])
    };
    let (mut all_hours, mut all_cost) = (0.0, 0.0);
    let spans: Vec<Value> = question
        .spans
        .iter()
        .map(|span| {
            let hours = question.sum(world, *span, &RESERVABLE, Usage::quantity);
            let cost = question.sum(world, *span, &RESERVABLE, Usage::cost);
            (all_hours, all_cost) = (all_hours + hours, all_cost + cost);
            Value::map([("TimePeriod", span.value()), ("Groups", Vec::new().into()), ("Total", coverage(hours, cost))])
        })
        .collect();
    Ok(Value::map([("CoveragesByTime", spans.into()), ("Total", coverage(all_hours, all_cost))]))
}

pub(super) fn reservation_utilization(world: &World, input: &Value) -> Result<Value, Refusal> {
    let question = Question::read(world, input)?;
    let nothing = || {
        let fields = [
            "UtilizationPercentage",
            "PurchasedHours",
            "TotalActualHours",
            "UnusedHours",
            "OnDemandCostOfRIHoursUsed",
            "NetRISavings",
            "TotalPotentialRISavings",
            "AmortizedUpfrontFee",
            "AmortizedRecurringFee",
            "TotalAmortizedFee",
        ];
        Value::map(fields.map(|field| (field, "0".into())))
    };
    let spans = question
        .spans
        .iter()
        .map(|span| Value::map([("TimePeriod", span.value()), ("Groups", Vec::new().into()), ("Total", nothing())]));
    Ok(Value::map([("UtilizationsByTime", Value::list(spans)), ("Total", nothing())]))
}
