//! The one task that owns the platform: it applies readings, asks the policy, carries confirmed changes through, and
//! publishes immutable views. It never waits for AWS itself.

mod through;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{mpsc, watch};

use super::carry::{self, Attempt, Hands};
use super::purse::Purse;
use super::view::{Armed, Command, Followed, Meter, Notice, Settings, View};
use super::wants::Wants;
use crate::aws::Reader;
use crate::change::journal::{Entry, Unfinished};
use crate::change::{Asked, Confirmed, Plan, Refused};
use crate::clock::Clock;
use crate::platform::{Fact, GroupId, Platform, Reading, Source, SourceState};
use crate::policy::{self, Advice};

/// How long arming lasts (safety.md, "Arming").
const ARMED_FOR: SignedDuration = SignedDuration::from_mins(15);

/// The longest time without a new view: advice depends on the time even when nothing is learnt.
const VIEW_AT_LEAST: Duration = Duration::from_secs(15);

/// How long, on the wall's clock, leaving waits for the answer to what is being sent.
const LAST_WORD: Duration = Duration::from_secs(1);

/// What the journal says of a change that the console was left in.
pub(super) const LEFT: &str = "the console was left";

/// What the owner is told by what it has started.
#[derive(Debug)]
pub(super) enum Inner {
    /// AWS can be asked, and changes can be sent once the journal is open.
    Connected(Reader, Hands, Vec<Unfinished>),
    /// There is no way in; the reason, to be shown at the identity.
    NotConnected(SourceState),
    /// The targets of a confirmed plan were read again.
    Fresh { asked: Box<Asked>, hands: Hands, read: Result<Vec<Reading>, String> },
    /// What the next step of a change rests on was read again.
    Again { hands: Hands, read: Result<Vec<Reading>, String> },
    /// The one attempt has ended, or could not be made.
    Attempted(Hands, Attempt),
    /// The journal's closing line is on the disk.
    Closed(Hands),
}

pub(super) struct Owner {
    pub settings: Settings,
    pub clock: Clock,
    pub views: watch::Sender<Arc<View>>,
    pub wants: watch::Sender<Wants>,
    pub notices: mpsc::Sender<Notice>,
    pub inner: mpsc::Sender<Inner>,
    pub state: State,
}

/// What changes.
pub(super) struct State {
    platform: Platform,
    purse: Purse,
    advice: Advice,
    armed: Armed,
    followed: Option<Arc<Followed>>,
    /// The change that is being carried out, as long as it has steps to come.
    confirmed: Option<Confirmed>,
    /// The last change of each group that was carried out.
    done: Arc<BTreeMap<GroupId, Plan>>,
    reader: Option<Reader>,
    /// What it takes to send a change; away while one is being sent.
    hands: Option<Hands>,
    /// What the journal told when its hands were last here.
    journal: Option<Arc<Vec<Entry>>>,
    generation: u64,
    dirty: bool,
    /// Changes that an earlier run left unfinished, until they were looked at.
    left: Vec<Unfinished>,
    /// Whether a change is between Enter and its answer.
    sending: bool,
    /// What the budget was last said to have cost each source.
    capped: BTreeMap<Source, SourceState>,
}

impl State {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            platform: Platform::default(),
            purse: Purse::default(),
            advice: Advice::default(),
            armed: View::empty(settings, Timestamp::UNIX_EPOCH).armed,
            followed: None,
            confirmed: None,
            done: Arc::default(),
            reader: None,
            hands: None,
            journal: None,
            left: Vec::new(),
            generation: 0,
            dirty: false,
            sending: false,
            capped: BTreeMap::new(),
        }
    }
}

impl Owner {
    /// Runs until the console leaves or drops its end.
    pub(super) async fn run(
        mut self,
        mut commands: mpsc::Receiver<Command>,
        mut readings: mpsc::Receiver<Reading>,
        mut inner: mpsc::Receiver<Inner>,
    ) {
        loop {
            let wake = self.next_wake();
            tokio::select! {
                biased;
                command = commands.recv() => match command {
                    None | Some(Command::Leave) => break,
                    Some(command) => self.command(command),
                },
                Some(told) = inner.recv() => self.told(told),
                Some(reading) = readings.recv() => {
                    self.apply(reading);
                    while let Ok(reading) = readings.try_recv() {
                        self.apply(reading);
                    }
                }
                () = self.clock.sleep_until(wake) => self.state.dirty = true,
            }
            if self.state.dirty {
                self.publish();
            }
        }
        self.leave(inner).await;
    }

    fn next_wake(&self) -> Timestamp {
        let now = self.clock.now();
        let next = now + VIEW_AT_LEAST;
        match self.state.armed {
            Armed::Until(until) if until > now => next.min(until),
            _ => next,
        }
    }

