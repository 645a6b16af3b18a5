//! The journal of changes for people: a table, and a time line to paste into a ticket. JSON is [`History`] itself.
//!
//! Text that came from AWS is escaped before it is printed; in Markdown it is code, so that it is shown and not obeyed.

use std::fmt::Write as _;

use crate::change::journal::{Entry, History, Timekeeper};

/// Columns that one cell may fill.
const WIDEST: usize = 60;

/// A table, a line a change, the newest first.
pub fn table(history: &History) -> String {
    if history.entries.is_empty() {
        return "no change is in the journal\n".to_owned();
    }
    let rows: Vec<[String; 6]> = history.entries.iter().map(row).collect();
    let heads = ["when", "target", "change", "outcome", "by", "reason"].map(str::to_owned);
    let widths: Vec<usize> = (0..heads.len())
        .map(|at| rows.iter().chain([&heads]).map(|row| row[at].chars().count()).max().unwrap_or(0).min(WIDEST))
        .collect();
    let mut out = String::new();
    for row in [&heads].into_iter().chain(&rows) {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{:<width$}", cut(cell, *width)));
        let line = cells.collect::<Vec<_>>().join("  ");
        let _ = writeln!(out, "{}", line.trim_end());
    }
    out
}

fn row(entry: &Entry) -> [String; 6] {
    let drill = if entry.clock == Timekeeper::Drill { " (drill)" } else { "" };
    [
        format!("{:.0}{drill}", entry.began),
        entry.group().to_string(),
        entry.what(),
        format!("{}, {}", entry.outcome(), span(entry.took_s())),
        entry.who().to_owned(),
        entry.reason.clone().unwrap_or_default(),
    ]
    .map(|cell| cell.escape_debug().to_string())
}

fn cut(text: &str, columns: usize) -> String {
    if text.chars().count() <= columns {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(columns.saturating_sub(1)).collect();
    cut.push('…');
    cut
}

fn span(seconds: i64) -> String {
    let seconds = seconds.max(0);
    if seconds < 60 { format!("{seconds}s") } else { format!("{}m{:02}s", seconds / 60, seconds % 60) }
}

/// A time line in Markdown, the oldest first: what was done, to what, by whom, why, how it ended, and the command.
pub fn markdown(history: &History) -> String {
    let mut out = String::from("# Changes\n\n");
    if history.entries.is_empty() {
        out.push_str("No change is in the journal.\n");
    }
    for entry in history.entries.iter().rev() {
        out.push_str(&entry_markdown(entry));
    }
    if !history.damage.is_empty() {
        out.push_str("\n## Could not be read\n\n");
        for words in &history.damage {
            let _ = writeln!(out, "- {}", code(words));
        }
    }
    out
}

fn entry_markdown(entry: &Entry) -> String {
    let drill = if entry.clock == Timekeeper::Drill { " (drill)" } else { "" };
    let mut out = format!(
        "- **{:.0}**{drill} {} – {} by {}\n",
        entry.began,
        code(&entry.group().to_string()),
        entry.what(),
        code(entry.who())
    );
    let _ = writeln!(out, "  - outcome: {} after {}", code(&entry.outcome()), span(entry.took_s()));
    if let Some(reason) = &entry.reason {
        let _ = writeln!(out, "  - reason: {}", code(reason));
    }
    if let Some(advice) = &entry.plan.advice {
        let _ = writeln!(out, "  - signal: {}", code(advice));
    }
    if let Some(request) = &entry.request_id {
        let _ = writeln!(out, "  - request: {}", code(request));
    }
    let _ = writeln!(out, "  - command: {}", code(&entry.command()));
    out
}

/// Text as code: escaped, and in a fence that is longer than any in it.
fn code(text: &str) -> String {
    let text = text.escape_debug().to_string().replace("\\'", "'").replace("\\\"", "\"");
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let air = if longest > 0 { " " } else { "" };
    format!("{fence}{air}{text}{air}{fence}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two lines of a real journal, and a third that is hostile.
    fn history(service: &str, reason: &str) -> History {
        let line = |state: &str, at: &str| {
            let text = format!(
                r#"{{"version":1,"id":"20260310T120000Z-0",{state},"at":"{at}","clock":"wall","plan":{{
                "change":{{"change":"desired","service":"prod/{service}","to":8}},
                "observed":OBSERVED,
                "identity":{{"account":"123456789012","arn":"arn:aws:sts::123456789012:assumed-role/sre-oncall/ada","region":"us-east-1"}},
                "environment":"production","made":"2026-03-10T12:00:00Z","advice":"scale out 6 → 8"}},"reason":"{reason}"}}"#
            );
            text.replace('\n', " ")
        };
        let folder = tempfile::tempdir().unwrap();
        let planned = line(r#""state":"planned""#, "2026-03-10T12:00:00Z");
        let sent = line(r#""state":"sent","result":{"outcome":"accepted","request_id":"r-1"}"#, "2026-03-10T12:00:01Z");
        let closed = line(r#""state":"closed","ended":"steady","why":null"#, "2026-03-10T12:01:52Z");
        let observed = r#"{"desired":6,"running":6,"limits":[4,10],"suspended":{"scale_in":false,"scale_out":false,"scheduled":false},"deploying":false,"read":"2026-03-10T12:00:00Z"}"#;
        let text = [planned, sent, closed].join("\n").replace("OBSERVED", observed) + "\n";
        std::fs::write(folder.path().join("2026-03.jsonl"), text).unwrap();
        crate::change::journal::history(folder.path(), None).unwrap()
    }

    #[test]
    fn a_change_is_a_line_of_the_table() {
        let history = history("web", "a sale");
        assert_eq!(history.damage, Vec::<String>::new());
        assert_eq!(
            table(&history),
            "when                  target    change         outcome        by              reason\n\
             2026-03-10T12:00:00Z  prod/web  desired 6 → 8  steady, 1m52s  sre-oncall/ada  a sale\n"
        );
        assert_eq!(table(&History::default()), "no change is in the journal\n");
    }

    #[test]
    fn the_markdown_tells_signal_action_outcome_and_command() {
        assert_eq!(
            markdown(&history("web", "a sale")),
            "# Changes\n\n\
             - **2026-03-10T12:00:00Z** `prod/web` – desired 6 → 8 by `sre-oncall/ada`\n  \
               - outcome: `steady` after 1m52s\n  \
               - reason: `a sale`\n  \
               - signal: `scale out 6 → 8`\n  \
               - request: `r-1`\n  \
               - command: `aws ecs update-service --cluster prod --service web --desired-count 8 --region us-east-1`\n"
        );
    }

    #[test]
    fn hostile_text_is_shown_and_not_obeyed() {
        let history = history("a`b``c", r"\u001b[31m](http://x)");
        let (table, markdown) = (table(&history), markdown(&history));
        assert!(!table.contains('\u{1b}') && !markdown.contains('\u{1b}'), "{table}{markdown}");
        assert!(markdown.contains("``` prod/a`b``c ```"), "{markdown}");
        assert!(markdown.contains("- reason: `\\u{1b}[31m](http://x)`"), "{markdown}");
    }
}
