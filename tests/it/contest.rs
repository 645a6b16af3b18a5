//! The spec's load tests in the drill, each with a controller in charge, judged by their "Verify" lines.

use std::sync::Arc;

use jiff::SignedDuration;
use scaledeck::drill::scenario::{Scenario, Way};
use scaledeck::drill::{DEFAULT_START, Tally};
use scaledeck::headless::contest::LINE;
use scaledeck::headless::course::{Controller, Course};
use scaledeck::headless::verify::{self, Check};
use scaledeck::platform::Environment;
use scaledeck::policy::Policy;

fn policy() -> Policy {
    Policy::of_spec(Environment::Production)
}

async fn run(scenario: &str, minutes: i64, controller: Controller) -> Tally {
    let journal = tempfile::tempdir().unwrap();
    let course = Course {
        scenario: Scenario::builtin(scenario).unwrap(),
        start: DEFAULT_START,
        lasts: SignedDuration::from_mins(minutes),
        seed: 1,
        policy: Arc::new(policy()),
        journal: journal.path().to_owned(),
        line: LINE,
    };
    course.run(controller).await.unwrap()
}

/// A load test with AWS's own autoscaler in charge.
async fn left_to_aws(scenario: &str) -> Vec<Check> {
    let asked = Scenario::builtin(scenario).unwrap();
    let tally = run(scenario, i64::from(asked.length) / 60, Controller::TargetTracking).await;
    verify::judge(&asked, DEFAULT_START, &tally, &policy(), LINE)
}

fn counts(tally: &Tally) -> Vec<u32> {
    tally.desired.iter().map(|(_, count)| *count).collect()
}

/// Minutes after the start until the desired count first rose.
fn first_out(tally: &Tally) -> i64 {
    tally.desired[1].0.duration_since(DEFAULT_START).as_secs() / 60
}

#[test]
fn the_loads_are_those_of_the_spec() {
    for (name, known) in [
        ("ramp", &[(0, 10.0, Way::Step), (1800, 1000.0, Way::Ramp)][..]),
        ("spike", &[(0, 100.0, Way::Step), (90, 1000.0, Way::Step)]),
        ("sustained", &[(0, 500.0, Way::Step)]),
        ("scale-down", &[(0, 1000.0, Way::Step), (90, 100.0, Way::Step)]),
    ] {
        let users = Scenario::builtin(name).unwrap().users;
        let points: Vec<_> = users.iter().map(|point| (point.at, point.users, point.by)).collect();
        assert_eq!(points, known, "{name}");
    }
    assert_eq!(Scenario::builtin("sustained").unwrap().length, 2 * 3600);
}

#[tokio::test(start_paused = true)]
async fn the_ramp_is_smooth_and_without_errors() {
    let checks = left_to_aws("ramp").await;
    assert!(checks.iter().all(|check| check.passes), "{checks:?}");
}

#[tokio::test(start_paused = true)]
async fn two_hours_of_five_hundred_people_are_flat() {
    let checks = left_to_aws("sustained").await;
    assert_eq!(checks.len(), 2);
    assert!(checks.iter().all(|check| check.passes), "{checks:?}");
}

#[tokio::test(start_paused = true)]
async fn a_scale_down_ends_at_the_floor() {
    let checks = left_to_aws("scale-down").await;
    assert!(checks[0].passes, "{checks:?}");
}

/// Through the real SDK, the real loop and the real confirmations: five minutes, two of lateness, and seven tasks for
/// seven thousand requests a minute. A minute later the old minutes times the new count ask for ten: the rule as it is
/// written, and the price of it is in `docs/contest.md`.
#[tokio::test(start_paused = true)]
async fn the_engine_in_charge_answers_a_spike_with_what_the_rule_asks_for() {
    let tally = run("spike", 14, Controller::Engine).await;
    assert_eq!(counts(&tally)[..2], [4, 7]);
    assert!(counts(&tally).iter().all(|count| *count <= 10), "{:?}", tally.desired);
    assert!((8..=10).contains(&first_out(&tally)), "{:?}", tally.desired);
}

#[tokio::test(start_paused = true)]
async fn the_kubernetes_autoscaler_in_charge_acts_on_the_first_whole_minute() {
    let tally = run("spike", 8, Controller::Hpa).await;
    assert!((2..=4).contains(&first_out(&tally)), "{:?}", tally.desired);
}
