//! The advice on one group: what should happen, why to the digit, and whether anybody is on it. The sentences are the
//! policy's own.

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use super::condition::{self, Condition};
use super::{Phrase, alarms, follow, frame, phrase};
use crate::console::Look;
use crate::console::commands::{Layer, Verb};
use crate::console::theme::Meaning;
use crate::console::words;
use crate::live::View;
use crate::platform::{GroupId, ServiceId};
use crate::policy::ecs::autoscaler_view;
use crate::policy::sentence::Said;
use crate::policy::verdict::Next;
use crate::policy::{GroupNote, MetricEvidence, Reason, Verdict};

/// For so many seconds the end of a change of yours is told above the advice.
const TOLD_S: i64 = 180;

/// The lines of the box, each of at most so many columns, most important first; a box cuts them where it ends. Alarms
/// are told where they have no box of their own.
pub fn lines(view: &View, id: &GroupId, now: Timestamp, columns: usize, boxed: bool) -> Vec<Phrase> {
    let condition = Condition::of(view, id);
    if let Condition::YouActing { .. } = condition
        && let Some(followed) = view.followed.as_deref()
    {
        return follow::lines(followed, now);
    }
    let ended = view.followed.as_deref().filter(|followed| {
        let recent = followed.follow.ended.is_some_and(|end| now.as_second() - end.as_second() < TOLD_S);
        recent && followed.plan.change.target() == *id
    });
    let Some(judged) = judged(view, id, &condition, now) else {
        let words = "not judged yet: waiting for its counts, limits and three hours of metrics";
        return vec![Phrase::new().say(Meaning::CannotTell, "… ").say(Meaning::Text, words)];
    };
    // What does not fit beside the headline comes after who is on it: that is asked first.
    let mut parts = judged.because.into_iter().peekable();
    let mut lines = ended.map_or_else(Vec::new, |followed| follow::lines(followed, now));
    lines.extend(trouble(view, id));
    if !boxed {
        let firing = alarms::firing_at(view, id, now);
        let more = firing.len().saturating_sub(1);
        lines.extend(firing.into_iter().next().map(|worst| match more {
            0 => worst,
            more => worst.tell(Meaning::Muted, format_args!(" (and {more} more)")),
        }));
    }
    let (glyph, meaning) = condition.mark();
    let headline = Phrase::new().tell(meaning, format_args!("{glyph} ")).said(&judged.said);
    lines.push(fill(headline, "   ", &mut parts, columns));
    lines.extend(judged.helps);
    lines.extend(judged.handled);
    let mut label = "  why  ";
    while parts.peek().is_some() {
        lines.push(fill(Phrase::new().say(Meaning::Muted, label), "", &mut parts, columns));
        label = "       ";
    }
    lines.extend(judged.next);
    let note = |remark| Phrase::new().say(Meaning::Muted, "  ").tell(Meaning::Text, format_args!("{remark}"));
    lines.extend(judged.notes.into_iter().map(note));
    lines
}

/// A verdict of any tier in words.
struct Judged {
    said: Said,
    /// Why, in the numbers of every metric that has a say, the most urgent first.
    because: Vec<Phrase>,
    /// What would help more than the step, or spoil it.
    helps: Vec<Phrase>,
    /// Whether anybody is on it.
    handled: Option<Phrase>,
    next: Option<Phrase>,
    notes: Vec<String>,
}

fn judged(view: &View, id: &GroupId, condition: &Condition, now: Timestamp) -> Option<Judged> {
    let verdict = match id {
        GroupId::Service(id) => {
            let verdict = view.advice.services.get(id)?;
            return Some(Judged {
                said: verdict.said(),
                because: because(verdict),
                helps: Vec::new(),
                handled: handled(view, id, condition, now),
                next: next(verdict, now),
                notes: verdict.notes.iter().map(|note| verdict.note_line(note)).collect(),
            });
        }
        GroupId::Replicas(id) => view.advice.replicas.get(id)?,
        GroupId::Cache(id) => view.advice.caches.get(id)?,
    };
    let because = verdict.most_urgent_first().into_iter().map(|evidence| Phrase::new().said(&evidence.said()));
    Some(Judged {
        said: verdict.said(),
        because: because.collect(),
        helps: verdict
            .notes
            .iter()
            .filter(|note| helps(note))
            .map(|note| Phrase::new().tell(Meaning::Text, format_args!("  {}", verdict.note_line(note))))
            .collect(),
        handled: by_nobody(condition),
        next: told_next(verdict.next.as_ref(), verdict.next_line(), now),
        notes: verdict.notes.iter().filter(|note| !helps(note)).map(|note| verdict.note_line(note)).collect(),
    })
}

/// Whether a remark says what would help more than the step, or what the step costs: it is read before the reasons.
fn helps(note: &GroupNote) -> bool {
    !matches!(note, GroupNote::HistoryStarts { .. } | GroupNote::Stale { .. } | GroupNote::AboveCeiling)
}

