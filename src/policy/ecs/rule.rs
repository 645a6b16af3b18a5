//! The rule itself: from what was gathered to a decision, and to what would change it.

use jiff::Timestamp;

use super::cooldown::{InCooldown, LastOut};
use super::metrics::{Judged, ask, project};
use crate::platform::series::evidence_minute;
use crate::platform::{MetricId, Source, TaskCount};
use crate::policy::knobs::EcsPolicy;
use crate::policy::verdict::{Counts, Decision, Direction, Floor, Next, Reason};
use crate::policy::window::{after, evident_at, minutes};

/// Everything that one decision rests on.
pub(super) struct Rule<'a> {
    pub policy: &'a EcsPolicy,
    pub counts: Counts,
    pub floor: &'a Floor,
    pub ceiling: TaskCount,
    pub deploying: bool,
    /// The last out, while its cooldown runs.
    pub last_out: Option<LastOut>,
    pub in_cooldown: InCooldown,
    /// Whether missing data may still be on its way.
    pub arriving: bool,
    /// When the oldest look at the targets was, where there was one.
    pub drained_learnt: Option<Timestamp>,
    pub judged: &'a [Judged],
    pub now: Timestamp,
}

impl Rule<'_> {
    /// The decision, top to bottom in the order in which a reason wins.
    pub fn decide(&self) -> Decision {
        let Counts { desired, running, .. } = self.counts;
        let present = desired.max(running);
        let wanted = self.largest_ask().filter(|wanted| *wanted > present);
        let to = wanted.map(|wanted| wanted.min(self.ceiling)).filter(|to| *to > desired);
        let allowed = to.filter(|to| !self.out_cooldown_blocks(*to));

        if let Some(to) = allowed.filter(|to| desired >= self.floor.count || *to > self.floor.count) {
            return Decision::Out { to, reason: Reason::Breached { metrics: self.asking() } };
        }
        if desired < self.floor.count {
            let reason = Reason::BelowFloor { floor: self.floor.count };
            return Decision::Out { to: self.floor.count, reason };
        }
        match (wanted, to) {
            (Some(wanted), None) => return Decision::None { reason: Reason::AtCeiling { wanted } },
            (Some(_), Some(wanted)) => {
                let until = self.last_out.map(|out| after(out.began, self.policy.scale_out_cooldown_s));
                let reason = Reason::Cooldown { direction: Direction::Out, until, wanted };
                return Decision::None { reason };
            }
            (None, _) => {}
        }

        // Nothing asks out. Would anything, if the data were all there?
        let could_out = self.ceiling > desired && !self.out_cooldown_blocks(self.ceiling);
        let undecided = self.metrics_where(|judged| judged.evidence.out.unknown);
        if self.judged.iter().all(Judged::blind) || (could_out && !undecided.is_empty()) {
            return self.missing(undecided);
        }
        if let Some(reason) = self.keeps() {
            return Decision::None { reason };
        }

        // Nothing that is known keeps the tasks. Would anything, if the data were all there?
        let undecided = self.metrics_where(|judged| judged.evidence.clear.unknown);
        if !undecided.is_empty() {
            return self.missing(undecided);
        }
        if self.counts.draining.is_none() {
            let reason = Reason::Stale { source: Source::TargetHealth, learnt: self.drained_learnt };
            return Decision::CannotTell { reason };
        }
        Decision::In { to: TaskCount(desired.0 - self.step_in()), reason: Reason::Clear }
    }

    /// What keeps the tasks for certain, whatever the missing data would say; `None` when nothing does.
    fn keeps(&self) -> Option<Reason> {
        let Counts { desired, running, pending, draining } = self.counts;
        let filling = self
            .judged
            .iter()
            .map(|judged| &judged.evidence)
            .filter(|metric| metric.out.held_s > 0 && !metric.out.unknown && !metric.out.full());
        if let Some(metric) = filling.max_by_key(|metric| metric.out.held_s) {
            let (held_s, need_s) = (metric.out.held_s, metric.out.need_s);
            return Some(Reason::Filling { metric: metric.metric, held_s, need_s });
        }
        let starting = TaskCount(pending.0.max(desired.0.saturating_sub(running.0)));
        let in_flight = Reason::InFlight { starting, draining: draining.unwrap_or(0) };
        if self.largest_ask().is_some() {
            return Some(in_flight);
        }
        if self.deploying {
            return Some(Reason::Deploying);
        }
        if desired != running || pending > TaskCount(0) || draining.is_some_and(|draining| draining > 0) {
            return Some(in_flight);
        }
        if desired <= self.floor.count {
            return Some(Reason::AtFloor);
        }
        if desired == TaskCount(1) {
            return Some(Reason::LastTask);
        }
        if self.judged.iter().any(Judged::not_clear) {
            return Some(Reason::Steady);
        }
        if let Some(rebound) = self.rebound() {
            return Some(rebound);
        }
        let wanted = TaskCount(desired.0 - self.step_in());
        let cooldown = |until| Some(Reason::Cooldown { direction: Direction::In, until, wanted });
        match self.in_cooldown {
            InCooldown::Over => None,
            InCooldown::Until(until) => cooldown(Some(until)),
            // Unknown draining is missing data, not a change that is known to be under way.
            InCooldown::Unfinished => draining.and_then(|_| cooldown(None)),
        }
    }

    fn missing(&self, metrics: Vec<MetricId>) -> Decision {
        Decision::CannotTell { reason: Reason::Missing { metrics, arriving: self.arriving } }
    }

    fn largest_ask(&self) -> Option<TaskCount> {
        self.judged.iter().filter_map(|judged| judged.evidence.asks).max()
    }

    /// The metrics whose asks are an out, the largest first.
    fn asking(&self) -> Vec<MetricId> {
        let present = self.counts.desired.max(self.counts.running);
        let mut asking: Vec<_> = self.judged.iter().map(|judged| &judged.evidence).collect();
        asking.retain(|metric| metric.asks.is_some_and(|asks| asks > present));
        asking.sort_by_key(|metric| (std::cmp::Reverse(metric.asks), metric.metric));
        let mut metrics: Vec<_> = asking.into_iter().map(|metric| metric.metric).collect();
        metrics.dedup();
        metrics
    }

    fn metrics_where(&self, is: impl Fn(&Judged) -> bool) -> Vec<MetricId> {
        let mut metrics: Vec<_> =
            self.judged.iter().filter(|judged| is(judged)).map(|judged| judged.evidence.metric).collect();
        metrics.dedup();
        metrics
    }

    /// Inside the out-cooldown an out must go to more than the last one did, by a larger step.
    fn out_cooldown_blocks(&self, to: TaskCount) -> bool {
        self.last_out.is_some_and(|last| {
            let step = to.0.saturating_sub(self.counts.desired.0);
            to <= last.to || step <= last.step
        })
    }

    /// How many tasks can go: the most that leave every metric under its margin, above the floor, within a step. At
    /// least one, because [`Rule::keeps`] asks this only after it has ruled out the rest.
    fn step_in(&self) -> u32 {
        let most = self.policy.scale_in_max_step.min(self.counts.desired.0.saturating_sub(self.floor.count.0.max(1)));
        (2..=most).rev().find(|fewer| self.fits(*fewer)).unwrap_or(1)
    }

    /// Whether every metric that is clear stays under its margin on `fewer` tasks less.
    fn fits(&self, fewer: u32) -> bool {
        self.judged.iter().filter(|judged| judged.evidence.clear.full()).all(|judged| {
            let limit = judged.evidence.target * self.policy.scale_in_margin;
            judged.projected(self.counts.running, fewer).is_some_and(|projected| projected < limit)
        })
    }

    /// The metric that one task fewer would push the furthest over its margin, of those whose window is full: more data
    /// can only change the others.
    fn rebound(&self) -> Option<Reason> {
        let clear = self.judged.iter().map(|judged| &judged.evidence).filter(|metric| metric.clear.full());
        let over = clear.filter_map(|metric| {
            let projected = metric.projected_in?;
            let limit = metric.target * self.policy.scale_in_margin;
            (projected >= limit).then_some((projected / limit, metric.metric, projected))
        });
        let (_, metric, projected) = over.max_by(|a, b| a.0.total_cmp(&b.0))?;
        Some(Reason::WouldRebound { metric, projected })
    }

    /// What would change the decision, and when.
    pub fn next(&self, decision: &Decision, next_floor: Option<&(Timestamp, Floor)>) -> Option<Next> {
        let newest = evidence_minute(self.now);
        let desired = self.counts.desired;
        let next = match decision {
            Decision::Out { reason: Reason::Breached { .. }, .. } => Some(Next {
                at: evident_at(newest, 1),
                what: "no longer asks if the next minute is not above the target".to_owned(),
            }),
            Decision::In { .. } => Some(Next {
                at: evident_at(newest, 1),
                what: "no longer asks if a metric reaches its target in the next minute".to_owned(),
            }),
            Decision::None { reason: Reason::Filling { metric, held_s, need_s } } => {
                let same = self.judged.iter().filter(|judged| judged.evidence.metric == *metric);
                let judged = same.max_by_key(|judged| judged.evidence.out.held_s)?;
                let to = judged.recent.map(|recent| ask(self.counts.running, recent, judged.evidence.target));
                let to = to.filter(|to| *to > desired).map(|to| to.min(self.ceiling));
                let ahead = minutes(*need_s) - minutes(*held_s);
                let label = metric.row().label;
                let what = match to {
                    Some(to) if to > desired => format!("scales out to {to} if {label} stays above its target"),
                    _ => format!("{label} asks for more than the ceiling of {}", self.ceiling),
                };
                Some(Next { at: evident_at(newest, ahead), what })
            }
            Decision::None { reason: Reason::Cooldown { direction, until: Some(until), wanted } } => {
                let way = if *direction == Direction::Out { "out" } else { "in" };
                Some(Next { at: *until, what: format!("scales {way} to {wanted} if that still holds") })
            }
            Decision::None { reason: Reason::Steady } => self.next_in(newest),
            _ => None,
        };
        next.or_else(|| {
            let (at, floor) = next_floor?;
            let what = if floor.count > desired {
                format!("scales out to {}: the floor rises ({})", floor.count, floor.origin)
            } else if floor.count > self.floor.count {
                format!("the floor rises to {} ({})", floor.count, floor.origin)
            } else {
                format!("the floor falls to {} ({})", floor.count, floor.origin)
            };
            Some(Next { at: *at, what })
        })
    }

    /// When every metric would have been clear for its window, if the present load leaves room for a task fewer.
    fn next_in(&self, newest: i64) -> Option<Next> {
        let mut ahead = 0;
        for judged in self.judged {
            let metric = &judged.evidence;
            let limit = metric.target * self.policy.scale_in_margin;
            let fits = project(metric.value?, self.counts.running, 1)? < limit;
            if !fits || metric.clear.unknown {
                return None;
            }
            ahead = ahead.max(minutes(metric.clear.need_s) - minutes(metric.clear.held_s));
        }
        let mut at = evident_at(newest, ahead);
        if let InCooldown::Until(until) = self.in_cooldown {
            at = at.max(until);
        }
        let to = self.counts.desired.0 - 1;
        Some(Next { at, what: format!("scales in to {to} if every metric stays under its target") })
    }
}
