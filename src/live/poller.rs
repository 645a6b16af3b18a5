//! One source, asked again and again: at its cadence, at once when what is worth asking for changes, later and later
//! while it fails.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{mpsc, watch};

use super::view::View;
use super::wants::Wants;
use crate::aws::{Failure, Reader, pace};
use crate::clock::Clock;
use crate::platform::{Fact, Reading, Source, SourceState};

/// The least time between two questions that were hurried by a change of what is wanted: scrolling through a thousand
/// services must not become a thousand questions.
const HURRIED_GAP: Duration = Duration::from_millis(400);

/// The least time between a failure and the next try, however seldom the source is asked: what heals soon is seen soon.
const RETRY_GAP: Duration = Duration::from_secs(3);

/// What a question is asked from.
pub(super) struct Moment<'a> {
    pub reader: &'a Reader,
    pub view: &'a View,
    pub wants: &'a Wants,
    pub now: Timestamp,
}

/// What came of it: facts learnt, and the failure that ended it early, if one did.
#[derive(Default)]
pub(super) struct Answer {
    /// What was learnt at the source's own cadence.
    pub facts: Vec<Fact>,
    /// What was learnt of things that are asked for less often, with seconds until they are asked for again.
    pub cold: Vec<(Fact, u32)>,
    /// What ended it early.
    pub failure: Option<Failure>,
    /// What is missing from it although it did not end early: told, and no reason to ask less often.
    pub missing: Option<SourceState>,
    /// Seconds until it is asked again, where that is not the source's own cadence.
    pub cadence_s: Option<u32>,
}

/// A question to one source.
pub(super) trait Ask: Send + 'static {
    /// The source.
    const SOURCE: Source;

    /// What the question is about. When this changes the question is asked at once. `None`: there is nothing to ask.
    fn subject(&self, view: &View, wants: &Wants) -> Option<u64>;

    /// When a question that was asked at `asked` is due again.
    fn due(&self, _: &Wants, asked: Timestamp) -> Timestamp {
        pace::due(Self::SOURCE, asked)
    }

    /// Asks.
    fn ask(&mut self, moment: &Moment<'_>) -> impl Future<Output = Answer> + Send;
}

/// The ends every poller holds.
#[derive(Clone)]
pub(super) struct Ends {
    pub reader: Reader,
    pub clock: Clock,
    pub views: watch::Receiver<Arc<View>>,
    pub wants: watch::Receiver<Wants>,
    pub readings: mpsc::Sender<Reading>,
}

/// Asks until the loop that takes the readings is gone.
pub(super) async fn poll<A: Ask>(mut ask: A, mut ends: Ends) {
    let cadence_s = pace::cadence_s(A::SOURCE);
    let mut failures = 0_u32;
    let mut refreshed = 0_u64;
    loop {
        let view = ends.views.borrow_and_update().clone();
        let wants = ends.wants.borrow_and_update().clone();
        let subject = ask.subject(&view, &wants);
        if subject.is_none() && failures > 0 {
            // What is not asked any more does not fail any more.
            failures = 0;
            let (asked, fact) = (ends.clock.now(), Fact::Failed(SourceState::Waiting));
            if ends.readings.send(Reading { source: A::SOURCE, asked, cadence_s, fact }).await.is_err() {
                return;
            }
        }
        let Some(about) = subject.filter(|_| !wants.paused) else {
            if changed(&mut ends).await.is_none() {
                return;
            }
            continue;
        };
        let hurried = wants.refresh != refreshed;
        refreshed = wants.refresh;
        let asked = ends.clock.now();
        let answer = ask.ask(&Moment { reader: &ends.reader, view: &view, wants: &wants, now: asked }).await;
        let cadence_s = answer.cadence_s.unwrap_or(cadence_s);
        let facts = answer.facts.into_iter().map(|fact| (fact, cadence_s));
        let missing = answer.missing.map(|state| (Fact::Failed(state), cadence_s));
        for (fact, cadence_s) in facts.chain(answer.cold).chain(missing) {
            let reading = Reading { source: A::SOURCE, asked, cadence_s, fact };
            if ends.readings.send(reading).await.is_err() {
                return;
            }
        }
        let due = match answer.failure {
            None => {
                failures = 0;
                ask.due(&wants, asked)
            }
            Some(failure) => {
                failures = failures.saturating_add(1);
                let least = pace::cadence(A::SOURCE).min(RETRY_GAP);
                let retry_at = ends.clock.now() + pace::backoff(failures, fastrand::f64()).max(least);
                let fact = Fact::Failed(failure.into_state(retry_at));
                let reading = Reading { source: A::SOURCE, asked, cadence_s, fact };
                if ends.readings.send(reading).await.is_err() {
                    return;
                }
                retry_at
            }
        };
        let failing = failures > 0 && !hurried;
        if until_due(&ask, &mut ends, about, refreshed, due, failing).await.is_none() {
            return;
        }
    }
}

/// Waits for the next question: until it is due, or until its subject changes or the operator asks again. A source
/// that fails is hurried only by the operator. `None` when the loop is gone.
async fn until_due<A: Ask>(
    ask: &A,
    ends: &mut Ends,
    about: u64,
    refreshed: u64,
    due: Timestamp,
    failing: bool,
) -> Option<()> {
    let clock = ends.clock.clone();
    let earliest = clock.now() + HURRIED_GAP;
    loop {
        tokio::select! {
            () = clock.sleep_until(due) => return Some(()),
            changed = changed(ends) => changed?,
        }
        let wants = ends.wants.borrow().clone();
        if wants.paused {
            return Some(());
        }
        if ask.subject(&ends.views.borrow(), &wants).is_none() {
            return Some(());
        }
        let other = !failing && ask.subject(&ends.views.borrow(), &wants).is_some_and(|subject| subject != about);
        if other || wants.refresh != refreshed {
            clock.sleep_until(earliest.min(due)).await;
            return Some(());
        }
    }
}

async fn changed(ends: &mut Ends) -> Option<()> {
    tokio::select! {
        changed = ends.wants.changed() => changed.ok(),
        changed = ends.views.changed() => changed.ok(),
    }
}
