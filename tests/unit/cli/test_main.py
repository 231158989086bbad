"""Whatever happens: one message, the promised exit code, no traceback."""

import stat
from pathlib import Path

import pytest
from tests.contract.fake import FakeEngine, FakeState
from tests.contract.world import API, Stage
from tests.unit.cli.conftest import Terminal

import flaskship
from flaskship.cli import main as cli
from flaskship.model.errors import ConfigurationError
from flaskship.model.location import Location


def test_an_unknown_environment_is_named_with_the_nearest(terminal: Terminal, stage: Stage) -> None:
    printed = terminal("up", "dve")
    assert printed.code == 2
    assert printed.out == ""
    assert printed.err == (
        "error: flaskship.yaml: there is no environment 'dve'; did you mean dev?\n"
        "  flaskship.yaml has: dev, staging\n"
    )
    assert stage.engines == []


def test_an_unknown_application_is_named_with_the_nearest(terminal: Terminal) -> None:
    terminal("up", "dev", "--detach")
    printed = terminal("scale", "dev", "my-tomorrows-pai", "2")
    assert printed.code == 2
    assert f"did you mean {API!r}?" in printed.err


def test_a_revision_that_does_not_exist_lists_those_that_do(terminal: Terminal) -> None:
    terminal("deploy", "dev")
    terminal("deploy", "dev")
    printed = terminal("rollback", "dev", "9")
    assert printed.code == 2
    assert "no revision 9" in printed.err
    assert "there are: 1, 2" in printed.err


def test_a_command_that_does_not_exist_is_named_with_the_nearest(terminal: Terminal) -> None:
    printed = terminal("stauts")
    assert printed.code == 2
    assert "did you mean 'status'?" in printed.err


def test_down_twice_is_harmless(terminal: Terminal) -> None:
    terminal("up", "dev", "--detach")
    assert terminal("down", "dev").out == "dev: stopped on this machine\n"
    assert (terminal("down", "dev").code, terminal("down", "dev").out) == (
        0,
        "dev: did not run on this machine\n",
    )


@pytest.mark.parametrize("said", [(), ("--engine", "local")])
def test_down_tells_how_it_is_stopped_where_flaskship_yaml_has_it(
    terminal: Terminal, stage: Stage, said: tuple[str, ...]
) -> None:
    root = str(stage.project.root)
    printed = terminal("down", "staging", *said, "--project", root)
    assert (printed.code, printed.out) == (
        0,
        "staging: did not run on this machine; flaskship.yaml has it on kubernetes: "
        f"flaskship down staging --engine kubernetes --project {root}\n",
    )


def test_down_on_a_cluster_tells_how_it_is_stopped_on_this_machine(terminal: Terminal, stage: Stage) -> None:
    stage.cluster = FakeState(stage.clock)
    printed = terminal("down", "dev", "--engine", "kubernetes", "--context", "kind-a")
    assert (
        printed.out == "dev: did not run on kubernetes; flaskship.yaml has it on local: flaskship down dev\n"
    )


