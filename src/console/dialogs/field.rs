//! A line of text being typed. What is pasted becomes plain text in it, and never a key.

use unicode_width::UnicodeWidthChar;

use crate::console::keys::{Code, Key, Named};

/// The most characters a field takes.
pub const LONGEST: usize = 128;

/// A text field. The cursor is at its end.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Field {
    text: String,
}

impl Field {
    /// A field with a text in it.
    pub fn with(text: &str) -> Self {
        let mut field = Self::default();
        field.paste(text);
        field
    }

    /// What it holds.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Takes a key that edits. Returns whether it was one.
    pub fn key(&mut self, key: Key) -> bool {
        if let Some(c) = key.text() {
            self.push(c);
            return true;
        }
        match key {
            Key { code: Code::Named(Named::Backspace), .. } => {
                self.text.pop();
            }
            key if key == Key::ctrl('u') => self.text.clear(),
            key if key == Key::ctrl('w') => {
                let kept = self.text.trim_end().rfind(' ').map_or(0, |at| at + 1);
                self.text.truncate(kept);
            }
            _ => return false,
        }
        true
    }

    /// Takes a paste as plain text on one line; what does not fit is dropped unread.
    pub fn paste(&mut self, text: &str) {
        for c in text.trim().chars().take(LONGEST) {
            self.push(if c.is_whitespace() { ' ' } else { c });
        }
    }

    /// Controls, and marks that have no width of their own (those that turn the writing direction among them), would
    /// make the text look like another.
    fn push(&mut self, c: char) {
        if self.text.chars().count() < LONGEST && c.width().is_some_and(|width| width > 0) {
            self.text.push(c);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_paste_is_one_line_of_plain_text() {
        let mut field = Field::default();
        field.paste("  ai\u{1b}[31m\r\nservice\u{202e}\t8\n");
        assert_eq!(field.text(), "ai[31m  service 8");
    }

    #[test]
    fn a_huge_paste_is_bounded() {
        let mut field = Field::default();
        field.paste(&"x".repeat(100_000));
        assert_eq!(field.text().len(), LONGEST);
    }

    #[test]
    fn editing_keys() {
        let mut field = Field::with("scale ai-service");
        assert!(field.key(Key::ctrl('w')));
        assert_eq!(field.text(), "scale ");
        assert!(field.key(Key::named(Named::Backspace)));
        assert!(!field.key(Key::named(Named::Enter)));
        assert_eq!(field.text(), "scale");
        assert!(field.key(Key::ctrl('u')));
        assert_eq!(field.text(), "");
    }
}
