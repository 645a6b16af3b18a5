//! One time line of everything that happened: what the autoscaler did or refused and why, deployments, the services'
//! logs, alarms that turned, and what operators did. The newest first.

pub mod incident;

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::Extent;
use super::listing::{self, Head, Listing, Note};
use crate::change::journal::Entry as Journalled;
use crate::console::theme::Meaning;
use crate::console::widgets::activity::{Entry, What, Who, changes_of};
use crate::console::widgets::{Phrase, alarms};
use crate::console::words::{self, Clean};
use crate::console::{Look, Model};
use crate::live::View;
use crate::platform::{AlarmState, Source};
use crate::policy::AlertState;
use crate::policy::why::reason_words;

/// How far back the time line goes: as far as activities and turns are read, seconds.
pub const BACK_S: i64 = 3 * 60 * 60;
/// How many events are kept.
pub const KEPT: usize = 2_000;
/// A change of one's own is seen by a reading within this time, seconds.
const SAME_S: i64 = 180;

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// Who did it, or what told it.
    pub who: Who,
    /// What it was about.
    pub of: Clean,
    /// What it was.
    pub what: Clean,
    /// What became of it.
    pub outcome: (Meaning, Clean),
    /// Why, where somebody says so.
    pub cause: Clean,
    /// The command of an operator's change.
    pub command: Option<Clean>,
}

/// The events of the last three hours under a filter, the newest first.
pub fn events(view: &View, needle: &str) -> Vec<Event> {
    let since = Timestamp::from_second(view.at.as_second() - BACK_S).unwrap_or(Timestamp::MIN);
    let journal: Vec<&Journalled> =
        view.journal.iter().flat_map(|entries| entries.iter()).filter(|entry| entry.began >= since).collect();
    // What the journal tells better is not told twice.
    let told = |entry: &Entry| {
        let What::Count { to, .. } = entry.what else { return false };
        matches!(entry.who, Who::You | Who::Somebody)
            && journal.iter().any(|own| {
                own.plan.change.target().service() == Some(&entry.service)
                    && Some(own.plan.goal()) == to
                    && (own.began.as_second() - entry.at.as_second()).abs() <= SAME_S
            })
    };
    let of_services = view.platform.services.keys().flat_map(|id| changes_of(view, id, BACK_S));
    let mut events: Vec<Event> = of_services.filter(|entry| !told(entry)).map(Event::of).collect();
    events.extend(journal.iter().map(|entry| Event::of_journal(entry)));
    let turns = view.platform.alarm_turns.iter().filter(|turn| turn.at >= since);
    events.extend(turns.map(|turn| {
        let meaning = if turn.to == AlarmState::Alarm { Meaning::Warning } else { Meaning::Muted };
        Event {
            at: turn.at,
            who: Who::Alarm,
            of: Clean::new(&view.platform.alarm_called(&turn.alarm)),
            what: Clean::of(format_args!("alarm {}", turned(&turn.to))),
            outcome: (meaning, "".into()),
            cause: Clean::of(format_args!(
                "was {}",
                if turn.from == AlarmState::Alarm { "firing" } else { turned(&turn.from) }
            )),
            command: None,
        }
    }));
    events.extend(
        view.alerts
            .iter()
            .filter_map(|alert| {
                let AlertState::Firing { since: at } = alert.state else { return None };
                Some(Event {
                    at,
                    who: Who::Alarm,
                    of: Clean::new(alarms::name(&alert.subject)),
                    what: Clean::new(&alert.what()),
                    outcome: (Meaning::Warning, Clean::new(&alert.standing(view.at))),
                    cause: Clean::default(),
                    command: None,
                })
            })
            .filter(|event| event.at >= since),
    );
    events.retain(|event| {
        needle.is_empty()
            || [&event.of, &event.what, &event.cause].iter().any(|text| text.as_str().to_lowercase().contains(needle))
    });
    events.sort_by(|a, b| b.at.cmp(&a.at).then_with(|| a.of.as_str().cmp(b.of.as_str())));
    events.truncate(KEPT);
    events
}

