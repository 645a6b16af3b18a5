//! A change on its way through the loop: confirmed from a fresh reading, sent step by step, followed to its end – or taken
//! up where an earlier run left it.

use std::sync::Arc;

use jiff::Timestamp;

use super::super::carry::{self, Attempt, Hands};
use super::super::view::{Followed, Notice};
use super::Owner;
use crate::change::{Asked, Confirmed, Follow, NotCleared, Refused, Stage, confirm};
use crate::platform::Reading;

impl Owner {
    /// Looks at what an earlier run left unfinished, as soon as it is known who we are: the newest first, one after the
    /// other.
    pub(super) fn take_up(&mut self) {
        if self.following() || self.state.sending {
            return;
        }
        let (Some(identity), Some(hands)) = (&self.state.platform.identity, &mut self.state.hands) else { return };
        let now = self.clock.now();
        let mut followed = None;
        while followed.is_none()
            && let Some(left) = self.state.left.pop()
        {
            followed = hands.take_up(&left, identity, &self.settings.clusters, now);
        }
        if let Some(followed) = followed {
            let target = followed.plan.change.target();
            self.state.followed = Some(Arc::new(followed));
            self.state.dirty = true;
            self.want(|wants| {
                wants.following = Some(target);
                wants.refresh += 1;
            });
        }
    }

    pub(super) fn fresh(&mut self, asked: Asked, hands: Hands, read: Result<Vec<Reading>, String>) {
        let now = self.clock.now();
        let why_not = match read {
            Err(why) => Some(format!("the target could not be read again: {why}")),
            Ok(readings) => {
                for reading in readings {
                    self.apply(reading);
                }
                hands.fault().or_else(|| self.unarmed(now))
            }
        };
        let confirmed = match why_not {
            Some(why) => Err(Refused::Impossible { why }),
            None => confirm(asked, &self.state.platform, &self.settings.policy, &self.settings.environment, now),
        };
        match confirmed {
            Ok(confirmed) => self.carry(confirmed, hands, now),
            Err(refused) => {
                self.state.sending = false;
                let why = refused.to_string();
                self.put_away(move || hands.not_sent(&why, now));
                self.refuse(refused);
            }
        }
    }

    pub(super) fn carry(&mut self, confirmed: Confirmed, hands: Hands, now: Timestamp) {
        let cleared = match confirmed.clear(0, None, &self.state.platform, &self.settings.environment, now) {
            Ok(cleared) => cleared,
            Err(NotCleared::Wait(why) | NotCleared::Never(why)) => {
                self.state.sending = false;
                let told = why.clone();
                self.put_away(move || hands.not_sent(&told, now));
                return self.refuse(Refused::Impossible { why });
            }
        };
        let plan = confirmed.plan().clone();
        let target = plan.change.target();
        let usual = target.service().and_then(|id| self.state.platform.usual_scale_out_s(id));
        let follow = Follow::begin(now, usual);
        self.state.followed = Some(Arc::new(Followed { plan, follow }));
        self.state.confirmed = Some(confirmed);
        self.state.dirty = true;
        self.want(|wants| (wants.previewing, wants.following) = (None, Some(target)));
        self.tell(Notice::Accepted);
        tokio::spawn(carry::send(cleared, hands, self.clock.clone(), self.inner.clone()));
    }

    pub(super) fn attempted(&mut self, hands: Hands, attempt: Attempt) {
        self.state.sending = false;
        self.state.hands = Some(hands);
        self.state.dirty = true;
        let Some(followed) = self.state.followed.clone() else { return };
        let now = self.clock.now();
        match attempt {
            Attempt::NoTicket(why) if followed.follow.step == 0 => {
                (self.state.followed, self.state.confirmed) = (None, None);
                self.want(|wants| wants.following = None);
                self.refuse(Refused::Impossible { why: format!("nothing was sent: {why}") });
            }
            Attempt::NoTicket(why) => self.go_on(&followed, followed.follow.stopped(why, now)),
            Attempt::Made(outcome) => {
                self.go_on(&followed, followed.follow.answered(&outcome, now));
                self.want(|wants| wants.refresh += 1);
            }
        }
    }

