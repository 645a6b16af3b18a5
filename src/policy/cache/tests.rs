//! Known answers on a small cache, one test a sentence of the spec or of the readings of it.

use std::sync::Arc;

use super::*;
use crate::platform::series::{evidence_minute, start_of};
use crate::platform::{CacheNodeId, CacheStatus, Environment, Fact, Reading, Series, Shard};
use crate::policy::replicas::tests::{blocked, inward, missing, none, noon, out};
use crate::policy::verdict::Direction;
use crate::policy::window::ago;
use crate::policy::{Policy, advise};

pub(crate) const CPU: MetricId = MetricId::CacheCpu;
pub(crate) const MEMORY: MetricId = MetricId::CacheMemory;
const ENGINE: MetricId = MetricId::CacheEngineCpu;
pub(crate) const CACHE: &str = "production-solosuccess-redis";

/// Minutes of history that a flat series gets.
const FLAT_MINUTES: usize = 120;

/// A cache, watched for two hours in which nothing moved.
#[derive(Debug, Clone)]
pub(crate) struct Scene {
    pub platform: Platform,
    pub policy: Policy,
    pub now: Timestamp,
    pub cache: Cache,
}

pub(crate) fn node(number: u32) -> String {
    format!("{CACHE}-{number:03}")
}

fn cache_node(number: u32, role: NodeRole) -> CacheNode {
    CacheNode {
        id: CacheNodeId::new(node(number)),
        role,
        status: CacheStatus("available".to_owned()),
        created: Some(ago(noon(), 86_400)),
    }
}

impl Scene {
    fn of(cluster_mode: bool, shards: Vec<Shard>) -> Self {
        let cache = Cache {
            id: CacheId::new(CACHE),
            status: CacheStatus("available".to_owned()),
            engine: "redis 7.1".to_owned(),
            cluster_mode,
            node_type: "cache.t3.medium".to_owned(),
            multi_az: true,
            automatic_failover: true,
            shards,
            learnt: noon(),
        };
        let mut scene = Self {
            platform: Platform::default(),
            policy: Policy::of_spec(Environment::Production),
            now: noon(),
            cache,
        };
        scene.read(ago(noon(), 7200));
        scene.read(noon());
        let names: Vec<_> = scene.cache.nodes().map(|node| node.id.to_string()).collect();
        names
            .iter()
            .fold(scene, |scene, name| scene.flat(name, CPU, 50.0).flat(name, MEMORY, 60.0).flat(name, ENGINE, 30.0))
    }

    /// So many nodes with cluster mode off, and every metric sits in the middle.
    pub fn steady(nodes: u32) -> Self {
        let role = |number| if number == 1 { NodeRole::Primary } else { NodeRole::Replica };
        let nodes = (1..=nodes).map(|number| cache_node(number, role(number))).collect();
        Self::of(false, vec![Shard { id: "0001".to_owned(), nodes }])
    }

    /// So many nodes with cluster mode off, and every metric has been low for hours.
    pub fn idle(nodes: u32) -> Self {
        Self::steady(nodes).all(20.0, 25.0)
    }

    /// So many shards of two nodes, with such a memory; cpu is low.
    pub fn shards(shards: u32, memory: f64) -> Self {
        let shard = |number: u32| Shard {
            id: format!("{number:04}"),
            nodes: [2 * number - 1, 2 * number].map(|number| cache_node(number, NodeRole::Untold)).to_vec(),
        };
        Self::of(true, (1..=shards).map(shard).collect()).all(20.0, memory)
    }

    /// CPU and memory of every node, flat.
    pub fn all(self, cpu: f64, memory: f64) -> Self {
        let names: Vec<_> = self.cache.nodes().map(|node| node.id.to_string()).collect();
        names.iter().fold(self, |scene, name| scene.flat(name, CPU, cpu).flat(name, MEMORY, memory))
    }

    pub fn staging(mut self) -> Self {
        self.policy = Policy::of_spec(Environment::Staging);
        self
    }

