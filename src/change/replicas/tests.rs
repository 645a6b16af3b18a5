//! Replicas that come and go in their order, and what is never done.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::change::scene::Scene;
use crate::change::sequence::Next;
use crate::change::step::Step;
use crate::change::{Tier, guard, preview, undo};
use crate::platform::{
    Database, Engine, Environment, InstanceStatus, MetricId, MetricKey, ReaderName, ReaderRecord, Series, Source,
};
use crate::policy::Advice;

const ADDRESS: &str = "x.us-east-1.rds.amazonaws.com";

fn instance(id: &str, of: Option<&str>, now: Timestamp) -> Database {
    Database {
        id: DatabaseId::new(id),
        replica_of: of.map(DatabaseId::new),
        replicas: Vec::new(),
        class: "db.t3.medium".to_owned(),
        engine: Engine::Postgres,
        status: InstanceStatus("available".to_owned()),
        created: Some(now - SignedDuration::from_hours(24)),
        replication: None,
        backup_days: 7,
        deletion_protection: of.is_none(),
        multi_az: true,
        storage_gib: 100,
        max_connections: None,
        endpoint: Some(format!("{id}.{ADDRESS}")),
        learnt: now,
    }
}

/// A primary with two replicas, each with a weight of ten.
struct Databases(Scene);

impl Databases {
    fn new() -> Self {
        let mut scene = Scene::web().source(Source::Databases).source(Source::ReaderName);
        let now = scene.now;
        let mut primary = instance("db", None, now);
        primary.replicas = ["db-replica-1", "db-replica-2"].map(DatabaseId::new).to_vec();
        for database in [primary, instance("db-replica-1", Some("db"), now), instance("db-replica-2", Some("db"), now)]
        {
            scene.platform.databases.insert(database.id.clone(), Arc::new(database));
        }
        let record = |n: u32| {
            let id = format!("db-replica-{n}");
            let value = format!("{id}.{ADDRESS}");
            ReaderRecord { set: id.clone(), database: Some(DatabaseId::new(&id)), value, weight: 10, ttl_s: 30 }
        };
        let records = vec![record(1), record(2)];
        let name = ReaderName { name: "reader.db".to_owned(), zone: "Z1".to_owned(), records, learnt: now };
        scene.platform.reader_name = Some(Arc::new(name));
        Self(scene)
    }

    fn edit(mut self, id: &str, edit: impl FnOnce(&mut Database)) -> Self {
        edit(Arc::make_mut(self.0.platform.databases.get_mut(&DatabaseId::new(id)).unwrap()));
        self
    }

    fn records(mut self, edit: impl FnOnce(&mut Vec<ReaderRecord>)) -> Self {
        edit(&mut Arc::make_mut(self.0.platform.reader_name.as_mut().unwrap()).records);
        self
    }

    fn metric(mut self, id: &str, metric: MetricId, value: f64, now: Timestamp) -> Self {
        let mut series = Series::default();
        series.merge((0..10).map(|back| (now - SignedDuration::from_mins(back), value)));
        self.0.platform.series.insert(MetricKey::database(&DatabaseId::new(id), metric), Arc::new(series));
        self
    }

    fn plan(&self, change: Change) -> Result<Plan, Impossible> {
        self.0.plan(change)
    }

    fn add(&self) -> Change {
        one_more(&self.0.platform, &policy(), &primary()).unwrap()
    }
}

fn policy() -> Policy {
    Policy::of_spec(Environment::Production)
}

fn primary() -> DatabaseId {
    DatabaseId::new("db")
}

fn remove(id: &str) -> Change {
    Change::RemoveReplica { primary: primary(), replica: DatabaseId::new(id) }
}

fn weight(set: &str, to: u8) -> Change {
    Change::Weight { primary: primary(), set: set.to_owned(), to }
}

#[test]
fn a_new_replica_is_named_by_the_pattern_and_weighed_as_the_others_are() {
    let change = Databases::new().add();
    let expected = Change::AddReplica {
        primary: primary(),
        replica: DatabaseId::new("db-replica-3"),
        class: "db.t3.medium".to_owned(),
        zone: None,
        weight: Some(10),
    };
    assert_eq!(change, expected);
    assert_eq!(one_fewer(&Databases::new().0.platform, &primary()), Some(remove("db-replica-2")));
}

