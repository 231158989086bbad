"""Meeting: real programs are asked for their version, and each bad answer is a sentence."""

from collections.abc import Callable
from pathlib import Path

import pytest

from flaskship.model.project import Environment
from flaskship.tasks.machine import Met
from flaskship.tasks.meeting import ask, meet

DEV = Environment("dev", "dev-apps", "my-app-dev", "local", None, None, "cli")
PROD = Environment("prod", "prod-apps", "my-app-prod", "kubernetes", "prod", "staging", "argocd")

Install = Callable[[str, str], None]


@pytest.fixture
def install(tmp_path: Path) -> Install:
    def installed(name: str, script: str) -> None:
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)

    return installed


async def met(tmp_path: Path, *environments: Environment) -> dict[str, Met]:
    def which(name: str) -> str | None:
        return str(tmp_path / name) if (tmp_path / name).exists() else None

    return {one.tool: one for one in await meet(environments, which)}


async def test_a_machine_without_any_of_them(tmp_path: Path) -> None:
    found = await met(tmp_path, DEV, PROD)
    assert list(found) == ["helm", "terraform"]
    assert all(one.version is None for one in found.values())
    assert not found["helm"].needed


async def test_each_says_its_version(tmp_path: Path, install: Install) -> None:
    install("helm", 'test "$*" = "version --template {{.Version}}" && echo v4.3.1')
    install("terraform", """echo '{"terraform_version": "1.11.4"}'""")
    install(
        "kubectl",
        """echo "{\\"serverVersion\\": {\\"gitVersion\\": \\"v1.37.0\\"}, \\"asked\\": \\"$*\\"}" """,
    )
    found = await met(tmp_path, PROD)
    assert {name: one.version for name, one in found.items()} == {
        "helm": "v4.3.1",
        "terraform": "1.11.4",
    }


async def test_a_tool_that_fails_says_what_it_said(tmp_path: Path, install: Install) -> None:
    install("terraform", "echo 'broken plugin cache' >&2; exit 1")
    install("helm", "exit 3")
    found = await met(tmp_path, DEV)
    assert found["terraform"].version == f"broken plugin cache ({tmp_path / 'terraform'})"
    assert found["helm"].version == f"no word ({tmp_path / 'helm'})"


async def test_terraform_is_needed_where_it_writes(tmp_path: Path) -> None:
    written = Environment("prod", "prod-apps", "my-app-prod", "local", None, None, "terraform")
    assert (await met(tmp_path, written))["terraform"].needed
    assert not (await met(tmp_path, DEV))["terraform"].needed


async def test_one_that_never_answers_is_ended(tmp_path: Path, install: Install) -> None:
    install("slow", f"echo $$ > {tmp_path}/pid; exec sleep 600")
    answer = await ask([str(tmp_path / "slow")], patience=0.5)
    assert (answer.ok, answer.err) == (False, "no answer within 0.5 s")
    assert not Path(f"/proc/{(tmp_path / 'pid').read_text().strip()}").exists()


async def test_one_that_is_no_program(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("x")
    answer = await ask([str(tmp_path / "text")])
    assert (answer.ok, answer.err) == (False, "does not start: Permission denied")
