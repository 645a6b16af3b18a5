//! Which key means which command, by layer. The default comes from the command table; a file may change it, and a
//! mistake in a file is an error with its line and the nearest valid word, never a key that silently does nothing.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::commands::{COMMANDS, Danger, Layer, Verb, names, row};
use super::keys::{Key, Named};

/// The keys in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keymap {
    verbs: BTreeMap<(Layer, Key), Verb>,
    keys: BTreeMap<(Layer, Verb), Vec<Key>>,
}

/// The mistakes of a keymap file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeymapError {
    /// The file, as it was named.
    pub file: String,
    /// The mistakes, in the order of the file.
    pub problems: Vec<Problem>,
}

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong, and what would be right.
    pub what: String,
}

impl fmt::Display for KeymapError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, problem) in self.problems.iter().enumerate() {
            if n > 0 {
                writeln!(f)?;
            }
            write!(f, "{}:{}: {}", self.file, problem.line, problem.what)?;
        }
        Ok(())
    }
}

impl std::error::Error for KeymapError {}

/// These mean the same everywhere, whatever a file says, so that nobody locks themselves in.
const FIXED: [(Key, Verb); 2] = [(Key::named(Named::Esc), Verb::Back), (Key::ctrl('c'), Verb::Quit)];

/// What tmux, screen and vim users press without thinking: nothing that may write sits here.
const REFLEXES: [char; 7] = ['d', 'k', 'a', 'b', 'h', 'j', 'l'];

impl Default for Keymap {
    /// The keys of the command table.
    fn default() -> Self {
        let mut keys = BTreeMap::new();
        for command in COMMANDS {
            for layer in command.layers {
                // A test proves that every default key is one.
                keys.insert((*layer, command.verb), command.keys.iter().flat_map(|key| key.parse()).collect());
            }
        }
        Self::of(keys)
    }
}

impl Keymap {
    fn of(keys: BTreeMap<(Layer, Verb), Vec<Key>>) -> Self {
        let verbs = keys.iter().flat_map(|((layer, verb), keys)| keys.iter().map(|key| ((*layer, *key), *verb)));
        Self { verbs: verbs.collect(), keys }
    }

    /// What a key means in a layer.
    pub fn verb(&self, layer: Layer, key: Key) -> Option<Verb> {
        self.verbs.get(&(layer, key)).copied()
    }

    /// The keys of a command in a layer, the one to show first.
    pub fn keys(&self, layer: Layer, verb: Verb) -> impl Iterator<Item = Key> {
        self.keys.get(&(layer, verb)).into_iter().flatten().copied()
    }

    /// The key to show beside a command, where it has one.
    pub fn key(&self, layer: Layer, verb: Verb) -> Option<Key> {
        self.keys(layer, verb).next()
    }

    /// The names of the keymaps inside the program.
    pub const BUILTIN: &[&'static str] = &["default", "vim", "emacs"];

    /// A keymap of the program.
    ///
    /// # Errors
    /// There is none of that name; the error names those there are.
    pub fn builtin(name: &str) -> anyhow::Result<Self> {
        let text = match name {
            "default" => return Ok(Self::default()),
            "vim" => include_str!("../../keymaps/vim.toml"),
            "emacs" => include_str!("../../keymaps/emacs.toml"),
            _ => anyhow::bail!("no keymap `{name}`: there are {}, and .toml files", Self::BUILTIN.join(", ")),
        };
        Ok(Self::parse(text, &format!("keymaps/{name}.toml"))?)
    }

    /// Reads a keymap file: what it names is changed, everything else stays as it is by default.
    ///
    /// # Errors
    /// The file cannot be read, or has mistakes: a [`KeymapError`] with all of them.
    pub fn load(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|e| anyhow::anyhow!("{}: {e}", path.display()))?;
        Ok(Self::parse(&text, &path.display().to_string())?)
    }

    /// Reads the text of a keymap file; `file` is what mistakes are reported under.
    ///
    /// # Errors
    /// Every mistake in it: unknown layers, commands and keys, keys that mean two things, keys that must not be moved.
    pub fn parse(text: &str, file: &str) -> Result<Self, KeymapError> {
        let mut reader = Reader { text, problems: Vec::new(), lines: BTreeMap::new() };
        let mut keys = Self::default().keys;
        match DeTable::parse(text) {
            Ok(table) => {
                for (name, value) in table.get_ref() {
                    reader.layer(name.get_ref(), name.span().start, value.get_ref(), &mut keys);
                }
                reader.clashes(&keys);
            }
            Err(e) => reader.problem(e.span().map_or(0, |span| span.start), e.message().to_owned()),
        }
        reader.problems.sort_by_key(|problem| problem.line);
        if reader.problems.is_empty() {
            Ok(Self::of(keys))
        } else {
            Err(KeymapError { file: file.to_owned(), problems: reader.problems })
        }
    }

