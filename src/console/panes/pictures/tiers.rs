//! The panes of the tiers: at every size, and with nothing, old, denied, hostile and very many things in them.

use std::sync::Arc;

use proptest::prelude::*;
use ratatui::layout::Rect;

use super::{SIZES, paint, picture_in, text};
use crate::console::panes::PANES;
use crate::console::scene::{Scene, ago, id, now, stories, task};
use crate::console::theme::Depth;
use crate::console::{Keymap, Look, Model, Pane, Theme, frame};
use crate::live::View;
use crate::platform::database::Replication;
use crate::platform::{CacheStatus, InstanceStatus, MetricId, Source, SourceState, TargetState};

const TIERS: [Pane; 4] = [Pane::Database, Pane::Cache, Pane::Balancer, Pane::Edge];

fn platform() -> Scene {
    stories::platform()
}

#[test]
fn every_tier_from_close_by_at_every_size() {
    for pane in TIERS {
        for size in SIZES {
            let name = format!("{}_{}x{}", pane.name(), size.0, size.1);
            insta::assert_snapshot!(name, picture_in(platform(), pane, size));
        }
    }
}

#[test]
fn trouble_in_a_tier_is_said_in_its_own_words() {
    let size = (140, 36);
    let told = |scene: Scene, pane: Pane, words: &[&str]| {
        let picture = picture_in(scene, pane, size);
        for words in words {
            assert!(picture.contains(words), "{words} in\n{picture}");
        }
    };
    let replica = "production-solosuccess-db-replica-1";
    let broken = platform()
        .instance(replica, |one| {
            one.replication = Some(Replication {
                status: "error".to_owned(),
                normal: false,
                message: "slot lost\u{1b}[2J".to_owned(),
            });
        })
        .db(replica, MetricId::ReplicaLag, |_| -1.0)
        .instance("production-solosuccess-db", |one| one.status = InstanceStatus("rebooting".to_owned()));
    told(broken, Pane::Database, &["rebooting", "broken"]);
    let redis = "production-solosuccess-redis";
    let moving = platform().cache(redis, |cache| {
        cache.status = CacheStatus("modifying".to_owned());
        cache.automatic_failover = false;
        cache.shards[0].nodes[1].status = CacheStatus("creating".to_owned());
    });
    told(moving, Pane::Cache, &["modifying", "creating"]);
    let bare = platform().cdn("E2QWRUHAPOMQZL", |one| {
        one.additional_metrics = Some(false);
        one.behaviors.iter_mut().for_each(|behavior| behavior.compress = false);
        one.origins.iter_mut().for_each(|origin| origin.shield = None);
    });
    told(
        bare,
        Pane::Edge,
        &["no subscription: hit rate and origin latency are blind", "origin shield   ▲ off, the policy says on"],
    );
}

/// A line of a pane: a label, and the words after it.
fn said_of<'p>(picture: &'p str, label: &str) -> &'p str {
    let line = picture.lines().find(|line| line.contains(label));
    let line = line.unwrap_or_else(|| panic!("{label} in\n{picture}"));
    line.split_once(label).map_or("", |(_, rest)| rest)
}

#[test]
fn the_database_dashboard_of_the_spec_shows_these_values() {
    let picture = picture_in(platform(), Pane::Database, (120, 40));
    let words = |label: &str| said_of(&picture, label).split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    for (label, wanted) in [
        ("│ status", "✓ available ✓ available ✓ available"),
        ("│ cpu", "49 % 31 % 31 %"),
        ("│ connections", "120/413 est. 29 % 60/413 est. 15 % 60/413 est. 15 %"),
        ("│ lag", "– 400 ms ▲ 6.35 s"),
        ("│ replication", "– ✓ replicating ✓ replicating"),
        ("│ reader weight", "– 100 67 % 50 33 %"),
        ("│ read latency", "1.2 ms 0.9 ms 0.9 ms"),
        ("│ write latency", "3.1 ms 2.4 ms 2.4 ms"),
        ("│ reads ", "420/s 650/s 650/s"),
        ("│ writes ", "180/s 175/s 175/s"),
        ("│ reads:writes *", "70 : 30 79 : 21 79 : 21"),
        ("│ conn. share *", "50 % 25 % 25 %"),
    ] {
        let wanted: Vec<&str> = wanted.split(' ').collect();
        assert_eq!(words(label)[..wanted.len()], wanted, "{label}");
    }
    assert!(picture.contains("* a proxy: disk operations and connections, not queries"), "{picture}");
}

