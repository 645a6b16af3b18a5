//! What tasks cost at Fargate's list price.

use crate::platform::{Service, TaskCount, TaskSize};

/// When the list was read.
pub(super) const LIST_OF: &str = "2026-04";

/// US dollars for one vCPU for an hour: Fargate, Linux on x86, on demand, us-east-1.
const VCPU_HOUR: f64 = 0.040_48;

/// US dollars for one GB of memory for an hour, likewise.
const GB_HOUR: f64 = 0.004_445;

/// Hours of a month, as AWS's own calculator counts them.
const MONTH_HOURS: f64 = 730.0;

/// US dollars an hour for this many tasks of a size.
fn hourly(size: TaskSize, tasks: TaskCount) -> f64 {
    let one = f64::from(size.cpu_units) / 1024.0 * VCPU_HOUR + f64::from(size.memory_mib) / 1024.0 * GB_HOUR;
    one * f64::from(tasks.0)
}

/// Before, after and a note for the preview; dashes where there is no list price to tell.
pub(super) fn row(service: &Service, from: TaskCount, to: TaskCount) -> (String, String, String) {
    let dash = |note: &str| ("—".to_owned(), "—".to_owned(), note.to_owned());
    if !service.launch.contains("FARGATE") {
        return dash("not Fargate: a task has no price of its own");
    }
    let Some(size) = service.task_size else {
        return dash("task size not known yet");
    };
    let (before, after) = (hourly(size, from), hourly(size, to));
    let difference = after - before;
    let sign = if difference < 0.0 { '-' } else { '+' };
    let month = difference.abs() * MONTH_HOURS;
    let month = if month < 10.0 { format!("{month:.2}") } else { super::words::grouped(month) };
    let spot = if service.launch.contains("FARGATE_SPOT") { ", Spot is less" } else { "" };
    let note = format!(
        "{sign}${:.3}/h, {sign}${month} a month if kept · on-demand list price of {LIST_OF}, us-east-1 x86{spot}",
        difference.abs()
    );
    (format!("${before:.3}/h"), format!("${after:.3}/h"), note)
}
