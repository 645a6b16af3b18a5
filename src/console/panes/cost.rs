//! What everything costs: today against the budget, what runs, what was billed and on what, and what could be saved.
//!
//! Every number says where it comes from and how old it is. On a wide screen the bill stands beside what runs; else one
//! column scrolls. Absent on purpose: reckoning – the lines are made of one value that `live` has judged.

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::Extent;
use crate::console::theme::Meaning;
use crate::console::widgets::{Phrase, frame, phrase};
use crate::console::words;
use crate::console::{Look, Model};
use crate::live::View;
use crate::platform::bill::{Coverage, Part};
use crate::platform::spend::Dollars;
use crate::policy::alerts::Subject;
use crate::policy::money::words::dollars;
use crate::policy::money::{Billed, Money};
use crate::policy::{AlertState, prices::MONTH_HOURS};

/// From this width on the bill stands beside the rest.
const WIDE: u16 = 150;
/// Rows of the chart of days.
const CHART: usize = 6;
/// Eighths of a cell.
const EIGHTHS: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/// What scrolls is the column with what could be saved; on a narrow screen there is but one.
pub fn measure(view: &View, _: &Model, look: &Look, area: Rect) -> Extent {
    let inner = inside(if area.width >= WIDE { right_of(area) } else { area });
    let lines = scrolled(view, look.now, inner.width, area.width >= WIDE).len();
    Extent { lines, page: usize::from(inner.height) }
}

/// Draws the pane.
pub fn draw(view: &View, model: &Model, look: &Look, area: Rect, buf: &mut Buffer) {
    let area = area.intersection(buf.area);
    if area.is_empty() {
        return;
    }
    let wide = area.width >= WIDE;
    let main = if wide { right_of(area) } else { area };
    if wide {
        let left = Rect { width: area.width - main.width, ..area };
        let room = frame::draw(look.theme, &title("Billed", view), false, left, buf);
        put(&billed_lines(view, look.now, room.width), 0, look, room, buf);
    }
    let name = if wide { "Cost: what runs, what could be saved" } else { "Cost" };
    let room = frame::draw(look.theme, &Phrase::new().say(Meaning::Title, name), true, main, buf);
    put(&scrolled(view, look.now, room.width, wide), model.scroll(), look, room, buf);
}

fn right_of(area: Rect) -> Rect {
    let width = area.width * 55 / 100;
    Rect { x: area.x + area.width - width, width, ..area }
}

/// The room inside a frame.
fn inside(area: Rect) -> Rect {
    Rect { width: area.width.saturating_sub(2), height: area.height.saturating_sub(2), ..area }
}

fn put(lines: &[Phrase], from: usize, look: &Look, room: Rect, buf: &mut Buffer) {
    for (at, line) in lines.iter().skip(from).take(usize::from(room.height)).enumerate() {
        line.draw(look.theme, phrase::line(room, at), buf);
    }
}

fn title(name: &'static str, view: &View) -> Phrase {
    let state = view.money.as_ref().and_then(|money| money.bill_trouble.as_deref());
    let name = Phrase::new().say(Meaning::Title, name);
    match state {
        Some(why) => name.tell(Meaning::CannotTell, format_args!("  {why}")),
        None => name,
    }
}

fn scrolled(view: &View, now: Timestamp, width: u16, wide: bool) -> Vec<Phrase> {
    let Some(money) = &view.money else {
        return vec![Phrase::new().say(Meaning::CannotTell, " nothing is known to run yet, and nothing was billed")];
    };
    let mut lines = head(money, now);
    lines.extend(firing(view, now));
    if !wide {
        lines.push(Phrase::new());
        lines.extend(chart(money, width));
    }
    lines.extend(savings(money));
    lines.extend(running(money, now));
    if !wide {
        lines.extend(billed_lines(view, now, width).into_iter().skip(chart(money, width).len()));
    }
    lines
}

fn label(words: &'static str) -> Phrase {
    Phrase::new().tell(Meaning::Muted, format_args!(" {words:<10}"))
}

