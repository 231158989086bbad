import json
from pathlib import Path

import pytest
from benchmarks import __main__ as command
from benchmarks.figures import Goal, Options, Result, Series


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Options]]:
    asked: list[tuple[str, Options]] = []

    def measure(name: str, options: Options) -> Result:
        asked.append((name, options))
        return Result(name, [Series("one", values=[1.0])], [Goal("impossible", 2, 1)])

    monkeypatch.setattr(command, "measure", measure)
    return asked


def test_all_benchmarks_run_without_a_name(
    measured: list[tuple[str, Options]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("KUBECONFIG", raising=False)
    assert command.main([]) == 0
    assert [name for name, _ in measured] == list(command.NAMES)
    assert "left out: kubernetes (KUBECONFIG names no cluster)" in capsys.readouterr().out


def test_those_of_a_cluster_run_where_there_is_one(
    measured: list[tuple[str, Options]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", "/a/kubeconfig")
    assert command.main([]) == 0
    assert [name for name, _ in measured] == list(command.KNOWN)


def test_a_benchmark_of_a_cluster_names_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBECONFIG", raising=False)
    with pytest.raises(SystemExit, match="KUBECONFIG names no cluster"):
        command.main(["kubernetes", "--tiny"])


def test_a_missed_goal_is_told_and_no_error(
    measured: list[tuple[str, Options]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["cost", "--rounds", "3"]) == 0
    assert measured == [("cost", Options(3))]
    told = capsys.readouterr().out
    assert "MISSED  impossible" in told
    assert "load before" in told


def test_the_document_names_the_machine(measured: list[tuple[str, Options]], tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    command.main(["loss", "--tiny", "--json", str(file)])
    document = json.loads(file.read_text())
    assert document["machine"]["cores"] >= 1
    assert document["results"][0]["name"] == "loss"
    assert measured[0][1].tiny


def test_an_unknown_name_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main(["speed"])
    assert ended.value.code == 2
    assert "there are: start" in capsys.readouterr().err


@pytest.mark.parametrize("name", command.KNOWN)
def test_every_name_is_a_benchmark(name: str) -> None:
    from importlib import import_module

    assert callable(import_module(f"benchmarks.{name}").run)


def test_one_part_of_the_benchmark_of_a_cluster_can_be_measured_alone(
    measured: list[tuple[str, Options]],
) -> None:
    assert command.main(["kubernetes", "--rounds", "5", "--only", "deploys"]) == 0
    assert measured == [("kubernetes", Options(5, only="deploys"))]


@pytest.mark.parametrize("line", [["cost", "--only", "deploys"], ["kubernetes", "--only", "half"]])
def test_a_part_that_there_is_not_is_refused(line: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main(line)
    assert ended.value.code == 2
    assert "--only goes with kubernetes alone" in capsys.readouterr().err
