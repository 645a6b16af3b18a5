//! How long a condition has held, on one-minute evidence.
//!
//! A minute is evidence 120 s after its end. A window is answered in three values: yes, no, or unknown when the minutes
//! that are there do not contradict but too many are missing.

use jiff::{SignedDuration, Timestamp};

use super::verdict::WindowEvidence;
use crate::platform::ids::{LoadBalancerId, TargetGroupArn};
use crate::platform::metric::{MetricKey, Missing, Resource};
use crate::platform::series::{evidence_minute, start_of};
use crate::platform::{CacheNodeId, MetricId, Platform, Series};

/// Missing minutes that an out-window bridges, wherever they lie.
pub const OUT_TOLERATES: usize = 1;
/// Missing minutes that an in-window bridges, wherever they lie.
pub const IN_TOLERATES: usize = 2;
/// Minutes of a mean.
pub const MEAN_MINUTES: usize = 5;

/// Whole minutes of a window; a part of a minute counts as one.
pub fn minutes(span_s: u32) -> usize {
    span_s.div_ceil(60) as usize
}

/// Some seconds after a time, as far as time goes.
pub fn after(at: Timestamp, seconds: u32) -> Timestamp {
    at.saturating_add(SignedDuration::from_secs(i64::from(seconds))).unwrap_or(Timestamp::MAX)
}

/// Some seconds before a time, as far as time goes.
pub fn ago(at: Timestamp, seconds: u32) -> Timestamp {
    at.saturating_sub(SignedDuration::from_secs(i64::from(seconds))).unwrap_or(Timestamp::MIN)
}

/// When the minute that is `ahead` minutes after the newest evidence minute becomes evidence itself.
pub fn evident_at(newest: i64, ahead: usize) -> Timestamp {
    after(start_of(newest + ahead as i64 + 1), 120)
}

/// The newest evidence minutes of one metric.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// The newest evidence minute, since the epoch.
    pub newest: i64,
    /// Newest first; NaN is missing.
    minutes: Vec<f64>,
}

impl Evidence {
    /// Reads `span` minutes of a series. Values that cannot be are missing: of the catalogue's metrics only the lag of a
    /// replica is ever negative. A count that is missing is 0 in a minute in which its balancer or node `reported`
    /// something else; that is asked only where something is missing.
    pub fn read(
        series: Option<&Series>,
        metric: MetricId,
        now: Timestamp,
        span: usize,
        reported: impl FnOnce() -> Option<Reported>,
    ) -> Self {
        let newest = evidence_minute(now);
        let possible = |value: f64| valid(value) || metric == MetricId::ReplicaLag;
        let mut minutes = Vec::with_capacity(span);
        match series {
            Some(series) => {
                minutes.extend(series.back_from(newest, span).map(|v| if possible(v) { v } else { f64::NAN }));
            }
            None => minutes.resize(span, f64::NAN),
        }
        if metric.row().missing == Missing::Zero
            && minutes.iter().any(|value| value.is_nan())
            && let Some(reported) = reported()
        {
            for (back, value) in minutes.iter_mut().enumerate().filter(|(_, value)| value.is_nan()) {
                if reported.in_minute(newest - back as i64) {
                    *value = 0.0;
                }
            }
        }
        Self { newest, minutes }
    }

    /// How long a condition has held, up to the newest evidence minute, of the seconds needed.
    ///
    /// Missing minutes are bridged up to `tolerated`, wherever they lie, and count as time – but never alone: with no
    /// minute that meets the condition, nothing has held. So "3m of 5m" always means "full in 2m if it holds".
    pub fn held(&self, need_s: u32, tolerated: usize, condition: impl Fn(f64) -> bool) -> WindowEvidence {
        self.held_until(0, need_s, tolerated, condition)
    }

    /// The same up to a minute so many back from the newest.
    pub fn held_until(
        &self,
        back: usize,
        need_s: u32,
        tolerated: usize,
        condition: impl Fn(f64) -> bool,
    ) -> WindowEvidence {
        let need = minutes(need_s).max(1);
        let end = back.saturating_add(need).min(self.minutes.len());
        let window = &self.minutes[back.min(end)..end];
        let (mut run, mut bridged, mut met) = (0, 0, 0);
        for value in window {
            if condition(*value) {
                met += 1;
            } else if value.is_nan() && bridged < tolerated {
                bridged += 1;
            } else {
                break;
            }
            run += 1;
        }
        // What contradicts lies beyond the run: inside it everything meets the condition or is missing.
        let contradicted = window[run..].iter().any(|value| !value.is_nan() && !condition(*value));
        if met == 0 {
            (run, bridged) = (0, 0);
        }
        WindowEvidence {
            held_s: (run as u32 * 60).min(need_s),
            need_s,
            bridged: bridged as u32,
            unknown: run < need && !contradicted,
        }
    }

