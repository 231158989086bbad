"""The rehearsal's AWS, asked by boto3 instead of Terraform."""

import os
from typing import Any

from flaskship.aws.rehearsal.stacks import REGION
from flaskship.model.errors import PreflightError


def client(port: int, service: str) -> Any:
    """Return a client of a service at a port of loopback."""
    try:
        import boto3
        import botocore.session
        from botocore.config import Config
    except ModuleNotFoundError as missing:
        raise PreflightError(
            f"the rehearsal needs {missing.name}", hint="pip install 'flaskship[rehearsal]'"
        ) from missing
    # No profile and no file of the person's: one that is not there would be an error, another is not meant.
    nowhere = {
        "profile": (None, None, None, None),
        "config_file": (None, None, os.devnull, None),
        "credentials_file": (None, None, os.devnull, None),
    }
    session = boto3.session.Session(botocore_session=botocore.session.Session(session_vars=nowhere))
    return session.client(
        service,
        region_name=REGION,
        endpoint_url=f"http://127.0.0.1:{port}",
        aws_access_key_id="rehearsal",
        aws_secret_access_key="rehearsal",  # noqa: S106
        config=Config(retries={"max_attempts": 1}, s3={"addressing_style": "path"}, proxies={}),
    )


def unanswered_errors() -> tuple[type[Exception], ...]:
    """Return what is raised where the API server is gone, and not where it refuses."""
    from urllib.error import URLError

    from botocore.exceptions import ConnectionError as UnreachableError
    from botocore.exceptions import HTTPClientError

    # A refused connection, one that ends in the middle, and a plain request of ours.
    return (UnreachableError, HTTPClientError, URLError)
