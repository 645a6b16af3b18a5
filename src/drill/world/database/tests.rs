//! The databases as a whole: time lines and what has to add up.

use super::dns::RecordSet;
use super::instance::Phase;
use super::*;
use crate::drill::DEFAULT_START;
use crate::drill::scenario::Scenario;
use crate::drill::world::World;
use crate::drill::world::metrics::{Datum, Key, Metric, Of};

const PRIMARY: &str = "production-solosuccess-db";
const FIRST: &str = "production-solosuccess-db-replica-1";
const SECOND: &str = "production-solosuccess-db-replica-2";

fn world(scenario: &str) -> World {
    World::new(&Scenario::builtin(scenario).unwrap(), 1, DEFAULT_START)
}

fn pass(world: &mut World, seconds: i64) {
    let now = world.now();
    world.advance_to(now + jiff::SignedDuration::from_secs(seconds));
}

fn databases(world: &World) -> &Databases {
    world.databases().unwrap()
}

/// The newest published value of a metric.
fn newest(world: &World, id: &str, measure: Measure) -> f64 {
    series(world, id, measure, 600).pop().unwrap()
}

fn series(world: &World, id: &str, measure: Measure, seconds: i64) -> Vec<f64> {
    let key = Key { metric: Metric::Database(measure), of: Of::Database { instance: id.to_owned() } };
    let from = world.now() - jiff::SignedDuration::from_secs(seconds);
    world.read(&key, from, world.now()).iter().map(Datum::average).collect()
}

fn replica(id: &str) -> ReplicaWish {
    ReplicaWish { id: id.to_owned(), source: PRIMARY.to_owned(), ..ReplicaWish::default() }
}

/// The zone's records with other weights for the readers: those of the instances that are named.
fn weigh(world: &mut World, weights: &[(&str, u8)]) {
    let mut records = databases(world).zone.records.clone();
    records.retain(|one| one.name != READER);
    records.extend(weights.iter().map(|(id, weight)| RecordSet {
        name: READER.to_owned(),
        kind: "CNAME".to_owned(),
        set_identifier: Some((*id).to_owned()),
        weight: Some(*weight),
        ttl: 30,
        values: vec![format!("{id}.c9akciq32rwx.us-east-1.rds.amazonaws.com")],
    }));
    world.change_records(records, None).unwrap();
}

#[test]
fn at_rest_everything_is_far_from_its_limits() {
    let mut world = world("calm");
    pass(&mut world, 1800);
    for id in [PRIMARY, FIRST] {
        let cpu = newest(&world, id, Measure::Cpu);
        assert!((3.0..20.0).contains(&cpu), "{id}: {cpu}");
        let connections = newest(&world, id, Measure::Connections);
        assert!((30.0..60.0).contains(&connections), "{id}: {connections}");
        assert!(newest(&world, id, Measure::FreeableMemory) > 1e9);
        // The past that was worked out and the present that was lived are of one piece.
        let cpus = series(&world, id, Measure::Cpu, 3 * 3600);
        assert!(cpus.len() > 170 && cpus.iter().all(|cpu| (1.0..25.0).contains(cpu)), "{id}: {cpus:?}");
    }
    assert!(newest(&world, FIRST, Measure::ReplicaLag) < 1.0);
    assert!(series(&world, PRIMARY, Measure::ReplicaLag, 600).is_empty(), "a primary has no lag");
    assert_eq!(world.toll, Toll::default());
}

#[test]
fn reads_asked_are_served_failed_or_waiting_whatever_happens() {
    for scenario in ["calm", "spike", "connections", "replica-lag"] {
        let mut world = world(scenario);
        for step in 0..40 {
            pass(&mut world, 60);
            match step {
                5 => drop(world.create_replica(&replica(SECOND))),
                25 => weigh(&mut world, &[(SECOND, 10)]),
                30 => drop(world.delete_instance(FIRST, true, None)),
                _ => {}
            }
            let all = databases(&world);
            let told = all.reads.served + all.reads.failed + all.waiting();
            assert!((all.reads.asked / told - 1.0).abs() < 1e-9, "{scenario} {step}: {:?}", all.reads);
        }
    }
}

