from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaskship.engines.local.images.commands import Install, Reading, read_run
from flaskship.engines.local.images.dockerfile import Command, Run
from flaskship.engines.local.images.parse import parse_dockerfile


def read(command: str, before: str = "WORKDIR /w") -> Reading:
    run = parse_dockerfile(f"FROM x\n{before}\nRUN {command}\n", Path("Dockerfile")).final.steps[-1]
    assert isinstance(run, Run)
    return read_run(run)


def install(command: str, before: str = "WORKDIR /w") -> Install:
    (found,) = read(command, before).installs
    return found


@pytest.mark.parametrize(
    "command",
    [
        "pip install -r requirements.txt",
        "pip3 install -rrequirements.txt",
        "pip install --requirement=requirements.txt",
        "python -m pip install --no-cache-dir -r requirements.txt",
        "python3.12 -m pip install --require-hashes --only-binary=:all: -r requirements.txt",
        "/srv/venv/bin/pip install -r requirements.txt",
        "/srv/venv/bin/python -m pip install --root-user-action=ignore -r requirements.txt",
        "uv pip install --system -r requirements.txt",
        "uv pip sync --python /srv/venv/bin/python requirements.txt",
        "PIP_NO_CACHE_DIR=1 pip install --upgrade -r requirements.txt",
        "set -eux; pip install --progress-bar off -r requirements.txt",
        "--mount=type=cache,target=/root/.cache/pip pip install -r requirements.txt",
        "pip install --upgrade pip wheel && pip install -r requirements.txt",
        '["pip", "install", "-r", "requirements.txt"]',
        "pip install --timeout 100 --retries 5 -r requirements.txt",
        "python -m venv /v && . /v/bin/activate && pip install -r requirements.txt && pip uninstall -y pip",
        "(pip install -r requirements.txt)",
    ],
)
def test_the_ways_to_say_that_requirements_are_installed(command: str) -> None:
    found = read(command)
    assert [i.requirements for i in found.installs] == [("requirements.txt",)]
    assert found.installs[0].folder == "/w"
    assert found.left_out == []


def test_constraints_packages_projects_and_settings() -> None:
    found = install("pip install -c c.txt --no-deps --extra-index-url https://i 'flask>=3' ./lib[x] -e .")
    assert found.constraints == ("c.txt",)
    assert found.packages == ("flask>=3",)
    assert found.paths == ("./lib[x]", ".")
    assert found.settings == (("extra-index-url", "https://i"),)
    assert found.no_deps


def test_the_folder_follows_cd() -> None:
    assert install("cd sub && pip install -r r.txt").folder == "/w/sub"


def test_variables_of_the_dockerfile_are_known() -> None:
    assert install("pip install gunicorn==$V", "ARG V=27.0").packages == ("gunicorn==27.0",)


def test_installers_that_install_themselves_are_no_packages() -> None:
    assert read("pip install --upgrade pip setuptools wheel uv==0.9").installs[0].packages == ("setuptools",)
    assert read("pip install -U pip").installs == []


def test_where_packages_land_is_known() -> None:
    assert read("pip install --prefix=/install -r r.txt").sites == ["/install"]
    assert read("pip install --user -r r.txt").sites == ["/root/.local"]
    assert read("pip wheel -w /wheels -r r.txt").sites == ["/wheels"]
    assert read("pip install -t deps -r r.txt").sites == ["/w/deps"]


@pytest.mark.parametrize(
    ("command", "venv"),
    [
        ("python -m venv /srv/venv", "/srv/venv"),
        ("python3 -m venv --copies env", "/w/env"),
        ("virtualenv /v", "/v"),
        ("uv venv", "/w/.venv"),
        ("uv venv /opt/venv", "/opt/venv"),
    ],
)
def test_virtual_environments(command: str, venv: str) -> None:
    assert read(command).venvs == [venv]


def test_uv_sync_with_what_narrows_it() -> None:
    found = install("uv sync --frozen --no-dev --no-editable --group prod --extra=pg --no-install-project")
    assert found.sync
    assert found.sync_options == ("--no-dev", "--group", "prod", "--extra=pg")
    assert not found.with_project


def test_uv_sync_has_its_environment_where_the_variable_says() -> None:
    assert read("uv sync --frozen", "ENV UV_PROJECT_ENVIRONMENT=/venv").venvs == ["/venv"]


def test_folders_and_modes() -> None:
    found = read(
        "mkdir -p -m 0755 /data logs && install -d -o app /run/x && chmod -R 755 run.sh && chmod +x /e"
    )
    assert found.folders == ["/data", "/w/logs", "/run/x"]
    assert found.modes == [("/w/run.sh", "755"), ("/e", "+x")]


@pytest.mark.parametrize(
    "command",
    [
        "useradd -r app && chown -R app /srv",
        "addgroup --system app; adduser --system --group app",
        "rm -rf /var/lib/apt/lists/* /root/.cache",
        "apt-get clean",
        "python --version && pip --version",
        "pip check",
        "true",
    ],
)
def test_what_matters_only_in_a_container_is_no_loss(command: str) -> None:
    assert read(command).left_out == []


def test_what_is_not_done_is_said_in_its_own_words() -> None:
    found = read("apt-get update && apt-get install -y libpq5 && flask db upgrade | tee log; npm run build")
    assert found.left_out == ["apt-get install -y libpq5", "flask db upgrade", "tee log", "npm run build"]


def test_another_package_manager_is_recognised() -> None:
    assert read("poetry install --only main").foreign == ["poetry install --only main"]
    assert read("poetry config virtualenvs.create false").foreign == []


def test_a_command_that_cannot_be_split_is_left_out_whole() -> None:
    assert read("echo 'open && pip install -r r.txt").left_out == ["echo 'open && pip install -r r.txt"]


WORDS = [
    "pip",
    "install",
    "-r",
    "-m",
    "python",
    "&&",
    ";",
    "uv",
    "sync",
    "venv",
    "--",
    "-",
    "cd",
    "=",
    "'",
    "(",
    "mkdir",
]


@given(st.lists(st.one_of(st.sampled_from(WORDS), st.text(max_size=6)), max_size=12).map(" ".join))
def test_any_command_is_read_without_complaint(text: str) -> None:
    reading = read_run(Run(1, Command(text=text), "/w", {}))
    assert all(install.line == 1 for install in reading.installs)
