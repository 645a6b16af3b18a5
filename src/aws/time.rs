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

/// An SDK time, to the millisecond: AWS's JSON carries times as floating point, whose last digits are noise. `None` when
/// it lies outside of what a [`Timestamp`] can hold.
pub(super) fn timestamp(at: &DateTime) -> Option<Timestamp> {
    let millis = i64::from(at.subsec_nanos().saturating_add(500_000) / 1_000_000);
    Timestamp::from_millisecond(at.secs().checked_mul(1_000)?.checked_add(millis)?).ok()
}

/// The time of something that must have one. What comes without is dated to the epoch: never mistaken for recent.
pub(super) fn timestamp_or_epoch(at: Option<&DateTime>) -> Timestamp {
    at.and_then(timestamp).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// A [`Timestamp`] for the SDK, to the second.
pub(super) fn date_time(at: Timestamp) -> DateTime {
    DateTime::from_secs(at.as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_lose_the_noise_of_floating_point_and_nothing_else() {
        let noisy = DateTime::from_secs_and_nanos(1_795_570_029, 255_000_114);
        assert_eq!(timestamp(&noisy).unwrap().as_millisecond(), 1_795_570_029_255);
        let almost = DateTime::from_secs_and_nanos(9, 999_999_999);
        assert_eq!(timestamp(&almost), Timestamp::from_second(10).ok());
        let before = DateTime::from_secs_f64(-1.25);
        assert_eq!(timestamp(&before).unwrap().as_millisecond(), -1_250);
        assert_eq!(timestamp(&DateTime::from_secs(i64::MAX)), None);
    }

    #[test]
    fn the_sdk_sees_the_clocks_time() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let start = Timestamp::from_second(1_800_000_000).unwrap();
            let clock = SdkClock(Clock::paced(start, 60.0));
            clock.sleep(Duration::from_secs(30)).await;
            assert_eq!(clock.now(), SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_030));
        });
    }
}
