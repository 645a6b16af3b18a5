//! A CloudFront distribution: the settings that the platform's spec speaks of.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ids::DistributionId;
use super::moment::Moment;

/// One distribution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Distribution {
    /// The id.
    pub id: DistributionId,
    /// The name that viewers resolve, as in `d111111abcdef8.cloudfront.net`; empty where it was not told.
    #[serde(default)]
    pub domain: String,
    /// Whether it answers viewers.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Whether it publishes its additional metrics, hit rate and origin latency among them; `None` until that was read.
    #[serde(default)]
    pub additional_metrics: Option<bool>,
    /// `PriceClass_All` reaches every edge location; the others fewer.
    pub price_class: String,
    /// Where it fetches from.
    pub origins: Vec<Origin>,
    /// Pairs of origins, the second for when the first fails.
    #[serde(default)]
    pub origin_groups: Vec<OriginGroup>,
    /// How paths are answered, the default last.
    pub behaviors: Vec<Behavior>,
    /// When this was learnt.
    #[schemars(with = "Moment")]
    pub learnt: Timestamp,
}

fn yes() -> bool {
    true
}

/// Where a distribution fetches from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// Its id within the distribution.
    pub id: String,
    /// The region of its origin shield; `None`: off.
    #[serde(default)]
    pub shield: Option<String>,
}

/// A primary origin and the one that takes over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OriginGroup {
    /// Its id within the distribution.
    pub id: String,
    /// Ids of the origins, the primary first.
    pub members: Vec<String>,
    /// Answers of the primary on which the secondary is asked.
    pub statuses: Vec<u16>,
}

/// How the paths of a pattern are answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Behavior {
    /// The pattern; `*` for the default.
    pub path: String,
    /// Id of the origin or origin group that it fetches from.
    pub target: String,
    /// Whether text is compressed on the way.
    pub compress: bool,
}
