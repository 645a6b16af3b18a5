//! The drill's bill, asked by the SDK's own client, beside the ledger of its world.

use aws_sdk_costexplorer::error::ProvideErrorMetadata as _;
use aws_sdk_costexplorer::types::{
    AnomalyDateInterval, DateInterval, Granularity, GroupDefinition, GroupDefinitionType, Metric, ResultByTime,
};
use http::Method;
use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::sdk::Bench;

fn today(bench: &Bench) -> Date {
    bench.now().to_zoned_datetime(TimeZone::UTC).date()
}

fn interval(from: Date, to: Date) -> DateInterval {
    DateInterval::builder().start(from.to_string()).end(to.to_string()).build().unwrap()
}

fn by(key: &str) -> GroupDefinition {
    GroupDefinition::builder().r#type(GroupDefinitionType::Dimension).key(key).build()
}

/// Every page of the days of a span.
async fn days(bench: &Bench, from: Date, to: Date, group: Option<&str>) -> (usize, Vec<ResultByTime>) {
    let (mut all, mut token, mut pages) = (Vec::new(), None, 0);
    loop {
        let asked = bench
            .costexplorer()
            .get_cost_and_usage()
            .time_period(interval(from, to))
            .granularity(Granularity::Daily)
            .metrics("UnblendedCost")
            .set_group_by(group.map(|key| vec![by(key)]))
            .set_next_page_token(token);
        let answer = asked.send().await.unwrap();
        pages += 1;
        all.extend(answer.results_by_time.unwrap_or_default());
        token = answer.next_page_token;
        if token.is_none() {
            return (pages, all);
        }
    }
}

fn amount(text: Option<&str>) -> f64 {
    text.unwrap().parse().unwrap()
}

fn total(day: &ResultByTime) -> f64 {
    amount(day.total().unwrap()["UnblendedCost"].amount())
}

#[tokio::test]
async fn ninety_days_come_in_pages_and_the_last_ones_may_still_change() {
    let bench = Bench::new("calm", 1);
    let end = today(&bench);
    let (_, all) = days(&bench, end - 90.days(), end + 1.day(), None).await;
    assert_eq!(all.len(), 91);
    let (pages, grouped) = days(&bench, end - 90.days(), end + 1.day(), Some("SERVICE")).await;
    assert_eq!((pages, grouped.len()), (2, 91), "five hundred groups on a page");
    assert!(all.iter().take(90).all(|day| total(day) > 5.0));
    let estimated: Vec<bool> = all.iter().map(ResultByTime::estimated).collect();
    assert_eq!(estimated.iter().filter(|one| **one).count(), 2);
    assert!(estimated[89..].iter().all(|one| *one));
    let weekend = |day: &ResultByTime| {
        let date: Date = day.time_period().unwrap().start().parse().unwrap();
        matches!(date.weekday(), jiff::civil::Weekday::Saturday | jiff::civil::Weekday::Sunday)
    };
    let mean = |weekends: bool| {
        let some: Vec<f64> = all[..70].iter().filter(|day| weekend(day) == weekends).map(total).collect();
        some.iter().sum::<f64>() / some.len() as f64
    };
    assert!(mean(true) < mean(false), "people rest at weekends");
}

#[tokio::test]
async fn groups_add_up_to_the_whole() {
    let bench = Bench::new("calm", 1);
    let end = today(&bench);
    let (_, whole) = days(&bench, end - 3.days(), end, None).await;
    let (_, grouped) = days(&bench, end - 3.days(), end, Some("SERVICE")).await;
    for (whole, grouped) in whole.iter().zip(&grouped) {
        let sum: f64 =
            grouped.groups().iter().map(|group| amount(group.metrics().unwrap()["UnblendedCost"].amount())).sum();
        assert!((sum - total(whole)).abs() < 1e-6, "{sum}");
        let services: Vec<&str> = grouped.groups().iter().map(|group| group.keys()[0].as_str()).collect();
        assert!(services.contains(&"Amazon Elastic Container Service"), "{services:?}");
        assert!(services.contains(&"Amazon ElastiCache"), "{services:?}");
    }
}

