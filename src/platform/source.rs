//! Where readings come from, and how each source fares.

use std::fmt;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::moment::Moment;

/// A source: one kind of question to one AWS service. Its name is what a pane shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// `sts:GetCallerIdentity`.
    Identity,
    /// `ecs:ListClusters`, `ecs:ListServices`.
    ServiceList,
    /// `ecs:DescribeServices`.
    Services,
    /// `ecs:ListTasks`, `ecs:DescribeTasks`.
    Tasks,
    /// `application-autoscaling:DescribeScalableTargets`.
    ScalableTargets,
    /// `application-autoscaling:DescribeScalingPolicies`.
    ScalingPolicies,
    /// `application-autoscaling:DescribeScheduledActions`.
    ScheduledActions,
    /// `application-autoscaling:DescribeScalingActivities`.
    Activities,
    /// `elasticloadbalancing:DescribeTargetGroups` and their attributes.
    TargetGroups,
    /// `elasticloadbalancing:DescribeTargetHealth`.
    TargetHealth,
    /// `cloudwatch:GetMetricData`.
    Metrics,
    /// `rds:DescribeDBInstances` and `rds:DescribeDBParameters`.
    Databases,
    /// `route53:ListHostedZones`, `route53:ListResourceRecordSets`: the name that readers resolve.
    ReaderName,
    /// `elasticache:DescribeReplicationGroups`, `elasticache:DescribeCacheClusters`.
    Caches,
    /// `cloudfront:ListDistributions`, and whether each publishes its additional metrics.
    Distributions,
    /// `cloudwatch:GetMetricData` in us-east-1, where CloudFront's metrics are.
    EdgeMetrics,
    /// `cloudwatch:DescribeAlarms`, `cloudwatch:DescribeAlarmHistory`.
    Alarms,
    /// `ce:GetCostAndUsage` and its kin.
    Spend,
    /// `cloudwatch:GetMetricData`, hour by hour, for weeks.
    Weeks,
    /// What runs, by the table of prices: reckoned here, asked of nobody.
    RunRate,
}

impl Source {
    /// Every source that is read, in the order of a cold start.
    pub const ALL: [Self; 20] = [
        Self::Identity,
        Self::ServiceList,
        Self::Services,
        Self::ScalableTargets,
        Self::Databases,
        Self::Caches,
        Self::Metrics,
        Self::Activities,
        Self::TargetGroups,
        Self::TargetHealth,
        Self::ScalingPolicies,
        Self::ScheduledActions,
        Self::Tasks,
        Self::Spend,
        Self::Weeks,
        Self::RunRate,
        Self::ReaderName,
        Self::Alarms,
        Self::Distributions,
        Self::EdgeMetrics,
    ];

    /// How the source is called on a screen.
    pub fn label(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::ServiceList => "service list",
            Self::Services => "services",
            Self::Tasks => "tasks",
            Self::ScalableTargets => "scalable targets",
            Self::ScalingPolicies => "scaling policies",
            Self::ScheduledActions => "scheduled actions",
            Self::Activities => "activities",
            Self::TargetGroups => "target groups",
            Self::TargetHealth => "target health",
            Self::Metrics => "metrics",
            Self::Databases => "databases",
            Self::ReaderName => "reader name",
            Self::Caches => "caches",
            Self::Distributions => "distributions",
            Self::EdgeMetrics => "edge metrics",
            Self::Alarms => "alarms",
            Self::Spend => "spend",
            Self::Weeks => "hourly metrics",
            Self::RunRate => "run rate",
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

/// Why a question was not answered, in the kinds that call for different actions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum SourceState {
    /// Not asked yet.
    Waiting,
    /// Answered.
    Live,
    /// AWS asked for less; backing off until then.
    Throttled {
        /// When the next question goes out.
        #[schemars(with = "Moment")]
        retry_at: Timestamp,
    },
    /// IAM says no.
    Denied {
        /// The missing action, as in `ecs:DescribeServices`.
        action: String,
    },
    /// Credentials have expired.
    Expired {
        /// The command or step that mends it.
        mend: String,
    },
    /// No credentials were found at all.
    NoCredentials {
        /// The ways to get some.
        mend: String,
    },
    /// No answer in time.
    TimedOut {
        /// Seconds waited.
        after_s: u32,
    },
    /// No connection, or it broke.
    Network {
        /// What the stack said, cleaned.
        detail: String,
    },
    /// It answers, and is asked for less than it could tell, to keep within a budget.
    Capped {
        /// Which budget, and what is lost.
        detail: String,
    },
    /// An answer that could not be read, or an error of another kind.
    Faulty {
        /// AWS's code or the parser's words, cleaned.
        detail: String,
    },
}

impl SourceState {
    /// Whether something is wrong that an operator may have to mend.
    pub fn fails(&self) -> bool {
        !matches!(self, Self::Waiting | Self::Live | Self::Capped { .. })
    }
}

impl fmt::Display for SourceState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Waiting => f.write_str("waiting for a first answer"),
            Self::Live => f.write_str("live"),
            Self::Throttled { retry_at } => write!(f, "throttled: asking again at {retry_at:.0}"),
            Self::Denied { action } => write!(f, "denied: {action}"),
            Self::Expired { mend } => write!(f, "credentials have expired: {mend}"),
            Self::NoCredentials { mend } => write!(f, "no credentials: {mend}"),
            Self::TimedOut { after_s } => write!(f, "no answer within {after_s}s"),
            Self::Network { detail } => write!(f, "no connection: {detail}"),
            Self::Capped { detail } => write!(f, "asked for less: {detail}"),
            Self::Faulty { detail } => write!(f, "cannot be read: {detail}"),
        }
    }
}

/// How a source fares. Old data stays on the screen; this says how old.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceHealth {
    /// The state now.
    pub state: SourceState,
    /// When the last good answer was asked for.
    #[schemars(with = "Option<Moment>")]
    pub learnt: Option<Timestamp>,
    /// When the present state began.
    #[schemars(with = "Moment")]
    pub since: Timestamp,
    /// Seconds between two questions: data older than twice this is stale.
    pub cadence_s: u32,
    /// Failures since the last good answer.
    pub failures: u32,
}

impl SourceHealth {
    /// Seconds since the last good answer; `None` when there was none.
    pub fn age_s(&self, now: Timestamp) -> Option<i64> {
        self.learnt.map(|learnt| now.as_second() - learnt.as_second())
    }

    /// Whether it has answered only since so recently that the rest of its history may be in the next answers.
    pub fn arriving(&self, now: Timestamp) -> bool {
        self.learnt.is_none() || now.as_second() - self.since.as_second() < 2 * i64::from(self.cadence_s)
    }

    /// Whether the data is older than twice the cadence, or was never there.
    pub fn stale(&self, now: Timestamp) -> bool {
        self.age_s(now).is_none_or(|age| age > 2 * i64::from(self.cadence_s))
    }
}