    /// Begins the step that comes next, once nothing stands in its way: what it rests on is read again first.
    pub(super) fn step_on(&mut self) {
        let (Some(followed), Some(_)) = (&self.state.followed, &self.state.confirmed) else { return };
        let ready = followed.follow.ready(&followed.plan, &self.state.platform, self.clock.now());
        if self.state.sending || !ready {
            return;
        }
        let (Some(reader), Some(hands)) = (self.state.reader.clone(), self.state.hands.take()) else { return };
        self.state.sending = true;
        let plan = followed.plan.clone();
        tokio::spawn(carry::again(plan, hands, reader, self.clock.clone(), self.inner.clone()));
    }

    /// The step that comes next is cleared from what was just read, and sent; or it waits, or ends here.
    pub(super) fn again(&mut self, hands: Hands, read: Result<Vec<Reading>, String>) {
        let now = self.clock.now();
        let fresh = read.is_ok();
        for reading in read.into_iter().flatten() {
            self.apply(reading);
        }
        let (Some(followed), Some(confirmed)) = (self.state.followed.clone(), &self.state.confirmed) else {
            self.state.sending = false;
            self.state.hands = Some(hands);
            return;
        };
        let next = followed.follow.step + 1;
        let before = followed.follow.marks.answered.map(|answered| (followed.follow.began, answered));
        let cleared = match (fresh, hands.fault()) {
            // What could not be read is tried again with the next view.
            (false, _) => Err(NotCleared::Wait("it could not be read again".to_owned())),
            (true, Some(fault)) => Err(NotCleared::Never(fault)),
            (true, None) => confirmed.clear(next, before, &self.state.platform, &self.settings.environment, now),
        };
        match cleared {
            Ok(cleared) => {
                self.go_on(&followed, followed.follow.sending(next));
                tokio::spawn(carry::send(cleared, hands, self.clock.clone(), self.inner.clone()));
            }
            Err(not_cleared) => {
                self.state.sending = false;
                self.state.hands = Some(hands);
                if let NotCleared::Never(why) = not_cleared {
                    self.go_on(&followed, Follow { step: next, ..followed.follow.clone() }.stopped(why, now));
                }
            }
        }
    }

    /// Moves the followed change along with what was learnt, begins its next step, and writes its end down.
    pub(super) fn follow(&mut self) {
        let Some(followed) = self.state.followed.clone().filter(|f| !f.follow.stage.is_over()) else { return };
        if self.state.sending {
            return;
        }
        let now = self.clock.now();
        let mut follow = followed.follow.advance(&followed.plan, &self.state.platform, now);
        if self.state.confirmed.is_none() {
            follow = follow.left_half_done(now);
        }
        if follow != followed.follow {
            self.go_on(&followed, follow);
        }
        self.step_on();
    }

    pub(super) fn go_on(&mut self, followed: &Followed, follow: Follow) {
        self.state.followed = Some(Arc::new(Followed { plan: followed.plan.clone(), follow }));
        self.state.dirty = true;
        self.close_if_over();
    }

    pub(super) fn close_if_over(&mut self) {
        let Some(followed) = self.state.followed.clone().filter(|f| f.follow.stage.is_over()) else { return };
        self.want(|wants| wants.following = None);
        self.state.confirmed = None;
        if matches!(followed.follow.stage, Stage::Steady | Stage::Partly { .. }) {
            Arc::make_mut(&mut self.state.done).insert(followed.plan.change.target(), followed.plan.clone());
        }
        self.say(carry::ending(&followed));
        if let Some(hands) = self.state.hands.take() {
            let now = self.clock.now();
            self.put_away(move || hands.close(&followed, now));
        }
    }
}
