from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaskship.engines.local.images.image import (
    RECORD,
    ImageCommand,
    LocalImage,
    Note,
    UsedInterpreter,
    dump_image,
    load_image,
)
from flaskship.engines.local.images.launch import image_environment, map_argv, map_path, resolve_command

FOLDER = Path("/p/.flaskship/images/abc")
IMAGE = LocalImage(
    id="abc",
    repository="team/app",
    folder=FOLDER,
    source_digest="d" * 64,
    created=12.5,
    interpreter=UsedInterpreter("3.12", "3.11.7", True),
    entrypoint=None,
    cmd=ImageCommand(("gunicorn", "app:app")),
    env=(
        ("PATH", "/srv/venv/bin:/usr/local/bin:/usr/bin"),
        ("PYTHONPATH", "/srv/app:/srv/app/lib"),
        ("LANG", "C"),
    ),
    workdir=FOLDER / "root/srv/app",
    path_map=(
        ("/usr/local/bin", FOLDER / "venv/bin"),
        ("/srv/venv", FOLDER / "venv"),
        ("/srv/app", FOLDER / "root/srv/app"),
    ),
    user="10001",
    exposed=("5000",),
    stop_signal="SIGTERM",
    installer="uv",
    environment="e",
    notes=(Note(3, "RUN x", "ignored", "not executed: x"),),
)
ENTRY = ImageCommand(("/entry",))
CMD = ImageCommand(("run", "it"))
SHELL_ENTRY = ImageCommand(("/bin/sh", "-c", "exec run"), shell=True)
SHELL_CMD = ImageCommand(("/bin/sh", "-c", "run $X"), shell=True)


@pytest.mark.parametrize(
    ("entrypoint", "cmd", "command", "args", "argv"),
    [
        (ENTRY, CMD, None, None, ("/entry", "run", "it")),
        (ENTRY, CMD, None, ["a"], ("/entry", "a")),
        (ENTRY, CMD, ["c"], None, ("c",)),
        (ENTRY, CMD, ["c"], ["a"], ("c", "a")),
        (ENTRY, None, None, None, ("/entry",)),
        (None, CMD, None, None, ("run", "it")),
        (None, CMD, None, ["a"], ("a",)),
        (None, CMD, ["c"], None, ("c",)),
        (None, None, None, None, ()),
        (ENTRY, CMD, [], [], ("/entry", "run", "it")),
        (SHELL_ENTRY, CMD, None, None, ("/bin/sh", "-c", "exec run")),
        (SHELL_ENTRY, CMD, None, ["a"], ("/bin/sh", "-c", "exec run", "a")),
        (ENTRY, SHELL_CMD, None, None, ("/entry", "/bin/sh", "-c", "run $X")),
        (ImageCommand(()), CMD, None, None, ("run", "it")),
    ],
)
def test_kubernetes_rule_for_command_and_args(
    entrypoint: ImageCommand | None,
    cmd: ImageCommand | None,
    command: list[str] | None,
    args: list[str] | None,
    argv: tuple[str, ...],
) -> None:
    assert resolve_command(replace(IMAGE, entrypoint=entrypoint, cmd=cmd), command, args) == argv


@pytest.mark.parametrize(
    ("text", "mapped"),
    [
        ("/srv/app", "@/root/srv/app"),
        ("/srv/app/", "@/root/srv/app/"),
        ("/srv/app/gunicorn.conf.py", "@/root/srv/app/gunicorn.conf.py"),
        ("--config=/srv/app/x.py", "--config=@/root/srv/app/x.py"),
        ("/srv/venv/bin/python", "@/venv/bin/python"),
        ("/usr/local/bin/gunicorn", "@/venv/bin/gunicorn"),
        ("/srv/app:/srv/app/lib", "@/root/srv/app:@/root/srv/app/lib"),
        ("sqlite:////srv/app/data.db", "sqlite:///@/root/srv/app/data.db"),
        ("file:///srv/app/x", "file:///srv/app/x"),
        ("cd /srv/app && run", "cd @/root/srv/app && run"),
        ("/srv/application", "/srv/application"),
        ("/var/srv/app", "/var/srv/app"),
        ("./srv/app", "./srv/app"),
        ("https://host/srv/app", "https://host/srv/app"),
        ("srv/app", "srv/app"),
        ("", ""),
    ],
)
def test_paths_of_the_image_are_found_in_values(text: str, mapped: str) -> None:
    assert map_path(IMAGE.path_map, text) == mapped.replace("@", str(FOLDER))


def test_the_longest_path_wins_and_the_first_of_two_alike() -> None:
    paths = (("/a", Path("/1")), ("/a/b", Path("/2")), ("/a", Path("/3")))
    assert map_argv(paths, ["/a/b/c", "/a/c"]) == ("/2/c", "/1/c")


@given(
    st.text(),
    st.lists(st.tuples(st.text("ab/", min_size=1).map("/".__add__), st.just(Path("/x"))), max_size=3),
)
def test_mapping_never_fails_and_changes_nothing_without_paths(
    text: str, paths: list[tuple[str, Path]]
) -> None:
    assert map_path((), text) == text
    assert isinstance(map_path(tuple(paths), text), str)


def test_the_environment_leads_with_the_virtual_environment() -> None:
    base = {"PATH": "/usr/bin:/bin:/usr/bin", "LANG": "de_DE", "HOME": "/h", "PYTHONHOME": "/broken"}
    environment = image_environment(IMAGE, base)
    assert environment["PATH"] == f"{FOLDER}/venv/bin:{FOLDER}/venv:/usr/bin:/bin".replace(
        f":{FOLDER}/venv:", ":"
    )
    assert environment["VIRTUAL_ENV"] == f"{FOLDER}/venv"
    assert environment["PYTHONPATH"] == f"{FOLDER}/root/srv/app:{FOLDER}/root/srv/app/lib"
    assert (environment["LANG"], environment["HOME"]) == ("C", "/h")
    assert "PYTHONHOME" not in environment
    assert base["LANG"] == "de_DE"


def test_a_folder_of_the_application_on_path_is_kept_in_its_order() -> None:
    image = replace(IMAGE, env=(("PATH", "/srv/app/bin:/srv/venv/bin:/usr/bin"),))
    leading = image_environment(image, {})["PATH"].split(":")
    assert leading == [f"{FOLDER}/venv/bin", f"{FOLDER}/root/srv/app/bin"]


def test_an_image_survives_its_record_and_a_move(tmp_path: Path) -> None:
    folder = tmp_path / "abc"
    folder.mkdir()
    (folder / RECORD).write_text(dump_image(IMAGE))
    loaded = load_image(folder)
    assert loaded is not None
    assert loaded.workdir == folder / "root/srv/app"
    assert loaded.path_map[1] == ("/srv/venv", folder / "venv")
    assert (loaded.context, loaded.python) == (folder / "context", folder / "venv/bin/python")
    moved = tuple((name, FOLDER / path.relative_to(folder)) for name, path in loaded.path_map)
    assert replace(loaded, folder=FOLDER, workdir=IMAGE.workdir, path_map=moved) == IMAGE


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"format": 0}', '{"format": 1}', dump_image(IMAGE)[:-9]]
)
def test_a_damaged_record_is_no_image(tmp_path: Path, text: str) -> None:
    (tmp_path / RECORD).write_text(text)
    assert load_image(tmp_path) is None
    assert load_image(tmp_path / "nowhere") is None
