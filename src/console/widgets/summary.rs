//! What the whole platform comes to: counted once a view, not once a frame, so that drawing costs what is visible.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::activity::{self, Entry};
use super::condition::{self, Severity};
use super::{alarms, groups};
use crate::live::View;
use crate::platform::metric::Resource;
use crate::platform::series::evidence_minute;
use crate::platform::{MetricId, MetricKey, Series, Service, ServiceId, Source, SourceState, TargetGroupArn};
use crate::policy::sentence::Said;
use crate::policy::{AlertRule, MetricEvidence, Verdict};

/// How far back "the last hour" goes, in seconds.
pub const HOUR_S: i64 = 3_600;
/// How old a minute may be and still be called what is now.
const RECENT_MINUTES: i64 = 5;

/// The platform in a few numbers.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Summary {
    /// Critical alarms that fire, and services that should run and do not.
    pub critical: usize,
    /// Warning alarms that fire, and services whose deployment failed.
    pub warning: usize,
    /// Whether an alarm on the balancers' errors fires.
    pub errors: bool,
    /// Services about which nothing can be told.
    pub blind: usize,
    /// Tasks that run, and that should, over all services.
    pub running: u64,
    /// Tasks that should run.
    pub desired: u64,
    /// Services that were described.
    pub services: usize,
    /// Whether they run in more than one cluster, so that a name alone does not say which.
    pub clusters: bool,
    /// Columns of the longest name of a service, with its cluster where that is said.
    pub longest: usize,
    /// The service nearest to or farthest beyond its target, with the metric that says so.
    pub hottest: Option<(ServiceId, Heat)>,
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

/// A metric's newest whole minute beside its target.
#[derive(Debug, Clone, PartialEq)]
pub struct Heat {
    /// How much of its target the value is; one is at the target.
    pub share: f64,
    /// Both in words.
    pub said: Said,
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
        let beside = platform.services.keys().filter_map(|id| Some(condition::beside_alarms(view, id)?.0));
        for severity in firing.chain(beside) {
            match severity {
                Severity::Critical => summary.critical += 1,
                Severity::Warning => summary.warning += 1,
                Severity::Blind | Severity::Fine => {}
            }
        }
        summary.errors = view.alerts.iter().any(|alert| alert.rule == AlertRule::Alb5xx && alarms::fires(alert));
        for (id, service) in &platform.services {
            summary.blind += usize::from(condition::severity(view, id) == Severity::Blind);
            summary.running += u64::from(service.running.0);
            summary.desired += u64::from(service.desired.0);
        }
        summary.services = platform.services.len();
        let clusters = || platform.services.keys().map(|id| &id.cluster);
        summary.clusters = clusters().zip(clusters().skip(1)).any(|(a, b)| a != b);
        let names = platform.services.keys().map(|id| groups::name(id, summary.clusters).width());
        summary.longest = names.max().unwrap_or(0);
        for (id, verdict) in &view.advice.services {
            let (Some(service), Some(evidence)) = (platform.services.get(id), signal(verdict)) else { continue };
            let Some(heat) = Heat::of(view, service, evidence) else { continue };
            if summary.hottest.as_ref().is_none_or(|(_, hottest)| heat.share > hottest.share) {
                summary.hottest = Some((id.clone(), heat));
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

impl Heat {
    /// The newest whole minute where there is one, as a chart's name says it; else the mean that the verdict rests on.
    pub fn of(view: &View, service: &Service, evidence: &MetricEvidence) -> Option<Self> {
        let mean = evidence.value?;
        let series = series(view, service, evidence.metric, evidence.group.as_ref());
        let value = series.and_then(|series| current(series, view.at)).unwrap_or(mean);
        let share = if evidence.target > 0.0 { value / evidence.target } else { 0.0 };
        Some(Self { share, said: evidence.beside(value) })
    }

    /// Whether the value is beyond its target.
    pub fn is_over(&self) -> bool {
        self.share > 1.0
    }
}

/// The metric that matters most.
pub fn signal(verdict: &Verdict) -> Option<&MetricEvidence> {
    verdict.most_urgent_first().first().copied()
}

/// The history of a service's metric, whichever resource it is filed under; of this target group where one is meant.
pub fn series<'v>(
    view: &'v View,
    service: &Service,
    metric: MetricId,
    group: Option<&TargetGroupArn>,
) -> Option<&'v Series> {
    let platform = &view.platform;
    let own = platform.series.get(&MetricKey::service(&service.id, metric));
    let found = own.or_else(|| {
        service.target_groups.iter().filter(|arn| group.is_none_or(|group| group == *arn)).find_map(|arn| {
            let group = platform.target_groups.get(arn)?;
            group.balancers.iter().find_map(|balancer| {
                let resource = Resource::TargetGroup(balancer.clone(), arn.clone());
                platform.series.get(&MetricKey { resource, metric })
            })
        })
    });
    found.map(AsRef::as_ref)
}

/// The newest whole minute's value, if it is recent.
pub fn current(series: &Series, now: Timestamp) -> Option<f64> {
    let newest = evidence_minute(now);
    (newest - RECENT_MINUTES + 1..=newest).rev().find_map(|minute| series.at(minute))
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