#[test]
fn the_auto_scaling_dashboard_of_the_spec_shows_these_values() {
    let overview = picture_in(platform(), Pane::Overview, (200, 60));
    let row = said_of(&overview, "ecs   solosuccess-ai-service");
    assert!(row.trim_start().starts_with("6/6 "), "running of desired: {row}");
    assert!(overview.contains("cpu 81 % at 14:29 · solosuccess-ai-service"), "{overview}");
    assert!(overview.contains("memory 61 % at 14:29 · solosuccess-ai-service"), "{overview}");
    assert!(overview.contains("4 → 6  steady after 1m52s"), "{overview}");
    let balancer = picture_in(platform(), Pane::Balancer, (120, 40));
    assert!(
        balancer.contains("requests 2,480/min  a target 1,232/min  p50 120 ms  p95 322 ms  p99 880 ms"),
        "{balancer}"
    );
    assert!(balancer.contains("5XX by targets 34/min (1.4 %)  by the balancer 3/min (0.1 %)"), "{balancer}");
    assert!(balancer.contains("✓ 5 healthy  ▲ 1 unhealthy  » 1 draining"), "{balancer}");
    assert!(said_of(&balancer, "10.0.2.2:8080").contains("us-east-1c   ▲ unhealthy  Target.Timeout"), "{balancer}");
}

#[test]
fn the_edge_shows_what_it_answers_and_how_it_is_set_up() {
    let picture = picture_in(platform(), Pane::Edge, (80, 24));
    for (label, wanted) in [
        ("  requests ", "1,960/min"),
        ("  4XX ", "0.8 %"),
        ("  5XX ", "0.2 %"),
        ("  hit rate ", "94 %"),
        ("  origin latency ", "180 ms"),
        ("  monitoring ", "✓ subscription on"),
        ("  fails over ", "alb → alb-standby on 500, 502, 503, 504"),
        ("  price class ", "✓ PriceClass_All"),
    ] {
        assert!(said_of(&picture, label).trim_start().starts_with(wanted), "{label}\n{picture}");
    }
    let bare = platform().cdn("E2QWRUHAPOMQZL", |one| one.additional_metrics = Some(false));
    let mut scene = bare;
    scene.platform.series.retain(|key, _| !key.metric.is_additional());
    let picture = picture_in(scene, Pane::Edge, (80, 24));
    let absent = "not measurable without a monitoring subscription";
    assert!(said_of(&picture, "  hit rate ").contains(absent), "{picture}");
    assert!(said_of(&picture, "  requests ").contains("1,960/min"), "{picture}");
}

#[test]
fn a_cache_tells_of_no_traffic_evictions_and_shards() {
    let redis = "production-solosuccess-redis";
    let (node, shown) = ("production-solosuccess-redis-001", "…cess-redis-001 0001");
    let counts = [MetricId::CacheHits, MetricId::CacheMisses];
    let idle = ["001", "002"].into_iter().fold(platform(), |scene, number| {
        let node = format!("{redis}-{number}");
        counts.into_iter().fold(scene, |scene, metric| scene.node(&node, metric, |_| 0.0))
    });
    let picture = picture_in(idle, Pane::Cache, (200, 60));
    assert!(said_of(&picture, " hit rate ").starts_with("no traffic"), "no look-up is not 0 %\n{picture}");
    let full = platform().node(node, MetricId::Evictions, |_| 41.0).cache(redis, |cache| cache.cluster_mode = true);
    let picture = picture_in(full, Pane::Cache, (200, 60));
    assert!(said_of(&picture, shown).contains("▲ 41/min"), "{picture}");
}

