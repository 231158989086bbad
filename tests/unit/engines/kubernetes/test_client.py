"""The client over a transport of the test's own: what is asked, what is made of the answers."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable

import httpx2
import pytest
from tests.unit.engines.kubernetes.api import Api

from flaskship.engines.kubernetes import failures
from flaskship.engines.kubernetes.client import KINDS_SECONDS, Cluster
from flaskship.engines.kubernetes.connection import Connection
from flaskship.engines.kubernetes.failures import ForbiddenError
from flaskship.engines.kubernetes.resources import DEPLOYMENTS, NAMESPACES, PODS
from flaskship.model.errors import PreflightError

Answer = Callable[[httpx2.Request], httpx2.Response]


def cluster(answer: Answer) -> Cluster:
    session = httpx2.AsyncClient(transport=httpx2.MockTransport(answer))
    return Cluster(Connection("here", "https://api:6443", session))


def status(code: int, reason: str, message: str) -> httpx2.Response:
    body = {"kind": "Status", "code": code, "reason": reason, "message": message}
    return httpx2.Response(code, json=body)


async def test_a_list_is_read_page_by_page_and_names_the_kind_of_its_items() -> None:
    asked: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request)
        if "continue" not in request.url.params:
            page = {
                "metadata": {"continue": "more", "resourceVersion": "1"},
                "items": [{"metadata": {"name": "a"}}],
            }
        else:
            page = {"metadata": {"resourceVersion": "7"}, "items": [{"metadata": {"name": "b"}}]}
        return httpx2.Response(200, json=page)

    one = cluster(answer)
    found = await one.list(DEPLOYMENTS, "shop", labels="app=x")
    assert [item["metadata"]["name"] for item in found.items] == ["a", "b"]
    assert {item["kind"] for item in found.items} == {"Deployment"}
    assert found.resource_version == "7"
    assert asked[0].url.path == "/apis/apps/v1/namespaces/shop/deployments"
    assert asked[0].url.params["labelSelector"] == "app=x"
    assert "fieldSelector" not in asked[0].url.params
    assert one.requests == 2


async def test_paths_of_the_core_and_of_what_has_no_namespace() -> None:
    assert PODS.path("shop", "a", "log") == "/api/v1/namespaces/shop/pods/a/log"
    assert PODS.path() == "/api/v1/pods"
    assert NAMESPACES.path("ignored", "shop") == "/api/v1/namespaces/shop"


class Pieces(httpx2.AsyncByteStream):
    def __init__(self, *pieces: bytes) -> None:
        self._pieces = pieces

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            yield piece


async def test_a_watch_yields_changes_whatever_pieces_they_come_in() -> None:
    first = json.dumps({"type": "ADDED", "object": {"metadata": {"name": "a\u0085b"}}}, ensure_ascii=False)
    second = json.dumps({"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": "9"}}})
    text = f"{first}\n{second}\n".encode()
    one = cluster(lambda _: httpx2.Response(200, stream=Pieces(text[:20], text[20:70], text[70:])))
    seen = [change async for change in one.watch(PODS, "shop", "5")]
    assert [change.type for change in seen] == ["ADDED", "BOOKMARK"]
    assert seen[0].object["metadata"]["name"] == "a\u0085b"


async def test_a_watch_from_too_long_ago_says_so() -> None:
    gone = {
        "type": "ERROR",
        "object": {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old"},
    }
    one = cluster(lambda _: httpx2.Response(200, content=json.dumps(gone).encode()))
    with pytest.raises(failures.ExpiredError):
        _ = [change async for change in one.watch(PODS, "shop", "1")]
    one = cluster(lambda _: status(410, "Expired", "too old"))
    with pytest.raises(failures.ExpiredError):
        _ = [change async for change in one.watch(PODS, "shop", "1")]


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (401, failures.NotLoggedInError),
        (403, failures.ForbiddenError),
        (404, failures.NotFoundError),
        (409, failures.ConflictError),
        (422, failures.InvalidError),
        (400, failures.RefusedError),
    ],
)
async def test_a_refusal_says_which_cluster_what_and_why(
    code: int, kind: type[failures.RefusedError]
) -> None:
    one = cluster(lambda _: status(code, "Why", "because of that"))
    with pytest.raises(kind) as refused:
        await one.get(PODS, "a", "shop")
    assert refused.value.message == "cluster here: get Pod/a in shop: because of that"
    assert refused.value.reason == "Why"
    assert refused.value.exit_code == 4
    assert refused.value.answered == code


async def test_what_is_not_there_can_be_looked_for_and_deleted() -> None:
    one = cluster(lambda _: status(404, "NotFound", "no"))
    assert await one.find(PODS, "a", "shop") is None
    assert await one.delete(PODS, "a", "shop") is False


async def test_a_read_is_tried_again_where_the_trouble_passes_and_a_write_is_not() -> None:
    answers = [status(503, "", "busy"), httpx2.Response(200, json={"ok": True})]
    one = cluster(lambda _: answers.pop(0))
    assert await one.get(PODS, "a", "shop") == {"ok": True}
    one = cluster(lambda _: status(503, "", "busy"))
    with pytest.raises(failures.RefusedError):
        await one.create(PODS, {"metadata": {"name": "a"}}, "shop")
    assert one.requests == 1


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (httpx2.ConnectError("connection refused"), "connection refused"),
        (httpx2.ReadTimeout(""), "no answer within 10 s"),
        (httpx2.RemoteProtocolError("peer closed"), "peer closed"),
    ],
)
async def test_a_server_that_does_not_answer_is_preflight(error: Exception, said: str) -> None:
    def answer(_: httpx2.Request) -> httpx2.Response:
        raise error

    with pytest.raises(failures.UnreachableError, match=said) as refused:
        await cluster(answer).create(PODS, {"metadata": {"name": "a"}}, "shop")
    assert isinstance(refused.value, PreflightError)
    assert "https://api:6443" in refused.value.message
    assert "kubectl --context here" in str(refused.value.hint)


@pytest.mark.parametrize("code", [429, 502, 503, 504])
async def test_an_answer_that_is_no_kubernetes_names_who_gave_it_and_its_status(code: int) -> None:
    with pytest.raises(failures.RefusedError) as refused:
        await cluster(lambda _: httpx2.Response(code, text="no healthy upstream")).create(PODS, {}, "shop")
    assert refused.value.message.startswith("cluster here at https://api:6443: create ")
    assert refused.value.message.endswith(f": HTTP {code}: no healthy upstream")
    assert "try again, or look at it with: kubectl --context here" in str(refused.value.hint)
    assert (refused.value.exit_code, refused.value.code) == (4, "ClusterRefused")


async def test_an_apply_names_its_manager_and_takes_no_field_by_force() -> None:
    asked: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request)
        return httpx2.Response(200, json={})

    one = cluster(answer)
    await one.apply(PODS, {"metadata": {"name": "a"}}, "shop", manager="flaskship")
    await one.apply(PODS, {"metadata": {"name": "a"}}, "shop", force=True, dry_run=True)
    assert asked[0].headers["content-type"] == "application/apply-patch+yaml"
    assert dict(asked[0].url.params) == {"fieldManager": "flaskship"}
    assert asked[1].url.params["force"] == "true"
    assert asked[1].url.params["dryRun"] == "All"
    assert asked[1].url.params["fieldValidation"] == "Strict", "Helm itself does not compare with schemas"


async def test_access_is_asked_for_with_what_is_meant() -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        attributes = json.loads(request.content)["spec"]["resourceAttributes"]
        assert attributes == {
            "verb": "patch",
            "group": "apps",
            "resource": "deployments",
            "namespace": "shop",
            "subresource": "scale",
        }
        return httpx2.Response(201, json={"status": {"allowed": False, "reason": "no role"}})

    access = await cluster(answer).may("patch", DEPLOYMENTS, "shop", sub="scale")
    assert (access.allowed, access.reason) == (False, "no role")


async def test_kinds_are_discovered_with_their_versions_and_scope() -> None:
    def group(name: str, version: str, kind: str, plural: str, scope: str) -> dict[str, object]:
        one = {"responseKind": {"kind": kind}, "resource": plural, "scope": scope}
        return {
            "metadata": {"name": name} if name else {},
            "versions": [{"version": version, "resources": [one]}],
        }

    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.url.path == "/api":
            return httpx2.Response(200, json={"items": [group("", "v1", "Node", "nodes", "Cluster")]})
        return httpx2.Response(
            200, json={"items": [group("argoproj.io", "v1alpha1", "Rollout", "rollouts", "Namespaced")]}
        )

    kinds = await cluster(answer).api_resources()
    assert kinds["v1", "Node"].namespaced is False
    assert kinds["argoproj.io/v1alpha1", "Rollout"].plural == "rollouts"


async def test_lines_of_a_log_end_with_a_newline_only() -> None:
    asked: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request)
        return httpx2.Response(200, content="eins\rzwei\u2028drei\nvier".encode() + b"\xff")

    one = cluster(answer)
    lines = [line async for line in one.logs("a", "shop", container="c", tail=10, previous=True)]
    assert lines == ["eins\rzwei\u2028drei", "vier\ufffd"]
    assert dict(asked[0].url.params) == {"container": "c", "tailLines": "10", "previous": "true"}


async def test_what_kinds_there_are_is_asked_once_for_a_while() -> None:
    api = Api()
    cluster = api.cluster()
    first, second = await asyncio.gather(cluster.api_resources(), cluster.api_resources())
    assert first == second
    assert api.asked.count("GET /apis") == 1
    loop = asyncio.get_running_loop()
    now = loop.time
    loop.time = lambda: now() + KINDS_SECONDS + 1  # type: ignore[method-assign]
    try:
        await cluster.api_resources()
    finally:
        loop.time = now  # type: ignore[method-assign]
    assert api.asked.count("GET /apis") == 2
    await cluster.close()


async def test_an_answer_that_failed_is_not_remembered() -> None:
    api = Api()
    plain = api.answer
    refused = [httpx2.Response(403, json={"kind": "Status", "message": "no"})]
    api.answer = lambda request: refused.pop() if refused else plain(request)  # type: ignore[method-assign]
    cluster = api.cluster()
    with pytest.raises(ForbiddenError):
        await cluster.api_resources()
    assert ("apps/v1", "Deployment") in await cluster.api_resources()