def test_down_does_not_say_that_flaskship_yaml_chooses_its_engine(
    terminal: Terminal, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal("down", "--help")
    told = " ".join(capsys.readouterr().out.split())
    assert "Which engine is meant; without it, local, whatever flaskship.yaml says." in told


def test_a_held_lock_is_exit_5_naming_the_holder(terminal: Terminal, stage: Stage) -> None:
    terminal("up", "dev", "--detach")
    stage.state.holders["dev"] = ("token", "grace: deploy")
    printed = terminal("deploy", "dev", "--lock-timeout", "3")
    assert printed.code == 5
    assert "waiting up to 3 s: dev is being written to by grace: deploy" in printed.err
    assert len(stage.state.of("dev").revisions) == 1


def test_the_users_timeout_is_exit_70(terminal: Terminal) -> None:
    printed = terminal(
        "deploy", "dev", "--timeout", "3", "--no-rollback", "--set", f"applications.{API}.ready_path=/never"
    )
    assert printed.code == 70
    assert "no verdict within the 3 s of --timeout" in printed.err


def test_an_engine_that_is_not_there_is_exit_4(terminal: Terminal) -> None:
    printed = terminal("deploy", "staging")
    assert printed.code == 4
    assert "flaskship up staging" in printed.err


def test_a_write_beside_a_local_run_asks_which_engine_is_meant(terminal: Terminal, stage: Stage) -> None:
    terminal("up", "staging", "--detach")
    printed = terminal("deploy", "staging")
    assert printed.code == 2
    assert "add --engine local or --engine kubernetes" in printed.err
    assert len(stage.state.of("staging").revisions) == 1
    assert terminal("deploy", "staging", "--engine", "local").code == 0


def test_a_context_without_a_cluster_is_refused(terminal: Terminal) -> None:
    assert terminal("deploy", "dev", "--context", "prod").code == 2


def test_strict_refuses_what_the_engine_does_not_honour(terminal: Terminal, stage: Stage) -> None:
    class Noting(FakeEngine):
        async def observe(self, environment: str):
            from dataclasses import replace

            snapshot = await super().observe(environment)
            return (
                replace(snapshot, notes=("NetworkPolicy web is ignored",)) if snapshot.workloads else snapshot
            )

    stage.make = Noting
    printed = terminal("up", "dev", "--detach", "--strict")
    assert printed.code == 2
    assert "NetworkPolicy web is ignored" in printed.err
    assert not stage.state.of("dev").running
    assert terminal("up", "dev", "--detach").code == 0


def test_purge_names_what_it_removes_before_it_does(terminal: Terminal, stage: Stage, tmp_path: Path) -> None:
    data = tmp_path / ".flaskship/envs/dev/data"
    data.mkdir(parents=True)
    (tmp_path / ".flaskship/secrets.dev.yaml").write_text("{}")
    terminal("up", "dev", "--detach")
    printed = terminal("down", "dev", "--purge")
    assert f"removing for good: {data}" in printed.err
    assert "secrets.dev.yaml" in printed.err
    assert stage.state.of("dev").purged == 1


def test_down_all_stops_everything_and_the_engines_own_processes(terminal: Terminal, stage: Stage) -> None:
    terminal("up", "dev", "--detach")
    terminal("up", "staging", "--detach")
    printed = terminal("down", "--all")
    assert printed.out == "dev: stopped on this machine\nstaging: stopped on this machine\n"
    assert stage.state.shut_down == 1
    assert all(engine.closed for engine in stage.engines)


def test_quiet_prints_errors_and_the_result_only(terminal: Terminal) -> None:
    loud = terminal("up", "dev", "--detach")
    assert "building from" in loud.err
    terminal("down", "dev")
    printed = terminal("up", "dev", "--detach", "--quiet")
    assert (printed.code, printed.err) == (0, "")
    assert printed.out.startswith("dev  Healthy  dev-apps revision 2")
    printed = terminal("deploy", "dev", "--quiet")
    assert (printed.code, printed.err) == (0, "")
    assert printed.out.startswith("dev  dev-apps revision 3 (before: 2): successful on local\n")
    printed = terminal("--quiet", "deploy", "dev", "--set", f"applications.{API}.command={{/bin/false}}")
    assert printed.code == 1
    assert "ExitedNonZero" in printed.out
    assert printed.err.startswith("error: ")
    printed = terminal("down", "dev", "--quiet")
    assert (printed.out, printed.err) == ("dev: stopped on this machine\n", "")


@pytest.mark.parametrize(
    "line",
    ["-o json status dev", "status dev -o json", "status -o json dev", "status dev --output=json"],
)
def test_the_global_options_work_before_and_after_the_name(line: str, terminal: Terminal) -> None:
    assert terminal(*line.split()).document["kind"] == "Status"


def test_the_option_after_the_name_wins(terminal: Terminal) -> None:
    assert terminal("-o", "json", "status", "dev", "-o", "text").out.startswith("dev  not running")


def test_the_project_is_looked_for_where_the_user_says(
    stage: Stage, terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path] = []
    world = stage.world()

    def load(path: Path):
        asked.append(path)
        return stage.project

    from dataclasses import replace

    monkeypatch.setattr(stage, "world", lambda: replace(world, load_project=load))
    for words in (("--project", "/a", "status"), ("status", "--project", "/b"), ("status",)):
        cli.run(words, stage.world)
    assert asked == [Path("/a"), Path("/b"), tmp_path]


def test_an_error_shows_place_and_hint(terminal: Terminal, stage: Stage, tmp_path: Path) -> None:
    def refuse(*_: object):
        raise ConfigurationError(
            "bad key", location=Location(tmp_path / "values.yaml", 7), hint="write it so"
        )

    stage._layer = refuse  # type: ignore[method-assign]
    printed = terminal("render", "dev")
    assert (printed.code, printed.err) == (2, "error: values.yaml:7: bad key\n  write it so\n")


def test_an_error_of_our_own_is_a_sentence_and_a_private_report(
    terminal: Terminal, stage: Stage, tmp_path: Path
) -> None:
    def explode(_: FakeState):
        raise ZeroDivisionError("a secret detail")

    stage.make = explode
    printed = terminal("status", "dev")
    assert printed.code == 1
    assert "Traceback" not in printed.err + printed.out
    (report,) = (tmp_path / ".flaskship").glob("crash-*.txt")
    assert str(report) in printed.err
    assert stat.S_IMODE(report.stat().st_mode) == 0o600
    assert "ZeroDivisionError: a secret detail" in report.read_text()


def test_a_report_that_cannot_be_written_is_said(
    terminal: Terminal, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def explode(_: FakeState):
        raise ZeroDivisionError

    def full(*_: object, **__: object):
        raise OSError("no space left")

    stage.make = explode
    monkeypatch.setattr("tempfile.mkstemp", full)
    printed = terminal("status", "dev")
    assert (printed.code, "could not be written" in printed.err) == (1, True)


def test_an_interruption_is_exit_130(terminal: Terminal, stage: Stage) -> None:
    def interrupt(_: FakeState):
        raise KeyboardInterrupt

    stage.make = interrupt
    printed = terminal("status", "dev", "-o", "json")
    assert printed.code == 130
    assert printed.document["error"]["code"] == "Interrupted"


@pytest.mark.parametrize("words", [("--help",), ("-h",), ("deploy", "--help"), ("--version",)])
def test_help_and_version_exit_0(words: tuple[str, ...], terminal: Terminal, capsys) -> None:
    printed = terminal(*words)
    assert printed.code == 0
    assert printed.out or capsys.readouterr().out


def test_render_prints_the_manifests_exactly(terminal: Terminal) -> None:
    assert terminal("render", "dev").out == "---\nkind: Deployment\n"


@pytest.mark.parametrize("words", [("--version", "-o", "json"), ("-o", "json", "--version")])
def test_the_version_is_a_document_too(words: tuple[str, ...], terminal: Terminal) -> None:
    printed = terminal(*words)
    assert printed.code == 0
    assert printed.document == {
        "apiVersion": "flaskship.dev/v1",
        "kind": "Version",
        "version": flaskship.__version__,
    }


@pytest.mark.parametrize(
    "words",
    [
        ("--help", "-o", "json"),
        ("-o", "json", "--help"),
        ("up", "--help", "-o", "json"),
        ("up", "-ojson", "-h"),
    ],
)
def test_help_is_text_alone(words: tuple[str, ...], terminal: Terminal, capsys) -> None:
    printed = terminal(*words)
    assert (printed.code, printed.out) == (0, ""), "a document beside the text"
    assert "Usage: flaskship" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("scale", "dev", API, "many"), "'many' is not a valid whole number."),
        (("deploy", "dev", "--timeout", "soon"), "'soon' is not a valid number."),
    ],
)
def test_what_is_no_number_is_told_in_words(words: tuple[str, ...], said: str, terminal: Terminal) -> None:
    printed = terminal(*words)
    assert printed.code == 2
    assert said in printed.err
