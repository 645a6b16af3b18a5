//! What AWS's own autoscaler is doing about a service, and how near its alarms are.
//!
//! Its high alarm wants three complete minutes above the target in a row and forgives none that is missing; it looks at
//! minutes as soon as they are there, without our 120 s.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::platform::metric::{MetricKey, Resource};
use crate::platform::series::{evidence_minute, minute_of};
use crate::platform::{ActivityKind, MetricId, Platform, ScalingPolicy, Series, Service, ServiceId, TaskCount};

/// Minutes that the high alarm of a target tracking policy wants.
pub const ALARM_MINUTES: u32 = 3;
/// How long after its start a finished activity still counts as AWS acting.
const JUST_MOVED: SignedDuration = SignedDuration::from_mins(5);

/// What AWS's own autoscaler is doing about one service.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AutoscalerView {
    /// What it is doing; `None`: nothing.
    pub acting: Option<Acting>,
    /// One a target tracking policy whose metric is in the catalogue, the fullest alarm first.
    pub alarms: Vec<AlarmView>,
    /// Whether dynamic scale-out is suspended: whatever the alarms say, nothing follows.
    pub out_suspended: bool,
}

/// An act of the autoscaler.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "acting", rename_all = "snake_case")]
pub enum Acting {
    /// Under way.
    Setting {
        /// The count, where AWS's words name one.
        to: Option<TaskCount>,
        /// When it began.
        since: Timestamp,
        /// AWS's words for why: hostile text until cleaned.
        cause: String,
    },
    /// Done within the last five minutes.
    Moved {
        /// The count, where AWS's words name one.
        to: Option<TaskCount>,
        /// When it began.
        at: Timestamp,
        /// AWS's words for why: hostile text until cleaned.
        cause: String,
    },
}

/// How full the high alarm of a policy is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct AlarmView {
    /// The metric it follows.
    pub metric: MetricId,
    /// The policy's target value.
    pub target: f64,
    /// Minutes above it in a row, up to [`ALARM_MINUTES`].
    pub minutes: u32,
}

/// The view of one service; `None` when it was never described.
pub fn autoscaler_view(platform: &Platform, id: &ServiceId, now: Timestamp) -> Option<AutoscalerView> {
    let service = platform.services.get(id)?;
    let policies = platform.policies.get(id).map_or(&[][..], |policies| policies.as_slice());
    let mut alarms: Vec<_> = policies.iter().filter_map(|policy| alarm_view(platform, service, policy, now)).collect();
    alarms.sort_by_key(|alarm| (std::cmp::Reverse(alarm.minutes), alarm.metric));
    Some(AutoscalerView {
        acting: acting(platform, id, now),
        alarms,
        out_suspended: platform.targets.get(id).is_some_and(|target| target.suspended.scale_out),
    })
}

fn acting(platform: &Platform, id: &ServiceId, now: Timestamp) -> Option<Acting> {
    let activities = platform.activities.get(id)?;
    let newest = |is: fn(&ActivityKind) -> bool| {
        activities.iter().filter(|activity| is(&activity.kind)).max_by_key(|activity| activity.started)
    };
    if let Some(open) = newest(|kind| matches!(kind, ActivityKind::Pending | ActivityKind::InProgress)) {
        let to = open.desired().map(TaskCount);
        return Some(Acting::Setting { to, since: open.started, cause: open.cause.clone() });
    }
    let done = newest(|kind| matches!(kind, ActivityKind::Successful))?;
    let fresh = now.duration_since(done.started) <= JUST_MOVED;
    let to = done.desired().map(TaskCount);
    fresh.then(|| Acting::Moved { to, at: done.started, cause: done.cause.clone() })
}

fn alarm_view(platform: &Platform, service: &Service, policy: &ScalingPolicy, now: Timestamp) -> Option<AlarmView> {
    let target = policy.target.filter(|_| policy.kind == "TargetTrackingScaling")?;
    let metric = match policy.metric.as_str() {
        "ECSServiceAverageCPUUtilization" => MetricId::ServiceCpu,
        "ECSServiceAverageMemoryUtilization" => MetricId::ServiceMemory,
        "ALBRequestCountPerTarget" => MetricId::RequestsPerTarget,
        _ => return None,
    };
    let minutes = series_of(platform, service, metric)
        .into_iter()
        .map(|series| minutes_above(series, target, now))
        .max()
        .unwrap_or(0);
    Some(AlarmView { metric, target, minutes })
}

fn series_of<'a>(platform: &'a Platform, service: &Service, metric: MetricId) -> Vec<&'a Series> {
    let keys: Vec<_> = if metric == MetricId::RequestsPerTarget {
        let groups = service.target_groups.iter().filter_map(|arn| platform.target_groups.get(arn));
        let resources = groups.flat_map(|group| {
            group.balancers.iter().map(|balancer| Resource::TargetGroup(balancer.clone(), group.arn.clone()))
        });
        resources.map(|resource| MetricKey { resource, metric }).collect()
    } else {
        vec![MetricKey::service(&service.id, metric)]
    };
    keys.iter().filter_map(|key| platform.series.get(key)).map(AsRef::as_ref).collect()
}

/// Minutes above the target in a row, ending at the newest complete minute that has a point – which may not be older
/// than the newest evidence minute.
fn minutes_above(series: &Series, target: f64, now: Timestamp) -> u32 {
    let complete = minute_of(now) - 1;
    let newest = (evidence_minute(now)..=complete).rev().find(|minute| series.at(*minute).is_some());
    let Some(newest) = newest else { return 0 };
    (0..ALARM_MINUTES)
        .take_while(|back| series.at(newest - i64::from(*back)).is_some_and(|value| value > target))
        .count() as u32
}
