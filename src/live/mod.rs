//! The loop: readings in, advice out, confirmed changes through.
//!
//! One task owns the [`Platform`](crate::platform::Platform); everyone else reads immutable [`View`]s. Absent on
//! purpose: terminal types, and any way to send a change that was not confirmed.

mod carry;
mod owner;
mod poller;
mod purse;
mod ration;
mod sources;
pub mod view;
mod wants;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{mpsc, watch};

use crate::aws::{self, Access};
use crate::change::journal::{self, Timekeeper, Unfinished};
use crate::change::{Journal, JournalFault, Stage};
use crate::clock::Clock;
use crate::platform::Reading;

use carry::Hands;
use owner::{Inner, Owner, State};
use poller::Ends;
pub use view::{Armed, Command, Followed, Handle, Meter, Notice, Settings, Spending, View};
use wants::Wants;

/// How long to wait before another try at a way into AWS.
const CONNECT_AGAIN: Duration = Duration::from_secs(10);

/// Starts the loop on the runtime that this is called in, and returns at once: the first view is empty, and says so.
///
/// It ends when the handle's command channel is dropped or told to leave.
pub fn start(access: Access, clock: Clock, settings: Settings) -> Handle {
    let (views, seen) = watch::channel(Arc::new(View::empty(&settings, clock.now())));
    let (wants, wanted) = watch::channel(Wants::default());
    let (notices, told) = mpsc::channel(32);
    let (commands, asked) = mpsc::channel(64);
    let (readings, read) = mpsc::channel(256);
    let (inner, inside) = mpsc::channel(16);
    let ends = Connect {
        access,
        clock: clock.clone(),
        clusters: settings.clusters.clone(),
        spending: settings.spending.clone(),
        journal: settings.journal.clone(),
        budget: settings.budget,
        views: seen.clone(),
        wants: wanted,
        readings,
        inner: inner.clone(),
    };
    tokio::spawn(ends.run());
    let state = State::new(&settings);
    let owner = Owner { settings, clock, views, wants, notices, inner, state };
    tokio::spawn(owner.run(asked, read, inside));
    Handle { views: seen, commands, notices: told }
}

/// The way in: tried again until there is one, so that credentials which come later are enough.
struct Connect {
    access: Access,
    clock: Clock,
    clusters: Vec<String>,
    spending: Spending,
    journal: PathBuf,
    budget: Option<f64>,
    views: watch::Receiver<Arc<View>>,
    wants: watch::Receiver<Wants>,
    readings: mpsc::Sender<Reading>,
    inner: mpsc::Sender<Inner>,
}

impl Connect {
    async fn run(self) {
        let (reader, writer) = loop {
            match aws::connect(&self.access, &self.clock).await {
                Ok(ends) => break ends,
                Err(state) => {
                    if self.inner.send(Inner::NotConnected(state)).await.is_err() {
                        return;
                    }
                }
            }
            self.clock.sleep(CONNECT_AGAIN).await;
        };
        let Self { clock, clusters, spending, budget, views, wants, readings, inner, .. } = self;
        let ends = Ends { reader: reader.clone(), clock: clock.clone(), views, wants, readings };
        sources::start(&ends, clusters, spending, budget);
        let timekeeper = if clock.is_drill() { Timekeeper::Drill } else { Timekeeper::Wall };
        let folder = self.journal;
        let now = clock.now();
        let opened = tokio::task::spawn_blocking(move || open(&folder, timekeeper, now)).await;
        if let Ok((journal, unfinished)) = opened {
            let _ = inner.send(Inner::Connected(reader, Hands::new(writer, journal), unfinished)).await;
        }
    }
}

/// Opens the journal. What an earlier run wrote down as asked for and never sent is closed as that; so is what was on
/// its way in a drill, because that world has ended with the program.
fn open(folder: &Path, timekeeper: Timekeeper, now: Timestamp) -> (Result<Journal, JournalFault>, Vec<Unfinished>) {
    let opened = Journal::open(folder, timekeeper).and_then(|(mut journal, mut unfinished)| {
        for left in &unfinished {
            if left.line.state == journal::State::Planned {
                journal.not_sent(&left.line.id, "the console ended before it was sent", now)?;
            } else if timekeeper == Timekeeper::Drill {
                let why = "the drill ended while it was on its way".to_owned();
                journal.closed(&left.line.id, &Stage::Partly { why }, now)?;
            }
        }
        if timekeeper == Timekeeper::Drill {
            unfinished.clear();
        }
        Ok((journal, unfinished))
    });
    match opened {
        Ok((journal, unfinished)) => (Ok(journal), unfinished),
        Err(fault) => (Err(fault), Vec::new()),
    }
}