#[tokio::test]
async fn a_day_that_was_lived_is_billed_to_the_cent_as_the_ledger_has_it() {
    let bench = Bench::new("calm", 1);
    let day = today(&bench);
    // To the last second of the day, and past the next refresh.
    let midnight = (day + 1.day()).to_zoned_datetime(TimeZone::UTC).unwrap().timestamp();
    bench.pass(midnight.as_second() - bench.now().as_second() - 1);
    let (_, ledger) = bench.control(Method::GET, "ledger", "").await;
    let spent = ledger["usd"].as_f64().unwrap();
    let rate = ledger["usd_per_hour"].as_f64().unwrap();
    bench.pass(9 * 3600);
    let (_, billed) = days(&bench, day, day + 1.day(), None).await;
    let billed = total(&billed[0]);
    assert!((billed - spent).abs() < 0.005, "billed {billed}, the ledger had {spent}");
    assert!((0.5..1.5).contains(&(rate / (spent / 24.0))), "{spent} in a calm day, {rate} an hour");
}

#[tokio::test]
async fn the_forecast_the_anomaly_and_the_commitments_are_told() {
    let bench = Bench::new("calm", 1);
    let now = today(&bench);
    let asked = bench.costexplorer().get_cost_forecast().metric(Metric::UnblendedCost);
    let asked = asked.granularity(Granularity::Monthly).time_period(interval(now, now + 10.days()));
    let answer = asked.send().await.unwrap();
    let (_, before) = days(&bench, now - 14.days(), now, None).await;
    let mean = before.iter().map(total).sum::<f64>() / 14.0;
    let told = amount(answer.total().unwrap().amount());
    assert!((told / (10.0 * mean) - 1.0).abs() < 0.1, "{told} in ten days, {mean} a day before");

    let range = AnomalyDateInterval::builder().start_date((now - 60.days()).to_string()).build().unwrap();
    let found = bench.costexplorer().get_anomalies().date_interval(range).send().await.unwrap().anomalies;
    assert_eq!(found.len(), 1);
    let impact = found[0].impact().unwrap();
    assert!(impact.total_actual_spend().unwrap() > impact.total_expected_spend().unwrap());

    let span = interval(now - 30.days(), now);
    let used = bench.costexplorer().get_savings_plans_utilization().time_period(span.clone()).send().await;
    assert_eq!(used.unwrap_err().code(), Some("DataUnavailableException"));
    let covered = bench.costexplorer().get_reservation_coverage().time_period(span).send().await.unwrap();
    let hours = covered.total().unwrap().coverage_hours().unwrap();
    assert_eq!(hours.coverage_hours_percentage(), Some("0"));
    assert!(amount(hours.total_running_hours()) > 24.0 * 30.0);
}

#[tokio::test]
async fn what_cannot_be_meant_is_refused() {
    let bench = Bench::new("calm", 1);
    let now = today(&bench);
    let ask = |granularity, from, to| {
        let asked = bench.costexplorer().get_cost_and_usage().metrics("UnblendedCost");
        asked.granularity(granularity).time_period(interval(from, to)).send()
    };
    let hourly = ask(Granularity::Hourly, now - 1.day(), now).await.unwrap_err();
    assert_eq!(hourly.code(), Some("ValidationException"));
    let backwards = ask(Granularity::Daily, now, now).await.unwrap_err();
    assert!(backwards.message().unwrap().contains("Start date"), "{backwards:?}");
    let empty = Bench::new("calm", 0);
    let asked = empty.costexplorer().get_cost_and_usage().metrics("UnblendedCost");
    let asked = asked.granularity(Granularity::Daily).time_period(interval(now - 1.day(), now));
    assert_eq!(asked.send().await.unwrap_err().code(), Some("DataUnavailableException"));
}
