//! The frame around a part of a pane, with its name.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::{Block, BorderType, Widget};

use super::Phrase;
use crate::console::theme::{Meaning, Theme};

/// Draws a frame with a name, and returns the room inside it. A room too small for a frame is returned as it is.
pub fn draw(theme: &Theme, name: &Phrase, focus: bool, room: Rect, buf: &mut Buffer) -> Rect {
    let room = room.intersection(buf.area);
    if room.width < 4 || room.height < 3 {
        return room;
    }
    let meaning = if focus { Meaning::Focus } else { Meaning::Border };
    let block = Block::bordered().border_type(BorderType::Rounded).border_style(theme.style(meaning));
    let inside = block.inner(room);
    block.render(room, buf);
    if !name.is_empty() {
        let name = Phrase::new().say(Meaning::Text, " ").then(name.clone()).say(Meaning::Text, " ");
        name.draw(theme, Rect { x: room.x + 1, width: room.width - 2, height: 1, ..room }, buf);
    }
    inside
}
