//! The alarms of the spec for services, balancers, databases, caches and money, and one of our own: blind.
//!
//! An alarm's state is replayed from its history, so that it is the same after a restart: it fires when its condition
//! has held for its window, and is over after five minutes that were evaluated and did not fire. A minute without data
//! neither clears it nor breaks that count – the alarm stays and says that it is blind. Absent on purpose: sending
//! anything; the routes are the spec's words.

mod caches;
mod databases;
mod money;
mod words;

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use super::ecs::metrics::Balancers;
use super::ecs::{self, metrics};
use super::knobs::{AlarmPolicy, Policy};
use super::verdict::WindowEvidence;
use super::window::{Evidence, MEAN_MINUTES, Reported, balancer_of, minutes};
use crate::platform::ids::{LoadBalancerId, TargetGroupArn};
use crate::platform::metric::{MetricKey, Resource};
use crate::platform::series::{evidence_minute, start_of};
use crate::platform::spend::Dollars;
use crate::platform::{CacheId, DatabaseId, MetricId, Platform, Service, ServiceId, TargetState};

/// Minutes that are replayed, starting from clear.
pub(super) const REPLAYED: usize = 45;
/// Windows of this many minutes and more bridge a missing one.
const BRIDGES_FROM: usize = 10;

/// An alarm on one resource.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Alert {
    /// The rule.
    pub rule: AlertRule,
    /// What it is about.
    pub subject: Subject,
    /// Whether it fires.
    pub state: AlertState,
    /// The newest minute could not be evaluated: the state is that of the last one that could.
    pub blind: bool,
    /// What it was judged on.
    pub evidence: AlertEvidence,
}

/// A rule of the spec's list, or blind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertRule {
    /// "ECS service CPU > 90% for 10 minutes".
    EcsCpuCritical,
    /// "RDS primary CPU > 90% for 10 minutes".
    RdsCpuCritical,
    /// "All ECS tasks unhealthy".
    AllTasksUnhealthy,
    /// "RDS replica lag > 5 seconds", and a replica that does not replicate at all.
    RdsLagCritical,
    /// "ECS service CPU > 80% for 15 minutes".
    EcsCpuWarning,
    /// "Alert when lag > 1 second".
    RdsLagWarning,
    /// "RDS connections > 80% of max".
    RdsConnections,
    /// "Cache hit rate < 70%".
    CacheHitRate,
    /// "ALB 5XX errors > 1% of requests".
    Alb5xx,
    /// "Daily cost exceeds budget by 20%", by the last complete day.
    BudgetLastDay,
    /// The same by what today is heading for.
    BudgetToday,
    /// "Unusual cost spike detected".
    CostSpike,
    /// "Underutilized resources identified".
    Underutilized,
    /// No metric of a service, database or cache has a point in the newest five evidence minutes.
    Blind,
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Wakes somebody.
    Critical,
    /// Waits for the morning.
    Warning,
}

impl AlertRule {
    /// How bad it is.
    pub fn severity(self) -> Severity {
        match self {
            Self::EcsCpuCritical | Self::RdsCpuCritical | Self::AllTasksUnhealthy | Self::RdsLagCritical => {
                Severity::Critical
            }
            Self::EcsCpuWarning
            | Self::RdsLagWarning
            | Self::RdsConnections
            | Self::CacheHitRate
            | Self::Alb5xx
            | Self::BudgetLastDay
            | Self::BudgetToday
            | Self::CostSpike
            | Self::Underutilized
            | Self::Blind => Severity::Warning,
        }
    }

    /// The spec's route. scaledeck shows it; it sends nothing.
    pub fn route(self) -> &'static str {
        match self.severity() {
            Severity::Critical => "PagerDuty + Slack",
            Severity::Warning => "Slack",
        }
    }
}

/// What an alarm is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// A service.
    Service(ServiceId),
    /// A service's targets in one group.
    Targets(ServiceId, TargetGroupArn),
    /// A balancer.
    Balancer(LoadBalancerId),
    /// A database instance.
    Database(DatabaseId),
    /// A cache.
    Cache(CacheId),
    /// The whole platform's money.
    Money,
    /// A resource that is paid for.
    Resource(String),
}