    pub fn read(&mut self, asked: Timestamp) {
        let read = |source, fact| Reading { source, asked, cadence_s: 30, fact };
        self.platform.apply(read(Source::Caches, Fact::Caches(vec![self.cache.clone()])), asked);
        self.platform.apply(read(Source::Metrics, Fact::Metrics(vec![])), asked);
    }

    /// Changes the cache as the newest reading shows it, without a change in the history.
    pub fn with(mut self, change: impl FnOnce(&mut Cache)) -> Self {
        change(&mut self.cache);
        self.platform.caches.insert(self.cache.id.clone(), Arc::new(self.cache.clone()));
        self
    }

    pub fn node(self, number: usize, change: impl FnOnce(&mut CacheNode)) -> Self {
        self.with(|cache| change(cache.shards.iter_mut().flat_map(|shard| &mut shard.nodes).nth(number - 1).unwrap()))
    }

    pub fn status(self, number: usize, word: &str) -> Self {
        self.node(number, |node| node.status = CacheStatus(word.to_owned()))
    }

    pub fn flat(self, name: &str, metric: MetricId, value: f64) -> Self {
        self.minutes(name, metric, &[Some(value); FLAT_MINUTES])
    }

    /// Values of the evidence minutes, newest first, in place of what was there.
    pub fn minutes(mut self, name: &str, metric: MetricId, newest_first: &[Option<f64>]) -> Self {
        let newest = evidence_minute(self.now);
        let mut series = Series::default();
        let points = newest_first.iter().enumerate();
        series.merge(points.filter_map(|(back, value)| Some((start_of(newest - back as i64), (*value)?))));
        self.platform.series.insert(MetricKey::cache_node(&CacheNodeId::new(name), metric), Arc::new(series));
        self
    }

    /// The first values of a metric of a node, newest first, over what is there; `None` takes a minute away.
    pub fn newest(self, number: u32, metric: MetricId, newest_first: &[Option<f64>]) -> Self {
        let newest = evidence_minute(self.now);
        let key = MetricKey::cache_node(&CacheNodeId::new(node(number)), metric);
        let known = self.platform.series.get(&key).cloned().unwrap_or_default();
        let mut values: Vec<_> = (0..FLAT_MINUTES).map(|back| known.at(newest - back as i64)).collect();
        values[..newest_first.len()].copy_from_slice(newest_first);
        self.minutes(&node(number), metric, &values)
    }

    pub fn held(self, number: u32, metric: MetricId, value: f64, minutes: usize) -> Self {
        self.newest(number, metric, &vec![Some(value); minutes])
    }

    pub fn verdict(&self) -> GroupVerdict {
        advise(&self.platform, &self.policy, self.now).caches.remove(&self.cache.id).unwrap()
    }

    pub fn decision(&self) -> Decision<MemberCount> {
        self.verdict().decision
    }
}

#[test]
fn memory_above_75_of_any_node_for_ten_minutes_adds_a_node() {
    let full = |memory, minutes| Scene::steady(3).held(2, MEMORY, memory, minutes).verdict();
    let verdict = full(75.1, 10);
    assert_eq!(verdict.decision, out(4, &[MEMORY]));
    assert_eq!(verdict.notes, [GroupNote::NoMemory], "a replica adds none");
    assert_eq!(full(75.0, 10).decision, none(Reason::Steady));
    let filling = Reason::Filling { metric: MEMORY, held_s: 540, need_s: 600 };
    assert_eq!(full(75.1, 9).decision, none(filling));
}

#[test]
fn cpu_above_70_of_any_node_for_ten_minutes_adds_a_node() {
    let busy = |cpu, minutes| Scene::steady(3).held(1, CPU, cpu, minutes).verdict();
    let verdict = busy(70.1, 10);
    assert_eq!((verdict.decision, verdict.notes), (out(4, &[CPU]), vec![]));
    assert_eq!(busy(70.0, 10).decision, none(Reason::Steady));
    assert_eq!(busy(70.1, 9).decision, none(Reason::Filling { metric: CPU, held_s: 540, need_s: 600 }));
}

