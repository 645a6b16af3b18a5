//! The metric that matters most at a group, beside its limit, with its history: for a row, a chart, a line.
//!
//! What matters most is the policy's order; here it is read and put beside the newest whole minute.

use jiff::Timestamp;

use super::Phrase;
use crate::console::theme::Meaning;
use crate::live::View;
use crate::platform::metric::Resource;
use crate::platform::series::evidence_minute;
use crate::platform::{
    CacheNodeId, DatabaseId, GroupId, MetricId, MetricKey, Platform, Series, Service, TargetGroupArn,
};
use crate::policy::group::MemberEvidence;
use crate::policy::sentence::Said;
use crate::policy::{GroupVerdict, MetricEvidence};

/// How old a minute may be and still be called what is now.
const RECENT_MINUTES: i64 = 5;
/// Minutes of a mean that trends are told from.
const TREND_MINUTES: i64 = 5;

/// A metric of a group with its limit.
#[derive(Debug, Clone)]
pub struct Signal<'v> {
    /// The metric.
    pub metric: MetricId,
    /// The member it is of; `None` where it is the whole group's.
    pub member: Option<&'v str>,
    /// The limit, in the metric's own unit, and its name; `None` where there is none, or it is a share of something.
    pub threshold: Option<(f64, &'static str)>,
    /// How much of its limit the value is; 1 is at the limit, `None` without a value.
    pub share: Option<f64>,
    /// Both in words, short enough for a table.
    pub said: Said,
    /// Its history.
    pub series: Option<&'v Series>,
}

impl Signal<'_> {
    /// Whether the value is beyond its limit.
    pub fn is_over(&self) -> bool {
        self.share.is_some_and(|share| share > 1.0)
    }

    /// The words and where it is going: `cpu 82 % >70 ↗`.
    pub fn phrase(&self, now: Timestamp) -> Phrase {
        let line = Phrase::new().said(&self.said);
        match self.series.map(|series| trend(series, now)).filter(|_| self.share.is_some()) {
            Some(trend) => line.tell(Meaning::Text, format_args!(" {trend}")),
            None => line,
        }
    }
}

/// Every metric that has a say about a group, the most urgent first. Bounded by the group's members.
pub fn of<'v>(view: &'v View, id: &'v GroupId) -> Vec<Signal<'v>> {
    match id {
        GroupId::Service(id) => {
            let (Some(verdict), Some(service)) = (view.advice.services.get(id), view.platform.services.get(id)) else {
                return Vec::new();
            };
            verdict.most_urgent_first().into_iter().map(|evidence| of_service(view, service, evidence)).collect()
        }
        GroupId::Replicas(id) => members(view, view.advice.replicas.get(id), |member, metric| {
            MetricKey::database(&DatabaseId::new(member), metric)
        }),
        GroupId::Cache(id) => members(view, view.advice.caches.get(id), |member, metric| {
            MetricKey::cache_node(&CacheNodeId::new(member), metric)
        }),
    }
}

fn of_service<'v>(view: &'v View, service: &Service, evidence: &MetricEvidence) -> Signal<'v> {
    let series = of_metric(&view.platform, service, evidence.metric, evidence.group.as_ref());
    // The newest whole minute where there is one, as a chart's name says it; else the mean that the verdict rests on.
    let value = evidence.value.map(|mean| series.and_then(|series| current(series, view.at)).unwrap_or(mean));
    Signal {
        metric: evidence.metric,
        member: None,
        threshold: Some((evidence.target, "target")),
        share: value.map(|value| share(value, evidence.target)),
        said: value.map_or_else(|| evidence.absent(), |value| evidence.beside(value)),
        series,
    }
}

fn members<'v>(
    view: &'v View,
    verdict: Option<&'v GroupVerdict>,
    key: impl Fn(&str, MetricId) -> MetricKey,
) -> Vec<Signal<'v>> {
    let one = |evidence: &'v MemberEvidence| {
        let series = view.platform.series.get(&key(&evidence.member, evidence.metric)).map(AsRef::as_ref);
        let share_of = evidence.share_of.map(|share| 100.0 / f64::from(share.max));
        let newest = series.and_then(|series| current(series, view.at)).map(|value| value * share_of.unwrap_or(1.0));
        let value = evidence.value.map(|mean| newest.unwrap_or(mean));
        let limit = evidence.out.map(|bound| bound.threshold);
        Signal {
            metric: evidence.metric,
            member: Some(&evidence.member),
            threshold: evidence.threshold().map(|limit| {
                let name = if evidence.out.is_some() { "out above" } else { "in below" };
                (limit / share_of.unwrap_or(1.0), name)
            }),
            share: value.map(|value| match limit {
                // Replication that does not run is beyond any lag.
                _ if evidence.metric == MetricId::ReplicaLag && value < 0.0 => f64::INFINITY,
                Some(limit) => share(value, limit),
                None => 0.0,
            }),
            said: value.map_or_else(|| evidence.absent(), |value| evidence.beside_threshold(value)),
            series,
        }
    };
    verdict.into_iter().flat_map(GroupVerdict::most_urgent_first).map(one).collect()
}

fn share(value: f64, limit: f64) -> f64 {
    if limit > 0.0 { value / limit } else { 0.0 }
}

/// The history of a service's metric, whichever resource it is filed under; of this target group where one is meant.
pub fn of_metric<'v>(
    platform: &'v Platform,
    service: &Service,
    metric: MetricId,
    group: Option<&TargetGroupArn>,
) -> Option<&'v Series> {
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

/// Rising, falling or level: the newest five minutes against the five before them, by more than a twentieth; blank where
/// either is missing.
pub fn trend(series: &Series, now: Timestamp) -> char {
    let newest = evidence_minute(now);
    let mean = |last: i64| {
        let present = (last - TREND_MINUTES + 1..=last).filter_map(|minute| series.at(minute));
        let (sum, count) = present.fold((0.0, 0_u32), |(sum, count), value| (sum + value, count + 1));
        (count > 0).then(|| sum / f64::from(count))
    };
    match (mean(newest - TREND_MINUTES), mean(newest)) {
        (Some(before), Some(after)) if after > before * 1.05 => '↗',
        (Some(before), Some(after)) if after < before * 0.95 => '↘',
        (Some(_), Some(_)) => '→',
        _ => ' ',
    }
}
