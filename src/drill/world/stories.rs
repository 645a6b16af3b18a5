//! The world as a whole: the spike with and without an operator, limits, draining, determinism, conservation.

mod rollouts;

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::autoscaling::ActivityStatus;
use super::ecs::Phase;
use super::ecs_write::ServiceWish;
use super::elb::Health;
use super::metrics::{Key, Metric, Of};
use super::write::{Refusal, Registration};
use super::{IDENTITY, World, names};
use crate::drill::DEFAULT_START;
use crate::drill::scenario::Scenario;

fn world(scenario: &str) -> World {
    World::new(&Scenario::builtin(scenario).unwrap(), 1, DEFAULT_START)
}

fn after(seconds: i64) -> Timestamp {
    DEFAULT_START + SignedDuration::from_secs(seconds)
}

fn main_service(it: &World) -> &super::Workload {
    &it.lived[0]
}

fn key(it: &World, metric: Metric) -> Key {
    let balancer = main_service(it).balancer.as_ref().unwrap();
    let of = match metric {
        Metric::Cpu | Metric::Memory => {
            Of::Service { cluster: IDENTITY.cluster.to_owned(), service: names::MAIN_SERVICE.to_owned() }
        }
        Metric::Elb5xx => Of::Balancer { balancer: balancer.dimension.clone() },
        _ => Of::TargetGroup { balancer: balancer.dimension.clone(), group: balancer.group.dimension.clone() },
    };
    Key { metric, of }
}

/// A statistic of each minute in `[from, to)` seconds after the start.
fn series(it: &World, metric: Metric, statistic: &str, from: i64, to: i64) -> Vec<f64> {
    let data = it.read(&key(it, metric), after(from), after(to));
    data.iter().map(|datum| datum.statistic(statistic).unwrap()).collect()
}

/// Advances second by second until something holds; gives the second after the start.
fn until(it: &mut World, limit: i64, holds: impl Fn(&World) -> bool) -> i64 {
    let from = it.now.max(it.start) - it.start;
    (from..limit)
        .find(|second| {
            it.advance_to(after(*second));
            holds(it)
        })
        .unwrap_or_else(|| panic!("did not happen within {limit} s"))
}

fn set_desired(it: &mut World, count: i64) {
    it.update_service(IDENTITY.cluster, names::MAIN_SERVICE, &ServiceWish::count(count)).unwrap();
}

fn register(min: Option<i64>, max: Option<i64>) -> Registration {
    Registration { resource_id: names::resource_id(names::MAIN_SERVICE), min, max, ..Registration::default() }
}

const STEP: i64 = 90;

#[test]
fn left_alone_the_autoscaler_needs_minutes() {
    let mut it = world("spike");
    let rises = until(&mut it, 900, |it| main_service(it).service.desired > 4);
    assert!((240..=320).contains(&(rises - STEP)), "desired rose {} s after the step", rises - STEP);
    let enough = until(&mut it, 900, |it| main_service(it).healthy() >= 7);
    assert!(enough - rises >= 60, "new capacity came {} s after the decision", enough - rises);
    assert!(main_service(&it).totals.failed > 5000.0);
    // At rest in the end: inside the limits, below the target, nothing failing.
    it.advance_to(after(3600));
    let one = main_service(&it);
    assert!((8..=10).contains(&one.service.desired), "{}", one.service.desired);
    assert!(series(&it, Metric::Cpu, "Average", 3000, 3300).iter().all(|cpu| *cpu < 70.0));
    assert!(series(&it, Metric::Target5xx, "Sum", 3000, 3300).is_empty());
    let newest = one.scaling.activities.iter().find(|one| one.started > DEFAULT_START).unwrap();
    assert!(newest.cause.starts_with("monitor alarm TargetTracking-service/solosuccess-production/"));
}

#[test]
fn an_operator_who_acts_early_saves_minutes() {
    let (mut alone, mut helped) = (world("spike"), world("spike"));
    helped.advance_to(after(STEP + 60));
    set_desired(&mut helped, 8);
    let well = |it: &World| main_service(it).queued() < 1.0 && main_service(it).healthy() >= 7;
    alone.advance_to(after(STEP + 60));
    let (without, with) = (until(&mut alone, 1200, well), until(&mut helped, 1200, well));
    assert!(without - with >= 120, "well after {with} s instead of {without} s");
    let failed = |it: &World| main_service(it).totals.failed;
    assert!(failed(&helped) * 2.0 < failed(&alone), "{} instead of {}", failed(&helped), failed(&alone));
}

