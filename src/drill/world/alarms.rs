//! CloudWatch's alarms: their data, how their state follows from the datapoints of the newest minutes, and the turns that
//! they took. The autoscaler's come with its policies; the platform's own are here. Deliberately absent: metric math,
//! composite alarms, and what an action does besides naming it.

use std::collections::VecDeque;

use jiff::Timestamp;

use super::metrics::{Key, Metric, Of};
use super::minute::Minute;
use super::names;
use super::workload::Workload;

/// Minutes beyond those that an alarm evaluates in which CloudWatch looks for what is missing among them.
const LOOKED_FURTHER: usize = 2;
/// Minutes that any alarm here looks back on, at most.
pub(super) const LONGEST_LOOK: i64 = 15 + LOOKED_FURTHER as i64;
/// Seconds that turns are kept: thirty days.
const TURNS_KEPT: i64 = 30 * 86_400;

/// An alarm on one metric, in minutes.
#[derive(Debug, Clone, PartialEq)]
pub struct Alarm {
    /// Its name, as in `TargetTracking-service/<cluster>/<service>-AlarmHigh-<uuid>`.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// Whether it fires above its threshold; otherwise below.
    pub above: bool,
    /// The threshold, in the metric's unit; strict.
    pub threshold: f64,
    /// Minutes that are looked at: `EvaluationPeriods`.
    pub periods: u32,
    /// How many of them must breach: `DatapointsToAlarm`.
    pub breaches: u32,
    /// What a missing minute counts as.
    pub missing: Missing,
    /// Its state.
    pub state: AlarmState,
    /// `StateReason`
    pub reason: String,
    /// When the state last changed.
    pub since: Timestamp,
    /// When its configuration was last changed.
    pub configured: Timestamp,
}

/// `StateValue`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlarmState {
    /// `OK`
    Ok,
    /// `ALARM`
    Alarm,
    /// `INSUFFICIENT_DATA`
    InsufficientData,
}

impl AlarmState {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Alarm => "ALARM",
            Self::InsufficientData => "INSUFFICIENT_DATA",
        }
    }
}

/// `TreatMissingData`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// `missing`, which is also what no word means.
    Missing,
    /// `breaching`
    Breaching,
    /// `notBreaching`
    NotBreaching,
}

impl Missing {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Breaching => "breaching",
            Self::NotBreaching => "notBreaching",
        }
    }
}

/// One of the platform's own alarms, beside the autoscaler's.
#[derive(Debug, Clone, PartialEq)]
pub struct Watch {
    /// The alarm.
    pub alarm: Alarm,
    /// `AlarmDescription`
    pub about: &'static str,
    /// What it watches.
    pub key: Key,
    /// As `Average` or `p95`.
    pub statistic: &'static str,
    /// The topic that is told when it fires.
    pub topic: String,
}

/// A change of an alarm's state.
#[derive(Debug, Clone, PartialEq)]
pub struct Turn {
    /// The alarm's name.
    pub alarm: String,
    /// When.
    pub at: Timestamp,
    /// The state before, with its reason.
    pub from: (AlarmState, String),
    /// The state after, with its reason.
    pub to: (AlarmState, String),
    /// The present datapoints that were evaluated, oldest first.
    pub datapoints: Vec<f64>,
    /// What it is compared with.
    pub threshold: f64,
}

/// The datapoints of the newest final minutes, newest first, with the seconds in which the minutes began.
pub(super) type Points = [(i64, Option<f64>)];

impl Alarm {
    /// Judges it by its datapoints: the turn, if it took one.
    pub(super) fn judge(&mut self, points: &Points, now: i64) -> Option<Turn> {
        let points = &points[..points.len().min(self.periods as usize + LOOKED_FURTHER)];
        let state = self.state_by(points);
        if state == self.state {
            return None;
        }
        let present: Vec<(i64, f64)> = points.iter().filter_map(|(at, value)| Some((*at, (*value)?))).collect();
        let evaluated = &present[..present.len().min(self.periods as usize)];
        let reason = self.words(state, evaluated);
        let turn = Turn {
            alarm: self.name.clone(),
            at: names::time(now),
            from: (self.state, self.reason.clone()),
            to: (state, reason.clone()),
            datapoints: evaluated.iter().rev().map(|(_, value)| *value).collect(),
            threshold: self.threshold,
        };
        (self.state, self.reason, self.since) = (state, reason, turn.at);
        Some(turn)
    }

