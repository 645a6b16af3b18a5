//! Cost Explorer: what was billed, forecast, anomalies, and how far commitments reach.
//!
//! Every page costs money, so the least is asked: one question for 90 days by service and usage type, one each for the
//! rest, no retries of what AWS refused. The parts beside the days may be missing by themselves.

use std::collections::BTreeMap;

use aws_sdk_costexplorer::types::{
    AnomalyDateInterval, DateInterval, Dimension, DimensionValues, Expression, Granularity, Group, GroupDefinition,
    GroupDefinitionType, Metric, ResultByTime,
};
use jiff::Span;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::failure::Failure;
use super::pace::Call;
use super::reader::{Reader, pages};
use crate::platform::bill::{Anomaly, BILLED_DAYS, Bill, BilledDay, BilledUse, Coverage, Forecast, Part};
use crate::platform::spend::Dollars;

/// The metric of cost: what each line of the bill says, neither amortized nor blended over accounts.
const COST: &str = "UnblendedCost";
/// The metric of use, in the usage type's own unit.
const AMOUNT: &str = "UsageQuantity";

impl Reader {
    /// What was billed to an account in this region and globally over the last 90 days, today's part included.
    ///
    /// # Errors
    /// The days could not be read. That the forecast, the anomalies or the commitments could not is told in the bill.
    pub async fn bill(&self, account: &str) -> Result<Bill, Failure> {
        let learnt = self.now();
        let today = learnt.to_zoned_datetime(TimeZone::UTC).date();
        let filter = self.ours(account);
        let (days, uses) = self.days(today, &filter).await.map_err(|failure| match failure {
            Failure::Faulty { detail } => Failure::faulty(reason(&detail)),
            other => other,
        })?;
        if days.is_empty() {
            return Err(Failure::faulty("Cost Explorer has no history yet: it takes a day after it was enabled"));
        }
        Ok(Bill {
            days,
            uses,
            forecast: part(self.forecast(today, &filter).await)?,
            anomalies: part(self.anomalies(today).await)?,
            savings_plans: part(self.savings_plans(today).await)?,
            reservations: part(self.reservations(today).await)?,
            learnt,
        })
    }

    /// This account, this region and what has none.
    fn ours(&self, account: &str) -> Expression {
        let values = |key: Dimension, values: &[&str]| {
            let values = values.iter().copied().map(str::to_owned).collect();
            let dimensions = DimensionValues::builder().key(key).set_values(Some(values)).build();
            Expression::builder().dimensions(dimensions).build()
        };
        Expression::builder()
            .and(values(Dimension::LinkedAccount, &[account]))
            .and(values(Dimension::Region, &[self.region().as_str(), "global", "NoRegion"]))
            .build()
    }

    async fn days(&self, today: Date, filter: &Expression) -> Result<(Vec<BilledDay>, Vec<BilledUse>), Failure> {
        let period = interval(back(today, BILLED_DAYS)?, next(today)?)?;
        let group = |key: &str| GroupDefinition::builder().r#type(GroupDefinitionType::Dimension).key(key).build();
        let results = pages(|token| {
            let page = self.ask(
                Call::GetCostAndUsage,
                self.explorer()
                    .get_cost_and_usage()
                    .time_period(period.clone())
                    .granularity(Granularity::Daily)
                    .metrics(COST)
                    .metrics(AMOUNT)
                    .group_by(group("SERVICE"))
                    .group_by(group("USAGE_TYPE"))
                    .filter(filter.clone())
                    .set_next_page_token(token)
                    .send(),
            );
            async {
                let page = page.await?;
                Ok((page.results_by_time.unwrap_or_default(), page.next_page_token))
            }
        })
        .await?;
        columns(results)
    }

    async fn forecast(&self, today: Date, filter: &Expression) -> Result<Forecast, Failure> {
        let end = next(today.last_of_month())?;
        let question = self
            .explorer()
            .get_cost_forecast()
            .time_period(interval(today, end)?)
            .metric(Metric::UnblendedCost)
            .granularity(Granularity::Monthly)
            .filter(filter.clone())
            .send();
        let answer = self.ask(Call::GetCostForecast, question).await?;
        let total = answer.total.ok_or_else(|| Failure::faulty("a forecast without a total"))?;
        in_dollars(total.unit.as_deref())?;
        Ok(Forecast { from: today, to: end, cost: Dollars(number(total.amount.as_deref())?) })
    }

