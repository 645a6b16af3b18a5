//! Carrying a change out: read the target again, put the line on the disk, send once, write down what came back.
//!
//! Nothing here decides; it runs beside the owner so that the owner never waits for AWS or for the disk.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use tokio::sync::mpsc;

use super::owner::{Inner, LEFT};
use super::view::Followed;
use crate::aws::{Failure, Found, Reader, Writer, pace};
use crate::change::journal::{ChangeId, Entry, State, Unfinished};
use crate::change::{Asked, Change, Cleared, Follow, Journal, JournalFault, Outcome, Plan, Stage, Step};
use crate::clock::Clock;
use crate::platform::{Fact, GroupId, Identity, Reading, ServiceId, Source};

/// What it takes to send a change: the one writer, and the journal. There is one pair; whoever holds it is the only
/// one who can send.
pub(super) struct Hands {
    writer: Writer,
    journal: Result<Journal, JournalFault>,
    /// The change in flight, by its name in the journal.
    change: Option<ChangeId>,
}

impl fmt::Debug for Hands {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hands").field("change", &self.change).finish_non_exhaustive()
    }
}

/// What came of an attempt to send.
#[derive(Debug)]
pub(super) enum Attempt {
    /// It was made.
    Made(Outcome),
    /// It was not: the journal could not be written.
    NoTicket(String),
}

impl Hands {
    pub(super) fn new(writer: Writer, journal: Result<Journal, JournalFault>) -> Self {
        Self { writer, journal, change: None }
    }

    /// Why nothing can be written down, and so nothing be sent.
    pub(super) fn fault(&self) -> Option<String> {
        self.journal.as_ref().err().map(ToString::to_string)
    }

    /// What the journal tells, the newest first; nothing while it cannot be written.
    pub(super) fn entries(&self) -> Vec<Entry> {
        self.journal.as_ref().map(Journal::entries).unwrap_or_default()
    }

    /// Takes up a change that an earlier run left unfinished: it is read back, never sent again. `None` when it is none
    /// of ours here.
    pub(super) fn take_up(
        &mut self,
        left: &Unfinished,
        identity: &Identity,
        clusters: &[String],
        now: Timestamp,
    ) -> Option<Followed> {
        let plan = &left.line.plan;
        if !is_here(left, identity, clusters) {
            return None;
        }
        self.change = Some(left.line.id.clone());
        // A step may have been completed before it was sent: what it does tells it, not what it sends.
        let what = left.line.step.as_ref().map(Step::what);
        let step = plan.steps().iter().position(|step| Some(step.what()) == what).unwrap_or_default();
        Some(Followed { plan: plan.clone(), follow: Follow::resume(left.line.at, step, now) })
    }

    /// The last change of each group that was carried out.
    pub(super) fn carried_out(&self) -> BTreeMap<GroupId, Plan> {
        self.journal.as_ref().map(|journal| journal.done().clone()).unwrap_or_default()
    }

    /// Writes down that a change has ended.
    pub(super) fn close(self, followed: &Followed, now: Timestamp) -> Self {
        self.write(|journal, id| journal.closed(id, &followed.follow.stage, now)).done()
    }

    /// Writes down that a change is left to itself.
    pub(super) fn leave(self, now: Timestamp) {
        self.write(|journal, id| journal.following(id, Some(LEFT), now));
    }

    /// Writes down that a planned change was not sent.
    pub(super) fn not_sent(self, why: &str, now: Timestamp) -> Self {
        self.write(|journal, id| journal.not_sent(id, why, now)).done()
    }

    fn done(mut self) -> Self {
        self.change = None;
        self
    }

    /// A line after the fact: when it cannot be written the journal is refused from then on, with the reason.
    fn write(mut self, line: impl FnOnce(&mut Journal, &ChangeId) -> Result<(), JournalFault>) -> Self {
        if let (Ok(journal), Some(id)) = (&mut self.journal, &self.change)
            && let Err(fault) = line(journal, id)
        {
            self.journal = Err(fault);
        }
        self
    }
}

