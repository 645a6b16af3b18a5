//! What fills the body of the screen, a file a pane, and the table of them. A pane is a function of the view, the model
//! and the look. Adding one is a file, its `mod` line and its row.

pub mod activity;
pub mod alarms;
pub mod balancer;
pub mod cache;
pub mod cost;
pub mod database;
pub mod edge;
pub mod journal;
pub mod listing;
pub mod overview;
pub mod policy;
pub mod tasks;

#[cfg(test)]
mod pictures;
#[cfg(test)]
mod record;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::frame::Look;
use super::model::Model;
use crate::live::View;
use crate::platform::GroupId;

/// What a pane shows: which groups can be under the cursor there, and so what a change may be about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shows {
    /// The table of every group; moving moves the cursor. In every other pane it scrolls.
    Groups,
    /// One service.
    Service,
    /// The replicas of one primary.
    Replicas,
    /// One cache.
    Cache,
    /// No group: nothing can be scaled from here.
    Nothing,
}

/// How much of what a pane shows there is room for; in lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Extent {
    /// All there is. 0: it does not scroll.
    pub lines: usize,
    /// What fits.
    pub page: usize,
}

/// Draws the pane. Nothing is changed, and only what is visible is worked on.
pub type Draw = fn(&View, &Model, &Look, Rect, &mut Buffer);
/// How far the pane scrolls in a body of this size.
pub type Measure = fn(&View, &Model, &Look, Rect) -> Extent;

/// A row of the table.
#[derive(Clone, Copy)]
pub struct Row {
    /// The pane.
    pub pane: Pane,
    /// How it is called: its command's name.
    pub name: &'static str,
    /// Other names that the palette takes.
    pub aliases: &'static [&'static str],
    /// Its default keys.
    pub keys: &'static [&'static str],
    /// What is there, in a line.
    pub about: &'static str,
    /// Which groups it shows.
    pub shows: Shows,
    /// Draws it.
    pub draw: Draw,
    /// How far it scrolls.
    pub measure: Measure,
}

macro_rules! panes {
    ($($(#[$doc:meta])* $pane:ident in $module:ident: $keys:expr, $shows:ident, $name:literal, $aliases:expr, $about:literal;)+) => {
        /// A pane: what fills the body of the screen.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
        pub enum Pane { $($(#[$doc])* $pane,)+ }

        /// Every pane, in the order of their keys.
        pub const PANES: &[Row] = &[$(Row {
            pane: Pane::$pane,
            name: $name,
            aliases: &$aliases,
            keys: &$keys,
            about: $about,
            shows: Shows::$shows,
            draw: $module::draw,
            measure: $module::measure,
        },)+];
    };
}

panes! {
    /// Every scaling group, the chart and the advice of the selected one, activity.
    #[default]
    Overview in overview: ["1"], Groups, "overview", ["services"], "Every scaling group, its signals and its advice";

    /// The tasks, deployments and events of one service.
    Tasks in tasks: ["2"], Service, "tasks", ["service"], "Tasks, deployments and events of the selected service";

    /// A primary and its replicas side by side.
    Database in database: ["3"], Replicas, "database", ["db", "replicas", "rds"], "The selected primary and its replicas side by side";

    /// A cache, node by node.
    Cache in cache: ["4"], Cache, "cache", ["redis", "elasticache"], "The selected cache, node by node";

    /// The balancer before a service, and its targets.
    Balancer in balancer: ["5"], Service, "balancer", ["alb", "targets"], "What passes the balancer before the selected service, and its targets";

    /// The distributions.
    Edge in edge: ["6"], Nothing, "edge", ["cdn", "cloudfront"], "The distributions: what they answer, and how they are set up";

    /// What everything costs, and what could be saved.
    Cost in cost: ["7"], Nothing, "cost", ["money", "spend"], "What everything costs: today, the bill, what could be saved";

    /// Every alarm: the policy's with their windows, AWS's own, their last turns.
    Alarms in alarms: ["8"], Nothing, "alarms", ["alerts"], "Every alarm, the policy's and AWS's; enter for the evidence";

    /// One time line of everything that happened.
    Activity in activity: ["9"], Nothing, "activity", ["timeline"], "What happened, on one time line; enter for all of it";

    /// Every knob, where AWS differs, and what there is to know.
    Policy in policy: ["0"], Nothing, "policy", ["settings", "drift", "lint"], "Every knob and its origin, findings, and where AWS differs";

    /// Every change that was asked for.
    Journal in journal: ["J"], Nothing, "journal", ["changes"], "Every change that was asked for from here, and its end";
}

impl Pane {
    /// The pane's row. The table is in the enum's order: one macro makes both.
    pub fn row(self) -> &'static Row {
        &PANES[self as usize]
    }

    /// How the pane is called.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// Whether a group can be under the cursor there.
    pub fn shows(self, group: &GroupId) -> bool {
        match self.row().shows {
            Shows::Groups => true,
            Shows::Service => matches!(group, GroupId::Service(_)),
            Shows::Replicas => matches!(group, GroupId::Replicas(_)),
            Shows::Cache => matches!(group, GroupId::Cache(_)),
            Shows::Nothing => false,
        }
    }

    /// The pane that shows one group from close by: there is one for each kind, which a test holds.
    pub fn of(group: &GroupId) -> Self {
        let close = PANES.iter().find(|row| row.shows != Shows::Groups && row.pane.shows(group));
        close.map_or(Self::Overview, |row| row.pane)
    }
}
