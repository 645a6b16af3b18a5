//! Known answers on what could be saved: each strategy of the spec fires where it should, and not where it should not.

use std::sync::Arc;

use super::super::run_rate::run_rate;
use super::super::scene::*;
use super::*;
use crate::platform::bill::{Coverage, Part};
use crate::platform::*;

const TASK: f64 = 0.04937;

fn found(platform: &Platform, kind: Kind) -> Vec<Opportunity> {
    let policy = production();
    let rate = run_rate(platform, &policy.prices, now());
    let all = opportunities(platform, &policy, &rate, now());
    assert!(all.iter().all(|one| !one.risk.is_empty() && !one.change.is_empty() && !one.evidence.is_empty()));
    all.into_iter().filter(|one| one.kind == kind).collect()
}

fn dollars_of(one: &Opportunity) -> f64 {
    one.saving.monthly().unwrap_or_else(|| panic!("{one:?}")).0
}

fn close(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-6, "{found} is not {expected}");
}

#[test]
fn a_size_is_halved_where_the_busy_hours_fit() {
    let at = |cpu, memory| found(&with_load(with_service(platform(), service(4)), 4.0, cpu, memory), Kind::RightSizing);
    let half = at(30.0, 30.0);
    assert_eq!(half[0].title, "tasks of 0.5 vCPU, 1 GB instead of 1 vCPU, 2 GB");
    close(dollars_of(&half[0]), TASK / 2.0 * 4.0 * 730.0);
    assert_eq!(at(45.0, 20.0), [], "memory alone cannot be halved: 1 vCPU takes 2 GB at least");
    assert_eq!(at(39.9, 40.0), [], "80 % after halving is not below 80 %");
}

#[test]
fn a_week_of_hours_is_needed_before_anything_is_said_of_sizes() {
    let mut thin = with_load(with_service(platform(), service(4)), 4.0, 10.0, 10.0);
    let mut weeks = thin.weeks.as_deref().unwrap().clone();
    for hours in weeks.hours.values_mut() {
        let from = *hours.keys().nth_back(100).unwrap();
        *hours = hours.split_off(&from);
    }
    thin.weeks = Some(Arc::new(weeks));
    assert_eq!(found(&thin, Kind::RightSizing), []);
    assert_eq!(found(&thin, Kind::Schedule), []);
}

#[test]
fn a_database_and_a_cache_step_down_one_size() {
    let db = Resource::Database(DatabaseId::new("db"));
    let platform = with_hours(with_database(platform(), database("db")), &db, Measure::CpuHighest, |_| 30.0);
    let few = with_hours(platform.clone(), &db, Measure::Connections, |_| 50.0);
    let sizes = found(&few, Kind::RightSizing);
    assert_eq!(sizes[0].title, "db.t3.small instead of db.t3.medium");
    close(dollars_of(&sizes[0]), 0.036 * 730.0);
    let many = with_hours(platform, &db, Measure::Connections, |_| 180.0);
    assert_eq!(found(&many, Kind::RightSizing), [], "a small one takes 197, of which 80 % are 157");

    let mut cached = super::super::scene::platform();
    cached.caches.insert(CacheId::new("redis"), Arc::new(cache(2)));
    for node in ["redis-001", "redis-002"] {
        let node = Resource::CacheNode(CacheNodeId::new(node));
        cached = with_hours(cached, &node, Measure::CpuHighest, |_| 20.0);
        cached = with_hours(cached, &node, Measure::MemoryHighest, |_| 35.0);
    }
    let sizes = found(&cached, Kind::RightSizing);
    assert_eq!(sizes[0].title, "cache.t3.small instead of cache.t3.medium");
    close(dollars_of(&sizes[0]), 2.0 * 0.034 * 730.0);
}

#[test]
fn compute_optimizer_is_said_to_say_nothing_under_cpu_and_memory_tracking() {
    let tracking = |metric: &str| ScalingPolicy {
        name: metric.into(),
        kind: "TargetTrackingScaling".into(),
        metric: metric.into(),
        target: Some(70.0),
        out_cooldown_s: None,
        in_cooldown_s: None,
        scale_in_disabled: false,
        alarms: vec![],
    };
    let mut platform = with_service(platform(), service(4));
    assert!(found(&platform, Kind::ComputeOptimizer)[0].title.starts_with("look into"));
    let both = ["ECSServiceAverageCPUUtilization", "ECSServiceAverageMemoryUtilization"].map(tracking);
    platform.policies.insert(service(4).id, Arc::new(both.to_vec()));
    let said = found(&platform, Kind::ComputeOptimizer);
    assert!(said[0].evidence[0].contains("gives no advice on an ECS service whose target tracking follows both"));
}

