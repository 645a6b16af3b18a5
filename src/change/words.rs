//! Numbers, spans and verdicts as an operator reads them.

use jiff::Timestamp;

use crate::platform::MetricId;
use crate::platform::metric::Unit;
use crate::policy::verdict::WindowEvidence;
use crate::policy::{Decision, MetricEvidence, Reason, Verdict};

/// A verdict in one line, as it is written down with a plan: "scale out to 8: cpu > 70 % held 5m of 5m".
pub(super) fn sentence(verdict: &Verdict) -> String {
    let why = why(verdict).join(" · ");
    match &verdict.decision {
        Decision::Out { to, .. } => format!("scale out to {to}: {why}"),
        Decision::In { to, .. } => format!("scale in to {to}: {why}"),
        Decision::None { .. } => format!("no change: {why}"),
        Decision::CannotTell { .. } => format!("cannot tell: {why}"),
    }
}

/// What a decision rests on, a sentence each.
pub(super) fn why(verdict: &Verdict) -> Vec<String> {
    let evidence = |metric: MetricId| verdict.metrics.iter().find(|evidence| evidence.metric == metric);
    let sentence = match verdict.decision.reason() {
        Reason::Breached { metrics } => {
            return metrics.iter().map(|metric| breached(*metric, evidence(*metric))).collect();
        }
        Reason::Clear => match verdict.metrics.iter().map(|evidence| evidence.clear).max_by_key(|clear| clear.need_s) {
            Some(clear) => format!("every metric clear for {}", filled(clear)),
            None => "every metric clear".to_owned(),
        },
        Reason::BelowFloor { floor } => format!("desired is below the floor of {floor}: {}", verdict.floor.origin),
        Reason::Steady => "no rule asks for a change".to_owned(),
        Reason::Filling { metric, held_s, need_s } => {
            let over = evidence(*metric).map_or(String::new(), |e| format!(" above {}", amount(*metric, e.target)));
            let label = metric.row().label;
            format!("before the rule fires: {label}{over} for {} of {}", span(*held_s), span(*need_s))
        }
        Reason::Cooldown { until: Some(until), wanted, .. } => {
            format!("{wanted} is wanted, cooling down until {}", clock(*until))
        }
        Reason::Cooldown { until: None, wanted, .. } => {
            format!("{wanted} is wanted, the last change has not finished")
        }
        Reason::InFlight { starting, draining } => format!("{starting} starting, {draining} draining"),
        Reason::Deploying => "a deployment runs".to_owned(),
        Reason::AtCeiling { wanted } => format!("{wanted} is wanted, the ceiling is {}", verdict.ceiling),
        Reason::AtFloor => format!("at the floor of {}: {}", verdict.floor.count, verdict.floor.origin),
        Reason::WouldRebound { metric, projected } => {
            format!("one task fewer would bring {} to ~{}", metric.row().label, amount(*metric, *projected))
        }
        Reason::AboveCeiling => format!("set by hand above the ceiling of {}", verdict.ceiling),
        Reason::Stopped => "desired is 0: stopped on purpose".to_owned(),
        Reason::NotManaged => "no scalable target: the policy does not govern it".to_owned(),
        Reason::Missing { metrics, arriving } => {
            let labels: Vec<_> = metrics.iter().map(|metric| metric.row().label).collect();
            let state = if *arriving { "history of" } else { "no data for" };
            let arriving = if *arriving { " is arriving" } else { "" };
            format!("{state} {}{arriving}", labels.join(", "))
        }
    };
    vec![sentence]
}

fn breached(metric: MetricId, evidence: Option<&MetricEvidence>) -> String {
    let label = metric.row().label;
    match evidence {
        Some(evidence) => format!("{label} > {} held {}", amount(metric, evidence.target), filled(evidence.out)),
        None => format!("{label} over its target"),
    }
}

/// "3m of 5m".
fn filled(window: WindowEvidence) -> String {
    format!("{} of {}", span(window.held_s), span(window.need_s))
}

/// A metric's value with its unit: "82 %", "1,240/min", "0.310 s".
pub(super) fn amount(metric: MetricId, value: f64) -> String {
    match metric.row().unit {
        Unit::Percent => format!("{value:.0} %"),
        Unit::PerMinute => format!("{}/min", grouped(value)),
        Unit::Seconds => format!("{value:.3} s"),
        Unit::Count => grouped(value),
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
