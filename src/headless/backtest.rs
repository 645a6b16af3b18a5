//! The backtest: what each controller would have done on a recorded series, minute by minute, and what that would have
//! cost.
//!
//! The engine is the one pure function that the console asks, `policy::advise_one`, on a platform that grows by a minute
//! at a time. The plant is the simplest that can be stated: a recorded value times the tasks that it was recorded with is
//! the load, and the load is shared by the tasks that run. Absent on purpose: queues, balancers and failures, which the
//! contest has.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use jiff::SignedDuration;
use serde::Serialize;

use super::demand::Recorded;
use super::plant::Plant;
use crate::platform::metric::{MetricKey, Resource};
use crate::platform::series::start_of;
use crate::platform::{
    DrainSample, LoadBalancerId, MetricId, Platform, ScalableTarget, Series, Service, ServiceId, ServiceStatus, Source,
    SourceHealth, SourceState, Suspended, TargetGroup, TargetGroupArn, TaskCount,
};
use crate::policy::schedule::{floor_at, next_change};
use crate::policy::{Policy, advise_one};
use crate::reference::target_tracking::{self, Cooldowns};
use crate::reference::{Counts, Measured, hpa};

/// The version of the JSON: it counts up when a field changes its meaning or goes away.
const SCHEMA_VERSION: u32 = 1;
/// A change against the direction of the one before it counts as a reversal within this time.
const REVERSED_WITHIN_MIN: i64 = 60;

/// What the recorded values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Metric {
    /// CPU utilisation, %.
    Cpu,
    /// Requests per target and minute.
    Requests,
    /// Memory utilisation, %.
    Memory,
}

/// What is replayed, and how it is understood.
#[derive(Debug, Clone)]
pub struct Backtest {
    /// The policy of the engine; the other controllers have its target and limits.
    pub policy: Policy,
    /// What the values are.
    pub metric: Metric,
    /// How many tasks they were recorded with.
    pub recorded_with: f64,
}

/// What one controller would have done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Outcome {
    /// Changes of the desired count.
    pub changes: u32,
    /// Those against the direction of the one before, within an hour of it.
    pub reversals: u32,
    /// Minutes in which the metric was above its target.
    pub minutes_above: u32,
    /// Hours that tasks were paid for, those that start or drain among them.
    pub task_hours: f64,
    /// The greatest desired count.
    pub most: u32,
}

/// The outcomes side by side.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    schema_version: u32,
    metric: Metric,
    target: f64,
    recorded_with: f64,
    minutes: usize,
    /// The engine.
    pub scaledeck: Outcome,
    /// AWS's target tracking.
    pub target_tracking: Outcome,
    /// The Kubernetes Horizontal Pod Autoscaler.
    pub hpa: Outcome,
}

impl Backtest {
    /// Replays a series through every controller.
    pub fn run(&self, series: &Recorded) -> Report {
        let minutes: Vec<_> = series.minutes().collect();
        Report {
            schema_version: SCHEMA_VERSION,
            metric: self.metric,
            target: self.target(),
            recorded_with: self.recorded_with,
            minutes: minutes.len(),
            scaledeck: self.engine(&minutes),
            target_tracking: self.target_tracking(&minutes),
            hpa: self.hpa(&minutes),
        }
    }

    /// The metric's target in the policy.
    pub fn target(&self) -> f64 {
        match self.metric {
            Metric::Cpu => self.policy.ecs.cpu_target,
            Metric::Memory => self.policy.ecs.memory_target,
            Metric::Requests => self.policy.ecs.requests_per_target,
        }
    }

    /// The engine alone, on one value a minute: (minute since the epoch, value).
    pub fn engine(&self, minutes: &[(i64, f64)]) -> Outcome {
        let mut scene = Scene::new(self);
        self.replay(minutes, |minute, value, plant, _| {
            scene.live(minute, value, plant);
            scene.advice().unwrap_or(plant.desired())
        })
    }

    fn target_tracking(&self, minutes: &[(i64, f64)]) -> Outcome {
        let (mut state, mut seen) = (target_tracking::State::default(), Vec::with_capacity(minutes.len()));
        let cooldowns = Cooldowns {
            out_s: self.policy.ecs.scale_out_cooldown_s.into(),
            in_s: self.policy.ecs.scale_in_cooldown_s.into(),
        };
        let mut tasks = 0.0;
        self.replay(minutes, |minute, value, plant, counts| {
            // CloudWatch has a minute 60 to 75 s after its end: at the end of this one, the one before is the newest.
            let measured = Measured { values: &seen, tasks, target: self.target() };
            let (to, after) = target_tracking::decide(&[measured], counts, cooldowns, state, minute * 60);
            (state, tasks) = (after, plant.running().into());
            seen.push(Some(value));
            to
        })
    }