#[test]
fn what_is_never_done_has_its_sentence() {
    let source = || Databases::new().edit("db-replica-2", |one| one.replicas = vec![DatabaseId::new("deeper")]);
    let protected = Databases::new().edit("db-replica-2", |one| one.deletion_protection = true);
    let lonely = Databases::new().records(|records| records[1].weight = 0);
    let add = Databases::new().add();
    let table = [
        (source().plan(remove("db-replica-2")), "db-replica-2 is a source itself: a source is never deleted"),
        (Databases::new().plan(remove("db")), "db has no replica db"),
        (
            protected.plan(remove("db-replica-2")),
            "db-replica-2 is protected against deletion: that is somebody's decision",
        ),
        (
            lonely.plan(weight("db-replica-1", 0)),
            "every weight would be 0: Route 53 then answers with all of them alike",
        ),
        (Databases::new().plan(weight("nobody", 3)), "the reader name has no record nobody"),
        (
            Databases::new().edit("db", |one| one.backup_days = 0).plan(add.clone()),
            "db keeps no backups: AWS makes no replica of it before it does",
        ),
        (
            Databases::new().edit("db", |one| one.status = InstanceStatus("rebooting".to_owned())).plan(add.clone()),
            "db is rebooting: AWS makes a replica only of one that is available",
        ),
    ];
    for (plan, sentence) in table {
        assert_eq!(plan.unwrap_err().to_string(), sentence);
    }
    assert_eq!(one_fewer(&source().0.platform, &primary()), Some(remove("db-replica-1")), "never the source");
}

#[test]
fn what_is_asked_and_what_no_answer_makes_possible() {
    let both = Databases::new();
    let tier = |databases: &Databases, change| guard::tier(&databases.plan(change).unwrap(), &policy());
    assert_eq!(tier(&both, both.add()), Tier::TypeCount(3));
    assert_eq!(tier(&both, remove("db-replica-2")), Tier::TypeName("db-replica-2".to_owned()));
    assert_eq!(tier(&both, weight("db-replica-1", 12)), Tier::TypeCount(12));
    assert_eq!(tier(&both, weight("db-replica-1", 0)), Tier::TypeName("db".to_owned()));
    let failed = Databases::new().edit("db-replica-1", |one| one.status = InstanceStatus("failed".to_owned()));
    let never = Tier::Never("0 would be left, and the policy's least is 1".to_owned());
    assert_eq!(tier(&failed, remove("db-replica-2")), never);
}

#[test]
fn a_replica_gets_reads_only_once_it_has_caught_up() {
    let databases = Databases::new();
    let plan = databases.plan(databases.add()).unwrap();
    let now = databases.0.now;
    let before = Some((now, now));
    let steps: Vec<String> = plan.steps().iter().map(Step::what).collect();
    assert_eq!(steps, ["create db-replica-3", "set the weight of db-replica-3 to 10"]);
    let next = |databases: &Databases| plan.next(1, before, &databases.0.platform, now);
    assert_eq!(next(&databases), Next::Wait("db-replica-3 is not described yet".to_owned()));
    let made = |status: &str| {
        let mut databases = Databases::new();
        let mut new = instance("db-replica-3", Some("db"), now);
        new.status = InstanceStatus(status.to_owned());
        databases.0.platform.databases.insert(new.id.clone(), Arc::new(new));
        databases
    };
    assert_eq!(next(&made("creating")), Next::Wait("db-replica-3 is creating".to_owned()));
    assert!(matches!(next(&made("incompatible-network")), Next::Never(_)));
    assert_eq!(next(&made("available")), Next::Wait("the lag of db-replica-3 is not known yet".to_owned()));
    let lagging = |lag| made("available").metric("db-replica-3", MetricId::ReplicaLag, lag, now);
    assert_eq!(next(&lagging(40.0)), Next::Wait("db-replica-3 is 40 s behind".to_owned()));
    assert_eq!(next(&lagging(-1.0)), Next::Wait("the replication of db-replica-3 is broken".to_owned()));
    let sent = |next| matches!(next, Next::Send(Step::PutRecord { record, .. }) if record.value == format!("db-replica-3.{ADDRESS}"));
    assert!(sent(next(&lagging(0.4))));
    assert!(sent(next(&lagging(40.0).metric("db", MetricId::WriteIops, 0.0, now))), "idle lag is none");
}

