"""Causes and refusals lead to the line that set them: of the project's own chart, and of plain manifests."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from flaskship.cli.wiring import real_world
from flaskship.engines.local.manifests.blind_spots import ignored_of
from flaskship.model.errors import (
    About,
    ConfigurationError,
    ImageUnknownError,
    PortConflictError,
    PreflightError,
    SecretMissingError,
)
from flaskship.model.location import Location
from flaskship.model.project import Project
from flaskship.model.verdict import Cause, Outcome, Verdict
from flaskship.tasks.causes import Origins
from flaskship.tasks.prepare import Draft, Wish, build_all, compose, draft

REPOSITORY = Path(__file__).resolve().parents[3]
API = "my-tomorrows-api"
WORLD = real_world()
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
MANIFEST = """\
kind: Deployment
apiVersion: apps/v1
metadata: {name: web}
spec:
  template:
    spec:
      containers:
        - name: beside
          image: demo
        - name: web
          image: strange/demo:1
          command: [nope]
          envFrom:
            - configMapRef: {name: flags}
---
kind: Service
apiVersion: v1
metadata: {name: web}
spec:
  ports:
    - {port: 80, nodePort: 30080}
"""


@pytest.fixture
def ours(tmp_path: Path) -> Project:
    for part in ("flaskship.yaml", "infra/helmchart"):
        source = REPOSITORY / part
        (tmp_path / part).parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, tmp_path / part) if source.is_dir() else shutil.copy(source, tmp_path / part)
    (tmp_path / "app").mkdir()
    return WORLD.load_project(tmp_path)


@pytest.fixture
def plain(tmp_path: Path) -> Project:
    chart = tmp_path / "chart"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: plain\nversion: 0.1.0\n")
    for name in ("values.yaml", "values-dev.yaml"):
        (chart / name).write_text("")
    (chart / "templates/web.yaml").write_text(MANIFEST)
    (tmp_path / "flaskship.yaml").write_text(
        "apiVersion: flaskship.dev/v1\nname: plain\nchart: chart\n"
        "environments:\n  dev: {release: dev-apps, namespace: plain, engine: local}\n"
    )
    return WORLD.load_project(tmp_path)


def drawn(project: Project, environment: str = "dev", text: str = "", *sets: str) -> Draft:
    file = project.root / "mine.yaml"
    file.write_text(text)
    wish = Wish(files=(file,) if text else (), sets=sets)
    return draft(WORLD, project, project.environment(environment), wish, 1, is_upgrade=False)


def blamed(plan: Draft, cause: Cause, secrets: Path | None = None) -> Cause:
    origins = Origins(WORLD, plan, secrets=secrets)
    return origins.explain(Verdict(Outcome.FAILED, (cause,))).causes[0]


def line_with(file: Path, words: str) -> Location:
    lines = file.read_text().splitlines()
    (number,) = [n for n, line in enumerate(lines, 1) if words in line]
    return Location(file, number)


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


MOUNTED = """\
applications:
  my-tomorrows-api:
    envFrom:
      - configMapRef:
          name: words
          optional: true
    volumes:
      - name: first
        emptyDir: {}
      - name: flags
        configMap:
          name: flags
      - name: keys
        secret:
          secretName: nowhere
          items:
            - key: there
              path: a
            - key: not-there
              path: b
      - name: both
        projected:
          sources:
            - configMap:
                name: words
                items:
                  - key: greeting.txt
                    path: c
"""


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


@pytest.mark.parametrize(
    ("code", "field", "path", "line"),
    [
        ("CommandNotFound", "command", "containers[1].command", 12),
        ("ImagePullFailed", "image", "containers[1].image", 11),
        ("ReadinessFailed", "probes.readiness", "containers[1].readinessProbe", 10),
        ("ConfigMapMissing", "envFrom", "containers[1].envFrom[0].configMapRef.name", 14),
    ],
)
def test_where_no_value_set_it_the_manifest_says_so(
    plain: Project, code: str, field: str, path: str, line: int
) -> None:
    found = blamed(drawn(plain), Cause(code, "ConfigMap 'flags' is not in this release.", "web", field=field))
    assert found.values is None
    assert found.manifest is not None
    assert (found.manifest.object, found.manifest.field) == ("Deployment/web", f"spec.template.spec.{path}")
    assert found.manifest.location == Location(plain.chart / "templates/web.yaml", line)


def test_a_port_of_a_plain_manifest_is_found_in_it(plain: Project) -> None:
    refused = PortConflictError("taken", about=About("Service", "web", "nodePort"))
    Origins(WORLD, drawn(plain)).explain_refusal(refused)
    assert refused.location == line_with(plain.chart / "templates/web.yaml", "ports:")


EXTRA = """\
extraObjects:
  - apiVersion: v1
    kind: Service
    metadata: {name: beside}
    spec:
      type: NodePort
      ports:
        - {port: 80, nodePort: 30099}
  - apiVersion: apps/v1
    kind: Deployment
    metadata: {name: beside}
    spec:
      selector: {matchLabels: {app: beside}}
      template:
        metadata: {labels: {app: beside}}
        spec:
          containers:
            - name: beside
              image: cloudandparth/my-demo-app:1.0
              command: [nope]
              envFrom:
                - configMapRef: {name: flags}
                - secretRef: {name: nowhere}
              env:
                - name: COLOUR
                  value: blue
                - name: TONE
                  valueFrom:
                    configMapKeyRef:
                      name: said
                      key: tone
          volumes:
            - name: files
              secret:
                secretName: files
                items:
                  - {key: a, path: a}
                  - {key: b, path: b}