#[test]
fn the_engines_own_cpu_is_shown_and_decides_nothing() {
    let verdict = Scene::steady(2).held(1, ENGINE, 99.0, 60).verdict();
    assert_eq!(verdict.decision, none(Reason::AtFloor));
    let engine = verdict.evidence.iter().find(|one| one.metric == ENGINE && one.member == node(1)).unwrap();
    assert_eq!((engine.value, engine.out, engine.clear), (Some(99.0), None, None));
    assert_eq!(Scene::idle(3).minutes(&node(1), ENGINE, &[]).decision(), inward(2), "nor does its absence");
}

#[test]
fn every_node_low_on_both_for_thirty_minutes_removes_the_newest_replica() {
    let verdict = Scene::idle(4).verdict();
    assert_eq!((verdict.decision, verdict.removes), (inward(3), Some(node(4))));
    let newer = Scene::idle(4).node(2, |node| node.created = Some(ago(noon(), 7200)));
    assert_eq!(newer.verdict().removes, Some(node(2)));
    let primary = Scene::idle(4).node(1, |node| node.created = Some(ago(noon(), 7200)));
    assert_eq!(primary.verdict().removes, Some(node(4)), "never the primary");
    for (number, metric) in [(1, CPU), (4, CPU), (1, MEMORY), (4, MEMORY)] {
        let low = |value| Scene::idle(4).newest(number, metric, &[None, None, Some(value)]).decision();
        assert_eq!(low(39.9), inward(3));
        assert_eq!(low(40.0), none(Reason::Steady));
    }
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
    let busy = |missing: &[usize]| Scene::steady(3).newest(1, CPU, &holes(10, 75.0, missing)).decision();
    for back in [0, 5, 9] {
        assert_eq!(busy(&[back]), out(4, &[CPU]));
    }
    assert_eq!(busy(&[3, 6]), missing(&[CPU]));
    let low = |missing: &[usize]| Scene::idle(3).newest(2, MEMORY, &holes(30, 20.0, missing)).decision();
    assert_eq!(low(&[0, 29]), inward(2));
    assert_eq!(low(&[0, 13, 29]), missing(&[MEMORY]));
    assert_eq!(Scene::idle(3).minutes(&node(3), MEMORY, &[]).decision(), missing(&[MEMORY]));
}

#[test]
fn the_limits_are_2_and_6_nodes_and_1_and_2_in_staging() {
    assert_eq!(Scene::idle(2).decision(), none(Reason::AtFloor));
    let busy = |nodes| Scene::steady(nodes).held(1, CPU, 90.0, 10);
    assert_eq!(busy(6).decision(), none(Reason::AtCeiling { wanted: MemberCount(7) }));
    let floor = Reason::BelowFloor { floor: MemberCount(2) };
    assert_eq!(Scene::steady(1).decision(), Decision::Out { to: MemberCount(2), reason: floor });
    assert_eq!(busy(1).staging().decision(), out(2, &[CPU]));
    assert_eq!(busy(2).staging().decision(), none(Reason::AtCeiling { wanted: MemberCount(3) }));
    assert_eq!(Scene::idle(1).staging().decision(), none(Reason::AtFloor));
    let above = Scene::idle(3).staging().verdict();
    assert_eq!((above.decision, above.notes), (none(Reason::AboveCeiling), vec![GroupNote::AboveCeiling]));
}

#[test]
fn the_last_replica_goes_only_with_fail_over_off() {
    let off = |multi_az, automatic_failover| {
        let scene = Scene::idle(2).staging();
        scene.with(|cache| (cache.multi_az, cache.automatic_failover) = (multi_az, automatic_failover)).decision()
    };
    assert_eq!(off(false, false), inward(1));
    for (multi_az, automatic_failover) in [(true, true), (true, false), (false, true)] {
        assert_eq!(off(multi_az, automatic_failover), blocked(Obstacle::FailOver, 1));
    }
    assert_eq!(Scene::idle(3).decision(), inward(2), "with a replica left they may be on");
}

