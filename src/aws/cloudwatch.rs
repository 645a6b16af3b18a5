//! `CloudWatch`: the values of metrics.

use aws_sdk_cloudwatch::Client;
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
        self.metric_data(self.cloudwatch(), question).await
    }

    /// Asks for the values of CloudFront's metrics, where they are published.
    pub async fn edge_metrics(&self, question: &Question) -> Result<Answer, Failure> {
        self.metric_data(self.edge(), question).await
    }

    async fn metric_data(&self, from: &Client, question: &Question) -> Result<Answer, Failure> {
        let queries: Vec<MetricDataQuery> =
            question.keys.iter().enumerate().filter_map(|(index, key)| query(index, key)).collect();
        if queries.is_empty() {
            return Ok(Answer::default());
        }
        self.count_metrics(queries.len());
        let results = pages(|token| {
            let page = self.ask(
                Call::GetMetricData,
                from.get_metric_data()
                    .start_time(date_time(question.start))
                    .end_time(date_time(question.end))
                    .scan_by(ScanBy::TimestampAscending)
                    .set_metric_data_queries(Some(queries.clone()))
                    .set_next_token(token)
                    .send(),
            );
            async {
                let page = page.await?;
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
pub(super) fn id(index: usize) -> String {
    format!("m{index}")
}

pub(super) fn index(id: &str) -> Option<usize> {
    id.strip_prefix('m')?.parse().ok()
}

/// The query of a metric, one-minute periods; `None` for a resource whose ARN names no dimension.
fn query(index: usize, key: &MetricKey) -> Option<MetricDataQuery> {
    let row = key.metric.row();
    query_of(index, key, row.statistic, 60)
}

/// The query of a metric by another statistic and over other periods, in seconds.
pub(super) fn query_of(index: usize, key: &MetricKey, statistic: &str, period_s: i32) -> Option<MetricDataQuery> {
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
        Resource::Database(database) => vec![dimension("DBInstanceIdentifier", database.as_str())],
        Resource::CacheNode(node) => vec![dimension("CacheClusterId", node.as_str())],
        Resource::Distribution(id) => vec![dimension("DistributionId", id.as_str()), dimension("Region", "Global")],
    };
    let metric =
        Metric::builder().namespace(row.namespace).metric_name(row.name).set_dimensions(Some(dimensions)).build();
    let stat = MetricStat::builder().metric(metric).period(period_s).stat(statistic).build();
    Some(MetricDataQuery::builder().id(id(index)).metric_stat(stat).return_data(true).build())
}

#[cfg(test)]
mod tests {
    use minicbor::Encoder;
    use minicbor::data::IanaTag;

    use super::super::canned::{NOW, Reply, doors, times};
    use super::super::planner::Planner;
    use super::*;
    use crate::platform::{LoadBalancerId, MetricId, ServiceId, TargetGroupArn};

    /// Id, status, and (minute, value) points.
    type Canned<'a> = (&'a str, &'a str, &'a [(i64, f64)]);

    /// A page of results.
    fn page(results: &[Canned<'_>], next: Option<&str>) -> Reply {
        let mut cbor = Encoder::new(Vec::new());
        cbor.begin_map().unwrap().str("MetricDataResults").unwrap().array(results.len() as u64).unwrap();
        for (id, status, points) in results {
            cbor.map(4).unwrap().str("Id").unwrap().str(id).unwrap().str("StatusCode").unwrap().str(status).unwrap();
            cbor.str("Timestamps").unwrap().array(points.len() as u64).unwrap();
            for (minute, _) in *points {
                cbor.tag(IanaTag::Timestamp).unwrap().f64((NOW + minute * 60) as f64).unwrap();
            }
            cbor.str("Values").unwrap().array(points.len() as u64).unwrap();
            for (_, value) in *points {
                cbor.f64(*value).unwrap();
            }
        }
        if let Some(next) = next {
            cbor.str("NextToken").unwrap().str(next).unwrap();
        }
        cbor.end().unwrap();
        Reply::Http(200, cbor.into_writer())
    }

    fn question() -> Question {
        let id = ServiceId::new("prod", "api");
        let group = TargetGroupArn::new("arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/api/0a");
        let balancer = LoadBalancerId::new("app/front/0b");
        let keys = [
            MetricKey::service(&id, MetricId::ServiceCpu),
            MetricKey { resource: Resource::TargetGroup(balancer.clone(), group), metric: MetricId::RequestsPerTarget },
            MetricKey { resource: Resource::LoadBalancer(balancer), metric: MetricId::Elb5xx },
        ];
        Planner::default().plan(&keys, Timestamp::from_second(NOW).unwrap()).remove(0)
    }

    #[tokio::test(start_paused = true)]
    async fn pages_are_joined_and_partial_is_told_from_missing() {
        let (reader, _, log) = doors(|asked| {
            if String::from_utf8_lossy(&asked.body).contains("page-2") {
                page(&[("m0", "Complete", &[(-1, 72.0)]), ("m2", "InternalError", &[])], None)
            } else {
                page(&[("m0", "PartialData", &[(-2, 71.0)]), ("m1", "Complete", &[])], Some("page-2"))
            }
        })
        .await;
        let question = question();
        let answer = reader.metrics(&question).await.unwrap();
        let minute = |n: i64| Timestamp::from_second(NOW + n * 60).unwrap();
        assert_eq!(answer.points[0].1, [(minute(-2), 71.0), (minute(-1), 72.0)]);
        assert_eq!(answer.points[1].1, [], "complete without a point: missing");
        assert_eq!(answer.incomplete, question.keys[2..], "an internal error: unknown");
        assert_eq!(times(&log, "GetMetricData"), 2);
        let first = String::from_utf8_lossy(&log.lock().unwrap()[0].body).into_owned();
        for word in ["AWS/ECS", "ServiceName", "targetgroup/api/0a", "app/front/0b", "HTTPCode_ELB_5XX_Count"] {
            assert!(first.contains(word), "{word}");
        }
        let meter = reader.meter();
        assert_eq!((meter.metrics_total, meter.calls_per_minute()), (3, 2));
        assert!((meter.dollars_per_hour() - 3.0 * 60.0 * 0.000_01).abs() < 1e-12);
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_to_another_question_is_a_fault() {
        for id in ["m3", "x", "m99999999999999999999"] {
            let (reader, _, _) = doors(move |_| page(&[(id, "Complete", &[])], None)).await;
            assert!(matches!(reader.metrics(&question()).await, Err(Failure::Faulty { .. })), "{id}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_endpoint_that_speaks_no_cbor_is_a_fault() {
        let (reader, _, _) = doors(|_| super::super::canned::text(404, "<html>not found</html>")).await;
        let failure = reader.metrics(&question()).await.unwrap_err();
        assert!(
            matches!(&failure, Failure::Faulty { detail } if detail.contains("cloudwatch:GetMetricData")),
            "{failure}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn errors_in_cbor_have_their_kinds_too() {
        let error = |code: &str| {
            let mut cbor = Encoder::new(Vec::new());
            cbor.map(2).unwrap().str("__type").unwrap().str(code).unwrap();
            cbor.str("message").unwrap().str("x is not authorized to perform: cloudwatch:GetMetricData").unwrap();
            Reply::Http(400, cbor.into_writer())
        };
        let table = [
            ("ThrottlingException", Failure::Throttled),
            ("com.amazonaws.cloudwatch#AccessDenied", Failure::Denied { action: "cloudwatch:GetMetricData".into() }),
        ];
        for (code, failure) in table {
            let reply = error(code);
            let (reader, _, _) = doors(move |_| reply.clone()).await;
            assert_eq!(reader.metrics(&question()).await, Err(failure), "{code}");
            assert_eq!(reader.meter().throttled() > 0, code.starts_with("Throttl"));
        }
    }
}
