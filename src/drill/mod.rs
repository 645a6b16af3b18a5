//! An AWS inside the binary, speaking AWS's own wire protocols. It imports no other room: it must not share our
//! mistakes.
//!
//! [`Drill::answer`] takes an HTTP request and gives the response AWS would. Behind it, [`world`] lives second by
//! second, but only when it is asked: a drill that nobody asks costs nothing.

mod api;
pub mod faults;
pub mod listen;
pub mod scenario;
pub mod wire;
pub mod world;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use faults::Faults;
use scenario::Scenario;
use world::World;
pub use world::tally::{Lived, Tally};

/// When a drill begins unless it is told otherwise: 2026-11-24T14:00:00Z, a Tuesday in the peak hours, so that it is the
/// same drill for everybody.
pub const DEFAULT_START: Timestamp = Timestamp::constant(1_795_528_800, 0);

/// A drill: an AWS to ask. Cheap to clone; the clones share one world.
#[derive(Debug, Clone)]
pub struct Drill(Arc<Mutex<State>>);

/// What a drill is made of.
#[derive(Debug)]
pub(in crate::drill) struct State {
    /// The world.
    pub world: World,
    /// The calls that fail.
    pub faults: Faults,
    /// Answers given so far: what request ids follow from, so that reading draws nothing from the world.
    pub answers: u64,
}

impl Drill {
    /// A drill that begins at `start`, steady since hours. Cheap: what was before is worked out when it is read.
    pub fn new(scenario: &Scenario, seed: u64, start: Timestamp) -> Self {
        let mut faults = Faults::default();
        for fault in &scenario.faults {
            // A scenario was checked when it was read; one made by hand may hold a fault that is none.
            if let Ok(rule) = fault.rule(start) {
                faults.add(rule);
            }
        }
        Self(Arc::new(Mutex::new(State { world: World::new(scenario, seed, start), faults, answers: 0 })))
    }

    /// A number that two drills share if the same was lived in them: the same scenario, seed and writes, up to the
    /// same second. How often they were read makes no difference.
    pub fn trace_hash(&self) -> u64 {
        self.state().world.trace_hash()
    }

    /// What was lived so far, judged against a line for the 95th percentile of answers, seconds.
    pub fn tally(&self, line: f64) -> Tally {
        self.state().world.tally(line)
    }

    /// Lives on to a time without a question.
    pub fn live_to(&self, at: Timestamp) {
        self.state().world.advance_to(at);
    }

    /// The second that it has reached.
    pub fn now(&self) -> Timestamp {
        self.state().world.now()
    }

    /// Its state. Never held over an await.
    pub(in crate::drill) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
