//! Under way.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::console::{Look, Model};
use crate::live::View;

/// Draws the pane.
pub fn draw(_view: &View, _model: &Model, _look: &Look, _area: Rect, _buf: &mut Buffer) {}
