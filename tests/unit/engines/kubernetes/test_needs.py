"""What doctor tells of a cluster: here whether a deploy could ask about its pods."""

import pytest
from tests.unit.engines.kubernetes.api import PLACE, Api

from flaskship.engines.kubernetes.needs import needs_of


@pytest.mark.parametrize(
    ("denied", "met", "said"),
    [(set(), True, "in a dry run first"), ({("create", "pods")}, False, "not checked")],
)
async def test_whether_pods_can_be_tried_before_a_deploy_is_told_and_stops_nothing(
    denied: set[tuple[str, str]], met: bool, said: str
) -> None:
    api = Api()
    api.denied = denied
    needs = {one.name: one for one in await needs_of(api.cluster(), PLACE, ())}
    assert (needs["pods"].met, needs["pods"].needed) == (met, False)
    assert said in needs["pods"].message


async def test_a_kind_that_only_a_hook_has_is_told_as_missing() -> None:
    hook = {"apiVersion": "k6.io/v1", "kind": "TestRun", "metadata": {"name": "asks"}}
    needs = {one.name: one for one in await needs_of(Api().cluster(), PLACE, (), (hook,))}
    assert (needs["TestRun"].met, needs["TestRun"].needed) == (False, True)
