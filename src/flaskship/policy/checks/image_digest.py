"""An image that must be named by its digest is not."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.images import parse_image
from flaskship.policy.objects import Fault

CODE = "image-digest"
SEVERITY = Severity.ERROR


def find(context: Context) -> Iterator[Fault]:
    """Find images without digest of applications whose values say image.requireDigest."""
    for container in context.containers:
        if container.pod.owner.application not in context.requires_digest:
            continue
        if not parse_image(container.image).digest:
            message = f"image {container.image} has no digest, and image.requireDigest wants one"
            yield container.fault(message, container.node.at("image"), "image.digest")
