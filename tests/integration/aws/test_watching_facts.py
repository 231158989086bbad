"""Facts of what watches an environment, asked of the API: what is missing or wrong is told."""

from collections.abc import Iterator
from typing import Any

import pytest

from flaskship.aws.doubles.call import ACCOUNT
from flaskship.aws.rehearsal.api import client
from flaskship.aws.rehearsal.children import api_server
from flaskship.aws.rehearsal.watching_facts import PROBES, _budget, _certificate, _traces

pytest.importorskip("moto", reason="not tested here: moto is not installed")

NAME = "my-app-dev"


@pytest.fixture
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with api_server(tmp_path_factory.mktemp("facts")) as port:
        yield port


def budget(port: int, tag: str, kinds: tuple[str, ...]) -> None:
    told = [
        {
            "Notification": {
                "NotificationType": kind,
                "ComparisonOperator": "GREATER_THAN",
                "Threshold": 80,
                "ThresholdType": "PERCENTAGE",
            },
            "Subscribers": [{"SubscriptionType": "EMAIL", "Address": "team@example.com"}],
        }
        for kind in kinds
    ]
    client(port, "budgets").create_budget(
        AccountId=ACCOUNT,
        Budget={
            "BudgetName": NAME,
            "BudgetLimit": {"Amount": "100", "Unit": "USD"},
            "CostFilters": {"TagKeyValue": [tag]},
            "TimeUnit": "MONTHLY",
            "BudgetType": "COST",
        },
        NotificationsWithSubscribers=told,
    )


@pytest.mark.parametrize(
    ("tag", "kinds", "holds"),
    [
        ("user:Environment$dev", ("ACTUAL", "FORECASTED"), True),
        ("user:Environment$dev", ("ACTUAL",), False),
        # The dollar that a template takes away: no cost has such a tag.
        ("user:Environment${var.environment}", ("ACTUAL", "FORECASTED"), False),
    ],
)
def test_a_budget(port: int, tag: str, kinds: tuple[str, ...], holds: bool) -> None:
    budget(port, tag, kinds)
    assert _budget(port, NAME, "dev").holds is holds


def rule(path: str, rate: float, priority: int, reservoir: int = 0) -> dict[str, Any]:
    anything = dict.fromkeys(("ServiceName", "ServiceType", "Host", "HTTPMethod", "ResourceARN"), "*")
    return anything | {
        "RuleName": f"rule{priority}",
        "URLPath": path,
        "FixedRate": rate,
        "Priority": priority,
        "ReservoirSize": reservoir,
        "Version": 1,
    }


def traced(
    port: int, probes: float = 0, others: float = 0.1, priority: int = 100, begins: str = ""
) -> list[bool]:
    xray = client(port, "xray")
    for index, path in enumerate(sorted(PROBES)):
        xray.create_sampling_rule(SamplingRule=rule(path, probes, 10 + index))
    xray.create_sampling_rule(SamplingRule=rule("*", others, priority, 1))
    namespace = f'annotation[aws.local.environment] = "eks:{begins or NAME}/{NAME}"'
    xray.create_group(GroupName=f"{NAME}-slow-or-failed", FilterExpression=f"{namespace} AND (fault = true)")
    return [fact.holds for fact in _traces(port, NAME)]


@pytest.mark.parametrize(
    ("given", "holds"),
    [
        ({}, [True, True]),
        ({"probes": 1}, [False, True]),
        # Asked before the probes' own rules: they are traced as all others.
        ({"priority": 1}, [False, True]),
        ({"others": 0}, [False, True]),
        ({"begins": "another"}, [True, False]),
    ],
)
def test_traces(port: int, given: dict[str, Any], holds: list[bool]) -> None:
    assert traced(port, **given) == holds


def test_a_certificate_is_wanted_in_prod(port: int) -> None:
    assert not _certificate(port, "prod").holds
    assert _certificate(port, "dev").holds
