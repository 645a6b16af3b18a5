//! CloudFront: the settings of every distribution, and whether it publishes its additional metrics.
//!
//! `ListDistributions` carries all the settings that the spec speaks of, so no distribution's configuration is asked for
//! alone. Absent on purpose: values of metrics, which are CloudWatch's, and any change: a distribution is only looked at.

use aws_sdk_cloudfront::types::{self, RealtimeMetricsSubscriptionStatus};
use jiff::Timestamp;

use super::failure::Failure;
use super::pace::Call;
use super::reader::{Partly, Reader, pages};
use crate::platform::distribution::{Behavior, Origin, OriginGroup};
use crate::platform::{Distribution, DistributionId};

/// The page size of the list: AWS's largest.
const PAGE: i32 = 100;

impl Reader {
    /// Every distribution there is, by id. Where it may not be read whether one publishes additional metrics, that is
    /// unknown, the reason is told beside, and the rest stands.
    pub async fn distributions(&self) -> Result<Partly<Vec<Distribution>>, Failure> {
        let learnt = self.now();
        let summaries = pages(|marker| {
            let question = self.cloudfront().list_distributions().max_items(PAGE).set_marker(marker).send();
            let page = self.ask(Call::ListDistributions, question);
            async {
                // An empty list has its size all the same; one that broke off does not, and must not empty the screen.
                let page = page.await?.distribution_list.filter(|page| page.max_items > 0);
                let Some(page) = page else {
                    return Err(Failure::faulty("cloudfront:ListDistributions answered without a list"));
                };
                Ok((page.items.unwrap_or_default(), page.next_marker.filter(|_| page.is_truncated)))
            }
        })
        .await?;
        let (mut known, mut missing) = (Vec::with_capacity(summaries.len()), None);
        for summary in summaries {
            let mut distribution = distribution(summary, learnt);
            distribution.additional_metrics = match self.additional_metrics(&distribution.id).await {
                Ok(has) => Some(has),
                Err(failure @ (Failure::Denied { .. } | Failure::Faulty { .. })) => {
                    missing = missing.or(Some(failure));
                    None
                }
                Err(failure) => return Err(failure),
            };
            known.push(distribution);
        }
        known.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(Partly { known, missing })
    }

    async fn additional_metrics(&self, id: &DistributionId) -> Result<bool, Failure> {
        let question = self.cloudfront().get_monitoring_subscription().distribution_id(id.as_str()).send();
        match self.ask(Call::GetMonitoringSubscription, question).await {
            Ok(answer) => {
                let config = answer.monitoring_subscription.and_then(|one| one.realtime_metrics_subscription_config);
                let status = config.map(|config| config.realtime_metrics_subscription_status);
                Ok(status == Some(RealtimeMetricsSubscriptionStatus::Enabled))
            }
            Err(Failure::Faulty { detail }) if detail.starts_with("NoSuchMonitoringSubscription") => Ok(false),
            Err(failure) => Err(failure),
        }
    }
}

fn distribution(summary: types::DistributionSummary, learnt: Timestamp) -> Distribution {
    let behaviors = summary.cache_behaviors.and_then(|all| all.items).unwrap_or_default();
    let default = summary.default_cache_behavior.filter(|one| !one.target_origin_id.is_empty()).map(|one| Behavior {
        path: "*".to_owned(),
        target: one.target_origin_id,
        compress: one.compress.unwrap_or(false),
    });
    let behavior = |one: types::CacheBehavior| Behavior {
        path: one.path_pattern,
        target: one.target_origin_id,
        compress: one.compress.unwrap_or(false),
    };
    Distribution {
        id: DistributionId::new(summary.id),
        domain: summary.domain_name,
        enabled: summary.enabled,
        additional_metrics: None,
        price_class: summary.price_class.as_str().to_owned(),
        origins: summary.origins.map(|all| all.items).unwrap_or_default().into_iter().map(origin).collect(),
        origin_groups: summary
            .origin_groups
            .and_then(|all| all.items)
            .unwrap_or_default()
            .into_iter()
            .map(origin_group)
            .collect(),
        behaviors: behaviors.into_iter().map(behavior).chain(default).collect(),
        learnt,
    }
}

/// An origin. A shield that is on without naming its region is on: AWS names one whenever it is.
fn origin(origin: types::Origin) -> Origin {
    let shield = origin.origin_shield.filter(|shield| shield.enabled);
    Origin { id: origin.id, shield: shield.map(|shield| shield.origin_shield_region.unwrap_or_default()) }
}

