"""States of a team: the override puts S3 in the local backend's place, each environment has its key.

S3 is moto's server on loopback; the backend and its lock are Terraform's own.
"""

import json
import shutil
import urllib.request
from collections.abc import Iterator

import pytest
from tests.terraform import Root, words

from .conftest import KUBECONFIG

BUCKET = "my-app-states"


@pytest.fixture
def s3() -> Iterator[str]:
    """The address of an S3 with one empty bucket."""
    server_module = pytest.importorskip("moto.server", reason="moto is not installed: make bootstrap-dev")
    import boto3

    server = server_module.ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    # One process has one S3, whichever server asks it.
    urllib.request.urlopen(urllib.request.Request(f"{address}/moto-api/reset", method="POST")).close()
    client = boto3.client(
        "s3", endpoint_url=address, region_name="us-west-2", aws_access_key_id="t", aws_secret_access_key="t"
    )
    client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    yield address
    server.stop()


@pytest.fixture
def team(root: Root, s3: str) -> Root:
    """A root that keeps its states in the bucket, as the how-to says."""
    shutil.copy(root.folder / "backend_override.tf.example", root.folder / "backend_override.tf")
    (root.folder / "moto.tfbackend").write_text(
        f'endpoints = {{ s3 = "{s3}" }}\nuse_path_style = true\n'
        "skip_credentials_validation = true\nskip_requesting_account_id = true\n"
        "skip_metadata_api_check = true\n"
    )
    keys = {"AWS_ACCESS_KEY_ID": "t", "AWS_SECRET_ACCESS_KEY": "t"}
    return Root(root.folder, {**root.environ, **keys})


def choose(team: Root, environment: str) -> None:
    done = team.run(
        "init",
        "-reconfigure",
        f"-backend-config=environments/{environment}.s3.tfbackend",
        f"-backend-config=bucket={BUCKET}",
        "-backend-config=moto.tfbackend",
    )
    assert done.returncode == 0, done.stdout


def of(environment: str) -> tuple[str, str]:
    return f"-var-file=environments/{environment}.tfvars", f"-var=kubeconfig={KUBECONFIG}"


def test_every_environment_has_its_own_state_in_the_bucket(team: Root) -> None:
    marker = ("-auto-approve", "-target=terraform_data.environment")
    for environment in ("dev", "staging"):
        choose(team, environment)
        done = team.run("apply", *marker, *of(environment))
        assert done.returncode == 0, done.stdout
        state = json.loads(team.run("state", "pull").stdout)
        assert state["outputs"]["environment"]["value"] == environment
    assert not (team.folder / "terraform.tfstate").exists()

    # Staging's key is chosen: dev is refused there, and at home again behind its own key.
    refused = team.run("plan", *of("dev"))
    assert refused.returncode == 1
    said = words(refused.stdout)
    assert "This state is that of staging, and not of dev." in said
    assert "terraform init -reconfigure -backend-config=environments/dev.s3.tfbackend" in said
    choose(team, "dev")
    assert team.run("plan", *of("dev")).returncode == 0


def test_a_state_that_somebody_holds_is_not_written(team: Root, s3: str) -> None:
    import boto3

    choose(team, "dev")
    client = boto3.client(
        "s3", endpoint_url=s3, region_name="us-west-2", aws_access_key_id="t", aws_secret_access_key="t"
    )
    lock = {
        "ID": "1",
        "Operation": "apply",
        "Who": "ada@laptop",
        "Version": "1",
        "Created": "2026-01-01T00:00:00Z",
    }
    client.put_object(Bucket=BUCKET, Key="my-app/apps/dev.tfstate.tflock", Body=json.dumps(lock))
    done = team.run("apply", "-auto-approve", "-target=terraform_data.environment", *of("dev"))
    assert done.returncode == 1
    assert "Error acquiring the state lock" in done.stdout
    assert "ada@laptop" in done.stdout