#[test]
fn a_replica_is_created_backed_up_and_catches_up_and_a_deleted_one_goes() {
    let mut world = world("calm");
    let made = world.create_replica(&replica("Production-SoloSuccess-DB-replica-2")).unwrap();
    assert_eq!((made.id.as_str(), made.phase.as_str(), made.endpoint()), (SECOND, "creating", None));
    assert_eq!(databases(&world).replicas(PRIMARY).count(), 2);
    let mut seen = vec![("creating", 0)];
    for second in 1..3600 {
        pass(&mut world, 1);
        let status = databases(&world).instance(SECOND).unwrap().phase.as_str();
        if seen.last().unwrap().0 != status {
            seen.push((status, second));
        }
    }
    let words: Vec<&str> = seen.iter().map(|(status, _)| *status).collect();
    assert_eq!(words, ["creating", "backing-up", "available"]);
    assert!((300..2700).contains(&seen[1].1), "{seen:?}");
    let lag = series(&world, SECOND, Measure::ReplicaLag, 3600);
    assert!(lag[0] > 60.0, "it begins as far behind as its snapshot is old: {lag:?}");
    assert!(*lag.last().unwrap() < 1.0, "{lag:?}");
    assert!(lag.iter().position(|lag| *lag < 1.0).unwrap() >= 1, "and takes minutes: {lag:?}");

    assert!(world.delete_instance(SECOND, true, None).is_ok());
    pass(&mut world, 59);
    assert!(matches!(databases(&world).instance(SECOND).unwrap().phase, Phase::Deleting { .. }));
    pass(&mut world, 100);
    assert!(databases(&world).instance(SECOND).is_none());
    assert!(!series(&world, SECOND, Measure::Cpu, 1200).is_empty(), "its metrics stay");
    let messages: Vec<&str> = databases(&world).events.iter().map(|event| event.message.as_str()).collect();
    assert_eq!(messages, ["DB instance created", "Finished DB Instance backup", "DB instance deleted"]);
}

#[test]
fn half_of_replicas_take_twelve_minutes_and_one_in_twenty_twice_as_long() {
    let mut taken: Vec<i64> = (0..400)
        .map(|seed| {
            let mut all = Databases::new(&DatabaseOf::default(), seed, 0);
            let mut one = all.draft("x", "db.t3.medium", Some(PRIMARY), 0, 0);
            one.phase = Phase::Available;
            super::write::creating_seconds(one.seed)
        })
        .collect();
    taken.sort_unstable();
    assert!((600..840).contains(&taken[200]), "{}", taken[200]);
    assert!((1200..1800).contains(&taken[380]), "{}", taken[380]);
}

#[test]
fn reads_follow_the_weights_after_sync_and_ttl() {
    let mut world = world("spike");
    world.create_replica(&replica(SECOND)).unwrap();
    pass(&mut world, 3000);
    assert!(newest(&world, SECOND, Measure::Connections) < 5.0, "nobody asks it without a record");
    weigh(&mut world, &[(FIRST, 50), (SECOND, 150)]);
    pass(&mut world, 600);
    let connections = [FIRST, SECOND].map(|id| newest(&world, id, Measure::Connections) - 2.0);
    let share = connections[1] / (connections[0] + connections[1]);
    assert!((share - 0.75).abs() < 0.02, "{connections:?}");
    let iops = [FIRST, SECOND].map(|id| newest(&world, id, Measure::ReadIops) - 0.2);
    assert!((iops[1] / (iops[0] + iops[1]) - 0.75).abs() < 0.02, "{iops:?}");
}

#[test]
fn a_name_that_points_at_a_deleted_replica_fails_requests_until_it_is_mended() {
    let mut world = world("calm");
    world.delete_instance(FIRST, true, None).unwrap();
    pass(&mut world, 30);
    assert!((world.toll.failing - 0.8).abs() < 0.01, "all but what the primary answers: {:?}", world.toll);
    weigh(&mut world, &[(PRIMARY, 100)]);
    pass(&mut world, 180);
    assert!(world.toll.failing < 0.01, "{:?}", world.toll);
}

#[test]
fn pools_that_are_too_large_refuse_and_fewer_tasks_mend_it() {
    let mut world = world("connections");
    pass(&mut world, 1200);
    assert_eq!(world.lived[0].service.running(), 10);
    assert!((0.03..0.2).contains(&world.toll.failing), "{:?}", world.toll);
    assert!(newest(&world, PRIMARY, Measure::Connections) > 0.95 * 413.0);
    assert!(newest(&world, PRIMARY, Measure::Cpu) < 60.0);
}

#[test]
fn a_storm_makes_lag_that_outlives_it_and_the_service_goes_on() {
    let mut world = world("replica-lag");
    pass(&mut world, 360);
    assert!(databases(&world).instance(FIRST).unwrap().engine.replay.as_ref().unwrap().lag(world.now - 1, 0) > 5.0);
    pass(&mut world, 1140);
    let lag = newest(&world, FIRST, Measure::ReplicaLag);
    assert!((400.0..700.0).contains(&lag), "{lag}");
    assert!(newest(&world, FIRST, Measure::Cpu) < 50.0);
    assert_eq!(world.toll, Toll::default());
    pass(&mut world, 1200);
    assert!(newest(&world, FIRST, Measure::ReplicaLag) > 60.0);
    pass(&mut world, 600);
    assert!(newest(&world, FIRST, Measure::ReplicaLag) < 1.0);
}

