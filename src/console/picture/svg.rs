//! A screen as SVG. Every run of cells says how wide it is, so that columns stand under each other in any font.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use unicode_width::UnicodeWidthStr as _;

use crate::console::Theme;
use crate::console::theme::Meaning;

/// Width and height of a cell, and where in it the letters stand, in pixels.
const CELL: (f64, f64) = (8.43, 18.0);
const BASELINE: f64 = 13.5;
const MARGIN: f64 = 10.0;

type Rgb = (u8, u8, u8);

/// How a cell looks, with nothing left to the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Looks {
    ink: Rgb,
    ground: Rgb,
    attributes: Modifier,
}

impl Looks {
    /// How the letters look, in CSS.
    fn rule(self) -> String {
        let table = [
            (Modifier::BOLD, "; font-weight: bold"),
            (Modifier::DIM, "; opacity: 0.7"),
            (Modifier::ITALIC, "; font-style: italic"),
            (Modifier::UNDERLINED, "; text-decoration: underline"),
            (Modifier::CROSSED_OUT, "; text-decoration: line-through"),
        ];
        let attributes = table.iter().filter(|(one, _)| self.attributes.contains(*one)).map(|(_, rule)| *rule);
        format!("fill: {}{}", hex(self.ink), attributes.collect::<String>())
    }
}

/// Neighbouring cells that look the same.
#[derive(Debug)]
struct Run {
    column: u16,
    width: u16,
    text: String,
    looks: Looks,
    /// Whether it is ASCII: other signs may come from another font, and are stretched on their own.
    plain: bool,
}

impl Run {
    /// Whether there is nothing to see but its ground.
    fn blank(&self) -> bool {
        self.text.trim().is_empty() && !self.looks.attributes.intersects(LINES)
    }
}

/// The attributes that show on a space.
const LINES: Modifier = Modifier::UNDERLINED.union(Modifier::CROSSED_OUT);

/// The screen as an SVG document in the theme's colours.
pub(super) fn of(buf: &Buffer, theme: &Theme) -> String {
    let ground = theme.ground();
    let ink = rgb(theme.style(Meaning::Text).fg.unwrap_or_default(), (0x80, 0x80, 0x80));
    let rows: Vec<Vec<Run>> = (0..buf.area.height).map(|row| runs(buf, row, ink, ground)).collect();
    let rules: BTreeSet<String> = rows.iter().flatten().map(|run| run.looks.rule()).collect();
    let classes: BTreeMap<&str, usize> = rules.iter().map(String::as_str).zip(0..).collect();
    let (width, height) = (f64::from(buf.area.width) * CELL.0, f64::from(buf.area.height) * CELL.1);
    let (width, height) = (2.0f64.mul_add(MARGIN, width).ceil(), 2.0f64.mul_add(MARGIN, height).ceil());
    let mut out = String::new();
    let _ = writeln!(
        out,
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">"#
    );
    let _ = writeln!(out, "<style>");
    let _ = writeln!(
        out,
        "text {{ font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, 'Liberation Mono', 'DejaVu Sans Mono', \
         monospace; white-space: pre }}"
    );
    for (rule, number) in &classes {
        let _ = writeln!(out, ".c{number} {{ {rule} }}");
    }
    let _ = writeln!(out, "</style>");
    let _ = writeln!(out, r#"<rect width="100%" height="100%" rx="6" fill="{}"/>"#, hex(ground));
    for (row, runs) in rows.iter().enumerate() {
        let top = (row as f64).mul_add(CELL.1, MARGIN);
        for run in runs.iter().filter(|run| run.looks.ground != ground) {
            let (x, wide) = (across(run.column), f64::from(run.width) * CELL.0);
            let fill = hex(run.looks.ground);
            let _ = writeln!(
                out,
                r#"<rect x="{x:.1}" y="{top:.1}" width="{wide:.1}" height="{:.1}" fill="{fill}"/>"#,
                CELL.1
            );
        }
        let y = top + BASELINE;
        for run in runs.iter().filter(|run| !run.blank()) {
            let (x, wide) = (across(run.column), f64::from(run.width) * CELL.0);
            let class = classes[run.looks.rule().as_str()];
            let _ = writeln!(
                out,
                r#"<text class="c{class}" x="{x:.1}" y="{y:.1}" textLength="{wide:.1}" lengthAdjust="spacingAndGlyphs" xml:space="preserve">{}</text>"#,
                escaped(&run.text)
            );
        }
    }
    let _ = writeln!(out, "</svg>");
    out
}

fn across(column: u16) -> f64 {
    f64::from(column).mul_add(CELL.0, MARGIN)
}

/// The runs of a row, from left to right.
fn runs(buf: &Buffer, row: u16, ink: Rgb, ground: Rgb) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut column = 0;
    while column < buf.area.width {
        let cell = &buf[(buf.area.x + column, buf.area.y + row)];
        let (text, looks) = (cell.symbol(), looks(cell, ink, ground));
        let width = u16::try_from(text.width()).unwrap_or(1).max(1);
        let plain = text.is_ascii();
        match runs.last_mut() {
            Some(run) if run.looks == looks && run.plain == plain => {
                run.text.push_str(text);
                run.width += width;
            }
            _ => runs.push(Run { column, width, text: text.to_owned(), looks, plain }),
        }
        column += width;
    }
    runs
}

