"""The parts of an image reference."""

from flaskship.model.frozen import dataclass


@dataclass(frozen=True, slots=True)
class ImageReference:
    """An image by repository, tag and digest; what is not given is empty."""

    repository: str
    tag: str
    digest: str


def parse_image(reference: str) -> ImageReference:
    """The parts of a reference; a registry's port is no tag."""
    name, _, digest = reference.partition("@")
    head, slash, tail = name.rpartition("/")
    last, _, tag = tail.partition(":")
    return ImageReference(f"{head}{slash}{last}", tag, digest)
