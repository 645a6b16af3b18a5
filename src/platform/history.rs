//! What was seen of a service's count while this program watched: the changes, and since when nothing moves.
//!
//! A manual `UpdateService` does not appear among scaling activities, so cooldowns and chart markers need this too.

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::moment::Moment;
use super::{Service, TargetGroupArn, TaskCount};

/// How many changes of one service are kept.
pub const KEPT_CHANGES: usize = 64;

/// A change of the desired count, seen between two readings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CountChange {
    /// When the reading that showed it was asked for.
    #[schemars(with = "Moment")]
    pub seen: Timestamp,
    /// Before.
    pub from: TaskCount,
    /// After.
    pub to: TaskCount,
}

/// The newest look at how many of a target group's targets drain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DrainSample {
    /// When the question was asked.
    #[schemars(with = "Moment")]
    pub asked: Timestamp,
    /// Seconds until the group is asked about again.
    pub cadence_s: u32,
    /// Targets that drain.
    pub draining: u32,
}

impl DrainSample {
    /// Whether it is older than twice its cadence.
    pub fn stale(&self, now: Timestamp) -> bool {
        older_than_twice(self.asked, self.cadence_s, now)
    }
}

/// The count's history as seen from here.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CountHistory {
    /// The first reading: nothing is known from before it.
    #[schemars(with = "Option<Moment>")]
    pub watched_since: Option<Timestamp>,
    /// Changes of the desired count, oldest first.
    pub changes: VecDeque<CountChange>,
    /// The first reading since the last change with running = desired, nothing pending and nothing draining; `None`
    /// while something still moves. Counts and draining are read apart: this is the later of the two, and a look at the
    /// targets from before the counts came to rest does not serve.
    #[schemars(with = "Option<Moment>")]
    pub settled: Option<Timestamp>,
    /// The desired count of the newest reading.
    pub desired: Option<TaskCount>,
    /// Seconds between two readings of this very service, for judging its staleness: hot and cold services share a
    /// source but not a cadence.
    pub cadence_s: u32,
    /// The first reading of the present run of readings with running = desired and nothing pending.
    #[schemars(with = "Option<Moment>")]
    pub at_rest: Option<Timestamp>,
    /// Draining by target group that the service registers with; `None` until its targets were read.
    pub draining: BTreeMap<TargetGroupArn, Option<DrainSample>>,
}

impl CountHistory {
    /// Takes a reading of the counts.
    pub fn saw_counts(&mut self, service: &Service, asked: Timestamp, cadence_s: u32) {
        self.watched_since.get_or_insert(asked);
        self.cadence_s = cadence_s;
        if let Some(from) = self.desired.filter(|desired| *desired != service.desired) {
            if self.changes.len() == KEPT_CHANGES {
                self.changes.pop_front();
            }
            self.changes.push_back(CountChange { seen: asked, from, to: service.desired });
            self.settled = None;
            self.at_rest = None;
        }
        self.desired = Some(service.desired);
        let rests = service.running == service.desired && service.pending == TaskCount(0);
        self.at_rest = if rests { self.at_rest.or(Some(asked)) } else { None };
        self.draining.retain(|arn, _| service.target_groups.contains(arn));
        for arn in &service.target_groups {
            self.draining.entry(arn.clone()).or_insert(None);
        }
        self.settle();
    }

    /// Takes a reading of a target group's health; groups of other services are ignored.
    pub fn saw_draining(&mut self, group: &TargetGroupArn, sample: DrainSample) {
        if let Some(known) = self.draining.get_mut(group) {
            *known = Some(sample);
            self.settle();
        }
    }

    /// Targets that drain over all groups; `None` while one of them is unknown or stale.
    pub fn draining_now(&self, now: Timestamp) -> Option<u32> {
        self.draining.values().try_fold(0_u32, |sum, sample| {
            let sample = sample.filter(|sample| !sample.stale(now))?;
            Some(sum.saturating_add(sample.draining))
        })
    }

    /// Whether a service that was learnt then is older than twice its own cadence.
    pub fn stale(&self, learnt: Timestamp, now: Timestamp) -> bool {
        older_than_twice(learnt, self.cadence_s, now)
    }

    fn settle(&mut self) {
        let Some(at_rest) = self.at_rest.filter(|_| self.settled.is_none()) else { return };
        let drained = self.draining.values().try_fold(at_rest, |latest, sample| {
            let sample = sample.filter(|sample| sample.draining == 0 && sample.asked >= at_rest)?;
            Some(latest.max(sample.asked))
        });
        self.settled = drained;
    }
}

