//! Application Auto Scaling at work: evaluates its alarms on what is published, carries out what `tracking` decides and
//! what is scheduled, and keeps the record of it.

use super::alarms::{self, Alarm, AlarmState, LONGEST_LOOK};
use super::autoscaling::{Activity, ActivityStatus, NotScaled, Out, Policy, Tracked};
use super::metrics::Metric;
use super::minute::Minute;
use super::names;
use super::tracking::{Ask, Decision, Situation, decide};
use super::workload::Workload;
use crate::drill::scenario::Scenario;

/// The second of a minute in which alarms are evaluated: late enough for the minute before last to be final.
const EVALUATED_AT: i64 = 20;
/// Seconds that activities are kept: six weeks.
const KEPT: i64 = 42 * 86_400;

/// A second of the autoscaler.
pub(super) fn step(it: &mut Workload, scenario: &Scenario, start: i64, now: i64) {
    follow(it, now);
    run_schedule(it, now);
    if now.rem_euclid(60) == EVALUATED_AT {
        evaluate(it, scenario, start, now);
        act(it, scenario, start, now);
        forget(it, now);
    }
}

/// Marks the activity in progress as done once ECS has carried it out, or as overridden by another change.
fn follow(it: &mut Workload, now: i64) {
    let (running, pending, desired) = (it.service.running(), it.service.pending(), it.service.desired);
    let newest = it.scaling.activities.iter_mut().find(|one| one.count.is_some());
    let Some(activity) = newest.filter(|one| one.status == ActivityStatus::InProgress) else { return };
    let count = activity.count.unwrap_or(desired);
    if count != desired {
        activity.status = ActivityStatus::Overridden;
        activity.ended = Some(names::time(now));
        activity.status_message = format!(
            "Successfully set desired count to {count}. Change overridden by another scaling activity or by a change of the service."
        );
    } else if running == count && pending == 0 {
        activity.status = ActivityStatus::Successful;
        activity.ended = Some(names::time(now));
        activity.status_message =
            format!("Successfully set desired count to {count}. Change successfully fulfilled by ecs.");
        if it.scaling_in {
            it.scaling.last_in = Some(now);
            it.scaling_in = false;
        }
    }
}

/// Fires the scheduled actions of this second. They ignore cooldowns.
fn run_schedule(it: &mut Workload, now: i64) {
    if it.scaling.suspended.scheduled {
        return;
    }
    let due: Vec<_> = it
        .scaling
        .scheduled
        .iter()
        .filter(|action| action.cron.fires(now))
        .map(|action| (action.name.clone(), action.min, action.max))
        .collect();
    for (name, min, max) in due {
        let id = names::uuid(&mut it.random);
        it.scaling.min = min.unwrap_or(it.scaling.min);
        it.scaling.max = max.unwrap_or(it.scaling.max);
        it.scaling.activities.push_front(limits_set(id, &name, min, max, now));
        move_inside_limits(it, now);
    }
}

/// The activity of a scheduled action that set limits.
pub(super) fn limits_set(id: String, action: &str, min: Option<u32>, max: Option<u32>, now: i64) -> Activity {
    let limits = match (min, max) {
        (Some(min), Some(max)) => format!("min capacity to {min} and max capacity to {max}"),
        (Some(min), None) => format!("min capacity to {min}"),
        (None, Some(max)) => format!("max capacity to {max}"),
        (None, None) => "nothing".to_owned(),
    };
    Activity {
        id,
        description: format!("Setting {limits}"),
        cause: format!("scheduled action name {action} was triggered"),
        started: names::time(now),
        ended: Some(names::time(now)),
        status: ActivityStatus::Successful,
        status_message: format!("Successfully set {limits}"),
        not_scaled: Vec::new(),
        count: None,
    }
}

/// Moves the desired count inside the limits, as registering a scalable target and scheduled actions do.
pub(super) fn move_inside_limits(it: &mut Workload, now: i64) {
    let (min, max) = (it.scaling.min, it.scaling.max);
    let desired = it.service.desired;
    if desired < min {
        set_desired(it, min, format!("minimum capacity was set to {min}"), now);
    } else if desired > max {
        set_desired(it, max, format!("maximum capacity was set to {max}"), now);
    }
}

/// Sets the desired count and records it.
fn set_desired(it: &mut Workload, count: u32, cause: String, now: i64) {
    // Whatever was under way is closed before the new one begins.
    it.service.desired = count;
    it.scaling_in = false;
    follow(it, now);
    it.scaling.activities.push_front(Activity {
        id: names::uuid(&mut it.random),
        description: format!("Setting desired count to {count}."),
        cause,
        started: names::time(now),
        ended: None,
        status: ActivityStatus::InProgress,
        status_message: format!(
            "Successfully set desired count to {count}. Waiting for change to be fulfilled by ecs."
        ),
        not_scaled: Vec::new(),
        count: Some(count),
    });
}

/// The newest final minutes, newest first, with the seconds in which they began.
fn final_minutes(it: &Workload, scenario: &Scenario, start: i64, now: i64, count: i64) -> Vec<(i64, Minute)> {
    let this = now - now.rem_euclid(60);
    (1..)
        .map(|back| this - 60 * back)
        .filter(|at| super::minute::published(it.seed, *at, now) == Some(1.0))
        .take(count as usize)
        .map(|at| (at, it.minute_at(scenario, start, at).into_owned()))
        .collect()
}

