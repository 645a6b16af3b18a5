//! The words for people on groups that scale by ones, made from the same values as the JSON.

use std::cmp::Ordering;

use super::{Bound, GroupNote, GroupVerdict, Kind, Known, MemberEvidence, Share};
use crate::platform::metric::Unit;
use crate::platform::{MemberCount, MetricId};
use crate::policy::sentence::{
    self, Role, Said, amount, amount_beside, clock, decimals_beside, filled, many, plain, share, share_beside, span,
    thousands,
};
use crate::policy::verdict::{Decision, Direction, Obstacle, Reason};
use crate::policy::window::after;

impl Kind {
    /// What one of it is called.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Replica => "replica",
            Self::Node => "node",
            Self::Shard => "shard",
        }
    }
}

/// The metric's name in a sentence: whose it is stands beside it.
pub(super) fn label(metric: MetricId) -> &'static str {
    match metric {
        MetricId::DatabaseCpu | MetricId::CacheCpu => "cpu",
        MetricId::CacheMemory => "memory",
        other => other.row().label,
    }
}

fn labels(metrics: &[MetricId]) -> String {
    sentence::listed(metrics.iter().map(|metric| label(*metric)))
}

impl GroupVerdict {
    /// The verdict in one sentence without a full stop: "add a replica: 1 → 2", "cannot tell: lag is missing".
    pub fn sentence(&self) -> String {
        self.said().to_string()
    }

    /// The same in pieces.
    pub fn said(&self) -> Said {
        let (noun, present) = (self.members.kind.noun(), self.members.present);
        match &self.decision {
            Decision::Out { to, reason: Reason::BelowFloor { floor } } => {
                let why = format!(": below the floor of {floor} ({})", self.floor.origin);
                Said::new(Role::Ask, format!("add a {noun}: {present} → {to}")).then(Role::Plain, why)
            }
            Decision::Out { to, .. } => Said::new(Role::Ask, format!("add a {noun}: {present} → {to}")),
            Decision::In { to, .. } => {
                let which = self.removes.as_ref().map_or_else(String::new, |which| format!(", {which} goes"));
                Said::new(Role::Ask, format!("remove a {noun}: {present} → {to}")).then(Role::Plain, which)
            }
            Decision::None { reason } => Said::plain(self.why_not(reason)),
            Decision::CannotTell { reason } => {
                Said::new(Role::Blind, "cannot tell").then(Role::Plain, format!(": {}", self.why_not(reason)))
            }
        }
    }

    /// What it rests on, a line each: every metric of every member, the limits, the remarks, and what would change it.
    pub fn evidence_lines(&self) -> Vec<String> {
        let mut lines: Vec<_> = self.evidence.iter().map(|evidence| evidence.said().to_string()).collect();
        lines.push(self.limits_line());
        lines.extend(self.notes.iter().map(|note| self.note_line(note)));
        lines.extend(self.next_line());
        lines
    }

    /// Its limits: "floor 1 (the policy's minimum), ceiling 5".
    pub fn limits_line(&self) -> String {
        format!("floor {} ({}), ceiling {}", self.floor.count, self.floor.origin, self.ceiling)
    }

    /// When it would change, and to what.
    pub fn next_line(&self) -> Option<String> {
        self.next.as_ref().map(|next| format!("next {}: {}", clock(next.at), next.what))
    }

    /// The metrics of the members, the most urgent first: those whose absence keeps the rules from telling, those that
    /// ask, those above their thresholds, then the one nearest to its own.
    pub fn most_urgent_first(&self) -> Vec<&MemberEvidence> {
        let missing: &[MetricId] = match self.decision.reason() {
            Reason::Missing { metrics, .. } => metrics,
            _ => &[],
        };
        let rank = |evidence: &MemberEvidence| {
            let absent = missing.contains(&evidence.metric) && evidence.value.is_none();
            (absent, evidence.asks(), evidence.out.map_or(0, |bound| bound.window.held_s))
        };
        // What never asks for more matters last.
        let share = |evidence: &MemberEvidence| match (evidence.value, evidence.out) {
            (Some(value), Some(bound)) => value / bound.threshold,
            _ => f64::NEG_INFINITY,
        };
        let mut evidence: Vec<_> = self.evidence.iter().collect();
        evidence.sort_by(|a, b| rank(b).cmp(&rank(a)).then_with(|| share(b).total_cmp(&share(a))));
        evidence
    }

