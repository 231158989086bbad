"""A pull policy does not fit its image."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.images import parse_image
from flaskship.policy.objects import Fault

CODE = "pull-policy"
SEVERITY = Severity.WARNING


def find(context: Context) -> Iterator[Fault]:
    """Find Never on a cluster, and a moving tag that is not always pulled."""
    for container in context.containers:
        image = parse_image(container.image)
        policy = container.node.at("imagePullPolicy")
        moving = not image.digest and image.tag == "latest"
        if policy.text == "Never" and context.clustered:
            yield container.fault("Never: a new node cannot start it", policy, "image.pullPolicy")
        elif policy.text == "IfNotPresent" and moving:
            message = "IfNotPresent with the tag latest: each node keeps the version it saw first"
            yield container.fault(message, policy, "image.pullPolicy")