/// Whether a change that was left is to be looked at by this program: not when nothing had been sent, nor when it was
/// another account's or region's, or in a cluster that is not looked at; then a later start looks.
pub(super) fn is_here(left: &Unfinished, identity: &Identity, clusters: &[String]) -> bool {
    let plan = &left.line.plan;
    let looked_at = match plan.change.target() {
        GroupId::Service(id) => {
            clusters.is_empty() || clusters.iter().any(|own| own.rsplit('/').next() == Some(id.cluster.as_str()))
        }
        GroupId::Replicas(_) | GroupId::Cache(_) => true,
    };
    plan.identity.account == identity.account
        && plan.identity.region == identity.region
        && looked_at
        && left.line.state != State::Planned
}

/// After Enter: writes down that it was pressed, and reads the caller and the target again, all at once.
pub(super) async fn prepare(asked: Asked, mut hands: Hands, reader: Reader, clock: Clock, inner: mpsc::Sender<Inner>) {
    let (plan, reason, now) = (asked.plan.clone(), asked.answer.reason.clone(), asked.pressed);
    let written = tokio::task::spawn_blocking(move || {
        if let Ok(journal) = &mut hands.journal {
            match journal.planned(&plan, reason.as_deref(), now) {
                Ok(id) => hands.change = Some(id),
                Err(fault) => hands.journal = Err(fault),
            }
        }
        hands
    });
    let (read, written) = tokio::join!(read_again(&reader, &clock, &asked.plan), written);
    if let Ok(hands) = written {
        let _ = inner.send(Inner::Fresh { asked: Box::new(asked), hands, read }).await;
    }
}

/// Before a step that is not the first: reads what it rests on again.
pub(super) async fn again(plan: Plan, hands: Hands, reader: Reader, clock: Clock, inner: mpsc::Sender<Inner>) {
    let read = read_again(&reader, &clock, &plan).await;
    let _ = inner.send(Inner::Again { hands, read }).await;
}

/// Reads what a plan rests on: the caller, and the target of its tier. One round trip, ahead of all polling.
async fn read_again(reader: &Reader, clock: &Clock, plan: &Plan) -> Result<Vec<Reading>, String> {
    let reader = reader.urgent();
    let asked = clock.now();
    let (identity, facts) = tokio::join!(reader.identity(), async {
        match plan.change.target() {
            GroupId::Service(id) => of_service(&reader, &id, &plan.change, asked).await,
            GroupId::Replicas(_) => of_replicas(&reader, plan, asked).await,
            GroupId::Cache(_) => {
                Ok(vec![(Source::Caches, Fact::Caches(reader.caches().await.map_err(|f| words(&f))?))])
            }
        }
    });
    let identity = (Source::Identity, Fact::Identity(identity.map_err(|failure| words(&failure))?));
    let facts = std::iter::once(identity).chain(facts?);
    Ok(facts.map(|(source, fact)| Reading { source, asked, cadence_s: pace::cadence_s(source), fact }).collect())
}

async fn of_service(
    reader: &Reader,
    id: &ServiceId,
    change: &Change,
    asked: Timestamp,
) -> Result<Vec<(Source, Fact)>, String> {
    let names = [id.service.clone()];
    let scheduled = matches!(
        change,
        Change::Hold { .. } | Change::Release { .. } | Change::Schedule { .. } | Change::Unschedule { .. }
    );
    let (services, target, schedule, tasks) = tokio::join!(
        reader.services(&id.cluster, &names),
        reader.scalable_target(id),
        async { if scheduled { Some(reader.scheduled_actions().await) } else { None } },
        async { if matches!(change, Change::StopTask { .. }) { Some(reader.tasks(id).await) } else { None } },
    );
    let (found, missing) = services.map_err(|failure| words(&failure))?;
    // Without the target the comparison finds limits that are older than Enter, and refuses what rests on them.
    let target = match target {
        Ok(target) => Fact::ScalableTarget(id.clone(), target),
        Err(failure) => Fact::Failed(failure.into_state(asked)),
    };
    let mut facts = vec![(Source::Services, Fact::Services { found, missing }), (Source::ScalableTargets, target)];
    if let Some(schedule) = schedule {
        let schedule = schedule.map_err(|failure| words(&failure))?;
        facts.push((Source::ScheduledActions, Fact::ScheduledActions(schedule)));
    }
    if let Some(tasks) = tasks {
        facts.push((Source::Tasks, Fact::Tasks(id.clone(), tasks.map_err(|failure| words(&failure))?)));
    }
    Ok(facts)
}

