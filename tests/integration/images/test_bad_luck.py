import asyncio
import contextlib
import errno
import json
import os
import shutil
import signal
import sys
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.integration.images.conftest import Machine

from flaskship.engines.local.images import (
    BuildProgress,
    ImageBuildError,
    LocalImage,
    build_image,
    list_images,
)
from flaskship.engines.local.images.process import Job, Outcome, run_job

BUILDER = """
import asyncio, json, sys
from pathlib import Path
from flaskship.engines.local.images import build_image
project, context, environment = sys.argv[1:]
image = asyncio.run(
    build_image(Path(project), "team/app", Path(context), environment=json.loads(environment),
                report=lambda progress: print(progress.stage, flush=True)))
print(image.id)
"""


async def build(machine: Machine, **more) -> LocalImage:
    return await build_image(
        machine.project, "team/app", machine.context, environment=machine.environment, **more
    )


async def failing(machine: Machine, **more) -> ImageBuildError:
    with pytest.raises(ImageBuildError) as caught:
        await build(machine, **more)
    assert machine.leftovers() == []
    assert list_images(machine.project) == ()
    return caught.value


async def start_builder(machine: Machine) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", BUILDER, str(machine.project), str(machine.context)),
        json.dumps(dict(machine.environment)),
        stdout=asyncio.subprocess.PIPE,
    )


class SilentIndex:
    """An index that takes connections and says nothing."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.url = ""
        self._writers: list[asyncio.StreamWriter] = []
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self._writers.append(writer)
            self.asked.set()

        self._server = await asyncio.start_server(take, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/simple"

    def close(self) -> None:
        if self._server is not None:
            self._server.close()
        for writer in self._writers:
            writer.close()


@pytest.fixture
async def silent() -> AsyncIterator[SilentIndex]:
    index = SilentIndex()
    await index.open()
    yield index
    index.close()


@pytest.fixture
def stuck(machine: Machine, silent: SilentIndex) -> Machine:
    """A machine whose index never answers."""
    (machine.context / "requirements.txt").write_text("never-answered==1.0\n")
    environment = {
        **machine.environment,
        "PIP_NO_INDEX": "0",
        "PIP_INDEX_URL": silent.url,
        "UV_HTTP_RETRIES": "0",
        "NO_PROXY": "127.0.0.1",
    }
    return replace(machine, environment=environment)


def installers(machine: Machine) -> list[int]:
    """The installers that work below this machine's project."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            with contextlib.suppress(OSError):
                words = (process / "cmdline").read_bytes()
                if b"pip\0install" in words and os.fsencode(machine.images) in words:
                    found.append(int(process.name))
    return found


async def gone(machine: Machine) -> bool:
    for _ in range(200):
        if not installers(machine):
            return True
        await asyncio.sleep(0.05)
    return False


async def test_two_builds_at_once_make_one_image(machine: Machine) -> None:
    jobs: list[Job] = []
    seen: list[BuildProgress] = []

    async def counting(job: Job, heard: Callable[[str], None]) -> Outcome:
        jobs.append(job)
        return await run_job(job, heard)

    one, two = await asyncio.gather(
        build(machine, runner=counting, report=seen.append),
        build(machine, runner=counting, report=seen.append),
    )
    assert one == two
    assert len([job for job in jobs if "install" in job.argv]) == 1
    assert [progress.stage for progress in seen].count("wait") == 1
    assert machine.leftovers() == []


async def test_two_processes_at_once_make_one_image(machine: Machine) -> None:
    builders = [await start_builder(machine) for _ in range(3)]
    outputs = [(await builder.communicate())[0].decode().split() for builder in builders]
    assert [builder.returncode for builder in builders] == [0, 0, 0]
    assert len({output[-1] for output in outputs}) == 1
    assert sum("finish" in output for output in outputs) == 1
    assert machine.leftovers() == []


