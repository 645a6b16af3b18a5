//! The incident as Markdown, to be pasted into a ticket: where, the signals now, what happened, and the commands.
//!
//! Foreign text stands in code, in a fence that is longer than any in it: it is shown, never obeyed.

use std::fmt::Write as _;

use super::{Event, events};
use crate::console::widgets::activity::Who;
use crate::console::widgets::alarms;
use crate::console::words::clean;
use crate::live::View;

/// The summary under a filter, the oldest event first.
pub fn markdown(view: &View, needle: &str) -> String {
    let mut out = format!("# Incident, {} as of {:.0}\n\n", code(&view.environment.to_string()), view.at);
    if let Some(identity) = &view.platform.identity {
        let _ =
            writeln!(out, "Region {}, account {}.\n", code(identity.region.as_str()), code(identity.account.as_str()));
    }
    out.push_str("## Signals\n\n");
    let firing: Vec<_> = view.alerts.iter().filter(|alert| alarms::fires(alert)).collect();
    for alert in &firing {
        let _ = writeln!(out, "- {} {}", code(&alarms::whole_name(&alert.subject)), code(&alert.sentence(view.at)));
    }
    for (id, verdict) in &view.advice.services {
        if verdict.decision.to().is_some() {
            let _ = writeln!(out, "- {} advised: {}", code(&id.to_string()), code(&verdict.sentence()));
        }
    }
    if firing.is_empty() {
        out.push_str("- no alarm of the policy fires\n");
    }
    out.push_str("\n## Time line\n\n");
    let events = events(view, needle);
    if events.is_empty() {
        out.push_str("- nothing happened in the last three hours, as far as was read\n");
    }
    for event in events.iter().rev() {
        out.push_str(&line(event));
    }
    let commands: Vec<_> = events.iter().rev().filter_map(|event| event.command.as_ref()).collect();
    if !commands.is_empty() {
        out.push_str("\n## Commands\n\n");
        for command in commands {
            let _ = writeln!(out, "- {}", code(command.as_str()));
        }
    }
    out
}

fn line(event: &Event) -> String {
    let who = match event.who {
        Who::Aws => "autoscaler",
        Who::Deploy => "deployment",
        Who::You => "operator",
        Who::Ecs => "scheduler",
        Who::Alarm => "alarm",
        Who::Somebody => "somebody",
    };
    let mut out = format!("- **{:.0}** {who} {}: {}", event.at, code(event.of.as_str()), code(event.what.as_str()));
    if event.outcome.1.width() > 0 {
        let _ = write!(out, " – {}", code(event.outcome.1.as_str()));
    }
    if event.cause.width() > 0 {
        let _ = write!(out, " ({})", code(event.cause.as_str()));
    }
    out.push('\n');
    out
}

fn code(text: &str) -> String {
    let text = clean(text);
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let air = if longest > 0 { " " } else { "" };
    format!("{fence}{air}{text}{air}{fence}")
}
