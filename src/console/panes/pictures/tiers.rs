//! The panes of the tiers: at every size, and with nothing, old, denied, hostile and very many things in them.

use super::{SIZES, picture_in};
use crate::console::Pane;
use crate::console::scene::{Scene, stories};
use crate::platform::database::Replication;
use crate::platform::{CacheStatus, InstanceStatus, MetricId};

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
