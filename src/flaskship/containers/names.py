"""Names of images as registries and nodes understand them."""

import re

from flaskship.model.errors import ConfigurationError

DEFAULT_REGISTRY = "docker.io"
_HOST = r"(?:[A-Za-z0-9][A-Za-z0-9-]*(?:\.[A-Za-z0-9-]+)*|\[[0-9a-f:]+\])(?::\d+)?"
_PART = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"(?:{_HOST}/)?{_PART}(?:/{_PART})*")
_LOOPBACK = re.compile(r"(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")


def verified_repository(text: str) -> str:
    """Return a repository; a URL, a tag or credentials are refused, the last without repeating them."""
    hint = "for instance registry.example.com/team/app"
    if "://" in text:
        raise ConfigurationError("a repository is named without https://", hint=hint)
    if "@" in text:
        raise ConfigurationError(
            "a repository has no @: credentials belong into the builder's own login, a digest is the result",
            hint="docker login REGISTRY (podman and buildah have the same), then name the repository alone",
        )
    head, _, last = text.rpartition("/")
    if ":" in last:
        raise ConfigurationError(
            f"{text}: --to takes a repository without a tag", hint=f"--to {head}/{last.partition(':')[0]}"
        )
    if not _REPOSITORY.fullmatch(text):
        raise ConfigurationError(f"{text!r} is not a repository", hint=hint)
    return text


def verified_tag(text: str) -> str:
    """Return a tag that registries take."""
    if not _TAG.fullmatch(text):
        raise ConfigurationError(f"{text!r} is not a tag", hint="letters, digits, _ . and -, up to 128")
    return text


def registry_of(repository: str) -> str | None:
    """Return the registry that a repository names; None where it leaves it to the default."""
    host, slash, _ = repository.partition("/")
    return host if slash and ("." in host or ":" in host or host == "localhost") else None


def qualified(repository: str) -> str:
    """Return the repository with its registry: where none is named, kubelet means docker.io."""
    if registry_of(repository) is not None:
        return repository
    library = "" if "/" in repository else "library/"
    return f"{DEFAULT_REGISTRY}/{library}{repository}"


def is_loopback(repository: str) -> bool:
    """Whether the registry is on this machine, where plain HTTP is as good."""
    host = registry_of(repository)
    return host is not None and _LOOPBACK.fullmatch(host) is not None
