//! Themes: what a colour means, at whatever depth of colour the terminal has.
//!
//! Drawing names a [`Meaning`], never a colour. A theme is a TOML file that says how each meaning looks
//! (`themes/dark.toml` shows all of it); a meaning that a file leaves out looks like its parent, by the dots of its
//! name: `chart.line`, then `chart`, then `text`. Absent on purpose: places. No pane has a colour of its own.

mod depth;
mod file;

use std::collections::BTreeMap;
use std::path::Path;

use ratatui::style::{Modifier, Style};

pub use depth::{Depth, Ink};
pub use file::ThemeError;

macro_rules! meanings {
    ($($(#[$doc:meta])* $name:ident = $key:literal,)*) => {
        /// What a piece of the screen means.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Meaning { $($(#[$doc])* $name,)* }

        impl Meaning {
            /// Every meaning.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// Its name in a theme file.
            pub fn key(self) -> &'static str {
                match self { $(Self::$name => $key,)* }
            }
        }
    };
}

meanings! {
    /// What is read.
    Text = "text",
    /// Labels and remarks.
    Muted = "text.muted",
    /// Values older than twice their cadence, and what does not apply now.
    Dim = "text.dim",
    /// The number that matters in its line.
    Strong = "text.strong",
    /// The product, heads of panes and tables.
    Title = "title",
    /// Frames.
    Border = "border",
    /// The frame that has the keys.
    Focus = "border.focus",
    /// The row under the cursor; laid over the row's own meanings.
    Selected = "selected",
    /// A key that can be pressed.
    Key = "key",
    /// What is being typed.
    Input = "input",
    /// All is well.
    Ok = "severity.ok",
    /// The policy advises a change and nobody acts.
    Advice = "severity.advice",
    /// Not yet on fire.
    Warning = "severity.warning",
    /// On fire.
    Critical = "severity.critical",
    /// The data does not allow an answer.
    CannotTell = "severity.cannot-tell",
    /// AWS is acting.
    Acting = "acting",
    /// You are acting.
    ActingYou = "acting.you",
    /// Wanted, and held back.
    Blocked = "blocked",
    /// Where one is, when it is not production.
    Environment = "environment",
    /// Where one is, when it is production.
    Production = "environment.production",
    /// A drill: nothing here is real.
    Drill = "environment.drill",
    /// Changes cannot be sent.
    ReadOnly = "writes",
    /// Changes can be sent.
    Armed = "writes.armed",
    /// Changes can be sent to production.
    ArmedProduction = "writes.armed.production",
    /// Polling is paused.
    Paused = "paused",
    /// A metric's line.
    ChartLine = "chart.line",
    /// The minutes that are still being filled in.
    ChartPartial = "chart.line.partial",
    /// A threshold's line and name.
    ChartThreshold = "chart.threshold",
    /// Axis labels.
    ChartAxis = "chart.axis",
    /// Where capacity changed or a deployment began.
    Marker = "chart.marker",
    /// Where a chart is being read.
    ChartCursor = "chart.cursor",
}

/// How a meaning looks, before it is fitted to a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Look {
    /// The letters; `None` is the terminal's own.
    fg: Option<Ink>,
    /// The ground; `None` is the terminal's own.
    bg: Option<Ink>,
    /// Attributes where there are colours.
    with: Modifier,
    /// Attributes where there are none: these alone carry the meaning then.
    without: Modifier,
}

/// A theme, fitted to a depth of colour.
#[derive(Debug, Clone)]
pub struct Theme {
    name: String,
    depth: Depth,
    looks: BTreeMap<Meaning, Look>,
    styles: Vec<Style>,
    /// The terminal backgrounds it was made for.
    grounds: Vec<Ink>,
}

