//! What tasks, instances and nodes cost at the list price.

use super::preview::Row;
use crate::platform::{Service, TaskCount};
use crate::policy::Prices;
use crate::policy::prices::{ARCHITECTURE, MONTH_HOURS, Price};

/// Before, after and a note for the preview; dashes where there is no list price to tell.
pub(super) fn row(service: &Service, from: TaskCount, to: TaskCount, prices: &Prices) -> (String, String, String) {
    let dash = |note: &str| ("—".to_owned(), "—".to_owned(), note.to_owned());
    if !service.launch.contains("FARGATE") {
        return dash("not Fargate: a task has no price of its own");
    }
    let Some(size) = service.task_size else {
        return dash("task size not known yet");
    };
    let Some((vcpu, gb)) = prices.fargate(false) else {
        return dash("no price for Fargate");
    };
    let one = f64::from(size.cpu_units) / 1024.0 * vcpu.value + f64::from(size.memory_mib) / 1024.0 * gb.value;
    let hourly = |tasks: TaskCount| one * f64::from(tasks.0);
    let (before, after) = (hourly(from), hourly(to));
    let difference = after - before;
    let sign = if difference < 0.0 { '-' } else { '+' };
    let month = difference.abs() * MONTH_HOURS;
    let month = if month < 10.0 { format!("{month:.2}") } else { super::words::grouped(month) };
    let spot = if service.launch.contains("FARGATE_SPOT") { ", Spot is less" } else { "" };
    let (list, region) = (vcpu.as_of.strftime("%Y-%m"), &vcpu.region);
    let note = format!(
        "{sign}${:.3}/h, {sign}${month} a month if kept · on-demand list price of {list}, {region} {ARCHITECTURE}{spot}",
        difference.abs()
    );
    (format!("${before:.3}/h"), format!("${after:.3}/h"), note)
}

/// The same for members of a group that cost so much an hour each; `None` is "no price", never 0.
pub(super) fn members(label: &str, price: Option<(f64, &Price)>, from: u32, to: u32) -> Row {
    let Some((one, price)) = price else { return Row::new(label, "—", "—", "no price") };
    let (before, after) = (one * f64::from(from), one * f64::from(to));
    let sign = if after < before { '-' } else { '+' };
    let difference = (after - before).abs();
    let month = difference * MONTH_HOURS;
    let month = if month < 10.0 { format!("{month:.2}") } else { super::words::grouped(month) };
    let note = format!("{sign}${difference:.3}/h, {sign}${month} a month if kept · on-demand {}", price.origin());
    Row::new(label, format!("${before:.3}/h"), format!("${after:.3}/h"), note)
}
