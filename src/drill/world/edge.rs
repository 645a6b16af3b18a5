//! The edge: one CloudFront distribution in front of the balancer, and what it is asked.
//!
//! The balancer's load leads: what reached it is what the edge could not answer by itself, so the edge was asked
//! `balancer's requests ÷ (1 − share of hits)`. Nothing is drawn or kept: any minute of the edge follows from the
//! service's. Deliberately absent: the standby's own life, and pricing by region of the viewer.

use jiff::Timestamp;

use super::metrics::{Datum, Key, Metric, Of};
use super::minute::{Minute, published};
use super::{IDENTITY, names};
use crate::drill::scenario::EdgeSetup;

/// The distribution's id.
pub const DISTRIBUTION: &str = "E2SOLOAI7XK4QD";
/// The value of the metrics' dimension `Region`.
const GLOBAL: &str = "Global";
/// The share of requests that an edge location answers, and that origin shield adds.
const HITS: f64 = 0.62;
const SHIELD_HITS: f64 = 0.06;
/// Bytes of an answer before compression, and the share of them that is left after it.
const ANSWER: f64 = 38_000.0;
const COMPRESSED: f64 = 0.42;
/// Bytes of a request.
const QUESTION: f64 = 900.0;
/// The share of requests that fail over: `GET`, `HEAD` and `OPTIONS` on the default behaviour.
const READS: f64 = 0.6;
/// Milliseconds between an edge location and the balancer.
const WAY: f64 = 24.0;
/// The share of hits that are 4XX all the same: cached pages of wrong links.
const WRONG_LINKS: f64 = 0.002;

/// A distribution.
#[derive(Debug, Clone, PartialEq)]
pub struct Edge {
    /// Its id, the value of its metrics' dimension.
    pub id: &'static str,
    /// Its ARN.
    pub arn: String,
    /// Its name under `cloudfront.net`.
    pub domain: &'static str,
    /// The version of its configuration.
    pub etag: &'static str,
    /// When it was last changed.
    pub modified: Timestamp,
    /// What is switched on.
    pub setup: EdgeSetup,
    seed: u64,
}

/// A span at the edge: `requests = hits + forwarded`.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct AtEdge {
    /// Requests by viewers.
    pub requests: f64,
    /// Those that the edge answered by itself.
    pub hits: f64,
    /// Those that went on to the balancer.
    pub forwarded: f64,
    /// Bytes to viewers.
    pub bytes_down: f64,
    /// Bytes from viewers.
    pub bytes_up: f64,
}

impl Edge {
    /// The distribution as it has been for months.
    pub(super) fn new(setup: &EdgeSetup, seed: u64, now: i64) -> Self {
        Self {
            id: DISTRIBUTION,
            arn: format!("arn:aws:cloudfront::{}:distribution/{DISTRIBUTION}", IDENTITY.account),
            domain: "d3k7solo1x9ai.cloudfront.net",
            etag: "E3QWSOLOAI0001",
            modified: names::time(now - 31 * 86_400),
            setup: setup.clone(),
            seed: names::mixed(seed, 41, 0),
        }
    }

    /// The share of requests that the edge answers by itself in the minute of a second.
    fn hit_share(&self, at: i64) -> f64 {
        let wavering = (names::share(self.seed, 42, at.div_euclid(60)) - 0.5) * 0.02;
        HITS + wavering + if self.setup.shield { SHIELD_HITS } else { 0.0 }
    }

    /// What the edge was asked in a span that began in second `at`, of which `forwarded` requests reached the balancer.
    pub fn asked(&self, forwarded: f64, at: i64) -> AtEdge {
        let requests = forwarded / (1.0 - self.hit_share(at));
        let size = if self.setup.compression { ANSWER * COMPRESSED } else { ANSWER };
        AtEdge {
            requests,
            hits: requests - forwarded,
            forwarded,
            bytes_down: requests * size,
            bytes_up: requests * QUESTION,
        }
    }

