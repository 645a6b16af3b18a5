//! The drill's ledger and its Cost Explorer: they say the same, and Cost Explorer says it as AWS does.

use aws_sdk_costexplorer::error::ProvideErrorMetadata as _;
use aws_sdk_costexplorer::types::{
    AnomalyDateInterval, DateInterval, Dimension, DimensionValues, Expression, Granularity, GroupDefinition,
    GroupDefinitionType, Metric, NumericOperator, ResultByTime, TotalImpactFilter,
};
use http::Method;

use crate::drill_rds_clients::Served;
use crate::sdk::Bench;

const COST: &str = "UnblendedCost";

fn days(start: &str, end: &str) -> DateInterval {
    DateInterval::builder().start(start).end(end).build().unwrap()
}

fn by(key: &str) -> GroupDefinition {
    GroupDefinition::builder().r#type(GroupDefinitionType::Dimension).key(key).build()
}

fn number(amount: Option<&str>) -> f64 {
    amount.unwrap().parse().unwrap()
}

/// What a result cost that is not grouped.
fn total(result: &ResultByTime) -> f64 {
    number(result.total().unwrap()[COST].amount())
}

/// What a result cost, over its groups.
fn grouped(result: &ResultByTime) -> f64 {
    result.groups().iter().map(|group| number(group.metrics().unwrap()[COST].amount())).sum()
}

#[tokio::test]
async fn a_day_is_the_sum_of_its_services_and_the_newest_are_estimated() {
    let bench = Bench::new("calm", 1);
    let ce = bench.costexplorer();
    let ask = || {
        ce.get_cost_and_usage()
            .time_period(days("2026-11-01", "2026-11-25"))
            .granularity(Granularity::Daily)
            .metrics(COST)
            .metrics("UsageQuantity")
    };
    let plain = ask().send().await.unwrap();
    let services = ask().group_by(by("SERVICE")).send().await.unwrap();
    assert_eq!((plain.results_by_time().len(), services.results_by_time().len()), (24, 24));
    for (plain, services) in plain.results_by_time().iter().zip(services.results_by_time()) {
        let whole = total(plain);
        assert!((whole - grouped(services)).abs() < 1e-6, "{whole}");
        assert!(whole > 1.0);
        assert_eq!(services.total().into_iter().flatten().count(), 0, "with groups there is no total");
        let day = plain.time_period().unwrap().start();
        assert_eq!(plain.estimated(), day >= "2026-11-23", "{day}");
    }
    let names: Vec<_> = services.results_by_time()[0].groups().iter().map(|group| group.keys()[0].as_str()).collect();
    assert!(names.contains(&"Amazon ElastiCache") && names.contains(&"Amazon Elastic Container Service"), "{names:?}");
    // Tenth, a Tuesday; eighth, a Sunday; fifth, one on which ten tasks were left running.
    let cost = |day: usize| total(&plain.results_by_time()[day - 1]);
    assert!(cost(8) < 0.9 * cost(10) && cost(5) > 1.25 * cost(10), "{} {} {}", cost(8), cost(10), cost(5));

    let months = ask().time_period(days("2026-09-15", "2026-11-02")).granularity(Granularity::Monthly);
    let months = months.send().await.unwrap();
    let starts: Vec<_> = months.results_by_time().iter().map(|one| one.time_period().unwrap().start()).collect();
    assert_eq!(starts, ["2026-09-15", "2026-10-01", "2026-11-01"]);
}

#[tokio::test]
async fn pages_cover_every_group_once_and_belong_to_their_question() {
    let bench = Bench::new("calm", 1);
    let ce = bench.costexplorer();
    let ask = |end: &str| {
        ce.get_cost_and_usage()
            .time_period(days("2026-08-26", end))
            .granularity(Granularity::Daily)
            .metrics(COST)
            .group_by(by("SERVICE"))
            .group_by(by("USAGE_TYPE"))
    };
    let (mut token, mut results, mut pages) = (None, Vec::new(), 0);
    loop {
        let page = ask("2026-11-24").set_next_page_token(token.take()).send().await.unwrap();
        pages += 1;
        results.extend(page.results_by_time().to_vec());
        match page.next_page_token() {
            Some(next) => token = Some(next.to_owned()),
            None => break,
        }
        if pages == 1 {
            let other = ask("2026-11-23").set_next_page_token(token.clone()).send().await.unwrap_err();
            assert!(other.into_service_error().is_request_changed_exception());
        }
    }
    assert!(pages > 1);
    let starts: Vec<_> = results.iter().map(|one| one.time_period().unwrap().start().to_owned()).collect();
    let mut unique = starts.clone();
    unique.dedup();
    assert_eq!((results.len(), unique.len()), (90, 90));
    let plain = ask("2026-11-24").set_group_by(None).send().await.unwrap();
    for (day, plain) in results.iter().zip(plain.results_by_time()) {
        assert!((grouped(day) - total(plain)).abs() < 1e-6);
    }
    let bad = ask("2026-11-24").next_page_token("zz").send().await.unwrap_err();
    assert!(bad.into_service_error().is_invalid_next_token_exception());
}