fn older_than_twice(asked: Timestamp, cadence_s: u32, now: Timestamp) -> bool {
    now.as_second() - asked.as_second() > 2 * i64::from(cadence_s)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::{ServiceId, ServiceStatus};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_000_000 + second).unwrap()
    }

    fn service(desired: u32, running: u32, groups: &[&str]) -> Service {
        Service {
            id: ServiceId::new("c", "s"),
            status: ServiceStatus::Active,
            desired: TaskCount(desired),
            running: TaskCount(running),
            pending: TaskCount(desired.saturating_sub(running)),
            deployments: vec![],
            events: vec![],
            task_definition: "t:1".into(),
            task_size: None,
            launch: "FARGATE".into(),
            target_groups: groups.iter().map(TargetGroupArn::new).collect(),
            learnt: at(0),
        }
    }

    fn drain(second: i64, draining: u32) -> DrainSample {
        DrainSample { asked: at(second), cadence_s: 10, draining }
    }

    #[test]
    fn a_change_is_seen_between_two_readings_and_settles_when_the_tasks_run() {
        let mut history = CountHistory::default();
        history.saw_counts(&service(4, 4, &[]), at(0), 5);
        assert_eq!(history.settled, Some(at(0)), "after a start the first such sample counts");
        history.saw_counts(&service(6, 4, &[]), at(5), 5);
        assert_eq!(history.changes, [CountChange { seen: at(5), from: TaskCount(4), to: TaskCount(6) }]);
        assert_eq!(history.settled, None);
        history.saw_counts(&service(6, 6, &[]), at(90), 5);
        history.saw_counts(&service(6, 6, &[]), at(95), 5);
        assert_eq!(history.settled, Some(at(90)));
        assert_eq!(history.watched_since, Some(at(0)));
    }

    #[test]
    fn a_task_that_dies_is_no_change_of_the_count() {
        let mut history = CountHistory::default();
        history.saw_counts(&service(4, 4, &[]), at(0), 5);
        history.saw_counts(&service(4, 3, &[]), at(5), 5);
        assert_eq!(history.settled, Some(at(0)));
        assert!(history.changes.is_empty());
    }

    #[test]
    fn draining_must_be_seen_over_after_the_counts_came_to_rest() {
        let group = TargetGroupArn::new("tg");
        let mut history = CountHistory::default();
        history.saw_counts(&service(6, 6, &["tg"]), at(0), 5);
        assert_eq!(history.settled, None, "the targets were never read");
        history.saw_draining(&group, drain(1, 0));
        assert_eq!(history.settled, Some(at(1)));
        history.saw_counts(&service(5, 5, &["tg"]), at(10), 5);
        assert_eq!(history.settled, None, "the look at second 1 was before the change");
        history.saw_draining(&group, drain(11, 1));
        assert_eq!(history.settled, None);
        history.saw_draining(&TargetGroupArn::new("of another service"), drain(12, 0));
        assert_eq!(history.settled, None);
        history.saw_draining(&group, drain(311, 0));
        assert_eq!(history.settled, Some(at(311)));
    }

    #[test]
    fn draining_is_unknown_when_never_read_or_stale() {
        let mut history = CountHistory::default();
        history.saw_counts(&service(6, 6, &["a", "b"]), at(0), 5);
        history.saw_draining(&TargetGroupArn::new("a"), drain(0, 2));
        assert_eq!(history.draining_now(at(1)), None);
        history.saw_draining(&TargetGroupArn::new("b"), drain(10, 1));
        assert_eq!(history.draining_now(at(20)), Some(3));
        assert_eq!(history.draining_now(at(21)), None, "group a is older than twice its cadence");
        history.saw_counts(&service(6, 6, &["b"]), at(21), 5);
        assert_eq!(history.draining_now(at(21)), Some(1));
    }

    #[test]
    fn changes_are_bounded() {
        let mut history = CountHistory::default();
        for second in 0..200 {
            let desired = 1 + u32::try_from(second % 2).unwrap();
            history.saw_counts(&service(desired, desired, &[]), at(second), 5);
        }
        assert_eq!(history.changes.len(), KEPT_CHANGES);
        assert_eq!(history.changes.back().unwrap().seen, at(199));
    }
}
