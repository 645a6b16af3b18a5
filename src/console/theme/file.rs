//! Theme files: read strictly, so that a slip is a message and not a colour that is silently wrong.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use ratatui::style::Modifier;
use thiserror::Error;
use toml::de::{DeTable, DeValue};

use super::depth::{ATTRIBUTES, SIXTEEN};
use super::{Depth, Ink, Look, Meaning, Theme};

/// The text of a theme of the program.
fn shipped(name: &str) -> Option<&'static str> {
    Some(match name {
        "dark" => include_str!("../../../themes/dark.toml"),
        "light" => include_str!("../../../themes/light.toml"),
        "high-contrast" => include_str!("../../../themes/high-contrast.toml"),
        "colour-blind" => include_str!("../../../themes/colour-blind.toml"),
        "mono" => include_str!("../../../themes/mono.toml"),
        _ => return None,
    })
}

/// The longest line of themes that inherit from each other.
const DEEPEST: usize = 8;

/// Why a theme cannot be used.
#[derive(Debug, Error)]
pub enum ThemeError {
    /// The file cannot be read.
    #[error("{}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// There is no theme of that name.
    #[error("no theme is called `{name}`{}", nearest_hint(nearest.as_deref()))]
    NoTheme {
        /// The name asked for.
        name: String,
        /// The nearest one that exists.
        nearest: Option<String>,
    },
    /// The file says something that is not understood.
    #[error("{file}:{line}: {message}")]
    Bad {
        /// The file.
        file: String,
        /// The line, counted from one.
        line: usize,
        /// What is wrong with which value, and the nearest one that would be right.
        message: String,
    },
}

fn nearest_hint(nearest: Option<&str>) -> String {
    nearest.map(|nearest| format!("; did you mean `{nearest}`?")).unwrap_or_default()
}

/// The known word nearest to a slip, if any is near.
fn nearest<'a>(slip: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .map(|word| (strsim::damerau_levenshtein(slip, word), word))
        .filter(|(distance, word)| *distance <= 1 + word.len() / 3)
        .min()
        .map(|(_, word)| word)
}

pub(super) fn builtin(name: &str) -> Result<Theme, ThemeError> {
    Draft::default().with_builtin(name).map(|draft| draft.finish(name))
}

pub(super) fn load(path: &Path) -> Result<Theme, ThemeError> {
    let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    Draft::default().with_file(path, 0).map(|draft| draft.finish(&name))
}

/// What the files of a line of inheritance have said so far; the parent is read first.
#[derive(Default)]
struct Draft {
    grounds: Vec<Ink>,
    palette: BTreeMap<String, Ink>,
    /// By the name of a meaning or of a family of them.
    colors: BTreeMap<String, Look>,
    bare: BTreeMap<String, Modifier>,
}

impl Draft {
    fn with_builtin(self, name: &str) -> Result<Self, ThemeError> {
        let nearest = || nearest(name, Theme::BUILTIN.iter().copied()).map(str::to_owned);
        let text = shipped(name).ok_or_else(|| ThemeError::NoTheme { name: name.to_owned(), nearest: nearest() })?;
        self.with_text(text, &format!("themes/{name}.toml"), None, 0)
    }

    fn with_file(self, path: &Path, depth: usize) -> Result<Self, ThemeError> {
        let text =
            std::fs::read_to_string(path).map_err(|source| ThemeError::Read { path: path.to_owned(), source })?;
        self.with_text(&text, &path.display().to_string(), path.parent(), depth)
    }