#[test]
fn without_its_source_a_replica_stands_alone() {
    let mut world = world("calm");
    let refused = world.delete_instance(PRIMARY, true, None).unwrap_err();
    assert!(refused.to_string().starts_with("Cannot delete protected"), "{refused}");
    let unprotected = Modification { deletion_protection: Some(false), ..Modification::default() };
    world.modify_instance(PRIMARY, &unprotected).unwrap();
    world.delete_instance(PRIMARY, true, None).unwrap();
    pass(&mut world, 200);
    assert_eq!(databases(&world).instance(FIRST).unwrap().source, None);
    assert!(world.toll.failing > 0.99, "nobody takes writes: {:?}", world.toll);
}

#[test]
fn a_class_is_changed_at_once_or_waits() {
    let mut world = world("calm");
    let larger = Modification { class: Some("db.m6g.large".to_owned()), ..Modification::default() };
    assert_eq!(world.modify_instance(FIRST, &larger).unwrap().pending_class.as_deref(), Some("db.m6g.large"));
    let now = world.modify_instance(FIRST, &Modification { now: true, ..larger }).unwrap();
    assert_eq!((now.class.as_str(), now.phase.as_str()), ("db.t3.medium", "modifying"));
    let before = series(&world, FIRST, Measure::Cpu, 7200);
    pass(&mut world, 600);
    let one = databases(&world).instance(FIRST).unwrap();
    assert_eq!((one.class.as_str(), one.engine.max_connections), ("db.m6g.large", 854));
    let again = series(&world, FIRST, Measure::Cpu, 7800);
    assert_eq!(again[..60], before[..60], "what was is not rewritten");
}

#[test]
fn what_cannot_be_is_refused_in_awss_words() {
    let mut world = world("calm");
    let wish = |change: fn(&mut ReplicaWish)| {
        let mut wish = replica(SECOND);
        change(&mut wish);
        wish
    };
    for (wish, sentence) in [
        (wish(|one| one.id = "2nd".to_owned()), "The parameter DBInstanceIdentifier is not a valid identifier."),
        (wish(|one| one.id = "a--b".to_owned()), "The parameter DBInstanceIdentifier is not a valid identifier."),
        (wish(|one| one.source = "nobody".to_owned()), "The source instance could not be found: nobody"),
        (wish(|one| one.source = FIRST.to_owned()), "Automated backups are not enabled"),
        (wish(|one| one.id = FIRST.to_owned()), "DB instance already exists"),
        (wish(|one| one.class = Some("large".to_owned())), "Invalid DB Instance class: large"),
        (wish(|one| one.class = Some("db.t9.large".to_owned())), "RDS does not support creating"),
        (wish(|one| one.zone = Some("eu-west-1a".to_owned())), "Invalid availability zone: eu-west-1a"),
    ] {
        let refused = world.create_replica(&wish).unwrap_err().to_string();
        assert!(refused.starts_with(sentence), "{refused}");
    }
    for number in 2..=15 {
        world.create_replica(&replica(&format!("r{number}"))).unwrap();
    }
    let refused = world.create_replica(&replica("r16")).unwrap_err();
    assert!(matches!(refused, Refusal::QuotaExceeded(_)), "{refused}");
    for (id, skip, snapshot, sentence) in [
        ("nobody", true, None, "DBInstance nobody not found."),
        (FIRST, false, None, "FinalDBSnapshotIdentifier is required"),
        (FIRST, false, Some("s"), "FinalDBSnapshotIdentifier can not be specified when deleting a replica"),
    ] {
        let refused = world.delete_instance(id, skip, snapshot).unwrap_err().to_string();
        assert!(refused.starts_with(sentence), "{refused}");
    }
    world.delete_instance(FIRST, true, None).unwrap();
    let refused = world.delete_instance(FIRST, true, None).unwrap_err().to_string();
    assert!(refused.ends_with("is already being deleted."), "{refused}");
}

#[test]
fn the_same_writes_make_the_same_world_however_often_it_is_read() {
    let lived = |seed: u64, read: bool| {
        let mut world = World::new(&Scenario::builtin("spike").unwrap(), seed, DEFAULT_START);
        for step in 0..30 {
            pass(&mut world, 60);
            match step {
                2 => drop(world.create_replica(&replica(SECOND)).unwrap()),
                22 => weigh(&mut world, &[(FIRST, 10), (SECOND, 20)]),
                _ => {}
            }
            if read {
                assert!(!series(&world, FIRST, Measure::Cpu, 600).is_empty());
            }
        }
        (world.trace_hash(), format!("{:?}", databases(&world).instances))
    };
    assert!(lived(1, false) == lived(1, true));
    assert!(lived(1, false).0 != lived(2, false).0);
}

#[test]
fn broken_replication_is_minus_one() {
    let scenario = Scenario::builtin("calm").unwrap();
    let database = DatabaseOf { breaks: vec![120], ..DatabaseOf::default() };
    let mut world = World::new(&Scenario { database, ..scenario }, 1, DEFAULT_START);
    pass(&mut world, 600);
    assert!(databases(&world).instance(FIRST).unwrap().replication_broken());
    assert!((newest(&world, FIRST, Measure::ReplicaLag) + 1.0).abs() < f64::EPSILON);
}