    /// What CloudWatch has of a metric for the minutes that begin in `[from, to)`, as of `now`; `minute` gives the
    /// service's.
    pub(super) fn read<M: std::borrow::Borrow<Minute>>(
        &self,
        metric: EdgeMetric,
        (from, to): (i64, i64),
        now: i64,
        minute: impl Fn(i64) -> M,
    ) -> Vec<Datum> {
        if metric.is_additional() && !self.setup.monitoring {
            return Vec::new();
        }
        let oldest = from.max(now - 15 * 86_400);
        let datum = |at: i64| {
            let share = published(self.seed, at, now)?;
            self.datum(metric, minute(at).borrow(), at, share)
        };
        ((oldest + 59).div_euclid(60) * 60..to.min(now)).step_by(60).filter_map(datum).collect()
    }

    fn datum(&self, metric: EdgeMetric, minute: &Minute, at: i64, share: f64) -> Option<Datum> {
        let asked = self.asked(minute.arrived, at);
        if asked.requests < 0.5 {
            return None;
        }
        let percent = |count: f64| count / asked.requests * 100.0;
        let seen = if self.setup.failover { 1.0 - READS } else { 1.0 };
        let (bad_gateway, timed_out) = (minute.target_5xx * seen, minute.elb_5xx * seen);
        let wrong = minute.target_4xx + asked.hits * WRONG_LINKS;
        let value = match metric {
            EdgeMetric::Requests => (asked.requests * share).round(),
            EdgeMetric::BytesDownloaded => (asked.bytes_down * share).round(),
            EdgeMetric::BytesUploaded => (asked.bytes_up * share).round(),
            EdgeMetric::TotalErrors => percent(wrong + bad_gateway + timed_out),
            EdgeMetric::Errors4xx => percent(wrong),
            EdgeMetric::Errors5xx => percent(bad_gateway + timed_out),
            EdgeMetric::HitRate => percent(asked.hits),
            EdgeMetric::OriginLatency => {
                if minute.responses < 0.5 {
                    return None;
                }
                WAY + minute.response_seconds / minute.responses * 1000.0
            }
            EdgeMetric::Errors401 => percent(wrong * 0.25),
            EdgeMetric::Errors403 => percent(wrong * 0.05),
            EdgeMetric::Errors404 => percent(wrong * 0.7),
            EdgeMetric::Errors502 => percent(bad_gateway),
            EdgeMetric::Errors503 => 0.0,
            EdgeMetric::Errors504 => percent(timed_out),
        };
        Some(Datum { at: names::time(at), sum: value, min: value, max: value, samples: 1.0, sketch: None })
    }

    /// The keys of its metrics.
    pub(super) fn keys(&self) -> Vec<Key> {
        let published = EdgeMetric::ALL.into_iter().filter(|one| self.setup.monitoring || !one.is_additional());
        let of = Of::Distribution { id: self.id.to_owned() };
        published.map(|metric| Key { metric: Metric::Edge(metric), of: of.clone() }).collect()
    }
}

/// A metric in `AWS/CloudFront`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EdgeMetric {
    /// `Requests`
    Requests,
    /// `BytesDownloaded`
    BytesDownloaded,
    /// `BytesUploaded`
    BytesUploaded,
    /// `TotalErrorRate`, %.
    TotalErrors,
    /// `4xxErrorRate`, %.
    Errors4xx,
    /// `5xxErrorRate`, %.
    Errors5xx,
    /// `CacheHitRate`, %; additional.
    HitRate,
    /// `OriginLatency`, milliseconds; additional.
    OriginLatency,
    /// `401ErrorRate`, %; additional.
    Errors401,
    /// `403ErrorRate`, %; additional.
    Errors403,
    /// `404ErrorRate`, %; additional.
    Errors404,
    /// `502ErrorRate`, %; additional.
    Errors502,
    /// `503ErrorRate`, %; additional.
    Errors503,
    /// `504ErrorRate`, %; additional.
    Errors504,
}

