from pathlib import Path

import pytest

from flaskship.aws.diagrams.sources import differences, helm_releases, read_sources
from flaskship.model.errors import ConfigurationError

SUBNETS = 'resource "aws_subnet" "public" {\n  for_each = var.public # the ranges\n\n  cidr = each.value\n}\n'


@pytest.fixture
def infra(tmp_path: Path) -> Path:
    infra = tmp_path / "infra"
    code = infra / "terraform" / "aws"
    (code / "modules" / "network").mkdir(parents=True)
    (code / "stacks" / "network" / "environments").mkdir(parents=True)
    (code / "modules" / "network" / "subnets.tf").write_text(SUBNETS)
    (code / "stacks" / "network" / "main.tf").write_text(
        "locals {\n  a = 1\n}\n\nlocals {\n  b = 2\n}\n\n"
        'module "network" {\n  source = "../../modules/network"\n}\n'
    )
    (code / "stacks" / "network" / "variables.tf").write_text(
        'variable "zones" {\n  description = "Zones."\n  default     = ["a", "b"]\n}\n'
    )
    (code / "stacks" / "network" / "environments" / "prod.tfvars").write_text('environment = "prod"\n')
    (infra / "secrets.yaml").write_text("environments: {}\n")
    return infra


def changed(infra: Path, file: str, old: str, new: str) -> list[str]:
    drawn = {name: one.digest for name, one in read_sources(infra, "prod").items()}
    path = infra / "terraform" / "aws" / file
    text = path.read_text() if path.exists() else ""
    assert old in text
    path.write_text(text.replace(old, new) if old else text + new)
    return differences(drawn, read_sources(infra, "prod"))


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        (
            "modules/network/subnets.tf",
            "each.value",
            'cidrsubnet(each.value, 8, 1) # "x"',
            "modules/network/subnets.tf:1: modules/network: aws_subnet.public changed since",
        ),
        (
            "stacks/network/variables.tf",
            '["a", "b"]',
            '["a", "b", "c"]',
            "stacks/network/variables.tf: stacks/network: variable zones changed since",
        ),
        (
            "stacks/network/environments/prod.tfvars",
            "",
            "nat_per_zone = true\n",
            "stacks/network/environments/prod.tfvars: stacks/network: nat_per_zone of prod is not drawn yet",
        ),
        (
            "stacks/network/main.tf",
            "b = 2",
            "b = 3",
            "stacks/network/main.tf:1: stacks/network: locals of main.tf changed since",
        ),
        (
            "modules/network/more.tf",
            "",
            '\nresource "aws_subnet" "cache" {\n  x = 1\n}\n',
            "modules/network/more.tf:2: modules/network: aws_subnet.cache is not drawn yet",
        ),
        (
            "modules/network/subnets.tf",
            SUBNETS,
            "",
            "modules/network: aws_subnet.public is drawn, but gone from the code",
        ),
    ],
)
def test_what_changes_a_picture_is_named(infra: Path, file: str, old: str, new: str, said: str) -> None:
    (found,) = changed(infra, file, old, new)
    assert found.removeprefix("infra/terraform/aws/").startswith(said)


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("modules/network/subnets.tf", "# the ranges", "// ranges, as a map"),
        ("modules/network/subnets.tf", "\n\n", "\n"),
        ("stacks/network/variables.tf", "Zones.", "The zones."),
    ],
)
def test_comments_spaces_and_descriptions_change_none(infra: Path, file: str, old: str, new: str) -> None:
    assert changed(infra, file, old, new) == []


def test_of_what_is_not_drawn_only_its_being_there_counts(infra: Path) -> None:
    code = '\nresource "aws_eip" "nat" {\n  domain = "vpc"\n}\n'
    assert len(changed(infra, "modules/network/nat.tf", "", code)) == 1
    assert changed(infra, "modules/network/nat.tf", '"vpc"', '"other"') == []


def test_a_kind_that_nobody_decided_about_is_refused_with_its_line(infra: Path) -> None:
    code = '\nresource "aws_lambda_function" "f" {\n  x = 1\n}\n'
    with pytest.raises(ConfigurationError, match=r"f\.tf:2: aws_lambda_function\.f: .*neither drawn"):
        changed(infra, "modules/network/f.tf", "", code)


def test_releases_are_read_with_their_versions(infra: Path) -> None:
    charts = infra / "terraform" / "aws" / "stacks" / "charts"
    charts.mkdir()
    (charts / "lookups.tf").write_text('locals {\n  versions = {\n    karpenter = "1.11.1"\n  }\n}\n')
    (charts / "scaling.tf").write_text(
        'resource "helm_release" "karpenter" {\n  name    = "karpenter"\n'
        '  version = local.versions["karpenter"]\n}\n\n'
        'resource "helm_release" "own" {\n  name  = "cluster-defaults"\n  chart = "x"\n}\n'
    )
    assert [dict(one.values) for one in helm_releases(infra)] == [
        {"name": "karpenter", "version": "1.11.1"},
        {"name": "cluster-defaults", "version": ""},
    ]
