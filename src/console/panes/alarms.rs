//! Every alarm: the policy's own rules with their windows filling, then AWS's – those that target tracking goes by apart
//! from the platform's –, then how AWS's turned lately.
//!
//! Absent on purpose: sending anything. The routes are the spec's words, and say so.

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::Extent;
use super::listing::{self, Head, Listing, Note};
use crate::console::theme::Meaning;
use crate::console::widgets::condition::Severity;
use crate::console::widgets::{Phrase, alarms};
use crate::console::words;
use crate::console::{Look, Model};
use crate::live::View;
use crate::platform::{Alarm, AlarmState, Source};
use crate::policy::alerts::AlertEvidence;
use crate::policy::{Alert, AlertState};

/// A row; the alarms themselves stay in the view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row {
    /// What the rows below are.
    Head(&'static str),
    /// One of the policy's, by its place in the view.
    Ours(usize),
    /// One of AWS's, by its name.
    Aws(String),
    /// A turn of one of AWS's, by its place in the view.
    Turn(usize),
}

const OURS: &str = "The policy's alarms · * the spec's route; scaledeck does not send it";
const TRACKING: &str = "AWS's own, for target tracking";
const PLATFORM: &str = "AWS's own, the platform's";
const TURNS: &str = "AWS's last turns";

/// The rows under a filter: those that fire first, as the policy orders them; AWS's in the order of their names.
pub fn rows(view: &View, needle: &str) -> Vec<Row> {
    let has = |text: &str| needle.is_empty() || text.to_lowercase().contains(needle);
    let ours = view.alerts.iter().enumerate();
    let ours = ours.filter(|(_, alert)| has(alarms::name(&alert.subject)) || has(&alert.what()));
    let mut rows = vec![Row::Head(OURS)];
    rows.extend(ours.map(|(at, _)| Row::Ours(at)));
    for (head, tracking) in [(TRACKING, true), (PLATFORM, false)] {
        let theirs = view.platform.alarms.values().filter(|alarm| alarm.tracks().is_some() == tracking);
        let mut theirs: Vec<_> = theirs.filter(|alarm| has(&alarm.name)).collect();
        theirs.sort_by_key(|alarm| rank(&alarm.state));
        if !theirs.is_empty() {
            rows.push(Row::Head(head));
            rows.extend(theirs.into_iter().map(|alarm| Row::Aws(alarm.name.clone())));
        }
    }
    let turns = view.platform.alarm_turns.iter().enumerate().filter(|(_, turn)| has(&turn.alarm));
    let turns: Vec<_> = turns.map(|(at, _)| Row::Turn(at)).collect();
    if !turns.is_empty() {
        rows.push(Row::Head(TURNS));
        rows.extend(turns);
    }
    rows
}

fn rank(state: &AlarmState) -> u8 {
    match state {
        AlarmState::Alarm => 0,
        AlarmState::InsufficientData | AlarmState::Unknown(_) => 1,
        AlarmState::Ok => 2,
    }
}

/// How far the pane scrolls.
pub fn measure(_: &View, model: &Model, _: &Look, _: Rect) -> Extent {
    listing::extent(model)
}

/// Draws the pane.
pub fn draw(view: &View, model: &Model, look: &Look, area: Rect, buf: &mut Buffer) {
    let Listing::Alarms(rows) = model.listing() else { return };
    let firing = view.alerts.iter().filter(|alert| alarms::fires(alert)).count();
    let name = Phrase::new().say(Meaning::Title, "Alarms").tell(Meaning::Muted, format_args!(" · {firing} firing"));
    let mut remarks: Vec<Phrase> = listing::trouble(view, Source::Alarms, look.now).into_iter().collect();
    if view.alerts.is_empty() {
        remarks.push(Phrase::new().say(Meaning::CannotTell, " … nothing to judge yet"));
    }
    let head = Head { name, remarks, empty: "no alarm" };
    listing::draw(look, head, model, area, buf, |at| match rows.get(at) {
        Some(Row::Head(words)) => (Phrase::new().say(Meaning::Title, *words), Phrase::new()),
        Some(Row::Ours(at)) => view.alerts.get(*at).map_or_else(gone, |alert| ours(alert, look.now)),
        Some(Row::Aws(name)) => view.platform.alarms.get(name).map_or_else(gone, |alarm| aws(alarm, look.now)),
        Some(Row::Turn(at)) => view.platform.alarm_turns.get(*at).map_or_else(gone, |turn| {
            let (glyph, meaning) = mark(&turn.to);
            let left = Phrase::new()
                .tell(Meaning::Muted, format_args!(" {}  ", words::second_of_day(turn.at)))
                .tell(meaning, format_args!("{glyph} {} → {}  ", state(&turn.from), state(&turn.to)))
                .tell(Meaning::Text, format_args!("{}", view.platform.alarm_called(&turn.alarm)));
            (left, Phrase::new())
        }),
        None => gone(),
    });
}

fn gone() -> (Phrase, Phrase) {
    (Phrase::new(), Phrase::new())
}

/// Glyph, word and meaning of one of the policy's alarms: never colour alone.
fn standing(alert: &Alert) -> (&'static str, &'static str, Meaning) {
    match alert.state {
        AlertState::Firing { .. } => Severity::from(alert.rule.severity()).mark(),
        AlertState::Filling => ("◔", "filling", Meaning::Warning),
        AlertState::Unknown => ("?", "blind", Meaning::CannotTell),
        AlertState::Clear if alert.blind => ("?", "blind", Meaning::CannotTell),
        AlertState::Clear => ("✓", "clear", Meaning::Ok),
    }
}

