//! Elastic Load Balancing v2: target groups, their draining, and the health of their targets.

use aws_sdk_elasticloadbalancingv2::types;
use jiff::Timestamp;

use super::failure::Failure;
use super::pace::Call;
use super::reader::Reader;
use crate::platform::{LoadBalancerId, TargetGroup, TargetGroupArn, TargetHealth, TargetState};

/// The most target groups asked for at once.
const GROUPS_PER_CALL: usize = 20;

/// The attribute that holds how long a deregistered target may finish its requests.
const DRAINING: &str = "deregistration_delay.timeout_seconds";

impl Reader {
    /// Target groups with their deregistration delay; those that no longer exist are left out. Where the attributes may
    /// not be read, the delay is unknown and the rest stands.
    pub async fn target_groups(&self, arns: &[TargetGroupArn]) -> Result<Vec<TargetGroup>, Failure> {
        let mut groups = Vec::with_capacity(arns.len());
        for arns in arns.chunks(GROUPS_PER_CALL) {
            match self.describe_groups(arns).await {
                Err(failure) if is_gone(&failure) => {
                    // One deleted group fails the whole question: ask for each alone.
                    for arn in arns {
                        match self.describe_groups(std::slice::from_ref(arn)).await {
                            Err(failure) if is_gone(&failure) => {}
                            found => groups.extend(found?),
                        }
                    }
                }
                found => groups.extend(found?),
            }
        }
        for group in &mut groups {
            group.draining_s = match self.draining(&group.arn).await {
                Err(Failure::Denied { .. } | Failure::Faulty { .. }) => None,
                answer => answer?,
            };
        }
        Ok(groups)
    }

    async fn describe_groups(&self, arns: &[TargetGroupArn]) -> Result<Vec<TargetGroup>, Failure> {
        let learnt = self.now();
        let arns = arns.iter().map(|arn| arn.as_str().to_owned()).collect();
        let question = self.elb().describe_target_groups().set_target_group_arns(Some(arns)).send();
        let answer = self.ask(Call::DescribeTargetGroups, question).await?;
        Ok(answer.target_groups.unwrap_or_default().into_iter().map(|group| target_group(group, learnt)).collect())
    }

    async fn draining(&self, arn: &TargetGroupArn) -> Result<Option<u32>, Failure> {
        let question = self.elb().describe_target_group_attributes().target_group_arn(arn.as_str()).send();
        let answer = self.ask(Call::DescribeTargetGroupAttributes, question).await?;
        let attributes = answer.attributes.unwrap_or_default();
        let delay = attributes.into_iter().find(|attribute| attribute.key.as_deref() == Some(DRAINING));
        Ok(delay.and_then(|attribute| attribute.value?.parse().ok()))
    }

    /// The health of a group's targets, by address.
    pub async fn target_health(&self, arn: &TargetGroupArn) -> Result<Vec<TargetHealth>, Failure> {
        let question = self.elb().describe_target_health().target_group_arn(arn.as_str()).send();
        let answer = self.ask(Call::DescribeTargetHealth, question).await?;
        let mut targets: Vec<TargetHealth> =
            answer.target_health_descriptions.unwrap_or_default().into_iter().map(target_health).collect();
        targets.sort_by(|a, b| a.target.cmp(&b.target));
        Ok(targets)
    }
}

fn is_gone(failure: &Failure) -> bool {
    matches!(failure, Failure::Faulty { detail } if detail.starts_with("TargetGroupNotFound"))
}

fn target_group(group: types::TargetGroup, learnt: Timestamp) -> TargetGroup {
    let number = |n: Option<i32>| n.and_then(|n| u32::try_from(n).ok()).unwrap_or(0);
    let balancers = group.load_balancer_arns.unwrap_or_default();
    TargetGroup {
        arn: TargetGroupArn::new(group.target_group_arn.unwrap_or_default()),
        name: group.target_group_name.unwrap_or_default(),
        balancers: balancers.iter().filter_map(|arn| balancer(arn)).collect(),
        interval_s: number(group.health_check_interval_seconds),
        timeout_s: number(group.health_check_timeout_seconds),
        healthy_threshold: number(group.healthy_threshold_count),
        unhealthy_threshold: number(group.unhealthy_threshold_count),
        path: group.health_check_path.unwrap_or_default(),
        draining_s: None,
        targets: None,
        learnt,
    }
}

/// `app/<name>/<id>` of a balancer's ARN.
fn balancer(arn: &str) -> Option<LoadBalancerId> {
    arn.split_once(":loadbalancer/").map(|(_, id)| LoadBalancerId::new(id))
}

