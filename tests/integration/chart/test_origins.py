"""Causes and refusals lead to the line that set them, in the project's own chart."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.integration.chart.drafts import API, MOUNTED, WORLD, blamed, drawn, line_with

from flaskship.model.errors import (
    About,
    ImageUnknownError,
    PortConflictError,
    PreflightError,
    SecretMissingError,
)
from flaskship.model.location import Location
from flaskship.model.project import Project
from flaskship.model.verdict import Cause, Outcome, Verdict
from flaskship.tasks.causes import Origins
from flaskship.tasks.prepare import Wish, build_all, compose

TIDY = """\
# what this team adds
applications:
  my-tomorrows-api:
    env:
      DATABASE_URL: sqlite:////nowhere/x.db
    envFrom:
      - configMapRef: {name: flags}
      - secretRef: {name: nowhere}
secrets:
  generated:
    database-url: postgresql+psycopg://me:secret@127.0.0.1:1/none
"""


def migration(**more: Any) -> Cause:
    return replace(Cause("MigrationFailed", "failed", API, field="env.DATABASE_URL"), **more)


def test_a_database_out_of_reach_leads_to_the_generated_key(ours: Project) -> None:
    text = TIDY.replace("    env:\n      DATABASE_URL: sqlite:////nowhere/x.db\n", "")
    found = blamed(drawn(ours, "dev", text), migration()).values
    assert found == line_with(ours.root / "mine.yaml", "database-url")


def test_a_database_out_of_reach_leads_to_the_variable_that_beats_it(ours: Project) -> None:
    found = blamed(drawn(ours, "dev", TIDY), migration()).values
    assert found == line_with(ours.root / "mine.yaml", "DATABASE_URL")


def test_a_database_out_of_reach_leads_to_this_machines_file_where_a_key_stands_there(ours: Project) -> None:
    secrets = ours.root / "secrets.staging.yaml"
    secrets.write_text(
        'app-secrets:\n  api-key: "x"\n  database-url: "postgresql://me:secret@127.0.0.1:1/x"\n'
    )
    assert blamed(drawn(ours, "staging"), migration(), secrets).values == Location(secrets, 3)


def test_elsewhere_it_leads_to_what_makes_the_key_of_the_store(ours: Project) -> None:
    found = blamed(drawn(ours, "staging"), migration()).values
    assert found == line_with(ours.chart / "values.yaml", "database-url:")


PROBED = """\
applications:
  my-tomorrows-api:
    probes:
      KIND:
        periodSeconds: 30
        timeoutSeconds: 1
        path: /nope
    service:
      targetPort: 5001