    fn hpa(&self, minutes: &[(i64, f64)]) -> Outcome {
        let mut state = hpa::State::default();
        self.replay(minutes, |minute, value, plant, counts| {
            let measured = Measured { values: &[Some(value)], tasks: plant.running().into(), target: self.target() };
            // Four syncs a minute on the same value: the rate policies and the window count in seconds.
            (0..60 / hpa::SYNC_S).fold(counts.desired, |desired, sync| {
                hpa::decide(&[measured], Counts { desired, ..counts }, &mut state, minute * 60 + sync * hpa::SYNC_S)
            })
        })
    }

    /// Lives the plant under a controller: `decide` is told each minute's value at its end.
    fn replay(&self, minutes: &[(i64, f64)], mut decide: impl FnMut(i64, f64, &Plant, Counts) -> u32) -> Outcome {
        let Some((first, _)) = minutes.first() else { return Outcome::default() };
        let mut floors = Floors::from(&self.policy, *first);
        let max = self.policy.ecs.max_capacity.0;
        let mut plant = Plant::at_rest(floors.at(*first).min(max));
        let (mut outcome, mut paid) = (Outcome { most: plant.desired(), ..Outcome::default() }, 0_u64);
        let mut last: Option<(i64, bool)> = None;
        for (minute, recorded) in minutes {
            plant.tick(*minute);
            let shared = recorded * self.recorded_with / f64::from(plant.running().max(1));
            let value = if self.metric == Metric::Requests { shared } else { shared.min(100.0) };
            outcome.minutes_above += u32::from(value > self.target());
            paid += u64::from(plant.paid());
            let (desired, min) = (plant.desired(), floors.at(*minute).min(max));
            let counts = Counts { desired, running: plant.running(), min, max };
            // As AWS's scheduled action does, and as the engine itself asks: the floor is lifted to at once.
            let to = decide(*minute, value, &plant, counts).max(min);
            if to != desired {
                let out = to > desired;
                outcome.changes += 1;
                let reversed = last.is_some_and(|(at, was)| was != out && minute - at <= REVERSED_WITHIN_MIN);
                outcome.reversals += u32::from(reversed);
                last = Some((*minute, out));
                outcome.most = outcome.most.max(to);
                plant.set(to, *minute);
            }
        }
        outcome.task_hours = paid as f64 / 60.0;
        outcome
    }
}

/// The floor of each minute, worked out only where it changes.
struct Floors<'a> {
    policy: &'a Policy,
    floor: u32,
    until: i64,
}

impl<'a> Floors<'a> {
    fn from(policy: &'a Policy, minute: i64) -> Self {
        Self { policy, floor: 0, until: minute }
    }

    fn at(&mut self, minute: i64) -> u32 {
        if minute >= self.until {
            let now = start_of(minute);
            self.floor = floor_at(&self.policy.ecs, now).count.0;
            self.until = next_change(&self.policy.ecs, now).map_or(i64::MAX, |(at, _)| at.as_second().div_euclid(60));
        }
        self.floor
    }
}

/// The platform as the engine sees it: one service, whose readings arrive every minute.
struct Scene<'a> {
    policy: &'a Policy,
    platform: Platform,
    id: ServiceId,
    groups: Vec<TargetGroupArn>,
    /// What is replayed, then what stays at 0 so that it neither asks nor vetoes.
    keys: Vec<MetricKey>,
    minute: i64,
}

impl<'a> Scene<'a> {
    fn new(backtest: &'a Backtest) -> Self {
        let id = ServiceId::new("backtest", "service");
        let own = |metric| MetricKey::service(&id, metric);
        let arn = TargetGroupArn::new("arn:aws:elasticloadbalancing:backtest:0:targetgroup/backtest/0");
        let balancer = LoadBalancerId::new("app/backtest/0");
        let resource = Resource::TargetGroup(balancer.clone(), arn.clone());
        let requests = MetricKey { resource, metric: MetricId::RequestsPerTarget };
        let (cpu, memory) = (own(MetricId::ServiceCpu), own(MetricId::ServiceMemory));
        let (keys, groups) = match backtest.metric {
            Metric::Cpu => (vec![cpu, memory], vec![]),
            Metric::Memory => (vec![memory, cpu], vec![]),
            Metric::Requests => (vec![requests, cpu, memory], vec![arn.clone()]),
        };
        let mut platform = Platform::default();
        if !groups.is_empty() {
            platform.target_groups.insert(arn.clone(), Arc::new(target_group(arn, balancer)));
        }
        // The plant's own limits: the floor is the policy's, and nothing else is in force.
        let limits = ScalableTarget {
            min: TaskCount(0),
            max: backtest.policy.ecs.max_capacity,
            suspended: Suspended::default(),
            learnt: start_of(0),
        };
        platform.targets.insert(id.clone(), Arc::new(limits));
        platform.services.insert(id.clone(), Arc::new(service(id.clone(), groups.clone())));
        platform.counts.insert(id.clone(), Arc::default());
        for source in [Source::ScalableTargets, Source::TargetGroups, Source::Metrics, Source::Activities] {
            platform.sources.insert(source, Arc::new(always()));
        }
        Self { policy: &backtest.policy, platform, id, groups, keys, minute: 0 }
    }

