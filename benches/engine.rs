//! How fast the engine is, and that a decision allocates nothing that grows with history.
//!
//! `cargo bench --bench engine`. The goals: every service of a thousand, with three metrics and three hours of minutes, in
//! 2 ms; one service in 2 µs; a year of minutes replayed in 0.5 s.

use std::collections::BTreeMap;

use divan::counter::ItemsCount;
use divan::{AllocProfiler, Bencher, black_box};
use jiff::{SignedDuration, Timestamp};
use scaledeck::headless::backtest::{Backtest, Metric};
use scaledeck::platform::metric::{MetricKey, Resource};
use scaledeck::platform::series::{evidence_minute, start_of};
use scaledeck::platform::{
    Environment, Fact, LoadBalancerId, MetricId, Platform, Reading, ScalableTarget, Service, ServiceId, ServiceStatus,
    Source, Suspended, TargetGroup, TargetGroupArn, TargetHealth, TargetState, TaskCount,
};
use scaledeck::policy::{Policy, advise, advise_one};

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

/// Minutes of a year.
const YEAR: i64 = 365 * 24 * 60;
/// The three hours that are kept, and a little.
const KEPT: i64 = 200;

fn main() {
    divan::main();
}

fn noon() -> Timestamp {
    "2026-03-10T12:00:00Z".parse().unwrap_or_default()
}

fn id(index: u32) -> ServiceId {
    ServiceId::new("production", format!("service-{index:04}"))
}

/// So many services at rest, each behind a target group and a balancer of its own, each metric wavering below its target
/// with so many minutes of history.
fn platform(services: u32, minutes: i64) -> Platform {
    let now = noon();
    let mut platform = Platform::default();
    let early = now - SignedDuration::from_hours(1);
    let mut read = |source, asked, fact| {
        platform.apply(Reading { source, asked, cadence_s: 30, fact }, asked);
    };
    let arn = |index: u32| {
        TargetGroupArn::new(format!("arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/g{index}/0123"))
    };
    let balancer = |index: u32| LoadBalancerId::new(format!("app/balancer-{index}/0123"));
    let groups = (0..services).map(|index| TargetGroup {
        arn: arn(index),
        name: "group".to_owned(),
        balancers: vec![balancer(index)],
        interval_s: 30,
        timeout_s: 5,
        healthy_threshold: 2,
        unhealthy_threshold: 3,
        path: "/health".to_owned(),
        draining_s: Some(300),
        targets: None,
        learnt: early,
    });
    read(Source::TargetGroups, early, Fact::TargetGroups(groups.collect()));
    let target = ScalableTarget { min: TaskCount(4), max: TaskCount(10), suspended: Suspended::default(), learnt: now };
    let targets = (0..services).map(|index| (id(index), target.clone()));
    read(Source::ScalableTargets, now, Fact::ScalableTargets(targets.collect()));
    read(Source::Activities, now, Fact::Activities(BTreeMap::new()));
    for asked in [early, now] {
        let found = (0..services).map(|index| Service {
            id: id(index),
            status: ServiceStatus::Active,
            desired: TaskCount(6),
            running: TaskCount(6),
            pending: TaskCount(0),
            deployments: Vec::new(),
            events: Vec::new(),
            task_definition: "service:1".to_owned(),
            task_size: None,
            launch: "FARGATE".to_owned(),
            target_groups: vec![arn(index)],
            learnt: asked,
        });
        read(Source::Services, asked, Fact::Services { found: found.collect(), missing: Vec::new() });
        for index in 0..services {
            let healthy = |_| TargetHealth {
                target: "10.0.0.1:80".to_owned(),
                zone: "a".to_owned(),
                state: TargetState::Healthy,
                reason: String::new(),
            };
            read(Source::TargetHealth, asked, Fact::TargetHealth(arn(index), (0..6).map(healthy).collect()));
        }
        read(Source::Metrics, asked, Fact::Metrics(Vec::new()));
    }
    let newest = evidence_minute(now) + 2;
    let wavering = |middle: f64| {
        (newest - minutes + 1..=newest).map(move |minute| (start_of(minute), middle + (minute % 7) as f64)).collect()
    };
    for index in 0..services {
        let resource = Resource::TargetGroup(balancer(index), arn(index));
        let points = vec![
            (MetricKey::service(&id(index), MetricId::ServiceCpu), wavering(50.0)),
            (MetricKey::service(&id(index), MetricId::ServiceMemory), wavering(60.0)),
            (MetricKey { resource, metric: MetricId::RequestsPerTarget }, wavering(700.0)),
        ];
        read(Source::Metrics, now, Fact::Metrics(points));
    }
    platform
}

fn policy() -> Policy {
    Policy::of_spec(Environment::Production)
}

#[divan::bench]
fn a_thousand_services(bencher: Bencher) {
    let (platform, policy) = (platform(1000, KEPT), policy());
    bencher.bench_local(|| advise(black_box(&platform), black_box(&policy), noon()));
}

/// The same with an eighth of the history and with all of it: what is allocated must not differ.
#[divan::bench(args = [25, KEPT])]
fn one_service(bencher: Bencher, minutes: i64) {
    let (platform, policy, id) = (platform(1, minutes), policy(), id(0));
    bencher.bench_local(|| advise_one(black_box(&platform), black_box(&policy), black_box(&id), noon()));
}

#[divan::bench(sample_count = 20)]
fn a_year_of_minutes(bencher: Bencher) {
    let backtest = Backtest { policy: policy(), metric: Metric::Cpu, recorded_with: 4.0 };
    let first = noon().as_second() / 60;
    let day = |minute: i64| (minute % 1440) as f64 / 1440.0 * std::f64::consts::TAU;
    let minutes: Vec<_> =
        (0..YEAR).map(|minute| (first + minute, 60.0 - 40.0 * day(minute).cos() + (minute % 11) as f64)).collect();
    bencher.counter(ItemsCount::new(YEAR as u64)).bench_local(|| backtest.engine(black_box(&minutes)));
}
