"""-o json: one document on standard output for every command, on success and on failure."""

from dataclasses import replace

import pytest
from tests.contract.fake import FakeState
from tests.contract.world import API, DIGEST, WORKER, Stage
from tests.unit.cli.conftest import Terminal

from flaskship.cli.commands import COMMANDS
from flaskship.containers.shipment import Pushed
from flaskship.tasks.machine import Port

BREAK = f"applications.{API}.command={{/bin/false}}"

GOOD: dict[str, tuple[str, ...]] = {
    "up": ("up", "dev", "--detach"),
    "down": ("down", "dev"),
    "deploy": ("deploy", "dev"),
    "status": ("status", "dev"),
    "logs": ("logs", "dev"),
    "events": ("events", "dev"),
    "verify": ("verify", "dev"),
    "history": ("history", "dev"),
    "rollback": ("rollback", "dev"),
    "promote": ("promote", "dev", "staging"),
    "pause": ("pause", "dev", API),
    "resume": ("resume", "dev", API),
    "abort": ("abort", "dev", API),
    "restart": ("restart", "dev"),
    "scale": ("scale", "dev", API, "2"),
    "render": ("render", "dev"),
    "diff": ("diff", "dev", "--against", "1"),
    "check": ("check", "dev"),
    "explain": ("explain", "dev", "applications"),
    "build": ("build",),
    "rightsize": ("rightsize", "dev"),
    "aws": ("aws", "rehearse", "--env", "dev"),
    "doctor": ("doctor",),
}

BAD: dict[str, tuple[tuple[str, ...], int, str]] = {
    "up": (("up", "dve", "--detach"), 2, "ConfigurationInvalid"),
    "down": (("down",), 2, "UsageInvalid"),
    "deploy": (("deploy", "dev", "--set", BREAK), 1, "ExitedNonZero"),
    "status": (("status", "prod"), 2, "ConfigurationInvalid"),
    "logs": (("logs", "dev", "my-tomorrow-api"), 2, "ConfigurationInvalid"),
    "events": (("events", "staging", "--engine", "kubernetes"), 4, "PreflightFailed"),
    "verify": (("verify", "staging", "--engine", "local"), 2, "ConfigurationInvalid"),
    "history": (("history",), 2, "UsageInvalid"),
    "rollback": (("rollback", "dev", "77"), 2, "ConfigurationInvalid"),
    "promote": (("promote", "staging", "dev"), 2, "ConfigurationInvalid"),
    "pause": (("pause", "dev", "wrker"), 2, "ConfigurationInvalid"),
    "resume": (("resume", "dev"), 2, "UsageInvalid"),
    "abort": (("abort", "dev", API), 2, "ConfigurationInvalid"),
    "restart": (("restart", "dev", "wrker"), 2, "ConfigurationInvalid"),
    "scale": (("scale", "dev", API, "-1"), 2, "UsageInvalid"),
    "render": (("render", "dev", "--set", "nonsense"), 2, "ConfigurationInvalid"),
    "diff": (("diff", "dev", "--against", "stagin"), 2, "ConfigurationInvalid"),
    "check": (("check", "dve"), 2, "ConfigurationInvalid"),
    "explain": (("explain", "dev"), 2, "UsageInvalid"),
    "build": (("build", "my-demo-ap"), 2, "ImageUnknown"),
    "rightsize": (("rightsize", "dve"), 2, "ConfigurationInvalid"),
    "aws": (("aws", "rehearse", "netwrok"), 2, "ConfigurationInvalid"),
    "doctor": (("doctor", "dve"), 2, "ConfigurationInvalid"),
}


def can_promote(stage: Stage) -> None:
    """Let staging be on a cluster of its own, and a registry have what dev runs."""
    stage.cluster = FakeState(stage.clock)
    stage.sources[stage.image_id] = "source"
    stage.pushed.append(Pushed("r.example.com/app", "1.0", DIGEST, "source", 1.0))
    stage.project.chart.mkdir(parents=True)
    (stage.project.chart / "values-staging.yaml").write_text("environment: staging\n")


def test_no_command_is_left_out() -> None:
    assert set(GOOD) == set(BAD) == set(COMMANDS)


