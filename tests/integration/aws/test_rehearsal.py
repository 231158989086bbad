"""The rehearsal as a user runs it: the real command, terraform, provider and API server (make rehearse)."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.integration.aws.conftest import AWS

from flaskship.aws.terraform import PROVIDER, Terraform

ROOT = AWS.parents[2]
COMMAND = [sys.executable, "-m", "flaskship", "--project", str(ROOT), "aws", "rehearse"]

pytestmark = pytest.mark.timeout(900)


def left_behind(folder: Path) -> list[str]:
    """Return the command lines of processes that work in a folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if str(folder).encode() in (entry / "environ").read_bytes():
                    found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode())
            except OSError:
                continue
    return found


def test_a_network_stands_its_rehearsal(terraform: Terraform, tmp_path: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "network", "--env", "dev", "-o", "json"],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"TMPDIR": str(tmp_path)},
        timeout=800,
    )
    document = json.loads(done.stdout)
    assert done.returncode == 0, json.dumps(document, indent=1) + done.stderr
    assert document["good"]
    assert [run["stack"] for run in document["stacks"]] == ["bootstrap", "network"]
    assert all(run["resources"] > 5 and not run["second_plan"] for run in document["stacks"])
    assert len(document["facts"]) > 25
    assert all(fact["holds"] for fact in document["facts"])
    assert [one["found"] for one in document["drift"]] == [True, True, True]
    assert "eks:CreateAddon" not in document["doubled"], "no cluster was asked for"
    assert list(tmp_path.iterdir()) == []
    assert left_behind(tmp_path) == []


# The moments: while the provider is unpacked, while things are made, looked at again, and taken away.
INIT, APPLY, AGAIN, DESTROY = "AWS answers", "bootstrap [", "planning again", "destroying"


@pytest.mark.parametrize(
    ("numbers", "moment"),
    [
        ((signal.SIGINT,), APPLY),
        ((signal.SIGTERM,), AGAIN),
        # Of somebody who is impatient.
        ((signal.SIGINT, signal.SIGINT, signal.SIGINT), INIT),
        ((signal.SIGTERM, signal.SIGINT), DESTROY),
        ((signal.SIGKILL,), INIT),
        ((signal.SIGKILL,), APPLY),
        ((signal.SIGKILL,), AGAIN),
        ((signal.SIGKILL,), DESTROY),
    ],
)
def test_an_end_at_any_moment_leaves_nothing_behind(
    terraform: Terraform, tmp_path: Path, numbers: tuple[int, ...], moment: str
) -> None:
    with subprocess.Popen(
        [*COMMAND, "bootstrap"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"TMPDIR": str(tmp_path)},
        start_new_session=True,
    ) as command:
        assert command.stderr is not None
        assert any(moment in line for line in command.stderr)
        assert any(tmp_path.iterdir())
        assert left_behind(tmp_path)
        for number in numbers:
            command.send_signal(number)
            time.sleep(0.05)
        assert command.wait(120) == (-signal.SIGKILL if signal.SIGKILL in numbers else 130)
    until = time.monotonic() + 30
    while (left_behind(tmp_path) or any(tmp_path.iterdir())) and time.monotonic() < until:
        time.sleep(0.1)
    assert left_behind(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_a_provider_that_does_not_work_fails_the_rehearsal_and_not_the_command(
    terraform: Terraform, tmp_path: Path
) -> None:
    mirror, work = tmp_path / "mirror", tmp_path / "work"
    work.mkdir()
    for folder in (terraform.mirror / PROVIDER).glob("*/*"):
        broken = mirror / PROVIDER / folder.relative_to(terraform.mirror / PROVIDER)
        broken.mkdir(parents=True)
        binary = broken / next(folder.glob("terraform-provider-aws_v*")).name
        binary.write_text("#!/bin/sh\nexit 1\n")
        binary.chmod(0o755)
    done = subprocess.run(
        [*COMMAND, "network", "-o", "json"],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"FLASKSHIP_TERRAFORM_MIRROR": str(mirror), "TMPDIR": str(work)},
        timeout=300,
    )
    assert done.returncode == 1, done.stderr
    document = json.loads(done.stdout)
    assert not document["good"]
    (run,) = document["stacks"]
    assert run["stack"] == "bootstrap"
    assert "plugin" in run["errors"][0]
    assert list(work.iterdir()) == []
    assert left_behind(work) == []


def test_a_server_that_is_killed_is_told_in_words(terraform: Terraform, tmp_path: Path) -> None:
    with subprocess.Popen(
        [*COMMAND, "bootstrap", "-o", "json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"TMPDIR": str(tmp_path)},
    ) as command:
        assert command.stderr is not None
        assert any(INIT in line for line in command.stderr)
        children = Path(f"/proc/{command.pid}/task/{command.pid}/children").read_text().split()
        (server,) = [
            int(child)
            for child in children
            if b"flaskship.aws.doubles" in Path(f"/proc/{child}/cmdline").read_bytes()
        ]
        os.kill(server, signal.SIGKILL)
        said, _ = command.communicate(timeout=300)
    assert command.returncode == 1
    error = json.loads(said)["error"]
    assert error["code"] == "Failed"
    assert "API server answers no more" in error["message"]
    assert list(tmp_path.iterdir()) == []
    assert left_behind(tmp_path) == []


def test_without_a_provider_it_says_what_is_missing(tmp_path: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "-o", "json"],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"FLASKSHIP_TERRAFORM_MIRROR": str(tmp_path)},
        timeout=60,
    )
    assert done.returncode == 4
    assert "FLASKSHIP_TERRAFORM_MIRROR" in json.loads(done.stdout)["error"]["hint"]