    fn apply(&mut self, reading: Reading) {
        let now = self.clock.now();
        let before = self.state.platform.identity.clone();
        if let Fact::Failed(capped @ SourceState::Capped { .. }) = &reading.fact
            && self.state.capped.insert(reading.source, capped.clone()).as_ref() != Some(capped)
        {
            self.say(format!("{}: {capped}", reading.source));
        }
        self.state.dirty |= self.state.platform.apply(reading, now);
        if before.is_some() && before != self.state.platform.identity {
            self.disarm();
            self.say("the caller has changed: read-only again");
        }
        if !self.state.left.is_empty() {
            self.take_up();
        }
    }

    fn command(&mut self, command: Command) {
        match command {
            Command::Look { visible, open } => self.want(|wants| (wants.visible, wants.open) = (visible, open)),
            Command::Previewing(group) => self.want(|wants| wants.previewing = group),
            Command::Arm => self.arm(),
            Command::Disarm => self.disarm(),
            Command::Confirm(asked) => self.confirm(*asked),
            Command::Refresh => self.want(|wants| wants.refresh += 1),
            Command::Pause(pause) => self.pause(pause),
            Command::Leave => {}
        }
    }

    /// Changes what is worth asking for; a change that is none wakes nobody.
    fn want(&self, change: impl FnOnce(&mut Wants)) {
        self.wants.send_if_modified(|wants| {
            let before = wants.clone();
            change(wants);
            *wants != before
        });
    }

    fn arm(&mut self) {
        match &self.state.armed {
            Armed::Locked(why) => self.say(format!("stays read-only: {why}")),
            _ if self.state.platform.identity.is_none() => self.say("cannot arm: AWS has not said who we are"),
            _ => {
                self.state.armed = Armed::Until(self.clock.now() + ARMED_FOR);
                self.state.dirty = true;
            }
        }
    }

    fn disarm(&mut self) {
        if let Armed::Until(_) = self.state.armed {
            self.state.armed = Armed::ReadOnly;
            self.state.dirty = true;
        }
    }

    fn pause(&mut self, pause: bool) {
        if pause && (self.state.sending || self.following()) {
            self.say("cannot pause while a change is being followed");
            return;
        }
        self.want(|wants| wants.paused = pause);
        self.state.dirty = true;
    }

    fn following(&self) -> bool {
        self.state.followed.as_ref().is_some_and(|followed| !followed.follow.stage.is_over())
    }

    /// Enter was pressed: writes that down and reads the target once more before anything else.
    fn confirm(&mut self, mut asked: Asked) {
        asked.pressed = self.clock.now();
        if let Some(why) = self.obstacle(asked.pressed) {
            self.refuse(Refused::Impossible { why });
            return;
        }
        let (Some(reader), Some(hands)) = (self.state.reader.clone(), self.state.hands.take()) else {
            self.refuse(Refused::Impossible { why: "not connected to AWS yet".to_owned() });
            return;
        };
        self.want(|wants| wants.paused = false);
        self.state.sending = true;
        tokio::spawn(carry::prepare(asked, hands, reader, self.clock.clone(), self.inner.clone()));
    }

    /// Why no change can be begun now.
    fn obstacle(&self, now: Timestamp) -> Option<String> {
        if let Some(why) = self.unarmed(now) {
            return Some(why);
        }
        if self.state.sending || self.following() {
            return Some("another change is in flight: wait until it is steady".to_owned());
        }
        match &self.state.hands {
            None if self.state.reader.is_none() => Some("not connected to AWS yet".to_owned()),
            None => Some("the journal is being written: press Enter again".to_owned()),
            Some(hands) => hands.fault(),
        }
    }

    fn unarmed(&self, now: Timestamp) -> Option<String> {
        match &self.state.armed {
            Armed::Until(until) if now < *until => None,
            Armed::Locked(why) => Some(format!("read-only: {why}")),
            Armed::ReadOnly | Armed::Until(_) => Some("read-only: arm first".to_owned()),
        }
    }

    /// Takes over what the journal tells; a fault leaves what was told before.
    fn look_back(&mut self, hands: &Hands) {
        if hands.fault().is_none() {
            self.state.journal = Some(Arc::new(hands.entries()));
            self.state.dirty = true;
        }
    }

