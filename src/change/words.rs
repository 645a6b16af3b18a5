//! Numbers, spans and verdicts as an operator reads them.

use jiff::Timestamp;

use crate::platform::metric::Unit;
use crate::platform::{GroupId, MetricId, ScheduledAction};
use crate::policy::{Advice, Verdict};

/// A verdict in one line, as it is written down with a plan: "scale out 6 → 8: cpu 82 % > 70 % held 5m of 5m".
pub(super) fn sentence(verdict: &Verdict) -> String {
    format!("{}: {}", verdict.sentence(), why(verdict).join(" · "))
}

/// What the policy says of a group, in one line; `None` when it has not judged it.
pub(super) fn advised(advice: &Advice, group: &GroupId) -> Option<String> {
    let group = match group {
        GroupId::Service(id) => return advice.services.get(id).map(sentence),
        GroupId::Replicas(id) => advice.replicas.get(id),
        GroupId::Cache(id) => advice.caches.get(id),
    };
    group.map(|verdict| format!("{}: {}", verdict.sentence(), verdict.evidence_lines().join(" · ")))
}

/// What a decision rests on, a sentence each.
pub(super) fn why(verdict: &Verdict) -> Vec<String> {
    verdict.evidence_lines()
}

/// A metric's value with its unit: "82 %", "1,240/min", "0.310 s".
pub(super) fn amount(metric: MetricId, value: f64) -> String {
    match metric.row().unit {
        Unit::Percent => format!("{value:.0} %"),
        Unit::PerMinute => format!("{}/min", grouped(value)),
        Unit::Seconds => format!("{value:.3} s"),
        Unit::Milliseconds => format!("{value:.0} ms"),
        Unit::Count => grouped(value),
        Unit::Bytes => format!("{} bytes", grouped(value)),
        Unit::PerSecond => format!("{}/s", grouped(value)),
    }
}

/// A whole number with commas between the thousands. Values are never negative.
pub(super) fn grouped(value: f64) -> String {
    let digits = format!("{:.0}", value.max(0.0));
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A span: "40s", "5m", "1m50s", "2h05m".
pub(super) fn span(seconds: u32) -> String {
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes, rest) {
        (0, 0, rest) => format!("{rest}s"),
        (0, minutes, 0) => format!("{minutes}m"),
        (0, minutes, rest) => format!("{minutes}m{rest:02}s"),
        (hours, 0, _) => format!("{hours}h"),
        (hours, minutes, _) => format!("{hours}h{minutes:02}m"),
    }
}

/// A time of the day in UTC: "14:32:07Z".
pub(super) fn clock(at: Timestamp) -> String {
    at.strftime("%H:%M:%SZ").to_string()
}

/// A time that may lie on another day: "2026-11-03 18:00Z".
pub(super) fn until(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%MZ").to_string()
}

/// A scheduled action in a line: "cron(0 12 * * ? *) UTC, floor 6, ceiling 12".
pub(super) fn scheduled(action: &ScheduledAction) -> String {
    let zone = if action.timezone.is_empty() { "UTC" } else { &action.timezone };
    let mut text = format!("{} {zone}", action.schedule);
    if let Some(min) = action.min {
        text.push_str(", floor ");
        text.push_str(&min.to_string());
    }
    if let Some(max) = action.max {
        text.push_str(", ceiling ");
        text.push_str(&max.to_string());
    }
    text
}

/// A long id as people say it: its first eight characters.
pub(super) fn short(id: &str) -> String {
    id.chars().take(8).collect()
}
