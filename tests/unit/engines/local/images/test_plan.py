from pathlib import Path

import pytest

from flaskship.engines.local.images.errors import DockerfileInvalidError
from flaskship.engines.local.images.plan import ImagePlan, plan_image
from flaskship.engines.local.images.requirements import is_hashed, read_requirements

HASHED = "flask==3.1.3 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n    # via x\n"
SINGLE = (
    "FROM python:3.11\nWORKDIR /app\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY . .\n"
    'ENV FLASK_APP=app.py\nEXPOSE 5000\nCMD ["flask", "run", "--host", "0.0.0.0", "--port", "5000"]\n'
)
MULTI = """\
FROM python:3.12-slim AS build
WORKDIR /build
COPY requirements.txt .
RUN python -m venv /srv/venv && /srv/venv/bin/pip install --require-hashes -r requirements.txt

FROM python:3.12-slim
RUN apt-get update && apt-get install -y libpq5 && rm -rf /var/lib/apt/lists/*
COPY --from=build --chown=1:1 /srv/venv /srv/venv
WORKDIR /srv/app
COPY . .
CMD ["gunicorn", "app:app"]
"""


def plan(root: Path, dockerfile: str, **files: str) -> ImagePlan:
    (root / "Dockerfile").write_text(dockerfile)
    for name, content in {"requirements.txt": HASHED, "app.py": "", **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return plan_image(root)


def refused(root: Path, dockerfile: str, **files: str) -> DockerfileInvalidError:
    with pytest.raises(DockerfileInvalidError) as caught:
        plan(root, dockerfile, **files)
    return caught.value


def places(found: ImagePlan) -> dict[str, str]:
    return dict(found.layout.files)


def test_a_single_stage_of_a_flask_team(tmp_path: Path) -> None:
    found = plan(tmp_path, SINGLE)
    assert (found.python, found.python_line) == ("3.11", 1)
    assert [(i.requirements, i.hashed, i.line) for i in found.installations] == [
        (("requirements.txt",), True, 4)
    ]
    assert places(found)["/app/app.py"] == "app.py"
    assert found.layout.roots == ("/app",)
    assert [note.treatment for note in found.notes] == ["emulated"]


def test_two_stages_with_a_virtual_environment(tmp_path: Path) -> None:
    found = plan(tmp_path, MULTI)
    assert found.layout.venvs == ("/srv/venv",)
    assert found.layout.roots == ("/srv/app",)
    assert [i.requirements for i in found.installations] == [("requirements.txt",)]
    ignored = [(note.line, note.reason) for note in found.notes if note.treatment == "ignored"]
    assert ignored == [(7, "not executed: apt-get install -y libpq5")]
    assert {note.line for note in found.notes} == {4, 7, 8}


def test_a_stage_that_the_image_does_not_need_installs_nothing(tmp_path: Path) -> None:
    text = "FROM python:3.12 AS base\nWORKDIR /a\nCOPY . .\nRUN pip install -r requirements.txt\n"
    tests = "FROM base AS tests\nRUN pip install -r nowhere.txt && poetry install\n"
    with pytest.raises(DockerfileInvalidError):
        plan(tmp_path, text + tests)
    assert (
        len(plan(tmp_path, f"{text}{tests.replace('nowhere', 'requirements')}FROM base\n").installations) == 1
    )


@pytest.mark.parametrize(
    ("copies", "expected"),
    [
        ("COPY app.py /srv/", {"/srv/app.py": "app.py"}),
        ("COPY app.py /srv/x.py", {"/srv/x.py": "app.py"}),
        ("COPY app.py .", {"/w/app.py": "app.py"}),
        ("COPY app.py ./new/", {"/w/new/app.py": "app.py"}),
        ("COPY pkg /p", {"/p/a.py": "pkg/a.py", "/p/in/b.py": "pkg/in/b.py"}),
        ("COPY pkg/ .", {"/w/a.py": "pkg/a.py", "/w/in/b.py": "pkg/in/b.py"}),
        ("COPY pkg/*.py /p/", {"/p/a.py": "pkg/a.py"}),
        ("COPY pkg/in pkg/a.py /p/", {"/p/b.py": "pkg/in/b.py", "/p/a.py": "pkg/a.py"}),
        (
            "COPY ap?.py re[a-z]*.txt d/",
            {"/w/d/app.py": "app.py", "/w/d/requirements.txt": "requirements.txt"},
        ),
        ("RUN mkdir d\nCOPY app.py d", {"/w/d/app.py": "app.py"}),
        ("COPY ./pkg/../app.py .", {"/w/app.py": "app.py"}),
        ("COPY app.py x\nCOPY pkg/a.py x", {"/w/x": "pkg/a.py"}),
        ("ADD app.py .", {"/w/app.py": "app.py"}),
    ],
)
def test_where_copy_puts_files(tmp_path: Path, copies: str, expected: dict[str, str]) -> None:
    found = plan(tmp_path, f"FROM python:3.12\nWORKDIR /w\n{copies}\n", **{"pkg/a.py": "", "pkg/in/b.py": ""})
    assert places(found) == expected


def test_files_in_shared_folders_do_not_hide_the_machine(tmp_path: Path) -> None:
    text = "FROM python:3.12\nCOPY app.py /usr/local/bin/run\nCOPY pkg /etc/my/conf\nCOPY app.py /\n"
    found = plan(tmp_path, f"{text}VOLUME /tmp\n", **{"pkg/a": ""})
    assert found.layout.roots == ("/app.py", "/etc/my", "/usr/local/bin/run")


def test_files_come_through_stages_by_name_and_by_number(tmp_path: Path) -> None:
    text = (
        "FROM a AS One\nCOPY pkg /p\nFROM b\nCOPY --from=one /p/a /q/\nFROM c\n"
        "COPY --from=1 /q /r\nCOPY --from=one /p /s\n"
    )
    found = plan(tmp_path, text, **{"pkg/a": "", "pkg/b": ""})
    assert places(found) == {"/r/a": "pkg/a", "/s/a": "pkg/a", "/s/b": "pkg/b"}


def test_an_environment_moves_with_the_folder_that_holds_it(tmp_path: Path) -> None:
    text = (
        "FROM a AS b\nWORKDIR /app\nCOPY . .\nRUN python -m venv .venv && pip install -r requirements.txt\n"
    )
    found = plan(tmp_path, f"{text}FROM c\nCOPY --from=b /app /srv\n")
    assert found.layout.venvs == ("/srv/.venv",)
    assert len(found.installations) == 1


@pytest.mark.parametrize(
    "text",
    [
        "RUN pip install --user -r requirements.txt\nFROM y\nCOPY --from=b /root/.local /root/.local\n",
        "RUN pip install --prefix=/install -r requirements.txt\nFROM y\nCOPY --from=b /install /usr/local\n",
        "RUN pip wheel -w /w -r requirements.txt\nFROM y\nCOPY --from=b /w /w\n"
        "RUN pip install --no-index /w/*.whl\n",
        "RUN pip install -r requirements.txt\nFROM y\n"
        "COPY --from=b /usr/local/lib/python3.12/site-packages /usr/local/lib/python3.12/site-packages\n",
    ],
)
def test_packages_that_come_from_a_builder_are_installed_here(tmp_path: Path, text: str) -> None:
    found = plan(tmp_path, f"FROM x AS b\nCOPY requirements.txt .\n{text}WORKDIR /app\nCOPY . .\n")
    assert [i.requirements for i in found.installations] == [("requirements.txt",)]


def test_what_a_builder_made_by_running_programs_is_listed_as_missing(tmp_path: Path) -> None:
    text = "FROM node AS ui\nCOPY . .\nRUN npm run build\nFROM python:3.12\nCOPY --from=ui /dist ./static\n"
    (note,) = [note for note in plan(tmp_path, text).notes if note.line == 5]
    assert note.treatment == "ignored"
    assert "is not here" in note.reason


def test_what_cannot_be_had_is_listed(tmp_path: Path) -> None:
    text = (
        "FROM python:3.12\nCOPY --from=nginx:1 /etc/nginx /n\nADD https://x/y /y\nADD data.tar.gz /d\n"
        "COPY --from=ghcr.io/astral-sh/uv:0.9 /uv /bin/\nCOPY --parents app.py /x/\n"
    )
    found = plan(tmp_path, text)
    assert [(note.line, note.treatment) for note in found.notes] == [
        (2, "ignored"), (3, "ignored"), (4, "ignored"), (5, "emulated"), (6, "ignored"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("source", "ignore", "words"),
    [
        ("nope.py", "", "not in the build context"),
        ("app.py", "app.py", ".dockerignore"),
        ("pkg", "pkg", "no file that"),
    ],
)
def test_a_source_that_is_missing_is_said_as_docker_would(
    tmp_path: Path, source: str, ignore: str, words: str
) -> None:
    error = refused(tmp_path, f"FROM x\n\nCOPY {source} /\n", **{"pkg/a": "", ".dockerignore": ignore})
    assert words in error.message
    assert str(error.location) == f"{tmp_path}/Dockerfile:3"


def test_requirements_that_are_not_copied_are_named(tmp_path: Path) -> None:
    error = refused(tmp_path, "FROM x\nWORKDIR /w\nRUN pip install -r requirements.txt\nCOPY . .\n")
    assert "/w/requirements.txt is not in this stage" in error.message
    assert error.location is not None
    assert error.location.line == 3


def test_another_package_manager_is_refused_with_a_way_out(tmp_path: Path) -> None:
    error = refused(
        tmp_path, "FROM python:3.12\nCOPY . .\nRUN pip install poetry && poetry install --no-root\n"
    )
    assert "`poetry install --no-root`" in error.message
    assert error.location is not None
    assert error.location.line == 3
    assert error.hint is not None
    assert "requirements.txt" in error.hint


def test_uv_sync_without_its_lock_is_refused(tmp_path: Path) -> None:
    assert "uv.lock" in refused(tmp_path, "FROM python:3.12\nCOPY app.py .\nRUN uv sync --frozen\n").message


def test_uv_sync_reads_a_lock_that_is_only_mounted(tmp_path: Path) -> None:
    text = (
        "FROM python:3.12\nWORKDIR /app\nRUN --mount=type=bind,source=uv.lock,target=uv.lock uv sync "
        "--frozen --no-install-project --no-dev\nCOPY app.py .\n"
    )
    (found,) = plan(tmp_path, text, **{"uv.lock": ""}).installations
    assert (found.lock, found.lock_options, found.projects, found.hashed) == (
        "uv.lock",
        ("--no-dev",),
        (),
        True,
    )


def test_a_folder_of_wheels_in_the_context_is_used(tmp_path: Path) -> None:
    text = "FROM x\nCOPY . /b\nRUN pip install --no-index --find-links=/b/wheels -r /b/requirements.txt\n"
    (found,) = plan(tmp_path, text, **{"wheels/a.whl": ""}).installations
    assert found.settings == (("no-index", ""), ("find-links", str(tmp_path / "wheels")))


def test_requirements_are_installed_even_when_nothing_that_is_understood_says_so(tmp_path: Path) -> None:
    found = plan(tmp_path, "FROM python:3.12\nWORKDIR /a\nCOPY . .\nRUN ./setup.sh\n")
    assert found.installations[0].requirements == ("requirements.txt",)
    assert any("although" in note.reason for note in found.notes)


@pytest.mark.parametrize(
    ("base", "asked"),
    [
        ("python:3.12", "3.12"),
        ("python:3.12.4-slim-bookworm", "3.12"),
        ("docker.io/library/python:3.11-alpine@sha256:00", "3.11"),
        ("registry:5000/python:3.13", "3.13"),
        ("ghcr.io/astral-sh/uv:python3.12-bookworm-slim", "3.12"),
        ("python:3-slim", "3"),
        ("python", None),
        ("debian:12", None),
    ],
)
def test_the_interpreter_that_is_asked_for(tmp_path: Path, base: str, asked: str | None) -> None:
    assert plan(tmp_path, f"FROM {base}\n").python == asked


def test_the_last_stages_root_decides_about_the_interpreter(tmp_path: Path) -> None:
    text = "FROM python:3.10 AS old\nFROM python:3.12 AS base\nFROM base\n"
    assert (plan(tmp_path, text).python, plan(tmp_path, text).python_line) == ("3.12", 2)
    assert plan(tmp_path, "FROM python:3.11 AS b\nFROM gcr.io/distroless/base\n").python == "3.11"


def test_requirements_are_read_with_their_lines_and_includes(tmp_path: Path) -> None:
    (tmp_path / "base.txt").write_text("# top\n\nblinker==1.9.0 --hash=sha256:a\n-r main.txt\n")
    (tmp_path / "main.txt").write_text(f"-r base.txt\n--index-url https://x\n{HASHED}click  # why\n")
    found = [
        (path.name, line, text.split("=")[0]) for path, line, text in read_requirements(tmp_path / "main.txt")
    ]
    assert found == [("base.txt", 3, "blinker"), ("main.txt", 3, "flask"), ("main.txt", 7, "click")]
    assert not is_hashed(tmp_path / "main.txt")
    (tmp_path / "main.txt").write_text(HASHED)
    assert is_hashed(tmp_path / "main.txt")
    (tmp_path / "main.txt").write_text("")
    assert not is_hashed(tmp_path / "main.txt")


def test_no_note_has_the_password_of_an_index(tmp_path: Path) -> None:
    run = "RUN pip install -r requirements.txt -i https://u:hunter2@h/simple && make\n"
    found = plan(tmp_path, f"FROM python:3.12\nCOPY . .\n{run}")
    assert "hunter2" not in str(found.notes)
    assert found.installations[0].settings == (("index-url", "https://u:hunter2@h/simple"),)
    error = refused(tmp_path, "FROM python:3.12\nRUN poetry install --source https://u:hunter2@h\n")
    assert "hunter2" not in str(error)
