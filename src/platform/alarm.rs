//! CloudWatch's own alarms, as `DescribeAlarms` and `DescribeAlarmHistory` tell them: those of Application Auto Scaling
//! and those that people have made.
//!
//! Absent on purpose: the policy's alarm rules, which are judged here and not in AWS (`policy::alerts`).

use std::borrow::Cow;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Platform;
use super::ids::ServiceId;
use super::moment::Moment;

/// What an alarm says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AlarmState {
    /// The threshold is crossed.
    Alarm,
    /// Too few points to say.
    InsufficientData,
    /// It is not crossed.
    Ok,
    /// A word this version does not know.
    Unknown(String),
}

/// One metric alarm.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Alarm {
    /// Its name, unique in the account and region.
    pub name: String,
    /// What it says.
    pub state: AlarmState,
    /// Since when.
    #[schemars(with = "Moment")]
    pub since: Timestamp,
    /// AWS's words for why.
    #[serde(default)]
    pub reason: String,
    /// CloudWatch's namespace and name, as in `AWS/ECS CPUUtilization`; empty for an expression over several.
    #[serde(default)]
    pub metric: String,
    /// Its dimensions by name.
    #[serde(default)]
    pub dimensions: Vec<(String, String)>,
    /// The value it is compared with; `None` where that is a band or an expression.
    #[serde(default)]
    pub threshold: Option<f64>,
    /// Whether the threshold is crossed upwards: `false` for "less than".
    pub above: bool,
    /// Seconds of one period.
    pub period_s: u32,
    /// Periods that have to breach, of how many.
    pub periods: (u32, u32),
    /// Whether its actions are carried out.
    pub actions_enabled: bool,
    /// How many actions going into the alarm state has.
    pub actions: u32,
    /// When this was learnt.
    #[schemars(with = "Moment")]
    pub learnt: Timestamp,
}

/// A turn of an alarm from one state to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AlarmTurn {
    /// The alarm's name.
    pub alarm: String,
    /// When.
    #[schemars(with = "Moment")]
    pub at: Timestamp,
    /// Before.
    pub from: AlarmState,
    /// After.
    pub to: AlarmState,
}

impl Alarm {
    /// The service whose target tracking made it and acts on it: Application Auto Scaling names its alarms
    /// `TargetTracking-service/<cluster>/<service>-AlarmHigh-…` (AWS documentation, "Target tracking scaling policies",
    /// on the alarms it creates).
    pub fn tracks(&self) -> Option<ServiceId> {
        let rest = self.name.strip_prefix("TargetTracking-")?;
        let end = rest.find("-AlarmHigh-").or_else(|| rest.find("-AlarmLow-"))?;
        ServiceId::from_resource_id(&rest[..end])
    }

    /// The name without what no one reads: of an autoscaler's alarm the service, the direction and the metric, as in
    /// `web AlarmHigh CPUUtilization`; of every other one the name as it stands. Hostile characters and all.
    pub fn short(&self) -> Cow<'_, str> {
        let Some(service) = self.tracks() else { return Cow::Borrowed(&self.name) };
        let way = if self.name.contains("-AlarmHigh-") { "AlarmHigh" } else { "AlarmLow" };
        let metric = self.metric.rsplit(' ').next().unwrap_or_default();
        Cow::Owned(format!("{} {way} {metric}", service.service).trim_end().to_owned())
    }
}

impl Platform {
    /// What the alarm of a name is called in short: [`Alarm::short`], or the name where it is not known.
    pub fn alarm_called<'a>(&'a self, name: &'a str) -> Cow<'a, str> {
        self.alarms.get(name).map_or(Cow::Borrowed(name), |alarm| alarm.short())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_autoscalers_alarm_names_its_service() {
        let alarm = |name: &str| Alarm {
            name: name.to_owned(),
            state: AlarmState::Ok,
            since: Timestamp::UNIX_EPOCH,
            reason: String::new(),
            metric: String::new(),
            dimensions: Vec::new(),
            threshold: None,
            above: true,
            period_s: 60,
            periods: (3, 3),
            actions_enabled: true,
            actions: 1,
            learnt: Timestamp::UNIX_EPOCH,
        };
        for (name, service) in [
            ("TargetTracking-service/prod/web-AlarmHigh-1b2c", Some(ServiceId::new("prod", "web"))),
            ("TargetTracking-service/prod/web-AlarmLow-1b2c", Some(ServiceId::new("prod", "web"))),
            ("TargetTracking-table/orders-AlarmLow-1b2c", None),
            ("solosuccess-ai-service-cpu", None),
            ("TargetTracking-service/prod", None),
        ] {
            assert_eq!(alarm(name).tracks(), service, "{name}");
        }
        let high = Alarm {
            metric: "AWS/ECS CPUUtilization".to_owned(),
            ..alarm("TargetTracking-service/prod/web-AlarmHigh-1b2c")
        };
        assert_eq!(high.short(), "web AlarmHigh CPUUtilization");
        assert_eq!(alarm("TargetTracking-service/prod/web-AlarmLow-1b2c").short(), "web AlarmLow");
        assert_eq!(alarm("solosuccess-ai-service-cpu").short(), "solosuccess-ai-service-cpu");
    }
}
