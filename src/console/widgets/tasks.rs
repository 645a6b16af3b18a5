//! The parts that tell of one service: its head, its tasks, its log, and the evidence behind its verdict.

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::activity::event_words;
use super::follow::window_bar;
use super::{Phrase, advice, phrase};
use crate::console::theme::{Meaning, Theme};
use crate::console::words::{self, Clean};
use crate::live::View;
use crate::platform::{Deployment, Rollout, Service, ServiceEvent, TargetGroup, TargetState, Task, TaskCount};
use crate::policy::sentence::filled;
use crate::policy::{MetricEvidence, Verdict};

/// Columns of a window's bar.
const BAR: usize = 5;

/// The service in a few lines: counts and limits, one line a deployment, one a target group.
pub fn service(view: &View, service: &Service, now: Timestamp) -> Vec<Phrase> {
    let target = view.platform.targets.get(&service.id);
    let short = service.running < service.desired;
    let meaning = if short { Meaning::Warning } else { Meaning::Strong };
    let mut counts = Phrase::new()
        .tell(meaning, format_args!("running {}/{}", service.running, service.desired))
        .tell(Meaning::Text, format_args!("  pending {}", service.pending));
    counts = match target {
        Some(target) => counts.tell(Meaning::Text, format_args!("  min–max {}–{}", target.min, target.max)),
        None => counts.say(Meaning::Muted, "  no scalable target"),
    };
    counts = counts.tell(Meaning::Muted, format_args!("  {}  {}", service.task_definition, service.launch));
    if let Some(size) = service.task_size {
        let cpu = words::number(f64::from(size.cpu_units) / 1024.0, 2);
        let memory = words::number(f64::from(size.memory_mib) / 1024.0, 1);
        counts = counts.tell(Meaning::Muted, format_args!("  {cpu} vCPU {memory} GiB a task"));
    }
    let mut lines = vec![counts];
    lines.extend(service.deployments.iter().map(|each| deployment(each, now)));
    for arn in &service.target_groups {
        match view.platform.target_groups.get(arn) {
            Some(group) => lines.push(target_group(group)),
            None => lines.push(Phrase::new().say(Meaning::Muted, "target group not read yet")),
        }
    }
    lines
}

fn deployment(deployment: &Deployment, now: Timestamp) -> Phrase {
    let (meaning, word) = match &deployment.rollout {
        Rollout::Completed => (Meaning::Ok, Clean::from("✓ completed")),
        Rollout::Failed => (Meaning::Critical, "● FAILED".into()),
        Rollout::InProgress => (Meaning::Acting, "» in progress".into()),
        Rollout::Unknown(word) => (Meaning::Muted, Clean::new(word)),
    };
    let role = if deployment.primary { "primary" } else { "earlier" };
    let line = Phrase::new()
        .tell(Meaning::Muted, format_args!("deployment {role} "))
        .tell(Meaning::Text, format_args!("{}  ", deployment.task_definition))
        .say(meaning, word)
        .tell(Meaning::Text, format_args!("  {}/{}", deployment.running, deployment.desired));
    let line = match deployment.failed {
        TaskCount(0) => line,
        failed => line.tell(Meaning::Critical, format_args!("  {failed} failed to start")),
    };
    let line = line.tell(Meaning::Muted, format_args!("  {} ago", words::age_at(deployment.created, now)));
    if deployment.rollout == Rollout::Failed || deployment.rollout == Rollout::InProgress {
        return line.tell(Meaning::Muted, format_args!("  {}", deployment.reason));
    }
    line
}

