"""Mistakes of a user: a deploy that cannot succeed, by the real command, while the real applications work."""

import asyncio
import contextlib
import json
import os
import shutil
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.stand import API, ENVIRONMENT
from tests.faults.shop import SETS, Harm, Heard, Shop

COMMAND = Path(sys.executable).with_name("flaskship")
Around = Callable[[Shop], AbstractAsyncContextManager[object]]
BOTH = "applications:\n" + "".join(f"  {one.split('.')[1]}: {{enabled: false}}\n" for one in SETS)
"""What the other deploys of the shop set: two applications and no more."""


@contextlib.asynccontextmanager
async def nothing(_: Shop) -> AsyncIterator[None]:
    yield


@dataclass(frozen=True)
class Mistake:
    """Values below the API, what else is wrong, and what the user must be told of it."""

    title: str
    code: str
    values: str = ""
    exit_code: int = 1
    words: str = ""
    """What the message or the evidence has to say."""
    line: str = ""
    """What stands on the line of the values that is named; empty where the place is another file's."""
    around: Around = nothing
    more: str = ""
    """Values beside those of the applications."""


def indented(text: str) -> str:
    return "".join(f"    {line}\n" for line in text.strip("\n").splitlines())


def deploys(mistake: Mistake) -> Harm:
    """Deploy with the mistake in it; what ran before must be what runs afterwards."""

    async def harm(shop: Shop) -> Heard:
        file = shop.stand.root / "mistake.yaml"
        own = f"  {API}:\n{indented(mistake.values)}" if mistake.values else ""
        file.write_text(f"{BOTH}{own}{mistake.more}")
        before = await shop.stand.engine.history(ENVIRONMENT)
        async with mistake.around(shop):
            begun = time.monotonic()
            told, code = await run(shop, "deploy", ENVIRONMENT, "-f", str(file))
            seconds = time.monotonic() - begun
        assert code == mistake.exit_code, told
        after = await shop.stand.engine.history(ENVIRONMENT)
        if code == 1:
            found = told["verdict"]["causes"][0]
            place, said = found["values"], [found["message"], *found["evidence"]]
            assert told["undo"]["verdict"]["outcome"] == "successful", told
            seconds = after[-1].at - after[-2].at
        else:
            found = told["error"]
            place, said = found["location"], [found["message"], *found["evidence"]]
            assert len(after) == len(before), "a refused deploy left a revision"
        assert found["code"] == mistake.code, found
        assert mistake.words in "\n".join(said), found
        assert place is not None, found
        if mistake.line:
            assert Path(place["file"]).name == "mistake.yaml", found
            assert mistake.line in file.read_text().splitlines()[place["line"] - 1], found
        return Heard(found["code"], _plain(found["message"], shop), seconds)

    return harm


def _plain(sentence: str, shop: Shop) -> str:
    first = sentence.splitlines()[0]
    return first.replace(str(shop.stand.root), "PROJECT").replace(f"pid {os.getpid()}", "pid PID")


async def run(shop: Shop, *arguments: str) -> tuple[dict[str, Any], int]:
    """The real command with its one document."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FLASKSHIP")}
    process = await asyncio.create_subprocess_exec(
        str(COMMAND), "--project", str(shop.stand.root), "-o", "json", *arguments,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        # No index: a dependency that is not there is not looked for in the world.
        env={**environment, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(shop.stand.root)},
    )  # fmt: skip
    out, err = await process.communicate()
    assert out, err.decode()
    assert process.returncode is not None
    return json.loads(out), process.returncode


BESIDE = """
extraObjects:
  - apiVersion: apps/v1
    kind: Deployment
    metadata: {name: beside}
    spec:
      selector: {matchLabels: {app: beside}}
      template:
        metadata: {labels: {app: beside}}
        spec:
          containers:
            - name: beside
              image: cloudandparth/my-demo-app:1.0
              command: [python, -c, raise SystemExit(3)]
"""
"""A process that nobody asks whether it is ready, and that ends at once."""

# what is wrong beside the values


@contextlib.asynccontextmanager
async def without_dockerfile(shop: Shop) -> AsyncIterator[None]:
    file = shop.stand.root / "app/Dockerfile"
    aside = file.rename(file.with_name("Dockerfile.aside"))
    try:
        yield
    finally:
        aside.rename(file)


@contextlib.asynccontextmanager
async def strange_dockerfile(shop: Shop) -> AsyncIterator[None]:
    file = shop.stand.root / "app/Dockerfile"
    before = file.read_bytes()
    file.write_bytes(b"FROM python:3.11-slim\nCOPPY . .\n")
    try:
        yield
    finally:
        file.write_bytes(before)


@contextlib.asynccontextmanager
async def second_image(shop: Shop) -> AsyncIterator[None]:
    """An image of its own, one of whose requirements nobody has."""
    context = shop.stand.root / "second"
    context.mkdir()
    (context / "Dockerfile").write_text(
        "FROM python:3.11-slim\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\n"
    )
    (context / "requirements.txt").write_text("# nobody has it\nno-such-package==9.9\n")
    project = shop.stand.root / "flaskship.yaml"
    before = project.read_text()
    project.write_text(before.replace("images:\n", "images:\n  team/second: {context: second}\n"))
    try:
        yield
    finally:
        project.write_text(before)
        shutil.rmtree(context)


TAKEN = 30777


@contextlib.asynccontextmanager
async def port_taken(_: Shop) -> AsyncIterator[None]:
    with socket.create_server(("127.0.0.1", TAKEN)):
        yield


NOWHERE = "sqlite:////nowhere/at/all/x.db"
VOLUME = """
volumes:
  - name: more
    {0}
