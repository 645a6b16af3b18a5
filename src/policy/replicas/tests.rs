//! Known answers on a small database, one test a sentence of the spec or of the readings of it.

pub(crate) use super::scene::*;
use super::*;
use crate::platform::series::evidence_minute;
use crate::platform::{Fact, ReaderName, ReaderRecord, Reading};
use crate::policy::verdict::Direction;
use crate::policy::window::ago;

#[test]
fn the_primarys_cpu_above_70_for_ten_minutes_adds_a_replica() {
    let hot = |cpu, minutes| Scene::steady(2).held(DB, CPU, cpu, minutes).decision();
    assert_eq!(hot(70.1, 10), out(3, &[CPU]));
    assert_eq!(hot(70.0, 10), none(Reason::Steady), "at the threshold is not above it");
    assert_eq!(hot(70.1, 9), none(Reason::Filling { metric: CPU, held_s: 540, need_s: 600 }));
}

#[test]
fn a_replicas_cpu_adds_nothing() {
    assert_eq!(Scene::steady(2).held(&replica(1), CPU, 95.0, 30).decision(), none(Reason::Steady));
}

#[test]
fn connections_above_80_percent_of_any_instances_own_max_add_a_replica() {
    for name in [DB.to_owned(), replica(1)] {
        let busy = |connections| Scene::steady(2).held(&name, CONNECTIONS, connections, 10).decision();
        assert_eq!(busy(321.0), out(3, &[CONNECTIONS]), "{name}");
        assert_eq!(busy(320.0), none(Reason::Steady), "{name}");
    }
}

#[test]
fn lag_above_1_second_for_five_minutes_adds_a_replica() {
    let lagging = |lag, minutes| Scene::steady(2).held(&replica(2), LAG, lag, minutes);
    let verdict = lagging(1.1, 5).verdict();
    assert_eq!(verdict.decision, out(3, &[LAG]));
    assert!(verdict.notes.contains(&GroupNote::LagStays));
    assert_eq!(lagging(1.1, 4).decision(), none(Reason::Filling { metric: LAG, held_s: 240, need_s: 300 }));
    assert_eq!(lagging(1.0, 5).decision(), none(Reason::Steady));
}

#[test]
fn all_low_for_thirty_minutes_removes_the_newest_replica() {
    let verdict = Scene::idle(3).verdict();
    assert_eq!(verdict.decision, inward(2));
    assert_eq!(verdict.removes, Some(replica(3)));
    let newest = Scene::idle(3).with(&replica(1), |one| one.created = Some(ago(noon(), 7000)));
    assert_eq!(newest.verdict().removes, Some(replica(1)));
}

#[test]
fn one_replica_or_one_instances_connections_keep_all() {
    let low = |name: &str, metric, value| Scene::idle(2).newest(name, metric, &[None, None, Some(value)]).decision();
    for name in [replica(1), replica(2)] {
        assert_eq!(low(&name, CPU, 39.9), inward(1));
        assert_eq!(low(&name, CPU, 40.0), none(Reason::Steady));
    }
    for name in [DB.to_owned(), replica(1)] {
        assert_eq!(low(&name, CONNECTIONS, 159.9), inward(1));
        assert_eq!(low(&name, CONNECTIONS, 160.0), none(Reason::Steady));
    }
    assert_eq!(Scene::idle(2).flat(DB, CPU, 69.0).decision(), inward(1), "the primary's cpu has no say in this");
}

#[test]
fn one_missing_minute_is_bridged_out_and_two_in() {
    let holes = |of: usize, value: f64, holes: &[usize]| {
        let mut values = vec![Some(value); of];
        for back in holes {
            values[*back] = None;
        }
        values
    };
    let hot = |missing: &[usize]| Scene::steady(2).newest(DB, CPU, &holes(10, 75.0, missing)).decision();
    for back in [0, 4, 9] {
        assert_eq!(hot(&[back]), out(3, &[CPU]));
    }
    assert_eq!(hot(&[3, 6]), missing(&[CPU]));
    let low = |missing: &[usize]| Scene::idle(2).newest(&replica(1), CPU, &holes(30, 20.0, missing)).decision();
    assert_eq!(low(&[0, 29]), inward(1));
    assert_eq!(low(&[0, 13, 29]), missing(&[CPU]));
}