#[test]
fn nights_and_weekends_get_the_floor_they_needed() {
    // 6 tasks at 20 % need 2: the floor is 4 on every day from 8 to 22, weekends among them.
    let platform = with_load(with_service(platform(), service(6)), 6.0, 20.0, 20.0);
    let schedule = found(&platform, Kind::Schedule);
    let weekend = schedule.iter().find(|one| one.change.starts_with("weekend_min_capacity = 2"));
    assert_eq!(weekend, None, "at weekends the lowest floor is 2 already, at night");
    let calm = with_load(platform, 6.0, 10.0, 10.0);
    let night = found(&calm, Kind::Schedule);
    let night = night.iter().find(|one| one.change.starts_with("off_peak_hours_min_capacity = 1")).unwrap();
    assert_eq!(night.title, "a floor of 1 instead of 2 in the night");
    assert!(night.change.contains("ecs_min_capacity = 1"), "{}", night.change);
    // One task of two is spared in the 100 weekday night hours of 336.
    let hours: f64 = night.evidence[0].split_whitespace().nth(1).unwrap().parse().unwrap();
    close(dollars_of(night), TASK * hours / 336.0 * 730.0);
    close(hours, 100.0);
    let busy = with_load(calm, 6.0, 60.0, 20.0);
    assert!(found(&busy, Kind::Schedule).iter().all(|one| one.saving.monthly().is_none()), "6 at 60 % need 6");
}

#[test]
fn a_holiday_floor_is_named_and_its_saving_is_not_guessed() {
    let platform = with_load(with_service(platform(), service(4)), 4.0, 60.0, 20.0);
    let told = found(&platform, Kind::Schedule);
    assert!(told.iter().any(|one| one.change.contains("holiday_min_capacity") && one.saving.monthly().is_none()));
}

#[test]
fn spot_takes_what_runs_above_the_floor_and_warns_of_draining() {
    let mut api = service(6);
    api.target_groups = vec![TargetGroupArn::new("a")];
    let mut platform = with_load(with_service(platform(), api), 6.0, 60.0, 20.0);
    let group = TargetGroup {
        arn: TargetGroupArn::new("a"),
        name: "a".into(),
        balancers: vec![],
        interval_s: 30,
        timeout_s: 5,
        healthy_threshold: 2,
        unhealthy_threshold: 3,
        path: "/".into(),
        draining_s: Some(300),
        targets: None,
        learnt: now(),
    };
    platform.target_groups.insert(group.arn.clone(), Arc::new(group));
    let spot = found(&platform, Kind::Spot);
    // Above a floor of 4 in 14 hours of a day and of 2 in 10: 2 and 4 tasks, at 70 % less.
    close(dollars_of(&spot[0]), (14.0 * 2.0 + 10.0 * 4.0) / 24.0 * TASK * 0.7 * 730.0);
    assert!(matches!(spot[0].saving, Saving::UpTo(_)));
    assert!(spot[0].evidence[1].contains("draining takes 300 s and Spot warns 120 s"));
    assert!(spot[0].risk.contains("ECS never falls back"));
}

#[test]
fn a_service_that_is_short_of_spot_is_told_the_way_back() {
    let mut api = service(4);
    api.launch = "FARGATE 1 + FARGATE_SPOT 3".into();
    api.pending = TaskCount(2);
    let event = |message: &str| ServiceEvent { id: "e".into(), at: now(), message: message.into() };
    api.events = vec![event("was unable to place a task because Capacity is unavailable at this time.")];
    let back = found(&with_service(platform(), api.clone()), Kind::Spot);
    assert_eq!(back[0].title, "back to on demand while Spot is short");
    api.pending = TaskCount(0);
    assert_eq!(found(&with_service(platform(), api), Kind::Spot), []);
}

#[test]
fn the_flat_part_is_offered_for_one_year_beside_three() {
    let mut platform = with_load(with_service(platform(), service(4)), 4.0, 60.0, 20.0);
    let mut billed = bill(&[]);
    platform.bill = Some(Arc::new(billed.clone()));
    let offer = found(&platform, Kind::Reserved);
    close(dollars_of(&offer[0]), 4.0 * TASK * 0.20 * 730.0);
    let three = crate::policy::money::words::dollars(Dollars(4.0 * TASK * 0.45 * 730.0));
    assert!(offer[0].evidence[1].contains(&format!("three years 45 %: {three} a month")), "{:?}", offer[0].evidence);
    billed.savings_plans = Part::Known(Coverage { coverage_percent: Some(50.0), utilization_percent: Some(97.0) });
    platform.bill = Some(Arc::new(billed.clone()));
    close(dollars_of(&found(&platform, Kind::Reserved)[0]), 2.0 * TASK * 0.20 * 730.0);
    billed.savings_plans = Part::Known(Coverage { coverage_percent: Some(95.0), utilization_percent: None });
    platform.bill = Some(Arc::new(billed));
    assert_eq!(found(&platform, Kind::Reserved), [], "covered already");
    let db = Resource::Database(DatabaseId::new("db"));
    let mut with_db = with_database(super::super::scene::platform(), database("db"));
    assert_eq!(found(&with_db, Kind::Reserved), [], "it is not known to have always run");
    with_db = with_hours(with_db, &db, Measure::CpuHighest, |_| 50.0);
    close(dollars_of(&found(&with_db, Kind::Reserved)[0]), 0.072 * 0.28 * 730.0);
}