    fn with_text(mut self, text: &str, file: &str, folder: Option<&Path>, depth: usize) -> Result<Self, ThemeError> {
        let page = Page { file, text };
        let table = DeTable::parse(text)
            .map_err(|error| page.bad(error.span().unwrap_or_default(), error.message().to_owned()))?
            .into_inner();
        let known = ["inherits", "grounds", "palette", "meanings", "no-color"];
        for key in table.keys() {
            page.known("key", key.get_ref(), key.span(), known.into_iter())?;
        }
        if let Some(value) = table.get("inherits") {
            let parent = page.string(value.get_ref(), value.span())?;
            self = self.with_parent(parent, folder, depth).map_err(|error| match error {
                ThemeError::NoTheme { .. } | ThemeError::Read { .. } => page.bad(value.span(), error.to_string()),
                other @ ThemeError::Bad { .. } => other,
            })?;
        }
        if let Some(value) = table.get("grounds") {
            let words = page.string(value.get_ref(), value.span())?;
            self.grounds.clear();
            for word in words.split_whitespace() {
                self.grounds.push(self.ink(&page, word, value.span())?);
            }
        }
        for (key, value, span) in page.section(&table, "palette")? {
            let ink = palette_entry(&page, value, span)?;
            self.palette.insert(key.0.to_owned(), ink);
        }
        for (key, value, span) in page.section(&table, "meanings")? {
            page.meaning(key.0, key.1)?;
            let look = self.look(&page, value, span)?;
            self.colors.insert(key.0.to_owned(), look);
        }
        for (key, value, span) in page.section(&table, "no-color")? {
            page.meaning(key.0, key.1)?;
            let mut attributes = Modifier::empty();
            for word in value.split_whitespace() {
                attributes |= attribute(word).ok_or_else(|| {
                    page.unknown("attribute", word, span.clone(), ATTRIBUTES.iter().map(|(name, _)| *name))
                })?;
            }
            self.bare.insert(key.0.to_owned(), attributes);
        }
        Ok(self)
    }

    fn with_parent(self, parent: &str, folder: Option<&Path>, depth: usize) -> Result<Self, ThemeError> {
        let beside = folder.map(|folder| folder.join(format!("{parent}.toml"))).filter(|path| path.exists());
        match beside {
            _ if Theme::BUILTIN.contains(&parent) => self.with_builtin(parent),
            Some(path) if depth < DEEPEST => self.with_file(&path, depth + 1),
            Some(_) => Err(ThemeError::NoTheme { name: format!("{parent} (it inherits from itself)"), nearest: None }),
            None => self.with_builtin(parent),
        }
    }

    /// `ink`, `ink on paper`, `ink on paper bold underline`, `bold`.
    fn look(&self, page: &Page<'_>, words: &str, span: Range<usize>) -> Result<Look, ThemeError> {
        let mut look = Look::default();
        let mut on = false;
        for word in words.split_whitespace() {
            if word == "on" {
                on = true;
            } else if let Some(attribute) = attribute(word) {
                look.with |= attribute;
            } else if on {
                look.bg = Some(self.ink(page, word, span.clone())?);
            } else {
                look.fg = Some(self.ink(page, word, span.clone())?);
            }
        }
        Ok(look)
    }

    fn ink(&self, page: &Page<'_>, word: &str, span: Range<usize>) -> Result<Ink, ThemeError> {
        if word.starts_with('#') {
            return hex(word).map(|rgb| Ink { rgb, ansi: None }).ok_or_else(|| page.bad(span, not_a_color(word)));
        }
        let known = self.palette.keys().map(String::as_str).chain(ATTRIBUTES.iter().map(|(name, _)| *name));
        self.palette.get(word).copied().ok_or_else(|| page.unknown("colour or attribute", word, span, known))
    }

    fn finish(self, name: &str) -> Theme {
        let mut looks = BTreeMap::new();
        for meaning in Meaning::ALL {
            let mut look = nearest_said(&self.colors, *meaning).unwrap_or_default();
            // A parent's attributes carry over only where no nearer word on colourless terminals was given.
            look.without = nearest_said(&self.bare, *meaning).unwrap_or(look.with);
            looks.insert(*meaning, look);
        }
        let theme =
            Theme { name: name.to_owned(), depth: Depth::True, looks, styles: Vec::new(), grounds: self.grounds };
        theme.at(Depth::True)
    }
}

