"""The infrastructure and the chart agree: secrets, names, ports, alarms and their runbooks."""

import re
from pathlib import Path

from ruamel.yaml import YAML
from tests.integration.aws.conftest import AWS

ROOT = AWS.parents[2]
APP = AWS / "stacks" / "app"


def load(path: Path) -> dict:
    return YAML(typ="safe").load(path.read_text())


def test_every_entry_of_the_table_lies_on_one_of_its_paths() -> None:
    # That the role may read these paths and no others, the stack's own tests ask of its policies.
    table = load(ROOT / "infra" / "secrets.yaml")
    for entries in table["environments"].values():
        for entry in entries:
            assert any(entry.startswith(path.removesuffix("*")) for path in table["resources"]), (
                f"{entry}: no path of infra/secrets.yaml lets the pods' role read it"
            )


def test_the_role_has_the_tables_name_and_the_charts_account() -> None:
    text = (APP / "identity.tf").read_text()
    values = load(ROOT / "infra" / "helmchart" / "values.yaml")
    assert "name              = local.table.role" in text
    assert f':{values["aws"]["serviceAccount"]}"' in text


def test_the_load_balancer_reaches_the_charts_port() -> None:
    values = load(ROOT / "infra" / "helmchart" / "values.yaml")
    port = values["defaults"]["service"]["targetPort"]
    text = (AWS / "modules" / "security-groups" / "variables.tf").read_text()
    assert f"{{ from = {port}, to = {port} }}" in text


def test_the_charts_networks_are_those_of_the_network() -> None:
    values = load(ROOT / "infra" / "helmchart" / "values-prod.yaml")["networkPolicy"]
    text = (AWS / "stacks" / "network" / "variables.tf").read_text()
    for kind, ranges in (("public", values["ingressCidrs"]), ("database", values["databaseCidrs"])):
        block = text.split(f'variable "{kind}_subnets"')[1].split("validation")[0]
        assert re.findall(r'"([0-9./]+)"', block) == ranges


def test_every_alarm_has_its_section_in_the_runbooks() -> None:
    text = (APP / "alarms.tf").read_text()
    names = set(re.findall(r"^      ([a-z-]+) = \{$", text, re.M))
    own = dict(re.findall(r'"\$\{application\}(-[a-z-]+)" => \{(.*?)\n      \}', text, re.S))
    of_all = {end: re.findall(r'runbook\s+= "([a-z-]+)"', block) for end, block in own.items()}
    names |= {f"my-tomorrows-api{end}" for end, named in of_all.items() if not named}
    names |= {name for named in of_all.values() for name in named}
    sections = set(re.findall(r"^## (\S+)$", (ROOT / "docs" / "how-to" / "runbooks.md").read_text(), re.M))
    assert len(names) >= 7
    assert names == sections


def test_alarms_of_the_cluster_read_series_that_the_agent_publishes() -> None:
    # It sums over the cluster, or tells each pod or Service: one of a namespace has no series, never rings.
    blocks = re.findall(
        r'namespace\s+= "ContainerInsights"(.*?)\n      \}', (APP / "alarms.tf").read_text(), re.S
    )
    assert len(blocks) == 3
    cluster = "ClusterName = local.platform.cluster"
    of_services = f"{{ {cluster}, Namespace = local.namespace, Service = application }}"
    for block in blocks:
        wanted = of_services if "service_" in block else f"{{ {cluster} }}"
        assert re.findall(r"dimensions\s+= (.*)", block) == [wanted]


def test_a_container_that_always_fails_rings_and_an_application_without_pods_does() -> None:
    text = (APP / "alarms.tf").read_text()
    restarting = text.split("pods-restarting = {")[1].split("\n      }")[0]
    said = dict(re.findall(r"^ +(\w+)\s+= (.*)$", restarting, re.M))
    period, above = int(said["period"]), int(said["above"])
    # Each value is a difference: a maximum of them never sees more than one or two.
    assert said["statistic"] == '"Sum"'
    assert said["periods"] == "1"
    for lives in (1, 30, 120):
        starts, at, wait = [], 0, 10
        while at < 4 * period:
            at += wait + lives
            starts.append(at)
            wait = min(2 * wait, 300)
        # Later it waits five minutes each time, which is when it would be forgotten.
        for begin in range(0, 3 * period, 60):
            assert sum(begin <= one < begin + period for one in starts) > above, (lives, begin)
    running = text.split('-not-running" => {')[1].split("\n      }")[0]
    assert re.search(r'missing\s+= "breaching"', running)
    assert re.search(r"below\s+= 1\n", running)


def test_each_environment_has_the_charts_applications() -> None:
    for environment in ("dev", "staging", "prod"):
        values = load(ROOT / "infra" / "helmchart" / f"values-{environment}.yaml")
        wanted = {name for name, one in values["applications"].items() if one.get("enabled", True)}
        text = (APP / "environments" / f"{environment}.tfvars").read_text()
        line = next(line for line in text.splitlines() if line.startswith("applications"))
        assert set(re.findall(r'"([a-z-]+)"', line)) == wanted


def test_every_variable_and_output_is_described() -> None:
    for file in AWS.rglob("*.tf"):
        text = file.read_text()
        for kind, name in re.findall(r'^(variable|output) "([a-z_]+)"', text, re.M):
            block = text.split(f'{kind} "{name}"', 1)[1].split("\n}\n", 1)[0]
            assert "description" in block, f"{file.relative_to(AWS)}: {kind} {name}"
            assert kind == "output" or "type " in block, f"{file.relative_to(AWS)}: {kind} {name} has no type"


def test_roots_pin_and_modules_leave_room() -> None:
    for file in AWS.glob("stacks/*/versions.tf"):
        assert re.search(r'version = "5\.100\.0"', file.read_text()), file
    for file in AWS.glob("modules/*/versions.tf"):
        assert ">= 5.100, < 7" in file.read_text(), file
