//! Numbers, times and names in the words of a screen – and the one gate through which foreign text reaches it.
//!
//! Text that comes from AWS is hostile until it is [`Clean`]: widgets take nothing else, and only [`clean`] makes one
//! from text that is not part of the program. Absent on purpose: clocks, colours, layout.

use std::borrow::Cow;
use std::fmt;

use jiff::Timestamp;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::platform::metric::Unit;

/// The most columns that one piece of foreign text may fill, wherever it is drawn.
pub const LONGEST: usize = 512;

/// Makes text safe for a terminal: every character that would move the cursor, start an escape sequence, reorder, hide
/// or leave no trace is replaced by a visible one, and what is wider than [`LONGEST`] ends in `…`.
///
/// C0 controls become their pictures (`␛` for ESC), tabs and line ends become `␣`, everything else that cannot be seen
/// becomes its code point, as in `⟨202E⟩`. Text that needs nothing is borrowed. Work is bounded by [`LONGEST`].
pub fn clean(text: &str) -> Cow<'_, str> {
    let mut columns = 0;
    let mut marks = 0;
    for (at, ch) in text.char_indices() {
        marks = if is_mark(ch) { marks + 1 } else { 0 };
        columns += ch.width().unwrap_or(0);
        if columns > LONGEST || stand_in(ch, marks, at).is_some() {
            return Cow::Owned(cleaned(text));
        }
    }
    Cow::Borrowed(text)
}

fn cleaned(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(LONGEST * 4));
    let mut columns = 0;
    let mut marks = 0;
    for (at, ch) in text.char_indices() {
        marks = if is_mark(ch) { marks + 1 } else { 0 };
        let piece = stand_in(ch, marks, at).unwrap_or_else(|| ch.to_string());
        columns += piece.width();
        if columns >= LONGEST {
            out.push('…');
            break;
        }
        out.push_str(&piece);
    }
    out
}

/// What is drawn instead of a character; `None` when it may be drawn as it is. `marks` counts the combining marks up to
/// and including this one since the last base character; a base carries at most two, or a stack of them would overflow
/// the rows around it.
fn stand_in(ch: char, marks: usize, at: usize) -> Option<String> {
    match ch {
        '\t' | '\n' | '\r' => Some("␣".to_owned()),
        '\0'..='\u{1f}' => char::from_u32(0x2400 + u32::from(ch)).map(String::from),
        '\u{7f}' => Some("␡".to_owned()),
        _ if is_mark(ch) && marks <= 2 && at > 0 => None,
        _ if is_unseen(ch) || ch.width().unwrap_or(0) == 0 => Some(format!("⟨{:04X}⟩", u32::from(ch))),
        _ => None,
    }
}

/// Combining marks that people's names and words are written with.
fn is_mark(ch: char) -> bool {
    matches!(ch, '\u{300}'..='\u{36f}') && ch != '\u{34f}'
}