#[tokio::test]
async fn ledger_and_cost_explorer_agree_to_the_cent() {
    let bench = Bench::new("spike", 1);
    let ce = bench.costexplorer();
    let today = async || {
        let answer = ce
            .get_cost_and_usage()
            .time_period(days("2026-11-24", "2026-11-25"))
            .granularity(Granularity::Daily)
            .metrics(COST)
            .send()
            .await
            .unwrap();
        total(&answer.results_by_time()[0])
    };
    let ledger = async || bench.control(Method::GET, "ledger", "").await.1;
    let usd = |value: &serde_json::Value| value.as_f64().unwrap();
    let early = ledger().await;
    assert_eq!(early["refreshed"], "2026-11-24T08:00:00Z");
    assert!((today().await - usd(&early["usd_known"])).abs() < 1e-8);
    assert!(usd(&early["usd_known"]) < usd(&early["usd"]));
    // It is refreshed at 16:00; what is lived after that it does not know.
    bench.pass(7200);
    let late = ledger().await;
    assert!((today().await - usd(&late["usd"])).abs() < 0.011, "the question itself is charged a cent");
    assert!((usd(&late["usd_known"]) - usd(&late["usd"])).abs() < 0.011);
    bench.pass(600);
    assert!((today().await - usd(&late["usd_known"])).abs() < 1e-8);
    let lines = late["lines"].as_array().unwrap();
    let sum: f64 = lines.iter().map(|line| usd(&line["usd"])).sum();
    assert!((sum - usd(&late["usd"])).abs() < 1e-9);
    assert!(
        lines
            .iter()
            .all(|line| { (usd(&line["quantity"]) * usd(&line["usd_per_unit"]) - usd(&line["usd"])).abs() < 1e-9 })
    );
    let queries = lines.iter().find(|line| line["usage_type"] == "USE1-APIRequest").unwrap();
    assert!(usd(&queries["quantity"]) >= 1.0);
}

#[tokio::test]
async fn filters_pick_lines() {
    let bench = Bench::new("calm", 1);
    let is = |key: Dimension, value: &str| {
        Expression::builder().dimensions(DimensionValues::builder().key(key).values(value).build()).build()
    };
    let ce = bench.costexplorer();
    let cost = async |filter: Option<Expression>| {
        let answer = ce
            .get_cost_and_usage()
            .time_period(days("2026-11-20", "2026-11-21"))
            .granularity(Granularity::Daily)
            .metrics(COST)
            .set_filter(filter)
            .send()
            .await
            .unwrap();
        total(&answer.results_by_time()[0])
    };
    let cache = is(Dimension::Service, "Amazon ElastiCache");
    let whole = cost(None).await;
    let of_cache = cost(Some(cache.clone())).await;
    assert!((of_cache - 2.0 * 24.0 * 0.068).abs() < 1e-6, "{of_cache}");
    let others = cost(Some(Expression::builder().not(cache.clone()).build())).await;
    assert!((whole - of_cache - others).abs() < 1e-6);
    let rds = is(Dimension::Service, "Amazon Relational Database Service");
    let both = cost(Some(Expression::builder().or(cache.clone()).or(rds.clone()).build())).await;
    assert!((both - of_cache - cost(Some(rds.clone())).await).abs() < 1e-6);
    assert!(cost(Some(Expression::builder().and(cache).and(rds).build())).await.abs() < 1e-9);
}

