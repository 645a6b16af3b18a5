//! A hold: a floor that is raised until a time, and comes back by itself although the console is closed.
//!
//! Everything a hold needs is put into AWS: the floor now, and scheduled actions of our own for later. A scheduled
//! action of somebody else that would lower the floor before the end is answered by one of ours a minute after it.
//!
//! Absent on purpose: the plan of it, and sending. A hold is shown and confirmed as a whole; its steps go through the
//! door of every change.

mod calendar;

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use self::calendar::{Calendar, minute_after};
use super::ecs::ServiceSeen;
use super::words;
use crate::platform::{ScheduledAction, TaskCount};

/// What the names of our scheduled actions begin with.
const OURS: &str = "scaledeck-hold-";

/// The longest hold.
const LONGEST: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How far back a firing is looked for that tells the floor at the end: a week's schedule, and a day.
const LOOK_BACK: SignedDuration = SignedDuration::from_hours(8 * 24);

/// The most scheduled actions that one hold adds.
const MOST_ADDED: usize = 16;

/// What a hold puts into AWS beside the floor.
#[derive(Debug, Clone, PartialEq)]
pub struct Hold {
    /// Scheduled actions to be put, in the order of their firing; the last one ends the hold.
    pub adds: Vec<Added>,
    /// Names of scheduled actions that an earlier hold has left, and that no new one takes the place of.
    pub removes: Vec<String>,
}

/// A scheduled action that a hold adds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Added {
    /// Its name.
    pub name: String,
    /// When it fires, once.
    pub at: Timestamp,
    /// The floor that it sets.
    pub floor: TaskCount,
    /// Why it is needed, in words.
    pub why: String,
}

impl Added {
    /// It as AWS is given it.
    pub(super) fn action(&self) -> ScheduledAction {
        ScheduledAction {
            name: self.name.clone(),
            schedule: self.schedule(),
            timezone: String::new(),
            min: Some(self.floor),
            max: None,
        }
    }

    /// The schedule as AWS reads it, in UTC: `at(2026-11-03T18:00:00)`.
    pub fn schedule(&self) -> String {
        self.at.strftime("at(%Y-%m-%dT%H:%M:%S)").to_string()
    }
}

/// Why there is no hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoHold {
    /// It is no raise of a floor.
    #[error("a hold raises the floor: {to} is not above {now}")]
    NotARaise {
        /// What was asked for.
        to: TaskCount,
        /// The floor.
        now: TaskCount,
    },
    /// The end is not between a minute and a week from now.
    #[error("a hold lasts between a minute and seven days")]
    BadEnd,
    /// Scheduled scaling is suspended, so that nothing would end it.
    #[error("scheduled scaling is suspended: nothing would end the hold")]
    Suspended,
    /// The scheduled actions are not known.
    #[error("the scheduled actions have not been read: what would end the hold early is not known")]
    Unread,
    /// A schedule that cannot be followed.
    #[error("scheduled action {name}, {schedule}: when it fires is not understood, so a hold cannot be promised")]
    NotUnderstood {
        /// Its name.
        name: String,
        /// Its schedule.
        schedule: String,
    },
    /// A scheduled action that would bring the ceiling under the floor held.
    #[error("scheduled action {name} lowers the ceiling to {max} at {}: {to} cannot be held", words::clock(*at))]
    UnderCeiling {
        /// Its name.
        name: String,
        /// When.
        at: Timestamp,
        /// The ceiling.
        max: TaskCount,
        /// What was asked for.
        to: TaskCount,
    },
    /// The schedule changes the floor too often.
    #[error("the schedule lowers the floor more than {MOST_ADDED} times until then: hold for a shorter time")]
    TooBusy,
}

impl Hold {
    /// What it takes to hold a floor of `to` until a time, from what was observed of the service at `now`.
    pub fn of(seen: &ServiceSeen, to: TaskCount, until: Timestamp, now: Timestamp) -> Result<Self, NoHold> {
        let Some(actions) = &seen.schedule else { return Err(NoHold::Unread) };
        let floor = seen.limits.map(|(floor, _)| floor).unwrap_or_default();
        // What is held already can be held longer, or for a shorter time.
        let held = held_until(actions).is_some();
        if to < floor || (to == floor && !held) {
            return Err(NoHold::NotARaise { to, now: floor });
        }
        if until <= minute_after(now) || until.duration_since(now) > LONGEST {
            return Err(NoHold::BadEnd);
        }
        if seen.suspended.scheduled {
            return Err(NoHold::Suspended);
        }
        let (ours, theirs): (Vec<_>, Vec<_>) = actions.iter().partition(|action| is_ours(&action.name));
        let firings = Firings::of(&theirs, now, until)?;

        let mut adds = firings.answers(to, now, until)?;
        let before = ours.iter().find(|action| is_end(&action.name)).and_then(|end| end.min).unwrap_or(floor);
        adds.push(firings.end(before, until));
        let replaced = |name: &str| adds.iter().any(|added| added.name == name);
        let removes = ours.iter().map(|action| action.name.clone()).filter(|name| !replaced(name)).collect();
        Ok(Self { adds, removes })
    }
}