impl Theme {
    /// The names of the themes inside the program.
    pub const BUILTIN: &[&'static str] = &["dark", "light", "high-contrast", "colour-blind", "mono"];

    /// A theme of the program, in true colour.
    ///
    /// Errors: there is none of that name; the error names the nearest.
    pub fn builtin(name: &str) -> Result<Self, ThemeError> {
        file::builtin(name)
    }

    /// A theme from a file, in true colour. `inherits` in it names a theme of the program or a file beside it.
    ///
    /// Errors: the file cannot be read, or says something that is not understood; the error names the file, the line,
    /// the offending value and the nearest one that exists.
    pub fn load(path: &Path) -> Result<Self, ThemeError> {
        file::load(path)
    }

    /// The same theme for a terminal of another depth.
    #[must_use]
    pub fn at(mut self, depth: Depth) -> Self {
        self.depth = depth;
        self.styles = Meaning::ALL.iter().map(|meaning| depth.style(self.looks[meaning])).collect();
        self
    }

    /// How a meaning is drawn here.
    pub fn style(&self, meaning: Meaning) -> Style {
        self.styles[meaning as usize]
    }

    /// The theme's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it was made for a light background, by the first of the grounds its file names.
    pub fn is_light(&self) -> bool {
        self.grounds.first().is_some_and(|ground| {
            let (r, g, b) = ground.rgb;
            u32::from(r) * 299 + u32::from(g) * 587 + u32::from(b) * 114 > 128_000
        })
    }

    /// The background it was made for, of which a terminal has its own: red, green, blue. Black when its file names none.
    pub fn ground(&self) -> (u8, u8, u8) {
        self.grounds.first().map_or((0, 0, 0), |ground| ground.rgb)
    }

    /// The depth it is fitted to.
    pub fn depth(&self) -> Depth {
        self.depth
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn luminance(ink: Ink) -> f64 {
        let (r, g, b) = ink.rgb;
        let linear = |part: u8| {
            let part = f64::from(part) / 255.0;
            if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
    }

    /// WCAG 2.2's contrast ratio.
    fn contrast(a: Ink, b: Ink) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// Frames and lines are not read, only seen: WCAG asks 3 of them, and nothing of decoration.
    fn needed(meaning: Meaning) -> f64 {
        match meaning {
            Meaning::Border => 1.6,
            Meaning::ChartLine | Meaning::ChartPartial | Meaning::ChartCursor | Meaning::Focus => 3.0,
            _ => 4.5,
        }
    }

    #[test]
    fn every_meaning_of_every_theme_can_be_read_on_its_grounds() {
        for name in Theme::BUILTIN {
            let theme = Theme::builtin(name).unwrap();
            assert_eq!(theme.looks.len(), Meaning::ALL.len());
            assert_eq!(theme.is_light(), *name == "light");
            assert!(theme.grounds.len() > 1, "{name} names the grounds it was made for");
            let selected = theme.looks[&Meaning::Selected].bg.unwrap();
            for (meaning, look) in &theme.looks {
                let Some(fg) = look.fg else { continue };
                let grounds = look.bg.map_or_else(|| theme.grounds.clone(), |bg| vec![bg]);
                for ground in grounds {
                    let ratio = contrast(fg, ground);
                    assert!(ratio >= needed(*meaning), "{name}: {meaning:?} on {ground:?} is {ratio:.2}");
                }
                if look.bg.is_none() {
                    let ratio = contrast(fg, selected);
                    assert!(ratio >= needed(*meaning).min(4.0), "{name}: {meaning:?} selected is {ratio:.2}");
                }
            }
        }
    }

    #[test]
    fn severities_differ_from_each_other_at_every_depth() {
        use Meaning::{
            Advice, Armed, ArmedProduction, CannotTell, Critical, Muted, Ok, ReadOnly, Selected, Text, Warning,
        };
        for name in Theme::BUILTIN {
            for depth in [Depth::True, Depth::Ansi256, Depth::Ansi16] {
                let theme = Theme::builtin(name).unwrap().at(depth);
                let all = [Ok, Advice, Warning, Critical, CannotTell];
                for (at, a) in all.iter().enumerate() {
                    for b in &all[at + 1..] {
                        assert_ne!(theme.style(*a), theme.style(*b), "{name} {depth:?}: {a:?} and {b:?}");
                    }
                }
            }
            // Without colours the attributes must set apart what calls for action from what does not.
            let plain = Theme::builtin(name).unwrap().at(Depth::None);
            for meaning in Meaning::ALL {
                let style = plain.style(*meaning);
                assert_eq!((style.fg, style.bg), (None, None), "{name}: {meaning:?} has a colour without colours");
            }
            for loud in [Critical, Warning, Advice, Selected, Armed, ArmedProduction] {
                assert_ne!(plain.style(loud), plain.style(Text), "{name}: {loud:?}");
                assert_ne!(plain.style(loud), plain.style(Muted), "{name}: {loud:?}");
            }
            assert_ne!(plain.style(ReadOnly), plain.style(ArmedProduction));
        }
    }
}
