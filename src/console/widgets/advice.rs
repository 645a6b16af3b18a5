//! The advice on one service: what should happen, why to the digit, and whether anybody is on it.

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use super::condition::{self, Condition};
use super::{Phrase, follow, frame, phrase};
use crate::console::Look;
use crate::console::commands::{Layer, Verb};
use crate::console::theme::{Meaning, Theme};
use crate::console::words::{self, Clean};
use crate::live::View;
use crate::platform::{MetricId, ServiceId};
use crate::policy::verdict::Direction;
use crate::policy::{Decision, MetricEvidence, Note, Reason, Verdict};

/// Minutes beyond the target after which the alarm of a target tracking policy fires: 3 of 3, as AWS makes them.
const ALARM_MINUTES: u32 = 3;

/// For so many seconds the end of a change of yours is told above the advice.
const TOLD_S: i64 = 180;

/// The lines of the box, each of at most so many columns, most important first; a box cuts them where it ends.
pub fn lines(view: &View, id: &ServiceId, now: Timestamp, columns: usize) -> Vec<Phrase> {
    let condition = Condition::of(view, id);
    if let Condition::YouActing { .. } = condition
        && let Some(followed) = view.followed.as_deref()
    {
        return follow::lines(followed, now);
    }
    let ended = view.followed.as_deref().filter(|followed| {
        let recent = followed.follow.ended.is_some_and(|end| now.as_second() - end.as_second() < TOLD_S);
        recent && followed.plan.change.service() == id
    });
    let Some(verdict) = view.advice.services.get(id) else {
        let words = "not judged yet: waiting for its counts, limits and three hours of metrics";
        return vec![Phrase::new().say(Meaning::CannotTell, "… ").say(Meaning::Text, words)];
    };
    // What does not fit beside the headline comes after who is on it: that is asked first.
    let mut parts = because(verdict).into_iter().peekable();
    let mut lines = ended.map_or_else(Vec::new, |followed| follow::lines(followed, now));
    lines.extend(trouble(view, id));
    lines.push(fill(headline(view, id, &condition, verdict), "   ", &mut parts, columns));
    lines.extend(handled(view, id, &condition, verdict, now));
    let mut label = "  why  ";
    while parts.peek().is_some() {
        lines.push(fill(Phrase::new().say(Meaning::Muted, label), "", &mut parts, columns));
        label = "       ";
    }
    if let Some(next) = &verdict.next {
        let left = next.at.as_second() - now.as_second();
        lines.push(
            Phrase::new().say(Meaning::Muted, "  next  ").tell(
                Meaning::Text,
                format_args!("{} in {} ({})", next.what, words::span(left), words::minute(next.at)),
            ),
        );
    }
    lines.extend(verdict.notes.iter().map(|remark| note(remark, verdict)));
    lines
}

/// What is wrong whatever the metrics say; adding tasks may not help there.
fn trouble(view: &View, id: &ServiceId) -> Option<Phrase> {
    let (severity, word) = condition::trouble(view, id)?;
    let (glyph, name, meaning) = severity.mark();
    let hint = match word {
        "none healthy" => ": the balancer sends requests to unhealthy targets now (it fails open)",
        _ => "",
    };
    let line = Phrase::new().tell(meaning, format_args!("{glyph} {name}: {word}"));
    Some(line.say(Meaning::Text, hint))
}

/// Adds as many parts to a line as fit, and at least one where the line has nothing of its own to say.
fn fill(
    line: Phrase,
    gap: &'static str,
    parts: &mut std::iter::Peekable<impl Iterator<Item = Phrase>>,
    columns: usize,
) -> Phrase {
    let (mut line, mut gap, mut must) = (line, gap, gap.is_empty());
    while let Some(part) = parts.next_if(|part| must || line.width() + gap.width() + part.width() <= columns) {
        line = line.say(Meaning::Muted, gap).then(part);
        (gap, must) = (" · ", false);
    }
    line
}

/// What should happen.
fn headline(view: &View, id: &ServiceId, condition: &Condition, verdict: &Verdict) -> Phrase {
    let name = id.service.as_str();
    let desired = view.platform.services.get(id).map(|service| service.desired);
    let step = |to| desired.map_or_else(|| format!("to {to}"), |from| format!("{from} → {to}"));
    let advised = |glyph: &'static str, way: &str, to| {
        let start = Phrase::new().say(Meaning::Advice, glyph);
        start.tell(Meaning::Strong, format_args!("scale {way} {name} {}", step(to)))
    };
    match &verdict.decision {
        // Where AWS is on its way there already, that comes first.
        Decision::Out { to, .. } if desired < Some(*to) => advised("▲ ", "out", *to),
        Decision::In { to, .. } => advised("▼ ", "in", *to),
        _ => condition.phrase(verdict.at).tell(Meaning::Strong, format_args!("  {name}")),
    }
}

