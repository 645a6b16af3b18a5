//! How the world was before anybody looked: services at rest since hours, what they did on the days before, and every
//! minute of the past, worked out when it is read.

use std::collections::VecDeque;

use jiff::SignedDuration;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::alarms::{self, AlarmState};
use super::autoscaling::{Activity, ActivityStatus, NotScaled, ScalableTarget, Tracked};
use super::ecs::{Breaker, Deployment, Percentages, Phase, Rollout, Service};
use super::elb::{Balancer, Health, HealthCheck, Target, TargetGroup};
use super::load::{self, Load};
use super::minute::Minute;
use super::serving::{self, Ledger, Totals};
use super::workload::Workload;
use super::{IDENTITY, autoscaler, names, scheduler, targets};
use crate::drill::scenario::Scenario;

/// Tasks of a quiet service.
pub(super) const QUIET_TASKS: u32 = 2;

const DAY: i64 = 86_400;
const VPC: &str = "vpc-0a1b2c3d4e5f60718";
const SUBNETS: [&str; 3] = ["subnet-0b7d2f1c9a3e45d01", "subnet-0c8e3a2dab4f56e12", "subnet-0d9f4b3ebc5067f23"];
const TASK_SECURITY_GROUP: &str = "sg-04f1e2d3c4b5a6978";
const BALANCER_SECURITY_GROUP: &str = "sg-0f9e8d7c6b5a43210";
/// `us-east-1`'s hosted zone of balancers.
const HOSTED_ZONE: &str = "Z35SXDOTRQ7X7K";
const PORT: u16 = 8080;
/// The floor's hours, UTC: 08:00 to 22:00.
const PEAK_HOURS: std::ops::Range<i64> = 8..22;
pub(super) const PEAK_MIN: u32 = 4;
pub(super) const OFF_PEAK_MIN: u32 = 2;
pub(super) const MAX: u32 = 10;
/// Requests in a minute that a task at rest has at most: two thirds of what it can.
const COMFORTABLE: f64 = 880.0;
/// Days of scaling activities that there are.
const DAYS_OF_ACTIVITIES: i64 = 3;

/// The floor of an hour.
fn floor(second: i64) -> u32 {
    if PEAK_HOURS.contains(&(second.rem_euclid(DAY) / 3600)) { PEAK_MIN } else { OFF_PEAK_MIN }
}

/// The tasks that the main service had at rest in a second before the start.
pub(super) fn at_rest(scenario: &Scenario, start: i64, second: i64) -> u32 {
    if let Some(left) = scenario.left.filter(|left| second >= start - 3600 * i64::from(left.hours)) {
        return left.tasks;
    }
    // By the half-hour, so that the count does not follow every person.
    let half_hour = second - second.rem_euclid(1800);
    let requests = load::users(scenario, start, half_hour.min(start)) * load::REQUESTS_PER_USER_MINUTE;
    ((requests / COMFORTABLE).ceil() as u32).clamp(floor(second), MAX)
}

/// A minute that was not lived.
pub(super) fn minute(load: Load, scenario: &Scenario, seed: u64, start: i64, from: i64) -> Minute {
    match load {
        Load::People => {
            let requests = load::requests_in_minute(scenario, seed, start, from);
            serving::steady(requests, at_rest(scenario, start, from), seed, from)
        }
        Load::Work { cpu } => {
            let mut minute = Minute::default();
            let mut totals = Totals::default();
            let mut ledger = Ledger::free(&mut minute, &mut totals);
            serving::work(&mut ledger, cpu * f64::from(QUIET_TASKS), QUIET_TASKS, seed, from);
            minute.running.sample(QUIET_TASKS.into());
            minute
        }
    }
}

/// The service that the story is about, at rest in second `now`.
pub(super) fn main(scenario: &Scenario, seed: u64, start: i64, now: i64) -> Workload {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let created = now - 120 * DAY;
    let balancer = balancer(created, &mut random);
    let group = balancer.group.arn.clone();
    let name = names::service(0);
    let mut service = service(&name, "ai-service:42", Some(group), created, now, &mut random);
    service.desired = at_rest(scenario, start, now);
    let mut scaling = targets::main(&name, &balancer, floor(now), created, &mut random);
    if let Some(left) = scenario.left {
        scaling.min = left.floor.unwrap_or(scaling.min);
        scaling.suspended.dynamic_in = left.scale_in_suspended;
    }
    let mut it = Workload {
        service,
        balancer: Some(balancer),
        scaling,
        load: Load::People,
        seed: names::mixed(seed, 0, 0),
        since: None,
        minute: Minute::default(),
        minutes: VecDeque::new(),
        wished: Vec::new(),
        totals: Totals::default(),
        watches: Vec::new(),
        turns: VecDeque::new(),
        lost_zone: None,
        settled: true,
        scaling_in: false,
        random,
    };
    add_tasks(&mut it, now);
    it.scaling.activities = past_activities(&it.scaling, now, &mut it.random);
    it.watches = alarms::own(&it, created);
    autoscaler::evaluate(&mut it, scenario, start, now);
    // As it has been since the last scheduled change.
    let since = names::time(last_change(now) + 20 * 60);
    for policy in &mut it.scaling.policies {
        (policy.high.since, policy.low.since) = (since, since);
    }
    it.watches.iter_mut().for_each(|watch| watch.alarm.since = since);
    it.turns.iter_mut().for_each(|turn| turn.at = since);
    decline_since_morning(&mut it, now);
    it
}

