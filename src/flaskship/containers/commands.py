"""What each builder and each target is told, as data: nothing here runs anything."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from flaskship.containers.names import is_loopback
from flaskship.containers.shipment import SOURCE_LABEL, Builder, Target

Argv = tuple[str, ...]

PROBES: Mapping[Builder, Argv] = {
    "docker": ("docker", "info", "--format", "{{.ServerVersion}}"),
    "podman": ("podman", "info", "--format", "{{.Version.Version}}"),
    "buildah": ("buildah", "info"),
}
"""What succeeds only where the builder can build: a client without its daemon fails."""

_DIGEST = re.compile(r"\bsha256:[0-9a-f]{64}\b")
_PUSHED = re.compile(r"digest: (sha256:[0-9a-f]{64}) size: \d+")
_UNPACKED = re.compile(r"^unpacking (?P<name>\S+) \((?P<digest>sha256:[0-9a-f]{64})\)")


@dataclass(frozen=True, slots=True)
class Step:
    """One program to run; with `stdin` it reads that file, with `needs` it wants that program installed."""

    argv: Argv
    what: str
    stdin: Path | None = None


def build_steps(
    builder: Builder, name: str, context: Path, dockerfile: Path, source: str, options: Sequence[str]
) -> tuple[Step, ...]:
    """Build the context under a name, its source hash as a label."""
    # Docker's own format keeps HEALTHCHECK and SHELL, which the OCI one has no place for.
    form = {
        # No --progress: only buildx knows it, and no builder draws where nobody looks.
        "docker": (),
        "podman": ("--format=docker",),
        "buildah": ("--format=docker", "--layers"),
    }
    argv = (
        builder,
        "build",
        *form[builder],
        *options,
        "--label",
        f"{SOURCE_LABEL}={source}",
        "--file",
        str(dockerfile),
        "--tag",
        name,
        str(context),
    )
    return (Step(argv, f"building {name} with {builder}"),)


def archive_step(builder: Builder, name: str, alias: str, archive: Path) -> Step:
    """Write an image, under an alias, to an archive that nodes import."""
    if builder == "docker":
        argv: Argv = ("docker", "save", "--output", str(archive), alias)
    else:
        argv = (builder, "push", "--quiet", name, f"docker-archive:{archive}:{alias}")
    return Step(argv, f"writing {alias} to an archive")


def tag_steps(builder: Builder, name: str, alias: str) -> tuple[Step, ...]:
    """Give an image another name where the builder pushes and saves by name alone."""
    if builder != "docker" or name == alias:
        return ()
    return (Step(("docker", "tag", name, alias), f"naming it {alias}"),)


def load_steps(
    target: Target, builder: Builder, alias: str, archive: Path, cluster: str, ctr: Argv
) -> tuple[Step, ...]:
    """Bring an image into the nodes of a cluster; nothing where they share the builder's images."""
    said = f"loading {alias} into {target}"
    if target == "docker-desktop":
        if builder == "docker":
            return ()
        return (Step(("docker", "load", "--input", str(archive)), said),)
    if target == "kind":
        name = cluster.removeprefix("kind-") or "kind"
        if builder == "docker":
            return (Step(("kind", "load", "docker-image", alias, "--name", name), said),)
        return (Step(("kind", "load", "image-archive", str(archive), "--name", name), said),)
    if target == "minikube":
        # An archive takes the same way whoever built it, and minikube asks no daemon for a name.
        return (Step(("minikube", "image", "load", str(archive), "--profile", cluster or "minikube"), said),)
    return (Step((*_ctr(target, ctr), "images", "import", "-"), said, stdin=archive),)


def needs_archive(target: Target, builder: Builder) -> bool:
    """Whether the target takes an archive rather than the builder's images."""
    return target not in ("docker-desktop", "kind") or builder != "docker"


def digest_name_step(target: Target, alias: str, digest: str, ctr: Argv) -> Step:
    """Let a loaded image be named by its digest too, as manifests with digests do."""
    repository = alias.rpartition(":")[0]
    argv = (*_ctr(target, ctr), "images", "tag", "--force", alias, f"{repository}@{digest}")
    return Step(argv, f"naming it {repository}@{digest}")


def _ctr(target: Target, ctr: Argv) -> Argv:
    given = ctr or (("k3s", "ctr") if target == "k3s" else ("ctr",))
    # k3s' own ctr is in Kubernetes' namespace already, and says so again without harm.
    return (*given, "--namespace", "k8s.io")


def push_step(builder: Builder, name: str, alias: str, digest_file: Path) -> Step:
    """Push an image; the registry's credentials are the builder's own login and in no argument."""
    if builder == "docker":
        return Step(("docker", "push", alias), f"pushing {alias}")
    plain = ("--tls-verify=false",) if is_loopback(alias) else ()
    argv = (builder, "push", *plain, "--digestfile", str(digest_file), name, f"docker://{alias}")
    return Step(argv, f"pushing {alias}")


def confirm_step(builder: Builder, repository: str, digest: str) -> Step:
    """Ask the registry for the manifest of a digest."""
    reference = f"{repository}@{digest}"
    if builder == "docker":
        argv: Argv = ("docker", "manifest", "inspect", reference)
        if is_loopback(repository):
            argv = ("docker", "manifest", "inspect", "--insecure", reference)
    else:
        plain = ("--tls-verify=false",) if is_loopback(repository) else ()
        # Pulling what is here fetches the manifest alone; older builders inspect no plain registry.
        policy = ("--policy=always",) if builder == "buildah" else ()
        argv = (builder, "pull", "--quiet", *policy, *plain, f"docker://{reference}")
    return Step(argv, f"asking the registry for {reference}")


def pushed_digest(lines: Iterable[str], digest_file: str) -> str | None:
    """Return the digest that a push reported: docker in its last words, the others in a file."""
    written = _DIGEST.fullmatch(digest_file.strip())
    if written:
        return written[0]
    found = [said[1] for line in lines if (said := _PUSHED.search(line))]
    return found[-1] if found else None


def unpacked_digest(lines: Iterable[str]) -> str | None:
    """Return the digest that a node's import reported."""
    found = [said["digest"] for line in lines if (said := _UNPACKED.match(line))]
    return found[-1] if found else None