@pytest.mark.parametrize("name", GOOD)
def test_success_is_one_document_of_the_schema(name: str, terminal: Terminal, stage: Stage) -> None:
    can_promote(stage)
    assert terminal("up", "dev", "--detach").code == 0
    assert terminal("deploy", "dev").code == 0
    if name == "abort":
        assert terminal("deploy", "dev", "--set", BREAK, "--no-rollback").code == 1
    printed = terminal(*GOOD[name], "-o", "json")
    assert printed.document["kind"] == name.capitalize()
    assert printed.document["apiVersion"] == "flaskship.dev/v1"
    assert "error" not in printed.document


@pytest.mark.parametrize("name", BAD)
def test_failure_is_one_document_of_the_schema_too(name: str, terminal: Terminal) -> None:
    terminal("up", "dev", "--detach")
    words, code, why = BAD[name]
    printed = terminal(*words, "-o", "json")
    assert printed.code == code
    assert printed.document["kind"] == name.capitalize()
    assert printed.document["error"]["code"] == why
    assert printed.err.splitlines()[-1]


def test_status_has_the_fields_that_scripts_rely_on(terminal: Terminal) -> None:
    terminal("up", "dev", "--detach")
    document = terminal("status", "dev", "-o", "json").document
    assert (document["environment"], document["phase"]) == ("dev", "Healthy")
    assert document["release"] == {"name": "dev-apps", "revision": 1}
    api, worker = document["applications"]
    assert (api["name"], worker["name"]) == (API, WORKER)
    assert (api["desired"], api["ready"], api["image"]) == (1, 1, "cloudandparth/my-demo-app:1.0")
    assert api["endpoints"] == ["http://localhost:30080"]
    assert set(api["replicas"][0]) == {"name", "phase", "restarts", "started_at", "pid"}
    assert isinstance(api["replicas"][0]["pid"], int)


def test_status_of_all_lists_every_environment(terminal: Terminal) -> None:
    terminal("up", "dev", "--detach")
    environments = terminal("status", "-o", "json").document["environments"]
    assert [(one["environment"], one["phase"]) for one in environments] == [
        ("dev", "Healthy"),
        ("staging", "Unknown"),
    ]


def test_a_failed_deploy_tells_verdict_cause_receipt_and_undo(terminal: Terminal) -> None:
    terminal("up", "dev", "--detach")
    document = terminal("deploy", "dev", "--set", BREAK, "-o", "json").document
    assert document["release"] == {"name": "dev-apps", "revision": 2, "previous": 1}
    assert document["verdict"]["outcome"] == "failed"
    cause = document["verdict"]["causes"][0]
    assert (cause["code"], cause["application"]) == ("ExitedNonZero", API)
    assert cause["values"] == {"file": "infra/helmchart/values-dev.yaml", "line": 12}
    assert document["receipt"] == {"sent": 120, "failed": 0, "p50_ms": 1.5, "p99_ms": 4.25, "seconds": 2.0}
    assert document["rolled_back_to"] == 1
    assert document["undo"]["revision"] == 3
    assert document["error"]["location"] == cause["values"]


def test_a_first_deploy_says_why_there_is_no_receipt(terminal: Terminal) -> None:
    document = terminal("deploy", "dev", "-o", "json").document
    assert document["receipt"] is None
    assert document["receipt_reason"] == "no application answered HTTP before"


def test_the_history_names_who_why_and_which_images(terminal: Terminal) -> None:
    terminal("deploy", "dev", "--reason", "a new colour")
    (revision,) = terminal("history", "dev", "-o", "json").document["revisions"]
    assert revision["revision"] == 1
    assert (revision["actor"], revision["reason"], revision["commit"]) == ("ada", "a new colour", "c0ffee")
    assert revision["outcome"] == "successful"
    assert revision["images"] == {API: "sha256:one", WORKER: "sha256:one"}


def test_a_rollback_names_the_revision_that_runs_again(terminal: Terminal) -> None:
    terminal("deploy", "dev")
    terminal("deploy", "dev", "--set", f"applications.{API}.replicas=2")
    document = terminal("rollback", "dev", "-o", "json").document
    assert (document["release"]["revision"], document["rolled_back_to"]) == (3, 1)


def test_a_dry_run_lists_changes_and_touches_nothing(stage: Stage, terminal: Terminal) -> None:
    terminal("deploy", "dev")
    built = list(stage.built)
    replicas = f"applications.{API}.replicas=2"
    document = terminal("deploy", "dev", "--dry-run", "--set", replicas, "-o", "json").document
    assert document["changes"] == [{"kind": "Deployment", "name": API, "change": "changed"}]
    assert stage.built == built
    assert len(stage.state.of("dev").revisions) == 1