/// The seed and the work of a quiet service: enough to work out its minutes.
pub(super) fn quiet_load(index: u32, seed: u64) -> (u64, Load) {
    let seed = names::mixed(seed, 5, index.into());
    (seed, Load::Work { cpu: 8.0 + 37.0 * names::share(seed, 6, 0) })
}

/// A quiet service: a worker without a balancer, the same whenever it is worked out.
pub(super) fn quiet(index: u32, seed: u64, start: i64) -> Workload {
    let (seed, load) = quiet_load(index, seed);
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let name = names::service(index);
    let created = start - i64::from(30 + index % 300) * DAY;
    let mut service = service(&name, &format!("worker-{index:04}:7"), None, created, start, &mut random);
    service.desired = QUIET_TASKS;
    let policies = vec![
        targets::policy(&name, "cpu-target-tracking", Tracked::Cpu, None, 70.0, created, &mut random),
        targets::policy(&name, "memory-target-tracking", Tracked::Memory, None, 80.0, created, &mut random),
    ];
    let scaling = targets::scalable(&name, QUIET_TASKS, policies, Vec::new(), created, &mut random);
    let mut it = Workload {
        service,
        balancer: None,
        scaling,
        load,
        seed,
        since: None,
        minute: Minute::default(),
        minutes: VecDeque::new(),
        wished: Vec::new(),
        totals: Totals::default(),
        watches: Vec::new(),
        turns: VecDeque::new(),
        lost_zone: None,
        settled: true,
        scaling_in: false,
        random,
    };
    add_tasks(&mut it, start);
    for policy in &mut it.scaling.policies {
        (policy.low.state, policy.low.reason) = (AlarmState::Alarm, "Threshold Crossed".to_owned());
        (policy.high.state, policy.high.reason) = (AlarmState::Ok, "Threshold Crossed".to_owned());
    }
    it
}

fn service(
    name: &str,
    family: &str,
    target_group: Option<String>,
    created: i64,
    now: i64,
    random: &mut ChaCha8Rng,
) -> Service {
    let task_definition = names::task_definition(family);
    let deployed = names::time(now - 9 * DAY);
    let deployment = Deployment {
        id: names::deployment(random),
        primary: true,
        task_definition: task_definition.clone(),
        created: deployed,
        updated: deployed + SignedDuration::from_mins(4),
        rollout: Rollout::Completed,
        reason: None,
        failed_tasks: 0,
    };
    let mut service = Service {
        name: name.to_owned(),
        arn: names::arn("ecs", &format!("service/{}/{name}", IDENTITY.cluster)),
        cluster: IDENTITY.cluster.to_owned(),
        cluster_arn: names::cluster_arn(),
        desired: 0,
        task_definition,
        cpu_units: 1024,
        memory_mib: 2048,
        container: family.split(':').next().unwrap_or(family).to_owned(),
        container_port: PORT,
        health_check_grace_seconds: if target_group.is_some() { 60 } else { 0 },
        target_group,
        created: names::time(created),
        subnets: SUBNETS.map(str::to_owned).into(),
        security_group: TASK_SECURITY_GROUP.to_owned(),
        percentages: Percentages { min_healthy: 100, max: 200 },
        breaker: Breaker { enabled: true, rolls_back: true },
        deployments: vec![deployment],
        events: VecDeque::new(),
        tasks: Vec::new(),
        flaws: Vec::new(),
    };
    // ECS repeats it every six hours.
    for back in [15, 9, 3] {
        scheduler::event(&mut service, random, now - back * 3600 - 137, "has reached a steady state.");
    }
    service
}

/// Adds the tasks that are desired, running since the last scheduled change or longer.
fn add_tasks(it: &mut Workload, now: i64) {
    let changed = if it.balancer.is_some() { last_change(now) } else { now - 2 * DAY };
    for index in 0..it.service.desired {
        let zone = index as usize % IDENTITY.zones.len();
        let age = if index < OFF_PEAK_MIN { DAY + i64::from(index) * 3 } else { 0 };
        let mut task = scheduler::new_task(&it.service, zone, changed - age + 1, &mut it.random);
        let [provisioning, pulling, starting] = task.cold_start.map(SignedDuration::from_secs);
        task.pull_started = Some(task.created + provisioning);
        task.pull_stopped = Some(task.created + provisioning + pulling);
        task.started = Some(task.created + provisioning + pulling + starting);
        (task.phase, task.until) = (Phase::Running, None);
        if let Some(balancer) = &mut it.balancer {
            balancer.group.targets.push(Target {
                ip: task.ip.clone(),
                port: PORT,
                zone,
                task: task.id.clone(),
                number: task.number,
                health: Health::Healthy,
                next_check: now + it.random.random_range(0..30),
                streak: 1,
            });
        }
        it.service.tasks.push(task);
    }
}

