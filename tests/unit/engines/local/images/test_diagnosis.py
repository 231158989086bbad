from pathlib import Path

import pytest

from flaskship.engines.local.images.diagnosis import Failure, diagnose
from flaskship.engines.local.images.errors import (
    DependencyFailedError,
    ImageBuildError,
    NoNetworkError,
    NoSpaceError,
    PreflightFailedError,
)


def failure(root: Path, *lines: str, requirements: str = "flask==3.1.3\nblinker-x==1.0\n") -> Failure:
    copied, source = root / "copied", root / "source"
    copied.mkdir(exist_ok=True)
    (copied / "requirements.txt").write_text(requirements)
    pair = (source / "requirements.txt", copied / "requirements.txt")
    return Failure(2, lines, source / "Dockerfile", 4, (pair,), copied, source)


@pytest.mark.parametrize(
    ("line", "kind", "code"),
    [
        ("error: failed to copy: No space left on device (os error 28)", NoSpaceError, "NoSpace"),
        ("ERROR: Could not install: [Errno 122] Disk quota exceeded", NoSpaceError, "NoSpace"),
        ("  cause: dns error: failed to lookup address information", NoNetworkError, "NoNetwork"),
        ("  cause: tcp connect error: Connection refused (os error 111)", NoNetworkError, "NoNetwork"),
        ("  cause: operation timed out", NoNetworkError, "NoNetwork"),
        ("  cause: invalid peer certificate: UnknownIssuer", NoNetworkError, "NoNetwork"),
        ("ERROR: HTTP status server error (503 Service Unavailable)", NoNetworkError, "NoNetwork"),
        (
            "  cause: HTTP status client error (401 Unauthorized) for url",
            DependencyFailedError,
            "DependencyFailed",
        ),
        ("  cause: Hash mismatch for `flask==3.1.3`", DependencyFailedError, "DependencyFailed"),
        ("ERROR: Hashes are required in --require-hashes mode", DependencyFailedError, "DependencyFailed"),
        ("error: No solution found when resolving dependencies", DependencyFailedError, "DependencyFailed"),
        ("ERROR: No matching distribution found for x==1", DependencyFailedError, "DependencyFailed"),
        ("error: something entirely new", DependencyFailedError, "DependencyFailed"),
        ("Error: ensurepip is not available", PreflightFailedError, "PreflightFailed"),
    ],
)
def test_last_words_and_their_meaning(
    tmp_path: Path, line: str, kind: type[ImageBuildError], code: str
) -> None:
    error = diagnose(failure(tmp_path, "Resolved 3 packages", line))
    assert (type(error), error.code) == (kind, code)
    assert error.hint
    assert line in error.output
    # Whoever tells of the error shows the output beside its message: once is enough.
    assert line not in error.message


def test_a_package_that_failed_is_found_in_its_file(tmp_path: Path) -> None:
    error = diagnose(
        failure(tmp_path, "error: No solution found", "  because blinker-x was not found in the registry")
    )
    assert str(error.location) == f"{tmp_path}/source/requirements.txt:2"


def test_an_included_file_is_named_as_the_users(tmp_path: Path) -> None:
    (tmp_path / "copied").mkdir()
    (tmp_path / "copied" / "base.txt").write_text("\n\nclick==1\n")
    words = ("error: No solution found", "  there is no version of click==1")
    error = diagnose(failure(tmp_path, *words, requirements="flask\n-r base.txt\n"))
    assert str(error.location) == f"{tmp_path}/source/base.txt:3"


def test_a_name_within_a_name_is_not_meant(tmp_path: Path) -> None:
    error = diagnose(failure(tmp_path, "error: there is no version of flask-login==9"))
    assert str(error.location) == f"{tmp_path}/source/Dockerfile:4"


def test_trouble_that_is_no_packages_fault_points_at_the_instruction(tmp_path: Path) -> None:
    error = diagnose(failure(tmp_path, "error: Failed to fetch flask", "  cause: Connection refused"))
    assert str(error.location) == f"{tmp_path}/source/Dockerfile:4"


def test_what_went_well_before_the_error_is_left_out_and_the_copys_path_too(tmp_path: Path) -> None:
    lines = (
        "Resolved 2",
        "  cause: not yet",
        f"error: in {tmp_path}/copied/requirements.txt",
        *"abcdefghijklmnop",
    )
    error = diagnose(failure(tmp_path, *lines))
    assert error.output == tuple("efghijklmnop")
    short = diagnose(failure(tmp_path, *lines[:3]))
    assert short.output == (f"error: in {tmp_path}/source/requirements.txt",)


def test_an_endless_line_is_cut(tmp_path: Path) -> None:
    assert len(diagnose(failure(tmp_path, "error: " + "x" * 10_000)).output[0]) == 400


def test_an_installer_that_says_nothing_still_gives_an_error(tmp_path: Path) -> None:
    assert "ended with 2" in diagnose(failure(tmp_path)).message