"""
NOT_FOUND, REFUSED = "404 Not Found: {}", "connection refused: nothing listens there"
DIALLED = 'Get "http://10.0.0.7:5000/x": dial tcp 10.0.0.7:5000: connect: connection refused'
LATE = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"


def unanswered(kind: str, answer: str) -> Cause:
    code = f"{kind.capitalize()}Failed"
    return Cause(code, "failed", API, evidence=("GET http://x/y", answer), field=f"probes.{kind}")


@pytest.mark.parametrize("kind", ["startup", "readiness", "liveness"])
@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (NOT_FOUND, "path: /nope"),
        ("503", "path: /nope"),
        (REFUSED, "targetPort"),
        (DIALLED, "targetPort"),
        ("no answer within 1 s", "timeoutSeconds"),
        (LATE, "timeoutSeconds"),
    ],
)
def test_a_probe_leads_to_the_setting_that_its_answer_speaks_of(
    ours: Project, kind: str, answer: str, words: str
) -> None:
    plan = drawn(ours, "dev", PROBED.replace("KIND", kind))
    assert blamed(plan, unanswered(kind, answer)).values == line_with(ours.root / "mine.yaml", words)


def test_of_two_settings_of_a_probe_the_later_is_not_named_for_being_later(ours: Project) -> None:
    sets = (f"applications.{API}.probes.liveness.{one}" for one in ("path=/nope", "periodSeconds=30"))
    path, period = sets
    plan = drawn(ours, "dev", "", path, period)
    assert str(blamed(plan, unanswered("liveness", NOT_FOUND)).values) == f"--set {path}"
    assert str(blamed(plan, unanswered("liveness", LATE)).values) == f"--set {period}"


def test_what_nobody_has_set_comes_after_what_somebody_has_unless_that_is_another_matter(
    ours: Project,
) -> None:
    chart = (ours.chart / "values.yaml").read_text().splitlines()
    number = next(n for n, line in enumerate(chart, 1) if "path: /health" in line)
    plan = drawn(ours, "dev", "", f"applications.{API}.probes.liveness.periodSeconds=30")
    found = blamed(plan, unanswered("liveness", NOT_FOUND)).values
    assert found == Location(ours.chart / "values.yaml", number)
    unclear = blamed(plan, unanswered("liveness", "EOF")).values
    assert unclear == Location(f"--set applications.{API}.probes.liveness.periodSeconds=30")


def test_the_switch_is_named_where_the_migration_itself_is_wrong(ours: Project) -> None:
    found = blamed(
        drawn(ours, "dev", "applications: {my-tomorrows-api: {migrations: true}}\n"),
        migration(field="migrations"),
    )
    assert found.values == Location(ours.root / "mine.yaml", 1)


@pytest.mark.parametrize(
    ("code", "kind", "name"),
    [("ConfigMapMissing", "ConfigMap", "flags"), ("SecretMissing", "Secret", "nowhere")],
)
def test_what_envfrom_misses_leads_to_its_own_entry(ours: Project, code: str, kind: str, name: str) -> None:
    cause = Cause(code, f"{kind} '{name}' is not in this release. Add it.", API, field="envFrom")
    found = blamed(drawn(ours, "dev", TIDY), cause).values
    assert found == line_with(ours.root / "mine.yaml", f"name: {name}")


@pytest.mark.parametrize(
    ("code", "message", "field", "words"),
    [
        (
            "ConfigMapMissing",
            "ConfigMap 'flags' is not in this release. Add it.",
            "volumes.flags",
            "name: flags",
        ),
        ("SecretMissing", "Secret 'nowhere' is not in this release.", "volumes.keys", "secretName: nowhere"),
        ("ConfigMapMissing", "ConfigMap 'words' is not in this release.", "volumes.both", "name: words"),
        (
            "KeyMissing",
            "Secret 'nowhere' has no key 'not-there'; it has there. Add.",
            "volumes.keys",
            "key: not-there",
        ),
        ("KeyMissing", "ConfigMap words has no key greeting.txt. Add it.", "env", "key: greeting.txt"),
        ("KeyMissing", "A Secret has no key there. Add the key.", "env", "key: there"),
    ],
)
def test_what_a_volume_misses_leads_to_the_name_or_the_key_that_asks_for_it(
    ours: Project, code: str, message: str, field: str, words: str
) -> None:
    found = blamed(drawn(ours, "dev", MOUNTED), Cause(code, message, API, field=field)).values
    # The name of a volume stands before that of the object.
    ends = [n for n, line in enumerate(MOUNTED.splitlines(), 1) if line.endswith(words)]
    assert found == Location(ours.root / "mine.yaml", ends[-1])


def test_volumes_that_all_applications_have_lead_to_their_own_line_too(ours: Project) -> None:
    text = "defaults:\n  volumes:\n    - name: flags\n      configMap:\n        name: flags\n"
    cause = Cause("ConfigMapMissing", "ConfigMap 'flags' is not in this release.", API, field="volumes.flags")
    assert blamed(drawn(ours, "dev", text), cause).values == Location(ours.root / "mine.yaml", 5)


def test_a_secret_that_a_volume_reads_whole_is_refused_at_its_name(ours: Project) -> None:
    refused = SecretMissingError("cannot make up nowhere", about=About("Secret", "nowhere"))
    Origins(WORLD, drawn(ours, "dev", MOUNTED)).explain_refusal(refused)
    assert refused.location == line_with(ours.root / "mine.yaml", "secretName: nowhere")


def test_a_secret_that_nobody_knows_is_refused_at_the_entry_that_reads_it(ours: Project) -> None:
    refused = SecretMissingError("cannot make up nowhere", about=About("Secret", "nowhere"))
    Origins(WORLD, drawn(ours, "dev", TIDY)).explain_refusal(refused)
    assert refused.location == line_with(ours.root / "mine.yaml", "name: nowhere")


def test_a_node_port_that_is_taken_leads_to_the_value_that_chose_it(ours: Project) -> None:
    refused = PortConflictError("taken", about=About("Service", API, "nodePort"))
    Origins(WORLD, drawn(ours)).explain_refusal(refused)
    assert refused.location == line_with(ours.chart / "values-dev.yaml", "nodePort: 30080")


def test_what_a_pod_is_refused_for_leads_to_the_value_of_its_workload(ours: Project) -> None:
    mine = "applications:\n  my-tomorrows-api:\n    resources:\n      limits:\n        memory: 9Gi\n"
    plan = drawn(ours, "dev", mine)
    for field, line in (("resources.limits.memory", 5), ("", 2)):
        refused = PreflightError("too much", about=About("Deployment", API, field))
        Origins(WORLD, plan).explain_refusal(refused)
        assert refused.location is not None
        assert (Path(refused.location.file).name, refused.location.line) == ("mine.yaml", line)


MISSPELT = """\
applications:
  my-tomorrows-api:
    volumes:
      - name: files
        emptyDir: {}
      - name: more
        emptyDr: {}
extraObjects:
  - apiVersion: v1
    kind: ConfigMap
    metadata: {name: flags}
    dta: {a: b}
  - apiVersion: v1
    kind: Secret
    metadata: {name: keys}
    stringDta: {a: b}
