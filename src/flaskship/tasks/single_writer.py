"""One writer for each environment: who that is by flaskship.yaml and by the objects, and who is refused."""

import re
from collections.abc import Iterable, Mapping

from flaskship.engines.base import Engine
from flaskship.model.errors import ConfigurationError, TwoWritersError
from flaskship.model.frozen import dataclass
from flaskship.model.project import Environment, Project, Writer
from flaskship.model.release import Document
from flaskship.tasks.prepare import Wish, draft
from flaskship.tasks.world import World

STAMP = "flaskship.dev/writer"
TRACKING = "argocd.argoproj.io/tracking-id"
INSTANCE = "argocd.argoproj.io/instance"
NAMES: Mapping[Writer, str] = {"cli": "flaskship or helm", "terraform": "Terraform", "argocd": "Argo CD"}
WRITERS: tuple[Writer, ...] = ("cli", "terraform", "argocd")
LOCAL = "local"
OF_ARGO_CD = ("argocd-controller", "argocd-application-controller")
# The provider kubernetes applies manifests, labels and single fields as Terraform, and writes everything else
# under the first word of its user agent, HashiCorp. The provider helm is Helm in a program with another
# name, and Helm's manager is the program's: terraform-provider-helm_v3.1.1_x5.
OF_TERRAFORM = re.compile(
    r"[Tt]erraform|HashiCorp|terraform-provider-(?:helm|kubernetes)(?:_v\d[\w.+-]*)?(?:\.exe)?"
)


@dataclass(frozen=True, slots=True)
class Claim:
    """An object that says whose it is, and the mark by which it does."""

    writer: Writer
    object: str
    mark: str

    def __str__(self) -> str:
        return f"{self.object} carries {self.mark}"


@dataclass(frozen=True, slots=True)
class Conflict:
    """Why the command line may not write, and what to do instead."""

    message: str
    hint: str


def claims(documents: Iterable[Document]) -> tuple[Claim, ...]:
    """Return what the objects say: Argo CD's mark counts first, then a stamp not ours, then fields."""
    found = (_claim(document) for document in documents)
    return tuple(claim for claim in found if claim is not None)


def conflict(environment: Environment, claimed: Iterable[Claim], *, ends: bool = False) -> Conflict | None:
    """Return what keeps the command line from writing to an environment: a pure decision.

    ends: what is to be written is that nothing runs any more.
    """
    instead = _ending if ends else _instead
    marks = tuple(claimed)
    other = next((claim for claim in marks if claim.writer != "cli"), None)
    declared = environment.writer
    if other is None and declared == "cli":
        return None
    if other is None:
        ours = f", while {marks[0]}" if marks else ""
        message = f"flaskship.yaml gives {environment.name} to {NAMES[declared]}{ours}"
        return Conflict(message, _out_of_two_minds(environment) if marks else instead(environment, declared))
    message = f"{environment.name} is written by {NAMES[other.writer]}: {other}"
    if declared != other.writer:
        message += f"; flaskship.yaml says {NAMES[declared]} (writer: {declared})"
    return Conflict(message, instead(environment, other.writer))


async def guard(
    world: World,
    project: Project,
    environment: Environment,
    engine: Engine,
    take_over: str | None = None,
    drawn: tuple[Document, ...] | None = None,
    *,
    ends: bool = False,
) -> None:
    """Raise TwoWritersError, with nothing changed, where an environment of a cluster has another writer.

    A machine's own run has no second writer. A reason to take over lets the command through.
    drawn: the environment's objects by its files, where somebody has rendered them. ends: for a command
    that stops all of it.
    """
    if engine.name == LOCAL:
        if take_over is not None:
            raise ConfigurationError(
                f"--take-over: {environment.name} on this machine has no other writer",
                hint="leave it out, or say --engine kubernetes",
            )
        return
    objects = drawn or await objects_of(world, project, environment, engine)
    live = await engine.live(environment.name, objects)
    found = conflict(environment, claims(live), ends=ends)
    if found is not None and take_over is None:
        raise TwoWritersError(found.message, hint=found.hint)


