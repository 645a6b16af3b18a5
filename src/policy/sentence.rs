//! The words for people, made from the same values as the JSON for machines.
//!
//! Absent on purpose: the service's name (whoever shows a sentence stands it beside one) and clean-up of hostile text:
//! nothing here repeats what AWS said, but for [`AutoscalerView::sentence`], which leaves causes out too.

use jiff::Timestamp;

use super::alerts::{Alert, AlertEvidence, AlertState, REPLAYED};
use super::ecs::{Acting, AutoscalerView};
use super::verdict::{Decision, Direction, MetricEvidence, Note, Reason, Verdict, WindowEvidence};
use super::window::after;
use crate::platform::metric::Unit;
use crate::platform::{MetricId, TaskCount};

impl Verdict {
    /// The verdict in one sentence without a full stop: "scale out 6 → 8", "steady", "cannot tell: memory is missing".
    pub fn sentence(&self) -> String {
        let desired = self.counts.desired;
        match &self.decision {
            Decision::Out { to, reason: Reason::BelowFloor { floor } } => {
                format!("scale out {desired} → {to}: below the floor of {floor} ({})", self.floor.origin)
            }
            Decision::Out { to, .. } => format!("scale out {desired} → {to}"),
            Decision::In { to, .. } => format!("scale in {desired} → {to}"),
            Decision::None { reason } => self.why_not(reason),
            Decision::CannotTell { reason } => format!("cannot tell: {}", self.why_not(reason)),
        }
    }

    /// What it rests on, a line each: every metric with its window, the limits, the remarks, and what would change it.
    pub fn evidence_lines(&self) -> Vec<String> {
        let mut lines: Vec<_> = self.metrics.iter().map(|metric| self.metric_line(metric)).collect();
        lines.push(format!("floor {} ({}), ceiling {}", self.floor.count, self.floor.origin, self.ceiling));
        lines.extend(self.notes.iter().map(|note| self.note_line(note)));
        lines.extend(self.next.as_ref().map(|next| format!("next {}: {}", clock(next.at), next.what)));
        lines
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
                format!("{label} above {target} for {} of {}{wait}", held(*held_s), held(*need_s))
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
            Reason::Missing { metrics, arriving: true } => format!("history of {} is arriving", labels(metrics)),
            Reason::Missing { metrics, arriving: false } => {
                format!("{} {} missing", labels(metrics), if metrics.len() == 1 { "is" } else { "are" })
            }
            Reason::Stale { source, learnt: Some(learnt) } => format!("{source} last read at {}", clock(*learnt)),
            Reason::Stale { source, learnt: None } => format!("{source} not read yet"),
        }
    }

    fn metric_line(&self, evidence: &MetricEvidence) -> String {
        let MetricEvidence { metric, target, out, clear, .. } = evidence;
        let (label, limit) = (label(*metric), amount(*metric, *target));
        let Some(value) = evidence.value else {
            let since = evidence.newest.map(|minute| format!(" since {}", clock(after(minute, 60))));
            return format!("{label} is blind: no data{}", since.unwrap_or_default());
        };
        let value = amount_beside(*metric, value, *target);
        if let Some(asks) = evidence.asks {
            let held = window(*out);
            return format!("{label} {value} > {limit} held {held}, asks {asks}");
        }
        if out.unknown {
            return format!(
                "{label} {value} is blind: too many minutes are missing to tell whether it is above {limit}"
            );
        }
        if out.held_s > 0 {
            return format!("{label} {value}, above {limit} for {}", window(*out));
        }
        if clear.unknown {
            return format!(
                "{label} {value} is blind: too many minutes are missing to tell whether it stays under {limit}"
            );
        }
        if !clear.full() {
            return format!("{label} {value}, under {limit} for {}", window(*clear));
        }
        match evidence.projected_in {
            Some(projected) => {
                let fewer = self.counts.running.0.saturating_sub(1);
                format!("{label} {value} is content, ~{} on {fewer}", amount(*metric, projected))
            }
            None => format!("{label} {value} is content"),
        }
    }

    fn note_line(&self, note: &Note) -> String {
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
                    format!("AWS is not acting: its {label} alarm has {} of {need} minutes", alarm.minutes)
                }
            },
        }
    }
}

