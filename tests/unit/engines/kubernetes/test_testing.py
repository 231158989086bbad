"""Helm's tests: their order, the one that failed, and the end of its log."""

import base64
import gzip
import json
from collections.abc import Mapping
from typing import Any

import httpx2
import pytest
from tests.unit.engines.kubernetes.api import PLACE, SECRETS, Api

from flaskship.engines.base import Trial
from flaskship.engines.kubernetes.helm import HelmFailure
from flaskship.engines.kubernetes.testing import SECONDS, hooks_of, run_tests

PODS = "/api/v1/namespaces/shop/pods"
NAME = "sh.helm.release.v1.dev-apps.v1"


class Trials(Api):
    """Helm's storage with hooks, and pods that have printed something."""

    def __init__(self, *hooks: Mapping[str, Any]) -> None:
        super().__init__()
        self.logs: dict[str, str] = {}
        self.store(*hooks)

    def store(self, *hooks: Mapping[str, Any]) -> None:
        content = {"name": "dev-apps", "version": 1, "info": {}, "hooks": list(hooks)}
        packed = base64.b64encode(base64.b64encode(gzip.compress(json.dumps(content).encode()))).decode()
        self.put(f"{SECRETS}/{NAME}", {"metadata": {"name": NAME}, "data": {"release": packed}})

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        pod = request.url.path.removesuffix("/log").rpartition("/")[2]
        if request.url.path.endswith("/log") and pod in self.logs:
            return httpx2.Response(200, text=self.logs[pod])
        return super().answer(request)


def hook(
    name: str, phase: str = "", *, weight: int = 0, kind: str = "Pod", event: str = "test"
) -> dict[str, Any]:
    return {"name": name, "kind": kind, "weight": weight, "events": [event], "last_run": {"phase": phase}}


async def test_the_tests_are_told_in_helms_order_and_no_other_hook() -> None:
    api = Trials(hook("b"), hook("late", weight=5), hook("a"), hook("migrate", event="pre-upgrade"))
    assert [one.name for one in await hooks_of(api.cluster(), PLACE, 1)] == ["a", "b", "late"]
    assert await hooks_of(api.cluster(), PLACE, 7) == ()


async def test_what_passes_is_told_and_helm_has_time_for_each() -> None:
    asked: list[Mapping[str, Any]] = []

    async def helm(
        _context: str, _namespace: str, action: str, request: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        asked.append({"action": action, **request})
        return {"ok": True}

    tested = await run_tests(Trials(hook("a"), hook("b")).cluster(), PLACE, 1, helm)
    assert [(one.name, one.passed) for one in tested] == [("a", True), ("b", True)]
    assert asked[0]["action"] == "test"
    assert asked[0]["patience"] > 2 * SECONDS


async def test_nothing_is_asked_of_helm_where_there_are_none() -> None:
    async def helm(*_: Any) -> Mapping[str, Any]:
        raise AssertionError("nothing was to be run")

    assert await run_tests(Trials(hook("a", event="post-install")).cluster(), PLACE, 1, helm) == ()


async def test_the_first_that_fails_is_the_last_and_brings_the_end_of_its_log() -> None:
    api = Trials(hook("a"), hook("b"), hook("c"))
    api.put(f"{PODS}/b", {"metadata": {"name": "b"}})
    api.logs["b"] = "asked /health\n404 not found\n"

    async def helm(*_: Any) -> Mapping[str, Any]:
        api.store(hook("a", "Succeeded"), hook("b", "Failed"), hook("c"))
        raise HelmFailure("HelmReleaseError", "pod b failed")

    tested = await run_tests(api.cluster(), PLACE, 1, helm)
    assert [(one.name, one.passed) for one in tested] == [("a", True), ("b", False)]
    assert tested[1].message == "pod b failed"
    assert tested[1].log == ("asked /health", "404 not found")


async def failing(api: Api) -> Trial:
    async def helm(*_: Any) -> Mapping[str, Any]:
        raise HelmFailure("HelmReleaseError", "exceeded quota: tight")

    [tested] = await run_tests(api.cluster(), PLACE, 1, helm)
    return tested


@pytest.mark.parametrize("kind", ["Pod", "Job"])
async def test_one_that_could_not_be_made_did_not_run(kind: str) -> None:
    tested = await failing(Trials(hook("a", kind=kind)))
    assert (tested.passed, tested.ran, tested.message) == (False, False, "exceeded quota: tight")


@pytest.mark.parametrize("more", [{"delete_policies": ["hook-failed"]}, {"kind": "ConfigMap"}])
async def test_a_failure_whose_object_is_gone_or_unknown_is_one_all_the_same(more: dict[str, Any]) -> None:
    tested = await failing(Trials({**hook("a", "Failed"), **more}))
    assert (tested.passed, tested.ran, tested.log) == (False, True, ())
