//! AWS's throttling buckets: which there are, what AWS publishes of them, and what this program allows itself.

use std::time::Duration;

use jiff::Timestamp;

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
    /// ECS "cluster resource modify": stopping a task.
    EcsResourceModify,
    /// Application Auto Scaling; AWS publishes no rate.
    AutoScaling,
    /// Elastic Load Balancing.
    LoadBalancing,
    /// `CloudWatch`'s `GetMetricData`.
    CloudWatch,
    /// Cost Explorer; AWS publishes no rate and asks for few calls: each page is paid for.
    CostExplorer,
    /// `CloudWatch`'s `DescribeAlarms`, the scarcer of its alarm calls.
    Alarms,
    /// RDS; AWS publishes no rate.
    Rds,
    /// ElastiCache; AWS publishes no rate.
    ElastiCache,
    /// Route 53, whose rate is the account's over all regions and calls.
    Route53,
    /// CloudFront; AWS publishes no rate.
    CloudFront,
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
    pub const ALL: [Self; 15] = [
        Self::Sts,
        Self::EcsClusterRead,
        Self::EcsServiceRead,
        Self::EcsResourceRead,
        Self::EcsServiceModify,
        Self::EcsResourceModify,
        Self::AutoScaling,
        Self::LoadBalancing,
        Self::CloudWatch,
        Self::CostExplorer,
        Self::Alarms,
        Self::Rds,
        Self::ElastiCache,
        Self::Route53,
        Self::CloudFront,
    ];

    /// What AWS publishes for an account and region; `None` where it publishes nothing.
    pub fn published(self) -> Option<Rate> {
        match self {
            Self::EcsClusterRead => Some(Rate { burst: 50, per_second: 20 }),
            Self::EcsServiceRead | Self::EcsResourceRead => Some(Rate { burst: 100, per_second: 20 }),
            Self::EcsServiceModify => Some(Rate { burst: 50, per_second: 5 }),
            Self::EcsResourceModify => Some(Rate { burst: 100, per_second: 40 }),
            Self::LoadBalancing => Some(Rate { burst: 40, per_second: 10 }),
            Self::CloudWatch => Some(Rate { burst: 500, per_second: 500 }),
            Self::Alarms => Some(Rate { burst: 9, per_second: 9 }),
            Self::Route53 => Some(Rate { burst: 5, per_second: 5 }),
            Self::Sts | Self::AutoScaling | Self::CostExplorer | Self::Rds | Self::ElastiCache | Self::CloudFront => {
                None
            }
        }
    }

    /// What this program allows itself.
    pub fn budget(self) -> Rate {
        match self {
            Self::Sts | Self::EcsServiceModify | Self::EcsResourceModify | Self::CostExplorer => {
                Rate { burst: 5, per_second: 1 }
            }
            Self::EcsClusterRead | Self::CloudWatch => Rate { burst: 20, per_second: 5 },
            Self::EcsServiceRead | Self::EcsResourceRead => Rate { burst: 50, per_second: 10 },
            Self::AutoScaling => Rate { burst: 20, per_second: 2 },
            Self::LoadBalancing => Rate { burst: 20, per_second: 4 },
            Self::Rds | Self::ElastiCache => Rate { burst: 10, per_second: 2 },
            Self::Alarms => Rate { burst: 4, per_second: 2 },
            Self::Route53 => Rate { burst: 2, per_second: 1 },
            Self::CloudFront => Rate { burst: 10, per_second: 1 },
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