    /// The state that CloudWatch documents for these datapoints ("Configuring how CloudWatch alarms treat missing data").
    fn state_by(&self, points: &Points) -> AlarmState {
        let (periods, needed) = (self.periods as usize, self.breaches as usize);
        let present: Vec<f64> = points.iter().filter_map(|(_, value)| *value).take(periods).collect();
        let breaching = present.iter().filter(|value| self.is_breached_by(**value)).count();
        let filled = periods - present.len();
        let counted = breaching + if self.missing == Missing::Breaching { filled } else { 0 };
        if counted >= needed {
            return AlarmState::Alarm;
        }
        if self.missing != Missing::Missing || present.len() > breaching {
            return AlarmState::Ok;
        }
        // All that there is breaches, and is too little: it counts only if it is as old as what is needed would be.
        let oldest = points.iter().rposition(|(_, value)| value.is_some());
        match oldest {
            Some(index) if index + 1 >= needed => AlarmState::Alarm,
            _ => AlarmState::InsufficientData,
        }
    }

    fn is_breached_by(&self, value: f64) -> bool {
        if self.above { value > self.threshold } else { value < self.threshold }
    }

    /// The words in which CloudWatch gives the reason for a state.
    fn words(&self, state: AlarmState, present: &[(i64, f64)]) -> String {
        let side = if self.above { "greater than" } else { "less than" };
        let fires = state == AlarmState::Alarm;
        let shown: Vec<String> = present
            .iter()
            .filter(|(_, value)| self.is_breached_by(*value) == fires)
            .map(|(at, value)| format!("{value:.1} ({})", names::time(*at).strftime("%d/%m/%y %H:%M:%S")))
            .collect();
        let (periods, list, threshold) = (self.periods, shown.join(", "), self.threshold);
        let unknown = periods as usize - present.len();
        match state {
            AlarmState::InsufficientData => format!("Insufficient Data: {unknown} datapoints were unknown."),
            AlarmState::Ok | AlarmState::Alarm if present.is_empty() => format!(
                "Threshold Crossed: no datapoints were received for {periods} periods and {periods} missing datapoints were treated as [{}].",
                if fires { "Breaching" } else { "NonBreaching" }
            ),
            AlarmState::Alarm => format!(
                "Threshold Crossed: {} out of the last {periods} datapoints [{list}] were {side} the threshold ({threshold:.1}) (minimum {} datapoints for OK -> ALARM transition).",
                shown.len(),
                self.breaches,
            ),
            AlarmState::Ok => format!(
                "Threshold Crossed: {} out of the last {periods} datapoints [{list}] was not {side} the threshold ({threshold:.1}) (minimum {} datapoint for ALARM -> OK transition).",
                shown.len(),
                periods - self.breaches + 1,
            ),
        }
    }
}

/// The platform's own alarms on a service before which a balancer stands, with the spec's numbers where it has some.
/// They do not know anything yet.
pub(super) fn own(it: &Workload, created: i64) -> Vec<Watch> {
    let Some(balancer) = &it.balancer else { return Vec::new() };
    let service = Of::Service { cluster: it.service.cluster.clone(), service: it.service.name.clone() };
    let group = Of::TargetGroup { balancer: balancer.dimension.clone(), group: balancer.group.dimension.clone() };
    let whole = Of::Balancer { balancer: balancer.dimension.clone() };
    let of = |metric, of: &Of| Key { metric, of: of.clone() };
    let watch = |word: &str, about, key, statistic| Watch::new(&it.service.name, word, about, key, statistic, created);
    vec![
        watch("5xx-high", "Tasks answer 5XX, as after a bad deployment", of(Metric::Target5xx, &whole), "Sum")
            .above(20.0, [3, 5])
            .missing(Missing::NotBreaching),
        watch("cpu-critical", "ECS service CPU > 90% for 10 minutes", of(Metric::Cpu, &service), "Average")
            .above(90.0, [10, 10])
            .critical(),
        watch("cpu-high", "ECS service CPU > 80% for 15 minutes", of(Metric::Cpu, &service), "Average")
            .above(80.0, [15, 15]),
        watch("latency-high", "95th percentile of answers > 0.5 s", of(Metric::ResponseTime, &whole), "p95")
            .above(0.5, [3, 5])
            .missing(Missing::NotBreaching),
        watch("memory-high", "Memory > 85% for 5 minutes, as with a leak", of(Metric::Memory, &service), "Average")
            .above(85.0, [5, 5]),
        watch("no-healthy-targets", "All ECS tasks unhealthy", of(Metric::HealthyHosts, &group), "Maximum")
            .below(1.0, [3, 3])
            .missing(Missing::Breaching)
            .critical(),
    ]
}

impl Watch {
    /// An alarm that never fires: its threshold is to follow.
    fn new(service: &str, word: &str, about: &'static str, key: Key, statistic: &'static str, created: i64) -> Self {
        let name = format!("{service}-{word}");
        let alarm = Alarm {
            arn: names::arn("cloudwatch", &format!("alarm:{name}")),
            name,
            above: true,
            threshold: f64::INFINITY,
            periods: 1,
            breaches: 1,
            missing: Missing::Missing,
            state: AlarmState::InsufficientData,
            reason: "Unchecked: Initial alarm creation".to_owned(),
            since: names::time(created),
            configured: names::time(created),
        };
        Self { alarm, about, key, statistic, topic: names::arn("sns", "solosuccess-warning") }
    }

