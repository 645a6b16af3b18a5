//! The rule of a group that scales by ones: one more if any trigger held, one fewer if all agree, one change at a time.

use jiff::Timestamp;

use super::{Judged, MemberEvidence, Members};
use crate::platform::series::evidence_minute;
use crate::platform::{MemberCount, MetricId};
use crate::policy::verdict::{Decision, Direction, Next, Obstacle, Reason};
use crate::policy::window::{after, evident_at, minutes};

/// Everything that one decision rests on.
pub(in crate::policy) struct Rule<'a> {
    pub members: Members,
    pub min: MemberCount,
    pub max: MemberCount,
    /// Whether a change is under way.
    pub moving: bool,
    /// When the members last changed, as far as that is known.
    pub changed: Option<Timestamp>,
    /// Since when nothing moves; `None` while something does, or nothing was seen yet.
    pub settled: Option<Timestamp>,
    pub cooldown_s: u32,
    pub clear_window_s: u32,
    pub judged: &'a [Judged],
    /// What stands in the way of any one more.
    pub no_more: Option<Obstacle>,
    /// What stands in the way of one more that a metric asks for; never in a group below its least.
    pub no_use: Option<Obstacle>,
    /// What stands in the way of one fewer.
    pub no_fewer: Option<Obstacle>,
    /// Metrics without which nothing is taken away, although no window asks for them.
    pub unknown: Vec<MetricId>,
    /// Where a metric would go on one fewer, when that is too near to asking again.
    pub rebound: Option<(MetricId, f64)>,
    /// Whether missing data may still be on its way.
    pub arriving: bool,
    pub now: Timestamp,
}