/// Why, in the numbers of every metric that has a say; those that ask first.
fn because(verdict: &Verdict) -> Vec<Phrase> {
    let mut metrics: Vec<&MetricEvidence> = verdict.metrics.iter().collect();
    metrics.sort_by_key(|evidence| std::cmp::Reverse((evidence.asks, evidence.out.held_s)));
    let reason = verdict.decision.reason();
    if let Reason::Missing { .. } = reason {
        // The reason names those that are missing; they need not say so once more.
        metrics.retain(|evidence| evidence.value.is_some());
    }
    reason_words(reason).into_iter().chain(metrics.into_iter().map(standing)).collect()
}

/// The reason's own words, where the metrics do not say it all.
fn reason_words(reason: &Reason) -> Option<Phrase> {
    let say = |words: std::fmt::Arguments<'_>| Some(Phrase::new().tell(Meaning::Text, words));
    match reason {
        Reason::BelowFloor { floor } => say(format_args!("desired is below the floor of {floor}")),
        Reason::Cooldown { direction, wanted, .. } => {
            let which = if *direction == Direction::Out { "out" } else { "in" };
            say(format_args!("{wanted} is wanted; the cooldown after a scale-{which} blocks it"))
        }
        Reason::InFlight { starting, draining } => say(format_args!("{starting} starting, {draining} draining")),
        Reason::Deploying => say(format_args!("a deployment runs: nothing is taken away meanwhile")),
        Reason::AtCeiling { wanted } => say(format_args!("{wanted} wanted, the ceiling is in the way")),
        Reason::AtFloor => say(format_args!("at the floor")),
        Reason::WouldRebound { metric, projected } => {
            let row = metric.row();
            say(format_args!("one task fewer would put {} at {}", row.label, words::value(row.unit, *projected)))
        }
        Reason::AboveCeiling => say(format_args!("set by hand above the ceiling")),
        Reason::Stopped => say(format_args!("stopped on purpose")),
        Reason::NotManaged => say(format_args!("no scalable target is registered")),
        Reason::Missing { metrics, arriving } => {
            let names: Vec<&str> = metrics.iter().map(|metric| metric.row().label).collect();
            let why = if *arriving { "history still arriving" } else { "no data" };
            say(format_args!("{why}: {}", names.join(", ")))
        }
        _ => None,
    }
}

/// A metric beside its target: `cpu 82 % > 70 % held 5m of 5m asks 8`.
pub fn standing(evidence: &MetricEvidence) -> Phrase {
    let row = evidence.metric.row();
    let Some(value) = evidence.value else {
        return Phrase::new().tell(Meaning::CannotTell, format_args!("{} blind", row.label));
    };
    let over = value > evidence.target;
    let sign = if over {
        '>'
    } else if value < evidence.target {
        '<'
    } else {
        '='
    };
    let meaning = if over { Meaning::Warning } else { Meaning::Text };
    let (value, target) = (words::value(row.unit, value), words::value(row.unit, evidence.target));
    let mut line = Phrase::new()
        .tell(Meaning::Text, format_args!("{} ", row.label))
        .tell(meaning, format_args!("{value} {sign} {target}"));
    if evidence.out.held_s > 0 {
        let window = condition::window(evidence.out.held_s, evidence.out.need_s);
        line = line.tell(Meaning::Text, format_args!(" held {window}"));
    }
    if let Some(asks) = evidence.asks {
        line = line.tell(Meaning::Strong, format_args!(" asks {asks}"));
    }
    line
}

/// Whether anybody is on it.
fn handled(view: &View, id: &ServiceId, condition: &Condition, verdict: &Verdict, now: Timestamp) -> Option<Phrase> {
    let line = Phrase::new().say(Meaning::Text, "  ");
    match condition {
        Condition::AwsActing { .. } => {
            let list = view.platform.activities.get(id)?;
            let activity = list.iter().find(|activity| condition::under_way(activity))?;
            let since = words::age_at(activity.started, now);
            Some(
                line.say(Meaning::Acting, "AWS is acting")
                    .tell(Meaning::Text, format_args!(" for {since}: {} {}", activity.description, activity.message)),
            )
        }
        Condition::Advised { out: true, .. } | Condition::Filling { .. } => Some(aws_idle(view, id, verdict)),
        Condition::Cooling { until, .. } => {
            let when = until.map_or_else(
                || "once the change before has finished".to_owned(),
                |until| format!("in {} ({})", words::span(until.as_second() - now.as_second()), words::clock(until)),
            );
            Some(line.say(Meaning::Blocked, "cooling down").tell(Meaning::Text, format_args!(": it ends {when}")))
        }
        Condition::AtCeiling { .. } => Some(line.say(Meaning::Blocked, "blocked").tell(
            Meaning::Text,
            format_args!(": AWS does not go beyond {}; raise the ceiling or find what is slow", verdict.ceiling),
        )),
        Condition::CannotTell { arriving: true } => Some(
            line.say(Meaning::Text, "it will be judged when its windows are there; missing data is never \"fine\""),
        ),
        Condition::CannotTell { arriving: false } => {
            Some(line.say(Meaning::Text, "blind: missing data is never \"fine\"; AWS's own alarms may be blind, too"))
        }
        _ => None,
    }
}