#[test]
fn an_out_trigger_whose_window_ended_in_the_last_thirty_minutes_keeps_all() {
    let asked = |back: usize| {
        let mut values = vec![Some(20.0); back];
        values.extend([Some(75.0); 10]);
        Scene::idle(2).newest(DB, CPU, &values).decision()
    };
    let until = crate::policy::window::evident_at(evidence_minute(noon()), 1);
    assert_eq!(asked(29), none(Reason::AskedLately { metric: CPU, until }));
    assert_eq!(asked(30), inward(1));
    let mut long = vec![Some(20.0); 5];
    long.extend([Some(75.0); 12]);
    let until = crate::policy::window::evident_at(evidence_minute(noon()), 25);
    let long = Scene::idle(2).newest(DB, CPU, &long).decision();
    assert_eq!(long, none(Reason::AskedLately { metric: CPU, until }), "counted from the newest of several");
    let mut hidden = vec![Some(20.0); 5];
    hidden.extend([Some(75.0), None, Some(75.0), None]);
    hidden.extend([Some(75.0); 6]);
    let hidden = Scene::idle(2).newest(DB, CPU, &hidden);
    assert_eq!(hidden.decision(), missing(&[CPU]), "two missing minutes may hide one");
}

#[test]
fn never_below_the_minimum_nor_above_the_maximum() {
    assert_eq!(Scene::idle(1).decision(), none(Reason::AtFloor));
    let full = Scene::steady(5).held(DB, CONNECTIONS, 390.0, 10);
    assert_eq!(full.decision(), none(Reason::AtCeiling { wanted: MemberCount(6) }));
    let above = Scene::idle(6).verdict();
    assert_eq!(above.decision, none(Reason::AboveCeiling));
    assert!(above.notes.contains(&GroupNote::AboveCeiling));
    let below = Scene::steady(0).gone(DB, CPU).gone(DB, CONNECTIONS).decision();
    assert_eq!(below, Decision::Out { to: MemberCount(1), reason: Reason::BelowFloor { floor: MemberCount(1) } });
}

#[test]
fn without_replicas_nothing_is_clear() {
    let mut scene = Scene::idle(0);
    scene.policy.replicas.min = 0;
    assert_eq!(scene.decision(), none(Reason::AtFloor));
}

#[test]
fn one_change_at_a_time() {
    let hot = || Scene::steady(2).held(DB, CPU, 75.0, 10);
    let flight = |starting, draining| none(Reason::InFlight { starting: MemberCount(starting), draining });
    assert_eq!(hot().status(&replica(2), "creating").decision(), flight(1, 0));
    assert_eq!(hot().status(&replica(2), "deleting").decision(), flight(0, 1));
    assert_eq!(hot().status(&replica(2), "rebooting").decision(), flight(0, 0));
    assert_eq!(hot().status(DB, "modifying").decision(), flight(0, 0));
    assert_eq!(Scene::idle(3).status(&replica(3), "modifying").decision(), flight(0, 0));
    let unseen = hot().with(DB, |primary| primary.replicas.push(DatabaseId::new("just-made")));
    assert_eq!(unseen.decision(), flight(1, 0), "named and not described: on its way");
    let elsewhere = "arn:aws:rds:eu-west-1:123456789012:db:far";
    let far = hot().with(DB, |primary| primary.replicas.push(DatabaseId::new(elsewhere)));
    assert_eq!(far.decision(), out(3, &[CPU]), "one in another region is not of this group");
    let last = Scene::steady(1).status(&replica(1), "creating");
    assert_eq!(last.decision(), flight(1, 0), "on its way counts towards the least");
}

#[test]
fn thirty_minutes_pass_between_two_changes() {
    let made = |seconds_ago| Scene::steady(2).with(&replica(2), |one| one.created = Some(ago(noon(), seconds_ago)));
    let waits = |direction, until, wanted| {
        none(Reason::Cooldown { direction, until: Some(after(noon(), until)), wanted: MemberCount(wanted) })
    };
    let hot = |seconds_ago| made(seconds_ago).held(DB, CPU, 75.0, 10).decision();
    assert_eq!(hot(1799), waits(Direction::Out, 1, 3));
    assert_eq!(hot(1800), out(3, &[CPU]));
    let settled = |seconds_ago| {
        let mut scene = Scene::idle(3);
        scene.platform.replica_counts.clear();
        scene.platform.sources.remove(&Source::Databases);
        scene.read(ago(noon(), seconds_ago));
        scene.read(noon());
        scene.decision()
    };
    assert_eq!(settled(1799), waits(Direction::In, 1, 2), "what was before the first reading is not known");
    assert_eq!(settled(1800), inward(2));
    let mut below = made(10).status(&replica(1), "failed").status(&replica(2), "failed");
    below.policy.replicas.max = 5;
    assert!(matches!(below.decision(), Decision::Out { reason: Reason::BelowFloor { .. }, .. }));
}

