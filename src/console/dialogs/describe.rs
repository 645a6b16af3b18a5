//! Everything AWS says about a service.

use ratatui::text::Line;

use super::evidence::Page;
use crate::console::frame::Look;
use crate::console::theme::Meaning;
use crate::console::words;
use crate::live::View;
use crate::platform::{Rollout, ServiceId, ServiceStatus};

/// A service as lines of a width.
pub fn lines(id: &ServiceId, view: &View, look: &Look, width: usize) -> Vec<Line<'static>> {
    let mut page = Page { look, width, lines: Vec::new() };
    let platform = &view.platform;
    let Some(service) = platform.services.get(id) else {
        page.say(Meaning::CannotTell, "not described, or gone");
        return page.lines;
    };
    let status = match &service.status {
        ServiceStatus::Active => "active",
        ServiceStatus::Draining => "draining",
        ServiceStatus::Inactive => "inactive",
        ServiceStatus::Unknown(word) => word,
    };
    page.pair("status", status);
    page.pair(
        "count",
        format!("desired {} · running {} · pending {}", service.desired, service.running, service.pending),
    );
    page.pair("definition", &service.task_definition);
    page.pair("launch", &service.launch);
    if let Some(size) = service.task_size {
        page.pair("task", format!("{} CPU units, {} MiB", size.cpu_units, size.memory_mib));
    }
    page.pair("learnt", format!("{}, {} ago", words::clock(service.learnt), words::age_at(service.learnt, look.now)));
    for group in &service.target_groups {
        page.pair("target group", group.as_str());
    }
    match platform.targets.get(id) {
        None => page.pair("scalable", "no scalable target is known"),
        Some(target) => {
            page.pair("scalable", format!("{}–{}", target.min, target.max));
            let suspended = target.suspended;
            let parts = [
                ("scale-in", suspended.scale_in),
                ("scale-out", suspended.scale_out),
                ("schedule", suspended.scheduled),
            ];
            let parts: Vec<&str> = parts.iter().filter(|(_, is)| *is).map(|(name, _)| *name).collect();
            if !parts.is_empty() {
                page.pair("suspended", parts.join(", "));
            }
        }
    }
    for policy in platform.policies.get(id).iter().flat_map(|policies| policies.iter()) {
        let target = policy.target.map(|target| format!(", target {}", words::number(target, 2))).unwrap_or_default();
        page.pair("policy", format!("{}: {} on {}{target}", policy.name, policy.kind, policy.metric));
    }
    for action in platform.schedules.get(id).iter().flat_map(|actions| actions.iter()) {
        let count = |count: Option<crate::platform::TaskCount>| count.map_or_else(|| "–".to_owned(), |c| c.to_string());
        let zone = if action.timezone.is_empty() { "UTC" } else { &action.timezone };
        let text = format!(
            "{}: {} {zone}, floor {}, ceiling {}",
            action.name,
            action.schedule,
            count(action.min),
            count(action.max)
        );
        page.pair("schedule", text);
    }
    page.head("Deployments");
    for deployment in &service.deployments {
        let rollout = match &deployment.rollout {
            Rollout::Completed => "completed",
            Rollout::Failed => "failed",
            Rollout::InProgress => "in progress",
            Rollout::Unknown(word) => word,
        };
        let label = if deployment.primary { "primary" } else { "older" };
        let counts = format!("{}/{} running, {} failed", deployment.running, deployment.desired, deployment.failed);
        page.pair(label, format!("{} · {rollout} · {counts} · {}", deployment.task_definition, deployment.reason));
    }
    page.head("Events, newest first");
    for event in &service.events {
        page.pair(&words::clock(event.at), &event.message);
    }
    page.lines
}
