//! A CloudFront distribution: the settings that the platform's spec speaks of.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ids::DistributionId;

/// One distribution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Distribution {
    /// The id.
    pub id: DistributionId,
    /// `PriceClass_All` reaches every edge location; the others fewer.
    pub price_class: String,
    /// Where it fetches from.
    pub origins: Vec<Origin>,
    /// Pairs of origins, the second for when the first fails.
    pub origin_groups: Vec<OriginGroup>,
    /// How paths are answered, the default last.
    pub behaviors: Vec<Behavior>,
    /// When this was learnt.
    pub learnt: Timestamp,
}

/// Where a distribution fetches from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// Its id within the distribution.
    pub id: String,
    /// The region of its origin shield; `None`: off.
    pub shield: Option<String>,
}

/// A primary origin and the one that takes over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OriginGroup {
    /// Its id within the distribution.
    pub id: String,
    /// Ids of the origins, the primary first.
    pub members: Vec<String>,
    /// Answers of the primary on which the secondary is asked.
    pub statuses: Vec<u16>,
}

/// How the paths of a pattern are answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Behavior {
    /// The pattern; `*` for the default.
    pub path: String,
    /// Id of the origin or origin group that it fetches from.
    pub target: String,
    /// Whether text is compressed on the way.
    pub compress: bool,
}
