"""flaskship check on this repository's own project, rendered by the real Helm."""

import io
import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from flaskship.chart.project import load_project
from flaskship.cli.main import run
from flaskship.cli.output import Output
from flaskship.cli.wiring import real_world
from flaskship.model.location import Location
from flaskship.policy.node import Node
from flaskship.policy.objects import Object
from flaskship.tasks.places import locate

ROOT = Path(__file__).resolve().parents[3]
API = "applications.my-tomorrows-api"


@dataclass(frozen=True)
class Checked:
    code: int
    document: dict[str, Any]

    @property
    def open(self) -> list[dict[str, Any]]:
        return [one for one in self.document["findings"] if one["accepted"] is None]

    def of(self, rule: str) -> list[dict[str, Any]]:
        return [one for one in self.open if one["rule"] == rule]


def flaskship(*words: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    code = run([*words, "--project", str(ROOT)], output=Output(out, err))
    return code, out.getvalue(), err.getvalue()


def check(*words: str) -> Checked:
    code, out, _ = flaskship("check", *words, "-o", "json")
    return Checked(code, json.loads(out))


def test_our_environments_pass_and_every_accepted_finding_has_its_reason() -> None:
    checked = check()
    assert checked.open == []
    assert checked.code == 0
    assert checked.document["environments"] == ["dev", "staging", "prod"]
    assert all(len(one["accepted"]) > 20 for one in checked.document["findings"])


def test_what_prod_has_and_staging_never_exercises_is_accepted_one_by_one() -> None:
    checked = check("prod", "--untested-against", "staging")
    assert checked.open == []
    assert checked.code == 0
    untested = [one for one in checked.document["findings"] if one["rule"] == "untested"]
    assert "VerticalPodAutoscaler" in {one["object"] for one in untested}
    assert all("*" not in one["object"] for one in untested)
    assert "VerticalPodAutoscaler spec.updatePolicy.updateMode=Off" in {one["object"] for one in untested}


def test_something_new_in_prod_alone_is_found(tmp_path: Path) -> None:
    checked = check("prod", "--untested-against", "staging", "--set", f"{API}.features.quick=true")
    assert checked.code == 3
    assert [one["object"] for one in checked.of("untested")] == ["feature quick of my-tomorrows-api"]


ADMIN, WORKER = "applications.my-tomorrows-admin", "applications.my-tomorrows-worker"
MONITORING = "applications.my-tomorrows-monitoring"


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        (
            f"{ADMIN}.vpa.updateMode",
            "Recreate",
            "VerticalPodAutoscaler spec.updatePolicy.updateMode=Recreate",
        ),
        (
            f"{WORKER}.autoscaling.memory.enabled",
            "true",
            "HorizontalPodAutoscaler spec.metrics Resource memory",
        ),
        (
            f"{WORKER}.autoscaling.behavior.scaleDown.selectPolicy",
            "Disabled",
            "HorizontalPodAutoscaler spec.behavior.scaleDown.selectPolicy",
        ),
        (f"{MONITORING}.features.zzz", "true", "feature zzz of my-tomorrows-monitoring"),
        (f"{MONITORING}.env.NEW", "x", "variable NEW of my-tomorrows-monitoring"),
        (f"{MONITORING}.database", "true", "variable DATABASE_URL_FILE of my-tomorrows-monitoring"),
        (
            f"{MONITORING}.webhooks.deliver",
            "true",
            "NetworkPolicy spec.egress.to 0.0.0.0/0 of my-tomorrows-monitoring",
        ),
        ("priorityClasses.classes.low.value", "1000000000", "PriorityClass value=1000000000"),
        ("secrets.provider", "existing", "secrets.provider=existing"),
        ("aws.identity", "podIdentity", "aws.identity=podIdentity"),
        ("aws.createServiceAccount", "false", "aws.createServiceAccount=false"),
    ],
)
def test_an_accepted_whole_hides_nothing_that_is_switched_on_inside_it_later(
    path: str, value: str, told: str
) -> None:
    found = check("prod", "--untested-against", "staging", "--set", f"{path}={value}").of("untested")
    assert [one["object"] for one in found] == [told]
    assert found[0]["values"]["file"] == f"--set {path}={value}"


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (
            {f"{API}.autoscaling.memory.enabled": "true"},
            ["HorizontalPodAutoscaler spec.metrics Resource memory"],
        ),
        (
            {f"{API}.aws.access": "true", "networkPolicy.awsCidrs": "{10.0.8.0/24}"},
            [
                "Deployment spec.template.spec.serviceAccountName=my-app-serviceaccount",
                "NetworkPolicy spec.egress.ports 443",
                "NetworkPolicy spec.egress.to 10.0.8.0/24",
            ],
        ),
        (
            {f"{API}.volumes[0].name": "cache", f"{API}.volumes[0].emptyDir.sizeLimit": "1Mi"},
            ["Deployment spec.template.spec.volumes cache"],
        ),
        ({f"{API}.image.tag": "2.0"}, ["image cloudandparth/my-demo-app:2.0 of my-tomorrows-api"]),
        (
            {"defaults.scheduling.spot": "true"},
            [f"Deployment spec.template.spec.{part}" for part in ("affinity", "tolerations")],
        ),
        ({f"{API}.webhooks.deliver": "true"}, ["NetworkPolicy spec.egress.to 0.0.0.0/0 of my-tomorrows-api"]),
        (
            {f"{API}.networkPolicy.egress[0].to[0].ipBlock.cidr": "10.9.0.0/16"},
            ["NetworkPolicy spec.egress.to 10.9.0.0/16"],
        ),
        ({"networkPolicy.ipv6": "true"}, ["NetworkPolicy spec.egress.to ::/0"]),
        ({f"{ADMIN}.autoscaling.enabled": "true"}, ["HorizontalPodAutoscaler of my-tomorrows-admin"]),
        ({f"{WORKER}.webhooks.allow": "{10.1.0.0/16}"}, ["NetworkPolicy spec.egress.to 10.1.0.0/16"]),
        (
            {f"{API}.initContainers[0].name": "warm", f"{API}.initContainers[0].image": "warm:1"},
            ["Deployment spec.template.spec.initContainers warm"],
        ),
        ({f"{WORKER}.ingress.enabled": "true", f"{WORKER}.ingress.subdomain": "work"}, None),
    ],
)
def test_a_feature_that_an_application_has_in_prod_alone_is_told_at_its_value(
    values: dict[str, str], told: list[str] | None
) -> None:
    words = [word for path, value in values.items() for word in ("--set", f"{path}={value}")]
    found = check("prod", "--untested-against", "staging", *words).of("untested")
    assert [one["object"] for one in found] == (told or ["Ingress spec.rules.http.paths my-tomorrows-worker"])
    if told:
        assert all(one["values"]["file"].startswith("--set") for one in found), found


