//! What a scenario asks of whoever plays it: what to notice, what counts as recovered, and the predicates that a run is
//! judged by. Numbers only; who judges is not here.

use serde::Deserialize;

/// Where trouble shows, and as what.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Afflicted {
    /// The resource's own name, as in `solosuccess-ai-service`.
    pub resource: String,
    /// What shows it, in the words of a metric or of an answer, as in `5XX` or `ThrottlingException`.
    pub signal: String,
    /// Seconds after the drill's start from which it can be noticed.
    pub from: u32,
}

/// What counts as recovered: so many minutes in a row within these bounds.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Recovered {
    /// Minutes in a row.
    pub minutes: u32,
    /// The 95th percentile of answers, milliseconds, at most.
    pub p95_ms: f64,
    /// The share of requests answered with 5XX, per cent, at most.
    pub failed_percent: f64,
}

impl Default for Recovered {
    fn default() -> Self {
        Self { minutes: 5, p95_ms: 500.0, failed_percent: 1.0 }
    }
}

/// What a run is judged by. What is missing is not asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Verify {
    /// Answers 5XX, at most.
    pub failed: Option<u64>,
    /// The share of requests answered with 5XX over the whole run, per cent, at most.
    pub failed_percent: Option<f64>,
    /// Minutes over the line for the 95th percentile, at most.
    pub minutes_over: Option<u32>,
    /// Reversals of the desired count, at most.
    pub reversals: Option<u32>,
    /// Minutes after the trouble within which the tasks run that the new load needs.
    pub capacity_within: Option<u32>,
    /// Minutes after the trouble within which the 95th percentile is back under the line, and stays.
    pub p95_within: Option<u32>,
    /// Minutes after the trouble within which the run has recovered.
    pub recovered_within: Option<u32>,
    /// Neither the 95th percentile nor memory has a slope over the last hour.
    pub flat: bool,
    /// The count is back at the floor within the window, and a draining and a cooldown for each task that goes.
    pub back_at_floor: bool,
    /// Task-hours against the least that would have kept the line, at most.
    pub cost_ratio: Option<f64>,
}