#[test]
fn one_change_at_a_time_and_thirty_minutes_between_two() {
    let busy = || Scene::steady(3).held(1, CPU, 90.0, 10);
    let flight = |starting, draining| none(Reason::InFlight { starting: MemberCount(starting), draining });
    assert_eq!(busy().status(3, "creating").decision(), flight(1, 0));
    assert_eq!(busy().status(3, "deleting").decision(), flight(0, 1));
    assert_eq!(busy().with(|cache| cache.status = CacheStatus("modifying".to_owned())).decision(), flight(0, 0));
    assert_eq!(Scene::idle(3).status(2, "snapshotting").decision(), flight(0, 0));
    let made = |seconds_ago| busy().node(3, |node| node.created = Some(ago(noon(), seconds_ago))).decision();
    let until = Some(after(noon(), 1));
    let waits = |direction, wanted| none(Reason::Cooldown { direction, until, wanted: MemberCount(wanted) });
    assert_eq!(made(1799), waits(Direction::Out, 4));
    assert_eq!(made(1800), out(4, &[CPU]));
    let settled = |seconds_ago| {
        let mut scene = Scene::idle(3);
        scene.platform.node_counts.clear();
        scene.platform.sources.remove(&Source::Caches);
        scene.read(ago(noon(), seconds_ago));
        scene.read(noon());
        scene.decision()
    };
    assert_eq!(settled(1799), waits(Direction::In, 2));
    assert_eq!(settled(1800), inward(2));
}

#[test]
fn with_cluster_mode_on_shards_are_counted_and_memory_is_projected() {
    let shards = |count, memory| Scene::shards(count, memory).verdict();
    let verdict = shards(3, 76.0);
    assert_eq!((verdict.decision, verdict.notes), (out(4, &[MEMORY]), vec![]), "a shard does add memory");
    let verdict = shards(4, 30.0);
    assert_eq!((verdict.decision, verdict.removes), (inward(3), Some("0004".to_owned())));
    assert_eq!(shards(3, 39.0).decision, inward(2), "58.5 % on two");
    let mut scene = Scene::shards(2, 39.0);
    scene.policy.cache.min = 1;
    assert_eq!(scene.decision(), none(Reason::WouldRebound { metric: MEMORY, projected: 78.0 }));
    let limit = |memory| {
        let mut scene = Scene::shards(2, memory);
        scene.policy.cache.min = 1;
        scene.decision()
    };
    assert_eq!(limit(35.62), inward(1), "71.24 % is under 75 % × 0.95");
    assert_eq!(limit(35.625), none(Reason::WouldRebound { metric: MEMORY, projected: 71.25 }));
    let mut last = Scene::shards(1, 10.0);
    last.policy.cache.min = 0;
    assert_eq!(last.decision(), none(Reason::LastTask));
}

#[test]
fn a_shard_serves_while_one_of_its_nodes_does() {
    let members = |scene: Scene| scene.verdict().members;
    let one = members(Scene::shards(3, 30.0).status(1, "create-failed"));
    assert_eq!((one.present, one.serving, one.failed), (MemberCount(3), MemberCount(3), MemberCount(0)));
    let both = members(Scene::shards(3, 30.0).status(1, "create-failed").status(2, "create-failed"));
    assert_eq!((both.present, both.serving, both.failed), (MemberCount(3), MemberCount(2), MemberCount(1)));
    let empty = members(Scene::shards(3, 30.0).with(|cache| cache.shards[0].nodes.clear()));
    assert_eq!(empty.failed, MemberCount(1));
}

#[test]
fn a_failed_node_counts_towards_the_most_and_keeps_the_rest() {
    let by = || Obstacle::MemberNotServing { member: node(2), status: "restore-failed".to_owned() };
    assert_eq!(Scene::idle(4).status(2, "restore-failed").decision(), blocked(by(), 3));
    let floor = Reason::BelowFloor { floor: MemberCount(2) };
    let below = Scene::idle(2).status(2, "restore-failed").decision();
    assert_eq!(below, Decision::Out { to: MemberCount(3), reason: floor });
    let untold = Scene::idle(3).with(|cache| cache.shards[0].nodes.iter_mut().for_each(|n| n.role = NodeRole::Untold));
    assert_eq!(untold.decision(), blocked(Obstacle::NothingDeletable, 2));
}

