//! The cache as a whole: at rest, cold, growing, refused, and the same whenever it is lived the same.

use jiff::{SignedDuration, Timestamp};

use super::super::metrics::{Key, Metric, Of};
use super::measure::CacheMetric;
use super::*;
use crate::drill::DEFAULT_START;
use crate::drill::scenario::Scenario;
use crate::drill::world::World;

fn world(scenario: &str) -> World {
    World::new(&Scenario::builtin(scenario).unwrap(), 1, DEFAULT_START)
}

fn sharded() -> World {
    let cache = CacheSetup { shards: 2, ..CacheSetup::default() };
    World::new(&Scenario { cache, ..Scenario::builtin("calm").unwrap() }, 1, DEFAULT_START)
}

fn after(seconds: i64) -> Timestamp {
    DEFAULT_START + SignedDuration::from_secs(seconds)
}

/// The values of a metric of a node, by the minutes of `[from, to)` seconds after the start.
fn series(it: &World, number: u32, metric: CacheMetric, from: i64, to: i64) -> Vec<f64> {
    let of = Of::CacheNode { node: format!("{GROUP}-{number:03}"), numbered: false };
    let data = it.read(&Key { metric: Metric::Cache(metric), of }, after(from), after(to));
    data.iter().map(|datum| datum.sum).collect()
}

fn to_count(count: i64) -> ReplicaWish {
    ReplicaWish { group: GROUP.to_owned(), count: Some(count), at_once: true, ..ReplicaWish::default() }
}

fn group(it: &World) -> &Group {
    it.cache().unwrap()
}

/// Seconds after the start at which something holds of the group.
fn until(it: &mut World, limit: i64, holds: impl Fn(&Group) -> bool) -> i64 {
    let from = (it.now().as_second() - DEFAULT_START.as_second()).max(0);
    (from..limit)
        .find(|second| {
            it.advance_to(after(*second));
            holds(group(it))
        })
        .unwrap_or_else(|| panic!("did not happen within {limit} s"))
}

#[test]
fn at_rest_it_answers_most_and_no_node_is_hot() {
    let mut it = world("calm");
    it.advance_to(after(900));
    for number in [1, 2] {
        let all = |metric| series(&it, number, metric, -3600, 700);
        assert_eq!(all(CacheMetric::Cpu).len(), 72, "lived and worked-out minutes join without a gap");
        assert!(all(CacheMetric::Cpu).iter().all(|cpu| (2.0..20.0).contains(cpu)));
        assert!(all(CacheMetric::Memory).iter().all(|memory| (45.0..60.0).contains(memory)));
        assert!(all(CacheMetric::HitRate).iter().all(|rate| (93.0..95.0).contains(rate)));
        assert!(all(CacheMetric::Evictions).iter().all(|count| count.abs() < 1e-9));
        assert!(all(CacheMetric::Connections).iter().all(|count| (count - 44.0).abs() < 1e-9));
        // A hundred people ask twelve keys seven times a minute, of two nodes.
        let lookups: Vec<f64> =
            all(CacheMetric::Hits).iter().zip(all(CacheMetric::Misses)).map(|(hits, misses)| hits + misses).collect();
        assert!(lookups.iter().all(|count| (3500.0..5000.0).contains(count)), "{lookups:?}");
    }
    assert_eq!(series(&it, 1, CacheMetric::Lag, 0, 600), Vec::<f64>::new(), "the primary follows nobody");
    assert_eq!(series(&it, 2, CacheMetric::Lag, 0, 600).len(), 10);
    assert_eq!(series(&it, 9, CacheMetric::Cpu, 0, 600), Vec::<f64>::new());
}

#[test]
fn hits_and_misses_are_look_ups() {
    for scenario in ["spike", "cache-stampede"] {
        let mut it = world(scenario);
        it.advance_to(after(1800));
        let asked = group(&it).asked();
        assert!(asked.lookups > 1e5 && asked.misses > 0.0);
        assert!((asked.lookups - asked.hits - asked.misses).abs() < 1e-6 * asked.lookups, "{asked:?}");
        let worked = it.worked();
        assert!((asked.lookups - 12.0 * worked).abs() < 1e-6 * asked.lookups, "every request worked on asks");
    }
}

