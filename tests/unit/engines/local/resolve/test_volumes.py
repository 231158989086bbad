"""The plan of a replica's volumes, and the files that come of it."""

import os
import stat
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from flaskship.engines.local.resolve import (
    VolumeFile,
    VolumeFolder,
    resolve_volumes,
    write_volumes,
)
from flaskship.engines.local.spec import (
    Configuration,
    Container,
    FieldRef,
    Item,
    Mount,
    PodTemplate,
    ResourceRef,
    Resources,
    Volume,
    VolumeSource,
)

HELD = {
    ("ConfigMap", "c"): Configuration("ConfigMap", "c", {"a": "1", "b": "ü"}, {"raw": b"\xff"}),
    ("Secret", "s"): Configuration("Secret", "s", {"pin": "731946"}),
}
MAIN = Container("web", "x", resources=Resources(memory_limit=2**20))


def planned(context, *sources, containers=(MAIN,), declared=None, labels=None):
    template = PodTemplate("h", containers, volumes=(Volume("v", sources),), labels=labels or {})
    around = context(volumes={"v": Path("/v")}, configurations=HELD)
    return resolve_volumes(template, around, declared)


def files(found):
    assert found.problem is None
    [folder] = found.folders
    return {file.path: (file.content, file.mode) for file in folder.files}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            VolumeSource("ConfigMap", "c"),
            {"a": (b"1", 0o644), "b": ("ü".encode(), 0o644), "raw": (b"\xff", 0o644)},
        ),
        (
            VolumeSource("ConfigMap", "c", (Item("a", "x/y", 0o755),), default_mode=0o400),
            {"x/y": (b"1", 0o755)},
        ),
        (VolumeSource("Secret", "s"), {"pin": (b"731946", 0o600)}),
        (VolumeSource("Secret", "s", default_mode=0o440), {"pin": (b"731946", 0o400)}),
        (VolumeSource("Secret", "s", (Item("pin", "p", 0o777),)), {"p": (b"731946", 0o600)}),
        (VolumeSource("Secret", "s", default_mode=0), {"pin": (b"731946", 0o400)}),
        (VolumeSource("Secret", "gone", optional=True), {}),
        (VolumeSource("Secret", "s", (Item("gone", "p"),), optional=True), {}),
        (
            VolumeSource(
                "DownwardAPI",
                fields=(
                    ("name", FieldRef("metadata.name")),
                    ("labels", FieldRef("metadata.labels")),
                    ("memory", ResourceRef("limits.memory", "1Ki", "web")),
                ),
            ),
            {"name": (b"web-abc-1", 0o644), "labels": (b'a="1"\nb="2"', 0o644), "memory": (b"1024", 0o644)},
        ),
    ],
)
def test_files(context, source, expected):
    assert files(planned(context, source, labels={"b": "2", "a": "1"})) == expected


def test_a_projected_volume_joins_its_sources_and_later_ones_win(context):
    found = planned(
        context,
        VolumeSource("ConfigMap", "c", (Item("a", "same"), Item("b", "b"))),
        VolumeSource("Secret", "s", (Item("pin", "same"),)),
    )
    assert files(found) == {"same": (b"731946", 0o600), "b": ("ü".encode(), 0o644)}


@pytest.mark.parametrize(
    ("source", "code"),
    [
        (VolumeSource("ConfigMap", "gone"), "ConfigMapMissing"),
        (VolumeSource("Secret", "gone"), "SecretMissing"),
        (VolumeSource("Secret", "s", (Item("gone", "x"),)), "KeyMissing"),
    ],
)
def test_what_is_missing_is_a_problem(context, source, code):
    problem = planned(context, source).problem
    assert problem is not None
    assert (problem.code, problem.field) == (code, "volumes.v")
    assert "731946" not in problem.message


def test_folders_of_claims_and_their_sub_paths(context):
    main = Container("web", "x", mounts=(Mount("v", "/a", "x/y"), Mount("v", "/b", sub_path_expr="$(WHO)")))
    [folder] = planned(
        context, VolumeSource("Claim", "c"), containers=(main,), declared={"WHO": "me"}
    ).folders
    assert (folder.kind, folder.folders) == ("Claim", ("x/y", "me"))


def test_a_sub_path_cannot_lead_out(context):
    main = Container("web", "x", mounts=(Mount("v", "/b", sub_path_expr="$(WHO)"),))
    [folder] = planned(
        context, VolumeSource("EmptyDir"), containers=(main,), declared={"WHO": "../../etc"}
    ).folders
    assert folder.folders == ()


def test_contents_are_not_shown(context):
    assert "731946" not in repr(planned(context, VolumeSource("Secret", "s")))