    fn why_not(&self, reason: &Reason<MemberCount>) -> String {
        let (noun, present) = (self.members.kind.noun(), self.members.present);
        match reason {
            Reason::Steady => "steady".to_owned(),
            Reason::Clear => "every metric is clear".to_owned(),
            Reason::Breached { metrics } => format!("{} asks for more", labels(metrics)),
            Reason::BelowFloor { floor } => format!("below the floor of {floor}"),
            Reason::Filling { metric, held_s, need_s } => {
                let wait = self.next.as_ref().map_or_else(String::new, |next| {
                    format!(", fires in ~{} if it holds", span(next.at.as_second() - self.at.as_second()))
                });
                format!("{} above its threshold for {}{wait}", label(*metric), filled(*held_s, *need_s))
            }
            Reason::Cooldown { direction, until, wanted } => {
                let way = if *direction == Direction::Out { "adding" } else { "removing" };
                match until {
                    Some(until) => {
                        format!("{way} a {noun}, {present} → {wanted}, waits: cooldown until {}", clock(*until))
                    }
                    None => format!("{way} a {noun}, {present} → {wanted}, waits: the last change has not finished"),
                }
            }
            Reason::InFlight { starting, draining } => match (starting.0, draining) {
                (0, 0) => "a change is under way".to_owned(),
                (0, leaving) => format!("{} being deleted", many(*leaving, noun)),
                (starting, 0) => format!("{} on its way", many(starting, noun)),
                (starting, leaving) => {
                    format!("{} on its way, {} being deleted", many(starting, noun), many(*leaving, noun))
                }
            },
            Reason::AtCeiling { wanted } => format!("at the ceiling of {}: {wanted} wanted", self.ceiling),
            Reason::AtFloor => format!("at the floor of {} ({})", self.floor.count, self.floor.origin),
            Reason::LastTask => format!("the last {noun} is never taken away by a rule"),
            Reason::WouldRebound { metric, projected } => {
                let fewer = present.0.saturating_sub(1);
                format!(
                    "steady: {} would go to {} on {fewer}, too near its threshold",
                    label(*metric),
                    amount(*metric, *projected)
                )
            }
            Reason::AboveCeiling => format!("{present} is above the ceiling of {}, set by hand", self.ceiling),
            Reason::Stopped => "stopped on purpose".to_owned(),
            Reason::NotManaged => "not managed: the policy does not name it".to_owned(),
            Reason::Deploying => "a deployment runs".to_owned(),
            Reason::AskedLately { metric, until } => {
                format!(
                    "{} asked for more not long ago: nothing is taken away before {}",
                    label(*metric),
                    clock(*until)
                )
            }
            Reason::Blocked { by, wanted } => format!("{present} → {wanted} is blocked: {}", self.obstacle(by)),
            Reason::Missing { metrics, arriving: true } => format!("history of {} is arriving", labels(metrics)),
            Reason::Missing { metrics, arriving: false } => {
                format!("{} {} missing", labels(metrics), if metrics.len() > 1 { "are" } else { "is" })
            }
            Reason::Stale { source, learnt: Some(learnt) } => format!("{source} last read at {}", clock(*learnt)),
            Reason::Stale { source, learnt: None } => format!("{source} not read yet"),
        }
    }

    fn obstacle(&self, obstacle: &Obstacle) -> String {
        match obstacle {
            Obstacle::WriteBound => {
                "write-bound: the primary is hot while every replica idles, and each further one repeats its writes; \
                 a larger instance or fewer writes would help"
                    .to_owned()
            }
            Obstacle::PrimaryNotServing { status } => format!("the primary is {status}"),
            Obstacle::NoBackups => "the primary keeps no backups, without which AWS makes no replica".to_owned(),
            Obstacle::MemberNotServing { member, status } => format!("{member} is {status}: mend or delete it first"),
            Obstacle::ReplicationBroken { member } => format!("the replication of {member} is broken"),
            Obstacle::NothingDeletable => {
                format!("no {} may be deleted: each is a source itself, or protected", self.members.kind.noun())
            }
            Obstacle::FailOver => "without a replica, Multi-AZ and automatic fail-over must be off".to_owned(),
        }
    }

    /// A remark in words.
    pub fn note_line(&self, note: &GroupNote) -> String {
        match note {
            GroupNote::AboveCeiling => {
                format!("above max, set by hand; on offer: {}", self.ceiling)
            }
            GroupNote::HistoryStarts { at } => format!("changes before {} are not known", clock(*at)),
            GroupNote::NoMemory => {
                "a replica adds no memory: every node holds all keys; a larger node type or shards would help".to_owned()
            }
            GroupNote::LagStays => {
                "a replica seldom cures lag: writes or the replicas' cpu cause it; a larger class or fewer writes would help"
                    .to_owned()
            }
            GroupNote::IdleLag { member, lag_s } => {
                format!("{member}: idle lag {}, nothing is written", amount(MetricId::ReplicaLag, *lag_s))
            }
            GroupNote::NoReads { member } => format!("{member} answers, but the reader name sends it nothing"),
            GroupNote::DiskPause => {
                "making a replica holds up the primary's disk for about a minute: it has no standby".to_owned()
            }
            GroupNote::OtherClass { replica, source } => {
                format!("a new replica would be {replica}, its source is {source}")
            }
            GroupNote::Stale { source, learnt: Some(learnt) } => format!("{source} last read at {}", clock(*learnt)),
            GroupNote::Stale { source, learnt: None } => format!("{source} not read yet"),
        }
    }
}