/// AWS has no autoscaler for replicas of this kind, nor for these nodes: it is said where it matters.
fn by_nobody(condition: &Condition) -> Option<Phrase> {
    let words = match condition {
        Condition::Advised { .. } | Condition::Filling { .. } => "AWS does not act here: nothing scales this by itself",
        Condition::AtCeiling { .. } => "the policy allows no more: raise its ceiling, or find what is slow",
        Condition::CannotTell { arriving: true } => {
            "it is judged as soon as its windows are there: missing data is never \"fine\""
        }
        Condition::CannotTell { arriving: false } => "missing data is never \"fine\"",
        _ => return None,
    };
    let meaning = match condition {
        Condition::Advised { .. } | Condition::Filling { .. } => Meaning::Warning,
        Condition::AtCeiling { .. } => Meaning::Blocked,
        _ => Meaning::Text,
    };
    Some(Phrase::new().say(Meaning::Text, "  ").say(meaning, words))
}

/// What would change the verdict, and how soon.
pub fn next(verdict: &Verdict, now: Timestamp) -> Option<Phrase> {
    told_next(verdict.next.as_ref(), verdict.next_line(), now)
}

fn told_next(next: Option<&Next>, line: Option<String>, now: Timestamp) -> Option<Phrase> {
    let (words, left) = (line?, words::countdown(next?.at.as_second() - now.as_second()));
    Some(
        Phrase::new().tell(Meaning::Text, format_args!("  {words}")).tell(Meaning::Muted, format_args!(" (in {left})")),
    )
}

/// What is wrong that no alarm knows of.
fn trouble(view: &View, id: &GroupId) -> Option<Phrase> {
    let (severity, word) = condition::beside_alarms(view, id)?;
    let (glyph, name, meaning) = severity.mark();
    Some(Phrase::new().tell(meaning, format_args!("{glyph} {name}: {word}")))
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

/// Why, in the numbers of every metric that has a say, the most urgent first; what the headline has said of one is not
/// said again.
fn because(verdict: &Verdict) -> Vec<Phrase> {
    let told = |evidence: &&MetricEvidence| match verdict.decision.reason() {
        Reason::Missing { .. } => evidence.value.is_none(),
        Reason::Filling { metric, .. } => evidence.metric == *metric,
        _ => false,
    };
    let metrics = verdict.most_urgent_first().into_iter().filter(|evidence| !told(evidence));
    metrics.map(|evidence| Phrase::new().said(&verdict.metric_said(evidence))).collect()
}

/// Whether anybody is on it, and where nobody can be, what helps.
fn handled(view: &View, id: &ServiceId, condition: &Condition, now: Timestamp) -> Option<Phrase> {
    let line = Phrase::new().say(Meaning::Text, "  ");
    let aws = autoscaler_view(&view.platform, id, now)?;
    let asked = matches!(condition, Condition::Advised { out: true, .. } | Condition::Filling { .. });
    if aws.acting.is_some() || asked {
        let meaning = if aws.acting.is_some() { Meaning::Acting } else { Meaning::Warning };
        return Some(line.tell(meaning, format_args!("{}", aws.sentence())));
    }
    let words = match condition {
        Condition::AtCeiling { .. } => "AWS stops there, too: raise the ceiling, or find what is slow",
        Condition::CannotTell { arriving: true } => {
            "it is judged as soon as its windows are there: missing data is never \"fine\""
        }
        Condition::CannotTell { arriving: false } => {
            "missing data is never \"fine\": AWS's own alarms may be blind, too"
        }
        _ => return None,
    };
    let meaning = if let Condition::AtCeiling { .. } = condition { Meaning::Blocked } else { Meaning::Text };
    Some(line.say(meaning, words))
}

/// Draws the box: whose advice it is and the keys on its frame, the lines inside. From close by, nobody has to be told
/// how to get there.
pub fn draw(look: &Look, view: &View, id: &GroupId, boxed: bool, close: bool, room: Rect, buf: &mut Buffer) {
    let name =
        Phrase::new().say(Meaning::Title, "Advice").tell(Meaning::Text, format_args!(" · {} {}", id.tier(), id.name()));
    let inside = frame::draw(look.theme, &name, false, room, buf);
    let inside = Rect { x: inside.x + 1.min(inside.width), width: inside.width.saturating_sub(1), ..inside };
    let keys = keys(look, id, close, &Condition::of(view, id));
    if name.width() + keys.width() + 8 <= usize::from(room.width) {
        let row = Rect { width: room.width.saturating_sub(2), ..phrase::line(room, 0) };
        keys.draw_right(look.theme, row, buf);
    }
    let lines = lines(view, id, look.now, usize::from(inside.width), boxed);
    for (at, line) in lines.iter().take(usize::from(inside.height)).enumerate() {
        line.draw(look.theme, phrase::line(inside, at), buf);
    }
}

/// What to press, in the keys in force; what has no key is left out.
fn keys(look: &Look, id: &GroupId, close: bool, condition: &Condition) -> Phrase {
    let verbs: &[(Verb, &'static str)] = match condition {
        // What the command table refuses is not offered.
        _ if id.service().is_none() && close => &[],
        _ if id.service().is_none() => &[(Verb::Open, "look closer")],
        Condition::Advised { .. } => &[(Verb::Accept, "preview"), (Verb::Why, "why")],
        Condition::YouActing { .. } | Condition::Unread => &[(Verb::Why, "why")],
        _ => &[(Verb::Scale, "scale"), (Verb::Why, "why")],
    };
    let bound = verbs.iter().filter_map(|(verb, word)| Some((look.keymap.key(Layer::Main, *verb)?, *word)));
    bound.fold(Phrase::new(), |line, (key, word)| {
        line.tell(Meaning::Key, format_args!(" {key}")).tell(Meaning::Text, format_args!(" {word} "))
    })
}
