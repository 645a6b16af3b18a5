//! Known answers on the alarms of money.

use std::sync::Arc;

use super::*;
use crate::platform::Environment;
use crate::platform::spend::{DayCost, Idle, Projection, Spend, Spike};
use crate::policy::Policy;
use crate::policy::alerts::{Severity, alerts as all_alerts};

fn noon() -> Timestamp {
    "2026-03-10T12:00:00Z".parse().unwrap()
}

fn judged(spend: Spend, budget: Option<f64>) -> Vec<Alert> {
    let mut policy = Policy::of_spec(Environment::Production);
    policy.alarms.daily_budget_usd = budget;
    let platform = Platform { spend: Some(Arc::new(spend)), ..Platform::default() };
    all_alerts(&platform, &policy, noon())
}

fn costs(last_day: f64, today: f64) -> Spend {
    Spend {
        last_day: Some(DayCost { day: "2026-03-09".parse().unwrap(), cost: Dollars(last_day), learnt: noon() }),
        today: Some(Projection { cost: Dollars(today), at: noon() }),
        ..Spend::default()
    }
}

#[test]
fn a_day_over_its_budget_by_more_than_20_percent_is_a_warning() {
    let fires = |last, today| {
        let alerts = judged(costs(last, today), Some(100.0));
        [AlertRule::BudgetLastDay, AlertRule::BudgetToday].map(|rule| {
            let alert = alerts.iter().find(|alert| alert.rule == rule).unwrap();
            assert_eq!((alert.rule.severity(), &alert.subject), (Severity::Warning, &Subject::Money));
            matches!(alert.state, AlertState::Firing { .. })
        })
    };
    assert_eq!(fires(120.0, 120.0), [false, false], "strictly over");
    assert_eq!(fires(120.01, 50.0), [true, false]);
    assert_eq!(fires(50.0, 120.01), [false, true]);
    assert_eq!(judged(costs(900.0, 900.0), None), [], "without a budget there is no alarm");
    assert_eq!(judged(Spend::default(), Some(1.0)), [], "nor without a figure");
}

#[test]
fn a_spike_and_idle_resources_are_warnings() {
    let spend = Spend {
        spike: Some(Spike { day: "2026-03-09".parse().unwrap(), cost: Dollars(300.0), expected: Dollars(110.5) }),
        idle: Some(vec![Idle {
            resource: "staging-db".to_owned(),
            why: "cpu below 5 % for 14 days".to_owned(),
            cost: Dollars(1.63),
            since: noon(),
        }]),
        ..costs(1300.0, 90.0)
    };
    let alerts = judged(spend, Some(100.0));
    let spike = alerts.iter().find(|alert| alert.rule == AlertRule::CostSpike).unwrap();
    let midnight = "2026-03-10T00:00:00Z".parse().unwrap();
    assert_eq!(spike.state, AlertState::Firing { since: midnight });
    let told: Vec<_> = alerts.iter().map(|alert| alert.sentence(noon())).collect();
    insta::assert_snapshot!(told.join("\n"), @"
    2026-03-09 cost $1,300.00 of $100.00 (Cost Explorer): firing for 0s
    2026-03-09 cost $300.00, $110.50 was to be expected: firing for 720m
    hardly used: cpu below 5 % for 14 days, $1.63 a day: firing for 0s
    today is heading for $90.00 of $100.00 (run rate): clear
    ");
}