    /// This keymap as the text of a keymap file.
    pub fn to_toml(&self) -> String {
        let layers = Layer::ALL.map(|layer| {
            let mut text = format!("# {}.\n[{}]\n", layer.about(), layer.name());
            for command in COMMANDS.iter().filter(|command| command.layers.contains(&layer)) {
                let keys: Vec<String> =
                    self.keys(layer, command.verb).map(|key| toml::Value::from(key.to_string()).to_string()).collect();
                let _ = writeln!(text, "{} = [{}]", command.name, keys.join(", "));
            }
            text
        });
        layers.join("\n")
    }
}

struct Reader<'a> {
    text: &'a str,
    problems: Vec<Problem>,
    /// Where the file names a command of a layer.
    lines: BTreeMap<(Layer, Verb), usize>,
}

impl Reader<'_> {
    fn problem(&mut self, at: usize, what: String) {
        let line = 1 + self.text.bytes().take(at).filter(|byte| *byte == b'\n').count();
        self.problems.push(Problem { line, what });
    }

    fn layer(&mut self, name: &str, at: usize, value: &DeValue, keys: &mut BTreeMap<(Layer, Verb), Vec<Key>>) {
        let Some(layer) = Layer::ALL.into_iter().find(|layer| layer.name() == name) else {
            return self.problem(at, unknown("layer", name, Layer::ALL.map(Layer::name)));
        };
        let Some(table) = value.as_table() else {
            return self.problem(at, format!("`{name}` is a layer: write `[{name}]` and its commands below"));
        };
        for (command, bound) in table {
            let at = command.span().start;
            let here = COMMANDS.iter().filter(|row| row.layers.contains(&layer));
            let Some(row) = here.clone().find(|row| row.name == command.get_ref().as_ref()) else {
                let what = if names().any(|name| name == command.get_ref().as_ref()) {
                    format!("`{}` cannot be pressed in [{name}]", command.get_ref())
                } else {
                    unknown("command", command.get_ref(), here.map(|row| row.name))
                };
                self.problem(at, what);
                continue;
            };
            self.lines.insert((layer, row.verb), at);
            if let Some(list) = self.keys(bound.get_ref(), at) {
                keys.insert((layer, row.verb), list);
            }
        }
    }

    fn keys(&mut self, value: &DeValue, at: usize) -> Option<Vec<Key>> {
        let Some(list) = value.as_array() else {
            self.problem(at, "keys are a list: [\"s\", \"ctrl-r\"]".to_owned());
            return None;
        };
        let mut keys = Vec::new();
        for item in list {
            let text = item.get_ref().as_str().unwrap_or_default();
            match text.parse() {
                Ok(key) if keys.contains(&key) => self.problem(item.span().start, format!("`{key}` is named twice")),
                Ok(key) => keys.push(key),
                Err(_) => self.problem(item.span().start, unknown("key", text, Key::names())),
            }
        }
        Some(keys)
    }

    /// Keys that mean two things, and keys that must not be moved.
    fn clashes(&mut self, keys: &BTreeMap<(Layer, Verb), Vec<Key>>) {
        let mut taken: BTreeMap<(Layer, Key), Verb> = BTreeMap::new();
        for ((layer, verb), bound) in keys {
            let command = row(*verb);
            let at = self.lines.get(&(*layer, *verb)).copied();
            for key in bound {
                if let Some(other) = taken.insert((*layer, *key), *verb) {
                    let at = at.or_else(|| self.lines.get(&(*layer, other)).copied()).unwrap_or_default();
                    let other = row(other).name;
                    self.problem(at, format!("`{key}` would mean both `{other}` and `{}`", command.name));
                }
                let Some(at) = at else { continue };
                if let Some((_, owner)) = FIXED.iter().find(|(fixed, owner)| fixed == key && owner != verb) {
                    self.problem(at, format!("`{key}` always means `{}`", row(*owner).name));
                }
                if *layer == Layer::Preview && key.text().is_some_and(|c| c.is_ascii_digit()) {
                    self.problem(at, format!("`{key}`: digits set the count in the preview"));
                }
                if command.danger != Danger::Look && REFLEXES.iter().any(|c| *key == Key::ctrl(*c)) {
                    self.problem(
                        at,
                        format!(
                            "`{key}` is pressed by reflex: `{}` may lead to a change and cannot sit there",
                            command.name
                        ),
                    );
                }
                if command.danger == Danger::Destroy && key.text().is_some() {
                    self.problem(at, format!("`{key}`: `{}` needs a key with ctrl or alt", command.name));
                }
            }
            for (fixed, owner) in FIXED {
                if let Some(at) = at.filter(|_| owner == *verb && !bound.contains(&fixed)) {
                    self.problem(at, format!("`{}` must keep `{fixed}`", command.name));
                }
            }
        }
    }
}

