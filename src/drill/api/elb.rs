//! Elastic Load Balancing v2, over awsQuery.

use super::page::{self, Place};
use crate::drill::wire::{Refusal, Value};
use crate::drill::world::elb::{Balancer, Target, TargetGroup};
use crate::drill::world::{Identity, World};

/// Items on a page, unless the caller names fewer.
const PAGE: usize = 400;

pub(super) fn answer(world: &World, operation: &str, input: &Value) -> Result<Value, Refusal> {
    match operation {
        "DescribeLoadBalancers" => describe_load_balancers(world, input),
        "DescribeTargetGroups" => describe_target_groups(world, input),
        "DescribeTargetHealth" => describe_target_health(world, input),
        "DescribeTargetGroupAttributes" => describe_target_group_attributes(world, input),
        _ => Err(Refusal::unknown_operation(operation)),
    }
}

fn describe_load_balancers(world: &World, input: &Value) -> Result<Value, Refusal> {
    let (arns, names) = (input.texts("LoadBalancerArns")?, input.texts("Names")?);
    arns.iter().try_for_each(|arn| is_arn(arn, "loadbalancer", "load balancer"))?;
    let found = named(world.balancers(), &arns, &names, |one| (&one.arn, &one.name)).ok_or_else(no_balancer)?;
    let (place, size) = page_of(input, "DescribeLoadBalancers")?;
    let (balancers, next) = page::flat(&found, place, size);
    Ok(Value::map([
        ("LoadBalancers", Value::list(balancers.iter().map(|one| balancer_value(one, world.identity())))),
        ("NextMarker", next.map(|next| next.write("DescribeLoadBalancers")).into()),
    ]))
}

fn describe_target_groups(world: &World, input: &Value) -> Result<Value, Refusal> {
    let (arns, names) = (input.texts("TargetGroupArns")?, input.texts("Names")?);
    arns.iter().try_for_each(|arn| is_arn(arn, "targetgroup", "target group"))?;
    let mut behind: Vec<&Balancer> = world.balancers().collect();
    if let Some(arn) = input.text("LoadBalancerArn")? {
        is_arn(arn, "loadbalancer", "load balancer")?;
        behind.retain(|one| one.arn == arn);
        if behind.is_empty() {
            return Err(no_balancer());
        }
    }
    let found =
        named(behind.into_iter(), &arns, &names, |one| (&one.group.arn, &one.group.name)).ok_or_else(no_group)?;
    let (place, size) = page_of(input, "DescribeTargetGroups")?;
    let (groups, next) = page::flat(&found, place, size);
    Ok(Value::map([
        ("TargetGroups", Value::list(groups.iter().map(|one| group_value(one)))),
        ("NextMarker", next.map(|next| next.write("DescribeTargetGroups")).into()),
    ]))
}

fn describe_target_health(world: &World, input: &Value) -> Result<Value, Refusal> {
    let (group, zones) = (group(world, input)?, &world.identity().zones);
    let wanted = input.items("Targets")?;
    if wanted.is_empty() {
        let all = group.targets.iter().map(|target| health_value(target, zones));
        return Ok(Value::map([("TargetHealthDescriptions", Value::list(all))]));
    }
    let mut described = Vec::new();
    for want in wanted {
        let id = want.required_text("Id")?;
        let port = want.int("Port")?.unwrap_or(i64::from(group.port));
        let known = group.targets.iter().find(|target| target.ip == id && i64::from(target.port) == port);
        described.push(known.map_or_else(|| not_registered(id, port), |target| health_value(target, zones)));
    }
    Ok(Value::map([("TargetHealthDescriptions", described.into())]))
}

fn describe_target_group_attributes(world: &World, input: &Value) -> Result<Value, Refusal> {
    let group = group(world, input)?;
    let attributes = [
        ("deregistration_delay.timeout_seconds", group.draining_seconds.to_string()),
        ("load_balancing.algorithm.type", "round_robin".to_owned()),
        ("load_balancing.cross_zone.enabled", "use_load_balancer_configuration".to_owned()),
        ("slow_start.duration_seconds", "0".to_owned()),
        ("stickiness.enabled", "false".to_owned()),
        ("stickiness.type", "lb_cookie".to_owned()),
        ("target_group_health.unhealthy_state_routing.minimum_healthy_targets.count", "1".to_owned()),
    ];
    let attributes = attributes.map(|(key, value)| Value::map([("Key", key.into()), ("Value", value.into())]));
    Ok(Value::map([("Attributes", Value::list(attributes))]))
}

/// Those that are named, or all of them where nobody is. `None`: one is named that is not there.
fn named<'w>(
    all: impl Iterator<Item = &'w Balancer>,
    arns: &[&str],
    names: &[&str],
    of: impl Fn(&'w Balancer) -> (&'w str, &'w str),
) -> Option<Vec<&'w Balancer>> {
    let all: Vec<&Balancer> = all.collect();
    if arns.is_empty() && names.is_empty() {
        return Some(all);
    }
    let by_arn = arns.iter().map(|arn| all.iter().find(|one| of(one).0 == *arn));
    let by_name = names.iter().map(|name| all.iter().find(|one| of(one).1 == *name));
    by_arn.chain(by_name).map(Option::<&&Balancer>::copied).collect()
}