fn turned(state: &AlarmState) -> &str {
    match state {
        AlarmState::Alarm => "fires",
        AlarmState::InsufficientData => "without data",
        AlarmState::Ok => "ok",
        AlarmState::Unknown(word) => word,
    }
}

impl Event {
    fn of(entry: Entry) -> Self {
        let what = match &entry.what {
            What::Refused(reasons) => {
                let reasons: Vec<_> = reasons.as_str().split(", ").map(reason_words).collect();
                Clean::of(format_args!("not scaled: {}", reasons.join(", ")))
            }
            what => what.words(),
        };
        let Entry { at, service, who, cause, outcome, .. } = entry;
        Self { at, who, of: Clean::new(service.service.as_str()), what, outcome, cause, command: None }
    }

    fn of_journal(entry: &Journalled) -> Self {
        let reason =
            entry.reason.as_ref().map_or_else(Clean::default, |reason| Clean::of(format_args!("because {reason}")));
        Self {
            at: entry.began,
            who: Who::You,
            of: Clean::new(entry.group().name()),
            what: Clean::of(format_args!("{} by {}", entry.what(), entry.who())),
            outcome: (super::journal::meaning(entry), Clean::new(&entry.outcome())),
            cause: reason,
            command: Some(Clean::new(&entry.command())),
        }
    }
}

/// How far the pane scrolls.
pub fn measure(_: &View, model: &Model, _: &Look, _: Rect) -> Extent {
    listing::extent(model)
}

/// Draws the pane.
pub fn draw(view: &View, model: &Model, look: &Look, area: Rect, buf: &mut Buffer) {
    let Listing::Timeline(events) = model.listing() else { return };
    let name = Phrase::new()
        .say(Meaning::Title, "Activity")
        .tell(Meaning::Muted, format_args!(" · the last {}", words::span(BACK_S)));
    let troubles = [Source::Activities, Source::Services, Source::Alarms];
    let remarks = troubles.into_iter().filter_map(|source| listing::trouble(view, source, look.now)).collect();
    let wide = area.width >= 110;
    let head = Head { name, remarks, empty: "nothing happened" };
    listing::draw(look, head, model, area, buf, |at| {
        events.get(at).map_or_else(|| (Phrase::new(), Phrase::new()), |event| row(event, wide))
    });
}

fn row(event: &Event, wide: bool) -> (Phrase, Phrase) {
    let (who, meaning) = event.who.word();
    let column = if wide { 26 } else { 16 };
    let mut left = Phrase::new()
        .tell(Meaning::Muted, format_args!(" {}  ", words::second_of_day(event.at)))
        .say(meaning, who)
        .say(Meaning::Text, " ")
        .say(Meaning::Text, event.of.clone().fit_end(column).left(column))
        .say(Meaning::Text, "  ")
        .say(Meaning::Strong, event.what.clone());
    if event.cause.width() > 0 {
        left = left.say(Meaning::Text, "  ").say(Meaning::Muted, event.cause.clone());
    }
    let (meaning, outcome) = event.outcome.clone();
    let right = if outcome.width() == 0 {
        Phrase::new()
    } else {
        Phrase::new()
            .say(Meaning::Text, "  ")
            .say(meaning, outcome.fit(if wide { 40 } else { 24 }))
            .say(Meaning::Text, " ")
    };
    (left, right)
}

/// An event in full.
pub fn note(event: &Event) -> Note {
    let mut lines = vec![
        ("when", format!("{:.0}", event.at)),
        ("who", event.who.word().0.trim().to_owned()),
        ("about", event.of.to_string()),
        ("what", event.what.to_string()),
    ];
    for (label, text) in [("outcome", &event.outcome.1), ("why", &event.cause)] {
        if text.width() > 0 {
            lines.push((label, text.to_string()));
        }
    }
    lines.extend(event.command.iter().map(|command| ("command", command.to_string())));
    Note { title: "What happened".to_owned(), lines }
}
