"""Asks a drill's cache, edge and Cost Explorer with boto3; every answer is parsed by botocore's models.

    estate.py URL increase     one replica more; prints the group's status and how many nodes it has
    estate.py URL decrease     one replica fewer, likewise
    estate.py URL nodes        prints each node's status by its number
    estate.py URL refusals     prints the codes of calls that have to be refused
    estate.py URL edge         prints what is switched on at the edge
    estate.py URL money        prints a month's days, its services and its total
"""

import json
import sys

import boto3
from botocore.exceptions import ClientError

GROUP = "production-solosuccess-redis"


def client(url, name):
    return boto3.client(
        name,
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )


def change(call, count):
    group = call(ReplicationGroupId=GROUP, NewReplicaCount=count, ApplyImmediately=True)["ReplicationGroup"]
    return [group["Status"], len(group["MemberClusters"])]


def nodes(cache):
    pages = cache.get_paginator("describe_cache_clusters").paginate(PaginationConfig={"PageSize": 20})
    every = [one for page in pages for one in page["CacheClusters"]]
    return {one["CacheClusterId"].rsplit("-", 1)[1]: one["CacheClusterStatus"] for one in every}


def refusals(url, cache):
    month = {"Start": "2026-10-01", "End": "2026-11-01"}
    calls = [
        lambda: change(cache.increase_replica_count, 1),
        lambda: cache.describe_replication_groups(ReplicationGroupId="other"),
        lambda: change(cache.decrease_replica_count, 0),
        lambda: cache.describe_cache_clusters(CacheClusterId="other"),
        lambda: client(url, "cloudfront").get_distribution(Id="E0"),
        lambda: client(url, "ce").get_cost_and_usage(TimePeriod=month, Granularity="HOURLY", Metrics=["UnblendedCost"]),
    ]
    codes = []
    for call in calls:
        try:
            call()
            codes.append(None)
        except ClientError as refused:
            response = refused.response
            codes.append([response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]])
    return codes


def edge(cloudfront):
    pages = cloudfront.get_paginator("list_distributions").paginate()
    first = next(one for page in pages for one in page["DistributionList"]["Items"])
    read = cloudfront.get_distribution_config(Id=first["Id"])
    config = read["DistributionConfig"]
    return {
        "shield": [one["OriginShield"]["Enabled"] for one in config["Origins"]["Items"]],
        "compress": config["DefaultCacheBehavior"]["Compress"],
        "etag": read["ETag"],
    }


def money(ce):
    services, total, days, token = set(), 0.0, 0, {}
    while True:
        page = ce.get_cost_and_usage(
            TimePeriod={"Start": "2026-10-25", "End": "2026-11-24"},
            Granularity="DAILY",
            Metrics=["UnblendedCost"],
            GroupBy=[{"Type": "DIMENSION", "Key": "SERVICE"}],
            **token,
        )
        for day in page["ResultsByTime"]:
            days += 1
            services.update(group["Keys"][0] for group in day["Groups"])
            total += sum(float(group["Metrics"]["UnblendedCost"]["Amount"]) for group in day["Groups"])
        if "NextPageToken" not in page:
            return {"days": days, "services": len(services), "total": total}
        token = {"NextPageToken": page["NextPageToken"]}


def main():
    url, what = sys.argv[1:]
    cache = client(url, "elasticache")
    asked = {
        "increase": lambda: change(cache.increase_replica_count, 2),
        "decrease": lambda: change(cache.decrease_replica_count, 1),
        "nodes": lambda: nodes(cache),
        "refusals": lambda: refusals(url, cache),
        "edge": lambda: edge(client(url, "cloudfront")),
        "money": lambda: money(client(url, "ce")),
    }
    print(json.dumps(asked[what]()))


main()
