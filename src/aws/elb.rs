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
