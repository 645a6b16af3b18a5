//! The controllers that the engine is measured against: AWS's target tracking and the Kubernetes Horizontal Pod
//! Autoscaler, each as its documentation says it, as pure functions of what was measured, the counts and the time.
//!
//! Absent on purpose: I/O, clocks, and everything that is `policy`'s. The engine never imports this room, and this room
//! never imports the engine, so that neither can inherit the other's mistakes.

#![deny(clippy::disallowed_types, clippy::disallowed_methods)]

pub mod hpa;
pub mod target_tracking;

/// The counts and limits that a controller decides on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// What is asked for.
    pub desired: u32,
    /// What runs and takes load.
    pub running: u32,
    /// The least count.
    pub min: u32,
    /// The greatest count.
    pub max: u32,
}

/// What a controller knows of one metric.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured<'a> {
    /// One value a minute, oldest first, the newest last; `None` is no datapoint.
    pub values: &'a [Option<f64>],
    /// How many tasks ran while the newest value was measured: a value of four tasks says nothing about seven.
    pub tasks: f64,
    /// The value that the metric is to be kept at.
    pub target: f64,
}

impl Measured<'_> {
    /// The newest value, if there is one.
    fn newest(&self) -> Option<f64> {
        self.values.last().copied().flatten()
    }
}

/// The count at which a metric that `tasks` tasks have at `value` would be at its target: rounded up, so that one and a
/// half tasks to add are two and half a task to remove is none. Saturating; nothing for values that are none.
fn capacity(tasks: f64, value: f64, target: f64) -> u32 {
    // What is a whole number up to the noise of floating point must not become one more.
    (tasks * value / target - 1e-9).ceil() as u32
}

#[cfg(test)]
mod tests {
    use super::capacity;

    #[test]
    fn capacity_is_proportional_rounds_up_and_never_overflows() {
        for (tasks, value, target, known) in [
            (4.0, 100.0, 70.0, 6),
            (4.0, 70.0, 70.0, 4),
            (10.0, 63.0, 70.0, 9),
            (3.0, 0.0, 70.0, 0),
            (3.0, f64::NAN, 70.0, 0),
            (3.0, f64::INFINITY, 70.0, u32::MAX),
            (3.0, -5.0, 70.0, 0),
        ] {
            assert_eq!(capacity(tasks, value, target), known, "{tasks} at {value} for {target}");
        }
    }
}