/// Characters that have a width, or change that of others, and yet cannot be seen: C1 controls, bidi overrides, joiners,
/// selectors, fillers, odd spaces, tags.
fn is_unseen(ch: char) -> bool {
    matches!(ch,
        '\u{80}'..='\u{a0}' | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{1680}'
        | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{2000}'..='\u{200f}' | '\u{2028}'..='\u{202f}'
        | '\u{205f}'..='\u{206f}' | '\u{2800}' | '\u{3000}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// Text that may be drawn. There are two ways to one: words of the program itself (`&'static str`), and [`clean`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Clean(Cow<'static, str>);

impl Clean {
    /// Cleans text of any origin.
    pub fn new(text: &str) -> Self {
        Self(Cow::Owned(clean(text).into_owned()))
    }

    /// Formats and cleans in one step: `Clean::of(format_args!("{name} is gone"))`.
    pub fn of(args: fmt::Arguments<'_>) -> Self {
        Self::new(&args.to_string())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Columns it fills.
    pub fn width(&self) -> usize {
        self.0.width()
    }

    /// The text cut to a number of columns, with `…` as the last of them where something is missing.
    #[must_use]
    pub fn fit(self, columns: usize) -> Self {
        if self.width() <= columns {
            return self;
        }
        let mut out = String::new();
        let mut used = 0;
        for ch in self.0.chars() {
            used += ch.width().unwrap_or(0);
            if used + 1 > columns {
                break;
            }
            out.push(ch);
        }
        if columns > 0 {
            out.push('…');
        }
        Self(Cow::Owned(out))
    }

    /// The text cut to a number of columns from its front, with `…` as the first of them: what names differ in is
    /// mostly their end.
    #[must_use]
    pub fn fit_end(self, columns: usize) -> Self {
        if self.width() <= columns || columns == 0 {
            return self.fit(columns);
        }
        let mut start = self.0.len();
        let mut used = 1;
        for (at, ch) in self.0.char_indices().rev() {
            used += ch.width().unwrap_or(0);
            if used > columns {
                break;
            }
            start = at;
        }
        Self(Cow::Owned(format!("…{}", &self.0[start..])))
    }

    /// The text cut or padded on the right to exactly this many columns.
    #[must_use]
    pub fn left(self, columns: usize) -> Self {
        let fitted = self.fit(columns);
        let short = columns - fitted.width().min(columns);
        if short == 0 { fitted } else { Self(Cow::Owned(format!("{}{}", fitted.0, " ".repeat(short)))) }
    }

    /// The text cut or padded on the left to exactly this many columns.
    #[must_use]
    pub fn right(self, columns: usize) -> Self {
        let fitted = self.fit(columns);
        let short = columns - fitted.width().min(columns);
        if short == 0 { fitted } else { Self(Cow::Owned(format!("{}{}", " ".repeat(short), fitted.0))) }
    }

    /// The text as a value of its own, for a span.
    pub fn into_cow(self) -> Cow<'static, str> {
        self.0
    }
}

impl From<&'static str> for Clean {
    fn from(words: &'static str) -> Self {
        Self(Cow::Borrowed(words))
    }
}

impl fmt::Display for Clean {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A whole number with its thousands marked: `7,440`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A number of up to `decimals` places, thousands marked, without trailing zeros; `–` when it is not finite.
pub fn number(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    let text = format!("{:.decimals$}", value.abs());
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let part = part.trim_end_matches('0');
    // Beyond 2^64 the thousands do not matter any more.
    let whole = whole.parse().map_or_else(|_| whole.to_owned(), count);
    let sign = if value < 0.0 && (whole != "0" || !part.is_empty()) { "-" } else { "" };
    if part.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{part}") }
}

/// A value in its unit: `82 %`, `7,440/min`, `310 ms`, `1.24 s`, `6`.
pub fn value(unit: Unit, value: f64) -> String {
    let small = usize::from(value.abs() < 9.95);
    match unit {
        Unit::Percent => format!("{} %", number(value, small)),
        Unit::PerMinute => format!("{}/min", number(value, small)),
        Unit::Seconds if value.abs() < 0.9995 => format!("{} ms", number(value * 1000.0, 0)),
        Unit::Seconds => format!("{} s", number(value, 2)),
        Unit::Milliseconds => format!("{} ms", number(value, 0)),
        Unit::Count => number(value, small),
        Unit::Bytes => bytes(value),
        Unit::PerSecond => format!("{}/s", number(value, small)),
    }
}

/// The unit alone, for the head of an axis.
pub fn unit(unit: Unit) -> &'static str {
    match unit {
        Unit::Percent => "%",
        Unit::PerMinute => "per min",
        Unit::Seconds => "seconds",
        Unit::Milliseconds => "ms",
        Unit::Count => "count",
        Unit::Bytes => "bytes",
        Unit::PerSecond => "per s",
    }
}

/// Bytes in the largest unit of which there is one: `512 B`, `1.5 GiB`.
fn bytes(value: f64) -> String {
    let larger =
        |(value, unit): (f64, _), next| if value.abs() < 1024.0 { (value, unit) } else { (value / 1024.0, next) };
    let (value, unit) = ["KiB", "MiB", "GiB", "TiB"].into_iter().fold((value, "B"), larger);
    format!("{} {unit}", number(value, usize::from(unit != "B" && value.abs() < 9.95)))
}

/// Dollars an hour: `$0.296/h`, `$0.02/h`, `$12.40/h`.
pub fn dollars_per_hour(dollars: f64) -> String {
    if !dollars.is_finite() {
        return "$–/h".to_owned();
    }
    if dollars.abs() >= 0.9995 {
        let cents = format!("{:.2}", dollars.abs());
        let (whole, part) = cents.split_once('.').unwrap_or((&cents, "00"));
        let whole = whole.parse().map_or_else(|_| whole.to_owned(), count);
        return format!("{}${whole}.{part}/h", if dollars < 0.0 { "-" } else { "" });
    }
    let text = format!("{:.3}", dollars.abs());
    let text = text.strip_suffix('0').unwrap_or(&text);
    format!("{}${text}/h", if dollars < -0.0005 { "-" } else { "" })
}

/// How old something is, in its largest unit: `3s`, `4m`, `2h`, `5d`. The future is `0s`.
pub fn age(seconds: i64) -> String {
    match seconds.max(0) {
        s @ 0..=99 => format!("{s}s"),
        s @ 100..=5_999 => format!("{}m", s / 60),
        s @ 6_000..=172_799 => format!("{}h", s / 3_600),
        s => format!("{}d", s / 86_400),
    }
}

/// The age of an instant at another.
pub fn age_at(then: Timestamp, now: Timestamp) -> String {
    age(now.as_second() - then.as_second())
}

/// How long something takes, exact in its two largest units: `45s`, `1m52s`, `5m`, `2h05m`, `3d04h`.
pub fn span(seconds: i64) -> String {
    let s = seconds.max(0);
    match s {
        0..=59 => format!("{s}s"),
        60..=3_599 if s % 60 == 0 => format!("{}m", s / 60),
        60..=3_599 => format!("{}m{:02}s", s / 60, s % 60),
        3_600..=86_399 => format!("{}h{:02}m", s / 3_600, s / 60 % 60),
        _ => format!("{}d{:02}h", s / 86_400, s / 3_600 % 24),
    }
}

/// What is left of a time-out: `14m`, in whole minutes as long as it is one, so that the screen stands still meanwhile;
/// then `59s`, and `0s` when it is over.
pub fn countdown(seconds: i64) -> String {
    match seconds.max(0) {
        s @ 0..=59 => format!("{s}s"),
        s @ 60..=5_999 => format!("{}m", s / 60),
        s => format!("{}h{:02}m", s / 3_600, s / 60 % 60),
    }
}

/// A time of the day, UTC: `14:32:07Z`.
pub fn clock(at: Timestamp) -> String {
    let s = at.as_second().rem_euclid(86_400);
    format!("{:02}:{:02}:{:02}Z", s / 3_600, s / 60 % 60, s % 60)
}

/// A time of the day to the second, for a column whose head says UTC: `14:32:07`.
pub fn second_of_day(at: Timestamp) -> String {
    let mut text = clock(at);
    text.pop();
    text
}

/// A time of the day to the minute: `14:32`.
pub fn minute(at: Timestamp) -> String {
    let s = at.as_second().rem_euclid(86_400);
    format!("{:02}:{:02}", s / 3_600, s / 60 % 60)
}

/// An account number in groups of four: `1234-5678-9012`. What is not twelve digits stays as it is.
pub fn account(id: &str) -> String {
    if id.len() == 12 && id.bytes().all(|b| b.is_ascii_digit()) {
        format!("{}-{}-{}", &id[..4], &id[4..8], &id[8..])
    } else {
        id.to_owned()
    }
}

/// A number with its noun: `1 change`, `3 changes`.
pub fn several(number: usize, noun: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{} {noun}{s}", count(number as u64))
}

#[cfg(test)]
mod tests;
