//! What was lived, as a debrief counts it: the truth behind the metrics, whole and at once, for whoever judges a drill
//! afterwards. Nothing of it reaches a controller: AWS has no such call.

use jiff::Timestamp;

use super::minute::Minute;
use super::workload::Workload;
use super::{World, names, serving};

/// A finished minute of the main service.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lived {
    /// When it began.
    pub at: Timestamp,
    /// Requests that a target took.
    pub requests: f64,
    /// Answers 5XX, by targets and by the balancer.
    pub failed: f64,
    /// 95th percentile of the targets' answers, seconds; `None`: none was given.
    pub p95: Option<f64>,
    /// Memory of a running task, %; `None`: none ran.
    pub memory: Option<f64>,
    /// Tasks that ran, on average.
    pub running: f64,
    /// Tasks that are paid for, on average: from the pull of their image until they have stopped.
    pub paid: f64,
    /// The fewest tasks that would have carried this minute's people with a 95th percentile of at most the line.
    pub least: u32,
}

/// A drill's life so far.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tally {
    /// Every finished minute since the start, in order.
    pub minutes: Vec<Lived>,
    /// The desired count at the start, and from each second on in which it was changed, whoever changed it.
    pub desired: Vec<(Timestamp, u32)>,
    /// What the whole account cost since the start at list prices, US dollars; reading it costs too.
    pub dollars: f64,
}

impl World {
    /// What was lived of the main service, judged against a line for the 95th percentile of its answers, seconds.
    pub fn tally(&self, line: f64) -> Tally {
        let Some(main) = self.lived.first() else { return Tally::default() };
        let since = main.since.unwrap_or(self.now);
        let minutes = main.minutes.iter().enumerate().map(|(index, minute)| {
            let at = since + 60 * index as i64;
            lived(minute, at, self.arriving(at), line)
        });
        Tally {
            minutes: minutes.collect(),
            desired: main.wished.iter().map(|(at, count)| (names::time(*at), *count)).collect(),
            dollars: self.spent_in_all(),
        }
    }

    /// Requests that people make in the minute from a second on, taken or not.
    fn arriving(&self, from: i64) -> f64 {
        super::load::requests_in_minute(&self.scenario, self.lived[0].seed, self.start, from)
    }
}

fn lived(minute: &Minute, at: i64, arriving: f64, line: f64) -> Lived {
    Lived {
        at: names::time(at),
        requests: minute.requests,
        failed: minute.target_5xx + minute.elb_5xx,
        p95: (minute.responses > 0.0).then(|| minute.sketch.quantile(0.95)),
        memory: minute.memory.mean(),
        running: minute.tasks(),
        paid: minute.paid.mean().unwrap_or(0.0),
        least: (arriving / serving::comfortable(line)).ceil() as u32,
    }
}

impl Workload {
    /// Notes the desired count where it is another than before.
    pub(super) fn note_desired(&mut self, now: i64) {
        if self.wished.last().is_none_or(|(_, count)| *count != self.service.desired) {
            self.wished.push((now, self.service.desired));
        }
    }
}