#[tokio::test]
async fn refusals_are_those_of_the_model() {
    let bench = Bench::new("calm", 1);
    let ce = bench.costexplorer();
    let ask = |start: &str, end: &str| {
        ce.get_cost_and_usage().time_period(days(start, end)).granularity(Granularity::Daily).metrics(COST)
    };
    for (start, end) in [("2026-11-20", "2026-11-20"), ("2020-01-01", "2020-02-01"), ("2026-11-20", "2027-01-01")] {
        let refused = ask(start, end).send().await.unwrap_err();
        assert_eq!(refused.code(), Some("ValidationException"), "{start} {end}");
    }
    let whole = || ask("2026-11-20", "2026-11-21");
    for refused in [
        whole().granularity(Granularity::Hourly).send().await,
        whole().metrics("Cheapness").send().await,
        whole().group_by(by("SERVICE")).group_by(by("REGION")).group_by(by("USAGE_TYPE")).send().await,
        whole().group_by(by("INSTANCE_TYPE")).send().await,
    ] {
        assert_eq!(refused.unwrap_err().code(), Some("ValidationException"));
    }
    let fault = |kind: &str| format!(r#"{{"fault": "{kind}", "service": "ce"}}"#);
    bench.control(Method::POST, "faults", &fault("deny")).await;
    assert_eq!(whole().send().await.unwrap_err().code(), Some("AccessDeniedException"));
    bench.control(Method::POST, "faults", &fault("throttle")).await;
    let limited = whole().send().await.unwrap_err().into_service_error();
    assert!(limited.is_limit_exceeded_exception(), "{limited:?}");
    let empty = Bench::new("calm", 0);
    let nothing = empty.costexplorer().get_cost_and_usage().time_period(days("2026-11-20", "2026-11-21"));
    let nothing = nothing.granularity(Granularity::Daily).metrics(COST).send().await.unwrap_err();
    assert!(nothing.into_service_error().is_data_unavailable_exception());
}

#[tokio::test]
async fn the_forecast_the_anomaly_and_no_commitments() {
    let bench = Bench::new("calm", 1);
    let ce = bench.costexplorer();
    let forecast = || {
        ce.get_cost_forecast()
            .time_period(days("2026-11-24", "2026-12-08"))
            .granularity(Granularity::Daily)
            .metric(Metric::UnblendedCost)
    };
    let told = forecast().send().await.unwrap();
    let means: Vec<f64> =
        told.forecast_results_by_time().iter().map(|day| day.mean_value().unwrap().parse().unwrap()).collect();
    let whole: f64 = told.total().unwrap().amount().unwrap().parse().unwrap();
    assert_eq!(means.len(), 14);
    assert!((means.iter().sum::<f64>() - whole).abs() < 1e-6);
    assert!(means[5] < 0.9 * means[1], "the Sunday is cheaper: {means:?}");
    assert!(means.iter().all(|mean| *mean < 1.2 * means[0]), "the spike moves no middle: {means:?}");
    let past = forecast().time_period(days("2026-11-23", "2026-12-01")).send().await.unwrap_err();
    assert_eq!(past.code(), Some("ValidationException"));

    let since = |start: &str| AnomalyDateInterval::builder().start_date(start).end_date("2026-11-24").build().unwrap();
    let found = ce.get_anomalies().date_interval(since("2026-10-25")).send().await.unwrap();
    let anomaly = &found.anomalies()[0];
    assert_eq!(anomaly.anomaly_start_date(), Some("2026-11-05T00:00:00Z"));
    assert_eq!(anomaly.root_causes()[0].service(), Some("Amazon Elastic Container Service"));
    let impact = anomaly.impact().unwrap();
    assert!(impact.total_actual_spend().unwrap() > impact.total_expected_spend().unwrap());
    let small = TotalImpactFilter::builder().numeric_operator(NumericOperator::LessThan).start_value(0.5).build();
    let none = ce.get_anomalies().date_interval(since("2026-10-25")).total_impact(small.unwrap()).send().await.unwrap();
    assert!(none.anomalies().is_empty());
    assert!(ce.get_anomalies().date_interval(since("2026-11-15")).send().await.unwrap().anomalies().is_empty());

    let month = || days("2026-10-01", "2026-11-01");
    let plans = ce.get_savings_plans_coverage().time_period(month()).send().await.unwrap();
    let coverage = plans.savings_plans_coverages()[0].coverage().unwrap();
    assert_eq!(coverage.coverage_percentage(), Some("0.0"));
    assert!(coverage.on_demand_cost().unwrap().parse::<f64>().unwrap() > 50.0);
    let unused = ce.get_savings_plans_utilization().time_period(month()).send().await.unwrap_err();
    assert!(unused.into_service_error().is_data_unavailable_exception());
    let reserved = ce.get_reservation_coverage().time_period(month()).send().await.unwrap();
    let hours = reserved.total().unwrap().coverage_hours().unwrap().on_demand_hours().unwrap();
    // Two nodes, a primary with its standby, and a replica.
    assert!((hours.parse::<f64>().unwrap() - 31.0 * 24.0 * 5.0).abs() < 1e-6, "{hours}");
    let used = ce.get_reservation_utilization().time_period(month()).send().await.unwrap();
    assert_eq!(used.total().unwrap().purchased_hours(), Some("0"));
}

#[tokio::test]
async fn boto3_reads_a_month() {
    let Some(drill) = Served::start("calm").await else { return };
    let read = drill.script("estate.py", &["money"]).await;
    assert_eq!(read["days"], 30, "{read}");
    assert!(read["total"].as_f64().unwrap() > 100.0 && read["services"].as_u64().unwrap() >= 8, "{read}");
}
