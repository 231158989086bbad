"""The rehearsal's AWS, asked by boto3 instead of Terraform."""

from typing import Any

from flaskship.aws.rehearsal.stacks import REGION
from flaskship.model.errors import PreflightError


def client(port: int, service: str) -> Any:
    """Return a client of a service at a port of loopback."""
    try:
        import boto3
        from botocore.config import Config
    except ModuleNotFoundError as missing:
        raise PreflightError(
            f"the rehearsal needs {missing.name}", hint="pip install 'flaskship[rehearsal]'"
        ) from missing
    return boto3.client(
        service,
        region_name=REGION,
        endpoint_url=f"http://127.0.0.1:{port}",
        aws_access_key_id="rehearsal",
        aws_secret_access_key="rehearsal",  # noqa: S106
        config=Config(retries={"max_attempts": 1}, s3={"addressing_style": "path"}, proxies={}),
    )
