import os
import subprocess
from pathlib import Path

from benchmarks.recipe import Recipe, read_recipes
from tests.unit.benchmarks.snapshots import running


def recipe(tmp_path: Path, *argv: str) -> Recipe:
    env = {"GREETING": "it's $HOME", "PATH": os.environ["PATH"]}
    return Recipe("api", argv, env, str(tmp_path), "127.0.0.1", 5000)


def test_a_script_gives_the_process_its_environment_and_nothing_else(tmp_path: Path) -> None:
    told = subprocess.run(
        ["/bin/sh", "-c", recipe(tmp_path, "env").script()],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": os.environ["PATH"], "LEAKED": "yes"},
    )
    assert "GREETING=it's $HOME" in told.stdout.splitlines()
    assert "LEAKED" not in told.stdout


def test_what_fails_before_keeps_the_process_from_starting(tmp_path: Path) -> None:
    command = recipe(tmp_path, "echo", "started").script("sh", "-c", "echo first; exit 3")
    told = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=False)
    assert (told.returncode, told.stdout) == (3, "first\n")


def test_a_recipe_is_read_from_the_running_process_without_the_engines_marks(tmp_path: Path) -> None:
    env = {"PORT": "5000", "FLASKSHIP_UID": "x", "A": "b=c"}
    with subprocess.Popen(
        ["/bin/cat", "-"], env=env, cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        try:
            assert process.stdin
            assert process.stdout
            process.stdin.write(b"it runs\n")
            process.stdin.flush()
            process.stdout.readline()
            found = read_recipes(running("api", process.pid, "127.0.0.9"))
        finally:
            process.kill()
    assert found["api"].argv == ("/bin/cat", "-")
    assert found["api"].env == {"PORT": "5000", "A": "b=c"}
    assert (found["api"].cwd, found["api"].address, found["api"].port) == (str(tmp_path), "127.0.0.9", 5000)


def test_a_recipe_gets_a_home_of_its_own(tmp_path: Path) -> None:
    homed = recipe(tmp_path, "true").homed(tmp_path)
    assert Path(homed.env["TMPDIR"]).is_dir()
    assert homed.env["GREETING"] == "it's $HOME"