fn origin_group(group: types::OriginGroup) -> OriginGroup {
    let members = group.members.map(|members| members.items).unwrap_or_default();
    let statuses = group.failover_criteria.and_then(|criteria| criteria.status_codes).map(|codes| codes.items);
    OriginGroup {
        id: group.id,
        members: members.into_iter().map(|member| member.origin_id).collect(),
        statuses: statuses.unwrap_or_default().into_iter().filter_map(|code| u16::try_from(code).ok()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::canned::{self, Asked, Reply, doors, times};
    use super::*;

    const LIST: &str = "/2020-05-31/distribution";

    fn summary(id: &str, settings: &str) -> String {
        format!(
            "<DistributionSummary><Id>{id}</Id><ARN>a</ARN><Status>Deployed</Status>\
             <LastModifiedTime>2026-01-01T00:00:00Z</LastModifiedTime><DomainName>{id}.cloudfront.net</DomainName>\
             <Comment></Comment><Enabled>true</Enabled><WebACLId></WebACLId><HttpVersion>http2</HttpVersion>\
             <IsIPV6Enabled>true</IsIPV6Enabled><Staging>false</Staging>{settings}</DistributionSummary>"
        )
    }

    fn page(items: &str, next: Option<&str>) -> Reply {
        let next_marker = next.map(|next| format!("<NextMarker>{next}</NextMarker>")).unwrap_or_default();
        canned::text(
            200,
            &format!(
                "<DistributionList><Marker></Marker>{next_marker}<MaxItems>100</MaxItems><IsTruncated>{}</IsTruncated>\
                 <Quantity>1</Quantity><Items>{items}</Items></DistributionList>",
                next.is_some()
            ),
        )
    }

    fn error(status: u16, code: &str) -> Reply {
        let error = format!("<Error><Type>Sender</Type><Code>{code}</Code><Message>m</Message></Error>");
        canned::text(status, &format!("<ErrorResponse>{error}</ErrorResponse>"))
    }

    fn world(asked: &Asked) -> Reply {
        let settings = "<PriceClass>PriceClass_All</PriceClass>\
            <Origins><Quantity>2</Quantity><Items><Origin><Id>alb</Id><DomainName>d</DomainName><OriginShield>\
            <Enabled>true</Enabled><OriginShieldRegion>us-east-1</OriginShieldRegion></OriginShield></Origin>\
            <Origin><Id>s3</Id><DomainName>d</DomainName><OriginShield><Enabled>false</Enabled></OriginShield></Origin>\
            </Items></Origins><OriginGroups><Quantity>1</Quantity><Items><OriginGroup><Id>both</Id><FailoverCriteria>\
            <StatusCodes><Quantity>2</Quantity><Items><StatusCode>502</StatusCode><StatusCode>-1</StatusCode></Items>\
            </StatusCodes></FailoverCriteria><Members><Quantity>2</Quantity><Items><OriginGroupMember><OriginId>alb\
            </OriginId></OriginGroupMember><OriginGroupMember><OriginId>s3</OriginId></OriginGroupMember></Items>\
            </Members></OriginGroup></Items></OriginGroups>\
            <DefaultCacheBehavior><TargetOriginId>both</TargetOriginId><ViewerProtocolPolicy>https-only\
            </ViewerProtocolPolicy><Compress>true</Compress></DefaultCacheBehavior>\
            <CacheBehaviors><Quantity>1</Quantity><Items><CacheBehavior><PathPattern>/api/*</PathPattern>\
            <TargetOriginId>alb</TargetOriginId><ViewerProtocolPolicy>https-only</ViewerProtocolPolicy></CacheBehavior>\
            </Items></CacheBehaviors>";
        match asked.operation.as_str() {
            LIST if asked.text().contains("Marker=E1") => {
                page(&summary("E0", "<PriceClass>PriceClass_Moon</PriceClass>"), None)
            }
            LIST => page(&summary("E1", settings), Some("E1")),
            path if path.contains("E1") => canned::text(
                200,
                "<MonitoringSubscription><RealtimeMetricsSubscriptionConfig><RealtimeMetricsSubscriptionStatus>Enabled\
                 </RealtimeMetricsSubscriptionStatus></RealtimeMetricsSubscriptionConfig></MonitoringSubscription>",
            ),
            _ => error(404, "NoSuchMonitoringSubscription"),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_settings_of_the_spec_are_read_from_the_list_alone() {
        let (reader, _, log) = doors(world).await;
        let Partly { known, missing } = reader.distributions().await.unwrap();
        assert_eq!((known.len(), missing, times(&log, LIST)), (2, None, 2));
        let (bare, full) = (&known[0], &known[1]);
        assert_eq!((bare.price_class.as_str(), bare.additional_metrics), ("PriceClass_Moon", Some(false)));
        assert_eq!((bare.origins.len(), bare.behaviors.len()), (0, 0));
        assert_eq!(
            (full.domain.as_str(), full.enabled, full.additional_metrics),
            ("E1.cloudfront.net", true, Some(true))
        );
        let shields: Vec<_> = full.origins.iter().map(|one| (one.id.as_str(), one.shield.as_deref())).collect();
        assert_eq!(shields, [("alb", Some("us-east-1")), ("s3", None)]);
        assert_eq!(
            (&full.origin_groups[0].members[..], &full.origin_groups[0].statuses[..]),
            (&["alb".to_owned(), "s3".to_owned()][..], &[502][..])
        );
        let paths: Vec<_> = full.behaviors.iter().map(|one| (one.path.as_str(), one.compress)).collect();
        assert_eq!(paths, [("/api/*", false), ("*", true)], "the default is the last");
    }

    #[tokio::test(start_paused = true)]
    async fn a_subscription_that_may_not_be_read_is_unknown_and_told() {
        let (reader, _, _) = doors(|asked| match asked.operation.as_str() {
            LIST => world(asked),
            _ => error(403, "AccessDenied"),
        })
        .await;
        let Partly { known, missing } = reader.distributions().await.unwrap();
        assert!(known.iter().all(|one| one.additional_metrics.is_none()));
        assert_eq!(missing, Some(Failure::Denied { action: "cloudfront:GetMonitoringSubscription".into() }));
    }

    #[tokio::test(start_paused = true)]
    async fn what_cannot_be_read_is_a_fault_and_ends() {
        for garbage in ["", "{}", "<DistributionList>", "<html/>"] {
            let (reader, _, _) = doors(move |_| canned::text(200, garbage)).await;
            let answer = reader.distributions().await;
            assert!(matches!(answer, Err(Failure::Faulty { .. })), "{garbage}: {answer:?}");
        }
        let (reader, _, log) = doors(|_| page(&summary("E1", ""), Some("E1"))).await;
        assert!(matches!(reader.distributions().await, Err(Failure::Faulty { detail }) if detail.contains("twice")));
        assert_eq!(times(&log, LIST), 2);
    }
}
