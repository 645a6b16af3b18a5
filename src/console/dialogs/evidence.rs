//! The evidence behind a verdict, to the digit, as the engine gave it and in its words.

use ratatui::text::{Line, Span};

use super::wrap::wrap;
use crate::console::frame::Look;
use crate::console::theme::Meaning;
use crate::console::words;
use crate::live::View;
use crate::platform::ServiceId;
use crate::policy::ecs::autoscaler_view;
use crate::policy::{MetricEvidence, Verdict};

/// The evidence on a service as lines of a width.
pub fn lines(id: &ServiceId, view: &View, look: &Look, width: usize) -> Vec<Line<'static>> {
    let mut page = Page { look, width, lines: Vec::new() };
    match view.advice.services.get(id) {
        None => page.say(Meaning::CannotTell, "no verdict on this service yet"),
        Some(verdict) => {
            page.say(Meaning::Strong, format!("{}  {}", id.service, verdict.sentence()));
            if let Some(aws) = autoscaler_view(&view.platform, id, look.now) {
                page.say(Meaning::Text, aws.sentence());
            }
            if let Some(next) = verdict.next_line() {
                page.say(Meaning::Text, next);
            }
            page.lines.push(Line::default());
            verdict_lines(verdict, &mut page);
        }
    }
    page.lines
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
