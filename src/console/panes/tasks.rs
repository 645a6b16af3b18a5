//! One service from close by: its counts, deployments and targets, why the policy says what it says, its tasks, its log.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::Extent;
use crate::console::theme::Meaning;
use crate::console::widgets::condition::Condition;
use crate::console::widgets::{Phrase, closeup, frame, phrase, sources, tasks};
use crate::console::words;
use crate::console::{Look, Model};
use crate::live::View;
use crate::platform::{GroupId, Service, ServiceId, Source};

/// From this width on, evidence and log stand beside the tasks.
const WIDE: u16 = 180;
/// Below this height there is room for the service and its tasks only.
const SHORT: u16 = 16;

/// The rooms of the pane; an empty one is not drawn.
#[derive(Debug, Clone, Copy, Default)]
struct Plan {
    head: Rect,
    why: Rect,
    list: Rect,
    events: Rect,
}

fn plan(view: &View, service: &Service, head: usize, look: &Look, area: Rect) -> Plan {
    let head = (head as u16 + 2).min(area.height / 3).max(3.min(area.height));
    let below = Rect { y: area.y + head, height: area.height - head, ..area };
    let plan = Plan { head: Rect { height: head, ..area }, ..Plan::default() };
    if area.width >= WIDE {
        let left = Rect { width: area.width / 2, ..below };
        let right = Rect { x: below.x + left.width, width: below.width - left.width, ..below };
        let why = why_height(view, &service.id, look).min(right.height / 2);
        let events = Rect { y: right.y + why, height: right.height - why, ..right };
        return Plan { list: left, why: Rect { height: why, ..right }, events, ..plan };
    }
    if area.height < SHORT {
        return Plan { list: below, ..plan };
    }
    let why = why_height(view, &service.id, look).min(below.height / 3);
    let events = (below.height - why) / 3;
    let list = below.height - why - events;
    Plan {
        why: Rect { height: why, ..below },
        list: Rect { y: below.y + why, height: list, ..below },
        events: Rect { y: below.y + why + list, height: events, ..below },
        ..plan
    }
}

/// How many tasks and events there are, and how many of each there is room for.
fn rows(view: &View, service: &Service, plan: Plan) -> [Extent; 2] {
    let tasks = view.platform.tasks.get(&service.id).map_or(0, |tasks| tasks.len());
    let page = |room: Rect, fixed: u16| usize::from(room.height.saturating_sub(fixed));
    [
        Extent { lines: tasks, page: page(plan.list, 3) },
        // Without a room of its own the log is not scrolled to, either.
        Extent { lines: if plan.events.is_empty() { 0 } else { service.events.len() }, page: page(plan.events, 2) },
    ]
}

/// The list of tasks scrolls to its end, then the log.
pub fn measure(view: &View, model: &Model, look: &Look, area: Rect) -> Extent {
    let service = model.shown().and_then(GroupId::service).and_then(|id| view.platform.services.get(id));
    let Some(service) = service else { return Extent::default() };
    let head = tasks::service(view, service, look.now).len();
    let [list, log] = rows(view, service, plan(view, service, head, look, area));
    let hidden = |extent: Extent| extent.lines.saturating_sub(extent.page);
    let page = list.page.max(1);
    Extent { lines: hidden(list) + hidden(log) + page, page }
}

/// Draws the pane.
pub fn draw(view: &View, model: &Model, look: &Look, area: Rect, buf: &mut Buffer) {
    let area = area.intersection(buf.area);
    if area.is_empty() {
        return;
    }
    let Some(id) = model.shown().and_then(GroupId::service) else {
        let none = "no ECS service in this account and region";
        return closeup::nothing(view, Source::Services, "Tasks", none, look, area, buf);
    };
    let Some(service) = view.platform.services.get(id) else {
        let words = format_args!(" {} has not been read yet", id.service);
        Phrase::new().tell(Meaning::Muted, words).draw(look.theme, area, buf);
        return;
    };
    let head = tasks::service(view, service, look.now);
    let plan = plan(view, service, head.len(), look, area);
    let [list, _] = rows(view, service, plan);
    let first = model.scroll().min(list.lines.saturating_sub(list.page));
    draw_head(view, service, &head, look, plan.head, buf);
    draw_why(view, id, look, plan.why, buf);
    draw_tasks(view, id, first, look, plan.list, buf);
    draw_events(service, model.scroll() - first, look, plan.events, buf);
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
    if room.is_empty() {
        return;
    }
    let name = Phrase::new().say(Meaning::Title, "Why");
    let lines = match view.advice.services.get(id) {
        Some(verdict) => tasks::evidence(verdict, look.now),
        None => vec![Phrase::new().say(Meaning::CannotTell, " not judged yet")],
    };
    put(look, &name, &lines, room, buf);
}

fn draw_tasks(view: &View, id: &ServiceId, first: usize, look: &Look, room: Rect, buf: &mut Buffer) {
    let known = view.platform.tasks.get(id);
    let health = view.platform.sources.get(&Source::Tasks);
    let mut name = Phrase::new().say(Meaning::Title, "Tasks");
    if let Some(tasks) = known {
        name = name.then(phrase::portion(first, room.height.saturating_sub(3), tasks.len()));
    }
    let failure = health.and_then(|health| sources::line(Source::Tasks, health, look.now));
    if let Some(failure) = &failure {
        name = name.say(Meaning::Text, "  ").then(failure.clone());
    }
    let inside = frame::draw(look.theme, &name, true, room, buf);
    match known {
        Some(list) => tasks::table(look.theme, list, first, look.now, inside, buf),
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

fn draw_events(service: &Service, first: usize, look: &Look, room: Rect, buf: &mut Buffer) {
    if room.is_empty() {
        return;
    }
    let name = Phrase::new()
        .say(Meaning::Title, "Service log")
        .then(phrase::portion(first, room.height.saturating_sub(2), service.events.len()))
        .tell(Meaning::Muted, format_args!(" read {}", words::second_of_day(service.learnt)));
    let inside = frame::draw(look.theme, &name, false, room, buf);
    tasks::events(look.theme, service.events.get(first..).unwrap_or_default(), inside, buf);
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
