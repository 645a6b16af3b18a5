//! The services the drill answers for, and what each protocol calls them.

/// A service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    /// Security Token Service.
    Sts,
    /// Elastic Container Service.
    Ecs,
    /// Application Auto Scaling.
    Autoscaling,
    /// Elastic Load Balancing v2.
    Elb,
    /// CloudWatch.
    Cloudwatch,
    /// Relational Database Service.
    Rds,
    /// Route 53.
    Route53,
    /// ElastiCache.
    Elasticache,
    /// CloudFront.
    Cloudfront,
    /// Cost Explorer.
    Costexplorer,
}

impl Service {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Sts,
        Self::Ecs,
        Self::Autoscaling,
        Self::Elb,
        Self::Cloudwatch,
        Self::Rds,
        Self::Route53,
        Self::Elasticache,
        Self::Cloudfront,
        Self::Costexplorer,
    ];

    /// The name in IAM actions, as in `ecs:DescribeServices`. It is also how a fault names its service.
    pub fn iam(self) -> &'static str {
        match self {
            Self::Sts => "sts",
            Self::Ecs => "ecs",
            Self::Autoscaling => "application-autoscaling",
            Self::Elb => "elasticloadbalancing",
            Self::Cloudwatch => "cloudwatch",
            Self::Rds => "rds",
            Self::Route53 => "route53",
            Self::Elasticache => "elasticache",
            Self::Cloudfront => "cloudfront",
            Self::Costexplorer => "ce",
        }
    }

    /// What stands before the dot of an `X-Amz-Target`; for CloudWatch also the name in an RPC v2 path.
    pub(super) fn target(self) -> Option<&'static str> {
        match self {
            Self::Ecs => Some("AmazonEC2ContainerServiceV20141113"),
            Self::Autoscaling => Some("AnyScaleFrontendService"),
            Self::Cloudwatch => Some("GraniteServiceVersion20100801"),
            Self::Costexplorer => Some("AWSInsightsIndexService"),
            Self::Sts | Self::Elb | Self::Rds | Self::Route53 | Self::Elasticache | Self::Cloudfront => None,
        }
    }

    /// The `Version` of an awsQuery form. The versions of these services differ, so it names the service too.
    pub(super) fn version(self) -> Option<&'static str> {
        match self {
            Self::Sts => Some("2011-06-15"),
            Self::Elb => Some("2015-12-01"),
            Self::Cloudwatch => Some("2010-08-01"),
            Self::Rds => Some("2014-10-31"),
            Self::Elasticache => Some("2015-02-02"),
            Self::Ecs | Self::Autoscaling | Self::Route53 | Self::Cloudfront | Self::Costexplorer => None,
        }
    }

    /// The first segment of its restXml paths. The versions of these services differ, so it names the service too.
    pub(super) fn path_version(self) -> Option<&'static str> {
        match self {
            Self::Route53 => Some("2013-04-01"),
            Self::Cloudfront => Some("2020-05-31"),
            _ => None,
        }
    }

    /// The namespace of its XML answers.
    pub(super) fn xml_namespace(self) -> &'static str {
        match self {
            Self::Sts => "https://sts.amazonaws.com/doc/2011-06-15/",
            Self::Elb => "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/",
            Self::Cloudwatch => "http://monitoring.amazonaws.com/doc/2010-08-01/",
            Self::Rds => "http://rds.amazonaws.com/doc/2014-10-31/",
            Self::Route53 => "https://route53.amazonaws.com/doc/2013-04-01/",
            Self::Elasticache => "http://elasticache.amazonaws.com/doc/2015-02-02/",
            Self::Cloudfront => "http://cloudfront.amazonaws.com/doc/2020-05-31/",
            Self::Ecs | Self::Autoscaling | Self::Costexplorer => "http://webservices.amazon.com/AWSFault/2005-15-09",
        }
    }

    /// What stands before the `#` of an error's `__type`.
    pub(super) fn shapes(self) -> &'static str {
        match self {
            Self::Sts => "com.amazonaws.sts",
            Self::Ecs => "com.amazonaws.ecs",
            Self::Autoscaling => "com.amazonaws.applicationautoscaling",
            Self::Elb => "com.amazonaws.elasticloadbalancingv2",
            Self::Cloudwatch => "com.amazonaws.cloudwatch",
            Self::Rds => "com.amazonaws.rds",
            Self::Route53 => "com.amazonaws.route53",
            Self::Elasticache => "com.amazonaws.elasticache",
            Self::Cloudfront => "com.amazonaws.cloudfront",
            Self::Costexplorer => "com.amazonaws.costexplorer",
        }
    }

    /// The service an IAM prefix names.
    pub fn named(iam: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|service| service.iam() == iam)
    }
}