#[test]
fn a_replica_is_drained_before_it_is_deleted() {
    let databases = Databases::new();
    let plan = databases.plan(remove("db-replica-2")).unwrap();
    let now = databases.0.now;
    let steps: Vec<String> = plan.steps().iter().map(Step::what).collect();
    assert_eq!(steps, ["remove the record db-replica-2", "delete db-replica-2"]);
    let drained = |connections| {
        let databases = Databases::new().records(|records| records.truncate(1));
        databases.metric("db-replica-2", MetricId::DatabaseConnections, connections, now)
    };
    let after = |seconds, databases: &Databases| {
        let answered = now - SignedDuration::from_secs(seconds);
        plan.next(1, Some((answered, answered)), &databases.0.platform, now)
    };
    assert_eq!(after(100, &databases), Next::Wait("the reader name still points at db-replica-2".to_owned()));
    assert_eq!(after(80, &drained(0.0)), Next::Wait("resolvers forget the record in 10 s".to_owned()));
    assert_eq!(after(90, &drained(7.0)), Next::Wait("db-replica-2 has 7 connections".to_owned()));
    assert_eq!(after(90, &drained(1.0)), Next::Send(Step::DeleteReplica { replica: DatabaseId::new("db-replica-2") }));
    assert!(matches!(after(901, &drained(1.0)), Next::Never(_)), "fifteen minutes later it is confirmed anew");
    let other_gone =
        Databases(drained(1.0).0).edit("db-replica-1", |one| one.status = InstanceStatus("deleting".to_owned()));
    assert!(matches!(after(90, &other_gone), Next::Never(_)), "somebody has taken another one away");
}

#[test]
fn the_last_record_is_pointed_at_the_primary_instead_of_going() {
    let databases = Databases::new().records(|records| records.truncate(1));
    let plan = databases.plan(remove("db-replica-1")).unwrap();
    match &plan.steps()[0] {
        Step::PutRecord { record, .. } => {
            assert_eq!((record.value.as_str(), record.weight), (format!("db.{ADDRESS}").as_str(), 10));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_taken_back() {
    let databases = Databases::new();
    let back = |plan: &Plan, then: &Databases| {
        undo(plan, &then.0.platform, &Advice::default(), &Environment::Production, then.0.now)
    };
    let removed = databases.plan(remove("db-replica-2")).unwrap();
    let mut then = Databases::new().records(|records| records.truncate(1));
    then.0.platform.databases.remove(&DatabaseId::new("db-replica-2"));
    then = then.edit("db", |one| one.replicas.truncate(1));
    assert_eq!(back(&removed, &then).unwrap().brief(), "replica db-replica-2 gone → there");
    let weighed = databases.plan(weight("db-replica-1", 30)).unwrap();
    let then = Databases::new().records(|records| records[0].weight = 30);
    assert_eq!(back(&weighed, &then).unwrap().change, weight("db-replica-1", 10));
    let moved = Databases::new().records(|records| records[0].weight = 50);
    assert!(back(&weighed, &moved).unwrap_err().to_string().contains("undoing it would undo another one"));
}

#[test]
fn each_kind_in_its_preview() {
    let now = Databases::new().0.now;
    let databases = Databases::new()
        .metric("db-replica-1", MetricId::DatabaseCpu, 50.0, now)
        .metric("db-replica-2", MetricId::DatabaseCpu, 40.0, now)
        .metric("db-replica-2", MetricId::DatabaseConnections, 31.0, now)
        .edit("db", |one| one.multi_az = false);
    let shown: Vec<String> = [databases.add(), remove("db-replica-2"), weight("db-replica-1", 30)]
        .into_iter()
        .map(|change| {
            let plan = databases.plan(change).unwrap();
            let preview = preview(&plan, &databases.0.platform, &policy(), &Advice::default(), None, now);
            crate::change::preview::tests::text(&preview)
        })
        .collect();
    insta::assert_snapshot!(shown.join("\n\n"));
}