#[test]
fn the_numbers_are_those_that_the_specification_implies() {
    let mut it = world("spike");
    set_desired(&mut it, 8);
    it.scaling_off();
    it.advance_to(after(900));
    let within = |metric, statistic, low: f64, high: f64, from, to| {
        for value in series(&it, metric, statistic, from, to) {
            assert!((low..high).contains(&value), "{metric:?} {statistic}: {value}");
        }
    };
    // A thousand people on eight of ten tasks.
    within(Metric::Cpu, "Average", 60.0, 70.0, 300, 720);
    within(Metric::RequestsPerTarget, "Sum", 800.0, 1000.0, 300, 720);
    within(Metric::ResponseTime, "p95", 0.2, 0.5, 300, 720);
    within(Metric::Memory, "Average", 44.0, 70.0, -7200, 720);
    // A hundred on four.
    within(Metric::Cpu, "Average", 12.0, 24.0, -3600, 60);
    within(Metric::HealthyHosts, "Minimum", 4.0, 4.1, -3600, 60);
}

#[test]
fn three_hours_of_the_past_are_there_and_join_the_present() {
    let mut it = world("calm");
    it.advance_to(after(1200));
    let requests = series(&it, Metric::Requests, "Sum", -3 * 3600, 900);
    assert_eq!(requests.len(), 180 + 15);
    let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len() as f64;
    let (before, since) = (mean(&requests[165..180]), mean(&requests[180..]));
    assert!((before / since - 1.0).abs() < 0.05, "{before} before and {since} since the start");
    assert!(series(&it, Metric::Target5xx, "Sum", -3 * 3600, 900).is_empty(), "nothing fails in a calm");
    // In the night there were two tasks.
    assert_eq!(series(&it, Metric::HealthyHosts, "Average", -10 * 3600, -10 * 3600 + 60), [2.0]);
}

#[test]
fn each_minute_comes_late_and_in_parts() {
    let mut it = world("calm");
    it.advance_to(after(600));
    let seen = |it: &World| series(it, Metric::Requests, "Sum", 540, 660);
    let first = seen(&it);
    assert!(first.len() == 1 && first[0] < 200.0, "only a part of one minute: {first:?}");
    it.advance_to(after(659));
    assert!(seen(&it)[0] < 650.0 && seen(&it).len() == 1);
    it.advance_to(after(700));
    let (whole, next) = (seen(&it)[0], seen(&it)[1]);
    assert!(whole > 650.0 && next < 600.0, "{whole} and {next}");
}

#[test]
fn a_minute_without_tasks_has_no_utilisation() {
    let mut it = world("calm");
    it.register_scalable_target(&register(Some(0), None)).unwrap();
    it.scaling_off();
    set_desired(&mut it, 0);
    it.advance_to(after(900));
    assert!(series(&it, Metric::Cpu, "Average", 480, 720).is_empty());
    assert!(series(&it, Metric::Requests, "Sum", 480, 720).is_empty(), "there is no target to pass one to");
    assert!(series(&it, Metric::Elb5xx, "Sum", 480, 720).iter().all(|count| *count > 600.0));
    assert_eq!(series(&it, Metric::HealthyHosts, "Maximum", 480, 540), [0.0]);
}

#[test]
fn draining_takes_five_minutes_and_a_stopped_task_stays_an_hour() {
    let mut it = world("calm");
    it.scaling_off();
    it.register_scalable_target(&register(Some(2), None)).unwrap();
    set_desired(&mut it, 3);
    it.advance_to(after(10));
    let draining = |it: &World| {
        let targets = &main_service(it).balancer.as_ref().unwrap().group.targets;
        targets.iter().filter(|target| matches!(target.health, Health::Draining { .. })).count()
    };
    let task = |it: &World| main_service(it).service.tasks.iter().find(|task| !task.wanted()).cloned();
    assert_eq!((draining(&it), main_service(&it).service.running()), (1, 3));
    assert_eq!(task(&it).unwrap().phase, Phase::Deactivating);
    it.advance_to(after(299));
    assert_eq!(draining(&it), 1);
    it.advance_to(after(302));
    assert_eq!(draining(&it), 0);
    it.advance_to(after(400));
    let gone = task(&it).unwrap();
    assert_eq!(gone.phase, Phase::Stopped);
    assert!(gone.stop.unwrap().reason.starts_with("Scaling activity initiated by (deployment ecs-svc/"));
    it.advance_to(gone.stopped.unwrap() + SignedDuration::from_secs(3590));
    assert!(task(&it).is_some());
    it.advance_to(gone.stopped.unwrap() + SignedDuration::from_secs(3610));
    assert!(task(&it).is_none());
    let messages: Vec<_> = main_service(&it).service.events.iter().map(|event| event.message.as_str()).collect();
    for part in ["has stopped 1 running tasks: (task ", "has begun draining connections on 1 tasks.", "steady state."] {
        assert!(messages.iter().any(|message| message.contains(part)), "{part:?} is not in {messages:#?}");
    }
    assert!(messages[0].ends_with("has reached a steady state."), "the newest first");
}

