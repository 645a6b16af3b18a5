"""Asks a drill's databases with boto3, as somebody else's program would; every answer is parsed by botocore's models.

    databases.py URL create       creates a replica; prints its status and the source's replicas
    databases.py URL describe     prints each instance's status, and whether it has an end point
    databases.py URL weigh        shares the readers 30:70; prints the change's status and the weights read back
    databases.py URL change ID    prints a change's status
    databases.py URL delete       deletes the replica; prints its status
    databases.py URL refusals     prints the codes of calls that have to be refused
"""

import json
import sys

import boto3
from botocore.exceptions import ClientError

PRIMARY = "production-solosuccess-db"
FIRST = f"{PRIMARY}-replica-1"
SECOND = f"{PRIMARY}-replica-2"
READER = "reader.db.solosuccess.internal."


def client(url, name):
    return boto3.client(
        name,
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )


def instances(rds):
    pages = rds.get_paginator("describe_db_instances").paginate(PaginationConfig={"PageSize": 20})
    return [one for page in pages for one in page["DBInstances"]]


def zone(route53):
    return route53.list_hosted_zones_by_name(DNSName="solosuccess.internal")["HostedZones"][0]["Id"]


def record(rds, identifier, weight):
    found = rds.describe_db_instances(DBInstanceIdentifier=identifier)["DBInstances"][0]
    return {
        "Name": READER,
        "Type": "CNAME",
        "SetIdentifier": identifier,
        "Weight": weight,
        "TTL": 30,
        "ResourceRecords": [{"Value": found["Endpoint"]["Address"]}],
    }


def create(rds, route53):
    made = rds.create_db_instance_read_replica(
        DBInstanceIdentifier=SECOND, SourceDBInstanceIdentifier=PRIMARY, Tags=[{"Key": "made-by", "Value": "boto3"}]
    )["DBInstance"]
    source = rds.describe_db_instances(DBInstanceIdentifier=PRIMARY)["DBInstances"][0]
    return {
        "status": made["DBInstanceStatus"],
        "endpoint": "Endpoint" in made,
        "replicas": source["ReadReplicaDBInstanceIdentifiers"],
        "tags": rds.list_tags_for_resource(ResourceName=made["DBInstanceArn"])["TagList"],
    }


def describe(rds, route53):
    return {one["DBInstanceIdentifier"]: [one["DBInstanceStatus"], "Endpoint" in one] for one in instances(rds)}


def weigh(rds, route53):
    changes = [{"Action": "UPSERT", "ResourceRecordSet": record(rds, one, weight)} for one, weight in [(FIRST, 30), (SECOND, 70)]]
    done = route53.change_resource_record_sets(HostedZoneId=zone(route53), ChangeBatch={"Changes": changes})["ChangeInfo"]
    pages = route53.get_paginator("list_resource_record_sets").paginate(HostedZoneId=zone(route53))
    records = [one for page in pages for one in page["ResourceRecordSets"] if one["Name"] == READER]
    return {"id": done["Id"], "status": done["Status"], "weights": {one["SetIdentifier"]: one["Weight"] for one in records}}


def change(rds, route53, identifier):
    return route53.get_change(Id=identifier)["ChangeInfo"]["Status"]


def delete(rds, route53):
    return rds.delete_db_instance(DBInstanceIdentifier=SECOND, SkipFinalSnapshot=True)["DBInstance"]["DBInstanceStatus"]


def refusals(rds, route53):
    same = {"Action": "CREATE", "ResourceRecordSet": record(rds, FIRST, 1)}
    calls = [
        lambda: rds.describe_db_instances(DBInstanceIdentifier="nobody"),
        lambda: rds.create_db_instance_read_replica(DBInstanceIdentifier=FIRST, SourceDBInstanceIdentifier=PRIMARY),
        lambda: rds.delete_db_instance(DBInstanceIdentifier=PRIMARY, SkipFinalSnapshot=True),
        lambda: route53.change_resource_record_sets(HostedZoneId=zone(route53), ChangeBatch={"Changes": [same]}),
        lambda: route53.list_resource_record_sets(HostedZoneId="ZNOBODY"),
        lambda: route53.get_change(Id="CNOBODY"),
    ]
    said = []
    for call in calls:
        try:
            call()
            said.append(None)
        except ClientError as error:
            answer = error.response
            said.append([answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]])
    return said


if __name__ == "__main__":
    url, what, *rest = sys.argv[1:]
    print(json.dumps(globals()[what](client(url, "rds"), client(url, "route53"), *rest)))
