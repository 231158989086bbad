"""Requests to one API server: a time-out on each, reads tried again, errors in sentences."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import msgspec

from flaskship.engines.kubernetes.connection import PATIENCE, Connection
from flaskship.engines.kubernetes.failures import RefusedError, is_passing, refusal, unreachable
from flaskship.engines.kubernetes.unanswered import silence, why

if TYPE_CHECKING:
    import httpx2

Object = dict[str, Any]
Body = Mapping[str, Any] | Sequence[Any]
ATTEMPTS = 3


class Transport:
    """The way to one API server under one context, with what every request needs and every answer tells."""

    def __init__(self, connection: Connection) -> None:
        self.context = connection.context
        self.server = connection.server
        self.requests = 0
        """How many requests were made, watches and log streams included."""
        self._connection = connection
        self._session = connection.session
        self._ahead = 0.0

    def now(self) -> float:
        """Return the server's time, which all who write to it share; to a second."""
        return time.time() + self._ahead

    async def close(self) -> None:
        """Let go of the connections."""
        await self._session.aclose()

    async def ask(
        self,
        method: str,
        path: str,
        what: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Body | None = None,
        form: str = "application/json",
        accept: str = "application/json",
        patience: float = PATIENCE,
    ) -> Object:
        """Make one request and return the answer; reads are repeated where the trouble may pass."""
        attempts = ATTEMPTS if method == "GET" else 1
        while True:
            attempts -= 1
            try:
                return await self._once(method, path, what, query or {}, body, form, accept, patience)
            except RefusedError as error:
                if not attempts or not is_passing(error):
                    raise
            await asyncio.sleep(0.3)

    def address(self, path: str, query: Mapping[str, str]) -> str:
        """Return a path below the server's own address; empty parameters are left out."""
        given = {key: value for key, value in query.items() if value}
        return self.server.rstrip("/") + path + ("?" + urlencode(given) if given else "")

    @property
    def session(self) -> "httpx2.AsyncClient":
        """The session, for what is no request and answer."""
        return self._session

    @property
    def extensions(self) -> dict[str, Any]:
        """What each request carries beside its text."""
        name = self._connection.server_name
        return {"sni_hostname": name} if name else {}

    async def _once(
        self,
        method: str,
        path: str,
        what: str,
        query: Mapping[str, str],
        body: Body | None,
        form: str,
        accept: str,
        patience: float,
    ) -> Object:
        headers = {"Accept": accept}
        if body is not None:
            headers["Content-Type"] = form
        self.requests += 1
        async with self._translated(what, patience):
            response = await self._session.request(
                method,
                self.address(path, query),
                content=None if body is None else msgspec.json.encode(body),
                headers=headers,
                timeout=patience,
                extensions=self.extensions,
            )
        self._ahead = _ahead(response.headers.get("date"), self._ahead)
        if response.is_error:
            raise refusal(self.context, what, response.status_code, _body(response.content), self.server)
        answer: Object = msgspec.json.decode(response.content)
        return answer

    @asynccontextmanager
    async def stream(
        self,
        path: str,
        what: str,
        query: Mapping[str, str],
        patience: float | None,
        accept: str = "application/json",
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """Yield the lines of an answer that need not end; patience None waits for the next one for ever."""
        import httpx2

        self.requests += 1
        timeout = httpx2.Timeout(PATIENCE, read=patience)
        async with self._translated(what, patience):  # noqa: SIM117 - the block is the caller's
            async with self._session.stream(
                "GET",
                self.address(path, query),
                headers={"Accept": accept},
                timeout=timeout,
                extensions=self.extensions,
            ) as response:
                if response.is_error:
                    body = _body(await response.aread())
                    raise refusal(self.context, what, response.status_code, body, self.server)
                yield _lines(response)

    @asynccontextmanager
    async def _translated(self, what: str, patience: float | None) -> AsyncIterator[None]:
        import httpx2

        try:
            yield
        except httpx2.TimeoutException:
            told = silence(PATIENCE if patience is None else patience)
            raise unreachable(self.context, self.server, what, *told) from None
        except (httpx2.HTTPError, ssl.SSLError) as error:
            raise unreachable(self.context, self.server, what, *why(error)) from None


def _ahead(date: str | None, known: float) -> float:
    """The server's clock against ours, where they differ by more than a date can tell."""
    if date is None:
        return known
    ahead = parsedate_to_datetime(date).timestamp() - time.time()
    return ahead if abs(ahead) > 2 else 0.0


def _body(content: bytes) -> Mapping[str, Any] | str:
    try:
        decoded = msgspec.json.decode(content)
    except msgspec.DecodeError:
        return content.decode(errors="replace")
    return decoded if isinstance(decoded, dict) else str(decoded)


async def _lines(response: "httpx2.Response") -> AsyncIterator[bytes]:
    # Lines end with a newline and nothing else: a library that splits text knows eight more line ends.
    rest = b""
    async for chunk in response.aiter_bytes():
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield line
    if rest:
        yield rest
