//! The [`Clock`] as the SDK wants it, and the SDK's times as the platform wants them.
//!
//! On a drill's clock signing, skew correction and retry pauses follow the drill. Time-outs do not: they are the
//! wall's, and this room sets them itself.

use std::time::{Duration, SystemTime};

use aws_smithy_async::rt::sleep::{AsyncSleep, Sleep};
use aws_smithy_async::time::TimeSource;
use aws_smithy_types::DateTime;
use jiff::Timestamp;

use crate::clock::Clock;

/// A clock behind the SDK's two traits of time.
#[derive(Debug, Clone)]
pub(super) struct SdkClock(pub Clock);

impl TimeSource for SdkClock {
    fn now(&self) -> SystemTime {
        let since_epoch = Duration::try_from(self.0.now().duration_since(Timestamp::UNIX_EPOCH)).unwrap_or_default();
        SystemTime::UNIX_EPOCH + since_epoch
    }
}

impl AsyncSleep for SdkClock {
    fn sleep(&self, span: Duration) -> Sleep {
        let clock = self.0.clone();
        Sleep::new(async move { clock.sleep(span).await })
    }
}

/// An SDK time; `None` when it lies outside of what a [`Timestamp`] can hold.
pub(super) fn timestamp(at: &DateTime) -> Option<Timestamp> {
    Timestamp::new(at.secs(), i32::try_from(at.subsec_nanos()).ok()?).ok()
}

/// The time of something that must have one. What comes without is dated to the epoch: never mistaken for recent.
pub(super) fn timestamp_or_epoch(at: Option<&DateTime>) -> Timestamp {
    at.and_then(timestamp).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// A [`Timestamp`] for the SDK, to the second.
pub(super) fn date_time(at: Timestamp) -> DateTime {
    DateTime::from_secs(at.as_second())
}