"""


@pytest.mark.parametrize(
    ("about", "words"),
    [
        (About("ConfigMap", "flags", "", "dta"), "dta: {a"),
        (About("Secret", "keys", "", "stringDta"), "stringDta"),
        (About("ConfigMap", "flags", "", "metadata.name"), "name: flags"),
    ],
)
def test_a_field_that_is_refused_leads_to_where_an_extra_object_has_it(
    ours: Project, about: About, words: str
) -> None:
    refused = PreflightError("no", about=about)
    Origins(WORLD, drawn(ours, "dev", MISSPELT)).explain_refusal(refused)
    assert refused.location == line_with(ours.root / "mine.yaml", words)


def test_each_of_several_that_are_refused_leads_to_its_own_line(ours: Project) -> None:
    parts = (
        PreflightError("the cluster is busy"),
        PreflightError("no", about=About("Secret", "keys", "", "stringDta")),
        PreflightError("no", about=About("ConfigMap", "flags", "", "dta")),
    )
    refused = PreflightError("no", parts=parts)
    Origins(WORLD, drawn(ours, "dev", MISSPELT)).explain_refusal(refused)
    lines = [line_with(ours.root / "mine.yaml", words) for words in ("stringDta", "dta: {a")]
    assert [one.location for one in parts] == [None, *lines]
    assert refused.location == lines[0]


def test_a_field_that_is_refused_leads_to_the_value_that_the_chart_took_over(ours: Project) -> None:
    plan = drawn(ours, "dev", MISSPELT)
    (web,) = [
        one
        for one in plan.rendered.documents
        if one["metadata"]["name"] == API and "template" in one.get("spec", {})
    ]
    names = [one["name"] for one in web["spec"]["template"]["spec"]["volumes"]]
    path = f"spec.template.spec.volumes[{names.index('more')}].emptyDr"
    refused = PreflightError("no", about=About(web["kind"], API, "", path))
    Origins(WORLD, plan).explain_refusal(refused)
    assert refused.location == line_with(ours.root / "mine.yaml", "emptyDr")


ASKING = """\
extraObjects:
  - apiVersion: v1
    kind: Pod
    metadata:
      name: asks
      annotations: {helm.sh/hook: test}
    spec:
      restartPolcy: Never
      containers: [{name: asks, image: "cloudandparth/my-demo-app:1.0"}]
"""


def test_a_hook_goes_with_its_release_and_a_field_of_it_leads_to_its_line(ours: Project) -> None:
    plan = drawn(ours, "dev", ASKING)
    assert "asks" in [one["metadata"]["name"] for one in compose(WORLD, plan, {}, Wish()).hooks]
    refused = PreflightError("no", about=About("Pod", "asks", "", "spec.restartPolcy"))
    Origins(WORLD, plan).explain_refusal(refused)
    assert refused.location == line_with(ours.root / "mine.yaml", "restartPolcy")


async def test_an_unknown_image_leads_to_the_value_that_names_it(ours: Project) -> None:
    plan = drawn(
        ours, "dev", "applications:\n  my-tomorrows-api:\n    image:\n      repository: strange/demo\n"
    )
    with pytest.raises(ImageUnknownError) as refused:
        await build_all(WORLD, plan, Silent())
    assert refused.value.location == Location(ours.root / "mine.yaml", 4)
    assert (refused.value.code, refused.value.exit_code) == ("ImageUnknown", 2)


class Silent:
    """A report that nobody hears."""

    def step(self, message: str) -> None:
        pass

    warn = saw = log = step  # type: ignore[assignment]


LISTENING = "applications:\n  my-tomorrows-api:\n    command:\n      - sh\n      - -c\n"
CONFLICT = "The application could not listen on 127.0.0.1:9000: Address already in use."


@pytest.mark.parametrize(
    ("ran", "text", "words"),
    [
        (None, f"{LISTENING}    args: [python -m http.server 9000]\n", "args:"),
        (None, f"{LISTENING}      - python -m http.server 9000\n    args: [x]\n", "command:"),
        (None, f"{LISTENING}      - python listen.py\n", "command:"),
        ("", f"{LISTENING}      - python listen.py\n", "command:"),
        (LISTENING, f"{LISTENING}    service: {{targetPort: 9000}}\n", "targetPort:"),
        (None, "applications:\n  my-tomorrows-api:\n    service: {targetPort: 9000}\n", "targetPort:"),
    ],
)
def test_an_application_that_cannot_listen_leads_to_what_was_said_of_where_it_listens(
    ours: Project, ran: str | None, text: str, words: str
) -> None:
    healthy = compose(WORLD, drawn(ours, "dev", ran), {}, Wish()) if ran is not None else None
    plan = drawn(ours, "dev", text)
    cause = Cause("PortConflict", CONFLICT, API, field="service.targetPort")
    found = Origins(WORLD, plan, healthy=healthy).explain(Verdict(Outcome.FAILED, (cause,))).causes[0]
    assert found.values == line_with(ours.root / "mine.yaml", words)
