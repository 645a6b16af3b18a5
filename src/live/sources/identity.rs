//! Who we are to AWS.

use super::super::poller::{Answer, Ask, Moment};
use super::super::view::View;
use super::super::wants::Wants;
use super::one;
use crate::platform::{Fact, Source};

pub(super) struct Identity;

impl Ask for Identity {
    const SOURCE: Source = Source::Identity;

    fn subject(&self, _: &View, _: &Wants) -> Option<u64> {
        Some(0)
    }

    async fn ask(&mut self, moment: &Moment<'_>) -> Answer {
        one(moment.reader.identity().await.map(Fact::Identity))
    }
}
