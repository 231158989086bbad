"""What a person does by hand: a zone that is there before, and what is protected before it is destroyed."""

from flaskship.aws.rehearsal.api import client

PROTECTION = "terraform_data.protection"
"""What a stack is protected by: taken out of its state by whoever destroys it on purpose."""


def make_zone(port: int) -> str:
    """Make the zone of the applications' domain and return its id."""
    made = client(port, "route53").create_hosted_zone(Name="mytomorrows.com", CallerReference="rehearsal")
    return str(made["HostedZone"]["Id"]).rsplit("/", 1)[-1]


def empty_bucket(port: int, bucket: str) -> None:
    """Delete every version of every object: the bucket of states refuses to go with them."""
    s3 = client(port, "s3")
    if bucket not in {one["Name"] for one in s3.list_buckets()["Buckets"]}:
        return
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        for one in [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]:
            s3.delete_object(Bucket=bucket, Key=one["Key"], VersionId=one["VersionId"])


def take_off(port: int) -> None:
    """Switch the protection of every database off, as nobody should be able to by an apply alone."""
    rds = client(port, "rds")
    for instance in rds.describe_db_instances()["DBInstances"]:
        rds.modify_db_instance(
            DBInstanceIdentifier=instance["DBInstanceIdentifier"],
            DeletionProtection=False,
            ApplyImmediately=True,
        )
    ecr = client(port, "ecr")
    for repository in ecr.describe_repositories()["repositories"]:
        for image in ecr.list_images(repositoryName=repository["repositoryName"])["imageIds"]:
            ecr.batch_delete_image(repositoryName=repository["repositoryName"], imageIds=[image])