#[test]
fn cold_starts_take_a_minute_or_so() {
    let mut spans: Vec<i64> = (0..40)
        .flat_map(|seed| {
            let mut it = World::new(&Scenario::builtin("calm").unwrap(), seed, DEFAULT_START);
            it.scaling_off();
            set_desired(&mut it, 10);
            it.advance_to(after(400));
            let started = main_service(&it).service.tasks.iter().filter(|task| task.created >= DEFAULT_START);
            started.map(|task| task.started.unwrap().duration_since(task.created).as_secs()).collect::<Vec<_>>()
        })
        .collect();
    spans.sort_unstable();
    let at = |share: f64| spans[(spans.len() as f64 * share) as usize];
    assert!((55..=65).contains(&at(0.5)), "p50 {}", at(0.5));
    assert!((85..=115).contains(&at(0.95)), "p95 {}", at(0.95));
}

#[test]
fn registering_moves_the_count_at_once() {
    let mut it = world("calm");
    it.advance_to(after(30));
    it.register_scalable_target(&register(Some(8), None)).unwrap();
    assert_eq!(main_service(&it).service.desired, 8);
    let activity = main_service(&it).scaling.activities[0].clone();
    assert_eq!(activity.status, ActivityStatus::InProgress);
    assert_eq!(activity.cause, "minimum capacity was set to 8");
    it.advance_to(after(400));
    let one = main_service(&it);
    assert_eq!(one.healthy(), 8);
    assert_eq!(one.scaling.activities[0].status, ActivityStatus::Successful);
    assert_eq!(
        one.scaling.activities[0].status_message,
        "Successfully set desired count to 8. Change successfully fulfilled by ecs."
    );
    it.register_scalable_target(&register(Some(2), Some(3))).unwrap();
    assert_eq!(main_service(&it).service.desired, 3);
    it.register_scalable_target(&register(Some(2), Some(10))).unwrap();
    assert_eq!(main_service(&it).service.desired, 3, "wider limits remove and add nothing");
}

#[test]
fn a_count_set_by_hand_is_taken_back_where_it_is_not_needed() {
    let mut it = world("calm");
    set_desired(&mut it, 8);
    let back = until(&mut it, 600, |it| main_service(it).service.desired < 8);
    assert!(back > 60, "not before the new tasks run");
    assert!(main_service(&it).scaling.activities[0].cause.contains("-AlarmLow-"));
}

#[test]
fn the_evening_lowers_the_floor_and_the_morning_raises_it() {
    let evening: Timestamp = "2026-11-24T21:58:00Z".parse().unwrap();
    let mut it = World::new(&Scenario::builtin("calm").unwrap(), 1, evening);
    assert_eq!((main_service(&it).scaling.min, main_service(&it).service.desired), (4, 4));
    it.advance_to(evening + SignedDuration::from_secs(121));
    assert_eq!((main_service(&it).scaling.min, main_service(&it).service.desired), (2, 4));
    it.advance_to(evening + SignedDuration::from_mins(10));
    assert_eq!(main_service(&it).service.desired, 2, "the alarms that were low all the time take it from there");
    let steps: Vec<_> = main_service(&it).scaling.activities.iter().take(2).map(|one| &one.description).collect();
    assert_eq!(steps, ["Setting desired count to 2.", "Setting desired count to 3."]);
    let night: Timestamp = "2026-11-24T07:58:00Z".parse().unwrap();
    let mut it = World::new(&Scenario::builtin("calm").unwrap(), 1, night);
    assert_eq!(main_service(&it).service.desired, 2);
    it.advance_to(night + SignedDuration::from_secs(121));
    assert_eq!((main_service(&it).scaling.min, main_service(&it).service.desired), (4, 4));
    assert_eq!(main_service(&it).scaling.activities[1].cause, "scheduled action name morning-scale-up was triggered");
}

