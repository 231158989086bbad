"""The pictures in docs/diagrams are what would be drawn now; whatever makes them stale is named."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.docs.reading import ROOT

from flaskship.aws.diagrams.gallery import stale
from flaskship.aws.terraform import Terraform
from flaskship.chart.project import load_project
from flaskship.cli.commands import COMMANDS
from flaskship.model.errors import ConfigurationError

MODULES = Path("infra/terraform/aws/modules")


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of what pictures are drawn from, and of the pictures."""
    ignored = shutil.ignore_patterns(".terraform*", "tests", "*.tfstate*")
    shutil.copytree(ROOT / "infra", tmp_path / "infra", ignore=ignored)
    for folder in ("docs/diagrams", ".ci", ".github"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    (tmp_path / "app").mkdir()
    if (ROOT / "argocd").is_dir():
        shutil.copytree(ROOT / "argocd", tmp_path / "argocd")
    for file in ("flaskship.yaml", "Makefile"):
        shutil.copy(ROOT / file, tmp_path)
    return tmp_path


def said(root: Path) -> list[str]:
    return stale(load_project(root), COMMANDS)


def add(root: Path, file: str | Path, text: str) -> None:
    with (root / file).open("a") as there:
        there.write(text)


def change(root: Path, file: str | Path, old: str, new: str) -> None:
    text = (root / file).read_text()
    assert old in text
    (root / file).write_text(text.replace(old, new, 1))


def test_nothing_is_stale() -> None:
    assert said(ROOT) == [], "run: make diagrams, and commit what it writes"


def test_a_copy_is_as_good(copied: Path) -> None:
    assert said(copied) == []


def test_a_new_subnet_is_named(copied: Path) -> None:
    code = '\nresource "aws_subnet" "cache" {\n  vpc_id = aws_vpc.this.id\n  cidr   = "10.0.40.0/24"\n}\n'
    line = len((copied / MODULES / "network/subnets.tf").read_text().splitlines()) + 2
    add(copied, MODULES / "network/subnets.tf", code)
    assert said(copied) == [
        f"{MODULES}/network/subnets.tf:{line}: modules/network: aws_subnet.cache is not drawn yet"
    ]


def test_a_new_range_of_an_environment_is_named(copied: Path) -> None:
    add(copied, "infra/terraform/aws/stacks/network/environments/prod.tfvars", 'zones = ["a", "b", "c"]\n')
    (found,) = said(copied)
    assert "stacks/network: zones of prod is not drawn yet" in found


def test_a_wider_rule_is_named(copied: Path) -> None:
    change(
        copied,
        MODULES / "security-groups/nodes.tf",
        "to_port                      = 10250",
        "to_port = 10255",
    )
    (found,) = said(copied)
    assert "aws_vpc_security_group_ingress_rule.nodes_kubelet changed since it was drawn" in found


def test_what_is_gone_is_named(copied: Path) -> None:
    (copied / MODULES / "network/endpoints.tf").unlink()
    assert "modules/network: aws_vpc_endpoint.s3 is drawn, but gone from the code" in said(copied)


def test_a_new_kind_has_to_be_decided_about(copied: Path) -> None:
    add(
        copied,
        MODULES / "network/nat.tf",
        '\nresource "aws_vpn_gateway" "office" {\n  vpc_id = aws_vpc.this.id\n}\n',
    )
    with pytest.raises(
        ConfigurationError, match=r"nat\.tf:\d+: aws_vpn_gateway\.office: .*neither drawn nor left"
    ):
        said(copied)


def test_a_picture_that_was_changed_by_hand_is_named(copied: Path) -> None:
    change(copied, "docs/diagrams/aws-network.svg", "10.0.1.0/24", "10.0.9.0/24")
    assert said(copied) == [
        "docs/diagrams/aws-network.svg is not what would be drawn now",
        "docs/diagrams/aws-network.png was not made from aws-network.svg",
    ]


def test_a_png_of_another_picture_is_named(copied: Path) -> None:
    folder = copied / "docs/diagrams"
    shutil.copy(folder / "cd-flow.png", folder / "ci-flow.png")
    assert said(copied) == ["docs/diagrams/ci-flow.png was not made from ci-flow.svg"]


def test_another_way_to_production_is_another_picture(copied: Path) -> None:
    change(copied, "flaskship.yaml", "promotes_from: staging", "promotes_from: dev")
    assert "docs/diagrams/cd-flow.svg is not what would be drawn now" in said(copied)


def test_without_a_record_it_says_so(copied: Path) -> None:
    (copied / "docs/diagrams/aws.json").unlink()
    assert said(copied) == ["docs/diagrams/aws.json is not there"]
    (copied / "docs/diagrams/aws.json").write_text("{}")
    with pytest.raises(ConfigurationError, match="no record of pictures"):
        said(copied)


def draw(root: Path, *more: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "flaskship", "--project", str(root), "aws", "draw", "-o", "json", *more],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | environ,
        timeout=100,
    )


def test_what_needs_no_plan_is_drawn_without_terraform(copied: Path, tmp_path: Path) -> None:
    change(copied, "flaskship.yaml", "release: prod-apps", "release: production")
    done = draw(copied, PATH=os.environ["PATH"], FLASKSHIP_TERRAFORM_MIRROR=str(tmp_path))
    document = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    assert document["changed"] == ["docs/diagrams/cd-flow.svg", "docs/diagrams/cd-flow.png"]
    assert not document["planned"]
    assert said(copied) == []


def test_changed_code_wants_terraform_and_says_what_is_missing(copied: Path, tmp_path: Path) -> None:
    change(copied, MODULES / "network/vpc.tf", "enable_dns_support   = true", "enable_dns_support = false")
    before = (copied / "docs/diagrams/aws.json").read_bytes()
    done = draw(copied, FLASKSHIP_TERRAFORM_MIRROR=str(tmp_path / "none"))
    assert done.returncode == 4
    assert json.loads(done.stdout)["error"]["code"] == "PreflightFailed"
    assert (copied / "docs/diagrams/aws.json").read_bytes() == before


def test_code_that_terraform_refuses_is_told_with_its_stack(copied: Path, terraform: Terraform) -> None:
    add(copied, "infra/terraform/aws/stacks/bootstrap/main.tf", "\nresource {\n}\n")
    before = (copied / "docs/diagrams/aws.json").read_bytes()
    done = draw(copied, "--plan")
    error = json.loads(done.stdout)["error"]
    assert (done.returncode, error["code"]) == (1, "PlanFailed")
    assert "bootstrap: terraform could not plan it" in error["message"]
    assert "main.tf" in error["message"]
    assert (copied / "docs/diagrams/aws.json").read_bytes() == before
