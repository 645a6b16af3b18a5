//! Known answers on what runs, what was billed, what scaling cost and what is idle.

use std::sync::Arc;

use jiff::SignedDuration;

use super::scene::*;
use super::*;
use crate::platform::bill::Forecast;
use crate::platform::metric::Resource;
use crate::platform::weeks::Measure;
use crate::platform::*;
use crate::policy::AlertRule::{BudgetLastDay, CostSpike};
use crate::policy::prices::Prices;

fn close(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-9, "{found} is not {expected}");
}

fn rate(platform: &Platform) -> RunRate {
    run_rate::run_rate(platform, Prices::embedded(), now())
}

#[test]
fn tasks_cost_their_vcpu_and_memory_and_those_that_start_or_drain_too() {
    let mut four = service(4);
    four.pending = TaskCount(1);
    four.target_groups = vec![TargetGroupArn::new("a"), TargetGroupArn::new("b")];
    let mut platform = with_service(platform(), four.clone());
    let mut counts = CountHistory::default();
    counts.saw_counts(&four, now(), 5);
    for arn in &four.target_groups {
        counts.saw_draining(arn, DrainSample { asked: now(), cadence_s: 10, draining: 2 });
    }
    platform.counts.insert(four.id.clone(), Arc::new(counts));
    // 4 run, 1 starts, 2 drain – from both groups: 7 × (0.04048 + 2 × 0.004_445).
    close(rate(&platform).hourly().0, 7.0 * 0.04937);
    assert_eq!(rate(&platform).items[0].what, "7 tasks of 1 vCPU, 2 GB");
}

#[test]
fn every_tier_has_its_price_and_a_standby_costs_again() {
    let mut multi = database("db");
    multi.multi_az = true;
    let mut platform = with_database(with_service(platform(), service(2)), multi);
    platform.caches.insert(CacheId::new("redis"), Arc::new(cache(2)));
    let balancers = vec![LoadBalancerId::new("app/front/1"), LoadBalancerId::new("net/other/1")];
    let group = TargetGroup {
        arn: TargetGroupArn::new("a"),
        name: "a".into(),
        balancers,
        interval_s: 30,
        timeout_s: 5,
        healthy_threshold: 2,
        unhealthy_threshold: 3,
        path: "/".into(),
        draining_s: None,
        targets: None,
        learnt: now(),
    };
    platform.target_groups.insert(group.arn.clone(), Arc::new(group));
    let rate = rate(&platform);
    let by: Vec<(&str, f64)> = rate.items.iter().map(|item| (item.tier, item.hourly.0)).collect();
    let expected = [
        ("ecs", 2.0 * 0.04937),
        ("db", 2.0 * 0.072),
        ("storage", 200.0 * 0.115 / 730.0),
        ("cache", 2.0 * 0.068),
        ("alb", 0.0225),
    ];
    for ((tier, hourly), (name, cost)) in by.iter().zip(expected) {
        assert_eq!(*tier, name);
        close(*hourly, cost);
    }
    assert_eq!(by.len(), 5);
    assert_eq!(rate.unpriced.len(), 1, "the balancer's LCUs: {:?}", rate.unpriced);
}

#[test]
fn spot_is_counted_by_its_tasks_and_else_by_its_weight() {
    let mut mixed = service(4);
    mixed.launch = "FARGATE 1 + FARGATE_SPOT 3".into();
    let one = 0.04048 + 2.0 * 0.004_445;
    close(rate(&with_service(platform(), mixed.clone())).hourly().0, 4.0 * one * (0.25 + 0.75 * 0.3));
    mixed.launch = "FARGATE_SPOT".into();
    close(rate(&with_service(platform(), mixed)).hourly().0, 4.0 * one * 0.3);
}

#[test]
fn what_has_no_price_is_named_and_in_no_sum() {
    let mut sizeless = service(4);
    sizeless.task_size = None;
    let mut odd = database("odd");
    odd.class = "db.x9.huge".into();
    odd.storage_gib = 0;
    let rate = rate(&with_database(with_service(platform(), sizeless), odd));
    assert_eq!((rate.items.len(), rate.hourly()), (0, Dollars(0.0)));
    let told: Vec<String> = rate.unpriced.iter().map(|one| format!("{}: {}", one.name, one.why)).collect();
    assert_eq!(told, ["prod/api: the size of its tasks is not known yet", "odd: no price for db.x9.huge"]);
}

