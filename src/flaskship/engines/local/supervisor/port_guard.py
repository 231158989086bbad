"""Whether a container listens where it was told to, and nowhere that others could reach."""

from collections.abc import Awaitable, Callable, Iterable, Mapping

from flaskship.engines.local.processes.listeners import Listener
from flaskship.engines.local.processes.watchdog import descendants
from flaskship.model.snapshot import Problem

LOOK_SECONDS = 0.5
LOOKS = 60
PATIENT_LOOKS = 4


async def watch_ports(
    pid: int,
    address: str,
    ports: Mapping[int, int],
    sleep: Callable[[float], Awaitable[None]],
    listeners: Callable[[Iterable[int]], tuple[Listener, ...]],
) -> Problem | None:
    """Look until the declared ports are listened on; return a problem for any other or public place."""
    elsewhere = 0
    for _ in range(LOOKS):
        await sleep(LOOK_SECONDS)
        found = listeners(descendants((pid,)))
        problem, settled = judge_listeners(found, address, ports)
        # A server may open a control port before its own: only what stays elsewhere is a problem.
        elsewhere += problem is not None
        if problem is not None and (elsewhere >= PATIENT_LOOKS or any(not one.loopback for one in found)):
            return problem
        if settled:
            return None
    return None


def judge_listeners(
    found: Iterable[Listener], address: str, ports: Mapping[int, int]
) -> tuple[Problem | None, bool]:
    """Return a problem, if there is one, and whether every declared port is listened on."""
    found = tuple(found)
    public = [one for one in found if not one.loopback]
    wanted = {(address, port) for port in ports.values()}
    here = {(one.address, one.port) for one in found}
    if public:
        return _problem(
            f"listens on {public[0].address}:{public[0].port}, which others can reach", address
        ), False
    if not ports or wanted <= here:
        return None, True
    if found and not wanted & here:
        # Each process of a server that forks holds the same socket.
        places = ", ".join(dict.fromkeys(f"{one.address}:{one.port}" for one in found))
        return _problem(f"listens on {places}", address), False
    return None, False


def _problem(what: str, address: str) -> Problem:
    return Problem(
        "PortNotHonoured",
        f"it {what} instead of {address}",
        field="command",
    )
