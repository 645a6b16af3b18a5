//! ECS: the tasks of what is looked at closely.

use std::collections::BTreeSet;

use futures_util::future::join_all;

use super::super::poller::{Answer, Ask, Moment};
use super::super::view::View;
use super::super::wants::Wants;
use super::{many, subject};
use crate::platform::{Fact, ServiceId, Source};

/// Tasks of what is looked at closely: their states, and the size that a preview's cost is reckoned from.
pub(super) struct Tasks;

impl Ask for Tasks {
    const SOURCE: Source = Source::Tasks;

    fn subject(&self, _: &View, wants: &Wants) -> Option<u64> {
        let close: BTreeSet<&ServiceId> = wants.close().collect();
        (!close.is_empty()).then(|| subject(close))
    }

    async fn ask(&mut self, moment: &Moment<'_>) -> Answer {
        let close: BTreeSet<&ServiceId> = moment.wants.close().collect();
        let asked =
            close.into_iter().map(async |id| moment.reader.tasks(id).await.map(|tasks| Fact::Tasks(id.clone(), tasks)));
        many(join_all(asked).await)
    }
}