def test_a_second_up_says_that_nothing_changed(terminal: Terminal) -> None:
    assert terminal("up", "dev", "--detach", "-o", "json").document["changed"] is True
    again = terminal("up", "dev", "--detach", "-o", "json").document
    assert again["changed"] is False
    assert again["release"] == {"name": "dev-apps", "revision": 1}


def test_doctor_exits_4_and_names_who_holds_a_port(stage: Stage, terminal: Terminal) -> None:
    from dataclasses import replace

    stage.machine = replace(stage.machine, ports=(Port(30080, "dev", API, "nginx (pid 7, user root)"),))
    printed = terminal("doctor", "dev", "-o", "json")
    assert printed.code == 4
    taken = [one for one in printed.document["checks"] if one["result"] == "failed"]
    assert "nginx (pid 7, user root)" in taken[0]["message"]
    assert taken[0]["advice"]


@pytest.mark.parametrize(
    "words",
    [
        ("--nonsense", "-o", "json"),
        ("-o", "json"),
        ("-o", "json", "lgos"),
        ("--output=json", "up"),
        ("-ojson", "deploy", "dev", "--timeout", "soon"),
        ("-o", "json", "up", "dev"),
        ("-o", "json", "logs", "dev", "-f"),
        ("-o", "json", "status", "dev", "--watch"),
    ],
)
def test_bad_usage_is_a_document_with_exit_2(words: tuple[str, ...], terminal: Terminal) -> None:
    printed = terminal(*words)
    assert printed.code == 2
    assert printed.document["error"]["exit_code"] == 2


@pytest.mark.parametrize(
    ("words", "listed"),
    [
        (("--load", "--context", "kind-dev"), "names"),
        (("--push", "--to", "r.example.com/app"), "pushed"),
    ],
)
def test_a_shipped_image_is_a_document_too(words: tuple[str, ...], listed: str, terminal: Terminal) -> None:
    printed = terminal("build", *words, "-o", "json")
    assert printed.code == 0
    assert printed.document["images"][0][listed]


@pytest.mark.parametrize(
    "words",
    [
        ("--load", "--push"),
        ("--to", "r/app"),
        ("--load", "--to", "r/app"),
        ("--push", "--into", "kind"),
        ("--builder", "docker"),
    ],
)
def test_options_of_build_that_contradict_are_refused(words: tuple[str, ...], terminal: Terminal) -> None:
    assert terminal("build", *words, "-o", "json").document["error"]["code"] == "ConfigurationInvalid"


def test_a_promotion_tells_the_proof_of_both_sides(terminal: Terminal, stage: Stage) -> None:
    can_promote(stage)
    terminal("up", "dev", "--detach")
    document = terminal("promote", "dev", "staging", "-o", "json").document
    assert document["from"]["release"] == {"name": "dev-apps", "revision": 1}
    assert document["from"]["images"] == {API: DIGEST, WORKER: DIGEST}
    assert document["images"][API]["digest"] == DIGEST
    assert (document["environment"], document["release"]["revision"]) == ("staging", 1)
    assert document["verdict"]["outcome"] == "successful"
    assert document["file"] == "infra/helmchart/values-staging.yaml"


def test_a_rollback_through_git_takes_a_promotion_back_as_a_whole(terminal: Terminal, stage: Stage) -> None:
    dev, staging = stage.project.environments
    stage.project = replace(stage.project, environments=(dev, replace(staging, writer="argocd")))
    for words in (("staging", "3"), ("staging", "--app", API)):
        error = terminal("rollback", *words, "-o", "json").document["error"]
        assert (error["code"], error["exit_code"]) == ("ConfigurationInvalid", 2)
        assert "taken back as a whole" in error["message"]
    outside = terminal("rollback", "staging", "-o", "json").document["error"]
    assert "not in a Git repository" in outside["message"]


def test_a_push_is_for_what_goes_through_git(terminal: Terminal) -> None:
    terminal("up", "dev", "--detach")
    error = terminal("rollback", "dev", "--push", "-o", "json").document["error"]
    assert error["message"] == "--push: dev is not written through Git"
