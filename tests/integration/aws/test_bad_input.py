"""Bad input, as a user gives it to a stack: a validation says what to write, and no provider is heard."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.integration.aws.conftest import AWS, Run

from flaskship.aws.rehearsal.children import api_server

pytestmark = pytest.mark.timeout(600)

BACKEND = 'terraform {\n  backend "local" {}\n}\n'
PROD = "-var-file=environments/prod.tfvars"
OUTSIDE = '-var=private_subnets=["10.1.10.0/24","10.0.20.0/24"]'
REPOSITORY = '-var=repository={owner="example",name="my-app"}'
ONE_NODE = '-var=on_demand={instance_types=["m6i.xlarge"],size={desired=1,min=1,max=3}}'
TINY = '-var=private_subnets=["10.0.10.0/30","10.0.20.0/24"]'
OVERLAPPING = '-var=private_subnets=["10.0.1.0/25","10.0.20.0/24"]'


@pytest.fixture(scope="module")
def stacks(run_terraform: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the stacks in a folder of their own, initialised."""
    infra = tmp_path_factory.mktemp("bad") / "infra"
    code = infra / "terraform" / "aws"
    shutil.copytree(AWS, code, ignore=shutil.ignore_patterns(".terraform*", "tests"))
    shutil.copy(AWS.parents[1] / "secrets.yaml", infra)
    for name in ("bootstrap", "account", "network", "platform", "app"):
        folder = code / "stacks" / name
        if (folder / "backend.tf").exists():
            (folder / "bad_override.tf").write_text(BACKEND)
        done = run_terraform("init", "-input=false", "-no-color", folder=folder)
        assert done.returncode == 0, done.stdout + done.stderr
    return code / "stacks"


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """An account in which nothing is wrong, as the environment of a terraform."""
    with api_server(tmp_path_factory.mktemp("account")) as port:
        yield {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
            "AWS_ACCESS_KEY_ID": "rehearsal",
            "AWS_SECRET_ACCESS_KEY": "rehearsal",
        }


@pytest.mark.parametrize(
    ("stack", "given", "told"),
    [
        (
            "network",
            (PROD, OUTSIDE),
            "private_subnets must lie inside vpc_cidr, which is 10.0.0.0/16: they are 10.1.10.0/24, 10.0.",
        ),
        (
            "network",
            (PROD, OVERLAPPING),
            "subnets overlap, give each a range of its own: they are 10.0.1.0/24,",
        ),
        (
            "network",
            (PROD, TINY),
            "private_subnets must have prefixes from /16 to /28, AWS makes no other subnet: they are",
        ),
        ("network", (PROD, "-var=vpc_cidr=banana"), "vpc_cidr must be an IPv4 range"),
        ("network", ("-var=environment=qa",), "environment must be dev, staging or prod: pass -var-file="),
        ("app", (PROD,), "prod needs a certificate: set zone_id and it is made, or certificate_arn"),
        (
            "app",
            (PROD,),
            "prod would tell nobody of an alarm, of its budget or of unusual cost: pass -var='alarm",
        ),
        (
            "app",
            (PROD,),
            "prod would be told of unusual cost by nobody: pass -var=anomaly_monitor_arn=ARN of the account",
        ),
        ("app", (PROD, "-var=environment=qa"), "environment must be dev, staging or prod: pass -var-file="),
        (
            "platform",
            (PROD, "-var=environment=qa"),
            "environment must be dev, staging or prod: pass -var-file=",
        ),
        ("platform", (PROD, ONE_NODE), "on_demand.size.min must be 2 at least in prod"),
        (
            "account",
            (REPOSITORY, "-var=region=oregon"),
            "region must be the name of an AWS region: us-west-2",
        ),
        ("bootstrap", ("-var=region=oregon",), "region must be the name of an AWS region: us-west-2"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else None,
)
def test_a_validation_says_what_to_write(
    stacks: Path,
    account: dict[str, str],
    run_terraform: Run,
    stack: str,
    given: tuple[str, ...],
    told: str,
) -> None:
    done = run_terraform("plan", "-input=false", "-no-color", *given, folder=stacks / stack, **account)
    assert done.returncode == 1
    said = " ".join(re.sub(r"[│╷╵├─]", " ", done.stdout + done.stderr).split())
    assert told in said
    errors = re.findall(r"Error: (.*?) (?:on|with) ", said)
    assert "Invalid value for variable" in errors
    # The later stack misses the earlier ones, too, and may say so.
    assert stack in ("platform", "app") or set(errors) == {"Invalid value for variable"}, said