    /// The mean of what is present in the newest minutes; `None` when nothing is.
    pub fn mean(&self, of: usize) -> Option<f64> {
        self.mean_until(0, of)
    }

    /// The same of the minutes up to one so many back from the newest.
    pub fn mean_until(&self, back: usize, of: usize) -> Option<f64> {
        let len = self.minutes.len();
        mean(&self.minutes[back.min(len)..back.saturating_add(of).min(len)])
    }

    /// The same minutes in another measure, which is told how many minutes back from the newest a value is. What is not
    /// finite is missing.
    #[must_use]
    pub fn map_back(&self, measure: impl Fn(usize, f64) -> f64) -> Self {
        let minutes = self.minutes.iter().enumerate().map(|(back, value)| {
            let measured = if value.is_nan() { f64::NAN } else { measure(back, *value) };
            if measured.is_finite() { measured } else { f64::NAN }
        });
        Self { newest: self.newest, minutes: minutes.collect() }
    }

    /// The highest five-minute mean that lies wholly inside the newest `of` minutes. A shorter window has one mean: its
    /// own.
    pub fn highest_mean(&self, of: usize) -> Option<f64> {
        let inside = &self.minutes[..of.min(self.minutes.len())];
        let width = MEAN_MINUTES.min(inside.len()).max(1);
        if inside.iter().any(|value| value.is_nan()) {
            return inside.windows(width).filter_map(mean).reduce(f64::max);
        }
        // With nothing missing every mean divides by the same: the greatest sum is the greatest mean.
        let sums = inside.windows(width).map(|five| five.iter().fold(0.0, |sum, value| sum + value));
        sums.reduce(f64::max).map(|sum| sum / width as f64)
    }

    /// The value of the minute so many back from the newest.
    pub fn back(&self, minutes: usize) -> Option<f64> {
        self.minutes.get(minutes).copied().filter(|value| !value.is_nan())
    }

    /// The start of the newest minute that is present.
    pub fn newest_point(&self) -> Option<Timestamp> {
        let back = self.minutes.iter().position(|value| !value.is_nan())?;
        Some(start_of(self.newest - back as i64))
    }
}

fn mean(minutes: &[f64]) -> Option<f64> {
    let (sum, present) = minutes.iter().fold((0.0, 0_u32), |(sum, present), value| {
        let is = !value.is_nan();
        (sum + if is { *value } else { 0.0 }, present + u32::from(is))
    });
    (present > 0).then(|| sum / f64::from(present))
}

/// Whether a value can be: NaN and infinities never reach a [`Series`]; what is left is the sign.
fn valid(value: f64) -> bool {
    value >= 0.0
}

/// In which evidence minutes a balancer or node reported anything at all.
#[derive(Debug, Clone, PartialEq)]
pub struct Reported {
    newest: i64,
    /// Newest first.
    minutes: Vec<bool>,
}

impl Reported {
    /// One balancer's, over the newest `span` evidence minutes.
    pub fn of(platform: &Platform, balancer: &LoadBalancerId, now: Timestamp, span: usize) -> Self {
        let mut reported = Self { newest: evidence_minute(now), minutes: vec![false; span] };
        let groups = Resource::TargetGroup(balancer.clone(), TargetGroupArn::new(""));
        let own = Resource::LoadBalancer(balancer.clone());
        let own = platform.series.range(first(own)..).take_while(|(key, _)| balancer_of(key) == Some(balancer));
        let groups = platform.series.range(first(groups)..).take_while(|(key, _)| balancer_of(key) == Some(balancer));
        for (_, series) in groups.chain(own) {
            if reported.take(series) {
                break;
            }
        }
        reported
    }

    /// One cache node's, over the newest `span` evidence minutes.
    pub fn of_node(platform: &Platform, node: &CacheNodeId, now: Timestamp, span: usize) -> Self {
        let mut reported = Self { newest: evidence_minute(now), minutes: vec![false; span] };
        let own = Resource::CacheNode(node.clone());
        let series = platform.series.range(first(own.clone())..).take_while(|(key, _)| key.resource == own);
        for (_, series) in series {
            reported.take(series);
        }
        reported
    }

    /// Adds what a series reported. Returns whether no minute is left open.
    fn take(&mut self, series: &Series) -> bool {
        for (back, reported) in self.minutes.iter_mut().enumerate().filter(|(_, reported)| !**reported) {
            *reported = series.at(self.newest - back as i64).is_some_and(valid);
        }
        self.minutes.iter().all(|reported| *reported)
    }

    /// Whether it reported anything in the minute so many back from the newest.
    pub fn back(&self, minutes: usize) -> bool {
        self.minutes.get(minutes).is_some_and(|seen| *seen)
    }

    fn in_minute(&self, minute: i64) -> bool {
        usize::try_from(self.newest - minute).ok().and_then(|back| self.minutes.get(back)).is_some_and(|seen| *seen)
    }
}

