//! What everything costs, read once: the value that the cost pane shows, for people or as JSON.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Clock;
use crate::live::{Handle, View};
use crate::platform::Source;
use crate::platform::bill::{Coverage, Part};
use crate::platform::spend::Dollars;
use crate::policy::alerts::Subject;
use crate::policy::money::Money;
use crate::policy::money::words::dollars;
use crate::policy::prices::MONTH_HOURS;

/// How long a first answer of every source of money is waited for, after the rest has answered.
const PATIENCE: Duration = Duration::from_mins(1);

/// Waits until everything that is paid for was read, and the bill where it is asked for; returns what is known then.
pub async fn read_once(handle: &mut Handle, clock: &Clock, explorer: bool) -> Arc<View> {
    let view = super::status::read_once(handle, clock).await;
    if view.platform.identity.is_none() {
        return view;
    }
    let deadline = clock.now() + PATIENCE;
    loop {
        let view = handle.views.borrow_and_update().clone();
        if answered(&view, explorer) {
            return view;
        }
        tokio::select! {
            changed = handle.views.changed() => if changed.is_err() { return view },
            () = clock.sleep_until(deadline) => return view,
        }
    }
}

fn answered(view: &View, explorer: bool) -> bool {
    let platform = &view.platform;
    let has = |source| platform.sources.contains_key(&source);
    let asked = [Source::Databases, Source::Caches, Source::Weeks];
    let judged = view.money.as_ref().is_some_and(|money| {
        let bill = platform.bill.as_ref().map(|bill| bill.learnt) == money.billed.as_ref().map(|billed| billed.learnt);
        bill && platform.weeks.as_ref().map(|weeks| weeks.learnt) == money.weeks_learnt
    });
    let sized = platform
        .services
        .values()
        .all(|service| service.task_size.is_some() || service.running.0 == 0 || !service.launch.contains("FARGATE"));
    asked.into_iter().all(has) && (!explorer || has(Source::Spend)) && judged && sized
}

/// For people: today, what runs, what was billed, what one of something costs, what fires, what could be saved.
pub fn text(view: &View) -> String {
    let Some(money) = &view.money else { return "nothing is known to run, and nothing was billed\n".to_owned() };
    let mut out = String::new();
    today(&mut out, money);
    running(&mut out, money);
    billed(&mut out, money);
    let _ = writeln!(out, "a request: {}", money.per_request.sentence("request"));
    let _ = writeln!(out, "a user: {}", money.per_user.sentence("user"));
    let _ = writeln!(out, "scaling: {} above the floor today", dollars(money.impact.today));
    for event in &money.impact.events {
        let from = event.from.map_or(String::new(), |from| format!("{from} to "));
        let cost = dollars(event.above_floor);
        let _ = writeln!(out, "  {:.0} {} {from}{}: {cost}", event.at, shown(&event.service.to_string()), event.to);
    }
    for alert in view.alerts.iter().filter(|alert| matches!(alert.subject, Subject::Money | Subject::Resource(_))) {
        let of = if let Subject::Resource(name) = &alert.subject { format!("{name}: ") } else { String::new() };
        let _ = writeln!(out, "alert {}{} · {}", shown(&of), shown(&alert.sentence(view.at)), alert.rule.route());
    }
    for one in &money.opportunities {
        let mut lines = one.lines().into_iter();
        let _ = writeln!(out, "{}: {}", one.kind.word(), shown(&lines.next().unwrap_or_default()));
        for line in lines {
            let _ = writeln!(out, "  {}", shown(&line));
        }
    }
    out
}

/// A text of any origin, for a terminal.
fn shown(text: &str) -> String {
    // Only what a terminal would obey is escaped: an ellipsis stays one.
    text.chars().flat_map(|c| if c.is_control() { c.escape_debug().collect() } else { vec![c] }).collect()
}

fn today(out: &mut String, money: &Money) {
    match &money.today {
        None => out.push_str("today: cannot tell: nothing is known to run\n"),
        Some(today) => {
            let (so_far, projected) = (dollars(today.so_far()), dollars(today.projected));
            let _ = write!(out, "today ({}): {so_far} so far, {projected} by midnight UTC", today.day);
            let _ = match money.budget {
                Some(budget) => writeln!(out, ", {} budgeted", dollars(budget)),
                None => writeln!(out, ", no budget (daily_budget_usd)"),
            };
            let _ = writeln!(out, "  estimate on demand; {}", today.basis());
        }
    }
}

