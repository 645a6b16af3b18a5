//! How the preview is laid out: where, before → after, what speaks against it, why, and what Enter does.

use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use super::preview::{Made, PreviewBox, Stage, Typed, not_armed};
use super::sheet::{Sheet, Weight};
use super::wrap::wrap;
use crate::change::preview::Row;
use crate::change::{Change, Observed, Tier};
use crate::console::commands::{Layer, Verb, in_flight};
use crate::console::frame::Look;
use crate::console::theme::Meaning;
use crate::console::words;
use crate::live::{Armed, View};

/// The preview as a sheet for an area.
pub fn sheet(preview: &PreviewBox, view: &View, look: &Look, area: Rect) -> Sheet {
    let mut sheet = Sheet::new(title(preview), area);
    place(&mut sheet, view, look);
    sheet.air();
    match preview.made() {
        Ok(made) => plan(&mut sheet, made, *preview.stage() == Stage::Edit, look),
        Err(why) => impossible(&mut sheet, preview.change(), why, look),
    }
    for what in preview.moved() {
        sheet.text(Weight::Must, &format!("▲ moved: {what}"), look, Meaning::Warning);
    }
    if in_flight(view) && !matches!(preview.stage(), Stage::Asked(_)) {
        let text = "▲ another change is on its way: nothing else is sent before it is over";
        sheet.text(Weight::Must, text, look, Meaning::Warning);
    }
    sheet.air();
    match preview.stage() {
        Stage::Edit => editing(&mut sheet, preview, view, look),
        Stage::Answer(typed) => answering(&mut sheet, preview, typed, view, look),
        Stage::Asked(_) => {
            sheet.text(Weight::Must, "reading the target once more, then sending …", look, Meaning::ActingYou);
        }
    }
    if let Some(note) = preview.note() {
        sheet.text(Weight::Must, &format!("▲ {note}"), look, Meaning::Warning);
    }
    sheet
}

fn title(preview: &PreviewBox) -> String {
    match preview.made() {
        Ok(made) => made.preview.title.clone(),
        Err(_) => format!("Scale {}", preview.change().target().name()),
    }
}

/// Where a confirmed change would go, and whether it may. Shown by every box that leads to one.
pub fn place(sheet: &mut Sheet, view: &View, look: &Look) {
    let environment = view.environment.to_string().to_uppercase();
    let meaning = match () {
        () if look.drill => Meaning::Drill,
        () if view.environment.is_production() => Meaning::Production,
        () => Meaning::Environment,
    };
    let mut parts = vec![Span::styled(words::clean(&environment).into_owned(), look.theme.style(meaning))];
    if look.drill {
        parts.push(Span::styled(" · drill: nothing here is real", look.theme.style(Meaning::Drill)));
    }
    if let Some(identity) = &view.platform.identity {
        let text = format!(" · {} · {}", identity.region, words::account(identity.account.as_str()));
        parts.push(Span::styled(words::clean(&text).into_owned(), look.theme.style(Meaning::Text)));
    }
    let (armed, meaning) = match &view.armed {
        Armed::ReadOnly => ("read-only".to_owned(), Meaning::ReadOnly),
        Armed::Locked(_) => ("read-only, locked".to_owned(), Meaning::ReadOnly),
        Armed::Until(until) => {
            let left = until.duration_since(look.now).as_secs();
            let meaning = if view.environment.is_production() { Meaning::ArmedProduction } else { Meaning::Armed };
            (format!("armed {}", words::countdown(left)), meaning)
        }
    };
    parts.push(Span::styled(" · ", look.theme.style(Meaning::Text)));
    parts.push(Span::styled(armed, look.theme.style(meaning)));
    let line = Line::from(parts);
    if line.width() <= sheet.width() {
        sheet.line(Weight::Must, line);
    } else {
        let plain: String = line.iter().map(|span| span.content.as_ref()).collect();
        sheet.text(Weight::Must, &plain, look, Meaning::Strong);
    }
}

