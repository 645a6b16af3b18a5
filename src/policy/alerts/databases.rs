//! The alarms of databases: the primary's CPU, any instance's connections, a replica's lag.

use jiff::Timestamp;

use super::{Alert, AlertEvidence, AlertRule, Limit, Subject, blind, level};
use crate::platform::database::Phase;
use crate::platform::{Database, MetricId, Platform, Source};
use crate::policy::knobs::{AlarmPolicy, Policy};
use crate::policy::replicas::{Group, connections, most_connections, read};
use crate::policy::window::{Evidence, MEAN_MINUTES};

/// Adds the alarms of every primary that the policy governs and is not stopped, and of its replicas that answer.
pub(super) fn alerts(platform: &Platform, policy: &Policy, span: usize, now: Timestamp, alerts: &mut Vec<Alert>) {
    let arriving = platform.sources.get(&Source::Metrics).is_none_or(|health| health.arriving(now));
    for primary in platform.databases.values().map(AsRef::as_ref).filter(|one: &&Database| one.replica_of.is_none()) {
        let group = Group::of(platform, primary);
        if !group.governed(&policy.replicas) || matches!(primary.status.phase(), Phase::Stopped | Phase::Leaving) {
            continue;
        }
        let read = |database: &Database, metric| read(platform, &database.id, metric, now, span + MEAN_MINUTES);
        let writes = read(primary, MetricId::WriteIops);
        for database in std::iter::once(primary).chain(group.serving()) {
            let subject = Subject::Database(database.id.clone());
            let [cpu, connected, lag] = [MetricId::DatabaseCpu, MetricId::DatabaseConnections, MetricId::ReplicaLag]
                .map(|metric| read(database, metric));
            alerts.extend(of_instance(policy, database, &cpu, &connected));
            if database.replica_of.is_some() {
                alerts.extend(of_lag(&policy.alarms, &subject, &lag, |back| group.idle(&writes, back)));
            }
            // While history arrives after a start, its absence says nothing.
            if !arriving {
                let present = |back: usize| [&cpu, &connected, &lag].iter().any(|one| one.back(back).is_some());
                alerts.push(blind(&policy.alarms, subject, now, present));
            }
        }
    }
}

fn of_instance(policy: &Policy, database: &Database, cpu: &Evidence, connected: &Evidence) -> Vec<Alert> {
    let alarms = &policy.alarms;
    let subject = || Subject::Database(database.id.clone());
    let mut alerts = Vec::new();
    if database.replica_of.is_none() {
        let limit = Limit {
            metric: MetricId::DatabaseCpu,
            threshold: alarms.rds_cpu_critical,
            window_s: alarms.rds_cpu_critical_window_s,
        };
        alerts.push(level(alarms, AlertRule::RdsCpuCritical, subject(), cpu, limit));
    }
    let share = connections(connected, most_connections(&policy.replicas, database));
    let limit = Limit {
        metric: MetricId::DatabaseConnections,
        threshold: alarms.rds_connections_percent,
        window_s: alarms.rds_connections_window_s,
    };
    alerts.push(level(alarms, AlertRule::RdsConnections, subject(), &share, limit));
    alerts
}

/// Lag, critical and as a warning. A minute in which replication was broken counts as one far above either threshold. A
/// minute in which the primary was idle is never critical, and warns only beyond what PostgreSQL reports by itself.
fn of_lag(alarms: &AlarmPolicy, subject: &Subject, lag: &Evidence, idle: impl Fn(usize) -> bool) -> [Alert; 2] {
    let limit = |threshold| Limit { metric: MetricId::ReplicaLag, threshold, window_s: alarms.rds_lag_window_s };
    let judged = |back, lag: f64, least| {
        if lag < 0.0 {
            f64::MAX
        } else if idle(back) && lag <= least {
            0.0
        } else {
            lag
        }
    };
    let critical = lag.map_back(|back, lag| judged(back, lag, f64::MAX));
    let warning = lag.map_back(|back, lag| judged(back, lag, alarms.rds_idle_lag_s));
    let rules = [
        (AlertRule::RdsLagCritical, critical, alarms.rds_lag_critical_s),
        (AlertRule::RdsLagWarning, warning, alarms.rds_lag_warning_s),
    ];
    rules.map(|(rule, judged, threshold)| {
        let mut alert = level(alarms, rule, subject.clone(), &judged, limit(threshold));
        if let AlertEvidence::Level { value, .. } = &mut alert.evidence {
            *value = lag.mean(MEAN_MINUTES);
        }
        alert
    })
}

#[cfg(test)]
mod tests;