#[test]
fn a_pane_without_anything_says_why() {
    let denied =
        |source, action: &str| Scene::empty().source(source, SourceState::Denied { action: action.to_owned() }, None);
    for (pane, source, action, none) in [
        (Pane::Database, Source::Databases, "rds:DescribeDBInstances", "no RDS instance"),
        (Pane::Cache, Source::Caches, "elasticache:DescribeReplicationGroups", "no ElastiCache replication group"),
        (Pane::Balancer, Source::Services, "ecs:DescribeServices", "no ECS service"),
        (Pane::Tasks, Source::Services, "ecs:DescribeServices", "no ECS service"),
        (Pane::Edge, Source::Distributions, "cloudfront:ListDistributions", "no CloudFront distribution"),
    ] {
        let picture = picture_in(denied(source, action), pane, (80, 24));
        assert!(picture.contains(&format!("denied: {action}")), "{pane:?}\n{picture}");
        let picture = picture_in(Scene::empty().source(source, SourceState::Waiting, None), pane, (80, 24));
        assert!(picture.contains(&format!("… reading the {source}")), "{pane:?}\n{picture}");
        let picture = picture_in(Scene::empty(), pane, (80, 24));
        assert!(picture.contains(none), "{pane:?}\n{picture}");
    }
}

#[test]
fn what_is_old_or_denied_says_so_beside_what_was_known() {
    for (pane, source, action) in [
        (Pane::Database, Source::Databases, "rds:DescribeDBInstances"),
        (Pane::Cache, Source::Caches, "elasticache:DescribeReplicationGroups"),
        (Pane::Balancer, Source::TargetHealth, "elasticloadbalancing:DescribeTargetHealth"),
        (Pane::Edge, Source::Distributions, "cloudfront:ListDistributions"),
    ] {
        let state = SourceState::Denied { action: action.to_owned() };
        let picture = picture_in(platform().source(source, state, Some(ago(240))), pane, (80, 24));
        assert!(picture.contains(&format!("▲ {source} denied: {action} ")), "{pane:?}\n{picture}");
        assert!(picture.contains(&format!("{source} 4m old")), "{pane:?}\n{picture}");
        let old = platform().source(source, SourceState::Live, Some(ago(240)));
        let picture = picture_in(old, pane, (80, 24));
        assert!(picture.contains(&format!("{source} 4m old")), "{pane:?}\n{picture}");
    }
}

#[test]
fn what_is_not_measured_is_a_question_mark_and_never_a_zero() {
    let mut scene = platform();
    scene.platform.series.clear();
    let (view, _) = scene.done();
    for (pane, label, wanted) in [
        (Pane::Database, "│ cpu", "? ? ?"),
        (Pane::Database, "│ connections", "? ? ?"),
        (Pane::Database, "│ conn. share *", "? ? ?"),
        (Pane::Cache, "redis-001 primary  ✓ available", "? ? ? ?"),
        (Pane::Balancer, "  requests ", "? a target ? p50 ? p95 ? p99 ?"),
        (Pane::Edge, "  hit rate", "?"),
    ] {
        let mut scene = platform();
        scene.platform.series.clear();
        let picture = picture_in(scene, pane, (120, 40));
        let words: Vec<&str> = said_of(&picture, label).split_whitespace().filter(|word| *word != "│").collect();
        let wanted: Vec<&str> = wanted.split(' ').collect();
        assert_eq!(words[..wanted.len().min(words.len())], wanted, "{pane:?} {label}\n{picture}");
    }
    assert!(view.alerts.iter().any(|alert| alert.blind), "and the alarms are blind");
}

#[test]
fn hostile_names_and_reasons_are_drawn_and_do_nothing() {
    let evil = "a\u{1b}[2J\u{202e}b";
    let scene = Scene::empty()
        .service("web", 2, (1, 5), 40.0)
        .targets("web", &[(TargetState::Unknown(evil.to_owned()), evil), (TargetState::Unhealthy, evil)])
        .primary(evil)
        .replica(evil, "r\u{1b}]0;owned\u{7}")
        .instance("r\u{1b}]0;owned\u{7}", |one| {
            one.status = InstanceStatus(evil.to_owned());
            one.replication = Some(Replication { status: evil.to_owned(), normal: false, message: evil.to_owned() });
        })
        .redis(evil, 2)
        .cache(evil, |cache| cache.engine = evil.to_owned())
        .distribution(evil)
        .cdn(evil, |one| (one.price_class, one.domain) = (evil.to_owned(), evil.to_owned()));
    let (view, mut model) = scene.done();
    for pane in TIERS {
        model.open(pane, &view.platform);
        let picture = drawn(&view, &model, (200, 40));
        let bad = picture.chars().find(|c| (c.is_control() && *c != '\n') || matches!(c, '\u{202e}' | '\u{200b}'));
        assert_eq!(bad, None, "{pane:?}");
        assert!(picture.contains("␛"), "{pane:?}\n{picture}");
    }
}

