//! CloudWatch's metrics: what can be asked for, what a minute holds, and how late it is published.
//!
//! A minute in progress is absent. The newest finished minute grows batch by batch for 60–75 s after its end and is
//! then final. Counts of zero and gauges of nothing are absent, as in AWS.

use jiff::Timestamp;

use super::cache::measure::CacheMetric;
use super::database::metrics::Measure;
use super::edge::EdgeMetric;
use super::sketch::Sketch;

/// A metric of a resource. Names are those of the dimensions' values.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// Which metric.
    pub metric: Metric,
    /// Whose.
    pub of: Of,
}

/// Whose metric it is: the dimensions, understood.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Of {
    /// `ClusterName`, `ServiceName`.
    Service {
        /// The cluster's name.
        cluster: String,
        /// The service's name.
        service: String,
    },
    /// `LoadBalancer`.
    Balancer {
        /// `app/<name>/<id>`
        balancer: String,
    },
    /// `TargetGroup`, `LoadBalancer`.
    TargetGroup {
        /// `app/<name>/<id>`
        balancer: String,
        /// `targetgroup/<name>/<id>`
        group: String,
    },
    /// `DBInstanceIdentifier`.
    Database {
        /// The instance's identifier.
        instance: String,
    },
    /// `CacheClusterId`, and `CacheNodeId` 0001 if it is numbered.
    CacheNode {
        /// The node's id.
        node: String,
        /// Whether the number is among the dimensions.
        numbered: bool,
    },
    /// `DistributionId`, `Region` Global.
    Distribution {
        /// The distribution's id.
        id: String,
    },
}

/// The metrics that the world publishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Metric {
    /// `AWS/ECS CPUUtilization`, %.
    Cpu,
    /// `AWS/ECS MemoryUtilization`, %.
    Memory,
    /// `AWS/ApplicationELB RequestCount`.
    Requests,
    /// `AWS/ApplicationELB RequestCountPerTarget`.
    RequestsPerTarget,
    /// `AWS/ApplicationELB TargetResponseTime`, seconds.
    ResponseTime,
    /// `AWS/ApplicationELB HTTPCode_Target_2XX_Count`.
    Target2xx,
    /// `AWS/ApplicationELB HTTPCode_Target_4XX_Count`.
    Target4xx,
    /// `AWS/ApplicationELB HTTPCode_Target_5XX_Count`.
    Target5xx,
    /// `AWS/ApplicationELB HTTPCode_ELB_5XX_Count`.
    Elb5xx,
    /// `AWS/ApplicationELB HealthyHostCount`.
    HealthyHosts,
    /// `AWS/ApplicationELB UnHealthyHostCount`.
    UnhealthyHosts,
    /// One of `AWS/RDS`.
    Database(Measure),
    /// Of the cache.
    Cache(CacheMetric),
    /// Of the edge.
    Edge(EdgeMetric),
}

impl Metric {
    /// Every metric of a service and its balancer that is published.
    pub const ALL: [Self; 11] = [
        Self::Cpu,
        Self::Memory,
        Self::Requests,
        Self::RequestsPerTarget,
        Self::ResponseTime,
        Self::Target2xx,
        Self::Target4xx,
        Self::Target5xx,
        Self::Elb5xx,
        Self::HealthyHosts,
        Self::UnhealthyHosts,
    ];

    /// Its namespace.
    pub fn namespace(self) -> &'static str {
        match self {
            Self::Cpu | Self::Memory => "AWS/ECS",
            Self::Database(_) => "AWS/RDS",
            Self::Cache(_) => CacheMetric::NAMESPACE,
            Self::Edge(_) => EdgeMetric::NAMESPACE,
            _ => "AWS/ApplicationELB",
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cpu => "CPUUtilization",
            Self::Memory => "MemoryUtilization",
            Self::Requests => "RequestCount",
            Self::RequestsPerTarget => "RequestCountPerTarget",
            Self::ResponseTime => "TargetResponseTime",
            Self::Target2xx => "HTTPCode_Target_2XX_Count",
            Self::Target4xx => "HTTPCode_Target_4XX_Count",
            Self::Target5xx => "HTTPCode_Target_5XX_Count",
            Self::Elb5xx => "HTTPCode_ELB_5XX_Count",
            Self::HealthyHosts => "HealthyHostCount",
            Self::UnhealthyHosts => "UnHealthyHostCount",
            Self::Database(measure) => measure.name(),
            Self::Cache(metric) => metric.name(),
            Self::Edge(metric) => metric.name(),
        }
    }

    /// Its unit, in CloudWatch's words.
    pub fn unit(self) -> &'static str {
        match self {
            Self::Cpu | Self::Memory => "Percent",
            Self::ResponseTime => "Seconds",
            Self::Database(measure) => measure.unit(),
            Self::Cache(metric) => metric.unit(),
            Self::Edge(metric) => metric.unit(),
            _ => "Count",
        }
    }
}

