//! What a scenario says of the estate around the services: its cache, its edge, and what somebody left behind. Every
//! default is the estate as the spec wants it.

use serde::Deserialize;

/// The cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CacheSetup {
    /// Shards with cluster mode on, 1–90; 0: cluster mode is off.
    pub shards: u32,
    /// Replicas of each primary, 0–5.
    pub replicas: u32,
    /// Whether Multi-AZ and automatic fail-over are on.
    pub multi_az: bool,
}

impl Default for CacheSetup {
    fn default() -> Self {
        Self { shards: 0, replicas: 1, multi_az: true }
    }
}

/// The cache loses everything it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColdAt {
    /// Seconds after the drill's start.
    pub at: u32,
}

/// The distribution in front of the balancer: each switch off is a drift from the spec.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own in CloudFront, and in the scenario's file"
)]
pub struct EdgeSetup {
    /// Origin shield.
    pub shield: bool,
    /// Compression of text.
    pub compression: bool,
    /// An origin group whose second origin takes over.
    pub failover: bool,
    /// The subscription to additional metrics.
    pub monitoring: bool,
    /// `PriceClass_All`, `PriceClass_200` or `PriceClass_100`.
    pub price_class: String,
}

impl Default for EdgeSetup {
    fn default() -> Self {
        Self {
            shield: true,
            compression: true,
            failover: true,
            monitoring: true,
            price_class: "PriceClass_All".to_owned(),
        }
    }
}

/// What somebody changed by hand before the drill and never took back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Left {
    /// How long before the start, hours.
    pub hours: u32,
    /// The count that it was set to.
    pub tasks: u32,
    /// The floor that was raised with it; missing: it was not.
    pub floor: Option<u32>,
    /// Whether scaling in was suspended.
    #[serde(default)]
    pub scale_in_suspended: bool,
}

/// Shards that a replication group can have.
const MOST_SHARDS: u32 = 90;
/// Replicas that a primary can have.
const MOST_REPLICAS: u32 = 5;
/// The service's ceiling.
const MOST_TASKS: u32 = 10;
const PRICE_CLASSES: [&str; 3] = ["PriceClass_All", "PriceClass_200", "PriceClass_100"];

/// What a type cannot say of the estate. The error is a piece of the offending line, and what is wrong with it.
pub(super) fn check(cache: CacheSetup, edge: &EdgeSetup, left: Option<Left>) -> Result<(), (String, String)> {
    let counts = [
        ("shards", cache.shards, MOST_SHARDS),
        ("replicas", cache.replicas, MOST_REPLICAS),
        ("tasks", left.map_or(0, |left| left.tasks), MOST_TASKS),
        ("floor", left.and_then(|left| left.floor).unwrap_or(0), MOST_TASKS),
    ];
    if let Some((key, count, most)) = counts.into_iter().find(|(_, count, most)| count > most) {
        return Err((format!("{key} = {count}"), format!("{key} is {count}, and can be at most {most}")));
    }
    if cache.replicas == 0 && cache.multi_az {
        let problem = "replicas is 0, which needs multi_az = false: there is nothing to fail over to";
        return Err(("replicas = 0".to_owned(), problem.to_owned()));
    }
    if !PRICE_CLASSES.contains(&edge.price_class.as_str()) {
        let problem = format!("price_class is {:?}; there are {}", edge.price_class, PRICE_CLASSES.join(", "));
        return Err((edge.price_class.clone(), problem));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_is_named() {
        let cache = CacheSetup::default();
        let edge = EdgeSetup::default();
        let left = Left { hours: 20, tasks: 10, floor: None, scale_in_suspended: true };
        assert_eq!(check(cache, &edge, Some(left)), Ok(()));
        for (cache, edge, left, problem) in [
            (CacheSetup { replicas: 6, ..cache }, edge.clone(), None, "replicas is 6, and can be at most 5"),
            (CacheSetup { replicas: 0, ..cache }, edge.clone(), None, "replicas is 0, which needs multi_az = false"),
            (
                cache,
                EdgeSetup { price_class: "PriceClass_1".to_owned(), ..edge.clone() },
                None,
                "price_class is \"PriceClass_1\"; there are",
            ),
            (cache, edge.clone(), Some(Left { tasks: 11, ..left }), "tasks is 11, and can be at most 10"),
        ] {
            let (_, said) = check(cache, &edge, left).unwrap_err();
            assert!(said.starts_with(problem), "{said}");
        }
    }
}
