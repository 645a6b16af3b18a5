//! Floors by the clock: what nights, weekends and holidays needed in the weeks that were seen, against the floor then.
//!
//! What an hour needed is the tasks that ran × the busiest minute's CPU ÷ its target, rounded up; the same for memory.
//! A floor is proposed only where no hour of its kind in the whole span needed more. Absent on purpose: requests, whose
//! rule scales out from any floor.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Weekday;

use super::{Kind, Look, Opportunity, Saving};
use crate::platform::metric::Resource;
use crate::platform::spend::Dollars;
use crate::platform::weeks::Measure;
use crate::platform::{Service, ServiceId};
use crate::policy::prices::MONTH_HOURS;
use crate::policy::schedule::floor_at;

/// A kind of hour that can have a floor of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Hour {
    Day,
    Night,
    Weekend,
    Holiday,
}

/// The kind of an hour, in the schedule's zone.
fn kind_of(look: &Look<'_>, hour: i64) -> Option<(Hour, u32)> {
    let ecs = &look.policy.ecs;
    let at = Timestamp::from_second(hour * 3600).ok()?;
    let local = at.to_zoned_datetime(ecs.schedule_timezone.rules().clone());
    let (start, end) = (i16::from(ecs.peak_hours_start), i16::from(ecs.peak_hours_end));
    let clock = i16::from(local.hour());
    let peak = if start <= end { (start..end).contains(&clock) } else { clock >= start || clock < end };
    let kind = if ecs.holidays.contains(&local.date()) {
        Hour::Holiday
    } else if matches!(local.weekday(), Weekday::Saturday | Weekday::Sunday) {
        Hour::Weekend
    } else if peak {
        Hour::Day
    } else {
        Hour::Night
    };
    Some((kind, floor_at(ecs, at).count.0))
}

/// What the hours of one kind needed.
#[derive(Debug, Clone, Copy, Default)]
struct Need {
    hours: u32,
    most: u32,
    /// The lowest floor of such hours.
    floor: u32,
    /// Task-hours that a lower floor would have spared, by the most that any hour needed: filled in last.
    tasks: f64,
}

fn needs(look: &Look<'_>, id: &ServiceId) -> BTreeMap<Hour, Need> {
    let resource = Resource::Service(id.clone());
    let mut needs: BTreeMap<Hour, Need> = BTreeMap::new();
    let (Some(cpu), Some(memory), Some(samples)) = (
        look.hours(&resource, Measure::CpuHighest),
        look.hours(&resource, Measure::MemoryHighest),
        look.hours(&resource, Measure::Tasks),
    ) else {
        return needs;
    };
    let ecs = &look.policy.ecs;
    for (hour, count) in samples {
        let (Some(cpu), Some(memory)) = (cpu.get(hour), memory.get(hour)) else { continue };
        let Some((kind, floor)) = kind_of(look, *hour) else { continue };
        let tasks = count / 60.0;
        let asks = |share: f64, target: f64| (tasks * share / target).ceil() as u32;
        let need = needs.entry(kind).or_insert(Need { floor, ..Need::default() });
        need.hours += 1;
        need.floor = need.floor.min(floor);
        need.most = need.most.max(asks(*cpu, ecs.cpu_target)).max(asks(*memory, ecs.memory_target));
        need.tasks += tasks;
    }
    needs
}

/// Floors that no hour of their kind needed.
pub(super) fn floors(look: &Look<'_>, found: &mut Vec<Opportunity>) {
    for (id, service) in &look.platform.services {
        let needs = needs(look, id);
        for (kind, words, knob) in [
            (Hour::Night, "in the night", "off_peak_hours_min_capacity"),
            (Hour::Weekend, "at weekends", "weekend_min_capacity"),
            (Hour::Holiday, "on holidays", "holiday_min_capacity"),
        ] {
            if let Some(need) = needs.get(&kind) {
                lower(look, (id, service), *need, (words, knob), found);
            } else if kind == Hour::Holiday && !needs.is_empty() && look.policy.ecs.holiday_min_capacity.is_none() {
                found.push(no_holiday(look, id));
            }
        }
    }
}

fn lower(
    look: &Look<'_>,
    (id, service): (&ServiceId, &Service),
    need: Need,
    (words, knob): (&str, &str),
    found: &mut Vec<Opportunity>,
) {
    // Never none: with no task there is no metric that could bring it back. And never less than one hour asked for.
    let to = need.most.max(1);
    if to >= need.floor {
        return;
    }
    // Only tasks that the floor kept up are spared: those between the need and the floor.
    let mean = need.tasks / f64::from(need.hours.max(1));
    let spared = (mean.min(f64::from(need.floor)) - f64::from(to)).max(0.0);
    let span = look.weeks.map_or(1, |(_, span)| span.hours()).max(1) as f64;
    let share = f64::from(need.hours) / span;
    let saving = look.task(service).map_or_else(
        || Saving::Untold("a task has no price".to_owned()),
        |task| Saving::About(Dollars(spared * task * share * MONTH_HOURS)),
    );
    let minimum = look.policy.ecs.min_capacity.0;
    let under =
        if to < minimum { format!(", and ecs_min_capacity = {to}: it holds under every floor") } else { String::new() };
    found.push(Opportunity {
        kind: Kind::Schedule,
        subject: id.to_string(),
        title: format!("a floor of {to} instead of {} {words}", need.floor),
        evidence: vec![format!(
            "of {} such hours in {} none needed more than {} by cpu and memory; {mean:.1} tasks ran",
            need.hours,
            look.span(),
            need.most
        )],
        saving,
        risk: "two weeks may have been quiet ones; with fewer tasks one that fails is a larger share".to_owned(),
        change: format!("{knob} = {to}{under}"),
    });
}

fn no_holiday(look: &Look<'_>, id: &ServiceId) -> Opportunity {
    Opportunity {
        kind: Kind::Schedule,
        subject: id.to_string(),
        title: "a floor of their own for holidays".to_owned(),
        evidence: vec![format!("no holiday lies in the {} that were seen, or none is named", look.span())],
        saving: Saving::Untold("what a holiday needs was not seen".to_owned()),
        risk: "a holiday can be the busiest day of a shop".to_owned(),
        change: "holidays = [\"2026-12-25\", …] and holiday_min_capacity in the policy".to_owned(),
    }
}
