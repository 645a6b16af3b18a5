//! A key as people write it: `s`, `G`, `+`, `enter`, `pgdn`, `ctrl-r`.

use std::fmt;
use std::str::FromStr;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// A key press. Shift is part of the character (`A`), never a modifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// Which key.
    pub code: Code,
    /// Whether Ctrl was held.
    pub ctrl: bool,
    /// Whether Alt was held.
    pub alt: bool,
}

/// What the key is without its modifiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    /// A character.
    Char(char),
    /// A key with a name.
    Named(Named),
    /// F1 to F24.
    Function(u8),
}

macro_rules! named {
    ($($(#[$doc:meta])* $variant:ident = $name:literal <- $code:pat,)+) => {
        /// A key that has a name instead of a character.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Named { $($(#[$doc])* $variant,)+ }

        impl Named {
            const ALL: &[(Self, &str)] = &[$((Self::$variant, $name),)+];

            fn of(code: KeyCode) -> Option<Self> {
                match code {
                    $($code => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }
    };
}

named! {
    /// Enter.
    Enter = "enter" <- KeyCode::Enter,
    /// Escape.
    Esc = "esc" <- KeyCode::Esc,
    /// Backspace.
    Backspace = "backspace" <- KeyCode::Backspace,
    /// Tab.
    Tab = "tab" <- KeyCode::Tab,
    /// Shift-Tab.
    BackTab = "backtab" <- KeyCode::BackTab,
    /// Delete.
    Delete = "delete" <- KeyCode::Delete,
    /// Insert.
    Insert = "insert" <- KeyCode::Insert,
    /// Cursor up.
    Up = "up" <- KeyCode::Up,
    /// Cursor down.
    Down = "down" <- KeyCode::Down,
    /// Cursor left.
    Left = "left" <- KeyCode::Left,
    /// Cursor right.
    Right = "right" <- KeyCode::Right,
    /// Home.
    Home = "home" <- KeyCode::Home,
    /// End.
    End = "end" <- KeyCode::End,
    /// Page up.
    PageUp = "pgup" <- KeyCode::PageUp,
    /// Page down.
    PageDown = "pgdn" <- KeyCode::PageDown,
}

/// The name of the space bar, which cannot be written as itself.
const SPACE: &str = "space";

impl Key {
    /// A character without modifiers.
    pub const fn char(c: char) -> Self {
        Self { code: Code::Char(c), ctrl: false, alt: false }
    }

    /// A character with Ctrl.
    pub const fn ctrl(c: char) -> Self {
        Self { code: Code::Char(c), ctrl: true, alt: false }
    }

    /// A named key without modifiers.
    pub const fn named(named: Named) -> Self {
        Self { code: Code::Named(named), ctrl: false, alt: false }
    }

    /// What a terminal reported; `None` for keys that no command can have (lone modifiers, media keys).
    pub fn of(event: KeyEvent) -> Option<Self> {
        let ctrl = event.modifiers.contains(KeyModifiers::CONTROL);
        let alt = event.modifiers.contains(KeyModifiers::ALT);
        let code = match event.code {
            KeyCode::Char(c) if ctrl => Code::Char(c.to_ascii_lowercase()),
            KeyCode::Char(c) => Code::Char(c),
            KeyCode::F(number) => Code::Function(number),
            other => Code::Named(Named::of(other)?),
        };
        Some(Self { code, ctrl, alt })
    }

    /// The character this key writes into a text field, if it writes one.
    pub fn text(self) -> Option<char> {
        match self.code {
            Code::Char(c) if !self.ctrl && !self.alt && !c.is_control() => Some(c),
            _ => None,
        }
    }

    /// Every name there is, for the nearest one to a misspelt name.
    pub fn names() -> impl Iterator<Item = &'static str> {
        Named::ALL.iter().map(|(_, name)| *name).chain([SPACE])
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.ctrl {
            f.write_str("ctrl-")?;
        }
        if self.alt {
            f.write_str("alt-")?;
        }
        match self.code {
            Code::Char(' ') => f.write_str(SPACE),
            Code::Char(c) => write!(f, "{c}"),
            Code::Function(number) => write!(f, "f{number}"),
            Code::Named(named) => {
                let name = Named::ALL.iter().find(|(n, _)| *n == named).map_or("", |(_, name)| name);
                f.write_str(name)
            }
        }
    }
}

/// A name that is no key's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownKey;

impl FromStr for Key {
    type Err = UnknownKey;

    fn from_str(text: &str) -> Result<Self, UnknownKey> {
        let (mut ctrl, mut alt, mut rest) = (false, false, text);
        loop {
            if let Some(after) = rest.strip_prefix("ctrl-").filter(|after| !after.is_empty() && !ctrl) {
                (ctrl, rest) = (true, after);
            } else if let Some(after) = rest.strip_prefix("alt-").filter(|after| !after.is_empty() && !alt) {
                (alt, rest) = (true, after);
            } else {
                break;
            }
        }
        let mut chars = rest.chars();
        let code = match (chars.next(), chars.next()) {
            (Some(c), None) if !c.is_control() && !c.is_whitespace() => {
                Code::Char(if ctrl { c.to_ascii_lowercase() } else { c })
            }
            _ if rest == SPACE => Code::Char(' '),
            _ => match Named::ALL.iter().find(|(_, name)| *name == rest) {
                Some((named, _)) => Code::Named(*named),
                None => Code::Function(
                    rest.strip_prefix('f')
                        .and_then(|n| n.parse().ok())
                        .filter(|n| (1..=24).contains(n))
                        .ok_or(UnknownKey)?,
                ),
            },
        };
        Ok(Self { code, ctrl, alt })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_name_reads_back() {
        for name in Key::names().chain(["q", "G", "+", "-", "?", "ctrl-r", "alt-x", "ctrl-alt-pgdn", "f12", "é"]) {
            assert_eq!(name.parse::<Key>().unwrap().to_string(), name);
        }
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for name in ["", "entre", "ctrl-", "ctrl-ctrl-a", "f0", "f25", "fx", "ab", " "] {
            assert_eq!(name.parse::<Key>(), Err(UnknownKey), "{name:?}");
        }
    }

    #[test]
    fn a_control_character_is_no_text() {
        assert_eq!(Key::ctrl('m').text(), None);
        assert_eq!(Key::char('\u{1b}').text(), None);
        assert_eq!(Key::char('A').text(), Some('A'));
    }

    proptest! {
        #[test]
        fn reading_never_panics(text in ".*") {
            if let Ok(key) = text.parse::<Key>() {
                prop_assert_eq!(key.to_string().parse::<Key>(), Ok(key));
            }
        }
    }
}
