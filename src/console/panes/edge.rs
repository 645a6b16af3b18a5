//! The distributions: what is asked of the edge, what it answers by itself, how the origin fares, and whether they are
//! set up as the policy says.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::Extent;
use crate::console::theme::Meaning;
use crate::console::widgets::charts::Pictured;
use crate::console::widgets::{Phrase, closeup, frame, measure, phrase};
use crate::console::words::{self, Clean};
use crate::console::{Look, Model};
use crate::live::View;
use crate::platform::{Distribution, MetricId, MetricKey, Source};
use crate::policy::{Drift, DriftState, drift};

/// What the pane is made of.
const SOURCES: [Source; 2] = [Source::Distributions, Source::EdgeMetrics];
/// Columns of a label.
const LABEL: usize = 16;

/// What CloudFront measures without being paid for it.
const FREE: [(&str, MetricId); 4] = [
    ("requests", MetricId::EdgeRequests),
    ("4XX", MetricId::Edge4xxRate),
    ("5XX", MetricId::Edge5xxRate),
    ("downloaded", MetricId::EdgeBytes),
];
/// What it measures with a monitoring subscription only (CloudFront's developer guide, "Turning on additional metrics").
const PAID: [(&str, MetricId); 2] = [("hit rate", MetricId::EdgeHitRate), ("origin latency", MetricId::OriginLatency)];

/// Every line of the figures, distribution by distribution.
fn lines(view: &View, look: &Look) -> Vec<Phrase> {
    view.platform.distributions.values().flat_map(|each| of_distribution(view, each, look)).collect()
}

fn of_distribution(view: &View, distribution: &Distribution, look: &Look) -> Vec<Phrase> {
    let value = |metric| measure::now_of(&view.platform, &MetricKey::distribution(&distribution.id, metric), look.now);
    let label =
        |words: &'static str| Phrase::new().say(Meaning::Muted, Clean::of(format_args!("  {words}")).left(LABEL + 2));
    let mut lines = vec![
        Phrase::new()
            .tell(Meaning::Title, format_args!(" {} ", distribution.id))
            .tell(Meaning::Muted, format_args!("{} ", distribution.domain))
            .then(if distribution.enabled {
                Phrase::new()
            } else {
                Phrase::new().say(Meaning::Warning, "▲ disabled: it answers nobody ")
            })
            .tell(Meaning::Muted, format_args!("· read {}", words::second_of_day(distribution.learnt))),
    ];
    let told = |metric: MetricId, value: f64| {
        Phrase::new().tell(Meaning::Strong, format_args!("{}", words::value(metric.row().unit, value)))
    };
    for (name, metric) in FREE {
        let said =
            value(metric).map_or_else(|| Phrase::new().say(Meaning::CannotTell, "?"), |value| told(metric, value));
        lines.push(label(name).then(said));
    }
    for (name, metric) in PAID {
        let absent = || {
            let off = distribution.additional_metrics == Some(false);
            let words = if off { "not measurable without a monitoring subscription" } else { "?" };
            Phrase::new().say(Meaning::CannotTell, words)
        };
        lines.push(label(name).then(value(metric).map_or_else(absent, |value| told(metric, value))));
    }
    let monitoring = match distribution.additional_metrics {
        Some(true) => Phrase::new().say(Meaning::Ok, "✓ subscription on"),
        Some(false) => Phrase::new().say(Meaning::Warning, "▲ no subscription: hit rate and origin latency are blind"),
        None => Phrase::new().say(Meaning::CannotTell, "? whether it has a subscription was not read"),
    };
    lines.push(label("monitoring").then(monitoring));
    lines.push(label("fails over").then(fails_over(distribution)));
    let rows = drift::of_distribution(distribution, &view.policy.edge);
    lines.extend(rows.iter().map(|row| label(row.what).then(check(row))));
    lines
}