impl Key {
    /// The key for what a request names: `dimensions` are pairs of name and value, in any order. `None`: there is no
    /// such metric, which CloudWatch answers with no values.
    pub fn parse(namespace: &str, name: &str, dimensions: &[(String, String)]) -> Option<Self> {
        let around =
            CacheMetric::key(namespace, name, dimensions).or_else(|| EdgeMetric::key(namespace, name, dimensions));
        if around.is_some() {
            return around;
        }
        let databases = Measure::ALL.map(Metric::Database);
        let metric =
            Metric::ALL.into_iter().chain(databases).find(|one| one.namespace() == namespace && one.name() == name)?;
        let value = |wanted: &str| dimensions.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone());
        let of = match (metric.namespace(), dimensions.len()) {
            ("AWS/ECS", 2) => Of::Service { cluster: value("ClusterName")?, service: value("ServiceName")? },
            ("AWS/ApplicationELB", 1) => Of::Balancer { balancer: value("LoadBalancer")? },
            ("AWS/ApplicationELB", 2) => {
                Of::TargetGroup { balancer: value("LoadBalancer")?, group: value("TargetGroup")? }
            }
            ("AWS/RDS", 1) => Of::Database { instance: value("DBInstanceIdentifier")? },
            _ => return None,
        };
        Some(Self { metric, of })
    }

    /// Whether the metric has these dimensions. What the balancer answers by itself belongs to no target group, and
    /// what is counted by target belongs to no balancer as a whole.
    pub(super) fn is_published(&self) -> bool {
        match &self.of {
            Of::Service { .. } => matches!(self.metric, Metric::Cpu | Metric::Memory),
            Of::Balancer { .. } => matches!(
                self.metric,
                Metric::Requests
                    | Metric::ResponseTime
                    | Metric::Target2xx
                    | Metric::Target4xx
                    | Metric::Target5xx
                    | Metric::Elb5xx
            ),
            Of::TargetGroup { .. } => {
                !matches!(self.metric, Metric::Cpu | Metric::Memory | Metric::Elb5xx | Metric::Database(_))
            }
            Of::Database { .. } => matches!(self.metric, Metric::Database(_)),
            // Who reads these knows what they have.
            Of::CacheNode { .. } | Of::Distribution { .. } => true,
        }
    }

    /// Its dimensions, as pairs of name and value.
    pub fn dimensions(&self) -> Vec<(&'static str, &str)> {
        match &self.of {
            Of::Service { cluster, service } => vec![("ClusterName", cluster), ("ServiceName", service)],
            Of::Balancer { balancer } => vec![("LoadBalancer", balancer)],
            Of::TargetGroup { balancer, group } => vec![("TargetGroup", group), ("LoadBalancer", balancer)],
            Of::Database { instance } => vec![("DBInstanceIdentifier", instance)],
            Of::CacheNode { node, numbered } => CacheMetric::dimensions(node, *numbered),
            Of::Distribution { id } => EdgeMetric::dimensions(id),
        }
    }
}

/// What CloudWatch knows of a metric in a minute, or in several merged.
#[derive(Debug, Clone, PartialEq)]
pub struct Datum {
    /// The start of the minute, or of the first one.
    pub at: Timestamp,
    /// `Sum`
    pub sum: f64,
    /// `Minimum`
    pub min: f64,
    /// `Maximum`
    pub max: f64,
    /// `SampleCount`
    pub samples: f64,
    /// The distribution, for metrics that have percentiles.
    pub(super) sketch: Option<Sketch>,
}

impl Datum {
    /// `Average`
    pub fn average(&self) -> f64 {
        self.sum / self.samples
    }

    /// A percentile, `0 < q < 100`; the average where the metric has no distribution.
    pub fn percentile(&self, q: f64) -> f64 {
        self.sketch.as_ref().map_or_else(|| self.average(), |sketch| sketch.quantile(q / 100.0))
    }

    /// A statistic by CloudWatch's word: `Average`, `Sum`, `Minimum`, `Maximum`, `SampleCount`, `p95`, `p99.9`.
    /// `None`: the word is none of these.
    pub fn statistic(&self, word: &str) -> Option<f64> {
        Some(match word {
            "Average" => self.average(),
            "Sum" => self.sum,
            "Minimum" => self.min,
            "Maximum" => self.max,
            "SampleCount" => self.samples,
            _ => {
                let q: f64 = word.strip_prefix('p')?.parse().ok()?;
                if !(q > 0.0 && q < 100.0) {
                    return None;
                }
                self.percentile(q)
            }
        })
    }

    /// This and a later one, as one datum of a longer period.
    pub fn merge(&mut self, later: &Self) {
        self.sum += later.sum;
        self.min = self.min.min(later.min);
        self.max = self.max.max(later.max);
        self.samples += later.samples;
        if let (Some(mine), Some(theirs)) = (&mut self.sketch, &later.sketch) {
            mine.add(theirs);
        }
    }
}
