//! The lines on top of every screen: where one is, whether it is on fire, whether changes can be sent – and the stack
//! in a line. What does not fit goes, the least important first; environment and writes never do.

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::condition::Severity;
use super::{Phrase, Summary, phrase};
use crate::console::theme::Meaning;
use crate::console::words::{self, Clean};
use crate::console::{Look, Model};
use crate::live::{Armed, View};
use crate::platform::SourceState;

/// From this width on, counts carry their words.
const WORDY: u16 = 100;
/// Below this width environment and writes are said in few letters.
const TINY: u16 = 30;
/// The newest answer may be this old before the header doubts that anything is live.
const LIVE_S: i64 = 30;
/// An answer younger than this is not told its age.
const FRESH_S: i64 = 10;
/// Seconds in which the age of the newest answer counts.
const AGE_STEP_S: i64 = 5;

/// One part of the first line.
struct Part {
    /// What goes first is the smallest.
    keep: u8,
    right: bool,
    phrase: Phrase,
    /// Fewer words for it, and when they are taken: before what has this or more to keep is dropped.
    shorter: Option<(u8, Phrase)>,
}

/// Rows the header needs.
pub fn height(_view: &View, _model: &Model, _width: u16) -> u16 {
    2
}

/// Draws the header.
pub fn draw(view: &View, model: &Model, look: &Look, room: Rect, buf: &mut Buffer) {
    let summary = model.summary();
    first_line(view, model, look, summary, phrase::line(room, 0), buf);
    summary.stack.line(usize::from(room.width)).draw(look.theme, phrase::line(room, 1), buf);
}

fn first_line(view: &View, model: &Model, look: &Look, summary: &Summary, row: Rect, buf: &mut Buffer) {
    let mut parts = parts(view, model, look, summary, row.width);
    let width = |parts: &[Part]| parts.iter().map(|part| part.phrase.width()).sum::<usize>();
    let rank = |part: &Part| part.shorter.as_ref().map_or(part.keep, |(at, _)| *at);
    while width(&parts) > usize::from(row.width) && parts.len() > 1 {
        let least = parts.iter().enumerate().min_by_key(|(_, part)| rank(part)).map_or(0, |(at, _)| at);
        match parts[least].shorter.take() {
            Some((_, phrase)) => parts[least].phrase = phrase,
            None => drop(parts.remove(least)),
        }
    }
    let loud = view.environment.is_production() && matches!(view.armed, Armed::Until(_)) && !look.drill;
    if loud {
        phrase::tint(look.theme.style(Meaning::ArmedProduction), row, buf);
    }
    let side = |right: bool| {
        parts.iter().filter(|part| part.right == right).fold(Phrase::new(), |line, part| line.then(part.phrase.clone()))
    };
    let fit = |phrase: Phrase| if loud { phrase.all(Meaning::ArmedProduction) } else { phrase };
    let right = fit(side(true));
    let taken = right.draw_right(look.theme, row, buf);
    fit(side(false)).draw(look.theme, Rect { width: row.width - taken, ..row }, buf);
}

fn parts(view: &View, model: &Model, look: &Look, summary: &Summary, width: u16) -> Vec<Part> {
    let left = |keep, phrase| Part { keep, right: false, phrase, shorter: None };
    let right =
        |keep, phrase: Phrase| Part { keep, right: true, phrase: phrase.say(Meaning::Text, "  "), shorter: None };
    let muted = |words: std::fmt::Arguments<'_>| Phrase::new().tell(Meaning::Muted, words);
    let mut parts = vec![left(2, Phrase::new().say(Meaning::Title, " scaledeck "))];
    if look.drill {
        let name = look.title.map_or_else(|| "DRILL".into(), Clean::new);
        let badge = |name: &Clean| Phrase::new().tell(Meaning::Drill, format_args!(" {name} ")).say(Meaning::Text, " ");
        let shorter = Some((5, badge(&"DRILL".into())));
        parts.push(Part { shorter, ..left(11, badge(&name)) });
    } else if let Some(title) = look.title {
        parts.push(left(2, muted(format_args!("{title} "))));
    }
    let meaning = if view.environment.is_production() { Meaning::Production } else { Meaning::Environment };
    let mut environment = view.environment.to_string().to_uppercase();
    if width < TINY {
        environment.truncate(environment.char_indices().nth(4).map_or(environment.len(), |(at, _)| at));
    }
    parts.push(left(12, Phrase::new().tell(meaning, format_args!(" {environment} "))));
    if let Some(identity) = &view.platform.identity {
        parts.push(left(10, muted(format_args!("· {} ", identity.region))));
        parts.push(left(10, muted(format_args!("· {} ", words::account(identity.account.as_str())))));
        parts.push(left(3, muted(format_args!("· {} ", identity.short()))));
    } else {
        let state = view.platform.sources.get(&crate::platform::Source::Identity).map(|health| &health.state);
        let words = match state {
            Some(SourceState::NoCredentials { .. }) => "· no credentials ",
            Some(SourceState::Expired { .. }) => "· credentials expired ",
            Some(SourceState::Denied { .. }) => "· account not known: denied ",
            None | Some(SourceState::Waiting | SourceState::Live) => "· asking who we are ",
            Some(_) => "· account not known ",
        };
        parts.push(left(6, Phrase::new().say(Meaning::CannotTell, words)));
    }
    let shorter = alive_briefly(view, model, summary).map(|brief| (6, brief.say(Meaning::Text, "  ")));
    parts.push(Part { shorter, ..right(8, alive(view, model, summary, look.now)) });
    parts.push(right(9, counts(summary, width >= WORDY)));
    let cost = words::dollars_per_hour(view.meter.dollars_per_hour);
    let cap = view.meter.budget.map(|budget| format!(" of ${budget}")).unwrap_or_default();
    parts.push(right(1, muted(format_args!("api {cost}{cap}"))));
    if view.meter.throttled > 0 {
        parts.push(right(5, Phrase::new().say(Meaning::Warning, "▲ throttled")));
    }
    parts.push(right(12, writes(view, width < TINY, look.now)));
    parts.push(Part {
        shorter: None,
        keep: 4,
        right: true,
        phrase: muted(format_args!("{} ", words::clock(look.now))),
    });
    parts
}

