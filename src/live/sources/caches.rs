//! ElastiCache replication groups.

use jiff::{SignedDuration, Timestamp};

use super::super::poller::{Answer, Ask, Moment};
use super::super::view::View;
use super::super::wants::Wants;
use super::one;
use crate::aws::pace;
use crate::platform::{Fact, Source};

/// How often they are read while a node is on its way in or out, or something is being changed.
const MOVING_EVERY: SignedDuration = SignedDuration::from_secs(10);

#[derive(Default)]
pub(super) struct Caches {
    moving: bool,
}

impl Ask for Caches {
    const SOURCE: Source = Source::Caches;

    fn subject(&self, _: &View, wants: &Wants) -> Option<u64> {
        Some(u64::from(wants.decides_cache()))
    }

    fn due(&self, wants: &Wants, asked: Timestamp) -> Timestamp {
        if self.moving || wants.decides_cache() { asked + MOVING_EVERY } else { pace::due(Self::SOURCE, asked) }
    }

    async fn ask(&mut self, moment: &Moment<'_>) -> Answer {
        let answer = moment.reader.caches().await;
        if let Ok(caches) = &answer {
            let moves = |status: &crate::platform::CacheStatus| status.phase().moving();
            self.moving = caches.iter().any(|one| moves(&one.status) || one.nodes().any(|node| moves(&node.status)));
        }
        one(answer.map(Fact::Caches))
    }
}