fn balancer(created: i64, random: &mut ChaCha8Rng) -> Balancer {
    let name = IDENTITY.cluster;
    let [id, listener, group] = [(); 3].map(|()| format!("{:016x}", random.random::<u64>()));
    let dimension = format!("app/{name}/{id}");
    let group = format!("targetgroup/solosuccess-ai/{group}");
    Balancer {
        name: name.to_owned(),
        arn: names::arn("elasticloadbalancing", &format!("loadbalancer/{dimension}")),
        listener_arn: names::arn("elasticloadbalancing", &format!("listener/{dimension}/{listener}")),
        dns_name: format!(
            "{name}-{}.{}.elb.amazonaws.com",
            random.random_range(100_000_000..2_000_000_000_u32),
            IDENTITY.region
        ),
        dimension,
        hosted_zone: HOSTED_ZONE.to_owned(),
        vpc: VPC.to_owned(),
        subnets: SUBNETS.map(str::to_owned).into(),
        security_group: BALANCER_SECURITY_GROUP.to_owned(),
        created: names::time(created),
        group: TargetGroup {
            name: "solosuccess-ai".to_owned(),
            arn: names::arn("elasticloadbalancing", &group),
            dimension: group,
            port: PORT,
            health_check: HealthCheck {
                path: "/health".to_owned(),
                interval_seconds: 30,
                timeout_seconds: 5,
                healthy_threshold: 2,
                unhealthy_threshold: 3,
            },
            draining_seconds: 300,
            targets: Vec::new(),
        },
    }
}

/// The second of the last scheduled change of the floor, before `now`.
fn last_change(now: i64) -> i64 {
    let midnight = now - now.rem_euclid(DAY);
    [PEAK_HOURS.end, PEAK_HOURS.start, PEAK_HOURS.end - 24]
        .map(|hour| midnight + hour * 3600)
        .into_iter()
        .find(|change| *change < now)
        .unwrap_or(now)
}

/// What the autoscaler did on the days before, newest first: out on each morning, in on each evening.
fn past_activities(scaling: &ScalableTarget, now: i64, random: &mut ChaCha8Rng) -> VecDeque<Activity> {
    let mut activities = VecDeque::new();
    let midnight = now - now.rem_euclid(DAY);
    let mut changes: Vec<(i64, bool)> = (-DAYS_OF_ACTIVITIES..=0)
        .flat_map(|day| {
            [(PEAK_HOURS.start, true), (PEAK_HOURS.end, false)]
                .map(|(hour, out)| (midnight + day * DAY + hour * 3600, out))
        })
        .filter(|(at, _)| *at < now)
        .collect();
    changes.sort_unstable();
    for (at, out) in changes {
        let (action, min) = if out { ("morning-scale-up", PEAK_MIN) } else { ("evening-scale-down", OFF_PEAK_MIN) };
        activities.push_front(autoscaler::limits_set(names::uuid(random), action, Some(min), Some(MAX), at));
        // In the evening the floor falls at once, and the count with the alarms: memory lets one task go at a time.
        let steps: &[(i64, u32)] = if out { &[(0, PEAK_MIN)] } else { &[(20, 3), (380, OFF_PEAK_MIN)] };
        for (wait, count) in steps {
            let lasted = if out { random.random_range(70..110) } else { random.random_range(1..4) };
            let cause = match scaling.policies.get(1) {
                Some(policy) if !out => autoscaler::cause(&policy.low, policy),
                _ => format!("minimum capacity was set to {min}"),
            };
            if at + wait + lasted < now {
                activities.push_front(Activity {
                    id: names::uuid(random),
                    description: format!("Setting desired count to {count}."),
                    cause,
                    started: names::time(at + wait),
                    ended: Some(names::time(at + wait + lasted)),
                    status: ActivityStatus::Successful,
                    status_message: format!(
                        "Successfully set desired count to {count}. Change successfully fulfilled by ecs."
                    ),
                    not_scaled: Vec::new(),
                    count: Some(*count),
                });
            }
        }
    }
    activities
}

/// Records that the low alarms have asked in vain since the last scheduled change.
fn decline_since_morning(it: &mut Workload, now: i64) {
    let all_low = it.scaling.policies.iter().all(|policy| policy.low.state == AlarmState::Alarm);
    if all_low && it.service.desired <= it.scaling.min {
        let reason = NotScaled::AlreadyAtMinCapacity { min: it.scaling.min };
        autoscaler::decline(it, reason, 1, last_change(now) + 200);
    }
}
