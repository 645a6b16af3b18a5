//! How many colours a terminal has, and what becomes of a colour on it.

use ratatui::style::{Color, Modifier, Style};

use super::Look;

/// A colour: its exact value, and its name among the terminal's own sixteen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ink {
    /// Red, green, blue.
    pub rgb: (u8, u8, u8),
    /// What it is on sixteen colours; `None` is left out there, and the meaning's attributes step in.
    pub ansi: Option<Color>,
}

/// How many colours a terminal has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// None, or none are wanted (`NO_COLOR`): attributes alone.
    None,
    /// The terminal's own sixteen.
    Ansi16,
    /// The 256 of xterm.
    Ansi256,
    /// 24 bits.
    True,
}

impl Depth {
    /// Reads the depth from the environment: `NO_COLOR` (<https://no-color.org>), then `TERM=dumb`, `COLORTERM`, and the
    /// suffix of `TERM`.
    pub fn detect(variable: impl Fn(&str) -> Option<String>) -> Self {
        let get = |name: &str| variable(name).unwrap_or_default();
        let (term, colors) = (get("TERM"), get("COLORTERM"));
        if !get("NO_COLOR").is_empty() || term == "dumb" {
            Self::None
        } else if matches!(colors.as_str(), "truecolor" | "24bit") || term.ends_with("-direct") {
            Self::True
        } else if term.contains("256color") {
            Self::Ansi256
        } else {
            Self::Ansi16
        }
    }

    /// A look on a terminal of this depth.
    pub(super) fn style(self, look: Look) -> Style {
        let style = Style { fg: self.color(look.fg), bg: self.color(look.bg), ..Style::new() };
        // A ground that these colours do not have takes the attributes' help: a selected row is reversed instead.
        let bare = self == Self::None || (look.bg.is_some() && style.bg.is_none());
        style.add_modifier(if bare { look.without } else { look.with })
    }

    fn color(self, ink: Option<Ink>) -> Option<Color> {
        let ink = ink?;
        match self {
            Self::None => None,
            Self::Ansi16 => ink.ansi,
            Self::Ansi256 => Some(Color::Indexed(nearest_256(ink.rgb))),
            Self::True => Some(Color::Rgb(ink.rgb.0, ink.rgb.1, ink.rgb.2)),
        }
    }
}

/// The attributes a theme may name.
pub(super) const ATTRIBUTES: &[(&str, Modifier)] = &[
    ("bold", Modifier::BOLD),
    ("dim", Modifier::DIM),
    ("italic", Modifier::ITALIC),
    ("underline", Modifier::UNDERLINED),
    ("reverse", Modifier::REVERSED),
];

/// The sixteen colours by name.
pub(super) const SIXTEEN: &[(&str, Color)] = &[
    ("black", Color::Black),
    ("red", Color::Red),
    ("green", Color::Green),
    ("yellow", Color::Yellow),
    ("blue", Color::Blue),
    ("magenta", Color::Magenta),
    ("cyan", Color::Cyan),
    ("white", Color::Gray),
    ("bright-black", Color::DarkGray),
    ("bright-red", Color::LightRed),
    ("bright-green", Color::LightGreen),
    ("bright-yellow", Color::LightYellow),
    ("bright-blue", Color::LightBlue),
    ("bright-magenta", Color::LightMagenta),
    ("bright-cyan", Color::LightCyan),
    ("bright-white", Color::White),
];

/// The nearest of xterm's 6×6×6 cube and 24 greys. The first sixteen are the user's own and therefore not known.
fn nearest_256(rgb: (u8, u8, u8)) -> u8 {
    const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    let nearest_step = |part: u8| {
        let distance = |at: &usize| STEPS[*at].abs_diff(part);
        (0..STEPS.len()).min_by_key(distance).unwrap_or(0)
    };
    let (r, g, b) = (nearest_step(rgb.0), nearest_step(rgb.1), nearest_step(rgb.2));
    let mean = (u32::from(rgb.0) + u32::from(rgb.1) + u32::from(rgb.2)) / 3;
    let grey = (mean.saturating_sub(3) / 10).min(23) as u8;
    let level = 8 + 10 * grey;
    if distance(rgb, (level, level, level)) < distance(rgb, (STEPS[r], STEPS[g], STEPS[b])) {
        232 + grey
    } else {
        (16 + 36 * r + 6 * g + b) as u8
    }
}

fn distance(a: (u8, u8, u8), b: (u8, u8, u8)) -> u32 {
    let square = |a: u8, b: u8| u32::from(a.abs_diff(b)).pow(2);
    square(a.0, b.0) + square(a.1, b.1) + square(a.2, b.2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_says_how_many_colours() {
        let cases: &[(&[(&str, &str)], Depth)] = &[
            (&[], Depth::Ansi16),
            (&[("TERM", "xterm")], Depth::Ansi16),
            (&[("TERM", "dumb"), ("COLORTERM", "truecolor")], Depth::None),
            (&[("TERM", "xterm-256color")], Depth::Ansi256),
            (&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")], Depth::True),
            (&[("TERM", "xterm-direct")], Depth::True),
            (&[("TERM", "xterm-256color"), ("COLORTERM", "24bit"), ("NO_COLOR", "1")], Depth::None),
            (&[("TERM", "xterm-256color"), ("NO_COLOR", "")], Depth::Ansi256),
        ];
        for (variables, wanted) in cases {
            let get =
                |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
            assert_eq!(Depth::detect(get), *wanted, "{variables:?}");
        }
    }

    #[test]
    fn known_colours_find_their_256() {
        let cases = [
            ((0, 0, 0), 16),
            ((255, 255, 255), 231),
            ((255, 0, 0), 196),
            ((128, 128, 128), 244),
            ((8, 8, 8), 232),
            ((95, 135, 175), 67),
        ];
        for (rgb, index) in cases {
            assert_eq!(nearest_256(rgb), index, "{rgb:?}");
        }
    }
}
