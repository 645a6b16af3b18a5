//! Pretty JSON that keeps an array within an array on one line: a point of a series is a line, not four.

use std::io;

use serde::Serialize;
use serde_json::ser::{Formatter, PrettyFormatter, Serializer};

/// A value as JSON for people, with a line feed at the end.
///
/// # Panics
/// If the value cannot be JSON: a map whose keys are not texts. What is written here has none.
pub(super) fn pretty(value: &impl Serialize) -> String {
    let mut out = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut out, Lines::default());
    let written = value.serialize(&mut serializer);
    out.push(b'\n');
    match (written, String::from_utf8(out)) {
        (Ok(()), Ok(text)) => text,
        (Err(fault), _) => unreachable!("{fault}"),
        (_, Err(fault)) => unreachable!("{fault}"),
    }
}

#[derive(Default)]
struct Lines {
    pretty: PrettyFormatter<'static>,
    /// For each container that is open, whether it is an array.
    open: Vec<bool>,
    /// How many containers are open from the first array within an array on.
    inline: usize,
}

impl Lines {
    fn open(&mut self, array: bool) {
        if self.inline > 0 || (array && self.open.last() == Some(&true)) {
            self.inline += 1;
        }
        self.open.push(array);
    }

    /// Returns whether the one that is closed stood on one line.
    fn close(&mut self) -> bool {
        self.open.pop();
        let inline = self.inline > 0;
        self.inline = self.inline.saturating_sub(1);
        inline
    }
}

const fn comma(first: bool) -> &'static [u8] {
    if first { b"" } else { b", " }
}

impl Formatter for Lines {
    fn begin_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.open(true);
        if self.inline > 0 { writer.write_all(b"[") } else { self.pretty.begin_array(writer) }
    }

    fn end_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        if self.close() { writer.write_all(b"]") } else { self.pretty.end_array(writer) }
    }

    fn begin_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if self.inline > 0 { writer.write_all(comma(first)) } else { self.pretty.begin_array_value(writer, first) }
    }

    fn end_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        if self.inline > 0 { Ok(()) } else { self.pretty.end_array_value(writer) }
    }

    fn begin_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.open(false);
        if self.inline > 0 { writer.write_all(b"{") } else { self.pretty.begin_object(writer) }
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        if self.close() { writer.write_all(b"}") } else { self.pretty.end_object(writer) }
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if self.inline > 0 { writer.write_all(comma(first)) } else { self.pretty.begin_object_key(writer, first) }
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.pretty.begin_object_value(writer)
    }

    fn end_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        if self.inline > 0 { Ok(()) } else { self.pretty.end_object_value(writer) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_array_within_an_array_is_one_line() {
        let value = serde_json::json!({ "a": [[1, { "b": [2, {}] }], []], "c": [3], "d": [] });
        let expected =
            "{\n  \"a\": [\n    [1, {\"b\": [2, {}]}],\n    []\n  ],\n  \"c\": [\n    3\n  ],\n  \"d\": []\n}\n";
        assert_eq!(pretty(&value), expected);
        assert_eq!(serde_json::from_str::<serde_json::Value>(expected).unwrap(), value);
    }
}
