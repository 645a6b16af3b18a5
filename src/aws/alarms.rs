//! `CloudWatch`'s own alarms – the autoscaler's and those that people have made – and how they turned lately.
//!
//! Absent on purpose: composite alarms, which say nothing that those they are made of do not.

use aws_sdk_cloudwatch::types::{self, AlarmType, ComparisonOperator, HistoryItemType, ScanBy, StateValue};
use jiff::Timestamp;
use serde::Deserialize;

use super::failure::Failure;
use super::pace::Call;
use super::reader::{Reader, list, pages};
use super::time::{date_time, timestamp, timestamp_or_epoch};
use crate::platform::{Alarm, AlarmState, AlarmTurn};

/// The page size of the lists: AWS's largest.
const PAGE: i32 = 100;

/// The most turns that are read: an account whose alarms turn more often than that has no use for all of them.
const MOST_TURNS: usize = 500;

impl Reader {
    /// Every metric alarm of the account and region, by name.
    pub async fn alarms(&self) -> Result<Vec<Alarm>, Failure> {
        let learnt = self.now();
        let alarms = pages(|token| {
            let page = self.ask(
                Call::DescribeAlarms,
                self.cloudwatch()
                    .describe_alarms()
                    .alarm_types(AlarmType::MetricAlarm)
                    .max_records(PAGE)
                    .set_next_token(token)
                    .send(),
            );
            async {
                let page = page.await?;
                Ok((list(page.metric_alarms, Call::DescribeAlarms)?, page.next_token))
            }
        })
        .await?;
        let mut alarms: Vec<Alarm> = alarms.into_iter().filter_map(|one| alarm(one, learnt)).collect();
        alarms.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(alarms)
    }

    /// How alarms turned since then, newest first; of very many, the newest.
    pub async fn alarm_turns(&self, since: Timestamp) -> Result<Vec<AlarmTurn>, Failure> {
        let mut read = 0;
        let items = pages(|token| {
            let page = self.ask(
                Call::DescribeAlarmHistory,
                self.cloudwatch()
                    .describe_alarm_history()
                    .alarm_types(AlarmType::MetricAlarm)
                    .history_item_type(HistoryItemType::StateUpdate)
                    .start_date(date_time(since))
                    .end_date(date_time(self.now()))
                    .scan_by(ScanBy::TimestampDescending)
                    .max_records(PAGE)
                    .set_next_token(token)
                    .send(),
            );
            read += PAGE as usize;
            let enough = read >= MOST_TURNS;
            async move {
                let page = page.await?;
                let items = list(page.alarm_history_items, Call::DescribeAlarmHistory)?;
                Ok((items, page.next_token.filter(|_| !enough)))
            }
        })
        .await?;
        let mut turns: Vec<AlarmTurn> = items.into_iter().filter_map(turn).collect();
        turns.sort_by(|a, b| b.at.cmp(&a.at).then_with(|| a.alarm.cmp(&b.alarm)));
        Ok(turns)
    }
}

fn state(word: &str) -> AlarmState {
    match word {
        "ALARM" => AlarmState::Alarm,
        "INSUFFICIENT_DATA" => AlarmState::InsufficientData,
        "OK" => AlarmState::Ok,
        other => AlarmState::Unknown(other.to_owned()),
    }
}