/// What is said of a meaning, or of the nearest of its parents.
fn nearest_said<T: Copy>(said: &BTreeMap<String, T>, meaning: Meaning) -> Option<T> {
    let mut key = meaning.key();
    loop {
        match (said.get(key), key.rsplit_once('.')) {
            (Some(found), _) => return Some(*found),
            (None, Some((parent, _))) => key = parent,
            (None, None) => return said.get(Meaning::Text.key()).copied(),
        }
    }
}

fn attribute(word: &str) -> Option<Modifier> {
    ATTRIBUTES.iter().find(|(name, _)| *name == word).map(|(_, attribute)| *attribute)
}

fn hex(word: &str) -> Option<(u8, u8, u8)> {
    let digits = word.strip_prefix('#').filter(|digits| digits.len() == 6 && digits.is_ascii())?;
    let part = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).ok();
    Some((part(0)?, part(2)?, part(4)?))
}

fn not_a_color(word: &str) -> String {
    format!("`{word}` is not a colour; write it as in `#d7dde5`")
}

/// `#rrggbb name`, where the name is one of the sixteen, or `none`.
fn palette_entry(page: &Page<'_>, words: &str, span: Range<usize>) -> Result<Ink, ThemeError> {
    let (value, name) = words.split_once(' ').unwrap_or((words, "none"));
    let rgb = hex(value).ok_or_else(|| page.bad(span.clone(), not_a_color(value)))?;
    if name == "none" {
        return Ok(Ink { rgb, ansi: None });
    }
    let known = SIXTEEN.iter().find(|(known, _)| *known == name.trim());
    let names = SIXTEEN.iter().map(|(name, _)| *name);
    let (_, color) = known.ok_or_else(|| page.unknown("of the sixteen colours", name.trim(), span, names))?;
    Ok(Ink { rgb, ansi: Some(*color) })
}

/// A file's text, for errors that point into it.
struct Page<'a> {
    file: &'a str,
    text: &'a str,
}

/// A key with its place, a value, and the value's place.
type Entry<'t> = ((&'t str, Range<usize>), &'t str, Range<usize>);

