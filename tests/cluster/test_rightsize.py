"""What the metrics API measures of real pods becomes lines of values."""

import time

from tests.cluster.town import API, WORKER, Ended, Town

PATIENCE = 120


async def measured(town: Town) -> Ended:
    """Rightsize once the cluster has measured every replica: it looks at them every 15 seconds."""
    until = time.monotonic() + PATIENCE
    while True:
        done = await town.go("rightsize", "dev", "--seconds", "5")
        if (done.code == 0 and not done.document["unmeasured"]) or time.monotonic() > until:
            return done.succeeded()


async def test_what_pods_use_beside_what_they_ask_for(town: Town) -> None:
    asked = ("--set", "defaults.resources.requests.memory=200Mi")
    nothing = await town.go("rightsize", "dev", "--seconds", "1")
    assert nothing.code == 4
    assert "runs nowhere on kubernetes" in nothing.document["error"]["message"]
    (await town.go("deploy", "dev", *asked)).succeeded()
    document = (await measured(town)).document
    assert document["engine"] == "kubernetes"
    found = {(one["application"], one["resource"]): one for one in document["requests"]}
    assert found.keys() == {(name, kind) for name in (API, WORKER) for kind in ("cpu", "memory")}
    for (name, kind), one in found.items():
        assert one["replicas"] == 1
        # A Flask process has some tens of megabytes, and a core of work by no means.
        least, most = (0, 1000) if kind == "cpu" else (20 * 2**20, 500 * 2**20)
        assert least <= one["used"] <= most, one
        path = f"applications.{name}.resources.requests.{kind}"
        assert one["fits"] is None or one["fits"]["path"] == path
    # Compared with what the values say today, whatever a --set of the deploy said.
    assert {one["asked"] for one in found.values() if one["resource"] == "memory"} == {128 * 2**20}
