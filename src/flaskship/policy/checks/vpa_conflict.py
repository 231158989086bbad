"""Two controllers change one thing."""

from collections.abc import Iterator

from flaskship.policy.context import Context
from flaskship.policy.finding import Severity
from flaskship.policy.objects import Fault

CODE = "vpa-conflict"
SEVERITY = Severity.ERROR


def find(context: Context) -> Iterator[Fault]:
    """Find vertical autoscalers that act beside a horizontal one."""
    for one in context.of("VerticalPodAutoscaler"):
        mode = one.spec.at("updatePolicy", "updateMode")
        target = one.spec.at("targetRef")
        named = (target.at("kind").text, target.at("name").text)
        beside = [
            scaler.id
            for scaler in context.of("HorizontalPodAutoscaler")
            if (scaler.spec.at("scaleTargetRef", "kind").text, scaler.spec.at("scaleTargetRef", "name").text)
            == named
        ]
        if beside and mode.text != "Off":
            yield one.fault(f"acts on the pods that {beside[0]} scales", mode, "vpa.updateMode")