/// The first key a resource's series could have.
fn first(resource: Resource) -> MetricKey {
    MetricKey { resource, metric: MetricId::ServiceCpu }
}

/// The balancer that a metric is of, or whose target group it is of.
pub fn balancer_of(key: &MetricKey) -> Option<&LoadBalancerId> {
    match &key.resource {
        Resource::TargetGroup(balancer, _) | Resource::LoadBalancer(balancer) => Some(balancer),
        Resource::Service(_) | Resource::Database(_) | Resource::CacheNode(_) | Resource::Distribution(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evidence(newest_first: &[Option<f64>]) -> Evidence {
        let minutes = newest_first.iter().map(|value| value.unwrap_or(f64::NAN)).collect();
        Evidence { newest: 1000, minutes }
    }

    /// `x` above, `.` not above, `?` missing; newest first.
    fn above(pattern: &str, need_s: u32, tolerated: usize) -> WindowEvidence {
        let values: Vec<_> = pattern
            .chars()
            .map(|c| match c {
                'x' => Some(2.0),
                '.' => Some(1.0),
                _ => None,
            })
            .collect();
        evidence(&values).held(need_s, tolerated, |value| value > 1.0)
    }

    #[test]
    fn a_window_is_held_filling_or_unknown() {
        for (pattern, held_m, bridged, unknown) in [
            ("xxxxx", 5, 0, false),
            ("xxxxxxxx", 5, 0, false),
            ("xxx..", 3, 0, false),
            (".xxxx", 0, 0, false),
            ("xx?xx", 5, 1, false),
            ("?xxxx", 5, 1, false),
            ("xxxx?", 5, 1, false),
            ("x?.xx", 2, 1, false),
            ("?.xxx", 0, 0, false),
            ("x?x?x", 3, 1, true),
            ("x?x?.", 3, 1, false),
            ("??xxx", 0, 0, true),
            ("?????", 0, 0, true),
            ("", 0, 0, true),
        ] {
            let expected = WindowEvidence { held_s: held_m * 60, need_s: 300, bridged, unknown };
            assert_eq!(above(pattern, 300, 1), expected, "{pattern}");
        }
    }

    #[test]
    fn a_window_of_one_minute_is_never_held_by_a_missing_one() {
        assert_eq!(above("?x", 60, 1), WindowEvidence { held_s: 0, need_s: 60, bridged: 0, unknown: true });
        assert!(above("x", 60, 1).full());
    }

    #[test]
    fn a_part_of_a_minute_needs_the_whole_one_and_shows_no_more_than_the_need() {
        assert_eq!(above("x", 90, 0), WindowEvidence { held_s: 60, need_s: 90, bridged: 0, unknown: true });
        assert_eq!(above("xx", 90, 0), WindowEvidence { held_s: 90, need_s: 90, bridged: 0, unknown: false });
    }

    #[test]
    fn what_is_left_of_a_window_is_when_it_fires() {
        // Whatever a run bridges, it is full after exactly the minutes that "3m of 5m" leaves open.
        for pattern in ["xxx..", "x?x..", "x?.xx", "x?x?x", "x??xx", "xx?x.", ".xxxx"] {
            let held = above(pattern, 300, 1);
            let left = 5 - held.held_s as usize / 60;
            let later = |minutes| above(&("x".repeat(minutes) + pattern), 300, 1);
            assert!(later(left).full(), "{pattern} after {left}");
            assert!(left == 0 || !later(left - 1).full(), "{pattern} before {left}");
        }
    }

    #[test]
    fn means_skip_what_is_missing() {
        let values = evidence(&[Some(10.0), None, Some(20.0), None, None, Some(90.0)]);
        assert_eq!(values.mean(5), Some(15.0));
        assert_eq!(values.mean(6), Some(40.0));
        assert_eq!(evidence(&[None; 5]).mean(5), None);
        assert_eq!(values.mean(50), Some(40.0), "no more than there is");
    }

    #[test]
    fn the_highest_mean_lies_wholly_inside_the_window() {
        let mut values = vec![Some(1.0); 12];
        values[8..].fill(Some(100.0));
        assert_eq!(evidence(&values).highest_mean(8), Some(1.0));
        assert_eq!(evidence(&values).highest_mean(9), Some((4.0 + 100.0) / 5.0));
        assert_eq!(evidence(&values).highest_mean(3), Some(1.0), "a shorter window has one mean");
        assert_eq!(evidence(&[None; 12]).highest_mean(12), None);
    }

    #[test]
    fn a_minute_becomes_evident_120_seconds_after_it_has_ended() {
        let newest = evidence_minute(evident_at(1000, 0));
        assert_eq!(newest, 1000);
        assert_eq!(evidence_minute(evident_at(1000, 3)), 1003);
        assert_eq!(evidence_minute(ago(evident_at(1000, 0), 1)), 999);
    }
}