fn drawn(view: &View, model: &Model, size: (u16, u16)) -> String {
    let (theme, keymap) = (Theme::builtin("dark").unwrap().at(Depth::None), Keymap::default());
    let look = Look { theme: &theme, keymap: &keymap, now: now(), title: None, drill: false };
    text(&paint(view, model, &look, size))
}

#[test]
fn tasks_that_ask_why_stand_on_top_and_the_rest_is_scrolled_to() {
    let mut scene = platform();
    let tasks = (0..40).map(|number| task(number, "RUNNING", None));
    let stopped = task(40, "STOPPED", Some("OutOfMemoryError: Container killed due to memory usage"));
    let all: Vec<_> = tasks.chain([stopped]).collect();
    let last = all[39].id.as_str()[..8].to_owned();
    scene.platform.tasks.insert(id("solosuccess-ai-service"), Arc::new(all));
    let (view, mut model) = scene.done();
    let (theme, keymap) = (Theme::builtin("dark").unwrap(), Keymap::default());
    let look = Look { theme: &theme, keymap: &keymap, now: now(), title: None, drill: false };
    model.open(Pane::Tasks, &view.platform);
    for size in SIZES {
        let body = frame::plan(&view, &model, Rect::new(0, 0, size.0, size.1)).body;
        model.set_extent(frame::extent(&view, &model, &look, body));
        model.step(isize::MIN);
        let before = drawn(&view, &model, size);
        assert!(said_of(&before, "stopped       –").contains("OutOfMemory"), "{before}");
        model.step(isize::MAX);
        let after = drawn(&view, &model, size);
        assert!(after.contains(&last) && after.contains("41 "), "{after}");
        let oldest = "is unhealthy in (target-grou";
        assert!(after.contains(oldest), "and the log to its end\n{after}");
    }
}

/// A session on a platform of very many things.
fn crowd() -> Scene {
    let (primary, redis) = ("db", "redis");
    let unhealthy = (TargetState::Unhealthy, "Target.Timeout");
    let scene = Scene::empty().service("web", 3, (1, 500), 40.0).targets("web", &vec![unhealthy; 400]);
    let replicas = (1..=15).map(|number| format!("db-{number}"));
    let scene = replicas.fold(scene.primary(primary), |scene, name| scene.replica(primary, &name));
    scene.redis(redis, 500).distribution("E1")
}

#[test]
fn more_than_there_is_room_for_is_scrolled_to_its_end() {
    let (view, mut model) = crowd().done();
    let (theme, keymap) = (Theme::builtin("dark").unwrap(), Keymap::default());
    let look = Look { theme: &theme, keymap: &keymap, now: now(), title: None, drill: false };
    for (pane, first, last) in [
        (Pane::Database, "replica db-1 ", "replica db-15 "),
        (Pane::Cache, " redis-001 ", " redis-500 "),
        (Pane::Balancer, "10.0.0.0:8080", "10.0.0.399:8080"),
    ] {
        for size in SIZES {
            model.open(pane, &view.platform);
            let body = frame::plan(&view, &model, Rect::new(0, 0, size.0, size.1)).body;
            model.set_extent(frame::extent(&view, &model, &look, body));
            let before = drawn(&view, &model, size);
            assert!(before.contains(first) && !before.contains(last), "{pane:?} {size:?}\n{before}");
            model.step(isize::MAX);
            let after = drawn(&view, &model, size);
            assert!(after.contains(last), "{pane:?} {size:?}\n{after}");
            model.step(isize::MIN);
            assert_eq!(drawn(&view, &model, size), before, "{pane:?} {size:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_size_panics_in_any_pane(width in 0_u16..220, height in 0_u16..70, pane in 0..PANES.len(), which in 0_usize..4) {
        let scenes: [fn() -> Scene; 4] = [Scene::empty, platform, stories::blind, stories::hostile];
        let (view, mut model) = scenes[which]().done();
        model.open(PANES[pane].pane, &view.platform);
        let (theme, keymap) = (Theme::builtin("dark").unwrap(), Keymap::default());
        let look = Look { theme: &theme, keymap: &keymap, now: now(), title: None, drill: false };
        let body = frame::plan(&view, &model, Rect::new(0, 0, width, height)).body;
        model.set_extent(frame::extent(&view, &model, &look, body));
        model.step(7);
        paint(&view, &model, &look, (width, height));
    }
}
