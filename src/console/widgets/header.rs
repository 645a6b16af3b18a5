//! Under way.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::console::{Look, Model};
use crate::live::View;

/// Draws the pane.
pub fn draw(_view: &View, _model: &Model, _look: &Look, _area: Rect, _buf: &mut Buffer) {}

/// Rows the header needs.
pub fn height(_view: &View, _model: &Model, _width: u16) -> u16 {
    2
}