#[test]
fn a_hot_primary_with_idle_replicas_is_write_bound_after_one_was_added() {
    let hot = |replicas| Scene::idle(replicas).held(DB, CPU, 90.0, 10);
    assert_eq!(hot(1).decision(), out(2, &[CPU]), "the first is tried");
    assert_eq!(hot(2).decision(), blocked(Obstacle::WriteBound, 3));
    assert_eq!(hot(2).held(&replica(2), CPU, 40.0, 1).decision(), out(3, &[CPU]), "one of them has work");
    assert_eq!(hot(2).gone(&replica(2), CPU).decision(), out(3, &[CPU]), "what is unknown blocks nothing");
    assert_eq!(hot(2).held(DB, CONNECTIONS, 390.0, 10).decision(), out(3, &[CPU, CONNECTIONS]));
    let mut overridden = hot(2);
    overridden.policy.replicas.add_although_write_bound = true;
    assert_eq!(overridden.decision(), out(3, &[CPU]));
}

#[test]
fn broken_replication_is_never_taken_for_no_lag() {
    let broken = |scene: Scene| {
        let by = Obstacle::ReplicationBroken { member: replica(1) };
        assert_eq!(scene.decision(), blocked(by, 1));
    };
    broken(Scene::idle(2).newest(&replica(1), LAG, &[Some(0.0), Some(0.0), Some(0.0), Some(0.0), Some(-1.0)]));
    broken(Scene::idle(2).with(&replica(1), |one| one.replication.as_mut().unwrap().normal = false));
    assert_eq!(Scene::idle(2).newest(&replica(1), LAG, &[None; 5]).decision(), missing(&[LAG]));
}

#[test]
fn an_idle_postgres_reports_lag_that_is_none() {
    let idle = |writes| Scene::steady(2).flat(DB, WRITES, writes).flat(&replica(1), LAG, 240.0);
    assert_eq!(idle(1.0).decision(), out(3, &[LAG]), "one write a second is not idle");
    let verdict = idle(0.9).verdict();
    assert_eq!(verdict.decision, none(Reason::Steady));
    assert!(verdict.notes.contains(&GroupNote::IdleLag { member: replica(1), lag_s: 240.0 }));
    let mysql = idle(0.0).with(DB, |primary| primary.engine = Engine::Mysql);
    assert_eq!(mysql.decision(), out(3, &[LAG]), "only PostgreSQL reports it");
    assert_eq!(idle(0.0).gone(DB, WRITES).decision(), out(3, &[LAG]), "what is unknown is not idle");
    let woken = idle(0.0).newest(DB, WRITES, &[Some(500.0)]).decision();
    let filling = Reason::Filling { metric: LAG, held_s: 60, need_s: 300 };
    assert_eq!(woken, none(filling), "the first writes do not make a breach of the idle minutes before");
}

#[test]
fn a_failed_replica_counts_towards_the_most_and_not_the_least() {
    let failed = |replicas: u32| Scene::idle(replicas).status(&replica(1), "failed");
    let by = || Obstacle::MemberNotServing { member: replica(1), status: "failed".to_owned() };
    assert_eq!(failed(3).decision(), blocked(by(), 2));
    assert_eq!(failed(2).decision(), none(Reason::AtFloor));
    let floor = Reason::BelowFloor { floor: MemberCount(1) };
    assert_eq!(failed(1).decision(), Decision::Out { to: MemberCount(2), reason: floor });
    let full = failed(5).held(DB, CONNECTIONS, 390.0, 10).decision();
    assert_eq!(full, none(Reason::AtCeiling { wanted: MemberCount(6) }));
    assert_eq!(failed(1).status(&replica(1), "stopped").verdict().members.failed, MemberCount(1));
}

#[test]
fn sources_and_protected_replicas_are_never_deleted() {
    let source = Scene::idle(2).with(&replica(2), |one| one.replicas.push(DatabaseId::new("its-own")));
    assert_eq!(source.verdict().removes, Some(replica(1)));
    let both = source.with(&replica(1), |one| one.deletion_protection = true);
    assert_eq!(both.decision(), blocked(Obstacle::NothingDeletable, 1));
}

#[test]
fn of_one_age_the_greater_number_goes_first() {
    assert_eq!(Scene::idle(5).with(&replica(5), |one| one.created = None).verdict().removes, Some(replica(4)));
    let mut ten = Scene::idle(10);
    ten.policy.replicas.max = 12;
    assert_eq!(ten.verdict().removes, Some(replica(10)));
}