async def test_two_different_images_are_built_side_by_side(machine: Machine, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(machine.context, other)
    (other / "greeting.txt").write_text("moin\n")
    one, two = await asyncio.gather(build(machine), build(replace(machine, context=other)))
    assert {image.id for image in list_images(machine.project)} == {one.id, two.id}


async def test_an_interrupted_build_leaves_no_process_and_no_file(
    stuck: Machine, silent: SilentIndex
) -> None:
    task = asyncio.create_task(build(stuck))
    await asyncio.wait_for(silent.asked.wait(), 30)
    assert installers(stuck)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert installers(stuck) == []
    assert stuck.leftovers() == []


async def test_a_killed_builder_leaves_a_folder_that_the_next_build_removes(
    stuck: Machine, silent: SilentIndex
) -> None:
    builder = await start_builder(stuck)
    await asyncio.wait_for(silent.asked.wait(), 30)
    builder.send_signal(signal.SIGKILL)
    await builder.wait()
    # The orphaned installer still writes there, so the folder is still taken.
    (stuck.context / "requirements.txt").write_text("")
    await build(stuck)
    assert len(stuck.leftovers()) == 1
    silent.close()
    assert await gone(stuck)
    (stuck.context / "greeting.txt").write_text("again\n")
    await build(stuck)
    assert stuck.leftovers() == []


async def test_a_build_after_a_crash_starts_from_nothing(machine: Machine) -> None:
    image = await build(machine)
    shutil.rmtree(image.folder)
    half = machine.images / f".building-{image.id}"
    (half / "context").mkdir(parents=True)
    (half / "context" / "app.py").write_text("of another time")
    (machine.images / ".leaving-something-1").mkdir()
    again = await build(machine)
    assert not (again.context / "app.py").exists()
    assert machine.leftovers() == []


async def test_a_wrong_hash_names_file_and_line(machine: Machine) -> None:
    (machine.context / "requirements.txt").write_text(f"# top\n\ngreeter==1.0 --hash=sha256:{'0' * 64}\n")
    error = await failing(machine)
    assert (error.code, error.exit_code) == ("DependencyFailed", 2)
    assert str(error.location) == f"{machine.context}/requirements.txt:3"
    assert "not the one that was locked" in error.message
    assert error.output


async def test_a_package_that_does_not_exist_names_file_and_line(machine: Machine) -> None:
    (machine.context / "requirements.txt").write_text("greeter==1.0\nno-such-thing==2.0\n")
    error = await failing(machine)
    assert error.code == "DependencyFailed"
    assert str(error.location) == f"{machine.context}/requirements.txt:2"


async def test_a_requirement_that_is_no_requirement_is_said(machine: Machine) -> None:
    (machine.context / "requirements.txt").write_text("greeter==1.0\n??\n")
    error = await failing(machine)
    assert error.code == "DependencyFailed"
    assert "cannot be read" in error.message
    assert str(error.location) == f"{machine.context}/requirements.txt:2"


async def test_an_index_that_is_not_there_is_said(machine: Machine) -> None:
    environment = {
        **machine.environment,
        "PIP_NO_INDEX": "0",
        "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
        "UV_HTTP_RETRIES": "0",
        "NO_PROXY": "127.0.0.1",
    }
    (machine.context / "requirements.txt").write_text("from-the-index==1.0\n")
    error = await failing(replace(machine, environment=environment))
    assert (error.code, error.exit_code) == ("NoNetwork", 4)
    assert str(error.location) == f"{machine.context}/Dockerfile:3"


@pytest.mark.parametrize(
    ("break_it", "code", "words"),
    [
        (shutil.rmtree, "ImageUnreadable", "does not exist"),
        (lambda context: (context / "Dockerfile").unlink(), "ImageUnreadable", "no Dockerfile"),
        (
            lambda context: (context / "Dockerfile").write_bytes(b"\xff\xfe"),
            "ImageUnreadable",
            "cannot be read",
        ),
        (lambda context: (context / "Dockerfile").write_text("FORM x\n"), "DockerfileInvalid", "FORM"),
        (
            lambda context: (context / "requirements.txt").unlink(),
            "DockerfileInvalid",
            "not in the build context",
        ),
        (
            lambda context: (context / ".dockerignore").write_text("*.txt\n"),
            "DockerfileInvalid",
            "left out of the context by .dockerignore",
        ),
    ],
)
async def test_a_broken_context_is_said_before_anything_is_made(
    machine: Machine, break_it: Callable[[Path], object], code: str, words: str
) -> None:
    break_it(machine.context)
    error = await failing(machine)
    assert (error.code, error.exit_code) == (code, 2)
    assert words in error.message
    assert error.location is not None


@pytest.mark.parametrize(
    ("number", "code"),
    [(errno.ENOSPC, "NoSpace"), (errno.EDQUOT, "NoSpace"), (errno.EROFS, "ImageFolderUnwritable")],
)
async def test_a_disk_that_fills_up_while_copying_is_said(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, number: int, code: str
) -> None:
    def full(source: Path, target: Path, **_: object) -> None:
        raise OSError(number, os.strerror(number), str(target))

    monkeypatch.setattr(shutil, "copy2", full)
    error = await failing(machine)
    assert (error.code, error.exit_code) == (code, 4)


async def test_a_disk_that_fills_up_while_installing_is_said(machine: Machine) -> None:
    async def full(job: Job, heard: Callable[[str], None]) -> Outcome:
        if "install" in job.argv:
            return Outcome(2, ("error: failed to write", "  cause: No space left on device (os error 28)"))
        return await run_job(job, heard)

    error = await failing(machine, runner=full)
    assert (error.code, error.exit_code) == ("NoSpace", 4)


async def test_a_place_that_cannot_be_written_is_said(machine: Machine) -> None:
    (machine.project / ".flaskship").write_text("in the way")
    with pytest.raises(ImageBuildError) as caught:
        await build(machine)
    assert (caught.value.code, caught.value.exit_code) == ("ImageFolderUnwritable", 4)
    assert str(caught.value.location).startswith(str(machine.project / ".flaskship"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes and reads everything")
async def test_permissions_that_are_missing_are_said(machine: Machine) -> None:
    (machine.context / "greeting.txt").chmod(0)
    assert (await failing(machine)).code == "ImageUnreadable"
    (machine.context / "greeting.txt").chmod(0o600)
    shutil.rmtree(machine.project / ".flaskship", ignore_errors=True)
    machine.project.chmod(0o500)
    try:
        with pytest.raises(ImageBuildError) as caught:
            await build(machine)
        assert caught.value.code == "ImageFolderUnwritable"
    finally:
        machine.project.chmod(0o700)


async def test_a_context_that_changes_while_it_is_copied_makes_no_image(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = shutil.copy2

    def changed(source: Path, target: Path, **options: bool) -> None:
        copy(source, target, **options)
        if source.name == "greeting.txt":
            target.write_text("of a later moment\n")

    monkeypatch.setattr(shutil, "copy2", changed)
    error = await failing(machine)
    assert "changed while it was being copied" in error.message


async def test_progress_is_heard_where_the_build_runs(machine: Machine) -> None:
    threads: set[int] = set()
    await build(machine, report=lambda progress: threads.add(threading.get_ident()))
    assert threads == {threading.get_ident()}


async def test_a_failed_build_leaves_the_images_that_were_there(machine: Machine) -> None:
    image = await build(machine)
    (machine.context / "requirements.txt").write_text("no-such-thing==2.0\n")
    with pytest.raises(ImageBuildError):
        await build(machine)
    assert list_images(machine.project) == (image,)
    assert machine.leftovers() == []


async def test_an_installer_that_cannot_be_started_is_said(machine: Machine) -> None:
    async def broken(job: Job, heard: Callable[[str], None]) -> Outcome:
        raise PermissionError(errno.EACCES, "Permission denied", job.argv[0])

    error = await failing(machine, runner=broken)
    assert (error.code, error.exit_code) == ("PreflightFailed", 4)
