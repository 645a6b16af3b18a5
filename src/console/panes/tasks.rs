//! One service from close by: its counts, deployments and targets, why the policy says what it says, its tasks, its log.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::Extent;
use crate::console::theme::Meaning;
use crate::console::widgets::condition::Condition;
use crate::console::widgets::{Phrase, frame, phrase, sources, tasks};
use crate::console::words;
use crate::console::{Look, Model};
use crate::live::View;
use crate::platform::{GroupId, Service, ServiceId, Source};

/// From this width on, evidence and log stand beside the tasks.
const WIDE: u16 = 180;
/// Below this height there is room for the service and its tasks only.
const SHORT: u16 = 16;

/// The list of tasks scrolls.
pub fn measure(view: &View, model: &Model, look: &Look, area: Rect) -> Extent {
    let _ = (view, model, look, area);
    Extent::default()
}

/// Draws the pane.
pub fn draw(view: &View, model: &Model, look: &Look, area: Rect, buf: &mut Buffer) {
    let area = area.intersection(buf.area);
    if area.is_empty() {
        return;
    }
    let Some(id) = model.shown().and_then(GroupId::service) else {
        Phrase::new().say(Meaning::Muted, " no service is selected").draw(look.theme, area, buf);
        return;
    };
    let Some(service) = view.platform.services.get(id) else {
        let words = format_args!(" {} has not been read yet", id.service);
        Phrase::new().tell(Meaning::Muted, words).draw(look.theme, area, buf);
        return;
    };
    let head = tasks::service(view, service, look.now);
    let head_height = (head.len() as u16 + 2).min(area.height / 3).max(3.min(area.height));
    let below = Rect { y: area.y + head_height, height: area.height - head_height, ..area };
    draw_head(view, service, &head, look, Rect { height: head_height, ..area }, buf);
    if area.width >= WIDE {
        let left = Rect { width: area.width / 2, ..below };
        let right = Rect { x: below.x + left.width, width: below.width - left.width, ..below };
        let why = why_height(view, id, look).min(right.height / 2);
        draw_tasks(view, id, look, left, buf);
        draw_why(view, id, look, Rect { height: why, ..right }, buf);
        draw_events(service, look, Rect { y: right.y + why, height: right.height - why, ..right }, buf);
    } else if area.height < SHORT {
        draw_tasks(view, id, look, below, buf);
    } else {
        let why = why_height(view, id, look).min(below.height / 3);
        let events = (below.height - why) / 3;
        let list = below.height - why - events;
        draw_why(view, id, look, Rect { height: why, ..below }, buf);
        draw_tasks(view, id, look, Rect { y: below.y + why, height: list, ..below }, buf);
        draw_events(service, look, Rect { y: below.y + why + list, height: events, ..below }, buf);
    }
}

fn draw_head(view: &View, service: &Service, lines: &[Phrase], look: &Look, room: Rect, buf: &mut Buffer) {
    let name = Phrase::new()
        .tell(Meaning::Title, format_args!("{} ", service.id.service))
        .tell(Meaning::Muted, format_args!("in {}  ", service.id.cluster))
        .then(Condition::of(view, &GroupId::Service(service.id.clone())).phrase(look.now));
    put(look, &name, lines, room, buf);
}

fn why_height(view: &View, id: &ServiceId, look: &Look) -> u16 {
    view.advice.services.get(id).map_or(3, |verdict| tasks::evidence(verdict, look.now).len() as u16 + 2)
}

fn draw_why(view: &View, id: &ServiceId, look: &Look, room: Rect, buf: &mut Buffer) {
    let name = Phrase::new().say(Meaning::Title, "Why");
    let lines = match view.advice.services.get(id) {
        Some(verdict) => tasks::evidence(verdict, look.now),
        None => vec![Phrase::new().say(Meaning::CannotTell, " not judged yet")],
    };
    put(look, &name, &lines, room, buf);
}

fn draw_tasks(view: &View, id: &ServiceId, look: &Look, room: Rect, buf: &mut Buffer) {
    let known = view.platform.tasks.get(id);
    let health = view.platform.sources.get(&Source::Tasks);
    let mut name = Phrase::new().say(Meaning::Title, "Tasks");
    if let Some(tasks) = known {
        name = name.tell(Meaning::Muted, format_args!(" {}", words::count(tasks.len() as u64)));
    }
    let failure = health.and_then(|health| sources::line(Source::Tasks, health, look.now));
    if let Some(failure) = &failure {
        name = name.say(Meaning::Text, "  ").then(failure.clone());
    }
    let inside = frame::draw(look.theme, &name, true, room, buf);
    match known {
        Some(list) => tasks::table(look.theme, list, look.now, inside, buf),
        None if failure.is_some() => {}
        None => {
            let words = " … reading the tasks";
            Phrase::new().say(Meaning::Muted, words).draw(look.theme, phrase::line(inside, 0), buf);
        }
    }
    if known.is_some() && health.is_some_and(|health| health.stale(look.now)) {
        phrase::tint(look.theme.style(Meaning::Dim), inside, buf);
    }
}

fn draw_events(service: &Service, look: &Look, room: Rect, buf: &mut Buffer) {
    if room.is_empty() {
        return;
    }
    let name = Phrase::new()
        .say(Meaning::Title, "Service log")
        .tell(Meaning::Muted, format_args!(" read {}", words::second_of_day(service.learnt)));
    let inside = frame::draw(look.theme, &name, false, room, buf);
    tasks::events(look.theme, &service.events, inside, buf);
}

fn put(look: &Look, name: &Phrase, lines: &[Phrase], room: Rect, buf: &mut Buffer) {
    if room.is_empty() {
        return;
    }
    let inside = frame::draw(look.theme, name, false, room, buf);
    for (at, line) in lines.iter().take(usize::from(inside.height)).enumerate() {
        let row = phrase::line(inside, at);
        line.draw(look.theme, Rect { x: row.x + 1.min(row.width), width: row.width.saturating_sub(1), ..row }, buf);
    }
}
