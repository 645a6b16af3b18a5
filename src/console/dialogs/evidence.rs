//! The evidence behind a verdict, to the digit, as the engine gave it.

use ratatui::text::{Line, Span};

use super::wrap::wrap;
use crate::console::frame::Look;
use crate::console::theme::Meaning;
use crate::console::widgets::advice;
use crate::console::words;
use crate::live::View;
use crate::platform::ServiceId;
use crate::policy::{MetricEvidence, Verdict, WindowEvidence};

/// The evidence on a service as lines of a width.
pub fn lines(id: &ServiceId, view: &View, look: &Look, width: usize) -> Vec<Line<'static>> {
    let mut page = Page { look, width, lines: Vec::new() };
    match view.advice.services.get(id) {
        None => page.say(Meaning::CannotTell, "no verdict on this service yet"),
        Some(verdict) => {
            for (n, phrase) in advice::lines(view, id, look.now, usize::MAX).iter().enumerate() {
                page.say(if n == 0 { Meaning::Strong } else { Meaning::Text }, phrase.text());
            }
            page.lines.push(Line::default());
            verdict_lines(verdict, &mut page);
        }
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
    page.pair("floor", format!("{} – {}", verdict.floor.count, verdict.floor.origin));
    page.pair("ceiling", verdict.ceiling.to_string());
    for metric in &verdict.metrics {
        metric_lines(metric, page);
    }
}

fn metric_lines(evidence: &MetricEvidence, page: &mut Page) {
    let row = evidence.metric.row();
    let shown = |value| words::value(row.unit, value);
    page.head(&format!("{} · {} {} {}", row.label, row.namespace, row.name, row.statistic));
    if let Some(group) = &evidence.group {
        page.pair("target group", group.dimension().unwrap_or(group.as_str()));
    }
    let value = evidence.value.map_or_else(|| "no data".to_owned(), shown);
    page.pair("value", format!("{value}, mean of the five newest whole minutes; target {}", shown(evidence.target)));
    if let Some(newest) = evidence.newest {
        let ago = words::age_at(newest, page.look.now);
        page.pair("newest minute", format!("{}, {ago} ago", words::minute(newest)));
    }
    page.pair("above target", window(evidence.out));
    page.pair("clear of it", window(evidence.clear));
    if let Some(asks) = evidence.asks {
        page.pair("asks for", format!("{asks} = running × value ÷ target, rounded up"));
    }
    if let Some(projected) = evidence.projected_in {
        page.pair("on one fewer", format!("{} from the highest five minutes of the clear window", shown(projected)));
    }
}

fn window(evidence: WindowEvidence) -> String {
    let span = |seconds: u32| words::span(i64::from(seconds));
    let bridged = match evidence.bridged {
        0 => String::new(),
        minutes => format!(", {} without data bridged", words::several(minutes as usize, "minute")),
    };
    let unknown = if evidence.unknown { ", too little data to say" } else { "" };
    format!("{} of {}{bridged}{unknown}", span(evidence.held_s), span(evidence.need_s))
}