fn target_health(description: types::TargetHealthDescription) -> TargetHealth {
    use types::TargetHealthStateEnum as Word;
    let (target, health) = (description.target, description.target_health);
    let zone = target.as_ref().and_then(|target| target.availability_zone.clone()).unwrap_or_default();
    let address = target.map(|target| {
        let id = target.id.unwrap_or_default();
        target.port.map_or(id.clone(), |port| format!("{id}:{port}"))
    });
    TargetHealth {
        target: address.unwrap_or_default(),
        zone,
        state: match health.as_ref().and_then(|health| health.state.as_ref()) {
            Some(Word::Initial) => TargetState::Initial,
            Some(Word::Healthy) => TargetState::Healthy,
            Some(Word::Unhealthy) => TargetState::Unhealthy,
            Some(Word::Draining) => TargetState::Draining,
            Some(Word::Unused) => TargetState::Unused,
            other => TargetState::Unknown(other.map(|word| word.as_str().to_owned()).unwrap_or_default()),
        },
        reason: health.and_then(|health| health.reason).map(|reason| reason.as_str().to_owned()).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::canned::{self, Asked, Reply, doors, times};
    use super::*;

    const ARN: &str = "arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/api/0a";

    fn ok(operation: &str, result: &str) -> Reply {
        let xml = format!("<{operation}Response><{operation}Result>{result}</{operation}Result></{operation}Response>");
        canned::text(200, &xml)
    }

    fn error(code: &str, message: &str) -> Reply {
        let xml = format!(
            "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
        );
        canned::text(if code == "AccessDenied" { 403 } else { 400 }, &xml)
    }

    fn groups(asked: &Asked) -> Reply {
        let group = format!(
            "<member><TargetGroupArn>{ARN}</TargetGroupArn><TargetGroupName>api</TargetGroupName>\
             <HealthCheckIntervalSeconds>30</HealthCheckIntervalSeconds><HealthCheckPath>/health</HealthCheckPath>\
             <LoadBalancerArns><member>arn:aws:elasticloadbalancing:us-east-1:1:loadbalancer/app/front/0b</member>\
             </LoadBalancerArns></member>"
        );
        match asked.operation.as_str() {
            "DescribeTargetGroups" if asked.text().contains("gone") => error("TargetGroupNotFound", "not found"),
            "DescribeTargetGroups" => ok("DescribeTargetGroups", &format!("<TargetGroups>{group}</TargetGroups>")),
            _ => ok(
                "DescribeTargetGroupAttributes",
                "<Attributes><member><Key>deregistration_delay.timeout_seconds</Key><Value>300</Value></member></Attributes>",
            ),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_deleted_group_hides_no_other() {
        let (reader, _, log) = doors(groups).await;
        let arns = [TargetGroupArn::new(ARN), TargetGroupArn::new("arn:gone")];
        let found = reader.target_groups(&arns).await.unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].balancers, [LoadBalancerId::new("app/front/0b")]);
        assert_eq!((found[0].interval_s, found[0].path.as_str(), found[0].draining_s), (30, "/health", Some(300)));
        assert_eq!(times(&log, "DescribeTargetGroups"), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn a_delay_that_may_not_be_read_is_unknown_and_throttling_is_not_hidden() {
        let (reader, _, _) = doors(|asked| match asked.operation.as_str() {
            "DescribeTargetGroupAttributes" => error("AccessDenied", "no"),
            _ => groups(asked),
        })
        .await;
        assert_eq!(reader.target_groups(&[TargetGroupArn::new(ARN)]).await.unwrap()[0].draining_s, None);
        let (reader, _, _) = doors(|asked| match asked.operation.as_str() {
            "DescribeTargetGroupAttributes" => error("Throttling", "Rate exceeded"),
            _ => groups(asked),
        })
        .await;
        assert_eq!(reader.target_groups(&[TargetGroupArn::new(ARN)]).await, Err(Failure::Throttled));
    }

    #[tokio::test(start_paused = true)]
    async fn only_the_word_healthy_is_healthy() {
        let target = |id: &str, state: &str| {
            format!(
                "<member><Target><Id>{id}</Id><Port>80</Port></Target><TargetHealth><State>{state}</State></TargetHealth></member>"
            )
        };
        let words =
            ["draining", "healthy", "initial", "unhealthy", "unused", "unavailable", "unhealthy.draining", "zen"];
        let members: String = words.iter().enumerate().map(|(n, word)| target(&format!("10.0.0.{n}"), word)).collect();
        let members = format!("<TargetHealthDescriptions>{members}</TargetHealthDescriptions>");
        let (reader, _, _) = doors(move |_| ok("DescribeTargetHealth", &members)).await;
        let targets = reader.target_health(&TargetGroupArn::new(ARN)).await.unwrap();
        let states: Vec<TargetState> = targets.iter().map(|target| target.state.clone()).collect();
        let unknown = |word: &str| TargetState::Unknown(word.into());
        assert_eq!(targets[0].target, "10.0.0.0:80");
        assert_eq!(
            states,
            [
                TargetState::Draining,
                TargetState::Healthy,
                TargetState::Initial,
                TargetState::Unhealthy,
                TargetState::Unused,
                unknown("unavailable"),
                unknown("unhealthy.draining"),
                unknown("zen"),
            ]
        );
    }
}
