//! Commitments: what always ran, for one year against three.
//!
//! The flat part is what ran in 95 of 100 hours. Shares are the table's and typical; AWS shows the offer before one buys.

use super::super::hours::percentile;
use super::{Kind, Look, Opportunity, Saving};
use crate::platform::bill::Coverage;
use crate::platform::metric::Resource;
use crate::platform::spend::Dollars;
use crate::platform::weeks::Measure;
use crate::policy::money::words::dollars;
use crate::policy::prices::MONTH_HOURS;

/// From this share on, what could be covered is, %.
const COVERED: f64 = 90.0;

/// What always ran, by service, that no commitment covers yet.
pub(super) fn committed(look: &Look<'_>, found: &mut Vec<Opportunity>) {
    let plans = look.bill.and_then(|bill| bill.savings_plans.known().copied());
    let reservations = look.bill.and_then(|bill| bill.reservations.known().copied());
    let flat: f64 = look
        .platform
        .services
        .iter()
        .filter_map(|(id, service)| {
            let hours = look.hours(&Resource::Service(id.clone()), Measure::Tasks)?;
            let always = percentile(hours.values().map(|samples| (samples / 60.0).floor()), 5.0)?;
            Some(always * look.task(service)?)
        })
        .sum();
    offer(look, ("fargate", "a Savings Plan for Fargate", plans), flat, found);
    for (tier, service, title) in
        [("db", "rds", "reserved instances for RDS"), ("cache", "elasticache", "reserved nodes for ElastiCache")]
    {
        // Databases and nodes are there or not: what is in the run rate and has a week of hours has always run.
        let always = look.rate.items.iter().filter(|item| item.tier == tier && was_there(look, tier, &item.name));
        offer(look, (service, title, reservations), always.map(|item| item.hourly.0).sum(), found);
    }
}

fn was_there(look: &Look<'_>, tier: &str, name: &str) -> bool {
    let Some((weeks, _)) = look.weeks else { return false };
    weeks.hours.keys().any(|key| match &key.resource {
        Resource::Database(id) => {
            tier == "db" && id.as_str() == name && look.hours(&key.resource, key.measure).is_some()
        }
        Resource::CacheNode(id) => {
            tier == "cache"
                && look.hours(&key.resource, key.measure).is_some()
                && look
                    .platform
                    .caches
                    .values()
                    .any(|cache| cache.id.as_str() == name && cache.nodes().any(|node| node.id == *id))
        }
        _ => false,
    })
}

fn offer(
    look: &Look<'_>,
    (service, title, coverage): (&str, &str, Option<Coverage>),
    hourly: f64,
    found: &mut Vec<Opportunity>,
) {
    let prices = &look.policy.prices;
    let (Some(one), Some(three)) = (prices.commitment(service, 1), prices.commitment(service, 3)) else { return };
    if hourly <= 0.0 {
        return;
    }
    let covered = coverage.and_then(|coverage| coverage.coverage_percent);
    if covered.is_some_and(|covered| covered >= COVERED) {
        return;
    }
    let month = |share: f64| Dollars(hourly * share * (1.0 - covered.unwrap_or(0.0) / 100.0) * MONTH_HOURS);
    let mut evidence = vec![
        format!("{} an hour ran in 95 of 100 hours of {}", dollars(Dollars(hourly)), look.span()),
        format!(
            "one year takes off about {:.0} %: {} a month; three years {:.0} %: {} a month",
            one.value * 100.0,
            dollars(month(one.value)),
            three.value * 100.0,
            dollars(month(three.value))
        ),
    ];
    evidence.push(match covered {
        Some(covered) => format!("{covered:.0} % of it is covered already, and taken off"),
        None => "what is covered already is not known: look before you buy".to_owned(),
    });
    if let Some(used) = coverage.and_then(|coverage| coverage.utilization_percent) {
        evidence.push(format!("of what is committed to, {used:.0} % was used"));
    }
    found.push(Opportunity {
        kind: Kind::Reserved,
        subject: service.to_owned(),
        title: format!("{title}, one year, no upfront"),
        evidence,
        saving: Saving::About(month(one.value)),
        risk: "it is paid for used or not: right-size first, and commit to the flat part only; three years outlive most plans"
            .to_owned(),
        change: "bought in AWS's billing console; nothing here buys".to_owned(),
    });
}
