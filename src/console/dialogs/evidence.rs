//! Why a group does what it does: the causes of the four troubles, ranked, with what they rest on and what mends them;
//! then the evidence behind the verdict, to the digit, as the engine gave it and in its words.

use ratatui::text::{Line, Span};

use super::wrap::wrap;
use crate::console::frame::Look;
use crate::console::panes::listing::Note;
use crate::console::theme::Meaning;
use crate::console::words;
use crate::live::View;
use crate::platform::{GroupId, ServiceId};
use crate::policy::ecs::autoscaler_view;
use crate::policy::why::{self, Certainty, Diagnosis, Extra, Mover, Standing};
use crate::policy::{GroupVerdict, MetricEvidence, Verdict};

/// Causes and evidence on a group as lines of a width.
pub fn lines(group: &GroupId, view: &View, look: &Look, width: usize) -> Vec<Line<'static>> {
    let mut page = Page { look, width, lines: Vec::new() };
    let moves: Vec<why::Move> = moves(group, view);
    let extra = Extra { alerts: &view.alerts, moves: &moves };
    let ranked = why::causes(&view.platform, &view.policy, group, look.now, extra);
    let (told, quiet): (Vec<_>, Vec<_>) =
        ranked.troubles.iter().partition(|one| one.standing != Standing::No || !one.causes.is_empty());
    for diagnosis in told {
        trouble(diagnosis, &mut page);
    }
    for diagnosis in quiet {
        page.say(Meaning::Muted, format!("✓ {}", diagnosis.line()));
    }
    page.lines.push(Line::default());
    match group {
        GroupId::Service(id) => of_service(id, view, &mut page),
        GroupId::Replicas(id) => of_members(view.advice.replicas.get(id), &mut page),
        GroupId::Cache(id) => of_members(view.advice.caches.get(id), &mut page),
    }
    page.lines
}

/// More about a row, as lines of a width.
pub(super) fn note_lines(note: &Note, look: &Look, width: usize) -> Vec<Line<'static>> {
    let mut page = Page { look, width, lines: Vec::new() };
    for (label, text) in &note.lines {
        if label.is_empty() {
            page.say(Meaning::Strong, text);
        } else {
            page.pair(label, text);
        }
    }
    page.lines
}

/// What operators did to this group's count, as the journal tells.
fn moves(group: &GroupId, view: &View) -> Vec<why::Move> {
    let entries = view.journal.iter().flat_map(|entries| entries.iter()).filter(|entry| entry.group() == *group);
    let moved = entries.filter_map(|entry| Some((entry.began, entry.moved()?)));
    moved.map(|(at, (from, to))| why::Move { at, from, to, by: Mover::Operator }).collect()
}

fn trouble(diagnosis: &Diagnosis, page: &mut Page) {
    let (glyph, meaning) = match diagnosis.standing {
        Standing::Yes => ("▲", Meaning::Warning),
        Standing::CannotTell { .. } => ("?", Meaning::CannotTell),
        Standing::No => ("✓", Meaning::Muted),
    };
    page.say(meaning, format!("{glyph} {}", diagnosis.line()));
    for cause in &diagnosis.causes {
        let meaning = if cause.certainty == Certainty::Yes { Meaning::Strong } else { Meaning::CannotTell };
        page.hang(2, meaning, cause.line());
        for proof in &cause.evidence {
            page.hang(4, Meaning::Text, proof.line());
        }
        for mend in &cause.mends {
            page.hang(4, Meaning::Advice, format!("→ {}", mend.line()));
            if let Some(command) = &mend.command {
                page.hang(6, Meaning::Muted, format!("$ {command}"));
            }
        }
    }
}

fn of_service(id: &ServiceId, view: &View, page: &mut Page) {
    match view.advice.services.get(id) {
        None => page.say(Meaning::CannotTell, "no verdict on this service yet"),
        Some(verdict) => {
            page.say(Meaning::Strong, format!("{}  {}", id.service, verdict.sentence()));
            if let Some(aws) = autoscaler_view(&view.platform, id, page.look.now) {
                page.say(Meaning::Text, aws.sentence());
            }
            if let Some(next) = verdict.next_line() {
                page.say(Meaning::Text, next);
            }
            page.lines.push(Line::default());
            verdict_lines(verdict, page);
        }
    }
}

