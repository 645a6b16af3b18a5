//! Changes of a primary's read replicas: one more, one fewer, the weight of a record under the reader name.

mod rows;
mod seen;
mod sight;
mod steps;
#[cfg(test)]
mod tests;

pub(super) use rows::{next, rows, title, warnings};
pub use seen::{InstanceSeen, ReaderSeen, ReplicasSeen};
pub(super) use sight::sight;
pub(super) use steps::{complete, steps};

use super::guard::{Forbidden, Gravity, is_small};
use super::kind::Change;
use super::plan::{Impossible, Plan};
use crate::platform::{DatabaseId, Platform};
use crate::policy::Policy;

/// The most replicas of one instance (RDS user guide, "Working with DB instance read replicas").
const MOST_REPLICAS: usize = 15;

/// A new replica's weight where no other record tells the usual one.
const USUAL_WEIGHT: u8 = 10;

/// One more replica, named by the pattern `<primary>-replica-N`. `None` when the primary was never described.
pub fn one_more(platform: &Platform, policy: &Policy, primary: &DatabaseId) -> Option<Change> {
    let seen = ReplicasSeen::of(platform, primary)?;
    let stem = format!("{primary}-replica-");
    let numbers = seen.members.iter().filter_map(|one| one.id.as_str().strip_prefix(&stem)?.parse::<u32>().ok());
    let number = numbers.max().unwrap_or(0).saturating_add(1);
    let replica = DatabaseId::new(format!("{stem}{number}"));
    let weights = seen.reader.as_ref().map(|reader| reader.records.iter().map(|record| record.weight).max());
    let weight = weights.map(|most| most.filter(|most| *most > 0).unwrap_or(USUAL_WEIGHT));
    let class = policy.replicas.instance_class.clone();
    Some(Change::AddReplica { primary: primary.clone(), replica, class, zone: None, weight })
}

/// One replica fewer: the newest that may go. `None` when there is none.
pub fn one_fewer(platform: &Platform, primary: &DatabaseId) -> Option<Change> {
    let seen = ReplicasSeen::of(platform, primary)?;
    let newest = seen.newest()?;
    Some(Change::RemoveReplica { primary: primary.clone(), replica: newest.id.clone() })
}

/// What stands in the way.
pub(super) fn obstacle(seen: &ReplicasSeen, change: &Change) -> Option<Impossible> {
    let absent = |what: String| Some(Impossible::NoSuch { what });
    match change {
        Change::RemoveReplica { primary, replica } if seen.member(replica).is_none() => {
            absent(format!("{primary} has no replica {replica}"))
        }
        Change::Weight { set, .. } if seen.record(set).is_none() => {
            absent(format!("the reader name has no record {set}"))
        }
        _ => None,
    }
}

/// What must never be sent.
pub(super) fn forbid(change: &Change, seen: &ReplicasSeen) -> Result<(), Forbidden> {
    let never = |why: String| Err(Forbidden::Never { why });
    match change {
        Change::AddReplica { primary, replica, .. } => {
            if !is_identifier(replica.as_str()) {
                return never(format!("{replica} is no identifier that RDS takes"));
            }
            if !seen.plain {
                return never(format!("{primary} is of an engine whose replicas are not made this way"));
            }
            if seen.backup_days == 0 {
                return never(format!("{primary} keeps no backups: AWS makes no replica of it before it does"));
            }
            if !seen.primary.status.phase().serves() {
                return never(format!(
                    "{primary} is {}: AWS makes a replica only of one that is available",
                    seen.primary.status
                ));
            }
            if seen.members.len() + seen.unseen as usize >= MOST_REPLICAS {
                return never(format!("{primary} has {MOST_REPLICAS} replicas: AWS allows no more"));
            }
            Ok(())
        }
        Change::RemoveReplica { primary, replica } => {
            let Some(member) = seen.member(replica) else { return Ok(()) };
            if replica == primary || member.sources > 0 {
                return never(format!("{replica} is a source itself: a source is never deleted"));
            }
            if member.protected {
                return never(format!("{replica} is protected against deletion: that is somebody's decision"));
            }
            Ok(())
        }
        Change::Weight { set, to: 0, .. } => {
            let others = seen.reader.iter().flat_map(|reader| &reader.records).filter(|record| record.set != *set);
            if others.map(|record| u32::from(record.weight)).sum::<u32>() == 0 {
                return never("every weight would be 0: Route 53 then answers with all of them alike".to_owned());
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// RDS's rule: 1–63 letters, digits and hyphens, a letter first, no hyphen last and no two in a row.
fn is_identifier(name: &str) -> bool {
    let sound = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (1..=63).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(sound)
        && !name.ends_with('-')
        && !name.contains("--")
}

/// How grave a change is.
pub(super) fn gravity(plan: &Plan, seen: &ReplicasSeen, policy: &Policy) -> Gravity {
    let serving = seen.usable();
    match &plan.change {
        Change::AddReplica { .. } => {
            let after = seen.members.len() as u32 + seen.unseen + 1;
            Gravity { small: true, beyond: after > policy.replicas.max, ..Gravity::of(after) }
        }
        Change::RemoveReplica { .. } => {
            let least = policy.replicas.min;
            let never = (serving.saturating_sub(1) < least)
                .then(|| format!("{} would be left, and the policy's least is {least}", serving.saturating_sub(1)));
            Gravity { grave: true, never, ..Gravity::default() }
        }
        Change::Weight { to, .. } => {
            let from = plan.from();
            Gravity { small: is_small(from, u32::from(*to)), grave: *to == 0, ..Gravity::of(u32::from(*to)) }
        }
        _ => Gravity::default(),
    }
}