#[test]
fn sick_tasks_are_found_and_replaced_and_none_healthy_fails_open() {
    let text = "name = \"x\"\nsummary = \"x\"\nusers = [{ at = 0, users = 100 }]\nsick = [{ at = 10, tasks = 4 }]";
    let scenario = Scenario::from_toml(text, "x").unwrap();
    let mut it = World::new(&scenario, 1, DEFAULT_START);
    let found = until(&mut it, 200, |it| main_service(it).healthy() == 0);
    assert!((60..=110).contains(&(found - 10)), "three checks of thirty seconds: {found}");
    assert!(main_service(&it).totals.failed > 500.0, "what falls open falls on sick tasks");
    it.advance_to(after(600));
    let one = main_service(&it);
    assert_eq!((one.healthy(), one.service.running()), (4, 4));
    assert!(one.service.tasks.iter().any(|task| {
        task.stop.as_ref().is_some_and(|stop| stop.reason.starts_with("Task failed ELB health checks in (target-group"))
    }));
}

#[test]
fn refusals_are_those_of_aws() {
    let mut it = world("calm");
    let trace = it.trace_hash();
    assert_eq!(it.update_service("other", names::MAIN_SERVICE, &ServiceWish::count(4)), Err(Refusal::ClusterNotFound));
    assert_eq!(it.update_service(IDENTITY.cluster, "other", &ServiceWish::count(4)), Err(Refusal::ServiceNotFound));
    for count in [-1, 5001] {
        let refused = it.update_service(IDENTITY.cluster, names::MAIN_SERVICE, &ServiceWish::count(count));
        assert!(matches!(refused, Err(Refusal::InvalidParameter(_))), "{count}");
    }
    for (min, max) in [(Some(11), None), (Some(-1), None), (None, Some(3))] {
        let refused = it.register_scalable_target(&register(min, max));
        assert!(matches!(refused, Err(Refusal::Validation(_))), "{min:?} {max:?}");
    }
    assert!(it.delete_scaling_policy(&names::resource_id(names::MAIN_SERVICE), "none").is_err());
    assert_eq!((it.trace_hash(), it.writes().len()), (trace, 0), "what was refused left no trace");
}

#[test]
fn quiet_services_are_worked_out_alike_each_time_and_lived_once_they_are_changed() {
    let mut scenario = Scenario::builtin("calm").unwrap();
    for (services, named) in [(0, 0), (1, 1), (10, 10), (11, 11), (101, 101), (1000, 1000)] {
        scenario.services = services;
        let mut it = World::new(&scenario, 1, DEFAULT_START);
        it.advance_to(after(60));
        assert_eq!(it.service_names().len(), named);
        assert!(it.service_names().is_sorted(), "pages follow the names");
        assert_eq!(it.workloads().count(), named);
        assert_eq!(it.clusters()[0].active_services, services);
        assert_eq!(it.lived.len(), services.min(1) as usize, "quiet services cost nothing until they are read");
    }
    let mut it = World::new(&scenario, 1, DEFAULT_START);
    let name = names::service(17);
    let (first, again) = (it.workload(&name).unwrap().into_owned(), it.workload(&name).unwrap());
    assert_eq!((&first.service, &first.scaling), (&again.service, &again.scaling));
    let of = Of::Service { cluster: IDENTITY.cluster.to_owned(), service: name.clone() };
    let cpu = Key { metric: Metric::Cpu, of };
    assert_eq!(it.read(&cpu, after(-3600), after(0)).len(), 60);
    let resource_id = names::resource_id(&name);
    let hold = Registration { resource_id, suspend_in: Some(true), ..Registration::default() };
    it.register_scalable_target(&hold).unwrap();
    it.update_service(IDENTITY.cluster, &name, &ServiceWish::count(4)).unwrap();
    it.advance_to(after(400));
    assert_eq!(it.workload(&name).unwrap().service.running(), 4);
    assert_eq!(
        it.workload(&name).unwrap().service.tasks[..2],
        first.service.tasks[..],
        "its tasks are still its tasks"
    );
    let halved = it.read(&cpu, after(240), after(300))[0].average() / it.read(&cpu, after(-60), after(0))[0].average();
    assert!((0.4..0.6).contains(&halved), "{halved}");
}

