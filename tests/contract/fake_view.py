"""What the engine in memory shows of what it remembers."""

from tests.contract.fake_state import FakeEnvironment, FakeWorkload

from flaskship.model.release import Release
from flaskship.model.snapshot import Phase, ReleaseState, WorkloadSnapshot


def phase_of(workload: FakeWorkload, *, complete: bool, failed: bool) -> Phase:
    if complete:
        return Phase.HEALTHY
    if workload.paused:
        return Phase.PAUSED
    return Phase.DEGRADED if failed else Phase.PROGRESSING


def overall(running: bool, workloads: tuple[WorkloadSnapshot, ...]) -> Phase:
    if not running:
        return Phase.STOPPED
    phases = {one.phase for one in workloads}
    for phase in (Phase.DEGRADED, Phase.PAUSED, Phase.PROGRESSING):
        if phase in phases:
            return phase
    return Phase.HEALTHY


def release_state(here: FakeEnvironment) -> ReleaseState | None:
    if not here.revisions:
        return None
    newest = here.revisions[-1]
    previous = here.revisions[-2].number if len(here.revisions) > 1 else None
    return ReleaseState(here.releases[newest.number].name, newest.number, previous, newest.outcome)


def endpoints(here: FakeEnvironment, name: str) -> tuple[str, ...]:
    newest = here.releases[here.revisions[-1].number]
    for document in newest.documents:
        if document["kind"] == "Service" and document["metadata"]["name"] == name:
            port = document["spec"]["ports"][0]
            return (f"http://localhost:{port.get('nodePort', port['port'])}",)
    return ()


def images_by_application(release: Release) -> dict[str, str]:
    found = {}
    for document in release.documents:
        if document["kind"] == "Deployment":
            image = document["spec"]["template"]["spec"]["containers"][0]["image"]
            found[str(document["metadata"]["name"])] = release.images.get(image, "")
    return found
