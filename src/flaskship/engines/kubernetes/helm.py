"""Writes to the cluster by Helm, in a process of its own that ends what it began whoever asked dies."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from flaskship.model.errors import DeployError

MODULE = "flaskship.chart.helm_child"
TIMEOUT = 60
"""Seconds that Helm may take for one request to the cluster; it waits for no workload."""
PATIENCE = 90.0
LONGEST = 1200


class HelmFailure(Exception):
    """What Helm said instead of doing it: the kind of its error and its own words."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(f"{kind}: {detail}")
        self.kind = kind
        self.detail = detail


class WriteUnansweredError(DeployError):
    """Helm ended before it answered: only the cluster can say what of the request was carried out."""

    code = "WriteUnanswered"

    def __init__(self, status: int, told: str, patience: float | None = None) -> None:
        self.killed = status < 0
        """Whether a signal ended it; a process that ends by itself may never have begun."""
        if patience is not None:
            message = f"Helm did not end within {patience:g} s and was stopped"
        elif self.killed:
            message = f"the Helm process was ended by signal {-status} before it answered: {told}"
        else:
            message = f"the Helm process ended with {status} and without an answer: {told}"
        super().__init__(message)


class Helm:
    """Helm, each request in a process of its own; one may be started before its request is known."""

    def __init__(self) -> None:
        self._foreseen: dict[str, asyncio.Task[Process]] = {}

    def foresee(self, namespace: str) -> None:
        """Start the process of the next request in this namespace: loading Helm takes a moment."""
        if namespace not in self._foreseen:
            self._foreseen[namespace] = asyncio.ensure_future(_start(namespace))

    async def run(
        self, context: str, namespace: str, action: str, request: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Carry a request out and return the answer; HelmFailure where Helm refuses.

        WriteUnansweredError where no answer came, which says nothing of what was written.

        A cancellation waits for Helm's end first: a release is never left half written by our own hand.
        The request may say how patient we are with it.
        """
        foreseen = self._foreseen.pop(namespace, None)
        child = await (foreseen if foreseen is not None else _start(namespace))
        patience = float(request.get("patience", PATIENCE))
        connection = {"context": context, "namespace": namespace, "kubeconfig": None}
        asked = {"connection": connection, "action": action, "timeout": TIMEOUT, "parent": os.getpid()}
        talking = asyncio.ensure_future(child.communicate(json.dumps({**asked, **request}).encode()))
        try:
            async with asyncio.timeout(patience):
                said, complaint = await asyncio.shield(talking)
        except TimeoutError:
            child.kill()
            await talking
            raise WriteUnansweredError(-signal.SIGKILL, "", patience) from None
        except asyncio.CancelledError:
            await asyncio.wait([talking], timeout=patience)
            raise
        return _answer(said, complaint, child.returncode or 0)

    async def close(self) -> None:
        """End the processes whose request never came: they have begun nothing."""
        foreseen, self._foreseen = list(self._foreseen.values()), {}
        for child in await asyncio.gather(*foreseen, return_exceptions=True):
            if isinstance(child, Process):
                with suppress(ProcessLookupError):
                    child.kill()
                await child.communicate()


async def _start(namespace: str) -> Process:
    return await asyncio.create_subprocess_exec(
        # Helm owns fields under the name of its program, which it takes from here.
        str(Path(sys.executable).with_name("helm")),
        "-P",
        "-m",
        MODULE,
        executable=sys.executable,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "HELM_NAMESPACE": namespace},
        start_new_session=True,
    )


def _answer(said: bytes, complaint: bytes, code: int) -> Mapping[str, Any]:
    try:
        answer: Mapping[str, Any] = json.loads(said)
    except ValueError:
        lines = complaint.decode(errors="replace").strip().splitlines()
        told = lines[-1][:LONGEST] if lines else "it said nothing"
        raise WriteUnansweredError(code, told) from None
    if not answer.get("ok"):
        raise HelmFailure(str(answer.get("error")), _shortened(str(answer.get("detail"))))
    return answer


def _shortened(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else f"{text[: LONGEST // 2]} ... {text[-LONGEST // 2 :]}"