    fn told(&mut self, told: Inner) {
        match &told {
            Inner::Connected(_, hands, _)
            | Inner::Attempted(hands, _)
            | Inner::Fresh { hands, .. }
            | Inner::Again { hands, .. }
            | Inner::Closed(hands) => self.look_back(hands),
            Inner::NotConnected(_) => {}
        }
        match told {
            Inner::Connected(reader, hands, unfinished) => {
                if let Some(fault) = hands.fault() {
                    self.say(format!("changes are refused: {fault}"));
                }
                // What an earlier drill did was done to a world that has ended.
                if !self.clock.is_drill() {
                    self.state.done = Arc::new(hands.carried_out());
                }
                self.state.reader = Some(reader);
                self.state.hands = Some(hands);
                for left in &unfinished {
                    self.say(left.to_string());
                }
                self.state.left = unfinished;
                self.take_up();
            }
            Inner::NotConnected(state) => {
                let asked = self.clock.now();
                self.apply(Reading { source: Source::Identity, asked, cadence_s: 10, fact: Fact::Failed(state) });
            }
            Inner::Fresh { asked, hands, read } => self.fresh(*asked, hands, read),
            Inner::Again { hands, read } => self.again(hands, read),
            Inner::Attempted(hands, attempt) => self.attempted(hands, attempt),
            Inner::Closed(hands) => {
                self.state.hands = Some(hands);
                self.take_up();
            }
        }
    }

    /// Writes a closing line beside the loop, and takes the hands back when it is on the disk.
    fn put_away(&self, write: impl FnOnce() -> Hands + Send + 'static) {
        let inner = self.inner.clone();
        tokio::task::spawn_blocking(move || {
            let _ = inner.blocking_send(Inner::Closed(write()));
        });
    }

    fn publish(&mut self) {
        let now = self.clock.now();
        if matches!(self.state.armed, Armed::Until(until) if now >= until) {
            self.disarm();
            self.say("fifteen minutes are over: read-only again");
        }
        self.follow();
        self.state.purse.look(&mut self.state.platform, &self.settings.policy, now);
        self.state.advice = policy::advise(&self.state.platform, &self.settings.policy, now);
        self.state.generation += 1;
        self.state.dirty = false;
        self.views.send_replace(Arc::new(View {
            generation: self.state.generation,
            at: now,
            platform: Arc::new(self.state.platform.clone()),
            advice: Arc::new(self.state.advice.clone()),
            alerts: Arc::new(policy::alerts(&self.state.platform, &self.settings.policy, now)),
            money: self.state.purse.money(),
            policy: Arc::clone(&self.settings.policy),
            origins: Arc::clone(&self.settings.origins),
            environment: self.settings.environment.clone(),
            armed: self.state.armed.clone(),
            followed: self.state.followed.clone(),
            done: Arc::clone(&self.state.done),
            journal: self.state.journal.clone(),
            paused: self.wants.borrow().paused,
            meter: Meter::of(self.state.reader.as_ref(), self.settings.budget),
        }));
    }

    /// A notice is for eyes: when nobody reads, the newest ones are dropped, never waited for.
    fn tell(&self, notice: Notice) {
        if self.notices.try_send(notice).is_err() {
            tracing::debug!("a notice was not read");
        }
    }

    fn say(&self, words: impl Into<String>) {
        self.tell(Notice::Said(words.into()));
    }

    fn refuse(&mut self, refused: Refused) {
        self.state.dirty = true;
        self.tell(Notice::Refused(refused));
    }

    /// A change that is still under way is written down as left: the next start looks at it. One that is just being
    /// sent has a moment to be answered; if it is not, the line that says so is on the disk already.
    async fn leave(mut self, mut inner: mpsc::Receiver<Inner>) {
        let _ = tokio::time::timeout(LAST_WORD, self.hands_back(&mut inner)).await;
        let now = self.clock.now();
        match self.state.hands.take() {
            Some(hands) if self.following() => {
                let _ = tokio::task::spawn_blocking(move || hands.leave(now)).await;
            }
            _ => {}
        }
    }

    /// Waits until nobody is sending or writing any more. What was asked for and not sent is not sent now.
    async fn hands_back(&mut self, inner: &mut mpsc::Receiver<Inner>) {
        while self.state.hands.is_none() && self.state.reader.is_some() {
            match inner.recv().await {
                Some(Inner::Attempted(hands, attempt)) => self.attempted(hands, attempt),
                Some(Inner::Closed(hands)) => self.state.hands = Some(hands),
                Some(Inner::Fresh { hands, .. }) => {
                    self.state.sending = false;
                    let now = self.clock.now();
                    self.put_away(move || hands.not_sent(LEFT, now));
                }
                Some(Inner::Again { hands, .. }) => {
                    self.state.sending = false;
                    self.state.hands = Some(hands);
                }
                Some(Inner::Connected(..) | Inner::NotConnected(_)) => {}
                None => return,
            }
        }
    }
}
