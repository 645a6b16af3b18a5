//! How often each source is asked, how long to wait after a failure, and how hard AWS may be asked: pure tables.
//!
//! The budgets are at most half of what AWS publishes for an account and region, because the platform's own deploys,
//! autoscalers and other consoles drink from the same buckets.

mod family;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

pub use self::family::{Bucket, Family, Rate};
use crate::platform::Source;

/// Every call this room can make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Call {
    /// `sts:GetCallerIdentity`
    GetCallerIdentity,
    /// `ecs:ListClusters`
    ListClusters,
    /// `ecs:ListServices`
    ListServices,
    /// `ecs:DescribeServices`
    DescribeServices,
    /// `ecs:ListTasks`
    ListTasks,
    /// `ecs:DescribeTasks`
    DescribeTasks,
    /// `ecs:UpdateService`
    UpdateService,
    /// `application-autoscaling:DescribeScalableTargets`
    DescribeScalableTargets,
    /// `application-autoscaling:DescribeScalingPolicies`
    DescribeScalingPolicies,
    /// `application-autoscaling:DescribeScheduledActions`
    DescribeScheduledActions,
    /// `application-autoscaling:DescribeScalingActivities`
    DescribeScalingActivities,
    /// `application-autoscaling:RegisterScalableTarget`
    RegisterScalableTarget,
    /// `elasticloadbalancing:DescribeTargetGroups`
    DescribeTargetGroups,
    /// `elasticloadbalancing:DescribeTargetGroupAttributes`
    DescribeTargetGroupAttributes,
    /// `elasticloadbalancing:DescribeTargetHealth`
    DescribeTargetHealth,
    /// `cloudwatch:GetMetricData`
    GetMetricData,
    /// `ce:GetCostAndUsage`
    GetCostAndUsage,
    /// `ce:GetCostForecast`
    GetCostForecast,
    /// `ce:GetAnomalies`
    GetAnomalies,
    /// `ce:GetSavingsPlansCoverage`
    GetSavingsPlansCoverage,
    /// `ce:GetSavingsPlansUtilization`
    GetSavingsPlansUtilization,
    /// `ce:GetReservationCoverage`
    GetReservationCoverage,
    /// `ce:GetReservationUtilization`
    GetReservationUtilization,
    /// `rds:DescribeDBInstances`
    DescribeDbInstances,
    /// `rds:DescribeDBParameters`
    DescribeDbParameters,
    /// `elasticache:DescribeReplicationGroups`
    DescribeReplicationGroups,
    /// `elasticache:DescribeCacheClusters`
    DescribeCacheClusters,
    /// `route53:ListHostedZones`
    ListHostedZones,
    /// `route53:ListResourceRecordSets`
    ListResourceRecordSets,
    /// `cloudfront:ListDistributions`
    ListDistributions,
    /// `cloudfront:GetMonitoringSubscription`
    GetMonitoringSubscription,
    /// `cloudwatch:DescribeAlarms`
    DescribeAlarms,
    /// `cloudwatch:DescribeAlarmHistory`
    DescribeAlarmHistory,
    /// `ecs:StopTask`
    StopTask,
    /// `application-autoscaling:PutScheduledAction`
    PutScheduledAction,
    /// `application-autoscaling:DeleteScheduledAction`
    DeleteScheduledAction,
    /// `rds:CreateDBInstanceReadReplica`
    CreateDbInstanceReadReplica,
    /// `rds:DeleteDBInstance`
    DeleteDbInstance,
    /// `route53:ChangeResourceRecordSets`
    ChangeResourceRecordSets,
    /// `elasticache:IncreaseReplicaCount`
    IncreaseReplicaCount,
    /// `elasticache:DecreaseReplicaCount`
    DecreaseReplicaCount,
    /// `elasticache:ModifyReplicationGroupShardConfiguration`
    ModifyReplicationGroupShardConfiguration,
}

impl Call {
    /// All of them.
    pub const ALL: [Self; 42] = [
        Self::GetCallerIdentity,
        Self::ListClusters,
        Self::ListServices,
        Self::DescribeServices,
        Self::ListTasks,
        Self::DescribeTasks,
        Self::UpdateService,
        Self::DescribeScalableTargets,
        Self::DescribeScalingPolicies,
        Self::DescribeScheduledActions,
        Self::DescribeScalingActivities,
        Self::RegisterScalableTarget,
        Self::DescribeTargetGroups,
        Self::DescribeTargetGroupAttributes,
        Self::DescribeTargetHealth,
        Self::GetMetricData,
        Self::GetCostAndUsage,
        Self::GetCostForecast,
        Self::GetAnomalies,
        Self::GetSavingsPlansCoverage,
        Self::GetSavingsPlansUtilization,
        Self::GetReservationCoverage,
        Self::GetReservationUtilization,
        Self::DescribeDbInstances,
        Self::DescribeDbParameters,
        Self::DescribeReplicationGroups,
        Self::DescribeCacheClusters,
        Self::ListHostedZones,
        Self::ListResourceRecordSets,
        Self::ListDistributions,
        Self::GetMonitoringSubscription,
        Self::DescribeAlarms,
        Self::DescribeAlarmHistory,
        Self::StopTask,
        Self::PutScheduledAction,
        Self::DeleteScheduledAction,
        Self::CreateDbInstanceReadReplica,
        Self::DeleteDbInstance,
        Self::ChangeResourceRecordSets,
        Self::IncreaseReplicaCount,
        Self::DecreaseReplicaCount,
        Self::ModifyReplicationGroupShardConfiguration,
    ];