#[test]
fn a_cache_that_cannot_be_changed_says_so() {
    let status = |word: &str| {
        let cache = Scene::steady(3).held(1, CPU, 90.0, 10);
        cache.with(|cache| cache.status = CacheStatus(word.to_owned())).decision()
    };
    let by = Obstacle::PrimaryNotServing { status: "create-failed".to_owned() };
    assert_eq!(status("create-failed"), blocked(by, 4));
    assert_eq!(status("deleting"), none(Reason::Stopped));
}

#[test]
fn a_policy_governs_the_groups_it_names_or_all() {
    let mut named = Scene::idle(3);
    named.policy.cache.groups = vec![CacheId::new("another")];
    assert_eq!(named.decision(), none(Reason::NotManaged));
    named.policy.cache.groups.push(CacheId::new(CACHE));
    assert_eq!(named.decision(), inward(2));
}

#[test]
fn stale_counts_allow_no_answer() {
    let mut stale = Scene::idle(3);
    stale.now = after(noon(), 61);
    let reason = Reason::Stale { source: Source::Caches, learnt: Some(noon()) };
    assert_eq!(stale.decision(), Decision::CannotTell { reason });
    stale.platform.sources.clear();
    let reason = Reason::Stale { source: Source::Caches, learnt: None };
    assert_eq!(stale.decision(), Decision::CannotTell { reason });
}

#[test]
fn a_verdict_is_told_in_words() {
    let told = |scene: &Scene| {
        let verdict = scene.verdict();
        std::iter::once(verdict.sentence()).chain(verdict.evidence_lines()).collect::<Vec<_>>().join("\n")
    };
    insta::assert_snapshot!(told(&Scene::steady(2).held(1, MEMORY, 80.0, 12)), @"
    add a node: 2 → 3
    production-solosuccess-redis-001 memory 80 % > 75 % held 10m of 10m
    production-solosuccess-redis-001 cpu 50 %, not under 40 %
    production-solosuccess-redis-001 engine cpu 30 %
    production-solosuccess-redis-002 memory 60 %, not under 40 %
    production-solosuccess-redis-002 cpu 50 %, not under 40 %
    production-solosuccess-redis-002 engine cpu 30 %
    floor 2 (the policy's minimum), ceiling 6
    a replica adds no memory: every node holds all keys; a larger node type or shards would help
    next 12:01:00: no longer asks if the next minute is not above the threshold
    ");
    insta::assert_snapshot!(told(&Scene::shards(3, 20.0)), @"
    remove a shard: 3 → 2, 0003 goes
    production-solosuccess-redis-001 memory 20 %, under 40 % for 30m of 30m
    production-solosuccess-redis-001 cpu 20 %, under 40 % for 30m of 30m
    production-solosuccess-redis-001 engine cpu 30 %
    production-solosuccess-redis-002 memory 20 %, under 40 % for 30m of 30m
    production-solosuccess-redis-002 cpu 20 %, under 40 % for 30m of 30m
    production-solosuccess-redis-002 engine cpu 30 %
    production-solosuccess-redis-003 memory 20 %, under 40 % for 30m of 30m
    production-solosuccess-redis-003 cpu 20 %, under 40 % for 30m of 30m
    production-solosuccess-redis-003 engine cpu 30 %
    production-solosuccess-redis-004 memory 20 %, under 40 % for 30m of 30m
    production-solosuccess-redis-004 cpu 20 %, under 40 % for 30m of 30m
    production-solosuccess-redis-004 engine cpu 30 %
    production-solosuccess-redis-005 memory 20 %, under 40 % for 30m of 30m
    production-solosuccess-redis-005 cpu 20 %, under 40 % for 30m of 30m
    production-solosuccess-redis-005 engine cpu 30 %
    production-solosuccess-redis-006 memory 20 %, under 40 % for 30m of 30m
    production-solosuccess-redis-006 cpu 20 %, under 40 % for 30m of 30m
    production-solosuccess-redis-006 engine cpu 30 %
    floor 2 (the policy's minimum), ceiling 6
    next 12:01:00: no longer asks if a metric reaches its threshold in the next minute
    ");
}
