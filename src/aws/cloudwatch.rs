//! `CloudWatch`: the values of metrics.

use aws_sdk_cloudwatch::types::{Dimension, Metric, MetricDataQuery, MetricStat, ScanBy, StatusCode};
use jiff::Timestamp;

use super::failure::Failure;
use super::pace::Call;
use super::planner::Question;
use super::reader::{Reader, pages};
use super::time::{date_time, timestamp};
use crate::platform::MetricKey;
use crate::platform::metric::Resource;

/// What a question about metrics brought.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Answer {
    /// Points by metric, each dated with the start of its minute. A metric without any is here with none: that is
    /// "no datapoint", which is not the same as incomplete.
    pub points: Vec<(MetricKey, Vec<(Timestamp, f64)>)>,
    /// Metrics that `CloudWatch` itself says it has not answered in full. Their points are good; what is not there is
    /// unknown, not missing.
    pub incomplete: Vec<MetricKey>,
}

impl Reader {
    /// Asks for the values of metrics, following pages to the end.
    pub async fn metrics(&self, question: &Question) -> Result<Answer, Failure> {
        let queries: Vec<MetricDataQuery> =
            question.keys.iter().enumerate().filter_map(|(index, key)| query(index, key)).collect();
        if queries.is_empty() {
            return Ok(Answer::default());
        }
        self.count_metrics(queries.len());
        let results = pages(|token| {
            let page = self
                .cloudwatch()
                .get_metric_data()
                .start_time(date_time(question.start))
                .end_time(date_time(question.end))
                .scan_by(ScanBy::TimestampAscending)
                .set_metric_data_queries(Some(queries.clone()))
                .set_next_token(token)
                .send();
            async {
                let page = self.ask(Call::GetMetricData, page).await?;
                Ok((page.metric_data_results.unwrap_or_default(), page.next_token))
            }
        })
        .await?;

        // A series may come in parts, page by page; the last part's status is the one that counts. One that never comes
        // is incomplete.
        let mut points: Vec<Vec<(Timestamp, f64)>> = vec![Vec::new(); question.keys.len()];
        let mut complete = vec![false; question.keys.len()];
        for result in results {
            let Some(index) = result.id.as_deref().and_then(index).filter(|index| *index < points.len()) else {
                return Err(Failure::faulty("cloudwatch:GetMetricData answered a question that was not asked"));
            };
            let (at, values) = (result.timestamps.unwrap_or_default(), result.values.unwrap_or_default());
            points[index].extend(at.iter().zip(values).filter_map(|(at, value)| Some((timestamp(at)?, value))));
            complete[index] = result.status_code == Some(StatusCode::Complete);
        }
        let incomplete = question.keys.iter().zip(complete).filter(|(_, complete)| !complete);
        Ok(Answer {
            incomplete: incomplete.map(|(key, _)| key.clone()).collect(),
            points: question.keys.iter().cloned().zip(points).collect(),
        })
    }
}

/// The id of a query: `m0`, `m1`, …
fn id(index: usize) -> String {
    format!("m{index}")
}

fn index(id: &str) -> Option<usize> {
    id.strip_prefix('m')?.parse().ok()
}

/// The query of a metric, one-minute periods; `None` for a resource whose ARN names no dimension.
fn query(index: usize, key: &MetricKey) -> Option<MetricDataQuery> {
    let row = key.metric.row();
    let dimension = |name: &str, value: &str| Dimension::builder().name(name).value(value).build();
    let dimensions = match &key.resource {
        Resource::Service(service) => {
            vec![dimension("ClusterName", service.cluster.as_str()), dimension("ServiceName", service.service.as_str())]
        }
        Resource::TargetGroup(balancer, group) => {
            vec![dimension("TargetGroup", group.dimension()?), dimension("LoadBalancer", balancer.as_str())]
        }
        Resource::LoadBalancer(balancer) => vec![dimension("LoadBalancer", balancer.as_str())],
    };
    let metric =
        Metric::builder().namespace(row.namespace).metric_name(row.name).set_dimensions(Some(dimensions)).build();
    let stat = MetricStat::builder().metric(metric).period(60).stat(row.statistic).build();
    Some(MetricDataQuery::builder().id(id(index)).metric_stat(stat).return_data(true).build())
}
