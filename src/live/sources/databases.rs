//! RDS instances, and the name that spreads reads over replicas.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::super::poller::{Answer, Ask, Moment};
use super::super::view::View;
use super::super::wants::Wants;
use super::{one, partly, subject};
use crate::aws::{Found, pace};
use crate::platform::{Database, DatabaseId, Fact, Platform, Source};

/// How often instances are read while one of them is on its way in or out, or is being changed.
const MOVING_EVERY: SignedDuration = SignedDuration::from_secs(10);

/// How often the hosted zones are searched while no reader name is found there, in seconds: a search reads all of their
/// records.
const SEARCH_EVERY_S: u32 = 900;

/// What a replica that a name points at is worth against a primary: the reader name points at replicas.
const REPLICAS_WORTH: u32 = 100;

#[derive(Default)]
pub(super) struct Databases {
    moving: bool,
}

impl Ask for Databases {
    const SOURCE: Source = Source::Databases;

    fn subject(&self, _: &View, wants: &Wants) -> Option<u64> {
        Some(u64::from(wants.decides_replicas()))
    }

    fn due(&self, wants: &Wants, asked: Timestamp) -> Timestamp {
        if self.moving || wants.decides_replicas() { asked + MOVING_EVERY } else { pace::due(Self::SOURCE, asked) }
    }

    async fn ask(&mut self, moment: &Moment<'_>) -> Answer {
        let answer = moment.reader.databases().await;
        if let Ok(databases) = &answer {
            self.moving = databases.known.iter().any(|one| one.status.phase().moving());
        }
        partly(answer, Fact::Databases)
    }
}

/// The name is searched for once, and again when it has gone or the instances are others.
#[derive(Default)]
pub(super) struct ReaderName {
    found: Option<Found>,
    /// Whether the last answer was "there is none".
    none: bool,
}

impl ReaderName {
    /// The instances that a reader name may point at, with what each is worth.
    fn worth(platform: &Platform) -> BTreeMap<DatabaseId, u32> {
        let worth = |one: &Database| if one.replica_of.is_some() { REPLICAS_WORTH } else { 1 };
        let plain = platform.databases.values().filter(|one| one.has_plain_replicas());
        plain.map(|one| (one.id.clone(), worth(one))).collect()
    }
}

impl Ask for ReaderName {
    const SOURCE: Source = Source::ReaderName;

    fn subject(&self, view: &View, wants: &Wants) -> Option<u64> {
        let worth = Self::worth(&view.platform);
        (!worth.is_empty()).then(|| subject((worth, wants.decides_replicas())))
    }

    fn due(&self, wants: &Wants, asked: Timestamp) -> Timestamp {
        let search = SignedDuration::from_secs(i64::from(SEARCH_EVERY_S));
        match self.none {
            true => asked + search,
            false if wants.decides_replicas() => asked + MOVING_EVERY,
            false => pace::due(Self::SOURCE, asked),
        }
    }

    async fn ask(&mut self, moment: &Moment<'_>) -> Answer {
        if let Some(found) = &self.found {
            match moment.reader.reader_name(found).await {
                Ok(None) => self.found = None,
                answer => return one(answer.map(Fact::ReaderName)),
            }
        }
        let name = match moment.reader.find_reader_name(&Self::worth(&moment.view.platform)).await {
            Ok(Some((found, name))) => {
                self.found = Some(found);
                Some(name)
            }
            Ok(None) => None,
            Err(failure) => return one(Err(failure)),
        };
        self.none = name.is_none();
        Answer { cadence_s: self.none.then_some(SEARCH_EVERY_S), ..one(Ok(Fact::ReaderName(name))) }
    }
}