/// Whether an alarm fires.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum AlertState {
    /// Fires.
    Firing {
        /// When the minute ended that made it fire; 45 minutes are looked back at most.
        since: Timestamp,
    },
    /// The condition holds, but not for its window yet.
    Filling,
    /// Does not fire.
    Clear,
    /// No minute of the history could be evaluated.
    Unknown,
}

/// What an alarm was judged on.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "evidence", rename_all = "snake_case")]
pub enum AlertEvidence {
    /// A level against a threshold.
    Level {
        /// What is measured; for connections in % of the most that the instance takes.
        metric: MetricId,
        /// Mean of the newest five evidence minutes.
        value: Option<f64>,
        /// The threshold; the same unit.
        threshold: f64,
        /// How far the window has filled.
        window: WindowEvidence,
    },
    /// Answers over the window, the balancer's and the targets' 5XX apart: they point at different culprits.
    Errors {
        /// 5XX by the balancer itself.
        balancer: f64,
        /// 5XX by targets.
        targets: f64,
        /// Requests, or all answers that were counted where those are more.
        requests: f64,
        /// The share above which it fires, %.
        threshold: f64,
    },
    /// Healthy targets; `None` while unknown.
    Healthy {
        /// How many in the newest minute.
        count: Option<u32>,
        /// Whether that comes from target health, for want of the metric.
        sampled: bool,
    },
    /// Look-ups of a cache over the window.
    Lookups {
        /// Those that found their key.
        hits: f64,
        /// All of them.
        lookups: f64,
        /// The rate below which it fires, %.
        threshold: f64,
    },
    /// A day's cost.
    Cost {
        /// The UTC day.
        day: Date,
        /// What it has cost, or is heading for.
        cost: Dollars,
        /// The budget, or what was to be expected.
        against: Dollars,
    },
    /// A resource that is hardly used.
    Idle {
        /// Why it is thought so.
        why: String,
        /// What it costs a day.
        cost: Dollars,
    },
    /// Nothing was there to judge.
    NoData,
}

/// Every alarm of every service that should run, of every balancer that reports, of every database and cache that the
/// policy governs and of the money that is known, firing or not, the worst first.
pub fn alerts(platform: &Platform, policy: &Policy, now: Timestamp) -> Vec<Alert> {
    let span = REPLAYED + longest(&policy.alarms);
    let mut balancers = Balancers::default();
    let alarms = &policy.alarms;
    let mut alerts = Vec::new();
    for service in platform.services.values().filter(|service| !ecs::stopped(service)) {
        of_service(platform, alarms, service, &mut balancers, span, now, &mut alerts);
    }
    let named: BTreeSet<&LoadBalancerId> = platform.series.keys().filter_map(balancer_of).collect();
    for balancer in named {
        let reported = balancers.reported(platform, balancer, now, span);
        alerts.push(errors(platform, alarms, balancer, &reported, span, now));
    }
    databases::alerts(platform, policy, span, now, &mut alerts);
    caches::alerts(platform, policy, span, now, &mut alerts);
    money::alerts(platform, alarms, &mut alerts);
    alerts.sort_by(|a, b| order(a).cmp(&order(b)));
    alerts
}

fn order(alert: &Alert) -> (u8, Severity, AlertRule, &Subject) {
    let rank = match alert.state {
        AlertState::Firing { .. } => 0,
        AlertState::Filling => 1,
        AlertState::Unknown => 2,
        AlertState::Clear => 3,
    };
    (rank, alert.rule.severity(), alert.rule, &alert.subject)
}

fn longest(alarms: &AlarmPolicy) -> usize {
    let windows = [
        alarms.ecs_cpu_critical_window_s,
        alarms.ecs_cpu_warning_window_s,
        alarms.unhealthy_window_s,
        alarms.alb_5xx_window_s,
        alarms.rds_cpu_critical_window_s,
        alarms.rds_lag_window_s,
        alarms.rds_connections_window_s,
        alarms.cache_hit_window_s,
        MEAN_MINUTES as u32 * 60,
    ];
    windows.into_iter().map(minutes).max().unwrap_or(MEAN_MINUTES)
}

