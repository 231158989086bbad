import shutil
import stat
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.integration.images.conftest import Machine

from flaskship.engines.local.images import (
    BuildProgress,
    LocalImage,
    build_image,
    collect_garbage,
    find_image,
    image_environment,
    list_images,
    map_argv,
    resolve_command,
)
from flaskship.engines.local.images.process import Job, Outcome, run_job


async def build(machine: Machine, **more) -> LocalImage:
    return await build_image(
        machine.project, "team/app", machine.context, environment=machine.environment, **more
    )


def run(image: LocalImage, machine: Machine, command: list[str] | None = None) -> str:
    argv = map_argv(image.path_map, resolve_command(image, command, None))
    done = subprocess.run(
        argv,
        env=image_environment(image, machine.environment),
        cwd=image.workdir,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    return done.stdout + done.stderr


async def test_an_image_runs_what_its_dockerfile_says(machine: Machine) -> None:
    seen: list[BuildProgress] = []
    image = await build(machine, report=seen.append)
    assert run(image, machine) == "hello world\n"
    assert run(image, machine, ["sh", "-c", 'cat "$GREETING"']) == "hello\n"
    assert run(image, machine, ["/srv/venv/bin/greet", "you"]) == "hello you\n"
    assert run(image, machine, ["python", "-c", "import sys; print(sys.prefix)"]) == f"{image.venv}\n"
    assert list(dict.fromkeys(p.stage for p in seen)) == [
        "read", "copy", "environment", "install", "finish",
    ]  # fmt: skip
    assert any(p.done == p.total == 1 for p in seen if p.stage == "install")


async def test_nothing_of_the_building_place_is_left_in_the_image(machine: Machine) -> None:
    image = await build(machine)
    assert machine.leftovers() == []
    assert sorted(path.name for path in image.folder.iterdir()) == ["context", "image.json", "root", "venv"]
    for path in (*(image.venv / "bin").iterdir(), image.venv / "pyvenv.cfg"):
        if path.is_file() and not path.is_symlink():
            assert b".building-" not in path.read_bytes(), path


async def test_only_the_owner_can_look_inside(machine: Machine) -> None:
    image = await build(machine)
    assert stat.S_IMODE((image.folder / "image.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(image.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(machine.images.stat().st_mode) == 0o700
    assert stat.S_IMODE(machine.images.parent.stat().st_mode) == 0o700


async def test_the_second_build_runs_no_program(machine: Machine) -> None:
    first = await build(machine)

    async def forbidden(job: Job, heard: Callable[[str], None]) -> Outcome:
        raise AssertionError(job.argv)

    seen: list[BuildProgress] = []
    assert await build(machine, runner=forbidden, report=seen.append) == first
    assert seen[-1].stage == "cached"


async def test_a_change_of_the_source_makes_another_image_and_going_back_finds_the_first(
    machine: Machine,
) -> None:
    first = await build(machine)
    (machine.context / "greeting.txt").write_text("moin\n")
    second = await build(machine)
    assert second.id != first.id
    assert run(second, machine, ["cat", "/srv/app/greeting.txt"]) == "moin\n"
    (machine.context / "greeting.txt").write_text("hello\n")
    assert (await build(machine)).id == first.id


async def test_an_image_is_independent_of_the_source_it_was_made_from(machine: Machine) -> None:
    image = await build(machine)
    shutil.rmtree(machine.context)
    assert run(image, machine) == "hello world\n"
    assert (image.context / "greeting.txt").read_text() == "hello\n"


async def test_a_damaged_image_is_made_again(machine: Machine) -> None:
    image = await build(machine)
    (image.folder / "image.json").write_text("{")
    assert find_image(machine.project, image.id) is None
    assert run(await build(machine), machine) == "hello world\n"


async def test_an_image_whose_interpreter_is_gone_is_made_again(machine: Machine) -> None:
    image = await build(machine)
    image.python.unlink()
    image.python.symlink_to("/nowhere/python")
    assert run(await build(machine), machine) == "hello world\n"


async def test_a_minor_that_is_not_installed_is_stood_in_for_and_said(machine: Machine) -> None:
    dockerfile = machine.context / "Dockerfile"
    dockerfile.write_text(dockerfile.read_text().replace("python:3", "python:3.99-slim"))
    image = await build(machine)
    assert (image.interpreter.asked, image.interpreter.emulated) == ("3.99", True)
    assert image.notes[0].line == 4
    assert "stands in for Python 3.99" in image.notes[0].reason


async def test_a_shim_that_fails_is_not_an_interpreter(machine: Machine, tmp_path: Path) -> None:
    shims = tmp_path / "shims"
    shims.mkdir()
    for name, text in (("python3.99", "#!/bin/sh\necho 'not selected' >&2\nexit 127\n"),):
        (shims / name).write_text(text)
        (shims / name).chmod(0o755)
    dockerfile = machine.context / "Dockerfile"
    dockerfile.write_text(dockerfile.read_text().replace("python:3", "python:3.99"))
    path = f"{shims}:{machine.environment['PATH']}"
    image = await build(replace(machine, environment={**machine.environment, "PATH": path}))
    assert image.interpreter.emulated


async def test_a_program_of_the_context_stays_executable_and_chmod_is_followed(machine: Machine) -> None:
    script = machine.context / "entry.sh"
    script.write_text('#!/bin/sh\nexec "$@"\n')
    dockerfile = machine.context / "Dockerfile"
    dockerfile.write_text(
        f'{dockerfile.read_text()}RUN chmod +x entry.sh\nENTRYPOINT ["/srv/app/entry.sh"]\n'
    )
    image = await build(machine)
    assert run(image, machine) == "hello world\n"
    assert not (image.context / "entry.sh").stat().st_mode & 0o111


async def test_pip_takes_over_where_its_settings_cannot_be_translated(machine: Machine) -> None:
    environment = {**machine.environment, "PIP_CONFIG_SETTINGS": "key=value"}
    image = await build(replace(machine, environment=environment))
    assert image.installer.startswith("pip (")
    assert "config-settings" in image.installer
    assert run(image, machine) == "hello world\n"
    for path in (image.venv / "bin").iterdir():
        if path.is_file() and not path.is_symlink():
            assert b".building-" not in path.read_bytes(), path


async def test_a_deep_project_folder_with_blanks_works(machine: Machine, tmp_path: Path) -> None:
    deep = tmp_path / "my projects" / ("very-" * 12 + "deep") / "and more"
    deep.mkdir(parents=True)
    image = await build(replace(machine, project=deep))
    assert run(image, machine) == "hello world\n"


async def test_a_cache_that_cannot_be_written_is_replaced_by_our_own(machine: Machine) -> None:
    environment = {name: value for name, value in machine.environment.items() if name != "UV_CACHE_DIR"}
    image = await build(replace(machine, environment={**environment, "HOME": "/proc/nowhere"}))
    assert run(image, machine) == "hello world\n"
    assert (machine.project / ".flaskship" / "cache" / "uv").is_dir()


async def test_secrets_of_the_index_are_on_no_command_line_and_in_no_record(machine: Machine) -> None:
    words: list[str] = []
    said: list[str] = []

    async def listening(job: Job, heard: Callable[[str], None]) -> Outcome:
        words.extend(job.argv)
        return await run_job(job, heard)

    environment = {
        **machine.environment,
        "PIP_NO_INDEX": "0",
        "PIP_INDEX_URL": "http://bob:hunter2@127.0.0.1:9/simple",
        "UV_HTTP_RETRIES": "0",
    }
    (machine.context / "requirements.txt").write_text("not-in-the-folder==1.0\n")
    with pytest.raises(Exception, match="does not answer") as caught:
        await build(
            replace(machine, environment=environment),
            runner=listening,
            report=lambda progress: said.append(progress.detail),
        )
    assert "hunter2" not in f"{words} {said} {caught.value} {getattr(caught.value, 'output', None)}"
    assert machine.leftovers() == []


async def test_garbage_is_collected_but_for_what_is_pinned_and_recent(machine: Machine) -> None:
    made = []
    for number in range(4):
        (machine.context / "greeting.txt").write_text(f"{number}\n")
        made.append((await build(machine, clock=lambda number=number: float(number))).id)
    assert [image.id for image in list_images(machine.project)] == made[::-1]
    assert collect_garbage(machine.project, {made[0]}, keep=1) == (made[2], made[1])
    assert {image.id for image in list_images(machine.project)} == {made[0], made[3]}
    assert machine.leftovers() == []
    assert collect_garbage(machine.project, set(), keep=9) == ()


async def test_the_same_packages_are_not_installed_again(machine: Machine) -> None:
    first = await build(machine)
    (machine.context / "greeting.txt").write_text("moin\n")

    async def no_installer(job: Job, heard: Callable[[str], None]) -> Outcome:
        assert "install" not in job.argv
        return await run_job(job, heard)

    second = await build(machine, runner=no_installer)
    assert (second.id != first.id, second.environment) == (True, first.environment)
    collect_garbage(machine.project, {second.id}, 0)
    assert not first.folder.exists()
    assert run(second, machine) == "hello world\n"
    assert run(second, machine, ["python", "-c", "import sys; print(sys.prefix)"]) == f"{second.venv}\n"


async def test_other_packages_are_installed_even_when_only_an_included_file_changed(
    machine: Machine, wheel
) -> None:
    locked = (machine.context / "requirements.txt").read_text()
    (machine.context / "base.txt").write_text(locked)
    (machine.context / "requirements.txt").write_text("-r base.txt\n")
    dockerfile = machine.context / "Dockerfile"
    dockerfile.write_text(
        dockerfile.read_text().replace("COPY requirements.txt", "COPY base.txt requirements.txt")
    )
    first = await build(machine)
    digest = wheel(machine.wheels, version="2.0", body="def main() -> None:\n    print('second')\n")
    (machine.context / "base.txt").write_text(f"greeter==2.0 --hash=sha256:{digest}\n")
    second = await build(machine)
    assert first.environment != second.environment
    assert (run(first, machine), run(second, machine)) == ("hello world\n", "second\n")