fn running(out: &mut String, money: &Money) {
    let hourly = money.run_rate.hourly();
    let month = dollars(Dollars(hourly.0 * MONTH_HOURS));
    let _ = writeln!(out, "run rate: ${:.4} an hour, {month} a month if kept", hourly.0);
    for item in &money.run_rate.items {
        let _ = writeln!(
            out,
            "  ${:.4} {} {}: {} · {}",
            item.hourly.0,
            item.tier,
            shown(&item.name),
            item.what,
            item.origin
        );
    }
    for one in &money.run_rate.unpriced {
        let _ = writeln!(out, "  no price {}: {}", shown(&one.name), one.why);
    }
}

fn billed(out: &mut String, money: &Money) {
    let Some(billed) = &money.billed else {
        let why = money.bill_trouble.as_deref().unwrap_or("Cost Explorer has not answered yet");
        let _ = writeln!(out, "billed: cannot tell: {}", shown(why));
        return;
    };
    if let Some(trouble) = &money.bill_trouble {
        let _ = writeln!(out, "bill: {}", shown(trouble));
    }
    match billed.last {
        None => out.push_str("billed: no day is complete yet\n"),
        Some((day, cost)) => {
            let _ = writeln!(out, "billed: {} on {day} (Cost Explorer, asked {:.0})", dollars(cost), billed.learnt);
        }
    }
    if let Some(month) = &billed.month {
        let last = month.last_month.map_or("not in the bill".to_owned(), dollars);
        let _ = writeln!(
            out,
            "  month: {} in {} days; the same days of last month: {last}",
            dollars(month.so_far),
            month.days
        );
    }
    if let Some(forecast) = billed.month_forecast {
        let _ = writeln!(out, "  month forecast: {}", dollars(forecast));
    }
    if let Some(percent) = billed.trend.as_ref().and_then(crate::policy::money::billed::Trend::percent) {
        let _ = writeln!(out, "  trend: {percent:+.1} % in the last seven days");
    }
    for slice in &billed.breakdown {
        let _ = writeln!(
            out,
            "  {} in 30 days, {} on the day ({:.0} %): {}",
            dollars(slice.month),
            dollars(slice.day),
            slice.percent,
            shown(&slice.service)
        );
    }
    commitment(out, "savings plans", money.savings_plans.as_ref());
    commitment(out, "reservations", money.reservations.as_ref());
    for anomaly in money.anomalies.iter().filter_map(Part::known).flatten() {
        let impact = dollars(anomaly.impact);
        let _ = writeln!(out, "  anomaly {}: {impact} more than expected, {}", anomaly.first, shown(&anomaly.service));
    }
}

fn commitment(out: &mut String, name: &str, part: Option<&Part<Coverage>>) {
    let percent = |value: Option<f64>| value.map_or("nothing".to_owned(), |value| format!("{value:.0} %"));
    match part {
        Some(Part::Known(one)) => {
            let (covered, used) = (percent(one.coverage_percent), percent(one.utilization_percent));
            let _ = writeln!(out, "  {name}: covered {covered}, used {used}");
        }
        Some(Part::Untold(why)) => {
            let _ = writeln!(out, "  {name}: cannot tell: {}", shown(why));
        }
        None => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::{Settings, Spending};
    use crate::policy::money::{Watch, judge, scene};

    #[test]
    fn the_text_names_every_part() {
        let mut platform = scene::with_load(scene::with_service(scene::platform(), scene::service(6)), 6.0, 20.0, 30.0);
        platform.bill = Some(Arc::new(scene::bill(&[("Amazon \u{1b}[2J", "gp2", 4.5)])));
        let policy = Arc::new(scene::production());
        let mut watch = Watch::default();
        watch.saw(Dollars(0.3), scene::now());
        let settings = Settings {
            policy: policy.clone(),
            environment: policy.environment.clone(),
            read_only: None,
            journal: std::path::PathBuf::new(),
            clusters: Vec::new(),
            budget: None,
            origins: Arc::default(),
            spending: Spending::default(),
        };
        let money = judge(&platform, &policy, &watch, scene::now());
        let view = View { money: Some(Arc::new(money)), ..View::empty(&settings, scene::now()) };
        let text = text(&view);
        insta::assert_snapshot!(text);
        assert!(!text.contains('\u{1b}'));
        let json = serde_json::to_value(view.money.as_deref()).unwrap();
        assert_eq!(json["schema_version"], 1);
        assert_eq!(json["billed"]["last"][1], 4.5);
    }
}