/// An alarm; `None` for one without a name, which nothing can be said of.
fn alarm(alarm: types::MetricAlarm, learnt: Timestamp) -> Option<Alarm> {
    use ComparisonOperator as Is;
    let number = |n: Option<i32>| n.and_then(|n| u32::try_from(n).ok());
    let since = alarm.state_transitioned_timestamp.or(alarm.state_updated_timestamp);
    let of = number(alarm.evaluation_periods).unwrap_or(0);
    let metric = [alarm.namespace, alarm.metric_name].into_iter().flatten().collect::<Vec<_>>().join(" ");
    let below = matches!(
        alarm.comparison_operator,
        Some(Is::LessThanThreshold | Is::LessThanOrEqualToThreshold | Is::LessThanLowerThreshold)
    );
    let dimensions = alarm.dimensions.unwrap_or_default().into_iter();
    Some(Alarm {
        name: alarm.alarm_name.filter(|name| !name.is_empty())?,
        state: state(alarm.state_value.as_ref().map_or("", StateValue::as_str)),
        since: timestamp_or_epoch(since.as_ref()),
        reason: alarm.state_reason.unwrap_or_default(),
        metric,
        dimensions: dimensions.filter_map(|one| Some((one.name?, one.value?))).collect(),
        threshold: alarm.threshold.filter(|threshold| threshold.is_finite()),
        above: !below,
        period_s: number(alarm.period).unwrap_or(0),
        periods: (number(alarm.datapoints_to_alarm).unwrap_or(of), of),
        actions_enabled: alarm.actions_enabled.unwrap_or(false),
        actions: u32::try_from(alarm.alarm_actions.unwrap_or_default().len()).unwrap_or(u32::MAX),
        learnt,
    })
}

/// What AWS puts into the data of a turn, as far as it is looked at.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Turned {
    old_state: Turn,
    new_state: Turn,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Turn {
    state_value: String,
}

/// A turn; `None` for an item whose data cannot be read: it says nothing that a timeline could show.
fn turn(item: types::AlarmHistoryItem) -> Option<AlarmTurn> {
    let turned: Turned = serde_json::from_str(item.history_data.as_deref()?).ok()?;
    Some(AlarmTurn {
        alarm: item.alarm_name?,
        at: timestamp(item.timestamp.as_ref()?)?,
        from: state(&turned.old_state.state_value),
        to: state(&turned.new_state.state_value),
    })
}

#[cfg(test)]
mod tests {
    use minicbor::Encoder;
    use minicbor::data::IanaTag;

    use super::super::canned::{Asked, NOW, Reply, doors, text, times};
    use super::*;

    fn cbor(write: impl FnOnce(&mut Encoder<Vec<u8>>)) -> Reply {
        let mut encoder = Encoder::new(Vec::new());
        encoder.begin_map().unwrap();
        write(&mut encoder);
        encoder.end().unwrap();
        Reply::Http(200, encoder.into_writer())
    }

    fn words(encoder: &mut Encoder<Vec<u8>>, pairs: &[(&str, &str)]) {
        for (key, value) in pairs {
            encoder.str(key).unwrap().str(value).unwrap();
        }
    }

    fn time(encoder: &mut Encoder<Vec<u8>>, key: &str, ago_s: i64) {
        encoder.str(key).unwrap().tag(IanaTag::Timestamp).unwrap().f64((NOW - ago_s) as f64).unwrap();
    }

    fn alarms(asked: &Asked) -> Reply {
        let second = String::from_utf8_lossy(&asked.body).contains("more");
        cbor(|out| {
            out.str("MetricAlarms").unwrap().begin_array().unwrap();
            if second {
                out.begin_map().unwrap();
                words(out, &[("AlarmName", "b\u{1b}[31m"), ("StateValue", "DREAMING")]);
                out.str("Threshold").unwrap().f64(f64::NAN).unwrap();
                out.end().unwrap();
                out.begin_map().unwrap();
                words(out, &[("StateValue", "OK")]);
                out.end().unwrap();
            } else {
                out.begin_map().unwrap();
                let name = "TargetTracking-service/prod/web-AlarmLow-1";
                words(out, &[("AlarmName", name), ("StateValue", "ALARM"), ("Namespace", "AWS/ECS")]);
                words(out, &[("MetricName", "CPUUtilization"), ("ComparisonOperator", "LessThanThreshold")]);
                out.str("Threshold").unwrap().f64(63.0).unwrap().str("Period").unwrap().i32(60).unwrap();
                out.str("EvaluationPeriods")
                    .unwrap()
                    .i32(15)
                    .unwrap()
                    .str("ActionsEnabled")
                    .unwrap()
                    .bool(true)
                    .unwrap();
                out.str("AlarmActions").unwrap().array(1).unwrap().str("arn").unwrap();
                out.str("Dimensions").unwrap().array(1).unwrap().begin_map().unwrap();
                words(out, &[("Name", "ServiceName"), ("Value", "web")]);
                out.end().unwrap();
                time(out, "StateTransitionedTimestamp", 600);
                time(out, "StateUpdatedTimestamp", 60);
                out.end().unwrap();
            }
            out.end().unwrap();
            if !second {
                words(out, &[("NextToken", "more")]);
            }
        })
    }

