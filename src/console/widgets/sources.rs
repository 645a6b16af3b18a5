//! Sources that do not answer, each with what it means and what to do. The rest of the screen goes on.

use jiff::Timestamp;

use super::Phrase;
use crate::console::theme::Meaning;
use crate::console::words;
use crate::live::View;
use crate::platform::{Source, SourceHealth, SourceState};

/// One line a source that fails, in the order of a cold start; a failure of credentials is said once for all sources.
pub fn lines(view: &View, now: Timestamp) -> Vec<Phrase> {
    let mut lines = Vec::new();
    let mut credentials = false;
    for source in Source::ALL {
        let Some(health) = view.platform.sources.get(&source) else { continue };
        if matches!(health.state, SourceState::Expired { .. } | SourceState::NoCredentials { .. }) {
            if credentials {
                continue;
            }
            credentials = true;
        }
        lines.extend(line(source, health, now));
    }
    lines
}

/// What a source's failure means; `None` while it answers.
pub fn line(source: Source, health: &SourceHealth, now: Timestamp) -> Option<Phrase> {
    let start = |meaning, glyph: &'static str, word| {
        Phrase::new()
            .say(meaning, glyph)
            .tell(Meaning::Strong, format_args!("{source} "))
            .tell(meaning, format_args!("{word}"))
    };
    let line = match &health.state {
        SourceState::Live | SourceState::Waiting => return None,
        SourceState::Throttled { retry_at } => start(Meaning::Warning, "▲ ", "throttled")
            .tell(Meaning::Text, format_args!(": backing off {}", words::span(retry_at.as_second() - now.as_second()))),
        SourceState::Denied { action } => start(Meaning::Warning, "▲ ", "denied")
            .tell(Meaning::Text, format_args!(": {action} – ask for it, the rest goes on")),
        SourceState::Expired { mend } => Phrase::new()
            .say(Meaning::Critical, "● credentials have expired")
            .tell(Meaning::Text, format_args!(" – mend: "))
            .tell(Meaning::Key, format_args!("{mend}")),
        SourceState::NoCredentials { mend } => Phrase::new()
            .say(Meaning::Critical, "● no credentials")
            .tell(Meaning::Text, format_args!(" – {mend} – or try: "))
            .say(Meaning::Key, "scaledeck drill"),
        SourceState::TimedOut { after_s } => {
            start(Meaning::Warning, "▲ ", "timed out").tell(Meaning::Text, format_args!(" after {after_s}s"))
        }
        SourceState::Network { detail } => {
            start(Meaning::Warning, "▲ ", "unreachable").tell(Meaning::Text, format_args!(": {detail}"))
        }
        SourceState::Faulty { detail } => {
            start(Meaning::Warning, "▲ ", "faulty").tell(Meaning::Text, format_args!(": {detail}"))
        }
    };
    Some(match (health.age_s(now), &health.state) {
        (_, SourceState::Expired { .. } | SourceState::NoCredentials { .. }) => line,
        (Some(age), _) => line.tell(Meaning::Muted, format_args!(" · last answer {} ago", words::age(age))),
        (None, _) => line.say(Meaning::Muted, " · never answered"),
    })
}