volumeMounts:
  - {{name: more, mountPath: /srv/more}}
"""

KNOWN = """
extraObjects:
  - apiVersion: v1
    kind: {0}
    metadata: {{name: known}}
    {1}: {{one: "1"}}
"""

MISTAKES: dict[str, Mistake] = {
    "config-map-env-from": Mistake(
        "envFrom of a ConfigMap that is not there",
        "ConfigMapMissing",
        "envFrom:\n  - configMapRef: {name: nowhere}\n",
        words="'nowhere'",
        line="name: nowhere",
    ),
    "config-map-env": Mistake(
        "a variable from a ConfigMap that is not there",
        "ConfigMapMissing",
        "env:\n  FLAG: {valueFrom: {configMapKeyRef: {name: nowhere, key: flag}}}\n",
        words="'nowhere'",
        line="FLAG:",
    ),
    "config-map-volume": Mistake(
        "a volume of a ConfigMap that is not there",
        "ConfigMapMissing",
        VOLUME.format("configMap: {name: nowhere}"),
        words="'nowhere'",
    ),
    "secret-env-from": Mistake(
        "envFrom of a Secret that is not there",
        "SecretMissing",
        "envFrom:\n  - secretRef: {name: nowhere}\n",
        2,
        "'nowhere'",
        "name: nowhere",
    ),
    "secret-env": Mistake(
        "a variable from a Secret of a third party that is not there",
        "KeyMissing",
        "env:\n  KEY: {valueFrom: {secretKeyRef: {name: stripe, key: api-key}}}\n",
        2,
        "stripe/api-key",
    ),
    "secret-volume": Mistake(
        "a volume of a Secret that is not there",
        "SecretMissing",
        VOLUME.format("secret: {secretName: nowhere}"),
        2,
        "'nowhere'",
    ),
    "config-map-key-env": Mistake(
        "a variable from a key that its ConfigMap lacks",
        "KeyMissing",
        "env:\n  FLAG: {valueFrom: {configMapKeyRef: {name: known, key: absent}}}\n",
        words="'absent'",
        line="FLAG:",
        more=KNOWN.format("ConfigMap", "data"),
    ),
    "config-map-key-volume": Mistake(
        "a file from a key that its ConfigMap lacks",
        "KeyMissing",
        VOLUME.format("configMap: {name: known, items: [{key: absent, path: flag}]}"),
        words="'absent'",
        more=KNOWN.format("ConfigMap", "data"),
    ),
    "secret-key-env": Mistake(
        "a variable from a key that its Secret lacks",
        "KeyMissing",
        "env:\n  FLAG: {valueFrom: {secretKeyRef: {name: known, key: absent}}}\n",
        words="'absent'",
        line="FLAG:",
        more=KNOWN.format("Secret", "stringData"),
    ),
    "secret-key-volume": Mistake(
        "a file from a key that its Secret lacks",
        "KeyMissing",
        VOLUME.format("secret: {secretName: known, items: [{key: absent, path: flag}]}"),
        words="'absent'",
        more=KNOWN.format("Secret", "stringData"),
    ),
    "unknown-image": Mistake(
        "an image that flaskship.yaml does not have",
        "ImageUnknown",
        "image:\n  repository: strange/demo\n",
        2,
        "strange/demo",
        "strange/demo",
    ),
    "no-dockerfile": Mistake(
        "an image whose Dockerfile is not there",
        "ImageUnreadable",
        "",
        2,
        "no Dockerfile",
        around=without_dockerfile,
    ),
    "strange-dockerfile": Mistake(
        "a Dockerfile that says what no Dockerfile can",
        "DockerfileInvalid",
        "",
        2,
        "COPPY",
        around=strange_dockerfile,
    ),
    "dependency": Mistake(
        "a dependency that nobody has",
        "DependencyFailed",
        "image:\n  repository: team/second\n",
        2,
        "no-such-package",
        around=second_image,
    ),
    "port-conflict": Mistake(
        "a NodePort that another program holds",
        "PortConflict",
        f"service:\n  nodePort: {TAKEN}\n",
        4,
        "is using",
        f"nodePort: {TAKEN}",
        around=port_taken,
    ),
    "migration": Mistake(
        "a migration that cannot open its database",
        "MigrationFailed",
        f"env:\n  DATABASE_URL: {NOWHERE}\n",
        words="cannot be reached or opened",
        line="DATABASE_URL",
    ),
    "never-ready": Mistake(
        "readiness that answers 503",
        "ReadinessFailed",
        f"migrations: false\nenv:\n  DATABASE_URL: {NOWHERE}\n",
        words="503",
    ),
    "readiness-path": Mistake(
        "readiness that is asked on a path that is not there",
        "ReadinessFailed",
        "probes:\n  readiness:\n    path: /nowhere\n",
        words="404",
        line="path: /nowhere",
    ),
    "liveness-path": Mistake(
        "liveness that is asked on a path that is not there",
        "LivenessFailed",
        "probes:\n  liveness:\n    path: /nowhere\n",
        words="failed once: GET",
        line="path: /nowhere",
    ),
    "unprobed": Mistake(
        "an object of its own without a probe, whose process ends at once",
        "ExitNonZero",
        words="exit 3",
        line="command:",
        more=BESIDE,
    ),
    "command": Mistake(
        "a shell whose command is not there",
        "CommandNotFound",
        "command: [sh, -c, frobnicate --all]\n",
        words="'frobnicate'",
        line="command:",
    ),
}