impl MemberEvidence {
    /// What the metric says: "db-1 cpu 82 % > 70 % held 10m of 10m", "db-2 connections 83 % of 413 (est.) is content".
    pub fn said(&self) -> Said {
        let name = format!("{} {}", self.member, label(self.metric));
        let of = match self.share_of {
            Some(Share { max, known }) => {
                let known = match known {
                    Known::Policy => " (policy)",
                    Known::Parameter => "",
                    Known::Estimated => " (est.)",
                };
                format!(" of {max}{known}")
            }
            None if self.metric == MetricId::DatabaseConnections => {
                return Said::plain(format!("{name} are ")).then(Role::Blind, "blind: the most is not known");
            }
            None => String::new(),
        };
        let Some(value) = self.value else {
            let since = self.newest.map_or_else(String::new, |minute| format!(" since {}", clock(after(minute, 60))));
            return Said::plain(format!("{name} is ")).then(Role::Blind, format!("blind: no data{since}"));
        };
        let beside = |limit: f64| format!("{}{of}", self.beside(value, limit));
        let threshold = |bound: &Bound| self.amount(bound.threshold);
        if let Some(bound) = self.out.filter(|bound| bound.window.full()) {
            let over = format!("{} > {}", beside(bound.threshold), threshold(&bound));
            return Said::plain(format!("{name} "))
                .then(Role::Over, over)
                .then(Role::Plain, format!(" held {}", bound.window.words()));
        }
        if let Some(bound) = self.out.filter(|bound| bound.window.unknown) {
            return Said::plain(format!("{name} {} is ", beside(bound.threshold))).then(Role::Blind, "blind").then(
                Role::Plain,
                format!(": too many minutes are missing to tell whether it is above {}", threshold(&bound)),
            );
        }
        if let Some(bound) = self.out.filter(|bound| bound.window.held_s > 0) {
            return Said::plain(format!("{name} "))
                .then(Role::Over, format!("above {}", threshold(&bound)))
                .then(Role::Plain, format!(" for {}, mean {}", bound.window.words(), beside(bound.threshold)));
        }
        match (self.clear, self.out) {
            (Some(bound), _) if bound.window.unknown => {
                Said::plain(format!("{name} {} is ", beside(bound.threshold))).then(Role::Blind, "blind").then(
                    Role::Plain,
                    format!(": too many minutes are missing to tell whether it stays under {}", threshold(&bound)),
                )
            }
            (Some(bound), _) if bound.window.held_s == 0 => {
                Said::plain(format!("{name} {}, not under {}", beside(bound.threshold), threshold(&bound)))
            }
            (Some(bound), _) => {
                let words = bound.window.words();
                Said::plain(format!("{name} {}, under {} for {words}", beside(bound.threshold), threshold(&bound)))
            }
            (None, Some(bound)) => {
                Said::plain(format!("{name} {}, limit {}", beside(bound.threshold), threshold(&bound)))
            }
            (None, None) => Said::plain(format!("{name} {}{of}", self.amount(value))),
        }
    }

    /// The threshold that a value is best seen beside: the one that asks for more, else the one that lets one go.
    pub fn threshold(&self) -> Option<f64> {
        self.out.or(self.clear).map(|bound| bound.threshold)
    }

    /// A value beside its threshold, short enough for a table: "cpu 82 % >70", "lag 0.4 s <5". The unit is the
    /// evidence's own: connections in % of the most.
    pub fn beside_threshold(&self, value: f64) -> Said {
        let unit = match (self.metric, self.metric.row().unit) {
            (MetricId::DatabaseConnections, _) | (_, Unit::Percent) => " %",
            (_, Unit::Seconds) => " s",
            _ => "",
        };
        let said = Said::plain(format!("{} ", label(self.metric)));
        if self.metric == MetricId::ReplicaLag && value < 0.0 {
            return said.then(Role::Over, "broken");
        }
        let Some(threshold) = self.threshold() else {
            return said.then(Role::Plain, format!("{}{unit}", thousands(&plain(value))));
        };
        let over = self.out.is_some() && value > threshold;
        let sign = match value.total_cmp(&threshold) {
            Ordering::Greater => '>',
            Ordering::Equal => '=',
            Ordering::Less => '<',
        };
        let decimals = decimals_beside(value, threshold).max(usize::from(unit == " s"));
        let number = thousands(&format!("{value:.decimals$}"));
        let role = if over { Role::Over } else { Role::Plain };
        said.then(role, format!("{number}{unit} {sign}{}", thousands(&plain(threshold))))
    }

    /// That there is no value, as short: "lag blind".
    pub fn absent(&self) -> Said {
        Said::plain(format!("{} ", label(self.metric))).then(Role::Blind, "blind")
    }

    fn amount(&self, value: f64) -> String {
        if self.metric == MetricId::DatabaseConnections { share(value) } else { amount(self.metric, value) }
    }

    fn beside(&self, value: f64, limit: f64) -> String {
        if self.metric == MetricId::DatabaseConnections {
            share_beside(value, limit)
        } else {
            amount_beside(self.metric, value, limit)
        }
    }
}
