"""How a context logs in: what lightkube knows, and the credential plugins that it does not."""

import asyncio
import contextlib
import json
import os
import time
from collections.abc import AsyncGenerator, Mapping
from datetime import datetime
from typing import Any

import httpx2

from flaskship.engines.kubernetes.failures import NotLoggedInError

PATIENCE = 60.0
EARLY = 10.0
VERSIONS = ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1")


class PluginAuth(httpx2.Auth):
    """A token from the command that the kubeconfig names, asked for again when it expires or is refused."""

    def __init__(self, context: str, plugin: Mapping[str, Any], cluster: Mapping[str, Any]) -> None:
        self._context = context
        self._plugin = plugin
        self._cluster = cluster
        self._token = ""
        self._until = 0.0
        self._asking = asyncio.Lock()

    async def async_auth_flow(
        self, request: httpx2.Request
    ) -> AsyncGenerator[httpx2.Request, httpx2.Response]:
        """Add the token; a refused one is replaced once."""
        token = await self._current("")
        request.headers["Authorization"] = f"Bearer {token}"
        response = yield request
        if response.status_code == 401:
            request.headers["Authorization"] = f"Bearer {await self._current(token)}"
            yield request

    async def _current(self, refused: str) -> str:
        async with self._asking:
            if not self._token or self._token == refused or time.time() > self._until - EARLY:
                status = await self._ask()
                self._token = str(status.get("token") or "")
                self._until = _seconds(status.get("expirationTimestamp"))
            if not self._token:
                raise self._problem("gave no token (client certificates from a plugin are not supported)")
            return self._token

    async def _ask(self) -> Mapping[str, Any]:
        version = str(self._plugin.get("apiVersion"))
        if version not in VERSIONS:
            raise self._problem(f"speaks {version}; known are {', '.join(VERSIONS)}")
        command = [str(self._plugin.get("command")), *map(str, self._plugin.get("args") or ())]
        try:
            child = await asyncio.create_subprocess_exec(
                *command,
                env=self._environment(version),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
        except OSError as error:
            hint = self._plugin.get("installHint")
            raise self._problem(f"does not start: {error.strerror}", str(hint) if hint else None) from None
        try:
            async with asyncio.timeout(PATIENCE):
                said, complaint = await child.communicate()
        except TimeoutError:
            raise self._problem(f"said nothing within {PATIENCE:g} s") from None
        finally:
            if child.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    child.kill()
                await child.wait()
        if child.returncode:
            lines = complaint.decode(errors="replace").strip().splitlines()
            raise self._problem(f"ended with {child.returncode}: {lines[-1] if lines else 'no word'}")
        try:
            status: Mapping[str, Any] = json.loads(said)["status"]
        except (ValueError, KeyError, TypeError):
            raise self._problem("did not answer with an ExecCredential") from None
        return status

    def _environment(self, version: str) -> dict[str, str]:
        spec: dict[str, Any] = {"interactive": False}
        if self._plugin.get("provideClusterInfo"):
            spec["cluster"] = dict(self._cluster)
        info = {"apiVersion": version, "kind": "ExecCredential", "spec": spec}
        given = {str(one["name"]): str(one["value"]) for one in self._plugin.get("env") or ()}
        return {**os.environ, **given, "KUBERNETES_EXEC_INFO": json.dumps(info)}

    def _problem(self, what: str, hint: str | None = None) -> NotLoggedInError:
        return NotLoggedInError(
            f"cluster {self._context}: its login command {self._plugin.get('command')!r} {what}",
            hint=hint or f"try: kubectl --context {self._context} auth whoami",
        )


def _seconds(timestamp: object) -> float:
    """A token that names no end is good until the server refuses it."""
    if not isinstance(timestamp, str):
        return float("inf")
    return datetime.fromisoformat(timestamp.replace("Z", "+00:00")).timestamp()
