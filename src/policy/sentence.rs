//! The words for people, made from the same values as the JSON for machines.
//!
//! A sentence is made in pieces that know their part in it, so that who can colour does not put it into other words.
//!
//! Absent on purpose: the service's name (whoever shows a sentence stands it beside one) and clean-up of hostile text:
//! nothing here repeats what AWS said, but for [`AutoscalerView::sentence`], which leaves causes out too.

use std::cmp::{Ordering, Reverse};
use std::fmt;

use jiff::Timestamp;

use super::ecs::{Acting, AutoscalerView};
use super::verdict::{Decision, Direction, MetricEvidence, Note, Reason, Verdict, WindowEvidence};
use super::window::after;
use crate::platform::metric::Unit;
use crate::platform::{MetricId, TaskCount};

/// The part that a piece plays in its sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It tells.
    Plain,
    /// A value beyond its target.
    Over,
    /// A count that is asked for.
    Ask,
    /// What cannot be told.
    Blind,
}

/// A sentence without a full stop, in pieces. Written out it is one text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Said(Vec<(Role, String)>);

impl Said {
    pub(super) fn new(role: Role, words: impl Into<String>) -> Self {
        Self(vec![(role, words.into())])
    }

    pub(super) fn plain(words: impl Into<String>) -> Self {
        Self::new(Role::Plain, words)
    }

    pub(super) fn then(mut self, role: Role, words: impl Into<String>) -> Self {
        self.0.push((role, words.into()));
        self
    }

    /// The pieces, in reading order.
    pub fn pieces(&self) -> &[(Role, String)] {
        &self.0
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|(_, words)| f.write_str(words))
    }
}

impl Verdict {
    /// The verdict in one sentence without a full stop: "scale out 6 → 8", "steady", "cannot tell: memory is missing".
    pub fn sentence(&self) -> String {
        self.said().to_string()
    }

    /// The same in pieces.
    pub fn said(&self) -> Said {
        let desired = self.counts.desired;
        match &self.decision {
            Decision::Out { to, reason: Reason::BelowFloor { floor } } => {
                let why = format!(": below the floor of {floor} ({})", self.floor.origin);
                Said::new(Role::Ask, format!("scale out {desired} → {to}")).then(Role::Plain, why)
            }
            Decision::Out { to, .. } => Said::new(Role::Ask, format!("scale out {desired} → {to}")),
            Decision::In { to, .. } => Said::new(Role::Ask, format!("scale in {desired} → {to}")),
            Decision::None { reason } => Said::plain(self.why_not(reason)),
            Decision::CannotTell { reason } => {
                Said::new(Role::Blind, "cannot tell").then(Role::Plain, format!(": {}", self.why_not(reason)))
            }
        }
    }

    /// What it rests on, a line each: every metric with its window, the limits, the remarks, and what would change it.
    pub fn evidence_lines(&self) -> Vec<String> {
        let mut lines: Vec<_> = self.metrics.iter().map(|metric| self.metric_said(metric).to_string()).collect();
        lines.push(self.limits_line());
        lines.extend(self.notes.iter().map(|note| self.note_line(note)));
        lines.extend(self.next_line());
        lines
    }

    /// The metrics, the most urgent first: one whose absence keeps the rules from telling, those that ask, those above
    /// their targets, then the one nearest to its target.
    pub fn most_urgent_first(&self) -> Vec<&MetricEvidence> {
        let missing: &[MetricId] = match self.decision.reason() {
            Reason::Missing { metrics, .. } => metrics,
            _ => &[],
        };
        let share = |evidence: &MetricEvidence| evidence.value.map_or(0.0, |value| value / evidence.target);
        let mut metrics: Vec<_> = self.metrics.iter().collect();
        metrics.sort_by(|a, b| {
            let rank = |evidence: &MetricEvidence| {
                Reverse((missing.contains(&evidence.metric), evidence.asks, evidence.out.held_s))
            };
            rank(a).cmp(&rank(b)).then_with(|| share(b).total_cmp(&share(a)))
        });
        metrics
    }

    /// Its limits: "floor 4 (peak hours 08:00–22:00 UTC), ceiling 10".
    pub fn limits_line(&self) -> String {
        format!("floor {} ({}), ceiling {}", self.floor.count, self.floor.origin, self.ceiling)
    }