    /// It fires above a threshold, once so many of so many minutes are.
    fn above(mut self, threshold: f64, [breaches, periods]: [u32; 2]) -> Self {
        (self.alarm.threshold, self.alarm.breaches, self.alarm.periods) = (threshold, breaches, periods);
        self
    }

    fn below(mut self, threshold: f64, of: [u32; 2]) -> Self {
        self.alarm.above = false;
        self.above(threshold, of)
    }

    fn missing(mut self, missing: Missing) -> Self {
        self.alarm.missing = missing;
        self
    }

    fn critical(mut self) -> Self {
        self.topic = names::arn("sns", "solosuccess-critical");
        self
    }

    /// Its datapoint of a minute.
    pub(super) fn value(&self, at: i64, minute: &Minute) -> Option<f64> {
        minute.datum(at, self.key.metric, 1.0)?.statistic(self.statistic)
    }
}

/// Remembers turns, newest first, and forgets the oldest.
pub(super) fn remember(turns: &mut VecDeque<Turn>, new: Vec<Turn>, now: i64) {
    for turn in new {
        turns.push_front(turn);
    }
    let oldest = names::time(now - TURNS_KEPT);
    while turns.pop_back_if(|turn| turn.at < oldest).is_some() {}
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alarm(periods: u32, breaches: u32, missing: Missing) -> Alarm {
        Alarm {
            name: "cpu".to_owned(),
            arn: String::new(),
            above: true,
            threshold: 70.0,
            periods,
            breaches,
            missing,
            state: AlarmState::InsufficientData,
            reason: String::new(),
            since: Timestamp::UNIX_EPOCH,
            configured: Timestamp::UNIX_EPOCH,
        }
    }

    /// A datapoint a letter, oldest first, as CloudWatch's documentation draws them.
    fn points(drawn: &str) -> Vec<(i64, Option<f64>)> {
        let value = |letter| match letter {
            'X' => Some(80.0),
            '0' => Some(60.0),
            _ => None,
        };
        let newest_first = drawn.chars().filter(|letter| *letter != ' ').collect::<Vec<_>>().into_iter().rev();
        newest_first.enumerate().map(|(index, letter)| (-60 * index as i64, value(letter))).collect()
    }

    #[test]
    fn states_are_those_of_cloudwatchs_tables() {
        use AlarmState::{Alarm as A, InsufficientData as I, Ok as O};
        // "Configuring how CloudWatch alarms treat missing data": three of three, then two of three, with `missing`,
        // `breaching` and `notBreaching` in the columns.
        for (breaches, drawn, known) in [
            (3, "0 - X - X", [O, O, O]),
            (3, "- - - - -", [I, A, O]),
            (3, "0 - - - -", [O, O, O]),
            (3, "0 X X - X", [A, A, A]),
            (3, "- - X - -", [A, A, O]),
            (2, "0 - X - X", [A, A, A]),
            (2, "0 0 X 0 X", [A, A, A]),
            (2, "0 - X - -", [O, A, O]),
            (2, "- - - - 0", [O, A, O]),
            (2, "- - - X -", [A, A, O]),
            (3, "- - - - X", [I, A, O]),
        ] {
            for (missing, known) in [Missing::Missing, Missing::Breaching, Missing::NotBreaching].into_iter().zip(known)
            {
                let state = alarm(3, breaches, missing).state_by(&points(drawn));
                assert_eq!(state, known, "{breaches} of 3, {drawn}, {missing:?}");
            }
        }
    }

    #[test]
    fn a_turn_tells_before_after_and_why() {
        let mut it = alarm(3, 2, Missing::Missing);
        let turn = it.judge(&points("0 0 0 X X"), 600).unwrap();
        assert_eq!((turn.from.0, turn.to.0), (AlarmState::InsufficientData, AlarmState::Alarm));
        assert_eq!(turn.datapoints, [60.0, 80.0, 80.0]);
        assert!(turn.to.1.starts_with("Threshold Crossed: 2 out of the last 3 datapoints [80.0 (01/01/70 00:00:00), "));
        assert!(
            turn.to
                .1
                .ends_with("were greater than the threshold (70.0) (minimum 2 datapoints for OK -> ALARM transition).")
        );
        assert_eq!(it.since, names::time(600));
        assert_eq!(it.judge(&points("0 0 X X X"), 660), None, "the same state is no turn");
        let turn = it.judge(&points("0 X X 0 0"), 720).unwrap();
        assert_eq!((turn.from.0, turn.to.0), (AlarmState::Alarm, AlarmState::Ok));
        assert!(turn.to.1.contains("2 out of the last 3 datapoints"), "{}", turn.to.1);
    }
}
