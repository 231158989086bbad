"""Shipping step by step, with a double where programs are started."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from flaskship.containers.record import read_pushed, record_file, remember
from flaskship.containers.ship import Dock, ImageShipmentError, find_builder, ship
from flaskship.containers.shipment import Loading, Pushed, Pushing, Shipment, Shipped
from flaskship.containers.targets import NodeFacts
from flaskship.engines.local.images.context import source_digest
from flaskship.engines.local.images.process import Job, Outcome
from flaskship.model.errors import FlaskshipError, PreflightError

DIGEST = "sha256:" + "a" * 64


@dataclass
class Machine:
    """Programs that are installed, what they answer, and what was run."""

    installed: tuple[str, ...] = ("buildah", "ctr")
    fails: dict[str, tuple[str, ...]] = field(default_factory=dict)
    says: dict[str, tuple[str, ...]] = field(default_factory=dict)
    during: Callable[[Job], None] = lambda _: None
    ran: list[tuple[str, ...]] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    async def __call__(self, job: Job, heard: Callable[[str], None]) -> Outcome:
        if job.argv[0] not in self.installed:
            raise FileNotFoundError(job.argv[0])
        self.ran.append(job.argv)
        self.during(job)
        if "--digestfile" in job.argv:
            Path(job.argv[job.argv.index("--digestfile") + 1]).write_text(DIGEST)
        line = " ".join(job.argv)
        for part, lines in self.fails.items():
            if part in line:
                return Outcome(125, lines)
        lines = next((lines for part, lines in self.says.items() if part in line), ())
        for one in lines:
            heard(one)
        return Outcome(0, lines)

    async def nodes(self, context: str) -> tuple[NodeFacts, ...]:
        self.asked.append(context)
        return (NodeFacts(runtime="containerd://2.1"),)

    @property
    def dock(self) -> Dock:
        return Dock(self, self.nodes, lambda: 12.5, self.heard.append, {"PATH": "/usr/bin"})


@pytest.fixture
def context(tmp_path: Path) -> Path:
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "Dockerfile").write_text("FROM scratch\n")
    (folder / "app.py").write_text("1\n")
    return folder


def shipment(context: Path, destination: Loading | Pushing, *tags: str) -> Shipment:
    return Shipment(context.parent, "team/app", context, tags or ("1.0",), destination)


def shipped(machine: Machine, one: Shipment) -> Shipped:
    return asyncio.run(ship(one, machine.dock))


def test_a_push_records_the_digest_that_the_registry_confirmed(context: Path) -> None:
    machine = Machine()
    found = shipped(machine, shipment(context, Pushing("127.0.0.1:5000/app", stamped=True)))
    source = source_digest(context)
    tag = f"1.0-{source[:12]}"
    assert found.pushed == (Pushed("127.0.0.1:5000/app", tag, DIGEST, source, 12.5),)
    assert read_pushed(context.parent) == found.pushed
    assert [argv[1] for argv in machine.ran] == ["info", "build", "push", "pull"]
    assert machine.ran[-1][-1] == f"docker://127.0.0.1:5000/app@{DIGEST}"


def test_a_digest_that_the_registry_does_not_know_is_not_recorded(context: Path) -> None:
    machine = Machine(fails={"buildah pull": ("manifest unknown",)})
    with pytest.raises(ImageShipmentError, match="manifest unknown"):
        shipped(machine, shipment(context, Pushing("127.0.0.1:5000/app")))
    assert read_pushed(context.parent) == ()


def test_a_registry_that_wants_a_login_is_said_so(context: Path) -> None:
    machine = Machine(fails={"push": ("unauthorized: authentication required",)})
    with pytest.raises(ImageShipmentError) as refused:
        shipped(machine, shipment(context, Pushing("r.example.com/app")))
    assert "log the builder in" in str(refused.value.hint)
    assert refused.value.exit_code == 1


def test_a_source_that_changes_under_the_build_is_not_shipped(context: Path) -> None:
    def edit(job: Job) -> None:
        if job.argv[1] == "build":
            (context / "app.py").write_text("2\n")

    machine = Machine(during=edit)
    with pytest.raises(ImageShipmentError, match="changed while"):
        shipped(machine, shipment(context, Pushing("r.example.com/app")))
    assert not any("push" in argv for argv in machine.ran)


def test_a_load_asks_the_node_what_it_is_and_names_the_digest(context: Path) -> None:
    said = f"unpacking docker.io/team/app:1.0 ({DIGEST})...done"
    machine = Machine(says={"images import": (said,)})

    def leave_archive(job: Job) -> None:
        for word in job.argv:
            if word.startswith("docker-archive:"):
                Path(word.split(":")[1]).write_text("archive")

    machine.during = leave_archive
    found = shipped(machine, shipment(context, Loading("prod"), "1.0"))
    assert (found.into, machine.asked) == ("containerd", ["prod"])
    assert found.digests == (f"team/app:1.0@{DIGEST}",)
    assert machine.ran[-1][-2:] == ("docker.io/team/app:1.0", f"docker.io/team/app@{DIGEST}")


def test_a_target_that_is_named_needs_no_cluster(context: Path) -> None:
    machine = Machine(installed=("docker",))
    found = shipped(machine, shipment(context, Loading(None, "docker-desktop"), "1.0", "1.1"))
    assert machine.asked == []
    assert found.names == ("docker.io/team/app:1.0", "docker.io/team/app:1.1")
    assert [argv[1] for argv in machine.ran] == ["info", "build", "tag"]


def test_every_tag_that_an_environment_uses_is_loaded(context: Path) -> None:
    machine = Machine(installed=("docker", "kind"))
    shipped(machine, shipment(context, Loading("kind-dev", "kind"), "1.0", "1.1"))
    loaded = [argv[3] for argv in machine.ran if argv[0] == "kind"]
    assert loaded == ["docker.io/team/app:1.0", "docker.io/team/app:1.1"]


def test_the_first_builder_that_works_is_taken() -> None:
    machine = Machine(
        installed=("docker", "buildah"), fails={"docker info": ("Cannot connect to the daemon",)}
    )
    assert asyncio.run(find_builder(machine.dock, None)) == "buildah"


def test_without_a_builder_each_one_says_why() -> None:
    machine = Machine(installed=("docker",), fails={"docker info": ("Cannot connect to the daemon",)})
    with pytest.raises(PreflightError) as refused:
        asyncio.run(find_builder(machine.dock, None))
    assert refused.value.exit_code == 4
    assert "docker: Cannot connect to the daemon; podman: not installed" in str(refused.value.hint)


def test_a_builder_that_is_wanted_is_not_replaced_by_another() -> None:
    with pytest.raises(PreflightError, match="podman does not work here"):
        asyncio.run(find_builder(Machine().dock, "podman"))


def test_a_tool_of_the_target_that_is_missing_is_named(context: Path) -> None:
    with pytest.raises(PreflightError, match="kind is not installed"):
        shipped(Machine(installed=("docker",)), shipment(context, Loading("kind-x", "kind")))


def test_credentials_in_a_builders_words_are_masked(context: Path) -> None:
    line = "fetching https://ada:hunter2@proxy.example.com/simple"
    machine = Machine(says={"build ": (line,)}, fails={"push": (line,)})
    with pytest.raises(ImageShipmentError) as refused:
        shipped(machine, shipment(context, Pushing("r.example.com/app")))
    told = "\n".join([*machine.heard, str(refused.value), *refused.value.output])
    assert "hunter2" not in told
    assert "https://***@proxy.example.com" in told


def test_the_record_keeps_one_entry_for_each_digest_and_is_its_owners_alone(tmp_path: Path) -> None:
    for at in (1.0, 2.0):
        remember(tmp_path, Pushed("r/app", "1.0", DIGEST, "s", at))
    assert [one.at for one in read_pushed(tmp_path)] == [2.0]
    assert record_file(tmp_path).stat().st_mode & 0o077 == 0


def test_a_record_that_cannot_be_read_is_not_taken_for_an_empty_one(tmp_path: Path) -> None:
    record_file(tmp_path).parent.mkdir()
    record_file(tmp_path).write_text("[{")
    with pytest.raises(FlaskshipError, match=r"pushed\.json"):
        read_pushed(tmp_path)