    async fn anomalies(&self, today: Date) -> Result<Vec<Anomaly>, Failure> {
        let period = AnomalyDateInterval::builder()
            .start_date(back(today, BILLED_DAYS - 1)?.to_string())
            .end_date(today.to_string())
            .build()
            .map_err(|fault| Failure::faulty(fault.to_string()))?;
        let found = pages(|token| {
            let question = self.explorer().get_anomalies().date_interval(period.clone()).set_next_page_token(token);
            let page = self.ask(Call::GetAnomalies, question.send());
            async {
                let page = page.await?;
                Ok((page.anomalies, page.next_page_token))
            }
        })
        .await?;
        let told = found.into_iter().filter_map(|anomaly| {
            let day = |text: Option<&str>| text.and_then(|text| text.get(..10)?.parse::<Date>().ok());
            Some(Anomaly {
                first: day(anomaly.anomaly_start_date.as_deref())?,
                last: day(anomaly.anomaly_end_date.as_deref()),
                service: anomaly.dimension_value.unwrap_or_default(),
                impact: Dollars(anomaly.impact.map_or(0.0, |impact| impact.total_impact)),
            })
        });
        Ok(told.collect())
    }

    async fn savings_plans(&self, today: Date) -> Result<Coverage, Failure> {
        let period = interval(back(today, 30)?, today)?;
        let question = self.explorer().get_savings_plans_coverage().time_period(period.clone()).send();
        let covered = self.ask(Call::GetSavingsPlansCoverage, question).await;
        let (mut spend, mut all) = (0.0, 0.0);
        for one in none_yet(covered)?.map(|answer| answer.savings_plans_coverages).unwrap_or_default() {
            let data = one.coverage;
            spend += number(data.as_ref().and_then(|data| data.spend_covered_by_savings_plans.as_deref()))?;
            all += number(data.as_ref().and_then(|data| data.total_cost.as_deref()))?;
        }
        let question = self.explorer().get_savings_plans_utilization().time_period(period).send();
        let used = none_yet(self.ask(Call::GetSavingsPlansUtilization, question).await)?;
        let used = used.and_then(|answer| answer.total?.utilization?.utilization_percentage);
        Ok(Coverage {
            coverage_percent: (all > 0.0).then(|| spend / all * 100.0),
            utilization_percent: used.as_deref().and_then(|text| text.parse().ok()),
        })
    }

    async fn reservations(&self, today: Date) -> Result<Coverage, Failure> {
        let period = interval(back(today, 30)?, today)?;
        let question = self.explorer().get_reservation_coverage().time_period(period.clone()).send();
        let covered = none_yet(self.ask(Call::GetReservationCoverage, question).await)?;
        let covered = covered.and_then(|answer| answer.total?.coverage_hours?.coverage_hours_percentage);
        let question = self.explorer().get_reservation_utilization().time_period(period).send();
        let used = none_yet(self.ask(Call::GetReservationUtilization, question).await)?.and_then(|answer| answer.total);
        // Without a reservation AWS answers 0 % of nothing.
        let bought = used.as_ref().and_then(|total| total.purchased_hours.as_deref()?.parse::<f64>().ok());
        let used =
            used.filter(|_| bought.is_some_and(|hours| hours > 0.0)).and_then(|total| total.utilization_percentage);
        let percent = |text: Option<String>| text.as_deref().and_then(|text| text.parse().ok());
        Ok(Coverage { coverage_percent: percent(covered), utilization_percent: percent(used) })
    }
}

/// A part of the bill that is missing by itself; what would be so of every further question ends it.
fn part<T>(answer: Result<T, Failure>) -> Result<Part<T>, Failure> {
    match answer {
        Ok(known) => Ok(Part::Known(known)),
        Err(Failure::Faulty { detail }) => Ok(Part::Untold(reason(&detail).to_owned())),
        Err(Failure::Denied { action }) => Ok(Part::Untold(format!("denied: {action}"))),
        Err(Failure::Throttled) => Ok(Part::Untold("throttled".to_owned())),
        Err(other) => Err(other),
    }
}

