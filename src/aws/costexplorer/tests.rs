//! Cost Explorer by canned answers: pages, estimated days, what is missing by itself, and every way to be told nothing.

use serde_json::{Value, json};

use super::super::canned::{self, Asked, Reply, doors, times};
use super::*;

fn amount(cost: &str, unit: &str) -> Value {
    json!({ "UnblendedCost": { "Amount": cost, "Unit": unit }, "UsageQuantity": { "Amount": "2.5", "Unit": "Hrs" } })
}

fn day(start: &str, end: &str, estimated: bool, groups: &[(&str, &str, &str)]) -> Value {
    let groups: Vec<Value> =
        groups.iter().map(|(s, u, cost)| json!({ "Keys": [s, u], "Metrics": amount(cost, "USD") })).collect();
    json!({ "TimePeriod": { "Start": start, "End": end }, "Estimated": estimated, "Groups": groups })
}

fn days(results: &[Value], next: Option<&str>) -> Reply {
    let mut answer = json!({ "ResultsByTime": results });
    if let Some(next) = next {
        answer["NextPageToken"] = json!(next);
    }
    canned::json(200, &answer)
}

fn refused(code: &str, message: &str) -> Reply {
    canned::json(400, &json!({ "__type": code, "message": message }))
}

/// The rest of a healthy answer: the days are the test's own.
fn rest(asked: &Asked) -> Reply {
    let answer = match asked.operation.as_str() {
        "GetCostForecast" => json!({ "Total": { "Amount": "321.5", "Unit": "USD" }, "ForecastResultsByTime": [] }),
        "GetAnomalies" => json!({ "Anomalies": [{
            "AnomalyId": "a", "AnomalyStartDate": "2027-01-02T00:00:00Z", "AnomalyEndDate": "2027-01-03",
            "DimensionValue": "Amazon ECS", "AnomalyScore": { "MaxScore": 1.0, "CurrentScore": 1.0 },
            "Impact": { "MaxImpact": 40.0, "TotalImpact": 55.25 }, "MonitorArn": "m"
        }] }),
        "GetSavingsPlansCoverage" => json!({ "SavingsPlansCoverages": [
            { "Coverage": { "SpendCoveredBySavingsPlans": "30", "TotalCost": "60" } },
            { "Coverage": { "SpendCoveredBySavingsPlans": "15", "TotalCost": "40" } }
        ] }),
        "GetSavingsPlansUtilization" => {
            json!({ "Total": { "Utilization": { "UtilizationPercentage": "97.5" } } })
        }
        "GetReservationCoverage" => json!({
            "CoveragesByTime": [], "Total": { "CoverageHours": { "CoverageHoursPercentage": "0" } }
        }),
        _ => json!({ "UtilizationsByTime": [], "Total": { "UtilizationPercentage": "0", "PurchasedHours": "0" } }),
    };
    canned::json(200, &answer)
}

fn one_day(asked: &Asked) -> Reply {
    if asked.operation == "GetCostAndUsage" {
        return days(&[day("2027-01-01", "2027-01-02", false, &[("Amazon ECS", "vCPU", "1.25")])], None);
    }
    rest(asked)
}