#[test]
fn a_stampede_is_a_cold_cache_and_heals_as_it_fills() {
    let mut it = world("cache-stampede");
    it.advance_to(after(3900));
    let rate = |from, to| {
        let sum = |metric| [1, 2].map(|number| series(&it, number, metric, from, to).iter().sum::<f64>()).iter().sum();
        let (hits, misses): (f64, f64) = (sum(CacheMetric::Hits), sum(CacheMetric::Misses));
        hits / (hits + misses)
    };
    assert!(rate(0, 120) > 0.93);
    assert!(rate(120, 240) < 0.5, "{}", rate(120, 240));
    assert!(rate(2400, 3600) > 0.9, "{}", rate(2400, 3600));
    // The database is asked for everything at once: answers take seconds, and some fail, until half is back.
    let minutes = it.tally(0.5).minutes;
    let slow: Vec<usize> = (0..minutes.len()).filter(|index| minutes[*index].p95.unwrap() > 2.0).collect();
    assert_eq!((slow.first(), slow.last()), (Some(&2), Some(&6)), "{slow:?}");
    let failed: f64 = minutes.iter().map(|minute| minute.failed).sum();
    assert!((500.0..5000.0).contains(&failed), "{failed}");
    let memory = series(&it, 1, CacheMetric::Memory, 0, 3600);
    assert!(memory[1] > 50.0 && memory[2] < 10.0 && memory[59] > 50.0, "{memory:?}");
}

#[test]
fn a_replica_takes_minutes_and_then_its_share_of_reads() {
    let mut it = world("calm");
    it.advance_to(after(60));
    it.increase_replicas(&to_count(2)).unwrap();
    assert_eq!((group(&it).status, group(&it).nodes().count(), group(&it).paid()), (Status::Modifying, 3, 2));
    assert_eq!(it.increase_replicas(&to_count(3)), Err(CacheRefusal::NotAvailable));
    let back = until(&mut it, 900, |group| group.status == Status::Available);
    assert!((270..600).contains(&back), "{back}");
    let refused = it.increase_replicas(&to_count(3)).unwrap_err();
    assert_eq!(refused, CacheRefusal::NodeNotAvailable(format!("{GROUP}-003")), "its node comes a little later");
    until(&mut it, 900, |group| group.nodes().all(|node| node.status == Status::Available));
    it.advance_to(after(1500));
    let hits = |number, from, to| series(&it, number, CacheMetric::Hits, from, to).iter().sum::<f64>();
    let (before, now) = (hits(1, -600, 0), hits(1, 720, 1320));
    assert!((now / before - 2.0 / 3.0).abs() < 0.05, "{now} of {before}");
    assert_eq!(series(&it, 3, CacheMetric::Hits, -600, 60), Vec::<f64>::new());
    // The past does not change with what was done since.
    let fresh = world("calm");
    assert_eq!(series(&it, 1, CacheMetric::Hits, -600, -60), series(&fresh, 1, CacheMetric::Hits, -600, -60));

    it.decrease_replicas(&to_count(1)).unwrap();
    let newest = group(&it).nodes().last().unwrap();
    assert_eq!((newest.id.as_str(), newest.status), ("production-solosuccess-redis-003", Status::Deleting));
    let gone = until(&mut it, 2000, |group| group.nodes().count() == 2);
    assert!(gone - 1500 > 60, "{gone}");
}

#[test]
fn what_cannot_be_is_refused_in_awss_words() {
    let it = world("calm");
    let remove = |id: &str| ReplicaWish { count: None, remove: vec![id.to_owned()], ..to_count(0) };
    let shard = |id: &str| ReplicaWish { count: None, shards: vec![(id.to_owned(), 2)], ..to_count(0) };
    let last = "Must have at least 1 replica when cluster mode is disabled with auto failover enabled.";
    let same = "Requested new replica count already matches current number of replicas.";
    let primary = "production-solosuccess-redis-001 is the primary and cannot be removed.";
    for (wish, decrease, said) in [
        (to_count(1), false, same),
        (to_count(1), true, same),
        (to_count(6), false, "The replica count must be between 0 and 5, and is 6."),
        (to_count(-1), true, "The replica count must be between 0 and 5, and is -1."),
        (to_count(0), false, "The new replica count 0 must be greater than the current 1."),
        (to_count(2), true, "The new replica count 2 must be less than the current 1."),
        (to_count(0), true, last),
        (remove("production-solosuccess-redis-002"), true, last),
        (remove("production-solosuccess-redis-001"), true, primary),
        (shard("0009"), false, "Node group 0009 not found."),
        (ReplicaWish { count: None, ..to_count(0) }, false, "Specify either NewReplicaCount or ReplicaConfiguration."),
        (ReplicaWish { at_once: false, ..to_count(2) }, false, "ApplyImmediately must be true."),
        (ReplicaWish { group: "other".to_owned(), ..to_count(2) }, false, "Replication group other not found."),
    ] {
        let mut it = it.clone();
        let refused = if decrease { it.decrease_replicas(&wish) } else { it.increase_replicas(&wish) };
        assert_eq!(refused.unwrap_err().to_string(), said, "{wish:?}");
        assert!(it.writes().is_empty(), "what was refused was not written");
    }
}