fn section(words: &'static str) -> [Phrase; 2] {
    [Phrase::new(), Phrase::new().tell(Meaning::Title, format_args!(" {words}"))]
}

/// Today, the run rate, the last day, the month, and what one of something costs.
fn head(money: &Money, now: Timestamp) -> Vec<Phrase> {
    let mut lines = Vec::new();
    let today = match &money.today {
        None => label("today").say(Meaning::CannotTell, "cannot tell: nothing is known to run"),
        Some(today) => {
            let line = label("today")
                .tell(Meaning::Strong, format_args!("{} so far", dollars(today.so_far())))
                .tell(Meaning::Text, format_args!(" → {} by midnight UTC", dollars(today.projected)));
            let line = match money.budget {
                Some(budget) => line.tell(Meaning::Text, format_args!(" of {} budgeted", dollars(budget))),
                None => line.say(Meaning::Muted, " · no budget: daily_budget_usd"),
            };
            lines.push(line);
            label("").tell(Meaning::Muted, format_args!("estimate on demand, {}", today.basis()))
        }
    };
    lines.push(today);
    let hourly = money.run_rate.hourly();
    let mut line = label("run rate")
        .tell(Meaning::Strong, format_args!("{}", words::dollars_per_hour(hourly.0)))
        .tell(Meaning::Text, format_args!(" · {} a month if kept", dollars(Dollars(hourly.0 * MONTH_HOURS))));
    if !money.run_rate.unpriced.is_empty() {
        let without = words::several(money.run_rate.unpriced.len(), "thing");
        line = line.tell(Meaning::CannotTell, format_args!(" · {without} without a price"));
    }
    lines.push(line);
    match money.billed.as_ref() {
        None => {
            let why = money.bill_trouble.as_deref().unwrap_or("Cost Explorer has not answered yet");
            lines.push(label("billed").tell(Meaning::CannotTell, format_args!("cannot tell: {why}")));
        }
        Some(billed) => {
            lines.push(last_day(billed, money, now));
            lines.extend(month(billed));
        }
    }
    lines.push(label("request").tell(Meaning::Text, format_args!("{}", money.per_request.sentence("request"))));
    lines.push(label("user").tell(Meaning::Text, format_args!("{}", money.per_user.sentence("user"))));
    let mut scaling =
        label("scaling").tell(Meaning::Text, format_args!("{} above the floor today", dollars(money.impact.today)));
    if let Some(event) = money.impact.events.first() {
        let from = event.from.map_or(String::new(), |from| format!("{from}→"));
        let what = format!("{} {from}{}", event.service.service, event.to);
        scaling = scaling.tell(
            Meaning::Muted,
            format_args!(" · {} {what} {} since", words::minute(event.at), dollars(event.above_floor)),
        );
    }
    lines.push(scaling);
    lines
}

fn last_day(billed: &Billed, money: &Money, now: Timestamp) -> Phrase {
    let age = words::age_at(billed.learnt, now);
    let Some((day, cost)) = billed.last else {
        return label("billed").say(Meaning::CannotTell, "no day of the bill is complete yet");
    };
    let stale = money.bill_trouble.is_some();
    let meaning = if stale { Meaning::Dim } else { Meaning::Strong };
    let line = label("billed").tell(meaning, format_args!("{} on {day}", dollars(cost)));
    let line = match billed.trend.as_ref().and_then(crate::policy::money::billed::Trend::percent) {
        Some(percent) => line.tell(Meaning::Text, format_args!(" · week {percent:+.0} %")),
        None => line,
    };
    line.tell(Meaning::Muted, format_args!(" · Cost Explorer, {age} ago"))
}