/// "unknown command `scael`; nearest: `scale`".
fn unknown<'a>(kind: &str, text: &str, valid: impl IntoIterator<Item = &'a str>) -> String {
    let nearest = valid
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(name, text), name))
        .min()
        .filter(|(distance, name)| *distance <= 1 + name.len() / 3);
    match nearest {
        Some((_, name)) => format!("unknown {kind} `{text}`; nearest: `{name}`"),
        None => format!("unknown {kind} `{text}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistakes(text: &str) -> String {
        Keymap::parse(text, "my.toml").unwrap_err().to_string()
    }

    #[test]
    fn the_shipped_file_is_the_table() {
        let shipped = include_str!("../../keymaps/default.toml");
        assert_eq!(Keymap::parse(shipped, "default.toml"), Ok(Keymap::default()));
        assert!(
            shipped.ends_with(&Keymap::default().to_toml()),
            "write the table anew:\n{}",
            Keymap::default().to_toml()
        );
    }

    #[test]
    fn every_shipped_keymap_can_be_used() {
        for name in Keymap::BUILTIN {
            let keymap = Keymap::builtin(name).unwrap_or_else(|fault| panic!("{fault}"));
            for command in COMMANDS {
                let reachable = |layer: &Layer| keymap.keys(*layer, command.verb).next().is_some();
                let as_before = |layer: &Layer| command.keys.is_empty() || reachable(layer);
                assert!(command.layers.iter().all(as_before), "{name}: {} has lost its keys", command.name);
            }
        }
        assert_eq!(Keymap::builtin("vim").unwrap().verb(Layer::Main, Key::char('y')), Some(Verb::Copy));
        assert_eq!(
            Keymap::builtin("nano").unwrap_err().to_string(),
            "no keymap `nano`: there are default, vim, emacs, and .toml files"
        );
    }

    #[test]
    fn every_default_key_is_one_and_has_one_meaning() {
        for command in COMMANDS {
            assert!(command.keys.iter().all(|key| key.parse::<Key>().is_ok()), "{}", command.name);
        }
        let keymap = Keymap::default();
        let bound: usize = keymap.keys.values().map(Vec::len).sum();
        assert_eq!(bound, keymap.verbs.len(), "a key means two things in a layer");
    }

    #[test]
    fn a_file_changes_what_it_names_and_nothing_else() {
        let keymap = Keymap::parse("[main]\nscale = [\"x\", \"f5\"]\n", "my.toml").unwrap();
        assert_eq!(keymap.verb(Layer::Main, Key::char('x')), Some(Verb::Scale));
        assert_eq!(keymap.verb(Layer::Main, Key::char('s')), None);
        assert_eq!(keymap.verb(Layer::Main, Key::char('a')), Some(Verb::Accept));
    }

    #[test]
    fn two_commands_may_swap_their_keys() {
        let keymap = Keymap::parse("[main]\nscale = [\"a\"]\nadvice = [\"s\"]\n", "my.toml").unwrap();
        assert_eq!(keymap.verb(Layer::Main, Key::char('a')), Some(Verb::Scale));
        assert_eq!(keymap.verb(Layer::Main, Key::char('s')), Some(Verb::Accept));
    }

    #[test]
    fn mistakes_name_their_line_and_the_nearest_valid_word() {
        insta::assert_snapshot!(
            mistakes(
                "[mian]\n[main]\nscael = [\"x\"]\nmore = [\"x\"]\nfreeze = [\"entr\"]\nhelp = \"?\"\nwhy = [\"s\"]\n\
                 [preview]\nhold = [\"ctrl-d\"]\nfewer = [\"5\", \"5\"]\nback = [\"x\"]\nmore = [\"esc\"]\n"
            ),
            @r#"
        my.toml:1: unknown layer `mian`; nearest: `main`
        my.toml:3: unknown command `scael`; nearest: `scale`
        my.toml:4: `more` cannot be pressed in [main]
        my.toml:5: unknown key `entr`; nearest: `enter`
        my.toml:6: keys are a list: ["s", "ctrl-r"]
        my.toml:7: `s` would mean both `scale` and `why`
        my.toml:9: `ctrl-d` is pressed by reflex: `hold` may lead to a change and cannot sit there
        my.toml:10: `5` is named twice
        my.toml:10: `5`: digits set the count in the preview
        my.toml:11: `back` must keep `esc`
        my.toml:12: `esc` always means `back`
        "#
        );
        insta::assert_snapshot!(mistakes("[main]\nscale = [\"x\"\n"), @"my.toml:2: unclosed array, expected `]`");
    }
}