    /// Takes the readings of a minute's end.
    fn live(&mut self, minute: i64, value: f64, plant: &Plant) {
        let (began, now) = (start_of(minute), start_of(minute + 1));
        self.minute = minute;
        let values = std::iter::once(value).chain(std::iter::repeat(0.0));
        for (key, value) in self.keys.iter().zip(values) {
            if !self.platform.series.contains_key(key) {
                self.platform.series.insert(key.clone(), Arc::new(Series::default()));
            }
            if let Some(series) = self.platform.series.get_mut(key) {
                Arc::make_mut(series).merge([(began, value)]);
            }
        }
        let Some(service) = self.platform.services.get_mut(&self.id) else { return };
        let service = Arc::make_mut(service);
        (service.desired, service.running) = (TaskCount(plant.desired()), TaskCount(plant.running()));
        service.pending = TaskCount(plant.starting());
        service.learnt = now;
        let Some(history) = self.platform.counts.get_mut(&self.id) else { return };
        let history = Arc::make_mut(history);
        history.saw_counts(service, now, 60);
        for group in &self.groups {
            let sample = DrainSample { asked: now, cadence_s: 60, draining: plant.draining() };
            history.saw_draining(group, sample);
        }
    }

    fn advice(&self) -> Option<u32> {
        let verdict = advise_one(&self.platform, self.policy, &self.id, start_of(self.minute + 1))?;
        verdict.decision.to().map(|to| to.0)
    }
}

/// A source that has always answered and is never stale.
fn always() -> SourceHealth {
    SourceHealth {
        state: SourceState::Live,
        learnt: Some(start_of(0)),
        since: start_of(0),
        cadence_s: u32::MAX,
        failures: 0,
    }
}

fn service(id: ServiceId, target_groups: Vec<TargetGroupArn>) -> Service {
    Service {
        id,
        status: ServiceStatus::Active,
        desired: TaskCount(0),
        running: TaskCount(0),
        pending: TaskCount(0),
        deployments: Vec::new(),
        events: Vec::new(),
        task_definition: String::new(),
        task_size: None,
        launch: String::new(),
        target_groups,
        learnt: start_of(0),
    }
}

fn target_group(arn: TargetGroupArn, balancer: LoadBalancerId) -> TargetGroup {
    TargetGroup {
        arn,
        name: "backtest".to_owned(),
        balancers: vec![balancer],
        interval_s: 30,
        timeout_s: 5,
        healthy_threshold: 2,
        unhealthy_threshold: 3,
        path: "/health".to_owned(),
        draining_s: None,
        targets: None,
        learnt: start_of(0),
    }
}

