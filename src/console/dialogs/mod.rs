//! What lies over the pane and takes the keys. At most one; a preview that is being armed waits inside the question.

pub mod arm;
mod describe;
pub mod draw;
mod evidence;
pub mod field;
pub mod palette;
pub mod preview;
mod preview_draw;
pub mod reader;
pub mod seen;
mod sheet;
mod wrap;

pub use arm::Arm;
pub use field::Field;
pub use palette::Palette;
pub use preview::PreviewBox;
pub use reader::{Reader, Subject};
pub use seen::Seen;

use super::commands::Layer;
use crate::platform::GroupId;

/// A dialog.
#[derive(Debug, Clone)]
pub enum Dialog {
    /// The filter is being typed, at the foot of the screen; Esc restores what it was.
    Filter {
        /// What is typed.
        field: Field,
        /// What it was.
        before: String,
    },
    /// A command by its name.
    Palette(Palette),
    /// Something to read.
    Reader(Reader),
    /// The only way to a change.
    Preview(Box<PreviewBox>),
    /// Whether changes are to be allowed.
    Arm(Box<Arm>),
    /// On the way out with a change in flight: keep following, or leave.
    Leave,
}

impl Dialog {
    /// The layer whose keys are in force; `None` while text is typed.
    pub fn layer(&self) -> Option<Layer> {
        match self {
            Self::Filter { .. } | Self::Palette(_) | Self::Arm(_) => None,
            Self::Reader(_) => Some(Layer::Reader),
            Self::Preview(preview) => (*preview.stage() == preview::Stage::Edit).then_some(Layer::Preview),
            Self::Leave => Some(Layer::Leave),
        }
    }

    /// The group that a preview is open on: `live` reads it every few seconds.
    pub fn previewing(&self) -> Option<GroupId> {
        match self {
            Self::Preview(preview) => Some(preview.change().target()),
            Self::Arm(arm) => arm.back.as_ref().map(|preview| preview.change().target()),
            Self::Filter { .. } | Self::Palette(_) | Self::Reader(_) | Self::Leave => None,
        }
    }
}