class TestWriting:
    def folder(self, tmp_path, *given, kind="Files", folders=()):
        made = tuple(VolumeFile(path, content, 0o400) for path, content in given)
        return VolumeFolder("v", tmp_path / "volumes" / "v", kind, made, folders)

    def mode(self, path):
        return stat.S_IMODE(path.stat().st_mode)

    def test_files_and_folders_are_private(self, tmp_path):
        folder = self.folder(tmp_path, ("pin", b"1"), ("deep/er", b"2"))
        write_volumes([folder])
        assert (folder.path / "pin").read_bytes() == b"1"
        assert (folder.path / "deep/er").read_bytes() == b"2"
        assert self.mode(folder.path) == self.mode(folder.path / "deep") == 0o700
        assert self.mode(folder.path / "pin") == 0o400
        assert (folder.path / "pin").is_symlink()

    def test_writing_the_same_again_changes_nothing(self, tmp_path):
        folder = self.folder(tmp_path, ("pin", b"1"))
        write_volumes([folder])
        before = (folder.path / "pin").stat()
        write_volumes([folder])
        assert (folder.path / "pin").stat() == before

    def test_a_change_replaces_adds_and_removes(self, tmp_path):
        write_volumes([self.folder(tmp_path, ("a", b"1"), ("b/c", b"1"))])
        folder = self.folder(tmp_path, ("a", b"2"), ("d", b"3"))
        write_volumes([folder])
        assert sorted(p.name for p in folder.path.iterdir() if not p.name.startswith("..")) == ["a", "d"]
        assert (folder.path / "a").read_bytes() == b"2"
        assert len([p for p in folder.path.iterdir() if p.name.startswith("..")]) == 2

    def test_a_mode_alone_is_a_change(self, tmp_path):
        folder = self.folder(tmp_path, ("a", b"1"))
        write_volumes([folder])
        changed = VolumeFolder("v", folder.path, "Files", (VolumeFile("a", b"1", 0o600),))
        write_volumes([changed])
        assert self.mode(folder.path / "a") == 0o600

    @pytest.mark.parametrize("kind", ["Empty", "Claim"])
    def test_data_in_a_plain_folder_stays(self, tmp_path, kind):
        folder = self.folder(tmp_path, kind=kind, folders=("x/y",))
        write_volumes([folder])
        (folder.path / "x/y/mine").write_text("data")
        write_volumes([folder])
        assert (folder.path / "x/y/mine").read_text() == "data"
        assert self.mode(folder.path / "x/y") == 0o700

    @pytest.mark.parametrize("left", ["..data_next", "..half", "a"])
    def test_what_a_killed_writer_left_is_cleared(self, tmp_path, left):
        folder = self.folder(tmp_path, ("a", b"1"))
        folder.path.mkdir(parents=True)
        if left == "..data_next":
            (folder.path / left).symlink_to("nowhere")
        elif left == "..half":
            (folder.path / left).mkdir()
        else:
            (folder.path / left).write_text("old")
        (folder.path / f"..{folder.version}").mkdir()
        write_volumes([folder])
        assert (folder.path / "a").read_bytes() == b"1"
        assert {p.name for p in folder.path.iterdir()} == {"a", "..data", f"..{folder.version}"}

    def test_the_current_version_is_never_away_while_it_is_swapped(self, tmp_path, monkeypatch):
        first, second = (self.folder(tmp_path, ("a", text)) for text in (b"1", b"2"))
        write_volumes([first])
        current, there, replace = first.path / "..data", [], Path.replace

        def watched(source, target):
            there.append(current.is_symlink() and (current / "a").read_bytes())
            return replace(source, target)

        monkeypatch.setattr(Path, "replace", watched)
        write_volumes([second])
        assert there == [b"1"]
        assert (first.path / "a").read_bytes() == b"2"

    def test_readers_see_one_version_or_the_other_never_a_mixture(self, tmp_path):
        versions = [self.folder(tmp_path, ("a", text), ("b", text)) for text in (b"1" * 50, b"2" * 50)]
        write_volumes(versions[:1])
        root, seen, done = versions[0].path, set(), threading.Event()

        def read_once():
            version = os.open(root / "..data", os.O_RDONLY | os.O_DIRECTORY)
            try:
                found = set()
                for name in ("a", "b"):
                    opened = os.open(name, os.O_RDONLY, dir_fd=version)
                    found.add(os.read(opened, 100))
                    os.close(opened)
                seen.add(len(found))
            except FileNotFoundError:
                pass  # this version was removed after its successor was in place
            finally:
                os.close(version)

        def read_on():
            while not done.is_set():
                with suppress(FileNotFoundError):  # the link was followed just before its version went
                    read_once()

        reader = threading.Thread(target=read_on)
        reader.start()
        for turn in range(40):
            write_volumes([versions[turn % 2]])
        done.set()
        reader.join()
        assert seen <= {1}
        assert (root / "a").read_bytes() == versions[1].files[0].content
