//! The words for people on money. Names are as AWS spells them: clean them before they reach a terminal.

use super::per::Per;
use super::savings::{Kind, Opportunity, Saving};
use super::today::Today;
use crate::platform::spend::Dollars;
use crate::policy::sentence::{span, thousands};

/// "$1,234.50"; "-$3.00".
pub fn dollars(amount: Dollars) -> String {
    let sign = if amount.0 < -0.005 { "-" } else { "" };
    format!("{sign}${}", thousands(&format!("{:.2}", amount.0.abs())))
}

/// A small amount with as many digits as tell something: "$0.000012", "$0.31".
pub fn small_dollars(amount: Dollars) -> String {
    if amount.0 >= 0.1 || amount.0 <= 0.0 {
        return dollars(amount);
    }
    let digits = (1.0 - amount.0.log10().floor()).clamp(2.0, 12.0) as usize;
    format!("${:.digits$}", amount.0)
}

impl Per {
    /// "$0.003 a request (4,000 on 2026-03-09)", "no requests on 2026-03-09", "cannot tell: …". `one` is the word for one.
    pub fn sentence(&self, one: &str) -> String {
        match self {
            Self::Each { day, count, cost } => {
                format!("{} a {one} ({} on {day})", small_dollars(*cost), thousands(&format!("{count:.0}")))
            }
            Self::None { day } => format!("no {one}s on {day}"),
            Self::Unknown { why } => format!("cannot tell: {why}"),
        }
    }
}

impl Today {
    /// What was watched and what was assumed: "watched 6h, $3.10 assumed for 8h before".
    pub fn basis(&self) -> String {
        let watched = format!("watched {}", span(self.watched_s));
        if self.assumed_s == 0 {
            return watched;
        }
        format!("{watched}, {} assumed for {} that nobody watched", dollars(self.assumed), span(self.assumed_s))
    }
}

impl Kind {
    /// The strategy in a word or two, for a column.
    pub fn word(self) -> &'static str {
        match self {
            Self::StuckScaleOut => "stuck",
            Self::IdleMember => "idle",
            Self::RightSizing => "size",
            Self::ComputeOptimizer => "advisor",
            Self::Schedule => "schedule",
            Self::Spot => "spot",
            Self::Reserved => "reserved",
            Self::Storage => "storage",
            Self::OldData => "old data",
        }
    }
}

impl Saving {
    /// "~$12.00 a month", "≤ $12.00 a month", "not told".
    pub fn words(&self) -> String {
        match self {
            Self::About(saving) => format!("~{} a month", dollars(*saving)),
            Self::UpTo(saving) => format!("≤ {} a month", dollars(*saving)),
            Self::Untold(_) => "not told".to_owned(),
        }
    }
}

impl Opportunity {
    /// Everything about it, a sentence a line: what, evidence, saving, risk, change.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!("{}: {}", self.subject, self.title)];
        lines.extend(self.evidence.iter().map(|evidence| format!("seen: {evidence}")));
        lines.push(match &self.saving {
            Saving::Untold(why) => format!("saves: cannot be told: {why}"),
            told => format!("saves: {}", told.words()),
        });
        lines.push(format!("risk: {}", self.risk));
        lines.push(format!("by: {}", self.change));
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_show_the_digits_that_tell() {
        let table = [(1234.5, "$1,234.50"), (-3.0, "-$3.00"), (0.0, "$0.00"), (-0.001, "$0.00")];
        for (amount, words) in table {
            assert_eq!(dollars(Dollars(amount)), words);
        }
        let table = [(0.000_012_3, "$0.000012"), (0.003, "$0.0030"), (0.31, "$0.31"), (0.0, "$0.00")];
        for (amount, words) in table {
            assert_eq!(small_dollars(Dollars(amount)), words);
        }
    }
}