@pytest.mark.parametrize(
    ("part", "value", "rule"),
    [
        ("env: {REDIS_URL", "redis://10.9.9.9:6379", "network-cut"),
        ("config: {PEER", "http://my-tomorrows-admin:80/", "network-cut"),
        ("config: {CACHE", "http://10.9.9.9:8080/", "network-cut"),
        ("env: {REDIS_URL", "redis://cache.example.com", "network-unknown"),
        ("env: {OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector.observability:4317", "network-unknown"),
    ],
)
def test_a_url_that_no_policy_opens_is_told_at_its_line(
    tmp_path: Path, part: str, value: str, rule: str
) -> None:
    extra = tmp_path / "extra.yaml"
    extra.write_text(f'applications:\n  my-tomorrows-api:\n    {part}: "{value}"}}\n')
    (found,) = check("staging", "-f", str(extra)).of(rule)
    assert found["values"] == {"file": str(extra), "line": 3}


def test_a_url_in_a_command_line_is_told_at_it(tmp_path: Path) -> None:
    extra = tmp_path / "extra.yaml"
    extra.write_text(
        'applications:\n  my-tomorrows-admin:\n    args: ["--peer", "http://my-tomorrows-worker"]\n'
    )
    (found,) = check("staging", "-f", str(extra)).of("network-cut")
    assert found["values"] == {"file": str(extra), "line": 3}


@pytest.mark.parametrize(("environment", "part"), [("dev", "persistence"), ("prod", "secrets")])
def test_a_folder_that_is_mounted_twice_is_told_at_the_value_that_chose_it(
    environment: str, part: str
) -> None:
    found = check(environment, "--set", f"{part}.mountPath=/tmp").of("duplicate-entry")
    assert found
    assert {one["values"]["file"] for one in found} == {f"--set {part}.mountPath=/tmp"}


