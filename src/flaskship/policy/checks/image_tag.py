"""An image has no fixed version."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.images import parse_image
from flaskship.policy.objects import Fault

CODE = "image-tag"
SEVERITY = Severity.ERROR


def find(context: Context) -> Iterator[Fault]:
    """Find images without tag and digest, and those whose tag is latest."""
    for container in context.containers:
        image = parse_image(container.image)
        at = container.node.at("image")
        if not image.digest and image.tag in ("", "latest"):
            what = "has the tag latest" if image.tag else "has no tag, which means latest"
            yield container.fault(f"image {container.image} {what}", at, "image.tag")