fn of_service(
    platform: &Platform,
    alarms: &AlarmPolicy,
    service: &Service,
    balancers: &mut Balancers,
    span: usize,
    now: Timestamp,
    alerts: &mut Vec<Alert>,
) {
    let gathered = metrics::gather(platform, service, balancers, span, now);
    let subject = Subject::Service(service.id.clone());
    if let Some(cpu) = gathered.iter().find(|gathered| gathered.metric == MetricId::ServiceCpu) {
        for (rule, threshold, window_s) in [
            (AlertRule::EcsCpuCritical, alarms.ecs_cpu_critical, alarms.ecs_cpu_critical_window_s),
            (AlertRule::EcsCpuWarning, alarms.ecs_cpu_warning, alarms.ecs_cpu_warning_window_s),
        ] {
            let limit = Limit { metric: MetricId::ServiceCpu, threshold, window_s };
            alerts.push(level(alarms, rule, subject.clone(), &cpu.evidence, limit));
        }
    }
    // While history arrives after a start, its absence says nothing.
    if !ecs::arriving(platform, service, now) {
        let present = |back: usize| gathered.iter().any(|gathered| gathered.evidence.back(back).is_some());
        alerts.push(blind(alarms, subject, now, present));
    }
    for arn in &service.target_groups {
        let Some(group) = platform.target_groups.get(arn) else { continue };
        for balancer in group.balancers.iter().filter(|balancer| balancer.as_str().starts_with("app/")) {
            let resource = Resource::TargetGroup(balancer.clone(), arn.clone());
            let sample = group.count(&TargetState::Healthy).map(|healthy| healthy as u32);
            let sample = sample.filter(|_| {
                let history = platform.counts.get(&service.id);
                let look = history.and_then(|history| history.draining.get(arn).copied().flatten());
                look.is_some_and(|look| !look.stale(now))
            });
            let subject = Subject::Targets(service.id.clone(), arn.clone());
            alerts.push(unhealthy(platform, alarms, subject, resource, sample, span, now));
        }
    }
}

/// Whether no metric is `present` in five minutes; it is told how many minutes back from the newest.
fn blind(alarms: &AlarmPolicy, subject: Subject, now: Timestamp, present: impl Fn(usize) -> bool) -> Alert {
    let evaluate = |back: usize| Some(!(back..back + MEAN_MINUTES).any(&present));
    let (state, _) = replay(alarms, evidence_minute(now), evaluate);
    Alert { rule: AlertRule::Blind, subject, state, blind: false, evidence: AlertEvidence::NoData }
}

/// A threshold that a metric must not stay above.
#[derive(Clone, Copy)]
struct Limit {
    metric: MetricId,
    threshold: f64,
    window_s: u32,
}

/// A level above a threshold for a window.
fn level(alarms: &AlarmPolicy, rule: AlertRule, subject: Subject, evidence: &Evidence, limit: Limit) -> Alert {
    let Limit { metric, threshold, window_s } = limit;
    let need = minutes(window_s).max(1);
    let tolerated = usize::from(need >= BRIDGES_FROM);
    let evaluate = |back: usize| {
        let values: Vec<_> = (back..back + need).filter_map(|back| evidence.back(back)).collect();
        (need - values.len() <= tolerated).then(|| values.iter().all(|value| *value > threshold))
    };
    let (mut state, blind) = replay(alarms, evidence.newest, evaluate);
    let window = evidence.held(window_s, tolerated, |value| value > threshold);
    if matches!(state, AlertState::Clear | AlertState::Unknown) && window.held_s > 0 {
        state = AlertState::Filling;
    }
    let evidence = AlertEvidence::Level { metric, value: evidence.mean(MEAN_MINUTES), threshold, window };
    Alert { rule, subject, state, blind, evidence }
}