    /// When it would change, and to what: "next 12:02:00: scales out to 8 if cpu stays above its target".
    pub fn next_line(&self) -> Option<String> {
        self.next.as_ref().map(|next| format!("next {}: {}", clock(next.at), next.what))
    }

    fn why_not(&self, reason: &Reason) -> String {
        let desired = self.counts.desired;
        match reason {
            Reason::Steady => "steady".to_owned(),
            Reason::Clear => "every metric is clear".to_owned(),
            Reason::Breached { metrics } => format!("{} asks for more", labels(metrics)),
            Reason::BelowFloor { floor } => format!("below the floor of {floor}"),
            Reason::Filling { metric, held_s, need_s } => {
                let target = self.metrics.iter().find(|m| m.metric == *metric).map_or(0.0, |m| m.target);
                let wait = self.next.as_ref().map_or_else(String::new, |next| {
                    format!(", fires in ~{} if it holds", span(next.at.as_second() - self.at.as_second()))
                });
                let (label, target) = (label(*metric), amount(*metric, target));
                format!("{label} above {target} for {}{wait}", filled(*held_s, *need_s))
            }
            Reason::Cooldown { direction, until, wanted } => {
                let way = if *direction == Direction::Out { "out" } else { "in" };
                match until {
                    Some(until) => format!("scale {way} {desired} → {wanted} waits: cooldown until {}", clock(*until)),
                    None => format!("scale {way} {desired} → {wanted} waits: the last change has not finished"),
                }
            }
            Reason::InFlight { starting, draining } => match (starting.0, draining) {
                (0, 0) => format!("{} running, {desired} wanted: still settling", self.counts.running),
                (0, draining) => format!("{} draining", many(*draining, "target")),
                (starting, 0) => format!("{} starting", many(starting, "task")),
                (starting, draining) => {
                    format!("{} starting, {} draining", many(starting, "task"), many(*draining, "target"))
                }
            },
            Reason::Deploying => "a deployment runs: scale-in is off".to_owned(),
            Reason::AtCeiling { wanted } => {
                format!("at the ceiling of {}: {wanted} wanted", self.ceiling)
            }
            Reason::AtFloor => format!("at the floor of {} ({})", self.floor.count, self.floor.origin),
            Reason::LastTask => "the last task is never taken away by a rule".to_owned(),
            Reason::WouldRebound { metric, projected } => {
                let target = self.metrics.iter().find(|m| m.metric == *metric).map_or(0.0, |m| m.target);
                let near = if *projected > target { "over" } else { "too near" };
                let (label, limit) = (label(*metric), amount(*metric, target));
                let (fewer, projected) = (desired.0.saturating_sub(1), amount_beside(*metric, *projected, target));
                format!("steady: {label} would go to {projected} on {fewer}, {near} {limit}")
            }
            Reason::AboveCeiling => {
                format!("{desired} is above the ceiling of {}, set by hand", self.ceiling)
            }
            Reason::Stopped => "stopped on purpose".to_owned(),
            Reason::NotManaged => "not managed: no scalable target is registered".to_owned(),
            // A service is not a group that scales by ones: its rule gives neither.
            Reason::AskedLately { until, .. } => format!("nothing is taken away before {}", clock(*until)),
            Reason::Blocked { wanted, .. } => format!("{desired} → {wanted} is blocked"),
            Reason::Missing { metrics, arriving: true } => format!("history of {} is arriving", labels(metrics)),
            Reason::Missing { metrics, arriving: false } => {
                format!("{} {} missing", labels(metrics), if metrics.len() == 1 { "is" } else { "are" })
            }
            Reason::Stale { source, learnt: Some(learnt) } => format!("{source} last read at {}", clock(*learnt)),
            Reason::Stale { source, learnt: None } => format!("{source} not read yet"),
        }
    }

