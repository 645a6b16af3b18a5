//! The tables of pace, and the example policies beside them.

use super::*;

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(1_800_000_000_000 + ms).unwrap()
}

#[test]
fn cadences() {
    let table = [
        (Source::Identity, 60),
        (Source::ServiceList, 60),
        (Source::Services, 3),
        (Source::Tasks, 5),
        (Source::ScalableTargets, 30),
        (Source::ScalingPolicies, 60),
        (Source::ScheduledActions, 60),
        (Source::Activities, 10),
        (Source::TargetGroups, 60),
        (Source::TargetHealth, 5),
        (Source::Metrics, 20),
        (Source::Spend, 21_600),
        (Source::Weeks, 21_600),
        (Source::RunRate, 60),
        (Source::Databases, 30),
        (Source::Caches, 30),
        (Source::ReaderName, 60),
        (Source::Alarms, 60),
        (Source::Distributions, 600),
        (Source::EdgeMetrics, 60),
    ];
    assert_eq!(table.len(), Source::ALL.len());
    for (source, seconds) in table {
        assert_eq!(cadence(source), Duration::from_secs(seconds), "{source}");
    }
}

#[test]
fn metrics_are_due_on_whole_multiples_and_the_rest_a_cadence_later() {
    assert_eq!(due(Source::Metrics, at(0)), at(20_000));
    assert_eq!(due(Source::Metrics, at(19_999)), at(20_000));
    assert_eq!(due(Source::Metrics, at(20_000)), at(40_000));
    assert_eq!(due(Source::Services, at(500)), at(3_500));
}

#[test]
fn backoff_doubles_to_a_minute_and_jitter_is_full() {
    let ceilings: Vec<u64> = (0..9).map(|failures| backoff_ceiling(failures).as_secs()).collect();
    assert_eq!(ceilings, [1, 1, 2, 4, 8, 16, 32, 60, 60]);
    assert_eq!(backoff(3, 0.0), Duration::ZERO);
    assert_eq!(backoff(3, 0.5), Duration::from_secs(2));
    assert!(backoff(u32::MAX, 0.999) < Duration::from_mins(1));
}

#[test]
fn no_budget_exceeds_half_of_what_aws_publishes() {
    for family in Family::ALL {
        let budget = family.budget();
        assert!(budget.per_second > 0 && budget.burst >= budget.per_second, "{family:?}");
        if let Some(published) = family.published() {
            assert!(2 * budget.burst <= published.burst, "{family:?}");
            assert!(2 * budget.per_second <= published.per_second, "{family:?}");
        }
    }
}

#[test]
fn a_bucket_lets_a_burst_through_then_its_rate_and_fills_again() {
    let mut bucket = Bucket::new(Rate { burst: 3, per_second: 2 });
    let waits: Vec<u128> = (0..6).map(|_| bucket.take(at(0)).as_millis()).collect();
    assert_eq!(waits, [0, 0, 0, 500, 1_000, 1_500]);
    assert_eq!(bucket.take(at(3_000)), Duration::ZERO, "1.5 s were owed, then 3 tokens came");
    let full = (0..4).map(|_| bucket.take(at(3_600_000)).as_millis()).collect::<Vec<_>>();
    assert_eq!(full, [0, 0, 0, 500], "a long rest fills it to the burst, not beyond");
    assert_eq!(bucket.take(at(0)).as_millis(), 1_000, "a clock that steps back gives nothing");
}

#[test]
fn every_call_has_an_action_and_is_found_by_its_operation() {
    for call in Call::ALL {
        let (_, operation) = call.action().split_once(':').unwrap();
        assert_eq!(Call::of_operation(operation), Some(call));
    }
    assert_eq!(Call::of_operation("DeleteService"), None);
}

/// The actions that an example policy allows, sorted.
fn allowed(policy: &str) -> Vec<String> {
    let policy: serde_json::Value = serde_json::from_str(policy).unwrap();
    let statements = policy["Statement"].as_array().unwrap();
    let actions = statements.iter().flat_map(|statement| statement["Action"].as_array().unwrap());
    let mut actions: Vec<String> = actions.map(|action| action.as_str().unwrap().to_owned()).collect();
    actions.sort();
    actions
}

#[test]
fn the_example_policies_allow_exactly_what_is_called() {
    let needed = |writes: bool| {
        let calls = Call::ALL.into_iter().filter(|call| writes || !call.writes());
        let mut actions: Vec<String> = calls.map(|call| call.action().to_owned()).collect();
        actions.sort();
        actions
    };
    assert_eq!(allowed(include_str!("../../../examples/iam/read-only.json")), needed(false));
    assert_eq!(allowed(include_str!("../../../examples/iam/operator.json")), needed(true));
}