async def objects_of(
    world: World, project: Project, environment: Environment, engine: Engine
) -> tuple[Document, ...]:
    """Return the objects that an environment has by its files; by its newest release where those fail."""
    try:
        return draft(world, project, environment, Wish(), 1, is_upgrade=True).rendered.documents
    except ConfigurationError:
        history = await engine.history(environment.name)
        if not history:
            raise
        return (await engine.recall(environment.name, history[-1].number)).documents


def rendered_objects(world: World, project: Project, environment: Environment) -> tuple[Document, ...] | None:
    """Return the objects that an environment has by its files; None where those fail."""
    try:
        return draft(world, project, environment, Wish(), 1, is_upgrade=True).rendered.documents
    except ConfigurationError:
        return None


def _claim(document: Document) -> Claim | None:
    metadata = document.get("metadata") or {}
    shown = f"{document.get('kind')}/{metadata.get('name')}"
    annotations, labels = metadata.get("annotations") or {}, metadata.get("labels") or {}
    for key, marks in ((TRACKING, annotations), (INSTANCE, labels), (INSTANCE, annotations)):
        if key in marks:
            return Claim("argocd", shown, f"{key}: {marks[key]}")
    stamped = next((writer for writer in WRITERS if writer == annotations.get(STAMP)), None)
    if stamped in (None, "cli"):
        # The stamp tells who rendered the object; somebody else may have set fields of it since.
        for entry in metadata.get("managedFields") or ():
            manager = str(entry.get("manager"))
            if (owner := owner_of(manager)) is not None:
                return Claim(owner, shown, f"fields of the field manager {manager}")
    return Claim(stamped, shown, f"{STAMP}: {stamped}") if stamped else None


def owner_of(manager: str) -> Writer | None:
    """Return the writer that sets fields under a manager's name; None where that is nobody who deploys."""
    if manager in OF_ARGO_CD:
        return "argocd"
    return "terraform" if OF_TERRAFORM.fullmatch(manager) else None


def _out_of_two_minds(environment: Environment) -> str:
    """Return the two ways to one writer where flaskship.yaml names another one than the objects do."""
    name, declared = environment.name, environment.writer
    back = f"if flaskship or helm is to go on: say writer: cli for {name} in flaskship.yaml"
    if declared == "argocd":
        over = "let it sync them once, and its own mark counts (argocd app sync APPLICATION)"
    else:
        over = f"let it apply once, which stamps them: {_apply(name)}"
    return (
        f"if {NAMES[declared]} is to take over: {over}; {back}; "
        "or write for once all the same: --take-over REASON"
    )


def _apply(name: str) -> str:
    return f"terraform -chdir=infra/terraform apply -var-file=environments/{name}.tfvars"


def _instead(environment: Environment, owner: Writer) -> str:
    """Return the command that this owner obeys, and how to change the owner."""
    name, origin = environment.name, environment.promotes_from
    if owner == "argocd":
        ways = [environment.named.command("promote", origin, name)] if origin else []
        ways.append(environment.command("rollback"))
        instead = (
            f"change it in Git, which Argo CD follows: commit values-{name}.yaml, or {' or '.join(ways)}"
        )
        if environment.writer != owner:
            # Without that the two commands are refused as this one is.
            instead = f"first say writer: argocd for {name} in flaskship.yaml; then {instead}"
    elif owner == "terraform":
        instead = _apply(name)
    else:
        instead = f"say writer: cli for {name} in flaskship.yaml"
    return f"{instead}; or take it over for once: --take-over REASON"


def _ending(environment: Environment, owner: Writer) -> str:
    """Return the command with which this owner ends an environment, and how to do it all the same."""
    name = environment.name
    if owner == "argocd":
        instead = "let Argo CD end it, or it comes back: argocd app delete APPLICATION"
    elif owner == "terraform":
        instead = f"terraform -chdir=infra/terraform destroy -var-file=environments/{name}.tfvars"
    else:
        instead = f"say writer: cli for {name} in flaskship.yaml"
    return f"{instead}; or end it all the same: --take-over REASON"
