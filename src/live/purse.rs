//! Watches the run rate and judges the money: every minute, and at once when a bill or weeks of hours have come.
//!
//! The platform is told by a reading, as of everything else. Absent on purpose: asking anybody.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::aws::pace;
use crate::platform::{Bill, Fact, Platform, Reading, Source, Weeks};
use crate::policy::Policy;
use crate::policy::money::{self, Money, Watch, run_rate::run_rate};

/// How often the run rate is looked at: what is added up over a day is no further off than a change lasts so long.
const LOOK_EVERY: SignedDuration = SignedDuration::from_secs(5);

/// What runs must have been read within this to be counted on.
const FRESH: SignedDuration = SignedDuration::from_mins(5);

/// What is known of the money while the program runs.
#[derive(Default)]
pub(super) struct Purse {
    watch: Watch,
    money: Option<Arc<Money>>,
    looked: Option<Timestamp>,
    judged: Option<Timestamp>,
    /// What it was judged on.
    from: (Option<Arc<Bill>>, Option<Arc<Weeks>>),
}

impl Purse {
    /// The newest judgement.
    pub(super) fn money(&self) -> Option<Arc<Money>> {
        self.money.clone()
    }

    /// Looks, and judges if that is due.
    pub(super) fn look(&mut self, platform: &mut Platform, policy: &Policy, now: Timestamp) {
        if self.looked.is_some_and(|at| now < at + LOOK_EVERY) {
            return;
        }
        self.looked = Some(now);
        let rate = run_rate(platform, &policy.prices, now);
        if rate.learnt.is_some_and(|learnt| now < learnt + FRESH) {
            self.watch.saw(rate.hourly(), now);
        }
        let minute = SignedDuration::from_secs(i64::from(pace::cadence_s(Source::RunRate)));
        let due = self.judged.is_none_or(|at| now >= at + minute);
        let same = |a: Option<*const ()>, b: Option<*const ()>| a == b;
        let bill = |bill: &Option<Arc<Bill>>| bill.as_ref().map(|bill| Arc::as_ptr(bill).cast::<()>());
        let weeks = |weeks: &Option<Arc<Weeks>>| weeks.as_ref().map(|weeks| Arc::as_ptr(weeks).cast::<()>());
        let same = same(bill(&platform.bill), bill(&self.from.0)) && same(weeks(&platform.weeks), weeks(&self.from.1));
        if platform.listed.is_none() || (!due && same) {
            return;
        }
        self.judged = Some(now);
        self.from = (platform.bill.clone(), platform.weeks.clone());
        let money = money::judge(platform, policy, &self.watch, now);
        let fact = Fact::Spend(money.spend());
        let cadence_s = pace::cadence_s(Source::RunRate);
        platform.apply(Reading { source: Source::RunRate, asked: now, cadence_s, fact }, now);
        self.money = Some(Arc::new(money));
    }
}
