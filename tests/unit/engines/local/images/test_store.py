import errno
import fcntl
import os
from dataclasses import replace
from pathlib import Path

import pytest

from flaskship.engines.local.images.errors import ImageFolderUnwritableError, NoSpaceError
from flaskship.engines.local.images.image import RECORD, LocalImage, UsedInterpreter, dump_image
from flaskship.engines.local.images.store import (
    building_site,
    collect_garbage,
    find_image,
    finish,
    images_folder,
    list_images,
    prepare,
    sweep,
    write_error,
)


def put(project: Path, name: str, created: float = 0, repository: str = "r") -> LocalImage:
    folder = images_folder(project) / name
    image = LocalImage(
        name, repository, folder, "d", created, UsedInterpreter(None, "3.11.2", True), None, None, (),
        folder / "root", (), "", (), None, "uv", "", (),
    )  # fmt: skip
    (folder / "venv" / "bin").mkdir(parents=True)
    (folder / "venv" / "bin" / "python").touch()
    (folder / RECORD).write_text(dump_image(image))
    return image


def test_a_project_without_images_has_none(tmp_path: Path) -> None:
    assert list_images(tmp_path) == ()
    assert find_image(tmp_path, "x") is None
    assert collect_garbage(tmp_path, set(), 0) == ()
    assert not (tmp_path / ".flaskship").exists()


def test_only_whole_images_under_their_own_name_count(tmp_path: Path) -> None:
    put(tmp_path, "good")
    put(tmp_path, "renamed").folder.rename(images_folder(tmp_path) / "other")
    (put(tmp_path, "no-python").folder / "venv/bin/python").unlink()
    (images_folder(tmp_path) / ".building-x").mkdir()
    (images_folder(tmp_path) / "stray").write_text("")
    assert [image.id for image in list_images(tmp_path)] == ["good"]


def test_garbage_is_counted_for_each_repository(tmp_path: Path) -> None:
    for number in range(3):
        put(tmp_path, f"a{number}", number, "a")
        put(tmp_path, f"b{number}", number, "b")
    assert set(collect_garbage(tmp_path, {"b0"}, 1)) == {"a0", "a1", "b1"}
    assert [image.id for image in list_images(tmp_path)] == ["a2", "b2", "b0"]


def test_what_is_pinned_takes_no_place_of_what_is_kept(tmp_path: Path) -> None:
    put(tmp_path, "old", 1)
    put(tmp_path, "new", 2)
    assert collect_garbage(tmp_path, {"new"}, 1) == ()


async def test_a_site_has_one_builder_and_is_gone_after_it(tmp_path: Path) -> None:
    images = images_folder(tmp_path)
    async with building_site(images, "x", lambda: pytest.fail("nobody else builds")) as site:
        assert site is not None
        (site.folder / "half").touch()
        sweep(images)
        assert (site.folder / "half").exists()
    assert list(images.iterdir()) == []


async def test_a_site_whose_builder_fails_is_gone_too(tmp_path: Path) -> None:
    images = images_folder(tmp_path)
    with pytest.raises(KeyError):
        async with building_site(images, "x", lambda: None):
            raise KeyError
    assert list(images.iterdir()) == []


async def test_a_finished_site_takes_its_name_even_from_a_damaged_image(tmp_path: Path) -> None:
    images = images_folder(tmp_path)
    (images / "x").mkdir(parents=True)
    (images / "x" / "damaged").touch()
    async with building_site(images, "x", lambda: None) as site:
        assert site is not None
        (site.folder / "whole").touch()
        finish(site, images / "x")
    assert [path.name for path in images.rglob("*")] == ["x", "whole"]


async def test_who_waited_gets_nothing_to_build_once_the_image_is_there(tmp_path: Path) -> None:
    images = images_folder(tmp_path)
    half = images / ".building-x"
    half.mkdir(parents=True)
    other = os.open(half, os.O_RDONLY)
    fcntl.flock(other, fcntl.LOCK_EX)
    waits: list[int] = []

    def waiting() -> None:
        waits.append(1)
        put(tmp_path, "x")

    async with building_site(images, "x", waiting) as site:
        assert site is None
    assert waits == [1]
    assert half.exists()
    os.close(other)


def test_sweeping_leaves_what_somebody_holds(tmp_path: Path) -> None:
    for name in (".building-held", ".building-left", ".leaving-x-1", "image"):
        (tmp_path / name).mkdir()
    held = os.open(tmp_path / ".building-held", os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    sweep(tmp_path)
    os.close(held)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".building-held", "image"]


@pytest.mark.parametrize(
    ("number", "kind"),
    [(errno.ENOSPC, NoSpaceError), (errno.EDQUOT, NoSpaceError), (errno.EACCES, ImageFolderUnwritableError)],
)
def test_a_failed_write_is_explained(number: int, kind: type[Exception]) -> None:
    error = write_error(OSError(number, os.strerror(number), "/x/y"), Path("/x"))
    assert type(error) is kind
    assert error.location is not None
    assert error.location.file == "/x/y"
    assert error.hint


def test_a_file_in_the_way_is_an_error_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / ".flaskship").touch()
    with pytest.raises(ImageFolderUnwritableError):
        prepare(images_folder(tmp_path))


def test_an_image_is_equal_to_itself_after_listing(tmp_path: Path) -> None:
    image = put(tmp_path, "x", 3)
    assert list_images(tmp_path) == (image,)
    assert find_image(tmp_path, "x") == replace(image)


def test_a_folder_that_is_no_image_any_more_is_garbage_unless_pinned(tmp_path: Path) -> None:
    for name in ("broken", "pinned"):
        (put(tmp_path, name).folder / RECORD).write_text("{")
    assert collect_garbage(tmp_path, {"pinned"}, 5) == ()
    assert [path.name for path in images_folder(tmp_path).iterdir()] == ["pinned"]