@pytest.mark.parametrize(
    ("environment", "setting", "rule"),
    [
        ("staging", f"{API}.image.tag=latest", "image-tag"),
        ("staging", f"{API}.image.pullPolicy=Never", "pull-policy"),
        ("staging", f"{API}.probes.readiness.enabled=false", "readiness-probe"),
        ("staging", f"{API}.probes.liveness.path=/ready", "probe-paths"),
        ("staging", f"{API}.env.DB_PASSWORD=hunter22", "plain-secret"),
        ("staging", f"{API}.pdb.enabled=false", "pdb-missing"),
        ("staging", f"{API}.topologySpread.enabled=false", "topology-spread"),
        ("staging", f"{API}.serviceAccount.create=false", "reference-missing"),
        ("prod", f"{API}.autoscaling.minReplicas=1", "single-replica"),
        ("prod", f"{API}.progressDeadlineSeconds=30", "startup-deadline"),
    ],
)
def test_a_broken_value_is_found_and_named_as_its_origin(environment: str, setting: str, rule: str) -> None:
    checked = check(environment, "--set", setting)
    assert checked.code == 3
    found = checked.of(rule)
    assert found, [one["rule"] for one in checked.open]
    assert {one["application"] for one in found} == {"my-tomorrows-api"}
    assert any(one["values"]["file"].startswith("--set") for one in found), found


KEYS = "[database-url, api-key, ui-password]"


@pytest.mark.parametrize(
    ("secrets", "told"),
    [
        ("{provider: existing}", ()),
        (f"{{provider: existing, existing: {{app-secrets: {KEYS}}}}}", ()),
        ("{provider: existing, existing: {payment: []}}", ()),
        # What is declared has its keys: prod wants an API key and passwords of its pages.
        (
            "{provider: existing, existing: {app-secrets: [database-url, apikey, ui-password]}}",
            ("asks for key api-key of Secret app-secrets, which has apikey, database-url, ui-password",),
        ),
        # Almost the declared name: one of the two is a slip.
        (
            f"{{provider: existing, appSecrets: app-secrts, existing: {{app-secrets: {KEYS}}}}}",
            (
                "asks for Secret app-secrts, which this environment does not make; did you mean app-secrets?",
                "asks for key ",
            ),
        ),
    ],
)
def test_a_secret_that_the_values_declare_as_somebody_elses_is_not_missing(
    tmp_path: Path, secrets: str, told: tuple[str, ...]
) -> None:
    extra = tmp_path / "extra.yaml"
    extra.write_text(f"secrets: {secrets}\n")
    found = [one["message"] for one in check("prod", "-f", str(extra)).of("reference-missing")]
    assert all(one.startswith(told) for one in found), found
    assert bool(found) == bool(told)


@pytest.mark.parametrize(
    ("secrets", "told"),
    [
        ("{}", ["asks for Secret paymnt, which this environment does not make"]),
        (
            "{existing: {payment: [key]}}",
            ["asks for Secret paymnt, which this environment does not make; did you mean payment?"],
        ),
        ("{existing: {paymnt: [kee]}}", ["asks for key key of Secret paymnt, which has kee"]),
        ("{existing: {paymnt: [key]}}", []),
        ("{existing: {paymnt: []}}", []),
    ],
)
def test_a_secret_of_ones_own_is_declared_by_its_name(tmp_path: Path, secrets: str, told: list[str]) -> None:
    extra = tmp_path / "extra.yaml"
    reference = "{valueFrom: {secretKeyRef: {name: paymnt, key: key}}}"
    head = f"secrets: {secrets}\napplications:\n  my-tomorrows-api:\n"
    extra.write_text(f"{head}    env:\n      PAYMENT_SIGNER: {reference}\n")
    checked = check("prod", "-f", str(extra))
    found = checked.of("reference-missing")
    # The migration has the variables of the application.
    assert [one["message"] for one in found] == told * 2
    assert all(one["values"] == {"file": str(extra), "line": 5} for one in found)
    assert checked.code == (3 if told else 0)


def test_an_account_that_the_infrastructure_makes_is_not_missing() -> None:
    sets = [
        f"{API}.aws.access=true",
        "aws.createServiceAccount=false",
        "networkPolicy.awsCidrs={10.0.8.0/24}",
    ]
    words = [word for one in sets for word in ("--set", one)]
    assert check("prod", *words).of("reference-missing") == []
    assert check("prod", *words, "--set", "aws.serviceAccount=shared").of("reference-missing") == []


EGRESS = f"{API}.networkPolicy.egress[0]"