fn month(billed: &Billed) -> Option<Phrase> {
    let month = billed.month?;
    let mut line = label("month")
        .tell(Meaning::Text, format_args!("{} in {}", dollars(month.so_far), words::several(month.days, "day")));
    line = match month.last_month {
        Some(last) => line.tell(Meaning::Text, format_args!(", {} in the same of last month", dollars(last))),
        None => line.say(Meaning::Muted, ", last month is not in the bill"),
    };
    Some(match billed.month_forecast {
        Some(forecast) => line.tell(Meaning::Text, format_args!(" · {} forecast", dollars(forecast))),
        None => line,
    })
}

/// The alarms of money that fire.
fn firing(view: &View, now: Timestamp) -> Vec<Phrase> {
    let money = view.alerts.iter().filter(|alert| matches!(alert.subject, Subject::Money | Subject::Resource(_)));
    let firing = money.filter(|alert| matches!(alert.state, AlertState::Firing { .. }));
    firing
        .map(|alert| {
            let of = if let Subject::Resource(name) = &alert.subject { format!("{name}: ") } else { String::new() };
            let sentence = alert.sentence(now);
            Phrase::new().tell(Meaning::Warning, format_args!(" ▲ warning   {of}{sentence} · {}*", alert.rule.route()))
        })
        .collect()
}

/// Days as bars, the newest at the right; days that are not complete are muted.
fn chart(money: &Money, width: u16) -> Vec<Phrase> {
    let Some(billed) = &money.billed else { return Vec::new() };
    let room = usize::from(width).saturating_sub(12).min(billed.days.len());
    let days = &billed.days[billed.days.len() - room..];
    let highest = days.iter().map(|(_, cost)| cost.0).fold(0.0_f64, f64::max);
    if room == 0 || highest <= 0.0 {
        return Vec::new();
    }
    let mut lines = Vec::new();
    for row in (0..CHART).rev() {
        let mark = if row == CHART - 1 {
            dollars(Dollars(highest))
        } else if row == 0 {
            "$0".to_owned()
        } else {
            String::new()
        };
        let mut line = Phrase::new().tell(Meaning::Muted, format_args!("{mark:>10} "));
        for (day, cost) in days {
            let filled = (cost.0.max(0.0) / highest * (CHART * 8) as f64).round() as usize;
            let whole = billed.last.is_some_and(|(last, _)| *day <= last);
            let over = money.budget.is_some_and(|budget| cost.0 > budget.0 * 1.2);
            let meaning = match (whole, over) {
                (false, _) => Meaning::Dim,
                (true, true) => Meaning::Warning,
                (true, false) => Meaning::Text,
            };
            line = line.say(meaning, EIGHTHS[filled.saturating_sub(row * 8).min(8)]);
        }
        lines.push(line);
    }
    if let (Some((first, _)), Some((last, _))) = (days.first(), days.last()) {
        let gap = room.saturating_sub(20);
        lines.push(Phrase::new().tell(Meaning::Muted, format_args!("{:11}{first}{:gap$}{last}", "", "")));
    }
    lines
}

/// What could be saved, the largest first.
fn savings(money: &Money) -> Vec<Phrase> {
    let mut lines = section("Could be saved, each by itself · enter: evidence, risk, change").to_vec();
    if money.weeks_learnt.is_none() {
        lines.push(
            Phrase::new()
                .say(Meaning::CannotTell, " two weeks of hours were not read yet: sizes and floors cannot be told"),
        );
    }
    if money.opportunities.is_empty() {
        lines.push(Phrase::new().say(Meaning::Muted, " nothing stands out"));
    }
    lines.extend(money.opportunities.iter().map(|one| {
        let meaning = if one.saving.monthly().is_some() { Meaning::Strong } else { Meaning::Muted };
        Phrase::new()
            .tell(Meaning::Muted, format_args!(" {:<9}", one.kind.word()))
            .tell(meaning, format_args!("{:>19}", one.saving.words()))
            .tell(Meaning::Text, format_args!("  {}: {}", one.subject, one.title))
    }));
    lines
}

