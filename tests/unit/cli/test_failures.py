from flaskship.cli.failures import failure_of
from flaskship.model.verdict import Cause, Outcome, Verdict


def told(message: str, application: str | None = "web", more: int = 0) -> str:
    causes = (Cause("ExitNonZero", message, application),) * (1 + more)
    failure = failure_of(Verdict(Outcome.FAILED, causes), 1, "dev failed")
    assert failure is not None
    return failure.message


def test_the_application_is_named_once():
    assert told("web ended: exit 3") == "dev failed: web ended: exit 3"
    assert told("it ended") == "dev failed: web: it ended"
    assert told("web-worker ended") == "dev failed: web: web-worker ended"


def test_other_causes_are_counted_and_a_success_is_no_failure():
    assert told("it ended", None, more=2) == "dev failed: it ended (and 2 more)"
    assert failure_of(Verdict(Outcome.SUCCESSFUL), 1, "dev failed") is None