#[test]
fn a_stopped_database_pays_for_its_storage_alone_and_nothing_for_being_made() {
    let mut stopped = database("db");
    stopped.status = InstanceStatus("stopped".into());
    let tiers = |platform: &Platform| rate(platform).items.iter().map(|item| item.tier).collect::<Vec<_>>();
    assert_eq!(tiers(&with_database(platform(), stopped.clone())), ["storage"]);
    stopped.status = InstanceStatus("creating".into());
    assert_eq!(tiers(&with_database(platform(), stopped)), ["storage"]);
}

#[test]
fn the_bill_in_a_few_numbers() {
    let mut bill = bill(&[("ECS", "vCPU", 60.0), ("RDS", "db", 30.0), ("ECS", "GB", 10.0)]);
    bill.forecast = Part::Known(Forecast {
        from: "2026-03-10".parse().unwrap(),
        to: "2026-04-01".parse().unwrap(),
        cost: Dollars(2_200.0),
    });
    let told = billed::billed(&bill);
    // At noon of the 10th the 8th has ended a day and a half ago, the 9th half a day.
    assert_eq!(told.last, Some(("2026-03-08".parse().unwrap(), Dollars(100.0))));
    let month = told.month.unwrap();
    assert_eq!((month.days, month.so_far, month.last_month), (8, Dollars(800.0), Some(Dollars(800.0))));
    assert_eq!(told.month_forecast, Some(Dollars(9.0 * 100.0 + 2_200.0)));
    assert_eq!(told.trend.unwrap().percent(), Some(0.0));
    let slices: Vec<_> = told.breakdown.iter().map(|s| (s.service.as_str(), s.day.0, s.percent, s.month.0)).collect();
    assert_eq!(slices, [("ECS", 70.0, 70.0, 2_100.0), ("RDS", 30.0, 30.0, 900.0)]);
    assert_eq!(told.breakdown[0].uses[0], ("vCPU".to_owned(), Dollars(1_800.0)));
    assert_eq!(told.spike, None);
}

#[test]
fn a_day_that_costs_twice_is_a_spike_and_half_a_day_is_none() {
    let mut bill = bill(&[("ECS", "vCPU", 100.0)]);
    bill.uses[0].costs[88] = 220.0;
    let spike = billed::billed(&bill).spike.unwrap();
    assert_eq!((spike.cost, spike.expected), (Dollars(220.0), Dollars(100.0)));
    bill.uses[0].costs[88] = 30.0;
    assert_eq!(billed::billed(&bill).spike, None, "a cheap day is no spike");
    bill.uses[0].costs[88] = 100.0;
    bill.uses[0].costs[90] = 900.0;
    assert_eq!(billed::billed(&bill).spike, None, "today is not complete");
}

#[test]
fn an_empty_history_tells_nothing() {
    let mut bill = bill(&[]);
    bill.days.clear();
    let told = billed::billed(&bill);
    assert_eq!((told.last, told.month.is_some(), told.trend.is_some()), (None, false, false));
    assert!(told.breakdown.is_empty());
}

#[test]
fn scaling_costs_what_stands_above_the_floor_event_by_event() {
    let mut platform = with_service(platform(), service(6));
    let at = |hour: i8| now().to_zoned_datetime(jiff::tz::TimeZone::UTC).date().at(hour, 0, 0, 0);
    let at = |hour: i8| jiff::tz::TimeZone::UTC.to_timestamp(at(hour)).unwrap();
    let activity = |hour: i8, to: u32| Activity {
        id: format!("a{hour}"),
        started: at(hour),
        ended: None,
        kind: ActivityKind::Successful,
        description: format!("Setting desired count to {to}."),
        cause: String::new(),
        message: String::new(),
    };
    let list = vec![activity(11, 6), activity(9, 8), activity(1, 3)];
    platform.activities.insert(service(6).id, Arc::new(list));
    let impact = impact::impact(&platform, &production(), now());
    // The floor is 2 until 8 and 4 from then on: 3 tasks from 1 to 9 are 1 above for 7 h, 8 from 9 to 11 are 4 above
    // for 2 h, 6 from 11 to 12 are 2 above for 1 h.
    let task = 0.04937;
    close(impact.today.0, (7.0 + 8.0 + 2.0) * task);
    let events: Vec<_> = impact.events.iter().map(|event| (event.from, event.to.0)).collect();
    assert_eq!(events, [(Some(TaskCount(8)), 6), (Some(TaskCount(3)), 8), (None, 3)]);
    close(impact.events[1].above_floor.0, 8.0 * task);
}

