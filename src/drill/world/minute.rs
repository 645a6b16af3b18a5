//! A minute as CloudWatch sees it: what is added up second by second, and the datum that it becomes.

use super::metrics::{Datum, Metric};
use super::names;
use super::sketch::Sketch;

/// A value that is sampled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Gauge {
    sum: f64,
    samples: f64,
    min: f64,
    max: f64,
}

impl Default for Gauge {
    fn default() -> Self {
        Self { sum: 0.0, samples: 0.0, min: f64::INFINITY, max: f64::NEG_INFINITY }
    }
}

impl Gauge {
    /// Takes a sample.
    pub fn sample(&mut self, value: f64) {
        self.sum += value;
        self.samples += 1.0;
        self.min = self.min.min(value);
        self.max = self.max.max(value);
    }

    /// The mean, if there was a sample.
    pub fn mean(&self) -> Option<f64> {
        (self.samples > 0.0).then(|| self.sum / self.samples)
    }
}

/// A minute of a service.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Minute {
    /// Requests that came to the balancer.
    pub arrived: f64,
    /// Requests that were passed to a target.
    pub requests: f64,
    /// The same, for each target that took some.
    pub per_target: f64,
    /// Answers 2XX by targets.
    pub target_2xx: f64,
    /// Answers 4XX by targets.
    pub target_4xx: f64,
    /// Answers 5XX by targets.
    pub target_5xx: f64,
    /// Answers 5XX by the balancer.
    pub elb_5xx: f64,
    /// Seconds that the targets' answers took, added up.
    pub response_seconds: f64,
    /// How many answers those were.
    pub responses: f64,
    /// Their distribution.
    pub sketch: Sketch,
    /// CPU of each running task, %.
    pub cpu: Gauge,
    /// Memory of each running task, %.
    pub memory: Gauge,
    /// Healthy targets.
    pub healthy: Gauge,
    /// Unhealthy targets.
    pub unhealthy: Gauge,
    /// Running tasks.
    pub running: Gauge,
    /// Tasks that are paid for.
    pub paid: Gauge,
}

impl Minute {
    /// Tasks that ran, on average.
    pub fn tasks(&self) -> f64 {
        self.running.mean().unwrap_or(0.0)
    }

    /// The datum of a metric for the minute that began in second `at`, of which the share `published` (0–1) is
    /// published. `None`: nothing was counted or sampled.
    pub fn datum(&self, at: i64, metric: Metric, published: f64) -> Option<Datum> {
        let count = |value: f64| -> Option<(f64, f64, f64, f64)> {
            let value = (value * published).round();
            // Each request is a sample of 1, so that only the sum says something.
            (value > 0.0).then_some((value, 1.0, 1.0, value))
        };
        let gauge = |gauge: &Gauge, samples: f64| -> Option<(f64, f64, f64, f64)> {
            let mean = gauge.mean()?;
            let samples = (samples * published).round().max(1.0);
            Some((mean * samples, gauge.min, gauge.max, samples))
        };
        let hosts = self.healthy.samples.min(1.0) * 60.0;
        let (sum, min, max, samples) = match metric {
            Metric::Cpu => gauge(&self.cpu, self.tasks())?,
            Metric::Memory => gauge(&self.memory, self.tasks())?,
            Metric::Requests => count(self.requests)?,
            Metric::RequestsPerTarget => count(self.per_target)?,
            Metric::Target2xx => count(self.target_2xx)?,
            Metric::Target4xx => count(self.target_4xx)?,
            Metric::Target5xx => count(self.target_5xx)?,
            Metric::Elb5xx => count(self.elb_5xx)?,
            Metric::HealthyHosts => gauge(&self.healthy, hosts)?,
            Metric::UnhealthyHosts => gauge(&self.unhealthy, hosts)?,
            Metric::Database(_) | Metric::Cache(_) | Metric::Edge(_) => return None,
            Metric::ResponseTime => {
                let samples = (self.responses * published).round();
                if samples < 1.0 {
                    return None;
                }
                let (min, max) = self.sketch.range();
                (self.response_seconds / self.responses * samples, min, max, samples)
            }
        };
        let sketch = (metric == Metric::ResponseTime).then(|| self.sketch.clone());
        Some(Datum { at: names::time(at), sum, min, max, samples, sketch })
    }
}

/// The share (0–1) of the minute beginning in second `at` that is published in second `now`; `None` while it is in
/// progress. Five batches, the last 60–75 s after the minute's end.
pub(super) fn published(seed: u64, at: i64, now: i64) -> Option<f64> {
    const LATENESS: u64 = 3;
    let passed = now - (at + 60);
    if passed < 0 {
        return None;
    }
    let delay = 60 + (names::mixed(seed, LATENESS, at) % 16) as i64;
    let batches = (1 + 4 * passed / delay).min(5);
    Some(batches as f64 / 5.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_is_absent_then_partial_then_final() {
        let at = 1_795_528_800;
        assert_eq!(published(7, at, at + 59), None);
        assert_eq!(published(7, at, at + 60), Some(0.2));
        let almost = published(7, at, at + 60 + 59).unwrap();
        assert!(almost < 1.0, "{almost}");
        assert_eq!(published(7, at, at + 60 + 75), Some(1.0));
        let delays: Vec<i64> = (0..200)
            .map(|n| at + n * 60)
            .map(|at| (0..100).find(|passed| published(7, at, at + 60 + passed) == Some(1.0)).unwrap())
            .collect();
        assert!(delays.iter().all(|delay| (60..=75).contains(delay)), "{delays:?}");
        assert!(delays.iter().min() != delays.iter().max());
    }

    #[test]
    fn partial_counts_are_a_part_and_partial_gauges_are_right() {
        let mut minute = Minute { requests: 700.0, ..Minute::default() };
        (0..60).for_each(|_| minute.cpu.sample(40.0));
        (0..60).for_each(|_| minute.running.sample(4.0));
        assert_eq!(minute.datum(0, Metric::Requests, 0.2).unwrap().statistic("Sum"), Some(140.0));
        assert_eq!(minute.datum(0, Metric::Requests, 1.0).unwrap().statistic("Average"), Some(1.0));
        assert_eq!(minute.datum(0, Metric::Cpu, 0.2).unwrap().statistic("Average"), Some(40.0));
        assert_eq!(minute.datum(0, Metric::Cpu, 1.0).unwrap().statistic("SampleCount"), Some(4.0));
        assert_eq!(minute.datum(0, Metric::Target5xx, 1.0), None, "a count of zero is absent");
        assert_eq!(minute.datum(0, Metric::Memory, 1.0), None, "a gauge without samples is absent");
    }
}