/// Why the autoscaler is not acting on a breach.
fn aws_idle(view: &View, id: &ServiceId, verdict: &Verdict) -> Phrase {
    let line = Phrase::new().say(Meaning::Text, "  ").say(Meaning::Warning, "AWS is not acting");
    let platform = &view.platform;
    if platform.targets.get(id).is_some_and(|target| target.suspended.scale_out) {
        return line.say(Meaning::Text, ": its scale-out is suspended");
    }
    let Some(policies) = platform.policies.get(id).filter(|policies| !policies.is_empty()) else {
        return line.say(Meaning::Text, ": no scaling policy of its own is known");
    };
    let over = || verdict.metrics.iter().filter(|evidence| evidence.out.held_s > 0);
    let tracked = |evidence: &&MetricEvidence| policies.iter().any(|policy| tracks(&policy.metric, evidence.metric));
    let Some(evidence) = over().filter(tracked).max_by_key(|evidence| evidence.out.held_s) else {
        let names: Vec<&str> = over().map(|evidence| evidence.metric.row().label).collect();
        return line.tell(Meaning::Text, format_args!(": none of its policies follows {}", names.join(" or ")));
    };
    let label = evidence.metric.row().label;
    match evidence.out.held_s / 60 {
        minutes if minutes < ALARM_MINUTES => {
            line.tell(Meaning::Text, format_args!(": its {label} alarm has {minutes} of {ALARM_MINUTES} minutes"))
        }
        minutes => line.tell(
            Meaning::Text,
            format_args!(": its {label} alarm needs {ALARM_MINUTES} minutes and has had {minutes}"),
        ),
    }
}

/// Whether AWS's word for a policy's metric is this one.
fn tracks(word: &str, metric: MetricId) -> bool {
    let known = match metric {
        MetricId::ServiceCpu => "ECSServiceAverageCPUUtilization",
        MetricId::ServiceMemory => "ECSServiceAverageMemoryUtilization",
        MetricId::RequestsPerTarget => "ALBRequestCountPerTarget",
        _ => return false,
    };
    word == known
}

fn note(note: &Note, verdict: &Verdict) -> Phrase {
    let line = Phrase::new().say(Meaning::Muted, "  note  ");
    match note {
        Note::LimitsDiffer { policy, aws } => line.tell(
            Meaning::Text,
            format_args!("the policy says {}–{}, AWS has {}–{}", policy.0, policy.1, aws.0, aws.1),
        ),
        Note::Suspended { what } => line.tell(Meaning::Blocked, format_args!("suspended: {what}")),
        Note::AboveCeiling => line.tell(
            Meaning::Text,
            format_args!("above max {}, set by hand: AWS leaves it until an opposite alarm", verdict.ceiling),
        ),
        Note::HistoryStarts { at } => {
            line.tell(Meaning::Muted, format_args!("cooldowns are known since {}", words::clock(*at)))
        }
        Note::Stale { .. } => line.tell(Meaning::CannotTell, format_args!("{}", verdict.note_line(note))),
    }
}

/// Draws the box: the lines, and the keys on the right of the first ones.
pub fn draw(theme: &Theme, lines: &[Phrase], keys: &[Phrase], room: Rect, buf: &mut Buffer) {
    let name = Phrase::new().say(Meaning::Title, "Advice");
    let inside = frame::draw(theme, &name, false, room, buf);
    let wide = keys.iter().map(Phrase::width).max().unwrap_or(0) as u16;
    for (at, line) in lines.iter().take(usize::from(inside.height)).enumerate() {
        let row = phrase::line(inside, at);
        let key = keys.get(at).filter(|_| inside.width > 3 * wide);
        if let Some(key) = key {
            key.draw(theme, Rect { x: row.right() - wide - 1, width: wide, ..row }, buf);
        }
        let taken = if key.is_some() { wide + 3 } else { 0 };
        line.draw(theme, Rect { x: row.x + 1.min(row.width), width: row.width.saturating_sub(taken + 1), ..row }, buf);
    }
}

/// What to press, in the keys in force; what has no key is left out.
pub fn keys(look: &Look, condition: &Condition) -> Vec<Phrase> {
    let verbs: &[(Verb, &'static str)] = match condition {
        Condition::Advised { .. } => &[(Verb::Accept, "preview"), (Verb::Why, "why")],
        Condition::YouActing { .. } | Condition::Unread => &[(Verb::Why, "why")],
        _ => &[(Verb::Why, "why"), (Verb::Scale, "scale")],
    };
    let bound = verbs.iter().filter_map(|(verb, word)| Some((look.keymap.key(Layer::Main, *verb)?, *word)));
    let bound: Vec<(Clean, &'static str)> = bound.map(|(key, word)| (Clean::of(format_args!("{key}")), word)).collect();
    let widest = bound.iter().map(|(_, word)| word.len()).max().unwrap_or(0);
    let phrase = |(key, word): (Clean, &'static str)| {
        Phrase::new().say(Meaning::Key, key).say(Meaning::Text, "  ").say(Meaning::Text, Clean::from(word).left(widest))
    };
    bound.into_iter().map(phrase).collect()
}
