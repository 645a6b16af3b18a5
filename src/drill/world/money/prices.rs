//! The price list of the drill's AWS: on demand, US dollars, `us-east-1`, as of November 2026 from AWS's pages of prices.
//! Deliberately absent: free tiers, discounts, and steps by volume.

/// Seconds of an hour, and of a month as AWS bills it: 730 hours.
const HOUR: f64 = 3600.0;
const MONTH: f64 = 730.0 * HOUR;
/// Bytes of a GB, as data transfer is billed.
const GB: f64 = 1e9;

/// A line of the bill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Line {
    /// vCPUs of Fargate tasks.
    FargateCpu,
    /// Memory of Fargate tasks.
    FargateMemory,
    /// Burstable database instances with PostgreSQL, as so many `db.t3.medium`.
    DatabaseT,
    /// General ones, as so many `db.m6g.large`.
    DatabaseM,
    /// Those with much memory, as so many `db.r6g.large`.
    DatabaseR,
    /// Their storage.
    DatabaseStorage,
    /// Nodes `cache.t3.small`.
    CacheT3Small,
    /// Nodes `cache.t3.medium`.
    CacheT3Medium,
    /// Nodes `cache.m7g.large`.
    CacheM7gLarge,
    /// Nodes `cache.r7g.large`.
    CacheR7gLarge,
    /// The balancer.
    Balancer,
    /// What it does.
    BalancerLcu,
    /// Requests at the edge.
    EdgeRequests,
    /// Bytes from the edge.
    EdgeBytes,
    /// Metrics asked for with `GetMetricData`.
    Metrics,
    /// Requests to Cost Explorer, each page one.
    CostExplorer,
    /// Objects in S3.
    Objects,
    /// The hosted zone.
    HostedZone,
}

/// What a line costs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Price {
    /// The service, in Cost Explorer's words.
    pub service: &'static str,
    /// The usage type, likewise.
    pub usage_type: &'static str,
    /// The unit, likewise.
    pub unit: &'static str,
    /// US dollars for a unit.
    pub dollars: f64,
    /// Seconds, or how many, that make a unit.
    pub seconds: f64,
}

impl Line {
    /// How many there are.
    pub const COUNT: usize = 18;
    /// All of them.
    pub const ALL: [Self; Self::COUNT] = [
        Self::FargateCpu,
        Self::FargateMemory,
        Self::DatabaseT,
        Self::DatabaseM,
        Self::DatabaseR,
        Self::DatabaseStorage,
        Self::CacheT3Small,
        Self::CacheT3Medium,
        Self::CacheM7gLarge,
        Self::CacheR7gLarge,
        Self::Balancer,
        Self::BalancerLcu,
        Self::EdgeRequests,
        Self::EdgeBytes,
        Self::Metrics,
        Self::CostExplorer,
        Self::Objects,
        Self::HostedZone,
    ];

