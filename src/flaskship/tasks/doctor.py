"""Doctor: what this machine has, what it lacks, and what to do about it."""

from collections.abc import Iterable, Mapping

from flaskship.model.project import Environment, Project
from flaskship.model.release import Document
from flaskship.tasks.floors import check_floors
from flaskship.tasks.machine import Asked, Check, Health, Interpreter, Machine, Port
from flaskship.tasks.prepare import Wish, draft
from flaskship.tasks.surroundings import LOCAL, check_surroundings
from flaskship.tasks.world import World

OLDEST_PYTHON = (3, 11)
LITTLE_DISK, MUCH_DISK = 500 << 20, 2 << 30


async def doctor(
    world: World, project: Project, environments: Iterable[Environment], *, meant: bool = False
) -> tuple[Check, ...]:
    """Ask this machine and the clusters what the environments need, and judge the answers.

    meant: somebody named the environment, so that its cluster has to have everything.
    """
    chosen = tuple(environments)
    here = [one for one in chosen if one.engine == LOCAL or not meant]
    machine = await world.inspect(project, wanted_ports(world, project, here))
    around = await check_surroundings(world, project, chosen, meant=meant)
    return (*examine(machine), *check_floors(await world.meet(chosen)), *around)


def wanted_ports(world: World, project: Project, environments: Iterable[Environment]) -> tuple[Port, ...]:
    """Return each NodePort that an environment's manifests ask for."""
    return tuple(
        Port(number, environment.name, service)
        for environment in environments
        for number, service in node_ports(
            draft(world, project, environment, Wish(), 1, is_upgrade=False).rendered.documents
        ).items()
    )


def examine(machine: Machine) -> tuple[Check, ...]:
    """Judge everything that was gathered about a machine."""
    return (
        check_python(machine.python),
        check_answer("helm", machine.helm, "install Flaskship again: its Helm library does not load"),
        check_answer("uv", machine.uv, "install Flaskship again: its installer uv is missing"),
        check_disk(machine.free_disk),
        *(check_port(port) for port in machine.ports),
        check_containment(machine.contained, machine.uncontained),
        *(check_interpreter(asked) for asked in machine.interpreters),
    )


def check_python(version: tuple[int, int, int]) -> Check:
    """Python is new enough."""
    text = ".".join(map(str, version))
    if version[:2] < OLDEST_PYTHON:
        return Check("python", Health.FAILED, f"Python {text} is too old", "install Python 3.11 or newer")
    return Check("python", Health.OK, f"Python {text}")


def check_answer(name: str, asked: Asked, advice: str) -> Check:
    """A part that Flaskship brings answers."""
    return (
        Check(name, Health.OK, asked.answer) if asked.ok else Check(name, Health.FAILED, asked.answer, advice)
    )


def check_disk(free: int) -> Check:
    """There is room for images and data."""
    text = f"{free / (1 << 30):.1f} GiB free where .flaskship is"
    if free < LITTLE_DISK:
        return Check("disk", Health.FAILED, text, "free some space: an image takes some hundred MiB")
    if free < MUCH_DISK:
        return Check("disk", Health.WARNING, text, "free some space before it runs out")
    return Check("disk", Health.OK, text)


def check_port(port: Port) -> Check:
    """A port that the values ask for is free, or we hold it."""
    name = f"port {port.number}"
    what = f"{port.environment} wants it for {port.service}"
    if port.holder is None:
        return Check(name, Health.OK, f"free; {what}")
    if port.ours:
        return Check(name, Health.OK, f"held by this project's own {port.holder}; {what}")
    return Check(
        name,
        Health.FAILED,
        f"taken by {port.holder}; {what}",
        "stop that process, or give the Service another nodePort in the values",
    )


def check_containment(contained: tuple[str, ...], uncontained: tuple[str, ...]) -> Check:
    """Limits of the manifests hold here."""
    held = ", ".join(contained) or "nothing"
    if uncontained:
        return Check(
            "limits",
            Health.WARNING,
            f"contained: {held}; not contained: {', '.join(uncontained)}",
            "allow a writable cgroup or a systemd user session to contain the rest",
        )
    return Check("limits", Health.OK, f"contained: {held}")


def check_interpreter(asked: Interpreter) -> Check:
    """The Python that an image asks for is installed."""
    name = f"image {asked.repository}"
    if asked.problem is not None:
        return Check(name, Health.FAILED, asked.problem, "repair its Dockerfile")
    if asked.stands_in:
        return Check(
            name,
            Health.WARNING,
            f"its Dockerfile asks for Python {asked.asked}; {asked.version} stands in",
            f"install Python {asked.asked} to run exactly what a cluster runs",
        )
    return Check(name, Health.OK, f"Python {asked.version}")


def exit_code(checks: Iterable[Check]) -> int:
    """Return 4 where something is missing, else 0."""
    return 4 if any(check.result is Health.FAILED for check in checks) else 0


def node_ports(documents: Iterable[Document]) -> Mapping[int, str]:
    """Return each NodePort that the manifests ask for, with the Service that does."""
    found: dict[int, str] = {}
    for document in documents:
        spec = document.get("spec") or {}
        if document.get("kind") == "Service" and spec.get("type") in ("NodePort", "LoadBalancer"):
            for port in spec.get("ports") or ():
                if port.get("nodePort"):
                    found[int(port["nodePort"])] = str((document.get("metadata") or {}).get("name", "?"))
    return found
