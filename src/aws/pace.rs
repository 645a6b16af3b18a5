//! How often each source is asked, how long to wait after a failure, and how hard AWS may be asked: pure tables.
//!
//! The budgets are at most half of what AWS publishes for an account and region, because the platform's own deploys,
//! autoscalers and other consoles drink from the same buckets.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

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
}

impl Call {
    /// All of them.
    pub const ALL: [Self; 23] = [
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
        }
    }

    /// The call of an SDK operation's name, as in `DescribeServices`.
    pub fn of_operation(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|call| call.action().split_once(':').is_some_and(|(_, operation)| operation == name))
    }

    /// Whether it changes anything.
    pub fn writes(self) -> bool {
        matches!(self, Self::UpdateService | Self::RegisterScalableTarget)
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
            Self::DescribeScalableTargets
            | Self::DescribeScalingPolicies
            | Self::DescribeScheduledActions
            | Self::DescribeScalingActivities
            | Self::RegisterScalableTarget => Family::AutoScaling,
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
        }
    }
}

/// Calls that share one of AWS's throttling buckets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// Security Token Service.
    Sts,
    /// ECS "cluster read".
    EcsClusterRead,
    /// ECS "service read".
    EcsServiceRead,
    /// ECS "cluster resource read": tasks.
    EcsResourceRead,
    /// ECS "service modify".
    EcsServiceModify,
    /// Application Auto Scaling; AWS publishes no rate.
    AutoScaling,
    /// Elastic Load Balancing.
    LoadBalancing,
    /// `CloudWatch`'s `GetMetricData`.
    CloudWatch,
    /// Cost Explorer; AWS publishes no rate and asks for few calls: each page is paid for.
    CostExplorer,
}

/// A bucket's size and how fast it fills.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// Calls at once.
    pub burst: u32,
    /// Calls a second for ever.
    pub per_second: u32,
}

impl Family {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Sts,
        Self::EcsClusterRead,
        Self::EcsServiceRead,
        Self::EcsResourceRead,
        Self::EcsServiceModify,
        Self::AutoScaling,
        Self::LoadBalancing,
        Self::CloudWatch,
        Self::CostExplorer,
    ];

    /// What AWS publishes for an account and region; `None` where it publishes nothing.
    pub fn published(self) -> Option<Rate> {
        match self {
            Self::EcsClusterRead => Some(Rate { burst: 50, per_second: 20 }),
            Self::EcsServiceRead | Self::EcsResourceRead => Some(Rate { burst: 100, per_second: 20 }),
            Self::EcsServiceModify => Some(Rate { burst: 50, per_second: 5 }),
            Self::LoadBalancing => Some(Rate { burst: 40, per_second: 10 }),
            Self::CloudWatch => Some(Rate { burst: 500, per_second: 500 }),
            Self::Sts | Self::AutoScaling | Self::CostExplorer => None,
        }
    }

    /// What this program allows itself.
    pub fn budget(self) -> Rate {
        match self {
            Self::Sts | Self::EcsServiceModify | Self::CostExplorer => Rate { burst: 5, per_second: 1 },
            Self::EcsClusterRead | Self::CloudWatch => Rate { burst: 20, per_second: 5 },
            Self::EcsServiceRead | Self::EcsResourceRead => Rate { burst: 50, per_second: 10 },
            Self::AutoScaling => Rate { burst: 20, per_second: 2 },
            Self::LoadBalancing => Rate { burst: 20, per_second: 4 },
        }
    }
}

/// A token bucket. Tokens may be owed: each caller learns how long to wait, and they leave in the order they came.
#[derive(Debug, Clone)]
pub struct Bucket {
    rate: Rate,
    tokens: f64,
    at: Option<Timestamp>,
}

impl Bucket {
    /// A full bucket.
    pub fn new(rate: Rate) -> Self {
        Self { rate, tokens: f64::from(rate.burst), at: None }
    }