    /// What one of its metrics says: "cpu 82 % > 70 % held 5m of 5m, asks 8".
    pub fn metric_said(&self, evidence: &MetricEvidence) -> Said {
        let MetricEvidence { metric, target, out, clear, .. } = evidence;
        let (label, limit) = (label(*metric), amount(*metric, *target));
        let Some(value) = evidence.value else {
            let since = evidence.newest.map(|minute| format!(" since {}", clock(after(minute, 60))));
            let since = since.unwrap_or_default();
            return Said::plain(format!("{label} is ")).then(Role::Blind, format!("blind: no data{since}"));
        };
        let over = value > *target;
        let value = amount_beside(*metric, value, *target);
        if let Some(asks) = evidence.asks {
            return Said::plain(format!("{label} "))
                .then(Role::Over, format!("{value} > {limit}"))
                .then(Role::Plain, format!(" held {}, asks ", out.words()))
                .then(Role::Ask, asks.to_string());
        }
        let blind = |of: &str| {
            Said::plain(format!("{label} {value} is "))
                .then(Role::Blind, "blind")
                .then(Role::Plain, format!(": too many minutes are missing to tell whether it {of} {limit}"))
        };
        if out.unknown {
            return blind("is above");
        }
        if out.held_s > 0 && over {
            return Said::plain(format!("{label} "))
                .then(Role::Over, value)
                .then(Role::Plain, format!(", above {limit} for {}", out.words()));
        }
        if out.held_s > 0 {
            // A mean that is still below would read as "below" beside a breach that has begun.
            return Said::plain(format!("{label} "))
                .then(Role::Over, format!("above {limit}"))
                .then(Role::Plain, format!(" for {}, mean still {value}", out.words()));
        }
        if clear.unknown {
            return blind("stays under");
        }
        if !clear.full() {
            let under = if over { format!("mean {value}") } else { value };
            return Said::plain(format!("{label} {under}, under {limit} for {}", clear.words()));
        }
        Said::plain(match evidence.projected_in {
            Some(projected) => {
                let fewer = self.counts.running.0.saturating_sub(1);
                format!("{label} {value} is content, ~{} on {fewer}", about(*metric, projected))
            }
            None => format!("{label} {value} is content"),
        })
    }

    /// A remark in words.
    pub fn note_line(&self, note: &Note) -> String {
        match note {
            Note::LimitsDiffer { policy, aws } => {
                format!("limits differ: policy {}–{}, AWS {}–{}", policy.0, policy.1, aws.0, aws.1)
            }
            Note::Suspended { what } => format!("suspended in AWS: {what}"),
            Note::AboveCeiling => {
                format!("above max, set by hand: AWS leaves it until an opposite alarm; on offer: {}", self.ceiling)
            }
            Note::HistoryStarts { at } => format!("changes by hand before {} are not known", clock(*at)),
            Note::Stale { source, learnt: Some(learnt) } => format!("{source} last read at {}", clock(*learnt)),
            Note::Stale { source, learnt: None } => format!("{source} not read yet"),
        }
    }
}

impl MetricEvidence {
    /// A value of the metric beside its target, short enough for a table: "cpu 82 % >70", "requests 1,240 >1,000".
    pub fn beside(&self, value: f64) -> Said {
        let (sign, role) = match value.total_cmp(&self.target) {
            Ordering::Greater => ('>', Role::Over),
            Ordering::Equal => ('=', Role::Plain),
            Ordering::Less => ('<', Role::Plain),
        };
        let decimals = decimals_beside(value, self.target);
        let number = thousands(&format!("{value:.decimals$}"));
        let unit = if self.metric.row().unit == Unit::Percent { " %" } else { "" };
        let target = thousands(&plain(self.target));
        Said::plain(format!("{} ", label(self.metric))).then(role, format!("{number}{unit} {sign}{target}"))
    }

    /// That there is no value, as short: "cpu blind".
    pub fn absent(&self) -> Said {
        Said::plain(format!("{} ", label(self.metric))).then(Role::Blind, "blind")
    }
}

impl WindowEvidence {
    /// "3m of 5m", and how much of it was bridged.
    pub fn words(self) -> String {
        let missing = match self.bridged {
            0 => String::new(),
            bridged => format!(" ({bridged}m of it without data)"),
        };
        format!("{}{missing}", filled(self.held_s, self.need_s))
    }
}

/// How far a window has filled: "3m of 5m". Both in seconds.
pub fn filled(held_s: u32, need_s: u32) -> String {
    format!("{} of {}", held(held_s), held(need_s))
}