#[test]
fn a_change_that_aws_and_this_program_saw_is_one_event() {
    let mut platform = with_service(platform(), service(8));
    let begun = now() - SignedDuration::from_mins(60);
    let seen = begun + SignedDuration::from_secs(20);
    let activity = Activity {
        id: "a".into(),
        started: begun,
        ended: None,
        kind: ActivityKind::Successful,
        description: "Setting desired count to 8.".into(),
        cause: String::new(),
        message: String::new(),
    };
    platform.activities.insert(service(8).id, Arc::new(vec![activity]));
    let mut counts = CountHistory { watched_since: Some(begun), ..CountHistory::default() };
    counts.changes.push_back(history::CountChange { seen, from: TaskCount(4), to: TaskCount(8) });
    platform.counts.insert(service(8).id, Arc::new(counts));
    let impact = impact::impact(&platform, &production(), now());
    assert_eq!(impact.events.len(), 1);
    close(impact.today.0, 4.0 * 0.04937);
}

#[test]
fn idle_needs_a_week_of_quiet_and_says_what_it_costs() {
    let resource = Resource::Database(DatabaseId::new("db"));
    let quiet = with_database(platform(), database("db"));
    let quiet = with_hours(quiet, &resource, Measure::CpuHighest, |hour| if hour % 24 == 3 { 60.0 } else { 4.0 });
    let quiet = with_hours(quiet, &resource, Measure::Connections, |_| 2.0);
    let found = idle::idle(&quiet, quiet.weeks.as_deref(), &rate(&quiet)).unwrap();
    assert_eq!(found.len(), 1, "one hour of 24 may be busy: a backup");
    close(found[0].cost.0, 24.0 * (0.072 + 100.0 * 0.115 / 730.0));
    assert_eq!(found[0].why, "cpu at most 4.0 % and 2 connections in 95 of 100 hours of 14 days");
    let used = with_hours(quiet, &resource, Measure::Connections, |_| 40.0);
    assert_eq!(idle::idle(&used, used.weeks.as_deref(), &rate(&used)), Some(vec![]));
    assert_eq!(idle::idle(&used, None, &rate(&used)), None, "nobody has looked");
}

#[test]
fn the_judgement_feeds_the_alarms() {
    let mut platform = with_service(platform(), service(4));
    let mut bill = bill(&[("ECS", "vCPU", 100.0)]);
    bill.uses[0].costs[88] = 300.0;
    platform.bill = Some(Arc::new(bill));
    let mut policy = production();
    policy.alarms.daily_budget_usd = Some(4.0);
    let mut watch = Watch::default();
    watch.saw(rate(&platform).hourly(), now());
    let money = judge(&platform, &policy, &watch, now());
    close(money.today.as_ref().unwrap().projected.0, 24.0 * 4.0 * 0.04937);
    platform.spend = Some(Arc::new(money.spend()));
    let firing = |policy: &Policy| {
        let alerts = crate::policy::alerts(&platform, policy, now());
        let firing = alerts.iter().filter(|alert| matches!(alert.state, crate::policy::AlertState::Firing { .. }));
        firing
            .filter(|alert| alert.subject == crate::policy::alerts::Subject::Money)
            .map(|a| a.rule)
            .collect::<Vec<_>>()
    };
    assert_eq!(firing(&policy), [BudgetLastDay, CostSpike], "4.74 a day is within 4 × 1.2");
    policy.alarms.daily_budget_usd = None;
    assert_eq!(firing(&policy), [CostSpike]);
}

#[test]
fn a_bill_that_is_missing_says_why() {
    let mut platform = with_service(platform(), service(4));
    let told = |platform: &Platform| judge(platform, &production(), &Watch::default(), now()).bill_trouble;
    assert_eq!(told(&platform).as_deref(), Some("Cost Explorer is not asked"));
    let read = |fact| Reading { source: Source::Spend, asked: now(), cadence_s: 21_600, fact };
    let denied = SourceState::Denied { action: "ce:GetCostAndUsage".into() };
    platform.apply(read(Fact::Failed(denied)), now());
    assert_eq!(told(&platform).as_deref(), Some("Cost Explorer: denied: ce:GetCostAndUsage"));
    platform.apply(read(Fact::Bill(bill(&[]))), now());
    assert_eq!(told(&platform), None);
    let later = now() + SignedDuration::from_hours(13);
    let late = judge(&platform, &production(), &Watch::default(), later).bill_trouble;
    assert_eq!(late.as_deref(), Some("Cost Explorer has not answered for half a day"));
}
