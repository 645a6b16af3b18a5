//! The journal: every change that was asked for from here, by whom, why, and how it ended. The newest first.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::Extent;
use super::listing::{self, Head, Listing, Note};
use crate::change::Outcome;
use crate::change::journal::{Ended, Entry, State, Timekeeper};
use crate::console::theme::Meaning;
use crate::console::widgets::Phrase;
use crate::console::words::{self, Clean};
use crate::console::{Look, Model};
use crate::live::View;

/// Where the entries that pass a filter stand in the view's list.
pub fn rows(view: &View, needle: &str) -> Vec<usize> {
    let has = |entry: &Entry| {
        let texts =
            [entry.group().to_string(), entry.what(), entry.who().to_owned(), entry.reason.clone().unwrap_or_default()];
        needle.is_empty() || texts.iter().any(|text| text.to_lowercase().contains(needle))
    };
    let entries = view.journal.iter().flat_map(|entries| entries.iter()).enumerate();
    entries.filter(|(_, entry)| has(entry)).map(|(at, _)| at).collect()
}

/// How far the pane scrolls.
pub fn measure(_: &View, model: &Model, _: &Look, _: Rect) -> Extent {
    listing::extent(model)
}

/// Draws the pane.
pub fn draw(view: &View, model: &Model, look: &Look, area: Rect, buf: &mut Buffer) {
    let Listing::Journal(rows) = model.listing() else { return };
    let name = Phrase::new().say(Meaning::Title, "Journal");
    let mut remarks = Vec::new();
    if view.journal.is_none() {
        remarks.push(
            Phrase::new()
                .say(Meaning::CannotTell, " … the journal was not read yet, or cannot be: no change can be sent"),
        );
    }
    let wide = area.width >= 110;
    let head = Head { name, remarks, empty: "no change was asked for" };
    listing::draw(look, head, model, area, buf, |at| {
        let entry = rows.get(at).and_then(|at| view.journal.as_ref()?.get(*at));
        entry.map_or_else(|| (Phrase::new(), Phrase::new()), |entry| row(entry, wide))
    });
}

/// What a state means.
pub fn meaning(entry: &Entry) -> Meaning {
    match &entry.state {
        State::Planned
        | State::Sending
        | State::Following { left: None }
        | State::Sent { result: Outcome::Accepted { .. } } => Meaning::ActingYou,
        State::Sent { result: Outcome::Refused { .. } } => Meaning::Critical,
        State::Sent { result: Outcome::Unknown { .. } } | State::Following { left: Some(_) } => Meaning::CannotTell,
        State::Closed { ended, .. } => match ended {
            Ended::Steady => Meaning::Ok,
            Ended::Partly | Ended::Overtaken => Meaning::Warning,
            Ended::Failed => Meaning::Critical,
            Ended::NotSent => Meaning::Muted,
        },
    }
}

fn row(entry: &Entry, wide: bool) -> (Phrase, Phrase) {
    let column = if wide { 26 } else { 16 };
    let date = entry.began.strftime("%m-%d").to_string();
    let mut left = Phrase::new()
        .tell(Meaning::Muted, format_args!(" {date} {}  ", words::second_of_day(entry.began)))
        .say(Meaning::Text, Clean::new(entry.group().name()).fit_end(column).left(column))
        .tell(Meaning::Strong, format_args!("  {}", entry.what()))
        .tell(Meaning::Muted, format_args!("  by {}", entry.who()));
    if let Some(reason) = &entry.reason {
        left = left.tell(Meaning::Muted, format_args!("  because {reason}"));
    }
    let outcome = Clean::of(format_args!("{} after {}", entry.outcome(), words::span(entry.took_s()))).fit(if wide {
        44
    } else {
        24
    });
    (left, Phrase::new().say(Meaning::Text, "  ").say(meaning(entry), outcome).say(Meaning::Text, " "))
}

/// An entry in full.
pub fn note(entry: &Entry) -> Note {
    let clock = if entry.clock == Timekeeper::Drill { " of the drill's clock" } else { "" };
    let identity = &entry.plan.identity;
    let mut lines = vec![
        ("when", format!("{:.0}{clock}, {} in all", entry.began, words::span(entry.took_s()))),
        ("what", entry.what()),
        ("about", entry.group().to_string()),
        ("outcome", entry.outcome()),
        ("by", identity.arn.clone()),
        (
            "where",
            format!(
                "account {}, {}, {}",
                words::account(identity.account.as_str()),
                identity.region,
                entry.plan.environment
            ),
        ),
    ];
    let advice = entry.plan.advice.clone().unwrap_or_else(|| "nothing".to_owned());
    lines.push(("policy said", advice));
    lines.extend(entry.reason.iter().map(|reason| ("reason", reason.clone())));
    lines.extend(entry.request_id.iter().map(|request| ("request id", request.clone())));
    lines.push(("command", entry.command()));
    lines.push(("name", entry.id.to_string()));
    Note { title: "A change".to_owned(), lines }
}