/// AWS's own code in words, where it is one that has a meaning here.
fn reason(detail: &str) -> &str {
    if detail.starts_with("DataUnavailableException") {
        "Cost Explorer has not enough history for it yet"
    } else {
        detail
    }
}

/// Without a plan or a reservation AWS has no data, which is an answer.
fn none_yet<T>(answer: Result<T, Failure>) -> Result<Option<T>, Failure> {
    match answer {
        Err(Failure::Faulty { detail }) if detail.starts_with("DataUnavailableException") => Ok(None),
        other => other.map(Some),
    }
}

/// Days by usage type, as columns. A day that comes in several pages is one day.
fn columns(results: Vec<ResultByTime>) -> Result<(Vec<BilledDay>, Vec<BilledUse>), Failure> {
    let mut days: BTreeMap<Date, bool> = BTreeMap::new();
    let mut lines: BTreeMap<(String, String), BTreeMap<Date, (f64, f64)>> = BTreeMap::new();
    for result in results {
        let start = result.time_period.as_ref().map(|period| period.start.as_str()).unwrap_or_default();
        let day: Date = start.parse().map_err(|_| Failure::faulty(format!("`{start}` is not a day of a bill")))?;
        *days.entry(day).or_default() |= result.estimated;
        for group in result.groups.unwrap_or_default() {
            let (key, (cost, amount)) = line(group)?;
            let slot = lines.entry(key).or_default().entry(day).or_default();
            *slot = (slot.0 + cost, slot.1 + amount);
        }
    }
    let (Some(first), Some(last)) = (days.keys().next().copied(), days.keys().next_back().copied()) else {
        return Ok((Vec::new(), Vec::new()));
    };
    // Days before the account's first are left out by AWS; a hole within is a day that cost nothing.
    let all: Vec<Date> = first.series(Span::new().days(1)).take_while(|day| *day <= last).collect();
    let billed = all.iter().map(|day| BilledDay { day: *day, estimated: days.get(day).copied().unwrap_or(true) });
    let uses = lines.into_iter().map(|((service, usage_type), of)| {
        let (costs, amounts) = all.iter().map(|day| of.get(day).copied().unwrap_or_default()).unzip();
        BilledUse { service, usage_type, costs, amounts }
    });
    Ok((billed.collect(), uses.collect()))
}

type Line = ((String, String), (f64, f64));

fn line(group: Group) -> Result<Line, Failure> {
    let mut keys = group.keys.unwrap_or_default().into_iter();
    let key = (keys.next().unwrap_or_default(), keys.next().unwrap_or_default());
    let metrics = group.metrics.unwrap_or_default();
    let cost = metrics.get(COST).ok_or_else(|| Failure::faulty(format!("{} without a cost", key.1)))?;
    in_dollars(cost.unit.as_deref())?;
    let amount = metrics.get(AMOUNT).and_then(|value| value.amount.as_deref());
    Ok((key, (number(cost.amount.as_deref())?, number(amount)?)))
}

/// Sums of two currencies are none: a bill in another than US dollars is refused whole.
fn in_dollars(unit: Option<&str>) -> Result<(), Failure> {
    match unit {
        None | Some("USD") => Ok(()),
        Some(unit) => Err(Failure::faulty(format!("the bill is in {unit}: only US dollars can be added up here"))),
    }
}

/// A decimal text of AWS's; none is nothing.
fn number(text: Option<&str>) -> Result<f64, Failure> {
    let Some(text) = text else { return Ok(0.0) };
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
    number.ok_or_else(|| Failure::faulty(format!("`{text}` is not an amount")))
}

fn interval(from: Date, to: Date) -> Result<DateInterval, Failure> {
    let interval = DateInterval::builder().start(from.to_string()).end(to.to_string()).build();
    interval.map_err(|fault| Failure::faulty(fault.to_string()))
}

fn back(from: Date, days: i64) -> Result<Date, Failure> {
    from.checked_sub(Span::new().days(days)).map_err(|fault| Failure::faulty(fault.to_string()))
}

fn next(day: Date) -> Result<Date, Failure> {
    day.tomorrow().map_err(|fault| Failure::faulty(fault.to_string()))
}

#[cfg(test)]
mod tests;
