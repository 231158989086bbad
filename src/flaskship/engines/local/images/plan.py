"""What an image will be: its files, its packages, its interpreter, and what is done otherwise."""

import re
from dataclasses import dataclass
from pathlib import Path

from flaskship.engines.local.images.commands import Install, Reading, read_run
from flaskship.engines.local.images.context import Context, digest_of, locate_dockerfile, read_context
from flaskship.engines.local.images.dockerfile import Copy, Dockerfile, MakeFolder, Run, Stage, absolute
from flaskship.engines.local.images.errors import DockerfileInvalidError, ImageUnreadableError
from flaskship.engines.local.images.image import Note, Treatment
from flaskship.engines.local.images.masking import mask
from flaskship.engines.local.images.parse import parse_dockerfile
from flaskship.engines.local.images.requirements import Installation, LeftOut, is_hashed, resolve_installs
from flaskship.engines.local.images.tree import Tree, copy_target, match_sources
from flaskship.model.location import Location

_PYTHON_TAG = re.compile(r"(?:^|/)python:(\d+(?:\.\d+)?)|python(\d+\.\d+)")
_TOOL_IMAGES = re.compile(r"(?:^|/)uv(?::|@|$)")


@dataclass(frozen=True, slots=True)
class Layout:
    """The files of the image: which file of the context lies where, and with which mode."""

    files: tuple[tuple[str, str], ...]
    folders: tuple[str, ...]
    modes: tuple[tuple[str, str], ...]
    venvs: tuple[str, ...]
    sites: tuple[str, ...]
    roots: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ImagePlan:
    """All that decides an image, before anything is made."""

    context: Context
    dockerfile: Dockerfile
    source_digest: str
    python: str | None
    python_line: int
    installations: tuple[Installation, ...]
    layout: Layout
    notes: tuple[Note, ...]


def plan_image(context: Path, dockerfile: Path | None = None) -> ImagePlan:
    """Read a context and decide how this machine makes its image; raises ImageBuildError."""
    listed = read_context(context, locate_dockerfile(context, dockerfile))
    return plan_listed(listed, read_dockerfile(listed.dockerfile), digest_of(listed))


def read_dockerfile(path: Path) -> Dockerfile:
    """Parse the Dockerfile at a path."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ImageUnreadableError(f"cannot be read: {error}", location=Location(path)) from None
    return parse_dockerfile(text, path)


def plan_listed(context: Context, dockerfile: Dockerfile, digest: str) -> ImagePlan:
    """The plan of a context that is already listed, parsed and hashed."""
    return _Planner(context, dockerfile).plan(digest)


def wanted_python(dockerfile: Dockerfile) -> tuple[str | None, int]:
    """The interpreter (X.Y or X) that the image's base names, and the line that says so."""
    chain = dockerfile.lineage(dockerfile.final)
    for stage in (chain[0], *reversed(dockerfile.stages)):
        match = _PYTHON_TAG.search(stage.base)
        if match is not None:
            return match[1] or match[2], stage.line
    return None, dockerfile.final.line


