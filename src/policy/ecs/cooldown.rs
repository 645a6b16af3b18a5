//! When the count was last changed, whoever changed it, and what that still blocks.
//!
//! Three witnesses: Application Auto Scaling's activities, the changes of the desired count that readings showed, and –
//! for the minute before the first reading – the service's own event log. Absent on purpose: guessing. Where none tells
//! the count before, nothing is blocked: what is unknown never vetoes an out.

use jiff::Timestamp;

use crate::platform::{Activity, ActivityKind, CountHistory, Platform, Service, TaskCount};
use crate::policy::window::{after, ago};

/// A reading may show a change this much later than the autoscaler began it, and still show the same change.
const SAME_CHANGE_S: u32 = 180;
/// The autoscaler's clock and ours may differ by this.
const SKEW_S: i64 = 30;

/// A scale-out that has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LastOut {
    /// When.
    pub began: Timestamp,
    /// To which count.
    pub to: TaskCount,
    /// By how many.
    pub step: u32,
}

/// Whether the in-cooldown has passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum InCooldown {
    /// Passed.
    Over,
    /// Ends then.
    Until(Timestamp),
    /// The last change has not finished: it has not even begun.
    Unfinished,
}

/// The newest out that began after `since`.
pub(super) fn last_out(platform: &Platform, service: &Service, since: Timestamp) -> Option<LastOut> {
    let history = platform.counts.get(&service.id).map(AsRef::as_ref);
    let activities = platform.activities.get(&service.id).map_or(&[][..], |list| list.as_slice());
    let mut unmatched: Vec<_> = history.map(|history| history.changes.iter().collect()).unwrap_or_default();
    let mut newest: Option<LastOut> = None;
    let mut keep = |out: LastOut| {
        if out.began > since && newest.is_none_or(|known| known.began <= out.began) {
            newest = Some(out);
        }
    };
    let early = ago(since, SAME_CHANGE_S);
    for activity in activities.iter().filter(|activity| activity.started >= early) {
        let Some(to) = set_count(activity) else { continue };
        let same = unmatched.iter().position(|change| {
            let lag = change.seen.as_second() - activity.started.as_second();
            change.to == to && (-SKEW_S..=i64::from(SAME_CHANGE_S)).contains(&lag)
        });
        let from = match same {
            Some(index) => Some(unmatched.remove(index).from),
            None => before(activity, activities, history).or(Some(service.desired).filter(|now| *now != to)),
        };
        if let Some(from) = from.filter(|from| to > *from) {
            keep(LastOut { began: activity.started, to, step: to.0 - from.0 });
        }
    }
    for change in unmatched.into_iter().filter(|change| change.to > change.from) {
        keep(LastOut { began: change.seen, to: change.to, step: change.to.0 - change.from.0 });
    }
    newest.or_else(|| out_from_events(service, history, since))
}

/// The count before an activity, from the newest older activity or older observed change.
fn before(activity: &Activity, activities: &[Activity], history: Option<&CountHistory>) -> Option<TaskCount> {
    let told = activities
        .iter()
        .filter(|older| older.started < activity.started)
        .filter_map(|older| Some((older.started, set_count(older)?)));
    let seen = history.into_iter().flat_map(|history| &history.changes).map(|change| (change.seen, change.to));
    let older = told.chain(seen.filter(|(at, _)| *at < activity.started));
    older.max_by_key(|(at, _)| *at).map(|(_, count)| count)
}

/// The count that an activity set; `None` when it set none.
fn set_count(activity: &Activity) -> Option<TaskCount> {
    match activity.kind {
        ActivityKind::InProgress | ActivityKind::Successful | ActivityKind::Overridden | ActivityKind::Unfulfilled => {
            activity.desired().map(TaskCount)
        }
        ActivityKind::Pending | ActivityKind::Failed | ActivityKind::NotScaled(_) | ActivityKind::Unknown(_) => None,
    }
}

/// Tasks that ECS says it started just before the first reading. A deployment starts tasks too, so its events tell
/// nothing about the count.
fn out_from_events(service: &Service, history: Option<&CountHistory>, since: Timestamp) -> Option<LastOut> {
    let watched = history.and_then(|history| history.watched_since)?;
    if service.deploying() {
        return None;
    }
    let mut starts = service.events.iter().filter(|event| event.at > since && event.at < watched);
    starts.find_map(|event| {
        let (_, rest) = event.message.split_once(" has started ")?;
        let step: u32 = rest.split_once(" tasks")?.0.parse().ok()?;
        Some(LastOut { began: event.at, to: service.desired, step })
    })
}

/// The in-cooldown at `now`: it runs from when the last change had finished, and a change that the counts do not show
/// yet is not finished.
pub(super) fn in_cooldown(platform: &Platform, service: &Service, cooldown_s: u32, now: Timestamp) -> InCooldown {
    let history = platform.counts.get(&service.id);
    let Some(settled) = history.and_then(|history| history.settled) else { return InCooldown::Unfinished };
    let mut finished = settled;
    for activity in platform.activities.get(&service.id).into_iter().flat_map(|list| list.iter()) {
        match (&activity.kind, activity.ended) {
            (ActivityKind::Pending | ActivityKind::InProgress, _) => return InCooldown::Unfinished,
            (_, ended) if activity.started > settled && set_count(activity).is_some() => match ended {
                Some(ended) => finished = finished.max(ended),
                None => return InCooldown::Unfinished,
            },
            _ => {}
        }
    }
    let until = after(finished, cooldown_s);
    if now < until { InCooldown::Until(until) } else { InCooldown::Over }
}