#[tokio::test(start_paused = true)]
async fn a_bill_is_read_page_by_page_and_each_page_costs_a_cent() {
    let (reader, _, log) = doors(|asked| {
        if asked.operation != "GetCostAndUsage" {
            return rest(asked);
        }
        if asked.json().get("NextPageToken").is_none() {
            let first = day("2027-01-01", "2027-01-02", false, &[("Amazon ECS", "vCPU", "1.25"), ("RDS", "db", "3")]);
            return days(&[first], Some("more"));
        }
        let again = day("2027-01-01", "2027-01-02", false, &[("Amazon ECS", "GB", "0.5")]);
        let hole = day("2027-01-03", "2027-01-04", true, &[("Amazon ECS", "vCPU", "0.000000000125")]);
        days(&[again, hole], None)
    })
    .await;
    let bill = reader.bill("123456789012").await.unwrap();
    assert_eq!(bill.fault(), None);
    let told: Vec<(String, bool)> = bill.days.iter().map(|day| (day.day.to_string(), day.estimated)).collect();
    let expected = [("2027-01-01", false), ("2027-01-02", true), ("2027-01-03", true)];
    assert_eq!(told, expected.map(|(day, estimated)| (day.to_owned(), estimated)));
    assert_eq!(bill.total(0), Dollars(4.75));
    let vcpu = bill.uses.iter().find(|one| one.usage_type == "vCPU").unwrap();
    assert_eq!((vcpu.costs.as_slice(), vcpu.amounts[0]), (&[1.25, 0.0, 1.25e-10][..], 2.5));
    assert_eq!(bill.forecast.known().unwrap().cost, Dollars(321.5));
    let anomaly = &bill.anomalies.known().unwrap()[0];
    assert_eq!((anomaly.service.as_str(), anomaly.impact), ("Amazon ECS", Dollars(55.25)));
    assert_eq!(
        (anomaly.first.to_string(), anomaly.last.unwrap().to_string()),
        ("2027-01-02".into(), "2027-01-03".into())
    );
    let plans = bill.savings_plans.known().unwrap();
    assert_eq!((plans.coverage_percent, plans.utilization_percent), (Some(45.0), Some(97.5)));
    let reserved = bill.reservations.known().unwrap();
    assert_eq!((reserved.coverage_percent, reserved.utilization_percent), (Some(0.0), None), "0 % of nothing is none");
    assert_eq!(times(&log, "GetCostAndUsage"), 2);
    assert!((reader.meter().dollars_total() - 0.08).abs() < 1e-9, "eight pages");
    let question = log.lock().unwrap()[0].json();
    // The canned present is 2027-01-15.
    assert_eq!(question["TimePeriod"], json!({ "Start": "2026-10-17", "End": "2027-01-16" }));
    let filter = question["Filter"].to_string();
    assert!(filter.contains("123456789012") && filter.contains("us-east-1") && filter.contains("global"), "{filter}");
}

#[tokio::test(start_paused = true)]
async fn what_has_no_history_yet_is_missing_by_itself() {
    let unavailable = |asked: &Asked| match asked.operation.as_str() {
        "GetCostAndUsage" => one_day(asked),
        "GetCostForecast" => refused("DataUnavailableException", "Insufficient amount of historical data"),
        "GetAnomalies" => refused("AccessDeniedException", "User is not authorized to perform: ce:GetAnomalies on x"),
        _ => refused("DataUnavailableException", "no plans"),
    };
    let (reader, _, _) = doors(unavailable).await;
    let bill = reader.bill("1").await.unwrap();
    assert_eq!(bill.forecast.why_not(), Some("Cost Explorer has not enough history for it yet"));
    assert_eq!(bill.anomalies.why_not(), Some("denied: ce:GetAnomalies"));
    let none = Coverage { coverage_percent: None, utilization_percent: None };
    assert_eq!((bill.savings_plans.known(), bill.reservations.known()), (Some(&none), Some(&none)));
}

#[tokio::test(start_paused = true)]
async fn every_way_to_be_told_nothing_has_its_words() {
    let faulty = |detail: &str| Failure::Faulty { detail: detail.to_owned() };
    let euro = canned::json(
        200,
        &json!({ "ResultsByTime": [{
            "TimePeriod": { "Start": "2027-01-01", "End": "2027-01-02" }, "Estimated": false,
            "Groups": [{ "Keys": ["a", "b"], "Metrics": amount("1", "EUR") }]
        }] }),
    );
    let odd = days(&[day("2027-01-01", "2027-01-02", false, &[("a", "b", "much")])], None);
    let table = [
        (
            refused("AccessDeniedException", "User not enabled for cost explorer access"),
            faulty("Cost Explorer is not enabled: switch it on in the billing console; the first data take a day"),
        ),
        (
            refused("AccessDeniedException", "User: u is not authorized to perform: ce:GetCostAndUsage on resource: r"),
            Failure::Denied { action: "ce:GetCostAndUsage".into() },
        ),
        (refused("DataUnavailableException", "not yet"), faulty("Cost Explorer has not enough history for it yet")),
        (refused("LimitExceededException", "Rate limit exceeded"), Failure::Throttled),
        (refused("ThrottlingException", "Rate exceeded"), Failure::Throttled),
        (days(&[], None), faulty("Cost Explorer has no history yet: it takes a day after it was enabled")),
        (euro, faulty("the bill is in EUR: only US dollars can be added up here")),
        (odd, faulty("`much` is not an amount")),
    ];
    for (reply, failure) in table {
        let (reader, _, _) = doors(move |_| reply.clone()).await;
        assert_eq!(reader.bill("1").await, Err(failure));
    }
}