impl Alert {
    /// What is wrong and since when: "cpu above 90 % for 10m: firing for 4m", "5XX 1.4 % of 3,700 requests (balancer 12,
    /// targets 40), limit 1 %: clear".
    pub fn sentence(&self, now: Timestamp) -> String {
        let what = match &self.evidence {
            AlertEvidence::Level { threshold, window, .. } => {
                let threshold = amount(MetricId::ServiceCpu, *threshold);
                format!("cpu above {threshold} for {}", held(window.need_s))
            }
            AlertEvidence::Errors { balancer, targets, requests, threshold } => {
                let share = if *requests > 0.0 { (balancer + targets) / requests * 100.0 } else { 0.0 };
                let requests = thousands(&format!("{requests:.0}"));
                let share = amount_beside(MetricId::ServiceCpu, share, *threshold);
                let limit = amount(MetricId::ServiceCpu, *threshold);
                format!(
                    "5XX {share} of {requests} requests (balancer {balancer:.0}, targets {targets:.0}), limit {limit}"
                )
            }
            AlertEvidence::Healthy { count: Some(0), .. } => {
                "no healthy target, so the balancer sends requests to all of them".to_owned()
            }
            AlertEvidence::Healthy { count: Some(count), .. } => format!("{} healthy", many(*count, "target")),
            AlertEvidence::Healthy { count: None, .. } => "healthy targets unknown".to_owned(),
            AlertEvidence::NoData => "no metric has data for 5m".to_owned(),
        };
        let state = match (self.state, &self.evidence) {
            (AlertState::Firing { since }, _) => {
                let seconds = now.as_second() - since.as_second();
                let or_longer = if seconds >= REPLAYED as i64 * 60 { " or longer" } else { "" };
                format!("firing for {}{or_longer}", span(seconds))
            }
            (AlertState::Filling, AlertEvidence::Level { window, .. }) => {
                format!("{} of {}", held(window.held_s), held(window.need_s))
            }
            (AlertState::Filling, _) => "filling".to_owned(),
            (AlertState::Clear, _) => "clear".to_owned(),
            (AlertState::Unknown, _) => "cannot tell".to_owned(),
        };
        let blind = if self.blind { ", blind now" } else { "" };
        format!("{what}: {state}{blind}")
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
    let names: Vec<_> = metrics.iter().map(|metric| label(*metric)).collect();
    match names.as_slice() {
        [] => "data".to_owned(),
        [one] => (*one).to_owned(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}

fn amount(metric: MetricId, value: f64) -> String {
    let decimals = usize::from((value - value.round()).abs() >= 0.05 && value < 100.0 && value.fract() != 0.0);
    with_decimals(metric, value, decimals)
}

/// A value beside a limit, with as many decimals as it takes to tell them apart.
fn amount_beside(metric: MetricId, value: f64, limit: f64) -> String {
    let apart = |decimals: &usize| format!("{value:.decimals$}") != format!("{limit:.decimals$}");
    let decimals = if value.total_cmp(&limit).is_eq() { 0 } else { (0..4).find(apart).unwrap_or(4) };
    with_decimals(metric, value, decimals)
}

fn with_decimals(metric: MetricId, value: f64, decimals: usize) -> String {
    let number = thousands(&format!("{value:.decimals$}"));
    match (metric, metric.row().unit) {
        (MetricId::RequestsPerTarget, _) => format!("{number}/target"),
        (_, Unit::Percent) => format!("{number} %"),
        (_, Unit::PerMinute) => format!("{number}/min"),
        (_, Unit::Seconds) => format!("{number} s"),
        (_, Unit::Count) => number,
    }
}

fn thousands(number: &str) -> String {
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

/// "3m of 5m", and how much of it was bridged.
fn window(window: WindowEvidence) -> String {
    let missing = match window.bridged {
        0 => String::new(),
        bridged => format!(" ({bridged}m of it without data)"),
    };
    format!("{} of {}{missing}", held(window.held_s), held(window.need_s))
}

fn held(seconds: u32) -> String {
    if seconds.is_multiple_of(60) { format!("{}m", seconds / 60) } else { format!("{seconds}s") }
}

/// A span to come, to the minute; under 90 seconds to the second.
fn span(seconds: i64) -> String {
    if seconds < 90 { format!("{}s", seconds.max(0)) } else { format!("{}m", (seconds + 30) / 60) }
}

fn many(count: u32, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// A time of day in UTC, as everywhere on the screen.
fn clock(at: Timestamp) -> String {
    at.strftime("%H:%M:%S").to_string()
}