@pytest.mark.parametrize(
    ("sets", "found"),
    [
        # The address is that of RDS, behind a Secret from outside: without its networks nothing is proven.
        (("networkPolicy.databaseCidrs={}",), ("network-unknown",)),
        (("networkPolicy.databaseCidrs={10.0.0.0/8}",), ()),
        # An address that a value tells is compared exactly, block and port.
        ((f"{API}.env.DATABASE_URL=postgresql://10.0.30.9/x",), ()),
        ((f"{API}.env.DATABASE_URL=postgresql://10.0.32.9/x",), ("network-cut",)),
        ((f"{API}.env.DATABASE_URL=postgresql://10.0.30.9:5433/x",), ("network-cut",)),
        (
            (f"{API}.env.DATABASE_URL=postgresql://10.0.32.9/x", f"{EGRESS}.to[0].ipBlock.cidr=10.0.32.0/24"),
            (),
        ),
        (
            (
                f"{API}.env.DATABASE_URL=postgresql://10.0.32.9/x",
                f"{EGRESS}.to[0].ipBlock.cidr=10.0.32.0/24",
                f"{EGRESS}.to[0].ipBlock.except={{10.0.32.8/29}}",
            ),
            ("network-cut",),
        ),
    ],
)
def test_the_way_to_the_database_is_judged_by_address_and_port(
    tmp_path: Path, sets: tuple[str, ...], found: tuple[str, ...]
) -> None:
    extra = tmp_path / "extra.yaml"
    block = "{to: [{ipBlock: {cidr: 10.9.0.0/16}}], ports: [{port: 5432}]}"
    extra.write_text(f"defaults: {{networkPolicy: {{egress: [{block}]}}}}\n")
    words = [
        word for one in sets for word in ("--set", one.replace("{}", "null") if one.endswith("={}") else one)
    ]
    checked = check("prod", "-f", str(extra), *words)
    told = {one["rule"] for one in checked.open if one["application"] == "my-tomorrows-api"}
    assert told == set(found), checked.open


def test_the_line_of_a_values_file_is_named(tmp_path: Path) -> None:
    extra = tmp_path / "extra.yaml"
    extra.write_text("applications:\n  my-tomorrows-api:\n    image:\n      tag: latest\n")
    [*found] = check("staging", "-f", str(extra)).of("image-tag")
    placed = [one["values"] for one in found if one["object"].startswith("Deployment")]
    assert placed == [{"file": str(extra), "line": 4}] * len(placed)
    assert placed


PLACED = """\
applications:
  my-tomorrows-api:
    initContainers:
      - name: warm
        image: warm:1
        resources:
          requests: {cpu: 1m, memory: 1Mi}
    volumes:
      - name: keys
        secret:
          secretName: nobody-makes-it
    autoscaling:
      minReplicas: 1
secrets:
  provider: existing
priorityClasses:
  classes:
    mine: {value: 1, description: x}
"""


@pytest.mark.parametrize(
    ("rule", "message", "line"),
    [
        ("memory-limit", "container warm", 6),
        ("image-digest", "container warm", 5),
        ("privilege-escalation", "container warm", 4),
        ("reference-missing", "nobody-makes-it", 10),
        ("single-replica", "", 13),
    ],
)
def test_the_line_is_that_of_the_value_to_change(tmp_path: Path, rule: str, message: str, line: int) -> None:
    extra = tmp_path / "extra.yaml"
    extra.write_text(PLACED + "policy: {accept: []}\n")
    told = check("prod", "-f", str(extra)).of(rule)
    found = [one for one in told if message in one["message"] and one["application"] == "my-tomorrows-api"]
    assert found
    assert {(one["values"]["file"], one["values"]["line"]) for one in found} == {(str(extra), line)}


def test_a_priority_class_is_placed_where_a_file_names_it(tmp_path: Path) -> None:
    extra = tmp_path / "extra.yaml"
    extra.write_text(PLACED)
    world, project = real_world(), load_project(ROOT)
    layered = world.layer_values(project, project.environment("dev"), [extra], [])
    named = {"kind": "PriorityClass", "metadata": {"name": "my-app-mine"}}
    fault = Object(Node(named), None).fault("is wrong", "metadata.name")
    assert locate(world, layered, fault) == Location(extra, 18)