    #[tokio::test(start_paused = true)]
    async fn alarms_say_what_they_watch_and_since_when() {
        let (reader, _, log) = doors(alarms).await;
        let alarms = reader.alarms().await.unwrap();
        assert_eq!((alarms.len(), times(&log, "DescribeAlarms")), (2, 2), "one without a name is left out");
        let low = &alarms[0];
        assert_eq!((low.tracks().unwrap().service.as_str(), &low.state), ("web", &AlarmState::Alarm));
        assert_eq!((low.metric.as_str(), low.threshold, low.above), ("AWS/ECS CPUUtilization", Some(63.0), false));
        assert_eq!((low.period_s, low.periods, low.actions_enabled, low.actions), (60, (15, 15), true, 1));
        assert_eq!((low.since.as_second(), low.dimensions.len()), (NOW - 600, 1), "the turn, not the last update");
        let odd = &alarms[1];
        assert_eq!((&odd.state, odd.threshold), (&AlarmState::Unknown("DREAMING".into()), None));
        assert_eq!((odd.since, odd.periods, odd.actions_enabled), (Timestamp::UNIX_EPOCH, (0, 0), false));
    }

    #[tokio::test(start_paused = true)]
    async fn turns_are_read_back_to_then_and_never_without_end() {
        let (reader, _, log) = doors(|asked| {
            let page = times_of(asked);
            cbor(|out| {
                out.str("AlarmHistoryItems").unwrap().array(3).unwrap();
                for (n, data) in [
                    r#"{"version":"1.0","oldState":{"stateValue":"OK","x":1},"newState":{"stateValue":"ALARM"}}"#,
                    r#"{"oldState":{}}"#,
                    "\u{1b}]0;x\u{7}",
                ]
                .into_iter()
                .enumerate()
                {
                    out.begin_map().unwrap();
                    words(out, &[("AlarmName", "a"), ("HistoryData", data)]);
                    time(out, "Timestamp", page * 10 + n as i64);
                    out.end().unwrap();
                }
                words(out, &[("NextToken", &format!("p{}", page + 1))]);
            })
        })
        .await;
        let turns = reader.alarm_turns(Timestamp::from_second(NOW - 10_800).unwrap()).await.unwrap();
        assert_eq!((turns.len(), times(&log, "DescribeAlarmHistory")), (5, 5), "what cannot be read is left out");
        assert_eq!((&turns[0].from, &turns[0].to, turns[0].at.as_second()), (&AlarmState::Ok, &AlarmState::Alarm, NOW));
        assert!(turns.is_sorted_by(|a, b| a.at > b.at));
    }

    /// The number of the page that is asked for.
    fn times_of(asked: &Asked) -> i64 {
        let body = String::from_utf8_lossy(&asked.body);
        (1..9).find(|n| body.contains(&format!("p{n}"))).unwrap_or(0)
    }

    #[tokio::test(start_paused = true)]
    async fn what_cannot_be_read_is_a_fault() {
        for garbage in ["", "{}", "<html/>", "\u{bf}\u{ff}"] {
            let (reader, _, _) = doors(move |_| text(200, garbage)).await;
            assert!(matches!(reader.alarms().await, Err(Failure::Faulty { .. })), "{garbage}");
            assert!(
                matches!(reader.alarm_turns(Timestamp::UNIX_EPOCH).await, Err(Failure::Faulty { .. })),
                "{garbage}"
            );
        }
    }
}
