//! CloudFront, over restXml: the distribution, its configuration and its monitoring subscription. Deliberately absent:
//! every write, and every other distribution.

use crate::drill::wire::{Refusal, Value};
use crate::drill::world::World;
use crate::drill::world::edge::Edge;

/// Distributions on a page, unless the caller names fewer.
const PAGE: i64 = 100;
/// The managed cache policy "`CachingOptimized`".
const CACHE_POLICY: &str = "658327ea-f89d-4fab-a63d-7e88639e58f6";
/// Ids of the origins and of the group of both.
const PRIMARY: &str = "balancer";
const STANDBY: &str = "standby";
const BOTH: &str = "balancer-or-standby";
/// Answers of the primary on which the standby is asked.
const FAILS_OVER_ON: [i64; 4] = [500, 502, 503, 504];

pub(super) fn answer(world: &World, operation: &str, input: &Value) -> Result<Value, Refusal> {
    match operation {
        "ListDistributions" => list(world, input),
        "GetDistribution" => {
            let edge = find(world, input.required_text("Id")?)?;
            Ok(Value::map([
                ("Id", edge.id.into()),
                ("ARN", edge.arn.clone().into()),
                ("Status", "Deployed".into()),
                ("LastModifiedTime", edge.modified.into()),
                ("InProgressInvalidationBatches", 0_i64.into()),
                ("DomainName", edge.domain.into()),
                ("ActiveTrustedSigners", Value::map([("Enabled", false.into()), ("Quantity", 0_i64.into())])),
                ("DistributionConfig", Value::Map(config(edge, world))),
                ("ETag", edge.etag.into()),
            ]))
        }
        "GetDistributionConfig" => {
            let edge = find(world, input.required_text("Id")?)?;
            let mut fields = config(edge, world);
            fields.push(("ETag".into(), edge.etag.into()));
            Ok(Value::Map(fields))
        }
        "GetMonitoringSubscription" => {
            let edge = find(world, input.required_text("DistributionId")?)?;
            if !edge.setup.monitoring {
                let message = "A monitoring subscription does not exist for the specified distribution.";
                return Err(Refusal::new("NoSuchMonitoringSubscription", message).status(404));
            }
            let on = Value::map([("RealtimeMetricsSubscriptionStatus", "Enabled".into())]);
            Ok(Value::map([("RealtimeMetricsSubscriptionConfig", on)]))
        }
        "ListTagsForResource" => {
            let resource = input.required_text("Resource")?;
            if world.edge().is_none_or(|edge| edge.arn != resource) {
                return Err(Refusal::new("NoSuchResource", "The specified resource does not exist.").status(404));
            }
            let tag = Value::map([("Key", "Environment".into()), ("Value", "production".into())]);
            Ok(Value::map([("Items", Value::list_of("Tag", [tag]))]))
        }
        _ => Err(Refusal::unknown_operation(operation)),
    }
}

fn find<'w>(world: &'w World, id: &str) -> Result<&'w Edge, Refusal> {
    let none = || Refusal::new("NoSuchDistribution", "The specified distribution does not exist.").status(404);
    world.edge().filter(|edge| edge.id == id).ok_or_else(none)
}

fn list(world: &World, input: &Value) -> Result<Value, Refusal> {
    let size = match input.int("MaxItems")? {
        None => PAGE,
        Some(size @ 1..) => size.min(PAGE),
        Some(other) => {
            return Err(Refusal::new("InvalidArgument", format!("The parameter MaxItems is invalid: {other}")));
        }
    };
    // Lists go on behind the id that the marker names.
    let marker = input.text("Marker")?.unwrap_or_default();
    let items: Vec<Value> =
        world.edge().filter(|edge| edge.id > marker).map(|edge| summary(edge, world)).into_iter().collect();
    Ok(Value::map([
        ("Marker", marker.to_owned().into()),
        ("MaxItems", size.into()),
        ("IsTruncated", false.into()),
        ("Quantity", (items.len() as i64).into()),
        ("Items", Value::list_of("DistributionSummary", items)),
    ]))
}

/// CloudFront's way to write a list: how many, and the members.
fn counted(member: &'static str, items: Vec<Value>) -> Value {
    Value::map([("Quantity", (items.len() as i64).into()), ("Items", Value::list_of(member, items))])
}

fn nothing() -> Value {
    Value::map([("Quantity", 0_i64.into())])
}

fn summary(edge: &Edge, world: &World) -> Value {
    let mut fields = vec![
        ("Id".into(), edge.id.into()),
        ("ARN".into(), edge.arn.clone().into()),
        ("ETag".into(), edge.etag.into()),
        ("Status".into(), "Deployed".into()),
        ("LastModifiedTime".into(), edge.modified.into()),
        ("DomainName".into(), edge.domain.into()),
    ];
    fields.extend(settings(edge, world));
    Value::Map(fields)
}