    /// Takes a token; the call may go out after the span returned, which is zero while there are tokens.
    pub fn take(&mut self, now: Timestamp) -> Duration {
        let per_second = f64::from(self.rate.per_second);
        if let Some(at) = self.at {
            let passed = now.duration_since(at).as_secs_f64().max(0.0);
            self.tokens = (self.tokens + passed * per_second).min(f64::from(self.rate.burst));
        }
        self.at = Some(now);
        self.tokens -= 1.0;
        Duration::from_secs_f64((-self.tokens / per_second).max(0.0))
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

/// When a source that was asked at `asked` is due again. Metrics are asked on whole multiples of their cadence, so that
/// every console's window starts and ends on the same instants and a minute is seen soon after it ends.
pub fn due(source: Source, asked: Timestamp) -> Timestamp {
    let cadence = cadence(source).as_secs() as i64;
    if source == Source::Metrics {
        let slot = asked.as_second().div_euclid(cadence) + 1;
        return Timestamp::from_second(slot * cadence).unwrap_or(Timestamp::MAX);
    }
    asked.checked_add(SignedDuration::from_secs(cadence)).unwrap_or(Timestamp::MAX)
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
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millisecond(1_800_000_000_000 + ms).unwrap()
    }

    #[test]
    fn cadences() {
        let table = [
            (Source::Identity, 60),
            (Source::ServiceList, 60),
            (Source::Services, 3),
            (Source::Tasks, 5),
            (Source::ScalableTargets, 30),
            (Source::ScalingPolicies, 60),
            (Source::ScheduledActions, 60),
            (Source::Activities, 10),
            (Source::TargetGroups, 60),
            (Source::TargetHealth, 5),
            (Source::Metrics, 20),
            (Source::Spend, 21_600),
            (Source::Weeks, 21_600),
            (Source::RunRate, 60),
        ];
        assert_eq!(table.len(), Source::ALL.len());
        for (source, seconds) in table {
            assert_eq!(cadence(source), Duration::from_secs(seconds), "{source}");
        }
    }

    #[test]
    fn metrics_are_due_on_whole_multiples_and_the_rest_a_cadence_later() {
        assert_eq!(due(Source::Metrics, at(0)), at(20_000));
        assert_eq!(due(Source::Metrics, at(19_999)), at(20_000));
        assert_eq!(due(Source::Metrics, at(20_000)), at(40_000));
        assert_eq!(due(Source::Services, at(500)), at(3_500));
    }

    #[test]
    fn backoff_doubles_to_a_minute_and_jitter_is_full() {
        let ceilings: Vec<u64> = (0..9).map(|failures| backoff_ceiling(failures).as_secs()).collect();
        assert_eq!(ceilings, [1, 1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(backoff(3, 0.0), Duration::ZERO);
        assert_eq!(backoff(3, 0.5), Duration::from_secs(2));
        assert!(backoff(u32::MAX, 0.999) < Duration::from_mins(1));
    }

    #[test]
    fn no_budget_exceeds_half_of_what_aws_publishes() {
        for family in Family::ALL {
            let budget = family.budget();
            assert!(budget.per_second > 0 && budget.burst >= budget.per_second, "{family:?}");
            if let Some(published) = family.published() {
                assert!(2 * budget.burst <= published.burst, "{family:?}");
                assert!(2 * budget.per_second <= published.per_second, "{family:?}");
            }
        }
    }

    #[test]
    fn a_bucket_lets_a_burst_through_then_its_rate_and_fills_again() {
        let mut bucket = Bucket::new(Rate { burst: 3, per_second: 2 });
        let waits: Vec<u128> = (0..6).map(|_| bucket.take(at(0)).as_millis()).collect();
        assert_eq!(waits, [0, 0, 0, 500, 1_000, 1_500]);
        assert_eq!(bucket.take(at(3_000)), Duration::ZERO, "1.5 s were owed, then 3 tokens came");
        let full = (0..4).map(|_| bucket.take(at(3_600_000)).as_millis()).collect::<Vec<_>>();
        assert_eq!(full, [0, 0, 0, 500], "a long rest fills it to the burst, not beyond");
        assert_eq!(bucket.take(at(0)).as_millis(), 1_000, "a clock that steps back gives nothing");
    }

    #[test]
    fn every_call_has_an_action_and_is_found_by_its_operation() {
        for call in Call::ALL {
            let (_, operation) = call.action().split_once(':').unwrap();
            assert_eq!(Call::of_operation(operation), Some(call));
        }
        assert_eq!(Call::of_operation("DeleteService"), None);
    }

    /// The actions that an example policy allows, sorted.
    fn allowed(policy: &str) -> Vec<String> {
        let policy: serde_json::Value = serde_json::from_str(policy).unwrap();
        let statements = policy["Statement"].as_array().unwrap();
        let actions = statements.iter().flat_map(|statement| statement["Action"].as_array().unwrap());
        let mut actions: Vec<String> = actions.map(|action| action.as_str().unwrap().to_owned()).collect();
        actions.sort();
        actions
    }

    #[test]
    fn the_example_policies_allow_exactly_what_is_called() {
        let needed = |writes: bool| {
            let calls = Call::ALL.into_iter().filter(|call| writes || !call.writes());
            let mut actions: Vec<String> = calls.map(|call| call.action().to_owned()).collect();
            actions.sort();
            actions
        };
        assert_eq!(allowed(include_str!("../../examples/iam/read-only.json")), needed(false));
        assert_eq!(allowed(include_str!("../../examples/iam/operator.json")), needed(true));
    }
}
