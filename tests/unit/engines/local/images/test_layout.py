import errno
import os
from pathlib import Path

import pytest

from flaskship.engines.local.images.layout import lay_out, path_map, rewrite_paths
from flaskship.engines.local.images.plan import Layout

EMPTY = Layout((), (), (), (), ("/usr/local",), ())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    context = tmp_path / "context"
    context.mkdir()
    (context / "run.sh").write_text("#!/bin/sh\n")
    (context / "run.sh").chmod(0o644)
    (context / "link").symlink_to("run.sh")
    (tmp_path / "venv" / "bin").mkdir(parents=True)
    return tmp_path


def layout(**fields) -> Layout:
    return Layout(**{**{name: getattr(EMPTY, name) for name in Layout.__slots__}, **fields})


def test_files_folders_links_and_environments_are_where_the_image_has_them(folder: Path) -> None:
    files = (("/srv/app/link", "link"), ("/srv/app/run.sh", "run.sh"), ("/srv/run", "run.sh"))
    lay_out(layout(files=files, folders=("/data", "/srv/app"), venvs=("/srv/app/.venv",)), folder)
    root = folder / "root"
    assert (root / "srv/app/link").readlink() == Path("run.sh")
    assert (root / "srv/run").read_text() == "#!/bin/sh\n"
    assert (root / "data").is_dir()
    assert (root / "srv/app/.venv").resolve() == folder / "venv"
    assert not (root / "srv/app/.venv").readlink().is_absolute()


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("755", 0o755),
        ("0500", 0o700),
        ("+x", 0o755),
        ("a+x", 0o755),
        ("u+rwx", 0o755),
        ("g-w", 0o644),
        ("6755", 0o755),
    ],
)
def test_modes_are_followed_without_touching_the_context(folder: Path, mode: str, expected: int) -> None:
    lay_out(layout(files=(("/run.sh", "run.sh"),), modes=(("/run.sh", mode),)), folder)
    assert (folder / "root/run.sh").stat().st_mode & 0o7777 == expected
    assert (folder / "context/run.sh").stat().st_mode & 0o777 == 0o644


def test_where_there_are_no_hard_links_files_are_copied(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(source: Path, target: Path, **_: bool) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refused)
    lay_out(layout(files=(("/run.sh", "run.sh"), ("/link", "link"))), folder)
    assert (folder / "root/run.sh").read_text() == "#!/bin/sh\n"
    assert (folder / "root/link").is_symlink()


def test_a_full_disk_is_not_taken_for_a_lack_of_links(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(source: Path, target: Path, **_: bool) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "link", full)
    with pytest.raises(OSError, match="No space"):
        lay_out(layout(files=(("/run.sh", "run.sh"),)), folder)


def test_a_link_keeps_no_mode_of_its_own(folder: Path) -> None:
    lay_out(layout(files=(("/link", "link"),), modes=(("/link", "755"),)), folder)
    assert (folder / "root/link").is_symlink()


def test_an_environment_does_not_cover_files_of_the_same_place(folder: Path) -> None:
    lay_out(layout(files=(("/v/run.sh", "run.sh"),), venvs=("/v",)), folder)
    assert (folder / "root/v/run.sh").exists()


def test_the_map_has_the_longest_paths_first_and_environments_beat_files(tmp_path: Path) -> None:
    found = path_map(
        layout(roots=("/app", "/usr/local/bin/run"), venvs=("/app/.venv",), sites=("/usr/local", "/install")),
        tmp_path,
    )
    assert [name for name, _ in found] == [
        "/usr/local/bin/run", "/usr/local/bin", "/install/bin", "/app/.venv", "/install", "/app",
    ]  # fmt: skip
    places = dict(found)
    assert places["/usr/local/bin"] == tmp_path / "venv/bin"
    assert places["/app/.venv"] == places["/install"] == tmp_path / "venv"
    assert places["/app"] == tmp_path / "root/app"


def test_scripts_get_their_final_interpreter_and_keep_their_mode(folder: Path, tmp_path: Path) -> None:
    built, final = folder, tmp_path.with_name("final")
    script = folder / "venv/bin/tool"
    script.write_bytes(b"#!" + bytes(built) + b"/venv/bin/python\n\xff")
    script.chmod(0o755)
    other = folder / "venv/bin/binary"
    other.write_bytes(b"\x00\x01")
    (folder / "venv/bin/python").symlink_to("/nowhere")
    (folder / "venv/pyvenv.cfg").write_text("home = /usr/bin\n")
    rewrite_paths(folder / "venv", built, final)
    assert script.read_bytes() == b"#!" + bytes(final) + b"/venv/bin/python\n\xff"
    assert script.stat().st_mode & 0o777 == 0o755
    assert other.read_bytes() == b"\x00\x01"