fn ours(alert: &Alert, now: Timestamp) -> (Phrase, Phrase) {
    let (glyph, word, meaning) = standing(alert);
    let left = Phrase::new()
        .tell(meaning, format_args!(" {glyph} {word:<8} "))
        .tell(Meaning::Text, format_args!("{}", alert.what()))
        .tell(Meaning::Muted, format_args!(" · {}", alarms::name(&alert.subject)));
    let right = Phrase::new()
        .tell(meaning, format_args!("  {}", alert.standing(now)))
        .tell(Meaning::Muted, format_args!("  {}* ", alert.rule.route()));
    (left, right)
}

fn state(state: &AlarmState) -> &str {
    match state {
        AlarmState::Alarm => "ALARM",
        AlarmState::InsufficientData => "NO DATA",
        AlarmState::Ok => "OK",
        AlarmState::Unknown(word) => word,
    }
}

fn mark(state: &AlarmState) -> (&'static str, Meaning) {
    match state {
        AlarmState::Alarm => ("●", Meaning::Warning),
        AlarmState::InsufficientData | AlarmState::Unknown(_) => ("?", Meaning::CannotTell),
        AlarmState::Ok => ("✓", Meaning::Ok),
    }
}

/// "3 of 3 minutes > 70".
fn condition(alarm: &Alarm) -> String {
    let (breach, of) = alarm.periods;
    let sign = if alarm.above { '>' } else { '<' };
    let limit = alarm.threshold.map_or("a band".to_owned(), |limit| words::number(limit, 2));
    let period = if alarm.period_s == 60 { "minutes".to_owned() } else { format!("× {}s", alarm.period_s) };
    format!("{breach} of {of} {period} {sign} {limit}")
}

fn aws(alarm: &Alarm, now: Timestamp) -> (Phrase, Phrase) {
    let (glyph, meaning) = mark(&alarm.state);
    let acts = match (alarm.actions_enabled, alarm.actions) {
        (false, _) => " actions off",
        (true, 0) => " no action",
        (true, _) => "",
    };
    let left = Phrase::new()
        .tell(meaning, format_args!(" {glyph} {:<8} ", state(&alarm.state)))
        .tell(Meaning::Text, format_args!("{}", alarm.short()));
    let right = Phrase::new()
        .tell(Meaning::Muted, format_args!("  {}", condition(alarm)))
        .say(Meaning::Warning, acts)
        .tell(Meaning::Muted, format_args!("  for {} ", words::age_at(alarm.since, now)));
    (left, right)
}

/// The evidence of an alarm.
pub fn note(view: &View, row: &Row, now: Timestamp) -> Option<Note> {
    match row {
        Row::Head(_) => None,
        Row::Ours(at) => view.alerts.get(*at).map(|alert| evidence(alert, now)),
        Row::Aws(name) => view.platform.alarms.get(name).map(|alarm| of_aws(view, alarm, now)),
        Row::Turn(at) => {
            let turn = view.platform.alarm_turns.get(*at)?;
            view.platform.alarms.get(&turn.alarm).map(|alarm| of_aws(view, alarm, now))
        }
    }
}

fn evidence(alert: &Alert, now: Timestamp) -> Note {
    let (_, word, _) = standing(alert);
    let mut lines = vec![
        ("state", format!("{word}: {}", alert.standing(now))),
        ("what", alert.what()),
        ("about", alarms::whole_name(&alert.subject)),
        ("route", format!("{}, by the spec; scaledeck does not send it", alert.rule.route())),
    ];
    if let AlertState::Firing { since } = alert.state {
        lines.insert(1, ("since", format!("{}, {} ago", words::clock(since), words::age_at(since, now))));
    }
    if let AlertEvidence::Level { metric, value, threshold, window } = &alert.evidence {
        let unit = metric.row().unit;
        let value = value.map_or("no data".to_owned(), |value| words::value(unit, value));
        lines.push(("value", format!("{value}, mean of the five newest whole minutes")));
        lines.push(("limit", words::value(unit, *threshold)));
        lines.push(("window", window.words()));
        lines.push(("metric", format!("{} {} {}", metric.row().namespace, metric.row().name, metric.row().statistic)));
    }
    if alert.blind {
        lines.push((
            "blind",
            "the newest minute could not be judged: the state is that of the last one that could".to_owned(),
        ));
    }
    Note { title: "Alarm of the policy".to_owned(), lines }
}

fn of_aws(view: &View, alarm: &Alarm, now: Timestamp) -> Note {
    let mut lines = vec![
        (
            "state",
            format!(
                "{} since {}, {} ago",
                state(&alarm.state),
                words::clock(alarm.since),
                words::age_at(alarm.since, now)
            ),
        ),
        (
            "metric",
            if alarm.metric.is_empty() { "an expression over several".to_owned() } else { alarm.metric.clone() },
        ),
        ("condition", condition(alarm)),
        ("actions", format!("{}{}", alarm.actions, if alarm.actions_enabled { "" } else { ", switched off" })),
        ("AWS says", alarm.reason.clone()),
    ];
    lines.extend(alarm.dimensions.iter().map(|(name, value)| ("dimension", format!("{name} = {value}"))));
    if let Some(service) = alarm.tracks() {
        lines.push(("belongs to", format!("the target tracking of {service}: AWS makes it and takes it away")));
    }
    let turns = view.platform.alarm_turns.iter().filter(|turn| turn.alarm == alarm.name);
    lines.extend(
        turns
            .take(10)
            .map(|turn| ("turned", format!("{} {} → {}", words::clock(turn.at), state(&turn.from), state(&turn.to)))),
    );
    lines.push(("read", format!("{}, {} ago", words::clock(alarm.learnt), words::age_at(alarm.learnt, now))));
    Note { title: format!("Alarm of AWS · {}", alarm.name), lines }
}
