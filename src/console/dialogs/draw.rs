//! How the dialogs look. Where one may lead to a change, its sheet also says whether all that must be read is on it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use super::preview_draw::{self, field, place};
use super::sheet::{Sheet, Weight};
use super::{Arm, Dialog, Palette};
use crate::console::commands::{Danger, Layer, Verb};
use crate::console::frame::Look;
use crate::console::model::Model;
use crate::console::theme::Meaning;
use crate::live::View;

/// Draws a dialog over the pane.
pub fn draw(dialog: &Dialog, view: &View, model: &Model, look: &Look, body: Rect, buf: &mut Buffer) {
    match dialog {
        Dialog::Filter { .. } => {}
        Dialog::Palette(palette) => list(palette, view, model, look, body).draw(look, body, buf),
        Dialog::Reader(reader) => reader.draw(view, model, look, body, buf),
        Dialog::Preview(preview) => preview_draw::sheet(preview, view, look, body).draw(look, body, buf),
        Dialog::Arm(arm) => arming(arm, view, look, body).draw(look, body, buf),
        Dialog::Leave => leaving(view, look, body).draw(look, body, buf),
    }
}

/// Whether everything that must be read before Enter counts fits on the screen.
pub fn whole(dialog: &Dialog, view: &View, look: &Look, body: Rect) -> bool {
    match dialog {
        Dialog::Preview(preview) => preview_draw::sheet(preview, view, look, body).whole(body),
        Dialog::Arm(arm) => arming(arm, view, look, body).whole(body),
        Dialog::Filter { .. } | Dialog::Palette(_) | Dialog::Reader(_) | Dialog::Leave => true,
    }
}

fn arming(arm: &Arm, view: &View, look: &Look, body: Rect) -> Sheet {
    let mut sheet = Sheet::new("Allow changes", body);
    place(&mut sheet, view, look);
    sheet.air();
    let text = "Changes can then be sent from here for fifteen minutes, each after its own preview and confirmation.";
    sheet.text(Weight::Useful, text, look, Meaning::Text);
    sheet.air();
    let ask = format!("To arm: type {}, then Enter. Esc goes back.", arm.expected);
    sheet.text(Weight::Must, &ask, look, Meaning::Strong);
    field(&mut sheet, "typed", arm.field.text(), true, look);
    if let Some(note) = &arm.note {
        sheet.text(Weight::Must, &format!("▲ {note}"), look, Meaning::Warning);
    }
    sheet
}

fn leaving(view: &View, look: &Look, body: Rect) -> Sheet {
    let mut sheet = Sheet::new("A change is on its way", body);
    if let Some(followed) = &view.followed {
        let text = format!("{}: {}", followed.plan.change.target(), followed.plan.brief());
        sheet.text(Weight::Must, &text, look, Meaning::Strong);
        sheet.air();
    }
    let key = |verb| look.keymap.key(Layer::Leave, verb).map(|key| key.to_string()).unwrap_or_default();
    for (key, text) in [
        (key(Verb::Back), "keep following"),
        (key(Verb::Leave), "leave: it goes on without us, is journalled as left, and the next start looks"),
    ] {
        sheet.labelled(Weight::Must, &key, text, look, Meaning::Text);
    }
    sheet
}

fn list(palette: &Palette, view: &View, model: &Model, look: &Look, body: Rect) -> Sheet {
    let mut sheet = Sheet::new("Run", body);
    field(&mut sheet, ":", palette.field.text(), true, look);
    let matches = palette.matches();
    if matches.is_empty() {
        sheet.text(Weight::Must, "no command is called that", look, Meaning::Muted);
    }
    let room = usize::from(body.height.saturating_sub(3)).max(1);
    let at = palette.at.min(matches.len().saturating_sub(1));
    let top = (at + 1).saturating_sub(room);
    for (n, command) in matches.into_iter().enumerate().skip(top).take(room) {
        let why = command.available(view, model).err();
        let name = if why.is_some() { Meaning::Dim } else { Meaning::Strong };
        let key = look.keymap.key(Layer::Main, command.verb).map(|key| key.to_string()).unwrap_or_default();
        let mark = if command.danger == Danger::Look { " " } else { "*" };
        let about = why.map_or_else(|| command.about.to_owned(), |why| format!("not now: {why}"));
        let style = |meaning| {
            let style = look.theme.style(meaning);
            if n == at { style.patch(look.theme.style(Meaning::Selected)) } else { style }
        };
        let cursor = if n == at { "▸" } else { " " };
        let room = sheet.width().saturating_sub(24);
        sheet.line(
            Weight::Must,
            vec![
                Span::styled(format!("{cursor} {:<12}{mark} ", command.name), style(name)),
                Span::styled(format!("{key:<7} "), style(Meaning::Key)),
                Span::styled(about.chars().take(room).collect::<String>(), style(Meaning::Muted)),
            ],
        );
    }
    sheet
}