    /// The IAM action it needs.
    pub fn action(self) -> &'static str {
        match self {
            Self::GetCallerIdentity => "sts:GetCallerIdentity",
            Self::ListClusters => "ecs:ListClusters",
            Self::ListServices => "ecs:ListServices",
            Self::DescribeServices => "ecs:DescribeServices",
            Self::ListTasks => "ecs:ListTasks",
            Self::DescribeTasks => "ecs:DescribeTasks",
            Self::UpdateService => "ecs:UpdateService",
            Self::DescribeScalableTargets => "application-autoscaling:DescribeScalableTargets",
            Self::DescribeScalingPolicies => "application-autoscaling:DescribeScalingPolicies",
            Self::DescribeScheduledActions => "application-autoscaling:DescribeScheduledActions",
            Self::DescribeScalingActivities => "application-autoscaling:DescribeScalingActivities",
            Self::RegisterScalableTarget => "application-autoscaling:RegisterScalableTarget",
            Self::DescribeTargetGroups => "elasticloadbalancing:DescribeTargetGroups",
            Self::DescribeTargetGroupAttributes => "elasticloadbalancing:DescribeTargetGroupAttributes",
            Self::DescribeTargetHealth => "elasticloadbalancing:DescribeTargetHealth",
            Self::GetMetricData => "cloudwatch:GetMetricData",
            Self::GetCostAndUsage => "ce:GetCostAndUsage",
            Self::GetCostForecast => "ce:GetCostForecast",
            Self::GetAnomalies => "ce:GetAnomalies",
            Self::GetSavingsPlansCoverage => "ce:GetSavingsPlansCoverage",
            Self::GetSavingsPlansUtilization => "ce:GetSavingsPlansUtilization",
            Self::GetReservationCoverage => "ce:GetReservationCoverage",
            Self::GetReservationUtilization => "ce:GetReservationUtilization",
            Self::DescribeDbInstances => "rds:DescribeDBInstances",
            Self::DescribeDbParameters => "rds:DescribeDBParameters",
            Self::DescribeReplicationGroups => "elasticache:DescribeReplicationGroups",
            Self::DescribeCacheClusters => "elasticache:DescribeCacheClusters",
            Self::ListHostedZones => "route53:ListHostedZones",
            Self::ListResourceRecordSets => "route53:ListResourceRecordSets",
            Self::ListDistributions => "cloudfront:ListDistributions",
            Self::GetMonitoringSubscription => "cloudfront:GetMonitoringSubscription",
            Self::DescribeAlarms => "cloudwatch:DescribeAlarms",
            Self::DescribeAlarmHistory => "cloudwatch:DescribeAlarmHistory",
            Self::StopTask => "ecs:StopTask",
            Self::PutScheduledAction => "application-autoscaling:PutScheduledAction",
            Self::DeleteScheduledAction => "application-autoscaling:DeleteScheduledAction",
            Self::CreateDbInstanceReadReplica => "rds:CreateDBInstanceReadReplica",
            Self::DeleteDbInstance => "rds:DeleteDBInstance",
            Self::ChangeResourceRecordSets => "route53:ChangeResourceRecordSets",
            Self::IncreaseReplicaCount => "elasticache:IncreaseReplicaCount",
            Self::DecreaseReplicaCount => "elasticache:DecreaseReplicaCount",
            Self::ModifyReplicationGroupShardConfiguration => "elasticache:ModifyReplicationGroupShardConfiguration",
        }
    }

    /// The call of an SDK operation's name, as in `DescribeServices`.
    pub fn of_operation(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|call| call.action().split_once(':').is_some_and(|(_, operation)| operation == name))
    }

    /// Whether it changes anything.
    pub fn writes(self) -> bool {
        matches!(
            self,
            Self::UpdateService
                | Self::RegisterScalableTarget
                | Self::StopTask
                | Self::PutScheduledAction
                | Self::DeleteScheduledAction
                | Self::CreateDbInstanceReadReplica
                | Self::DeleteDbInstance
                | Self::ChangeResourceRecordSets
                | Self::IncreaseReplicaCount
                | Self::DecreaseReplicaCount
                | Self::ModifyReplicationGroupShardConfiguration
        )
    }

    /// What one of it costs in US dollars: Cost Explorer asks a cent for every page (AWS's FAQ, and the public price list).
    pub fn dollars(self) -> f64 {
        if self.family() == Family::CostExplorer { 0.01 } else { 0.0 }
    }

    /// The bucket of AWS's that it draws from.
    pub fn family(self) -> Family {
        match self {
            Self::GetCallerIdentity => Family::Sts,
            Self::ListClusters => Family::EcsClusterRead,
            Self::ListServices | Self::DescribeServices => Family::EcsServiceRead,
            Self::ListTasks | Self::DescribeTasks => Family::EcsResourceRead,
            Self::UpdateService => Family::EcsServiceModify,
            Self::StopTask => Family::EcsResourceModify,
            Self::DescribeScalableTargets
            | Self::DescribeScalingPolicies
            | Self::DescribeScheduledActions
            | Self::DescribeScalingActivities
            | Self::RegisterScalableTarget
            | Self::PutScheduledAction
            | Self::DeleteScheduledAction => Family::AutoScaling,
            Self::DescribeTargetGroups | Self::DescribeTargetGroupAttributes | Self::DescribeTargetHealth => {
                Family::LoadBalancing
            }
            Self::GetMetricData => Family::CloudWatch,
            Self::GetCostAndUsage
            | Self::GetCostForecast
            | Self::GetAnomalies
            | Self::GetSavingsPlansCoverage
            | Self::GetSavingsPlansUtilization
            | Self::GetReservationCoverage
            | Self::GetReservationUtilization => Family::CostExplorer,
            Self::DescribeAlarms | Self::DescribeAlarmHistory => Family::Alarms,
            Self::DescribeDbInstances
            | Self::DescribeDbParameters
            | Self::CreateDbInstanceReadReplica
            | Self::DeleteDbInstance => Family::Rds,
            Self::DescribeReplicationGroups
            | Self::DescribeCacheClusters
            | Self::IncreaseReplicaCount
            | Self::DecreaseReplicaCount
            | Self::ModifyReplicationGroupShardConfiguration => Family::ElastiCache,
            Self::ListHostedZones | Self::ListResourceRecordSets | Self::ChangeResourceRecordSets => Family::Route53,
            Self::ListDistributions | Self::GetMonitoringSubscription => Family::CloudFront,
        }
    }
}

