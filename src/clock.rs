//! The one way to ask for the time, so that the same loop runs on the system's clock, on a drill's at sixty times the
//! speed, and in a headless run in which nothing sleeps for real.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// A clock that is handed in. Cheap to clone.
///
/// What runs on it: cadences, windows, backoff, cooldowns, expiries, ages of data, journal times. What does not: key
/// timing, the 300 ms rule, the frame cap and the SDK's connect and read time-outs, which are the wall's.
#[derive(Debug, Clone)]
pub struct Clock(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// `None`: the system's clock.
    pace: Option<Pace>,
}

#[derive(Debug)]
struct Pace {
    start: Timestamp,
    origin: tokio::time::Instant,
    speed: f64,
}

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self(Arc::new(Inner { pace: None }))
    }

    /// A clock that reads `start` now and runs `speed` times as fast as tokio's. Under tokio's paused time it advances
    /// only when every task waits: that is the headless run.
    ///
    /// Must be called inside a tokio runtime.
    pub fn paced(start: Timestamp, speed: f64) -> Self {
        let origin = tokio::time::Instant::now();
        Self(Arc::new(Inner { pace: Some(Pace { start, origin, speed }) }))
    }

    /// The time.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks the system for the time")]
    pub fn now(&self) -> Timestamp {
        match &self.0.pace {
            None => Timestamp::now(),
            Some(pace) => {
                let passed = pace.origin.elapsed().mul_f64(pace.speed);
                let passed = SignedDuration::try_from(passed).unwrap_or(SignedDuration::MAX);
                pace.start.checked_add(passed).unwrap_or(Timestamp::MAX)
            }
        }
    }

    /// How much faster than the wall this clock runs; 1 for the system's.
    pub fn speed(&self) -> f64 {
        self.0.pace.as_ref().map_or(1.0, |pace| pace.speed)
    }

    /// Whether this is a drill's clock: times taken from it are not the wall's.
    pub fn is_drill(&self) -> bool {
        self.0.pace.is_some()
    }

    /// Sleeps for a span of this clock.
    pub async fn sleep(&self, span: Duration) {
        tokio::time::sleep(span.div_f64(self.speed())).await;
    }

    /// Sleeps until an instant of this clock; returns at once when it has passed.
    pub async fn sleep_until(&self, at: Timestamp) {
        let span = at.duration_since(self.now());
        if let Ok(span) = Duration::try_from(span) {
            self.sleep(span).await;
        }
    }
}
