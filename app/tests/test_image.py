"""The Dockerfile's promises, read from its text; a build needs a builder and is proven elsewhere."""

import re

import pytest
from app_support import APP

DOCKERFILE = (APP / "Dockerfile").read_text()
LINES = [line for line in DOCKERFILE.replace("\\\n", " ").splitlines() if line and not line.startswith("#")]
LAST_STAGE = LINES[max(number for number, line in enumerate(LINES) if line.startswith("FROM ")) :]


def test_two_stages_share_one_base_pinned_to_its_patch_level():
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert len(bases) == 2
    assert len(set(bases)) == 1
    assert re.fullmatch(r"python:3\.12\.\d+-slim(@sha256:[0-9a-f]{64})?", bases[0])


def test_dependencies_are_installed_by_hash_alone():
    assert "--require-hashes" in DOCKERFILE
    lock = (APP / "requirements.txt").read_text()
    assert "://" not in lock
    pins = re.findall(r"^[a-z0-9-]+(?:\[[a-z]+\])?==\S+", lock, re.MULTILINE)
    assert len(pins) >= 10
    assert len(re.findall(r"^    --hash=sha256:[0-9a-f]{64}", lock, re.MULTILINE)) >= len(pins)


def test_every_wish_is_locked():
    lines = (APP / "requirements.in").read_text().splitlines()
    wishes = [line.split("[")[0] for line in lines if line and not line.startswith("#")]
    locked = set(
        re.findall(r"^([a-z0-9-]+)(?:\[[a-z]+\])?==", (APP / "requirements.txt").read_text(), re.MULTILINE)
    )
    assert wishes
    assert set(wishes) <= locked


@pytest.mark.parametrize(
    "line",
    [
        "WORKDIR /srv/app",
        "USER 10001:10001",
        "EXPOSE 5000",
        'CMD ["gunicorn", "--config", "gunicorn.conf.py", "app:app"]',
        "COPY --from=build /srv/venv /srv/venv",
    ],
)
def test_the_last_stage_says(line):
    assert line in LAST_STAGE


def test_the_last_stage_runs_nothing_while_it_is_built_and_leads_path_with_the_environment():
    assert not [line for line in LAST_STAGE if line.startswith("RUN")]
    assert any("PATH=/srv/venv/bin:$PATH" in line for line in LAST_STAGE)


def test_the_context_holds_what_runs_and_no_more():
    ignore = (APP / ".dockerignore").read_text().split()
    assert ignore[0] == "*"
    assert {line[1:] for line in ignore if line.startswith("!")} == {
        "app.py",
        "gunicorn.conf.py",
        "requirements.txt",
        "tomorrows",
    }
