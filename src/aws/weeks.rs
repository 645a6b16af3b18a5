//! `CloudWatch` hour by hour, for weeks: what sizes and floors are judged by, and the users that a bill is divided by.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use aws_sdk_cloudwatch::types::{Dimension, Metric, MetricDataQuery, MetricStat, ScanBy};
use jiff::{SignedDuration, Timestamp};

use super::cloudwatch::{id, index, query_of};
use super::failure::Failure;
use super::pace::Call;
use super::reader::{Reader, pages};
use super::time::{date_time, timestamp};
use crate::platform::metric::Resource;
use crate::platform::weeks::{HourKey, Hours, KEPT_HOURS, Weeks, hour_of};

/// Queries of one question: an hour a point, two weeks of 200 stay under AWS's 100,800 points an answer.
const AT_ONCE: usize = 200;

/// The metric that counts users: a namespace, a name, a statistic and dimensions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsersMetric {
    namespace: String,
    name: String,
    statistic: String,
    dimensions: Vec<(String, String)>,
}

impl FromStr for UsersMetric {
    type Err = String;

    /// `NAMESPACE:NAME:STATISTIC[:DIMENSION=VALUE]…`, as in `App:ActiveUsers:Maximum`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const SHAPE: &str = "a metric is NAMESPACE:NAME:STATISTIC[:DIMENSION=VALUE], as in App:ActiveUsers:Maximum";
        const STATISTICS: [&str; 5] = ["Average", "Maximum", "Minimum", "SampleCount", "Sum"];
        let mut parts = text.split(':');
        let mut next = || parts.next().filter(|part| !part.is_empty()).map(str::to_owned).ok_or(SHAPE);
        let (namespace, name, statistic) = (next()?, next()?, next()?);
        if !STATISTICS.contains(&statistic.as_str()) {
            return Err(format!("`{statistic}` is no statistic: {}", STATISTICS.join(", ")));
        }
        let dimensions = parts.map(|part| part.split_once('=').map(|(k, v)| (k.to_owned(), v.to_owned())).ok_or(SHAPE));
        Ok(Self { namespace, name, statistic, dimensions: dimensions.collect::<Result<_, _>>()? })
    }
}

impl fmt::Display for UsersMetric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ({})", self.namespace, self.name, self.statistic)
    }
}

impl UsersMetric {
    /// One value a day.
    fn query(&self, index: usize) -> MetricDataQuery {
        let dimensions =
            self.dimensions.iter().map(|(name, value)| Dimension::builder().name(name).value(value).build()).collect();
        let metric = Metric::builder()
            .namespace(&self.namespace)
            .metric_name(&self.name)
            .set_dimensions(Some(dimensions))
            .build();
        let stat = MetricStat::builder().metric(metric).period(86_400).stat(&self.statistic).build();
        MetricDataQuery::builder().id(id(index)).metric_stat(stat).return_data(true).build()
    }
}

impl Reader {
    /// Two weeks of hours of every measure of these resources, up to the last full hour, and of the users.
    pub async fn weeks(&self, resources: &[Resource], users: Option<&UsersMetric>) -> Result<Weeks, Failure> {
        let learnt = self.now();
        let end = Timestamp::from_second(hour_of(learnt) * 3600).unwrap_or(learnt);
        let start = end.checked_sub(SignedDuration::from_hours(KEPT_HOURS)).unwrap_or(end);
        let keys: Vec<HourKey> = resources.iter().flat_map(HourKey::of).collect();
        let mut hours: BTreeMap<HourKey, Hours> = BTreeMap::new();
        for keys in keys.chunks(AT_ONCE) {
            let query = |(at, key): (usize, &HourKey)| {
                let (metric, statistic) = key.question()?;
                query_of(at, &metric, statistic, 3600)
            };
            let points = self.points(keys.iter().enumerate().filter_map(query).collect(), start, end).await?;
            for (at, (time, value)) in points {
                let key = keys.get(at).ok_or_else(|| Failure::faulty("hours of a metric that was not asked for"))?;
                if value.is_finite() {
                    hours.entry(key.clone()).or_default().insert(hour_of(time), value);
                }
            }
        }
        let users = match users {
            None => None,
            Some(metric) => {
                let midnight = Timestamp::from_second(start.as_second().div_euclid(86_400) * 86_400).unwrap_or(start);
                let points = self.points(vec![metric.query(0)], midnight, end).await?;
                let day = |at: Timestamp| at.as_second().div_euclid(86_400);
                Some(
                    points
                        .into_iter()
                        .map(|(_, (at, value))| (day(at), value))
                        .filter(|(_, v)| v.is_finite())
                        .collect(),
                )
            }
        };
        Ok(Weeks { hours, users, learnt })
    }

    /// The points of queries, by the query's index.
    async fn points(
        &self,
        queries: Vec<MetricDataQuery>,
        start: Timestamp,
        end: Timestamp,
    ) -> Result<Vec<(usize, (Timestamp, f64))>, Failure> {
        if queries.is_empty() {
            return Ok(Vec::new());
        }
        self.count_metrics(queries.len());
        let results = pages(|token| {
            let question = self
                .cloudwatch()
                .get_metric_data()
                .start_time(date_time(start))
                .end_time(date_time(end))
                .scan_by(ScanBy::TimestampAscending)
                .set_metric_data_queries(Some(queries.clone()))
                .set_next_token(token);
            let page = self.ask(Call::GetMetricData, question.send());
            async {
                let page = page.await?;
                Ok((page.metric_data_results.unwrap_or_default(), page.next_token))
            }
        })
        .await?;
        let mut all = Vec::new();
        for result in results {
            let Some(at) = result.id.as_deref().and_then(index) else {
                return Err(Failure::faulty("cloudwatch:GetMetricData answered a question that was not asked"));
            };
            let (times, values) = (result.timestamps.unwrap_or_default(), result.values.unwrap_or_default());
            all.extend(times.iter().zip(values).filter_map(|(time, value)| Some((at, (timestamp(time)?, value)))));
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_of_users_is_read_and_a_slip_is_told() {
        let metric: UsersMetric = "App:ActiveUsers:Maximum:Stage=prod".parse().unwrap();
        assert_eq!(metric.to_string(), "App ActiveUsers (Maximum)");
        assert_eq!(metric.dimensions, [("Stage".to_owned(), "prod".to_owned())]);
        let wrong = |text: &str| text.parse::<UsersMetric>().unwrap_err();
        assert!(wrong("App:ActiveUsers").contains("NAMESPACE:NAME:STATISTIC"));
        assert_eq!(wrong("App:Users:Most"), "`Most` is no statistic: Average, Maximum, Minimum, SampleCount, Sum");
    }
}
