//! How a group's count has moved, by whom, and whether it goes back and forth.
//!
//! Three witnesses are merged: the autoscaler's activities, the changes that readings showed, and what the caller knows
//! of an operator. A change that two of them tell is one.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::case::Case;
use crate::platform::{Activity, ActivityKind};
use crate::policy::window::ago;

/// Who moved a count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mover {
    /// A scaling policy of AWS.
    Autoscaler,
    /// A scheduled action of AWS.
    Schedule,
    /// An operator, by this program.
    Operator,
    /// Nothing tells who.
    Somebody,
}

impl Mover {
    /// In a word or two.
    pub fn words(self) -> &'static str {
        match self {
            Self::Autoscaler => "AWS's policy",
            Self::Schedule => "the schedule",
            Self::Operator => "an operator",
            Self::Somebody => "somebody else",
        }
    }
}

/// A count that moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Move {
    /// When.
    pub at: Timestamp,
    /// Before.
    pub from: u32,
    /// After.
    pub to: u32,
    /// By whom.
    pub by: Mover,
}

impl Move {
    fn up(&self) -> bool {
        self.to > self.from
    }
}

/// Two witnesses of one change may differ by this, seconds.
const SAME_S: i64 = 180;
/// Reversals are counted over these spans, seconds, and are too many from so many on.
pub(super) const REVERSALS: [(u32, usize); 2] = [(30 * 60, 2), (60 * 60, 3)];
/// A day, in which the share of reversed changes is judged, seconds.
const DAY_S: u32 = 24 * 60 * 60;
/// Fewer changes in a day give no share.
const ENOUGH_MOVES: usize = 4;
/// How near a limit cycle's period comes to what the windows make it, as a share.
const CYCLE_NEAR: f64 = 0.25;

/// Every known change of a service's count, oldest first.
pub(super) fn of_service(case: &Case) -> Vec<Move> {
    let mut moves: Vec<Move> = Vec::new();
    let mut oldest_first: Vec<&Activity> = case.activities.iter().filter(|activity| set(activity)).collect();
    oldest_first.sort_by_key(|activity| activity.started);
    let history = case.platform.counts.get(case.id);
    let seen: Vec<Move> = history
        .into_iter()
        .flat_map(|history| &history.changes)
        .map(|change| Move { at: change.seen, from: change.from.0, to: change.to.0, by: Mover::Somebody })
        .collect();
    let mut before: Option<u32> = None;
    for activity in oldest_first {
        let Some(to) = activity.desired() else { continue };
        let witness = seen.iter().find(|seen| seen.to == to && near(seen.at, activity.started));
        let from = witness.map(|seen| seen.from).or(before).filter(|from| *from != to);
        if let Some(from) = from {
            moves.push(Move { at: activity.started, from, to, by: mover(activity) });
        }
        before = Some(to);
    }
    // An operator's change may be seen by a reading and does not stand among the activities.
    for told in case.extra.moves.iter().chain(&seen) {
        if !moves.iter().any(|known| known.to == told.to && near(known.at, told.at)) && told.from != told.to {
            moves.push(*told);
        }
    }
    moves.sort_by_key(|moved| moved.at);
    moves
}

fn near(a: Timestamp, b: Timestamp) -> bool {
    (a.as_second() - b.as_second()).abs() <= SAME_S
}

/// Whether an activity set a count.
fn set(activity: &Activity) -> bool {
    matches!(activity.kind, ActivityKind::InProgress | ActivityKind::Successful | ActivityKind::Overridden)
}

fn mover(activity: &Activity) -> Mover {
    if activity.cause.contains("scheduled action") { Mover::Schedule } else { Mover::Autoscaler }
}

/// A sign that a count goes back and forth.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Sign {
    /// The direction has turned so often in so many seconds.
    Reversals { count: usize, within_s: u32 },
    /// It went from `a` to `b` and back in so many seconds.
    ThereAndBack { a: u32, b: u32, took_s: i64, at: Timestamp },
    /// So many of a day's changes were taken back within two cooldowns.
    TakenBack { reversed: usize, of: usize },
    /// It swings by one task with a period that its own windows make.
    Cycle { period_s: i64, expected_s: u32 },
}

/// The signs of flapping up to `now`, strongest first. `in_window_s` and `in_cooldown_s` are what a scale-in takes,
/// `out_window_s` what leads to a scale-out.
pub(super) fn signs(
    moves: &[Move],
    now: Timestamp,
    out_window_s: u32,
    in_window_s: u32,
    in_cooldown_s: u32,
) -> Vec<Sign> {
    let within = |seconds: u32| {
        let since = ago(now, seconds);
        moves.iter().filter(move |moved| moved.at >= since).copied().collect::<Vec<_>>()
    };
    let mut signs = Vec::new();
    for (within_s, too_many) in REVERSALS {
        let count = reversals(&within(within_s));
        if count >= too_many {
            signs.push(Sign::Reversals { count, within_s });
            break;
        }
    }
    let hour = within(REVERSALS[1].0);
    let quick = i64::from(in_cooldown_s) + i64::from(out_window_s);
    let back =
        hour.windows(2).rev().find_map(|pair| {
            let took_s = pair[1].at.as_second() - pair[0].at.as_second();
            (pair[0].to == pair[1].from && pair[1].to == pair[0].from && took_s <= quick)
                .then_some(Sign::ThereAndBack { a: pair[0].from, b: pair[0].to, took_s, at: pair[1].at })
        });
    signs.extend(back);
    let day = within(DAY_S);
    let reversed = day
        .windows(2)
        .filter(|pair| {
            let took = pair[1].at.as_second() - pair[0].at.as_second();
            pair[0].up() != pair[1].up() && took <= 2 * i64::from(in_cooldown_s)
        })
        .count();
    if day.len() >= ENOUGH_MOVES && 2 * reversed >= day.len() {
        signs.push(Sign::TakenBack { reversed, of: day.len() });
    }
    signs.extend(cycle(&day, in_window_s + in_cooldown_s));
    signs
}

/// How often the direction turns.
pub(super) fn reversals(moves: &[Move]) -> usize {
    moves.windows(2).filter(|pair| pair[0].up() != pair[1].up()).count()
}

/// A swing by one with a steady period: at least two whole swings in a row, up to the newest change.
fn cycle(moves: &[Move], expected_s: u32) -> Option<Sign> {
    let alternating = moves.windows(2).rev().take_while(|pair| pair[0].up() != pair[1].up()).count();
    let last = &moves[moves.len().checked_sub(alternating + 1)?..];
    let by_one = last.iter().all(|moved| moved.from.abs_diff(moved.to) == 1);
    if alternating < 3 || !by_one {
        return None;
    }
    let ups: Vec<i64> = last.iter().filter(|moved| moved.up()).map(|moved| moved.at.as_second()).collect();
    let periods: Vec<i64> = ups.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let mean = periods.iter().sum::<i64>() / i64::try_from(periods.len()).ok().filter(|n| *n > 0)?;
    let near = (mean as f64 - f64::from(expected_s)).abs() <= CYCLE_NEAR * f64::from(expected_s);
    near.then_some(Sign::Cycle { period_s: mean, expected_s })
}