/// Whether a scheduled action of this name is one that a hold has put.
pub(super) fn is_ours(name: &str) -> bool {
    name.starts_with(OURS)
}

/// Whether it is the one that ends a hold.
pub(super) fn is_end(name: &str) -> bool {
    name.strip_prefix(OURS) == Some("end")
}

/// Until when a hold keeps the floor, if one does.
pub fn held_until(actions: &[ScheduledAction]) -> Option<Timestamp> {
    let end = actions.iter().find(|action| is_end(&action.name))?;
    Calendar::of(end)?.once()
}

/// Whether a scheduled action fires by rules that this program can follow – or by `rate(…)`, which AWS takes.
pub(super) fn is_schedule(action: &ScheduledAction) -> bool {
    let rate = action.schedule.strip_prefix("rate(").and_then(|rest| rest.strip_suffix(')'));
    rate.is_some_and(|rate| rate.split(' ').count() == 2) || Calendar::of(action).is_some()
}

/// The floor that stands when a hold is ended at `now`: what the schedule has set last, or what the hold's own end would
/// set. `None` where no hold of ours is, or the schedule cannot be followed.
pub fn floor_without(actions: &[ScheduledAction], now: Timestamp) -> Option<TaskCount> {
    let (ours, theirs): (Vec<_>, Vec<_>) = actions.iter().partition(|action| is_ours(&action.name));
    let end = ours.iter().find(|action| is_end(&action.name))?;
    let firings = Firings::of(&theirs, now, now).ok()?;
    Some(firings.end(end.min?, now).floor)
}

/// The floor that a schedule without a hold has set last by `now`; `otherwise` where none sets one, or it cannot be
/// followed.
pub(super) fn floor_by(actions: &[ScheduledAction], otherwise: TaskCount, now: Timestamp) -> TaskCount {
    let theirs: Vec<_> = actions.iter().filter(|action| !is_ours(&action.name)).collect();
    Firings::of(&theirs, now, now).map_or(otherwise, |firings| firings.end(otherwise, now).floor)
}

/// When a hold may end, as offered from `now` on, the nearest first: an hour, four hours, the next full 18:00 and 22:00
/// UTC. In whole minutes, each at least half an hour away.
pub fn ends(now: Timestamp) -> Vec<Timestamp> {
    let minute = now.as_second().div_euclid(60) * 60;
    let day = now.as_second().div_euclid(86_400) * 86_400;
    let of_day = |hour: i64| {
        let at = day + hour * 3600;
        if at - now.as_second() < 1800 { at + 86_400 } else { at }
    };
    let mut ends = vec![minute + 3600, minute + 4 * 3600, of_day(18), of_day(22)];
    ends.sort_unstable();
    ends.dedup();
    ends.into_iter().filter_map(|second| Timestamp::from_second(second).ok()).collect()
}

/// What the schedule does around a hold, in order.
struct Firings<'a>(Vec<(Timestamp, &'a ScheduledAction)>);

