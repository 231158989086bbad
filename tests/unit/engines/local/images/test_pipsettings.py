import os
from pathlib import Path

import pytest

from flaskship.engines.local.images.errors import ImageUnreadableError
from flaskship.engines.local.images.pipsettings import PipSettings, config_files, read_pip_settings


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    return {"HOME": str(tmp_path / "home"), "XDG_CONFIG_DIRS": str(tmp_path / "xdg")}


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_files_are_read_in_pips_order(home: dict[str, str], tmp_path: Path) -> None:
    write(tmp_path / "xdg/pip/pip.conf", "[global]\nindex-url = https://shared\nproxy = http://p\n")
    write(tmp_path / "home/.pip/pip.conf", "[global]\nindex-url = https://old\n")
    write(tmp_path / "home/.config/pip/pip.conf", "[global]\nindex_url = https://user\ntimeout=7\n")
    settings = read_pip_settings(home, str(tmp_path))
    assert (settings.one("index-url"), settings.one("proxy"), settings.one("timeout")) == (
        "https://user", "http://p", "7",
    )  # fmt: skip
    write(tmp_path / "pip.conf", "[global]\nindex-url = https://site\n")
    assert read_pip_settings(home, str(tmp_path)).one("index-url") == "https://site"


def test_the_section_of_install_beats_the_general_one_and_variables_beat_all(
    home: dict[str, str], tmp_path: Path
) -> None:
    write(
        tmp_path / "pip.conf",
        "[install]\nindex-url = https://i\n[global]\nindex-url = https://g\n[list]\nx = 1\n",
    )
    assert read_pip_settings(home, str(tmp_path)).one("index-url") == "https://i"
    home["PIP_INDEX_URL"] = "https://env"
    home["PIP_DEFAULT_TIMEOUT"] = "180"
    home["PIP_NO_INDEX"] = ""
    settings = read_pip_settings(home, str(tmp_path))
    assert (settings.one("index-url"), settings.one("timeout"), settings.one("x")) == (
        "https://env",
        "180",
        None,
    )
    assert not settings.on("no-index")


def test_settings_with_several_values(home: dict[str, str], tmp_path: Path) -> None:
    write(
        tmp_path / "pip.conf",
        "[global]\nextra-index-url =\n    https://a\n    https://b\nfind-links = /x /y\n",
    )
    settings = read_pip_settings(home, str(tmp_path))
    assert settings.many("extra-index-url") == ("https://a", "https://b")
    assert settings.many("find-links") == ("/x", "/y")
    assert settings.many("trusted-host") == ()


def test_a_chosen_file_comes_last_and_devnull_switches_all_off(home: dict[str, str], tmp_path: Path) -> None:
    write(tmp_path / "mine.conf", "[global]\nindex-url = https://mine\n")
    assert read_pip_settings({**home, "PIP_CONFIG_FILE": str(tmp_path / "mine.conf")}, str(tmp_path)).one(
        "index-url"
    ) == ("https://mine")
    assert config_files({**home, "PIP_CONFIG_FILE": os.devnull}) == ()


def test_without_a_home_there_are_only_shared_files() -> None:
    assert all("home" not in str(path) for path in config_files({}, "/prefix"))


@pytest.mark.parametrize("text", ["index-url = https://u:secret@h\n", "[global]\nu:secret\n  x\n==\n[glo"])
def test_a_broken_file_is_named_without_its_content(home: dict[str, str], tmp_path: Path, text: str) -> None:
    write(tmp_path / "pip.conf", text)
    with pytest.raises(ImageUnreadableError) as caught:
        read_pip_settings(home, str(tmp_path))
    assert caught.value.location is not None
    assert caught.value.location.file == str(tmp_path / "pip.conf")
    assert "secret" not in str(caught.value)


def test_a_command_line_adds_or_replaces() -> None:
    settings = PipSettings({"index-url": ("https://a",), "find-links": ("/a",)})
    merged = settings.merged([("index-url", "https://b"), ("find-links", "/b"), ("no-index", "")])
    assert (merged.one("index-url"), merged.many("find-links")) == ("https://b", ("/a", "/b"))
    assert merged.on("no-index")
    assert settings.one("index-url") == "https://a"