    /// What it costs.
    pub const fn price(self) -> Price {
        const ECS: &str = "Amazon Elastic Container Service";
        const RDS: &str = "Amazon Relational Database Service";
        const CACHE: &str = "Amazon ElastiCache";
        const ELB: &str = "Amazon Elastic Load Balancing";
        const EDGE: &str = "Amazon CloudFront";
        match self {
            Self::FargateCpu => price(ECS, "USE1-Fargate-vCPU-Hours:perCPU", "vCPU-Hours", 0.040_48, HOUR),
            Self::FargateMemory => price(ECS, "USE1-Fargate-GB-Hours", "GB-Hours", 0.004_445, HOUR),
            Self::DatabaseT => price(RDS, "InstanceUsage:db.t3.medium", "Hrs", 0.072, HOUR),
            Self::DatabaseM => price(RDS, "InstanceUsage:db.m6g.large", "Hrs", 0.159, HOUR),
            Self::DatabaseR => price(RDS, "InstanceUsage:db.r6g.large", "Hrs", 0.225, HOUR),
            Self::DatabaseStorage => price(RDS, "RDS:GP3-Storage", "GB-Mo", 0.115, MONTH),
            Self::CacheT3Small => price(CACHE, "NodeUsage:cache.t3.small", "Hrs", 0.034, HOUR),
            Self::CacheT3Medium => price(CACHE, "NodeUsage:cache.t3.medium", "Hrs", 0.068, HOUR),
            Self::CacheM7gLarge => price(CACHE, "NodeUsage:cache.m7g.large", "Hrs", 0.158, HOUR),
            Self::CacheR7gLarge => price(CACHE, "NodeUsage:cache.r7g.large", "Hrs", 0.219, HOUR),
            Self::Balancer => price(ELB, "LoadBalancerUsage", "Hrs", 0.0225, HOUR),
            Self::BalancerLcu => price(ELB, "LCUUsage", "LCU-Hrs", 0.008, HOUR),
            Self::EdgeRequests => price(EDGE, "US-Requests-Tier2-HTTPS", "Requests", 0.000_001, 1.0),
            Self::EdgeBytes => price(EDGE, "US-DataTransfer-Out-Bytes", "GB", 0.085, GB),
            Self::Metrics => price("AmazonCloudWatch", "CW:GMD-Metrics", "Metrics", 0.000_01, 1.0),
            Self::CostExplorer => price("AWS Cost Explorer", "USE1-APIRequest", "Requests", 0.01, 1.0),
            Self::Objects => price("Amazon Simple Storage Service", "TimedStorage-ByteHrs", "GB-Mo", 0.023, MONTH),
            Self::HostedZone => price("Amazon Route 53", "HostedZone", "HostedZones", 0.5, MONTH),
        }
    }
}

/// The line of a database class, and how many of the line's own class it is worth: within a family prices go with the
/// size, as RDS's normalized units do. `None`: the class has no price here.
pub fn database(class: &str) -> Option<(Line, f64)> {
    const SIZES: [(&str, f64); 9] = [
        ("micro", 0.25),
        ("small", 0.5),
        ("medium", 1.0),
        ("large", 2.0),
        ("xlarge", 4.0),
        ("2xlarge", 8.0),
        ("4xlarge", 16.0),
        ("8xlarge", 32.0),
        ("16xlarge", 64.0),
    ];
    let (family, size) = class.strip_prefix("db.")?.split_once('.')?;
    let units = SIZES.iter().find(|(name, _)| *name == size).map(|(_, units)| *units)?;
    match family.chars().next()? {
        't' => Some((Line::DatabaseT, units)),
        'm' => Some((Line::DatabaseM, units / 2.0)),
        'r' => Some((Line::DatabaseR, units / 2.0)),
        _ => None,
    }
}

const fn price(
    service: &'static str,
    usage_type: &'static str,
    unit: &'static str,
    dollars: f64,
    seconds: f64,
) -> Price {
    Price { service, usage_type, unit, dollars, seconds }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_line_stands_in_its_own_place() {
        for (index, line) in Line::ALL.into_iter().enumerate() {
            assert_eq!(line as usize, index);
        }
        let types: BTreeSet<&str> = Line::ALL.into_iter().map(|line| line.price().usage_type).collect();
        assert_eq!(types.len(), Line::COUNT);
    }

    #[test]
    fn a_classs_price_goes_with_its_size() {
        for (class, known) in [
            ("db.t3.medium", Some((Line::DatabaseT, 1.0))),
            ("db.t3.large", Some((Line::DatabaseT, 2.0))),
            ("db.m6g.large", Some((Line::DatabaseM, 1.0))),
            ("db.r5.2xlarge", Some((Line::DatabaseR, 4.0))),
            ("db.x9.large", None),
            ("medium", None),
        ] {
            assert_eq!(database(class), known, "{class}");
        }
    }

    #[test]
    fn a_months_prices_are_those_that_tables_quote() {
        let month = |line: Line| 730.0 * line.price().dollars;
        for (line, dollars) in
            [(Line::DatabaseT, 52.56), (Line::CacheT3Medium, 49.64), (Line::FargateCpu, 29.55), (Line::Balancer, 16.43)]
        {
            assert!((month(line) - dollars).abs() < 0.01, "{line:?} {}", month(line));
        }
    }
}
