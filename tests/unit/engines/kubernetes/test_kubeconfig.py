"""Which cluster is meant: by name, never by whatever kubectl points at."""

import os
from pathlib import Path

import pytest

from flaskship.engines.kubernetes.connection import connect
from flaskship.engines.kubernetes.kubeconfig import context_of, read_kubeconfig
from flaskship.model.errors import PreflightError

ONE = """
current-context: one
clusters: [{name: c1, cluster: {server: "https://one:6443", certificate-authority: ca.crt}}]
users: [{name: u1, user: {token: s3cret}}]
contexts: [{name: one, context: {cluster: c1, user: u1}}]
"""
TWO = """
current-context: two
clusters: [{name: c1, cluster: {server: "https://other"}}, {name: c2, cluster: {server: "https://two"}}]
users: [{name: u2, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: ./plugin}}}]
contexts: [{name: two, context: {cluster: c2, user: u2}}, {name: broken, context: {cluster: c3}}]
"""


@pytest.fixture
def files(tmp_path: Path) -> str:
    (tmp_path / "one").write_text(ONE)
    (tmp_path / "two").write_text(TWO)
    return os.pathsep.join((str(tmp_path / "one"), str(tmp_path / "two")))


def test_files_are_merged_and_the_first_to_say_something_wins(files: str) -> None:
    config = read_kubeconfig(files)
    assert config.clusters["c1"]["server"] == "https://one:6443"
    assert sorted(config.contexts) == ["broken", "one", "two"]
    assert config.current == "one"


def test_paths_are_relative_to_their_own_file(files: str, tmp_path: Path) -> None:
    config = read_kubeconfig(files)
    assert config.clusters["c1"]["certificate-authority"] == str(tmp_path / "ca.crt")
    assert config.users["u2"]["exec"]["command"] == str(tmp_path / "plugin")


def test_the_environment_names_the_files(files: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", files)
    assert len(read_kubeconfig().files) == 2


def test_an_unknown_context_is_refused_with_those_there_are(files: str) -> None:
    with pytest.raises(PreflightError, match="no context 'three'") as refused:
        context_of(read_kubeconfig(files), "three")
    assert refused.value.exit_code == 4
    assert "broken, one, two" in str(refused.value.hint)


def test_a_context_without_its_cluster_is_refused(files: str) -> None:
    with pytest.raises(PreflightError, match="'c3'"):
        context_of(read_kubeconfig(files), "broken")


def test_no_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(PreflightError, match="there is no kubeconfig"):
        read_kubeconfig(str(tmp_path / "missing"))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: [", "not valid YAML"),
        ("[]", "not a map"),
        ("clusters: [{cluster: {}}]", "has no name"),
    ],
)
def test_a_damaged_file_is_named_and_not_quoted(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "config").write_text(text)
    with pytest.raises(PreflightError, match=problem) as refused:
        read_kubeconfig(str(tmp_path / "config"))
    assert str(tmp_path / "config") in str(refused.value)


async def test_a_trust_that_cannot_be_read_is_a_sentence_without_secrets(files: str, tmp_path: Path) -> None:
    with pytest.raises(PreflightError, match=r"certificate-authority .*ca\.crt is not there"):
        connect(read_kubeconfig(files), "one")
    (tmp_path / "ca.crt").write_text("s3cret")
    with pytest.raises(PreflightError, match="certificate or key is not valid") as refused:
        connect(read_kubeconfig(files), "one")
    assert "s3cret" not in str(refused.value)
