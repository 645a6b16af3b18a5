//! Sources that do not answer, each with what it means and what to do. The rest of the screen goes on.

use jiff::Timestamp;

use super::Phrase;
use crate::console::theme::Meaning;
use crate::console::words;
use crate::live::View;
use crate::platform::{Source, SourceHealth, SourceState};

/// So many sources that fail alike are named; the others are counted.
const NAMED: usize = 3;

/// One line a kind of failure, in the order of a cold start: sources that fail alike are told together, and a failure of
/// credentials is said once for all.
pub fn lines(view: &View, now: Timestamp) -> Vec<Phrase> {
    failures(view).iter().filter_map(|(sources, health)| told(sources, health, now)).collect()
}

/// What fails and what helps, for a screen that has nothing else to show. Empty while nothing fails.
pub fn help(view: &View, now: Timestamp) -> Vec<Phrase> {
    let mut lines = Vec::new();
    for (sources, health) in failures(view) {
        let (first, helps, mend): (_, &'static str, _) = match &health.state {
            SourceState::NoCredentials { mend } => (
                Phrase::new().say(Meaning::Critical, "● no credentials").say(Meaning::Text, ": AWS cannot be asked"),
                "what helps: ",
                mend.as_str(),
            ),
            SourceState::Expired { mend } => {
                (Phrase::new().say(Meaning::Critical, "● the credentials have expired"), "what helps: ", mend.as_str())
            }
            SourceState::Network { .. } | SourceState::TimedOut { .. } => {
                let Some(line) = told(&sources, health, now) else { continue };
                (line, "what may help: ", "the network, the VPN or proxy, AWS_ENDPOINT_URL, --region")
            }
            _ => {
                lines.extend(told(&sources, health, now));
                continue;
            }
        };
        lines.push(first);
        lines.push(
            Phrase::new()
                .say(Meaning::Muted, "  ")
                .say(Meaning::Muted, helps)
                .tell(Meaning::Key, format_args!("{mend}")),
        );
    }
    if !lines.is_empty() {
        lines
            .push(Phrase::new().say(Meaning::Muted, "  it is asked again and again; nothing needs to be started anew"));
        lines.push(Phrase::new());
        lines.push(
            Phrase::new()
                .say(Meaning::Key, "scaledeck drill")
                .say(Meaning::Text, "  practises on an AWS inside the program: no account, no network"),
        );
    }
    lines
}

/// The sources that fail, those alike together, with the health of the first.
fn failures(view: &View) -> Vec<(Vec<Source>, &SourceHealth)> {
    let mut found: Vec<(Vec<Source>, &SourceHealth)> = Vec::new();
    for source in Source::ALL {
        let Some(health) = view.platform.sources.get(&source) else { continue };
        if matches!(health.state, SourceState::Live | SourceState::Waiting) {
            continue;
        }
        match found.iter_mut().find(|(_, other)| alike(&other.state, &health.state)) {
            Some((sources, _)) => sources.push(source),
            None => found.push((vec![source], health)),
        }
    }
    found
}

fn alike(one: &SourceState, other: &SourceState) -> bool {
    use SourceState::{Expired, NoCredentials};
    let credentials = |state: &SourceState| matches!(state, Expired { .. } | NoCredentials { .. });
    one == other || (credentials(one) && credentials(other))
}

/// What a source's failure means; `None` while it answers.
pub fn line(source: Source, health: &SourceHealth, now: Timestamp) -> Option<Phrase> {
    told(&[source], health, now)
}

/// A state in a word, for where there is no room for what to do about it.
pub fn word(state: &SourceState) -> &'static str {
    match state {
        SourceState::Live => "live",
        SourceState::Waiting => "waiting",
        SourceState::Capped { .. } => "asked for less",
        SourceState::Throttled { .. } => "throttled",
        SourceState::Denied { .. } => "denied",
        SourceState::Expired { .. } => "credentials expired",
        SourceState::NoCredentials { .. } => "no credentials",
        SourceState::TimedOut { .. } => "timed out",
        SourceState::Network { .. } => "unreachable",
        SourceState::Faulty { .. } => "faulty",
    }
}

fn told(sources: &[Source], health: &SourceHealth, now: Timestamp) -> Option<Phrase> {
    let first: Vec<&str> = sources.iter().take(NAMED).map(|source| source.label()).collect();
    let others = sources.len() - first.len();
    let more = if others > 0 { format!(" and {others} more") } else { String::new() };
    let names = format!("{}{more}", first.join(", "));
    let start = |meaning, glyph: &'static str, word| {
        Phrase::new()
            .say(meaning, glyph)
            .tell(Meaning::Strong, format_args!("{names} "))
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
        SourceState::Capped { detail } => {
            start(Meaning::Warning, "▲ ", "asked for less").tell(Meaning::Text, format_args!(" {detail}"))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::scene::{Scene, ago, now};

    fn told(lines: &[Phrase]) -> Vec<String> {
        lines.iter().map(Phrase::text).collect()
    }

    #[test]
    fn sources_that_fail_alike_are_told_together() {
        let network = || SourceState::Network { detail: "refused".to_owned() };
        let failing = [Source::Identity, Source::Services, Source::Metrics, Source::Tasks];
        let scene = failing.into_iter().fold(Scene::empty(), |scene, source| scene.source(source, network(), None));
        let denied = SourceState::Denied { action: "ecs:ListServices".to_owned() };
        let (view, _) = scene.source(Source::ServiceList, denied, Some(ago(7))).done();
        let lines = told(&lines(&view, now()));
        assert_eq!(
            lines,
            [
                "▲ identity, services, metrics and 1 more unreachable: refused · never answered",
                "▲ service list denied: ecs:ListServices – ask for it, the rest goes on · last answer 7s ago",
            ]
        );
    }

    #[test]
    fn who_has_no_credentials_is_told_what_helps_and_offered_the_drill() {
        let mend = "set AWS_PROFILE".to_owned();
        let (view, _) = Scene::empty().source(Source::Identity, SourceState::NoCredentials { mend }, None).done();
        let help = told(&help(&view, now()));
        assert!(help[0].contains("no credentials") && help[1].ends_with("set AWS_PROFILE"), "{help:#?}");
        assert!(help.last().unwrap().starts_with("scaledeck drill"), "{help:#?}");
        let (fine, _) = Scene::empty().done();
        assert!(super::help(&fine, now()).is_empty());
    }
}