"""


@pytest.mark.parametrize(
    ("code", "message", "field", "words"),
    [
        ("CommandNotFound", "no nope", "command", "command: [nope]"),
        ("ImagePullFailed", "no such", "image", "image:"),
        ("ConfigMapMissing", "ConfigMap 'flags' is not in this release.", "envFrom", "name: flags"),
        ("VariableInvalid", "COLOUR", "env.COLOUR", "name: COLOUR"),
        ("KeyMissing", "Secret 'files' has no key 'b'; it has a. Add.", "volumes.files", "key: b,"),
        ("SecretMissing", "Secret 'files' is not in this release.", "volumes.files", "secretName: files"),
        ("KeyMissing", "ConfigMap 'said' has no key 'tone'; it has none. Add.", "env.TONE", "key: tone"),
        ("ReadinessFailed", "503", "probes.readiness", "- name: beside"),
        ("ProgressDeadlineExceeded", "late", "progressDeadlineSeconds", "    spec:"),
        ("ProgressDeadlineExceeded", "late", None, "metadata: {name: beside}"),
    ],
)
def test_a_cause_of_an_extra_object_leads_to_the_field_of_it_that_is_to_blame(
    ours: Project, code: str, message: str, field: str | None, words: str
) -> None:
    plan = drawn(ours, "dev", EXTRA)
    found = blamed(plan, Cause(code, message, "beside", field=field)).values
    lines = EXTRA.splitlines()
    deployment = lines.index("  - apiVersion: apps/v1")
    line = next(n for n, text in enumerate(lines, 1) if n > deployment and words in text)
    assert found == Location(ours.root / "mine.yaml", line)


def test_what_changed_in_an_extra_object_is_blamed_for_its_end(ours: Project) -> None:
    ran = replace(drawn(ours, "dev", EXTRA.replace("value: blue", "value: green")))
    healthy = compose(WORLD, ran, {}, Wish())
    plan = drawn(ours, "dev", EXTRA)
    origins = Origins(WORLD, plan, healthy=healthy)
    cause = Cause("ExitCode", "it ended with 3", "beside", field="command")
    found = origins.explain(Verdict(Outcome.FAILED, (cause,))).causes[0].values
    assert found == line_with(ours.root / "mine.yaml", "name: COLOUR")


@pytest.mark.parametrize(
    ("about", "words"),
    [
        (About("Service", "beside", "nodePort"), "ports:"),
        (About("Secret", "nowhere"), "name: nowhere"),
        (About("Deployment", "beside", "resources.limits.memory"), "- name: beside"),
    ],
)
def test_a_refusal_of_an_extra_object_leads_into_it(ours: Project, about: About, words: str) -> None:
    refused = PreflightError("no", about=about)
    Origins(WORLD, drawn(ours, "dev", EXTRA)).explain_refusal(refused)
    assert refused.location == line_with(ours.root / "mine.yaml", words)


UNREADABLE = """\
extraObjects:
  - apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: beside
      labels:
        app: beside
        team.example.org/on.call: on
    spec:
      selector:
        matchLabels:
          app: y
      template:
        metadata: {labels: {app: y}}
        spec:
          containers:
            - name: beside
              image: cloudandparth/my-demo-app:1.0
              ports:
                - name: web
                  containerPort: 70000
"""
FIRST, SECOND, THIRD = "org/on.call: on", "app: y", "containerPort: 70000"


@pytest.mark.parametrize(
    ("right", "words", "told"),
    [
        ((), FIRST, "metadata.labels.team.example.org/on.call: text is expected"),
        ((FIRST,), f"          {SECOND}", "spec.selector.matchLabels.app: text is expected"),
        ((FIRST, SECOND), THIRD, "spec.template.spec.containers[0].ports[0].containerPort: "),
    ],
)
def test_a_manifest_that_this_machine_cannot_read_is_refused_at_its_line(
    ours: Project, right: tuple[str, ...], words: str, told: str
) -> None:
    text = UNREADABLE
    for one in right:
        key, _, value = one.partition(": ")
        text = text.replace(one, f"{key}: '{value}'")
    plan = drawn(ours, "dev", text)
    with pytest.raises(ConfigurationError) as refused:
        ignored_of(plan.rendered.documents)
    Origins(WORLD, plan).explain_refusal(refused.value)
    assert told in refused.value.message
    assert refused.value.location == line_with(ours.root / "mine.yaml", words)


@pytest.mark.parametrize(
    ("text", "words", "told"),
    [
        (EXTRA.replace("30099", "30080"), None, "30080 belongs to Service/beside already"),
        (MOUNTED.replace("path: b", "path: ../b"), "path: ../b", "items[1].path: "),
    ],
)
def test_what_this_machine_cannot_read_of_an_application_leads_to_the_value_that_brought_it(
    ours: Project, text: str, words: str | None, told: str
) -> None:
    plan = drawn(ours, "dev", text)
    with pytest.raises(ConfigurationError) as refused:
        ignored_of(plan.rendered.documents)
    Origins(WORLD, plan).explain_refusal(refused.value)
    assert told in refused.value.message
    if words is None:
        assert refused.value.location == line_with(ours.chart / "values-dev.yaml", "nodePort: 30080")
    else:
        assert refused.value.location == line_with(ours.root / "mine.yaml", words)


def test_a_plain_manifest_that_this_machine_cannot_read_is_refused_in_its_file(plain: Project) -> None:
    plan = drawn(plain)
    with pytest.raises(ConfigurationError) as refused:
        ignored_of(plan.rendered.documents)
    Origins(WORLD, plan).explain_refusal(refused.value)
    assert "spec.ports[0].nodePort: has no place in a ClusterIP Service" in refused.value.message
    assert refused.value.location == line_with(plain.chart / "templates/web.yaml", "nodePort: 30080")


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