impl AutoscalerView {
    /// What AWS is doing, or why it is not: "AWS is not acting: its cpu alarm has 2 of 3 minutes".
    pub fn sentence(&self) -> String {
        let to = |to: &Option<TaskCount>| to.map_or_else(String::new, |to| format!(" to {to}"));
        match &self.acting {
            Some(Acting::Setting { to: count, since, .. }) => {
                format!("AWS is acting: setting the count{} since {}", to(count), clock(*since))
            }
            Some(Acting::Moved { to: count, at, .. }) => {
                format!("AWS has acted: moved the count{} at {}", to(count), clock(*at))
            }
            None if self.out_suspended => "AWS will not act: its scale-out is suspended".to_owned(),
            None => match self.alarms.first() {
                None => "AWS is not acting: it has no policy on a metric known here".to_owned(),
                Some(alarm) => {
                    let (label, need) = (label(alarm.metric), super::ecs::ALARM_MINUTES);
                    let yet = if alarm.minutes >= need { " yet" } else { "" };
                    format!("AWS is not acting{yet}: its {label} alarm has {} of {need} minutes", alarm.minutes)
                }
            },
        }
    }
}

/// The metric's name in a sentence.
fn label(metric: MetricId) -> &'static str {
    match metric {
        MetricId::RequestsPerTarget => "requests",
        other => other.row().label,
    }
}

fn labels(metrics: &[MetricId]) -> String {
    listed(metrics.iter().map(|metric| label(*metric)))
}

/// Names in a row: "cpu", "cpu and memory", "data" for none.
pub(super) fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<_> = names.collect();
    match names.as_slice() {
        [] => "data".to_owned(),
        [one] => (*one).to_owned(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}

pub(super) fn amount(metric: MetricId, value: f64) -> String {
    with_decimals(metric, &plain(value))
}

/// What is projected is not known to a decimal.
fn about(metric: MetricId, value: f64) -> String {
    if value < 10.0 { amount(metric, value) } else { with_decimals(metric, &format!("{value:.0}")) }
}

/// A number, with a decimal where a small one has a fraction.
pub(super) fn plain(value: f64) -> String {
    let decimals = usize::from((value - value.round()).abs() >= 0.05 && value < 100.0 && value.fract() != 0.0);
    format!("{value:.decimals$}")
}

/// A value beside a limit, with as many decimals as it takes to tell them apart.
pub(super) fn amount_beside(metric: MetricId, value: f64, limit: f64) -> String {
    let decimals = decimals_beside(value, limit);
    with_decimals(metric, &format!("{value:.decimals$}"))
}

/// A share in %.
pub(super) fn share(value: f64) -> String {
    format!("{} %", plain(value))
}

/// A share in % beside a limit, with as many decimals as it takes to tell them apart.
pub(super) fn share_beside(value: f64, limit: f64) -> String {
    let decimals = decimals_beside(value, limit);
    format!("{value:.decimals$} %")
}

pub(super) fn decimals_beside(value: f64, limit: f64) -> usize {
    let apart = |decimals: &usize| format!("{value:.decimals$}") != format!("{limit:.decimals$}");
    if value.total_cmp(&limit).is_eq() { 0 } else { (0..4).find(apart).unwrap_or(4) }
}

fn with_decimals(metric: MetricId, number: &str) -> String {
    let number = thousands(number);
    match (metric, metric.row().unit) {
        (MetricId::RequestsPerTarget, _) => format!("{number}/target"),
        (_, Unit::Percent) => format!("{number} %"),
        (_, Unit::PerMinute) => format!("{number}/min"),
        (_, Unit::Seconds) => format!("{number} s"),
        (_, Unit::Milliseconds) => format!("{number} ms"),
        (_, Unit::Bytes) => format!("{number} bytes"),
        (_, Unit::PerSecond) => format!("{number}/s"),
        (_, Unit::Count) => number,
    }
}

pub(super) fn thousands(number: &str) -> String {
    let (whole, rest) = number.find('.').map_or((number, ""), |dot| number.split_at(dot));
    let mut grouped = String::with_capacity(number.len() + whole.len() / 3);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped + rest
}

pub(super) fn held(seconds: u32) -> String {
    if seconds.is_multiple_of(60) { format!("{}m", seconds / 60) } else { format!("{seconds}s") }
}

/// A span to come, to the minute; under 90 seconds to the second.
pub(super) fn span(seconds: i64) -> String {
    if seconds < 90 { format!("{}s", seconds.max(0)) } else { format!("{}m", (seconds + 30) / 60) }
}

pub(super) fn many(count: u32, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// A time of day in UTC, as everywhere on the screen.
pub(super) fn clock(at: Timestamp) -> String {
    at.strftime("%H:%M:%S").to_string()
}