fn target_group(group: &TargetGroup) -> Phrase {
    let line = Phrase::new().say(Meaning::Muted, "targets ").tell(Meaning::Text, format_args!("{}  ", group.name));
    let Some(targets) = &group.targets else { return line.say(Meaning::CannotTell, "? health not known") };
    let count = |state: &TargetState| group.count(state).unwrap_or(0);
    let healthy = count(&TargetState::Healthy);
    let meaning = if healthy == 0 && !targets.is_empty() { Meaning::Critical } else { Meaning::Ok };
    let mut line = line.tell(meaning, format_args!("{healthy} healthy"));
    if healthy == 0 && !targets.is_empty() {
        line = line.say(Meaning::Critical, " – the balancer fails open");
    }
    for (state, word, meaning) in [
        (TargetState::Unhealthy, "unhealthy", Meaning::Warning),
        (TargetState::Initial, "initial", Meaning::Acting),
        (TargetState::Draining, "draining", Meaning::Muted),
        (TargetState::Unused, "unused", Meaning::Muted),
    ] {
        let number = count(&state);
        if number > 0 {
            line = line.tell(meaning, format_args!("  {number} {word}"));
        }
    }
    let reason = targets.iter().find(|target| target.state == TargetState::Unhealthy).map(|target| &target.reason);
    if let Some(reason) = reason {
        line = line.tell(Meaning::Warning, format_args!(" ({reason})"));
    }
    let check = format_args!("  check {} every {}s", group.path, group.interval_s).to_string();
    line.tell(Meaning::Muted, format_args!("{check}  read {}", words::second_of_day(group.learnt)))
}

/// What asks why: unhealthy tasks, those that stopped and say why, those on their way; then those that run.
fn urgency(task: &Task) -> u8 {
    match (task.health.as_str(), task.status.as_str()) {
        ("UNHEALTHY", _) => 0,
        _ if task.stop_reason.as_deref().is_some_and(|reason| !reason.is_empty()) => 1,
        (_, "RUNNING") => 3,
        _ => 2,
    }
}

/// Draws the table of tasks: its head, then as many as there is room for from the first one on, those that ask why on
/// top.
pub fn table(theme: &Theme, tasks: &[Task], first: usize, now: Timestamp, room: Rect, buf: &mut Buffer) {
    let wide = room.width >= 90;
    let head = if wide {
        " task      status        health     zone         age   cold start  runs on        why it stopped"
    } else {
        " task      status        health     age   cold start"
    };
    Phrase::new().say(Meaning::Muted, head).draw(theme, phrase::line(room, 0), buf);
    let mut sorted: Vec<&Task> = tasks.iter().collect();
    sorted.sort_by_key(|task| urgency(task));
    let page = usize::from(room.height).saturating_sub(1);
    for (at, each) in sorted.into_iter().skip(first).take(page).enumerate() {
        task(each, wide, now).draw(theme, phrase::line(room, at + 1), buf);
    }
}

fn task(task: &Task, wide: bool, now: Timestamp) -> Phrase {
    let id = Clean::new(task.id.as_str()).fit(9).left(10);
    let status = Clean::new(&task.status.to_lowercase()).fit(13).left(14);
    let status_meaning = match task.status.as_str() {
        "RUNNING" => Meaning::Ok,
        "STOPPED" | "DEPROVISIONING" | "STOPPING" | "DEACTIVATING" => Meaning::Muted,
        _ => Meaning::Acting,
    };
    let (health_meaning, health) = match task.health.as_str() {
        "HEALTHY" => (Meaning::Ok, Clean::from("✓ healthy")),
        "UNHEALTHY" => (Meaning::Critical, "● UNHEALTHY".into()),
        "UNKNOWN" | "" => (Meaning::Muted, "– no check".into()),
        other => (Meaning::CannotTell, Clean::new(other)),
    };
    let age = task.started.or(task.created).map_or_else(|| "–".to_owned(), |since| words::age_at(since, now));
    let cold = cold_start(task, now);
    let mut line = Phrase::new()
        .say(Meaning::Text, " ")
        .say(Meaning::Text, id)
        .say(status_meaning, status)
        .say(health_meaning, health.fit(10).left(11));
    if wide {
        line = line.say(Meaning::Muted, Clean::new(&task.zone).fit(12).left(13));
    }
    line = line.say(Meaning::Text, Clean::new(&age).left(6)).say(Meaning::Text, cold.left(12));
    if wide {
        line = line.say(Meaning::Muted, Clean::new(&task.capacity_provider).fit(14).left(15));
    }
    if let Some(reason) = task.stop_reason.as_deref().filter(|reason| !reason.is_empty()) {
        line = line.tell(Meaning::Warning, format_args!("{reason}"));
    }
    line
}