#[test]
fn what_aws_would_refuse_is_not_asked_for() {
    let hot = || Scene::steady(2).held(DB, CPU, 75.0, 10);
    assert_eq!(hot().with(DB, |primary| primary.backup_days = 0).decision(), blocked(Obstacle::NoBackups, 3));
    let missing = Scene::steady(2).gone(DB, CPU).with(DB, |primary| primary.backup_days = 0);
    assert_eq!(missing.decision(), none(Reason::Steady), "what is missing could not change that");
    let by = Obstacle::PrimaryNotServing { status: "storage-full".to_owned() };
    assert_eq!(Scene::steady(0).status(DB, "storage-full").decision(), blocked(by, 1));
    assert_eq!(hot().status(DB, "stopped").decision(), none(Reason::Stopped));
}

#[test]
fn the_most_connections_are_the_policys_then_the_parameters_then_an_estimate() {
    let share = |scene: &Scene| {
        let verdict = scene.verdict();
        let own = verdict.evidence.iter().find(|one| one.member == DB && one.metric == CONNECTIONS).unwrap().clone();
        (own.share_of, own.value)
    };
    let parameter = Scene::steady(2);
    assert_eq!(share(&parameter), (Some(Share { max: 400, known: Known::Parameter }), Some(50.0)));
    let mut told = parameter.clone();
    told.policy.replicas.max_connections = BTreeMap::from([(DatabaseId::new(DB), 1000)]);
    assert_eq!(share(&told), (Some(Share { max: 1000, known: Known::Policy }), Some(20.0)));
    let estimated = parameter.clone().with(DB, |primary| primary.max_connections = None);
    assert_eq!(share(&estimated).0, Some(Share { max: 413, known: Known::Estimated }));
    let unknown = estimated.with(DB, |primary| primary.class = "db.x1e.xlarge".to_owned());
    assert_eq!(share(&unknown), (None, None));
    assert_eq!(unknown.decision(), missing(&[CONNECTIONS]), "without the most there is no share");
    let zero = parameter.with(DB, |primary| primary.max_connections = Some(0));
    assert_eq!(share(&zero), (None, None));
}

#[test]
fn missing_data_could_change_the_answer_or_not() {
    assert_eq!(Scene::steady(2).gone(DB, CPU).decision(), missing(&[CPU]));
    let full = Scene::steady(5).gone(DB, CPU);
    assert_eq!(full.decision(), none(Reason::Steady), "there is no room for more, and connections keep what is there");
    let mut blind = Scene::steady(5);
    blind.platform.series.clear();
    assert_eq!(blind.decision(), missing(&[CPU, CONNECTIONS, LAG]));
    let hot = Scene::steady(2).held(DB, CPU, 75.0, 10).gone(&replica(1), LAG).gone(&replica(1), CPU);
    assert_eq!(hot.decision(), out(3, &[CPU]), "what is unknown never vetoes one more");
}

#[test]
fn a_policy_that_names_no_primary_governs_those_with_a_replica() {
    let all = |replicas| {
        let mut scene = Scene::steady(replicas);
        scene.policy.replicas.primaries.clear();
        scene
    };
    assert_eq!(all(0).decision(), none(Reason::NotManaged));
    assert_eq!(all(1).decision(), none(Reason::AtFloor));
    let mut other = Scene::steady(1);
    other.policy.replicas.primaries = vec![DatabaseId::new("another")];
    assert_eq!(other.decision(), none(Reason::NotManaged));
    let aurora = Scene::steady(1).with(DB, |primary| primary.engine = Engine::from_word("aurora-postgresql"));
    assert_eq!(aurora.decision(), none(Reason::NotManaged));
}

#[test]
fn stale_counts_allow_no_answer() {
    let mut stale = Scene::steady(2).held(DB, CPU, 75.0, 10);
    stale.now = after(noon(), 61);
    let reason = Reason::Stale { source: Source::Databases, learnt: Some(noon()) };
    assert_eq!(stale.decision(), Decision::CannotTell { reason });
    stale.platform.sources.clear();
    let reason = Reason::Stale { source: Source::Databases, learnt: None };
    assert_eq!(stale.decision(), Decision::CannotTell { reason });
}