fn value(minute: &Minute, metric: Tracked) -> Option<f64> {
    match metric {
        Tracked::Cpu => minute.datum(0, Metric::Cpu, 1.0).map(|datum| datum.average()),
        Tracked::Memory => minute.datum(0, Metric::Memory, 1.0).map(|datum| datum.average()),
        // The one count that is reported while it is zero, as long as there are targets.
        Tracked::RequestsPerTarget => minute.healthy.mean().map(|_| minute.per_target.round()),
    }
}

/// Evaluates every alarm on the minutes that are final.
pub(super) fn evaluate(it: &mut Workload, scenario: &Scenario, start: i64, now: i64) {
    let minutes = final_minutes(it, scenario, start, now, LONGEST_LOOK);
    let mut turns = Vec::new();
    for policy in &mut it.scaling.policies {
        let metric = policy.metric;
        let shown = |at: i64| !scenario.is_blind(metric.namespace(), at - start);
        let value = |at: i64, minute| shown(at).then(|| value(minute, metric)).flatten();
        let points: Vec<_> = minutes.iter().map(|(at, minute)| (*at, value(*at, minute))).collect();
        turns.extend(policy.high.judge(&points, now));
        turns.extend(policy.low.judge(&points, now));
    }
    for watch in &mut it.watches {
        let shown = |at: i64| !scenario.is_blind(watch.key.metric.namespace(), at - start);
        let value = |at: i64, minute| shown(at).then(|| watch.value(at, minute)).flatten();
        let points: Vec<_> = minutes.iter().map(|(at, minute)| (*at, value(*at, minute))).collect();
        turns.extend(watch.alarm.judge(&points, now));
    }
    alarms::remember(&mut it.turns, turns, now);
}

/// Decides, and does it.
fn act(it: &mut Workload, scenario: &Scenario, start: i64, now: i64) {
    let newest = final_minutes(it, scenario, start, now, 1);
    let Some((at, minute)) = newest.first() else { return };
    let shown = |metric: Tracked| !scenario.is_blind(metric.namespace(), at - start);
    let asks = it.scaling.policies.iter().map(|policy| Ask {
        high: policy.high.state == AlarmState::Alarm,
        low: policy.low.state == AlarmState::Alarm,
        value: shown(policy.metric).then(|| value(minute, policy.metric)).flatten(),
        measured_on: minute.tasks(),
        target: policy.target,
        scales_in: !policy.disable_scale_in,
        in_cooldown: policy.in_cooldown.into(),
    });
    let situation = Situation {
        asks: asks.collect(),
        desired: it.service.desired,
        running: it.service.running(),
        min: it.scaling.min,
        max: it.scaling.max,
        suspended: it.scaling.suspended,
        deploying: it.service.deploying(),
        last_out: it.scaling.last_out,
        last_in: it.scaling.last_in,
        now,
    };
    match decide(&situation) {
        Decision::Nothing => {}
        Decision::Out { to, by } => {
            let policy = &it.scaling.policies[by];
            let (cause, cooldown) = (cause(&policy.high, policy), policy.out_cooldown.into());
            set_desired(it, to, cause, now);
            it.scaling.last_out = Some(Out { at: now, step: to.saturating_sub(situation.running), cooldown });
            it.scaling.last_in = None;
        }
        Decision::In { to, by } => {
            let policy = &it.scaling.policies[by];
            let cause = cause(&policy.low, policy);
            set_desired(it, to, cause, now);
            it.scaling_in = true;
        }
        Decision::Declined { reason, by } => decline(it, reason, by, now),
    }
}

pub(super) fn cause(alarm: &Alarm, policy: &Policy) -> String {
    format!("monitor alarm {} in state ALARM triggered policy {}", alarm.name, policy.name)
}

/// Records what was declined, once for as long as it stays the same.
pub(super) fn decline(it: &mut Workload, reason: NotScaled, by: usize, now: i64) {
    let policy = &it.scaling.policies[by];
    let alarm = if policy.high.state == AlarmState::Alarm { &policy.high } else { &policy.low };
    let declined = declined(String::new(), cause(alarm, policy), reason, now);
    let newest = it.scaling.not_scaled.front();
    if newest.is_some_and(|one| one.not_scaled == declined.not_scaled && one.cause == declined.cause) {
        return;
    }
    it.scaling.not_scaled.push_front(Activity { id: names::uuid(&mut it.random), ..declined });
}

/// The activity of what was declined.
pub(super) fn declined(id: String, cause: String, reason: NotScaled, now: i64) -> Activity {
    Activity {
        id,
        description: "Attempting to scale due to alarm triggered".to_owned(),
        cause,
        started: names::time(now),
        ended: Some(names::time(now)),
        status: ActivityStatus::Failed,
        status_message: "The scaling activity was not started.".to_owned(),
        not_scaled: vec![reason],
        count: None,
    }
}

/// Forgets what is older than six weeks.
fn forget(it: &mut Workload, now: i64) {
    let oldest = names::time(now - KEPT);
    it.scaling.activities.retain(|one| one.started >= oldest);
    it.scaling.not_scaled.retain(|one| one.started >= oldest);
}