fn plan(sheet: &mut Sheet, made: &Made, editing: bool, look: &Look) {
    let preview = &made.preview;
    rows(sheet, &preview.rows, look);
    sheet.air();
    for warning in &preview.warnings {
        sheet.text(Weight::Must, &format!("▲ {warning}"), look, Meaning::Warning);
    }
    let several = [("why", &preview.why), ("next", &preview.next)];
    for (label, sentences) in several {
        for (n, sentence) in sentences.iter().enumerate() {
            sheet.labelled(Weight::Useful, if n == 0 { label } else { "" }, sentence, look, Meaning::Text);
        }
    }
    for (n, step) in preview.steps.iter().enumerate() {
        let text = format!("{}. {step}", n + 1);
        sheet.labelled(Weight::Must, if n == 0 { "steps" } else { "" }, &text, look, Meaning::Text);
    }
    if let Some(instead) = preview.instead.as_ref().filter(|_| editing) {
        let text = match key(look, Verb::Hold) {
            Some(key) => format!("{key}  {instead}"),
            None => instead.clone(),
        };
        sheet.labelled(Weight::Useful, "instead", &text, look, Meaning::Text);
    }
    sheet.air();
    for (n, part) in wrap(&words::clean(&preview.command), sheet.width().saturating_sub(2)).into_iter().enumerate() {
        let mark = if n == 0 { "$ " } else { "  " };
        sheet.line(Weight::Nice, Span::styled(format!("{mark}{part}"), look.theme.style(Meaning::Muted)));
    }
}

/// Before → after in columns. A note that does not fit beside its numbers goes below them.
fn rows(sheet: &mut Sheet, rows: &[Row], look: &Look) {
    let clean = |text: &str| words::clean(text).into_owned();
    let widest = |part: fn(&Row) -> &String| rows.iter().map(|row| clean(part(row)).width()).max().unwrap_or(0);
    let (label, before, after) = (widest(|row| &row.label), widest(|row| &row.before), widest(|row| &row.after));
    let numbers = label + 2 + before + 5 + after + 3;
    let beside = sheet.width().saturating_sub(numbers) >= 24;
    let room = sheet.width().saturating_sub(if beside { numbers } else { 2 });
    for (n, row) in rows.iter().enumerate() {
        let name = clean(&row.label);
        let arrow = if row.before.is_empty() { "   " } else { " → " };
        let strong = if n == 0 { Meaning::Strong } else { Meaning::Text };
        let mut notes = if row.note.is_empty() { Vec::new() } else { wrap(&clean(&row.note), room) };
        let mut line = vec![
            Span::styled(pad(&name, label + 2), look.theme.style(Meaning::Muted)),
            Span::styled(pad_left(&clean(&row.before), before), look.theme.style(strong)),
            Span::styled(format!(" {arrow} "), look.theme.style(Meaning::Muted)),
            Span::styled(pad(&clean(&row.after), after + 3), look.theme.style(strong)),
        ];
        if beside && !notes.is_empty() {
            line.push(Span::styled(notes.remove(0), look.theme.style(Meaning::Muted)));
        }
        sheet.line(Weight::Must, line);
        let indent = " ".repeat(if beside { numbers } else { 2 });
        for note in notes {
            sheet.line(Weight::Must, Span::styled(format!("{indent}{note}"), look.theme.style(Meaning::Muted)));
        }
    }
}

fn impossible(sheet: &mut Sheet, change: &Change, why: &str, look: &Look) {
    let text = format!("{}  {}", change.field(), change.sets());
    sheet.text(Weight::Must, &text, look, Meaning::Strong);
    sheet.text(Weight::Must, why, look, Meaning::Warning);
}

fn editing(sheet: &mut Sheet, preview: &PreviewBox, view: &View, look: &Look) {
    read_again(sheet, preview, view, look);
    let hints = [
        (Verb::More, "more"),
        (Verb::Fewer, "fewer"),
        (Verb::Hold, "hold"),
        (Verb::Copy, "copy"),
        (Verb::Back, "leave"),
    ];
    let counts = preview.change().count().is_some();
    let mut line = Vec::new();
    if counts {
        line.extend([Span::styled("0–9", look.theme.style(Meaning::Key)), Span::raw(" count")]);
    }
    for (verb, word) in hints {
        if let Some(key) = key(look, verb) {
            line.push(Span::raw(if line.is_empty() { "" } else { "   " }));
            line.push(Span::styled(key, look.theme.style(Meaning::Key)));
            line.push(Span::raw(format!(" {word}")));
        }
    }
    sheet.line(Weight::Nice, line);
    let next = key(look, Verb::Next).unwrap_or_default();
    let Ok(made) = preview.made() else { return };
    if let Tier::Never(why) = &made.preview.tier {
        return sheet.text(Weight::Must, &format!("this is not done: {why}"), look, Meaning::Warning);
    }
    let then = match (not_armed(view), &view.armed) {
        (None, _) => format!("{next}, then {} to confirm", asked(made)),
        (Some(_), Armed::Locked(why)) => format!("changes are refused here: {why}"),
        (Some(_), _) => format!("read-only: press {} to arm first", key(look, Verb::Arm).unwrap_or_default()),
    };
    sheet.text(Weight::Useful, &then, look, Meaning::Strong);
}

