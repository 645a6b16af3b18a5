//! Scalable targets, policies and scheduled actions as they are when they are made.

use std::collections::VecDeque;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::alarms::{Alarm, AlarmState, Missing};
use super::autoscaling::{Policy, ScalableTarget, ScheduledAction, Suspended, Tracked};
use super::elb::Balancer;
use super::origin::{MAX, OFF_PEAK_MIN, PEAK_MIN};
use super::schedule::Schedule;
use super::{IDENTITY, names};

/// The target of the main service: three policies and the floor of the day.
pub(super) fn main(name: &str, balancer: &Balancer, min: u32, created: i64, random: &mut ChaCha8Rng) -> ScalableTarget {
    let label = format!("{}/{}", balancer.dimension, balancer.group.dimension);
    let policies = vec![
        policy(name, "cpu-target-tracking", Tracked::Cpu, None, 70.0, created, random),
        policy(name, "memory-target-tracking", Tracked::Memory, None, 80.0, created, random),
        policy(name, "request-count-target-tracking", Tracked::RequestsPerTarget, Some(label), 1000.0, created, random),
    ];
    let scheduled = [
        ("evening-scale-down", "cron(0 22 * * ? *)", OFF_PEAK_MIN),
        ("morning-scale-up", "cron(0 8 * * ? *)", PEAK_MIN),
    ];
    let scheduled = scheduled.map(|(action, schedule, min)| {
        let planned = Planned { name: action, schedule, limits: (Some(min), Some(MAX)), ..Planned::default() };
        self::scheduled(name, &planned, created, random)
    });
    scalable(name, min, policies, scheduled.into_iter().flatten().collect(), created, random)
}

/// A scalable target that did nothing yet.
pub(super) fn scalable(
    name: &str,
    min: u32,
    policies: Vec<Policy>,
    scheduled: Vec<ScheduledAction>,
    created: i64,
    random: &mut ChaCha8Rng,
) -> ScalableTarget {
    ScalableTarget {
        resource_id: names::resource_id(name),
        arn: names::arn(
            "application-autoscaling",
            &format!("scalable-target/{:016x}{:016x}", random.random::<u64>(), random.random::<u64>()),
        ),
        role_arn: format!(
            "arn:aws:iam::{}:role/aws-service-role/ecs.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_ECSService",
            IDENTITY.account
        ),
        min,
        max: MAX,
        suspended: Suspended::default(),
        created: names::time(created),
        policies,
        scheduled,
        activities: VecDeque::new(),
        not_scaled: VecDeque::new(),
        last_out: None,
        last_in: None,
    }
}

/// A scheduled action as it is put.
#[derive(Debug, Clone, Default)]
pub(super) struct Planned<'a> {
    /// Its name.
    pub name: &'a str,
    /// As in `cron(0 8 * * ? *)`.
    pub schedule: &'a str,
    /// `Timezone`; `None`: UTC.
    pub zone: Option<&'a str>,
    /// `StartTime`
    pub start: Option<Timestamp>,
    /// `EndTime`
    pub end: Option<Timestamp>,
    /// The least and the greatest count that it sets.
    pub limits: (Option<u32>, Option<u32>),
}

/// A scheduled action. `None`: the schedule is not one, or not one that is understood here, or there is no such zone.
pub(super) fn scheduled(
    service: &str,
    planned: &Planned<'_>,
    created: i64,
    random: &mut ChaCha8Rng,
) -> Option<ScheduledAction> {
    let zone = planned.zone.map_or(Some(TimeZone::UTC), |name| TimeZone::get(name).ok())?;
    let second = |at: Timestamp| at.as_second();
    let (start, end) = (planned.start.map(second), planned.end.map(second));
    let cron = Schedule::parse(planned.schedule, zone, created, start, end)?;
    let name = planned.name;
    let (min, max) = planned.limits;
    Some(ScheduledAction {
        name: name.to_owned(),
        arn: names::arn(
            "autoscaling",
            &format!(
                "scheduledAction:{}:resource/ecs/{}:scheduledActionName/{name}",
                names::uuid(random),
                names::resource_id(service)
            ),
        ),
        schedule: planned.schedule.to_owned(),
        zone: planned.zone.map(str::to_owned),
        start: planned.start,
        end: planned.end,
        min,
        max,
        created: names::time(created),
        cron,
    })
}

/// A target tracking policy with its two alarms, which do not know anything yet.
pub(super) fn policy(
    service: &str,
    name: &str,
    metric: Tracked,
    resource_label: Option<String>,
    target: f64,
    created: i64,
    random: &mut ChaCha8Rng,
) -> Policy {
    let resource = names::resource_id(service);
    let mut alarm = |above: bool| {
        let word = if above { "High" } else { "Low" };
        let name = format!("TargetTracking-{resource}-Alarm{word}-{}", names::uuid(random));
        Alarm {
            arn: names::arn("cloudwatch", &format!("alarm:{name}")),
            name,
            above,
            threshold: if above { target } else { target * 0.9 },
            periods: if above { 3 } else { 15 },
            breaches: if above { 3 } else { 15 },
            missing: Missing::Missing,
            state: AlarmState::InsufficientData,
            reason: "Unchecked: Initial alarm creation".to_owned(),
            since: names::time(created),
            configured: names::time(created),
        }
    };
    let (high, low) = (alarm(true), alarm(false));
    Policy {
        name: name.to_owned(),
        arn: names::arn(
            "autoscaling",
            &format!("scalingPolicy:{}:resource/ecs/{resource}:policyName/{name}", names::uuid(random)),
        ),
        metric,
        resource_label,
        target,
        out_cooldown: 60,
        in_cooldown: 300,
        disable_scale_in: false,
        created: names::time(created),
        high,
        low,
    }
}
