//! The foot of the screen: what was said last, and the keys in force, from the command table.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::commands::{COMMANDS, Layer, Verb};
use super::dialogs::Dialog;
use super::frame::Look;
use super::model::{Model, Tone};
use super::theme::Meaning;
use super::words;
use crate::live::View;

/// The status line: the filter while it is typed, else what was said last, else the filter in force.
pub fn status(_view: &View, model: &Model, look: &Look, area: Rect, buf: &mut Buffer) {
    let style = |meaning| look.theme.style(meaning);
    let matches = || format!("  {} of {}", model.rows().len(), words::several(model.known(), "group"));
    let line = if let Some(Dialog::Filter { field, .. }) = &model.dialog {
        Line::from(vec![
            Span::styled(" / ", style(Meaning::Key)),
            Span::styled(format!("{}█", field.text()), style(Meaning::Input)),
            Span::styled(matches(), style(Meaning::Muted)),
        ])
    } else if let Some(status) = &model.status {
        match status.tone {
            Tone::Plain => Line::from(Span::styled(format!(" {}", status.text), style(Meaning::Text))),
            Tone::Refused => Line::from(Span::styled(format!(" ▲ {}", status.text), style(Meaning::Warning))),
        }
    } else if model.filter.is_empty() {
        return;
    } else {
        Line::from(vec![
            Span::styled(" filter ", style(Meaning::Muted)),
            Span::styled(model.filter.clone(), style(Meaning::Input)),
            Span::styled(matches(), style(Meaning::Muted)),
        ])
    };
    draw(&line, area, buf);
}

/// What leads to everything else: the hint line always has room for it.
const WAYS_ON: [Verb; 2] = [Verb::Palette, Verb::Help];

/// The hint line: the keys of what can be done here, what cannot be had now dimmed. What does not fit is left out, whole
/// hints at a time, but never the ways to the rest.
pub fn hints(view: &View, model: &Model, look: &Look, area: Rect, buf: &mut Buffer) {
    let style = |meaning| look.theme.style(meaning);
    let mut line = Line::from(" ");
    let hint = |key: &str, word: &str, can: bool| {
        let (key_meaning, word_meaning) =
            if can { (Meaning::Key, Meaning::Muted) } else { (Meaning::Dim, Meaning::Dim) };
        [Span::styled(key.to_owned(), style(key_meaning)), Span::styled(format!(" {word}  "), style(word_meaning))]
    };
    // The two spaces behind the last one may be cut off.
    let width = usize::from(area.width) + 2;
    let layer = model.dialog.as_ref().map_or(Some(Layer::Main), Dialog::layer);
    match layer {
        None => {
            for (key, word) in [("enter", "accept"), ("esc", "back"), ("ctrl-u", "clear"), ("ctrl-c", "quit")] {
                line.spans.extend(hint(key, word, true));
            }
        }
        Some(layer) => {
            let mut hints: Vec<(bool, [Span<'_>; 2])> = Vec::new();
            for command in COMMANDS.iter().filter(|command| command.layers.contains(&layer)) {
                // There is nothing to go back from in a pane, where the line is full anyway.
                let back = layer == Layer::Main && command.hint == Some("back");
                let can = command.available(view, model).is_ok();
                // As a rule there is nothing to take back either.
                let idle = back || (command.verb == Verb::Undo && !can);
                if let (Some(word), Some(key), false) = (command.hint, look.keymap.key(layer, command.verb), idle) {
                    hints.push((WAYS_ON.contains(&command.verb), hint(&key.to_string(), word, can)));
                }
            }
            let wide = |hint: &[Span<'_>; 2]| hint.iter().map(Span::width).sum::<usize>();
            let mut kept: usize = hints.iter().filter(|(on, _)| *on).map(|(_, hint)| wide(hint)).sum();
            for (on, hint) in hints {
                if on {
                    kept -= wide(&hint);
                } else if line.width() + wide(&hint) + kept > width {
                    continue;
                }
                line.spans.extend(hint);
            }
        }
    }
    draw(&line, area, buf);
}

fn draw(line: &Line, area: Rect, buf: &mut Buffer) {
    if !area.is_empty() {
        buf.set_line(area.x, area.y, line, area.width);
    }
}