impl EdgeMetric {
    /// Every metric that is published.
    pub const ALL: [Self; 14] = [
        Self::Requests,
        Self::BytesDownloaded,
        Self::BytesUploaded,
        Self::TotalErrors,
        Self::Errors4xx,
        Self::Errors5xx,
        Self::HitRate,
        Self::OriginLatency,
        Self::Errors401,
        Self::Errors403,
        Self::Errors404,
        Self::Errors502,
        Self::Errors503,
        Self::Errors504,
    ];
    /// The namespace.
    pub const NAMESPACE: &'static str = "AWS/CloudFront";

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Requests => "Requests",
            Self::BytesDownloaded => "BytesDownloaded",
            Self::BytesUploaded => "BytesUploaded",
            Self::TotalErrors => "TotalErrorRate",
            Self::Errors4xx => "4xxErrorRate",
            Self::Errors5xx => "5xxErrorRate",
            Self::HitRate => "CacheHitRate",
            Self::OriginLatency => "OriginLatency",
            Self::Errors401 => "401ErrorRate",
            Self::Errors403 => "403ErrorRate",
            Self::Errors404 => "404ErrorRate",
            Self::Errors502 => "502ErrorRate",
            Self::Errors503 => "503ErrorRate",
            Self::Errors504 => "504ErrorRate",
        }
    }

    /// Its unit, in CloudWatch's words.
    pub fn unit(self) -> &'static str {
        match self {
            Self::Requests => "None",
            Self::BytesDownloaded | Self::BytesUploaded => "Bytes",
            Self::OriginLatency => "Milliseconds",
            _ => "Percent",
        }
    }

    /// Whether it is published only under a monitoring subscription.
    fn is_additional(self) -> bool {
        self >= Self::HitRate
    }

    /// The key that a request names, if it is one of these.
    pub(super) fn key(namespace: &str, name: &str, dimensions: &[(String, String)]) -> Option<Key> {
        let metric = Self::ALL.into_iter().find(|one| namespace == Self::NAMESPACE && one.name() == name)?;
        let value = |wanted: &str| dimensions.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
        if dimensions.len() != 2 || value("Region") != Some(GLOBAL) {
            return None;
        }
        Some(Key { metric: Metric::Edge(metric), of: Of::Distribution { id: value("DistributionId")?.to_owned() } })
    }

    /// The dimensions of a distribution.
    pub(super) fn dimensions(id: &str) -> Vec<(&'static str, &str)> {
        vec![("DistributionId", id), ("Region", GLOBAL)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edge(setup: &EdgeSetup) -> Edge {
        Edge::new(setup, 1, 1_795_528_800)
    }

    #[test]
    fn requests_are_hits_and_what_was_forwarded() {
        let edge = edge(&EdgeSetup::default());
        for at in (0..600).map(|minute| 1_795_528_800 + 60 * minute) {
            let asked = edge.asked(700.0, at);
            assert!((asked.requests - asked.hits - asked.forwarded).abs() < 1e-9);
            assert!((0.66..0.70).contains(&(asked.hits / asked.requests)), "{asked:?}");
        }
    }

    #[test]
    fn each_switch_shows_in_the_numbers() {
        let whole = edge(&EdgeSetup::default());
        let at = 1_795_528_800;
        let minute = Minute { arrived: 700.0, target_5xx: 70.0, ..Minute::default() };
        let value = |edge: &Edge, metric| edge.datum(metric, &minute, at, 1.0).unwrap().sum;
        let bare = edge(&EdgeSetup { shield: false, compression: false, failover: false, ..EdgeSetup::default() });
        assert!(value(&bare, EdgeMetric::HitRate) < value(&whole, EdgeMetric::HitRate) - 5.0);
        assert!(value(&bare, EdgeMetric::Errors5xx) > 2.0 * value(&whole, EdgeMetric::Errors5xx));
        let each = |edge: &Edge| value(edge, EdgeMetric::BytesDownloaded) / value(edge, EdgeMetric::Requests);
        assert!(each(&bare) > 2.0 * each(&whole));
        let unwatched = edge(&EdgeSetup { monitoring: false, ..EdgeSetup::default() });
        let read = |edge: &Edge, metric| edge.read(metric, (at, at + 600), at + 900, |_| minute.clone()).len();
        assert_eq!((read(&whole, EdgeMetric::HitRate), read(&unwatched, EdgeMetric::HitRate)), (10, 0));
        assert_eq!(read(&unwatched, EdgeMetric::Requests), 10);
        assert_eq!((whole.keys().len(), unwatched.keys().len()), (14, 6));
    }

    #[test]
    fn a_minute_without_requests_is_absent() {
        let edge = edge(&EdgeSetup::default());
        assert_eq!(edge.datum(EdgeMetric::Requests, &Minute::default(), 0, 1.0), None);
    }
}
