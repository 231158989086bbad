import pytest

from flaskship.engines.local.processes.listeners import Listener
from flaskship.engines.local.supervisor.port_guard import judge_listeners

HERE = "127.20.1.1"


def listener(address: str, port: int) -> Listener:
    return Listener(address, port, 7)


@pytest.mark.parametrize(
    ("found", "ports", "settled"),
    [
        ([], {5000: 5000}, False),
        ([listener(HERE, 5000)], {5000: 5000}, True),
        ([listener(HERE, 5001)], {5000: 5001}, True),
        ([listener(HERE, 5000), listener("127.0.0.1", 9999)], {5000: 5000}, True),
        ([listener(HERE, 5000)], {5000: 5000, 8080: 8080}, False),
        ([], {}, True),
    ],
)
def test_what_is_as_it_should_be_is_no_problem(found, ports, settled):
    assert judge_listeners(found, HERE, ports) == (None, settled)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ([listener("127.0.0.1", 5000)], "127.0.0.1:5000"),
        ([listener(HERE, 8000)], f"{HERE}:8000"),
        ([listener("0.0.0.0", 5000)], "others can reach"),
        ([listener("::", 5000)], "others can reach"),
        ([listener(HERE, 5000), listener("0.0.0.0", 9000)], "0.0.0.0:9000"),
    ],
)
def test_another_or_a_public_place_is_told(found, words):
    problem, settled = judge_listeners(found, HERE, {5000: 5000})
    assert problem is not None
    assert problem.code == "PortNotHonoured"
    assert words in problem.message
    assert not settled
