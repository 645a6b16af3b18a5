//! The palette: a command by its name.

use super::field::Field;
use crate::console::commands::{COMMANDS, Command, Layer, Verb, named};
use crate::console::keys::{Key, Named};

/// The palette.
#[derive(Debug, Clone, Default)]
pub struct Palette {
    /// What is typed.
    pub field: Field,
    /// Which of the matches is under the cursor.
    pub at: usize,
}

/// What a palette says to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// The command.
    pub verb: Verb,
    /// What was typed behind its name.
    pub argument: Option<String>,
}

impl Palette {
    /// The commands that what is typed may mean, the best first.
    pub fn matches(&self) -> Vec<&'static Command> {
        let typed = self.field.text().trim().to_lowercase();
        let word = typed.split_whitespace().next().unwrap_or_default();
        let mut found: Vec<(u8, &Command)> = COMMANDS
            .iter()
            .filter(|command| command.layers.contains(&Layer::Main))
            .filter_map(|command| Some((closeness(command, word, &typed)?, command)))
            .collect();
        found.sort_by_key(|(closeness, _)| *closeness);
        found.into_iter().map(|(_, command)| command).collect()
    }

    /// The match under the cursor.
    pub fn chosen(&self) -> Option<&'static Command> {
        let matches = self.matches();
        matches.get(self.at.min(matches.len().saturating_sub(1))).copied()
    }

    /// Takes a key. What comes back is to be run, and the palette closes.
    pub fn key(&mut self, key: Key) -> Option<Run> {
        let last = self.matches().len().saturating_sub(1);
        if key == Key::named(Named::Enter) {
            let command = self.chosen()?;
            let behind = self.field.text().trim().split_once(' ').map(|(_, rest)| rest.trim().to_owned());
            let argument = behind.filter(|_| self.names(command));
            return Some(Run { verb: command.verb, argument });
        } else if key == Key::named(Named::Down) || key == Key::named(Named::Tab) {
            self.at = (self.at + 1).min(last);
        } else if key == Key::named(Named::Up) || key == Key::named(Named::BackTab) {
            self.at = self.at.min(last).saturating_sub(1);
        } else if self.field.key(key) {
            self.at = 0;
        }
        None
    }

    fn names(&self, command: &Command) -> bool {
        let word = self.field.text().split_whitespace().next();
        word.and_then(|word| named(&word.to_lowercase())).is_some_and(|named| named.verb == command.verb)
    }
}

/// How well a command fits, small first; `None` when it does not.
fn closeness(command: &Command, word: &str, typed: &str) -> Option<u8> {
    let names = || std::iter::once(command.name).chain(command.aliases.iter().copied());
    if names().any(|name| name == word) {
        Some(0)
    } else if names().any(|name| name.starts_with(word)) {
        Some(1)
    } else if names().any(|name| name.contains(word)) {
        Some(2)
    } else if command.about.to_lowercase().contains(typed) {
        Some(3)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(text: &str) -> Palette {
        Palette { field: Field::with(text), at: 0 }
    }

    #[test]
    fn names_and_aliases_find_their_command() {
        for command in COMMANDS.iter().filter(|command| command.layers.contains(&Layer::Main)) {
            for name in std::iter::once(command.name).chain(command.aliases.iter().copied()) {
                assert_eq!(typed(name).chosen().unwrap().verb, command.verb, "{name}");
            }
        }
    }

    #[test]
    fn a_start_of_a_name_goes_before_a_word_of_a_description() {
        assert_eq!(typed("sc").chosen().unwrap().verb, Verb::Scale);
        assert_eq!(typed("polling").chosen().unwrap().verb, Verb::Freeze);
        assert!(typed("xyzzy thing").chosen().is_none());
    }

    #[test]
    fn an_argument_needs_its_command_spelt_out() {
        let enter = Key::named(Named::Enter);
        let run = typed("theme light").key(enter).unwrap();
        assert_eq!(run, Run { verb: Verb::Theme, argument: Some("light".to_owned()) });
        assert_eq!(typed("q").key(enter).unwrap().verb, Verb::Quit);
    }
}
