"""The rehearsal's AWS is its own, whatever the shell says of another."""

from pathlib import Path

import pytest

from flaskship.aws.rehearsal.api import client
from flaskship.aws.rehearsal.children import api_server

pytest.importorskip("moto", reason="not tested here: moto is not installed")


def test_a_profile_that_is_not_there_and_an_endpoint_of_the_shell_reach_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody-made-this-one")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    with api_server(tmp_path) as port:
        assert client(port, "sts").get_caller_identity()["Account"] == "123456789012"