fn group<'w>(world: &'w World, input: &Value) -> Result<&'w TargetGroup, Refusal> {
    let arn = input.required_text("TargetGroupArn")?;
    is_arn(arn, "targetgroup", "target group")?;
    world.balancers().map(|one| &one.group).find(|group| group.arn == arn).ok_or_else(no_group)
}

fn page_of(input: &Value, operation: &str) -> Result<(Place, usize), Refusal> {
    let size = match input.int("PageSize")? {
        None => PAGE,
        Some(size @ 1..=400) => size as usize,
        Some(other) => return Err(invalid(format!("PageSize must be between 1 and 400, and is {other}"))),
    };
    let place = Place::read(operation, input.text("Marker")?).ok_or_else(|| invalid("The marker is not valid"))?;
    Ok((place, size))
}

fn is_arn(arn: &str, path: &str, what: &str) -> Result<(), Refusal> {
    if arn.starts_with("arn:aws:elasticloadbalancing:") && arn.contains(&format!(":{path}/")) {
        return Ok(());
    }
    Err(invalid(format!("'{arn}' is not a valid {what} ARN")))
}

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::with_query("ValidationException", "ValidationError", message)
}

fn no_balancer() -> Refusal {
    Refusal::with_query("LoadBalancerNotFoundException", "LoadBalancerNotFound", "One or more load balancers not found")
}

fn no_group() -> Refusal {
    Refusal::with_query("TargetGroupNotFoundException", "TargetGroupNotFound", "One or more target groups not found")
}

fn balancer_value(balancer: &Balancer, identity: &Identity) -> Value {
    let zones = identity.zones.iter().zip(&balancer.subnets).map(|(zone, subnet)| {
        Value::map([
            ("ZoneName", (*zone).into()),
            ("SubnetId", subnet.clone().into()),
            ("LoadBalancerAddresses", Vec::new().into()),
        ])
    });
    Value::map([
        ("LoadBalancerArn", balancer.arn.clone().into()),
        ("DNSName", balancer.dns_name.clone().into()),
        ("CanonicalHostedZoneId", balancer.hosted_zone.clone().into()),
        ("CreatedTime", balancer.created.into()),
        ("LoadBalancerName", balancer.name.clone().into()),
        ("Scheme", "internet-facing".into()),
        ("VpcId", balancer.vpc.clone().into()),
        ("State", Value::map([("Code", "active".into())])),
        ("Type", "application".into()),
        ("AvailabilityZones", Value::list(zones)),
        ("SecurityGroups", Value::list([balancer.security_group.clone()])),
        ("IpAddressType", "ipv4".into()),
    ])
}

fn group_value(balancer: &Balancer) -> Value {
    let group = &balancer.group;
    let check = &group.health_check;
    Value::map([
        ("TargetGroupArn", group.arn.clone().into()),
        ("TargetGroupName", group.name.clone().into()),
        ("Protocol", "HTTP".into()),
        ("Port", i64::from(group.port).into()),
        ("VpcId", balancer.vpc.clone().into()),
        ("HealthCheckProtocol", "HTTP".into()),
        ("HealthCheckPort", "traffic-port".into()),
        ("HealthCheckEnabled", true.into()),
        ("HealthCheckIntervalSeconds", check.interval_seconds.into()),
        ("HealthCheckTimeoutSeconds", check.timeout_seconds.into()),
        ("HealthyThresholdCount", check.healthy_threshold.into()),
        ("UnhealthyThresholdCount", check.unhealthy_threshold.into()),
        ("HealthCheckPath", check.path.clone().into()),
        ("Matcher", Value::map([("HttpCode", "200".into())])),
        ("LoadBalancerArns", Value::list([balancer.arn.clone()])),
        ("TargetType", "ip".into()),
        ("ProtocolVersion", "HTTP1".into()),
        ("IpAddressType", "ipv4".into()),
    ])
}

fn health_value(target: &Target, zones: &[&'static str]) -> Value {
    let reason = target.health.reason();
    Value::map([
        (
            "Target",
            Value::map([
                ("Id", target.ip.clone().into()),
                ("Port", i64::from(target.port).into()),
                ("AvailabilityZone", zones.get(target.zone).copied().into()),
            ]),
        ),
        ("HealthCheckPort", target.port.to_string().into()),
        (
            "TargetHealth",
            Value::map([
                ("State", target.health.as_str().into()),
                ("Reason", reason.map(|(code, _)| code).into()),
                ("Description", reason.map(|(_, sentence)| sentence).into()),
            ]),
        ),
    ])
}

fn not_registered(id: &str, port: i64) -> Value {
    Value::map([
        ("Target", Value::map([("Id", id.to_owned().into()), ("Port", port.into())])),
        (
            "TargetHealth",
            Value::map([
                ("State", "unused".into()),
                ("Reason", "Target.NotRegistered".into()),
                ("Description", "Target is not registered to the target group".into()),
            ]),
        ),
    ])
}