fn config(edge: &Edge, world: &World) -> Vec<(std::borrow::Cow<'static, str>, Value)> {
    let mut fields = vec![("CallerReference".into(), "platform-production".into())];
    fields.extend(settings(edge, world));
    fields
}

/// What a summary and a configuration both tell.
fn settings(edge: &Edge, world: &World) -> Vec<(std::borrow::Cow<'static, str>, Value)> {
    let region = world.identity().region;
    let shield = || {
        let on = edge.setup.shield;
        Value::map([("Enabled", on.into()), ("OriginShieldRegion", on.then_some(region).into())])
    };
    let origin = |id: &'static str, domain: String| {
        let protocols = counted("SslProtocol", vec!["TLSv1.2".into()]);
        let custom = Value::map([
            ("HTTPPort", 80_i64.into()),
            ("HTTPSPort", 443_i64.into()),
            ("OriginProtocolPolicy", "https-only".into()),
            ("OriginSslProtocols", protocols),
            ("OriginReadTimeout", 30_i64.into()),
            ("OriginKeepaliveTimeout", 5_i64.into()),
        ]);
        Value::map([
            ("Id", id.into()),
            ("DomainName", domain.into()),
            ("OriginPath", "".into()),
            ("CustomHeaders", nothing()),
            ("CustomOriginConfig", custom),
            ("ConnectionAttempts", 3_i64.into()),
            ("ConnectionTimeout", 10_i64.into()),
            ("OriginShield", shield()),
        ])
    };
    let balancer = world.balancers().next().map(|one| one.dns_name.clone()).unwrap_or_default();
    let mut origins = vec![origin(PRIMARY, balancer)];
    let mut groups = nothing();
    if edge.setup.failover {
        origins.push(origin(STANDBY, "standby.solosuccess.example".to_owned()));
        let member = |id: &'static str| Value::map([("OriginId", id.into())]);
        let codes = counted("StatusCode", FAILS_OVER_ON.map(Value::from).to_vec());
        let group = Value::map([
            ("Id", BOTH.into()),
            ("FailoverCriteria", Value::map([("StatusCodes", codes)])),
            ("Members", counted("OriginGroupMember", vec![member(PRIMARY), member(STANDBY)])),
            ("SelectionCriteria", "default".into()),
        ]);
        groups = counted("OriginGroup", vec![group]);
    }
    let methods = |all: &[&'static str]| all.iter().map(|method| Value::from(*method)).collect();
    let cached = counted("Method", methods(&["HEAD", "GET"]));
    let behavior = Value::map([
        ("TargetOriginId", if edge.setup.failover { BOTH } else { PRIMARY }.into()),
        ("TrustedSigners", Value::map([("Enabled", false.into()), ("Quantity", 0_i64.into())])),
        ("TrustedKeyGroups", Value::map([("Enabled", false.into()), ("Quantity", 0_i64.into())])),
        ("ViewerProtocolPolicy", "redirect-to-https".into()),
        (
            "AllowedMethods",
            Value::map([
                ("Quantity", 3_i64.into()),
                ("Items", Value::list_of("Method", ["HEAD", "GET", "OPTIONS"].map(Value::from))),
                ("CachedMethods", cached),
            ]),
        ),
        ("SmoothStreaming", false.into()),
        ("Compress", edge.setup.compression.into()),
        ("LambdaFunctionAssociations", nothing()),
        ("FunctionAssociations", nothing()),
        ("FieldLevelEncryptionId", "".into()),
        ("CachePolicyId", CACHE_POLICY.into()),
    ]);
    let restriction = Value::map([("RestrictionType", "none".into()), ("Quantity", 0_i64.into())]);
    let certificate = Value::map([
        ("CloudFrontDefaultCertificate", true.into()),
        ("MinimumProtocolVersion", "TLSv1.2_2021".into()),
        ("CertificateSource", "cloudfront".into()),
    ]);
    vec![
        ("Aliases".into(), nothing()),
        ("Origins".into(), counted("Origin", origins)),
        ("OriginGroups".into(), groups),
        ("DefaultCacheBehavior".into(), behavior),
        ("CacheBehaviors".into(), nothing()),
        ("CustomErrorResponses".into(), nothing()),
        ("Comment".into(), "the platform".into()),
        ("PriceClass".into(), edge.setup.price_class.clone().into()),
        ("Enabled".into(), true.into()),
        ("ViewerCertificate".into(), certificate),
        ("Restrictions".into(), Value::map([("GeoRestriction", restriction)])),
        ("WebACLId".into(), "".into()),
        ("HttpVersion".into(), "http2".into()),
        ("IsIPV6Enabled".into(), true.into()),
        ("Staging".into(), false.into()),
    ]
}
