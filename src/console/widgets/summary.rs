//! What the whole platform comes to: counted once a view, not once a frame, so that drawing costs what is visible.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::activity::{self, Entry};
use super::condition::{self, Severity};
use super::signal::{self, current};
use super::{alarms, groups};
use crate::live::View;
use crate::platform::{GroupId, MetricId, MetricKey, Platform, Series, ServiceId, Source, SourceState};
use crate::policy::AlertRule;
use crate::policy::sentence::Said;

/// How far back "the last hour" goes, in seconds.
pub const HOUR_S: i64 = 3_600;

/// The platform in a few numbers.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Summary {
    /// Critical alarms that fire, and groups in trouble that no alarm knows of.
    pub critical: usize,
    /// Warning alarms that fire, and lesser trouble that no alarm knows of.
    pub warning: usize,
    /// Whether an alarm on the balancers' errors fires.
    pub errors: bool,
    /// Groups about which nothing can be told.
    pub blind: usize,
    /// Tasks that run, and that should, over all services.
    pub running: u64,
    /// Tasks that should run.
    pub desired: u64,
    /// Services that were described.
    pub services: usize,
    /// Whether they run in more than one cluster, so that a name alone does not say which.
    pub clusters: bool,
    /// How many tiers have groups.
    pub tiers: usize,
    /// Columns of the longest name of a group, with its cluster where that is said.
    pub longest: usize,
    /// The service nearest to or farthest beyond its target, what says so, and whether it is beyond.
    pub hottest: Option<(ServiceId, Said, bool)>,
    /// The balancers, where any are known.
    pub traffic: Option<Traffic>,
    /// What changed in the last hour, newest first, at most [`activity::KEPT`].
    pub changes: Vec<Entry>,
    /// How many changes there were, those beyond the kept ones included.
    pub changed: usize,
    /// When the newest answer of any source was asked for.
    pub newest: Option<Timestamp>,
    /// Sources that do not answer.
    pub failing: Vec<Source>,
}

/// What passes the balancers in a minute.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Traffic {
    /// Requests.
    pub requests: f64,
    /// The slowest target group's 95th percentile, seconds.
    pub p95: Option<f64>,
    /// 5XX answers by targets.
    pub target_5xx: f64,
    /// 5XX answers by the balancers themselves.
    pub elb_5xx: f64,
}

impl Traffic {
    /// 5XX answers in percent of the requests; `None` without requests.
    pub fn error_percent(&self) -> Option<f64> {
        let errors = self.target_5xx + self.elb_5xx;
        let all = self.requests.max(errors);
        (all > 0.0).then(|| errors / all * 100.0)
    }
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
        summary.errors = view.alerts.iter().any(|alert| alert.rule == AlertRule::Alb5xx && alarms::fires(alert));
        summary.blind = groups.iter().filter(|id| condition::severity(view, id) == Severity::Blind).count();
        for service in platform.services.values() {
            summary.running += u64::from(service.running.0);
            summary.desired += u64::from(service.desired.0);
        }
        summary.services = platform.services.len();
        let clusters = || platform.services.keys().map(|id| &id.cluster);
        summary.clusters = clusters().zip(clusters().skip(1)).any(|(a, b)| a != b);
        summary.tiers = groups.iter().map(GroupId::tier).collect::<BTreeSet<_>>().len();
        let names = groups.iter().map(|id| groups::name(id, summary.clusters).width());
        summary.longest = names.max().unwrap_or(0);
        let mut hottest = f64::NEG_INFINITY;
        for id in &groups {
            let GroupId::Service(service) = id else { continue };
            let signals = signal::of(view, id);
            let Some((signal, share)) = signals.first().and_then(|signal| Some((signal, signal.share?))) else {
                continue;
            };
            if share > hottest {
                hottest = share;
                summary.hottest = Some((service.clone(), signal.said.clone(), signal.is_over()));
            }
        }
        summary.traffic = traffic(&platform.series, view.at);
        (summary.changes, summary.changed) = activity::changes(view, HOUR_S);
        for (source, health) in &platform.sources {
            summary.newest = summary.newest.max(health.learnt);
            if !matches!(health.state, SourceState::Live | SourceState::Waiting) {
                summary.failing.push(*source);
            }
        }
        summary
    }
}

/// Every group that was described.
fn groups_of(platform: &Platform) -> impl Iterator<Item = GroupId> {
    let services = platform.services.keys().cloned().map(GroupId::Service);
    let primaries = platform.databases.values().filter(|one| one.replica_of.is_none() && one.has_plain_replicas());
    let caches = platform.caches.keys().cloned().map(GroupId::Cache);
    services.chain(primaries.map(|one| GroupId::Replicas(one.id.clone()))).chain(caches)
}

fn traffic(all: &BTreeMap<MetricKey, std::sync::Arc<Series>>, now: Timestamp) -> Option<Traffic> {
    let mut traffic = None::<Traffic>;
    for (key, series) in all {
        let wanted =
            matches!(key.metric, MetricId::Requests | MetricId::ResponseP95 | MetricId::Target5xx | MetricId::Elb5xx);
        let Some(value) = wanted.then(|| current(series, now)).flatten() else { continue };
        let known = traffic.get_or_insert_default();
        match key.metric {
            MetricId::Requests => known.requests += value,
            MetricId::Target5xx => known.target_5xx += value,
            MetricId::Elb5xx => known.elb_5xx += value,
            _ => known.p95 = Some(known.p95.map_or(value, |slowest: f64| slowest.max(value))),
        }
    }
    traffic
}
