"""How many replicas a workload starts with: the user's word, the autoscaler's last, else the manifest's."""

from types import SimpleNamespace

import pytest

from flaskship.engines.local.spec import Autoscaler
from flaskship.engines.local.state import Intent
from flaskship.engines.local.supervisor.environment import EnvironmentRuntime
from flaskship.engines.local.supervisor.supervisor import STEERED, WITHOUT_LOCK
from flaskship.rollout.autoscaling import Rules

SCALER = Autoscaler("web", "web", Rules(least=2, most=5, metrics=()))


def desired(replicas: int, last: int | None = None, scale: int | None = None, scalers=(SCALER,)) -> int:
    scaled = {} if scale is None else {"web": scale}
    state = SimpleNamespace(autoscaled=lambda _: {} if last is None else {"web": last})
    intent = Intent("dev", "dev-apps", "my-app-dev", 1, True, scaled, {})
    runtime = EnvironmentRuntime(SimpleNamespace(state=state), None, None, intent)
    generation = SimpleNamespace(spec=SimpleNamespace(autoscalers=scalers))
    return runtime._desired(SimpleNamespace(name="web", replicas=replicas), generation)


@pytest.mark.parametrize(("replicas", "first"), [(1, 2), (2, 2), (4, 4), (9, 5)])
def test_the_first_count_beside_an_autoscaler_is_the_workloads_own_within_its_bounds(replicas, first):
    assert desired(replicas) == first


@pytest.mark.parametrize(("last", "kept"), [(3, 3), (1, 2), (9, 5)])
def test_what_the_autoscaler_said_last_counts_more_than_the_manifest(last, kept):
    assert desired(4, last) == kept


def test_a_users_word_counts_most_and_without_an_autoscaler_the_manifest():
    assert desired(4, 3, scale=7) == 7
    assert desired(4, scalers=()) == 4
    assert desired(0) == 0


def test_every_action_has_a_word_for_its_event():
    assert set(WITHOUT_LOCK) < set(STEERED)
    assert {"Restarted", "Scaled", "Paused", "Resumed"} == set(STEERED.values())