fn looks(cell: &Cell, ink: Rgb, ground: Rgb) -> Looks {
    let (mut ink, mut ground) = (rgb(cell.fg, ink), rgb(cell.bg, ground));
    if cell.modifier.contains(Modifier::REVERSED) {
        std::mem::swap(&mut ink, &mut ground);
    }
    Looks { ink, ground, attributes: cell.modifier - Modifier::REVERSED }
}

/// The exact colour; what a terminal would choose by itself is the theme's.
fn rgb(color: Color, default: Rgb) -> Rgb {
    match color {
        Color::Rgb(r, g, b) => (r, g, b),
        _ => default,
    }
}

fn hex((r, g, b): Rgb) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;

    #[test]
    fn a_run_ends_where_looks_or_letters_change() {
        let mut buf = Buffer::empty(Rect::new(0, 0, 20, 1));
        let red = Style::new().fg(Color::Rgb(255, 0, 0));
        buf.set_string(0, 0, "a & b", Style::new());
        buf.set_string(5, 0, "──", Style::new());
        buf.set_string(7, 0, "6", red);
        buf.set_string(8, 0, "日", red);
        let black = (0, 0, 0);
        let found: Vec<_> =
            runs(&buf, 0, black, black).into_iter().map(|run| (run.column, run.width, run.text)).collect();
        let expected = [(0, 5, "a & b"), (5, 2, "──"), (7, 1, "6"), (8, 2, "日"), (10, 10, "          ")];
        assert_eq!(found, expected.map(|(column, width, text)| (column, width, text.to_owned())));
    }

    #[test]
    fn a_document_holds_letters_colours_and_grounds() {
        let theme = Theme::builtin("light").unwrap();
        let mut buf = Buffer::empty(Rect::new(0, 0, 12, 2));
        buf.set_string(0, 0, "<drill>", Style::new().bg(Color::Rgb(1, 2, 3)));
        buf.set_string(0, 1, "bold", Style::new().add_modifier(Modifier::BOLD | Modifier::REVERSED));
        let svg = of(&buf, &theme);
        for part in [">&lt;drill&gt;</text>", r##"fill="#010203""##, "font-weight: bold", r##"rx="6" fill="#ffffff""##]
        {
            assert!(svg.contains(part), "{part}: {svg}");
        }
        assert_eq!(svg.matches("<text ").count(), 2, "spaces are not drawn: {svg}");
        assert_eq!(svg.matches("<rect ").count(), 3, "the screen's and two grounds: {svg}");
    }
}