class _Planner:
    """Follows the stages in order; a stage is read even when the image does not need it."""

    def __init__(self, context: Context, dockerfile: Dockerfile) -> None:
        self._context = context
        self._dockerfile = dockerfile
        self._paths = [file.path for file in context.files]
        self._trees: list[Tree] = []
        self._installs: list[list[tuple[Install, Tree]]] = []
        self._notes: list[list[Note]] = []
        self._foreign: list[list[tuple[int, str]]] = []

    def plan(self, digest: str) -> ImagePlan:
        for stage in self._dockerfile.stages:
            self._follow(stage)
        final = self._dockerfile.final
        needed = self._needed(final)
        for index in needed:
            for line, command in self._foreign[index]:
                raise DockerfileInvalidError(
                    f"`{mask(command)}` cannot be followed on this machine",
                    location=Location(self._dockerfile.path, line),
                    hint="export a requirements.txt with hashes and install it with pip, or lock with uv",
                )
        tree = self._trees[final.index]
        installs = [pair for index in needed for pair in self._installs[index]]
        installations, notes = resolve_installs(installs, self._context, self._dockerfile.path)
        if not installations:
            installations, assumed = self._assumed(tree)
            notes = [*notes, *assumed]
        python, line = wanted_python(self._dockerfile)
        return ImagePlan(
            self._context,
            self._dockerfile,
            digest,
            python,
            line,
            installations,
            Layout(
                tuple(sorted(tree.files.items())),
                tuple(sorted(tree.folders)),
                tuple(sorted(tree.modes.items())),
                tuple(sorted(tree.venvs)),
                tuple(sorted(tree.sites)),
                tree.roots(),
            ),
            tuple(
                sorted(
                    (
                        *self._ordered_notes(needed),
                        *(Note(line, mask(text), "ignored", why) for line, text, why in notes),
                    ),
                    key=lambda note: note.line,
                )
            ),
        )

    def _assumed(self, tree: Tree) -> tuple[tuple[Installation, ...], list[LeftOut]]:
        """The requirements of an image whose own way of installing was not understood."""
        final = self._dockerfile.final
        origin = tree.files.get(absolute("requirements.txt", final.workdir))
        if origin is None:
            return (), []
        hashed = is_hashed(self._context.root / origin)
        why = "it is installed although no RUN that is understood says so"
        return (Installation(final.line, (origin,), hashed=hashed),), [(final.line, origin, why)]

    def _ordered_notes(self, needed: list[int]) -> list[Note]:
        return [note for index in needed for note in self._notes[index]]

    def _needed(self, stage: Stage) -> list[int]:
        needed: set[int] = set()
        waiting = [stage.index]
        while waiting:
            index = waiting.pop()
            if index in needed:
                continue
            needed.add(index)
            current = self._dockerfile.stages[index]
            if current.parent is not None:
                waiting.append(current.parent)
            for step in current.steps:
                if isinstance(step, Copy) and step.from_stage is not None:
                    origin = self._stage(step.from_stage, index)
                    if origin is not None and self._brings(step, origin):
                        waiting.append(origin)
        return sorted(needed)

    def _brings(self, copy: Copy, origin: int) -> bool:
        tree = self._trees[origin]
        return any(
            tree.installed_at(absolute(source, "/")) or tree.under(absolute(source, "/"))
            for source in copy.sources
        )

    def _stage(self, reference: str, before: int) -> int | None:
        for stage in self._dockerfile.stages[:before]:
            if reference.lower() == stage.name or reference == str(stage.index):
                return stage.index
        return None

    def _follow(self, stage: Stage) -> None:
        tree = self._trees[stage.parent].child() if stage.parent is not None else Tree()
        self._trees.append(tree)
        self._installs.append([])
        self._foreign.append([])
        self._notes.append([])
        for aside in stage.asides:
            self._note(aside.line, aside.instruction, "ignored", aside.reason)
        for step in stage.steps:
            if isinstance(step, MakeFolder):
                tree.folders.add(step.path)
            elif isinstance(step, Run):
                self._run(step, tree)
            elif step.from_stage is None:
                self._copy_context(step, tree)
            else:
                self._copy_stage(step, tree, stage)

    def _note(self, line: int, instruction: str, treatment: Treatment, reason: str) -> None:
        self._notes[-1].append(Note(line, mask(instruction), treatment, mask(reason)))

    def _run(self, run: Run, tree: Tree) -> None:
        reading = read_run(run)
        tree.venvs.update(reading.venvs)
        tree.sites.update(reading.sites)
        tree.folders.update(reading.folders)
        for path, mode in reading.modes:
            if path in tree.files:
                tree.modes[path] = mode
        self._installs[-1].extend((install, tree.child()) for install in reading.installs)
        self._foreign[-1].extend((run.line, command) for command in reading.foreign)
        text = f"RUN {run.command.text or ' '.join(run.command.words)}"
        if reading.left_out:
            left_out = "; ".join(reading.left_out)
            self._note(run.line, text, "ignored", f"not executed: {left_out}")
        else:
            self._note(run.line, text, "emulated", _stand_in(reading))

    def _copy_context(self, copy: Copy, tree: Tree) -> None:
        self._note_unsupported(copy)
        many = len(copy.sources) > 1
        for source in copy.sources:
            if copy.add and re.match(r"(https?|git|ssh)://|git@", source):
                self._note(copy.line, f"ADD {source}", "ignored", "nothing is fetched from the network")
                continue
            if copy.add and re.search(r"\.(tar|tgz|tar\.\w+)$", source):
                self._note(copy.line, f"ADD {source}", "ignored", "an archive is not unpacked")
                continue
            matches = match_sources(source, self._paths)
            if not matches:
                raise self._missing(copy, source)
            files = [path for path, found in matches.items() if "" in found]
            target, as_folder = copy_target(copy, tree, many=many or len(matches) > 1)
            for path in matches:
                if path in files and as_folder:
                    tree.place({path.rsplit("/", 1)[-1]: path}, target, copy.mode)
                else:
                    tree.place(matches[path], target, copy.mode)

    def _missing(self, copy: Copy, source: str) -> DockerfileInvalidError:
        clean = absolute(source, "/")[1:]
        if not clean or (self._context.root / clean).is_dir():
            why = "has no file that .dockerignore leaves in the context"
        elif (self._context.root / clean).exists():
            why = "is left out of the context by .dockerignore"
        else:
            why = "is not in the build context"
        return DockerfileInvalidError(
            f"{source} {why}",
            location=Location(self._dockerfile.path, copy.line),
            hint=f"paths of COPY are relative to {self._context.root}",
        )

    def _note_unsupported(self, copy: Copy) -> None:
        if copy.unsupported:
            text = f"COPY {' '.join((*copy.unsupported, *copy.sources))}"
            self._note(copy.line, text, "ignored", f"{', '.join(copy.unsupported)} has no effect here")
        elif copy.owner is not None:
            text = f"COPY --chown={copy.owner} {' '.join(copy.sources)}"
            self._note(copy.line, text, "emulated", "files belong to the user who builds")

    def _copy_stage(self, copy: Copy, tree: Tree, stage: Stage) -> None:
        text = f"COPY --from={copy.from_stage} {' '.join((*copy.sources, copy.target))}"
        origin = self._stage(copy.from_stage or "", stage.index)
        if origin is None:
            tool = _TOOL_IMAGES.search(copy.from_stage or "")
            why = "uv comes with Flaskship" if tool else "files of another image cannot be had here"
            self._note(copy.line, text, "emulated" if tool else "ignored", why)
            return
        source_tree = self._trees[origin]
        for source in copy.sources:
            path = absolute(source, "/")
            found = source_tree.under(path)
            target, as_folder = copy_target(copy, tree, many=len(copy.sources) > 1)
            single = list(found) == [""]
            if single and as_folder:
                found = {path.rsplit("/", 1)[-1]: found[""]}
            tree.place(found, target, copy.mode)
            installed = source_tree.installed_at(path)
            for venv in source_tree.venvs & installed:
                if venv == path or venv.startswith(path.rstrip("/") + "/"):
                    tree.venvs.add(target.rstrip("/") + venv[len(path.rstrip("/")) :])
            if path in source_tree.sites:
                tree.sites.add(target)
            if not found and not installed:
                self._note(
                    copy.line, text, "ignored", "what that stage makes by running programs is not here"
                )
            elif installed and not found:
                self._note(copy.line, text, "emulated", "the virtual environment stands in for it")


def _stand_in(reading: Reading) -> str:
    if reading.installs:
        return "packages are installed into the image's virtual environment"
    if reading.venvs:
        return "the image has one virtual environment"
    if reading.folders or reading.modes:
        return "folders and modes are made in the image's folder"
    return "it has no effect outside a container"