impl Page<'_> {
    fn bad(&self, span: Range<usize>, message: String) -> ThemeError {
        let before = self.text.as_bytes().iter().take(span.start);
        let line = 1 + before.filter(|byte| **byte == b'\n').count();
        ThemeError::Bad { file: self.file.to_owned(), line, message }
    }

    fn unknown<'k>(
        &self,
        what: &str,
        word: &str,
        span: Range<usize>,
        known: impl Iterator<Item = &'k str>,
    ) -> ThemeError {
        self.bad(span, format!("unknown {what} `{word}`{}", nearest_hint(nearest(word, known))))
    }

    fn known<'k>(
        &self,
        what: &str,
        word: &str,
        span: Range<usize>,
        mut known: impl Iterator<Item = &'k str> + Clone,
    ) -> Result<(), ThemeError> {
        if known.clone().any(|known| known == word) {
            return Ok(());
        }
        Err(self.unknown(what, word, span, known.by_ref()))
    }

    /// A meaning, or a family of them: `chart` is the parent of `chart.line` without being one itself.
    fn meaning(&self, key: &str, span: Range<usize>) -> Result<(), ThemeError> {
        let known = || Meaning::ALL.iter().map(|meaning| meaning.key());
        let found =
            known().any(|name| name.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')));
        if found { Ok(()) } else { Err(self.unknown("meaning", key, span, known())) }
    }

    fn string<'t>(&self, value: &'t DeValue<'_>, span: Range<usize>) -> Result<&'t str, ThemeError> {
        match value {
            DeValue::String(text) => Ok(text),
            other => Err(self.bad(span, format!("`{}` has to be a text in quotes", other.type_str()))),
        }
    }

    fn section<'t>(&self, table: &'t DeTable<'_>, name: &str) -> Result<Vec<Entry<'t>>, ThemeError> {
        let Some(value) = table.get(name) else { return Ok(Vec::new()) };
        let DeValue::Table(entries) = value.get_ref() else {
            return Err(self.bad(value.span(), format!("`{name}` has to be a table: `[{name}]`")));
        };
        let read = entries.iter().map(|(key, value)| {
            let text = match value.get_ref() {
                // A name with dots that is not quoted is a table of its own in TOML.
                DeValue::Table(_) => {
                    Err(self.bad(key.span(), format!("quote the name that begins with `{}`", key.get_ref())))
                }
                other => self.string(other, value.span()),
            }?;
            Ok(((key.get_ref().as_ref(), key.span()), text, value.span()))
        });
        read.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(text: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mine.toml");
        std::fs::write(&path, text).unwrap();
        (folder, path)
    }

    #[test]
    fn a_slip_is_named_with_its_line_and_the_nearest_word() {
        let cases = [
            ("inherits = \"drak\"", "mine.toml:1: no theme is called `drak`; did you mean `dark`?"),
            ("inherits = \"dark\"\n[meaning]\n", "mine.toml:2: unknown key `meaning`; did you mean `meanings`?"),
            (
                "inherits = \"dark\"\n[meanings]\n\"severity.critcal\" = \"bold\"",
                "mine.toml:3: unknown meaning `severity.critcal`; did you mean `severity.critical`?",
            ),
            (
                "[palette]\nink = \"#ffffff white\"\n[meanings]\ntext = \"inc bold\"",
                "mine.toml:4: unknown colour or attribute `inc`; did you mean `ink`?",
            ),
            ("[palette]\nink = \"#fff\"", "mine.toml:2: `#fff` is not a colour; write it as in `#d7dde5`"),
            (
                "[palette]\nink = \"#ffffff wite\"",
                "mine.toml:2: unknown of the sixteen colours `wite`; did you mean `white`?",
            ),
            ("[no-color]\ntext = \"blod\"", "mine.toml:2: unknown attribute `blod`; did you mean `bold`?"),
            ("[meanings]\ntext.muted = \"bold\"", "mine.toml:2: quote the name that begins with `text`"),
            ("[meanings]\ntext = 3", "mine.toml:2: `integer` has to be a text in quotes"),
            ("inherits = \"mine\"", "it inherits from itself"),
            ("[meanings", "mine.toml:1: "),
        ];
        for (text, wanted) in cases {
            let (_folder, path) = write(text);
            let message = Theme::load(&path).unwrap_err().to_string();
            assert!(message.contains(wanted), "{text}\n  says {message}\n  not  {wanted}");
        }
        let unknown = Theme::builtin("ligth").unwrap_err().to_string();
        assert_eq!(unknown, "no theme is called `ligth`; did you mean `light`?");
        assert!(matches!(Theme::load(Path::new("/nowhere/x.toml")), Err(ThemeError::Read { .. })));
    }

    #[test]
    fn a_file_overrides_what_it_names_and_inherits_the_rest() {
        let text = "inherits = \"dark\"\n[palette]\nred = \"#ff0000 red\"\n[meanings]\n\"chart.line\" = \"red bold\"";
        let (_folder, path) = write(text);
        let (mine, dark) = (Theme::load(&path).unwrap(), Theme::builtin("dark").unwrap());
        assert_eq!(mine.name(), "mine");
        assert_eq!(mine.style(Meaning::Text), dark.style(Meaning::Text));
        assert_ne!(mine.style(Meaning::ChartLine), dark.style(Meaning::ChartLine));
    }

    #[test]
    fn what_a_file_leaves_out_looks_like_its_parent() {
        let (_folder, path) =
            write("[palette]\na = \"#010101\"\nb = \"#020202\"\n[meanings]\ntext = \"a\"\n\"chart.line\" = \"b\"");
        let theme = Theme::load(&path).unwrap();
        assert_eq!(theme.style(Meaning::ChartPartial), theme.style(Meaning::ChartLine));
        assert_eq!(theme.style(Meaning::Critical), theme.style(Meaning::Text));
    }
}
