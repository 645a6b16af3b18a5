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

/// What a question is asked from.
pub(super) struct Moment<'a> {
    pub reader: &'a Reader,
    pub view: &'a View,
    pub wants: &'a Wants,
    pub now: Timestamp,
}

/// What came of it: facts learnt, and the failure that ended it early, if one did.
pub(super) type Answer = (Vec<Fact>, Option<Failure>);

/// A question to one source.
pub(super) trait Ask: Send + 'static {
    /// The source.
    const SOURCE: Source;

    /// What the question is about. When this changes the question is asked at once. `None`: there is nothing to ask.
    fn subject(&self, view: &View, wants: &Wants) -> Option<u64>;

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
    let cadence = pace::cadence(A::SOURCE);
    let cadence_s = u32::try_from(cadence.as_secs()).unwrap_or(u32::MAX).max(1);
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
        let (facts, failure) = ask.ask(&Moment { reader: &ends.reader, view: &view, wants: &wants, now: asked }).await;
        for fact in facts {
            let reading = Reading { source: A::SOURCE, asked, cadence_s, fact };
            if ends.readings.send(reading).await.is_err() {
                return;
            }
        }
        let due = match failure {
            None => {
                failures = 0;
                pace::due(A::SOURCE, asked)
            }
            Some(failure) => {
                failures = failures.saturating_add(1);
                let retry_at = ends.clock.now() + cadence.max(pace::backoff(failures, fastrand::f64()));
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