impl Report {
    /// The report for people, with what it assumes.
    pub fn text(&self) -> String {
        let mut out = String::new();
        let days = SignedDuration::from_mins(self.minutes as i64).as_secs_f64() / 86_400.0;
        let _ = writeln!(
            out,
            "{} minutes ({days:.1} days); values were recorded with {} tasks; target {}\n\n\
             {:<20} {:>8} {:>10} {:>14} {:>11} {:>5}",
            self.minutes,
            self.recorded_with,
            self.target,
            "",
            "changes",
            "reversals",
            "minutes above",
            "task-hours",
            "most",
        );
        let rows = BTreeMap::from([
            (0, ("scaledeck", &self.scaledeck)),
            (1, ("AWS target tracking", &self.target_tracking)),
            (2, ("Kubernetes HPA", &self.hpa)),
        ]);
        for (name, it) in rows.values() {
            let _ = writeln!(
                out,
                "{name:<20} {:>8} {:>10} {:>14} {:>11.1} {:>5}",
                it.changes, it.reversals, it.minutes_above, it.task_hours, it.most
            );
        }
        let _ = writeln!(out, "\n{}", super::plant::STATED);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::Environment;

    /// Requests a minute from noon of a Tuesday on, in peak hours: (minutes, value), one after the other.
    fn series(parts: &[(usize, f64)]) -> Recorded {
        let first = "2026-03-10T12:00:00Z".parse::<jiff::Timestamp>().unwrap();
        let values = parts.iter().flat_map(|(minutes, value)| std::iter::repeat_n(*value, *minutes));
        let row = |(minute, value)| format!("{},{value}\n", first + SignedDuration::from_mins(minute));
        Recorded::read("x.csv", &(0..).zip(values).map(row).collect::<String>()).unwrap()
    }

    fn backtest(metric: Metric, recorded_with: f64) -> Backtest {
        Backtest { policy: Policy::of_spec(Environment::Production), metric, recorded_with }
    }

    #[test]
    fn a_step_is_answered_after_one_minute_three_or_five() {
        let report = backtest(Metric::Requests, 1.0).run(&series(&[(60, 2000.0), (60, 7000.0)]));
        // Seven tasks have 1,000 requests each, which is not above. Each minute until they run is.
        let (hpa, aws, engine) = (report.hpa, report.target_tracking, report.scaledeck);
        assert_eq!(hpa.minutes_above, 2, "the minute of the step, and one of starting");
        assert_eq!(aws.minutes_above, 5, "three minutes, each seen a minute late, and one of starting");
        assert_eq!(engine.minutes_above, 8, "five minutes, each evidence after two more, and one of starting");
        for outcome in [hpa, aws] {
            assert_eq!((outcome.changes, outcome.reversals, outcome.most), (1, 0, 7), "{outcome:?}");
        }
        // The rule multiplies the count of now with what fewer tasks measured, until that is no evidence any more.
        assert_eq!((engine.changes, engine.reversals, engine.most), (4, 1, 10), "{engine:?}");
    }

    #[test]
    fn task_hours_are_those_of_starting_and_draining_tasks_too() {
        let report = backtest(Metric::Requests, 1.0).run(&series(&[(60, 2000.0), (60, 7000.0)]));
        // The HPA asks at the end of the first minute of the step: 61 minutes of four, 59 of seven.
        assert!((report.hpa.task_hours - f64::from(61 * 4 + 59 * 7) / 60.0).abs() < 1e-9, "{:?}", report.hpa);
    }

    #[test]
    fn a_calm_series_changes_nothing_and_above_the_ceiling_nothing_helps() {
        let calm = backtest(Metric::Cpu, 4.0).run(&series(&[(180, 50.0)]));
        let hopeless = backtest(Metric::Memory, 40.0).run(&series(&[(180, 99.0)]));
        for (calm, hopeless) in [
            (calm.scaledeck, hopeless.scaledeck),
            (calm.target_tracking, hopeless.target_tracking),
            (calm.hpa, hopeless.hpa),
        ] {
            assert_eq!((calm.changes, calm.minutes_above, calm.most), (0, 0, 4), "{calm:?}");
            assert_eq!((hopeless.minutes_above, hopeless.most), (180, 10), "{hopeless:?}");
        }
    }

    #[test]
    fn the_engine_takes_away_one_at_a_time_after_its_window_and_its_cooldown() {
        let report = backtest(Metric::Requests, 1.0).run(&series(&[(60, 7000.0), (240, 1000.0)]));
        let engine = report.scaledeck;
        assert_eq!((engine.most, engine.changes, engine.reversals), (10, 8, 1), "{engine:?}");
        assert!(engine.task_hours > report.hpa.task_hours, "{report:?}");
    }

    #[test]
    fn the_floor_follows_the_hours_of_the_day() {
        // From noon to noon, idle: two tasks from 22:00 to 08:00, four else.
        let report = backtest(Metric::Cpu, 0.1).run(&series(&[(24 * 60, 1.0)]));
        for outcome in [report.scaledeck, report.target_tracking, report.hpa] {
            assert!(outcome.task_hours > 14.0 * 4.0 + 10.0 * 2.0 && outcome.task_hours < 79.0, "{outcome:?}");
            assert_eq!(outcome.most, 4);
        }
    }

    #[test]
    fn the_report_names_every_controller_and_what_it_assumes() {
        let text = backtest(Metric::Cpu, 4.0).run(&series(&[(120, 50.0)])).text();
        for words in ["scaledeck", "AWS target tracking", "Kubernetes HPA", "load = recorded value", "0.1 days"] {
            assert!(text.contains(words), "no {words} in {text}");
        }
    }
}
