//! Arming: changes are allowed in this account and region only to somebody who writes which environment it is.

use super::field::Field;
use super::preview::PreviewBox;
use super::seen::Seen;
use crate::console::keys::{Key, Named};
use crate::console::model::Wall;

/// The question.
#[derive(Debug, Clone)]
pub struct Arm {
    /// The environment's name, which has to be typed.
    pub expected: String,
    /// What is typed.
    pub field: Field,
    /// Since when the question is on the screen.
    pub seen: Seen,
    /// What was refused.
    pub note: Option<String>,
    /// The preview that it was asked from, and goes back to.
    pub back: Option<Box<PreviewBox>>,
}

impl Arm {
    /// The question for an environment.
    pub fn new(expected: String, back: Option<Box<PreviewBox>>) -> Self {
        Self { expected, field: Field::default(), seen: Seen::default(), note: None, back }
    }

    /// Takes a key. Returns whether to arm.
    pub fn key(&mut self, key: Key, at: Wall) -> bool {
        self.note = None;
        if key != Key::named(Named::Enter) {
            self.field.key(key);
            return false;
        }
        if !self.seen.is_shown() {
            self.note = Some("the terminal is too small to show this question".to_owned());
        } else if !self.seen.enter(at) {
            self.note = Some("too soon: read it, then Enter once more".to_owned());
        } else if self.field.text().trim() != self.expected {
            self.note = Some(format!("to arm, type {}", self.expected));
        }
        self.note.is_none()
    }
}
