//! A CloudFront distribution, as far as the spec speaks of it: origins and their shields, fail-over, compression, and
//! how much of the edge network it uses.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ids::{DistributionId, Region};
use super::moment::Moment;

/// One distribution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Distribution {
    /// AWS's id, as in `E2QWRUHAPOMQZL`.
    pub id: DistributionId,
    /// Where viewers reach it, as in `d111111abcdef8.cloudfront.net`.
    pub domain: String,
    /// Whether it answers viewers at all.
    pub enabled: bool,
    /// AWS's word, as in `PriceClass_All`, which is every edge location.
    pub price_class: String,
    /// Where it fetches from.
    pub origins: Vec<Origin>,
    /// Origins with a stand-in.
    #[serde(default)]
    pub groups: Vec<OriginGroup>,
    /// What is fetched from where; the default one first.
    pub behaviors: Vec<Behavior>,
    /// When this was learnt.
    #[schemars(with = "Moment")]
    pub learnt: Timestamp,
}

/// One origin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// Its id within the distribution.
    pub id: String,
    /// The region of its origin shield; `None`: no shield.
    #[serde(default)]
    pub shield: Option<Region>,
}

/// A primary origin and the one that stands in for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OriginGroup {
    /// Its id within the distribution.
    pub id: String,
    /// The ids of its origins, the primary first.
    pub members: Vec<String>,
    /// The primary's HTTP answers on which the other one is asked.
    pub fails_over_on: Vec<u16>,
}

/// What is done with the requests for some paths.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Behavior {
    /// The paths, as in `/api/*`; `*` for the default one.
    pub path: String,
    /// The id of the origin or of the group of origins it fetches from.
    pub target: String,
    /// Whether text is compressed on its way to the viewer.
    pub compress: bool,
}