impl<'a> Firings<'a> {
    fn of(actions: &[&'a ScheduledAction], now: Timestamp, until: Timestamp) -> Result<Self, NoHold> {
        let from = until.checked_sub(LOOK_BACK).unwrap_or(Timestamp::MIN).min(now);
        let mut firings = Vec::new();
        for action in actions.iter().copied().filter(|action| action.min.is_some() || action.max.is_some()) {
            let calendar = Calendar::of(action).ok_or_else(|| NoHold::NotUnderstood {
                name: action.name.clone(),
                schedule: action.schedule.clone(),
            })?;
            firings.extend(calendar.between(from, until).into_iter().map(|at| (at, action)));
        }
        firings.sort_by(|one, other| (one.0, &one.1.name).cmp(&(other.0, &other.1.name)));
        Ok(Self(firings))
    }

    /// Our answers to what would end the hold early.
    fn answers(&self, to: TaskCount, now: Timestamp, until: Timestamp) -> Result<Vec<Added>, NoHold> {
        let mut adds = Vec::new();
        let mut answered = BTreeSet::new();
        for (at, action) in self.0.iter().filter(|(at, _)| *at > now && *at < until) {
            if let Some(max) = action.max.filter(|max| *max < to) {
                return Err(NoHold::UnderCeiling { name: action.name.clone(), at: *at, max, to });
            }
            let again = minute_after(*at);
            if action.min.is_some_and(|min| min < to) && again < until && answered.insert(again) {
                let name = format!("{OURS}again-{}", again.strftime("%Y%m%dT%H%MZ"));
                let why = format!("{} lowers the floor at {}", action.name, words::clock(*at));
                adds.push(Added { name, at: again, floor: to, why });
            }
        }
        if adds.len() > MOST_ADDED { Err(NoHold::TooBusy) } else { Ok(adds) }
    }

    /// The end: back to the floor that the schedule has set by then – or, where none sets one, to the one before.
    fn end(&self, before: TaskCount, until: Timestamp) -> Added {
        let scheduled = self.0.iter().rev().find_map(|(at, action)| Some((*at, action, action.min?)));
        let (floor, why) = match scheduled {
            Some((at, action, floor)) => {
                (floor, format!("the hold ends; {} has set the floor at {}", action.name, words::clock(at)))
            }
            None => (before, "the hold ends; no schedule sets a floor".to_owned()),
        };
        Added { name: format!("{OURS}end"), at: until, floor, why }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::kind::Change;
    use crate::change::scene::Scene;
    use crate::platform::{Source, Suspended};

    /// 14:32:07, floor 4, with the spec's two scheduled actions.
    fn scene() -> Scene {
        Scene::web()
            .limits(4, 10)
            .source(Source::ScheduledActions)
            .scheduled("morning", "cron(0 8 * * ? *)", 4)
            .scheduled("evening", "cron(0 22 * * ? *)", 2)
    }

    fn hold(scene: &Scene, to: u32, until: &str) -> Result<Hold, NoHold> {
        let until = until.parse().unwrap();
        let change = Change::Hold { service: scene.id.clone(), to: TaskCount(to), until };
        let seen = ServiceSeen::of(&scene.platform, &scene.id, &change).unwrap();
        Hold::of(&seen, TaskCount(to), until, scene.now)
    }

    fn adds(scene: &Scene, to: u32, until: &str) -> Vec<(String, u32)> {
        let hold = hold(scene, to, until).unwrap();
        hold.adds.iter().map(|added| (added.schedule(), added.floor.0)).collect()
    }

    fn at(schedule: &str, floor: u32) -> (String, u32) {
        (format!("at({schedule})"), floor)
    }

    #[test]
    fn within_the_day_only_the_end_is_added() {
        let hold = hold(&scene(), 8, "2026-11-03T18:00:00Z").unwrap();
        let end = Added {
            name: "scaledeck-hold-end".to_owned(),
            at: "2026-11-03T18:00:00Z".parse().unwrap(),
            floor: TaskCount(4),
            why: "the hold ends; morning has set the floor at 08:00:00Z".to_owned(),
        };
        assert_eq!((hold.adds, hold.removes), (vec![end], vec![]));
    }

    #[test]
    fn over_the_evening_it_is_held_again_and_ends_with_the_floor_of_the_night() {
        assert_eq!(
            adds(&scene(), 8, "2026-11-03T23:30:00Z"),
            [at("2026-11-03T22:01:00", 8), at("2026-11-03T23:30:00", 2)]
        );
    }

    #[test]
    fn over_a_night_even_the_mornings_raise_is_a_lowering() {
        assert_eq!(
            adds(&scene(), 8, "2026-11-04T12:00:00Z"),
            [at("2026-11-03T22:01:00", 8), at("2026-11-04T08:01:00", 8), at("2026-11-04T12:00:00", 4)]
        );
        // What does not lower it needs no answer.
        let gentle = scene().scheduled("noon", "cron(0 12 * * ? *)", 6);
        assert!(!adds(&gentle, 6, "2026-11-04T13:00:00Z").contains(&at("2026-11-04T12:01:00", 6)));
    }

    #[test]
    fn an_end_at_the_very_firing_leaves_the_schedules_floor() {
        assert_eq!(adds(&scene(), 8, "2026-11-03T22:00:00Z"), [at("2026-11-03T22:00:00", 2)]);
        assert_eq!(adds(&scene(), 8, "2026-11-03T22:00:30Z"), [at("2026-11-03T22:00:30", 2)]);
    }

    #[test]
    fn without_a_schedule_the_floor_goes_back_to_where_it_is() {
        let bare = Scene::web().limits(3, 10).source(Source::ScheduledActions);
        assert_eq!(adds(&bare, 8, "2026-11-03T18:00:00Z"), [at("2026-11-03T18:00:00", 3)]);
    }

    #[test]
    fn what_an_earlier_hold_left_is_removed_and_not_taken_for_the_schedule() {
        let scene = scene().scheduled("scaledeck-hold-end", "at(2026-11-03T15:00:00)", 9);
        let hold = hold(&scene, 8, "2026-11-03T18:00:00Z").unwrap();
        assert!(hold.removes.is_empty(), "its end takes the place of the one before");
        assert_eq!(hold.adds.last().unwrap().floor, TaskCount(4));
        let scene = scene.scheduled("scaledeck-hold-again-20261103T2201Z", "at(2026-11-03T22:01:00)", 9);
        let hold = self::hold(&scene, 8, "2026-11-03T18:00:00Z").unwrap();
        assert_eq!(hold.removes, ["scaledeck-hold-again-20261103T2201Z"]);
    }

    #[test]
    fn each_reason_against_has_its_sentence() {
        let today = "2026-11-03T18:00:00Z";
        let suspended = Suspended { scheduled: true, ..Suspended::default() };
        let table = [
            (hold(&scene(), 3, today), "a hold raises the floor: 3 is not above 4"),
            (hold(&scene(), 8, "2026-11-03T14:33:00Z"), "a hold lasts between a minute and seven days"),
            (hold(&scene(), 8, "2026-11-11T00:00:00Z"), "a hold lasts between a minute and seven days"),
            (
                hold(&scene().suspended(suspended), 8, today),
                "scheduled scaling is suspended: nothing would end the hold",
            ),
            (
                hold(&Scene::web().limits(4, 10), 8, today),
                "the scheduled actions have not been read: what would end the hold early is not known",
            ),
            (
                hold(&scene().scheduled("odd", "rate(1 hour)", 2), 8, today),
                "scheduled action odd, rate(1 hour): when it fires is not understood, so a hold cannot be promised",
            ),
            (
                hold(&scene().scheduled("busy", "cron(0 * * * ? *)", 2), 8, "2026-11-05T00:00:00Z"),
                "the schedule lowers the floor more than 16 times until then: hold for a shorter time",
            ),
        ];
        for (refused, sentence) in table {
            assert_eq!(refused.unwrap_err().to_string(), sentence);
        }
    }

    #[test]
    fn a_ceiling_that_comes_down_under_it_ends_any_hold() {
        let mut scene = scene();
        let actions = scene.platform.schedules.get_mut(&scene.id).unwrap();
        std::sync::Arc::make_mut(actions)[1].max = Some(TaskCount(6));
        let refused = hold(&scene, 8, "2026-11-03T23:00:00Z").unwrap_err();
        assert_eq!(
            refused.to_string(),
            "scheduled action evening lowers the ceiling to 6 at 22:00:00Z: 8 cannot be held"
        );
    }

    #[test]
    fn a_hold_is_held_longer_and_ends_with_the_floor_from_before_it() {
        let held = Scene::web().limits(8, 10).source(Source::ScheduledActions).scheduled(
            "scaledeck-hold-end",
            "at(2026-11-03T16:00:00)",
            3,
        );
        assert_eq!(adds(&held, 8, "2026-11-03T18:00:00Z"), [at("2026-11-03T18:00:00", 3)]);
        let actions = &held.platform.schedules[&held.id];
        assert_eq!(held_until(actions), Some("2026-11-03T16:00:00Z".parse().unwrap()));
        assert_eq!(floor_without(actions, held.now), Some(TaskCount(3)));
        let scheduled = held.clone().scheduled("morning", "cron(0 8 * * ? *)", 4);
        assert_eq!(floor_without(&scheduled.platform.schedules[&held.id], held.now), Some(TaskCount(4)));
        assert_eq!(floor_without(&scene().platform.schedules[&held.id], held.now), None, "nothing is held");
    }

    #[test]
    fn the_ends_on_offer_are_ahead_and_in_order() {
        let offered = |now: &str| {
            let ends = ends(now.parse().unwrap());
            ends.iter().map(|end| end.strftime("%d %H:%M").to_string()).collect::<Vec<_>>()
        };
        assert_eq!(offered("2026-11-03T14:32:07Z"), ["03 15:32", "03 18:00", "03 18:32", "03 22:00"]);
        assert_eq!(offered("2026-11-03T17:45:00Z"), ["03 18:45", "03 21:45", "03 22:00", "04 18:00"]);
        assert_eq!(offered("2026-11-03T23:59:59Z"), ["04 00:59", "04 03:59", "04 18:00", "04 22:00"]);
    }
}
