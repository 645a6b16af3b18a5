//! Storage, by what the bill calls it: gp2 for gp3, S3's tiers, snapshots; and disks of databases.
//!
//! Which files are rarely read and which data is old stands in no bill: what is paid for it does, and its owner decides.

use super::super::billed::complete;
use super::{Kind, Look, Opportunity, Saving};
use crate::platform::Bill;
use crate::platform::metric::{MetricId, MetricKey};
use crate::platform::spend::Dollars;
use crate::policy::money::words::dollars;

/// Dollars a month of the usage types that end like this, by the last 30 complete days. A region's prefix stands before
/// the ending outside us-east-1.
fn month(bill: &Bill, ends: &str) -> f64 {
    let whole = complete(bill);
    let days = whole.saturating_sub(30)..whole;
    let some = days.len().max(1) as f64;
    let uses = bill.uses.iter().filter(|one| is(&one.usage_type, ends));
    let sum: f64 = uses.flat_map(|one| one.costs.get(days.clone()).unwrap_or_default()).sum();
    sum / some * 365.0 / 12.0
}

/// Whether a usage type is this one, whatever region's prefix it carries.
fn is(usage_type: &str, name: &str) -> bool {
    usage_type.strip_suffix(name).is_some_and(|prefix| prefix.is_empty() || prefix.ends_with('-'))
}

/// Everything about storage.
pub(super) fn storage(look: &Look<'_>, found: &mut Vec<Opportunity>) {
    databases(look, found);
    let Some(bill) = look.bill else { return };
    let mut add = |kind, subject: &str, title: &str, evidence, saving, risk: &str, change: &str| {
        let owned = |text: &str| text.to_owned();
        let (subject, title, risk, change) = (owned(subject), owned(title), owned(risk), owned(change));
        found.push(Opportunity { kind, subject, title, evidence, saving, risk, change });
    };
    let share = |better: &str, worse: &str| {
        let (better, worse) = (look.policy.prices.get(better)?, look.policy.prices.get(worse)?);
        Some(1.0 - better.value / worse.value)
    };
    let gp2 = month(bill, "EBS:VolumeUsage.gp2");
    if let Some(share) = share("ebs.gp3", "ebs.gp2").filter(|_| gp2 > 0.0) {
        add(
            Kind::Storage,
            "EBS gp2",
            "gp3 instead of gp2 for volumes",
            vec![format!("{} a month go into gp2 (usage type EBS:VolumeUsage.gp2)", dollars(Dollars(gp2)))],
            Saving::About(Dollars(gp2 * share)),
            "volumes above 1,000 GiB have more than gp3's 3,000 IOPS: those must be bought then",
            "aws ec2 modify-volume --volume-type gp3, volume by volume, online",
        );
    }
    let rds_gp2 = month(bill, "RDS:GP2-Storage") + month(bill, "RDS:Multi-AZ-GP2-Storage");
    if rds_gp2 > 0.0 {
        add(
            Kind::Storage,
            "RDS gp2",
            "gp3 instead of gp2 for databases",
            vec![format!("{} a month go into gp2 of RDS", dollars(Dollars(rds_gp2)))],
            Saving::Untold("RDS asks the same for both; gp3 brings 3,000 IOPS with any size".to_owned()),
            "storage-optimization runs for hours after it",
            "aws rds modify-db-instance --storage-type gp3",
        );
    }
    tiers(look, bill, &mut add);
    for (usage, subject, title, change) in [
        (
            "EBS:SnapshotUsage",
            "EBS snapshots",
            "clean up old snapshots of volumes",
            "a lifecycle policy, or aws ec2 delete-snapshot",
        ),
        (
            "RDS:ChargedBackupUsage",
            "RDS backups",
            "clean up old snapshots of databases",
            "a shorter retention, or aws rds delete-db-snapshot",
        ),
    ] {
        let paid = month(bill, usage);
        if paid > 0.0 {
            add(
                Kind::OldData,
                subject,
                title,
                vec![format!(
                    "{} a month are paid for them (usage type {usage}); which of them are old is not in a bill",
                    dollars(Dollars(paid))
                )],
                Saving::UpTo(Dollars(paid)),
                "what is deleted cannot be restored from",
                change,
            );
        }
    }
}

/// S3's tiers: what is in Standard might be in Intelligent-Tiering.
fn tiers(look: &Look<'_>, bill: &Bill, add: &mut impl FnMut(Kind, &str, &str, Vec<String>, Saving, &str, &str)) {
    let standard = month(bill, "TimedStorage-ByteHrs");
    let tiered: f64 = ["FA", "IA", "AIA", "AA", "DAA"]
        .iter()
        .map(|tier| month(bill, &format!("TimedStorage-INT-{tier}-ByteHrs")))
        .sum();
    if standard <= 0.0 {
        return;
    }
    let prices = &look.policy.prices;
    let saving = match (prices.get("s3.infrequent"), prices.get("s3.standard")) {
        (Some(cold), Some(warm)) => Saving::UpTo(Dollars(standard * (1.0 - cold.value / warm.value))),
        _ => Saving::Untold("S3 has no price here".to_owned()),
    };
    add(
        Kind::Storage,
        "S3",
        "Intelligent-Tiering for what is in Standard",
        vec![
            format!(
                "{} a month are in Standard, {} in Intelligent-Tiering: {:.0} %",
                dollars(Dollars(standard)),
                dollars(Dollars(tiered)),
                tiered / (standard + tiered) * 100.0
            ),
            "how much of it is rarely read stands in no bill: the saving is for all of it".to_owned(),
        ],
        saving,
        "each object of 128 KB and more costs a monitoring fee; smaller ones never move",
        "a lifecycle rule of the bucket to INTELLIGENT_TIERING",
    );
}

/// Storage of databases: whether it grows by itself, and how much of it is free.
fn databases(look: &Look<'_>, found: &mut Vec<Opportunity>) {
    for (id, database) in look.platform.databases.iter().filter(|(_, database)| database.storage_gib > 0) {
        let series = look.platform.series.get(&MetricKey::database(id, MetricId::FreeStorage));
        let free = series.and_then(|series| series.newest()).map(|(_, bytes)| bytes / 1024_f64.powi(3));
        let mut evidence = vec![match free {
            Some(free) => format!("{free:.0} of {} GiB are free", database.storage_gib),
            None => format!("{} GiB are allocated; how much is free is not known", database.storage_gib),
        }];
        evidence.push("whether storage autoscaling is on is not read here".to_owned());
        found.push(Opportunity {
            kind: Kind::Storage,
            subject: id.to_string(),
            title: "let the storage grow by itself".to_owned(),
            evidence,
            saving: Saving::Untold(
                "storage of RDS can grow and never shrink: it saves what would be allocated ahead".to_owned(),
            ),
            risk: "it grows at most once in six hours; a full disk before that stops the database".to_owned(),
            change: "aws rds modify-db-instance --max-allocated-storage".to_owned(),
        });
    }
}
