//! Section 5 of the spec: shield, compression, edge locations, fail-over.

use super::Drift;
use crate::platform::Platform;
use crate::platform::distribution::{Behavior, Distribution, Origin, OriginGroup};
use crate::policy::knobs::EdgePolicy;

pub(super) fn rows(platform: &Platform, policy: &EdgePolicy) -> Vec<Drift> {
    if platform.distributions.is_empty() {
        return of_distribution("", None, policy).into();
    }
    let each = platform.distributions.values();
    each.flat_map(|distribution| of_distribution(distribution.id.as_str(), Some(distribution), policy)).collect()
}

pub(super) fn of_distribution(of: &str, distribution: Option<&Distribution>, policy: &EdgePolicy) -> [Drift; 4] {
    let on = |is: bool| if is { "on" } else { "off" };
    let row = |what, variable, policy: &str, aws| Drift::row(of, what, variable, policy, aws);
    let shielded = |distribution: &Distribution| {
        said(&distribution.origins, |origin: &Origin| origin.shield.is_some(), |origin| &origin.id)
    };
    let compressed =
        |distribution: &Distribution| said(&distribution.behaviors, |b: &Behavior| b.compress, |b| &b.path);
    let stood_in = |distribution: &Distribution| {
        let backed = |behavior: &Behavior| {
            let group = distribution.origin_groups.iter().find(|group| group.id == behavior.target);
            group.is_some_and(|group: &OriginGroup| group.members.len() > 1 && !group.statuses.is_empty())
        };
        said(&distribution.behaviors, backed, |behavior| &behavior.path)
    };
    [
        row("origin shield", "cdn_origin_shield", on(policy.origin_shield), distribution.map(shielded)),
        row("compression", "cdn_compression", on(policy.compression), distribution.map(compressed)),
        row("price class", "cdn_price_class", &policy.price_class, distribution.map(|one| one.price_class.clone())),
        row("fail-over", "cdn_failover", on(policy.failover), distribution.map(stood_in)),
    ]
}

/// "on" where it holds for all, "off" where for none, else for which it does not.
fn said<'a, T>(all: &'a [T], is: impl Fn(&T) -> bool, name: impl Fn(&'a T) -> &'a String) -> String {
    let without: Vec<&str> = all.iter().filter(|one| !is(one)).map(|one| name(one).as_str()).collect();
    if without.len() == all.len() {
        return "off".to_owned();
    }
    if without.is_empty() { "on".to_owned() } else { format!("on, but off for {}", without.join(", ")) }
}