#[test]
fn a_clients_key_finds_the_metric_and_only_with_its_dimensions() {
    let mut it = World::new(&Scenario { services: 3, ..Scenario::builtin("calm").unwrap() }, 1, DEFAULT_START);
    it.advance_to(after(300));
    let all: Vec<Key> = it.keys().collect();
    let is_ours = |key: &&Key| matches!(key.of, Of::Service { .. } | Of::Balancer { .. } | Of::TargetGroup { .. });
    let keys: Vec<&Key> = all.iter().filter(is_ours).collect();
    assert_eq!(keys.len(), 2 + 6 + 8 + 2 * 2, "the databases', the nodes' and the edge's have tests of their own");
    for key in keys {
        let dimensions: Vec<_> =
            key.dimensions().iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let parsed = Key::parse(key.metric.namespace(), key.metric.name(), &dimensions);
        assert_eq!(parsed.as_ref(), Some(key));
        let fails = matches!(key.metric, Metric::Target5xx | Metric::Elb5xx);
        assert_eq!(it.read(key, after(0), after(120)).is_empty(), fails, "{key:?}");
    }
    let elb5xx = Key { metric: Metric::Elb5xx, ..key(&it, Metric::Requests) };
    let mut down = it.clone();
    down.register_scalable_target(&register(Some(0), Some(0))).unwrap();
    down.advance_to(after(600));
    assert!(!series(&down, Metric::Elb5xx, "Sum", 420, 540).is_empty());
    assert!(down.read(&elb5xx, after(420), after(540)).is_empty(), "it belongs to no target group");
}

#[test]
fn ids_are_unique() {
    let mut it = world("spike");
    it.advance_to(after(3600));
    let one = main_service(&it);
    let all = one.service.tasks.iter().map(|task| &task.id).chain(one.service.events.iter().map(|event| &event.id));
    let all: Vec<_> = all.chain(one.scaling.activities.iter().map(|activity| &activity.id)).collect();
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    /// The same seed and the same writes are the same world, however often it is asked, and no request is lost.
    #[test]
    fn same_seed_and_writes_same_world(
        seed in 0_u64..1000,
        mut times in proptest::collection::vec((1_i64..1500, 1_i64..12, any::<bool>()), 0..5),
        asked_every in 1_i64..200,
    ) {
        times.sort_unstable();
        let scenario = Scenario::builtin("spike").unwrap();
        let live = |seed: u64, asked_every: i64| {
            let mut it = World::new(&scenario, seed, DEFAULT_START);
            for (at, count, floor) in &times {
                let mut asked = it.now - it.start;
                while asked + asked_every < *at {
                    asked += asked_every;
                    it.advance_to(after(asked));
                    prop_assert!(it.read(&key(&it, Metric::Cpu), after(-600), after(asked)).len() >= 9);
                }
                it.advance_to(after(*at));
                if *floor {
                    it.register_scalable_target(&register(Some(*count.min(&10)), None)).unwrap();
                } else {
                    set_desired(&mut it, *count);
                }
            }
            it.advance_to(after(1800));
            let one = main_service(&it);
            let (came, went) = (one.totals.arrived, one.totals.served + one.totals.failed + one.queued());
            prop_assert!((came - went).abs() < 1e-6 * came, "{came} came, {went} are accounted for");
            Ok(it)
        };
        let (once, often, other) = (live(seed, 10_000)?, live(seed, asked_every)?, live(seed + 1, 10_000)?);
        prop_assert_eq!(once.trace_hash(), often.trace_hash());
        prop_assert_eq!(&once.lived[0].service, &often.lived[0].service);
        prop_assert_eq!(&once.lived[0].scaling, &often.lived[0].scaling);
        prop_assert_ne!(once.trace_hash(), other.trace_hash());
    }
}

impl World {
    /// Switches dynamic scaling off.
    fn scaling_off(&mut self) {
        let off = Registration { suspend_in: Some(true), suspend_out: Some(true), ..register(None, None) };
        self.register_scalable_target(&off).unwrap();
    }
}

#[test]
fn a_tally_is_the_truth_of_every_minute() {
    let mut it = world("spike");
    it.advance_to(after(20 * 60));
    let tally = it.tally(0.5);
    assert_eq!(tally.minutes.len(), 20);
    assert_eq!(tally.minutes[0].at, DEFAULT_START);
    let (before, hot) = (tally.minutes[0], tally.minutes[3]);
    assert!(before.p95.unwrap() < 0.3 && before.failed.abs() < f64::EPSILON, "{before:?}");
    assert_eq!((before.least, hot.least), (1, 8), "7,000 requests a minute, 979 a task");
    assert!(hot.p95.unwrap() > 0.5 && hot.failed > 0.0, "{hot:?}");
    assert_eq!(tally.desired[0], (after(1), 4));
    assert!(tally.desired[1].1 > 4 && tally.desired[1].0 > after(90));
    let failed: f64 = tally.minutes.iter().map(|minute| minute.failed).sum();
    assert!((failed - main_service(&it).totals.failed).abs() < 1.0, "{failed}");
    let started = tally.minutes.iter().any(|minute| minute.paid > minute.running);
    assert!(started, "a task costs before it runs");
}