async fn of_replicas(reader: &Reader, plan: &Plan, asked: Timestamp) -> Result<Vec<(Source, Fact)>, String> {
    let name = plan.observed.replicas().and_then(|seen| seen.reader.as_ref());
    // As Route 53 writes a name: with its last dot.
    let at = name.map(|reader| Found { zone: reader.zone.clone(), name: format!("{}.", reader.name) });
    let (databases, name) = tokio::join!(reader.databases(), async {
        match &at {
            Some(at) => Some(reader.reader_name(at).await),
            None => None,
        }
    });
    let databases = databases.map_err(|failure| words(&failure))?.known;
    let mut facts = vec![(Source::Databases, Fact::Databases(databases))];
    match name {
        Some(Ok(name)) => facts.push((Source::ReaderName, Fact::ReaderName(name))),
        Some(Err(failure)) => facts.push((Source::ReaderName, Fact::Failed(failure.into_state(asked)))),
        None => {}
    }
    Ok(facts)
}

fn words(failure: &Failure) -> String {
    failure.to_string()
}

/// Sends a cleared step: a ticket, one attempt, and the line that says what came back.
pub(super) async fn send(cleared: Cleared, hands: Hands, clock: Clock, inner: mpsc::Sender<Inner>) {
    let now = clock.now();
    let ticketed = tokio::task::spawn_blocking(move || {
        let mut hands = hands;
        let ticket = match &mut hands.journal {
            Ok(journal) => journal.ticket(&cleared, now).map_err(|fault| fault.to_string()),
            Err(fault) => Err(fault.to_string()),
        };
        (cleared, hands, ticket)
    });
    let Ok((cleared, mut hands, ticket)) = ticketed.await else { return };
    let ticket = match ticket {
        Ok(ticket) => ticket,
        Err(why) => {
            let _ = inner.send(Inner::Attempted(hands, Attempt::NoTicket(why))).await;
            return;
        }
    };
    hands.change = Some(ticket.id().clone());
    let outcome = hands.writer.send(cleared, ticket).await;
    let (now, written) = (clock.now(), outcome.clone());
    let hands = tokio::task::spawn_blocking(move || hands.write(|journal, id| journal.sent(id, &written, now))).await;
    if let Ok(hands) = hands {
        let _ = inner.send(Inner::Attempted(hands, Attempt::Made(outcome))).await;
    }
}

/// The sentence that ends a followed change.
pub(super) fn ending(followed: &Followed) -> String {
    let Followed { plan, follow } = followed;
    let target = plan.change.target();
    let name = target.name();
    let took = follow.ended.map_or(0, |ended| ended.as_second() - follow.began.as_second()).max(0);
    let took = format!("{}m{:02}s", took / 60, took % 60);
    match &follow.stage {
        Stage::Steady => format!("{name}: {}, steady after {took}", plan.brief()),
        Stage::Partly { why } => format!("{name}: partly, after {took}: {why}"),
        Stage::Failed { why } => format!("{name}: not carried out: {why}"),
        Stage::Overtaken { by } => format!("{name}: overtaken: {by}"),
        Stage::Sending | Stage::Unknown | Stage::Under { .. } | Stage::Waiting { .. } => {
            format!("{name}: still under way")
        }
    }
}
