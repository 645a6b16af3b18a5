//! The door to the journal of changes: it needs no account.

use clap::Args;
use jiff::{SignedDuration, Timestamp};

use super::{AccountArgs, Mistake, Unanswered, journal_folder, print};
use crate::change::journal;
use crate::clock::Clock;
use crate::headless;

/// What the shell is told when a part of the journal could not be read.
const DAMAGED: u8 = 1;

/// Which changes, and how to print them.
#[derive(Debug, Args)]
pub struct JournalArgs {
    /// Only changes with a line since then: so long ago, as in 2h, or a time, as in 2026-03-10T14:05:00Z.
    #[arg(long, value_name = "SPAN|RFC3339", value_parser = since)]
    pub since: Option<Since>,
    /// Print JSON instead of a table.
    #[arg(long, conflicts_with = "markdown")]
    pub json: bool,
    /// Print a time line to paste into a ticket or a post-mortem.
    #[arg(long)]
    pub markdown: bool,
    /// The drills' journal instead of the accounts'.
    #[arg(long)]
    pub drill: bool,
}

/// From when on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// So long before now.
    Ago(SignedDuration),
    /// A time.
    At(Timestamp),
}

fn since(text: &str) -> Result<Since, String> {
    if let Ok(at) = text.parse() {
        return Ok(Since::At(at));
    }
    text.parse()
        .ok()
        .filter(|span: &SignedDuration| !span.is_negative())
        .map(Since::Ago)
        .ok_or_else(|| "so long ago, as in 90m, 2h or 36h, or a time, as in 2026-03-10T14:05:00Z".to_owned())
}

/// `scaledeck journal`.
pub(super) fn journal(account: &AccountArgs, args: &JournalArgs) -> anyhow::Result<()> {
    let folder = journal_folder(account, if args.drill { "drill-journal" } else { "journal" })?;
    let now = Clock::system().now();
    let since = args.since.map(|since| match since {
        Since::At(at) => at,
        Since::Ago(span) => now.saturating_sub(span).unwrap_or(Timestamp::MIN),
    });
    let history =
        journal::history(&folder, since).map_err(|fault| Mistake(format!("{}: {fault}", folder.display())))?;
    let text = if args.json {
        serde_json::to_string_pretty(&history)? + "\n"
    } else if args.markdown {
        headless::journal::markdown(&history)
    } else {
        headless::journal::table(&history)
    };
    print(&text)?;
    for words in &history.damage {
        super::warn(&words.escape_debug().to_string());
    }
    match history.damage.len() {
        0 => Ok(()),
        lines => Err(Unanswered::new(DAMAGED, format!("{lines} lines of the journal could not be read")).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn since_is_a_span_or_a_time() {
        let hours = |hours| Ok(Since::Ago(SignedDuration::from_hours(hours)));
        assert_eq!(since("2h"), hours(2));
        assert_eq!(since("36h"), hours(36));
        assert_eq!(since("2026-03-10T14:05:00Z"), Ok(Since::At("2026-03-10T14:05:00Z".parse().unwrap())));
        for wrong in ["", "yesterday", "-2h", "2"] {
            assert!(since(wrong).is_err(), "{wrong}");
        }
    }
}
