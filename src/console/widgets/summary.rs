//! What the whole platform comes to: counted once a view, not once a frame, so that drawing costs what is visible.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::activity::{self, Entry};
use super::condition::{self, Condition, Severity};
use super::stack::Stack;
use super::{alarms, groups};
use crate::live::View;
use crate::platform::{GroupId, Platform, Source};

/// How far back "the last hour" goes, in seconds.
pub const HOUR_S: i64 = 3_600;

/// The platform in a few numbers.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Summary {
    /// Critical alarms that fire, and groups in trouble that no alarm knows of.
    pub critical: usize,
    /// Warning alarms that fire, and lesser trouble that no alarm knows of.
    pub warning: usize,
    /// Groups about which nothing can be told.
    pub blind: usize,
    /// Groups that were described.
    pub groups: usize,
    /// Whether they run in more than one cluster, so that a name alone does not say which.
    pub clusters: bool,
    /// How many tiers have groups.
    pub tiers: usize,
    /// Columns of the longest name of a group, with its cluster where that is said.
    pub longest: usize,
    troubles: BTreeMap<GroupId, (Severity, &'static str)>,
    /// The tiers in a line.
    pub stack: Stack,
    /// What changed in the last hour, newest first, at most [`activity::KEPT`].
    pub changes: Vec<Entry>,
    /// How many changes there were, those beyond the kept ones included.
    pub changed: usize,
    /// When the newest answer of any source was asked for.
    pub newest: Option<Timestamp>,
    /// Sources that do not answer.
    pub failing: Vec<Source>,
}

impl Summary {
    /// Counts a view.
    pub fn of(view: &View) -> Self {
        let mut summary = Self::default();
        let platform = &view.platform;
        let firing = view.alerts.iter().filter(|alert| alarms::fires(alert)).map(|alert| alert.rule.severity().into());
        let groups: Vec<GroupId> = groups_of(platform).collect();
        let beside = groups.iter().filter_map(|id| Some(condition::beside_alarms(view, id)?.0));
        for severity in firing.chain(beside) {
            match severity {
                Severity::Critical => summary.critical += 1,
                Severity::Warning => summary.warning += 1,
                Severity::Blind | Severity::Fine => {}
            }
        }
        summary.troubles = condition::troubles(view, &groups);
        let blind = |id: &&GroupId| {
            let cannot_tell = Condition::of(view, id) == Condition::CannotTell { arriving: false };
            cannot_tell && !summary.troubles.contains_key(*id)
        };
        summary.blind = groups.iter().filter(blind).count();
        summary.groups = groups.len();
        let clusters = || platform.services.keys().map(|id| &id.cluster);
        summary.clusters = clusters().zip(clusters().skip(1)).any(|(a, b)| a != b);
        summary.tiers = groups.iter().map(GroupId::tier).collect::<BTreeSet<_>>().len();
        let names = groups.iter().map(|id| groups::name(id, summary.clusters).width());
        summary.longest = names.max().unwrap_or(0);
        summary.stack = Stack::of(view, &groups);
        (summary.changes, summary.changed) = activity::changes(view, HOUR_S);
        for (source, health) in &platform.sources {
            summary.newest = summary.newest.max(health.learnt);
            if health.state.fails() {
                summary.failing.push(*source);
            }
        }
        summary
    }
}

impl Summary {
    /// What is wrong with a group, in two words; `None` while nothing is.
    pub fn trouble(&self, id: &GroupId) -> Option<(Severity, &'static str)> {
        self.troubles.get(id).copied()
    }
}

/// Every group that was described.
fn groups_of(platform: &Platform) -> impl Iterator<Item = GroupId> {
    let services = platform.services.keys().cloned().map(GroupId::Service);
    let primaries = platform.databases.values().filter(|one| one.replica_of.is_none() && one.has_plain_replicas());
    let caches = platform.caches.keys().cloned().map(GroupId::Cache);
    services.chain(primaries.map(|one| GroupId::Replicas(one.id.clone()))).chain(caches)
}