fn of_members(verdict: Option<&GroupVerdict>, page: &mut Page) {
    let Some(verdict) = verdict else { return page.say(Meaning::CannotTell, "no verdict on this group yet") };
    page.say(Meaning::Strong, verdict.sentence());
    for line in verdict.evidence_lines() {
        page.say(Meaning::Text, line);
    }
}

/// What could be saved as lines of a width, everything about each.
pub fn savings(view: &View, look: &Look, width: usize) -> Vec<Line<'static>> {
    let mut page = Page { look, width, lines: Vec::new() };
    let found = view.money.iter().flat_map(|money| &money.opportunities);
    for one in found {
        let mut lines = one.lines().into_iter();
        page.head(&lines.next().unwrap_or_default());
        for line in lines {
            match line.split_once(": ") {
                Some((label, text)) => page.pair(label, text),
                None => page.say(Meaning::Text, line),
            }
        }
    }
    if page.lines.is_empty() {
        page.say(Meaning::Muted, "nothing stands out");
    }
    page.lines
}

/// Lines under construction.
pub(super) struct Page<'a> {
    pub look: &'a Look<'a>,
    pub width: usize,
    pub lines: Vec<Line<'static>>,
}

impl Page<'_> {
    /// A sentence, cleaned and wrapped.
    pub fn say(&mut self, meaning: Meaning, text: impl AsRef<str>) {
        for part in wrap(&words::clean(text.as_ref()), self.width) {
            self.lines.push(Line::from(Span::styled(part, self.look.theme.style(meaning))));
        }
    }

    /// A sentence, cleaned and wrapped, all of it indented.
    pub fn hang(&mut self, indent: usize, meaning: Meaning, text: impl AsRef<str>) {
        for part in wrap(&words::clean(text.as_ref()), self.width.saturating_sub(indent)) {
            let words = format!("{:indent$}{part}", "");
            self.lines.push(Line::from(Span::styled(words, self.look.theme.style(meaning))));
        }
    }

    /// A label and a text, cleaned and wrapped in its own column.
    pub fn pair(&mut self, label: &str, text: impl AsRef<str>) {
        const COLUMN: usize = 16;
        let style = |meaning| self.look.theme.style(meaning);
        let parts = wrap(&words::clean(text.as_ref()), self.width.saturating_sub(COLUMN));
        for (n, part) in parts.into_iter().enumerate() {
            let label = if n == 0 { label } else { "" };
            self.lines.push(Line::from(vec![
                Span::styled(format!("{label:<COLUMN$}"), style(Meaning::Muted)),
                Span::styled(part, style(Meaning::Text)),
            ]));
        }
    }

    /// A heading, after some air.
    pub fn head(&mut self, text: &str) {
        if !self.lines.is_empty() {
            self.lines.push(Line::default());
        }
        self.say(Meaning::Title, text);
    }
}

fn verdict_lines(verdict: &Verdict, page: &mut Page) {
    page.pair("judged", format!("{}, {} ago", words::clock(verdict.at), words::age_at(verdict.at, page.look.now)));
    let counts = &verdict.counts;
    page.pair("on", format!("desired {}, running {}, pending {}", counts.desired, counts.running, counts.pending));
    page.pair("limits", verdict.limits_line());
    for note in &verdict.notes {
        page.pair("note", verdict.note_line(note));
    }
    for metric in verdict.most_urgent_first() {
        metric_lines(verdict, metric, page);
    }
}

fn metric_lines(verdict: &Verdict, evidence: &MetricEvidence, page: &mut Page) {
    let row = evidence.metric.row();
    page.head(&format!("{} · {} {} {}", row.label, row.namespace, row.name, row.statistic));
    page.say(Meaning::Text, verdict.metric_said(evidence).to_string());
    if let Some(group) = &evidence.group {
        page.pair("target group", group.dimension().unwrap_or(group.as_str()));
    }
    page.pair("value", "mean of the five newest whole minutes");
    if let Some(newest) = evidence.newest {
        let ago = words::age_at(newest, page.look.now);
        page.pair("newest minute", format!("{}, {ago} ago", words::minute(newest)));
    }
    page.pair("above target", evidence.out.words());
    page.pair("clear of it", evidence.clear.words());
    if evidence.asks.is_some() {
        page.pair("asks for", "running × value ÷ target, rounded up");
    }
    if evidence.projected_in.is_some() {
        page.pair("on one fewer", "from the highest five minutes of the clear window");
    }
}