/// "type 8" for the tiers that ask for text; Enter for the one that does not.
fn asked(made: &Made) -> String {
    match made.preview.tier.typed() {
        Some(_) => made.preview.tier.asks(),
        None => "Enter once more".to_owned(),
    }
}

fn answering(sheet: &mut Sheet, preview: &PreviewBox, typed: &Typed, view: &View, look: &Look) {
    read_again(sheet, preview, view, look);
    let Ok(made) = preview.made() else { return };
    if not_armed(view).is_some() {
        let text = match &view.armed {
            Armed::Locked(why) => format!("changes are refused here: {why}"),
            Armed::ReadOnly | Armed::Until(_) => {
                format!(
                    "read-only: press {} to arm first – Esc goes back to where it can be pressed",
                    key(look, Verb::Arm).unwrap_or_default()
                )
            }
        };
        return sheet.text(Weight::Must, &text, look, Meaning::Warning);
    }
    let tier = &made.preview.tier;
    if let Tier::Never(why) = tier {
        return sheet.text(Weight::Must, &format!("this is not done: {why}"), look, Meaning::Warning);
    }
    if tier.typed().is_none() {
        return sheet.text(Weight::Must, "Enter confirms and sends, Esc goes back", look, Meaning::Strong);
    }
    let ask = format!("To confirm and send: {}, then Enter. Esc goes back.", tier.asks());
    sheet.text(Weight::Must, &ask, look, Meaning::Strong);
    field(sheet, "typed", typed.answer.text(), !typed.on_reason, look);
    if tier.needs_reason() {
        field(sheet, "reason", typed.reason.text(), typed.on_reason, look);
    }
}

/// A text field: its end stays in sight, a block stands where the next character goes.
pub fn field(sheet: &mut Sheet, label: &str, text: &str, here: bool, look: &Look) {
    let mut line = vec![Span::styled(pad(label, 8), look.theme.style(Meaning::Muted))];
    let room = sheet.width().saturating_sub(10);
    let skipped = text.chars().count().saturating_sub(room);
    line.push(Span::styled(text.chars().skip(skipped).collect::<String>(), look.theme.style(Meaning::Input)));
    if here {
        line.push(Span::styled("█", look.theme.style(Meaning::Input)));
    }
    sheet.line(Weight::Must, line);
}

/// What the newest reading of the target says: the operator decides on this, not on what the box opened with.
fn read_again(sheet: &mut Sheet, preview: &PreviewBox, view: &View, look: &Look) {
    let Some(fresh) = Observed::of(&view.platform, preview.change()) else {
        return sheet.text(Weight::Must, "▲ the target is gone", look, Meaning::Critical);
    };
    let ago = words::age_at(fresh.read(), look.now);
    let moved = preview.made().ok().map(|made| made.plan.observed.moved(&fresh)).filter(|moved| !moved.is_empty());
    if let Some(moved) = moved {
        let text = format!("▲ read again {ago} ago: {}", moved.join(", "));
        sheet.text(Weight::Must, &text, look, Meaning::Warning);
    } else {
        let value = fresh.value(preview.change()).map_or_else(|| "—".to_owned(), |value| value.to_string());
        let text = format!("read again {ago} ago: still {value}");
        sheet.text(Weight::Useful, &text, look, Meaning::Muted);
    }
}

fn key(look: &Look, verb: Verb) -> Option<String> {
    look.keymap.key(Layer::Preview, verb).map(|key| key.to_string())
}

fn pad(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(text.width())))
}

fn pad_left(text: &str, width: usize) -> String {
    format!("{}{text}", " ".repeat(width.saturating_sub(text.width())))
}
