//! A change on its way: steps, counts towards what is wanted, time gone against time expected.

use jiff::Timestamp;

use super::Phrase;
use crate::change::{Change, Stage};
use crate::console::theme::Meaning;
use crate::console::words::{self, Clean};
use crate::live::Followed;

/// Columns of the bar.
const BAR: usize = 20;

/// The lines that tell how far a change is.
pub fn lines(followed: &Followed, now: Timestamp) -> Vec<Phrase> {
    let follow = &followed.follow;
    let gone = follow.ended.unwrap_or(now).as_second() - follow.began.as_second();
    let what = match &followed.plan.change {
        Change::Desired { service, to } => format!("{} {} → {to}", service.service, followed.plan.from()),
        other => format!("{}: {}", other.target().name(), followed.plan.brief()),
    };
    let (meaning, glyph, word) = match &follow.stage {
        Stage::Sending => (Meaning::ActingYou, "» ", "sending"),
        Stage::Unknown => (Meaning::CannotTell, "? ", "no answer came back: reading back, nothing is sent again"),
        Stage::Under { .. } | Stage::Waiting { .. } => (Meaning::ActingYou, "» ", "you are acting"),
        Stage::Steady => (Meaning::Ok, "✓ ", "done and steady"),
        Stage::Partly { .. } => (Meaning::Warning, "▲ ", "partly done"),
        Stage::Failed { .. } => (Meaning::Critical, "● ", "not carried out"),
        Stage::Overtaken { .. } => (Meaning::Warning, "▲ ", "overtaken by somebody else"),
    };
    let mut first = Phrase::new()
        .say(meaning, glyph)
        .tell(Meaning::Strong, format_args!("{what}"))
        .say(Meaning::Text, "   ")
        .say(meaning, word)
        .tell(Meaning::Text, format_args!("   {}", words::span(gone)));
    if let Some(expected) = follow.expected_s {
        let late = !follow.stage.is_over() && gone > i64::from(expected);
        let meaning = if late { Meaning::Warning } else { Meaning::Muted };
        let mark = if late { ", late" } else { "" };
        first = first.tell(meaning, format_args!(" of ~{} expected{mark}", words::span(i64::from(expected))));
    }
    let mut lines = vec![first];
    match &follow.stage {
        Stage::Under { running, pending, healthy, draining, wanted } => {
            let total = wanted.0.max(1);
            let done = healthy.unwrap_or(running.0);
            lines.push(
                Phrase::new()
                    .say(Meaning::Text, "  ")
                    .say(Meaning::ActingYou, bar(done, running.0 + pending.0, total))
                    .tell(Meaning::Strong, format_args!("  running {running} of {wanted}"))
                    .tell(Meaning::Text, format_args!(" · pending {pending}"))
                    .then(healthy.map_or_else(Phrase::new, |healthy| {
                        Phrase::new().tell(Meaning::Text, format_args!(" · healthy {healthy}"))
                    }))
                    .tell(Meaning::Text, format_args!(" · draining {draining}")),
            );
        }
        Stage::Waiting { step, of, what } => {
            let steps = if *of > 1 { format!("{step} of {of} steps accepted · ") } else { String::new() };
            lines.push(Phrase::new().say(Meaning::Text, "  ").tell(Meaning::Text, format_args!("{steps}{what}")));
        }
        Stage::Partly { why } | Stage::Failed { why } | Stage::Overtaken { by: why } => {
            lines.push(Phrase::new().say(Meaning::Text, "  ").tell(Meaning::Text, format_args!("{why}")));
        }
        Stage::Sending | Stage::Unknown | Stage::Steady => {}
    }
    lines
}

/// `▓▓▓▓▒▒░░`: serving, on the way, missing.
fn bar(done: u32, begun: u32, total: u32) -> Clean {
    let columns = |part: u32| (part.min(total) as usize * BAR) / total as usize;
    let (done, begun) = (columns(done), columns(begun.max(done)));
    Clean::of(format_args!(
        "{}{}{}",
        "▓".repeat(done),
        "▒".repeat(begun - done.min(begun)),
        "░".repeat(BAR - begun.max(done))
    ))
}

/// `▓▓▓░░`: how far a window has filled.
pub fn window_bar(held_s: u32, need_s: u32, columns: usize) -> Clean {
    let need = need_s.max(1);
    let full = (held_s.min(need) as usize * columns) / need as usize;
    Clean::of(format_args!("{}{}", "▓".repeat(full), "░".repeat(columns - full)))
}