impl Rule<'_> {
    /// The decision, top to bottom in the order in which a reason wins.
    pub fn decide(&self) -> Decision<MemberCount> {
        let present = self.members.present;
        let wanted = MemberCount(present.0.saturating_add(1));
        let none = |reason| Decision::None { reason };
        let blocked = |by: &Obstacle, wanted| none(Reason::Blocked { by: by.clone(), wanted });
        let below = self.members.usable() < self.min;
        if below || !self.asking().is_empty() {
            let obstacle = self.no_more.as_ref().or(self.no_use.as_ref());
            if present >= self.max {
                return none(Reason::AtCeiling { wanted });
            }
            if self.moving {
                return none(self.in_flight());
            }
            if let Some(until) = self.out_cooldown().filter(|_| !below) {
                return none(Reason::Cooldown { direction: Direction::Out, until: Some(until), wanted });
            }
            if let Some(by) = obstacle {
                return blocked(by, wanted);
            }
            let reason = if below {
                Reason::BelowFloor { floor: self.min }
            } else {
                Reason::Breached { metrics: self.asking() }
            };
            return Decision::Out { to: wanted, reason };
        }

        // Nothing asks for one more. Would anything, if the data were all there?
        let could_out = present < self.max && !self.moving && self.out_cooldown().is_none() && self.no_more.is_none();
        let undecided = self.metrics_where(|judged| judged.evidence.out.is_some_and(|bound| bound.window.unknown));
        if (could_out && !undecided.is_empty()) || self.blind() {
            return self.missing(undecided);
        }
        if let Some(reason) = self.keeps() {
            return none(reason);
        }

        // Nothing that is known keeps the member. Would anything, if the data were all there?
        let mut undecided = self.metrics_where(|judged| {
            judged.undecided_lately || judged.evidence.clear.is_some_and(|bound| bound.window.unknown)
        });
        undecided.extend(&self.unknown);
        undecided.sort_unstable();
        undecided.dedup();
        if !undecided.is_empty() {
            return self.missing(undecided);
        }
        Decision::In { to: MemberCount(present.0 - 1), reason: Reason::Clear }
    }

    /// What keeps the member for certain, whatever the missing data would say; `None` when nothing does.
    fn keeps(&self) -> Option<Reason<MemberCount>> {
        if let Some((metric, held_s, need_s)) = self.filling() {
            return Some(Reason::Filling { metric, held_s, need_s });
        }
        if self.moving {
            return Some(self.in_flight());
        }
        // Never on vacuous truth: where nothing moves, more than the least that is usable is also serving.
        if self.members.usable() <= self.min {
            return Some(Reason::AtFloor);
        }
        if self.members.present.0 <= 1 && self.members.kind == super::Kind::Shard {
            return Some(Reason::LastTask);
        }
        let fewer = MemberCount(self.members.present.0 - 1);
        if let Some(by) = self.no_fewer.clone() {
            return Some(Reason::Blocked { by, wanted: fewer });
        }
        let not_clear = |bound: super::Bound| !bound.window.full() && !bound.window.unknown;
        if self.judged.iter().any(|judged| judged.evidence.clear.is_some_and(not_clear)) {
            return Some(Reason::Steady);
        }
        if let Some((metric, back)) = self.asked_lately() {
            let ahead = minutes(self.clear_window_s) - back;
            return Some(Reason::AskedLately { metric, until: evident_at(evidence_minute(self.now), ahead) });
        }
        if let Some((metric, projected)) = self.rebound {
            return Some(Reason::WouldRebound { metric, projected });
        }
        let cooldown = |until| Some(Reason::Cooldown { direction: Direction::In, until, wanted: fewer });
        match self.settled {
            None => cooldown(None),
            Some(settled) => Some(after(settled, self.cooldown_s))
                .filter(|until| self.now < *until)
                .and_then(|until| cooldown(Some(until))),
        }
    }

    fn in_flight(&self) -> Reason<MemberCount> {
        Reason::InFlight { starting: self.members.arriving, draining: self.members.leaving }
    }

    fn missing(&self, metrics: Vec<MetricId>) -> Decision<MemberCount> {
        Decision::CannotTell { reason: Reason::Missing { metrics, arriving: self.arriving } }
    }

    /// No metric has a point in the newest five evidence minutes. Without a metric at all there is nothing to be blind to.
    fn blind(&self) -> bool {
        !self.judged.is_empty() && self.judged.iter().all(|judged| judged.evidence.value.is_none())
    }

    /// The metrics that ask, each once.
    fn asking(&self) -> Vec<MetricId> {
        self.metrics_where(|judged| judged.evidence.asks())
    }

    fn metrics_where(&self, is: impl Fn(&Judged) -> bool) -> Vec<MetricId> {
        let mut metrics: Vec<_> =
            self.judged.iter().filter(|judged| is(judged)).map(|judged| judged.evidence.metric).collect();
        metrics.sort_unstable();
        metrics.dedup();
        metrics
    }

    /// The out-window nearest to being full, of those that have begun.
    fn filling(&self) -> Option<(MetricId, u32, u32)> {
        let begun = self.judged.iter().filter_map(|judged| {
            let window = judged.evidence.out?.window;
            (window.held_s > 0 && !window.unknown && !window.full()).then_some((
                judged.evidence.metric,
                window.held_s,
                window.need_s,
            ))
        });
        begun.min_by_key(|(metric, held_s, need_s)| (need_s - held_s, *metric))
    }

    /// The metric whose out-window was full last, and how many minutes ago.
    fn asked_lately(&self) -> Option<(MetricId, usize)> {
        let asked = self.judged.iter().filter_map(|judged| Some((judged.evidence.metric, judged.asked_back?)));
        asked.min_by_key(|(metric, back)| (*back, *metric))
    }

    fn out_cooldown(&self) -> Option<Timestamp> {
        let until = after(self.changed?, self.cooldown_s);
        (self.now < until).then_some(until)
    }

    /// What would change the decision, and when.
    pub fn next(&self, decision: &Decision<MemberCount>) -> Option<Next> {
        let newest = evidence_minute(self.now);
        let noun = self.members.kind.noun();
        match decision {
            Decision::Out { reason: Reason::Breached { .. }, .. } => Some(Next {
                at: evident_at(newest, 1),
                what: "no longer asks if the next minute is not above the threshold".to_owned(),
            }),
            Decision::In { .. } => Some(Next {
                at: evident_at(newest, 1),
                what: "no longer asks if a metric reaches its threshold in the next minute".to_owned(),
            }),
            Decision::None { reason: Reason::Filling { metric, held_s, need_s } } => {
                let what = if self.members.present >= self.max {
                    format!("{} asks for more than the ceiling of {}", super::words::label(*metric), self.max)
                } else {
                    format!("adds a {noun} if {} stays above its threshold", super::words::label(*metric))
                };
                Some(Next { at: evident_at(newest, minutes(*need_s) - minutes(*held_s)), what })
            }
            Decision::None { reason: Reason::Cooldown { until: Some(until), wanted, direction } } => {
                let way = if *direction == Direction::Out { "out" } else { "in" };
                Some(Next { at: *until, what: format!("scales {way} to {wanted} if that still holds") })
            }
            Decision::None { reason: Reason::AskedLately { until, .. } } => {
                let what = format!("a {noun} may go if nothing asks again");
                Some(Next {
                    at: self.settled.map_or(*until, |settled| after(settled, self.cooldown_s).max(*until)),
                    what,
                })
            }
            Decision::None { reason: Reason::Steady } => self.next_in(newest),
            _ => None,
        }
    }

    /// When every metric would have been clear for its window, if each stays where it is.
    fn next_in(&self, newest: i64) -> Option<Next> {
        let mut ahead = self.asked_lately().map_or(0, |(_, back)| minutes(self.clear_window_s) - back);
        for bound in self.judged.iter().filter_map(|judged| judged.evidence.clear) {
            if bound.window.held_s == 0 || bound.window.unknown {
                return None;
            }
            ahead = ahead.max(minutes(bound.window.need_s) - minutes(bound.window.held_s));
        }
        let at = evident_at(newest, ahead).max(after(self.settled?, self.cooldown_s));
        let to = self.members.present.0 - 1;
        Some(Next { at, what: format!("scales in to {to} if every metric stays under its threshold") })
    }
}

/// The highest five-minute mean of a metric over all members.
pub(in crate::policy) fn highest(judged: &[Judged], metric: MetricId) -> Option<f64> {
    let of = |evidence: &MemberEvidence| evidence.metric == metric;
    judged.iter().filter(|judged| of(&judged.evidence)).filter_map(|judged| judged.highest).reduce(f64::max)
}
