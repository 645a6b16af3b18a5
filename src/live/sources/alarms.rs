//! CloudWatch's own alarms, and how they turned in the last three hours.

use jiff::SignedDuration;

use super::super::poller::{Answer, Ask, Moment};
use super::super::view::View;
use super::super::wants::Wants;
use super::one;
use crate::platform::{Fact, Source};

/// How far back the turns are read: as far as charts and windows go.
const TURNS_FOR: SignedDuration = SignedDuration::from_hours(3);

pub(super) struct Alarms;

impl Ask for Alarms {
    const SOURCE: Source = Source::Alarms;

    fn subject(&self, _: &View, _: &Wants) -> Option<u64> {
        Some(0)
    }

    async fn ask(&mut self, moment: &Moment<'_>) -> Answer {
        let mut answer = one(moment.reader.alarms().await.map(Fact::Alarms));
        if answer.failure.is_none() {
            match moment.reader.alarm_turns(moment.now - TURNS_FOR).await {
                Ok(turns) => answer.facts.push(Fact::AlarmTurns(turns)),
                Err(failure) => answer.missing = Some(failure.into_state(moment.now)),
            }
        }
        answer
    }
}