#[test]
fn a_stuck_scale_out_says_what_holds_it() {
    let mut platform = with_load(with_service(platform(), service(8)), 8.0, 20.0, 20.0);
    let target = ScalableTarget {
        min: TaskCount(4),
        max: TaskCount(10),
        suspended: Suspended { scale_in: true, ..Suspended::default() },
        learnt: now(),
    };
    platform.targets.insert(service(8).id, Arc::new(target));
    let stuck = found(&platform, Kind::StuckScaleOut);
    // 8 at 20 % need 3, the floor is 4: four too many.
    close(dollars_of(&stuck[0]), 4.0 * TASK * 730.0);
    assert_eq!(stuck[0].evidence[1], "scale-in is suspended");
    assert_eq!(found(&with_load(platform, 8.0, 65.0, 20.0), Kind::StuckScaleOut), [], "8 at 65 % need 8");
}

#[test]
fn an_idle_replica_and_a_spare_node_may_go_above_the_minimum_only() {
    let mut primary = database("db");
    primary.replicas = vec![DatabaseId::new("db-r1"), DatabaseId::new("db-r2")];
    let mut replica = database("db-r2");
    replica.replica_of = Some(primary.id.clone());
    let resource = Resource::Database(replica.id.clone());
    let both = |primary: &Database| {
        let platform = with_database(with_database(platform(), primary.clone()), replica.clone());
        found(&with_hours(platform, &resource, Measure::CpuHighest, |_| 3.0), Kind::IdleMember)
    };
    let idle = both(&primary);
    assert_eq!(idle[0].subject, "db-r2");
    close(dollars_of(&idle[0]), (0.072 + 100.0 * 0.115 / 730.0) * 730.0);
    primary.replicas.pop();
    assert_eq!(both(&primary), [], "the policy wants one");

    let mut cached = platform();
    cached.caches.insert(CacheId::new("redis"), Arc::new(cache(3)));
    for node in ["redis-001", "redis-002", "redis-003"] {
        let node = Resource::CacheNode(CacheNodeId::new(node));
        cached = with_hours(cached, &node, Measure::CpuHighest, |_| 5.0);
        cached = with_hours(cached, &node, Measure::MemoryHighest, |_| 20.0);
    }
    close(dollars_of(&found(&cached, Kind::IdleMember)[0]), 0.068 * 730.0);
}

#[test]
fn storage_is_judged_by_what_the_bill_calls_it() {
    let month = 365.0 / 12.0;
    let mut platform = platform();
    platform.bill = Some(Arc::new(bill(&[
        ("EC2 - Other", "EUW1-EBS:VolumeUsage.gp2", 3.0),
        ("EC2 - Other", "EBS:SnapshotUsage", 1.0),
        ("RDS", "RDS:GP2-Storage", 2.0),
        ("RDS", "RDS:ChargedBackupUsage", 0.5),
        ("S3", "TimedStorage-ByteHrs", 4.0),
        ("S3", "TimedStorage-INT-FA-ByteHrs", 1.0),
    ])));
    let storage = found(&platform, Kind::Storage);
    let of = |subject: &str| storage.iter().find(|one| one.subject == subject).unwrap();
    close(dollars_of(of("EBS gp2")), 3.0 * month * 0.2);
    assert!(matches!(&of("RDS gp2").saving, Saving::Untold(why) if why.contains("asks the same for both")));
    close(dollars_of(of("S3")), 4.0 * month * (1.0 - 0.0125 / 0.023));
    assert!(of("S3").evidence[0].ends_with("20 %"), "{}", of("S3").evidence[0]);
    let old = found(&platform, Kind::OldData);
    close(old.iter().map(dollars_of).sum(), 1.5 * month);
    assert!(matches!(old[0].saving, Saving::UpTo(_)));
}

#[test]
fn storage_of_a_database_grows_by_itself_and_the_console_says_that_it_cannot_shrink() {
    let told = found(&with_database(platform(), database("db")), Kind::Storage);
    assert!(matches!(&told[0].saving, Saving::Untold(why) if why.contains("never shrink")));
    assert!(told[0].change.contains("--max-allocated-storage"));
}

#[test]
fn the_largest_saving_comes_first_and_what_cannot_be_told_last() {
    let policy = production();
    let mut platform = with_load(with_service(platform(), service(8)), 8.0, 20.0, 20.0);
    platform.bill = Some(Arc::new(bill(&[("S3", "TimedStorage-ByteHrs", 400.0)])));
    let rate = run_rate(&platform, &policy.prices, now());
    let all = opportunities(&platform, &policy, &rate, now());
    let dollars: Vec<f64> = all.iter().map(|one| one.saving.monthly().map_or(-1.0, |d| d.0)).collect();
    assert!(dollars.windows(2).all(|pair| pair[0] >= pair[1]), "{dollars:?}");
    assert_eq!((all[0].subject.as_str(), dollars.last()), ("S3", Some(&-1.0)));
}
