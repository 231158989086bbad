"""How a change is judged and delivered, read from the files that do it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from flaskship.model.errors import ConfigurationError
from flaskship.model.project import Environment, Project

SHOWN = 9
# Keys of a matrix that are no dimension of it.
_EXTRA = {"include", "exclude"}
_WRITERS = {"cli": "the command line", "terraform": "Terraform", "argocd": "Argo CD"}
_DELIVERS = re.compile(r"(^|[-_])(cd|deploy|promote|release|rollback)($|[-_])")
_HELP = re.compile(r"^(?P<target>[a-z][\w-]*):(?P<needs>[^#\n]*)(?:## (?P<help>.*))?$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Step:
    """A box: its name, what it says, and the steps of its lane that come before."""

    name: str
    lines: tuple[str, ...]
    after: tuple[str, ...] = ()
    colour: str = "delivery"


@dataclass(frozen=True, slots=True)
class Lane:
    """A row of steps that one thing sets off; entered from the last step of the lane above, or by itself."""

    name: str
    lines: tuple[str, ...]
    steps: tuple[Step, ...]
    entered: str = ""


@dataclass(frozen=True, slots=True)
class Flow:
    """A picture's worth of lanes."""

    name: str
    title: str
    remark: str
    lanes: tuple[Lane, ...]


def ci_flow(root: Path) -> Flow:
    """Return what a change has to pass: the workflows that judge, or .ci/run where there are none."""
    lanes = [_workflow(file) for file in _workflows(root) if not _DELIVERS.search(file.stem)]
    remark = "Drawn from .github/workflows."
    if not lanes:
        lanes, remark = [_script(root)], "Drawn from .ci/run and the Makefile."
    return Flow("ci-flow", "CI: what every change has to pass", remark, tuple(lanes))


def cd_flow(root: Path, project: Project, commands: Mapping[str, str]) -> Flow:
    """Return how a change gets to each environment, by the project's own file and the commands' own words."""
    lanes = [_environment(project, one, commands, root) for one in project.environments]
    lanes += [_workflow(file) for file in _workflows(root) if _DELIVERS.search(file.stem)]
    remark = "Drawn from flaskship.yaml and what the commands say of themselves."
    return Flow("cd-flow", "CD: from a change to production", remark, tuple(lanes))


def _environment(project: Project, environment: Environment, commands: Mapping[str, str], root: Path) -> Lane:
    name = environment.name
    by_argo = environment.writer == "argocd"
    before = environment.promotes_from
    steps: list[tuple[str, str, str]] = []
    if before is None:
        steps.append(("flaskship build", commands["build"], "compute"))
    else:
        words = commands["promote"].replace("FROM", before).replace("TO", name)
        steps.append((f"flaskship promote {before} {name}", words, "delivery"))
    if by_argo:
        steps.append(
            ("A commit of one file", f"values-{name}.yaml, with what was proven in its message", "network")
        )
        file = root / "argocd" / "applications" / f"my-app-{name}.yaml"
        kept = f" ({file.relative_to(root)})" if file.is_file() else ""
        steps.append(("Argo CD", f"applies exactly this commit and says when it is healthy{kept}", "network"))
    elif before is None:
        words = commands["deploy"].replace("ENV", name)
        steps.append((f"flaskship deploy {name}", words, "delivery"))
    steps.append((f"flaskship verify {name}", commands["verify"].replace("ENV", name), "watch"))
    leaves = [other for other in project.environments if other.promotes_from == name]
    if leaves and environment.engine == "local":
        words = "A registry gets the same source as an image; promotion takes its digest."
        steps.append(("flaskship build --push", words, "compute"))
    return Lane(
        name,
        (
            f"namespace {environment.namespace}",
            f"release {environment.release}",
            "on this machine" if environment.engine == "local" else "on Kubernetes",
            f"written by {_WRITERS[environment.writer]}",
        ),
        _chain(steps),
        entered=f"proven in {before}" if before else "",
    )


def _chain(steps: Sequence[tuple[str, str, str]]) -> tuple[Step, ...]:
    names = [name for name, _, _ in steps]
    return tuple(
        Step(name, (words,), tuple(names[index - 1 : index]) if index else (), colour)
        for index, (name, words, colour) in enumerate(steps)
    )