/// Seconds between two questions to a source while somebody looks at what it tells.
pub fn cadence(source: Source) -> Duration {
    Duration::from_secs(match source {
        Source::Services => 3,
        Source::Tasks | Source::TargetHealth => 5,
        Source::Activities => 10,
        Source::Metrics => 20,
        Source::Distributions => 600,
        Source::Spend | Source::Weeks => 6 * 3600,
        Source::ScalableTargets | Source::Databases | Source::Caches => 30,
        Source::Identity
        | Source::RunRate
        | Source::EdgeMetrics
        | Source::ReaderName
        | Source::ServiceList
        | Source::Alarms
        | Source::ScalingPolicies
        | Source::ScheduledActions
        | Source::TargetGroups => 60,
    })
}

/// The cadence in whole seconds, as readings carry it.
pub fn cadence_s(source: Source) -> u32 {
    u32::try_from(cadence(source).as_secs()).unwrap_or(u32::MAX)
}

/// How many services, target groups or policies make a platform large: from then on what seldom changes is asked for at
/// [`slow`].
pub const MANY: usize = 50;

/// Seconds between two questions to a source on a large platform, where the answer is many calls.
pub fn slow(source: Source) -> u32 {
    match source {
        Source::TargetGroups | Source::ScalingPolicies | Source::ScheduledActions => 900,
        Source::ScalableTargets => 60,
        Source::TargetHealth => 10,
        Source::Services => 5,
        other => cadence_s(other),
    }
}

/// When a source that was asked at `asked` is due again. Metrics are asked on whole multiples of their cadence, so that
/// every console's window starts and ends on the same instants and a minute is seen soon after it ends.
pub fn due(source: Source, asked: Timestamp) -> Timestamp {
    if matches!(source, Source::Metrics | Source::EdgeMetrics) {
        return next_slot(asked, cadence_s(source));
    }
    asked.checked_add(SignedDuration::from_secs(i64::from(cadence_s(source)))).unwrap_or(Timestamp::MAX)
}

/// The next whole multiple of so many seconds after an instant.
pub fn next_slot(after: Timestamp, every_s: u32) -> Timestamp {
    let every = i64::from(every_s.max(1));
    Timestamp::from_second((after.as_second().div_euclid(every) + 1) * every).unwrap_or(Timestamp::MAX)
}

/// The longest wait after so many failures in a row, in seconds; the last entry holds for all later ones.
const BACKOFF_S: [u64; 7] = [1, 2, 4, 8, 16, 32, 60];

/// The longest wait after `failures` failures in a row.
pub fn backoff_ceiling(failures: u32) -> Duration {
    let step = (failures.max(1) as usize - 1).min(BACKOFF_S.len() - 1);
    Duration::from_secs(BACKOFF_S[step])
}

/// Full jitter: `chance` in `[0, 1)` picks a wait between nothing and the ceiling, so that consoles that were throttled
/// together do not come back together.
pub fn backoff(failures: u32, chance: f64) -> Duration {
    backoff_ceiling(failures).mul_f64(chance.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests;