/// No healthy target. A minute without the metric is judged by the newest look at the targets, if that is the newest.
fn unhealthy(
    platform: &Platform,
    alarms: &AlarmPolicy,
    subject: Subject,
    resource: Resource,
    sample: Option<u32>,
    span: usize,
    now: Timestamp,
) -> Alert {
    let metric = MetricId::HealthyHosts;
    let series = platform.series.get(&MetricKey { resource, metric });
    let evidence = Evidence::read(series.map(AsRef::as_ref), metric, now, span, || None);
    let need = minutes(alarms.unhealthy_window_s).max(1);
    let seen = |back: usize| evidence.back(back).is_some();
    // The metric is gone for the whole window: what the targets say now stands for it.
    let sampled = !(0..need).any(seen) && sample.is_some();
    let evaluate = |back: usize| {
        if sampled && back == 0 {
            return sample.map(|healthy| healthy == 0);
        }
        let values: Vec<_> = (back..back + need).filter_map(|back| evidence.back(back)).collect();
        (values.len() == need).then(|| values.iter().all(|value| *value < 1.0))
    };
    let (mut state, blind) = replay(alarms, evidence.newest, evaluate);
    if state == AlertState::Clear && evidence.back(0).is_some_and(|healthy| healthy < 1.0) {
        state = AlertState::Filling;
    }
    let count = if sampled { sample } else { evidence.back(0).map(|healthy| healthy as u32) };
    let evidence = AlertEvidence::Healthy { count, sampled };
    Alert { rule: AlertRule::AllTasksUnhealthy, subject, state, blind, evidence }
}

/// 5XX by a balancer and its targets as a share of requests. In a total outage the balancer answers everything itself
/// and counts no requests: the answers are the denominator then.
fn errors(
    platform: &Platform,
    alarms: &AlarmPolicy,
    balancer: &LoadBalancerId,
    reported: &Reported,
    span: usize,
    now: Timestamp,
) -> Alert {
    let read = |resource: &Resource, metric| {
        let series = platform.series.get(&MetricKey { resource: resource.clone(), metric });
        Evidence::read(series.map(AsRef::as_ref), metric, now, span, || Some(reported.clone()))
    };
    let groups = platform.target_groups.values().filter(|group| group.balancers.contains(balancer));
    let groups: Vec<_> = groups
        .map(|group| {
            let resource = Resource::TargetGroup(balancer.clone(), group.arn.clone());
            [MetricId::Requests, MetricId::Target5xx, MetricId::Target4xx].map(|metric| read(&resource, metric))
        })
        .collect();
    let own = read(&Resource::LoadBalancer(balancer.clone()), MetricId::Elb5xx);
    let need = minutes(alarms.alb_5xx_window_s).max(1);
    let over =
        |evidence: &Evidence, back: usize| -> f64 { (back..back + need).filter_map(|back| evidence.back(back)).sum() };
    let counted = |back: usize| {
        let total = |which: usize| groups.iter().fold(0.0, |sum, group| sum + over(&group[which], back));
        let (by_balancer, by_targets) = (over(&own, back), total(1));
        let requests = total(0).max(by_targets + total(2) + by_balancer);
        (by_balancer, by_targets, requests)
    };
    let evaluate = |back: usize| {
        if !(back..back + need).all(|back| reported.back(back)) {
            return None;
        }
        let (by_balancer, by_targets, requests) = counted(back);
        let enough = requests >= f64::from(alarms.alb_5xx_min_requests);
        Some(enough && (by_balancer + by_targets) / requests * 100.0 > alarms.alb_5xx_percent)
    };
    let (state, blind) = replay(alarms, own.newest, evaluate);
    let (by_balancer, by_targets, requests) = counted(0);
    let threshold = alarms.alb_5xx_percent;
    let evidence = AlertEvidence::Errors { balancer: by_balancer, targets: by_targets, requests, threshold };
    Alert { rule: AlertRule::Alb5xx, subject: Subject::Balancer(balancer.clone()), state, blind, evidence }
}

/// Replays a rule from clear, minute by minute up to the newest. `evaluate` is given how many minutes back a window
/// ends and says whether it fires; `None`: too little data. Returns the state, and whether the newest minute was such.
fn replay(alarms: &AlarmPolicy, newest: i64, evaluate: impl Fn(usize) -> Option<bool>) -> (AlertState, bool) {
    let clear_after = minutes(alarms.clear_window_s).max(1);
    let (mut state, mut clear, mut last) = (AlertState::Unknown, 0, None);
    for back in (0..REPLAYED).rev() {
        last = evaluate(back);
        match last {
            Some(true) => {
                clear = 0;
                if !matches!(state, AlertState::Firing { .. }) {
                    state = AlertState::Firing { since: start_of(newest - back as i64 + 1) };
                }
            }
            Some(false) => {
                clear += 1;
                if !matches!(state, AlertState::Firing { .. }) || clear >= clear_after {
                    state = AlertState::Clear;
                }
            }
            None => {}
        }
    }
    (state, last.is_none())
}

#[cfg(test)]
mod tests;
