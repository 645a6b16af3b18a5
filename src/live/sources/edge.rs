//! CloudFront: the distributions. The values of their metrics are asked for beside the others.

use super::super::poller::{Answer, Ask, Moment};
use super::super::view::View;
use super::super::wants::Wants;
use super::partly;
use crate::platform::{Fact, Source};

pub(super) struct Distributions;

impl Ask for Distributions {
    const SOURCE: Source = Source::Distributions;

    fn subject(&self, _: &View, _: &Wants) -> Option<u64> {
        Some(0)
    }

    async fn ask(&mut self, moment: &Moment<'_>) -> Answer {
        partly(moment.reader.distributions().await, Fact::Distributions)
    }
}