def _script(root: Path) -> Lane:
    """What .ci/run calls of the Makefile, in order, each in the Makefile's own words."""
    for name in ("Makefile", ".ci/run"):
        if not (root / name).is_file():
            raise ConfigurationError(
                f"{root} has neither workflows nor {name} to draw CI from",
                hint="add .github/workflows, or .ci/run and a Makefile",
            )
    said = {one["target"]: one for one in _HELP.finditer((root / "Makefile").read_text())}
    called = re.findall(
        r"^(?!\s*(?:#|echo\b)).*?\bmake ([a-z-]+)\s*$", (root / ".ci/run").read_text(), re.MULTILINE
    )
    steps = []
    for target in dict.fromkeys(called):
        if target not in said:
            raise ConfigurationError(f".ci/run calls make {target}, which the Makefile does not have")
        needs = [
            need for need in said[target]["needs"].split() if said.get(need) and not need.startswith("boot")
        ]
        words = [*(f"{need}: {said[need]['help']}" for need in needs), str(said[target]["help"])]
        steps.append((f"make {target}", words))
    names = [name for name, _ in steps]
    return Lane(
        ".ci/run",
        ("every change, before it lands",),
        tuple(
            Step(name, tuple(words), (names[index - 1],) if index else ())
            for index, (name, words) in enumerate(steps)
        ),
    )


def _workflows(root: Path) -> list[Path]:
    folder = root / ".github" / "workflows"
    return sorted((*folder.glob("*.yml"), *folder.glob("*.yaml")))


def _workflow(file: Path) -> Lane:
    try:
        told = yaml.safe_load(file.read_text())
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{file} is no YAML: {error}") from error
    jobs = told.get("jobs") if isinstance(told, dict) else None
    if not isinstance(jobs, dict) or not jobs:
        raise ConfigurationError(f"{file} has no jobs, so it is no workflow")
    # YAML 1.1 reads the key `on` as true.
    triggers = told.get("on", told.get(True))
    names = {key: _title(key, job) for key, job in jobs.items()}
    if len(set(names.values())) < len(names):
        names = {key: key for key in jobs}
    steps = []
    for key, job in jobs.items():
        needs = job.get("needs") or ()
        needs = [needs] if isinstance(needs, str) else needs
        steps.append(Step(names[key], _steps_of(job), tuple(names[need] for need in needs if need in names)))
    return Lane(str(told.get("name") or file.stem), (file.name, *_triggers(triggers)), tuple(steps))


def _title(key: str, job: Mapping[str, Any]) -> str:
    name = str(job.get("name") or key)
    return key if "${{" in name else name


def _steps_of(job: Mapping[str, Any]) -> tuple[str, ...]:
    if "uses" in job:
        return (f"calls {str(job['uses']).split('@')[0]}",)
    matrix = (job.get("strategy") or {}).get("matrix") or {}
    said = [
        f"for {key} {', '.join(map(str, some)) if isinstance(some, list) else some}"
        for key, some in matrix.items()
        if key not in _EXTRA
    ]
    # What only brings the code and the tools is in every job, and tells none from another.
    said += [words for step in job.get("steps") or () if (words := _words_of(step))]
    more = len(said) - SHOWN
    return (*said[:SHOWN], f"and {more} more") if more > 0 else tuple(said)


def _words_of(step: Mapping[str, Any]) -> str:
    if "failure()" in str(step.get("if", "")):
        return ""
    run = [line.strip() for line in str(step.get("run", "")).splitlines() if line.strip()]
    if not step.get("name"):
        return run[0] if run else ""
    called = re.search(r"\bmake [a-z-]+", run[-1]) if run else None
    return f"{step['name']}: {called[0]}" if called else str(step["name"])


def _triggers(triggers: Any) -> Iterable[str]:
    if isinstance(triggers, str):
        return [triggers]
    if isinstance(triggers, list):
        return [str(one) for one in triggers]
    said = []
    for name, more in (triggers or {}).items():
        branches = (more or {}).get("branches") if isinstance(more, dict) else None
        said.append(f"{name}: {', '.join(map(str, branches))}" if branches else str(name))
    return said
