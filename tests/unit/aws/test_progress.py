import json

from flaskship.aws.rehearsal.progress import Progress


class Heard:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def step(self, message: str) -> None:
        self.lines.append(message)


def test_tells_in_tenths_and_ignores_what_is_no_message() -> None:
    heard = Heard()
    progress = Progress("network", heard)
    progress.hear("not JSON")
    progress.hear("[1]")
    for _ in range(40):
        progress.hear(json.dumps({"type": "planned_change"}))
    for _ in range(40):
        progress.hear(json.dumps({"type": "apply_complete", "hook": {"action": "create"}}))
    assert len(heard.lines) == 10
    assert heard.lines[-1].endswith("[####################] 40/40 create")


def test_reading_is_no_change() -> None:
    heard = Heard()
    progress = Progress("network", heard)
    progress.hear(json.dumps({"type": "planned_change"}))
    progress.hear(json.dumps({"type": "apply_complete", "hook": {"action": "read"}}))
    assert heard.lines == []


def test_more_done_than_planned_breaks_nothing() -> None:
    heard = Heard()
    Progress("app", heard).hear(json.dumps({"type": "apply_complete", "hook": {"action": "create"}}))
    assert heard.lines == ["app       [####################] 1/0 create"]


def test_what_is_only_read_is_not_counted_as_planned() -> None:
    heard = Heard()
    progress = Progress("network", heard)
    for action in ("create", "read"):
        progress.hear(json.dumps({"type": "planned_change", "change": {"action": action}}))
    progress.hear(json.dumps({"type": "apply_complete", "hook": {"action": "create"}}))
    assert heard.lines == ["network   [####################] 1/1 create"]
