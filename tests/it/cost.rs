//! What the console says of money beside what the world has spent: two price lists that do not know each other.

use scaledeck::live;

use crate::scene::Scene;

/// Tiers of the run rate, and the lines of the ledger that are the same things.
const SAME: [(&[&str], &[&str]); 4] = [
    (&["ecs"], &["USE1-Fargate-vCPU-Hours:perCPU", "USE1-Fargate-GB-Hours"]),
    (&["db", "storage"], &["InstanceUsage:db.t3.medium", "RDS:GP3-Storage"]),
    (&["cache"], &["NodeUsage:cache.t3.medium"]),
    (&["alb"], &["LoadBalancerUsage"]),
];

#[tokio::test(start_paused = true)]
async fn the_run_rate_is_the_ledgers_and_the_bill_is_what_was_spent() {
    let spending = live::Spending { explorer: true, ..live::Spending::default() };
    let mut scene = Scene::spending("calm", spending);
    scene.arrive().await;
    let view = scene
        .until("every tier's price and the bill", |view| {
            let Some(money) = &view.money else { return false };
            let has = |tier: &&str| money.run_rate.items.iter().any(|item| item.tier == *tier);
            SAME.iter().all(|(tiers, _)| tiers.iter().all(has)) && money.billed.is_some()
        })
        .await;
    let money = view.money.as_ref().unwrap();
    let ledger = scene.control("ledger").await;
    for (tiers, lines) in SAME {
        let ours: f64 =
            money.run_rate.items.iter().filter(|item| tiers.contains(&item.tier)).map(|item| item.hourly.0).sum();
        let theirs: f64 = ledger["lines"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|line| lines.contains(&line["usage_type"].as_str().unwrap()))
            .map(|line| line["usd_per_hour"].as_f64().unwrap())
            .sum();
        assert!((ours - theirs).abs() < 0.000_05, "{tiers:?}: {ours} an hour here, {theirs} in the ledger");
    }

    let billed = money.billed.as_ref().unwrap();
    assert_eq!(billed.days.len(), 91, "ninety days and today's part");
    let (_, last) = billed.last.unwrap();
    let slices: f64 = billed.breakdown.iter().map(|slice| slice.day.0).sum();
    assert!((last.0 - slices).abs() < 0.01, "{last:?} is not the {slices} of its services");
    let anomalies = money.anomalies.as_ref().unwrap();
    assert!(format!("{anomalies:?}").contains("Amazon Elastic Container Service"), "{anomalies:?}");
}
