"""Makes the platform's AI service in a moto server, and reads back what another client has changed.

    service.py URL make    creates cluster, service, balancer and scaling; prints the names as JSON
    service.py URL read    prints the service's counts and limits as JSON
"""

import json
import sys
import urllib.request

import boto3

CLUSTER = "solosuccess-production"
SERVICE = "solosuccess-ai-service"
RESOURCE = f"service/{CLUSTER}/{SERVICE}"
DIMENSION = "ecs:service:DesiredCount"


def client(url, name):
    return boto3.client(
        name,
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )


def make_balancer(url):
    """A balancer with one target group whose checks are the spec's; returns the group and the tasks' network."""
    ec2, elb = client(url, "ec2"), client(url, "elbv2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"us-east-1{zone}")["Subnet"]["SubnetId"]
        for n, zone in enumerate("ab")
    ]
    balancer = elb.create_load_balancer(Name="solosuccess-alb", Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
    group = elb.create_target_group(
        Name="solosuccess-ai",
        Protocol="HTTP",
        Port=8080,
        VpcId=vpc,
        TargetType="ip",
        HealthCheckPath="/health",
        HealthCheckIntervalSeconds=30,
        HealthCheckTimeoutSeconds=5,
        HealthyThresholdCount=2,
        UnhealthyThresholdCount=3,
    )["TargetGroups"][0]["TargetGroupArn"]
    elb.create_listener(
        LoadBalancerArn=balancer,
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
    )
    elb.modify_target_group_attributes(
        TargetGroupArn=group,
        Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "300"}],
    )
    elb.register_targets(TargetGroupArn=group, Targets=[{"Id": f"10.0.0.{n}", "Port": 8080} for n in (11, 12)])
    wall = ec2.create_security_group(GroupName="ai", Description="ai", VpcId=vpc)["GroupId"]
    return group, {"awsvpcConfiguration": {"subnets": subnets, "securityGroups": [wall]}}


def make_service(url, group, network):
    ecs = client(url, "ecs")
    ecs.create_cluster(clusterName=CLUSTER)
    ecs.register_task_definition(
        family="ai-service",
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="1024",
        memory="2048",
        containerDefinitions=[
            {
                "name": "ai",
                "image": "ai:42",
                "memory": 2048,
                "portMappings": [{"containerPort": 8080}],
                "essential": True,
            }
        ],
    )
    ecs.create_service(
        cluster=CLUSTER,
        serviceName=SERVICE,
        taskDefinition="ai-service",
        desiredCount=2,
        launchType="FARGATE",
        loadBalancers=[{"targetGroupArn": group, "containerName": "ai", "containerPort": 8080}],
    )
    # A service starts no tasks here; these stand for the two that it should run.
    ecs.run_task(
        cluster=CLUSTER,
        taskDefinition="ai-service",
        count=2,
        launchType="FARGATE",
        group=f"service:{SERVICE}",
        networkConfiguration=network,
    )


def make_scaling(url):
    scaling = client(url, "application-autoscaling")
    target = {"ServiceNamespace": "ecs", "ResourceId": RESOURCE, "ScalableDimension": DIMENSION}
    scaling.register_scalable_target(MinCapacity=2, MaxCapacity=10, **target)
    for metric, value in (("ECSServiceAverageCPUUtilization", 70.0), ("ECSServiceAverageMemoryUtilization", 80.0)):
        scaling.put_scaling_policy(
            PolicyName=metric,
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration={
                "TargetValue": value,
                "PredefinedMetricSpecification": {"PredefinedMetricType": metric},
                "ScaleOutCooldown": 60,
                "ScaleInCooldown": 300,
            },
            **target,
        )
    for name, cron, floor in (("morning", "cron(0 8 * * ? *)", 4), ("evening", "cron(0 22 * * ? *)", 2)):
        scaling.put_scheduled_action(
            ScheduledActionName=name,
            Schedule=cron,
            ScalableTargetAction={"MinCapacity": floor},
            **target,
        )


def hold_tasks(url):
    """Keeps tasks in their state: otherwise each reading moves them on, until none are left to describe."""
    rule = {"model_name": "ecs::task", "transition": {"progression": "manual", "times": 1000}}
    request = urllib.request.Request(
        f"{url}/moto-api/state-manager/set-transition",
        data=json.dumps(rule).encode(),
        headers={"Content-Type": "application/json"},
    )
    urllib.request.urlopen(request).close()


def make_database(url):
    """A primary, a replica, and the weighted name that readers resolve."""
    rds, names = client(url, "rds"), client(url, "route53")
    rds.create_db_instance(
        DBInstanceIdentifier="solosuccess-db",
        DBInstanceClass="db.t3.medium",
        Engine="postgres",
        AllocatedStorage=100,
        MasterUsername="master",
        MasterUserPassword="not-a-secret",
        BackupRetentionPeriod=7,
    )
    replica = rds.create_db_instance_read_replica(
        DBInstanceIdentifier="solosuccess-db-replica-1", SourceDBInstanceIdentifier="solosuccess-db"
    )["DBInstance"]
    zone = names.create_hosted_zone(Name="solosuccess.internal", CallerReference="moto")["HostedZone"]["Id"]
    record = {
        "Name": "reader.solosuccess.internal",
        "Type": "CNAME",
        "SetIdentifier": "solosuccess-db-replica-1",
        "Weight": 10,
        "TTL": 5,
        "ResourceRecords": [{"Value": replica["Endpoint"]["Address"]}],
    }
    change = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
    names.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=change)


def make_cache(url):
    client(url, "elasticache").create_replication_group(
        ReplicationGroupId="solosuccess-redis",
        ReplicationGroupDescription="redis",
        Engine="redis",
        CacheNodeType="cache.t3.medium",
        NumCacheClusters=2,
        AutomaticFailoverEnabled=True,
    )


def make_edge(url):
    client(url, "cloudfront").create_distribution(
        DistributionConfig={
            "CallerReference": "moto",
            "Comment": "",
            "Enabled": True,
            "Origins": {
                "Quantity": 1,
                "Items": [
                    {
                        "Id": "alb",
                        "DomainName": "alb.example.com",
                        "CustomOriginConfig": {
                            "HTTPPort": 80,
                            "HTTPSPort": 443,
                            "OriginProtocolPolicy": "https-only",
                            "OriginSslProtocols": {"Quantity": 1, "Items": ["TLSv1.2"]},
                        },
                    }
                ],
            },
            "DefaultCacheBehavior": {
                "TargetOriginId": "alb",
                "ViewerProtocolPolicy": "https-only",
                "MinTTL": 0,
                "ForwardedValues": {"QueryString": False, "Cookies": {"Forward": "none"}},
            },
        }
    )


def make(url):
    hold_tasks(url)
    make_database(url)
    make_cache(url)
    make_edge(url)
    group, network = make_balancer(url)
    make_service(url, group, network)
    make_scaling(url)
    return {"cluster": CLUSTER, "service": SERVICE, "target_group": group}


def read(url):
    service = client(url, "ecs").describe_services(cluster=CLUSTER, services=[SERVICE])["services"][0]
    targets = client(url, "application-autoscaling").describe_scalable_targets(
        ServiceNamespace="ecs", ResourceIds=[RESOURCE]
    )["ScalableTargets"]
    return {
        "desired": service["desiredCount"],
        "running": service["runningCount"],
        "min": targets[0]["MinCapacity"],
        "max": targets[0]["MaxCapacity"],
    }


if __name__ == "__main__":
    _, address, what = sys.argv
    print(json.dumps({"make": make, "read": read}[what](address)))