/// From asked for to containers running; what is still on its way says how long already.
fn cold_start(task: &Task, now: Timestamp) -> Clean {
    match (task.created, task.started) {
        (Some(created), Some(started)) => {
            Clean::of(format_args!("{}", words::span(started.as_second() - created.as_second())))
        }
        (Some(created), None) if task.stopped.is_none() => {
            Clean::of(format_args!("{}…", words::span(now.as_second() - created.as_second())))
        }
        _ => "–".into(),
    }
}

/// Draws the service's own log, newest first.
pub fn events(theme: &Theme, events: &[ServiceEvent], room: Rect, buf: &mut Buffer) {
    for (at, event) in events.iter().take(usize::from(room.height)).enumerate() {
        Phrase::new()
            .tell(Meaning::Muted, format_args!(" {}  ", words::second_of_day(event.at)))
            .say(Meaning::Text, event_words(event))
            .draw(theme, phrase::line(room, at), buf);
    }
}

/// The evidence: a head, one line a metric, then floor, ceiling and what would change the verdict.
pub fn evidence(verdict: &Verdict, now: Timestamp) -> Vec<Phrase> {
    let head = "  metric           value       target      out window        in window          asks  fewer";
    let mut lines = vec![Phrase::new().say(Meaning::Text, "  ").said(&verdict.said())];
    lines.push(Phrase::new().say(Meaning::Muted, head));
    lines.extend(verdict.most_urgent_first().into_iter().map(metric));
    lines.push(Phrase::new().tell(Meaning::Muted, format_args!("  {}", verdict.limits_line())));
    lines.extend(advice::next(verdict, now));
    lines
}

fn metric(evidence: &MetricEvidence) -> Phrase {
    let row = evidence.metric.row();
    let over = evidence.value.is_some_and(|value| value > evidence.target);
    let value = evidence.value.map_or_else(|| "? blind".to_owned(), |value| words::value(row.unit, value));
    let meaning = match evidence.value {
        None => Meaning::CannotTell,
        Some(_) if over => Meaning::Warning,
        Some(_) => Meaning::Text,
    };
    let mark = if over { " ▲" } else { "" };
    let window = |held_s, need_s, unknown: bool| {
        let bar = window_bar(held_s, need_s, BAR);
        let mark = if unknown { "?" } else { "" };
        Clean::of(format_args!("{bar} {}{mark}", filled(held_s, need_s)))
    };
    let (out, clear) = (evidence.out, evidence.clear);
    let asks = evidence.asks.map_or_else(|| "–".into(), |asks| Clean::of(format_args!("{asks}")));
    let fewer = evidence.projected_in.map_or_else(|| "–".to_owned(), |value| words::value(row.unit, value));
    Phrase::new()
        .say(Meaning::Text, Clean::of(format_args!("  {}", row.label)).left(19))
        .say(meaning, Clean::of(format_args!("{value}{mark}")).left(12))
        .say(Meaning::Muted, Clean::new(&words::value(row.unit, evidence.target)).left(12))
        .say(
            if out.full() { Meaning::Warning } else { Meaning::Text },
            window(out.held_s, out.need_s, out.unknown).left(18),
        )
        .say(
            if clear.full() { Meaning::Ok } else { Meaning::Muted },
            window(clear.held_s, clear.need_s, clear.unknown).left(19),
        )
        .say(Meaning::Strong, asks.left(6))
        .say(Meaning::Muted, Clean::new(&fewer))
}
