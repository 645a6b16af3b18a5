//! The words for people on alarms.

use jiff::Timestamp;

use super::{Alert, AlertEvidence, AlertRule, AlertState, REPLAYED};
use crate::platform::MetricId;
use crate::platform::spend::Dollars;
use crate::policy::sentence::{amount, filled, held, many, share, share_beside, span, thousands};

impl Alert {
    /// What is wrong and since when: "cpu above 90 % for 10m: firing for 4m", "5XX 1.4 % of 3,700 requests (balancer 12,
    /// targets 40), limit 1 %: clear".
    pub fn sentence(&self, now: Timestamp) -> String {
        format!("{}: {}", self.what(), self.standing(now))
    }

    /// What it is about, in the values it was judged on.
    pub fn what(&self) -> String {
        match &self.evidence {
            AlertEvidence::Level { metric: MetricId::DatabaseConnections, threshold, window, .. } => {
                format!("connections above {} of the most for {}", share(*threshold), held(window.need_s))
            }
            AlertEvidence::Level { metric: MetricId::ReplicaLag, value: Some(lag), .. } if *lag < 0.0 => {
                "replication is broken".to_owned()
            }
            AlertEvidence::Level { metric, threshold, window, .. } => {
                let label = if *metric == MetricId::ReplicaLag { "lag" } else { "cpu" };
                format!("{label} above {} for {}", amount(*metric, *threshold), held(window.need_s))
            }
            AlertEvidence::Errors { balancer, targets, requests, threshold } => {
                let share = if *requests > 0.0 { (balancer + targets) / requests * 100.0 } else { 0.0 };
                let requests = thousands(&format!("{requests:.0}"));
                let (share, limit) = (share_beside(share, *threshold), self::share(*threshold));
                format!(
                    "5XX {share} of {requests} requests (balancer {balancer:.0}, targets {targets:.0}), limit {limit}"
                )
            }
            AlertEvidence::Healthy { count: Some(0), .. } => {
                "no healthy target, so the balancer sends requests to all of them".to_owned()
            }
            AlertEvidence::Healthy { count: Some(count), .. } => format!("{} healthy", many(*count, "target")),
            AlertEvidence::Healthy { count: None, .. } => "healthy targets unknown".to_owned(),
            AlertEvidence::Lookups { lookups: 0.0, .. } => "no look-ups in the window".to_owned(),
            AlertEvidence::Lookups { hits, lookups, threshold } => {
                let rate = share_beside(hits / lookups * 100.0, *threshold);
                let lookups = thousands(&format!("{lookups:.0}"));
                format!("hit rate {rate} of {lookups} look-ups, limit {}", share(*threshold))
            }
            AlertEvidence::Cost { day, cost, against } => match self.rule {
                AlertRule::CostSpike => {
                    format!("{day} cost {}, {} was to be expected", dollars(*cost), dollars(*against))
                }
                AlertRule::BudgetToday => {
                    format!("today is heading for {} of {} (run rate)", dollars(*cost), dollars(*against))
                }
                _ => format!("{day} cost {} of {} (Cost Explorer)", dollars(*cost), dollars(*against)),
            },
            AlertEvidence::Idle { why, cost } => format!("hardly used: {why}, {} a day", dollars(*cost)),
            AlertEvidence::NoData => "no metric has data for 5m".to_owned(),
        }
    }

    /// Whether it fires and since when, or how far it is from that: "firing for 4m", "7m of 15m", "clear".
    pub fn standing(&self, now: Timestamp) -> String {
        let state = match (self.state, &self.evidence) {
            (AlertState::Firing { since }, evidence) => {
                let seconds = now.as_second() - since.as_second();
                let replayed = !matches!(evidence, AlertEvidence::Cost { .. } | AlertEvidence::Idle { .. });
                let or_longer = if replayed && seconds >= REPLAYED as i64 * 60 { " or longer" } else { "" };
                format!("firing for {}{or_longer}", span(seconds))
            }
            (AlertState::Filling, AlertEvidence::Level { window, .. }) => filled(window.held_s, window.need_s),
            (AlertState::Filling, _) => "filling".to_owned(),
            (AlertState::Clear, _) => "clear".to_owned(),
            (AlertState::Unknown, _) => "cannot tell".to_owned(),
        };
        let blind = if self.blind { ", blind now" } else { "" };
        format!("{state}{blind}")
    }
}

fn dollars(amount: Dollars) -> String {
    format!("${}", thousands(&format!("{:.2}", amount.0)))
}
