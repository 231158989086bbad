"""Login by a command of the kubeconfig: a real child process, its token used and replaced."""

import json
import sys
from pathlib import Path
from typing import Any

import httpx2
import pytest

from flaskship.engines.kubernetes.failures import NotLoggedInError
from flaskship.engines.kubernetes.login import PluginAuth

TOKENS = """
import json, os, pathlib, sys
count = pathlib.Path(sys.argv[1])
number = int(count.read_text()) + 1 if count.exists() else 1
count.write_text(str(number))
info = json.loads(os.environ["KUBERNETES_EXEC_INFO"])
print(json.dumps({"apiVersion": info["apiVersion"], "status": {
    "token": f"{os.environ['PREFIX']}-{number}", "expirationTimestamp": sys.argv[2]}}))
"""


def plugin(tmp_path: Path, script: str = TOKENS, until: str = "2999-01-01T00:00:00Z") -> dict[str, Any]:
    return {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": sys.executable,
        "args": ["-c", script, str(tmp_path / "count"), until],
        "env": [{"name": "PREFIX", "value": "token"}],
    }


async def ask(auth: PluginAuth, accepted: str = "") -> list[str]:
    seen: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request.headers["Authorization"])
        return httpx2.Response(200 if seen[-1].endswith(accepted) else 401)

    async with httpx2.AsyncClient(transport=httpx2.MockTransport(answer), auth=auth) as session:
        await session.get("https://api/")
        await session.get("https://api/")
    return seen


async def test_the_token_is_asked_for_once(tmp_path: Path) -> None:
    assert await ask(PluginAuth("here", plugin(tmp_path), {})) == ["Bearer token-1"] * 2


async def test_a_refused_token_is_replaced_once(tmp_path: Path) -> None:
    seen = await ask(PluginAuth("here", plugin(tmp_path), {}), accepted="2")
    assert seen == ["Bearer token-1", "Bearer token-2", "Bearer token-2"]


async def test_an_expired_token_is_replaced(tmp_path: Path) -> None:
    seen = await ask(PluginAuth("here", plugin(tmp_path, until="2001-01-01T00:00:00Z"), {}))
    assert seen == ["Bearer token-1", "Bearer token-2"]


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("import sys; sys.exit('session expired')", "ended with 1: session expired"),
        ("print('hello')", "did not answer with an ExecCredential"),
        ("print('{\"status\": {}}')", "gave no token"),
    ],
)
async def test_what_goes_wrong_is_told(tmp_path: Path, script: str, said: str) -> None:
    with pytest.raises(NotLoggedInError, match=said):
        await ask(PluginAuth("here", plugin(tmp_path, script), {}))


async def test_a_missing_command_gives_its_own_hint(tmp_path: Path) -> None:
    missing = {**plugin(tmp_path), "command": "/nowhere/aws", "installHint": "install the aws command"}
    with pytest.raises(NotLoggedInError, match="does not start") as refused:
        await ask(PluginAuth("here", missing, {}))
    assert refused.value.hint == "install the aws command"


async def test_a_version_nobody_knows_is_refused(tmp_path: Path) -> None:
    old = {**plugin(tmp_path), "apiVersion": "client.authentication.k8s.io/v1alpha1"}
    with pytest.raises(NotLoggedInError, match="v1alpha1"):
        await ask(PluginAuth("here", old, {}))


def test_the_command_is_told_the_cluster_only_where_it_asks(tmp_path: Path) -> None:
    asks = {**plugin(tmp_path), "provideClusterInfo": True}
    for given, expected in ((plugin(tmp_path), None), (asks, {"server": "https://one"})):
        environment = PluginAuth("here", given, {"server": "https://one"})._environment("v1")
        assert json.loads(environment["KUBERNETES_EXEC_INFO"])["spec"].get("cluster") == expected
