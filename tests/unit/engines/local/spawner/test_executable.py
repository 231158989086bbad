import errno
import os
from pathlib import Path

import pytest

from flaskship.engines.local.spawner.executable import explain_exec, find_program, script_interpreter
from flaskship.engines.local.spawner.refusal import Refused


def script(path: Path, text: str = "#!/bin/sh\n", mode: int = 0o755) -> Path:
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_text(text)
    path.chmod(mode)
    return path


def code(call) -> str:
    with pytest.raises(Refused) as refused:
        call()
    return refused.value.code


def test_a_name_is_found_on_the_path_in_order(tmp_path):
    script(tmp_path / "b/tool")
    first = script(tmp_path / "a/tool")
    assert find_program("tool", f"{tmp_path}/none:{tmp_path}/a:{tmp_path}/b", "/") == str(first)


def test_a_relative_place_on_the_path_is_relative_to_the_working_folder(tmp_path):
    tool = script(tmp_path / "bin/tool")
    assert find_program("tool", "bin", str(tmp_path)) == str(tool)
    assert find_program("./bin/tool", None, str(tmp_path)) == "./bin/tool"


def test_a_file_that_may_not_run_is_passed_over_for_a_later_one(tmp_path):
    script(tmp_path / "a/tool", mode=0o644)
    later = script(tmp_path / "b/tool")
    assert find_program("tool", f"{tmp_path}/a:{tmp_path}/b", "/") == str(later)


def test_without_a_path_the_usual_places_are_searched():
    assert find_program("sh", None, "/") in ("/usr/bin/sh", "/bin/sh", "/usr/local/bin/sh")


def test_what_is_not_there_is_named_with_the_places_searched(tmp_path):
    with pytest.raises(Refused, match=f"'gunicorn' was not found on PATH \\({tmp_path}\\)"):
        find_program("gunicorn", str(tmp_path), "/")
    with pytest.raises(Refused, match=r"\./gunicorn was not found"):
        find_program("./gunicorn", None, str(tmp_path))


def test_each_reason_has_its_code(tmp_path):
    script(tmp_path / "locked", mode=0o644)
    (tmp_path / "folder").mkdir()
    assert code(lambda: find_program("./nope", None, str(tmp_path))) == "NotFound"
    assert code(lambda: find_program("nope/deeper", None, str(tmp_path))) == "NotFound"
    assert code(lambda: find_program("./locked/deeper", None, str(tmp_path))) == "NotFound"
    assert code(lambda: find_program("./locked", None, str(tmp_path))) == "PermissionDenied"
    assert code(lambda: find_program("locked", str(tmp_path), "/")) == "PermissionDenied"
    assert code(lambda: find_program("./folder", None, str(tmp_path))) == "NotExecutable"


def test_a_loop_of_links_is_no_crash(tmp_path):
    (tmp_path / "loop").symlink_to("loop")
    assert code(lambda: find_program("./loop", None, str(tmp_path))) == "PermissionDenied"


@pytest.mark.parametrize(
    ("text", "interpreter"),
    [
        ("#!/no/such/python -u\n", "/no/such/python"),
        ("#! /usr/bin/env python\n", "/usr/bin/env"),
        ("#!\n", ""),
        ("plain\n", None),
        ("", None),
    ],
)
def test_the_first_line_of_a_script_names_its_interpreter(tmp_path, text, interpreter):
    assert script_interpreter(script(tmp_path / "s", text)) == interpreter


def test_a_missing_interpreter_is_named_not_the_script(tmp_path):
    script(tmp_path / "s", "#!/no/such/python\n")
    refused = explain_exec("./s", str(tmp_path), errno.ENOENT)
    assert refused.code == "BadInterpreter"
    assert "'/no/such/python' does not exist" in refused.message


def test_a_missing_loader_is_told_from_a_missing_file(tmp_path):
    script(tmp_path / "binary", "\x7fELF")
    assert "loader" in explain_exec("./binary", str(tmp_path), errno.ENOENT).message
    assert explain_exec("./gone", str(tmp_path), errno.ENOENT).code == "NotFound"


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (errno.EACCES, "PermissionDenied"),
        (errno.EPERM, "PermissionDenied"),
        (errno.ENOEXEC, "NotExecutable"),
        (errno.ETXTBSY, "TextFileBusy"),
        (errno.E2BIG, "ArgumentsTooLong"),
        (errno.EAGAIN, "OutOfProcesses"),
        (errno.ENOMEM, "OutOfMemory"),
        (errno.EIO, "ExecFailed"),
    ],
)
def test_each_errno_of_execve_has_its_code(tmp_path, number, expected):
    script(tmp_path / "s", "plain")
    refused = explain_exec("./s", str(tmp_path), number)
    assert refused.code == expected
    assert refused.message.startswith("./s ")
    assert os.linesep not in refused.message
