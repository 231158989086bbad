"""A small plan as Terraform says it: two zones, one gateway, five groups, a cluster and a database."""

from collections.abc import Iterator
from typing import Any

from flaskship.aws.diagrams.resources import Resource, resources

ZONES = ("us-west-2a", "us-west-2b")
Module = dict[str, Any]


def resource(address: str, **values: Any) -> Module:
    kind = address.partition("[")[0].split(".")[-2]
    return {"address": address, "mode": "managed", "type": kind, "values": values}


def rule(name: str, way: str = "ingress", **values: Any) -> Module:
    return resource(f"module.security_groups.aws_vpc_security_group_{way}_rule.{name}", **values)


def _subnets() -> Iterator[Module]:
    ranges = {"public": "10.0.{}.0/24", "private": "10.0.{}0.0/24", "database": "10.0.3{}.0/24"}
    for tier, cidr in ranges.items():
        for index, zone in enumerate(ZONES, 1):
            own = f"subnet-{tier}-{zone}"
            address = f'module.network.aws_subnet.{tier}["{zone}"]'
            yield resource(
                address, id=own, availability_zone=zone, cidr_block=cidr.format(index), tags={"Tier": tier}
            )
            yield resource(
                f'module.network.aws_route_table_association.{tier}["{zone}"]',
                subnet_id=own,
                route_table_id=f"table-{tier}",
            )


def network_module(*more: Module) -> Module:
    groups = {
        "alb": "Load balancer",
        "nodes": "Nodes",
        "control-plane": "Control plane",
        "database": "Database",
    }
    found = [
        resource(
            "module.network.aws_vpc.this", id="vpc", cidr_block="10.0.0.0/16", tags={"Name": "my-app-dev"}
        ),
        resource("module.network.aws_internet_gateway.this", id="igw"),
        *_subnets(),
        resource(
            'module.network.aws_nat_gateway.this["us-west-2a"]',
            id="nat",
            subnet_id="subnet-public-us-west-2a",
        ),
        resource(
            "module.network.aws_route.internet",
            route_table_id="table-public",
            destination_cidr_block="0.0.0.0/0",
            gateway_id="igw",
        ),
        resource(
            "module.network.aws_route.nat",
            route_table_id="table-private",
            destination_cidr_block="0.0.0.0/0",
            nat_gateway_id="nat",
        ),
        resource(
            "module.network.aws_vpc_endpoint.s3",
            service_name="com.amazonaws.us-west-2.s3",
            vpc_endpoint_type="Gateway",
        ),
        *(
            resource(
                f"module.security_groups.aws_security_group.{name.replace('-', '_')}",
                id=f"sg-{name}",
                name=f"my-app-dev-{name}",
                description=text,
            )
            for name, text in groups.items()
        ),
        rule(
            "web",
            security_group_id="sg-alb",
            ip_protocol="tcp",
            from_port=443,
            to_port=443,
            cidr_ipv4="0.0.0.0/0",
        ),
        rule(
            "pods",
            security_group_id="sg-nodes",
            ip_protocol="tcp",
            from_port=1025,
            to_port=65535,
            referenced_security_group_id="sg-alb",
        ),
        rule("self", security_group_id="sg-nodes", ip_protocol="-1", referenced_security_group_id="sg-nodes"),
        *(
            rule(
                f"hook{port}",
                security_group_id="sg-nodes",
                ip_protocol="tcp",
                from_port=port,
                to_port=port,
                referenced_security_group_id="sg-control-plane",
            )
            for port in (10250, 9443, 443)
        ),
        rule(
            "api",
            security_group_id="sg-control-plane",
            ip_protocol="tcp",
            from_port=443,
            to_port=443,
            referenced_security_group_id="sg-nodes",
        ),
        rule(
            "data",
            security_group_id="sg-database",
            ip_protocol="tcp",
            from_port=5432,
            to_port=5432,
            referenced_security_group_id="sg-nodes",
        ),
        rule("out", "egress", security_group_id="sg-nodes", ip_protocol="-1", cidr_ipv4="0.0.0.0/0"),
        *more,
    ]
    return {"child_modules": [{"resources": found}]}


def platform_module() -> Module:
    return {
        "resources": [
            resource(
                "module.cluster.aws_eks_cluster.this",
                name="my-app-dev",
                version="1.35",
                vpc_config=[{"endpoint_public_access": False}],
                enabled_cluster_log_types=["api", "controllerManager"],
                encryption_config=[{}],
            ),
            resource(
                "module.spot.aws_eks_node_group.this",
                node_group_name_prefix="spot-",
                capacity_type="SPOT",
                instance_types=["m6i.large", "m5.large"],
                scaling_config=[{"min_size": 0, "max_size": 4}],
                subnet_ids=[f"subnet-private-{zone}" for zone in ZONES],
            ),
            resource(
                "module.spot.aws_launch_template.this",
                block_device_mappings=[
                    {"ebs": [{"encrypted": "true", "volume_type": "gp3", "volume_size": 50}]}
                ],
            ),
            resource('aws_eks_addon.this["coredns"]', addon_name="coredns"),
            resource("module.karpenter.aws_sqs_queue.interruptions", name="interruptions"),
            resource('module.karpenter.aws_cloudwatch_event_rule.interruptions["health"]'),
            resource("aws_iam_role.nodes", name="my-app-dev-nodes", description="Nodes"),
        ]
    }


def app_module(*more: Module) -> Module:
    return {
        "resources": [
            resource(
                "module.database.aws_db_instance.this",
                identifier="my-app-dev",
                engine_version="17",
                instance_class="db.t4g.micro",
                storage_type="gp3",
                allocated_storage=20,
                max_allocated_storage=50,
                multi_az=False,
                backup_retention_period=1,
                storage_encrypted=True,
                publicly_accessible=False,
            ),
            resource(
                "module.database.aws_db_parameter_group.this",
                parameter=[{"name": "rds.force_ssl", "value": "1"}],
            ),
            resource(
                "module.database.aws_db_subnet_group.this",
                subnet_ids=[f"subnet-database-{zone}" for zone in ZONES],
            ),
            resource("module.bucket.aws_s3_bucket.this", bucket="my-app-bucket-dev-123456789012"),
            resource(
                'aws_cloudwatch_log_group.application["my-tomorrows-api"]',
                name="/my-app/dev/my-tomorrows-api",
                retention_in_days=30,
            ),
            resource("module.pods_role.aws_iam_role.this", name="my-app-eks-pod-role", description="Pods"),
            *more,
        ]
    }


def stacks(network: Module | None = None, app: Module | None = None) -> dict[str, list[Resource]]:
    return {
        "network": list(resources("network", network or network_module())),
        "platform": list(resources("platform", platform_module())),
        "app": list(resources("app", app or app_module())),
    }