#[test]
fn a_replica_that_is_sent_nothing_is_pointed_out() {
    let mut scene = Scene::steady(2);
    let record = |number, weight| ReaderRecord {
        value: String::new(),
        set: replica(number),
        database: Some(DatabaseId::new(replica(number))),
        weight,
        ttl_s: 30,
    };
    let name = ReaderName {
        name: "reader".to_owned(),
        zone: String::new(),
        records: vec![record(1, 10), record(2, 0)],
        learnt: noon(),
    };
    let fact = Fact::ReaderName(Some(name));
    scene.platform.apply(Reading { source: Source::ReaderName, asked: noon(), cadence_s: 60, fact }, noon());
    assert_eq!(scene.verdict().notes, [GroupNote::NoReads { member: replica(2) }]);
}

#[test]
fn a_verdict_is_told_in_words() {
    let told = |scene: &Scene| {
        let verdict = scene.verdict();
        std::iter::once(verdict.sentence()).chain(verdict.evidence_lines()).collect::<Vec<_>>().join("\n")
    };
    let single = Scene::steady(1).held(DB, CPU, 82.0, 10).with(DB, |primary| {
        (primary.multi_az, primary.max_connections, primary.class) = (false, None, "db.r5.large".to_owned());
    });
    insta::assert_snapshot!(told(&single), @"
    add a replica: 1 → 2
    production-solosuccess-db cpu 82 % > 70 % held 10m of 10m
    production-solosuccess-db connections 11 % of 1741 (est.), under 40 % for 30m of 30m
    production-solosuccess-db-replica-1 cpu 55 %, not under 40 %
    production-solosuccess-db-replica-1 connections 50 % of 400, not under 40 %
    production-solosuccess-db-replica-1 lag 0 s, limit 1 s
    floor 1 (the policy's minimum), ceiling 5
    making a replica holds up the primary's disk for about a minute: it has no standby
    a new replica would be db.t3.medium, its source is db.r5.large
    next 12:01:00: no longer asks if the next minute is not above the threshold
    ");
    insta::assert_snapshot!(told(&Scene::idle(2)), @"
    remove a replica: 2 → 1, production-solosuccess-db-replica-2 goes
    production-solosuccess-db cpu 20 %, limit 70 %
    production-solosuccess-db connections 10 % of 400, under 40 % for 30m of 30m
    production-solosuccess-db-replica-1 cpu 20 %, under 40 % for 30m of 30m
    production-solosuccess-db-replica-1 connections 10 % of 400, under 40 % for 30m of 30m
    production-solosuccess-db-replica-1 lag 0 s, limit 1 s
    production-solosuccess-db-replica-2 cpu 20 %, under 40 % for 30m of 30m
    production-solosuccess-db-replica-2 connections 10 % of 400, under 40 % for 30m of 30m
    production-solosuccess-db-replica-2 lag 0 s, limit 1 s
    floor 1 (the policy's minimum), ceiling 5
    next 12:01:00: no longer asks if a metric reaches its threshold in the next minute
    ");
    insta::assert_snapshot!(told(&Scene::idle(2).held(DB, CPU, 90.0, 10)), @"
    2 → 3 is blocked: write-bound: the primary is hot while every replica idles, and each further one repeats its writes; a larger instance or fewer writes would help
    production-solosuccess-db cpu 90 % > 70 % held 10m of 10m
    production-solosuccess-db connections 10 % of 400, under 40 % for 30m of 30m
    production-solosuccess-db-replica-1 cpu 20 %, under 40 % for 30m of 30m
    production-solosuccess-db-replica-1 connections 10 % of 400, under 40 % for 30m of 30m
    production-solosuccess-db-replica-1 lag 0 s, limit 1 s
    production-solosuccess-db-replica-2 cpu 20 %, under 40 % for 30m of 30m
    production-solosuccess-db-replica-2 connections 10 % of 400, under 40 % for 30m of 30m
    production-solosuccess-db-replica-2 lag 0 s, limit 1 s
    floor 1 (the policy's minimum), ceiling 5
    ");
    insta::assert_snapshot!(told(&Scene::steady(2).held(DB, CPU, 75.0, 4).gone(&replica(1), LAG)), @"
    cannot tell: lag is missing
    production-solosuccess-db cpu above 70 % for 4m of 10m, mean 71 %
    production-solosuccess-db connections 50 % of 400, not under 40 %
    production-solosuccess-db-replica-1 cpu 55 %, not under 40 %
    production-solosuccess-db-replica-1 connections 50 % of 400, not under 40 %
    production-solosuccess-db-replica-1 lag is blind: no data
    production-solosuccess-db-replica-2 cpu 55 %, not under 40 %
    production-solosuccess-db-replica-2 connections 50 % of 400, not under 40 %
    production-solosuccess-db-replica-2 lag 0 s, limit 1 s
    floor 1 (the policy's minimum), ceiling 5
    ");
}
