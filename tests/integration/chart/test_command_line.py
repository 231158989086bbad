"""explain, diff and bad input through the command line's own function, with this repository's chart."""

import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from flaskship.cli.main import run
from flaskship.cli.output import Output
from flaskship.cli.wiring import real_world

ROOT = Path(__file__).resolve().parents[3]
SCHEMA = json.loads((ROOT / "docs/reference/output.schema.json").read_text())
API = "applications.my-tomorrows-api"


@dataclass(frozen=True)
class Printed:
    """The exit code and what was printed."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.out)
        Draft202012Validator(SCHEMA).validate(document)
        return document


Type = Callable[..., Printed]


@pytest.fixture
def type_in(monkeypatch: pytest.MonkeyPatch) -> Type:
    monkeypatch.chdir(ROOT)

    def typed(*words: str, colour: bool = False) -> Printed:
        out, err = io.StringIO(), io.StringIO()
        code = run(words, real_world, Output(out, err, colour=colour))
        return Printed(code, out.getvalue(), err.getvalue())

    return typed


def test_explain_names_every_layer_and_the_winner(type_in: Type) -> None:
    document = type_in(
        "explain",
        "prod",
        f"{API}.autoscaling.maxReplicas",
        "--set",
        f"{API}.autoscaling.maxReplicas=30",
        "-o",
        "json",
    ).document
    assert [one["value"] for one in document["origins"]] == [10, 20, 30]
    first, second, third = document["origins"]
    assert first["path"] == "defaults.autoscaling.maxReplicas"
    assert second["values"]["file"].endswith("values-prod.yaml")
    line = (ROOT / "infra/helmchart/values-prod.yaml").read_text().splitlines()[second["values"]["line"] - 1]
    assert "maxReplicas: 20" in line
    assert third["layer"].startswith("--set")


def test_explain_of_an_application_names_the_winner_of_each_value(type_in: Type) -> None:
    document = type_in("explain", "prod", API, "-o", "json").document
    parts = {one["path"]: one for one in document["parts"]}
    assert parts[f"{API}.autoscaling.maxReplicas"]["values"]["file"].endswith("values-prod.yaml")
    assert parts[f"{API}.resources.limits.memory"]["value"] == "512Mi"
    assert parts[f"{API}.ingress.subdomain"]["value"] == "api"


@pytest.mark.parametrize(
    ("path", "nearest"),
    [
        ("applications.my-tomorrows-ap.replicas", f"{API}.replicas"),
        (f"{API}.resources.limits.memry", f"{API}.resources.limits.memory"),
        (f"{API}.resources.foo.bar", f"{API}.resources"),
        (f"{API}.foo.bar", API),
        ("defalts.replicas.foo", "defaults.replicas"),
        (f"{API}.replicas.foo", f"{API}.replicas"),
        (f"{API}.args[7]", f"{API}.args"),
    ],
)
def test_explain_says_that_a_path_is_not_there_and_which_is_near(
    type_in: Type, path: str, nearest: str
) -> None:
    printed = type_in("explain", "dev", path)
    assert (printed.code, printed.out) == (0, f"{path}: is not there; the nearest is {nearest}\n")
    document = type_in("explain", "dev", path, "-o", "json").document
    assert (document["present"], document["nearest"], document["origins"]) == (False, nearest, [])


def test_an_application_that_is_not_there_gets_those_that_are(type_in: Type) -> None:
    printed = type_in("explain", "prod", "applications.nobody.replicas").out
    assert "is not there; there are my-tomorrows-admin, my-tomorrows-api, " in printed


def test_explain_of_what_resembles_nothing_tells_what_stands_at_the_top(type_in: Type) -> None:
    printed = type_in("explain", "prod", "foo.bar")
    assert (printed.code, printed.err) == (0, "")
    assert printed.out.startswith("foo.bar: is not there; there are applications, aws, ")
    document = type_in("explain", "prod", "foo.bar", "-o", "json").document
    assert (document["present"], document["nearest"]) == (False, None)
    assert {"applications", "defaults", "secrets"} <= set(document["known"])


def test_explain_of_what_is_there_tells_no_others(type_in: Type) -> None:
    assert type_in("explain", "prod", f"{API}.replicas", "-o", "json").document["known"] == []


def test_explain_shows_no_secret(type_in: Type) -> None:
    words = ("--set", "secrets.generated.api-key=hunter2")
    for path in ("secrets", "secrets.generated", "secrets.generated.api-key"):
        for more in ((), ("-o", "json")):
            printed = type_in("explain", "dev", path, *words, *more)
            assert printed.code == 0
            assert "hunter2" not in printed.out + printed.err


@pytest.mark.parametrize(
    ("path", "assignment"),
    [
        (f"{API}.env", f"{API}.env.DB_PASSWORD=hunter2"),
        (f"{API}.env.DB_PASSWORD", f"{API}.env.DB_PASSWORD=hunter2"),
        (f"{API}.env.DB_PASSWORD", f"{API}.env.DB_PASSWORD=4711"),
        (API, f"{API}.env.MAIL=smtp://u:hunter2@mail"),
        (f"{API}.config.API_TOKEN", f"{API}.replicas=2,{API}.config.API_TOKEN=hunter2"),
        (f"{API}.replicas", f"{API}.replicas=2,{API}.config.API_TOKEN=hunter2"),
        (
            "extraObjects[0]",
            "extraObjects[0].stringData.plain=hunter2,extraObjects[0].apiVersion=v1,"
            "extraObjects[0].kind=Secret,extraObjects[0].metadata.name=s",
        ),
    ],
)
def test_explain_masks_what_diff_masks(type_in: Type, path: str, assignment: str) -> None:
    for more in ((), ("-o", "json")):
        printed = type_in("explain", "dev", path, "--set", assignment, *more)
        assert printed.code == 0
        assert "--set" in printed.out
        assert not re.search("hunter2|4711", printed.out + printed.err)


def test_explain_masks_what_a_file_says_and_keeps_the_lines(type_in: Type, tmp_path: Path) -> None:
    extra = tmp_path / "extra.yaml"
    extra.write_text(
        "applications:\n  my-tomorrows-api:\n    env:\n      DB_PASSWORD: hunter2\n"
        "extraObjects:\n  - {apiVersion: v1, kind: Secret, metadata: {name: s},"
        " data: {plain: aHVudGVyMg==}}\n"
    )
    for path, line in ((f"{API}.env.DB_PASSWORD", 4), ("extraObjects[0].data.plain", 6)):
        found = type_in("explain", "dev", path, "-f", str(extra), "-o", "json").document["origins"][-1]
        assert (found["value"], found["values"]["line"]) == ("***", line)


def test_explain_takes_the_number_that_messages_print_of_applications_in_a_list(
    type_in: Type, tmp_path: Path
) -> None:
    extra = tmp_path / "extra.yaml"
    extra.write_text(
        "applications:\n- name: my-tomorrows-api\n- name: my-tomorrows-worker\n"
        "  resources: {limits: {memory: 300Mi}}\n"
    )
    words = ("-f", str(extra), "-o", "json")
    found = type_in("explain", "dev", "applications[1].resources.limits.memory", *words).document
    assert found["present"]
    assert (found["origins"][-1]["value"], found["origins"][-1]["values"]["line"]) == ("300Mi", 4)
    assert not type_in("explain", "dev", "applications[2].replicas", *words).document["present"]
    assert not type_in("explain", "dev", "applications[1].replicas", "-o", "json").document["present"]


@pytest.mark.parametrize(("one", "other"), [("my-tomorrows-admin", "api"), ("my-tomorrows-api", "admin")])
def test_a_host_used_twice_is_told_at_the_application_that_took_it(
    type_in: Type, one: str, other: str
) -> None:
    setting = f"applications.{one}.ingress.subdomain={other}"
    refused = type_in("render", "prod", "--set", setting)
    assert refused.code == 2
    assert refused.err.startswith(f"error: --set {setting}: ")


def test_explain_shows_the_list_that_has_no_such_entry_and_names_a_bad_path(type_in: Type) -> None:
    words = ("--set", f"{API}.args[0]=--quiet", "-o", "json")
    first, last = type_in("explain", "dev", f"{API}.args[0]", *words).document["origins"]
    assert (first["path"], first["value"], last["value"]) == ("defaults.args", [], "--quiet")
    refused = type_in("explain", "prod", "a..b")
    assert refused.code == 2
    assert refused.err.startswith("error: path a..b: a key is empty")
    assert "--set" not in refused.err
    assert "the form is KEY.KEY\n" in refused.err


def test_diff_against_another_environment_shows_what_differs_and_no_secret(type_in: Type) -> None:
    words = ("diff", "staging", "--against", "prod", "--set", f"{API}.env.MY_TOKEN=hunter2")
    printed = type_in(*words)
    assert printed.code == 0
    assert "my-tomorrows-monitoring\n  - ConfigMap" in printed.out
    assert "~ spec.maxReplicas: 20 -> 4" in printed.out
    assert "hunter2" not in printed.out
    document = type_in(*words, "-o", "json").document
    assert document["against"]["environment"] == "prod"
    assert "hunter2" not in json.dumps(document)


def test_diff_is_coloured_on_a_terminal_only(type_in: Type) -> None:
    words = ("diff", "staging", "--against", "prod")
    plain, coloured = type_in(*words), type_in(*words, colour=True)
    assert "\x1b[31m    - " in coloured.out or "\x1b[31m  - " in coloured.out
    assert "\x1b" not in plain.out


LONG = "a" * 63
BOMB = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{new}: &{new} [{','.join([f'*{old}'] * 10)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)

# what is wrong in the extra file, its line, and what the one message says
BAD = {
    "wrong type": (
        "defaults:\n  replicas: many\n",
        2,
        "defaults.replicas: 'many' is text, not a whole number",
    ),
    "unknown key": ("defaults:\n  replcas: 2\n", 2, "did you mean replicas?"),
    "unknown key at the top": ("aplications: {}\n", 1, "did you mean applications?"),
    "duplicate key": ("defaults:\n  replicas: 1\n  replicas: 2\n", 3, "stands twice: here and on line 2"),
    "duplicate name in the map": ("applications:\n  x-api: {}\n  x-api: {}\n", 3, "stands twice"),
    "duplicate name in the list": (
        "applications:\n  - name: x\n  - name: x\n",
        3,
        "stands twice in the list",
    ),
    "63 characters": (f"applications:\n  {LONG}: {{}}\n", 2, "longer than 52 characters"),
    "unicode in a name": ("applications:\n  käse-api: {}\n", 2, "does not look like"),
    "a null byte": ('environment: "a\\0b"\n', 1, "does not look like"),
    "aliases that multiply": (BOMB, 0, "aliases expand to more than"),
    "on as a tag": ("defaults:\n  image: {tag: on}\n", 2, "is a truth value, not text"),
    "1.10 as a tag": ("defaults:\n  image:\n    tag: 1.10\n", 3, "is a number, not text"),
    "another environment's name": ("partOf: my-app\nenvironment: dve\n", 2, "did you mean dev?"),
    "a misspelt secret": (
        "secrets:\n  generated:\n    database-ulr: sqlite:////data/x.db\n",
        3,
        "database-ulr: no application reads this; did you mean database-url?",
    ),
    "a misspelt feature": (
        f"applications:\n  {API.partition('.')[2]}:\n    features:\n      webhoks: false\n",
        4,
        "did you mean webhooks?",
    ),
    "a misspelt feature of all": ("defaults:\n  features: {webhoks: false}\n", 2, "did you mean webhooks?"),
    "a misspelt application": (
        "applications:\n  my-tomorrows-wroker: {}\n",
        2,
        "did you mean my-tomorrows-worker?",
    ),
    "yes for text": ("environment: yes\n", 1, "is a truth value, not text"),
    "text for a truth value": ('defaults:\n  enabled: "on"\n', 2, "'on' is text, not true or false"),
    "a huge integer": ("defaults:\n  replicas: 99999999999999999999999\n", 2, "defaults.replicas:"),
    "a large integer": ("defaults:\n  replicas: 4294967296\n", 2, "is above 1000"),
    "not a number": ("defaults:\n  replicas: .nan\n", 0, ""),
    "null for what is needed": (
        f"applications:\n  {API.partition('.')[2]}:\n    image: null\n",
        3,
        "is required",
    ),
    "null for a default": ("defaults:\n  probes: null\n", 2, "is required and missing"),
    "null for a key that nobody knows": ("defaults:\n  probs: null\n", 2, "did you mean probes?"),
    **{
        f"a misspelt key that is needed, {value}": (
            "defaults:\n  affinity:\n    nodeAffinity:\n"
            "      requiredDuringSchedulingIgnoredDuringExecution:\n"
            f"        noeSelectorTerms: {value}\n",
            5,
            "did you mean nodeSelectorTerms?",
        )
        for value in ("null", "[]", "1")
    },
    "a list for a map": ("defaults: []\n", 1, "is a list, not a map"),
    "a list for the whole": ("- a\n", 1, "is not a map of keys and values"),
    "a list for a key": ("environment: x\n? [a]\n: b\n", 2, "a key is a list, not a name"),
    "not UTF-8": ("\udcff", 1, "not UTF-8 text"),
    "a tag that builds objects": ("defaults: !!python/object:os.system {a: 1}\n", 1, "unknown key"),
    "not YAML": ("defaults: {\n", 0, "not valid YAML"),
    "two documents": ("a: 1\n---\nb: 2\n", 0, "not valid YAML"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_message_with_its_place(type_in: Type, tmp_path: Path, name: str) -> None:
    text, line, words = BAD[name]
    file = tmp_path / "bad.yaml"
    file.write_bytes(text.encode(errors="surrogateescape"))
    printed = type_in("render", "dev", "-f", str(file))
    assert printed.code == 2, printed.out[:500]
    assert printed.out == ""
    assert printed.err.count("error:") == 1
    assert "Traceback" not in printed.err
    assert f"bad.yaml:{line}" in printed.err if line else "bad.yaml" in printed.err
    assert words in printed.err
    assert len(printed.err) < 2000


@pytest.mark.parametrize(
    ("environment", "assignment", "meant"),
    [
        ("prod", "environment=prdo", "did you mean prod?"),
        ("dev", "secrets.generated.database-ulr=x", "did you mean database-url?"),
        ("dev", "applications.my-tomorows-api.replicas=2", "did you mean my-tomorrows-api?"),
    ],
)
def test_a_misspelt_name_by_set_is_refused(
    type_in: Type, environment: str, assignment: str, meant: str
) -> None:
    printed = type_in("render", environment, "--set", assignment)
    assert (printed.code, printed.out) == (2, "")
    assert meant in printed.err
    assert "--set" in printed.err


def test_secrets_and_features_of_other_names_are_free(type_in: Type) -> None:
    sets = "secrets.generated.smtp-password=x,defaults.features.quick=true"
    assert type_in("render", "dev", "--set", sets).code == 0


def test_a_null_deletes_what_may_be_missing(type_in: Type, tmp_path: Path) -> None:
    file = tmp_path / "null.yaml"
    file.write_text("defaults:\n  resources:\n    limits: {cpu: null}\n")
    printed = type_in("render", "dev", "-f", str(file))
    assert printed.code == 0
    assert "null" not in printed.out
    assert 'cpu: "1"' not in printed.out


def test_unicode_in_a_text_is_kept(type_in: Type, tmp_path: Path) -> None:
    file = tmp_path / "unicode.yaml"
    file.write_text("defaults: {config: {GREETING: 'Grüße, 世界 \N{WAVING HAND SIGN}'}}\n", encoding="utf-8")
    printed = type_in("render", "dev", "-f", str(file))
    assert "Grüße, 世界" in printed.out


def test_explain_says_which_role_counts_where_nobody_names_one(type_in: Type) -> None:
    printed = type_in("explain", "dev", f"{API}.role")
    assert "role: api, from the name's last word" in printed.out
    document = type_in("explain", "dev", f"{API}.role", "-o", "json").document
    assert (document["origins"], document["implied"]) == ([], "api, from the name's last word")
    named = type_in("explain", "dev", f"{API}.role", "--set", f"{API}.role=worker", "-o", "json").document
    assert (named["origins"][-1]["value"], named["implied"]) == ("worker", None)
    other = type_in("explain", "dev", "applications.shop.role", "--set", "applications.shop.enabled=true")
    assert "role: api, as the name's last word is none" in other.out


def test_a_place_of_a_list_before_which_nothing_stands_is_refused(type_in: Type) -> None:
    printed = type_in("render", "dev", "--set", "extraObjects[2].kind=A")
    assert printed.code == 2
    assert "--set extraObjects[2].kind=A: extraObjects[2]: nothing stands at extraObjects[0]" in printed.err
    assert type_in("render", "prod", "--set", "networkPolicy.ingressCidrs[0]=10.9.0.0/24").code == 0


def test_a_number_beyond_64_bits_is_told_as_one(type_in: Type) -> None:
    printed = type_in("render", "dev", "--set", f"{API}.replicas=99999999999999999999")
    assert "99999999999999999999 is too long for a whole number" in printed.err


@pytest.mark.parametrize("word", ["on", "Off", "yes", "NO"])
@pytest.mark.parametrize("part", ["env", "config"])
def test_a_word_that_yaml_takes_for_a_truth_value_is_refused_where_a_process_reads_it(
    type_in: Type, tmp_path: Path, word: str, part: str
) -> None:
    extra = tmp_path / "extra.yaml"
    extra.write_text(f"applications:\n  my-tomorrows-api:\n    {part}: {{A: {word}}}\n")
    printed = type_in("render", "dev", "-f", str(extra))
    assert printed.code == 2
    assert f"extra.yaml:3: {API}.{part}.A: Helm reads {word} as a truth value" in printed.err
    for plain in ("true", f"'{word}'", "once"):
        extra.write_text(f"applications:\n  my-tomorrows-api:\n    {part}: {{A: {plain}}}\n")
        assert type_in("render", "dev", "-f", str(extra)).code == 0
