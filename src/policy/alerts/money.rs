//! The alarms of money: a day over its budget, a day that cost unusually much, resources that are hardly used.
//!
//! Absent on purpose: a history to replay. A figure holds until the next one comes, which is hours later.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Alert, AlertEvidence, AlertRule, AlertState, Subject};
use crate::platform::Platform;
use crate::platform::spend::Dollars;
use crate::policy::knobs::AlarmPolicy;

/// Adds the alarms of what is known of the money; of what is not known there is none.
pub(super) fn alerts(platform: &Platform, alarms: &AlarmPolicy, alerts: &mut Vec<Alert>) {
    let Some(spend) = &platform.spend else { return };
    let mut add = |rule, subject, fires, at, evidence| {
        let state = if fires { AlertState::Firing { since: at } } else { AlertState::Clear };
        alerts.push(Alert { rule, subject, state, blind: false, evidence });
    };
    if let Some(budget) = alarms.daily_budget_usd {
        let over = |cost: Dollars| cost.0 > budget * (1.0 + alarms.budget_percent / 100.0);
        let against = Dollars(budget);
        if let Some(last) = &spend.last_day {
            let evidence = AlertEvidence::Cost { day: last.day, cost: last.cost, against };
            add(AlertRule::BudgetLastDay, Subject::Money, over(last.cost), last.learnt, evidence);
        }
        if let Some(today) = &spend.today {
            let day = today.at.to_zoned_datetime(TimeZone::UTC).date();
            let evidence = AlertEvidence::Cost { day, cost: today.cost, against };
            add(AlertRule::BudgetToday, Subject::Money, over(today.cost), today.at, evidence);
        }
    }
    if let Some(spike) = &spend.spike {
        let ended = spike.day.tomorrow().ok().and_then(|day| day.to_zoned_datetime(TimeZone::UTC).ok());
        let ended = ended.map_or(Timestamp::MAX, |day| day.timestamp());
        let evidence = AlertEvidence::Cost { day: spike.day, cost: spike.cost, against: spike.expected };
        add(AlertRule::CostSpike, Subject::Money, true, ended, evidence);
    }
    for idle in spend.idle.iter().flatten() {
        let evidence = AlertEvidence::Idle { why: idle.why.clone(), cost: idle.cost };
        add(AlertRule::Underutilized, Subject::Resource(idle.resource.clone()), true, idle.since, evidence);
    }
}

#[cfg(test)]
mod tests;
