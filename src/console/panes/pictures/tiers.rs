//! The panes of the tiers: at every size, and with nothing, old, denied, hostile and very many things in them.

use super::{SIZES, picture_in};
use crate::console::Pane;
use crate::console::scene::{Scene, stories};

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
