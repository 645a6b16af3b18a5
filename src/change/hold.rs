//! A hold: a floor that is raised until a time, and comes back by itself although the console is closed.
//!
//! Everything a hold needs is put into AWS: the floor now, and scheduled actions of our own for later. A scheduled
//! action of somebody else that would lower the floor before the end is answered by one of ours a minute after it.
//!
//! Absent on purpose: sending. A hold is shown and confirmed as a whole; its steps go through the door of every change.

mod calendar;

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use self::calendar::{Calendar, minute_after};
use super::plan::{Change, Impossible, Plan};
use super::words;
use crate::platform::{Platform, ScheduledAction, Source, TaskCount};

/// What the names of our scheduled actions begin with.
const OURS: &str = "scaledeck-hold-";

/// The longest hold.
const LONGEST: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How far back a firing is looked for that tells the floor at the end: a week's schedule, and a day.
const LOOK_BACK: SignedDuration = SignedDuration::from_hours(8 * 24);

/// The most scheduled actions that one hold adds.
const MOST_ADDED: usize = 16;

/// A floor, raised until a time.
#[derive(Debug, Clone, PartialEq)]
pub struct Hold {
    /// The raise, now.
    pub raise: Plan,
    /// The end.
    pub until: Timestamp,
    /// Scheduled actions to be put, in the order of their firing; the last one ends the hold.
    pub adds: Vec<Added>,
    /// Names of scheduled actions that an earlier hold has left: to be deleted first.
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
    /// The raise itself is not possible.
    #[error(transparent)]
    Impossible(#[from] Impossible),
}

impl Hold {
    /// The hold that `raise`, the plan of a floor, becomes with an end; from the scheduled actions that `platform` knows.
    pub fn of(raise: Plan, until: Timestamp, platform: &Platform, now: Timestamp) -> Result<Self, NoHold> {
        let to = raise.change.to();
        let service = raise.change.service();
        if matches!(raise.change, Change::Desired { .. }) || to <= raise.from() {
            return Err(NoHold::NotARaise { to, now: raise.from() });
        }
        if until <= minute_after(now) || until.duration_since(now) > LONGEST {
            return Err(NoHold::BadEnd);
        }
        if raise.observed.suspended.scheduled {
            return Err(NoHold::Suspended);
        }
        let read = platform.sources.get(&Source::ScheduledActions);
        if read.is_none_or(|health| health.learnt.is_none()) {
            return Err(NoHold::Unread);
        }
        let actions = platform.schedules.get(service).map_or(&[][..], |actions| actions.as_slice());
        let (ours, theirs): (Vec<_>, Vec<_>) = actions.iter().partition(|action| action.name.starts_with(OURS));
        let firings = Firings::of(&theirs, now, until)?;

        let mut adds = firings.answers(to, now, until)?;
        adds.push(firings.end(&raise, until));
        Ok(Self { raise, until, adds, removes: ours.into_iter().map(|action| action.name.clone()).collect() })
    }
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

    /// The end: back to the floor that the schedule has set by then – or, where none sets one, to the present floor.
    fn end(&self, raise: &Plan, until: Timestamp) -> Added {
        let scheduled = self.0.iter().rev().find_map(|(at, action)| Some((*at, action, action.min?)));
        let (floor, why) = match scheduled {
            Some((at, action, floor)) => {
                (floor, format!("the hold ends; {} has set the floor at {}", action.name, words::clock(at)))
            }
            None => (raise.from(), "the hold ends; no schedule sets a floor".to_owned()),
        };
        Added { name: format!("{OURS}end"), at: until, floor, why }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::scene::Scene;
    use crate::platform::Suspended;

    /// 14:32:07, floor 4, with the spec's two scheduled actions.
    fn scene() -> Scene {
        Scene::web()
            .limits(4, 10)
            .source(Source::ScheduledActions)
            .scheduled("morning", "cron(0 8 * * ? *)", 4)
            .scheduled("evening", "cron(0 22 * * ? *)", 2)
    }

    fn hold(scene: &Scene, to: u32, until: &str) -> Result<Hold, NoHold> {
        Hold::of(scene.floor(to), until.parse().unwrap(), &scene.platform, scene.now)
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
        assert_eq!(hold.removes, ["scaledeck-hold-end"]);
        assert_eq!(hold.adds.last().unwrap().floor, TaskCount(4));
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
        let count = Hold::of(scene().desired(8), today.parse().unwrap(), &scene().platform, scene().now);
        assert!(matches!(count, Err(NoHold::NotARaise { .. })));
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
}
