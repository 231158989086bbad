"""Records scenarios from the cluster of KUBECONFIG: python -m tests.recordings [NAME ...]."""

import asyncio
import os
import sys
import time
from pathlib import Path

from tests.recordings.scenarios import SCENARIOS, Scenario
from tests.recordings.stage import Outcome, carry_out

from flaskship.engines.kubernetes.client import Cluster
from flaskship.model.errors import FlaskshipError

HERE = Path(__file__).parent
PREFIX = os.environ.get("FLASKSHIP_TEST_PREFIX", "flaskship")
LINGER = 2.0
AT_ONCE = 3


async def main(names: list[str]) -> int:
    context = os.environ.get("FLASKSHIP_TEST_CONTEXT", "onenode")
    cluster, slots = Cluster.of(context), asyncio.Semaphore(AT_ONCE)
    failures: list[str] = []

    async def one(scenario: Scenario) -> None:
        async with slots:
            namespace = f"{PREFIX}-{scenario.name.replace('_', '-')}-{int(time.time()) % 10000}"
            try:
                outcome = await carry_out(cluster, namespace, scenario, LINGER)
            except FlaskshipError as error:
                sys.stdout.write(f"{scenario.name}: {error.message}\n")
                failures.append(scenario.name)
                return
        sys.stdout.write(f"{scenario.name}: {_described(outcome)}\n")
        sys.stdout.flush()
        if not _as_told(scenario, outcome):
            failures.append(scenario.name)
        release = outcome.target.release
        outcome.recorder.write(
            HERE / f"{scenario.name}.jsonl.gz",
            {
                "scenario": scenario.name,
                "namespace": namespace,
                "applied_at": release.applied_at if release else 0.0,
                "expected": outcome.target.expected,
                "until": round(outcome.until, 3),
                "signal_at": outcome.signal_at,
            },
        )

    await asyncio.gather(*(one(SCENARIOS[name]) for name in names))
    await cluster.close()
    if failures:
        sys.stdout.write(f"not as the scenario says: {', '.join(failures)}\n")
    return len(failures)


def _as_told(scenario: Scenario, outcome: Outcome) -> bool:
    if outcome.verdict is None:
        return False
    return [one.code for one in outcome.verdict.causes] == ([scenario.code] if scenario.code else [])


def _described(outcome: Outcome) -> str:
    if outcome.verdict is None:
        return f"no verdict; last {outcome.snapshots[-1] if outcome.snapshots else None}"
    told = "; ".join(f"{one.code}: {one.message}" for one in outcome.verdict.causes)
    since = f"{outcome.verdict_at - outcome.applied_at:.1f} s after the change, "
    return f"{outcome.verdict.outcome} {since}{outcome.seconds:.1f} s after the signal; {told}"


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:] or list(SCENARIOS))))