@pytest.mark.parametrize(
    ("texts", "place"),
    [
        (("networkPolicy: {egress: [{}]}", "webhooks: {deliver: true}"), 1),
        (("webhooks: {deliver: true}", "networkPolicy: {egress: [{}]}"), 1),
        (("networkPolicy: {egress: [{}]}", "webhooks: {deliver: false}"), 0),
        (("webhooks: {deliver: true}", "networkPolicy: {egress: []}"), 0),
        (("database: true", "webhooks: {deliver: true}\n    networkPolicy: {egress: [{}]}"), 1),
    ],
)
def test_of_several_values_the_one_said_last_is_the_place(
    tmp_path: Path, texts: tuple[str, str], place: int
) -> None:
    files = [tmp_path / f"{number}.yaml" for number in range(len(texts))]
    for file, text in zip(files, texts, strict=True):
        file.write_text(f"applications:\n  my-tomorrows-api:\n    {text}\n")
    world, project = real_world(), load_project(ROOT)
    layered = world.layer_values(project, project.environment("prod"), files, [])
    named = {"kind": "NetworkPolicy", "metadata": {"name": "my-tomorrows-api"}}
    fault = Object(Node(named), "my-tomorrows-api").fault("is new", "spec.egress")
    several = replace(fault, candidates=("networkPolicy.egress", "webhooks.deliver"))
    # Of two in one layer the nearer: the list of egress, which stands below here.
    assert locate(world, layered, several) == Location(files[place], 4 if "\n" in texts[place] else 3)


def test_the_digest_of_what_the_tests_run_is_that_of_the_application(tmp_path: Path) -> None:
    extra = tmp_path / "extra.yaml"
    extra.write_text("defaults:\n  image:\n    digest: ''\npolicy: {accept: []}\n")
    found = check("prod", "-f", str(extra)).of("image-digest")
    assert "Pod/my-tomorrows-api-test" in {one["object"] for one in found}
    assert {(one["values"]["file"], one["values"]["line"]) for one in found} == {(str(extra), 3)}


def test_an_extra_object_is_placed_inside_the_file_that_holds_it(tmp_path: Path) -> None:
    extra = tmp_path / "extra.yaml"
    extra.write_text(
        "extraObjects:\n"
        "  - apiVersion: v1\n"
        "    kind: Pod\n"
        "    metadata: {name: odd}\n"
        "    spec:\n"
        "      hostNetwork: true\n"
        "      containers:\n"
        "        - name: odd\n"
        "          image: odd:1\n"
        "          securityContext:\n"
        "            privileged: true\n"
    )
    checked = check("staging", "-f", str(extra))
    assert checked.code == 3
    [network] = checked.of("host-access")
    [privileged] = checked.of("privilege-escalation")
    assert network["values"] == {"file": str(extra), "line": 6}
    assert privileged["values"] == {"file": str(extra), "line": 11}
    assert privileged["application"] is None


def test_without_its_acceptances_prod_fails_and_a_needless_one_fails_too(tmp_path: Path) -> None:
    extra = tmp_path / "extra.yaml"
    extra.write_text("policy:\n  accept:\n    - rule: rbac-wildcard\n      reason: nobody knows any more\n")
    checked = check("prod", "-f", str(extra))
    assert {"image-digest", "single-replica", "acceptance-unused"} <= {one["rule"] for one in checked.open}
    [needless] = checked.of("acceptance-unused")
    assert needless["values"] == {"file": str(extra), "line": 3}


@pytest.mark.parametrize(
    "wrong",
    [
        "{rule: image-tag}",
        "{rule: image-tag, reason: short}",
        "{reason: without a rule it says nothing}",
        "{rule: image-tag, reason: long enough to say, apliccation: x}",
        "image-tag",
    ],
)
def test_an_acceptance_that_lacks_a_part_is_refused_by_the_schema(tmp_path: Path, wrong: str) -> None:
    extra = tmp_path / "extra.yaml"
    extra.write_text(f"policy:\n  accept:\n    - {wrong}\n")
    code, _, err = flaskship("check", "prod", "-f", str(extra))
    assert code == 2
    assert f"{extra}:3" in err
    assert "policy.accept[0]" in err