fn alive(view: &View, model: &Model, summary: &Summary, now: Timestamp) -> Phrase {
    if view.paused {
        return Phrase::new().say(Meaning::Paused, " PAUSED ");
    }
    if model.frozen {
        return Phrase::new().tell(Meaning::Paused, format_args!(" FROZEN at {} ", words::second_of_day(view.at)));
    }
    let Some(newest) = summary.newest else { return Phrase::new().say(Meaning::CannotTell, "no data yet") };
    let age = now.as_second() - newest.as_second();
    // In steps: an age that counted every second would be drawn as often as the clock, and say less.
    let ago = if age < FRESH_S { String::new() } else { format!(" {}", words::age(age - age % AGE_STEP_S)) };
    let failing = summary.failing.len();
    if age > LIVE_S {
        Phrase::new().tell(Meaning::CannotTell, format_args!("▲ old{ago}"))
    } else if failing > 0 {
        let fail = if failing == 1 { "fails" } else { "fail" };
        let failing = words::several(failing, "source");
        Phrase::new().tell(Meaning::Warning, format_args!("live{ago}, {failing} {fail}"))
    } else {
        Phrase::new().tell(Meaning::Ok, format_args!("live{ago}"))
    }
}

/// How many sources fail, where there is no room for more.
fn alive_briefly(view: &View, model: &Model, summary: &Summary) -> Option<Phrase> {
    let failing = summary.failing.len();
    (failing > 0 && !view.paused && !model.frozen)
        .then(|| Phrase::new().tell(Meaning::Warning, format_args!("▲ {failing} fail")))
}

fn counts(summary: &Summary, wordy: bool) -> Phrase {
    if summary.groups == 0 {
        // Two zeros would read as "nothing is on fire".
        return Phrase::new().say(Meaning::CannotTell, if wordy { "? nothing read yet" } else { "?" });
    }
    let one = |severity: Severity, count: usize| {
        let (glyph, word, meaning) = severity.mark();
        let meaning = if count == 0 { Meaning::Muted } else { meaning };
        let word = if wordy { word } else { "" };
        let gap = if wordy { " " } else { "" };
        Phrase::new().tell(meaning, format_args!("{glyph} {}{gap}{word}", words::count(count as u64)))
    };
    let mut line = one(Severity::Critical, summary.critical)
        .say(Meaning::Text, "  ")
        .then(one(Severity::Warning, summary.warning));
    if summary.blind > 0 {
        line = line.say(Meaning::Text, "  ").then(one(Severity::Blind, summary.blind));
    }
    line
}

fn writes(view: &View, tiny: bool, now: Timestamp) -> Phrase {
    match &view.armed {
        Armed::ReadOnly | Armed::Locked(_) if tiny => Phrase::new().say(Meaning::ReadOnly, "RO"),
        Armed::ReadOnly => Phrase::new().say(Meaning::ReadOnly, "READ-ONLY"),
        Armed::Locked(_) => Phrase::new().say(Meaning::ReadOnly, "READ-ONLY, locked"),
        Armed::Until(until) => {
            let left = words::countdown(until.as_second() - now.as_second());
            let production = view.environment.is_production();
            let meaning = if production { Meaning::ArmedProduction } else { Meaning::Armed };
            Phrase::new().tell(meaning, format_args!(" ARMED {left} "))
        }
    }
}