/// Whether policy and AWS agree, in a word and in what they say.
fn check(row: &Drift) -> Phrase {
    let aws = row.aws.as_deref().unwrap_or("?");
    match row.state {
        DriftState::Same => Phrase::new().tell(Meaning::Ok, format_args!("✓ {aws}")),
        DriftState::Differs => Phrase::new()
            .tell(Meaning::Warning, format_args!("▲ {aws}"))
            .tell(Meaning::Muted, format_args!(", the policy says {}", row.policy)),
        DriftState::Unknown => Phrase::new()
            .say(Meaning::CannotTell, "? not known")
            .tell(Meaning::Muted, format_args!(", the policy says {}", row.policy)),
    }
}

/// From which origin to which, and when. Whether it has failed over just now AWS does not tell.
fn fails_over(distribution: &Distribution) -> Phrase {
    let pair = |group: &crate::platform::distribution::OriginGroup| {
        let statuses: Vec<String> = group.statuses.iter().map(ToString::to_string).collect();
        format!("{} on {}", group.members.join(" → "), statuses.join(", "))
    };
    let pairs: Vec<String> = distribution.origin_groups.iter().map(pair).collect();
    if pairs.is_empty() {
        return Phrase::new().say(Meaning::Warning, "▲ nowhere: no origin stands in for another");
    }
    Phrase::new().tell(Meaning::Text, format_args!("{}", pairs.join("; ")))
}

fn rooms(lines: usize, area: Rect) -> closeup::Plan {
    let lines = u16::try_from(lines).unwrap_or(u16::MAX).saturating_add(2);
    closeup::plan(area, (76, lines), false)
}

/// The lines scroll.
pub fn measure(view: &View, _: &Model, look: &Look, area: Rect) -> Extent {
    let lines = lines(view, look).len();
    Extent { lines, page: usize::from(rooms(lines, area).figures.height.saturating_sub(2)) }
}

/// Draws the pane.
pub fn draw(view: &View, model: &Model, look: &Look, area: Rect, buf: &mut Buffer) {
    let area = area.intersection(buf.area);
    if area.is_empty() {
        return;
    }
    if view.platform.distributions.is_empty() {
        let none = "no CloudFront distribution is known in this account";
        return closeup::nothing(view, Source::Distributions, "Edge", none, look, area, buf);
    }
    let lines = lines(view, look);
    let plan = rooms(lines.len(), area);
    let name = Phrase::new()
        .say(Meaning::Title, "Edge ")
        .tell(Meaning::Muted, format_args!("{}", words::several(view.platform.distributions.len(), "distribution")));
    let name = closeup::remarks(view, &SOURCES, look).into_iter().fold(name, Phrase::then);
    let inside = frame::draw(look.theme, &name, true, plan.figures, buf);
    let scroll = model.scroll().min(lines.len().saturating_sub(usize::from(inside.height)));
    for (at, line) in lines.iter().skip(scroll).take(usize::from(inside.height)).enumerate() {
        line.draw(look.theme, phrase::line(inside, at), buf);
    }
    closeup::failures(view, &SOURCES, look, plan.figures, buf);
    if closeup::stale(view, &[Source::Distributions], look) {
        phrase::tint(look.theme.style(Meaning::Dim), inside, buf);
    }
    closeup::chart(&pictured(view), &[], look, plan.charts, buf);
}

/// Of the first distribution, what is measured.
fn pictured(view: &View) -> Vec<Pictured<'_>> {
    let Some(first) = view.platform.distributions.values().next() else { return Vec::new() };
    let metrics = [
        MetricId::EdgeRequests,
        MetricId::Edge5xxRate,
        MetricId::EdgeHitRate,
        MetricId::OriginLatency,
        MetricId::Edge4xxRate,
        MetricId::EdgeBytes,
    ];
    let pictured = |metric| {
        let series = view.platform.series.get(&MetricKey::distribution(&first.id, metric))?;
        Some(Pictured { metric, series: Some(series), threshold: None, whose: Clean::new(first.id.as_str()) })
    };
    metrics.into_iter().filter_map(pictured).collect()
}
