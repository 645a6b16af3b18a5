//! What one metric of a member says: its windows, and whether it has asked lately.

use super::{Bound, MemberEvidence, Part, Share};
use crate::platform::MetricId;
use crate::platform::series::start_of;
use crate::policy::window::{Evidence, IN_TOLERATES, MEAN_MINUTES, OUT_TOLERATES, minutes};

/// The rules of one metric.
#[derive(Debug, Clone, Copy)]
pub(in crate::policy) struct Bounds {
    /// Above this it asks for one more.
    pub out: Option<f64>,
    /// For so long.
    pub out_window_s: u32,
    /// Below this it lets one go.
    pub clear: Option<f64>,
    /// For so long; also how long an out-window that was full is remembered.
    pub clear_window_s: u32,
}

impl Bounds {
    /// How many minutes of a series they look at.
    pub fn span(&self) -> usize {
        (minutes(self.clear_window_s) + minutes(self.out_window_s)).max(MEAN_MINUTES)
    }
}

/// A metric's evidence with what the rule needs beside it.
#[derive(Debug, Clone)]
pub(in crate::policy) struct Judged {
    pub evidence: MemberEvidence,
    /// The highest five-minute mean inside the clear-window.
    pub highest: Option<f64>,
    /// Whether missing minutes hide if an out-window was full in the time of the clear-window.
    pub undecided_lately: bool,
    /// Minutes since the newest minute of the last full out-window.
    pub asked_back: Option<usize>,
}

/// Judges a metric of a member.
pub(in crate::policy) fn weigh(
    (member, part, metric): (&str, Part, MetricId),
    share_of: Option<Share>,
    evidence: &Evidence,
    bounds: &Bounds,
) -> Judged {
    let out_until = |threshold: f64, back: usize| {
        evidence.held_until(back, bounds.out_window_s, OUT_TOLERATES, |value| value > threshold)
    };
    let (mut asked_back, mut undecided_lately) = (None, false);
    if let Some(threshold) = bounds.out {
        for back in 0..minutes(bounds.clear_window_s) {
            let window = out_until(threshold, back);
            undecided_lately |= window.unknown;
            if window.full() {
                asked_back = asked_back.or(Some(back));
            }
        }
    }
    let out = bounds.out.map(|threshold| Bound { threshold, window: out_until(threshold, 0) });
    let clear = bounds.clear.map(|threshold| Bound {
        threshold,
        window: evidence.held(bounds.clear_window_s, IN_TOLERATES, |value| value < threshold),
    });
    Judged {
        evidence: MemberEvidence {
            member: member.to_owned(),
            part,
            metric,
            share_of,
            value: evidence.mean(MEAN_MINUTES),
            newest: evidence.newest_point(),
            out,
            clear,
            asked: asked_back.map(|back| start_of(evidence.newest - back as i64 + 1)),
        },
        highest: evidence.highest_mean(minutes(bounds.clear_window_s)),
        undecided_lately,
        asked_back,
    }
}