/// What runs, item by item, and what has no price.
fn running(money: &Money, now: Timestamp) -> Vec<Phrase> {
    let mut lines = section("Runs now").to_vec();
    if let Some(learnt) = money.run_rate.learnt {
        let age = words::age_at(learnt, now);
        lines[1] = lines[1].clone().tell(Meaning::Muted, format_args!(" · on demand, oldest reading {age} ago"));
    }
    for item in &money.run_rate.items {
        let line = Phrase::new()
            .tell(Meaning::Muted, format_args!(" {:<9}", item.tier))
            .tell(
                Meaning::Text,
                format_args!("{:>12}/h  {}: {}", format!("${:.4}", item.hourly.0), item.name, item.what),
            )
            .tell(Meaning::Muted, format_args!(" · {}", item.origin));
        lines.push(line);
    }
    for one in &money.run_rate.unpriced {
        let words = format!("{}: {}", one.name, one.why);
        lines.push(Phrase::new().tell(Meaning::CannotTell, format_args!(" no price              {words}")));
    }
    lines
}

/// The bill: days, what it went on, commitments, what AWS itself found unusual.
fn billed_lines(view: &View, now: Timestamp, width: u16) -> Vec<Phrase> {
    let Some(money) = &view.money else { return Vec::new() };
    let Some(billed) = &money.billed else { return Vec::new() };
    let mut lines = chart(money, width);
    lines.extend(section("Went on"));
    if let Some((day, _)) = billed.last {
        let age = words::age_at(billed.learnt, now);
        let end = lines.len() - 1;
        lines[end] =
            lines[end].clone().tell(Meaning::Muted, format_args!(" · 30 days, and {day} · Cost Explorer, {age} ago"));
    }
    for slice in &billed.breakdown {
        lines.push(
            Phrase::new()
                .tell(Meaning::Strong, format_args!(" {:>11}", dollars(slice.month)))
                .tell(Meaning::Text, format_args!(" {:>10} {:>3.0} %", dollars(slice.day), slice.percent))
                .tell(Meaning::Text, format_args!("  {}", slice.service)),
        );
        lines.extend(
            slice.uses.iter().map(|(usage, cost)| {
                Phrase::new().tell(Meaning::Muted, format_args!(" {:>11}  {usage}", dollars(*cost)))
            }),
        );
    }
    lines.extend(section("Commitments and anomalies"));
    lines.push(commitment("plans", money.savings_plans.as_ref()));
    lines.push(commitment("reserved", money.reservations.as_ref()));
    match &money.anomalies {
        Some(Part::Known(found)) if found.is_empty() => {
            lines.push(label("anomalies").say(Meaning::Ok, "none by Cost Explorer's own detector in 90 days"));
        }
        Some(Part::Known(found)) => lines.extend(found.iter().map(|one| {
            let last = one.last.map_or(String::new(), |last| format!(" to {last}"));
            let what = format!("{}{last}: {} more than expected, {}", one.first, dollars(one.impact), one.service);
            label("anomaly").tell(Meaning::Warning, format_args!("{what}"))
        })),
        Some(Part::Untold(why)) => {
            lines.push(label("anomalies").tell(Meaning::CannotTell, format_args!("cannot tell: {why}")));
        }
        None => {}
    }
    lines
}

fn commitment(name: &'static str, part: Option<&Part<Coverage>>) -> Phrase {
    let percent = |value: Option<f64>, none: &str| value.map_or(none.to_owned(), |value| format!("{value:.0} %"));
    match part {
        None => label(name).say(Meaning::CannotTell, "not asked yet"),
        Some(Part::Untold(why)) => label(name).tell(Meaning::CannotTell, format_args!("cannot tell: {why}")),
        Some(Part::Known(coverage)) => {
            let covered = percent(coverage.coverage_percent, "nothing");
            let used = percent(coverage.utilization_percent, "none");
            let what = format!("{covered} covered, {used} of what is committed to used, over 30 days");
            label(name).tell(Meaning::Text, format_args!("{what}"))
        }
    }
}

#[cfg(test)]
mod tests;