#[test]
fn without_fail_over_the_last_replica_can_go() {
    let mut it = world("calm");
    let off = GroupWish {
        group: GROUP.to_owned(),
        multi_az: Some(false),
        automatic_failover: Some(false),
        at_once: true,
        ..GroupWish::default()
    };
    assert!(it.modify_cache(&GroupWish { multi_az: None, ..off.clone() }).is_err(), "Multi-AZ needs fail-over");
    it.modify_cache(&off).unwrap();
    until(&mut it, 200, |group| group.status == Status::Available);
    assert!(!group(&it).automatic_failover && !group(&it).multi_az);
    it.decrease_replicas(&to_count(0)).unwrap();
    until(&mut it, 600, |group| group.nodes().count() == 1 && group.status == Status::Available);
    let on = GroupWish { automatic_failover: Some(true), multi_az: None, ..off.clone() };
    assert!(matches!(it.modify_cache(&on), Err(CacheRefusal::Combination(_))));
    assert!(matches!(it.modify_cache(&off), Err(CacheRefusal::Combination(_))), "nothing would change");
}

#[test]
fn a_larger_node_has_more_room() {
    let mut it = world("calm");
    let wish = |name: &str| GroupWish {
        group: GROUP.to_owned(),
        node_type: Some(name.to_owned()),
        at_once: true,
        ..GroupWish::default()
    };
    assert!(matches!(it.modify_cache(&wish("cache.t9.large")), Err(CacheRefusal::Value(_))));
    it.modify_cache(&wish("cache.r7g.large")).unwrap();
    let done = until(&mut it, 1200, |group| group.node_type == NodeType::R7gLarge);
    assert!(done >= 600, "{done}");
    it.advance_to(after(1800));
    let memory = series(&it, 1, CacheMetric::Memory, 1200, 1600);
    assert!(memory.iter().all(|memory| *memory < 16.0), "{memory:?}");
}

#[test]
fn people_beyond_its_memory_evict() {
    let mut crowd = Scenario::builtin("calm").unwrap();
    crowd.users[0].users = 6000.0;
    let mut it = World::new(&crowd, 1, DEFAULT_START);
    it.advance_to(after(400));
    let whole = |metric| series(&it, 1, metric, 60, 240);
    assert!(whole(CacheMetric::Memory).iter().all(|memory| *memory > 95.0));
    assert!(whole(CacheMetric::Evictions).iter().all(|count| *count > 0.0));
    assert!(whole(CacheMetric::HitRate).iter().all(|rate| *rate < 93.0));
}

#[test]
fn shards_come_and_go_with_cluster_mode_on() {
    let wish = |count: i64, remove: &[&str]| ShardWish {
        group: GROUP.to_owned(),
        count,
        remove: remove.iter().map(|id| (*id).to_owned()).collect(),
        at_once: true,
        ..ShardWish::default()
    };
    assert!(matches!(world("calm").reshard_cache(&wish(2, &[])), Err(CacheRefusal::Value(_))));
    let mut it = sharded();
    assert_eq!(group(&it).nodes().next().unwrap().id, "production-solosuccess-redis-0001-001");
    assert_eq!((group(&it).slots(0).as_str(), group(&it).slots(1).as_str()), ("0-8191", "8192-16383"));
    assert!(matches!(it.reshard_cache(&wish(2, &[])), Err(CacheRefusal::Value(_))));
    assert!(matches!(it.reshard_cache(&wish(1, &[])), Err(CacheRefusal::Combination(_))), "which one?");
    assert_eq!(it.reshard_cache(&wish(1, &["0007"])), Err(CacheRefusal::NoShard("0007".to_owned())));
    it.reshard_cache(&wish(3, &[])).unwrap();
    until(&mut it, 900, |group| group.nodes().all(|node| node.status == Status::Available));
    assert_eq!((group(&it).shards.len(), group(&it).nodes().count()), (3, 6));
    until(&mut it, 901, |group| group.status == Status::Available);
    it.reshard_cache(&wish(2, &["0001"])).unwrap();
    until(&mut it, 1300, |group| group.shards.len() == 2);
    assert_eq!(group(&it).shards[0].id, "0002");
}

#[test]
fn same_seed_and_writes_same_world() {
    let live = |count: i64| {
        let mut it = world("cache-stampede");
        it.advance_to(after(30));
        it.increase_replicas(&to_count(count)).unwrap();
        it.advance_to(after(900));
        it.trace_hash()
    };
    assert_eq!(live(2), live(2));
    assert_ne!(live(2), live(3));
}