@pytest.mark.parametrize(
    "sets",
    [
        (f"{API}.strategy.type=Canary",),
        (f"{API}.strategy.type=BlueGreen",),
        ("namespace.create=true",),
        ("monitoring.serviceMonitor.enabled=true",),
        ("priorityClasses.create=true",),
        (f"{API}.vpa.enabled=true",),
        (f"{API}.scheduling.spot=true",),
        (f"{API}.autoscaling.memory.enabled=true",),
        ("ingress.className=nginx", "ingress.tlsSecret=tls"),
        ("secrets.provider=generated", "secrets.generated.database-url=sqlite://"),
        (
            f"{API}.aws.access=true",
            "aws.roleArn=arn:aws:iam::123456789012:role/x",
            "networkPolicy.awsCidrs={10.0.8.0/24}",
        ),
    ],
)
def test_whatever_the_chart_can_render_has_the_fields_of_every_supported_kubernetes(
    sets: tuple[str, ...],
) -> None:
    checked = check("staging", *(word for one in sets for word in ("--set", one)))
    about_fields = ("invalid-field", "unknown-field", "duplicate-entry", "dead-api", "explicit-null")
    assert [one for rule in about_fields for one in checked.of(rule)] == []


def test_sarif_has_a_line_of_this_repository_for_every_result() -> None:
    code, out, _ = flaskship("check", "-o", "sarif")
    assert code == 0
    assert str(ROOT) not in out
    [ran] = json.loads(out)["runs"]
    assert ran["results"]
    for result in ran["results"]:
        place = result["locations"][0]["physicalLocation"]
        lines = (ROOT / place["artifactLocation"]["uri"]).read_text().splitlines()
        assert 1 <= place["region"]["startLine"] <= len(lines)
        assert result["suppressions"][0]["justification"]


def test_an_environment_that_does_not_render_stops_nobody_else(tmp_path: Path) -> None:
    project = tmp_path / "project"
    shutil.copytree(ROOT / "infra", project / "infra")
    (project / "app").mkdir()
    shutil.copy(ROOT / "flaskship.yaml", project)
    broken = project / "infra/helmchart/values-prod.yaml"
    broken.write_text(broken.read_text() + "\nnonsense: 1\n")
    out, err = io.StringIO(), io.StringIO()
    assert run(["check", "dev", "--project", str(project)], output=Output(out, err)) == 0
    assert "warning: prod does not render, so that nothing is compared with it" in err.getvalue()
    compared = ["check", "staging", "--untested-against", "prod", "--project", str(project)]
    assert run(compared, output=Output(io.StringIO(), io.StringIO())) == 2


def test_a_check_that_could_judge_nothing_is_a_report_too() -> None:
    code, out, err = flaskship("check", "dev", "--set", "nonsense=1", "-o", "sarif")
    (one,) = json.loads(out)["runs"]
    assert (code, one["results"]) == (2, [])
    (invocation,) = one["invocations"]
    assert invocation["executionSuccessful"] is False
    assert "nonsense" in invocation["toolExecutionNotifications"][0]["message"]["text"]
    assert err.startswith("error: ")


def test_a_host_that_an_extra_object_repeats_is_told_at_the_extra_object(tmp_path: Path) -> None:
    extra = tmp_path / "extra.yaml"
    backend = "{service: {name: my-tomorrows-api, port: {name: http}}}"
    extra.write_text(
        "extraObjects:\n"
        "  - apiVersion: networking.k8s.io/v1\n"
        "    kind: Ingress\n"
        "    metadata: {name: another}\n"
        "    spec:\n"
        "      rules:\n"
        "        - host: api.staging.mytomorrows.com\n"
        f"          http: {{paths: [{{path: /, pathType: Prefix, backend: {backend}}}]}}\n"
    )
    (found,) = check("staging", "-f", str(extra)).of("ingress-host")
    assert found["values"] == {"file": str(extra), "line": 7}


def test_a_place_is_told_once(tmp_path: Path) -> None:
    _, out, _ = flaskship("check", "dev", "--set", "persistence.mountPath=/tmp")
    (line,) = [one for one in out.splitlines() if "stands twice" in one and "initContainers" in one][:1]
    assert line.count("volumeMounts[1]") == 1


@pytest.mark.parametrize(
    "words",
    [
        ("check", "prod", "--set", "policy.accept[1].rule=image-tag"),
        ("check", "prod", "--set", "policy.accept=all"),
        ("check", "prod", "--set", "policy=null"),
        ("check", "prod", "--untested-against", "prod"),
        ("check", "prod", "--untested-against", "stagin"),
        ("check", "prod", "-o", "yaml"),
    ],
)
def test_nonsense_ends_with_one_sentence(words: tuple[str, ...]) -> None:
    code, _, err = flaskship(*words)
    assert code in (2, 3), err
    assert err.startswith("error: ")
    assert "an error of its own" not in err
