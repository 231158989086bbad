import os
import shutil
import socket
from pathlib import Path

import pytest

from flaskship.engines.local.images.context import (
    copy_context,
    digest_of,
    locate_dockerfile,
    read_context,
    source_digest,
)
from flaskship.engines.local.images.errors import ImageUnreadableError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "app"
    (root / "pkg").mkdir(parents=True)
    (root / "Dockerfile").write_text("FROM python:3.12\n")
    (root / "app.py").write_text("print(1)\n")
    (root / "pkg" / "run.sh").write_text("#!/bin/sh\n")
    (root / "pkg" / "run.sh").chmod(0o755)
    (root / "link").symlink_to("app.py")
    return root


def test_the_digest_is_the_same_in_another_place_with_other_times_and_another_umask(
    folder: Path, tmp_path: Path
) -> None:
    before = source_digest(folder)
    other = tmp_path / "clone"
    shutil.copytree(folder, other, symlinks=True)
    for path in other.rglob("*"):
        if path.is_file() and not path.is_symlink():
            os.utime(path, (1, 1))
            path.chmod(path.stat().st_mode & 0o700)
    (other / "empty").mkdir()
    assert source_digest(other) == before


def test_the_digest_is_pinned_because_images_that_are_pushed_carry_it(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_bytes(b"FROM python:3.12\n")
    (tmp_path / "b").write_bytes(b"2")
    (tmp_path / "a").write_bytes(b"1")
    assert source_digest(tmp_path) == "5490e34ad50d7a84a7dec2f6cfe9efae0bfc406e3dc757c2ea25f11fd2b2ea68"


@pytest.mark.parametrize(
    "change",
    [
        lambda root: (root / "app.py").write_text("print(2)\n"),
        lambda root: (root / "app.py").rename(root / "api.py"),
        lambda root: (root / "app.py").chmod(0o755),
        lambda root: (root / "pkg" / "run.sh").chmod(0o644),
        lambda root: (root / "Dockerfile").write_text("FROM python:3.11\n"),
        lambda root: (root / "new").touch(),
        lambda root: (root / "pkg" / "run.sh").unlink(),
        lambda root: ((root / "link").unlink(), (root / "link").symlink_to("pkg")),
        lambda root: ((root / "link").unlink(), (root / "link").write_text("app.py")),
    ],
)
def test_every_change_of_the_source_changes_the_digest(folder: Path, change) -> None:
    before = source_digest(folder)
    change(folder)
    assert source_digest(folder) != before


def test_content_does_not_flow_from_one_file_into_the_next(tmp_path: Path) -> None:
    digests = set()
    for number, (one, two) in enumerate([("ab", "c"), ("a", "bc"), ("abc", "")]):
        root = tmp_path / str(number)
        root.mkdir()
        (root / "Dockerfile").touch()
        (root / "1").write_text(one)
        (root / "2").write_text(two)
        digests.add(source_digest(root))
    assert len(digests) == 3


def test_an_ignored_file_does_not_count_but_an_ignored_dockerfile_does(folder: Path) -> None:
    (folder / ".dockerignore").write_text("*.log\nDockerfile\n.dockerignore\n")
    before = source_digest(folder)
    (folder / "x.log").touch()
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "app.cpython-311.pyc").touch()
    assert source_digest(folder) == before
    (folder / "Dockerfile").write_text("FROM python:3.10\n")
    assert source_digest(folder) != before


def test_names_that_are_not_text_are_files_like_others(folder: Path) -> None:
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff name")).touch()
    before = source_digest(folder)
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff name")).write_text("x")
    assert source_digest(folder) != before


def test_a_socket_is_skipped_and_named(folder: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        here = Path.cwd()
        os.chdir(folder)
        try:
            listener.bind("sock")
        finally:
            os.chdir(here)
        assert read_context(folder, folder / "Dockerfile").skipped == ("sock",)


def test_a_copy_has_the_same_digest_modes_and_links(folder: Path, tmp_path: Path) -> None:
    context = read_context(folder, folder / "Dockerfile")
    seen: list[tuple[int, int]] = []
    copy_context(context, tmp_path / "copy", lambda done, total: seen.append((done, total)))
    assert digest_of(context, root=tmp_path / "copy") == digest_of(context)
    assert (tmp_path / "copy" / "link").is_symlink()
    assert (tmp_path / "copy" / "pkg" / "run.sh").stat().st_mode & 0o111
    assert seen[-1] == (4, 4)


@pytest.mark.parametrize(("make", "words"), [(False, "does not exist"), (True, "is not a folder")])
def test_a_missing_context_is_named(tmp_path: Path, make: bool, words: str) -> None:
    where = tmp_path / "nowhere"
    if make:
        where.touch()
    with pytest.raises(ImageUnreadableError, match=words) as caught:
        locate_dockerfile(where)
    assert caught.value.location is not None
    assert caught.value.location.file == str(where)


def test_a_missing_dockerfile_is_named(tmp_path: Path) -> None:
    with pytest.raises(ImageUnreadableError, match="no Dockerfile"):
        source_digest(tmp_path)


def test_a_file_that_vanishes_is_an_error_of_the_context(folder: Path, tmp_path: Path) -> None:
    context = read_context(folder, folder / "Dockerfile")
    (folder / "app.py").unlink()
    with pytest.raises(ImageUnreadableError) as caught:
        digest_of(context)
    assert caught.value.location is not None
    assert caught.value.location.file == str(folder / "app.py")
    with pytest.raises(ImageUnreadableError):
        copy_context(context, tmp_path / "copy", lambda *_: None)
